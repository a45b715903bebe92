"""What a check of directions found, ready to be kept and put together part by part (``credit.domain.monotone``). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from credit.domain.monotone import Checked

MOST_EXCEPTIONS: Final = 20
"""Households listed of each direction: those that lose most."""
_COUNTED: Final = ("households", "comparisons", "reversed", "reversals")


def kept(found: Checked, first: int) -> dict[str, Any]:
    """One direction over some households as a record; ``first`` is the place of the first of them in the population, from 0."""
    return {
        "households": found.households,
        "comparisons": found.comparisons,
        "reversed": found.households_reversed,
        "reversals": found.reversals,
        "worst": [
            {
                "number": first + one.row + 1,
                "fact": one.fact,
                "at": str(one.at),
                "to": str(one.to),
                "line_at": str(one.line_at),
                "line_to": str(one.line_to),
                "zh": one.blame[0].label.zh if one.blame and one.blame[0].label else "",
                "en": one.blame[0].label.en if one.blame and one.blame[0].label else "",
            }
            for one in found.worst
        ],
    }


def together(before: Mapping[str, Any] | None, found: Mapping[str, Any]) -> dict[str, Any]:
    """Two records of one direction over different households as one: counts added, the largest losses kept."""
    if before is None:
        return dict(found)
    worst = sorted([*before["worst"], *found["worst"]], key=_weight)[:MOST_EXCEPTIONS]
    return {**{name: before[name] + found[name] for name in _COUNTED}, "worst": worst}


def _weight(one: Mapping[str, Any]) -> tuple[Decimal, Decimal, int]:
    """The largest loss first; of two equal ones that over the shorter way, then by number."""
    loss, way = (abs(Decimal(one[a]) - Decimal(one[b])) for a, b in (("line_at", "line_to"), ("at", "to")))
    return -loss, way, one["number"]
