"""Sudden changes: the pure rule, its boundaries, and what documents say the thresholds."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.domain.guard import FIGURES, Limit, Limits, Revision, is_sudden, problems, read, sudden_changes

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
LIMIT = Limit(Decimal(30), Decimal(5000))
LIMITS = Limits(window_days=180, due_days=5, figures=dict.fromkeys(FIGURES, LIMIT))
AMOUNTS = st.decimals(Decimal(-1_000_000), Decimal(1_000_000), places=2)


def revision(key: int, days_ago: float, assets: Any, *proved: str) -> Revision:
    amounts = dict.fromkeys(FIGURES, Decimal(0)) | {"assets": Decimal(assets)}
    return Revision(key, NOW - timedelta(days=days_ago), amounts, frozenset(proved))


@pytest.mark.parametrize(
    ("before", "after", "sudden"),
    [
        ("100000", "130000", False),  # exactly the share passes
        ("100000", "130000.01", True),
        ("100000", "70000", False),
        ("100000", "69999.99", True),
        ("10000", "14999.99", False),  # half as much again, but below the floor
        ("10000", "15000", True),  # at the floor
        ("0", "4999.99", False),
        ("0", "5000", True),  # from nothing there is no share: the floor alone decides
        ("5000", "0", True),
        ("4999", "0", False),
        ("0", "0", False),
        ("-20000", "-14000", False),  # a loss counts by its size: 30 %
        ("-20000", "-26000.01", True),
        ("-3000", "3000", True),
    ],
)
def test_the_boundaries(before: str, after: str, sudden: bool) -> None:
    assert is_sudden(Decimal(before), Decimal(after), LIMIT) is sudden


@given(AMOUNTS, AMOUNTS)
def test_never_below_the_floor_and_never_within_the_share(before: Decimal, after: Decimal) -> None:
    change = abs(after - before)
    assert is_sudden(before, after, LIMIT) is (change >= 5000 and change > abs(before) * Decimal("0.3"))


@given(AMOUNTS, AMOUNTS, st.integers(0, 100))
def test_a_stricter_release_finds_no_less(before: Decimal, after: Decimal, percent: int) -> None:
    lax, strict = Limit(Decimal(percent + 1), Decimal(5000)), Limit(Decimal(percent), Decimal(4000))
    assert not is_sudden(before, after, lax) or is_sudden(before, after, strict)


@given(st.lists(st.tuples(st.integers(0, 400), AMOUNTS, st.booleans()), max_size=6), AMOUNTS)
def test_the_base_is_the_newest_that_is_too_far_and_none_behind_a_proof(
    history: list[tuple[int, Decimal, bool]], after: Decimal
) -> None:
    earlier = [
        revision(key, days, amount, *(["assets"] if proved else []))
        for key, (days, amount, proved) in enumerate(history, 1)
    ]
    found = sudden_changes(revision(99, 0, after), earlier, LIMITS)
    assert sudden_changes(revision(99, 0, after), list(reversed(earlier)), LIMITS) == found
    recent = sorted((one for one in earlier if one.at >= NOW - timedelta(days=180)), key=lambda one: (one.at, one.key))
    known = [place for place, one in enumerate(recent) if "assets" in one.proved]
    looked_at = recent[known[-1] if known else 0 :]
    far = [one.key for one in looked_at if is_sudden(one.amounts["assets"], after, LIMIT)]
    assert [change.base for change in found if change.figure == "assets"] == far[-1:]


def test_the_window_includes_its_last_day() -> None:
    now = revision(2, 0, 300000)
    assert sudden_changes(now, [revision(1, 180, 100000)], LIMITS)
    assert not sudden_changes(now, [revision(1, 180.001, 100000)], LIMITS)


def test_the_shipped_thresholds_can_be_released() -> None:
    shipped = json.loads(Path("customers/parameters/customers.json").read_text("utf-8"))
    (document,) = (one["document"] for one in shipped if one["kind"] == "change_guard")
    assert problems(document) == []
    limits = read(document)
    assert (limits.window_days, limits.figures["assets"].percent) == (180, Decimal(30))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"figures": 3}, [("", "shape")]),
        ({"window_days": 0}, [("window_days", "window")]),
        ({"due_working_days": "5"}, [("due_working_days", "due")]),
        ({"figures": {"cars": {"percent": 1, "floor": 1}}}, [("figures.cars", "figure")]),
        ({"figures": {"assets": {"percent": "x", "floor": True}}}, [("figures.assets.percent", "percent"), ("figures.assets.floor", "floor")]),
        ({"figures": {"assets": {"percent": -1, "floor": "NaN"}}}, [("figures.assets.percent", "percent"), ("figures.assets.floor", "floor")]),
    ],
)  # fmt: skip
def test_what_cannot_be_released(change: dict[str, Any], found: list[tuple[str, str]]) -> None:
    document = {"window_days": 180, "due_working_days": 5, "figures": {"assets": {"percent": 30, "floor": 5000}}}
    assert problems(document | change) == found
