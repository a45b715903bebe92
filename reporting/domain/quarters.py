"""Calendar quarters of business time: what an audit plan samples."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from config.lib.weeks import add_months

_TEXT = re.compile(r"(20\d\d)Q([1-4])")


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a year; its text is "2026Q4"."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """Read "2026Q4"; raises ValueError."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a quarter such as 2026Q4")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def containing(cls, day: date) -> "Quarter":
        """Return the quarter of a day."""
        return cls(day.year, (day.month - 1) // 3 + 1)

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def first_day(self) -> date:
        """The day it begins."""
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def last_day(self) -> date:
        """The last day that belongs to it."""
        return add_months(self.first_day, 3) - timedelta(days=1)

    @property
    def previous(self) -> "Quarter":
        """The quarter before."""
        return Quarter.containing(self.first_day - timedelta(days=1))

    def label(self, language: str) -> str:
        """Return 2026 年第 4 季度, in English Q4 2026."""
        return f"{self.year} 年第 {self.number} 季度" if language.startswith("zh") else f"Q{self.number} {self.year}"
