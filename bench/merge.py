"""Villages merged and bounded, against one statement of SQL that merges and bounds the same, both measured in this run.

The statement reads the opinions, merges them by the default rule, reads lines and checked files, bounds, and writes rows as wide as
ours, each with a ready trace of the usual size read from text: it explains nothing, which only helps it. Ours are given the opinions as the opening gives
them, already decrypted; decryption is measured apart. Rows of both are compared: same outcome, village figure, headroom, proposal.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.harness import Result, installation
from bench.lines import sql

HOUSEHOLDS = 800
MOST_OPINIONS = 9
LIMIT_RATIO = 1.5
DECRYPTION_SECONDS = 0.5
SHEETS = 30
ROUNDS = 5
FIRST = 10_000_000


def run(*, full: bool) -> Iterator[Result]:
    """Measure one village, then all of them, then the decryption of thirty sheets."""
    villages = 1_250 if full else 12
    with installation():
        rounds = fill(villages)
        yield from _one_village(rounds[0])
        yield from _all_villages(rounds)
        yield _decryption()


def _one_village(round_id: int) -> Iterator[Result]:
    given = opinions_of(round_id)
    spent: dict[str, list[float]] = {"sql": [], "compute": []}
    for turn in range(ROUNDS + 1):
        for name, act in (("sql", statement_of([round_id])), ("compute", compute_of(round_id, given))):
            seconds = in_a_transaction(act)
            if turn:  # imports and first plans are not measured
                spent[name].append(seconds)
            told = figures()
            if name == "sql":
                expected = told
            elif told != expected:
                raise RuntimeError(f"compute and SQL differ: {told} {expected}")
            sql("truncate credit_decision cascade")
    ours, theirs = median(spent["compute"]), median(spent["sql"])
    yield Result(
        f"one village of {HOUSEHOLDS} households against one statement",
        ours / theirs,
        "x",
        LIMIT_RATIO,
        {
            "ratio_to_limit": round(ours / theirs / LIMIT_RATIO, 3),
            "compute_ms": round(ours * 1000, 1),
            "sql_ms": round(theirs * 1000, 1),
            "opinions": sum(len(said) for said in given.values()),
        },
    )


def _all_villages(rounds: list[int]) -> Iterator[Result]:
    theirs = in_a_transaction(statement_of(rounds))
    expected = figures()
    sql("truncate credit_decision cascade")
    ours = reading = 0.0
    for round_id in rounds:
        started = time.perf_counter()
        given = opinions_of(round_id)
        reading += time.perf_counter() - started
        ours += in_a_transaction(compute_of(round_id, given))
    if (found := figures()) != expected:
        raise RuntimeError(f"compute and SQL differ: {found} {expected}")
    yield Result(
        "all villages against one statement",
        ours / theirs,
        "x",
        LIMIT_RATIO,
        {
            "ratio_to_limit": round(ours / theirs / LIMIT_RATIO, 3),
            "households": len(rounds) * HOUSEHOLDS,
            "villages": len(rounds),
            "compute_seconds": round(ours, 2),
            "sql_seconds": round(theirs, 2),
            "reading_opinions_seconds": round(reading, 2),
            "households_per_second": round(len(rounds) * HOUSEHOLDS / ours),
        },
    )


def in_a_transaction(act: Callable[[], object]) -> float:
    """Return the seconds of an action in the opener's transaction, its commit included: keys are checked there."""
    from config.lib.acting import job_frame

    started = time.perf_counter()
    with job_frame(None, "bench", "opener"):
        act()
    return time.perf_counter() - started


def compute_of(round_id: int, given: dict[int, Any]) -> Callable[[], object]:
    """Return the computation of a village as the opening does it, from opinions in memory."""
    from credit.models import Round
    from credit.selectors.rounds import rules_of
    from credit.services.computing import compute

    round = Round.objects.get(pk=round_id)
    rules = rules_of(round)
    grid_of = dict.fromkeys(given, round.grid_id)
    return lambda: compute(round=round, rules=rules, opinions=given, grid_of=grid_of)


def opinions_of(round_id: int) -> dict[int, list[Any]]:
    """Return the opinions of a village by household, as opened."""
    from credit.domain.opinions import Opinion, OpinionKind
    from credit.models import Opinion as OpinionRow

    found: dict[int, list[Opinion]] = defaultdict(list)
    rows = OpinionRow.objects.filter(round_id=round_id).values_list("subject_id", "kind", "amount", "reasons")
    for subject_id, kind, amount, reasons in rows:
        found[subject_id].append(Opinion(OpinionKind(kind), amount, tuple(reasons)))
    return dict(found)


