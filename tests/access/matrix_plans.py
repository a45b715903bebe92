"""Rows of the pages of a day's plan."""

from itertools import count
from typing import Any

from config.lib import clock
from customers.models import PlannedVisit
from grids.models import PostKind
from tests.access.matrix import Row
from tests.customers.builders import make_household
from tests.world import World

OFFICER = frozenset({PostKind.OFFICER})
PLANNERS = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})
_numbers = count(1)


def _line(world: World, **changes: Any) -> dict[str, Any]:
    home = make_household(world.liu, f"P{next(_numbers)}")
    row = PlannedVisit.objects.create(
        **{
            "institution": world.bank, "grid": world.liu, "recorded_grid": world.liu, "subject_id": home.pk, "officer": world.chen,
            "on": clock.today(), "position": 1, "put_by": world.gao,
        }
        | changes
    )  # fmt: skip
    return {"pk": row.pk}


def day(world: World) -> dict[str, Any]:
    return {"officer": world.chen.pk, "on": clock.today().isoformat()}


def mine(_world: World) -> dict[str, Any]:
    return {"on": clock.today().isoformat()}


def moved(world: World) -> dict[str, Any]:
    return _line(world) | {"way": "later"}


ROWS = {
    "customers:today_near": Row(posts=OFFICER, method="post", data={"latitude": "37.3", "longitude": "120.4"}),
    "customers:plan_week": Row(posts=PLANNERS),
    "customers:plan_day": Row(posts=PLANNERS, kwargs=day),
    "customers:plan_put": Row(posts=PLANNERS, kwargs=day, method="post", status=302),
    "customers:plan_accept": Row(posts=OFFICER, kwargs=mine, method="post", status=302),
    "customers:plan_move": Row(posts=OFFICER, kwargs=moved, method="post", status=302),
    "customers:plan_postpone": Row(posts=OFFICER, kwargs=_line, method="post", status=302),
    "customers:plan_take_back": Row(posts=PLANNERS, kwargs=_line, method="post", status=302),
}
