"""A model and its parameters as a list of numpy steps, one for every named figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil, floor
from typing import Any

import numpy as np

from config.lib.money import EXACT
from credit.domain.model.bands import Band
from credit.domain.model.document import (
    BandTable,
    EventTotal,
    Figure,
    Formula,
    Grade,
    Input,
    Lookup,
    Model,
    Parameter,
    Steps,
    Ticks,
    ValueType,
)
from credit.domain.model.evaluation import BoundModel
from credit.domain.model.expression import Kind
from credit.domain.model.scaled import (
    LIMIT,
    Array,
    Choice,
    Frame,
    Number,
    Of,
    Truth,
    Value,
    added,
    both,
    chosen,
    compared,
    compiled,
    constant,
    count,
    fixed,
    greatest,
    least,
    multiplied,
    negative,
    raised,
    rounded,
    stepped_down,
    whole_steps,
)

FEW_BANDS = 12


class TooWide(ValueError):
    """A figure that can leave the 64 bits a packed figure has; the reference evaluator still computes it."""


@dataclass(frozen=True)
class EventList:
    """An input that lists events; its fields are values over the rows of the events."""

    at_most: int
    fields: Mapping[str, Value]


@dataclass(frozen=True)
class Events:
    """The events at hand: the row of the household of each, ascending, and their fields."""

    household: Array
    fields: Mapping[str, Array]
    households: int

    def counted(self) -> Array:
        """How many events each household has."""
        return np.bincount(self.household, minlength=self.households)

    def added(self, values: Array) -> Array:
        """The sum over the events of each household; whole numbers throughout, as bincount with weights is not."""
        sums = np.zeros(self.households, dtype=values.dtype)
        if len(values):
            firsts = np.flatnonzero(np.concatenate(([True], self.household[1:] != self.household[:-1])))
            sums[self.household[firsts]] = np.add.reduceat(values, firsts)
        return sums


class EventFrame(dict[str, Any]):
    """What names stand for in the rows of events: fields and figures of the event, else what its household has."""

    def __init__(self, events: Events, outer: Frame) -> None:
        super().__init__(events.fields)
        self.rows, self.outer = events.household, outer

    def __missing__(self, name: str) -> Any:
        found = self.outer[name]
        value = self[name] = found[self.rows] if isinstance(found, np.ndarray) else found
        return value


@dataclass(frozen=True)
class Step:
    """A named value and how it is computed from those before it."""

    name: str
    of: Of


@dataclass(frozen=True)
class Output:
    """A figure as it is packed: whole counts on the grid of its type, 0 / 1, or the place of a code."""

    name: str
    type: ValueType
    of: Of


@dataclass(frozen=True)
class Compiled:
    """A model as steps, with what becomes of the last of them."""

    steps: tuple[Step, ...]
    outputs: tuple[Output, ...]
    vetoes: tuple[Truth, ...]
    remarks: tuple[Truth, ...]
    binding: tuple[Truth, ...]
    line: Number


def compile_steps(bound: BoundModel, by_row: Sequence[str]) -> Compiled:
    """The steps of a model, or TooWide. Parameters in ``by_row`` differ from row to row."""
    return _Compiler(bound.model).run(bound.parameters, by_row)


def input_value(entry: Input) -> Value | EventList:
    """What an input can be once it was accepted or replaced by its default."""
    if entry.type is ValueType.EVENTS:
        fields = {part.name: of_kind(part.kind, _reader(part.name)) for part in entry.fields}
        return EventList(entry.at_most, fields)
    return of_kind(entry.kind, _reader(entry.name))


def of_kind(kind: Kind, of: Of) -> Value:
    """A value of a declared kind."""
    if kind.kind == "number":
        return Number(kind.places, *ends_of(kind), of)
    return Choice(kind.codes, of) if kind.kind == "choice" else Truth(of)


def ends_of(kind: Kind) -> tuple[int, int]:
    """The range of a number in whole counts. What lies beyond 64 bits cannot stand in a column and is out of range."""
    low, high = (max(-LIMIT, min(LIMIT, count(end, kind.places))) for end in (kind.low, kind.high))
    return low, high


def is_known(value: Value) -> bool:
    """Whether every row has the same."""
    return value.is_constant if isinstance(value, Number) else isinstance(value, Truth) and value.known is not None


def _reader(name: str) -> Of:
    return lambda frame: frame[name]


class _Compiler:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.scope: dict[str, Any] = {}
        self.steps: list[Step] = []
        self.outputs: list[Output] = []

    def run(self, parameters: Mapping[str, Any], by_row: Sequence[str]) -> Compiled:
        model = self.model
        in_columns: list[Input | Parameter] = [*model.inputs, *(one for one in model.parameters if one.name in by_row)]
        for one in in_columns:
            if isinstance(one.default, Decimal) and abs(count(one.default, one.type.places)) > LIMIT:
                raise TooWide(f"{one.name}: its default {one.default:f} does not fit in 64 bits")
        for parameter in model.parameters:
            self.scope[parameter.name] = (
                of_kind(parameter.kind, _reader(parameter.name))
                if parameter.name in by_row
                else constant(parameters[parameter.name])
            )
        for entry in model.inputs:
            self.scope[entry.name] = input_value(entry)
        for figure in (*model.derived, *model.items):
            self.figure(figure)
        self.score()
        if model.grade is not None:
            self.grade(model.grade)
        for figure in (*model.lines, model.combined, *model.caps):
            self.figure(figure)
        combined = self.scope[model.combined.name]
        caps = [self.scope[cap.name] for cap in model.caps]
        # No document can use the name "line" (expression.RESERVED).
        amount: Any = self.keep("line", ValueType.MONEY, least(combined, *caps), self.scope, self.steps)
        held_down = compared("lt", amount, combined)
        line = greatest(amount, fixed(0, amount.places))
        if model.step is not None:
            line = stepped_down(line, constant(model.step))
        return Compiled(
            steps=tuple(self.steps),
            outputs=tuple(self.outputs),
            vetoes=tuple(compiled(veto.node, self.scope) for veto in model.vetoes),
            remarks=tuple(compiled(remark.node, self.scope) for remark in model.remarks),
            binding=tuple(both(compared("eq", cap, amount), held_down) for cap in caps),
            line=raised(line, ValueType.MONEY.places),
        )

    def name(self, name: str, value_type: ValueType, value: Value) -> Any:
        """Give a value its name: it is computed once, and read by its name from here on."""
        kept = self.keep(name, value_type, value, self.scope, self.steps)
        packed = raised(kept, value_type.places) if isinstance(kept, Number) else kept
        self.outputs.append(Output(name, value_type, packed.of))
        return kept

    def keep(self, name: str, value_type: ValueType, value: Value, scope: dict[str, Any], steps: list[Step]) -> Value:
        if isinstance(value, Number):
            value = rounded(value, value_type.places)
            lift = 10 ** (value_type.places - value.places)
            if value.size * lift > LIMIT:
                low, high = (Decimal(end).scaleb(-value.places, EXACT) for end in (value.low, value.high))
                raise TooWide(f"{name}: {low:f} to {high:f} does not fit in 64 bits at {value_type.places} places")
        if not is_known(value):
            steps.append(Step(name, value.of))
            value = replace(value, of=_reader(name))
        scope[name] = value
        return value

    def figure(self, figure: Figure) -> None:
        self.name(figure.name, figure.type, _RULES[type(figure.rule)](self, figure.rule, self.scope))

    # --- rules --------------------------------------------------------------------------------------------------

    def formula(self, rule: Formula, scope: Mapping[str, Any]) -> Value:
        value: Value = compiled(rule.node, scope)
        return value

    def band_table(self, rule: BandTable, scope: Mapping[str, Any]) -> Value:
        rows, of = band_places(scope[rule.of], rule.rows)
        return from_table([rule.rows[row].value for row in rows], of)

    def lookup(self, rule: Lookup, scope: Mapping[str, Any]) -> Value:
        choice: Choice = scope[rule.of]
        return from_table([rule.values[code] for code in choice.codes], choice.of)

    def event_total(self, rule: EventTotal, scope: Mapping[str, Any]) -> Value:
        events: EventList = scope[rule.of]
        if not rule.total:
            return Number(0, 0, events.at_most, lambda frame: frame[rule.of].counted())
        inner = {**scope, **events.fields}
        steps: list[Step] = []
        for figure in rule.figures:
            value = _RULES[type(figure.rule)](self, figure.rule, inner)
            self.keep(figure.name, figure.type, value, inner, steps)
        total: Number = inner[rule.total]

        ends = [0, events.at_most * total.low, events.at_most * total.high]
        return Number(total.places, min(ends), max(ends), _sum(rule.of, steps, total, wide=max(map(abs, ends)) > LIMIT))

    def stepwise(self, rule: Steps, scope: Mapping[str, Any]) -> Value:
        number, start = scope[rule.of], constant(rule.start)
        distance = added(number, negative(start)) if rule.direction == "up" else added(start, negative(number))
        counted = whole_steps(greatest(distance, fixed(0, 0)), constant(rule.step), started=rule.started)
        moved = multiplied(constant(rule.each), counted)
        if rule.at_most is not None:
            most = constant(rule.at_most)
            moved = greatest(moved, negative(most)) if rule.each < 0 else least(moved, most)
        return added(constant(rule.base), moved)

    def tick_list(self, rule: Ticks, scope: Mapping[str, Any]) -> Value:
        total = constant(rule.base)
        for tick in rule.rows:
            total = added(total, chosen(compiled(tick.node, scope), constant(tick.value), fixed(0, 0)))
        if rule.at_least is not None:
            total = greatest(total, constant(rule.at_least))
        return total if rule.at_most is None else least(total, constant(rule.at_most))

    # --- score and grade ----------------------------------------------------------------------------------------

    def score(self) -> None:
        score = self.model.score
        if score is None:
            return
        total = fixed(0, ValueType.POINTS.places)
        for item in self.model.items:
            total = added(total, self.scope[item.name])
        if score.at_least is not None:
            total = greatest(total, constant(score.at_least))
        self.name(score.name, ValueType.POINTS, total)

    def grade(self, grade: Grade) -> None:
        codes = tuple(level.code for level in grade.levels)
        levels, of = band_places(self.scope[grade.of], [level.band for level in grade.levels])
        order = np.array(levels, dtype=np.int64)
        value = Choice(codes, lambda frame: order[of(frame)])
        if grade.lower_by:
            measured: Choice = self.name(grade.measured_name, ValueType.CHOICE, value)
            last = fixed(len(codes) - 1, 0)
            place = Number(0, 0, last.low, measured.of)
            lowered = least(added(place, least(self.scope[grade.lower_by], last)), last)
            value = Choice(codes, lowered.of)
        named: Choice = self.name(grade.name, ValueType.CHOICE, value)
        for figure in grade.figures:
            table = [level.values[figure.name] for level in grade.levels]
            self.name(figure.name, figure.type, from_table(table, named.of))


_RULES: dict[type, Callable[[_Compiler, Any, Mapping[str, Any]], Value]] = {
    Formula: _Compiler.formula,
    BandTable: _Compiler.band_table,
    Lookup: _Compiler.lookup,
    EventTotal: _Compiler.event_total,
    Steps: _Compiler.stepwise,
    Ticks: _Compiler.tick_list,
}
RULE_KINDS = frozenset(_RULES)
"""Every kind of rule a figure may have; a test holds it against the language."""


# --- tables -------------------------------------------------------------------------------------------------------


def band_places(number: Number, bands: Sequence[Band]) -> tuple[list[int], Of]:
    """The bands a number can reach, upwards, and which of these it lies in. Reading proved that there is one."""
    rows: list[int] = []
    cuts: list[int] = []
    for row in sorted(range(len(bands)), key=lambda row: (bands[row].low is not None, bands[row].low or Decimal(0))):
        band = bands[row]
        low = number.low if band.low is None else ceil(band.low.scaleb(number.places, EXACT))
        high = number.high if band.high is None else floor(band.high.scaleb(number.places, EXACT))
        if high >= number.low and low <= number.high:
            rows.append(row)
            cuts.append(low)
    if len(rows) == 1:
        return rows, lambda frame: 0
    if len(rows) <= FEW_BANDS:
        return rows, lambda frame: _edges_passed(number.of(frame), cuts[1:])
    edges = np.array(cuts[1:], dtype=np.int64)
    return rows, lambda frame: np.searchsorted(edges, number.of(frame), side="right")


def _edges_passed(values: Array, edges: Sequence[int]) -> Array:
    """The same as searchsorted, three times as fast over a handful of edges."""
    places = (values >= edges[0]).view(np.int8)
    for edge in edges[1:]:
        places += (values >= edge).view(np.int8)
    return places


def from_table(values: Sequence[Decimal], of: Of) -> Number:
    """The value at each place."""
    entries = [constant(value) for value in values]
    places = max(entry.places for entry in entries)
    counts = [raised(entry, places).low for entry in entries]
    if min(counts) == max(counts):
        return fixed(counts[0], places)
    table = np.array(counts, dtype=np.int64 if max(map(abs, counts)) <= LIMIT else object)
    return Number(places, min(counts), max(counts), lambda frame: table[of(frame)])


def _sum(name: str, steps: Sequence[Step], total: Number, *, wide: bool) -> Of:
    def of(frame: Frame) -> Any:
        events: Events = frame[name]
        own = EventFrame(events, frame)
        for one in steps:
            own[one.name] = one.of(own)
        return events.added(np.broadcast_to(total.of(own), events.household.shape).astype(object if wide else np.int64))

    return of
