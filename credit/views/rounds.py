"""Rounds: the board, a village's page, and every step a round takes. Before opening no page knows more of a sheet than its
place, its people and whether it is sealed."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib.access import allow
from config.lib.display import day, day_short
from config.lib.requests import StaffRequest
from credit.access import ROUND_POSTS, decisions_for, open_round, open_sheet_of_round
from credit.forms import DueForm, OwnSheetForm, PaperSheetForm, RoundForm
from credit.selectors import decisions as decision_selectors
from credit.selectors import rounds as selectors
from credit.services import bulk_decisions, opening, recomputing, rounds, sheets
from credit.services.decision_steps import MovedOnError
from grids.access import PostKind, branches_for, open_grid
from grids.services import Refused

PAGE = 50
STAGES = ("prepare", "assess", "opening", "decide", "closed")


def _where(request: StaffRequest, *crumbs: Any) -> list[dict[str, str]]:
    board = {"label": _("整村授信"), "url": reverse("credit:round_list")}
    return [{"label": request.user.institution.short_name}, board, *crumbs]


@allow(*ROUND_POSTS)
@require_GET
def round_list(request: StaffRequest) -> HttpResponse:
    """The board: villages as cards in stage columns, days in stage, sealed sheets, due dates."""
    chosen = request.GET.get("branch", "")
    branches = [(str(pk), name) for pk, name in branches_for(request.post).order_by("path").values_list("pk", "name")]
    closed = bool(request.GET.get("closed"))
    filters = [
        {"name": "branch", "label": _("支行"), "kind": "select", "options": branches, "main": True},
        {"name": "closed", "label": _("含已结束"), "kind": "check", "main": True},
    ]
    columns = selectors.board(request.post, int(chosen) if chosen.isdigit() else None, closed)
    context = {
        "where": [*_where(request)[:1], {"label": _("整村授信")}],
        "columns": columns,
        "filters": filters if len(branches) > 1 else filters[1:],
        "found": sum(len(column["cards"]) for column in columns),
        "waiting": selectors.waiting_sheets(request.user) if request.post.kind in _TYPING_POSTS else 0,
        "may_create": request.post.kind == PostKind.BRANCH_MANAGER,
        "to_approve": decision_selectors.waiting_for(request.post).count()
        if request.post.kind == PostKind.BRANCH_MANAGER
        else 0,
    }
    return render(request, "credit/round_list.html", context)


_TYPING_POSTS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)


@allow(PostKind.BRANCH_MANAGER)
def round_new(request: StaffRequest) -> HttpResponse:
    """Prepare the round of a village in one's branch."""
    form = RoundForm(request.POST or None, post=request.post)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        grid = open_grid(request.post, data["grid"])
        name = data["name"] or f"{grid.name} {data['due_on']:%Y}"
        try:
            made = rounds.create_round(by=request.user, post=request.post, grid=grid, name=name, due_on=data["due_on"])
            return redirect("credit:round", pk=made.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"where": _where(request, {"label": _("新一轮")}), "form": form}
    return render(request, "credit/round_new.html", context, status=422 if form.errors else 200)


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def round_page(request: StaffRequest, pk: int) -> HttpResponse:
    """A village's page: the stage rail and the work of the present stage."""
    return _page(request, open_round(request.post, pk))


def _page(request: StaffRequest, round: Any, status: int = 200, **forms: Any) -> HttpResponse:
    kind = request.post.kind
    context: dict[str, Any] = {
        "where": _where(request, {"label": round.grid.branch.name}, {"label": round.grid.name}),
        "round": round,
        "stages": _rail(round),
        "roster": selectors.roster_count(round),
        "days": selectors.day_of_stage(round),
        "is_manager": kind == PostKind.BRANCH_MANAGER,
    }
    if round.stage in ("prepare", "assess", "opening"):
        context |= _sheets_context(request, round, forms)
    else:
        context |= _decisions_context(request, round)
    return render(request, "credit/round.html", context, status=status)


