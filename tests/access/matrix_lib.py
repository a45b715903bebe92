"""Rows of the pages of jobs and files."""

from typing import Any
from uuid import UUID

from config.lib import clock
from config.lib.models import JobRun
from grids.models import PostKind
from tests.access.matrix import ALL_POSTS, Row
from tests.world import World

HIS_AND_ADMINISTRATOR = frozenset({PostKind.OFFICER, PostKind.ADMINISTRATOR})


def run_of_chen(world: World) -> dict[str, Any]:
    """A run Chen asked for: the administrator sees it, others do not."""
    run, _ = JobRun.objects.get_or_create(
        institution=world.bank, kind="test", key="of-chen", asked_by=world.chen, defaults={"queued_at": clock.now()}
    )
    return {"pk": run.pk}


ROWS = {
    "lib:job_list": Row(posts=ALL_POSTS),
    "lib:job": Row(posts=HIS_AND_ADMINISTRATOR, kwargs=run_of_chen),
    "lib:job_cancel": Row(posts=HIS_AND_ADMINISTRATOR, kwargs=run_of_chen, method="post"),
    "lib:file": Row(posts=frozenset(), kwargs=lambda world: {"uuid": UUID(int=1)}),
}
