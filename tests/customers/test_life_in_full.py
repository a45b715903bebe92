"""Pages of household life at any length, requests of rosters, list entries that travel, and a confirmation killed in the middle."""

import os
import signal
from collections.abc import Callable

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from customers import access
from customers.domain import household_life as rules
from customers.domain.lists import latest_review
from customers.models import GridMerger, Household, HouseholdEvent, ListEntry, ListReview, MoveRequest, Person
from customers.selectors import lists as listed
from customers.services import life, lists
from grids.models import Grid
from tests.conftest import acting_as
from tests.customers import rosters
from tests.customers.builders import make_household, release_parameters
from tests.customers.test_household_life import FAMILY, change, confirm, not_in_their_grid, propose, who, whole
from tests.forked import killed
from tests.world import World

ClientOf = Callable[..., Client]


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu, "0001", FAMILY)


# --- Any length, the same queries -------------------------------------------------------------------------------------


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def waiting(world: World, count: int) -> None:
    """So many households that are to leave, each with its event; one of them changed before."""
    for _ in range(count):
        made = make_household(world.liu, f"L{Household.objects.count():03d}")
        propose(world, made, change("borrower", person=who(made)["王秀英"].pk))
        propose(world, made, change("leave", why="moved"))


def test_the_queue_of_changes_costs_the_same_for_one_and_twenty(
    world: World, home: Household, client_of: ClientOf
) -> None:
    gao, url = client_of(world.gao), reverse("customers:queues")
    waiting(world, 1)
    one = queries(gao, url)
    waiting(world, 19)
    assert queries(gao, url) == one
    assert gao.get(url + "?kind=life").content.decode().count("全户离册") == 20


def test_the_story_of_a_household_costs_the_same_however_long(
    world: World, home: Household, client_of: ClientOf
) -> None:
    people = who(home)
    url = reverse("customers:life", args=[home.pk])
    chen = client_of(world.chen)
    other = make_household(world.liu, "0002")
    for count in (1, 19):
        for _ in range(count):
            HouseholdEvent.objects.create(
                institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject_id=home.pk, kind="transfer",
                person=people["刘洋"], to_subject_id=other.pk, to_grid=world.liu, on=clock.today(), reason="户口簿",
                state="done", needs_giving=True, needs_receiving=True, proposed_by=world.chen, giving_by=world.gao,
                receiving_by=world.gao, done_at=clock.now(),
            )  # fmt: skip
        if count == 1:
            first = queries(chen, url)
    assert queries(chen, url) == first
    form = reverse("customers:life_change", args=[home.pk, "transfer"])
    assert queries(chen, form) == queries(chen, form.replace("transfer", "split"))


def test_the_list_of_village_mergers_costs_the_same_for_one_and_twenty(world: World, client_of: ClientOf) -> None:
    an, url = client_of(world.an), reverse("customers:merger_list")
    counts = []
    for first, last in ((0, 1), (1, 20)):
        for place in range(first, last):
            small = Grid.objects.create(
                institution=world.bank, branch=world.east, kind="village", name=f"小村{place}", pinyin=f"x{place:02d}"
            )
            GridMerger.objects.create(
                institution=world.bank, from_grid=small, to_grid=world.liu, on=clock.today(), reason="批复",
                proposed_by=world.an,
            )  # fmt: skip
        counts.append(queries(an, url))
    assert counts[0] == counts[1]


# --- What a roster asks for -------------------------------------------------------------------------------------------


