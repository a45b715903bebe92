"""The command import_roster: checked only, for two people, from the console, and never half."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from config.lib.models import StoredFile
from customers.models import Household, RosterImport
from tests import rosterfiles
from tests.customers import rosters
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(world: World, tmp_path: Path) -> Path:
    rows = rosters.family(world.liu) + rosters.family(world.zhao, first=11)
    return rosterfiles.write(tmp_path / "roster.csv", rosterfiles.csv_bytes(rows))


def told(*arguments: Any) -> dict[str, Any]:
    out = io.StringIO()
    code = 0
    try:
        call_command("import_roster", *map(str, arguments), "--json", stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    return {**json.loads(out.getvalue().splitlines()[-1]), "exit": code}


def _sealed_files() -> int:
    if not default_storage.exists("roster"):
        return 0
    return sum(len(default_storage.listdir(f"roster/{part}")[1]) for part in default_storage.listdir("roster")[0])


def test_a_dry_run_tells_everything_and_leaves_nothing(file: Path) -> None:
    before = _sealed_files()

    figures = told(file, "--dry-run")

    assert (figures["ok"], figures["written"], figures["households"], figures["people"]) == (True, False, 2, 6)
    assert (RosterImport.objects.count(), StoredFile.objects.count(), Household.objects.count()) == (0, 0, 0)
    assert _sealed_files() == before


def test_errors_are_told_and_make_it_fail(file: Path, world: World) -> None:
    file.write_bytes(rosterfiles.csv_bytes([rosters.line(world.liu, 身份证号="1")]))

    figures = told(file)

    assert (figures["ok"], figures["exit"], figures["errors"]) == (False, 1, {"id_length": 1})
    assert figures["findings"][0]["row"] == 2
    assert Household.objects.count() == 0


def test_outside_production_the_console_confirms_and_says_so(file: Path, world: World) -> None:
    figures = told(file)

    assert (figures["ok"], figures["written"], figures["confirmed_from_console"]) == (True, True, True)
    imported = RosterImport.objects.get()
    assert (imported.uploaded_by, imported.confirmed_by, imported.confirmed_from_console) == (world.an, world.an, True)
    assert Household.objects.count() == 2


def test_two_named_people_import_for_their_branch(world: World, tmp_path: Path) -> None:
    file = rosterfiles.write(tmp_path / "roster.csv", rosterfiles.csv_bytes(rosters.family(world.liu)))

    figures = told(file, "--as", "chen", "--confirmed-by", "gao", "--branch", "城东支行", "--obtained-on", "2026-03-01")

    assert figures["written"] is True
    imported = RosterImport.objects.get()
    assert (imported.uploaded_by, imported.confirmed_by, imported.confirmed_from_console) == (
        world.chen,
        world.gao,
        False,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--as", "gao", "--confirmed-by", "gao", "--branch", "城东支行"], "two people"),
        (["--as", "chen", "--confirmed-by", "deng", "--branch", "城东支行"], "no manager"),
        (["--as", "fang", "--confirmed-by", "gao", "--branch", "城东支行"], "neither officer nor manager"),
        (["--as", "nobody"], "unknown"),
        (["--branch", "没有"], "unknown"),
        (["--obtained-on", "yesterday"], "is no day"),
    ],
)
def test_who_may_not_is_refused(file: Path, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("import_roster", str(file), *arguments, stdout=io.StringIO())
    assert RosterImport.objects.count() == 0


def test_production_demands_two_people(file: Path, settings: Any) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="two people"):
        call_command("import_roster", str(file), stdout=io.StringIO())
    assert told(file, "--dry-run")["ok"] is True


def test_a_missing_file_is_said(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_roster", str(tmp_path / "none.csv"), stdout=io.StringIO())
