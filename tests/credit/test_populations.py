"""Frozen populations: packed without identity, the same again, read back exactly, kept from everybody else."""

import json
from typing import Any

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from config.lib import jobs, releases
from config.lib.models import JobChunk, Release
from config.lib.weeks import business_day
from credit.domain.model import read_model
from credit.domain.model.batch import MISSING, compile_model
from credit.domain.population import absent, facts_at, pack, unpack
from credit.models import LineResult, Population, PopulationColumn
from credit.selectors import populations
from credit.selectors.lines import bind
from credit.services.populations import freeze, retire
from customers.models import AnswerRegister
from customers.selectors.population import Draw, keys
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit.files import file, release_models, started, village
from tests.customers.builders import make_household
from tests.world import SINCE, World


@given(st.lists(st.one_of(st.just(MISSING), st.integers(-(2**62), 2**62), st.integers(-200, 200)), max_size=50))
def test_a_column_comes_back_as_it_was_packed(values: list[int]) -> None:
    column = np.array(values, dtype=np.int64)
    assert unpack(pack(column)).tolist() == values


@pytest.mark.parametrize(("value", "width"), [(127, 1), (-127, 1), (-128, 2), (128, 2), (2**31 - 1, 4), (2**31, 8)])
def test_the_narrowest_width_that_leaves_room_for_missing_is_taken(value: int, width: int) -> None:
    assert pack(np.array([value, MISSING]))[0] == width


def frozen(world: World, **wanted: Any) -> Population:
    """A population frozen by Mo and packed."""
    with acting_as(world.mo):
        population = freeze(
            institution=world.bank, name="刘家村试算", asked_by=world.mo, post_id=None, send=False, **wanted
        )
    jobs.drive_run(population.run_id)
    return Population.objects.get(pk=population.pk)


def test_what_is_packed_is_what_the_files_say(world: World) -> None:
    release_models(world)
    village(world, 12)
    population = frozen(world)
    assert population.households == 12
    with acting_as(world.mo):
        loaded = populations.open_population(world.mo, population.pk)
        model = bind(Release.objects.get(kind="credit_model", key="s1"), Release.objects.get(kind="county_bases"))
        (facts,) = populations.facts_of(loaded, model.model)
        batch = compile_model(model).evaluate(facts, 12)
        lines = sorted(batch.line.tolist())
        for row in range(12):
            assert model.evaluate(facts_at(facts, model.model, row)) == batch.result(row)
        groups = populations.groups_of(loaded)
        assert set(groups) == {"branch", "village", "kind", "sex", "age_band"}
    assert lines == sorted(lines)
    assert max(lines) > 0


def test_the_order_is_the_same_again_and_a_sample_is_its_beginning(world: World) -> None:
    release_models(world)
    village(world, 5)
    population = frozen(world)
    draw = Draw(population.institution_id, population.as_of, business_day(population.as_of), population.seed)
    whole = keys(draw, None)
    assert len(whole) == 5
    assert whole == sorted(whole)
    assert keys(draw, 3) == whole[:3]


def test_nothing_in_a_population_names_anybody(world: World) -> None:
    release_models(world)
    homes = village(world, 3)
    population = frozen(world)
    kept = json.dumps(population.columns, ensure_ascii=False) + json.dumps(
        list(JobChunk.objects.filter(run=population.run).values_list("payload", flat=True))
    )
    for home in homes:
        people = home.people.all()
        for text in (f'"{home.number}"', *(person.name for person in people)):
            assert text not in kept
        packed = [set(unpack(one.packed).tolist()) for one in PopulationColumn.objects.filter(population=population)]
        assert not any(home.pk in values for values in packed if home.pk > 100_000)
    assert not {"subject", "profile", "number"} & set(population.columns)


def test_who_keeps_parameters_reads_populations_and_no_customer(world: World) -> None:
    release_models(world)
    village(world, 2)
    frozen(world)
    reads = "select (select count(*) from credit_population), (select count(*) from credit_populationcolumn), (select count(*) from customers_household), (select count(*) from customers_householdfacts)"
    seen = {}
    for person in (world.mo, world.chen, world.gao, world.jiang):
        with acting_as(person), connection.cursor() as cursor:
            cursor.execute(reads)
            seen[person.name] = cursor.fetchone()
    assert seen[world.mo.name][0] == 1
    assert seen[world.mo.name][1] > 20
    assert seen[world.mo.name][2:] == (0, 0)
    assert seen[world.chen.name][:2] == (0, 0)
    assert seen[world.gao.name][:2] == (0, 0)
    assert seen[world.jiang.name][:2] == (0, 0)


def test_a_retired_population_is_offered_no_more(world: World) -> None:
    release_models(world)
    village(world, 2)
    population = frozen(world)
    with acting_as(world.mo):
        assert populations.usable(world.mo) == [population]
        retire(population=population, staff=world.mo, post_id=None)
        assert populations.usable(world.mo) == []
        with pytest.raises(Refused):
            retire(population=population, staff=world.mo, post_id=None)


# --- Medians of villages and answers to the bank's own questions ---------------------------------------------------------


