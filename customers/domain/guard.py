"""Sudden changes between revisions of a file (突变): which figures moved further than the bank has released (Domain, section 12.3).

A figure is compared with the trusted revisions submitted within the window before it, the newest first: so that a rise in small
steps is seen as well. A revision on which a change of the figure was proved ends the look back, since from there on the new
level is the known one. A change is sudden when it reaches the floor in yuan **and** exceeds the share of the former amount;
exactly the share passes, and so does every change below the floor. From 0 every change that reaches the floor is sudden (it has
no share), and to 0 is a change of 100 %. A negative net income counts by its size.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

FIGURES: Final = ("assets", "liabilities", "net_income", "expenses")
"""The figures that are watched; the names are those of the generated columns of a profile."""
PROOFS: Final = ("photo", "document")
LONGEST_WINDOW: Final = 3660
MOST_DAYS: Final = 60


@dataclass(frozen=True, slots=True)
class Limit:
    """How far a figure may move: ``percent`` of the former amount; ``floor`` in yuan, below which nothing is asked."""

    percent: Decimal
    floor: Decimal


@dataclass(frozen=True, slots=True)
class Limits:
    """The released thresholds. ``due_days``: working days until a change is to be proved and confirmed."""

    window_days: int
    due_days: int
    figures: Mapping[str, Limit]


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision by its watched figures in yuan; ``proved``: figures whose sudden change on it was confirmed."""

    key: int
    at: datetime
    amounts: Mapping[str, Decimal]
    proved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that moved too far, and from which revision."""

    figure: str
    before: Decimal
    after: Decimal
    base: int


def read(document: Mapping[str, Any]) -> Limits:
    """Return the thresholds of a released document."""
    return Limits(
        window_days=int(document["window_days"]),
        due_days=int(document["due_working_days"]),
        figures={
            name: Limit(Decimal(str(one["percent"])), Decimal(str(one["floor"])))
            for name, one in document["figures"].items()
        },
    )


def problems(document: Any) -> list[tuple[str, str]]:
    """Return what keeps a document from being released: place and code. Codes: shape, window, due, figure, percent, floor."""
    figures = document.get("figures") if isinstance(document, dict) else None
    if not isinstance(figures, dict) or not all(isinstance(one, dict) for one in figures.values()):
        return [("", "shape")]
    found = []
    for name, most, code in (("window_days", LONGEST_WINDOW, "window"), ("due_working_days", MOST_DAYS, "due")):
        value = document.get(name)
        if type(value) is not int or not 1 <= value <= most:
            found.append((name, code))
    for name, one in figures.items():
        where = f"figures.{name}"
        if name not in FIGURES:
            found.append((where, "figure"))
        found += [(f"{where}.{part}", part) for part in ("percent", "floor") if not _is_amount(one.get(part))]
    return found


def _is_amount(value: Any) -> bool:
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return False
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return False
    return amount.is_finite() and Decimal(0) <= amount <= Decimal(100_000_000)


def is_sudden(before: Decimal, after: Decimal, limit: Limit) -> bool:
    """Tell whether a figure moved further than is let pass without proof; exact, nothing is rounded."""
    change = abs(after - before)
    return change >= limit.floor and change * 100 > limit.percent * abs(before)


def sudden_changes(revision: Revision, earlier: Iterable[Revision], limits: Limits) -> list[Change]:
    """Return the sudden changes of a revision against the trusted ones before it, in the order of FIGURES.

    ``earlier`` may come in any order and hold revisions outside the window. The newest revision against which a figure moved too
    far is its base.
    """
    since = revision.at - timedelta(days=limits.window_days)
    looked_at: Sequence[Revision] = sorted(
        (one for one in earlier if since <= one.at <= revision.at and one.key != revision.key),
        key=lambda one: (one.at, one.key),
        reverse=True,
    )
    found = []
    for name in FIGURES:
        limit = limits.figures.get(name)
        if limit is None:
            continue
        after = revision.amounts[name]
        for base in looked_at:
            if is_sudden(base.amounts[name], after, limit):
                found.append(Change(name, base.amounts[name], after, base.key))
                break
            if name in base.proved:
                break
    return found
