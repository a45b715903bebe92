"""The second officer's verdict on a revision (AB角): accepted or returned with remarks, once, never by who made it."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import get_language

from config.lib import audit, clock
from customers.models import Household, Milestone, Profile, ProfileCheck, Subject
from customers.selectors.checking import CheckRules, rules_on
from customers.services import milestones

LONGEST_REMARK = 300


class OwnWorkError(Exception):
    """Lead, partner, typist and collector of a visit never check its file."""


class CheckConflictError(Exception):
    """The revision was checked meanwhile, or a newer one was submitted."""


class RemarkMissingError(Exception):
    """A file is returned with at least one remark, or its collector would not know what to do."""


def check_profile(
    *, staff: Any, post_id: int | None, profile: Profile, verdict: str, remarks: list[dict[str, str]]
) -> ProfileCheck:
    """Record a verdict. ``remarks`` are ``{"path": ..., "text": ..., "reason": ...}``; path "" is about the whole file, the reason
    one of those released (``second_check``) or none; words may be left out beside a reason.

    The first acceptance in a campaign is the milestone "checked"; an acceptance also settles who borrows for the household.
    """
    visit = profile.visit
    if staff.pk in (visit.lead_id, visit.partner_id, visit.typed_by_id, profile.collector_id):
        raise OwnWorkError
    language = get_language() or "zh-hans"
    rules = rules_on(profile.institution_id, clock.today()) if remarks else CheckRules()
    # A reason without words is said in its own.
    named = {one.code: one.label(language) for one in rules.reasons}
    kept = [
        {"path": remark.get("path", "")[:60], "text": text[:LONGEST_REMARK]}
        | ({"reason": remark["reason"]} if remark.get("reason") in named else {})
        for remark in remarks
        if (text := remark.get("text", "").strip() or named.get(remark.get("reason", ""), ""))
    ]
    if verdict == ProfileCheck.Verdict.RETURNED and not kept:
        raise RemarkMissingError
    now = clock.now()
    with transaction.atomic():
        # In the order of a submit, the household before its subject: a submit at the same moment waits, or is waited for.
        home = Household.objects.select_for_update(of=("self",)).filter(pk=profile.subject_id).first()
        subject = Subject.objects.select_for_update().get(pk=profile.subject_id)
        if Profile.objects.filter(subject=subject, number__gt=profile.number).exists():
            raise CheckConflictError
        try:
            with transaction.atomic():
                check = ProfileCheck.objects.create(
                    institution_id=subject.institution_id,
                    grid_id=subject.grid_id,
                    recorded_grid_id=subject.grid_id,
                    subject=subject,
                    profile=profile,
                    checker=staff,
                    verdict=verdict,
                    remarks=kept,
                    release_id=rules.release,
                    checked_at=now,
                )
        except IntegrityError as error:
            if "profile_id" not in str(error):
                raise
            raise CheckConflictError from error
        if verdict == ProfileCheck.Verdict.ACCEPTED:
            _take_effect(home, profile)
            milestones.reach(Milestone.Kind.CHECKED, subject=subject, at=now, staff=staff)
        audit.record(
            staff=staff,
            verb=f"check_{verdict}",
            about=subject.kind,
            about_id=subject.pk,
            detail={"revision": profile.number, "remarks": len(kept)},
            post_id=post_id,
        )
    return check


def _take_effect(home: Household | None, profile: Profile) -> None:
    """Make the person an accepted file names the household's one borrower."""
    borrower = profile.document.get("borrower")
    if home is None or borrower is None or not borrower.isdigit():
        return
    if home.borrower_id != int(borrower):
        home.borrower_id = int(borrower)
        home.save(update_fields=["borrower"])
