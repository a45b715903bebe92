"""The plan of a day: what is suggested and why, what stands in the plan, what was done of it by day and week."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.translation import get_language

from config.lib import clock, releases
from config.lib.clock import SHANGHAI
from config.lib.models import Release
from config.lib.weeks import Week, business_day
from customers import access
from customers.domain import dayplan
from customers.domain.contacts import ANY_DAY, rest_of
from customers.domain.dayplan import Call, Candidate, Done, Here, Reason, Scored, Stop, Weights
from customers.models import PlannedVisit, Subject, Visit
from customers.selectors.contacts import rules_of, terms_of
from customers.selectors.places import Place, places_of
from grids.access import Grid, Post, PostKind, Staff, grids_for, reached_by, seats_on
from grids.selectors.campaigns import open_campaign

KIND = "day_plan"
PER_PAGE = 20

# One pass over the officer's own grids by their index; the newest visit and file of each place by theirs.
_CANDIDATES = """
    select subject.id, subject.grid_id, subject.kind, coalesce(home.group_name, ''),
           coalesce(home.latitude, shop.latitude, unit.latitude)::float8, coalesce(home.longitude, shop.longitude, unit.longitude)::float8,
           coalesce(home.next_visit_on, shop.next_visit_on, unit.next_visit_on),
           coalesce(home.number, shop.sort_key, unit.sort_key), coalesce(shop.kind, unit.kind),
           visit.device_at, visit.needs is not null and visit.needs <> '[]'::jsonb, file.id is not null, file.verdict = 'returned',
           file.grade, file.sources, milestone.id is not null, visit.outcome = 'refused',
           contact.why, contact.way, contact.returns_on, contact.next_on
    from customers_subject as subject
    left join customers_household as home on home.subject_id = subject.id and home.grid_id = any(%(grids)s)
    left join customers_business as shop on shop.subject_id = subject.id and shop.grid_id = any(%(grids)s)
    left join customers_unit as unit on unit.subject_id = subject.id and unit.grid_id = any(%(grids)s)
    left join lateral (
        select one.id from customers_milestone as one
        where one.campaign_id = %(campaign)s and one.subject_id = subject.id and one.kind = 'visited' limit 1) as milestone on true
    left join lateral (
        select one.device_at, one.needs, one.outcome from customers_visit as one where one.subject_id = subject.id
        order by one.received_at desc, one.id desc limit 1) as visit on true
    left join lateral (
        select one.id, done.verdict, one.document ->> 'grade' as grade,
               jsonb_path_query_array(one.document, '$.income[*].kind') as sources
        from customers_profile as one left join customers_profilecheck as done on done.profile_id = one.id
        where one.subject_id = subject.id order by one.number desc limit 1) as file on true
    left join customers_standing_contact as contact on contact.subject_id = subject.id and contact.grid_id = any(%(grids)s)
    where subject.grid_id = any(%(grids)s) and subject.left_on is null
"""


@dataclass(frozen=True)
class Facts:
    """What is known of the places of an officer; ``never`` counts by kind those the campaign has not seen, without a file."""

    candidates: list[Candidate]
    never: dict[str, int]


@dataclass(frozen=True)
class Suggestion:
    """A place to go to next: its points, and the reasons in words, the strongest first."""

    place: Place
    scored: Scored
    words: tuple[str, ...]

    @property
    def says_distance(self) -> bool:
        """Whether a reason says how far it is, so that the page need not."""
        return any(reason.code == "near" for reason in self.scored.reasons)


@dataclass(frozen=True)
class Suggested:
    """One page of suggestions, what the first has over the second in words, and the release that weighed them (None: none is in force)."""

    page: Page[Scored]
    rows: list[Suggestion]
    lead: str
    release: Release | None


@dataclass(frozen=True)
class Line:
    """One line of a plan: its place (None: a village), and what was done of it."""

    row: PlannedVisit
    place: Place | None
    done: Done
    words: tuple[str, ...]


@dataclass(frozen=True)
class DayFigure:
    """Of one day: visits planned, done of these, and visits beyond the plan on which somebody was met."""

    on: date
    planned: int
    done: int
    beyond: int


@dataclass(frozen=True)
class OfficerWeek:
    """An officer's week: its days, and their sums."""

    officer: Staff
    days: list[DayFigure]

    @property
    def planned(self) -> int:
        """Visits planned."""
        return sum(day.planned for day in self.days)

    @property
    def done(self) -> int:
        """Planned visits made."""
        return sum(day.done for day in self.days)

    @property
    def beyond(self) -> int:
        """Visits made beyond the plan."""
        return sum(day.beyond for day in self.days)


