"""Units: which power of yuan a value has, so that yuan are never added to a ratio or a count.

Money is yuan; ratios, points and whole numbers are pure. Products add the powers, quotients subtract them. A number written
in a formula has no unit of its own: beside yuan it is yuan, as a factor it is pure, and a large one (``labour * 1000``,
``income / 10000``) may as well be an amount, so both readings are kept until the figure is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

_AN_AMOUNT = Decimal(100)  # from here on a bare factor or divisor may be meant in yuan
_MAYBE_AN_AMOUNT = Decimal(10)  # from here on a bare factor may be, where the figure is declared as money


@dataclass(frozen=True)
class Unit:
    """The powers of yuan a value can have: ``firm`` in sums and comparisons, ``possible`` when it is named."""

    firm: frozenset[int]
    possible: frozenset[int]

    @property
    def words(self) -> str:
        """The unit as a fault names it, in both languages."""
        power = max(self.firm)
        return _WORDS.get(power, f"元^{power} yuan^{power}")


_WORDS = {0: "数值或比率 a plain number", 1: "元 yuan", -1: "每元 per yuan"}
PURE = Unit(frozenset({0}), frozenset({0}))
YUAN = Unit(frozenset({1}), frozenset({1}))


def together(left: Unit | None, right: Unit | None) -> Unit | None:
    """The unit of a sum, a choice or a comparison, ValueError where the two cannot meet. None is a number as written."""
    if left is None or right is None:
        return left or right
    firm = left.firm & right.firm
    if not firm:
        raise ValueError
    return Unit(firm, (left.possible & right.possible) | firm)


def times(left: Unit | None, right: Unit | None, size: Decimal) -> Unit | None:
    """The unit of a product; ``size`` is the largest absolute value of the factor that has no unit."""
    if left is None or right is None:
        unit = left or right
        if unit is None or 0 not in unit.possible:
            return unit
        firm = unit.firm | {1} if size >= _AN_AMOUNT and 0 in unit.firm else unit.firm
        possible = unit.possible | {1} if size >= _MAYBE_AN_AMOUNT else unit.possible
        return Unit(firm, possible | firm)
    return Unit(
        frozenset(a + b for a in left.firm for b in right.firm),
        frozenset(a + b for a in left.possible for b in right.possible),
    )


def over(left: Unit | None, right: Unit | None, size: Decimal) -> Unit | None:
    """The unit of a quotient; ``size`` is the largest absolute value of the side that has no unit."""
    large = size >= _AN_AMOUNT
    if right is None:
        if left is None or not large:
            return left
        return Unit(*(powers | ({0} if 1 in powers else set()) for powers in (left.firm, left.possible)))
    if left is None:
        left = Unit(PURE.firm | YUAN.firm, PURE.firm | YUAN.firm) if large else PURE
    return Unit(
        frozenset(a - b for a in left.firm for b in right.firm),
        frozenset(a - b for a in left.possible for b in right.possible),
    )


def fits(unit: Unit | None, *, money: bool) -> bool:
    """Whether a value of this unit can be named as money (or as anything else)."""
    return unit is None or (1 if money else 0) in unit.possible
