"""Weekly reports as pages read them: the weeks there are, a frozen week from its stored lines, a preview counted on demand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.http import Http404

from config.lib import clock, releases, working_days
from config.lib.ratios import Place
from config.lib.weeks import Week
from grids.access import Post
from reporting.access import STORED_LEVEL, Scope, lines_for, open_report, reports_for, rows_for
from reporting.domain.figures import FigureRow
from reporting.domain.report import Report, Rules, days_left
from reporting.domain.rollup import Line, line_key, stored_progress
from reporting.models import ReportRow, WeeklyReport
from reporting.selectors.progress import CampaignPlan, counted, counted_together, open_plan, preview_window, rolled

LEVELS = {stored: level for level, stored in STORED_LEVEL.items()}
RULES_RELEASE = "report_rules"


def week_of(report: WeeklyReport) -> Week:
    """Return the week a report stands for."""
    return Week(report.iso_year, report.iso_week)


def line_of(row: ReportRow) -> Line:
    """Return a stored line as the domain knows it."""
    level = LEVELS[ReportRow.Level(row.level)]
    return Line(
        unit_id=row.unit_id,
        parent_id=row.parent_id,
        owner_id=row.owner_id,
        place=Place(rank=row.rank, rise=row.rank_change),
        change=row.week.get("visited_change"),
        figures=FigureRow(
            level=level,
            key=line_key(level, row.unit_id, row.parent_id),
            name=row.name,
            responsible=row.owner,
            by_kind=stored_progress(row.week, row.cumulative),
        ),
    )


def stored_lines(rows: Sequence[ReportRow]) -> list[Line]:
    """Return stored lines in the order they were frozen in, the bank first."""
    order = {level: at for at, level in enumerate(LEVELS)}
    return [line_of(row) for row in sorted(rows, key=lambda row: (order[ReportRow.Level(row.level)], row.order))]


def frozen(report: WeeklyReport, rows: Sequence[ReportRow]) -> Report:
    """Return a frozen week from its stored rows, nothing else."""
    return Report(
        bank=report.parameters.get("bank", ""),
        week=week_of(report),
        cut_at=report.cut_at,
        frozen_at=report.frozen_at,
        lines=stored_lines(rows),
        sentences=report.sentences,
        rules=Rules.stored(report.parameters),
        fingerprint=report.rows_hash[:12],
        unlisted_by_branch=report.parameters.get("unlisted", {}),
        report_id=report.pk,
        campaign_id=report.campaign_id,
    )


def frozen_for(scope: Scope, report: WeeklyReport) -> Report:
    """Return a frozen week as far as a scope is shown it."""
    return frozen(report, list(rows_for(scope, report)))


def last_report(campaign_id: int, before: Week | None = None) -> WeeklyReport | None:
    """Return the newest frozen report of a campaign, or the newest before a week."""
    reports = WeeklyReport.objects.filter(campaign_id=campaign_id)
    if before is not None:
        reports = reports.filter(starts_on__lt=before.first_day)
    return reports.order_by("-starts_on").first()


def stored_report(campaign_id: int, week: Week) -> WeeklyReport | None:
    """Return the frozen report of a campaign's week."""
    return WeeklyReport.objects.filter(campaign_id=campaign_id, iso_year=week.year, iso_week=week.number).first()


def all_lines(report: WeeklyReport) -> list[Line]:
    """Return every line of a report: for ranks and changes against it, not for a page."""
    return stored_lines(list(ReportRow.objects.filter(report=report)))


def rules_for(plan: CampaignPlan, on: date) -> Rules:
    """Return the rules in force on a day, with the working days left from it; where none are released the defaults hold."""
    found = releases.together(plan.institution_id, (RULES_RELEASE, working_days.KIND), on)
    left = days_left(plan.to_on, on, working_days.read(found.get(working_days.KIND)))
    release = found.get(RULES_RELEASE)
    if release is None:
        return Rules(campaign=plan.name, working_days_left=left)
    return Rules.stored({**release.document, "campaign": plan.name, "working_days_left": left, "release": str(release)})


