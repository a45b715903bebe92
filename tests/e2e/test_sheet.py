"""An assessment sheet of 800 households on a phone: one tap an answer, saved at once, sealed at the end; a paper one with its photo."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, Route, expect

from credit.models import DraftCell, DraftPage
from credit.services import sheets
from grids.models import Staff
from tests.conftest import acting_as
from tests.credit import village as make
from tests.e2e.conftest import DESKTOP, PHONE, Tab
from tests.world import World, build

pytestmark = [pytest.mark.browser]


def assessing(world: World, directory: Path, households: int) -> make.Village:
    with make.opener_key(directory):
        village = make.started(world, households)
    Staff.objects.filter(pk=village.assessors[0].pk).update(must_change_password=False)
    village.assessors[0].refresh_from_db()
    return village


@pytest.fixture
def village(world: World, tmp_path: Path) -> make.Village:
    return assessing(world, tmp_path, 30)


def answers(village: make.Village) -> list[dict[str, object]]:
    """What the draft of the first sheet says by now, blank rows left out."""
    with acting_as(village.assessors[0]):
        return [cell.answer for cell in sheets.read_cells(village.sheets[0]).values() if cell.answer]


@pytest.mark.django_db(transaction=True)
def test_a_sheet_from_the_first_tap_to_the_seal(
    chromium: Browser, live_server: Any, client_of: Callable[..., Client], tmp_path: Path
) -> None:
    village = assessing(build(), tmp_path, 800)
    context = chromium.new_context(locale="zh-CN", base_url=live_server.url, **PHONE)
    name = settings.SESSION_COOKIE_NAME
    cookie = client_of(village.assessors[0]).cookies[name].value
    context.add_cookies([{"name": name, "value": cookie, "url": live_server.url}])
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto("/sheets/")
    rows = tab.locator("[data-row]")
    expect(rows.first).to_be_visible()
    assert tab.locator("[data-row]").count() < 120, "far rows are not drawn"
    saved, done = tab.locator("[data-sheet-state][data-state=saved]"), tab.locator("[data-sheet-done]")

    rows.nth(0).locator("input[value='3']").check()
    expect(done).to_have_text("1")
    rows.nth(1).locator("input[value=refuse]").check()
    expect(rows.nth(1).locator("[data-error]")).to_be_visible()
    expect(done).to_have_text("1")
    rows.nth(1).locator("input[value=heavy_debts]").check()
    expect(done).to_have_text("2")
    rows.nth(2).locator("[data-other]").fill("2.55")
    rows.nth(2).locator("[data-other]").blur()
    expect(tab.locator("[data-sheet-state][data-state=failed]")).to_be_visible()
    rows.nth(2).locator("[data-other]").fill("2.5")
    rows.nth(2).locator("[data-other]").blur()
    expect(saved).to_be_visible()
    expect(done).to_have_text("3")
    said = answers(village)
    assert len(said) == 3
    for answer in (make.amount("3"), make.REFUSE, make.amount("2.5")):
        assert answer in said

    first = rows.nth(0).locator("legend").inner_text()
    tab.reload()
    expect(done).to_have_text("3")
    assert rows.nth(0).locator("legend").inner_text() == first, "the order of a sheet stays"
    expect(rows.nth(0).locator("input[value='3']")).to_be_checked()
    tab.locator("[data-sheet-blank]").check()
    expect(rows.nth(0).locator("legend")).not_to_contain_text(first.split()[0] + " ")

    tab.locator("[data-sheet-seal]").click()
    expect(tab.get_by_text("没有填的 797 户")).to_be_visible()
    tab.get_by_text("没有填的 797 户").click()
    tab.locator("#seal button").click()
    expect(tab.locator("h1")).to_have_text("已封存")
    assert not DraftCell.objects.filter(sheet=village.sheets[0]).exists()
    kept = tab.evaluate("Object.keys(sessionStorage).concat(Object.keys(localStorage))")
    assert set(kept) <= {"htmx-current-path-for-history"}, "nothing of a sheet stays on the device"
    assert not complaints
    tab.wait_for_load_state("networkidle")
    context.close()


def test_a_lost_connection_keeps_the_answer_until_it_is_back(
    village: make.Village, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(client_of(village.assessors[0]))
    tab.goto(reverse("credit:sheet", args=[village.sheets[0].uuid]))
    cut = [True]

    def answer(route: Route) -> bool:
        if cut[0] and route.request.url.endswith("/cell/"):
            route.abort()
            return True
        return False

    tab.answer = answer
    tab.locator("[data-row]").nth(0).locator("input[value=unknown]").check()
    expect(tab.locator("[data-sheet-state][data-state=waiting]")).to_be_visible()
    expect(tab.locator("[data-sheet-seal]")).to_have_attribute("aria-disabled", "true")
    cut[0] = False
    expect(tab.locator("[data-sheet-state][data-state=saved]")).to_be_visible(timeout=10_000)
    assert answers(village) == [{"kind": "unknown"}]


def test_two_tabs_do_not_overwrite_each_other(
    village: make.Village, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    one, two = (open_tab(client_of(village.assessors[0])) for _ in range(2))
    for tab in (one, two):
        tab.goto(reverse("credit:sheet", args=[village.sheets[0].uuid]))
    one.locator("[data-row]").nth(0).locator("input[value='5']").check()
    expect(one.locator("[data-sheet-state][data-state=saved]")).to_be_visible()
    two.locator("[data-row]").nth(0).locator("input[value='1']").check()
    row = two.locator("[data-row]").nth(0)
    expect(row.locator("[data-error]")).to_contain_text("另一个页面")
    expect(row.locator("input[value='5']")).to_be_checked()
    assert answers(village) == [{"kind": "amount", "amount": "50000.00"}]


@pytest.mark.django_db(transaction=True)
def test_a_paper_sheet_with_its_photo_is_typed_on_a_phone_and_compared_on_a_desk(
    chromium: Browser, live_server: Any, client_of: Callable[..., Client], tmp_path: Path
) -> None:
    village = assessing(build(), tmp_path, 12)
    world = village.world
    sheet = make.add_paper(village)
    complaints: list[str] = []

    def at(person: Staff, device: dict[str, object]) -> Page:
        context = chromium.new_context(locale="zh-CN", base_url=live_server.url, **device)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client_of(person).cookies[name].value, "url": live_server.url}])
        tab = context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda line: complaints.append(line.text) if "Security Policy" in line.text else None)
        tab.goto(f"/sheets/{sheet.uuid}/")
        return tab

    deng = at(world.deng, PHONE)
    photos = deng.locator("[data-sheet-pages] .photo")
    expect(deng.locator(".page-note")).to_contain_text("纸上怎么写就怎么录")
    chosen = [
        {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": make.picture("red", (2400, 1800))}
        for number in (1, 2)
    ]
    deng.locator("[data-page-input]").set_input_files([*chosen, {**chosen[0], "name": "a.pdf", "buffer": b"%PDF-1"}])
    expect(photos).to_have_count(2)
    expect(deng.locator("[data-page-error]")).to_contain_text("这不是可用的照片")
    expect(deng.locator("[data-page-count]")).to_have_text("2")
    photos.nth(1).locator("[data-page-drop]").click()
    expect(photos).to_have_count(1)
    deng.reload()
    expect(photos).to_have_count(1)
    assert photos.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 1600
    deng.locator("[data-row]").nth(0).locator("input[value='3']").check()
    expect(deng.locator("[data-sheet-state][data-state=saved]")).to_be_visible()
    deng.locator("[data-sheet-seal]").click()
    deng.locator("input[name=blanks]").check()
    deng.locator("#seal button").click()
    expect(deng.locator("h1")).to_have_text("现在不在您手里")

    chen = at(world.chen, DESKTOP)
    paper, typed = chen.locator(".compare-paper img"), chen.locator(".sheet-check")
    expect(paper).to_have_count(1)
    left, right = paper.bounding_box() or {}, typed.bounding_box() or {}
    assert left["x"] + left["width"] <= right["x"], "side by side"
    chen.get_by_role("link", name="与纸质表一致").click()
    expect(chen.locator(".seal-facts")).to_contain_text("1 张照片")
    chen.locator("input[name=blanks]").check()
    chen.locator("#seal button").click()
    expect(chen.locator("h1")).to_have_text("已封存")
    assert not DraftPage.objects.exists()
    assert not complaints
    for tab in (deng, chen):
        tab.wait_for_load_state("networkidle")
        tab.context.close()
