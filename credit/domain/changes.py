"""Why a line is higher or lower than last time: parts, facts, parameters and model of two explanations side by side."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from config.lib.money import EXACT
from credit.domain.model import Explanation, Label, Status, ValueType
from credit.domain.model.explanation import Given

Shown = Decimal | bool | str | Label | None


@dataclass(frozen=True)
class PartChange:
    """A part of the formula and what it was, is, and adds to the difference; yuan."""

    label: Label
    before: Decimal
    after: Decimal
    change: Decimal


@dataclass(frozen=True)
class FactChange:
    """A fact or parameter that is not what it was; a choice is shown by its label."""

    label: Label
    type: ValueType
    before: Shown
    after: Shown


@dataclass(frozen=True)
class Changes:
    """What became of a line since last time; amounts in yuan, None where one of the two has no line."""

    before: Decimal | None
    after: Decimal | None
    change: Decimal | None
    is_other_model: bool
    parts: tuple[PartChange, ...]
    facts: tuple[FactChange, ...]
    parameters: tuple[FactChange, ...]
    grade_before: Label | None
    grade_after: Label | None

    @property
    def direction(self) -> str:
        """``up``, ``down``, ``same``, or ``none`` where there is nothing to compare."""
        if self.change is None:
            return "none"
        return "same" if not self.change else "up" if self.change > 0 else "down"


def compare(before: Explanation, after: Explanation) -> Changes:
    """The differences between two explanations of one household, the largest part first.

    Under another model only the lines and the facts both models share can be compared.
    """
    same_code = before.code == after.code
    change = None if before.line is None or after.line is None else EXACT.subtract(after.line, before.line)
    return Changes(
        before=before.line,
        after=after.line,
        change=change,
        is_other_model=before.digest != after.digest,
        parts=_parts(before, after) if same_code else (),
        facts=_givens(before.inputs, after.inputs),
        parameters=_givens(before.parameters, after.parameters) if same_code else (),
        grade_before=before.grade,
        grade_after=after.grade,
    )


def _parts(before: Explanation, after: Explanation) -> tuple[PartChange, ...]:
    if Status.INCOMPLETE in (before.status, after.status):
        return ()
    old = {step.label: step.change for step in before.waterfall if step.kind == "part" and step.label}
    new = {step.label: step.change for step in after.waterfall if step.kind == "part" and step.label}
    zero = Decimal("0.00")
    changes = [
        PartChange(label, old.get(label, zero), new.get(label, zero), EXACT.subtract(new.get(label, zero), old.get(label, zero)))
        for label in {**new, **old}
    ]  # fmt: skip
    moved = [entry for entry in changes if entry.change]
    return tuple(sorted(moved, key=lambda entry: (-abs(entry.change), entry.label.zh)))


def _givens(before: tuple[Given, ...], after: tuple[Given, ...]) -> tuple[FactChange, ...]:
    old = {entry.name: entry for entry in before}
    return tuple(
        FactChange(entry.label, entry.type, _shown(old[entry.name]), _shown(entry))
        for entry in after
        if entry.name in old and old[entry.name].value != entry.value
    )


def _shown(entry: Given) -> Shown:
    return entry.shown if entry.shown is not None else entry.value
