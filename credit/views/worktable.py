"""The worktable of a round: four opinions side by side for every household, on the pages of merging and of review."""

from typing import Any

from django.core.paginator import Paginator

from config.lib.requests import StaffRequest
from credit.domain import stages
from credit.selectors import rounds as selectors
from credit.selectors import worktable
from grids.access import PostKind

PAGE = 50
MERGING = ("divergent", "supplement", "needs_file", "refused_by_village")
"""Standings the merging is about; every other is the reviewers'."""


def merge_page(request: StaffRequest, round: Any) -> dict[str, Any]:
    """Return the households the merging left without a figure, and those with an exception."""
    found = worktable.table(request.post, round)
    return _context(request, round, found.filter(worktable.held_up(MERGING)))


def review_page(request: StaffRequest, round: Any) -> dict[str, Any]:
    """Return every household of a round."""
    return _context(request, round, worktable.table(request.post, round))


def _context(request: StaffRequest, round: Any, found: Any) -> dict[str, Any]:
    standing, exception = request.GET.get("standing", ""), request.GET.get("exception", "")
    sort = request.GET.get("sort", "")
    standings, codes = worktable.counts(found, round)
    shown = worktable.ordered(worktable.chosen(found, round, standing=standing, exception=exception), sort)
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    numbers = {name: count for name, _label, count in standings}
    return {
        "counts": [{"name": name, "label": label, "count": count} for name, label, count in standings],
        "codes": [{"name": name, "label": label, "count": count} for name, label, count in codes],
        "total": sum(numbers.values()),
        "standing": standing if standing in numbers else "",
        "exception": exception if exception in {name for name, _label, _count in codes} else "",
        "has_papers": selectors.has_papers(request.post, round),
        "may_compare": request.post.kind in (PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR),
        "page": page,
        "rows": worktable.rows(round, page.object_list),
        "to_propose": numbers.get("to_propose", 0),
        "needs_file": numbers.get("needs_file", 0),
        "may_propose": request.post.kind in (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
        and round.stage in stages.DECIDABLE,
    }
