"""A line asked for by a single household outside a round (线下审批): its stages, whose turn each is, and what is looked into.

Bounds, the four opinions and authority are those of decisions (``credit.domain.bounds``, ``credit.domain.decisions``); here is
only the way an application takes through people's hands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from config.lib.money import yuan
from config.lib.weeks import add_months
from credit.domain.model.document import EntryModes
from credit.domain.rules import Reason
from customers.domain.facts import age_on


class Stage(StrEnum):
    """Where an application stands; the last four end it."""

    INVESTIGATION = "investigation"
    PROPOSAL = "proposal"
    BRANCH = "branch"
    APPROVAL = "approval"
    GRANTED = "granted"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    REVOKED = "revoked"


class Move(StrEnum):
    """What is done with an application: the last six are steps on its decision."""

    INVESTIGATE = "investigate"
    TURN_DOWN = "turn_down"
    CANCEL = "cancel"
    PROPOSE = "propose"
    REFER = "refer"
    RETURN = "return"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


OPEN: Final = (Stage.INVESTIGATION, Stage.PROPOSAL, Stage.BRANCH, Stage.APPROVAL)
ENDED: Final = (Stage.GRANTED, Stage.REFUSED, Stage.CANCELLED, Stage.REVOKED)
OWNERS: Final[Mapping[Stage, str]] = MappingProxyType(
    {
        Stage.INVESTIGATION: "officer",
        Stage.PROPOSAL: "officer",
        Stage.BRANCH: "branch_manager",
        Stage.APPROVAL: "approver",
    }
)
"""The post whose turn a stage is."""

_MOVES: Final[Mapping[tuple[Stage, Move], Stage]] = MappingProxyType(
    {
        (Stage.INVESTIGATION, Move.INVESTIGATE): Stage.PROPOSAL,
        (Stage.INVESTIGATION, Move.TURN_DOWN): Stage.REFUSED,
        # What was found out may have changed meanwhile: the bounds are computed again.
        (Stage.PROPOSAL, Move.INVESTIGATE): Stage.PROPOSAL,
        (Stage.PROPOSAL, Move.TURN_DOWN): Stage.REFUSED,
        (Stage.PROPOSAL, Move.PROPOSE): Stage.BRANCH,
        (Stage.BRANCH, Move.REFER): Stage.APPROVAL,
        (Stage.BRANCH, Move.RETURN): Stage.PROPOSAL,
        (Stage.BRANCH, Move.APPROVE): Stage.GRANTED,
        (Stage.BRANCH, Move.REFUSE): Stage.REFUSED,
        (Stage.APPROVAL, Move.RETURN): Stage.PROPOSAL,
        (Stage.APPROVAL, Move.APPROVE): Stage.GRANTED,
        (Stage.APPROVAL, Move.REFUSE): Stage.REFUSED,
        (Stage.GRANTED, Move.WITHDRAW): Stage.REVOKED,
        **{(stage, Move.CANCEL): Stage.CANCELLED for stage in OPEN},
    }
)


class NotAMoveError(ValueError):
    """The move does not belong to the stage."""


def after(stage: Stage, move: Move) -> Stage:
    """The stage a move leads to, or NotAMoveError."""
    found = _MOVES.get((stage, move))
    if found is None:
        raise NotAMoveError(f"{move} is no move at {stage}")
    return found


def moves_at(stage: Stage) -> tuple[Move, ...]:
    """The moves possible at a stage."""
    return tuple(move for at, move in _MOVES if at is stage)


# --- Released rules ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mode:
    """One way in (线下审批, 模型测算, 小额信用): its cap in yuan and its longest tenor in months."""

    code: str
    zh: str
    en: str
    product_cap: Decimal
    longest_months: int

    def label(self, language: str) -> str:
        """The words in a language; everything but English is Chinese."""
        return self.en if language.startswith("en") else self.zh


@dataclass(frozen=True)
class ApplicationRules:
    """The released rules of applications; ``days`` are working days by stage, ages in full years. ``combined_cap`` bounds what a
    household has at this bank over all ways in, online and offline together."""

    model: str
    modes: tuple[Mode, ...]
    fresh_months: int
    visit_days: int
    days: Mapping[Stage, int]
    least_age: int
    most_age: Mapping[str, int]
    credit_query: bool
    purposes: tuple[Reason, ...]
    refusals: tuple[Reason, ...]
    documents: tuple[Reason, ...]
    combined_cap: Decimal | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ApplicationRules:
        """The rules out of a released document."""

        def reasons(name: str) -> tuple[Reason, ...]:
            return tuple(Reason(row["code"], row["zh"], row["en"]) for row in document[name])

        age = document["age"]
        return cls(
            model=document["model"],
            modes=tuple(
                Mode(row["code"], row["zh"], row["en"], yuan(row["product_cap"]), row["longest_months"])
                for row in document["modes"]
            ),
            fresh_months=document["fresh_months"],
            visit_days=document["visit_days"],
            days=MappingProxyType({stage: document["days"][stage.value] for stage in OPEN}),
            least_age=age["least"],
            most_age=MappingProxyType({"M": age["most_male"], "F": age["most_female"]}),
            credit_query=document["credit_query"],
            purposes=reasons("purposes"),
            refusals=reasons("refusals"),
            documents=reasons("documents"),
            combined_cap=yuan(document["combined_cap"]) if document.get("combined_cap") is not None else None,
        )

    def mode(self, code: str) -> Mode | None:
        """The way in with a code."""
        return next((mode for mode in self.modes if mode.code == code), None)


def offered(modes: Sequence[Mode], named: EntryModes | None, parameters: Mapping[str, Decimal]) -> tuple[Mode, ...]:
    """The ways in that may be chosen: where the model in force names its own (``named``), those it and the rules both know, each with
    the smaller cap of the two; else those of the rules."""
    if named is None:
        return tuple(modes)
    known = [(mode, named.cap(mode.code, parameters)) for mode in modes if mode.code in named.caps]
    return tuple(mode if cap is None else replace(mode, product_cap=min(mode.product_cap, cap)) for mode, cap in known)


# --- Investigation ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What is known of the applicant on a day. ``model`` says of the model line: line, incomplete or none."""

    file_checked_on: date | None
    visited_on: date | None
    is_blocked: bool
    has_borrower: bool
    born_on: date | None
    sex: str
    consents: bool
    model: str


