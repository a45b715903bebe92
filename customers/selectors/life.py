"""What happened to a household, what waits to be confirmed, and where the household came from and where its parts went."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Q
from django.utils.translation import get_language

from customers import access
from customers.domain import catalogue
from customers.domain.household_life import Home, Member
from customers.models import Business, GridMerger, Household, HouseholdEvent, MoveRequest, Person, Unit
from customers.selectors.entities import HOMES
from grids.access import Grid, Post, PostKind, grids_for

State = HouseholdEvent.State
SHOWN = 50


def home_of(household: Household | Business | Unit) -> Home:
    """Return a household as the rules of its life judge it; a business or unit is nobody's home and can only move."""
    left = household.subject.left_reason if household.subject.left_on else ""
    if not isinstance(household, Household):
        return Home(pk=household.pk, grid=household.grid_id, head=None, borrower=None, people=(), left=left)
    people = Person.objects.filter(household=household, erased_at__isnull=True).order_by("pk")
    return Home(
        pk=household.pk,
        grid=household.grid_id,
        head=household.head_id,
        borrower=household.borrower_id,
        people=tuple(
            Member(one.pk, one.relation, one.sex, one.born_on, (one.left_reason or "other") if one.left_on else "")
            for one in people
        ),
        left=left,
    )


def household_named(grid_id: int, number: str) -> tuple[int, str] | None:
    """Return the household of a number in any grid of the bank, with the first character of its head's name: whoever moves a
    person there sees whether he has the right one, and no more."""
    with connection.cursor() as cursor:
        cursor.execute("select subject_id, surname from acc.household_named(%s, %s)", [grid_id, number.strip()])
        row = cursor.fetchone()
    return (row[0], row[1] or "") if row else None


def ties_of(household: Household | Business | Unit) -> list[str]:
    """Return what stands in the way of changes or is to be said: round, decision, line."""
    with connection.cursor() as cursor:
        cursor.execute("select acc.household_ties(%s)", [household.pk])
        row = cursor.fetchone()
    return list(row[0] or []) if row else []


def active_grids(post: Post, kind: str = "") -> list[Grid]:
    """Return the grids of the bank something can move to; with the kind of a subject those that hold it."""
    holding = {"kind__in": HOMES[kind]} if kind else {}
    return list(
        Grid.objects.filter(institution_id=post.staff.institution_id, is_active=True, **holding)
        .select_related("branch")
        .order_by("pinyin", "pk")
    )


@dataclass(frozen=True)
class Concerned:
    """A person an event concerns, as each side may see him; ``moves`` when he goes along."""

    pk: int
    name: str
    relation: str
    born: int | None
    moves: bool
    is_head: bool

    @property
    def relation_label(self) -> str:
        """The relation to the head in words."""
        return catalogue.relation(self.relation, get_language() or "zh")


def people_of(event: HouseholdEvent) -> list[Concerned]:
    """Return who an event concerns; the receiving side learns who would come and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("select * from acc.event_people(%s)", [event.pk])
        return [Concerned(*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Moved:
    """A business or unit an event would move, as each side may see it."""

    pk: int
    kind: str
    name: str
    kind_class: str
    address: str

    @property
    def label(self) -> str:
        """Its class in words."""
        kinds = Business.Kind if self.kind == "business" else Unit.Kind
        return str(kinds(self.kind_class).label)


def entity_of(event: HouseholdEvent) -> Moved | None:
    """Return the business or unit an event would move; None for a household's."""
    if not event.effects.get("subject"):
        return None
    with connection.cursor() as cursor:
        cursor.execute("select * from acc.event_entity(%s)", [event.pk])
        row = cursor.fetchone()
    return Moved(*row) if row else None


def _events() -> Any:
    return HouseholdEvent.objects.select_related(
        "grid", "to_grid", "recorded_grid", "person", "proposed_by", "giving_by", "receiving_by", "ended_by"
    ).defer("sealed")


def events_of(household: Household) -> list[HouseholdEvent]:
    """Return the changes of a household, given or received, the newest first."""
    found = _events().filter(Q(subject_id=household.pk) | Q(to_subject_id=household.pk))
    return list(found.order_by("-proposed_at", "-pk")[:SHOWN])


@dataclass(frozen=True)
class Waiting:
    """A change that waits; ``household`` is None on the receiving side, which may not see it before it is moved."""

    event: HouseholdEvent
    household: Household | None


def waiting_events(post: Post) -> list[Waiting]:
    """Return the changes that wait for a branch manager, on either side, the longest waiting first."""
    if post.kind != PostKind.BRANCH_MANAGER:
        return []
    events = list(
        access.household_events_for(post)
        .filter(state=State.PROPOSED)
        .select_related("grid__branch", "to_grid__branch", "proposed_by")
        .defer("sealed")
        .order_by("proposed_at", "pk")[:100]
    )
    # Apart, not joined: a row hidden from the receiving side would take the event with it.
    wanted = [event.subject_id for event in events]
    homes = Household.objects.filter(pk__in=wanted).select_related("head").in_bulk()
    return [Waiting(event, homes.get(event.subject_id)) for event in events]


