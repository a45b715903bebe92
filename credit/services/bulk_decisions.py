"""Decisions many at once: figures without exceptions, proposed and approved as computed."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from credit.models import Decision, DecisionStep
from credit.selectors.decisions import overtaken, standing_of
from credit.selectors.exceptions import exceptional
from credit.selectors.rounds import rules_of
from credit.services.decision_steps import MovedOnError, decidable, grant, may_sign, new_step, own_turn, take
from grids.access import Post, PostKind, Staff
from grids.services import Refused


@transaction.atomic
def propose_many(*, by: Staff, post: Post, decisions: Iterable[Decision]) -> int:
    """Propose the computed figures of households without exceptions; returns how many. Others are left for one by one."""
    if post.kind not in (PostKind.OFFICER, PostKind.BRANCH_MANAGER):
        raise Refused(_("由客户经理或支行行长提交"))
    found = [one for one in decidable(decisions) if standing_of(one) == "to_propose"]
    left = exceptional(found)
    steps = [
        new_step(one, by, post, DecisionStep.Verb.PROPOSE, one.proposed_amount) for one in found if one.pk not in left
    ]
    if steps:
        take(steps, by, post)
    return len(steps)


@dataclass(frozen=True)
class Approvable:
    """What a post could approve at once: the decisions, their sum in yuan, and how many of those asked for are left."""

    decisions: list[Any]
    total: Decimal
    left: int


def approvable(*, by: Staff, post: Post, decisions: Iterable[Decision]) -> Approvable:
    """Return which of some decisions may be approved as proposed; left are exceptions, own matters and what is above authority."""
    found = decidable(decisions)
    made = set(
        DecisionStep.objects.filter(
            decision__in=found, staff=by, verb__in=(DecisionStep.Verb.PROPOSE, DecisionStep.Verb.REFER)
        ).values_list("decision_id", flat=True)
    )
    made |= overtaken(found) | exceptional(found)
    rules = {round.pk: rules_of(round) for round in {one.round_id: one.round for one in found}.values()}
    chosen = [
        one
        for one in found
        if own_turn(one, post) and one.pk not in made and may_sign(post, rules[one.round_id], one.last_amount)
    ]
    total = sum((one.last_amount for one in chosen), Decimal("0.00"))
    return Approvable(chosen, total, len(found) - len(chosen))


@transaction.atomic
def approve_many(
    *, by: Staff, post: Post, decisions: Iterable[Decision], expected: int | None = None
) -> tuple[int, int]:
    """Approve selected figures as proposed; returns how many were approved and how many were left (exceptions, above authority,
    own matter, or moved on meanwhile). MovedOnError when they are not as many as were ``expected``."""
    found = approvable(by=by, post=post, decisions=decisions)
    if expected is not None and len(found.decisions) != expected:
        raise MovedOnError
    steps = [
        new_step(one, by, post, DecisionStep.Verb.APPROVE, one.last_amount, kind="as_proposed")
        for one in found.decisions
    ]
    if steps:
        take(steps, by, post)
        grant(steps, found.decisions, by)
    return len(steps), found.left
