"""Decisions of rounds and applications: where each stands, whose turn it is, the four opinions, and the line a household holds.

Only the newest computation of a household in a round or on an application counts (``in_force``); where it stands follows from its last step.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from credit.access import decisions_for
from credit.domain.bounds import Exposure, ExposureLine, ExposureSource, ObligationKind
from credit.domain.trace import Step
from credit.models import Decision, DecisionStep, Opinion, Round
from credit.selectors.exceptions import EXCEPTIONAL, with_exceptions
from credit.selectors.opinions import of_round
from customers.selectors.assessment import Card, blocked_among, cards
from grids.access import Post, PostKind

FINAL = (DecisionStep.Verb.APPROVE, DecisionStep.Verb.REFUSE, DecisionStep.Verb.WITHDRAW)
COMPUTED = (Decision.Outcome.MERGED, Decision.Outcome.PROPOSED)
TO_BE_DECIDED = (*COMPUTED, Decision.Outcome.DIVERGENT)

STANDINGS: dict[str, Any] = {
    "divergent": _("分歧，待集体决定"),
    "supplement": _("待补评议"),
    "needs_file": _("待建档"),
    "returned": _("退回待改"),
    "to_propose": _("待提交"),
    "at_branch": _("待支行审批"),
    "at_approver": _("待业务审批"),
    "refused_by_village": _("评议不予授信"),
    "granted": _("已授信"),
    "at_nothing": _("审定 0 元"),
    "refused": _("审批不予授信"),
    "withdrawn": _("授信已撤回"),
}
"""Where a decision can stand, exceptions first."""
TONES = {
    "divergent": "yellow",
    "returned": "yellow",
    "granted": "good",
    "at_branch": "wait",
    "at_approver": "wait",
    "to_propose": "wait",
}


def _last(field: str) -> Subquery:
    steps = DecisionStep.objects.filter(decision=OuterRef("pk")).order_by("-number")
    return Subquery(steps.values(field)[:1])


def in_force(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Keep the newest computation of each household in its round, or on its application."""
    same = Q(round=OuterRef("round")) | Q(application=OuterRef("application"))
    newer = Decision.objects.filter(same, subject=OuterRef("subject"), number__gt=OuterRef("number"))
    return decisions.filter(~Exists(newer))


