"""The line of one household by itself equals that of a run as of the same instant, whatever the model asks for."""

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from config.lib import clock, jobs, releases
from credit.models import LineResult, LineRun
from credit.selectors import alone, line_batches, lines
from credit.selectors.alone import Alone
from customers.models import Household, HouseholdFacts, Person, Principal, ProfileCheck
from customers.selectors.assessment import checked_files
from customers.selectors.facts import beside_file
from customers.selectors.frozen import Part
from grids.models import Grid
from tests.api.rows import SCHEMES
from tests.conftest import acting_as
from tests.credit.files import file, release_models, started
from tests.customers.builders import make_business, make_grid, make_household, release_parameters
from tests.customers.own_form import choice, filed, own_form, question
from tests.world import SINCE, World

BREACHED = {
    "status": "breached",
    "breaches": [{"what": "both", "days_overdue": 120, "repaid": "unpaid", "measure": "judicial"}],
}
ODD: list[dict[str, Any]] = [
    {"grade": "AA"},
    {"performance": BREACHED},
    {"judgement": None, "grade": "A"},
    {"shares_held": "9000", "income": [{"kind": "planting", "gross": "0.01", "cost": "30000"}]},
    {"grade": "AAA", "assets": [{"kind": "house", "current": "99999999.99", "disposable": "0"}]},
]


def _scheme(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SCHEMES / f"{name}.json").read_text("utf-8"))
    return document


def _input(name: str, of: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": {"zh": name, "en": name}, "type": of, "missing": {"default": "0"}, **more}


def _with_the_village() -> dict[str, Any]:
    """S1 with the village's median, age, businesses and a question of the bank's own."""
    model = copy.deepcopy(_scheme("s1_hunan"))
    model["inputs"] += [
        _input("age", "int", min="0", max="150"),
        _input("businesses", "int", min="0", max="100"),
        _input("tractors", "int", min="0", max="100"),
        _input("village_net_income", "money", min="-100000000", max="100000000"),
    ]
    model["lines"].append(
        {
            "name": "asked_for",
            "label": {"zh": "村里的", "en": "of the village"},
            "formula": "max(village_net_income, 0) / 10 + 1000 * age + 100 * businesses + 10 * tractors",
        }
    )
    return model


def _release(world: World, key: str, document: dict[str, Any]) -> None:
    releases.publish(
        institution_id=world.bank.pk, kind="credit_model", key=key, document=document, effective_on=SINCE,
        drafted_by_id=world.mo.pk, released_by_id=world.ning.pk,
    )  # fmt: skip


def _village(world: World) -> list[Household]:
    """Files at odds, one with answers to the bank's own questions, a borrower of an age, and a shop in another officer's street."""
    release_parameters(world)
    homes = [make_household(world.liu, f"{number:04d}") for number in range(len(ODD) + 1)]
    for home, changes in zip(homes, ODD, strict=False):
        file(home, world.chen, world.deng, **changes)
    own_form(world, question("tractors", "whole"), choice("none", "usual", "good"))
    row = filed(world, homes[-1], tractors="3", crop="usual")
    ProfileCheck.objects.create(
        institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject_id=homes[-1].pk, profile=row.profile,
        checker=world.deng, verdict="accepted", checked_at=clock.now(),
    )  # fmt: skip
    for home in homes[1:]:
        Household.objects.filter(pk=home.pk).update(borrower=Person.objects.filter(household=home).earliest("pk"))
    street = make_grid(world, "street", "西门街", officer=world.fang)
    Grid.objects.filter(pk=street.pk).update(branch=world.west)
    shop = make_business(Grid.objects.get(pk=street.pk), address="西门 1 号", phone="15412345678")
    Principal.objects.filter(subject_id=shop.pk).update(person=Person.objects.filter(household=homes[0]).earliest("pk"))
    return homes


def _alone(world: World, home: Household, key: str) -> Alone:
    """The line as Chen sees it on the page of an application, under his row security."""
    with acting_as(world.chen):
        profile = checked_files([home.pk]).get(home.pk)
        return alone.line_of(world.bank, home.pk, profile, key)


MODELS: dict[str, Callable[[], dict[str, Any]]] = {
    "s1": lambda: _scheme("s1_hunan"),
    "s2": lambda: _scheme("s2_ningyuan_lanshan"),
    "s6": lambda: _scheme("s6_grade_asset_income"),
    "own": _with_the_village,
}


@pytest.mark.parametrize("key", MODELS)
def test_the_line_alone_is_that_of_a_run(world: World, key: str) -> None:
    release_models(world)
    _release(world, key, MODELS[key]() | {"code": key.upper()})
    homes = _village(world)
    run = started(world, model_key=key)
    jobs.drive_run(run.run_id)
    results = {one.subject_id: one for one in LineResult.objects.select_related("run__model", "run__bases")}
    assert set(results) == {home.pk for home in homes}

    for home in homes:
        result, found = results[home.pk], _alone(world, home, key)
        said = lines.said(result, lines.model_of(result.run.model))
        assert found.result is None  # nothing is published: it is computed
        assert found.line == result.line
        assert found.document["facts"] == lines.inputs_of(result).facts
        told = found.document["outcome"]
        assert (told["line"], told["score"]) == tuple(
            None if one is None else str(one) for one in (result.line, result.score)
        )
        assert (told["grade"], told["reasons"], told["binding"], told["remarks"]) == (
            said.grade, said.reasons, said.binding, said.remarks,
        )  # fmt: skip


def test_what_is_read_for_one_is_what_the_batch_gathers(world: World) -> None:
    release_models(world)
    _release(world, "own", _with_the_village() | {"code": "OWN"})
    homes = _village(world)
    run = started(world, model_key="own")
    jobs.drive_run(run.run_id)
    gathered = line_batches.gather(
        line_batches.work_of(LineRun.objects.get(pk=run.pk)), Part(homes[0].pk, homes[-1].pk)
    )

    facts = _alone(world, homes[0], "own").document["facts"]
    assert facts["businesses"] == 1  # in a street of another branch, which Chen does not see
    assert [gathered.frozen(row).businesses for row in range(len(homes))] == [1, 0, 0, 0, 0, 0]
    last = _alone(world, homes[-1], "own").document["facts"]
    assert (last["tractors"], facts["tractors"]) == (3, None)
    median = gathered.frozen(0).village["net_income"]
    assert median is not None
    assert Decimal(facts["village_net_income"]) == Decimal(median).scaleb(-2)


def test_numbers_of_the_village_are_for_who_reaches_the_household(world: World) -> None:
    homes = [make_household(world.liu, number) for number in ("0001", "0002")]
    for home, gross in zip(homes, ("40000", "50000.01"), strict=True):
        file(home, world.chen, world.deng, income=[{"kind": "planting", "gross": gross}])
    file(homes[1], world.chen, None, income=[{"kind": "planting", "gross": "1"}])  # not checked: it does not count
    with acting_as(world.chen):
        found = beside_file(homes[0].pk, ["net_income"], clock.now())
        none = beside_file(homes[0].pk, [], clock.now())
    with acting_as(world.fang):
        assert beside_file(homes[0].pk, ["net_income"], clock.now()) is None

    assert found is not None
    assert found.medians == {"net_income": 4_500_001}  # halves of a fen away from zero
    assert none is not None
    assert none.medians == {}
    assert HouseholdFacts.objects.count() == 3
