"""The board of all villages: stages with their rounds, what keeps each from the next one, plan against done, and what this week asks.

It is read by a fixed number of queries: a bank of four thousand villages sees a few cards of each stage, and pages of one stage.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from config.lib import clock
from config.lib.weeks import SHANGHAI, Week
from credit.access import rounds_for
from credit.models import Round, Sheet
from credit.selectors.preparing import progress_of
from credit.selectors.stages import Blocker, blockers, day_of_stage, with_due
from grids.access import Post

FIRST = 6
"""Cards of a stage on the whole board; the rest is on the stage's own page."""
PAGE = 24


@dataclass(frozen=True)
class Card:
    """One village: its round, the day in its stage, sheets sealed of those that count, plan against done, what is missing."""

    round: Any
    days: int
    is_late: bool
    sealed: int
    sheets: int
    progress: dict[str, int] | None
    blockers: list[Blocker]


@dataclass(frozen=True)
class Wanted:
    """What a board is asked for: one branch, one stage, the rounds of this week or late ones, closed ones too."""

    branch_id: int | None = None
    stage: str = ""
    when: str = ""
    closed: bool = False


def found(post: Post, wanted: Wanted) -> QuerySet[Any]:
    """Return the rounds of a board, those due first; supplements belong to their round and are left out."""
    rounds = with_due(rounds_for(post).filter(parent__isnull=True))
    if wanted.branch_id is not None:
        rounds = rounds.filter(grid__branch_id=wanted.branch_id)
    if not wanted.closed and wanted.stage != Round.Stage.CLOSED:
        rounds = rounds.exclude(stage=Round.Stage.CLOSED)
    if wanted.when == "week":
        rounds = rounds.filter(_this_week())
    elif wanted.when == "late":
        rounds = rounds.filter(_late())
    return rounds


def _late() -> Q:
    return Q(stage_due__lt=clock.today()) & ~Q(stage=Round.Stage.CLOSED)


def _this_week() -> Q:
    """Rounds that are due by Sunday, or came into their stage since Monday."""
    week = Week.containing(clock.today())
    return Q(stage_due__lte=week.last_day) | Q(stage_since__gte=_monday(week))


def _monday(week: Week) -> Any:
    return datetime.combine(week.first_day, time.min, SHANGHAI)


def counts(post: Post, wanted: Wanted) -> dict[str, int]:
    """Return how many rounds stand in each stage; one query."""
    rows = found(post, wanted).order_by().values_list("stage").annotate(count=Count("pk"))
    return dict(rows)


def week_of(post: Post, branch_id: int | None) -> dict[str, int]:
    """Return how many rounds came into their stage this week, are due by its end, and are late; one query."""
    week = Week.containing(clock.today())
    rounds = found(post, Wanted(branch_id=branch_id, closed=True)).order_by()
    running = ~Q(stage=Round.Stage.CLOSED)
    return rounds.aggregate(
        moved=Count("pk", filter=Q(stage_since__gte=_monday(week))),
        due=Count("pk", filter=running & Q(stage_due__gte=clock.today(), stage_due__lte=week.last_day)),
        late=Count("pk", filter=_late()),
    )


def columns(post: Post, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the stages in order, each with its first cards and how many there are."""
    whole = counts(post, wanted)
    place = Window(RowNumber(), partition_by=F("stage"), order_by=[F("stage_due").asc(nulls_last=True), F("pk").asc()])
    rounds = found(post, wanted).annotate(place=place).filter(place__lte=FIRST).order_by("place")
    shown: dict[str, list[Card]] = {}
    for card in cards(list(_named(rounds))):
        shown.setdefault(card.round.stage, []).append(card)
    return [
        {
            "stage": stage,
            "label": label,
            "count": whole.get(stage, 0),
            "cards": shown.get(stage, []),
            "more": max(0, whole.get(stage, 0) - FIRST),
        }
        for stage, label in Round.Stage.choices
        if wanted.closed or stage != Round.Stage.CLOSED
    ]


def page_of(post: Post, wanted: Wanted, number: str | None) -> tuple[Page[Any], list[Card]]:
    """Return one page of the rounds of one stage."""
    rounds = found(post, wanted).filter(stage=wanted.stage).order_by(F("stage_due").asc(nulls_last=True), "pk")
    page = Paginator(_named(rounds), PAGE).get_page(number)
    return page, cards(list(page.object_list))


def _named(rounds: QuerySet[Any]) -> QuerySet[Any]:
    return rounds.select_related("grid__branch").defer("grid__boundary", "provenance")


def cards(rounds: list[Any]) -> list[Card]:
    """Return rounds as cards; as many queries for a page as for one of each stage."""
    states = Q(state__in=(Sheet.State.WITHDRAWN, Sheet.State.EXCUSED))
    asked = [round for round in rounds if round.stage in (*Round.BEFORE_ASSESSMENT, Round.Stage.ASSESS)]
    sheets: dict[int, tuple[int, int]] = {}
    rows = Sheet.objects.filter(round__in=asked).order_by().values_list("round_id")
    counted = rows.annotate(
        count_sealed=Count("pk", filter=Q(state=Sheet.State.SEALED)), count_whole=Count("pk", filter=~states)
    )
    for pk, sealed, whole in counted:
        sheets[pk] = (sealed, whole)
    plans, missing, today = progress_of(asked), blockers(rounds), clock.today()
    return [
        Card(
            round=round,
            days=day_of_stage(round),
            is_late=round.stage_due is not None and round.stage_due < today and round.stage != Round.Stage.CLOSED,
            sealed=sheets.get(round.pk, (0, 0))[0],
            sheets=sheets.get(round.pk, (0, 0))[1],
            progress=plans.get(round.pk),
            blockers=missing.get(round.pk, []),
        )
        for round in rounds
    ]
