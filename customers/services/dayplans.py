"""Put visits on an officer's day, accept, order, postpone and take them back. What was done is never recorded here."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Max

from config.lib import audit, clock
from config.lib.models import Release
from customers.domain.dayplan import Reason
from customers.models import PlannedVisit, Subject
from grids.access import Grid, Staff

LONGEST = 60
"""A day holds at most so many lines: what is more is no plan."""


class DayPlanRefusedError(Exception):
    """The plan was not changed; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def put(
    *,
    staff: Staff,
    post_id: int | None,
    officer: Staff,
    on: date,
    subjects: Sequence[Subject],
    reasons: Mapping[int, Sequence[Reason]],
    release: Release | None,
    note: str = "",
) -> int:
    """Put places on an officer's day, behind what stands there; those already on it stay as they are. Returns how many were added."""
    rows = [
        PlannedVisit(
            subject=subject,
            grid_id=subject.grid_id,
            recorded_grid_id=subject.grid_id,
            reasons=[one.stored() for one in reasons.get(subject.pk, ())],
            release=release,
        )
        for subject in subjects
    ]
    return _write(staff, post_id, officer, on, rows, note)


def put_village(
    *, staff: Staff, post_id: int | None, officer: Staff, on: date, grid: Grid, wanted: int, note: str = ""
) -> int:
    """Put so many visits in a village on an officer's day; a village that stands there already stays as it is."""
    if not 1 <= wanted <= 99:
        raise DayPlanRefusedError("wanted")
    return _write(staff, post_id, officer, on, [PlannedVisit(grid=grid, recorded_grid=grid, wanted=wanted)], note)


def _write(staff: Staff, post_id: int | None, officer: Staff, on: date, rows: list[PlannedVisit], note: str) -> int:
    if on < clock.today():
        raise DayPlanRefusedError("past")
    try:
        with transaction.atomic():
            live = PlannedVisit.objects.filter(PlannedVisit.LIVE, officer=officer, on=on)
            before = live.count()
            if before + len(rows) > LONGEST:
                raise DayPlanRefusedError("full")
            last = live.aggregate(last=Max("position"))["last"] or 0
            for place, row in enumerate(rows, start=last + 1):
                row.institution_id = officer.institution_id
                row.officer, row.on, row.note, row.position = officer, on, note[:100], place
                row.put_by = staff
                row.accepted_at = clock.now() if officer == staff else None
            PlannedVisit.objects.bulk_create(rows, ignore_conflicts=True)
            added = live.count() - before
            if added:
                audit.record(
                    staff=staff, verb="visits_planned", about="staff", about_id=officer.pk, post_id=post_id,
                    detail={"on": on.isoformat(), "lines": added},
                )  # fmt: skip
            return added
    except IntegrityError as error:
        raise DayPlanRefusedError(_why(error)) from error


def _why(error: IntegrityError) -> str:
    return "uncovered" if "does not cover" in str(error) else "changed"


def accept(*, staff: Staff, post_id: int | None, on: date) -> int:
    """Accept everything the branch put on one's day; returns how many lines."""
    with transaction.atomic():
        rows = PlannedVisit.objects.filter(PlannedVisit.LIVE, officer=staff, on=on, accepted_at__isnull=True)
        accepted = rows.update(accepted_at=clock.now())
        if accepted:
            audit.record(
                staff=staff, verb="visits_accepted", about="staff", about_id=staff.pk, post_id=post_id,
                detail={"on": on.isoformat(), "lines": accepted},
            )  # fmt: skip
    return accepted


def move(*, staff: Staff, row: PlannedVisit, earlier: bool) -> None:
    """Change a line of one's day with the one before or behind it."""
    with transaction.atomic():
        rows = list(
            PlannedVisit.objects.filter(PlannedVisit.LIVE, officer=staff, on=row.on)
            .select_for_update(of=("self",))
            .order_by("position", "pk")
        )
        place = next((at for at, one in enumerate(rows) if one.pk == row.pk), None)
        other = None if place is None else place + (-1 if earlier else 1)
        if place is None or other is None or not 0 <= other < len(rows):
            return
        rows[place], rows[other] = rows[other], rows[place]
        for position, one in enumerate(rows, start=1):
            if one.position != position:
                PlannedVisit.objects.filter(pk=one.pk).update(position=position)


def postpone(*, staff: Staff, post_id: int | None, row: PlannedVisit, to: date, reason: str) -> None:
    """Put a line of one's day off to a later day, with the reason; the line stays and the later day gets one that follows it."""
    if not reason.strip():
        raise DayPlanRefusedError("reason")
    if to <= row.on or to < clock.today():
        raise DayPlanRefusedError("later")
    try:
        with transaction.atomic():
            same = PlannedVisit.objects.filter(PlannedVisit.LIVE, officer=staff, on=to)
            same = (
                same.filter(subject_id=row.subject_id)
                if row.subject_id
                else same.filter(subject__isnull=True, grid_id=row.grid_id)
            )
            if same.exists():
                raise DayPlanRefusedError("there")
            changed = PlannedVisit.objects.filter(PlannedVisit.LIVE, pk=row.pk, officer=staff).update(
                postponed_to=to, postponed_at=clock.now(), reason=reason.strip()[:100]
            )
            if not changed:
                raise DayPlanRefusedError("changed")
            last = PlannedVisit.objects.filter(PlannedVisit.LIVE, officer=staff, on=to).aggregate(last=Max("position"))
            PlannedVisit.objects.bulk_create([
                PlannedVisit(
                    institution_id=row.institution_id, grid_id=row.grid_id, recorded_grid_id=row.grid_id, subject_id=row.subject_id,
                    officer=staff, on=to, wanted=row.wanted, note=row.note, release_id=row.release_id, reasons=row.reasons,
                    position=(last["last"] or 0) + 1, put_by=staff, accepted_at=clock.now(), follows=row,
                )
            ])  # fmt: skip
            audit.record(
                staff=staff, verb="visit_postponed", about="planned_visit", about_id=row.pk, post_id=post_id,
                detail={"on": row.on.isoformat(), "to": to.isoformat()},
            )  # fmt: skip
    except IntegrityError as error:
        raise DayPlanRefusedError(_why(error)) from error


def take_back(*, staff: Staff, post_id: int | None, row: PlannedVisit) -> None:
    """Take back a line one put; that it stood there stays on file."""
    with transaction.atomic():
        changed = PlannedVisit.objects.filter(PlannedVisit.LIVE, pk=row.pk, put_by=staff).update(
            withdrawn_by=staff, withdrawn_at=clock.now()
        )
        if not changed:
            raise DayPlanRefusedError("changed")
        audit.record(
            staff=staff, verb="visit_unplanned", about="planned_visit", about_id=row.pk, post_id=post_id,
            detail={"on": row.on.isoformat(), "officer": row.officer_id},
        )  # fmt: skip
