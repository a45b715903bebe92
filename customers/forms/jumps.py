"""Figures that moved suddenly while a visit is typed: asked for at the end of the page, with the proof that helps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from customers.domain.diff import TOTALS as TOTAL_WORDS
from customers.domain.form import Form
from customers.domain.form.definition import TOTALS
from customers.domain.guard import FIGURES
from customers.domain.moved import PARTS
from customers.forms.items import Rows, language
from customers.selectors.changes import Watch

MOST_PROOFS = 3


@dataclass(frozen=True)
class Jump:
    """One watched figure as the script reads it: ``sum`` over the page, ``rows`` the section behind it, and how far it may move."""

    figure: str
    label: str
    sum: str
    rows: str
    before: Decimal
    percent: Decimal
    floor: Decimal
    help: str


def jumps_of(definition: Form | None, watch: Mapping[str, Watch]) -> list[Jump]:
    """Return the figures to watch on a page, those its form asks."""
    if definition is None:
        return []
    by_place = {section.at: section.code for section in definition.lists()}
    helpful = {
        "assets": _("购房合同、行驶证、存款凭证等"),
        "liabilities": _("借款合同、结清证明等"),
        "net_income": _("银行流水、收购或用工合同等"),
        "expenses": _("发票、学费或医疗单据等"),
    }
    return [
        Jump(
            one.figure,
            TOTAL_WORDS[one.figure].label(language()),
            TOTALS[one.figure],
            by_place[PARTS[one.figure][0]],
            one.before,
            one.percent,
            one.floor,
            helpful[one.figure],
        )
        for one in (watch[figure] for figure in FIGURES if figure in watch)
        if PARTS[one.figure][0] in by_place
    ]


def item_named(definition: Form | None, rows: Mapping[str, Rows], figure: str, chosen: str) -> str:
    """Return the place in the document of the row a proof is about ("assets.0"), "" for the figure as a whole."""
    section = next((one for one in definition.lists() if one.at == PARTS[figure][0]), None) if definition else None
    if section is None or section.code not in rows:
        return ""
    prefixes = [row.prefix for row in rows[section.code].kept()]
    wanted = f"{section.code}-{chosen}"
    return f"{section.at}.{prefixes.index(wanted)}" if wanted in prefixes else ""


def figures_sent(names: Iterable[Any]) -> list[str]:
    """Return the figures for which proof was sent."""
    sent = set(names)
    return [figure for figure in FIGURES if f"proof-{figure}" in sent]
