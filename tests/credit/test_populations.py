"""Frozen populations: packed without identity, the same again, read back exactly, kept from everybody else."""

import json
from typing import Any

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from config.lib import jobs
from config.lib.models import JobChunk, Release
from config.lib.weeks import business_day
from credit.domain.model.batch import MISSING, compile_model
from credit.domain.population import facts_at, pack, unpack
from credit.models import Population, PopulationColumn
from credit.selectors import populations
from credit.selectors.lines import bind
from credit.services.populations import freeze, retire
from customers.selectors.population import Draw, keys
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit.files import release_models, village
from tests.world import World


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
        facts = populations.facts_of(loaded, model.model)
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