def _rail(round: Any) -> list[dict[str, Any]]:
    now = STAGES.index(round.stage)
    notes = {
        "assess": _("截止 %(day)s") % {"day": day_short(round.due_on)} if now <= 1 else "",
        "opening": day(round.opened_at) if round.opened_at else "",
        "closed": day(round.closed_at) if round.closed_at else "",
    }
    return [
        {
            "label": round.Stage(stage).label,
            "state": "done" if place < now or round.stage == "closed" else "now" if place == now else "todo",
            "note": notes.get(stage, ""),
        }
        for place, stage in enumerate(STAGES)
    ]


def _sheets_context(request: StaffRequest, round: Any, forms: dict[str, Any]) -> dict[str, Any]:
    found = selectors.sheets_of_round(round)
    rows = [
        {"sheet": sheet, "excuse_id": f"excuse-{sheet.number}", "withdraw_id": f"withdraw-{sheet.number}"}
        for sheet in found
    ]
    context: dict[str, Any] = {"sheets": rows, "count": selectors.count_sheets(found)}
    manager = request.post.kind == PostKind.BRANCH_MANAGER
    if manager and round.stage in ("prepare", "assess"):
        context |= {
            "own_form": forms.get("own_form") or OwnSheetForm(post=request.post, round=round, prefix="own"),
            "paper_form": forms.get("paper_form") or PaperSheetForm(post=request.post, round=round, prefix="paper"),
            "due_form": DueForm(initial={"due_on": round.due_on}),
        }
    if round.stage == "prepare":
        context["needed"] = rounds.FEWEST_SHEETS
        return context
    asked = selectors.opening_request(round)
    context |= {
        "asked": asked,
        "may_ask": request.post.kind in opening.MAY_ASK,
        "is_asker": bool(asked and asked.asked_by_id == request.user.pk),
        "is_ready": selectors.is_due(round) or context["count"].sealed == context["count"].whole,
        "is_due": selectors.is_due(round),
        "run": _run(round),
    }
    return context


def _run(round: Any) -> dict[str, Any] | None:
    """Return the opening run for the progress component; it tells its state and nothing else."""
    run = selectors.opening_run(round)
    if run is None or (round.stage == "assess" and run.state != "failed"):
        return None
    return {
        "id": run.pk,
        "label": _("开启评议"),
        "state": run.state,
        "done": run.chunks_done,
        "total": 1,
        "unit": _("轮"),
        "started_at": run.started_at,
        "error": run.error,
        "poll_url": reverse("credit:round_opening", args=[round.pk]),
    }


def _decisions_context(request: StaffRequest, round: Any) -> dict[str, Any]:
    standings = decision_selectors.standings_of(round)
    counts = Counter(standing for _pk, standing in standings)
    chosen = request.GET.get("standing", "")
    chosen = chosen if chosen in counts else ""
    ids = [pk for pk, standing in standings if not chosen or standing == chosen]
    page = Paginator(ids, PAGE).get_page(request.GET.get("page"))
    kind = request.post.kind
    return {
        "counts": [
            {"name": name, "label": decision_selectors.STANDINGS[name], "count": count}
            for name, count in counts.items()
        ],
        "total": sum(counts.values()),
        "standing": chosen,
        "has_papers": selectors.has_papers(request.post, round),
        "page": page,
        "lines": decision_selectors.lines(decision_selectors.with_ids(list(page.object_list))),
        "to_propose": counts.get("to_propose", 0),
        "undecided": sum(counts.get(name, 0) for name in ("divergent", "to_propose", "at_branch", "at_approver")),
        "needs_file": counts.get("needs_file", 0),
        "may_propose": kind in (PostKind.OFFICER, PostKind.BRANCH_MANAGER) and round.stage == "decide",
    }


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def round_opening(request: StaffRequest, pk: int) -> HttpResponse:
    """The progress of an opening, asked for every two seconds; once it is over the page is loaded anew."""
    round = open_round(request.post, pk)
    run = _run(round)
    if run is None or round.stage != "opening":
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "components/progress.html", {"run": run})


