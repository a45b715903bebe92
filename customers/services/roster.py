"""Roster imports as people go about them: one uploads, the file is checked, a second confirms, it is written (Design, section 8).

The state is the plan: checking -> checked -> writing -> written, with broken, discarded and failed as ends. Every step is a
conditional change of that state, so a double click or a second tab takes it once.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction

from config.lib import audit, clock, files, jobs
from config.lib.models import JobRun, StoredFile
from config.lib.progress import reporting
from customers.domain.roster import remarks as cells
from customers.domain.roster.remarks import Fault, Remark
from customers.models import RosterImport, RosterRemark
from customers.services import roster_runs
from grids.access import Branch, Staff

State = RosterImport.State
CHECK, WRITE = "check_roster", "write_roster"
LIVING = (State.CHECKING, State.CHECKED, State.WRITING)
LONGEST_ANSWER = 200
DISCARDABLE = (State.CHECKED, State.BROKEN, State.FAILED)


class RosterRefusedError(Exception):
    """The step is not possible; ``code`` says why: own, errors, nothing, settled, same_file, answer. ``roster`` is the import meant."""

    def __init__(self, code: str, roster: RosterImport) -> None:
        super().__init__(code)
        self.code = code
        self.roster = roster


class RosterRemarksError(Exception):
    """Remarks name no row or column of the file, or say nothing; ``faults`` says which."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(", ".join(f"{fault.at}: {fault.field} {fault.code}" for fault in faults))
        self.faults = faults


def upload(
    *,
    staff: Staff,
    post_id: int | None,
    branch: Branch,
    content: IO[bytes],
    name: str,
    source: str,
    obtained_on: date,
    legal_basis: str = "",
    source_kind: str = RosterImport.Source.HOUSEHOLD_REGISTER,
    at: datetime | None = None,
    check_now: bool = False,
) -> RosterImport:
    """Seal a roster file and have it checked; the same file that is still under way for the branch is not taken twice.

    ``check_now`` leaves the check to the caller. Raises FileRefused for a file that is too large.
    """
    stored = files.store_sealed(
        content=content,
        name=name,
        kind=StoredFile.Kind.ROSTER,
        institution_id=branch.institution_id,
        stored_by_id=staff.pk,
        limit_mb=settings.ROSTER_LIMIT_MB,
    )
    with transaction.atomic():
        Branch.objects.select_for_update().get(pk=branch.pk)
        same = RosterImport.objects.filter(branch=branch, file_sha256=stored.sha256, state__in=LIVING).first()
        if same is not None:
            raise RosterRefusedError("same_file", same)
        roster = RosterImport.objects.create(
            institution_id=branch.institution_id,
            branch=branch,
            file=stored,
            file_sha256=stored.sha256,
            file_name=name[:200],
            source_kind=source_kind,
            source=source.strip()[:100],
            obtained_on=obtained_on,
            legal_basis=legal_basis.strip()[:200],
            uploaded_by=staff,
            uploaded_at=at or clock.now(),
        )
        _record(staff, post_id, "roster_upload", roster)
        if not check_now:
            _start(CHECK, roster, staff, post_id)
    return roster


def _start(kind: str, roster: RosterImport, staff: Staff, post_id: int | None) -> None:
    roster.run = jobs.start(
        kind=kind,
        key=str(roster.pk),
        institution_id=roster.institution_id,
        asked_by_id=staff.pk,
        asked_post_id=post_id,
        parameters={"roster": roster.pk},
    )
    roster.save(update_fields=["run"])


def confirm(*, staff: Staff, post_id: int | None, roster: RosterImport) -> None:
    """Confirm somebody else's checked import and have it written."""
    _refuse_unless_ready(roster, staff, from_console=False)
    with transaction.atomic():
        _take(roster, staff, clock.now(), from_console=False)
        _record(staff, post_id, "roster_confirm", roster)
        _start(WRITE, roster, staff, post_id)


def brings_something(roster: RosterImport) -> bool:
    """Whether there is anybody or anything in the file that can be imported."""
    return any(roster.summary.get(name) for name in ("people", "households", "unplaced"))


def _refuse_unless_ready(roster: RosterImport, staff: Staff, *, from_console: bool) -> None:
    if roster.state != State.CHECKED:
        raise RosterRefusedError("settled", roster)
    if roster.summary.get("errors"):
        raise RosterRefusedError("errors", roster)
    if not brings_something(roster):
        raise RosterRefusedError("nothing", roster)
    if roster.uploaded_by_id == staff.pk and not from_console:
        raise RosterRefusedError("own", roster)


def _take(roster: RosterImport, staff: Staff, at: datetime, *, from_console: bool) -> None:
    taken = RosterImport.objects.filter(pk=roster.pk, state=State.CHECKED).update(
        state=State.WRITING, confirmed_by=staff, confirmed_at=at, confirmed_from_console=from_console
    )
    if not taken:
        raise RosterRefusedError("settled", roster)
    roster.refresh_from_db()


