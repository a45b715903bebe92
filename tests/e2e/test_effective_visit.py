"""The visit page about effective visits: the best fix of the visit is kept, what is missing is told while typing, nothing is blocked."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from customers.models import Household, Visit
from tests import world as world_module
from tests.customers.builders import make_household, release_parameters
from tests.customers.effective import release_rules
from tests.e2e.conftest import PHONE
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PLACE = {"latitude": 37.3556, "longitude": 120.4012}


@pytest.fixture
def home() -> tuple[World, Household]:
    world = world_module.build()
    release_parameters(world)
    release_rules(world)
    return world, make_household(world.liu, "0017")


@pytest.fixture
def phone(
    chromium: Browser, live_server: Any, home: tuple[World, Household], client_of: Callable[..., Client]
) -> Iterator[BrowserContext]:
    """Chen's phone, signed in, with leave to tell where it is."""
    world, _home = home
    context = chromium.new_context(
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        base_url=live_server.url,
        geolocation={**PLACE, "accuracy": 40},
        permissions=["geolocation"],
        **PHONE,
    )
    cookie = client_of(world.chen).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield context
    for page in context.pages:
        page.wait_for_load_state("networkidle")
    context.close()


def _open(phone: BrowserContext, home: Household) -> Page:
    page = phone.new_page()
    page.goto(f"/households/{home.pk}/visit/")
    page.get_by_label("拒访").check()
    return page


def _finish(page: Page) -> None:
    page.get_by_role("button", name="下一步").click()


def test_the_best_fix_is_kept_and_one_taken_back_is_gone(phone: BrowserContext, home: tuple[World, Household]) -> None:
    page = _open(phone, home[1])
    best, place = page.locator("[data-accuracy]"), page.locator("[data-place-text]")
    expect(best).to_have_value("40.0")
    phone.set_geolocation({**PLACE, "latitude": 37.3557, "accuracy": 12})
    expect(best).to_have_value("12.0")
    phone.set_geolocation({**PLACE, "latitude": 37.9999, "accuracy": 300})
    page.get_by_label("已面谈").check()  # something else happens meanwhile
    expect(best).to_have_value("12.0")
    expect(page.locator("[data-latitude]")).to_have_value("37.355700")
    expect(place).to_have_text("已定位，误差约 12 米")

    phone.clear_permissions()
    expect(best).to_have_value("")
    expect(page.locator("[data-latitude]")).to_have_value("")
    expect(place).to_have_text("没有定位，不影响提交")


def test_what_is_missing_is_told_and_sent_all_the_same(phone: BrowserContext, home: tuple[World, Household]) -> None:
    page = _open(phone, home[1])
    _finish(page)
    photos = page.locator("[data-need=photos]")
    expect(photos).to_be_visible()
    expect(photos).to_have_attribute("data-met", "no")
    expect(page.locator("[data-need=outcome]")).to_have_attribute("data-met", "yes")
    expect(page.locator("[data-need=dwell]")).to_be_hidden()  # no talk, no time asked

    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_text("记为其他走访：照片 0 张；下次当场拍 1 张。")).to_be_visible()
    visit = Visit.objects.get()
    assert (visit.is_effective, visit.dwell_minutes) == (False, 0)