@dataclass(frozen=True, kw_only=True)
class Weeks:
    """The weeks a post may open: frozen ones with their figures, newest first, and those that can be previewed."""

    history: Sequence[dict[str, Any]]
    plan: CampaignPlan | None
    open_weeks: Sequence[Week]

    def stored(self, week: Week) -> WeeklyReport | None:
        """Return the frozen report of a week."""
        return next((entry["report"] for entry in self.history if entry["week"] == week), None)


def weeks_for(post: Post, scope: Scope) -> Weeks:
    """Return the weeks of a post: the running one and one due but not frozen yet are previews.

    Before the first freeze the week before is one only when the bank was set up by then: an older one never freezes.
    """
    past = history(post, scope)
    plan = open_plan(post.staff.institution_id)
    if plan is None:
        return Weeks(history=past, plan=None, open_weeks=())
    running = Week.containing(clock.now())
    last = max((entry["week"] for entry in past if entry["report"].campaign_id == plan.id), default=None)
    found = [] if last is not None and last >= running else [running]
    first = Week.containing(max(plan.from_on, plan.founded_on) if last is None else plan.from_on)
    if (last is None or last < running.previous) and running.previous >= first:
        found.append(running.previous)
    return Weeks(history=past, plan=plan, open_weeks=found)


def preview(
    plan: CampaignPlan, week: Week, *, scope: Scope | None = None, now: datetime | None = None, by_worker: bool = False
) -> Report:
    """Count a week that is not frozen, as far as a scope is shown it; without a scope the whole (the console)."""
    moment = now or clock.now()
    newest = last_report(plan.id, week)
    earlier = None
    if newest is not None:
        earlier = all_lines(newest) if scope is None else stored_lines(list(rows_for(scope, newest)))
    window = preview_window(week, now=moment, last_frozen=week_of(newest) if newest else None)
    if by_worker:
        territory, steps = counted(plan, window, by_worker=True)
    else:
        window, territory, steps = counted_together(plan, window)
    found = rolled(plan, territory, steps, earlier=earlier, with_collectors=True)
    return Report(
        bank=plan.bank,
        week=week,
        cut_at=window.cut,
        frozen_at=None,
        lines=found.lines if scope is None else lines_for(scope, found.lines),
        rules=rules_for(plan, window.on_day),
        campaign_id=plan.id,
        unlisted_by_branch=found.unlisted,
        before=earlier,
    )


def report_for(
    post: Post, scope: Scope, week: Week, *, branch_id: int | None = None, weeks: Weeks | None = None
) -> Report:
    """Return a week as a post is shown it: frozen from its rows, else counted now; narrowed to one branch on request.

    Raises Http404 for a week that is neither frozen nor to be previewed, and for a branch out of scope.
    """
    known = weeks or weeks_for(post, scope)
    if known.plan is not None and week in known.open_weeks:
        report = preview(known.plan, week, scope=scope)
    else:
        report = frozen_for(scope, known.stored(week) or open_report(post, week.year, week.number))
    report = replace(report, scope_name=post.staff.name if scope.staff_id is not None else report.bank)
    if branch_id is None:
        return report
    narrowed = report.narrowed(branch_id)
    if narrowed.head is None or narrowed.head.unit_id != branch_id:
        raise Http404
    return narrowed


def history(post: Post, scope: Scope, limit: int = 60) -> list[dict[str, Any]]:
    """Return the frozen weeks of a post with the figures of its whole scope, newest first; two queries whatever the number."""
    reports = list(reports_for(post)[:limit])
    level = ReportRow.Level.TOTAL
    if not scope.is_whole:
        level = ReportRow.Level.BRANCH if scope.branches else ReportRow.Level.GRID
    rows: dict[int, list[Line]] = {}
    for row in ReportRow.objects.filter(scope.rows(), report__in=reports, level=level):
        rows.setdefault(row.report_id, []).append(line_of(row))
    return [
        {
            "week": week_of(report),
            "report": report,
            "total": replace(_shell(report), lines=rows.get(report.pk, [])).total.all_kinds,
        }
        for report in reports
    ]


def _shell(report: WeeklyReport) -> Report:
    return Report(
        bank="", week=week_of(report), cut_at=report.cut_at, frozen_at=report.frozen_at, lines=(), report_id=report.pk
    )
