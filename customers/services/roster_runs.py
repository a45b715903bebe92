"""The two runs of a roster import: the check, which writes nothing about anybody, and the writing.

Both read the sealed original from end to end; the writing is one transaction, so that a worker killed in the middle leaves
nothing. A thread reads ahead and encrypts while the rows of the batch before are matched and copied.
"""

import gc
import sys
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from io import BufferedReader
from typing import Any

import numpy as np
from django.db import connection, transaction

from config.lib import audit, clock, copying, files
from config.lib.copying import bigint, text
from config.lib.crypto import Unreadable
from config.lib.progress import Report, silent
from customers.domain.roster import checker
from customers.domain.roster.checker import Batch, PersonLine, Scan, Verdict
from customers.domain.roster.columns import Header
from customers.domain.roster.matching import (
    UNKNOWN,
    FiledPerson,
    Found,
    Keys,
    Match,
    Matcher,
    Outcome,
    whole_households,
)
from customers.domain.roster.problems import Problem, RosterError
from customers.domain.roster.reader import open_roster, reopen_roster
from customers.domain.roster.remarks import Spanned
from customers.domain.roster.tally import Tally, total
from customers.domain.roster.villages import Villages
from customers.models import RosterImport, RosterProblem, Subject
from customers.selectors import filed
from customers.services import entity_runs
from customers.services.identity_batch import IdentityBatch
from customers.services.roster_writer import Writer

State = RosterImport.State
HOUSEHOLD = Subject.Kind.HOUSEHOLD
_PROBLEM = ("roster_id", "row", "column_name", "code", "is_error", "value", "detail")
# One import at a time in an institution: two would not see each other's people.
_LOCK = 7_071
SWITCH_SECONDS = 0.0002


@contextmanager
def _two_threads() -> Iterator[ThreadPoolExecutor]:
    """Yield the helper thread, for the length of a run tuned for two threads that make and send millions of rows.

    Rows come and go without the search for cycles, of which they have none: it took half the time. And the thread that talks
    to the database waits a fifth of a millisecond for its turn instead of five: it asks for it several times a batch.
    """
    interval = sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with ThreadPoolExecutor(1) as helper:
            yield helper
    finally:
        sys.setswitchinterval(interval)
        gc.enable()


class _Stream:
    """Batches of a roster with what is filed of them; ``read_ahead`` lets the helper thread read the next one meanwhile."""

    def __init__(
        self,
        batches: Iterator[Batch],
        institution_id: int,
        identities: IdentityBatch,
        helper: ThreadPoolExecutor,
        *,
        needs_keys: bool,
    ) -> None:
        """``needs_keys``: the caller wants the blind indexes even where nobody is on file to be found by them."""
        self.matcher = Matcher()
        self._is_anybody = filed.is_anybody(institution_id)
        self._needs_keys = needs_keys or self._is_anybody
        self._batches = whole_households(batches)
        self._institution = institution_id
        self._identities = identities
        self._helper = helper
        self._before = filed.next_person_id()
        self._reading: Future[tuple[Batch, Keys] | None] | None = None

    def read_ahead(self) -> None:
        """Begin to read the next batch."""
        if self._reading is None:
            self._reading = self._helper.submit(self._read)

    def _read(self) -> tuple[Batch, Keys] | None:
        batch = next(self._batches, None)
        if batch is None:
            return None
        if not self._needs_keys:
            none = [b""] * len(batch.people)
            return batch, Keys([none], [none])
        ids = [line.id_number for line in batch.people]
        phones = [line.phone for line in batch.people]
        return batch, Keys(
            [indexer.each(ids) for indexer in self._identities.id_indexers],
            [indexer.each(phones) for indexer in self._identities.phone_indexers],
        )

    def __iter__(self) -> Iterator[Match]:
        while True:
            self.read_ahead()
            assert self._reading is not None  # noqa: S101
            taken = self._reading.result()
            self._reading = None
            if taken is None:
                return
            yield self._match(*taken)

    def _match(self, batch: Batch, keys: Keys) -> Match:
        matcher = self.matcher
        if not self._is_anybody:
            return matcher.match(batch, keys, Found())
        opened = {line.household for line in batch.households}
        earlier = {line.household for line in batch.people} - opened
        known = matcher.subjects(np.array(sorted(earlier), dtype=np.int64))
        found = filed.find(self._institution, batch, keys, known[known > UNKNOWN].tolist(), self._before)
        return matcher.match(batch, keys, found)


