"""Decisions one by one: proposed by a maker, decided by a checker, withdrawn with a reason (Semantics, section 5)."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from config.lib import clock
from credit.domain import decisions as domain
from credit.models import Decision, DecisionStep
from credit.selectors.decisions import standing_of
from credit.selectors.rounds import rules_of
from credit.services.decision_steps import (
    as_asked,
    as_seen,
    current,
    grant,
    may_sign,
    new_step,
    own_turn,
    proposal_of,
    refusal_of,
    take,
)
from credit.services.group_decisions import group_step, standing_proposal
from customers.services import milestones
from grids.access import Post, PostKind, Staff
from grids.services import Refused


@transaction.atomic
def propose(
    *, by: Staff, post: Post, decision: Decision, amount: Decimal, seen: int, reason: str = "", members: str = ""
) -> DecisionStep:
    """Propose a figure at or below the computed one (maker). For a divided village ``amount`` is the reasoned figure of the
    group, decided by the branch manager with the ``members`` named who were there, which the bounds then cut. ``seen`` is the
    number of the last step on the page."""
    if post.kind not in (PostKind.OFFICER, PostKind.BRANCH_MANAGER):
        raise Refused(_("由客户经理或支行行长提交"))
    found = current(decision, seen)
    standing = standing_of(found)
    rules = rules_of(found.matter)
    if found.application is not None:
        if post.kind != PostKind.OFFICER:
            raise Refused(_("单户申请由客户经理提交"))
        as_asked(found.application, amount, reason)
    if standing not in ("divergent", "to_propose", "returned"):
        raise Refused(_("这户现在不需要提交"))
    if found.outcome == Decision.Outcome.DIVERGENT:
        step = group_step(found, by, post, amount, reason, members)
    else:
        try:
            figure = domain.officer_figure(proposal_of(found), rules.line, amount)
        except domain.DecisionError as error:
            raise refusal_of(error) from error
        step = new_step(found, by, post, DecisionStep.Verb.PROPOSE, figure, reason)
    take([step], by, post)
    return step


@transaction.atomic
def approve(*, by: Staff, post: Post, decision: Decision, amount: Decimal, seen: int, reason: str = "") -> DecisionStep:
    """Approve a figure (checker), never in one's own matter; above 0 it grants the line (Semantics, sections 2 and 5).

    Lowering is free; above the bounds only the approver goes, with a reason. Above one's authority nothing is cut: it is
    refused here and has to be referred to the next level.
    """
    found = current(decision, seen)
    if not own_turn(found, post):
        raise Refused(_("这户现在不由您审批"))
    rules = rules_of(found.matter)
    if not may_sign(post, rules, amount):
        raise Refused(_("超过您的审批权限，请上报"))
    if found.application is not None:
        as_asked(found.application, amount, reason)
        if amount <= 0:
            raise Refused(_("审定 0 元请用“不予授信”，并选择原因"))
    proposal = standing_proposal(found)
    if post.kind != PostKind.APPROVER and proposal.amount is not None and amount > proposal.amount:
        raise Refused(_("高于测算额度的，由业务审批岗审批"))
    try:
        result = domain.decide(
            proposal, rules.line, approver=amount, officer=_officer_figure(found), override_reason=reason
        )
    except domain.DecisionError as error:
        raise refusal_of(error) from error
    step = new_step(
        found,
        by,
        post,
        DecisionStep.Verb.APPROVE,
        result.final,
        reason,
        kind=result.kind.value,
        trace=[entry.as_document() for entry in result.trace[len(proposal.trace) :]],
    )
    take([step], by, post)
    grant([step], [found], by)
    return step


def _officer_figure(decision: Decision) -> Decimal | None:
    step = (
        DecisionStep.objects.filter(decision=decision, verb=DecisionStep.Verb.PROPOSE, post_kind=PostKind.OFFICER)
        .order_by("-number")
        .first()
    )
    return step.amount if step else None


@transaction.atomic
def refer(*, by: Staff, post: Post, decision: Decision, seen: int, reason: str = "") -> DecisionStep:
    """Pass a figure on to the next level, uncut."""
    found = current(decision, seen)
    if post.kind != PostKind.BRANCH_MANAGER or standing_of(found) != "at_branch":
        raise Refused(_("这户现在不由您审批"))
    if found.application is not None:
        as_asked(found.application, found.last_amount, reason)
    step = new_step(found, by, post, DecisionStep.Verb.REFER, found.last_amount, reason)
    take([step], by, post)
    return step


@transaction.atomic
def give_back(*, by: Staff, post: Post, decision: Decision, seen: int, reason: str) -> DecisionStep:
    """Return a proposal to its maker, with what is wrong."""
    return _close(by, post, decision, seen, reason, DecisionStep.Verb.RETURN)


@transaction.atomic
def refuse(*, by: Staff, post: Post, decision: Decision, seen: int, reason: str, code: str = "") -> DecisionStep:
    """Refuse a line, with a reason; an application also with a released ``code``, which the applicant is told."""
    return _close(by, post, decision, seen, reason, DecisionStep.Verb.REFUSE, code)


def _close(
    by: Staff, post: Post, decision: Decision, seen: int, reason: str, verb: str, code: str = ""
) -> DecisionStep:
    found = current(decision, seen)
    if not own_turn(found, post):
        raise Refused(_("这户现在不由您审批"))
    if not reason.strip():
        raise Refused(_("请写明理由"))
    trace = {}
    if found.application is not None and verb == DecisionStep.Verb.REFUSE:
        if code not in rules_of(found.application).reason_codes:
            raise Refused(_("请选择不予授信的原因"))
        trace["code"] = code
    step = new_step(found, by, post, verb, None, reason, **trace)
    take([step], by, post)
    return step


@transaction.atomic
def withdraw(*, by: Staff, post: Post, decision: Decision, seen: int, reason: str) -> DecisionStep:
    """Withdraw a granted line, with a reason; it appears as a negative line of its own in the reports."""
    if post.kind not in (PostKind.APPROVER, PostKind.BRANCH_MANAGER):
        raise Refused(_("由支行行长或业务审批岗撤回"))
    found = as_seen(decision, seen)
    if standing_of(found) != "granted":
        raise Refused(_("这户没有生效的授信"))
    if not reason.strip():
        raise Refused(_("请写明理由"))
    step = new_step(found, by, post, DecisionStep.Verb.WITHDRAW, found.last_amount, reason)
    take([step], by, post)
    milestones.reach("grant_withdrawn", subject=found.subject, at=clock.now(), staff=by, amount=found.last_amount)
    return step
