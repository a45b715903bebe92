"""The lists: onto one and off it by one person with a reason and another who confirms or refuses; looked at again on a day.

Nothing is deleted. Black and grey (and a reason of attention released as blocking) keep the household out of assessment; white is
one member of a household that nobody blocks (Semantics, section 1; Domain, section 3.5).
"""

from datetime import date
from typing import Any

from django.db import transaction

from config.lib import audit, clock, releases
from customers.domain import lists as rules
from customers.domain.lists import Reason
from customers.models import Household, ListEntry, ListRelease, ListReview, Person

REASONS = "list_reasons"


class ListRefusedError(Exception):
    """The step is not possible; ``code`` says why: colour, reason, person, listed, own, settled, answer, why, inactive, asked,
    note, sensitive, review, blocked, whole, file."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def released(institution_id: int) -> tuple[int | None, list[Reason]]:
    """Return the version of the reasons in force and all of them, those switched off too; (None, []) while none is released."""
    try:
        release = releases.in_force(institution_id, REASONS, clock.today())
    except releases.NotReleased:
        return None, []
    return release.version, rules.read(release.document)


def colours() -> list[tuple[str, Any]]:
    """Return the lists with their words."""
    return list(ListEntry.Colour.choices)


def reasons(institution_id: int) -> list[Reason]:
    """Return the reasons in force, those switched off too: an old entry still needs its words."""
    return released(institution_id)[1]


def propose(
    *,
    staff: Any,
    post_id: int | None,
    household: Household,
    person: Person | None,
    colour: str,
    reason: str,
    note: str = "",
    review_on: date | None = None,
    acknowledged: bool = False,
) -> ListEntry:
    """Propose an entry for a member, or for the household as a whole (``person`` None). It blocks nothing until confirmed.

    ``review_on`` None takes the day the reason gives. A sensitive reason must be ``acknowledged`` and explained.
    """
    if colour not in rules.COLOURS:
        raise ListRefusedError("colour")
    version, known = released(household.institution_id)
    given = rules.usable(known, colour).get(reason)
    if given is None:
        raise ListRefusedError("reason")
    if person is not None and (person.household_id != household.pk or person.left_on is not None):
        raise ListRefusedError("person")
    if colour == ListEntry.Colour.WHITE and person is None:
        raise ListRefusedError("whole")
    if given.sensitive and not acknowledged:
        raise ListRefusedError("sensitive")
    if (given.needs_note or given.sensitive) and not note.strip():
        raise ListRefusedError("note")
    today = clock.today()
    review_on = review_on or given.review_on(colour, today)
    if review_on is not None and not today < review_on <= rules.latest_review(today):
        raise ListRefusedError("review")
    with transaction.atomic():
        _hold(household.pk)
        living = ListEntry.objects.filter(
            subject_id=household.pk, person=person, colour=colour, released_at__isnull=True, rejected_at__isnull=True
        )
        if living.exists():
            raise ListRefusedError("listed")
        if colour == ListEntry.Colour.WHITE and is_blocked(household.pk):
            raise ListRefusedError("blocked")
        entry = ListEntry.objects.create(
            institution_id=household.institution_id,
            grid_id=household.grid_id,
            recorded_grid_id=household.grid_id,
            subject_id=household.pk,
            person=person,
            colour=colour,
            reason=reason,
            note=note.strip()[:500],
            review_on=review_on,
            reasons_version=version,
            is_sensitive=given.sensitive,
            tag_blocks=given.blocking and colour == ListEntry.Colour.ATTENTION,
            proposed_by=staff,
            proposed_at=clock.now(),
        )
        _record(staff, post_id, "list_propose", entry)
    return entry


def is_blocked(subject_id: int) -> bool:
    """Whether an entry in force keeps a household out of assessment."""
    return ListEntry.objects.filter(
        subject_id=subject_id,
        blocks=True,
        confirmed_at__isnull=False,
        released_at__isnull=True,
        person__left_on__isnull=True,
    ).exists()


def _hold(subject_id: int) -> None:
    """Hold a household, so that white and blocking entries are confirmed one after the other."""
    Household.objects.select_for_update(of=("self",)).get(pk=subject_id)


def confirm(*, staff: Any, post_id: int | None, entry: ListEntry) -> None:
    """Confirm another person's proposal; from now on it counts.

    The white entry of another member ends with a new white one, and any white one with an entry that blocks; each names the
    entry that took its place.
    """
    with transaction.atomic():
        _hold(entry.subject_id)
        entry.refresh_from_db()
        _refuse_unless_open(staff, entry)
        if entry.file_id is not None:
            raise ListRefusedError("file")
        if entry.colour == ListEntry.Colour.WHITE and is_blocked(entry.subject_id):
            raise ListRefusedError("blocked")
        former = take_effect([entry], staff)
        _record(staff, post_id, "list_confirm", entry)
        for one in former:
            _record(staff, post_id, "list_supersede", one, by=entry.pk)


def take_effect(entries: list[ListEntry], staff: Any) -> list[ListEntry]:
    """Confirm entries of households held by the caller; returns the white entries that ended, each by the one in its place."""
    at = clock.now()
    ListEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(confirmed_by=staff, confirmed_at=at)
    taking = {entry.subject_id: entry for entry in entries if entry.blocks or entry.colour == ListEntry.Colour.WHITE}
    former = list(
        ListEntry.objects.select_for_update()
        .filter(subject_id__in=list(taking), colour=ListEntry.Colour.WHITE, confirmed_at__isnull=False)
        .filter(released_at__isnull=True)
        .exclude(pk__in=[entry.pk for entry in entries])
    )
    for entry in former:
        entry.released_by, entry.released_at, entry.superseded_by = staff, at, taking[entry.subject_id]
    ListEntry.objects.bulk_update(former, ["released_by", "released_at", "superseded_by"])
    return former


def reject(*, staff: Any, post_id: int | None, entry: ListEntry, answer: str) -> None:
    """Refuse another person's proposal, with an answer for him."""
    _refuse_unless_open(staff, entry)
    if not answer.strip():
        raise ListRefusedError("answer")
    if entry.file_id is not None:
        raise ListRefusedError("file")
    entry.rejected_by = staff
    entry.rejected_at = clock.now()
    entry.answer = answer.strip()[:200]
    entry.save(update_fields=["rejected_by", "rejected_at", "answer"])
    _record(staff, post_id, "list_reject", entry)


def review(*, staff: Any, post_id: int | None, entry: ListEntry, next_on: date, reason: str) -> ListReview:
    """Keep an entry in force and look at it again on a day, for a stated reason.

    One person is enough: what blocks goes on blocking. To end it is ``ask_release``, and takes two.
    """
    today = clock.today()
    if not reason.strip():
        raise ListRefusedError("why")
    if not today < next_on <= rules.latest_review(today):
        raise ListRefusedError("review")
    with transaction.atomic():
        entry = ListEntry.objects.select_for_update().get(pk=entry.pk)
        if entry.confirmed_at is None or entry.released_at is not None:
            raise ListRefusedError("inactive")
        done = ListReview.objects.create(
            institution_id=entry.institution_id,
            grid_id=entry.grid_id,
            recorded_grid_id=entry.grid_id,
            subject_id=entry.subject_id,
            entry=entry,
            former_on=entry.review_on,
            next_on=next_on,
            reason=reason.strip()[:200],
            reviewed_by=staff,
            reviewed_at=clock.now(),
        )
        entry.review_on = next_on
        entry.save(update_fields=["review_on"])
        _record(staff, post_id, "list_review", entry, review=done.pk)
    return done


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
