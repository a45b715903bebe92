"""Progress of a long piece of work that is one transaction: told, and stopped, through a connection of its own.

What such work writes about itself would be seen only after its commit. Inside a transaction that somebody else holds (a
command's, a test's) the run's row may not be visible to another connection, so nothing is told there.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, connections

from config.lib import clock
from config.lib.models import JobRun

SECONDS_BETWEEN = 1.0

Report = Callable[[int, int], None]


class StoppedError(Exception):
    """Somebody asked the run to stop; the work leaves nothing behind."""


def silent(done: int, total: int) -> None:
    """Report to nobody."""


@contextmanager
def reporting(run: JobRun, role: str = "worker") -> Iterator[Report]:
    """Yield ``report(done, total)``: writes units at most once a second and raises StoppedError once a stop was asked for."""
    if connection.savepoint_ids:
        yield silent
        return
    own = connections.create_connection(connection.alias)
    told = 0.0

    def report(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told < SECONDS_BETWEEN:
            return
        told = time.monotonic()
        with own.cursor() as cursor:
            cursor.execute(
                "update lib_jobrun set units_done = %s, units_total = %s, alive_at = %s where id = %s "
                "returning cancel_asked_by_id is not null",
                [min(done, total), total, clock.now(), run.pk],
            )
            row = cursor.fetchone()
        if row and row[0]:
            raise StoppedError(f"run {run.pk} was asked to stop")

    try:
        own.ensure_connection()
        with own.cursor() as cursor:
            cursor.execute(f"set role gedang_{role}")
        yield report
    finally:
        own.close()
