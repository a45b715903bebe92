"""What changed parameters do to a frozen population, seen while they are moved: the spread and who moves, kept nowhere.

A trial (``services.trials``) finds far more and is kept with who made it; this is the glance before it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from config.lib.display import number, wan
from credit.domain.laboratory import distribution, moves, width_for
from credit.domain.model import BoundModel, ParameterError
from credit.domain.model.batch import TooWide, compile_model
from credit.domain.population import BLOCK
from credit.models import Population
from credit.selectors.comparing import SIDES, Side, names_of, record_of, refusal_of, spread_chart
from credit.selectors.populations import facts_of

MOST_BLOCKS: Final = 25
"""Blocks looked at, 102,400 households: a population is kept in a random order, so the first of it stand for the rest."""


@dataclass(frozen=True)
class Preview:
    """The spread for the tag ``chart`` and the moves in a sentence, of so many ``households``; or why there is none (``refused``)."""

    households: int = 0
    is_part: bool = False
    said: str = ""
    chart: dict[str, Any] | None = None
    refused: str = ""


def preview(population: Population, before: Side, after: Side) -> Preview:
    """Compare two texts on the first households of a population; nothing is written."""
    households = min(population.households, MOST_BLOCKS * BLOCK)
    facts = facts_of(population, before.model, after.model, blocks=range(MOST_BLOCKS))
    try:
        old, new = (
            compile_model(BoundModel(side.model, side.parameters)).evaluate(known, households)
            for side, known in zip((before, after), facts, strict=True)
        )
    except (TooWide, ParameterError) as error:
        return Preview(refused=refusal_of(error))
    width = width_for(old, new)
    figures = {side: record_of(distribution(batch, width)) for side, batch in zip(SIDES, (old, new), strict=True)}
    (whole,) = moves(old, new)
    return Preview(
        households=households,
        is_part=households < population.households,
        said=_("%(households)s 户中升 %(up)s 户，降 %(down)s 户；合计 %(before)s → %(after)s") % {
            "households": number(households),
            "up": number(whole.up + whole.gained),
            "down": number(whole.down + whole.lost),
            "before": wan(Decimal(whole.before)),
            "after": wan(Decimal(whole.after)),
        },
        chart=spread_chart(names_of({"before": before.named(), "after": after.named()}), figures),
    )  # fmt: skip
