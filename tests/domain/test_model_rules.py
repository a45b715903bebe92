"""Rules of figures beyond formulas and bands: steps, tick lists, annuities, and the sections written in short."""

import math
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.lib.money import round_places
from config.lib.weeks import add_months
from credit.domain.explain import explain_model
from credit.domain.model import FactError, Status, evaluate, explain, read_model
from credit.domain.model.document import Steps
from credit.domain.model.lists import annuity_factors, steps_value
from customers.domain.facts import months_begun
from tests.domain.model_documents import L, document, faults, flag, number

# --- steps and tick lists -----------------------------------------------------------------------------------------


def stepped(high="1000", value_type="points", **steps):
    rule = {"of": "mu", "start": "5", "step": "5", "each": "1", "at_most": "5", **steps}
    return document(
        inputs=[*document()["inputs"], number("mu", "ratio", high=high)],
        derived=[{"name": "x", "label": L, "type": value_type, "steps": rule}],
    )


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        # each further 5 mu above 5: +1, at most 5
        ({}, {"0": 0, "5": 0, "9.99999999": 0, "10": 1, "14.9": 1, "15": 2, "30": 5, "31": 5, "1000": 5}),
        ({"base": "3"}, {"4": 3, "10": 4, "1000": 8}),
        ({"started": True}, {"5": 0, "5.00000001": 1, "10": 1, "10.1": 2}),
        ({"each": "2", "at_most": "5"}, {"10": 2, "15": 4, "20": 5}),
        ({"each": "-0.5", "at_most": "1.2", "base": "10"}, {"10": "9.5", "15": 9, "20": "8.8", "99": "8.8"}),
        ({"direction": "down", "start": "20"}, {"20": 0, "15.1": 0, "15": 1, "10": 2, "0": 4, "999": 0}),
        ({"direction": "down", "start": "20", "started": True}, {"19.99": 1, "15": 1, "14.99": 2}),
        ({"start": "0.5", "step": "0.1"}, {"0.59999999": 0, "0.6": 1, "0.8": 3}),
    ],
)
def test_steps(rule, values):
    model = read_model(stepped(**rule))
    for mu, points in values.items():
        assert evaluate(model, {"mu": mu}).values["x"] == Decimal(points), mu


def test_steps_without_a_limit_are_bounded_by_the_range_of_their_number():
    raw = stepped()
    del raw["derived"][0]["steps"]["at_most"]
    kind = read_model(raw).derived[0].kind
    assert (kind.low, kind.high) == (0, 199)
    assert evaluate(read_model(raw), {"mu": 1000}).values["x"] == 199


@settings(max_examples=100, deadline=None)
@given(
    st.decimals(min_value=-50, max_value=50, places=8),
    st.decimals(min_value="-20", max_value="20", places=8),
    st.decimals(min_value="0.00000001", max_value="20", places=8),
    st.decimals(min_value=-9, max_value=9, places=2),
    st.none() | st.decimals(min_value="0.01", max_value=40, places=2),
    st.sampled_from(["up", "down"]),
    st.booleans(),
)
def test_steps_agree_with_rationals_and_stay_in_their_range(x, start, step, each, at_most, direction, started):
    rule = Steps("mu", start, step, each, at_most, direction, Decimal(3), started)
    distance = (Fraction(x) - Fraction(start)) * (1 if direction == "up" else -1)
    count = max(0, math.ceil(distance / Fraction(step)) if started else math.floor(distance / Fraction(step)))
    moved = Fraction(each) * count
    if at_most is not None:
        moved = max(-Fraction(at_most), min(Fraction(at_most), moved))
    value = steps_value(rule, x)
    assert Fraction(value) == 3 + moved
    ends = sorted(steps_value(rule, Decimal(end)) for end in (-50, 50))
    assert ends[0] <= value <= ends[1]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"of": "none"}, ("derived[0].steps.of", "unknown_name")),
        ({"step": "0"}, ("derived[0].steps.step", "step_not_positive")),
        ({"at_most": "0"}, ("derived[0].steps.at_most", "at_most_not_positive")),
        ({"each": "0.001"}, ("derived[0].steps.each", "too_precise")),
        ({"start": "1000"}, ("derived[0].steps", "steps_never")),
        ({"start": "0", "direction": "down"}, ("derived[0].steps", "steps_never")),
        ({"direction": "sideways"}, ("derived[0].steps.direction", "not_in_list")),
    ],
)
def test_faulty_steps_are_named(rule, fault):
    assert fault in faults(stepped(**rule))


