"""A visit on a phone whose connection goes: the draft stays, a reload brings it back, the submit arrives exactly once."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from customers.models import Consent, Evidence, Household, MemberChange, Profile, Visit
from tests import world as world_module
from tests.customers.builders import make_household, release_parameters
from tests.e2e.conftest import PHONE
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HELD = """() => new Promise((resolve) => {
  const request = indexedDB.open('gedang-drafts');
  request.onsuccess = () => {
    const stores = request.result.transaction(['drafts', 'photos']);
    const drafts = stores.objectStore('drafts').count();
    const photos = stores.objectStore('photos').count();
    stores.oncomplete = () => { request.result.close(); resolve([drafts.result, photos.result]); };
  };
})"""


@pytest.fixture
def story() -> tuple[World, Household]:
    world = world_module.build()
    release_parameters(world)
    return world, make_household(world.liu, "0017")


@pytest.fixture
def phone(
    chromium: Browser, live_server: Any, story: tuple[World, Household], client_of: Callable[..., Client]
) -> Iterator[BrowserContext]:
    """Chen's phone, signed in, with leave to tell where it is."""
    world, _home = story
    context = chromium.new_context(
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        base_url=live_server.url,
        geolocation={"latitude": 37.3556, "longitude": 120.4012, "accuracy": 9},
        permissions=["geolocation"],
        **PHONE,
    )
    cookie = client_of(world.chen).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield context
    for page in context.pages:
        page.wait_for_load_state("networkidle")  # a request still under way would hold the tables the next test empties
    context.close()


@pytest.fixture
def tab(phone: BrowserContext, story: tuple[World, Household]) -> Page:
    """The visit form, opened on the phone."""
    page = phone.new_page()
    page.complaints = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    page.goto(f"/households/{story[1].pk}/visit/")
    return page


def _choose(tab: Page, name: str, value: str) -> None:
    tab.locator(f"input[name={name}][value={value}]").check()


def _next(tab: Page, heading: str) -> None:
    tab.locator("[data-step-next]").click()
    expect(tab.locator("[data-step-text]")).to_contain_text(heading)


def _add(tab: Page, section: str, kind: str, amounts: dict[str, str]) -> None:
    rows = tab.locator(f"[data-rows={section}]")
    rows.locator(f"[data-add-kind={kind}]").click()
    row = rows.locator("[data-row]:visible").last
    for name, amount in amounts.items():
        row.locator(f"input[name$='-{name}']").fill(amount)


def _first_half(tab: Page) -> None:
    _choose(tab, "outcome", "interviewed")
    _choose(tab, "consent", "spoken")
    _choose(tab, "scopes", "position")
    _next(tab, "家庭")
    for place in range(3):
        tab.locator(f"input[name=members-{place}-labour][value=able]").check()
        tab.locator(f"select[name=members-{place}-occupation]").select_option("farming")
    _next(tab, "财产负债")
    _add(tab, "assets", "house", {"current": "150000", "disposable": "60000"})


def _second_half(tab: Page) -> None:
    _add(tab, "liabilities", "own_bank", {"outstanding": "30000"})
    expect(tab.locator("#step-3 [data-total='assets - liabilities']")).to_have_text("120,000")
    _next(tab, "收入支出")
    _add(tab, "income", "planting", {"gross": "40000", "cost": "18000"})
    _add(tab, "expenses", "living", {"amount": "20000"})
    expect(tab.locator("#step-4 [data-total='gross - cost']")).to_have_text("22,000")
    _next(tab, "需求评价")
    for name, value in (("status", "normal"), ("judgement", "good"), ("grade", "AA")):
        _choose(tab, name, value)
    _next(tab, "拍照完成")


def _photograph(tab: Page) -> None:
    block = BytesIO()
    Image.effect_noise((2400, 1800), 60).convert("RGB").save(block, "JPEG")
    tab.locator("[data-photo-input]").set_input_files(
        {"name": "yard.jpg", "mimeType": "image/jpeg", "buffer": block.getvalue()}
    )
    expect(tab.locator(".photo")).to_have_count(1)


def _saved(tab: Page) -> None:
    expect(tab.locator("[data-draft-state]")).to_have_attribute("data-state", "saved")


def test_the_connection_goes_in_the_middle_and_the_visit_arrives_once(
    phone: BrowserContext, tab: Page, story: tuple[World, Household]
) -> None:
    _first_half(tab)
    phone.set_offline(True)
    _second_half(tab)
    _photograph(tab)
    _saved(tab)
    assert tab.evaluate(HELD) == [1, 1]

    tab.locator("[data-step-last]").click()
    expect(tab.locator("[data-draft-state]")).to_have_attribute("data-state", "waiting")
    expect(tab.locator("[data-sync]")).to_be_visible()
    assert not Visit.objects.exists()

    phone.set_offline(False)
    tab.wait_for_url(f"**/households/{story[1].pk}/", timeout=20_000)
    expect(tab.locator(".result-good")).to_contain_text("走访和第 1 版档案已保存")
    assert tab.evaluate(HELD) == [0, 0]

    visit = Visit.objects.get()
    assert (float(visit.latitude), float(visit.accuracy_m)) == (37.3556, 9.0)
    profile = Profile.objects.get()
    assert (profile.net_assets, profile.net_income, profile.surplus) == (120_000, 22_000, 2_000)
    assert (Consent.objects.count(), Evidence.objects.count()) == (1, 1)
    assert tab.complaints == []  # type: ignore[attr-defined]


