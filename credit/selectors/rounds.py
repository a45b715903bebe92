"""Rounds as cards of a board and as a village's page; sheets as their holder sees them.

Nothing here reads a draft or a blob: what is said of a sheet is its place, its people and whether it is sealed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from config.lib import clock
from config.lib.models import JobRun
from credit.access import in_hand, pages_for, sheets_of
from credit.domain.rules import RoundRules
from credit.models import Application, OpeningRequest, Round, Sheet, SheetPage, SheetSubject
from credit.pages import read_kept
from customers.selectors.assessment import Card, blocked_among, cards, roster_of
from grids.access import Grid, Post, Staff, grids_for, seats_on, staff_for
from grids.selectors.colleagues import colleagues_at

SHOWN_SEALED = (Sheet.State.SEALED,)
IN_USE = ~Q(sheets__state__in=(Sheet.State.WITHDRAWN, Sheet.State.EXCUSED))


@dataclass(frozen=True)
class SheetCount:
    """How many sheets of a round are sealed, of those that still count."""

    sealed: int
    whole: int

    @property
    def missing(self) -> int:
        """Sheets that count and are not sealed yet."""
        return self.whole - self.sealed


def with_counts(rounds: QuerySet[Round]) -> QuerySet[Round]:
    """Add how many sheets are sealed and how many count."""
    return rounds.annotate(
        sealed=Count("sheets", filter=Q(sheets__state=Sheet.State.SEALED)), sheets_in_use=Count("sheets", filter=IN_USE)
    )


def stage_options() -> list[tuple[str, Any]]:
    """Return the stages to choose from."""
    return list(Round.Stage.choices)


def free_grids(post: Post) -> list[tuple[int, str]]:
    """Return the villages and communities of a post without a running round, to choose from."""
    running = Round.objects.filter(parent__isnull=True).exclude(stage=Round.Stage.CLOSED).values("grid_id")
    rows = (
        grids_for(post)
        .filter(kind__in=(Grid.Kind.VILLAGE, Grid.Kind.COMMUNITY))
        .exclude(pk__in=running)
        .order_by("branch__path", "division_code")
        .values_list("pk", "name", "branch__name")
    )
    return [(pk, f"{name} · {branch}") for pk, name, branch in rows]


def covering_staff(grid: Grid) -> set[int]:
    """Return the officers who cover a village today: none of them assesses there."""
    return set(
        seats_on(clock.today())
        .filter(grid=grid, kind__covers=True, staff__isnull=False)
        .values_list("staff_id", flat=True)
    )


def typists_for(round: Round, by: Staff) -> list[tuple[int, str]]:
    """Return the staff who may type or confirm a paper sheet: the branch's officers and managers."""
    people = {person.pk: person for person in (*colleagues_at(round.grid, by), by)}
    return [(person.pk, str(person)) for person in sorted(people.values(), key=lambda one: one.number)]


def known_assessors(post: Post, round: Round) -> list[tuple[int, str]]:
    """Return people with a login who may assess: outside persons of the branch, and officers who do not cover the village."""
    people = staff_for(post).filter(is_active=True).exclude(pk__in=covering_staff(round.grid)).exclude(pk=post.staff_id)
    taken = Sheet.objects.filter(round=round).exclude(state=Sheet.State.WITHDRAWN).values_list("assessor_id", flat=True)
    day = clock.today()
    officers = people.filter(
        Q(posts__to_on__isnull=True) | Q(posts__to_on__gt=day), posts__kind="officer", posts__from_on__lte=day
    )
    outside = people.filter(kind=Staff.Kind.OUTSIDE)
    if round.parent_id:
        # Who had a part in the round, and whoever reads opinions at his post, has seen too much (lib.has_seen_nothing).
        family = Q(round=round.parent_id) | Q(round__parent=round.parent_id)
        parts = Sheet.objects.filter(family).values_list("assessor_id", "typist_id", "confirmer_id")
        seen = {person for part in parts for person in part}
        outside, officers = outside.exclude(pk__in=seen - {None}), officers.none()
    found = {person.pk: person for person in (*outside, *officers) if person.pk not in set(taken)}
    return [(person.pk, str(person)) for person in sorted(found.values(), key=lambda one: (one.kind, one.number))]


def colleague(post: Post, round: Round, pk: int) -> Staff | None:
    """Return a person out of those who may type or confirm."""
    allowed = {person.pk: person for person in (*colleagues_at(round.grid, post.staff), post.staff)}
    return allowed.get(pk)


def assessor(post: Post, round: Round, pk: int) -> Staff | None:
    """Return a person out of those with a login who may assess."""
    if pk not in {known for known, _ in known_assessors(post, round)}:
        return None
    return staff_for(post).filter(pk=pk).first()


@dataclass(frozen=True)
class Roster:
    """How many households a round is about (Semantics, section 1)."""

    households: int
    blocked: int

    @property
    def assessable(self) -> int:
        """Households that are assessed."""
        return self.households - self.blocked


