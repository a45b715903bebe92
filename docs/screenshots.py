"""Take the screenshots of the README from a running demo county.

Use: ``.venv/bin/python docs/screenshots.py http://127.0.0.1:8000`` while ``make run`` is up. It only looks: nothing is written
but the pictures beside this file.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parent / "screenshots"
PHONE = {"width": 412, "height": 839}
DESK = {"width": 1440, "height": 900}
LIMIT_BYTES = 200_000


class Shot(NamedTuple):
    """One picture: file name, whose page (a post, or an employee number of the demo), how large, how one gets there."""

    name: str
    post: str
    size: dict[str, int]
    walk: Callable[[Page], object]


def _open(path: str) -> Callable[[Page], object]:
    return lambda page: page.goto(path)


def _first(page: Page, selector: str) -> None:
    page.goto(page.locator(selector).first.get_attribute("href") or "")


def _household(page: Page) -> None:
    page.goto("/households/?state=checked")
    _first(page, "main a[href^='/households/']:not([href*='visit'])")


def _visit(page: Page) -> None:
    _household(page)
    page.goto(page.url + "visit/")
    page.locator("a[href='#step-3']").click()


def _sheet(page: Page) -> None:
    page.goto("/sheets/")
    waiting = page.locator("main a[href^='/sheets/']", has_not_text="封存")
    page.goto(waiting.first.get_attribute("href") or "")


def _decision(page: Page) -> None:
    page.goto("/to-decide/")
    _first(page, "main a[href^='/decisions/']")


def _line(page: Page) -> None:
    _household(page)
    page.goto(page.url + "line/")


def _plan(page: Page) -> None:
    page.goto("/plans/new/")
    page.locator("input[type=checkbox][name=auditors]").first.check()


SHOTS = (
    Shot("phone-today", "1402", PHONE, _open("/today/")),
    Shot("phone-household", "客户经理", PHONE, _household),
    Shot("phone-visit", "客户经理", PHONE, _visit),
    Shot("phone-sheet", "0102", PHONE, _sheet),
    Shot("overview", "行领导", DESK, _open("/overview/")),
    Shot("decision", "支行行长", DESK, _decision),
    Shot("line", "支行行长", DESK, _line),
    Shot("weekly", "行领导", DESK, _open("/weekly/")),
    Shot("plan", "审计", DESK, _plan),
    Shot("map", "系统管理员", DESK, _open("/grids/?tab=map")),
)


@contextmanager
def _signed_in(browser: Browser, base: str, shot: Shot) -> Iterator[Page]:
    """Sign in by the demo login the sign-in page offers for the post."""
    context = browser.new_context(
        base_url=base, viewport=shot.size, locale="zh-CN", timezone_id="Asia/Shanghai", device_scale_factor=1
    )
    page = context.new_page()
    page.goto("/sign-in/")
    if shot.post.isdigit():
        offered = page.locator("[data-fill-login]").first
        page.fill("[name=username]", shot.post)
        page.fill("[name=password]", offered.get_attribute("data-fill-password") or "")
        page.press("[name=password]", "Enter")
    else:
        page.locator("[data-fill-login]", has_text=shot.post).click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    yield page
    context.close()


def _save(name: str, picture: bytes) -> int:
    """Write a PNG of 128 colours: a page of text and lines loses nothing one sees."""
    file = FOLDER / f"{name}.png"
    image = Image.open(BytesIO(picture)).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)
    return file.stat().st_size


def main(base: str, wanted: list[str]) -> int:
    """Take every picture, or those named; return 1 when one is too large."""
    FOLDER.mkdir(exist_ok=True)
    too_large = 0
    with sync_playwright() as playwright:
        chromium = which("chromium") or which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for shot in SHOTS:
            if wanted and shot.name not in wanted:
                continue
            with _signed_in(browser, base, shot) as page:
                shot.walk(page)
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(1200)  # charts draw themselves in
                size = _save(shot.name, page.screenshot())
            too_large += size > LIMIT_BYTES
            sys.stdout.write(f"{size:>8}  {shot.name}\n")
        browser.close()
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000", sys.argv[2:]))
