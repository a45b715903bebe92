"""Ratios and ranks (Semantics, section 1; Domain, 12.4)."""

from decimal import Decimal

import pytest

from config.lib.ratios import NOTHING, Place, Ratio, Standing, ranked


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(292, 405, "72.10 %"), (292, 384, "76.04 %"), (12, 292, "4.11 %"), (12, 405, "2.96 %")],
)
def test_the_village_of_405_households(part, whole, shown):
    assert str(Ratio(part, whole)) == shown


def test_nothing_of_nothing_is_a_dash_not_zero():
    assert str(Ratio(0, 0)) == NOTHING == "—"
    assert Ratio(3, 0).value is None
    assert Ratio(3, 0).percent is None
    assert str(Ratio(0, 5)) == "0.00 %"


def test_halves_are_rounded_away_from_zero_from_the_exact_value():
    assert str(Ratio(1, 800)) == "0.13 %"  # 0.125
    assert str(Ratio(3, 800)) == "0.38 %"  # 0.375; binary or half-even rounding would differ
    assert Ratio(0, 8).points_since(Ratio(1, 800)) == Decimal("-0.13")
    assert str(Ratio(0, 9).points_since(Ratio(1, 100_000))) == "0.00"


def test_a_change_is_in_points_of_the_exact_values():
    assert Ratio(292, 405).points_since(Ratio(280, 405)) == Decimal("2.96")
    assert Ratio(280, 405).points_since(Ratio(292, 405)) == Decimal("-2.96")
    assert Ratio(1, 1).points_since(Ratio(0, 0)) is None
    assert Ratio(0, 0).points_since(Ratio(1, 1)) is None
    assert Ratio(1, 1).points_since(None) is None


def standing(key, part, whole, increment=0):
    return Standing(key=key, ratio=Ratio(part, whole), increment=increment)


def test_equal_ratio_and_increment_share_a_rank():
    places = ranked([standing("a", 1, 2), standing("b", 2, 4), standing("c", 1, 3)])
    assert {key: place.rank for key, place in places.items()} == {"a": 1, "b": 1, "c": 3}


def test_ties_go_to_the_increment_of_this_week():
    places = ranked([standing("a", 1, 2, 4), standing("b", 2, 4, 9), standing("c", 1, 2, 4)])
    assert {key: place.rank for key, place in places.items()} == {"b": 1, "a": 2, "c": 2}


def test_ranks_use_the_exact_ratio_not_the_shown_one():
    places = ranked([standing("a", 72_100, 100_000), standing("b", 72_101, 100_000)])
    assert str(Ratio(72_100, 100_000)) == str(Ratio(72_101, 100_000))
    assert places["b"].rank == 1
    assert places["a"].rank == 2


def test_change_of_rank_is_against_the_last_frozen_week():
    rows = [standing("a", 3, 4), standing("b", 2, 4), standing("c", 1, 4)]
    places = ranked(rows, {"a": 3, "b": 2, "c": None})
    assert places == {"a": Place(rank=1, rise=2), "b": Place(rank=2, rise=0), "c": Place(rank=3, rise=None)}


def test_a_row_without_a_denominator_has_no_rank():
    places = ranked([standing("a", 0, 0), standing("b", 0, 9)], {"a": 1, "b": 2})
    assert places == {"b": Place(rank=1, rise=1), "a": Place(rank=None, rise=None)}


def test_keys_are_unique():
    with pytest.raises(ValueError, match="share a key"):
        ranked([standing("a", 1, 2), standing("a", 1, 3)])
    assert ranked([]) == {}
