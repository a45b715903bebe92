"""What a new edition of a form does, released by two and without code: new questions appear, old files keep their own."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import Household, Profile
from customers.selectors.forms import editions_for, form_of
from customers.selectors.households import card_of
from tests.customers.builders import make_household, release_parameters
from tests.customers.form_drafts import field_of, released, section_of
from tests.customers.pages import fields_of, filled, send
from tests.world import World

ClientOf = Callable[..., Client]


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    return make_household(world.liu)


@pytest.fixture
def chen(world: World, client_of: ClientOf) -> Client:
    return client_of(world.chen)


def second(document: dict[str, Any]) -> None:
    """Two new questions, one of them in rows; a question, a section and an option asked no more."""
    section_of(document, "assessment")["fields"].append(
        {
            "code": "water",
            "type": "choice",
            "zh": "饮水来源",
            "en": "water supply",
            "options": [{"code": "tap", "zh": "自来水", "en": "tap"}, {"code": "well", "zh": "水井", "en": "well"}],
        }
    )
    section_of(document, "assets")["fields"].append(
        {"code": "insured", "type": "yuan", "zh": "投保金额", "en": "insured"}
    )
    field_of(document, "assets", "disposable")["retired"] = True
    section_of(document, "needs")["retired"] = True
    house = next(one for one in field_of(document, "assets", "kind")["options"] if one["code"] == "house")
    house["retired"] = True


def page(client: Client, home: Household) -> str:
    answer = client.get(reverse("customers:visit", args=[home.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def repeated(html: str) -> dict[str, str]:
    """What pressing “same as last time” in every section fills in."""
    found = {}
    for tag in re.findall(r"<(?:input|select)[^>]*>", html):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "data-last" in given and given.get("type") not in ("checkbox", "radio"):
            found[given["name"]] = given["data-last"]
    return found


def row_of(html: str, prefix: str) -> str:
    """A row of the visit page, from its hidden place to the next row."""
    start = html.index(f'name="{prefix}-last"')
    return html[start : html.index("data-row", start)]


def test_a_question_released_by_two_is_asked_and_kept_without_code(
    world: World, home: Household, chen: Client, client_of: ClientOf
) -> None:
    assert "饮水来源" not in page(chen, home)
    made = released(world, second)

    html = page(chen, home)
    assert "饮水来源" in html
    assert "投保金额" in html
    assert "可变现价值" not in html
    sent = {name: value for name, value in filled(home).items() if not name.startswith("needs-")}
    sent = {name: value for name, value in sent.items() if not name.endswith("-disposable")}
    answer = send(chen, home, sent | {"water": "well", "assets-0-kind": "vehicle", "assets-0-insured": "80000"})
    assert answer.status_code == 302
    profile = Profile.objects.get()
    assert (profile.form_id, profile.document["water"]) == (made.pk, "well")
    assert profile.document["assets"][0]["insured"] == "80000.00"
    assert "水井" in client_of(world.deng).get(reverse("customers:check", args=[home.pk])).content.decode()


def test_a_retired_question_is_refused_by_the_new_edition(world: World, home: Household, chen: Client) -> None:
    released(world, second)
    asked = editions_for(home.subject)[0].form
    assert "disposable" not in asked.by_code["assets"].by_code
    assert "needs" not in asked.by_code


def test_a_file_of_the_edition_before_keeps_its_own(
    world: World, home: Household, chen: Client, client_of: ClientOf
) -> None:
    send(chen, home, filled(home))
    profile = Profile.objects.get()
    before = card_of(home)
    released(world, second)

    assert "needs" in form_of(profile).by_code
    after = card_of(home)
    assert (after.completeness, after.missing) == (before.completeness, before.missing)
    assert chen.get(reverse("customers:household", args=[home.pk])).status_code == 200
    checked = client_of(world.deng).get(reverse("customers:check", args=[home.pk])).content.decode()
    for said in ("农村房屋", "可变现价值", "生产经营贷款", "评价"):
        assert said in checked
    assert "饮水来源" not in checked


def test_same_as_last_time_across_editions(world: World, home: Household, chen: Client) -> None:
    send(chen, home, filled(home))
    released(world, second)

    html = page(chen, home)
    row = row_of(html, "assets-0")
    assert '<option value="house" selected>农村房屋（已停用）</option>' in row
    assert 'name="assets-0-current"' in row
    insured = next(tag for tag in row.split("<") if 'name="assets-0-insured"' in tag)
    assert "data-last" not in insured
    current = next(tag for tag in row.split("<") if 'name="assets-0-current"' in tag)
    assert "data-last=" in current
    assert "农村房屋（已停用）" not in row_of(html, "assets-__prefix__")

    sent = fields_of(html) | repeated(html)
    sent |= {"client_uuid": "7d5b1c4e-3f0a-4b7e-9a51-0c6f5f0b8a11", "outcome": "interviewed", "consent": "standing"}
    sent |= {
        "purpose": "revisit",
        "assets-0-current": "150000",
        "status": "normal",
        "judgement": "good",
        "same-assets": "1",
    }
    answer = chen.post(reverse("customers:visit", args=[home.pk]), sent)
    assert answer.status_code == 302, answer.content.decode()
    newest = Profile.objects.order_by("-number").first()
    assert newest is not None
    assert newest.document["assets"][0]["kind"] == "house"
    assert "insured" not in newest.document["assets"][0]


def test_both_editions_stand_side_by_side_for_the_checker(
    world: World, home: Household, chen: Client, client_of: ClientOf
) -> None:
    send(chen, home, filled(home))
    released(world, second)
    sent = {name: value for name, value in filled(home).items() if not name.startswith("needs-")}
    sent = {name: value for name, value in sent.items() if not name.endswith("-disposable")}
    assert send(chen, home, sent | {"water": "tap", "purpose": "revisit"}).status_code == 302
    newest = Profile.objects.order_by("-number").first()
    assert newest is not None
    text = client_of(world.deng).get(reverse("customers:check", args=[home.pk])).content.decode()
    assert "饮水来源" in text
    assert "自来水" in text
    assert "可变现价值" in text  # what the edition before alone asked
