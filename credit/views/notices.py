"""Notices of a round: prepared, confirmed, printed and looked at. Consent is asked anew at every display and every print."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib import clock, pdf
from config.lib.access import allow
from config.lib.files import FileRefused
from config.lib.requests import StaffRequest
from credit.access import ROUND_POSTS, open_notice, open_round
from credit.selectors import notices as selectors
from credit.selectors import objections as objection_selectors
from credit.services import notices as services
from credit.services.objections import RECEIVERS
from credit.views.stage_frame import did, where
from customers.views.visits import photo_response
from grids.access import PostKind
from grids.services import Refused

PAGE = 60
OBJECTIONS = 20
SERVING = (PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER)


def notice_context(request: StaffRequest, round: Any) -> dict[str, Any]:
    """Return the work of the notice's stage: who is to be shown, the notices, the objections."""
    posted = selectors.posted(round)
    kind = request.post.kind
    is_now = round.stage == "notice"
    waiting = next((one for one in posted if one.is_waiting), None)
    unshown = selectors.unshown(round) if is_now else []
    objections = objection_selectors.objections_of(round)
    page = Paginator(objections, OBJECTIONS).get_page(request.GET.get("page"))
    return {
        "posted": posted,
        "unshown": len(unshown),
        "granted": selectors.granted_count(round),
        "may_prepare": is_now and kind in services.MAKERS and not waiting and bool(unshown),
        "may_confirm": is_now
        and waiting is not None
        and kind in services.CONFIRMERS
        and waiting.notice.prepared_by_id != request.user.pk,
        "may_drop": is_now and kind in SERVING,
        "may_print": kind in SERVING,
        "may_photograph": kind in services.MAKERS,
        "may_receive": kind in RECEIVERS,
        "page": page,
        "objections": objection_selectors.lines(list(page.object_list), get_language() or "zh-hans"),
        "no_rules": is_now and selectors.rules_in_force(round.institution_id) is None,
    }


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_POST
def notice_prepare(request: StaffRequest, pk: int) -> HttpResponse:
    """Freeze a notice of everybody who agreed to be shown and is on none yet."""
    round = open_round(request.post, pk)
    place = request.POST.get("place", "")
    act = lambda: services.prepare(by=request.user, post=request.post, round=round, place=place)  # noqa: E731
    return did(request, round, act, _("公示已准备，等第二个人核对后张贴"), "notice")


@allow(PostKind.BRANCH_MANAGER, PostKind.APPROVER)
@require_POST
def notice_confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Confirm a notice another prepared; its window begins."""
    notice = open_notice(request.post, pk)
    act = lambda: services.confirm(by=request.user, post=request.post, notice=notice)  # noqa: E731
    return did(request, notice.round, act, _("已核对，请打印张贴；公示期从今天起算"), "notice")


@allow(*SERVING)
@require_POST
def notice_drop(request: StaffRequest, pk: int) -> HttpResponse:
    """Drop a notice nobody has confirmed."""
    notice = open_notice(request.post, pk)
    act = lambda: services.drop(by=request.user, post=request.post, notice=notice)  # noqa: E731
    return did(request, notice.round, act, _("已作废"), "notice")


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def notice(request: StaffRequest, pk: int) -> HttpResponse:
    """A notice as it may hang today: masked names, what stands beside them, how long."""
    found = open_notice(request.post, pk)
    language = get_language() or "zh-hans"
    rules = selectors.rules_of_notice(found)
    rows = selectors.standing(found)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    grid = found.round.grid
    shown = selectors.drawn(list(page.object_list), rules, language)
    is_open = selectors.takes_objections(found, clock.today())
    context = {
        "where": where(
            request,
            {"label": grid.branch.name},
            {"label": grid.name, "url": reverse("credit:round_stage", args=[found.round_id, "notice"])},
            {"label": _("第 %(number)s 号公示") % {"number": found.number}},
        ),
        "notice": found,
        "page": page,
        "rows": shown,
        "gone": selectors.frozen_count(found) - len(rows),
        "beside": selectors.beside(rules, language),
        "has_amounts": any(row.amount is not None for row in rows),
        "period": selectors.period(found, language),
        "paragraphs": rules.paragraphs(language),
        "may_print": request.post.kind in SERVING and found.confirmed_at is not None,
        "may_receive": request.post.kind in RECEIVERS and is_open,
    }
    return render(request, "credit/notice.html", context)


@allow(*SERVING)
@never_cache
@require_POST
def notice_paper(request: StaffRequest, pk: int) -> HttpResponse:
    """The paper to hang, as PDF, with the rows that may be shown at this moment; the printing is kept."""
    found = open_notice(request.post, pk)
    language = get_language() or "zh-hans"
    try:
        data = services.print_paper(by=request.user, post=request.post, notice=found, language=language)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("credit:round_stage", pk=found.round_id, page="notice")
    response = HttpResponse(pdf.render("notice", data, language), content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(
        True, f"{_('公示')}-{found.round.name}-{found.number}.pdf"
    )
    return response


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_POST
def notice_photo_add(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep a photo of the paper where it hangs."""
    found = open_notice(request.post, pk)
    given = request.FILES.get("photo")
    try:
        if given is None:
            raise Refused(_("请选择照片"))
        services.keep_photo(
            by=request.user, post=request.post, notice=found, content=given.read(), name=given.name or ""
        )
    except (Refused, FileRefused) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("照片已保存"))
    return redirect("credit:round_stage", pk=found.round_id, page="notice")


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def notice_photo(request: StaffRequest, pk: int) -> HttpResponse:
    """The photo of the paper where it hangs."""
    found = open_notice(request.post, pk)
    if found.photo is None:
        raise Http404
    return photo_response(found.photo)
