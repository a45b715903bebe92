"""Decisions of a round read exposure from the snapshot in force: over all members, one look for a village, and say so."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.acting import job_frame
from credit.domain.bounds import VillageOpinion, propose
from credit.domain.merging import merge
from credit.domain.opinions import Opinion, OpinionKind
from credit.models import Decision
from credit.selectors.rounds import rules_of
from credit.services.computing import compute, exposure_of
from customers.models import Household, Person
from tests.credit import coresnapshots as core
from tests.credit import files
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
WAN = Decimal(10_000)


def opened(village: make.Village, wan: str = "30") -> None:
    for place in range(3):
        make.fill(village, place, dict.fromkeys(village.households, make.amount(wan)))
        make.seal(village, place)
    run = make.open_sheets(village)
    assert run.state == "done", run.error


def members(household: int) -> list[int]:
    return list(Person.objects.filter(household_id=household).order_by("pk").values_list("pk", flat=True))


@pytest.fixture
def village(world: World) -> make.Village:
    made = make.started(world, 2, rules={"line": {"model_required": False, "product_cap": "500000"}})
    head = Household.objects.get(pk=made.households[0])
    for name in ("妻", "子"):
        Person.objects.create(
            institution=world.bank,
            grid=world.liu,
            household=head,
            name=name,
            relation="spouse" if name == "妻" else "son",
        )
    return made


def test_over_all_members_who_are_there_now(
    world: World, village: make.Village, client_of: Callable[..., Client]
) -> None:
    numbers = core.number_people(*village.households)
    first, other = village.households
    head, wife, son = members(first)
    Person.objects.filter(pk=son).update(left_on=date(2026, 3, 1), left_reason="moved")
    taken = core.in_force(
        world,
        core.row(numbers[head], "J1", outstanding="60000", 未用额度="20000"),
        core.row(numbers[head], "S1", "本行未用授信", "", 未用额度="30000", 整村授信="是"),
        core.row(numbers[wife], "B1", "他行借款", "40000.50"),
        core.row(numbers[wife], "G1", "对外担保", "50001"),
        core.row(numbers[son], "J9", outstanding="99999"),
        on=clock.today() - timedelta(days=1),
    )
    opened(village)

    decision = Decision.objects.get(subject_id=first)
    exposure = decision.trace["exposure"]
    # 60,000 + 20,000 + 40,000.50 + 50,001 at one half; what the son who left owes is nobody's here.
    assert (exposure["total"], exposure["left_out"]) == ("145001", "30000")
    assert (exposure["source"], exposure["as_of"], exposure["snapshot"]) == (
        "core",
        taken.taken_on.isoformat(),
        taken.pk,
    )
    assert decision.snapshot == taken
    assert decision.headroom == Decimal(154_999)
    assert decision.proposed_amount == Decimal(154_000)
    untouched = Decision.objects.get(subject_id=other)
    assert (untouched.trace["exposure"]["total"], untouched.proposed_amount) == ("0", Decimal(300_000))

    page = client_of(world.chen).get(reverse("credit:decision", args=[decision.pk])).content.decode()
    day = taken.taken_on.isoformat()
    assert f"敞口取自核心系统 {day}" in page
    assert f"负债取自 {day} 核心系统数据。" in page


def test_what_the_core_system_does_not_hold_comes_from_the_checked_file(world: World, village: make.Village) -> None:
    first = village.households[0]
    numbers = core.number_people(first)
    profile = files.file(
        Household.objects.get(pk=first),
        world.chen,
        world.deng,
        liabilities=[
            {"kind": "own_bank", "outstanding": "80000"},
            {"kind": "other_bank", "outstanding": "25000"},
        ],
        guarantees=[{"amount": "10000"}],
    )
    core.in_force(world, core.row(numbers[members(first)[0]], "J1", outstanding="60000"))
    opened(village)

    decision = Decision.objects.get(subject_id=first)
    assert decision.profile == profile
    assert decision.trace["exposure"]["total"] == "90000"  # 60,000 here, 25,000 elsewhere, half of 10,000
    assert decision.trace["exposure"]["filled"] == ["other_banks", "guarantees"]


def test_without_a_confirmed_snapshot_it_is_the_checked_file_as_ever(world: World, village: make.Village) -> None:
    first = village.households[0]
    numbers = core.number_people(first)
    files.file(
        Household.objects.get(pk=first),
        world.chen,
        world.deng,
        liabilities=[{"kind": "own_bank", "outstanding": "80000"}],
    )
    core.upload(world, core.row(numbers[members(first)[0]], "J1", outstanding="60000"))
    opened(village)

    decision = Decision.objects.get(subject_id=first)
    assert (decision.snapshot, decision.trace["exposure"]["source"]) == (None, "profile")
    assert decision.trace["exposure"]["total"] == "80000"


def test_a_village_asks_as_often_as_one_household(world: World) -> None:
    made = make.started(world, 12)
    numbers = core.number_people(*made.households)
    core.in_force(world, *(core.row(number, f"J{place}") for place, number in enumerate(numbers.values())))
    rules = rules_of(made.round)
    said = [Opinion(OpinionKind.AMOUNT, 4 * WAN)] * 3

    def asked(households: list[int], number: int) -> int:
        with job_frame(None, "test"), CaptureQueriesContext(connection) as captured:
            compute(
                round=made.round,
                rules=rules,
                opinions=dict.fromkeys(households, said),
                grid_of=dict.fromkeys(households, world.liu.pk),
                numbers=dict.fromkeys(households, number),
            )
        return len(captured)

    assert asked(made.households[:1], 8) == asked(made.households, 9)


def test_a_computed_decision_is_what_the_plain_rules_say(world: World, village: make.Village) -> None:
    first, other = village.households
    files.file(
        Household.objects.get(pk=first),
        world.chen,
        world.deng,
        liabilities=[
            {"kind": "other_bank", "outstanding": "80000.55"},
            {"kind": "private", "outstanding": "25000"},
        ],
        guarantees=[{"amount": "10000.01"}, {"amount": "0.99"}],
    )
    opened(village)
    said = [Opinion(OpinionKind.AMOUNT, 30 * WAN)] * 3
    rules = rules_of(village.round)
    for decision in Decision.objects.filter(subject_id__in=(first, other)):
        merged = merge(said, rules.merge)
        exposure = exposure_of(decision.profile, rules, clock.today())
        plain = propose(rules.line, village=VillageOpinion.from_merge(merged), model_line=None, exposure=exposure)
        assert decision.trace == {
            "merge": merged.as_document(),
            "proposal": plain.as_document(),
            "exposure": exposure.as_document(),
            "on": clock.today().isoformat(),
        }
        assert decision.proposed_amount == plain.amount
        assert decision.headroom == max(0, rules.line.household_cap - exposure.total).quantize(
            Decimal("0.01"), ROUND_DOWN
        )
