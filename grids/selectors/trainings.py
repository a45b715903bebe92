"""Trainings as pages show them: sessions, who took part, and who never had one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from config.lib import clock
from grids import access
from grids.access import Post, posts_on
from grids.models import Attendance, PostKind, Staff, Training

ON_PAGE = 20
PEOPLE_ON_PAGE = 50
MOST_TO_INVITE = 100
State = Attendance.State
KINDS, STATES = Training.Kind.choices, State.choices
TONES = {"invited": "wait", "attended": "good", "absent": "neutral"}


def counting() -> QuerySet[Attendance]:
    """Return what counts of attendance: the last word about each person and session, cancelled sessions left out."""
    later = Attendance.objects.filter(
        training=OuterRef("training"), staff=OuterRef("staff"), number__gt=OuterRef("number")
    )
    return Attendance.objects.filter(~Exists(later), training__cancelled_at__isnull=True)


def newest_of(training: Training) -> list[Attendance]:
    """Return the last word about everybody on the list of a session, by branch and number."""
    rows = (
        Attendance.objects.filter(training=training)
        .select_related("staff__home_branch", "recorded_by")
        .order_by("staff_id", "-number")
        .distinct("staff_id")
    )
    return sorted(rows, key=lambda one: (one.staff.home_branch.path if one.staff.home_branch else "", one.staff.number))


def invitable(post: Post) -> QuerySet[Staff]:
    """Return the people a post may invite and record: employees it administers."""
    return access.staff_for(post).filter(is_active=True, kind=Staff.Kind.EMPLOYEE)


def not_listed(post: Post, training: Training, only: str = "") -> tuple[list[Staff], int]:
    """Return who may still be invited, of one post's kind or all, of a branch's session that branch and below: the first of them,
    and how many more there are."""
    listed = Attendance.objects.filter(training=training, staff=OuterRef("pk"))
    people = invitable(post).filter(~Exists(listed)).exclude(pk=post.staff_id)
    if training.branch is not None:
        people = people.filter(home_branch__path__startswith=training.branch.path)
    if only in PostKind.values:
        held = posts_on(clock.today()).filter(staff=OuterRef("pk"), kind=only)
        people = people.filter(Exists(held))
    shown = list(people.select_related("home_branch").order_by("home_branch__path", "number")[:MOST_TO_INVITE])
    return shown, people.count() - len(shown)


def page_of(post: Post, filters: Mapping[str, str], number: str | None) -> tuple[Page[Any], dict[int, dict[str, int]]]:
    """Return one page of the sessions a post sees, the newest first, and the counts of each by state."""
    rows = access.trainings_for(post).select_related("branch")
    if filters.get("kind") in Training.Kind.values:
        rows = rows.filter(kind=filters["kind"])
    if filters.get("open"):
        rows = rows.filter(to_record(post))
    page: Page[Any] = Paginator(rows.order_by("-on", "-pk"), ON_PAGE).get_page(number)
    counts: dict[int, dict[str, int]] = {}
    ids = [one.pk for one in page.object_list]
    later = Attendance.objects.filter(
        training=OuterRef("training"), staff=OuterRef("staff"), number__gt=OuterRef("number")
    )
    found = Attendance.objects.filter(~Exists(later), training__in=ids).order_by()
    for training, state, count in found.values_list("training", "state").annotate(count=Count("pk")):
        counts.setdefault(training, {})[state] = count
    return page, counts


def to_record(post: Post) -> Q:
    """Return the condition of sessions that were held and of which somebody's attendance is still unknown."""
    mine = invitable(post).exclude(pk=post.staff_id).order_by().values("pk")
    waiting = counting().filter(training=OuterRef("pk"), state=State.INVITED, staff__in=mine)
    return Q(Exists(waiting), on__lte=clock.today(), cancelled_at__isnull=True)


@dataclass(frozen=True)
class Own:
    """One session of a person."""

    training: Training
    attendance: Attendance


def records_of(staff: Staff) -> list[Own]:
    """Return the sessions of a person, the newest first."""
    rows = counting().filter(staff=staff).select_related("training").order_by("-training__on", "-pk")[:50]
    return [Own(row.training, row) for row in rows]


def hours_of(staff: Staff) -> Any:
    """Return the hours a person attended."""
    return counting().filter(staff=staff, state=State.ATTENDED).aggregate(sum=Sum("training__hours"))["sum"] or 0


@dataclass(frozen=True)
class Person:
    """A person of the list: sessions attended and missed, hours, the last day."""

    staff: Staff
    attended: int = 0
    absent: int = 0
    hours: Any = 0
    last_on: Any = None


def people_of(post: Post, filters: Mapping[str, str], number: str | None) -> tuple[Page[Staff], list[Person]]:
    """Return one page of a post's people with what they attended; ``none`` keeps who attended nothing (of a kind)."""
    people = invitable(post)
    kind = filters.get("kind", "")
    counted = counting()
    if kind in Training.Kind.values:
        counted = counted.filter(training__kind=kind)
    if filters.get("post") in PostKind.values:
        people = people.filter(Exists(posts_on(clock.today()).filter(staff=OuterRef("pk"), kind=filters["post"])))
    if filters.get("none"):
        people = people.filter(~Exists(counted.filter(staff=OuterRef("pk"), state=State.ATTENDED)))
    page = Paginator(people.select_related("home_branch").order_by("home_branch__path", "number"), PEOPLE_ON_PAGE)
    found = page.get_page(number)
    sums = {
        row["staff"]: row
        for row in counted.filter(staff__in=[one.pk for one in found])
        .order_by()
        .values("staff")
        .annotate(
            attended=Count("pk", filter=Q(state=State.ATTENDED)),
            absent=Count("pk", filter=Q(state=State.ABSENT)),
            hours=Sum("training__hours", filter=Q(state=State.ATTENDED)),
            last_on=Max("training__on", filter=Q(state=State.ATTENDED)),
        )
    }
    return found, [
        Person(one, row["attended"], row["absent"], row["hours"] or 0, row["last_on"])
        if (row := sums.get(one.pk))
        else Person(one)
        for one in found
    ]


def is_held(training: Training) -> bool:
    """Whether the day of a session has come."""
    return training.on <= clock.today()
