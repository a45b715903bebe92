"""What is shown of a round in its village (公示): whose name, how much of it, how long, and when the paper on the wall is out of date.

Shown is what the household agreed to and no more: its grade, or only that a line was granted; the amount only where its consent says so
(PIPL, article 25). Framework-free.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeVar

from config.lib.weeks import is_working_day, working_day_after

RULES = "notice_rules"
REPORT_RULES = "village_report"
HIDDEN = "*"
Row = TypeVar("Row")


class Shows(StrEnum):
    """What stands beside a name."""

    GRADE = "grade"
    GRANTED = "granted"


@dataclass(frozen=True)
class Term:
    """A code with its words."""

    code: str
    zh: str
    en: str

    def text(self, language: str = "zh-hans") -> str:
        """The words of one language."""
        return self.en if language.startswith("en") else self.zh


@dataclass(frozen=True)
class NoticeRules:
    """The released rules of a notice.

    ``days``: working days in which objections are taken; ``answer_days``: working days to settle one. ``amounts_from``: the version of
    the consent notice from which on a household agreed to its amount being shown too, None for never. ``kinds``: what an objection
    is about. ``zh`` and ``en``: the paragraphs beneath the list, on how to object.
    """

    days: int
    answer_days: int
    shows: Shows
    amounts_from: int | None
    kinds: tuple[Term, ...]
    zh: tuple[str, ...]
    en: tuple[str, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "NoticeRules":
        """Read a released document; its shape was checked before its release."""
        return cls(
            days=int(document["days"]),
            answer_days=int(document["answer_days"]),
            shows=Shows(document["shows"]),
            amounts_from=document.get("amounts_from"),
            kinds=tuple(Term(row["code"], row["zh"], row["en"]) for row in document["kinds"]),
            zh=tuple(document["zh"]),
            en=tuple(document["en"]),
        )

    def paragraphs(self, language: str) -> tuple[str, ...]:
        """What stands beneath the list."""
        return self.en if language.startswith("en") else self.zh

    def kind(self, code: str) -> Term | None:
        """Return what an objection may be about, None for a code these rules do not know."""
        return next((one for one in self.kinds if one.code == code), None)

    def shows_amount(self, consent_version: int | None) -> bool:
        """Whether a household that agreed under a version of the consent notice agreed to its amount being shown."""
        return self.amounts_from is not None and consent_version is not None and consent_version >= self.amounts_from


def masked_name(name: str) -> str:
    """Return a name as it may hang on a wall: the first character, and of three or more the last; stars in between.

    刘一 -> 刘*, 刘建国 -> 刘*国, 欧阳文华 -> 欧**华. Of a name in parts (买买提·阿不都) the first character and stars alone.
    """
    name = "".join(name.split())
    if len(name) < 2:
        return HIDDEN
    if "·" in name or len(name) == 2 or not all("\u4e00" <= sign <= "\u9fff" for sign in name):
        return name[0] + HIDDEN * min(len(name) - 1, 2)
    return name[0] + HIDDEN * (len(name) - 2) + name[-1]


def last_day(posted_on: date, days: int, changes: Mapping[date, bool]) -> date:
    """Return the last day of a notice: so many working days after it was posted, that day itself not counted (Semantics, section 9)."""
    return working_day_after(posted_on, days, changes)


def days_left(today: date, ends_on: date, changes: Mapping[date, bool]) -> int:
    """Return how many working days of a notice are left, today included; 0 once it is over."""
    left = (ends_on - today).days
    return sum(is_working_day(today + timedelta(days=ahead), changes) for ahead in range(left + 1)) if left >= 0 else 0


def standing_rows(rows: Iterable[tuple[Row, int, int]], agreed: set[int], granted: Mapping[int, int]) -> list[Row]:
    """Keep the rows of a frozen notice that may be shown now: rows as (row, subject, decision).

    Gone are those who took their consent back, and those whose line does not stand any more by that decision.
    """
    return [row for row, subject, decision in rows if subject in agreed and granted.get(subject) == decision]


def fingerprint(rows: Sequence[tuple[int, int]]) -> str:
    """Return the fingerprint of the rows (subject, decision) on a paper: it tells whether the paper is still what may be shown."""
    return sha256(";".join(f"{subject}:{decision}" for subject, decision in sorted(rows)).encode()).hexdigest()
