"""The only reader of the clock. Business time is Asia/Shanghai; the server's time is the truth (Semantics, section 2)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return the present instant, aware, in Shanghai time; rehearsals outside production may move it."""
    return timezone.now().astimezone(SHANGHAI) + timedelta(seconds=settings.CLOCK_OFFSET_SECONDS)


def today() -> date:
    """Return the present business day in Shanghai."""
    return now().date()
