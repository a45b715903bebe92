"""Long work of customers: roster files, and the nightly look for people filed twice."""

import logging
from typing import Any

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from config.lib import jobs
from config.lib.acting import job_frame
from config.lib.holdings import follows
from config.lib.jobs import Chunk, Job, register
from config.lib.models import JobRun
from customers.services import guard, papers, profile_files, roster, sharing, sweep
from grids.selectors.institutions import institution_ids

log = logging.getLogger("gedang.changes")


@shared_task(name="customers.sweep_duplicates")
def sweep_duplicates() -> None:
    """Start a sweep for every bank; one that still runs is left to end."""
    with job_frame(None, "sweep-duplicates"):
        for institution_id in institution_ids():
            try:
                jobs.start(
                    kind="sweep_duplicates",
                    key=str(institution_id),
                    institution_id=institution_id,
                    asked_by_id=None,
                    chunks=[Chunk({"institution": institution_id})],
                )
            except jobs.AlreadyRunning:
                continue


def _sweep(run: JobRun, payload: Any) -> None:
    JobRun.objects.filter(pk=run.pk).update(result={"open": sweep.sweep(payload["institution"])})


register(Job(kind="sweep_duplicates", title=_("查找重复登记"), work=_sweep))

register(
    Job(
        kind=roster.CHECK,
        title=_("检查名册"),
        plan=roster.plan,
        work=roster.work_check,
        finish=roster.finish,
        abandon=roster.abandon,
    )
)
register(
    Job(
        kind=roster.WRITE,
        title=_("导入名册"),
        plan=roster.plan,
        work=roster.work_write,
        finish=roster.finish,
        abandon=roster.abandon,
    )
)


@shared_task(name="customers.compare_changes")
def compare_changes() -> None:
    """Compare the newest revision of every file again for sudden changes; what is missing is raised."""
    with job_frame(None, "compare-changes"):
        for institution_id, drift in guard.compare_institutions().items():
            if drift.missing or drift.differing or drift.surplus:
                log.warning(
                    "sudden changes of institution %d: %d raised, %d differing, %d surplus",
                    institution_id,
                    len(drift.missing),
                    len(drift.differing),
                    len(drift.surplus),
                )


@shared_task(name=follows("customers.share_checks"))
def share_checks(institution_id: int | None = None) -> None:
    """Give the second checks of who is away or has left, and those nobody has, to who is there; of every bank when none is named."""
    with job_frame(None, "share-checks"):
        if institution_id is None:
            sharing.share_institutions()
        else:
            sharing.share_out(institution_id)


register(Job(kind=papers.JOB, title=_("打印采集表"), plan=papers.plan, work=papers.work))
register(
    Job(
        kind=profile_files.JOB,
        title=_("写入走访文件"),
        plan=profile_files.plan,
        work=profile_files.work,
        finish=profile_files.finish,
        abandon=profile_files.abandon,
    )
)
