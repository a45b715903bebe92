"""Long work: a run is a row, its chunks are rows, and a chunk is done in the transaction of its own work.

``start`` writes the run and its chunks and, after commit, sends one message per worker wanted. A worker takes an open chunk
by conditional update, does its work and commits both together: killed at any instant it leaves the chunk open and no half
row. The sweeper sends runs again whose messages or workers were lost. Nothing but these rows says how a run went
(Design, section 7).
"""

import logging
import subprocess
from collections import deque
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from queue import SimpleQueue
from threading import Thread
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F
from kombu.exceptions import OperationalError

from config.lib import clock
from config.lib.acting import job_frame
from config.lib.models import JobChunk, JobRun
from config.lib.progress import StoppedError

log = logging.getLogger("gedang.jobs")
MOST_ATTEMPTS = 5
LOST_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class Chunk:
    """One part of a run: what to work on, and how many units (rows, households) it counts for in the progress."""

    payload: Any
    units: int = 1


@dataclass(frozen=True)
class Job:
    """A kind of long work. ``work`` does one chunk; ``finish`` runs once after the last; both inside a transaction.

    ``plan``, when given, makes the chunks inside the worker (for work that must first look); else ``start`` gets them.
    ``role`` is the database role, ``queue`` where its messages go. ``abandon`` runs once when a run fails or is cancelled.
    ``prepare``, when given, reads and computes what a chunk will write, and changes nothing; ``work`` gets what it returned as a third
    argument. ``ahead`` chunks of one worker are then prepared at once, in threads, while another is being written.
    """

    kind: str
    title: Any
    work: Callable[..., None]
    prepare: Callable[[JobRun, Any], Any] | None = None
    ahead: int = 1
    finish: Callable[[JobRun], dict[str, Any] | None] | None = None
    plan: Callable[[JobRun], Iterable[Chunk]] | None = None
    abandon: Callable[[JobRun], None] | None = None
    queue: str = "batch"
    role: str = "worker"
    workers: int = 1


REGISTRY: dict[str, Job] = {}


def register(job: Job) -> Job:
    """Make a job known; apps do so in their ``tasks`` module."""
    REGISTRY[job.kind] = job
    return job


@cache
def code_version() -> str:
    """Return the version of the code, for the record of a run."""
    if settings.CODE_VERSION:
        return str(settings.CODE_VERSION)
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
        return done.stdout.strip()
    except OSError:
        return ""


class AlreadyRunning(Exception):
    """A run of the same kind and key is still living; ``run`` is that run."""

    def __init__(self, run: JobRun) -> None:
        super().__init__(f"{run.kind} {run.key} is running as run {run.pk}")
        self.run = run


def start(
    *,
    kind: str,
    key: str,
    institution_id: int,
    asked_by_id: int | None,
    parameters: dict[str, Any] | None = None,
    chunks: Iterable[Chunk] = (),
    asked_post_id: int | None = None,
    send: bool = True,
) -> JobRun:
    """Write a run with its chunks and send it after commit; raises AlreadyRunning with the living run."""
    try:
        with transaction.atomic():
            run = JobRun.objects.create(
                kind=kind,
                key=key,
                institution_id=institution_id,
                asked_by_id=asked_by_id,
                asked_post_id=asked_post_id,
                parameters=parameters or {},
                code_version=code_version(),
                queued_at=clock.now(),
            )
    except IntegrityError:
        living = JobRun.objects.filter(
            institution_id=institution_id, kind=kind, key=key, state__in=["queued", "running"]
        ).first()
        if living is None:
            raise
        raise AlreadyRunning(living) from None
    _write_chunks(run, chunks)
    if send:
        transaction.on_commit(lambda: send_run(run.pk, kind))
    return run


def _write_chunks(run: JobRun, chunks: Iterable[Chunk]) -> None:
    rows = [
        JobChunk(run=run, number=number, payload=chunk.payload, units=chunk.units)
        for number, chunk in enumerate(chunks, start=1)
    ]
    if not rows:
        return
    JobChunk.objects.bulk_create(rows, batch_size=1000)
    run.chunks_total, run.units_total = len(rows), sum(row.units for row in rows)
    JobRun.objects.filter(pk=run.pk).update(chunks_total=run.chunks_total, units_total=run.units_total)


def send_run(run_id: int, kind: str) -> None:
    """Send one message per wanted worker; a broker that is away is no error, the sweeper sends again."""
    job = REGISTRY[kind]
    for _ in range(job.workers):
        try:
            current_app.send_task("lib.drive", (run_id,), queue=job.queue, retry=False)
        except OperationalError:
            log.warning("broker away, the sweeper will send the run", extra={"run": run_id, "job": kind})
            return


