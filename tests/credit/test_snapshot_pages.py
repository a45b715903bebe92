"""Pages of the core system's snapshots, and who sees what of them whatever the page asks."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock, jobs
from credit.models import CoreCredit, CoreFinding, CoreSnapshot
from credit.selectors import snapshots as selectors
from grids.models import Post
from tests.conftest import acting_as
from tests.credit import coresnapshots as core
from tests.credit import village as make
from tests.world import World

ClientOf = Callable[..., Client]


@pytest.fixture
def numbers(world: World) -> list[str]:
    """The ID numbers of a couple in Liu Village and of one man in Zhao Village."""
    return core.couple_and_neighbour(world)


def test_a_person_sees_the_credits_of_the_people_he_sees(world: World, numbers: list[str]) -> None:
    core.in_force(world, *(core.row(number, f"J{place}") for place, number in enumerate(numbers)))

    for name, count in (
        ("chen", 2),
        ("deng", 0),
        ("fang", 1),
        ("gao", 2),
        ("he", 1),
        ("jiang", 3),
        ("shi", 0),
        ("mo", 0),
    ):
        with acting_as(getattr(world, name)):
            assert CoreCredit.objects.count() == count, name
    core.upload(world, core.row(core.id_number(900), "J9"), correction="重跑")
    for name in ("chen", "gao", "lin", "mo"):
        with (
            acting_as(getattr(world, name)),
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
        ):
            CoreFinding.objects.exists()
    for name, seen in (("jiang", True), ("kang", False)):
        with acting_as(getattr(world, name)):
            assert CoreFinding.objects.exists() is seen, name


def test_what_nobody_confirmed_is_seen_by_its_keepers_alone(world: World, numbers: list[str]) -> None:
    core.upload(world, core.row(numbers[0], "J1"))
    for name, seen in (("jiang", 1), ("chen", 0), ("gao", 0), ("lin", 0), ("kang", 0)):
        with acting_as(getattr(world, name)):
            assert CoreSnapshot.objects.count() == seen, name
            assert CoreCredit.objects.count() == 0, name


def test_his_credits_follow_a_person_to_another_household(world: World, numbers: list[str]) -> None:
    core.in_force(world, core.row(numbers[0], "J1"))
    home = make.household(world.zhao, "002", "赵二")
    moved = CoreCredit.objects.get().person
    moved.household_id, moved.grid = home, world.zhao
    moved.save(update_fields=["household", "grid"])
    with acting_as(world.fang):
        found = selectors.household_credits(world.bank.pk, home)
        assert found is not None
        assert [row["contract"] for row in found.rows] == ["…"]
    with acting_as(world.chen):
        assert CoreCredit.objects.count() == 0


def test_the_household_shows_what_it_owes_and_masks_the_contract(
    world: World, numbers: list[str], client_of: ClientOf
) -> None:
    home = make.household(world.liu, "009", "刘九")
    number = next(iter(core.number_people(home, first=50).values()))
    url = reverse("credit:household_credits", args=[home])
    assert "还没有核心系统快照" in client_of(world.chen).get(url).content.decode()

    core.in_force(
        world,
        core.row(number, "JJ20260001234", outstanding="35000", 未用额度="15000", 本金逾期天数="95", 五级分类="次级"),
        on=clock.today() - timedelta(days=9),
    )
    page = client_of(world.chen).get(url).content.decode()
    assert "…1234" in page
    assert "JJ2026" not in page
    assert "3.50 万元" in page
    assert "次级" in page
    assert "95" in page
    assert "快照已旧" in page
    assert client_of(world.fang).get(url).status_code == 404


def test_an_approver_goes_through_it_on_pages(world: World, numbers: list[str], client_of: ClientOf) -> None:
    core.release_limits(world)
    bai, jiang = client_of(core.second_approver(world)), client_of(world.jiang)
    file = core.content(core.row(numbers[0], "J1"), core.row(core.id_number(900), "J2"))
    file.name = "core.csv"
    sent = jiang.post(reverse("credit:core_snapshot_upload"), {"file": file, "taken_on": clock.today().isoformat()})
    taken = CoreSnapshot.objects.get()
    page = reverse("credit:core_snapshot", args=[taken.pk])
    assert (sent.status_code, sent["Location"]) == (302, page)
    assert "progress" in jiang.get(page).content.decode()
    jobs.drive_run(taken.run_id or 0)

    told = jiang.get(page).content.decode()
    assert "没有登记过这个人" in told
    assert core.id_number(900) not in told
    assert "confirm-snapshot" not in told
    assert "confirm-snapshot" in bai.get(page).content.decode()
    assert "待确认的核心系统快照" in bai.get(reverse("grids:inbox")).content.decode()
    assert "待确认的核心系统快照" not in jiang.get(reverse("grids:inbox")).content.decode()
    jiang.post(reverse("credit:core_snapshot_confirm", args=[taken.pk]))
    assert CoreSnapshot.objects.get().state == "waiting"
    bai.post(reverse("credit:core_snapshot_confirm", args=[taken.pk]))
    assert CoreSnapshot.objects.get().state == "in_force"
    again = core.content(core.row(numbers[0], "J1"), core.row(core.id_number(900), "J2"))
    again.name = "again.csv"
    assert (
        jiang.post(reverse("credit:core_snapshot_upload"), {"file": again, "taken_on": clock.today().isoformat()})[
            "Location"
        ]
        == page
    )


def test_an_approver_of_a_branch_keeps_no_snapshot(world: World, numbers: list[str], client_of: ClientOf) -> None:
    taken = core.upload(world, core.row(numbers[0], "J1"))
    bai = core.second_approver(world)
    Post.objects.filter(staff=bai).update(branch=world.east)
    client = client_of(bai)
    assert "快照由全行的审批人办理" in client.get(reverse("credit:core_snapshot_list")).content.decode()
    for name in ("core_snapshot", "core_snapshot_progress"):
        assert client.get(reverse(f"credit:{name}", args=[taken.pk])).status_code == 404
    assert client.get(reverse("credit:core_snapshot_upload")).status_code == 404
    assert client.post(reverse("credit:core_snapshot_confirm", args=[taken.pk])).status_code == 404
    assert CoreSnapshot.objects.get().state == "waiting"


def test_lists_ask_the_database_as_often_for_twenty_rows_as_for_one(
    world: World, numbers: list[str], client_of: ClientOf
) -> None:
    client = client_of(world.jiang)

    def asked(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    start = clock.today() - timedelta(days=30)
    core.in_force(world, core.row(numbers[0], "J0"), on=start)
    taken = core.upload(
        world, core.row(numbers[0], "J1"), core.row(core.id_number(800), "J2"), on=start + timedelta(days=1)
    )
    listed, page = reverse("credit:core_snapshot_list"), reverse("credit:core_snapshot", args=[taken.pk])
    client.get(listed)
    one = asked(listed), asked(page)
    core.confirm(world, taken, "对过")
    for day in range(2, 21):
        unknown = [core.row(core.id_number(800 + place), f"U{place}") for place in range(20)]
        taken = core.upload(world, core.row(numbers[0], "J1", outstanding=str(10000 + day)), *unknown, on=start + timedelta(days=day))  # fmt: skip
        if day < 20:
            core.confirm(world, taken, "对过")
    many = asked(listed), asked(reverse("credit:core_snapshot", args=[taken.pk]))
    assert many == one
