"""Submit a visit: the visit itself, consent, photos and the numbered revision of the file, all or nothing.

A submit is known by the client's UUID: sent again with the same content it answers as the first time, sent with other content
it is a conflict. Submits for one household follow one another under the lock of its row.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from config.lib import audit, clock, crypto, files
from config.lib.weeks import business_day
from customers.domain import consents as consent_rules
from customers.domain import economics, form, visits
from customers.domain.contacts import Terms
from customers.domain.economics import Problem
from customers.domain.members import FILED_ELSEWHERE, Joining, Leaving, Newcomer
from customers.models import (
    Business,
    ChangeFlag,
    ContactPlan,
    Evidence,
    Household,
    Milestone,
    Person,
    Profile,
    Unit,
    Visit,
)
from customers.selectors.consents import Standing, notice_in_force, standing_of
from customers.selectors.doubts import doubts
from customers.selectors.effective import rules_on, verdict_on
from customers.selectors.forms import Edition, edition_for, editions_for, fits_of
from customers.selectors.visits import Former
from customers.services import consents, contacts, members, milestones
from customers.services.facts import keep_facts
from customers.services.guard import Proof, flag_changes, prove_on_submission
from customers.services.sharing import give_next
from grids.selectors.campaigns import open_campaign
from grids.selectors.colleagues import colleagues_at, officers_of

# Good enough to become the household's own position when it has none yet.
POSITION_GOOD_M = 100


Place = Household | Business | Unit
"""What is visited: the row of a household, business or unit beside its subject."""


class VisitRefusedError(Exception):
    """The submit breaks rules; ``problems`` says all of them with their places. Nothing was stored."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(f"{problem.path}: {problem.code}" for problem in problems))
        self.problems = problems


class VisitConflictError(Exception):
    """The UUID already names a stored visit with other content. ``visit`` is None when it is not the acting person's."""

    def __init__(self, visit: Visit | None) -> None:
        super().__init__("the client's UUID names another visit")
        self.visit = visit


