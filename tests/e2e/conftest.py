"""A real browser whose requests are answered by Django's test client, inside the test's own transaction.

Pages need no server and no committed rows that way; a test that needs both (workers, several browsers) asks for pytest-django's
``live_server`` instead. Multipart bodies lose their files here, so photos are looked at in the browser only.
"""

import os
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.db import connection, connections
from django.test import Client
from playwright.sync_api import Browser, Page, Route, sync_playwright

from config.launch import browser as installed

ORIGIN = "http://localhost:8000"
PHONE = {"viewport": {"width": 412, "height": 839}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="session")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    """The installed browser, started once. While its loop runs, Django keeps a database connection of its own for the
    tests; it is closed here, or the test database could not be dropped."""
    with sync_playwright() as playwright:
        program = os.environ.get("GEDANG_BROWSER") or installed.find()
        started = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield started
        connection.close()
        started.close()


STILL_ANSWERING = """
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and state <> 'idle'
"""


@pytest.fixture(autouse=True)
def all_answered(request: pytest.FixtureRequest) -> Iterator[None]:
    """Wait for what the live server still answers when a test ends, the figure of the inbox for one: an open request holds tables
    that are emptied next."""
    if "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("live_server")
    yield
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute(STILL_ANSWERING)
            if cursor.fetchone() == (0,):
                return
            cursor.execute("select pg_sleep(0.05)")


class Tab(Page):
    """A page with what went wrong in it."""

    complaints: list[str]
    posts: list[dict[str, str]]
    answer: Callable[[Route], bool] | None


def _serve(tab: Tab, client: Client) -> Callable[[Route], None]:
    ours = connections["default"]  # that of the test and its transaction

    def handle(route: Route) -> None:
        connections["default"] = ours  # the browser calls from a context of its own, which would open a second one
        request = route.request
        parts = urlsplit(request.url)
        if parts.path.startswith("/static/"):
            found = finders.find(parts.path.removeprefix("/static/"))
            route.fulfill(path=found) if found else route.fulfill(status=404)
            return
        if tab.answer and tab.answer(route):
            return
        headers = {name: value for name, value in request.headers.items() if name not in ("cookie", "content-length")}
        answer = client.generic(
            request.method,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            request.post_data_buffer or b"",
            content_type=request.headers.get("content-type", "application/octet-stream"),
            headers=headers,
        )
        kept = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
        route.fulfill(status=answer.status_code, headers=kept, body=answer.content)

    return handle


@pytest.fixture
def open_tab(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """``open_tab(client, PHONE)`` returns a page of that signed-in client; script errors end up in ``tab.complaints``."""
    contexts = []

    def make(client: Client, device: dict[str, object] = PHONE) -> Tab:
        context = chromium.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", base_url=ORIGIN, **device)
        contexts.append(context)
        tab = context.new_page()
        tab.complaints, tab.answer = [], None
        tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.on(
            "console",
            lambda line: tab.complaints.append(line.text) if "Content Security Policy" in line.text else None,
        )
        context.route(f"{ORIGIN}/**", _serve(tab, client))
        return tab

    yield make
    for context in contexts:
        context.close()
