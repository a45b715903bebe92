"""A real worker killed at any instant leaves no gap and no double row."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection

from config.lib import clock, jobs
from config.lib.jobs import Chunk
from config.lib.models import AuditEvent, JobChunk, JobRun
from tests.lib import slow_job
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
CHUNKS = 8
PATIENCE = 90


@pytest.fixture
def worker() -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Start workers on the test database; all of them are gone at the end."""
    url = urlsplit(os.environ["DATABASE_URL"])
    environment = {
        **os.environ,
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}")),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PROCESS_ROLE": "worker",
        "TEST_QUEUE": slow_job.QUEUE,
    }
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        command = [
            sys.executable, "-m", "celery", "-A", "config.celery", "worker", "--include", "tests.lib.slow_job",
            "--queues", slow_job.QUEUE, "--pool", "solo", "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
        ]  # fmt: skip
        process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, start_new_session=True)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)
    with connection.cursor() as cursor:  # the backend of a killed worker may still end its statement
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and application_name = 'gedang-worker'"
        )


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.1)


def test_a_worker_killed_in_the_middle_leaves_no_gap_and_no_double(
    world: World, worker: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    run = jobs.start(
        kind=slow_job.KIND,
        key=f"kill-{os.getpid()}",
        institution_id=world.bank.pk,
        asked_by_id=world.chen.pk,
        chunks=[Chunk(payload=number) for number in range(CHUNKS)],
    )
    done = lambda: JobChunk.objects.filter(run=run, is_done=True).count()  # noqa: E731
    first = worker()
    until(lambda: done() >= 2, "the first chunks")
    begun = JobChunk.objects.filter(run=run, attempts__gt=0).count()
    time.sleep(slow_job.SECONDS / 2)  # inside a chunk
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(timeout=20)
    assert begun < CHUNKS

    until(
        lambda: done() == AuditEvent.objects.filter(verb=slow_job.KIND).count(), "the killed transaction to be undone"
    )
    assert JobRun.objects.get(pk=run.pk).state == "running"
    # The message of the killed worker stays with the broker; the sweeper need not wait for it.
    JobRun.objects.filter(pk=run.pk).update(alive_at=clock.now() - 2 * jobs.LOST_AFTER)
    assert jobs.sweep() == 1
    worker()
    until(lambda: JobRun.objects.get(pk=run.pk).is_over, "the end of the run")

    run.refresh_from_db()
    assert (run.state, run.chunks_done, run.units_done) == ("done", CHUNKS, CHUNKS)
    rows = Counter(AuditEvent.objects.filter(verb=slow_job.KIND).values_list("about_id", flat=True))
    assert rows == {str(number): 1 for number in range(CHUNKS)}
    assert AuditEvent.objects.filter(verb=f"{slow_job.KIND}_finished").count() == 1
    assert run.finished_at is not None
    assert run.finished_at - run.queued_at < timedelta(seconds=PATIENCE)
