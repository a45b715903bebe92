"""The plan by day: everything is planned once, on working days, within what a team can do."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from config.lib.weeks import is_working_day
from credit.domain.dayplan import proposed

FIRST = date(2026, 11, 20)


@given(some.integers(0, 900), some.integers(1, 8), some.integers(5, 40), some.integers(0, 30))
def test_a_plan_covers_the_village_on_working_days(households: int, teams: int, per_day: int, later: int) -> None:
    first = FIRST + timedelta(days=later)
    plan = proposed(households=households, teams=teams, per_day=per_day, first=first, works=is_working_day)
    assert sum(one.households for one in plan) == households
    assert all(0 < one.households <= per_day for one in plan)
    assert all(is_working_day(one.on) and one.on >= first for one in plan)
    assert len({(one.on, one.team) for one in plan}) == len(plan)
    assert max((one.households for one in plan), default=0) - min((one.households for one in plan), default=0) <= 1
    days = sorted({one.on for one in plan})
    if days:
        every = [days[0] + timedelta(days=ahead) for ahead in range((days[-1] - days[0]).days + 1)]
        assert [day for day in every if is_working_day(day)] == days
        assert len(days) == -(-households // (teams * per_day)), "no longer than needed"


def test_two_teams_of_a_village_with_95_households() -> None:
    plan = proposed(households=95, teams=2, per_day=20, first=FIRST, works=is_working_day)
    assert [(one.on.day, one.team, one.households) for one in plan] == [
        (20, 1, 16), (20, 2, 16), (23, 1, 16), (23, 2, 16), (24, 1, 16), (24, 2, 15),
    ]  # fmt: skip


def test_figures_no_plan_is_made_of() -> None:
    for teams, per_day in ((0, 20), (21, 20), (1, 0)):
        with pytest.raises(ValueError, match="teams"):
            proposed(households=10, teams=teams, per_day=per_day, first=FIRST, works=is_working_day)
    with pytest.raises(ValueError, match="within a year"):
        proposed(households=10, teams=1, per_day=20, first=FIRST, works=lambda _day: False)
