"""What the list of a village round reads of its households: who borrows, which lists they stand on, what changed since, and where
the roster came from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from config.lib.weeks import SHANGHAI
from customers.domain.consents import may_be_guardian
from customers.models import Household, ListEntry, Person, RosterImport, Subject, Visit
from customers.selectors.assessment import blocking
from grids.access import Grid


@dataclass(frozen=True)
class Borrower:
    """Who may borrow for a household: the member named for it, else its head. ``is_grown`` is False of nobody and of a minor; an
    unknown birth date stands in nobody's way."""

    person_id: int | None
    name: str
    is_grown: bool


def borrowers_of(subject_ids: Iterable[int], on: date) -> dict[int, Borrower]:
    """Return who would borrow for each household on a day; two queries for a village."""
    homes = {home.pk: home for home in Household.objects.filter(pk__in=list(subject_ids)).only("head", "borrower")}
    wanted = {pk for home in homes.values() for pk in (home.borrower_id, home.head_id) if pk}
    present = Person.objects.filter(pk__in=wanted, left_on__isnull=True, erased_at__isnull=True)
    people = {person.pk: person for person in present.only("name", "born_on", "household_id")}
    found = {}
    for pk, home in homes.items():
        person = people.get(home.borrower_id or 0) or people.get(home.head_id or 0)
        grown = person is not None and may_be_guardian(person.born_on, on)
        found[pk] = Borrower(person.pk if person else None, person.name if person else "", grown)
    return found


def grown_members(subject_id: int, on: date) -> list[tuple[int, str]]:
    """Return the present members of a household who are of age, to choose its borrower from."""
    people = Person.objects.filter(household_id=subject_id, left_on__isnull=True, erased_at__isnull=True)
    rows = people.order_by("pk").only("name", "relation", "born_on", "household_id")
    return [(one.pk, f"{one.name} · {one.get_relation_display()}") for one in rows if may_be_guardian(one.born_on, on)]


def grown_among(person_ids: Iterable[int], on: date) -> dict[int, int]:
    """Return of these people who is present and of age, with his household."""
    people = Person.objects.filter(pk__in=list(person_ids), left_on__isnull=True, erased_at__isnull=True)
    rows = people.values_list("pk", "household_id", "born_on")
    return {pk: household for pk, household, born_on in rows if may_be_guardian(born_on, on)}


def names_of_people(person_ids: Iterable[int]) -> dict[int, str]:
    """Return how some people are called."""
    return dict(Person.objects.filter(pk__in=[pk for pk in person_ids if pk]).values_list("pk", "name"))


def marked_among(subject_ids: Iterable[int]) -> dict[str, set[int]]:
    """Return the households with a standing entry of attention that does not block, and those with a white one."""
    entries = ListEntry.objects.filter(
        subject_id__in=list(subject_ids),
        confirmed_at__isnull=False,
        released_at__isnull=True,
        rejected_at__isnull=True,
    ).filter(Q(person__isnull=True) | Q(person__left_on__isnull=True))
    found: dict[str, set[int]] = {"attention": set(), "white": set()}
    for subject_id, colour, blocks in entries.values_list("subject_id", "colour", "blocks"):
        if colour in found and not blocks:
            found[colour].add(subject_id)
    return found


def is_blocked(subject: str = "subject_id") -> Exists:
    """Return the condition that an outer row's household is blocked now (Semantics, section 1)."""
    return Exists(blocking().filter(subject=OuterRef(subject)))


def joined_since(grid_ids: Iterable[int], known: QuerySet[Any]) -> dict[int, int]:
    """Return of each village how many households its roster has that ``known`` (their ids) does not name; one query for all."""
    listed = Subject.objects.filter(
        grid_id__in=list(grid_ids), kind=Subject.Kind.HOUSEHOLD, listed_on__isnull=False, left_on__isnull=True
    )
    rows = listed.exclude(pk__in=known).order_by()
    return dict(rows.values_list("grid_id").annotate(count=Count("pk")))


def origin_of(grid: Grid) -> dict[str, Any]:
    """Return where a village's roster comes from: its lists by day, the official count, and the newest written file of the branch."""
    listed = Subject.objects.filter(
        grid=grid, kind=Subject.Kind.HOUSEHOLD, listed_on__isnull=False, left_on__isnull=True
    ).order_by("listed_on")
    days = list(listed.values_list("listed_on").annotate(count=Count("pk")))
    files = RosterImport.objects.filter(
        branch_id=grid.branch_id,
        state=RosterImport.State.WRITTEN,
        source_kind__in=(RosterImport.Source.HOUSEHOLD_REGISTER, RosterImport.Source.RESIDENT_LIST),
    ).order_by("-confirmed_at", "-pk")
    newest = files.first()
    return {
        "households": sum(count for _day, count in days),
        "listed": [{"on": str(day), "households": count} for day, count in days],
        "official": {
            "households": grid.official_count,
            "source": grid.official_source,
            "on": str(grid.official_on) if grid.official_on else "",
        },
        "file": None
        if newest is None
        else {
            "id": newest.pk,
            "kind": newest.source_kind,
            "source": newest.source,
            "obtained_on": str(newest.obtained_on),
            "legal_basis": newest.legal_basis,
            "sha256": newest.file_sha256,
        },
    }


def visited_of(villages: dict[int, date]) -> dict[int, int]:
    """Return of each village how many of its listed households were visited from a day on; one query for all."""
    if not villages:
        return {}
    since = Q()
    for grid_id, day in villages.items():
        since |= Q(recorded_grid_id=grid_id, device_at__gte=datetime.combine(day, time.min, SHANGHAI))
    rows = Visit.objects.filter(since, subject__kind=Subject.Kind.HOUSEHOLD, subject__listed_on__isnull=False)
    rows = rows.exclude(outcome__in=Visit.NOT_VISITED).order_by()
    return dict(rows.values_list("recorded_grid_id").annotate(count=Count("subject_id", distinct=True)))
