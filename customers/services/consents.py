"""Consent as it is given, refused and taken back. Withdrawal stops use at once; what was collected before stays, unread, until the
household asks for erasure (PIPL, articles 15 and 47)."""

from collections.abc import Collection
from datetime import datetime
from io import BytesIO
from typing import Any

from django.db import transaction

from config.lib import audit, clock, files
from config.lib.models import StoredFile
from customers.domain import consents
from customers.domain.economics import Problem
from customers.models import Consent, Household, Person, StandingConsent, Visit
from customers.selectors.consents import Standing, notice_in_force, standing_of, withdrawn_since

SIGNATURE_EDGE = 1600
SIGNATURE_BYTES = 400_000
# A signature box nobody wrote in is as white as paper.
INK = 160


class NothingToWithdrawError(Exception):
    """Nothing of what was to be taken back stands: it was never given, or was taken back already."""


def withdraw(
    *,
    staff: Any,
    post_id: int | None,
    household: Any,
    scopes: Collection[str] = consents.SCOPES,
    whose: Person | None = None,
) -> Consent:
    """Record that a household, business or unit took consent back, wholly or for some scopes, or that one member did for himself.

    Without collection nothing else is left to stand on. Raises NothingToWithdrawError.
    """
    with transaction.atomic():
        # One after another: two withdrawals at once take back one thing once.
        type(household).objects.select_for_update(of=("self",)).get(pk=household.pk)
        words = list(StandingConsent.objects.filter(subject_id=household.pk))
        given = {word.scope: word for word in words if word.whose_id is None and word.is_given}
        own = {word.scope for word in words if whose is not None and word.whose_id == whose.pk and not word.is_given}
        taken = consents.taken_back(set(given) - own, scopes)
        if not taken:
            raise NothingToWithdrawError
        consent = Consent.objects.create(
            institution_id=household.institution_id,
            grid_id=household.grid_id,
            recorded_grid_id=household.grid_id,
            subject_id=household.pk,
            person=whose,
            whose=whose,
            notice_version=given[taken[0]].notice_version,
            scopes=list(taken),
            how=Consent.How.WITHDRAWN,
            given_at=clock.now(),
            taken_by=staff,
        )
        audit.record(
            staff=staff,
            verb="withdraw_consent",
            about=household.subject.kind,
            about_id=household.pk,
            detail={"scopes": list(taken)} | ({"person": whose.pk} if whose else {}),
            post_id=post_id,
        )
    return consent


def store_signature(content: bytes, *, place: Any, staff: Any) -> StoredFile:
    """Seal a drawn signature or the picture of a signed paper; raises FileRefused for what shows nothing or is no picture."""
    small = files.small_photo(content, longest=SIGNATURE_EDGE, most_bytes=SIGNATURE_BYTES, darkest=INK)
    return files.store_sealed(
        content=BytesIO(small),
        name="signature.webp",
        kind=StoredFile.Kind.CONSENT,
        institution_id=place.institution_id,
        stored_by_id=staff.pk,
        content_type="image/webp",
        grid_id=place.grid_id,
        subject_id=place.pk,
    )


def open_signature(*, staff: Any, post_id: int | None, consent: Consent) -> bytes:
    """Return the picture of a signature, on record; raises LookupError where none was kept."""
    if consent.signature is None:
        raise LookupError
    audit.record(
        staff=staff,
        verb="reveal_signature",
        about="consent",
        about_id=consent.pk,
        detail={"subject": consent.subject_id},
        post_id=post_id,
    )
    return files.read(consent.signature)


def guardian_of(people: Collection[Person], met: int | None, named: int | None, on: Any) -> int | None:
    """Return who consents for the children of a household: whom the officer named, else the grown-up he met."""
    children = [person for person in people if consents.needs_guardian(person.born_on, on)]
    if named is not None or not children:
        return named
    adults = {person.pk for person in people if consents.may_be_guardian(person.born_on, on)}
    return met if met in adults else None


