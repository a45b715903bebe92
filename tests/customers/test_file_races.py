"""Two people at one file at the same moment: one truth, whoever comes second is told, nothing is lost."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import Http404
from PIL import Image

from config.lib import clock
from config.lib.models import AuditEvent
from customers import access
from customers.domain.visits import SHEET
from customers.models import ChangeFlag, CheckTask, Household, Profile, ProfileCheck, Subject, Visit
from customers.selectors.consents import withdrawn_among
from customers.selectors.queues import sheet_of
from customers.selectors.trusted import newest_trusted
from customers.services import consents, guard
from customers.services.checks import CheckConflictError, check_profile
from customers.services.guard import ChangeRefusedError
from customers.services.sharing import ShareRefusedError, hand_over
from customers.services.visits import Photo, Stored, submit_visit
from tests import world as world_module
from tests.conftest import acting_as
from tests.customers.builders import document, make_household, release_parameters, submission
from tests.customers.guarding import filed, house, jumped, prove, release_guard
from tests.customers.races import race
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3


@dataclass
class Scene:
    """The named world, committed, and one household of Chen's village."""

    world: World
    home: Household


@pytest.fixture
def scene() -> Scene:
    world = world_module.build()
    release_parameters(world)
    release_guard(world)
    return Scene(world, make_household(world.liu))


def checking(scene: Scene, who: str, verdict: str, text: str = "请补照片") -> Callable[[], ProfileCheck]:
    """Open the file as the page does and decide on what was opened."""
    staff = getattr(scene.world, who)
    remarks = [{"path": "", "text": text}] if verdict == "returned" else []

    def act() -> ProfileCheck:
        with acting_as(staff) as post:
            profile = access.open_check(scene.home.pk)
            return check_profile(staff=staff, post_id=post.pk, profile=profile, verdict=verdict, remarks=remarks)

    return act


def submitting(scene: Scene, **changes: Any) -> Callable[[], Stored]:
    """Send a revision as the phone does."""
    sent = submission(scene.home, **({"consent": "standing"} | changes))

    def act() -> Stored:
        with acting_as(scene.world.chen) as post:
            return submit_visit(staff=scene.world.chen, post_id=post.pk, place=scene.home, submission=sent)

    return act


def settling(scene: Scene, who: str, outcome: str = "confirmed", answer: str = "") -> Callable[[], list[ChangeFlag]]:
    """Settle the changes of the file as the page does."""
    staff = getattr(scene.world, who)

    def act() -> list[ChangeFlag]:
        with acting_as(staff) as post:
            profile = access.open_changes_to_settle(scene.home.pk)
            return guard.settle(staff=staff, post_id=post.pk, profile=profile, outcome=outcome, answer=answer)

    return act


def _sorted(answers: list[Any], lost: tuple[type[Exception], ...]) -> tuple[list[Any], list[Exception]]:
    won = [one for one in answers if not isinstance(one, Exception)]
    failed = [one for one in answers if isinstance(one, Exception)]
    assert all(isinstance(one, lost) for one in failed), failed
    return won, failed


# --- The second check -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdicts", [("accepted", "returned"), ("returned", "returned"), ("accepted", "accepted")])
def test_two_checkers_at_once_give_one_verdict_and_the_other_is_told(scene: Scene, verdicts: tuple[str, str]) -> None:
    filed(scene.world, scene.home)

    answers = race([checking(scene, "deng", verdicts[0], "甲"), checking(scene, "gao", verdicts[1], "乙")])

    # Who comes after the verdict finds nothing to check any more, or that somebody was faster.
    won, failed = _sorted(answers, (CheckConflictError, Http404))
    assert (len(won), len(failed)) == (1, 1)
    kept = ProfileCheck.objects.get()
    assert (kept.checker_id, kept.verdict, kept.remarks) == (won[0].checker_id, won[0].verdict, won[0].remarks)
    assert AuditEvent.objects.filter(verb__startswith="check_").count() == 1


