"""Sessions end when idle and when old; the end is answered so that a page can keep what was typed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from config.lib.clock import SHANGHAI
from tests.world import PASSWORD, World

MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=SHANGHAI)


@pytest.fixture
def at(world: World) -> Callable[[timedelta, Client], int]:
    """Return the status of a page asked for some time after the morning's sign-in."""

    def ask(after: timedelta, client: Client) -> int:
        with time_machine.travel(MORNING + after, tick=False):
            return client.get(reverse("grids:me")).status_code

    return ask


@pytest.fixture
def signed_in(world: World) -> Client:
    client = Client()
    with time_machine.travel(MORNING, tick=False):
        assert client.post("/sign-in/", {"username": "chen", "password": PASSWORD}).status_code == 302
    return client


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_an_idle_session_ends(signed_in: Client, at: Callable[..., int], settings: Any) -> None:
    assert at(minutes(settings.SESSION_IDLE_MINUTES), signed_in) == 200
    assert at(minutes(2 * settings.SESSION_IDLE_MINUTES + 1), signed_in) == 302


def test_work_keeps_a_session_alive_but_not_beyond_its_day(
    signed_in: Client, at: Callable[..., int], settings: Any
) -> None:
    step = settings.SESSION_IDLE_MINUTES - 5
    last = settings.SESSION_HOURS * 60
    assert {at(minutes(count), signed_in) for count in range(step, last, step)} == {200}
    assert at(minutes(last + 1), signed_in) == 302


def test_an_ended_session_is_gone_for_good(signed_in: Client, at: Callable[..., int], settings: Any) -> None:
    assert at(minutes(settings.SESSION_IDLE_MINUTES + 1), signed_in) == 302
    assert at(minutes(1), signed_in) == 302


def test_a_fragment_learns_that_the_session_ended_instead_of_showing_a_sign_in_page(world: World) -> None:
    answer = Client().get(reverse("lib:job_list"), headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Reswap"]) == (401, "none")
    program = Client().get(reverse("lib:job_list"), headers={"Accept": "application/json"})
    assert program.status_code == 401


def test_after_a_form_that_came_too_late_the_sign_in_leads_back_to_it(
    signed_in: Client, settings: Any, world: World
) -> None:
    form = reverse("grids:password")
    with time_machine.travel(MORNING + minutes(settings.SESSION_IDLE_MINUTES + 1), tick=False):
        answer = signed_in.post(form, {"old_password": PASSWORD})
        assert answer["Location"] == f"/sign-in/?next={form}"
        again = signed_in.post("/sign-in/", {"username": "chen", "password": PASSWORD, "next": form})
        assert again["Location"] == form


def test_signing_in_makes_a_new_session_key(world: World) -> None:
    client = Client()
    client.get("/sign-in/")
    before = client.cookies.get("gedang_session")
    client.post("/sign-in/", {"username": "chen", "password": PASSWORD})
    first = client.cookies["gedang_session"].value
    client.post("/sign-out/")
    client.post("/sign-in/", {"username": "chen", "password": PASSWORD})
    assert before is None
    assert client.cookies["gedang_session"].value != first
    assert client.cookies["gedang_session"]["httponly"]
