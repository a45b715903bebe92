"""Kinds of seats an institution's grids offer (一格四员 and further ones): named, put in order, closed, never deleted."""

from django.db import transaction
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from config.lib import audit, clock
from grids.models import Post, Seat, SeatKind, Staff
from grids.services import Refused


def _locked(by: Staff) -> list[SeatKind]:
    """Return all kinds of the institution in their order; two who change them wait for each other."""
    kinds = SeatKind.objects.filter(institution_id=by.institution_id).select_for_update()
    return list(kinds.order_by("order", "pk"))


def _taken() -> Q:
    """The condition of a seat somebody takes today or later."""
    return (Q(to_on__isnull=True) | Q(to_on__gt=clock.today())) & ~Q(to_on=F("from_on"))


def _record(by: Staff, post: Post, verb: str, kind: SeatKind, **detail: object) -> None:
    audit.record(
        staff=by, post_id=post.pk, verb=verb, about="seat_kind", about_id=kind.pk, detail={"code": kind.code, **detail}
    )


@transaction.atomic
def add_kind(
    *, by: Staff, post: Post, code: str, name: str, name_en: str, covers: bool, taken_by: str, places: int
) -> SeatKind:
    """Add a kind of seat at the end. Its code and whether it owns customers stand for good."""
    kinds = _locked(by)
    if any(kind.code == code for kind in kinds):
        raise Refused(_("代码 %(code)s 已经用过，请换一个") % {"code": code})
    _named_once(kinds, name)
    if covers and taken_by == SeatKind.TakenBy.OUTSIDE:
        raise Refused(_("负责客户的席位只能由员工担任"))
    kind = SeatKind.objects.create(
        institution_id=by.institution_id,
        code=code,
        name=name,
        name_en=name_en,
        covers=covers,
        taken_by=SeatKind.TakenBy.STAFF if covers else taken_by,
        places=places,
        order=max((kind.order for kind in kinds), default=0) + 1,
    )
    _record(by, post, "seat_kind_added", kind, covers=covers, places=places)
    return kind


def _named_once(kinds: list[SeatKind], name: str, but: int | None = None) -> None:
    if any(kind.name == name and kind.pk != but and kind.closed_on is None for kind in kinds):
        raise Refused(_("已有席位叫「%(name)s」") % {"name": name})


@transaction.atomic
def change_kind(
    *, kind: SeatKind, by: Staff, post: Post, name: str, name_en: str, places: int, taken_by: str = ""
) -> SeatKind:
    """Rename a kind and change who may sit on it from now on and how many places a grid has."""
    kinds = _locked(by)
    kind = next(one for one in kinds if one.pk == kind.pk)
    if kind.closed_on is None:
        _named_once(kinds, name, but=kind.pk)
    if places < kind.places:
        fullest = Seat.objects.filter(_taken(), kind=kind).order_by().values("grid").annotate(people=Count("pk"))
        most = fullest.aggregate(most=Max("people"))["most"] or 0
        if most > places:
            raise Refused(_("有网格已坐了 %(count)s 人，席位数不能更少") % {"count": most})
    before = {"name": kind.name, "places": kind.places, "taken_by": kind.taken_by}
    kind.name, kind.name_en, kind.places = name, name_en, places
    if taken_by and not kind.covers:
        kind.taken_by = taken_by
    kind.save(update_fields=["name", "name_en", "places", "taken_by"])
    _record(by, post, "seat_kind_changed", kind, before=before)
    return kind


@transaction.atomic
def move_kind(*, kind: SeatKind, by: Staff, post: Post, up: bool) -> None:
    """Move an open kind one place up or down among the open ones; at the end it stays where it is."""
    kinds = _locked(by)
    row = [one for one in kinds if one.closed_on is None]
    at = next((place for place, one in enumerate(row) if one.pk == kind.pk), None)
    if at is None:
        raise Refused(_("已停用的席位不排序"))
    to = at - 1 if up else at + 1
    if not 0 <= to < len(row):
        return
    row[at], row[to] = row[to], row[at]
    for place, one in enumerate([*row, *(one for one in kinds if one.closed_on is not None)], start=1):
        one.order = place
    SeatKind.objects.bulk_update(kinds, ["order"])
    _record(by, post, "seat_kind_moved", kind, place=to + 1)


@transaction.atomic
def close_kind(*, kind: SeatKind, by: Staff, post: Post) -> int:
    """Close a kind from today: nobody is seated on it any more, and who sits there leaves today. Returns how many left.

    A kind that owns customers closes only when nobody sits on it and another one is open: customers never lose their owner here.
    """
    kinds = _locked(by)
    kind = next(one for one in kinds if one.pk == kind.pk)
    if kind.closed_on is not None:
        raise Refused(_("已经停用"))
    day = clock.today()
    taken = Seat.objects.filter(_taken(), kind=kind)
    if kind.covers:
        if not any(one.covers and one.closed_on is None and one.pk != kind.pk for one in kinds):
            raise Refused(_("这是唯一负责客户的席位，不能停用"))
        if taken.exists():
            raise Refused(_("还有人在这个席位上负责客户，请先安排到别的席位"))
    left = taken.update(to_on=Greatest(day, F("from_on")))
    kind.closed_on = day
    kind.save(update_fields=["closed_on"])
    _record(by, post, "seat_kind_closed", kind, left=left)
    return left


@transaction.atomic
def reopen_kind(*, kind: SeatKind, by: Staff, post: Post) -> None:
    """Offer a closed kind again. Who left when it closed does not return by himself."""
    kinds = _locked(by)
    kind = next(one for one in kinds if one.pk == kind.pk)
    if kind.closed_on is None:
        raise Refused(_("没有停用"))
    _named_once(kinds, kind.name, but=kind.pk)
    kind.closed_on = None
    kind.save(update_fields=["closed_on"])
    _record(by, post, "seat_kind_reopened", kind)
