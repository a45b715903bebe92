"""What a change does to a population, against tiny populations worked out by hand."""

from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.domain.causes import causes, why
from credit.domain.laboratory import KINDS, crossed, distribution, grouped, movers, moves, side_by_side, width_for
from credit.domain.model import BoundModel, Reason, Status, read_model
from credit.domain.model.batch import MISSING, Column, compile_model
from tests.domain.households import L


def words(text):
    return {"zh": text, "en": f"{text} en"}


def document(**sections):
    """line = half the income, at most 50,000; nothing under 1,000 of income."""
    return {
        "format": "gedang-model/1", "code": "T", "title": L,
        "reasons": [{"code": "poor", "label": words("收入太低")}, {"code": "unsaid", "label": words("没有填")}],
        "parameters": [{"name": "most", "label": words("上限"), "type": "money", "min": "0", "max": "1000000",
                        "default": "50000"}],
        "inputs": [{"name": "income", "label": words("收入"), "type": "money", "min": "0", "max": "10000000",
                    "missing": {"reason": "unsaid"}}],
        "lines": [{"name": "half", "label": words("一半"), "formula": "income / 2"}],
        "combined": {"label": words("合计"), "formula": "half"},
        "caps": [{"name": "highest", "label": words("封顶"), "formula": "most"}],
        "vetoes": [{"reason": "poor", "when": "income < 1000"}],
        **sections,
    }  # fmt: skip


MODEL = read_model(document())


def yuan(*amounts):
    return Column(np.array([MISSING if one is None else one * 100 for one in amounts], dtype=np.int64))


def codes(*found):
    known = tuple(sorted({one for one in found if one}))
    return Column(np.array([known.index(one) if one else MISSING for one in found], dtype=np.int64), known)


def evaluated(incomes, model=MODEL, **parameters):
    return compile_model(BoundModel(model, parameters)).evaluate({"income": yuan(*incomes)}, len(incomes))


#            0    1      2       3        4        5     6
INCOMES = [500, 2000, 40_000, 99_000, 200_000, None, 60_000]
BEFORE = evaluated(INCOMES)  # 0, 1000, 20000, 49500, 50000, -, 30000
LOWER = evaluated(INCOMES, most=25_000)  # 0, 1000, 20000, 25000, 25000, -, 25000
THIRD = read_model(
    document(lines=[{"name": "part", "label": words("一半"), "formula": "income / 2"},
                    {"name": "more", "label": words("另加"), "formula": "300"}],
             combined={"label": words("合计"), "formula": "part + more"}, vetoes=[],
             reasons=[{"code": "unsaid", "label": words("没有填")}])
)  # fmt: skip


# --- distribution -------------------------------------------------------------------------------------------------


def test_distribution_by_hand():
    found = distribution(BEFORE)
    assert (found.households, found.with_line, found.zero, found.refused, found.incomplete) == (7, 5, 1, 1, 1)
    assert (found.total, found.highest, found.mean) == (150_500, 50_000, 30_100)
    assert found.quartiles == (20_000, 30_000, 49_500)  # the 2nd, 3rd and 4th of five
    assert found.width == 5_000  # 50,000 / 14 is above 2,000
    assert found.bins == (1, 0, 0, 1, 0, 1, 0, 0, 0, 2)  # 20,000 lies in the bin that ends there
    assert dict(found.reasons) == {"poor": 1, "unsaid": 1}
    assert dict(found.caps) == {"highest": 1}
    assert found.grades == {}


def test_bins_of_a_given_width():
    assert distribution(BEFORE, Decimal(20_000)).bins == (2, 1, 2, 0, 0, 0)


def test_nobody_has_a_line():
    found = distribution(evaluated([500, None]))
    assert (found.with_line, found.total, found.mean, found.quartiles, found.bins) == (0, 0, None, None, ())
    assert distribution(evaluated([])).households == 0


@pytest.mark.parametrize(
    ("income", "width"), [(2_000, 1_000), (28_000, 1_000), (28_001, 2_000), (56_001, 5_000), (1_400_001, 100_000)]
)
def test_widths_are_round(income, width):
    assert width_for(evaluated([income], most=1_000_000)) == width


# --- who moves ----------------------------------------------------------------------------------------------------


