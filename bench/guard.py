"""The nightly comparison for sudden changes over 1,000,000 households: every file anew, and again when nothing is missing.

Each household has a trusted file and a newer one two months later; figures moved a few per cent, and in two households of a
hundred one of them moved too far. Files carry documents of ordinary length, so that reading them would show.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import log

from bench.harness import Result, installation
from bench.sweep import bank_of, sql

LIMIT_SECONDS = 60.0
LARGEST_EXPONENT = 1.2
# One in so many households has a figure that moved too far.
MOVED = 50


def run(*, full: bool) -> Iterator[Result]:
    """Measure at the two sizes; the exponent says how the comparison grows between them (1: linear)."""
    sizes = (100_000, 1_000_000) if full else (10_000, 100_000)
    seconds: list[tuple[float, float]] = []
    with installation():
        for households in sizes:
            bank = bank_of(households)
            with _first_item_alone():
                _file(bank)
            first, raised = _compare(bank)
            again, missing = min(_compare(bank) for _ in range(2))
            if raised != households // MOVED or missing:
                raise RuntimeError(f"{raised} flags raised, {missing} missing after")
            seconds.append((first, again))
    first, again = seconds[-1]
    details = {
        "ratio_to_limit": round(first / LIMIT_SECONDS, 3),
        "households": sizes[1],
        "revisions": 2 * sizes[1],
        "raised": sizes[1] // MOVED,
        "smaller_seconds": round(seconds[0][0], 2),
    }
    yield Result("comparison of every file, flags raised", first, "s", LIMIT_SECONDS, details)
    details = {"ratio_to_limit": round(again / LIMIT_SECONDS, 3), "smaller_seconds": round(seconds[0][1], 2)}
    yield Result("comparison when none is missing", again, "s", LIMIT_SECONDS, details)
    exponent = log(again / seconds[0][1]) / log(sizes[1] / sizes[0])
    yield Result("growth of the comparison with the number of households", exponent, "exponent", LARGEST_EXPONENT)


def _compare(bank: int) -> tuple[float, int]:
    from config.lib.acting import job_frame
    from customers.services.guard import compare_all

    started = time.perf_counter()
    with job_frame(None, "bench"):
        drift = compare_all(bank)
    return time.perf_counter() - started, len(drift.missing)


@contextmanager
def _first_item_alone() -> Iterator[None]:
    """Take the one item of a list for its sum while files are written: filling the tables is not what is measured."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_get_functiondef('lib.items_sum(jsonb, text, text)'::regprocedure)")
        real = cursor.fetchone()[0]
        cursor.execute(
            "create or replace function lib.items_sum(document jsonb, list text, amount text) returns numeric "
            "language sql immutable parallel safe as $$ "
            "select coalesce((document -> list -> 0 ->> amount)::numeric, 0)::numeric(18, 2) $$"
        )
    try:
        yield
    finally:
        sql(real)


def _file(bank: int) -> None:
    """Give every household of the bank a visit with a checked file in August and another one in October."""
    from grids.models import Staff

    # Nothing of what a visit sets in motion is measured here.
    for table in ("customers_visit", "customers_profile", "customers_profilecheck"):
        sql(f"alter table {table} disable trigger user")
    lead, checker = Staff.objects.filter(institution_id=bank).order_by("pk").values_list("pk", flat=True)
    document = json.dumps(
        {
            "assets": [{"kind": "house", "note": "", "current": "%s", "disposable": "50000.00"}],
            "liabilities": [{"lender": "other", "note": "", "outstanding": "30000.00", "monthly": "1000.00"}],
            "income": [{"kind": "planting", "note": "", "gross": "60000.00", "cost": "20000.00"}],
            "expenses": [{"kind": "living", "note": "", "amount": "26000.00"}],
            "guarantees": [],
            "remarks": "院坝经济、房前屋后" * 10,
        },
        ensure_ascii=False,
    )
    for number, day, amount in (
        (1, "2026-08-10", "150000 + id % 7 * 1000"),
        (2, "2026-10-10", f"150000 + id % 11 * 1000 + case when id % {MOVED} = 0 then 150000 else 0 end"),
    ):
        sql(
            "insert into customers_visit (client_uuid, content_hash, subject_id, institution_id, grid_id, recorded_grid_id, lead_id, "
            "purpose, outcome, device_at, received_at, needs, note) "
            "select gen_random_uuid(), '', id, institution_id, grid_id, grid_id, %s, 'census', 'interviewed', "
            "timestamptz %s + id * interval '1 millisecond', timestamptz %s + id * interval '1 millisecond', '[]', '' "
            "from customers_subject where institution_id = %s order by id",
            lead, f"{day} 10:00+08", f"{day} 10:20+08", bank,
        )  # fmt: skip
        sql(
            "insert into customers_profile (subject_id, institution_id, grid_id, recorded_grid_id, visit_id, number, document, "
            "document_hash, carried, collector_id, submitted_at) "
            f"select subject_id, visit.institution_id, visit.grid_id, visit.grid_id, visit.id, {number}, "
            f"format(%s, {amount.replace('id', 'subject_id').replace('%', '%%')})::jsonb, '', '[]', lead_id, received_at "
            "from customers_visit as visit where received_at >= %s order by subject_id",
            document, f"{day} 10:20+08",
        )  # fmt: skip
    sql(
        "insert into customers_profilecheck (subject_id, institution_id, grid_id, recorded_grid_id, profile_id, checker_id, verdict, "
        "remarks, checked_at) select subject_id, institution_id, grid_id, grid_id, id, %s, 'accepted', '[]', "
        "submitted_at + interval '2 days' from customers_profile where number = 1 order by id",
        checker,
    )
    for table in ("customers_visit", "customers_profile", "customers_profilecheck"):
        sql(f"alter table {table} enable trigger user")
    sql("vacuum analyze customers_visit, customers_profile, customers_profilecheck")
