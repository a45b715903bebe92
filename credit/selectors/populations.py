"""Frozen populations and trials, read for who keeps parameters; row security keeps them from everybody else."""

from collections.abc import Mapping, Sequence

from django.db import connection
from django.db.models import QuerySet
from django.http import Http404

from config.lib import clock, releases
from config.lib.models import Release
from credit.domain.model.columns import Column, Counts, EventRows
from credit.domain.model.document import Model
from credit.domain.population import BLOCK, GROUPS, Described, as_facts, inputs_of, needed, unpack
from credit.domain.withheld import SMALLEST
from credit.models import Population, Trial
from grids.access import Staff

LABORATORY = "laboratory"
"""The kind of the laboratory's rules."""


def populations_of(staff: Staff) -> QuerySet[Population]:
    """Return the populations of the institution, the newest first."""
    found = Population.objects.filter(institution_id=staff.institution_id)
    return found.select_related("run", "asked_by").order_by("-pk")


def usable(staff: Staff) -> list[Population]:
    """Return the populations a model may be tried on."""
    return list(populations_of(staff).filter(frozen_at__isnull=False, retired_at__isnull=True, households__gt=0)[:50])


def open_population(staff: Staff, pk: int) -> Population:
    """Return a population, or raise Http404."""
    population = populations_of(staff).filter(pk=pk).first()
    if population is None:
        raise Http404
    return population


def smallest_group(institution_id: int) -> tuple[Release | None, int]:
    """Return the rules of the laboratory in force, and how many households a group has at least to be shown."""
    try:
        rules = releases.in_force(institution_id, LABORATORY, clock.today())
    except releases.NotReleased:
        return None, SMALLEST
    return rules, int(rules.document["smallest_group"])


def trials_of(staff: Staff) -> QuerySet[Trial]:
    """Return the trials of the institution, the newest first."""
    found = Trial.objects.filter(institution_id=staff.institution_id)
    return found.select_related("population", "tried_by").order_by("-pk")


def open_trial(staff: Staff, pk: int) -> Trial:
    """Return a trial, or raise Http404."""
    trial = trials_of(staff).filter(pk=pk).first()
    if trial is None:
        raise Http404
    return trial


def digest_of(population: Population) -> str:
    """Return the digest of all that a population holds now."""
    with connection.cursor() as cursor:
        cursor.execute("select lib.digest_of_population(%s)", [population.pk])
        return str(cursor.fetchone()[0])


def described(population: Population) -> dict[str, Described]:
    """Return what every column of a population holds."""
    return {
        name: Described(
            one["type"], tuple(one.get("codes", ())), one.get("events", ""), one.get("at", ""), one.get("by", "")
        )
        for name, one in population.columns.items()
    }


def _loaded(
    population: Population, names: Sequence[str], blocks: range | None = None
) -> tuple[dict[str, list[Counts]], list[int]]:
    """Return the blocks of some columns in their order, and how many households each block holds; a table is whole in every block."""
    tables = [name for name in names if population.columns[name].get("by")]
    found: dict[str, list[Counts]] = {name: [] for name in names}
    sizes: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select block, name, households, packed from credit_populationcolumn "
            "where population_id = %s and name = any (%s) and (%s or block between %s and %s or name = any (%s)) order by name, block",
            [
                population.pk,
                ["persons", *names],
                blocks is None,
                blocks.start if blocks else 0,
                blocks.stop - 1 if blocks else 0,
                tables,
            ],
        )
        for number, name, households, packed in cursor.fetchall():
            if name == "persons":
                sizes[number] = households
            if name in found:
                found[name].append(unpack(packed))
    return found, [sizes[number] for number in sorted(sizes)]


def facts_of(
    population: Population, *models: Model, blocks: range | None = None
) -> tuple[dict[str, Column | EventRows], ...]:
    """Return for each model the columns it reads, of all households or those of some blocks, under the names of its inputs."""
    columns = described(population)
    names = list(dict.fromkeys(name for model in models for name in needed(model, columns)))
    whole = _whole(columns, _loaded(population, names, blocks))
    return tuple(inputs_of(model, columns, whole) for model in models)


def _whole(
    columns: Mapping[str, Described], loaded: tuple[dict[str, list[Counts]], list[int]]
) -> dict[str, Column | EventRows]:
    blocks, sizes = loaded
    return as_facts(blocks, columns, sizes)


def groups_of(population: Population) -> dict[str, Column]:
    """Return the columns a population can be looked at by."""
    columns = described(population)
    names = {group: "sex" if group == "sex" else f"by.{group}" for group in GROUPS}
    facts = _whole(columns, _loaded(population, [*names.values()]))
    return {group: one for group, name in names.items() if isinstance(one := facts[name], Column)}


def household_facts(population: Population, number: int, model: Model) -> tuple[dict[str, Column | EventRows], int]:
    """Return the columns of the block a household lies in, and its row there; Http404 when there is no such number."""
    if not 1 <= number <= population.households:
        raise Http404
    columns = described(population)
    block, row = divmod(number - 1, BLOCK)
    whole = _whole(columns, _loaded(population, needed(model, columns), range(block, block + 1)))
    return inputs_of(model, columns, whole), row


def facts_between(
    population: Population, model: Model, first: int, blocks: int
) -> tuple[dict[str, Column | EventRows], int]:
    """Return the columns a model reads of some blocks, and how many households they hold."""
    columns = described(population)
    loaded = _loaded(population, needed(model, columns), range(first, first + blocks))
    return inputs_of(model, columns, _whole(columns, loaded)), sum(loaded[1])
