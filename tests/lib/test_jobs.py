"""The job engine: each chunk once, failures bounded, cancelling clean, lost messages sent again."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from kombu.exceptions import OperationalError

from config.lib import audit, clock, jobs
from config.lib.jobs import AlreadyRunning, Chunk, Job
from config.lib.models import AuditEvent, JobChunk, JobRun
from tests.world import World

CHUNKS = [Chunk(payload=number, units=10) for number in range(1, 5)]


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Register a job of kind ``test`` for one test; no message leaves."""
    monkeypatch.setattr(jobs, "send_run", lambda run_id, kind: None)

    def make(work: Callable[[JobRun, Any], None] | None = None, **fields: Any) -> None:
        monkeypatch.setitem(jobs.REGISTRY, "test", Job(kind="test", title="test", work=work or leave_a_row, **fields))

    return make


def leave_a_row(run: JobRun, payload: Any) -> None:
    audit.record(staff=None, verb="chunk", about="run", about_id=f"{run.key}:{payload}")


def start(world: World, chunks: Any = CHUNKS, key: str = "a") -> JobRun:
    return jobs.start(kind="test", key=key, institution_id=world.bank.pk, asked_by_id=world.chen.pk, chunks=chunks)


def rows() -> Counter[str]:
    return Counter(AuditEvent.objects.filter(verb="chunk").values_list("about_id", flat=True))


def test_a_run_driven_twice_has_one_effect(world: World, register: Callable[..., None]) -> None:
    finished = []

    def finish(run: JobRun) -> dict[str, int]:
        finished.append(run.pk)
        return {"rows": 4}

    register(finish=finish)
    run = start(world)
    jobs.drive_run(run.pk)
    jobs.drive_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.units_done, run.chunks_done, run.result) == ("done", 40, 4, {"rows": 4})
    assert set(rows().values()) == {1}
    assert len(rows()) == 4
    assert finished == [run.pk]


def test_a_chunk_that_fails_is_tried_again_and_leaves_no_half_row(world: World, register: Callable[..., None]) -> None:
    tries: Counter[int] = Counter()

    def work(run: JobRun, payload: int) -> None:
        leave_a_row(run, payload)
        tries[payload] += 1
        if payload == 2 and tries[payload] < 3:
            raise RuntimeError("not yet")

    register(work)
    run = start(world)
    jobs.drive_run(run.pk)
    run.refresh_from_db()
    assert run.state == "done"
    assert (tries[2], rows()["a:2"], sum(rows().values())) == (3, 1, 4)
    assert JobChunk.objects.get(run=run, number=2).attempts == 3


def test_a_chunk_that_always_fails_ends_the_run_with_its_reason(world: World, register: Callable[..., None]) -> None:
    abandoned = []

    def work(run: JobRun, payload: int) -> None:
        if payload == 2:
            raise ValueError("row 17 has no household\nDETAIL: Key (id_number)=(370685196003121234)")
        leave_a_row(run, payload)

    register(work, abandon=lambda run: abandoned.append(run.state))
    run = start(world)
    jobs.drive_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.chunks_done) == ("failed", 3)
    assert run.error == "ValueError: row 17 has no household"
    assert abandoned == ["failed"]
    assert JobChunk.objects.get(run=run, number=2).attempts == jobs.MOST_ATTEMPTS + 1


def test_cancelling_stops_between_two_chunks(world: World, register: Callable[..., None]) -> None:
    def work(run: JobRun, payload: int) -> None:
        leave_a_row(run, payload)
        if payload == 2:
            jobs.ask_to_cancel(run, world.chen.pk)

    register(work)
    run = start(world)
    jobs.drive_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.chunks_done, sum(rows().values())) == ("cancelled", 2, 2)


def test_one_run_of_a_kind_and_key_lives_at_a_time(world: World, register: Callable[..., None]) -> None:
    register()
    run = start(world)
    with pytest.raises(AlreadyRunning) as caught:
        start(world)
    assert caught.value.run == run
    start(world, key="b")
    jobs.drive_run(run.pk)
    assert start(world).pk != run.pk


def test_a_plan_is_made_once_in_the_worker(world: World, register: Callable[..., None]) -> None:
    planned = []

    def plan(run: JobRun) -> list[Chunk]:
        planned.append(run.pk)
        return CHUNKS[:2]

    register(plan=plan)
    run = start(world, chunks=())
    jobs.drive_run(run.pk)
    jobs.drive_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.chunks_total, planned) == ("done", 2, [run.pk])


def test_a_plan_or_finish_that_fails_ends_the_run(world: World, register: Callable[..., None]) -> None:
    def fails(run: JobRun) -> Any:
        raise LookupError("no parameter in force")

    register(plan=fails)
    run = start(world, chunks=())
    jobs.drive_run(run.pk)
    register(finish=fails)
    other = start(world, key="b")
    jobs.drive_run(other.pk)
    assert list(JobRun.objects.values_list("state", "error").distinct()) == [
        ("failed", "LookupError: no parameter in force")
    ]


def test_the_person_who_asked_is_the_acting_staff_of_the_work(world: World, register: Callable[..., None]) -> None:
    seen = []

    def work(run: JobRun, payload: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('app.staff'), current_user")
            seen.append(cursor.fetchone())

    register(work)
    jobs.drive_run(start(world, chunks=CHUNKS[:1]).pk)
    assert seen == [(str(world.chen.pk), "gedang_worker")]


def test_a_run_whose_message_was_lost_is_sent_again(
    world: World, register: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    lost, living, over = (start(world, key=key) for key in ("lost", "living", "over"))
    sent: list[int] = []
    monkeypatch.setattr(jobs, "send_run", lambda run_id, kind: sent.append(run_id))
    past = clock.now() - timedelta(minutes=5)
    JobRun.objects.filter(pk=lost.pk).update(queued_at=past)
    JobRun.objects.filter(pk=living.pk).update(state="running", queued_at=past, alive_at=clock.now())
    JobRun.objects.filter(pk=over.pk).update(state="done", queued_at=past)
    assert (jobs.sweep(), sent) == (1, [lost.pk])
    assert jobs.sweep() == 0, "a run just sent is given time"


def test_a_broker_that_is_away_is_no_error(
    world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setitem(jobs.REGISTRY, "test", Job(kind="test", title="test", work=leave_a_row))
    monkeypatch.setattr("config.lib.jobs.current_app.send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        run = start(world)
    assert JobRun.objects.get(pk=run.pk).state == "queued"


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_chunks_without_doubles(world: World, register: Callable[..., None]) -> None:
    doing: Counter[str] = Counter()
    together = threading.Barrier(2, timeout=20)

    def work(run: JobRun, payload: int) -> None:
        doing[threading.current_thread().name] += 1
        if payload <= 2:
            together.wait()  # both are inside a chunk at once
        leave_a_row(run, payload)

    register(work, finish=lambda run: audit.record(staff=None, verb="finished") and None)
    run = start(world, chunks=[Chunk(payload=number) for number in range(1, 13)])

    def drive() -> None:
        try:
            jobs.drive_run(run.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=drive, name=f"worker {number}") for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    run.refresh_from_db()
    assert (run.state, run.chunks_done) == ("done", 12)
    assert len(rows()) == sum(rows().values()) == 12
    assert len(doing) == 2
    assert AuditEvent.objects.filter(verb="finished").count() == 1
