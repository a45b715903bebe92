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
from credit.domain.population import AGES, BLOCK, age_band, pack
from credit.models import Population, PopulationColumn
from credit.selectors import lines
from customers.domain.facts import BREACH_FIELDS, CATALOGUE, SEXES
from customers.selectors import population as drawing
from grids.access import Branch, Staff
from grids.services import Refused

if TYPE_CHECKING:
    from grids.models import Institution

JOB = "freeze_population"
TOGETHER = 8
"""Blocks of one chunk: the households are looked up once for all of them."""
SIZES = (None, 10_000, 100_000)
FINDING_CODES = tuple(dict.fromkeys(FINDINGS.values()))
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
    population.columns = _described(_draw(population))
    population.save(update_fields=["columns"])
    keys = drawing.keys(_draw(population), population.wanted)
    for start in range(0, len(keys), BLOCK * TOGETHER):
        part = keys[start : start + BLOCK * TOGETHER]
        blocks = [part[at : at + BLOCK] for at in range(0, len(part), BLOCK)]
        bounds = [[block[0], block[-1]] for block in blocks]
        yield Chunk({"first": start // BLOCK, "blocks": bounds}, len(part))


def _described(draw: drawing.Draw) -> dict[str, Any]:
    """What every column holds; the places and kinds that occur are known before the first block."""
    columns: dict[str, Any] = {
        name: {"type": fact.type, "codes": list(fact.codes)}
        for name, fact in CATALOGUE.items()
        if fact.type != "events"
    }
    columns["age"] = {"type": "int", "codes": []}
    columns["sex"] = {"type": "choice", "codes": list(SEXES)}
    columns["finding"] = {"type": "choice", "codes": list(FINDING_CODES)}
    columns["breaches.household"] = {"type": "int", "codes": [], "events": "breaches"}
    for name, codes in BREACH_FIELDS.items():
        columns[f"breaches.{name}"] = {"type": "choice" if codes else "int", "codes": list(codes), "events": "breaches"}
    columns["by.age_band"] = {"type": "group", "codes": list(AGES)}
    for name, places in drawing.groups(draw).items():
        columns[f"by.{name}"] = {"type": "group", "codes": places}
    return columns


def pack_blocks(run: JobRun, payload: dict[str, Any]) -> None:
    """Pack some blocks: every column of each becomes one row. Neither names nor ids come near it."""
    population = Population.objects.get(run=run)
    bounds = payload["blocks"]
    draw = _draw(population)
    names, rows = drawing.rows(draw, bounds[0][0], bounds[-1][1])
    at = {name: place for place, name in enumerate(names)}
    findings = lines.findings_at([row[at["subject"]] for row in rows], population.as_of)
    listed = drawing.breaches([row[at["profile"]] for row in rows])
    packed = []
    for number, start in enumerate(range(0, len(rows), BLOCK), start=payload["first"]):
        part = rows[start : start + BLOCK]
        columns = _columns(population, part, at, findings, listed)
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


def _columns(population: Population, part: Sequence[Any], at: dict[str, int], findings: Any, listed: Any) -> Packed:
    columns: Packed = {
        name: [_number(row[at[name]]) for row in part] for name, fact in CATALOGUE.items() if fact.type != "events"
    }
    columns["age"] = [_number(row[at["age"]]) for row in part]
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
    for name in ("branch", "village", "kind"):
        places = {code: place for place, code in enumerate(population.columns[f"by.{name}"]["codes"])}
        columns[f"by.{name}"] = [places.get(row[at[name]], MISSING) for row in part]
    return columns


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
    population.save(update_fields=["households", "frozen_at"])
    return {"url": reverse("credit:population", args=[population.pk]), "households": population.households}
