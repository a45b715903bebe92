"""A week is frozen by the scheduler alone, once, in order, and never moves again (Semantics, section 2)."""

import threading
from collections.abc import Callable
from datetime import timedelta

import psycopg2
import pytest
from django.db import DatabaseError, connection, transaction

from config.lib.acting import job_frame
from config.lib.models import JobRun
from config.lib.weeks import Week
from customers.models import ListEntry, Milestone, Subject
from grids.models import Campaign, Seat
from reporting import tasks
from reporting.models import CountedMilestone, ReportRow, WeeklyReport
from reporting.selectors.frozen import is_intact
from reporting.selectors.progress import campaigns
from reporting.services.weekly import WeekNotDue, due_weeks, freeze_due, freeze_week
from tests.reporting.events import WEEK, block, call_in_vain, households, moment, reach
from tests.world import World

NEXT = WEEK.next


def freeze(world: World, week: Week, at=None) -> WeeklyReport:
    with job_frame(None, "test"):
        return freeze_week(campaign_id=world.campaign.pk, week=week, at=at or week.freezes_at)


def row(report: WeeklyReport, level: str, unit: int | None) -> ReportRow:
    return ReportRow.objects.get(report=report, level=level, unit_id=unit)


def test_first_events_count_in_the_week_the_server_received_them(world: World) -> None:
    liu = households(world.liu, 4)
    reach(liu[:1], "visited", WEEK.starts_at - timedelta(microseconds=1), campaign=world.campaign, staff=world.chen)
    reach(liu[1:2], "visited", WEEK.starts_at, campaign=world.campaign, staff=world.chen)
    reach(liu[2:3], "visited", WEEK.ends_at - timedelta(microseconds=1), campaign=world.campaign, staff=world.chen)
    reach(liu[3:4], "visited", WEEK.ends_at, campaign=world.campaign, staff=world.chen)

    first, second, third = freeze(world, WEEK.previous), freeze(world, WEEK), freeze(world, NEXT)

    found = [
        (row(report, "total", world.bank.pk).week["kinds"]["household"].get("visited", 0))
        for report in (first, second, third)
    ]
    assert found == [1, 2, 1]
    totals = [
        row(report, "total", world.bank.pk).cumulative["kinds"]["household"]["visited"]
        for report in (first, second, third)
    ]
    assert totals == [1, 3, 4]
    assert row(third, "total", world.bank.pk).roster == 4
    assert (second.cut_at, second.frozen_at) == (WEEK.ends_at, WEEK.freezes_at)


def test_lines_by_branch_grid_officer_and_collector(world: World) -> None:
    liu, wang, zhao = households(world.liu, 3), households(world.wang, 2), households(world.zhao, 5)
    reach([*liu[:2], wang[0]], "visited", moment(WEEK), campaign=world.campaign, staff=world.chen)
    reach(zhao[:1], "visited", moment(WEEK), campaign=world.campaign, staff=world.deng)

    report = freeze(world, WEEK)

    assert {
        (one.level, one.name): (one.roster, one.cumulative["kinds"].get("household", {}).get("visited", 0), one.rank)
        for one in ReportRow.objects.filter(report=report)
    } == {
        ("total", world.bank.name): (10, 4, None),
        ("branch", "城东支行"): (5, 3, 1),
        ("branch", "城西支行"): (5, 1, 2),
        ("grid", "刘家村"): (3, 2, 1),
        ("grid", "王家村"): (2, 1, 2),
        ("grid", "赵家村"): (5, 1, 3),
        ("officer", "陈立"): (5, 3, 1),
        ("officer", "方圆"): (5, 1, 2),
        ("collector", "陈立"): (0, 3, None),
        ("collector", "邓平"): (0, 1, None),
    }
    assert row(report, "grid", world.zhao.pk).owner == "方圆"
    assert row(report, "collector", world.deng.pk).parent_id == world.west.pk


def test_past_weeks_keep_their_owner(world: World) -> None:
    liu = households(world.liu, 2)
    reach(liu[:1], "visited", moment(WEEK), campaign=world.campaign, staff=world.chen)
    first = freeze(world, WEEK)
    Seat.objects.filter(grid=world.liu).update(to_on=NEXT.first_day)
    Seat.objects.create(grid=world.liu, kind=world.manager_seat, staff=world.deng, from_on=NEXT.first_day)
    reach(liu[1:], "visited", moment(NEXT), campaign=world.campaign, staff=world.chen)
    second = freeze(world, NEXT)

    assert row(first, "grid", world.liu.pk).owner == "陈立"
    assert row(second, "grid", world.liu.pk).owner == "邓平"
    assert row(second, "officer", world.deng.pk).cumulative["kinds"]["household"]["visited"] == 2
    assert row(second, "collector", world.chen.pk).week["kinds"]["household"]["visited"] == 1
    assert set(CountedMilestone.objects.values_list("owner_id", flat=True)) == {world.chen.pk, world.deng.pk}


