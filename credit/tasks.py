"""Jobs of credit, and what the opener's process does when it starts."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.lib.acting import job_frame
from config.lib.jobs import Job, register
from config.lib.models import JobRun
from credit.services import directions, line_chunks, lines, opening, populations, recomputing, rounds, snapshots
from customers.selectors.changed import forget_old
from grids.selectors.institutions import institutions

register(
    Job(
        kind=opening.JOB,
        title=_("开启评议"),
        work=opening.open_round,
        plan=opening.plan,
        finish=opening.finish,
        abandon=opening.abandon,
        queue="opening",
        role="opener",
    )
)
register(
    Job(
        kind=recomputing.JOB,
        title=_("重新测算"),
        work=recomputing.recompute,
        plan=recomputing.plan,
        finish=recomputing.finish,
    )
)


@worker_ready.connect
def publish_opener_key(**_: Any) -> None:
    """Write down the opener's public key, so that rounds can be started; only the opener's process has the key."""
    if settings.PROCESS_ROLE == "opener":
        with job_frame(None, "opener", "opener"):
            rounds.publish_opener_key()


@shared_task(name="credit.compute_changed_lines")
def compute_changed_lines() -> None:
    """Compute the lines of the households that changed, for every bank and model with lines in force; somebody publishes them by day."""
    with job_frame(None, "compute-changed-lines"):
        forget_old()
        for institution in institutions():
            lines.start_nightly_runs(institution)


def _finish_lines(run: JobRun) -> dict[str, Any]:
    line_run = lines.finish_run(run)
    return {"url": reverse("credit:line_run", args=[line_run.pk]), "results": line_run.figures["filed"]}


register(
    Job(
        kind=lines.KIND,
        title=_("测算额度"),
        work=line_chunks.write_chunk,
        prepare=line_chunks.prepare_chunk,
        ahead=2,
        plan=lines.plan_chunks,
        finish=_finish_lines,
        abandon=lines.abandon_run,
        workers=2,
    )
)
register(
    Job(
        kind=snapshots.JOB,
        title=_("检查核心系统快照"),
        work=snapshots.work,
        plan=snapshots.plan,
        finish=snapshots.finish,
        abandon=snapshots.abandon,
    )
)
register(
    Job(
        kind=populations.JOB,
        title=_("冻结试算总体"),
        work=populations.pack_blocks,
        plan=populations.plan,
        finish=populations.finish,
    )
)
register(
    Job(
        kind=directions.JOB,
        title=_("核对方向"),
        work=directions.look,
        plan=directions.plan,
        finish=directions.finish,
    )
)
