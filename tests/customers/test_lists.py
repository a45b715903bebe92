"""Black and grey list: a reason, two people, nothing deleted."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404

from customers import access
from customers.models import Household, ListEntry, Person
from customers.services import lists
from tests.conftest import acting_as
from tests.customers.builders import make_household, release_parameters
from tests.world import World


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


def _propose(world: World, home: Household, who: str = "chen", **changes: Any) -> ListEntry:
    staff = getattr(world, who)
    fields = {"person": Person.objects.get(household=home, relation="son"), "colour": "grey", "reason": "overdue"}
    fields |= changes
    with acting_as(staff) as post:
        return lists.propose(staff=staff, post_id=post.pk, household=home, **fields)


def _settle(world: World, entry: ListEntry, who: str, answer: str = "") -> None:
    staff = getattr(world, who)
    with acting_as(staff) as post:
        opened = access.open_list_entry(post, entry.pk)
        if answer:
            lists.reject(staff=staff, post_id=post.pk, entry=opened, answer=answer)
        else:
            lists.confirm(staff=staff, post_id=post.pk, entry=opened)
    entry.refresh_from_db()


def test_a_manager_confirms_what_an_officer_proposed(world: World, home: Household) -> None:
    entry = _propose(world, home, note="信用卡逾期")
    assert entry.confirmed_at is None

    _settle(world, entry, "gao")
    assert (entry.proposed_by, entry.confirmed_by) == (world.chen, world.gao)


def test_a_refusal_carries_an_answer(world: World, home: Household) -> None:
    entry = _propose(world, home)
    _settle(world, entry, "gao", answer="已还清")
    assert (entry.rejected_by, entry.answer, entry.confirmed_at) == (world.gao, "已还清", None)
    with pytest.raises(lists.ListRefusedError, match="settled"):
        _settle(world, entry, "gao")


def test_nobody_confirms_his_own_proposal(world: World, home: Household) -> None:
    entry = _propose(world, home, "gao")
    with pytest.raises(lists.ListRefusedError, match="own"):
        _settle(world, entry, "gao")
    with pytest.raises(IntegrityError), transaction.atomic():
        ListEntry.objects.filter(pk=entry.pk).update(confirmed_by=world.gao)
    entry.refresh_from_db()
    assert entry.confirmed_by is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"colour": "white"}, "colour"),
        ({"reason": "gossip"}, "reason"),
        ({"colour": "black", "reason": "overdue"}, "reason"),
    ],
)
def test_colour_and_reason_must_be_released(world: World, home: Household, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(lists.ListRefusedError, match=code):
        _propose(world, home, **changes)
    assert not ListEntry.objects.exists()


def test_the_same_person_is_proposed_once_and_strangers_not_at_all(world: World, home: Household) -> None:
    _propose(world, home)
    with pytest.raises(lists.ListRefusedError, match="listed"):
        _propose(world, home)
    stranger = Person.objects.filter(household=make_household(world.liu, "0002")).first()
    with pytest.raises(lists.ListRefusedError, match="person"):
        _propose(world, home, person=stranger)
    assert ListEntry.objects.count() == 1


def test_a_manager_of_another_branch_does_not_find_the_entry(world: World, home: Household) -> None:
    entry = _propose(world, home)
    with pytest.raises(Http404):
        _settle(world, entry, "he")
