"""An assessment sheet of 800 households: opened by its assessor, and filled cell by cell, through every layer of a request.

Time is what the server takes from the request to the last byte of the page, database and templates included; the network and
the browser's drawing are not in it (``tests/e2e/test_sheet_scroll.py`` looks at that).
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from statistics import median
from typing import Any

from bench.harness import ROOT, Result, installation, percentile
from config.launch.paths import UNPUBLISHED

HOUSEHOLDS = 800
OPENS_MS = 300.0
SAVES_MS = 30.0


def run(*, full: bool) -> Iterator[Result]:
    """Open the sheet 60 times (15 at everyday size), save 800 cells (200), a third of them by points."""
    with installation():
        manage = [sys.executable, str(ROOT / "manage.py")]
        subprocess.run([*manage, "collectstatic", "--no-input", "--verbosity=0", *UNPUBLISHED], check=True)
        client, address, homes = _sheet()
        timed: Callable[..., Any] = _timed
        timed(client.get, address)
        timed(_save(client, address), homes[0], 0, None)
        opened = [timed(client.get, address) for _ in range(60 if full else 15)]
        save = _save(client, address)
        saved = [
            timed(save, home, place == 0, place % 3 == 0) for place, home in enumerate(homes[: 800 if full else 200])
        ]
        size = len(client.get(address).content)
        queries = _queries(client, address, homes[-1])
    yield _result("a sheet of 800 households opens, p95", opened, OPENS_MS, {"kilobytes": size // 1024})
    yield _result("one cell of it is saved, p95", saved, SAVES_MS, {"queries": queries})


def _result(name: str, milliseconds: list[float], limit: float, more: dict[str, object]) -> Result:
    p95 = percentile(milliseconds, 0.95)
    return Result(
        name,
        round(p95, 1),
        "ms",
        limit,
        {
            "ratio_to_limit": round(p95 / limit, 3),
            "times": len(milliseconds),
            "p50_ms": round(median(milliseconds), 1),
            "calibration_ms": round(_calibration(), 1),
            **more,
        },
    )


def _calibration() -> float:
    """How long this machine takes to add up two million numbers: what the figures beside it are worth."""
    started = time.perf_counter()
    sum(range(2_000_000))
    return (time.perf_counter() - started) * 1000


def _timed(act: Callable[..., Any], *arguments: Any) -> float:
    started = time.perf_counter()
    answer = act(*arguments)
    taken = (time.perf_counter() - started) * 1000
    if answer.status_code != HTTPStatus.OK:
        raise RuntimeError(f"status {answer.status_code}: {answer.content[:200]!r}")
    return taken


def _sheet() -> tuple[Any, str, list[int]]:
    """Start a round of one village and return a client of an assessor, the address of his sheet and its households."""
    from django.test import Client
    from django.urls import reverse

    from config.lib import releases
    from grids.models import Staff
    from tests.credit import village as make
    from tests.world import SINCE, build

    world = build()
    form = json.loads((make.PARAMETERS / "score_form.json").read_text("utf-8"))
    releases.publish(
        institution_id=world.bank.pk,
        kind="score_form",
        document=form,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )
    village = make.started(world, HOUSEHOLDS)
    assessor = village.assessors[0]
    Staff.objects.filter(pk=assessor.pk).update(must_change_password=False)
    assessor.refresh_from_db()
    client = Client()
    client.force_login(assessor, backend="django.contrib.auth.backends.ModelBackend")
    return client, reverse("credit:sheet", args=[village.sheets[0].uuid]), village.households


def _save(client: Any, address: str) -> Callable[..., Any]:
    from tests.credit import village as make

    form = json.loads((make.PARAMETERS / "score_form.json").read_text("utf-8"))
    points = "".join(str(item["full"]) for item in form["items"])

    def save(home: int, version: int, scored: bool | None) -> Any:
        answer: dict[str, object] = {"subject": home, "version": int(version), "kind": "unknown"}
        if scored is not None:
            answer |= {"kind": "amount", "amount": "3", "score": points if scored else ""}
        return client.post(f"{address}cell/", json.dumps(answer), content_type="application/json")

    return save


def _queries(client: Any, address: str, home: int) -> int:
    """Return the statements of one saved cell, the frame of every request included."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    version = next(row["version"] for row in _rows(client, address) if row["id"] == home)
    with CaptureQueriesContext(connection) as captured:
        _timed(_save(client, address), home, version, None)
    return len(captured)


def _rows(client: Any, address: str) -> list[dict[str, Any]]:
    text = client.get(address).content.decode()
    found: list[dict[str, Any]] = json.loads(
        text.split('id="sheet-data" type="application/json">')[1].split("</script>")[0]
    )
    return found
