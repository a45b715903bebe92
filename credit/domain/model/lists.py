"""The arithmetic of steps, tick lists and annuities: one for the range that is proved and the value that is taken."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal

from config.lib.money import EXACT, round_places
from credit.domain.model.document import Steps, Tick, Ticks

MOST_MONTHS = 600
_WIDE = Context(prec=80)


def annuity_factors(annual_rate: Decimal, months: int) -> list[Decimal]:
    """For 0 to ``months`` equal monthly instalments of 1 yuan: the loan they repay, to 8 places half-up.

    The rate of a month is a twelfth of the annual rate. 80 digits are carried, so that only the last step rounds.
    """
    monthly = _WIDE.divide(annual_rate, Decimal(12))
    discount = _WIDE.divide(Decimal(1), _WIDE.add(Decimal(1), monthly))
    factors, total, worth = [round_places(Decimal(0), 8)], Decimal(0), Decimal(1)
    for _ in range(months):
        worth = _WIDE.multiply(worth, discount)
        total = _WIDE.add(total, worth)
        factors.append(round_places(total, 8))
    return factors


def steps_counted(rule: Steps, figure: Decimal) -> int:
    """How many steps ``figure`` lies above the start (below it, for steps downwards); never below 0."""
    ends = (figure, rule.start) if rule.direction == "up" else (rule.start, figure)
    distance = EXACT.subtract(*ends)
    if distance <= 0:
        return 0
    count, rest = EXACT.divmod(distance, rule.step)
    return int(count) + (1 if rule.started and rest else 0)


def steps_value(rule: Steps, figure: Decimal) -> Decimal:
    """The base and what the steps add or take away, at most ``at_most``."""
    moved = EXACT.multiply(rule.each, Decimal(steps_counted(rule, figure)))
    if rule.at_most is not None and abs(moved) > rule.at_most:
        moved = rule.at_most.copy_sign(moved)
    return EXACT.add(rule.base, moved)


def tick_sum(rule: Ticks, held: Iterable[Tick]) -> Decimal:
    """The base and the values of the rows that hold, within the limits of the list."""
    total = rule.base
    for tick in held:
        total = EXACT.add(total, tick.value)
    if rule.at_least is not None:
        total = max(total, rule.at_least)
    return total if rule.at_most is None else min(total, rule.at_most)
