"""Row security holds without any help from the application: raw SQL and deliberately wrong queries as the web role."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from config.lib import guards
from config.lib.acting import transaction_frame
from config.lib.models import History, Release
from customers.models import Household, Person, Subject
from grids.models import Grid
from tests.world import World


def a_household(grid: Grid, number: str) -> Household:
    subject = Subject.objects.create(institution=grid.institution, grid=grid, listed_on=date(2026, 1, 1))
    household = Household.objects.create(subject=subject, institution=grid.institution, grid=grid, number=number)
    Person.objects.create(institution=grid.institution, grid=grid, household=household, name="刘一", relation="head")
    return household


@pytest.fixture
def three(world: World) -> World:
    """One household in each village."""
    for grid in (world.liu, world.wang, world.zhao):
        a_household(grid, "001")
    return world


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(DatabaseError), transaction.atomic():
        yield


def rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_without_context_the_web_role_sees_nothing(three: World) -> None:
    with transaction_frame():
        rows("select set_config('role', 'gedang_web', true)")
        assert rows("select count(*) from customers_household") == [(0,)]
        rows("select set_config('role', 'gedang_web_all', true)")
        assert rows("select count(*) from customers_household") == [(0,)]


@pytest.mark.parametrize(
    ("person", "count"),
    [
        ("chen", 2),
        ("deng", 0),
        ("fang", 1),
        ("gao", 2),
        ("he", 1),
        ("jiang", 3),
        ("kang", 3),
        ("an", 0),
        ("mo", 0),
        ("shi", 0),
    ],
)
def test_each_post_sees_its_own_rows_whatever_the_query(
    three: World, acting: Callable[..., object], person: str, count: int
) -> None:
    with acting(getattr(three, person)):  # type: ignore[attr-defined]
        for table in ("customers_subject", "customers_household", "customers_person"):
            assert rows(f"select count(*) from {table}") == [(count,)]
        assert Household.objects.count() == count


def test_a_row_cannot_be_written_into_or_moved_to_another_branch(three: World, acting: Callable[..., object]) -> None:
    with acting(three.chen):  # type: ignore[attr-defined]
        with refused():
            Subject.objects.create(institution=three.bank, grid=three.zhao)
        with refused():
            Household.objects.filter(grid=three.liu).update(grid=three.zhao)
        assert Household.objects.filter(grid=three.zhao).update(address="x") == 0


def test_no_scope_outlives_its_transaction(three: World, acting: Callable[..., object]) -> None:
    with acting(three.jiang):  # type: ignore[attr-defined]
        pass
    assert rows("select current_setting('app.grids', true), current_user::text") == [("", "gedang_owner")]


def test_append_only_refuses_every_role_but_the_owner(world: World, acting: Callable[..., object]) -> None:
    release = Release.objects.create(
        institution=world.bank,
        kind="k",
        version=1,
        document={},
        sha256="",
        effective_on=date(2026, 1, 1),
        drafted_by=world.mo,
        released_by=world.ning,
    )
    for role in ("gedang_web", "gedang_web_all", "gedang_worker", "gedang_opener", "gedang_def", "gedang_read"):
        with transaction_frame():
            rows(f"select set_config('role', '{role}', true)")
            for sql in (
                "update lib_release set version = 2",
                "delete from lib_release",
                "truncate lib_release cascade",
                "alter table lib_release disable trigger all",
                "set session_replication_role = replica",
            ):
                with refused(), connection.cursor() as cursor:
                    cursor.execute(sql)
    release.refresh_from_db()
    assert release.version == 1


def test_one_person_cannot_sign_a_release_twice(world: World) -> None:
    with refused():
        Release.objects.create(
            institution=world.bank,
            kind="k",
            version=1,
            document={},
            sha256="",
            effective_on=date(2026, 1, 1),
            drafted_by=world.mo,
            released_by=world.mo,
        )


def test_history_is_kept_for_bulk_changes_with_who_and_cannot_be_forged(
    three: World, acting: Callable[..., object]
) -> None:
    with acting(three.chen):  # type: ignore[attr-defined]
        assert Household.objects.update(address="村东") == 2
        with refused(), connection.cursor() as cursor:
            cursor.execute(
                "insert into lib_history (table_name, row_id, operation, old) values ('x', '1', 'update', '{}')"
            )
        with refused():
            list(History.objects.all())

    kept = History.objects.filter(table="customers_household", operation="update")
    assert kept.count() == 2
    assert {entry.staff_id for entry in kept} == {three.chen.pk}
    assert {entry.old["address"] for entry in kept} == {""}


def test_erasure_removes_identity_everywhere_and_is_the_workers_alone(
    three: World, acting: Callable[..., object]
) -> None:
    person = Person.objects.filter(grid=three.liu).get()
    Person.objects.filter(pk=person.pk).update(name="刘二")  # leaves the first name in history

    with acting(three.chen), refused(), connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("select acc.erase_person(%s, 'asked')", [person.pk])
    with transaction_frame(), connection.cursor() as cursor:
        cursor.execute("set local role gedang_worker")
        cursor.execute("select acc.erase_person(%s, 'asked')", [person.pk])

    person.refresh_from_db()
    assert (person.name, person.data_key, person.erased_at is None) == ("", None, False)
    assert "刘" not in str(list(History.objects.filter(table="customers_person").values_list("old", flat=True)))


def test_every_table_has_a_guard_and_every_customer_table_row_security(db: None) -> None:
    assert guards.unguarded() == []
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if {"grid", "grid_id"} & {field.name for field in model._meta.get_fields()}
        and model._meta.app_label in ("customers", "credit")
        and model.guard.scope != "open"
    }
    secured = {
        name for (name,) in rows("select relname::text from pg_class where relrowsecurity and relkind in ('r', 'p')")
    }
    assert tables <= secured
    assert not rows("select relname from pg_class where relkind = 'm' and relnamespace = 'public'::regnamespace"), (
        "a materialised view never filters"
    )


def test_every_table_has_the_columns_its_model_reads_and_no_others(db: None) -> None:
    """Some tables are made by SQL of their own, which a new field of the model does not reach."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    wanted = {(model._meta.db_table, field.column) for model in models for field in model._meta.local_concrete_fields}
    tables = sorted({model._meta.db_table for model in models})
    held = "select attrelid::regclass::text, attname from pg_attribute where attrelid = any (%s::regclass[]) and attnum > 0 and not attisdropped"
    with connection.cursor() as cursor:
        cursor.execute(held, [tables])
        assert set(cursor.fetchall()) == wanted


def test_web_login_does_not_inherit_the_whole_institution(db: None) -> None:
    assert rows("select rolinherit, rolbypassrls, rolsuper from pg_roles where rolname = 'gedang_web'") == [
        (False, False, False)
    ]
    assert rows(
        "select inherit_option, set_option from pg_auth_members where roleid = 'gedang_web_all'::regrole and member = 'gedang_web'::regrole"
    ) == [(False, True)]
    assert rows(
        "select pg_has_role('gedang_web', 'gedang_worker', 'member'), pg_has_role('gedang_web', 'gedang_def', 'member')"
    ) == [(False, False)]


@override_settings(DEBUG=False)
def test_definer_functions_are_fixed_and_not_public(db: None) -> None:
    loose = rows(
        "select proname::text from pg_proc where pronamespace in ('lib'::regnamespace, 'acc'::regnamespace) and prosecdef "
        "and (proconfig is null or not exists (select 1 from unnest(proconfig) as setting where setting like 'search_path=%'))"
    )
    assert loose == []
    public = rows(
        "select proname::text from pg_proc where pronamespace = 'acc'::regnamespace and prosecdef and has_function_privilege('gedang_read', oid, 'execute')"
    )
    assert public == []
