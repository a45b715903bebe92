"""The report of a village at the close of its round: what was counted, by which denominators, how far the assessors agreed.

A document of plain values, so that it can be kept and never moves: codes and figures, references to households, no names of them.
Amounts in yuan. Framework-free.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any

from config.lib.ratios import Ratio
from config.lib.weeks import business_day, working_days

FORMAT = 1

COVERAGE: tuple[tuple[str, str], ...] = (
    ("assessed", "assessable"),
    ("granted", "roster"),
    ("granted", "assessable"),
    ("granted", "assessed"),
    ("publicised", "granted"),
    ("signed", "granted"),
    ("carded", "granted"),
    ("drawn", "granted"),
)
"""Every ratio of the report: part and denominator. One whose part nobody counts yet is left out."""


@dataclass(frozen=True)
class Band:
    """Lines above ``above`` up to and including ``upto`` (None: without limit): households and their amounts."""

    above: Decimal
    upto: Decimal | None
    households: int
    amount: Decimal


def banded(amounts: Iterable[Decimal], limits: Sequence[Decimal]) -> list[Band]:
    """Return amounts by band; a limit belongs to the band below it (Semantics, section 9), and every amount to exactly one."""
    found = list(amounts)
    edges = [Decimal(0), *limits]
    return [
        Band(low, high, len(within), sum(within, Decimal(0)))
        for low, high in zip(edges, [*limits, None], strict=True)
        for within in [[one for one in found if one > low and (high is None or one <= high)]]
    ]


@dataclass(frozen=True)
class Agreement:
    """How far assessors agreed: of the households with two amounts or more, those within the spread rule and those of one figure.

    ``spread`` is the median of (highest - lowest) / median over these households, exact; None without any.
    """

    households: int
    within: int
    identical: int
    spread: Fraction | None


def agreement(amounts: Mapping[int, Sequence[Decimal]], limit_percent: Decimal) -> Agreement:
    """Measure the agreement on households by the amounts given for each; the limit as in Semantics, section 4."""
    spreads = []
    for given in amounts.values():
        if len(given) >= 2:
            exact = sorted(Fraction(one) for one in given)
            spreads.append((exact[-1] - exact[0]) / median(exact))
    limit = Fraction(limit_percent) / 100
    return Agreement(
        len(spreads),
        sum(one <= limit for one in spreads),
        sum(one == 0 for one in spreads),
        median(spreads) if spreads else None,
    )


@dataclass(frozen=True)
class StageTime:
    """How long a stage took: calendar days and working days, the day it was entered and the day it was left both counted."""

    stage: str
    entered: datetime
    left: datetime
    days: int
    working: int


def stage_times(rows: Iterable[tuple[str, datetime, datetime]], changes: Mapping[Any, bool]) -> list[StageTime]:
    """Return the time spent in each stage, in the order it was entered."""
    found = []
    for stage, entered, left in sorted(rows, key=lambda row: row[1]):
        first, last = business_day(entered), business_day(left)
        found.append(StageTime(stage, entered, left, (last - first).days + 1, working_days(first, last, changes)))
    return found


@dataclass(frozen=True)
class Village:
    """Everything a report is made from. ``counts`` hold roster, blocked, assessable, assessed, granted and, where they are counted,
    publicised, signed, carded, drawn. ``follow_up``: households by why somebody still has to see to them."""

    facts: Mapping[str, str]
    counts: Mapping[str, int]
    blocked: Mapping[str, int]
    standings: Mapping[str, int]
    granted: Sequence[Decimal]
    bands: Sequence[Decimal]
    amounts: Mapping[int, Sequence[Decimal]]
    spread_limit_percent: Decimal
    stages: Sequence[StageTime]
    notices: Mapping[str, int]
    follow_up: Mapping[str, Sequence[int]]


def document_of(village: Village) -> dict[str, Any]:
    """Return the report as data to be kept: the same village gives the same document."""
    agreed = agreement(village.amounts, village.spread_limit_percent)
    return {
        "format": FORMAT,
        "facts": dict(village.facts),
        "counts": dict(village.counts),
        "blocked": dict(sorted(village.blocked.items())),
        "standings": dict(sorted(village.standings.items())),
        "amount": f"{sum(village.granted, Decimal(0)):.2f}",
        "bands": [
            {
                "above": str(band.above),
                "upto": None if band.upto is None else str(band.upto),
                "households": band.households,
                "amount": f"{band.amount:.2f}",
            }
            for band in banded(village.granted, village.bands)
        ],
        "agreement": {
            "households": agreed.households,
            "within": agreed.within,
            "identical": agreed.identical,
            "spread": None if agreed.spread is None else str(agreed.spread),
            "limit_percent": str(village.spread_limit_percent),
        },
        "stages": [
            {
                "stage": one.stage,
                "entered": one.entered.isoformat(),
                "left": one.left.isoformat(),
                "days": one.days,
                "working": one.working,
            }
            for one in village.stages
        ],
        "notices": dict(village.notices),
        "follow_up": {code: sorted(found) for code, found in sorted(village.follow_up.items()) if found},
    }


def coverage(counts: Mapping[str, int]) -> list[tuple[str, str, Ratio]]:
    """Return the ratios of a report: part, denominator, exact ratio."""
    return [
        (part, whole, Ratio(counts[part], counts[whole]))
        for part, whole in COVERAGE
        if part in counts and whole in counts
    ]
