"""The story's control: weeks that do not move once frozen, and a draw that can be repeated."""

import re
import subprocess
import sys

from playwright.sync_api import Page, expect

from tests.e2e.story_people import Cast, number_in, shot, until
from tests.e2e.story_rosters import AT_HOME, HEAD, VISITED, identity

FILES = ("report.xlsx", "report.pdf")
INSPECTIONS = "main a[href^='/inspections/']:visible:not([href*='?'])"
# Of 7 files, with 80 % confidence and 30 % tolerable: 3 without a deviation leave C(4,3)/C(7,3) = 11 % for a worse village.
SAMPLE = 3


def figure(page: Page, name: str) -> int:
    """Return the cumulative figure of a tile, by its exact name."""
    label = page.locator(".stat-label").filter(has_text=re.compile(rf"^\s*{name}\s*$"))
    return number_in(page.locator(".stat").filter(has=label).locator(".stat-value"))


def preview(page: Page, week: str) -> dict[str, int]:
    """Open the running week, which is not frozen, and return its figures."""
    page.goto(f"/weekly/?week={week}")
    expect(page.locator(".report-stamp")).to_contain_text("未冻结")
    return figures(page)


def figures(page: Page) -> dict[str, int]:
    """Return the tiles of a report."""
    return {name: figure(page, name) for name in ("名单户数", "走访", "建档", "复核", "评议", "授信")}


def look_at_the_week(cast: Cast, week: str, expected: dict[str, int]) -> None:
    """The manager sees the running week changed, and goes from a figure to the household behind it."""
    gao = cast.at_desk("0100")
    assert preview(gao, week) == expected
    shot(gao, "weekly")
    label = gao.locator(".stat-label").filter(has_text=re.compile(r"^\s*授信\s*$"))
    gao.locator("a.stat").filter(has=label).click()
    gao.wait_for_url("**/weekly/households/**")
    expect(gao.locator("main")).to_contain_text(HEAD)
    gao.goto("/overview/")
    expect(gao.locator("main h1")).to_be_visible()
    shot(gao, "overview")


def freeze(cast: Cast, week: str) -> Page:
    """Let the worker freeze what is due, and return the auditor's page of the frozen week."""
    cast.product.send("reporting.freeze_due_weeks")
    kang = cast.at_desk("8201")
    kang.goto(f"/weekly/?week={week}")
    until(kang, lambda: kang.locator(".report-stamp", has_text="已冻结"), f"the freeze of {week}")
    return kang


def keep(page: Page, cast: Cast, week: str) -> dict[str, bytes]:
    """Return a frozen week as page, spreadsheet and paper."""
    page.goto(f"/weekly/?week={week}")
    found = {
        "page": page.locator("#report").inner_html().encode(),
        "stamp": page.locator(".report-stamp").inner_html().encode(),
    }
    for name in FILES:
        path = f"/weekly/{week}/{name}"
        cast.trail.setdefault(("GET", path), "")
        answer = page.request.get(path)
        assert answer.status == 200, f"{path}: {answer.status}"
        found[name] = answer.body()
    return found


def assert_unmoved(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Compare a frozen week then and now, byte by byte."""
    for name, content in before.items():
        assert after[name] == content, f"{name} of a frozen week has changed"


# --- Audit ------------------------------------------------------------------------------------------------------------


def draw(cast: Cast) -> None:
    """The auditor plans and draws; the draw is repeated by the page and, from the exported files, by a program."""
    kang = cast.at_desk("8201")
    kang.goto("/plans/new/")
    for name, value in (("confidence_pct", "80"), ("tolerable_pct", "30"), ("expected_pct", "0")):
        kang.locator(f"input[name={name}]").fill(value)
    kang.get_by_role("checkbox", name="康健").check()
    expect(kang.locator("#outlook")).to_contain_text("总体")
    kang.get_by_role("button", name="立计划").click()
    kang.wait_for_url(re.compile(r"/plans/\d+/$"))
    cast.known["plan"] = kang.url
    kang.locator("#seed").fill("20261130")
    kang.get_by_role("button", name="抽取").click()
    expect(kang.locator("#messages")).to_contain_text("总体已冻结")

    kang.get_by_role("button", name="重抽一遍核对").click()
    expect(kang.locator("#again")).to_contain_text("结果完全相同")
    proof = kang.locator("#proof").inner_text()
    population, program = cast.directory / "population.csv", cast.directory / "redraw.py"
    for place in (population, program):
        with kang.expect_download() as download:
            kang.locator("#proof a", has_text=place.name).click()
        download.value.save_as(place)
    size = number_in(kang.locator(".stat").nth(1).locator(".stat-value"))
    again = subprocess.run(
        [sys.executable, "-I", str(program), str(population), "20261130", str(size)],
        capture_output=True, text=True, check=True, cwd=cast.directory,
    ).stdout.splitlines()  # fmt: skip
    assert again[0].removeprefix("population ") in proof, f"{again[0]} is not the fingerprint shown:\n{proof}"
    kang.goto(f"/inspections/?plan={_number(cast.known['plan'])}")
    shown = [_number(link.get_attribute("href") or "") for link in kang.locator(INSPECTIONS).all()]
    assert size == len(set(shown)) == len([line for line in again if line.isdigit()]) == SAMPLE


def _number(url: str) -> str:
    return url.rstrip("/").rsplit("/", 1)[-1]


def inspect_and_conclude(cast: Cast) -> None:
    """The auditor finds in the village what the files say, and the sentence says so."""
    kang = cast.at_desk("8201")
    todo = f"/inspections/?plan={_number(cast.known['plan'])}&state=todo"
    for _ in range(SAMPLE):
        kang.goto(todo)
        kang.locator(INSPECTIONS).first.click()
        _inspect(kang)
    kang.goto(cast.known["plan"])
    kang.get_by_role("button", name="作结论").click()
    kang.wait_for_url("**/conclusions/*/")
    expect(kang.locator(".result-good")).to_contain_text("通过验收")
    shot(kang, "conclusion")


def _inspect(kang: Page) -> None:
    """Fill in the blind form from what the household itself would say, and see it agree with the file."""
    kang.wait_for_url(re.compile(r"/inspections/\d+/$"))
    named = re.search(r"\b00\d\d\b", kang.locator("main").inner_text())
    assert named, "the form does not say which household it is about"
    number = named.group()
    mine = number == VISITED
    id_number, phone = identity(AT_HOME, number, 0)
    told = {
        "id_tail": id_number[-4:],
        "phone_tail": phone[-4:],
        "members": "3",
        "land": "0",
        "gross_income": "90000" if mine else "70000",
        "liabilities": "20000" if mine else "30000",
    }
    kang.locator("input[name=finding]").first.check()
    kang.locator("input[name=came][value=yes]").check()
    for name, value in told.items():
        kang.locator(f"input[name={name}]").fill(value)
    kang.get_by_role("button", name="保存并与档案对照").click()
    expect(kang.locator("#messages")).to_contain_text("已保存")
