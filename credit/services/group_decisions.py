"""A divided village settled by the group: a reasoned figure between what was said, cut by the bounds (Semantics, section 4)."""

import re
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from config.lib.money import yuan
from credit.domain.bounds import Proposal, VillageOpinion, propose
from credit.models import Decision, DecisionStep
from credit.selectors.decisions import exposure_from
from credit.selectors.rounds import rules_of
from credit.services.decision_steps import new_step, proposal_of
from grids.access import Post, PostKind, Staff
from grids.services import Refused

FEWEST_PRESENT = 2


def standing_proposal(decision: Any) -> Proposal:
    """Return the proposal a checker decides on: the computed one, or for a divided village the group's."""
    if decision.outcome != Decision.Outcome.DIVERGENT:
        return proposal_of(decision)
    group = (
        DecisionStep.objects.filter(decision=decision, verb=DecisionStep.Verb.PROPOSE, trace__has_key="group_amount")
        .order_by("-number")
        .first()
    )
    if group is None:
        raise Refused(_("意见分歧，先由支行行长集体决定"))
    return group_proposal(decision, Decimal(group.trace["group_amount"]), group.reason)


def group_proposal(decision: Any, amount: Decimal, reason: str) -> Proposal:
    """Return the group's figure cut by the bounds that were computed; Refused while the model line is missing."""
    found = propose(
        rules_of(decision.matter).line,
        village=VillageOpinion.from_group_decision(amount, reason),
        model_line=decision.model_line,
        exposure=exposure_from(decision.trace["exposure"]),
    )
    if found.amount is None:
        raise Refused(_("这户还没有模型额度，请先完成建档和测算"))
    return found


def group_step(decision: Any, by: Staff, post: Post, amount: Decimal, reason: str, members: str) -> DecisionStep:
    """Return the step that proposes the group's figure, not yet written: with its reason and who was there."""
    if post.kind != PostKind.BRANCH_MANAGER:
        raise Refused(_("意见分歧由支行行长集体决定"))
    if not reason.strip():
        raise Refused(_("集体决定要写明理由"))
    present = list(dict.fromkeys(re.split(r"[\s、，,；;]+", members.strip())))
    if len(present) < FEWEST_PRESENT:
        raise Refused(_("请写明参加集体决定的人，至少两人"))
    figure = yuan(amount)
    values = next(entry["values"] for entry in decision.trace["merge"]["trace"] if entry["code"] == "spread_too_wide")
    if not Decimal(values["lowest"]) <= figure <= Decimal(values["highest"]):
        raise Refused(_("集体决定要在评议的最低和最高之间"))
    found = group_proposal(decision, figure, reason)
    return new_step(
        decision,
        by,
        post,
        DecisionStep.Verb.PROPOSE,
        found.amount,
        reason,
        group_amount=str(figure),
        members=present,
        proposal=found.as_document(),
    )
