"""Consent: what was agreed to, how, by whom; what stands; and that use stops at once when it is taken back."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from config.lib import clock, releases
from config.lib.acting import job_frame
from config.lib.models import AuditEvent
from credit.selectors.lines import current_line
from customers.models import Consent, Household, Person, Profile, ProfileCheck, Visit
from customers.selectors.assessment import checked_files
from customers.selectors.consents import agreed_to, standing_of, withdrawn_among
from customers.services.checks import check_profile
from customers.services.consents import NothingToWithdrawError, withdraw
from customers.services.visits import VisitRefusedError, submit_visit
from tests.conftest import acting_as
from tests.customers.builders import (
    a_signature,
    document,
    frozen_files,
    make_business,
    make_household,
    release_parameters,
    submission,
)
from tests.customers.pages import filled, send
from tests.world import World

ClientOf = Callable[..., Client]
HERE: dict[str, Any] = {"latitude": Decimal("37.3"), "longitude": Decimal("120.4"), "accuracy_m": Decimal(9)}
FAMILY = (("刘建国", "head", "M", 1975), ("王秀英", "spouse", "F", 1977), ("刘小宝", "son", "M", 2020))


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu, "0001", FAMILY)


def visit(world: World, home: Household, **said: Any) -> Any:
    with acting_as(world.chen) as post:
        return submit_visit(
            staff=world.chen, post_id=post.pk if post else None, place=home, submission=submission(home, **said)
        )


def refused(world: World, home: Household, **said: Any) -> dict[str, str]:
    with pytest.raises(VisitRefusedError) as found:
        visit(world, home, **said)
    return {problem.path: problem.code for problem in found.value.problems if problem.level != "warning"}


def take_back(world: World, home: Any, *scopes: str, whose: Person | None = None) -> Consent:
    with acting_as(world.chen) as post:
        args: dict[str, Any] = {"scopes": scopes} if scopes else {}
        return withdraw(staff=world.chen, post_id=post.pk if post else None, household=home, whose=whose, **args)


def people(home: Household) -> dict[str, Person]:
    return {person.relation: person for person in Person.objects.filter(household=home)}


# --- Given ----------------------------------------------------------------------------------------------------------


def test_scopes_are_given_one_by_one_and_the_rest_is_refused(world: World, home: Household) -> None:
    visit(world, home, scopes=("collection", "messages"))
    said = Consent.objects.get()
    assert (said.scopes, said.refused) == (["collection", "messages"], ["position", "credit_query", "publicity"])
    assert set(standing_of(home.pk).scopes) == {"collection", "messages"}


def test_a_client_that_names_no_scopes_gives_what_the_notice_always_covered(world: World, home: Household) -> None:
    stored = visit(world, home, **HERE)
    said = Consent.objects.get()
    assert (said.scopes, said.refused, said.how) == (["collection", "position"], [], "spoken")
    assert stored.visit.latitude == Decimal("37.300000")


def test_a_credit_query_stands_on_a_signature_and_a_purpose(world: World, home: Household) -> None:
    both = ("collection", "credit_query")
    assert refused(world, home, scopes=both, credit_purpose="lending") == {"scopes": "credit_query_in_writing"}
    assert refused(world, home, consent="signed", scopes=both, credit_purpose="lending")
    written: dict[str, Any] = {"consent": "drawn", "signature": a_signature()}
    assert refused(world, home, scopes=both, **written) == {"credit_purpose": "credit_purpose_missing"}
    assert refused(world, home, scopes=("collection",), credit_purpose="lending", **written) == {
        "credit_purpose": "credit_purpose_unwanted"
    }
    visit(world, home, scopes=both, credit_purpose="lending", **written)
    said = Consent.objects.select_related("signature").get()
    assert said.signature is not None
    assert (said.how, said.credit_purpose, said.signature.is_encrypted) == ("drawn", "lending", True)
    assert agreed_to("credit_query", [home.pk]) == {home.pk}


def test_scopes_that_are_not_offered_or_lack_collection_are_refused(world: World, home: Household) -> None:
    assert refused(world, home, scopes=("collection", "genes")) == {"scopes": "scope_unknown"}
    assert refused(world, home, scopes=("messages",)) == {"scopes": "scope_needs_collection"}


def test_a_signature_must_be_there_and_show_something(world: World, home: Household) -> None:
    assert refused(world, home, consent="drawn") == {"signature": "drawn_missing"}
    assert refused(world, home, consent="photo", signature=b"no picture") == {"signature": "signature_refused"}
    assert not Visit.objects.exists()


def test_a_guardian_speaks_for_a_child(world: World, home: Household) -> None:
    family = people(home)
    child, mother = family["son"], family["spouse"]
    assert refused(world, home, person_met_id=child.pk) == {"guardian": "guardian_missing"}
    assert refused(world, home, person_met_id=child.pk, guardian_id=child.pk) == {"guardian": "guardian_unknown"}
    assert refused(world, home, cannot_decide=True) == {"guardian": "guardian_missing"}
    visit(world, home, person_met_id=child.pk, guardian_id=mother.pk)
    assert Consent.objects.get().guardian == mother


def test_the_grown_up_who_was_met_is_guardian_of_the_children(world: World, home: Household) -> None:
    visit(world, home, person_met_id=people(home)["head"].pk)
    assert Consent.objects.get().guardian == people(home)["head"]


def test_fourteen_is_the_boundary(world: World) -> None:
    release_parameters(world)
    young = make_household(world.liu, "2", FAMILY)
    child, today = people(young)["son"], clock.today()
    Person.objects.filter(pk=child.pk).update(born_on=date(today.year - 14, today.month, 1) + timedelta(days=today.day))
    assert refused(world, young, person_met_id=child.pk) == {"guardian": "guardian_missing"}
    Person.objects.filter(pk=child.pk).update(born_on=date(today.year - 14, today.month, today.day))
    visit(world, young, person_met_id=child.pk)


# --- What stands ----------------------------------------------------------------------------------------------------


def test_without_position_consent_no_position_is_kept(world: World, home: Household) -> None:
    stored = visit(world, home, scopes=("collection",), **HERE)
    assert (stored.visit.latitude, stored.visit.longitude, stored.visit.accuracy_m) == (None, None, None)
    home.refresh_from_db()
    assert home.latitude is None
    alone = visit(world, home, outcome="nobody", consent="", document=None, **HERE)
    assert alone.visit.latitude is None

    visit(world, home, scopes=("collection", "position"))
    assert visit(world, home, outcome="nobody", consent="", document=None, **HERE).visit.latitude is not None
    take_back(world, home, "position")
    assert visit(world, home, consent="standing", **HERE).visit.latitude is None


def test_a_refusal_on_a_visit_takes_back_what_stood(world: World, home: Household) -> None:
    visit(world, home)
    visit(world, home, consent="none", document=None)
    assert Consent.objects.order_by("-pk")[0].how == "refused"
    assert refused(world, home, consent="standing") == {"consent": "consent_not_standing"}


def test_a_new_notice_is_agreed_to_anew(world: World, home: Household) -> None:
    visit(world, home)
    notice = releases.in_force(world.bank.pk, "consent_notice", clock.today())
    releases.publish(
        institution_id=world.bank.pk,
        kind="consent_notice",
        key="",
        document=notice.document | {"scopes": ["collection"]},
        effective_on=clock.today(),
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )
    assert refused(world, home, consent="standing") == {"consent": "consent_not_standing"}
    # What was told under the former notice may still be used.
    assert withdrawn_among([home.pk]) == set()


def test_a_file_that_arrives_after_the_withdrawal_is_not_kept(world: World, home: Household) -> None:
    visit(world, home)
    at = clock.now() - timedelta(hours=2)
    take_back(world, home)
    assert refused(world, home, consent="spoken", device_at=at) == {"consent": "consent_withdrawn_since"}
    visit(world, home, consent="spoken", document=None, device_at=at)
    assert not standing_of(home.pk).scopes
    visit(world, home)
    assert standing_of(home.pk).has("collection")


def test_what_was_taken_back_is_taken_back_once(world: World, home: Household) -> None:
    visit(world, home, scopes=("collection", "messages"))
    assert take_back(world, home, "messages").scopes == ["messages"]
    with pytest.raises(NothingToWithdrawError):
        take_back(world, home, "messages")
    with pytest.raises(NothingToWithdrawError):
        take_back(world, home, "position")
    assert take_back(world, home).scopes == ["collection"]
    with pytest.raises(NothingToWithdrawError):
        take_back(world, home)


def test_one_member_takes_back_for_himself(world: World, home: Household) -> None:
    wife = people(home)["spouse"]
    visit(world, home)
    take_back(world, home, whose=wife)
    assert standing_of(home.pk).has("collection")
    assert refused(world, home, consent="standing") == {"members.1.person": "member_withdrew"}

    bare = document(home)
    bare["members"][1] = {"person": str(wife.pk), "relation": "spouse"}
    assert "member_withdrew" not in str(_problems_of(world, home, document=bare, consent="standing"))
    # He alone takes it back again: what the head says is not for him to say.
    assert refused(world, home, consent="spoken", person_met_id=people(home)["head"].pk)["members.1.person"]
    visit(world, home, consent="spoken", person_met_id=wife.pk)
    assert standing_of(home.pk).taken_back == {}
    visit(world, home, consent="standing")


def _problems_of(world: World, home: Household, **said: Any) -> list[str]:
    try:
        visit(world, home, **said)
    except VisitRefusedError as found:
        return [problem.code for problem in found.problems]
    return []


# --- Use stops ------------------------------------------------------------------------------------------------------


def filed(world: World, home: Household) -> Profile:
    stored = visit(world, home, scopes=("collection", "publicity", "messages"))
    with job_frame(world.deng.pk, "test"):
        check_profile(staff=world.deng, post_id=None, profile=stored.profile, verdict="accepted", remarks=[])
    return stored.profile


def test_the_file_of_who_took_consent_back_is_read_by_nobody(world: World, home: Household) -> None:
    other = make_household(world.liu, "0002")
    mine, theirs = filed(world, home), filed(world, other)
    assert frozen_files(world.bank.pk) == {home.pk: mine.pk, other.pk: theirs.pk}
    assert agreed_to("publicity", [home.pk, other.pk]) == {home.pk, other.pk}

    take_back(world, home)
    assert frozen_files(world.bank.pk) == {home.pk: None, other.pk: theirs.pk}
    assert set(checked_files([home.pk, other.pk])) == {other.pk}
    assert agreed_to("publicity", [home.pk, other.pk]) == {other.pk}
    assert current_line([home.pk]) == {}


def test_publicity_and_messages_stop_alone(world: World, home: Household) -> None:
    filed(world, home)
    take_back(world, home, "publicity")
    assert (agreed_to("publicity", [home.pk]), agreed_to("messages", [home.pk])) == (set(), {home.pk})
    assert withdrawn_among() == set()


def test_the_borrower_stops_the_line_of_his_household(world: World, home: Household) -> None:
    filed(world, home)
    home.refresh_from_db()
    take_back(world, home, whose=people(home)["spouse"])
    assert withdrawn_among([home.pk]) == set()
    take_back(world, home, whose=people(home)["head"])
    assert home.borrower == people(home)["head"]
    assert (withdrawn_among([home.pk]), agreed_to("messages", [home.pk])) == ({home.pk}, set())


def test_programs_do_not_read_the_file_of_who_took_consent_back(
    world: World, home: Household, client_of: ClientOf
) -> None:
    filed(world, home)
    chen = client_of(world.chen)
    url = f"/api/v1/profiles/?household={home.pk}"
    assert len(chen.get(url).json()["results"]) == 1
    take_back(world, home)
    assert chen.get(url).json()["results"] == []


# --- The database holds it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": []},
        {"scopes": ["collection", "genes"]},
        {"scopes": ["collection"], "refused": ["collection"]},
        {"how": "drawn"},
        {"scopes": ["collection", "credit_query"]},
        {"scopes": ["collection", "credit_query"], "credit_purpose": "lending"},
        {"credit_purpose": "lending"},
        {"how": "withdrawn", "refused": ["messages"]},
        {"how": "refused", "refused": []},
    ],
)
def test_the_database_refuses_a_consent_that_contradicts_itself(
    world: World, home: Household, changes: dict[str, Any]
) -> None:
    right: dict[str, Any] = {"scopes": ["collection"], "how": "spoken"}
    place = {"institution": world.bank, "grid": world.liu, "recorded_grid": world.liu, "subject_id": home.pk}
    rest = {"notice_version": 1, "given_at": clock.now(), "taken_by": world.chen}
    Consent.objects.create(**place, **rest, **right)
    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.create(**place, **rest, **(right | changes))


def test_nobody_takes_a_consent_in_another_name_or_changes_one(world: World, home: Household) -> None:
    visit(world, home)
    said = Consent.objects.get()
    with acting_as(world.chen):
        with pytest.raises(DatabaseError), transaction.atomic():
            Consent.objects.filter(pk=said.pk).update(how="signed")
        said.pk, said.taken_by = None, world.deng
        with pytest.raises(DatabaseError), transaction.atomic():
            said.save(force_insert=True)


# --- Pages ----------------------------------------------------------------------------------------------------------


def test_the_page_asks_scope_by_scope_and_keeps_the_signature(
    world: World, home: Household, client_of: ClientOf
) -> None:
    chen = client_of(world.chen)
    page = chen.get(reverse("customers:visit", args=[home.pk])).content.decode()
    for words in ("记录走访位置", "查询个人征信", "刘小宝 未满 14 周岁", "当场在屏幕上签名"):
        assert words in page
    picture = "data:image/png;base64," + __import__("base64").b64encode(a_signature()).decode()
    said = {"consent": "drawn", "scopes-asked": "1", "scopes": ["collection", "credit_query"], "credit_purpose": ""}
    answer = send(chen, home, filled(home, **said, signature=picture))
    assert answer.status_code == 422
    assert "请选择查询征信的用途" in answer.content.decode()
    answer = send(chen, home, filled(home, **(said | {"credit_purpose": "lending"}), signature=picture))
    assert answer.status_code == 302
    told = Consent.objects.get()
    assert (told.scopes, told.credit_purpose, told.person) == (
        ["collection", "credit_query"],
        "lending",
        people(home)["head"],
    )


def test_the_consent_page_tells_history_and_withdraws_in_two_clicks(
    world: World, home: Household, client_of: ClientOf
) -> None:
    visit(world, home, consent="drawn", signature=a_signature(), scopes=("collection", "messages"))
    chen, gao = client_of(world.chen), client_of(world.gao)
    url = reverse("customers:consent", args=[home.pk])
    page = chen.get(url).content.decode()
    assert "当场签名" in page
    assert "要求撤回“短信、电话告知业务”" in page

    answer = gao.post(reverse("customers:withdraw_consent", args=[home.pk]), {"scope": "messages"}, follow=True)
    assert "已记录撤回“短信、电话告知业务”" in answer.content.decode()
    answer = chen.post(reverse("customers:withdraw_consent", args=[home.pk]), {"whose": people(home)["spouse"].pk})
    assert "本人已撤回" in chen.get(url).content.decode()
    answer = chen.post(reverse("customers:withdraw_consent", args=[home.pk]), follow=True)
    assert "即刻停止使用" in answer.content.decode()
    assert (
        "没有可撤回的同意"
        in chen.post(reverse("customers:withdraw_consent", args=[home.pk]), follow=True).content.decode()
    )
    assert chen.post(reverse("customers:withdraw_consent", args=[home.pk]), {"whose": "1"}).status_code == 404


def test_looking_at_a_signature_is_on_record(world: World, home: Household, client_of: ClientOf) -> None:
    visit(world, home, consent="drawn", signature=a_signature())
    given = Consent.objects.select_related("signature").get()
    answer = client_of(world.gao).post(reverse("customers:signature", args=[given.pk]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer.content[8:12] == b"WEBP"
    event = AuditEvent.objects.get(verb="reveal_signature")
    assert (event.staff, event.about_id) == (world.gao, str(given.pk))
    assert given.signature is not None
    stored = client_of(world.gao).get(f"/files/{given.signature.uuid}/")
    assert stored.status_code == 404


def test_a_business_has_its_consent_too(world: World, client_of: ClientOf) -> None:
    release_parameters(world)
    shop = make_business(world.liu)
    page = client_of(world.chen).get(reverse("customers:consent", args=[shop.pk]))
    assert page.status_code == 200
    assert "还没有告知过" in page.content.decode()
    assert ProfileCheck.objects.count() == 0


def test_the_opener_leaves_out_whose_consent_ended_and_learns_nothing_else_of_the_household(
    world: World, home: Household
) -> None:
    visit(world, home)
    take_back(world, home)

    with job_frame(None, "test", role="opener"):
        assert withdrawn_among([home.pk]) == {home.pk}
        with pytest.raises(DatabaseError), transaction.atomic():
            list(Household.objects.filter(pk=home.pk).values_list("address", flat=True))
