"""Who sits on a grid from when to when. The past is never rewritten: a change takes effect today or later."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from config.lib import audit, clock
from grids.access import grids_for, posts_of, seats_on
from grids.models import Grid, Post, PostKind, Seat, SeatKind, Staff
from grids.services import Refused


def _from_today(day: date) -> None:
    if day < clock.today():
        raise Refused(_("生效日期不能早于今天：已经过去的责任不改写"))


def _colleague(by: Staff, pk: int) -> Staff:
    staff = Staff.objects.filter(pk=pk, institution_id=by.institution_id).first()
    if staff is None:
        raise Refused(_("没有这位员工"))
    return staff


def may_sit(staff: Staff, kind: SeatKind, grid: Grid, day: date) -> None:
    """Refuse people of another bank, people who left, and owners of customers who are no officers of the grid's branch."""
    if staff.institution_id != grid.institution_id or not staff.is_active:
        raise Refused(_("%(name)s 不是本行在职员工") % {"name": staff.name})
    if not kind.covers:
        return
    officers = posts_of(staff, day).filter(kind=PostKind.OFFICER)
    if not any(post.branch is None or grid.branch.path.startswith(post.branch.path) for post in officers):
        raise Refused(
            _("%(name)s 在 %(day)s 没有 %(branch)s 的客户经理岗位，请先任岗")
            % {"name": staff.name, "day": day, "branch": grid.branch.name}
        )


@transaction.atomic
def assign_seat(
    *,
    grid: Grid,
    kind: SeatKind,
    by: Staff,
    post: Post,
    from_on: date,
    staff_id: int | None = None,
    outside_name: str = "",
    replaces: int | None = None,
) -> Seat:
    """Seat somebody on a grid from a day on. A kind with one place hands over: who sat there ends that day.

    A kind with several places takes a free one, or the place of the seat ``replaces``. An owner of customers must be an officer of the
    grid's branch on that day, and nobody gives a place to himself.
    """
    Grid.objects.select_for_update().get(pk=grid.pk)  # two who assign at once wait for each other
    _from_today(from_on)
    staff = _colleague(by, staff_id) if staff_id is not None else None
    if (staff is None) == (not outside_name.strip()):
        raise Refused(_("请选一名员工，或填写一位外部人员的姓名"))
    if kind.closed_on is not None:
        raise Refused(_("「%(kind)s」已停用，不再安排") % {"kind": kind.label})
    if kind.covers and staff is None:
        raise Refused(_("负责客户的席位只能由员工担任"))
    if staff is None and kind.is_for_staff:
        raise Refused(_("「%(kind)s」只能由员工担任") % {"kind": kind.label})
    if staff is not None and kind.taken_by == SeatKind.TakenBy.OUTSIDE:
        raise Refused(_("「%(kind)s」只能由外部人员担任") % {"kind": kind.label})
    if staff is not None:
        if staff.pk == by.pk:
            raise Refused(_("不能给自己安排席位，请由管理员或上级办理"))
        may_sit(staff, kind, grid, from_on)
    ending = _whom_to_replace(grid, kind, from_on, staff, replaces)
    if ending is not None:
        _end(ending, from_on)
    seat = Seat.objects.create(grid=grid, kind=kind, staff=staff, outside_name=outside_name.strip(), from_on=from_on)
    audit.record(
        staff=by,
        post_id=post.pk,
        verb="seat_assigned",
        about="grid",
        about_id=grid.pk,
        detail={"seat": seat.pk, "kind": kind.code, "from_on": str(from_on), "replaces": ending.pk if ending else None},
    )
    return seat


def _whom_to_replace(grid: Grid, kind: SeatKind, day: date, staff: Staff | None, replaces: int | None) -> Seat | None:
    """Return the seat that ends for the new one, or None when a place is free; refuses when there is none."""
    at_or_after = Q(to_on__isnull=True) | Q(to_on__gt=day)
    seats = [seat for seat in Seat.objects.filter(at_or_after, grid=grid, kind=kind) if seat.to_on != seat.from_on]
    if staff is not None and any(seat.staff_id == staff.pk for seat in seats):
        raise Refused(_("%(name)s 已在这个席位上，或已安排在以后就任") % {"name": staff.name})
    later = [seat for seat in seats if seat.from_on > day]
    if len(later) >= kind.places:
        raise Refused(_("这个席位从 %(day)s 起已有安排，请先撤销那一项") % {"day": min(seat.from_on for seat in later)})
    taken = [seat for seat in seats if seat.from_on <= day]
    if replaces is not None:
        if replaces not in {seat.pk for seat in taken}:
            raise Refused(_("要接替的人那天已不在这个席位上"))
        return next(seat for seat in taken if seat.pk == replaces)
    if len(taken) + len(later) < kind.places:
        return None
    if kind.places == 1:
        return taken[0]
    raise Refused(_("%(count)s 个席位都有人，请选择接替谁") % {"count": kind.places})