def test_moves_by_hand():
    (whole,) = moves(BEFORE, LOWER)
    counts = (whole.up, whole.down, whole.same, whole.gained, whole.lost, whole.without)
    assert counts == (0, 3, 2, 0, 0, 2)
    assert (whole.before, whole.after, whole.raised, whole.lowered) == (150_500, 96_000, 0, 54_500)
    assert whole.change == -54_500
    assert (whole.mean_before, whole.mean_after) == (30_100, 19_200)
    assert whole.share("down") == Decimal("0.4286")  # 3 of 7


def test_moves_by_a_column():
    sex = codes("f", "m", "f", "m", "f", "m", None)
    women, men, unsaid = moves(BEFORE, LOWER, sex)
    assert (women.code, women.households, women.down, women.same, women.without) == ("f", 3, 1, 1, 1)
    assert (women.before, women.after) == (70_000, 45_000)
    assert (men.code, men.households, men.down, men.same, men.without) == ("m", 3, 1, 1, 1)
    assert (men.before, men.after) == (50_500, 26_000)
    assert (unsaid.code, unsaid.households, unsaid.lowered) == ("", 1, 5_000)


def test_gained_and_lost():
    richer, poorer = evaluated([500, 2000]), evaluated([2000, 500])
    (whole,) = moves(richer, poorer)
    assert (whole.gained, whole.lost, whole.raised, whole.lowered) == (1, 1, 1_000, 1_000)


def test_movers_by_hand():
    risers, fallers = movers(LOWER, BEFORE)
    assert fallers == ()
    assert [(one.row, one.before, one.after, one.change) for one in risers] == [
        (4, 25_000, 50_000, 25_000), (3, 25_000, 49_500, 24_500), (6, 25_000, 30_000, 5_000),
    ]  # fmt: skip
    assert [one.row for one in movers(BEFORE, LOWER, 1)[1]] == [4]
    gone = movers(evaluated([4000, 4000]), evaluated([None, None]))[1]
    assert [(one.row, one.after, one.change) for one in gone] == [(0, None, -2_000), (1, None, -2_000)]


def test_side_by_side():
    both = side_by_side(BEFORE, LOWER, {"sex": codes("f", "m", "f", "m", "f", "m", None)})
    assert both.before.width == both.after.width == 5_000
    assert sum(one.households for one in both.by["sex"]) == both.whole.households == 7
    assert (len(both.risers), len(both.fallers)) == (0, 3)


def test_crossed_columns():
    both = crossed(codes("f", "m", None, "f"), codes("30-39", "40-49", "30-39", None))
    assert both.codes == ("f|30-39", "f|40-49", "m|30-39", "m|40-49")
    assert both.values.tolist() == [0, 3, MISSING, MISSING]


def test_populations_are_compared_with_themselves_only():
    with pytest.raises(ValueError, match="size"):
        moves(BEFORE, evaluated([1]))
    with pytest.raises(ValueError, match="another population"):
        moves(BEFORE, LOWER, codes("f"))
    with pytest.raises(ValueError, match="none of the codes"):
        moves(BEFORE, LOWER, Column(np.full(7, 3, dtype=np.int64), ("f", "m")))


incomes = st.lists(st.one_of(st.none(), st.integers(0, 10_000_000)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(incomes, st.integers(0, 200_000), st.data())
def test_counts_add_up_and_sums_are_kept(found, most, data):
    before, after = evaluated(found), evaluated(found, most=most)
    by = codes(*data.draw(st.lists(st.sampled_from(["a", "b", None]), min_size=len(found), max_size=len(found))))
    (whole,), groups = moves(before, after), moves(before, after, by)
    assert whole.households == len(found) == sum(getattr(whole, kind) for kind in KINDS)
    for field in ("households", *KINDS, "before", "after", "raised", "lowered", "change"):
        assert sum(getattr(group, field) for group in groups) == getattr(whole, field)
    assert whole.change == whole.raised - whole.lowered
    for batch, total in ((before, whole.before), (after, whole.after)):
        spread = distribution(batch, Decimal(5_000))
        assert spread.with_line + spread.zero + spread.incomplete == spread.households
        assert sum(spread.bins) == spread.with_line
        assert spread.total == total == sum((batch.result(row).line or 0 for row in range(len(batch))), Decimal(0))
    risers, fallers = movers(before, after, len(found))
    assert sum(one.change for one in risers) == whole.raised
    assert -sum(one.change for one in fallers) == whole.lowered
    assert [one.change for one in risers] == sorted((one.change for one in risers), reverse=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-(2**62), 2**62), st.sampled_from("ab")), max_size=30))
