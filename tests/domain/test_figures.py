"""The figures of the weekly report (Semantics, sections 1 and 2; Domain, 9 and 12.4)."""

from decimal import Decimal
from fractions import Fraction

import pytest

from config.lib.ratios import Place
from config.lib.tables import Role, Shape, paper
from reporting.domain.figures import (
    AmountTally,
    FigureRow,
    Level,
    Progress,
    SubjectKind,
    Tally,
    laggards,
    places,
    ratios,
    summed,
    week_differences,
    what_changed,
)
from reporting.domain.weekly import collector_table, kinds_table, laggard_table, progress_table, rise_text

HOUSEHOLD, BUSINESS = SubjectKind.HOUSEHOLD, SubjectKind.BUSINESS


def branch(key, roster, week, total, *, level=Level.BRANCH, kind=HOUSEHOLD, name="", **more):
    progress = Progress(roster=roster, visited=Tally(week=week, total=total), **more)
    return FigureRow(level=level, key=key, name=name or f"{key}支行", responsible="王海燕", by_kind={kind: progress})


def test_the_village_of_405_households_shows_every_denominator():
    village = Progress(
        roster=405, blocked=12 + 9, visited=Tally(total=405), assessed=Tally(total=384), granted=Tally(total=292),
        signed=Tally(total=12), drawn=Tally(total=6),
    )  # fmt: skip

    shown = {(each.name.zh, each.of.zh): str(each.ratio) for each in ratios(village)}

    assert village.assessable == 384
    assert shown["授信率", "全部户数"] == "72.10 %"
    assert shown["授信率", "可评议户数"] == "76.04 %"
    assert shown["签约率", "已授信户数"] == "4.11 %"
    assert shown["签约率", "全部户数"] == "2.96 %"
    assert shown["用信率", "已授信户数"] == "2.05 %"
    assert ("发卡率", "已授信户数") not in shown  # nothing of it is recorded yet
    assert shown["完成率", "全部户数"] == "100.00 %"
    assert shown["评议率", "可评议户数"] == "100.00 %"


def test_an_empty_scope_shows_dashes():
    assert {str(each.ratio) for each in ratios(Progress())} == {"—"}
    withdrawn = Progress(signed=Tally(week=1, withdrawn=1))
    assert {str(each.ratio) for each in ratios(withdrawn)} == {"—"}
    assert Progress().dwell_minutes is None
    assert len(ratios(Progress())) == 5


def test_grids_add_up_and_kinds_stay_apart():
    grids = [
        branch("g1", 300, 10, 100, blocked=3, dwell_seconds=1_200, dwell_visits=2),
        branch("g2", 200, 5, 50, kind=BUSINESS, granted_amount=AmountTally(week=Decimal("35000.00"))),
        branch("g3", 100, 1, 10, off_roster=4, late=2, not_met=3, dwell_seconds=100, dwell_visits=1),
    ]

    total = summed(grids, level=Level.BANK, key="bank", name="招远农商银行")

    assert total.kind(HOUSEHOLD).roster == 400
    assert total.kind(HOUSEHOLD).visited == Tally(week=11, total=110)
    assert total.kind(BUSINESS).roster == 200
    assert total.kind(SubjectKind.UNIT) == Progress()
    assert total.all_kinds.roster == 600
    assert total.all_kinds.granted_amount.week == Decimal("35000.00")
    assert (total.all_kinds.off_roster, total.all_kinds.late, total.all_kinds.not_met) == (4, 2, 3)
    assert total.all_kinds.dwell_minutes == Decimal("7.2")  # 1,300 s over 3 visits
    assert total.all_kinds.gap == 440


def test_what_is_on_the_roster_late_never_lifts_the_gap_below_zero():
    assert Progress(roster=3, visited=Tally(total=5)).gap == 0


def test_rows_are_ranked_by_completion_then_by_the_week():
    rows = [branch("a", 100, 5, 50), branch("b", 200, 9, 100), branch("c", 100, 5, 50), branch("d", 0, 0, 0)]

    standing = places(rows, {"a": 1, "b": 3, "c": 1, "d": 4})

    assert standing["b"] == Place(rank=1, rise=2)
    assert standing["a"] == standing["c"] == Place(rank=2, rise=-1)
    assert standing["d"] == Place(rank=None, rise=None)
    assert [rise_text(standing[key]) for key in "abd"] == ["↓1", "↑2", "—"]
    assert rise_text(Place(rank=1, rise=0)) == "="


