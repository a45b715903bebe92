"""The published schemes S1 (Hunan) and S6 (grade base + assets + income): golden vectors, edges, words."""

import copy
import json
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.lib.money import wan
from credit.domain import bounds, decisions, merging
from credit.domain.explain import band_text, explain_model
from credit.domain.model import BoundModel, Reason, Status, evaluate, explain, read_model
from credit.domain.model.schema import json_schema
from credit.domain.opinions import Opinion
from credit.domain.wording import SENTENCES, explain_step, explain_steps

SCHEMES = Path(__file__).parents[2] / "credit" / "schemes"
S1_TEXT = (SCHEMES / "s1_hunan.json").read_text(encoding="utf-8")
S1 = read_model(S1_TEXT)
S6 = read_model((SCHEMES / "s6_grade_asset_income.json").read_text(encoding="utf-8"))

ONE = dict.fromkeys(("base_assets", "base_net_assets", "base_realisable", "base_income"), "10000")
V2_BASES = {
    "base_assets": wan("20"),
    "base_net_assets": wan("15"),
    "base_realisable": wan("8"),
    "base_income": wan("4"),
}

V1 = {
    "persons": 2, "labour": 0, "total_assets": wan("0.1"), "net_assets": 0, "realisable_assets": 0, "shares": 0,
    "net_income": wan("0.5"), "record": "normal", "judgement": "excellent",
}  # fmt: skip
V2 = {
    "persons": 3, "labour": 2, "total_assets": wan("30"), "net_assets": wan("25"), "realisable_assets": wan("10"),
    "shares": wan("0.5"), "net_income": wan("6"), "record": "normal", "judgement": "excellent",
}  # fmt: skip


def s1(facts=V2, bases=V2_BASES, **changes):
    return BoundModel(S1, bases).evaluate({**facts, **changes})


@pytest.mark.parametrize("model", [S1, S6])
def test_the_shipped_documents_are_clean(model):
    assert model.warnings == ()
    for label in (model.title, *model.notes, *model.reasons.values()):
        assert label.zh != label.en
        assert not re.search(r"[一-鿿]", label.en)


@pytest.mark.parametrize("path", sorted(SCHEMES.glob("*.json")))
def test_the_shipped_documents_fit_the_published_schema(path):
    jsonschema.Draft202012Validator(json_schema()).validate(json.loads(path.read_text(encoding="utf-8")))


# --- golden vectors -----------------------------------------------------------------------------------------------


def test_v1_scores_54_and_is_grade_four():
    result = s1(V1, ONE)
    points = [result.values[item.name] for item in S1.items]
    assert points == [8, 4, 5, 0, 2, 0, 5, 10, 20]
    assert (result.score, result.grade) == (54, "level4")
    assert (result.status, result.line, result.reasons) == (Status.REFUSED, 0, (Reason("grade_four"),))


def test_v1_with_the_coefficients_of_grade_two():
    """The paper sheet's sample lines: 0.62 and 0.24 (万元)."""
    raw = json.loads(S1_TEXT)
    levels = raw["grade"]["levels"]
    levels[1]["from"], levels[2]["below"], levels[2]["from"], levels[3]["below"] = "54", "54", "50", "50"
    result = evaluate(read_model(raw), V1, ONE)
    assert result.grade == "level2"
    assert (result.values["total_line"], result.line) == (wan("0.62"), wan("0.24"))


@pytest.mark.parametrize(
    ("judgement", "record", "grade", "total", "small"),
    [
        ("excellent", "normal", "level1", "191666.67", "25125"),  # 19.1667 / 2.5125 万元
        ("good", "normal", "level2", "166000", "22650"),  # 16.6 / 2.265
        ("poor", "normal", "level3", "140333.33", "20175"),  # 14.0333 / 2.0175
    ],
)
def test_v2(judgement, record, grade, total, small):
    result = s1(judgement=judgement, record=record)
    assert result.grade == grade
    assert result.values["total_line"] == Decimal(total)
    assert result.line == result.values["small_credit"] == Decimal(small)
    assert result.status is Status.LINE
    assert result.reasons == ()


