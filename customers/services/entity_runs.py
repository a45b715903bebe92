"""The two runs of a list of businesses or units, as of a roster of households: the check, which writes nothing about anybody, and
the writing, one transaction. A list is read as a whole: it has thousands of rows, not millions.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import BufferedReader
from typing import Any

from django.db import connection

from config.lib import clock, copying, crypto
from config.lib.copying import bigint, boolean, text
from config.lib.progress import Report
from config.lib.weeks import business_day
from customers.domain import entities
from customers.domain.roster.entity_columns import FORMS
from customers.domain.roster.entity_rows import EntityLine, EntityRows, read
from customers.domain.roster.problems import Problem
from customers.domain.roster.reader import open_roster
from customers.domain.roster.remarks import Spanned
from customers.domain.roster.tally import FIGURES
from customers.domain.roster.villages import Villages
from customers.models import Business, RosterImport, Subject, Unit, UnplacedRow
from customers.selectors.entity_filed import Filed, FiledEntity, places_of
from customers.services import entities as filing
from customers.services.identity import principals_of

_TOKEN = ("institution_id", "grid_id", "subject_id", "token", "of_person")
_BATCH = 1000
_LOCK = 7_072
# What is compared, and told otherwise by a row that names it; what a row leaves empty stays.
_TOLD = ("name", "kind", "address", "trade", "licence_name", "uscc", "principal")


class Outcome(StrEnum):
    """What a row comes to."""

    NEW = "new"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    LISTED = "listed"  # found in the field, on the roster from now on
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Matched:
    """A row in a grid, what it is filed as, what it comes to."""

    line: EntityLine
    filed: FiledEntity | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list comes to: its rows in grids, its rows in none, what somebody should look at, the figures by grid."""

    matched: list[Matched]
    unplaced: list[EntityLine]
    problems: list[Problem]
    grids: dict[int, dict[str, int]]


def lines_of(roster: RosterImport, file: BufferedReader) -> tuple[Spanned, EntityRows]:
    """Read the sealed original of a list of businesses or units."""
    kind = roster.lists
    table = Spanned(open_roster(file, form=FORMS[kind]))
    return table, read(table, kind, Villages(places_of(roster.branch, kind)), today=clock.today())


def check(roster: RosterImport, file: BufferedReader, report: Report) -> tuple[dict[str, Any], list[Problem]]:
    """Return the summary of an import and every finding; writes nothing."""
    table, rows = lines_of(roster, file)
    plan = _planned(roster, rows.lines)
    report(rows.rows, rows.rows)
    header = table.header
    summary = {
        "kind": table.kind,
        "header": {"row": header.row, "places": dict(header.places), "titles": dict(header.titles)},
        "spans": table.spans,
        "rows": rows.rows,
        "people": 0,
        **_figures(plan),
    }
    return summary, rows.problems + plan.problems


def _figures(plan: Plan) -> dict[str, Any]:
    totals = dict.fromkeys(FIGURES, 0)
    for figures in plan.grids.values():
        for name, count in figures.items():
            totals[name] += count
    return {
        "households": len(plan.matched),
        "unplaced": len(plan.unplaced),
        "villages": {str(grid): figures for grid, figures in plan.grids.items()},
        "totals": totals,
    }


def _planned(roster: RosterImport, lines: Sequence[EntityLine]) -> Plan:
    filed = Filed(roster.institution_id, lines, roster.lists)
    matched: list[Matched] = []
    unplaced: list[EntityLine] = []
    problems: list[Problem] = []
    for line in lines:
        known = filed.find(line)
        if known is None and line.grid_id is None:
            unplaced.append(line)
            continue
        if known is not None and known.subject_kind != roster.lists:
            problems.append(Problem(line.row, "uscc", "entity_of_another_kind", line.facts.uscc))
            continue
        matched.append(Matched(line, known, _outcome(line, known, roster.institution_id)))
        problems += _noted(matched[-1])
    return Plan(matched, unplaced, problems, _by_grid(matched, filed))


def _outcome(line: EntityLine, known: FiledEntity | None, institution_id: int) -> Outcome:
    if known is None:
        return Outcome.NEW
    if known.has_left:
        return Outcome.LEFT
    if not known.is_listed:
        return Outcome.LISTED
    return Outcome.CHANGED if _differs(line, known, institution_id) else Outcome.UNCHANGED


