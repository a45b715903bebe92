"""A parameter slid in a real browser: the figure beside it, the spread that follows without a new page, the newest answer alone."""

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Route, expect

from config.lib.models import Release
from credit.models import Trial
from tests.credit.files import release_models, village
from tests.credit.test_populations import frozen
from tests.e2e.conftest import DESKTOP, PHONE, Tab
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
FIELD = "#field-parameter-base_income"
SLIDER = "[data-slide='field-parameter-base_income'] input[type=range]"


@pytest.fixture
def address(world: World) -> str:
    release_models(world)
    village(world, 6)
    frozen(world)
    release = Release.objects.get(kind="credit_model", key="s1")
    return f"/models/version/{release.pk}/compare/"


@pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_parameter_is_slid_and_the_spread_follows(
    address: str,
    device: dict[str, object],
    world: World,
    client_of: Callable[..., Client],
    open_tab: Callable[..., Tab],
) -> None:
    tab = open_tab(client_of(world.mo), device)
    tab.goto(address)
    preview = tab.locator("#preview")
    expect(preview).to_contain_text("6 户中升 0 户，降 0 户")
    expect(preview.locator("svg").first).to_be_visible()
    tab.evaluate("window.stays = true")

    tab.focus(SLIDER)
    tab.keyboard.press("ArrowRight")
    expect(tab.locator(FIELD)).to_have_value("41000")
    expect(tab.locator(SLIDER)).to_have_attribute("aria-valuetext", "41,000 元")
    tab.keyboard.press("End")
    expect(tab.locator(FIELD)).to_have_value("80000")
    expect(preview).not_to_contain_text("升 0 户，降 0 户")
    expect(preview).to_contain_text("6 户中升")
    expect(tab.locator(SLIDER)).to_be_focused()

    tab.fill(FIELD, "６０，000")
    expect(tab.locator(SLIDER)).to_have_value("60000")
    tab.fill(FIELD, "很多")
    expect(preview).to_contain_text("纯收入基数：请填数字")
    tab.click("[data-slide='field-parameter-base_income'] [data-slide-back]")
    expect(tab.locator(FIELD)).to_have_value("40000")
    expect(preview).to_contain_text("6 户中升 0 户，降 0 户")
    assert tab.evaluate("window.stays") is True
    assert not Trial.objects.exists()

    tab.fill(FIELD, "60000")
    tab.click("#compare .btn-primary")
    expect(tab.locator("h1")).to_contain_text("改参数")
    assert Trial.objects.get().after["parameters"]["base_income"] == "60000.00"
    assert tab.complaints == []


def test_an_older_answer_that_comes_late_is_not_shown(
    address: str, world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(client_of(world.mo), DESKTOP)
    tab.goto(address)
    preview = tab.locator("#preview")
    expect(preview).to_contain_text("升 0 户")
    held: list[Route] = []

    def hold_the_first(route: Route) -> bool:
        if not route.request.url.endswith("/preview/") or held:
            return False
        held.append(route)
        return True

    tab.answer = hold_the_first
    with tab.expect_request("**/preview/"):
        tab.fill(FIELD, "80000")
    tab.fill(FIELD, "40000")
    with tab.expect_response("**/preview/"):
        pass
    expect(preview).to_contain_text("升 0 户")
    held[0].fulfill(status=200, body="<p>旧的结果</p>", content_type="text/html")
    tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(preview).to_contain_text("升 0 户")
    expect(preview).not_to_contain_text("旧的结果")


def test_without_script_the_field_and_the_button_do(
    address: str, world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(client_of(world.mo), DESKTOP | {"java_script_enabled": False})
    tab.goto(address)
    expect(tab.locator(SLIDER)).to_be_hidden()
    tab.fill(FIELD, "60000")
    tab.click("#compare .btn-primary")
    expect(tab.locator("h1")).to_contain_text("改参数")
    assert Trial.objects.count() == 1
