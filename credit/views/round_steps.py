"""The steps people take on a round: its sheets, its days, its next stage, the opening, the proposals."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import decisions_for, open_round, open_sheet_of_round
from credit.domain.stages import PAGES, stage_of
from credit.forms import DueForm, OwnSheetForm, PaperSheetForm, StageForm
from credit.selectors import rounds as selectors
from credit.services import bulk_decisions, opening, recomputing, rounds, sheets, stages
from credit.services.decision_steps import MovedOnError
from credit.views.stage_frame import back, did, show, where
from grids.access import PostKind
from grids.services import Refused


@allow(PostKind.BRANCH_MANAGER)
@never_cache
@require_POST
def round_add_own(request: StaffRequest, pk: int) -> HttpResponse:
    """Add an assessor who enters his sheet himself; a new login is shown once, with its password."""
    round = open_round(request.post, pk)
    form = OwnSheetForm(request.POST, post=request.post, round=round, prefix="own")
    if not form.is_valid():
        return show(request, round, "", 422, own_form=form)
    data = form.cleaned_data
    assessor = None
    if data["assessor"] and (assessor := selectors.assessor(request.post, round, data["assessor"])) is None:
        raise Http404
    try:
        sheet, password = rounds.add_own_sheet(
            by=request.user, post=request.post, round=round, assessor=assessor, name=data["name"]
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return show(request, round, "", 422, own_form=form)
    if password:
        return _password_page(request, round, sheet, password)
    messages.success(request, _("已增加评议员 %(name)s") % {"name": sheet.assessor_name})
    return back(round)


def _password_page(request: StaffRequest, round: Any, sheet: Any, password: str) -> HttpResponse:
    context = {
        "where": where(request, {"label": round.grid.name, "url": reverse("credit:round", args=[round.pk])}),
        "round": round,
        "person": sheet.assessor,
        "password": password,
    }
    return render(request, "credit/round_password.html", context)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def round_add_paper(request: StaffRequest, pk: int) -> HttpResponse:
    """Add a paper sheet with its typist and confirmer."""
    round = open_round(request.post, pk)
    form = PaperSheetForm(request.POST, post=request.post, round=round, prefix="paper")
    if not form.is_valid():
        return show(request, round, "", 422, paper_form=form)
    data = form.cleaned_data
    people = [selectors.colleague(request.post, round, data[name]) for name in ("typist", "confirmer")]
    if None in people:
        raise Http404
    try:
        rounds.add_paper_sheet(
            by=request.user,
            post=request.post,
            round=round,
            assessor_name=data["assessor_name"],
            typist=people[0],  # type: ignore[arg-type]
            confirmer=people[1],  # type: ignore[arg-type]
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return show(request, round, "", 422, paper_form=form)
    messages.success(request, _("已增加纸质评议表"))
    return back(round)


@allow(PostKind.BRANCH_MANAGER)
@never_cache
@require_POST
def sheet_password(request: StaffRequest, pk: int, sheet: int) -> HttpResponse:
    """Give an outside assessor a new one-time password, shown once."""
    round = open_round(request.post, pk)
    found = open_sheet_of_round(request.post, round, sheet)
    try:
        password = rounds.new_password(by=request.user, post=request.post, sheet=found)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return back(round)
    return _password_page(request, round, found, password)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def sheet_withdraw(request: StaffRequest, pk: int, sheet: int) -> HttpResponse:
    """Withdraw a sheet before opening, with a reason."""
    round = open_round(request.post, pk)
    found = open_sheet_of_round(request.post, round, sheet)
    reason = request.POST.get("reason", "")
    return did(
        request,
        round,
        lambda: sheets.withdraw(by=request.user, post=request.post, sheet=found, reason=reason),
        _("已撤回，可另加一份新的评议表"),
    )


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def sheet_excuse(request: StaffRequest, pk: int, sheet: int) -> HttpResponse:
    """Go on without a sheet, with a reason."""
    round = open_round(request.post, pk)
    found = open_sheet_of_round(request.post, round, sheet)
    reason = request.POST.get("reason", "")
    return did(
        request,
        round,
        lambda: sheets.excuse(by=request.user, post=request.post, sheet=found, reason=reason),
        _("已免交"),
    )


MOVED = {
    "list": gettext_lazy("名册和规则已冻结，请核对名单"),
    "assess": gettext_lazy("评议已开始，评议员现在可以填写"),
    "notice": gettext_lazy("已转公示"),
    "sign": gettext_lazy("已转签约"),
    "closed": gettext_lazy("这一轮已结束"),
}


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def round_move(request: StaffRequest, pk: int, to: str) -> HttpResponse:
    """Take a round to its next stage."""
    if to not in MOVED:
        raise Http404
    round = open_round(request.post, pk)
    act = lambda: stages.move(by=request.user, post=request.post, round=round, to=to)  # noqa: E731
    return did(request, round, act, str(MOVED[to]))


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def round_due(request: StaffRequest, pk: int) -> HttpResponse:
    """Move the due date."""
    round = open_round(request.post, pk)
    form = DueForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请填写截止日期"))
        return back(round)
    day = form.cleaned_data["due_on"]
    act = lambda: rounds.move_due_date(by=request.user, post=request.post, round=round, due_on=day)  # noqa: E731
    return did(request, round, act, _("截止日期已改"))


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def round_plan_stage(request: StaffRequest, pk: int, page: str) -> HttpResponse:
    """Say who sees to a stage and by which day."""
    if page not in PAGES:
        raise Http404
    round = open_round(request.post, pk)
    stage = stage_of(page)
    form = StageForm(request.POST, post=request.post, round=round, stage=stage)
    if not form.is_valid():
        return show(request, round, page, 422, stage_form=form)
    data = form.cleaned_data
    owner = selectors.colleague(request.post, round, data["owner"]) if data["owner"] else None
    day = data.get("due_on")
    act = lambda: stages.plan_stage(  # noqa: E731
        by=request.user, post=request.post, round=round, stage=stage, owner=owner, due_on=day
    )
    return did(request, round, act, _("负责人和日期已保存"), page)


OPENING_STEPS: dict[str, tuple[Callable[..., Any], Any]] = {
    "ask": (opening.ask, gettext_lazy("已申请开启，等第二人同意")),
    "take-back": (opening.take_back, gettext_lazy("已收回开启申请")),
    "second": (opening.second, gettext_lazy("正在开启")),
    "again": (opening.again, gettext_lazy("正在开启")),
}


@allow(*opening.MAY_ASK)
@require_POST
def round_open(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    """Ask for the opening, agree to it, take the request back, or send the opener again."""
    if step not in OPENING_STEPS:
        raise Http404
    round = open_round(request.post, pk)
    act, done = OPENING_STEPS[step]
    return did(request, round, lambda: act(by=request.user, post=request.post, round=round), done)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def round_recompute(request: StaffRequest, pk: int) -> HttpResponse:
    """Compute the households again that waited for their file."""
    round = open_round(request.post, pk)
    act = lambda: recomputing.ask(by=request.user, post=request.post, round=round)  # noqa: E731
    return did(request, round, act, _("正在重新测算，稍后刷新"))


@allow(PostKind.OFFICER, PostKind.BRANCH_MANAGER)
@require_POST
def round_propose(request: StaffRequest, pk: int) -> HttpResponse:
    """Propose the computed figures of the chosen households, or of all without exceptions."""
    round = open_round(request.post, pk)
    chosen = [int(text) for text in request.POST.getlist("decision") if text.isdigit()]
    found = decisions_for(request.post).filter(round=round)
    found = found if request.POST.get("all") else found.filter(pk__in=chosen)
    try:
        count = bulk_decisions.propose_many(by=request.user, post=request.post, decisions=found)
    except (Refused, MovedOnError) as refusal:
        messages.error(request, str(refusal) or _("刚刚有人办理过，请刷新后再试"))
    else:
        messages.success(request, _("已提交 %(count)s 户") % {"count": count})
    return back(round)