@dataclass(frozen=True)
class Check:
    """One point of the investigation: ``code`` with values for the words, and whether it is met."""

    code: str
    is_met: bool
    values: Mapping[str, str]


def checks(found: Found, rules: ApplicationRules, *, months: int, received_on: date, on: date) -> tuple[Check, ...]:
    """Everything an investigation looks into, in its order; an officer proposes only when all of it is met."""
    oldest = add_months(on, -rules.fresh_months)
    seen_since = received_on - timedelta(days=rules.visit_days)
    points = [
        _check("borrower", found.has_borrower),
        _age(found, rules, months, on),
        _check("lists", not found.is_blocked),
    ]
    if rules.credit_query:
        points.append(_check("consent", found.consents))
    points += [
        _check(
            "file",
            found.file_checked_on is not None and found.file_checked_on >= oldest,
            months=str(rules.fresh_months),
            on=found.file_checked_on.isoformat() if found.file_checked_on else "",
        ),
        _check(
            "visit",
            found.visited_on is not None and found.visited_on >= seen_since,
            since=seen_since.isoformat(),
            on=found.visited_on.isoformat() if found.visited_on else "",
        ),
        _check("model", found.model == "line", state=found.model),
    ]
    return tuple(points)


def _age(found: Found, rules: ApplicationRules, months: int, on: date) -> Check:
    """Of age today, and not too old when the line would end; an unknown birth date or sex is never taken for a pass."""
    least, most = str(rules.least_age), rules.most_age.get(found.sex)
    values = {"least": least, "most": str(most or ""), "age": ""}
    if found.born_on is None or most is None:
        return Check("age", False, MappingProxyType(values))
    values["age"] = str(age_on(found.born_on, on))
    fits = age_on(found.born_on, on) >= rules.least_age and age_on(found.born_on, add_months(on, months)) <= most
    return Check("age", fits, MappingProxyType(values))


def _check(code: str, is_met: bool, **values: str) -> Check:
    return Check(code, is_met, MappingProxyType(values))


_WORDS: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = MappingProxyType(
    {
        "borrower": (
            ("借款人已确定", "The borrower is named"),
            ("还没有确定借款人，请在采集表里填写", "No borrower is named yet: fill in the collection form"),
        ),
        "age": (
            ("借款人 {age} 周岁，到期不超过 {most} 周岁", "The borrower is {age}, and at most {most} at maturity"),
            (
                "借款人须满 {least} 周岁、到期不超过发布的年龄，出生日期和性别须已登记",
                "The borrower must be {least} or older and within the released age at maturity, with birth date and sex on file",
            ),
        ),
        "lists": (
            ("不在黑名单和灰名单上", "On no blocking list"),
            ("这户已列入黑名单或灰名单", "The household is on a blocking list"),
        ),
        "consent": (
            ("已书面同意为贷款查询征信", "Agreed in writing to a credit query for lending"),
            (
                "还没有为贷款查询征信的书面同意，请走访时取得",
                "No written consent to a credit query for lending yet: obtain it on a visit",
            ),
        ),
        "file": (
            ("采集表 {on} 复核，在 {months} 个月以内", "The file was checked on {on}, within {months} months"),
            (
                "没有 {months} 个月以内复核通过的采集表",
                "No file was checked and accepted within {months} months",
            ),
        ),
        "visit": (
            ("客户经理 {on} 走访过", "The officer visited on {on}"),
            ("客户经理 {since} 以来还没有走访这户", "The officer has not visited the household since {since}"),
        ),
        "model": (
            ("有模型额度", "There is a model line"),
            (
                "测不出模型额度：采集表缺数据或还没有发布模型",
                "No model line: facts are missing in the file, or no model is released",
            ),
        ),
    }
)


def check_words(check: Check, language: str = "zh-hans") -> str:
    """A point of the investigation as a sentence."""
    return _WORDS[check.code][0 if check.is_met else 1][1 if language.startswith("en") else 0].format_map(check.values)
