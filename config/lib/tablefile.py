"""Small files of people's tables (xlsx, csv, text): told by what they hold, read whole as text, the header found by its titles.

For files of some thousand rows; the roster of a county has a reader of its own in bounded memory. Framework-free.
"""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO, Final

import python_calamine

HEADER_WITHIN: Final = 10
LARGEST_CLEAR: Final = 64 * 1024 * 1024
"""A workbook that unpacks to more is refused before it is opened."""
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Opening bytes of what people upload by mistake -> code of the refusal.
_STRANGERS: Final = (
    (b"%PDF", "file_pdf"),
    (b"\x89PNG", "file_picture"),
    (b"\xff\xd8\xff", "file_picture"),
    (b"GIF8", "file_picture"),
    (b"BM", "file_picture"),
    (b"Rar!", "file_archive"),
    (b"7z\xbc\xaf", "file_archive"),
    (b"\x1f\x8b", "file_archive"),
    (b"{\\rtf", "file_document"),
)
_NOISE: Final = re.compile(r"[\s*_\-:：.、，,/\\'\"“”]|\([^)]*\)|\[[^\]]*\]|【[^】]*】")
_WRAPPED: Final = re.compile(r'="?(.*?)"?')
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")

Rows = list[tuple[int, dict[str, str]]]
"""Row number as a spreadsheet counts it, and its cells by field."""


class TableRefusedError(Exception):
    """The file cannot be read as the wanted table; ``found`` lists (row, field, code, value), row 0 meaning the file as a whole."""

    def __init__(self, *found: tuple[int, str, str, str]) -> None:
        super().__init__(", ".join(code for _row, _field, code, _value in found))
        self.found = found


def _whole(code: str, value: str = "") -> TableRefusedError:
    return TableRefusedError((0, "", code, value))


def fold(title: str) -> str:
    """A header cell as it is compared: NFKC, lower case, without spaces, stars, punctuation and remarks in brackets."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", title).lower())


def clean(text: str) -> str:
    """NFKC, no control or invisible characters, single spaces, without the ="..." or the apostrophe that exports put around text."""
    if text.isalnum() and (text.isascii() or unicodedata.is_normalized("NFKC", text)):
        return text
    folded = unicodedata.normalize("NFKC", text)
    if not folded.isprintable():
        folded = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in folded)
    plain = " ".join(folded.split())
    if plain.startswith("="):
        wrapped = _WRAPPED.fullmatch(plain)
        plain = wrapped[1] if wrapped else plain
    return plain.lstrip("'`")


def day(text: str) -> date | None:
    """Read 2027-03-31, 2027/3/31, 2027.3.31 or 2027年3月31日; None when it is no date."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def refuse_strangers(file: BinaryIO, head: bytes) -> None:
    """Raise ``TableRefusedError`` for a file that is no text, told by how it begins."""
    if head.startswith(_OLE):
        raise _whole("file_password" if _holds(file, "EncryptedPackage".encode("utf-16-le")) else "file_xls")
    for opening, code in _STRANGERS:
        if head.startswith(opening) and (opening != b"BM" or b"\x00" in head[:64]):
            raise _whole(code)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1024].lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<body", b"<style")):
        raise _whole("file_html")
    if start.startswith(b"<?xml") or b"<workbook" in start:
        raise _whole("file_html" if b"<html" in start else "file_xml")
    if start.startswith(b"mime-version:"):
        raise _whole("file_html")


def _holds(file: BinaryIO, wanted: bytes) -> bool:
    file.seek(0)
    tail = b""
    while block := file.read(1 << 20):
        if wanted in tail + block:
            return True
        tail = block[-len(wanted) :]
    return False


def read(
    file: BinaryIO,
    titles: Mapping[str, Sequence[str]],
    *,
    required: Sequence[str],
    most_rows: int,
    either: tuple[str, Sequence[str]] | None = None,
) -> Rows:
    """Return the rows of a file by field.

    ``titles`` are the ways a field's column may be called, ``required`` the fields without which nothing is read; ``either`` is a
    field that may be absent when all of some others are there. Raises ``TableRefusedError``.
    """
    file.seek(0)
    head = file.read(4096)
    if not head.strip(b" \t\r\n\x00"):
        raise _whole("file_empty")
    is_workbook = head.startswith(b"PK\x03\x04")
    if not is_workbook:
        refuse_strangers(file, head)
    file.seek(0)
    rows = _workbook(file) if is_workbook else _text(file.read())
    return _by_field(rows, titles, required, most_rows, either)


def _workbook(file: BinaryIO) -> list[list[str]]:
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_CLEAR:
                raise _whole("file_swollen")
        file.seek(0)
        book = python_calamine.load_workbook(file)
        sheet = book.get_sheet_by_index(0)
        if sheet.start is None:
            raise _whole("file_empty")
        blank = [""] * sheet.start[1]
        return [blank + [_cell(cell) for cell in cells] for cells in sheet.iter_rows()]
    except python_calamine.PasswordError as error:
        raise _whole("file_password") from error
    except (python_calamine.CalamineError, zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise _whole("file_damaged") from error


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        # A spreadsheet keeps 15 digits: what stands behind them in a longer number is lost.
        return f"{value:.0f}" if abs(value) < 1e15 else f"{value:.6E}"
    return str(value)


def _text(block: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = block.decode(encoding)
        except UnicodeDecodeError:
            continue
        first = text.split("\n", 1)[0]
        delimiter = max((",", "\t", ";"), key=first.count)
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    raise _whole("not_text")


def _by_field(
    rows: Sequence[Sequence[str]],
    titles: Mapping[str, Sequence[str]],
    required: Sequence[str],
    most_rows: int,
    either: tuple[str, Sequence[str]] | None,
) -> Rows:
    named = {fold(word): field for field, words in titles.items() for word in words}
    tops = [
        {named[fold(cell)]: index for index, cell in reversed(list(enumerate(cells))) if fold(cell) in named}
        for cells in rows[:HEADER_WITHIN]
    ]
    number = next((at for at, places in enumerate(tops, start=1) if len(places) >= min(3, len(titles))), 0)
    if not number:
        raise _whole("header")
    places = tops[number - 1]
    missing = [field for field in required if field not in places]
    if either is not None and either[0] not in places and not set(either[1]) <= set(places):
        missing.append(either[0])
    if missing:
        raise TableRefusedError(*((number, field, "column_missing", "") for field in missing))
    found = []
    for at, cells in enumerate(rows[number:], start=number + 1):
        row = {field: clean(cells[index]) if index < len(cells) else "" for field, index in places.items()}
        if any(row.values()):
            found.append((at, row))
    if not found:
        raise _whole("file_empty")
    if len(found) > most_rows:
        raise _whole("too_many", f"{len(found):,}")
    return found
