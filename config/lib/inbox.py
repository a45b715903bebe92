"""What waits for a person: every app registers its queues; the inbox, the count in the frame and the mails read the same.

An app registers in ``<app>/selectors/inbox.py``. A queue counts what the acting post may do now: scoped through the app's
access door like its page, in one statement (one more where a queue first has to be opened). What a sheet says, or how far it
is filled in, is never counted (Design, 5a).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.module_loading import autodiscover_modules

from config.lib import clock


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Under which post it is asked and on which day; ``principals`` are those for whom the person stands in today."""

    post: Any
    principals: tuple[int, ...] = ()
    today: date = field(default_factory=clock.today)

    @property
    def me(self) -> int:
        """Who asks."""
        return int(self.post.staff_id)

    @property
    def people(self) -> tuple[int, ...]:
        """Whose own work is looked at: the person himself and those he stands in for."""
        return (self.me, *self.principals)


@dataclass(frozen=True, kw_only=True)
class Heap:
    """What waits in a queue: how many, since when the oldest, the nearest deadline, how many are past theirs, and whose they are
    where the work belongs to one person (None: to the post); ``note`` says more of it in words."""

    count: int
    since: datetime | date | None = None
    due: date | None = None
    overdue: int = 0
    whose: int | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue that may wait for a post: its words, who handles it, how it is counted, and the page where it is handled."""

    code: str
    label: Any
    icon: str
    posts: frozenset[str]
    look: Callable[[Asked], Iterable[Heap]]
    page: Callable[[Asked, Heap], str]


QUEUES: dict[str, Queue] = {}


def register(queue: Queue) -> None:
    """Make a queue known; a code names one queue."""
    if QUEUES.get(queue.code, queue) is not queue:
        raise ValueError(f"queue {queue.code} is registered twice")
    QUEUES[queue.code] = queue


def at(name: str, query: str = "") -> Callable[[Asked, Heap], str]:
    """Return the page of a queue that is the same for everybody."""

    def page(_asked: Asked, _heap: Heap) -> str:
        return reverse(name) + query

    return page


@dataclass(frozen=True)
class Row:
    """A line of the inbox."""

    queue: Queue
    heap: Heap
    url: str


@dataclass(frozen=True)
class Total:
    """How much waits in all, and how much of it is past its deadline."""

    count: int = 0
    overdue: int = 0


def rows_of(asked: Asked) -> list[Row]:
    """Return what waits, what is overdue first, then in the order of the register; one's own before another's."""
    autodiscover_modules("selectors.inbox")
    found = [
        Row(queue, heap, queue.page(asked, heap))
        for queue in QUEUES.values()
        if asked.post.kind in queue.posts
        for heap in queue.look(asked)
        if heap.count
    ]
    return sorted(found, key=lambda row: (row.heap.whose not in (None, asked.me), not row.heap.overdue))


def total_of(rows: Iterable[Row]) -> Total:
    """Return the sum of an inbox."""
    heaps = [row.heap for row in rows]
    return Total(sum(heap.count for heap in heaps), sum(heap.overdue for heap in heaps))