def listed(**ticks):
    rows = [
        {"when": "car", "value": "2", "label": {"zh": "有车", "en": "a car"}},
        {"when": "income >= 50000", "value": "3"},
        {"when": "gambles", "value": "-8", "reason": "gambling"},
    ]
    return document(
        inputs=[*document()["inputs"], flag("car"), flag("gambles")],
        reasons=[{"code": "gambling", "label": {"zh": "参与赌博", "en": "gambles"}}],
        derived=[{"name": "x", "label": L, "type": "points", "ticks": {"rows": rows, **ticks}}],
    )


def test_ticks_add_and_deduct_within_their_limits():
    for limits, facts, points in (
        ({}, {}, 0),
        ({"base": "1"}, {"car": True}, 3),
        ({}, {"car": True, "income": 50_000}, 5),
        ({"at_most": "4"}, {"car": True, "income": 50_000}, 4),
        ({}, {"car": True, "gambles": True}, -6),
        ({"at_least": "0"}, {"car": True, "gambles": True}, 0),
    ):
        assert evaluate(read_model(listed(**limits)), facts).values["x"] == points
    kind = read_model(listed(base="1", at_least="-2")).derived[0].kind
    assert (kind.low, kind.high) == (-2, 6)


def test_a_tick_with_a_reason_is_remarked_and_refuses_nothing():
    raw = listed()
    raw["remarks"] = [{"reason": "at_cap", "when": "combined >= highest"}, {"reason": "gambling", "when": "gambles"}]
    raw["reasons"].append({"code": "at_cap", "label": {"zh": "恰好达到上限", "en": "exactly at the cap"}})
    model = read_model(raw)
    result = evaluate(model, {"gambles": True, "income": 200_000})
    assert (result.status, result.line, result.reasons) == (Status.LINE, 100_000, ())
    assert [remark.code for remark in result.remarks] == ["gambling", "at_cap"]
    assert evaluate(model, {"income": 4000}).remarks == ()
    shown = explain(model, {"gambles": True, "car": True})
    assert [(tick.label.zh, tick.value, tick.holds) for tick in shown.derived[0].ticks] == [
        ("有车", 2, True), ("量 ≥ 50000", 3, False), ("量", -8, True),
    ]  # fmt: skip
    for language, said in (("zh-hans", "另需说明：参与赌博。"), ("en", "Also noted: gambles.")):
        assert explain_model(shown, language).paragraphs[-1] == said


