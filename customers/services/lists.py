"""Black and grey list: proposed by one person with a reason, confirmed or refused by another, never deleted."""

from typing import Any

from django.db import transaction

from config.lib import audit, clock, releases
from customers.models import Household, ListEntry, Person

REASONS = "list_reasons"
BLOCKING = tuple(str(colour) for colour in ListEntry.BLOCKING)


class ListRefusedError(Exception):
    """The step is not possible; ``code`` says why: colour, reason, person, listed, own, settled."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def reasons(institution_id: int) -> list[dict[str, Any]]:
    """Return the released reasons: code, zh, en and the colours each may stand for; empty while none is released."""
    try:
        return list(releases.in_force(institution_id, REASONS, clock.today()).document["reasons"])
    except releases.NotReleased:
        return []


def propose(
    *,
    staff: Any,
    post_id: int | None,
    household: Household,
    person: Person | None,
    colour: str,
    reason: str,
    note: str = "",
) -> ListEntry:
    """Propose an entry for a member, or for the household as a whole (``person`` None). It blocks nothing until confirmed."""
    if colour not in BLOCKING:
        raise ListRefusedError("colour")
    known = {one["code"] for one in reasons(household.institution_id) if colour in one.get("colours", BLOCKING)}
    if reason not in known:
        raise ListRefusedError("reason")
    if person is not None and person.household_id != household.pk:
        raise ListRefusedError("person")
    with transaction.atomic():
        Household.objects.select_for_update(of=("self",)).get(pk=household.pk)
        living = ListEntry.objects.filter(
            subject_id=household.pk, person=person, colour=colour, released_at__isnull=True, rejected_at__isnull=True
        )
        if living.exists():
            raise ListRefusedError("listed")
        entry = ListEntry.objects.create(
            institution_id=household.institution_id,
            grid_id=household.grid_id,
            recorded_grid_id=household.grid_id,
            subject_id=household.pk,
            person=person,
            colour=colour,
            reason=reason,
            note=note.strip()[:500],
            proposed_by=staff,
            proposed_at=clock.now(),
        )
        _record(staff, post_id, "list_propose", entry)
    return entry


def confirm(*, staff: Any, post_id: int | None, entry: ListEntry) -> None:
    """Confirm another person's proposal; from now on it blocks the household (Semantics, section 1)."""
    _refuse_unless_open(staff, entry)
    entry.confirmed_by = staff
    entry.confirmed_at = clock.now()
    entry.save(update_fields=["confirmed_by", "confirmed_at"])
    _record(staff, post_id, "list_confirm", entry)


def reject(*, staff: Any, post_id: int | None, entry: ListEntry, answer: str) -> None:
    """Refuse another person's proposal, with an answer for him."""
    _refuse_unless_open(staff, entry)
    if not answer.strip():
        raise ListRefusedError("answer")
    entry.rejected_by = staff
    entry.rejected_at = clock.now()
    entry.answer = answer.strip()[:200]
    entry.save(update_fields=["rejected_by", "rejected_at", "answer"])
    _record(staff, post_id, "list_reject", entry)


def _refuse_unless_open(staff: Any, entry: ListEntry) -> None:
    if entry.proposed_by_id == staff.pk:
        raise ListRefusedError("own")
    if entry.confirmed_at or entry.rejected_at or entry.released_at:
        raise ListRefusedError("settled")


def _record(staff: Any, post_id: int | None, verb: str, entry: ListEntry) -> None:
    audit.record(
        staff=staff,
        verb=verb,
        about="list_entry",
        about_id=entry.pk,
        detail={"household": entry.subject_id, "colour": entry.colour, "reason": entry.reason},
        post_id=post_id,
    )
