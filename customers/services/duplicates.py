"""What a branch manager decides about people filed twice: not the same, for a reason; or one person, by two people, reversibly.

A merge ends the membership of the one filed twice (left as duplicate) and links him to the one kept. Visits, files and photos stay
where they were recorded. Undoing it puts back what was.
"""

from typing import Any

from django.db import transaction

from config.lib import audit, clock
from customers.models import Household, ListEntry, Person, PersonMerge, SimilarCase, SimilarDecision, SimilarMember

DUPLICATE = "duplicate"
KINDS: list[tuple[str, Any]] = list(SimilarCase.Kind.choices)
STATES: list[tuple[str, Any]] = list(SimilarCase.State.choices)


class MergeRefusedError(Exception):
    """The step is not possible; ``code`` says why: why, settled, own, same, absent, head, listed, asked, changed, members."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def different(*, staff: Any, post_id: int | None, case: SimilarCase, reason: str) -> None:
    """Settle a case: not the same person, or a photo that is explained. It comes back only when somebody joins it."""
    if not reason.strip():
        raise MergeRefusedError("why")
    with transaction.atomic():
        case = SimilarCase.objects.select_for_update().get(pk=case.pk)
        if case.state != SimilarCase.State.OPEN:
            raise MergeRefusedError("settled")
        SimilarDecision.objects.create(
            institution_id=case.institution_id,
            case=case,
            reason=reason.strip()[:200],
            decided_by=staff,
            decided_at=clock.now(),
        )
        SimilarMember.objects.filter(case=case, gone_at__isnull=True).update(settled=True)
        case.state, case.closed_at = SimilarCase.State.DIFFERENT, clock.now()
        case.save(update_fields=["state", "closed_at"])
        detail = {"kind": case.kind, "size": case.size}
        audit.record(
            staff=staff,
            verb="similar_different",
            about="similar_case",
            about_id=case.pk,
            detail=detail,
            post_id=post_id,
        )


def ask_merge(
    *, staff: Any, post_id: int | None, case: SimilarCase, gone: Person, kept: Person, reason: str
) -> PersonMerge:
    """Ask that two members of a case become one person: ``gone`` leaves his household as a duplicate of ``kept``."""
    if not reason.strip():
        raise MergeRefusedError("why")
    if gone.pk == kept.pk:
        raise MergeRefusedError("same")
    with transaction.atomic():
        present = SimilarMember.objects.filter(case=case, gone_at__isnull=True, person__in=[gone.pk, kept.pk])
        if case.state != SimilarCase.State.OPEN or present.count() != 2:
            raise MergeRefusedError("members")
        _refuse_unless_free(gone, kept)
        if PersonMerge.objects.filter(
            gone__in=[gone.pk, kept.pk], rejected_at__isnull=True, undone_at__isnull=True
        ).exists():
            raise MergeRefusedError("asked")
        merge = PersonMerge.objects.create(
            institution_id=gone.institution_id,
            grid_id=gone.grid_id,
            recorded_grid_id=gone.grid_id,
            subject_id=gone.household_id,
            case=case,
            gone=gone,
            kept=kept,
            reason=reason.strip()[:200],
            asked_by=staff,
            asked_at=clock.now(),
        )
        _record(staff, post_id, "merge_ask", merge)
    return merge


def _refuse_unless_free(gone: Person, kept: Person) -> None:
    """Refuse what would leave a household without its head or borrower, or an entry of a list without its person."""
    if gone.left_on is not None or kept.left_on is not None or gone.erased_at or kept.erased_at:
        raise MergeRefusedError("absent")
    home = Household.objects.get(pk=gone.household_id)
    if gone.pk in (home.head_id, home.borrower_id):
        raise MergeRefusedError("head")
    if ListEntry.objects.filter(person=gone, released_at__isnull=True, rejected_at__isnull=True).exists():
        raise MergeRefusedError("listed")


def confirm_merge(*, staff: Any, post_id: int | None, merge: PersonMerge) -> None:
    """Confirm what another person asked for: the one filed twice leaves his household today."""
    with transaction.atomic():
        merge, gone = _held(merge)
        if merge.state != "asked":
            raise MergeRefusedError("settled")
        if merge.asked_by_id == staff.pk:
            raise MergeRefusedError("own")
        _refuse_unless_free(gone, merge.kept)
        merge.confirmed_by, merge.confirmed_at = staff, clock.now()
        merge.save(update_fields=["confirmed_by", "confirmed_at"])
        gone.left_on, gone.left_reason = clock.today(), DUPLICATE
        gone.save(update_fields=["left_on", "left_reason"])
        _record(staff, post_id, "merge_confirm", merge)


def reject_merge(*, staff: Any, post_id: int | None, merge: PersonMerge, answer: str) -> None:
    """Refuse what another person asked for, with an answer for him."""
    if not answer.strip():
        raise MergeRefusedError("why")
    with transaction.atomic():
        merge, _gone = _held(merge)
        if merge.state != "asked":
            raise MergeRefusedError("settled")
        if merge.asked_by_id == staff.pk:
            raise MergeRefusedError("own")
        merge.rejected_by, merge.rejected_at, merge.answer = staff, clock.now(), answer.strip()[:200]
        merge.save(update_fields=["rejected_by", "rejected_at", "answer"])
        _record(staff, post_id, "merge_reject", merge)


def ask_undo(*, staff: Any, post_id: int | None, merge: PersonMerge, reason: str) -> None:
    """Ask that a merge be undone, saying why."""
    if not reason.strip():
        raise MergeRefusedError("why")
    with transaction.atomic():
        merge, _gone = _held(merge)
        if merge.state != "merged":
            raise MergeRefusedError("settled")
        merge.undo_asked_by, merge.undo_asked_at, merge.undo_reason = staff, clock.now(), reason.strip()[:200]
        merge.save(update_fields=["undo_asked_by", "undo_asked_at", "undo_reason"])
        _record(staff, post_id, "merge_undo_ask", merge)


def confirm_undo(*, staff: Any, post_id: int | None, merge: PersonMerge) -> None:
    """Undo a merge another person asked to undo: the person is back in his household as he was."""
    with transaction.atomic():
        merge, gone = _held(merge)
        if merge.state != "undoing":
            raise MergeRefusedError("settled")
        if merge.undo_asked_by_id == staff.pk:
            raise MergeRefusedError("own")
        if gone.left_reason != DUPLICATE or gone.erased_at is not None:
            raise MergeRefusedError("changed")
        merge.undone_by, merge.undone_at = staff, clock.now()
        merge.save(update_fields=["undone_by", "undone_at"])
        gone.left_on, gone.left_reason = None, ""
        gone.save(update_fields=["left_on", "left_reason"])
        _record(staff, post_id, "merge_undone", merge)


def _held(merge: PersonMerge) -> tuple[PersonMerge, Person]:
    held = PersonMerge.objects.select_for_update().get(pk=merge.pk)
    return held, Person.objects.select_for_update().get(pk=held.gone_id)


def _record(staff: Any, post_id: int | None, verb: str, merge: PersonMerge) -> None:
    detail = {"household": merge.subject_id, "gone": merge.gone_id, "kept": merge.kept_id}
    audit.record(staff=staff, verb=verb, about="person_merge", about_id=merge.pk, detail=detail, post_id=post_id)
