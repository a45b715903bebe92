"""Decisions: computed from opened opinions, proposed by a maker, approved by a checker (Semantics, section 5)."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from config.lib.money import FEN, ZERO, format_wan, round_step, yuan
from config.lib.weeks import business_day
from credit.domain import decisions as domain
from credit.domain.applications import Move
from credit.domain.bounds import (
    Bound,
    BoundCode,
    Exposure,
    ExposureSource,
    Filled,
    Obligation,
    ObligationKind,
    Proposal,
    ProposalOutcome,
    VillageOpinion,
    household_exposure,
)
from credit.domain.bounds import (
    propose as propose_line,
)
from credit.domain.merging import merge
from credit.domain.opinions import Opinion
from credit.domain.rules import RoundRules
from credit.domain.snapshots import together
from credit.domain.trace import Step
from credit.models import Application, Decision, DecisionStep, Round
from credit.selectors.decisions import exposure_from, overtaken, standing_of, with_standing
from credit.selectors.lines import current_line
from credit.selectors.rounds import rules_of
from credit.selectors.snapshots import CoreDebts, core_debts
from credit.services.following import follow
from customers.selectors.assessment import blocked_among, checked_files
from customers.services import milestones
from grids.access import Post, PostKind, Staff
from grids.services import Refused

CREDITORS = {
    "own_bank": ObligationKind.OWN_OUTSTANDING,
    "other_bank": ObligationKind.OTHER_BANKS,
    "other_institution": ObligationKind.OTHER_BANKS,
    "credit_card": ObligationKind.OTHER_BANKS,
    "private": ObligationKind.PRIVATE,
}
"""Which obligation a liability of a file is, by its creditor kind."""

OUTCOMES = {
    ProposalOutcome.PROPOSED: Decision.Outcome.MERGED,
    ProposalOutcome.REFUSED: Decision.Outcome.REFUSED,
    ProposalOutcome.SUPPLEMENT: Decision.Outcome.SUPPLEMENT,
    ProposalOutcome.DIVERGENT: Decision.Outcome.DIVERGENT,
    ProposalOutcome.TO_PROFILE: Decision.Outcome.NEEDS_FILE,
}


class MovedOnError(Exception):
    """Somebody took a step on the decision after the page was opened."""


# --- Computing ----------------------------------------------------------------------------------------------------------


def obligations_of(document: Mapping[str, Any]) -> list[Obligation]:
    """Return what a file says the household owes and guarantees, by kind; amounts in yuan."""
    found = [
        Obligation(CREDITORS[item["kind"]], yuan(item["outstanding"] or "0"))
        for item in document.get("liabilities", [])
    ]
    found += [
        Obligation(ObligationKind.GUARANTEES, yuan(item["amount"] or "0")) for item in document.get("guarantees", [])
    ]
    return found


def exposure_of(
    profile: Any, rules: RoundRules, on: date, core: CoreDebts | None = None, subject_id: int | None = None
) -> Exposure:
    """Return a household's exposure: by the snapshot of the core system, and of what that does not hold by the checked file.

    Without a snapshot it is the checked file's, with the file's day; without either nothing is known of any.
    """
    filed = obligations_of(profile.document) if profile else []
    if core is None or subject_id is None:
        return household_exposure(
            filed,
            rules.line,
            source=ExposureSource.PROFILE if profile else ExposureSource.NONE,
            as_of=business_day(profile.submitted_at) if profile else on,
        )
    owed, filled = together(core.owed.get(subject_id, []), core.held, filed)
    return household_exposure(
        owed,
        rules.line,
        source=ExposureSource.CORE,
        as_of=core.taken_on,
        filled=Filled(core.snapshot_id, filled, business_day(profile.submitted_at) if profile else None),
    )


def compute(
    *,
    round: Round,
    rules: RoundRules,
    opinions: Mapping[int, list[Opinion]],
    grid_of: Mapping[int, int],
    numbers: Mapping[int, int] | None = None,
) -> list[Decision]:
    """Merge and bound the opinions on each household; write and return the decisions. As many reads for a village as for one."""
    on = clock.today()
    core = core_debts(round.institution_id, opinions)
    lines = current_line(list(opinions))
    files = checked_files(opinions)
    rows = []
    for subject_id in sorted(opinions):
        merged = merge(opinions[subject_id], rules.merge)
        result = lines.get(subject_id)
        profile = files.get(subject_id)
        exposure = exposure_of(profile, rules, on, core, subject_id)
        proposal = propose_line(
            rules.line,
            village=VillageOpinion.from_merge(merged),
            model_line=result.line if result is not None else None,
            exposure=exposure,
        )
        rows.append(
            Decision(
                institution_id=round.institution_id,
                grid_id=grid_of[subject_id],
                recorded_grid_id=grid_of[subject_id],
                round=round,
                subject_id=subject_id,
                number=(numbers or {}).get(subject_id, 1),
                outcome=OUTCOMES[proposal.outcome],
                merged_amount=merged.amount,
                line_result=result,
                model_line=proposal.model_line,
                product_cap=rules.line.product_cap,
                headroom=round_step(max(ZERO, rules.line.household_cap - exposure.total), FEN, "down"),
                profile=profile,
                snapshot_id=exposure.snapshot,
                proposed_amount=proposal.amount,
                binding=[code.value for code in proposal.binding],
                trace={
                    "merge": merged.as_document(),
                    "proposal": proposal.as_document(),
                    "exposure": exposure.as_document(),
                    "on": on.isoformat(),
                },
            )
        )
    return Decision.objects.bulk_create(rows, batch_size=500)


# --- Steps of people ----------------------------------------------------------------------------------------------------


def _as_seen(decision: Decision, seen: int) -> Any:
    """Return a decision with its standing; MovedOnError when it is not as the page showed it."""
    found: Any = with_standing(
        Decision.objects.filter(pk=decision.pk).select_related("round", "application", "subject")
    ).first()
    if found is None or (found.last_number or 0) != seen:
        raise MovedOnError
    return found


def _current(decision: Decision, seen: int) -> Any:
    found = _as_seen(decision, seen)
    if found.round is not None and found.round.stage != Round.Stage.DECIDE:
        raise Refused(_("这一轮不在审批阶段"))
    if found.application is not None and found.application.ended_at is not None:
        raise Refused(_("这笔申请已经结束"))
    if found.subject_id in blocked_among([found.subject_id]):
        raise Refused(_("这户已列入黑名单或灰名单，不能审批额度"))
    return found


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


def _standing_proposal(decision: Any) -> Proposal:
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
    return _group_proposal(decision, Decimal(group.trace["group_amount"]), group.reason)


def _group_proposal(decision: Any, amount: Decimal, reason: str) -> Proposal:
    found = propose_line(
        rules_of(decision.matter).line,
        village=VillageOpinion.from_group_decision(amount, reason),
        model_line=decision.model_line,
        exposure=exposure_from(decision.trace["exposure"]),
    )
    if found.amount is None:
        raise Refused(_("这户还没有模型额度，请先完成建档和测算"))
    return found


def _step(
    decision: Any, by: Staff, post: Post, verb: str, amount: Decimal | None, reason: str = "", **trace: Any
) -> DecisionStep:
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


def _take(steps: list[DecisionStep], by: Staff, post: Post) -> None:
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


def _refused(error: domain.DecisionError) -> Refused:
    words = {
        "officer_may_only_lower": _("提交的额度不能高于测算额度 %(proposed)s"),
        "override_needs_reason": _("高于测算额度 %(proposed)s，要写明理由"),
        "above_merged": _("不能高于村评额度 %(merged)s"),
        "not_a_step": _("额度要是 %(step)s 的整数倍"),
        "negative": _("额度不能小于 0"),
        "no_proposal": _("这户没有可审批的额度"),
    }[error.code]
    return Refused(words % {name: format_wan(value) for name, value in error.values.items()})


@transaction.atomic
def propose(*, by: Staff, post: Post, decision: Decision, amount: Decimal, seen: int, reason: str = "") -> DecisionStep:
    """Propose a figure at or below the computed one (maker). For a divided village ``amount`` is the reasoned figure of the
    group, decided by the branch manager, which the bounds then cut. ``seen`` is the number of the last step on the page."""
    if post.kind not in (PostKind.OFFICER, PostKind.BRANCH_MANAGER):
        raise Refused(_("由客户经理或支行行长提交"))
    found = _current(decision, seen)
    standing = standing_of(found)
    rules = rules_of(found.matter)
    if found.application is not None:
        if post.kind != PostKind.OFFICER:
            raise Refused(_("单户申请由客户经理提交"))
        _as_asked(found.application, amount, reason)
    if standing == "divergent":
        step = _group_step(found, by, post, rules, amount, reason)
    elif standing == "to_propose":
        try:
            figure = domain.officer_figure(proposal_of(found), rules.line, amount)
        except domain.DecisionError as error:
            raise _refused(error) from error
        step = _step(found, by, post, DecisionStep.Verb.PROPOSE, figure, reason)
    else:
        raise Refused(_("这户现在不需要提交"))
    _take([step], by, post)
    return step


def _as_asked(application: Application, amount: Decimal, reason: str) -> None:
    """Nobody is lent more than he asked for, and every opinion on an application says why."""
    if amount > application.amount:
        raise Refused(_("不能高于申请的 %(amount)s") % {"amount": format_wan(application.amount)})
    if not reason.strip():
        raise Refused(_("请写明理由"))


def _group_step(decision: Any, by: Staff, post: Post, rules: RoundRules, amount: Decimal, reason: str) -> DecisionStep:
    if post.kind != PostKind.BRANCH_MANAGER:
        raise Refused(_("意见分歧由支行行长集体决定"))
    if not reason.strip():
        raise Refused(_("集体决定要写明理由"))
    figure = yuan(amount)
    values = next(entry["values"] for entry in decision.trace["merge"]["trace"] if entry["code"] == "spread_too_wide")
    if not Decimal(values["lowest"]) <= figure <= Decimal(values["highest"]):
        raise Refused(_("集体决定要在评议的最低和最高之间"))
    found = _group_proposal(decision, figure, reason)
    return _step(
        decision,
        by,
        post,
        DecisionStep.Verb.PROPOSE,
        found.amount,
        reason,
        group_amount=str(figure),
        proposal=found.as_document(),
    )


@transaction.atomic
def propose_many(*, by: Staff, post: Post, decisions: Iterable[Decision]) -> int:
    """Propose the computed figures of households without exceptions; returns how many. Others are left for one by one."""
    if post.kind not in (PostKind.OFFICER, PostKind.BRANCH_MANAGER):
        raise Refused(_("由客户经理或支行行长提交"))
    found = [one for one in _decidable(decisions) if standing_of(one) == "to_propose"]
    steps = [_step(one, by, post, DecisionStep.Verb.PROPOSE, one.proposed_amount) for one in found]
    if steps:
        _take(steps, by, post)
    return len(steps)


def _decidable(decisions: Iterable[Decision]) -> list[Any]:
    wanted = [decision.pk for decision in decisions]
    found = list(
        with_standing(Decision.objects.filter(pk__in=wanted, round__stage=Round.Stage.DECIDE)).select_related(
            "round", "subject"
        )
    )
    blocked = blocked_among(one.subject_id for one in found)
    return [one for one in found if one.subject_id not in blocked]


def _own_turn(decision: Any, post: Post) -> bool:
    turn = {PostKind.BRANCH_MANAGER: "at_branch", PostKind.APPROVER: "at_approver"}.get(PostKind(post.kind))
    return turn is not None and standing_of(decision) == turn


def may_sign(post: Post, rules: RoundRules, amount: Decimal) -> bool:
    """Whether a post's authority reaches an amount; one the rules do not name signs nothing."""
    try:
        return rules.authority.may_sign(post.kind, amount)
    except domain.NoAuthorityError:
        return False


