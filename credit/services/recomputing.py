"""Households that waited for their file (待建档) are computed again once a model line is there; one whose line an objection took away,
at once."""

from collections import defaultdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from config.lib import audit, jobs
from config.lib.models import JobRun
from credit.domain.opinions import Opinion, OpinionKind
from credit.models import Decision, Round
from credit.selectors.decisions import in_force, where, with_standing
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
    return _start(by, post, round, f"round-{round.pk}", {"round": round.pk})


@transaction.atomic
def send_back(*, by: Staff, post: Post, round: Round, subject_id: int) -> JobRun:
    """Have one household computed again whose line was just withdrawn, from what is known of it now; it is decided anew."""
    key = f"round-{round.pk}-subject-{subject_id}"
    return _start(by, post, round, key, {"round": round.pk, "subject": subject_id})


def _start(by: Staff, post: Post, round: Round, key: str, parameters: dict[str, int]) -> JobRun:
    try:
        return jobs.start(
            kind=JOB,
            key=key,
            institution_id=round.institution_id,
            asked_by_id=by.pk,
            asked_post_id=post.pk,
            parameters=parameters,
        )
    except jobs.AlreadyRunning as running:
        return running.run


def plan(run: JobRun) -> list[jobs.Chunk]:
    """One round, or one household of it, is one chunk."""
    return [jobs.Chunk(dict(run.parameters))]


def recompute(run: JobRun, payload: dict[str, int]) -> None:
    """Write a further computation for every waiting household that has a model line by now, or for the one that was sent back."""
    round = Round.objects.get(pk=payload["round"])
    if "subject" in payload:
        decisions: Any = with_standing(Decision.objects.filter(round=round, subject_id=payload["subject"]))
        waiting = decisions.filter(where("withdrawn"))
    else:
        waiting = in_force(Decision.objects.filter(round=round, outcome=Decision.Outcome.NEEDS_FILE))
    numbers = dict(waiting.values_list("subject_id", "number"))
    ready = set(numbers)
    if "subject" not in payload:
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
