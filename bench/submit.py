"""Submitting visits with a full form: 16 officers at once over real connections to the web server that ``make run`` starts.

Every answer is the redirect to the household; anything else is an error, and none is allowed. What is demanded is an even
pace, p99 within three times p50: nobody in a queue of savings waits much longer than the next.
"""

import http.client
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from bench.harness import ROOT, Result, installation, percentile
from config.launch.embedded import free_port
from config.launch.paths import UNPUBLISHED

CONNECTIONS = 16
LARGEST_RATIO = 3.0
TOKEN = "a" * 64  # the form's token is compared with the cookie's; any will do that both hold
START_SECONDS = 60


def run(*, full: bool) -> Iterator[Result]:
    """Measure 2,000 submissions (320 at everyday size) of the demo's officers."""
    with installation():
        manage = [sys.executable, str(ROOT / "manage.py")]
        subprocess.run([*manage, "demo", "--json", "--small"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*manage, "collectstatic", "--no-input", "--verbosity=0", *UNPUBLISHED], check=True)
        work = _work(2000 if full else 320)
        queries = _queries(*work.pop())
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:config.launch.gunicorn", "config.wsgi:application"],
            cwd=ROOT,
            env={**os.environ, "PORT": str(port)},
        )
        try:
            _wait(port)
            warm, work = work[: CONNECTIONS * 2], work[CONNECTIONS * 2 :]
            _send_all(port, warm)
            started = time.perf_counter()
            milliseconds, errors = _send_all(port, work)
            seconds = time.perf_counter() - started
        finally:
            server.terminate()
            server.wait(30)
    p50, p99 = percentile(milliseconds, 0.5), percentile(milliseconds, 0.99)
    yield Result(
        "submit of a visit with a full form, p99 / p50",
        p99 / p50,
        "x",
        LARGEST_RATIO,
        {
            "ratio_to_limit": round(p99 / p50 / LARGEST_RATIO, 3),
            "connections": CONNECTIONS,
            "submits": len(work),
            "p50_ms": round(p50, 1),
            "p99_ms": round(p99, 1),
            "per_second": round(len(work) / seconds, 1),
            "queries": queries,
        },
    )
    yield Result("answers that were no redirect", float(len(errors)), "errors", 0.0, {"first": errors[:3]})


def _work(count: int) -> list[tuple[str, int, str]]:
    """Return (session, household, body) of so many submissions, the officers in turn."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from customers.models import Household
    from grids.models import Seat
    from tests.customers.pages import filled

    sessions: dict[int, str] = {}
    found: list[tuple[str, int, str]] = []
    seats = {seat.grid_id: seat.staff for seat in Seat.objects.filter(kind__covers=True).select_related("staff")}
    homes = list(Household.objects.filter(subject__left_on__isnull=True, grid_id__in=seats).order_by("subject_id"))
    random.Random(5).shuffle(homes)
    for place in range(count + 1 + CONNECTIONS * 2):
        home = homes[place % len(homes)]
        staff: Any = seats[home.grid_id]
        if staff.pk not in sessions:
            store = SessionStore()
            store[SESSION_KEY] = str(staff.pk)
            store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
            store[HASH_SESSION_KEY] = staff.get_session_auth_hash()
            store.create()
            sessions[staff.pk] = str(store.session_key)
        told = filled(home)
        # What the page would ask about amounts that moved is answered: the officer means them.
        meant = [f"{name}={value}" for name, value in told.items()]
        body = urlencode({**told, "confirmed": meant, "csrfmiddlewaretoken": TOKEN}, doseq=True)
        found.append((sessions[staff.pk], home.pk, body))
    return found


def _headers(session: str) -> dict[str, str]:
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"gedang_session={session}; gedang_csrf={TOKEN}",
    }


def _queries(session: str, household: int, body: str) -> int:
    """Return the statements of one submission, the frame of every request included."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.cookies.load({"gedang_session": session, "gedang_csrf": TOKEN})
    with CaptureQueriesContext(connection) as captured:
        answer = client.post(f"/households/{household}/visit/", body, content_type="application/x-www-form-urlencoded")
    if answer.status_code != http.HTTPStatus.FOUND:
        raise RuntimeError(f"status {answer.status_code}")
    return len(captured)


def _wait(port: int) -> None:
    for _ in range(START_SECONDS * 4):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass
        time.sleep(0.25)
    raise RuntimeError("the web server did not start")


def _send_all(port: int, work: list[tuple[str, int, str]]) -> tuple[list[float], list[str]]:
    milliseconds: list[float] = []
    errors: list[str] = []
    waiting = iter(work)
    lock = threading.Lock()

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                one = next(waiting, None)
            if one is None:
                return
            session, household, body = one
            started = time.perf_counter()
            connection.request("POST", f"/households/{household}/visit/", body, _headers(session))
            answer = connection.getresponse()
            answer.read()
            taken = (time.perf_counter() - started) * 1000
            with lock:
                milliseconds.append(taken)
                if answer.status != http.HTTPStatus.FOUND:
                    errors.append(f"{household}: {answer.status}")

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return milliseconds, errors