@dataclass(frozen=True)
class Photo:
    """One photo as it arrived: bytes, and when the device says it was taken."""

    content: bytes
    name: str
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What the form sent. ``document`` is the file as typed (None: the visit alone); ``confirmed`` names the paths whose question
    was answered; ``same`` the sections taken over with "same as last time"; ``joining`` and ``leaving`` the members who came to the
    household and left it, who travel with the visit."""

    client_uuid: UUID
    purpose: str
    outcome: str
    channel: str = visits.SITE
    called: str = ""
    # By which way it came in; said by the door it came through, never by who sent it.
    entry: str = "page"
    # The key of the form the document was filled in by; "" takes the one in force for the subject.
    form: str = ""
    # The very edition a paper form was printed from; 0 takes the one in force.
    edition: int = 0
    # Who went, where somebody else types it afterwards (a paper form, a file); ignored by the other doors.
    lead_id: int | None = None
    device_at: datetime | None = None
    partner_id: int | None = None
    person_met_id: int | None = None
    met_role: str = ""
    consent: str = ""
    # What was agreed to, scope by scope; None where it was not said one by one (what the notice always covered).
    scopes: tuple[str, ...] | None = None
    credit_purpose: str = ""
    # Who consents in the place of a child, or of somebody met who cannot decide (``cannot_decide``).
    guardian_id: int | None = None
    cannot_decide: bool = False
    # The drawn signature or the signed paper, as a picture.
    signature: bytes | None = None
    document: dict[str, Any] | None = None
    confirmed: frozenset[str] = frozenset()
    same: frozenset[str] = frozenset()
    joining: tuple[Joining, ...] = ()
    leaving: tuple[Leaving, ...] = ()
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    accuracy_m: Decimal | None = None
    # Minutes on the device from first opening the visit to sending it; the same visit sent again later has others.
    dwell_minutes: int | None = None
    note: str = ""
    next_visit_on: date | None = None
    # How contact is kept, where nobody could be talked to; fitted to what can be kept, never in the way of the visit.
    contact: Terms | None = None
    photos: tuple[Photo, ...] = ()
    # What proves figures that moved suddenly, sent along.
    proofs: tuple[Proof, ...] = ()
    # What the form could not even read, to be said together with everything else.
    unreadable: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Stored:
    """What a submit led to. ``is_repeat``: it had been received before and nothing new was written."""

    visit: Visit
    profile: Profile | None
    is_repeat: bool = False
    warnings: list[Problem] = field(default_factory=list)
    # Figures that moved suddenly: they wait for proof and a second person, and hold the revision back from lines.
    changes: list[ChangeFlag] = field(default_factory=list)
    # Who was given the second check; None without a file, and where it lies in the branch's pool.
    checker_id: int | None = None
    # Whether every figure that moved suddenly came with proof.
    is_proved: bool = False
    joined: int = 0
    left: int = 0
    contact: ContactPlan | None = None


def submit_visit(*, staff: Any, post_id: int | None, place: Place, submission: Submission) -> Stored:
    """Store a visit of a household, business or unit led by the acting officer, or by the one he names where he types a paper form or a file; raises VisitRefusedError with every problem, or VisitConflictError.

    Writes visit, members who came or left, consent, evidence, profile revision, next visit date, milestones and an audit event in
    one transaction. An ID number filed elsewhere stops all of it, and the branch manager is told (Semantics, section 8).
    """
    try:
        return _submit(staff, post_id, place, submission)
    except VisitRefusedError as refused:
        if isinstance(place, Household):
            members.tell_of_duplicates(
                staff=staff, post_id=post_id, household=place, joining=submission.joining, problems=refused.problems
            )
        raise


def _submit(staff: Any, post_id: int | None, place: Place, submission: Submission) -> Stored:
    digest = _content_hash(place, staff, submission)
    typist = staff if submission.entry in visits.TYPED else None
    with transaction.atomic():
        home = _locked(place)
        stored = _known(home, staff, submission.client_uuid, digest)
        if stored is not None:
            return stored
        edition = _edition(home, submission)
        lead = staff if typist is None else _lead(home, submission)
        standing = standing_of(home.pk)
        former = Former(home.pk)
        document, newcomers, warnings = _validated(home, lead, submission, edition, standing, former)
        if not consents.covers_position(home, submission, standing):
            submission = replace(submission, latitude=None, longitude=None, accuracy_m=None)
        people = _present(home)
        percent = form.score(edition.form, document) if edition is not None and document is not None else None
        visit = _write_visit(
            home, lead, typist, submission, digest, document, _judged(home, people, submission, percent)
        )
        document = _write_members(home, submission, visit, newcomers, document)
        _write_consent(home, staff, submission, visit, people)
        _write_photos(home, staff, submission, visit)
        profile = (
            _write_profile(home, lead, submission, visit, document, edition, former)
            if document is not None and edition is not None
            else None
        )
        changes = flag_changes(profile) if profile is not None else []
        _write_proofs(staff, submission, visit, changes)
        task = give_next(profile, home.grid.branch_id) if profile is not None else None
        _update_household(home, submission, visit)
        _reach(home, lead, visit, profile)
        contact = _keep_contact(home, staff, post_id, submission, visit)
        audit.record(
            staff=staff,
            verb="submit_visit",
            about=home.subject.kind,
            about_id=home.pk,
            detail={"visit": visit.pk, "outcome": visit.outcome, "revision": profile.number if profile else None}
            | _counted(submission),
            post_id=post_id,
        )
    return Stored(
        visit,
        profile,
        warnings=warnings,
        changes=changes,
        checker_id=task.checker_id if task is not None else None,
        is_proved={flag.figure for flag in changes} <= {proof.figure for proof in submission.proofs},
        joined=len(submission.joining),
        left=len(submission.leaving),
        contact=contact,
    )


def _locked(place: Place) -> Place:
    rows: Any = type(place).objects
    found: Place = rows.select_for_update(of=("self",)).select_related("subject", "grid__branch").get(pk=place.pk)
    return found


def _content_hash(place: Place, staff: Any, submission: Submission) -> str:
    content = {
        "household": place.pk,
        "lead": staff.pk if submission.entry not in visits.TYPED else submission.lead_id,
        "purpose": submission.purpose,
        "outcome": submission.outcome,
        "device_at": submission.device_at and submission.device_at.isoformat(),
        "partner": submission.partner_id,
        "person_met": submission.person_met_id,
        "consent": submission.consent,
        "document": submission.document,
        "same": sorted(submission.same),
        "position": [str(part) for part in (submission.latitude, submission.longitude, submission.accuracy_m)],
        "note": submission.note,
        "next": submission.next_visit_on and submission.next_visit_on.isoformat(),
        "photos": [sha256(photo.content).hexdigest() for photo in submission.photos],
    }
    # What a page of an older edition did not send changes no hash: a draft sent again after an upgrade is the same visit.
    content |= {"channel": submission.channel} if submission.channel != visits.SITE else {}
    content |= {"met_role": submission.met_role} if submission.met_role else {}
    content |= {"form": submission.form} if submission.form else {}
    content |= {"called": submission.called} if submission.called else {}
    content |= _consent_said(submission)
    if (terms := submission.contact) is not None:
        content["contact"] = [terms.way, terms.contact, str(terms.returns_on)]
    if submission.proofs:
        content["proofs"] = [[one.figure, one.item, sha256(one.content).hexdigest()] for one in submission.proofs]
    content |= {"typed_by": staff.pk, "edition": submission.edition} if submission.entry in visits.TYPED else {}
    if submission.joining:
        content["joining"] = [
            [
                one.name,
                one.relation,
                str(one.born_on),
                # Under a keyed index, not in clear: the hash outlives the person.
                one.id_number and crypto.blind_index("id", place.institution_id, one.id_number).hex(),
                one.labour,
                one.occupation,
                one.away,
            ]
            for one in submission.joining
        ]
    if submission.leaving:
        content["leaving"] = [[one.person, one.reason, str(one.on)] for one in submission.leaving]
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _consent_said(submission: Submission) -> dict[str, Any]:
    said = {
        "scopes": sorted(submission.scopes) if submission.scopes is not None else None,
        "credit_purpose": submission.credit_purpose,
        "guardian": submission.guardian_id,
        "cannot_decide": submission.cannot_decide,
        "signature": submission.signature and sha256(submission.signature).hexdigest(),
    }
    return {name: value for name, value in said.items() if value not in (None, "", False)}


def _known(home: Place, staff: Any, client_uuid: UUID, digest: str) -> Stored | None:
    """Return what an earlier receipt of the same submit led to."""
    visit = Visit.objects.filter(client_uuid=client_uuid).first()
    if visit is None:
        return None
    is_mine = staff.pk == (visit.typed_by_id or visit.lead_id)
    if visit.subject_id != home.pk or not is_mine or visit.content_hash != digest:
        raise VisitConflictError(visit if is_mine else None)
    return Stored(visit, Profile.objects.filter(visit=visit).first(), is_repeat=True)


def _edition(home: Place, submission: Submission) -> Edition | None:
    """Return the edition a file is read by; None when no form is in force or the one named is not for this subject."""
    if submission.document is None:
        return None
    if submission.edition:
        return edition_for(home, submission.edition)
    found = editions_for(home.subject, fits_of(home))
    if not submission.form:
        return found[0] if found else None
    return next((edition for edition in found if edition.key == submission.form), None)


def _lead(home: Place, submission: Submission) -> Any:
    """Return the officer of the grid who went on the day stated; None where the one named was no such officer."""
    day = business_day(submission.device_at) if submission.device_at else clock.today()
    return next((one for one in officers_of(home.grid, day) if one.pk == submission.lead_id), None)


def _validated(
    home: Place, lead: Any, submission: Submission, edition: Edition | None, standing: Standing, former: Former
) -> tuple[dict[str, Any] | None, list[Newcomer], list[Problem]]:
    notice = notice_in_force(home.institution_id)
    statement = visits.Statement(
        purpose=submission.purpose,
        outcome=submission.outcome,
        channel=submission.channel,
        met_role=submission.met_role,
        consent=submission.consent,
        partner=submission.partner_id,
        person_met=submission.person_met_id,
        note=submission.note,
        next_visit_on=submission.next_visit_on,
        has_file=submission.document is not None,
        photos=len(submission.photos),
        sheets=sum(photo.caption == visits.SHEET for photo in submission.photos),
        called=submission.called,
        entry=submission.entry,
        on=business_day(submission.device_at) if submission.device_at else None,
    )
    present = _present(home)
    staying = {person.pk for person in present} - {one.person for one in submission.leaving if _may_leave(home, one)}
    given = visits.Circumstances(
        today=clock.today(),
        members=staying,
        colleagues={one.pk for one in colleagues_at(home.grid, lead)} if submission.partner_id and lead else (),
        has_lead=lead is not None,
        has_notice=notice is not None,
        has_standing_consent=submission.consent == "standing"
        and standing.has(consent_rules.COLLECTION, notice.version if notice else 0),
    )
    problems = [*visits.check(statement, given), *submission.unreadable]
    problems += consents.judged(home, submission, present, standing, submission.device_at or clock.now())
    newcomers: list[Newcomer] = []
    if isinstance(home, Household):
        may = submission.outcome in visits.FILED_OUTCOMES and submission.consent in visits.CONSENTED
        newcomers, found = members.checked(home, present, submission.joining, submission.leaving, may=may)
        problems += found
    elif submission.joining or submission.leaving:
        problems.append(Problem("joining", "members_of_households"))
    document = None
    if submission.document is not None and edition is None:
        problems.append(Problem("form", "form_unknown"))
    if submission.document is not None and edition is not None:
        document, found = form.read(
            edition.form, submission.document, today=clock.today(), confirmed=submission.confirmed
        )
        quiet = submission.confirmed | {one.path for one in found}
        problems += found + doubts(home.institution_id, edition.form, document, former, quiet)
        strangers = [
            Problem(f"members.{i}.person", "person_gone", str(member.get("person")))
            for i, member in enumerate(document.get("members", []))
            if str(member.get("person")) not in {str(pk) for pk in staying}
        ]
        problems += strangers
    if any(problem.level != "warning" for problem in problems):
        raise VisitRefusedError(problems)
    return document, newcomers, problems


def findings_of(staff: Any, home: Place, submission: Submission) -> list[Problem]:
    """Return everything that would be said of a submission now; stores nothing. Photos are counted, not read."""
    lead = staff if submission.entry not in visits.TYPED else _lead(home, submission)
    try:
        return _validated(home, lead, submission, _edition(home, submission), standing_of(home.pk), Former(home.pk))[2]
    except VisitRefusedError as refused:
        return refused.problems


def _may_leave(home: Place, one: Leaving) -> bool:
    """Whether a leaver is taken from the members the file is judged against: the head stays whatever was sent."""
    return not isinstance(home, Household) or one.person != home.head_id


def _write_members(
    home: Place, submission: Submission, visit: Visit, newcomers: list[Newcomer], document: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Write who came and who left; returns the file with the new members in it, in their canonical form."""
    if not isinstance(home, Household):
        return document
    try:
        added = members.write(home, visit, newcomers, submission.leaving)
    except members.DuplicateError as error:
        raise VisitRefusedError([Problem(f"joining.{error.place}.id_number", FILED_ELSEWHERE)]) from error
    if document is None or not added:
        return document
    rows = [
        {"person": str(person.pk), "relation": newcomer.relation, **newcomer.facts}
        for person, newcomer in zip(added, newcomers, strict=True)
    ]
    return document | {"members": [*document.get("members", []), *rows]}


