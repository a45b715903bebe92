"""Who is due a digest, what waits for him, and how the sending stands."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from config.lib import clock, inbox
from config.lib.weeks import is_working_day
from config.lib.working_days import changes_of
from grids.access import Staff, act_as, posts_of
from grids.models import Digest, PostKind

STALE = timedelta(minutes=20)
"""After so long a digest that is still being sent has lost its process."""
MOST_TRIES = 6
Kind, State = Digest.Kind, Digest.State


@dataclass(frozen=True)
class Line:
    """One line of a mail: what waits, how much of it, how much is overdue, the address of its page."""

    label: Any
    count: int
    overdue: int
    path: str
    is_for_another: bool


def is_on() -> bool:
    """Whether this installation sends mails."""
    return settings.MAIL_SERVER is not None


def kinds_due(now: datetime, institution_id: int) -> list[str]:
    """Return the kinds a bank may send at an instant: from the hour set, on its working days; weekly on the first of a week."""
    day = now.date()
    if now.hour < settings.DIGEST_HOUR:
        return []
    changes = changes_of(institution_id, day)
    if not is_working_day(day, changes):
        return []
    monday = day - timedelta(days=day.weekday())
    is_first = not any(is_working_day(monday + timedelta(days=ahead), changes) for ahead in range(day.weekday()))
    return [Kind.DAILY, *([Kind.WEEKLY] if is_first else []), Kind.URGENT]


def due(institution_id: int, kind: str, on: date, now: datetime) -> list[int]:
    """Return the people of a bank who chose a kind and have not had it on a day, or whose mail is to be tried again."""
    chosen = Staff.Notices.DAILY if kind == Kind.DAILY else Staff.Notices.WEEKLY
    again = Q(state=State.FAILED, tries__lt=MOST_TRIES) | Q(state=State.SENDING, claimed_at__lt=now - STALE)
    had = Digest.objects.filter(staff=OuterRef("pk"), on=on, kind=kind)
    people = Staff.objects.filter(institution_id=institution_id, is_active=True, kind=Staff.Kind.EMPLOYEE)
    people = people.filter(notices=chosen).exclude(email="")
    wanted = people.filter(~Exists(had) | Exists(had.filter(again)))
    if kind == Kind.URGENT:
        # On the day of the weekly mail that one says it.
        wanted = wanted.exclude(Exists(Digest.objects.filter(staff=OuterRef("pk"), on=on, kind=Kind.WEEKLY)))
    return list(wanted.order_by("pk").values_list("pk", flat=True))


def waiting_for(staff: Staff) -> list[Line]:
    """Return what waits for a person under each of his posts, counted in a job as his inbox would."""
    found = []
    for post in posts_of(staff).exclude(kind=PostKind.ASSESSOR):
        post.staff = staff
        principals = act_as(staff, post, "digest", in_job=True)
        asked = inbox.Asked(post=post, principals=tuple(principals))
        for row in inbox.rows_of(asked):
            heap = row.heap
            path = row.url
            found.append(Line(row.queue.label, heap.count, heap.overdue, path, heap.whose not in (None, staff.pk)))
    return found


def told_overdue(staff: Staff, on: date) -> int:
    """Return how many were overdue in the last mail a person got, at most a week ago."""
    last = Digest.objects.filter(staff=staff, state=State.SENT, on__gte=on - timedelta(days=7)).order_by("-settled_at")
    return last.values_list("overdue", flat=True).first() or 0


def digests_of(institution_id: int) -> QuerySet[Digest]:
    """Return the mails to the staff of an institution."""
    return Digest.objects.filter(staff__institution_id=institution_id)


def standing(institution_id: int) -> dict[str, Any]:
    """Return how the mails of an institution stand: today's by state, the last one sent, the last error and when it was."""
    today = clock.today()
    found = digests_of(institution_id).aggregate(
        sent=Count("pk", filter=Q(on=today, state=State.SENT)),
        waiting=Count(
            "pk", filter=Q(on=today, state=State.FAILED, tries__lt=MOST_TRIES) | Q(on=today, state=State.SENDING)
        ),
        given_up=Count("pk", filter=Q(on=today, state=State.FAILED, tries__gte=MOST_TRIES)),
        last_sent=Max("settled_at", filter=Q(state=State.SENT)),
    )
    failed = digests_of(institution_id).exclude(last_error="").order_by("-claimed_at").first()
    chosen = Staff.objects.filter(institution_id=institution_id, is_active=True).exclude(notices=Staff.Notices.NONE)
    return {
        **found,
        "is_on": is_on(),
        "last_error": failed.last_error if failed else "",
        "last_error_at": failed.claimed_at if failed else None,
        **chosen.aggregate(chosen=Count("pk"), without=Count("pk", filter=Q(email=""))),
    }
