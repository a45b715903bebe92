"""What a post reaches is reckoned once in the transaction it acts in, and anew in the next."""

from typing import Any

from config.lib import clock
from grids.access import grids_for, posts_of, reached_by
from grids.models import Seat
from tests.conftest import acting_as
from tests.world import World


def test_a_post_that_acts_is_asked_for_its_grids_once(world: World, django_assert_num_queries: Any) -> None:
    with acting_as(world.chen) as post:
        assert post is not None
        wanted = sorted(grid.pk for grid in grids_for(post))
        with django_assert_num_queries(1):
            assert sorted(reached_by(post)) == wanted
            assert sorted(reached_by(post)) == wanted
    assert world.liu.pk in wanted


def test_a_seat_that_ended_is_out_of_reach_from_the_next_transaction_on(world: World) -> None:
    post = posts_of(world.chen).get()
    assert world.liu.pk in reached_by(post)
    Seat.objects.filter(staff=world.chen, grid=world.liu).update(to_on=clock.today())
    assert world.liu.pk not in reached_by(post)  # it does not act: nothing is kept
    with acting_as(world.chen) as acting:
        assert acting is not None
        assert world.liu.pk not in reached_by(acting)
