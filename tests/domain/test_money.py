"""The yuan type: rounding, reading and writing."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lib.money import (
    MoneyError,
    asks_which_unit,
    format_wan,
    format_yuan,
    grouped,
    in_wan,
    round_places,
    round_step,
    wan,
    wan_from_text,
    yuan,
    yuan_from_text,
)

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("0.005", 2, "0.01"),
        ("-0.005", 2, "-0.01"),
        ("2.675", 2, "2.68"),
        ("2.665", 2, "2.67"),
        ("-0.004", 2, "0.00"),
        ("1.4999", 0, "1"),
        ("1.5", 0, "2"),
        ("-1.5", 0, "-2"),
    ],
)
def test_half_is_rounded_away_from_zero(value, places, expected):
    assert str(round_places(Decimal(value), places)) == expected


def test_fractions_are_rounded_from_the_exact_value():
    assert round_places(Fraction(1, 3), 8) == Decimal("0.33333333")
    assert round_places(Fraction(2, 3), 8) == Decimal("0.66666667")
    # PostgreSQL's numeric and a 28-digit context get this one wrong when they round twice.
    assert round_places(Fraction(39999999718, 9999999967), 8) == Decimal("3.99999998")


@pytest.mark.parametrize(
    ("value", "rounding", "expected"),
    [
        (Decimal("36666.67"), "down", "36000"),
        (Decimal("36666.67"), "half_up", "37000"),
        (Decimal(36500), "half_up", "37000"),
        (Decimal("36499.99"), "half_up", "36000"),
        (Fraction(110000, 3), "down", "36000"),
        (0, "down", "0"),
        (Decimal("999.99"), "down", "0"),
    ],
)
def test_rounding_to_a_step(value, rounding, expected):
    assert str(round_step(value, Decimal(1000), rounding)) == expected


def test_rounding_down_is_refused_below_zero():
    with pytest.raises(ValueError, match="0 and above"):
        round_step(Decimal("-0.01"), Decimal(1000), "down")
    with pytest.raises(ValueError, match="unknown rounding"):
        round_step(Decimal(1), Decimal(1000), "even")
    with pytest.raises(MoneyError):
        round_step(Decimal(1), Decimal(0))


@given(amounts, st.integers(0, 4))
def test_the_two_ways_to_round_are_one(value, places):
    unit = Decimal(1).scaleb(-places)
    assert round_places(value, places) == round_step(value, unit) == value.quantize(unit, ROUND_HALF_UP)
    assert not round_places(value, places).is_signed() or round_places(value, places) != 0


@given(st.fractions(min_value=0, max_value=10**7), st.sampled_from(["1", "50", "1000"]))
def test_down_is_the_largest_multiple_not_above(value, step):
    result = Fraction(round_step(value, Decimal(step), "down"))
    assert result <= value < result + Fraction(step)


@pytest.mark.parametrize("value", [1.0, 0.1, float("nan"), True])
def test_floats_and_booleans_are_refused(value):
    for function in (yuan, wan, yuan_from_text, wan_from_text):
        with pytest.raises(MoneyError):
            function(value)
    with pytest.raises(MoneyError):
        round_step(value, Decimal(1))


@pytest.mark.parametrize(
    ("value", "code"),
    [("0.001", "too_precise"), ("NaN", "not_a_number"), ("1e13", "too_large"), ("abc", "not_a_number")],
)
def test_impossible_amounts_are_named(value, code):
    with pytest.raises(MoneyError) as refused:
        yuan(value)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("35000", "35000.00"),
        ("35,000", "35000.00"),
        ("３５，０００元", "35000.00"),
        (" 35 000.5 ", "35000.50"),
        ("3.5万", "35000.00"),
        ("3.5 万元", "35000.00"),
        ("-20.05", "-20.05"),
        ("0", "0.00"),
    ],
)
def test_reading_a_yuan_field(text, expected):
    assert str(yuan_from_text(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3.5", "35000.00"), ("0.000001", "0.01"), ("12,000 元", "12000.00"), ("3.5万元", "35000.00")],
)
def test_reading_a_wan_field(text, expected):
    assert str(wan_from_text(text)) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("3,50", "not_a_number"),
        ("1e5", "not_a_number"),
        ("三万", "not_a_number"),
        ("1.234", "too_precise"),
        ("9" * 50, "too_large"),
        ("9" * 30, "too_large"),
        (".5", "not_a_number"),
        ("5元5", "not_a_number"),
    ],
)
def test_unreadable_text_is_refused_by_name(text, code):
    with pytest.raises(MoneyError) as refused:
        yuan_from_text(text)
    assert refused.value.code == code


def test_wan_keeps_the_fen_and_refuses_less():
    assert wan("0.000001") == Decimal("0.01")
    with pytest.raises(MoneyError):
        wan("0.0000001")
    with pytest.raises(MoneyError):
        wan("Infinity")


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False))
def test_text_and_back(amount):
    assert yuan_from_text(format_yuan(amount)) == amount
    assert yuan_from_text(grouped(amount, 2)) == amount
    assert wan(in_wan(amount)) == amount


def test_display():
    assert format_yuan(Decimal(35000)) == "35,000 元"
    assert format_yuan(Decimal("35000.50")) == "35,000.50 元"
    assert format_yuan(Decimal(35000), "en") == "35,000 yuan"
    assert format_wan(Decimal(35000)) == "3.50 万元"
    assert format_wan(Decimal(25125), places=4) == "2.5125 万元"
    assert format_wan(Decimal("12345678.90")) == "1,234.57 万元"
    assert format_wan(Decimal(35000), "en") == "3.50 wan yuan"
    assert format_yuan(None) == format_wan(None) == "—"
    assert format_yuan(Decimal("-0.001")) == "0 元"


def test_the_unit_guard():
    assert asks_which_unit(Decimal("5000.01"), "wan")
    assert not asks_which_unit(Decimal(5000), "wan")
    assert asks_which_unit(Decimal("99.99"), "yuan")
    assert not asks_which_unit(Decimal(100), "yuan")
    assert not asks_which_unit(Decimal(0), "yuan")