def _asked(name: str, of: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": {"zh": name, "en": name}, "type": of, "missing": {"default": "0"}, **more}


def _asking_for_more(document: dict[str, Any]) -> dict[str, Any]:
    """S1 with a line that reads what lies outside the catalogue: borrower, businesses, village, and the bank's own questions."""
    crops = [{"code": code, "label": {"zh": code, "en": code}} for code in ("rice", "tea")]
    habits = [{"code": code, "label": {"zh": code, "en": code}} for code in ("gambles", "idles")]
    document["inputs"] += [
        _asked("age", "int", min="0", max="150"),
        _asked("age_months", "int", min="0", max="1800"),
        _asked("businesses", "int", min="0", max="100"),
        _asked("village_net_income", "money", min="-100000000", max="100000000"),
        _asked("land_mu", "ratio", min="0", max="100"),
        _asked("crop", "choice", choices=crops) | {"missing": {"default": "rice"}},
        _asked("habits", "flags", choices=habits) | {"missing": {"default": "empty"}},
    ]
    parts = "village_net_income * (1 + age_months - age * 12 + businesses) / 100 + total_assets * land_mu / 100"
    ticks = "if(habits_idles, total_assets, 0) + if(crop == 'tea', net_income, 0)"
    document["lines"].append({"name": "asked_for", "label": {"zh": "x", "en": "x"}, "formula": f"{parts} + {ticks}"})
    document["combined"]["formula"] = "asked_for"
    return document


def _answered(world: World, homes: list[Any]) -> None:
    """Three questions of the bank's own, answered by all but the last household, as the intake of files writes them."""
    questions = [
        ("land_mu", "ratio", []),
        ("crop", "choice", ["tea", "rice"]),
        ("habits", "flags", ["gambles", "drinks", "idles"]),
    ]
    for place, (at, of, codes) in enumerate(questions):
        AnswerRegister.objects.create(
            institution=world.bank, at=at, type=of, place=place, codes=codes, zh=at, en=at
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("update customers_household set borrower_id = head_id")
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table customers_householdfacts disable trigger user")
        for number, home in enumerate(homes[:-1]):
            answers = [150_000_000 + number, number % 2, 0b100 if number % 3 else None]
            cursor.execute(
                "update customers_householdfacts set answers = %s where subject_id = %s",
                [answers[: 2 if answers[2] is None else 3], home.pk],
            )
        cursor.execute("alter table customers_householdfacts enable trigger user")


def test_a_population_holds_all_a_run_reads(world: World) -> None:
    release_models(world)
    homes = village(world, 6)
    other = make_household(world.wang, "0100")
    file(other, world.chen, world.deng, income=[{"kind": "planting", "gross": "77777.77"}])
    _answered(world, [*homes, other])
    release = Release.objects.get(kind="credit_model", key="s1")
    releases.publish(
        institution_id=world.bank.pk, kind="credit_model", key="s1", document=_asking_for_more(release.document),
        effective_on=SINCE, drafted_by_id=world.mo.pk, released_by_id=world.ning.pk,
    )  # fmt: skip
    run = started(world)
    jobs.drive_run(run.run_id)
    results = list(LineResult.objects.filter(run=run))
    assert len({result.line for result in results}) == 7

    population = frozen(world)

    newest = Release.objects.filter(kind="credit_model", key="s1").latest("version")
    bound = bind(newest, Release.objects.get(kind="county_bases"))
    with acting_as(world.mo):
        (facts,) = populations.facts_of(population, bound.model)
        batch = compile_model(bound).evaluate(facts, 7)
        alone = [populations.household_facts(population, number, bound.model) for number in range(1, 8)]
    assert sorted(batch.line.tolist()) == sorted(
        int(result.line * 100) for result in results if result.line is not None
    )
    for number, (found, row) in enumerate(alone):
        assert bound.evaluate(facts_at(found, bound.model, row)) == batch.result(number)


def test_villages_of_one_name_stay_apart(world: World) -> None:
    release_models(world)
    world.wang.name, world.wang.town = world.liu.name, world.liu.town
    world.wang.save(update_fields=["name", "town"])
    for grid, gross in ((world.liu, "30000"), (world.wang, "50000")):
        income = [{"kind": "planting", "gross": gross}]
        file(make_household(grid, f"{grid.pk:04d}"), world.chen, world.deng, income=income)

    population = frozen(world)

    assert len(population.columns["by.village"]["codes"]) == 2
    with acting_as(world.mo):
        (table,) = PopulationColumn.objects.filter(population=population, name="village_gross_income")
        assert sorted(unpack(table.packed).tolist()) == [3_000_000, 5_000_000]


def test_a_population_frozen_before_its_answers_holds_none_of_them(world: World) -> None:
    release_models(world)
    homes = village(world, 2)
    population = frozen(world)
    _answered(world, homes)
    document = _asking_for_more(Release.objects.get(kind="credit_model", key="s1").document)
    columns = populations.described(population)
    assert absent(read_model(document), columns) == ["land_mu", "crop", "habits_gambles", "habits_idles"]
