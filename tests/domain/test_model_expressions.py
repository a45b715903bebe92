"""The expression language of credit models: what formulas may say, and the arithmetic of Semantics, section 5a."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.lib.money import round_places
from credit.domain.model import (
    evaluate,
    read_model,
)
from credit.domain.model.checking import check, exact_quotient, kind_of
from credit.domain.model.evaluation import evaluate_node
from credit.domain.model.expression import MAX_DEPTH, MAX_TOKENS, ExpressionError, Kind, parse
from credit.domain.model.problems import MESSAGES
from tests.domain.model_documents import L, document, figure, number


def values(formula, facts=None, value_type="ratio", inputs=(), **sections):
    """The value of one derived figure."""
    raw = document(inputs=[*document()["inputs"], *inputs], derived=[figure("x", formula, value_type)], **sections)
    return evaluate(read_model(raw), facts or {}).values["x"]


# --- expressions: syntax, types, limits ---------------------------------------------------------------------------

SCOPE = {
    "a": Kind("number", 2, Decimal(-5), Decimal(5)),
    "p": Kind("number", 0, Decimal(1), Decimal(9)),
    "c": Kind("choice", codes=("x", "y")),
    "b": Kind("bool"),
    "e": Kind("events"),
}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "syntax"),
        ("1 +", "syntax"),
        ("1 2", "syntax"),
        ("(1", "syntax"),
        ("1)", "syntax"),
        ("a.real", "syntax"),
        ("a[0]", "syntax"),
        ("1.e5", "syntax"),
        (".5", "syntax"),
        ("a ** 2", "syntax"),
        ("a // 2", "syntax"),
        ("a % 2", "syntax"),
        ("a = 2", "syntax"),
        ("1 < a < 2", "syntax"),
        ("'x", "syntax"),
        ("a; b", "syntax"),
        ("lambda: 1", "syntax"),
        ("__import__('os')", "syntax"),
        ("财产 * 2", "syntax"),
        ("eval(1)", "unknown_function"),
        ("abs(a)", "unknown_function"),
        ("open('x')", "unknown_function"),
        ("min(a)", "argument_count"),
        ("div(a, p)", "argument_count"),
        ("if(b, 1)", "argument_count"),
        ("case(b, 1, b, 2)", "argument_count"),
        ("nothing + 1", "unknown_name"),
        ("a + b", "wrong_type"),
        ("a + c", "wrong_type"),
        ("a + 'x'", "wrong_type"),
        ("a + e", "wrong_type"),
        ("if(a, 1, 2)", "wrong_type"),
        ("if(b, b, 2)", "wrong_type"),
        ("case(b, c, 1)", "wrong_type"),
        ("a < 'x'", "wrong_type"),
        ("b", "wrong_type"),
        ("if(c == 'z', 1, 2)", "unknown_choice"),
        ("if(c == p, 1, 2)", "wrong_type"),
        ("if(a == 'x', 1, 2)", "wrong_type"),
        ("p / a", "divisor_zero"),
        ("p / (a - a)", "divisor_zero"),
        ("p / 0", "divisor_always_zero"),
        ("div(p, 0, 1)", "divisor_always_zero"),
        ("floor_step(p + 1, 10)", "floor_unnamed"),
        ("floor_step(a, 10)", "floor_negative"),
        ("floor_step(p, p)", "floor_constant"),
        ("floor_step(p, 0)", "floor_constant"),
        ("9999999999 * 9999999999 * 9999999999 * 9999999999 * 9999999999", "too_wide"),
        ("0.000000001 * 0.000000001 * 0.000000001 * 0.000000001 * 0.000000001", "too_wide"),
        ("1" * 31, "too_wide"),
        ("+".join(["1"] * MAX_TOKENS), "too_complex"),
        ("(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1), "too_deep"),
        ("-" * (MAX_DEPTH + 2) + "1", "too_deep"),
        ("max(1, " * MAX_DEPTH + "1" + ")" * MAX_DEPTH, "too_deep"),
    ],
)
def test_formulas_that_cannot_stand(text, code):
    with pytest.raises(ExpressionError) as refused:
        check(parse(text), SCOPE, "number")
    assert refused.value.code == code
    assert code in MESSAGES


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 - 4", 3),
        ("-(1 - 3) * 2", 4),
        ("2 - 3 - 4", -5),
        ("12 / 3 / 2", 2),
        ("min(3, 1, 2) + max(4, 9)", 10),
        ("if(p >= 4 and not b, 1, 2)", 1),
        ("if(p < 4 or b, 1, 2)", 2),
        ("if(c == 'y', 1, 0) + if(c != 'x', 10, 0) + if('y' == c, 100, 0)", 111),
        ("case(p < 2, 1, p < 5, 2, 3)", 2),
        ("if(true, 1, 2) + if(false, 10, 20)", 21),
        ("floor_step(p, 3)", 3),
        ("div(6, p - 4, 7)", 7),
        ("2 / 3", Decimal("0.66666667")),
        ("-2 / 3", Decimal("-0.66666667")),
        ("1 / 3 * 3", Decimal("0.99999999")),
        ("0.1 + 0.2", Decimal("0.3")),
    ],
)
def test_formulas_mean_what_a_clerk_reads(text, value):
    seen = {"p": Decimal(4), "a": Decimal(2), "b": False, "c": "y"}
    assert evaluate_node(check(parse(text), SCOPE, "number"), seen) == value


def test_branches_not_taken_are_not_computed():
    node = check(parse("if(a == 0, 5, div(1, a, 0))"), SCOPE, "number")
    assert evaluate_node(node, {"a": Decimal(0)}) == 5


# --- arithmetic ---------------------------------------------------------------------------------------------------


def test_quotients_are_rounded_once_from_the_exact_value():
    assert exact_quotient(Decimal(39999999718), Decimal(9999999967), saturates=True) == Decimal("3.99999998")
    assert exact_quotient(Decimal("-0.000000005"), Decimal(1), saturates=False) == Decimal("-0.00000001")
    assert exact_quotient(Decimal(1), Decimal(-3), saturates=True) == Decimal("-0.33333333")
    assert str(exact_quotient(Decimal("-0.0000000001"), Decimal(1), saturates=True)) == "0E-8"


def test_quotients_by_a_variable_saturate_and_by_a_constant_do_not():
    people, facts = [number("people", low="1")], {"income": 5_000_000, "people": 2}
    assert values("income / people", facts, "money", people) == 1_000_000
    assert values("income / 2", facts, "money", people) == 2_500_000
    assert values("div(0 - income, people, 0)", facts, "money", people) == -1_000_000


def test_naming_rounds_and_later_steps_read_the_rounded_figure():
    """floor(300000 / 7 * 7) is 299,000 with a bare quotient; rounding the named figure to fen heals it."""
    raw = document(
        derived=[figure("back", "income / 7 * 7")],
        lines=[{"name": "half", "label": L, "formula": "floor_step(back, 1000)"}],
        caps=[],
    )
    model = read_model(raw)
    assert evaluate(model, {"income": 300_000}).line == 300_000
    assert [problem.code for problem in model.warnings] == ["multiply_first"]


def test_bands_compare_the_rounded_figure():
    """labour / people = 1/3 lies on the edge 1/3, although neither is a finite decimal."""
    table = {"of": "ratio", "rows": [{"below": "1/3", "value": "4"}, {"from": "1/3", "value": "8"}]}
    raw = document(
        inputs=[number("labour"), number("people", low="1"), *document()["inputs"]],
        derived=[
            figure("ratio", "labour / people", "ratio"),
            {"name": "points", "label": L, "type": "points", "bands": table},
        ],
    )
    model = read_model(raw)
    assert evaluate(model, {"labour": 1, "people": 3}).values["points"] == 8
    assert evaluate(model, {"labour": 333, "people": 1000}).values["points"] == 4


@settings(max_examples=60, deadline=None)
@given(
    st.decimals(min_value=-(10**10), max_value=10**10, places=2),
    st.decimals(min_value=-(10**6), max_value=10**6, places=4).filter(bool),
)
def test_quotients_agree_with_rationals(dividend, divisor):
    exact = Fraction(dividend) / Fraction(divisor)
    rounded = exact_quotient(dividend, divisor, saturates=False)
    assert rounded == round_places(exact, 8)
    assert abs(Fraction(rounded) - exact) <= Fraction(1, 2 * 10**8)


NAMES = {
    "m": Kind("number", 2, Decimal("-1000.00"), Decimal("90000.00")),
    "r": Kind("number", 8, Decimal("0.00000000"), Decimal("3.00000000")),
    "n": Kind("number", 0, Decimal(1), Decimal(50)),
}
leaf = st.sampled_from(["m", "r", "n", "2", "0.05", "1.5"])


def grow(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.flatmap(lambda two: st.sampled_from([f"({two[0]} {op} {two[1]})" for op in "+-*"])),
        inner.map(lambda one: f"({one} / n)"),
        inner.map(lambda one: f"({one} / 3)"),
        pair.map(lambda two: f"div({two[0]}, {two[1]}, 1)"),
        pair.map(lambda two: f"max({two[0]}, {two[1]})"),
        pair.map(lambda two: f"if({two[0]} > {two[1]}, {two[1]}, -{two[0]})"),
    )


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(leaf, grow, max_leaves=6),
    st.decimals(min_value=-1000, max_value=90000, places=2),
    st.decimals(min_value=0, max_value=3, places=8),
    st.integers(1, 50),
)
def test_every_value_lies_in_the_range_and_on_the_grid_that_was_proved(text, m, r, n):
    """What a compiler to fixed-width integers will rely on."""
    try:
        node = check(parse(text), NAMES, "number")
    except ExpressionError:
        return  # refused before any household is evaluated
    seen = {"m": m, "r": r, "n": Decimal(n)}
    for inner in node.walk():
        kind = kind_of(inner)
        if kind.kind == "number":
            value = evaluate_node(inner, seen)
            assert kind.low <= value <= kind.high
            assert round_places(value, min(kind.places, 12)) == value or kind.places > 12
