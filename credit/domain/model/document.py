"""A credit model as typed, checked values. Built only by ``credit.domain.model.reading.read_model``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from credit.domain.model.bands import Band
from credit.domain.model.expression import Kind, Node
from credit.domain.model.problems import Problem


@dataclass(frozen=True)
class Label:
    """The words for something, in both languages."""

    zh: str
    en: str

    def text(self, language: str = "zh-hans") -> str:
        """The words of one language."""
        return self.en if language == "en" else self.zh


class ValueType(StrEnum):
    """The types of the language (Semantics, section 5a)."""

    MONEY = "money"  # yuan, 2 places
    RATIO = "ratio"  # 8 places
    POINTS = "points"  # 2 places
    INT = "int"
    BOOL = "bool"
    CHOICE = "choice"
    EVENTS = "events"

    @property
    def places(self) -> int:
        """Decimal places of a named figure of this type."""
        return _PLACES[self]

    @property
    def is_number(self) -> bool:
        """Whether values are numbers."""
        return self.value in ("money", "ratio", "points", "int")


_PLACES = {value_type: {"money": 2, "ratio": 8, "points": 2}.get(value_type.value, 0) for value_type in ValueType}


@dataclass(frozen=True)
class Choice:
    """One option of a choice, one grade or one reason."""

    code: str
    label: Label


@dataclass(frozen=True)
class Input:
    """A fact of the household. Missing, it takes its default, or ends the evaluation with its reason code.

    ``source`` is where it is read (profile, members, business, lists, village, officer, run). ``flag_of`` and ``flag`` say
    that it is one choice of a list of which several may be ticked. For events ``fields`` are the facts of one event, ``at_most`` how many events are accepted, and the default is
    the empty list.
    """

    name: str
    label: Label
    type: ValueType
    kind: Kind
    default: Decimal | bool | str | None
    missing_reason: str
    choices: tuple[Choice, ...] = ()
    fields: tuple[Input, ...] = ()
    at_most: int = 0
    source: str = ""
    flag_of: str = ""
    flag: str = ""


@dataclass(frozen=True)
class Parameter:
    """A released figure of the institution, the county or the village (``scope``), such as a county base value."""

    name: str
    label: Label
    type: ValueType
    kind: Kind
    default: Decimal | None
    scope: str


@dataclass(frozen=True)
class Formula:
    """A figure by formula."""

    text: str
    node: Node


@dataclass(frozen=True)
class BandTable:
    """A figure by the band a number lies in."""

    of: str
    rows: tuple[Band, ...]


@dataclass(frozen=True)
class Lookup:
    """A figure by a choice."""

    of: str
    values: Mapping[str, Decimal]


@dataclass(frozen=True)
class EventTotal:
    """A figure over a list of events: the sum of one named figure of each event, or (``total`` empty) their count."""

    of: str
    figures: tuple[Figure, ...]
    total: str


@dataclass(frozen=True)
class Steps:
    """A figure by steps: ``base``, and ``each`` for every whole ``step`` by which the number lies above ``start``
    (``direction`` "down": below it). ``started`` counts a step begun as a whole one. ``at_most`` bounds what the steps
    add or take away, as an amount above 0. ``start`` and ``step`` lie on the grid of the number."""

    of: str
    start: Decimal
    step: Decimal
    each: Decimal
    at_most: Decimal | None
    direction: str
    base: Decimal
    started: bool


@dataclass(frozen=True)
class Tick:
    """One row of a tick list: its condition and what it adds or, below 0, deducts. With a ``reason`` it is remarked."""

    text: str
    node: Node
    value: Decimal
    label: Label | None
    reason: str


@dataclass(frozen=True)
class Ticks:
    """A figure by a tick list: ``base`` and the values of all rows that hold, then not below ``at_least`` and not above
    ``at_most``."""

    rows: tuple[Tick, ...]
    base: Decimal
    at_least: Decimal | None
    at_most: Decimal | None


Rule = Formula | BandTable | Lookup | EventTotal | Steps | Ticks


@dataclass(frozen=True)
class Figure:
    """A named figure, rounded to its type when it is named. ``full`` is the best value of a scorecard item;
    ``is_part`` marks a part of a line that is shown in the waterfall and not as a line of its own."""

    name: str
    label: Label
    type: ValueType
    kind: Kind
    rule: Rule
    full: Decimal | None = None
    is_part: bool = False


@dataclass(frozen=True)
class Score:
    """The sum of the items, not below ``at_least``."""

    name: str
    label: Label
    kind: Kind
    at_least: Decimal | None


@dataclass(frozen=True)
class Level:
    """One grade: the band of the score and the coefficients it brings."""

    code: str
    label: Label
    band: Band
    values: Mapping[str, Decimal]


@dataclass(frozen=True)
class GradeFigure:
    """A coefficient that every grade brings."""

    name: str
    label: Label
    type: ValueType


@dataclass(frozen=True)
class Grade:
    """The grade table, best first. ``lower_by`` names a whole number of grades to go down, to the last at most;
    the grade before lowering is kept as ``<name>_measured``."""

    name: str
    label: Label
    of: str
    levels: tuple[Level, ...]
    figures: tuple[GradeFigure, ...]
    lower_by: str

    @property
    def measured_name(self) -> str:
        """The name of the grade before lowering."""
        return f"{self.name}_measured"


@dataclass(frozen=True)
class Veto:
    """A condition under which the line is 0, with its reason."""

    reason: str
    text: str
    node: Node


@dataclass(frozen=True)
class Remark:
    """Something said beside the line, with its reason, that refuses nothing: a condition of its own or a tick's."""

    reason: str
    text: str
    node: Node