# --- Steps ---------------------------------------------------------------------------------------------------------------


def _did(request: StaffRequest, round: Any, act: Callable[[], Any], done: str) -> HttpResponse:
    """Take a step and return to the round, saying what happened or why not."""
    try:
        act()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("credit:round", pk=round.pk)


@allow(PostKind.BRANCH_MANAGER)
@never_cache
@require_POST
def round_add_own(request: StaffRequest, pk: int) -> HttpResponse:
    """Add an assessor who enters his sheet himself; a new login is shown once, with its password."""
    round = open_round(request.post, pk)
    form = OwnSheetForm(request.POST, post=request.post, round=round, prefix="own")
    if not form.is_valid():
        return _page(request, round, 422, own_form=form)
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
        return _page(request, round, 422, own_form=form)
    if password:
        return _password_page(request, round, sheet, password)
    messages.success(request, _("已增加评议员 %(name)s") % {"name": sheet.assessor_name})
    return redirect("credit:round", pk=round.pk)


def _password_page(request: StaffRequest, round: Any, sheet: Any, password: str) -> HttpResponse:
    context = {
        "where": _where(request, {"label": round.grid.name, "url": reverse("credit:round", args=[round.pk])}),
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
        return _page(request, round, 422, paper_form=form)
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
        return _page(request, round, 422, paper_form=form)
    messages.success(request, _("已增加纸质评议表"))
    return redirect("credit:round", pk=round.pk)


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
        return redirect("credit:round", pk=round.pk)
    return _password_page(request, round, found, password)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def sheet_withdraw(request: StaffRequest, pk: int, sheet: int) -> HttpResponse:
    """Withdraw a sheet before opening, with a reason."""
    round = open_round(request.post, pk)
    found = open_sheet_of_round(request.post, round, sheet)
    reason = request.POST.get("reason", "")
    return _did(
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
    return _did(
        request,
        round,
        lambda: sheets.excuse(by=request.user, post=request.post, sheet=found, reason=reason),
        _("已免交"),
    )


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def round_start(request: StaffRequest, pk: int) -> HttpResponse:
    """Freeze rules and roster and let the assessment begin."""
    round = open_round(request.post, pk)
    act = lambda: rounds.start_round(by=request.user, post=request.post, round=round)  # noqa: E731
    return _did(request, round, act, _("评议已开始，评议员现在可以填写"))


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def round_due(request: StaffRequest, pk: int) -> HttpResponse:
    """Move the due date."""
    round = open_round(request.post, pk)
    form = DueForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请填写截止日期"))
        return redirect("credit:round", pk=round.pk)
    day = form.cleaned_data["due_on"]
    act = lambda: rounds.move_due_date(by=request.user, post=request.post, round=round, due_on=day)  # noqa: E731
    return _did(request, round, act, _("截止日期已改"))


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def round_close(request: StaffRequest, pk: int) -> HttpResponse:
    """Close a round that is decided, or one that never started."""
    round = open_round(request.post, pk)
    act = lambda: rounds.close_round(by=request.user, post=request.post, round=round)  # noqa: E731
    return _did(request, round, act, _("这一轮已结束"))


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
    return _did(request, round, lambda: act(by=request.user, post=request.post, round=round), done)


@allow(PostKind.BRANCH_MANAGER)
@require_POST
def round_recompute(request: StaffRequest, pk: int) -> HttpResponse:
    """Compute the households again that waited for their file."""
    round = open_round(request.post, pk)
    act = lambda: recomputing.ask(by=request.user, post=request.post, round=round)  # noqa: E731
    return _did(request, round, act, _("正在重新测算，稍后刷新"))


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
    return redirect("credit:round", pk=round.pk)
