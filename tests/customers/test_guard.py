"""Sudden changes: flagged without standing in the way, held back from lines, proved, settled by a second person."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import Http404

from config.lib import clock
from config.lib.acting import job_frame
from config.lib.files import FileRefused
from customers import access
from customers.models import ChangeFlag, ChangeProof, Household, Profile, ProfileCheck
from customers.selectors.assessment import checked_files
from customers.selectors.trusted import trusted
from customers.services import guard
from customers.services.guard import ChangeRefusedError
from tests.conftest import acting_as
from tests.customers.builders import frozen_files, make_household, release_parameters
from tests.customers.guarding import accepted, filed, house, jumped, picture, prove, release_guard, settle
from tests.world import World


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    release_guard(world)
    return make_household(world.liu)


def _trusted(home: Household) -> int | None:
    found = checked_files([home.pk]).get(home.pk)
    at_now = frozen_files(home.institution_id)[home.pk]
    assert at_now == (found.pk if found else None)
    return found.number if found else None


def test_a_jump_is_flagged_with_its_figures_and_stands_in_nobodys_way(world: World, home: Household) -> None:
    assert filed(world, home).changes == []
    accepted(world, home)
    stored = filed(world, home, assets=house(300000), expenses=[{"kind": "living", "amount": "26000"}])

    (flag,) = stored.changes  # spending moved by exactly 30 %: it passes
    assert (flag.figure, flag.before, flag.after) == ("assets", Decimal("150000.00"), Decimal("300000.00"))
    assert flag.base.number == 1
    assert flag.release.kind == "change_guard"
    assert flag.flagged_at == flag.profile.submitted_at
    assert flag.due_on > clock.today()


def test_a_held_revision_feeds_no_line_though_it_passed_the_second_check(world: World, home: Household) -> None:
    jumped(world, home)
    assert _trusted(home) == 1
    accepted(world, home)
    assert _trusted(home) == 1  # accepted, and still not proved

    prove(world, home)
    assert _trusted(home) == 1
    settle(world.gao, home)
    assert _trusted(home) == 2


def test_confirmed_before_the_check_it_still_needs_the_check(world: World, home: Household) -> None:
    jumped(world, home)
    prove(world, home)
    settle(world.deng, home)
    assert _trusted(home) == 1
    accepted(world, home)
    assert _trusted(home) == 2


def test_an_earlier_instant_keeps_its_answer(world: World, home: Household) -> None:
    profile = jumped(world, home)
    accepted(world, home)
    before = clock.now()
    prove(world, home)
    settle(world.gao, home)

    assert profile not in trusted(before)
    assert profile in trusted(clock.now())


def test_without_proof_nobody_confirms(world: World, home: Household) -> None:
    jumped(world, home)
    with pytest.raises(ChangeRefusedError, match="proof"):
        settle(world.gao, home)
    assert ChangeFlag.objects.get().outcome == ""


def test_every_figure_needs_its_proof(world: World, home: Household) -> None:
    filed(world, home)
    accepted(world, home)
    filed(world, home, assets=house(300000), expenses=[{"kind": "living", "amount": "60000"}])
    prove(world, home, "assets")
    with pytest.raises(ChangeRefusedError, match="proof"):
        settle(world.gao, home)
    prove(world, home, "expenses")
    assert {flag.figure for flag in settle(world.gao, home)} == {"assets", "expenses"}


def test_refused_it_goes_back_and_never_counts(world: World, home: Household) -> None:
    jumped(world, home)
    with pytest.raises(ChangeRefusedError, match="answer"):
        settle(world.gao, home, "refused", "  ")
    settle(world.gao, home, "refused", "房屋没有变化，请核实现值")

    check = ProfileCheck.objects.get(profile__number=2)
    assert (check.verdict, check.checker) == ("returned", world.gao)
    assert check.remarks == [{"path": "", "text": "房屋没有变化，请核实现值"}]
    assert _trusted(home) == 1


def test_refused_after_the_check_it_holds_for_good(world: World, home: Household) -> None:
    jumped(world, home)
    accepted(world, home)
    settle(world.gao, home, "refused", "无法证明")
    assert ProfileCheck.objects.get(profile__number=2).verdict == "accepted"
    assert _trusted(home) == 1


def test_who_collected_does_not_settle(world: World, home: Household) -> None:
    profile = jumped(world, home)
    prove(world, home)
    with acting_as(world.chen):
        assert access.change_queue() == []
    with pytest.raises(ChangeRefusedError, match="own"):
        settle(world.chen, home)
    with acting_as(world.chen), pytest.raises(DatabaseError, match="neither lead nor partner"), transaction.atomic():
        ChangeFlag.objects.filter(profile=profile).update(
            outcome="confirmed", settled_by=world.chen, settled_at=clock.now()
        )


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ("outcome = 'confirmed', settled_by_id = {deng}, settled_at = now()", "under one's own name"),
        ("outcome = 'confirmed', settled_by_id = {gao}, settled_at = now()", "only with proof"),
        ("outcome = 'refused', settled_by_id = {gao}, settled_at = now()", "a_refused_change_says_why"),
        ("after = 150000", "permission denied"),
        ("due_on = '2099-01-01'", "permission denied"),
    ],
)
def test_the_database_keeps_a_flag(world: World, home: Household, values: str, error: str) -> None:
    jumped(world, home)
    with (
        acting_as(world.gao),
        pytest.raises(DatabaseError, match=error),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"update customers_changeflag set {values}".format(deng=world.deng.pk, gao=world.gao.pk))


def test_a_settled_flag_stands(world: World, home: Household) -> None:
    jumped(world, home)
    prove(world, home)
    settle(world.gao, home)
    with acting_as(world.gao), pytest.raises(DatabaseError, match="settled once"), transaction.atomic():
        ChangeFlag.objects.update(outcome="refused", answer="x", settled_at=clock.now(), settled_by=world.gao)
    with pytest.raises(ChangeRefusedError, match="settled"):
        prove(world, home)


def test_two_people_settle_one_change_once(world: World, home: Household) -> None:
    jumped(world, home)
    prove(world, home)
    settle(world.gao, home)
    with acting_as(world.deng) as post:
        profile = Profile.objects.get(subject_id=home.pk, number=2) if access.may_settle_change(home.pk) else None
        assert profile is None
        assert post is not None
        with pytest.raises(Http404):
            access.open_changes(post, home.pk)
    assert ChangeFlag.objects.get().settled_by == world.gao


def test_another_branch_knows_nothing_of_it(world: World, home: Household) -> None:
    jumped(world, home)
    for staff in (world.fang, world.he):
        with acting_as(staff) as post:
            assert access.change_queue() == []
            assert not ChangeFlag.objects.exists()
            assert post is not None
            with pytest.raises(Http404):
                access.open_changes(post, home.pk)


def test_a_newer_revision_takes_the_place_of_a_held_one(world: World, home: Household) -> None:
    held = jumped(world, home)
    back = filed(world, home, assets=house(152000))
    assert back.changes == []
    with acting_as(world.gao):
        assert access.change_queue() == []
        with pytest.raises(ChangeRefusedError, match="newer"):
            guard.settle(staff=world.gao, post_id=None, profile=held, outcome="confirmed", answer="")
    accepted(world, home)
    assert _trusted(home) == 3


def test_what_was_proved_is_the_known_level(world: World, home: Household) -> None:
    jumped(world, home)
    prove(world, home)
    settle(world.gao, home)
    accepted(world, home)
    assert filed(world, home, assets=house(305000)).changes == []


def test_small_steps_are_seen_together(world: World, home: Household) -> None:
    for value in (150000, 190000):
        assert filed(world, home, assets=house(value)).changes == []
        accepted(world, home)
    (flag,) = filed(world, home, assets=house(230000)).changes
    assert (flag.base.number, flag.before) == (1, Decimal("150000.00"))


def test_outside_the_window_nothing_is_compared(world: World, home: Household) -> None:
    filed(world, home)
    accepted(world, home)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table customers_profile disable trigger user")
        cursor.execute("update customers_profile set submitted_at = %s", [clock.now() - timedelta(days=181)])
        cursor.execute("alter table customers_profile enable trigger user")
    assert filed(world, home, assets=house(900000)).changes == []


def test_without_released_thresholds_nothing_is_flagged(world: World) -> None:
    release_parameters(world)
    home = make_household(world.liu)
    jumped(world, home)
    assert not ChangeFlag.objects.exists()


def test_a_proof_is_a_photo_or_a_pdf(world: World, home: Household) -> None:
    profile = jumped(world, home)
    with acting_as(world.chen):
        given: dict[str, Any] = {"staff": world.chen, "post_id": None, "profile": profile, "figures": ()}
        with pytest.raises(FileRefused):
            guard.add_proof(**given, content=b"MZ", name="a.exe")
        guard.add_proof(**given, content=b"%PDF-1.7 deposit slip", name="a.pdf")
        guard.add_proof(**given, content=picture(), name="a.jpg")
    kinds = {proof.evidence.file.content_type for proof in ChangeProof.objects.all()}
    assert kinds == {"application/pdf", "image/jpeg"}


def test_the_night_finds_what_came_in_beside_the_guard_and_nothing_twice(world: World, home: Household) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update lib_release set effective_on = '2099-01-01' where kind = 'change_guard'")
    jumped(world, home)
    accepted(world, home)
    assert _trusted(home) == 2
    with connection.cursor() as cursor:
        cursor.execute("update lib_release set effective_on = '2026-01-01' where kind = 'change_guard'")

    with job_frame(None, "night"):
        drift = guard.compare_all(world.bank.pk)
    flag = ChangeFlag.objects.get()
    assert (drift.expected, drift.missing, drift.surplus, drift.differing) == (1, [flag.pk], [], [])
    assert (flag.figure, flag.found, flag.before, flag.after) == ("assets", "sweep", 150000, 300000)
    assert _trusted(home) == 1
    with job_frame(None, "night"):
        again = guard.compare_all(world.bank.pk)
    assert (again.expected, again.missing, again.surplus, again.differing) == (1, [], [], [])


def test_the_night_tells_what_does_not_agree_and_changes_nothing(world: World, home: Household) -> None:
    jumped(world, home)
    flag = ChangeFlag.objects.get()
    ChangeFlag.objects.update(before=1)
    ChangeFlag.objects.create(
        **{name: getattr(flag, name) for name in ("institution_id", "grid_id", "recorded_grid_id", "subject_id", "profile_id")},
        figure="expenses", base_id=flag.base_id, before=1, after=2, release_id=flag.release_id, found="sweep",
        flagged_at=flag.flagged_at, due_on=flag.due_on,
    )  # fmt: skip
    with job_frame(None, "night"):
        drift = guard.compare_all(world.bank.pk)
    assert drift.differing == [flag.pk]
    assert drift.surplus == [ChangeFlag.objects.get(figure="expenses").pk]
    assert drift.missing == []
