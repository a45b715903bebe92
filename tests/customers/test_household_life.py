"""Changes of households as the database carries them out: two people, both sides, every row along, nobody lost."""

import random
import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.http import Http404
from django.test import Client
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from customers import access
from customers.domain import household_life as rules
from customers.domain.household_life import Change
from customers.domain.identity import make_id
from customers.domain.members import Joining, Leaving
from customers.models import Household, HouseholdEvent, ListEntry, Person, PersonToken, Profile, Subject, Visit
from customers.selectors import assessment, files
from customers.selectors import life as selectors
from customers.selectors.identity import decrypt
from customers.selectors.search import search
from customers.selectors.timeline import timeline_of
from customers.services import life, lists
from customers.services.visits import submit_visit
from tests.conftest import acting_as
from tests.customers.builders import document, make_household, release_parameters, submission
from tests.world import World

ClientOf = Callable[..., Client]
FAMILY = (
    ("刘建国", "head", "M", 1955),
    ("王秀英", "spouse", "F", 1957),
    ("刘洋", "son", "M", 1985),
    ("赵敏", "daughter_in_law", "F", 1987),
    ("刘小宝", "grandchild", "M", 2012),
)


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu, "0001", FAMILY)


def who(home: Household) -> dict[str, Person]:
    return {one.name: one for one in Person.objects.filter(household=home)}


def change(kind: str, **fields: Any) -> Change:
    return Change(**{"kind": kind, "on": clock.today(), "reason": "户口簿", **fields})


def propose(world: World, home: Household, one: Change, number: str = "", by: str = "chen") -> HouseholdEvent:
    with acting_as(world.staff[by]) as post:
        assert post is not None
        fresh = access.open_household(post, home.pk)
        return life.propose(staff=world.staff[by], post_id=post.pk, household=fresh, change=one, number=number)


def confirm(world: World, event: HouseholdEvent, by: str = "gao") -> str:
    with acting_as(world.staff[by]) as post:
        assert post is not None
        found = access.open_household_event(post, event.pk)
        return life.confirm(staff=world.staff[by], post_id=post.pk, event=found)


def settle(event: HouseholdEvent) -> None:
    """What anybody could ask the database for, past the pages."""
    with connection.cursor() as cursor:
        cursor.execute("select acc.settle_household_event(%s)", [event.pk])


def whole(world: World) -> dict[int, rules.Home]:
    """Every household as the rules see it."""
    homes = Household.objects.select_related("subject")
    return {home.pk: selectors.home_of(home) for home in homes}