def test_steps_and_ticks_in_words():
    def row(raw, facts, language):
        tables = explain_model(explain(read_model(raw), facts), language).tables
        return next(table for table in tables if table.code == "figures").rows[0][1]

    assert row(stepped(base="3"), {"mu": 17}, "zh-hans") == "3 起；高于 5 的部分每满 5 计 +1，计 2 次，合计不超过 5"
    assert row(stepped(), {"mu": 17}, "en") == "+1 for every whole 5 above 5: 2 times, 5 in all at most"
    assert row(listed(), {"car": True, "gambles": True}, "zh-hans") == "有车 +2、量 -8"
    assert row(listed(), {}, "en") == "no row holds"


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("rows", 0, "when"), "income", ("derived[0].ticks.rows[0].when", "wrong_type")),
        (("rows", 0, "value"), "0.001", ("derived[0].ticks.rows[0].value", "too_precise")),
        (("rows", 2, "reason"), "unheard", ("derived[0].ticks.rows[2].reason", "unknown_reason")),
        (("rows",), [], ("derived[0].ticks.rows", "too_few")),
        (("at_least",), "9", ("derived[0].ticks", "range_reversed")),
    ],
)
def test_faulty_tick_lists_are_named(path, value, fault):
    raw = listed(at_most="5")
    place = raw["derived"][0]["ticks"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert fault in faults(raw)


# --- several flags at once ----------------------------------------------------------------------------------------


def flagged(**missing):
    habits = {
        "name": "habits", "label": {"zh": "习惯", "en": "habits"}, "type": "flags", "missing": missing or {"default": "empty"},
        "choices": [{"code": "Saves", "label": {"zh": "有储蓄", "en": "saves"}},
                    {"code": "drinks", "label": {"zh": "酗酒", "en": "drinks"}}],
    }  # fmt: skip
    rows = [{"when": "habits_saves", "value": "2"}, {"when": "habits_drinks", "value": "-3"}]
    return document(
        inputs=[*document()["inputs"], habits],
        reasons=[{"code": "unasked", "label": L}] if "reason" in missing else [],
        derived=[{"name": "x", "label": L, "type": "points", "ticks": {"rows": rows}}],
    )


def test_flags_are_one_truth_each():
    model = read_model(flagged())
    assert [(entry.name, entry.flag_of, entry.flag) for entry in model.inputs[1:]] == [
        ("habits_saves", "habits", "Saves"), ("habits_drinks", "habits", "drinks"),
    ]  # fmt: skip
    for facts, points in (
        ({}, 0),
        ({"habits": []}, 0),
        ({"habits": ["drinks"]}, -3),
        ({"habits": ("Saves", "drinks")}, -1),
        ({"habits_saves": True}, 2),
    ):
        assert evaluate(model, facts).values["x"] == points
    assert explain(model, {"habits": ["drinks"]}).inputs[2].label.zh == "习惯：酗酒"
    unanswered = evaluate(read_model(flagged(reason="unasked")), {})
    assert {(reason.code, reason.input) for reason in unanswered.reasons} == {
        ("unasked", "habits_saves"), ("unasked", "habits_drinks"),
    }  # fmt: skip
    with pytest.raises(FactError):
        evaluate(model, {"habits": "drinks"})


# --- how lines combine --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "parts", "income", "line"),
    [
        ("min", [{"line": "half"}, {"line": "flat"}], 90_000, 30_000),
        ("max", [{"line": "half"}, {"line": "flat"}], 90_000, 45_000),
        ("sum", [{"line": "half"}, {"line": "flat"}], 90_000, 75_000),
        ("min", [{"line": "half"}], 90_000, 45_000),
        ("first", [{"line": "half"}, {"line": "flat"}], 90_000, 45_000),
        ("first", [{"line": "half"}, {"line": "flat"}], 0, 30_000),
        ("first", [{"line": "half", "when": "income > 100000"}, {"line": "flat", "when": "income > 50000"}], 90_000, 30_000),
        ("first", [{"line": "half", "when": "income > 100000"}, {"line": "flat", "when": "income > 50000"}], 9_000, 0),
    ],
)  # fmt: skip
def test_lines_combine(by, parts, income, line):
    raw = document(
        lines=[{"name": "half", "label": L, "formula": "income / 2"}, {"name": "flat", "label": L, "formula": "30000"}],
        combined={"label": L, "by": by, "of": parts},
    )
    model = read_model(raw)
    assert model.warnings == ()
    assert evaluate(model, {"income": income}).line == line


def test_faults_of_a_combination_are_named():
    def combined(**said):
        return faults(document(combined={"label": L, **said}))

    assert ("combined.of[0].line", "unknown_name") in combined(by="min", of=[{"line": "none"}])
    assert ("combined.of[0].line", "later_name") in combined(by="min", of=[{"line": "highest"}])
    assert ("combined.of[0]", "when_only_first") in combined(by="sum", of=[{"line": "half", "when": "income > 1"}])
    assert ("combined.of[0].when", "syntax") in combined(by="first", of=[{"line": "half", "when": "income > 1, half"}])
    assert ("combined", "missing_key") in combined(by="min")
    assert ("combined", "exactly_one") in combined(by="min", of=[{"line": "half"}], formula="half")


# --- entry modes --------------------------------------------------------------------------------------------------


