"""Signing: who is called on in which order, what a contract and a card number look like, and how far a line has come.

A call list mixes households that sign with others that get a service visit, in an order drawn once, so that a visit proves nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from credit.domain.rules import Reason

CONTRACT: Final = re.compile(r"[0-9A-Z\u4e00-\u9fff][0-9A-Z\u4e00-\u9fff()/.\-]{4,38}[0-9A-Z\u4e00-\u9fff)]")
CARD_DIGITS: Final = 16
_CARD: Final = re.compile(rf"[0-9]{{{CARD_DIGITS}}}")


class NumberError(ValueError):
    """A contract or card number that cannot be one."""


# --- The order of a call list -------------------------------------------------------------------------------------


def order_key(seed: str, subject_id: int) -> str:
    """Return where a subject stands in the order of a seed: ascending sha256(seed || ":" || id in decimal)."""
    return sha256(f"{seed}:{subject_id}".encode()).hexdigest()


def in_order(seed: str, subject_ids: Iterable[int]) -> list[int]:
    """Return subjects in the order of a seed, the same whatever order they come in."""
    return sorted(set(subject_ids), key=lambda subject: (order_key(seed, subject), subject))


def mixed(seed: str, signing: Iterable[int], others: Iterable[int], *, most: int, others_per_signing: int) -> list[int]:
    """Return the households of one list: as many of those to sign as fit beside ``others_per_signing`` times as many others.

    Both parts are drawn in the order of the seed, and so is the list. Where others run short, all of them are on it.
    """
    to_sign, rest = in_order(seed, signing), in_order(seed, set(others) - set(signing))
    taken = to_sign[: max(1, most // (1 + others_per_signing))]
    return in_order(seed, [*taken, *rest[: min(len(taken) * others_per_signing, max(0, most - len(taken)))]])


# --- Numbers ------------------------------------------------------------------------------------------------------


def contract_number(text: str) -> str:
    """Return a contract number in its one spelling: NFKC, upper case, no spaces. Raises NumberError."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper().translate(_DASHES)
    if not CONTRACT.fullmatch(plain):
        raise NumberError(text)
    return plain


_DASHES: Final = {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2014\u2212_"}


def check_digit(body: str) -> str:
    """Return the digit that makes a number check by Luhn (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card_number(year: int, sequence: int) -> str:
    """Return the number of a card: its year, a number of its own, a check digit; 16 digits."""
    room = CARD_DIGITS - 5
    if not (0 < sequence < 10**room and 1000 <= year <= 9999):
        raise NumberError(f"{year}/{sequence}")
    body = f"{year}{sequence:0{room}d}"
    return body + check_digit(body)


def is_card_number(text: str) -> bool:
    """Whether a text is a number our cards may carry."""
    return bool(_CARD.fullmatch(text)) and check_digit(text[:-1]) == text[-1]


def spaced(number: str) -> str:
    """Write a card number in fours."""
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


# --- How far a line has come --------------------------------------------------------------------------------------


class Link(StrEnum):
    """The last link a granted line has reached, or why it stands still; ``void`` is a signed line that was withdrawn."""

    GRANTED = "granted"
    LATER = "later"
    AWAY = "away"
    DECLINED = "declined"
    SIGNED = "signed"
    CARDED = "carded"
    DRAWN = "drawn"
    VOID = "void"


def link_of(
    *, is_granted: bool, last_outcome: str | None, is_signed: bool, is_carded: bool, is_drawn: bool
) -> Link | None:
    """Return how far a line has come; None for one that was withdrawn before it was signed, which nobody follows any more."""
    if not is_granted:
        return Link.VOID if is_signed else None
    if is_signed:
        return Link.DRAWN if is_drawn else Link.CARDED if is_carded else Link.SIGNED
    return Link(last_outcome) if last_outcome in ("later", "away", "declined") else Link.GRANTED


# --- The released rules -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SigningRules:
    """The released rules of signing: reasons by outcome, others on a list for each household to sign, how long a card is valid."""

    reasons: Mapping[str, tuple[Reason, ...]]
    others_per_signing: int
    card_months: int

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "SigningRules":
        """Read a release; raises KeyError or ValueError for what cannot be one."""
        reasons = {
            outcome: tuple(Reason(row["code"], row["zh"], row["en"]) for row in document[outcome])
            for outcome in ("declined", "away", "later")
        }
        others, months = int(document["others_per_signing"]), int(document["card_months"])
        if others < 1 or months < 1:
            raise ValueError("a list needs others, and a card lasts")
        return cls(reasons, others, months)

    def reason(self, outcome: str, code: str) -> Reason | None:
        """Return a released reason of an outcome."""
        return next((one for one in self.reasons.get(outcome, ()) if one.code == code), None)
