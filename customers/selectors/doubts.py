"""Amounts of a file worth a second look before it is stored: slips of the finger, and what does not go with its quantity."""

from collections.abc import Collection
from typing import Any

from customers.domain import prices
from customers.domain.diff import compare
from customers.domain.economics import Problem
from customers.domain.form import Form
from customers.domain.slips import slips
from customers.selectors.prices import prices_of
from customers.selectors.visits import Former


def doubts(
    institution_id: int, form: Form, document: dict[str, Any], former: Former, quiet: Collection[str]
) -> list[Problem]:
    """Ask about amounts that look like slips beside the file last accepted or lie far from the reference price of their quantity,
    but for the paths that were confirmed or are asked about anyway; what the newest revision says as well was answered then."""
    asked = set(quiet)
    found = slips(form, former.base.document, document, asked) if former.base is not None else []
    if any(row.get("quantity") for row in document.get(prices.SECTION, ())):
        found += prices.outside(document, prices_of(institution_id), asked | {one.path for one in found})
    newest = former.newest if found else None
    if newest is None:
        return found
    said = {row.path for row in compare(form, newest.document, document) if row.change == "same"}
    return [one for one in found if one.path not in said]
