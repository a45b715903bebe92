"""Whether a model keeps one direction, asked of every household of a frozen population: a job, block by block."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse

from config.lib import audit, jobs
from config.lib.jobs import Chunk
from config.lib.models import JobRun
from credit.domain.directions import MOST_EXCEPTIONS, kept, together
from credit.domain.model import BoundModel, read_model
from credit.domain.model.batch import compile_model
from credit.domain.monotone import check, directions_of
from credit.domain.population import BLOCK
from credit.models import DirectionCheck, Trial
from credit.selectors.populations import facts_between
from grids.access import Staff

JOB = "check_directions"
TOGETHER = 4
"""Blocks of one chunk: some seconds of work, so that progress is seen and a wish to stop is heard."""


@transaction.atomic
def ask(*, trial: Trial, staff: Staff, post_id: int | None, send: bool = True) -> DirectionCheck:
    """Begin to check the newer text of a trial on its whole population; raises ``jobs.AlreadyRunning`` while that is being done."""
    run = jobs.start(
        kind=JOB,
        key=f"{trial.population.name} · {trial.pk}",
        institution_id=trial.institution_id,
        asked_by_id=staff.pk,
        asked_post_id=post_id,
        parameters={"trial": trial.pk},
        send=send,
    )
    found = DirectionCheck.objects.create(institution_id=trial.institution_id, trial=trial, run=run, asked_by=staff)
    audit.record(
        staff=staff, post_id=post_id, verb="directions_asked", about="model_trial", about_id=trial.pk, detail={}
    )
    return found


def plan(run: JobRun) -> Iterator[Chunk]:
    """Cut the population into runs of blocks."""
    households = DirectionCheck.objects.select_related("trial__population").get(run=run).trial.population.households
    for first in range(0, households, BLOCK * TOGETHER):
        yield Chunk({"first": first // BLOCK}, min(BLOCK * TOGETHER, households - first))


def look(run: JobRun, payload: dict[str, Any]) -> None:
    """Check all directions on some blocks and add what was found to what is known."""
    asked = DirectionCheck.objects.select_related("trial__population").get(run=run)
    side = asked.trial.after
    model = read_model(side["document"])
    program = compile_model(BoundModel(model, {name: Decimal(text) for name, text in side["parameters"].items()}))
    facts, households = facts_between(asked.trial.population, model, payload["first"], TOGETHER)
    found = {
        direction.code: kept(
            check(program, facts, households, direction, examples=MOST_EXCEPTIONS), payload["first"] * BLOCK
        )
        for direction in directions_of(model)
    }
    locked = DirectionCheck.objects.select_for_update().get(pk=asked.pk)
    locked.figures = {code: together(locked.figures.get(code), one) for code, one in found.items()}
    locked.looked_at += households
    locked.save(update_fields=["figures", "looked_at"])


def finish(run: JobRun) -> dict[str, Any]:
    """Say where the result is and how many households were looked at."""
    found = DirectionCheck.objects.get(run=run)
    return {"url": reverse("credit:trial_directions", args=[found.trial_id]), "households": found.looked_at}
