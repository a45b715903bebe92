"""What a visit starts from: the notice in force, standing consent, the revision whose values stand beside each field."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Q

from customers.domain.consents import COLLECTION
from customers.models import Business, Consent, Household, Person, Profile, ProfileCheck, StandingConsent, Unit, Visit
from customers.selectors import forms
from customers.selectors.consents import notice_in_force, standing_of
from customers.selectors.contacts import said_of_away
from customers.selectors.forms import Edition
from customers.selectors.trusted import trusted
from grids.access import Staff
from grids.selectors.colleagues import colleagues_at


def newest_profile(subject_id: int) -> Profile | None:
    """Return the newest revision of a file with its verdict, if any."""
    return (
        Profile.objects.filter(subject_id=subject_id)
        .select_related("check_verdict__checker", "collector", "visit", "form")
        .defer("form__document")  # read once a process (forms.form_of)
        .order_by("-number")
        .first()
    )


class Former:
    """The revisions a new one is set beside, each read once and only when asked for."""

    def __init__(self, subject_id: int) -> None:
        self.subject_id = subject_id

    @cached_property
    def newest(self) -> Profile | None:
        """The newest revision of the file."""
        return newest_profile(self.subject_id)

    @cached_property
    def base(self) -> Profile | None:
        """The revision last trusted; before the first one the newest submitted."""
        last = trusted().filter(subject_id=self.subject_id).select_related("check_verdict", "collector", "visit")
        return last.order_by("-number").first() or self.newest


def previous_profile(profile: Profile) -> Profile | None:
    """Return the revision a new one is compared with: the last one trusted before it, else the one before it."""
    earlier = Q(subject_id=profile.subject_id, number__lt=profile.number)
    people = ("check_verdict", "collector", "visit")
    last = trusted().filter(earlier).select_related(*people).order_by("-number").first()
    return last or Profile.objects.filter(earlier).select_related(*people).order_by("-number").first()


def newest_consent(subject_id: int) -> Consent | None:
    """Return the last thing a household as a whole said: consent, refusal or withdrawal."""
    said = Consent.objects.filter(subject_id=subject_id, whose__isnull=True)
    return said.order_by("-given_at", "-pk").first()


def standing_consent(subject_id: int, notice_version: int | None) -> StandingConsent | None:
    """Return what collection stands on if it was agreed to under this version of the notice and not taken back since."""
    standing = standing_of(subject_id)
    return standing.scopes[COLLECTION] if standing.has(COLLECTION, notice_version or 0) else None


@dataclass(frozen=True, kw_only=True)
class VisitStart:
    """What a visit form opens with. ``returned``: the newest revision, when the checker sent it back with ``remarks``; ``away``: what
    a contact plan begins with."""

    people: list[Person]
    colleagues: list[Staff]
    base: Profile | None
    returned: Profile | None
    remarks: list[dict[str, str]]
    notice: Any
    standing: StandingConsent | None
    next_number: int
    editions: list[Edition]
    subject_kind: str
    edition: Edition | None
    away: dict[str, str]

    purposes = tuple(Visit.Purpose.choices)
    outcomes = tuple(Visit.Outcome.choices)
    channels = tuple(Visit.Channel.choices)
    met_roles = tuple(Visit.MetRole.choices)


def members(household: Household) -> list[Person]:
    """Return the present members of a household, the head first."""
    people = Person.objects.filter(household=household, left_on__isnull=True, erased_at__isnull=True).order_by("pk")
    return sorted(people, key=lambda person: person.pk != household.head_id)


def people_of(place: Household | Business | Unit) -> list[Person]:
    """Return the present members of a household, the head first; a business or unit has none."""
    return members(place) if isinstance(place, Household) else []


CHILD, ELDER = 16, 70


def is_light(person: Person, head_id: int | None, today: date) -> bool:
    """Tell whether name and relation are all that is asked of a member: a child or an old person who is neither head nor the
    head's spouse (Semantics, section 3; CASE2's complaint that every grandchild had to be filled in)."""
    if person.born_on is None or person.pk == head_id or person.relation == Person.Relation.SPOUSE:
        return False
    born = person.born_on
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return age < CHILD or age >= ELDER


def start_of(place: Household | Business | Unit, staff: Staff, form_key: str = "") -> VisitStart:
    """Return what the acting officer's visit form of a household, business or unit opens with; ``form_key`` chooses among the forms in force,
    else the form of the newest revision stands."""
    former = Former(place.pk)
    newest = former.newest
    verdict = getattr(newest, "check_verdict", None) if newest is not None else None
    is_returned = verdict is not None and verdict.verdict == ProfileCheck.Verdict.RETURNED
    notice = notice_in_force(place.institution_id)
    editions = forms.editions_for(place.subject, forms.fits_of(place))
    people, base = people_of(place), former.base
    return VisitStart(
        people=people,
        colleagues=colleagues_at(place.grid, staff),
        base=base,
        returned=newest if is_returned else None,
        remarks=verdict.remarks if is_returned and verdict is not None else [],
        notice=notice,
        standing=standing_consent(place.pk, notice.version if notice else None),
        next_number=newest.number + 1 if newest is not None else 1,
        editions=editions,
        subject_kind=place.subject.kind,
        edition=_edition(editions, form_key, newest),
        away=said_of_away(base, people),
    )


def _edition(editions: list[Edition], key: str, newest: Profile | None) -> Edition | None:
    former = newest.form.key if newest is not None and newest.form is not None else ""
    chosen = [edition for wanted in (key, former) if wanted for edition in editions if edition.key == wanted]
    return chosen[0] if chosen else editions[0] if editions else None
