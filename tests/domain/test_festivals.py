"""The shipped days of Spring Festivals are those the sun and the moon give (GB/T 33661-2017): months begin on the day of the new moon by
Beijing time; the winter solstice lies in the eleventh; where thirteen months lie between two solstices, the first without a major term
is a leap month. Meeus, Astronomical Algorithms, chapters 25 and 49: good to a minute or two, and none of these new moons lies nearer to
midnight than three."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from math import radians, sin
from pathlib import Path

import pytest

BEIJING = timezone(timedelta(hours=8))
EPOCH = datetime(2000, 1, 1, 12, tzinfo=UTC)
CLOSE = timedelta(minutes=3)
DYNAMICAL = timedelta(seconds=75)  # what the earth lags behind uniform time in these years, about
SHIPPED = next(
    one["document"]
    for one in json.loads(Path("customers/parameters/customers.json").read_text("utf-8"))
    if one["kind"] == "contact_plans"
)
# (coefficient in days, power of E, multiples of the sun's and the moon's anomaly, the moon's latitude and node)
TERMS = (
    (-0.40720, 0, 0, 1, 0, 0), (0.17241, 1, 1, 0, 0, 0), (0.01608, 0, 0, 2, 0, 0), (0.01039, 0, 0, 0, 2, 0),
    (0.00739, 1, -1, 1, 0, 0), (-0.00514, 1, 1, 1, 0, 0), (0.00208, 2, 2, 0, 0, 0), (-0.00111, 0, 0, 1, -2, 0),
    (-0.00057, 0, 0, 1, 2, 0), (0.00056, 1, 1, 2, 0, 0), (-0.00042, 0, 0, 3, 0, 0), (0.00042, 1, 1, 0, 2, 0),
    (0.00038, 1, 1, 0, -2, 0), (-0.00024, 1, -1, 2, 0, 0), (-0.00017, 0, 0, 0, 0, 1),
)  # fmt: skip


def new_moon(number: int) -> datetime:
    """The new moon so many months after that of 6 January 2000."""
    t = number / 1236.85
    days = 5.09766 + 29.530588861 * number + 0.00015437 * t * t
    e = 1 - 0.002516 * t - 0.0000074 * t * t
    sun = radians(2.5534 + 29.10535670 * number)
    moon = radians(201.5643 + 385.81693528 * number + 0.0107582 * t * t)
    latitude = radians(160.7108 + 390.67050284 * number - 0.0016118 * t * t)
    node = radians(124.7746 - 1.56375588 * number + 0.0020672 * t * t)
    for size, power, a, b, c, d in TERMS:
        days += size * e**power * sin(a * sun + b * moon + c * latitude + d * node)
    return EPOCH + timedelta(days=days) - DYNAMICAL


def longitude(at: datetime) -> float:
    """The apparent longitude of the sun in degrees."""
    t = (at + DYNAMICAL - EPOCH) / timedelta(days=36525)
    mean, anomaly = 280.46646 + 36000.76983 * t, radians(357.52911 + 35999.05029 * t)
    centre = (1.914602 - 0.004817 * t) * sin(anomaly) + 0.019993 * sin(2 * anomaly) + 0.000289 * sin(3 * anomaly)
    return (mean + centre - 0.00569 - 0.00478 * sin(radians(125.04 - 1934.136 * t))) % 360


def month_of_solstice(year: int) -> int:
    """The number of the new moon that begins the eleventh month of a year."""
    solstice = datetime(year, 12, 15, tzinfo=UTC)
    while longitude(solstice) < 270:
        solstice += timedelta(minutes=5)
    number = int((year - 2000) * 12.3685) + 14
    while first_day(number) > solstice.astimezone(BEIJING).date():
        number -= 1
    return number


def first_day(number: int) -> date:
    """The day of a new moon."""
    at = new_moon(number).astimezone(BEIJING)
    assert at.date() == (at - CLOSE).date() == (at + CLOSE).date(), "too near midnight to tell"
    return at.date()


def has_major_term(number: int) -> bool:
    """Whether the sun passes a multiple of 30 degrees in a month."""
    ends = [datetime.combine(first_day(one), time(), BEIJING) for one in (number, number + 1)]
    before, after = (int(longitude(at) // 30) for at in ends)
    return before != after


def spring_festival(year: int) -> date:
    """The first day of the first month."""
    eleventh = month_of_solstice(year - 1)
    has_leap = month_of_solstice(year) - eleventh == 13
    leap = next((one for one in range(1, 13) if not has_major_term(eleventh + one)), 13) if has_leap else 13
    return first_day(eleventh + (3 if leap <= 2 else 2))


@pytest.mark.parametrize("known", [date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17)], ids=str)
def test_the_reckoning_gives_the_festivals_the_state_council_published(known: date) -> None:
    assert spring_festival(known.year) == known


@pytest.mark.parametrize("shipped", [row["on"] for row in SHIPPED["festivals"]])
def test_the_shipped_festivals_are_those_of_the_calendar(shipped: str) -> None:
    on = date.fromisoformat(shipped)
    assert spring_festival(on.year) == on


def test_ten_years_ahead_are_shipped_without_a_gap() -> None:
    assert [date.fromisoformat(row["on"]).year for row in SHIPPED["festivals"]] == list(range(2027, 2037))
