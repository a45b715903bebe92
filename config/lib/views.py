"""Health of the installation, long work, stored files."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib import audit, files, health, jobs, runs
from config.lib.access import public, signed_in
from config.lib.models import JobRun, StoredFile
from config.lib.requests import StaffRequest

ON_PAGE = 20
PHOTO_SECONDS = 600


@public
@never_cache
@transaction.non_atomic_requests
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 once database and broker answer and every migration is applied, else 503 with what is missing."""
    missing = health.missing()
    return JsonResponse({"ok": not missing, "missing": missing}, status=503 if missing else 200)


@signed_in
@require_GET
def job_list(request: StaffRequest) -> HttpResponse:
    """Long work: one's own runs, for the administrator everybody's; living ones show their progress."""
    filters: list[dict[str, Any]] = [
        {"name": "state", "label": _("状态"), "kind": "select", "options": JobRun.State.choices, "main": True},
        {"name": "kind", "label": _("任务"), "kind": "select", "options": runs.kinds(), "main": True},
    ]
    sees_all = request.post is not None and request.post.kind == "administrator"
    if sees_all:
        filters.append({"name": "own", "label": _("只看我的"), "kind": "check"})
    page = Paginator(runs.list_runs(request, request.GET.dict()), ON_PAGE).get_page(request.GET.get("page"))
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("任务")}],
        "filters": filters,
        "page": page,
        "runs": [runs.told(run, request) for run in page],
        "sees_all": sees_all,
        "counts": runs.living_and_failed(request),
    }
    return render(request, "lib/job_list.html", context)


@signed_in
@require_GET
@never_cache
def job(request: StaffRequest, pk: int) -> HttpResponse:
    """One run: its progress alone for htmx, else its page."""
    run = runs.open_run(request, pk)
    if request.htmx:
        return render(request, "components/progress.html", {"run": runs.told(run, request)})
    where = [
        {"label": request.user.institution.short_name},
        {"label": _("任务"), "url": ".."},
        {"label": runs.title_of(run)},
    ]
    context = {"where": where, "run": runs.told(run, request), "job": run, "title": runs.title_of(run)}
    return render(request, "lib/job.html", context)


@signed_in
@require_POST
def job_cancel(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask a run to stop between two parts."""
    run = runs.open_run(request, pk)
    if not run.is_over:
        jobs.ask_to_cancel(run, request.user.pk)
        audit.record(staff=request.user, verb="run_cancelled", about="run", about_id=run.pk)
    run = runs.open_run(request, pk)
    return render(request, "components/progress.html", {"run": runs.told(run, request)})


@signed_in
@require_GET
def file(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Serve a stored file to whom row security shows it; exports only while they last and the rights they were made under."""
    found = StoredFile.objects.filter(uuid=uuid).first()
    # A signature is opened on its own page, on record.
    if found is None or found.kind == StoredFile.Kind.CONSENT or not files.may_be_served(found):
        raise Http404
    if found.kind in (StoredFile.Kind.EXPORT, StoredFile.Kind.ROSTER):
        post_id = request.post.pk if request.post else None
        audit.record(staff=request.user, post_id=post_id, verb="file_opened", about="file", about_id=found.pk)
    is_photo = found.kind == StoredFile.Kind.PHOTO
    if found.is_encrypted:
        response: Any = StreamingHttpResponse(files.read_sealed(found), content_type=found.content_type)
        response["Content-Length"] = found.size
    else:
        response = FileResponse(files.opened(found), content_type=found.content_type)
    response["Content-Disposition"] = content_disposition_header(not is_photo, found.name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Vary"] = "Cookie"
    patch_cache_control(response, private=True, **({"max_age": PHOTO_SECONDS} if is_photo else {"no_store": True}))
    return response
