"""Long work of reporting: freezing weeks on the scheduler's call, drawing large papers."""

from collections.abc import Iterable
from typing import Any

from celery import shared_task
from django.db import connection
from django.utils.translation import gettext_lazy as _

from config.lib import clock, jobs
from config.lib.acting import job_frame
from config.lib.jobs import Chunk, Job
from config.lib.models import JobRun
from config.lib.weeks import Week
from grids.access import posts_of
from reporting.access import scope_of
from reporting.selectors.progress import campaigns
from reporting.selectors.weekly import report_for
from reporting.services import exports, weekly


@shared_task(name="reporting.freeze_due_weeks")
def freeze_due_weeks() -> None:
    """Start a run for every campaign with a week that is due; nothing happens where none is (Semantics, section 2)."""
    with job_frame(None, "freeze-weeks"):
        now = clock.now()
        for plan in campaigns():
            if not weekly.due_weeks(plan, now):
                continue
            try:
                jobs.start(
                    kind="freeze_week",
                    key=plan.name,
                    institution_id=plan.institution_id,
                    asked_by_id=None,
                    parameters={"campaign": plan.id},
                    # One chunk: the weeks of a campaign are frozen in order, and together or not at all.
                    chunks=[Chunk({"campaign": plan.id})],
                )
            except jobs.AlreadyRunning:
                continue


def _freeze(run: JobRun, payload: Any) -> None:
    frozen = weekly.freeze_due(campaign_id=payload["campaign"])
    JobRun.objects.filter(pk=run.pk).update(
        result={"frozen": [f"{one.iso_year}-W{one.iso_week:02d}" for one in frozen]}
    )


def _plan_paper(run: JobRun) -> Iterable[Chunk]:
    return [Chunk(run.parameters)]


def _draw_paper(run: JobRun, payload: Any) -> None:
    """Draw a report as its asker sees it now; who lost the post since gets nothing."""
    if run.asked_by is None or run.asked_post_id is None:
        raise PermissionError("a paper is drawn for a person under a post")
    post = posts_of(run.asked_by).select_related("staff").get(pk=run.asked_post_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('app.post', %s, true), set_config('app.today', %s, true)",
            [str(post.pk), clock.today().isoformat()],
        )
    report = report_for(post, scope_of(post), Week.parse(payload["week"]), branch_id=payload["branch"])
    file = exports.store_paper(
        report,
        payload["language"],
        institution_id=run.institution_id,
        stored_by_id=run.asked_by_id,
        scope=payload["scope"],
    )
    JobRun.objects.filter(pk=run.pk).update(result={"file": str(file.uuid)})


jobs.register(Job(kind="freeze_week", title=_("冻结周报"), work=_freeze))
jobs.register(Job(kind="weekly_paper", title=_("生成周报 PDF"), work=_draw_paper, plan=_plan_paper))
