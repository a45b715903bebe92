"""Whether a model is fair in one direction: more income or assets never lowers a line, more debt never raises it.

Each direction moves one or several facts of every household by growing amounts, and to every value where a table of the
model turns; wherever a line goes the wrong way from one to the next, that is a *reversal*. A reversal can be meant (more
assets of which more is owed); it is listed so that somebody decides, not corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from config.lib.money import round_places
from credit.domain.causes import reason_label
from credit.domain.laboratory import yuan_of
from credit.domain.model import Label, Model, ValueType
from credit.domain.model.batch import MISSING, Batch, Column, EventRows, Program
from credit.domain.model.columns import Counts, decimal_of
from credit.domain.model.compiling import ends_of
from credit.domain.model.document import BandTable, Figure, Formula, Input, Steps, Ticks
from credit.domain.model.expression import Node

MOST_TURNS: Final = 40
REACH: Final = 2**61
EXAMPLES: Final = 50
AMOUNTS: Final[Mapping[ValueType, tuple[int, ...]]] = MappingProxyType(
    {
        ValueType.MONEY: (1, 100, 100_000, 1_000_000, 5_000_000, 20_000_000),  # 1 fen to 200,000 yuan
        ValueType.INT: (1, 2, 5),
        ValueType.POINTS: (1, 100, 1_000),
        ValueType.RATIO: (1, 1_000_000, 10_000_000),
    }
)
"""By how much facts are raised, on the grid of their type."""


@dataclass(frozen=True)
class Direction:
    """Facts that move together when a household has more of something: +1 with it, -1 against it.

    The line must never fall (``raises``) or never rise. The first fact a model reads leads: it is the one reported.
    """

    code: str
    label: Label
    facts: Mapping[str, int]
    raises: bool


def _more(code: str, zh: str, en: str, facts: Mapping[str, int]) -> Direction:
    return Direction(code, Label(zh, en), MappingProxyType(facts), raises=True)


def _less(code: str, zh: str, en: str, facts: Mapping[str, int]) -> Direction:
    return Direction(code, Label(zh, en), MappingProxyType(facts), raises=False)


DIRECTIONS: Final = (
    _more("assets", "资产更多", "more assets", {"total_assets": 1, "net_assets": 1}),
    _more("realisable_assets", "可变现资产更多", "more realisable assets",
          {"realisable_assets": 1, "total_assets": 1, "net_assets": 1}),
    _more("deposits", "存款更多", "more deposits", {"deposits": 1, "total_assets": 1, "net_assets": 1, "realisable_assets": 1}),
    _more("property", "房产更多", "more property", {"property": 1, "total_assets": 1, "net_assets": 1}),
    _more("shares", "股金更多", "more shares", {"shares": 1}),
    _more("income", "经营收入更多", "more income from trade",
          {"operating_income": 1, "gross_income": 1, "net_income": 1, "surplus": 1}),
    _more("wages", "工资收入更多", "more wages", {"wages": 1, "gross_income": 1, "net_income": 1, "surplus": 1}),
    _less("debts", "负债更多", "more debt", {"debts": 1, "net_assets": -1}),
    _less("own_bank_debts", "本行借款更多", "more debt to the bank", {"own_bank_debts": 1, "debts": 1, "net_assets": -1}),
    _less("other_bank_debts", "他行借款更多", "more debt to other banks", {"other_bank_debts": 1, "debts": 1, "net_assets": -1}),
    _less("private_debts", "民间借款更多", "more private debt", {"private_debts": 1, "debts": 1, "net_assets": -1}),
    _less("guarantees", "对外担保更多", "more guarantees given", {"guarantees": 1}),
    _less("expenses", "支出更多", "more spending", {"expenses": 1, "surplus": -1}),
)  # fmt: skip
"""What every model is asked. A debt adds to debts and takes from net assets; an asset adds to both sums it is part of."""


@dataclass(frozen=True)
class Blame:
    """What went the wrong way on the way to a line: kind (item, grade, reason, line, cap), words, and before and after."""

    kind: str
    label: Label | None
    before: Decimal | Label | None
    after: Decimal | Label | None
    code: str = ""


@dataclass(frozen=True)
class Reversal:
    """One household for whom more of something did the wrong thing: the leading fact from and to, the line at both.

    ``blame`` begins with the figure responsible: what turned nearest to the facts.
    """

    row: int
    fact: str
    at: Decimal
    to: Decimal
    line_at: Decimal
    line_to: Decimal
    blame: tuple[Blame, ...]


@dataclass(frozen=True)
class Checked:
    """A direction over a population: households compared at least once, comparisons, how many of each went wrong, and
    for households the worst each met with, the largest loss first."""

    direction: Direction
    facts: tuple[str, ...]
    households: int
    comparisons: int
    households_reversed: int
    reversals: int
    worst: tuple[Reversal, ...]

    @property
    def holds(self) -> bool:
        """Whether no line went the wrong way."""
        return self.reversals == 0


def directions_of(model: Model) -> tuple[Direction, ...]:
    """The directions a model can be asked: those of which it reads a fact of its own, not only a sum it is part of."""
    numbers = {entry.name for entry in model.inputs if entry.type.is_number}
    # Sums alone still tell: more assets where only net assets are read, and debt where only net assets are.
    return tuple(
        direction
        for direction in DIRECTIONS
        if next(iter(direction.facts)) in numbers
        or (direction.code in ("assets", "income", "debts") and numbers & set(direction.facts))
    )


def check(
    program: Program,
    facts: Mapping[str, Column | EventRows],
    households: int,
    direction: Direction,
    *,
    points: Sequence[int] | None = None,
    examples: int = EXAMPLES,
) -> Checked:
    """Move the facts of a direction for every household and compare its line from one value to the next.

    ``points`` are the values the leading fact is set to, on its grid (``turning_points`` when not given). Households
    whose facts are missing or leave their ranges are not compared there.
    """
    return _Check(program, facts, households, direction, examples).run(points)


def turning_points(program: Program, name: str) -> tuple[int, ...]:
    """Values of a fact, on its grid, where a table, a step or a condition of the model may turn: with the value before.

    An edge may lie on a ratio of the fact to an amount that is released, so it is also multiplied by each of these.
    """
    model = program.model
    entry = next(entry for entry in model.inputs if entry.name == name)
    places = entry.type.places
    low, high = _reach(entry)
    bound = [program.parameters[one.name] for one in model.parameters if one.type is ValueType.MONEY]
    factors = [Fraction(1), *(Fraction(amount) for amount in bound if isinstance(amount, Decimal))]
    found = {
        int(round_places(edge * factor, places).scaleb(places)) for edge in _edges(model, name) for factor in factors
    }
    turns = sorted(turn for turn in found if low <= turn <= high)
    if len(turns) > MOST_TURNS:
        turns = [turns[place * len(turns) // MOST_TURNS] for place in range(MOST_TURNS)]
    near = {turn + aside for turn in turns for aside in (-1, 0, 1)} | {low, high, 0}
    return tuple(sorted(point for point in near if low <= point <= high))


def _reach(entry: Input) -> tuple[int, int]:
    """The range of a fact on its grid, so far as sums of two such values stay inside 64 bits."""
    low, high = ends_of(entry.kind)
    return max(low, -REACH), min(high, REACH)


def _edges(model: Model, name: str) -> set[Fraction]:
    """Every number the figures that depend on a fact are compared with."""
    reached, found = {name}, set()
    figures: list[Figure] = [*model.derived, *model.items, *model.lines, model.combined, *model.caps]
    for figure in figures:
        rule = figure.rule
        nodes: list[Node] = []
        if isinstance(rule, BandTable) and rule.of in reached:
            reached.add(figure.name)
            found |= {
                Fraction(end) for band in rule.rows[:MOST_TURNS] for end in (band.low, band.high) if end is not None
            }
        elif isinstance(rule, Steps) and rule.of in reached:
            reached.add(figure.name)
            found |= {Fraction(rule.start + rule.step * times) for times in range(1, 6)}
        elif isinstance(rule, Formula):
            nodes = [rule.node]
        elif isinstance(rule, Ticks):
            nodes = [row.node for row in rule.rows]
        if any(reached & set(node.names()) for node in nodes):
            reached.add(figure.name)
            found |= set(_literals(nodes))
    found |= set(_literals([veto.node for veto in model.vetoes if reached & set(veto.node.names())]))
    return found


def _literals(nodes: Sequence[Node]) -> Iterator[Fraction]:
    return (Fraction(inner.value) for node in nodes for inner in node.walk()
            if inner.op == "number" and isinstance(inner.value, Decimal))  # fmt: skip


@dataclass
class _Check:
    program: Program
    facts: Mapping[str, Column | EventRows]
    households: int
    direction: Direction
    examples: int
    compared: Any = field(init=False)
    wrong: Any = field(init=False)
    comparisons: int = 0
    reversals: int = 0
    worst: dict[int, tuple[tuple[int, int], Reversal]] = field(default_factory=dict)

    def run(self, points: Sequence[int] | None) -> Checked:
        self.compared, self.wrong = (np.zeros(self.households, dtype=np.bool_) for _ in range(2))
        known = {entry.name: entry for entry in self.program.model.inputs if entry.type.is_number}
        moving = [known[name] for name in self.direction.facts if name in known]
        if moving:
            lead = moving[0]
            sign = self.direction.facts[lead.name]
            self.chain(lead, moving, [("by", 0), *(("by", sign * amount) for amount in AMOUNTS[lead.type])])
            chosen = turning_points(self.program, lead.name) if points is None else points
            self.chain(lead, moving, [("to", point) for point in sorted(chosen, reverse=sign < 0)])
        return Checked(
            self.direction, tuple(entry.name for entry in moving), int(self.compared.sum()), self.comparisons,
            int(self.wrong.sum()), self.reversals, tuple(reversal for _, reversal in self.worst.values()),
        )  # fmt: skip

    def chain(self, lead: Input, moving: Sequence[Input], moves: Sequence[tuple[str, int]]) -> None:
        """Evaluate at each move in turn and compare it with the one before."""
        previous: tuple[Batch, Counts] | None = None
        for way, amount in moves:
            moved, values = self.moved(lead, moving, way, amount)
            batch = self.program.evaluate(moved, self.households)
            if previous is not None:
                self.compare(lead, previous, (batch, values))
            previous = batch, values

    def moved(self, lead: Input, moving: Sequence[Input], way: str, amount: int) -> tuple[dict[str, Any], Counts]:
        """The facts with the leading one raised by an amount or set to it, and the others by as much; MISSING where one
        of them is missing or would leave its range."""
        result: dict[str, Any] = dict(self.facts)
        own = {entry.name: self.own(entry.name) for entry in moving}
        usable = np.ones(self.households, dtype=np.bool_)
        for entry in moving:
            low, high = _reach(entry)
            usable &= (own[entry.name] >= low) & (own[entry.name] <= high)
        start = np.where(usable, own[lead.name], 0)
        change = np.full_like(start, amount) if way == "by" else amount - start
        targets = {}
        for entry in moving:
            low, high = _reach(entry)
            with_lead = self.direction.facts[entry.name] * self.direction.facts[lead.name]
            targets[entry.name] = np.where(usable, own[entry.name], 0) + with_lead * change
            usable &= (targets[entry.name] >= low) & (targets[entry.name] <= high)
        for name, target in targets.items():
            result[name] = Column(np.where(usable, target, MISSING))
        return result, np.where(usable, targets[lead.name], MISSING)

    def own(self, name: str) -> Counts:
        """What the files say of a fact."""
        column = self.facts.get(name)
        return column.values if isinstance(column, Column) else np.full(self.households, MISSING, dtype=np.int64)

    def compare(self, lead: Input, old: tuple[Batch, Counts], new: tuple[Batch, Counts]) -> None:
        (before, at), (after, to) = old, new
        known = (at != MISSING) & (to != MISSING) & (before.line != MISSING) & (after.line != MISSING) & (at != to)
        gain = after.line - before.line if self.direction.raises else before.line - after.line
        loss = np.where(known & (gain < 0), -gain, 0)
        wrong = np.flatnonzero(loss)
        self.compared |= known
        self.wrong |= loss > 0
        self.comparisons += int(known.sum())
        self.reversals += len(wrong)
        for row in wrong[np.argsort(-loss[wrong], kind="stable")][: self.examples].tolist():
            # Of two equal losses the one over the shorter way says more.
            weight = int(loss[row]), -abs(int(to[row]) - int(at[row]))
            if row in self.worst and self.worst[row][0] >= weight:
                continue
            places = lead.type.places
            self.worst[row] = weight, Reversal(
                row, lead.name, decimal_of(int(at[row]), places), decimal_of(int(to[row]), places),
                yuan_of(int(before.line[row])), yuan_of(int(after.line[row])),
                blame(before, after, row, fell=self.direction.raises),
            )  # fmt: skip
        ranked = sorted(self.worst.items(), key=lambda entry: (-entry[1][0][0], entry[0]))
        self.worst = dict(ranked[: self.examples])


def blame(before: Batch, after: Batch, row: int, *, fell: bool) -> tuple[Blame, ...]:
    """What went down (or, where more must not help, up) with a line: items first, then grade, reasons, parts and caps."""
    model = before.program.model
    first, second = (before, after) if fell else (after, before)
    found: list[Blame] = []

    def figures(kind: str, listed: Sequence[Figure]) -> None:
        for figure in listed:
            if second.figure(figure.name)[row] < first.figure(figure.name)[row]:
                ends = [
                    decimal_of(int(batch.figure(figure.name)[row]), figure.type.places) for batch in (before, after)
                ]
                found.append(Blame(kind, figure.label, ends[0], ends[1]))

    figures("item", model.items)
    if model.grade is not None and second.grade[row] > first.grade[row] >= 0:
        levels = [model.grade.levels[int(batch.grade[row])].label for batch in (before, after)]
        found.append(Blame("grade", model.grade.label, levels[0], levels[1]))
    known = first.result(row).reasons
    found += [Blame("reason", reason_label(reason.code, before), None, None, reason.code)
              for reason in second.result(row).reasons if reason not in known]  # fmt: skip
    figures("line", model.lines)
    figures("cap", model.caps)
    return tuple(found)
