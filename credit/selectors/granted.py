"""The lines rounds have granted, as they stand: what is publicised, signed and reported. Nobody else works this out anew."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Subquery

from config.lib.models import Release
from credit.domain.model.document import Choice
from credit.models import Decision, DecisionStep, LineResult, Round
from credit.selectors.decisions import where, with_standing
from credit.selectors.lines import model_of
from customers.selectors.assessment import blocked_among


@dataclass(frozen=True)
class Granted:
    """One household's line by a decision of the round, in yuan; ``grade`` is None where the decision rests on no graded result."""

    subject_id: int
    decision_id: int
    amount: Decimal
    grade: Choice | None
    approved_at: datetime


def granted_of(round: Round) -> list[Granted]:
    """Return what a round has granted and holds still, by household: approved above 0, not withdrawn, not blocked now
    (Semantics, sections 2 and 6). Five queries, whatever the size."""
    return granted_in([round.pk])[round.pk]


def granted_in(rounds: Collection[int]) -> dict[int, list[Granted]]:
    """Return the same of many rounds at once, by the round's id."""
    last = DecisionStep.objects.filter(decision=OuterRef("pk")).order_by("-number").values("taken_at")[:1]
    decisions: Any = with_standing(Decision.objects.filter(round__in=rounds)).filter(where("granted"))
    rows = list(
        decisions.annotate(approved_at=Subquery(last))
        .order_by("round_id", "subject_id")
        .values_list("round_id", "line_result_id", "subject_id", "pk", "last_amount", "approved_at")
    )
    blocked = blocked_among(subject for _round, _result, subject, *_rest in rows)
    grades = _grades(result for _round, result, *_rest in rows if result is not None)
    found: dict[int, list[Granted]] = {pk: [] for pk in rounds}
    for round_id, result, subject, decision, amount, at in rows:
        if subject not in blocked:
            found[round_id].append(Granted(subject, decision, amount, grades.get(result), at))
    return found


def _grades(results: Iterable[int]) -> dict[int, Choice]:
    """Return the grades of results, in the words of the model each was computed with."""
    rows = LineResult.objects.filter(pk__in=list(results), grade_place__isnull=False)
    placed = list(rows.values_list("pk", "grade_place", "run__model_id"))
    models = {pk: model_of(release) for pk, release in Release.objects.in_bulk({pk for *_rest, pk in placed}).items()}
    found: dict[int, Choice] = {}
    for result, place, model in placed:
        grade = models[model].grade
        if grade is not None and place is not None:
            level = grade.levels[place]
            found[result] = Choice(level.code, level.label)
    return found
