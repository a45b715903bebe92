"""Twelve weeks of visits, files and second checks in the villages of the demo county."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from config.lib.clock import SHANGHAI
from config.lib.models import Release
from customers.domain import economics as files
from customers.domain import effective
from customers.domain.consents import CREDIT_QUERY, MESSAGES, POSITION, PUBLICITY, asked
from customers.domain.form import score
from customers.models import Consent, Household, Milestone, Person, Profile, ProfileCheck, Visit
from customers.selectors.effective import rules_on
from customers.selectors.forms import Edition, editions_for
from customers.services.facts import keep_facts_of
from grids.models import Campaign, Grid, Staff
from reporting.demo import away, bulk, economics
from reporting.demo.organisation import Organisation

WEEKS = 12
RECORDED = ("institution_id", "grid_id", "recorded_grid_id", "subject_id")
REMARKS = ("房产现值与上次走访照片不符，请核实", "务工收入缺少依据，请补充", "负债栏漏填本行贷款")


@dataclass(frozen=True, slots=True)
class Outing:
    """One planned visit: who goes to which household when, and what comes of it."""

    household: Household
    grid: Grid
    lead: Staff
    at: datetime
    outcome: str


def plan(random: Random, organisation: Organisation, villages: Sequence[Grid], now: datetime) -> list[Outing]:
    """Lay visits over the weeks: a village starts in its week and is gone through in four to seven; some are unfinished."""
    monday = (now - timedelta(days=now.weekday())).date()
    by_grid: dict[int, list[Household]] = defaultdict(list)
    for household in Household.objects.filter(grid__in=villages).order_by("grid_id", "number"):
        by_grid[household.grid_id].append(household)
    outings = []
    # The order in which villages began has nothing to do with their branch: every branch has finished and fresh ones.
    turns = random.sample(range(len(villages)), len(villages))
    for place, grid in enumerate(villages):
        homes = by_grid[grid.pk]
        first = monday - timedelta(weeks=WEEKS - 1 - turns[place] * 10 // len(villages))
        weeks = random.randint(4, 7)
        reach = random.uniform(0.93, 1.0) if place % 5 else random.uniform(0.35, 0.7)
        lead = organisation.officer_of[grid.pk]
        for turn, household in enumerate(homes):
            if turn >= len(homes) * reach:
                break
            day = first + timedelta(days=int(turn / len(homes) * weeks * 6) // 6 * 7 + random.randrange(6))
            moment = datetime.combine(
                day, time(random.randint(8, 19), random.randrange(60), random.randrange(60)), SHANGHAI
            )
            if moment >= now:
                continue
            outings.append(Outing(household, grid, lead, moment, _outcome(random)))
    return outings


def _outcome(random: Random) -> str:
    kinds = (
        Visit.Outcome.INTERVIEWED,
        Visit.Outcome.PARTIAL,
        Visit.Outcome.AWAY,
        Visit.Outcome.REFUSED,
        Visit.Outcome.NOBODY,
        Visit.Outcome.MOVED,
    )
    return str(random.choices(kinds, (856, 20, 50, 14, 52, 8))[0].value)


def ended(outings: Iterable[Outing]) -> dict[int, datetime]:
    """Return the time of the last visit in each village, by grid id."""
    found: dict[int, datetime] = {}
    for outing in outings:
        found[outing.grid.pk] = max(outing.at, found.get(outing.grid.pk, outing.at))
    return found


def write(
    random: Random,
    organisation: Organisation,
    campaign: Campaign,
    outings: Sequence[Outing],
    now: datetime,
    notice: Release,
) -> dict[str, int]:
    """Write the visits and what follows from them; returns the counts."""
    people = _people(outings)
    visits = list(_visits(random, organisation, campaign, outings, people, now))
    bulk.copy(Visit, _VISIT, visits)
    edition = _edition(outings)
    files_of, checks = _profiles(random, organisation, outings, visits, people, now, edition)
    bulk.copy(Consent, _CONSENT, _consents(visits, outings, files_of, notice, now))
    bulk.copy(Profile, _PROFILE, files_of.values())
    written = (Profile(**dict(zip(_PROFILE, row, strict=True))) for row in files_of.values())
    keep_facts_of(written, {edition.release_id: edition.form})
    bulk.copy(ProfileCheck, _CHECK, checks)
    _borrowers()
    reached = list(_milestones(campaign, outings, visits, files_of, checks))
    bulk.copy(Milestone, _MILESTONE, reached)
    bulk.update(Household, "next_visit_on", _next_visits(random, outings, now))
    return {"visits": len(visits), "profiles": len(files_of), "checks": len(checks), "milestones": len(reached)}


def _edition(outings: Sequence[Outing]) -> Edition:
    """Return the form the county's households are filled in by."""
    return editions_for(outings[0].household.subject, on=outings[0].at.date())[0]