def _end(seat: Seat, day: date) -> None:
    """End a seat on a day; one that would begin later never begins (from and to on the same day)."""
    seat.to_on = max(day, seat.from_on)
    seat.save(update_fields=["to_on"])


@transaction.atomic
def end_seat(*, seat: Seat, by: Staff, post: Post, on: date) -> None:
    """End a seat on a day without a successor, or withdraw one that has not begun."""
    _from_today(on)
    if seat.to_on is not None and seat.to_on <= on:
        raise Refused(_("这一项已经结束"))
    _end(seat, on)
    detail = {"seat": seat.pk, "kind": seat.kind.code, "to_on": str(seat.to_on)}
    audit.record(staff=by, post_id=post.pk, verb="seat_ended", about="grid", about_id=seat.grid_id, detail=detail)


@transaction.atomic
def hand_over(
    *, grid_ids: Sequence[int], leaving_id: int, successor_id: int, by: Staff, post: Post, on: date
) -> list[Seat]:
    """Hand the customers of some grids from one officer to another on a day; all of them or none.

    What the leaving officer would take up later in these grids is withdrawn too. Set-based: two statements, however many.
    """
    _from_today(on)
    leaving, successor = _colleague(by, leaving_id), _colleague(by, successor_id)
    if successor.pk == by.pk:
        raise Refused(_("不能把网格交给自己，请由管理员或上级办理"))
    if leaving.pk == successor.pk:
        raise Refused(_("移交人和接收人是同一个人"))
    wanted = set(grid_ids)
    grids = list(
        grids_for(post).filter(pk__in=wanted).select_related("branch").defer("boundary").select_for_update(of=("self",))
    )
    new = move(grids=grids, wanted=wanted, leaving=leaving, successor=successor, on=on)
    audit.record(
        staff=by,
        post_id=post.pk,
        verb="grids_handed_over",
        about="staff",
        about_id=leaving.pk,
        detail={"to": successor.pk, "on": str(on), "grids": sorted(wanted)},
    )
    return new


def move(*, grids: Sequence[Grid], wanted: set[int], leaving: Staff, successor: Staff, on: date) -> list[Seat]:
    """Seat one officer where another owned customers, from a day on; the caller holds the grids and tells of it.

    Refuses when the other does not own them all that day, when the new one is no officer there, or when somebody follows later.
    """
    current = list(
        seats_on(on).filter(grid__in=[g.pk for g in grids], staff=leaving, kind__covers=True).select_related("kind")
    )
    if not wanted or {seat.grid_id for seat in current} != wanted:
        raise Refused(_("名单已有变化，请重新预览"))
    kinds = {seat.grid_id: seat.kind for seat in current}
    for grid in grids:
        may_sit(successor, kinds[grid.pk], grid, on)
    rival = Seat.objects.filter(
        Q(to_on__isnull=True) | Q(to_on__gt=on), grid__in=wanted, kind__covers=True, staff=successor
    )
    later = Seat.objects.filter(grid__in=wanted, kind__covers=True, from_on__gt=on).exclude(staff=leaving)
    taken = [
        seat
        for seat in (rival | later).select_related("grid").defer("grid__boundary")
        if seat.to_on is None or seat.to_on > seat.from_on
    ]
    if taken:
        raise Refused(_("%(grid)s 在这一天之后已有别的安排，请先处理") % {"grid": taken[0].grid.name})
    Seat.objects.filter(pk__in=[seat.pk for seat in current]).update(to_on=on)
    return Seat.objects.bulk_create(
        Seat(grid_id=seat.grid_id, kind=seat.kind, staff=successor, from_on=on) for seat in current
    )