def _counted(submission: Submission) -> dict[str, int]:
    counts = {"joined": len(submission.joining), "left": len(submission.leaving)}
    return {name: count for name, count in counts.items() if count}


def _fields(home: Place) -> dict[str, Any]:
    return {
        "institution_id": home.institution_id,
        "grid_id": home.grid_id,
        "recorded_grid_id": home.grid_id,
        "subject": home.subject,
    }


def _judged(home: Place, people: list[Person], submission: Submission, percent: int | None) -> dict[str, Any]:
    """Return the verdict under the rules of today as a visit stores it: nothing while no rules are released."""
    release = rules_on(home.institution_id, clock.today())
    if release is None:
        return {}
    met = next((one for one in people if one.pk == submission.person_met_id), None)
    verdict = verdict_on(home, submission, release, born_on=met.born_on if met is not None else None, percent=percent)
    return {"judged": verdict.effective, "reasons": [one.kept() for one in verdict.reasons], "rules": release}


def _write_visit(
    home: Place,
    lead: Any,
    typist: Any,
    submission: Submission,
    digest: str,
    document: dict[str, Any] | None,
    judged: dict[str, Any],
) -> Visit:
    received = clock.now()
    # A device clock that runs ahead cannot put a visit into the future.
    device_at = min(submission.device_at, received) if submission.device_at else received
    visit = Visit(
        **_fields(home),
        client_uuid=submission.client_uuid,
        content_hash=digest,
        campaign=open_campaign(home.institution_id),
        lead=lead,
        typed_by=typist,
        partner_id=submission.partner_id,
        purpose=submission.purpose,
        channel=submission.channel,
        entry=submission.entry,
        called=submission.called,
        met_role=submission.met_role,
        outcome=submission.outcome,
        person_met_id=submission.person_met_id,
        device_at=device_at,
        received_at=received,
        latitude=submission.latitude,
        longitude=submission.longitude,
        accuracy_m=submission.accuracy_m,
        needs=(document or {}).get("needs", []),
        note=submission.note,
        next_visit_on=submission.next_visit_on,
        dwell_minutes=submission.dwell_minutes if submission.entry not in visits.TYPED else None,
        **judged,
    )
    try:
        with transaction.atomic():
            visit.save(force_insert=True)
    except IntegrityError as error:
        if "client_uuid" not in str(error):
            raise
        # Another household's submit took the UUID between the look and the write.
        raise VisitConflictError(None) from error
    return visit