# --- S1: edges ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "item", "points"),
    [
        ({"persons": 1}, "persons_points", 3),
        ({"persons": 2}, "persons_points", 8),
        ({"persons": 3}, "persons_points", 10),
        ({"persons": 7, "labour": 2}, "labour_points", 4),
        ({"persons": 3, "labour": 1}, "labour_points", 8),
        ({"persons": 3, "labour": 2}, "labour_points", 8),
        ({"persons": 4, "labour": 3}, "labour_points", 10),
        # the value on the paper's missing edge goes to the lower band
        ({"total_assets": wan("16")}, "assets_points", 5),
        ({"total_assets": wan("16") + Decimal("0.01")}, "assets_points", 9),
        ({"total_assets": wan("24")}, "assets_points", 9),
        ({"total_assets": wan("30")}, "assets_points", 11),
        ({"total_assets": wan("30") + Decimal("0.01")}, "assets_points", 13),
        ({"realisable_assets": wan("7.2")}, "realisable_points", 2),
        ({"realisable_assets": wan("7.2") + Decimal("0.01")}, "realisable_points", 3),
        ({"net_income": wan("3.6")}, "income_points", 5),
        ({"net_income": wan("3.6") + Decimal("0.01")}, "income_points", 9),
        ({"net_income": wan("6")}, "income_points", 12),
        ({"net_income": wan("-1")}, "income_points", 5),
        # net assets: an edge belongs to the better band, nothing or less scores 0
        ({"net_assets": 0}, "net_assets_points", 0),
        ({"net_assets": wan("-1")}, "net_assets_points", 0),
        ({"net_assets": Decimal("0.01")}, "net_assets_points", 5),
        ({"total_assets": wan("15"), "net_assets": wan("7.5")}, "net_assets_points", 8),
        ({"total_assets": wan("15"), "net_assets": wan("13.5")}, "net_assets_points", 13),
        ({"total_assets": 0, "net_assets": 0}, "net_assets_points", 0),
        # shares: the paper is silent between 0 and 1,000 yuan
        ({"shares": 0}, "shares_points", 0),
        ({"shares": Decimal("999.99")}, "shares_points", 0),
        ({"shares": 1000}, "shares_points", 3),
        ({"shares": Decimal("9999.99")}, "shares_points", 3),
        ({"shares": 10000}, "shares_points", 4),
        ({"record": "none"}, "record_points", 5),
        ({"judgement": "fair"}, "judgement_points", 10),
    ],
)
def test_bands_close_the_gaps_of_the_paper(changes, item, points):
    assert s1(**changes).values[item] == points


def breach(days, settled="unsettled", measure="reminder", subject="principal"):
    return {"days_overdue": days, "settled": settled, "measure": measure, "subject": subject}


@pytest.mark.parametrize(
    ("breaches", "deduction"),
    [
        ([], "0"),
        ([breach(30)], "0"),
        ([breach(31)], "-6.6"),  # -6 x 1 x 1.1 x 1 x 1
        ([breach(90, "within_1_year")], "-4.5"),
        ([breach(91, "within_1_year")], "-9"),
        ([breach(180, "within_2_years", "administrative")], "-12"),
        ([breach(200, "within_1_year", "reminder", "both")], "-17.55"),  # -6 x 3 x .75 x 1 x 1.3
        ([breach(400, "within_3_years", "judicial", "interest")], "-9"),
        ([breach(721, "unsettled", "judicial", "both")], "-205.92"),
        ([breach(5000, "over_3_years", "judicial", "both")], "0"),
        ([breach(31), breach(90, "within_1_year")], "-11.1"),
    ],
)
def test_breaches_are_deducted_one_by_one(breaches, deduction):
    result = s1(record="breach" if breaches else "normal", breaches=breaches)
    assert result.values["breach_deduction"] == Decimal(deduction)
    assert result.values["record_points"] == 10 + Decimal(deduction)
    assert result.score >= 0


