"""Two versions of a model, told in words: which band, formula, cap or refusal changed, from what to what."""

import copy
import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.domain.model import ModelDocumentError, read_model
from credit.domain.model.difference import differences
from tests.domain.model_documents import L, document, flag
from tests.domain.test_model_fuzz import ALL, mutated, places
from tests.domain.test_unseen_schemes import stepped, ticked

S1 = json.loads((Path(__file__).parents[2] / "credit" / "schemes" / "s1_hunan.json").read_text(encoding="utf-8"))


def told(before, after, language="zh-hans"):
    return [change.sentence(language) for change in differences(read_model(before), read_model(after), language)]


def item(raw, name):
    return next(one for one in raw["scorecard"]["items"] if one["name"] == name)


def changed(raw, change):
    raw = copy.deepcopy(raw)
    change(raw)
    return raw


@pytest.mark.parametrize(
    ("change", "chinese", "english"),
    [
        (
            lambda raw: item(raw, "income_points")["bands"]["rows"][0].update(value="14"),
            ["评分表：上年纯收入：将 高于 1.5 由 15 分 改为 14 分"],
            ["Scorecard: last year's net income: above 1.5 changed from 15 points to 14 points"],
        ),
        (
            lambda raw: raw["grade"]["levels"][0]["values"].update(v1="0.75"),
            ["等级：一级：将 财产系数 由 0.7 改为 0.75"],
            ["Grades: grade one: property coefficient changed from 0.7 to 0.75"],
        ),
        (
            lambda raw: raw["lines"][5].update(formula="shares * 0.3"),
            ["额度公式：股金部分：将 公式 由 信用社股金 × 0.2 改为 信用社股金 × 0.3"],
            ["Formulas of the line: shares: formula changed from shares in the credit cooperative × 0.2 to "
             "shares in the credit cooperative × 0.3"],
        ),
        (
            lambda raw: raw["vetoes"].pop(1) and raw["reasons"].pop(1),
            ["不予授信：删去 有违约记录但没有填写违约明细：履约情况 ＝ 有违约 且 违约次数 ＝ 0"],
            ["Refusals: removed a breach is recorded without its details: performance record = with breaches and "
             "number of breaches = 0"],
        ),
        (
            lambda raw: raw["vetoes"][0].update(when="score < 60"),
            ["不予授信：将 信用等级为四级，不授信 (条件) 由 信用等级 ＝ 四级 改为 总评得分 < 60"],
            None,
        ),
        (
            lambda raw: raw.update(caps=[{"name": "highest", "label": {"zh": "最高", "en": "highest"}, "formula": "50000"}]),
            ["上限：增加 最高：50000"],
            ["Caps: added highest: 50000"],
        ),
        (lambda raw: raw.update(rounding={"step": "1000"}), ["将 取整单位 由 无 改为 1,000 元"], None),
        (
            lambda raw: raw["inputs"][0].update(max="40"),
            ["取数：家庭人口：将 取值范围 由 1 至 50 改为 1 至 40"],
            ["Facts: people in the household: range changed from 1 to 50 to 1 to 40"],
        ),
        (
            lambda raw: raw["inputs"][5]["missing"].update(default="100"),
            ["取数：信用社股金：将 缺少时 由 按 0 元 计 改为 按 100 元 计"],
            None,
        ),
        (
            lambda raw: raw["parameters"][4].update(default="2"),
            ["参数：定性事项下调级数：将 默认值 由 1 改为 2"],
            None,
        ),
        (
            lambda raw: raw["derived"][9]["events"]["figures"][0]["bands"]["rows"][5].update(value="9"),
            ["中间量：违约扣分：违约时间值：将 高于 720 由 8 分 改为 9 分"],
            None,
        ),
        (
            lambda raw: item(raw, "judgement_points")["lookup"]["values"].update(good="16"),
            ["评分表：综合评价：将 较好 由 15 分 改为 16 分"],
            None,
        ),
        (lambda raw: raw["notes"].pop(), None, None),
        (
            lambda raw: raw["grade"]["levels"][0].update({"from": "88"}) or raw["grade"]["levels"][1].update(below="88"),
            ["等级：一级：将 分档 由 不低于 90 改为 不低于 88", "等级：二级：将 分档 由 不低于 75，且低于 90 改为 不低于 75，且低于 88"],
            None,
        ),
    ],
)  # fmt: skip
def test_a_change_of_s1_in_words(change, chinese, english):
    after = changed(S1, change)
    said = told(S1, after)
    assert len(said) == (len(chinese) if chinese else 1)
    if chinese:
        assert said == chinese
    in_english = told(S1, after, "en")
    assert not re.search(r"[一-鿿]", " ".join(in_english))
    if english:
        assert in_english == english


