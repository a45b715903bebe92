"""Signing: whom to call on, and how far each granted line of a round has come (granted, signed, carded, drawn)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from config.lib import clock, releases
from config.lib.models import Release
from config.lib.money import ZERO
from credit.access import call_lists_for
from credit.domain.signing import Link, SigningRules, link_of
from credit.models import (
    CallEntry,
    CallList,
    CallResult,
    Card,
    Decision,
    DecisionStep,
    Drawing,
    Round,
    SheetSubject,
    Signing,
)
from credit.models.signing import Mode
from credit.selectors.decisions import FINAL, where, with_standing
from credit.selectors.granted import granted_of
from customers.selectors.applicants import applicant_of
from customers.selectors.assessment import blocked_among
from grids.access import Post
from grids.selectors.colleagues import officers_of

RULES = "signing_rules"
Outcome = Signing.Outcome
Ways = Mode
LINKS: dict[Link, Any] = {
    Link.GRANTED: _("待签约"),
    Link.LATER: _("暂缓"),
    Link.AWAY: _("外出"),
    Link.DECLINED: _("不签约"),
    Link.SIGNED: _("已签约"),
    Link.CARDED: _("已发卡"),
    Link.DRAWN: _("已用信"),
    Link.VOID: _("签约后撤回"),
}
"""The links of the chain in words, those still to sign first."""
TONES = {
    Link.GRANTED: "wait",
    Link.LATER: "wait",
    Link.AWAY: "wait",
    Link.SIGNED: "good",
    Link.CARDED: "good",
    Link.DRAWN: "good",
    Link.VOID: "orange",
}
OPEN = (Link.GRANTED, Link.LATER, Link.AWAY)
"""Lines somebody still has to see to."""


def rules_in_force(institution_id: int) -> Release | None:
    """Return the released rules of signing, None while there are none."""
    try:
        return releases.in_force(institution_id, RULES, clock.today())
    except releases.NotReleased:
        return None


def rules_of(signing: Signing) -> SigningRules:
    """Return the rules something was written under."""
    return SigningRules.from_document(signing.rules.document)


# --- One line -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grant:
    """A line that stands, with the household's one borrower; amount in yuan."""

    decision_id: int
    subject_id: int
    amount: Decimal
    borrower_id: int | None
    borrower: str
    born_on: date | None


def grant_of(decision: Decision) -> Grant | None:
    """Return the line a decision grants now; None where it was withdrawn, computed anew or blocked."""
    found: Any = with_standing(Decision.objects.filter(pk=decision.pk)).filter(where("granted")).first()
    if found is None or blocked_among([decision.subject_id]):
        return None
    who = applicant_of(decision.subject_id)
    return Grant(decision.pk, decision.subject_id, found.last_amount, who.person_id, who.name, who.born_on)


def signings_of(decision: Decision) -> list[Signing]:
    """Return what came of asking, in order, with who asked."""
    rows = Signing.objects.filter(decision=decision).select_related("staff", "rules", "borrower")
    return list(rows.order_by("number"))


# --- The chain ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chain:
    """How far one line has come; amounts in yuan. ``last`` is the newest word on signing, ``signed`` the contract."""

    decision_id: int
    subject_id: int
    round_id: int | None
    amount: Decimal
    granted_at: Any
    is_granted: bool
    is_blocked: bool
    last: Signing | None
    signed: Signing | None
    card: Card | None
    drawing: Drawing | None

    @property
    def link(self) -> Link | None:
        """The link it has reached."""
        return link_of(
            is_granted=self.is_granted,
            last_outcome=self.last.outcome if self.last else None,
            is_signed=self.signed is not None,
            is_carded=self.card is not None,
            is_drawn=self.drawing is not None,
        )

    @property
    def label(self) -> Any:
        """The link in words."""
        return LINKS[self.link] if self.link else _("授信已撤回")

    @property
    def tone(self) -> str:
        """The tone of its badge."""
        return TONES.get(self.link, "neutral") if self.link else "neutral"

    @property
    def is_exception(self) -> bool:
        """A signed line that was withdrawn, or one whose household is blocked: somebody has to look."""
        return self.link is Link.VOID or self.is_blocked


def chains_of(round: Round) -> list[Chain]:
    """Return the lines of a round that were granted or signed, by household. As many queries for a village as for one."""
    return _chains(Decision.objects.filter(round=round))


def chains_of_household(subject_id: int) -> list[Chain]:
    """Return every line a household was ever granted, the newest first."""
    found = _chains(Decision.objects.filter(subject_id=subject_id))
    return sorted(found, key=lambda one: (one.granted_at, one.decision_id), reverse=True)


def _chains(decisions: QuerySet[Decision]) -> list[Chain]:
    approvals = DecisionStep.objects.filter(decision=OuterRef("pk"), verb=DecisionStep.Verb.APPROVE, amount__gt=0)
    final = DecisionStep.objects.filter(decision=OuterRef("pk"), verb__in=FINAL).order_by("-number")
    rows: Any = (
        decisions.filter(Exists(approvals))
        .annotate(
            granted_amount=Subquery(approvals.order_by("-number").values("amount")[:1]),
            granted_at=Subquery(approvals.order_by("-number").values("taken_at")[:1]),
            last_final=Subquery(final.values("verb")[:1]),
        )
        .order_by("subject_id", "number")
    )
    found = list(rows.values_list("pk", "subject_id", "round_id", "granted_amount", "granted_at", "last_final"))
    signings: dict[int, list[Signing]] = {}
    for one in Signing.objects.filter(decision__in=decisions).order_by("decision_id", "number"):
        signings.setdefault(one.decision_id, []).append(one)
    signed = Signing.objects.filter(decision__in=decisions, outcome=Signing.Outcome.SIGNED)
    cards = {one.signing_id: one for one in Card.objects.filter(signing__in=signed)}
    drawn = {one.signing_id: one for one in Drawing.objects.filter(signing__in=signed)}
    blocked = blocked_among({subject for _pk, subject, *_rest in found})
    chains = []
    for pk, subject, round_id, amount, at, last_final in found:
        said = signings.get(pk, [])
        contract = next((one for one in said if one.outcome == Signing.Outcome.SIGNED), None)
        chains.append(
            Chain(
                decision_id=pk,
                subject_id=subject,
                round_id=round_id,
                amount=amount,
                granted_at=at,
                is_granted=last_final == DecisionStep.Verb.APPROVE,
                is_blocked=subject in blocked,
                last=said[-1] if said else None,
                signed=contract,
                card=cards.get(contract.pk) if contract else None,
                drawing=drawn.get(contract.pk) if contract else None,
            )
        )
    return [one for one in chains if one.link is not None]


