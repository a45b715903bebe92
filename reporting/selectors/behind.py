"""The households behind a figure: every number of a report opens the list it counts, under row security.

A frozen week lists what it counted (``CountedMilestone``). What stood in total is listed as the subjects stand today: who moved
away since is missing, and the page says so by showing both numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.http import Http404

from config.lib import clock
from config.lib.clock import SHANGHAI
from config.lib.weeks import Week, business_day
from customers import access as customers
from customers.selectors.households import rows_of
from grids.access import Post
from reporting.access import Scope, reports_for, scope_of
from reporting.domain.figures import CHAIN, Level
from reporting.domain.report import Window
from reporting.models import ReportRow, WeeklyReport
from reporting.selectors.progress import branch_places, open_plan, preview_window
from reporting.selectors.weekly import last_report, week_of

ON_PAGE = 50
AFTER_GRANT = ("granted", *CHAIN)
STAGES = ("visited", "profiled", "checked", "assessed", *AFTER_GRANT)
STANDING = ("roster", "unvisited", "blocked", "assessable", "off_roster", "joined")
WEEKLY = ("late", "not_met", "withdrawn")
PERIODS = ("week", "total")

IN_VAIN = ("nobody", "moved")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a link asks for: the figure, the period, and whose line it stood in."""

    figure: str
    period: str
    level: Level
    unit: str
    week: Week
    kind: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Wanted":
        """Read a link; raises Http404 for what no page links to."""
        figure = {"granted_amount": "granted"}.get(query.get("figure", ""), query.get("figure", ""))
        period = query.get("period", "total")
        kind = query.get("kind", "")
        try:
            level, week = Level(query.get("level", "")), Week.parse(query.get("week", ""))
        except ValueError:
            raise Http404 from None
        known = figure in STAGES or figure in (STANDING if period == "total" else WEEKLY)
        if not known or period not in PERIODS or kind not in ("", "household", "business", "unit"):
            raise Http404
        return cls(figure=figure, period=period, level=level, unit=query.get("unit", ""), week=week, kind=kind)


@dataclass(frozen=True, kw_only=True)
class Behind:
    """A list of subjects with what the report says beside it."""

    wanted: Wanted
    name: str
    report: WeeklyReport | None
    page: Any
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Unit:
    grids: list[int]
    name: str
    staff_id: int | None = None


def households_behind(post: Post, wanted: Wanted, number: str | None) -> Behind:
    """Return one page of the list behind a figure; Http404 for a line the post is not shown."""
    scope = scope_of(post)
    report = reports_for(post).filter(iso_year=wanted.week.year, iso_week=wanted.week.number).first()
    window, campaign_id = _window(post, wanted.week, report)
    unit = _unit(post, scope, wanted, report, window)
    listed = _listed(post, wanted, unit, report, window, campaign_id)
    in_order = (
        listed.select_related("grid")
        .defer("grid__boundary")
        .order_by("grid__division_code", "grid_id", "household__number", "pk")
    )
    page = Paginator(in_order, ON_PAGE).get_page(number)
    return Behind(wanted=wanted, name=unit.name, report=report, page=page, rows=_told(post, list(page.object_list)))


def _window(post: Post, week: Week, report: WeeklyReport | None) -> tuple[Window, int]:
    if report is not None:
        frozen_on = report.frozen_at.astimezone(SHANGHAI).date()
        return Window(begins=week.starts_at, cut=week.ends_at, since=None, on_day=frozen_on), report.campaign_id
    plan = open_plan(post.staff.institution_id)
    now = clock.now()
    if plan is None or week.starts_at > now:
        raise Http404
    newest = last_report(plan.id)
    if newest is not None and week_of(newest) >= week:
        raise Http404
    return preview_window(week, now=now, last_frozen=week_of(newest) if newest else None), plan.id


@dataclass(frozen=True)
class _Place:
    grid_id: int
    name: str
    branch_id: int
    owner_id: int | None
    owner: str


def _territory(bank_id: int, report: WeeklyReport | None, day: date) -> list[_Place]:
    if report is not None:
        rows = ReportRow.objects.filter(report=report, level=ReportRow.Level.GRID).order_by("order")
        return [_Place(row.unit_id or 0, row.name, row.parent_id or 0, row.owner_id, row.owner) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            "select grid_id, name, branch_id, owner_id, coalesce(owner, '') from lib.territory_on(%s, %s)",
            [bank_id, day],
        )
        return [_Place(*row) for row in cursor.fetchall()]


def _shown(scope: Scope, place: _Place) -> bool:
    if scope.is_whole:
        return True
    if scope.staff_id is not None:
        return place.grid_id in scope.grids or place.owner_id == scope.staff_id
    return place.branch_id in scope.branches


def _unit(post: Post, scope: Scope, wanted: Wanted, report: WeeklyReport | None, window: Window) -> _Unit:
    """Return the grids a line stands for, and its name; a line out of scope is as absent as one that never was."""
    bank_id = post.staff.institution_id
    territory = _territory(bank_id, report, window.on_day)
    shown = [place for place in territory if _shown(scope, place)]
    if wanted.level == Level.BANK:
        return _Unit([place.grid_id for place in shown], "")
    ids = [int(part) if part.isdigit() else None for part in wanted.unit.split("-")]
    first, parent = ids[0], ids[1] if len(ids) > 1 else None
    if wanted.level == Level.GRID:
        found = [place for place in shown if place.grid_id == first]
        name = found[0].name if found else ""
    elif wanted.level == Level.BRANCH:
        places = {branch.id: branch for branch in branch_places(bank_id)}
        top = places.get(first or 0)
        if top is None or not (scope.is_whole or first in scope.branches):
            raise Http404
        inside = {
            pk for pk, one in places.items() if pk == first or (not top.is_head and one.path.startswith(top.path))
        }
        found, name = [place for place in shown if place.branch_id in inside], top.name
    elif wanted.level == Level.OFFICER:
        if scope.staff_id is not None and first != scope.staff_id:
            raise Http404
        found = [place for place in shown if place.owner_id == first and place.branch_id == parent]
        name = found[0].owner if found else ""
    else:
        if scope.staff_id is not None and first != scope.staff_id:
            raise Http404
        # What an officer collected for colleagues stands in his line; which of it he may open, row security decides.
        found = [place for place in (territory if scope.staff_id else shown) if place.branch_id == parent]
        name = _collector(report, first)
    if not found:
        raise Http404
    return _Unit([place.grid_id for place in found], name, first if wanted.level == Level.COLLECTOR else None)