def with_modes():
    def amount(name, default):
        return {"name": name, "label": L, "type": "money", "min": "0", "max": "1000000", "default": default}

    entries = [("model", "online_cap"), ("small", "50000"), ("offline", "combined_cap")]
    return document(
        parameters=[amount("online_cap", "200000"), amount("combined_cap", "300000")],
        caps=[],
        modes={
            "name": "mode", "label": {"zh": "进件方式", "en": "way in"}, "missing": {"default": "model"},
            "entries": [{"code": code, "label": {"zh": code, "en": code}, "cap": cap} for code, cap in entries],
            "cap": {"name": "mode_cap", "label": {"zh": "产品上限", "en": "cap of the product"}},
        },
    )  # fmt: skip


def test_every_way_in_has_its_cap():
    model = read_model(with_modes())
    assert model.warnings == ()
    for facts, line in (({}, 200_000), ({"mode": "small"}, 50_000), ({"mode": "offline"}, 300_000)):
        result = evaluate(model, {"income": 900_000, **facts})
        assert (result.line, result.binding_caps) == (line, ("mode_cap",))
    assert evaluate(model, {"income": 900_000, "mode": "offline"}, {"combined_cap": "250000"}).line == 250_000
    assert evaluate(model, {"mode": "telephone"}).status is Status.INCOMPLETE


# --- age and tenor ------------------------------------------------------------------------------------------------


def with_tenor(**tenor):
    sexes = [{"code": "M", "label": L}, {"code": "F", "label": L}]
    return document(
        inputs=[
            *document()["inputs"],
            number("age", low="0", high="120"),
            number("age_months", low="0", high="1440"),
            number("wanted", low="1", high="120"),
            {"name": "sex", "label": L, "type": "choice", "choices": sexes, "missing": {"default": "M"}},
        ],
        reasons=[{"code": "young", "label": L}, {"code": "old", "label": L}],
        tenor={
            "name": "months", "label": {"zh": "期限（月）", "en": "tenor in months"}, "asked": "wanted", "longest": "36",
            "age": "age", "sex": "sex", "min_age": "18", "max_age_at_maturity": {"M": "65", "F": "60"},
            "beyond": "shorten", "shortest": "6", "reasons": {"young": "young", "old": "old"}, **tenor,
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tenor", "facts", "months", "reasons"),
    [
        ({}, {"age": 30, "wanted": 24}, 24, []),
        ({}, {"age": 30, "wanted": 99}, 36, []),
        ({}, {"age": 17, "wanted": 12}, 12, ["young"]),
        ({}, {"age": 18, "wanted": 12}, 12, []),
        ({}, {"age": 63, "wanted": 36}, 24, []),
        ({}, {"age": 64, "wanted": 36}, 12, []),
        ({}, {"age": 65, "wanted": 12}, 0, ["old"]),
        ({}, {"age": 58, "wanted": 36, "sex": "F"}, 24, []),
        ({}, {"age": 70, "wanted": 36, "sex": "F"}, 0, ["old"]),
        ({"beyond": "refuse"}, {"age": 63, "wanted": 24}, 24, []),
        ({"beyond": "refuse"}, {"age": 63, "wanted": 25}, 25, ["old"]),
        # to the month: 64 years and 7 months begun leave five months, fewer than the shortest
        ({"age_months": "age_months"}, {"age": 64, "age_months": 64 * 12 + 6, "wanted": 12}, 6, []),
        ({"age_months": "age_months"}, {"age": 64, "age_months": 64 * 12 + 7, "wanted": 12}, 5, ["old"]),
        ({"min_age": {"M": "22", "F": "20"}}, {"age": 21, "wanted": 12}, 12, ["young"]),
        ({"min_age": {"M": "22", "F": "20"}}, {"age": 21, "wanted": 12, "sex": "F"}, 12, []),
    ],
)  # fmt: skip
def test_tenor_by_age_and_sex(tenor, facts, months, reasons):
    model = read_model(with_tenor(**tenor))
    result = evaluate(model, {"income": 50_000, **facts})
    assert (result.values["months"], [reason.code for reason in result.reasons]) == (months, reasons)
    assert result.line == (0 if reasons else 25_000)


def test_faults_of_a_tenor_are_named():
    assert ("tenor.max_age_at_maturity", "codes_differ") in faults(with_tenor(max_age_at_maturity={"M": "65"}))
    assert ("tenor.sex", "lookup_not_choice") in faults(with_tenor(sex="age"))
    assert ("tenor.age", "unknown_name") in faults(with_tenor(age="years"))
    assert ("tenor.age_months", "unknown_name") in faults(with_tenor(age_months="born"))
    assert ("tenor.reasons.young", "bad_pattern") in faults(with_tenor(reasons={"young": "?", "old": "old"}))
    assert ("tenor", "unknown_name") in {(path.split(".")[0], code) for path, code in faults(with_tenor(asked="none"))}


@settings(max_examples=300, deadline=None)
@given(st.dates(date(1930, 1, 1), date(2010, 1, 1)), st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 360))
def test_months_of_life_say_exactly_whether_a_loan_ends_in_time(born, day, months):
    """A loan ends by the 65th birthday exactly when the months begun and its own do not exceed 780."""
    in_time = add_months(day, months) <= add_months(born, 65 * 12)
    by_months = months_begun(born, day) + months <= 65 * 12
    clipped = add_months(day, months).day != day.day or add_months(born, months_begun(born, day)).day != born.day
    assert in_time == by_months or (clipped and in_time)  # clipped ends of months: at most a month too strict


