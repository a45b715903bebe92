"""What is filed already of the rows of a roster: set-based look-ups for a batch of thousands, for the matcher."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from customers.domain.roster.checker import Batch
from customers.domain.roster.matching import FiledHousehold, FiledPerson, Found, Keys
from customers.domain.roster.villages import Village
from grids.access import Branch, Grid

INDEX_BYTES = 16

_PERSON = """
    person.id, person.household_id, person.grid_id, coalesce(person.id_index, ''), coalesce(person.phone_index, ''),
    person.name, person.relation, person.sex, coalesce(person.born_on::text, ''), person.left_on is not null,
    subject.listed_on is not null
"""
_HOUSEHOLD = """
    household.subject_id, household.grid_id, household.number, household.group_name, household.address,
    coalesce(household.head_id, 0), subject.listed_on is not null, subject.left_on is not null
"""
# Each look-up is a lateral with a limit: the planner, whose statistics inside a long import are those of an empty table, can
# turn it into nothing but one probe of an index a row. The keys arrive as one block of fixed width: no array of thousands
# of literals to parse. Adding 0 keeps the condition on the id away from the primary key.
_BY_ID = f"""
    select {_PERSON}
    from generate_series(0, %(count)s - 1) as at
    cross join lateral (
        select * from customers_person as one
        where one.institution_id = %(institution)s
          and one.id_index = substring(%(keys)s from at * {INDEX_BYTES} + 1 for {INDEX_BYTES}) and one.id + 0 < %(before)s
        limit 1
    ) as person
    cross join lateral (select * from customers_subject as one where one.id = person.household_id limit 1) as subject
"""  # noqa: S608
_BY_NUMBER = f"""
    select {_HOUSEHOLD}
    from unnest(%(grids)s::bigint[], %(numbers)s::text[]) as wanted (grid_id, number)
    cross join lateral (
        select * from customers_household as one where one.grid_id = wanted.grid_id and one.number = wanted.number limit 1
    ) as household
    cross join lateral (select * from customers_subject as one where one.id = household.subject_id limit 1) as subject
"""  # noqa: S608
_BY_SUBJECT = f"""
    select {_HOUSEHOLD}
    from unnest(%(subjects)s::bigint[]) as wanted (id)
    cross join lateral (select * from customers_household as one where one.subject_id = wanted.id limit 1) as household
    cross join lateral (select * from customers_subject as one where one.id = wanted.id limit 1) as subject
"""  # noqa: S608
_MEMBERS = f"""
    select {_PERSON}
    from unnest(%(subjects)s::bigint[]) as wanted (id)
    cross join lateral (select * from customers_subject as one where one.id = wanted.id limit 1) as subject
    cross join lateral (
        select * from customers_person as one
        where one.household_id = wanted.id and one.erased_at is null and one.id + 0 < %(before)s
        limit 1000
    ) as person
"""  # noqa: S608
_ON_ROSTER = """
    select subject.grid_id, count(distinct subject.id), count(person.id)
    from customers_subject as subject
    left join customers_person as person
      on person.household_id = subject.id and person.left_on is null and person.erased_at is null
    where subject.grid_id = any(%(grids)s) and subject.kind = 'household'
      and subject.listed_on is not null and subject.left_on is null
    group by subject.grid_id
"""


def villages_of(branch: Branch) -> list[Village]:
    """Return the villages and communities a branch may import into: its own active grids and those of the branches below."""
    grids = Grid.objects.filter(
        institution_id=branch.institution_id,
        is_active=True,
        kind__in=[Grid.Kind.VILLAGE, Grid.Kind.COMMUNITY],
        branch__path__startswith=branch.path,
    )
    rows = grids.order_by("pk").values_list("pk", "division_code", "name", "town", "former_names", "predecessor_codes")
    return [Village(pk, code, name, town, tuple(former), tuple(codes)) for pk, code, name, town, former, codes in rows]


@contextmanager
def by_index() -> Iterator[None]:
    """Let look-ups go through indexes: inside a long import the planner's statistics are those of an empty table."""
    switches = ("enable_seqscan", "enable_bitmapscan")
    with connection.cursor() as cursor:
        cursor.execute("select " + ", ".join(f"set_config('{name}', 'off', true)" for name in switches))
        yield
        if not connection.needs_rollback:
            cursor.execute("select " + ", ".join(f"set_config('{name}', 'on', true)" for name in switches))


def is_anybody(institution_id: int) -> bool:
    """Whether anybody or anything of an institution is on file: into an empty one everything is new, without looking."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from customers_subject where institution_id = %s)", [institution_id])
        return bool(cursor.fetchone()[0])


def next_person_id() -> int:
    """Return an id that every person written from now on has or exceeds."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence('customers_person', 'id'))")
        return int(cursor.fetchone()[0])


def find(institution_id: int, batch: Batch, keys: Keys, known: Sequence[int], before: int) -> Found:
    """Return what is filed of a batch. ``known`` are subjects of its households that came in an earlier batch.

    ``before`` leaves out people whom the running import has itself written.
    """
    with connection.cursor() as cursor:
        by_id = _people_by_id(cursor, institution_id, keys.ids, before)
        by_number = _households_by_number(cursor, batch)
        homes = {person.household for person in by_id.values() if not person.home_is_listed}
        unlisted = {home.pk: home for home in _households(cursor, homes) if not home.has_left}
        subjects = {home.pk for home in by_number.values()} | set(unlisted) | set(known)
        members: dict[int, list[FiledPerson]] = {}
        if subjects:
            cursor.execute(_MEMBERS, {"subjects": sorted(subjects), "before": before})
            for row in cursor.fetchall():
                members.setdefault(row[1], []).append(_person(row))
    return Found(by_id, by_number, unlisted, members)


def _people_by_id(cursor: Any, institution_id: int, ids: list[list[bytes]], before: int) -> dict[bytes, FiledPerson]:
    found: dict[bytes, FiledPerson] = {}
    for indexes in ids:
        wanted = [index for index in indexes if index]
        if wanted:
            values = {"count": len(wanted), "institution": institution_id, "keys": b"".join(wanted), "before": before}
            cursor.execute(_BY_ID, values)
            for row in cursor.fetchall():
                person = _person(row)
                found[person.id_index] = person
    return found


def _households_by_number(cursor: Any, batch: Batch) -> dict[tuple[int, str], FiledHousehold]:
    if not batch.households:
        return {}
    cursor.execute(
        _BY_NUMBER,
        {
            "grids": [line.grid_id for line in batch.households],
            "numbers": [line.number for line in batch.households],
        },
    )
    homes = [FiledHousehold(*row) for row in cursor.fetchall()]
    return {(home.grid_id, home.number): home for home in homes}


def _households(cursor: Any, subjects: set[int]) -> list[FiledHousehold]:
    if not subjects:
        return []
    cursor.execute(_BY_SUBJECT, {"subjects": sorted(subjects)})
    return [FiledHousehold(*row) for row in cursor.fetchall()]


def _person(row: tuple[Any, ...]) -> FiledPerson:
    pk, household, grid, id_index, phone_index, *rest = row
    return FiledPerson(pk, household, grid, bytes(id_index), bytes(phone_index), *rest)


def on_roster(grids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return grid -> (households, people) that are on the roster now."""
    with connection.cursor() as cursor:
        cursor.execute(_ON_ROSTER, {"grids": list(grids)})
        return {grid: (households, people) for grid, households, people in cursor.fetchall()}
