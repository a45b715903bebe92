"""Who acts: every request and every job is one transaction that tells the database its staff, post and scope.

The database reads ``app.staff`` and ``app.request`` in history triggers and ``app.grids``, ``app.institution``,
``app.subjects`` and ``app.hidden`` in row policies; all are local to the transaction, so a kept connection never passes
one person's scope to the next. An unset variable means no rows.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from config.lib import clock, errors

log = logging.getLogger("gedang.database")

#: For whom the acting person stands in, so that an audit event names both.
standing_in: ContextVar[tuple[int, ...]] = ContextVar("standing_in", default=())
VARIABLES = ("staff", "today", "post", "request", "institution", "grids", "subjects", "hidden")


@dataclass(frozen=True)
class Acting:
    """The acting person of a transaction; ``whole`` posts see the whole institution instead of a list of grids."""

    staff_id: int | None = None
    post_id: int | None = None
    institution_id: int | None = None
    whole: bool = False
    request: str = ""


def _set(values: dict[str, str]) -> None:
    columns = ", ".join("set_config(%s, %s, true)" for _ in values)
    with connection.cursor() as cursor:
        cursor.execute(f"select {columns}", [part for name, value in values.items() for part in (f"app.{name}", value)])


def take_scope(acting: Acting, *, in_job: bool = False) -> list[int]:
    """Act as this person on the current connection until the transaction ends; return for whom he stands in today.

    ``in_job`` keeps the role of the job, which row security lets pass: what is read for the person is then scoped by the
    access doors alone, so only counts may come of it.
    """
    _set(
        {
            "staff": str(acting.staff_id or ""),
            "post": str(acting.post_id or ""),
            "institution": str(acting.institution_id or ""),
            "request": acting.request,
            "subjects": "{}",
            "today": clock.today().isoformat(),
        }
    )
    role = "gedang_web_all" if acting.whole else "gedang_web"
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('app.grids', acc.grids()::text, true), set_config('app.hidden', acc.hidden()::text, true), "
            "acc.principals()"
        )
        principals: list[int] = cursor.fetchone()[2]
        if not in_job:
            cursor.execute(f"set local role {role}")
    standing_in.set(tuple(principals))
    return principals


def open_subjects(source: str, *arguments: Any) -> list[int]:
    """Open the subjects of one task to this transaction and return their ids.

    ``source`` is a definer function in schema ``acc`` that itself checks that the acting staff was given the task.
    """
    marks = ", ".join("%s" for _ in arguments)
    with connection.cursor() as cursor:
        cursor.execute(
            f"select set_config('app.subjects', coalesce(acc.{source}({marks}), '{{}}')::text, true)", arguments
        )
        text = cursor.fetchone()[0].strip("{}")
    return [int(part) for part in text.split(",") if part]


def open_queues(*sources: str) -> list[list[int]]:
    """Open the subjects of several queues to this transaction at once and return the ids of each (``open_subjects``)."""
    names = [f"q{place}" for place in range(len(sources))]
    queues = ", ".join(f"acc.{source}() as {name}" for source, name in zip(sources, names, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            f"with queue as materialized (select {queues}) "  # noqa: S608  the sources are names in our own code
            f"select set_config('app.subjects', ({' || '.join(names)})::text, true), {', '.join(names)} from queue"
        )
        return [list(found) for found in cursor.fetchone()[1:]]


def scope_digest() -> str:
    """Return a short text of the acting post and the rows it reaches now; empty when no post acts (jobs, commands).

    An export keeps it, so that a later download can tell whether the rights it was made under still stand.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select case when coalesce(current_setting('app.post', true), '') = '' then ''
                   else current_setting('app.post') || ':' || (
                       select md5(coalesce(array_agg(grid order by grid), '{}')::text)
                       from unnest(nullif(current_setting('app.grids', true), '')::bigint[]) as grid) end
            """
        )
        return str(cursor.fetchone()[0])


@contextmanager
def transaction_frame() -> Iterator[None]:
    """Open the transaction of a request; inside an outer one (tests) put role and variables back at the end."""
    nested = connection.in_atomic_block
    standing_in.set(())
    with transaction.atomic():
        yield
        standing_in.set(())
        if nested and not connection.needs_rollback:
            _set(dict.fromkeys(VARIABLES, ""))
            with connection.cursor() as cursor:
                cursor.execute("reset role")


@contextmanager
def job_frame(asked_by_id: int | None, request: str, role: str = "worker") -> Iterator[None]:
    """Open the transaction of a job under its role, with the person who asked recorded as acting staff.

    ``worker`` sees every row; ``opener`` only what opening a round needs.
    """
    standing_in.set(())
    nested = connection.in_atomic_block
    with transaction.atomic():
        _set({"staff": str(asked_by_id or ""), "today": clock.today().isoformat(), "request": request})
        with connection.cursor() as cursor:
            cursor.execute(f"set local role gedang_{role}")
        yield
        standing_in.set(())
        if nested and not connection.needs_rollback:
            _set(dict.fromkeys(VARIABLES, ""))
            with connection.cursor() as cursor:
                cursor.execute("reset role")


class TransactionMiddleware:
    """Hold each request in one transaction, so that the session, the sign-in and the work commit together.

    A view that raises is rolled back by its own savepoint (ATOMIC_REQUESTS); what must outlive the refusal, such as a
    failed sign-in, was written outside that savepoint and stays.
    """

    exempt = ("/healthz", "/static/")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(self.exempt):
            return self.get_response(request)
        try:
            with transaction_frame():
                with connection.cursor() as cursor:
                    # Before the person is known nothing but sign-in tables is readable.
                    cursor.execute("set local role gedang_web")
                return self.get_response(request)
        except (OperationalError, InterfaceError):
            # Nothing of the request was saved: the database is away, or went away before the commit.
            log.exception("database away")
            connection.close()
            return errors.page(request, 503)
