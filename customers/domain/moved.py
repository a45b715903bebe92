"""Which items moved a watched figure, and by how much: what an officer is asked to prove, and a second person looks at."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from customers.domain.diff import compare
from customers.domain.form.definition import Form

PARTS: Final[Mapping[str, tuple[str, Mapping[str, int]]]] = {
    "assets": ("assets", {"current": 1}),
    "liabilities": ("liabilities", {"outstanding": 1}),
    "net_income": ("income", {"gross": 1, "cost": -1}),
    "expenses": ("expenses", {"amount": 1}),
}
"""The list of the document behind each watched figure (``guard.FIGURES``), and how its amounts add to it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One item that moved a figure by ``change`` yuan; ``path`` its place in the newer document ("assets.0"), "" for one taken out."""

    path: str
    label: str
    change: Decimal


def moved(
    figure: str,
    form: Form,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    before_form: Form | None = None,
    language: str = "zh",
) -> list[Moved]:
    """Return the items by which a figure moved between two documents, the largest first; their changes add up to that of the figure."""
    at, amounts = PARTS[figure]
    found: dict[tuple[str, str, str, int], list[Any]] = {}
    gone = 0
    for row in compare(form, before, after, before_form):
        if row.section != at or row.field not in amounts:
            continue
        path = row.path.rpartition(".")[0]
        if not path and row.field == next(iter(amounts)):
            gone += 1
        name = row.item_words.label(language) if row.item_words is not None else row.item
        key = (path, row.item, row.note, 0 if path else gone)
        label = "·".join(part for part in (name, row.note) if part)
        kept = found.setdefault(key, [label, Decimal(0)])
        kept[1] += amounts[row.field] * (row.delta or Decimal(0))
    items = [Moved(key[0], label, change) for key, (label, change) in found.items() if change]
    return sorted(items, key=lambda one: (-abs(one.change), one.path, one.label))
