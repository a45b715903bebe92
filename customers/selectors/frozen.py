"""The frozen facts of many households at once, as arrays: what a run of a model reads, set-based and by COPY.

Only what was trusted at an instant is read (``lib.trusted``), and nothing of a household that took its consent back: whoever reads a
part again, and however often, reads the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from config.lib.wire import NO_SMALLINT, decoded
from customers.domain.facts import SEXES
from customers.models import HouseholdFacts
from customers.selectors.consents import withdrawn_among

MISSING = -(2**63)
NO_BIGINT = f"'{MISSING}'::bigint"
SMALL = frozenset(
    field.name for field in HouseholdFacts._meta.concrete_fields if field.get_internal_type() == "SmallIntegerField"
)


@dataclass(frozen=True)
class Scope:
    """Which households, of one village, of a branch and below, or of the institution; active ``on`` a day, by files trusted ``at``."""

    institution_id: int
    on: date
    at: datetime
    branch_path: str = ""
    grid_id: int | None = None


@dataclass(frozen=True)
class Part:
    """Some households of a scope: from one id to another; ``only`` these of them, when given."""

    low: int
    high: int
    only: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Wanted:
    """What to read: facts of the catalogue, places of answers, and ``beside`` the file any of age, age_months, sex, businesses."""

    facts: Sequence[str] = ()
    answers: Sequence[int] = ()
    beside: Sequence[str] = ()


@dataclass(frozen=True)
class Rows:
    """The active households of a part that have a trusted file, ascending. Facts by name, answers by place; MISSING for what the file
    does not say. ``facts_hash`` is two words a household."""

    subject: npt.NDArray[np.int64]
    grid: npt.NDArray[np.int64]
    profile: npt.NDArray[np.int64]
    facts_hash: npt.NDArray[np.uint64]
    facts: dict[str, npt.NDArray[np.int64]]
    answers: dict[int, npt.NDArray[np.int64]]
    beside: dict[str, npt.NDArray[np.int64]]

    def only(self, rows: Any) -> Rows:
        """Some of the households."""
        return Rows(
            self.subject[rows],
            self.grid[rows],
            self.profile[rows],
            self.facts_hash[rows],
            {name: values[rows] for name, values in self.facts.items()},
            {place: values[rows] for place, values in self.answers.items()},
            {name: values[rows] for name, values in self.beside.items()},
        )

    def __len__(self) -> int:
        return len(self.subject)


# --- The statements -----------------------------------------------------------------------------------------------------

_ACTIVE = """subject.institution_id = {bank} and subject.kind = 'household'
  and (subject.listed_on <= {on} or subject.found_on <= {on} or (subject.listed_on is null and subject.found_on is null))
  and (subject.left_on is null or subject.left_on > {on})"""
# The newest revision of each household that is trusted at the instant; later revisions have higher ids. Only ids are grouped and
# looked up; the wide rows of facts pass by once.
_NEWEST = """(select held.subject_id, max(held.profile_id) as profile_id from lib.trusted({at}) as held where {of_held}
          group by held.subject_id) as newest
    join customers_householdfacts as file on file.profile_id = newest.profile_id"""
_BORROWER = """left join customers_household as home on home.subject_id = subject.id
    left join customers_person as borrower on borrower.id = home.borrower_id"""
_BUSINESSES = """left join (
        select person.household_id, count(*) as businesses
        from customers_principal as principal join customers_person as person on person.id = principal.person_id
        join customers_subject as business on business.id = principal.subject_id and business.left_on is null
        where person.household_id between {low} and {high} group by person.household_id
    ) as run on run.household_id = subject.id"""


def _said(sql: str, values: dict[str, Any]) -> str:
    """Put values into a statement: a COPY takes no parameters of its own."""
    with connection.cursor() as cursor:
        quoted = {name: cursor.mogrify("%s", [value]).decode() for name, value in values.items()}
    return sql.format(**quoted)


def _active(scope: Scope) -> str:
    sql = _said(_ACTIVE, {"bank": scope.institution_id, "on": scope.on})
    if scope.grid_id is not None:
        return sql + _said(" and subject.grid_id = {grid}", {"grid": scope.grid_id})
    if scope.branch_path:
        return sql + _said(
            " and subject.grid_id in (select grid.id from grids_grid as grid join grids_branch as branch "
            "on branch.id = grid.branch_id where starts_with(branch.path, {path}))",
            {"path": scope.branch_path},
        )
    return sql


def parts(scope: Scope, size: int) -> list[tuple[Part, int]]:
    """Cut the active households of a scope into ranges of ids, each with at most so many of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select min(subject.id), max(subject.id), count(*) from customers_subject as subject where {_active(scope)} "  # noqa: S608
            f"group by subject.id / {int(size)} order by 1"
        )
        blocks = cursor.fetchall()
    found: list[tuple[Part, int]] = []
    for low, high, count in blocks:
        if found and found[-1][1] + count <= size:
            before, held = found.pop()
            found.append((Part(before.low, high), held + count))
        else:
            found.append((Part(low, high), count))
    return found


