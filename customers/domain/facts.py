"""What a household's file says, as the typed figures that credit models compute from (Semantics, sections 3 and 5a).

``CATALOGUE`` names every fact of a file, how it is read from the document, and how it is stored: one whole number a fact, amounts
in fen, choices by their place in ``codes``. What the file does not say is None, never 0: a model itself declares whether a missing
fact has a prescribed value or ends the computation with a reason. Facts of a form the bank released itself are ``answers``.

The catalogue only grows: a name keeps its meaning and a code its place, because rows that carry them are kept for ever.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any, Final, Literal

from config.lib.weeks import add_months
from customers.domain import catalogue
from customers.domain.catalogue import Words
from customers.domain.economics import Totals
from customers.domain.form import Field, Form

Type = Literal["money", "ratio", "int", "bool", "choice", "events", "flags"]
Read = Callable[[Mapping[str, Any], Totals], int | None]

UNLISTED: Final = "unlisted"
"""The last code of every choice: the file says something, but no code of the catalogue; no model accepts it."""
PLACES: Final[Mapping[str, int]] = MappingProxyType({"money": 2, "ratio": 8})
"""Decimal places of the stored whole numbers; the other types have none."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact. ``words`` say where in the file it is read; ``read`` returns the stored number."""

    name: str
    type: Type
    label: Words
    words: Words
    read: Read
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Breach:
    """One breach of contract as stored: days, and the places of its codes in ``BREACH_FIELDS``; None where the file says nothing."""

    days_overdue: int | None
    settled: int | None
    measure: int | None
    subject: int | None


