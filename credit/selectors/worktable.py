"""The worktable of a round: every household with its four opinions side by side, exceptions first, and what is left to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Greatest, Least

from credit.access import decisions_for
from credit.models import Decision, DecisionStep, MergeException, Round
from credit.selectors import exceptions
from credit.selectors.decisions import STANDINGS, TONES, standing_of, where, with_standing
from credit.selectors.rounds import rules_of
from customers.selectors.assessment import Card, cards
from grids.access import Post, PostKind

SORTS = {
    "number": ("subject__household__number", "subject_id"),
    "difference": ("difference", "subject_id"),
    "village": ("village", "subject_id"),
    "figure": ("figure", "subject_id"),
}
"""Orders of the table; a minus before the name turns the first around."""
_FIRST = ("divergent", "supplement", "needs_file")
_MONEY: Any = DecimalField(max_digits=14, decimal_places=2)


@dataclass(frozen=True)
class TableRow:
    """One household: its decision with the four opinions, how it is called, where it stands and its exceptions."""

    decision: Any
    card: Card | None
    standing: str
    label: Any
    tone: str
    exceptions: tuple[str, ...]

    @property
    def labels(self) -> list[Any]:
        """The names of its exceptions."""
        return [exceptions.CODES[code] for code in self.exceptions]


def table(post: Post, round: Round) -> QuerySet[Decision]:
    """Return the decisions in force of a round a post may see, with village, officer, model_line, approver, difference, figure
    and exceptions."""
    steps = DecisionStep.objects.filter(decision=OuterRef("pk")).order_by("-number")
    proposed = steps.filter(verb=DecisionStep.Verb.PROPOSE)
    group = proposed.filter(trace__has_key="group_amount").annotate(
        said=Cast(KeyTextTransform("group_amount", "trace"), _MONEY)
    )
    found = with_standing(decisions_for(post).filter(round=round)).annotate(
        village=Coalesce(Subquery(group.values("said")[:1], output_field=_MONEY), F("merged_amount")),
        officer=Subquery(proposed.filter(post_kind=PostKind.OFFICER).values("amount")[:1]),
        approver=Subquery(steps.filter(verb=DecisionStep.Verb.APPROVE).values("amount")[:1]),
    )
    four = ("village", "officer", "model_line", "approver")
    # Of the opinions that are there; the database leaves out those that are not.
    found = found.annotate(difference=Greatest(*four) - Least(*four))
    return exceptions.with_exceptions(exceptions.with_figure(found)).defer("trace")


def held_up(standings: Iterable[str]) -> Q:
    """Return the condition of the households without a figure to decide on, and of those with an exception."""
    wanted = exceptions.EXCEPTIONAL
    for standing in standings:
        wanted |= where(standing)
    return wanted


def ordered(found: QuerySet[Decision], sort: str) -> QuerySet[Decision]:
    """Return the table in an order of ``SORTS``; without one, exceptions first, then by household number."""
    name = sort.removeprefix("-")
    if name in SORTS:
        first, *rest = SORTS[name]
        return found.order_by(
            F(first).desc(nulls_last=True) if sort.startswith("-") else F(first).asc(nulls_last=True), *rest
        )
    rank = Case(
        *(When(where(standing), then=Value(place)) for place, standing in enumerate(_FIRST)),
        When(exceptions.EXCEPTIONAL, then=Value(len(_FIRST))),
        default=Value(len(_FIRST) + 1),
        output_field=IntegerField(),
    )
    return found.annotate(rank=rank).order_by("rank", *SORTS["number"])


def chosen(found: QuerySet[Decision], round: Round, *, standing: str = "", exception: str = "") -> QuerySet[Decision]:
    """Keep the households of a standing, of an exception or of both."""
    if standing in STANDINGS:
        found = found.filter(where(standing))
    if exception in exceptions.CODES:
        found = found.filter(exceptions.condition(exception, exceptions.branch_limit(rules_of(round))))
    return found


def counts(found: QuerySet[Decision], round: Round) -> tuple[list[tuple[str, Any, int]], list[tuple[str, Any, int]]]:
    """Return how many households are at each standing and carry each exception, those that occur. Two queries."""
    limit = exceptions.branch_limit(rules_of(round))
    numbers = found.order_by().aggregate(
        **{name: Count("pk", filter=where(name)) for name in STANDINGS},
        elsewhere=Count("pk", filter=exceptions.condition("elsewhere", limit)),
        above_authority=Count("pk", filter=exceptions.condition("above_authority", limit)),
    )
    numbers |= exceptions.count_noted(round)
    return (
        [(name, label, numbers[name]) for name, label in STANDINGS.items() if numbers[name]],
        [(code, label, numbers[code]) for code, label in exceptions.CODES.items() if numbers.get(code)],
    )


def rows(round: Round, decisions: Iterable[Any]) -> list[TableRow]:
    """Return the rows of a page of the table; two queries."""
    found = list(decisions)
    limit = exceptions.branch_limit(rules_of(round))
    ids = [one.subject_id for one in found]
    called = cards(ids)
    noted = exceptions.noted(round.pk, ids)
    return [_row(one, called, noted, limit) for one in found]


def _row(one: Any, called: dict[int, Card], noted: dict[int, list[MergeException]], limit: Decimal | None) -> TableRow:
    standing = standing_of(one)
    codes = [row.code for row in noted.get(one.subject_id, ())]
    if one.is_elsewhere:
        codes.append("elsewhere")
    if limit is not None and one.figure is not None and one.figure > limit:
        codes.append("above_authority")
    return TableRow(
        one, called.get(one.subject_id), standing, STANDINGS[standing], TONES.get(standing, "neutral"), tuple(codes)
    )
