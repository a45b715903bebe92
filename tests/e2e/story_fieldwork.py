"""The story's fieldwork: a visit on a phone whose connection goes, and the second officer's check."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.story_people import Cast, shot
from tests.e2e.story_rosters import AT_HOME, VISITED, identity

HELD = """() => new Promise((resolve) => {
  const request = indexedDB.open('gedang-drafts');
  request.onsuccess = () => {
    const stores = request.result.transaction(['drafts', 'photos']);
    const drafts = stores.objectStore('drafts').count();
    const photos = stores.objectStore('photos').count();
    stores.oncomplete = () => { request.result.close(); resolve([drafts.result, photos.result]); };
  };
})"""


def visit_without_connection(cast: Cast) -> None:
    """Chen opens household 0001 on his phone, loses the connection half way, loses the page too, and submits in the end."""
    chen = cast.on_phone("0101")
    chen.goto("/households/?state=never")
    chen.locator(".row-link:visible", has_text="0001").click()
    expect(chen.locator("h1")).to_contain_text("秦建国")
    home = chen.url
    # He calls ahead: the number is shown on record.
    chen.locator(".reveal button", has_text="手机号").first.click()
    expect(chen.locator("main")).to_contain_text(identity(AT_HOME, VISITED, 0)[1])
    chen.get_by_role("link", name="开始走访").locator("visible=true").click()
    expect(chen.locator("[data-step-text]")).to_contain_text("见面与同意")

    _choose(chen, "outcome", "interviewed")
    _choose(chen, "consent", "spoken")
    _next(chen, "家庭")
    for place in range(3):
        chen.locator(f"input[name=members-{place}-labour][value=able]").check()
        chen.locator(f"select[name=members-{place}-occupation]").select_option("farming")
    _next(chen, "财产负债")
    _add(chen, "assets", "house", {"current": "180000", "disposable": "80000"})
    _saved(chen)

    chen.context.set_offline(True)
    _add(chen, "assets", "vehicle", {"current": "60000", "disposable": "40000"})
    _add(chen, "liabilities", "own_bank", {"outstanding": "20000"})
    expect(chen.locator("#step-3 [data-total='assets - liabilities']")).to_have_text("220,000")
    _saved(chen)
    shot(chen, "visit-phone")
    draft = chen.locator("input[name=client_uuid]").input_value()

    # The phone takes the page away meanwhile; it opens again once the server is in reach.
    chen.context.set_offline(False)
    chen.reload()
    expect(chen.locator("[data-draft-state]")).to_have_attribute("data-state", "restored")
    expect(chen.locator("[data-step-text]")).to_contain_text("财产负债")
    expect(chen.locator("input[name=assets-1-current]")).to_have_value("60000")
    expect(chen.locator("input[name=liabilities-0-outstanding]")).to_have_value("20000")
    assert chen.locator("input[name=client_uuid]").input_value() == draft

    _next(chen, "收入支出")
    _add(chen, "income", "planting", {"gross": "60000", "cost": "22000"})
    _add(chen, "income", "labour", {"gross": "30000"})
    _add(chen, "expenses", "living", {"amount": "24000"})
    expect(chen.locator("#step-4 [data-total='gross - cost']")).to_have_text("68,000")
    _next(chen, "需求评价")
    for name, value in (("status", "normal"), ("judgement", "good"), ("grade", "AA")):
        _choose(chen, name, value)
    _next(chen, "拍照完成")
    _photograph(chen)

    chen.context.set_offline(True)
    chen.locator("[data-step-last]").click()
    expect(chen.locator("[data-draft-state]")).to_have_attribute("data-state", "waiting")
    assert chen.evaluate(HELD) == [1, 1]
    chen.context.set_offline(False)  # what was asked for goes on by itself
    chen.wait_for_url(home)
    expect(chen.locator(".result-good")).to_contain_text("走访和第 1 版档案已保存")
    assert chen.evaluate(HELD) == [0, 0]
    shot(chen, "household-phone")

    # Who collected the file does not find it among those to check.
    chen.goto("/queues/")
    expect(chen.locator("#files")).not_to_contain_text("秦建国")


def second_check(cast: Cast) -> None:
    """Deng, who covers another village, gets the file through the queue and accepts it."""
    deng = cast.at_desk("0102")
    deng.goto("/queues/")
    deng.locator("#files .row-link", has_text="秦建国").click()
    expect(deng.locator(".compare")).to_contain_text("180,000")
    deng.get_by_role("button", name="通过").click()
    deng.wait_for_url("**/queues/")
    expect(deng.locator("#files")).not_to_contain_text("秦建国")


def _choose(page: Page, name: str, value: str) -> None:
    page.locator(f"input[name={name}][value={value}]").check()


def _next(page: Page, heading: str) -> None:
    page.locator("[data-step-next]").click()
    expect(page.locator("[data-step-text]")).to_contain_text(heading)


def _add(page: Page, section: str, kind: str, amounts: dict[str, str]) -> None:
    rows = page.locator(f"[data-rows={section}]")
    rows.locator(f"[data-add-kind={kind}]").click()
    row = rows.locator("[data-row]:visible").last
    for name, amount in amounts.items():
        row.locator(f"input[name$='-{name}']").fill(amount)


def _saved(page: Page) -> None:
    expect(page.locator("[data-draft-state]")).to_have_attribute("data-state", "saved")


def _photograph(page: Page) -> None:
    yard = BytesIO()
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(yard, "JPEG")
    page.locator("[data-photo-input]").set_input_files(
        {"name": "yard.jpg", "mimeType": "image/jpeg", "buffer": yard.getvalue()}
    )
    expect(page.locator(".photo")).to_have_count(1)
