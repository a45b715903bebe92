"""An officer's day: how the week stands, where to go next, what came back."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from config.lib import clock, releases
from config.lib.acting import standing_in
from config.lib.weeks import Week, business_day
from customers import access
from customers.domain.dayplan import Here
from customers.models import ChangeFlag, ListEntry, Profile, ProfileCheck, Visit
from customers.selectors import dayplans, files
from customers.selectors.dayplans import Line, Suggested
from customers.selectors.places import Place, places_of
from grids.access import Post, Staff

QUOTAS = "visit_quotas"
NEXT = 5
LINES = 10


@dataclass(frozen=True)
class WeekSoFar:
    """Effective visits of a week by the device's visit date, led or joined; quotas are None until they are released."""

    days: int
    households: int
    days_wanted: int | None
    households_wanted: int | None


@dataclass(frozen=True)
class Returned:
    """A file that came back, with the words of who sent it back: its checker, or who did not accept a sudden change."""

    place: Place
    profile: Profile
    by: str
    at: datetime
    words: list[str]


def week_so_far(staff: Staff, week: Week) -> WeekSoFar:
    """Count an officer's effective visit days and households in a week (Semantics, section 2)."""
    visits = (
        Visit.objects.filter(Q(lead=staff) | Q(partner=staff))
        .filter(device_at__gte=week.starts_at, device_at__lt=week.ends_at)
        .filter(is_effective=True)
        .values_list("device_at", "subject_id")
    )
    days, subjects = set(), set()
    for at, subject_id in visits:
        days.add(business_day(at))
        subjects.add(subject_id)
    wanted: dict[str, Any] = {}
    with suppress(releases.NotReleased):  # without a quota the figures stand alone
        wanted = releases.in_force(staff.institution_id, QUOTAS, clock.today()).document.get("officer", {})
    return WeekSoFar(len(days), len(subjects), wanted.get("days_per_week"), wanted.get("households_per_week"))


@dataclass(frozen=True)
class Day:
    """What Today says of the plan: its first lines, what is suggested, and by kind whom the campaign has not seen."""

    page: Page[Any]
    lines: list[Line]
    suggested: Suggested | None
    never: dict[str, int]


def day_of(post: Post, here: Here | None = None) -> Day:
    """Return an officer's plan of today and the next five places of all kinds, the nearest first where he is known to be."""
    today = clock.today()
    facts = dayplans.facts_of(post.staff.institution_id, dayplans.grids_of(post, post.staff, today))
    plan = dayplans.PlanDay(post, post.staff, today)
    page = plan.page(None, LINES)
    chosen = plan.next(facts, here=here, per_page=NEXT)
    lines, suggested = dayplans.said(plan, page, chosen)
    return Day(page, lines, suggested, facts.never)


def next_places(post: Post, here: Here | None) -> Suggested:
    """Return the next five places alone."""
    today = clock.today()
    facts = dayplans.facts_of(post.staff.institution_id, dayplans.grids_of(post, post.staff, today))
    chosen = dayplans.PlanDay(post, post.staff, today).next(facts, here=here, per_page=NEXT)
    return chosen.said(places_of(chosen.subject_ids))


def returned_profiles(collectors: Iterable[int]) -> QuerySet[Profile]:
    """Return the newest revisions of some collectors that came back from a checker or with a sudden change not accepted."""
    newer = Profile.objects.filter(subject_id=OuterRef("subject_id"), number__gt=OuterRef("number"))
    return Profile.objects.filter(~Exists(newer), collector__in=tuple(collectors)).filter(
        Q(check_verdict__verdict=ProfileCheck.Verdict.RETURNED)
        | Q(Exists(ChangeFlag.objects.filter(profile=OuterRef("pk"), outcome=ChangeFlag.Outcome.REFUSED)))
    )


def returned_files(post: Post) -> list[Returned]:
    """Return the newest revisions that a checker sent back, the oldest verdict first: an officer's own, and those of whom he
    stands in for."""
    refused = Prefetch(
        "changes", ChangeFlag.objects.filter(outcome=ChangeFlag.Outcome.REFUSED).select_related("settled_by")
    )
    profiles = list(
        returned_profiles((post.staff_id, *standing_in.get()))
        .select_related("check_verdict__checker", "collector")
        .prefetch_related(refused)
        .defer("document")
        .order_by("submitted_at")[:20]
    )
    mine = access.subjects_for(post).filter(pk__in=[one.subject_id for one in profiles]).values_list("pk", flat=True)
    found = places_of(list(mine))
    back = [_returned(found[one.subject_id], one) for one in profiles if one.subject_id in found]
    return sorted(back, key=lambda one: one.at)


def _returned(place: Place, profile: Profile) -> Returned:
    check = files.verdict_of(profile)
    if check is not None and check.verdict == ProfileCheck.Verdict.RETURNED:
        words = [remark["text"] for remark in check.remarks]
        return Returned(place, profile, check.checker.name, check.checked_at, words)
    refused: Any = profile.changes.all()[0]
    return Returned(place, profile, refused.settled_by.name, refused.settled_at, [refused.answer])


def proposals(post: Post) -> int:
    """Count the officer's own list proposals that still wait for the branch manager."""
    return ListEntry.objects.filter(
        access.scope(post), proposed_by=post.staff, confirmed_at__isnull=True, rejected_at__isnull=True
    ).count()
