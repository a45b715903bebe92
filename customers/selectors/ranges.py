"""What is usual in a village: the middle half of its checked households, to set an entry beside while it is typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from config.lib import clock, releases
from config.lib.money import yuan

KIND = "typing_checks"
FIGURES = ("assets", "liabilities", "net_assets", "gross_income", "net_income", "expenses", "surplus")

# The newest accepted revision of every household of a grid; the quartiles are those of continuous interpolation.
_QUARTILES = """
    select count(*), {columns}
    from (
        select distinct on (file.subject_id) {figures}
        from customers_profile as file
        join customers_profilecheck as done on done.profile_id = file.id and done.verdict = 'accepted'
        where file.grid_id = %(grid)s and file.subject_id <> %(subject)s
        order by file.subject_id, file.number desc
    ) as newest
"""


@dataclass(frozen=True)
class Range:
    """The middle half of a village in yuan: a quarter of ``households`` lies below ``low``, a quarter above ``high``.

    What lies above ``far`` is several times what most households have and worth a second look; it is never refused.
    """

    low: Decimal
    high: Decimal
    far: Decimal
    households: int


def ranges_of(institution_id: int, grid_id: int, subject_id: int) -> Mapping[str, Range]:
    """Return the middle ranges of a grid's checked households, this one left out; empty while too few are checked.

    How many are enough, and from which multiple of the upper quartile on an entry stands out, is released ("typing_checks").
    """
    try:
        rules: dict[str, Any] = releases.in_force(institution_id, KIND, clock.today()).document
    except releases.NotReleased:
        return {}
    columns = ", ".join(f"percentile_cont(array[0.25, 0.75]) within group (order by newest.{name})" for name in FIGURES)
    with connection.cursor() as cursor:
        figures = ", ".join(f"file.{name}" for name in FIGURES)
        cursor.execute(_QUARTILES.format(columns=columns, figures=figures), {"grid": grid_id, "subject": subject_id})
        households, *quartiles = cursor.fetchone()
    if households < rules["least_households"]:
        return {}
    ratio = Decimal(rules["village_ratio"])
    return {
        name: Range(yuan(str(round(low))), yuan(str(round(high))), yuan(str(round(high))) * ratio, households)
        for name, (low, high) in zip(FIGURES, quartiles, strict=True)
    }
