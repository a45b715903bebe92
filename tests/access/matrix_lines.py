"""Rows of the pages of lines."""

from typing import Any

from config.lib import jobs
from credit.models import LineResult, LineRun
from credit.services.lines import publish_run
from grids.models import PostKind
from tests.access.matrix import Row
from tests.credit.files import file, release_models, started
from tests.customers.builders import make_household
from tests.world import World

APPROVER = frozenset({PostKind.APPROVER})
SERVING = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER})
SEEING = frozenset({PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR})


def _result(world: World) -> LineResult:
    """A published result of a household in Chen's village; made once in a world."""
    found = LineResult.objects.select_related("run").first()
    if found is None:
        release_models(world)
        file(make_household(world.liu), world.chen, world.deng)
        run = started(world, asked_by=None)
        jobs.drive_run(run.run_id)
        publish_run(run=LineRun.objects.get(pk=run.pk), staff=world.jiang)
        found = LineResult.objects.select_related("run").get(run=run)
    return found


def _run(world: World) -> dict[str, Any]:
    return {"pk": _result(world).run_id}


def _one(world: World) -> dict[str, Any]:
    return {"pk": _result(world).pk}


def _household(world: World) -> dict[str, Any]:
    return {"pk": _result(world).subject_id}


ROWS = {
    "credit:line_list": Row(posts=APPROVER),
    "credit:line_start": Row(posts=APPROVER, method="post", data={"model": "s1"}, status=302),
    "credit:line_run": Row(posts=APPROVER, kwargs=_run),
    "credit:line_progress": Row(posts=APPROVER, kwargs=_run),
    "credit:line_publish": Row(posts=APPROVER, kwargs=_run, method="post", status=302),
    "credit:line_withdraw": Row(posts=APPROVER, kwargs=_run, method="post", data={"reason": "录错"}, status=302),
    "credit:line_result": Row(posts=SEEING, kwargs=_one),
    "credit:line_paper": Row(posts=SEEING, kwargs=_one),
    "credit:line_hand": Row(posts=SERVING, kwargs=_one, method="post", data={"language": "en"}),
    "credit:line": Row(posts=SEEING, kwargs=_household),
    "credit:household_line": Row(posts=SEEING, kwargs=_household),
}
