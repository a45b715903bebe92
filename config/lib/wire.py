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
    """One column of rows to be written: its values, and where it is NULL (None: nowhere). One value for all rows is best given by
    ``numpy.broadcast_to``."""

    name: str
    values: npt.NDArray[Any]
    null: npt.NDArray[np.bool_] | None = None


def encoded(columns: Sequence[Stored]) -> bytearray:
    """The rows of a binary COPY. Rows that are NULL in the same columns are written together, so that each group is of one width."""
    pattern = np.zeros(len(columns[0].values), dtype=np.int64)
    for place, column in enumerate(columns):
        if column.null is not None:
            pattern |= column.null.astype(np.int64) << place
    patterns, counts = np.unique(pattern, return_counts=True)
    kinds = [_kind(columns, nulls) for nulls in patterns.tolist()]
    data = bytearray(len(HEADER) + sum(kind.itemsize * n for kind, n in zip(kinds, counts.tolist(), strict=True)) + 2)
    data[: len(HEADER)], data[-2:] = HEADER, TRAILER
    start = len(HEADER)
    for nulls, count, kind in zip(patterns.tolist(), counts.tolist(), kinds, strict=True):
        rows = np.ndarray((count,), dtype=kind, buffer=data, offset=start)
        _fill(rows, columns, slice(None) if len(kinds) == 1 else np.flatnonzero(pattern == nulls), nulls)
        start += kind.itemsize * count
    return data


def _kind(columns: Sequence[Stored], nulls: int) -> np.dtype[Any]:
    layout: list[tuple[str, Any]] = [("#", ">i2")]
    for place, column in enumerate(columns):
        layout.append((f"#{column.name}", ">i4"))
        if not nulls >> place & 1:
            layout.append((column.name, _width(column.values)))
    return np.dtype(layout)


def _fill(rows: Any, columns: Sequence[Stored], chosen: Any, nulls: int) -> None:
    # What is the same in every row, above all the widths, is laid out once and copied.
    row = np.zeros(1, dtype=rows.dtype)
    row["#"] = len(columns)
    varying = []
    for place, column in enumerate(columns):
        if nulls >> place & 1:
            row[f"#{column.name}"] = -1
            continue
        row[f"#{column.name}"] = rows.dtype[column.name].itemsize
        if column.values.strides[0]:
            varying.append(column)
        else:
            row[column.name] = column.values[0]
    rows[:] = row
    for column in varying:
        values = column.values[chosen]
        rows[column.name] = values if values.ndim == 1 else _as_bytes(values)


def _width(values: npt.NDArray[Any]) -> Any:
    if values.ndim == 2:
        return f"V{values.shape[1] * values.dtype.itemsize}"
    return values.dtype.newbyteorder(">")


def _as_bytes(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    width = values.shape[1] * values.dtype.itemsize
    return np.ascontiguousarray(values).view(f"V{width}").reshape(len(values))


class Reading:
    """Bytes as a file to be read once, none of them copied before."""

    def __init__(self, data: bytes | bytearray) -> None:
        self._rest = memoryview(data)

    def read(self, size: int = -1) -> bytes:
        """Return the next so many bytes."""
        taken = self._rest[: size if size >= 0 else len(self._rest)]
        self._rest = self._rest[len(taken) :]
        return bytes(taken)
