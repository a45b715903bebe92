"""One cell of a roster in one spelling: what spreadsheets and chat programs leave around a value is taken off."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, TypeVar

from config.lib import tablefile
from customers.domain import catalogue, names
from customers.domain.roster.table import FLAWED

Value = TypeVar("Value")

_SCIENTIFIC: Final = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{1,3}")
_DATE: Final = re.compile(
    r"([12][0-9]{3})(?:[-/.年]([01]?[0-9])[-/.月]([0-3]?[0-9])日?|([0-9]{2})([0-9]{2}))(?:[T ]0?0:00(?::00)?)?"
)
_SEXES: Final = {
    "男": "M",
    "男性": "M",
    "1": "M",
    "m": "M",
    "male": "M",
    "女": "F",
    "女性": "F",
    "2": "F",
    "f": "F",
    "female": "F",
}
_RELATIONS: Final = catalogue.relation_words()


def each(values: Sequence[str], read: Callable[[str], Value]) -> list[Value]:
    """`read` of every value, worked out once for each different one."""
    table = {value: read(value) for value in set(values)}
    return [table[value] for value in values]


def clean(text: str) -> str:
    """The text as every file's cells are cleaned; the mark of a flawed cell stays."""
    return text if text == FLAWED else tablefile.clean(text)


def household_number(text: str) -> str:
    """A household number in one spelling: upper case, no spaces."""
    return clean(text).replace(" ", "").upper()


def name(text: str) -> str:
    """A person's name in one spelling."""
    return text if text == FLAWED else names.normalise_name(text)


def relation(text: str) -> str | None:
    """Code of a relation to the head, "" when the cell is empty, None when the word is not known."""
    word = clean(text).replace(" ", "").lower()
    return _RELATIONS.get(word, _RELATIONS.get(word.replace("_", "-"))) if word and word != FLAWED else ""


def sex(text: str) -> str | None:
    """M, F, "" when the cell is empty, None when it is not known."""
    word = clean(text).lower()
    return _SEXES.get(word) if word and word != FLAWED else ""


def birth(text: str) -> str | None:
    """A birth date as 1980-01-31, "" when the cell is empty, None when it is no full date."""
    plain = clean(text).replace(" ", "") if text != FLAWED else ""
    if not plain:
        return ""
    found = _DATE.fullmatch(plain)
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2] or found[4]), int(found[3] or found[5])).isoformat()
    except ValueError:
        return None


def is_scientific(text: str) -> bool:
    """Whether a figure was shortened by a spreadsheet (4.40524E+17): its last digits are lost."""
    return _SCIENTIFIC.fullmatch(text.strip()) is not None