def test_a_check_and_a_newer_revision_at_once_never_deadlock_and_no_verdict_falls_on_what_was_replaced(
    scene: Scene,
) -> None:
    filed(scene.world, scene.home)
    for _round in range(ROUNDS):
        before = Profile.objects.filter(subject_id=scene.home.pk).order_by("-number")[0]
        checked, stored = race([checking(scene, "deng", "accepted"), submitting(scene)])

        assert stored.profile.number == before.number + 1
        if isinstance(checked, Exception):
            # The newer one came first: the verdict was not kept, or it is about the newer one.
            assert isinstance(checked, CheckConflictError)
            assert not ProfileCheck.objects.filter(profile=before).exists()
        else:
            assert checked.profile_id in (before.pk, stored.profile.pk)
        with acting_as(scene.world.gao):
            waits = not ProfileCheck.objects.filter(profile=stored.profile).exists()
            assert access.check_queue() == ([scene.home.pk] if waits else [])


def test_a_check_waits_for_a_submit_without_holding_what_the_submit_needs_next(scene: Scene) -> None:
    """The submit holds the household and comes to the subject later: the other way round the two would wait for each other."""
    filed(scene.world, scene.home)
    answers: list[Any] = []
    checker = threading.Thread(target=lambda: answers.extend(race([checking(scene, "deng", "accepted")])))
    with transaction.atomic():
        Household.objects.select_for_update(of=("self",)).get(pk=scene.home.pk)
        checker.start()
        with connection.cursor() as cursor:
            waiting = 0
            while not waiting and checker.is_alive():
                cursor.execute("select count(*) from pg_locks where not granted")
                waiting = cursor.fetchone()[0]
        assert Subject.objects.select_for_update(nowait=True).get(pk=scene.home.pk)
    checker.join(60)
    assert isinstance(answers[0], ProfileCheck)


def test_a_file_handed_over_while_it_is_checked_is_checked_once_and_in_nobody_s_hands(scene: Scene) -> None:
    for _round in range(ROUNDS):
        filed(scene.world, scene.home)

        def hand() -> None:
            with acting_as(scene.world.gao) as post:
                profile = access.open_to_share(post, scene.home.pk)
                hand_over(staff=scene.world.gao, post_id=post.pk, profile=profile, to_id=scene.world.deng.pk)

        checked, handed = race([checking(scene, "deng", "accepted"), hand])

        assert isinstance(checked, ProfileCheck)
        assert handed is None or isinstance(handed, ShareRefusedError | Http404), handed
        assert not CheckTask.objects.filter(closed_at__isnull=True).exists()
        assert CheckTask.objects.filter(profile=checked.profile).count() == 1


# --- Sudden changes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcomes", [("confirmed", "confirmed"), ("confirmed", "refused")])
def test_two_people_settle_a_change_at_once_and_one_of_them_did(scene: Scene, outcomes: tuple[str, str]) -> None:
    jumped(scene.world, scene.home)
    prove(scene.world, scene.home)

    answers = race([settling(scene, "deng", outcomes[0], "甲"), settling(scene, "gao", outcomes[1], "乙")])

    won, failed = _sorted(answers, (ChangeRefusedError, Http404))
    assert (len(won), len(failed)) == (1, 1)
    flag = ChangeFlag.objects.get()
    assert (flag.outcome, flag.answer) == ((outcomes[0], "甲") if won[0] is answers[0] else (outcomes[1], "乙"))
    assert AuditEvent.objects.filter(verb__startswith="change_").count() == 1
    # A refusal sends the file back once; a confirmation leaves it to the second check.
    assert ProfileCheck.objects.filter(profile=flag.profile).count() == (flag.outcome == "refused")


def test_a_change_confirmed_while_the_household_takes_its_consent_back_feeds_nothing(scene: Scene) -> None:
    profile = jumped(scene.world, scene.home)
    prove(scene.world, scene.home)
    with acting_as(scene.world.deng):
        check_profile(
            staff=scene.world.deng,
            post_id=None,
            profile=access.open_check(scene.home.pk),
            verdict="accepted",
            remarks=[],
        )

    def withdraw() -> Any:
        with acting_as(scene.world.chen) as post:
            place = access.open_place(post, scene.home.pk)
            return consents.withdraw(staff=scene.world.chen, post_id=post.pk, household=place, scopes=("collection",))

    answers = race([settling(scene, "gao"), withdraw])

    assert not any(isinstance(one, Exception) for one in answers), answers
    # Both stand: the proof was confirmed, and nothing is computed from the file any more.
    assert ChangeFlag.objects.get().outcome == "confirmed"
    assert newest_trusted([scene.home.pk]).get() == profile
    assert scene.home.pk in withdrawn_among([scene.home.pk])