# --- Check --------------------------------------------------------------------------------------------------------


def check(roster: RosterImport, report: Report = silent) -> None:
    """Dry run: every finding of every row, and what the file would bring. Writes to the import and its problems alone."""
    RosterProblem.objects.filter(roster=roster).delete()
    problems = _Problems(roster)
    try:
        with _original(roster) as file:
            if roster.lists == HOUSEHOLD:
                summary = _check(roster, file, problems, report)
            else:
                summary, found = entity_runs.check(roster, file, report)
                problems.add(found)
        roster.state = State.CHECKED
    except RosterError as refused:
        problems.clear()
        problems.add(list(refused.problems))
        summary = {}
        roster.state = State.BROKEN
    except Unreadable:
        summary = {"failure": "original"}
        roster.state = State.FAILED
    problems.flush()
    roster.summary = {**summary, "errors": dict(problems.errors), "warnings": dict(problems.warnings)}
    roster.save(update_fields=["state", "summary"])


def _check(roster: RosterImport, file: BufferedReader, problems: "_Problems", report: Report) -> dict[str, Any]:
    table = Spanned(open_roster(file))
    height = table.height()
    scan = Scan(table, Villages(filed.villages_of(roster.branch)), today=clock.today())
    read: deque[list[Problem]] = deque()
    rows = 0

    def batches() -> Iterator[Batch]:
        for found, batch in scan.readings():
            read.append(found)
            yield batch

    tally = Tally()
    with _two_threads() as helper, filed.by_index():
        stream = _Stream(
            batches(), roster.institution_id, IdentityBatch(roster.institution_id), helper, needs_keys=False
        )
        for match in stream:
            stream.read_ahead()
            tally.add(match)
            while read:
                problems.add(read.popleft())
            problems.add(list(_noted(match)))
            rows += len(match.lines)
            report(rows, height)
    while read:
        problems.add(read.popleft())
    verdict = scan.verdict
    villages = tally.by_village(filed.on_roster(tally.grids()), verdict)
    return {
        "kind": table.kind,
        "header": _header_as_json(table.header),
        "spans": table.spans,
        "rows": verdict.rows,
        "households": verdict.households,
        "people": verdict.people,
        "households_held_back": verdict.households_held_back,
        "verdict": verdict.as_json(),
        "villages": {str(grid): figures for grid, figures in villages.items()},
        "totals": total(villages),
        "runs": tally.runs(),
    }


def _noted(match: Match) -> Iterator[Problem]:
    """What somebody should look at although nothing is wrong with the file."""
    for home in match.homes:
        if home.outcome is Outcome.LEFT:
            yield Problem(home.line.row, "household_number", "household_has_left", home.line.number, is_error=False)
    for at, person in match.filed.items():
        code = _note(Outcome(match.outcomes[at]), person, match.lines[at], match.ids[at])
        if code:
            yield Problem(match.lines[at].row, "name", code, match.lines[at].name, is_error=False)


def _note(outcome: Outcome, filed_as: FiledPerson, line: PersonLine, id_index: bytes) -> str:
    if outcome is Outcome.MOVE:
        return "filed_in_another_household"
    if outcome is Outcome.LEFT and filed_as.has_left:
        return "person_has_left"
    is_other = outcome is Outcome.CHANGED and line.id_number and filed_as.id_index not in (b"", id_index)
    return "id_number_changes" if is_other else ""


class _Problems:
    """Findings on their way into the table, counted by code."""

    most = 20_000

    def __init__(self, roster: RosterImport) -> None:
        self._roster = bigint(roster.pk)
        self._waiting: list[Problem] = []
        self.errors: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self._roster_id = roster.pk

    def add(self, found: list[Problem]) -> None:
        """Note findings; they are written in blocks."""
        self._waiting += found
        for problem in found:
            (self.errors if problem.is_error else self.warnings)[problem.code] += 1
        if len(self._waiting) >= self.most:
            self.flush()

    def clear(self) -> None:
        """Forget everything: the file as a whole was refused."""
        RosterProblem.objects.filter(roster_id=self._roster_id).delete()
        self._waiting.clear()
        self.errors.clear()
        self.warnings.clear()

    def flush(self) -> None:
        """Write what waits."""
        if not self._waiting:
            return
        head = copying.row_head(len(_PROBLEM)) + self._roster
        rows = [
            head
            + copying.integer(problem.row)
            + text(problem.column)
            + text(problem.code)
            + copying.boolean(problem.is_error)
            + text(problem.value.replace("\0", ""))
            + copying.document({"also": problem.also} if problem.also else {})
            for problem in self._waiting
        ]
        with connection.cursor() as cursor:
            copying.copy_rows(cursor, "customers_rosterproblem", _PROBLEM, rows)
        self._waiting.clear()


