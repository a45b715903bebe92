"""The style page in a browser: every part draws, nothing breaks the content policy, nothing sticks out of a phone."""

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Route, expect

from tests.e2e.conftest import DESKTOP, PHONE, Tab
from tests.world import World

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_part_draws_within_the_screen(
    world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab], device: dict[str, object]
) -> None:
    tab = open_tab(client_of(world.an), device)
    tab.goto("/style/")

    expect(tab.locator(".chart-canvas svg")).to_have_count(4)
    expect(tab.locator(".map-canvas canvas")).to_have_count(1)
    expect(tab.locator(".map-legend li")).to_have_count(6)
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert tab.complaints == []


def test_targets_are_large_enough_for_a_thumb(
    world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(client_of(world.an))
    tab.goto("/style/")
    small = tab.evaluate(
        """() => Array.from(document.querySelectorAll('button, .btn, .tab, .form-control, .form-select, .choice span'))
            .filter((one) => one.offsetParent && !one.closest('.chart, .map-canvas'))
            .filter((one) => one.getBoundingClientRect().height < 44)
            .map((one) => one.className + ' ' + one.textContent.trim().slice(0, 12))"""
    )
    assert small == []


def test_slash_leads_to_the_search_box(
    world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(client_of(world.an), DESKTOP)
    tab.goto("/style/")
    if tab.locator("[data-search]").count():
        tab.locator("h1").click()
        tab.keyboard.press("/")
        expect(tab.locator("[data-search]")).to_be_focused()


def test_a_failed_request_says_so_in_place_and_can_be_repeated(
    world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(client_of(world.an))
    tab.goto("/style/")
    button = tab.locator(".reveal button")
    failure = tab.locator("#writing .result-red")

    button.click()
    expect(failure).to_contain_text("系统出错，没有保存")

    def found(route: Route) -> bool:
        if "part=broken" not in route.request.url:
            return False
        route.fulfill(status=200, body="370685199603121234")
        return True

    tab.answer = found
    failure.get_by_role("button", name="重试").click()
    expect(tab.locator("#writing .reveal")).to_have_text("370685199603121234")
    expect(failure).to_have_count(0)


def test_an_ended_session_offers_the_sign_in_and_keeps_the_page(
    world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    client = client_of(world.an)
    tab = open_tab(client)
    tab.goto("/style/")
    client.logout()

    tab.locator(".reveal button").click()
    link = tab.locator("#writing .result-red").get_by_role("link", name="重新登录")
    expect(link).to_have_attribute("href", "/sign-in/?next=%2Fstyle%2F")
    expect(tab.locator("h1")).to_have_text("样式")


def test_sums_units_and_last_values(
    world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(client_of(world.an))
    tab.goto("/style/")
    house = tab.locator("#id_house")

    house.fill("18")
    house.blur()
    expect(tab.locator(".field-ask")).to_contain_text("是不是单位填错了")
    tab.get_by_role("button", name="改为 180,000 元").click()
    expect(house).to_have_value("180000")

    tab.locator("#id_income").fill("0.10")
    tab.locator("#id_cost").fill("0.30")
    expect(tab.locator("[data-total='income - cost']")).to_have_text("\u22120.20")

    tab.locator("#id_income").fill("")
    tab.locator("[data-same-as-last]").click()
    expect(tab.locator("#id_income")).to_have_value("64000")
