"""Rows of reporting: weekly reports and overviews."""

from typing import Any

from config.lib import clock
from config.lib.weeks import Week
from grids.models import PostKind
from tests.access.matrix import Row
from tests.reporting.sampling import a_concluded_plan, a_declaration, a_drawn_plan, a_plan
from tests.world import World

READERS = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR, PostKind.LEADER})
HOUSEHOLD_READERS = READERS - {PostKind.LEADER}
OVERSEERS = frozenset({PostKind.BRANCH_MANAGER, PostKind.LEADER})
AUDITOR = frozenset({PostKind.AUDITOR})


def _running(world: World) -> dict[str, Any]:
    return {"week": Week.containing(clock.now()).code}


def _plan(world: World) -> dict[str, Any]:
    return {"pk": a_plan(world).pk}


def _drawn(world: World) -> dict[str, Any]:
    return {"pk": a_drawn_plan(world).pk}


def _item(world: World) -> dict[str, Any]:
    return {"pk": a_drawn_plan(world).items.get().pk}


def _concluded(world: World) -> dict[str, Any]:
    return {"pk": a_concluded_plan(world).pk}


def _declaration(world: World) -> dict[str, Any]:
    found = a_declaration(world)
    return {"pk": found.plan_id, "declaration_id": found.pk}


ROWS = {
    "reporting:overview": Row(posts=OVERSEERS),
    "reporting:overview_map": Row(posts=OVERSEERS),
    "reporting:visit_statistics": Row(posts=OVERSEERS | {PostKind.OFFICER}),
    "reporting:visit_statistics_xlsx": Row(posts=OVERSEERS | {PostKind.OFFICER}),
    "reporting:visits_behind": Row(posts=frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})),
    "reporting:weekly": Row(posts=READERS),
    "reporting:weekly_xlsx": Row(posts=READERS, kwargs=_running),
    "reporting:weekly_pdf": Row(posts=READERS, kwargs=_running),
    "reporting:weekly_paper": Row(posts=READERS, kwargs=_running, method="post", status=302),
    "reporting:figure_households": Row(
        posts=HOUSEHOLD_READERS, query=f"week={Week.containing(clock.now())}&figure=visited&period=total&level=bank"
    ),
    "reporting:plan_list": Row(posts=AUDITOR),
    "reporting:plan_new": Row(posts=AUDITOR),
    "reporting:plan": Row(posts=AUDITOR, kwargs=_plan),
    "reporting:draw": Row(posts=AUDITOR, kwargs=_plan, method="post", status=422),
    "reporting:verify": Row(posts=AUDITOR, kwargs=_drawn),
    "reporting:population": Row(posts=AUDITOR, kwargs=_drawn),
    "reporting:redraw": Row(posts=AUDITOR),
    "reporting:conclude": Row(posts=AUDITOR, kwargs=_drawn, method="post", status=422),
    "reporting:kin": Row(posts=AUDITOR, kwargs=_plan),
    "reporting:kin_earlier": Row(posts=AUDITOR, kwargs=_plan, method="post", status=302),
    "reporting:kin_withdraw": Row(posts=AUDITOR, kwargs=_declaration, method="post", status=302),
    "reporting:targeted": Row(posts=AUDITOR, kwargs=_drawn),
    "reporting:inspection_list": Row(posts=AUDITOR),
    "reporting:inspection": Row(posts=AUDITOR, kwargs=_item),
    "reporting:conclusion_list": Row(posts=AUDITOR),
    "reporting:conclusion": Row(posts=AUDITOR, kwargs=_concluded),
    "reporting:conclusion_pdf": Row(posts=AUDITOR, kwargs=_concluded),
}
