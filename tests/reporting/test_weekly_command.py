"""The command freezes what is due, as the scheduler does, or prints a week and freezes nothing."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reporting.models import WeeklyReport
from tests.reporting.events import WEEK, households, moment, reach
from tests.world import World


def told(*arguments: str) -> dict:
    out = StringIO()
    call_command("weekly_report", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def test_freezes_what_is_due_prints_weeks_and_previews(world: World, monkeypatch) -> None:
    liu = households(world.liu, 4)
    reach(liu[:1], "visited", moment(WEEK), campaign=world.campaign, staff=world.chen)
    reach(liu[1:3], "visited", moment(WEEK.next, 0), campaign=world.campaign, staff=world.chen)
    monkeypatch.setattr("config.lib.clock.now", lambda: moment(WEEK.next, 1))

    preview = told("--week", WEEK.code)["reports"][0]
    assert (preview["is_frozen"], preview["visited"]) == (False, {"week": 1, "total": 1})
    assert not WeeklyReport.objects.exists()

    frozen = told()["frozen"][0]
    assert (frozen["week"], frozen["roster"], frozen["visited"]) == (WEEK.code, 4, {"week": 1, "total": 1})
    assert told()["frozen"] == []
    assert WeeklyReport.objects.get().rows_hash == frozen["sha256"]

    shown = told("--week", WEEK.code)["reports"][0]
    assert (shown["is_frozen"], shown["is_intact"], shown["sha256"]) == (True, True, frozen["sha256"])
    running = told("--preview")["reports"][0]
    assert (running["week"], running["is_frozen"], running["visited"]) == (
        WEEK.next.code,
        False,
        {"week": 2, "total": 3},
    )

    out = StringIO()
    call_command("weekly_report", "--preview", stdout=out)
    assert "not frozen, a preview" in out.getvalue()
    assert "本周新走访 2 户，比上周多 1 户" in out.getvalue()


def test_says_what_is_wrong(world: World) -> None:
    for arguments in (("--week", "2026-99"), ("--week", "2020-W01"), ("--campaign", "0")):
        with pytest.raises(CommandError):
            call_command("weekly_report", *arguments)
