"""Transfers and absences: two people, all or nothing on the day, rights that end with the term."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from customers.services.checks import check_profile
from grids.access import grids_for, posts_of
from grids.models import Absence, Post, PostKind, Seat, Staff, Transfer
from grids.services import Refused, absences, transfers
from grids.tasks import carry_out_transfers
from tests.conftest import acting_as
from tests.customers.builders import make_household, release_parameters, submission
from tests.world import World

ClientOf = Callable[..., Client]
ABSENT = timedelta(days=5)


def asked(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "staff": world.chen.pk,
        "kind": "move",
        "to_branch": world.west.pk,
        "on": str(clock.today()),
        "reason": "人事〔2026〕12 号",
        "everyone": world.deng.pk,
    } | changes


def proposed(world: World, client: Client, **changes: Any) -> Transfer:
    answer = client.post(reverse("grids:transfer_new"), asked(world, **changes))
    assert answer.status_code == 302, answer.content.decode()
    return Transfer.objects.latest("pk")


def step(client: Client, transfer: Transfer, name: str = "confirm", **data: str) -> str:
    answer = client.post(reverse(f"grids:transfer_{name}", args=[transfer.pk]), data, follow=True)
    transfer.refresh_from_db()
    return answer.content.decode()


def covers(staff: Staff) -> set[str]:
    return set(grids_for(posts_of(staff).get(kind=PostKind.OFFICER)).values_list("name", flat=True))


def test_a_move_is_previewed_confirmed_by_both_managers_and_done_at_once(world: World, client_of: ClientOf) -> None:
    an, gao, he = client_of(world.an), client_of(world.gao), client_of(world.he)
    page = an.get(reverse("grids:transfer_new"), asked(world)).content.decode()
    assert "刘家村" in page
    assert "终身负责" in page
    transfer = proposed(world, an)
    assert "自己提出的" in step(an, transfer)
    assert "还等另一支行确认" in step(he, transfer)
    assert covers(world.chen) == {"刘家村", "王家村"}
    assert "已确认并执行" in step(gao, transfer)
    assert (transfer.state, transfer.giving_by, transfer.receiving_by) == ("done", world.gao, world.he)
    assert covers(world.deng) == {"刘家村", "王家村"}
    post = posts_of(world.chen).get()
    assert (post.branch, covers(world.chen)) == (world.west, set())
    assert Staff.objects.get(pk=world.chen.pk).home_branch == world.west
    assert AuditEvent.objects.get(verb="transfer_done").detail["grids"] == 2
    assert "刚刚已经处理过了" in step(gao, transfer)


def test_it_waits_for_its_day_and_the_scheduler_carries_it_out(world: World, client_of: ClientOf) -> None:
    on = clock.today() + timedelta(days=3)
    transfer = proposed(
        world,
        client_of(world.an),
        kind="hand_over",
        to_branch="",
        on=str(on),
        everyone="",
        **{f"to_{world.liu.pk}": world.deng.pk},
    )
    step(client_of(world.gao), transfer)
    assert transfer.state == "confirmed"
    carry_out_transfers()
    assert covers(world.deng) == set()
    with time_machine.travel(clock.now() + timedelta(days=3)):
        carry_out_transfers()
        assert covers(world.deng) == {"刘家村"}
        assert covers(world.chen) == {"王家村"}
    transfer.refresh_from_db()
    assert transfer.state == "done"


def test_who_leaves_is_out_and_hands_everything_over(world: World, client_of: ClientOf) -> None:
    an = client_of(world.an)
    answer = an.post(reverse("grids:transfer_new"), asked(world, kind="leave", to_branch="", everyone=""))
    assert "还没有选接手的人" in answer.content.decode()
    transfer = proposed(world, an, kind="leave", to_branch="")
    step(client_of(world.gao), transfer)
    assert transfer.state == "done"
    assert not Staff.objects.get(pk=world.chen.pk).is_active
    assert not posts_of(world.chen).exists()
    assert covers(world.deng) == {"刘家村", "王家村"}


def test_what_no_longer_fits_is_not_half_done(world: World, client_of: ClientOf) -> None:
    on = clock.today() + timedelta(days=2)
    transfer = proposed(world, client_of(world.an), kind="leave", to_branch="", on=str(on))
    step(client_of(world.gao), transfer)
    world.deng.posts.update(to_on=on)
    before = Seat.objects.count()
    with time_machine.travel(clock.now() + timedelta(days=2)):
        carry_out_transfers()
    transfer.refresh_from_db()
    assert (transfer.state, Seat.objects.count()) == ("failed", before)
    assert "邓平" in transfer.answer
    assert Staff.objects.get(pk=world.chen.pk).is_active


def test_refused_or_taken_back(world: World, client_of: ClientOf) -> None:
    an, gao = client_of(world.an), client_of(world.gao)
    transfer = proposed(world, an)
    assert "已有一项调动在办" in an.post(reverse("grids:transfer_new"), asked(world)).content.decode()
    assert "写明理由" in step(gao, transfer, "end")
    step(gao, transfer, "end", reason="正在评议")
    assert (transfer.state, transfer.answer) == ("refused", "正在评议")
    other = proposed(world, an)
    step(an, other, "end")
    assert other.state == "withdrawn"
    assert client_of(world.he).get(reverse("grids:transfers")).status_code == 200
    step_of_stranger = client_of(world.he).post(
        reverse("grids:transfer_confirm", args=[proposed(world, an, kind="leave", to_branch="").pk])
    )
    assert step_of_stranger.status_code == 404


def test_the_database_keeps_two_people_and_what_was_said(world: World, client_of: ClientOf) -> None:
    transfer = proposed(world, client_of(world.an))
    rows = Transfer.objects.filter(pk=transfer.pk)
    with pytest.raises(IntegrityError, match="transfer_needs_two"), transaction.atomic():
        rows.update(giving_by=world.an)
    with pytest.raises(DatabaseError, match="answers for the branch"), transaction.atomic():
        rows.update(giving_by=world.he)
    with pytest.raises(DatabaseError, match="stands for good"), transaction.atomic():
        rows.update(on=clock.today() + timedelta(days=9))
    with acting_as(world.gao), pytest.raises(DatabaseError), transaction.atomic():
        transfer.grids.all().delete()


def test_the_list_costs_the_same_for_many(
    world: World, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    an, counted = client_of(world.an), []
    for _turn in range(2):
        for _one in range(1 if not counted else 9):
            step(an, proposed(world, an), "end")
            row = absences.record(
                by=world.gao, post=posts_of(world.gao).get(), staff=world.chen, deputy=world.deng,
                from_on=clock.today(), to_on=clock.today() + ABSENT, reason="休假",
            )  # fmt: skip
            absences.end(absence=row, by=world.gao, post=posts_of(world.gao).get())
        with django_assert_max_num_queries(60) as listed:
            an.get(reverse("grids:transfers"))
            an.get(reverse("grids:absences"))
        counted.append(len(listed))
    assert counted[0] == counted[1]


# --- Absence and deputy -----------------------------------------------------------------------------------------------


def away(world: World, **changes: Any) -> Absence:
    today = clock.today()
    given: dict[str, Any] = {
        "by": world.gao, "post": posts_of(world.gao).get(), "staff": world.chen, "deputy": world.deng, "from_on": today,
        "to_on": today + ABSENT, "reason": "休假",
    }  # fmt: skip
    return absences.record(**given | changes)


def test_a_deputy_reaches_the_grids_for_that_time_alone(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "0001")
    deng = client_of(world.deng)
    page = reverse("customers:household", args=[home.pk])
    assert deng.get(page).status_code == 404
    answer = client_of(world.gao).post(
        reverse("grids:absences"),
        {
            "staff": world.chen.pk,
            "deputy": world.deng.pk,
            "from_on": clock.today(),
            "to_on": clock.today() + ABSENT,
            "reason": "休假",
        },
    )
    assert answer.status_code == 302
    assert deng.get(page).status_code == 200
    assert "代 陈立" in deng.get(reverse("grids:me")).content.decode()
    assert covers(world.deng) == {"刘家村", "王家村"}
    assert covers(world.chen) == {"刘家村", "王家村"}
    with time_machine.travel(clock.now() + ABSENT):
        assert client_of(world.deng).get(page).status_code == 404
        assert covers(world.deng) == set()
    client_of(world.gao).post(reverse("grids:absence_end", args=[Absence.objects.get().pk]))
    assert deng.get(page).status_code == 404
    assert "代 陈立" not in deng.get(reverse("grids:me")).content.decode()


def test_acts_of_a_deputy_name_both_and_neither_checks_the_other(world: World) -> None:
    from customers.services.visits import submit_visit

    release_parameters(world)
    home = make_household(world.liu, "0001")
    away(world)
    with acting_as(world.deng) as post:
        stored = submit_visit(
            staff=world.deng, post_id=post.pk if post else None, place=home, submission=submission(home)
        )
    assert AuditEvent.objects.filter(staff=world.deng, detail__standing_in_for=[world.chen.pk]).exists()
    with acting_as(world.chen), pytest.raises(DatabaseError), transaction.atomic():
        check_profile(staff=world.chen, post_id=None, profile=stored.profile, verdict="accepted", remarks=[])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deputy": "fang"}, "同一支行"),
        ({"deputy": "gao"}, "自己代别人"),
        ({"deputy": "chen"}, "另一位"),
        ({"from_on": -1}, "不能早于今天"),
    ],
)
def test_what_may_not_be_recorded(world: World, changes: dict[str, Any], words: str) -> None:
    given = {
        key: getattr(world, value) if isinstance(value, str) else clock.today() + timedelta(days=value)
        for key, value in changes.items()
    }
    with pytest.raises(Refused, match=words):
        away(world, **given)


def test_nobody_is_away_twice_and_no_deputy_is_away(world: World) -> None:
    away(world)
    with pytest.raises(Refused, match="已经离岗"):
        away(world)
    with pytest.raises(Refused, match="已经离岗"):
        away(world, staff=world.deng, deputy=world.chen)
    Absence.objects.update(to_on=clock.today())
    with pytest.raises(DatabaseError, match="only ends earlier"), transaction.atomic():
        Absence.objects.update(to_on=clock.today() + timedelta(days=99))
    with pytest.raises(IntegrityError, match="absence_is_between_two"), transaction.atomic():
        Absence.objects.create(
            institution=world.bank, staff=world.chen, deputy=world.deng, from_on=clock.today(),
            to_on=clock.today() + ABSENT, reason="x", recorded_by=world.deng,
        )  # fmt: skip


def test_nobody_moves_himself(world: World) -> None:
    with pytest.raises(Refused, match="另一位管理员"):
        transfers.propose(
            by=world.an, post=posts_of(world.an).get(), staff=world.an, kind="leave", to_branch=None, on=clock.today(),
            reason="x", successors={},
        )  # fmt: skip
    assert Post.objects.filter(staff=world.an, to_on=None).exists()
