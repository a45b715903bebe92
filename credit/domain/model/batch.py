"""The set-based evaluator: the same results as ``evaluation``, for columns of households at once.

Everything is a whole number in int64: money in fen, ratios in 1e-8, points in 1e-2, truths 0 / 1, choices as places in
a list of codes. ``Batch.result`` gives a row back as the reference's ``Result``, equal in every field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from config.lib.money import EXACT
from credit.domain.facts import beside
from credit.domain.model.compiling import RULE_KINDS, Compiled, Events, TooWide, compile_steps, ends_of
from credit.domain.model.document import Input, Model, Parameter, ValueType
from credit.domain.model.evaluation import (
    OUT_OF_RANGE,
    ZERO_LINE,
    BoundModel,
    FactError,
    ParameterError,
    Reason,
    Result,
    Status,
)
from credit.domain.model.evaluation import Value as Shown
from credit.domain.model.scaled import count

__all__ = ["MISSING", "RULE_KINDS", "STATUSES", "Batch", "Column", "EventRows", "Program", "TooWide", "compile_model"]

MISSING: Final = -(2**63)
STATUSES: Final = tuple(Status)
"""``Batch.status`` is a place in here."""
LINE, REFUSED, INCOMPLETE = range(3)
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """One fact of many households on the grid of its type; MISSING where the file does not say.

    A choice holds places in ``codes``, which may be another list than the model's.
    """

    values: Counts
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventRows:
    """The events of many households, one row each: ``household`` is the row of its household, ascending.

    A household without a row has not said anything.
    """

    household: Counts
    fields: Mapping[str, Column]


Facts = Mapping[str, Column | EventRows]


def compile_model(bound: BoundModel, by_row: Sequence[str] = ()) -> Program:
    """The program of a model with its parameters, or TooWide when a figure can leave 64 bits.

    Parameters named in ``by_row``, such as a base of the village, are given to ``evaluate`` row by row instead.
    """
    return Program(bound.model, MappingProxyType(dict(bound.parameters)), tuple(by_row), compile_steps(bound, by_row))


@dataclass(frozen=True)
class Program:
    """A model ready for columns. ``reasons``, ``caps`` and ``figures`` name the columns of a ``Batch``."""

    model: Model
    parameters: Mapping[str, Shown]
    by_row: tuple[str, ...]
    compiled: Compiled = field(repr=False)

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """What can keep a line from a household, in the order a result says it. A code may stand here more than once
        (vetoes that share a reason, facts that share one); a row never carries a pair of code and input twice."""
        facts = [
            Reason(code, entry.name)
            for entry in self.model.inputs
            for code in (*([entry.missing_reason] if entry.missing_reason else []), OUT_OF_RANGE)
        ]
        return (*facts, *(Reason(veto.reason) for veto in self.model.vetoes), Reason(ZERO_LINE))

    @property
    def caps(self) -> tuple[str, ...]:
        """The caps that can bind."""
        return tuple(cap.name for cap in self.model.caps)

    @cached_property
    def figures(self) -> Mapping[str, int]:
        """The column of every figure."""
        return MappingProxyType({name: place for place, (name, _) in enumerate(self.model.computed())})

    def evaluate(self, facts: Facts, households: int, parameters: Mapping[str, Column] = MappingProxyType({})) -> Batch:
        """The lines of so many households. Facts the model does not declare are ignored; an absent one is missing."""
        frame: dict[str, Any] = {}
        reasons = np.zeros((households, len(self.reasons)), dtype=np.bool_)
        for parameter in self.model.parameters:
            if parameter.name in self.by_row:
                frame[parameter.name] = _parameter(parameter, parameters.get(parameter.name), households)
        place = 0
        for entry in self.model.inputs:
            take = _events if entry.type is ValueType.EVENTS else _fact
            taken = take(entry, facts.get(entry.name), households)
            if entry.missing_reason:
                reasons[:, place] = taken.missing
                place += 1
            reasons[:, place] = taken.outside
            place += 1
            frame[entry.name] = taken.values
        complete: Flags = np.logical_not(reasons[:, :place].any(axis=1))
        for entry in self.model.inputs:
            if entry.type is ValueType.EVENTS:
                frame[entry.name] = _of_complete(frame[entry.name], complete)
        for step in self.compiled.steps:
            frame[step.name] = step.of(frame)
        return self._outcome(frame, facts, parameters, reasons, complete, place)

    def _outcome(
        self,
        frame: Mapping[str, Any],
        facts: Facts,
        parameters: Mapping[str, Column],
        reasons: Flags,
        complete: Flags,
        first_veto: int,
    ) -> Batch:
        compiled = self.compiled
        figures = np.empty((len(complete), len(compiled.outputs)), dtype=np.int64)
        for column, output in enumerate(compiled.outputs):
            figures[:, column] = output.of(frame)
        figures[~complete] = MISSING
        refused = np.zeros_like(complete)
        said: dict[str, Flags] = {}
        for column, (veto, when) in enumerate(zip(self.model.vetoes, compiled.vetoes, strict=True), first_veto):
            holds = complete & when.of(frame)
            # Two vetoes may share one reason; it is said once, where it is met first.
            reasons[:, column] = holds & ~said[veto.reason] if veto.reason in said else holds
            said[veto.reason] = said[veto.reason] | holds if veto.reason in said else holds
            refused |= holds
        granted = complete & ~refused
        line = np.where(granted, compiled.line.of(frame), 0)
        reasons[:, -1] = granted & (line == 0)
        line[~complete] = MISSING
        binding = np.zeros((len(complete), len(compiled.binding)), dtype=np.bool_)
        for column, holds_down in enumerate(compiled.binding):
            binding[:, column] = complete & holds_down.of(frame)
        status = np.where(complete, np.where(refused, REFUSED, LINE), INCOMPLETE).astype(np.int8)
        return Batch(self, facts, parameters, status, line, reasons, binding, figures)


@dataclass(frozen=True)
class Batch:
    """What a program found for many households; amounts in fen, MISSING for what an incomplete household has not.

    ``status`` is a place in STATUSES; ``reasons``, ``binding`` and ``figures`` have the columns ``program.reasons``,
    ``program.caps`` and ``program.figures``.
    """

    program: Program
    facts: Facts = field(repr=False)
    parameters: Mapping[str, Column] = field(repr=False)
    status: npt.NDArray[np.int8]
    line: Counts
    reasons: Flags
    binding: Flags
    figures: Counts

    def __len__(self) -> int:
        return len(self.line)

    def figure(self, name: str) -> Counts:
        """One figure of all households, on the grid of its type."""
        return self.figures[:, self.program.figures[name]]

    @cached_property
    def score(self) -> Counts:
        """The scores in 1e-2; MISSING when incomplete or when the model does not score."""
        score = self.program.model.score
        return np.full(len(self), MISSING, dtype=np.int64) if score is None else self.figure(score.name)

    @cached_property
    def grade(self) -> npt.NDArray[np.int16]:
        """Places in ``model.grade.levels``; -1 when there is no grade."""
        grade = self.program.model.grade
        if grade is None:
            return np.full(len(self), -1, dtype=np.int16)
        return np.maximum(self.figure(grade.name), -1).astype(np.int16)

    @cached_property
    def shown(self) -> Counts:
        """The line shown beside the model's own, such as the highest total line; MISSING when there is none."""
        name = beside(self.program.model)
        return self.figure(name) if name else np.full(len(self), MISSING, dtype=np.int64)

    def result(self, row: int) -> Result:
        """The result of one household as the reference gives it."""
        model = self.program.model
        reasons = tuple(self.program.reasons[place] for place in np.flatnonzero(self.reasons[row]))
        values: dict[str, Shown] = dict(self.program.parameters)
        for parameter in model.parameters:
            if parameter.name in self.program.by_row:
                given = (
                    int(self.parameters[parameter.name].values[row]) if parameter.name in self.parameters else MISSING
                )
                if given != MISSING:
                    values[parameter.name] = _decimal(given, parameter.type.places)
                elif parameter.default is not None:
                    values[parameter.name] = parameter.default
        defaulted: set[str] = set()
        for entry in model.inputs:
            given_fact = _shown_fact(entry, self.facts.get(entry.name), row)
            if given_fact is not None:
                if Reason(OUT_OF_RANGE, entry.name) not in reasons:
                    values[entry.name] = given_fact
            elif not entry.missing_reason:
                values[entry.name] = () if entry.type is ValueType.EVENTS else entry.default  # type: ignore[assignment]
                defaulted.add(entry.name)
        if self.status[row] == INCOMPLETE:
            return Result(Status.INCOMPLETE, None, None, None, reasons, MappingProxyType(values), (),
                          frozenset(defaulted))  # fmt: skip
        for (name, value_type), figure in zip(model.computed(), self.figures[row].tolist(), strict=True):
            values[name] = self._shown(value_type, figure)
        score = None if model.score is None else values[model.score.name]
        grade = None if model.grade is None else values[model.grade.name]
        return Result(
            STATUSES[self.status[row]],
            _decimal(int(self.line[row]), ValueType.MONEY.places),
            score,  # type: ignore[arg-type]
            grade,  # type: ignore[arg-type]
            reasons,
            MappingProxyType(values),
            tuple(name for name, binds in zip(self.program.caps, self.binding[row], strict=True) if binds),
            frozenset(defaulted),
        )

    def _shown(self, value_type: ValueType, figure: int) -> Shown:
        grade = self.program.model.grade
        if value_type is ValueType.CHOICE and grade is not None:
            return grade.levels[figure].code
        return bool(figure) if value_type is ValueType.BOOL else _decimal(figure, value_type.places)


