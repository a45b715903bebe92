"""The nightly sweep for people filed twice over 1,000,000 households: from nothing, and again when nothing changed.

People are made by SQL with real-looking names, birth dates over sixty years, random blind indexes; one in a hundred shares a phone
number, one in fifty has no ID number, and one in two hundred is filed twice under one name and birth date.
"""

import random
import time
from collections.abc import Iterator
from math import log
from typing import Any

from bench.harness import Result, installation
from tests.rosterfiles import _GIVEN, _SURNAMES

LIMIT_SECONDS = 60.0
# 1 is linear; hash tables that no longer fit the processor's cache cost a little more a row.
LARGEST_EXPONENT = 1.2
PEOPLE_PER_HOUSEHOLD = 3
HOUSEHOLDS_PER_GRID = 330
NAMES = 200_000


def run(*, full: bool) -> Iterator[Result]:
    """Measure the sweep at the two sizes; the exponent says how it grows between them (1: linear)."""
    sizes = (100_000, 1_000_000) if full else (10_000, 100_000)
    seconds: list[tuple[float, float]] = []
    found: dict[str, int] = {}
    with installation():
        for households in sizes:
            bank = bank_of(households)
            first, found = _sweep(bank)
            # Twice, and the shorter counts: other work on the machine can only make it longer.
            again = min(_sweep(bank)[0] for _ in range(2))
            seconds.append((first, again))
    first, again = seconds[-1]
    exponent = log(again / seconds[0][1]) / log(sizes[1] / sizes[0])
    details = {
        "ratio_to_limit": round(first / LIMIT_SECONDS, 3),
        "households": sizes[1],
        "people": sizes[1] * PEOPLE_PER_HOUSEHOLD,
        "smaller_seconds": round(seconds[0][0], 2),
        "cases": found,
    }
    yield Result("sweep for duplicates", first, "s", LIMIT_SECONDS, details)
    details = {"ratio_to_limit": round(again / LIMIT_SECONDS, 3), "smaller_seconds": round(seconds[0][1], 2)}
    yield Result("sweep when nothing changed", again, "s", LIMIT_SECONDS, details)
    yield Result("growth of the sweep with the number of households", exponent, "exponent", LARGEST_EXPONENT)


def _sweep(bank: int) -> tuple[float, dict[str, int]]:
    from config.lib.acting import job_frame
    from customers.services.sweep import sweep

    started = time.perf_counter()
    with job_frame(None, "bench"):
        found = sweep(bank)
    return time.perf_counter() - started, found


def sql(statement: str, *values: Any) -> None:
    """Run one statement as the owner."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def bank_of(households: int) -> int:
    """Fill a bank with so many households and release the rules of both nightly comparisons; return the bank."""
    import json
    from datetime import date
    from pathlib import Path

    from config.lib import releases
    from grids.models import Branch, Grid, Institution, Staff

    sql("truncate customers_subject, customers_household, customers_person, customers_similarcase cascade")
    bank = Institution.objects.create(
        name=f"测速农商银行 {households}", short_name="测速农商行", county_code="331004", county="路桥区"
    )
    head = Branch.objects.create(institution=bank, name="总行", kind=Branch.Kind.HEAD)
    Branch.objects.filter(pk=head.pk).update(path=f"/{head.pk}/")
    two = [
        Staff.objects.create_user(f"p{n}-{households}", None, name=f"p{n}", institution=bank, home_branch=head)
        for n in (1, 2)
    ]
    shipped = json.loads((Path(__file__).parent.parent / "customers/parameters/customers.json").read_text("utf-8"))
    for entry in shipped:
        if entry["kind"] in ("duplicate_rules", "change_guard"):
            releases.publish(
                institution_id=bank.pk,
                kind=entry["kind"],
                document=entry["document"],
                effective_on=date(2026, 1, 1),
                drafted_by_id=two[0].pk,
                released_by_id=two[1].pk,
            )
    grids = Grid.objects.bulk_create(
        Grid(institution=bank, branch=head, kind="village", name=f"第{n}村", division_code=f"3310{n:08d}")
        for n in range(max(2, households // HOUSEHOLDS_PER_GRID))
    )
    _fill(bank.pk, grids[0].pk, len(grids), households)
    return int(bank.pk)


def _fill(bank: int, first_grid: int, grids: int, households: int) -> None:
    from django.db import connection
    from psycopg2.extras import execute_values

    from customers.domain import names

    rng = random.Random(7)
    made = sorted(
        {rng.choice(_SURNAMES) + "".join(rng.choices(_GIVEN, k=rng.choice((1, 2, 2, 2)))) for _ in range(NAMES)}
    )
    rng.shuffle(made)
    with connection.cursor() as cursor:
        cursor.execute(
            "drop table if exists made_name; create temp table made_name (id int primary key, name text, sort_key text)"
        )
        rows = [(n, name, names.sort_key(name)) for n, name in enumerate(made)]
        execute_values(cursor.cursor, "insert into made_name values %s", rows, page_size=5000)
        cursor.execute("analyze made_name")
    sql(
        "insert into customers_subject (id, institution_id, grid_id, kind, listed_on, left_reason) "
        "select n, %s, %s + n %% %s, 'household', '2026-01-01', '' from generate_series(1, %s) as n",
        bank, first_grid, grids, households,
    )  # fmt: skip
    sql(
        "insert into customers_household (subject_id, institution_id, grid_id, number, group_name, address, head_id) "
        "select id, institution_id, grid_id, lpad((id / %s)::text, 6, '0'), '', '', id * %s from customers_subject",
        grids, PEOPLE_PER_HOUSEHOLD,
    )  # fmt: skip
    sql(
        "insert into customers_person (id, institution_id, grid_id, household_id, uuid, name, sort_key, relation, sex, born_on, "
        "left_reason, id_index, phone_index) "
        "select n, home.institution_id, home.grid_id, home.subject_id, gen_random_uuid(), name.name, name.sort_key, "
        "case m when 0 then 'head' else 'other' end, 'M', date '1950-01-01' + (abs(hashint8(twin * 13)) %% 22000), '', "
        "case when n %% 50 <> 0 then substring(sha256(n::text::bytea) for 16) end, "
        "substring(sha256(('t' || case when n %% 100 = 0 then n / 300 else -n end)::bytea) for 16) "
        "from customers_household as home cross join generate_series(0, %s - 1) as m "
        "cross join lateral (select home.subject_id * %s - m as n) as place "
        "cross join lateral (select case when n %% 200 = 0 then n - 100 else n end as twin) as doubled "
        "join made_name as name on name.id = abs(hashint8(twin * 7)) %% %s",
        PEOPLE_PER_HOUSEHOLD, PEOPLE_PER_HOUSEHOLD, len(made),
    )  # fmt: skip
    sql("vacuum analyze customers_subject, customers_household, customers_person")
