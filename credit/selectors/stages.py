"""What stands in the way of a round's next stage, and how long each stage took. The board and the step itself read the same list.

A gate looks at many rounds at once, so that a board of four thousand villages asks as often as one village does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, DateField, F, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.module_loading import autodiscover_modules

from config.lib import clock
from config.lib.weeks import business_day
from credit.domain import stages
from credit.models import Round, RoundStage


@dataclass(frozen=True)
class Blocker:
    """One thing that keeps a round from its next stage: in words, how many of it, and the page where it is settled."""

    code: str
    words: str
    count: int
    url: str


Gate = Callable[[Sequence[Round]], Mapping[int, Blocker]]
"""Answers for many rounds at once: the blocker of each round that has one, by the round's id; one query for all."""

GATES: dict[tuple[str, str], list[Gate]] = {}


def gate(*moves: tuple[str, str]) -> Callable[[Gate], Gate]:
    """Register a gate before these moves; an app keeps its gates in ``selectors/gates*.py``, named in ``selectors/gates.py``."""
    unknown = set(moves) - stages.MOVES
    if unknown:
        raise ValueError(f"no such move: {sorted(unknown)}")

    def register(found: Gate) -> Gate:
        for move in moves:
            GATES.setdefault(move, []).append(found)
        return found

    return register


def onward(stage: str) -> str:
    """Return the stage a round goes to next by hand, "" where others lead it or it is over."""
    order = [to for to in stages.STAGES if (stage, to) in stages.BY_HAND]
    return order[0] if order else ""


def blockers(rounds: Iterable[Round], to: str = "") -> dict[int, list[Blocker]]:
    """Return what keeps each round from ``to``, or from its own next stage; as many queries for a thousand rounds as for one."""
    autodiscover_modules("selectors.gates")
    by_move: dict[tuple[str, str], list[Round]] = {}
    for round in rounds:
        by_move.setdefault((round.stage, to or onward(round.stage)), []).append(round)
    found: dict[int, list[Blocker]] = {}
    for move, waiting in by_move.items():
        for one in GATES.get(move, ()):
            for pk, blocker in one(waiting).items():
                found.setdefault(pk, []).append(blocker)
    return found


# --- Days ---------------------------------------------------------------------------------------------------------------


def with_due(rounds: QuerySet[Round]) -> QuerySet[Any]:
    """Add ``stage_due``: the day by which the present stage is to be done, None where nobody set one."""
    own = RoundStage.objects.filter(round=OuterRef("pk"), stage=OuterRef("stage")).values("due_on")[:1]
    assessed = Case(
        When(stage__in=(*stages.BEFORE_ASSESSMENT, stages.ASSESS), then=F("due_on")), output_field=DateField()
    )
    return rounds.annotate(stage_due=Coalesce(Subquery(own), assessed))


def times_of(round: Round) -> dict[str, RoundStage]:
    """Return what is known of each stage of a round: entered, left, who sees to it and by when."""
    return {row.stage: row for row in RoundStage.objects.filter(round=round).select_related("owner")}


def day_of_stage(round: Round) -> int:
    """Return the how-manieth day a round is in its stage, the first day being 1."""
    return (clock.today() - business_day(round.stage_since)).days + 1


def due_of(round: Round, times: Mapping[str, RoundStage], stage: str) -> date | None:
    """Return the day a stage is to be done by; the assessment's is the round's own."""
    if stage == stages.ASSESS:
        return round.due_on
    return times[stage].due_on if stage in times else None
