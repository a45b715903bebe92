"""The track of a slider: round, on the grid of its parameter, within what the model allows."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from credit.domain.model import Label, ValueType
from credit.domain.model.document import Parameter
from credit.domain.model.expression import Kind
from credit.domain.sliding import STEPS, Track, track

PLACES = {ValueType.INT: 0, ValueType.MONEY: 2, ValueType.RATIO: 8}


def parameter(value_type: ValueType, low: str | Decimal, high: str | Decimal) -> Parameter:
    kind = Kind("number", PLACES[value_type], Decimal(low), Decimal(high))
    return Parameter("base", Label("基数", "base"), value_type, kind, None, "county")


@pytest.mark.parametrize(
    ("value_type", "low", "high", "centre", "expected"),
    [
        (ValueType.MONEY, "100", "100000000", "40000", ("20000", "80000", "1000")),
        (ValueType.MONEY, "0", "1000000", "200000", ("100000", "400000", "5000")),
        (ValueType.MONEY, "30000", "50000", "40000", ("30000", "50000", "500")),
        (ValueType.RATIO, "0", "1", "0.6", ("0.3", "1", "0.02")),
        (ValueType.INT, "0", "3", "1", ("0", "3", "1")),
        (ValueType.MONEY, "0", "1000000", None, ("0", "1000000", "20000")),
        (ValueType.INT, "-100", "0", "-20", ("-40", "-10", "1")),
    ],
)
def test_a_track_lies_about_the_value(
    value_type: ValueType, low: str, high: str, centre: str | None, expected: tuple[str, str, str]
) -> None:
    found = track(parameter(value_type, low, high), None if centre is None else Decimal(centre))
    assert found == Track(*(Decimal(one) for one in expected))


def test_nothing_to_slide_between() -> None:
    assert track(parameter(ValueType.INT, "3", "3"), Decimal(3)) is None


@given(
    value_type=st.sampled_from(list(PLACES)),
    ends=st.tuples(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15)),
    part=st.none() | st.integers(0, 1000),
)
def test_every_stop_is_allowed_and_on_the_grid(value_type: ValueType, ends: tuple[int, int], part: int | None) -> None:
    low, high = sorted(Decimal(end).scaleb(-PLACES[value_type]) for end in ends)
    grid = Decimal(1).scaleb(-PLACES[value_type])
    centre = None if part is None else low + ((high - low) * part / 1000).quantize(grid)
    found = track(parameter(value_type, low, high), centre)
    assume(found is not None)
    assert found is not None
    assert low <= found.low < found.high <= high
    for value in (found.low, found.high, found.step):
        assert value % grid == 0
    steps = (found.high - found.low) / found.step
    assert steps == steps.to_integral_value()
    assert 1 <= steps <= STEPS + 2
    if centre:
        assert found.low - found.step <= centre <= found.high + found.step
