"""Units: which power of yuan a value has, so that yuan are never added to a ratio or a count.

Money is yuan; ratios, points and whole numbers are pure. Products add the powers, quotients subtract them. A number written
in a formula has no unit of its own: beside yuan it is yuan, as a factor it is pure, and a large one (``labour * 1000``,
``income / 10000``) may as well be an amount, so both readings are kept until what stands beside it decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from credit.domain.model.problems import both

_FACTOR = Decimal(10)  # from here on a bare factor of a count or ratio may be meant in yuan
_DIVISOR = Decimal(100)  # from here on a bare divisor of yuan may be; smaller ones are shares: half, a third, a month


@dataclass(frozen=True)
class Unit:
    """The powers of yuan a value can have; more than one where a bare number leaves it open."""

    powers: frozenset[int]

    @property
    def words(self) -> str:
        """The unit as a fault names it."""
        power = max(self.powers)
        return _WORDS.get(power, both(f"元的 {power} 次方", f"yuan to the power {power}"))


_WORDS = {0: both("数或比率", "a plain number or ratio"), 1: both("元", "yuan"), -1: both("每元", "per yuan")}
PURE = Unit(frozenset({0}))
YUAN = Unit(frozenset({1}))
_EITHER = Unit(frozenset({0, 1}))


def together(left: Unit | None, right: Unit | None) -> Unit | None:
    """The unit of a sum, a choice or a comparison, ValueError where the two cannot meet. None is a number as written."""
    if left is None or right is None:
        return left or right
    shared = left.powers & right.powers
    if not shared:
        raise ValueError
    return Unit(shared)


def times(left: Unit | None, right: Unit | None, size: Decimal) -> Unit | None:
    """The unit of a product; ``size`` is the largest absolute value of the factor that has no unit."""
    if left is None or right is None:
        unit = left or right
        return Unit(unit.powers | {1}) if unit is not None and 0 in unit.powers and size >= _FACTOR else unit
    return Unit(frozenset(a + b for a in left.powers for b in right.powers))


def over(left: Unit | None, right: Unit | None, size: Decimal) -> Unit | None:
    """The unit of a quotient; ``size`` is the largest absolute value of the side that has no unit."""
    if right is None:
        return Unit(left.powers | {0}) if left is not None and 1 in left.powers and size >= _DIVISOR else left
    if left is None:
        left = _EITHER if size >= _DIVISOR else PURE
    return Unit(frozenset(a - b for a in left.powers for b in right.powers))


def fits(unit: Unit | None, *, money: bool) -> bool:
    """Whether a value of this unit can be named as money (or as anything else)."""
    return unit is None or (1 if money else 0) in unit.powers