def test_a_reload_brings_the_draft_back_where_one_was(tab: Page, story: tuple[World, Household]) -> None:
    _first_half(tab)
    identity = tab.locator("input[name=client_uuid]").input_value()
    _saved(tab)

    tab.reload()
    expect(tab.locator("[data-draft-state]")).to_have_attribute("data-state", "restored")
    expect(tab.locator("[data-step-text]")).to_contain_text("财产负债")
    expect(tab.locator("input[name=assets-0-current]")).to_have_value("150000")
    expect(tab.locator("select[name=assets-0-kind]")).to_have_value("house")
    assert tab.locator("input[name=client_uuid]").input_value() == identity

    _second_half(tab)
    tab.locator("[data-step-last]").click()
    tab.wait_for_url(f"**/households/{story[1].pk}/")
    assert (Visit.objects.count(), Profile.objects.count()) == (1, 1)


def test_a_draft_keeps_who_came_and_who_left(tab: Page, story: tuple[World, Household]) -> None:
    _first_half(tab)
    tab.locator("[data-step-back]").click()
    tab.locator("details.more summary", has_text="不在本户了").nth(1).click()
    tab.locator("select[name=members-2-left_reason]").select_option("moved")
    tab.locator("input[name=members-2-left_on]").fill("2026-01-05")
    tab.locator("[data-rows=joining] [data-add-row]").click()
    tab.locator("input[name=joining-0-name]").fill("刘小宝")
    tab.locator("select[name=joining-0-relation]").select_option("grandchild")
    _next(tab, "财产负债")
    _saved(tab)

    tab.reload()
    expect(tab.locator("[data-draft-state]")).to_have_attribute("data-state", "restored")
    tab.locator("[data-step-back]").click()
    expect(tab.locator("input[name=joining-0-name]")).to_have_value("刘小宝")
    expect(tab.locator("select[name=members-2-left_reason]")).to_be_visible()
    expect(tab.locator("select[name=members-2-left_reason]")).to_have_value("moved")
    _next(tab, "财产负债")
    _second_half(tab)
    tab.locator("[data-step-last]").click()
    tab.wait_for_url(f"**/households/{story[1].pk}/")
    assert sorted(MemberChange.objects.values_list("kind", "person__name")) == [("joined", "刘小宝"), ("left", "刘洋")]
    assert tab.complaints == []  # type: ignore[attr-defined]


def test_an_answer_that_is_lost_is_asked_for_again_and_nothing_doubles(
    phone: BrowserContext, tab: Page, story: tuple[World, Household]
) -> None:
    lost = []

    def swallow(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)  # the server has it, the phone does not know
            route.abort()
        else:
            route.continue_()

    tab.route("**/visit/", swallow)
    _first_half(tab)
    _second_half(tab)
    tab.locator("[data-step-last]").click()
    expect(tab.locator("[data-draft-state]")).to_have_attribute("data-state", "waiting")
    assert (lost, Visit.objects.count()) == ([200], 1)

    tab.locator("[data-draft-retry]").click()
    tab.wait_for_url(f"**/households/{story[1].pk}/")
    assert (Visit.objects.count(), Profile.objects.count()) == (1, 1)


def test_nobody_at_home_takes_two_steps(tab: Page, story: tuple[World, Household]) -> None:
    _choose(tab, "outcome", "nobody")
    expect(tab.locator("#step-1 [data-filed-only]")).to_be_hidden()
    _next(tab, "拍照完成")
    expect(tab.locator("[data-summary]")).to_contain_text("只提交走访")
    tab.locator("[data-step-last]").click()
    tab.wait_for_url(f"**/households/{story[1].pk}/")

    assert Visit.objects.get().outcome == "nobody"
    assert not Profile.objects.exists()


def test_findings_come_back_beside_the_field_and_a_question_is_answered(
    tab: Page, story: tuple[World, Household]
) -> None:
    _first_half(tab)
    tab.locator("input[name=assets-0-current]").fill("60")
    tab.locator("input[name=assets-0-disposable]").fill("50")
    _second_half_small(tab)
    tab.locator("[data-step-last]").click()

    expect(tab.locator("[data-step-text]")).to_contain_text("财产负债")
    expect(tab.locator(".result-red")).to_contain_text("有 2 处需要改")
    for box in tab.locator("input[name=confirmed]").all():
        box.check()
    tab.locator("[data-step-mark]").last.evaluate("(mark) => mark.click()")
    tab.locator("[data-step-last]").click()
    tab.wait_for_url(f"**/households/{story[1].pk}/")
    assert Profile.objects.get().assets == 60


def _second_half_small(tab: Page) -> None:
    for heading in ("收入支出", "需求评价", "拍照完成"):
        _next(tab, heading)
