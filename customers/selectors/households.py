"""Households as a list, and everything the page of one household says."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import QueryDict
from django.utils.translation import get_language

from config.lib import clock
from config.lib.weeks import Week
from customers import access
from customers.domain import form, words
from customers.models import Evidence, Household, MoveRequest, Person, Profile
from customers.selectors import files
from customers.selectors.effective import VisitCounts, visit_counts
from customers.selectors.entities import in_feature
from customers.selectors.files import FileState
from customers.selectors.forms import form_of
from customers.selectors.visits import members, previous_profile
from grids.access import Grid, Post, grids_for

PER_PAGE = 20
SORTS: dict[str, tuple[Any, ...]] = {
    "number": ("grid__pinyin", "grid_id", "number"),
    "next": (F("next_visit_on").asc(nulls_last=True), "pk"),
    "-next": (F("next_visit_on").desc(nulls_last=True), "pk"),
}
REACHED = ("visited", "profiled", "checked", "assessed", "granted", "signed", "carded", "drawn")
FIGURES = ("assets", "liabilities", "net_assets", "gross_income", "net_income", "expenses", "surplus", "guarantees")


# --- The list -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HouseholdFilter:
    """What a list shows; its text form is the page's address. Unknown values mean no filter.

    ``state`` is where a file stands now; ``reached`` with ``week`` a stage reached in the open campaign, as reports count it.
    """

    grid: int | None = None
    group: str = ""
    state: str = ""
    reached: str = ""
    week: Week | None = None
    blocked: bool = False
    feature: int | None = None
    found: bool = False
    moves: bool = False
    sort: str = "number"

    @classmethod
    def read(cls, query: QueryDict) -> "HouseholdFilter":
        """Read the filter from an address."""
        grid, feature = query.get("grid", ""), query.get("feature", "")
        try:
            week = Week.parse(query.get("week", ""))
        except ValueError:
            week = None
        sort, state, reached = (query.get(name, "") for name in ("sort", "state", "reached"))
        return cls(
            grid=int(grid) if grid.isdigit() and len(grid) < 19 else None,
            group=query.get("group", "")[:30],
            state=state if state in files.STATES else "",
            reached=reached if reached in REACHED else "",
            week=week,
            blocked=query.get("blocked") == "1",
            feature=int(feature) if feature.isdigit() and len(feature) < 19 else None,
            found=query.get("found") == "1",
            moves=query.get("moves") == "1",
            sort=sort if sort in SORTS else "number",
        )


@dataclass(frozen=True)
class HouseholdRow:
    """One line of the list."""

    household: Household
    head: str
    state: FileState


def filtered(post: Post, wanted: HouseholdFilter) -> QuerySet[Household]:
    """Return the present households of a post's scope that a filter keeps, in its order."""
    bank = post.staff.institution_id
    found = access.households_for(post).filter(subject__left_on__isnull=True)
    if wanted.grid is not None:
        found = found.filter(grid_id=wanted.grid)
    if wanted.group:
        found = found.filter(group=wanted.group)
    if wanted.state:
        found = found.filter(files.in_state(wanted.state, bank))
    if wanted.reached:
        found = found.filter(files.has_reached(wanted.reached, bank, wanted.week))
    if wanted.feature is not None:
        found = found.filter(in_feature(wanted.feature))
    if wanted.found:
        found = found.filter(subject__listed_on__isnull=True)
    if wanted.moves:
        asked = MoveRequest.objects.filter(person__household=OuterRef("pk"), person__left_on__isnull=True, state="open")
        found = found.filter(Exists(asked))
    if wanted.blocked:
        found = found.filter(files.is_blocked())
    if wanted.sort == "number" and (post.is_whole or wanted.grid is not None):
        # One grid needs no order of grids; a whole institution gets that of the index, which is read only as far as the page.
        return found.order_by("grid_id", "number")
    return found.order_by(*SORTS[wanted.sort])


