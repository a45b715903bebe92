"""Columns of households that sit where evaluators disagree: on edges, beside them, at ties, at the ends, and missing."""

from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random

import numpy as np

from config.lib.money import round_places
from credit.domain.model import BoundModel
from credit.domain.model.batch import MISSING, Column, EventRows
from credit.domain.model.document import BandTable, EventTotal, Formula, Steps, Ticks, ValueType

LIMIT = 2**63 - 1
L = {"zh": "量", "en": "figure"}


def bound_with(model, usual=150_000):
    """The model with its parameters bound to something in range: defaults, else ``usual`` as far as the range allows."""
    given = {}
    for parameter in model.parameters:
        if parameter.default is None:
            value = max(parameter.kind.low, min(parameter.kind.high, Decimal(usual)))
            given[parameter.name] = value
    return BoundModel(model, given)


def edges(model):
    """Every number a document compares or computes with."""
    found = {Fraction(0), Fraction(1), Fraction(1, 2)}

    def look(figure):
        rule = figure.rule
        if isinstance(rule, BandTable):
            found.update(Fraction(edge) for band in rule.rows for edge in (band.low, band.high) if edge is not None)
        elif isinstance(rule, Formula):
            note(rule.node)
        elif isinstance(rule, Steps):
            found.update(Fraction(rule.start + rule.step * times) for times in (0, 1, 2, 7))
        elif isinstance(rule, Ticks):
            for row in rule.rows:
                note(row.node)
        elif isinstance(rule, EventTotal):
            for one in rule.figures:
                look(one)

    def note(node):
        found.update(Fraction(inner.value) for inner in node.walk() if inner.op == "number")

    for figure in (*model.derived, *model.items, *model.lines, model.combined, *model.caps):
        look(figure)
    for one in (*model.vetoes, *model.remarks):
        note(one.node)
    return sorted(found)


class Maker:
    """Makes columns for one bound model from one seed."""

    def __init__(self, bound, seed):
        self.bound, self.model, self.random = bound, bound.model, Random(seed)
        numbers = [Fraction(value) for value in bound.parameters.values() if isinstance(value, Decimal)]
        self.points = edges(self.model)
        self.points += [one * two for one, two in product(self.points, numbers)]
        self.pools = {}

    def pool(self, entry):
        """Whole counts of a number where something happens, with one unit on either side."""
        if entry.name not in self.pools:
            places = entry.type.places
            unit = 10**places
            low, high = (int(end.scaleb(places)) for end in (entry.kind.low, entry.kind.high))
            near = {int(round_places(point, places).scaleb(places)) for point in self.points if abs(point) < 10**15}
            near |= {low, high, 0, unit // 2, int((entry.default or Decimal(0)).scaleb(places))}
            self.pools[entry.name] = [count + aside for count in sorted(near) for aside in (-1, 0, 1)]
        return self.pools[entry.name]

    def number(self, entry):
        low, high = (int(end.scaleb(entry.type.places)) for end in (entry.kind.low, entry.kind.high))
        way = self.random.random()
        if way < 0.02:
            return MISSING
        if way < 0.025:
            return self.random.choice([low - 1, high + 1])
        if way < 0.035:
            return self.random.choice([low, high])
        if way < 0.5:
            count = self.random.choice(self.pool(entry))
        elif way < 0.7:
            count = self.random.randint(-2000, 200_000)
        else:
            count = int(self.random.choice([-1, 1]) * 10 ** self.random.uniform(0, 12))
        return max(low, min(high, count))

    def value(self, entry, codes):
        if entry.type.is_number:
            count = self.number(entry)
            return count if count == MISSING else max(-LIMIT, min(LIMIT, count))
        if self.random.random() < 0.02:
            return MISSING
        return self.random.randrange(2 if entry.type is ValueType.BOOL else len(codes))

    def codes(self, entry):
        """The codes of a catalogue: the model's in another order, with one the model has never heard of."""
        if entry.type is not ValueType.CHOICE:
            return ()
        codes = [*entry.kind.codes]
        self.random.shuffle(codes)
        return (*codes, "unheard") if self.random.random() < 0.3 else tuple(codes)

    def column(self, entry, rows):
        codes = self.codes(entry)
        return Column(np.array([self.value(entry, codes) for _ in range(rows)], dtype=np.int64), codes)

    def columns(self, rows):
        """Facts of so many households."""
        facts = {}
        for entry in self.model.inputs:
            if entry.type is ValueType.EVENTS:
                counts = [self.events(entry) for _ in range(rows)]
                household = np.repeat(np.arange(rows, dtype=np.int64), counts)
                facts[entry.name] = EventRows(
                    household, {part.name: self.column(part, len(household)) for part in entry.fields}
                )
            else:
                facts[entry.name] = self.column(entry, rows)
        return facts

    def events(self, entry):
        way = self.random.random()
        if way < 0.6:
            return 0
        return (
            min(entry.at_most, self.random.randint(1, 3)) if way < 0.99 else entry.at_most + self.random.randint(0, 1)
        )


def told(model, facts, row):
    """The facts of one household as the reference takes them."""
    said = {}
    for entry in model.inputs:
        given = facts.get(entry.name)
        if isinstance(given, EventRows):
            events = range(*np.searchsorted(given.household, [row, row + 1]))
            said[entry.name] = [
                {part.name: plain(part, given.fields[part.name], event) for part in entry.fields} for event in events
            ] or None
        elif given is not None:
            said[entry.name] = plain(entry, given, row)
    return said


def plain(entry, column, row):
    count = int(column.values[row])
    if count == MISSING:
        return None
    if entry.type is ValueType.CHOICE:
        return column.codes[count]
    return count == 1 if entry.type is ValueType.BOOL else Decimal(count).scaleb(-entry.type.places)


def written(result):
    """A result down to the places its numbers are written with."""
    return (
        result.status, str(result.line), str(result.score), result.grade, result.reasons, result.remarks,
        result.binding_caps, result.defaulted, {name: str(value) for name, value in result.values.items()},
    )  # fmt: skip


def differences(bound, batch, facts):
    """The rows on which the two evaluators differ in any field, with both results."""
    found = []
    for row in range(len(batch)):
        expected, got = bound.evaluate(told(bound.model, facts, row)), batch.result(row)
        if expected != got or written(expected) != written(got):
            found.append((row, expected, got))
    return found
