"""Reasons of the lists (名单) as they are released: which colour each may stand for, what it asks of who uses it, and for how long.

Domain, sections 3.3 and 3.5: grey means "not now" and is looked at again on a day; reasons of a sensitive kind (health,
marriage, religion) are shipped switched off, because using them needs a purpose of its own (PIPL articles 28 and 29).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from config.lib.weeks import add_months

COLOURS: Final = ("black", "grey", "white", "attention")
BLOCKING: Final = ("black", "grey")
"""Colours that always keep a household out of assessment (Semantics, section 1)."""
REVIEW_MONTHS: Final = {"grey": 6, "white": 12}
"""Months to the review where a reason names none; black and attention have no review unless theirs says so."""
MOST_MONTHS: Final = 24


@dataclass(frozen=True, slots=True)
class Reason:
    """One released reason. ``review_months`` None leaves it to the colour; ``blocking`` is for the colour attention alone."""

    code: str
    zh: str
    en: str
    kind: str = ""
    colours: tuple[str, ...] = BLOCKING
    needs_note: bool = False
    review_months: int | None = None
    sensitive: bool = False
    enabled: bool = True
    blocking: bool = False

    def label(self, language: str) -> str:
        """Return the words of the reason in the reader's language."""
        return self.en if language.startswith("en") else self.zh

    def review_on(self, colour: str, today: date) -> date | None:
        """Return the day an entry for this reason is to be looked at again, None when it has none."""
        months = self.review_months or REVIEW_MONTHS.get(colour)
        return add_months(today, months) if months else None


def read(document: Mapping[str, Any]) -> list[Reason]:
    """Return the reasons of a released document, those switched off included."""
    return [
        Reason(
            code=one["code"],
            zh=one["zh"],
            en=one["en"],
            kind=one.get("kind", ""),
            colours=tuple(one.get("colours", BLOCKING)),
            needs_note=bool(one.get("needs_note", one["code"] == "other")),
            review_months=one.get("review_months"),
            sensitive=bool(one.get("sensitive", False)),
            enabled=bool(one.get("enabled", True)),
            blocking=bool(one.get("blocking", False)),
        )
        for one in document["reasons"]
    ]


def usable(reasons: Iterable[Reason], colour: str) -> dict[str, Reason]:
    """Return the reasons that may be given for a colour now, by code."""
    return {one.code: one for one in reasons if one.enabled and colour in one.colours}


def problems(document: Any) -> list[tuple[str, str]]:
    """Return what keeps a document from being released: place and code, in order.

    Codes: shape, no_reasons, no_code, twice, no_words, colour, months, blocking.
    """
    listed = document.get("reasons") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        return [("", "shape")]
    found = [] if listed else [("reasons", "no_reasons")]
    seen: set[str] = set()
    for place, one in enumerate(listed):
        where = f"reasons.{place}"
        code = one.get("code")
        if not isinstance(code, str) or not code or len(code) > 40:
            found.append((where, "no_code"))
        elif code in seen:
            found.append((where, "twice"))
        seen.add(str(code))
        if not all(isinstance(one.get(name), str) and one[name].strip() for name in ("zh", "en")):
            found.append((where, "no_words"))
        colours = one.get("colours", list(BLOCKING))
        if not isinstance(colours, list) or not colours or not set(map(str, colours)) <= set(COLOURS):
            found.append((where, "colour"))
            continue
        months = one.get("review_months")
        if months is not None and (not isinstance(months, int) or not 1 <= months <= MOST_MONTHS):
            found.append((where, "months"))
        if one.get("blocking") and colours != ["attention"]:
            found.append((where, "blocking"))
    return found


def sensitive_in_use(document: Mapping[str, Any]) -> list[str]:
    """Return the codes of sensitive reasons a document switches on: releasing it shows a warning."""
    return [one.code for one in read(document) if one.sensitive and one.enabled]


def latest_review(today: date) -> date:
    """Return the last day a review may be put off to."""
    return add_months(today, MOST_MONTHS)
