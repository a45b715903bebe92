"""The track of a slider for a parameter that is tried: round ends about the value in force, round steps. Pure."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from credit.domain.model.document import Parameter

STEPS: Final = 60
"""A track is cut into at most so many steps, and into one more at each end where the end was not round."""


@dataclass(frozen=True)
class Track:
    """From where to where a slider goes and by what; all on the grid of the parameter and within what the model allows."""

    low: Decimal
    high: Decimal
    step: Decimal


def track(parameter: Parameter, centre: Decimal | None) -> Track | None:
    """Return the track about a value, from its half to its double; the whole of what the model allows where that takes few steps, and
    where there is no value or it is 0.

    The field beside the slider still takes every value. None where nothing is left to slide between.
    """
    kind = parameter.kind
    low, high, finest = kind.low, kind.high, Decimal(1).scaleb(-kind.places)
    if centre and high - low > finest * STEPS:
        half, double = sorted((centre / 2, centre * 2))
        low, high = max(low, half), min(high, double)
    if low >= high:
        return None
    step = max(_round_above((high - low) / STEPS), finest)
    begins, ends = _multiple(low, step, ROUND_FLOOR), _multiple(high, step, ROUND_CEILING)
    if begins < kind.low:
        begins += step
    if ends > kind.high:
        ends -= step
    return Track(begins, ends, step) if begins < ends else None


def _round_above(least: Decimal) -> Decimal:
    """The smallest of 1, 2 and 5 times a power of ten that is not below."""
    power = Decimal(1).scaleb(least.adjusted())
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def _multiple(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (value / step).to_integral_value(rounding) * step
