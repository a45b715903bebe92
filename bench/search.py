"""The search box over 1,000,000 people under row security: what an officer and an auditor wait for, on the server.

People are made by SQL from real-looking names with their real tokens; numbers are random bytes with real tail indexes. A search is
a whole request of the box (session, acting person, row security, fragment), answered in this process.
"""

import random
import time
from collections.abc import Iterator
from typing import Any

from bench.harness import Result, installation, percentile
from tests.rosterfiles import _GIVEN, _SURNAMES

LIMIT_MS = 50.0
PEOPLE_PER_HOUSEHOLD = 3
HOUSEHOLDS_PER_GRID = 330
OFFICERS_GRIDS = 6
NAMES = 60_000


def run(*, full: bool) -> Iterator[Result]:
    """Measure the 95th percentile of server time by post, over what people really type."""
    people = 1_000_000 if full else 100_000
    with installation():
        staff = _build(people)
        for post, person in staff.items():
            samples = _measure(person, rounds=10 if full else 4)
            flat = [one for values in samples.values() for one in values]
            worst = max(samples, key=lambda kind: percentile(samples[kind], 0.95))
            p95 = percentile(flat, 0.95)
            yield Result(
                f"search as {post}, p95",
                p95,
                "ms",
                LIMIT_MS,
                {
                    "ratio_to_limit": round(p95 / LIMIT_MS, 3),
                    "people": people,
                    "median": round(percentile(flat, 0.5), 2),
                    "slowest_kind": worst,
                    "p95_by_kind": {kind: round(percentile(values, 0.95), 2) for kind, values in samples.items()},
                },
            )