def with_standing(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Keep decisions in force and add their last step: last_number, last_verb, last_amount, last_kind, last_staff."""
    return in_force(decisions).annotate(
        last_number=_last("number"),
        last_verb=_last("verb"),
        last_amount=_last("amount"),
        last_kind=_last("post_kind"),
        last_staff=_last("staff_id"),
    )


def where(standing: str) -> Q:
    """Return the condition of a standing, over the columns of ``with_standing``."""
    waiting = Q(last_verb__isnull=True)
    proposed = Q(last_verb__in=(DecisionStep.Verb.PROPOSE, DecisionStep.Verb.REFER))
    outcome = Decision.Outcome
    return {
        "divergent": Q(outcome=outcome.DIVERGENT) & waiting,
        "supplement": Q(outcome=outcome.SUPPLEMENT),
        "needs_file": Q(outcome=outcome.NEEDS_FILE),
        "returned": Q(last_verb=DecisionStep.Verb.RETURN),
        "to_propose": Q(outcome__in=COMPUTED) & waiting,
        "at_branch": proposed & Q(last_kind=PostKind.OFFICER),
        "at_approver": proposed & Q(last_kind=PostKind.BRANCH_MANAGER),
        "refused_by_village": Q(outcome=outcome.REFUSED),
        "granted": Q(last_verb=DecisionStep.Verb.APPROVE, last_amount__gt=0),
        "at_nothing": Q(last_verb=DecisionStep.Verb.APPROVE, last_amount=0),
        "refused": Q(last_verb=DecisionStep.Verb.REFUSE),
        "withdrawn": Q(last_verb=DecisionStep.Verb.WITHDRAW),
    }[standing]


def standing_of(decision: Any) -> str:
    """Return where a decision of ``with_standing`` stands."""
    return _standing(decision.outcome, decision.last_verb, decision.last_amount, decision.last_kind)


def _standing(outcome: str, verb: str | None, amount: Decimal | None, kind: str | None) -> str:
    if verb == DecisionStep.Verb.APPROVE:
        return "granted" if amount else "at_nothing"
    if verb == DecisionStep.Verb.REFUSE:
        return "refused"
    if verb == DecisionStep.Verb.WITHDRAW:
        return "withdrawn"
    if verb in (DecisionStep.Verb.PROPOSE, DecisionStep.Verb.REFER):
        return "at_branch" if kind == PostKind.OFFICER else "at_approver"
    if verb == DecisionStep.Verb.RETURN:
        return "returned"
    if outcome in COMPUTED:
        return "to_propose"
    return "refused_by_village" if outcome == Decision.Outcome.REFUSED else str(outcome)


def undecided(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Return the decisions that still need a person's step; those that wait for other opinions or are refused do not."""
    return (
        with_standing(decisions)
        .filter(outcome__in=TO_BE_DECIDED)
        .filter(Q(last_verb__isnull=True) | ~Q(last_verb__in=FINAL))
    )


def standings_of(round: Round) -> list[tuple[int, str]]:
    """Return the decisions of a round in force with where each stands, exceptions first. Two queries, whatever the size."""
    decisions = Decision.objects.filter(round=round).order_by("subject_id", "number")
    newest = {subject: (pk, outcome) for pk, subject, outcome in decisions.values_list("pk", "subject_id", "outcome")}
    steps = (
        DecisionStep.objects.filter(decision__round=round).order_by("decision_id", "-number").distinct("decision_id")
    )
    last = {pk: step for pk, *step in steps.values_list("decision_id", "verb", "amount", "post_kind")}
    found = [(pk, _standing(outcome, *last.get(pk, (None, None, None)))) for pk, outcome in newest.values()]
    ranks = {name: rank for rank, name in enumerate(STANDINGS)}
    return sorted(found, key=lambda one: ranks[one[1]])


def with_ids(ids: list[int]) -> list[Any]:
    """Return decisions with their standing, in the order asked for."""
    found = {one.pk: one for one in with_standing(Decision.objects.filter(pk__in=ids)).defer("trace")}
    return [found[pk] for pk in ids if pk in found]


def waiting_for(post: Post) -> QuerySet[Decision]:
    """Return the decisions whose next step belongs to a post, exceptions first, over all rounds being decided."""
    mine = {PostKind.APPROVER: "at_approver", PostKind.BRANCH_MANAGER: "at_branch"}.get(PostKind(post.kind))
    decisions = decisions_for(post).filter(round__stage__in=Round.DECIDABLE)
    if mine is None:
        return decisions.none()
    found = with_standing(decisions).filter(where(mine))
    exceptional = Case(
        When(EXCEPTIONAL, then=Value(0)),
        When(outcome=Decision.Outcome.DIVERGENT, then=Value(0)),
        When(last_amount__lt=F("proposed_amount"), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return (
        with_exceptions(found)
        .annotate(rank=exceptional)
        .select_related("round__grid__branch")
        .defer("trace", "round__settings", "round__grid__boundary")
        .order_by("rank", "round_id", "subject_id")
    )


def exceptions_for(post: Post) -> list[dict[str, Any]]:
    """Return what a post's rounds are held up by: households per round without a figure to decide on."""
    names = ("divergent", "supplement", "refused_by_village", "needs_file")
    decisions: Any = with_standing(decisions_for(post).filter(round__stage__in=Round.DECIDABLE))
    rows = (
        decisions.values("round_id", "round__name")
        .annotate(**{name: Count("pk", filter=where(name)) for name in names})
        .order_by("round_id")
    )
    return [row for row in rows if any(row[name] for name in names)]


def overtaken(decisions: Iterable[Decision]) -> set[int]:
    """Return the decisions after whose computation another line was granted to the household and still stands: the database
    would refuse to grant them too. One query."""
    later = DecisionStep.objects.filter(
        ~Exists(DecisionStep.objects.filter(decision=OuterRef("decision"), verb=DecisionStep.Verb.WITHDRAW)),
        ~Q(decision=OuterRef("pk")),
        subject=OuterRef("subject"),
        verb=DecisionStep.Verb.APPROVE,
        amount__gt=0,
        taken_at__gt=OuterRef("created_at"),
    )
    wanted = Decision.objects.filter(pk__in=[decision.pk for decision in decisions])
    return set(wanted.filter(Exists(later)).values_list("pk", flat=True))


@dataclass(frozen=True)
class Line:
    """One household of a decision list."""

    decision: Any
    card: Card | None
    standing: str
    label: Any
    tone: str


def lines(decisions: Iterable[Any]) -> list[Line]:
    """Return the rows of a decision list with how the households are called; one query for all."""
    rows = list(decisions)
    called = cards(decision.subject_id for decision in rows)
    found = []
    for decision in rows:
        standing = standing_of(decision)
        found.append(
            Line(
                decision,
                called.get(decision.subject_id),
                standing,
                STANDINGS[standing],
                TONES.get(standing, "neutral"),
            )
        )
    return found


def steps_of(decision: Decision) -> list[DecisionStep]:
    """Return the steps of a decision in order, with who took them."""
    return list(DecisionStep.objects.filter(decision=decision).select_related("staff").order_by("number"))


def earlier_steps(application: Any) -> list[DecisionStep]:
    """Return the steps on former computations of an application, in order."""
    rows = DecisionStep.objects.filter(decision__application=application).filter(
        ~Q(decision__in=in_force(Decision.objects.filter(application=application)))
    )
    return list(rows.select_related("staff").order_by("pk"))


def opinions_of(decision: Decision) -> list[Opinion]:
    """Return what the sheets said of a household, by place, those of a supplement last; whose sheet it was is not told."""
    if decision.round is None:
        return []
    opinions = of_round(decision.round).filter(subject_id=decision.subject_id)
    return list(opinions.select_related("sheet").order_by("round_id", "sheet__number"))


@dataclass(frozen=True)
class FourOpinions:
    """Village, officer, model and approver side by side, in yuan (Semantics, section 5)."""

    village: Decimal | None
    officer: Decimal | None
    model: Decimal | None
    approver: Decimal | None


def four_opinions(decision: Decision, steps: list[DecisionStep]) -> FourOpinions:
    """Return the four opinions as they stand; a group decision speaks for a divided village."""
    village, officer, approver = decision.merged_amount, None, None
    for step in steps:
        if step.verb == DecisionStep.Verb.PROPOSE and step.post_kind == PostKind.OFFICER:
            officer = step.amount
        elif step.verb == DecisionStep.Verb.PROPOSE and "group_amount" in step.trace:
            village = Decimal(step.trace["group_amount"])
        elif step.verb == DecisionStep.Verb.APPROVE:
            approver = step.amount
    return FourOpinions(village, officer, decision.model_line, approver)


def trace_steps(decision: Decision, part: str) -> list[Step]:
    """Return the stored steps of a part of the computation: ``merge`` or ``proposal``."""
    return [Step.from_document(entry) for entry in decision.trace.get(part, {}).get("trace", [])]


def exposure_from(document: dict[str, Any]) -> Exposure:
    """Return the exposure a decision was computed with, back from its stored form."""
    return Exposure(
        total=Decimal(document["total"]),
        lines=tuple(
            ExposureLine(
                ObligationKind(line["kind"]), Decimal(line["amount"]), Decimal(line["weight"]), Decimal(line["counted"])
            )
            for line in document["lines"]
        ),
        source=ExposureSource(document["source"]),
        as_of=date.fromisoformat(document["as_of"]),
        left_out=Decimal(document["left_out"]),
        snapshot=document.get("snapshot"),
        filled=tuple(ObligationKind(kind) for kind in document.get("filled", ())),
        filled_as_of=date.fromisoformat(document["filled_as_of"]) if document.get("filled_as_of") else None,
    )


@dataclass(frozen=True)
class GrantedLine:
    """The line a household holds by decision, in yuan."""

    subject_id: int
    amount: Decimal
    decision_id: int
    since: Any


def granted_lines(subject_ids: Iterable[int]) -> dict[int, GrantedLine]:
    """Return the granted lines of households: the newest approval above 0 that was not withdrawn; a block suspends it
    (Semantics, section 6)."""
    wanted = list(subject_ids)
    steps = (
        DecisionStep.objects.filter(subject_id__in=wanted, verb__in=FINAL)
        .order_by("subject_id", "-taken_at", "-pk")
        .distinct("subject_id")
    )
    held = [step for step in steps if step.verb == DecisionStep.Verb.APPROVE and (step.amount or 0) > 0]
    blocked = blocked_among(step.subject_id for step in held)
    return {
        step.subject_id: GrantedLine(step.subject_id, Decimal(step.amount or 0), step.decision_id, step.taken_at)
        for step in held
        if step.subject_id not in blocked
    }
