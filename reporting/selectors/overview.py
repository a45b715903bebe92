"""The overview of a branch or the bank: funnel, trend, league, ageing and map, counted in a fixed number of queries."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from config.lib import clock
from config.lib.weeks import Week
from grids.access import Post, grids_for
from reporting.access import STORED_LEVEL, Scope, lines_for, rows_for
from reporting.domain.figures import CHAIN, FIGURE, KIND_NAMES, Level, Progress, SubjectKind
from reporting.domain.report import Report
from reporting.domain.rollup import GridFacts, Line, grid_facts, placed_among
from reporting.models import ReportRow
from reporting.selectors.pages import Links
from reporting.selectors.progress import CampaignPlan, counted, counted_together, open_plan, preview_window, rolled
from reporting.selectors.weekly import last_report, line_of, rules_for, stored_lines, week_of

TREND_WEEKS = 12
LEAGUE = 20
KIND_STEPS = ("visited", "profiled", "checked")
STEPS = ("visited", "profiled", "checked", "assessed", "granted", "signed", "drawn")
AGES = ((0, 0), (1, 2), (3, 7), (8, None))


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What an overview says of the running week."""

    plan: CampaignPlan
    report: Report
    sentences: Sequence[str]
    trend: Sequence[tuple[Week, Progress]]
    waiting: Sequence[tuple[int, int | None, int]]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all has been counted yet."""
        return all(line.is_empty for line in self.report.lines)


def overview_of(post: Post, scope: Scope, language: str) -> Overview | None:
    """Count the running week of a post's scope; None between two campaigns. Ranks are those within the scope."""
    plan = open_plan(post.staff.institution_id)
    if plan is None:
        return None
    newest = last_report(plan.id)
    earlier = placed_among(stored_lines(list(rows_for(scope, newest)))) if newest else None
    now = clock.now()
    week = Week.containing(now)
    window = preview_window(week, now=now, last_frozen=week_of(newest) if newest else None)
    grids = None if scope.is_whole else list(grids_for(post).values_list("pk", flat=True))
    if grids is None:
        window, territory, steps = counted_together(plan, window)
    else:
        territory, steps = counted(plan, window, only_grids=grids)
    found = rolled(plan, territory, steps, earlier=earlier, with_collectors=False)
    report = Report(
        bank=plan.bank,
        week=week,
        cut_at=window.cut,
        frozen_at=None,
        lines=lines_for(scope, found.lines),
        rules=rules_for(plan, window.on_day),
        campaign_id=plan.id,
        scope_name=plan.bank,
        unlisted_by_branch=found.unlisted,
        before=earlier,
    )
    return Overview(
        plan=plan,
        report=report,
        sentences=report.said(language),
        trend=_trend(report, plan),
        waiting=_waiting(plan, grids),
    )


def _trend(report: Report, plan: CampaignPlan) -> list[tuple[Week, Progress]]:
    """Return the frozen weeks before the running one with the figures of the same scope, oldest first, and the running one."""
    head = report.head
    tops = [head] if head is not None else report.tops
    if not tops:
        return []
    rows = (
        ReportRow.objects.filter(
            report__campaign_id=plan.id,
            report__starts_on__lt=report.week.first_day,
            level=STORED_LEVEL[tops[0].level],
            unit_id__in=[line.unit_id for line in tops],
        )
        .select_related("report")
        .order_by("-report__starts_on")[: (TREND_WEEKS - 1) * len(tops)]
    )
    weeks: dict[Week, Progress] = {}
    for row in rows:
        week = week_of(row.report)
        weeks[week] = weeks.get(week, Progress()) + line_of(row).figures.all_kinds
    return [*sorted(weeks.items()), (report.week, report.total.all_kinds)]


def _waiting(plan: CampaignPlan, grids: list[int] | None) -> list[tuple[int, int | None, int]]:
    """Return how many files have waited for a second officer, by age in days (from, to)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select days, sum(files) from acc.waiting_checks(%s, %s, %s::bigint[]) group by days",
            [plan.institution_id, clock.now(), grids],
        )
        found = [(int(days), int(files)) for days, files in cursor.fetchall()]
    return [
        (first, last, sum(files for days, files in found if days >= first and (last is None or days <= last)))
        for first, last in AGES
    ]


# --- As the page shows it -----------------------------------------------------------------------------------------


def funnel(overview: Overview, links: Links, language: str) -> list[dict[str, Any]]:
    """Return roster to drawn with the week's increments, each share with its denominator named."""
    total, key = overview.report.total.all_kinds, overview.report.total.key

    def url(figure: str) -> str:
        return links.households(key, figure, "total")

    steps: list[dict[str, Any]] = [
        {"label": _("名单户数"), "value": total.roster, "url": url("roster"), "increment": None}
    ]
    for code in STEPS:
        tally = getattr(total, code)
        of, whole = _whole_of(code, total)
        steps.append(
            {
                "label": FIGURE[code].name.of(language),
                "value": tally.total,
                "url": url(code),
                "increment": tally.week - tally.withdrawn,
                "of": of,
                "whole": whole,
            }
        )
    return steps


def _whole_of(code: str, total: Progress) -> tuple[str, int]:
    """Return what a step of the funnel is a share of, and how many that are."""
    if code == "assessed":
        return _("可评议户数"), total.assessable
    if code in CHAIN:
        return _("已授信户数"), total.granted.total
    return _("全部户数"), total.roster


