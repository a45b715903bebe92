"""Why a line moved between two versions of a model: the figures, caps and reasons that are not what they were.

Figures of two versions are compared by their labels, as a banker would: a renamed name is no change, a renamed label is
another figure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from credit.domain.model import Label, Model, Reason, Status, ValueType
from credit.domain.model.batch import MISSING, Batch
from credit.domain.model.columns import Counts, Flags
from credit.domain.model.evaluation import Value
from credit.domain.model.explanation import BUILT_IN_REASONS

FigureKey = tuple[str, Label, ValueType, int]
"""Kind, label, type, and the how manieth figure of that description it is."""


@dataclass(frozen=True)
class FigureMove:
    """A figure that is not what it was: ``kind`` is parameter, derived, item, score, measured, grade, coefficient, line,
    combined or cap; a grade is shown by its label; None where a version has no such figure or no result."""

    kind: str
    label: Label
    type: ValueType
    before: Value | Label | None
    after: Value | Label | None


@dataclass(frozen=True)
class RowMove:
    """Why one household moved. Reasons and caps of each side; ``figures`` in the order of evaluation."""

    row: int
    status_before: Status
    status_after: Status
    before: Decimal | None
    after: Decimal | None
    parameters: tuple[FigureMove, ...]
    figures: tuple[FigureMove, ...]
    reasons_before: tuple[Reason, ...]
    reasons_after: tuple[Reason, ...]
    caps_before: tuple[Label, ...]
    caps_after: tuple[Label, ...]


@dataclass(frozen=True)
class Cause:
    """Something that changed for some households: a figure (how many rose and fell), a cap that now binds or no longer
    does, a reason that is now given or no longer is. ``code`` names a reason."""

    kind: str
    label: Label | None
    households: int
    up: int
    down: int
    code: str = ""


def labelled(model: Model) -> Iterator[tuple[str, tuple[str, Label, ValueType]]]:
    """Name, kind, label and type of every figure, in the order of ``model.computed()``."""
    for kind, figures in (("derived", model.derived), ("item", model.items)):
        for figure in figures:
            yield figure.name, (kind, figure.label, figure.type)
    if model.score is not None:
        yield model.score.name, ("score", model.score.label, ValueType.POINTS)
    grade = model.grade
    if grade is not None:
        if grade.lower_by:
            yield grade.measured_name, ("measured", grade.label, ValueType.CHOICE)
        yield grade.name, ("grade", grade.label, ValueType.CHOICE)
        for coefficient in grade.figures:
            yield coefficient.name, ("coefficient", coefficient.label, coefficient.type)
    for figure in model.lines:
        yield figure.name, ("line", figure.label, figure.type)
    yield model.combined.name, ("combined", model.combined.label, ValueType.MONEY)
    for cap in model.caps:
        yield cap.name, ("cap", cap.label, cap.type)


def _keys(model: Model) -> dict[FigureKey, str]:
    """Figures by what they are called."""
    return _numbered(labelled(model))


def _numbered(entries: Iterable[tuple[str, tuple[str, Label, ValueType]]]) -> dict[FigureKey, str]:
    seen: Counter[tuple[str, Label, ValueType]] = Counter()
    found: dict[FigureKey, str] = {}
    for name, called in entries:
        found[(*called, seen[called])] = name
        seen[called] += 1
    return found


# --- one household ------------------------------------------------------------------------------------------------


def why(before: Batch, after: Batch, row: int) -> RowMove:
    """What is different for one household."""
    old, new = before.result(row), after.result(row)
    models = before.program.model, after.program.model
    keys = [_keys(model) for model in models]
    parameters = [
        _numbered((one.name, ("parameter", one.label, one.type)) for one in model.parameters) for model in models
    ]
    return RowMove(
        row=row,
        status_before=old.status,
        status_after=new.status,
        before=old.line,
        after=new.line,
        parameters=tuple(_moved(models, parameters, (old.values, new.values))),
        figures=tuple(_moved(models, keys, (old.values, new.values))),
        reasons_before=old.reasons,
        reasons_after=new.reasons,
        caps_before=_cap_labels(models[0], old.binding_caps),
        caps_after=_cap_labels(models[1], new.binding_caps),
    )


def _moved(
    models: Sequence[Model], keys: Sequence[dict[FigureKey, str]], values: Sequence[Any]
) -> Iterator[FigureMove]:
    for key in dict.fromkeys((*keys[1], *keys[0])):
        kind, label, value_type, _ = key
        sides = [
            _shown(model, kind, side.get(names[key])) if key in names else None
            for model, names, side in zip(models, keys, values, strict=True)
        ]
        if sides[0] != sides[1]:
            yield FigureMove(kind, label, value_type, sides[0], sides[1])


def _shown(model: Model, kind: str, value: Value | None) -> Value | Label | None:
    if kind in ("grade", "measured") and model.grade is not None:
        return next((level.label for level in model.grade.levels if level.code == value), None)
    return value


def _cap_labels(model: Model, names: Sequence[str]) -> tuple[Label, ...]:
    labels = {cap.name: cap.label for cap in model.caps}
    return tuple(labels[name] for name in names)


# --- many households ----------------------------------------------------------------------------------------------


def causes(before: Batch, after: Batch, rows: Flags | None = None) -> tuple[Cause, ...]:
    """What changed for how many of these households (all, when not said), the most frequent first."""
    chosen = np.ones(len(before), dtype=np.bool_) if rows is None else rows
    found = [*_figures_changed(before, after, chosen), *_caps_changed(before, after, chosen),
             *_reasons_changed(before, after, chosen)]  # fmt: skip
    return tuple(sorted((one for one in found if one.households), key=lambda one: -one.households))


def _figures_changed(before: Batch, after: Batch, rows: Flags) -> Iterator[Cause]:
    old_names, new_names = _keys(before.program.model), _keys(after.program.model)
    for key, name in new_names.items():
        if key not in old_names:
            continue
        kind, label, value_type, _ = key
        old, new = before.figure(old_names[key]), after.figure(name)
        if value_type is ValueType.CHOICE:
            old, new = _ranks(before, old, after), _ranks(after, new, after)
        known = rows & (old != MISSING) & (new != MISSING)
        up, down = int((known & (new > old)).sum()), int((known & (new < old)).sum())
        yield Cause(kind, label, up + down, up, down)


def _ranks(batch: Batch, places: Counts, like: Batch) -> Counts:
    """Grades as numbers that grow with the grade, the same in both versions; a grade only one has counts as its place."""
    grade, other = batch.program.model.grade, like.program.model.grade
    if grade is None or other is None:
        return places
    codes = [level.code for level in other.levels]
    table = [-(codes.index(level.code) if level.code in codes else place) for place, level in enumerate(grade.levels)]
    return np.where(places == MISSING, MISSING, np.array(table, dtype=np.int64)[np.maximum(places, 0)])


def _caps_changed(before: Batch, after: Batch, rows: Flags) -> Iterator[Cause]:
    old = {cap.label: column for cap, column in zip(before.program.model.caps, before.binding.T, strict=True)}
    new = {cap.label: column for cap, column in zip(after.program.model.caps, after.binding.T, strict=True)}
    for label in dict.fromkeys((*new, *old)):
        yield _flags_changed("binding", label, old.get(label), new.get(label), rows)


def _reasons_changed(before: Batch, after: Batch, rows: Flags) -> Iterator[Cause]:
    sides = []
    for batch in (before, after):
        by_code: dict[str, Flags] = {}
        for reason, column in zip(batch.program.reasons, batch.reasons.T, strict=True):
            by_code[reason.code] = by_code[reason.code] | column if reason.code in by_code else column
        sides.append(by_code)
    for code in dict.fromkeys((*sides[1], *sides[0])):
        yield _flags_changed(
            "reason", reason_label(code, after, before), sides[0].get(code), sides[1].get(code), rows, code
        )


def reason_label(code: str, *batches: Batch) -> Label | None:
    """The words of a reason code in the first model that knows it; every model knows the built-in ones."""
    known = (batch.program.model.reasons.get(code) for batch in batches)
    return next((label for label in known if label is not None), BUILT_IN_REASONS.get(code))


def _flags_changed(
    kind: str, label: Label | None, old: Flags | None, new: Flags | None, rows: Flags, code: str = ""
) -> Cause:
    nothing = np.zeros_like(rows)
    old, new = nothing if old is None else old, nothing if new is None else new
    up, down = int((rows & new & ~old).sum()), int((rows & old & ~new).sum())
    return Cause(kind, label, up + down, up, down, code)
