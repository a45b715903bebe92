"""What a model does to a whole population: how lines spread, who moves when it changes, and what moved them.

Pure calculations on batches (``model.batch``). Counts are whole numbers, amounts exact yuan; shares and means are rounded
half-up once, for display. A household *has a line* when its line is above 0; of the others some are refused or come to 0,
and some are incomplete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import count
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from config.lib.money import round_places
from credit.domain.model.batch import INCOMPLETE, MISSING, REFUSED, Batch, Column
from credit.domain.model.columns import Counts, Flags, decimal_of

MOST_BINS: Final = 14
FEWEST_BINS: Final = 6
NARROWEST: Final = 100_000  # fen
MOVERS: Final = 20


def yuan_of(fen: int) -> Decimal:
    """Fen as yuan."""
    return decimal_of(fen, 2)


def share(part: int, whole: int) -> Decimal | None:
    """part / whole to 4 places, half-up; None of nothing."""
    return round_places(Fraction(part, whole), 4) if whole else None


def mean(fen: int, households: int) -> Decimal | None:
    """An amount for each of some households, to the fen, half-up; None for none."""
    return round_places(Fraction(fen, 100 * households), 2) if households else None


# --- sums by group ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Groups:
    """The households by one column: ``place`` is a place in ``codes``. The last code is "" where the column says nothing."""

    place: Counts
    codes: tuple[str, ...]

    def counted(self, rows: Flags) -> list[int]:
        """How many of these rows lie in each group."""
        return np.bincount(self.place[rows], minlength=len(self.codes)).tolist()

    def added(self, values: Counts) -> list[int]:
        """The sum of each group. Two halves of 32 bits are added apart, so that no sum can leave 64 bits."""
        sums = []
        for half in (values >> 32, values & 0xFFFFFFFF):
            total = np.zeros(len(self.codes), dtype=np.int64)
            np.add.at(total, self.place, half)
            sums.append(total.tolist())
        return [(high << 32) + low for high, low in zip(*sums, strict=True)]


def grouped(column: Column) -> Groups:
    """Groups by a column of codes; a MISSING value belongs to the group ""."""
    unknown = len(column.codes)
    place = np.where(column.values == MISSING, unknown, column.values)
    if len(place) and (place.min() < 0 or place.max() > unknown):
        raise ValueError("a value that is none of the codes")
    return Groups(place, (*column.codes, ""))


def crossed(first: Column, second: Column) -> Column:
    """Both columns in one, such as sex and age band; codes are joined by "|"."""
    missing = (first.values == MISSING) | (second.values == MISSING)
    values = np.where(missing, MISSING, first.values * len(second.codes) + second.values)
    return Column(values, tuple(f"{one}|{two}" for one in first.codes for two in second.codes))


def _lines(batch: Batch) -> Counts:
    """Lines in fen, 0 where there is none."""
    return np.maximum(batch.line, 0)


# --- distribution -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Distribution:
    """How the lines of a population spread; amounts in yuan over the households with a line.

    ``zero`` counts every line of 0, ``refused`` those of them that a veto brought. Quartiles are by nearest rank. A bin
    holds its upper edge; the first begins above 0.
    """

    households: int
    with_line: int
    zero: int
    refused: int
    incomplete: int
    total: Decimal
    highest: Decimal
    mean: Decimal | None
    quartiles: tuple[Decimal, Decimal, Decimal] | None
    grades: Mapping[str, int]
    reasons: Mapping[str, int]
    caps: Mapping[str, int]
    width: Decimal
    bins: tuple[int, ...]


def width_for(*batches: Batch) -> Decimal:
    """A round width for at most fourteen bins over all lines of some batches; yuan."""
    highest = max((int(_lines(batch).max(initial=0)) for batch in batches), default=0)
    widths = (NARROWEST * factor * 10**power for power in count() for factor in (1, 2, 5))
    return yuan_of(next(width for width in widths if highest <= width * MOST_BINS))


def distribution(batch: Batch, width: Decimal | None = None) -> Distribution:
    """The spread of the lines, in bins of ``width`` yuan (``width_for`` when not given)."""
    width = width_for(batch) if width is None else width
    lines = np.sort(batch.line[batch.line > 0])
    total = _total(lines)
    fen = int(width.scaleb(2))
    bins = np.bincount((lines + (fen - 1)) // fen, minlength=FEWEST_BINS + 1)[1:]
    model = batch.program.model
    levels = model.grade.levels if model.grade is not None else ()
    return Distribution(
        households=len(batch),
        with_line=len(lines),
        zero=int((batch.line == 0).sum()),
        refused=int((batch.status == REFUSED).sum()),
        incomplete=int((batch.status == INCOMPLETE).sum()),
        total=yuan_of(total),
        highest=yuan_of(int(lines[-1]) if len(lines) else 0),
        mean=mean(total, len(lines)),
        quartiles=_quartiles(lines),
        grades={level.code: int((batch.grade == place).sum()) for place, level in enumerate(levels)},
        reasons=_most_first(
            (reason.code, int(rows.sum())) for reason, rows in zip(batch.program.reasons, batch.reasons.T, strict=True)
        ),
        caps=_most_first(
            (name, int(rows.sum())) for name, rows in zip(batch.program.caps, batch.binding.T, strict=True)
        ),
        width=width,
        bins=tuple(bins.tolist()) if len(lines) else (),
    )


def _total(values: Counts) -> int:
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def _quartiles(lines: Counts) -> tuple[Decimal, Decimal, Decimal] | None:
    if not len(lines):
        return None
    low, middle, high = (yuan_of(int(lines[-(-len(lines) * quarter // 4) - 1])) for quarter in (1, 2, 3))
    return low, middle, high


def _most_first(counts: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Counts by code, added where a code comes twice, without those that never occur."""
    found: dict[str, int] = {}
    for code, number in counts:
        if number:
            found[code] = found.get(code, 0) + number
    return MappingProxyType(dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))))


