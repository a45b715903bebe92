"""The database and broker of a test run."""

import os

import psycopg2
import pytest
import redis

ROLES = {
    # role: (may log in, inherits, passes row security)
    "gedang_owner": (True, True, False),
    "gedang_web": (True, False, False),
    "gedang_web_all": (False, False, False),
    "gedang_worker": (True, False, True),
    "gedang_opener": (True, False, False),
    "gedang_def": (False, False, True),
    "gedang_read": (True, False, False),
}


@pytest.fixture
def owner():
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    yield connection.cursor()
    connection.close()


def test_servers_answer(owner):
    owner.execute(
        "select current_user, current_setting('TimeZone'), current_setting('server_version_num')::int >= 180000"
    )

    assert owner.fetchone() == ("gedang_owner", "Asia/Shanghai", True)
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()


def test_roles_have_exactly_their_attributes(owner):
    owner.execute("select rolname, rolcanlogin, rolinherit, rolbypassrls from pg_roles where rolname like 'gedang%'")

    assert {name: tuple(rest) for name, *rest in owner.fetchall()} == ROLES


def test_whole_institution_rights_are_taken_not_inherited(owner):
    owner.execute(
        "select m.rolname, g.rolname, a.inherit_option, a.set_option from pg_auth_members a"
        " join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid where m.rolname = 'gedang_web'"
    )

    assert owner.fetchall() == [("gedang_web", "gedang_web_all", False, True)]


def test_web_cannot_read_sizes_or_change_counts(owner):
    owner.execute("set role gedang_web")

    for question in (
        "select * from pg_stat_user_tables",
        "select * from pg_stat_all_indexes",
        "select pg_relation_size('pg_class')",
        "select pg_total_relation_size('pg_class')",
        "select pg_stat_get_tuples_updated('pg_class'::regclass)",
    ):
        owner.execute("savepoint before")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            owner.execute(question)
        owner.execute("rollback to before")


def test_read_role_writes_nothing(owner):
    owner.execute(
        "select unnest(setconfig) from pg_db_role_setting s join pg_roles r on r.oid = s.setrole where rolname = 'gedang_read'"
    )

    assert ("default_transaction_read_only=on",) in owner.fetchall()


def test_parameter_values_stay_out_of_the_log(owner):
    owner.execute(
        "select unnest(setconfig) from pg_db_role_setting s join pg_roles r on r.oid = s.setrole where rolname = 'gedang_web'"
    )

    settings = {row[0] for row in owner.fetchall()}
    assert {"log_min_error_statement=panic", "log_parameter_max_length=0"} <= settings
