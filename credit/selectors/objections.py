"""Objections to the notices of a round, as everybody of the village's posts may read them: without who objected."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from config.lib import clock
from credit.domain.notices import NoticeRules, Term
from credit.models import Notice, NoticeRow, Objection, Round, SheetSubject
from credit.selectors.notices import rules_of_notice
from customers.selectors.assessment import Card, cards
from customers.selectors.naming import named_by

STATES: dict[str, Any] = {
    "received": _("待接手"),
    "in_hand": _("办理中"),
    "upheld": _("成立"),
    "dismissed": _("不成立"),
}
TONES = {"received": "wait", "in_hand": "wait", "upheld": "yellow", "dismissed": "neutral"}


def is_listed(round_id: int, subject_id: int) -> bool:
    """Whether a household is on the roster of a round."""
    return SheetSubject.objects.filter(round_id=round_id, subject_id=subject_id).exists()


def subject_at(notice: Notice, place: int | None, number: str) -> int | None:
    """Return the household at a place of a notice, or with a household number on the roster of its round; None where there is none."""
    if place is not None:
        return NoticeRow.objects.filter(notice=notice, place=place).values_list("subject_id", flat=True).first()
    listed = SheetSubject.objects.filter(round_id=notice.round_id).values_list("subject_id", flat=True)
    return next((pk for pk, named in named_by(listed).items() if named.number == number), None)


@dataclass(frozen=True)
class ObjectionLine:
    """One objection of a list: what it is about, where it stands, and until when it is to be settled."""

    objection: Objection
    card: Card | None
    kind: str
    state: str
    label: Any
    tone: str
    is_late: bool


def state_of(objection: Objection) -> str:
    """Return where an objection stands."""
    return objection.outcome or ("in_hand" if objection.settler_id else "received")


def kind_of(objection: Objection, rules: NoticeRules, language: str) -> str:
    """Return what an objection is about, in words."""
    return (rules.kind(objection.kind) or Term(objection.kind, objection.kind, objection.kind)).text(language)


def is_late(objection: Objection, today: date | None = None) -> bool:
    """Whether an objection is past its day and not settled."""
    return not objection.outcome and objection.due_on < (today or clock.today())


def lines(rows: Collection[Objection], language: str, today: date | None = None) -> list[ObjectionLine]:
    """Return objections of ``objections_of`` as rows of a list; one query."""
    called, today = cards(row.subject_id for row in rows), today or clock.today()
    return [
        ObjectionLine(
            row,
            called.get(row.subject_id),
            kind_of(row, rules_of_notice(row.notice), language),
            state := state_of(row),
            STATES[state],
            TONES[state],
            is_late(row, today),
        )
        for row in rows
    ]


def objections_of(round: Round) -> QuerySet[Objection]:
    """Return the objections of a round, open ones first."""
    rows = Objection.objects.filter(notice__round=round).select_related("notice__rules", "received_by", "settler")
    return rows.order_by(F("settled_at").desc(nulls_first=True), "due_on", "pk")