@transaction.atomic
def approve(*, by: Staff, post: Post, decision: Decision, amount: Decimal, seen: int, reason: str = "") -> DecisionStep:
    """Approve a figure (checker), never in one's own matter; above 0 it grants the line (Semantics, sections 2 and 5).

    Lowering is free; above the bounds only the approver goes, with a reason. Above one's authority nothing is cut: it is
    refused here and has to be referred to the next level.
    """
    found = _current(decision, seen)
    if not _own_turn(found, post):
        raise Refused(_("这户现在不由您审批"))
    rules = rules_of(found.matter)
    if not may_sign(post, rules, amount):
        raise Refused(_("超过您的审批权限，请上报"))
    if found.application is not None:
        _as_asked(found.application, amount, reason)
        if amount <= 0:
            raise Refused(_("审定 0 元请用“不予授信”，并选择原因"))
    proposal = _standing_proposal(found)
    if post.kind != PostKind.APPROVER and proposal.amount is not None and amount > proposal.amount:
        raise Refused(_("高于测算额度的，由业务审批岗审批"))
    try:
        result = domain.decide(
            proposal, rules.line, approver=amount, officer=_officer_figure(found), override_reason=reason
        )
    except domain.DecisionError as error:
        raise _refused(error) from error
    step = _step(
        found,
        by,
        post,
        DecisionStep.Verb.APPROVE,
        result.final,
        reason,
        kind=result.kind.value,
        trace=[entry.as_document() for entry in result.trace[len(proposal.trace) :]],
    )
    _take([step], by, post)
    _grant([step], [found], by)
    return step


