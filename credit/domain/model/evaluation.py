"""The reference evaluator: one household, exact decimals, in the arithmetic of Semantics, section 5a.

Sums and products are exact, quotients are rounded once to 8 places, every named figure is rounded when it is named.
Any faster evaluator has to agree with this one in every field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from config.lib.money import EXACT, round_places, round_step
from credit.domain.model.bands import Band
from credit.domain.model.checking import exact_quotient
from credit.domain.model.document import (
    BandTable,
    EventTotal,
    Figure,
    Formula,
    Grade,
    Input,
    Lookup,
    Model,
    Steps,
    Tick,
    Ticks,
    ValueType,
)
from credit.domain.model.expression import Node
from credit.domain.model.lists import steps_value, tick_sum

Value = Decimal | bool | str | tuple[Mapping[str, Any], ...]
OUT_OF_RANGE = "out_of_range"
ZERO_LINE = "zero_line"


class Status(StrEnum):
    """How an evaluation ends."""

    LINE = "line"  # a line was computed (it can be 0 when nothing is left)
    REFUSED = "refused"  # one or more vetoes: the line is 0, with reasons
    INCOMPLETE = "incomplete"  # a fact is missing or outside its range: there is no line at all


class FactError(TypeError):
    """A fact or parameter of the wrong type, such as a float: a fault of the caller, never of the household."""


class ParameterError(ValueError):
    """A parameter that is not released or outside its range: the model cannot run for this institution or county."""


@dataclass(frozen=True)
class Reason:
    """Why a line is 0 or absent: a reason code of the document, or out_of_range / zero_line; ``input`` names the fact."""

    code: str
    input: str = ""


@dataclass(frozen=True)
class Result:
    """The outcome for one household; ``line`` in yuan, None when incomplete.

    ``remarks`` are said beside the line and refuse nothing. ``values`` holds every input, parameter and named figure; an incomplete evaluation has no figures.
    """

    status: Status
    line: Decimal | None
    score: Decimal | None
    grade: str | None
    reasons: tuple[Reason, ...]
    values: Mapping[str, Value]
    binding_caps: tuple[str, ...]
    defaulted: frozenset[str]
    remarks: tuple[Reason, ...] = ()

    def as_document(self, model: Model) -> dict[str, Any]:
        """The result as JSON-ready data; numbers are decimal strings, figures in the model's order."""
        return {
            "status": self.status.value,
            "line": None if self.line is None else str(self.line),
            "score": None if self.score is None else str(self.score),
            "grade": self.grade,
            "reasons": [{"code": reason.code, "input": reason.input} for reason in self.reasons],
            "remarks": [reason.code for reason in self.remarks],
            "binding_caps": list(self.binding_caps),
            "figures": {
                name: value if isinstance(value := self.values[name], bool | str) else str(value)
                for name, _ in model.computed()
                if name in self.values
            },
        }


class BoundModel:
    """A model with its parameters set, ready for any number of households of one county."""

    def __init__(self, model: Model, parameters: Mapping[str, object] = MappingProxyType({})) -> None:
        self.model = model
        self.parameters: dict[str, Value] = {}
        known = {parameter.name for parameter in model.parameters}
        if unknown := sorted(set(parameters) - known):
            raise ParameterError(f"unknown parameters: {', '.join(unknown)}")
        for parameter in model.parameters:
            if parameters.get(parameter.name) is None:
                if parameter.default is None:
                    raise ParameterError(f"{parameter.name} is not released")
                self.parameters[parameter.name] = parameter.default
                continue
            value = _number(parameters[parameter.name], parameter.type, parameter.name)
            if not parameter.kind.low <= value <= parameter.kind.high:
                raise ParameterError(
                    f"{parameter.name} = {value} lies outside {parameter.kind.low} to {parameter.kind.high}"
                )
            self.parameters[parameter.name] = value

    def evaluate(self, facts: Mapping[str, object]) -> Result:
        """The line of one household. Facts the model does not declare are ignored; None counts as missing."""
        model = self.model
        values: dict[str, Value] = dict(self.parameters)
        reasons: list[Reason] = []
        defaulted: set[str] = set()
        for entry in model.inputs:
            _take_fact(entry, _given(entry, facts), values, reasons, defaulted)
        if reasons:
            return Result(Status.INCOMPLETE, None, None, None, tuple(reasons), MappingProxyType(values), (),
                          frozenset(defaulted))  # fmt: skip
        for figure in model.derived:
            values[figure.name] = _figure(figure, values)
        score = self._score(values)
        grade = None if model.grade is None else _grade(model.grade, values)
        for figure in (*model.lines, model.combined, *model.caps):
            values[figure.name] = _figure(figure, values)
        reasons = [Reason(veto.reason) for veto in model.vetoes if evaluate_node(veto.node, values) is True]
        # Two vetoes may share one reason; it is said once.
        reasons = list(dict.fromkeys(reasons))
        amount, binding = self._capped(values)
        if reasons:
            status, line = Status.REFUSED, Decimal("0.00")
        else:
            status, line = Status.LINE, round_places(self._floored(amount), 2)
            if not line:
                reasons.append(Reason(ZERO_LINE))
        remarks = tuple(
            dict.fromkeys(
                Reason(remark.reason) for remark in model.remarks if evaluate_node(remark.node, values) is True
            )
        )
        return Result(status, line, score, grade, tuple(reasons), MappingProxyType(values), binding,
                      frozenset(defaulted), remarks)  # fmt: skip

    def _score(self, values: dict[str, Value]) -> Decimal | None:
        total = Decimal("0.00")
        for item in self.model.items:
            points = _figure(item, values)
            values[item.name] = points
            total = EXACT.add(total, _decimal(points))
        score = self.model.score
        if score is None:
            return None
        total = total if score.at_least is None else max(total, score.at_least)
        values[score.name] = round_places(total, 2)
        return round_places(total, 2)

    def _capped(self, values: Mapping[str, Value]) -> tuple[Decimal, tuple[str, ...]]:
        """The combined figure under the caps, and the caps that hold it down."""
        combined = _decimal(values[self.model.combined.name])
        caps = {cap.name: _decimal(values[cap.name]) for cap in self.model.caps}
        amount = min([combined, *caps.values()])
        return amount, tuple(name for name, cap in caps.items() if cap == amount < combined)

    def _floored(self, amount: Decimal) -> Decimal:
        amount = max(amount, Decimal("0.00"))
        return amount if self.model.step is None else round_step(amount, self.model.step, "down")