def not_in_their_grid(world: World) -> list[str]:
    """Every row of every routed table that is not in the grid of its subject."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("select name, way from lib.routed_tables()")
        for name, way in cursor.fetchall():
            if name == "customers_subject":
                continue
            join = (
                "join customers_person as person on person.id = fact.person_id join customers_subject as subject on subject.id = person.household_id"
                if way == "person_id"
                else f"join customers_subject as subject on subject.id = fact.{way}"
            )
            cursor.execute(f"select count(*) from {name} as fact {join} where fact.grid_id <> subject.grid_id")
            if cursor.fetchone()[0]:
                found.append(name)
    return found


# --- Each kind --------------------------------------------------------------------------------------------------------


def test_a_split_founds_a_household_once_the_manager_confirms(world: World, home: Household) -> None:
    people = who(home)
    Household.objects.filter(pk=home.pk).update(borrower=people["刘洋"])
    ids = tuple(people[name].pk for name in ("刘洋", "赵敏", "刘小宝"))
    one = change("split", people=ids, head=ids[0], relations={ids[1]: "spouse", ids[2]: "son"})
    event = propose(world, home, one)
    assert Household.objects.count() == 1, "nothing happens before a second person"
    assert confirm(world, event) == "done"
    event.refresh_from_db()
    new = Household.objects.select_related("subject").get(pk=event.to_subject_id)
    home.refresh_from_db()
    assert (new.number, new.grid, new.group, new.head_id) == ("0001-1", world.liu, "1组", ids[0])
    assert (new.subject.found_on, new.subject.listed_on) == (clock.today(), None), "counted apart until a list names it"
    assert {one.relation for one in who(new).values()} == {"head", "spouse", "son"}
    assert (len(who(home)), home.borrower_id) == (2, None)
    assert rules.faults(whole(world)) == []
    assert next(str(one["title"]) for one in timeline_of(new)) == "接收：分户"
    came, went = selectors.graph_of(new)
    assert ([node.pk for node in came], went) == ([home.pk], [])


def test_a_merger_brings_everybody_and_closes_the_household(world: World, home: Household) -> None:
    other = make_household(world.wang, "0007")
    event = propose(world, home, change("merge", to_grid=world.wang.pk, reason="老人随子女"), "0007")
    assert confirm(world, event) == "done", "one manager answers for both sides of his branch"
    home.refresh_from_db()
    assert (home.subject.left_reason, home.subject.left_on, home.head_id) == ("merged", clock.today(), None)
    assert Person.objects.filter(household=other).count() == 8
    assert set(Person.objects.values_list("grid", flat=True)) == {world.wang.pk}
    assert set(PersonToken.objects.values_list("grid_id", flat=True)) == {world.wang.pk}
    assert rules.faults(whole(world)) == []


def test_a_household_moves_with_every_row_and_both_sides_agree(world: World, home: Household) -> None:
    with acting_as(world.chen) as post:
        assert post is not None
        sent = submission(home, document=document(home))
        submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=sent)
        lists.propose(staff=world.chen, post_id=post.pk, household=home, person=None, colour="grey", reason="overdue")
    make_household(world.zhao, "0001")  # the number is taken there
    event = propose(world, home, change("move", to_grid=world.zhao.pk))
    assert confirm(world, event, "gao") == "proposed"
    with acting_as(world.he) as post:
        assert post is not None
        # The receiving side sees the change and who would come, not the file.
        assert [one.household for one in selectors.waiting_events(post)] == [None]
        found = access.open_household_event(post, event.pk)
        assert next((one.name, one.moves) for one in selectors.people_of(found)) == ("刘建国", True)
        for blind in (Household, Person, Visit, Profile):
            assert not blind.objects.filter(pk__isnull=False, grid=world.liu).exists()
        with pytest.raises(Http404):
            access.open_household(post, home.pk)
    assert confirm(world, event, "he") == "done"
    assert not_in_their_grid(world) == []
    assert set(Visit.objects.values_list("grid", "recorded_grid", "lead")) == {
        (world.zhao.pk, world.liu.pk, world.chen.pk)
    }, "where it was recorded and who collected it stays"
    assert Profile.objects.get().grid == world.zhao
    assert Household.objects.get(pk=home.pk).number == "0001-2"
    with acting_as(world.chen) as post:
        assert post is not None
        with pytest.raises(Http404):
            access.open_household(post, home.pk)
        assert not Visit.objects.exists()
    with acting_as(world.fang) as post:
        assert post is not None
        assert access.open_household(post, home.pk).grid == world.zhao
        assert search(post, "刘建国").hits


def test_a_bride_goes_to_her_husbands_household_with_her_list_entry(world: World, home: Household) -> None:
    groom = make_household(world.zhao, "0008", (("赵大", "head", "M", 1984),))
    bride = who(home)["赵敏"]
    with acting_as(world.chen) as post:
        assert post is not None
        entry = lists.propose(
            staff=world.chen, post_id=post.pk, household=home, person=bride, colour="grey", reason="overdue"
        )
    ListEntry.objects.filter(pk=entry.pk).update(confirmed_by=world.gao, confirmed_at=clock.now())
    assert set(assessment.blocked_among([home.pk, groom.pk])) == {home.pk}
    one = change("marriage", person=bride.pk, relation="spouse", to_grid=world.zhao.pk)
    event = propose(world, home, one, "0008")
    assert (confirm(world, event, "gao"), confirm(world, event, "he")) == ("proposed", "done")
    bride.refresh_from_db()
    assert (bride.household_id, bride.grid, bride.relation, bride.left_on) == (groom.pk, world.zhao, "spouse", None)
    assert set(assessment.blocked_among([home.pk, groom.pk])) == {groom.pk}, "the entry follows the person"
    assert not_in_their_grid(world) == []


def test_the_entry_of_a_member_who_left_blocks_nobody(world: World, home: Household) -> None:
    son = who(home)["刘洋"]
    ListEntry.objects.create(
        institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject_id=home.pk, person=son, colour="black",
        reason="default", proposed_by=world.chen, confirmed_by=world.gao, confirmed_at=clock.now(),
    )  # fmt: skip
    assert files.states_of([home.pk], world.bank.pk)[home.pk].blocked_by == "black"
    Person.objects.filter(pk=son.pk).update(left_on=clock.today(), left_reason="moved")
    assert files.states_of([home.pk], world.bank.pk)[home.pk].blocked_by == ""
    assert assessment.blocked_among([home.pk]) == {}


def test_when_the_head_dies_another_is_named_and_the_borrower_cleared(world: World, home: Household) -> None:
    people = who(home)
    Household.objects.filter(pk=home.pk).update(borrower=people["刘建国"])
    with pytest.raises(life.LifeProblemsError):
        propose(world, home, change("death", person=people["刘建国"].pk))
    event = propose(world, home, change("death", person=people["刘建国"].pk, head=people["刘洋"].pk))
    event.refresh_from_db()
    assert event.state == "done", "a death waits for nobody"
    home.refresh_from_db()
    people = who(home)
    assert (home.head_id, home.borrower_id) == (people["刘洋"].pk, None)
    assert (people["刘建国"].left_reason, people["王秀英"].relation, people["刘洋"].relation) == (
        "deceased", "mother", "head",
    )  # fmt: skip


def test_head_and_borrower_change_among_the_present(world: World, home: Household) -> None:
    people = who(home)
    propose(world, home, change("head", person=people["王秀英"].pk))
    propose(world, home, change("borrower", person=people["刘洋"].pk))
    home.refresh_from_db()
    assert (home.head_id, home.borrower_id) == (people["王秀英"].pk, people["刘洋"].pk)
    assert who(home)["刘建国"].relation == "spouse"
    propose(world, home, change("borrower", person=None))
    home.refresh_from_db()
    assert home.borrower_id is None


def test_a_household_leaves_and_the_same_one_returns(world: World, home: Household) -> None:
    confirm(world, propose(world, home, change("leave", why="moved", on=date(2026, 5, 1))))
    assert Subject.objects.get(pk=home.pk).left_reason == "moved"
    with pytest.raises(life.LifeRefusedError, match="before_leaving"):
        confirm(world, propose(world, home, change("return", on=date(2026, 4, 1))))
    with acting_as(world.chen) as post:
        assert post is not None
        life.withdraw(staff=world.chen, post_id=post.pk, event=HouseholdEvent.objects.get(state="proposed"))
    confirm(world, propose(world, home, change("return")))
    subject = Subject.objects.get(pk=home.pk)
    assert (subject.left_on, subject.left_reason, Person.objects.filter(left_on__isnull=True).count()) == (None, "", 5)


def test_a_member_who_comes_back_is_the_same_person(world: World, home: Household) -> None:
    son = who(home)["刘洋"]
    number = make_id("370685", date(1985, 3, 5), 1)
    son.household_id = home.pk
    from customers.services import identity

    identity.correct(staff=world.chen, post_id=None, person=son, id_number=number, phone="")
    with acting_as(world.chen) as post:
        assert post is not None
        without = document(home)
        without["members"] = [one for one in without["members"] if one["person"] != str(son.pk)]
        sent = submission(home, document=without, leaving=(Leaving(person=son.pk, reason="moved", on=clock.today()),))
        submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=sent)
    with acting_as(world.chen) as post:
        assert post is not None
        back = Joining(name="刘洋", relation="son", id_number=number)
        submit_visit(
            staff=world.chen,
            post_id=post.pk,
            place=home,
            submission=submission(home, document=None, joining=(back,)),
        )
    son.refresh_from_db()
    assert (son.left_on, son.left_reason, Person.objects.count()) == (None, "", 5)
    Person.objects.filter(pk=son.pk).update(left_on=clock.today(), left_reason="moved")
    propose(world, home, change("rejoin", person=son.pk, relation="son"))
    son.refresh_from_db()
    assert (son.left_on, decrypt(son, "id_number")) == (None, number)


def test_a_name_is_corrected_at_once_and_found_under_the_new_one(world: World, home: Household) -> None:
    son = who(home)["刘洋"]
    with acting_as(world.chen) as post:
        assert post is not None
        typed = {"name": "刘杨", "sex": "M", "born_on": date(1985, 3, 6), "phone": "13900000001"}
        event = life.correct_person(
            staff=world.chen, post_id=post.pk, household=home, person=son, reason="录错字", typed=typed
        )
        assert search(post, "刘杨").hits
        assert not search(post, "刘洋").hits
    son.refresh_from_db()
    assert (son.name, son.born_on, decrypt(son, "phone")) == ("刘杨", date(1985, 3, 6), "13900000001")
    assert event.effects == {"fields": ["born_on", "name", "phone"]}, "the event holds no identity"


def test_an_id_number_is_replaced_by_two_people_alone(world: World, home: Household) -> None:
    son = who(home)["刘洋"]
    number = make_id("370685", date(1985, 3, 5), 3)
    with acting_as(world.chen) as post:
        assert post is not None
        event = life.correct_number(
            staff=world.chen, post_id=post.pk, household=home, person=son, reason="录错", id_number=number
        )
        with pytest.raises(DatabaseError, match="two people"), transaction.atomic():
            Person.objects.filter(pk=son.pk).update(id_index=b"0" * 16)
    son.refresh_from_db()
    assert decrypt(son, "id_number") != number
    assert number not in str(event.effects)
    assert confirm(world, event) == "done"
    son.refresh_from_db()
    assert decrypt(son, "id_number") == number
    assert AuditEvent.objects.filter(verb="correct_identity", staff=world.gao).exists()


# --- Refusals ---------------------------------------------------------------------------------------------------------


def test_maker_is_not_checker_and_a_settled_change_stands(world: World, home: Household) -> None:
    people = who(home)
    event = propose(world, home, change("split", people=(people["刘洋"].pk,), head=people["刘洋"].pk))
    with acting_as(world.chen), pytest.raises(DatabaseError, match="life:own"), transaction.atomic():
        settle(event)
    for by in ("deng", "he", "jiang"):
        with acting_as(world.staff[by]), pytest.raises(DatabaseError, match="life:unknown"), transaction.atomic():
            settle(event)
    for fields in (
        {"state": "done"},
        {"giving_by": world.gao},
        {"reason": "x"},
        {"state": "withdrawn", "ended_by": world.gao},
    ):
        with acting_as(world.gao), pytest.raises(DatabaseError), transaction.atomic():
            HouseholdEvent.objects.filter(pk=event.pk).update(**fields)
    with acting_as(world.gao) as post:
        assert post is not None
        life.refuse(staff=world.gao, post_id=post.pk, event=event, answer="户口簿不符")
    with pytest.raises(life.LifeRefusedError, match="settled"):
        confirm(world, event)
    with acting_as(world.chen), pytest.raises(DatabaseError, match="stands"), transaction.atomic():
        HouseholdEvent.objects.filter(pk=event.pk).update(answer="好")
    assert Household.objects.count() == 1


def test_one_change_waits_at_a_time(world: World, home: Household) -> None:
    propose(world, home, change("leave", why="moved"))
    with pytest.raises(life.LifeRefusedError, match="waiting"):
        propose(world, home, change("move", to_grid=world.wang.pk))


def test_what_changed_meanwhile_refuses_the_confirmation_and_leaves_nothing(world: World, home: Household) -> None:
    people = who(home)
    event = propose(world, home, change("split", people=(people["刘洋"].pk, people["赵敏"].pk), head=people["刘洋"].pk))
    Person.objects.filter(pk=people["赵敏"].pk).update(left_on=clock.today(), left_reason="moved")
    with pytest.raises(life.LifeRefusedError, match="person_elsewhere"):
        confirm(world, event)
    event.refresh_from_db()
    assert (event.state, event.giving_by, Household.objects.count()) == ("proposed", None, 1)


def test_an_outsider_proposes_nothing(world: World, home: Household) -> None:
    with acting_as(world.fang) as post:
        assert post is not None
        with pytest.raises(DatabaseError), transaction.atomic():
            life.propose(staff=world.fang, post_id=post.pk, household=home, change=change("leave", why="moved"))


# --- Against the pure rules -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_database_does_what_the_rules_say(world: World, seed: int) -> None:
    """Random changes on three households: the database and the pure rules end in the same world, step by step."""
    chance = random.Random(seed)
    for number in ("0001", "0002", "0003"):
        make_household(world.liu, number, FAMILY)
    done = 0
    while done < 14:
        before = whole(world)
        giving = chance.choice(sorted(before))
        of = before[giving]
        ids = [one.pk for one in of.people]
        if not ids:
            continue
        kind = chance.choice(rules.KINDS[:-1])
        target = chance.choice(sorted(before))
        one = change(
            kind,
            person=chance.choice([None, *ids]),
            people=tuple(chance.sample(ids, min(len(ids), 2))),
            head=chance.choice(ids),
            relation=chance.choice(["spouse", "son"]),
            why="moved" if chance.random() < 0.9 else "deceased",
            to_home=target,
            to_grid=(world.wang.pk if kind == "move" else Household.objects.get(pk=target).grid_id),
        )
        if rules.check(one, of, today=clock.today()) or (
            kind in ("merge", "transfer", "marriage") and before[target].left
        ):
            continue
        home = Household.objects.select_related("subject").get(pk=giving)
        number = Household.objects.get(pk=target).number if kind in ("merge", "transfer", "marriage") else ""
        event = propose(world, home, one, number)
        event.refresh_from_db()
        if event.state == "proposed":
            assert confirm(world, event) == "done"
        event.refresh_from_db()
        expected = rules.carried_out(before, one, giving)
        if kind == "split":
            new = event.to_subject_id
            made = expected.pop(max(expected))
            expected[new] = rules.Home(new, made.grid, made.head, made.borrower, made.people)
        got = whole(world)
        assert {pk: _sorted(one) for pk, one in got.items()} == {pk: _sorted(one) for pk, one in expected.items()}, kind
        done += 1
    assert rules.faults(whole(world)) == []
    assert not_in_their_grid(world) == []


def _sorted(home: rules.Home) -> rules.Home:
    people = tuple(sorted(home.people, key=lambda one: one.pk))
    return rules.Home(home.pk, home.grid, home.head, home.borrower, people, home.left)


def test_every_table_of_a_subject_is_routed(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select name, way from lib.routed_tables()")
        found = dict(cursor.fetchall())
    assert {"customers_visit", "customers_profile", "credit_decision", "credit_opinion", "credit_lineresult"} <= set(
        found
    )
    assert (found["customers_person"], found["customers_persontoken"], found["customers_subject"]) == (
        "household_id", "person_id", "id",
    )  # fmt: skip


# --- At once ----------------------------------------------------------------------------------------------------------


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run works in threads that start together; return what each returned or raised."""
    start = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        start.wait(10)
        try:
            results[place] = works[place]()
        except (DatabaseError, life.LifeRefusedError, life.LifeProblemsError, Http404) as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.django_db(transaction=True)
