"""The frame of a round's pages: the rail of its stages, who sees to the page's stage and by when, what keeps it from the next one.

Each page of ``credit.domain.stages.PAGES`` has one entry in ``STAGE_PAGES``, which makes its context, and one template
``credit/stage_<page>.html``. Before the opening no page knows more of a sheet than its place, its people and whether it is sealed.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib.display import day_short
from config.lib.requests import StaffRequest
from config.lib.weeks import business_day
from credit.domain import stages
from credit.forms import StageForm
from credit.selectors import rounds as selectors
from credit.selectors import stages as stage_selectors
from grids.access import PostKind
from grids.services import Refused

StagePage = Callable[[StaffRequest, Any], dict[str, Any]]
STAGE_PAGES: dict[str, StagePage] = {}
"""The context of every page beside the frame, by page; filled in ``credit/views/stage_pages.py``."""

NAMES = {
    "prepare": gettext_lazy("准备"),
    "list": gettext_lazy("名单"),
    "assess": gettext_lazy("评议"),
    "opening": gettext_lazy("开启"),
    "merge": gettext_lazy("合并"),
    "review": gettext_lazy("复核审批"),
    "notice": gettext_lazy("公示"),
    "sign": gettext_lazy("签约"),
    "closed": gettext_lazy("结束"),
}
ONWARD = {
    "list": gettext_lazy("冻结名册，核对名单"),
    "assess": gettext_lazy("开始评议"),
    "notice": gettext_lazy("转公示"),
    "sign": gettext_lazy("转签约"),
    "closed": gettext_lazy("结束这一轮"),
}


def where(request: StaffRequest, *crumbs: Any) -> list[dict[str, str]]:
    """Return the crumbs of a page of rounds."""
    board = {"label": _("整村授信"), "url": reverse("credit:round_list")}
    return [{"label": request.user.institution.short_name}, board, *crumbs]


def show(request: StaffRequest, round: Any, page: str = "", status: int = 200, **more: Any) -> HttpResponse:
    """Return a page of a round, that of its present stage unless one is named; ``more`` is put over the page's own context."""
    page = page or stages.page_of(round.stage)
    times = stage_selectors.times_of(round)
    stage = stages.stage_of(page)
    manager = request.post.kind == PostKind.BRANCH_MANAGER
    is_now = stage == round.stage
    context: dict[str, Any] = {
        "where": where(
            request,
            {"label": round.grid.branch.name},
            {"label": round.grid.name, "url": reverse("credit:round", args=[round.pk])},
            {"label": NAMES[page]},
        ),
        "round": round,
        "page_of_round": page,
        "page_name": NAMES[page],
        "stages": _rail(round, times, page),
        "roster": selectors.roster_count(round),
        "days": stage_selectors.day_of_stage(round) if is_now else None,
        "times": times.get(stage),
        "due": stage_selectors.due_of(round, times, stage),
        "is_manager": manager,
        "is_now": is_now,
        "has_come": stages.has_come(round.stage, page),
        "next_stage": _next(round) if manager and is_now and page == stages.page_of(round.stage) else None,
    }
    if manager and round.stage != stages.CLOSED and (is_now or not context["has_come"]):
        context["stage_form"] = StageForm(post=request.post, round=round, stage=stage, times=times.get(stage))
    context |= STAGE_PAGES[page](request, round) | more
    return render(request, f"credit/stage_{page}.html", context, status=status)


def _next(round: Any) -> dict[str, Any] | None:
    to = stage_selectors.onward(round.stage)
    if not to:
        return None
    found = stage_selectors.blockers([round], to).get(round.pk, [])
    if round.stage == stages.DECIDE and not found and not stage_selectors.blockers([round], stages.CLOSED):
        to = stages.CLOSED  # nothing was granted: there is nothing to publicise and nothing to sign
    return {
        "to": to,
        "label": ONWARD[to],
        "blockers": found,
        "url": reverse("credit:round_move", args=[round.pk, to]),
    }


def _rail(round: Any, times: Any, shown: str) -> list[dict[str, Any]]:
    now = stages.STAGES.index(round.stage)
    found = []
    for page in stages.PAGES:
        stage = stages.stage_of(page)
        place = stages.STAGES.index(stage)
        found.append(
            {
                "label": NAMES[page],
                "state": "done" if place < now or round.stage == stages.CLOSED else "now" if place == now else "todo",
                "note": _note(round, times, stage),
                "url": reverse("credit:round_stage", args=[round.pk, page]),
                "is_shown": page == shown,
            }
        )
    return found


def _note(round: Any, times: Any, stage: str) -> str:
    time = times.get(stage)
    if time is not None and time.left_at is not None:
        return day_short(business_day(time.left_at))
    due = stage_selectors.due_of(round, times, stage)
    if due is not None and round.stage != stages.CLOSED:
        return _("截止 %(day)s") % {"day": day_short(due)}
    return ""


def did(request: StaffRequest, round: Any, act: Callable[[], Any], done: str, page: str = "") -> HttpResponse:
    """Take a step and return to the round, or to one of its pages, saying what happened or why not."""
    try:
        act()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return back(round, page)


def back(round: Any, page: str = "") -> HttpResponse:
    """Return to the round's present stage, or to one of its pages."""
    return redirect("credit:round_stage", pk=round.pk, page=page) if page else redirect("credit:round", pk=round.pk)
