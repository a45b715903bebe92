"""Black and grey list: onto it and off it by one person with a reason and another who confirms or refuses; never deleted."""

from typing import Any

from django.db import transaction

from config.lib import audit, clock, releases
from customers.models import Household, ListEntry, ListRelease, Person

REASONS = "list_reasons"
BLOCKING = tuple(str(colour) for colour in ListEntry.BLOCKING)


class ListRefusedError(Exception):
    """The step is not possible; ``code`` says why: colour, reason, person, listed, own, settled,
    answer, why, inactive, asked."""

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


def ask_release(*, staff: Any, post_id: int | None, entry: ListEntry, reason: str) -> ListRelease:
    """Ask that an entry in force end, saying why. It goes on blocking until another person confirms."""
    if not reason.strip():
        raise ListRefusedError("why")
    with transaction.atomic():
        entry = ListEntry.objects.select_for_update().get(pk=entry.pk)
        if entry.confirmed_at is None or entry.released_at is not None:
            raise ListRefusedError("inactive")
        if entry.releases.filter(confirmed_at__isnull=True, rejected_at__isnull=True).exists():
            raise ListRefusedError("asked")
        release = ListRelease.objects.create(
            institution_id=entry.institution_id,
            grid_id=entry.grid_id,
            recorded_grid_id=entry.grid_id,
            subject_id=entry.subject_id,
            entry=entry,
            reason=reason.strip()[:200],
            asked_by=staff,
            asked_at=clock.now(),
        )
        _record(staff, post_id, "list_release_ask", entry, release=release.pk)
    return release


def confirm_release(*, staff: Any, post_id: int | None, release: ListRelease) -> None:
    """Confirm what another person asked for: from this instant the entry blocks nothing (Semantics, section 1)."""
    with transaction.atomic():
        entry = _entry_of(staff, release)
        at = clock.now()
        release.confirmed_by, release.confirmed_at = staff, at
        release.save(update_fields=["confirmed_by", "confirmed_at"])
        entry.released_by, entry.released_at = staff, at
        entry.save(update_fields=["released_by", "released_at"])
        _record(staff, post_id, "list_release_confirm", entry, release=release.pk)


def reject_release(*, staff: Any, post_id: int | None, release: ListRelease, answer: str) -> None:
    """Refuse another person's request to release, with an answer for him; the entry stays in force."""
    with transaction.atomic():
        entry = _entry_of(staff, release)
        if not answer.strip():
            raise ListRefusedError("answer")
        release.rejected_by, release.rejected_at, release.answer = staff, clock.now(), answer.strip()[:200]
        release.save(update_fields=["rejected_by", "rejected_at", "answer"])
        _record(staff, post_id, "list_release_reject", entry, release=release.pk)


def _entry_of(staff: Any, release: ListRelease) -> ListEntry:
    """Return the entry of a request somebody else made and nobody settled, both under lock."""
    entry = ListEntry.objects.select_for_update().get(pk=release.entry_id)
    release.refresh_from_db(fields=["confirmed_at", "rejected_at"])
    if release.asked_by_id == staff.pk:
        raise ListRefusedError("own")
    if not release.is_waiting or entry.released_at is not None:
        raise ListRefusedError("settled")
    return entry


def _refuse_unless_open(staff: Any, entry: ListEntry) -> None:
    if entry.proposed_by_id == staff.pk:
        raise ListRefusedError("own")
    if entry.confirmed_at or entry.rejected_at or entry.released_at:
        raise ListRefusedError("settled")


def _record(staff: Any, post_id: int | None, verb: str, entry: ListEntry, **more: int) -> None:
    audit.record(
        staff=staff,
        verb=verb,
        about="list_entry",
        about_id=entry.pk,
        detail={"household": entry.subject_id, "colour": entry.colour, "reason": entry.reason, **more},
        post_id=post_id,
    )