def test_a_request_of_a_roster_becomes_a_proposal_and_nothing_is_typed_again(world: World, client_of: ClientOf) -> None:
    rosters.import_rows(world, rosters.family(world.liu))
    son = Person.objects.get(name="刘洋")
    rows = [rosters.line(world.wang, "W009", "刘洋", "户主", 身份证号=rosters.id_of(3))]
    rows.append(rosters.line(world.wang, "W009", "赵敏", "妻", 身份证号=rosters.id_of(30)))
    rosters.import_rows(world, rows)
    request = MoveRequest.objects.get()
    new = Household.objects.get(number="W009")
    assert (request.relation, new.head_id) == ("head", None)

    chen = client_of(world.chen)
    page = chen.get(reverse("customers:household", args=[son.household_id])).content.decode()
    assert "名册把 刘洋 列在" in page
    url = f"{reverse('customers:life_change', args=[son.household_id, 'transfer'])}?asked={request.pk}"
    assert url in page
    form = chen.get(url).context["form"]
    typed = {name: value for name in form.fields if (value := form[name].value()) is not None and name != "head"}
    assert typed == {
        "person": son.pk, "grid": world.wang.pk, "number": "W009", "relation": "head", "on": clock.today(),
        "reason": "名册列在 王家村 W009 户",
    }  # fmt: skip
    sent = typed | {"on": clock.today().isoformat(), "head": "", "step": "send"}
    assert chen.post(url, sent).status_code == 302
    event = HouseholdEvent.objects.get()
    assert "等确认" in chen.get(reverse("customers:household", args=[son.household_id])).content.decode()
    assert confirm(world, event) == "done"

    son.refresh_from_db()
    new.refresh_from_db()
    request.refresh_from_db()
    assert (son.household_id, son.relation, new.head_id, request.state) == (new.pk, "head", son.pk, "done")
    assert client_of(world.chen).get(url).status_code == 404
    assert rules.faults(whole(world)) == []


def test_a_request_is_refused_on_record_and_asked_again_by_a_later_roster(world: World, client_of: ClientOf) -> None:
    rosters.import_rows(world, rosters.family(world.liu))
    rows = [rosters.line(world.wang, "W009", "刘洋", "户主", 身份证号=rosters.id_of(3))]
    rosters.import_rows(world, rows)
    request = MoveRequest.objects.get()
    page = reverse("customers:household", args=[request.person.household_id])
    refuse = reverse("customers:move_refuse", args=[request.pk])
    chen = client_of(world.chen)
    assert refuse in chen.get(page).content.decode()
    assert client_of(world.fang).post(refuse).status_code == 404

    assert chen.post(refuse)["Location"] == page
    request.refresh_from_db()
    assert request.state == "refused"
    assert "名册把" not in chen.get(page).content.decode()
    assert AuditEvent.objects.get(verb="move_request_refuse").detail["person"] == request.person_id
    assert chen.post(refuse).status_code == 404
    rosters.import_rows(world, [*rows, rosters.line(world.wang, "W010", "钱多")])
    assert sorted(MoveRequest.objects.values_list("state", flat=True)) == ["open", "refused"]


def test_a_request_is_asked_in_its_own_household_alone(world: World, home: Household, client_of: ClientOf) -> None:
    rosters.import_rows(world, rosters.family(world.liu, "H001"))
    rosters.import_rows(world, [rosters.line(world.wang, "W009", "刘洋", "户主", 身份证号=rosters.id_of(3))])
    request = MoveRequest.objects.get()
    chen = client_of(world.chen)
    for pk, number in ((home.pk, request.pk), (request.person.household_id, request.pk + 1)):
        url = f"{reverse('customers:life_change', args=[pk, 'transfer'])}?asked={number}"
        assert chen.get(url).status_code == 404
    with acting_as(world.fang), connection.cursor() as cursor:
        cursor.execute("select * from acc.move_request_targets(%s)", [[request.pk]])
        assert cursor.fetchall() == []


def test_nobody_becomes_head_of_a_household_that_has_one(world: World, home: Household) -> None:
    make_household(world.wang, "0009")
    one = change("transfer", person=who(home)["刘洋"].pk, relation="head", to_grid=world.wang.pk)
    with pytest.raises(life.LifeProblemsError, match="has_head"):
        propose(world, home, one, "0009")


# --- Lists travel with the person -------------------------------------------------------------------------------------


