"""What a village round reads of its households: the roster, who is blocked, how they are called, their checked files."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet

from config.lib.weeks import business_day
from customers.models import Household, ListEntry, Profile, Subject
from customers.selectors.consents import withdrawn_among
from customers.selectors.trusted import newest_trusted


@dataclass(frozen=True)
class Card:
    """How a household is called: number, head, group, and how many live in it."""

    subject_id: int
    number: str
    head: str
    group: str
    members: int


def roster_of(grid_id: int) -> list[int]:
    """Return the households of a village's official list that are active now (Semantics, section 1), by number."""
    rows = Subject.objects.filter(
        grid_id=grid_id, kind=Subject.Kind.HOUSEHOLD, listed_on__isnull=False, left_on__isnull=True
    )
    return list(rows.order_by("household__number", "pk").values_list("pk", flat=True))


def roster_counts(grid_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return of each village how many households its roster has today, and how many of them are blocked; two queries for all."""
    asked = list(grid_ids)
    listed = Subject.objects.filter(
        grid_id__in=asked, kind=Subject.Kind.HOUSEHOLD, listed_on__isnull=False, left_on__isnull=True
    )
    rosters = dict(listed.order_by().values_list("grid_id").annotate(count=Count("pk")))
    shut = blocking().filter(subject__in=listed.values("pk")).order_by()
    blocked = dict(shut.values_list("subject__grid_id").annotate(count=Count("subject_id", distinct=True)))
    return {grid: (rosters.get(grid, 0), blocked.get(grid, 0)) for grid in asked}


def blocking() -> QuerySet[ListEntry]:
    """Return the confirmed entries of present members that keep a household out of assessment."""
    return ListEntry.objects.filter(
        blocks=True,
        confirmed_at__isnull=False,
        released_at__isnull=True,
        rejected_at__isnull=True,
        person__left_on__isnull=True,
    )


def blocked_among(subject_ids: Iterable[int]) -> dict[int, str]:
    """Return the households that a confirmed entry of a present member blocks, with its colour; black wins."""
    entries = blocking().filter(subject_id__in=list(subject_ids))
    found: dict[int, str] = {}
    for subject_id, colour in entries.values_list("subject_id", "colour"):
        if found.get(subject_id) != ListEntry.Colour.BLACK:
            found[subject_id] = colour
    return found


def cards(subject_ids: Iterable[int]) -> dict[int, Card]:
    """Return how households are called, by subject id, in one query."""
    rows = (
        Household.objects.filter(pk__in=list(subject_ids))
        .annotate(
            head_name=F("head__name"),
            members=Count("people", filter=Q(people__left_on__isnull=True, people__erased_at__isnull=True)),
        )
        .values_list("pk", "number", "head_name", "group", "members")
    )
    return {pk: Card(pk, number, head or "", group, members) for pk, number, head, group, members in rows}


def checked_files(subject_ids: Iterable[int]) -> dict[int, Profile]:
    """Return the newest trusted revision (accepted, and not held by a sudden change), by subject id; none of a household that took
    its consent back."""
    asked = set(subject_ids)
    return {profile.subject_id: profile for profile in newest_trusted(asked - withdrawn_among(asked))}


class FiledDebts(NamedTuple):
    """What a checked file says a household owes, in fen: liabilities by creditor kind, guarantees, and the day of the file."""

    profile_id: int
    on: date
    liabilities: tuple[tuple[str, int], ...]
    guarantees: tuple[int, ...]


def filed_debts(subject_ids: Iterable[int]) -> dict[int, FiledDebts]:
    """Return what the files of ``checked_files`` say is owed, without reading whole documents."""
    asked = set(subject_ids)
    rows = newest_trusted(asked - withdrawn_among(asked)).values_list(
        "subject_id", "pk", "submitted_at", "document__liabilities", "document__guarantees"
    )
    return {
        subject_id: FiledDebts(
            pk,
            business_day(submitted_at),
            tuple((item["kind"], _fen(item["outstanding"])) for item in liabilities or ()),
            tuple(_fen(item["amount"]) for item in guarantees or ()),
        )
        for subject_id, pk, submitted_at, liabilities, guarantees in rows
    }


def _fen(amount: Any) -> int:
    return int(Decimal(amount or 0) * 100)
