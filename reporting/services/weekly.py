"""Freeze weeks: the scheduler's work alone, in order, one row a week, never moved afterwards (Semantics, section 2).

One statement both writes which milestones the week took and counts the figures, so that both see the same snapshot: what is
visible is counted, what is not waits for the next week, and nothing falls between two statements.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from config.lib import clock
from config.lib.clock import SHANGHAI
from config.lib.jobs import code_version
from config.lib.weeks import Week, weeks_between
from reporting.access import STORED_LEVEL
from reporting.domain.report import Report, sentences_of
from reporting.domain.rollup import Line, total_document, week_document
from reporting.models import CountedMilestone, ReportRow, WeeklyReport
from reporting.selectors.frozen import digest
from reporting.selectors.progress import CampaignPlan, campaigns, rolled
from reporting.selectors.weekly import all_lines, last_report, rules_for, stored_report, week_of


class WeekNotDue(Exception):
    """The week's time of freezing has not come, or an earlier week was frozen after it."""


TAKE = """
with written as (
    insert into {counted} (milestone_id, report_id, grid_id, owner_id, on_roster)
    select taken.milestone_id, %(report)s, taken.grid_id, taken.owner_id, taken.on_roster
    from lib.taken_on(%(campaign)s, %(bank)s, %(cut)s, %(on_day)s) as taken
    returning milestone_id
)
select (select count(*) from written),
       (select jsonb_agg(to_jsonb(place)) from lib.territory_on(%(bank)s, %(on_day)s) as place),
       (select jsonb_agg(to_jsonb(line)) from lib.progress_on(
            %(campaign)s, %(begins)s, %(cut)s, null, %(on_day)s) as line)
"""


def due_weeks(plan: CampaignPlan, now: datetime) -> list[Week]:
    """Return the weeks of a campaign that are due and not frozen, oldest first.

    The first is the campaign's first week, or the later one in which the bank was set up or the first event was received. A
    campaign that has ended has no further weeks, unless something of it became visible after its last was frozen.
    """
    newest = last_report(plan.id)
    first = week_of(newest).next if newest else _first_week(plan)
    last = Week.last_to_freeze(now)
    ends = Week.containing(plan.to_on) if plan.to_on is not None and not plan.is_open else None
    if ends is not None and last > ends and not (first > ends and _has_uncounted(plan, last)):
        last = ends
    return list(weeks_between(first, last))


def _first_week(plan: CampaignPlan) -> Week:
    with connection.cursor() as cursor:
        cursor.execute("select min(reached_at) from customers_milestone where campaign_id = %s", [plan.id])
        received = cursor.fetchone()[0]
    begun = min(plan.founded_on, received.astimezone(SHANGHAI).date()) if received else plan.founded_on
    return Week.containing(max(plan.from_on, begun))


def _has_uncounted(plan: CampaignPlan, until: Week) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select 1 from lib.uncounted(%s, %s))", [plan.id, until.ends_at])
        return bool(cursor.fetchone()[0])


def freeze_due(*, campaign_id: int, at: datetime | None = None) -> list[WeeklyReport]:
    """Freeze every due week of a campaign in order; a second run, or one beside it, finds nothing left to do."""
    moment = at or clock.now()
    with transaction.atomic():
        plan = _locked(campaign_id)
        return [_freeze(plan, week, moment) for week in due_weeks(plan, moment)]


def freeze_week(*, campaign_id: int, week: Week, at: datetime | None = None) -> WeeklyReport:
    """Freeze one week as it is visible at this moment; raises WeekNotDue out of turn. A frozen week is returned as it is."""
    moment = at or clock.now()
    with transaction.atomic():
        plan = _locked(campaign_id)
        newest = last_report(campaign_id)
        if newest is not None and week_of(newest) >= week:
            done = stored_report(campaign_id, week)
            if done is None:
                raise WeekNotDue(f"{week} lies before {week_of(newest)}, which is frozen")
            return done
        if newest is not None and week > week_of(newest).next:
            raise WeekNotDue(f"{week_of(newest).next} comes first")
        if not week.is_freezable(moment):
            raise WeekNotDue(f"{week} is frozen from {week.freezes_at:%Y-%m-%d %H:%M} on")
        return _freeze(plan, week, moment)


def _locked(campaign_id: int) -> CampaignPlan:
    """Keep a second freezer of the campaign out; who writes milestones of it is not kept waiting."""
    with connection.cursor() as cursor:
        cursor.execute("select institution_id from grids_campaign where id = %s for no key update", [campaign_id])
        row = cursor.fetchone()
    if row is None:
        raise WeekNotDue(f"there is no campaign {campaign_id}")
    return next(plan for plan in campaigns(institution_id=row[0]) if plan.id == campaign_id)


def _freeze(plan: CampaignPlan, week: Week, at: datetime) -> WeeklyReport:
    newest = last_report(plan.id, week)
    earlier = all_lines(newest) if newest else None
    report_id, taken, territory, steps = _take(plan, week, at)
    found = rolled(plan, territory, steps, earlier=earlier, with_collectors=True)
    lines = found.lines
    rules = rules_for(plan, week.next.first_day)
    report = Report(
        bank=plan.bank, week=week, cut_at=week.ends_at, frozen_at=at, lines=lines, rules=rules, campaign_id=plan.id
    )
    before = replace(report, lines=earlier) if earlier is not None else None
    stored = WeeklyReport(
        pk=report_id,
        institution_id=plan.institution_id,
        campaign_id=plan.id,
        iso_year=week.year,
        iso_week=week.number,
        starts_on=week.first_day,
        cut_at=week.ends_at,
        frozen_at=at,
        code_version=code_version(),
        sentences=sentences_of(report, before),
        parameters={**rules.document(), "bank": plan.bank, "milestones": taken, "unlisted": found.unlisted},
    )
    rows = rows_of(stored, lines)
    stored.rows_hash = digest(stored, rows)
    stored.save(force_insert=True)
    ReportRow.objects.bulk_create(rows, batch_size=500)
    return stored


def _take(plan: CampaignPlan, week: Week, at: datetime) -> tuple[int, int, list[Any], list[Any]]:
    """Take the week's milestones and count them, in one statement on one snapshot; the report's row follows by its id."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence(%s, 'id'))", [WeeklyReport._meta.db_table])
        report_id = int(cursor.fetchone()[0])
        cursor.execute(
            TAKE.format(counted=CountedMilestone._meta.db_table),
            {
                "report": report_id,
                "campaign": plan.id,
                "bank": plan.institution_id,
                "begins": week.starts_at,
                "cut": week.ends_at,
                "on_day": at.astimezone(SHANGHAI).date(),
            },
        )
        taken, *parts = cursor.fetchone()
    territory, steps = (json.loads(part) if part else [] for part in parts)
    return report_id, int(taken), territory, steps


def rows_of(report: WeeklyReport, lines: Sequence[Line]) -> list[ReportRow]:
    """Return the rows that store the lines of a report."""
    rows = []
    places: dict[str, int] = {}
    for line in lines:
        level = STORED_LEVEL[line.level]
        order = places[level] = places.get(level, 0) + 1
        total = line.figures.all_kinds
        rows.append(
            ReportRow(
                report=report,
                level=level,
                unit_id=line.unit_id,
                parent_id=line.parent_id,
                name=line.figures.name,
                owner=line.figures.responsible,
                owner_id=line.owner_id,
                roster=total.roster,
                blocked=total.blocked,
                week=week_document(line),
                cumulative=total_document(line),
                rank=line.place.rank,
                rank_change=line.place.rise,
                order=order,
            )
        )
    return rows
