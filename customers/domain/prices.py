"""Reference prices: what one unit of an asset is usually worth in the county, to set an amount beside its quantity (Semantics, section 3).

An amount outside the range is asked about once and never refused: some houses are worth more than the list thinks.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from customers.domain.catalogue import Words
from customers.domain.economics import Problem

KIND: Final = "price_list"
SECTION: Final = "assets"


@dataclass(frozen=True, slots=True)
class Price:
    """The usual range of one unit of a kind of asset, in yuan, both ends included."""

    unit: Words
    low: Decimal
    high: Decimal


def read(document: Mapping[str, Any]) -> dict[str, Price]:
    """Return the prices by the kind of asset."""
    return {
        row["kind"]: Price(Words(row["unit_zh"], row["unit_en"]), Decimal(row["low"]), Decimal(row["high"]))
        for row in document["prices"]
    }


def outside(document: Mapping[str, Any], prices: Mapping[str, Price], quiet: Collection[str] = ()) -> list[Problem]:
    """Return a question for every asset of a canonical document whose worth a unit lies outside its range, but for paths that
    were confirmed or are asked about anyway."""
    found = []
    for place, row in enumerate(document.get(SECTION, ())):
        price, path = prices.get(row.get("kind", "")), f"{SECTION}.{place}.current"
        amount, quantity = _positive(row.get("current")), _positive(row.get("quantity"))
        if price is None or not amount or not quantity or path in quiet:
            continue
        if price.low * quantity <= amount <= price.high * quantity:
            continue
        usual = f"{price.low:,.0f}–{price.high:,.0f}"
        name = Words(f"每{price.unit.zh} {usual} 元", f"{usual} yuan a {price.unit.en}")
        found.append(Problem(path, "price_unusual", f"{amount / quantity:,.0f}", "question", name))
    return found


def _positive(text: Any) -> Decimal:
    """What a field holds as a number; 0 where it says nothing."""
    try:
        return max(Decimal(str(text)), Decimal(0))
    except InvalidOperation:
        return Decimal(0)
