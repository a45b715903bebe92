"""A household in a round, at a decision or with a line: which changes of its life wait, as the database judges real rounds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from credit.services import decisions as services
from customers.models import Household, HouseholdEvent, Person
from customers.selectors import life as selectors
from customers.services import life
from tests.conftest import acting_as
from tests.credit import village as make
from tests.credit.test_decisions import WAN, act, decision_of, same
from tests.customers.test_household_life import change, confirm, propose
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")


def refusals(world: World, subject: int, other: int) -> dict[str, str]:
    """What the manager is told when he confirms each kind of change; "" when it is carried out. Nothing is kept."""
    home = Household.objects.get(pk=subject)
    _head, son = Person.objects.filter(household=home).order_by("pk")
    number = Household.objects.get(pk=other).number
    wanted: dict[str, Any] = {
        "split": change("split", people=(son.pk,), head=son.pk),
        "merge": change("merge", to_grid=world.liu.pk),
        "move": change("move", to_grid=world.wang.pk),
        "transfer": change("transfer", person=son.pk, relation="son", to_grid=world.liu.pk),
        "leave": change("leave", why="moved"),
    }
    found = {}
    for kind, one in wanted.items():
        event = propose(world, home, one, number if kind in ("merge", "transfer") else "")
        with acting_as(world.chen):
            ties = selectors.ties_of(home)
        found[kind] = ""
        try:
            with _kept_out():
                confirm(world, event)
        except life.LifeRefusedError as refused:
            found[kind] = refused.code
        assert found[kind] in ("", *ties)
        HouseholdEvent.objects.filter(pk=event.pk).delete()
    return found


@contextmanager
def _kept_out() -> Iterator[None]:
    """Take back what a confirmation carried out."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


def _grown(village: make.Village) -> None:
    for subject in village.households:
        home = Household.objects.get(pk=subject)
        Person.objects.create(
            institution=home.institution, grid=home.grid, household=home, name="小刘", relation="son", sex="M"
        )


KINDS = ("split", "merge", "move", "transfer", "leave")


def test_while_a_round_assesses_or_decides_nothing_shifts(world: World) -> None:
    village = make.started(world, 2)
    _grown(village)
    first, second = village.households
    assert refusals(world, first, second) == dict.fromkeys(KINDS, "round")
    make.seal_all(village, *({first: make.amount("4"), second: make.REFUSE} for _ in range(3)))
    make.open_sheets(village)
    assert refusals(world, first, second) == dict.fromkeys(KINDS, "decision")


def test_a_line_stays_with_a_household_that_goes_on(world: World) -> None:
    village = make.started(world, 2)
    _grown(village)
    first, second = village.households
    make.seal_all(
        village,
        *(dict(zip(village.households, column, strict=True)) for column in zip(same("4"), same("4"), strict=True)),
    )
    make.open_sheets(village)
    for subject in village.households:
        act(services.propose, world.chen, decision_of(subject), amount=4 * WAN, seen=0)
        act(services.approve, world.gao, decision_of(subject), amount=3 * WAN, seen=1)
    told = refusals(world, first, second)
    assert told == {"split": "", "merge": "line", "move": "", "transfer": "", "leave": "line"}