@dataclass(frozen=True)
class Unknown:
    """A part of a scheme that is not known, such as what was never published; ``of`` names what stands in for it."""

    of: str
    label: Label


@dataclass(frozen=True)
class EntryModes:
    """The ways in a model names: ``input`` is the fact that says which, ``caps`` by code a released parameter, a figure, or yuan."""

    input: str
    caps: Mapping[str, str]

    def cap(self, code: str, parameters: Mapping[str, Decimal]) -> Decimal | None:
        """The cap of a way in yuan, before anything of a household is known; None where it depends on the household."""
        said = self.caps[code]
        if said in parameters:
            return parameters[said]
        return None if said.isidentifier() else Decimal(said)


@dataclass(frozen=True)
class Model:
    """A credit model. ``digest`` is the sha256 of its canonical JSON; ``warnings`` are advice, not faults.

    With anything ``unknown`` it is incomplete: it can be read and tried, and is never released."""

    code: str
    title: Label
    source: Label | None
    notes: tuple[Label, ...]
    parameters: tuple[Parameter, ...]
    inputs: tuple[Input, ...]
    reasons: Mapping[str, Label]
    derived: tuple[Figure, ...]
    items: tuple[Figure, ...]
    score: Score | None
    grade: Grade | None
    vetoes: tuple[Veto, ...]
    remarks: tuple[Remark, ...]
    lines: tuple[Figure, ...]
    combined: Figure
    caps: tuple[Figure, ...]
    step: Decimal | None
    digest: str
    warnings: tuple[Problem, ...]
    unknown: tuple[Unknown, ...] = ()
    modes: EntryModes | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every part is known."""
        return not self.unknown

    def computed(self) -> tuple[tuple[str, ValueType], ...]:
        """Name and type of every figure a result holds, in the order of evaluation (the order of a packed trace)."""
        names = [(figure.name, figure.type) for figure in (*self.derived, *self.items)]
        if self.score is not None:
            names.append((self.score.name, ValueType.POINTS))
        if self.grade is not None:
            if self.grade.lower_by:
                names.append((self.grade.measured_name, ValueType.CHOICE))
            names.append((self.grade.name, ValueType.CHOICE))
            names.extend((figure.name, figure.type) for figure in self.grade.figures)
        names.extend((figure.name, figure.type) for figure in (*self.lines, self.combined, *self.caps))
        return tuple(names)
