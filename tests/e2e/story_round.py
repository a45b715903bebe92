"""The story's decision: three sealed sheets, opening by two, lines by the worker, proposal and approval."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.story_people import Cast, shot, until
from tests.e2e.story_rosters import AT_HOME, VILLAGE_NAME

OWN_PASSWORD = "qin-orchard-in-autumn"
# What each of the three says, by household number, in 万元; households left out stay blank and become "unknown".
OPINIONS = (
    {"0001": "5", "0002": "3", "0003": "2"},
    {"0001": "5", "0002": "3", "0003": "refuse"},
    {"0001": "6", "0002": "5", "0003": "refuse"},
)


def three_sheets(cast: Cast) -> None:
    """The manager prepares the round, two villagers enter their sheets themselves, one paper is typed and confirmed."""
    gao = cast.at_desk("0100")
    gao.goto("/rounds/new/")
    village = gao.locator("select[name=grid] option", has_text=VILLAGE_NAME).filter(has_not_text="小").first
    gao.locator("select[name=grid]").select_option(village.get_attribute("value"))
    gao.locator("main form button.btn-primary").click()
    gao.wait_for_url("**/rounds/*/")
    round_url = cast.known["round"] = gao.url

    logins = [_own_assessor(gao, round_url, name) for name in ("秦德福", "秦玉莲")]
    _unfold(gao, "#add-paper")
    gao.locator("#add-paper input[name=paper-assessor_name]").fill("秦守信")
    gao.locator("#add-paper select[name=paper-typist]").select_option(label="邓平（0102）")
    gao.locator("#add-paper select[name=paper-confirmer]").select_option(label="孙悦（0103）")
    gao.locator("#add-paper button.btn-primary").click()
    expect(gao.locator("#messages")).to_contain_text("已增加纸质评议表")
    gao.get_by_role("button", name="冻结名册，核对名单").click()
    expect(gao.locator("#messages")).to_contain_text("请核对名单")
    gao.get_by_role("button", name="开始评议").click()
    expect(gao.locator("#messages")).to_contain_text("评议已开始")

    for place, (number, password) in enumerate(logins):
        _own_sheet(cast, number, password, OPINIONS[place], picture=place == 0)
    _type_paper(cast, OPINIONS[2])
    _confirm_paper(cast)

    gao.reload()
    expect(gao.locator("#sheets .panel-head")).to_contain_text("封存 3/3 份")
    # Sealed is all there is to know before the opening.
    assert "万元" not in gao.locator("#sheets").inner_text()


def _unfold(page: Page, form: str) -> None:
    if not page.locator(form).is_visible():
        page.locator(f"details:has({form}) > summary").click()


def _own_assessor(gao: Page, round_url: str, name: str) -> tuple[str, str]:
    gao.goto(round_url)
    _unfold(gao, "#add-own")
    gao.locator("#add-own input[name=own-name]").fill(name)
    gao.locator("#add-own button.btn-primary").click()
    expect(gao.locator(".secret")).to_be_visible()
    number = gao.locator(".facts strong.mono").first.inner_text()
    password = gao.locator(".secret").inner_text()
    gao.get_by_role("link", name="返回这一轮").click()
    return number, password


def _own_sheet(cast: Cast, number: str, password: str, opinions: dict[str, str], *, picture: bool) -> None:
    """A villager signs in on a phone with his one-time password, chooses his own, fills in and seals."""
    villager = cast.on_phone(number, password)
    villager.wait_for_url("**/me/password/")
    villager.locator("input[name=old_password]").fill(password)
    for field in ("new_password1", "new_password2"):
        villager.locator(f"input[name={field}]").fill(OWN_PASSWORD)
    villager.locator("main form button.btn-primary").click()
    villager.goto("/")
    villager.wait_for_url("**/sheets/*/")
    _fill(villager, opinions)
    if picture:
        shot(villager, "sheet-phone")
    villager.locator("[data-sheet-seal]").click()
    expect(villager.locator("h1")).to_have_text("封存这份评议表")
    villager.locator("input[name=blanks]").check()
    villager.locator("#seal button.btn-primary").click()
    expect(villager.locator("h1")).to_have_text("已封存")
    sheet = villager.url
    villager.goto(sheet)  # read back by nobody, not by himself either
    expect(villager.locator("[data-sheet]")).to_have_count(0)


def _fill(page: Page, opinions: dict[str, str]) -> None:
    for number, opinion in opinions.items():
        row = page.locator("[data-row]", has_text=f"{number} ·")
        if opinion == "refuse":
            row.locator("[data-aside][value=refuse]").check()
            row.locator("[data-reason]").first.check()
        elif row.locator(f"[data-amount][value='{opinion}']").count():
            row.locator(f"[data-amount][value='{opinion}']").check()
        else:
            row.locator("[data-other]").fill(opinion)
            row.locator("[data-other]").press("Tab")
    expect(page.locator("[data-sheet-done]")).to_have_text(str(len(opinions)))
    expect(page.locator("[data-sheet-state]")).to_have_attribute("data-state", "saved")


def _type_paper(cast: Cast, opinions: dict[str, str]) -> None:
    """Deng photographs the paper, types what stands on it and hands it over; from then on he does not see it."""
    deng = cast.at_desk("0102")
    deng.goto("/sheets/")
    deng.wait_for_url("**/sheets/*/")
    deng.locator("[data-page-input]").set_input_files(
        {"name": "paper.jpg", "mimeType": "image/jpeg", "buffer": _paper_photo()}
    )
    expect(deng.locator("[data-sheet-pages] .photo")).to_have_count(1)
    _fill(deng, opinions)
    deng.locator("[data-sheet-seal]").click()
    deng.locator("input[name=blanks]").check()
    deng.locator("#seal button.btn-primary").click()
    expect(deng.locator("h1")).to_have_text("现在不在您手里")


def _paper_photo() -> bytes:
    photo = BytesIO()
    Image.new("RGB", (2000, 1400), "ivory").save(photo, "JPEG")
    return photo.getvalue()


def _confirm_paper(cast: Cast) -> None:
    """Sun compares what was typed with the paper and seals it."""
    sun = cast.at_desk("0103")
    sun.goto("/sheets/")
    sun.wait_for_url("**/sheets/*/")
    photo = sun.locator(".compare-paper img")
    assert photo.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    expect(sun.locator(".sheet-check tbody tr")).to_have_count(len(AT_HOME))
    row = sun.locator(".sheet-check tr", has=sun.get_by_role("cell", name="0001", exact=True))
    expect(row).to_contain_text("6 万元")
    sun.get_by_role("link", name="与纸质表一致").click()
    sun.locator("input[name=blanks]").check()
    sun.locator("#seal button.btn-primary").click()
    expect(sun.locator("h1")).to_have_text("已封存")


def open_by_two(cast: Cast) -> None:
    """Gao asks, the approver agrees, the opener's process opens; the village's figures are there."""
    gao = cast.at_desk("0100")
    round_url = cast.known["round"]
    gao.goto(round_url)
    gao.get_by_role("button", name="申请开启").click()
    expect(gao.locator("#messages")).to_contain_text("等第二人同意")
    jiang = cast.at_desk("8101")
    jiang.goto(round_url)
    jiang.locator("#second > summary").click()
    jiang.locator("#second form button.btn-primary").click()
    until(jiang, lambda: jiang.locator("table [href*='/decisions/']"), "the opening")
    row = jiang.locator("tr", has_text="0001")
    expect(row).to_contain_text("5.30")  # 5, 5 and 6 lie close enough: their mean, down to 0.1 万元
    expect(jiang.locator("tr", has_text="0003")).to_contain_text("不予授信")
    _look_at_the_paper(jiang)
    gao.goto("/rounds/")
    shot(gao, "rounds")


def _look_at_the_paper(page: Page) -> None:
    """After the opening the photo of the paper is there for who sees the opinions."""
    page.get_by_role("link", name="纸质评议表的照片").click()
    page.get_by_text("查看照片").click()
    assert page.locator(".paper-pages img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def compute_and_publish(cast: Cast) -> None:
    """An approver has the village's lines computed by the worker; his colleague publishes them."""
    jiang = cast.at_desk("8101")
    jiang.goto("/lines/")
    jiang.locator("#line-model").select_option("s1")
    jiang.locator("#line-branch").select_option(label="大秦家支行")
    jiang.locator("#line-grid:not([disabled])").select_option(label=VILLAGE_NAME)
    jiang.get_by_role("button", name="开始测算").click()
    jiang.wait_for_url("**/lines/*/")
    run_url = jiang.url
    expect(jiang.locator("#results table")).to_be_visible()
    expect(jiang.get_by_role("button", name="发布")).to_have_count(0)  # who had it computed does not publish it
    jiang2 = cast.at_desk("8102")
    jiang2.goto(run_url)
    shot(jiang2, "line-run")
    jiang2.locator("summary", has_text="发布").click()
    jiang2.locator("form[action$='/publish/'] button.btn-primary").click()
    expect(jiang2.locator("#messages")).to_contain_text("已发布")