def coded(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of a choice as stored."""
    return (*kinds, UNLISTED)


BREACH_FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "days_overdue": (),
        "settled": coded(("unsettled", "within_1_year", "within_2_years", "within_3_years", "over_3_years")),
        "measure": coded(catalogue.MEASURES),
        "subject": coded(catalogue.BREACH_OF),
    }
)
"""The facts of one breach, in the order of a ``Breach``; codes for those that are choices."""

_SETTLED = {"unpaid": "unsettled"}
_RECORD = {"normal": "normal", "none": "none", "breached": "breach"}


def fen(amount: Decimal) -> int:
    """Return an amount of yuan in fen."""
    return int((amount * 100).to_integral_value(ROUND_HALF_UP))


def _place(codes: Sequence[str], code: str) -> int:
    return codes.index(code) if code in codes else len(codes) - 1


# --- How a fact is read -------------------------------------------------------------------------------------------------


def _total(section: str, total: str) -> Read:
    """A total of a section; None when the section lists nothing, which is not the same as 0."""
    return lambda document, totals: fen(getattr(totals, total)) if document.get(section) else None


def _sum(section: str, amount: str, kinds: Collection[str]) -> Read:
    """The amounts of some kinds of a section; None when the section lists nothing at all."""

    def read(document: Mapping[str, Any], _totals: Totals) -> int | None:
        items = document.get(section)
        if not items:
            return None
        return sum(fen(Decimal(item.get(amount) or 0)) for item in items if item.get("kind") in kinds)

    return read


def _debt(figure: Callable[[Totals], Decimal]) -> Read:
    # Debts may well be none; without any asset listed the file says nothing about what the household owns and owes.
    return lambda document, totals: fen(figure(totals)) if document.get("assets") else None


def _owed(*creditors: str) -> Read:
    return _debt(lambda totals: sum((totals.owed.get(one, Decimal(0)) for one in creditors), Decimal(0)))


def _realisable(document: Mapping[str, Any], totals: Totals) -> int | None:
    said = any("disposable" in item for item in document.get("assets", ()))
    return fen(totals.disposable) if said else None


def _surplus(document: Mapping[str, Any], totals: Totals) -> int | None:
    return fen(totals.surplus) if document.get("income") and document.get("expenses") else None


def _labour(document: Mapping[str, Any], totals: Totals) -> int | None:
    return totals.labour if any("labour" in member for member in document.get("members", ())) else None


def _away(document: Mapping[str, Any], _totals: Totals) -> int | None:
    said = [member["away"] for member in document.get("members", ()) if "away" in member]
    return sum(one is True for one in said) if said else None


def _shares(document: Mapping[str, Any], _totals: Totals) -> int | None:
    said = document.get("shares_held")
    return None if said is None else fen(Decimal(said))


def _breach_count(document: Mapping[str, Any], _totals: Totals) -> int | None:
    return len((document.get("performance") or {}).get("breaches", ())) or None


def breaches_of(document: Mapping[str, Any]) -> tuple[Breach, ...]:
    """Return the breaches a file lists, in its order."""
    listed = (document.get("performance") or {}).get("breaches", ())
    return tuple(
        Breach(
            None if one.get("days_overdue") is None else int(one["days_overdue"]),
            _breach_place("settled", _SETTLED.get(one.get("repaid"), one.get("repaid"))),
            _breach_place("measure", one.get("measure")),
            _breach_place("subject", one.get("what")),
        )
        for one in listed
    )


def _breach_place(name: str, code: str | None) -> int | None:
    return None if code is None else _place(BREACH_FIELDS[name], code)


def _fact(name: str, of: Type, label: tuple[str, str], words: tuple[str, str], read: Read) -> Fact:
    return Fact(name=name, type=of, label=Words(*label), words=Words(*words), read=read)


def _choice(
    name: str,
    label: tuple[str, str],
    words: tuple[str, str],
    say: Callable[[Mapping[str, Any]], str | None],
    kinds: Iterable[str],
) -> Fact:
    codes = coded(kinds)

    def read(document: Mapping[str, Any], _totals: Totals) -> int | None:
        code = say(document)
        return None if code is None else _place(codes, code)

    return Fact(name=name, type="choice", label=Words(*label), words=Words(*words), read=read, codes=codes)


def _status(document: Mapping[str, Any]) -> str | None:
    return _RECORD.get((document.get("performance") or {}).get("status", ""))


_FACTS: Final = (
    _fact("persons", "int", ("家庭人口", "people in the household"), ("家庭成员，人数", "members of the household, counted"),
          lambda document, totals: totals.persons or None),
    _fact("labour", "int", ("劳动力人数", "working people"),
          ("家庭成员，有劳动能力和部分劳动能力的人数", "members able or partly able to work"), _labour),
    _fact("away", "int", ("外出务工人数", "people who work away"), ("家庭成员，外出务工的人数", "members who work away from home"), _away),
    _fact("total_assets", "money", ("总资产", "total assets"), ("资产，现值合计", "assets, sum of current values"),
          _total("assets", "assets")),
    _fact("net_assets", "money", ("净资产", "net assets"), ("资产现值合计减负债余额合计", "assets less debts outstanding"),
          _debt(lambda totals: totals.net_assets)),
    _fact("realisable_assets", "money", ("可变现资产", "realisable assets"), ("资产，可变现价值合计", "assets, sum of realisable values"),
          _realisable),
    _fact("property", "money", ("房产", "property"), ("资产，农村房屋和城镇房产现值", "assets, current value of rural houses and town property"),
          _sum("assets", "current", {"house", "town_house"})),
    _fact("deposits", "money", ("存款", "deposits"), ("资产，存款现值", "assets, current value of deposits"),
          _sum("assets", "current", {"deposit"})),
    _fact("shares", "money", ("本行股金", "shares held in the bank"), ("本行股金", "shares held in the bank"), _shares),
    _fact("debts", "money", ("负债", "debts"), ("负债，余额合计", "debts, sum outstanding"), _debt(lambda totals: totals.liabilities)),
    _fact("own_bank_debts", "money", ("本行借款", "debts to the bank"), ("负债，本行借款余额", "debts to the bank outstanding"),
          _owed("own_bank")),
    _fact("other_bank_debts", "money", ("他行借款", "debts to other banks"),
          ("负债，他行、其他金融机构和信用卡余额", "debts to other banks, institutions and on cards outstanding"),
          _owed("other_bank", "other_institution", "credit_card")),
    _fact("private_debts", "money", ("民间借款", "private debts"), ("负债，民间借款余额", "private debts outstanding"), _owed("private")),
    _fact("guarantees", "money", ("对外担保", "guarantees given"), ("对外担保，金额合计", "guarantees given, sum"),
          _debt(lambda totals: totals.guarantees)),
    _fact("gross_income", "money", ("毛收入", "gross income"), ("收入，毛收入合计", "gross income, sum"), _total("income", "gross_income")),
    _fact("operating_cost", "money", ("经营成本", "operating cost"), ("收入，经营成本合计", "income, operating cost, sum"),
          _total("income", "operating_cost")),
    _fact("net_income", "money", ("纯收入", "net income"), ("收入，毛收入减经营成本", "income less operating cost"),
          _total("income", "net_income")),
    _fact("operating_income", "money", ("经营性收入", "operating income"),
          ("收入，种植、养殖和经营合计", "income from crops, livestock and trade"), _total("income", "operating_income")),
    _fact("wages", "money", ("务工和工资收入", "wages"), ("收入，务工和工资合计", "income from work by the day and salaries"),
          _sum("income", "gross", {"labour", "wage"})),
    _fact("subsidies", "money", ("补贴收入", "subsidies"), ("收入，国家补贴", "income, state subsidies"),
          _sum("income", "gross", {"subsidy"})),
    _fact("expenses", "money", ("支出", "spending"), ("支出合计", "spending, sum"), _total("expenses", "expenses")),
    _fact("schooling", "money", ("教育支出", "spending on education"), ("支出，子女教育", "spending on the children's education"),
          _sum("expenses", "amount", {"education"})),
    _fact("medical", "money", ("医疗支出", "spending on health"), ("支出，医疗", "spending on health"),
          _sum("expenses", "amount", {"medical"})),
    _fact("surplus", "money", ("结余", "surplus"), ("毛收入减经营成本和支出", "income less operating cost and spending"), _surplus),
    _choice("record", ("履约情况", "performance record"), ("履约情况", "performance record"), _status, ("normal", "none", "breach")),
    _choice("judgement", ("综合评价", "overall judgement"), ("客户经理综合评价", "the officer's overall judgement"),
            lambda document: document.get("judgement"), catalogue.JUDGEMENTS),
    _choice("grade", ("评定的等级", "grade given"), ("客户经理评定的等级", "the grade given by the officer"),
            lambda document: document.get("grade"), catalogue.GRADES),
    _fact("breaches", "events", ("违约事项", "breaches"), ("履约情况，违约明细", "performance record, breaches"), _breach_count),
)  # fmt: skip

CATALOGUE: Final[Mapping[str, Fact]] = MappingProxyType({fact.name: fact for fact in _FACTS})
"""Every fact of a file by name, in the order of its columns; ``breaches`` is stored as their number, the rows lie beside it."""


# --- Answers of forms a bank released itself ----------------------------------------------------------------------------

ANSWER_TYPES: Final[Mapping[str, Type]] = MappingProxyType(
    {"yuan": "money", "number": "ratio", "whole": "int", "yes_no": "bool", "choice": "choice", "choices": "flags"}
)
"""Questions of a form whose single answers are facts -> the type of the fact; texts, days and people are none.
Several ticks of one question (``flags``) are one number, a bit for each code the question ever had."""
MOST_FLAGS: Final = 62
MOST_ANSWERS: Final = 400
_READ_ELSEWHERE = frozenset({"shares_held", "judgement", "grade", "performance.status"})


@dataclass(frozen=True)
class AnswerField:
    """A question of a bank's forms in the register: where its answers lie in ``answers``, and the codes it ever had, in order."""

    place: int
    type: Type
    codes: tuple[str, ...] = ()
    label: Words | None = None


def asked(form: Form) -> dict[str, Field]:
    """Return the questions of a form whose answers are facts and that the catalogue does not read, by where they lie in the file."""
    return {
        field.at: field
        for field in form.answers.values()
        if field.type in ANSWER_TYPES and field.at not in _READ_ELSEWHERE and field.at not in CATALOGUE
    }


def answer(field: AnswerField, raw: Any) -> int | None:
    """Return one answer as stored, None when it is not given."""
    if raw is None or raw == "":
        return None
    if field.type == "bool":
        return int(raw is True)
    if field.type == "flags":
        return sum(1 << place for place, code in enumerate(field.codes[:MOST_FLAGS]) if code in raw)
    if field.type == "choice":
        return field.codes.index(raw) if raw in field.codes else None
    stored = (Decimal(str(raw)) * 10 ** PLACES.get(field.type, 0)).to_integral_value(ROUND_HALF_UP)
    return int(stored) if abs(stored) < 2**62 else None


def answer_at(document: Mapping[str, Any], at: str) -> Any:
    """Return what a document holds at a place such as ``land_mu`` or ``performance.status``."""
    held: Any = document
    for part in at.split("."):
        held = held.get(part) if isinstance(held, Mapping) else None
    return held


def answers_of(document: Mapping[str, Any], fields: Mapping[str, AnswerField]) -> list[int | None]:
    """Return the answers of a file by their places in the register, without the empty ones at the end; ``fields`` are the questions
    of its form by where their answers lie."""
    found: list[int | None] = []
    for at, field in fields.items():
        value = answer(field, answer_at(document, at))
        if value is not None:
            found.extend([None] * (field.place + 1 - len(found)))
            found[field.place] = value
    return found


# --- The fingerprint ----------------------------------------------------------------------------------------------------


def fingerprint(
    values: Mapping[str, int | None], answers: Sequence[int | None] = (), breaches: Sequence[Breach] = ()
) -> bytes:
    """Return blake2b-128 over what a file says: each fact that is said with its place, answers, breaches, in fixed width.

    A fact or answer that is added to the catalogue later changes the fingerprint of no older file.
    """
    said = hashlib.blake2b(digest_size=16)
    for place, name in enumerate(CATALOGUE):
        value = values.get(name)
        if value is not None:
            said.update(struct.pack(">hq", place, value))
    for place, value in enumerate(answers):
        if value is not None:
            said.update(struct.pack(">hq", 10_000 + place, value))
    for one in breaches:
        parts = (one.days_overdue, one.settled, one.measure, one.subject)
        said.update(struct.pack(">hqqqq", -1, *(-1 if part is None else part for part in parts)))
    return said.digest()


# --- Facts that no file tells ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Beside:
    """A fact that is read beside the file on the day of a computation: of the borrower, of the household's businesses, of the lists."""

    name: str
    type: Type
    label: Words
    words: Words
    codes: tuple[str, ...] = ()


SEXES: Final = ("M", "F")
BESIDE: Final[Mapping[str, Beside]] = MappingProxyType(
    {
        "age": Beside("age", "int", Words("借款人年龄", "age of the borrower"),
                      Words("借款人，数据截止日的周岁", "the borrower, years of age on the day")),
        "age_months": Beside("age_months", "int", Words("借款人年龄（月）", "age of the borrower in months"),
                             Words("借款人，到数据截止日已开始的月数，不足一月算一月", "the borrower, months of life begun by the day")),
        "sex": Beside("sex", "choice", Words("借款人性别", "sex of the borrower"), Words("借款人", "the borrower"), SEXES),
        "businesses": Beside("businesses", "int", Words("名下商户数", "businesses run"),
                             Words("家庭成员为负责人的在册商户", "businesses on file that a member answers for")),
        "finding": Beside("finding", "choice", Words("名单认定", "finding of the lists"),
                          Words("名单，已确认且未解除的记录", "lists, confirmed entries in force")),
    }
)  # fmt: skip

VILLAGE: Final = "village_"
"""An input so prefixed is the median of that fact over the trusted files of the household's village."""


def of_village(name: str) -> Fact | None:
    """Return the fact whose village median an input of this name is, None for any other input."""
    fact = CATALOGUE.get(name.removeprefix(VILLAGE)) if name.startswith(VILLAGE) else None
    return fact if fact is not None and fact.type == "money" else None


def age_on(born_on: date, day: date) -> int:
    """Return the years of age on a day; born on 29 February one is older from 1 March in other years."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def months_begun(born_on: date, day: date) -> int:
    """The months of life begun on a day, clipped to the month's end (Semantics, section 9).

    A loan of n months taken that day ends by the birthday of age a when months_begun + n <= 12 a, and only then but for
    months that are too short for the day, where a loan may be found a month too long.
    """
    months = (day.year - born_on.year) * 12 + day.month - born_on.month
    return months if add_months(born_on, months) >= day else months + 1
