"""Which files count at an instant: what is computed from checked files reads them here, set-based, for any number of households."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from customers.models import Household, ListEntry, Profile, Subject
from customers.selectors.consents import withdrawn_among
from customers.selectors.trusted import trusted


@dataclass(frozen=True)
class CheckedFile:
    """An accepted revision, and where its household is now."""

    profile_id: int
    subject_id: int
    institution_id: int
    grid_id: int
    number: int
    document: dict[str, Any]
    submitted_at: datetime
    checked_at: datetime


def active_households(
    institution_id: int, on: date, *, branch_path: str = "", grid_id: int | None = None
) -> QuerySet[Subject]:
    """Return the households of a village, of a branch and below, or of the institution that were active on a day;
    field-found ones included."""
    known = Q(listed_on__lte=on) | Q(found_on__lte=on) | Q(listed_on__isnull=True, found_on__isnull=True)
    households = Subject.objects.filter(
        known,
        Q(left_on__isnull=True) | Q(left_on__gt=on),
        institution_id=institution_id,
        kind=Subject.Kind.HOUSEHOLD,
    )
    if grid_id is not None:
        return households.filter(grid_id=grid_id)
    return households.filter(grid__branch__path__startswith=branch_path) if branch_path else households


def accepted_at(households: QuerySet[Subject], at: datetime) -> list[tuple[int, int | None]]:
    """Return each household with its newest revision trusted at an instant, None without one.

    One statement, hence one snapshot. A revision that is returned, not checked yet or held by a sudden change never stands in
    for a trusted one; the file of a household that took its consent back is not read.
    """
    accepted = trusted(at).filter(subject=OuterRef("pk")).order_by("-number")
    rows = households.annotate(accepted=Subquery(accepted.values("pk")[:1])).order_by("pk")
    found, ended = list(rows.values_list("pk", "accepted")), withdrawn_among()
    return [(pk, None if pk in ended else accepted) for pk, accepted in found] if ended else found


def checked_revisions(profile_ids: Sequence[int]) -> list[CheckedFile]:
    """Return accepted revisions by their ids, in one query, without those whose household took its consent back meanwhile."""
    files = Profile.objects.filter(pk__in=profile_ids)
    ended = withdrawn_among(files.values_list("subject_id", flat=True))
    rows = files.exclude(subject_id__in=ended).values_list(
        "pk",
        "subject_id",
        "subject__institution_id",
        "subject__grid_id",
        "number",
        "document",
        "submitted_at",
        "check_verdict__checked_at",
    )
    return [CheckedFile(*row) for row in rows]


def entries_at(
    subject_ids: Iterable[int], reasons: Iterable[str], at: datetime
) -> list[tuple[int, str, int, datetime]]:
    """Return the first confirmed list entry of each household that stood at an instant for one of the reasons:
    household, reason, entry, when it was confirmed."""
    entries = (
        ListEntry.objects.filter(
            Q(released_at__isnull=True) | Q(released_at__gt=at),
            subject_id__in=list(subject_ids),
            reason__in=list(reasons),
            confirmed_at__lte=at,
            rejected_at__isnull=True,
        )
        .order_by("subject_id", "confirmed_at", "pk")
        .distinct("subject_id")
    )
    rows = entries.values_list("subject_id", "reason", "pk", "confirmed_at")
    return [(subject, reason, pk, confirmed) for subject, reason, pk, confirmed in rows if confirmed is not None]


def called(subject_ids: Iterable[int]) -> dict[int, Household]:
    """Return households with head and village, by subject id, in one query."""
    rows = Household.objects.filter(pk__in=list(subject_ids)).select_related("head", "grid__branch")
    return {row.pk: row for row in rows.defer("grid__boundary")}