def evaluate(
    model: Model, facts: Mapping[str, object], parameters: Mapping[str, object] = MappingProxyType({})
) -> Result:
    """The line of one household under a model and its released parameters; amounts in yuan."""
    return BoundModel(model, parameters).evaluate(facts)


# --- facts --------------------------------------------------------------------------------------------------------


def _number(raw: object, value_type: ValueType, name: str) -> Decimal:
    """A number exactly on the grid of its type; decimal strings are accepted, floats are not."""
    if isinstance(raw, bool) or not isinstance(raw, (Decimal, int, str)):
        raise FactError(f"{name}: {raw!r} is no exact number")
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise FactError(f"{name}: {raw!r} is no number") from None
    if not value.is_finite() or value.adjusted() > 30:
        raise FactError(f"{name}: {raw!r} is no number in reach")
    rounded = round_places(value, value_type.places)
    if rounded != value:
        raise FactError(f"{name}: {raw!r} has more than {value_type.places} decimals")
    return rounded


def _given(entry: Input, facts: Mapping[str, object]) -> object:
    """A fact as the caller gives it; a flag also as part of the list of all that were ticked."""
    raw = facts.get(entry.name)
    if raw is not None or not entry.flag_of or facts.get(entry.flag_of) is None:
        return raw
    ticked_codes = facts[entry.flag_of]
    if isinstance(ticked_codes, (str, bytes, Mapping)) or not isinstance(ticked_codes, (Sequence, Set)):
        raise FactError(f"{entry.flag_of}: {ticked_codes!r} is no list of codes")
    return entry.flag in ticked_codes


def _take_fact(
    entry: Input,
    raw: object,
    values: dict[str, Value],
    reasons: list[Reason],
    defaulted: set[str],
) -> None:
    """Put one fact into ``values``, or note why it cannot be used."""
    if raw is None:
        if entry.missing_reason:
            reasons.append(Reason(entry.missing_reason, entry.name))
            return
        defaulted.add(entry.name)
        values[entry.name] = () if entry.type is ValueType.EVENTS else entry.default  # type: ignore[assignment]
        return
    if entry.type is ValueType.EVENTS:
        events = _events(entry, raw)
        if events is None:
            reasons.append(Reason(OUT_OF_RANGE, entry.name))
        else:
            values[entry.name] = events
        return
    value = _simple(entry, raw)
    if value is None:
        reasons.append(Reason(OUT_OF_RANGE, entry.name))
    else:
        values[entry.name] = value


def _simple(entry: Input, raw: object) -> Decimal | bool | str | None:
    """A number, truth or choice, or None when it lies outside what the model declares."""
    if entry.type is ValueType.BOOL:
        if not isinstance(raw, bool):
            raise FactError(f"{entry.name}: {raw!r} is neither true nor false")
        return raw
    if entry.type is ValueType.CHOICE:
        if not isinstance(raw, str):
            raise FactError(f"{entry.name}: {raw!r} is no choice")
        return raw if raw in entry.kind.codes else None
    value = _number(raw, entry.type, entry.name)
    return value if entry.kind.low <= value <= entry.kind.high else None


