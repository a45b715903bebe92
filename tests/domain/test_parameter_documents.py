"""Parameter documents: what is wrong with one, how it reads, how two of them differ, how it is typed; for any document."""

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lib.parameters import form, reading
from config.lib.parameters.differences import differences
from config.lib.parameters.shape import (
    Chosen,
    Group,
    Items,
    Rows,
    Scalar,
    Value,
    document,
    faults,
    inferred,
)
from config.lib.tables import Words

ZH, EN = "zh-hans", "en"


def words(zh: str, en: str = "") -> Words:
    return Words(zh, en or zh)


SHAPE = document(
    Group(
        name="merge",
        label=words("合并", "Merging"),
        members=(
            Scalar(name="quorum", label=words("最少意见", "Fewest opinions"), value=Value.WHOLE, low=Decimal(1)),
            Scalar(
                name="spread",
                label=words("分歧上限", "Spread limit"),
                value=Value.DECIMAL,
                unit=words("%"),
                low=Decimal(0),
                is_above=True,
                high=Decimal(1000),
            ),
            Scalar(name="strict", label=words("从严", "Strict"), value=Value.FLAG),
            Scalar(
                name="upto", label=words("可批到", "Up to"), value=Value.DECIMAL, empty=words("不限", "without limit")
            ),
        ),
    ),
    Rows(
        name="reasons",
        label=words("原因", "Reason"),
        members=(
            Scalar(name="code", label=words("代码", "Code"), value=Value.CODE),
            Scalar(name="zh", label=words("中文", "Chinese"), longest=10),
            Scalar(name="en", label=words("英文", "English")),
            Chosen(
                name="colours",
                label=words("用于", "For"),
                choices=(("black", words("黑", "black")), ("grey", words("灰", "grey"))),
                is_optional=True,
            ),
        ),
    ),
    Items(
        name="paragraphs",
        label=words("段落", "Paragraph"),
        item=Scalar(name="", label=words("段"), value=Value.LONG, longest=1000),
    ),
    Scalar(name="below", label=words("落后线", "Behind below"), value=Value.SHARE, is_optional=True),
)
WHOLE: dict[str, Any] = {
    "merge": {"quorum": 3, "spread": "100", "strict": True, "upto": None},
    "reasons": [
        {"code": "debts", "zh": "欠债", "en": "debts", "colours": ["black"]},
        {"code": "absent", "zh": "外出", "en": "away"},
    ],
    "paragraphs": ["第一段", "第二段"],
    "below": "1/2",
}


def changed(**parts: Any) -> dict[str, Any]:
    return deepcopy(WHOLE) | parts


def sentences(after: Any, language: str = ZH, before: Any = WHOLE) -> list[str]:
    return [change.sentence(language) for change in differences(SHAPE, before, after, language)]


def places(value: Any) -> list[str]:
    return [problem.place for problem in faults(SHAPE, value)]


# --- What is wrong ----------------------------------------------------------------------------------------------------


def test_a_whole_document_has_no_faults() -> None:
    assert places(WHOLE) == []


def test_every_fault_is_found_at_once_with_its_place() -> None:
    wrong = changed(
        merge={"quorum": True, "spread": "0", "strict": "yes", "upto": "x"},
        reasons=[
            {"code": "Debts", "zh": "", "en": "d"},
            {"code": "a", "zh": "字" * 11, "en": "e"},
            {"code": "a", "zh": "z", "en": "e"},
        ],
        paragraphs=["", 4],
        below="3/2",
        more=1,
    )

    assert places(wrong) == [
        "more",
        "merge.quorum",
        "merge.spread",
        "merge.strict",
        "merge.upto",
        "reasons.0.code",
        "reasons.0.zh",
        "reasons.1.zh",
        "reasons.2.code",
        "paragraphs.0",
        "paragraphs.1",
        "below",
    ]


@pytest.mark.parametrize("value", [None, [], "text", 1, {"merge": [], "reasons": {}, "paragraphs": "x"}])
def test_what_is_no_document_has_faults_and_no_error(value: Any) -> None:
    assert places(value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=6), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["merge", "reasons", "code", "zh", "paragraphs", "below"]), inner, max_size=4), max_leaves=12))  # fmt: skip