def active_among(scope: Scope, subject_ids: Iterable[int]) -> list[int]:
    """Return those of some households that are active in a scope, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select subject.id from customers_subject as subject where {_active(scope)} and subject.id = any (%s) order by 1",  # noqa: S608
            [list(subject_ids)],
        )
        return [pk for (pk,) in cursor.fetchall()]


def read(scope: Scope, part: Part, wanted: Wanted) -> Rows:
    """Return the active households of a part that have a trusted file, with what is wanted of it."""
    columns = [("subject", "int8", "subject.id"), ("grid", "int8", "subject.grid_id")]
    columns += [
        ("profile", "int8", "file.profile_id"),
        ("facts_hash", "uuid", "file.facts_hash"),
    ]
    columns += [(name, *_fact(name)) for name in wanted.facts]
    columns += [
        (f"answer{place}", "int8", f"coalesce(file.answers[{place + 1}], {NO_BIGINT})") for place in wanted.answers
    ]
    columns += [(name, "int2", _beside(name, scope)) for name in wanted.beside]
    data = _copied(_statement(scope, part, wanted, columns))
    rows = decoded(data, [(name, kind) for name, kind, _expression in columns])
    # Column by column: to order whole rows of many fields costs more than everything else here.
    order = np.argsort(rows["subject"].astype(np.int64), kind="stable")

    def column(name: str) -> npt.NDArray[np.int64]:
        return _numbers(rows[name])[order]

    found = Rows(
        column("subject"),
        column("grid"),
        column("profile"),
        np.ascontiguousarray(rows["facts_hash"]).view(np.uint64).reshape(len(rows), 2)[order],
        {name: column(name) for name in wanted.facts},
        {place: column(f"answer{place}") for place in wanted.answers},
        {name: column(name) for name in wanted.beside},
    )
    ended = withdrawn_among() if len(found) else set()
    return found.only(~np.isin(found.subject, np.fromiter(ended, dtype=np.int64))) if ended else found


def _statement(scope: Scope, part: Part, wanted: Wanted, columns: Sequence[tuple[str, str, str]]) -> str:
    some = part.only is not None
    which = "{of} = any ({only}::bigint[])" if some else "{of} between {low} and {high}"
    values: dict[str, Any] = {"low": part.low, "high": part.high, "only": list(part.only or ())}

    def among(column: str) -> str:
        return _said(which.replace("{of}", column), values)

    newest = _said(_NEWEST.replace("{of_held}", among("held.subject_id")), {"at": scope.at})
    joins = _BORROWER if {"age", "age_months", "sex"} & set(wanted.beside) else ""
    joins += " " + _said(_BUSINESSES, values) if "businesses" in wanted.beside else ""
    return (
        f"select {', '.join(expression for _name, _kind, expression in columns)} from {newest} "  # noqa: S608
        f"join customers_subject as subject on subject.id = file.subject_id {joins} "
        f"where {among('file.subject_id')} and {among('subject.id')} and {_active(scope)}"
    )


def _fact(name: str) -> tuple[str, str]:
    if name in SMALL:
        return "int2", f"coalesce(file.{name}, {NO_SMALLINT})::smallint"
    return "int8", f"coalesce(file.{name}, {NO_BIGINT})"


def _beside(name: str, scope: Scope) -> str:
    if name == "age":
        on = _said("{on}::date", {"on": scope.on})
        return f"coalesce(date_part('year', age({on}, borrower.born_on)), {NO_SMALLINT})::smallint"
    if name == "age_months":
        return f"coalesce({months_begun('borrower.born_on', scope.on)}, {NO_SMALLINT})::smallint"
    if name == "sex":
        places = " ".join(f"when '{code}' then {place}" for place, code in enumerate(SEXES))
        return f"(case borrower.sex {places} else {NO_SMALLINT} end)::smallint"
    return "coalesce(run.businesses, 0)::smallint"


def months_begun(born_on: str, day: date) -> str:
    """Return the SQL of the months of life begun on a day, clipped to the month's end, as ``customers.domain.facts.months_begun``."""
    on = _said("{on}::date", {"on": day})
    months = f"((extract(year from {on}) - extract(year from {born_on})) * 12 + extract(month from {on}) - extract(month from {born_on}))::int"
    return f"({months} + (({born_on} + make_interval(months => {months}))::date < {on})::int)"


