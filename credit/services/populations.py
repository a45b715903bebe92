"""Frozen populations of the laboratory: asked for by who keeps parameters, packed block by block by the worker, retired."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from config.lib import audit, clock, jobs
from config.lib.jobs import Chunk
from config.lib.models import JobRun
from config.lib.weeks import business_day
from credit.domain.facts import FINDINGS
from credit.domain.model.columns import MISSING
from credit.domain.population import AGES, ANSWER, BLOCK, VILLAGE_PLACES, age_band, pack
from credit.models import Population, PopulationColumn
from credit.selectors import lines
from credit.selectors.populations import digest_of
from customers.domain.facts import BREACH_FIELDS, CATALOGUE, SEXES, VILLAGE, of_village
from customers.selectors import frozen
from customers.selectors import population as drawing
from customers.selectors.facts import register
from grids.access import Branch, Staff
from grids.services import Refused

if TYPE_CHECKING:
    from grids.models import Institution

JOB = "freeze_population"
TOGETHER = 8
"""Blocks of one chunk: the households are looked up once for all of them."""
SIZES = (None, 10_000, 100_000)
FINDING_CODES = tuple(dict.fromkeys(FINDINGS.values()))
MEDIANS = tuple(name for name in CATALOGUE if of_village(f"{VILLAGE}{name}") is not None)
"""The amounts a village has a median of."""
Packed = dict[str, Any]


@transaction.atomic
def freeze(
    *,
    institution: "Institution",
    name: str,
    asked_by: Staff,
    post_id: int | None,
    branches: Sequence[Branch] = (),
    wanted: int | None = None,
    send: bool = True,
) -> Population:
    """Begin to freeze the files accepted by now, of the institution or of branches and what lies below them.

    ``wanted`` is how many to draw, None all. Raises Refused without a name, ``jobs.AlreadyRunning`` while one is being frozen.
    """
    if not name.strip():
        raise Refused(_("请给这个总体起个名称"))
    if wanted not in SIZES:
        raise Refused(_("请选择户数"))
    now = clock.now()
    run = jobs.start(
        kind=JOB,
        key=institution.short_name,
        institution_id=institution.pk,
        asked_by_id=asked_by.pk,
        asked_post_id=post_id,
        parameters={"name": name.strip()[:80]},
        send=send,
    )
    population = Population.objects.create(
        institution=institution,
        run=run,
        name=name.strip()[:80],
        branches=[{"path": branch.path, "name": branch.name} for branch in branches],
        wanted=wanted,
        as_of=now,
        seed=f"{run.pk}:{now.isoformat()}"[:40],
        asked_by=asked_by,
    )
    audit.record(
        staff=asked_by,
        post_id=post_id,
        verb="population_frozen",
        about="population",
        about_id=population.pk,
        detail={"name": population.name, "wanted": wanted or 0, "branches": len(branches)},
    )
    return population


@transaction.atomic
def retire(*, population: Population, staff: Staff, post_id: int | None) -> Population:
    """Offer a population no more; trials made on it stay as they are."""
    locked = Population.objects.select_for_update().get(pk=population.pk)
    if locked.retired_at is not None:
        raise Refused(_("已经停用"))
    locked.retired_at, locked.retired_by = clock.now(), staff
    locked.save(update_fields=["retired_at", "retired_by"])
    audit.record(
        staff=staff, post_id=post_id, verb="population_retired", about="population", about_id=locked.pk, detail={}
    )
    return locked


# --- The work of the job ------------------------------------------------------------------------------------------


def _draw(population: Population) -> drawing.Draw:
    return drawing.Draw(
        population.institution_id,
        population.as_of,
        business_day(population.as_of),
        population.seed,
        tuple(one["path"] for one in population.branches),
    )


def plan(run: JobRun) -> Iterator[Chunk]:
    """Draw the order once and cut it into blocks; a chunk names places of the order, no household."""
    population = Population.objects.get(run=run)
    draw = _draw(population)
    villages = drawing.villages(draw)
    population.columns = _described(draw, [name for _grid, name in villages])
    population.save(update_fields=["columns"])
    _keep_medians(population, draw, [grid for grid, _name in villages])
    keys = drawing.keys(draw, population.wanted)
    for start in range(0, len(keys), BLOCK * TOGETHER):
        part = keys[start : start + BLOCK * TOGETHER]
        blocks = [part[at : at + BLOCK] for at in range(0, len(part), BLOCK)]
        bounds = [[block[0], block[-1]] for block in blocks]
        yield Chunk({"first": start // BLOCK, "blocks": bounds, "grids": [grid for grid, _name in villages]}, len(part))


def _described(draw: drawing.Draw, villages: Sequence[str]) -> dict[str, Any]:
    """What every column holds; the places and kinds that occur are known before the first block."""
    columns: dict[str, Any] = {
        name: {"type": fact.type, "codes": list(fact.codes)}
        for name, fact in CATALOGUE.items()
        if fact.type != "events"
    }
    columns |= {name: {"type": "int", "codes": []} for name in ("age", "age_months")}
    columns["sex"] = {"type": "choice", "codes": list(SEXES)}
    columns["businesses"] = {"type": "int", "codes": []}
    columns["finding"] = {"type": "choice", "codes": list(FINDING_CODES)}
    columns["breaches.household"] = {"type": "int", "codes": [], "events": "breaches"}
    for name, codes in BREACH_FIELDS.items():
        columns[f"breaches.{name}"] = {"type": "choice" if codes else "int", "codes": list(codes), "events": "breaches"}
    for (at, _type), asked in register(draw.institution_id).items():
        columns[f"{ANSWER}{asked.place}"] = {"type": asked.type, "codes": list(asked.codes), "at": at}
    columns["by.age_band"] = {"type": "group", "codes": list(AGES)}
    columns[VILLAGE_PLACES] = {"type": "group", "codes": list(villages)}
    for name, places in drawing.groups(draw).items():
        columns[f"by.{name}"] = {"type": "group", "codes": places}
    for name in MEDIANS:
        columns[f"{VILLAGE}{name}"] = {"type": "money", "codes": [], "by": VILLAGE_PLACES}
    return columns


def _keep_medians(population: Population, draw: drawing.Draw, grids: Sequence[int]) -> None:
    """Keep the medians of the villages, over all their trusted files as a run takes them, however few households are drawn."""
    found: dict[int, dict[str, int | None]] = {}
    for path in draw.branch_paths or ("",):
        found |= frozen.medians(frozen.Scope(draw.institution_id, draw.on, draw.at, branch_path=path), MEDIANS)
    PopulationColumn.objects.bulk_create(
        PopulationColumn(
            institution_id=population.institution_id,
            population=population,
            block=0,
            name=f"{VILLAGE}{name}",
            households=0,
            packed=pack(np.array([_number(found.get(grid, {}).get(name)) for grid in grids], dtype=np.int64)),
        )
        for name in MEDIANS
        if grids
    )


def pack_blocks(run: JobRun, payload: dict[str, Any]) -> None:
    """Pack some blocks: every column of each becomes one row. Neither names nor ids come near it."""
    population = Population.objects.get(run=run)
    bounds = payload["blocks"]
    draw = _draw(population)
    names, rows = drawing.rows(draw, bounds[0][0], bounds[-1][1])
    at = {name: place for place, name in enumerate(names)}
    findings = lines.findings_at([row[at["subject"]] for row in rows], population.as_of)
    listed = drawing.breaches([row[at["profile"]] for row in rows])
    places = {grid: place for place, grid in enumerate(payload["grids"])}
    packed = []
    for number, start in enumerate(range(0, len(rows), BLOCK), start=payload["first"]):
        part = rows[start : start + BLOCK]
        columns = _columns(population, part, at, findings, listed, places)
        packed += [
            PopulationColumn(
                institution_id=population.institution_id,
                population=population,
                block=number,
                name=name,
                households=len(part),
                packed=pack(np.array(values, dtype=np.int64)),
            )
            for name, values in columns.items()
        ]
    PopulationColumn.objects.bulk_create(packed, batch_size=500)


def _columns(
    population: Population, part: Sequence[Any], at: dict[str, int], findings: Any, listed: Any, grids: dict[int, int]
) -> Packed:
    columns: Packed = {
        name: [_number(row[at[name]]) for row in part] for name, fact in CATALOGUE.items() if fact.type != "events"
    }
    columns |= {name: [_number(row[at[name]]) for row in part] for name in ("age", "age_months", "businesses")}
    columns["sex"] = [_place(SEXES, row[at["sex"]]) for row in part]
    columns["by.age_band"] = [age_band(row[at["age"]]) for row in part]
    columns["finding"] = [
        _place(FINDING_CODES, findings[row[at["subject"]]].code) if row[at["subject"]] in findings else MISSING
        for row in part
    ]
    household: list[int] = []
    fields: dict[str, list[int]] = {name: [] for name in BREACH_FIELDS}
    for place, row in enumerate(part):
        for breach in listed.get(row[at["profile"]], ()):
            household.append(place)
            for name, value in zip(BREACH_FIELDS, breach, strict=True):
                fields[name].append(_number(value))
    columns["breaches.household"] = household
    columns.update({f"breaches.{name}": values for name, values in fields.items()})
    for name in population.columns:
        if name.startswith(ANSWER):
            columns[name] = _answers(part, at["answers"], int(name.removeprefix(ANSWER)))
    columns[VILLAGE_PLACES] = [grids.get(row[at["grid"]], MISSING) for row in part]
    for name in ("branch", "kind"):
        places = {code: place for place, code in enumerate(population.columns[f"by.{name}"]["codes"])}
        columns[f"by.{name}"] = [places.get(row[at[name]], MISSING) for row in part]
    return columns


def _answers(part: Sequence[Any], at: int, place: int) -> list[int]:
    """The answers to one question; a file holds none beyond the last that was given."""
    return [_number(row[at][place]) if place < len(row[at]) else MISSING for row in part]


def _number(value: Any) -> int:
    return MISSING if value is None else int(value)


def _place(codes: Sequence[str], code: Any) -> int:
    return codes.index(code) if code in codes else MISSING


def finish(run: JobRun) -> dict[str, Any]:
    """Say how many households were frozen; from here on nothing changes."""
    population = Population.objects.get(run=run)
    blocks = PopulationColumn.objects.filter(population=population, name="persons")
    population.households = sum(blocks.values_list("households", flat=True))
    population.frozen_at = clock.now()
    population.digest = digest_of(population)
    population.save(update_fields=["households", "frozen_at", "digest"])
    return {"url": reverse("credit:population", args=[population.pk]), "households": population.households}
