"""Expressions as numpy operations on scaled integers (Semantics, section 5a).

A number is a whole count of 10**-places. Its bounds are proven when the model is compiled, so a step runs on int64
only where neither its result nor anything on the way can leave 2**63. Where that cannot be proven the same step runs on
Python's own integers (arrays of objects): slower, as exact. There is no float anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from config.lib.money import EXACT
from credit.domain.model.checking import QUOTIENT_PLACES, SATURATION
from credit.domain.model.expression import Node

LIMIT = 2**63 - 1
Array = npt.NDArray[Any]
Frame = Mapping[str, Any]
"""What the names stand for in the rows at hand: an array each."""
Of = Callable[[Frame], Any]
"""An array for the rows of a frame; a plain int or bool where all rows agree."""


@dataclass(frozen=True)
class Number:
    """A number, its places and the counts it can take; ``of`` gives int64, or objects where the bounds demand it."""

    places: int
    low: int
    high: int
    of: Of

    @property
    def is_constant(self) -> bool:
        """Whether every row has the same value."""
        return self.low == self.high

    @property
    def size(self) -> int:
        """The greatest absolute count."""
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True)
class Truth:
    """True or false; ``known`` when every row agrees."""

    of: Of
    known: bool | None = None


@dataclass(frozen=True)
class Choice:
    """The place of a code in ``codes``."""

    codes: tuple[str, ...]
    of: Of


Value = Number | Truth | Choice
Scope = Mapping[str, Any]
"""Names to values; event lists lie beside them and no expression can read one."""


def count(value: Decimal, places: int) -> int:
    """A decimal on the grid as a whole count."""
    return int(value.scaleb(places, EXACT))


def constant(value: Decimal) -> Number:
    """A literal, on the coarsest grid that holds it."""
    exponent = value.normalize(EXACT).as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return fixed(count(value, places), places)


def fixed(number: int, places: int) -> Number:
    """The same count in every row."""
    return Number(places, number, number, lambda frame: number)


def truth(known: bool) -> Truth:
    """The same answer in every row."""
    return Truth(lambda frame: known, known)


def step(
    places: int,
    ends: Sequence[int],
    args: Sequence[Number],
    run: Callable[..., Any],
    peak: int = 0,
) -> Number:
    """An operation on numbers whose results lie between ``ends``; ``peak`` is the greatest count met on the way."""
    low, high = min(ends), max(ends)
    if low == high:
        return fixed(low, places)
    sources = [arg.of for arg in args]
    fits = max(-low, high) <= LIMIT
    if fits and max(peak, *(arg.size for arg in args)) <= LIMIT:
        return Number(places, low, high, lambda frame: run(*[of(frame) for of in sources]))

    def wide(frame: Frame) -> Any:
        result = run(*[_unbounded(of(frame)) for of in sources])
        return result.astype(np.int64) if fits else result

    return Number(places, low, high, wide)


def _unbounded(values: Any) -> Any:
    return values.astype(object) if isinstance(values, np.ndarray) else values


# --- arithmetic ---------------------------------------------------------------------------------------------------


def raised(number: Number, places: int) -> Number:
    """The same number on a finer grid."""
    factor = 10 ** (places - number.places)
    if factor == 1:
        return number
    return step(places, [number.low * factor, number.high * factor], [number], lambda a: a * factor)


def rounded(number: Number, places: int) -> Number:
    """The number as it is named: half away from zero where it has more places, as it is where it has fewer."""
    if number.places <= places:
        return number
    unit = 10 ** (number.places - places)
    half = unit // 2
    ends = [rounded_quotient(end, unit, 0) for end in (number.low, number.high)]
    if number.low >= 0:
        return step(places, ends, [number], lambda a: (a + half) // unit, number.size + half)
    # -(-a + half) // unit below zero, said for a division that rounds down.
    return step(places, ends, [number], lambda a: (a + half - (a < 0)) // unit, number.size + half + 1)


def _level(*numbers: Number) -> tuple[Number, ...]:
    places = max(number.places for number in numbers)
    return tuple(raised(number, places) for number in numbers)


def added(left: Number, right: Number) -> Number:
    """The exact sum."""
    left, right = _level(left, right)
    return step(left.places, [left.low + right.low, left.high + right.high], [left, right], lambda a, b: a + b)


def negative(number: Number) -> Number:
    """The number with the other sign."""
    return step(number.places, [-number.high, -number.low], [number], lambda a: -a)


def multiplied(left: Number, right: Number) -> Number:
    """The exact product."""
    ends = [a * b for a, b in product((left.low, left.high), (right.low, right.high))]
    return step(left.places + right.places, ends, [left, right], lambda a, b: a * b)


def least(*numbers: Number) -> Number:
    """The smallest of the numbers."""
    return _extreme(numbers, np.minimum, min)


def greatest(*numbers: Number) -> Number:
    """The largest of the numbers."""
    return _extreme(numbers, np.maximum, max)


def _extreme(numbers: Sequence[Number], pair: Callable[[Any, Any], Any], choose: Callable[..., int]) -> Number:
    first, *others = _level(*numbers)
    for other in others:
        ends = [choose(first.low, other.low), choose(first.high, other.high)]
        first = step(first.places, ends, [first, other], pair)
    return first


def stepped_down(number: Number, size: Number) -> Number:
    """A number of at least 0 as a multiple of a constant above 0."""
    number, size = _level(number, size)
    unit = size.low
    ends = [end - end % unit for end in (number.low, number.high)]
    return step(number.places, ends, [number], lambda a: a - a % unit, max(number.size, unit))


def whole_steps(number: Number, size: Number, *, started: bool) -> Number:
    """How often a constant above 0 goes into a number of at least 0; a step begun counts when ``started``."""
    number, size = _level(number, size)
    unit = size.low
    more = unit - 1 if started else 0
    ends = [(end + more) // unit for end in (number.low, number.high)]
    return step(0, ends, [number], lambda a: (a + more) // unit, max(number.size + more, unit))


# --- quotients ----------------------------------------------------------------------------------------------------


def rounded_quotient(dividend: int, divisor: int, digits: int) -> int:
    """dividend * 10**digits / divisor, half away from zero, in whole counts."""
    if divisor < 0:
        dividend, divisor = -dividend, -divisor
    top, bottom = abs(dividend) * 10 ** max(digits, 0), divisor * 10 ** max(-digits, 0)
    result = (2 * top + bottom) // (2 * bottom)
    return -result if dividend < 0 else result


def divided(dividend: Number, divisor: Number, *, saturates: bool, default: Number | None = None) -> Number:
    """dividend / divisor to 8 places, half away from zero; ``default`` where the divisor is 0.

    ``saturates`` holds the result within +-1,000,000 (Semantics, section 5a).
    """
    if default is not None and divisor.low == 0 == divisor.high:
        return raised(default, max(QUOTIENT_PLACES, default.places))
    if divisor.high < 0:
        dividend, divisor = negative(dividend), negative(divisor)
    digits = QUOTIENT_PLACES + divisor.places - dividend.places
    cap = count(SATURATION, QUOTIENT_PLACES)
    nearest = {end for end in (divisor.low, divisor.high) if end}
    if divisor.low < 0:
        nearest.add(-1)
    if divisor.high > 0:
        nearest.add(max(1, divisor.low))
    ends = [rounded_quotient(a, b, digits) for a, b in product((dividend.low, dividend.high), nearest)]
    unbound = max(map(abs, ends))
    if saturates:
        ends = [max(-cap, min(cap, end)) for end in ends]
    if not divisor.low <= 0 <= divisor.high:
        default = None
    top, bottom = 10 ** max(digits, 0), 10 ** max(-digits, 0)
    widest = divisor.size * bottom
    clamps = saturates and unbound > cap
    peak = dividend.size * top + widest
    run = _short(dividend, divisor, top, bottom, cap if clamps else 0)
    if peak > LIMIT and digits > 0:
        long = _long(divisor, digits, cap if clamps else 0)
        long_peak = max(10 * divisor.size, (-(-cap // top) + 1) * top if clamps else unbound + 1, cap)
        if long_peak <= LIMIT:
            run, peak = long, long_peak
    if default is None:
        return step(QUOTIENT_PLACES, ends, [dividend, divisor], run, peak)
    # The value for a divisor of 0 may have more places than a quotient has.
    places = max(QUOTIENT_PLACES, default.places)
    finer = 10 ** (places - QUOTIENT_PLACES)
    other = raised(default, places)
    ends = [*(end * finer for end in ends), other.low, other.high]

    def run_or_default(a: Any, b: Any, c: Any) -> Any:
        nothing = b == 0
        return np.where(nothing, c, run(a, b + nothing) * finer)

    return step(places, ends, [dividend, divisor, other], run_or_default, peak)


def _short(dividend: Number, divisor: Number, top: int, bottom: int, cap: int) -> Callable[[Any, Any], Any]:
    """One division, with the half added beforehand."""
    mixed, signed = divisor.low < 0, dividend.low < 0 or divisor.low < 0

    def run(a: Any, b: Any) -> Any:
        if mixed:
            a, b = np.where(b < 0, -a, a), abs(b)
        if top != 1:
            a = a * top
        if bottom != 1:
            b = b * bottom
        # (|a| + b // 2) // b with the sign put back, said for a division that rounds down.
        result = (a + ((b - (a < 0)) >> 1 if signed else b >> 1)) // b
        return np.minimum(np.maximum(result, -cap), cap) if cap else result

    return run


def _long(divisor: Number, digits: int, cap: int) -> Callable[[Any, Any], Any]:
    """Division as on paper, some digits at a time, for dividends too large to be multiplied first."""
    most = 1
    while divisor.size * 10 ** (most + 1) <= LIMIT and most < digits:
        most += 1
    portions = [10 ** min(most, digits - done) for done in range(0, digits, most)]
    enough = -(-cap // 10**digits)

    def run(a: Any, b: Any) -> Any:
        below = (a < 0) != (b < 0)
        a, b = abs(a), abs(b)
        result = a // b
        rest = a - result * b
        if cap:
            over = result >= enough
            result, rest = np.where(over, enough, result), np.where(over, 0, rest)
        for portion in portions:
            rest = rest * portion
            digit = rest // b
            result = result * portion + digit
            rest = rest - digit * b
        result = result + (rest >= b - rest)
        if cap:
            result = np.minimum(result, cap)
        return np.where(below, -result, result)

    return run


# --- conditions ---------------------------------------------------------------------------------------------------

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}


def compared(op: str, left: Number, right: Number) -> Truth:
    """A comparison; where the bounds decide it, it is decided."""
    left, right = _level(left, right)
    apart = left.high < right.low or right.high < left.low
    if apart or (left.is_constant and right.is_constant):
        return truth(bool(_COMPARE[op](left.low, right.low)))
    run, first, second = _COMPARE[op], left.of, right.of
    if max(left.size, right.size) <= LIMIT:
        return Truth(lambda frame: run(first(frame), second(frame)))
    return Truth(lambda frame: run(_unbounded(first(frame)), _unbounded(second(frame))).astype(np.bool_))


def both(left: Truth, right: Truth) -> Truth:
    """left and right."""
    if left.known is False or right.known is False:
        return truth(known=False)
    if left.known:
        return right
    return left if right.known else Truth(lambda frame: left.of(frame) & right.of(frame))


def denied(one: Truth) -> Truth:
    """Not so."""
    return truth(not one.known) if one.known is not None else Truth(lambda frame: ~one.of(frame))


def either(left: Truth, right: Truth) -> Truth:
    """left or right."""
    return denied(both(denied(left), denied(right)))


def chosen(condition: Truth, then: Number, other: Number) -> Number:
    """One number where the condition holds and another where it does not."""
    if condition.known is not None:
        return then if condition.known else other
    then, other = _level(then, other)
    ends = [then.low, then.high, other.low, other.high]
    return step(then.places, ends, [Number(0, 0, 1, condition.of), then, other], np.where)


# --- expressions --------------------------------------------------------------------------------------------------


def compiled(node: Node, scope: Scope) -> Any:
    """A checked expression as a value. Branches that are not taken are computed too; none of them can fail."""
    op = node.op
    if op == "name":
        return scope[str(node.value)]
    if op == "number" and isinstance(node.value, Decimal):
        return constant(node.value)
    if op == "flag":
        return truth(bool(node.value))
    if op in ("eq", "ne") and node.args[1].op == "text":
        return _is_code(compiled(node.args[0], scope), str(node.args[1].value), op)
    args = [compiled(arg, scope) for arg in node.args]
    if op in _COMPARE:
        return compared(op, *args)
    if op in ("quotient", "div"):
        return divided(args[0], args[1], saturates=bool(node.value), default=args[2] if op == "div" else None)
    if op in ("if", "case"):
        result = args[-1]
        for condition, value in zip(args[-3::-2], args[-2::-2], strict=True):
            result = chosen(condition, value, result)
        return result
    return _OPERATIONS[op](*args)


def _is_code(choice: Choice, code: str, op: str) -> Truth:
    place = choice.codes.index(code)
    return Truth(lambda frame: choice.of(frame) == place if op == "eq" else choice.of(frame) != place)


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": added,
    "sub": lambda left, right: added(left, negative(right)),
    "mul": multiplied,
    "neg": negative,
    "min": least,
    "max": greatest,
    "floor_step": stepped_down,
    "and": both,
    "or": either,
    "not": denied,
}
