"""The frozen facts of a revision: read once, written with it, never changed, the same for every way in."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from customers.domain import economics, facts
from customers.domain.facts import BREACH_FIELDS, CATALOGUE, UNLISTED, AnswerField, Breach
from customers.models import AnswerRegister, BreachFact, HouseholdFacts, Profile
from customers.selectors.facts import reads_again, register
from customers.services.facts import keep_facts
from customers.services.visits import submit_visit
from tests.conftest import acting_as
from tests.credit.files import file
from tests.customers.builders import make_household, release_parameters, submission
from tests.customers.own_form import choice, filed, own_form, question
from tests.world import World

BREACH = {"what": "both", "days_overdue": 120, "repaid": "unpaid", "measure": "judicial"}


def read(document: dict[str, Any]) -> dict[str, int | None]:
    totals = economics.totals(document)
    return {name: fact.read(document, totals) for name, fact in CATALOGUE.items()}


def test_an_empty_file_says_nothing() -> None:
    assert set(read({"version": 1}).values()) == {None}


def test_amounts_are_fen_and_choices_places() -> None:
    found = read(
        {
            "shares_held": "0.01",
            "judgement": "fair",
            "grade": "AAAA",
            "assets": [
                {"kind": "house", "current": "10.10", "disposable": "1"},
                {"kind": "deposit", "current": "3.00"},
            ],
            "liabilities": [{"kind": "private", "outstanding": "20.00"}],
            "income": [{"kind": "wage", "gross": "7.00"}, {"kind": "planting", "gross": "5", "cost": "6"}],
            "performance": {"status": "breached", "breaches": [BREACH]},
        }
    )

    told = {name: value for name, value in found.items() if value is not None}
    assert told == {
        "shares": 1, "judgement": 2, "grade": 3, "total_assets": 1310, "net_assets": -690, "realisable_assets": 100,
        "property": 1010, "deposits": 300, "debts": 2000, "own_bank_debts": 0, "other_bank_debts": 0, "private_debts": 2000,
        "guarantees": 0, "gross_income": 1200, "operating_cost": 600, "net_income": 600, "operating_income": 500, "wages": 700,
        "subsidies": 0, "record": 2, "breaches": 1,
    }  # fmt: skip
    assert CATALOGUE["grade"].codes[3] == UNLISTED


def test_a_breach_is_stored_by_the_places_of_its_codes() -> None:
    (breach,) = facts.breaches_of({"performance": {"status": "breached", "breaches": [BREACH]}})

    assert breach == Breach(120, 0, 2, 2)
    assert [codes[place] for codes, place in zip(list(BREACH_FIELDS.values())[1:], (0, 2, 2), strict=True)] == [
        "unsettled",
        "judicial",
        "both",
    ]


@given(st.dictionaries(st.sampled_from(list(CATALOGUE)), st.integers(-(2**62), 2**62), min_size=1))
def test_the_fingerprint_tells_every_fact_apart(values: dict[str, int | None]) -> None:
    whole = facts.fingerprint(values)
    for name, value in values.items():
        assert value is not None
        assert facts.fingerprint({**values, name: value - 1}) != whole
        assert facts.fingerprint({**values, name: None}) != whole
    assert facts.fingerprint(values, [None, None]) == whole
    assert facts.fingerprint(values, [None, 0]) != whole
    assert facts.fingerprint(values, [], [Breach(1, None, None, None)]) != whole


def test_a_visit_writes_its_facts_with_the_revision(world: World) -> None:
    home = make_household(world.liu)
    release_parameters(world)

    with acting_as(world.chen) as post:
        assert post is not None
        stored = submit_visit(staff=world.chen, post_id=post.pk, place=home, submission=submission(home))

        assert stored.profile is not None
        row = HouseholdFacts.objects.select_related("profile").get(pk=stored.profile.pk)
        assert (row.net_assets, row.net_income, row.labour, row.breaches) == (12_000_000, 5_200_000, row.persons, None)
        assert (row.subject_id, row.grid_id, row.number) == (home.pk, home.grid_id, 1)
        assert reads_again(row)


def test_breaches_lie_beside_the_row(world: World) -> None:
    home = make_household(world.liu)

    profile = file(home, world.chen, None, performance={"status": "breached", "breaches": [BREACH, BREACH]})

    row = HouseholdFacts.objects.get(pk=profile.pk)
    assert row.breaches == 2
    assert list(BreachFact.objects.order_by("place").values_list("profile_id", "place", "days_overdue")) == [
        (profile.pk, 0, 120),
        (profile.pk, 1, 120),
    ]
    assert reads_again(row)
    row.surplus = (row.surplus or 0) + 1
    assert not reads_again(row)


def test_facts_are_never_changed_and_seen_where_the_file_is(world: World) -> None:
    home = make_household(world.liu)
    profile = file(home, world.chen, None)

    with acting_as(world.chen):
        assert HouseholdFacts.objects.count() == 1
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            HouseholdFacts.objects.filter(pk=profile.pk).update(shares=0)
    with acting_as(world.fang):
        assert not HouseholdFacts.objects.exists()


# --- Questions of a bank's own forms ----------------------------------------------------------------------------------


def test_answers_of_a_form_the_bank_released_are_facts(world: World) -> None:
    home = make_household(world.liu)
    numbers = (
        question("tractors", "whole"),
        question("orchard", "number", places=2),
        question("has_well", "yes_no"),
    )
    release_parameters(world)
    ticks = {**choice("gambles", "drinks", "idles"), "code": "habits", "type": "choices"}
    own_form(world, *numbers, choice("rice", "tea"), question("remark", "text"), ticks)

    row = filed(
        world, home, tractors="2", orchard="1.5", has_well=True, crop="tea", remark="x", habits=["idles", "gambles"]
    )

    assert row.answers == [2, 150_000_000, 1, 1, 0b101]
    assert reads_again(row)
    held = register(world.bank.pk)
    assert held["crop", "choice"] == AnswerField(3, "choice", ("rice", "tea"), held["crop", "choice"].label)


def test_the_register_only_grows(world: World) -> None:
    homes = [make_household(world.liu, number) for number in ("0001", "0002")]
    release_parameters(world)
    own_form(world, choice("rice", "tea"), question("tractors", "whole"))
    old = filed(world, homes[0], crop="tea")
    own_form(world, question("barns", "whole"), choice("fish", "rice", "tea"))
    new = filed(world, homes[1], crop="fish", barns="3")

    assert old.answers == [1]
    assert new.answers == [2, None, 3]
    assert list(AnswerRegister.objects.order_by("place").values_list("at", "codes")) == [
        ("crop", ["rice", "tea", "fish"]),
        ("tractors", []),
        ("barns", []),
    ]
    assert reads_again(old)
    assert reads_again(new)


# --- Older files --------------------------------------------------------------------------------------------------------


def test_keeping_facts_twice_is_refused(world: World) -> None:
    profile = file(make_household(world.liu), world.chen, None)

    with pytest.raises(Exception, match="duplicate key"), transaction.atomic():
        keep_facts(Profile.objects.get(pk=profile.pk), None)
