"""Progress by grid and collector, counted by the database in one statement and rolled up to lines.

Freeze, preview and overview share the counting functions of ``sql/progress.sql``; pages reach them through a definer function
that lets out counts alone and only to the reading posts.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection

from config.lib.clock import SHANGHAI
from config.lib.weeks import Week
from reporting.domain.report import Window
from reporting.domain.rollup import BranchPlace, Line, Rolled, collector_facts, grid_facts, roll_up


@dataclass(frozen=True, kw_only=True)
class CampaignPlan:
    """A campaign with its span and the institution it belongs to."""

    id: int
    name: str
    institution_id: int
    bank: str
    from_on: date
    to_on: date | None
    is_open: bool
    founded_on: date


def campaigns(*, institution_id: int | None = None, only_open: bool = False) -> list[CampaignPlan]:
    """Return the campaigns of an institution, or of all, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select campaign.id, campaign.name, bank.id, bank.name, campaign.from_on, campaign.to_on, campaign.is_open, "
            "(bank.created_at at time zone 'Asia/Shanghai')::date "
            "from grids_campaign as campaign join grids_institution as bank on bank.id = campaign.institution_id "
            "where (%(bank)s::bigint is null or bank.id = %(bank)s) and (campaign.is_open or not %(open)s) "
            "order by bank.id, campaign.from_on, campaign.id",
            {"bank": institution_id, "open": only_open},
        )
        return [
            CampaignPlan(
                id=pk,
                name=name,
                institution_id=bank_id,
                bank=bank,
                from_on=first,
                to_on=last,
                is_open=is_open,
                founded_on=founded,
            )
            for pk, name, bank_id, bank, first, last, is_open, founded in cursor.fetchall()
        ]


def open_plan(institution_id: int) -> CampaignPlan | None:
    """Return the open campaign; None between two campaigns."""
    return next(iter(campaigns(institution_id=institution_id, only_open=True)), None)


def branch_places(institution_id: int) -> list[BranchPlace]:
    """Return the tree of branches."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, name, path, kind = 'head' from grids_branch where institution_id = %s order by path",
            [institution_id],
        )
        return [
            BranchPlace(id=pk, name=name, path=path, is_head=is_head) for pk, name, path, is_head in cursor.fetchall()
        ]


def preview_window(week: Week, *, now: datetime, last_frozen: Week | None) -> Window:
    """Return the span a preview counts: to this moment for the running week, to Monday 00:00 for one not frozen yet."""
    is_next = last_frozen is not None and last_frozen >= week.previous
    return Window(
        begins=week.starts_at,
        cut=min(now, week.ends_at),
        since=None if is_next else week.starts_at,
        on_day=now.astimezone(SHANGHAI).date(),
    )


FOR_POSTS = """
select territory, steps from acc.progress(
    %(campaign)s, %(begins)s, %(cut)s, %(since)s, %(on_day)s, %(grids)s::bigint[])
"""
FOR_WORKER = """
select (select jsonb_agg(to_jsonb(place)) from lib.territory_on(%(bank)s, %(on_day)s, %(grids)s::bigint[]) as place),
       (select jsonb_agg(to_jsonb(line)) from lib.progress_on(
            %(campaign)s, %(begins)s, %(cut)s, %(since)s, %(on_day)s, %(grids)s::bigint[]) as line)
"""


def counted(
    plan: CampaignPlan, window: Window, *, only_grids: Sequence[int] | None = None, by_worker: bool = False
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the territory and what was reached in it as the acting post may see them; empty for other posts.

    ``by_worker``: for the console, which acts for no post; the database lets the worker's role alone do so.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            FOR_WORKER if by_worker else FOR_POSTS,
            {
                "campaign": plan.id,
                "bank": plan.institution_id,
                "begins": window.begins,
                "cut": window.cut,
                "since": window.since,
                "on_day": window.on_day,
                "grids": None if only_grids is None else list(only_grids),
            },
        )
        row = cursor.fetchone() or (None, None)
    territory, steps = (json.loads(part) if part else [] for part in row)
    return territory, steps


def counted_together(plan: CampaignPlan, window: Window) -> tuple[Window, list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what the whole bank reached, counted for all who look within seconds, and the window it was counted for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select territory, steps, cut from acc.running_count(%s, %s, %s, %s, %s)",
            [plan.id, window.begins, window.cut, window.since, window.on_day],
        )
        row = cursor.fetchone()
    if row is None:
        return window, [], []
    territory, steps, cut = row
    return replace(window, cut=cut.astimezone(SHANGHAI)), json.loads(territory), json.loads(steps)


def names_of(staff_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of some people, for the lines of collectors."""
    with connection.cursor() as cursor:
        cursor.execute("select id, name from grids_staff where id = any (%s)", [sorted(staff_ids)])
        return dict(cursor.fetchall())


def rolled(
    plan: CampaignPlan,
    territory: Sequence[dict[str, Any]],
    steps: Sequence[dict[str, Any]],
    *,
    earlier: Iterable[Line] | None,
    with_collectors: bool,
) -> Rolled:
    """Roll what was counted up to the lines of a report, ranked against the last frozen week."""
    names = names_of({step["staff_id"] for step in steps if step["staff_id"]}) if with_collectors else {}
    return roll_up(
        bank_id=plan.institution_id,
        bank=plan.bank,
        branches=branch_places(plan.institution_id),
        grids=grid_facts(territory, steps),
        collectors=collector_facts(territory, steps, names) if with_collectors else (),
        earlier=earlier,
    )
