"""Whom the rows of a file of visits are about: households, businesses and units of a branch, looked up for a whole file at once."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Q

from customers.domain.profile_sheets import Key, Member, Target
from customers.models import Business, Household, Person, Subject, Unit
from grids.access import Branch

_ENTITIES: Mapping[str, Any] = {"business": Business, "unit": Unit}


class Targets:
    """The places that the keys of a file name within the grids of a branch and those below; two queries whatever their number."""

    def __init__(self, branch: Branch, kind: str, keys: Collection[Key]) -> None:
        self.places: dict[int, Household | Business | Unit] = {}
        self._members: dict[int, list[Member]] = {}
        self._named: dict[Key, list[int]] = {}
        wanted = set(keys)
        if kind == Subject.Kind.HOUSEHOLD:
            self._find_households(branch, wanted)
        else:
            self._find_entities(_ENTITIES[kind], branch, wanted)

    def find(self, key: Key) -> Target | str:
        """Return whom a key names, or ``not_found``, or ``unclear`` where several are called so."""
        found = self._named.get(key, [])
        if len(found) != 1:
            return "unclear" if found else "not_found"
        return Target(found[0], self._members.get(found[0], ()))

    def _find_households(self, branch: Branch, wanted: set[Key]) -> None:
        rows = Household.objects.filter(
            **_in(branch),
            grid__division_code__in={village for village, _number in wanted},
            number__in={number for _village, number in wanted},
        ).select_related("subject", "grid__branch")
        for home in rows:
            key = (home.grid.division_code, home.number)
            if key in wanted:
                self.places[home.pk] = home
                self._named.setdefault(key, []).append(home.pk)
        heads = {home.pk: str(home.head_id) for home in rows}
        present = Person.objects.filter(household__in=list(self.places), left_on__isnull=True, erased_at__isnull=True)
        for person in present.order_by("pk"):
            member = Member(str(person.pk), person.name, person.relation)
            self._members.setdefault(person.household_id, []).append(member)
        for pk, members in self._members.items():
            members.sort(key=lambda one: one.person != heads[pk])

    def _find_entities(self, model: Any, branch: Branch, wanted: set[Key]) -> None:
        codes = {code for code, _grid, _name in wanted if code}
        names = {name.partition("@")[0] for code, _grid, name in wanted if not code}
        grids = {grid for code, grid, _name in wanted if not code}
        rows = model.objects.filter(
            Q(subject__uscc__in=codes) | Q(grid__name__in=grids, name__in=names), **_in(branch)
        ).select_related("subject", "grid__branch")
        by_code: dict[str, int] = {}
        by_name: dict[tuple[str, str], list[int]] = {}
        for place in rows:
            self.places[place.pk] = place
            if place.subject.uscc:
                by_code[place.subject.uscc] = place.pk
            by_name.setdefault((place.grid.name, place.name), []).append(place.pk)
        for key in wanted:
            code, grid, name = key
            said, _mark, number = name.partition("@")
            if code:
                found = [by_code[code]] if code in by_code else []
            else:
                found = [pk for pk in by_name.get((grid, said), ()) if number in ("", str(pk))]
            if found:
                self._named[key] = found


def _in(branch: Branch) -> dict[str, Any]:
    return {
        "institution_id": branch.institution_id,
        "grid__branch__path__startswith": branch.path,
        "subject__left_on__isnull": True,
    }
