"""Rows of the pages of businesses, units and what is found in the field."""

from itertools import count
from typing import Any

from config.lib import clock
from customers.models import Business, SubjectGrid, UnplacedRow
from grids.access import CUSTOMER_POSTS
from grids.models import PostKind
from tests.access.matrix import Row
from tests.customers import rosters
from tests.customers.builders import make_business, make_grid
from tests.world import World

SEEING = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR, PostKind.CHECKER})
OFFICER = frozenset({PostKind.OFFICER})
_numbers = count(1)


def shop(world: World) -> Business:
    """A shop in Chen's village, a new one each time."""
    return make_business(world.liu, f"百货店{next(_numbers)}", phone="15412345678")


def pk(world: World) -> dict[str, Any]:
    return {"pk": shop(world).pk}


def field(world: World) -> dict[str, Any]:
    return {"pk": shop(world).pk, "field": "phone"}


def kind(_world: World) -> dict[str, Any]:
    return {"kind": "business"}


def waiting(world: World) -> dict[str, Any]:
    """A row of a list of Chen's branch that waits for a grid, a new one each time."""
    number = next(_numbers)
    done = rosters.upload(world, rosters.family(world.liu, f"U{number}", number % 300 * 3 + 1))
    row = UnplacedRow.objects.create(
        institution=world.bank,
        branch=world.east,
        roster=done,
        row=2,
        kind="business",
        name=f"第{number}家",
        place="城南",
    )
    return {"pk": row.pk}


def shown(world: World) -> dict[str, Any]:
    """A shop in a feature grid, a new one each time."""
    home = shop(world)
    row = SubjectGrid.objects.create(
        institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject_id=home.pk, from_on=clock.today(),
        feature=make_grid(world, "feature", f"特色{home.pk}"), added_by=world.gao,
    )  # fmt: skip
    return {"pk": row.pk}


MANAGER = frozenset({PostKind.BRANCH_MANAGER})
ROWS = {
    "customers:business_list": Row(posts=CUSTOMER_POSTS),
    "customers:unit_list": Row(posts=CUSTOMER_POSTS),
    "customers:entity": Row(posts=SEEING, kwargs=pk),
    "customers:entity_export": Row(posts=SEEING, kwargs=kind),
    "customers:entity_edit": Row(posts=OFFICER, kwargs=pk),
    "customers:entity_move": Row(posts=OFFICER, kwargs=pk),
    "customers:entity_leave": Row(posts=OFFICER, kwargs=pk, method="post", status=302),
    "customers:principal_reveal": Row(posts=SEEING, kwargs=field, method="post"),
    "customers:found_new": Row(posts=OFFICER, kwargs=kind),
    "customers:feature_add": Row(posts=MANAGER, kwargs=pk, method="post", status=302),
    "customers:feature_remove": Row(posts=MANAGER, kwargs=shown, method="post", status=302),
    "customers:unplaced_list": Row(posts=MANAGER),
    "customers:unplaced_export": Row(posts=MANAGER),
    "customers:unplaced_place": Row(posts=MANAGER, kwargs=waiting, method="post", status=302),
    "customers:unplaced_dismiss": Row(posts=MANAGER, kwargs=waiting, method="post", status=302),
}
