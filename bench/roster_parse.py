"""Reading and checking a roster without a database: against the plain read of the best installed reader, and in how much memory.

Memory is that of a process of its own which does nothing but check the file.
"""

import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import python_calamine

from bench.harness import ROOT, Result, interleaved, peak_memory_megabytes
from customers.domain import names
from customers.domain.roster.checker import Scan, accepted
from customers.domain.roster.reader import open_roster, reopen_roster
from tests import rosterfiles


def _check(path: Path) -> Scan:
    with path.open("rb") as file:
        scan = Scan(open_roster(file), rosterfiles.synthetic_villages(), today=rosterfiles.TODAY)
        for _ in scan.problems():
            pass
    return scan


def _accept(path: Path, scan: Scan) -> None:
    with path.open("rb") as file:
        table = reopen_roster(file, scan.verdict.errors)
        for _ in accepted(table, rosterfiles.synthetic_villages(), scan.verdict):
            pass


def _read_csv(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as text:
        reader = csv.reader(text)
        while rows := list(islice(reader, 16_384)):  # rows that nobody holds would cost less than any use of them
            list(zip(*rows, strict=True))


def _read_xlsx(path: Path) -> None:
    for _ in python_calamine.load_workbook(path).get_sheet_by_index(0).iter_rows():
        pass


def _memory(path: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "bench.roster_parse", str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(json.loads(done.stdout))


def _peak() -> float:
    """Peak memory of this process alone; what getrusage tells of a child begins with its parent's size."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_memory_megabytes()
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return int(lines["VmHWM"].split()[0]) / 1024


def run(*, full: bool) -> Iterator[Result]:
    """Measure csv and xlsx, both passes, and the search tokens of the names."""
    sizes = {"csv": 1_000_000 if full else 100_000, "xlsx": 200_000 if full else 20_000}
    readers: dict[str, Callable[[Path], None]] = {"csv": _read_csv, "xlsx": _read_xlsx}
    makers = {"csv": rosterfiles.csv_bytes, "xlsx": rosterfiles.xlsx_bytes}
    ratios, memories = {"csv": 4.0, "xlsx": 2.5}, {"csv": 300.0, "xlsx": 400.0}
    with tempfile.TemporaryDirectory(prefix="gedang-bench-") as scratch:
        for kind, rows in sizes.items():
            path = rosterfiles.write(Path(scratch) / f"roster.{kind}", makers[kind](rosterfiles.people(rows)))
            scan = _check(path)
            seconds = interleaved(
                {
                    "read": lambda path=path, kind=kind: readers[kind](path),
                    "check": lambda path=path: _check(path),
                    "accept": lambda path=path, scan=scan: _accept(path, scan),
                }
            )
            details = {
                "rows": scan.verdict.rows,
                "people": scan.verdict.people,
                **{f"{name}_rows_per_second": round(rows / one) for name, one in seconds.items()},
            }
            yield Result(
                f"{kind}: read and check / plain read", seconds["check"] / seconds["read"], "x", ratios[kind], details
            )
            yield Result(f"{kind}: peak memory", _memory(path), "MB", memories[kind], {"rows": rows})
    yield _tokens(100_000 if full else 20_000)


def _tokens(count: int) -> Result:
    people = [row[4] for row in rosterfiles.people(count)]
    names.tokens("王小明")
    started = time.perf_counter()
    found = sum(len(names.tokens(name)) for name in people)
    seconds = time.perf_counter() - started
    details = {"names": count, "tokens_per_name": round(found / count, 2)}
    return Result("search tokens", count / seconds, "names/s", None, details)


if __name__ == "__main__":
    _check(Path(sys.argv[1]))
    print(json.dumps(_peak()))
