"""Rows in and out of the database in bulk: PostgreSQL's binary COPY as arrays of numbers (Decision record 0004).

A binary COPY is of fixed width only while no column is NULL, so whoever reads names a number that stands for NULL in the SELECT,
and whoever writes has rows that are NULL in the same columns written together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
NO_SMALLINT: Final = -(2**15)
WIDTHS: Final[Mapping[str, str]] = {"int8": ">i8", "int4": ">i4", "int2": ">i2", "uuid": "V16"}


class NotAsAskedError(ValueError):
    """Rows of a COPY that are not as wide as asked for: a column holds NULL or is of another type."""


def decoded(data: bytes, columns: Sequence[tuple[str, str]]) -> Any:
    """The rows of a binary COPY of columns (name, type) without NULL, as one structured array over the same bytes."""
    parts: list[tuple[str, str]] = [("#", ">i2")]
    for name, kind in columns:
        parts += [(f"#{name}", ">i4"), (name, WIDTHS[kind])]
    row = np.dtype(parts)
    if not data.startswith(HEADER[:11]) or not data.endswith(TRAILER) or (len(data) - 21) % row.itemsize:
        raise NotAsAskedError
    found = np.frombuffer(data, dtype=row, offset=19, count=(len(data) - 21) // row.itemsize)
    widths = [(f"#{name}", row[name].itemsize) for name, _kind in columns]
    if not (found["#"] == len(columns)).all() or any((found[name] != width).any() for name, width in widths):
        raise NotAsAskedError
    return found


@dataclass(frozen=True)
class Stored:
    """One column of rows to be written: its values, and where it is NULL (None: nowhere)."""

    name: str
    values: npt.NDArray[Any]
    null: npt.NDArray[np.bool_] | None = None


def encoded(columns: Sequence[Stored]) -> bytes:
    """The rows of a binary COPY. Rows that are NULL in the same columns are written together, so that each group is of one width."""
    rows = len(columns[0].values)
    pattern = np.zeros(rows, dtype=np.int64)
    for place, column in enumerate(columns):
        if column.null is not None:
            pattern |= column.null.astype(np.int64) << place
    parts = [HEADER]
    for nulls in np.unique(pattern).tolist():
        chosen = pattern == nulls
        parts.append(_group(columns, chosen if not chosen.all() else slice(None), nulls))
    return b"".join([*parts, TRAILER])


def _group(columns: Sequence[Stored], chosen: Any, nulls: int) -> bytes:
    layout: list[tuple[str, Any]] = [("#", ">i2")]
    for place, column in enumerate(columns):
        layout.append((f"#{column.name}", ">i4"))
        if not nulls >> place & 1:
            layout.append((column.name, _width(column.values)))
    count = len(columns[0].values[chosen])
    rows = np.empty(count, dtype=np.dtype(layout))
    rows["#"] = len(columns)
    for place, column in enumerate(columns):
        if nulls >> place & 1:
            rows[f"#{column.name}"] = -1
        else:
            rows[f"#{column.name}"] = rows.dtype[column.name].itemsize
            values = column.values[chosen]
            rows[column.name] = values if values.ndim == 1 else _as_bytes(values)
    return rows.tobytes()


def _width(values: npt.NDArray[Any]) -> Any:
    if values.ndim == 2:
        return f"V{values.shape[1] * values.dtype.itemsize}"
    return values.dtype.newbyteorder(">")


def _as_bytes(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    width = values.shape[1] * values.dtype.itemsize
    return np.ascontiguousarray(values).view(f"V{width}").reshape(len(values))