# --- Who and where ----------------------------------------------------------------------------------------------------


def officers_for(post: Post) -> QuerySet[Staff]:
    """Return whose days a post sees: an officer his own; a branch manager those who cover a grid of his branch."""
    if post.kind == PostKind.OFFICER:
        return Staff.objects.filter(pk=post.staff_id).order_by("pk")
    if post.kind != PostKind.BRANCH_MANAGER:
        return Staff.objects.none()
    seats = seats_on(clock.today()).filter(staff=OuterRef("pk"), kind__covers=True)
    return Staff.objects.filter(Exists(seats.filter(grid__in=grids_for(post).order_by()))).order_by("number", "pk")


def grids_of(post: Post, officer: Staff, on: date) -> list[Grid]:
    """Return the grids an officer covers on a day, of those the acting post sees."""
    own = seats_on(on).filter(staff=officer, kind__covers=True).values("grid_id")
    seen = Grid.objects.filter(pk__in=reached_by(post)) if post.kind == PostKind.OFFICER else grids_for(post)
    return list(seen.filter(pk__in=own).defer("boundary").order_by("pinyin", "pk"))


# --- Suggestions --------------------------------------------------------------------------------------------------


def weights_of(institution_id: int, on: date) -> tuple[Weights, Release | None]:
    """Return the weights in force on a day; without a release agreed dates come first, then who has not been visited."""
    with suppress(releases.NotReleased):
        release = releases.in_force(institution_id, KIND, on)
        return Weights.read(release.document), release
    return dayplan.PLAIN, None


def facts_of(institution_id: int, grids: Sequence[Grid]) -> Facts:
    """Return what is known of the present places of some grids, in one query for all of them."""
    campaign = open_campaign(institution_id)
    rules, _release = rules_of(institution_id, clock.today())
    heads = {grid.pk: f"{grid.pinyin}:{grid.pk:019d}:" for grid in grids}
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, {"grids": list(heads), "campaign": campaign.pk if campaign else None})
        rows = cursor.fetchall()
    never: dict[str, int] = defaultdict(int)
    # Few sorts and few sets of sources occur in thousands of places.
    lives_on: dict[Any, frozenset[str]] = {}
    found = []
    for row in rows:
        (
            pk,
            grid,
            kind,
            group,
            latitude,
            longitude,
            agreed,
            number,
            sort,
            last,
            needs,
            filed,
            returned,
            grade,
            sources,
            seen,
            is_refused,
            *plan,
        ) = row
        if not seen and not filed:
            never[kind] += 1
        last_on = business_day(last) if last else None
        said = sort or str(sources or "")
        if said not in lives_on:
            lives_on[said] = frozenset([sort] if sort else _codes(sources))
        found.append(
            Candidate(
                subject_id=pk,
                grid_id=grid,
                group=group,
                latitude=latitude,
                longitude=longitude,
                agreed_on=agreed,
                is_returned=bool(returned),
                has_need=bool(needs),
                industries=lives_on[said],
                grade=grade or "",
                last_on=last_on,
                is_new=not seen,
                order=heads[grid] + number,
                rest=rest_of(terms_of(*plan), last_on if is_refused else None, rules)
                if plan[0] or is_refused
                else ANY_DAY,
            )
        )
    return Facts(found, dict(never))


def _codes(sources: Any) -> list[str]:
    return [one for one in (json.loads(sources) if isinstance(sources, str) else sources or ()) if isinstance(one, str)]


