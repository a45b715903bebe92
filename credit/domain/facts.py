"""From a checked household file to the facts a credit model asks for (Semantics, sections 3 and 5a).

A model declares its inputs by name; ``SOURCES`` knows where each name is read. What the file does not say is None, never 0:
the model itself declares whether a missing fact has a prescribed value or ends the computation with a reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from credit.domain.model import Label, Model, Result
from credit.domain.model.document import Figure, Formula
from customers.domain import economics
from customers.domain.economics import Totals

Fact = str | int | list[dict[str, str | int]] | None
"""As stored and as the evaluator takes it: amounts are decimal strings in yuan."""


@dataclass(frozen=True)
class Finding:
    """A confirmed entry on a list that a model counts as a qualitative finding: its code, its row and its day."""

    code: str
    entry: int
    on: date


@dataclass(frozen=True)
class File:
    """A checked revision of a household's file; ``finding`` is what the lists held on the day of the computation."""

    document: Mapping[str, Any]
    number: int
    collected_on: date
    checked_on: date
    finding: Finding | None = None


@dataclass(frozen=True)
class Source:
    """Where a fact is read: how, the part of the file in words, and whether it comes from the lists instead."""

    read: Callable[[File, Totals], Fact]
    words: Label
    is_list: bool = False


FINDINGS: Final[Mapping[str, str]] = MappingProxyType({"gambling_drugs": "gambling_drugs"})
"""Reasons of a list entry that are a qualitative finding of the models: code of the list -> code of the models."""

_RECORD = {"normal": "normal", "none": "none", "breached": "breach"}
_SETTLED = {"unpaid": "unsettled"}


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _sum_of(section: str, total: str) -> Callable[[File, Totals], Fact]:
    """A total of a section; None when the section lists nothing, which is not the same as 0."""
    return lambda file, totals: _money(getattr(totals, total)) if file.document.get(section) else None


def _net_assets(file: File, totals: Totals) -> Fact:
    # Debts may well be none; without any asset listed the file says nothing about what the household owns.
    return _money(totals.net_assets) if file.document.get("assets") else None


def _realisable(file: File, totals: Totals) -> Fact:
    said = any("disposable" in item for item in file.document.get("assets", ()))
    return _money(totals.disposable) if said else None


def _persons(file: File, totals: Totals) -> Fact:
    return totals.persons or None


def _labour(file: File, totals: Totals) -> Fact:
    said = any("labour" in member for member in file.document.get("members", ()))
    return totals.labour if said else None


def _record(file: File, totals: Totals) -> Fact:
    return _RECORD.get((file.document.get("performance") or {}).get("status", ""))


def _breaches(file: File, totals: Totals) -> Fact:
    listed = (file.document.get("performance") or {}).get("breaches", ())
    return [
        {
            "days_overdue": breach["days_overdue"],
            "settled": _SETTLED.get(breach["repaid"], breach["repaid"]),
            "measure": breach["measure"],
            "subject": breach["what"],
        }
        for breach in listed
    ] or None


def _answer(name: str) -> Callable[[File, Totals], Fact]:
    return lambda file, totals: file.document.get(name)


def _source(read: Callable[[File, Totals], Fact], zh: str, en: str, *, is_list: bool = False) -> Source:
    return Source(read, Label(zh, en), is_list)


SOURCES: Final[Mapping[str, Source]] = MappingProxyType(
    {
        "persons": _source(_persons, "家庭成员，人数", "members of the household, counted"),
        "labour": _source(_labour, "家庭成员，有劳动能力和部分劳动能力的人数", "members able or partly able to work"),
        "total_assets": _source(_sum_of("assets", "assets"), "资产，现值合计", "assets, sum of current values"),
        "net_assets": _source(_net_assets, "资产现值合计减负债余额合计", "assets less debts outstanding"),
        "realisable_assets": _source(_realisable, "资产，可变现价值合计", "assets, sum of realisable values"),
        "shares": _source(_answer("shares_held"), "本行股金", "shares held in the bank"),
        "net_income": _source(_sum_of("income", "net_income"), "收入，毛收入减经营成本", "income less operating cost"),
        "operating_income": _source(
            _sum_of("income", "operating_income"),
            "收入，种植、养殖和经营合计",
            "income from crops, livestock and trade",
        ),
        "gross_income": _source(_sum_of("income", "gross_income"), "收入，毛收入合计", "gross income, sum"),
        "expenses": _source(_sum_of("expenses", "expenses"), "支出合计", "spending, sum"),
        "record": _source(_record, "履约情况", "performance record"),
        "breaches": _source(_breaches, "履约情况，违约明细", "performance record, breaches"),
        "judgement": _source(_answer("judgement"), "客户经理综合评价", "the officer's overall judgement"),
        "grade": _source(_answer("grade"), "客户经理评定的等级", "the grade given by the officer"),
        "finding": _source(
            lambda file, totals: file.finding.code if file.finding else None,
            "名单，已确认且未解除的记录",
            "lists, confirmed entries in force",
            is_list=True,
        ),
    }
)


def unsourced(model: Model) -> list[str]:
    """Inputs a model demands that no file can give: such a model would refuse every household and is not run."""
    return [entry.name for entry in model.inputs if entry.missing_reason and entry.name not in SOURCES]


def facts_for(model: Model, file: File) -> dict[str, Fact]:
    """The facts a model declares, read from a checked file; JSON-ready, in the order of the model."""
    totals = economics.totals(file.document)
    return {
        entry.name: SOURCES[entry.name].read(file, totals) if entry.name in SOURCES else None for entry in model.inputs
    }


def stored_inputs(model: Model, file: File) -> dict[str, Any]:
    """What is kept with a result: the facts, and for each source its number and day."""
    kept: dict[str, Any] = {
        "facts": facts_for(model, file),
        "file": {
            "revision": file.number,
            "collected_on": file.collected_on.isoformat(),
            "checked_on": file.checked_on.isoformat(),
        },
    }
    if file.finding is not None:
        kept["list"] = {"entry": file.finding.entry, "on": file.finding.on.isoformat()}
    return kept


def inputs_digest(facts: Mapping[str, Any], *, model: str, parameters: str, as_of: date) -> str:
    """sha256 over everything a result depends on: facts, digests of model and parameters, day of the inputs."""
    whole = {"facts": facts, "model": model, "parameters": parameters, "as_of": as_of.isoformat()}
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def beside(model: Model) -> str:
    """The line a model shows beside its own, such as 最高授信额度: one that its line does not use; "" when there is none."""
    figures: dict[str, Figure] = {figure.name: figure for figure in (*model.derived, *model.lines, model.combined)}
    used: set[str] = set()
    waiting = [model.combined.name]
    while waiting:
        figure = figures.get(waiting.pop())
        if figure is not None and figure.name not in used:
            used.add(figure.name)
            if isinstance(figure.rule, Formula):
                waiting.extend(figure.rule.node.names())
    return next((line.name for line in model.lines if not line.is_part and line.name not in used), "")


def outcome(result: Result, beside_line: str) -> dict[str, Any]:
    """The fields of a stored result, JSON-ready but for exact decimals; amounts in yuan. ``beside_line`` is the model's
    ``beside``."""
    shown = result.values.get(beside_line)
    return {
        "line": result.line,
        "shown": shown if isinstance(shown, Decimal) else None,
        "score": result.score,
        "grade": result.grade or "",
        "reasons": [{"code": reason.code, "input": reason.input} for reason in result.reasons],
        "binding": list(result.binding_caps),
    }
