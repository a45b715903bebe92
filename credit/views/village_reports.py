"""The report of a village: a preview while its round runs, the kept one when it is closed; as a page and as PDF."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config.lib import audit, clock, pdf
from config.lib.access import allow
from config.lib.requests import StaffRequest
from credit.access import ROUND_POSTS, open_round
from credit.selectors import village_pages as pages
from credit.selectors import village_reports as selectors
from credit.views.stage_frame import where

PAGE = 50


def _report(round: Any) -> pages.Page:
    """Return the kept report of a closed round, or today's preview of one whose sheets are open; 404 before that."""
    kept = selectors.kept_report(round)
    language = get_language() or "zh-hans"
    if kept is not None:
        return pages.page_of(kept.document, kept, language)
    if round.opened_at is None or round.parent_id is not None or round.stage == "closed":
        raise Http404
    document = selectors.measured(round, clock.now(), selectors.report_rules(round.institution_id))
    return pages.page_of(document, None, language)


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def village_report(request: StaffRequest, pk: int) -> HttpResponse:
    """The report with its charts, and the households still to be seen to."""
    round = open_round(request.post, pk)
    report = _report(round)
    code = request.GET.get("why", "")
    page = Paginator(pages.to_follow(report.document, code), PAGE).get_page(request.GET.get("page"))
    context = {
        "where": where(
            request,
            {"label": round.grid.branch.name},
            {"label": round.grid.name, "url": reverse("credit:round", args=[pk])},
            {"label": _("村级报告")},
        ),
        "round": round,
        "report": report,
        "headline": report.headline(),
        "charts": report.charts(),
        "bands": pages.paper(report.bands, report.language),
        "stages": pages.paper(report.stages, report.language),
        "follow_up": report.follow_up(),
        "why": code,
        "page": page,
        "rows": pages.followed(report.document, list(page.object_list)),
    }
    return render(request, "credit/village_report.html", context)


@allow(*ROUND_POSTS)
@never_cache
@require_GET
def village_report_pdf(request: StaffRequest, pk: int) -> HttpResponse:
    """The report as PDF; leaves an audit event."""
    round = open_round(request.post, pk)
    report = _report(round)
    audit.record(
        staff=request.user, post_id=request.post.pk, verb="village_report_printed", about="round", about_id=pk,
        detail={"frozen": report.kept is not None},
    )  # fmt: skip
    content = pdf.render("village", pages.report_paper(report, round), report.language)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, f"{_('村级报告')}-{round.name}.pdf")
    return response