def _present(home: Place) -> list[Person]:
    """Return the present members of a household; a business or unit has none."""
    return list(Person.objects.filter(household=home, left_on__isnull=True)) if isinstance(home, Household) else []


def _write_consent(home: Place, staff: Any, submission: Submission, visit: Visit, people: list[Person]) -> None:
    if visit.outcome not in visits.FILED_OUTCOMES:
        return
    try:
        consents.write(place=home, staff=staff, submission=submission, visit=visit, people=people)
    except files.FileRefused as error:
        raise VisitRefusedError([Problem("signature", "signature_refused", str(error))]) from error


def _write_photos(home: Place, staff: Any, submission: Submission, visit: Visit) -> None:
    refused = []
    for photo in submission.photos:
        try:
            file = files.store_photo(
                content=BytesIO(photo.content),
                name=photo.name,
                institution_id=home.institution_id,
                grid_id=home.grid_id,
                stored_by_id=staff.pk,
                subject_id=home.pk,
            )
        except files.FileRefused as error:
            refused.append(Problem("photos", "photo_refused", str(error)))
            continue
        Evidence.objects.create(**_fields(home), visit=visit, file=file, caption=photo.caption[:60])
    if refused:
        raise VisitRefusedError(refused)


def _write_proofs(staff: Any, submission: Submission, visit: Visit, changes: list[ChangeFlag]) -> None:
    try:
        prove_on_submission(staff=staff, visit=visit, flags=changes, proofs=submission.proofs)
    except files.FileRefused as error:
        raise VisitRefusedError([Problem("photos", "photo_refused", str(error))]) from error


