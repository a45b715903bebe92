"""Colleagues: who goes along on a visit, and who may check a file."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from config.lib import clock
from grids.access import seats_on
from grids.models import Absence, Branch, Grid, Post, PostKind, Staff


def officers_of(grid: Grid, day: date) -> list[Staff]:
    """Return the officers who covered a grid on a day, for who may be named as having visited then."""
    seats = seats_on(day).filter(grid=grid, kind__covers=True, staff__isnull=False).select_related("staff")
    return list({seat.staff_id: seat.staff for seat in seats.order_by("staff__number") if seat.staff}.values())


def colleagues_at(grid: Grid, but: Staff) -> list[Staff]:
    """Return the officers and managers of the branches over a grid, head office apart, without the person asking."""
    day = clock.today()
    above = [int(part) for part in grid.branch.path.split("/") if part]
    branches = Branch.objects.filter(pk__in=above).exclude(kind=Branch.Kind.HEAD).values("pk")
    posts = (
        Post.objects.filter(
            kind__in=(PostKind.OFFICER, PostKind.BRANCH_MANAGER), from_on__lte=day, staff__is_active=True
        )
        .filter(Q(to_on__isnull=True) | Q(to_on__gt=day))
        .filter(Q(branch__in=branches) | Q(branch__isnull=True, staff__home_branch__in=branches))
        .exclude(staff=but)
        .select_related("staff")
        .order_by("staff__number")
    )
    return list({post.staff_id: post.staff for post in posts}.values())


def deputies_on(institution_id: int, day: date) -> dict[int, int]:
    """Return who is away on a day, and who stands in for him."""
    away = Absence.objects.filter(institution_id=institution_id, from_on__lte=day, to_on__gt=day)
    return dict(away.values_list("staff_id", "deputy_id"))


def names_of(staff_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of some people."""
    return dict(Staff.objects.filter(pk__in=list(staff_ids)).values_list("pk", "name"))
