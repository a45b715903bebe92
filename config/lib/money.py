"""Yuan: exact decimals, one rounding rule, text in and text out.

Amounts are ``Decimal`` yuan with two places. A float is refused wherever it shows up, because a line
that once passed through a float can no longer be recomputed to the fen (Semantics, section 5a).
"""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from typing import Literal

Exact = Decimal | Fraction | int
Rounding = Literal["down", "half_up"]
Unit = Literal["yuan", "wan"]

FEN = Decimal("0.01")
WAN = Decimal(10_000)
ZERO = Decimal("0.00")
MAX_YUAN = Decimal("999999999999.99")

# Wide enough that no sum or product of the product's figures is ever cut; Inexact is trapped to prove it.
EXACT = Context(prec=200, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Inexact])
_WIDE = Context(prec=200, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
_UNITS = tuple(Decimal(1).scaleb(-places) for places in range(13))

_NUMBER = re.compile(r"(?P<sign>[-+]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d+))?(?P<unit>万元|万|元)?")


class MoneyError(ValueError):
    """Something that is not an amount. ``code`` is one of empty, not_a_number, too_precise, too_large, float."""

    def __init__(self, code: str, value: object) -> None:
        super().__init__(f"{code}: {value!r}")
        self.code = code
        self.value = value


def _ratio(value: Exact) -> tuple[int, int]:
    if isinstance(value, (float, bool)) or not isinstance(value, (Decimal, Fraction, int)):
        raise MoneyError("float" if isinstance(value, float) else "not_a_number", value)
    if isinstance(value, Decimal) and not value.is_finite():
        raise MoneyError("not_a_number", value)
    return value.as_integer_ratio()


def round_step(value: Exact, step: Decimal, rounding: Rounding = "half_up") -> Decimal:
    """``value`` as a multiple of ``step``: half away from zero (四舍五入), or downwards for values >= 0.

    This is the one rounding rule of the product; :func:`round_places` is the same rule for powers of ten.
    Rounding down is refused below zero, so that engines with different floors cannot disagree.
    """
    numerator, denominator = _ratio(value)
    step_numerator, step_denominator = _ratio(step)
    if step_numerator <= 0:
        raise MoneyError("not_a_number", step)
    numerator, denominator = numerator * step_denominator, denominator * step_numerator
    if rounding == "down":
        if numerator < 0:
            raise ValueError("rounding down is defined for amounts of 0 and above only")
        count = numerator // denominator
    elif rounding == "half_up":
        count = (2 * abs(numerator) + denominator) // (2 * denominator)
        count = -count if numerator < 0 else count
    else:
        raise ValueError(f"unknown rounding {rounding!r}")
    return EXACT.multiply(Decimal(count), step)


def round_places(value: Exact, places: int) -> Decimal:
    """``value`` rounded half away from zero to ``places`` decimals, never a negative zero."""
    if isinstance(value, Decimal) and value.is_finite():
        result = value.quantize(_UNITS[places], context=_WIDE)
        return result or result.copy_abs()
    return round_step(value, _UNITS[places])


def yuan(value: Decimal | int | str) -> Decimal:
    """An exact amount in yuan with two places; more places, floats, NaN and absurd sizes are refused."""
    if isinstance(value, (float, bool)) or not isinstance(value, (Decimal, int, str)):
        raise MoneyError("float" if isinstance(value, float) else "not_a_number", value)
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise MoneyError("not_a_number", value) from None
    if not amount.is_finite():
        raise MoneyError("not_a_number", value)
    if abs(amount) > MAX_YUAN:
        raise MoneyError("too_large", value)
    result = round_places(amount, 2)
    if result != amount:
        raise MoneyError("too_precise", value)
    return result


def wan(value: Decimal | int | str) -> Decimal:
    """An amount given in 万元, as yuan: ``wan("3.5") == Decimal("35000.00")``."""
    if isinstance(value, (float, bool)):
        raise MoneyError("float" if isinstance(value, float) else "not_a_number", value)
    try:
        amount = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise MoneyError("not_a_number", value) from None
    if not amount.is_finite():
        raise MoneyError("not_a_number", value)
    if amount.adjusted() > 15:
        raise MoneyError("too_large", value)
    return yuan(_WIDE.multiply(amount, WAN))


def yuan_from_text(text: str) -> Decimal:
    """What a person typed into a 元 field, as yuan. An explicit 万 or 万元 behind the number is honoured."""
    return _from_text(text, "yuan")


def wan_from_text(text: str) -> Decimal:
    """What a person typed into a 万元 field, as yuan. An explicit 元 behind the number is honoured."""
    return _from_text(text, "wan")


def _from_text(text: str, unit: Unit) -> Decimal:
    if not isinstance(text, str):
        raise MoneyError("float" if isinstance(text, float) else "not_a_number", text)
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if not plain:
        raise MoneyError("empty", text)
    if len(plain) > 40:
        raise MoneyError("too_large", text)
    match = _NUMBER.fullmatch(plain)
    if match is None:
        raise MoneyError("not_a_number", text)
    number = match["sign"] + match["whole"].replace(",", "") + ("." + match["part"] if match["part"] else "")
    written = match["unit"]
    return yuan(number) if written == "元" or (written is None and unit == "yuan") else wan(number)


def asks_which_unit(
    number: Decimal, unit: Unit, *, above_wan: Decimal = Decimal(5_000), below_yuan: Decimal = Decimal(100)
) -> bool:
    """Whether a number typed into an asset field looks like the wrong unit (Semantics, section 3).

    More than 5,000 in a 万元 field, or something between 0 and 100 in a 元 field, asks "which unit?".
    """
    return number > above_wan if unit == "wan" else 0 < number < below_yuan


def grouped(value: Decimal, places: int) -> str:
    """A number with thousands separators and exactly ``places`` decimals, half-up: ``35,000.00``."""
    return f"{round_places(value, places):,f}"


def in_wan(amount: Decimal) -> Decimal:
    """Yuan as 万元, exact (six places hold every fen)."""
    return EXACT.multiply(amount, Decimal("0.0001"))


def format_yuan(amount: Decimal | None, language: str = "zh-hans") -> str:
    """``35,000 元``; fen are shown only when there are any; an absent amount is a dash."""
    if amount is None:
        return "—"
    cents = round_places(amount, 2)
    whole = cents == cents.to_integral_value()
    return f"{grouped(cents, 0 if whole else 2)} {'yuan' if language == 'en' else '元'}"


def format_wan(amount: Decimal | None, language: str = "zh-hans", places: int = 2) -> str:
    """``3.50 万元`` from yuan; an absent amount is a dash."""
    if amount is None:
        return "—"
    return f"{grouped(in_wan(amount), places)} {'wan yuan' if language == 'en' else '万元'}"
