"""Rows in PostgreSQL's binary format arrive as what they were."""

import json
from datetime import date, datetime

import pytest
from django.db import connection

from config.lib import copying
from config.lib.clock import SHANGHAI

pytestmark = pytest.mark.django_db

COLUMNS = {
    "a_bigint": ("bigint", copying.bigint, [0, 1, -1, 2**63 - 1]),
    "an_integer": ("integer", copying.integer, [0, 7, -(2**31)]),
    "a_text": ("text", copying.text, ["", "王小明", "a\tb\\N\n", "𠮷"]),
    "a_boolean": ("boolean", copying.boolean, [True, False]),
    "a_document": ("jsonb", copying.document, [{}, {"also": "第 3 行"}, [1, None]]),
    "a_day": ("date", copying.day, [date(1899, 12, 31), date(2000, 1, 1), date(2026, 11, 21)]),
    "an_instant": (
        "timestamptz",
        copying.instant,
        [datetime(2026, 11, 21, 10, 32, 5, 123456, SHANGHAI), datetime(1970, 1, 1, tzinfo=SHANGHAI)],
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_values_come_back(name: str) -> None:
    kind, field, values = COLUMNS[name]
    with connection.cursor() as cursor:
        cursor.execute(f"create temp table copied (at integer, value {kind})")
        head = copying.row_head(2)
        rows = [head + copying.integer(at) + field(value) for at, value in enumerate(values)]
        copying.copy_rows(cursor, "copied", ("at", "value"), [*rows, head + copying.integer(99) + copying.NULL])
        cursor.execute("select value from copied order by at")

        found = [row[0] for row in cursor.fetchall()]
        if kind == "jsonb":
            found = [json.loads(text) if text is not None else None for text in found]
        assert found == [*values, None]
