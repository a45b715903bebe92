"""A run of lines over 1,000,000 households against the speed of the database itself, and what goes with it.

The limit is measured just before each run, in the same process: the COPY of the inputs out of the table of frozen facts, sorted by
household and thrown away, plus the COPY of ready result rows of the same width into a bare table. The model is S1 with further inputs
up to twenty-five. Subjects, checks and facts are filled set-based; the documents they would be read from are left out, because a run
reads none, but for the households that are explained.
"""

import copy
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import RawIOBase
from math import log
from typing import Any

from bench.harness import ROOT, Result, installation

LIMIT_RATIO = 1.2
ORM_SAMPLE = 1_000
LEAST_AGAINST_ORM = 200
MOST_MEMORY = 300.0
LARGEST_EXPONENT = 1.05
CHANGED, MOST_INCREMENTAL = 0.02, 0.2
PUBLICATION_MS, EXPLANATION_MS = 50.0, 30.0
ROUNDS = 3
PER_GRID = 1_000
EXPLAINED = 20
MORE = (
    "away", "property", "deposits", "debts", "own_bank_debts", "other_bank_debts", "private_debts", "guarantees", "gross_income",
    "operating_cost", "operating_income", "wages", "expenses",
)  # fmt: skip


def wide(document: dict[str, Any]) -> dict[str, Any]:
    """S1 with further inputs, each used in a figure: obligations, own means, other income, hands that are away."""
    model = copy.deepcopy(document)
    for name in MORE:
        of = (
            {"type": "int", "min": "0", "max": "50"}
            if name == "away"
            else {"type": "money", "min": "-100000000", "max": "100000000"}
        )
        model["inputs"].append({"name": name, "label": {"zh": name, "en": name}, "missing": {"default": "0"}, **of})
    for name, of, formula in (
        ("obligations", "money", "debts + guarantees + own_bank_debts + other_bank_debts + private_debts"),
        ("own_means", "money", "deposits + property"),
        ("left_over", "money", "gross_income - operating_cost - expenses"),
        ("other_income", "money", "wages + operating_income"),
        ("away_ratio", "ratio", "away / persons"),
    ):
        model["derived"].append({"name": name, "label": {"zh": name, "en": name}, "type": of, "formula": formula})
    return model


