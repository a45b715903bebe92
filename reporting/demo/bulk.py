"""COPY of ready rows with ids of our own, as fast as the database takes them."""

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import UUID

from django.db import connection, models


def reserve(model: type[models.Model], count: int) -> int:
    """Take ``count`` ids of a table's sequence and return the first."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        first = int(cursor.fetchone()[0])
        cursor.execute(
            "select setval(pg_get_serial_sequence(%s, 'id'), %s)", [model._meta.db_table, first + max(count, 1)]
        )
    return first


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return "\\x" + bytes(value).hex()
    if isinstance(value, (UUID, Decimal, int, str)):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be copied")


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into a table; ``columns`` are its column names. Returns how many."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    count = 0
    for row in rows:
        writer.writerow([_text(value) for value in row])
        count += 1
    buffer.seek(0)
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"copy {table} ({names}) from stdin with (format csv, null '\\N')", buffer)
    return count


def analyse() -> None:
    """Tell the planner what was loaded; a table that was empty a moment ago would be read in the worst way."""
    with connection.cursor() as cursor:
        cursor.execute("analyze")
