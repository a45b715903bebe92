"""``import_core_snapshot``: checks, refuses, and puts a file in force for two people; outside production the console may stand for both."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.lib import clock
from config.lib.models import StoredFile
from credit.models import CoreCredit, CoreFinding, CoreSnapshot
from tests.credit import coresnapshots as core
from tests.credit import village as make
from tests.world import World


@pytest.fixture
def number(world: World) -> str:
    core.release_limits(world)
    core.second_approver(world)
    return next(iter(core.number_people(make.household(world.liu, "001", "刘一")).values()))


def run(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> dict[str, Any]:
    with contextlib.suppress(SystemExit):
        call_command("import_core_snapshot", str(path), "--json", *options)
    return dict(json.loads(capsys.readouterr().out.strip().splitlines()[-1]))


def file(directory: Path, *rows: dict[str, str]) -> Path:
    path = directory / "core.csv"
    path.write_bytes(core.content(*rows).getvalue())
    return path


def test_a_dry_run_leaves_nothing(tmp_path: Path, number: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, file(tmp_path, core.row(number, "J1"), core.row(core.id_number(900), "J2")), "--dry-run")
    assert (done["ok"], done["in_force"], done["rows"], done["people"], done["unknown"]) == (True, False, 2, 1, 1)
    assert [one["code"] for one in done["findings"]] == ["person_unknown"]
    for model in (CoreSnapshot, CoreCredit, CoreFinding, StoredFile):
        assert not model.objects.exists()


def test_two_people_put_it_in_force(tmp_path: Path, number: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(tmp_path, core.row(number, "J1", outstanding="35000"))
    done = run(capsys, path, "--as", "jiang", "--confirmed-by", "bai")
    taken = CoreSnapshot.objects.get()
    assert (done["ok"], done["snapshot"], done["taken_on"]) == (True, taken.pk, clock.today().isoformat())
    assert done["kinds"]["own_loan"] == {"rows": 1, "outstanding": "35000.00", "undrawn": "0.00"}
    assert (taken.state, taken.uploaded_by.number, taken.settled_by and taken.settled_by.number) == (
        "in_force",
        "jiang",
        "bai",
    )
    assert not taken.settled_from_console
    with pytest.raises(CommandError, match="same file"):
        call_command("import_core_snapshot", str(path))
    with pytest.raises(CommandError, match="--correction"):
        call_command("import_core_snapshot", str(file(tmp_path, core.row(number, "J2"))))


def test_the_console_stands_for_both_and_it_is_kept(
    tmp_path: Path, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, file(tmp_path, core.row(number, "J1")))["confirmed_from_console"] is True
    assert CoreSnapshot.objects.get().settled_from_console


def test_errors_end_with_a_failure_and_their_place(
    tmp_path: Path, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, core.row(number, "J1", outstanding="-1"), core.row(number, ""))
    done = run(capsys, path)
    assert done["ok"] is False
    assert {(one["row"], one["code"]) for one in done["findings"]} == {(2, "amount_negative"), (3, "contract_missing")}
    assert CoreSnapshot.objects.get().state == "broken"
    with pytest.raises(SystemExit):
        call_command("import_core_snapshot", str(path))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--as", "chen"), "no approver"),
        (("--as", "jiang", "--confirmed-by", "jiang"), "two people"),
        (("--taken-on", "gestern"), "no day"),
        (("--taken-on", "2099-01-01"), "future"),
    ],
)
def test_who_may_not_is_told(tmp_path: Path, number: str, options: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("import_core_snapshot", str(file(tmp_path, core.row(number, "J1"))), *options)
    assert not CoreSnapshot.objects.exists()


def test_in_production_two_people_are_named(tmp_path: Path, number: str, settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="name two people"):
        call_command("import_core_snapshot", str(file(tmp_path, core.row(number, "J1"))))
