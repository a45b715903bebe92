"""Reference prices: an amount is set beside its quantity, asked about once, never refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.domain.prices import Price, outside, read

DOCUMENT = {
    "prices": [
        {"kind": "land", "unit_zh": "亩", "unit_en": "mu", "low": "200", "high": "60000"},
        {"kind": "vehicle", "unit_zh": "辆", "unit_en": "vehicle", "low": "500", "high": "400000"},
    ]
}
PRICES = read(DOCUMENT)


def _asset(kind: str = "land", quantity: Any = "10", current: Any = "30000.00") -> dict[str, Any]:
    return {"assets": [{"kind": kind, "note": "", "quantity": quantity, "current": current, "disposable": "0.00"}]}


@pytest.mark.parametrize(
    ("current", "asked"),
    [("2000.00", False), ("1999.99", True), ("600000.00", False), ("600000.01", True), ("0.00", False)],
)
def test_both_ends_of_the_range_are_usual(current: str, asked: bool) -> None:
    found = outside(_asset(current=current), PRICES)
    assert [(one.path, one.code, one.level) for one in found] == (
        [("assets.0.current", "price_unusual", "question")] if asked else []
    )


def test_the_question_names_the_price_and_the_unit() -> None:
    (found,) = outside(_asset(quantity="2", current="10"), PRICES)
    assert found.value == "5"
    assert found.name is not None
    assert found.name.label("zh") == "每亩 200–60,000 元"
    assert found.name.label("en") == "200–60,000 yuan a mu"


@pytest.mark.parametrize("quantity", [None, "", "0", "-3", "两亩"])
def test_without_a_quantity_nothing_is_asked(quantity: Any) -> None:
    assert outside(_asset(quantity=quantity, current="1"), PRICES) == []


def test_a_kind_without_a_price_and_a_path_asked_already_are_left_alone() -> None:
    assert outside(_asset("deposit", current="1"), PRICES) == []
    assert outside(_asset(current="1"), PRICES, {"assets.0.current"}) == []
    assert outside(_asset(current="1"), {}) == []


@given(st.decimals("0.01", "100000", places=2), st.decimals("0.01", "100000000", places=2))
def test_it_asks_exactly_when_the_worth_of_a_unit_lies_outside(quantity: Decimal, current: Decimal) -> None:
    price: Price = PRICES["vehicle"]
    found = outside(_asset("vehicle", str(quantity), str(current)), PRICES)
    assert bool(found) == (current < price.low * quantity or current > price.high * quantity)
