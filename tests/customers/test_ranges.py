"""What is usual in a village stands beside an entry: quartiles of the newest accepted revisions, and never too few of them."""

from collections.abc import Callable
from decimal import Decimal
from statistics import quantiles

from django.test import Client
from django.urls import reverse

from config.lib import releases
from customers.models import Household
from customers.selectors.ranges import ranges_of
from tests.credit.files import file
from tests.customers.builders import make_household, release_parameters
from tests.world import SINCE, World


def _village(world: World, amounts: list[int]) -> list[Household]:
    homes = []
    for place, amount in enumerate(amounts):
        home = make_household(world.liu, f"R{place:03d}")
        file(home, world.chen, world.deng, assets=[{"kind": "house", "current": str(amount)}], liabilities=[])
        homes.append(home)
    return homes


def _release(world: World, least: int = 4) -> None:
    release_parameters(world)
    releases.publish(
        institution_id=world.bank.pk,
        kind="typing_checks",
        document={"village_ratio": "3", "least_households": least},
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def test_the_middle_half_is_that_of_the_other_households_newest_accepted_files(world: World) -> None:
    _release(world)
    amounts = [10_000, 20_000, 50_000, 80_000, 200_000]
    homes = _village(world, amounts)
    waiting = make_household(world.liu, "W001")
    file(waiting, world.chen, None, assets=[{"kind": "house", "current": "9000000"}])

    found = ranges_of(world.bank.pk, world.liu.pk, homes[-1].pk)["assets"]

    low, _middle, high = quantiles(amounts[:-1], n=4, method="inclusive")
    assert (found.low, found.high, found.households) == (Decimal(round(low)), Decimal(round(high)), 4)
    assert found.far == found.high * 3


def test_too_few_households_tell_nothing_about_a_neighbour(world: World) -> None:
    _release(world, least=10)
    homes = _village(world, [10_000, 20_000, 50_000])

    assert ranges_of(world.bank.pk, world.liu.pk, homes[0].pk) == {}


def test_without_released_rules_nothing_is_compared(world: World) -> None:
    homes = _village(world, [10_000, 20_000, 50_000, 80_000, 90_000])

    assert ranges_of(world.bank.pk, world.liu.pk, homes[0].pk) == {}


def test_the_page_shows_the_range_and_the_last_total(world: World, client_of: Callable[..., Client]) -> None:
    _release(world)
    homes = _village(world, [10_000, 20_000, 50_000, 80_000, 200_000])

    html = client_of(world.chen).get(reverse("customers:visit", args=[homes[0].pk])).content.decode()

    assert "本村半数户" in html
    assert "上次 10,000 元" in html
    assert "data-far=" in html
