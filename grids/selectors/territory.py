"""Grids as lists, pages and a map; branches with what they hold."""

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from config.lib import clock
from grids.access import all_seat_kinds_for, branches_for, grids_for, seat_kinds_for, seats_on
from grids.models import Branch, Grid, Post, Seat, SeatKind

SORTS = {
    "code": ("division_code", "pk"),
    "name": ("pinyin", "division_code", "pk"),
    "branch": ("branch__path", "division_code", "pk"),
    "count": (F("official_count").asc(nulls_first=True), "pk"),
    "-code": ("-division_code", "-pk"),
    "-name": ("-pinyin", "-division_code", "-pk"),
    "-branch": ("-branch__path", "-division_code", "-pk"),
    "-count": (F("official_count").desc(nulls_last=True), "-pk"),
}


def _owners(day: date) -> "Prefetch[str, QuerySet[Seat], str]":
    seats = seats_on(day).filter(kind__covers=True).select_related("staff").order_by("pk")
    return Prefetch("seats", queryset=seats, to_attr="owners")


def matching(grids: QuerySet[Grid], text: str) -> QuerySet[Grid]:
    """Narrow grids to those a search text means: name, former name, pinyin, initials or division code."""
    words = text.strip()
    if not words:
        return grids
    if words.isdigit():
        return grids.filter(Q(division_code__contains=words) | Q(predecessor_codes__contains=[words]))
    if words.isascii():
        letters = [letter for letter in words.lower() if letter.isalnum()][:60]
        if not letters:
            return grids.none()
        whole = " ?".join(letters)
        initials = "[a-z]* ".join(letters)
        return grids.filter(pinyin__regex=f"(^| )({whole}|{initials})")
    return grids.filter(Q(name__contains=words) | Q(former_names__contains=[words]) | Q(town__contains=words))


def list_grids(post: Post, filters: Mapping[str, str], sort: str) -> QuerySet[Grid]:
    """Return the grids of a list page with branch and owners; unknown filter values find nothing."""
    day = clock.today()
    grids = matching(grids_for(post), filters.get("q", ""))
    if filters.get("branch"):
        grids = grids.filter(branch__in=branches_for(post).filter(pk__in=_numbers(filters["branch"])))
    if filters.get("town"):
        grids = grids.filter(town=filters["town"])
    if filters.get("kind"):
        grids = grids.filter(kind=filters["kind"])
    if filters.get("phase"):
        grids = grids.filter(phase=filters["phase"])
    if filters.get("unowned"):
        grids = grids.filter(~Exists(seats_on(day).filter(grid=OuterRef("pk"), kind__covers=True)))
        grids = grids.exclude(kind=Grid.Kind.FEATURE)
    if filters.get("officer"):
        mine = seats_on(day).filter(grid=OuterRef("pk"), kind__covers=True, staff_id__in=_numbers(filters["officer"]))
        grids = grids.filter(Exists(mine))
    return (
        grids.select_related("branch")
        .defer("boundary")
        .prefetch_related(_owners(day))
        .order_by(*SORTS.get(sort, SORTS["branch"]))
    )


def _numbers(text: str) -> list[int]:
    return [int(text)] if text.isdigit() and len(text) < 18 else []


def totals(post: Post) -> dict[str, int]:
    """Return how many grids a post sees: all, by kind, without owner, and their official households."""
    owned = Q(Exists(seats_on(clock.today()).filter(grid=OuterRef("pk"), kind__covers=True)))
    return grids_for(post).aggregate(
        grids=Count("pk"),
        villages=Count("pk", filter=Q(kind=Grid.Kind.VILLAGE)),
        communities=Count("pk", filter=Q(kind=Grid.Kind.COMMUNITY)),
        unowned=Count("pk", filter=~owned & ~Q(kind=Grid.Kind.FEATURE)),
        official=Coalesce(Sum("official_count"), Value(0)),
    )


def towns_for(post: Post) -> list[str]:
    """Return the towns of the grids a post sees, in the order of their codes."""
    rows = grids_for(post).exclude(town="").values_list("town", flat=True)
    return list(dict.fromkeys(rows.order_by("division_code")))


def kind_options() -> list[tuple[str, Any]]:
    """Return the kinds of grids to choose among."""
    return list(Grid.Kind.choices)


def map_figures() -> list[dict[str, Any]]:
    """Return the figures the map of grids may be coloured by."""
    return [
        {"key": "official", "label": _("官方户数"), "format": "count", "unit": _("户")},
        {"key": "vacant", "label": _("空缺席位"), "format": "count", "unit": _("席")},
    ]


