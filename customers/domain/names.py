"""Personal names: one spelling, an order by pinyin, the tokens a name is found under, and what a search text means.

Search is equality or prefix on tokens only, so that it keeps its index under row security. A name of n characters has n-1
pieces of two characters and its last character alone: the pieces answer what is typed in Chinese, and since every character
begins exactly one token, a single typed character is answered by a prefix. In Latin letters a name is found by its whole
pinyin, its given name's pinyin and its initials, each typed from the beginning, under every usual reading.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product
from typing import Final, Literal

from customers.domain import identity
from customers.domain.readings import DOUBLE_SURNAMES, given_readings, reading, surname_reading, surname_readings

MIDDLE_DOT: Final = "·"
LONGEST: Final = 50
LONGEST_TOKEN: Final = 60
# A name with many characters of two readings stays within this many spellings.
MOST_SPELLINGS: Final = 6

_DOTS = re.compile("[·•‧∙⋅・･●．﹒᛫ㆍ]|(?<=[^\x00-\x7f])\\.(?=[^\x00-\x7f])")
_PLAIN = re.compile("[\u4e00-\u9fff]{2,4}")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3007]")
_HAN_RUN = re.compile(_HAN.pattern + "+")
_GAP_BETWEEN_HAN = re.compile(f"(?<={_HAN.pattern}) +(?={_HAN.pattern})")
_LETTERS = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ' .-]*")
_PRIVATE = re.compile("[\ue000-\uf8ff]")

QueryKind = Literal["empty", "name", "letters", "digits", "id_tail", "id_number", "phone", "household_number"]


def normalise_name(text: str) -> str:
    """The one spelling of a name: NFKC, one kind of middle dot, no spaces between Chinese characters, no invisible characters."""
    if _PLAIN.fullmatch(text):
        return text
    folded = "".join(
        c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Cf", "Cc") or c.isspace()
    )
    spaced = _DOTS.sub(MIDDLE_DOT, " ".join(unicodedata.normalize("NFKC", folded).split()))
    return _GAP_BETWEEN_HAN.sub("", re.sub(rf" ?{MIDDLE_DOT} ?", MIDDLE_DOT, spaced)).strip(MIDDLE_DOT + " ")


def check_name(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Errors and warnings of a name in its one spelling.

    Errors: name_missing, name_too_long, name_characters. Warnings: name_private_use (a rare character that only the
    sender's computer can show), name_single (one character only).
    """
    if _PLAIN.fullmatch(name):
        return (), ()
    if not name:
        return ("name_missing",), ()
    if len(name) > LONGEST:
        return ("name_too_long",), ()
    warnings = ("name_private_use",) if _PRIVATE.search(name) else ()
    shown = _PRIVATE.sub("〇", name)
    if _LETTERS.fullmatch(shown):
        return (), warnings
    if not all(_HAN_RUN.fullmatch(part) for part in shown.split(MIDDLE_DOT)):
        return ("name_characters",), warnings
    return (), (*warnings, "name_single") if len(shown) == 1 else warnings


def _split(name: str) -> tuple[str, str]:
    """Surname and given name of a Chinese name; a name with a middle dot has no surname."""
    if name[:2] in DOUBLE_SURNAMES and len(name) > 2:
        return name[:2], name[2:]
    return name[:1], name[1:]


def sort_key(name: str) -> str:
    """A key whose order by bytes is the order by pinyin: syllables with tones, then the name itself to part homophones.

    At most 200 characters. Latin names sort among the others by their letters.
    """
    if name.isascii():
        return name.lower()
    surname, given = _split(name)
    head = DOUBLE_SURNAMES[surname] if len(surname) == 2 else surname_reading(surname) or surname.lower()
    return " ".join((head, *(reading(c) or c.lower() for c in given if c not in " ·"), name))[:200]


