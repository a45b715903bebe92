"""Weeks, months and working days (Semantics, sections 2 and 9)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from config.lib.weeks import (
    SHANGHAI,
    Week,
    add_months,
    business_day,
    day_label,
    instant_label,
    is_working_day,
    last_weeks,
    month_deadline,
    weeks_between,
    working_day_on_or_before,
    working_days,
)

WEEK = Week(2026, 47)


def shanghai(*parts):
    return datetime(*parts, tzinfo=SHANGHAI)


def test_week_is_monday_to_next_monday_in_shanghai():
    assert WEEK.starts_at == shanghai(2026, 11, 16)
    assert WEEK.ends_at == shanghai(2026, 11, 23)
    assert (WEEK.first_day, WEEK.last_day) == (date(2026, 11, 16), date(2026, 11, 22))
    assert WEEK.days()[0] == WEEK.first_day
    assert WEEK.days()[-1] == WEEK.last_day
    assert Week.containing(shanghai(2026, 11, 16)) == WEEK
    assert Week.containing(shanghai(2026, 11, 23) - timedelta(microseconds=1)) == WEEK
    assert Week.containing(shanghai(2026, 11, 23)) == WEEK.next


def test_an_instant_counts_in_shanghai_wherever_it_was_written():
    assert Week.containing(datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == WEEK
    assert Week.containing(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == WEEK.next
    assert WEEK.includes(datetime(2026, 11, 15, 16, 0, tzinfo=UTC))
    assert not WEEK.includes(date(2026, 11, 23))
    with pytest.raises(ValueError, match="no time zone"):
        business_day(datetime(2026, 11, 22))  # noqa: DTZ001


def test_week_freezes_on_monday_at_six():
    assert WEEK.freezes_at == shanghai(2026, 11, 23, 6)
    assert not WEEK.is_freezable(shanghai(2026, 11, 23, 5, 59, 59))
    assert WEEK.is_freezable(shanghai(2026, 11, 23, 6))
    assert Week.last_to_freeze(shanghai(2026, 11, 23, 5, 59)) == WEEK.previous
    assert Week.last_to_freeze(shanghai(2026, 11, 23, 6)) == WEEK
    assert Week.last_to_freeze(shanghai(2026, 11, 29, 23)) == WEEK


def test_week_has_a_label_and_a_code():
    assert WEEK.label("zh-hans") == "2026 年第 47 周（11-16 至 11-22）"
    assert WEEK.label("en") == "Week 47 of 2026 (16 Nov to 22 Nov)"
    assert (WEEK.code, str(WEEK), Week.parse("2026-W47")) == ("2026-W47", "2026-W47", WEEK)
    for wrong in ("2026-47", "2026-W7", "26-W47", "2026-W+7", "２０２６-W47", "2025-W53", ""):
        with pytest.raises(ValueError):
            Week.parse(wrong)


def test_weeks_run_across_the_year():
    assert Week.containing(date(2027, 1, 1)) == Week(2026, 53)
    assert Week(2026, 53).next == Week(2027, 1)
    assert Week(2027, 1).previous == Week(2026, 53)
    assert Week(2026, 53) < Week(2027, 1)
    assert Week(2026, 53).label("zh") == "2026 年第 53 周（12-28 至 01-03）"
    assert list(weeks_between(Week(2026, 52), Week(2027, 1))) == [Week(2026, 52), Week(2026, 53), Week(2027, 1)]
    assert last_weeks(3, Week(2027, 1)) == (Week(2026, 52), Week(2026, 53), Week(2027, 1))
    assert list(weeks_between(Week(2027, 1), Week(2026, 52))) == []


def test_days_and_instants_have_labels():
    assert day_label(date(2026, 11, 21), "zh-hans") == "2026-11-21 周六"
    assert day_label(date(2026, 11, 21), "en") == "21 Nov 2026 (Sat)"
    assert instant_label(datetime(2026, 11, 22, 22, 0, tzinfo=UTC), "zh-hans") == "2026-11-23 06:00"
    assert instant_label(datetime(2026, 11, 22, 22, 0, tzinfo=UTC), "en") == "23 Nov 2026, 06:00"


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 3, 31), 3, date(2026, 6, 30)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 10), -1, date(2025, 12, 10)),
        (date(2026, 5, 6), 0, date(2026, 5, 6)),
    ],
)
def test_months_are_calendar_months_clipped_to_the_end(day, months, result):
    assert add_months(day, months) == result


def test_working_days_follow_the_published_calendar_make_up_days_included():
    assert not is_working_day(date(2026, 10, 1))
    assert is_working_day(date(2026, 10, 10))  # a Saturday worked in exchange
    assert not is_working_day(date(2026, 11, 21))


def test_an_unknown_year_falls_back_to_weekdays_and_the_banks_own_table_comes_first():
    assert is_working_day(date(2041, 10, 1))  # a Tuesday nobody has published yet
    assert not is_working_day(date(2041, 10, 5))
    assert not is_working_day(date(2041, 10, 1), {date(2041, 10, 1): False})
    assert is_working_day(date(2026, 11, 21), {date(2026, 11, 21): True})


def test_a_deadline_on_a_holiday_moves_to_the_previous_working_day():
    assert working_day_on_or_before(date(2026, 10, 5)) == date(2026, 9, 30)
    assert working_day_on_or_before(date(2026, 11, 20)) == date(2026, 11, 20)
    assert month_deadline(date(2026, 8, 31), 1) == date(2026, 9, 30)
    assert month_deadline(date(2026, 8, 22), 3) == date(2026, 11, 20)  # 22 November is a Sunday


def test_working_days_are_counted_with_both_ends():
    assert working_days(date(2026, 11, 16), date(2026, 11, 22)) == 5
    assert working_days(date(2026, 11, 21), date(2026, 11, 22)) == 0
    assert working_days(date(2026, 11, 22), date(2026, 11, 16)) == 0
