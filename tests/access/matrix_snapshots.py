"""Rows of the core system's snapshots: approvers of the whole bank; a household's panel for those who serve or check it."""

from typing import Any

from credit.models import CoreSnapshot
from customers.models import Household
from grids.models import PostKind
from tests.access.matrix import Row
from tests.credit import coresnapshots as core
from tests.credit import village as make
from tests.customers.builders import make_household
from tests.world import World

APPROVER = frozenset({PostKind.APPROVER})
SEEING = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.CHECKER, PostKind.AUDITOR})


def _waiting(world: World) -> dict[str, Any]:
    """A snapshot Bai uploaded; made once in a world."""
    found = CoreSnapshot.objects.first()
    if found is None:
        numbers = core.number_people(make.household(world.liu, "701", "刘七"))
        found = core.upload(world, core.row(next(iter(numbers.values())), "J1"), staff=core.second_approver(world))
    return {"pk": found.pk}


def _home(world: World) -> dict[str, Any]:
    found = Household.objects.filter(grid=world.liu, number="702").first()
    return {"pk": (found or make_household(world.liu, "702")).pk}


ROWS = {
    "credit:core_snapshot_list": Row(posts=APPROVER),
    "credit:core_snapshot_upload": Row(posts=APPROVER),
    "credit:core_snapshot": Row(posts=APPROVER, kwargs=_waiting),
    "credit:core_snapshot_progress": Row(posts=APPROVER, kwargs=_waiting),
    "credit:core_snapshot_confirm": Row(posts=APPROVER, kwargs=_waiting, method="post", status=302),
    "credit:core_snapshot_reject": Row(
        posts=APPROVER, kwargs=_waiting, method="post", data={"reason": "少了城西支行"}, status=302
    ),
    "credit:core_snapshot_withdraw": Row(posts=APPROVER, kwargs=_waiting, method="post", status=302),
    "credit:household_credits": Row(posts=SEEING, kwargs=_home),
}
