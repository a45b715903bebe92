"""The set-based evaluator gives every household exactly what the reference gives it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.lib.money import EXACT, round_places
from credit.domain.model import BoundModel, FactError, ParameterError, Reason, Status, read_model
from credit.domain.model.batch import (
    CHUNK,
    MISSING,
    RULE_KINDS,
    STATUSES,
    Column,
    EventRows,
    TooWide,
    compile_model,
)
from credit.domain.model.checking import exact_quotient
from credit.domain.model.document import Rule
from credit.domain.model.expression import FUNCTIONS
from credit.domain.model.scaled import LIMIT, Number, compiled, divided, fixed, rounded
from tests.domain.drawn_models import Sketch, models
from tests.domain.households import L, Maker, bound_with, differences

LANGUAGE = Path(__file__).parents[2] / "credit" / "domain" / "model"
FOLDER = LANGUAGE.parents[1] / "schemes"
SCHEMES = sorted(FOLDER.rglob("*.json"))


def scheme(path):
    return read_model(path.read_text(encoding="utf-8"))


S1 = scheme(FOLDER / "s1_hunan.json")
S6 = scheme(FOLDER / "s6_grade_asset_income.json")


def column(*values, codes=()):
    return Column(np.array([MISSING if value is None else value for value in values], dtype=np.int64), codes)


def document(**sections):
    """line = income / 2 and nothing else."""
    return {
        "format": "gedang-model/1", "code": "T", "title": L,
        "inputs": [{"name": "income", "label": L, "type": "money", "min": "0", "max": "10000000",
                    "missing": {"default": "0"}}],
        "lines": [{"name": "half", "label": L, "formula": "income / 2"}],
        "combined": {"label": L, "formula": "half"},
        **sections,
    }  # fmt: skip


def program(**sections):
    return compile_model(BoundModel(read_model(document(**sections))))


# --- batch = reference --------------------------------------------------------------------------------------------


def test_every_construct_of_the_language_is_known():
    """A rule or a function that is added to the language fails here until it is compiled, and drawn below."""
    assert set(get_args(Rule)) == RULE_KINDS
    assert {rule.__name__ for rule in RULE_KINDS} == {"Formula", "BandTable", "Lookup", "EventTotal", "Steps", "Ticks"}
    assert set(FUNCTIONS) == {"min", "max", "div", "floor_step", "if", "case"}
    assert set(document()) | {
        "source", "notes", "parameters", "reasons", "derived", "scorecard", "grade", "vetoes", "remarks", "caps", "rounding",
        "modes", "tenor", "repayment", "unknown",
    } == set(json.loads((LANGUAGE / "schema.json").read_text(encoding="utf-8"))["properties"])  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(models(), st.integers(0, 10**9), st.sampled_from([1, 100, 150_000, 10**15]))
def test_any_document_and_any_household(model, seed, usual):
    bound = bound_with(model, usual)
    try:
        batch_of = compile_model(bound)
    except TooWide:
        return  # such a model is evaluated household by household
    facts = Maker(bound, seed).columns(40)
    batch = batch_of.evaluate(facts, 40)
    assert differences(bound, batch, facts) == []
    assert batch.figures.dtype == batch.line.dtype == batch.score.dtype == batch.shown.dtype == np.int64


FULL = [pytest.param(path, 200_000 if path.stem == "s1_hunan" else 40_000, marks=pytest.mark.slow) for path in SCHEMES]
EVERYDAY = [(path, 4_000 if path.stem == "s1_hunan" else 1_000) for path in SCHEMES]


@pytest.mark.parametrize(("path", "rows"), [*EVERYDAY, *FULL], ids=lambda value: getattr(value, "stem", value))
def test_shipped_schemes(path, rows):
    bound = bound_with(scheme(path))
    facts = Maker(bound, rows).columns(rows)
    batch = compile_model(bound).evaluate(facts, rows)
    assert differences(bound, batch, facts) == []
    assert {STATUSES[place] for place in np.unique(batch.status)} >= {Status.LINE, Status.INCOMPLETE}


@pytest.mark.parametrize("usual", [0, 10**12])
@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_shipped_schemes_with_parameters_at_their_ends(path, usual):
    bound = bound_with(scheme(path), usual)
    facts = Maker(bound, usual).columns(400)
    assert differences(bound, compile_model(bound).evaluate(facts, 400), facts) == []


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_every_fact_at_an_end_of_its_range(path):
    """The bounds that were proven hold where they are most strained, alone and together."""
    bound = bound_with(scheme(path))
    maker = Maker(bound, 7)
    facts = maker.columns(300)
    for entry in bound.model.inputs:
        if entry.type.is_number:
            ends = [int(end.scaleb(entry.type.places)) for end in (entry.kind.low, entry.kind.high)]
            facts[entry.name] = column(*ends, *(maker.random.choice(ends) for _ in range(298)))
    assert differences(bound, compile_model(bound).evaluate(facts, 300), facts) == []


def test_chunks_leave_no_seam():
    bound = bound_with(S1)
    facts = Maker(bound, 3).columns(500)
    times = CHUNK // 500 + 2
    many = {
        name: EventRows(
            np.concatenate([given.household + 500 * turn for turn in range(times)]),
            {part: Column(np.tile(own.values, times), own.codes) for part, own in given.fields.items()},
        )
        if isinstance(given, EventRows)
        else Column(np.tile(given.values, times), given.codes)
        for name, given in facts.items()
    }
    whole, once = compile_model(bound).evaluate(many, 500 * times), compile_model(bound).evaluate(facts, 500)
    assert len(whole) > CHUNK
    for name in ("status", "line", "score", "grade", "shown", "reasons", "binding", "figures"):
        again = getattr(whole, name).reshape(times, 500, *getattr(once, name).shape[1:])
        assert (again == getattr(once, name)).all()
    assert whole.result(500 * times - 1) == once.result(499)


def test_no_household_at_all():
    batch = compile_model(bound_with(S1)).evaluate({}, 0)
    assert len(batch) == 0
    assert batch.figures.shape == (0, len(S1.computed()))


def test_a_household_that_says_nothing():
    bound = bound_with(S1)
    batch = compile_model(bound).evaluate({}, 2)
    assert batch.result(1) == bound.evaluate({})
    assert batch.line.tolist() == [MISSING, MISSING]
    assert batch.grade.tolist() == [-1, -1]


# --- parameters of the village ------------------------------------------------------------------------------------

BASES = ("base_assets", "base_net_assets", "base_realisable", "base_income")


def test_parameters_row_by_row():
    """Every household under the bases of its own village, as if the model had been bound to them."""
    villages = [dict.fromkeys(BASES, Decimal(value)) for value in ("100", "150000", "100000000", "40000.01")]
    bounds = [BoundModel(S1, village) for village in villages]
    facts = Maker(bounds[1], 5).columns(400)
    rows = np.arange(400) % 4
    bases = {
        name: Column(np.array([int(village[name].scaleb(2)) for village in villages], dtype=np.int64)[rows])
        for name in BASES
    }
    batch = compile_model(bounds[0], BASES).evaluate(facts, 400, bases)
    for place, bound in enumerate(bounds):
        alone = compile_model(bound).evaluate(facts, 400)
        mine = np.flatnonzero(rows == place)
        assert (batch.figures[mine] == alone.figures[mine]).all()
        assert all(batch.result(row) == alone.result(row) for row in mine[:40])


def test_a_village_without_its_parameter_is_refused():
    by_row = compile_model(bound_with(S1), BASES)
    facts = Maker(bound_with(S1), 5).columns(2)
    good = {name: column(15_000_000, 15_000_000) for name in BASES}
    for broken in ({}, {**good, "base_income": column(1, None)}, {**good, "base_income": column(1, 5)}):
        with pytest.raises(ParameterError):
            by_row.evaluate(facts, 2, broken)
    released = compile_model(bound_with(S6), ["line_cap"])  # a default stands in where a village has none
    batch = released.evaluate({"grade": column(0, 0, codes=("AAA",)), "total_assets": column(10**9, 10**9),
                               "operating_income": column(0, 0)}, 2, {"line_cap": column(100, None)})  # fmt: skip
    assert batch.line.tolist() == [100, 20_000_000]
    assert [batch.result(row).values["line_cap"] for row in (0, 1)] == [1, 200_000]


# --- what a batch says --------------------------------------------------------------------------------------------


def test_columns_of_a_batch():
    bound = bound_with(S6)
    facts = {
        "grade": column(1, 0, 2, None, 0, codes=("AA", "AAA", "B")),
        "total_assets": column(10**8, 0, 0, 5, 10_000_000_001),
        "operating_income": column(0, -100, None, 0, 0),
    }
    batch = compile_model(bound).evaluate(facts, 5)
    assert batch.status.tolist() == [0, 0, 2, 2, 2]
    assert batch.line.tolist() == [20_000_000, 8_000_000, MISSING, MISSING, MISSING]
    assert batch.binding.tolist() == [[False]] * 5  # exactly at the cap: nothing is cut
    assert batch.figure("assets_part").tolist() == [10_000_000, 0, MISSING, MISSING, MISSING]
    said = [[batch.program.reasons[place] for place in np.flatnonzero(row)] for row in batch.reasons]
    assert said == [
        [], [], [Reason("out_of_range", "grade"), Reason("no_operating_income", "operating_income")],
        [Reason("no_grade", "grade")], [Reason("out_of_range", "total_assets")],
    ]  # fmt: skip
    assert batch.program.caps == ("highest",)
    assert (batch.shown == MISSING).all()


def test_the_line_shown_beside():
    bound = bound_with(S1)
    facts = Maker(bound, 2).columns(50)
    batch = compile_model(bound).evaluate(facts, 50)
    assert (batch.shown == batch.figure("total_line")).all()
    assert (batch.shown[batch.status != 2] != MISSING).all()


def test_a_reason_of_two_vetoes_is_said_once_and_where_it_is_met_first():
    refusing = program(
        reasons=[{"code": code, "label": L} for code in ("rich", "odd")],
        vetoes=[{"reason": "rich", "when": "income > 1000"}, {"reason": "odd", "when": "income > 50"},
                {"reason": "rich", "when": "income > 100"}],
    )  # fmt: skip
    batch = refusing.evaluate({"income": column(200_000, 20_000, 6_000, 1)}, 4)
    assert [[reason.code for reason in batch.result(row).reasons] for row in range(4)] == [
        ["rich", "odd"], ["odd", "rich"], ["odd"], ["zero_line"] if batch.line[3] == 0 else [],
    ]  # fmt: skip
    assert batch.reasons.sum(axis=1).tolist() == [2, 2, 1, 0]


@pytest.mark.parametrize(
    "broken",
    [
        Column(np.array([1.0])),
        Column(np.array([1], dtype=np.int32)),
        Column(np.array([True])),
        Column(np.array([1, 2])),
        Column([1]),
        EventRows(np.zeros(0, dtype=np.int64), {}),
    ],
)
def test_anything_but_whole_numbers_is_the_callers_fault(broken):
    with pytest.raises(FactError):
        program().evaluate({"income": broken}, 1)


@pytest.mark.parametrize("household", [[1, 0], [-1], [2]])
def test_events_belong_to_a_household(household):
    rows = EventRows(np.array(household, dtype=np.int64), {})
    with pytest.raises(FactError):
        compile_model(bound_with(S1)).evaluate({"breaches": rows}, 2)


def test_a_code_beyond_the_codes_is_the_callers_fault():
    with pytest.raises(FactError):
        compile_model(bound_with(S6)).evaluate({"grade": column(1, codes=("AAA",))}, 1)


def test_the_longest_formula_is_not_too_deep():
    """250 tokens of sums give a tree of 125 floors; it is climbed from far below the top of the stack."""

    def from_below(floors):
        if floors:
            return from_below(floors - 1)
        return program(
            lines=[{"name": "h", "label": L, "formula": "income / 2"}],
            combined={"label": L, "formula": " + ".join(["h"] * 125)},
        ).evaluate({"income": column(200)}, 1)

    assert from_below(300).line.tolist() == [12_500]


# --- exactness ----------------------------------------------------------------------------------------------------


def number(places, values):
    return Number(places, min(values), max(values), lambda frame: frame)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-(10**18), 10**18), st.integers(-(10**18), 10**18)), min_size=2, max_size=6),
    st.integers(0, 12), st.integers(0, 12), st.booleans(), st.integers(0, 18), st.integers(0, 18),
)  # fmt: skip
def test_quotients_in_whole_numbers(pairs, above, below, saturates, small, smaller):
    """All three ways of dividing (at once, on paper, unbounded) give the reference's quotient, ties included."""
    tops, bottoms = ([value // 10**size for value in side] for side, size in zip(zip(*pairs, strict=True),
                                                                                 (small, smaller), strict=True))  # fmt: skip
    tops += [2 * bottom + bottom // 2 for bottom in bottoms]
    bottoms = [bottom or 1 for bottom in bottoms] * 2
    dividend = Number(above, min(tops), max(tops), lambda frame: frame[0])
    divisor = Number(below, min(bottoms), max(bottoms), lambda frame: frame[1])
    spread = fixed(min(tops), above) if min(tops) == max(tops) else dividend
    quotient = divided(spread, divisor, saturates=saturates, default=fixed(7, 0))
    rows = [np.array(side, dtype=np.int64) for side in (tops, bottoms)]
    got = np.broadcast_to(quotient.of(rows), len(tops)).tolist()
    for value, top, bottom in zip(got, tops, bottoms, strict=True):
        exact = exact_quotient(Decimal(top).scaleb(-above), Decimal(bottom).scaleb(-below), saturates=saturates)
        assert Decimal(value).scaleb(-quotient.places, EXACT) == exact
        assert quotient.low <= value <= quotient.high


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(-(2**62), 2**62), min_size=2, max_size=8), st.integers(0, 12), st.integers(0, 12))
def test_rounding_in_whole_numbers(values, have, want):
    named = rounded(number(have, values), want)
    got = np.broadcast_to(named.of(np.array(values, dtype=np.int64)), len(values)).tolist()
    for value, count in zip(got, values, strict=True):
        assert Decimal(value).scaleb(-named.places, EXACT) == round_places(Decimal(count).scaleb(-have), want)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(0, 10**9))
