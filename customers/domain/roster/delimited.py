"""Roster files of text: encoding and delimiter are found out by whether the header makes sense in them, rows are streamed."""

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import BinaryIO, Final

import numpy as np

from customers.domain.roster.columns import HEADER_WITHIN, HOUSEHOLDS, Form, Header, find_header
from customers.domain.roster.problems import LONGEST_VALUE, Problem, refused
from customers.domain.roster.table import CHUNK_ROWS, Chunk, make_chunk

_HEAD_BYTES: Final = 1 << 18
_DELIMITERS: Final = (",", "\t", ";", "|", "，")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Delimited:
    """A roster as delimited text. The file is read twice at most: once to know its encoding, once for its rows."""

    kind = "csv"

    def __init__(self, file: BinaryIO, form: Form = HOUSEHOLDS) -> None:
        self._file = file
        file.seek(0)
        head = file.read(_HEAD_BYTES)
        if not head.strip(b" \t\r\n\x00"):
            raise refused("file_empty")
        self.encoding = _encoding(file, head, form)
        self.delimiter, self.header = _layout(head, self.encoding, form)

    def height(self) -> int:
        """About how many rows there are, for the progress; costs a look at the whole file."""
        self._file.seek(0)
        return sum(block.count(b"\n") for block in iter(lambda: self._file.read(1 << 20), b""))

    def chunks(self) -> Iterator[Chunk]:
        """The data rows in order, blank rows left out; quoted line breaks do not count as rows."""
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self.encoding, errors="surrogateescape", newline="")
        reader = csv.reader(text, delimiter=self.delimiter)
        try:
            yield from self._chunks(reader)
        except csv.Error as error:
            code = "quote_open" if "field larger" in str(error) else "text_unreadable"
            raise refused(code, row=reader.line_num) from error
        except UnicodeDecodeError as error:
            raise refused("encoding_broken", self.encoding, row=reader.line_num + 1) from error
        finally:
            if not self._file.closed:  # reading may have been given up, and the file closed before this
                text.detach()

    def _chunks(self, reader: Iterator[list[str]]) -> Iterator[Chunk]:
        width = max(self.header.places.values()) + 1
        full = width + len(self.header.unknown)
        next(islice(reader, self.header.row, self.header.row), None)
        first = self.header.row + 1
        seen = 0
        while records := list(islice(reader, CHUNK_ROWS)):
            problems: list[Problem] = []
            if min(map(len, records)) < width or max(map(len, records)) > full:
                records = _even(records, first, width, full, self._titles, problems)
            taken = list(zip(*records)) if len(set(map(len, records))) == 1 else None  # noqa: B905
            columns = {
                field: list(taken[place]) if taken else [record[place] for record in records]
                for field, place in self.header.places.items()
            }
            rows = np.arange(first, first + len(records), dtype=np.int32)
            first += len(records)
            chunk = make_chunk(rows, columns, problems)
            seen += len(chunk.rows)
            if len(chunk.rows):
                yield chunk
        if not seen:
            raise refused("no_rows")

    @property
    def _titles(self) -> int:
        return len(self.header.places) + len(self.header.unknown)


def _even(
    records: list[list[str]], first: int, width: int, full: int, titles: int, problems: list[Problem]
) -> list[list[str]]:
    """Fill short rows with empty cells; report rows with more cells than the header has."""
    for i, record in enumerate(records):
        if len(record) < width:
            record.extend([""] * (width - len(record)))
        elif len(record) > full and any(map(str.strip, record[max(full, titles) :])):
            problems.append(Problem(first + i, "", "row_too_wide", str(len(record)), also=str(titles)))
    return records


def _encoding(file: BinaryIO, head: bytes, form: Form) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\x00" in head:
        evens, odds = head[0::2].count(0), head[1::2].count(0)
        if max(evens, odds) > len(head) // 8 and min(evens, odds) < len(head) // 100 + 1:
            return "utf-16-le" if odds > evens else "utf-16-be"
        raise refused("not_text")
    if _decodes(file, "utf-8"):
        return "utf-8"
    # One wrong byte does not make a UTF-8 file another: the encoding in which the header can be read wins.
    return "utf-8" if _score(head, "utf-8", form) > _score(head, "gb18030", form) else "gb18030"


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while block := file.read(1 << 20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _first_rows(head: bytes, encoding: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(head.decode(encoding, errors="replace"), newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    with suppress(csv.Error):  # told with its row when the rows themselves are read
        rows.extend(enumerate(islice(reader, HEADER_WITHIN), start=1))
    return rows


def _score(head: bytes, encoding: str, form: Form) -> int:
    headers = (find_header(_first_rows(head, encoding, delimiter), form) for delimiter in _DELIMITERS)
    return max((header.score for header in headers if header), default=0)


def _layout(head: bytes, encoding: str, form: Form) -> tuple[str, Header]:
    found = [(delimiter, find_header(_first_rows(head, encoding, delimiter), form)) for delimiter in _DELIMITERS]
    delimiter, header = max(found, key=lambda pair: pair[1].score if pair[1] else 0)
    if header is None:
        rows = _first_rows(head, encoding, ",")
        shown = next((" ".join(cells).strip() for _, cells in rows if any(map(str.strip, cells))), "")
        raise refused("header_not_found", shown[:LONGEST_VALUE], also=encoding)
    return delimiter, header
