"""Black and grey list: a reason, two people, nothing deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from config.lib.models import AuditEvent
from customers import access
from customers.models import Household, ListEntry, ListRelease, Person
from customers.selectors.files import is_blocked
from customers.selectors.timeline import timeline_of
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
        ({"colour": "purple"}, "colour"),
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


# --- Leaving a list ---------------------------------------------------------------------------------------------------


@pytest.fixture
def listed(world: World, home: Household) -> ListEntry:
    entry = _propose(world, home)
    _settle(world, entry, "gao")
    return entry


def _ask(world: World, entry: ListEntry, who: str = "chen", reason: str = "贷款已还清") -> ListRelease:
    staff = getattr(world, who)
    with acting_as(staff) as post:
        return lists.ask_release(
            staff=staff, post_id=post.pk, entry=access.open_list_entry(post, entry.pk), reason=reason
        )


def _answer(world: World, release: ListRelease, who: str = "gao", answer: str = "") -> None:
    staff = getattr(world, who)
    with acting_as(staff) as post:
        opened = access.open_list_release(post, release.pk)
        if answer:
            lists.reject_release(staff=staff, post_id=post.pk, release=opened, answer=answer)
        else:
            lists.confirm_release(staff=staff, post_id=post.pk, release=opened)


def _blocked(home: Household) -> bool:
    return Household.objects.filter(is_blocked(), pk=home.pk).exists()


def test_an_entry_blocks_until_another_person_confirms_its_release(
    world: World, home: Household, listed: ListEntry
) -> None:
    release = _ask(world, listed)
    assert _blocked(home)

    _answer(world, release)
    listed.refresh_from_db()
    release.refresh_from_db()
    assert (listed.released_by, listed.released_at) == (world.gao, release.confirmed_at)
    assert (listed.confirmed_by, release.asked_by, release.reason) == (world.gao, world.chen, "贷款已还清")
    assert not _blocked(home)
    assert [event.verb for event in AuditEvent.objects.order_by("pk")][-2:] == [
        "list_release_ask",
        "list_release_confirm",
    ]
    with acting_as(world.gao) as post:
        told = [(event["title"], event.get("by"), event.get("text", "")) for event in timeline_of(home, post)]
    assert ("提出解除灰名单", "陈立", "贷款已还清") in told
    assert ("确认解除灰名单", "高远", "") in told


def test_a_released_person_may_be_listed_again(world: World, home: Household, listed: ListEntry) -> None:
    _answer(world, _ask(world, listed))
    again = _propose(world, home)
    _settle(world, again, "gao")
    assert _blocked(home)
    assert ListEntry.objects.count() == 2


def test_a_refused_release_keeps_the_entry_and_may_be_asked_again(
    world: World, home: Household, listed: ListEntry
) -> None:
    first = _ask(world, listed)
    with pytest.raises(lists.ListRefusedError, match="asked"):
        _ask(world, listed)
    _answer(world, first, answer="还有一笔未还")
    assert _blocked(home)
    _answer(world, _ask(world, listed))
    assert not _blocked(home)
    assert [release.answer for release in listed.releases.order_by("pk")] == ["还有一笔未还", ""]


@pytest.mark.parametrize("who", ["gao"])
def test_nobody_confirms_a_release_he_asked_for(world: World, listed: ListEntry, who: str) -> None:
    release = _ask(world, listed, who)
    with pytest.raises(lists.ListRefusedError, match="own"):
        _answer(world, release, who)


def test_a_release_needs_a_reason_and_an_entry_in_force(world: World, home: Household, listed: ListEntry) -> None:
    with pytest.raises(lists.ListRefusedError, match="why"):
        _ask(world, listed, reason="  ")
    waiting = _propose(world, home, person=None)
    with pytest.raises(lists.ListRefusedError, match="inactive"):
        _ask(world, waiting)
    release = _ask(world, listed)
    _answer(world, release)
    with pytest.raises(lists.ListRefusedError, match="settled"):
        _answer(world, release)
    with pytest.raises(lists.ListRefusedError, match="inactive"):
        _ask(world, listed)


@pytest.mark.parametrize(
    ("who", "sql"),
    [
        ("gao", "update customers_listentry set released_at = now(), released_by_id = {gao} where id = {entry}"),
        ("gao", "update customers_listrelease set confirmed_at = now(), confirmed_by_id = {gao} where entry_id = {own}"),
        ("gao", "update customers_listrelease set confirmed_at = now(), confirmed_by_id = {chen} where entry_id = {own}"),
        ("chen", "update customers_listrelease set confirmed_at = now(), confirmed_by_id = {gao} where entry_id = {entry}"),
        ("chen", "update customers_listrelease set confirmed_at = now(), confirmed_by_id = {chen} where entry_id = {entry}"),
        ("gao", "update customers_listrelease set confirmed_at = now() where entry_id = {entry}"),
        ("gao", "update customers_listrelease set reason = 'x' where entry_id = {entry}"),
        ("gao", "update customers_listrelease set asked_by_id = {deng} where entry_id = {own}"),
        ("gao", "delete from customers_listrelease"),
        ("gao", "delete from customers_listentry"),
        ("gao", "insert into customers_listrelease (institution_id, grid_id, recorded_grid_id, subject_id, entry_id, reason, answer, "
         "asked_by_id) select institution_id, grid_id, recorded_grid_id, subject_id, id, 'x', '', {chen} from customers_listentry"),
        ("gao", "update customers_listentry set released_at = null, released_by_id = null where id = {released}"),
        ("gao", "update customers_listentry set note = 'x' where id = {released}"),
        ("gao", "update customers_listrelease set answer = 'x' where entry_id = {released}"),
        ("kang", "update customers_listrelease set confirmed_at = now(), confirmed_by_id = {kang} where entry_id = {entry}"),
    ],
)  # fmt: skip
def test_the_database_keeps_two_people_to_a_release(
    world: World, home: Household, listed: ListEntry, who: str, sql: str
) -> None:
    own, released = (
        _propose(world, home, person=None, colour=colour, reason=reason)
        for colour, reason in (("grey", "overdue"), ("black", "default"))
    )
    for entry in (own, released):
        _settle(world, entry, "gao")
    _ask(world, listed)
    _ask(world, own, "gao")
    _answer(world, _ask(world, released))
    ids = {name: getattr(world, name).pk for name in ("gao", "chen", "deng", "kang")}
    wrong = sql.format(entry=listed.pk, own=own.pk, released=released.pk, **ids)
    with pytest.raises(DatabaseError), acting_as(getattr(world, who)), connection.cursor() as cursor:
        cursor.execute(wrong)


def test_the_pages_from_asking_to_released(
    world: World, home: Household, listed: ListEntry, client_of: Callable[..., Client]
) -> None:
    chen, gao = client_of(world.chen), client_of(world.gao)
    page = reverse("customers:household", args=[home.pk])
    ask = reverse("customers:list_release_ask", args=[listed.pk])
    assert ask in chen.get(page).content.decode()
    assert client_of(world.fang).post(ask, {"reason": "x"}).status_code == 404
    assert "已提出解除" in chen.post(ask, {"reason": "贷款已还清"}, follow=True).content.decode()
    shown = chen.get(page).content.decode()
    assert "待确认解除" in shown
    assert "确认解除</button>" not in shown

    assert ">名单解除 1</option>" in gao.get("/queues/").content.decode()
    assert "贷款已还清" in gao.get("/queues/?kind=release").content.decode()
    release = ListRelease.objects.get()
    gao.post(reverse("customers:list_release_reject", args=[release.pk]), {"reason": ""})
    assert ListRelease.objects.get().is_waiting
    gao.post(reverse("customers:list_release_reject", args=[release.pk]), {"reason": "还有一笔未还"})
    assert "还有一笔未还" in chen.get(page).content.decode()
    chen.post(ask, {"reason": "全部还清"})
    second = ListRelease.objects.get(reason="全部还清")
    answer = gao.post(reverse("customers:list_release_confirm", args=[second.pk]), {"next": page}, follow=True)
    assert "已解除" in answer.content.decode()
    assert not _blocked(home)
