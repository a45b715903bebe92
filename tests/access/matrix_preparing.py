"""Rows of preparing a round and of checking its list, in the round of Liu Village."""

from typing import Any

from credit.models import Round, SheetSubject, VillageSummary
from credit.services import preparing
from grids.models import PostKind
from tests.access.matrix import Row
from tests.access.matrix_rounds import MANAGER, SEES, _pk
from tests.conftest import acting_as
from tests.credit.preparing import publish_preparing
from tests.world import World

PREPARERS = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})


def _listed(world: World) -> dict[str, Any]:
    found = _pk(world)
    return {**found, "subject": SheetSubject.objects.filter(round=found["pk"]).order_by("pk")[0].subject_id}


def _summary(world: World) -> dict[str, Any]:
    """A round with a village summary to print."""
    found = _pk(world)
    if not VillageSummary.objects.exists():
        publish_preparing(world)
        with acting_as(world.gao) as post:
            assert post is not None
            preparing.write_summary(
                by=world.gao, post=post, round=Round.objects.get(pk=found["pk"]), answers={"population": "900"}
            )
    return found


def _post(kwargs: Any, posts: frozenset[str] = PREPARERS, status: int = 302, **data: str) -> Row:
    return Row(posts=posts, kwargs=kwargs, method="post", data=data, status=status)


ROWS = {
    "credit:round_people": _post(_pk, MANAGER, 422),
    "credit:round_plan": _post(_pk, status=422),
    "credit:round_plan_save": _post(_pk),
    "credit:round_tasks": _post(_summary),
    "credit:round_household_tasks": Row(posts=SEES, kwargs=_pk),
    "credit:round_summary": Row(posts=SEES, kwargs=_pk),
    "credit:round_summary_paper": Row(posts=SEES, kwargs=_summary),
    "credit:round_list_refresh": _post(_pk),
    "credit:round_list_row": Row(posts=PREPARERS, kwargs=_listed),
}