def test_nothing_leaves_the_range_that_was_proven(data, seed):
    """Every part of a formula, observed: within its bounds, in int64 where they fit and as whole numbers where not."""
    sketch = Sketch(data.draw)
    sketch.inputs()
    formula = sketch.formula(3)
    if not sketch.try_section(combined={"label": L, "formula": formula}):
        return
    model = read_model(sketch.holds(sketch.raw))
    bound = bound_with(model)
    try:
        run = compile_model(bound)
    except TooWide:
        return
    facts = Maker(bound, seed).columns(40)
    complete = {entry.name: entry for entry in model.inputs if entry.type.is_number}
    frame, scope = {}, {}
    for name, entry in complete.items():
        low, high = (
            max(-LIMIT, min(LIMIT, int(end.scaleb(entry.type.places)))) for end in (entry.kind.low, entry.kind.high)
        )
        frame[name] = np.clip(facts[name].values, low, high)
        scope[name] = Number(entry.type.places, low, high, lambda rows, name=name: rows[name])
    scope |= {name: fixed(int(value.scaleb(8)), 8) for name, value in bound.parameters.items()}
    for node in model.combined.rule.node.walk():
        if set(node.names()) <= set(scope) and node.op != "text":
            value = compiled(node, scope)
            if isinstance(value, Number):
                rows = np.broadcast_to(value.of(frame), 40)
                assert rows.dtype == np.int64 if max(-value.low, value.high) <= LIMIT else rows.dtype == object
                assert value.low <= min(rows.tolist())
                assert max(rows.tolist()) <= value.high
    assert run.evaluate(facts, 40).line.dtype == np.int64


