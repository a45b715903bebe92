"""How figures, money, dates and personal numbers are written."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from django.utils import translation

from config.lib import display
from config.lib.ratios import Ratio
from config.lib.weeks import Week


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (12345, "12,345"),
        ("0", "0"),
        (-1234, "\u22121,234"),
        (Fraction(5, 2), "3"),
        (None, "—"),
        ("", "—"),
        ("abc", "—"),
        (Decimal("NaN"), "—"),
    ],
)
def test_numbers_are_grouped_and_missing_ones_are_a_dash(value: object, written: str) -> None:
    assert display.number(value) == written


@pytest.mark.parametrize(
    ("value", "yuan", "wan", "money"),
    [
        ("35000", "35,000 元", "3.50 万元", "3.50 万元"),
        (Decimal("980.50"), "980.50 元", "0.10 万元", "980.50 元"),
        (9999, "9,999 元", "1.00 万元", "9,999 元"),
        (Decimal(-15000), "\u221215,000 元", "\u22121.50 万元", "\u22121.50 万元"),
        (0, "0 元", "0.00 万元", "0 元"),
        (None, "—", "—", "—"),
    ],
)
def test_money_says_its_unit(value: object, yuan: str, wan: str, money: str) -> None:
    assert (display.yuan(value), display.wan(value), display.money(value)) == (yuan, wan, money)


def test_figures_for_columns_that_name_the_unit() -> None:
    assert display.yuan_figure("35000.5") == "35,000.50"
    assert display.wan_figure("1285000000") == "128,500.00"
    assert display.wan_figure(None) == display.yuan_figure(None) == "—"


def test_ratios_are_exact_half_up_and_absent_without_a_denominator() -> None:
    assert display.share(292, 405) == "72.10 %"
    assert display.share(292, 384) == "76.04 %"
    assert display.share(0, 0) == "—"
    assert display.ratio(Fraction(1, 80_000)) == "0.00 %"
    assert display.ratio(Fraction(5, 100_000)) == "0.01 %"
    assert display.ratio(Ratio(292, 405)) == "72.10 %"
    assert display.ratio(Ratio(1, 0)) == display.ratio(None) == "—"


def test_days_and_instants_in_business_time() -> None:
    late = datetime(2026, 11, 20, 17, 32, tzinfo=UTC)  # 01:32 of the next day in Shanghai
    assert display.day(late) == "2026-11-21 周六"
    assert display.moment(late) == "2026-11-21 周六 01:32"
    assert display.day_short(date(2026, 11, 21)) == "11-21 周六"
    assert display.day(None) == display.time_of_day(None) == "—"
    with translation.override("en"):
        assert display.day_short(date(2026, 11, 21)) == "21 Nov (Sat)"


@pytest.mark.parametrize(
    "value", [date(2026, 11, 21), datetime(2026, 11, 15, 16, 0, tzinfo=UTC), (2026, 47), "2026-W47", Week(2026, 47)]
)
def test_weeks_say_their_days(value: object) -> None:
    assert display.week(value) == "2026 年第 47 周（11-16 至 11-22）"
    assert display.week_short(value) == "第 47 周"


def test_text_that_is_no_week_stays() -> None:
    assert display.week("累计") == "累计"
    assert display.week(None) == "—"


@time_machine.travel(datetime(2026, 11, 21, 2, 0, tzinfo=UTC), tick=False)
def test_distance_in_days() -> None:
    written = [display.days_ago(date(2026, 11, at)) for at in (18, 20, 21, 22, 24)]
    assert written == ["3 天前", "昨天", "今天", "明天", "3 天后"]


def test_personal_numbers_never_show_their_last_four_id_characters() -> None:
    assert display.masked_id("37068519960312123X") == "370685 **** **** ****"
    assert display.masked_id("123") == "****"
    assert display.masked_phone("13800005678") == "138 **** 5678"
    assert display.masked_id("") == display.masked_phone(None) == "—"
