"""An officer's day: how the week stands, where to go next, what came back."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q

from config.lib import clock, releases
from config.lib.weeks import Week, business_day
from customers import access
from customers.models import ChangeFlag, Household, ListEntry, Profile, ProfileCheck, Visit
from customers.selectors import files, households
from customers.selectors.households import HouseholdRow
from grids.access import Post, Staff

QUOTAS = "visit_quotas"
SOON = timedelta(days=7)
NEXT = 5


@dataclass(frozen=True)
class WeekSoFar:
    """Effective visits of a week by the device's visit date, led or joined; quotas are None until they are released."""

    days: int
    households: int
    days_wanted: int | None
    households_wanted: int | None


@dataclass(frozen=True)
class Errand:
    """A household to go to next, and why: overdue, due, or never (visited in the campaign)."""

    row: HouseholdRow
    reason: str


@dataclass(frozen=True)
class Returned:
    """A file that came back, with the words of who sent it back: its checker, or who did not accept a sudden change."""

    row: HouseholdRow
    profile: Profile
    by: str
    at: datetime
    words: list[str]


def week_so_far(staff: Staff, week: Week) -> WeekSoFar:
    """Count an officer's effective visit days and households in a week (Semantics, section 2)."""
    visits = (
        Visit.objects.filter(Q(lead=staff) | Q(partner=staff))
        .filter(device_at__gte=week.starts_at, device_at__lt=week.ends_at)
        .exclude(outcome__in=Visit.NOT_VISITED)
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


def errands(post: Post) -> list[Errand]:
    """Return the next five households to visit: agreed dates first, then those the campaign has not seen."""
    today = clock.today()
    mine = access.households_for(post).filter(subject__left_on__isnull=True).select_related("grid")
    due = list(
        mine.filter(next_visit_on__lte=today + SOON).order_by(F("next_visit_on").asc(), "grid__pinyin", "number")[:NEXT]
    )
    found: list[tuple[Household, str]] = [
        (home, "overdue" if home.next_visit_on and home.next_visit_on < today else "due") for home in due
    ]
    if len(found) < NEXT:
        fresh = mine.filter(files.in_state("never", post.staff.institution_id), next_visit_on__isnull=True)
        found += [(home, "never") for home in fresh.order_by("grid__pinyin", "grid_id", "number")[: NEXT - len(found)]]
    rows = households.rows_of([home for home, _reason in found], post.staff.institution_id)
    return [Errand(row, reason) for row, (_home, reason) in zip(rows, found, strict=True)]


def returned_files(post: Post) -> list[Returned]:
    """Return the newest revisions of an officer that a checker sent back, the oldest verdict first."""
    newer = Profile.objects.filter(subject_id=OuterRef("subject_id"), number__gt=OuterRef("number"))
    refused = Prefetch(
        "changes", ChangeFlag.objects.filter(outcome=ChangeFlag.Outcome.REFUSED).select_related("settled_by")
    )
    profiles = list(
        Profile.objects.filter(~Exists(newer), collector=post.staff)
        .filter(
            Q(check_verdict__verdict=ProfileCheck.Verdict.RETURNED)
            | Q(Exists(ChangeFlag.objects.filter(profile=OuterRef("pk"), outcome=ChangeFlag.Outcome.REFUSED)))
        )
        .select_related("check_verdict__checker")
        .prefetch_related(refused)
        .defer("document")
        .order_by("submitted_at")[:20]
    )
    found = access.households_for(post).select_related("grid").in_bulk([profile.subject_id for profile in profiles])
    rows = {row.household.pk: row for row in households.rows_of(list(found.values()), post.staff.institution_id)}
    back = [_returned(rows[profile.subject_id], profile) for profile in profiles if profile.subject_id in rows]
    return sorted(back, key=lambda one: one.at)


def _returned(row: HouseholdRow, profile: Profile) -> Returned:
    check = files.verdict_of(profile)
    if check is not None and check.verdict == ProfileCheck.Verdict.RETURNED:
        words = [remark["text"] for remark in check.remarks]
        return Returned(row, profile, check.checker.name, check.checked_at, words)
    refused: Any = profile.changes.all()[0]
    return Returned(row, profile, refused.settled_by.name, refused.settled_at, [refused.answer])


def never_visited(post: Post) -> int:
    """Count the present households of an officer's grids that the campaign has not seen."""
    return (
        access.households_for(post)
        .filter(files.in_state("never", post.staff.institution_id), subject__left_on__isnull=True)
        .count()
    )


def proposals(post: Post) -> int:
    """Count the officer's own list proposals that still wait for the branch manager."""
    return ListEntry.objects.filter(
        access.scope(post), proposed_by=post.staff, confirmed_at__isnull=True, rejected_at__isnull=True
    ).count()