@dataclass(frozen=True)
class Progress:
    """The chain of a round in figures: households and yuan at or past each link, counted on lines that stand."""

    granted: int
    signed: int
    carded: int
    drawn: int
    granted_amount: Decimal
    signed_amount: Decimal
    drawn_amount: Decimal
    exceptions: int

    @property
    def open(self) -> int:
        """Lines still to sign."""
        return self.granted - self.signed


def progress_of(chains: Iterable[Chain]) -> Progress:
    """Add up the chains of a round; what was withdrawn counts nowhere but among the exceptions."""
    rows = list(chains)
    stand = [one for one in rows if one.is_granted]
    signed = [one for one in stand if one.signed]
    drawn = [one for one in signed if one.drawing]
    return Progress(
        granted=len(stand),
        signed=len(signed),
        carded=sum(one.card is not None for one in signed),
        drawn=len(drawn),
        granted_amount=sum((one.amount for one in stand), ZERO),
        signed_amount=sum((one.amount for one in signed), ZERO),
        drawn_amount=sum((one.drawing.outstanding for one in drawn if one.drawing), ZERO),
        exceptions=sum(one.is_exception for one in rows),
    )


def counts_of(chains: Iterable[Chain]) -> list[dict[str, Any]]:
    """Return the links with how many lines stand at each, in the order of the chain."""
    counted = Counter(one.link for one in chains)
    return [
        {"name": link.value, "label": label, "count": counted[link]} for link, label in LINKS.items() if counted[link]
    ]


# --- Call lists ---------------------------------------------------------------------------------------------------


def callers(round: Round) -> dict[int, str]:
    """Return the officers of a round's village, who may be sent to call."""
    return {one.pk: one.name for one in officers_of(round.grid, clock.today())}


def to_call_on(round: Round) -> tuple[set[int], set[int]]:
    """Return the households of a round to sign, and all others a list may mix in. Those on a list still to be walked wait for it;
    who has said no is left in peace, and may be called on like anybody else."""
    open_entries = CallEntry.objects.filter(
        ~Exists(CallResult.objects.filter(entry=OuterRef("pk"))),
        call_list__round=round,
        call_list__held_on__gte=clock.today(),
    )
    taken = set(open_entries.values_list("subject_id", flat=True))
    last = Signing.objects.filter(decision=OuterRef("pk")).order_by("-number").values("outcome")[:1]
    settled = set(
        Decision.objects.filter(round=round)
        .annotate(last_outcome=Subquery(last))
        .filter(last_outcome__in=(Signing.Outcome.SIGNED, Signing.Outcome.DECLINED))
        .values_list("pk", flat=True)
    )
    waiting = {one.subject_id for one in granted_of(round) if one.decision_id not in settled}
    listed = SheetSubject.objects.filter(round=round, subject__left_on__isnull=True)
    active = set(listed.values_list("subject_id", flat=True))
    return (waiting & active) - taken, active - waiting - taken


def lists_of(post: Post, round: Round) -> list[CallList]:
    """Return the call lists of a round, the newest first, with how many entries are ``done``."""
    done = Count("entries", filter=Q(entries__results__isnull=False), distinct=True)
    rows = call_lists_for(post).filter(round=round).annotate(done=done)
    return list(rows.select_related("caller").order_by("-number"))


def entries_of(call_list: CallList) -> QuerySet[Any]:
    """Return the entries of a list in their order, each with its newest result; the same columns for every household."""
    newest = CallResult.objects.filter(entry=OuterRef("pk")).order_by("-number")
    return (
        CallEntry.objects.filter(call_list=call_list)
        .annotate(result=Subquery(newest.values("result")[:1]), result_at=Subquery(newest.values("taken_at")[:1]))
        .order_by("place")
    )


def waiting_calls(post: Post) -> QuerySet[CallEntry]:
    """Return the entries of a person's own lists that have no result yet."""
    mine = call_lists_for(post).filter(caller_id=post.staff_id)
    return CallEntry.objects.filter(
        ~Exists(CallResult.objects.filter(entry=OuterRef("pk"))), call_list__in=mine
    ).select_related("call_list")


def line_to_sign(entry: CallEntry) -> Decision | None:
    """Return the decision an entry is about: the household's line in its round, not signed or declined yet; else None, a service
    visit. Only its caller may ask."""
    decision: Any = (
        with_standing(Decision.objects.filter(round=entry.call_list.round_id, subject_id=entry.subject_id))
        .filter(where("granted"))
        .first()
    )
    if decision is None or blocked_among([entry.subject_id]):
        return None
    last = Signing.objects.filter(decision=decision).order_by("-number").first()
    return None if last and last.outcome in (Signing.Outcome.SIGNED, Signing.Outcome.DECLINED) else decision
