"""Which groups of a table are not shown, because they would single people out. Pure.

A group smaller than the released minimum is not shown. What is left out can be worked out together from the totals: as long as the
groups left out are fewer than two, or hold together fewer households than the minimum, the smallest of the others is left out too.
A number in one table may still be narrowed by another table of the same trial; figures of single households carry no identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SMALLEST: Final = 5
"""The minimum where none is released."""


def withheld(sizes: Sequence[int], smallest: int = SMALLEST) -> frozenset[int]:
    """The places of the groups that are not shown, by how many households each holds."""
    order = sorted(range(len(sizes)), key=lambda place: sizes[place])
    hidden = [place for place in order if sizes[place] < smallest]
    others = order[len(hidden) :]
    while hidden and others and (len(hidden) < 2 or sum(sizes[place] for place in hidden) < smallest):
        hidden.append(others.pop(0))
    return frozenset(hidden)
