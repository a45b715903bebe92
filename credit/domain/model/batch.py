"""The set-based evaluator: the same results as ``evaluation``, for columns of households at once.

Everything is a whole number in int64 (``columns``). ``Batch.result`` gives a row back as the reference's ``Result``, equal in every field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from credit.domain.facts import beside
from credit.domain.model.columns import (
    MISSING,
    Column,
    Counts,
    EventRows,
    Facts,
    Flags,
    check_shape,
    decimal_of,
    of_complete,
    part_of,
    shown_fact,
    take_events,
    take_fact,
    take_parameter,
)
from credit.domain.model.compiling import RULE_KINDS, Compiled, TooWide, compile_steps
from credit.domain.model.document import Model, ValueType
from credit.domain.model.evaluation import OUT_OF_RANGE, ZERO_LINE, BoundModel, Reason, Result, Status
from credit.domain.model.evaluation import Value as Shown
from credit.domain.model.scaled import Frame, Truth

__all__ = ["MISSING", "RULE_KINDS", "STATUSES", "Batch", "Column", "EventRows", "Program", "TooWide", "compile_model"]

STATUSES: Final = tuple(Status)
"""``Batch.status`` is a place in here."""
LINE, REFUSED, INCOMPLETE = range(3)
CHUNK: Final = 16_384


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
    def remarks(self) -> tuple[Reason, ...]:
        """What can be said beside a line; like ``reasons``, a code may stand here more than once."""
        return tuple(Reason(remark.reason) for remark in self.model.remarks)

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
        facts = {entry.name: facts[entry.name] for entry in self.model.inputs if entry.name in facts}
        for given in (*facts.values(), *parameters.values()):
            check_shape(given, households)
        batch = Batch(
            self,
            facts,
            parameters,
            status=np.zeros(households, dtype=np.int8),
            line=np.zeros(households, dtype=np.int64),
            reasons=_columns(households, len(self.reasons), np.bool_),
            remarks=_columns(households, len(self.remarks), np.bool_),
            binding=_columns(households, len(self.caps), np.bool_),
            figures=_columns(households, len(self.figures), np.int64),
        )
        for start in range(0, households, CHUNK):
            stop = min(start + CHUNK, households)
            self._fill(batch, slice(start, stop), part_of(facts, start, stop), part_of(parameters, start, stop))
        return batch

    def _fill(self, batch: Batch, rows: slice, facts: Facts, parameters: Facts) -> None:
        """Evaluate some rows; few enough at a time that what one step leaves is still near when the next needs it."""
        households = rows.stop - rows.start
        reasons = batch.reasons[rows]
        frame: dict[str, Any] = {
            parameter.name: take_parameter(parameter, parameters.get(parameter.name), households)
            for parameter in self.model.parameters
            if parameter.name in self.by_row
        }
        place = 0
        for entry in self.model.inputs:
            take = take_events if entry.type is ValueType.EVENTS else take_fact
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
                frame[entry.name] = of_complete(frame[entry.name], complete)
        for step in self.compiled.steps:
            frame[step.name] = step.of(frame)
        without = np.flatnonzero(~complete)
        for column, output in enumerate(self.compiled.outputs):
            figure = batch.figures[rows, column]
            figure[:] = output.of(frame)
            figure[without] = MISSING
        vetoes, remarks, line = reasons[:, place:-1], batch.remarks[rows], batch.line[rows]
        _say_once(vetoes, [veto.reason for veto in self.model.vetoes], self.compiled.vetoes, frame, complete)
        _say_once(remarks, [remark.reason for remark in self.model.remarks], self.compiled.remarks, frame, complete)
        refused = vetoes.any(axis=1)
        granted = complete & ~refused
        line[:] = np.where(granted, self.compiled.line.of(frame), 0)
        reasons[:, -1] = granted & (line == 0)
        line[without] = MISSING
        for column, holds_down in enumerate(self.compiled.binding):
            batch.binding[rows, column] = complete & holds_down.of(frame)
        batch.status[rows] = np.where(complete, np.where(refused, REFUSED, LINE), INCOMPLETE)


@dataclass(frozen=True)
class Batch:
    """What a program found for many households; amounts in fen, MISSING for what an incomplete household has not.

    ``status`` is a place in STATUSES; ``reasons``, ``remarks``, ``binding`` and ``figures`` have the columns
    ``program.reasons``, ``program.remarks``, ``program.caps`` and ``program.figures``.
    """

    program: Program
    facts: Facts = field(repr=False)
    parameters: Mapping[str, Column] = field(repr=False)
    status: npt.NDArray[np.int8]
    line: Counts
    reasons: Flags
    remarks: Flags
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
                    values[parameter.name] = decimal_of(given, parameter.type.places)
                elif parameter.default is not None:
                    values[parameter.name] = parameter.default
        defaulted: set[str] = set()
        for entry in model.inputs:
            given_fact = shown_fact(entry, self.facts.get(entry.name), row)
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
            decimal_of(int(self.line[row]), ValueType.MONEY.places),
            score,  # type: ignore[arg-type]
            grade,  # type: ignore[arg-type]
            reasons,
            MappingProxyType(values),
            tuple(name for name, binds in zip(self.program.caps, self.binding[row], strict=True) if binds),
            frozenset(defaulted),
            tuple(self.program.remarks[place] for place in np.flatnonzero(self.remarks[row])),
        )

    def _shown(self, value_type: ValueType, figure: int) -> Shown:
        grade = self.program.model.grade
        if value_type is ValueType.CHOICE and grade is not None:
            return grade.levels[figure].code
        return bool(figure) if value_type is ValueType.BOOL else decimal_of(figure, value_type.places)


def _columns(rows: int, columns: int, dtype: type) -> Any:
    """A table whose columns are each in one piece."""
    return np.zeros((columns, rows), dtype=dtype).T


def _say_once(found: Flags, codes: Sequence[str], conditions: Sequence[Truth], frame: Frame, rows: Flags) -> None:
    """Note where each condition holds in these rows. Two may share one reason: it is said where it is met first."""
    said: dict[str, Flags] = {}
    for column, (code, condition) in enumerate(zip(codes, conditions, strict=True)):
        holds: Flags = rows & condition.of(frame)
        found[:, column] = holds & ~said[code] if code in said else holds
        said[code] = said[code] | holds if code in said else holds