def judged(place: Any, submission: Any, people: Collection[Person], standing: Standing, at: datetime) -> list[Problem]:
    """Return what is wrong with the consent a visit brings; nothing where it brings none."""
    found: list[Problem] = []
    if submission.document is not None and withdrawn_since(place.pk, at):
        found.append(Problem("consent", "consent_withdrawn_since"))
    if submission.document is not None:
        found += _of_members(submission, people, standing)
    notice = notice_in_force(place.institution_id)
    if submission.consent not in consents.GIVEN or notice is None:
        return found
    met = next((person for person in people if person.pk == submission.person_met_id), None)
    on = clock.today()
    return found + consents.check(
        consents.Given(
            how=submission.consent,
            scopes=submission.scopes,
            offered=consents.asked(notice.document),
            purpose=submission.credit_purpose,
            has_signature=submission.signature is not None,
            needs_guardian=submission.cannot_decide or (met is not None and consents.needs_guardian(met.born_on, on)),
            guardian=submission.guardian_id,
            guardians={one.pk for one in people if consents.may_be_guardian(one.born_on, on)},
        )
    )


def _of_members(submission: Any, people: Collection[Person], standing: Standing) -> list[Problem]:
    """A member who took collection back for himself stands in the file by name and relation alone, until he agrees again."""
    names = {
        str(person.pk): person.name
        for person in people
        if consents.COLLECTION in standing.taken_back.get(person.pk, ())
        and not (submission.consent in consents.GIVEN and person.pk == submission.person_met_id)
    }
    members = submission.document.get("members") if isinstance(submission.document, dict) else None
    return [
        Problem(f"members.{place}.person", "member_withdrew", names[str(row.get("person"))])
        for place, row in enumerate(members if isinstance(members, list) else ())
        if isinstance(row, dict)
        and str(row.get("person")) in names
        and any(value for name, value in row.items() if name not in ("person", "relation"))
    ]


def write(*, place: Any, staff: Any, submission: Any, visit: Visit, people: Collection[Person]) -> None:
    """Record what was agreed to on a visit, and what was not; a refusal of what stood takes it back."""
    notice = notice_in_force(place.institution_id)
    if notice is None or submission.consent not in (*consents.GIVEN, "none"):
        return
    offered = consents.asked(notice.document)
    is_given = submission.consent in consents.GIVEN
    scopes = submission.scopes if submission.scopes is not None else consents.assumed(notice.document)
    given = [scope for scope in offered if is_given and scope in scopes]
    # Not said one by one: nothing else was asked, and nothing was refused.
    refused = (
        [scope for scope in offered if scope not in given] if submission.scopes is not None or not is_given else []
    )
    fields: dict[str, Any] = {
        "institution_id": place.institution_id,
        "grid_id": place.grid_id,
        "recorded_grid_id": place.grid_id,
        "subject_id": place.pk,
        "visit": visit,
        "person_id": submission.person_met_id,
        "notice_version": notice.version,
        "given_at": visit.device_at,
        "taken_by_id": visit.lead_id,
    }
    if not is_given:
        Consent.objects.create(**fields, how=Consent.How.REFUSED, refused=refused)
        return
    signature = store_signature(submission.signature, place=place, staff=staff) if submission.signature else None
    fields |= {
        "how": submission.consent,
        "guardian_id": guardian_of(people, submission.person_met_id, submission.guardian_id, clock.today())
        if isinstance(place, Household)
        else None,
        "signature": signature,
        "credit_purpose": submission.credit_purpose,
    }
    own = standing_of(place.pk).taken_back.get(submission.person_met_id or 0, frozenset()).intersection(given)
    Consent.objects.create(**fields, scopes=given, refused=refused)
    if own:
        # Whoever took something back for himself and agrees again says so for himself, too.
        fields["credit_purpose"] = submission.credit_purpose if consents.CREDIT_QUERY in own else ""
        Consent.objects.create(**fields, whose_id=submission.person_met_id, scopes=[one for one in given if one in own])


def covers_position(place: Any, submission: Any, standing: Standing) -> bool:
    """Tell whether the position of a visit may be kept: agreed to on it, or standing and not taken back on it."""
    notice = notice_in_force(place.institution_id)
    if submission.consent in consents.GIVEN and notice is not None:
        scopes = submission.scopes if submission.scopes is not None else consents.assumed(notice.document)
        return consents.POSITION in scopes and consents.POSITION in consents.asked(notice.document)
    return submission.consent != "none" and standing.has(consents.POSITION)
