"""Roster files of Excel: a survey of the raw cells first, in bounded memory, then the values, row by row.

The reader library gives values only: a formula looks like its last result, and one cell far out makes it reserve everything in
between. So each sheet's XML is streamed once beforehand: too large, too wide or hostile files are refused before they cost
memory, and formula cells are known by place.
"""

import datetime
import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Final
from xml.etree import ElementTree

import numpy as np
import python_calamine

from customers.domain.roster.columns import HEADER_WITHIN, HOUSEHOLDS, Form, Header, find_header, letter
from customers.domain.roster.problems import LONGEST_VALUE, Problem, refused
from customers.domain.roster.table import CHUNK_ROWS, FLAWED, Chunk, make_chunk

MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 100
# The reader library reserves a rectangle of cells: these many fit the memory that an import may take.
MOST_CELLS: Final = 8_000_000
MOST_ENTRIES: Final = 2_000
MOST_MERGES: Final = 100_000
MOST_FORMULAS: Final = 2_000_000
LARGEST_ENTRY: Final = 600 * 2**20
LARGEST_SHARED: Final = 160 * 2**20
LARGEST_PART: Final = 4 * 2**20
LARGEST_WHOLE: Final = 1000 * 2**20
# Deflate reaches 1:1000; sheets of formatted blanks reach 1:200.
WORST_RATIO: Final = 400
_RATIO_MATTERS: Final = 20 * 2**20
_BLOCK: Final = 1 << 20
_LONGEST_ROW: Final = 8 * 2**20
# A float holds whole numbers exactly up to here; longer figures have lost digits.
_EXACT: Final = 2**53

_RELATION: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}"


@dataclass(slots=True)
class Survey:
    """What the raw XML of one sheet tells: the last row with a value, the widest column, formula cells (column letters -> rows)."""

    last_row: int = 0
    columns: int = 26
    formulas: dict[str, list[int]] = field(default_factory=dict)


class Workbook:
    """A roster in the one visible sheet of a workbook that has a roster's header."""

    kind = "xlsx"

    def __init__(self, file: BinaryIO, *, vetted: bool = False, form: Form = HOUSEHOLDS) -> None:
        surveys = {} if vetted else survey(file)
        file.seek(0)
        try:
            book = python_calamine.load_workbook(file)
            visible = [
                sheet.name
                for sheet in book.sheets_metadata
                if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
                and sheet.visible == python_calamine.SheetVisibleEnum.Visible
            ]
            self._sheet, self.header = _roster_sheet(book, visible, form)
        except python_calamine.PasswordError as error:
            raise refused("file_password") from error
        except (python_calamine.CalamineError, OSError, ValueError) as error:
            raise refused("file_damaged") from error
        self._formulas = surveys.get(self._sheet.name, Survey()).formulas

    def height(self) -> int:
        """About how many rows there are, for the progress."""
        return int(self._sheet.total_height)

    def chunks(self) -> Iterator[Chunk]:
        """The data rows in order, blank rows left out; at most `MOST_ROWS` of them."""
        places = self.header.places
        formulas = {
            name: set(self._formulas[letter(place)])
            for name, place in places.items()
            if letter(place) in self._formulas
        }
        merged = _merged(self._sheet.merged_cell_ranges or [], self.header)
        start_column = (self._sheet.start or (0, 0))[1]
        values = _rows(self._sheet)
        next(islice(values, self.header.row, self.header.row), None)
        first, seen = self.header.row + 1, 0
        while records := list(islice(values, CHUNK_ROWS)):
            problems: list[Problem] = []
            rows = np.arange(first, first + len(records), dtype=np.int32)
            columns: dict[str, list[str]] = {}
            for name, place in places.items():
                at = place - start_column
                cells: list[Any] = (
                    [record[at] for record in records] if 0 <= at < len(records[0]) else [""] * len(records)
                )
                texts = cells if set(map(type, cells)) == {str} else _texts(name, cells, first, problems)
                _flag(texts, first, formulas.get(name, ()), Problem(0, name, "formula_cell"), problems)
                for row, span in merged.get(name, {}).items():
                    _flag(texts, first, (row,), Problem(0, name, "merged_cells", span), problems)
                columns[name] = texts
            first += len(records)
            chunk = make_chunk(rows, columns, problems)
            seen += len(chunk.rows)
            if seen > MOST_ROWS:
                raise refused("too_many_rows", also=str(MOST_ROWS))
            if len(chunk.rows):
                yield chunk
        if not seen:
            raise refused("no_rows")


