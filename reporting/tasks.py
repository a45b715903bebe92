"""Long work of reporting: freezing weeks on the scheduler's call."""

from typing import Any

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from config.lib import clock, jobs
from config.lib.acting import job_frame
from config.lib.jobs import Chunk, Job
from config.lib.models import JobRun
from reporting.selectors.progress import campaigns
from reporting.services import weekly


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
                    key=f"campaign-{plan.id}",
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


jobs.register(Job(kind="freeze_week", title=_("冻结周报"), work=_freeze))
