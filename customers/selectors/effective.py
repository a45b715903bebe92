"""Effective visits: the rules in force, the facts a submission is judged by, and the verdict in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q

from config.lib import clock, releases
from config.lib.models import Release
from customers.domain import effective, visits
from customers.domain.effective import Facts, Reason, Rules, Verdict
from customers.models import Household, Person, Visit


def rules_on(institution_id: int, on: date) -> Release | None:
    """Return the release of the rules in force on a day; without one a visit counts by whether somebody was met."""
    try:
        return releases.in_force(institution_id, effective.KIND, on)
    except releases.NotReleased:
        return None


def read_rules(institution_id: int) -> Rules | None:
    """Return today's rules, None while none are released."""
    release = rules_on(institution_id, clock.today())
    return effective.read(release.document) if release is not None else None


def verdict_on(place: Any, submission: Any, release: Release, *, born_on: date | None, percent: int | None) -> Verdict:
    """Judge a submission whose position, where it was not agreed to, has been taken out already. ``born_on``: of the member met."""
    fix = _point(submission.latitude, submission.longitude)
    accuracy = float(submission.accuracy_m) if submission.accuracy_m is not None else None
    # A schematic map says where a village lies on the screen, not on the ground.
    limit = place.grid.boundary if not place.grid.is_schematic else None
    facts = Facts(
        outcome=submission.outcome,
        channel=submission.channel,
        entry=submission.entry,
        is_household=isinstance(place, Household),
        photos=sum(photo.caption != visits.SHEET for photo in submission.photos),
        accuracy_m=accuracy,
        distance_m=effective.distance(fix, accuracy, _point(place.latitude, place.longitude), limit),
        dwell_minutes=submission.dwell_minutes,
        has_person=submission.person_met_id is not None,
        age=_age(born_on, clock.today()) if born_on is not None else None,
        role=submission.met_role,
        has_partner=submission.partner_id is not None,
        file_percent=percent,
    )
    return effective.judge(facts, effective.read(release.document))


@dataclass(frozen=True)
class Needed:
    """One thing the visit page says is still missing; ``values`` is what its script compares with."""

    code: str
    channels: str
    values: str
    text: str


def needs_of(place: Any, people: Iterable[Person], language: str) -> list[Needed]:
    """Return what an effective visit of a place needs under today's rules, as the page shows it; nothing while none are released."""
    rules = read_rules(place.institution_id)
    if rules is None:
        return []
    known = _point(place.latitude, place.longitude)
    found = []
    for need in effective.needs(rules, is_household=isinstance(place, Household)):
        values = need.wanted
        if need.code == "age":
            today = clock.today()
            young = [one for one in people if one.born_on is not None and _age(one.born_on, today) < (rules.age or 0)]
            values = " ".join(str(one.pk) for one in young)
        if need.code == "distance":
            if known is None:
                continue
            values = f"{need.wanted} {known[0]} {known[1]}"
        text = need.en if language.startswith("en") else need.zh
        found.append(Needed(need.code, " ".join(need.channels), values, text))
    return found


def _point(latitude: Any, longitude: Any) -> effective.Point | None:
    return (float(latitude), float(longitude)) if latitude is not None and longitude is not None else None


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def reasons_of(visit: Visit, language: str) -> list[str]:
    """Return why a visit is not effective, as what to do next time; empty where it is, or was never judged."""
    return [Reason(**one).sentence(language) for one in visit.reasons]


@dataclass(frozen=True)
class VisitCounts:
    """How often a subject was visited at all, met or not, and how often effectively."""

    all: int
    effective: int


def visit_counts(subject_id: int) -> VisitCounts:
    """Count the visits of a subject."""
    visits = Visit.objects.filter(subject_id=subject_id)
    return VisitCounts(**visits.aggregate(all=Count("pk"), effective=Count("pk", filter=Q(is_effective=True))))
