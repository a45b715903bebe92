"""The second check: by another officer of the branch, once, with words when a file goes back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from customers import access
from customers.models import Household, Milestone, Profile, ProfileCheck
from customers.services.checks import CheckConflictError, OwnWorkError, RemarkMissingError, check_profile
from customers.services.visits import submit_visit
from tests.conftest import acting_as
from tests.customers.builders import document, make_household, release_parameters, submission
from tests.world import World


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


def _filed(world: World, home: Household, **changes: Any) -> Profile:
    sent = submission(home, **changes)
    with acting_as(world.chen) as post:
        return submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=sent).profile


def _check(staff: Any, home: Household, verdict: str = "accepted", remarks: list[dict[str, str]] | None = None) -> Any:
    with acting_as(staff) as post:
        profile = access.open_check(home.pk)
        return check_profile(staff=staff, post_id=post.pk, profile=profile, verdict=verdict, remarks=remarks or [])


def test_a_colleague_who_covers_no_grid_checks_and_it_counts(world: World, home: Household) -> None:
    _filed(world, home)

    with acting_as(world.deng):
        assert access.check_queue() == [home.pk]
    _check(world.deng, home)

    assert Milestone.objects.get(kind="checked").staff == world.deng
    home.refresh_from_db()
    assert home.borrower == home.head
    with acting_as(world.deng):
        assert access.check_queue() == []


def test_accepting_a_second_revision_counts_no_second_time(world: World, home: Household) -> None:
    _filed(world, home)
    _check(world.deng, home)
    _filed(world, home, consent="standing", document=document(home, grade="A"))
    _check(world.gao, home)

    assert Milestone.objects.filter(kind="checked").count() == 1
    assert ProfileCheck.objects.count() == 2


def test_a_file_goes_back_with_words_only(world: World, home: Household) -> None:
    _filed(world, home)
    with pytest.raises(RemarkMissingError):
        _check(world.deng, home, "returned", [{"path": "assets", "text": "  "}])
    assert not ProfileCheck.objects.exists()

    check = _check(world.deng, home, "returned", [{"path": "assets.0", "text": "房屋现值偏高，请附照片"}])
    assert check.remarks == [{"path": "assets.0", "text": "房屋现值偏高，请附照片"}]
    assert not Milestone.objects.filter(kind="checked").exists()


@pytest.mark.parametrize("who", ["chen", "deng"])
def test_lead_and_partner_find_nothing_to_check_and_are_refused(world: World, home: Household, who: str) -> None:
    profile = _filed(world, home, partner_id=world.deng.pk)
    staff = getattr(world, who)

    with acting_as(staff), pytest.raises(Http404):
        access.open_check(home.pk)
    with pytest.raises(OwnWorkError):
        check_profile(staff=staff, post_id=None, profile=profile, verdict="accepted", remarks=[])
    assert not ProfileCheck.objects.exists()


@pytest.mark.parametrize("who", ["chen", "deng"])
def test_the_database_refuses_an_own_check_too(world: World, home: Household, who: str) -> None:
    profile = _filed(world, home, partner_id=world.deng.pk)
    staff = getattr(world, who)

    with (
        pytest.raises(DatabaseError, match="neither lead nor partner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "insert into customers_profilecheck (institution_id, grid_id, recorded_grid_id, subject_id, profile_id, "
            "checker_id, verdict, remarks) values (%s, %s, %s, %s, %s, %s, 'accepted', '[]')",
            [world.bank.pk, world.liu.pk, world.liu.pk, home.pk, profile.pk, staff.pk],
        )
    assert not ProfileCheck.objects.exists()


def test_another_branch_does_not_know_the_file(world: World, home: Household) -> None:
    _filed(world, home)
    for staff in (world.fang, world.he):
        with acting_as(staff):
            assert access.check_queue() == []
            with pytest.raises(Http404):
                access.open_check(home.pk)


def test_a_verdict_falls_once_and_only_on_the_newest(world: World, home: Household) -> None:
    first = _filed(world, home)
    second = _filed(world, home, consent="standing")
    with acting_as(world.deng) as post:
        access.open_check(home.pk)
        with pytest.raises(CheckConflictError):
            check_profile(staff=world.deng, post_id=post.pk, profile=first, verdict="accepted", remarks=[])
        check_profile(staff=world.deng, post_id=post.pk, profile=second, verdict="accepted", remarks=[])
        with pytest.raises(CheckConflictError):
            check_profile(staff=world.deng, post_id=post.pk, profile=second, verdict="accepted", remarks=[])


def test_the_checker_learns_that_another_file_says_the_same_to_the_cent(
    world: World, client_of: Callable[..., Client]
) -> None:
    release_parameters(world)
    first, second, other = (make_household(world.liu, number) for number in ("C001", "C002", "C003"))
    assets = [{"kind": "house", "current": "123456"}]
    for home, told in ((first, assets), (second, assets), (other, [{"kind": "house", "current": "99999"}])):
        _filed(world, home, document=document(home, assets=told))

    pages = [
        client_of(world.deng).get(reverse("customers:check", args=[home.pk])).content.decode()
        for home in (second, other)
    ]

    assert "同一网格另有 1 份档案" in pages[0]
    assert "分毫不差" not in pages[1]
    assert "C001" not in pages[0]
