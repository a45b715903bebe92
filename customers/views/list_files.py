"""Files of list entries: upload, what is wrong in them, confirmation as a whole by another person; and the lists as a file."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.lib import audit
from config.lib.access import allow
from config.lib.files import FileRefused
from config.lib.requests import StaffRequest
from customers import access
from customers.domain import listfile
from customers.forms.lists import ListFileForm
from customers.selectors import lists as selectors
from customers.selectors.lists import ListFilter
from customers.services import list_files as service
from customers.services import lists
from customers.services.list_files import SameFileError
from customers.services.lists import ListRefusedError
from customers.views.lists import READING
from grids.access import PostKind

HANDLING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
PROBLEMS_SHOWN = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TONES = {"broken": "orange", "waiting": "wait", "confirmed": "good", "rejected": "neutral"}


def _where(request: StaffRequest, *more: str) -> list[dict[str, str]]:
    return [
        {"label": _("名单"), "url": reverse("customers:list_entries")},
        {"label": _("名单文件"), "url": reverse("customers:list_files")},
        *({"label": label} for label in more),
    ]


@allow(*HANDLING)
@require_GET
def file_list(request: StaffRequest) -> HttpResponse:
    """The files of one's branch, the newest first."""
    page = selectors.list_files(request.post, request.GET.get("page"))
    rows = [{"file": one, "tone": TONES[one.state]} for one in page]
    return render(request, "customers/list_files.html", {"where": _where(request), "page": page, "rows": rows})


@allow(*HANDLING)
@require_http_methods(["GET", "POST"])
def file_upload(request: StaffRequest) -> HttpResponse:
    """Upload a file; every row is checked at once."""
    branches = access.roster_branches_for(request.post).filter(is_open=True)
    form = ListFileForm(request.POST or None, request.FILES or None, branches=branches)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            found = service.upload(
                staff=request.user,
                post_id=request.post.pk,
                branch=data["branch"],
                content=data["file"],
                name=data["file"].name,
                source=data["source"],
            )
        except FileRefused as refused:
            form.add_error("file", str(refused))
        except SameFileError as same:
            messages.info(request, _("同一份文件已经上传，等人确认，见本页。"))
            return redirect("customers:list_file", pk=same.file.pk)
        else:
            return redirect("customers:list_file", pk=found.pk)
    context = {"where": _where(request, _("上传")), "form": form, "columns": listfile.COLUMNS}
    return render(request, "customers/list_file_upload.html", context, status=422 if form.errors else 200)


@allow(*HANDLING)
@require_GET
@never_cache
def file(request: StaffRequest, pk: int) -> HttpResponse:
    """One file: what is wrong in it, or what it proposes."""
    found = access.open_list_file(request.post, pk)
    language = selectors.language()
    named = {one.code: one.label(language) for one in lists.reasons(found.institution_id)}
    page = selectors.entries_of_file(found, request.GET.get("page"))
    is_own = found.uploaded_by_id == request.user.pk
    is_waiting = found.state == service.State.WAITING
    is_manager = request.post.kind == PostKind.BRANCH_MANAGER
    # Reasons are told to who uploaded the file and to the branch manager (Decision record 0016).
    is_told = is_own or is_manager
    context = {
        "where": _where(request, found.file_name),
        "file": found,
        "tone": TONES[found.state],
        "problems": [listfile.describe(one, language) for one in found.problems[:PROBLEMS_SHOWN]],
        "problem_count": len(found.problems),
        "page": page,
        "rows": [{"entry": one, "reason": named.get(one.reason, one.reason)} for one in page] if is_told else [],
        "is_told": is_told,
        "may_settle": is_waiting and is_manager and not is_own,
        "waits_for_second": is_waiting and not (is_manager and not is_own),
    }
    return render(request, "customers/list_file.html", context)


def _sentence(code: str) -> str:
    return {
        "own": _("自己上传的名单须由另一位支行行长确认。"),
        "settled": _("这份名单刚刚已经处理过了，下面是现在的状态。"),
        "answer": _("不同意时请写明理由。"),
    }[code]


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm the whole file of somebody else."""
    found = access.open_list_file(request.post, pk)
    try:
        count = service.confirm(staff=request.user, post_id=request.post.pk, file=found)
    except ListRefusedError as refused:
        messages.warning(request, _sentence(refused.code))
    else:
        messages.success(request, _("已确认 %(count)s 条，从现在起生效。") % {"count": count})
    return redirect("customers:list_file", pk=found.pk)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def reject(request: StaffRequest, pk: int) -> HttpResponse:
    """Refuse the whole file of somebody else, with an answer."""
    found = access.open_list_file(request.post, pk)
    try:
        service.reject(staff=request.user, post_id=request.post.pk, file=found, answer=request.POST.get("reason", ""))
    except ListRefusedError as refused:
        messages.warning(request, _sentence(refused.code))
    else:
        messages.success(request, _("已答复上传人：不同意列入。"))
    return redirect("customers:list_file", pk=found.pk)


@allow(*READING)
@require_GET
@never_cache
def export(request: StaffRequest) -> HttpResponse:
    """The lists as a spreadsheet, filtered as on the page, made now under the rights of now; numbers masked, on record."""
    wanted = ListFilter.read(request.GET)
    named = {one.code: one.label(selectors.language()) for one in lists.reasons(request.user.institution_id)}
    content, count = selectors.workbook(selectors.filtered(request.post, wanted), named)
    audit.record(
        staff=request.user,
        post_id=request.post.pk,
        verb="list_export",
        about="list_entry",
        detail={"rows": count, "colour": wanted.colour, "state": wanted.state, "grid": wanted.grid},
    )
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, _("名单.xlsx"))
    response["Cache-Control"] = "private, no-store"
    return response
