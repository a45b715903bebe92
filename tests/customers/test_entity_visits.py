"""Visits of businesses and units: the form that fits the kind, no members, the same consent, check and count as a household's."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from customers.domain.members import Leaving
from customers.models import Business, Milestone, Profile, Unit, Visit
from customers.selectors.files import states_of
from customers.services.visits import Submission, VisitRefusedError, submit_visit
from tests.customers.builders import make_business, make_grid, make_unit, release_parameters
from tests.customers.pages import fields_of, rows
from tests.world import World

ClientOf = Callable[..., Client]
FILED: dict[str, Any] = {
    "assets": [{"kind": "stock", "current": "80000", "disposable": "60000"}],
    "liabilities": [{"kind": "own_bank", "outstanding": "20000"}],
    "income": [{"kind": "main", "gross": "300000", "cost": "210000"}],
    "expenses": [{"kind": "rent", "amount": "24000"}],
    "performance": {"status": "normal"},
    "judgement": "good",
}
OWN: dict[str, dict[str, Any]] = {
    "licensed": {
        "trade_line": "日用百货",
        "state": "good",
        "years_in_trade": 8,
        "employees": 3,
        "peak_months": ["m1", "m12"],
    },
    "farm": {
        "trade_line": "苹果",
        "state": "good",
        "years_in_trade": 5,
        "employees": 6,
        "invested": "400000",
        "land_mu": "120.5",
        "products": [{"kind": "crop", "name": "红富士", "area_mu": "100"}],
    },
    "coop": {
        "trade_line": "樱桃",
        "state": "good",
        "years_in_trade": 6,
        "registered_capital": "1000000",
        "member_count": 52,
        "land_mu": "800",
        "products": [{"kind": "crop", "name": "大樱桃", "area_mu": "800"}],
    },
    "leading": {
        "trade_line": "粉丝加工",
        "state": "good",
        "years_in_trade": 20,
        "employees": 160,
        "registered_capital": "20000000",
        "scale": "medium",
        "products": [{"kind": "processing", "name": "龙口粉丝"}],
    },
}
KEYS = {
    "licensed": "individual_business",
    "farm": "family_farm",
    "coop": "cooperative",
    "leading": "leading_enterprise",
}


@pytest.fixture
def shop(world: World) -> Business:
    release_parameters(world)
    return make_business(make_grid(world, "market", "东关市场"))


def _submission(**changes: Any) -> Submission:
    told: dict[str, Any] = {
        "client_uuid": uuid4(),
        "purpose": "census",
        "outcome": "interviewed",
        "consent": "spoken",
        "met_role": "principal",
        "document": FILED | OWN["licensed"],
    }
    return Submission(**(told | changes))


@pytest.mark.parametrize("kind", OWN)
def test_each_kind_of_business_is_filed_by_its_own_form(world: World, kind: str) -> None:
    release_parameters(world)
    place = make_business(make_grid(world, "market", "东关市场"), kind=kind)
    stored = submit_visit(
        staff=world.chen, post_id=None, place=place, submission=_submission(document=FILED | OWN[kind])
    )

    assert stored.profile is not None
    assert stored.profile.form is not None
    assert stored.profile.form.key == KEYS[kind]
    assert stored.profile.completeness == 100
    assert (stored.profile.net_assets, stored.profile.net_income) == (60_000, 90_000)
    assert set(Milestone.objects.values_list("kind", flat=True)) == {"visited", "profiled"}


def test_a_form_of_another_kind_is_refused(world: World, shop: Business) -> None:
    with pytest.raises(VisitRefusedError) as refused:
        submit_visit(staff=world.chen, post_id=None, place=shop, submission=_submission(form="cooperative"))

    assert [(one.path, one.code) for one in refused.value.problems] == [("form", "form_unknown")]


def test_a_business_has_no_members(world: World, shop: Business) -> None:
    with pytest.raises(VisitRefusedError) as refused:
        submit_visit(
            staff=world.chen,
            post_id=None,
            place=shop,
            submission=_submission(leaving=(Leaving(person=1, reason="moved", on=None),)),
        )

    assert "members_of_households" in [one.code for one in refused.value.problems]


def test_a_unit_is_visited_without_a_file(world: World, client_of: ClientOf) -> None:
    release_parameters(world)
    unit: Unit = make_unit(make_grid(world, "institution", "机关片"))
    chen = client_of(world.chen)
    url = reverse("customers:visit", args=[unit.pk])

    sent = fields_of(chen.get(url).content.decode()) | {
        "purpose": "census",
        "channel": "site",
        "outcome": "interviewed",
        "met_role": "employee",
        "consent": "spoken",
    }
    answer = chen.post(url, sent)

    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == reverse("customers:entity", args=[unit.pk])
    assert (Visit.objects.get().met_role, Profile.objects.count()) == ("employee", 0)


def test_the_page_of_a_shop_is_filled_and_checked_by_a_colleague(
    world: World, shop: Business, client_of: ClientOf
) -> None:
    chen, url = client_of(world.chen), reverse("customers:visit", args=[shop.pk])
    html = chen.get(url).content.decode()
    assert "家庭成员" not in html
    assert "旺季月份" in html

    sent: dict[str, Any] = fields_of(html) | {
        "purpose": "census", "channel": "site", "outcome": "interviewed", "met_role": "principal", "consent": "spoken",
        "trade_line": "日用百货", "state": "good", "years_in_trade": "8", "employees": "3", "status": "normal", "judgement": "good",
        "peak_months": ["m12", "m1"], "premises": "own", "floor_m2": "45.5",
    }  # fmt: skip
    for name in ("assets", "liabilities", "income", "expenses"):
        sent |= rows(name, FILED[name])
    answer = chen.post(url, sent)

    assert answer.status_code == 302, answer.context["form"].visit.errors
    profile = Profile.objects.get()
    assert profile.document["peak_months"] == ["m1", "m12"]
    assert profile.document["floor_m2"] == "45.5"
    deng = client_of(world.deng)
    assert "鑫源超市" in deng.get(reverse("customers:queues")).content.decode()
    check = reverse("customers:check", args=[shop.pk])
    page = deng.get(check).content.decode()
    assert "1月、12月" in page
    assert deng.post(check, {"verdict": "accepted"}).status_code == 302
    assert states_of([shop.pk], world.bank.pk)[shop.pk].code == "checked"
    # The next visit begins with what was accepted.
    again = chen.get(url).content.decode()
    assert "上次：1月、12月" in again
    assert 'data-last="80000"' in again


@pytest.mark.parametrize("who", ["deng", "fang", "gao", "kang", "an"])
def test_nobody_but_the_officer_of_the_grid_visits(world: World, shop: Business, client_of: ClientOf, who: str) -> None:
    assert client_of(getattr(world, who)).get(reverse("customers:visit", args=[shop.pk])).status_code == 404
