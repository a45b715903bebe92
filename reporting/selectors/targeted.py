"""The targeted part of a plan: households added by hand for a reason, inspected like the drawn ones and reported apart."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q

from grids.access import Post
from reporting.access import items_for
from reporting.models import SamplePlan
from reporting.selectors.samples import ItemRow, rows_of


@dataclass(frozen=True)
class TargetedCount:
    """How many households were added by hand, how many of them inspected, how many of those deviate."""

    chosen: int
    inspected: int
    found: int

    @property
    def left(self) -> int:
        """How many are left to inspect."""
        return self.chosen - self.inspected


@dataclass(frozen=True)
class Target:
    """What a targeted inspection of a household compares with; ids alone, the file may be hidden from who adds it."""

    profile_id: int
    grid_id: int
    stratum: str


def count_of(plan: SamplePlan) -> TargetedCount:
    """Return how the targeted part of a plan stands."""
    row = plan.items.filter(is_targeted=True).aggregate(
        chosen=Count("pk"),
        inspected=Count("inspection__result"),
        found=Count("pk", filter=Q(inspection__result__is_deviation=True)),
    )
    return TargetedCount(**row)


def rows_for(post: Post, plan: SamplePlan) -> list[ItemRow]:
    """Return the targeted households of a plan with who added them, the latest first."""
    items = items_for(post).filter(plan=plan, is_targeted=True)
    listed = items.select_related("plan", "grid", "added_by", "inspection__result", "inspection__auditor")
    return rows_of(post, list(listed.order_by("-added_at", "-pk")))


def target_of(subject_id: int) -> Target | None:
    """Return the newest accepted revision of a household; None when a second officer never accepted one."""
    with connection.cursor() as cursor:
        cursor.execute("select profile_id, grid_id, stratum from acc.file_to_target(%s)", [subject_id])
        row = cursor.fetchone()
    return None if row is None else Target(*row)