def test_a_breach_without_details_gives_no_line():
    result = s1(record="breach")
    assert (result.status, result.line, result.reasons) == (Status.REFUSED, 0, (Reason("breach_without_events"),))


def test_a_qualitative_finding_lowers_the_grade():
    plain, lowered = s1(), s1(finding="penalty")
    assert (plain.grade, lowered.grade, lowered.values["grade_measured"]) == ("level1", "level2", "level1")
    two = BoundModel(S1, {**V2_BASES, "downgrade_grades": 3}).evaluate({**V2, "finding": "gambling_drugs"})
    assert (two.grade, two.line) == ("level4", 0)


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("persons", "no_persons"), ("labour", "no_labour"), ("total_assets", "no_assets"), ("net_assets", "no_net_assets"),
     ("net_income", "no_income"), ("record", "no_record"), ("judgement", "no_judgement")],
)  # fmt: skip
def test_a_missing_fact_is_named_and_gives_no_line(missing, reason):
    result = s1(**{missing: None})
    assert (result.status, result.line, result.reasons) == (Status.INCOMPLETE, None, (Reason(reason, missing),))


money_fact = st.decimals(min_value=0, max_value=10**8, places=2)


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "persons": st.integers(1, 50), "labour": st.integers(0, 50), "total_assets": money_fact,
            "net_assets": st.decimals(min_value=-(10**8), max_value=10**8, places=2), "realisable_assets": money_fact,
            "shares": money_fact, "net_income": st.decimals(min_value=-(10**8), max_value=10**8, places=2),
            "record": st.sampled_from(["normal", "none", "breach"]),
            "judgement": st.sampled_from(["excellent", "good", "fair", "poor"]),
            "breaches": st.lists(st.builds(breach, st.integers(0, 36500)), max_size=3),
        }
    )
)  # fmt: skip
def test_any_household_is_explained_by_its_own_figures(facts):
    """Score is the sum of items, the waterfall ends at the line, and every step adds up to the next."""
    explanation = explain(S1, facts, V2_BASES)
    assert explanation.line >= 0
    assert explanation.score == max(sum(item.value for item in explanation.items), 0)
    running = Decimal(0)
    for entry in explanation.waterfall:
        if entry.kind not in ("combined", "line"):
            running += entry.change
        assert entry.amount == running
    assert explanation.waterfall[-1].amount == explanation.line
    assert bool(explanation.reasons) == (explanation.line == 0)


# --- S1 written a second time, by hand ---------------------------------------------------------------------------


def half_up(value, places):
    """Half away from zero, from an exact rational."""
    scaled = abs(Fraction(value)) * 10**places
    count = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(-count if value < 0 else count, 10**places)


def ratio(dividend, divisor):
    return max(min(half_up(Fraction(dividend) / Fraction(divisor), 8), Fraction(10**6)), Fraction(-(10**6)))


