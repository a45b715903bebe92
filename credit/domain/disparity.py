"""Whether groups fare alike: how often they get a line and how much, beside the whole population.

The denominators are fixed and named here. The *grant rate* is households with a line above 0 over households evaluated
(incomplete files are no decision and stand outside). The *mean line* is over households with a line. Both ratios are to
the whole population evaluated, the group itself included. A difference is a question to the model, no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np

from config.lib.money import round_places
from credit.domain.laboratory import Groups, grouped, mean, share
from credit.domain.model.batch import INCOMPLETE, Batch, Column
from credit.domain.withheld import SMALLEST, withheld


@dataclass(frozen=True)
class Cell:
    """One group; every figure is None when the group is too small to be shown.

    ``rate`` = granted / evaluated and ``mean`` = total / granted; the two ``to_overall`` are these over the same of the
    whole population. Rates and ratios to 4 places, amounts in yuan.
    """

    code: str
    households: int | None
    evaluated: int | None
    granted: int | None
    rate: Decimal | None
    mean: Decimal | None
    rate_to_overall: Decimal | None
    mean_to_overall: Decimal | None

    @property
    def is_suppressed(self) -> bool:
        """Whether the group is too small, or would give away the one that is."""
        return self.households is None


@dataclass(frozen=True)
class Disparity:
    """The whole population and its groups, in the order of the codes."""

    overall: Cell
    cells: tuple[Cell, ...]


def disparity(batch: Batch, by: Column, smallest: int = SMALLEST) -> Disparity:
    """Each group of a column beside all of them; those with fewer than ``smallest`` households evaluated are suppressed, and with
    them what would give them away (``withheld``)."""
    return together((batch,), by, smallest)[0]


def together(batches: Sequence[Batch], by: Column, smallest: int = SMALLEST) -> tuple[Disparity, ...]:
    """Several versions of one population: what is suppressed in one is suppressed in all, so that none gives another away."""
    if any(len(by.values) != len(batch) for batch in batches):
        raise ValueError("the groups are of another population")
    everybody = Groups(np.zeros(len(by.values), dtype=np.int64), ("",))
    wholes = [_cells(batch, everybody, None)[0][0] for batch in batches]
    found = [
        [(cell, evaluated) for cell, evaluated in _cells(batch, grouped(by), whole) if cell.households]
        for batch, whole in zip(batches, wholes, strict=True)
    ]
    sizes = [min(known) for known in zip(*([evaluated for _, evaluated in cells] for cells in found), strict=True)]
    hidden = withheld(sizes, smallest)
    return tuple(
        Disparity(whole, tuple(_hidden(cell) if place in hidden else cell for place, (cell, _) in enumerate(cells)))
        for whole, cells in zip(wholes, found, strict=True)
    )


def _hidden(cell: Cell) -> Cell:
    return Cell(cell.code, None, None, None, None, None, None, None)


def _cells(batch: Batch, groups: Groups, overall: Cell | None) -> Sequence[tuple[Cell, int]]:
    lines = np.maximum(batch.line, 0)
    households = groups.counted(np.ones(len(batch), dtype=np.bool_))
    evaluated = groups.counted(batch.status != INCOMPLETE)
    granted = groups.counted(lines > 0)
    totals = groups.added(lines)
    cells = []
    for code, *counts, total in zip(groups.codes, households, evaluated, granted, totals, strict=True):
        everybody, known, lucky = counts
        cells.append((Cell(code, everybody, known, lucky, share(lucky, known), mean(total, lucky), None, None), known))
    if overall is None:
        return cells
    whole = (sum(granted), sum(evaluated), sum(totals))
    return [
        (replace(cell, rate_to_overall=_to(lucky, known, whole[0], whole[1]),
                 mean_to_overall=_to(total, lucky, whole[2], whole[0])), known)
        for (cell, known), lucky, total in zip(cells, granted, totals, strict=True)
    ]  # fmt: skip


def _to(part: int, of: int, whole: int, whole_of: int) -> Decimal | None:
    """(part / of) over (whole / whole_of), rounded once."""
    if not of or not whole:
        return None
    return round_places(Fraction(part * whole_of, of * whole), 4)