def discard(
    *, staff: Staff, post_id: int | None, roster: RosterImport, answer: str = "", remarks: Sequence[Remark] = ()
) -> None:
    """Put an import aside; nothing of it was or will be written. Who did not upload it sends it back with words for the whole, and
    remarks on single cells where he likes. Raises RosterRefusedError, RosterRemarksError."""
    is_own = staff.pk == roster.uploaded_by_id
    with transaction.atomic():
        waiting = RosterImport.objects.filter(pk=roster.pk, state__in=DISCARDABLE)
        said = answer.strip()[:LONGEST_ANSWER]
        if not is_own and waiting.exists():
            if faults := cells.faults(remarks, *rows_and_columns(roster)):
                raise RosterRemarksError(faults)
            if not said:
                raise RosterRefusedError("answer", roster)
        taken = waiting.update(
            state=State.DISCARDED,
            discarded_by=staff,
            discarded_at=clock.now(),
            answer="" if is_own else said,
        )
        if not taken:
            raise RosterRefusedError("settled", roster)
        if remarks and not is_own:
            RosterRemark.objects.bulk_create(
                [RosterRemark(roster=roster, row=one.row, column=one.column, text=one.text) for one in remarks]
            )
        _record(staff, post_id, "roster_discard", roster, remarks=0 if is_own else len(remarks))


def rows_and_columns(roster: RosterImport) -> tuple[cells.Spans, Mapping[str, int]]:
    """Return the rows and the columns a remark may name; none of a file that could not be read or was checked before they were kept."""
    return roster.summary.get("spans", ()), roster.summary.get("header", {}).get("places", {})


def _record(staff: Staff, post_id: int | None, verb: str, roster: RosterImport, **more: int) -> None:
    audit.record(
        staff=staff,
        verb=verb,
        about="roster",
        about_id=roster.pk,
        detail={"branch": roster.branch_id, "sha256": roster.file_sha256} | more,
        post_id=post_id,
    )


# --- Runs ---------------------------------------------------------------------------------------------------------


def plan(run: JobRun) -> list[jobs.Chunk]:
    """A file is one piece of work: its rows are told against one another, and all of them go in or none."""
    return [jobs.Chunk({"roster": run.parameters["roster"]}, units=0)]


def work_check(run: JobRun, payload: dict[str, int]) -> None:
    """Check an uploaded file, inside its run."""
    roster = _of_run(payload, State.CHECKING)
    if roster is not None:
        with reporting(run) as report:
            roster_runs.check(roster, report)


def work_write(run: JobRun, payload: dict[str, int]) -> None:
    """Write a confirmed file, inside its run."""
    roster = _of_run(payload, State.WRITING)
    if roster is not None:
        with reporting(run) as report:
            roster_runs.write(roster, report)


def _of_run(payload: dict[str, int], state: str) -> RosterImport | None:
    """Return the import a run is for, under a row lock, unless it has gone on meanwhile."""
    return (
        RosterImport.objects.select_for_update(of=("self",))
        .select_related("branch", "file", "confirmed_by")
        .filter(pk=payload["roster"], state=state)
        .first()
    )


def finish(run: JobRun) -> dict[str, Any]:
    """Close the figures of a run with the rows of the file."""
    roster = RosterImport.objects.get(pk=run.parameters["roster"])
    rows = int(roster.summary.get("rows", 0))
    JobRun.objects.filter(pk=run.pk).update(units_done=rows, units_total=rows)
    return {"state": roster.state}


def abandon(run: JobRun) -> None:
    """Leave the import as its run left it: a stopped check is discarded, a stopped writing can be confirmed again."""
    stopped = run.state == JobRun.State.CANCELLED
    roster = RosterImport.objects.filter(pk=run.parameters["roster"])
    roster.filter(state=State.CHECKING).update(state=State.DISCARDED if stopped else State.FAILED)
    if stopped:
        roster.filter(state=State.WRITING).update(state=State.CHECKED, confirmed_by=None, confirmed_at=None)
    else:
        roster.filter(state=State.WRITING).update(state=State.FAILED)


# --- In one go ----------------------------------------------------------------------------------------------------


def import_now(
    *,
    branch: Branch,
    content: IO[bytes],
    name: str,
    source: str,
    obtained_on: date,
    staff: Staff,
    confirmed_by: Staff | None,
    legal_basis: str = "",
    source_kind: str = RosterImport.Source.HOUSEHOLD_REGISTER,
    at: datetime | None = None,
    from_console: bool = False,
) -> RosterImport:
    """Upload, check, confirm and write in the calling process; ``confirmed_by`` None stops after the check.

    For commands and the demo, under the role of a worker or the owner. ``at`` dates all of it, for a demo with a past. An
    import with errors comes back unwritten, in state checked or broken.
    """
    at = at or clock.now()
    with transaction.atomic():
        roster = upload(
            staff=staff, post_id=None, branch=branch, content=content, name=name, source=source,
            obtained_on=obtained_on, legal_basis=legal_basis, source_kind=source_kind, at=at, check_now=True,
        )  # fmt: skip
        roster_runs.check(roster)
    if confirmed_by is None or roster.state != State.CHECKED or roster.summary["errors"]:
        return roster
    with transaction.atomic():
        _refuse_unless_ready(roster, confirmed_by, from_console=from_console)
        _take(roster, confirmed_by, at, from_console=from_console)
        _record(confirmed_by, None, "roster_confirm", roster)
        roster_runs.write(roster, at=at)
    return roster


@contextmanager
def tried(
    *,
    branch: Branch,
    content: IO[bytes],
    name: str,
    staff: Staff,
    source_kind: str = RosterImport.Source.HOUSEHOLD_REGISTER,
) -> Iterator[RosterImport]:
    """Check a file and yield its import, findings and all; afterwards neither row nor file is left."""
    with transaction.atomic():
        roster = upload(
            staff=staff, post_id=None, branch=branch, content=content, name=name, source="", obtained_on=clock.today(),
            source_kind=source_kind, check_now=True,
        )  # fmt: skip
        try:
            roster_runs.check(roster)
            yield roster
        finally:
            default_storage.delete(roster.file.storage_key)
            transaction.set_rollback(True)
