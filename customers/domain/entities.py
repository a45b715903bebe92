"""Businesses and units as they are typed or listed: one spelling, checks with codes, the tokens they are found by.

The codes are put in words by ``customers.domain.roster.words``, for a row of a list and for a field of a page alike.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from customers.domain import identity, names, uscc
from customers.domain.readings import given_readings

LONGEST_NAME: Final = 100
LONGEST_TRADE: Final = 100
LONGEST_ADDRESS: Final = 200
SEARCHED: Final = 40
"""So many characters of a name can be searched for from their middle."""
BUSINESS, UNIT = "business", "unit"
# What the first two characters of a credit code say of a business (Domain, section 8.2).
_PREFIXES: Final = {"licensed": ("92",), "coop": ("93",), "leading": ("91",)}


class Finding(NamedTuple):
    """One finding on one field; an error keeps the business or unit out, a warning goes with it."""

    field: str
    code: str
    value: str = ""
    is_error: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is told of a business or unit. ``subject_kind`` is business or unit, ``kind`` the class within it; "" is not told."""

    subject_kind: str
    kind: str
    name: str
    uscc: str = ""
    licence_name: str = ""
    trade: str = ""
    address: str = ""
    founded_on: date | None = None
    principal: str = ""
    id_number: str = ""
    phone: str = ""

    @property
    def folded(self) -> str:
        """The name as two are compared."""
        return fold(self.name)


def clean(text: str) -> str:
    """One spelling of a name or address: NFKC, single spaces, none between Chinese characters, no invisible characters."""
    folded = unicodedata.normalize("NFKC", text)
    plain = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in folded)
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", " ".join(plain.split()))


def fold(name: str) -> str:
    """A name as it is compared: without case, spaces, brackets and punctuation."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).lower() if c.isalnum())


def check(facts: Facts, *, today: date) -> tuple[Facts, list[Finding]]:
    """Return the facts in one spelling and every finding on them."""
    name, licence = clean(facts.name), clean(facts.licence_name)
    code = uscc.check(facts.uscc)
    number = identity.check_id(facts.id_number, today=today) if facts.id_number else identity.IdCheck("")
    phone = identity.check_phone(facts.phone)
    principal = names.normalise_name(facts.principal)
    told = replace(
        facts,
        name=name,
        licence_name=licence,
        uscc=code.code,
        trade=clean(facts.trade),
        address=clean(facts.address),
        principal=principal,
        id_number=number.number,
        phone=phone.number,
    )
    found = [Finding("uscc", each, code.meant or code.code) for each in code.errors]
    found += [Finding("uscc", each, code.code, is_error=False) for each in code.warnings if each != "uscc_missing"]
    masked = identity.mask_id(number.number)
    found += [Finding("id_number", each, masked) for each in number.errors]
    found += [Finding("id_number", each, masked, is_error=False) for each in number.warnings]
    found += [Finding("phone", each, facts.phone[:20], is_error=False) for each in phone.warnings]
    found += _of_text(told)
    return told, found


def _of_text(told: Facts) -> Iterator[Finding]:
    if not told.name:
        yield Finding("name", "entity_name_missing")
    for field, longest in (("name", LONGEST_NAME), ("licence_name", LONGEST_NAME), ("trade", LONGEST_TRADE), ("address", LONGEST_ADDRESS)):  # fmt: skip
        if len(getattr(told, field)) > longest:
            yield Finding(field, "entity_text_too_long", getattr(told, field)[:20])
    if not told.kind:
        yield Finding("kind", "entity_kind_unknown")
    if told.principal:
        errors, warnings = names.check_name(told.principal)
        yield from (Finding("principal", each, told.principal[:20]) for each in errors)
        yield from (Finding("principal", each, told.principal[:20], is_error=False) for each in warnings)
    elif told.subject_kind == BUSINESS:
        yield Finding("principal", "principal_missing")
    if told.kind == "unlicensed" and (told.uscc or told.licence_name):
        yield Finding("kind", "unlicensed_with_licence", told.uscc or told.licence_name[:20])
    wanted = _PREFIXES.get(told.kind)
    if wanted and told.uscc and not told.uscc.startswith(wanted):
        yield Finding("uscc", "uscc_of_another_kind", told.uscc, is_error=False)


def told_apart(facts: Facts) -> dict[str, str]:
    """What a waiting row keeps besides name, code and address; ID number and phone are not among it."""
    founded = facts.founded_on.isoformat() if facts.founded_on else ""
    plain = {name: getattr(facts, name) for name in ("kind", "licence_name", "trade", "principal")}
    return {name: text for name, text in (plain | {"founded_on": founded}).items() if text}


def kind_by_code(code: str) -> str:
    """The class of a business that its credit code tells where the list does not: 92 个体工商户, 93 co-operative; "" otherwise."""
    return {"92": "licensed", "93": "coop"}.get(code[:2], "")


@lru_cache(maxsize=20_000)
def tokens(name: str) -> tuple[str, ...]:
    """The tokens under which a business or unit is found: pieces of two characters, pinyin and initials from any place on."""
    bare = fold(name)[:SEARCHED]
    readings = [(given_readings(c) or (c,))[0] if not c.isascii() else c for c in bare]
    found = [bare[at : at + 2] for at in range(len(bare))]
    for at in range(len(bare)):
        found.append("".join(readings[at:]))
        found.append("".join(one[:1] for one in readings[at:]))
    return tuple(dict.fromkeys(token[: names.LONGEST_TOKEN] for token in found if token))