def test_what_is_not_on_the_roster_stands_apart(world: World) -> None:
    listed, gone = households(world.liu, 2), households(world.liu, 1, first=11, left_on=WEEK.first_day)
    found = households(world.liu, 2, first=21, listed_on=None, found_on=WEEK.first_day)
    reach([*listed, *gone, *found], "visited", moment(WEEK), campaign=world.campaign, staff=world.chen)
    call_in_vain(listed[0], "nobody", moment(WEEK), campaign=world.campaign, lead=world.chen)
    call_in_vain(listed[0], "nobody", moment(WEEK), campaign=world.campaign, lead=world.chen)
    call_in_vain(listed[1], "moved", moment(WEEK), campaign=world.campaign, lead=world.chen)
    call_in_vain(listed[1], "moved", moment(NEXT), campaign=world.campaign, lead=world.chen)

    first = row(freeze(world, WEEK), "grid", world.liu.pk)
    assert (first.roster, first.week["kinds"]["household"], first.cumulative["kinds"]["household"]) == (
        2,
        {"visited": 2, "not_met": 2},
        {"roster": 2, "visited": 2, "off_roster": 2},
    )

    # A later list holds one of them: on the roster from then on, its earlier visit counts once, marked.
    Subject.objects.filter(pk=found[0].pk).update(listed_on=NEXT.first_day)
    second = row(freeze(world, NEXT), "grid", world.liu.pk)
    assert (second.roster, second.week["kinds"]["household"], second.cumulative["kinds"]["household"]) == (
        3,
        {"not_met": 1},
        {"roster": 3, "visited": 3, "off_roster": 1, "joined": 1},
    )


def test_late_is_what_the_device_dates_before_the_week(world: World) -> None:
    liu = households(world.liu, 3)
    reach(liu[:1], "visited", moment(WEEK), campaign=world.campaign, staff=world.chen)
    reach(liu[1:], "visited", moment(WEEK), campaign=world.campaign, staff=world.chen, device_on=WEEK.previous.last_day)
    report = freeze(world, WEEK)
    assert row(report, "grid", world.liu.pk).week["kinds"]["household"]["late"] == 2
    assert row(report, "collector", world.chen.pk).week["kinds"]["household"]["late"] == 2


def test_a_withdrawn_grant_is_its_own_line(world: World) -> None:
    liu = households(world.liu, 3)
    reach(liu, "granted", moment(WEEK), campaign=world.campaign, amount="30000.50")
    freeze(world, WEEK)
    reach(liu[:1], "grant_withdrawn", moment(NEXT), campaign=world.campaign, amount="30000.50")
    reach(liu[1:2], "grant_withdrawn", moment(NEXT), campaign=world.campaign)  # what was granted is taken back

    second = row(freeze(world, NEXT), "total", world.bank.pk)

    assert second.week["kinds"]["household"] == {"granted_withdrawn": 2, "amount_withdrawn": "60001.00"}
    assert second.cumulative["kinds"]["household"] == {"roster": 3, "granted": 1, "granted_amount": "30000.50"}


def test_kinds_of_subjects_stay_apart(world: World) -> None:
    reach(households(world.liu, 2), "visited", moment(WEEK), campaign=world.campaign)
    shops = Subject.objects.bulk_create(
        [Subject(institution=world.bank, grid=world.liu, kind="business", listed_on=WEEK.first_day) for _ in range(3)]
    )
    reach(shops[:1], "visited", moment(WEEK), campaign=world.campaign)
    total = row(freeze(world, WEEK), "total", world.bank.pk)
    assert total.cumulative["kinds"] == {
        "household": {"roster": 2, "visited": 2},
        "business": {"roster": 3, "visited": 1},
    }


