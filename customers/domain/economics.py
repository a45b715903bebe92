"""The economics of a file (采集表): findings on a document, its totals, its one byte form (Semantics, section 3).

What a document holds is said by its form (``customers.domain.form``); which sums the database keeps in its generated columns is
fixed, and ``totals`` adds up the same. Shares held in the bank stand for themselves and are no asset item.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Final, Literal

from config.lib.money import ZERO
from customers.domain import catalogue
from customers.domain.catalogue import Words

Level = Literal["error", "question", "warning"]

VERSION: Final = 1
# Credit models declare this range for what a household has, owes and earns (models: inputs up to 100 million yuan).
LARGEST: Final = Decimal("100000000.00")

_IDENTITY = re.compile(r"(?<![0-9])(?:[0-9]{17}[0-9Xx]|1[3-9][0-9]{9})(?![0-9])")


def holds_identity(text: str) -> bool:
    """Tell whether a free text holds an ID or phone number, which belong with the person only."""
    return _IDENTITY.search(unicodedata.normalize("NFKC", text)) is not None


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `path` is where ("assets.0.current"), `code` what, `value` what was there; words are in `words`.

    An error refuses the document. A question asks the officer to look again ("which unit?") and is answered by naming the path
    among the confirmed ones. A warning is shown and kept.
    """

    path: str
    code: str
    value: str = ""
    level: Level = "error"
    name: Words | None = None  # what the sentence names in both languages: a field, a limit


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the items of a document, in yuan; the names are those of the generated columns of a profile.

    `net_income` (纯收入) is gross income less operating cost, before living expenses; `surplus` is net income less all expenses;
    `operating_income` is the gross income of what the household runs itself (家庭经营性收入). `persons` and `labour` are counts;
    labour counts the able and the partly able.
    """

    assets: Decimal = ZERO
    disposable: Decimal = ZERO
    liabilities: Decimal = ZERO
    guarantees: Decimal = ZERO
    gross_income: Decimal = ZERO
    operating_cost: Decimal = ZERO
    expenses: Decimal = ZERO
    net_income: Decimal = ZERO
    surplus: Decimal = ZERO
    net_assets: Decimal = ZERO
    operating_income: Decimal = ZERO
    shares_held: Decimal = ZERO
    persons: int = 0
    labour: int = 0
    owed: Mapping[str, Decimal] = field(default_factory=dict)


def totals(document: Mapping[str, Any]) -> Totals:
    """Totals of a canonical document; the same sums as the generated columns of a profile."""

    def total(name: str, amount: str, kinds: Collection[str] | None = None) -> Decimal:
        items = document.get(name, [])
        return sum(
            (Decimal(item.get(amount) or 0) for item in items if kinds is None or item.get("kind") in kinds), ZERO
        )

    assets, liabilities = total("assets", "current"), total("liabilities", "outstanding")
    gross, cost, expenses = total("income", "gross"), total("income", "cost"), total("expenses", "amount")
    members = document.get("members", [])
    used = [item["kind"] for item in document.get("liabilities", []) if "kind" in item]
    return Totals(
        assets=assets,
        disposable=total("assets", "disposable"),
        liabilities=liabilities,
        guarantees=total("guarantees", "amount"),
        gross_income=gross,
        operating_cost=cost,
        expenses=expenses,
        net_income=gross - cost,
        surplus=gross - cost - expenses,
        net_assets=assets - liabilities,
        operating_income=total("income", "gross", catalogue.OPERATING_SOURCES),
        shares_held=Decimal(document.get("shares_held") or ZERO),
        persons=len(members),
        labour=sum(member.get("labour") in ("able", "partial") for member in members),
        owed={
            kind: total("liabilities", "outstanding", (kind,))
            for kind in {**catalogue.CREDITORS, **dict.fromkeys(used)}
        },
    )


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one byte form of a document: UTF-8 JSON, sorted keys, no spaces."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(document: Mapping[str, Any]) -> str:
    """sha256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def figures_digest(document: Mapping[str, Any]) -> str:
    """sha256 of what a file says about money, people left out: two subjects whose files agree in it to the cent are a copy worth
    a look (Domain, section 7.2); "" where it says nothing."""
    told = {
        name: document[name]
        for name in ("assets", "liabilities", "guarantees", "income", "expenses")
        if document.get(name)
    }
    return hashlib.sha256(canonical(told)).hexdigest() if len(told) > 1 else ""


TOTAL_FIELDS: Final = tuple(one.name for one in fields(Totals) if one.name != "owed")
