"""Submitting a visit: what is written, what is refused, and that it is written once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from config.lib import clock, releases
from config.lib.models import AuditEvent, StoredFile
from customers.domain.visits import SENTENCES
from customers.models import Consent, Evidence, Household, Milestone, Profile, Visit
from customers.services.visits import Photo, VisitConflictError, VisitRefusedError, submit_visit
from tests import world as world_module
from tests.conftest import acting_as
from tests.customers.builders import document, make_household, release_parameters, submission
from tests.customers.races import race
from tests.world import SINCE, World

Acting = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


def _submit(world: World, home: Household, who: str = "chen", **changes: Any) -> Any:
    staff = getattr(world, who)
    sent = submission(home, **changes)
    with acting_as(staff) as post:
        return submit_visit(staff=staff, post_id=post.pk if post else None, place=home, submission=sent)


def _problems(world: World, home: Household, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(VisitRefusedError) as refused:
        _submit(world, home, **changes)
    assert not Visit.objects.exists()
    return [(problem.path, problem.code) for problem in refused.value.problems]


def test_everything_is_written_at_once(world: World, home: Household) -> None:
    day = clock.today() + timedelta(days=90)
    stored = _submit(
        world,
        home,
        partner_id=world.deng.pk,
        latitude=Decimal("37.300000"),
        longitude=Decimal("120.400000"),
        accuracy_m=Decimal("12.5"),
        next_visit_on=day,
    )

    visit, profile = stored.visit, stored.profile
    assert (visit.lead, visit.partner, visit.outcome, visit.recorded_grid) == (
        world.chen,
        world.deng,
        "interviewed",
        world.liu,
    )
    assert visit.campaign == world.campaign
    profile.refresh_from_db()
    assert (profile.number, profile.collector, profile.net_income) == (1, world.chen, Decimal("52000.00"))
    assert (profile.net_assets, profile.surplus) == (Decimal("120000.00"), Decimal("32000.00"))
    assert profile.document["assets"][0]["current"] == "150000.00"
    consent = Consent.objects.get()
    assert (consent.how, consent.notice_version, consent.visit) == ("spoken", 1, visit)
    assert set(Milestone.objects.values_list("kind", "subject_id")) == {
        ("visited", home.pk),
        ("profiled", home.pk),
    }
    home.refresh_from_db()
    assert (home.next_visit_on, home.latitude) == (day, Decimal("37.300000"))
    assert AuditEvent.objects.get(verb="submit_visit").detail == {
        "visit": visit.pk,
        "outcome": "interviewed",
        "revision": 1,
    }


def test_a_second_revision_is_numbered_on_and_counts_no_second_time(world: World, home: Household) -> None:
    _submit(world, home)
    second = _submit(
        world, home, document=document(home, grade="A"), consent="standing", same=frozenset({"assets", "grade"})
    )

    assert second.profile.number == 2
    assert second.profile.carried == ["assets"]  # the grade changed, whatever the form says
    assert Milestone.objects.count() == 2
    assert Consent.objects.count() == 1


def test_nobody_met_is_kept_but_is_no_visit(world: World, home: Household) -> None:
    stored = _submit(world, home, outcome="nobody", consent="", document=None)

    assert stored.profile is None
    assert not Milestone.objects.exists()
    assert Visit.objects.get().outcome == "nobody"


@pytest.mark.parametrize("outcome", ["refused", "away"])
def test_refusal_and_absence_are_visits_without_a_file(world: World, home: Household, outcome: str) -> None:
    _submit(world, home, outcome=outcome, consent="", document=None)

    assert list(Milestone.objects.values_list("kind", flat=True)) == ["visited"]
    assert not Consent.objects.exists()


def test_without_consent_only_the_visit_is_kept(world: World, home: Household) -> None:
    assert _problems(world, home, consent="none") == [("consent", "file_without_consent")]

    stored = _submit(world, home, consent="none", document=None)
    assert (stored.profile, Consent.objects.get().how, Visit.objects.count()) == (None, "refused", 1)


def test_a_standing_consent_must_exist(world: World, home: Household) -> None:
    assert _problems(world, home, consent="standing") == [("consent", "consent_not_standing")]


def test_without_a_released_notice_nothing_is_collected(world: World) -> None:
    bare = make_household(world.liu)
    assert _problems(world, bare) == [("consent", "notice_missing"), ("form", "form_unknown")]


def test_all_problems_come_at_once_with_their_places(world: World, home: Household) -> None:
    broken = document(home, assets=[{"kind": "house", "current": "abc"}, {"kind": "castle", "current": "50"}])
    found = _problems(
        world,
        home,
        purpose="",
        partner_id=world.fang.pk,
        note="电话 13800138000",
        next_visit_on=clock.today() - timedelta(days=1),
        document=broken,
    )

    assert found == [
        ("purpose", "purpose_missing"),
        ("partner", "partner_unknown"),
        ("note", "visit_note_holds_identity"),
        ("next_visit_on", "next_visit_range"),
        ("assets.0.current", "amount_not_a_number"),
        ("assets.1.kind", "choice_unknown"),
        ("assets.1.current", "which_unit"),
    ]


def test_a_question_is_answered_by_its_path(world: World, home: Household) -> None:
    small = document(home, assets=[{"kind": "other", "current": "50"}])
    assert _problems(world, home, document=small) == [("assets.0.current", "which_unit")]

    assert _submit(world, home, document=small, confirmed=frozenset({"assets.0.current"})).profile.number == 1


def test_an_amount_that_does_not_go_with_its_quantity_is_asked_about_once(world: World, home: Household) -> None:
    releases.publish(
        institution_id=world.bank.pk,
        kind="price_list",
        document={"prices": [{"kind": "land", "unit_zh": "亩", "unit_en": "mu", "low": "200", "high": "60000"}]},
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )
    dear = document(home, assets=[{"kind": "land", "quantity": "2", "current": "3000000"}])
    assert _problems(world, home, document=dear) == [("assets.0.current", "price_unusual")]

    confirmed = _submit(world, home, document=dear, confirmed=frozenset({"assets.0.current"})).profile
    assert confirmed.number == 1
    # What was answered then is not asked again.
    assert _submit(world, home, document=dear).profile.number == 2


def test_a_member_of_another_household_is_no_member(world: World, home: Household) -> None:
    other = make_household(world.liu, "0002")
    assert ("members.0.person", "person_gone") in _problems(world, home, document=document(other))


def test_photos_are_kept_with_the_visit_and_a_broken_one_stops_everything(world: World, home: Household) -> None:
    block = BytesIO()
    Image.new("RGB", (40, 30), "green").save(block, "JPEG")
    assert _problems(world, home, photos=(Photo(block.getvalue(), "a.jpg"), Photo(b"no photo", "b.jpg"))) == [
        ("photos", "photo_refused")
    ]
    assert not StoredFile.objects.exists()

    _submit(world, home, photos=(Photo(block.getvalue(), "a.jpg"),))
    evidence = Evidence.objects.select_related("file").get()
    assert (evidence.subject_id, evidence.file.grid_id, evidence.file.subject_id) == (home.pk, world.liu.pk, home.pk)


def test_a_device_clock_that_runs_ahead_counts_as_now(world: World, home: Household) -> None:
    visit = _submit(world, home, device_at=clock.now() + timedelta(days=3)).visit
    assert visit.device_at == visit.received_at

    late = _submit(world, home, device_at=clock.now() - timedelta(days=8), consent="standing").visit
    assert late.received_at - late.device_at >= timedelta(days=8)


# --- Once ---------------------------------------------------------------------------------------------------------


def test_the_same_submit_answers_as_before(world: World, home: Household) -> None:
    sent = submission(home)
    with acting_as(world.chen) as post:
        first = submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=sent)
        again = submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=sent)

    assert (again.visit, again.profile, again.is_repeat) == (first.visit, first.profile, True)
    assert (Visit.objects.count(), Profile.objects.count(), Consent.objects.count()) == (1, 1, 1)


def test_the_same_uuid_with_other_content_is_a_conflict(world: World, home: Household) -> None:
    uuid = uuid4()
    visit = _submit(world, home, client_uuid=uuid).visit
    with pytest.raises(VisitConflictError) as conflict:
        _submit(world, home, client_uuid=uuid, note="另一件事")
    assert conflict.value.visit == visit

    other = make_household(world.zhao, "0009")
    with pytest.raises(VisitConflictError) as hidden:
        _submit(world, other, "fang", client_uuid=uuid)
    assert hidden.value.visit is None
    assert Visit.objects.count() == 1


def test_an_officer_of_another_branch_reaches_no_row(world: World, home: Household) -> None:
    with pytest.raises(Household.DoesNotExist):
        _submit(world, home, "fang")
    assert not Visit.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_threads_with_one_submit_write_it_once() -> None:
    world = world_module.build()
    release_parameters(world)
    home = make_household(world.liu)
    sent = submission(home)

    def send() -> Any:
        with acting_as(world.chen) as post:
            return submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=sent)

    answers = race([send, send])

    assert sorted(answer.is_repeat for answer in answers) == [False, True]
    assert answers[0].visit == answers[1].visit
    assert (Visit.objects.count(), Profile.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_officers_at_once_get_two_numbers() -> None:
    world = world_module.build()
    release_parameters(world)
    home = make_household(world.liu)
    sent = [submission(home), submission(home)]

    def send(place: int) -> Any:
        with acting_as(world.chen) as post:
            return submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=sent[place])

    answers = race([lambda: send(0), lambda: send(1)])

    assert sorted(answer.profile.number for answer in answers) == [1, 2]
    assert Milestone.objects.filter(kind="visited").count() == 1


def test_every_finding_on_a_visit_has_words_in_both_languages() -> None:
    for zh, en in SENTENCES.values():
        assert zh.strip()
        assert en.strip()
