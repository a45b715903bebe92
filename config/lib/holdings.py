"""What a person has in hand, told by every app: what goes to a successor, what waits for anybody of the branch, what stays his.

An app registers its counts in ``<app>/selectors/holdings.py``. Counts alone, so that who moves people needs to see no customer.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from celery import current_app
from django.db import transaction
from django.utils.module_loading import autodiscover_modules
from kombu.exceptions import OperationalError

log = logging.getLogger("gedang.holdings")

Fate = Literal["goes", "waits", "stays"]


@dataclass(frozen=True)
class Holding:
    """So many of something; ``fate``: goes with the grids, waits for somebody of the branch, stays his for good."""

    label: Any
    count: int
    fate: Fate


Teller = Callable[[int], Iterable[Holding]]
TELLERS: list[Teller] = []


def holding(tell: Teller) -> Teller:
    """Register who tells of a person's holdings, by his id."""
    TELLERS.append(tell)
    return tell


def held_by(staff_id: int) -> list[Holding]:
    """Return everything a person has in hand, what goes with the grids first."""
    autodiscover_modules("selectors.holdings")
    order = {"goes": 0, "waits": 1, "stays": 2}
    return sorted((one for tell in TELLERS for one in tell(staff_id)), key=lambda one: order[one.fate])


FOLLOWERS: list[str] = []
"""Tasks that put in order what people had in hand, by the bank's id."""


def follows(task: str) -> str:
    """Register a task that is sent after somebody was moved, left, went away or came back; returns its name."""
    FOLLOWERS.append(task)
    return task


def people_moved(institution_id: int) -> None:
    """Send what follows once this transaction is kept; a broker that is away is no error, the hourly run does the same."""

    def send() -> None:
        for task in FOLLOWERS:
            try:
                current_app.send_task(task, (institution_id,), retry=False)
            except OperationalError:
                log.warning("broker away, the hourly run will follow", extra={"task": task})

    transaction.on_commit(send)
