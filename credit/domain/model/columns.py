"""Columns of facts: what a set-based evaluation is given, and how a model takes it.

Everything is a whole number in int64: money in fen, ratios in 1e-8, points in 1e-2, truths 0 / 1, choices as places in
a list of codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from config.lib.money import EXACT
from credit.domain.model.compiling import Events, ends_of
from credit.domain.model.document import Input, Parameter, ValueType
from credit.domain.model.evaluation import FactError, ParameterError
from credit.domain.model.evaluation import Value as Shown
from credit.domain.model.scaled import count

MISSING: Final = -(2**63)
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """One fact of many households on the grid of its type; MISSING where the file does not say.

    A choice holds places in ``codes``, which may be another list than the model's. Where several answers may be ticked,
    each is a truth of its own under the name of its input.
    """

    values: Counts
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventRows:
    """The events of many households, one row each: ``household`` is the row of its household, ascending.

    A household without a row has not said anything.
    """

    household: Counts
    fields: Mapping[str, Column]


Facts = Mapping[str, Column | EventRows]


def check_shape(given: Column | EventRows, rows: int) -> None:
    """Refuse with FactError what is not whole numbers in int64, one for each row: a fault of the caller."""
    if isinstance(given, EventRows):
        household = given.household
        check_shape(Column(household), len(household))
        if len(household) and (household[0] < 0 or household[-1] >= rows or (household[1:] < household[:-1]).any()):
            raise FactError(f"the households of events must ascend from 0 to {rows - 1}")
        for column in given.fields.values():
            check_shape(column, len(household))
    elif not isinstance(given.values, np.ndarray) or given.values.dtype != np.int64 or given.values.shape != (rows,):
        raise FactError(f"{rows} whole numbers in int64 are needed")


def part_of(facts: Facts, start: int, stop: int) -> Facts:
    """The facts of the households from row ``start`` to ``stop``, as if there were no others."""
    return {name: _part(given, start, stop) for name, given in facts.items()}


def _part(given: Column | EventRows, start: int, stop: int) -> Column | EventRows:
    if isinstance(given, Column):
        return Column(given.values[start:stop], given.codes)
    first, last = (int(place) for place in np.searchsorted(given.household, [start, stop]))
    fields = {name: Column(field.values[first:last], field.codes) for name, field in given.fields.items()}
    return EventRows(given.household[first:last] - start, fields)


@dataclass(frozen=True)
class Taken:
    """A fact that can be computed with in every row, and the rows where it could not."""

    values: Any
    missing: Flags | bool
    outside: Flags | bool


def decimal_of(number: int, places: int) -> Decimal:
    return Decimal(number).scaleb(-places, EXACT)


def take_fact(entry: Input, given: Column | EventRows | None, rows: int) -> Taken:
    """One fact of all households; where it is missing or outside its range stands something that is inside."""
    if given is None:
        dtype = np.bool_ if entry.type is ValueType.BOOL else np.int64
        return Taken(np.full(rows, _stand_in(entry), dtype=dtype), missing=True, outside=False)
    if isinstance(given, EventRows):
        raise FactError(f"{entry.name}: events where one value is needed")
    values = given.values
    codes = given.codes if entry.type is ValueType.CHOICE else ("false", "true")
    low, high = ends_of(entry.kind) if entry.type.is_number else (0, len(codes) - 1)
    missing: Any = False
    outside: Any = False
    unfit = (values < low) | (values > high)
    if unfit.any():
        missing = values == MISSING
        outside = unfit & ~missing
        if not entry.type.is_number and outside.any():
            raise FactError(f"{entry.name}: a value that is none of {', '.join(codes)}")
    if entry.type is ValueType.CHOICE and codes != entry.kind.codes:
        places = {code: place for place, code in enumerate(entry.kind.codes)}
        # A missing value reads the last place.
        table = np.array([*(places.get(code, -1) for code in codes), -1], dtype=np.int64)
        values = table[np.where(missing, -1, values)]
        outside = (values < 0) & ~np.asarray(missing)
    if missing is not False or outside is not False:
        values = np.where(np.logical_or(missing, outside), _stand_in(entry), values)
    return Taken(values == 1 if entry.type is ValueType.BOOL else values, missing, outside)


def _stand_in(entry: Input) -> int:
    """The default of an input on its grid, or a value of its range where it has none."""
    if entry.type is ValueType.CHOICE:
        return entry.kind.codes.index(str(entry.default)) if entry.default is not None else 0
    if isinstance(entry.default, Decimal):
        return count(entry.default, entry.type.places)
    if entry.type.is_number:
        return ends_of(entry.kind)[0]
    return int(entry.default is True)


def take_events(entry: Input, given: Column | EventRows | None, rows: int) -> Taken:
    """The events of all households; a list with an event that is incomplete or outside its range is outside."""
    if isinstance(given, Column):
        raise FactError(f"{entry.name}: one value where events are needed")
    household = np.zeros(0, dtype=np.int64) if given is None else given.household
    events = len(household)
    fields = {}
    broken = np.zeros(events, dtype=np.bool_)
    for part in entry.fields:
        taken = take_fact(part, None if given is None else given.fields.get(part.name), events)
        fields[part.name] = taken.values
        broken |= taken.missing | taken.outside
    counted = np.bincount(household, minlength=rows)
    outside = counted > entry.at_most
    outside[household[broken]] = True
    return Taken(Events(household, fields, rows), counted == 0, outside)


def of_complete(events: Events, complete: Flags) -> Events:
    """Without the events of households that end without a line: their sums are not bounded."""
    kept = complete[events.household]
    if kept.all():
        return events
    return Events(
        events.household[kept], {name: values[kept] for name, values in events.fields.items()}, events.households
    )


def take_parameter(parameter: Parameter, given: Column | EventRows | None, rows: int) -> Counts:
    """A parameter that differs from row to row; like the reference it has to lie in its range."""
    values = given.values if isinstance(given, Column) else np.full(rows, MISSING, dtype=np.int64)
    places = parameter.type.places
    if parameter.default is not None:
        values = np.where(values == MISSING, count(parameter.default, places), values)
    low, high = ends_of(parameter.kind)
    if ((values < low) | (values > high)).any():
        raise ParameterError(f"{parameter.name} is not released or outside its range in some row")
    return values


def shown_fact(entry: Input, given: Column | EventRows | None, row: int) -> Shown | None:
    """A fact as it was given, or None."""
    if isinstance(given, EventRows):
        first, last = np.searchsorted(given.household, [row, row + 1])
        events = [
            {part.name: shown_fact(part, given.fields.get(part.name), event) for part in entry.fields}
            for event in range(first, last)
        ]
        return tuple(events) or None
    if given is None or (number := int(given.values[row])) == MISSING:
        return None
    if entry.type is ValueType.CHOICE:
        return given.codes[number]
    return bool(number) if entry.type is ValueType.BOOL else decimal_of(number, entry.type.places)
