"""What a visit starts from: the notice in force, standing consent, the revision whose values stand beside each field."""

from typing import Any

from config.lib import clock, releases
from customers.models import Consent, Profile, ProfileCheck

NOTICE = "consent_notice"


def newest_profile(subject_id: int) -> Profile | None:
    """Return the newest revision of a file with its verdict, if any."""
    return (
        Profile.objects.filter(subject_id=subject_id)
        .select_related("check_verdict__checker", "collector", "visit")
        .order_by("-number")
        .first()
    )


def baseline(subject_id: int) -> Profile | None:
    """Return the revision last accepted; before the first acceptance the newest one submitted."""
    accepted = (
        Profile.objects.filter(subject_id=subject_id, check_verdict__verdict=ProfileCheck.Verdict.ACCEPTED)
        .select_related("check_verdict", "collector", "visit")
        .order_by("-number")
        .first()
    )
    return accepted or newest_profile(subject_id)


def previous_profile(profile: Profile) -> Profile | None:
    """Return the revision a new one is compared with: the last accepted before it, else the one before it."""
    earlier = Profile.objects.filter(subject_id=profile.subject_id, number__lt=profile.number).select_related(
        "check_verdict", "collector", "visit"
    )
    accepted = earlier.filter(check_verdict__verdict=ProfileCheck.Verdict.ACCEPTED).order_by("-number").first()
    return accepted or earlier.order_by("-number").first()


def notice_in_force(institution_id: int) -> Any:
    """Return the release of the consent notice in force today, or None while there is none."""
    try:
        return releases.in_force(institution_id, NOTICE, clock.today())
    except releases.NotReleased:
        return None


def standing_consent(subject_id: int, notice_version: int | None) -> Consent | None:
    """Return the newest consent of a household if it was given under this version of the notice and not withdrawn since."""
    newest = Consent.objects.filter(subject_id=subject_id).order_by("-given_at", "-pk").first()
    if newest is None or newest.how == Consent.How.WITHDRAWN or newest.notice_version != notice_version:
        return None
    return newest
