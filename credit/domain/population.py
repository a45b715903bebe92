"""Columns of a frozen population as bytes, and facts of one household out of them. Pure.

A column is packed in the narrowest whole numbers that hold it, little-endian, the lowest of them standing for MISSING; the first
byte says their width. No identity is ever a column: a household is its number, its place in the order it was drawn in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np

from credit.domain.model.batch import MISSING
from credit.domain.model.columns import Column, Counts, EventRows
from credit.domain.model.document import Model, ValueType

BLOCK: Final = 4096
"""Households of one block."""
PLACES: Final = {"money": 2, "ratio": 8}
GROUPS: Final = ("branch", "kind", "age_band", "sex", "village")
"""What a population can be looked at by; all of it is place and kind, nothing of it is a person."""
AGE_BANDS: Final = ((30, "-29"), (40, "30-39"), (50, "40-49"), (60, "50-59"), (200, "60+"))
AGES: Final = tuple(code for _below, code in AGE_BANDS)


@dataclass(frozen=True)
class Described:
    """What a column holds: the type of its fact, the codes of a choice, and the list of events it belongs to, if any."""

    type: str
    codes: tuple[str, ...] = ()
    events: str = ""


def pack(values: Counts) -> bytes:
    """Pack whole numbers; MISSING stays MISSING."""
    known = values[values != MISSING]
    low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    width = next(width for width in (1, 2, 4, 8) if -(2 ** (8 * width - 1)) < low and high < 2 ** (8 * width - 1))
    packed = np.where(values == MISSING, -(2 ** (8 * width - 1)), values).astype(f"<i{width}")
    return bytes([width]) + packed.tobytes()


def unpack(data: bytes | memoryview) -> Counts:
    """Return what was packed."""
    data = memoryview(data).cast("B")
    width = data[0]
    packed = np.frombuffer(data, dtype=f"<i{width}", offset=1)
    values = packed.astype(np.int64)
    if width < 8:
        values[packed == -(2 ** (8 * width - 1))] = MISSING
    return values


def age_band(age: int | None) -> int:
    """The place of an age in AGES, MISSING when it is not known."""
    return MISSING if age is None else next(place for place, (below, _code) in enumerate(AGE_BANDS) if age < below)


def needed(model: Model, columns: Mapping[str, Described]) -> list[str]:
    """The columns a model reads: those of its inputs whose type agrees; events bring the columns of their fields."""
    wanted = []
    for entry in model.inputs:
        if entry.type is ValueType.EVENTS:
            wanted += [name for name, column in columns.items() if column.events == entry.name]
        elif is_held(entry.name, entry.type, columns):
            wanted.append(entry.name)
    return wanted


def absent(model: Model, columns: Mapping[str, Described]) -> list[str]:
    """The inputs of a model that a population does not hold; they count as missing for every household."""
    events = {column.events for column in columns.values() if column.events}
    return [
        entry.name
        for entry in model.inputs
        if (
            entry.name not in events if entry.type is ValueType.EVENTS else not is_held(entry.name, entry.type, columns)
        )
    ]


def is_held(name: str, value_type: ValueType, columns: Mapping[str, Described]) -> bool:
    """Whether a population holds a fact under its name and type."""
    return name in columns and columns[name].type == value_type.value and not columns[name].events


def as_facts(
    loaded: Mapping[str, Sequence[Counts]], columns: Mapping[str, Described], sizes: Sequence[int]
) -> dict[str, Column | EventRows]:
    """Whole columns out of their blocks; the events of a block are counted from its first household."""
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1].tolist()
    facts: dict[str, Column | EventRows] = {}
    events: dict[str, dict[str, Column]] = {}
    households: dict[str, Counts] = {}
    for name, blocks in loaded.items():
        described = columns[name]
        if not described.events:
            facts[name] = Column(_joined(blocks), described.codes)
            continue
        field = name.partition(".")[2]
        if field == "household":
            households[described.events] = _joined([block + start for block, start in zip(blocks, starts, strict=True)])
        else:
            events.setdefault(described.events, {})[field] = Column(_joined(blocks), described.codes)
    for name, at in households.items():
        facts[name] = EventRows(at, events.get(name, {}))
    return facts


def _joined(blocks: Sequence[Counts]) -> Counts:
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.int64)


def facts_at(facts: Mapping[str, Column | EventRows], model: Model, row: int) -> dict[str, Any]:
    """The facts of one household as the reference evaluator takes them; what is missing is None."""
    found: dict[str, Any] = {}
    for entry in model.inputs:
        given = facts.get(entry.name)
        if isinstance(given, EventRows):
            rows = np.flatnonzero(given.household == row).tolist()
            found[entry.name] = [
                {name: _value(column, one, _type(entry.fields, name)) for name, column in given.fields.items()}
                for one in rows
            ] or None
        elif isinstance(given, Column):
            found[entry.name] = _value(given, row, entry.type)
    return found


def _type(fields: Sequence[Any], name: str) -> ValueType:
    return next((field.type for field in fields if field.name == name), ValueType.INT)


def _value(column: Column, row: int, value_type: ValueType) -> Decimal | bool | str | None:
    value = int(column.values[row])
    if value == MISSING:
        return None
    if value_type is ValueType.CHOICE:
        return column.codes[value]
    if value_type is ValueType.BOOL:
        return bool(value)
    return Decimal(value).scaleb(-value_type.places)
