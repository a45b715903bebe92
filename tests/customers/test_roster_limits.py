"""How large a roster may be, and how much memory it takes: measured in a process that does nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from customers.models import Household, RosterProblem
from customers.services import roster
from grids.models import Branch, Grid, Staff
from tests import rosterfiles, world
from tests.customers import rosters

ROOT = Path(__file__).resolve().parents[2]
MOST_MEGABYTES = 400
_TRIED = """
import json, os, sys
from pathlib import Path
import django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[2]
from customers.services import roster
from grids.models import Branch, Staff
path = Path(sys.argv[1])
with path.open("rb") as content:
    if sys.argv[3] == "check":
        with roster.tried(branch=Branch.objects.get(name="总行"), content=content, name=path.name, staff=Staff.objects.get(number="gao")) as tried:
            summary = tried.summary
    else:
        from datetime import date
        summary = roster.import_now(
            branch=Branch.objects.get(name="总行"), content=content, name=path.name, source="x", obtained_on=date(2026, 1, 1),
            staff=Staff.objects.get(number="chen"), confirmed_by=Staff.objects.get(number="gao"),
        ).summary
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps({"people": summary.get("people"), "errors": summary["errors"], "new": summary.get("totals", {}).get("people_new"),
                  "megabytes": int(peak.split()[1]) / 1024}))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")


@pytest.fixture
def villages(transactional_db: None) -> None:
    """The world with the forty villages of the made-up people, committed."""
    made = world.build()
    for index in range(40):
        village = rosterfiles.synthetic_village(index)
        Grid.objects.create(
            institution=made.bank,
            branch=made.east,
            kind=Grid.Kind.VILLAGE,
            name=village.name,
            division_code=village.code,
        )


def taken(path: Path, *, write: bool = False) -> dict[str, Any]:
    """Check (or import) a file in a process of its own; what it found and how much memory it took at most."""
    name = str(connection.settings_dict["NAME"])
    done = subprocess.run(
        [sys.executable, "-c", _TRIED, str(path), name, "write" if write else "check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_200_000_rows_of_a_workbook_pass_in_bounded_memory_and_one_more_is_refused(
    villages: None, tmp_path: Path
) -> None:
    found = taken(rosterfiles.big_workbook(tmp_path / "most.xlsx", 200_000))
    assert (found["people"], found["errors"]) == (200_000, {})
    assert found["megabytes"] < MOST_MEGABYTES

    found = taken(rosterfiles.big_workbook(tmp_path / "more.xlsx", 200_001))
    assert found["errors"] == {"too_many_rows": 1}
    assert found["megabytes"] < MOST_MEGABYTES


def test_memory_does_not_follow_the_rows_of_a_csv(villages: None, tmp_path: Path) -> None:
    small, large = (
        rosterfiles.write(tmp_path / f"{rows}.csv", rosterfiles.csv_bytes(rosterfiles.people(rows)))
        for rows in (2_000, 60_000)
    )

    few, many = taken(small), taken(large)

    assert many["people"] == 60_000
    # What is kept of each row until the end is a few dozen bytes; batches come and go.
    assert many["megabytes"] - few["megabytes"] < 60


def test_what_is_written_is_what_was_checked(villages: None, tmp_path: Path) -> None:
    path = rosterfiles.write(tmp_path / "roster.csv", rosterfiles.csv_bytes(rosterfiles.people(20_000)))

    found = taken(path, write=True)

    assert (found["new"], found["errors"]) == (20_000, {})
    assert found["megabytes"] < MOST_MEGABYTES
    assert Household.objects.filter(head__isnull=True).count() == 0


@pytest.mark.slow
def test_a_workbook_of_200_000_rows_is_written_in_bounded_memory(villages: None, tmp_path: Path) -> None:
    found = taken(rosterfiles.big_workbook(tmp_path / "most.xlsx", 200_000), write=True)

    assert (found["new"], found["errors"]) == (200_000, {})
    assert found["megabytes"] < MOST_MEGABYTES


def test_every_finding_of_every_row_is_kept(villages: None) -> None:
    village = Grid.objects.get(name="刘家村")
    rows = [rosters.line(village, f"H{number}", "", 身份证号="1") for number in range(30_000)]

    with roster.tried(
        branch=Branch.objects.get(name="总行"),
        content=rosters.content(rows),
        name="x.csv",
        staff=Staff.objects.get(number="gao"),
    ) as tried:
        assert tried.summary["errors"] == {"name_missing": 30_000, "id_length": 30_000}
        assert RosterProblem.objects.filter(roster=tried).count() == 60_000
