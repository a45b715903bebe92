"""What a form field holds as text, read: pictures, days, instants, ids, figures. What cannot be read is None and refused elsewhere."""

from base64 import b64decode
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID, uuid4

from django.utils.dateparse import parse_date, parse_datetime

from customers.domain.effective import LONGEST_DWELL

LONGEST_PICTURE = 2_000_000


def picture_of(text: str) -> bytes | None:
    """Read a picture as it is sent, base64 or a data URL; None for nothing, too much, or what is none."""
    body = text.rpartition(";base64,")[2]
    if len(body) > LONGEST_PICTURE:
        return None
    try:
        return b64decode(body, validate=True) or None
    except ValueError:
        return None


def uuid_of(text: str) -> UUID:
    """Return the client's UUID."""
    # Without scripts there is no client's UUID; the server's own then makes the submit a first one.
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def instant_of(text: str) -> datetime | None:
    """Read an instant with its zone; None for what is none."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def parse_day(text: str) -> date | None:
    """Read a date as a date field sends it; None for what is no date."""
    try:
        return parse_date(text)
    except ValueError:
        return None


def number_of(text: str) -> int | None:
    """Read an id; None where nothing was chosen."""
    # What is chosen but no number becomes 0, which names nobody and is refused; nothing chosen stays nothing.
    return None if not text else int(text) if text.isdigit() and len(text) < 19 else 0


def minutes_of(text: str) -> int | None:
    """Read whole minutes on a page, a day at most; None where none were measured."""
    return min(int(text), LONGEST_DWELL) if text.isascii() and text.isdigit() and len(text) < 10 else None


def decimal_of(text: str, largest: Decimal, places: int) -> Decimal | None:
    """Read a figure up to ``largest`` to so many places; None for what is none."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    if not found.is_finite() or abs(found) > largest:
        return None
    return found.quantize(Decimal(1).scaleb(-places))
