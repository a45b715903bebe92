"""Businesses and units move to another grid: proposed by the officer, confirmed for both sides, everything routed at once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.lib import clock
from customers.models import Business, HouseholdEvent, Principal, Profile, SubjectToken, Visit
from customers.services import life
from customers.services.life import LifeProblemsError, LifeRefusedError
from customers.services.visits import Submission, submit_visit
from grids.models import Grid
from tests.customers.builders import make_business, make_grid, make_unit, release_parameters
from tests.customers.test_entity_visits import _submission
from tests.world import World

ClientOf = Callable[..., Client]
Acting = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def shop(world: World) -> Business:
    release_parameters(world)
    place = make_business(make_grid(world, "market", "东关市场"), address="东关大街 12 号", phone="15412345678")
    submission: Submission = _submission()
    submit_visit(staff=world.chen, post_id=None, place=place, submission=submission)
    return place


@pytest.fixture
def west(world: World) -> Grid:
    street = make_grid(world, "street", "西门街", officer=world.fang)
    Grid.objects.filter(pk=street.pk).update(branch=world.west)
    return Grid.objects.get(pk=street.pk)


def _move(chen: Client, shop: Business, grid: Grid, **changes: Any) -> Any:
    sent = {"grid": grid.pk, "on": clock.today().isoformat(), "reason": "摊位搬到西门"} | changes
    return chen.post(reverse("customers:entity_move", args=[shop.pk]), sent)


def test_both_sides_confirm_and_everything_follows(
    world: World, shop: Business, west: Grid, client_of: ClientOf
) -> None:
    chen, page = client_of(world.chen), reverse("customers:entity", args=[shop.pk])
    assert _move(chen, shop, west).status_code == 302
    assert "移到别的网格等确认" in chen.get(page).content.decode()
    event = HouseholdEvent.objects.get()
    assert (event.needs_giving, event.needs_receiving) == (True, True)

    there = client_of(world.he).get(reverse("customers:life_event", args=[event.pk])).content.decode()
    assert "鑫源超市" in there
    assert page not in there
    confirm = reverse("customers:life_confirm", args=[event.pk])
    client_of(world.gao).post(confirm)
    event.refresh_from_db()
    assert event.state == "proposed"
    client_of(world.he).post(confirm)
    event.refresh_from_db()
    assert event.state == "done"

    shop.refresh_from_db()
    assert (shop.grid_id, shop.subject.grid_id) == (west.pk, west.pk)
    for rows in (Visit, Profile, Principal):
        assert set(rows.objects.values_list("grid_id", flat=True)) == {west.pk}
    assert set(SubjectToken.objects.filter(subject=shop.pk).values_list("grid_id", flat=True)) == {west.pk}
    assert Visit.objects.get().recorded_grid_id != west.pk
    assert chen.get(page).status_code == 404
    assert "移到别的网格" in client_of(world.fang).get(page).content.decode()


def test_within_a_branch_one_manager_is_enough(world: World, shop: Business, client_of: ClientOf) -> None:
    street = make_grid(world, "street", "东门街")
    _move(client_of(world.chen), shop, street)
    client_of(world.gao).post(reverse("customers:life_confirm", args=[HouseholdEvent.objects.get().pk]))
    shop.refresh_from_db()
    assert shop.grid_id == street.pk


def test_only_a_grid_that_takes_its_kind(world: World, shop: Business, west: Grid, acting: Acting) -> None:
    offices = make_grid(world, "institution", "机关片")
    with pytest.raises(LifeProblemsError, match="grid_kind"):
        life.move_entity(staff=world.chen, post_id=None, place=shop, to_grid=offices, on=clock.today(), reason="搬迁")
    with acting(world.chen) as post:
        event = life.move_entity(
            staff=world.chen, post_id=post.pk, place=shop, to_grid=west, on=clock.today(), reason="搬迁"
        )
    HouseholdEvent.objects.filter(pk=event.pk).update(to_grid=offices)
    with acting(world.gao) as post, pytest.raises(LifeRefusedError, match="grid_kind"):
        life.confirm(staff=world.gao, post_id=post.pk, event=event)
    # Nor does anything else that happens to households happen to a shop.
    HouseholdEvent.objects.filter(pk=event.pk).update(kind="leave", to_grid=None, needs_receiving=False)
    with acting(world.gao) as post, pytest.raises(LifeRefusedError, match="kind"):
        life.confirm(staff=world.gao, post_id=post.pk, event=event)


def test_what_is_wrong_is_said_and_a_proposal_can_be_taken_back(
    world: World, shop: Business, west: Grid, client_of: ClientOf
) -> None:
    chen = client_of(world.chen)
    later = (clock.today() + timedelta(days=1)).isoformat()
    answer = _move(chen, shop, west, on=later)
    assert answer.status_code == 422
    assert "日期不能晚于今天" in answer.content.decode()
    _move(chen, shop, west)
    assert _move(chen, shop, west).status_code == 422
    back = chen.post(reverse("customers:life_withdraw", args=[HouseholdEvent.objects.get().pk]))
    assert back["Location"] == reverse("customers:entity", args=[shop.pk])
    assert HouseholdEvent.objects.get().state == "withdrawn"


def test_a_unit_moves_as_well(world: World, client_of: ClientOf) -> None:
    unit = make_unit(make_grid(world, "institution", "机关片"))
    _move(client_of(world.chen), unit, world.liu)  # type: ignore[arg-type]
    client_of(world.gao).post(reverse("customers:life_confirm", args=[HouseholdEvent.objects.get().pk]))
    unit.refresh_from_db()
    assert unit.grid_id == world.liu.pk
