"""A village that becomes part of another: three people, every household at once, nothing of the past rewritten."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from config.lib import clock
from customers import access
from customers.models import GridMerger, Household, HouseholdEvent, Visit
from customers.selectors import life as selectors
from customers.services import mergers
from customers.services.life import LifeRefusedError
from customers.services.visits import submit_visit
from tests.conftest import acting_as
from tests.customers.builders import make_household, release_parameters, submission
from tests.customers.test_household_life import change, not_in_their_grid, propose
from tests.world import World


@pytest.fixture
def villages(world: World) -> World:
    release_parameters(world)
    for number in ("0001", "0002"):
        make_household(world.liu, number)
    make_household(world.zhao, "0001")
    home = Household.objects.get(grid=world.liu, number="0001")
    with acting_as(world.chen) as post:
        assert post is not None
        submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=submission(home, document=None))
    return world


def proposed(world: World, **changes: Any) -> GridMerger:
    fields = {"from_grid": world.liu, "to_grid": world.zhao, "on": clock.today(), "reason": "民政批复"} | changes
    with acting_as(world.an) as post:
        assert post is not None
        return mergers.propose(staff=world.an, post_id=post.pk, **fields)


def confirm(world: World, merger: GridMerger, by: str) -> str:
    with acting_as(world.staff[by]) as post:
        assert post is not None
        found = access.open_grid_merger(post, merger.pk)
        return mergers.confirm(staff=world.staff[by], post_id=post.pk, merger=found)


def test_every_household_goes_over_at_once_and_facts_keep_their_place(villages: World) -> None:
    world = villages
    with acting_as(world.an):
        counted = selectors.merger_preview(world.liu.pk, world.zhao.pk)
    assert counted == {"households": 2, "people": 6, "taken": 1, "tie": ""}
    merger = proposed(world)
    assert confirm(world, merger, "gao") == "proposed"
    assert Household.objects.filter(grid=world.liu).count() == 2
    assert confirm(world, merger, "he") == "done"
    merger.refresh_from_db()
    world.liu.refresh_from_db()
    world.zhao.refresh_from_db()
    assert (merger.moved["subjects"], merger.moved["renumbered"]) == (2, 1)
    assert set(Household.objects.values_list("grid", "number")) == {
        (world.zhao.pk, "0001"), (world.zhao.pk, "0001-201"), (world.zhao.pk, "0002"),
    }  # fmt: skip
    assert not_in_their_grid(world) == []
    assert set(Visit.objects.values_list("recorded_grid", "lead")) == {(world.liu.pk, world.chen.pk)}
    assert (world.liu.is_active, world.zhao.former_names, world.zhao.predecessor_codes) == (
        False, ["刘家村"], ["370685001201"],
    )  # fmt: skip
    with acting_as(world.fang) as post:
        assert post is not None
        assert access.households_for(post).count() == 3
    with acting_as(world.chen) as post:
        assert post is not None
        assert not access.households_for(post).exists()


def test_a_change_that_waits_holds_the_merger(villages: World) -> None:
    world = villages
    home = Household.objects.get(grid=world.liu, number="0002")
    propose(world, home, change("leave", why="moved"))
    merger = proposed(world)
    confirm(world, merger, "gao")
    with pytest.raises(LifeRefusedError, match="events_wait"):
        confirm(world, merger, "he")
    merger.refresh_from_db()
    assert (merger.state, merger.receiving_by, HouseholdEvent.objects.get().state) == ("proposed", None, "proposed")


def test_nobody_merges_villages_alone(villages: World) -> None:
    world = villages
    merger = proposed(world)
    with pytest.raises(LifeRefusedError, match="merger_waits"):
        proposed(world)
    with pytest.raises(LifeRefusedError, match="same_village"):
        proposed(world, from_grid=world.wang, to_grid=world.wang)
    for by in ("an", "chen", "jiang"):
        with acting_as(world.staff[by]), pytest.raises(DatabaseError, match="life:unknown"), transaction.atomic():
            settle(merger)
    with acting_as(world.gao), pytest.raises(DatabaseError), transaction.atomic():
        GridMerger.objects.filter(pk=merger.pk).update(state="done")
    with acting_as(world.gao) as post:
        assert post is not None
        mergers.refuse(staff=world.gao, post_id=post.pk, merger=merger, answer="批复不是这个村")
    with pytest.raises(LifeRefusedError, match="settled"):
        confirm(world, merger, "he")


def settle(merger: GridMerger) -> None:
    """What anybody could ask the database for, past the pages."""
    with connection.cursor() as cursor:
        cursor.execute("select acc.settle_grid_merger(%s)", [merger.pk])
