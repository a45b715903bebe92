"""A round's steps from stage to stage: one door, the same gates for everybody, the work of a step in the same transaction."""

from collections.abc import Callable, Sequence
from datetime import date

from django.db import transaction
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext as _

from config.lib import audit, clock
from credit.domain import stages
from credit.models import Round, RoundStage
from credit.selectors.stages import Blocker, blockers
from grids.access import Post, PostKind, Staff
from grids.services import Refused

Work = Callable[[Staff, Post, Round], dict[str, object]]
"""What a step does beside moving the round; returns what the audit event keeps of it."""

WORK: dict[tuple[str, str], Work] = {}
WORKERS = ("services.rounds", "services.village_reports")
"""Modules of apps that register work, read before the first step."""
VERBS = {stages.LIST: "round_listed", stages.ASSESS: "round_started", stages.CLOSED: "round_closed"}


class BlockedError(Refused):
    """A step some things stand in the way of; ``blockers`` names them."""

    def __init__(self, found: Sequence[Blocker]) -> None:
        super().__init__(_("；").join(blocker.words for blocker in found))
        self.blockers = tuple(found)


def work(step: tuple[str, str]) -> Callable[[Work], Work]:
    """Register the work of a step."""

    def register(done: Work) -> Work:
        WORK[step] = done
        return done

    return register


@transaction.atomic
def move(*, by: Staff, post: Post, round: Round, to: str) -> Round:
    """Take a round to its next stage: gates first, then the step's own work, then the stage; one transaction."""
    autodiscover_modules(*WORKERS)
    round = locked(round)
    step = (round.stage, to)
    if post.kind != PostKind.BRANCH_MANAGER:
        raise Refused(_("由支行行长办理"))
    if step not in stages.BY_HAND:
        raise Refused(_("这一轮已不在这一步，请刷新"))
    if found := blockers([round], to).get(round.pk):
        raise BlockedError(found)
    detail = WORK[step](by, post, round) if step in WORK else {}
    round.stage, round.stage_since = to, clock.now()
    fields = ["stage", "stage_since"]
    if to == stages.CLOSED:
        round.closed_at = round.stage_since
        fields.append("closed_at")
    round.save(update_fields=fields)
    record(
        by,
        post,
        VERBS.get(to, "round_moved"),
        round,
        **({"from": step[0], "to": to} if to not in VERBS else {}),
        **detail,
    )
    return round


@transaction.atomic
def plan_stage(*, by: Staff, post: Post, round: Round, stage: str, owner: Staff | None, due_on: date | None) -> None:
    """Say who sees to a stage and by which day. The day of the assessment is the round's own (``rounds.move_due_date``)."""
    round = locked(round)
    if stage not in stages.STAGES or stages.STAGES.index(stage) < stages.STAGES.index(round.stage):
        raise Refused(_("这一步已经过去"))
    if stage == stages.ASSESS and due_on is not None:
        raise Refused(_("评议的截止日期在评议页上改"))
    row, _made = RoundStage.objects.get_or_create(
        round=round, stage=stage, defaults={"institution_id": round.institution_id, "grid_id": round.grid_id}
    )
    if (row.owner_id, row.due_on) == (owner and owner.pk, due_on):
        return
    if due_on is not None and due_on != row.due_on and due_on < clock.today():
        raise Refused(_("完成日期不能早于今天"))
    row.owner, row.due_on = owner, due_on
    row.save(update_fields=["owner", "due_on"])
    record(by, post, "round_stage_planned", round, stage=stage, owner=owner and owner.pk, due_on=due_on and str(due_on))


def locked(round: Round) -> Round:
    """Return the round, held until the transaction ends."""
    return Round.objects.select_for_update(of=("self",)).select_related("grid__branch").get(pk=round.pk)


def record(by: Staff, post: Post, verb: str, round: Round, **detail: object) -> None:
    """Leave the event of a step on a round."""
    audit.record(staff=by, post_id=post.pk, verb=verb, about="round", about_id=round.pk, detail=detail)
