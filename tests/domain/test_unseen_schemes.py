"""Three schemes of banks that nobody had in mind when the language was made, entered as documents and nothing else.

A review form of 25 items and 100 points, a scheme by steps, and a tick list with refusals, caps and ways in.
"""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.domain.explain import explain_model
from credit.domain.model import BoundModel, Status, evaluate, explain, read_model
from credit.domain.model.batch import compile_model
from tests.domain.households import Maker, bound_with, differences


def words(zh, en=None):
    return {"zh": zh, "en": en or f"{zh.encode().hex()}"}


def choice(name, zh, values):
    return {
        "name": name, "label": words(zh), "type": "choice", "from": "officer", "missing": {"reason": "unanswered"},
        "choices": [{"code": code, "label": words(code)} for code in values],
    }  # fmt: skip


def amount(name, zh, high="100000000", **said):
    return {
        "name": name,
        "label": words(zh),
        "type": "money",
        "min": "0",
        "max": high,
        "missing": {"default": "0"},
        **said,
    }


def whole(name, zh, high="1000", **said):
    return {
        "name": name,
        "label": words(zh),
        "type": "int",
        "min": "0",
        "max": high,
        "missing": {"default": "0"},
        **said,
    }


def yes(name, zh):
    return {"name": name, "label": words(zh), "type": "bool", "missing": {"default": "false"}}


# --- 25 items, 100 points (Domain, 3.7) -------------------------------------------------------------------------------

REVIEW = (
    ("婚姻", 2), ("年龄", 3), ("健康", 3), ("经营能力", 3), ("房屋", 3), ("耐用消费品", 4), ("农机具", 3), ("经营状况", 6),
    ("纯收入", 8), ("收支占比", 3), ("还款意愿", 5), ("本金逾期", 7), ("利息逾期", 6), ("存款往来", 5), ("职业", 3),
    ("家庭关系", 2), ("劳动力", 3), ("素质技能", 7), ("信誉", 3), ("声望", 4), ("社会关系", 4), ("生活习惯", 6), ("交通工具", 3),
    ("民间高息", 2), ("他行贷款", 2),
)  # fmt: skip
ANSWERED = {
    "年龄",
    "纯收入",
    "收支占比",
    "耐用消费品",
    "生活习惯",
    "劳动力",
}  # these are figured out; the others are answered


