"""The whole demo county, stage by stage."""

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from random import Random
from typing import Any

from django.conf import settings

from config.lib import releases
from config.lib.acting import job_frame
from config.lib.clock import SHANGHAI
from config.lib.weeks import Week, weeks_between
from credit.services.rounds import publish_opener_key
from customers.domain.lists import read, usable
from customers.models import Household, ListEntry
from customers.services import roster, sharing
from grids.domain import divisions
from grids.models import Campaign, Grid, Institution
from grids.services import territory
from reporting.demo import (
    applications,
    audits,
    away,
    bulk,
    changes,
    coredata,
    courses,
    dayplans,
    entries,
    equipment,
    exceptions,
    fieldwork,
    merchants,
    models,
    notices,
    organisation,
    parameters,
    rounds,
    signing,
    sudden,
    supplements,
    twice,
)
from reporting.demo.families import Family, Registry, families
from reporting.services import weekly

COUNTY = "370685"
BANK = "招远金都农村商业银行"
SOURCE = "公安户籍名册（演示）"
YEARBOOK = "统计年报（演示）"
HEADER = ("村代码", "村", "组", "户号", "姓名", "与户主关系", "性别", "身份证号", "手机号", "住址")


@dataclass(frozen=True)
class Size:
    """How much to make: villages with a roster, households in each, rounds by stage."""

    villages: int
    households: tuple[int, int]
    closed: int
    deciding: int
    assessing: int


FULL = Size(villages=60, households=(250, 450), closed=6, deciding=3, assessing=2)
SMALL = Size(villages=8, households=(40, 60), closed=1, deciding=1, assessing=1)


def is_empty() -> bool:
    """Whether no institution exists yet."""
    return not Institution.objects.exists()


def build(*, size: Size, seed: int, now: datetime, say: Callable[[str], None]) -> dict[str, Any]:
    """Fill an empty database; returns the figures. The same seed and day give the same county."""
    random = Random(seed)  # noqa: S311  a story to be told again, no secret
    since = (now - timedelta(weeks=fieldwork.WEEKS + 4)).date()
    start = datetime.combine(since, time(9), SHANGHAI)
    with rounds.clock_at(start):
        say("territory")
        bank = _territory()
        people = organisation.build(bank, random, since)
        say("parameters")
        released = organisation.release_parameters(people, since)
    campaign = Campaign.objects.get(institution=bank, is_open=True)
    # A campaign of half a year: pace and working days left have something to be measured by.
    Campaign.objects.filter(pk=campaign.pk).update(from_on=since, to_on=since + timedelta(weeks=26))
    villages = _villages(people, size)
    registry = Registry(random, COUNTY, since)
    say(f"rosters of {len(villages)} villages")
    figures: dict[str, Any] = _rosters(people, villages, registry, size, start)
    figures |= merchants.build(people, villages, COUNTY, seed, start)
    _official_counts(Random(seed), villages, since)  # noqa: S311  numbers of its own: nobody else's change with them
    bulk.analyse()
    say("visits, files, checks")
    notice = releases.in_force(bank.pk, "consent_notice", since)
    outings = fieldwork.plan(random, people, villages, now)
    figures |= fieldwork.write(random, people, campaign, outings, now, notice)
    figures["listed"] = _lists(random, people, villages, now)
    bulk.analyse()
    figures |= away.write(people, villages, seed, now)
    figures["stalls_visited"] = merchants.visited(people, seed, now)
    figures["planned"] = dayplans.build(people, now)
    say("core-system snapshots")
    core = coredata.CoreSystem(people, COUNTY, seed)
    core.snapshot(now - timedelta(days=45))
    say("rounds")
    figures["rounds"] = _rounds(random, registry, people, villages, fieldwork.ended(outings), size, now)
    figures["publicised"] = notices.write(people, now, seed)
    figures["exceptions"] = exceptions.write(people, now)
    say("model lines")
    figures["lines"] = rounds.compute_lines(people, now - timedelta(days=2))
    figures["handed"] = applications.handed_over(people, now)
    core.time_passes()
    say("signing")
    signed = signing.write(people, now, seed)
    figures["signed"] = signed.figures
    core.loans += signed.loans
    figures["core_credits"] = core.snapshot(now - timedelta(hours=1))
    bulk.analyse()
    say("changes of households, lists, people filed twice")
    figures["changed"] = changes.write(people, villages, now)
    figures["listed"] += entries.write(people, villages, now)
    figures["shops_moving"] = merchants.moving(people, now)
    figures["filed_twice"] = twice.write(people, villages, now)
    figures["sudden"] = sudden.write(people, villages, now)
    say("applications")
    figures["applications"] = applications.apply(people, now)
    say("weekly reports")
    figures["weeks"] = _weeks(campaign, now)
    say("audit plans")
    figures["sampled"] = audits.plan_and_draw(people, now - timedelta(days=2))
    say("parameters on their way")
    figures["coming"] = parameters.draft_and_release(people, now)
    figures["tried_on"] = models.try_a_variant(people, now)
    figures["devices"] = equipment.write(people, now)
    figures["trainings"] = courses.write(people, now)
    organisation.staff_file(people)
    organisation.changes(people)
    with rounds.clock_at(now), job_frame(None, "demo"):
        figures["shared"] = sharing.share_out(bank.pk)
    logins = organisation.logins(people)
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    (settings.DATA_DIR / "demo-logins.json").write_text(json.dumps(logins, ensure_ascii=False), "utf-8")
    return {**figures, "releases": len(released), "logins": logins}


