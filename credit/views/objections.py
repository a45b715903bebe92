"""Objections to a notice: taken, settled by another, and who objected shown to those two alone."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import ROUND_POSTS, open_notice, open_objection
from credit.forms import ObjectionForm
from credit.objectors import Source
from credit.selectors import objections as selectors
from credit.selectors.notices import rules_of_notice
from credit.services import objections as services
from credit.views.stage_frame import where
from customers.selectors.assessment import cards
from grids.access import PostKind
from grids.services import Refused


def _where(request: StaffRequest, round: Any, last: str) -> list[dict[str, str]]:
    return where(
        request,
        {"label": round.grid.branch.name},
        {"label": round.grid.name, "url": reverse("credit:round_stage", args=[round.pk, "notice"])},
        {"label": last},
    )


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER)
@never_cache
def objection_new(request: StaffRequest, pk: int) -> HttpResponse:
    """Take an objection to a notice, about one of its rows or another household of the round."""
    notice = open_notice(request.post, pk)
    form = ObjectionForm(
        request.POST or None,
        rules=rules_of_notice(notice),
        language=get_language() or "zh-hans",
        initial={"place": request.GET.get("row", "")},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        subject_id = selectors.subject_at(notice, data["place"], data["number"].strip())
        try:
            if subject_id is None:
                raise Refused(_("这一轮没有这个序号或户号"))
            made = services.receive(
                by=request.user,
                post=request.post,
                notice=notice,
                subject_id=subject_id,
                kind=data["kind"],
                channel=data["channel"],
                source=Source(data["name"], data["contact"], data["statement"]),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("异议已登记，请另一位接手办理"))
            return redirect("credit:objection", pk=made.pk)
    context = {"where": _where(request, notice.round, _("登记异议")), "form": form, "notice": notice}
    return render(request, "credit/objection_new.html", context, status=422 if form.errors else 200)


def _page(request: StaffRequest, found: Any, refusal: str = "", status: int = 200) -> HttpResponse:
    language = get_language() or "zh-hans"
    state = selectors.state_of(found)
    me, kind = request.user.pk, request.post.kind
    context = {
        "where": _where(request, found.notice.round, _("异议 %(number)s") % {"number": found.number}),
        "objection": found,
        "card": cards([found.subject_id]).get(found.subject_id),
        "kind": selectors.kind_of(found, rules_of_notice(found.notice), language),
        "state": state,
        "label": selectors.STATES[state],
        "tone": selectors.TONES[state],
        "is_late": selectors.is_late(found),
        "may_take": state == "received" and kind in services.SETTLERS and me != found.received_by_id,
        "may_settle": state == "in_hand" and me == found.settler_id and kind in services.SETTLERS,
        "may_read": me in (found.received_by_id, found.settler_id),
        "refusal": refusal,
        "answer": request.POST.get("answer", ""),
    }
    return render(request, "credit/objection.html", context, status=status)


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def objection(request: StaffRequest, pk: int) -> HttpResponse:
    """An objection without who objected: what it is about, who has it in hand, how it was settled."""
    return _page(request, open_objection(request.post, pk))


@allow(*ROUND_POSTS)
@never_cache
@require_POST
def objection_source(request: StaffRequest, pk: int) -> HttpResponse:
    """Who objected and what was said, for the two who handle it; every look is recorded. 404 to everybody else."""
    found = open_objection(request.post, pk)
    source = services.reveal(by=request.user, post=request.post, objection=found)
    if source is None:
        raise Http404
    return render(request, "credit/_objection_source.html", {"source": source})


@allow(PostKind.BRANCH_MANAGER, PostKind.APPROVER)
@require_POST
def objection_take(request: StaffRequest, pk: int) -> HttpResponse:
    """Take an objection in hand."""
    found = open_objection(request.post, pk)
    try:
        services.take(by=request.user, post=request.post, objection=found)
    except Refused as refusal:
        return _page(request, found, str(refusal), 422)
    messages.success(request, _("已接手，只有您和登记人能看到是谁提出的"))
    return redirect("credit:objection", pk=pk)


@allow(PostKind.BRANCH_MANAGER, PostKind.APPROVER)
@require_POST
def objection_settle(request: StaffRequest, pk: int) -> HttpResponse:
    """Settle an objection with a reasoned answer; one that holds sends the decision back."""
    found = open_objection(request.post, pk)
    outcome = request.POST.get("outcome", "")
    try:
        if outcome not in ("upheld", "dismissed"):
            raise Refused(_("请选择成立或不成立"))
        services.settle(
            by=request.user,
            post=request.post,
            objection=found,
            is_upheld=outcome == "upheld",
            answer=request.POST.get("answer", ""),
        )
    except Refused as refusal:
        return _page(request, found, str(refusal), 422)
    messages.success(request, _("异议已办结"))
    return redirect("credit:objection", pk=pk)
