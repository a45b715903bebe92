"""Rows of the roster's pages and of the search."""

from itertools import count
from typing import Any

from customers.models import RosterImport
from grids.access import CUSTOMER_POSTS
from grids.models import PostKind
from tests.access.matrix import Row
from tests.customers import rosters
from tests.world import World

HANDLING = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})
_numbers = count(700, 10)


def checked(world: World) -> dict[str, Any]:
    """A checked file of Chen's branch, a new one each time."""
    number = next(_numbers)
    uploaded = rosters.upload(world, rosters.family(world.liu, f"M{number}", number % 900 + 1))
    assert uploaded.state == RosterImport.State.CHECKED
    return {"pk": uploaded.pk}


ROWS = {
    "search": Row(posts=CUSTOMER_POSTS, query="q=liu"),
    "customers:roster_list": Row(posts=HANDLING),
    "customers:roster_upload": Row(posts=HANDLING),
    "customers:roster": Row(posts=HANDLING, kwargs=checked),
    "customers:roster_progress": Row(posts=HANDLING, kwargs=checked),
    "customers:roster_problems": Row(posts=HANDLING, kwargs=checked),
    "customers:roster_confirm": Row(
        posts=frozenset({PostKind.BRANCH_MANAGER}), kwargs=checked, method="post", status=302
    ),
    "customers:roster_discard": Row(
        posts=HANDLING, kwargs=checked, method="post", data={"reason": "三组缺 12 户"}, status=302
    ),
}