def _copied(statement: str) -> bytes:
    out = BytesIO()
    with connection.cursor() as cursor:
        # A part is thousands of households: to look each up, as poor statistics may suggest, would cost more than to read them all.
        cursor.execute("set local enable_nestloop = off")
        cursor.copy_expert(f"copy ({statement}) to stdout (format binary)", out)
        cursor.execute("set local enable_nestloop = on")
    return out.getvalue()


def _numbers(values: Any) -> npt.NDArray[np.int64]:
    found = values.astype(np.int64)
    if values.dtype.itemsize == 2:
        found[found == NO_SMALLINT] = MISSING
    return found


# --- Breaches and medians -----------------------------------------------------------------------------------------------

BREACH_COLUMNS = ("days_overdue", "settled", "measure", "what")


def breaches(profile_ids: Sequence[int]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the breaches of some revisions: the revision of each, and its days and codes, MISSING where nothing is said."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select profile_id, {', '.join(f'coalesce({name}, {NO_BIGINT})' for name in BREACH_COLUMNS)} "  # noqa: S608
            "from customers_breachfact where profile_id = any (%s) order by profile_id, place",
            [list(profile_ids)],
        )
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 1 + len(BREACH_COLUMNS))
    return rows[:, 0], rows[:, 1:]


def medians(scope: Scope, names: Sequence[str]) -> dict[int, dict[str, int | None]]:
    """Return the median of some amounts over the trusted files of each village of a scope, in fen, halves rounded away from zero."""
    middle = ", ".join(
        f"percentile_disc(0.5) within group (order by file.{name}), percentile_disc(0.5) within group (order by file.{name} desc)"
        for name in names
    )
    newest = _said(_NEWEST.replace("{of_held}", "true"), {"at": scope.at})
    with connection.cursor() as cursor:
        cursor.execute(
            f"select subject.grid_id, {middle} from {newest} join customers_subject as subject on subject.id = file.subject_id "  # noqa: S608
            f"where {_active(scope)} group by subject.grid_id"
        )
        return {
            grid: {name: _middle(both[2 * place], both[2 * place + 1]) for place, name in enumerate(names)}
            for grid, *both in cursor.fetchall()
        }


def _middle(low: int | None, high: int | None) -> int | None:
    if low is None or high is None:
        return None
    half = Decimal(low + high) / 2
    return int(half.to_integral_value("ROUND_HALF_UP"))