def test_any_json_is_checked_read_and_compared_without_an_error(value: Any) -> None:
    list(faults(SHAPE, value))
    reading.readable(SHAPE, value, ZH)
    differences(SHAPE, WHOLE, value, ZH)
    differences(SHAPE, value, WHOLE, EN)
    form.fields(SHAPE, value, list(faults(SHAPE, value)), EN)
    shape = inferred([value, WHOLE], {})
    assert differences(shape, value, value, ZH) == []


# --- How it reads -----------------------------------------------------------------------------------------------------


def test_a_document_reads_as_values_tables_and_paragraphs() -> None:
    block = reading.readable(SHAPE, WHOLE, EN)

    assert block.blocks[0].values == [
        ("Fewest opinions", "3"),
        ("Spread limit", "100 %"),
        ("Strict", "Yes"),
        ("Up to", "without limit"),
    ]
    assert block.sheets[0].columns == ["Code", "Chinese", "English", "For"]
    assert block.sheets[0].rows == [["debts", "欠债", "debts", "black"], ["absent", "外出", "away", "—"]]
    assert block.paragraphs == [("Paragraph", ["第一段", "第二段"])]
    assert block.values == [("Behind below", "50 %")]


# --- How two differ ---------------------------------------------------------------------------------------------------


def test_no_difference_is_no_sentence() -> None:
    assert sentences(deepcopy(WHOLE)) == []


def test_a_changed_figure_is_told_with_its_unit_and_part() -> None:
    after = changed(merge={**WHOLE["merge"], "spread": "150", "upto": "50000"})

    assert sentences(after) == ["合并：将 分歧上限 由 100 % 改为 150 %", "合并：将 可批到 由 不限 改为 50,000"]
    assert sentences(after, EN) == [
        "Merging: Spread limit changed from 100 % to 150 %",
        "Merging: Up to changed from without limit to 50,000",
    ]


def test_records_are_matched_by_their_code_not_their_place() -> None:
    first, second = WHOLE["reasons"]
    after = changed(reasons=[{"code": "age", "zh": "年龄", "en": "age"}, second, {**first, "zh": "负债"}])

    assert sentences(after) == [
        "增加 原因 年龄（age）：中文 年龄、英文 age",
        "原因 欠债（debts）：将 中文 由 欠债 改为 负债",
        "调整 原因 的顺序",
    ]
    assert sentences(changed(reasons=[second])) == ["删去 原因 欠债（debts）"]


def test_a_paragraph_put_between_is_told_alone() -> None:
    assert sentences(changed(paragraphs=["第一段", "新的", "第二段"])) == ["增加 段落 2：新的"]
    assert sentences(changed(paragraphs=["第一段", "改了"])) == ["将 段落 2 由 第二段 改为 改了"]


def test_a_part_that_comes_or_goes_is_told() -> None:
    without = {name: value for name, value in WHOLE.items() if name != "below"}

    assert sentences(without) == ["删去 落后线：50 %"]
    assert sentences(WHOLE, before=without) == ["增加 落后线：50 %"]


def test_a_document_nobody_described_is_compared_by_what_it_shows() -> None:
    before = {"items": [{"code": "a", "full": "10"}, {"code": "b", "full": "5"}], "step": "1000"}
    after = {"items": [{"code": "b", "full": "6"}, {"code": "a", "full": "10"}], "step": "1000"}
    shape = inferred([before, after], {"items": words("评分项"), "full": words("满分")})

    said = [change.sentence(ZH) for change in differences(shape, before, after, ZH)]
    assert said == ["评分项 b：将 满分 由 5 改为 6", "调整 评分项 的顺序"]


# --- How it is typed --------------------------------------------------------------------------------------------------


def typed_again(value: dict[str, Any], shape: Group = SHAPE) -> dict[str, Any]:
    """Send the fields of a document as a browser does, unchanged."""
    sent: dict[str, list[str]] = {}

    def send(part: dict[str, Any]) -> None:
        match part["is"]:
            case "rows" | "items":
                sent[part["name"]] = [str(member["place"]) for member in part["members"]]
            case "chosen":
                sent[part["name"]] = [code for code, _label, is_on in part["choices"] if is_on]
            case "flag":
                sent[part["name"]] = ["on"] if part["value"] else []
            case "scalar" | "choice":
                sent[part["name"]] = [part["value"]]
        for member in part.get("members", ()):
            send(member)

    send(form.fields(shape, value, [], ZH))
    return form.typed(shape, sent)


