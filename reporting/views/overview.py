"""The overview: where a branch or the bank stands this week, and what needs attention."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.lib.access import allow
from config.lib.requests import StaffRequest
from grids.access import PostKind
from reporting.access import OVERSEERS, may_open_households, scope_of
from reporting.domain.figures import Level
from reporting.selectors import overview as overviews
from reporting.selectors import pages


@allow(*OVERSEERS)
@require_GET
@never_cache
def overview(request: StaffRequest) -> HttpResponse:
    """Funnel, trend, league, ageing, map and three sentences, as they stand now."""
    language = get_language() or "zh-hans"
    context: dict[str, Any] = {"where": [{"label": request.user.institution.short_name}, {"label": _("总览")}]}
    found = overviews.overview_of(request.post, scope_of(request.post), language)
    if found is None:
        return render(request, "reporting/overview.html", context)
    report = found.report
    links = pages.Links(report.week, may_open=may_open_households(request.post))
    head = report.head
    context |= {
        "overview": found,
        "report": report,
        "scope_name": head.figures.name if head else report.scope_name,
        "funnel": overviews.funnel(found, links, language),
        "ratios": pages.named_ratios(report, language),
        "kinds": overviews.kinds(found, language),
        "apart": pages.apart(report, links),
        "trend": overviews.trend_chart(found, links, language) if found.trend else None,
        "branches": overviews.league(found, Level.BRANCH, links) if head and head.level == Level.BANK else [],
        "officers": overviews.league(found, Level.OFFICER, links),
        "ageing": overviews.ageing(found),
        "queue_url": reverse("customers:queues") if request.post.kind == PostKind.BRANCH_MANAGER else "",
        "weekly_url": links.report(),
        "officers_url": links.report(level=Level.OFFICER.value),
        "days_left": report.rules.working_days_left,
        "map_url": reverse("reporting:overview_map"),
        "map_figures": overviews.map_figures(),
    }
    return render(request, "reporting/overview.html", context)


@allow(*OVERSEERS)
@require_GET
@never_cache
def overview_map(request: StaffRequest) -> HttpResponse:
    """The grids of the scope as GeoJSON with the figures of the running week."""
    content = overviews.map_of(request.post, scope_of(request.post))
    return HttpResponse(content, content_type="application/geo+json")
