"""What the visit page says while amounts are typed beside a trusted file: slips, and figures that moved suddenly, with room for proof."""

from collections.abc import Callable
from decimal import Decimal
from random import Random

import pytest
from django.test import Client
from playwright.sync_api import expect

from customers.domain.slips import slip
from customers.models import Household
from tests.customers.builders import make_household, release_parameters
from tests.customers.guarding import accepted, filed, release_guard
from tests.e2e.conftest import PHONE, Tab
from tests.world import World

pytestmark = pytest.mark.browser
WORDS = {
    "digitMore": "digit_more",
    "digitLess": "digit_less",
    "digitsSwapped": "digits_swapped",
    "typedInWan": "typed_in_wan",
}


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    release_guard(world)
    home = make_household(world.liu)
    filed(world, home)
    accepted(world, home)
    return home


@pytest.fixture
def tab(world: World, home: Household, open_tab: Callable[..., Tab], client_of: Callable[..., Client]) -> Tab:
    page = open_tab(client_of(world.chen), PHONE)
    page.goto(f"/households/{home.pk}/visit/")
    return page


def test_a_slip_is_asked_about_beside_its_field_and_answered_with_one_tap(tab: Tab) -> None:
    tab.locator("[data-step-mark] a").nth(2).click()
    box = tab.locator("input[name='assets-0-current']")
    box.fill("510000")
    box.blur()
    hint = tab.locator(".field-slip")
    expect(hint).to_contain_text("上次是 150,000 元，这次像是把相邻两位数字打反了")
    hint.locator("button").click()
    expect(hint).to_have_count(0)
    assert tab.locator("input[name=confirmed]").input_value() == "assets-0-current=510000"
    box.fill("1500000")
    box.blur()
    expect(tab.locator(".field-slip")).to_contain_text("约为 10 倍")
    box.fill("160000")
    box.blur()
    expect(tab.locator(".field-slip")).to_have_count(0)
    assert tab.complaints == []


def test_a_figure_that_moved_suddenly_asks_for_the_proof_of_its_item(tab: Tab) -> None:
    tab.locator("[data-step-mark] a").nth(2).click()
    tab.locator("input[name='assets-0-current']").fill("150000")
    tab.locator("input[name='liabilities-0-outstanding']").fill("30000")
    tab.locator("[data-rows=assets] [data-add-kind=vehicle]").click()
    tab.locator("input[name='assets-1-current']").fill("90000")
    tab.locator("input[name='assets-1-current']").blur()
    tab.locator("[data-step-mark] a").last.click()
    jump = tab.locator("[data-jump=assets]")
    expect(jump).to_contain_text("上次 150,000 元，这次 240,000 元，变化 60 %")
    expect(jump).to_contain_text("变化最大的是 交通工具 +90,000")
    assert jump.locator("select").input_value() == "1"
    expect(tab.locator("[data-jump=liabilities]")).to_be_hidden()
    assert tab.complaints == []


def test_the_page_and_the_server_ask_the_same(tab: Tab) -> None:
    random = Random(5)
    pairs = []
    for _ in range(600):
        before = random.randint(1, 999_999)
        digits = str(before)
        place = random.randrange(len(digits))
        wrong = random.choice(
            (
                digits + "0",
                digits[:-1] or "0",
                digits[:place] + digits[place] + digits[place:],
                digits[::-1],
                str(random.randint(0, 999_999)),
            )
        )
        pairs.append([before, random.choice((int(wrong), before / 10_000))])
    told = tab.evaluate("(pairs) => pairs.map((one) => gedang.slip(one[0], one[1]))", pairs)
    expected = [slip(Decimal(before), Decimal(str(after))) or "" for before, after in pairs]
    assert [WORDS.get(one, "") for one in told] == expected
    assert len(set(expected)) >= 4
