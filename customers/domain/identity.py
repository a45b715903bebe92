"""Resident ID numbers (GB 11643-1999) and mobile numbers: one spelling, checks with codes, masks (Semantics, section 8).

A number is spelled in one way only: NFKC, without spaces and invisible characters, upper-case X, 18 characters (the 15-digit
numbers of old cards are upgraded). Checks return every finding at once; errors keep a number out, warnings go with it.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from customers.domain import regions

Sex = Literal["M", "F"]

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS: Final = "10X98765432"
OLDEST: Final = 120  # years; Semantics, section 8

_BODY = re.compile(r"[0-9]{17}[0-9X]")
_OLD = re.compile(r"[0-9]{15}")
_PLAIN = re.compile(r"[0-9X]*")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# Segments given to machines, not to people.
_MACHINE_SEGMENTS = ("140", "141", "144", "146", "148")
_PERSONAL = re.compile(rf"(?:(?!{'|'.join(_MACHINE_SEGMENTS)})1[3-9][0-9]{{9}})*")
_COUNTRY_CODE = re.compile(r"(?:\+|00)?86(?=1[3-9][0-9]{9}$)")
# 154 is a segment that no operator has been given: such numbers pass the check and reach nobody.
SYNTHETIC_SEGMENT: Final = "154"


@dataclass(frozen=True, slots=True)
class IdCheck:
    """What is known about one ID number. `number` is the one spelling; birth and sex are None when they cannot be read."""

    number: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    birth: date | None = None
    sex: Sex | None = None


@dataclass(frozen=True, slots=True)
class PhoneCheck:
    """A mobile number in one spelling (eleven digits), or "" with a warning when there is none to keep."""

    number: str
    warnings: tuple[str, ...] = ()


def _squeeze(text: str) -> str:
    """NFKC without white space, control and invisible characters (copies from chat programs are full of the latter)."""
    if text.isascii():
        return "".join(text.split())
    folded = unicodedata.normalize("NFKC", text)
    bare = "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFKC", bare)  # what was parted by a space may now combine


def normalise_id(text: str) -> str:
    """The one spelling of an ID number; a number of an old card comes back with 18 characters. "" when nothing is there."""
    if _BODY.fullmatch(text):
        return text
    number = _squeeze(_squeeze(text).upper())
    return upgrade_id(number) if _OLD.fullmatch(number) else number


def upgrade_id(number: str) -> str:
    """A 15-digit number of an old card with 18 characters: 19 goes before the birth year, the check character to the end.

    The sequence numbers 996 to 999 once stood for births before 1900; all of these are older than the oldest age accepted.
    """
    century = "18" if number[12:] in ("996", "997", "998", "999") else "19"
    body = number[:6] + century + number[6:]
    return body + check_character(body)


def check_character(body: str) -> str:
    """The check character (0 to 9 or X) of the first 17 digits (GB 11643, modulus 11)."""
    return CHECK_CHARACTERS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def check_id(text: str, *, today: date, sex: str | None = None) -> IdCheck:
    """Check one ID number as typed; `sex` is what the file says beside it, `today` bounds the birth date.

    Errors: id_length, id_characters, id_check_character, id_rounded, id_birth_impossible, id_birth_future, id_too_old.
    Warnings: id_missing, id_region_unknown, id_residence_permit, id_sex_differs (Semantics, section 8).
    """
    number = normalise_id(text)
    if not number:
        return IdCheck("", warnings=("id_missing",))
    if not _PLAIN.fullmatch(number):
        return IdCheck(number, errors=("id_characters",))
    if len(number) != 18:
        return IdCheck(number, errors=("id_length",))
    if not _BODY.fullmatch(number):
        return IdCheck(number, errors=("id_characters",))
    errors: list[str] = []
    warnings: list[str] = []
    if check_character(number[:17]) != number[17]:
        # A spreadsheet that took the number for a figure keeps 15 digits and writes three zeros after them.
        errors.append("id_rounded" if number.endswith("000") else "id_check_character")
    birth = birth_of(number)
    if birth is None:
        errors.append("id_birth_impossible")
    elif birth > today:
        errors.append("id_birth_future")
    elif birth < years_before(today, OLDEST):
        errors.append("id_too_old")
    if number[:6] in regions.PERMIT_REGIONS:
        warnings.append("id_residence_permit")
    elif birth is not None and not regions.known_for(number[:6], birth.year):
        warnings.append("id_region_unknown")
    read = sex_of(number)
    if sex and sex != read:
        warnings.append("id_sex_differs")
    return IdCheck(number, tuple(errors), tuple(warnings), birth, read)


def years_before(day: date, years: int) -> date:
    """The same calendar day `years` earlier; 29 February becomes the 28th where the year has none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def birth_of(number: str) -> date | None:
    """Birth date inside an 18-character number; None when it is no date of the calendar."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex_of(number: str) -> Sex:
    """Sex digit of an 18-character number: odd is M, even is F."""
    return "M" if int(number[16]) % 2 else "F"


def tail_of(number: str) -> str:
    """The last four characters, as people read them out; what the tail index is made of. Never shown in clear."""
    return number[-4:]


def mask_id(number: str) -> str:
    """An ID number as lists show it: the last two characters only.

    Division, birth date and sex are mostly on the same page, and with them the last four characters would be the whole
    number. Two characters still tell most namesakes apart; the search accepts the last four.
    """
    return "*" * (len(number) - 2) + number[-2:] if len(number) > 8 else "*" * len(number)


def mask_phone(number: str) -> str:
    """A phone number as lists show it: the last four digits, which are also what the search accepts."""
    return "*" * (len(number) - 4) + number[-4:] if len(number) > 7 else "*" * len(number)


def normalise_phone(text: str) -> str:
    """A phone number without country code (+86, 0086, 86), spaces, dashes and brackets."""
    if _MOBILE.fullmatch(text):
        return text
    bare = re.sub(r"[-()—–‐]", "", _squeeze(text))
    return _COUNTRY_CODE.sub("", bare)


def are_plain_mobiles(texts: Sequence[str]) -> bool:
    """Whether every text is empty or a mobile number in its one spelling, none of a machine: nothing to report or change."""
    return set(map(len, texts)) <= {0, 11} and _PERSONAL.fullmatch("".join(texts)) is not None


def check_phone(text: str) -> PhoneCheck:
    """Check one mobile number as typed. Findings are warnings: a household is not turned away for a wrong phone number.

    Warnings: phone_several (the first valid one is kept), phone_landline and phone_invalid (nothing is kept), phone_machine.
    """
    number = normalise_phone(text)
    if not number:
        return PhoneCheck("")
    if _MOBILE.fullmatch(number):
        return PhoneCheck(number, ("phone_machine",) if number.startswith(_MACHINE_SEGMENTS) else ())
    parts = [
        normalise_phone(part) for part in re.split(r"[/、,;|\s或和]+", unicodedata.normalize("NFKC", text).strip())
    ]
    mobiles = [part for part in parts if _MOBILE.fullmatch(part)]
    if mobiles:
        return PhoneCheck(mobiles[0], ("phone_several",))
    landline = re.fullmatch(r"0[1-9][0-9]{9,10}|[2-8][0-9]{6,7}", number)
    return PhoneCheck("", ("phone_landline" if landline else "phone_invalid",))


def make_id(region: str, birth: date, sequence: int) -> str:
    """A well-formed number for synthetic people: six-digit county code, birth date, sequence 1 to 999 (odd is male)."""
    if not re.fullmatch(r"[0-9]{6}", region) or not 0 < sequence < 1000:
        raise ValueError("a county code has six digits and a sequence number lies between 1 and 999")
    body = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return body + check_character(body)


def make_phone(sequence: int) -> str:
    """A well-formed mobile number that reaches nobody, for synthetic people; `sequence` from 0 to 99,999,999."""
    if not 0 <= sequence < 100_000_000:
        raise ValueError("a sequence number has at most eight digits")
    return f"{SYNTHETIC_SEGMENT}{sequence:08d}"
