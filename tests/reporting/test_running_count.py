"""One count of the whole bank serves everybody who looks within seconds, and nobody is shown an older one after an event."""

from datetime import date, timedelta

import pytest
from django.db import Error, connection, transaction

from grids.models import Institution, Post, PostKind, Staff
from reporting.models import RunningCount
from reporting.selectors.progress import counted, counted_together, open_plan, preview_window
from tests.conftest import acting_as
from tests.reporting.events import WEEK, households, moment, reach
from tests.world import World

NOW = moment(WEEK, day=3)


@pytest.fixture
def walked(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Ten households on the roster, four of them visited."""
    monkeypatch.setattr("config.lib.clock.now", lambda: NOW)
    reach(households(world.liu, 10)[:4], "visited", moment(WEEK), campaign=world.campaign, staff=world.chen)
    return world


def _visited(steps: list[dict[str, object]]) -> int:
    return sum(int(str(step["subjects"])) for step in steps if step["step"] == "visited")


def _look(world: World, seconds: float = 0.0) -> tuple[object, int]:
    plan = open_plan(world.bank.pk)
    assert plan is not None
    window = preview_window(WEEK, now=NOW + timedelta(seconds=seconds), last_frozen=None)
    used, _territory, steps = counted_together(plan, window)
    return used.cut, _visited(steps)


def test_a_second_look_takes_the_first_ones_count_and_says_from_when(walked: World) -> None:
    with acting_as(walked.kang):
        assert _look(walked) == (NOW, 4)
        assert _look(walked, 14) == (NOW, 4)
        assert _look(walked, 16) == (NOW + timedelta(seconds=16), 4)
        assert _look(walked, 10) == (NOW + timedelta(seconds=10), 4)  # never one from later


def test_an_event_is_seen_at_once(walked: World) -> None:
    with acting_as(walked.kang):
        assert _look(walked)[1] == 4
    reach(households(walked.liu, 1, first=90), "visited", NOW, campaign=walked.campaign, staff=walked.chen)
    with acting_as(walked.kang):
        assert _look(walked, 1) == (NOW + timedelta(seconds=1), 5)


def test_it_says_what_counting_says(walked: World) -> None:
    plan = open_plan(walked.bank.pk)
    assert plan is not None
    window = preview_window(WEEK, now=NOW, last_frozen=None)
    with acting_as(walked.kang):
        assert counted_together(plan, window)[1:] == counted(plan, window)


def test_posts_without_figures_get_none_and_nobody_reads_or_writes_the_table(walked: World) -> None:
    with acting_as(walked.kang):
        _look(walked)
    with acting_as(walked.an):
        assert _look(walked)[1] == 0
        for statement in ("select * from reporting_runningcount", "delete from reporting_runningcount"):
            with pytest.raises(Error, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    assert RunningCount.objects.count() == 1


def test_another_institution_learns_nothing(walked: World) -> None:
    with acting_as(walked.kang):
        _look(walked)
    other = Institution.objects.create(
        name="邻县农商银行", short_name="邻县农商行", county_code="371122", county="邻县"
    )
    stranger = Staff.objects.create_user("stranger", None, name="外人", institution=other)
    Post.objects.create(staff=stranger, kind=PostKind.AUDITOR, from_on=date(2026, 1, 1))
    with acting_as(stranger):
        assert _look(walked)[1] == 0