def s1_by_hand(facts, base):
    """Score, grade and both lines, in rationals, sharing no code with the language."""
    assets, net, cash, income = (
        Fraction(facts[name]) for name in ("total_assets", "net_assets", "realisable_assets", "net_income")
    )

    def above(value, *steps, otherwise):
        return next((points for edge, points in steps if value > Fraction(edge)), otherwise)

    share = ratio(facts["labour"], facts["persons"])
    net_index = half_up(
        (ratio(net, assets) if assets else 0) * Fraction("0.6") + ratio(net, base["base_net_assets"]) * Fraction("0.4"),
        8,
    )
    delay = {"unsettled": "1.1", "within_1_year": "0.75", "within_2_years": "0.5", "within_3_years": "0.25"}
    lost = Fraction(0)
    for event in facts["breaches"]:
        days = above(event["days_overdue"], (720, 8), (360, 4), (180, 3), (90, 2), (30, 1), otherwise=0)
        measure = {"reminder": 1, "administrative": 2, "judicial": 3}[event["measure"]]
        subject = Fraction({"principal": "1", "interest": "0.5", "both": "1.3"}[event["subject"]])
        lost += half_up(6 * days * Fraction(delay.get(event["settled"], "0")) * measure * subject, 2)
    score = (
        {1: 3, 2: 8}.get(facts["persons"], 10)
        + (4 if share < half_up(Fraction(1, 3), 8) else 8 if share <= half_up(Fraction(2, 3), 8) else 10)
        + above(ratio(assets, base["base_assets"]), ("1.5", 13), ("1.2", 11), ("0.8", 9), otherwise=5)
        + (13 if net_index >= Fraction("0.9") else 11 if net_index >= Fraction("0.7")
           else 8 if net_index >= Fraction("0.5") else 5 if net_index > 0 else 0)
        + above(ratio(cash, base["base_realisable"]), ("1.5", 5), ("1.2", 4), ("0.9", 3), otherwise=2)
        + (4 if facts["shares"] >= 10_000 else 3 if facts["shares"] >= 1_000 else 0)
        + above(ratio(income, base["base_income"]), ("1.5", 15), ("1.2", 12), ("0.9", 9), otherwise=5)
        + (5 if facts["record"] == "none" else 10) - lost
        + {"excellent": 20, "good": 15, "fair": 10, "poor": 0}[facts["judgement"]]
    )  # fmt: skip
    score = max(score, 0)
    grade = 1 if score >= 90 else 2 if score >= 75 else 3 if score >= 60 else 4
    v1 = Fraction(("0.7", "0.6", "0.5", "0")[grade - 1])
    v2 = Fraction(("1", "0.9", "0.8", "0")[grade - 1])
    earned = income + Fraction(base["base_income"]) * Fraction(3, 2)
    total = half_up(half_up((assets + net + cash) * v1 / 3, 8), 2) + half_up(half_up(earned * v2 / 3, 8), 2)
    small = (
        half_up(half_up((net + cash) * v1 * Fraction("0.05") / 2, 8), 2)
        + half_up(half_up(earned * v2 * Fraction("0.4") / 3, 8), 2)
        + half_up(Fraction(facts["shares"]) * Fraction("0.2"), 2)
        + facts["labour"] * 1000
    )
    refused = grade == 4 or (facts["record"] == "breach" and not facts["breaches"])
    return score, f"level{grade}", total, Fraction(0) if refused else max(small, Fraction(0))


modest = st.one_of(
    st.sampled_from(["0", "0.01", "1000", "9999.99", "10000", "72000", "150000", "160000", "160000.01", "300000"]).map(
        Decimal
    ),
    st.decimals(min_value=0, max_value=600_000, places=2),
    money_fact,
)


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "persons": st.integers(1, 9), "labour": st.integers(0, 9), "total_assets": modest,
            "net_assets": st.one_of(modest, modest.map(lambda amount: -amount)), "realisable_assets": modest,
            "shares": modest, "net_income": st.one_of(modest, modest.map(lambda amount: -amount)),
            "record": st.sampled_from(["normal", "normal", "none", "breach"]),
            "judgement": st.sampled_from(["excellent", "excellent", "good", "fair", "poor"]),
            "breaches": st.lists(
                st.builds(
                    breach,
                    st.sampled_from([0, 30, 31, 90, 180, 181, 360, 720, 721]),
                    st.sampled_from(["unsettled", "within_1_year", "within_2_years", "within_3_years", "over_3_years"]),
                    st.sampled_from(["reminder", "administrative", "judicial"]),
                    st.sampled_from(["principal", "interest", "both"]),
                ),
                max_size=2,
            ),
        }
    )
)  # fmt: skip
def test_s1_agrees_with_a_second_hand(facts):
    result = s1(facts)
    score, grade, total, line = s1_by_hand(facts, V2_BASES)
    assert (Fraction(result.score), result.grade) == (score, grade)
    assert Fraction(result.values["total_line"]) == total
    assert Fraction(result.line) == line