@dataclass(frozen=True)
class Chosen:
    """A page of the places to go to next, before they are put in words."""

    page: Page[Scored]
    lead: str
    release: Release | None

    @property
    def subject_ids(self) -> list[int]:
        """The places of the page."""
        return [one.candidate.subject_id for one in self.page.object_list]

    def said(self, places: Mapping[int, Place]) -> Suggested:
        """Put it in words."""
        language = get_language() or "zh-hans"
        rows = [
            Suggestion(
                places[one.candidate.subject_id], one, tuple(reason.sentence(language) for reason in one.reasons)
            )
            for one in self.page.object_list
            if one.candidate.subject_id in places
        ]
        return Suggested(self.page, rows, self.lead, self.release)


@dataclass
class PlanDay:
    """An officer's day as a post sees it: its lines and its visits are read once for all that a page says of them."""

    post: Post
    officer: Staff
    on: date

    @cached_property
    def rows(self) -> list[PlannedVisit]:
        """The lines in his order, those put off to another day last, those taken back left out; at most a day's length of them."""
        found = PlannedVisit.objects.filter(
            access.scope(self.post), officer=self.officer, on=self.on, withdrawn_at__isnull=True
        )
        return list(
            found.select_related("grid", "put_by", "follows__put_by")
            .annotate(group=Coalesce("subject__household__group", Value("")))
            .order_by(F("postponed_to").asc(nulls_first=True), "position", "pk")
        )

    @cached_property
    def calls(self) -> list[Call]:
        """The visits of the day."""
        return _calls(self.post, [self.officer.pk], self.on, self.on)[self.officer.pk]

    def page(self, number: str | None, per_page: int = PER_PAGE) -> Page[PlannedVisit]:
        """Return one page of the lines."""
        return Paginator(self.rows, per_page).get_page(number)

    def lines(self, page: Page[PlannedVisit], places: Mapping[int, Place]) -> list[Line]:
        """Return a page of lines with what was done of each."""
        # Villages are settled against all lines of the day, those of other pages too.
        stops = [
            Stop(key=row.pk, on=row.on, grid_id=row.grid_id, subject_id=row.subject_id, wanted=row.wanted or 1)
            for row in sorted(self.rows, key=lambda row: row.pk)
            if row.postponed_to is None
        ]
        done = dayplan.settle(stops, self.calls)
        language = get_language() or "zh-hans"
        return [
            Line(
                row,
                places.get(row.subject_id or 0),
                done.get(row.pk, Done(row.wanted or 1, 0, 0)),
                tuple(dayplan.Reason.kept(one).sentence(language) for one in row.reasons),
            )
            for row in page.object_list
        ]

    def next(
        self,
        facts: Facts,
        *,
        here: Here | None = None,
        per_page: int = PER_PAGE,
        number: str | None = None,
        grid: int | None = None,
    ) -> Chosen:
        """Return a page of the places not yet in the plan nor visited that day, in the order of the released weights."""
        weights, release = weights_of(self.officer.institution_id, self.on)
        # What was put off stays out as well: the day has been decided on.
        out = {row.subject_id for row in self.rows} | {call.subject_id for call in self.calls if call.counts}
        left = [one for one in facts.candidates if one.subject_id not in out and (grid is None or one.grid_id == grid)]
        planned = [(row.grid_id, getattr(row, "group", "")) for row in self.rows if row.postponed_to is None]
        found = dayplan.ordered(left, weights, on=self.on, here=here, planned=planned)
        lead = dayplan.ahead_by(found[0], found[1]) if len(found) > 1 else None
        said = lead.sentence(get_language() or "zh-hans") if lead else ""
        return Chosen(Paginator(found, per_page).get_page(number), said, release)


def said(plan: PlanDay, page: Page[PlannedVisit], chosen: Chosen | None) -> tuple[list[Line], Suggested | None]:
    """Return a page of lines and a page of what comes next, the places of both looked up at once."""
    planned = [row.subject_id for row in page.object_list if row.subject_id]
    places = places_of([*planned, *(chosen.subject_ids if chosen else ())])
    return plan.lines(page, places), chosen.said(places) if chosen else None