def _territory() -> Any:
    path = settings.BASE_DIR / "grids" / "data" / "divisions.csv"
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows, _ = divisions.read(lines, COUNTY)
    return territory.load_divisions(rows=rows, institution=BANK).institution


def _villages(people: organisation.Organisation, size: Size) -> list[Grid]:
    """Choose villages over the branches, the first branch having the most, so that its people have work of every kind."""
    wanted = []
    pools = [
        sorted(Grid.objects.filter(branch=branch, kind=Grid.Kind.VILLAGE), key=lambda grid: grid.division_code)
        for branch in people.branches
    ]
    shares = [max(4, size.villages // 5)] + [0] * (len(pools) - 1)
    place = 0
    while sum(shares) < size.villages:
        place = place % (len(pools) - 1) + 1
        shares[place] += 1
    for pool, share in zip(pools, shares, strict=True):
        # Over the whole branch, so that each of its officers has some.
        step = max(1, len(pool) // share) if share else 1
        wanted += pool[::step][:share]
    return wanted


def _official_counts(random: Random, with_roster: Iterable[Grid], on: date) -> None:
    """Give the villages and communities without a roster the count a yearbook would state, for visits that are yet to come."""
    usual = {Grid.Kind.VILLAGE: (120, 620), Grid.Kind.COMMUNITY: (400, 1800)}
    others = (
        Grid.objects.filter(kind__in=usual).exclude(pk__in=[grid.pk for grid in with_roster]).order_by("division_code")
    )
    counted = {pk: random.randint(*usual[Grid.Kind(kind)]) for pk, kind in others.values_list("pk", "kind")}
    bulk.update(Grid, "official_count", counted, official_source=YEARBOOK, official_on=on)


def _rosters(
    people: organisation.Organisation, villages: Iterable[Grid], registry: Registry, size: Size, start: datetime
) -> dict[str, int]:
    """Import one roster file a branch, uploaded by an officer and confirmed by the manager."""
    by_branch: dict[int, list[Grid]] = {}
    for grid in villages:
        by_branch.setdefault(grid.branch_id, []).append(grid)
    households = persons = 0
    for branch in people.branches:
        grids = by_branch.get(branch.pk)
        if not grids:
            continue
        homes = [
            (grid, list(families(registry, grid.division_code, grid.name, registry.random.randint(*size.households))))
            for grid in grids
        ]
        with rounds.clock_at(start):
            written = roster.import_now(
                content=BytesIO(_csv(homes)),
                name=f"{branch.name}户籍名册.csv",
                branch=branch,
                source=SOURCE,
                obtained_on=start.date(),
                staff=people.officers[branch.pk][0],
                confirmed_by=people.managers[branch.pk],
                legal_basis="整村授信合作协议（演示）",
            )
        if written.state != written.State.WRITTEN:
            raise RuntimeError(f"the roster of {branch.name} was not written: {written.summary}")
        for grid, made in homes:
            grid.official_count, grid.official_source, grid.official_on = len(made), SOURCE, start.date()
            grid.save(update_fields=["official_count", "official_source", "official_on"])
            households += len(made)
            persons += sum(len(family.members) for family in made)
    return {"villages": sum(map(len, by_branch.values())), "households": households, "people": persons}


def _csv(homes: Iterable[tuple[Grid, list[Family]]]) -> bytes:
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for grid, made in homes:
        for family in made:
            for one in family.members:
                writer.writerow(
                    (family.village_code, grid.name, family.group, family.number, one.name, one.relation,
                     "男" if one.sex == "M" else "女", one.id_number, one.phone, family.address)
                )  # fmt: skip
    return out.getvalue().encode("utf-8-sig")


def _lists(random: Random, people: organisation.Organisation, villages: list[Grid], now: datetime) -> int:
    """Put a few households on the black and grey lists; some entries still wait for the manager."""
    document = releases.in_force(people.bank.pk, "list_reasons", now.date()).document
    reasons = {
        colour: [one for one in usable(read(document), colour) if one != "other"] for colour in ("black", "grey")
    }
    rows = []
    branch_of = {grid.pk: grid.branch_id for grid in villages}
    for household in Household.objects.filter(grid__in=villages).order_by("pk").iterator(chunk_size=2000):
        if random.random() > 0.018:
            continue
        at = now - timedelta(days=random.randint(15, 80))
        waits = random.random() < 0.08
        black = random.random() < 0.4
        rows.append(
            ListEntry(
                institution_id=household.institution_id,
                grid_id=household.grid_id,
                recorded_grid_id=household.grid_id,
                subject_id=household.pk,
                colour=ListEntry.Colour.BLACK if black else ListEntry.Colour.GREY,
                reason=random.choice(reasons["black" if black else "grey"]),
                review_on=None if black else (at + timedelta(days=45 if random.random() < 0.15 else 182)).date(),
                proposed_by=people.officer_of[household.grid_id],
                proposed_at=at,
                confirmed_by=None if waits else people.managers[branch_of[household.grid_id]],
                confirmed_at=None if waits else at + timedelta(days=2),
            )
        )
    ListEntry.objects.bulk_create(rows)
    return len(rows)


def _rounds(
    random: Random,
    registry: Registry,
    people: organisation.Organisation,
    villages: list[Grid],
    last_visit: dict[int, datetime],
    size: Size,
    now: datetime,
) -> dict[str, int]:
    """Hold rounds where the visits are furthest: the first branch first, then over the county."""
    publish_opener_key()
    assessors = rounds.Assessors(random, registry)
    morning = datetime.combine(now.date(), time(9), SHANGHAI)
    # Every fifth village is still being visited; of the others those whose last visit is longest ago come first.
    ready = sorted((grid for place, grid in enumerate(villages) if place % 5), key=lambda grid: last_visit[grid.pk])
    home = people.branches[0].pk

    def take(at_home: bool) -> Grid:
        # The first branch has a village at every stage, so that whoever looks in finds work there.
        chosen = next((grid for grid in ready if at_home == (grid.branch_id == home)), ready[0])
        ready.remove(chosen)
        return chosen

    def hold(at_home: bool, days_ago: int, at_least: int, upto: str, sealed: int = 3, own: int = 0) -> None:
        # A round begins when the village has been visited and checked; how far it is to come sets the latest day.
        grid = take(at_home)
        begun = max(morning - timedelta(days=days_ago), last_visit[grid.pk].replace(hour=9) + timedelta(days=4))
        rounds.hold(people, assessors, grid, min(begun, morning - timedelta(days=at_least)), upto, sealed, own)

    for place in range(size.closed):
        hold(place == 0, 30 - place * 3, 10, ("sign", "notice", "closed")[place % 3])
    for place in range(size.deciding):
        hold(place == 0, 9, 9, ("referred", "decide", "proposed")[place % 3])
    for place in range(size.assessing):
        hold(place == 0, 5, 5, "assess", (1, 3)[place % 2], own=int(place == 0))
    if size is FULL:
        for upto in ("list", "prepare"):
            hold(True, 2, 2, upto)
    supplemented = supplements.hold(people, assessors, morning)
    return {
        "closed": size.closed,
        "deciding": size.deciding,
        "assessing": size.assessing,
        "supplemented": supplemented,
    }


def _weeks(campaign: Campaign, now: datetime) -> int:
    """Freeze every week that is due, each at its own Monday."""
    count = 0
    first = Week.containing(now - timedelta(weeks=fieldwork.WEEKS))
    for week in weeks_between(first, Week.last_to_freeze(now)):
        weekly.freeze_due(campaign_id=campaign.pk, at=week.freezes_at)
        count += 1
    return count