def review():
    """Most items are answered good, fair or poor; others are read off figures, ticked, stepped or deducted."""
    inputs = [
        *(choice(f"answer_{place}", zh, ("good", "fair", "poor")) for place, (zh, _) in enumerate(REVIEW) if zh not in ANSWERED),
        whole("age", "年龄", "120", **{"from": "members"}),
        amount("net_income", "纯收入", **{"from": "profile"}),
        amount("village_net_income", "全村纯收入中位数", **{"from": "village"}),
        amount("expenses", "支出", **{"from": "profile"}),
        whole("labour", "劳动力", "20", **{"from": "members"}),
        {"name": "goods", "label": words("耐用消费品"), "type": "flags", "missing": {"default": "empty"},
         "choices": [{"code": code, "label": words(code)} for code in ("tv", "fridge", "washer", "aircon", "solar")]},
        {"name": "habits", "label": words("不良习惯"), "type": "flags", "missing": {"default": "empty"},
         "choices": [{"code": code, "label": words(code)} for code in ("drinks", "gambles", "idle")]},
    ]  # fmt: skip
    full = dict(REVIEW)
    special = {
        "年龄": {"bands": {"of": "age", "rows": [
            {"below": "18", "value": "0"}, {"from": "18", "below": "25", "value": "2"}, {"from": "25", "upto": "55", "value": "3"},
            {"above": "55", "value": "1"}]}},
        "纯收入": {"ticks": {"base": "2", "at_most": "8", "rows": [
            {"when": "net_income >= village_net_income", "value": "4", "label": words("不低于全村")},
            {"when": "net_income >= 50000", "value": "3", "label": words("五万以上")}]}},
        "收支占比": {"bands": {"of": "spent", "rows": [
            {"upto": "0.5", "value": "3"}, {"above": "0.5", "upto": "0.8", "value": "1.5"}, {"above": "0.8", "value": "0"}]}},
        "耐用消费品": {"ticks": {"at_most": "4", "rows": [
            {"when": f"goods_{code}", "value": "1"} for code in ("tv", "fridge", "washer", "aircon", "solar")]}},
        "劳动力": {"steps": {"of": "labour", "start": "0", "step": "1", "each": "1", "at_most": "3"}},
        "生活习惯": {"ticks": {"base": "6", "at_least": "0", "rows": [
            {"when": "habits_drinks", "value": "-2", "reason": "drinks"},
            {"when": "habits_gambles", "value": "-6", "reason": "gambles"},
            {"when": "habits_idle", "value": "-3"}]}},
    }  # fmt: skip
    items = []
    for place, (zh, points) in enumerate(REVIEW):
        half = str(Decimal(points) / 2)
        rule = special.get(zh) or {
            "lookup": {"of": f"answer_{place}", "values": {"good": str(points), "fair": half, "poor": "0"}}
        }
        items.append({"name": f"item_{place}", "label": words(zh), "full": str(full[zh]), **rule})
    return {
        "format": "gedang-model/1", "code": "REVIEW25", "title": words("农户背靠背外部评审表", "External review, 25 items"),
        "inputs": inputs,
        "reasons": [{"code": code, "label": words(zh)} for code, zh in (
            ("unanswered", "没有评审"), ("drinks", "酗酒，扣 2 分"), ("gambles", "赌博，扣 6 分"), ("too_low", "得分不够"))],
        "derived": [{"name": "spent", "label": words("收支占比"), "type": "ratio", "formula": "div(expenses, net_income, 1)"}],
        "scorecard": {"score": {"name": "score", "label": words("总分")}, "items": items},
        "grade": {"name": "grade", "label": words("等级"), "of": "score",
                  "figures": [{"name": "highest", "label": words("额度"), "type": "money"}],
                  "levels": [{"code": "a", "label": words("甲"), "from": "85", "values": {"highest": "80000"}},
                             {"code": "b", "label": words("乙"), "from": "70", "below": "85", "values": {"highest": "50000"}},
                             {"code": "c", "label": words("丙"), "below": "70", "values": {"highest": "0"}}]},
        "vetoes": [{"reason": "too_low", "when": "grade == 'c'"}],
        "lines": [{"name": "by_grade", "label": words("等级额度"), "formula": "highest"}],
        "combined": {"label": words("测算额度"), "formula": "by_grade"},
    }  # fmt: skip


BEST = {
    **{f"answer_{place}": "good" for place, (zh, _) in enumerate(REVIEW) if zh not in ANSWERED},
    "age": 40, "net_income": 60_000, "village_net_income": 30_000, "expenses": 20_000, "labour": 4,
    "goods": ["tv", "fridge", "washer", "aircon", "solar"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "score", "grade", "remarks"),
    [
        ({}, "100", "a", []),
        ({"age": 18}, "99", "a", []),
        ({"goods": ["tv"]}, "97", "a", []),
        ({"labour": 1}, "98", "a", []),
        ({"net_income": 30_000}, "96.5", "a", []),  # 6 of 8, and 20,000 of 30,000 spent gives 1.5 of 3
        ({"net_income": 29_999}, "92.5", "a", []),
        ({"habits": ["drinks"]}, "98", "a", ["drinks"]),
        ({"habits": ["drinks", "gambles", "idle"]}, "94", "a", ["drinks", "gambles"]),
        ({"answer_11": "poor", "answer_12": "poor", "answer_17": "fair"}, "83.5", "b", []),
    ],
)
def test_25_items(facts, score, grade, remarks):
    model = read_model(json.dumps(review()))
    assert sum(item.full for item in model.items) == 100
    assert model.warnings == ()
    result = evaluate(model, {**BEST, **facts})
    assert (result.score, result.grade) == (Decimal(score), grade)
    assert [remark.code for remark in result.remarks] == remarks
    assert result.line == {"a": 80_000, "b": 50_000}[grade]