# --- facts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Taken:
    """A fact that can be computed with in every row, and the rows where it could not."""

    values: Any
    missing: Flags | bool
    outside: Flags | bool


def _decimal(number: int, places: int) -> Decimal:
    return Decimal(number).scaleb(-places, EXACT)


def _whole(name: str, values: Any, rows: int) -> Counts:
    """The values of a column, or FactError: anything but int64 is a fault of the caller."""
    if not isinstance(values, np.ndarray) or values.dtype != np.int64 or values.shape != (rows,):
        raise FactError(f"{name}: {rows} whole numbers in int64 are needed")
    return values


def _fact(entry: Input, given: Column | EventRows | None, rows: int) -> _Taken:
    """One fact of all households; where it is missing or outside its range stands something that is inside."""
    if given is None:
        return _Taken(np.full(rows, _stand_in(entry), dtype=_dtype(entry)), missing=True, outside=False)
    if isinstance(given, EventRows):
        raise FactError(f"{entry.name}: events where one value is needed")
    values = _whole(entry.name, given.values, rows)
    missing = values == MISSING
    if entry.type.is_number:
        low, high = ends_of(entry.kind)
        unfit = (values < low) | (values > high)
    else:
        codes = given.codes if entry.type is ValueType.CHOICE else ("false", "true")
        if ((values < 0) & ~missing).any() or (values >= len(codes)).any():
            raise FactError(f"{entry.name}: a value that is none of {', '.join(codes)}")
        values = np.where(missing, 0, values)
        unfit = missing
        if codes != entry.kind.codes and entry.type is ValueType.CHOICE:
            places = {code: place for place, code in enumerate(entry.kind.codes)}
            table = np.array([places.get(code, -1) for code in codes], dtype=np.int64)
            values = table[values] if codes else values
            unfit = missing | (values < 0)
    if unfit.any():
        values = np.where(unfit, _stand_in(entry), values)
    if entry.type is ValueType.BOOL:
        values = values == 1
    return _Taken(values, missing, unfit & ~missing)


