"""What may hang on a wall: masked names, a window of working days, rows that go when consent or line goes."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lib.weeks import is_working_day, working_days
from credit.domain.notices import (
    NoticeRules,
    Shows,
    days_left,
    fingerprint,
    last_day,
    masked_name,
    standing_rows,
)

SHIPPED = json.loads(Path("credit/parameters/notice_rules.json").read_text("utf-8"))
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("刘一", "刘*"),
        ("刘建国", "刘*国"),
        ("欧阳文华", "欧**华"),
        (" 刘 建 国 ", "刘*国"),
        ("买买提·阿不都", "买**"),
        ("Li Wei", "L**"),
        ("刘", "*"),
        ("", "*"),
    ],
)
def test_a_name_is_masked(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@given(st.text(HAN, min_size=1, max_size=8))
def test_never_more_than_two_characters_of_a_name_are_seen(name: str) -> None:
    shown = masked_name(name)
    assert "*" in shown
    assert len(shown.replace("*", "")) <= 2
    assert name == name[0] or shown != name


def test_a_window_of_working_days_begins_the_day_after_and_skips_holidays() -> None:
    # 2026-11-20 is a Friday; the bank itself closes on Monday the 23rd.
    closed = {date(2026, 11, 23): False}
    assert last_day(date(2026, 11, 20), 3, {}) == date(2026, 11, 25)
    assert last_day(date(2026, 11, 20), 3, closed) == date(2026, 11, 26)
    assert days_left(date(2026, 11, 20), date(2026, 11, 26), closed) == 4
    assert days_left(date(2026, 11, 26), date(2026, 11, 26), closed) == 1
    assert days_left(date(2026, 11, 27), date(2026, 11, 26), closed) == 0


@given(DAYS, st.integers(1, 30), st.sets(DAYS, max_size=10))
def test_the_window_holds_exactly_its_working_days(posted: date, days: int, closed: set[date]) -> None:
    changes = dict.fromkeys(closed, False)
    ends = last_day(posted, days, changes)
    assert working_days(posted + timedelta(days=1), ends, changes) == days
    assert is_working_day(ends, changes)


def test_a_row_goes_with_its_consent_and_with_its_line() -> None:
    rows = [("kept", 1, 11), ("took consent back", 2, 12), ("line withdrawn", 3, 13), ("decided anew", 4, 14)]
    assert standing_rows(rows, agreed={1, 3, 4}, granted={1: 11, 2: 12, 4: 24}) == ["kept"]


def test_the_fingerprint_of_a_paper_knows_its_rows_and_not_their_order() -> None:
    assert fingerprint([(1, 11), (2, 12)]) == fingerprint([(2, 12), (1, 11)])
    assert len({fingerprint([]), fingerprint([(1, 11)]), fingerprint([(1, 12)]), fingerprint([(1, 11), (2, 12)])}) == 4


def test_amounts_are_off_as_shipped_and_follow_the_consent_notice_where_they_are_on() -> None:
    rules = NoticeRules.from_document(SHIPPED)
    assert (rules.days, rules.shows) == (7, Shows.GRADE)
    assert not any(rules.shows_amount(version) for version in (None, 1, 99))
    on = NoticeRules.from_document({**SHIPPED, "amounts_from": 3})
    assert [on.shows_amount(version) for version in (None, 2, 3, 4)] == [False, False, True, True]
    assert rules.kind("grade") is not None
    assert rules.kind("nonsense") is None
