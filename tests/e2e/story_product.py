"""A running product of one's own: PostgreSQL and broker in a temporary directory, the launcher's programs, a movable clock."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from config.launch import run as launcher
from config.launch.embedded import free_port, running_servers
from config.launch.keys import ensure_keys, key_environment
from config.launch.paths import ROOT, run_directory, writable
from config.launch.supervisor import Program

# What the tests' own servers and settings left in the environment and the product must not inherit.
OF_THE_TESTS = ("DATABASE_URL", "REDIS_URL", "TEST_DATABASE_NAME", "DJANGO_ALLOW_ASYNC_UNSAFE", "OPENER_KEY_FILE")


class Product:
    """Web, worker, opener and scheduler as `make run` starts them, each under its own database role."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.address = launcher.address().rstrip("/")
        self.offset = 0
        self._programs: list[Program] = []

    def set_clock(self, moment: datetime) -> None:
        """Let everything started from now on live at that moment of the story; what runs is stopped first."""
        self.stop()
        self.offset = round(moment.timestamp() - time.time())
        os.environ["CLOCK_OFFSET_SECONDS"] = str(self.offset)

    def start(self) -> None:
        """Start the programs and wait until web and workers answer; rows and queued work are as they were."""
        self._programs = launcher._programs()
        for program in self._programs:
            program.start()
        launcher._wait_until_up(self._programs)

    def stop(self) -> None:
        """Ask all processes to end, and wait for them in reverse order."""
        for program in self._programs:
            if program.process:
                program.process.send_signal(signal.SIGTERM)
        for program in reversed(self._programs):
            if program.process:
                with suppress(subprocess.TimeoutExpired):
                    program.process.wait(20)
            program.stop()
        self._programs = []

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Hold one program, so that what waits for it can be looked at."""
        held = next(program.process for program in self._programs if program.name == name)
        assert held
        os.killpg(held.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(held.pid, signal.SIGCONT)

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py as the owner, as an operator would, and return what it prints."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            cwd=ROOT,
            env={**os.environ, "PROCESS_ROLE": "owner"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"manage.py {arguments[0]} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def seed(self, step: str, *arguments: str) -> None:
        """Run a step of ``story_seed`` inside the product, as the owner of the database."""
        self.manage("shell", "-v", "0", "-c", f"from tests.e2e import story_seed; story_seed.{step}{arguments!r}")

    def ask(self, *arguments: str) -> dict[str, Any]:
        """Run a command with --json and return its object."""
        return dict(json.loads(self.manage(*arguments, "--json").splitlines()[-1]))

    def send(self, task: str) -> None:
        """Put a periodic task into the queue, as the scheduler does at its hour; the worker takes it from there."""
        from celery import Celery

        with Celery("story", broker=os.environ["REDIS_URL"], set_as_current=False) as sender:
            sender.send_task(task, queue="default")

    def errors(self) -> list[str]:
        """Return what any process logged as an error."""
        lines = [line for path in (self.data / "log").glob("*.log") for line in path.read_text("utf-8").splitlines()]
        return [line for line in lines if '"level": "ERROR"' in line or '"level": "CRITICAL"' in line]

    def logs(self) -> str:
        """Return the end of every log, for the report of a failure."""
        found = sorted((self.data / "log").glob("*.log"))
        return "\n".join(f"--- {path.name}\n{path.read_text('utf-8', 'replace')[-6000:]}" for path in found)


@contextmanager
def running_product() -> Iterator[Product]:
    """Run servers with a migrated database for the length of a block, in a directory that goes with it."""
    with tempfile.TemporaryDirectory(prefix="gedang-story-") as directory, pytest.MonkeyPatch.context() as patch:
        data = Path(directory) / "data"
        for name in OF_THE_TESTS:
            patch.delenv(name, raising=False)
        for name, value in {
            "GEDANG_MODE": "test",
            "DATA_DIR": str(data),
            "HOST": "127.0.0.1",
            "PORT": str(free_port()),
            "CLOCK_OFFSET_SECONDS": "0",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }.items():
            patch.setenv(name, value)
        writable(run_directory())
        ensure_keys()
        for name, value in key_environment().items():
            patch.setenv(name, value)
        with running_servers(data, durable=False) as (database, broker):
            patch.setenv("DATABASE_URL", database.url())
            patch.setenv("REDIS_URL", broker.url())
            product = Product(data)
            try:
                product.manage("migrate", "--no-input", "--verbosity=0")
                yield product
            finally:
                product.stop()
