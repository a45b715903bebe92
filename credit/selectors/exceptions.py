"""Exceptions of a round's decisions: what a person noted, and what the figures themselves say. They come first everywhere and are
left out of everything done many at once.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from credit.domain.rules import RoundRules
from credit.models import Decision, DecisionStep, MergeException, Round
from grids.access import PostKind

CODES: dict[str, Any] = {
    **dict(MergeException.Code.choices),
    "elsewhere": _("另有授信"),
    "above_authority": _("超支行权限"),
}
"""Every exception that is no standing of its own, with its name."""


def noted(round_id: int, subject_ids: Iterable[int]) -> dict[int, list[MergeException]]:
    """Return the noted exceptions that are not over, by household. One query."""
    rows = (
        MergeException.objects.filter(round_id=round_id, subject_id__in=list(subject_ids))
        .select_related("staff")
        .order_by("subject_id", "code", "-pk")
        .distinct("subject_id", "code")
    )
    found: dict[int, list[MergeException]] = {}
    for row in rows:
        if not row.is_over:
            found.setdefault(row.subject_id, []).append(row)
    return found


def count_noted(round: Round) -> dict[str, int]:
    """Return how many households carry each noted exception now. One query."""
    rows = (
        MergeException.objects.filter(round=round).order_by("subject_id", "code", "-pk").distinct("subject_id", "code")
    )
    return dict(Counter(code for code, is_over in rows.values_list("code", "is_over") if not is_over))


def history(round_id: int, subject_id: int) -> list[MergeException]:
    """Return everything noted of a household in a round, in order."""
    rows = MergeException.objects.filter(round_id=round_id, subject_id=subject_id)
    return list(rows.select_related("staff").order_by("pk"))


def with_exceptions(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Add to decisions with their standing: is_noted (a noted exception stands), is_elsewhere (another line of the household stands)."""
    return decisions.annotate(is_noted=Exists(_standing_notes()), is_elsewhere=Exists(_lines_elsewhere()))


def _standing_notes(code: str = "") -> QuerySet[MergeException]:
    later = MergeException.objects.filter(
        round=OuterRef("round"), subject=OuterRef("subject"), code=OuterRef("code"), pk__gt=OuterRef("pk")
    )
    rows = MergeException.objects.filter(round=OuterRef("round"), subject=OuterRef("subject"), is_over=False)
    return rows.filter(~Exists(later), **({"code": code} if code else {}))


def _lines_elsewhere() -> QuerySet[DecisionStep]:
    """The approval of another decision that stands: of the household's closing steps the newest, and above 0."""
    final = (DecisionStep.Verb.APPROVE, DecisionStep.Verb.REFUSE, DecisionStep.Verb.WITHDRAW)
    later = DecisionStep.objects.filter(decision=OuterRef("decision"), verb__in=final, number__gt=OuterRef("number"))
    rows = DecisionStep.objects.filter(subject=OuterRef("subject"), verb=DecisionStep.Verb.APPROVE, amount__gt=0)
    return rows.filter(~Q(decision=OuterRef("pk")), ~Exists(later))


def above(limit: Decimal | None) -> Q:
    """Return the condition of a figure above an authority; None is without limit."""
    return Q(pk__in=()) if limit is None else Q(figure__gt=limit)


def with_figure(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Add the figure in hand: what was proposed or granted last, else what was computed."""
    return decisions.annotate(figure=Coalesce(F("last_amount"), F("proposed_amount")))


def branch_limit(rules: RoundRules) -> Decimal | None:
    """Return up to what amount a branch signs by the rules of a round; None is without limit, 0 when it signs nothing."""
    for band in rules.authority.bands:
        if band.level == PostKind.BRANCH_MANAGER:
            return band.upto
    return Decimal(0)


def condition(code: str, limit: Decimal | None) -> Q:
    """Return the condition of one of ``CODES``."""
    if code == "elsewhere":
        return Q(is_elsewhere=True)
    if code == "above_authority":
        return above(limit)
    return Q(Exists(_standing_notes(code)))


EXCEPTIONAL = Q(is_noted=True) | Q(is_elsewhere=True)
"""Decisions that are handled one by one, over the columns of ``with_exceptions``."""


def exceptional(decisions: Iterable[Any]) -> set[int]:
    """Return which of some decisions of rounds are handled one by one; one query."""
    wanted = Decision.objects.filter(pk__in=[one.pk for one in decisions])
    return set(with_exceptions(wanted).filter(EXCEPTIONAL).values_list("pk", flat=True))