class _Sink(RawIOBase):
    """Takes what is written and forgets it."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)


class _Repeated(RawIOBase):
    """The same rows again and again as one COPY, none of it held twice."""

    def __init__(self, head: bytes, body: bytes, times: int, tail: bytes) -> None:
        self.parts = iter([head, *[body] * times, tail])
        self.rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self.rest:
            part = next(self.parts, None)
            if part is None:
                return b""
            self.rest = memoryview(part)
        taken, self.rest = self.rest[:size], self.rest[size:]
        return bytes(taken)


def sql(statement: str, *values: Any) -> Any:
    """Run one statement as the owner; return its first value, None without one."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def timed(action: Callable[[], Any]) -> float:
    """Return the seconds an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def run(*, full: bool) -> Iterator[Result]:
    """Measure the limit and the run by turns, then everything that hangs on it."""
    yield from measured(1_000_000 if full else 20_000)


def measured(households: int) -> Iterator[Result]:
    """The same for so many households."""
    with installation():
        from credit.services import lines as services
        from tests.credit.files import started

        services.OWN_TABLE = min(services.OWN_TABLE, households // 20)
        world, small = fill(households)
        empty = started(world, grid=world.zhao)
        drive(empty)  # an empty village: imports and first plans are not measured
        size = min(services.CHUNK, households // 2)
        body = ready_rows(empty, size)
        rounds = []
        for _ in range(ROUNDS):
            out, into = timed(lambda: copy_out(world.bank.pk)), timed(copy_in(body, households // size))
            line_run = started(world)
            seconds = timed(lambda run=line_run: drive(run))  # type: ignore[misc]
            rounds.append((seconds / (out + into), seconds, out, into))
            last = checked(line_run, households)
        ratio, seconds, out, into = sorted(rounds)[len(rounds) // 2]
        yield Result(
            "run against COPY out and COPY in",
            ratio,
            "x",
            LIMIT_RATIO,
            {
                "ratio_to_limit": round(ratio, 3),
                "households": households,
                "inputs": 24,
                "seconds": round(seconds, 2),
                "copy_out_seconds": round(out, 2),
                "copy_in_seconds": round(into, 2),
                "rows_per_second": round(households / seconds),
                "all_ratios": [round(one[0], 3) for one in rounds],
            },
        )
        yield Result("memory of a worker", memory_of_a_worker(started(world)), "MB", MOST_MEMORY)
        yield from _beside(world, small, last, households, seconds)


def _beside(world: Any, small: Any, last: Any, households: int, seconds: float) -> Iterator[Result]:
    from credit.selectors.lines import current_line
    from credit.services.lines import publish_run
    from tests.credit.files import started

    orm = one_by_one(world, last)
    yield Result(
        "against one row at a time",
        LEAST_AGAINST_ORM / (orm / (seconds / households)),
        "of the limit",
        1.0,
        {"times_faster": round(orm / (seconds / households)), "rows_per_second": round(1 / orm)},
    )
    tenths = []
    for _ in range(2):
        part = started(world, branch=small)
        tenths.append(timed(lambda run=part: drive(run)))  # type: ignore[misc]
    tenth = min(tenths)
    yield Result(
        "growth with the number of households",
        log(seconds / tenth) / log(10),
        "exponent",
        LARGEST_EXPONENT,
        {"tenth_seconds": round(tenth, 3)},
    )
    yield Result("publication", timed(lambda: publish_run(run=last, staff=world.gao)) * 1000, "ms", PUBLICATION_MS)
    subjects = [sql("select min(id) + %s from customers_subject", place * 37) for place in range(20)]
    current_line(subjects)
    yield Result("current lines of a page of 20", timed(lambda: current_line(subjects)) * 1000, "ms")
    yield Result("one household explained", explained(world, last), "ms", EXPLANATION_MS)
    change(world, households)
    incremental = started(world, only_changed=True)
    spent = timed(lambda: drive(incremental))
    written = checked(incremental, int(households * CHANGED))
    yield Result(
        "run over what changed, against a full one",
        spent / seconds,
        "x",
        MOST_INCREMENTAL,
        {"seconds": round(spent, 3), "rows": written.figures["filed"], "changed": CHANGED},
    )


def drive(line_run: Any) -> None:
    """Work on a run to its end, as one worker."""
    from config.lib import jobs

    jobs.drive_run(line_run.run_id)


def memory_of_a_worker(line_run: Any) -> float:
    """Return the largest resident memory of a process of its own that works on a whole run, in MB."""
    work = f"import django; django.setup(); from config.lib import jobs; jobs.drive_run({line_run.run_id})"
    process = subprocess.Popen([sys.executable, "-c", work], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the worker ended with {process.returncode}")
    return usage.ru_maxrss / 1024


def checked(line_run: Any, rows: int) -> Any:
    """Return a run that ended well and wrote so many rows."""
    from credit.models import LineRun

    found = LineRun.objects.select_related("run", "model", "bases").get(pk=line_run.pk)
    if found.run.state != "done" or found.figures["filed"] != rows:
        raise RuntimeError(f"{found.figures} for {rows} households: {found.run.state} {found.run.error}")
    return found


# --- The limit ----------------------------------------------------------------------------------------------------------


def copy_out(bank: int) -> None:
    """COPY the inputs of every household out of the frozen facts, sorted, and throw them away."""
    from django.db import connection

    names = ", ".join(("persons", "labour", "total_assets", "net_assets", "realisable_assets", "shares", "net_income", "record", "judgement", "breaches", *MORE))  # fmt: skip
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"copy (select subject_id, grid_id, profile_id, facts_hash, {names} from customers_householdfacts "
            f"where institution_id = {bank} order by subject_id) to stdout (format binary)",
            _Sink(),
        )


def ready_rows(empty: Any, size: int) -> bytes:
    """Return the result rows of a real chunk as bytes, by the model of a run over an empty village."""
    from dataclasses import replace

    from config.lib import jobs
    from config.lib.wire import HEADER, TRAILER
    from credit.models import LineRun
    from credit.selectors.line_batches import gather, work_of
    from credit.services.line_chunks import computed, rows_of
    from customers.selectors.frozen import Part

    work = work_of(LineRun.objects.get(pk=empty.pk))
    whole = replace(work, scope=replace(work.scope, grid_id=None))
    low = sql("select min(subject_id) from customers_householdfacts")
    with jobs.job_frame(None, "bench"):
        gathered = gather(whole, Part(low, low + size - 1))
    data = rows_of(gathered, computed(gathered)[0], gathered.fingerprints())
    return bytes(data[len(HEADER) : -len(TRAILER)])


def copy_in(body: bytes, times: int) -> Callable[[], None]:
    """Return the COPY of ready result rows into a bare table of the same columns."""
    from django.db import connection

    from config.lib.wire import HEADER, TRAILER
    from credit.services.line_chunks import COLUMNS

    sql("drop table if exists bare_results")
    sql("create table bare_results (like credit_lineresult including defaults)")

    def act() -> None:
        with connection.cursor() as cursor:
            cursor.copy_expert(
                f"copy bare_results ({', '.join(COLUMNS)}) from stdin (format binary)",
                _Repeated(HEADER, body, times, TRAILER),
                size=1 << 20,
            )

    return act


def one_by_one(world: Any, run: Any) -> float:
    """Return the seconds a household takes read, computed and written one row at a time, as a page would."""
    from uuid import uuid4

    from credit.domain import facts, packing
    from credit.models import LineResult
    from credit.selectors.lines import bound_model
    from customers.models import HouseholdFacts

    bound = bound_model(run)
    shown = facts.beside(bound.model)
    subjects = range(first := sql("select min(subject_id) from customers_householdfacts"), first + ORM_SAMPLE)

    def act() -> None:
        for subject in subjects:
            row = HouseholdFacts.objects.filter(subject_id=subject).order_by("-number")[0]
            result = bound.evaluate(facts.facts_for(bound.model, facts.Frozen(row.values())))
            told = packing.found_one_by_one(bound.model, [result])
            LineResult.objects.create(
                run_id=0,
                subject_id=subject,
                institution_id=row.institution_id,
                grid_id=row.grid_id,
                recorded_grid_id=row.grid_id,
                profile_id=row.pk,
                line=result.line,
                shown=result.values.get(shown) if result.line is not None else None,
                score=result.score,
                inputs_hash=uuid4(),
                status=int(told.status[0]),
                reason_bits=packing.packed_bits(told.reasons).tobytes(),
                figures=packing.packed_figures(told.figures).tobytes(),
            )

    seconds = timed(act)
    sql("delete from credit_lineresult_shared where run_id = 0")
    return seconds / ORM_SAMPLE


def explained(world: Any, run: Any) -> float:
    """Return the milliseconds of the explanation of one household, the median of several."""
    from credit.models import LineResult
    from credit.selectors.explained import LinePage
    from customers.models import Household
    from grids.access import posts_of

    post = posts_of(world.jiang)[0]
    spent = []
    for home in Household.objects.select_related("head", "grid__branch").order_by("-pk")[:EXPLAINED]:

        def act(home: Any = home) -> None:
            result = LineResult.objects.select_related("run__model", "run__bases", "run__run").get(run=run, series=run.series, subject_id=home.pk)  # fmt: skip
            page = LinePage(result, home, post)
            if page.wrong:
                raise RuntimeError(f"not reproduced: {page.wrong}")
            _ = (page.bars, page.items, page.inputs, page.figures, page.changes)

        spent.append(timed(act))
    return sorted(spent)[len(spent) // 2] * 1000


# --- The bank -----------------------------------------------------------------------------------------------------------


def fill(households: int) -> tuple[Any, Any]:
    """Write a bank with so many households with frozen facts that count; return it and a branch with a tenth of them."""
    from pathlib import Path

    from config.lib import releases
    from grids.models import Branch, Grid
    from tests import world as world_module
    from tests.credit.files import file, release_models
    from tests.customers.builders import make_household
    from tests.world import SINCE

    world = world_module.build()
    release_models(world)
    releases.publish(
        institution_id=world.bank.pk, kind="credit_model", key="s1", document=wide(json.loads(Path("credit/schemes/s1_hunan.json").read_text("utf-8"))),
        effective_on=SINCE, drafted_by_id=world.mo.pk, released_by_id=world.ning.pk,
    )  # fmt: skip
    small = Branch.objects.create(institution=world.bank, parent=world.head_office, name="小支行", kind=world.east.kind)
    Branch.objects.filter(pk=small.pk).update(path=f"{world.head_office.path}{small.pk}/")
    small.refresh_from_db()
    count = max(10, households // PER_GRID)
    grids = Grid.objects.bulk_create(
        Grid(institution=world.bank, branch=small if n < count // 10 else world.east, kind="village", name=f"第{n}村", division_code=f"9910{n:08d}")
        for n in range(count)
    )  # fmt: skip
    made = households - EXPLAINED
    for table in ("customers_subject", "customers_householdfacts", "customers_profilecheck"):
        sql(f"alter table {table} disable trigger user")
    for table in ("customers_householdfacts", "customers_profilecheck"):
        sql(
            f"do $$ declare one text; begin for one in select conname from pg_constraint where contype = 'f' "
            f"and conrelid = '{table}'::regclass loop execute 'alter table {table} drop constraint ' || quote_ident(one); end loop; end $$"
        )
    sql(
        "insert into customers_subject (id, kind, institution_id, grid_id, listed_on, left_reason) "
        "select 1000000 + n, 'household', %s, %s + n * %s / %s, '2026-01-05', '' from generate_series(0, %s - 1) as n",
        world.bank.pk, grids[0].pk, count, made, made,
    )  # fmt: skip
    sql(FACTS.replace("{numbers}", "generate_series(0, %s - 1) as n"), world.bank.pk, grids[0].pk, count, made, made)
    sql(
        "insert into customers_profilecheck (institution_id, grid_id, recorded_grid_id, subject_id, profile_id, checker_id, verdict, "
        "remarks, checked_at) select institution_id, grid_id, grid_id, subject_id, profile_id, %s, 'accepted', '[]', %s "
        "from customers_householdfacts order by profile_id",
        world.deng.pk,
        world_time(),
    )
    for table in ("customers_subject", "customers_householdfacts", "customers_profilecheck"):
        sql(f"alter table {table} enable trigger user")
    sql("select setval(pg_get_serial_sequence('customers_subject', 'id'), 3000000)")
    sql("select setval(pg_get_serial_sequence('customers_profile', 'id'), 5000000)")
    for number in range(EXPLAINED):
        file(make_household(world.liu, f"{number:04d}"), world.chen, world.deng)
    sql("analyze")
    return world, small


def world_time() -> Any:
    """An instant before every run."""
    from config.lib import clock

    return clock.now() - timedelta(days=2)


FACTS = """insert into customers_householdfacts (
    profile_id, subject_id, number, institution_id, grid_id, facts_hash, persons, labour, away, total_assets, net_assets,
    realisable_assets, property, deposits, shares, debts, own_bank_debts, other_bank_debts, private_debts, guarantees, gross_income,
    operating_cost, net_income, operating_income, wages, subsidies, expenses, surplus, record, judgement, grade, answers)
