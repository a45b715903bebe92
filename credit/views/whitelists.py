"""White lists for the core system: made by one, released and taken by others, receipts with all their faults told at once."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import open_receipt, open_round, open_white_list
from credit.domain import whitelist as domain
from credit.selectors import whitelists as selectors
from credit.selectors.explained_model import language
from credit.services import whitelists as services
from credit.views.stage_frame import did
from grids.access import PostKind
from grids.services import Refused

SEEING = (PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR)
PAGE = 50
FAULTS_SHOWN = 200
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@allow(*SEEING)
@never_cache
@require_GET
def white_lists(request: StaffRequest) -> HttpResponse:
    """The white lists of the post's scope, those to settle first."""
    page = selectors.lists_page(request.post, request.GET.get("page"))
    context = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("白名单")}],
        "page": page,
        "rows": [{"list": one, "tone": selectors.TONES[one.state]} for one in page],
    }
    return render(request, "credit/white_lists.html", context)


@allow(*services.MAKERS)
@require_POST
def white_list_new(request: StaffRequest, pk: int) -> HttpResponse:
    """Put the signed lines of a round on a new list."""
    round = open_round(request.post, pk)
    act = lambda: services.make(by=request.user, post=request.post, round=round)  # noqa: E731
    return did(request, round, act, _("白名单已生成，等另一人放行"), "sign")


@allow(*SEEING)
@never_cache
@require_GET
def white_list(request: StaffRequest, pk: int) -> HttpResponse:
    """One list: its lines, who made and released it, every download, its receipt."""
    return _page(request, open_white_list(request.post, pk))


def _page(request: StaffRequest, found: Any, faults: Any = (), status: int = 200) -> HttpResponse:
    page = Paginator(selectors.rows_of(found), PAGE).get_page(request.GET.get("page"))
    receipts = selectors.receipts_of(found)
    files = selectors.files_of(found)
    is_released = found.state == "released"
    may_settle = request.post.kind == PostKind.APPROVER and found.state == "made"
    maker = request.post.kind in services.MAKERS
    has_receipt = any(one["receipt"].state != "refused" for one in receipts)
    context = {
        "where": [
            {"label": _("白名单"), "url": reverse("credit:white_lists")},
            {"label": f"{found.grid.name} {found.number}"},
        ],
        "list": found,
        "tone": selectors.TONES[found.state],
        "page": page,
        "rows": selectors.rows_told(found, list(page.object_list)),
        "files": files,
        "left_out": selectors.why_words(files),
        "receipts": receipts,
        "faults": [domain.told(one, language()) for one in faults[:FAULTS_SHOWN]],
        "fault_count": len(faults),
        "may_settle": may_settle and found.made_by_id != request.user.pk,
        "is_own": may_settle and found.made_by_id == request.user.pk,
        "may_take": is_released and request.post.kind == PostKind.APPROVER,
        "may_import": is_released and maker and not has_receipt,
        "is_maker": maker,
    }
    return render(request, "credit/white_list.html", context, status=status)


@allow(PostKind.APPROVER)
@require_POST
def white_list_step(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    """Release another's list, or refuse it."""
    if step not in ("release", "refuse"):
        raise Http404
    found = open_white_list(request.post, pk)
    try:
        services.settle(
            by=request.user,
            post=request.post,
            white_list=found,
            release=step == "release",
            answer=request.POST.get("reason", ""),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已放行，可以下载") if step == "release" else _("已退回"))
    return redirect("credit:white_list", pk=pk)


@allow(PostKind.APPROVER)
@never_cache
@require_POST
def white_list_file(request: StaffRequest, pk: int, form: str) -> HttpResponse:
    """Take a released list; every line is looked at again, and the hash of what was taken is kept."""
    if form not in TYPES:
        raise Http404
    found = open_white_list(request.post, pk)
    try:
        content, kept = services.take(
            by=request.user, post=request.post, white_list=found, form=form, language=language()
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("credit:white_list", pk=pk)
    response = HttpResponse(content, content_type=TYPES[form])
    response["Content-Disposition"] = (
        content_disposition_header(True, f"white-list-{pk}-{kept.pk}.{form}") or "attachment"
    )
    response["Cache-Control"] = "private, no-store"
    return response


@allow(*services.MAKERS)
@never_cache
@require_POST
def receipt_import(request: StaffRequest, pk: int) -> HttpResponse:
    """Take the core system's answers; with one fault nothing is written, and all of them are told."""
    found = open_white_list(request.post, pk)
    given = request.FILES.get("file")
    if given is None:
        messages.error(request, _("请选择回执文件"))
        return redirect("credit:white_list", pk=pk)
    try:
        made, faults = services.import_receipt(
            by=request.user,
            post=request.post,
            white_list=found,
            content=given.read(services.LARGEST + 1),
            name=given.name or "",
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("credit:white_list", pk=pk)
    if made is None:
        return _page(request, found, faults, 422)
    messages.success(request, _("回执已导入，等另一人确认"))
    return redirect("credit:white_list", pk=pk)


@allow(*services.MAKERS)
@require_POST
def receipt_step(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    """Confirm another's receipt, or refuse it."""
    if step not in ("confirm", "refuse"):
        raise Http404
    found = open_receipt(request.post, pk)
    try:
        services.settle_receipt(by=request.user, post=request.post, receipt=found, confirm=step == "confirm")
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("回执已确认") if step == "confirm" else _("已退回"))
    return redirect("credit:white_list", pk=found.white_list_id)
