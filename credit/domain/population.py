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
from credit.domain.model.document import Input, Model, ValueType

BLOCK: Final = 4096
"""Households of one block."""
PLACES: Final = {"money": 2, "ratio": 8}
GROUPS: Final = ("branch", "kind", "age_band", "sex", "village")
"""What a population can be looked at by; all of it is place and kind, nothing of it is a person."""
AGE_BANDS: Final = ((30, "-29"), (40, "30-39"), (50, "40-49"), (60, "50-59"), (200, "60+"))
AGES: Final = tuple(code for _below, code in AGE_BANDS)


VILLAGE_PLACES: Final = "by.village"
ANSWER: Final = "answer."
"""A column so prefixed holds the answers to one question of the bank's own forms, under its place in the register."""


@dataclass(frozen=True)
class Described:
    """What a column holds: the type of its fact, the codes of a choice, and the list of events it belongs to, if any.

    ``at`` is where the question of an answer lies in a file. ``by`` is set on a table: a value for each code of that group, held once.
    """

    type: str
    codes: tuple[str, ...] = ()
    events: str = ""
    at: str = ""
    by: str = ""


@dataclass(frozen=True)
class Held:
    """The column an input is read from; of a question with several ticks, the ``bit`` of the one meant."""

    column: str
    bit: int | None = None


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


def held(entry: Input, columns: Mapping[str, Described]) -> Held | None:
    """Where a population holds an input, by its name and type as a run finds it (``credit.domain.facts``); None: nowhere."""
    if entry.flag_of:
        found = _answer(entry.flag_of, "flags", columns)
        codes = columns[found].codes if found else ()
        return Held(found, codes.index(entry.flag)) if entry.flag in codes else None
    column = columns.get(entry.name)
    if column is not None and not column.events and not column.at:
        return Held(entry.name) if column.type == entry.type.value else None
    found = _answer(entry.name, entry.type.value, columns)
    return Held(found) if found else None


def _answer(at: str, answer_type: str, columns: Mapping[str, Described]) -> str:
    """The column of a question's answers of one type, "" when there is none."""
    return next((name for name, column in columns.items() if column.at == at and column.type == answer_type), "")


def needed(model: Model, columns: Mapping[str, Described]) -> list[str]:
    """The columns a model reads: events bring the columns of their fields, a table the places it is looked up by."""
    wanted: list[str] = []
    for entry in model.inputs:
        if entry.type is ValueType.EVENTS:
            wanted += [name for name, column in columns.items() if column.events == entry.name]
        elif (found := held(entry, columns)) is not None:
            wanted += [name for name in (found.column, columns[found.column].by) if name]
    return list(dict.fromkeys(wanted))


def absent(model: Model, columns: Mapping[str, Described]) -> list[str]:
    """The inputs of a model that a population does not hold; they count as missing for every household."""
    events = {column.events for column in columns.values() if column.events}
    return [
        entry.name
        for entry in model.inputs
        if (entry.name not in events if entry.type is ValueType.EVENTS else held(entry, columns) is None)
    ]


def inputs_of(
    model: Model, columns: Mapping[str, Described], whole: Mapping[str, Column | EventRows]
) -> dict[str, Column | EventRows]:
    """The inputs of a model out of whole columns, by the names the model gives them."""
    found: dict[str, Column | EventRows] = {}
    for entry in model.inputs:
        if entry.type is ValueType.EVENTS:
            if entry.name in whole:
                found[entry.name] = whole[entry.name]
            continue
        where = held(entry, columns)
        column = whole.get(where.column) if where is not None else None
        if where is None or not isinstance(column, Column):
            continue
        if where.bit is not None:
            ticks = column.values
            column = Column(np.where(ticks == MISSING, MISSING, ticks >> where.bit & 1))
        found[entry.name] = column
    return found


def as_facts(
    loaded: Mapping[str, Sequence[Counts]], columns: Mapping[str, Described], sizes: Sequence[int]
) -> dict[str, Column | EventRows]:
    """Whole columns out of their blocks; the events of a block are counted from its first household, a table is looked up."""
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1].tolist()
    facts: dict[str, Column | EventRows] = {}
    events: dict[str, dict[str, Column]] = {}
    households: dict[str, Counts] = {}
    for name, blocks in loaded.items():
        described = columns[name]
        if described.by:
            facts[name] = Column(_looked_up(_joined(blocks), _joined(loaded[described.by])))
            continue
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


def _looked_up(table: Counts, places: Counts) -> Counts:
    """The value of each place; MISSING where a household belongs to none."""
    return np.append(table, MISSING)[np.where(places == MISSING, len(table), places)]


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
