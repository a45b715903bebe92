"""The bank's own working days: released, and obeyed by deadlines and by the working days left."""

from datetime import date, datetime
from typing import Any

import pytest

from config.lib import releases
from config.lib.clock import SHANGHAI
from config.lib.parameters.kinds import About, find
from config.lib.weeks import working_day_after, working_days
from config.lib.working_days import KIND, changes_of
from customers.selectors.checking import rules_on
from tests.world import SINCE, World

# 2026-11-23 is a Monday: a market day on which the bank is closed; on Saturday the 28th it works.
DAYS = {"days": [{"on": "2026-11-23", "note": "赶集"}, {"on": "2026-11-28", "works": True}]}
FRIDAY = date(2026, 11, 20)


def _released(world: World, kind: str = KIND, document: Any = DAYS) -> None:
    releases.publish(
        institution_id=world.bank.pk,
        kind=kind,
        document=document,
        effective_on=SINCE,
        drafted_by_id=world.mo.pk,
        released_by_id=world.ning.pk,
    )


def test_without_a_release_the_published_calendar_holds(world: World) -> None:
    assert changes_of(world.bank.pk) == {}


def test_a_closed_day_is_skipped_and_a_day_worked_counts(world: World) -> None:
    _released(world)
    changes = changes_of(world.bank.pk)
    assert changes == {date(2026, 11, 23): False, date(2026, 11, 28): True}
    assert working_day_after(FRIDAY, 1, changes) == date(2026, 11, 24)
    assert working_days(date(2026, 11, 23), date(2026, 11, 29), changes) == 5


def test_the_deadline_of_the_second_check_goes_by_it(world: World) -> None:
    _released(world, "second_check", {"due_working_days": 3, "reasons": []})
    submitted = datetime.combine(FRIDAY, datetime.min.time(), SHANGHAI)
    before = rules_on(world.bank.pk, FRIDAY).due_on(submitted)
    _released(world)
    after = rules_on(world.bank.pk, FRIDAY).due_on(submitted)
    assert before is not None
    assert after == working_day_after(before, 1)


@pytest.mark.parametrize(
    ("day", "count"), [("2026-11-23", 0), ("2026-02-30", 1), ("23.11.2026", 1), ("", 1), (20261123, 1), (None, 1)]
)
def test_a_day_that_is_none_is_refused(world: World, day: Any, count: int) -> None:
    kind = find(KIND)
    assert kind is not None
    about = About(institution_id=world.bank.pk, key="", on=FRIDAY)
    assert len(kind.found({"days": [{"on": day}]}, about)) == count


def test_a_day_stands_once(world: World) -> None:
    kind = find(KIND)
    assert kind is not None
    twice = {"days": [{"on": "2026-11-23"}, {"on": "2026-11-23", "works": True}]}
    assert len(kind.found(twice, About(institution_id=world.bank.pk, key="", on=FRIDAY))) == 1
