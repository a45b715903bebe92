"""A run of lines killed, doubled, cancelled: one result for each household, no gap, no double; and the command."""

import json
import os
import signal
import threading
from collections import Counter
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections

from config.lib import jobs
from config.lib.clock import SHANGHAI
from config.lib.models import JobChunk, JobRun
from credit.models import LineResult, LineRun
from credit.selectors import lines
from credit.services import line_chunks
from credit.services import lines as services
from customers.models import Household
from tests import world as world_module
from tests.credit.files import file, release_models, started, village
from tests.forked import killed
from tests.world import World


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two households a chunk."""
    monkeypatch.setattr(services, "CHUNK", 2)


def _state(run: LineRun) -> JobRun:
    return JobRun.objects.get(pk=run.run_id)


def _exactly_once(run: LineRun, homes: list[Household]) -> None:
    counted = Counter(LineResult.objects.filter(run=run).values_list("subject_id", flat=True))
    assert counted == {home.pk: 1 for home in homes}
    state = _state(run)
    assert state.state == JobRun.State.DONE, state.error
    assert state.chunks_done == state.chunks_total
    assert state.units_done == state.units_total == len(homes)


def test_driving_a_run_twice_changes_nothing(world: World, small_chunks: None) -> None:
    release_models(world)
    homes = village(world, 5)
    run = started(world)

    jobs.drive_run(run.run_id)
    first = list(LineResult.objects.order_by("pk").values_list("pk", "inputs_hash"))
    jobs.drive_run(run.run_id)

    assert list(LineResult.objects.order_by("pk").values_list("pk", "inputs_hash")) == first
    _exactly_once(run, homes)


def test_a_chunk_that_fails_leaves_nothing_and_is_done_later(
    world: World, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_models(world)
    homes = village(world, 5)
    run = started(world)
    job, calls = jobs.REGISTRY[services.KIND], []

    def fails_once(run: JobRun, payload: Any, ready: Any) -> None:
        job.work(run, payload, ready)
        calls.append(payload)
        if len(calls) == 2:
            raise RuntimeError("broken")

    monkeypatch.setitem(jobs.REGISTRY, services.KIND, jobs.Job(**{**job.__dict__, "work": fails_once}))
    jobs.drive_run(run.run_id)

    assert len(calls) == 4
    _exactly_once(run, homes)


def test_cancelled_between_chunks_a_run_keeps_what_is_done_and_is_never_published(
    world: World, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_models(world)
    village(world, 5)
    run = started(world)
    job = jobs.REGISTRY[services.KIND]

    def cancels(run: JobRun, payload: Any, ready: Any) -> None:
        job.work(run, payload, ready)
        jobs.ask_to_cancel(run, world.jiang.pk)

    monkeypatch.setitem(jobs.REGISTRY, services.KIND, jobs.Job(**{**job.__dict__, "work": cancels}))
    jobs.drive_run(run.run_id)

    assert _state(run).state == JobRun.State.CANCELLED
    assert 0 < LineResult.objects.count() == _state(run).units_done < 5
    with pytest.raises(services.Refused):
        services.publish_run(run=run, staff=world.gao)


def test_a_file_accepted_while_the_run_goes_on_does_not_count(world: World, small_chunks: None) -> None:
    release_models(world)
    homes = village(world, 3)
    run = started(world)
    job = jobs.REGISTRY[services.KIND]
    with jobs.job_frame(None, "test"):
        chunks = list(job.plan(_state(run)))
    file(homes[2], world.chen, world.deng, days_ago=0, shares_held="99999")

    with jobs.job_frame(None, "test"):
        for chunk in chunks:
            job.work(_state(run), chunk.payload, line_chunks.prepare_chunk(_state(run), chunk.payload))

    result = LineResult.objects.get(run=run, subject_id=homes[2].pk)
    assert lines.inputs_of(result).revision == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_a_run(small_chunks: None) -> None:
    world = world_module.build()
    release_models(world)
    homes = village(world, 12)
    run = started(world)
    ended = []

    def work() -> None:
        try:
            jobs.drive_run(run.run_id)
            ended.append(True)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert ended == [True, True]
    _exactly_once(run, homes)


def _killed_in_chunk(run: LineRun, number: int) -> None:
    """Drive a run in a process of its own that is killed after writing the rows of a chunk, before its commit."""

    def work() -> None:
        job, calls = jobs.REGISTRY[services.KIND], []

        def dies(run: JobRun, payload: Any, ready: Any) -> None:
            job.work(run, payload, ready)
            calls.append(payload)
            if len(calls) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        jobs.REGISTRY[services.KIND] = jobs.Job(**{**job.__dict__, "work": dies})
        jobs.drive_run(run.run_id)

    killed(work)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_any_instant_leaves_no_gap_and_no_double(small_chunks: None) -> None:
    world = world_module.build()
    release_models(world)
    homes = village(world, 8)
    run = started(world)

    _killed_in_chunk(run, 1)
    assert LineResult.objects.count() == 0
    assert JobChunk.objects.filter(is_done=True).count() == 0
    _killed_in_chunk(run, 3)
    assert LineResult.objects.count() == _state(run).units_done
    assert JobChunk.objects.filter(run_id=run.run_id, is_done=True).count() == 2
    jobs.drive_run(run.run_id)

    _exactly_once(run, homes)
    assert all(
        lines.differences(result) == []
        for result in LineResult.objects.select_related("run__model", "run__bases").filter(run=run)
    )


# --- The command ----------------------------------------------------------------------------------------------------


def _command(*arguments: str) -> dict[str, Any]:
    said = StringIO()
    call_command("compute_lines", *arguments, "--json", stdout=said)
    return json.loads(said.getvalue().splitlines()[-1])


def test_the_command_computes_and_publishes(world: World) -> None:
    release_models(world)
    village(world, 2)

    told = _command("--publish", "--as", "jiang")

    assert told["ok"]
    assert (told["households"], told["with_line"], told["published"]) == (2, 2, True)
    run = LineRun.objects.get(pk=told["line_run"])
    assert (run.asked_by, run.published_by) == (None, world.jiang)
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("gedang_owner",)


def test_the_command_takes_a_village_a_model_and_an_instant(world: World) -> None:
    release_models(world)
    village(world, 1)

    told = _command("--model", "S6", "--grid", world.liu.division_code, "--as-of", "2026-06-01T08:00", "--asked-by", "jiang")  # fmt: skip

    run = LineRun.objects.get(pk=told["line_run"])
    assert (run.grid, run.asked_by, run.model.key, told["filed"]) == (world.liu, world.jiang, "s6", 0)
    assert run.as_of == datetime(2026, 6, 1, 8, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--publish"], "needs --as"),
        (["--publish", "--as", "chen"], "no approver"),
        (["--publish", "--as", "nobody"], "unknown"),
        (["--branch", "城北支行"], "unknown"),
        (["--model", "s99"], "还没有发布"),
        (["--as-of", "yesterday"], "no instant"),
        (["--publish", "--as", "jiang", "--asked-by", "jiang"], "另一位审批人"),
        (["--institution", "别的银行"], "no bank"),
    ],
)
def test_the_command_refuses_in_one_line(world: World, arguments: list[str], says: str) -> None:
    release_models(world)
    village(world, 1)

    with pytest.raises(CommandError, match=says):
        _command(*arguments)
