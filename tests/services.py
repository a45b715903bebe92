"""Starts PostgreSQL and the broker for a test run, before pytest-django reads the settings.

Loaded with ``-p tests.services``: a conftest would be too late. Workers of xdist inherit the addresses. With DATABASE_URL and
REDIS_URL given nothing is started; TEST_DATABASE_NAME then keeps two runs on one server apart.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from config.launch.embedded import Postgres, Valkey

os.environ["GEDANG_MODE"] = "test"
os.environ.setdefault(
    "DJANGO_ALLOW_ASYNC_UNSAFE", "true"
)  # Playwright's loop runs in the thread that asks the database


def _start() -> None:
    """Start what is not given, in a directory of this run that is removed with the servers at exit."""
    directory = Path(tempfile.mkdtemp(prefix="gedang-tests-"))
    owner = os.getpid()
    database = Postgres(directory / "postgres", durable=False)
    broker = Valkey(directory / "valkey", durable=False)

    def end() -> None:
        if os.getpid() != owner:  # a forked child must not stop its parent's servers
            return
        broker.stop()
        database.stop()
        shutil.rmtree(directory, ignore_errors=True)

    atexit.register(end)
    os.environ.setdefault("DATA_DIR", str(directory / "data"))
    if not os.environ.get("DATABASE_URL"):
        database.start()
        os.environ["DATABASE_URL"] = database.url()
    if not os.environ.get("REDIS_URL"):
        broker.start()
        os.environ["REDIS_URL"] = broker.url()


if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    _start()
