"""Rows of reporting: weekly reports and overviews."""

from typing import Any

from config.lib import clock
from config.lib.weeks import Week
from grids.models import PostKind
from tests.access.matrix import Row
from tests.world import World

READERS = frozenset(
    {PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR, PostKind.LEADER}
)
HOUSEHOLD_READERS = READERS - {PostKind.LEADER}
OVERSEERS = frozenset({PostKind.BRANCH_MANAGER, PostKind.LEADER})


def _running(world: World) -> dict[str, Any]:
    return {"week": Week.containing(clock.now()).code}


ROWS = {
    "reporting:overview": Row(posts=OVERSEERS),
    "reporting:overview_map": Row(posts=OVERSEERS),
    "reporting:weekly": Row(posts=READERS),
    "reporting:weekly_xlsx": Row(posts=READERS, kwargs=_running),
    "reporting:weekly_pdf": Row(posts=READERS, kwargs=_running),
    "reporting:weekly_paper": Row(posts=READERS, kwargs=_running, method="post", status=302),
    "reporting:figure_households": Row(
        posts=HOUSEHOLD_READERS, query=f"week={Week.containing(clock.now())}&figure=visited&period=total&level=bank"
    ),
}
