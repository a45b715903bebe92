"""The score form of a round: an assessor gives points item by item, the released table turns the sum into an amount.

Domain, section 3.7 (a form of 25 items and 100 points) and 3.4, R5 (score to amount by table). The points of one opinion are
one digit an item, in the order of the form. In the merge the amount counts alone (Semantics, section 4). Framework-free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from config.lib.money import yuan
from credit.domain.trace import exact_text

MOST_ITEMS = 40
MOST_POINTS = 9
"""Points an item may have at most: one digit each keeps an opinion within its cell."""


class ScoreError(ValueError):
    """Points that do not fit the form. Codes: not_complete, too_many_points."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class ScoreItem:
    """One item: its words and its full points."""

    code: str
    zh: str
    en: str
    full: int

    def label(self, language: str) -> str:
        """The words in a language; everything but English is Chinese."""
        return self.en if language.startswith("en") else self.zh


@dataclass(frozen=True)
class ScoreBand:
    """From so many points on, up to the next band, this amount in yuan is suggested."""

    least: int
    amount: Decimal


@dataclass(frozen=True)
class ScoreForm:
    """The items of a round's form and its table; below the lowest band there is no amount."""

    items: tuple[ScoreItem, ...]
    bands: tuple[ScoreBand, ...]

    def __post_init__(self) -> None:
        codes = [item.code for item in self.items]
        if not codes or len(codes) > MOST_ITEMS or len(set(codes)) != len(codes) or not all(codes):
            raise ValueError(f"a score form has 1 to {MOST_ITEMS} different items")
        if any(not 1 <= item.full <= MOST_POINTS for item in self.items):
            raise ValueError(f"an item has 1 to {MOST_POINTS} points")
        steps = [band.least for band in self.bands]
        if not steps or steps != sorted(set(steps)) or steps[0] < 0 or steps[-1] > self.full:
            raise ValueError("bands begin at different points within the form, the lowest first")
        amounts = [band.amount for band in self.bands]
        if amounts != sorted(amounts) or any(amount <= 0 for amount in amounts):
            raise ValueError("amounts are above 0 and do not fall as points rise")

    @property
    def full(self) -> int:
        """The points of the whole form."""
        return sum(item.full for item in self.items)

    @property
    def least(self) -> int:
        """The points below which the table has no amount."""
        return self.bands[0].least

    def total(self, points: str) -> int:
        """Return the sum of an opinion's points; raises ScoreError when they do not fit the form."""
        if len(points) != len(self.items) or not (points.isascii() and points.isdigit()):
            raise ScoreError("not_complete")
        given = [int(digit) for digit in points]
        if any(one > item.full for one, item in zip(given, self.items, strict=True)):
            raise ScoreError("too_many_points")
        return sum(given)

    def amount_for(self, points: str) -> Decimal | None:
        """Return the amount of an opinion's points in yuan, None below the table; raises ScoreError."""
        total = self.total(points)
        return next((band.amount for band in reversed(self.bands) if total >= band.least), None)

    def as_document(self) -> dict[str, object]:
        """The form as JSON-ready data, as it is frozen in a round."""
        return {
            "items": [{"code": item.code, "zh": item.zh, "en": item.en, "full": item.full} for item in self.items],
            "bands": [{"least": band.least, "amount": exact_text(band.amount)} for band in self.bands],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> ScoreForm:
        """The form of a released document or of frozen rules."""
        return cls(
            items=tuple(
                ScoreItem(str(one["code"]), str(one["zh"]), str(one["en"]), int(one["full"]))
                for one in document["items"]  # type: ignore[attr-defined]
            ),
            bands=tuple(
                ScoreBand(int(one["least"]), yuan(one["amount"]))
                for one in document["bands"]  # type: ignore[attr-defined]
            ),
        )
