"""By whose name a household is known to others: its borrower's, else its head's."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models.functions import Coalesce

from customers.models import Household, Person


@dataclass(frozen=True)
class Named:
    """Whose name stands for a household, with its number and group."""

    subject_id: int
    person_id: int | None
    number: str
    group: str


def named_by(subject_ids: Iterable[int]) -> dict[int, Named]:
    """Return by whose name households are known, by subject id, in one query."""
    rows = Household.objects.filter(pk__in=list(subject_ids)).values_list(
        "pk", Coalesce("borrower_id", "head_id"), "number", "group"
    )
    return {pk: Named(pk, person, number, group) for pk, person, number, group in rows}


def names_of(person_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of persons, by id; those erased are left out. One query."""
    rows = Person.objects.filter(pk__in=list(person_ids), erased_at__isnull=True)
    return dict(rows.values_list("pk", "name"))
