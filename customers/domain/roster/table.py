"""What every reader hands over: chunks of a roster by column, with the findings that only a reader can make."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from customers.domain.roster.columns import Header
from customers.domain.roster.problems import LONGEST_VALUE, Problem

CHUNK_ROWS: Final = 4096
# Stands in a cell that a reader has already reported, so that it is not reported twice.
FLAWED: Final = "\x00"

_BROKEN = re.compile("[\ud800-\udfff\ufffd\x00]")
_SHEET_ERRORS: Final = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"})


@dataclass(slots=True)
class Chunk:
    """Some consecutive rows: their numbers as a spreadsheet counts them, and one list of texts for each known column."""

    rows: npt.NDArray[np.int32]
    columns: dict[str, list[str]]
    problems: list[Problem]


class Table(Protocol):
    """An opened roster: its header, what kind of file it is, and its rows, readable once."""

    header: Header
    kind: str

    def chunks(self) -> Iterator[Chunk]:
        """The data rows in order, blank rows left out."""
        ...

    def height(self) -> int:
        """About how many rows there are, for the progress."""
        ...


def make_chunk(rows: npt.NDArray[np.int32], columns: dict[str, list[str]], problems: list[Problem]) -> Chunk:
    """A chunk without its blank rows, with unreadable cells reported and marked."""
    names = columns["name"]
    if "" in names or any(not name.strip() for name in set(names)):
        kept = [i for i, cells in enumerate(zip(*columns.values(), strict=True)) if any(map(str.strip, cells))]
        if len(kept) < len(names):
            rows = rows[kept]
            columns = {field: [texts[i] for i in kept] for field, texts in columns.items()}
    for field, texts in columns.items():
        joined = "".join(texts)
        if FLAWED in joined or "\ufffd" in joined or not _encodable(joined):
            _mark(rows, field, texts, problems, "text_broken", lambda text: text != FLAWED and _BROKEN.search(text))
        if "#" in joined:
            _mark(rows, field, texts, problems, "cell_error", lambda text: text.strip() in _SHEET_ERRORS)
    return Chunk(rows, columns, problems)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _mark(
    rows: npt.NDArray[np.int32],
    field: str,
    texts: list[str],
    problems: list[Problem],
    code: str,
    is_bad: Callable[[str], object],
) -> None:
    for i, text in enumerate(texts):
        if is_bad(text):
            shown = "" if field == "id_number" else _BROKEN.sub("?", text)[:LONGEST_VALUE]
            problems.append(Problem(int(rows[i]), field, code, shown))
            texts[i] = FLAWED