def _officer_figure(decision: Any) -> Decimal | None:
    step = (
        DecisionStep.objects.filter(decision=decision, verb=DecisionStep.Verb.PROPOSE, post_kind=PostKind.OFFICER)
        .order_by("-number")
        .first()
    )
    return step.amount if step else None


def _grant(steps: list[DecisionStep], decisions: list[Any], by: Staff) -> None:
    amounts: dict[int, Decimal | None] = {step.subject_id: step.amount for step in steps if step.amount}
    milestones.reach_all(
        "granted",
        subjects=[decision.subject for decision in decisions if decision.subject_id in amounts],
        at=clock.now(),
        staff=by,
        amounts=amounts,
    )


@transaction.atomic
def approve_many(*, by: Staff, post: Post, decisions: Iterable[Decision]) -> tuple[int, int]:
    """Approve selected figures as proposed; returns how many were approved and how many were left (above authority, own
    matter, or moved on meanwhile)."""
    found = _decidable(decisions)
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
        if _own_turn(one, post) and one.pk not in made and may_sign(post, rules[one.round_id], one.last_amount)
    ]
    steps = [_step(one, by, post, DecisionStep.Verb.APPROVE, one.last_amount, kind="as_proposed") for one in chosen]
    if steps:
        _take(steps, by, post)
        _grant(steps, chosen, by)
    return len(steps), len(found) - len(steps)


