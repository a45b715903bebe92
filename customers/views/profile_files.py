"""Files of visits: the template, an upload checked whole, a second person's word, the progress of the writing; and the way back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import audit, runs
from config.lib.access import allow
from config.lib.files import FileRefused
from config.lib.requests import StaffRequest
from customers import access
from customers.forms.items import language
from customers.forms.papers import ProfileFileForm
from customers.selectors import profile_files as selectors
from customers.selectors.forms import Edition, editions_of
from customers.services import profile_files as service
from customers.services.profile_files import ProfileFileError
from grids.access import PostKind, grids_for, open_grid

HANDLING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
SHOWN = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TONES = {
    "broken": "orange",
    "waiting": "wait",
    "writing": "wait",
    "written": "good",
    "failed": "red",
    "rejected": "neutral",
}
State = service.State


def _where(request: StaffRequest, *more: str) -> list[dict[str, str]]:
    return [
        {"label": _("纸质采集表"), "url": reverse("customers:paper_list")},
        {"label": _("走访文件"), "url": reverse("customers:profile_files")},
        *({"label": label} for label in more),
    ]


def _editions(request: StaffRequest) -> list[Edition]:
    return editions_of(request.user.institution_id)


@allow(*HANDLING)
@require_GET
def file_list(request: StaffRequest) -> HttpResponse:
    """The files of one's branch, the newest first; templates and exports."""
    page = selectors.files_for(request.post, request.GET.get("page"))
    context = {
        "where": _where(request),
        "page": page,
        "rows": [{"file": one, "tone": TONES[one.state]} for one in page],
        "editions": [(one.release_id, one.label(language())) for one in _editions(request)],
        "grids": [(grid.pk, grid.name) for grid in grids_for(request.post).order_by("pinyin", "pk")],
    }
    return render(request, "customers/profile_files.html", context)


@allow(*HANDLING)
@require_http_methods(["GET", "POST"])
def file_upload(request: StaffRequest) -> HttpResponse:
    """Upload a file; every row of it is checked at once."""
    branches = access.roster_branches_for(request.post).filter(is_open=True)
    editions = {one.release_id: one for one in _editions(request)}
    form = ProfileFileForm(
        request.POST or None,
        request.FILES or None,
        branches=branches,
        editions=[(pk, one.label(language())) for pk, one in editions.items()],
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            found = service.upload(
                staff=request.user,
                post_id=request.post.pk,
                branch=data["branch"],
                edition=editions[data["edition"]],
                content=data["file"],
                name=data["file"].name,
            )
        except FileRefused as refused:
            form.add_error("file", str(refused))
        except ProfileFileError as same:
            messages.info(request, _("同一份文件已经上传，等人确认，见本页。"))
            return redirect("customers:profile_file", pk=same.file.pk if same.file else 0)
        else:
            return redirect("customers:profile_file", pk=found.pk)
    context = {"where": _where(request, _("上传")), "form": form}
    return render(request, "customers/profile_file_upload.html", context, status=422 if form.errors else 200)


@allow(*HANDLING)
@require_GET
@never_cache
def file(request: StaffRequest, pk: int) -> HttpResponse:
    """One file: what is wrong in it, what it holds, how its writing goes."""
    found = access.open_profile_file(request.post, pk)
    is_own = found.uploaded_by_id == request.user.pk
    is_manager = request.post.kind == PostKind.BRANCH_MANAGER
    is_waiting = found.state == State.WAITING
    told = found.problems or found.refused
    english = language().startswith("en")
    context = {
        "where": _where(request, found.file_name),
        "file": found,
        "tone": TONES[found.state],
        "form_name": found.form.document["en" if english else "zh"],
        "problems": [one | {"text": one["en" if english else "zh"]} for one in told[:SHOWN]],
        "problem_count": len(told),
        "run": _run(request, found),
        "may_settle": is_waiting and is_manager and not is_own,
        "waits_for_second": is_waiting and not (is_manager and not is_own),
    }
    return render(request, "customers/profile_file.html", context)


def _run(request: StaffRequest, found: Any) -> dict[str, Any] | None:
    if found.run is None or found.state != State.WRITING:
        return None
    run = runs.told(found.run, request)
    run["label"] = found.file_name
    run["poll_url"] = reverse("customers:profile_file_progress", args=[found.pk])
    if found.run.asked_by_id != request.user.pk:
        run["cancel_url"] = ""
    return run


@allow(*HANDLING)
@require_GET
@never_cache
def progress(request: StaffRequest, pk: int) -> HttpResponse:
    """The progress alone, for htmx; once the run is over, the word to load the page again."""
    run = _run(request, access.open_profile_file(request.post, pk))
    if run is None or run["state"] not in ("queued", "running"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "components/progress.html", {"run": run})


def _sentence(code: str) -> str:
    return {
        "own": _("自己上传的文件须由另一位支行行长确认。"),
        "settled": _("这份文件刚刚已经处理过了，下面是现在的状态。"),
        "answer": _("不同意时请写明理由。"),
    }[code]


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm the whole file of somebody else; a worker writes it."""
    found = access.open_profile_file(request.post, pk)
    try:
        service.confirm(staff=request.user, post_id=request.post.pk, file=found)
    except ProfileFileError as refused:
        messages.warning(request, _sentence(refused.code))
    return redirect("customers:profile_file", pk=found.pk)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def reject(request: StaffRequest, pk: int) -> HttpResponse:
    """Refuse the whole file of somebody else, with an answer."""
    found = access.open_profile_file(request.post, pk)
    try:
        service.reject(staff=request.user, post_id=request.post.pk, file=found, answer=request.POST.get("reason", ""))
    except ProfileFileError as refused:
        messages.warning(request, _sentence(refused.code))
    return redirect("customers:profile_file", pk=found.pk)


# --- Workbooks ----------------------------------------------------------------------------------------------------


def _chosen(request: StaffRequest) -> Edition:
    wanted = request.GET.get("edition", "")
    editions = _editions(request)
    found = (
        next((one for one in editions if str(one.release_id) == wanted), None) if wanted else next(iter(editions), None)
    )
    if found is None:
        raise Http404
    return found


def _book(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-store"
    return response


@allow(*HANDLING)
@require_GET
def template(request: StaffRequest) -> HttpResponse:
    """The empty workbook of a form, drawn from its released definition."""
    edition = _chosen(request)
    return _book(selectors.template(edition, language()), f"{edition.label(language())}.xlsx")


@allow(*HANDLING)
@require_GET
@never_cache
def export(request: StaffRequest) -> HttpResponse:
    """The newest revisions of a grid in the layout of the template, made now under the rights of now, on record."""
    edition = _chosen(request)
    wanted = request.GET.get("grid", "")
    first = grids_for(request.post).order_by("pinyin", "pk").first()
    if not wanted and first is None:
        raise Http404
    pk = int(wanted) if wanted.isdigit() and len(wanted) < 19 else 0
    grid = first if not wanted and first is not None else open_grid(request.post, pk)
    content, count = selectors.export(request.post, grid.pk, edition, language())
    audit.record(
        staff=request.user,
        post_id=request.post.pk,
        verb="profiles_export",
        about="grid",
        about_id=grid.pk,
        detail={"rows": count, "form": edition.key},
    )
    return _book(content, f"{edition.label(language())}-{grid.name}.xlsx")
