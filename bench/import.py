# ruff: noqa: N999 - called as `make bench-import`
"""A roster from opening the file to the commit, against the bare COPY of what it brings.

The import is sealing the original, checking it and writing it after confirmation, in this process, into a database with
default durability. T_copy is COPY of the very rows it wrote (encrypted, with indexes and search tokens) from ready files into
empty tables with the same indexes, and their commit; T_read, for a workbook, a plain read with the reader library.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import python_calamine

from bench.harness import Result, installation, peak_memory_megabytes
from tests import rosterfiles

TABLES = ("customers_subject", "customers_household", "customers_person", "customers_persontoken")
VILLAGES = 40


def run(*, full: bool) -> Iterator[Result]:
    """Measure csv and xlsx; at full size csv of 1,000,000 rows once, for time and memory."""
    with installation() as directory:
        bank = _Bank()
        scratch = Path(tempfile.mkdtemp(dir=directory))
        rounds = 3 if full else 1
        csv = scratch / "roster.csv"
        _write_csv(csv, 100_000)
        bank.import_file(csv)  # code is loaded and log segments exist before anything counts
        yield from _measure(bank, csv, scratch, 2.0, rounds, 100_000)
        rows = 200_000 if full else 60_000
        xlsx = rosterfiles.write(scratch / "roster.xlsx", rosterfiles.xlsx_bytes(rosterfiles.people(rows)))
        yield from _measure(bank, xlsx, scratch, 1.5, rounds, rows)
        if full:
            _write_csv(csv, 1_000_000)
            yield from _measure(bank, csv, scratch, 2.0, 1, 1_000_000)
        yield Result("peak memory of the process", peak_memory_megabytes(), "MB", 600.0)


def _write_csv(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in chain((rosterfiles.HEADER,), rosterfiles.people(rows, grids=VILLAGES)):
            file.write(",".join(row) + "\n")


class _Bank:
    """A bank with the villages of the files, two managers, and an owner's connection."""

    def __init__(self) -> None:
        from datetime import date

        from grids.models import Branch, Grid, Institution, Staff

        bank = Institution.objects.create(
            name="测速农商银行", short_name="测速农商行", county_code="331004", county="路桥区"
        )
        self.branch = Branch.objects.create(institution=bank, name="总行", kind=Branch.Kind.HEAD)
        self.branch.path = f"/{self.branch.pk}/"
        self.branch.save()
        for index in range(VILLAGES):
            village = rosterfiles.synthetic_village(index)
            Grid.objects.create(
                institution=bank,
                branch=self.branch,
                kind=Grid.Kind.VILLAGE,
                name=village.name,
                division_code=village.code,
            )
        self.staff = [
            Staff.objects.create_user(number, None, name=number, institution=bank, home_branch=self.branch)
            for number in ("upload", "confirm")
        ]
        self.obtained_on = date(2026, 1, 1)

    def import_file(self, path: Path) -> Any:
        from customers.services import roster

        with path.open("rb") as content:
            return roster.import_now(
                branch=self.branch,
                content=content,
                name=path.name,
                source="派出所",
                obtained_on=self.obtained_on,
                staff=self.staff[0],
                confirmed_by=self.staff[1],
            )


def _sql(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)


def _empty() -> None:
    _sql(f"truncate customers_rosterimport, {', '.join(TABLES)} cascade")


def _save_rows(scratch: Path) -> None:
    from django.db import connection

    for table in TABLES:
        with (scratch / table).open("wb") as file, connection.cursor() as cursor:
            cursor.copy_expert(f"copy {table} to stdout with (format binary)", file, 1 << 20)


def _copy(scratch: Path) -> float:
    from django.db import connection, transaction

    for table in TABLES:
        _sql(f"drop table if exists bare_{table}")
        _sql(f"create table bare_{table} (like {table} including all)")
    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for table in TABLES:
            with (scratch / table).open("rb") as file:
                cursor.copy_expert(f"copy bare_{table} from stdin with (format binary)", file, 1 << 20)
    seconds = time.perf_counter() - started
    for table in TABLES:
        _sql(f"drop table bare_{table}")
    return seconds


def _timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _read_xlsx(path: Path) -> None:
    for _ in python_calamine.load_workbook(path).get_sheet_by_index(0).iter_rows():
        pass


def _measure(bank: _Bank, path: Path, scratch: Path, limit: float, rounds: int, rows: int) -> Iterator[Result]:
    imported, copied, read = [], [], []
    for _ in range(rounds):
        _empty()
        started = time.perf_counter()
        roster = bank.import_file(path)
        imported.append(time.perf_counter() - started)
        totals = roster.summary["totals"]
        if roster.state != "written" or totals["people_new"] != rows:
            raise RuntimeError(f"the import ended as {roster.state} with {totals}")
        _save_rows(scratch)
        copied.append(_copy(scratch))
        read.append(_timed(lambda: _read_xlsx(path)) if path.suffix == ".xlsx" else 0.0)
    t_import, t_copy, t_read = (statistics.median(values) for values in (imported, copied, read))
    ratio = t_import / (t_copy + t_read)
    yield Result(
        f"{path.suffix[1:]} of {rows:,} rows: import / {'(read + COPY)' if t_read else 'COPY'}",
        ratio,
        "x",
        limit,
        {
            "ratio_to_limit": round(ratio / limit, 3),
            "import_seconds": round(t_import, 2),
            "copy_seconds": round(t_copy, 2),
            "read_seconds": round(t_read, 2),
            "rows_per_second": round(rows / t_import),
        },
    )