def test_blocked_households_are_a_union(world: World) -> None:
    liu = households(world.liu, 6)
    block(liu[:3], "black", proposed=world.chen, confirmed=world.gao, at=moment(WEEK))
    block(liu[2:4], "grey", proposed=world.chen, confirmed=world.gao, at=moment(WEEK))
    block(liu[4:5], "attention", proposed=world.chen, confirmed=world.gao, at=moment(WEEK))
    ListEntry.objects.filter(subject=liu[0]).update(released_at=moment(WEEK), released_by=world.gao)
    assert row(freeze(world, WEEK), "grid", world.liu.pk).blocked == 3


def test_ranks_change_against_the_last_frozen_week(world: World) -> None:
    liu, zhao = households(world.liu, 10), households(world.zhao, 10)
    reach(liu[:3], "visited", moment(WEEK), campaign=world.campaign)
    reach(zhao[:2], "visited", moment(WEEK), campaign=world.campaign)
    freeze(world, WEEK)
    reach(zhao[2:6], "visited", moment(NEXT), campaign=world.campaign)
    second = freeze(world, NEXT)

    west, east = row(second, "branch", world.west.pk), row(second, "branch", world.east.pk)
    assert (west.rank, west.rank_change, west.week["visited_change"]) == (1, 1, 2)
    assert (east.rank, east.rank_change, east.week["visited_change"]) == (2, -1, -3)
    assert "城西支行上升 1 位，列第 1 名" in second.sentences["bank"]["zh"][1]
    assert second.sentences[str(world.east.pk)]["en"][0].startswith("0 newly visited this week, 3 fewer")


def test_one_week_one_report_and_a_frozen_one_is_returned_as_it_is(world: World) -> None:
    report = freeze(world, WEEK)
    assert freeze(world, WEEK, at=WEEK.freezes_at + timedelta(days=3)) == report
    assert WeeklyReport.objects.count() == 1
    with pytest.raises(WeekNotDue):
        freeze(world, WEEK.previous)
    with pytest.raises(WeekNotDue):
        freeze(world, NEXT, at=NEXT.freezes_at - timedelta(seconds=1))
    with pytest.raises(WeekNotDue):
        freeze(world, NEXT.next)


def test_missing_weeks_are_caught_up_in_order_and_say_when(world: World) -> None:
    liu = households(world.liu, 3)
    reach(liu[:1], "visited", moment(WEEK.previous), campaign=world.campaign)
    reach(liu[1:2], "visited", moment(WEEK), campaign=world.campaign)
    reach(liu[2:], "visited", moment(NEXT), campaign=world.campaign)
    late = NEXT.freezes_at + timedelta(hours=5)

    with job_frame(None, "test"):
        reports = freeze_due(campaign_id=world.campaign.pk, at=late)
        assert freeze_due(campaign_id=world.campaign.pk, at=late) == []

    assert [Week(one.iso_year, one.iso_week) for one in reports] == [WEEK.previous, WEEK, NEXT]
    assert [one.frozen_at for one in reports] == [late] * 3
    assert [one.cut_at for one in reports] == [WEEK.starts_at, WEEK.ends_at, NEXT.ends_at]
    assert [row(one, "total", world.bank.pk).week["kinds"]["household"]["visited"] for one in reports] == [1, 1, 1]


def test_a_new_campaign_counts_anew_and_the_old_one_ends(world: World) -> None:
    liu = households(world.liu, 2)
    reach(liu, "visited", moment(WEEK), campaign=world.campaign)
    Campaign.objects.filter(pk=world.campaign.pk).update(is_open=False, to_on=WEEK.last_day)
    second = Campaign.objects.create(institution=world.bank, name="第二轮", from_on=NEXT.first_day)
    reach(liu[:1], "visited", moment(NEXT), campaign=second)
    at = NEXT.next.freezes_at

    with job_frame(None, "test"):
        old = freeze_due(campaign_id=world.campaign.pk, at=at)
        new = freeze_due(campaign_id=second.pk, at=at)

    assert [Week(one.iso_year, one.iso_week) for one in old] == [WEEK]
    assert [row(one, "total", world.bank.pk).cumulative["kinds"]["household"]["visited"] for one in new] == [1, 1]


def test_the_scheduler_starts_one_run_a_campaign_and_only_when_due(world: World, monkeypatch) -> None:
    households(world.liu, 1)
    reach(Subject.objects.all(), "visited", moment(WEEK), campaign=world.campaign)
    monkeypatch.setattr("config.lib.clock.now", lambda: NEXT.starts_at + timedelta(hours=5, minutes=59))
    tasks.freeze_due_weeks()
    assert not JobRun.objects.exists()

    monkeypatch.setattr("config.lib.clock.now", lambda: WEEK.freezes_at)
    tasks.freeze_due_weeks()
    tasks.freeze_due_weeks()
    run = JobRun.objects.get()
    from config.lib import jobs

    jobs.drive_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.result) == ("done", {"frozen": [WEEK.code]})
    tasks.freeze_due_weeks()
    assert JobRun.objects.count() == 1