def _rows(sheet: python_calamine.CalamineSheet) -> Iterator[list[Any]]:
    return iter(sheet.iter_rows())


def _roster_sheet(
    book: python_calamine.CalamineWorkbook, names: Sequence[str], form: Form
) -> tuple[python_calamine.CalamineSheet, Header]:
    found: list[tuple[python_calamine.CalamineSheet, Header]] = []
    shown = ""
    for name in names:
        sheet = book.get_sheet_by_name(name)
        if sheet.start is None:
            continue
        column = sheet.start[1]  # rows are given from the first one on, columns from the first used one
        top = [
            (i, [""] * column + ["" if cell is None else str(cell) for cell in cells])
            for i, cells in enumerate(islice(_rows(sheet), HEADER_WITHIN), start=1)
        ]
        header = find_header(top, form)
        if header is not None:
            found.append((sheet, header))
        shown = shown or next((" ".join(filter(None, cells)) for _, cells in top if any(cells)), "")
    if len(found) > 1:
        raise refused("several_sheets", "、".join(sheet.name for sheet, _ in found))
    if not found:
        raise refused("header_not_found" if shown else "file_empty", shown[:LONGEST_VALUE], also="xlsx")
    return found[0]


def _flag(texts: list[str], first: int, rows: Any, like: Problem, problems: list[Problem]) -> None:
    for row in rows:
        if first <= row < first + len(texts):
            problems.append(like._replace(row=row))
            texts[row - first] = FLAWED


def _merged(ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]], header: Header) -> dict[str, dict[int, str]]:
    """Field -> row -> range, for every cell below the header that a merged range covers."""
    found: dict[str, dict[int, str]] = {}
    for (top, left), (bottom, right) in ranges:
        if bottom < header.row:
            continue
        span = f"{letter(left)}{top + 1}:{letter(right)}{bottom + 1}"
        for name, place in header.places.items():
            if left <= place <= right:
                covered = found.setdefault(name, {})
                covered.update(dict.fromkeys(range(max(top, header.row) + 1, min(bottom, MOST_ROWS * 2) + 2), span))
    return found


def _texts(name: str, cells: list[Any], first: int, problems: list[Problem]) -> list[str]:
    """Cells of one column as text; what lost its meaning inside the spreadsheet is reported."""
    texts: list[str] = []
    for i, cell in enumerate(cells):
        if isinstance(cell, str):
            texts.append(cell)
            continue
        text, code, shown = _text(name, cell)
        if code:
            problems.append(Problem(first + i, name, code, shown))
        texts.append(text)
    return texts


def _text(name: str, cell: Any) -> tuple[str, str, str]:
    """Text of one cell that is no text, or a finding: (text, code, what to show)."""
    if cell is None:
        return "", "", ""
    if isinstance(cell, bool):
        return ("TRUE" if cell else "FALSE"), "", ""
    if isinstance(cell, (int, float)):
        if abs(cell) >= _EXACT:
            return FLAWED, "id_as_number" if name == "id_number" else "number_rounded", f"{cell:.5E}"
        return (str(int(cell)) if cell == int(cell) else repr(cell)), "", ""
    if isinstance(cell, (datetime.date, datetime.datetime)):
        if name in ("birth_date", "founded_on"):
            return cell.strftime("%Y-%m-%d"), "", ""
        return FLAWED, "cell_is_date", cell.strftime("%Y-%m-%d")
    return FLAWED, "cell_is_date", str(cell)


def survey(file: BinaryIO) -> dict[str, Survey]:
    """Survey every worksheet by its name; refuse what is too large, too wide or not what it says it is."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            _weigh(archive)
            paths = _sheet_paths(archive)
            names = set(archive.namelist())
            for path in names - set(paths.values()):
                if path.startswith("xl/sharedStrings"):
                    _read_through(archive, path)
            return {name: _survey_sheet(archive, path) for name, path in paths.items() if path in names}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ElementTree.ParseError) as error:
        raise refused("file_damaged") from error


def _weigh(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    heavy = len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_WHOLE
    for entry in entries:
        limit = LARGEST_SHARED if "sharedStrings" in entry.filename else LARGEST_ENTRY
        swollen = entry.file_size > _RATIO_MATTERS and entry.file_size > WORST_RATIO * max(entry.compress_size, 1)
        heavy = heavy or entry.file_size > limit or swollen
    if heavy:
        raise refused("file_swollen")


def _part(archive: zipfile.ZipFile, path: str) -> ElementTree.Element:
    if archive.getinfo(path).file_size > LARGEST_PART:
        raise refused("file_swollen")
    text = archive.read(path)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise refused("file_damaged")
    return ElementTree.fromstring(text)  # noqa: S314 - no document type, bounded size


def _sheet_paths(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> path inside the archive."""
    try:
        relations = _part(archive, "xl/_rels/workbook.xml.rels")
        workbook = _part(archive, "xl/workbook.xml")
    except KeyError as error:
        raise refused("file_damaged") from error
    targets = {
        relation.get("Id"): relation.get("Target", "") for relation in relations.iter(f"{_RELATION}Relationship")
    }
    paths: dict[str, str] = {}
    for sheet in workbook.iter():
        if sheet.tag.rpartition("}")[2] == "sheet":
            identity = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
            target = targets.get(identity, "")
            paths[sheet.get("name", "")] = (
                target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            )
    return paths


