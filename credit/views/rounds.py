"""Rounds: the board of all villages, and preparing a new round."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import ROUND_POSTS
from credit.domain import stages
from credit.forms import RoundForm
from credit.selectors import board
from credit.selectors import decisions as decision_selectors
from credit.selectors import rounds as selectors
from credit.services import rounds
from credit.views.stage_frame import where
from grids.access import PostKind, branches_for, open_grid
from grids.services import Refused


@allow(*ROUND_POSTS)
@require_GET
def round_list(request: StaffRequest) -> HttpResponse:
    """The board: villages as cards in stage columns, what each still needs, plan against done; one stage paged."""
    chosen = request.GET.get("branch", "")
    branches = [(str(pk), name) for pk, name in branches_for(request.post).order_by("path").values_list("pk", "name")]
    stage = request.GET.get("stage", "")
    when = request.GET.get("when", "")
    wanted = board.Wanted(
        branch_id=int(chosen) if chosen.isdigit() else None,
        stage=stage if stage in stages.STAGES else "",
        when=when if when in ("week", "late") else "",
        closed=bool(request.GET.get("closed")),
    )
    filters = [
        {"name": "branch", "label": _("支行"), "kind": "select", "options": branches, "main": True},
        {"name": "stage", "label": _("阶段"), "kind": "select", "options": selectors.stage_options(), "main": True},
        {
            "name": "when",
            "label": _("时间"),
            "kind": "select",
            "options": [("week", _("本周要办")), ("late", _("已到期"))],
            "main": True,
        },
        {"name": "closed", "label": _("含已结束"), "kind": "check", "main": True},
    ]
    context: dict[str, Any] = {
        "where": [*where(request)[:1], {"label": _("整村授信")}],
        "filters": filters if len(branches) > 1 else filters[1:],
        "this_week": board.week_of(request.post, wanted.branch_id),
        "waiting": selectors.waiting_sheets(request.user) if request.post.kind in _TYPING_POSTS else 0,
        "may_create": request.post.kind == PostKind.BRANCH_MANAGER,
        "to_approve": decision_selectors.waiting_for(request.post).count()
        if request.post.kind == PostKind.BRANCH_MANAGER
        else 0,
        "stage": wanted.stage,
    }
    if wanted.stage:
        page, cards = board.page_of(request.post, wanted, request.GET.get("page"))
        context |= {"page": page, "cards": cards, "found": page.paginator.count}
    else:
        columns = board.columns(request.post, wanted)
        context |= {"columns": columns, "found": sum(column["count"] for column in columns)}
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
    context = {"where": where(request, {"label": _("新一轮")}), "form": form}
    return render(request, "credit/round_new.html", context, status=422 if form.errors else 200)
