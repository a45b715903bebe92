"""Households, businesses and units as one list: what each is called and where it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from customers.models import Business, Household, Person, Unit


@dataclass(frozen=True)
class Place:
    """A household, business or unit, and what it is called: the head's name, the sign of a business or unit."""

    place: Any
    title: str

    @property
    def is_household(self) -> bool:
        """Whether it is a household."""
        return isinstance(self.place, Household)

    @property
    def aside(self) -> str:
        """Where it is: village, group, household number or address."""
        place = self.place
        parts = [place.grid.name, place.group, place.number] if self.is_household else [place.grid.name, place.address]
        return " · ".join(part for part in parts if part)

    @property
    def url(self) -> str:
        """The address of its page."""
        return reverse("customers:household" if self.is_household else "customers:entity", args=[self.place.pk])


def places_of(subject_ids: Iterable[int]) -> dict[int, Place]:
    """Return the places of subjects the caller was given through ``access``, in four queries whatever their number."""
    ids = list(subject_ids)
    if not ids:
        return {}
    found: dict[int, Any] = {
        place.pk: place
        for kind in (Household, Business, Unit)
        for place in kind.objects.filter(pk__in=ids).select_related("grid")  # type: ignore[attr-defined]
    }
    heads = dict(
        Person.objects.filter(
            pk__in=[one.head_id for one in found.values() if isinstance(one, Household) and one.head_id]
        ).values_list("pk", "name")
    )
    return {
        pk: Place(one, (heads.get(one.head_id or 0, "") or one.number) if isinstance(one, Household) else one.name)
        for pk, one in found.items()
    }
