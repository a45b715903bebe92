"""Slips beside the value last accepted: which are seen, and that honest changes are hardly ever taken for one."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.domain.slips import LEAST, slip, slips
from customers.domain.words import SENTENCES
from tests.forms import FARM

AMOUNT = st.integers(1_000, 9_999_999)


def asked(before: int | str, after: int | str) -> str | None:
    return slip(Decimal(before), Decimal(after))


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (152_300, 1_523_000, "digit_more"),
        (152_300, 1_152_300, "digit_more"),  # a digit doubled
        (152_300, 1_522_300, "digit_more"),
        (152_300, 15_230, "digit_less"),
        (152_300, 15_600, "digit_less"),
        (152_300, 125_300, "digits_swapped"),
        (152_300, 152_030, "digits_swapped"),  # exactly the former digits: asked however little it moves
        (152_300, 513_300, "digits_swapped"),  # near the former once exchanged
        (18_500, "1.85", "typed_in_wan"),
        (152_300, 152_300, None),
        (150_000, 300_000, None),
        (150_000, 75_000, None),
        (20_000, 24_000, None),  # who means 20,400 does not type 24,000
        (0, 200_000, None),
        (200_000, 0, None),
        (300, 3_000, "digit_more"),
        (90, 900, None),  # below what matters
    ],
)
def test_which_slip_would_explain_an_amount(before: int | str, after: int | str, code: str | None) -> None:
    assert asked(before, after) == code


@given(AMOUNT, st.integers(0, 6))
def test_every_swap_of_unlike_neighbours_is_seen(before: int, place: int) -> None:
    digits = str(before)
    place %= len(digits) - 1
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    if swapped != digits and swapped[0] != "0":
        assert asked(before, int(swapped)) is not None


@given(AMOUNT)
def test_a_zero_too_many_or_too_few_is_seen(before: int) -> None:
    assert asked(before, before * 10) == "digit_more"
    if before % 10 == 0:
        assert asked(before, before // 10) == "digit_less"


@given(AMOUNT, st.decimals("0.86", "1.14", places=3))
def test_what_moves_little_is_asked_only_where_its_digits_are_those_of_before(before: int, factor: Decimal) -> None:
    after = int(before * factor)
    code = asked(before, after)
    assert code is None or (code == "digits_swapped" and sorted(str(before)) == sorted(str(after)))


def test_honest_changes_of_a_size_that_occurs_are_asked_less_than_once_in_a_hundred() -> None:
    """Round amounts, as people say them, that grow or shrink by up to a factor of 2.5."""
    random = Random(3)
    tried = told = 0
    while tried < 20_000:
        step = random.choice((100, 500, 1_000, 5_000, 10_000))
        before = random.randint(1, 300) * step
        after = round(before * random.uniform(0.4, 2.5) / step) * step
        if before >= LEAST and after != before:
            tried += 1
            told += asked(before, after) is not None
    assert told / tried < 0.01


def test_a_document_is_asked_once_an_amount_and_not_where_it_was_answered() -> None:
    before = {
        "assets": [{"kind": "house", "current": "152300.00"}],
        "expenses": [{"kind": "living", "amount": "20000.00"}],
    }
    after = {
        "assets": [{"kind": "house", "current": "1523000.00"}],
        "expenses": [{"kind": "living", "amount": "2000.00"}],
    }
    found = slips(FARM, before, after)
    assert [(one.path, one.code, one.level) for one in found] == [
        ("assets.0.current", "digit_more", "question"),
        ("expenses.0.amount", "digit_less", "question"),
    ]
    assert [one.path for one in slips(FARM, before, after, {"assets.0.current"})] == ["expenses.0.amount"]
    assert all(one.code in SENTENCES for one in found)
