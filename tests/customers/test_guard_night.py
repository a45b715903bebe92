"""The nightly comparison: in SQL over all files it finds exactly what the pure rule finds on each."""

import json
from datetime import datetime, timedelta
from io import StringIO
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from config.lib import clock
from customers.domain import guard as rule
from customers.models import ChangeFlag, Household, Profile, ProfileCheck, Visit
from customers.selectors.changes import watched
from customers.services import guard
from tests.customers.builders import make_household, release_parameters
from tests.customers.guarding import LIMITS, accepted, filed, house, release_guard
from tests.world import World

AMOUNTS = (0, 4000, 5000, 9000, 10000, 13000, 13001, 100000, 130000, 130001, 70000, 69999)


def _revision(world: World, home: Household, number: int, at: datetime, random: Random) -> Profile:
    place = {"institution": world.bank, "grid": home.grid, "recorded_grid": home.grid, "subject": home.subject}
    visit = Visit.objects.create(
        **place,
        client_uuid=uuid4(),
        content_hash="x",
        lead=world.chen,
        outcome="interviewed",
        device_at=at,
        received_at=at,
    )
    document = {
        "assets": [{"current": str(random.choice(AMOUNTS))}],
        "liabilities": [{"outstanding": str(random.choice(AMOUNTS))}],
        "income": [{"gross": str(random.choice(AMOUNTS)), "cost": str(random.choice(AMOUNTS))}],
        "expenses": [{"amount": str(random.choice(AMOUNTS))}],
    }
    return Profile.objects.create(
        **place, visit=visit, number=number, document=document, document_hash="x", collector=world.chen, submitted_at=at
    )


def _history(world: World, home: Household, release: Any, random: Random) -> list[Profile]:
    """Some revisions over a year, of which some were checked in time and some carry settled or open changes."""
    days = sorted(random.sample(range(1, 400), random.randint(2, 5)), reverse=True)
    revisions: list[Profile] = []
    for number, ago in enumerate(days, 1):
        at = clock.now() - timedelta(days=ago)
        profile = _revision(world, home, number, at, random)
        place = {"institution": world.bank, "grid": home.grid, "recorded_grid": home.grid, "subject": home.subject}
        if random.random() < 0.8:
            ProfileCheck.objects.create(
                **place,
                profile=profile,
                checker=world.deng,
                verdict="accepted" if random.random() < 0.85 else "returned",
                checked_at=at + timedelta(days=random.choice((1, 20, 200))),
            )
        for figure in rule.FIGURES if revisions and number < len(days) else ():
            if random.random() < 0.25:
                outcome = random.choice(("", "confirmed", "confirmed", "refused"))
                settled = at + timedelta(days=random.choice((2, 30, 150)))
                ChangeFlag.objects.create(
                    **place, profile=profile, base=revisions[-1], figure=figure, before=0, after=1, release=release,
                    found="submitted", flagged_at=at, due_on=at.date(), outcome=outcome,
                    settled_by=world.gao if outcome else None, settled_at=settled if outcome else None,
                    answer="x" if outcome == "refused" else "",
                )  # fmt: skip
        revisions.append(profile)
    return revisions


def _expected(revisions: list[Profile]) -> set[tuple[int, str, int]]:
    """The pure rule on one file; which revisions were trusted is told from the rows, not by the function under test."""
    newest = Profile.objects.get(pk=revisions[-1].pk)
    earlier = []
    for profile in Profile.objects.filter(pk__in=[one.pk for one in revisions[:-1]]):
        check = ProfileCheck.objects.filter(profile=profile, verdict="accepted", checked_at__lte=newest.submitted_at)
        flags = list(ChangeFlag.objects.filter(profile=profile, flagged_at__lte=newest.submitted_at))
        proved = [
            flag.figure
            for flag in flags
            if flag.outcome == "confirmed" and flag.settled_at is not None and flag.settled_at <= newest.submitted_at
        ]
        if check.exists() and len(proved) == len(flags):
            earlier.append(watched(profile, proved))
    found = rule.sudden_changes(watched(newest), earlier, rule.read(LIMITS))
    return {(newest.pk, change.figure, change.base) for change in found}


@pytest.mark.parametrize("seed", range(3))
def test_in_sql_it_finds_what_the_pure_rule_finds(world: World, seed: int) -> None:
    release = release_guard(world)
    random = Random(seed)
    expected: set[tuple[int, str, int]] = set()
    for number in range(40):
        home = make_household(world.liu, f"N{number:03d}", people=())
        expected |= _expected(_history(world, home, release, random))
    values = guard.bounds(
        world.bank.pk, release, release.effective_on - timedelta(days=4000), release.effective_on.replace(year=2999)
    )
    with connection.cursor() as cursor:
        cursor.execute(guard.EXPECTED, values)
        found = {(profile, figure, base) for profile, _subject, figure, base, _before, _after in cursor.fetchall()}
    assert found == expected
    assert len(expected) > 10


def test_the_command_raises_what_came_in_beside_the_guard(world: World) -> None:
    release_parameters(world)
    home = make_household(world.liu)
    filed(world, home)
    accepted(world, home)
    filed(world, home, assets=house(400000))
    release_guard(world)
    out = StringIO()
    call_command("compare_changes", "--json", stdout=out)
    told = json.loads(out.getvalue().splitlines()[-1])
    (bank,) = told["institutions"]
    assert (bank["expected"], bank["raised"], bank["surplus"]) == (1, 1, [])
    assert ChangeFlag.objects.get().found == "sweep"