HUGE = {"name": "huge", "label": L, "type": "money", "min": "-999999999999999.99", "max": "999999999999999.99",
        "missing": {"default": "0"}}  # fmt: skip
TIMES = {"name": "times", "label": L, "type": "ratio", "min": "0", "max": "1000000", "missing": {"default": "1"}}


def test_a_step_too_wide_for_64_bits_is_taken_with_unbounded_numbers():
    """huge * times passes 2**63 by far and comes back: no overflow, no difference."""
    model = read_model(document(inputs=[*document()["inputs"], HUGE, TIMES],
                                combined={"label": L, "formula": "min(max(huge * times / 7000000, 0), income)"}))  # fmt: skip
    bound = BoundModel(model)
    facts = {
        "huge": column(99_999_999_999_999_999, -99_999_999_999_999_999, 99_999_999_999_999_999, 70_000_000),
        "times": column(10**14, 10**14, 1, 35 * 10**7),
        "income": column(10**9, 7, 10**9, 10**9),
    }
    batch = compile_model(bound).evaluate(facts, 4)
    assert batch.line.tolist() == [10**9, 0, 143, 35]
    assert differences(bound, batch, facts) == []


@pytest.mark.parametrize("formula", ["huge * times", "huge * 100 + income", "huge * 1000000000000"])
def test_a_figure_that_cannot_be_kept_is_refused_in_words(formula):
    raw = document(inputs=[*document()["inputs"], HUGE, TIMES], lines=[{"name": "big", "label": L, "formula": formula}],
                   combined={"label": L, "formula": "min(big, 5)"})  # fmt: skip
    with pytest.raises(TooWide, match=r"big: .* to .* does not fit in 64 bits at 2 places"):
        compile_model(BoundModel(read_model(raw)))


def test_a_large_quotient_by_hand():
    """300,000,000,000.00 yuan / 7 to 8 places passes 2**63 before it is named and rounded to fen."""
    raw = document(inputs=[HUGE], lines=[{"name": "first", "label": L, "formula": "huge / 7"}],
                   combined={"label": L, "formula": "first"})  # fmt: skip
    batch = compile_model(BoundModel(read_model(raw))).evaluate({"huge": column(30_000_000_000_000, -25)}, 2)
    assert batch.figure("first").tolist() == [4_285_714_285_714, -4]
