"""Seats: who sits where from when, by whom it may be given, and the hand-over of many grids at once."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from grids.access import grids_for, posts_of
from grids.models import Post, PostKind, Seat, SeatKind
from grids.services import Refused, seats
from tests.world import World


@pytest.fixture
def assessor(world: World) -> SeatKind:
    return SeatKind.objects.create(institution=world.bank, code="assessor", name="评议员", places=2, order=2)


def given(world: World, **changes: Any) -> Seat:
    arguments = {
        "grid": world.liu,
        "kind": world.manager_seat,
        "by": world.gao,
        "post": posts_of(world.gao).get(),
        "from_on": clock.today(),
        "staff_id": world.deng.pk,
    }
    return seats.assign_seat(**{**arguments, **changes})


def reach(staff: Any) -> set[str]:
    return set(grids_for(posts_of(staff).get()).values_list("name", flat=True))


def test_a_new_owner_takes_over_on_the_day_and_the_old_one_stays_in_the_record(world: World) -> None:
    given(world)
    old = Seat.objects.get(grid=world.liu, staff=world.chen)
    assert old.to_on == clock.today()
    assert (reach(world.chen), reach(world.deng)) == ({"王家村"}, {"刘家村"})
    assert AuditEvent.objects.get(verb="seat_assigned").detail["replaces"] == old.pk


def test_a_seat_of_the_future_moves_nothing_today(world: World, acting: Callable[..., Any]) -> None:
    given(world, from_on=clock.today() + timedelta(days=7))
    assert reach(world.chen) == {"刘家村", "王家村"}
    with acting(world.deng) as post:
        assert not grids_for(post).exists()


def test_the_past_is_not_rewritten(world: World) -> None:
    with pytest.raises(Refused, match="不能早于今天"):
        given(world, from_on=clock.today() - timedelta(days=1))


def test_nobody_seats_himself_and_only_officers_of_the_branch_own_customers(world: World) -> None:
    with pytest.raises(Refused, match="不能给自己"):
        given(world, staff_id=world.gao.pk)
    with pytest.raises(Refused, match="没有 城东支行 的客户经理岗位"):
        given(world, staff_id=world.fang.pk)
    with pytest.raises(Refused, match="只能由员工"):
        given(world, staff_id=None, outside_name="刘大山")
    assert Seat.objects.count() == 3


def test_an_officer_whose_post_begins_later_may_be_seated_from_then_on(world: World) -> None:
    later = clock.today() + timedelta(days=10)
    Post.objects.create(staff=world.kang, kind=PostKind.OFFICER, branch=world.east, from_on=later)
    with pytest.raises(Refused):
        given(world, staff_id=world.kang.pk)
    assert given(world, staff_id=world.kang.pk, from_on=later).from_on == later


def test_several_places_are_filled_one_by_one_then_someone_must_be_replaced(world: World, assessor: SeatKind) -> None:
    first = given(world, kind=assessor, staff_id=None, outside_name="刘大山")
    given(world, kind=assessor, staff_id=None, outside_name="刘二河")
    with pytest.raises(Refused, match="请选择接替谁"):
        given(world, kind=assessor, staff_id=None, outside_name="刘三湖")
    given(world, kind=assessor, staff_id=None, outside_name="刘三湖", replaces=first.pk)
    first.refresh_from_db()
    assert first.to_on == clock.today()


def test_a_second_arrangement_for_later_is_refused_until_the_first_is_withdrawn(world: World) -> None:
    later = given(world, from_on=clock.today() + timedelta(days=7))
    with pytest.raises(Refused, match="已在这个席位"):
        given(world, from_on=clock.today() + timedelta(days=1))
    seats.end_seat(seat=later, by=world.gao, post=posts_of(world.gao).get(), on=clock.today())
    later.refresh_from_db()
    assert later.to_on == later.from_on


def test_a_withdrawn_seat_never_counts(world: World) -> None:
    day = clock.today() + timedelta(days=3)
    later = given(world, from_on=day)
    seats.end_seat(seat=later, by=world.gao, post=posts_of(world.gao).get(), on=clock.today())
    assert not posts_of(world.deng, day).none()
    assert not Seat.objects.filter(pk=later.pk, to_on__gt=day).exists()


def hand_over(world: World, grid_ids: list[int], **changes: Any) -> list[Seat]:
    arguments = {
        "grid_ids": grid_ids,
        "leaving_id": world.chen.pk,
        "successor_id": world.deng.pk,
        "by": world.gao,
        "post": posts_of(world.gao).get(),
        "on": clock.today(),
    }
    return seats.hand_over(**{**arguments, **changes})


def test_many_grids_are_handed_over_at_once(world: World, django_assert_max_num_queries: Callable[..., Any]) -> None:
    day = clock.today() + timedelta(days=1)
    with django_assert_max_num_queries(16):
        hand_over(world, [world.liu.pk, world.wang.pk], on=day)
    assert reach(world.chen) == {"刘家村", "王家村"}
    owners = Seat.objects.filter(from_on=day).values_list("grid__name", "staff__name")
    assert set(owners) == {("刘家村", "邓平"), ("王家村", "邓平")}
    assert set(Seat.objects.filter(staff=world.chen).values_list("to_on", flat=True)) == {day}
    assert AuditEvent.objects.get(verb="grids_handed_over").about_id == str(world.chen.pk)


def test_a_hand_over_is_all_or_nothing(world: World) -> None:
    for wrong in ([], [world.liu.pk, world.zhao.pk], [world.liu.pk, 0]):
        with pytest.raises(Refused, match="名单已有变化"):
            hand_over(world, wrong)
    with pytest.raises(Refused):
        hand_over(world, [world.liu.pk], successor_id=world.fang.pk)
    with pytest.raises(Refused, match="同一个人"):
        hand_over(world, [world.liu.pk], successor_id=world.chen.pk)
    assert not Seat.objects.exclude(to_on=None).exists()


def test_a_manager_hands_over_only_in_his_own_branch(world: World, client_of: Callable[..., Client]) -> None:
    asked: dict[str, Any] = {"leaving": world.fang.pk, "successor": world.deng.pk, "on": str(clock.today())}
    page = client_of(world.gao).get(reverse("grids:hand_over"), asked)
    assert page.status_code == 422
    assert "赵家村" not in page.content.decode()


def test_hand_over_is_previewed_then_done(world: World, client_of: Callable[..., Client]) -> None:
    client = client_of(world.gao)
    given_: dict[str, Any] = {"leaving": world.chen.pk, "successor": world.deng.pk, "on": str(clock.today())}
    page = client.get(reverse("grids:hand_over"), given_).content.decode()
    assert "刘家村" in page
    assert Seat.objects.filter(staff=world.deng).count() == 0
    answer = client.post(reverse("grids:hand_over"), {**given_, "grid": [world.liu.pk]})
    assert answer.status_code == 302
    assert reach(world.deng) == {"刘家村"}
    assert client.post(reverse("grids:hand_over"), {**given_, "grid": [world.liu.pk]}).status_code == 422


def test_seating_through_the_page(world: World, client_of: Callable[..., Client]) -> None:
    prefix = f"seat-{world.manager_seat.pk}"
    url = reverse("grids:assign_seat", args=[world.liu.pk, world.manager_seat.pk])
    sent = {f"{prefix}-staff": world.deng.pk, f"{prefix}-from_on": str(clock.today())}
    assert client_of(world.he).post(url, sent).status_code == 404  # the manager of the other branch
    assert client_of(world.gao).post(url, sent).status_code == 302
    page = client_of(world.gao).get(reverse("grids:grid", args=[world.liu.pk])).content.decode()
    assert "邓平" in page
    assert "陈立" in page  # in the record
    late = {**sent, f"{prefix}-from_on": str(date(2020, 1, 1))}
    assert client_of(world.gao).post(url, late).status_code == 422
