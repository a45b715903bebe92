"""Rows by PostgreSQL's binary COPY as arrays: what goes in comes out, and what is not as asked is refused."""

from io import BytesIO

import numpy as np
import pytest
from django.db import connection

from config.lib.wire import HEADER, TRAILER, NotAsAskedError, Reading, Stored, decoded, encoded

pytestmark = pytest.mark.django_db


def _out(select: str) -> bytes:
    held = BytesIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(f"copy ({select}) to stdout (format binary)", held)
    return held.getvalue()


def test_what_is_written_is_read_by_the_database() -> None:
    count = 5
    rows = [
        Stored("run", np.broadcast_to(np.int64(7), (count,))),
        Stored("number", np.arange(count, dtype=np.int64) - 2),
        Stored("small", np.arange(count, dtype=np.int16), np.arange(count) % 2 == 1),
        Stored("hash", np.arange(2 * count, dtype=np.uint64).reshape(count, 2)),
        Stored("packed", np.arange(3 * count, dtype=np.uint8).reshape(count, 3), np.arange(count) == 4),
    ]
    with connection.cursor() as cursor:
        cursor.execute("create temp table held (run bigint, number bigint, small smallint, hash uuid, packed bytea)")
        cursor.copy_expert("copy held from stdin (format binary)", Reading(encoded(rows)), size=100)
        cursor.execute("select run, number, small, hash::text, packed from held order by number")
        found = [
            (run, number, small, text[:2], packed and bytes(packed))
            for run, number, small, text, packed in cursor.fetchall()
        ]

    assert found == [
        (7, -2, 0, "00", bytes([0, 1, 2])),
        (7, -1, None, "02", bytes([3, 4, 5])),
        (7, 0, 2, "04", bytes([6, 7, 8])),
        (7, 1, None, "06", bytes([9, 10, 11])),
        (7, 2, 4, "08", None),
    ]


def test_what_the_database_writes_is_read() -> None:
    rows = decoded(
        _out("select n::bigint, (n * 2)::smallint, n::int from generate_series(1, 3) as n order by 1"),
        [("n", "int8"), ("twice", "int2"), ("plain", "int4")],
    )

    assert (rows["n"].tolist(), rows["twice"].tolist(), rows["plain"].tolist()) == ([1, 2, 3], [2, 4, 6], [1, 2, 3])


@pytest.mark.parametrize(
    "select",
    [
        "select null::bigint, 1::smallint",
        "select 1::bigint, null::smallint",
        "select 1::smallint, 1::bigint",
        "select 1::bigint",
        "select case n when 2 then null else n end::bigint, 1::smallint from generate_series(1, 7) as n",
    ],
)
def test_null_and_other_types_are_refused_not_misread(select: str) -> None:
    with pytest.raises(NotAsAskedError):
        decoded(_out(select), [("n", "int8"), ("small", "int2")])


def test_no_rows_are_rows_too() -> None:
    assert len(decoded(HEADER + TRAILER, [("n", "int8")])) == 0
    assert encoded([Stored("n", np.zeros(0, dtype=np.int64))]) == HEADER + TRAILER
