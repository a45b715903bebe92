"""Members who came or left on a visit: they travel with it, once; the head stays; a duplicate ID number stops everything."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent, History
from customers.domain.identity import make_id
from customers.domain.members import SENTENCES, Joining, Leaving
from customers.models import DuplicateCase, Household, MemberChange, Person, PersonToken, Profile, Visit
from customers.selectors.identity import decrypt
from customers.selectors.search import search
from customers.selectors.timeline import timeline_of
from customers.services import identity
from customers.services.checks import check_profile
from customers.services.visits import Stored, VisitConflictError, VisitRefusedError, submit_visit
from tests.conftest import acting_as
from tests.customers import pages
from tests.customers.builders import document, make_household, release_parameters, submission
from tests.world import World

ID = make_id("370685", date(1999, 8, 9), 12)  # a woman's: the sequence is even
ClientOf = Callable[..., Client]


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


@pytest.fixture
def son(home: Household) -> Person:
    return Person.objects.get(household=home, relation="son")


def submit(world: World, home: Household, sent: Any = None, **changes: Any) -> Stored:
    with acting_as(world.chen) as post:
        return submit_visit(
            staff=world.chen, post_id=post.pk, place=home, submission=sent or submission(home, **changes)
        )


def refused(world: World, home: Household, **changes: Any) -> dict[str, str]:
    # Refused inside the frame: what a request answers is committed, what it raises is not.
    with acting_as(world.chen) as post, pytest.raises(VisitRefusedError) as found:
        submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=submission(home, **changes))
    assert not Visit.objects.exists()
    assert not MemberChange.objects.exists()
    return {problem.path: problem.code for problem in found.value.problems if problem.level == "error"}


def bride(**changes: Any) -> Joining:
    return Joining(**{"name": "赵 小梅", "relation": "daughter_in_law", "id_number": ID.lower(), **changes})


def without(home: Household, person: Person, **changes: Any) -> dict[str, Any]:
    whole = document(home)
    return whole | {"members": [one for one in whole["members"] if one["person"] != str(person.pk)]} | changes


def test_a_daughter_in_law_is_filed_with_the_visit(world: World, home: Household) -> None:
    stored = submit(world, home, joining=(bride(labour="able", occupation="farming"),))
    added = Person.objects.get(name="赵小梅")
    assert (added.household_id, added.grid_id, added.relation, added.sex, added.born_on) == (
        home.pk, home.grid_id, "daughter_in_law", "F", date(1999, 8, 9),
    )  # fmt: skip
    assert decrypt(added, "id_number") == ID
    assert PersonToken.objects.filter(person=added, token="小梅").exists()
    change = MemberChange.objects.get()
    assert (change.kind, change.person, change.visit) == ("joined", added, stored.visit)
    assert stored.profile is not None
    assert stored.profile.document["members"][-1] == {
        "person": str(added.pk), "relation": "daughter_in_law", "labour": "able", "occupation": "farming", "away": False,
    }  # fmt: skip
    assert AuditEvent.objects.get(verb="submit_visit").detail["joined"] == 1
    with acting_as(world.chen) as post:
        assert search(post, "xiaomei").hits[0].tie == "户主 刘建国 的儿媳"


def test_name_and_relation_are_enough_and_a_birth_date_is_kept(world: World, home: Household) -> None:
    born = clock.today() - timedelta(days=20)
    submit(world, home, joining=(Joining(name="刘小宝", relation="grandchild", born_on=born),))
    baby = Person.objects.get(name="刘小宝")
    assert (baby.born_on, baby.id_number, baby.sex) == (born, None, "")


def test_who_left_is_ended_with_his_reason_and_stays_in_history(world: World, home: Household, son: Person) -> None:
    day = clock.today() - timedelta(days=90)
    stored = submit(world, home, leaving=(Leaving(person=son.pk, reason="moved", on=day),), document=without(home, son))
    son.refresh_from_db()
    assert (son.left_on, son.left_reason, son.name) == (day, "moved", "刘洋")
    assert History.objects.filter(table="customers_person", row_id=str(son.pk)).exists()
    assert [one["relation"] for one in stored.profile.document["members"]] == ["head", "spouse"]  # type: ignore[union-attr]
    told = {
        (event["title"], event["by"]): event["text"] for event in timeline_of(home) if "离户" in str(event["title"])
    }
    assert list(told) == [("家庭成员离户：刘洋", "陈立")]
    assert "迁出" in told[("家庭成员离户：刘洋", "陈立")]


def test_a_change_needs_no_file_but_it_needs_consent(world: World, home: Household, son: Person) -> None:
    leaving = (Leaving(person=son.pk, reason="other", on=clock.today()),)
    for outcome, consent in (("nobody", ""), ("interviewed", "none")):
        found = refused(world, home, outcome=outcome, consent=consent, document=None, leaving=leaving)
        assert found["joining"] == "members_without_consent"
    stored = submit(world, home, document=None, leaving=leaving, joining=(bride(),))
    assert stored.profile is None
    assert set(MemberChange.objects.values_list("kind", flat=True)) == {"joined", "left"}


def test_the_head_neither_comes_nor_leaves_on_a_visit(world: World, home: Household) -> None:
    found = refused(
        world,
        home,
        joining=(bride(relation="head"),),
        leaving=(Leaving(person=home.head_id, reason="deceased", on=clock.today()),),
    )
    assert found == {"joining.0.relation": "head_by_roster", "leaving.0.reason": "head_stays"}
    assert "新名册" in SENTENCES["head_stays"][0]


@pytest.mark.parametrize(
    ("joining", "wanted"),
    [
        ({"name": " "}, {"joining.0.name": "name_missing"}),
        ({"name": "刘洋"}, {"joining.0.name": "member_known"}),
        ({"relation": "cousin"}, {"joining.0.relation": "relation_missing"}),
        ({"id_number": ID[:-1] + "0"}, {"joining.0.id_number": "id_check_character"}),
        ({"id_number": "12345"}, {"joining.0.id_number": "id_length"}),
        ({"born_on": date(1998, 1, 1)}, {"joining.0.born_on": "born_differs"}),
        ({"born_on": date(2999, 1, 1), "id_number": ""}, {"joining.0.born_on": "born_future"}),
        ({"born_on": date(1850, 1, 1), "id_number": ""}, {"joining.0.born_on": "born_too_old"}),
        ({"labour": "strong"}, {"joining.0.labour": "choice_unknown"}),
    ],
)
def test_what_is_wrong_with_a_new_member_is_said_at_its_field(
    world: World, home: Household, joining: dict[str, Any], wanted: dict[str, str]
) -> None:
    assert refused(world, home, joining=(bride(**joining),)) == wanted
    assert Person.objects.count() == 3


def test_what_is_wrong_with_a_leaver_is_said(world: World, home: Household, son: Person) -> None:
    stranger = Person.objects.filter(household=make_household(world.wang, "0009")).first()
    cases = (
        (Leaving(person=son.pk, reason="", on=clock.today()), "reason", "leaving_reason_missing"),
        (Leaving(person=son.pk, reason="moved"), "on", "leaving_day_missing"),
        (Leaving(person=son.pk, reason="moved", on=clock.today() + timedelta(days=1)), "on", "leaving_day_future"),
        (Leaving(person=son.pk, reason="moved", on=date(1990, 1, 1)), "on", "leaving_before_birth"),
        (Leaving(person=stranger.pk, reason="moved", on=clock.today()), "reason", "leaver_unknown"),  # type: ignore[union-attr]
    )
    for leaver, field, code in cases:
        found = refused(world, home, leaving=(leaver,), document=None)
        assert found == {f"leaving.0.{field}": code}


def test_a_leaver_is_no_member_of_the_file_nor_its_borrower(world: World, home: Household, son: Person) -> None:
    leaving = (Leaving(person=son.pk, reason="moved", on=clock.today()),)
    assert refused(world, home, leaving=leaving) == {"members.2.person": "person_gone"}
    found = refused(world, home, leaving=leaving, document=without(home, son, borrower=str(son.pk)))
    assert found == {"borrower": "borrower_not_a_member"}


# --- Once -------------------------------------------------------------------------------------------------------------


def test_the_same_visit_sent_twice_adds_nobody_twice(world: World, home: Household, son: Person) -> None:
    sent = submission(
        home,
        joining=(bride(),),
        leaving=(Leaving(person=son.pk, reason="moved", on=clock.today()),),
        document=without(home, son),
    )
    first, second = submit(world, home, sent), submit(world, home, sent)
    assert (first.is_repeat, second.is_repeat, first.visit) == (False, True, second.visit)
    assert (Person.objects.count(), MemberChange.objects.count(), Profile.objects.count()) == (4, 2, 1)


def test_other_members_under_the_same_identity_are_a_conflict(world: World, home: Household) -> None:
    sent = submission(home, joining=(bride(),))
    submit(world, home, sent)
    other = submission(home, client_uuid=sent.client_uuid, device_at=sent.device_at, joining=(bride(name="赵小兰"),))
    with pytest.raises(VisitConflictError):
        submit(world, home, other)
    assert Person.objects.count() == 4


def test_an_id_number_stands_in_no_hash_and_no_event(world: World, home: Household) -> None:
    stored = submit(world, home, joining=(bride(),))
    events = [str(event.detail) for event in AuditEvent.objects.all()]
    assert not any(ID in text for text in (str(stored.profile.document), *events))  # type: ignore[union-attr]


# --- Filed elsewhere (Semantics, section 8) ---------------------------------------------------------------------------


@pytest.fixture
def elsewhere(world: World) -> Person:
    """Somebody in Zhao Village, where Chen sees nothing, who has the ID number."""
    person = Person.objects.get(household=make_household(world.zhao, "0100"), relation="spouse")
    for column, value in identity.encrypt_identity(person.uuid, world.bank.pk, ID).items():
        setattr(person, column, value)
    person.save()
    return person


def test_an_id_number_filed_elsewhere_stops_the_visit_and_is_told_once(
    world: World, home: Household, elsewhere: Person
) -> None:
    for _ in range(2):
        assert refused(world, home, joining=(bride(),)) == {"joining.0.id_number": "id_filed_elsewhere"}
    case = DuplicateCase.objects.get()
    assert (case.subject_id, case.filed_grid, case.found_by) == (home.pk, world.zhao, world.chen)
    assert AuditEvent.objects.filter(verb="duplicate_found").count() == 1
    assert Person.objects.filter(household=home).count() == 3


def test_the_officer_reads_the_words_and_his_manager_where(
    world: World, home: Household, elsewhere: Person, client_of: ClientOf
) -> None:
    sent = pages.filled(home) | pages.rows(
        "joining", [{"name": "赵小梅", "relation": "daughter_in_law", "id_number": ID}]
    )
    answer = pages.send(client_of(world.chen), home, sent)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "这个身份证号已在别处登记，已告知您的支行行长" in shown
    assert "赵家村" not in shown
    assert not Visit.objects.exists()

    gao = client_of(world.gao)
    queue = gao.get("/queues/").content.decode()
    assert "身份证号已在 赵家村（城西支行）登记" in queue
    assert "王秀英" not in queue
    case = DuplicateCase.objects.get()
    settle = reverse("customers:duplicate_settle", args=[case.pk])
    assert client_of(world.he).post(settle).status_code == 404
    assert gao.post(settle).status_code == 302
    assert "赵家村" not in gao.get("/queues/").content.decode()


def test_one_number_cannot_be_given_to_two_new_members(world: World, home: Household) -> None:
    found = refused(world, home, joining=(bride(), bride(name="赵小兰")))
    assert found == {"joining.1.id_number": "id_twice"}


# --- Page and database ------------------------------------------------------------------------------------------------


def test_the_form_offers_both_and_keeps_what_was_wrong(world: World, home: Household, client_of: ClientOf) -> None:
    chen = client_of(world.chen)
    form = chen.get(reverse("customers:visit", args=[home.pk])).content.decode()
    assert "加一位成员" in form
    assert form.count("<summary>不在本户了") == 2  # not of the head
    people = list(Person.objects.filter(household=home).order_by("pk"))
    sent = pages.filled(home) | pages.rows("joining", [{"name": "刘小宝", "relation": "", "born_on": "9999-99-99"}])
    sent |= {"members-2-left_reason": "moved", "members-2-left_on": ""}
    answer = pages.send(chen, home, sent)
    shown = answer.content.decode()
    assert answer.status_code == 422
    for words in ("请选择与户主的关系", "不是有效日期", "请填写从哪天起不在本户", "刘小宝"):
        assert words in shown

    sent |= {"joining-0-relation": "grandchild", "joining-0-born_on": "2026-11-01", "members-2-left_on": "2026-10-01"}
    stored = pages.send(chen, home, sent)
    assert stored.status_code == 302
    page = chen.get(stored["Location"]).content.decode()
    assert "加了 1 位成员" in page
    assert "家庭成员增加：刘小宝" in page
    assert "家庭成员离户：刘洋" in page
    people[2].refresh_from_db()
    assert people[2].left_on == date(2026, 10, 1)
    members = Profile.objects.get().document["members"]
    assert [one["relation"] for one in members] == ["head", "spouse", "grandchild"]


def test_leaving_the_file_out_leaves_the_changes_out(world: World, home: Household, client_of: ClientOf) -> None:
    sent = pages.filled(home, consent="none", visit_only="on") | pages.rows(
        "joining", [{"name": "刘小宝", "relation": "grandchild"}]
    )
    assert pages.send(client_of(world.chen), home, sent).status_code == 302
    assert Person.objects.filter(household=home).count() == 3


def test_the_checker_reads_the_name_of_who_left(
    world: World, home: Household, son: Person, client_of: ClientOf
) -> None:
    first = submit(world, home)
    check_profile(staff=world.deng, post_id=None, profile=first.profile, verdict="accepted", remarks=[])
    leaving = (Leaving(person=son.pk, reason="moved", on=clock.today()),)
    submit(world, home, consent="standing", leaving=leaving, document=without(home, son))
    shown = client_of(world.deng).get(reverse("customers:check", args=[home.pk])).content.decode()
    assert "刘洋" in shown


@pytest.mark.parametrize(
    "sql",
    [
        "update customers_memberchange set reason = 'other'",
        "delete from customers_memberchange",
        "update customers_duplicatecase set found_by_id = 1",
        "delete from customers_duplicatecase",
    ],
)
def test_what_was_told_is_never_changed(world: World, home: Household, sql: str) -> None:
    submit(world, home, joining=(bride(),))
    with pytest.raises(DatabaseError), acting_as(world.gao), connection.cursor() as cursor:
        cursor.execute(sql)


def test_another_officer_reads_no_changes(world: World, home: Household) -> None:
    submit(world, home, joining=(bride(),))
    with acting_as(world.fang):
        assert not MemberChange.objects.exists()
    with acting_as(world.gao):
        assert MemberChange.objects.count() == 1


def test_every_finding_has_words_in_both_languages() -> None:
    assert all(zh.strip() and en.strip() for zh, en in SENTENCES.values())