@transaction.atomic
def refer(*, by: Staff, post: Post, decision: Decision, seen: int, reason: str = "") -> DecisionStep:
    """Pass a figure on to the next level, uncut."""
    found = _current(decision, seen)
    if post.kind != PostKind.BRANCH_MANAGER or standing_of(found) != "at_branch":
        raise Refused(_("这户现在不由您审批"))
    if found.application is not None:
        _as_asked(found.application, found.last_amount, reason)
    step = _step(found, by, post, DecisionStep.Verb.REFER, found.last_amount, reason)
    _take([step], by, post)
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
    found = _current(decision, seen)
    if not _own_turn(found, post):
        raise Refused(_("这户现在不由您审批"))
    if not reason.strip():
        raise Refused(_("请写明理由"))
    trace = {}
    if found.application is not None and verb == DecisionStep.Verb.REFUSE:
        if code not in rules_of(found.application).reason_codes:
            raise Refused(_("请选择不予授信的原因"))
        trace["code"] = code
    step = _step(found, by, post, verb, None, reason, **trace)
    _take([step], by, post)
    return step


@transaction.atomic
def withdraw(*, by: Staff, post: Post, decision: Decision, seen: int, reason: str) -> DecisionStep:
    """Withdraw a granted line, with a reason; it appears as a negative line of its own in the reports."""
    if post.kind not in (PostKind.APPROVER, PostKind.BRANCH_MANAGER):
        raise Refused(_("由支行行长或业务审批岗撤回"))
    found = _as_seen(decision, seen)
    if standing_of(found) != "granted":
        raise Refused(_("这户没有生效的授信"))
    if not reason.strip():
        raise Refused(_("请写明理由"))
    step = _step(found, by, post, DecisionStep.Verb.WITHDRAW, found.last_amount, reason)
    _take([step], by, post)
    milestones.reach("grant_withdrawn", subject=found.subject, at=clock.now(), staff=by, amount=found.last_amount)
    return step