def test_25_items_unanswered():
    result = evaluate(read_model(review()), {**BEST, "answer_0": None, "answer_24": None})
    assert [(reason.code, reason.input) for reason in result.reasons] == [
        ("unanswered", "answer_0"), ("unanswered", "answer_24"),
    ]  # fmt: skip


# --- by steps -----------------------------------------------------------------------------------------------------------


def stepped():
    """A large grower: points by mu, machines, years and deposits; 800 yuan a point, less 1,000 for each 10,000 owed."""

    def by(of, start, step, each, at_most, **said):
        return {"steps": {"of": of, "start": start, "step": step, "each": each, "at_most": at_most, **said}}

    mu = {
        "name": "mu",
        "label": words("亩数"),
        "type": "ratio",
        "min": "0",
        "max": "100000",
        "missing": {"reason": "no_mu"},
    }
    return {
        "format": "gedang-model/1", "code": "GROWER", "title": words("种植大户分步测算", "Large growers by steps"),
        "inputs": [mu, whole("machines", "农机台数"), whole("years", "种植年限", "80"), amount("deposits", "存款"),
                   amount("debts", "负债"), whole("months_late", "最长逾期月数", "600")],
        "reasons": [{"code": "no_mu", "label": words("没有填写亩数")}, {"code": "late", "label": words("逾期超过一年")},
                    {"code": "at_cap", "label": words("恰好达到上限")}],
        "derived": [
            {"name": "yearly", "label": words("亩均"), "type": "points", **by("mu", "5", "5", "1", "5", base="2")},
        ],
        "scorecard": {
            "score": {"name": "score", "label": words("得分"), "at_least": "0"},
            "items": [
                {"name": "land", "label": words("土地"), "full": "7", "formula": "yearly"},
                {"name": "machinery", "label": words("农机"), "full": "6", **by("machines", "0", "1", "2", "6")},
                {"name": "experience", "label": words("年限"), "full": "5", **by("years", "2", "3", "1", "5", started=True)},
                {"name": "savings", "label": words("存款"), "full": "10", **by("deposits", "0", "10000", "0.5", "10")},
                {"name": "lateness", "label": words("逾期"), "full": "0", **by("months_late", "0", "1", "-1.5", "12")},
            ],
        },
        "vetoes": [{"reason": "late", "when": "months_late > 12"}],
        "remarks": [{"reason": "at_cap", "when": "combined >= highest"}],
        "lines": [
            {"name": "by_points", "label": words("按分"), "part": True, "formula": "score * 800"},
            {"name": "owed", "label": words("负债扣减"), "part": True, **by("debts", "0", "10000", "-1000", "8000")},
            {"name": "line_of_points", "label": words("分步额度"), "formula": "by_points + owed"},
        ],
        "combined": {"label": words("测算额度"), "by": "max", "of": [{"line": "line_of_points"}]},
        "caps": [{"name": "highest", "label": words("上限"), "formula": "15000"}],
        "rounding": {"step": "500"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "score", "line"),
    [
        ({"mu": 5}, "2", 1_500),  # 1,600 rounded down to 500
        ({"mu": "9.99"}, "2", 1_500),
        ({"mu": 10}, "3", 2_000),
        ({"mu": 30}, "7", 5_500),
        ({"mu": 3000, "machines": 2}, "11", 8_500),
        ({"mu": 30, "machines": 9, "years": 2}, "13", 10_000),
        ({"mu": 30, "machines": 9, "years": 3}, "14", 11_000),  # a step begun counts
        ({"mu": 30, "machines": 9, "years": 5}, "14", 11_000),
        ({"mu": 30, "machines": 9, "years": 6}, "15", 12_000),
        ({"mu": 30, "machines": 9, "deposits": "29999.99"}, "14", 11_000),
        ({"mu": 30, "machines": 9, "deposits": 30_000, "debts": 45_000}, "14.5", 7_500),  # 11,600 - 4,000
        ({"mu": 30, "machines": 9, "months_late": 3}, "8.5", 6_500),
        ({"mu": 5, "months_late": 12}, "0", 0),
        ({"mu": 30, "machines": 9, "deposits": 900_000}, "23", 15_000),
    ],
)
def test_steps(facts, score, line):
    model = read_model(json.dumps(stepped()))
    assert model.warnings == ()
    result = evaluate(model, facts)
    assert (result.score, result.line) == (Decimal(score), line)
    assert [remark.code for remark in result.remarks] == (["at_cap"] if line == 15_000 else [])