def test_two_managers_who_confirm_at_once_carry_it_out_once(world: World) -> None:
    release_parameters(world)
    moving = make_household(world.liu, "0001", FAMILY)
    event = propose(world, moving, change("move", to_grid=world.zhao.pk))
    results = at_once(
        lambda: confirm(world, event, "gao"), lambda: confirm(world, event, "he"), lambda: confirm(world, event, "gao")
    )
    assert sorted(str(one) for one in results if isinstance(one, str)) == ["done", "proposed"]
    event.refresh_from_db()
    assert (event.state, event.giving_by, event.receiving_by) == ("done", world.gao, world.he)
    assert not_in_their_grid(world) == []


@pytest.mark.django_db(transaction=True)
def test_a_member_moved_twice_at_once_ends_in_one_household(world: World) -> None:
    release_parameters(world)
    here = make_household(world.liu, "0001", FAMILY)
    make_household(world.liu, "0002", (("李一", "head", "M", 1980),))
    make_household(world.wang, "0003", (("李二", "head", "M", 1980),))
    one = who(here)["赵敏"]

    def send(grid: int, number: str) -> Callable[[], HouseholdEvent]:
        moved = change("transfer", person=one.pk, relation="spouse", to_grid=grid)
        return lambda: propose(world, here, moved, number)

    results = at_once(send(world.liu.pk, "0002"), send(world.wang.pk, "0003"))
    assert [type(one).__name__ for one in results].count("LifeRefusedError") == 1, "one change waits at a time"
    event = HouseholdEvent.objects.get()
    assert confirm(world, event) == "done"
    one.refresh_from_db()
    assert one.household_id == event.to_subject_id
    assert rules.faults(whole(world)) == []


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_an_officer_fills_in_looks_over_and_sends(world: World, home: Household, client_of: ClientOf) -> None:
    people = who(home)
    client = client_of(world.chen)
    url = reverse("customers:life_change", args=[home.pk, "split"])
    assert "新户沿用原户的组和住址" in client.get(url).content.decode()
    typed: dict[str, Any] = {
        "people": [people["刘洋"].pk, people["赵敏"].pk],
        "head": people["刘洋"].pk,
        "on": clock.today().isoformat(),
        "reason": "分家",
    }
    wrong = client.post(url, typed | {"head": people["王秀英"].pk})
    assert (wrong.status_code, "请选择新户主" in wrong.content.decode()) == (422, True)
    page = client.post(url, typed).content.decode()
    assert f'name="relation:{people["赵敏"].pk}"' in page
    assert not HouseholdEvent.objects.exists(), "looked over before it is sent"
    client.post(url, typed | {"step": "send", f"relation:{people['赵敏'].pk}": "spouse"})
    event = HouseholdEvent.objects.get()
    assert event.effects["relations"] == {str(people["刘洋"].pk): "head", str(people["赵敏"].pk): "spouse"}
    manager = client_of(world.gao)
    assert "分家" in manager.get(reverse("customers:queues"), {"kind": "life"}).content.decode()
    manager.post(reverse("customers:life_confirm", args=[event.pk]))
    page = client.get(reverse("customers:life", args=[home.pk])).content.decode()
    assert "去往" in page
    assert "<svg" in page


def test_the_receiving_manager_sees_who_would_come_and_nothing_else(
    world: World, home: Household, client_of: ClientOf
) -> None:
    event = propose(world, home, change("move", to_grid=world.zhao.pk))
    client = client_of(world.he)
    page = client.get(reverse("customers:life_event", args=[event.pk])).content.decode()
    assert "刘建国" in page
    assert "0001" not in page
    assert "赵家村" in client.get(reverse("customers:queues")).content.decode()
    for name in ("household", "life"):
        assert client.get(reverse(f"customers:{name}", args=[home.pk])).status_code == 404
    assert client_of(world.fang).get(reverse("customers:life_change", args=[home.pk, "split"])).status_code == 404