def figures() -> Any:
    """Return what the decisions amount to: how many by outcome, and the sums of their figures."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select outcome, count(*), sum(merged_amount), sum(headroom), sum(proposed_amount), sum(model_line), sum(line_result_id), "
            "sum(profile_id), count(*) filter (where binding @> '[\"headroom\"]') from credit_decision group by outcome order by outcome"
        )
        return cursor.fetchall()


def _decryption() -> Result:
    """Seal thirty sheets of a village, then time their opening alone."""
    from uuid import uuid4

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from credit import sealing

    key = X25519PrivateKey.generate()
    private, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
    answers: Any = {FIRST + n: {"kind": "amount", "amount": "30000.00"} for n in range(HOUSEHOLDS)}
    uuids = [uuid4() for _ in range(SHEETS)]
    blobs = [sealing.seal_sheet(public, 1, uuid, answers) for uuid in uuids]
    started = time.perf_counter()
    for uuid, blob in zip(uuids, blobs, strict=True):
        if len(sealing.open_sheet(private, 1, uuid, blob)) != HOUSEHOLDS:
            raise RuntimeError("a sheet lost rows")
    seconds = time.perf_counter() - started
    details = {"ratio_to_limit": round(seconds / DECRYPTION_SECONDS, 3)}
    return Result(f"{SHEETS} sheets decrypted", seconds, "s", DECRYPTION_SECONDS, details)


# --- The limit ----------------------------------------------------------------------------------------------------------

_STATEMENT = """
with said as (
    select opinion.round_id, opinion.subject_id, opinion.grid_id, opinion.institution_id,
        count(*) filter (where kind = 'amount')::int as n, count(*) filter (where kind = 'refuse')::int as refusals,
        array_agg(amount order by amount) filter (where kind = 'amount') as a
    from credit_opinion as opinion where opinion.round_id = any (%(rounds)s)
    group by opinion.round_id, opinion.subject_id, opinion.grid_id, opinion.institution_id),
measured as (
    select said.*, n + refusals as valid, a[n] - a[1] as spread,
        case when n %% 2 = 1 then a[n / 2 + 1] else (a[n / 2] + a[n / 2 + 1]) / 2 end as median from said),
judged as (
    select measured.*,
        case when valid < 3 then 'supplement' when refusals >= 2 then 'refused' when n < 2 then 'supplement'
             when spread > median then 'divergent' else 'merged' end as said_outcome from measured),
merged as (
    select judged.*, case when said_outcome = 'merged' then floor(case when spread <= 10000 then mean.exact else pair.exact end / 1000) * 1000 end
        as merged_amount
    from judged
    left join lateral (select avg(one) as exact from unnest(a) as one where said_outcome = 'merged' and spread <= 10000) as mean on true
    left join lateral (select (a[i] + a[i + 1]) / 2 as exact from generate_series(1, n - 1) as i
        where said_outcome = 'merged' and spread > 10000 order by a[i + 1] - a[i], i limit 1) as pair on true),
line as (
    select distinct on (result.subject_id) result.subject_id, result.id, result.line::numeric / 100 as line
    from credit_lineresult as result join credit_linerun as run on run.id = result.run_id
    where run.published_at is not null and run.withdrawn_at is null and result.subject_id in (select subject_id from said)
    order by result.subject_id, run.as_of desc, run.id desc),
file as (
    select distinct on (profile.subject_id) profile.subject_id, profile.id, profile.document
    from customers_profile as profile
    where profile.id in (select profile_id from lib.trusted(now())) and profile.subject_id in (select subject_id from said)
    order by profile.subject_id, profile.number desc),
owing as (
    select file.subject_id, file.id,
        (select coalesce(sum((item->>'outstanding')::numeric * case when item->>'kind' = 'private' then 0 else 1 end), 0)
         from jsonb_array_elements(file.document->'liabilities') as item)
        + (select coalesce(sum((item->>'amount')::numeric * 0.5), 0) from jsonb_array_elements(file.document->'guarantees') as item) as total
    from file),
bounded as (
    select merged.*, line.id as line_id, line.line, owing.id as file_id, greatest(0, 300000 - coalesce(owing.total, 0)) as headroom,
        least(merged_amount, line.line, 200000, greatest(0, 300000 - coalesce(owing.total, 0))) as smallest
    from merged left join line using (subject_id) left join owing using (subject_id))
insert into credit_decision (institution_id, grid_id, recorded_grid_id, round_id, subject_id, number, outcome, merged_amount,
    line_result_id, model_line, product_cap, headroom, profile_id, proposed_amount, binding, trace)
