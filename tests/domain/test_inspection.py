"""What an auditor found against what the file says; quarters."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from reporting.domain.inspection import (
    BadRules,
    Class,
    Compared,
    Finding,
    Outcome,
    apart_shown,
    compare,
    deviation_words,
    is_deviation,
    read_rules,
)
from reporting.domain.quarters import Quarter

DOCUMENT = {
    "due_days": 20,
    "plan": {"confidence_pct": "95", "tolerable_pct": "5", "expected_pct": "1"},
    "fields": [
        {"code": "came"},
        {"code": "id_tail"},
        {"code": "members"},
        {"code": "land", "tolerance_pct": "10", "allowance": "0.5"},
        {"code": "gross_income", "tolerance_pct": "20"},
    ],
}
FILED = {"members": Decimal(4), "land": Decimal("8.0"), "gross_income": Decimal("50000.00")}
FOUND = {"came": True, "members": Decimal(4), "land": Decimal(8), "gross_income": Decimal(50000)}


def outcomes(found=None, filed=None, tail: bool | None = True, finding=Finding.MET) -> dict[str, Outcome]:
    compared = compare(
        read_rules(DOCUMENT),
        finding=finding,
        found=FOUND | (found or {}),
        filed=FILED | (filed or {}),
        tails_agree={"id_tail": tail},
    )
    return {one.code: one.outcome for one in compared}


def test_a_file_that_is_right_agrees_in_every_field() -> None:
    assert set(outcomes().values()) == {Outcome.AGREES}


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ("60000", Outcome.WITHIN),
        ("40000", Outcome.WITHIN),
        ("60000.01", Outcome.DEVIATES),
        ("39999.99", Outcome.DEVIATES),
        ("0", Outcome.DEVIATES),
    ],
)
def test_income_may_lie_a_fifth_apart_and_not_a_cent_more(found: str, outcome: Outcome) -> None:
    assert outcomes({"gross_income": Decimal(found)})["gross_income"] == outcome


def test_a_small_allowance_holds_where_a_share_would_be_nothing() -> None:
    assert outcomes({"land": Decimal("0.5")}, {"land": None})["land"] == Outcome.WITHIN
    assert outcomes({"land": Decimal("0.6")}, {"land": None})["land"] == Outcome.DEVIATES
    assert outcomes({"gross_income": Decimal(1)}, {"gross_income": Decimal(0)})["gross_income"] == Outcome.DEVIATES


def test_counts_tails_and_yes_are_right_or_wrong() -> None:
    assert outcomes({"members": Decimal(5)})["members"] == Outcome.DEVIATES
    assert outcomes({"came": False})["came"] == Outcome.DEVIATES
    assert outcomes(tail=False)["id_tail"] == Outcome.DEVIATES
    assert outcomes(tail=None)["id_tail"] == Outcome.NOT_COMPARABLE


def test_a_stranger_is_one_deviation_and_nothing_else_is_compared() -> None:
    compared = compare(read_rules(DOCUMENT), finding=Finding.STRANGER, found={}, filed={}, tails_agree={})
    assert [(one.code, one.outcome, one.field.group) for one in compared] == [
        ("existence", Outcome.DEVIATES, Class.TRUTH)
    ]
    assert is_deviation(compared)


def test_a_stored_comparison_reads_back_and_holds_no_tail() -> None:
    compared = compare(
        read_rules(DOCUMENT),
        finding=Finding.MET,
        found=FOUND | {"gross_income": Decimal(30000)},
        filed=FILED,
        tails_agree={"id_tail": False},
    )
    assert [Compared.stored(one.document()) for one in compared] == compared
    tail = next(one for one in compared if one.code == "id_tail").document()
    assert (tail["filed"], tail["found"]) == ("", "")


def test_deviations_in_words() -> None:
    income = Compared("gross_income", Outcome.DEVIATES, "50000", "30000", Fraction(2, 5), Fraction(1, 5))
    assert deviation_words(income, "zh-hans") == "家庭年收入相差 40 %，超过 20 %（档案 50,000 元，核实 30,000 元）"
    assert (
        deviation_words(income, "en")
        == "Yearly income differs by 40 %, above 20 % (file 50,000 yuan, found 30,000 yuan)"
    )
    members = Compared("members", Outcome.DEVIATES, "4", "5", Fraction(1, 4), Fraction(0))
    assert deviation_words(members, "zh-hans") == "家庭人口：档案 4 人，核实 5 人"
    assert deviation_words(Compared("came", Outcome.DEVIATES), "zh-hans") == "客户经理上门建档：否"
    assert deviation_words(Compared("id_tail", Outcome.DEVIATES), "zh-hans") == "户主身份证后四位不符"
    assert apart_shown(Fraction(2001, 10000)) == "20.1"


@pytest.mark.parametrize(
    "change",
    [
        {"due_days": 0},
        {"due_days": True},
        {"fields": []},
        {"fields": [{"code": "health"}]},
        {"fields": [{"code": "existence"}]},
        {"fields": [{"code": "members", "tolerance_pct": "5"}]},
        {"fields": [{"code": "land", "tolerance_pct": 10}]},
        {"fields": [{"code": "land", "tolerance_pct": "NaN"}]},
        {"fields": [{"code": "land"}, {"code": "land"}]},
        {"plan": {"confidence_pct": "95"}},
        {"more": 1},
    ],
)
def test_rules_that_are_not_understood_are_refused(change: dict) -> None:
    with pytest.raises(BadRules):
        read_rules(DOCUMENT | change)


def test_quarters() -> None:
    quarter = Quarter.containing(date(2026, 11, 21))
    assert (str(quarter), quarter.first_day, quarter.last_day) == ("2026Q4", date(2026, 10, 1), date(2026, 12, 31))
    assert str(Quarter(2026, 1).previous) == "2025Q4"
    assert Quarter.parse("2026Q1").label("zh-hans") == "2026 年第 1 季度"
    for text in ("2026Q5", "2026", "26Q1", ""):
        with pytest.raises(ValueError):
            Quarter.parse(text)
