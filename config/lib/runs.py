"""Who sees which runs of long work, and how a run is told on a page."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.lib import clock, jobs
from config.lib.models import JobRun
from config.lib.requests import StaffRequest

SHORTEST_MEASURE = timedelta(seconds=3)


def runs_for(request: StaffRequest) -> QuerySet[JobRun]:
    """Return the runs a person sees: those he asked for, and as administrator all of his institution."""
    runs = JobRun.objects.filter(institution_id=request.user.institution_id)
    if request.post is not None and request.post.kind == "administrator":
        return runs
    return runs.filter(asked_by=request.user)


def open_run(request: StaffRequest, pk: int) -> JobRun:
    """Return a run the person sees, or raise Http404."""
    run = runs_for(request).select_related("asked_by").filter(pk=pk).first()
    if run is None:
        raise Http404
    return run


def list_runs(request: StaffRequest, filters: Mapping[str, str]) -> QuerySet[JobRun]:
    """Return runs for the list, newest first."""
    runs = runs_for(request)
    if filters.get("state"):
        runs = runs.filter(state=filters["state"])
    if filters.get("kind"):
        runs = runs.filter(kind=filters["kind"])
    if filters.get("own"):
        runs = runs.filter(asked_by=request.user)
    return runs.select_related("asked_by").order_by("-queued_at", "-pk")


def kinds() -> list[tuple[str, Any]]:
    """Return the kinds of long work with their titles."""
    return sorted(((job.kind, job.title) for job in jobs.REGISTRY.values()), key=lambda one: str(one[1]))


def title_of(run: JobRun) -> str:
    """Return what a run does, in words."""
    job = jobs.REGISTRY.get(run.kind)
    return str(job.title) if job else run.kind


def remaining(run: JobRun) -> str:
    """Say how long a run will still take, from what it did so far; nothing before there is something to go by."""
    if run.started_at is None or not run.units_done or run.units_total <= run.units_done:
        return ""
    spent = clock.now() - run.started_at
    if spent < SHORTEST_MEASURE:
        return ""
    seconds = int(spent.total_seconds() * (run.units_total - run.units_done) / run.units_done)
    if seconds < 60:
        return _("不到 1 分钟")
    if seconds < 5400:
        minutes = round(seconds / 60)
        return ngettext("约 %(count)s 分钟", "约 %(count)s 分钟", minutes) % {"count": minutes}
    hours = round(seconds / 3600)
    return ngettext("约 %(count)s 小时", "约 %(count)s 小时", hours) % {"count": hours}


def speed(run: JobRun) -> int:
    """Return how many units a second a run has done so far, 0 before there is something to go by."""
    spent = (clock.now() - run.started_at).total_seconds() if run.started_at is not None else 0.0
    return int(run.units_done / spent) if spent > 0 else 0


def told(run: JobRun, request: StaffRequest) -> dict[str, Any]:
    """Return a run as ``components/progress.html`` shows it. A run's result may name a ``file`` (uuid) or a ``url``.

    The result is a matter of who asked for the run; the administrator follows the progress of all and opens nothing.
    """
    result = run.result or {}
    url = reverse("lib:file", args=[result["file"]]) if result.get("file") else result.get("url", "")
    asked_to_stop = run.cancel_asked_by_id is not None and not run.is_over
    return {
        "id": run.pk,
        "label": f"{title_of(run)} · {run.key}" if run.key else title_of(run),
        "state": run.state,
        "done": run.units_done,
        "total": run.units_total,
        "unit": "",
        "remaining": _("正在停止") if asked_to_stop else remaining(run),
        "started_at": run.started_at or run.queued_at,
        "by": run.asked_by.name if run.asked_by else _("系统"),
        "error": run.error,
        "result_url": url if run.state == JobRun.State.DONE and run.asked_by_id == request.user.pk else "",
        "result_label": _("下载文件") if result.get("file") else _("查看结果"),
        "poll_url": reverse("lib:job", args=[run.pk]),
        "cancel_url": "" if asked_to_stop or run.is_over else reverse("lib:job_cancel", args=[run.pk]),
    }


def living_and_failed(request: StaffRequest) -> dict[str, int]:
    """Return how many runs live and how many failed in the last week, for the head of the list."""
    week_ago = clock.now() - timedelta(days=7)
    runs = runs_for(request)
    return {
        "living": runs.filter(state__in=["queued", "running"]).count(),
        "failed": runs.filter(Q(state=JobRun.State.FAILED) & Q(finished_at__gte=week_ago)).count(),
    }