def page_of(post: Post, wanted: HouseholdFilter, number: str | None) -> tuple[Page[Household], list[HouseholdRow]]:
    """Return one page of the list and its lines."""
    page = Paginator(filtered(post, wanted).select_related("grid"), PER_PAGE).get_page(number)
    return page, rows_of(list(page.object_list), post.staff.institution_id)


def rows_of(households: list[Household], institution_id: int) -> list[HouseholdRow]:
    """Return the lines of some households, in their order; the number of queries does not grow with them."""
    heads = dict(
        Person.objects.filter(pk__in=[home.head_id for home in households if home.head_id]).values_list("pk", "name")
    )
    states = files.states_of([home.pk for home in households], institution_id)
    return [HouseholdRow(home, heads.get(home.head_id or 0, ""), states[home.pk]) for home in households]


def grid_options(post: Post) -> list[tuple[int, str]]:
    """Return the grids of a post's scope for a filter."""
    return list(grids_for(post).order_by("pinyin", "pk").values_list("pk", "name"))


def group_options(post: Post, grid_id: int | None) -> list[tuple[str, str]]:
    """Return the groups (组) of one grid for a filter; without a grid there is nothing to choose from."""
    if grid_id is None:
        return []
    groups = access.households_for(post).filter(grid_id=grid_id).exclude(group="")
    return [(group, group) for group in groups.order_by("group").values_list("group", flat=True).distinct()]


# --- The page of one household ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """A total of the file in yuan, and its difference from the revision it is compared with."""

    name: str
    value: Decimal
    change: Decimal | None


@dataclass(frozen=True, kw_only=True)
class HouseholdCard:
    """Who, where, file state, last visit, next step, warnings; then members and economics."""

    household: Household
    state: FileState
    people: list[Person]
    profile: Profile | None
    previous: Profile | None
    figures: list[Figure]
    missing: list[str]
    completeness: int | None
    photos: list[Evidence]
    visits: VisitCounts
    is_overdue: bool
    member_facts: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def head(self) -> Person | None:
        """The head of the household."""
        return next((person for person in self.people if person.pk == self.household.head_id), None)


def age(person: Person, today: date) -> int | None:
    """Return a person's age in whole years."""
    born = person.born_on
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def card_of(household: Household) -> HouseholdCard:
    """Return everything the page of a household says, its timeline and the slots of other apps apart."""
    state = files.states_of([household.pk], household.institution_id)[household.pk]
    profile = (
        Profile.objects.select_related("collector", "visit", "check_verdict__checker").get(pk=state.newest.pk)
        if state.newest is not None
        else None
    )
    previous = previous_profile(profile) if profile is not None and profile.number > 1 else None
    language = get_language() or "zh-hans"
    document = profile.document if profile is not None else {}
    missing = form.incomplete(form_of(profile), document) if profile is not None else []
    next_on = household.next_visit_on
    return HouseholdCard(
        household=household,
        state=state,
        people=members(household),
        profile=profile,
        previous=previous,
        figures=[
            Figure(name, profile.amount(name), profile.amount(name) - previous.amount(name) if previous else None)
            for name in FIGURES
        ]
        if profile is not None
        else [],
        missing=list(dict.fromkeys(words.sentence(problem, language) for problem in missing)),
        completeness=form.score(form_of(profile), document) if profile is not None else None,
        photos=list(Evidence.objects.filter(subject_id=household.pk, visit__isnull=False).order_by("-created_at")[:12]),
        visits=visit_counts(household.pk),
        is_overdue=next_on is not None and next_on < clock.today(),
        member_facts={
            int(member["person"]): member for member in document.get("members", []) if member["person"].isdigit()
        },
    )


def grid_named(post: Post, pk: int | None) -> Grid | None:
    """Return the grid a list is limited to, for the line that says where one is."""
    return grids_for(post).filter(pk=pk).first() if pk is not None else None
