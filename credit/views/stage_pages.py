"""The pages of a round, one per stage. Each answers with what is to be done there, or with what was done when it is over."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import ROUND_POSTS, open_round
from credit.domain import stages
from credit.forms import DueForm, OwnSheetForm, PaperSheetForm
from credit.selectors import rounds as selectors
from credit.services import opening
from credit.views import signings
from credit.views.meetings import STEWARDS
from credit.views.notices import notice_context
from credit.views.preparing import list_context, prepare_context
from credit.views.stage_frame import STAGE_PAGES, show
from credit.views.supplements import supplements_context
from credit.views.worktable import merge_page, review_page
from grids.access import PostKind


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def round_page(request: StaffRequest, pk: int) -> HttpResponse:
    """A village's page: the work of the present stage."""
    return show(request, open_round(request.post, pk))


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def round_stage(request: StaffRequest, pk: int, page: str) -> HttpResponse:
    """One stage of a village's round: to be done, done, or still to come."""
    if page not in STAGE_PAGES:
        raise Http404
    return show(request, open_round(request.post, pk), page)


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


# --- Preparation, list, assessment, opening ------------------------------------------------------------------------------


def sheets_context(request: StaffRequest, round: Any) -> dict[str, Any]:
    """Return the sheets of a round by place, and for its manager the forms that add one."""
    found = selectors.sheets_of_round(round)
    rows = [
        {"sheet": sheet, "excuse_id": f"excuse-{sheet.number}", "withdraw_id": f"withdraw-{sheet.number}"}
        for sheet in found
    ]
    context: dict[str, Any] = {
        "sheets": rows,
        "count": selectors.count_sheets(found),
        "may_hold_meeting": request.post.kind in STEWARDS,
    }
    open_to_sheets = (*stages.BEFORE_ASSESSMENT, stages.ASSESS)
    if request.post.kind == PostKind.BRANCH_MANAGER and round.stage in open_to_sheets:
        context |= {
            "own_form": OwnSheetForm(post=request.post, round=round, prefix="own"),
            "paper_form": PaperSheetForm(post=request.post, round=round, prefix="paper"),
            "due_form": DueForm(initial={"due_on": round.due_on}),
        }
    return context


def _prepare(request: StaffRequest, round: Any) -> dict[str, Any]:
    return sheets_context(request, round) | prepare_context(request, round)


def _list(request: StaffRequest, round: Any) -> dict[str, Any]:
    return sheets_context(request, round) | list_context(request, round)


def _opening(request: StaffRequest, round: Any) -> dict[str, Any]:
    context = sheets_context(request, round)
    asked = selectors.opening_request(round)
    due = selectors.is_due(round)
    return context | {
        "asked": asked,
        "may_ask": request.post.kind in opening.MAY_ASK,
        "is_asker": bool(asked and asked.asked_by_id == request.user.pk),
        "is_ready": due or context["count"].sealed == context["count"].whole,
        "is_due": due,
        "run": _run(round),
    }


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


# --- Decisions -----------------------------------------------------------------------------------------------------------


def _merge(request: StaffRequest, round: Any) -> dict[str, Any]:
    context = merge_page(request, round)
    counts = {one["name"]: one["count"] for one in context["counts"]}
    return context | supplements_context(request, round, counts)


def _closed(request: StaffRequest, round: Any) -> dict[str, Any]:
    return review_page(request, round) if round.opened_at else {}


def _waiting(_request: StaffRequest, _round: Any) -> dict[str, Any]:
    """A stage of which nothing is shown but its frame."""
    return {}


STAGE_PAGES.update(
    {
        "prepare": _prepare,
        "list": _list,
        "assess": _opening,
        "opening": _opening,
        "merge": _merge,
        "review": review_page,
        "notice": notice_context,
        "sign": signings.stage_context,
        "closed": _closed,
    }
)
