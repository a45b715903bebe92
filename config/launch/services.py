"""The embedded database and broker, shared by `make run` and by single commands of manage.py.

Whoever starts them holds ``owner.lock``; whoever uses them holds ``users.lock`` shared. A command that started them stops them
when the last user is through; `make run` stops them at once. Locks of the operating system vanish with their process, so a
killed one leaves nothing to clear by hand.
"""

import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from config.launch.embedded import Postgres, Valkey
from config.launch.keys import ensure_keys, key_environment
from config.launch.messages import LaunchError, fail
from config.launch.paths import data_directory, run_directory, writable

# Filling the demo county opens its finished rounds, so this one command acts as opener too.
OPENER_COMMANDS = {"demo"}


def given() -> bool:
    """Tell whether both servers are given by the environment, or must be (production brings its own)."""
    both = bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
    return both or os.environ.get("GEDANG_MODE") == "production"


def take(lock: IO[str], *, wait_seconds: float = 0) -> bool:
    """Take a lock for this process alone, waiting at most so many seconds."""
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


class Servers:
    """The embedded servers of DATA_DIR that the environment does not replace."""

    def __init__(self) -> None:
        directory = data_directory()
        self.postgres = None if os.environ.get("DATABASE_URL") else Postgres(directory / "postgres")
        self.valkey = None if os.environ.get("REDIS_URL") else Valkey(directory / "valkey")

    def start(self) -> dict[str, str]:
        """Start them and return the variables that lead to them."""
        environment = {}
        if self.postgres:
            self.postgres.start()
            environment["DATABASE_URL"] = self.postgres.url()
        if self.valkey:
            self.valkey.start()
            environment["REDIS_URL"] = self.valkey.url()
        return environment

    def stop(self) -> None:
        if self.valkey:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop()


def notice() -> Path:
    """Return the file in which the owner of the servers tells where they are."""
    return run_directory() / "services.json"


def publish(kind: str, environment: dict[str, str], address: str = "") -> None:
    """Tell other processes of this installation where the servers are."""
    temporary = notice().with_suffix(f".{os.getpid()}")
    temporary.touch(mode=0o600)
    temporary.write_text(
        json.dumps({"kind": kind, "pid": os.getpid(), "address": address, "environment": environment}), "utf-8"
    )
    temporary.replace(notice())


def published() -> dict[str, object]:
    """Return what the owner of the servers told, empty while nothing is told."""
    try:
        return dict(json.loads(notice().read_text("utf-8")))
    except (FileNotFoundError, ValueError):
        return {}


@contextlib.contextmanager
def ensure_services() -> Iterator[None]:
    """Run the embedded servers for one command: join those of `make run` or of another command, or start them.

    Sets DATABASE_URL, REDIS_URL and the files of the keys for this process; does nothing where the environment gives them.
    """
    if given():
        yield
        return
    try:
        run = writable(run_directory())
        ensure_keys()
        os.environ.update(key_environment(opener=len(sys.argv) > 1 and sys.argv[1] in OPENER_COMMANDS))
        owner, users = (run / "owner.lock").open("a"), (run / "users.lock").open("a")
        servers = _join_or_start(owner, users)
    except LaunchError as error:
        raise SystemExit(fail(error)) from None
    try:
        yield
    finally:
        fcntl.flock(users, fcntl.LOCK_UN)
        if servers:
            take(users, wait_seconds=3600)
            notice().unlink(missing_ok=True)
            servers.stop()
        owner.close()
        users.close()


def _join_or_start(owner: IO[str], users: IO[str]) -> Servers | None:
    """Return the servers started here, or None when those of another process are used."""
    fcntl.flock(users, fcntl.LOCK_SH)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if take(owner):
            notice().unlink(missing_ok=True)
            servers = Servers()
            try:
                environment = servers.start()
            except BaseException:
                servers.stop()
                raise
            os.environ.update(environment)
            publish("command", environment)
            return servers
        told = published()
        if told and told["kind"] != "starting":
            os.environ.update(told["environment"])  # type: ignore[call-overload]
            return None
        time.sleep(0.05)
    raise LaunchError("the embedded database is still being started by another process; try again")