select institution_id, grid_id, grid_id, round_id, subject_id, 1,
    case when said_outcome = 'merged' and line_id is null then 'needs_file' else said_outcome end, merged_amount, line_id, line, 200000,
    floor(headroom * 100) / 100, file_id,
    case when said_outcome = 'merged' and line_id is not null then floor(smallest / 1000) * 1000 end,
    case when said_outcome <> 'merged' or line_id is null then '[]' else to_jsonb(array_remove(array[
        case when merged_amount = smallest then 'merged' end, case when line = smallest then 'model' end,
        case when 200000 = smallest then 'product_cap' end, case when headroom = smallest then 'headroom' end], null)) end,
    -- Read anew for each row: the least that any form must do that writes a row's own trace.
    (%(trace)s || left(subject_id::text, 0))::jsonb
from bounded
"""


def ready_trace() -> str:
    """Return the trace of a household with five opinions and two debts, as ours write it."""
    from decimal import Decimal

    from credit.domain.bounds import ExposureSource, LineSettings, ObligationKind
    from credit.domain.bounds_many import Bounder, Owed, Read
    from credit.domain.merging import MergeSettings
    from credit.domain.merging_many import Merger
    from credit.domain.opinions import Opinion

    said = [Opinion.suggest(Decimal(amount)) for amount in (30_000, 50_000, 50_000, 80_000)] + [Opinion.unknown()]
    merged = Merger(MergeSettings()).merge(said)
    owed = [Owed(ObligationKind.OWN_OUTSTANDING, 1_250_000), Owed(ObligationKind.OTHER_BANKS, 905_050)]
    found = Bounder(LineSettings()).propose(merged, 4_500_000, owed, Read(ExposureSource.PROFILE, date(2026, 11, 1)))
    return f'{{"merge":{merged.document},"proposal":{found.proposal},"exposure":{found.exposure},"on":"2026-11-22"}}'


def statement_of(rounds: list[int]) -> Callable[[], object]:
    """Return the one statement for villages; each row carries the same ready trace, of the size ours have in the middle."""
    from django.db import connection

    values = {"rounds": rounds, "trace": ready_trace()}

    def act() -> None:
        with connection.cursor() as cursor:
            cursor.execute(_STATEMENT, values)

    return act


# --- Villages -------------------------------------------------------------------------------------------------------------


def fill(villages: int) -> list[int]:
    """Write villages with rosters, files that count, published lines and opened opinions; return their rounds."""
    from tests import world as world_module

    world = world_module.build()
    values = {
        "bank": world.bank.pk, "size": HOUSEHOLDS, "count": villages * HOUSEHOLDS, "first": FIRST, "lead": world.chen.pk,
        "checker": world.deng.pk, "at": before(), "most": MOST_OPINIONS,
    }  # fmt: skip
    _frame(world, villages)
    for table in _QUIET:
        sql(f"alter table {table} disable trigger user")
    for table in ("customers_profile", "credit_opinion", "customers_profilecheck"):
        sql(
            f"do $$ declare one text; begin for one in select conname from pg_constraint where contype = 'f' "
            f"and conrelid = '{table}'::regclass loop execute 'alter table {table} drop constraint ' || quote_ident(one); end loop; end $$"
        )
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in _ROWS:
            cursor.execute(statement, values)
    for table in _QUIET:
        sql(f"alter table {table} enable trigger user")
    sql("vacuum analyze")
    from credit.models import Round

    return list(Round.objects.order_by("pk").values_list("pk", flat=True))


def _frame(world: Any, villages: int) -> None:
    """Write grids, rounds, sheets and one published run, all numbered from the first household's number on."""
    from config.lib.models import JobRun, Release
    from credit.models import LineRun, Round, Sheet
    from grids.models import Grid
    from tests.credit.files import release_models

    numbers = range(FIRST, FIRST + villages)
    Grid.objects.bulk_create(
        Grid(
            id=n,
            institution=world.bank,
            branch=world.east,
            kind="village",
            name=f"第{n}村",
            division_code=f"99{n:010d}",
        )
        for n in numbers
    )
    rules = rules_document()
    Round.objects.bulk_create(
        Round(
            id=n,
            institution=world.bank,
            grid_id=n,
            name="一轮",
            stage="opening",
            settings=rules,
            owner=world.gao,
            due_on=date(2026, 11, 1),
        )
        for n in numbers
    )
    for table in ("credit_sheet", "credit_linerun"):
        sql(f"alter table {table} disable trigger user")
    Sheet.objects.bulk_create(
        Sheet(
            id=FIRST + place * MOST_OPINIONS + number, institution=world.bank, grid_id=n, round_id=n, number=number, mode="paper",
            assessor_name="评", typist=world.chen, state="sealed",
        )
        for place, n in enumerate(numbers)
        for number in range(MOST_OPINIONS)
    )  # fmt: skip
    release_models(world)
    job = JobRun.objects.create(kind="lines", key="bench", institution=world.bank, state="done")
    model = Release.objects.filter(kind="credit_model").first()
    LineRun.objects.create(
        id=FIRST, institution=world.bank, run=job, model=model, as_of=before(), published_at=before()
    )
    for table in ("credit_sheet", "credit_linerun"):
        sql(f"alter table {table} enable trigger user")