def test_a_change_confirmed_while_a_newer_revision_comes_in_settles_only_what_was_shown(scene: Scene) -> None:
    profile = jumped(scene.world, scene.home)
    prove(scene.world, scene.home)

    settled, stored = race([settling(scene, "gao"), submitting(scene, document=document(scene.home))])

    assert stored.profile.number == profile.number + 1
    flag = ChangeFlag.objects.get(profile=profile)
    assert (flag.outcome == "confirmed") is (not isinstance(settled, Exception))
    assert not isinstance(settled, Exception) or isinstance(settled, ChangeRefusedError | Http404)


# --- The same household from the phone and from paper ---------------------------------------------------------------


def _sheet_photo() -> Photo:
    block = BytesIO()
    Image.new("RGB", (8, 8), "white").save(block, "JPEG")
    return Photo(block.getvalue(), "sheet.jpg", SHEET)


def typing(scene: Scene, moment: Any, **changes: Any) -> Callable[[], Stored]:
    """Gao types the paper Chen filled in at the door."""
    said = {
        "consent": "spoken",
        "entry": "paper",
        "lead_id": scene.world.chen.pk,
        "device_at": moment,
        "photos": (_sheet_photo(),),
    }
    sent = submission(scene.home, **(said | changes))

    def act() -> Stored:
        with acting_as(scene.world.gao) as post:
            return submit_visit(staff=scene.world.gao, post_id=post.pk, place=scene.home, submission=sent)

    return act


def test_one_visit_by_phone_and_by_paper_at_once_both_stay_and_one_is_open(scene: Scene) -> None:
    moment = clock.now() - timedelta(hours=2)
    phone = submitting(
        scene, consent="spoken", device_at=moment, document=document(scene.home, assets=house(150000), grade="A")
    )
    paper = typing(scene, moment, document=document(scene.home, assets=house(155000)))

    stored = race([phone, paper])

    assert not any(isinstance(one, Exception) for one in stored), stored
    visits = {visit.pk: visit for visit in Visit.objects.all()}
    assert set(visits) == {one.visit.pk for one in stored}
    assert {visit.entry for visit in visits.values()} == {"page", "paper"}
    assert {visit.device_at for visit in visits.values()} == {moment}
    revisions = list(Profile.objects.order_by("number").select_related("visit"))
    assert [one.number for one in revisions] == [1, 2]
    # Each says what was typed, and the one the server received last is the one that is open (Semantics, section 2).
    assert {one.visit.entry: one.document["assets"][0]["current"] for one in revisions} == {
        "page": "150000.00",
        "paper": "155000.00",
    }
    assert revisions[0].submitted_at <= revisions[1].submitted_at
    with acting_as(scene.world.deng):
        assert access.check_queue() == [scene.home.pk]
        opened = access.open_check(scene.home.pk)
        assert opened == revisions[1]
        sheet = sheet_of(opened.subject.place, opened)
        assert sheet.previous == revisions[0]
        assert any(section.changed for section in sheet.sections if section.code == "assets")


def test_phone_and_paper_after_a_trusted_file_the_checker_sees_what_came_in_between(scene: Scene) -> None:
    filed(scene.world, scene.home)
    checking(scene, "deng", "accepted")()
    moment = clock.now()
    phone = submitting(scene, device_at=moment, document=document(scene.home, grade="A"))
    paper = typing(scene, moment, document=document(scene.home, shares_held="6000"))

    stored = race([phone, paper])

    assert not any(isinstance(one, Exception) for one in stored), stored
    numbers = sorted(one.profile.number for one in stored)
    assert numbers == [2, 3]
    with acting_as(scene.world.deng):
        opened = access.open_check(scene.home.pk)
        sheet = sheet_of(opened.subject.place, opened)
        # Compared with the trusted one; what was said in between and replaced without a verdict is named beside it.
        assert sheet.previous is not None
        assert sheet.previous.number == 1
        assert [one.number for one in sheet.overtaken] == [2]


def test_a_submit_sent_twice_beside_the_paper_is_still_three_doors_and_two_visits(scene: Scene) -> None:
    moment = clock.now() - timedelta(hours=1)
    phone = submitting(scene, consent="spoken", device_at=moment)

    stored = race([phone, phone, typing(scene, moment)])

    assert not any(isinstance(one, Exception) for one in stored), stored
    assert Visit.objects.count() == 2
    assert sorted(Profile.objects.values_list("number", flat=True)) == [1, 2]
    assert [one.is_repeat for one in stored].count(True) == 1
