"""Every URL x every post: a URL without a row fails, an outsider gets 404 and changes nothing."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from grids.models import PostKind
from tests.access.matrix import EVERYBODY, Row
from tests.world import World

PEOPLE = {
    PostKind.OFFICER: "chen",
    PostKind.BRANCH_MANAGER: "gao",
    PostKind.APPROVER: "jiang",
    PostKind.AUDITOR: "kang",
    PostKind.LEADER: "lin",
    PostKind.PARAMETER_MANAGER: "mo",
    PostKind.ASSESSOR: "shi",
    PostKind.ADMINISTRATOR: "an",
}


def _rows() -> dict[str, Row]:
    found: dict[str, Row] = {}
    for path in sorted(Path(__file__).parent.glob("matrix_*.py")):
        rows = importlib.import_module(f"tests.access.{path.stem}").ROWS
        assert not set(rows) & set(found), f"{path.name} repeats a row"
        found.update(rows)
    return found


ROWS = _rows()


def _names(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _names(entry.url_patterns, inner)
        else:
            yield f"{space}{entry.name}"


def test_every_url_has_a_row_and_every_row_a_url() -> None:
    urls = set(_names(get_resolver().url_patterns))
    assert not urls - set(ROWS), f"URLs without a row in tests/access/matrix_*.py: {sorted(urls - set(ROWS))}"
    assert not set(ROWS) - urls, f"rows without a URL: {sorted(set(ROWS) - urls)}"


def _changes() -> int:
    """Count the rows this transaction has written so far (sessions and sign-in records apart)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_xact_user_tables "
            "where relname not in ('django_session', 'lib_auditevent')"
        )
        return int(cursor.fetchone()[0])


def _call(client: Client, name: str, row: Row, world: World) -> int:
    url = reverse(name, kwargs=row.kwargs(world) if row.kwargs else None) + (f"?{row.query}" if row.query else "")
    return int(getattr(client, row.method)(url, row.data or {}).status_code)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_posts(name: str, world: World, client_of: Callable[..., Client]) -> None:
    row = ROWS[name]
    if row.kwargs:
        row.kwargs(world)  # what the row's own arrangement writes is not the outsider's doing

    for kind, person in PEOPLE.items():
        if kind in row.posts:
            continue
        client = client_of(getattr(world, person))
        url = reverse(name, kwargs=row.kwargs(world) if row.kwargs else None)
        before = _changes()
        status = getattr(client, row.method)(url, row.data or {}).status_code
        assert status == 404, f"{kind} got {status} from {name}"
        assert _changes() == before, f"{kind} changed something through {name}"
    if row.posts != EVERYBODY:
        answer = getattr(Client(), row.method)(
            reverse(name, kwargs=row.kwargs(world) if row.kwargs else None), row.data or {}
        )
        assert answer.status_code in (302, 401, 403), f"a stranger got {answer.status_code} from {name}"
        if answer.status_code == 302:
            assert answer["Location"].startswith("/sign-in/")

    for kind in sorted(row.posts - {""}):
        if kind not in PEOPLE:
            continue
        status = _call(client_of(getattr(world, PEOPLE[PostKind(kind)])), name, row, world)
        if row.status is None:
            assert status < 500, f"{kind} got {status} from {name}"
            assert status != 404, f"{kind} got {status} from {name}"
        else:
            assert status == row.status, f"{kind} got {status} from {name}"
