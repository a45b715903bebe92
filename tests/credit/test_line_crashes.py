"""A run whose workers are killed again and again, whose broker forgets and whose database restarts: one result for each household."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator

import pytest
from celery import current_app
from django.db import DatabaseError, InterfaceError, connection, connections

from config.lib import integrity, jobs
from config.lib.models import JobRun
from credit.models import LineResult, LineRun
from credit.selectors import lines
from credit.services import lines as services
from tests import world as world_module
from tests.credit.files import release_models, started
from tests.credit.many import many

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
RULES = ("credit.one_result_per_run", "credit.runs_count_their_results", "credit.results_refer_to_what_is_there")


def _worker(run_id: int) -> int:
    """Start a worker of the run in a process of its own; return its id."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        for inherited in connections.all(initialized_only=True):
            inherited.connection = None
        try:
            jobs.drive_run(run_id)
        finally:
            os._exit(0)
    return child


def _answered(patience: float = 30.0) -> None:
    """Wait until the database answers again."""
    end = time.monotonic() + patience
    while True:
        with contextlib.suppress(DatabaseError, InterfaceError):
            connections.close_all()
            connection.ensure_connection()
            return
        assert time.monotonic() < end, "the database does not come back"
        time.sleep(0.1)


def _restart_database() -> None:
    """Kill a backend: the server ends every other one, recovers from its log and starts again."""
    witness = connection.copy()
    witness.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (pid,) = cursor.fetchone()
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 30
    with contextlib.suppress(DatabaseError, InterfaceError):
        while time.monotonic() < end:
            witness.cursor().execute("select 1")
            time.sleep(0.05)
    witness.close()
    _answered()


@pytest.fixture
def _own_tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(services, "OWN_TABLE", 1_000)
    yield
    _answered()


def _disturbed(households: int, kills: int, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CHUNK", chunk)
    world = world_module.build()
    release_models(world)
    homes = many(world, households)
    run = started(world)
    chance = random.Random(households)
    living = [_worker(run.run_id), _worker(run.run_id)]
    for kill in range(kills):
        time.sleep(chance.uniform(0.05, 0.6))
        victim = living.pop(0)
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        if kill == kills // 3:
            with current_app.connection_for_write() as broker:
                broker.default_channel.client.flushdb()
        if kill == kills // 2:
            _restart_database()
        living.append(_worker(run.run_id))
    for child in living:
        os.waitpid(child, 0)
    jobs.drive_run(run.run_id)

    state = JobRun.objects.get(pk=run.run_id)
    assert state.state == JobRun.State.DONE, state.error
    done = LineRun.objects.get(pk=run.pk)
    with connection.cursor() as cursor:
        cursor.execute("select count(*), count(distinct subject_id) from credit_lineresult where run_id = %s", [run.pk])
        assert cursor.fetchone() == (households, households)
    assert done.figures["filed"] == len(homes)
    found = {rule.name: result.is_well for rule, result in integrity.examine(0, RULES)}
    assert found == dict.fromkeys(RULES, True)
    some = LineResult.objects.select_related("run__model", "run__bases").filter(run=done, subject_id__in=homes[:: max(1, households // 500)])  # fmt: skip
    assert all(lines.differences(result) == [] for result in some)
    connections.close_all()


@pytest.mark.usefixtures("_own_tables")
def test_a_run_survives_killed_workers_a_lost_broker_and_a_restarted_database(monkeypatch: pytest.MonkeyPatch) -> None:
    _disturbed(4_000, 4, 200, monkeypatch)


@pytest.mark.slow
@pytest.mark.usefixtures("_own_tables")
def test_twenty_kills_in_a_run_of_two_hundred_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    _disturbed(200_000, 20, 2_000, monkeypatch)
