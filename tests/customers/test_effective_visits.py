"""Effective visits: the verdict a visit keeps, that it never stands in the way, and where it is told."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from config.lib import clock
from config.lib.weeks import Week
from customers.models import Business, Household, Person, Visit
from customers.selectors.today import week_so_far
from customers.services.visits import Photo, Stored, Submission, submit_visit
from tests.conftest import acting_as
from tests.customers.builders import document, make_business, make_household, release_parameters
from tests.customers.effective import release_rules
from tests.customers.pages import filled, send
from tests.world import World

ClientOf = Callable[..., Client]
HERE = {"latitude": Decimal("37.300000"), "longitude": Decimal("120.400000"), "accuracy_m": Decimal("12.5")}


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


def picture() -> Photo:
    """A photo of the visit."""
    block = BytesIO()
    Image.new("RGB", (40, 30), "green").save(block, "JPEG")
    return Photo(block.getvalue(), "door.jpg")


def _submit(world: World, home: Household | Business, **changes: Any) -> Stored:
    honest: dict[str, Any] = {"dwell_minutes": 18, "photos": (picture(),)}
    if isinstance(home, Household):
        honest |= {"person_met_id": home.head_id, "document": document(home)}
    common: dict[str, Any] = {
        "purpose": "census",
        "outcome": "interviewed",
        "consent": "spoken",
        "device_at": clock.now(),
    }
    sent = Submission(**{"client_uuid": uuid4()} | common | honest | changes)
    with acting_as(world.chen) as post:
        return submit_visit(staff=world.chen, post_id=post.pk if post else None, place=home, submission=sent)


def _codes(stored: Stored) -> list[str]:
    return [one["code"] for one in stored.visit.reasons]


def test_an_honest_visit_is_effective_and_keeps_its_rules(world: World, home: Household) -> None:
    rules = release_rules(world)
    visit = _submit(world, home, **HERE).visit
    visit.refresh_from_db()

    assert (visit.judged, visit.is_effective, visit.reasons, visit.rules) == (True, True, [], rules)
    assert (visit.dwell_minutes, visit.accuracy_m) == (18, Decimal("12.5"))


def test_what_is_missing_never_keeps_a_visit_from_being_stored(world: World, home: Household) -> None:
    release_rules(world, partner=True)
    stored = _submit(world, home, dwell_minutes=2, photos=(), person_met_id=None)

    assert _codes(stored) == ["person", "partner", "dwell", "photos"]
    assert stored.profile is not None
    assert Visit.objects.get().is_effective is False


def test_a_child_met_is_no_member_of_age(world: World) -> None:
    release_parameters(world)
    release_rules(world)
    young = clock.today().year - 15
    home = make_household(world.liu, "0002", (("刘一", "head", "M", 1970), ("刘小", "son", "M", young)))
    child = Person.objects.get(household=home, relation="son")

    assert _codes(_submit(world, home, person_met_id=child.pk, document=None)) == ["age"]


def test_a_visit_far_from_the_known_place_is_another_one_and_without_a_position_is_not(
    world: World, home: Household
) -> None:
    release_rules(world)
    _submit(world, home, **HERE)  # the first good fix becomes the place of the household
    far = _submit(world, home, **(HERE | {"latitude": Decimal("37.320000")}), consent="standing")
    unknown = _submit(world, home, consent="standing")

    assert _codes(far) == ["distance"]
    assert _codes(unknown) == []


def test_a_position_that_was_not_agreed_to_is_neither_kept_nor_held_against_anybody(
    world: World, home: Household
) -> None:
    release_rules(world)
    _submit(world, home, **HERE)
    far = HERE | {"latitude": Decimal("37.320000")}
    stored = _submit(world, home, **far, consent="spoken", scopes=("collection",))

    assert (stored.visit.latitude, _codes(stored)) == (None, [])


def test_paper_is_asked_for_no_photo_of_the_place_and_no_time(world: World, home: Household) -> None:
    release_rules(world)
    sheet = Photo(picture().content, "sheet.jpg", caption="纸质表")
    stored = _submit(world, home, entry="paper", lead_id=world.chen.pk, photos=(sheet,), dwell_minutes=1)

    assert (_codes(stored), stored.visit.dwell_minutes) == ([], None)


def test_at_a_business_it_matters_who_was_met(world: World) -> None:
    release_parameters(world)
    release_rules(world)
    shop = make_business(world.liu)
    nobody = {"document": None, "consent": "none", "outcome": "interviewed"}

    assert _codes(_submit(world, shop, **nobody, met_role="other")) == ["role"]
    assert _codes(_submit(world, shop, **nobody, met_role="principal")) == []


def test_a_thin_file_says_how_full_it_should_be(world: World, home: Household) -> None:
    release_rules(world)
    thin = {name: value for name, value in document(home).items() if name in ("version", "members", "borrower")}
    stored = _submit(world, home, document=thin)

    assert _codes(stored) == ["file"]


def test_sent_again_later_it_is_the_same_visit(world: World, home: Household) -> None:
    release_rules(world)
    first = _submit(world, home)
    again = _submit(world, home, client_uuid=first.visit.client_uuid, dwell_minutes=90, device_at=first.visit.device_at)

    assert (again.is_repeat, again.visit.dwell_minutes) == (True, 18)


def test_before_rules_are_released_a_visit_counts_by_whether_somebody_was_met(world: World, home: Household) -> None:
    met = _submit(world, home, photos=(), dwell_minutes=None).visit
    missed = _submit(world, home, outcome="nobody", consent="", document=None, person_met_id=None).visit

    for visit, effective in ((met, True), (missed, False)):
        visit.refresh_from_db()
        assert (visit.judged, visit.rules, visit.reasons, visit.is_effective) == (None, None, [], effective)


@pytest.mark.parametrize(
    "change",
    [
        "judged = null",  # a verdict goes with its rules
        "judged = true",  # and with reasons it is not effective
        "reasons = '[]'",
        "dwell_minutes = 1441",
    ],
)
def test_the_database_keeps_verdict_rules_and_reasons_together(world: World, home: Household, change: str) -> None:
    release_rules(world)
    _submit(world, home, photos=())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"update customers_visit set {change}")


def test_the_ring_of_the_week_counts_effective_visits(world: World, home: Household) -> None:
    release_rules(world)
    other = make_household(world.liu, "0002")
    _submit(world, home)
    _submit(world, other, photos=())
    with acting_as(world.chen):
        week = week_so_far(world.chen, Week.containing(clock.today()))

    assert (week.days, week.households) == (1, 1)


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_the_page_says_what_is_missing_before_and_after(world: World, home: Household, client_of: ClientOf) -> None:
    release_rules(world)
    chen = client_of(world.chen)
    page = chen.get(reverse("customers:visit", args=[home.pk])).content.decode()
    assert 'data-need="photos"' in page
    assert 'data-need="partner"' not in page  # not asked
    opened = (clock.now() - timedelta(minutes=7)).isoformat()

    answer = send(chen, home, filled(home, opened_at=opened, dwell="7"))
    after = chen.get(answer["Location"]).content.decode()

    assert Visit.objects.get().dwell_minutes == 7
    assert "记为其他走访：照片 0 张；下次当场拍 1 张。" in after
    assert "走访 1 次" in after
    assert "有效走访 0 次" in after
    assert "其他走访" in after


@pytest.mark.parametrize(("sent", "kept"), [("", None), ("-3", None), ("²", None), ("99999", 1440), ("abc", None)])
def test_a_time_that_is_none_is_not_measured(
    world: World, home: Household, client_of: ClientOf, sent: str, kept: int | None
) -> None:
    send(client_of(world.chen), home, filled(home, dwell=sent))

    assert Visit.objects.get().dwell_minutes == kept


def test_without_rules_the_page_asks_for_nothing_more(home: Household, world: World, client_of: ClientOf) -> None:
    page = client_of(world.chen).get(reverse("customers:visit", args=[home.pk])).content.decode()

    assert "data-effective" not in page