def drive_run(run_id: int) -> None:
    """Work on a run until no chunk is open, it is cancelled, or it fails; what a worker's task does."""
    with job_frame(None, f"run-{run_id}", _role_of(run_id)):
        run = JobRun.objects.get(pk=run_id)
        if run.is_over:
            return
        now = clock.now()
        JobRun.objects.filter(pk=run_id, state="queued").update(state="running", started_at=now, alive_at=now)
    job = REGISTRY[run.kind]
    if job.plan is not None and not _planned(run_id, job):
        return
    if job.prepare is not None and job.ahead > 1 and not connection.in_atomic_block:
        with _Preparing(job) as preparing:
            while _next_ahead(run_id, job, preparing):
                pass
        return
    while _next(run_id, job):
        pass


def _role_of(run_id: int) -> str:
    # The login of the process decides: an opener's process is no member of the worker role.
    return "opener" if settings.PROCESS_ROLE == "opener" else "worker"


def _planned(run_id: int, job: Job) -> bool:
    """Make the chunks once; the row lock keeps a second worker out. False when planning failed the run."""
    try:
        with job_frame(None, f"run-{run_id}", job.role):
            run = JobRun.objects.select_for_update().get(pk=run_id)
            if run.chunks_total or run.is_over:
                return not run.is_over
            with _AsAsker(run):
                _write_chunks(run, job.plan(run))  # type: ignore[misc]
    except Exception as error:
        log.exception("planning failed", extra={"run": run_id, "job": job.kind})
        _end(run_id, job, JobRun.State.FAILED, error=_short(error))
        return False
    return True


class _AsAsker:
    """Record the person who asked for the run as the acting staff of its rows."""

    def __init__(self, run: JobRun) -> None:
        self.run = run

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select set_config('app.staff', %s, true)", [str(self.run.asked_by_id or "")])

    def __exit__(self, *_: object) -> None:
        return None


def _next(run_id: int, job: Job) -> bool:
    """Do one chunk, or end the run when none is open. Returns whether to go on."""
    with job_frame(None, f"run-{run_id}", job.role):
        run = JobRun.objects.get(pk=run_id)
        if run.is_over:
            return False
        cancelled = run.cancel_asked_by_id is not None
        chunk = None if cancelled else _attempt(run)
    if cancelled:
        _end(run_id, job, JobRun.State.CANCELLED)
        return False
    if chunk is None:
        return _finish(run_id, job)
    if _given_up(run_id, job, chunk):
        return False
    _do(run, job, chunk, lambda: job.prepare(run, chunk.payload) if job.prepare is not None else None)
    return True


def _given_up(run_id: int, job: Job, chunk: JobChunk) -> bool:
    """Whether a chunk was tried too often; the run then fails."""
    if chunk.attempts <= MOST_ATTEMPTS:
        return False
    _end(run_id, job, JobRun.State.FAILED, error=chunk.error or f"chunk {chunk.number} was tried {MOST_ATTEMPTS} times")
    return True


def _do(run: JobRun, job: Job, chunk: JobChunk, ready: Callable[[], Any]) -> None:
    """Do one chunk in one transaction, unless somebody else did it meanwhile; ``ready`` returns what was prepared for it."""
    run_id = run.pk
    try:
        with job_frame(run.asked_by_id, f"run-{run_id}", job.role):
            if job.prepare is not None:
                _without_waiting_for_the_disk()
            taken = JobChunk.objects.filter(pk=chunk.pk, is_done=False).update(
                is_done=True, done_at=clock.now(), error=""
            )
            if taken:
                if job.prepare is None:
                    job.work(run, chunk.payload)
                else:
                    job.work(run, chunk.payload, ready())
                JobRun.objects.filter(pk=run_id).update(
                    chunks_done=F("chunks_done") + 1, units_done=F("units_done") + chunk.units, alive_at=clock.now()
                )
    except StoppedError:
        return  # rolled back; the next look finds the wish to stop and ends the run
    except Exception as error:
        log.exception("chunk failed", extra={"run": run_id, "job": job.kind})
        with job_frame(None, f"run-{run_id}", job.role):
            JobChunk.objects.filter(pk=chunk.pk).update(error=_short(error))