# --- S6 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grade", "assets", "income", "line", "caps"),
    [
        ("AA", 60, 12, "17.6", ()),
        ("AAA", 100, 20, "20", ("highest",)),
        ("A", 0, 0, "5", ()),
        ("AAA", 100, 0, "20", ()),  # exactly at the cap: nothing is cut
        ("A", 10, -5, "6", ()),
    ],
)
def test_s6(grade, assets, income, line, caps):
    result = evaluate(S6, {"grade": grade, "total_assets": wan(assets), "operating_income": wan(income)})
    assert (result.line, result.binding_caps) == (wan(line), caps)


def test_s6_needs_its_grade():
    result = evaluate(S6, {"total_assets": 1, "operating_income": 1})
    assert (result.line, result.reasons) == (None, (Reason("no_grade", "grade"),))
    unknown = evaluate(S6, {"grade": "B", "total_assets": 1, "operating_income": 1})
    assert (unknown.line, unknown.reasons) == (None, (Reason("out_of_range", "grade"),))


# --- words --------------------------------------------------------------------------------------------------------


def tables(words):
    return {table.code: table.rows for table in words.tables}


def test_the_explanation_of_v2_in_words():
    words = explain_model(explain(S1, V2, V2_BASES))
    assert words.paragraphs == (
        "按“湖南省农村信用社农户信用等级测评”测评，满分 100 分，得 91 分。信用等级：一级。",
        "失分较多的是：上年纯收入（满分 15 分，得 12 分）、劳动力占比（满分 10 分，得 8 分）、"
        "财产总值（满分 13 分，得 11 分）。",
        "测算额度由各项相加：净资产和可变现资产部分 6,125 元、收入部分 16,000 元、股金部分 1,000 元、"
        "劳动力部分 2,000 元，合计 25,125 元。",
        "另列供参考：最高授信额度 191,666.67 元。",
        "没有填写、按规定值计算的有：定性调整事项（无）。",
        "模型额度为 25,125 元（2.51 万元）。",
    )
    shown = tables(words)
    assert shown["items"][2] == ("财产总值", "1.5", "高于 1.2，且不超过 1.5", "11", "13")
    assert shown["items"][-1] == ("总分", "", "", "91", "100")
    assert shown["waterfall"][0] == ("净资产和可变现资产部分", "+6,125", "6,125 元")
    assert shown["waterfall"][-1] == ("模型额度", "", "25,125 元")
    assert ("收入部分", "(上年纯收入 + 纯收入基数 × 1.5) × 收入系数 × 0.4 ÷ 3",
            "上年纯收入 60,000 元、纯收入基数 40,000 元、收入系数 1", "16,000 元") in shown["figures"]  # fmt: skip
    assert any("恰好等于" in note for note in words.notes)


def test_refusals_and_gaps_in_words():
    refused = explain_model(explain(S1, V1, ONE))
    assert refused.paragraphs[-1] == "模型额度为 0 元。原因：信用等级为四级，不授信。"
    vetoed = explain_model(explain(S1, {**V2, "record": "breach"}, V2_BASES))
    assert tables(vetoed)["waterfall"][-2] == ("不予授信", "-25,125", "0 元")
    gap = explain_model(explain(S1, {**V2, "net_income": None, "total_assets": "100000000.01"}, V2_BASES))
    assert gap.paragraphs == ("暂时不能测算。原因：数据超出模型的适用范围（财产总值）；没有填写上年纯收入。",)
    assert set(tables(gap)) == {"inputs", "parameters"}


