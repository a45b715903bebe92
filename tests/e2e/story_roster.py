"""The story's beginning: two roster files, uploaded, checked without a trace, confirmed by another person, written."""

import re

from playwright.sync_api import Page, expect

from tests.e2e import story_rosters
from tests.e2e.story_people import Cast, shot
from tests.e2e.story_rosters import AT_HOME, FAR_AWAY, VILLAGE_NAME

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HOUSEHOLDS, PEOPLE = len(AT_HOME), 3 * len(AT_HOME)


def import_workbook(cast: Cast) -> None:
    """Chen uploads the village's workbook; nothing is written before his manager has confirmed it."""
    chen, gao = cast.at_desk("0101"), cast.at_desk("0100")
    with cast.product.paused("worker"):
        _upload(chen, "大秦家村名册.xlsx", XLSX, story_rosters.workbook())
        expect(chen.locator(".run")).to_contain_text("排队中")
    expect(chen.locator("main")).to_contain_text("检查通过，等另一人确认")
    # New, changed, unchanged, found before, not in the file: households, then people.
    village = chen.get_by_role("region", name="各村数字").locator("tbody tr", has_text=VILLAGE_NAME).locator("td")
    expect(village).to_have_text([str(HOUSEHOLDS), "0", "0", "0", "0", str(PEOPLE), "0", "0", "0", "0"])
    shot(chen, "roster")
    expect(chen.locator("#confirm-roster")).to_have_count(0)  # not by himself
    chen.goto("/households/")
    expect(chen.locator("#households")).to_contain_text("还没有农户")

    _confirm(gao, "大秦家村名册.xlsx")
    expect(gao.locator("main")).to_contain_text(f"已导入：新增 {HOUSEHOLDS} 户、{PEOPLE} 人")
    chen.reload()
    expect(chen.locator("#households tbody tr")).to_have_count(HOUSEHOLDS)

    # The same list once more brings nothing new.
    _upload(chen, "大秦家村名册（又一份）.xlsx", XLSX, story_rosters.workbook())
    expect(chen.locator("main")).to_contain_text("检查通过")
    expect(village).to_have_text(["0", "0", str(HOUSEHOLDS), "0", "0", "0", "0", str(PEOPLE), "0", "0"])
    chen.locator("#discard-roster > summary").click()
    chen.locator("#discard-roster form button").first.click()
    expect(chen.locator("main")).to_contain_text("已放弃，没有写入")


def import_list_elsewhere(cast: Cast) -> None:
    """Another branch imports its own village from a GB18030 csv; this is not followed by anybody of ours."""
    trail = dict(cast.trail)
    fang, he = cast.at_desk("0201"), cast.at_desk("0200")
    _upload(fang, "邢家村.csv", "text/csv", story_rosters.list_elsewhere())
    expect(fang.locator("main")).to_contain_text("检查通过，等另一人确认")
    _confirm(he, "邢家村.csv")
    expect(he.locator("main")).to_contain_text(f"已导入：新增 {len(FAR_AWAY)} 户")
    cast.trail = trail


def _upload(page: Page, name: str, kind: str, content: bytes) -> None:
    page.goto("/households/")
    page.locator("main").get_by_role("link", name="名册").first.click()
    page.get_by_role("link", name="上传名册").first.click()
    page.locator("input[name=source]").fill("村民委员会")
    page.locator("input[name=legal_basis]").fill("整村授信合作协议第 3 条")
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})
    page.get_by_role("button", name="上传并检查").click()
    page.wait_for_url(re.compile(r"/rosters/\d+/$"))


def _confirm(page: Page, name: str) -> None:
    page.goto("/queues/")
    page.locator("main").get_by_role("link", name="名册").first.click()
    page.get_by_role("link", name=name).click()
    page.locator("#confirm-roster > summary").click()
    page.locator("#confirm-roster form button.btn-primary").click()
