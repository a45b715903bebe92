"""Roster files of the tests' world, and the steps an import takes, without pages in between."""

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from config.lib import jobs
from customers.domain.identity import make_id, make_phone
from customers.models import RosterImport
from customers.services import roster
from grids.models import Grid
from tests import rosterfiles
from tests.world import World


def line(grid: Grid, number: str = "H001", name: str = "刘建国", relation: str = "户主", **cells: str) -> list[str]:
    """One row of a file: village, group, number, name, relation, ID number, phone, address. Keywords are Chinese titles."""
    values = {
        "村代码": grid.division_code,
        "村": grid.name,
        "组": "1组",
        "户号": number,
        "姓名": name,
        "与户主关系": relation,
        "身份证号": "",
        "手机号": "",
        "住址": f"{grid.name}{number}号",
    }
    return list((values | cells).values())


def id_of(sequence: int, year: int = 1980) -> str:
    """The ID number of a made-up man (odd) or woman (even)."""
    return make_id("370685", date(year, 3, 5), sequence)


def family(grid: Grid, number: str = "H001", first: int = 1, surname: str = "刘") -> list[list[str]]:
    """A couple with a son: three rows with ID numbers ``first`` (odd) and the two after it, and phones."""
    people = (("建国", "户主", first), ("秀英", "妻", first + 1), ("洋", "子", first + 2))
    return [
        line(grid, number, surname + given, relation, 身份证号=id_of(sequence), 手机号=make_phone(sequence))
        for given, relation, sequence in people
    ]


def content(rows: Iterable[Sequence[str]]) -> io.BytesIO:
    """A csv file."""
    return io.BytesIO(rosterfiles.csv_bytes(rows))


def upload(world: World, rows: Iterable[Sequence[str]] | bytes, *, staff: Any = None, **fields: Any) -> RosterImport:
    """Upload as the officer of the East branch and let the check run."""
    file = io.BytesIO(rows) if isinstance(rows, bytes) else content(rows)
    uploaded = roster.upload(
        staff=staff or world.chen,
        post_id=None,
        branch=fields.pop("branch", world.east),
        content=file,
        name=fields.pop("name", "名册.csv"),
        source="派出所",
        obtained_on=date(2026, 3, 1),
        **fields,
    )
    jobs.drive_run(uploaded.run_id)
    uploaded.refresh_from_db()
    return uploaded


def confirm(world: World, uploaded: RosterImport) -> RosterImport:
    """Confirm as the manager of the East branch and let it be written."""
    roster.confirm(staff=world.gao, post_id=None, roster=uploaded)
    jobs.drive_run(uploaded.run_id)
    uploaded.refresh_from_db()
    return uploaded


def import_rows(world: World, rows: Iterable[Sequence[str]], **fields: Any) -> RosterImport:
    """Upload, check, confirm, write."""
    return confirm(world, upload(world, rows, **fields))


def import_at(world: World, rows: Iterable[Sequence[str]], at: datetime) -> RosterImport:
    """Import in one go, dated."""
    return roster.import_now(
        branch=world.east,
        content=content(rows),
        name="名册.csv",
        source="派出所",
        obtained_on=date(2026, 3, 1),
        staff=world.chen,
        confirmed_by=world.gao,
        at=at,
    )
