"""Rows of the pages of businesses, units and what is found in the field."""

from itertools import count
from typing import Any

from customers.models import Business
from grids.access import CUSTOMER_POSTS
from grids.models import PostKind
from tests.access.matrix import Row
from tests.customers.builders import make_business
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


ROWS = {
    "customers:business_list": Row(posts=CUSTOMER_POSTS),
    "customers:unit_list": Row(posts=CUSTOMER_POSTS),
    "customers:entity": Row(posts=SEEING, kwargs=pk),
    "customers:entity_export": Row(posts=SEEING, kwargs=kind),
    "customers:entity_edit": Row(posts=OFFICER, kwargs=pk),
    "customers:entity_leave": Row(posts=OFFICER, kwargs=pk, method="post", status=302),
    "customers:principal_reveal": Row(posts=SEEING, kwargs=field, method="post"),
    "customers:found_new": Row(posts=OFFICER, kwargs=kind),
}
