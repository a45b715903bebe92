"""Who is given the second check: shared within the branch, never one's own, taken and handed over, put right when people go."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.acting import job_frame
from customers import access
from customers.models import CheckTask, Household, Profile
from customers.selectors.sharing import shares_of
from customers.services import sharing
from customers.services.checks import check_profile
from customers.services.sharing import ShareRefusedError
from customers.services.visits import submit_visit
from grids.models import Absence, Post, PostKind, Staff
from tests.conftest import acting_as
from tests.customers.builders import document, make_household, release_parameters, submission
from tests.world import SINCE, World

ClientOf = Callable[..., Client]


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


def officer(world: World, number: str, branch: Any = None) -> Staff:
    """One more officer of the East branch."""
    staff = Staff.objects.create_user(
        number, "x" * 12, name=f"员工{number}", institution=world.bank, home_branch=world.east
    )
    Post.objects.create(staff=staff, kind=PostKind.OFFICER, branch=branch or world.east, from_on=SINCE)
    return staff


def filed(world: World, home: Household, **changes: Any) -> Profile:
    first = not Profile.objects.filter(subject_id=home.pk).exists()
    sent = submission(home, **({"consent": "spoken" if first else "standing"} | changes))
    with acting_as(world.chen) as post:
        return submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=sent).profile


def checked(staff: Staff, home: Household, verdict: str) -> None:
    remarks = [{"path": "", "text": "请补"}] if verdict == "returned" else []
    with acting_as(staff) as post:
        check_profile(
            staff=staff, post_id=post.pk, profile=access.open_check(home.pk), verdict=verdict, remarks=remarks
        )


def owner(home: Household) -> str:
    """Who has the check of a file in hand, "" for the pool."""
    task = CheckTask.objects.filter(subject_id=home.pk, closed_at__isnull=True).select_related("checker").first()
    return task.checker.number if task is not None and task.checker is not None else ""


def share_out(world: World) -> int:
    with job_frame(None, "test"):
        return sharing.share_out(world.bank.pk)


def away(world: World, staff: Staff, deputy: Staff) -> Absence:
    today = clock.today()
    return Absence.objects.create(
        institution=world.bank,
        staff=staff,
        deputy=deputy,
        from_on=today,
        to_on=today + timedelta(days=3),
        recorded_by=world.gao,
    )


# --- On submission ----------------------------------------------------------------------------------------------------


def test_a_file_is_given_to_a_colleague_and_its_verdict_closes_it(world: World, home: Household) -> None:
    profile = filed(world, home)
    task = CheckTask.objects.get()
    assert (task.profile, task.checker, task.way, task.given_by) == (profile, world.deng, "rule", None)
    checked(world.gao, home, "accepted")  # to have it in hand keeps nobody else from checking
    task.refresh_from_db()
    assert task.closed_at is not None


def test_who_has_fewest_comes_next_and_what_was_sent_back_goes_to_who_sent_it_back(
    world: World, home: Household
) -> None:
    officer(world, "eve")
    others = [make_household(world.liu, f"S{number}") for number in range(3)]
    for one in (home, *others):
        filed(world, one)
    assert sorted(owner(one) for one in (home, *others)) == ["deng", "deng", "eve", "eve"]
    first = owner(home)
    checked(world.staff["deng"] if first == "deng" else Staff.objects.get(number="eve"), home, "returned")
    # Meanwhile he was given more than the other; the file comes back to him all the same.
    filed(world, home, document=document(home, grade="A"))
    assert owner(home) == first


def test_a_newer_revision_closes_what_was_in_hand(world: World, home: Household) -> None:
    filed(world, home)
    filed(world, home)
    tasks = list(CheckTask.objects.order_by("pk").values_list("profile__number", "closed_at"))
    assert [(number, closed is None) for number, closed in tasks] == [(1, False), (2, True)]


@pytest.mark.parametrize("change", ["partner", "away", "left", "stands_in"])
def test_nobody_is_given_what_he_may_not_or_cannot_check(world: World, home: Household, change: str) -> None:
    officer(world, "eve")
    sent: dict[str, Any] = {}
    if change == "partner":
        sent = {"partner_id": world.deng.pk}
    elif change == "away":
        away(world, world.deng, Staff.objects.get(number="eve"))
    elif change == "left":
        Post.objects.filter(staff=world.deng).update(to_on=clock.today())
    else:
        away(world, Staff.objects.get(number="eve"), world.chen)  # Chen, who collected it, stands in for Eve
    filed(world, home, **sent)
    assert owner(home) == ("deng" if change == "stands_in" else "eve")


def test_without_a_colleague_the_file_lies_in_the_pool_and_the_manager_is_told(
    world: World, home: Household, client_of: ClientOf
) -> None:
    filed(world, home, partner_id=world.deng.pk)
    assert owner(home) == ""
    gao = client_of(world.gao)
    assert "1 份没有人负责" in gao.get(reverse("customers:queues")).text
    assert "1 份档案没有人可分" in gao.get(reverse("customers:check_shares")).text
    assert "刘建国" in gao.get(reverse("customers:queues"), {"owner": "pool"}).text


# --- Take, hand over ---------------------------------------------------------------------------------------------------


def test_a_check_is_taken_and_handed_over(world: World, home: Household, client_of: ClientOf) -> None:
    eve = officer(world, "eve")
    filed(world, home)
    holder, other = (world.deng, eve) if owner(home) == "deng" else (eve, world.deng)
    page = client_of(other).get(reverse("customers:check", args=[home.pk])).text
    assert f"这份分给了 {holder.name}" in page
    client_of(other).post(reverse("customers:check_take", args=[home.pk]))
    assert owner(home) == other.number
    assert "归我复核" not in client_of(other).get(reverse("customers:check", args=[home.pk])).text
    hand = reverse("customers:check_hand", args=[home.pk])
    for wrong in (world.chen.pk, world.fang.pk, "x", ""):
        assert "请选一位在岗" in client_of(world.gao).post(hand, {"to": wrong}, follow=True).text
        assert owner(home) == other.number
    client_of(world.gao).post(hand, {"to": holder.pk})
    task = CheckTask.objects.get()
    assert (task.checker, task.way, task.given_by) == (holder, "handed", world.gao)


def test_the_maker_takes_and_hands_over_nothing(world: World, home: Household, client_of: ClientOf) -> None:
    filed(world, home)
    chen = client_of(world.chen)
    assert chen.post(reverse("customers:check_take", args=[home.pk])).status_code == 404
    assert chen.post(reverse("customers:check_hand", args=[home.pk]), {"to": world.deng.pk}).status_code == 404


def test_a_manager_who_went_along_hands_the_check_over_all_the_same(
    world: World, home: Household, client_of: ClientOf
) -> None:
    officer(world, "eve")
    filed(world, home, partner_id=world.gao.pk)
    eve = Staff.objects.get(number="eve")
    target = world.deng if owner(home) == "eve" else eve
    client_of(world.gao).post(reverse("customers:check_hand", args=[home.pk]), {"to": target.pk})
    assert owner(home) == target.number
    with acting_as(world.gao), pytest.raises(ShareRefusedError):
        sharing.take(staff=world.gao, post_id=None, profile=Profile.objects.select_related("visit").get())


def test_what_was_checked_meanwhile_is_not_given_any_more(world: World, home: Household) -> None:
    officer(world, "eve")
    profile = filed(world, home)
    checked(world.gao, home, "accepted")
    with acting_as(world.deng), pytest.raises(ShareRefusedError) as refused:
        sharing.take(staff=world.deng, post_id=None, profile=profile)
    assert refused.value.code == "checked"


@pytest.mark.parametrize(
    "sql",
    [
        "update customers_checktask set checker_id = {chen}, way = 'handed', given_by_id = {gao}",
        "update customers_checktask set checker_id = {gao}, way = 'handed', given_by_id = {deng}",
        "update customers_checktask set closed_at = now()",
        "delete from customers_checktask",
        "insert into customers_checktask (institution_id, grid_id, recorded_grid_id, subject_id, profile_id, checker_id, way, given_at) "
        "select institution_id, grid_id, recorded_grid_id, subject_id, {first}, {deng}, 'rule', now() from customers_checktask",
    ],
)
def test_the_database_keeps_who_has_what_in_hand(world: World, home: Household, sql: str) -> None:
    first = filed(world, home)
    CheckTask.objects.all().delete()
    filed(world, home)
    with pytest.raises(DatabaseError), transaction.atomic(), acting_as(world.gao), connection.cursor() as cursor:
        cursor.execute(sql.format(chen=world.chen.pk, gao=world.gao.pk, deng=world.deng.pk, first=first.pk))


# --- When people go ---------------------------------------------------------------------------------------------------


def test_who_is_away_leaves_his_checks_to_his_deputy_and_who_left_to_the_others(world: World) -> None:
    release_parameters(world)
    eve, finn = officer(world, "eve"), officer(world, "finn")
    homes = [make_household(world.liu, f"S{number}") for number in range(6)]
    for one in homes:
        filed(world, one)
    assert sorted(owner(one) for one in homes) == ["deng", "deng", "eve", "eve", "finn", "finn"]
    away(world, world.deng, eve)
    assert share_out(world) == 2
    assert sorted(owner(one) for one in homes) == ["eve"] * 4 + ["finn"] * 2
    assert share_out(world) == 0
    Post.objects.filter(staff=finn).update(to_on=clock.today())
    share_out(world)
    assert sorted(owner(one) for one in homes) == ["eve"] * 6
    Post.objects.filter(staff=eve).update(to_on=clock.today())
    share_out(world)
    assert [owner(one) for one in homes] == [""] * 6  # Deng is away, and nobody else is left
    Absence.objects.update(to_on=clock.today())
    assert share_out(world) == 6
    assert [owner(one) for one in homes] == ["deng"] * 6


def test_levelling_is_previewed_carried_out_as_shown_and_keeps_what_people_chose(
    world: World, client_of: ClientOf
) -> None:
    release_parameters(world)
    homes = [make_household(world.liu, f"S{number}") for number in range(7)]
    for one in homes:
        filed(world, one)
    with acting_as(world.deng):
        profile = access.open_check(homes[-1].pk)
        sharing.take(staff=world.deng, post_id=None, profile=profile)
    officer(world, "eve")
    gao = client_of(world.gao)
    page = gao.get(reverse("customers:check_shares")).text
    assert "调整会让 3 份档案换复核人" in page
    with acting_as(world.gao) as post:
        digest = shares_of(post).digest
    checked(world.gao, homes[5], "accepted")  # one of those that would have moved
    answer = gao.post(reverse("customers:check_level"), {"digest": digest}, follow=True)
    assert "情况刚刚有变化" in answer.text
    assert owner(homes[0]) == "deng"
    with acting_as(world.gao) as post:
        digest = shares_of(post).digest
    assert "换了复核人" in gao.post(reverse("customers:check_level"), {"digest": digest}, follow=True).text
    owners = [owner(one) for one in homes]
    assert (owners.count("deng"), owners.count("eve")) == (3, 3)
    assert owner(homes[-1]) == "deng"
    assert "现在分得均匀" in gao.get(reverse("customers:check_shares")).text


def test_one_s_own_come_first_then_what_nobody_has(world: World, client_of: ClientOf) -> None:
    release_parameters(world)
    officer(world, "eve")
    homes = [make_household(world.liu, f"S{number}") for number in range(3)]
    for one in homes:
        filed(world, one)
    free = make_household(world.liu, "S9")
    filed(world, free, partner_id=Staff.objects.get(number="eve").pk)
    CheckTask.objects.filter(subject_id=free.pk).delete()
    rows = client_of(world.deng).get(reverse("customers:queues")).context["rows"]
    owners = [(one["row"].is_mine, one["row"].item.is_pool) for one in rows]
    assert owners == sorted(owners, key=lambda one: (not one[0], not one[1]))
    assert len(owners) == 4
    mine = client_of(world.deng).get(reverse("customers:queues"), {"owner": "mine"}).context["rows"]
    assert mine
    assert all(one["row"].is_mine for one in mine)


def test_the_shares_cost_the_same_for_one_file_and_for_twenty(world: World, client_of: ClientOf) -> None:
    release_parameters(world)
    gao, url = client_of(world.gao), reverse("customers:check_shares")
    filed(world, make_household(world.liu, "S0"))
    gao.get(url)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert gao.get(url).status_code == 200
        return len(captured)

    one = asked()
    for number in range(1, 20):
        filed(world, make_household(world.liu, f"S{number}"))
    assert asked() == one
