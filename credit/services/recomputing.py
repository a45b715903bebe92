"""Households that waited for their file (待建档) are computed again once a model line is there."""

from collections import defaultdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from config.lib import audit, jobs
from config.lib.models import JobRun
from credit.domain.opinions import Opinion, OpinionKind
from credit.models import Decision, Round
from credit.selectors.decisions import in_force
from credit.selectors.lines import current_line
from credit.selectors.opinions import of_round
from credit.selectors.rounds import rules_of
from credit.services.computing import compute
from grids.access import Post, PostKind, Staff
from grids.services import Refused

JOB = "recompute_round"


@transaction.atomic
def ask(*, by: Staff, post: Post, round: Round) -> JobRun:
    """Have the waiting households of a round computed again; the opinions stay as they were opened."""
    if post.kind != PostKind.BRANCH_MANAGER or round.stage not in Round.DECIDABLE:
        raise Refused(_("这一轮不在审批阶段"))
    audit.record(staff=by, post_id=post.pk, verb="round_recomputed", about="round", about_id=round.pk)
    try:
        return jobs.start(
            kind=JOB,
            key=f"round-{round.pk}",
            institution_id=round.institution_id,
            asked_by_id=by.pk,
            asked_post_id=post.pk,
            parameters={"round": round.pk},
        )
    except jobs.AlreadyRunning as running:
        return running.run


def plan(run: JobRun) -> list[jobs.Chunk]:
    """One round is one chunk."""
    return [jobs.Chunk({"round": run.parameters["round"]})]


def recompute(run: JobRun, payload: dict[str, int]) -> None:
    """Write a further computation for every waiting household that has a model line by now."""
    round = Round.objects.get(pk=payload["round"])
    waiting = in_force(Decision.objects.filter(round=round, outcome=Decision.Outcome.NEEDS_FILE))
    numbers = dict(waiting.values_list("subject_id", "number"))
    ready = {subject for subject, result in current_line(numbers).items() if result.line is not None}
    grid_of = dict(waiting.filter(subject_id__in=ready).values_list("subject_id", "grid_id"))
    opinions: dict[int, list[Opinion]] = defaultdict(list)
    for row in of_round(round).filter(subject_id__in=ready):
        opinions[row.subject_id].append(Opinion(OpinionKind(row.kind), row.amount, tuple(row.reasons), row.score))
    compute(
        round=round,
        rules=rules_of(round),
        opinions=opinions,
        grid_of=grid_of,
        numbers={subject: numbers[subject] + 1 for subject in ready},
    )


def finish(run: JobRun) -> dict[str, Any]:
    """Name the round."""
    return {"round": run.parameters["round"]}
