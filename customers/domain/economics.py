"""The profile document of a household (采集表): its form, its checks, its totals (Semantics, section 3).

A document is plain JSON. Amounts are yuan as decimal strings with two places ("12345.67"); people are references, never names or
numbers, so that a person can be erased while the facts stay. `validate` reads a document once, reports everything that is
wrong with it and returns its canonical form; `totals` adds up what the database adds up in its generated columns.

    {"version": 1, "borrower": "17", "shares_held": "5000.00", "judgement": "good", "grade": "AA",
     "members":     [{"person": "17", "relation": "head", "labour": "able", "occupation": "farming", "away": false}],
     "assets":      [{"kind": "house", "note": "", "quantity": "1", "original": "…", "current": "…", "disposable": "…"}],
     "liabilities": [{"kind": "own_bank", "note": "", "original": "…", "outstanding": "…", "due_on": "2027-05-31"}],
     "guarantees":  [{"note": "", "amount": "…"}],
     "income":      [{"kind": "planting", "note": "", "gross": "…", "cost": "…"}],
     "expenses":    [{"kind": "living", "note": "", "amount": "…"}],
     "performance": {"status": "breached", "breaches": [{"what": "interest", "days_overdue": 45, "repaid": "within_1_year",
                                                         "measure": "reminder", "note": ""}]},
     "needs":       [{"kind": "production_loan", "note": "", "amount": "…", "wanted_on": "2027-03-01"}]}

Health is sensitive and is not asked. Shares held in the bank stand for themselves and are no asset item.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from config.lib.money import ZERO, MoneyError, asks_which_unit, yuan_from_text
from customers.domain import catalogue

Level = Literal["error", "question", "warning"]

VERSION: Final = 1
MOST_ITEMS: Final = 100
MOST_BREACHES: Final = 20
LONGEST_NOTE: Final = 200
# Credit models declare this range for what a household has, owes and earns (models: inputs up to 100 million yuan).
LARGEST: Final = Decimal("100000000.00")
MOST_DAYS_OVERDUE: Final = 36_500

_QUANTITY = re.compile(r"(?:0|[1-9][0-9]{0,7})(?:\.[0-9]{1,2})?")
_PERSON = re.compile(r"[0-9A-Za-z-]{1,40}")
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


class _Reader:
    """Walks a document once and collects problems; every method returns the clean value or None."""

    def __init__(self, today: date, confirmed: Collection[str]) -> None:
        self.today = today
        self.confirmed = confirmed
        self.problems: list[Problem] = []

    def report(self, path: str, code: str, value: object = "", level: Level = "error") -> None:
        if level != "question" or path not in self.confirmed:
            self.problems.append(Problem(path, code, str(value)[:60], level))

    def fields(self, path: str, item: Any, known: Collection[str]) -> dict[str, Any]:
        if not isinstance(item, dict):
            self.report(path, "not_a_record", type(item).__name__)
            return {}
        for key in sorted(set(item) - set(known)):
            self.report(f"{path}.{key}" if path else str(key), "field_unknown", key)
        return item

    def items(self, path: str, value: Any, most: int = MOST_ITEMS) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.report(path, "not_a_list", type(value).__name__)
            return []
        if len(value) > most:
            self.report(path, "too_many_items", len(value))
            return []
        return value

    def choice(self, path: str, value: Any, kinds: Mapping[str, Any], *, required: bool = True) -> str | None:
        if value in (None, ""):
            if required:
                self.report(path, "choice_missing")
            return None
        if not isinstance(value, str) or value not in kinds:
            self.report(path, "choice_unknown", value)
            return None
        return value

    def amount(self, path: str, value: Any, *, required: bool = True, asset: bool = False) -> str | None:
        if value is None or value == "":
            if required:
                self.report(path, "amount_missing")
            return None
        try:
            if isinstance(value, bool) or not isinstance(value, (str, int)):
                raise MoneyError("float" if isinstance(value, float) else "not_a_number", value)
            amount = yuan_from_text(str(value))
        except MoneyError as error:
            self.report(path, f"amount_{error.code}", value)
            return None
        if amount < 0:
            self.report(path, "amount_negative", value)
            return None
        if amount > LARGEST:
            self.report(path, "amount_too_large", value)
            return None
        if asset and asks_which_unit(amount, "yuan"):
            self.report(path, "which_unit", value, "question")
        return f"{amount:.2f}"

    def note(self, path: str, value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            self.report(path, "not_a_text", type(value).__name__)
            return ""
        text = " ".join("".join(c if c.isprintable() else " " for c in value).split())
        if len(text) > LONGEST_NOTE:
            self.report(path, "note_too_long", len(text))
        if holds_identity(text):
            self.report(path, "note_holds_identity")
            return ""
        return text[:LONGEST_NOTE]

    def day(self, path: str, value: Any) -> str | None:
        if value in (None, ""):
            return None
        try:
            found = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            found = None
        if found is None or not 1900 <= found.year <= 2199:
            self.report(path, "date_impossible", value)
            return None
        return found.isoformat()

    def quantity(self, path: str, value: Any) -> str | None:
        if value in (None, ""):
            return None
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not _QUANTITY.fullmatch(text):
            self.report(path, "quantity_wrong", value)
            return None
        return text

    def person(self, path: str, value: Any, *, required: bool = True) -> str | None:
        if value in (None, "") and not required:
            return None
        text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not _PERSON.fullmatch(text):
            self.report(path, "person_missing", value)
            return None
        return text


Clean = dict[str, Any]
_ItemReader = Callable[[_Reader, str, Clean], Clean]


def _asset(read: _Reader, path: str, item: Clean) -> Clean:
    clean = {
        "kind": read.choice(f"{path}.kind", item.get("kind"), catalogue.ASSETS),
        "note": read.note(f"{path}.note", item.get("note")),
        "quantity": read.quantity(f"{path}.quantity", item.get("quantity")),
        "original": read.amount(f"{path}.original", item.get("original"), required=False, asset=True),
        "current": read.amount(f"{path}.current", item.get("current"), asset=True),
        "disposable": read.amount(f"{path}.disposable", item.get("disposable"), required=False, asset=True),
    }
    if _above(clean["disposable"], clean["current"]):
        read.report(f"{path}.disposable", "disposable_above_current", clean["disposable"])
    return clean


def _liability(read: _Reader, path: str, item: Clean) -> Clean:
    clean = {
        "kind": read.choice(f"{path}.kind", item.get("kind"), catalogue.CREDITORS),
        "note": read.note(f"{path}.note", item.get("note")),
        "original": read.amount(f"{path}.original", item.get("original"), required=False),
        "outstanding": read.amount(f"{path}.outstanding", item.get("outstanding")),
        "due_on": read.day(f"{path}.due_on", item.get("due_on")),
    }
    if _above(clean["outstanding"], clean["original"]):
        read.report(f"{path}.outstanding", "outstanding_above_original", clean["outstanding"], "warning")
    if clean["due_on"] and clean["due_on"] < read.today.isoformat() and clean["outstanding"] not in (None, "0.00"):
        read.report(f"{path}.due_on", "debt_past_due", clean["due_on"], "warning")
    return clean


def _guarantee(read: _Reader, path: str, item: Clean) -> Clean:
    return {
        "note": read.note(f"{path}.note", item.get("note")),
        "amount": read.amount(f"{path}.amount", item.get("amount")),
    }


def _income(read: _Reader, path: str, item: Clean) -> Clean:
    clean = {
        "kind": read.choice(f"{path}.kind", item.get("kind"), catalogue.INCOME_SOURCES),
        "note": read.note(f"{path}.note", item.get("note")),
        "gross": read.amount(f"{path}.gross", item.get("gross")),
        "cost": read.amount(f"{path}.cost", item.get("cost"), required=False),
    }
    if _above(clean["cost"], clean["gross"]):
        read.report(f"{path}.cost", "cost_above_gross", clean["cost"], "warning")
    return clean


def _expense(read: _Reader, path: str, item: Clean) -> Clean:
    return {
        "kind": read.choice(f"{path}.kind", item.get("kind"), catalogue.EXPENSES),
        "note": read.note(f"{path}.note", item.get("note")),
        "amount": read.amount(f"{path}.amount", item.get("amount")),
    }


def _need(read: _Reader, path: str, item: Clean) -> Clean:
    return {
        "kind": read.choice(f"{path}.kind", item.get("kind"), catalogue.NEEDS),
        "note": read.note(f"{path}.note", item.get("note")),
        "amount": read.amount(f"{path}.amount", item.get("amount"), required=False),
        "wanted_on": read.day(f"{path}.wanted_on", item.get("wanted_on")),
    }


def _member(read: _Reader, path: str, item: Clean) -> Clean:
    away = item.get("away", False)
    if not isinstance(away, bool):
        read.report(f"{path}.away", "not_yes_or_no", away)
    return {
        "person": read.person(f"{path}.person", item.get("person")),
        "relation": read.choice(f"{path}.relation", item.get("relation"), catalogue.RELATIONS),
        "labour": read.choice(f"{path}.labour", item.get("labour"), catalogue.LABOUR, required=False),
        "occupation": read.choice(f"{path}.occupation", item.get("occupation"), catalogue.OCCUPATIONS, required=False),
        "away": away is True,
    }


def _breach(read: _Reader, path: str, item: Clean) -> Clean:
    days = item.get("days_overdue")
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= MOST_DAYS_OVERDUE:
        read.report(f"{path}.days_overdue", "days_wrong", days)
    return {
        "what": read.choice(f"{path}.what", item.get("what"), catalogue.BREACH_OF),
        "days_overdue": days,
        "repaid": read.choice(f"{path}.repaid", item.get("repaid"), catalogue.REPAID),
        "measure": read.choice(f"{path}.measure", item.get("measure"), catalogue.MEASURES),
        "note": read.note(f"{path}.note", item.get("note")),
    }


# List -> (fields of an item, how one is read). The names of lists and amounts are those the database sums up.
ITEM_LISTS: Final[Mapping[str, tuple[tuple[str, ...], _ItemReader]]] = {
    "members": (("person", "relation", "labour", "occupation", "away"), _member),
    "assets": (("kind", "note", "quantity", "original", "current", "disposable"), _asset),
    "liabilities": (("kind", "note", "original", "outstanding", "due_on"), _liability),
    "guarantees": (("note", "amount"), _guarantee),
    "income": (("kind", "note", "gross", "cost"), _income),
    "expenses": (("kind", "note", "amount"), _expense),
    "needs": (("kind", "note", "amount", "wanted_on"), _need),
}
_BREACH_FIELDS: Final = ("what", "days_overdue", "repaid", "measure", "note")
_SINGLE: Final = ("version", "borrower", "shares_held", "judgement", "grade", "performance")


def validate(document: Any, *, today: date, confirmed: Collection[str] = ()) -> tuple[dict[str, Any], list[Problem]]:
    """The canonical form of a document and everything that is wrong with it, in one pass.

    The document may be kept when no problem is an error or an unanswered question; `confirmed` holds the paths whose question
    the officer has answered with "this is what I mean". Absent optional values are left out of the canonical form.
    """
    read = _Reader(today, confirmed)
    source = read.fields("", document, (*ITEM_LISTS, *_SINGLE))
    if source.get("version", VERSION) != VERSION:
        read.report("version", "version_unknown", source.get("version"))
    clean: Clean = {
        "version": VERSION,
        "borrower": read.person("borrower", source.get("borrower"), required=False),
        "shares_held": read.amount("shares_held", source.get("shares_held"), required=False) or "0.00",
        "judgement": read.choice("judgement", source.get("judgement"), catalogue.JUDGEMENTS, required=False),
        "grade": read.choice("grade", source.get("grade"), catalogue.GRADES, required=False),
        "performance": _performance(read, source.get("performance")),
    }
    for name, (known, reader) in ITEM_LISTS.items():
        items = enumerate(read.items(name, source.get(name)))
        clean[name] = [
            _without_gaps(reader(read, f"{name}.{i}", read.fields(f"{name}.{i}", item, known))) for i, item in items
        ]
    _check_members(read, clean)
    clean = _without_gaps(clean)
    if not any(problem.level == "error" for problem in read.problems):
        _check_totals(read, clean)
    return clean, read.problems


def _performance(read: _Reader, value: Any) -> Clean | None:
    if value is None:
        return None
    source = read.fields("performance", value, ("status", "breaches"))
    status = read.choice("performance.status", source.get("status"), catalogue.PERFORMANCE)
    listed = read.items("performance.breaches", source.get("breaches"), MOST_BREACHES)
    breaches = []
    for i, item in enumerate(listed):
        path = f"performance.breaches.{i}"
        breaches.append(_without_gaps(_breach(read, path, read.fields(path, item, _BREACH_FIELDS))))
    if status == "breached" and not listed:
        read.report("performance.breaches", "breach_missing")
    if status != "breached" and listed:
        read.report("performance.status", "breach_unexpected", status or "")
    return _without_gaps({"status": status, "breaches": breaches})


def _check_members(read: _Reader, clean: Clean) -> None:
    people = [member.get("person") for member in clean["members"]]
    for i, person in enumerate(people):
        if person is not None and person in people[:i]:
            read.report(f"members.{i}.person", "person_twice", person)
    heads = [i for i, member in enumerate(clean["members"]) if member.get("relation") == "head"]
    if clean["members"] and not heads:
        read.report("members", "head_missing")
    for i in heads[1:]:
        read.report(f"members.{i}.relation", "head_twice")
    if clean["borrower"] is not None and clean["borrower"] not in people:
        read.report("borrower", "borrower_not_a_member", clean["borrower"])


def _check_totals(read: _Reader, clean: Clean) -> None:
    summed = totals(clean)
    for name in ("assets", "liabilities", "guarantees", "gross_income", "operating_cost", "expenses"):
        if getattr(summed, name) > LARGEST:
            read.report(name, "total_too_large", getattr(summed, name))


def _above(amount: str | None, limit: str | None) -> bool:
    return amount is not None and limit is not None and Decimal(amount) > Decimal(limit)


def _without_gaps(record: Clean) -> Clean:
    return {key: value for key, value in record.items() if value is not None}


def incomplete(document: Mapping[str, Any]) -> list[Problem]:
    """What a valid document still lacks to count as complete: head, borrower and borrower's spouse in full (Semantics, section 3).

    "In full" is labour ability and occupation; every other member needs name and relation only. When the borrower is neither
    head nor the head's spouse, no relation tells the borrower's spouse, and only head and borrower are asked for.
    """
    found = []
    members = document.get("members", [])
    if not members:
        found.append(Problem("members", "members_missing"))
    if not document.get("borrower"):
        found.append(Problem("borrower", "borrower_missing"))
    borrower = next((member for member in members if member.get("person") == document.get("borrower")), None)
    couple = borrower is not None and borrower.get("relation") in ("head", "spouse")
    for i, member in enumerate(members):
        if member is borrower or member.get("relation") == "head" or (couple and member.get("relation") == "spouse"):
            found += [
                Problem(f"members.{i}.{name}", "member_incomplete")
                for name in ("labour", "occupation")
                if name not in member
            ]
    found += [
        Problem(name, "section_missing") for name in ("judgement", "grade", "performance") if name not in document
    ]
    found += [Problem(name, "section_missing") for name in ("assets", "income", "expenses") if not document.get(name)]
    return found


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
        owed={kind: total("liabilities", "outstanding", (kind,)) for kind in catalogue.CREDITORS},
    )


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one byte form of a document: UTF-8 JSON, sorted keys, no spaces."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(document: Mapping[str, Any]) -> str:
    """sha256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


TOTAL_FIELDS: Final = tuple(one.name for one in fields(Totals) if one.name != "owed")
