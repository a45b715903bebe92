"""The people of the story before their browsers: signed in, on a device, every address they open written down."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response, expect
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
    pages: dict[str, Page] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def at_desk(self, number: str) -> Page:
        """Return the page of a person at a desk, signed in; the same one until everybody leaves."""
        return self._signed_in(number, DESKTOP)

    def on_phone(self, number: str, password: str = PASSWORD) -> Page:
        """Return the page of a person on a phone of 412 x 839 with touch, signed in."""
        return self._signed_in(number, PHONE, password)

    def _signed_in(self, number: str, device: dict[str, object], password: str = PASSWORD) -> Page:
        name = f"{number}-{'phone' if device is PHONE else 'desk'}"
        if name not in self.pages:
            page = self.pages[name] = self._open(device)
            page.goto("/sign-in/")
            page.locator("input[name=username]").fill(number)
            page.locator("input[name=password]").fill(password)
            page.locator("main button.btn-primary").click()
            expect(page.locator(".topline")).to_be_visible()
        return self.pages[name]

    def _open(self, device: dict[str, object]) -> Page:
        """Open a fresh browser on a device, Chinese and in Shanghai time."""
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
        context.on("response", self._mind)
        context.on("console", self._listen)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        return page

    def everybody_leaves(self) -> None:
        """Close every browser: a day is over."""
        for page in self.pages.values():
            with suppress(PlaywrightError):  # the browser itself may be what failed
                page.context.close()
        self.pages.clear()

    def _note(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if request.url.startswith(self.product.address) and not parts.path.startswith("/static/"):
            self.trail.setdefault((request.method, parts.path), parts.query)

    def _mind(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.request.method} {response.url} answers {response.status}")

    def _listen(self, line: ConsoleMessage) -> None:
        if "Content Security Policy" in line.text:
            self.complaints.append(line.text)


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
    """Write every open page and the logs into ``seen``; a browser that is gone leaves nothing."""
    directory = cast.directory / "seen"
    directory.mkdir(parents=True, exist_ok=True)
    for name, page in cast.pages.items():
        with suppress(PlaywrightError):
            text = page.locator("body").inner_text(timeout=5_000)
            (directory / f"{name}.txt").write_text(f"{page.url}\n\n{text}", "utf-8")
            page.screenshot(path=directory / f"{name}.png", full_page=True, timeout=10_000)
    (directory / "logs.txt").write_text(cast.product.logs(), "utf-8")
    return directory
