"""A sheet in the hand: 800 rows scroll without holding up the phone, kin is picked, points are given, a device is handed round."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, expect

from config.lib import releases
from credit.services import meetings, sheets
from grids.models import Staff
from tests.conftest import acting_as
from tests.credit import village as make
from tests.e2e.conftest import PHONE, Tab
from tests.e2e.test_sheet import assessing
from tests.world import SINCE, World, build

pytestmark = [pytest.mark.browser]

WATCH = """
    window.slow = [];
    new PerformanceObserver((list) => list.getEntries().forEach((one) => window.slow.push(Math.round(one.duration))))
        .observe({ type: "longtask", buffered: true });
"""
SCROLL = """
    async () => {
        const drawn = [];
        const step = () => new Promise((done) => requestAnimationFrame(done));
        for (let place = 0; place < 60; place += 1) {
            window.scrollBy(0, 700);
            await step();
            drawn.push(document.querySelectorAll("[data-row]").length);
        }
        return Math.max(...drawn);
    }
"""
LONGEST_TASK = 250
"""Milliseconds: a busy machine draws a block of rows slowly, the whole list at once takes seconds."""


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[None]:
    with make.opener_key(tmp_path):
        yield


@pytest.fixture
def village(world: World, opener: None) -> make.Village:
    releases.publish(
        institution_id=world.bank.pk,
        kind="score_form",
        document=json.loads((make.PARAMETERS / "score_form.json").read_text("utf-8")),
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )
    found = make.started(world, 40)
    Staff.objects.filter(pk=found.assessors[0].pk).update(must_change_password=False)
    found.assessors[0].refresh_from_db()
    return found


def answers(village: make.Village, place: int = 0) -> list[dict[str, object]]:
    with acting_as(village.assessors[place]):
        return [cell.answer for cell in sheets.read_cells(village.sheets[place]).values() if cell.answer]


def test_800_rows_scroll_without_holding_up_the_phone(
    world: World, opener: None, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    village = make.started(world, 800)
    sheet = make.add_paper(village)
    tab = open_tab(client_of(world.deng), PHONE)
    tab.add_init_script(WATCH)
    tab.goto(reverse("credit:sheet", args=[sheet.uuid]))
    expect(tab.locator("[data-row]").first).to_be_visible()
    tab.evaluate("window.slow.length = 0")
    most = tab.evaluate(SCROLL)
    assert 0 < most <= 140, "far rows are not drawn"
    assert max(tab.evaluate("window.slow") or [0]) < LONGEST_TASK
    assert not tab.complaints


def test_kin_is_picked_by_surname_and_its_rows_are_locked(
    village: make.Village, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(client_of(village.assessors[0]))
    tab.goto(reverse("credit:sheet", args=[village.sheets[0].uuid]))
    expect(tab.locator("[data-kin-save]")).to_have_text("没有亲属户，开始填")
    tab.locator("[data-kin-find]").fill("刘12")
    tab.locator(".kin-pick").first.click()
    expect(tab.locator("[data-kin-save]")).to_have_text("这 1 户是亲属，锁定")
    tab.locator("[data-kin-save]").click()
    expect(tab.locator("[data-kin] summary")).to_contain_text("已申报 1 户")
    tab.locator("[data-sheet-find]").fill("刘12")
    expect(tab.locator("[data-row]")).to_have_count(1, timeout=15_000)
    row = tab.locator("[data-row]", has_text="012")
    expect(row.locator("[data-locked]")).to_be_visible()
    expect(row.locator(".sheet-answers")).to_be_hidden()
    assert answers(village) == [sheets.KIN]
    assert not tab.complaints


def test_points_item_by_item_come_to_an_amount(
    village: make.Village, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(client_of(village.assessors[0]))
    tab.goto(reverse("credit:sheet", args=[village.sheets[0].uuid]))
    row = tab.locator("[data-row]").first
    row.locator("[data-score]").click()
    form = tab.locator("[data-score-form]")
    expect(form.locator("[data-score-says]")).to_have_text("还有 25 项")
    expect(form.locator("[data-score-save]")).to_be_disabled()
    items = form.locator(".score-item")
    for place in range(items.count()):
        items.nth(place).locator("input").last.check(force=True)
    expect(form.locator("[data-score-total]")).to_have_text("100")
    expect(form.locator("[data-score-says]")).to_have_text("10 万元")
    form.locator("[data-score-save]").click()
    expect(form).to_be_hidden()
    expect(row.locator("[data-score]")).to_have_text("100 分 · 10 万元")
    expect(tab.locator("[data-sheet-state][data-state=saved]")).to_be_visible()
    (said,) = answers(village)
    assert said["amount"] == "100000.00"
    row.locator("input[value='3']").check()
    expect(row.locator("[data-score]")).to_have_text("逐项打分")
    expect(tab.locator("[data-sheet-state][data-state=saved]")).to_be_visible()
    assert answers(village) == [make.amount("3")]
    assert not tab.complaints


@pytest.mark.django_db(transaction=True)
def test_a_device_is_handed_round_and_going_back_shows_nothing(
    chromium: Browser, live_server: Any, tmp_path: Path
) -> None:
    village = assessing(build(), tmp_path, 5)
    gao = village.world.gao
    with acting_as(gao) as post:
        assert post is not None
        codes = [meetings.issue_code(by=gao, post=post, sheet=village.sheets[place]) for place in (0, 1)]
    context = chromium.new_context(locale="zh-CN", base_url=live_server.url, **PHONE)
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto("/meeting/")
    tab.locator("#code").fill(codes[0])
    tab.get_by_role("button", name="打开我的评议表").click()
    expect(tab.locator("[data-row]").first).to_be_visible()
    expect(tab.locator("[data-meeting]")).to_contain_text("评1")
    assert tab.locator("nav").count() == 0, "no other page is within reach"
    tab.locator("[data-row]").first.locator("input[value='3']").check()
    expect(tab.locator("[data-sheet-state][data-state=saved]")).to_be_visible()
    tab.get_by_role("button", name="退出，交还设备").click()
    expect(tab.get_by_text("上一位已退出")).to_be_visible()
    tab.go_back()
    expect(tab.locator("[data-row]")).to_have_count(0)
    assert "刘1" not in tab.content()
    tab.goto("/meeting/")
    tab.locator("#code").fill(codes[1])
    tab.get_by_role("button", name="打开我的评议表").click()
    expect(tab.locator("[data-meeting]")).to_contain_text("评2")
    expect(tab.locator("[data-sheet-done]")).to_have_text("0")
    assert answers(village) == [make.amount("3")]
    assert not complaints
    tab.wait_for_load_state("networkidle")
    context.close()
