"""How a result came about, step by step, so that a clerk can redo every figure by hand.

An explanation is recomputed from the stored inputs; its figures are those of the result, never a second arithmetic.
``credit.domain.explain`` puts it into words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any

from config.lib.money import EXACT, round_places
from credit.domain.model.bands import Band
from credit.domain.model.document import (
    BandTable,
    Choice,
    EventTotal,
    Figure,
    Formula,
    Input,
    Label,
    Lookup,
    Model,
    Steps,
    Ticks,
    ValueType,
)
from credit.domain.model.evaluation import (
    OUT_OF_RANGE,
    ZERO_LINE,
    BoundModel,
    Reason,
    Result,
    Status,
    band_of,
    chosen_branch,
    evaluate_node,
    event_figures,
    ticked,
)
from credit.domain.model.expression import Node
from credit.domain.model.lists import steps_counted

BUILT_IN_REASONS = {
    OUT_OF_RANGE: Label("数据超出模型的适用范围", "a fact lies outside the range the model was made for"),
    ZERO_LINE: Label("按公式计算没有可用额度", "the formula leaves no amount"),
}

_SYMBOLS = {
    "zh-hans": {
        "*": "×", "/": "÷", "<=": "≤", ">=": "≥", "==": "＝", "!=": "≠", "and": "且", "or": "或", "not": "非",
        "min": "取最小", "max": "取最大", "div": "相除", "floor_step": "向下取整", "if": "若", "case": "分情况",
    },
    "en": {
        "*": "×", "/": "÷", "<=": "≤", ">=": "≥", "==": "=", "!=": "≠", "min": "smallest", "max": "largest",
        "div": "divide", "floor_step": "round down",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Given:
    """A fact or parameter as it was used; ``shown`` is the label of a choice, ``source`` fact, default or parameter."""

    name: str
    label: Label
    type: ValueType
    value: Decimal | bool | str | None
    shown: Label | None
    source: str


@dataclass(frozen=True)
class Term:
    """A named value a formula read."""

    name: str
    label: Label
    type: ValueType
    value: Decimal | bool | str
    shown: Label | None = None


@dataclass(frozen=True)
class Ticked:
    """A row of a tick list: what it says, what it adds (below 0: deducts), and whether it holds."""

    label: Label
    value: Decimal
    holds: bool


@dataclass(frozen=True)
class Computed:
    """A named figure: how it is defined (as written, and with labels in place of names), what it read, which band or
    choice it hit, how many steps it counted, which ticks hold; ``over`` is the list of events it counts or ``adds`` up, ``events`` every event that was added."""

    name: str
    label: Label
    type: ValueType
    value: Decimal | bool | str
    formula: str = ""
    words: Label | None = None
    terms: tuple[Term, ...] = ()
    band: Band | None = None
    choice: Label | None = None
    full: Decimal | None = None
    over: Label | None = None
    adds: bool = False
    events: tuple[tuple[Term, ...], ...] = ()
    is_part: bool = False
    steps: Steps | None = None
    counted: int = 0
    ticks: tuple[Ticked, ...] = ()


@dataclass(frozen=True)
class Cap:
    """A cap and whether it holds the line down."""

    name: str
    label: Label
    amount: Decimal
    binds: bool


@dataclass(frozen=True)
class WaterfallStep:
    """One bar: ``kind`` is part, combined, cap, floor_zero, veto, rounding or line; amounts in yuan.

    ``change`` moves the running ``amount``; for combined and line it is the amount itself.
    """

    kind: str
    label: Label | None
    change: Decimal
    amount: Decimal


@dataclass(frozen=True)
class ExplainedReason:
    """A reason in words; ``input`` is the label of the fact concerned."""

    code: str
    label: Label
    input: Label | None


@dataclass(frozen=True)
class Explanation:
    """Everything that led to a result, in the order of evaluation."""

    code: str
    title: Label
    source: Label | None
    notes: tuple[Label, ...]
    digest: str
    status: Status
    line: Decimal | None
    score: Decimal | None
    full_score: Decimal | None
    grade: Label | None
    grade_measured: Label | None
    inputs: tuple[Given, ...]
    parameters: tuple[Given, ...]
    derived: tuple[Computed, ...]
    items: tuple[Computed, ...]
    coefficients: tuple[Term, ...]
    lines: tuple[Computed, ...]
    combined: Computed | None
    caps: tuple[Cap, ...]
    step: Decimal | None
    waterfall: tuple[WaterfallStep, ...]
    reasons: tuple[ExplainedReason, ...]
    remarks: tuple[ExplainedReason, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """The explanation as JSON-ready data; numbers are decimal strings, labels hold both languages."""
        document: dict[str, Any] = _plain(self)
        return document


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value


def explain(model: Model, facts: Mapping[str, object], parameters: Mapping[str, object] | None = None) -> Explanation:
    """Evaluate one household and keep every step; amounts in yuan."""
    result = BoundModel(model, parameters or {}).evaluate(facts)
    return explain_result(model, result)


def explain_result(model: Model, result: Result) -> Explanation:
    """The steps behind a result of this model."""
    return _Explainer(model, result).explanation()


class _Explainer:
    def __init__(self, model: Model, result: Result) -> None:
        self.model = model
        self.result = result
        self.values = result.values
        self.known: dict[str, tuple[Label, ValueType]] = {
            parameter.name: (parameter.label, parameter.type) for parameter in model.parameters
        }
        self.known.update({entry.name: (entry.label, entry.type) for entry in model.inputs})
        computed = (*model.derived, *model.items, *model.lines, model.combined, *model.caps)
        self.known.update({figure.name: (figure.label, figure.type) for figure in computed})
        self.choices: dict[str, tuple[Choice, ...]] = {entry.name: entry.choices for entry in model.inputs}
        if model.score is not None:
            self.known[model.score.name] = (model.score.label, ValueType.POINTS)
        if model.grade is not None:
            levels = tuple(Choice(level.code, level.label) for level in model.grade.levels)
            for name in (model.grade.name, model.grade.measured_name):
                self.known[name] = (model.grade.label, ValueType.CHOICE)
                self.choices[name] = levels
            self.known.update({figure.name: (figure.label, figure.type) for figure in model.grade.figures})
        self.figures = {figure.name: figure for figure in computed}

    def explanation(self) -> Explanation:
        model, result = self.model, self.result
        complete = result.status is not Status.INCOMPLETE
        grade = model.grade
        return Explanation(
            code=model.code,
            title=model.title,
            source=model.source,
            notes=model.notes,
            digest=model.digest,
            status=result.status,
            line=result.line,
            score=result.score,
            full_score=self.full_score() if complete and model.score else None,
            grade=self.choice_label(grade.name) if complete and grade else None,
            grade_measured=self.choice_label(grade.measured_name) if complete and grade and grade.lower_by else None,
            inputs=tuple(self.given(entry) for entry in model.inputs if entry.type is not ValueType.EVENTS),
            parameters=tuple(
                Given(entry.name, entry.label, entry.type, self.simple(entry.name), None, "parameter")
                for entry in model.parameters
            ),
            derived=tuple(self.computed(figure) for figure in model.derived) if complete else (),
            items=tuple(self.computed(figure) for figure in model.items) if complete else (),
            coefficients=tuple(self.term(figure.name) for figure in grade.figures) if complete and grade else (),
            lines=tuple(self.computed(figure) for figure in model.lines) if complete else (),
            combined=self.computed(model.combined) if complete else None,
            caps=tuple(
                Cap(cap.name, cap.label, self.amount(cap.name), cap.name in result.binding_caps) for cap in model.caps
            )
            if complete
            else (),
            step=model.step,
            waterfall=self.waterfall() if complete else (),
            reasons=tuple(self.reason(reason) for reason in result.reasons),
            remarks=tuple(self.reason(reason) for reason in result.remarks),
        )

    # --- pieces -------------------------------------------------------------------------------------------------

    def full_score(self) -> Decimal:
        return sum((item.full or Decimal(0) for item in self.model.items), Decimal("0.00"))

    def simple(self, name: str) -> Decimal | bool | str | None:
        value = self.values.get(name)
        return value if isinstance(value, (Decimal, bool, str)) else None

    def amount(self, name: str) -> Decimal:
        value = self.values[name]
        if not isinstance(value, Decimal):
            raise TypeError(name)
        return value

    def choice_label(self, name: str) -> Label | None:
        code = self.values.get(name)
        return next((choice.label for choice in self.choices.get(name, ()) if choice.code == code), None)

    def given(self, entry: Input) -> Given:
        source = "default" if entry.name in self.result.defaulted else "fact"
        return Given(
            entry.name, entry.label, entry.type, self.simple(entry.name), self.choice_label(entry.name), source
        )

    def term(self, name: str) -> Term:
        label, value_type = self.known[name]
        value = self.values[name]
        plain = value if isinstance(value, (Decimal, bool, str)) else str(len(value))
        return Term(name, label, value_type, plain, self.choice_label(name))

    def computed(self, figure: Figure) -> Computed:
        rule, value = figure.rule, self.values[figure.name]
        formula, band, choice, over, adds = "", None, None, None, False
        names: tuple[str, ...] = ()
        events: tuple[tuple[Term, ...], ...] = ()
        ticks: tuple[Ticked, ...] = ()
        if isinstance(rule, Formula):
            formula, names = rule.text, rule.node.names()
        elif isinstance(rule, BandTable):
            names, band = (rule.of,), band_of(rule.rows, self.amount(rule.of))
        elif isinstance(rule, Lookup):
            names, choice = (rule.of,), self.choice_label(rule.of)
        elif isinstance(rule, Steps):
            names = (rule.of,)
        elif isinstance(rule, Ticks):
            names = tuple(dict.fromkeys(name for row in rule.rows for name in row.node.names()))
            ticks = self.ticks(rule)
        else:
            over, adds = self.known[rule.of][0], bool(rule.total)
            events = self.events(rule) if adds else ()
        return Computed(
            name=figure.name,
            label=figure.label,
            type=figure.type,
            value=value,  # type: ignore[arg-type]  # computed figures are never lists
            formula=formula,
            words=self.words(formula, names) if formula else None,
            terms=tuple(self.term(name) for name in names),
            band=band,
            choice=choice,
            full=figure.full,
            over=over,
            adds=adds,
            events=events,
            is_part=figure.is_part,
            steps=rule if isinstance(rule, Steps) else None,
            counted=steps_counted(rule, self.amount(rule.of)) if isinstance(rule, Steps) else 0,
            ticks=ticks,
        )

    def ticks(self, rule: Ticks) -> tuple[Ticked, ...]:
        """Every row in words; a row without a label says its condition."""
        held = ticked(rule, self.values)
        return tuple(
            Ticked(row.label or self.words(row.text, row.node.names()), row.value, row in held) for row in rule.rows
        )

    def events(self, rule: EventTotal) -> tuple[tuple[Term, ...], ...]:
        source = next(entry for entry in self.model.inputs if entry.name == rule.of)
        rows = event_figures(rule, self.values)
        return tuple(
            tuple(self.field(entry, row[entry.name]) for entry in source.fields)
            + tuple(Term(figure.name, figure.label, figure.type, row[figure.name]) for figure in rule.figures)  # type: ignore[arg-type]
            for row in rows
        )

    def field(self, entry: Input, value: Any) -> Term:
        shown = next((choice.label for choice in entry.choices if choice.code == value), None)
        return Term(entry.name, entry.label, entry.type, value, shown)

    def words(self, formula: str, names: tuple[str, ...]) -> Label:
        """The formula with labels in place of names and codes."""
        codes = {choice.code: choice.label for name in names for choice in self.choices.get(name, ())}

        def put(language: str) -> str:
            symbols = _SYMBOLS[language]

            def word(match: re.Match[str]) -> str:
                text = match[0]
                if text.startswith("'"):
                    label = codes.get(text.strip("'"))
                    return text if label is None else label.text(language)
                if text in symbols:
                    return symbols[text]
                return self.known[text][0].text(language) if text in self.known else text

            return re.sub(r"'[A-Za-z0-9_]+'|[a-z][a-z0-9_]*|[<>=!]=|[*/]", word, formula)

        return Label(put("zh-hans"), put("en"))

    def reason(self, reason: Reason) -> ExplainedReason:
        label = BUILT_IN_REASONS.get(reason.code) or self.model.reasons[reason.code]
        return ExplainedReason(reason.code, label, self.known[reason.input][0] if reason.input else None)

    # --- waterfall ----------------------------------------------------------------------------------------------

    def waterfall(self) -> tuple[WaterfallStep, ...]:
        """From the parts of the formula over the caps to the final line."""
        steps: list[WaterfallStep] = []
        combined = self.amount(self.model.combined.name)
        running = Decimal("0.00")
        for sign, node in self.addends(self.model.combined):
            value = round_places(evaluate_node(node, self.values), 2)
            change = value if sign > 0 else value.copy_negate()
            running = EXACT.add(running, change)
            label = self.known[str(node.value)][0] if node.op == "name" else None
            steps.append(WaterfallStep("part", label, change, running))
        # Unnamed addends are rounded for display; the named combined figure is what counts.
        steps.append(WaterfallStep("combined", self.model.combined.label, combined, combined))
        running = combined
        for cap in self.model.caps:
            amount = self.amount(cap.name)
            if amount < running and cap.name in self.result.binding_caps:
                steps.append(WaterfallStep("cap", cap.label, EXACT.subtract(amount, running), amount))
                running = amount
        if running < 0:
            steps.append(WaterfallStep("floor_zero", None, running.copy_negate(), Decimal("0.00")))
            running = Decimal("0.00")
        line = self.result.line or Decimal("0.00")
        if line != running:
            kind = "veto" if self.result.status is Status.REFUSED else "rounding"
            steps.append(WaterfallStep(kind, None, EXACT.subtract(line, running), line))
        steps.append(WaterfallStep("line", None, line, line))
        return tuple(steps)

    def addends(self, figure: Figure) -> list[tuple[int, Node]]:
        """The signed parts a figure adds up, looking through names of single lines and chosen branches."""
        node = figure.rule.node if isinstance(figure.rule, Formula) else None
        while node is not None:
            if node.op in ("if", "case"):
                node = chosen_branch(node, self.values)
            elif node.op in ("min", "max"):
                choose = min if node.op == "min" else max
                node = choose(node.args, key=lambda arg: evaluate_node(arg, self.values))
            elif node.op == "name" and (inner := self.figures.get(str(node.value))) and isinstance(inner.rule, Formula):
                if inner.is_part:
                    break
                node = inner.rule.node
            else:
                break
        return _flatten(node, 1) if node is not None else []


def _flatten(node: Node, sign: int) -> list[tuple[int, Node]]:
    if node.op == "add":
        return _flatten(node.args[0], sign) + _flatten(node.args[1], sign)
    if node.op == "sub":
        return _flatten(node.args[0], sign) + _flatten(node.args[1], -sign)
    return [(sign, node)]


def in_words(model: Model, formula: str, names: tuple[str, ...]) -> Label:
    """A formula of a model with labels in place of names, without any household; a formula of an event names its fields."""
    nothing = Result(Status.INCOMPLETE, None, None, None, (), MappingProxyType({}), (), frozenset())
    writer = _Explainer(model, nothing)
    for field in (field for entry in model.inputs for field in entry.fields):
        writer.known.setdefault(field.name, (field.label, field.type))
        writer.choices.setdefault(field.name, field.choices)
    for total in (figure.rule for figure in model.derived if isinstance(figure.rule, EventTotal)):
        writer.known.update({figure.name: (figure.label, figure.type) for figure in total.figures})
    return writer.words(formula, names)
