"""A table before it is a page, a spreadsheet or a paper: columns, typed cells, and one way to write each kind of cell.

Page, xlsx and PDF are all made from the same `Table`, so that they look and read the same. Framework-free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from config.lib.money import in_wan, round_places
from config.lib.ratios import NOTHING, Ratio
from config.lib.weeks import instant_label

Cell = str | int | Decimal | Ratio | date | datetime | None


class Words(NamedTuple):
    """A fixed text in both languages."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """Return the text in Chinese ("zh...") or English."""
        return self.zh if language.startswith("zh") else self.en


class Shape(StrEnum):
    """What the cells of a column hold, and so how they are written and aligned."""

    TEXT = "text"
    CODE = "code"  # identifiers: always text, never a number, however digit-like
    COUNT = "count"  # 1,234
    CHANGE = "change"  # +12, −3, 0
    YUAN = "yuan"  # Decimal yuan, shown in yuan with 2 decimals
    WAN = "wan"  # Decimal yuan, shown in 万元 with 2 decimals
    RATIO = "ratio"  # Ratio, shown in percent with 2 decimals
    NUMBER = "number"  # Decimal, 1 decimal
    DAY = "day"

    @property
    def is_figure(self) -> bool:
        """Figures are set flush right."""
        return self not in (Shape.TEXT, Shape.CODE, Shape.DAY)


class Role(StrEnum):
    """The part a row plays."""

    BODY = "body"
    TOTAL = "total"
    MINUS = "minus"  # the negative line of what was withdrawn


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; neighbours with the same `group` share a heading. `width` is in Latin characters."""

    key: str
    name: Words
    shape: Shape = Shape.TEXT
    group: Words | None = None
    width: int = 10


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row; `key` names what it is about, so that a page can link each figure to its list."""

    cells: Mapping[str, Cell]
    key: str = ""
    role: Role = Role.BODY


@dataclass(frozen=True, kw_only=True)
class Table:
    """A titled table with notes that stand beneath it (units, denominators)."""

    title: Words
    columns: Sequence[Column]
    rows: Sequence[Row]
    notes: Sequence[Words] = field(default=())

    def groups(self) -> list[tuple[Words | None, list[Column]]]:
        """Return the columns bundled by their shared headings, in order."""
        bundles: list[tuple[Words | None, list[Column]]] = []
        for column in self.columns:
            if bundles and column.group is not None and bundles[-1][0] == column.group:
                bundles[-1][1].append(column)
            else:
                bundles.append((column.group, [column]))
        return bundles


def cell_text(shape: Shape, value: Cell, language: str) -> str:
    """Write a cell the one way it is written everywhere; a missing figure is a dash, a missing text is empty."""
    if value is None:
        return NOTHING if shape.is_figure else ""
    if isinstance(value, Ratio):
        return str(value)
    if isinstance(value, datetime):
        return instant_label(value, language)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    match shape:
        case Shape.CHANGE:
            return f"{value:+,}".replace("-", "−") if value else "0"
        case Shape.YUAN:
            return _signed(round_places(value, 2), 2)
        case Shape.WAN:
            return _signed(wan_shown(value), 2)
        case Shape.NUMBER:
            return _signed(round_places(value, 1), 1)
        case _:
            return f"{value:,}".replace("-", "−")


def wan_shown(amount: Decimal | int) -> Decimal:
    """Return yuan in 万元 with 2 decimals, rounded half-up, for display only."""
    return round_places(in_wan(Decimal(amount)), 2)


def _signed(value: Decimal, places: int) -> str:
    return f"{value:,.{places}f}".replace("-", "−")


def paper(table: Table, language: str) -> dict[str, object]:
    """Return the table as plain data with every cell written: what the PDF templates and the page template read.

    {"title", "notes": [..], "groups": [{"name", "span"}], "columns": [{"key", "name", "width", "figure"}],
    "rows": [{"key", "role", "cells": [text, ..]}]}; a column without a group has a nameless group of span 1.
    """
    return {
        "title": table.title.of(language),
        "notes": [note.of(language) for note in table.notes],
        "groups": [
            {"name": group.of(language) if group else "", "span": len(columns)} for group, columns in table.groups()
        ],
        "columns": [
            {
                "key": column.key,
                "name": column.name.of(language),
                "width": column.width,
                "figure": column.shape.is_figure,
            }
            for column in table.columns
        ],
        "rows": [
            {
                "key": row.key,
                "role": row.role.value,
                "cells": [cell_text(column.shape, row.cells.get(column.key), language) for column in table.columns],
            }
            for row in table.rows
        ],
    }