def test_bands_that_are_moved_are_removed_and_added():
    def move(raw):
        rows = item(raw, "income_points")["bands"]["rows"]
        rows[0]["above"] = rows[1]["upto"] = "1.6"

    assert told(S1, changed(S1, move)) == [
        "评分表：上年纯收入：删去 高于 1.5：15 分",
        "评分表：上年纯收入：删去 高于 1.2，且不超过 1.5：12 分",
        "评分表：上年纯收入：增加 高于 1.6：15 分",
        "评分表：上年纯收入：增加 高于 1.2，且不超过 1.6：12 分",
    ]


def test_steps_ticks_and_sections_in_words():
    steps = changed(stepped(), lambda raw: raw["scorecard"]["items"][1]["steps"].update(each="1.5"))
    assert told(stepped(), steps) == ["评分表：农机：将 每步 由 2 分 改为 1.5 分"]
    ticks = changed(ticked(), lambda raw: raw["derived"][1]["ticks"]["rows"][0].update(value="60000"))
    assert told(ticked(), ticks) == ["中间量：勾选合计：将 商品房 由 50,000 元 改为 60,000 元"]
    tenor = changed(ticked(), lambda raw: raw["tenor"]["max_age_at_maturity"].update(F="55"))
    assert told(ticked(), tenor) == [
        "中间量：到期年龄上限（岁）：将 公式 由 分情况(性别 ＝ M, 65, 60) 改为 分情况(性别 ＝ M, 65, 55)"
    ]
    capped = changed(ticked(), lambda raw: raw["modes"]["entries"][2].update(cap="20000"))
    assert len(told(ticked(), capped)) == 1
    rule = changed(
        S1, lambda raw: (item(raw, "shares_points").pop("bands"), item(raw, "shares_points").update(formula="4"))
    )
    assert told(S1, rule) == [
        "评分表：信用社股金：将 算法 由 不低于 10,000 元 4 分；不低于 1,000 元，且低于 10,000 元 3 分；低于 1,000 元 0 分 改为 4"
    ]


def test_remarks_flags_and_choices_in_words():
    before = document(inputs=[*document()["inputs"], flag("car")])
    after = document(
        inputs=[*document()["inputs"], flag("car")],
        reasons=[{"code": "drives", "label": {"zh": "有车", "en": "has a car"}}],
        remarks=[{"reason": "drives", "when": "car"}],
        unknown=[{"label": {"zh": "来源不明", "en": "source unknown"}}],
    )
    assert told(before, after) == ["增加 未知部分：来源不明", "提示：增加 有车：量"]
    assert told(after, before, "en") == ["removed Unknown parts: source unknown", "Remarks: removed has a car: figure"]
    wider = changed(S1, lambda raw: raw["inputs"][10]["choices"].append({"code": "new", "label": L}))
    assert told(S1, wider)[-1].startswith("取数：定性调整事项：增加 选项：")


def test_equal_models_differ_in_nothing():
    for raw in ALL:
        assert told(raw, copy.deepcopy(raw)) == []


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_changes_the_outcome_is_told(seed):
    """A number or formula that was altered never goes untold; order, sources and places of a text may."""
    chance = random.Random(seed)
    raw = chance.choice(ALL)
    numbers = [path for path in places(raw) if path[-1] in ("value", "formula", "when", "full", "min", "max", "step", "each",
               "at_most", "default", "start", "base", "cap", "longest", "annual_rate", "share", "at_least")]  # fmt: skip
    path = chance.choice(numbers)
    after = copy.deepcopy(raw)
    place = after
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    if not isinstance(old, str):
        return
    new = re.sub(r"[0-9]+", lambda found: str(int(found[0]) + 1), old, count=1)
    place[path[-1]] = new
    try:
        one, two = read_model(raw), read_model(after)
    except ModelDocumentError:
        return
    assert (new == old) == (differences(one, two) == [])
    assert (new == old) == (differences(one, two, "en") == [])


def test_any_two_models_can_be_compared():
    chance = random.Random(5)
    models = [read_model(raw) for raw in ALL]
    for before in models:
        for after in models:
            for language in ("zh-hans", "en"):
                for change in differences(before, after, language):
                    assert change.sentence(language)
    for _ in range(200):
        raw = chance.choice(ALL)
        try:
            after = read_model(mutated(raw, chance, "1"))
        except ModelDocumentError:
            continue
        differences(read_model(raw), after)