def _write_profile(
    home: Place,
    staff: Any,
    submission: Submission,
    visit: Visit,
    document: dict[str, Any],
    edition: Edition,
    former: Former,
) -> Profile:
    newest, base = former.newest, former.base
    before = base.document if base is not None else {}
    # Only what indeed stayed the same is recorded as taken over.
    carried = sorted(name for name in submission.same if before and document.get(name) == before.get(name))
    profile = Profile.objects.create(
        **_fields(home),
        visit=visit,
        number=newest.number + 1 if newest is not None else 1,
        form_id=edition.release_id,
        document=document,
        completeness=form.score(edition.form, document),
        document_hash=economics.digest(document),
        figures_hash=economics.figures_digest(document),
        carried=carried,
        collector=staff,
        submitted_at=visit.received_at,
    )
    keep_facts(profile, edition.form)
    return profile


def _update_household(home: Place, submission: Submission, visit: Visit) -> None:
    changed: dict[str, Any] = {}
    if home.next_visit_on != submission.next_visit_on:
        changed["next_visit_on"] = submission.next_visit_on
    is_good = submission.accuracy_m is not None and submission.accuracy_m <= POSITION_GOOD_M
    if home.latitude is None and is_good and visit.outcome not in Visit.NOT_VISITED:
        changed |= {"latitude": submission.latitude, "longitude": submission.longitude}
    for name, value in changed.items():
        setattr(home, name, value)
    if changed:
        home.save(update_fields=list(changed))


def _keep_contact(
    home: Place, staff: Any, post_id: int | None, submission: Submission, visit: Visit
) -> ContactPlan | None:
    if submission.contact is None or visit.outcome not in (Visit.Outcome.AWAY, Visit.Outcome.REFUSED):
        return None
    terms = replace(submission.contact, why=visit.outcome, next_on=submission.next_visit_on)
    return contacts.make_with_visit(staff=staff, post_id=post_id, place=home, visit=visit, terms=terms)


def _reach(home: Place, staff: Any, visit: Visit, profile: Profile | None) -> None:
    day = business_day(visit.device_at)
    if visit.outcome not in Visit.NOT_VISITED:
        milestones.reach(Milestone.Kind.VISITED, subject=home.subject, at=visit.received_at, staff=staff, device_on=day)
    if profile is not None:
        milestones.reach(
            Milestone.Kind.PROFILED, subject=home.subject, at=visit.received_at, staff=staff, device_on=day
        )
