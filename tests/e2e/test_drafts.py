"""Drafts on the device: saved as one types, encrypted, restored, sent with one identity however often it takes."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client
from PIL import Image
from playwright.sync_api import Locator, Route, expect

from tests.e2e.conftest import ORIGIN, Tab
from tests.world import World

pytestmark = pytest.mark.browser

READ_ALL = """() => new Promise((resolve) => {
  const request = indexedDB.open('gedang-drafts');
  request.onsuccess = () => {
    const stores = request.result.transaction(['drafts', 'photos']);
    const drafts = stores.objectStore('drafts').getAll();
    const photos = stores.objectStore('photos').getAll();
    stores.oncomplete = () => resolve([drafts.result, photos.result].map((list) => list.map((one) =>
      [one.id, String.fromCharCode.apply(null, new Uint8Array(one.sealed).slice(0, 400))])));
  };
})"""


@pytest.fixture
def tab(world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab]) -> Tab:
    page = open_tab(client_of(world.an))
    page.goto("/style/")
    expect(_state(page)).to_have_attribute("data-state", "none")
    return page


def _state(tab: Tab) -> Locator:
    return tab.locator("[data-draft-state]")


def _send(tab: Tab) -> None:
    tab.locator("#sample .action-bar .btn-primary").click()


def _photo() -> dict[str, object]:
    picture = BytesIO()
    Image.new("RGB", (2400, 1200), "#777").save(picture, "JPEG")
    return {"name": "yard.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}


def _fill(tab: Tab) -> None:
    tab.locator("#id_head").fill("王桂兰")
    tab.locator("#sample .choice", has_text="AAA").click()
    tab.set_input_files("[data-photo-input]", _photo())
    expect(tab.locator(".photo")).to_have_count(1)
    expect(_state(tab)).to_have_attribute("data-state", "saved")


def _answering(tab: Tab, *answers: dict[str, object] | None) -> list[str]:
    """Answer the posts of the page one after another (None: no connection) and return the identities they carried."""
    identities: list[str] = []
    waiting = list(answers)

    def answer(route: Route) -> bool:
        if route.request.method != "POST":
            return False
        body = (route.request.post_data_buffer or b"").decode("utf-8", "replace")
        identities.append(body.split('name="client_id"')[1].split("--")[0].strip())
        given = waiting.pop(0)
        route.abort() if given is None else route.fulfill(**given)
        return True

    tab.answer = answer
    return identities


DONE = {"status": 200, "content_type": "application/json", "body": '{"url": "/style/?done=1"}'}


def test_a_draft_comes_back_after_a_reload_with_its_photos_and_identity(tab: Tab) -> None:
    _fill(tab)
    identity = tab.locator("[name=client_id]").input_value()
    expect(tab.locator("[data-draft-text]")).to_contain_text("草稿已存")

    tab.reload()

    expect(_state(tab)).to_have_attribute("data-state", "restored")
    expect(tab.locator("#id_head")).to_have_value("王桂兰")
    expect(tab.locator("#sample input[value=AAA]")).to_be_checked()
    expect(tab.locator(".photo")).to_have_count(1)
    expect(tab.locator("[name=client_id]")).to_have_value(identity)


def test_nothing_readable_lies_on_the_device(tab: Tab) -> None:
    _fill(tab)
    drafts, photos = tab.evaluate(READ_ALL)
    assert len(drafts) == len(photos) == 1
    assert "fields" not in drafts[0][1]
    assert "JFIF" not in photos[0][1]
    stored = tab.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    assert "王桂兰" not in stored


def test_another_person_on_the_same_device_meets_no_draft(
    tab: Tab, world: World, client_of: Callable[..., Client]
) -> None:
    _fill(tab)
    other = client_of(world.mo)

    def as_other(route: Route) -> bool:
        path = route.request.url.removeprefix(ORIGIN)
        answer = other.get(path)
        route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)
        return True

    tab.answer = as_other
    tab.reload()
    expect(_state(tab)).to_have_attribute("data-state", "none")
    expect(tab.locator("#id_head")).to_have_value("")


def test_a_lost_connection_keeps_everything_and_sends_one_identity(tab: Tab) -> None:
    _fill(tab)
    identities = _answering(tab, None, DONE)

    _send(tab)
    expect(_state(tab)).to_have_attribute("data-state", "waiting")
    expect(tab.locator("[data-sync-text]")).to_have_text("1 份未送出")

    tab.reload()  # what was asked for goes on by itself once the page and the server are back
    tab.wait_for_url("**/style/?done=1")
    assert len(identities) == 2
    assert len(set(identities)) == 1

    expect(_state(tab)).to_have_attribute("data-state", "none")
    assert tab.evaluate(READ_ALL) == [[], []]
    expect(tab.locator("[data-sync]")).to_be_hidden()


def test_what_the_server_refuses_is_said_and_kept(tab: Tab) -> None:
    _fill(tab)
    _answering(tab, {"status": 413, "headers": {"X-Request-ID": "4f1c9a77"}}, {"status": 401}, DONE)

    _send(tab)
    expect(tab.locator("[data-draft-message]")).to_contain_text("内容太大")
    expect(tab.locator("[data-draft-message]")).to_contain_text("编号 4f1c9a77")
    expect(tab.locator("#id_head")).to_have_value("王桂兰")

    _send(tab)
    expect(tab.locator("[data-draft-message]").get_by_role("link", name="重新登录")).to_be_visible()

    tab.goto("/style/")
    tab.wait_for_url("**/style/?done=1")


def test_wrong_fields_come_back_with_the_form_and_its_identity(tab: Tab) -> None:
    _fill(tab)
    identity = tab.locator("[name=client_id]").input_value()
    _send(tab)  # the style page answers with the page again
    expect(_state(tab)).to_have_attribute("data-state", "saved")
    expect(tab.locator(".photo")).to_have_count(1)
    expect(tab.locator("[name=client_id]")).to_have_value(identity)


def test_without_web_crypto_the_page_says_that_drafts_do_not_last(
    world: World, client_of: Callable[..., Client], open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(client_of(world.an))
    tab.add_init_script("Object.defineProperty(window.crypto, 'subtle', {value: undefined})")
    tab.goto("/style/")
    expect(_state(tab)).to_have_attribute("data-state", "page-only")
    expect(tab.locator("[data-draft-text]")).to_have_text("草稿只保留在本页，关闭即丢失")
    _answering(tab, DONE)
    tab.locator("#id_head").fill("王桂兰")
    _send(tab)
    tab.wait_for_url("**/style/?done=1")


def test_a_full_device_is_said(tab: Tab) -> None:
    tab.evaluate(
        """() => { IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"""
    )
    tab.locator("#id_head").fill("王桂兰")
    expect(_state(tab)).to_have_attribute("data-state", "full")