def _collector(report: WeeklyReport | None, staff_id: int | None) -> str:
    if report is not None:
        rows = ReportRow.objects.filter(report=report, level=ReportRow.Level.COLLECTOR, unit_id=staff_id)
        return rows.values_list("name", flat=True).first() or ""
    with connection.cursor() as cursor:
        cursor.execute("select name from grids_staff where id = %s", [staff_id])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _listed(
    post: Post, wanted: Wanted, unit: _Unit, report: WeeklyReport | None, window: Window, campaign_id: int
) -> QuerySet[Any]:
    """Return the subjects a figure counts, with the instant they reached it."""
    subjects = customers.subjects_for(post)
    if wanted.kind:
        subjects = subjects.filter(kind=wanted.kind)
    staff = {} if unit.staff_id is None else {"milestones__staff_id": unit.staff_id}
    day = window.on_day
    present = Q(left_on__isnull=True) | Q(left_on__gt=day)
    listed, found = present & Q(listed_on__lte=day), present & (Q(listed_on__isnull=True) | Q(listed_on__gt=day))

    def reached(kind: str, **more: Any) -> Q:
        stood = (
            {"milestones__counted__report__starts_on__lte": wanted.week.first_day}
            if report is not None
            else {"milestones__reached_at__lt": window.cut}
        )
        return Q(milestones__campaign_id=campaign_id, milestones__kind=kind, **{**stood, **more})

    if wanted.figure == "not_met":
        lead = {} if unit.staff_id is None else {"visits__lead_id": unit.staff_id}
        return subjects.filter(
            grid__in=unit.grids,
            pk__in=subjects.filter(
                visits__campaign_id=campaign_id,
                visits__outcome__in=IN_VAIN,
                visits__received_at__gte=window.begins,
                visits__received_at__lt=window.cut,
                **lead,
            ).values("pk"),
        )
    if wanted.period == "week":
        kind = {"late": "visited", "withdrawn": "grant_withdrawn"}.get(wanted.figure, wanted.figure)
        late = {"milestones__device_on__lt": wanted.week.first_day} if wanted.figure == "late" else {}
        if report is not None:
            taken = subjects.filter(
                milestones__counted__report=report,
                milestones__counted__grid_id__in=unit.grids,
                milestones__counted__on_roster=True,
                milestones__kind=kind,
                **staff,
                **late,
            )
        else:
            since = {"milestones__reached_at__gte": window.since} if window.since else {}
            fresh = reached(kind, milestones__counted__isnull=True, **staff, **late, **since)
            taken = subjects.filter(fresh, listed, grid__in=unit.grids)
        return taken.annotate(reached_at=F("milestones__reached_at"), device_on=F("milestones__device_on"))
    if wanted.figure in ("roster", "unvisited", "blocked", "assessable"):
        standing = subjects.filter(listed, grid__in=unit.grids)
        if wanted.figure == "unvisited":
            return standing.exclude(pk__in=subjects.filter(reached("visited")).values("pk"))
        if wanted.figure == "roster":
            return standing
        at = report.frozen_at if report is not None else clock.now()
        blocking = Q(list_entries__confirmed_at__lte=at, list_entries__blocks=True) & (
            Q(list_entries__released_at__isnull=True) | Q(list_entries__released_at__gt=at)
        )
        blocking &= Q(list_entries__person__left_on__isnull=True) | Q(
            list_entries__person__left_on__gt=business_day(at)
        )
        blocked = subjects.filter(blocking).values("pk")
        return standing.filter(pk__in=blocked) if wanted.figure == "blocked" else standing.exclude(pk__in=blocked)
    kind = "visited" if wanted.figure in ("off_roster", "joined") else wanted.figure
    stands = subjects.filter(
        reached(kind, **staff), found if wanted.figure == "off_roster" else listed, grid__in=unit.grids
    )
    if wanted.figure == "joined":
        stands = stands.filter(found_on__isnull=False)
    if wanted.figure in AFTER_GRANT:
        stands = stands.exclude(pk__in=subjects.filter(reached("grant_withdrawn")).values("pk"))
    return stands.annotate(reached_at=F("milestones__reached_at"), device_on=F("milestones__device_on"))


def _told(post: Post, subjects: list[Any]) -> list[dict[str, Any]]:
    """Return what a line of the page says, in the order found; the number of queries does not grow with the lines."""
    ids = [subject.pk for subject in subjects]
    homes = list(customers.households_for(post).filter(pk__in=ids))
    told = {row.household.pk: row for row in rows_of(homes, post.staff.institution_id)}
    return [
        {
            "subject": subject,
            "home": told.get(subject.pk),
            "reached_at": getattr(subject, "reached_at", None),
            "device_on": getattr(subject, "device_on", None),
            "was_found": subject.found_on is not None and subject.listed_on is not None,
        }
        for subject in subjects
    ]
