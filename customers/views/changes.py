"""Sudden changes of files: what waits for proof, what waits for a second person, and one file with its proofs."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.files import FileRefused
from config.lib.requests import StaffRequest
from customers import access
from customers.selectors import changes as selectors
from customers.services import guard
from customers.services.guard import ChangeRefusedError
from customers.views.visits import photo_response, place_url
from grids.access import PostKind

SECOND = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
MOST_FILES = 6


@allow(*SECOND)
@require_GET
def change_list(request: StaffRequest) -> HttpResponse:
    """List the files whose sudden changes the reader may settle, or those that wait for proof."""
    shown = "prove" if request.GET.get("show") == "prove" else "confirm"
    if shown == "prove":
        page, waiting = selectors.to_prove(request.post, request.GET.get("page"))
    else:
        page, waiting = selectors.to_confirm(request.GET.get("page"))
    context = {
        "where": [{"label": _("复核"), "url": reverse("customers:queues")}, {"label": _("大额变化")}],
        "shown": shown,
        "page": page,
        "waiting": waiting,
    }
    return render(request, "customers/changes.html", context)


@allow(*SECOND)
@require_GET
@never_cache
def change(request: StaffRequest, pk: int) -> HttpResponse:
    """Show the sudden changes of a file with their proofs."""
    return _sheet(request, pk)


def _sheet(request: StaffRequest, pk: int, error: str = "", answer: str = "", status: int = 200) -> HttpResponse:
    profile = access.open_changes(request.post, pk)
    may_settle = access.may_settle_change(pk)
    sheet = selectors.sheet_of(profile)
    may_prove = access.covers(request.post, profile)
    context = {
        "where": [
            {"label": _("复核"), "url": reverse("customers:queues")},
            {"label": _("大额变化"), "url": reverse("customers:changes")},
            {"label": sheet.title},
        ],
        "sheet": sheet,
        "pk": pk,
        "place_url": place_url(sheet.place),
        "may_settle": may_settle and sheet.is_open,
        "may_prove": may_prove and sheet.is_open,
        "error": error,
        "answer": answer,
    }
    return render(request, "customers/change.html", context, status=status)


@allow(*SECOND)
@require_POST
def prove(request: StaffRequest, pk: int) -> HttpResponse:
    """Add photos or PDFs as proof of the figures that were ticked; of all when none was."""
    profile = access.open_changes_to_prove(request.post, pk)
    given = request.FILES.getlist("files")[:MOST_FILES]
    if not given:
        return _sheet(request, pk, error=_("请选择照片或 PDF。"), status=422)
    try:
        for file in given:
            guard.add_proof(
                staff=request.user,
                post_id=request.post.pk,
                profile=profile,
                figures=request.POST.getlist("figure"),
                content=file.read(),
                name=file.name or "",
                note=request.POST.get("note", ""),
                item=request.POST.get("item", ""),
            )
    except FileRefused as refused:
        return _sheet(request, pk, error=str(refused), status=422)
    except ChangeRefusedError as refused:
        messages.warning(request, sentence(refused.code))
    else:
        messages.success(request, _("证明已保存，等第二个人确认。"))
    return redirect("customers:change", pk=pk)


def sentence(code: str) -> str:
    """Say why a step on sudden changes was not taken."""
    return {
        "own": _("自己参与采集的档案须由另一位同事确认。"),
        "settled": _("这户的变化刚刚已经有人处理过了。"),
        "newer": _("采集人又提交了新版，您的结论没有保存。"),
        "proof": _("每一项变化都要有证明才能确认。"),
        "answer": _("不认可时请写明理由，让采集人知道改什么。"),
    }[code]


@allow(*SECOND)
@require_POST
def settle(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm or refuse the changes of somebody else's file."""
    profile = access.open_changes_to_settle(pk)
    outcome = "confirmed" if request.POST.get("outcome") == "confirmed" else "refused"
    answer: Any = request.POST.get("answer", "")
    try:
        guard.settle(staff=request.user, post_id=request.post.pk, profile=profile, outcome=outcome, answer=answer)
    except ChangeRefusedError as refused:
        if refused.code in ("proof", "answer"):
            return _sheet(request, pk, error=sentence(refused.code), answer=answer, status=422)
        messages.warning(request, sentence(refused.code))
    else:
        said = _("已确认，这一版通过复核后用于测算额度。") if outcome == "confirmed" else _("已退回给采集人。")
        messages.success(request, said)
    return redirect("customers:changes")


@allow(*SECOND)
@require_GET
def proof(request: StaffRequest, pk: int, proof: int) -> HttpResponse:
    """Serve a photo or PDF that proves a change: to who sees the file, and to the second person it waits for."""
    file = access.open_change_proof(request.post, pk, proof).file
    response = photo_response(file)
    if file.content_type == "application/pdf":
        # Handed over to be kept, never run beside our own pages.
        response["Content-Disposition"] = 'attachment; filename="proof.pdf"'
    return response
