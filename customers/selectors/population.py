"""Households drawn for a frozen population of the laboratory: facts and places, without anything that names a household.

The order is by a hash of the household and a seed: it can be drawn again, in parts, and says nothing of who stands where.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from customers.domain.facts import CATALOGUE
from customers.selectors.consents import withdrawn_among
from customers.selectors.frozen import months_begun

_KEY = (
    "('x' || substr(encode(sha256(convert_to(%(seed)s || ':' || subject.id, 'UTF8')), 'hex'), 1, 15))::bit(60)::bigint"
)
_DRAWN = f"""
    from customers_subject as subject
    join customers_household as home on home.subject_id = subject.id
    join grids_grid as grid on grid.id = subject.grid_id
    join grids_branch as branch on branch.id = grid.branch_id
    join (
        select distinct on (facts.subject_id) facts.*
        from customers_householdfacts as facts join lib.trusted(%(at)s) as held on held.profile_id = facts.profile_id
        where facts.institution_id = %(institution)s
        order by facts.subject_id, facts.number desc
    ) as file on file.subject_id = subject.id
    join customers_profile as profile on profile.id = file.profile_id
    left join lib_release as form on form.id = profile.form_id
    left join customers_person as borrower on borrower.id = home.borrower_id
    cross join lateral (select {_KEY} as place) as drawn
    where subject.institution_id = %(institution)s and subject.kind = 'household'
      and (subject.listed_on <= %(on)s or subject.found_on <= %(on)s or (subject.listed_on is null and subject.found_on is null))
      and (subject.left_on is null or subject.left_on > %(on)s)
      and subject.id <> all (%(ended)s)
      and (cardinality(%(paths)s::text[]) = 0 or exists (select from unnest(%(paths)s::text[]) as path where starts_with(branch.path, path)))
"""  # noqa: S608  the parts are constants of this file
_BUSINESSES = """(
    select count(*) from customers_principal as principal join customers_person as person on person.id = principal.person_id
    join customers_subject as business on business.id = principal.subject_id and business.left_on is null
    where person.household_id = subject.id)"""


@dataclass(frozen=True)
class Draw:
    """What a population is drawn from: the households of an institution, or of branches and below, by files trusted at an instant."""

    institution_id: int
    at: datetime
    on: date
    seed: str
    branch_paths: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """The values of the statement."""
        return {
            "institution": self.institution_id,
            "at": self.at,
            "on": self.on,
            "seed": self.seed,
            "paths": list(self.branch_paths),
            "ended": sorted(withdrawn_among()),
        }


def keys(draw: Draw, most: int | None) -> list[int]:
    """Return the places of the households in their order, of the first ``most`` or of all."""
    with connection.cursor() as cursor:
        cursor.execute(f"select drawn.place {_DRAWN} order by 1 limit %(most)s", draw.values() | {"most": most})
        return [place for (place,) in cursor.fetchall()]


def groups(draw: Draw) -> dict[str, list[str]]:
    """Return the branches and kinds of file that occur, by name, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select array_agg(distinct branch.name), array_agg(distinct coalesce(form.key, 'farm_household')) {_DRAWN}",
            draw.values(),
        )
        branch, kind = cursor.fetchone()
    return {"branch": sorted(branch or ()), "kind": sorted(kind or ())}


def villages(draw: Draw) -> list[tuple[int, str]]:
    """Return the villages that occur, with their names in order; two of one name say their branch."""
    with connection.cursor() as cursor:
        cursor.execute(f"select distinct grid.id, grid.town || grid.name, branch.name {_DRAWN}", draw.values())
        found = cursor.fetchall()
    times = Counter(name for _grid, name, _branch in found)
    named = [(grid, f"{name}（{branch}）" if times[name] > 1 else name) for grid, name, branch in found]
    return sorted(named, key=lambda one: (one[1], one[0]))


def rows(draw: Draw, low: int, high: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the names of the columns and the households from one place of the order to another, both included.

    Beside the facts of the catalogue and the answers to the bank's own questions: ``subject``, ``profile`` and ``grid``, which nobody may
    keep, and what groups them.
    """
    names = [*CATALOGUE]
    told = ", ".join(f"file.{name}" for name in names)
    statement = (
        "select subject.id, file.profile_id, branch.name, grid.id, coalesce(form.key, 'farm_household'), "
        f"borrower.sex, date_part('year', age(%(on)s, borrower.born_on))::int, {months_begun('borrower.born_on', draw.on)}, {_BUSINESSES}, file.answers, {told} "
        f"{_DRAWN} and drawn.place between %(low)s and %(high)s order by drawn.place"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, draw.values() | {"low": low, "high": high})
        found = cursor.fetchall()
    return [
        "subject",
        "profile",
        "branch",
        "grid",
        "kind",
        "sex",
        "age",
        "age_months",
        "businesses",
        "answers",
        *names,
    ], found


def breaches(profile_ids: Sequence[int]) -> dict[int, list[tuple[int | None, ...]]]:
    """Return the breaches of revisions in the file's order: days overdue, settled, measure, subject as stored."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select profile_id, days_overdue, settled, measure, what from customers_breachfact "
            "where profile_id = any (%s) order by profile_id, place",
            [list(profile_ids)],
        )
        found: dict[int, list[tuple[int | None, ...]]] = {}
        for profile, *parts in cursor.fetchall():
            found.setdefault(profile, []).append(tuple(parts))
    return found
