"""From counts by grid to the lines of a report: the tree of branches, owners, ranks, and what is stored of them."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from config.lib.ratios import Place
from config.lib.weeks import SHANGHAI, Week
from reporting.domain.figures import AmountTally, FigureRow, Level, Progress, SubjectKind, Tally
from reporting.domain.report import Report, Rules, sentences_of
from reporting.domain.rollup import (
    BranchPlace,
    CollectorFacts,
    GridFacts,
    Line,
    collector_facts,
    grid_facts,
    placed_among,
    roll_up,
    stored_progress,
    total_document,
    week_document,
)

HOUSEHOLD, BUSINESS = SubjectKind.HOUSEHOLD, SubjectKind.BUSINESS
BRANCHES = [
    BranchPlace(id=1, name="总行", path="/1/", is_head=True),
    BranchPlace(id=2, name="城东支行", path="/1/2/", is_head=False),
    BranchPlace(id=3, name="集市分理处", path="/1/2/3/", is_head=False),
    BranchPlace(id=4, name="城西支行", path="/1/4/", is_head=False),
    BranchPlace(id=5, name="空支行", path="/1/5/", is_head=False),
]


def grid(pk, branch, roster, week, total, *, owner=None, kind=HOUSEHOLD):
    progress = Progress(roster=roster, visited=Tally(week=week, total=total))
    by_kind = {kind: progress} if roster or total else {}
    return GridFacts(
        grid_id=pk,
        name=f"{pk} 村",
        branch_id=branch,
        owner_id=owner,
        owner=f"职员 {owner}" if owner else "",
        by_kind=by_kind,
    )


GRIDS = [
    grid(10, 2, 100, 5, 50, owner=7),
    grid(11, 3, 100, 0, 80, owner=7),
    grid(12, 4, 200, 10, 100),
    grid(13, 1, 10, 1, 1, owner=8),
    grid(14, 4, 0, 0, 0, owner=9),
    grid(15, 4, 50, 2, 25, kind=BUSINESS),
]


def lines(grids=GRIDS, **more):
    return roll_up(bank_id=1, bank="银行", branches=BRANCHES, grids=grids, **more)


def of(found, level):
    return {line.unit_id: line for line in found if line.level == level}


def test_branches_hold_what_is_below_them_and_the_bank_is_the_sum_of_its_grids():
    rolled = lines()
    branches = of(rolled.lines, Level.BRANCH)

    assert {pk: line.figures.all_kinds.roster for pk, line in branches.items()} == {1: 10, 2: 200, 3: 100, 4: 250}
    assert {pk: line.parent_id for pk, line in branches.items()} == {1: None, 2: None, 3: 2, 4: None}
    assert of(rolled.lines, Level.BANK)[1].figures.all_kinds.roster == 460
    assert rolled.unlisted == {"4": 1}
    # 2: 130/200, 4: 125/250, 1: 1/10; the outlet ranks among its branch's outlets alone
    assert {pk: line.place.rank for pk, line in branches.items()} == {2: 1, 4: 2, 1: 3, 3: 1}


def test_owners_have_a_line_per_branch_and_nobodys_grids_one_without_rank():
    officers = {
        (line.unit_id, line.parent_id): (line.figures.all_kinds.visited.total, line.place.rank)
        for line in lines().lines
        if line.level == Level.OFFICER
    }
    assert officers == {(7, 2): (50, 2), (7, 3): (80, 1), (8, 1): (1, 3), (None, 4): (125, None)}


def test_ranks_and_changes_stand_against_the_last_week():
    last = lines([grid(10, 2, 100, 20, 60), grid(12, 4, 100, 10, 50)]).lines
    now = lines([grid(10, 2, 100, 5, 65), grid(12, 4, 100, 30, 80), grid(13, 1, 10, 0, 0)], earlier=last).lines
    grids = of(now, Level.GRID)
    assert {pk: (line.place, line.change) for pk, line in grids.items()} == {
        10: (Place(rank=2, rise=-1), -15),
        12: (Place(rank=1, rise=1), 20),
        13: (Place(rank=3, rise=None), None),
    }
    assert {line.unit_id: line.place.rank for line in placed_among(list(grids.values())[:1])} == {10: 1}


def test_what_is_stored_gives_back_what_was_counted():
    progress = Progress(
        roster=9, blocked=1, visited=Tally(week=2, total=5), granted=Tally(week=1, total=3, withdrawn=2), late=1, not_met=4,
        granted_amount=AmountTally(week=Decimal("1.50"), total=Decimal("30000.00"), withdrawn=Decimal("7.00")),
        off_roster=6, joined=1,
    )  # fmt: skip
    row = FigureRow(
        level=Level.GRID, key="grid-1", name="村", by_kind={HOUSEHOLD: progress, BUSINESS: Progress(roster=3)}
    )
    line = Line(unit_id=1, parent_id=2, figures=row, change=-3)

    week, total = week_document(line), total_document(line)

    assert stored_progress(week, total) == row.by_kind
    assert week["visited_change"] == -3
    assert (
        "late"
        not in week_document(replace(line, figures=replace(row, by_kind={HOUSEHOLD: Progress(roster=1)})))["kinds"]
    )


def step(name, count, *, grid_id=1, staff=None, standing="roster", new=False, late=False, found=False, amount=None):
    return {
        "grid_id": grid_id, "kind": "household", "step": name, "staff_id": staff, "standing": standing, "was_found": found,
        "is_new": new, "is_late": late, "subjects": count, "amount": amount,
    }  # fmt: skip


def test_steps_of_the_database_add_up():
    territory = [{"grid_id": 1, "name": "村", "branch_id": 2, "owner_id": None, "owner": None}]
    steps = [
        step("roster", 10), step("blocked", 2), step("not_met", 1, new=True), step("not_met_by", 1, new=True, staff=7),
        step("visited", 3, staff=7), step("visited", 2, staff=7, new=True), step("visited", 1, staff=8, new=True, late=True),
        step("visited", 1, staff=7, found=True), step("visited", 4, staff=7, standing="found", new=True),
        step("visited", 9, staff=7, standing="gone"), step("checked", 1, staff=8, new=True),
        step("granted", 3, amount="90000.00"), step("granted", 1, new=True, amount="5000.00"),
        step("grant_withdrawn", 1, new=True, amount="30000.00"),
    ]  # fmt: skip

    village = grid_facts(territory, steps)[0].by_kind[HOUSEHOLD]
    people = {one.staff_id: one.by_kind[HOUSEHOLD] for one in collector_facts(territory, steps, {7: "甲", 8: "乙"})}

    assert (village.roster, village.blocked, village.not_met, village.late, village.off_roster, village.joined) == (
        10,
        2,
        1,
        1,
        4,
        1,
    )
    assert village.visited == Tally(week=3, total=7)
    assert village.granted == Tally(week=1, total=3, withdrawn=1)
    assert village.granted_amount == AmountTally(week=Decimal(5000), total=Decimal(65000), withdrawn=Decimal(30000))
    assert people[7].visited == Tally(week=2, total=6)
    assert (people[7].not_met, people[7].off_roster, people[7].roster) == (1, 4, 0)
    assert (people[8].visited, people[8].checked) == (Tally(week=1, total=1), Tally(week=1, total=1))


@pytest.fixture
def report():
    collectors = [
        CollectorFacts(
            staff_id=7, name="甲", branch_id=2, by_kind={HOUSEHOLD: Progress(visited=Tally(week=1, total=1))}
        )
    ]
    rolled = lines(collectors=collectors)
    return Report(
        bank="银行", week=Week(2026, 46), cut_at=datetime(2026, 11, 16, tzinfo=SHANGHAI), frozen_at=None, lines=rolled.lines,
        unlisted_by_branch=rolled.unlisted, rules=Rules(campaign="整村授信"),
    )  # fmt: skip


def test_a_scope_is_narrowed_to_a_branch_and_what_is_below(report):
    east = report.narrowed(2)

    assert [line.unit_id for line in report.at(Level.BRANCH)] == [1, 2, 4]
    assert [line.unit_id for line in east.at(Level.BRANCH)] == [3]
    assert {line.unit_id for line in east.at(Level.GRID)} == {10, 11}
    assert {line.unit_id for line in east.narrowed(3).at(Level.GRID)} == {11}
    assert (east.total.name, east.total.all_kinds.roster, east.unlisted) == ("城东支行", 200, 0)
    assert (report.unlisted, report.narrowed(4).unlisted) == (1, 1)
    assert report.narrowed(99).head is None


def test_an_officers_scope_sums_his_grids_and_says_no_sentences(report):
    own = replace(
        report, lines=[line for line in report.lines if line.unit_id in (10, 11) and line.level == Level.GRID]
    )
    assert own.total.all_kinds.roster == 200
    assert own.said("zh-hans") == ()


def test_tables_come_in_the_order_of_the_paper_and_leave_out_what_nobody_knows(report):
    titles = [table.title.zh for table in report.tables("zh-hans")]
    assert titles == ["各支行进度", "分类走访", "需要帮扶", "各网格进度", "各客户经理进度", "按采集人计数"]
    assert report.narrowed(3).tables("zh-hans")[0].title.zh == "各网格进度"
    columns = {column.key for column in report.tables("zh-hans")[0].columns}
    assert not {"dwell", "responsible"} & columns
    assert "need" not in {column.key for column in report.laggard_table("zh-hans").columns}
    paced = replace(report, rules=replace(report.rules, working_days_left=10))
    assert "need" in {column.key for column in paced.laggard_table("zh-hans").columns}
    assert "（未指定责任人）" in {row.cells["name"] for row in report.table(Level.OFFICER, "zh-hans").rows}


def test_sentences_are_said_for_the_bank_and_every_branch_in_both_languages(report):
    said = sentences_of(report, None)
    assert set(said) == {"bank", "1", "2", "3", "4"}
    assert said["2"]["zh"][0].startswith("本周新走访 5 户；累计走访 130 户，占全部户数 65.00 %")
    assert said["2"]["en"][0].startswith("5 newly visited this week; 130 in all, 65.00 % of the roster")


def test_rules_survive_storing():
    rules = Rules(campaign="整村授信", working_days_left=3, release="report_rules v2")
    assert Rules.stored(rules.document()) == rules
    assert Rules.stored({"laggard_below": "0.6", "laggard_limit": 5}).laggard_below * 5 == 3