def test_sums_beyond_64_bits(pairs):
    groups = grouped(codes(*(code for _, code in pairs)))
    expected = Counter()
    for value, code in pairs:
        expected[code] += value
    added = groups.added(np.array([value for value, _ in pairs], dtype=np.int64))
    assert dict(zip(groups.codes, added, strict=True)) == {**dict.fromkeys(groups.codes, 0), **expected}


# --- why ----------------------------------------------------------------------------------------------------------


def test_why_a_household_moved():
    found = why(BEFORE, LOWER, 4)
    assert (found.status_before, found.status_after, found.before, found.after) == (
        Status.LINE, Status.LINE, 50_000, 25_000,
    )  # fmt: skip
    assert [(one.label.zh, one.before, one.after) for one in found.parameters] == [("上限", 50_000, 25_000)]
    assert [(one.kind, one.label.zh, one.before, one.after) for one in found.figures] == [
        ("cap", "封顶", 50_000, 25_000)
    ]
    assert [label.zh for label in found.caps_before] == [label.zh for label in found.caps_after] == ["封顶"]


def test_versions_are_compared_by_label():
    """half and part are one figure, 一半; what only one version has stands against nothing."""
    after = evaluated(INCOMES, THIRD)
    found = why(BEFORE, after, 0)
    assert (found.reasons_before, found.reasons_after) == ((Reason("poor"),), ())
    assert (found.status_before, found.before, found.after) == (Status.REFUSED, 0, 550)
    assert [(one.label.zh, one.before, one.after) for one in found.figures] == [
        ("另加", None, 300), ("合计", 250, 550),
    ]  # fmt: skip
    gone = why(BEFORE, after, 5)
    assert (gone.figures, gone.before, gone.after) == ((), None, None)


def test_causes_by_hand():
    found = {(one.kind, one.label.zh if one.label else one.code): one for one in causes(BEFORE, LOWER)}
    assert set(found) == {("cap", "封顶"), ("binding", "封顶")}
    assert (found["cap", "封顶"].households, found["cap", "封顶"].down) == (6, 6)
    assert (found["binding", "封顶"].households, found["binding", "封顶"].up) == (
        2,
        2,
    )  # rows 3 and 6; row 4 was held before
    fallen = np.array([False] * 4 + [True] + [False] * 2)
    assert [one.kind for one in causes(BEFORE, LOWER, fallen)] == ["cap"]
    other = {one.code or one.label.zh: one for one in causes(BEFORE, evaluated(INCOMES, THIRD))}
    assert (other["poor"].households, other["poor"].down) == (1, 1)
    assert (other["合计"].up, other["合计"].down) == (6, 0)
    nothing = causes(BEFORE, evaluated(INCOMES, most=0))
    assert next(one.label.zh for one in nothing if one.code == "zero_line") == "按公式计算没有可用额度"


def graded(first, second):
    """Two grades by income; better first."""
    return read_model(
        document(
            scorecard={"score": {"name": "score", "label": words("总分")},
                       "items": [{"name": "item", "label": words("收入分"), "full": "10", "bands": {"of": "income", "rows": [
                           {"below": first, "value": "5"}, {"from": first, "value": "10"}]}}]},
            grade={"name": "grade", "label": words("等级"), "of": "score", "levels": [
                {"code": "good", "label": words("好"), "from": second}, {"code": "bad", "label": words("差"), "below": second}]},
        )
    )  # fmt: skip


def test_grades_are_ranked_best_first():
    before, after = (evaluated(INCOMES, graded(edge, "10")) for edge in ("50000", "30000"))
    assert distribution(before).grades == {"good": 3, "bad": 3}
    found = {one.kind: one for one in causes(before, after)}
    assert (found["grade"].up, found["grade"].down) == (1, 0)  # row 2 earns 40,000
    move = next(one for one in why(before, after, 2).figures if one.kind == "grade")
    assert (move.before.zh, move.after.zh) == ("差", "好")
