"""What the database itself enforces on each table, declared beside the model and applied after every migration.

A model says ``guard = Guard(...)``: which role may do what, whose rows a person sees (row security), whether the table is
append-only, whether changes are kept in history. A table is created without any privilege, so a table without a guard can
be read by nobody but the owner: forgetting one fails closed, and a system check names it. Decision record 0002.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from django.apps import apps
from django.db import connections, models

Scope = Literal["open", "grid", "own"]
CONTEXT_ARRAY = "(select nullif(current_setting('app.{name}', true), '')::bigint[])::bigint[]"
GRIDS = f"any ({CONTEXT_ARRAY.format(name='grids')})"
SUBJECTS = f"any ({CONTEXT_ARRAY.format(name='subjects')})"
HIDDEN = f"all ({CONTEXT_ARRAY.format(name='hidden')})"
INSTITUTION = "(select nullif(current_setting('app.institution', true), '')::bigint)"
STAFF = "(select nullif(current_setting('app.staff', true), '')::bigint)"


@dataclass(frozen=True)
class Guard:
    """The rules of one table.

    ``scope``: ``open`` no row security (territory, staff, parameters); ``grid`` rows of the acting person's grids, needs
    columns institution_id and grid_id; ``own`` rows whose ``owner_column`` is the acting staff.
    ``web`` and ``whole`` are the privileges of gedang_web (scoped posts) and gedang_web_all (whole-institution posts);
    a string may limit UPDATE to columns: ``SELECT, INSERT, UPDATE (state, note)``.
    ``follows`` names the column of an append-only table that, beside grid_id, follows a person to another household.
    ``subject_column`` opens single rows to the task in hand (``app.subjects``); ``hideable`` keeps rows of ``app.hidden``
    from an auditor. ``extra`` is further SQL run last, with {table} filled in.
    """

    scope: Scope = "open"
    web: str = "SELECT"
    whole: str | None = None
    worker: str = "SELECT, INSERT, UPDATE, DELETE"
    opener: str = ""
    read: str = "SELECT"
    append_only: bool = False
    follows: str = ""
    history: bool = False
    subject_column: str = ""
    hideable: bool = False
    owner_column: str = ""
    extra: tuple[str, ...] = field(default=())


def kept_by(function: str, timing: str, each: str = "row") -> tuple[str, str]:
    """Return the ``extra`` of a table whose rows a trigger function keeps: ``kept_by("lib.keep_plan", "before update")``.

    For each ``statement`` the function sees the new rows as a table named added.
    """
    name = function.removeprefix("lib.")
    return (
        f"drop trigger if exists {name} on {{table}}",
        f"create trigger {name} {timing} on {{table}} "
        f"{'referencing new table as added ' if each == 'statement' else ''}for each {each} execute function {function}()",
    )


def compared_by(function: str) -> tuple[str, str]:
    """Return the ``extra`` of a table whose changed rows a trigger function compares, once a statement: as tables gone and added."""
    name = function.removeprefix("lib.")
    return (
        f"drop trigger if exists {name} on {{table}}",
        f"create trigger {name} after update on {{table}} referencing old table as gone new table as added "
        f"for each statement execute function {function}()",
    )


# Tables that come with libraries; nothing in them is about a customer.
LIBRARY_GUARDS: dict[str, Guard] = {
    "django_session": Guard(web="SELECT, INSERT, UPDATE, DELETE", read=""),
    "django_content_type": Guard(),
    "django_migrations": Guard(),
    "auth_permission": Guard(web="", worker="", read=""),
    "auth_group": Guard(web="", worker="", read=""),
    "auth_group_permissions": Guard(web="", worker="", read=""),
    "axes_accessattempt": Guard(web="SELECT, INSERT, UPDATE, DELETE"),
    "axes_accessattemptexpiration": Guard(web="SELECT, INSERT, UPDATE, DELETE"),
    "axes_accessfailurelog": Guard(web="SELECT, INSERT, UPDATE, DELETE"),
    "axes_accesslog": Guard(web="SELECT, INSERT, UPDATE, DELETE"),
}


def declared() -> dict[str, Guard | None]:
    """Return the guard of every table that exists because of an installed model; None where it was forgotten."""
    found: dict[str, Guard | None] = dict(LIBRARY_GUARDS)
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            found.setdefault(model._meta.db_table, getattr(model, "guard", None))
    return found


def statements(table: str, guard: Guard) -> list[str]:
    """Return the SQL that puts a guard on a table; running it twice changes nothing."""
    whole = guard.web if guard.whole is None else guard.whole
    sql = [f"revoke all on {table} from public, gedang_web, gedang_web_all, gedang_worker, gedang_opener, gedang_read"]
    sql.append(f"grant all on {table} to gedang_def")
    grants = {
        "gedang_web": guard.web,
        "gedang_web_all": whole,
        "gedang_worker": _insert_only(guard.worker) if guard.append_only else guard.worker,
        "gedang_opener": guard.opener,
        "gedang_read": guard.read,
    }
    sql += [f"grant {privileges} on {table} to {role}" for role, privileges in grants.items() if privileges]
    sql += _row_security(table, guard) + _triggers(table, guard)
    return sql + [line.format(table=table) for line in guard.extra]


def _insert_only(privileges: str) -> str:
    return ", ".join(word for word in ("SELECT", "INSERT") if word in privileges)


def _policy(table: str, name: str, role: str, rule: str, command: str = "all", kind: str = "permissive") -> list[str]:
    check = f" with check ({rule})" if command in ("all", "insert") else ""
    using = f" using ({rule})" if command != "insert" else ""
    return [
        f"drop policy if exists {name} on {table}",
        f"create policy {name} on {table} as {kind} for {command} to {role}{using}{check}",
    ]


def _row_security(table: str, guard: Guard) -> list[str]:
    if guard.scope == "open":
        return []
    sql = [f"alter table {table} enable row level security"]
    if guard.scope == "own":
        mine = f"{guard.owner_column} = {STAFF}"
        sql += _policy(table, "own", "gedang_web, gedang_web_all", mine)
    else:
        sql += _policy(table, "scoped", "gedang_web", f"grid_id = {GRIDS}")
        sql += _policy(table, "whole", "gedang_web_all", f"institution_id = {INSTITUTION}")
    if guard.subject_column:
        sql += _policy(table, "task", "gedang_web", f"{guard.subject_column} = {SUBJECTS}")
    if guard.hideable:
        rule = f"{guard.subject_column or 'subject_id'} <> {HIDDEN}"
        sql += _policy(table, "hidden", "gedang_web_all", rule, "select", "restrictive")
    if guard.opener:
        sql += _policy(table, "opening", "gedang_opener", "true")
    if guard.read:
        sql += _policy(table, "reading", "gedang_read", "true", "select")
    return sql


def _triggers(table: str, guard: Guard) -> list[str]:
    sql = [
        f"drop trigger if exists {name} on {table}"
        for name in ("append_only", "append_only_all", "history_u", "history_d")
    ]
    if guard.append_only:
        sql += [
            f"create trigger append_only before update or delete on {table} for each row execute function "
            f"lib.refuse_change({guard.follows and repr(guard.follows)})",
            f"create trigger append_only_all before truncate on {table} for each statement execute function lib.refuse_change()",
        ]
    if guard.history:
        for letter, event in (("u", "update"), ("d", "delete")):
            sql.append(
                f"create trigger history_{letter} after {event} on {table} referencing old table as gone "
                "for each statement execute function lib.keep_history()"
            )
    return sql


def apply(using: str = "default") -> None:
    """Put every declared guard on its table, in one transaction."""
    connection = connections[using]
    existing = set(connection.introspection.table_names())
    sql = [
        line
        for table, guard in sorted(declared().items())
        if guard is not None and table in existing
        for line in statements(table, guard)
    ]
    sql.append("grant all on all sequences in schema public to gedang_def, gedang_worker")
    with connection.cursor() as cursor:
        cursor.execute(";\n".join(sql))


def apply_after_migrate(sender: Any, using: str, **_: Any) -> None:
    """Apply the guards once, after the last app was migrated (signals arrive app by app)."""
    is_last = sender.label == list(apps.app_configs)[-1] and sender.models_module is not None
    if is_last and "lib_history" in connections[using].introspection.table_names():
        apply(using)


def unguarded() -> list[str]:
    """Return the tables whose model declares no guard."""
    return sorted(table for table, guard in declared().items() if guard is None)


class GuardedModel(models.Model):
    """Base of our models: says that a guard must be declared."""

    guard: Guard

    class Meta:
        abstract = True
