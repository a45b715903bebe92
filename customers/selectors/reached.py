"""Which first events (Semantics, section 2) households have reached, for pages and reports of a round."""

from collections.abc import Iterable
from datetime import datetime

from customers.models import Milestone, StandingContact


def counted_kinds() -> tuple[str, ...]:
    """Return the first events that are counted at all."""
    return tuple(Milestone.Kind.values)


def reached_among(subject_ids: Iterable[int], since: datetime) -> dict[str, set[int]]:
    """Return by kind of first event which of the households reached it since an instant, in one query."""
    found: dict[str, set[int]] = {kind: set() for kind in Milestone.Kind.values}
    rows = Milestone.objects.filter(subject_id__in=list(subject_ids), reached_at__gte=since)
    for kind, subject in rows.values_list("kind", "subject_id"):
        found[kind].add(subject)
    return found


def kept_in_touch_among(subject_ids: Iterable[int]) -> dict[int, str]:
    """Return which of the households are away, refuse or cannot be reached, by the contact plan in force: subject -> why."""
    return dict(StandingContact.objects.filter(subject_id__in=list(subject_ids)).values_list("subject_id", "why"))