def listed_entry(world: World, home: Household, person: Person | None, colour: str, reason: str) -> ListEntry:
    with acting_as(world.chen) as post:
        assert post is not None
        entry = lists.propose(
            staff=world.chen, post_id=post.pk, household=home, person=person, colour=colour, reason=reason
        )
    with acting_as(world.gao) as post:
        assert post is not None
        lists.confirm(staff=world.gao, post_id=post.pk, entry=access.open_list_entry(post, entry.pk))
    return ListEntry.objects.get(pk=entry.pk)


def test_the_reviews_of_an_entry_follow_its_person(world: World, home: Household) -> None:
    groom = make_household(world.zhao, "0008", (("赵大", "head", "M", 1984),))
    bride = who(home)["赵敏"]
    entry = listed_entry(world, home, bride, "grey", "overdue")
    with acting_as(world.chen) as post:
        assert post is not None
        later = latest_review(clock.today())
        lists.review(staff=world.chen, post_id=post.pk, entry=entry, next_on=later, reason="尚未还清")
    event = propose(world, home, change("marriage", person=bride.pk, relation="spouse", to_grid=world.zhao.pk), "0008")
    assert (confirm(world, event, "gao"), confirm(world, event, "he")) == ("proposed", "done")
    review = ListReview.objects.get()
    assert (review.subject_id, review.grid, review.recorded_grid) == (groom.pk, world.zhao, world.liu)
    assert not_in_their_grid(world) == []
    with acting_as(world.he) as post:
        assert post is not None
        told = listed.history_of(access.open_list_entry(post, entry.pk), "逾期")
        assert [str(one["title"]) for one in told] == ["复核：继续列入", "已确认列入", "提名列入"]


@pytest.mark.parametrize("has_left", [False, True])
def test_two_white_entries_do_not_meet_in_one_household(
    world: World, home: Household, client_of: ClientOf, has_left: bool
) -> None:
    other = make_household(world.liu, "0002", (("李一", "head", "M", 1980), ("李二", "son", "M", 2003)))
    son = who(home)["刘洋"]
    listed_entry(world, home, son, "white", "chosen")
    listed_entry(world, other, who(other)["李二"], "white", "chosen")
    if has_left:
        Person.objects.filter(name="李二").update(left_on=clock.today(), left_reason="moved")
    event = propose(world, home, change("transfer", person=son.pk, relation="other", to_grid=world.liu.pk), "0002")
    answer = client_of(world.gao).post(reverse("customers:life_confirm", args=[event.pk]), follow=True)
    assert "白名单" in answer.content.decode()
    event.refresh_from_db()
    son.refresh_from_db()
    assert (event.state, event.giving_by, son.household_id) == ("proposed", None, home.pk)


# --- Killed in the middle ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["move", "split"])
def test_a_confirmation_killed_in_the_middle_leaves_nothing_half_done(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    release_parameters(world)
    home = make_household(world.liu, "0001", FAMILY)
    son = who(home)["刘洋"]
    listed_entry(world, home, son, "grey", "overdue")
    one = change("move", to_grid=world.wang.pk) if kind == "move" else change("split", people=(son.pk,), head=son.pk)
    event = propose(world, home, one)
    before = dict(whole(world))
    audited = AuditEvent.objects.count()
    settle = life._settle

    def dies(event: HouseholdEvent) -> str:
        assert settle(event) == "done"
        with connection.cursor() as cursor:  # every row has gone over, and nothing is committed
            cursor.execute(
                "select count(*) from customers_person where grid_id <> %s or household_id <> %s",
                [home.grid_id, home.pk],
            )
            assert cursor.fetchone()[0]
        os.kill(os.getpid(), signal.SIGKILL)
        return ""

    def work() -> None:
        life._settle = dies
        confirm(world, event)

    killed(work)

    connections.close_all()
    event.refresh_from_db()
    assert (event.state, event.giving_by, event.done_at) == ("proposed", None, None)
    assert whole(world) == before
    assert AuditEvent.objects.count() == audited
    assert not_in_their_grid(world) == []
    assert confirm(world, event) == "done", "and it is confirmed as if nothing had happened"
    assert rules.faults(whole(world)) == []
    assert not_in_their_grid(world) == []
