"""Which files count at an instant: what is computed from checked files reads them here, set-based, for any number of households."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q, QuerySet

from customers.models import Household, ListEntry, Subject


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


def entries_at(
    subject_ids: Iterable[int], reasons: Iterable[str], at: datetime
) -> list[tuple[int, str, int, datetime]]:
    """Return the first confirmed list entry of each household that stood at an instant for one of the reasons:
    household, reason, entry, when it was confirmed."""
    return _entries(Q(subject_id__in=list(subject_ids)), reasons, at)


def entries_among(low: int, high: int, reasons: Iterable[str], at: datetime) -> list[tuple[int, str, int, datetime]]:
    """Return the same for every household from one id to another."""
    return _entries(Q(subject_id__gte=low, subject_id__lte=high), reasons, at)


def entry_of(entry_id: int) -> tuple[str, int, datetime] | None:
    """Return reason and confirmation of a list entry a result rests on."""
    row = ListEntry.objects.filter(pk=entry_id).values_list("reason", "pk", "confirmed_at").first()
    return row if row is not None and row[2] is not None else None  # type: ignore[return-value]


def _entries(whose: Q, reasons: Iterable[str], at: datetime) -> list[tuple[int, str, int, datetime]]:
    entries = (
        ListEntry.objects.filter(
            Q(released_at__isnull=True) | Q(released_at__gt=at),
            whose,
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