class _Preparing:
    """Threads that prepare chunks, each on a connection of its own; the oldest comes out first."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.waiting: deque[tuple[JobRun, JobChunk, Future[Any]]] = deque()
        self.inbox: SimpleQueue[tuple[JobRun, JobChunk, Future[Any]] | None] = SimpleQueue()
        self.threads = [Thread(target=self._prepare, daemon=True) for _ in range(job.ahead)]

    def __enter__(self) -> "_Preparing":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for _thread in self.threads:
            self.inbox.put(None)
        for thread in self.threads:
            thread.join()

    def begin(self, run: JobRun, chunk: JobChunk) -> None:
        """Have a chunk prepared."""
        one = (run, chunk, Future[Any]())
        self.waiting.append(one)
        self.inbox.put(one)

    @property
    def held(self) -> list[int]:
        """The chunks that were begun and are not done."""
        return [chunk.pk for _run, chunk, _ready in self.waiting]

    def _prepare(self) -> None:
        try:
            while (one := self.inbox.get()) is not None:
                run, chunk, ready = one
                try:
                    with job_frame(run.asked_by_id, f"run-{run.pk}", self.job.role):
                        ready.set_result(self.job.prepare(run, chunk.payload) if self.job.prepare else None)
                except Exception as error:  # noqa: BLE001  it is raised again where the chunk is written
                    ready.set_exception(error)
        finally:
            connections.close_all()


def _next_ahead(run_id: int, job: Job, preparing: _Preparing) -> bool:
    """Have chunks prepared up to the number wished for, then write the oldest. Returns whether to go on."""
    with job_frame(None, f"run-{run_id}", job.role):
        _without_waiting_for_the_disk()
        run = JobRun.objects.get(pk=run_id)
        if run.is_over:
            return False
        cancelled = run.cancel_asked_by_id is not None
        chunk = None
        while not cancelled and len(preparing.waiting) <= job.ahead:
            chunk = _attempt(run, besides=preparing.held)
            if chunk is None or chunk.attempts > MOST_ATTEMPTS:
                break
            preparing.begin(run, chunk)
    if cancelled:
        _end(run_id, job, JobRun.State.CANCELLED)
        return False
    if chunk is not None and _given_up(run_id, job, chunk):
        return False
    if not preparing.waiting:
        return _finish(run_id, job)
    begun, oldest, ready = preparing.waiting.popleft()
    _do(begun, job, oldest, ready.result)
    return True


def _without_waiting_for_the_disk() -> None:
    """Let a transaction of prepared chunks commit without waiting until it lies on the disk.

    Rows and the mark of their chunk are one transaction and nothing outside the database follows from it: what a crash of the database
    takes away is done again. The end of the run waits, and with it everything committed before.
    """
    with connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit = off")


def _attempt(run: JobRun, besides: Collection[int] = ()) -> JobChunk | None:
    """Choose an open chunk nobody holds and count the attempt, which stays even if the worker is killed in it.

    Least tried first, so that a second worker takes another chunk than the one just begun.
    """
    chunk = (
        JobChunk.objects.filter(run=run, is_done=False)
        .exclude(pk__in=besides)
        .order_by("attempts", "number")
        .select_for_update(skip_locked=True)
        .first()
    )
    if chunk is None:
        return None
    chunk.attempts += 1
    JobChunk.objects.filter(pk=chunk.pk).update(attempts=chunk.attempts)
    JobRun.objects.filter(pk=run.pk).update(alive_at=clock.now())
    return chunk


def _finish(run_id: int, job: Job) -> bool:
    """End a run whose chunks are all done; while another worker still holds one, that one will finish."""
    try:
        with job_frame(None, f"run-{run_id}", job.role):
            run = JobRun.objects.select_for_update().get(pk=run_id)
            if run.is_over or run.chunks.filter(is_done=False).exists():
                return False
            with _AsAsker(run):
                result = job.finish(run) if job.finish else None
            JobRun.objects.filter(pk=run_id).update(
                state=JobRun.State.DONE, finished_at=clock.now(), result={**run.result, **(result or {})}
            )
    except Exception as error:
        log.exception("finishing failed", extra={"run": run_id, "job": job.kind})
        _end(run_id, job, JobRun.State.FAILED, error=_short(error))
    return False


def _end(run_id: int, job: Job, state: str, error: str = "") -> None:
    with job_frame(None, f"run-{run_id}", job.role):
        ended = JobRun.objects.filter(pk=run_id, state__in=["queued", "running"]).update(
            state=state, error=error, finished_at=clock.now()
        )
        if ended and job.abandon is not None:
            job.abandon(JobRun.objects.get(pk=run_id))


def _short(error: Exception) -> str:
    """Return the kind of an error and its first line, without the row a database error quotes."""
    first = str(error).split("\n", 1)[0]
    return f"{type(error).__name__}: {first}"[:500]


def ask_to_cancel(run: JobRun, staff_id: int) -> None:
    """Ask a living run to stop between two chunks."""
    JobRun.objects.filter(pk=run.pk, state__in=["queued", "running"]).update(cancel_asked_by_id=staff_id)


def sweep() -> int:
    """Send every living run again that shows no life; returns how many."""
    limit = clock.now() - LOST_AFTER
    with job_frame(None, "sweep", _role_of(0)):
        lost = [
            (run.pk, run.kind)
            for run in JobRun.objects.filter(state__in=["queued", "running"])
            if (run.alive_at or run.queued_at) < limit and run.kind in REGISTRY
        ]
        JobRun.objects.filter(pk__in=[pk for pk, _ in lost]).update(alive_at=clock.now())
    for pk, kind in lost:
        send_run(pk, kind)
    return len(lost)