def _events(entry: Input, raw: object) -> tuple[Mapping[str, Any], ...] | None:
    """The events of a list, or None when there are too many or one of them is incomplete or outside its range."""
    if isinstance(raw, (str, bytes, Mapping)) or not isinstance(raw, Sequence):
        raise FactError(f"{entry.name}: {raw!r} is no list of events")
    if len(raw) > entry.at_most:
        return None
    events = []
    for event in raw:
        if not isinstance(event, Mapping):
            raise FactError(f"{entry.name}: {event!r} is no event")
        facts: dict[str, Any] = {}
        for part in entry.fields:
            given = event.get(part.name)
            value = None if given is None else _simple(part, given)
            if value is None:
                return None
            facts[part.name] = value
        events.append(facts)
    return tuple(events)


# --- figures ------------------------------------------------------------------------------------------------------


def _decimal(value: object) -> Decimal:
    if not isinstance(value, Decimal):
        raise FactError(f"{value!r} is no number")
    return value


def band_of(rows: Sequence[Band], figure: Decimal) -> Band:
    """The band a figure lies in. Reading proved that there is exactly one."""
    for band in rows:
        if band.holds(figure):
            return band
    raise ParameterError(f"no band holds {figure}")


def _figure(figure: Figure, values: Mapping[str, Any]) -> Value:
    rule = figure.rule
    if isinstance(rule, Formula):
        value = evaluate_node(rule.node, values)
        return value if isinstance(value, bool) else round_places(_decimal(value), figure.type.places)
    if isinstance(rule, BandTable):
        return round_places(band_of(rule.rows, values[rule.of]).value, figure.type.places)
    if isinstance(rule, Lookup):
        return rule.values[values[rule.of]]
    if isinstance(rule, Steps):
        return steps_value(rule, values[rule.of])
    if isinstance(rule, Ticks):
        return tick_sum(rule, ticked(rule, values))
    return round_places(_total(rule, values), figure.type.places)


def ticked(rule: Ticks, values: Mapping[str, Any]) -> list[Tick]:
    """The rows of a tick list that hold."""
    return [tick for tick in rule.rows if evaluate_node(tick.node, values) is True]


def _total(rule: EventTotal, values: Mapping[str, Any]) -> Decimal:
    if not rule.total:
        return Decimal(len(values[rule.of]))
    total = Decimal(0)
    for event in event_figures(rule, values):
        total = EXACT.add(total, _decimal(event[rule.total]))
    return total


def event_figures(rule: EventTotal, values: Mapping[str, Any]) -> list[dict[str, Value]]:
    """For every event its facts and its named figures."""
    rows = []
    for event in values[rule.of]:
        seen = {**values, **event}
        row = dict(event)
        for figure in rule.figures:
            row[figure.name] = seen[figure.name] = _figure(figure, seen)
        rows.append(row)
    return rows


def _grade(grade: Grade, values: dict[str, Value]) -> str:
    measured = next(index for index, level in enumerate(grade.levels) if level.band.holds(_decimal(values[grade.of])))
    place = measured
    if grade.lower_by:
        values[grade.measured_name] = grade.levels[measured].code
        place = min(measured + int(_decimal(values[grade.lower_by])), len(grade.levels) - 1)
    level = grade.levels[place]
    values[grade.name] = level.code
    values.update(level.values)
    return level.code


# --- expressions --------------------------------------------------------------------------------------------------

_COMPARE = {
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
}
_ARITHMETIC = {"add": EXACT.add, "sub": EXACT.subtract, "mul": EXACT.multiply}


def evaluate_node(node: Node, values: Mapping[str, Any]) -> Any:
    """The exact value of a checked expression: Decimal, bool or choice code."""
    op = node.op
    if op == "name":
        return values[node.value]  # type: ignore[index]
    if op in ("number", "text", "flag"):
        return node.value
    args = node.args
    if op in _ARITHMETIC:
        return _ARITHMETIC[op](evaluate_node(args[0], values), evaluate_node(args[1], values))
    if op in _COMPARE:
        return _COMPARE[op](evaluate_node(args[0], values), evaluate_node(args[1], values))
    if op in ("quotient", "div"):
        divisor = evaluate_node(args[1], values)
        if op == "div" and not divisor:
            return evaluate_node(args[2], values)
        return exact_quotient(evaluate_node(args[0], values), divisor, saturates=bool(node.value))
    if op in ("min", "max"):
        return (min if op == "min" else max)(evaluate_node(arg, values) for arg in args)
    if op in ("if", "case"):
        return evaluate_node(chosen_branch(node, values), values)
    if op == "neg":
        return evaluate_node(args[0], values).copy_negate()
    if op == "floor_step":
        return round_step(evaluate_node(args[0], values), evaluate_node(args[1], values), "down")
    if op == "not":
        return not evaluate_node(args[0], values)
    if op == "and":
        return evaluate_node(args[0], values) and evaluate_node(args[1], values)
    if op == "or":
        return evaluate_node(args[0], values) or evaluate_node(args[1], values)
    raise AssertionError(op)


def chosen_branch(node: Node, values: Mapping[str, Any]) -> Node:
    """The branch an if or case takes."""
    for condition, value in zip(node.args[:-1:2], node.args[1::2], strict=False):
        if evaluate_node(condition, values):
            return value
    return node.args[-1]
