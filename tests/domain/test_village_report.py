"""The report of a village: every amount in one band, ratios with their denominators, agreement by the spread rule."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from config.lib.weeks import SHANGHAI
from credit.domain.village_report import (
    Village,
    agreement,
    banded,
    coverage,
    document_of,
    stage_times,
)

WAN = Decimal(10_000)
AMOUNTS = st.lists(st.integers(1, 400).map(lambda thousand: Decimal(thousand * 1000)), max_size=30)
LIMITS = st.lists(st.integers(1, 300).map(lambda thousand: Decimal(thousand * 1000)), unique=True, max_size=6).map(
    sorted
)


@given(AMOUNTS, LIMITS)
def test_every_amount_lies_in_exactly_one_band(amounts: list[Decimal], limits: list[Decimal]) -> None:
    bands = banded(amounts, limits)
    assert len(bands) == len(limits) + 1
    assert sum(band.households for band in bands) == len(amounts)
    assert sum(band.amount for band in bands) == sum(amounts)


def test_a_limit_belongs_to_the_band_below_it() -> None:
    found = banded([WAN, WAN + 1, 3 * WAN, 9 * WAN], [WAN, 3 * WAN])
    assert [(band.households, band.amount) for band in found] == [(1, WAN), (2, 4 * WAN + 1), (1, 9 * WAN)]


def test_agreement_counts_households_with_two_amounts() -> None:
    amounts = {
        1: [3 * WAN, 3 * WAN, 3 * WAN],  # one figure
        2: [2 * WAN, 4 * WAN],  # spread 2 of median 3
        3: [WAN, 2 * WAN, 9 * WAN],  # spread 8 of median 2: divided
        4: [5 * WAN],  # one amount says nothing about agreement
        5: [],
    }
    found = agreement(amounts, Decimal(100))
    assert (found.households, found.within, found.identical) == (3, 2, 1)
    assert found.spread == Fraction(2, 3)
    assert agreement({}, Decimal(100)).spread is None


def test_ratios_name_their_denominators_and_leave_out_what_nobody_counts() -> None:
    counts = {"roster": 10, "assessable": 8, "assessed": 0, "granted": 4}
    found = {(part, whole): str(ratio) for part, whole, ratio in coverage(counts)}
    assert found == {
        ("assessed", "assessable"): "0.00 %",
        ("granted", "roster"): "40.00 %",
        ("granted", "assessable"): "50.00 %",
        ("granted", "assessed"): "—",
    }


def test_stages_count_days_with_both_ends() -> None:
    friday = datetime(2026, 11, 20, 9, tzinfo=SHANGHAI)
    rows = [
        ("assess", friday + timedelta(days=3), friday + timedelta(days=4)),
        ("prepare", friday, friday + timedelta(days=3)),
    ]
    found = stage_times(rows, {})
    assert [(one.stage, one.days, one.working) for one in found] == [("prepare", 4, 2), ("assess", 2, 2)]


def test_a_document_is_plain_data_and_repeats() -> None:
    village = Village(
        facts={"village": "刘家村"},
        counts={"roster": 3, "blocked": 1, "assessable": 2, "assessed": 2, "granted": 1},
        blocked={"black": 1},
        standings={"granted": 1, "needs_file": 1},
        granted=[4 * WAN],
        bands=[WAN, 5 * WAN],
        amounts={1: [4 * WAN, 4 * WAN]},
        spread_limit_percent=Decimal(100),
        stages=(),
        notices={"notices": 1},
        follow_up={"needs_file": [7, 3], "away": []},
    )
    document = document_of(village)
    assert json.loads(json.dumps(document)) == document == document_of(village)
    assert (document["amount"], document["follow_up"]) == ("40000.00", {"needs_file": [3, 7]})
    assert [band["households"] for band in document["bands"]] == [0, 1, 0]
