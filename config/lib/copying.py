"""Rows for COPY in PostgreSQL's binary format: half the bytes of text, and the server parses nothing.

A row is the number of its fields and then each field as its length and its bytes. Callers that make millions of rows join
constant pieces themselves; the functions here make one field each.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from struct import Struct
from typing import Any, Final

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END: Final = b"\xff\xff"
_LENGTH: Final = Struct(">i")
_COUNT: Final = Struct(">h")
_BIGINT: Final = Struct(">iq")
_INTEGER: Final = Struct(">ii")
_EPOCH_DAY: Final = date(2000, 1, 1)
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_BLOCK: Final = 1 << 20

NULL: Final = _LENGTH.pack(-1)
bigint_parts: Final = _BIGINT.pack
"""``bigint_parts(8, number)`` is ``bigint`` without the call."""


def row_head(fields: int) -> bytes:
    """What stands before the fields of a row."""
    return _COUNT.pack(fields)


def length(size: int) -> bytes:
    """What stands before the bytes of a field of ``size`` bytes."""
    return _LENGTH.pack(size)


def integer(number: int) -> bytes:
    """An integer (four bytes) field."""
    return _INTEGER.pack(4, number)


def boolean(value: bool) -> bytes:
    """A boolean field."""
    return b"\x00\x00\x00\x01" + (b"\x01" if value else b"\x00")


def document(value: Any) -> bytes:
    """A jsonb field."""
    encoded = b"\x01" + json.dumps(value, ensure_ascii=False).encode()
    return _LENGTH.pack(len(encoded)) + encoded


def bigint(number: int) -> bytes:
    """A bigint field."""
    return _BIGINT.pack(8, number)


def text(value: str) -> bytes:
    """A text or varchar field."""
    encoded = value.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def day(value: date) -> bytes:
    """A date field."""
    return _INTEGER.pack(4, (value - _EPOCH_DAY).days)


def instant(value: datetime) -> bytes:
    """A timestamptz field; ``value`` is aware."""
    since = value - _EPOCH
    return _BIGINT.pack(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def yuan(amount: Decimal) -> bytes:
    """A numeric field of two decimals; ``amount`` is yuan, exact to the fen."""
    # PostgreSQL keeps digits of base 10,000: the last of them is the fraction, which two decimals fill by half.
    scaled = int(amount.scaleb(4))
    sign, left, digits = (0x4000 if scaled < 0 else 0), abs(scaled), []
    while left:
        left, digit = divmod(left, 10_000)
        digits.append(digit)
    weight = len(digits) - 2
    body = Struct(f">HhHH{len(digits)}H").pack(len(digits), weight, sign, 2, *reversed(digits))
    return _LENGTH.pack(len(body)) + body


def copy_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """COPY ready rows into a table; the session's own transaction, privileges and triggers hold."""
    body = BytesIO(b"".join((_SIGNATURE, *rows, _END)))
    cursor.copy_expert(f"copy {table} ({', '.join(columns)}) from stdin with (format binary)", body, _BLOCK)