def _stops(rows: QuerySet[PlannedVisit]) -> list[tuple[int, Stop]]:
    values = rows.order_by("pk").values_list("officer_id", "pk", "on", "grid_id", "subject_id", "wanted")
    return [
        (officer, Stop(key=pk, on=on, grid_id=grid, subject_id=subject, wanted=wanted or 1))
        for officer, pk, on, grid, subject, wanted in values
    ]


def _calls(post: Post, officers: Iterable[int], first: date, last: date) -> dict[int, list[Call]]:
    """Return the visits of officers, led or joined, by the device's day (Semantics, section 2)."""
    ids = list(officers)
    starts = datetime.combine(first, time(), SHANGHAI)
    ends = datetime.combine(last + timedelta(days=1), time(), SHANGHAI)
    rows = (
        access.visits_for(post)
        .filter(Q(lead__in=ids) | Q(partner__in=ids), device_at__gte=starts, device_at__lt=ends)
        .order_by("pk")
        .values_list("lead_id", "partner_id", "device_at", "subject_id", "grid_id", "outcome")
    )
    found: dict[int, list[Call]] = {pk: [] for pk in ids}
    for lead, partner, at, subject, grid, outcome in rows:
        call = Call(on=business_day(at), subject_id=subject, grid_id=grid, counts=outcome not in Visit.NOT_VISITED)
        for officer in {lead, partner} & found.keys():
            found[officer].append(call)
    return found


def weeks_of(post: Post, week: Week, number: str | None) -> tuple[Page[Staff], list[OfficerWeek]]:
    """Return plan against done of a week for one page of the officers a post sees; the queries do not grow with them."""
    page = Paginator(officers_for(post), PER_PAGE).get_page(number)
    officers = list(page.object_list)
    ids = [officer.pk for officer in officers]
    rows = PlannedVisit.objects.filter(
        access.scope(post), PlannedVisit.LIVE, officer__in=ids, on__gte=week.first_day, on__lte=week.last_day
    )
    stops: dict[int, list[Stop]] = defaultdict(list)
    for officer, stop in _stops(rows):
        stops[officer].append(stop)
    calls = _calls(post, ids, week.first_day, week.last_day)
    return page, [OfficerWeek(officer, _days(week, stops[officer.pk], calls[officer.pk])) for officer in officers]


def _days(week: Week, stops: list[Stop], calls: list[Call]) -> list[DayFigure]:
    done = dayplan.settle(stops, calls)
    met: dict[date, set[int]] = defaultdict(set)
    for call in calls:
        if call.counts:
            met[call.on].add(call.subject_id)
    found = []
    for offset in range(7):
        on = week.first_day + timedelta(days=offset)
        of_day = [stop for stop in stops if stop.on == on]
        made = sum(done[stop.key].made for stop in of_day)
        found.append(DayFigure(on, sum(stop.wanted for stop in of_day), made, len(met[on]) - made))
    return found


def asked_for(
    post: Post, officer: Staff, on: date, subject_ids: Sequence[int]
) -> tuple[list[Subject], dict[int, Sequence[Reason]], Release | None]:
    """Return the present subjects asked for in the grids an officer covers that day, in the order asked, with today's reasons."""
    grids = grids_of(post, officer, on)
    rows = access.subjects_for(post).filter(pk__in=subject_ids, grid__in=grids, left_on__isnull=True).in_bulk()
    weights, release = weights_of(officer.institution_id, on)
    wanted = set(rows)
    reasons: dict[int, Sequence[Reason]] = {
        one.subject_id: dayplan.score(one, weights, on=on).reasons
        for one in facts_of(officer.institution_id, grids).candidates
        if one.subject_id in wanted
    }
    return [rows[pk] for pk in dict.fromkeys(subject_ids) if pk in rows], reasons, release
