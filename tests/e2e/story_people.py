"""The people of the story before their browsers: signed in, on a device, every address they open written down."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect
from playwright.sync_api import Error as PlaywrightError

from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.story_product import Product
from tests.world import PASSWORD

PATIENCE = 60_000
"""Milliseconds a condition may take: nothing waits a fixed time, and a busy machine is no failure."""

# The device shows the story's time, as a device in a village would show the time the server has.
SHIFTED_CLOCK = """(() => {
  const Real = Date, shift = %d;
  const Shifted = function (...given) {
    if (!new.target) return new Real(Real.now() + shift).toString();
    return given.length ? new Real(...given) : new Real(Real.now() + shift);
  };
  Object.setPrototypeOf(Shifted, Real);
  Shifted.prototype = Real.prototype;
  Shifted.now = () => Real.now() + shift;
  window.Date = Shifted;
})()"""


@dataclass
class Cast:
    """Everybody's browsers, the trail of addresses they leave, and what a later chapter must know of an earlier one."""

    browser: Browser
    product: Product
    directory: Path
    """Where downloads and what everybody saw are kept."""
    trail: dict[tuple[str, str], str] = field(default_factory=dict)
    """Method and path to the query of the first request."""
    known: dict[str, str] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def arrive(self, number: str, device: dict[str, object] = DESKTOP, *, password: str = PASSWORD) -> Page:
        """Sign a person in on a device of his own; returns his page, at his first page of the day."""
        page = self.device(device)
        page.goto("/sign-in/")
        page.locator("input[name=username]").fill(number)
        page.locator("input[name=password]").fill(password)
        page.locator("main button.btn-primary").click()
        expect(page.locator(".topline")).to_be_visible()
        return page

    def device(self, device: dict[str, object] = DESKTOP) -> Page:
        """Return a page of a fresh browser on a device, Chinese and in Shanghai time."""
        context = self.browser.new_context(
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            base_url=self.product.address,
            geolocation={"latitude": 37.3556, "longitude": 120.4012, "accuracy": 9},
            permissions=["geolocation"],
            **device,
        )
        context.set_default_timeout(PATIENCE)
        context.add_init_script(SHIFTED_CLOCK % (self.product.offset * 1000))
        context.on("request", self._note)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        return page

    def leave(self, *pages: Page) -> None:
        """Close the browsers of these people."""
        for page in pages:
            self.contexts.remove(page.context)
            page.context.close()

    def everybody_leaves(self) -> None:
        """Close every browser."""
        self.leave(*(context.pages[0] for context in list(self.contexts)))

    def _note(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if request.url.startswith(self.product.address) and not parts.path.startswith("/static/"):
            self.trail.setdefault((request.method, parts.path), parts.query)


def on_phone() -> dict[str, object]:
    """A phone of 412 x 839 with touch."""
    return dict(PHONE)


def shot(page: Page, name: str) -> None:
    """Keep a picture for the README when GEDANG_SCREENSHOTS names a directory."""
    directory = os.environ.get("GEDANG_SCREENSHOTS")
    if directory:
        page.wait_for_load_state("networkidle")
        Path(directory).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(directory) / f"{name}.png")


def number_in(place: Locator) -> int:
    """Return the first whole number of a text, thousands separators allowed."""
    found = re.search(r"\d[\d,]*", place.inner_text())
    assert found, f"no number in {place.inner_text()!r}"
    return int(found.group().replace(",", ""))


def until(page: Page, shown: Callable[[], Locator], what: str, seconds: float = PATIENCE / 1000) -> None:
    """Load a page again and again until something is on it; for pages that do not tell by themselves."""
    deadline = time.monotonic() + seconds
    while not shown().count():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s at {page.url}"
        page.wait_for_load_state("networkidle")
        page.reload()


@contextmanager
def told_on_failure(cast: Cast) -> Iterator[None]:
    """On a failure keep every open page as picture and text, and the logs, beside the test's other files."""
    expect.set_options(timeout=PATIENCE)
    try:
        yield
    except BaseException as error:
        error.add_note(f"what everybody saw: {keep_all(cast)}")
        for complaint in cast.complaints:
            error.add_note(complaint)
        raise
    finally:
        expect.set_options(timeout=5_000)
        cast.everybody_leaves()


def keep_all(cast: Cast) -> Path:
    """Write every open page and the logs into ``seen``; a page that cannot be drawn any more leaves its text alone."""
    directory = cast.directory / "seen"
    directory.mkdir(parents=True, exist_ok=True)
    for place, context in enumerate(cast.contexts, start=1):
        for page in context.pages:
            name = f"{place}-{urlsplit(page.url).path.strip('/').replace('/', '-') or 'home'}"
            (directory / f"{name}.txt").write_text(f"{page.url}\n\n{page.locator('body').inner_text()}", "utf-8")
            with suppress(PlaywrightError):
                page.screenshot(path=directory / f"{name}.png", full_page=True, timeout=10_000)
    (directory / "logs.txt").write_text(cast.product.logs(), "utf-8")
    return directory
