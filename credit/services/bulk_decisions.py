"""Decisions many at once: figures without exceptions, proposed and approved as computed."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from credit.models import Decision, DecisionStep
from credit.selectors.decisions import overtaken, standing_of
from credit.selectors.rounds import rules_of
from credit.services.decision_steps import decidable, grant, may_sign, new_step, own_turn, take
from grids.access import Post, PostKind, Staff
from grids.services import Refused


@transaction.atomic
def propose_many(*, by: Staff, post: Post, decisions: Iterable[Decision]) -> int:
    """Propose the computed figures of households without exceptions; returns how many. Others are left for one by one."""
    if post.kind not in (PostKind.OFFICER, PostKind.BRANCH_MANAGER):
        raise Refused(_("由客户经理或支行行长提交"))
    found = [one for one in decidable(decisions) if standing_of(one) == "to_propose"]
    steps = [new_step(one, by, post, DecisionStep.Verb.PROPOSE, one.proposed_amount) for one in found]
    if steps:
        take(steps, by, post)
    return len(steps)


@transaction.atomic
def approve_many(*, by: Staff, post: Post, decisions: Iterable[Decision]) -> tuple[int, int]:
    """Approve selected figures as proposed; returns how many were approved and how many were left (above authority, own
    matter, or moved on meanwhile)."""
    found = decidable(decisions)
    made = set(
        DecisionStep.objects.filter(
            decision__in=found, staff=by, verb__in=(DecisionStep.Verb.PROPOSE, DecisionStep.Verb.REFER)
        ).values_list("decision_id", flat=True)
    )
    made |= overtaken(found)
    rules = {round.pk: rules_of(round) for round in {one.round_id: one.round for one in found}.values()}
    chosen = [
        one
        for one in found
        if own_turn(one, post) and one.pk not in made and may_sign(post, rules[one.round_id], one.last_amount)
    ]
    steps = [new_step(one, by, post, DecisionStep.Verb.APPROVE, one.last_amount, kind="as_proposed") for one in chosen]
    if steps:
        take(steps, by, post)
        grant(steps, chosen, by)
    return len(steps), len(found) - len(steps)