def _differs(line: EntityLine, known: FiledEntity, institution_id: int) -> bool:
    facts = line.facts
    if any((said := getattr(facts, name)) and said != getattr(known, name) for name in _TOLD):
        return True
    if facts.founded_on and facts.founded_on.isoformat() != known.founded_on:
        return True
    # Numbers are told without a name to file them under: nobody's.
    return any(
        number
        and (facts.principal or known.principal)
        and index not in crypto.live_indexes(kind, institution_id, number)
        for kind, number, index in (("id", facts.id_number, known.id_index), ("phone", facts.phone, known.phone_index))
    )


def _noted(one: Matched) -> Iterator[Problem]:
    line, known = one.line, one.filed
    if known is None:
        return
    if one.outcome is Outcome.LEFT:
        yield Problem(line.row, "name", "entity_has_left", line.facts.name, is_error=False)
    elif line.grid_id is not None and known.grid_id != line.grid_id:
        yield Problem(line.row, "village", "entity_in_another_grid", line.facts.name, is_error=False)


def _by_grid(matched: Sequence[Matched], filed: Filed) -> dict[int, dict[str, int]]:
    """Figures by home grid: of what is filed where it is counted, of what is new where the row puts it."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for one in matched:
        grid = one.filed.grid_id if one.filed is not None else one.line.grid_id
        assert grid is not None  # noqa: S101  rows in no grid are kept apart
        found[grid][one.outcome] += 1
    figures = {}
    for grid in sorted(found):
        known = found[grid]["unchanged"] + found[grid]["changed"]
        figures[grid] = dict.fromkeys(FIGURES, 0) | dict(found[grid])
        figures[grid]["missing"] = max(0, filed.on_roster.get(grid, 0) - known)
    return figures


# --- Writing ------------------------------------------------------------------------------------------------------


def write(roster: RosterImport, file: BufferedReader, at: datetime, report: Report) -> dict[str, Any] | None:
    """Write a confirmed list and return its figures; None when what would be written is not what was confirmed."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, roster.institution_id])
    _table, rows = lines_of(roster, file)
    plan = _planned(roster, rows.lines)
    figures = _figures(plan)
    is_sound = not any(problem.is_error for problem in rows.problems + plan.problems)
    if not is_sound or any(figures[name] != roster.summary[name] for name in ("households", "unplaced")):
        return None
    by_outcome: dict[Outcome, list[Matched]] = defaultdict(list)
    for one in plan.matched:
        by_outcome[one.outcome].append(one)
    placed = _write_new(roster, [one.line for one in by_outcome[Outcome.NEW]], at)
    _write_changes(roster, by_outcome[Outcome.CHANGED] + by_outcome[Outcome.LISTED], at)
    _name_list(roster, by_outcome[Outcome.UNCHANGED])
    _keep_unplaced(roster, plan.unplaced)
    _settle_unplaced(roster, placed, at)
    report(rows.rows, rows.rows)
    return figures


def _model(kind: str) -> Any:
    return Business if kind == Subject.Kind.BUSINESS else Unit


def _write_new(roster: RosterImport, lines: Sequence[EntityLine], at: datetime) -> dict[int, EntityLine]:
    kind = roster.lists
    subjects = Subject.objects.bulk_create(
        [
            Subject(
                institution_id=roster.institution_id,
                grid_id=line.grid_id or 0,
                kind=kind,
                uscc=line.facts.uscc or None,
                listed_on=business_day(at),
                created_at=at,
            )
            for line in lines
        ],
        batch_size=_BATCH,
    )
    placed = {subject.pk: line for subject, line in zip(subjects, lines, strict=True)}
    _model(kind).objects.bulk_create(
        [
            _model(kind)(
                subject_id=pk,
                institution_id=roster.institution_id,
                grid_id=line.grid_id,
                roster=roster,
                source_kind=roster.source_kind,
                source=roster.source,
                **filing.columns_of(line.facts),
            )
            for pk, line in placed.items()
        ],
        batch_size=_BATCH,
    )
    _answer(roster, {pk: (line.grid_id or 0, line) for pk, line in placed.items()})
    _find_by(roster, [(pk, line.grid_id or 0, line.facts) for pk, line in placed.items()])
    return placed


def _answer(roster: RosterImport, told: dict[int, tuple[int, EntityLine]]) -> None:
    named = {pk: (grid, line.facts) for pk, (grid, line) in told.items() if line.facts.principal}
    principals_of(roster.institution_id, named)