def test_steps_are_explained_and_refused():
    model = read_model(stepped())
    assert [reason.code for reason in evaluate(model, {"mu": 30, "months_late": 13}).reasons] == ["late"]
    shown = explain_model(explain(model, {"mu": 17, "debts": 25_000}))
    waterfall = next(table for table in shown.tables if table.code == "waterfall").rows
    assert [row[1:] for row in waterfall[:2]] == [("+3,200", "3,200 元"), ("-2,000", "1,200 元")]


# --- ticks, refusals, caps, ways in ---------------------------------------------------------------------------------------

REFUSALS = (
    "违纪违法",
    "游手好闲",
    "五保低保",
    "家庭暴力",
    "赌博吸毒",
    "丧失劳动能力",
    "非法集资",
    "强制执行",
    "不良担保",
)


def ticked():
    """Xintian's refusals, a tick list worth money, debts above 60 % refused, caps by the way in, tenor and repayment."""
    worth = (("商品房", "50000"), ("门面", "80000"), ("汽车", "20000"), ("茶园", "15000"), ("公职人员", "60000"))
    sexes = [{"code": code, "label": words(code)} for code in ("M", "F")]
    return {
        "format": "gedang-model/1", "code": "TICKS", "title": words("勾选加总授信", "Line by a tick list"),
        "parameters": [
            {"name": "online_cap", "label": words("线上上限"), "type": "money", "min": "0", "max": "1000000", "default": "200000"},
            {"name": "combined_cap", "label": words("合计上限"), "type": "money", "min": "0", "max": "1000000", "default": "300000"},
            {"name": "village_cap", "label": words("村上限"), "type": "money", "min": "0", "max": "1000000", "scope": "village"},
        ],
        "inputs": [
            *(yes(f"has_{place}", zh) for place, (zh, _) in enumerate(worth)),
            {"name": "refusals", "label": words("不予授信情形"), "type": "flags", "missing": {"default": "empty"},
             "choices": [{"code": f"r{place}", "label": words(zh)} for place, zh in enumerate(REFUSALS)]},
            amount("assets", "总资产"), amount("debts", "负债"), amount("net_income", "纯收入"), amount("paid", "已有月供合计"),
            whole("age", "年龄", "120"), whole("wanted", "申请月数", "120"),
            {"name": "sex", "label": words("性别"), "type": "choice", "choices": sexes, "missing": {"default": "M"}},
        ],
        "reasons": [*({"code": f"r{place}", "label": words(zh)} for place, zh in enumerate(REFUSALS)),
                    {"code": "indebted", "label": words("资产负债率超过 60%")},
                    {"code": "young", "label": words("不满 18 周岁")}, {"code": "old", "label": words("到期超龄")}],
        "derived": [
            {"name": "debt_ratio", "label": words("资产负债率"), "type": "ratio", "formula": "div(debts, assets, 0)"},
            {"name": "worth", "label": words("勾选合计"), "type": "money", "ticks": {"at_most": "200000", "rows": [
                {"when": f"has_{place}", "value": value} for place, (_, value) in enumerate(worth)]}},
        ],
        "vetoes": [*({"reason": f"r{place}", "when": f"refusals_r{place}"} for place in range(len(REFUSALS))),
                   {"reason": "indebted", "when": "debt_ratio > 0.6"}],
        "tenor": {"name": "months", "label": words("期限"), "asked": "wanted", "longest": "60", "shortest": "3", "age": "age",
                  "sex": "sex", "min_age": "18", "max_age_at_maturity": {"M": "65", "F": "60"}, "beyond": "shorten",
                  "reasons": {"young": "young", "old": "old"}},
        "repayment": {"name": "affordable", "label": words("还款能力"), "of": "net_income", "share": "0.5", "already": "paid",
                      "annual_rate": "0.06", "months": "months"},
        "modes": {"name": "mode", "label": words("进件方式"), "missing": {"default": "online"},
                  "entries": [{"code": "online", "label": words("线上"), "cap": "online_cap"},
                              {"code": "offline", "label": words("线下审批"), "cap": "combined_cap"},
                              {"code": "small", "label": words("小额信用"), "cap": "30000"}],
                  "cap": {"name": "mode_cap", "label": words("产品上限")}},
        "lines": [{"name": "goods", "label": words("勾选额度"), "formula": "worth"},
                  {"name": "income_line", "label": words("收入额度"), "formula": "net_income * 2"}],
        "combined": {"label": words("测算额度"), "by": "sum", "of": [{"line": "goods"}, {"line": "income_line"}]},
        "caps": [{"name": "village", "label": words("村上限"), "formula": "village_cap"}],
        "rounding": {"step": "1000"},
    }  # fmt: skip


