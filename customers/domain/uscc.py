"""Unified social credit codes (GB 32100-2015; Domain, section 8.2): one spelling, checks with codes.

Eighteen characters: registering authority, class, six of the division, nine of the body (GB 11714, with a check character of its
own), one check character. The alphabet leaves out I, O, S, V and Z, which look like figures.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH: Final = 18
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS: Final = tuple(3**place % 31 for place in range(17))
_BODY_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_BODY_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# What is misread for what: these letters are never part of a code.
_MISREAD: Final = str.maketrans({"I": "1", "O": "0", "S": "5", "Z": "2"})


@dataclass(frozen=True, slots=True)
class UsccCheck:
    """What is known about one code. ``code`` is its one spelling, "" where nothing was given; errors keep it out.

    ``meant`` is the code that reading a letter as the figure it looks like would make right, "" where there is none.
    """

    code: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    meant: str = ""


def normalise(text: str) -> str:
    """The one spelling: NFKC, upper case, without spaces, dashes and invisible characters."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(c for c in folded if not c.isspace() and c != "-" and unicodedata.category(c) not in ("Cf", "Cc"))


def check_character(code: str) -> str:
    """The check character of the first 17 characters; raises ValueError for characters outside the alphabet."""
    try:
        total = sum(_VALUES[character] * weight for character, weight in zip(code[:17], _WEIGHTS, strict=True))
    except KeyError as stranger:
        raise ValueError(f"{stranger} is no character of a credit code") from None
    return ALPHABET[(31 - total % 31) % 31]


def body_check_character(body: str) -> str:
    """The check character (0 to 9 or X) of the eight characters of an organisation code (GB 11714)."""
    total = sum(_BODY_ALPHABET.index(character) * weight for character, weight in zip(body, _BODY_WEIGHTS, strict=True))
    rest = (11 - total % 11) % 11
    return "X" if rest == 10 else str(rest)


def check(text: str) -> UsccCheck:
    """Check one code as typed.

    Errors: uscc_length, uscc_characters, uscc_check_character. Warnings: uscc_missing, uscc_body (the inner check character
    differs, as in codes given out before 2015 was settled).
    """
    code = normalise(text)
    if not code:
        return UsccCheck("", warnings=("uscc_missing",))
    if len(code) != LENGTH:
        return UsccCheck(code, ("uscc_length",))
    if any(character not in _VALUES for character in code):
        return UsccCheck(code, ("uscc_characters",), meant=_meant(code))
    if check_character(code) != code[17]:
        return UsccCheck(code, ("uscc_check_character",))
    body = code[8:17]
    return UsccCheck(code, warnings=() if body_check_character(body[:8]) == body[8] else ("uscc_body",))


def _meant(code: str) -> str:
    read = code.translate(_MISREAD)
    is_right = all(c in _VALUES for c in read) and check_character(read) == read[17]
    return read if is_right else ""


def make(*, prefix: str, division: str, sequence: int) -> str:
    """A well-formed code for synthetic businesses: prefix 91 enterprise, 92 个体工商户, 93 co-operative, 12 public body; a
    six-digit division; sequence from 0 to 9,999,999."""
    if not re.fullmatch(r"[0-9A-Y]{2}", prefix) or not re.fullmatch(r"[0-9]{6}", division) or not 0 <= sequence < 10**7:
        raise ValueError("a prefix of two characters, a six-digit division and a sequence of at most seven digits")
    body = f"M{sequence:07d}"
    code = prefix + division + body + body_check_character(body)
    return code + check_character(code)
