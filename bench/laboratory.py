"""A changed parameter on a frozen population: from the press of the button to the kept trial and its page, both versions evaluated;
and the check of its directions, every household moved to every turn of the model.

The population is made of invented columns of ordinary spread, packed as the job packs them; nothing but the trial, and the work of the check, is timed.
"""

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from bench.harness import Result, installation, percentile

LIMIT_SECONDS = 3.0
DIRECTIONS_LIMIT_SECONDS = 120.0
"""A job with progress, for 100,000 households."""
ROUNDS = 5


def run(*, full: bool) -> Iterator[Result]:
    """Measure trials of S1 against itself with another base of income, and the directions of S1."""
    households = 100_000 if full else 10_000
    with installation():
        population, text, values, staff = _prepared(households)
        seconds = [_tried(population, text, values, staff, 40_000 + 1_000 * n) for n in range(1, ROUNDS + 1)]
        directions, comparisons = _directions(staff)
    slowest = percentile(seconds, 0.95)
    details = {
        "ratio_to_limit": round(slowest / LIMIT_SECONDS, 3),
        "households": households,
        "median": round(percentile(seconds, 0.5), 3),
        "trials": ROUNDS,
    }
    yield Result("changed parameter shows the shifted distribution", slowest, "s", LIMIT_SECONDS, details)
    limit = DIRECTIONS_LIMIT_SECONDS * households / 100_000
    details = {"ratio_to_limit": round(directions / limit, 3), "households": households, "comparisons": comparisons}
    yield Result("directions checked on every household", directions, "s", limit, details)


def _directions(staff: Any) -> tuple[float, int]:
    """Check the directions of the last trial on its whole population, as the worker does."""
    from config.lib import jobs
    from credit.models import DirectionCheck, Trial
    from credit.services.directions import ask

    asked = ask(trial=Trial.objects.latest("pk"), staff=staff, post_id=None, send=False)
    started = time.perf_counter()
    jobs.drive_run(asked.run_id)
    seconds = time.perf_counter() - started
    asked = DirectionCheck.objects.select_related("trial__population").get(pk=asked.pk)
    if asked.looked_at != asked.trial.population.households:
        raise RuntimeError("not every household was looked at")
    return seconds, sum(one["comparisons"] for one in asked.figures.values())


def _tried(population: Any, text: Any, values: Any, staff: Any, base: int) -> float:
    from decimal import Decimal

    from credit.selectors.comparing import Side, TrialPage
    from credit.services.trials import try_out

    after = {**values, "base_income": Decimal(base)}
    started = time.perf_counter()
    trial = try_out(
        population=population,
        before=Side(text, text.model, values),
        after=Side(text, text.model, after),
        staff=staff,
        post_id=None,
    )
    page = TrialPage(trial)
    if not page.chart["series"] or not page.rows or not page.disparity or not trial.figures["whole"]["households"]:
        raise RuntimeError("nothing found")
    return time.perf_counter() - started


def _prepared(households: int) -> tuple[Any, Any, Any, Any]:
    """An institution with S1 released and a population of so many invented households."""
    from config.lib import clock, releases
    from config.lib.models import JobRun
    from credit.models import Population
    from credit.selectors.laboratory import Text, released_parameters
    from grids.models import Branch, Institution, Staff

    bank = Institution.objects.create(
        name="测速农商银行", short_name="测速农商行", county_code="331004", county="路桥区"
    )
    head = Branch.objects.create(institution=bank, name="总行", kind=Branch.Kind.HEAD)
    two = [Staff.objects.create_user(f"p{n}", None, name=f"p{n}", institution=bank, home_branch=head) for n in (1, 2)]
    schemes = Path(__file__).parent.parent / "credit" / "schemes"
    release = releases.publish(
        institution_id=bank.pk,
        kind="credit_model",
        key="s1",
        document=json.loads((schemes / "s1_hunan.json").read_text("utf-8")),
        effective_on=date(2026, 1, 1),
        drafted_by_id=two[0].pk,
        released_by_id=two[1].pk,
    )
    bases = {"base_assets": "200000", "base_net_assets": "150000", "base_realisable": "80000", "base_income": "40000"}
    run = JobRun.objects.create(
        kind="freeze_population", key="bench", institution_id=bank.pk, queued_at=clock.now(), state="done"
    )
    population = Population.objects.create(
        institution=bank, run=run, name="测速", as_of=clock.now(), seed="bench", asked_by=two[0],
        households=households, frozen_at=clock.now(),
    )  # fmt: skip
    _pack(population, households)
    text = Text(release)
    if text.model is None:
        raise RuntimeError("S1 does not read")
    return population, text, released_parameters(text.model, bases), two[0]


def _pack(population: Any, households: int) -> None:
    import numpy as np

    from credit.domain.model.batch import MISSING
    from credit.domain.population import AGES, BLOCK, pack
    from credit.models import PopulationColumn
    from customers.domain.facts import BREACH_FIELDS, CATALOGUE

    rng = np.random.default_rng(7)
    columns: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name, fact in CATALOGUE.items():
        if fact.type == "events":
            continue
        columns[name] = {"type": fact.type, "codes": list(fact.codes)}
        most = {"choice": max(len(fact.codes) - 1, 1), "int": 7, "bool": 2}.get(fact.type, 60_000_000)
        column = rng.integers(0 if fact.type != "int" else 1, most, households, dtype=np.int64)
        column[rng.random(households) < 0.05] = MISSING
        values[name] = column
    for name, codes in {
        "sex": ("M", "F"),
        "by.age_band": AGES,
        "by.branch": tuple(f"支行{n}" for n in range(20)),
        "by.village": tuple(f"村{n}" for n in range(300)),
        "by.kind": ("farm_household", "large_grower"),
    }.items():
        columns[name] = {"type": "choice", "codes": list(codes)}
        values[name] = rng.integers(0, len(codes), households, dtype=np.int64)
    columns["finding"] = {"type": "choice", "codes": ["gambling_drugs"]}
    values["finding"] = np.where(rng.random(households) < 0.01, 0, MISSING)
    columns["breaches.household"] = {"type": "int", "codes": [], "events": "breaches"}
    for name, field_codes in BREACH_FIELDS.items():
        kind = "choice" if field_codes else "int"
        columns[f"breaches.{name}"] = {"type": kind, "codes": list(field_codes), "events": "breaches"}
    rows = []
    for number, start in enumerate(range(0, households, BLOCK)):
        size = min(BLOCK, households - start)
        breached = np.sort(rng.choice(size, size // 20, replace=False)).astype(np.int64)
        packed = {name: column[start : start + size] for name, column in values.items()}
        packed["breaches.household"] = breached
        for name, field_codes in BREACH_FIELDS.items():
            most = len(field_codes) - 1 if field_codes else 900
            packed[f"breaches.{name}"] = rng.integers(0, most, len(breached), dtype=np.int64)
        rows += [
            PopulationColumn(
                institution_id=population.institution_id, population=population, block=number, name=name,
                households=size, packed=pack(column),
            )
            for name, column in packed.items()
        ]  # fmt: skip
    population.columns = columns
    population.save(update_fields=["columns"])
    PopulationColumn.objects.bulk_create(rows, batch_size=200)