def test_caps_and_breaches_in_words():
    capped = explain_model(explain(S6, {"grade": "AAA", "total_assets": wan(100), "operating_income": wan(20)}))
    assert "超过单户最高额度 200,000 元，按 200,000 元计。" in capped.paragraphs[1]
    assert ("单户最高额度", "-60,000", "200,000 元") in tables(capped)["waterfall"]
    facts = {**V2, "record": "breach", "breaches": [breach(200, "within_1_year", "reminder", "both")]}
    broken = explain_model(explain(S1, facts, V2_BASES))
    assert "有违约记录 1 次" in broken.paragraphs[0]
    assert tables(broken)["events_breach_deduction"] == (
        ("200", "1 年内", "催收", "欠本息", "3", "0.75", "1", "1.3", "-17.55"),
    )


def test_english_is_complete():
    for model, facts, bases in ((S1, V2, V2_BASES), (S1, V1, ONE), (S6, {"grade": "AA"}, {})):
        words = explain_model(explain(model, facts, bases), "en")
        text = json.dumps([words.paragraphs, words.notes, [[t.title, t.head, t.rows] for t in words.tables]],
                          ensure_ascii=False)  # fmt: skip
        assert not re.search(r"[一-鿿，。：；]", text)
    with pytest.raises(ValueError, match="language"):
        explain_model(explain(S6, {}), "fr")


def test_explanations_are_plain_data():
    text = json.dumps(explain(S1, V2, V2_BASES).as_document(), ensure_ascii=False)
    assert json.loads(text)["items"][0]["value"] == "10.00"
    assert band_text(S1.items[1].rule.rows[1], S1.derived[0].type) == "不低于 1/3，且不超过 2/3"


def test_every_step_has_its_sentence_in_both_languages():
    source = "".join(Path(module.__file__).read_text(encoding="utf-8") for module in (merging, bounds, decisions))
    codes = set(re.findall(r'step\(\s*"([a-z_]+)"', source)) | set(
        re.findall(r'"(exposure_(?:from_[a-z]+|unknown))"', source)
    )
    codes |= {"bound_group", "bound_merged", "officer_lowered", "officer_agreed", "scores_turned"}
    assert codes == set(SENTENCES)


def test_a_decision_from_sheets_to_words():
    opinions = [Opinion.suggest("30000"), Opinion.suggest("30000"), Opinion.suggest("50000")]
    merged = merging.merge(opinions, merging.MergeSettings(rule="mean"))
    released = bounds.LineSettings()
    owed = [
        bounds.Obligation("guarantees", Decimal(20_000)),
        bounds.Obligation("own_undrawn", Decimal(9), replaced=True),
    ]
    exposure = bounds.household_exposure(owed, released, source="profile", as_of=date(2026, 11, 2))
    proposal = bounds.propose(released, village=bounds.VillageOpinion.from_merge(merged), model_line=s1().line,
                              exposure=exposure)  # fmt: skip
    decision = decisions.decide(proposal, released, officer=wan(2), approver=wan(2))
    for language in ("zh-hans", "en"):
        sentences = explain_steps([*merged.trace, *decision.trace], language)
        assert len(sentences) == len(merged.trace) + len(decision.trace)
        assert not any("{" in sentence for sentence in sentences)
    chinese = explain_steps(merged.trace)
    assert chinese[-2:] == ["取全部额度的平均数 36,666.67 元。", "按 1,000 元向下取整，评议合并额度为 36,000 元。"]
    assert explain_step(proposal.trace[-2]) == "取其中最小：模型额度，25,125 元。"
    assert explain_step(proposal.trace[-1], "en") == "Rounded down to 1,000 yuan: the proposed line is 25,000 yuan."


def test_a_changed_document_is_another_model():
    raw = json.loads(S1_TEXT)
    other = copy.deepcopy(raw)
    other["grade"]["levels"][0]["values"]["v1"] = "0.71"
    assert read_model(raw).digest == S1.digest != read_model(other).digest
