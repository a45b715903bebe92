"""Businesses and units: filed, found, searched, hidden from outsiders, kept at home by the database."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.lib.models import AuditEvent
from customers.domain import uscc
from customers.models import Business, Household, Person, Principal, Subject, SubjectToken
from customers.selectors.search import search
from customers.services import identity
from tests.customers import rosters
from tests.customers.builders import make_business, make_grid, make_household, make_unit
from tests.world import World

pytestmark = pytest.mark.django_db
CODE = uscc.make(prefix="92", division="370685", sequence=1)
OTHER = uscc.make(prefix="92", division="370685", sequence=2)


# --- What the database keeps --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grid", "kind", "is_held"),
    [
        ("village", "household", True),
        ("village", "business", True),
        ("village", "unit", True),
        ("community", "business", True),
        ("market", "business", True),
        ("market", "household", False),
        ("street", "business", True),
        ("street", "unit", False),
        ("institution", "unit", True),
        ("institution", "business", False),
        ("enterprise", "unit", True),
        ("enterprise", "household", False),
        ("feature", "household", False),
        ("feature", "business", False),
    ],
)
def test_a_grid_is_home_to_its_kinds_alone(world: World, grid: str, kind: str, is_held: bool) -> None:
    home = make_grid(world, grid, "某网格")
    made = {"institution": world.bank, "grid": home, "kind": kind}
    if is_held:
        assert Subject.objects.create(**made).pk
        return
    with pytest.raises(IntegrityError, match="does not hold"), transaction.atomic():
        Subject.objects.create(**made)


def test_a_subject_is_not_moved_into_a_grid_that_does_not_hold_it(world: World) -> None:
    home, market = make_household(world.liu), make_grid(world, "market", "农贸市场")

    with pytest.raises(IntegrityError, match="does not hold"), transaction.atomic():
        Subject.objects.filter(pk=home.pk).update(grid=market)


def test_a_credit_code_is_filed_once_among_the_active(world: World) -> None:
    first = make_business(world.liu, uscc=CODE)
    made = {"institution": world.bank, "grid": world.zhao, "kind": "unit", "uscc": CODE}
    with pytest.raises(IntegrityError, match="credit_code_once"), transaction.atomic():
        Subject.objects.create(**made)

    Subject.objects.filter(pk=first.pk).update(left_on="2026-02-01", left_reason="closed")

    assert Subject.objects.create(**made).pk


def test_a_household_has_no_credit_code(world: World) -> None:
    home = make_household(world.liu)
    with pytest.raises(IntegrityError, match="credit_code_of_an_entity"), transaction.atomic():
        Subject.objects.filter(pk=home.pk).update(uscc=CODE)


def test_a_shop_of_a_villager_is_one_business_and_one_household(world: World) -> None:
    market = make_grid(world, "market", "农贸市场")
    rosters.import_rows(world, rosters.family(world.liu, "H1", 1))
    head = Person.objects.get(name="刘建国")

    shop = make_business(market, principal="刘建国", id_number=rosters.id_of(1), phone="15400000009")

    principal = Principal.objects.get(subject_id=shop.pk)
    assert (principal.person_id, principal.id_index, principal.id_number) == (head.pk, None, None)
    assert principal.phone is not None
    assert Subject.objects.filter(kind="household").count() == Household.objects.count() == 1
    assert (shop.grid, head.household.grid) == (market, world.liu)


def test_who_is_erased_as_a_member_is_erased_as_owner(world: World) -> None:
    rosters.import_rows(world, rosters.family(world.liu, "H1", 1))
    head = Person.objects.get(name="刘建国")
    shop = make_business(world.liu, principal="刘建国", id_number=rosters.id_of(1), phone="15400000009")

    with connection.cursor() as cursor:
        cursor.execute("select acc.erase_person(%s, 'asked for')", [head.pk])

    principal = Principal.objects.get(subject_id=shop.pk)
    assert (principal.name, principal.phone, principal.data_key) == ("", None, None)
    assert not SubjectToken.objects.filter(subject_id=shop.pk, of_person=True).exists()
    assert SubjectToken.objects.filter(subject_id=shop.pk, of_person=False).exists()


# --- Found in the field -------------------------------------------------------------------------------------------


def shop_form(world: World, **changes: Any) -> dict[str, Any]:
    return {"grid": world.liu.pk, "name": "鑫源超市", "kind": "licensed", "uscc": CODE, "principal": "王秀英"} | changes


def test_an_officer_adds_a_shop_he_finds(world: World, client_of: Callable[..., Client]) -> None:
    answer = client_of(world.chen).post("/found/business/", shop_form(world, id_number=rosters.id_of(2)))

    shop = Business.objects.get()
    assert answer["Location"] == f"/entities/{shop.pk}/"
    assert (shop.subject.listed_on, shop.subject.found_on is not None, shop.subject.uscc) == (None, True, CODE)
    assert AuditEvent.objects.filter(verb="subject_found", about_id=str(shop.pk), staff=world.chen).count() == 1


def test_a_code_filed_elsewhere_stops_and_names_nothing(world: World, client_of: Callable[..., Client]) -> None:
    make_business(world.zhao, "赵家烟酒店", uscc=CODE)

    answer = client_of(world.chen).post("/found/business/", shop_form(world))

    assert answer.status_code == 422
    assert "已经建档" in answer.text
    assert "赵家" not in answer.text
    assert Business.objects.count() == 1


def test_a_namesake_in_the_grid_warns_once(world: World, client_of: Callable[..., Client]) -> None:
    make_business(world.liu, uscc=OTHER)
    client = client_of(world.chen)

    warned = client.post("/found/business/", shop_form(world))
    done = client.post("/found/business/", shop_form(world, is_another="on"))

    assert (warned.status_code, done.status_code) == (422, 302)
    assert "本网格已有" in warned.text
    assert Business.objects.filter(name="鑫源超市").count() == 2


def test_what_is_wrong_is_said_at_its_field(world: World, client_of: Callable[..., Client]) -> None:
    wrong = shop_form(world, uscc="91310115MA1H8R7C6D", id_number="370685198003050011", kind="unlicensed")
    answer = client_of(world.chen).post("/found/business/", wrong)

    assert answer.status_code == 422
    for said in ("校验位不对", "无照经营却有执照"):
        assert said in answer.text
    assert not Business.objects.exists()


def test_a_household_found_needs_its_head_alone(world: World, client_of: Callable[..., Client]) -> None:
    client = client_of(world.chen)
    told = {"grid": world.liu.pk, "principal": "欧阳锋", "id_number": rosters.id_of(77), "phone": "15400000001"}
    assert client.post("/found/household/", told).status_code == 302

    home = Household.objects.get()
    assert home.head is not None
    assert (home.subject.listed_on, home.head.name, home.number) == (None, "欧阳锋", f"S{home.pk:06d}")
    again = client.post("/found/household/", told)
    assert (again.status_code, Household.objects.count()) == (422, 1)
    assert "已经建档" in again.text


def test_a_household_found_joins_the_roster_that_lists_it(world: World, client_of: Callable[..., Client]) -> None:
    told = {"grid": world.liu.pk, "principal": "刘建国", "id_number": rosters.id_of(1)}
    client_of(world.chen).post("/found/household/", told)

    rosters.import_rows(world, rosters.family(world.liu, "H1", 1))

    home = Household.objects.get()
    assert home.subject.listed_on is not None
    assert home.subject.found_on is not None


def test_nobody_finds_in_grids_that_are_not_his(world: World, client_of: Callable[..., Client]) -> None:
    answer = client_of(world.chen).post("/found/business/", shop_form(world, grid=world.zhao.pk))

    assert (answer.status_code, Business.objects.count()) == (422, 0)


# --- Pages --------------------------------------------------------------------------------------------------------


def test_lists_keep_kinds_apart_and_outsiders_out(world: World, client_of: Callable[..., Client]) -> None:
    make_business(world.liu), make_unit(world.liu), make_household(world.liu)
    make_business(world.zhao, "赵家烟酒店")
    client = client_of(world.chen)

    shops, units, homes = (client.get(f"/{kind}/").text for kind in ("businesses", "units", "households"))

    assert ("鑫源超市" in shops, "中心小学" in shops, "赵家烟酒店" in shops) == (True, False, False)
    assert ("中心小学" in units, "鑫源超市" in units) == (True, False)
    assert "鑫源超市" not in homes


def test_a_page_outside_the_scope_is_absent(world: World, client_of: Callable[..., Client]) -> None:
    shop = make_business(world.zhao)

    assert client_of(world.chen).get(f"/entities/{shop.pk}/").status_code == 404
    assert client_of(world.fang).get(f"/entities/{shop.pk}/").status_code == 200
    assert client_of(world.fang).get(f"/entities/{make_household(world.zhao).pk}/").status_code == 404


@pytest.mark.parametrize("path", ["/businesses/", "/units/"])
def test_a_list_asks_as_much_for_twenty_as_for_one(world: World, client_of: Callable[..., Client], path: str) -> None:
    make = make_business if path == "/businesses/" else make_unit
    client = client_of(world.chen)
    make(world.liu, "第0家")
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for number in range(1, 20):
        make(world.liu, f"第{number}家")
    with CaptureQueriesContext(connection) as many:
        assert client.get(path).text.count("家</a>") == 20

    assert len(many) == len(one)


def test_a_number_is_shown_masked_and_revealed_on_record(world: World, client_of: Callable[..., Client]) -> None:
    shop = make_business(world.liu, phone="15412345678", id_number=rosters.id_of(9))
    client = client_of(world.chen)

    page = client.get(f"/entities/{shop.pk}/").text
    shown = client.post(f"/entities/{shop.pk}/reveal/phone/").text

    assert "15412345678" not in page
    assert "*******5678" in page
    assert "15412345678" in shown
    assert AuditEvent.objects.filter(verb="reveal", about="principal", about_id=str(shop.pk)).count() == 1


def test_what_is_corrected_keeps_the_numbers_left_empty(world: World, client_of: Callable[..., Client]) -> None:
    shop = make_business(world.liu, phone="15412345678", id_number=rosters.id_of(9))
    client = client_of(world.chen)
    assert client.get(f"/entities/{shop.pk}/correct/").status_code == 200

    told = {"name": "鑫源生鲜", "kind": "licensed", "uscc": CODE, "principal": "刘建国", "trade": "生鲜"}
    assert client.post(f"/entities/{shop.pk}/correct/", told).status_code == 302

    shop = Business.objects.select_related("subject__principal").get(pk=shop.pk)
    assert (shop.name, shop.trade, shop.subject.uscc) == ("鑫源生鲜", "生鲜", CODE)
    assert identity.decrypt(shop.subject.principal, "phone") == "15412345678"
    assert identity.decrypt(shop.subject.principal, "id_number") == rosters.id_of(9)


def test_a_shop_that_closed_leaves_with_its_date(world: World, client_of: Callable[..., Client]) -> None:
    shop = make_business(world.liu, uscc=CODE)
    client = client_of(world.chen)

    client.post(f"/entities/{shop.pk}/leave/", {"reason": "closed", "on": "2999-01-01"})
    assert Subject.objects.get(pk=shop.pk).left_on is None
    client.post(f"/entities/{shop.pk}/leave/", {"reason": "closed", "on": "2026-02-03"})

    assert str(Subject.objects.get(pk=shop.pk).left_on) == "2026-02-03"
    assert "鑫源超市" not in client.get("/businesses/").text
    assert client.get(f"/entities/{shop.pk}/").status_code == 200


def test_the_spreadsheet_is_the_list_on_record(world: World, client_of: Callable[..., Client]) -> None:
    make_business(world.liu)

    answer = client_of(world.chen).get("/entities/business.xlsx")

    assert (answer.status_code, answer.content[:2]) == (200, b"PK")
    assert AuditEvent.objects.get(verb="entities_exported").detail["rows"] == 1
    assert client_of(world.chen).get("/entities/household.xlsx").status_code == 404


# --- Search -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "鑫源超市",
        "鑫源",
        "源超",
        "xinyuan",
        "chaoshi",
        "xycs",
        "王铁锤",
        "wangtiechui",
        CODE,
        CODE[:10],
        "5678",
        "招远鑫",
    ],
)
def test_a_shop_is_found_by_what_is_known_of_it(world: World, acting: Any, text: str) -> None:
    shop = make_business(
        world.liu, uscc=CODE, principal="王铁锤", phone="15412345678", licence_name="招远鑫源百货有限公司"
    )
    make_business(world.zhao, "鑫源超市二店", principal="王铁锤")

    with acting(world.chen) as post:
        hits = search(post, text).hits

    assert [(hit.kind, hit.household_id) for hit in hits] == [("business", shop.pk)]


def test_the_box_leads_to_the_shop(world: World, client_of: Callable[..., Client]) -> None:
    shop, school = make_business(world.liu), make_unit(world.liu)

    assert f"/entities/{shop.pk}/" in client_of(world.chen).get("/search/", {"q": "鑫源"}).text
    assert f"/entities/{school.pk}/" in client_of(world.chen).get("/search/", {"q": "zhongxinxiaoxue"}).text