def test_difference_is_between_the_increments_of_two_weeks():
    this, last = [branch("a", 100, 5, 50), branch("n", 10, 1, 1)], [branch("a", 100, 8, 45)]
    assert week_differences(this, last) == {"a": -3, "n": None}
    assert week_differences(this, None) == {"a": None, "n": None}


def test_laggards_are_below_the_threshold_or_stalled_worst_first():
    rows = [
        branch("done", 100, 0, 100),
        branch("ahead", 100, 5, 90),
        branch("stalled", 100, 0, 80),
        branch("small", 10, 1, 3),
        branch("large", 100, 4, 30),
        branch("empty", 0, 0, 0),
    ]

    behind = laggards(rows, below=Fraction(60, 100), working_days_left=8)

    assert [entry.row.key for entry in behind] == ["large", "small", "stalled"]
    assert [entry.is_stalled for entry in behind] == [False, False, True]
    assert [(entry.gap, entry.daily_need) for entry in behind] == [(70, 9), (7, 1), (20, 3)]
    assert laggards(rows, below=Fraction(60, 100), limit=1)[0].daily_need is None
    assert laggards(rows, below=Fraction(60, 100), working_days_left=0)[0].daily_need is None


# --- tables ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def rows():
    return [
        branch("b1", 405, 30, 292, name="罗峰支行", granted_amount=AmountTally(total=Decimal("1234567.89"))),
        branch("b2", 500, 12, 480, name="蚕庄支行", profiled=Tally(week=2, total=9, withdrawn=1)),
    ]


def as_dicts(table, language="zh-hans"):
    data = paper(table, language)
    keys = [column["key"] for column in data["columns"]]
    return [dict(zip(keys, row["cells"], strict=True)) | {"role": row["role"]} for row in data["rows"]]


def test_report_lists_best_rank_first_and_the_sum_last(rows):
    total = summed(rows, level=Level.BANK, key="bank", name="全行")
    table = progress_table(
        rows,
        standing=places(rows, {"b1": 1, "b2": 2}),
        differences={"b1": 4, "b2": -1, "bank": 3},
        total=total,
    )

    lines = as_dicts(table)

    assert [line["name"] for line in lines] == ["蚕庄支行", "其中撤回", "罗峰支行", "合计", "其中撤回"]
    assert [line["rank"] for line in lines] == ["1", "", "2", "", ""]
    assert [line["rise"] for line in lines] == ["↑1", "", "↓1", "", ""]
    assert [line["visited.change"] for line in lines] == ["−1", "", "+4", "+3", ""]
    assert [line["completion"] for line in lines] == ["96.00 %", "", "72.10 %", "85.30 %", ""]
    assert [line["role"] for line in lines] == ["body", "minus", "body", "total", "minus"]
    assert lines[1]["profiled.week"] == "−1"
    assert lines[2]["granted_amount.total"] == "123.46"
    assert lines[0]["dwell"] == "—"


def test_report_groups_week_and_total_under_each_figure(rows):
    table = progress_table(rows, standing=places(rows), differences={}, language="en")
    data = paper(table, "en")

    assert [(group["name"], group["span"]) for group in data["groups"]][5:8] == [
        ("Visited", 3),
        ("Profiled", 2),
        ("Checked", 2),
    ]
    assert sum(group["span"] for group in data["groups"]) == len(data["columns"])
    assert [column["name"] for column in data["columns"]][5:8] == ["Week", "Change", "Total"]
    assert as_dicts(table, "en")[0]["rise"] == "—"


def test_report_of_nothing_is_an_empty_table():
    assert progress_table([], standing={}, differences={}).rows == []


def test_kinds_stand_side_by_side(rows):
    mixed = [*rows, branch("b3", 40, 2, 7, kind=BUSINESS)]
    total = summed(mixed, level=Level.BANK, key="bank", name="全行")

    last = as_dicts(kinds_table(mixed, total=total))[-1]

    assert (last["roster.household"], last["roster.business"], last["roster.unit"], last["roster.all"]) == (
        "905",
        "40",
        "0",
        "945",
    )
    assert (last["week.household"], last["week.business"], last["week.all"]) == ("42", "2", "44")
    assert last["total.all"] == "779"


def test_collectors_are_counted_without_ratios():
    rows = [
        branch("s1", 0, 3, 30, level=Level.COLLECTOR, name="李娜", late=1),
        branch("s2", 0, 9, 20, level=Level.COLLECTOR, name="周强"),
    ]
    table = collector_table(rows)

    assert [line["name"] for line in as_dicts(table)] == ["周强", "李娜"]
    assert as_dicts(table)[1]["late"] == "1"
    assert not [column for column in table.columns if column.shape is Shape.RATIO or column.key == "roster"]


