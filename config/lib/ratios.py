"""Exact ratios of counts, the way they are shown, and ranks built on them (Semantics, section 1)."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Generic, TypeVar

from config.lib.money import round_places

Key = TypeVar("Key", bound=Hashable)

NOTHING = "—"  # shown when the denominator is 0: no ratio exists, which is not the same as 0 %


@dataclass(frozen=True)
class Ratio:
    """A ratio of two counts, kept exact; the caller names the denominator beside it."""

    part: int
    whole: int

    @property
    def value(self) -> Fraction | None:
        """The exact value, or None when the denominator is 0."""
        return Fraction(self.part, self.whole) if self.whole else None

    @property
    def percent(self) -> Decimal | None:
        """Percent with 2 decimals, rounded half-up; None when the denominator is 0."""
        return None if self.value is None else round_places(self.value * 100, 2)

    def __str__(self) -> str:
        """Return "72.10 %", or the dash when the denominator is 0."""
        return NOTHING if self.percent is None else f"{self.percent:,.2f} %"

    def points_since(self, earlier: "Ratio | None") -> Decimal | None:
        """Return the change in percentage points with 2 decimals, from the exact values; None when either is missing."""
        if earlier is None or self.value is None or earlier.value is None:
            return None
        return round_places((self.value - earlier.value) * 100, 2)


@dataclass(frozen=True, kw_only=True)
class Standing(Generic[Key]):
    """What one competitor is ranked by: the exact ratio, then the increment of this week."""

    key: Key
    ratio: Ratio
    increment: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """A rank and its change against the last frozen week; `rise` is positive when the rank improved.

    Without a ratio there is no rank; without an earlier rank there is no rise.
    """

    rank: int | None
    rise: int | None


def ranked(standings: Iterable[Standing[Key]], earlier: Mapping[Key, int | None] | None = None) -> dict[Key, Place]:
    """Rank by exact ratio, ties by increment, then equal rank 1, 1, 3; best first, those without a ratio last.

    `earlier` holds the ranks of the last frozen week by key.
    """
    before = earlier or {}
    rows = list(standings)
    in_order = sorted(
        (row for row in rows if row.ratio.value is not None),
        key=lambda row: (row.ratio.value, row.increment),
        reverse=True,  # sorted() keeps equals in the order given
    )
    places: dict[Key, Place] = {}
    merit, rank = None, 0
    for position, row in enumerate(in_order, start=1):
        if (row.ratio.value, row.increment) != merit:
            merit, rank = (row.ratio.value, row.increment), position
        last = before.get(row.key)
        places[row.key] = Place(rank=rank, rise=None if last is None else last - rank)
    places.update({row.key: Place(rank=None, rise=None) for row in rows if row.ratio.value is None})
    if len(places) != len(rows):
        raise ValueError("two rows to be ranked share a key")
    return places