HOUSE = {"has_0": True, "has_2": True, "assets": 500_000, "net_income": 60_000, "age": 40, "wanted": 36}


@pytest.mark.parametrize(
    ("facts", "line", "caps", "reasons"),
    [
        ({}, 82_000, ["affordable"], []),  # 30,000 a year, 2,500 a month, x 32.87101624 = 82,177.54
        ({"net_income": 400_000}, 200_000, ["mode_cap"], []),
        ({"net_income": 400_000, "mode": "offline"}, 250_000, ["village"], []),
        ({"mode": "small"}, 30_000, ["mode_cap"], []),
        ({"net_income": 10_000}, 13_000, ["affordable"], []),
        ({"paid": 30_000}, 0, ["affordable"], ["zero_line"]),
        ({"wanted": 120, "net_income": 30_000}, 64_000, ["affordable"], []),  # sixty months: 1,250 x 51.72556075
        ({"age": 64, "wanted": 36}, 29_000, ["affordable"], []),  # twelve months are left: 2,500 x 11.61893207
        ({"age": 65}, 0, ["affordable"], ["old"]),
        ({"age": 58, "sex": "F", "wanted": 24}, 56_000, ["affordable"], []),
        ({"age": 17}, 0, ["affordable"], ["young"]),
        ({"debts": 300_000}, 82_000, ["affordable"], []),  # exactly 60 %
        ({"debts": "300000.01"}, 0, ["affordable"], ["indebted"]),
        ({"refusals": ["r4", "r0"]}, 0, ["affordable"], ["r0", "r4"]),
    ],
)
def test_tick_list(facts, line, caps, reasons):
    model = read_model(json.dumps(ticked()))
    assert model.warnings == ()
    result = evaluate(model, {**HOUSE, **facts}, {"village_cap": 250_000})
    assert (result.line, list(result.binding_caps)) == (line, caps)
    assert [reason.code for reason in result.reasons] == reasons


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "has_1": st.booleans(), "has_3": st.booleans(), "assets": st.integers(0, 10**8), "debts": st.integers(0, 10**8),
            "net_income": st.integers(0, 10**8), "paid": st.integers(0, 10**8), "age": st.integers(0, 120),
            "wanted": st.integers(0, 120), "sex": st.sampled_from("MF"), "mode": st.sampled_from(["online", "offline", "small"]),
            "refusals": st.lists(st.sampled_from([f"r{place}" for place in range(9)]), unique=True),
        }
    )
)  # fmt: skip
def test_whatever_is_entered_ends_with_a_line_or_its_reasons(facts):
    bound = BoundModel(read_model(ticked()), {"village_cap": 250_000})
    result = bound.evaluate(facts)
    assert result.status in (Status.LINE, Status.REFUSED)
    assert 0 <= result.line <= 250_000
    assert result.line % 1000 == 0
    assert bool(result.reasons) == (result.line == 0)


@pytest.mark.parametrize("raw", [review(), stepped(), ticked()], ids=lambda raw: raw["code"])
def test_both_evaluators_agree_on_schemes_nobody_had_in_mind(raw):
    bound = bound_with(read_model(raw))
    facts = Maker(bound, 11).columns(1_000)
    assert differences(bound, compile_model(bound).evaluate(facts, 1_000), facts) == []
