"""Directions that must hold, and groups side by side, against tiny populations worked out by hand."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.domain.disparity import disparity
from credit.domain.model import BoundModel, Label, read_model
from credit.domain.model.batch import compile_model
from credit.domain.monotone import DIRECTIONS, Direction, check, directions_of, turning_points
from tests.domain.households import bound_with
from tests.domain.test_batch_model import S1
from tests.domain.test_laboratory import codes, document, evaluated, words, yuan

TURN = {"of": "income", "rows": [{"below": "50000", "value": "10"}, {"from": "50000", "value": "4"}]}
NUMBER = {"type": "money", "min": "0", "max": "10000000", "missing": {"default": "0"}}


def scored(*extra, bands=TURN, **sections):
    """10 points and a line of 20,000 under 50,000 of income, 4 points and 8,000 from there on."""
    raw = document(
        inputs=[{"name": "income", "label": words("收入"), **NUMBER}, *extra],
        reasons=[], vetoes=[],
        scorecard={"score": {"name": "score", "label": words("总分")},
                   "items": [{"name": "points", "label": words("收入分"), "full": "10", "bands": bands}]},
        lines=[{"name": "half", "label": words("一半"), "formula": "score * 2000"}],
        **sections,
    )  # fmt: skip
    return read_model({key: value for key, value in raw.items() if value != []})


INCOME = Direction("income", Label("收入更多", "more income"), {"income": 1}, raises=True)


def checked(model, direction=INCOME, **columns):
    rows = len(next(iter(columns.values())).values)
    return check(compile_model(BoundModel(model)), columns, rows, direction)


# --- directions ---------------------------------------------------------------------------------------------------


def test_more_income_that_lowers_a_line_is_found_with_the_figure_responsible():
    found = checked(scored(), income=yuan(49_999, 60_000, None, 100))
    assert not found.holds
    assert found.households == 3  # who says no income is not compared
    assert found.households_reversed == 3  # each of them is once set to 50,000, where the table turns
    worst = found.worst[0]
    assert (worst.row, worst.fact, worst.line_at, worst.line_to) == (0, "income", 20_000, 8_000)
    assert worst.at < 50_000 <= worst.to
    assert [(one.kind, one.label.zh, one.before, one.after) for one in worst.blame] == [
        ("item", "收入分", 10, 4), ("line", "一半", 20_000, 8_000),
    ]  # fmt: skip


def test_the_turn_itself_is_met_to_the_fen():
    program = compile_model(BoundModel(scored()))
    assert {4_999_999, 5_000_000, 5_000_001} <= set(turning_points(program, "income"))
    found = check(program, {"income": yuan(0)}, 1, INCOME, points=[4_999_999, 5_000_000])
    assert (found.worst[0].at, found.worst[0].to) == (Decimal("49999.99"), 50_000)
    assert (found.reversals, found.comparisons) == (2, 7)  # once by amounts (six of them), once at the points


def test_a_table_that_rises_holds():
    rising = {"of": "income", "rows": [{"below": "50000", "value": "4"}, {"from": "50000", "value": "10"}]}
    found = checked(scored(bands=rising), income=yuan(49_999, 60_000, 100))
    assert found.holds
    assert (found.reversals, found.households_reversed, found.worst) == (0, 0, ())
    assert found.comparisons > 3 * 6
    wrong_way = Direction("income", INCOME.label, {"income": 1}, raises=False)
    assert checked(scored(bands=rising), wrong_way, income=yuan(49_999)).worst[0].line_to == 20_000


def test_a_veto_on_more_income_is_blamed_by_its_reason():
    model = read_model(document(vetoes=[{"reason": "poor", "when": "income > 30000"}]))
    worst = checked(model, income=yuan(30_000)).worst[0]
    assert (worst.blame[0].kind, worst.blame[0].code) == ("reason", "poor")
    assert worst.line_to == 0


def test_facts_that_move_together():
    """More debt takes from net assets: both move, and the line must not rise."""
    debts = next(one for one in DIRECTIONS if one.code == "debts")
    inputs = [{"name": "debts", "label": words("负债"), **NUMBER},
              {"name": "net_assets", "label": words("净资产"), **NUMBER, "min": "-10000000"}]  # fmt: skip
    fair = document(inputs=inputs, reasons=[], vetoes=[],
                    lines=[{"name": "half", "label": words("一半"), "formula": "net_assets / 2"}])  # fmt: skip
    odd = {**fair, "lines": [{"name": "half", "label": words("一半"), "formula": "net_assets / 2 + debts"}]}
    columns = {"debts": yuan(0, 1000, None), "net_assets": yuan(50_000, 20_000, 10_000)}
    for raw, holds in ((fair, True), (odd, False)):
        model = read_model({key: value for key, value in raw.items() if value != []})
        assert directions_of(model)[-1] is debts
        found = checked(model, debts, **columns)
        assert (found.holds, found.facts, found.households) == (holds, ("debts", "net_assets"), 2)


def test_a_model_that_reads_none_of_the_facts():
    found = checked(scored(), next(one for one in DIRECTIONS if one.code == "shares"), income=yuan(1))
    assert (found.households, found.comparisons, found.facts) == (0, 0, ())
    assert directions_of(scored()) == ()


def test_directions_of_s1():
    assert [one.code for one in directions_of(S1)] == ["assets", "realisable_assets", "shares", "income", "debts"]
    points = turning_points(compile_model(bound_with(S1, 10_000)), "net_income")
    assert {900_000, 900_001, 1_200_000, 1_500_001} <= set(points)  # 0.9, 1.2 and 1.5 times the base of 10,000
    assert min(points) == -(10**10)
    assert max(points) == 10**10


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=5), st.integers(1, 9_000_000), st.integers(0, 10),
       st.integers(0, 10))  # fmt: skip
def test_a_direction_holds_exactly_when_the_table_rises(incomes, edge, low, high):
    bands = {"of": "income", "rows": [{"below": str(edge), "value": str(low)}, {"from": str(edge), "value": str(high)}]}
    found = checked(scored(bands=bands), income=yuan(*incomes))
    assert found.holds == (high >= low)
    for one in found.worst:
        assert one.at < edge <= one.to
        assert one.line_to < one.line_at


# --- disparity ----------------------------------------------------------------------------------------------------


def test_disparity_by_hand():
    """Women 12 of whom 6 get 5,000; men 12 of whom 9 get 10,000; one man is incomplete."""
    women, men = [10_000] * 6 + [0] * 6, [20_000] * 9 + [0] * 3 + [None]
    batch = evaluated(women + men)
    found = disparity(batch, codes(*"f" * 12, *"m" * 13))
    whole = found.overall
    assert (whole.households, whole.evaluated, whole.granted) == (25, 24, 15)
    assert (whole.rate, whole.mean) == (Decimal("0.6250"), 8_000)
    first, second = found.cells
    assert (first.code, first.evaluated, first.granted, first.rate, first.mean) == ("f", 12, 6, Decimal("0.5"), 5_000)
    assert (first.rate_to_overall, first.mean_to_overall) == (Decimal("0.8"), Decimal("0.625"))
    assert (second.households, second.evaluated, second.rate, second.mean) == (13, 12, Decimal("0.75"), 10_000)
    assert (second.rate_to_overall, second.mean_to_overall) == (Decimal("1.2"), Decimal("1.25"))


def test_small_groups_are_not_shown_and_cannot_be_worked_out():
    found = disparity(evaluated([10_000] * 43), codes(*"a" * 20, *"b" * 14, *"c" * 9), smallest=10)
    assert [cell.is_suppressed for cell in found.cells] == [False, True, True]  # b would give away c
    assert (found.cells[2].granted, found.cells[2].mean, found.cells[2].rate_to_overall) == (None, None, None)
    two_small = disparity(evaluated([10_000] * 20), codes(*"a" * 10, *"b" * 5, *"c" * 5), smallest=10)
    assert [cell.is_suppressed for cell in two_small.cells] == [False, True, True]
    assert disparity(evaluated([10_000] * 3), codes(*"aaa")).cells[0].is_suppressed


def test_a_group_without_a_decision():
    found = disparity(evaluated([None] * 3), codes(*"aab"), smallest=0)
    assert [(cell.rate, cell.mean, cell.rate_to_overall) for cell in found.cells] == [(None, None, None)] * 2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 100_000)), st.sampled_from(["a", "b", "c", None]))))
def test_cells_add_up_to_the_whole(rows):
    batch = evaluated([income for income, _ in rows])
    found = disparity(batch, codes(*(code for _, code in rows)), smallest=0)
    for field in ("households", "evaluated", "granted"):
        assert sum(getattr(cell, field) for cell in found.cells) == getattr(found.overall, field)
    for cell in found.cells:
        assert cell.rate is None or 0 <= cell.rate <= 1
    shown = disparity(batch, codes(*(code for _, code in rows)))
    assert sum(cell.is_suppressed for cell in shown.cells) != 1 or len(shown.cells) == 1


def test_a_column_of_another_population_is_refused():
    with pytest.raises(ValueError, match="another population"):
        disparity(evaluated([1, 2]), codes("a"))
