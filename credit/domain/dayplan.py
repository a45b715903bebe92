"""A round's plan by day: how many households each team takes on which working day. Pure; days are the caller's to judge."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

PER_TEAM = 20
"""Households one team takes on one day, as the field does it; a manager may plan others."""
MOST_TEAMS = 20
LONGEST = 400
"""Calendar days a plan reaches at most: a bank that never works would else be waited for without end."""


@dataclass(frozen=True)
class TeamDay:
    """One team's households on one day."""

    on: date
    team: int
    households: int


def proposed(
    *, households: int, teams: int, per_day: int, first: date, works: Callable[[date], bool]
) -> tuple[TeamDay, ...]:
    """Return the plan of a village: every team works every working day from ``first``, at most ``per_day`` households each.

    The work is spread evenly: no team-day differs from another by more than one household, and no day stays free in between.
    A ValueError names figures no plan can be made of.
    """
    if households < 0 or not 1 <= teams <= MOST_TEAMS or per_day < 1:
        raise ValueError("households from 0, teams from 1 to 20, at least one household a day")
    days = -(-households // (teams * per_day))
    found: list[date] = []
    day = first
    while len(found) < days:
        if (day - first).days > LONGEST:
            raise ValueError("the plan does not end within a year")
        if works(day):
            found.append(day)
        day += timedelta(days=1)
    slots = [(on, team) for on in found for team in range(1, teams + 1)]
    each, more = divmod(households, len(slots)) if slots else (0, 0)
    return tuple(
        TeamDay(on, team, each + (place < more)) for place, (on, team) in enumerate(slots) if each + (place < more)
    )
