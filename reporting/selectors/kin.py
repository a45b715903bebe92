"""Kin of the auditors: what one declared himself, and how many each declared (Semantics, section 7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from customers.access import households_for
from customers.selectors.search import search
from grids.access import Post, Staff
from reporting.access import items_for, kin_for
from reporting.models import KinDeclaration, SamplePlan
from reporting.selectors.samples import heads_of


@dataclass(frozen=True)
class Home:
    """A household as a list names it: number, head where the file is not hidden, and where it is."""

    subject_id: int
    number: str
    head: str
    place: str


@dataclass(frozen=True)
class DeclaredRow:
    """One declaration with its household."""

    declaration: KinDeclaration
    home: Home | None


@dataclass(frozen=True)
class Declared:
    """How many households a named auditor declared, before the draw and after."""

    auditor: Staff
    before: int
    late: int


def counts_of(plan: SamplePlan, auditors: Sequence[Staff]) -> list[Declared]:
    """Return how many households each named auditor declared and did not take back; which ones is his own to read."""
    with connection.cursor() as cursor:
        cursor.execute("select staff_id, before, late from acc.declared_kin(%s)", [plan.pk])
        counts = {staff_id: (before, late) for staff_id, before, late in cursor.fetchall()}
    return [Declared(person, *counts.get(person.pk, (0, 0))) for person in auditors]


def rows_for(post: Post, plan: SamplePlan) -> list[DeclaredRow]:
    """Return what the acting auditor declared for a plan, the latest first, those taken back at the end."""
    declared = list(kin_for(post).filter(plan=plan).order_by("-declared_at", "-pk"))
    homes = homes_of(post, plan, [one.subject_id for one in declared])
    rows = [DeclaredRow(one, homes.get(one.subject_id)) for one in declared]
    return sorted(rows, key=lambda row: row.declaration.withdrawn_at is not None)


def earlier_of(post: Post, plan: SamplePlan) -> QuerySet[KinDeclaration]:
    """Return what the acting auditor declared for other plans and not for this one, the newest of each household."""
    standing = kin_for(post).filter(withdrawn_at__isnull=True)
    here = standing.filter(plan=plan, subject=OuterRef("subject"))
    return standing.exclude(plan=plan).exclude(Exists(here)).order_by("subject_id", "-pk").distinct("subject_id")


def homes_of(post: Post, plan: SamplePlan, subject_ids: Iterable[int]) -> dict[int, Home]:
    """Return the households of some subjects. The head is missing where an auditor must not see the file, unless the plan sends
    him there; three queries whatever their number."""
    wanted = list(subject_ids)
    items = dict(items_for(post).filter(plan=plan, subject__in=wanted).values_list("subject_id", "pk"))
    heads = heads_of(items.values())
    rows = households_for(post).filter(pk__in=wanted)
    return {
        pk: Home(pk, number, head or heads.get(items.get(pk, 0), ""), " · ".join(filter(None, (village, group))))
        for pk, number, village, group, head in rows.values_list("pk", "number", "grid__name", "group", "head__name")
    }


@dataclass(frozen=True)
class Choices:
    """What a text finds to choose a household from."""

    homes: list[Home]
    more: bool


def choices(post: Post, text: str) -> Choices:
    """Return the households a text finds in the scope of an auditor, as the search box does."""
    found = search(post, text)
    homes = [
        Home(
            hit.household_id, hit.number, hit.who, " · ".join(filter(None, (hit.tie, hit.village, hit.group, hit.note)))
        )
        for hit in found.hits
        if hit.kind == "household"
    ]
    return Choices(homes, found.more)
