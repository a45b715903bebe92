"""A roster import and everything that can end a process or a database: whole in the end, nothing half, nobody twice."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from config.launch.embedded import Postgres
from config.lib import jobs, progress
from config.lib.models import JobRun
from customers.models import RosterImport
from customers.services.roster_writer import Writer
from grids.models import Staff
from tests.customers.roster_worker import BATCH, on_file, waiting_import
from tests.forked import killed

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 1200
NOTHING = {"subjects": 0, "households": 0, "headless": 0, "people": 0, "with_tokens": 0}


@pytest.fixture
def uploaded(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> RosterImport:
    """A confirmed import of several batches that waits to be written, committed."""
    monkeypatch.setattr("customers.domain.roster.delimited.CHUNK_ROWS", BATCH)
    waiting: RosterImport = waiting_import(PEOPLE)
    return waiting


def assert_nothing(told: dict[str, Any], state: str) -> None:
    assert {name: told[name] for name in NOTHING} == NOTHING
    assert told["state"] == state


def assert_whole(told: dict[str, Any]) -> None:
    """Everybody is on file once, with a head in each household."""
    assert told["people"] == told["with_tokens"] == PEOPLE
    assert (told["state"], told["run"], told["headless"]) == ("written", "done", 0)
    assert told["subjects"] == told["households"] > 0


def test_a_worker_killed_in_the_middle_leaves_nothing_and_another_writes_all(uploaded: RosterImport) -> None:
    def work() -> None:
        send, sent = Writer.send, []

        def dies(self: Writer, rows: Any) -> None:
            send(self, rows)
            sent.append(rows)
            if len(sent) == 3:
                os.kill(os.getpid(), signal.SIGKILL)

        Writer.send = dies  # type: ignore[method-assign]
        jobs.drive_run(uploaded.run_id)

    killed(work)

    told = on_file()
    assert_nothing(told, "writing")
    assert told["run"] == "running"

    jobs.drive_run(uploaded.run_id)
    assert_whole(on_file())


def test_two_workers_on_one_run_write_it_once(uploaded: RosterImport) -> None:
    ended = []

    def work() -> None:
        try:
            jobs.drive_run(uploaded.run_id)
            ended.append(True)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert ended == [True, True]
    assert_whole(on_file())


def test_progress_is_seen_from_outside_and_a_stop_leaves_nothing(
    uploaded: RosterImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0.0)
    seen: list[tuple[int, int]] = []
    send = Writer.send

    def watched(self: Writer, rows: Any) -> None:
        send(self, rows)
        # What another connection sees while the writing goes on; after a while somebody asks to stop.
        outside = connections.create_connection("default")
        try:
            with outside.cursor() as cursor:
                cursor.execute("select units_done, units_total from lib_jobrun where id = %s", [uploaded.run_id])
                seen.append(cursor.fetchone())
                if len(seen) == 3:
                    manager = Staff.objects.get(number="gao").pk
                    cursor.execute(
                        "update lib_jobrun set cancel_asked_by_id = %s where id = %s", [manager, uploaded.run_id]
                    )
        finally:
            outside.close()

    monkeypatch.setattr(Writer, "send", watched)
    jobs.drive_run(uploaded.run_id)

    assert seen[-1][0] > seen[0][0] > 0
    assert {total for _, total in seen} == {PEOPLE}
    assert len(seen) < PEOPLE // BATCH
    assert_nothing(on_file(), "checked")
    assert JobRun.objects.get(pk=uploaded.run_id).state == JobRun.State.CANCELLED
    uploaded.refresh_from_db()
    assert uploaded.confirmed_by is None  # it can be confirmed again


# --- The database goes away ---------------------------------------------------------------------------------------


class Installation:
    """A database of its own, and processes on it."""

    def __init__(self, directory: Path) -> None:
        self.database = Postgres(directory / "postgres", durable=False)
        self.database.start()
        self.environment = {
            **os.environ,
            "GEDANG_MODE": "test",
            "DATA_DIR": str(directory),
            "DATABASE_URL": self.database.url(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def process(self, *arguments: object) -> "subprocess.Popen[str]":
        """Start a Python module with arguments."""
        return subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object) -> dict[str, Any]:
        """Run a module to its end; return the JSON of its last line."""
        process = self.process(*arguments)
        out, complaints = process.communicate(timeout=240)
        assert process.returncode == 0, out + complaints
        return dict(json.loads(out.splitlines()[-1])) if out.strip() else {}

    def step(self, *arguments: object) -> dict[str, Any]:
        """Take a step of ``roster_worker``."""
        return self.run("tests.customers.roster_worker", *arguments)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    try:
        made.run("django", "migrate", "-v0")
        yield made
    finally:
        made.database.stop()


def test_a_database_restarted_in_the_middle_leaves_nothing_and_all_is_written_then(installation: Installation) -> None:
    run = installation.step("found", PEOPLE)["run"]
    worker = installation.process("tests.customers.roster_worker", "slow", run)
    assert worker.stdout is not None
    assert worker.stdout.readline().strip() == "in the middle"

    installation.database.stop()
    installation.database.start()
    assert_nothing(installation.step("told"), "writing")
    # The worker finds its connection gone, and goes on by itself or ends; the sweeper would send the run again.
    worker.communicate("go on\n", timeout=240)

    assert_whole(installation.step("drive", run))
    assert installation.run("django", "check_integrity", "--json")["ok"] is True
