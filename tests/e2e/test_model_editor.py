"""A band table edited in a real browser: checked while one types, rows added, saved."""

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import expect

from tests.credit.files import release_models
from tests.credit.test_laboratory_pages import own_draft
from tests.e2e.conftest import DESKTOP, Tab
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
POINTS = "[name='scorecard.items.0.bands.rows.1.value']"


def test_a_band_table_is_edited(world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab]) -> None:
    release_models(world)
    draft = own_draft(world)
    tab = open_tab(client_of(world.mo), DESKTOP)
    tab.goto(f"/models/draft/{draft.pk}/edit/?part=scorecard")
    tab.fill(POINTS, "八")
    tab.press(POINTS, "Tab")
    slot = tab.locator("#s-f-scorecard-items-0-bands-rows-1-value")
    expect(slot).to_contain_text("写法不对")
    tab.fill(POINTS, "7")
    tab.press(POINTS, "Tab")
    expect(slot).to_be_empty()
    tab.click("button[value='add:scorecard.items.0.bands.rows']")
    expect(tab.locator("[name='scorecard.items.0.bands.rows.3.value']")).to_be_visible()
    tab.click("button[value='remove:scorecard.items.0.bands.rows:3']")
    expect(tab.locator("[name='scorecard.items.0.bands.rows.3.value']")).to_have_count(0)
    tab.click(".action-bar button")
    expect(tab.locator("text=已保存，内容没有问题。")).to_be_visible()
    draft.refresh_from_db()
    assert draft.document["scorecard"]["items"][0]["bands"]["rows"][1]["value"] == "7"
    assert tab.complaints == []
