"""What every step on a decision shares: the decision as the page showed it, whose turn it is, writing steps with their audit event."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from config.lib.money import format_wan
from credit.domain import decisions as domain
from credit.domain.applications import Move
from credit.domain.bounds import Bound, BoundCode, Proposal, ProposalOutcome
from credit.domain.rules import RoundRules
from credit.domain.trace import Step
from credit.models import Application, Decision, DecisionStep, Round
from credit.selectors.decisions import standing_of, with_standing
from credit.services.following import follow
from customers.selectors.assessment import blocked_among
from customers.services import milestones
from grids.access import Post, PostKind, Staff
from grids.services import Refused


class MovedOnError(Exception):
    """Somebody took a step on the decision after the page was opened."""


def as_seen(decision: Decision, seen: int) -> Any:
    """Return a decision with its standing; MovedOnError when it is not as the page showed it."""
    found: Any = with_standing(
        Decision.objects.filter(pk=decision.pk).select_related("round", "application", "subject")
    ).first()
    if found is None or (found.last_number or 0) != seen:
        raise MovedOnError
    return found


def current(decision: Decision, seen: int) -> Any:
    """Return the same when steps are allowed on it now; Refused says why not."""
    found = as_seen(decision, seen)
    if found.round is not None and found.round.stage not in Round.DECIDABLE:
        raise Refused(_("这一轮不在审批阶段"))
    if found.application is not None and found.application.ended_at is not None:
        raise Refused(_("这笔申请已经结束"))
    if found.subject_id in blocked_among([found.subject_id]):
        raise Refused(_("这户已列入黑名单或灰名单，不能审批额度"))
    return found


def decidable(decisions: Iterable[Decision]) -> list[Any]:
    """Return those of some decisions of rounds on which steps are allowed now, with their standing."""
    wanted = [decision.pk for decision in decisions]
    found = list(
        with_standing(Decision.objects.filter(pk__in=wanted, round__stage__in=Round.DECIDABLE))
        .select_related("round", "subject")
        .defer("trace")
    )
    blocked = blocked_among(one.subject_id for one in found)
    return [one for one in found if one.subject_id not in blocked]


def own_turn(decision: Any, post: Post) -> bool:
    """Tell whether the next step is a checker's of this post."""
    turn = {PostKind.BRANCH_MANAGER: "at_branch", PostKind.APPROVER: "at_approver"}.get(PostKind(post.kind))
    return turn is not None and standing_of(decision) == turn


def may_sign(post: Post, rules: RoundRules, amount: Decimal) -> bool:
    """Whether a post's authority reaches an amount; one the rules do not name signs nothing."""
    try:
        return rules.authority.may_sign(post.kind, amount)
    except domain.NoAuthorityError:
        return False


def as_asked(application: Application, amount: Decimal, reason: str) -> None:
    """Nobody is lent more than he asked for, and every opinion on an application says why."""
    if amount > application.amount:
        raise Refused(_("不能高于申请的 %(amount)s") % {"amount": format_wan(application.amount)})
    if not reason.strip():
        raise Refused(_("请写明理由"))


def proposal_of(decision: Any) -> Proposal:
    """Return the computed proposal of a decision, back from its stored form."""
    stored = decision.trace["proposal"]
    return Proposal(
        outcome=ProposalOutcome(stored["outcome"]),
        amount=None if stored["amount"] is None else Decimal(stored["amount"]),
        bounds=tuple(Bound(BoundCode(code), Decimal(amount)) for code, amount in stored["bounds"].items()),
        binding=tuple(BoundCode(code) for code in stored["binding"]),
        merged=None if stored["merged"] is None else Decimal(stored["merged"]),
        model_line=None if stored["model_line"] is None else Decimal(stored["model_line"]),
        trace=tuple(Step.from_document(entry) for entry in stored["trace"]),
    )


def new_step(
    decision: Any, by: Staff, post: Post, verb: str, amount: Decimal | None, reason: str = "", **trace: Any
) -> DecisionStep:
    """Return the next step on a decision, not yet written."""
    return DecisionStep(
        institution_id=decision.institution_id,
        grid_id=decision.grid_id,
        recorded_grid_id=decision.grid_id,
        decision=decision,
        subject_id=decision.subject_id,
        number=(decision.last_number or 0) + 1,
        verb=verb,
        amount=amount,
        reason=reason.strip(),
        trace=trace,
        staff=by,
        post_kind=post.kind,
        taken_at=clock.now(),
    )


def take(steps: list[DecisionStep], by: Staff, post: Post) -> None:
    """Write steps and their audit events; who was overtaken gets MovedOnError, a maker who checks gets Refused."""
    try:
        with transaction.atomic():
            DecisionStep.objects.bulk_create(steps, batch_size=500)
    except IntegrityError as error:
        if "one_step_per_number" in str(error):
            raise MovedOnError from error
        if "another line was granted" in str(error):
            raise Refused(_("测算以后这户另外批准了授信，一户只能有一笔额度；请退回，按新情况重新测算")) from error
        raise Refused(_("提交和审批要由两个人办理")) from error
    for step in steps:
        if step.decision.application is not None:
            follow(step.decision.application, Move(step.verb), at=step.taken_at)
    verb = steps[0].verb
    audit.record(
        staff=by,
        post_id=post.pk,
        verb=f"decision_{verb}",
        about="decision",
        about_id=steps[0].decision_id if len(steps) == 1 else "",
        detail={"decisions": [step.decision_id for step in steps]},
    )


def grant(steps: list[DecisionStep], decisions: list[Any], by: Staff) -> None:
    """Note the households that were granted a line."""
    amounts: dict[int, Decimal | None] = {step.subject_id: step.amount for step in steps if step.amount}
    milestones.reach_all(
        "granted",
        subjects=[decision.subject for decision in decisions if decision.subject_id in amounts],
        at=clock.now(),
        staff=by,
        amounts=amounts,
    )


def refusal_of(error: domain.DecisionError) -> Refused:
    """Return a figure that may not be entered in words."""
    words = {
        "officer_may_only_lower": _("提交的额度不能高于测算额度 %(proposed)s"),
        "override_needs_reason": _("高于测算额度 %(proposed)s，要写明理由"),
        "above_merged": _("不能高于村评额度 %(merged)s"),
        "not_a_step": _("额度要是 %(step)s 的整数倍"),
        "negative": _("额度不能小于 0"),
        "no_proposal": _("这户没有可审批的额度"),
    }[error.code]
    return Refused(words % {name: format_wan(value) for name, value in error.values.items()})
