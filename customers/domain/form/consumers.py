"""Who reads which answers of a file, so that a form says so before a field is changed: apps above register, this one asks.

Places are those of a file: ``assets.current``, ``performance.status``, ``judgement``.
"""

from collections.abc import Iterator

from config.lib.tables import Words
from customers.domain import catalogue
from customers.domain.form.definition import Form

_READERS: dict[str, list[Words]] = {}


def reads(who: Words, *places: str) -> None:
    """Say that somebody reads these places of a file."""
    for place in places:
        held = _READERS.setdefault(place, [])
        if who not in held:
            held.append(who)


def readers(place: str) -> list[Words]:
    """Return who reads a place of a file."""
    return list(_READERS.get(place, ()))


def unasked(before: Form, after: Form) -> list[tuple[catalogue.Words, list[Words]]]:
    """Return the questions somebody reads that a form no longer asks, with their readers, who find nothing there from then on."""
    kept = {place for place, _words in _places(after)}
    return [(words, readers(place)) for place, words in _places(before) if place not in kept and readers(place)]


def _places(form: Form) -> Iterator[tuple[str, catalogue.Words]]:
    for section in form.sections:
        for field in section.fields:
            yield (field.at if section.shape == "answers" else f"{section.at}.{field.code}"), field.words


reads(
    Words("合计", "totals"),
    "assets.current",
    "assets.disposable",
    "liabilities.outstanding",
    "guarantees.amount",
    "income.gross",
    "income.cost",
    "expenses.amount",
)