def test_no_page_can_freeze_and_nothing_frozen_can_change(world: World, acting: Callable[..., object]) -> None:
    reach(households(world.liu, 1), "visited", moment(WEEK), campaign=world.campaign)
    report = freeze(world, WEEK)
    for person in (world.gao, world.kang, world.lin, world.an):
        with acting(person):  # type: ignore[attr-defined]
            for sql in (
                "insert into reporting_weeklyreport (institution_id) values (1)",
                "insert into reporting_countedmilestone (milestone_id) values (1)",
                "select lib.uncounted(1, now())",
                "update reporting_reportrow set roster = 0",
                "delete from reporting_weeklyreport",
            ):
                with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(sql)
    for sql in ("update reporting_reportrow set roster = 0", "delete from reporting_countedmilestone"):
        with pytest.raises(DatabaseError), job_frame(None, "test"), connection.cursor() as cursor:
            cursor.execute(sql)
    assert is_intact(report)


def test_a_changed_row_is_noticed(world: World) -> None:
    reach(households(world.liu, 1), "visited", moment(WEEK), campaign=world.campaign)
    report = WeeklyReport.objects.get(pk=freeze(world, WEEK).pk)
    assert is_intact(report)
    ReportRow.objects.filter(report=report, level="grid", unit_id=world.liu.pk).update(rank=2)  # as the owner
    assert not is_intact(report)


@pytest.mark.django_db(transaction=True)
def test_what_becomes_visible_after_the_freeze_belongs_to_the_next_week() -> None:
    """A transaction opened before the freeze and committed after it is neither lost nor counted twice."""
    from tests import world as world_module

    world = world_module.build()
    liu = households(world.liu, 3)
    reach(liu[:1], "visited", moment(WEEK), campaign=world.campaign)
    settings = connection.settings_dict
    beside = psycopg2.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        host=settings["HOST"],
        port=settings["PORT"],
    )
    try:
        with beside.cursor() as cursor:
            cursor.execute(
                "insert into customers_milestone (institution_id, grid_id, recorded_grid_id, campaign_id, subject_id, kind, "
                "reached_at, device_on) values (%s, %s, %s, %s, %s, 'visited', %s, %s)",
                [
                    world.bank.pk,
                    world.liu.pk,
                    world.liu.pk,
                    world.campaign.pk,
                    liu[1].pk,
                    moment(WEEK),
                    moment(WEEK).date(),
                ],
            )
        first = freeze(world, WEEK)  # neither waits for the open transaction nor sees it
        beside.commit()
    finally:
        beside.close()
    reach(liu[2:], "visited", moment(NEXT), campaign=world.campaign)
    second = freeze(world, NEXT)

    assert row(first, "total", world.bank.pk).week["kinds"]["household"] == {"visited": 1}
    assert row(second, "total", world.bank.pk).week["kinds"]["household"] == {"visited": 2, "late": 1}
    assert row(second, "total", world.bank.pk).cumulative["kinds"]["household"]["visited"] == 3
    assert CountedMilestone.objects.count() == Milestone.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_freeze_once() -> None:
    from tests import world as world_module

    world = world_module.build()
    reach(households(world.liu, 40), "visited", moment(WEEK), campaign=world.campaign)
    start, found, failed = threading.Barrier(2), [], []

    def run() -> None:
        try:
            start.wait(timeout=20)
            with job_frame(None, "test"):
                found.extend(freeze_due(campaign_id=world.campaign.pk, at=NEXT.freezes_at))
        except Exception as error:  # noqa: BLE001  told by the thread that asserts
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert failed == []
    assert [one.iso_week for one in found] == [WEEK.number, NEXT.number]
    assert CountedMilestone.objects.count() == 40
    assert all(is_intact(one) for one in WeeklyReport.objects.all())


def test_due_weeks_begin_with_the_first_event(world: World) -> None:
    plan = campaigns(institution_id=world.bank.pk)[0]
    reach(households(world.liu, 1), "visited", moment(WEEK), campaign=world.campaign)
    assert due_weeks(plan, WEEK.freezes_at - timedelta(seconds=1)) == []
    assert due_weeks(plan, NEXT.freezes_at) == [WEEK, NEXT]