select 2000000 + n, 1000000 + n, 1, %s, %s + n * %s / %s, gen_random_uuid(), 1 + n %% 7, n %% 4, n %% 3,
    9000000 + n %% 97 * 300000, 8000000 + n %% 97 * 300000 - n %% 31 * 150000, case when n %% 11 > 0 then n %% 41 * 100000 end,
    n %% 83 * 200000, n %% 53 * 70050, case when n %% 13 > 0 then n %% 20 * 100000 end, n %% 31 * 150000, n %% 31 * 100000,
    n %% 31 * 50000, 0, n %% 9 * 10000, 3000000 + n %% 71 * 50000, 1400000, 1600000 + n %% 71 * 50000, 3000000, n %% 61 * 90000, 0,
    1800000, n %% 71 * 50000, n %% 2, case when n %% 50 > 0 then n %% 4 end, n %% 3, '{}'
from {numbers}"""


def change(world: Any, households: int) -> None:
    """Change the files of two in a hundred households, spread over the bank: a second revision each, accepted and noted."""
    every = round(1 / CHANGED)
    sql("alter table customers_householdfacts disable trigger user")
    sql(
        "insert into customers_householdfacts (profile_id, subject_id, number, institution_id, grid_id, facts_hash, persons, labour, away, "
        "total_assets, net_assets, realisable_assets, property, deposits, shares, debts, own_bank_debts, other_bank_debts, private_debts, "
        "guarantees, gross_income, operating_cost, net_income, operating_income, wages, subsidies, expenses, surplus, record, judgement, "
        "grade, answers) select profile_id + 10000000, subject_id, 2, institution_id, grid_id, gen_random_uuid(), persons, labour, away, "
        "total_assets + 100, net_assets + 100, realisable_assets, property, deposits, shares, debts, own_bank_debts, other_bank_debts, "
        "private_debts, guarantees, gross_income, operating_cost, net_income, operating_income, wages, subsidies, expenses, surplus, record, "
        "judgement, grade, answers from customers_householdfacts where number = 1 order by subject_id %% %s, subject_id limit %s",
        every,
        int(households * CHANGED),
    )
    sql(
        "insert into customers_profilecheck (institution_id, grid_id, recorded_grid_id, subject_id, profile_id, checker_id, verdict, "
        "remarks, checked_at) select institution_id, grid_id, grid_id, subject_id, profile_id, %s, 'accepted', '[]', now() - interval '1 second' "
        "from customers_householdfacts where number = 2 order by subject_id",
        world.deng.pk,
    )
    sql("analyze customers_householdfacts, customers_profilecheck, customers_subjectchange")
