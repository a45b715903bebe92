"""The list of a round as its page shows it: who is assessed, who is not and why, whose borrower is missing, what changed since."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from credit.models import Round, SheetSubject
from customers.selectors.assessment import Card, cards
from customers.selectors.rosters_of_rounds import is_blocked, joined_since, names_of_people

PAGE = 50
SHOWS: dict[str, tuple[Any, Q]] = {
    "all": (_("全部"), Q()),
    "open": (_("待核实借款人"), Q(is_assessable=True, borrower__isnull=True, exception="")),
    "assessable": (_("可评议"), Q(is_assessable=True)),
    "blocked": (_("名单户"), Q(excluded_because__in=SheetSubject.LISTED)),
    "attention": (_("关注"), Q(is_attention=True)),
    "white": (_("白名单"), Q(is_white=True)),
    "excepted": (_("例外"), ~Q(exception="")),
    "left": (_("已离册"), Q(excluded_because=SheetSubject.Excluded.LEFT)),
}
"""The views of a list: their names and what they hold."""


@dataclass(frozen=True)
class Line:
    """One household of the list, called by its card, with its borrower's name."""

    row: SheetSubject
    card: Card | None
    borrower: str


def counts(round: Round) -> dict[str, int]:
    """Return how many households each view holds; one query."""
    found = SheetSubject.objects.filter(round=round).aggregate(
        **{f"of_{name}": Count("pk", filter=rule) if rule else Count("pk") for name, (_label, rule) in SHOWS.items()}
    )
    return {name: found[f"of_{name}"] for name in SHOWS}


def page_of(round: Round, show: str, number: str | None) -> tuple[Page[SheetSubject], list[Line]]:
    """Return one page of a view, those with an open question first, then by household number."""
    rows = SheetSubject.objects.filter(SHOWS[show][1], round=round).select_related("subject__household")
    rows = rows.defer("subject__created_at").order_by("subject__household__number", "pk")
    page = Paginator(rows, PAGE).get_page(number)
    return page, lines(list(page.object_list))


def lines(rows: Sequence[SheetSubject]) -> list[Line]:
    """Return rows with how their households and borrowers are called; two queries."""
    called = cards(row.subject_id for row in rows)
    names = names_of_people(row.borrower_id for row in rows if row.borrower_id)
    return [Line(row, called.get(row.subject_id), names.get(row.borrower_id or 0, "")) for row in rows]


def open_row(round: Round, subject_id: int) -> SheetSubject:
    """Return one household of a round's list, or raise Http404."""
    row = SheetSubject.objects.filter(round=round, subject_id=subject_id).first()
    if row is None:
        raise Http404
    return row


def without_borrower(rounds: Sequence[Round]) -> dict[int, int]:
    """Return of each round how many assessable households have neither a borrower of age nor a named exception."""
    return _by_round(SheetSubject.objects.filter(SHOWS["open"][1], round__in=rounds))


def changed_since(rounds: Sequence[Round]) -> dict[int, int]:
    """Return of each round how many households joined, left, were blocked or freed since its list was read; two queries for all."""
    listed = SheetSubject.objects.filter(round__in=rounds)
    left = Q(subject__left_on__isnull=False) & ~Q(excluded_because=SheetSubject.Excluded.LEFT)
    marked = Q(now=True) & ~Q(excluded_because__in=(*SheetSubject.LISTED, SheetSubject.Excluded.LEFT))
    freed = Q(now=False, excluded_because__in=SheetSubject.LISTED)
    found = _by_round(listed.annotate(now=is_blocked()).filter(left | marked | freed))
    joined = joined_since((round.grid_id for round in rounds), listed.values("subject_id"))
    for round in rounds:
        if joined.get(round.grid_id):
            found[round.pk] = found.get(round.pk, 0) + joined[round.grid_id]
    return found


def _by_round(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.order_by().values_list("round_id").annotate(count=Count("pk")))
