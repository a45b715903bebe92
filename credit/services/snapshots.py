"""Snapshots of the core system as people go about them: one uploads, the file is checked whole, another confirms (Design, section 8).

The check writes the credits of people on file, so that what is confirmed is what lies there; until then nobody sees them and
nothing reads them. Confirming is one row: the database moves the pointer with it (``lib.keep_core_snapshot``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from config.lib import audit, clock, files, jobs, releases
from config.lib.models import JobRun, StoredFile
from config.lib.progress import reporting
from credit.models import CoreSnapshot
from credit.selectors.snapshots import LIMITS, in_force
from credit.services import snapshot_runs
from credit.services.signing import note_drawings
from grids.access import Staff

State = CoreSnapshot.State
JOB = "check_core_snapshot"
ON_ITS_WAY = (State.CHECKING, State.WAITING)
TAKEN = (*ON_ITS_WAY, State.IN_FORCE, State.SUPERSEDED)
LONGEST_ANSWER = 200


class SnapshotRefusedError(Exception):
    """The step is not possible; ``code`` says why: not_released, future, older, same_day, same_file, waiting,
    own, not_own, settled, answer.

    ``snapshot`` is the one meant or in the way.
    """

    def __init__(self, code: str, snapshot: CoreSnapshot | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.snapshot = snapshot


# --- Upload -------------------------------------------------------------------------------------------------------


def upload(
    *,
    staff: Staff,
    post_id: int | None,
    content: IO[bytes],
    name: str,
    taken_on: date,
    correction: str = "",
    check_now: bool = False,
    at: datetime | None = None,
) -> CoreSnapshot:
    """Seal the core system's file of a day and have it checked.

    A file that was taken already is not taken twice; an earlier day than the one in force is refused, the same day needs the
    reason of its ``correction``; one snapshot at a time is on its way. ``check_now`` leaves the check to the caller. Raises
    FileRefused for a file that is too large.
    """
    if taken_on > clock.today():
        raise SnapshotRefusedError("future")
    try:
        releases.in_force(staff.institution_id, LIMITS, clock.today())
    except releases.NotReleased as error:
        raise SnapshotRefusedError("not_released") from error
    stored = files.store_sealed(
        content=content,
        name=name,
        kind=StoredFile.Kind.DOCUMENT,
        institution_id=staff.institution_id,
        stored_by_id=staff.pk,
        limit_mb=settings.ROSTER_LIMIT_MB,
    )
    reason = correction.strip()[:LONGEST_ANSWER]
    try:
        with transaction.atomic():
            is_correction = _refuse_unless_wanted(staff.institution_id, stored.sha256, taken_on, reason)
            with transaction.atomic():
                snapshot = CoreSnapshot.objects.create(
                    institution_id=staff.institution_id,
                    taken_on=taken_on,
                    file=stored,
                    file_sha256=stored.sha256,
                    file_name=name[:200],
                    correction=reason if is_correction else "",
                    uploaded_by=staff,
                    uploaded_at=at or clock.now(),
                )
            _record(staff, post_id, "snapshot_upload", snapshot)
            if not check_now:
                _start(snapshot, staff, post_id)
    except IntegrityError as error:
        if "one_snapshot_on_its_way" not in str(error):
            raise
        # Two uploaded at the same moment: the other one was first.
        raise SnapshotRefusedError("waiting", _on_its_way(staff.institution_id)) from error
    return snapshot


def _on_its_way(institution_id: int) -> CoreSnapshot | None:
    return CoreSnapshot.objects.filter(institution_id=institution_id, state__in=ON_ITS_WAY).first()


def _refuse_unless_wanted(institution_id: int, sha256: str, taken_on: date, reason: str) -> bool:
    """Raise what speaks against taking a file; return whether it corrects the day in force."""
    same = CoreSnapshot.objects.filter(institution_id=institution_id, file_sha256=sha256, state__in=TAKEN).last()
    if same is not None:
        raise SnapshotRefusedError("same_file", same)
    waiting = _on_its_way(institution_id)
    if waiting is not None:
        raise SnapshotRefusedError("waiting", waiting)
    current = in_force(institution_id)
    if current is None or taken_on > current.taken_on:
        return False
    if taken_on < current.taken_on:
        raise SnapshotRefusedError("older", current)
    if not reason:
        raise SnapshotRefusedError("same_day", current)
    return True


def _start(snapshot: CoreSnapshot, staff: Staff, post_id: int | None) -> None:
    snapshot.run = jobs.start(
        kind=JOB,
        key=str(snapshot.pk),
        institution_id=snapshot.institution_id,
        asked_by_id=staff.pk,
        asked_post_id=post_id,
        parameters={"snapshot": snapshot.pk},
    )
    snapshot.save(update_fields=["run"])


# --- Settling -----------------------------------------------------------------------------------------------------


def confirm(*, staff: Staff, post_id: int | None, snapshot: CoreSnapshot, answer: str = "") -> None:
    """Put somebody else's checked snapshot in force; what changed by more than released needs a word why it is right."""
    _confirm(staff, post_id, snapshot, answer, clock.now(), from_console=False)


def _confirm(
    staff: Staff, post_id: int | None, snapshot: CoreSnapshot, answer: str, at: datetime, *, from_console: bool
) -> None:
    if snapshot.uploaded_by_id == staff.pk and not from_console:
        raise SnapshotRefusedError("own", snapshot)
    said = answer.strip()[:LONGEST_ANSWER]
    if snapshot.state == State.WAITING and snapshot.summary.get("flags") and not said:
        raise SnapshotRefusedError("answer", snapshot)
    with transaction.atomic():
        _settle(snapshot, State.IN_FORCE, staff, at, said, from_console=from_console)
        note_drawings(by=staff, snapshot=snapshot, at=at)
        _record(staff, post_id, "snapshot_confirm", snapshot)