# --- who moves ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moves:
    """What a change does to a group; ``code`` is the group, "" where the column says nothing.

    Every household is in one of ``up``, ``down``, ``same``, ``gained`` (no line before), ``lost`` (none after) and
    ``without`` (none in both). ``raised`` and ``lowered`` are what lines rose and fell by; ``after - before`` is their
    difference. Amounts in yuan.
    """

    code: str
    households: int
    up: int
    down: int
    same: int
    gained: int
    lost: int
    without: int
    before: Decimal
    after: Decimal
    raised: Decimal
    lowered: Decimal

    @property
    def change(self) -> Decimal:
        """The difference of the sums."""
        return self.after - self.before

    @property
    def mean_before(self) -> Decimal | None:
        """The mean line of those who had one."""
        return mean(int(self.before.scaleb(2)), self.up + self.down + self.same + self.lost)

    @property
    def mean_after(self) -> Decimal | None:
        """The mean line of those who have one."""
        return mean(int(self.after.scaleb(2)), self.up + self.down + self.same + self.gained)

    def share(self, kind: str) -> Decimal | None:
        """The share of the group that moved in a way, such as ``share("up")``; 4 places."""
        return share(getattr(self, kind), self.households)


KINDS: Final = ("up", "down", "same", "gained", "lost", "without")


def kinds_of_move(before: Batch, after: Batch) -> npt.NDArray[np.int8]:
    """For each household the place of its move in ``KINDS``."""
    old, new = _lines(before), _lines(after)
    if len(old) != len(new):
        raise ValueError("two populations of different size")
    stayed = np.where(new > old, 0, np.where(new < old, 1, 2))
    return np.where(
        (old > 0) & (new > 0), stayed, np.where(new > 0, 3, np.where(old > 0, 4, 5))
    ).astype(np.int8)  # fmt: skip


def moves(before: Batch, after: Batch, by: Column | None = None) -> tuple[Moves, ...]:
    """What became of each group, in the order of the codes; without ``by`` the whole population as one group.

    A group nobody is in is left out.
    """
    groups = Groups(np.zeros(len(before), dtype=np.int64), ("",)) if by is None else grouped(by)
    kinds = kinds_of_move(before, after)
    if len(groups.place) != len(kinds):
        raise ValueError("the groups are of another population")
    old, new = _lines(before), _lines(after)
    counted = [groups.counted(kinds == place) for place in range(len(KINDS))]
    change = new - old
    sums = [
        [yuan_of(total) for total in groups.added(values)]
        for values in (old, new, np.maximum(change, 0), np.maximum(-change, 0))
    ]
    return tuple(
        Moves(code, sum(counts), *counts, *amounts)
        for code, counts, amounts in zip(groups.codes, zip(*counted, strict=True), zip(*sums, strict=True), strict=True)
        if sum(counts) or by is None
    )


@dataclass(frozen=True)
class Mover:
    """One household whose line moved: its row, and its line in yuan before and after, None when incomplete."""

    row: int
    before: Decimal | None
    after: Decimal | None
    change: Decimal


def movers(before: Batch, after: Batch, most: int = MOVERS) -> tuple[tuple[Mover, ...], tuple[Mover, ...]]:
    """Those whose lines rise and fall by most, the largest first and by row where equal; no line counts as 0."""
    change = _lines(after) - _lines(before)
    return _largest(before, after, change, most), _largest(before, after, -change, most)


def _largest(before: Batch, after: Batch, moved: Counts, most: int) -> tuple[Mover, ...]:
    rows = np.flatnonzero(moved > 0)
    order = rows[np.argsort(-moved[rows], kind="stable")][:most]
    return tuple(
        Mover(row, _line(before, row), _line(after, row), yuan_of(int(_lines_at(after, row) - _lines_at(before, row))))
        for row in order.tolist()
    )


def _line(batch: Batch, row: int) -> Decimal | None:
    fen = int(batch.line[row])
    return None if fen == MISSING else yuan_of(fen)


def _lines_at(batch: Batch, row: int) -> int:
    return max(int(batch.line[row]), 0)


@dataclass(frozen=True)
class SideBySide:
    """Two versions on one population, in bins of one width."""

    before: Distribution
    after: Distribution
    whole: Moves
    by: Mapping[str, tuple[Moves, ...]]
    risers: tuple[Mover, ...]
    fallers: tuple[Mover, ...]


def side_by_side(
    before: Batch, after: Batch, by: Mapping[str, Column] = MappingProxyType({}), most: int = MOVERS
) -> SideBySide:
    """Everything there is to say of two versions, with the moves by each of some columns."""
    width = width_for(before, after)
    risers, fallers = movers(before, after, most)
    return SideBySide(
        distribution(before, width),
        distribution(after, width),
        moves(before, after)[0],
        MappingProxyType({name: moves(before, after, column) for name, column in by.items()}),
        risers,
        fallers,
    )
