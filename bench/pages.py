"""The demo county from empty to full, and then every page of it as every post: what people wait for, on the server.

Pages are found as people find them: from the tabs of each post along the links. A page is a whole request (session, acting
person, row security, template), answered in this process; the first answer of each kind of page warms code and is not counted.
Six addresses of every kind are asked twice: of more than two hundred kinds, every link would take an hour.
"""

import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin

from bench.harness import ROOT, Result, installation, percentile
from config.launch.paths import UNPUBLISHED

DEMO_SECONDS = 60.0
LIMIT_MS = 100.0
ADDRESSES_OF_A_KIND = 6
ANSWERS = 2
LEFT_OUT = {"sign_out"}


def run(*, full: bool) -> Iterator[Result]:
    """Measure the filling of the demo county, then the 95th percentile of server time by post."""
    with installation():
        seconds, figures = _demo(full=full)
        details = {name: figures[name] for name in ("villages", "households", "people")}
        subprocess.run(_manage("collectstatic", "--no-input", "--verbosity=0", *UNPUBLISHED), check=True)
        yield Result("demo county", seconds, "s", DEMO_SECONDS if full else None, details)
        for login in _logins():
            samples = _measure(login["username"], addresses=ADDRESSES_OF_A_KIND if full else 3)
            by_page = {page: percentile(values, 0.95) for page, values in samples.items()}
            p95 = percentile([one for values in samples.values() for one in values], 0.95)
            slowest = sorted(by_page, key=lambda page: -by_page[page])[:8]
            yield Result(
                f"pages of {login['kind']}, p95",
                p95,
                "ms",
                LIMIT_MS,
                {
                    "ratio_to_limit": round(p95 / LIMIT_MS, 3),
                    "pages": len(by_page),
                    "answers": sum(len(values) for values in samples.values()),
                    "p95_of_slowest_pages": {page: round(by_page[page], 1) for page in slowest},
                },
            )


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def _demo(*, full: bool) -> tuple[float, dict[str, Any]]:
    command = _manage("demo", "--json", *([] if full else ["--small"]))
    started = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return time.perf_counter() - started, json.loads(done.stdout.splitlines()[-1])


def _logins() -> list[dict[str, Any]]:
    from grids.services.staff import demo_logins

    return demo_logins()


def _asked(client: Any, address: str) -> tuple[Any, float]:
    started = time.perf_counter()
    answer = client.get(address)
    return answer, (time.perf_counter() - started) * 1000


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _measure(number: str, *, addresses: int) -> dict[str, list[float]]:
    """Walk along the links from the first page, so many addresses of each kind; return milliseconds by kind of page (its URL name)."""
    from django.test import Client
    from django.urls import Resolver404, resolve

    from grids.models import Staff

    client = Client()
    client.force_login(Staff.objects.get(number=number), backend="django.contrib.auth.backends.ModelBackend")
    samples: dict[str, list[float]] = {}
    seen: dict[str, set[str]] = {}
    waiting = deque(["/"])
    while waiting:
        address = waiting.popleft()
        try:
            match = resolve(address.partition("?")[0])
        except Resolver404:
            continue
        kind = match.view_name
        met = seen.setdefault(kind, set())
        if address in met or len(met) >= addresses or kind in LEFT_OUT:
            continue
        met.add(address)
        answer, taken = _asked(client, address)
        if answer.status_code == 302:
            waiting.append(urljoin(address, answer["Location"]))
            continue
        if answer.status_code != 200:
            raise RuntimeError(f"{number} {address}: status {answer.status_code}")
        if not answer["Content-Type"].startswith("text/html"):
            continue
        values = samples.setdefault(kind, [])
        values += [taken] if len(met) > 1 else []
        values += [_asked(client, address)[1] for _ in range(ANSWERS - 1)]
        links = _Links()
        links.feed(answer.content.decode())
        for link in links.found:
            target = urldefrag(urljoin(address, link)).url
            if target.startswith("/"):
                waiting.append(target)
    return samples
