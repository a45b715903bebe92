"""Many households with files that count, written set-based."""

from datetime import timedelta
from typing import Any

from django.db import connection

from config.lib import clock
from tests.world import World

_QUIET = (
    "customers_subject",
    "customers_visit",
    "customers_profile",
    "customers_householdfacts",
    "customers_profilecheck",
)
_ROWS = (
    "insert into customers_subject (id, kind, institution_id, grid_id, listed_on, left_reason) "
    "select %(first)s + n, 'household', %(bank)s, %(grid)s, '2026-01-05', '' from generate_series(0, %(count)s - 1) as n",
    "insert into customers_visit (id, institution_id, grid_id, recorded_grid_id, client_uuid, content_hash, subject_id, lead_id, "
    "purpose, outcome, channel, entry, device_at, received_at, needs, note) select %(first)s + n, %(bank)s, %(grid)s, "
    "%(grid)s, gen_random_uuid(), '', %(first)s + n, %(lead)s, 'census', 'interviewed', 'site', 'page', %(at)s, %(at)s, '[]', '' "
    "from generate_series(0, %(count)s - 1) as n",
    "insert into customers_profile (id, institution_id, grid_id, recorded_grid_id, subject_id, visit_id, number, document, document_hash, "
    "carried, collector_id, submitted_at) select %(first)s + n, %(bank)s, %(grid)s, %(grid)s, %(first)s + n, %(first)s + n, 1, '{}', '', "
    "'[]', %(lead)s, %(at)s from generate_series(0, %(count)s - 1) as n",
    "insert into customers_profilecheck (institution_id, grid_id, recorded_grid_id, subject_id, profile_id, checker_id, verdict, remarks, "
    "checked_at) select %(bank)s, %(grid)s, %(grid)s, %(first)s + n, %(first)s + n, %(checker)s, 'accepted', '[]', %(at)s "
    "from generate_series(0, %(count)s - 1) as n",
    "insert into customers_householdfacts (profile_id, subject_id, number, institution_id, grid_id, facts_hash, persons, labour, "
    "total_assets, net_assets, realisable_assets, shares, net_income, gross_income, operating_income, record, judgement, grade, answers) "
    "select %(first)s + n, %(first)s + n, 1, %(bank)s, %(grid)s, gen_random_uuid(), 1 + n %% 7, n %% 4, case n %% 101 when 0 then null "
    "when 1 then 0 when 2 then 10000000000 else 9000000 + n %% 97 * 300000 end, case n %% 103 when 0 then -10000000000 when 1 then 0 else "
    "8000000 + n %% 97 * 300000 - n %% 31 * 650000 end, case when n %% 11 > 0 then n %% 41 * 100000 end, case when n %% 13 > 0 then "
    "n %% 20 * 100000 end, case n %% 107 when 0 then -1 when 1 then 10000000001 else 1600000 + n %% 71 * 50000 end, 3000000, 3000000, "
    "n %% 2, case when n %% 50 > 0 then n %% 5 end, n %% 4, '{}' from generate_series(0, %(count)s - 1) as n",
)


def many(world: World, count: int, first: int = 10_000_000) -> range:
    """Write so many households, every figure at its edges now and then; return their ids."""
    values: dict[str, Any] = {
        "first": first,
        "count": count,
        "bank": world.bank.pk,
        "grid": world.liu.pk,
        "lead": world.chen.pk,
        "checker": world.deng.pk,
        "at": clock.now() - timedelta(days=2),
    }
    with connection.cursor() as cursor:
        for table in _QUIET:
            cursor.execute(f"alter table {table} disable trigger user")
        for statement in _ROWS:
            cursor.execute(statement, values)
        for table in _QUIET:
            cursor.execute(f"alter table {table} enable trigger user")
        cursor.execute("analyze customers_subject, customers_householdfacts, customers_profilecheck")
    return range(first, first + count)