def test_months_of_life_are_clipped_to_the_month():
    assert months_begun(date(2000, 1, 31), date(2001, 2, 28)) == 13
    assert months_begun(date(2000, 1, 31), date(2001, 3, 1)) == 14
    assert months_begun(date(2000, 2, 29), date(2001, 2, 28)) == 12
    assert months_begun(date(2000, 5, 15), date(2000, 5, 15)) == 0
    assert months_begun(date(2000, 5, 15), date(2000, 5, 16)) == 1


# --- repayment ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", ["0", "0.0435", "0.06", "0.15400001", "1"])
def test_annuity_factors_are_those_of_exact_fractions(rate):
    factors = annuity_factors(Decimal(rate), 120)
    monthly, total, worth = Fraction(rate) / 12, Fraction(0), Fraction(1)
    for months in range(1, 121):
        worth /= 1 + monthly
        total += worth
        assert factors[months] == round_places(total, 8)
    assert factors[0] == 0


def with_repayment(**repayment):
    return document(
        inputs=[*document()["inputs"], number("months", low="0", high="60"), number("paid", "money", high="1000000")],
        caps=[],
        lines=[{"name": "half", "label": L, "formula": "income * 5"}],
        repayment={
            "name": "affordable", "label": {"zh": "还款能力上限", "en": "what can be repaid"}, "of": "income",
            "share": "0.5", "annual_rate": "0.06", "months": "months", "already": "paid", **repayment,
        },
    )  # fmt: skip


def test_the_line_is_held_to_what_can_be_repaid():
    """Half of 60,000 a year less 6,000 already paid is 2,000 a month; at 6 % twelve of them repay 23,237.86."""
    model = read_model(with_repayment())
    assert model.warnings == ()
    result = evaluate(model, {"income": 60_000, "months": 12, "paid": 6_000})
    assert result.values["affordable_factor"] == Decimal("11.61893207")
    assert result.values["affordable"] == Decimal("23237.86")
    assert (result.line, result.binding_caps) == (23_000, ("affordable",))
    assert evaluate(model, {"income": 60_000, "months": 0}).line == 0
    assert evaluate(model, {"income": 10_000, "months": 12, "paid": 6_000}).values["affordable"] == 0
    shown = explain_model(explain(model, {"income": 60_000, "months": 12}))
    rows = next(table for table in shown.tables if table.code == "figures").rows
    assert rows[0][1] == "等于 12"


def test_faults_of_a_repayment_are_named():
    assert ("repayment.annuity.annual_rate", "outside_range") in faults(with_repayment(annual_rate="6"))
    assert ("repayment.annuity.months", "unknown_name") in faults(with_repayment(months="term"))
    assert ("repayment.annuity.months", "months_range") in faults(with_repayment(months="paid"))
    assert ("repayment.formula", "unit_mismatch") in faults(with_repayment(already="months"))
