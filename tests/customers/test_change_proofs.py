"""Proof of sudden changes item by item: sent with the visit or later, shown to the second person, on the timeline and in the API."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from customers.domain.economics import totals
from customers.domain.guard import FIGURES
from customers.domain.moved import moved
from customers.models import ChangeFlag, ChangeProof, Evidence, Household, Profile, Visit
from customers.selectors.changes import watch_of
from customers.selectors.timeline import timeline_of
from grids.access import posts_of
from grids.services.staff import create_token
from tests.api.conftest import Program
from tests.conftest import acting_as
from tests.customers.builders import make_household, release_parameters
from tests.customers.guarding import accepted, filed, house, jumped, picture, prove, release_guard, settle
from tests.customers.pages import filled, rows, send
from tests.forms import FARM
from tests.world import World

ClientOf = Callable[..., Client]
AMOUNT = st.integers(0, 500_000)


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    release_guard(world)
    return make_household(world.liu)


def photo(name: str = "deed.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture(), "image/jpeg")


def revisit(world: World, home: Household, client_of: ClientOf, assets: list[dict[str, str]], **more: Any) -> Any:
    sent = filled(home, consent="standing", purpose="revisit") | rows("assets", assets) | more
    return send(client_of(world.chen), home, sent)


# --- Which items moved it -----------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(["house", "vehicle", "deposit"]), AMOUNT), max_size=4), st.lists(
    st.tuples(st.sampled_from(["house", "vehicle", "deposit"]), AMOUNT), max_size=4))  # fmt: skip
def test_the_items_add_up_to_the_change_of_the_figure(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    old, new = (
        {
            "assets": [{"kind": kind, "current": f"{amount}.00"} for kind, amount in told],
            "income": [
                {"kind": "planting", "gross": f"{amount}.00", "cost": f"{amount // 3}.00"} for _, amount in told
            ],
        }
        for told in (before, after)
    )
    for figure in FIGURES:
        found = moved(figure, FARM, old, new)
        assert sum((one.change for one in found), Decimal(0)) == getattr(totals(new), figure) - getattr(
            totals(old), figure
        )
        assert [abs(one.change) for one in found] == sorted((abs(one.change) for one in found), reverse=True)


# --- With the visit -----------------------------------------------------------------------------------------------------


def test_the_page_watches_what_was_last_trusted(world: World, home: Household, client_of: ClientOf) -> None:
    filed(world, home)
    page = client_of(world.chen).get(reverse("customers:visit", args=[home.pk])).text
    assert "data-jumps" not in page  # nothing is trusted yet
    accepted(world, home)
    page = client_of(world.chen).get(reverse("customers:visit", args=[home.pk])).text
    assert 'data-jump="assets" data-before="150000.00" data-percent="30" data-floor="5000"' in page
    with acting_as(world.chen):
        assert set(watch_of(world.bank.pk, home.pk)) == set(FIGURES)


def test_proof_comes_with_the_visit_and_names_its_item(world: World, home: Household, client_of: ClientOf) -> None:
    filed(world, home)
    accepted(world, home)
    assets = [
        {"kind": "house", "current": "150000", "disposable": "60000"},
        {"kind": "vehicle", "current": "90000"},
    ]
    answer = revisit(
        world, home, client_of, assets, **{"proof-assets": photo(), "proof-item-assets": "1", "proof-expenses": photo()}
    )
    assert answer.status_code == 302
    proof = ChangeProof.objects.get()
    assert (proof.flag.figure, proof.item, proof.added_by) == ("assets", "assets.1", world.chen)
    visit = Visit.objects.latest("pk")
    # What nothing had to be proved with is kept with the visit all the same.
    assert Evidence.objects.filter(visit=visit).count() == 2
    with acting_as(world.chen):
        assert "大额变化待补证明" not in client_of(world.chen).get(reverse("customers:today")).text
    sheet = client_of(world.gao).get(reverse("customers:change", args=[home.pk])).text
    assert "交通工具" in sheet
    assert "1 份证明" in sheet
    settle(world.gao, home)
    assert ChangeFlag.objects.get().outcome == "confirmed"


def test_a_bad_picture_is_said_and_nothing_is_kept(world: World, home: Household, client_of: ClientOf) -> None:
    filed(world, home)
    accepted(world, home)
    bad = SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg")
    answer = revisit(world, home, client_of, [{"kind": "house", "current": "400000"}], **{"proof-assets": bad})
    assert answer.status_code == 422
    assert Profile.objects.count() == 1
    assert not ChangeProof.objects.exists()


def test_a_made_up_item_proves_the_figure_as_a_whole(world: World, home: Household, client_of: ClientOf) -> None:
    jumped(world, home)
    url = reverse("customers:change_prove", args=[home.pk])
    client_of(world.chen).post(url, {"figure": "assets", "files": photo(), "item": "income.0"})
    client_of(world.chen).post(url, {"figure": "assets", "files": photo("b.jpg"), "item": "assets.0"})
    assert sorted(ChangeProof.objects.values_list("item", flat=True)) == ["", "assets.0"]


# --- Seen elsewhere -----------------------------------------------------------------------------------------------------


def test_the_timeline_tells_of_the_change_and_of_what_was_said(world: World, home: Household) -> None:
    jumped(world, home)
    with acting_as(world.chen) as post:
        waiting = next(one for one in timeline_of(home, post) if one["icon"] == "alert-circle")
    assert (waiting["title"], waiting["badge"]) == ("大额变化：资产", "待确认")
    assert waiting["url"] == reverse("customers:change", args=[home.pk])
    prove(world, home)
    settle(world.deng, home, answer="看过合同")
    with acting_as(world.kang) as post:
        told = {one["title"]: one for one in timeline_of(home, post)}
    assert told["变化属实：资产"]["text"] == "看过合同"
    assert "url" not in told["大额变化：资产"]


def test_a_replaced_revision_leaves_no_dead_link(world: World, home: Household) -> None:
    jumped(world, home)
    filed(world, home, assets=house(151000))
    with acting_as(world.chen) as post:
        waiting = next(one for one in timeline_of(home, post) if one["icon"] == "alert-circle")
    assert waiting["badge"] == "已由新版取代"
    assert "url" not in waiting


def test_the_api_gives_the_changes_of_a_revision(world: World, home: Household) -> None:
    profile = jumped(world, home)
    prove(world, home)
    _token, text = create_token(
        staff=world.chen, post=posts_of(world.chen).get(), name="核心系统", scope="read", days=30
    )
    told = Program(text).get(f"profiles/{profile.pk}/").json()["changes"]
    assert [(one["figure"], one["before_yuan"], one["after_yuan"], one["outcome"], one["proofs"]) for one in told] == [
        ("assets", "150000.00", "300000.00", "", 1)
    ]
    assert Program(text).get("profiles/").json()["results"][0]["changes"] == told


def test_the_change_has_the_owner_of_the_check(world: World, home: Household, client_of: ClientOf) -> None:
    jumped(world, home)
    assert "由 邓平 确认" in client_of(world.gao).get(reverse("customers:changes")).text
    page = client_of(world.gao).get(reverse("customers:change", args=[home.pk])).text
    assert "证明由 陈立 补" in page
    row = client_of(world.deng).get(reverse("customers:queues"), {"kind": "change"}).context["rows"][0]["row"]
    assert row.is_mine
