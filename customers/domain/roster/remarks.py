"""Remarks of the second checker on single cells of a roster: which rows a file has, and what a remark lacks."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from customers.domain.roster.table import Chunk, Table

MOST: Final = 50
"""More than so many single remarks and the file is to be made anew, which the words for the whole say."""
LONGEST: Final = 200
MOST_SPANS: Final = 1_000
"""A file with more gaps than this has those after it counted as rows: what is kept of them stays small."""
Spans = Sequence[Sequence[int]]
"""The rows of a file as a spreadsheet counts them: first and last of each run without a blank row."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong in one cell; ``row`` as a spreadsheet counts it, 0 where none was given."""

    row: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What a remark lacks: its place among those given, the field row, column or text, and why: missing, unknown, long, many."""

    at: int
    field: str
    code: str


class Spanned:
    """A table that notes the rows it hands on, in ``spans``."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.header = table.header
        self.kind = table.kind
        self.spans: list[list[int]] = []

    def chunks(self) -> Iterator[Chunk]:
        """The rows of the table."""
        for chunk in self._table.chunks():
            note(self.spans, chunk.rows)
            yield chunk

    def height(self) -> int:
        """About how many rows there are."""
        return self._table.height()


def note(spans: list[list[int]], rows: npt.NDArray[np.int32]) -> None:
    """Add ascending rows to the spans before them."""
    if not len(rows):
        return
    gaps = np.flatnonzero(np.diff(rows) != 1)
    firsts, lasts = rows[np.append(0, gaps + 1)], rows[np.append(gaps, len(rows) - 1)]
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        if spans and (first == spans[-1][1] + 1 or len(spans) >= MOST_SPANS):
            spans[-1][1] = last
        else:
            spans.append([first, last])


def faults(remarks: Sequence[Remark], spans: Spans, columns: Collection[str]) -> list[Fault]:
    """Return everything that keeps remarks from being sent, in their order."""
    found = []
    for at, remark in enumerate(remarks):
        if at == MOST:
            found.append(Fault(at, "text", "many"))
            break
        if not remark.row:
            found.append(Fault(at, "row", "missing"))
        elif not any(first <= remark.row <= last for first, last in spans):
            found.append(Fault(at, "row", "unknown"))
        if not remark.column:
            found.append(Fault(at, "column", "missing"))
        elif remark.column not in columns:
            found.append(Fault(at, "column", "unknown"))
        if not remark.text:
            found.append(Fault(at, "text", "missing"))
        elif len(remark.text) > LONGEST:
            found.append(Fault(at, "text", "long"))
    return found