def _header_as_json(header: Header) -> dict[str, Any]:
    return {"row": header.row, "places": dict(header.places), "titles": dict(header.titles)}


# --- Writing ------------------------------------------------------------------------------------------------------


class _OtherwiseError(Exception):
    """What would be written is not what was confirmed."""


def write(roster: RosterImport, report: Report = silent, at: datetime | None = None) -> None:
    """Write a confirmed import, whole or not at all: what no longer is as it was checked ends it as failed, nothing written."""
    at = at or clock.now()
    try:
        with transaction.atomic(), _original(roster) as file:
            if roster.lists == HOUSEHOLD:
                figures = _write(roster, file, at, report)
            else:
                figures = _write_entities(roster, file, at, report)
    except (_OtherwiseError, ValueError, RosterError):
        _fail(roster, "otherwise")
    except Unreadable:
        _fail(roster, "original")
    else:
        roster.state = State.WRITTEN
        roster.summary = {**roster.summary, **figures, "written_at": at.isoformat()}
        roster.save(update_fields=["state", "summary"])
        audit.record(
            staff=roster.confirmed_by,
            verb="roster_written",
            about="roster",
            about_id=roster.pk,
            detail=figures["totals"],
        )


def _write_entities(roster: RosterImport, file: BufferedReader, at: datetime, report: Report) -> dict[str, Any]:
    if roster.summary["errors"]:
        raise _OtherwiseError("an import with errors is never written")
    figures = entity_runs.write(roster, file, at, report)
    if figures is None:
        raise _OtherwiseError("the list comes to something else than was confirmed")
    return figures


def _fail(roster: RosterImport, failure: str) -> None:
    roster.state = State.FAILED
    roster.summary = {**roster.summary, "failure": failure}
    roster.save(update_fields=["state", "summary"])


def _write(roster: RosterImport, file: BufferedReader, at: datetime, report: Report) -> dict[str, Any]:
    summary = roster.summary
    verdict = Verdict.from_json(summary["verdict"])
    if summary["errors"] or verdict.households_held_back:
        raise _OtherwiseError("an import with errors is never written")
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, roster.institution_id])
        # Foreign keys are looked at batch by batch: a queue of millions of them would wait for the commit in memory.
        cursor.execute("set constraints all immediate")
    before = filed.on_roster([int(grid) for grid in summary["villages"]])
    table = reopen_roster(file, verdict.errors)
    batches = checker.accepted(table, Villages(filed.villages_of(roster.branch)), verdict)
    identities = IdentityBatch(roster.institution_id)
    writer = Writer(institution_id=roster.institution_id, roster_id=roster.pk, at=at, identities=identities)
    tally = Tally()
    rows = 0
    with _two_threads() as helper, filed.by_index():
        stream = _Stream(batches, roster.institution_id, identities, helper, needs_keys=True)
        building = None
        for match in stream:
            numbered = writer.number(match, stream.matcher)
            built = helper.submit(writer.build, numbered)
            stream.read_ahead()
            tally.add(match)
            if building is not None:
                writer.send(building.result())
            building = built
            rows += len(match.lines)
            report(rows, verdict.people)
        if building is not None:
            writer.send(building.result())
        writer.finish()
    if rows != verdict.people:
        raise _OtherwiseError(f"{rows} rows instead of {verdict.people}")
    villages = tally.by_village(before)
    return {"villages": {str(grid): figures for grid, figures in villages.items()}, "totals": total(villages)}


def _original(roster: RosterImport) -> BufferedReader:
    """Open the sealed original after proving that it is what was uploaded."""
    for _ in files.read_sealed(roster.file):
        pass
    if roster.file.sha256 != roster.file_sha256:
        raise Unreadable("another file stands in the place of the original")
    return files.open_sealed(roster.file)
