"""Write tables as .xlsx: bilingual headings, text cells for identifiers, nothing ever taken for a formula.

The file is a function of its input alone: the same table gives the same bytes, on any machine, at any time.
"""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from config.lib.ratios import Ratio
from config.lib.tables import Cell, Column, Role, Row, Shape, Table, Words, cell_text, wan_shown

ACCENT, RULE, SHADE, INK, MUTED = "#1F5C46", "#C9D2CC", "#EEF3F0", "#1B1F1D", "#5E6A64"
FONT = "Microsoft YaHei"
ROW_LIMIT = 1_048_576  # rows an .xlsx sheet can hold

_FORMATS = {
    Shape.COUNT: "#,##0",
    Shape.CHANGE: "+#,##0;−#,##0;0",
    Shape.YUAN: "#,##0.00",
    Shape.WAN: "#,##0.00",
    Shape.RATIO: '0.00" %"',
    Shape.NUMBER: "#,##0.0",
    Shape.DAY: "yyyy-mm-dd",
    Shape.TEXT: "@",
    Shape.CODE: "@",
}
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet: a table under its title and stamps (week, as of, frozen or not), all in both languages."""

    table: Table
    name: str = ""
    stamps: Sequence[Words] = field(default=())


def write_workbook(sheets: Sequence[Sheet], *, language: str, created: datetime, author: str = "") -> bytes:
    """Return an .xlsx file.

    `language` decides which of the two languages stands first. `created` is the instant the data was cut, not the time
    of writing. Money in 万元 columns is written as 万元, ratios as percent, both already rounded as shown on the page.
    """
    if not sheets:
        raise ValueError("a workbook needs at least one sheet")
    buffer = io.BytesIO()
    options = {
        "in_memory": True,  # customer data never rests in a temporary file
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"author": author, "created": created.astimezone(UTC).replace(tzinfo=None)})
        formats = _Formats(book)
        taken: set[str] = set()
        for sheet in sheets:
            name = _sheet_name(sheet.name or sheet.table.title.of(language), taken)
            _write(book.add_worksheet(name), sheet, formats, language)
    return buffer.getvalue()


class _Formats:
    """Cell formats by role and shape, made once each."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[Role, Shape], Any] = {}
        base = {"font_name": FONT, "font_color": INK, "valign": "vcenter"}
        self.title = book.add_format({**base, "bold": True, "font_size": 15, "font_color": ACCENT})
        self.stamp = book.add_format({**base, "font_size": 9, "font_color": MUTED})
        self.head = book.add_format(
            {**base, "bold": True, "font_size": 9, "align": "center", "text_wrap": True, "bg_color": SHADE,
             "border": 1, "border_color": RULE}
        )  # fmt: skip

    def cell(self, role: Role, shape: Shape) -> Any:
        if (role, shape) not in self._made:
            look = {
                "font_name": FONT, "font_size": 10, "valign": "vcenter", "num_format": _FORMATS[shape],
                "align": "right" if shape.is_figure else "left", "bottom": 1, "bottom_color": RULE,
                "font_color": MUTED if role is Role.MINUS else INK,
            }  # fmt: skip
            if role is Role.TOTAL:
                look |= {"bold": True, "top": 2, "top_color": ACCENT, "bg_color": SHADE}
            if role is Role.MINUS:
                look |= {"italic": True}
            self._made[role, shape] = self._book.add_format(look)
        return self._made[role, shape]


def _write(page: Any, sheet: Sheet, formats: _Formats, language: str) -> None:
    table = sheet.table
    columns = list(table.columns)
    page.hide_gridlines(2)
    for index, column in enumerate(columns):
        page.set_column(index, index, max(column.width, 6) * 1.15)
    page.set_row(0, 26)
    page.write_string(0, 0, _clean(_both(table.title, language, " ")), formats.title)
    line = 1
    for stamp in (*sheet.stamps, *table.notes):
        page.write_string(line, 0, _clean(_both(stamp, language, "  ")), formats.stamp)
        line += 1
    head = line + 1  # one blank row between stamps and table
    body = _write_head(page, table, formats, language, head)
    last = body
    for last, row in enumerate(table.rows, start=body):
        if last >= ROW_LIMIT:
            raise ValueError(f"{len(table.rows):,} rows do not fit a sheet of {ROW_LIMIT:,}")
        _write_row(page, last, row, columns, formats, language)
    page.freeze_panes(body, _fixed_columns(columns))
    if table.rows:
        page.autofilter(body - 1, 0, last, len(columns) - 1)
    page.repeat_rows(head, body - 1)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.fit_to_pages(1, 0)
    page.set_footer("&L&8格档 Gedang&R&8&P / &N")


def _write_head(page: Any, table: Table, formats: _Formats, language: str, head: int) -> int:
    """Write one heading row, or two when columns share headings; return the first row of the body."""
    groups = table.groups()
    two = any(group is not None for group, _ in groups)
    at = 0
    for group, columns in groups if two else ():
        text = _clean(_both(group, language, "\n")) if group else ""
        if len(columns) > 1:
            page.merge_range(head, at, head, at + len(columns) - 1, text, formats.head)
        else:
            page.write_string(head, at, text, formats.head)
        at += len(columns)
    low = head + two
    if two:
        page.set_row(head, 30)
    page.set_row(low, 42)
    for index, column in enumerate(table.columns):
        page.write_string(low, index, _clean(_both(column.name, language, "\n")), formats.head)
    return low + 1


def _write_row(page: Any, line: int, row: Row, columns: Iterable[Column], formats: _Formats, language: str) -> None:
    for index, column in enumerate(columns):
        value = row.cells.get(column.key)
        look = formats.cell(row.role, column.shape)
        number = _number(column.shape, value)
        if number is not None:
            page.write_number(line, index, number, look)
        elif column.shape is Shape.DAY and isinstance(value, date) and not isinstance(value, datetime):
            page.write_datetime(line, index, datetime(value.year, value.month, value.day), look)  # noqa: DTZ001
        else:
            page.write_string(line, index, _clean(cell_text(column.shape, value, language)), look)


def _number(shape: Shape, value: Cell) -> float | int | None:
    """Return what a figure cell holds, rounded as shown; None where the cell is text (identifiers above all)."""
    if not shape.is_figure or value is None or isinstance(value, str | date):
        return None
    if isinstance(value, Ratio):
        return None if value.percent is None else float(value.percent)
    if shape is Shape.WAN:
        return float(wan_shown(value))
    return float(value) if isinstance(value, Decimal) else value


def _fixed_columns(columns: Sequence[Column]) -> int:
    """Keep the columns up to the name in sight while scrolling sideways."""
    return next((index + 1 for index, column in enumerate(columns) if column.key == "name"), 1)


def _both(words: Words, language: str, between: str) -> str:
    first, second = (words.zh, words.en) if language.startswith("zh") else (words.en, words.zh)
    return first if first == second or not second else f"{first}{between}{second}"


def _clean(text: str) -> str:
    """Drop what XML cannot hold; a stray control character in a name must not spoil the file."""
    return _NOT_IN_XML.sub("", text)


def _sheet_name(wanted: str, taken: set[str]) -> str:
    name = _NOT_IN_A_NAME.sub(" ", _clean(wanted)).strip()[:31] or "Sheet"
    unique, count = name, 1
    while unique.lower() in taken:
        count += 1
        unique = f"{name[: 31 - len(str(count)) - 1]} {count}"
    taken.add(unique.lower())
    return unique