def waiting_mergers(post: Post) -> int:
    """Return how many village mergers wait for a branch manager's own side."""
    if post.kind != PostKind.BRANCH_MANAGER:
        return 0
    waiting = access.grid_mergers_for(post).filter(state=State.PROPOSED)
    return waiting.exclude(giving_by_id=post.staff_id).exclude(receiving_by_id=post.staff_id).count()


def mergers_page(post: Post, number: str | None) -> Page[GridMerger]:
    """Return one page of the mergers of a post's villages, the newest first."""
    found = access.grid_mergers_for(post).select_related(
        "from_grid__branch", "to_grid__branch", "proposed_by", "giving_by", "receiving_by"
    )
    return Paginator(found.order_by("-proposed_at", "-pk"), 20).get_page(number)


@dataclass(frozen=True)
class Node:
    """A household of the graph. ``household`` is None where the reader may not see it."""

    pk: int
    household: Household | None
    event: HouseholdEvent

    @property
    def label(self) -> str:
        """How the household is called: its head and number, as far as the reader may see it."""
        if self.household is None:
            return ""
        head = self.household.head
        return f"{head.name if head else ''} {self.household.number}".strip()


def graph_of(household: Household) -> tuple[list[Node], list[Node]]:
    """Return where a household or its people came from, and where parts of it went: one step each way, oldest first."""
    events = list(
        _events()
        .filter(Q(subject_id=household.pk) | Q(to_subject_id=household.pk), state=State.DONE, to_subject__isnull=False)
        .order_by("on", "pk")[:SHOWN]
    )
    ids = {event.subject_id for event in events} | {event.to_subject_id for event in events}
    homes = {home.pk: home for home in Household.objects.filter(pk__in=ids).select_related("head", "grid")}
    came = [
        Node(event.subject_id, homes.get(event.subject_id), event)
        for event in events
        if event.to_subject_id == household.pk
    ]
    went = [
        Node(event.to_subject_id, homes.get(event.to_subject_id), event)
        for event in events
        if event.subject_id == household.pk
    ]
    return came, went


def merger_preview(from_grid: int, to_grid: int) -> dict[str, Any]:
    """Return what a village merger would move, as counts: households, people, numbers taken, and what stands in the way."""
    with connection.cursor() as cursor:
        cursor.execute("select * from acc.grid_merger_preview(%s, %s)", [from_grid, to_grid])
        row = cursor.fetchone() or (0, 0, 0, "")
    return dict(zip(("households", "people", "taken", "tie"), row, strict=True))


@dataclass(frozen=True)
class Asked:
    """A member a roster lists elsewhere: where, and what he is to the head there ("" when the file did not say)."""

    pk: int
    person: Person
    grid_id: int
    grid: str
    number: str
    relation: str


def moves_asked(household: Household) -> list[Asked]:
    """Return the open requests of rosters to move members of a household, the oldest first."""
    open_ones = MoveRequest.objects.filter(person__household=household, person__left_on__isnull=True, state="open")
    found = list(open_ones.select_related("person").order_by("pk")[:SHOWN])
    if not found:
        return []
    with connection.cursor() as cursor:
        cursor.execute("select * from acc.move_request_targets(%s)", [[one.pk for one in found]])
        targets = {row[0]: row for row in cursor.fetchall()}
    return [
        Asked(one.pk, one.person, grid_id, grid, number, one.relation)
        for one in found
        if one.pk in targets
        for _pk, grid_id, grid, number in [targets[one.pk]]
    ]


def waiting_change(household: Household | Business | Unit) -> HouseholdEvent | None:
    """Return the change of a household, business or unit that waits to be confirmed, if any; there is one at a time."""
    waiting = HouseholdEvent.objects.filter(subject_id=household.pk, state=State.PROPOSED)
    return waiting.select_related("proposed_by", "to_grid").defer("sealed").first()


def former_members(household: Household) -> list[Person]:
    """Return who left a household and could come back: not the dead."""
    former = Person.objects.filter(household=household, left_on__isnull=False, erased_at__isnull=True)
    return list(former.exclude(left_reason="deceased").order_by("pk"))


def reached_by(post: Post, event: HouseholdEvent) -> frozenset[str]:
    """Return the sides of an event whose grid a post reaches."""
    grids = set(grids_for(post).filter(pk__in=[event.grid_id, event.to_grid_id or 0]).values_list("pk", flat=True))
    sides = {"giving"} if event.grid_id in grids else set()
    return frozenset(sides | ({"receiving"} if event.to_grid_id in grids else set()))


def household_of(post: Post, pk: int) -> Household | None:
    """Return the household of an event where the post may see it: the receiving side may not before it is moved."""
    return access.households_for(post).select_related("head", "grid").filter(pk=pk).first()
