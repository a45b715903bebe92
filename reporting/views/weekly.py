"""The weekly report: the sheet the bank knows, its files, and the households behind every figure."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.lib import audit, clock, jobs
from config.lib.access import allow
from config.lib.acting import scope_digest
from config.lib.requests import StaffRequest
from config.lib.weeks import Week
from reporting.access import HOUSEHOLD_READERS, READERS, may_open_households, scope_of
from reporting.domain.figures import Level
from reporting.domain.report import Report, row_count
from reporting.domain.weekly import LEVEL_NAMES, stamps
from reporting.selectors import behind, pages, weekly
from reporting.services import exports

LEVELS = (Level.BRANCH, Level.GRID, Level.OFFICER, Level.COLLECTOR)


def _language() -> str:
    return get_language() or "zh-hans"


def _week(text: str) -> Week:
    try:
        return Week.parse(text)
    except ValueError:
        raise Http404 from None


def _branch(request: StaffRequest) -> int | None:
    text = request.GET.get("branch", "") or request.POST.get("branch", "")
    if text and not (text.isdigit() and len(text) < 19):
        raise Http404
    return int(text) if text else None


def _levels(report: Report) -> list[Level]:
    """Return the levels that have something to show; without a branch below there is no table of branches."""
    return [level for level in LEVELS if report.at(level)]


def _chosen(request: StaffRequest, levels: list[Level]) -> Level | None:
    wanted = request.GET.get("level", "")
    return next((level for level in levels if level == wanted), levels[0] if levels else None)


@allow(*READERS)
@require_GET
@never_cache
def weekly_report(request: StaffRequest) -> HttpResponse:
    """One week by branch, grid, officer or collector: frozen, or a preview of the running one; the newest frozen by default."""
    scope = scope_of(request.post)
    weeks = weekly.weeks_for(request.post, scope)
    text = request.GET.get("week", "")
    newest = [entry["week"] for entry in weeks.history[:1]]
    week = _week(text) if text else next(iter([*newest, *weeks.open_weeks]), None)
    context: dict[str, Any] = {
        "where": [{"label": request.user.institution.short_name}, {"label": _("周报")}],
        "history": weeks.history,
        "open_weeks": weeks.open_weeks,
        "branch": _branch(request),
    }
    if week is None:
        return render(request, "reporting/weekly.html", context)
    report = weekly.report_for(request.post, scope, week, branch_id=context["branch"], weeks=weeks)
    return render(request, "reporting/weekly.html", context | _told(request, report))


def _told(request: StaffRequest, report: Report) -> dict[str, Any]:
    language = _language()
    links = pages.Links(report.week, may_open=may_open_households(request.post))
    levels = _levels(report)
    level = _chosen(request, levels)
    kinds = report.kinds(language)
    head = report.head
    return {
        "report": report,
        "scope_name": head.figures.name if head else report.scope_name,
        "rank": head.place if head else None,
        "stamps": [stamp.of(language) for stamp in stamps(report.cut_at, report.frozen_at)],
        "sentences": report.said(language),
        "stats": pages.stats(report, links, language),
        "ratios": pages.named_ratios(report, language),
        "apart": pages.apart(report, links),
        "levels": [{"level": one.value, "name": LEVEL_NAMES[one].of(language), "on": one == level} for one in levels],
        "table": pages.linked(report.table(level, language), links, language) if level else None,
        "kinds": pages.linked(kinds, links, language) if kinds else None,
        "laggards": pages.linked(report.laggard_table(language), links, language) if report.behind() else None,
        "is_large": row_count(report.tables(language)) > exports.INLINE_ROWS,
    }


@allow(*READERS)
@require_GET
@never_cache
def weekly_xlsx(request: StaffRequest, week: str) -> HttpResponse:
    """The report as a spreadsheet, as far as the person may see it now."""
    report = weekly.report_for(request.post, scope_of(request.post), _week(week), branch_id=_branch(request))
    _record(request, report, "xlsx")
    return _download(exports.workbook(report, _language()), exports.file_name(report, "xlsx"), exports.XLSX)


@allow(*READERS)
@require_GET
@never_cache
def weekly_pdf(request: StaffRequest, week: str) -> HttpResponse:
    """The report on paper, as far as the person may see it now; a large one is asked for with ``weekly_paper``."""
    report = weekly.report_for(request.post, scope_of(request.post), _week(week), branch_id=_branch(request))
    if row_count(report.tables(_language())) > exports.INLINE_ROWS:
        raise Http404
    _record(request, report, "pdf")
    return _download(exports.paper_pdf(report, _language()), exports.file_name(report, "pdf"), exports.PDF)


@allow(*READERS)
@require_POST
def weekly_paper(request: StaffRequest, week: str) -> HttpResponse:
    """Have a large report drawn by a worker; its page shows the progress and then the file."""
    branch = _branch(request)
    report = weekly.report_for(request.post, scope_of(request.post), _week(week), branch_id=branch)
    _record(request, report, "pdf")
    try:
        run = jobs.start(
            kind="weekly_paper",
            key=f"{report.week.code} · {request.user.number} · {branch or request.post.pk}",
            institution_id=request.user.institution_id,
            asked_by_id=request.user.pk,
            asked_post_id=request.post.pk,
            parameters={
                "week": report.week.code,
                "branch": branch,
                "language": _language(),
                "scope": scope_digest(),
                "asked_at": clock.now().isoformat(),
            },
        )
    except jobs.AlreadyRunning as running:
        run = running.run
    return redirect("lib:job", pk=run.pk)


@allow(*HOUSEHOLD_READERS)
@require_GET
@never_cache
def figure_households(request: StaffRequest) -> HttpResponse:
    """The households behind one figure, under row security."""
    wanted = behind.Wanted.read(request.GET)
    found = behind.households_behind(request.post, wanted, request.GET.get("page"))
    name = pages.figure_name(wanted.figure, wanted.period, _language())
    links = pages.Links(wanted.week, may_open=True)
    back = links.report(level=wanted.level.value) if wanted.level in LEVELS else links.report()
    context = {
        "where": [
            {"label": request.user.institution.short_name},
            {"label": _("周报"), "url": back},
            *([{"label": found.name}] if found.name else []),
            {"label": name},
        ],
        "name": name,
        "behind": found,
        "page": found.page,
        "rows": found.rows,
        "wanted": wanted,
        "back": back,
    }
    return render(request, "reporting/figure_households.html", context)


def _record(request: StaffRequest, report: Report, form: str) -> None:
    audit.record(
        staff=request.user,
        post_id=request.post.pk,
        verb="report_exported",
        about="weekly_report",
        about_id=report.report_id or "",
        detail={
            "week": report.week.code,
            "format": form,
            "is_frozen": report.is_frozen,
            "scope": report.head.key if report.head else "own",
        },
    )


def _download(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    return response