def before() -> Any:
    """An instant before the run."""
    from config.lib import clock

    return clock.now() - timedelta(days=2)


def rules_document() -> dict[str, object]:
    """The rules as shipped, frozen as a round keeps them."""
    from credit.domain.rules import RoundRules

    folder = Path(__file__).parent.parent / "credit" / "parameters"
    read = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("round_rules", "refuse_reasons"))
    return RoundRules.from_releases(*read).as_document()


_QUIET = (
    "customers_subject",
    "customers_profile",
    "customers_profilecheck",
    "credit_opinion",
)
_ROWS = (
    "insert into customers_subject (id, kind, institution_id, grid_id, listed_on, left_reason) select %(first)s + n, 'household', %(bank)s, "
    "%(first)s + n / %(size)s, '2026-01-05', '' from generate_series(0, %(count)s - 1) as n",
    "insert into customers_profile (id, institution_id, grid_id, recorded_grid_id, subject_id, visit_id, number, document, document_hash, "
    "carried, collector_id, submitted_at) select %(first)s + n, %(bank)s, %(first)s + n / %(size)s, %(first)s + n / %(size)s, "
    "%(first)s + n, %(first)s + n, 1, jsonb_build_object('liabilities', case when n %% 3 > 0 then jsonb_build_array("
    "jsonb_build_object('kind', (array['own_bank', 'other_bank', 'private', 'credit_card'])[1 + n %% 4], 'outstanding', "
    "((n %% 97) * 1250)::text || '.00'), jsonb_build_object('kind', 'other_bank', 'outstanding', ((n %% 31) * 900)::text || '.50')) else '[]' "
    "end, 'guarantees', case when n %% 5 = 0 then jsonb_build_array(jsonb_build_object('amount', ((n %% 41) * 1000)::text || '.00')) else "
    "'[]' end, 'assets', '[]'::jsonb, 'income', '[]'::jsonb, 'expenses', '[]'::jsonb, 'note', repeat(md5(n::text), 30)), '', '[]', %(lead)s, "
    "%(at)s from generate_series(0, %(count)s - 1) as n",
    "insert into customers_profilecheck (institution_id, grid_id, recorded_grid_id, subject_id, profile_id, checker_id, verdict, remarks, "
    "checked_at) select institution_id, grid_id, grid_id, subject_id, id, %(checker)s, 'accepted', '[]', %(at)s from customers_profile",
    # Three to nine opinions about the level of the household: one in nine knows nothing of it, one in thirteen refuses.
    "insert into credit_opinion (institution_id, grid_id, recorded_grid_id, round_id, sheet_id, subject_id, kind, amount, reasons) "
    "select %(bank)s, village, village, village, %(first)s + (n / %(size)s) * %(most)s + place, %(first)s + n, kind, "
    "case when kind = 'amount' then (array[10000, 20000, 30000, 50000, 80000, 100000, 150000, 200000, 250000])"
    "[1 + least(8, n %% 8 + abs(hashint4(n * 16 + place)) %% 3 * (n %% 2))] end, case when kind = 'refuse' then '[\"heavy_debts\"]' else '[]' "
    "end::jsonb from (select n, place, %(first)s + n / %(size)s as village, case when abs(hashint4(n * 32 + place)) %% 9 = 0 then 'unknown' "
    "when abs(hashint4(n * 64 + place)) %% 13 = 0 then 'refuse' else 'amount' end as kind from generate_series(0, %(count)s - 1) as n, "
    "generate_series(0, 2 + n %% 7) as place) as said",
    "insert into credit_lineresult (series, run_id, subject_id, institution_id, grid_id, recorded_grid_id, profile_id, line, inputs_hash, "
    "status, reason_bits) select 0, %(first)s, id, institution_id, grid_id, grid_id, id, 2000000 + id %% 83 * 250000, gen_random_uuid(), 0, '' "
    "from customers_subject where id >= %(first)s and id %% 20 > 0",
)