def _stand_in(entry: Input) -> int:
    """The default of an input on its grid, or a value of its range where it has none."""
    if entry.type is ValueType.CHOICE:
        return entry.kind.codes.index(str(entry.default)) if entry.default is not None else 0
    if isinstance(entry.default, Decimal):
        return count(entry.default, entry.type.places)
    if entry.type.is_number:
        return ends_of(entry.kind)[0]
    return int(entry.default is True)


def _dtype(entry: Input) -> type:
    return np.bool_ if entry.type is ValueType.BOOL else np.int64


def _events(entry: Input, given: Column | EventRows | None, rows: int) -> _Taken:
    """The events of all households; a list with an event that is incomplete or outside its range is outside."""
    if isinstance(given, Column):
        raise FactError(f"{entry.name}: one value where events are needed")
    nothing = np.zeros(0, dtype=np.int64)
    household = nothing if given is None else _whole(entry.name, given.household, len(given.household))
    events = len(household)
    if events and (household[0] < 0 or household[-1] >= rows or (household[1:] < household[:-1]).any()):
        raise FactError(f"{entry.name}: the households of events must ascend from 0 to {rows - 1}")
    fields = {}
    broken = np.zeros(events, dtype=np.bool_)
    for part in entry.fields:
        taken = _fact(part, None if given is None else given.fields.get(part.name), events)
        fields[part.name] = taken.values
        broken |= taken.missing | taken.outside
    counted = np.bincount(household, minlength=rows)
    outside = counted > entry.at_most
    outside[household[broken]] = True
    return _Taken(Events(household, fields, rows), counted == 0, outside)


def _of_complete(events: Events, complete: Flags) -> Events:
    """Without the events of households that end without a line: their sums are not bounded."""
    kept = complete[events.household]
    if kept.all():
        return events
    return Events(
        events.household[kept], {name: values[kept] for name, values in events.fields.items()}, events.households
    )


def _parameter(parameter: Parameter, given: Column | None, rows: int) -> Counts:
    """A parameter that differs from row to row; like the reference it has to lie in its range."""
    values = np.full(rows, MISSING, dtype=np.int64) if given is None else _whole(parameter.name, given.values, rows)
    places = parameter.type.places
    if parameter.default is not None:
        values = np.where(values == MISSING, count(parameter.default, places), values)
    low, high = ends_of(parameter.kind)
    if ((values < low) | (values > high)).any():
        raise ParameterError(f"{parameter.name} is not released or outside its range in some row")
    return values


def _shown_fact(entry: Input, given: Column | EventRows | None, row: int) -> Shown | None:
    """A fact as it was given, or None."""
    if isinstance(given, EventRows):
        first, last = np.searchsorted(given.household, [row, row + 1])
        events = [
            {part.name: _shown_fact(part, given.fields.get(part.name), event) for part in entry.fields}
            for event in range(first, last)
        ]
        return tuple(events) or None
    if given is None or (number := int(given.values[row])) == MISSING:
        return None
    if entry.type is ValueType.CHOICE:
        return given.codes[number]
    return bool(number) if entry.type is ValueType.BOOL else _decimal(number, entry.type.places)