def decide(cast: Cast) -> None:
    """Computed again with the published lines: the officer proposes, his manager refers, the approver grants."""
    gao = cast.at_desk("0100")
    gao.goto(cast.known["round"])
    expect(gao.locator("tr", has_text="0001")).to_contain_text("待建档")
    gao.get_by_role("button", name="重新测算待建档户").click()
    until(gao, lambda: gao.locator("tr", has_text="0001").filter(has_text="待提交"), "the computation with the lines")

    chen = cast.at_desk("0101")
    chen.goto(cast.known["round"])
    chen.locator("tr", has_text="0001").get_by_role("link").click()
    chen.wait_for_url("**/decisions/*/")
    cast.known["decision"] = chen.url
    # The village says 5.3, the model 2.346; the lower one binds, down to 1,000 yuan.
    expect(chen.locator("#amount")).to_have_value("2.3")
    chen.locator("#decide button.btn-primary").click()
    expect(chen.locator("#messages")).to_contain_text("已办理")
    expect(chen.locator("#act")).to_have_count(0)

    gao.goto(cast.known["decision"])
    gao.locator("#reason").fill("果园扩种，情况属实")
    gao.get_by_role("button", name="上报业务审批岗").click()
    expect(gao.locator("#messages")).to_contain_text("已办理")
    _grant(cast)
    _see_the_line(cast)


def _grant(cast: Cast) -> None:
    jiang = cast.at_desk("8101")
    jiang.goto("/to-decide/")
    jiang.get_by_role("link", name="秦建国").click()
    jiang.wait_for_url(cast.known["decision"])
    jiang.get_by_role("button", name="批准").click()
    expect(jiang.locator("#messages")).to_contain_text("已办理")
    expect(jiang.locator(".page-note")).to_contain_text("已授信")
    shot(jiang, "decision")


def _see_the_line(cast: Cast) -> None:
    """Chen finds granted line and model line on the household's page, and how they came about."""
    chen = cast.at_desk("0101")
    chen.goto("/households/?state=checked")
    chen.locator("tr", has_text="0001").get_by_role("link").first.click()
    expect(chen.locator("#household-line")).to_contain_text("2.30 万元")
    chen.locator("#household-line a").click()
    expect(chen.locator(".line-figures")).to_contain_text("授信额度")
    expect(chen.locator("#about")).to_contain_text("重新计算，结果一致")
    shot(chen, "line")
