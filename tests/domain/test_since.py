"""Why a line moved, in sentences; what the lists say stays out of what is handed over."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.changes import Changes, FactChange, PartChange, compare
from credit.domain.handed import ENTRY, VETOED, for_customer
from credit.domain.model import Explanation, Label, ValueType, explain, read_model
from credit.domain.since import explain_changes
from tests.domain.test_schemes import S1, V2, V2_BASES


def _changes(**changes: Any) -> Changes:
    same = Changes(Decimal("20000.00"), Decimal("20000.00"), Decimal("0.00"), False, (), (), (), None, None)
    return replace(same, **changes)


def test_a_higher_line_names_its_parts_and_facts() -> None:
    shares = Label("信用社股金", "shares held")
    found = _changes(
        after=Decimal("21800.00"),
        change=Decimal("1800.00"),
        parts=(PartChange(Label("股金部分", "shares part"), Decimal(0), Decimal(1800), Decimal(1800)),),
        facts=(FactChange(shares, ValueType.MONEY, None, Decimal("9000.00")),),
        grade_before=Label("三级", "grade three"),
        grade_after=Label("二级", "grade two"),
    )

    assert explain_changes(found) == [
        "这次 21,800 元，上次 20,000 元，高 1,800 元。",
        "信用等级由三级变为二级。",
        "其中：股金部分增加 1,800 元。",
        "和上次不同的数据：信用社股金由 没有填写 变为 9,000 元。",
    ]
    english = explain_changes(found, "en")
    assert english[0].endswith("more.")
    assert "shares held from not filled in to" in english[-1]


def test_nothing_moved_and_nothing_to_compare() -> None:
    assert explain_changes(_changes()) == ["和上次一样，20,000 元。", "所用的数据和参数都没有变化。"]
    assert explain_changes(_changes(before=None, change=None))[0] == "两次中有一次没有额度，不能比较金额。"
    assert "another one" in explain_changes(_changes(is_other_model=True), "en")[1]


@given(count=st.integers(0, 12), down=st.booleans())
def test_however_much_changed_the_sentences_stay_short(count: int, down: bool) -> None:
    row = FactChange(Label("数据", "fact"), ValueType.INT, Decimal(1), Decimal(2))
    change = Decimal(-1000 if down else 1000)
    found = explain_changes(_changes(change=change, after=Decimal(20000) + change, facts=(row,) * count))

    named = found[-1].count("数据由")
    assert named == min(count, 5)
    assert ("等" in found[-1]) == (count > 5)
    assert ("低" in found[0]) == down


def _explained(finding: str | None) -> Explanation:
    return explain(S1, {**V2, "finding": finding}, V2_BASES)


@pytest.mark.parametrize("finding", ["gambling_drugs", "penalty"])
def test_what_a_list_says_stays_out_of_what_is_handed_over(finding: str) -> None:
    plain = _explained(finding)
    told = for_customer(plain, S1, {"finding"})

    label = next(entry.shown for entry in plain.inputs if entry.name == "finding")
    assert label is not None
    assert label.zh in str(plain.as_document())
    assert label.zh not in str(told.as_document())
    assert finding not in str(told.as_document())
    assert ENTRY in [entry.shown for entry in told.inputs]
    assert (told.line, told.score, told.grade) == (plain.line, plain.score, plain.grade)


def test_without_an_entry_nothing_is_hidden() -> None:
    plain = _explained(None)
    assert for_customer(plain, S1, {"finding"}) is plain


def test_two_entries_that_differ_are_no_change_to_the_customer() -> None:
    before, after = (for_customer(_explained(code), S1, {"finding"}) for code in ("gambling_drugs", "penalty"))
    assert compare(before, after).facts == ()


def test_a_veto_that_rests_on_a_list_says_no_more_than_that(tiny: dict[str, Any]) -> None:
    model = read_model(tiny)
    told = for_customer(explain(model, {"income": "10000.00", "finding": "bad"}), model, {"finding"})
    assert [reason.label for reason in told.reasons] == [VETOED]
    assert "吸毒" not in str(told.as_document())


@pytest.fixture
def tiny() -> dict[str, Any]:
    """A model whose line a finding on a list forbids."""

    def label(zh: str, en: str) -> dict[str, str]:
        return {"zh": zh, "en": en}

    return {
        "format": "gedang-model/1",
        "code": "T1",
        "title": label("小", "small"),
        "inputs": [
            {
                "name": "income",
                "label": label("收入", "income"),
                "type": "money",
                "min": "0",
                "max": "1000000",
                "missing": {"default": "0"},
            },
            {
                "name": "finding",
                "label": label("事项", "finding"),
                "type": "choice",
                "choices": [
                    {"code": "none", "label": label("无", "none")},
                    {"code": "bad", "label": label("坏", "bad")},
                ],
                "missing": {"default": "none"},
            },
        ],
        "reasons": [{"code": "drugs", "label": label("吸毒", "drugs")}],
        "derived": [
            {"name": "flag", "label": label("标记", "flag"), "type": "int", "formula": "if(finding == 'bad', 1, 0)"}
        ],
        "vetoes": [{"reason": "drugs", "when": "flag > 0"}],
        "lines": [{"name": "half", "label": label("部分", "part"), "formula": "income * 0.5"}],
        "combined": {"label": label("额度", "line"), "formula": "half"},
    }