def branch_options(post: Post) -> list[tuple[int, str]]:
    """Return the branches a post may choose among, from the top down."""
    return list(branches_for(post).filter(is_open=True).order_by("path").values_list("pk", "name"))


def seats_of(grid: Grid) -> list[dict[str, Any]]:
    """Return the seats a grid offers with who sits there today, who will, who did, and how many places are free.

    A closed kind is among them, with nothing free, for the sake of who sat there."""
    day = clock.today()
    seats = list(Seat.objects.filter(grid=grid).select_related("staff", "kind").order_by("-from_on", "-pk"))
    rows = []
    for kind in SeatKind.objects.filter(institution_id=grid.institution_id).order_by("order", "pk"):
        own = [seat for seat in seats if seat.kind_id == kind.pk and seat.to_on != seat.from_on]
        now = [seat for seat in own if seat.from_on <= day and (seat.to_on is None or seat.to_on > day)]
        rows.append(
            {
                "kind": kind,
                "now": now,
                "later": [seat for seat in own if seat.from_on > day],
                "past": [seat for seat in own if seat.to_on is not None and seat.to_on <= day],
                "free": max(0, kind.places - len(now)) if kind.closed_on is None else 0,
            }
        )
    return rows


def list_seat_kinds(post: Post) -> QuerySet[SeatKind]:
    """Return every kind of seat, open ones first in their order, with how many people sit on it today or are due."""
    taken = (Q(seats__to_on__isnull=True) | Q(seats__to_on__gt=clock.today())) & ~Q(seats__to_on=F("seats__from_on"))
    return (
        all_seat_kinds_for(post)
        .annotate(sitting=Count("seats", filter=taken))
        .order_by(F("closed_on").asc(nulls_first=True), "order", "pk")
    )


def map_of(post: Post, town_of: Grid | None = None) -> tuple[bytes, str]:
    """Return the map of a post's grids (or of one grid's town) as GeoJSON bytes with their entity tag."""
    taken = (
        seats_on(clock.today())
        .filter(grid=OuterRef("pk"))
        .order_by()
        .values("grid")
        .annotate(taken=Count("pk"))
        .values("taken")
    )
    grids = grids_for(post).exclude(boundary=None)
    if town_of is not None:
        grids = grids.filter(branch_id=town_of.branch_id, town=town_of.town)
    places = seat_kinds_for(post).aggregate(all=Sum("places"))["all"] or 0
    rows = grids.annotate(taken=Coalesce(Subquery(taken, output_field=IntegerField()), Value(0))).order_by("pk")
    features = [
        {
            "type": "Feature",
            "id": pk,
            "geometry": boundary,
            "properties": {
                "label": name,
                "note": town,
                "url": reverse("grids:grid", args=[pk]),
                "here": town_of is not None and pk == town_of.pk,
                "values": {"official": official, "vacant": max(0, places - taken)},
            },
        }
        for pk, name, town, boundary, official, taken in rows.values_list(
            "pk", "name", "town", "boundary", "official_count", "taken"
        )
    ]
    body = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"))
    content = body.encode()
    return content, sha256(content).hexdigest()[:32]


def list_branches(post: Post) -> QuerySet[Branch]:
    """Return the branches a post sees with their grids, people and grids without owner, from the top down."""
    owned = Q(Exists(seats_on(clock.today()).filter(grid=OuterRef("grids"), kind__covers=True)))
    return (
        branches_for(post)
        .select_related("parent")
        .annotate(
            grid_count=Count("grids", filter=Q(grids__is_active=True), distinct=True),
            unowned_count=Count("grids", filter=Q(grids__is_active=True) & ~owned, distinct=True),
        )
        .annotate(
            staff_count=Coalesce(
                Subquery(
                    Branch.objects.filter(pk=OuterRef("pk"))
                    .order_by()
                    .annotate(people=Count("staff", filter=Q(staff__is_active=True)))
                    .values("people")
                ),
                Value(0),
            )
        )
        .order_by("path")
    )


def covered_by(post: Post, staff_id: int, on: date) -> list[Seat]:
    """Return the covering seats a person holds on a day in the grids of a post: what a hand-over may move."""
    return list(
        seats_on(on)
        .filter(staff_id=staff_id, kind__covers=True, grid__in=grids_for(post))
        .select_related("grid__branch", "kind")
        .defer("grid__boundary")
        .order_by("grid__branch__path", "grid__division_code", "pk")
    )
