"""Visits that were not at the door, and visits typed by another than who went."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from config.lib import clock
from customers.domain.visits import SHEET, Circumstances, Statement, check
from customers.models import Household, Profile, ProfileCheck, Visit
from customers.services.checks import OwnWorkError, check_profile
from customers.services.visits import Photo, Stored, VisitRefusedError, submit_visit
from tests.customers.builders import make_household, release_parameters, submission
from tests.customers.pages import send
from tests.world import World

ClientOf = Callable[..., Client]
NOBODY = Circumstances(today=clock.today(), members=(), colleagues=(), has_notice=True, has_standing_consent=True)


def picture(caption: str = "") -> Photo:
    block = BytesIO()
    Image.new("RGB", (8, 8)).save(block, "JPEG")
    return Photo(block.getvalue(), "a.jpg", caption)


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


def _codes(**said: Any) -> set[str]:
    fields: dict[str, Any] = {"purpose": "revisit", "outcome": "interviewed", "consent": "standing"} | said
    return {one.code for one in check(Statement(**fields), NOBODY)}


def _typed(world: World, home: Household, **changes: Any) -> Stored:
    said: dict[str, Any] = {
        "entry": "paper",
        "lead_id": world.chen.pk,
        "device_at": clock.now() - timedelta(days=2),
        "photos": (picture(SHEET),),
    }
    return submit_visit(staff=world.deng, post_id=None, place=home, submission=submission(home, **(said | changes)))


# --- What each way must show --------------------------------------------------------------------------------------


def test_a_video_visit_shows_a_picture_of_the_call_unless_nobody_answered() -> None:
    assert _codes(channel="video") == {"video_needs_photo"}
    assert _codes(channel="video", photos=1) == set()
    assert _codes(channel="video", photos=1, sheets=1) == {"video_needs_photo"}
    assert _codes(channel="video", outcome="nobody") == set()


def test_a_phone_visit_says_who_was_called_and_when() -> None:
    assert _codes(channel="phone") == {"called_missing"}
    assert _codes(channel="phone", called="13800000000") == {"called_missing"}
    assert _codes(channel="phone", called="home") == set()
    assert _codes(channel="phone", called="home", entry="api") == {"call_time_missing"}
    assert _codes(channel="phone", called="home", entry="api", on=clock.today()) == set()
    assert _codes(called="self") == {"called_unwanted"}


def test_a_typed_visit_names_its_day_and_shows_its_paper() -> None:
    assert _codes(entry="paper") == {"visit_day_missing", "sheet_missing"}
    assert _codes(entry="paper", on=clock.today() + timedelta(days=1), sheets=1, photos=1) == {"visit_day_range"}
    assert _codes(entry="paper", on=clock.today() - timedelta(days=367), sheets=1, photos=1) == {"visit_day_range"}
    assert _codes(entry="file", on=clock.today()) == set()


def test_the_database_knows_no_call_to_nobody(world: World, home: Household) -> None:
    visit = _typed(world, home).visit
    for broken in ({"channel": "phone"}, {"called": "self"}, {"typed_by": None}, {"entry": "page"}):
        copy = Visit.objects.get(pk=visit.pk)
        copy.pk, copy._state.adding, copy.client_uuid = None, True, uuid4()
        for name, value in broken.items():
            setattr(copy, name, value)
        with pytest.raises(IntegrityError, match=r"typed_visit|phone_visit"), transaction.atomic():
            copy.save(force_insert=True)


# --- Who went, who typed ------------------------------------------------------------------------------------------


def test_a_typed_visit_belongs_to_who_went(world: World, home: Household) -> None:
    stored = _typed(world, home)

    assert (stored.visit.lead, stored.visit.typed_by, stored.visit.entry) == (world.chen, world.deng, "paper")
    assert stored.profile is not None
    assert stored.profile.collector == world.chen


def test_only_an_officer_of_the_grid_on_that_day_went(world: World, home: Household) -> None:
    for lead in (world.fang.pk, world.he.pk, None):
        with pytest.raises(VisitRefusedError) as refused:
            _typed(world, home, lead_id=lead)
        assert {one.code for one in refused.value.problems} == {"lead_unknown"}
    assert not Visit.objects.exists()


def test_the_typist_does_not_check_what_he_typed(world: World, home: Household) -> None:
    profile = _typed(world, home).profile
    assert profile is not None

    with pytest.raises(OwnWorkError):
        check_profile(staff=world.deng, post_id=None, profile=profile, verdict="accepted", remarks=[])
    with pytest.raises(IntegrityError), transaction.atomic():
        ProfileCheck.objects.create(
            institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject_id=home.pk, profile=profile,
            checker=world.deng, verdict="accepted",
        )  # fmt: skip
    assert not ProfileCheck.objects.exists()


def test_a_submit_of_the_page_names_nobody_else(world: World, home: Household) -> None:
    sent = submission(home, lead_id=world.deng.pk)
    visit = submit_visit(staff=world.chen, post_id=None, place=home, submission=sent).visit
    assert (visit.lead, visit.typed_by) == (world.chen, None)


def test_the_page_asks_who_was_called_and_the_timeline_says_it(
    world: World, home: Household, client_of: ClientOf
) -> None:
    chen = client_of(world.chen)
    sent = {"purpose": "census", "outcome": "away", "channel": "phone"}
    assert send(chen, home, sent).status_code == 422
    assert send(chen, home, sent | {"called": "home"}).status_code == 302
    assert "电话（家中联系人）" in chen.get(reverse("customers:household", args=[home.pk])).content.decode()
    assert not Profile.objects.exists()