def _read_through(archive: zipfile.ZipFile, path: str) -> None:
    """Read an entry to its end without keeping it: its declared size and checksum are proven by that."""
    with archive.open(path) as stream:
        first = stream.read(_BLOCK)
        if b"<!DOCTYPE" in first or b"<!ENTITY" in first:
            raise refused("file_damaged")
        while stream.read(_BLOCK):
            pass


def _survey_sheet(archive: zipfile.ZipFile, path: str) -> Survey:
    survey = Survey()
    with archive.open(path) as stream:
        data = stream.read(_BLOCK)
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise refused("file_damaged")
        root = re.search(rb"<(?:(\w+):)?worksheet[\s>]", data)
        look = _Look(root[1] + b":" if root and root[1] else b"")
        while data:
            block = stream.read(_BLOCK)
            cut = data.rfind(look.row) if block else len(data)
            if cut <= 0 and len(data) > _LONGEST_ROW:
                raise refused("sheet_too_wide", also=str(MOST_COLUMNS))
            look.at(data[:cut] if cut > 0 else b"", survey)
            data = (data[cut:] if cut > 0 else data) + block if block else b""
    return survey


class _Look:
    """Reads what a survey wants from whole rows of raw XML; `prefix` is the namespace prefix of the sheet, mostly none."""

    def __init__(self, prefix: bytes) -> None:
        self.row = b"<" + prefix + b"row"
        self._values = (b"</" + prefix + b"is>", b"</" + prefix + b"v>")
        self._formula_opening = b"<" + prefix + b"f"
        self._row_number = re.compile(self.row + rb'\b[^>]*?\sr="(\d{1,7})"')
        self._formula = re.compile(b"<" + prefix + rb"c\b([^>]*)>\s*<" + prefix + rb"f[\s/>]")
        self._far = re.compile(b"<" + prefix + rb'c r="([A-Z]{2,3})\d+"[^>]*[^/]>')
        self._merge = b"<" + prefix + b"mergeCell "
        self._place = re.compile(rb'\sr="([A-Z]{1,3})(\d{1,7})"')
        self._rows_seen = 0
        self._merges = 0
        self._formulas = 0

    def at(self, block: bytes, survey: Survey) -> None:
        self._merges += block.count(self._merge)
        last = -1
        for value in self._values:
            last = max(last, block.rfind(value, max(last, 0)))
        if last >= 0:
            opening = block.rfind(self.row, 0, last)
            number = self._row_number.match(block, opening) if opening >= 0 else None
            counted = self._rows_seen + block.count(self.row, 0, last)
            survey.last_row = max(survey.last_row, int(number[1]) if number else counted)
        self._rows_seen += block.count(self.row)
        for far in set(self._far.findall(block)):
            survey.columns = max(survey.columns, _column_number(far))
        # A plain search first: hardly any roster has formulas, and the pattern is dear.
        for attributes in self._formula.findall(block) if self._formula_opening in block else ():
            place = self._place.search(attributes)
            if place is None:
                raise refused("formula_cell")
            survey.formulas.setdefault(place[1].decode(), []).append(int(place[2]))
            self._formulas += 1
        if survey.last_row > MOST_ROWS + HEADER_WITHIN:
            raise refused("too_many_rows", also=str(MOST_ROWS))
        if survey.columns > MOST_COLUMNS or survey.columns * survey.last_row > MOST_CELLS:
            raise refused("sheet_too_wide", also=str(MOST_COLUMNS))
        if self._merges > MOST_MERGES or self._formulas > MOST_FORMULAS:
            raise refused("file_swollen")


def _column_number(letters: bytes) -> int:
    number = 0
    for byte in letters:
        number = number * 26 + byte - 64
    return number
