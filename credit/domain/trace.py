"""Steps of a calculation, kept in the order they happened.

A step is a code and the exact values that led to it, as text, so that it can be stored as JSON, compared
byte by byte and put into words of either language later (``credit.domain.explain``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType


def exact_text(value: Decimal | Fraction | int | str) -> str:
    """The value without loss: ``35000``, ``0.5``, or ``110000/3`` where no decimal would be exact."""
    if isinstance(value, str):
        return value
    if isinstance(value, Fraction):
        rest = value.denominator
        twos = fives = 0
        while rest % 2 == 0:
            rest, twos = rest // 2, twos + 1
        while rest % 5 == 0:
            rest, fives = rest // 5, fives + 1
        if rest != 1:
            return f"{value.numerator}/{value.denominator}"
        places = max(twos, fives)
        digits = value.numerator * 10**places // value.denominator
        value = Decimal((int(digits < 0), tuple(int(digit) for digit in str(abs(digits))), -places))
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class Step:
    """One step: a code that ``credit.domain.explain`` can put into words, and its values as exact text."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    def as_document(self) -> dict[str, object]:
        """The step as JSON-ready data."""
        return {"code": self.code, "values": dict(self.values)}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Step:
        """The step back from stored JSON."""
        values = document.get("values", {})
        if not isinstance(values, Mapping):
            raise TypeError("step values must be an object")
        return cls(str(document["code"]), MappingProxyType({str(key): str(value) for key, value in values.items()}))


def step(code: str, **values: Decimal | Fraction | int | str) -> Step:
    """A step with its values turned into exact text."""
    return Step(code, MappingProxyType({key: exact_text(value) for key, value in values.items()}))
