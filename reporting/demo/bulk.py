"""COPY of ready rows with ids of our own, as fast as the database takes them."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
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


_JSON = json.JSONEncoder(ensure_ascii=False).encode
# By type, since a county has millions of values.
_TEXT: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "\\N",
    bool: lambda value: "t" if value else "f",
    dict: _JSON,
    list: _JSON,
    datetime: datetime.isoformat,
    date: date.isoformat,
    bytes: lambda value: "\\x" + value.hex(),
    UUID: str,
    Decimal: str,
    int: str,
    str: str,
}


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into a table; ``columns`` are its column names. Returns how many."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    count = 0
    for row in rows:
        writer.writerow([_TEXT[type(value)](value) for value in row])
        count += 1
    buffer.seek(0)
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"copy {table} ({names}) from stdin with (format csv, null '\\N')", buffer)
    return count


def update(model: type[models.Model], column: str, values: Mapping[int, Any], **others: Any) -> None:
    """Give rows, by their keys, a value of a column, and all of them the same ``others``; one statement."""
    table, key = model._meta.db_table, model._meta.pk.column
    kind = model._meta.get_field(column).db_type(connection)
    same = "".join(f', "{name}" = %s' for name in others)
    with connection.cursor() as cursor:
        cursor.execute(
            f'update {table} as held set "{column}" = given.value{same} '  # noqa: S608  names of our own models
            f"from unnest(%s::bigint[], %s::{kind}[]) as given (key, value) where held.{key} = given.key",
            [*others.values(), list(values), list(values.values())],
        )


def analyse() -> None:
    """Tell the planner what was loaded; a table that was empty a moment ago would be read in the worst way."""
    with connection.cursor() as cursor:
        cursor.execute("analyze")