@lru_cache(maxsize=100_000)
def tokens(name: str) -> tuple[str, ...]:
    """The tokens under which a person of this name is found, each at most 60 characters, without doubles."""
    bare = name.replace(MIDDLE_DOT, "").replace(" ", "")
    if bare.isascii():
        found = _letter_tokens(name)
    else:
        bare = bare.lower()
        found = [bare[i : i + 2] for i in range(len(bare))] + _spellings(name, bare)
    return tuple(dict.fromkeys([token[:LONGEST_TOKEN] for token in found if token]))


def _letter_tokens(name: str) -> list[str]:
    words = name.lower().replace("'", "").replace("-", " ").replace(".", " ").split()
    return ["".join(words), *words, "".join([word[0] for word in words])]


def _spellings(name: str, bare: str) -> list[str]:
    surname, given = _split(bare)
    if len(surname) == 2:
        syllables = [syllable[:-1] for syllable in DOUBLE_SURNAMES[surname].split()]
        heads = [("".join(syllables), "".join([syllable[0] for syllable in syllables]))]
    else:
        readings = given_readings(surname) if MIDDLE_DOT in name else surname_readings(surname)
        heads = [(one, one[0]) for one in readings] or [("", "")]
    found: list[str] = []
    for after, initials in _given_spellings(given):
        for head, first in heads:
            found += (head + after, first + initials)
        if len(given) > 1:
            found.append(after)
    return found


@lru_cache(maxsize=100_000)
def _given_spellings(given: str) -> tuple[tuple[str, str], ...]:
    """Pinyin and initials of a given name under each of its readings, the usual ones first."""
    choices = [given_readings(c) or ((c,) if c.isascii() else ("",)) for c in given]
    return tuple(
        ("".join(chosen), "".join([one[:1] for one in chosen])) for chosen in islice(product(*choices), MOST_SPELLINGS)
    )


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody typed into the search box. Only the fields that the kind names are filled.

    `pieces` must all be among a name's tokens (equality), or, for a single character, be the beginning of one (`prefix`);
    `prefix` is also the beginning of a Latin token. `name` is the Chinese part, to keep only names that contain it as a whole.
    """

    kind: QueryKind
    text: str = ""
    name: str = ""
    pieces: tuple[str, ...] = ()
    prefix: str = ""
    household_number: str = ""
    id_number: str = ""
    id_tail: str = ""
    phone: str = ""
    phone_tail: str = ""


def classify(text: str) -> Query:
    """Tell what a search text asks for: a name, letters of a name, a household number, or the end of an ID or phone number.

    Four digits can be any of household number, ID tail and phone tail, so several fields may be filled at once.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text[:80]).split())
    packed = plain.replace(" ", "")
    if not packed:
        return Query("empty")
    if _HAN.search(packed):
        return _name_query(packed)
    letters = packed.replace("'", "").replace("ü", "v").replace("Ü", "v").lower()
    if letters.isascii() and letters.isalpha():
        return Query("letters", packed, prefix=letters[:LONGEST_TOKEN])
    return _number_query(packed.upper())


def _name_query(packed: str) -> Query:
    name = normalise_name(packed).replace(MIDDLE_DOT, "").lower()
    if len(name) == 1:
        return Query("name", packed, name=name, prefix=name)
    return Query("name", packed, name=name, pieces=tuple(dict.fromkeys(name[i : i + 2] for i in range(len(name) - 1))))


def _number_query(packed: str) -> Query:
    number = identity.normalise_id(packed)
    if re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return Query("id_number", packed, id_number=number, household_number=packed)
    phone = identity.normalise_phone(packed)
    if re.fullmatch(r"1[3-9][0-9]{9}", phone):
        return Query("phone", packed, phone=phone, household_number=packed)
    if re.fullmatch(r"[0-9]{3}X", packed):
        return Query("id_tail", packed, id_tail=packed)
    if re.fullmatch(r"[0-9]{4}", packed):
        return Query("digits", packed, household_number=packed, id_tail=packed, phone_tail=packed)
    if packed.isdigit():
        return Query("digits", packed, household_number=packed)
    return Query("household_number", packed, household_number=packed)