def reject(*, staff: Staff, post_id: int | None, snapshot: CoreSnapshot, answer: str) -> None:
    """Refuse somebody else's snapshot, with what is wrong with it; the one in force stays."""
    if snapshot.uploaded_by_id == staff.pk:
        raise SnapshotRefusedError("own", snapshot)
    said = answer.strip()[:LONGEST_ANSWER]
    if not said:
        raise SnapshotRefusedError("answer", snapshot)
    with transaction.atomic():
        _settle(snapshot, State.REJECTED, staff, clock.now(), said)
        _record(staff, post_id, "snapshot_reject", snapshot)


def withdraw(*, staff: Staff, post_id: int | None, snapshot: CoreSnapshot) -> None:
    """Take back one's own snapshot that waits for the other."""
    if snapshot.uploaded_by_id != staff.pk:
        raise SnapshotRefusedError("not_own", snapshot)
    with transaction.atomic():
        _settle(snapshot, State.WITHDRAWN, staff, clock.now())
        _record(staff, post_id, "snapshot_withdraw", snapshot)


def _settle(
    snapshot: CoreSnapshot, state: str, staff: Staff, at: datetime, answer: str = "", *, from_console: bool = False
) -> None:
    # Whoever comes second, confirming or taking back, finds it settled: the row waits for the first and is looked at again.
    console = {"settled_from_console": True} if from_console else {}
    taken = CoreSnapshot.objects.filter(pk=snapshot.pk, state=State.WAITING).update(
        state=state, settled_by=staff, settled_at=at, answer=answer, **console
    )
    if not taken:
        raise SnapshotRefusedError("settled", snapshot)
    snapshot.refresh_from_db()


def _record(staff: Staff, post_id: int | None, verb: str, snapshot: CoreSnapshot) -> None:
    detail = {"taken_on": snapshot.taken_on.isoformat(), "sha256": snapshot.file_sha256}
    audit.record(staff=staff, verb=verb, about="core_snapshot", about_id=snapshot.pk, detail=detail, post_id=post_id)


# --- The run ------------------------------------------------------------------------------------------------------


def plan(run: JobRun) -> list[jobs.Chunk]:
    """A file is one piece of work: its rows are told against one another, and all of its credits are written or none."""
    return [jobs.Chunk({"snapshot": run.parameters["snapshot"]}, units=0)]


def work(run: JobRun, payload: dict[str, int]) -> None:
    """Check an uploaded file, inside its run."""
    snapshot = (
        CoreSnapshot.objects.select_for_update(of=("self",))
        .select_related("file")
        .filter(pk=payload["snapshot"], state=State.CHECKING)
        .first()
    )
    if snapshot is not None:
        with reporting(run) as report:
            snapshot_runs.check(snapshot, report)


def finish(run: JobRun) -> dict[str, Any]:
    """Close the figures of a run with the rows of the file."""
    snapshot = CoreSnapshot.objects.get(pk=run.parameters["snapshot"])
    rows = int(snapshot.summary.get("rows", 0))
    JobRun.objects.filter(pk=run.pk).update(units_done=rows, units_total=rows)
    return {"state": snapshot.state}


def abandon(run: JobRun) -> None:
    """Leave no snapshot on its way whose check was stopped or failed; none of its credits is there."""
    stopped = run.state == JobRun.State.CANCELLED
    CoreSnapshot.objects.filter(pk=run.parameters["snapshot"], state=State.CHECKING).update(
        state=State.WITHDRAWN if stopped else State.FAILED
    )


# --- In one go ----------------------------------------------------------------------------------------------------


def import_now(
    *,
    content: IO[bytes],
    name: str,
    taken_on: date,
    staff: Staff,
    confirmed_by: Staff | None,
    correction: str = "",
    answer: str = "",
    at: datetime | None = None,
    from_console: bool = False,
) -> CoreSnapshot:
    """Upload, check and confirm in the calling process; ``confirmed_by`` None stops after the check.

    For commands and the demo, under the role of the owner. A file with errors comes back as broken, nothing in force changed.
    """
    at = at or clock.now()
    with transaction.atomic():
        snapshot = upload(
            staff=staff, post_id=None, content=content, name=name, taken_on=taken_on, correction=correction,
            check_now=True, at=at,
        )  # fmt: skip
        snapshot_runs.check(snapshot)
        if confirmed_by is not None and snapshot.state == State.WAITING:
            _confirm(confirmed_by, None, snapshot, answer, at, from_console=from_console)
    return snapshot


@contextmanager
def tried(
    *, content: IO[bytes], name: str, taken_on: date, staff: Staff, correction: str = ""
) -> Iterator[CoreSnapshot]:
    """Check a file and yield its snapshot, findings and all; afterwards neither row nor file is left."""
    with transaction.atomic():
        snapshot = upload(
            staff=staff, post_id=None, content=content, name=name, taken_on=taken_on, correction=correction,
            check_now=True,
        )  # fmt: skip
        try:
            snapshot_runs.check(snapshot)
            yield snapshot
        finally:
            default_storage.delete(snapshot.file.storage_key)
            transaction.set_rollback(True)
