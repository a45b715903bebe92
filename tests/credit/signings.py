"""A village at signing: households granted, some refused, borrowers of age, the shipped rules of signing."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from config.lib import clock, releases
from credit.models import CallEntry, CallList, Card, Decision, Signing
from credit.services import bulk_decisions, decisions, stages
from credit.services import signing as services
from customers.models import Household, Person
from grids.models import Staff
from tests.conftest import acting_as
from tests.credit import village as make
from tests.credit.village import Village
from tests.world import SINCE, World

RULES = json.loads(Path("credit/parameters/signing.json").read_text("utf-8"))[0]["document"]


def release_rules(world: World, **changes: Any) -> None:
    """Release the shipped rules of signing with some parts changed."""
    releases.publish(
        institution_id=world.bank.pk,
        kind="signing_rules",
        document=RULES | changes,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def act(step: Any, staff: Staff, **more: Any) -> Any:
    """Take a step as a person, under his row security."""
    with acting_as(staff) as post:
        return step(by=staff, post=post, **more)


def granted(world: World, households: int = 4, grants: Sequence[int] | None = None) -> Village:
    """A round whose households at some places (all) are granted 40,000 yuan, the others refused, now at signing."""
    release_rules(world)
    village = make.started(world, households)
    chosen = range(households) if grants is None else grants
    Person.objects.filter(household_id__in=village.households).update(born_on=date(1970, 1, 1))
    for home in Household.objects.filter(pk__in=village.households):
        home.borrower_id = home.head_id
        home.save(update_fields=["borrower"])
    make.seal_all(village, *[{subject: make.amount("4") for subject in village.households}] * 3)
    make.open_sheets(village)
    found = Decision.objects.filter(round=village.round)
    act(bulk_decisions.propose_many, world.chen, decisions=found)
    act(
        bulk_decisions.approve_many,
        world.gao,
        decisions=found.filter(subject__in=[village.households[one] for one in chosen]),
    )
    for decision in found.exclude(subject__in=[village.households[one] for one in chosen]):
        act(decisions.refuse, world.gao, decision=decision, seen=1, reason="暂不授信")
    begin(village)
    return village


def begin(village: Village) -> None:
    """Take the round to signing."""
    act(stages.move, village.world.gao, round=village.round, to="sign")
    village.round.refresh_from_db()


def line(village: Village, place: int = 0) -> Decision:
    """The decision on the household at a place."""
    return Decision.objects.select_related("subject").get(round=village.round, subject_id=village.households[place])


def sign(village: Village, place: int = 0, contract: str = "", **more: Any) -> Signing:
    """Sign the line of the household at a place at the counter."""
    given = {"mode": "counter", "outcome": "signed", "seen": 0, "contract": contract or f"ZY2026-{place:04d}", **more}
    if given["outcome"] != "signed":
        given["contract"] = ""
    made: Signing = act(services.sign, village.world.chen, decision=line(village, place), **given)
    return made


def card(village: Village, signing: Signing) -> Card:
    """Hand out the card of a signed line."""
    made: Card = act(services.issue_card, village.world.chen, signing=signing)
    return made


def call_list(village: Village, most: int = 20, caller: Staff | None = None) -> CallList:
    """Draw a call list for today."""
    made: CallList = act(
        services.make_list,
        village.world.gao,
        round=village.round,
        mode="door",
        held_on=clock.today(),
        caller=caller or village.world.chen,
        most=most,
    )
    return made


def entry_of(listed: CallList, subject: int) -> CallEntry:
    """The entry of a household on a list."""
    return CallEntry.objects.select_related("call_list__round").get(call_list=listed, subject_id=subject)