def kinds(overview: Overview, language: str) -> dict[str, Any] | None:
    """Return the first steps by kind of subject, and together; None while one kind alone is counted (Semantics, section 1)."""
    total = overview.report.total
    counted_kinds = [kind for kind in SubjectKind if kind in total.by_kind]
    if len(counted_kinds) < 2:
        return None
    lines = [(KIND_NAMES[kind].of(language), total.kind(kind)) for kind in counted_kinds]
    return {
        "heads": [_("名单户数"), *(FIGURE[code].name.of(language) for code in KIND_STEPS)],
        "rows": [
            {"label": label, "counts": [progress.roster, *(getattr(progress, code).total for code in KIND_STEPS)]}
            for label, progress in [*lines, (_("合计"), total.all_kinds)]
        ],
    }


def trend_chart(overview: Overview, links: Links, language: str) -> dict[str, Any]:
    """Return the increments of up to twelve weeks; the last point is the running week."""
    weeks = overview.trend
    urls = [reverse("reporting:weekly") + f"?week={week.code}" for week, _progress in weeks]
    return {
        "kind": "trend",
        "title": _("近 12 周每周新增，最后一点为本周至今"),
        "format": "count",
        "unit": _("户"),
        "labels": [str(week.number) for week, _progress in weeks],
        "series": [
            {
                "name": FIGURE[code].name.of(language),
                "values": [getattr(progress, code).week for _week, progress in weeks],
                "urls": urls,
            }
            for code in ("visited", "profiled", "granted")
        ],
    }


def league(overview: Overview, level: Level, links: Links) -> list[dict[str, Any]]:
    """Return the ranked lines of a level with their pace: what is left, and what a working day would have to bring.

    A figure leads to its households, for a leader to the report's table.
    """
    days = overview.report.rules.working_days_left
    lines = sorted(
        overview.report.at(level), key=lambda line: (line.place.rank is None, line.place.rank or 0, line.key)
    )
    return [_contender(line, days, links) for line in lines[:LEAGUE]]


def _contender(line: Line, days: int | None, links: Links) -> dict[str, Any]:
    progress = line.figures.all_kinds
    return {
        "name": line.figures.name or _("（未指定责任人）"),
        "url": links.unit(line.key),
        "place": line.place,
        "progress": progress,
        "need": ceil(progress.gap / days) if days else None,
        "links": {
            name: links.households(line.key, figure, period) or links.report(level=line.level.value)
            for name, figure, period in (
                ("roster", "roster", "total"),
                ("visited", "visited", "total"),
                ("week", "visited", "week"),
                ("unvisited", "unvisited", "total"),
            )
        },
    }


def ageing(overview: Overview) -> dict[str, Any]:
    """Return the check queue by age, in words."""
    words = {0: _("今天提交"), 1: _("1–2 天"), 3: _("3–7 天"), 8: _("超过 7 天")}
    rows = [{"label": words[first], "files": files, "is_old": last is None} for first, last, files in overview.waiting]
    return {"rows": rows, "total": sum(row["files"] for row in rows)}


def map_figures() -> list[dict[str, str]]:
    """Return what the map can be coloured by."""
    return [
        {"key": "completion", "label": _("完成率（全部户数）"), "format": "ratio", "unit": ""},
        {"key": "week", "label": _("本周走访"), "format": "count", "unit": _("户")},
        {"key": "granted", "label": _("授信金额"), "format": "wan", "unit": _("万元")},
    ]


def map_of(post: Post, scope: Scope) -> str:
    """Return the grids of a post's scope as GeoJSON, each with the figures of the running week."""
    plan = open_plan(post.staff.institution_id)
    if plan is None:
        return json.dumps({"type": "FeatureCollection", "features": []})
    places = list(grids_for(post).exclude(boundary=None).order_by("pk").values_list("pk", "name", "boundary"))
    newest = last_report(plan.id)
    now = clock.now()
    window = preview_window(Week.containing(now), now=now, last_frozen=week_of(newest) if newest else None)
    if scope.is_whole:
        window, territory, steps = counted_together(plan, window)
    else:
        territory, steps = counted(plan, window, only_grids=[pk for pk, _name, _boundary in places])
    facts = {place.grid_id: place for place in grid_facts(territory, steps)}
    features = [
        {"type": "Feature", "id": pk, "geometry": boundary, "properties": _properties(pk, name, facts.get(pk))}
        for pk, name, boundary in places
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"))


def _properties(pk: int, name: str, facts: GridFacts | None) -> dict[str, Any]:
    progress = sum(facts.by_kind.values(), Progress()) if facts else Progress()
    owner = facts.owner if facts else ""
    has_roster = progress.roster > 0
    return {
        "label": name,
        "note": " · ".join(part for part in (owner, _("名单 %(count)s 户") % {"count": f"{progress.roster:,}"}) if part)
        if has_roster
        else _("还没有名册"),
        "url": reverse("grids:grid", args=[pk]),
        "values": {
            "completion": _share(progress) if has_roster else None,
            "week": progress.visited.week if has_roster else None,
            "granted": str(progress.granted_amount.total) if has_roster else None,
        },
    }


def _share(progress: Progress) -> str:
    """Return completion for colouring alone: four places of the exact ratio."""
    return str((Decimal(progress.visited.total) / Decimal(progress.roster)).quantize(Decimal("0.0001")))
