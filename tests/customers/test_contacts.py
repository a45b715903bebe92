"""Service to those away or refusing: a plan at the end of a visit, respected by what is suggested; the register of who works away."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from config.lib import clock
from config.lib.models import AuditEvent
from customers.domain.contacts import Terms
from customers.models import ContactPlan, Household, Person, StandingContact
from customers.services import consents, contacts
from customers.services.contacts import ContactRefusedError
from customers.services.visits import submit_visit
from tests.customers.builders import (
    document,
    make_business,
    make_grid,
    make_household,
    release_day_plan,
    release_parameters,
    submission,
)
from tests.customers.pages import filled, send
from tests.customers.test_household_pages import file
from tests.world import World

ClientOf = Callable[..., Client]
Acting = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    release_day_plan(world)
    return make_household(world.liu)


def _people(home: Household) -> list[Person]:
    return list(Person.objects.filter(household=home).order_by("pk"))


def _suggested(client: Client) -> list[str]:
    return [one.place.title for one in client.get("/today/").context["suggested"].rows]


def _away(world: World, home: Household, outcome: str = "away", **changes: Any) -> None:
    sent = submission(home, outcome=outcome, consent="", document=None, **changes)
    submit_visit(staff=world.chen, post_id=None, place=home, submission=sent)


# --- At the end of a visit ----------------------------------------------------------------------------------------


def test_a_visit_that_found_them_away_ends_with_a_plan(world: World, home: Household, client_of: ClientOf) -> None:
    chen = client_of(world.chen)
    wife, son = _people(home)[1], _people(home)[2]
    assert _suggested(chen) == ["刘建国"]
    returns = clock.today() + timedelta(days=60)
    sent = filled(
        home,
        outcome="away",
        visit_only="on",
        plan_way="home",
        plan_contact=str(wife.pk),
        plan_returns=returns.isoformat(),
    )
    assert send(chen, home, sent).status_code == 302

    plan = ContactPlan.objects.get()
    assert (plan.why, plan.way, plan.contact, plan.returns_on) == ("away", "home", wife, returns)
    assert plan.next_on == clock.today() + timedelta(days=14)
    assert (plan.visit.outcome if plan.visit else "", plan.made_by) == ("away", world.chen)
    assert _suggested(chen) == []
    page = chen.get(reverse("customers:household", args=[home.pk])).content.decode()
    assert "找家中联系人" in page
    assert "之前不列入走访建议" in page
    assert AuditEvent.objects.filter(verb="contact_plan_make").count() == 1
    assert son.pk != wife.pk


def test_a_plan_never_stands_in_the_way_of_the_visit(world: World, home: Household, client_of: ClientOf) -> None:
    stranger = _people(make_household(world.liu, "0002"))[0]
    sent = filled(
        home,
        outcome="refused",
        visit_only="on",
        plan_way="home",
        plan_contact=str(stranger.pk),
        plan_returns="2026-99-99",
    )
    assert send(client_of(world.chen), home, sent).status_code == 302
    plan = ContactPlan.objects.get()
    assert (plan.why, plan.way, plan.contact, plan.returns_on) == ("refused", "phone", None, None)
    assert plan.next_on == clock.today() + timedelta(days=90)


def test_no_plan_is_made_where_none_is_wanted_or_somebody_was_met(
    world: World, home: Household, client_of: ClientOf
) -> None:
    chen = client_of(world.chen)
    for sent in (filled(home, outcome="away", visit_only="on", plan_way=""), filled(home, plan_way="phone")):
        assert send(chen, home, sent).status_code == 302
    assert not ContactPlan.objects.exists()


def test_the_page_begins_with_what_the_file_says_of_those_away(
    world: World, home: Household, client_of: ClientOf
) -> None:
    wife, son = _people(home)[1], _people(home)[2]
    returns = (clock.today() + timedelta(days=40)).isoformat()
    away = [{"member": str(son.pk), "place": "青岛", "home_contact": str(wife.pk), "returns_on": returns}]
    file(world, home, document=document(home, migrants=away))
    html = client_of(world.chen).get(reverse("customers:visit", args=[home.pk])).content.decode()
    assert f'<option value="{wife.pk}" selected>' in html
    assert 'value="home" selected' in html
    assert f'value="{returns}"' in html


def test_a_refusal_is_respected_however_it_came_in(world: World, home: Household, client_of: ClientOf) -> None:
    _away(world, home, "refused", device_at=clock.now() - timedelta(days=80))
    assert _suggested(client_of(world.chen)) == []
    other = make_household(world.liu, "0002", (("远二", "head", "M", 1970),))
    _away(world, other, "refused", device_at=clock.now() - timedelta(days=91))
    assert _suggested(client_of(world.chen)) == ["远二"]


def test_whoever_is_talked_to_has_no_plan_any_more(world: World, home: Household) -> None:
    _away(world, home, contact=Terms(why="away", way="phone"))
    assert StandingContact.objects.get().subject_id == home.pk
    submit_visit(staff=world.chen, post_id=None, place=home, submission=submission(home))
    assert not StandingContact.objects.exists()


# --- On the page --------------------------------------------------------------------------------------------------


def test_a_plan_is_agreed_changed_and_ended_on_its_page(world: World, home: Household, client_of: ClientOf) -> None:
    gao = client_of(world.gao)
    url = reverse("customers:contact", args=[home.pk])
    said = {"why": "unreachable", "way": "letter", "next_on": (clock.today() + timedelta(days=20)).isoformat()}
    assert gao.post(url, said).status_code == 302
    assert gao.post(url, said | {"way": "video"}).status_code == 302
    assert StandingContact.objects.get().way == "video"
    assert "写信或留话" in gao.get(url).content.decode()
    assert gao.post(reverse("customers:contact_end", args=[home.pk]), {"ended": "back"}).status_code == 302
    assert not StandingContact.objects.exists()
    assert "联系计划结束：已返乡" in gao.get(reverse("customers:household", args=[home.pk])).content.decode()
    assert gao.post(reverse("customers:contact_end", args=[home.pk]), {"ended": "x"}).status_code == 404


def test_a_plan_that_cannot_be_kept_says_why(world: World, home: Household, client_of: ClientOf) -> None:
    url = reverse("customers:contact", args=[home.pk])
    soon = (clock.today() + timedelta(days=5)).isoformat()
    answer = client_of(world.chen).post(url, {"why": "refused", "way": "home", "next_on": soon, "contact": ""})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "90 天内不再联系" in html
    assert "请选择家中联系人" in html
    assert not ContactPlan.objects.exists()


def test_a_shop_is_kept_in_touch_with_as_well(world: World, client_of: ClientOf) -> None:
    release_parameters(world)
    shop = make_business(make_grid(world, "market", "东关市场"))
    chen = client_of(world.chen)
    html = chen.get(reverse("customers:contact", args=[shop.pk])).content.decode()
    assert "通过家里谁" not in html
    assert (
        chen.post(reverse("customers:contact", args=[shop.pk]), {"why": "refused", "way": "phone"}).status_code == 302
    )
    assert "拒访" in chen.get(reverse("customers:entity", args=[shop.pk])).content.decode()


# --- What the database keeps --------------------------------------------------------------------------------------


def test_the_database_keeps_the_contact_a_member_and_the_name_ones_own(
    world: World, home: Household, acting: Acting
) -> None:
    stranger = _people(make_household(world.liu, "0002"))[0]
    plan = {
        "institution_id": home.institution_id, "grid_id": home.grid_id, "recorded_grid_id": home.grid_id, "subject_id": home.pk,
        "why": "away", "way": "phone", "next_on": clock.today() + timedelta(days=9), "made_by": world.chen,
    }  # fmt: skip
    with acting(world.chen):
        for wrong in (
            {"contact": stranger},
            {"made_by": world.gao},
            {"next_on": clock.today()},
            {"way": "home"},
            {"next_on": None},
            {"ended": "back"},
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                ContactPlan.objects.create(**plan | wrong)
        made = ContactPlan.objects.create(**plan)
        with pytest.raises(DatabaseError), transaction.atomic():
            ContactPlan.objects.filter(pk=made.pk).update(way="video")
    with pytest.raises(ContactRefusedError):
        contacts.end(staff=world.chen, post_id=None, place=home, how="nothing")


# --- The register -------------------------------------------------------------------------------------------------


def _migrant(world: World, number: str, days: int | None = 40, verdict: str = "accepted") -> Household:
    home = make_household(world.liu, number)
    people = _people(home)
    returns = (clock.today() + timedelta(days=days)).isoformat() if days is not None else None
    row = {"member": str(people[2].pk), "place": "山东青岛", "trade": "construction", "home_contact": str(people[1].pk)}
    away = [row | ({"returns_on": returns} if returns else {})]
    file(world, home, verdict, document=document(home, migrants=away))
    return home


def test_the_register_says_who_works_where_and_when_he_is_back(
    world: World, home: Household, client_of: ClientOf
) -> None:
    shown = _migrant(world, "0101", 40)
    _migrant(world, "0102", 20, verdict="returned")
    contacts.make(staff=world.chen, post_id=None, place=shown, terms=Terms(why="away", way="video"))
    chen = client_of(world.chen)
    answer = chen.get(reverse("customers:migrants"))
    (row,) = answer.context["rows"]
    assert (row.name, row.head, row.place, row.trade_label, row.contact) == (
        "刘洋",
        "刘建国",
        "山东青岛",
        "建筑",
        "王秀英",
    )
    assert row.returns_on == clock.today() + timedelta(days=40)
    assert (row.since, row.way) == (clock.today(), "video")
    html = answer.content.decode()
    assert row.numbers.phone in html
    assert "****" in row.numbers.phone
    assert client_of(world.fang).get(reverse("customers:migrants")).context["rows"] == []
    with translation.override("en"):
        assert row.trade_label == "construction"


def test_the_register_is_filtered_by_when_they_return(world: World, home: Household, client_of: ClientOf) -> None:
    for place, days in enumerate((20, 50, 90, None)):
        _migrant(world, f"020{place}", days)
    chen = client_of(world.chen)

    def shown(**query: Any) -> list[str]:
        return [one.number for one in chen.get(reverse("customers:migrants"), query).context["rows"]]

    assert shown() == ["0200", "0201", "0202", "0203"]
    assert shown(due="30") == ["0200"]
    assert shown(due="60") == ["0200", "0201"]
    assert shown(due="past") == []
    assert shown(grid=world.zhao.pk) == []
    stats = chen.get(reverse("customers:migrants")).context["stats"]
    assert [one["value"] for one in stats] == [4, 1, 2, 0]


def test_who_took_consent_back_or_left_is_not_in_the_register(
    world: World, home: Household, client_of: ClientOf
) -> None:
    first, second = _migrant(world, "0301"), _migrant(world, "0302")
    consents.withdraw(staff=world.chen, post_id=None, household=first, scopes=("collection",))
    Person.objects.filter(household=second, relation="son").update(left_on=clock.today(), left_reason="moved")
    assert client_of(world.chen).get(reverse("customers:migrants")).context["rows"] == []


def test_an_export_is_on_record_and_holds_no_numbers(world: World, home: Household, client_of: ClientOf) -> None:
    _migrant(world, "0401")
    answer = client_of(world.gao).get(reverse("customers:migrant_export"), {"due": "60"})
    cells = [str(cell) for sheet in openpyxl.load_workbook(BytesIO(answer.content)).worksheets for row in sheet.values for cell in row if cell]  # fmt: skip
    assert {"刘洋", "山东青岛", "建筑", "王秀英"} <= set(cells)
    assert not [cell for cell in cells if "154" in cell and len(cell) == 11]
    event = AuditEvent.objects.get(verb="migrants_exported")
    assert (event.detail["rows"], event.detail["filter"]) == (1, "due=60")


def test_the_register_costs_the_same_for_one_and_for_twenty(world: World, home: Household, client_of: ClientOf) -> None:
    chen = client_of(world.chen)
    counts = []
    for many in (1, 20):
        for number in range(2 if counts else 1, many + 1):
            _migrant(world, f"05{number:02d}")
        chen.get(reverse("customers:migrants"))
        with CaptureQueriesContext(connection) as captured:
            assert len(chen.get(reverse("customers:migrants")).context["rows"]) == many
        counts.append(len(captured))
    assert counts[0] == counts[1]
