"""Sheets beside the merge: agreement by published figures, leaning, the same figure throughout, always far; hints only with enough rows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.assessors import FEWEST, Sheet, alpha, reading

# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", example C: four observers, twelve units, values missing.
PUBLISHED = (
    (1, 1, 1), (2, 2, 3, 2), (3, 3, 3, 3), (3, 3, 3, 3), (2, 2, 2, 2), (1, 2, 3, 4), (4, 4, 4, 4), (1, 1, 2, 1), (2, 2, 2, 2),
    (5, 5, 5), (1, 1), (3,),
)  # fmt: skip


def test_agreement_is_the_published_figure():
    found = alpha(PUBLISHED)
    assert found is not None
    assert round(found, 3) == 0.849


@pytest.mark.parametrize("units", [[], [(3,)], [(2, 2), (2, 2, 2)]])
def test_nothing_to_compare_is_no_agreement_of_any_size(units):
    assert alpha(units) is None


def test_full_agreement_is_one_and_units_with_one_value_change_nothing():
    assert alpha([(1, 1), (5, 5), (9, 9)]) == pytest.approx(1)
    assert alpha([(1, 2), (5, 5)]) == alpha([(1, 2), (5, 5), (70_000,)])


@given(st.lists(st.lists(st.integers(1, 500), min_size=2, max_size=6), min_size=2, max_size=20), st.integers(1, 10_000))
def test_agreement_does_not_depend_on_the_unit_of_money(units, by):
    one, other = alpha(units), alpha([[value * by for value in values] for values in units])
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert other == pytest.approx(one, abs=1e-6)
        assert one <= 1


def flat(count: int, amount: int) -> dict[int, Decimal]:
    return dict.fromkeys(range(count), Decimal(amount))


def test_leaning_is_the_mean_signed_difference_in_yuan_and_in_per_cent():
    merged = {0: Decimal(20_000), 1: Decimal(40_000), 2: Decimal(10_000)}
    found = reading(Sheet({0: Decimal(30_000), 1: Decimal(30_000), 9: Decimal(1)}, unknown=1), merged)
    assert (found.amounts, found.compared) == (3, 2)
    assert (found.bias, found.bias_percent) == (
        Decimal("0.00"),
        Decimal("12.5"),
    )  # +10,000 and -10,000; +50 % and -25 %
    assert found.hints == ()


def test_hints_need_enough_rows():
    assert reading(Sheet(flat(FEWEST - 1, 90_000)), flat(FEWEST - 1, 30_000)).hints == ()
    found = reading(Sheet(flat(FEWEST, 90_000)), flat(FEWEST, 30_000))
    assert found.hints == ("identical", "far", "high")
    assert (found.far_percent, found.commonest_percent) == (Decimal("100.0"), Decimal("100.0"))
    assert reading(Sheet(flat(FEWEST, 30_000)), flat(FEWEST, 40_000)).hints == ("identical", "low")


def test_a_sheet_without_amounts_measures_nothing():
    found = reading(Sheet({}, unknown=40), flat(40, 10_000))
    assert (found.bias, found.bias_percent, found.far_percent, found.commonest_percent, found.hints) == (None,) * 4 + (
        (),
    )