def test_what_is_not_touched_comes_back_as_it_was() -> None:
    assert typed_again(WHOLE) == WHOLE


names = st.text("abcdefgh", min_size=1, max_size=8)
texts = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=10)


@given(
    st.fixed_dictionaries(
        {
            "merge": st.fixed_dictionaries(
                {
                    "quorum": st.integers(1, 20),
                    "spread": st.integers(1, 1000).map(str),
                    "strict": st.booleans(),
                    "upto": st.none() | st.integers(0, 10**9).map(str),
                }
            ),
            "reasons": st.lists(
                st.fixed_dictionaries(
                    {"code": names, "zh": texts, "en": texts}, optional={"colours": st.just(["grey"])}
                ),
                min_size=1,
                max_size=5,
                unique_by=lambda row: row["code"],
            ),
            "paragraphs": st.lists(texts, min_size=1, max_size=4),
        },
        optional={"below": st.fractions(0, 1, max_denominator=50).map(str)},
    )
)
def test_any_sound_document_is_typed_back_unchanged_and_differs_from_others_in_words(value: dict[str, Any]) -> None:
    assert list(faults(SHAPE, value)) == []
    assert typed_again(value) == value
    assert bool(differences(SHAPE, WHOLE, value, ZH)) == (value != WHOLE)
    assert form.parsed(form.as_text(value)) == value


def test_what_is_wrong_stays_as_typed_and_is_marked() -> None:
    sent = {
        "merge.quorum": ["三"],
        "merge.spread": ["１,５００"],
        "reasons": ["7", "2"],
        "reasons.2.zh": ["后"],
        "reasons.7.zh": ["先"],
    }
    value = form.typed(SHAPE, sent)

    assert value["merge"]["quorum"] == "三"
    assert value["merge"]["spread"] == "1500"
    assert [row["zh"] for row in value["reasons"]] == ["先", "后"]
    tree = form.fields(SHAPE, value, list(faults(SHAPE, value)), ZH)
    assert tree["members"][0]["members"][0]["errors"] == ["请填整数"]
    assert tree["members"][0]["members"][1]["errors"] == ["不能大于 1,000"]


def test_a_problem_without_a_field_stands_at_the_part_around_it() -> None:
    value = changed(merge={**WHOLE["merge"], "extra": 1})
    tree = form.fields(SHAPE, value, list(faults(SHAPE, value)), ZH)

    assert tree["members"][0]["errors"] == ["extra：没有“extra”这一项"]


@pytest.mark.parametrize(
    ("step", "codes"),
    [
        ("add:reasons", ["debts", "absent", None]),
        ("remove:reasons:0", ["absent"]),
        ("up:reasons:1", ["absent", "debts"]),
        ("up:reasons:0", ["debts", "absent"]),
        ("remove:reasons:9", ["debts", "absent"]),
        ("remove:nothing:0", ["debts", "absent"]),
        ("burn:reasons:0", ["debts", "absent"]),
    ],
)
def test_a_list_is_arranged_step_by_step(step: str, codes: list[str | None]) -> None:
    arranged = form.arranged(SHAPE, deepcopy(WHOLE), step)

    assert [row.get("code") for row in arranged["reasons"]] == codes


def test_a_list_within_a_part_is_found() -> None:
    shape = document(Group(name="zh", label=words("中文"), members=SHAPE.members[2:3]))

    assert form.arranged(shape, {}, "add:zh.paragraphs") == {"zh": {"paragraphs": [""]}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "第 1 行"),
        ('{"a": 1, "a": 2}', "写了两次"),
        ('{"a": 0.5}', "加引号"),
        ('{"a": NaN}', "加引号"),
        ('{"a": "\\u0000"}', "空字符"),
        ("[" * 100_000, "嵌套太深"),
        ('"' + "x" * form.MOST_TEXT + '"', "超过"),
    ],
)
def test_a_text_that_is_no_document_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(form.Unreadable) as refused:
        form.parsed(text)

    assert says in refused.value.words.zh


def test_a_document_is_text_and_back() -> None:
    assert form.parsed("\ufeff" + json.dumps(WHOLE)) == WHOLE