def _borrowers() -> None:
    """Make the person an accepted file names the one borrower of his household, as a check would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update customers_household as home set borrower_id = (file.document ->> 'borrower')::bigint "
            "from customers_profile as file join customers_profilecheck as done on done.profile_id = file.id "
            "where file.subject_id = home.subject_id and done.verdict = 'accepted'"
        )


class Member(NamedTuple):
    """What a visit needs to know of a person."""

    pk: int
    relation: str
    sex: str
    born_on: date | None


def _people(outings: Iterable[Outing]) -> dict[int, list[Member]]:
    found: dict[int, list[Member]] = defaultdict(list)
    grids = {outing.grid.pk for outing in outings}
    rows = Person.objects.filter(grid_id__in=grids).order_by("household_id", "id")
    for home, pk, relation, sex, born_on in rows.values_list("household_id", "pk", "relation", "sex", "born_on"):
        found[home].append(Member(pk, relation, sex, born_on))
    for members in found.values():
        members.sort(key=lambda person: person.relation != Person.Relation.HEAD)
    return found


_VISIT = (
    "id", *RECORDED, "client_uuid", "content_hash", "campaign_id", "lead_id", "partner_id", "purpose", "outcome", "person_met_id",
    "device_at", "received_at", "latitude", "longitude", "accuracy_m", "needs", "note", "next_visit_on",
    "channel", "called", "entry", "typed_by_id",
    "dwell_minutes", "judged", "reasons", "rules_id",
)  # fmt: skip


def _recorded(outing: Outing) -> tuple[int, int, int, int]:
    return (outing.grid.institution_id, outing.grid.pk, outing.grid.pk, outing.household.pk)


def _visits(
    random: Random,
    organisation: Organisation,
    campaign: Campaign,
    outings: Sequence[Outing],
    people: dict[int, list[Member]],
    now: datetime,
) -> Iterable[list[Any]]:
    first = bulk.reserve(Visit, len(outings))
    release = rules_on(campaign.institution_id, now.date())
    rules = effective.read(release.document) if release is not None else None
    for place, outing in enumerate(outings):
        colleagues = [one for one in organisation.officers[outing.grid.branch_id] if one.pk != outing.lead.pk]
        uuid = UUID(int=random.getrandbits(128), version=4)
        late = timedelta(hours=random.choice((0, 0, 0, 0, 0, 0, 1, 5, 30)), minutes=random.randint(1, 25))
        met = (
            people[outing.household.pk][:1]
            if outing.outcome in (Visit.Outcome.INTERVIEWED, Visit.Outcome.PARTIAL)
            else []
        )
        latitude, longitude = outing.grid.latitude, outing.grid.longitude
        # Where the visit was is kept with consent alone, which is asked of whoever files.
        near = random.random() < 0.9 and outing.outcome == Visit.Outcome.INTERVIEWED
        way = away.way_of(outing.outcome, uuid.int, outing.lead, organisation.managers[outing.grid.branch_id])
        facts = _facts(Random(uuid.int), outing, way, has_person=bool(met))  # noqa: S311  a demo by its seed
        verdict = effective.judge(facts, rules) if rules is not None else None
        yield [
            first + place, *_recorded(outing), uuid, sha256(uuid.bytes).hexdigest(), campaign.pk, outing.lead.pk,
            random.choice(colleagues).pk if colleagues and random.random() < 0.35 else None,
            Visit.Purpose.CENSUS.value, outing.outcome, met[0].pk if met else None, outing.at, min(outing.at + late, now),
            f"{float(latitude) + random.uniform(-0.004, 0.004):.6f}" if latitude is not None and near else None,
            f"{float(longitude) + random.uniform(-0.004, 0.004):.6f}" if longitude is not None and near else None,
            f"{random.uniform(4, 38):.1f}" if near else None, [], "", None,
            *way,
            facts.dwell_minutes if facts.entry == Visit.Entry.PAGE else None, verdict.effective if verdict else None,
            [one.kept() for one in verdict.reasons] if verdict else [], release.pk if release else None,
        ]  # fmt: skip


def _facts(
    random: Random, outing: Outing, way: tuple[str, str, str, int | None], *, has_person: bool
) -> effective.Facts:
    """What most visits show, and now and then one in a hurry or without a photo; the photos themselves are no part of the demo."""
    is_talk = outing.outcome in (Visit.Outcome.INTERVIEWED, Visit.Outcome.PARTIAL)
    return effective.Facts(
        outcome=outing.outcome,
        channel=way[0],
        entry=way[2],
        photos=0 if random.random() < 0.04 else random.randint(1, 3),
        dwell_minutes=random.choices((random.randint(2, 4), random.randint(6, 55)), (4, 96))[0]
        if is_talk
        else random.randint(1, 4),
        has_person=has_person,
        file_percent=random.randint(40, 58) if is_talk and random.random() < 0.02 else None,
    )


_PROFILE = (
    "id",
    *RECORDED,
    "visit_id",
    "number",
    "document",
    "document_hash",
    "carried",
    "collector_id",
    "submitted_at",
    "form_id",
    "completeness",
    "figures_hash",
)
_CHECK = ("id", *RECORDED, "profile_id", "checker_id", "verdict", "remarks", "checked_at")
_CONSENT = (*RECORDED, "visit_id", "person_id", "notice_version", "scopes", "refused", "how", "given_at", "taken_by_id")
_MILESTONE = (*RECORDED, "campaign_id", "kind", "reached_at", "device_on", "staff_id")
_LEAD, _PARTNER, _DEVICE, _RECEIVED, _MET, _LATITUDE = 8, 9, 13, 14, 12, 15


def _profiles(
    random: Random,
    organisation: Organisation,
    outings: Sequence[Outing],
    visits: Sequence[list[Any]],
    people: dict[int, list[Member]],
    now: datetime,
    edition: Edition,
) -> tuple[dict[int, list[Any]], list[list[Any]]]:
    """Return the files by visit id and the verdicts on them; files of the last days still wait for a colleague."""
    filed = [
        (outing, visit)
        for outing, visit in zip(outings, visits, strict=True)
        if outing.outcome == Visit.Outcome.INTERVIEWED
    ]
    first, first_check = bulk.reserve(Profile, len(filed)), bulk.reserve(ProfileCheck, len(filed))
    rows: dict[int, list[Any]] = {}
    checks: list[list[Any]] = []
    for place, (outing, visit) in enumerate(filed):
        day = outing.at.date()
        adults = [
            economics.Adult(one.pk, one.relation, _age(one.born_on, day), one.sex)
            for one in people[outing.household.pk]
        ]
        document = economics.document(random, adults, day)
        rows[visit[0]] = [
            first + place, *_recorded(outing), visit[0], 1, document, files.digest(document), [], outing.lead.pk, visit[_RECEIVED],
            edition.release_id, score(edition.form, document), files.figures_digest(document),
        ]  # fmt: skip
        checked_at = visit[_RECEIVED] + timedelta(hours=random.uniform(3, 90))
        colleagues = [
            one
            for one in organisation.officers[outing.grid.branch_id]
            if one.pk not in (outing.lead.pk, visit[_PARTNER])
        ]
        if checked_at >= now or not colleagues:
            continue
        returned = (
            checked_at > now - timedelta(days=12) and random.random() < 0.06
        )  # older ones were put right long ago
        checks.append(
            [
                first_check + place,
                *_recorded(outing),
                first + place,
                random.choice(colleagues).pk,
                (ProfileCheck.Verdict.RETURNED if returned else ProfileCheck.Verdict.ACCEPTED).value,
                [{"path": "", "text": random.choice(REMARKS)}] if returned else [],
                checked_at,
            ]
        )
    return rows, checks


def _age(born: date | None, day: date) -> int:
    if born is None:
        return 40
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _consents(
    visits: Sequence[list[Any]],
    outings: Sequence[Outing],
    files_of: dict[int, list[Any]],
    notice: Release,
    now: datetime,
) -> Iterable[list[Any]]:
    """What was agreed to aloud: most agree to nearly everything, the credit register is asked about in writing, later."""
    offered = asked(notice.document)
    for visit, outing in zip(visits, outings, strict=True):
        if visit[0] not in files_of:
            continue
        kept = visit[_LATITUDE] is not None
        spared = {CREDIT_QUERY} | (set() if kept else {POSITION})
        spared |= {PUBLICITY} if visit[0] % 9 == 0 else set()
        spared |= {MESSAGES} if visit[0] % 7 == 0 else set()
        given = [scope for scope in offered if scope not in spared]
        refused = [scope for scope in offered if scope in spared and scope != CREDIT_QUERY]
        yield [
            *_recorded(outing), visit[0], visit[_MET], notice.version, given, refused, Consent.How.SPOKEN.value, visit[_DEVICE], visit[_LEAD]
        ]  # fmt: skip
        # A few come to the counter weeks later: one wants no messages any more, one wants nothing used.
        later = visit[_RECEIVED] + timedelta(days=20)
        back = given if visit[0] % 397 == 0 else [MESSAGES] if visit[0] % 211 == 0 and MESSAGES in given else []
        if back and later < now:
            yield [
                *_recorded(outing), None, None, notice.version, back, [], Consent.How.WITHDRAWN.value, later, visit[_LEAD]
            ]  # fmt: skip


def _milestones(
    campaign: Campaign,
    outings: Sequence[Outing],
    visits: Sequence[list[Any]],
    files_of: dict[int, list[Any]],
    checks: Sequence[list[Any]],
) -> Iterable[list[Any]]:
    kinds = Milestone.Kind
    visit_of = {row[0]: row[5] for row in files_of.values()}
    lead_of = {visit[0]: visit[_LEAD] for visit in visits}
    for outing, visit in zip(outings, visits, strict=True):
        if outing.outcome in Visit.NOT_VISITED:
            continue
        day = visit[_DEVICE].date()
        yield [*_recorded(outing), campaign.pk, kinds.VISITED.value, visit[_RECEIVED], day, visit[_LEAD]]
        if visit[0] in files_of:
            yield [*_recorded(outing), campaign.pk, kinds.PROFILED.value, visit[_RECEIVED], day, visit[_LEAD]]
    for check in checks:
        if check[7] == ProfileCheck.Verdict.ACCEPTED:
            yield [*check[1:5], campaign.pk, kinds.CHECKED.value, check[9], None, lead_of[visit_of[check[5]]]]


def _next_visits(random: Random, outings: Sequence[Outing], now: datetime) -> dict[int, date]:
    """Give a tenth of the households a day of the next visit, around today."""
    due = {}
    for outing in outings:
        again = outing.outcome in (Visit.Outcome.NOBODY, Visit.Outcome.AWAY, Visit.Outcome.REFUSED)
        if again or random.random() < 0.06:
            due[outing.household.pk] = now.date() + timedelta(days=random.randint(-5, 30))
    return due