def _find_by(roster: RosterImport, told: Sequence[tuple[int, int, entities.Facts]]) -> None:
    bank = bigint(roster.institution_id)
    rows = []
    for pk, grid, facts in told:
        head = copying.row_head(len(_TOKEN)) + bank + bigint(grid) + bigint(pk)
        rows += [head + text(token) + boolean(of_person) for token, of_person in filing.tokens_of(facts)]
    if rows:
        with connection.cursor() as cursor:
            copying.copy_rows(cursor, "customers_subjecttoken", _TOKEN, rows)


def _write_changes(roster: RosterImport, changed: Sequence[Matched], at: datetime) -> None:
    """Write what the list tells otherwise; what it leaves empty stays as it is filed."""
    if not changed:
        return
    lines = {one.filed.pk: one.line for one in changed if one.filed is not None}
    model = _model(roster.lists)
    names = list(filing.columns_of(changed[0].line.facts))
    rows = list(model.objects.filter(pk__in=lines).select_related("subject"))
    for row in rows:
        for name, value in filing.columns_of(lines[row.pk].facts).items():
            if value:
                setattr(row, name, value)
        if row.subject.uscc and getattr(row, "kind", "") == Business.Kind.UNLICENSED:
            row.kind = Business.Kind.LICENSED
        row.roster, row.source_kind, row.source = roster, roster.source_kind, roster.source
        row.subject.uscc = lines[row.pk].facts.uscc or row.subject.uscc
        row.subject.listed_on = row.subject.listed_on or business_day(at)
    Subject.objects.bulk_update([row.subject for row in rows], ["uscc", "listed_on"], batch_size=_BATCH)
    model.objects.bulk_update(rows, [*names, "roster", "source_kind", "source"], batch_size=_BATCH)
    _answer(roster, {row.pk: (row.grid_id, lines[row.pk]) for row in rows})
    with connection.cursor() as cursor:
        cursor.execute("delete from customers_subjecttoken where subject_id = any(%s)", [list(lines)])
    _find_by(roster, [(row.pk, row.grid_id, facts) for row, facts in zip(rows, filing.all_facts_of(rows), strict=True)])


def _name_list(roster: RosterImport, unchanged: Sequence[Matched]) -> None:
    ids = [one.filed.pk for one in unchanged if one.filed is not None]
    if ids:
        _model(roster.lists).objects.filter(pk__in=ids).exclude(
            source_kind=roster.source_kind, source=roster.source
        ).update(roster=roster, source_kind=roster.source_kind, source=roster.source)


# --- In no grid ---------------------------------------------------------------------------------------------------


def _open_rows(roster: RosterImport) -> Any:
    return UnplacedRow.objects.filter(institution_id=roster.institution_id, kind=roster.lists, settled_at__isnull=True)


def _key(uscc: str, name: str, place: str) -> tuple[str, str, str]:
    return (uscc, "", "") if uscc else ("", entities.fold(name), entities.fold(place))


def _keep_unplaced(roster: RosterImport, lines: Sequence[EntityLine]) -> None:
    """Keep what is in no grid; what an earlier list left waiting waits once."""
    waiting = {_key(row.uscc, row.name, row.place) for row in _open_rows(roster)}
    UnplacedRow.objects.bulk_create(
        [
            UnplacedRow(
                institution_id=roster.institution_id,
                branch=roster.branch,
                roster=roster,
                row=line.row,
                kind=roster.lists,
                name=line.facts.name,
                uscc=line.facts.uscc,
                place=line.place,
                address=line.facts.address,
                facts=entities.told_apart(line.facts),
            )
            for line in lines
            if _key(line.facts.uscc, line.facts.name, line.place) not in waiting
        ],
        batch_size=_BATCH,
    )


def _settle_unplaced(roster: RosterImport, placed: dict[int, EntityLine], at: datetime) -> None:
    """Settle what waited and is in a grid now, because its grid came into being or the list was corrected."""
    known = {_key(line.facts.uscc, line.facts.name, line.place): pk for pk, line in placed.items()}
    settled = []
    for row in _open_rows(roster):
        pk = known.get(_key(row.uscc, row.name, row.place))
        if pk is not None:
            row.subject_id, row.settled_at = pk, at
            settled.append(row)
    UnplacedRow.objects.bulk_update(settled, ["subject", "settled_at"], batch_size=_BATCH)
