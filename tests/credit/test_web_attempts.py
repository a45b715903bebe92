"""What a web process could ask the database by hand, with any SQL: refused, or the same whatever the sheets say.

``test_sealing`` holds the reads of the sealed tables; here are the ways round them: sequences, plans and their estimates,
statistics, other sessions, storage, files of the server, texts of errors.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from io import StringIO

import psycopg2
import pytest
from django.db import DatabaseError, connection, transaction

from credit.models import Sheet
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World, build

pytestmark = pytest.mark.usefixtures("opener")
PEOPLE = ("gao", "chen", "jiang", "kang", "an", "shi", "assessor")
TABLES = ("credit_sealedsheet", "credit_draftcell", "credit_draftpage", "credit_roundkey", "credit_sheetpage")

REFUSED = (
    # The content under another name.
    "table credit_sealedsheet",
    "select s::text from credit_sealedsheet as s",
    "select row_to_json(s) from credit_sealedsheet as s",
    "select blob is null from credit_sealedsheet",
    "select pg_column_size(blob) from credit_sealedsheet",
    "select id from credit_sealedsheet order by blob",
    "select id from credit_sealedsheet where substr(blob, 1, 1) = 'a'",
    "select count(blob) from credit_sealedsheet",
    "declare stolen cursor for select blob from credit_sealedsheet",
    "prepare stolen as select blob from credit_sealedsheet; execute stolen",
    "select id from credit_sealedsheet for update",
    "insert into credit_sealedsheet (id, sheet_id, blob) select gen_random_uuid(), sheet_id, blob from credit_sealedsheet",
    "merge into credit_sealedsheet as s using credit_sheet as t on s.sheet_id = t.id when matched then update set blob = ''",
    "select encode(wrapped_key, 'hex') from credit_roundkey",
    "select opener_key_id from credit_roundkey",
    "copy credit_roundkey to stdout",
    # Plans.
    "explain select blob from credit_sealedsheet",
    "explain analyze select blob from credit_sealedsheet",
    "explain (analyze, buffers) select octet_length(pages) from credit_sealedsheet",
    "explain select wrapped_key from credit_roundkey",
    "explain analyze select from credit_draftcell where ctid = '(0,1)'",
    "explain analyze select from credit_draftcell where xmin <> '1'",
    # Statistics of columns, tables, indexes, the whole database.
    "select * from pg_stats",
    "select * from pg_stats_ext",
    "select * from pg_statistic",
    "select * from pg_stat_user_indexes",
    "select * from pg_statio_user_tables",
    "select * from pg_stat_xact_user_tables",
    "select tup_updated from pg_stat_database",
    "select * from pg_stat_io",
    "select * from pg_stat_wal",
    "select * from pg_stat_user_functions",
    "select * from pg_stat_statements",
    "select pg_stat_get_tuples_inserted('credit_draftpage'::regclass)",
    "select pg_stat_get_db_tuples_updated(1)",
    "select relpages from pg_class",
    "select reltuples from pg_class",
    "select * from pg_class",
    "select pg_table_size('credit_draftpage')",
    "select pg_indexes_size('credit_draftpage')",
    # What others are doing now.
    "select query from pg_stat_activity",
    "select * from pg_stat_get_activity(null)",
    "select pg_stat_get_backend_activity(1)",
    "select * from pg_locks",
    "select * from pg_lock_status()",
    # Storage, files, programs of the server.
    "select * from pg_largeobject",
    "select lo_export(1, '/dev/null')",
    "select lo_import('/dev/null')",
    "select pg_read_file('postgresql.conf')",
    "select pg_ls_dir('.')",
    "select * from pg_ls_waldir()",
    "select pg_stat_file('base')",
    "copy credit_draftcell to '/dev/null'",
    "copy credit_draftcell to program 'cat'",
    "select pg_logical_emit_message(true, 'a', 'b') from pg_create_logical_replication_slot('a', 'pgoutput')",
    # More rights than one has.
    "alter table credit_draftcell disable row level security",
    "drop policy mine on credit_draftcell",
    "alter table credit_sealedsheet disable trigger all",
    "set local session_replication_role = replica",
    "set local row_security = off; select value from credit_draftcell",
    "create function public.stolen(bytea) returns boolean language plpgsql as 'begin raise notice ''%', $1; return true; end'",
    "create view public.stolen as select * from credit_draftcell",
    "create rule stolen as on insert to credit_sealedsheet do also notify stolen",
    "create trigger stolen before insert on credit_sealedsheet for each row execute function lib.keep_history()",
    "alter function acc.open_round(bigint, timestamptz) owner to gedang_web",
    "select acc.open_pages(1)",
    "select * from acc.open_round(1, now())",
    # History and the log of what was done.
    "select * from lib_history where table_name = 'credit_draftcell'",
    "copy lib_history to stdout",
)  # fmt: skip

ESTIMATES = (
    "explain select sheet_id from credit_draftcell",
    "explain select sheet_id from credit_draftcell where version = 0",
    "explain select sheet_id from credit_draftcell where version > 0",
    "explain select sheet_id from credit_draftcell where sheet_id = {other} and version > 0",
    "explain (analyze, timing off, summary off, buffers off) select count(*) from credit_draftcell where version > 0",
)

SAME = (
    "explain select id from credit_sealedsheet",
    "explain (analyze, timing off, summary off, buffers off, costs off) "
    "select count(*) from credit_draftcell where sheet_id = {other} and version > 0",
    "select count(*), max(version), min(length(value)) from credit_draftcell where sheet_id = {other}",
    "select count(*) from credit_draftcell tablesample system (100) where sheet_id = {other}",
    "select count(*) from credit_draftpage",
    "select count(*) from credit_sealedsheet where sheet_id = {other}",
    "copy (select sheet_id from credit_draftcell where sheet_id = {other}) to stdout",
    # A condition that raises on what it sees: it must not see.
    "select 1 from credit_draftcell where sheet_id = {other} and 1 / (version - 1) > 0",
    "select 1 from credit_draftcell where sheet_id = {other} and encode(value, 'escape')::int > 0",
    "select 1 from credit_draftpage where encode(value, 'escape')::int > 0",
    # Errors of constraints and triggers.
    "update credit_draftcell set version = version + 1 where sheet_id = {other}",
    "delete from credit_draftpage",
    "insert into credit_draftcell (sheet_id, subject_id, value, version) values ({other}, {home}, decode(repeat('00', 256), 'hex'), 0)",
    "insert into credit_draftcell (sheet_id, subject_id, value, version) values ({other}, {home}, decode(repeat('00', 256), 'hex'), 1)",
    "insert into credit_draftpage (id, sheet_id, place, value) values (gen_random_uuid(), {paper}, 1, decode(repeat('00', 131101), 'hex'))",
    "insert into credit_sealedsheet (id, sheet_id, blob) values (gen_random_uuid(), {other}, '')",
    "insert into credit_sealedsheet (id, sheet_id, blob) values (gen_random_uuid(), {sealed}, decode(repeat('00', 1072), 'hex'))",
    "update credit_sheet set state = 'sealed' where id = {other}",
    "update credit_sheet set state = 'typed' where id = {paper}",
    "select state, sealed_on, ended_on from credit_sheet order by number",
    "select count(*) from credit_opinion",
    "select pg_relation_filepath('credit_draftcell') is null",
    "select pg_sequence_last_value('credit_opinion_id_seq')",
)  # fmt: skip


def run(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        if sql.startswith("copy"):
            out = StringIO()
            cursor.cursor.copy_expert(sql, out)
            return [(out.getvalue(),)]
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else [(cursor.rowcount,)]


def outcome(sql: str) -> str:
    """What one statement answers, error text and detail included, its effects taken back."""
    try:
        with transaction.atomic():
            mark = transaction.savepoint()
            said = repr(run(sql))
            transaction.savepoint_rollback(mark)
    except (DatabaseError, psycopg2.Error) as error:
        said = f"{type(error).__name__}: {error}"
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "[uuid]", said)


@pytest.fixture
def village(world: World) -> make.Village:
    """A round in assessment with a paper sheet being typed by Deng."""
    village = make.started(world)
    make.add_paper(village)
    return village


def holder(village: make.Village, person: str) -> object:
    return village.assessors[0] if person == "assessor" else getattr(village.world, person)


def refuses(sql: str) -> bool:
    try:
        with transaction.atomic():
            mark = transaction.savepoint()
            run(sql)
            transaction.savepoint_rollback(mark)
    except (DatabaseError, psycopg2.Error):
        return True
    return False


@pytest.mark.parametrize("person", PEOPLE)
def test_every_way_round_is_refused(village: make.Village, person: str) -> None:
    make.fill(village, 0, dict.fromkeys(village.households, make.amount("7.7")))
    make.seal(village, 0)
    with acting_as(holder(village, person)):  # type: ignore[arg-type]
        let_pass = [sql for sql in REFUSED if not refuses(sql)]
    assert not let_pass, "\n".join(let_pass)


def test_no_sequence_tells_how_much_was_written(village: make.Village) -> None:
    sequences = [
        name for (name,) in run("select relname::text from pg_class where relkind = 'S' and relname ~ '^credit_'")
    ]
    assert len(sequences) > 10
    for role in ("gedang_web", "gedang_web_all", "gedang_read"):
        with transaction.atomic():
            run(f"select set_config('role', '{role}', true)")
            asked = [
                question.format(name=name)
                for name in sequences
                for question in (
                    "select last_value from {name}", "select nextval('{name}')", "select setval('{name}', 1)",
                    "select 1 from (select coalesce(pg_sequence_last_value('{name}'), 1)) as s where 1 / 0 = 1",
                )
            ]  # fmt: skip
            assert [sql for sql in asked if not refuses(sql)] == []
            assert run("select count(last_value) from pg_sequences where sequencename ~ '^credit_'") == [(0,)]
            run("select set_config('role', 'gedang_owner', true)")


def test_the_storage_of_large_values_is_closed(village: make.Village) -> None:
    stores = run(
        "select reltoastrelid::regclass::text from pg_class where relname = any (array['"
        + "', '".join(TABLES)
        + "']) and reltoastrelid <> 0"
    )
    assert len(stores) >= 4
    for role in ("gedang_web", "gedang_web_all", "gedang_worker", "gedang_opener", "gedang_read"):
        with transaction.atomic():
            run(f"select set_config('role', '{role}', true)")
            for (store,) in stores:
                assert refuses(f"select chunk_data from {store}"), (role, store)
            run("select set_config('role', 'gedang_owner', true)")


@pytest.fixture
def worlds(village: make.Village) -> Callable[[], Iterator[str]]:
    """Make the two worlds one after the other: nothing but refusals and no draft, then amounts, a full draft and photos."""

    def make_them() -> Iterator[str]:
        paper = Sheet.objects.get(round=village.round, mode="paper")
        homes = village.households
        for sealed, draft, photos in (
            (make.REFUSE, {}, []),
            (make.amount("7.7"), dict.fromkeys(homes, make.amount("5")), [make.picture()] * 3),
        ):
            mark = transaction.savepoint()
            make.fill(village, 0, dict.fromkeys(homes, sealed))
            make.seal(village, 0)
            make.fill(village, 1, draft)  # type: ignore[arg-type]
            make.type_paper(paper, draft, photos, hand_over=False)  # type: ignore[arg-type]
            yield "world"
            transaction.savepoint_rollback(mark)

    return make_them


def test_what_is_answered_is_the_same_in_two_worlds(village: make.Village, worlds: Callable[[], Iterator[str]]) -> None:
    names = {
        "other": village.sheets[1].pk,
        "sealed": village.sheets[0].pk,
        "paper": Sheet.objects.get(round=village.round, mode="paper").pk,
        "home": village.households[0],
    }
    seen: list[dict[tuple[str, str], str]] = []
    for _ in worlds():
        answers = {}
        for person in PEOPLE:
            with acting_as(holder(village, person)):  # type: ignore[arg-type]
                for sql in (*SAME, *REFUSED):
                    answers[person, sql] = outcome(sql.format(**names) if "{" in sql and sql in SAME else sql)
        seen.append(answers)
    first, second = seen
    differing = [f"{key}\n{said}\n{second[key]}" for key, said in first.items() if said != second[key]]
    assert not differing, "\n".join(differing[:3])


@pytest.mark.django_db(transaction=True)
def test_a_plan_tells_nothing_of_how_much_is_typed() -> None:
    """A full draft, written twice over in transactions of its own, has the estimates and the size of an empty one.

    While the server gathers statistics of its own accord, old versions stay and may need a page more, whatever was typed: looked at again.
    """
    village = make.started(build(), 60)
    for _ in range(3):
        seen = list(_estimates(village))
        assert "rows=" in seen[0][ESTIMATES[0]]
        if seen[0] == seen[1] == seen[2]:
            break
    assert seen[0] == seen[1] == seen[2]


def _estimates(village: make.Village) -> Iterator[dict[str, str]]:
    """What plans say of a draft that is empty, full, and full of something else."""
    make.fill(village, 1, dict.fromkeys(village.households))
    run("vacuum full credit_draftcell")  # of what was there before
    for draft in (
        {},
        dict.fromkeys(village.households, make.amount("5")),
        dict.fromkeys(village.households, make.REFUSE),
    ):
        for subject, answer in draft.items():
            make.fill(village, 1, {subject: answer})
        run("analyze credit_draftcell")  # what the server does by itself after a while
        with acting_as(village.world.gao):
            yield {sql: outcome(sql.format(other=village.sheets[1].pk)) for sql in ESTIMATES}


def test_the_comparison_notices(village: make.Village, worlds: Callable[[], Iterator[str]]) -> None:
    """The holder of the draft sees the difference, by the same questions."""
    count = f"select sum(version) from credit_draftcell where sheet_id = {village.sheets[1].pk}"
    seen = []
    for _ in worlds():
        with acting_as(village.assessors[1]):
            seen.append(outcome(count))
    assert seen[0] != seen[1]


@pytest.mark.parametrize("login", ["gedang_web", "gedang_worker", "gedang_opener"])
def test_a_login_takes_no_other_role_and_leaves_no_statement_in_the_log(db: None, login: str) -> None:
    """As the login itself: an owner who takes its role keeps his own rights and settings."""
    database = connection.settings_dict
    with (
        closing(
            psycopg2.connect(dbname=database["NAME"], user=login, host=database["HOST"], port=database["PORT"] or None)
        ) as other,
        other.cursor() as cursor,
    ):
        for role in ("gedang_owner", "gedang_def", "gedang_web", "gedang_worker", "gedang_opener", "gedang_read"):
            if role == login:
                continue
            for take in (f"set role {role}", f"set session authorization {role}"):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(take)
                other.rollback()
        cursor.execute(
            "select name, setting from pg_settings where name ~ '^log_(min_error|parameter|error_v|min_dur)'"
        )
        told = dict(cursor.fetchall())
    assert told["log_min_error_statement"] == "panic"
    assert told["log_parameter_max_length"] == told["log_parameter_max_length_on_error"] == "0"
    assert told["log_error_verbosity"] == "terse"
    assert told["log_min_duration_statement"] == "-1"