def test_laggards_say_why_they_are_listed(rows):
    stalled = branch("b9", 100, 0, 80, name="玲珑支行")
    lines = as_dicts(laggard_table(laggards([*rows, stalled], below=Fraction(3, 4), working_days_left=7)))

    assert [(line["name"], line["reason"], line["need"]) for line in lines] == [
        ("罗峰支行", "完成率偏低", "17"),
        ("玲珑支行", "本周零进展", "3"),
    ]
    assert {row.role for row in laggard_table([]).rows} <= {Role.BODY}


# --- three sentences ---------------------------------------------------------------------------------------------------


def told(this, last, earlier, language):
    bank = summed(this, level=Level.BANK, key="bank", name="全行")
    before = summed(last, level=Level.BANK, key="bank", name="全行") if last else None
    return what_changed(bank=bank, bank_before=before, rows=this, standing=places(this, earlier), language=language)


def test_three_sentences_tell_the_whole_the_movers_and_the_gap():
    this = [
        branch("a", 405, 62, 292, name="甲支行"),
        branch("b", 600, 10, 400, name="乙支行"),
        branch("c", 300, 0, 100, name="丙支行"),
    ]
    last = [branch("a", 405, 40, 230), branch("b", 600, 20, 390), branch("c", 300, 3, 100)]

    zh = told(this, last, {"a": 3, "b": 1, "c": 2}, "zh-hans")
    en = told(this, last, {"a": 3, "b": 1, "c": 2}, "en")

    assert zh == (
        "本周新走访 72 户，比上周多 9 户；累计走访 792 户，占全部户数 60.69 %，提高 5.52 个百分点。",
        "甲支行上升 2 位，列第 1 名，进步最大；丙支行下降 1 位，列第 3 名。",
        "丙支行本周没有进展；缺口最大的是乙支行和丙支行，各有 200 户未走访。",
    )
    assert en == (
        "72 newly visited this week, 9 more than last week; 792 in all, 60.69 % of the roster, up 5.52 points.",
        "甲支行 rose most, by 2 to rank 1; 丙支行 fell by 1 to rank 3.",
        "No progress this week at 丙支行; the largest gap is 乙支行 and 丙支行, with 200 not visited each.",
    )


def test_the_first_week_compares_with_nothing():
    this = [branch("a", 100, 3, 3, name="甲支行"), branch("b", 100, 5, 5, name="乙支行")]
    assert told(this, None, None, "zh-hans") == (
        "本周新走访 8 户；累计走访 8 户，占全部户数 4.00 %。",
        "上周没有可比的名次。",
        "各单位本周都有进展；缺口最大的是甲支行，还有 97 户未走访。",
    )
    assert told(this, None, None, "en")[1] == "Last week has no ranks to compare with."


def test_a_week_like_the_last_and_a_finished_roster_are_said_plainly():
    done = [branch("a", 10, 0, 10, name="甲支行")]
    assert told(done, done, {"a": 1}, "zh-hans") == (
        "本周新走访 0 户，与上周持平；累计走访 10 户，占全部户数 100.00 %。",
        "名次与上周相同。",
        "名单内各户均已走访。",
    )
    assert told(done, done, {"a": 1}, "en")[2] == "Everyone on the roster has been visited."


def test_many_stalled_rows_are_counted_and_three_named():
    this = [branch(key, 100 + place, 0, 9, name=f"{key}村") for place, key in enumerate("abcde")]
    assert (
        told(this, this, None, "zh-hans")[2]
        == "e村、d村、c村等 5 个单位本周没有进展；缺口最大的是e村，还有 95 户未走访。"
    )
    assert told(this, this, None, "en")[2].startswith(
        "No progress this week at e村, d村, c村 and 2 others; the largest gap is e村"
    )


def test_a_fall_is_a_fall():
    now, before = [branch("a", 100, 1, 40, name="甲支行")], [branch("a", 100, 6, 45)]
    assert "比上周少 5 户" in told(now, before, {"a": 1}, "zh-hans")[0]
    assert "下降 5.00 个百分点" in told(now, before, {"a": 1}, "zh-hans")[0]
    assert "5 fewer than last week" in told(now, before, {"a": 1}, "en")[0]
    assert "down 5.00 points" in told(now, before, {"a": 1}, "en")[0]