def _sql(statement: str, *values: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _build(people: int) -> dict[str, Any]:
    """Fill the bank; return an officer of a few villages, a manager of a branch of many, and an auditor."""
    from datetime import date

    from grids.models import Branch, Grid, Institution, Post, PostKind, Seat, SeatKind, Staff

    bank = Institution.objects.create(
        name="测速农商银行", short_name="测速农商行", county_code="331004", county="路桥区"
    )
    head = Branch.objects.create(institution=bank, name="总行", kind=Branch.Kind.HEAD)
    head.path = f"/{head.pk}/"
    head.save()
    branches = []
    for number in range(12):
        branch = Branch.objects.create(institution=bank, name=f"第{number}支行", parent=head)
        branch.path = f"{head.path}{branch.pk}/"
        branch.save()
        branches.append(branch)
    households = people // PEOPLE_PER_HOUSEHOLD
    grids = Grid.objects.bulk_create(
        Grid(institution=bank, branch=branches[n % 12], kind="village", name=f"第{n}村", division_code=f"3310{n:08d}")
        for n in range(max(OFFICERS_GRIDS * 2, households // HOUSEHOLDS_PER_GRID))
    )
    seat = SeatKind.objects.create(institution=bank, code="manager", name="客户经理", covers=True)
    staff = {}
    for post, kind, branch in (
        ("officer", PostKind.OFFICER, branches[0]),
        ("branch manager", PostKind.BRANCH_MANAGER, branches[0]),
        ("auditor", PostKind.AUDITOR, None),
    ):
        person = Staff.objects.create_user(post, None, name=post, institution=bank, home_branch=branch or head)
        Post.objects.create(staff=person, kind=kind, branch=branch, from_on=date(2026, 1, 1))
        staff[post] = person
    for grid in [grid for grid in grids if grid.branch_id == branches[0].pk][:OFFICERS_GRIDS]:
        Seat.objects.create(grid=grid, kind=seat, staff=staff["officer"], from_on=date(2026, 1, 1))
    _fill(bank.pk, grids[0].pk, len(grids), households)
    return staff


def _fill(bank: int, first_grid: int, grids: int, households: int) -> None:
    from django.db import connection

    from customers.domain import names
    from customers.services.identity_batch import IdentityBatch

    rng = random.Random(5)
    made = sorted(
        {rng.choice(_SURNAMES) + "".join(rng.choices(_GIVEN, k=rng.choice((1, 2, 2, 2)))) for _ in range(NAMES)}
    )
    rng.shuffle(made)
    tails = list(IdentityBatch(bank).id_tails.values())[:10_000]
    with connection.cursor() as cursor:
        cursor.execute("create temp table made_name (id int primary key, name text, sort_key text)")
        cursor.execute("create temp table made_token (name_id int, token text)")
        cursor.execute("create temp table made_tail (id int primary key, tail bytea)")
        from psycopg2.extras import execute_values

        execute_values(
            cursor.cursor,
            "insert into made_name values %s",
            [(n, name, names.sort_key(name)) for n, name in enumerate(made)],
            page_size=5000,
        )
        execute_values(
            cursor.cursor,
            "insert into made_token values %s",
            [(n, token) for n, name in enumerate(made) for token in names.tokens(name)],
            page_size=5000,
        )
        execute_values(cursor.cursor, "insert into made_tail values %s", list(enumerate(tails)), page_size=5000)
        cursor.execute("create index on made_token (name_id)")
        cursor.execute("analyze made_name, made_token, made_tail")
    _sql(
        "insert into customers_subject (id, institution_id, grid_id, kind, listed_on, left_reason) "
        "select n, %s, %s + n %% %s, 'household', '2026-01-01', '' from generate_series(1, %s) as n",
        bank, first_grid, grids, households,
    )  # fmt: skip
    _sql(
        "insert into customers_household (subject_id, institution_id, grid_id, number, group_name, address, head_id) "
        "select id, institution_id, grid_id, lpad((id / %s)::text, 4, '0') || lpad((id %% 100)::text, 2, '0'), "
        "(id %% 9) || '组', '', id * %s from customers_subject",
        grids, PEOPLE_PER_HOUSEHOLD,
    )  # fmt: skip
    _sql(
        "insert into customers_person (id, institution_id, grid_id, household_id, uuid, name, sort_key, relation, sex, "
        "born_on, left_reason, id_index, id_tail, phone_index, phone_tail) "
        "select home.subject_id * %s - m, home.institution_id, home.grid_id, home.subject_id, gen_random_uuid(), name.name, "
        "name.sort_key, case m when 0 then 'head' else 'other' end, 'M', '1980-01-01', '', "
        "substring(sha256((home.subject_id * 10 + m)::text::bytea) for 16), tail.tail, "
        "substring(sha256((home.subject_id * 10 + m + 5)::text::bytea) for 16), tail.tail "
        "from customers_household as home cross join generate_series(0, %s - 1) as m "
        "join made_name as name on name.id = abs(hashint8(home.subject_id * 7 + m)) %% %s "
        "join made_tail as tail on tail.id = abs(hashint8(home.subject_id * 11 + m)) %% 10000",
        PEOPLE_PER_HOUSEHOLD, PEOPLE_PER_HOUSEHOLD, len(made),
    )  # fmt: skip
    _sql(
        "insert into customers_persontoken (institution_id, grid_id, person_id, token) "
        "select person.institution_id, person.grid_id, person.id, token.token from customers_person as person "
        "join made_name as name on name.name = person.name join made_token as token on token.name_id = name.id"
    )
    _sql("vacuum analyze customers_subject, customers_household, customers_person, customers_persontoken")


def _typed() -> dict[str, list[str]]:
    """What people type, by kind: the frequent and the rare."""
    rng = random.Random(9)

    def name(length: int) -> str:
        return rng.choice(_SURNAMES) + "".join(rng.choices(_GIVEN, k=length))

    return {
        "full name": [name(2) for _ in range(12)],
        "given name": [name(2)[1:] for _ in range(8)],
        "one character": list(_SURNAMES[:8]),
        "pinyin": ["wangjianguo", "liwei", "zhangguilan", "chen", "liuy", "zhaoming"],
        "one letter": list("wlzc"),
        "initials": ["wjg", "lw", "zgl", "cy"],
        "household number": ["0012", "001203", "00", "0100"],
        "tail": ["1234", "0007", "9999", "4821"],
        "nobody": ["龘龘龘", "qqqq", "999999999"],
    }


def _measure(person: Any, *, rounds: int) -> dict[str, list[float]]:
    from django.test import Client

    client = Client(headers={"HX-Request": "true"})
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    samples: dict[str, list[float]] = {}
    client.get("/search/", {"q": "王"})
    for _ in range(rounds):
        for kind, texts in _typed().items():
            for text in texts:
                started = time.perf_counter()
                answer = client.get("/search/", {"q": text})
                samples.setdefault(kind, []).append((time.perf_counter() - started) * 1000)
                if answer.status_code != 200:
                    raise RuntimeError(f"search {text}: status {answer.status_code}")
    return samples