def roster_count(round: Round) -> Roster:
    """Return the frozen roster of a started round, before that what it would be today."""
    if round.stage == Round.Stage.PREPARE:
        subjects = roster_of(round.grid_id)
        return Roster(len(subjects), len(blocked_among(subjects)))
    counted = SheetSubject.objects.filter(round=round).aggregate(
        households=Count("pk"), blocked=Count("pk", filter=Q(is_assessable=False))
    )
    return Roster(counted["households"], counted["blocked"])


def sheets_of_round(round: Round) -> list[Sheet]:
    """Return the sheets of a round by place, with their people."""
    sheets = Sheet.objects.filter(round=round).select_related("assessor", "typist", "confirmer", "ended_by")
    return list(sheets.order_by("number"))


def count_sheets(sheets: list[Sheet]) -> SheetCount:
    """Count sealed sheets among those that count."""
    whole = [sheet for sheet in sheets if sheet.state not in (Sheet.State.WITHDRAWN, Sheet.State.EXCUSED)]
    return SheetCount(sum(sheet.state == Sheet.State.SEALED for sheet in whole), len(whole))


def opening_request(round: Round) -> OpeningRequest | None:
    """Return the living request to open a round."""
    return (
        OpeningRequest.objects.filter(round=round, cancelled_at__isnull=True)
        .select_related("asked_by", "seconded_by")
        .first()
    )


def opening_run(round: Round) -> JobRun | None:
    """Return the newest run that opens a round."""
    return JobRun.objects.filter(kind="open_round", key=f"round-{round.pk}").order_by("-pk").first()


def rules_of(matter: Round | Application) -> RoundRules:
    """Return the frozen rules of a started round, or of an application."""
    return RoundRules.from_document(matter.settings)


# --- Paper sheets after the opening -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paper:
    """A paper sheet of an opened round: its place, its photos in order, or the reason why there are none."""

    number: int
    photos: tuple[UUID, ...]
    note: str


def has_papers(post: Post, round: Round) -> bool:
    """Whether a post may see photos of paper sheets of a round."""
    return pages_for(post).filter(sheet__round=round).exists()


def papers_of(post: Post, round: Round) -> list[Paper]:
    """Return the paper sheets of an opened round by place; nobody's name beside them, opinions carry none either."""
    rows = pages_for(post).filter(sheet__round=round).order_by("sheet__number", "place")
    photos: dict[int, list[UUID]] = {}
    notes: dict[int, str] = {}
    for number, kind, uuid in rows.values_list("sheet__number", "kind", "pk"):
        photos.setdefault(number, [])
        if kind == SheetPage.Kind.PHOTO:
            photos[number].append(uuid)
    for number, uuid, value in rows.filter(kind=SheetPage.Kind.NOTE).values_list("sheet__number", "pk", "value"):
        notes[number] = read_kept(uuid, value).decode()
    return [Paper(number, tuple(found), notes.get(number, "")) for number, found in photos.items()]


# --- The sheet in hand -------------------------------------------------------------------------------------------------


def my_sheets(staff: Staff) -> list[Sheet]:
    """Return the sheets a person has a part in, those in his hands first; ``held`` says which he can work on."""
    sheets = sheets_of(staff).select_related("round__grid__branch").defer("round__settings", "round__grid__boundary")
    held = set(sheets.filter(in_hand(staff)).values_list("pk", flat=True))
    rows = list(sheets.order_by("-round__started_at", "number"))
    for sheet in rows:
        sheet.held = sheet.pk in held and is_writable(sheet)  # type: ignore[attr-defined]
    return sorted(rows, key=lambda sheet: not sheet.held)  # type: ignore[attr-defined]


def is_writable(sheet: Sheet) -> bool:
    """Whether a sheet is still worked on: unsealed, in a round that is being assessed."""
    return sheet.round.stage == Round.Stage.ASSESS and sheet.state in (Sheet.State.OPEN, Sheet.State.TYPED)


def waiting_sheets(staff: Staff) -> int:
    """Return how many paper sheets wait for a member of staff to type or confirm."""
    return (
        sheets_of(staff)
        .filter(in_hand(staff), round__stage=Round.Stage.ASSESS, state__in=(Sheet.State.OPEN, Sheet.State.TYPED))
        .count()
    )


def rows_in_order(sheet: Sheet, subject_ids: list[int]) -> list[Card]:
    """Return the households of a sheet in its own order, drawn from the sheet's number.

    Tiredness at the end of the list thus meets other households on every sheet. A paper sheet is printed, typed and
    confirmed in the same order.
    """
    return in_order(sheet, cards(subject_ids).values())


def in_order(sheet: Sheet, found: Iterable[Card]) -> list[Card]:
    """Return households in the order of a sheet."""
    seed = sheet.uuid.bytes
    return sorted(found, key=lambda card: sha256(seed + card.subject_id.to_bytes(8, "big")).digest())


def is_due(round: Round, on: date | None = None) -> bool:
    """Whether the due date of a round has passed."""
    return round.due_on < (on or clock.today())
