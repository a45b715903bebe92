"""Whether the database still enforces what the models declare: guards compared with the catalogue, roles with their table.

The declared guards are put on empty copies of the tables in a schema of their own, which is rolled back; comparing the
catalogue's own words for both needs no parser, and no table in use is locked for more than a look.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from config.lib.guards import declared, statements

PROBE = "gedang_probe"
# role: may log in, inherits, passes row security, is superuser
ROLES: Mapping[str, tuple[bool, bool, bool, bool]] = {
    "gedang_owner": (True, True, False, False),
    "gedang_web": (True, False, False, False),
    "gedang_web_all": (False, False, False, False),
    "gedang_worker": (True, False, True, False),
    "gedang_opener": (True, False, False, False),
    "gedang_def": (False, False, True, False),
    "gedang_read": (True, False, False, False),
}
# member, role: inherits it, may become it. Nothing else is a member of anything.
MEMBERSHIPS: Mapping[tuple[str, str], tuple[bool, bool]] = {
    ("gedang_web", "gedang_web_all"): (False, True),
    ("gedang_owner", "gedang_def"): (True, True),
    **{
        ("gedang_owner", role): (False, True)
        for role in ("gedang_web", "gedang_web_all", "gedang_worker", "gedang_opener", "gedang_read")
    },
}

Facts = dict[tuple[str, str], str]
"""(table, what) -> what the catalogue says of it."""

_CATALOGUE = """
select class.relname::text, fact.what, fact.says
from pg_class as class, lateral (
    select 'row security' as what, class.relrowsecurity::text as says
    union all
    select 'owner', pg_get_userbyid(class.relowner)
    union all
    select 'policy ' || policy.polname,
           concat_ws(' ', policy.polcmd, policy.polpermissive,
                     (select string_agg(pg_get_userbyid(role), ',' order by pg_get_userbyid(role)) from unnest(policy.polroles) as role),
                     'using', pg_get_expr(policy.polqual, class.oid), 'check', pg_get_expr(policy.polwithcheck, class.oid))
    from pg_policy as policy where policy.polrelid = class.oid
    union all
    select 'trigger ' || held.tgname,
           replace(replace(pg_get_triggerdef(held.oid), 'public.', ''), %(probe)s || '.', '') || ' ' || held.tgenabled::text
    from pg_trigger as held where held.tgrelid = class.oid and not held.tgisinternal
    union all
    select 'rights of ' || pg_get_userbyid(acl.grantee), string_agg(acl.privilege_type, ', ' order by acl.privilege_type)
    from aclexplode(class.relacl) as acl where acl.grantee <> class.relowner group by acl.grantee
    union all
    select 'rights of ' || pg_get_userbyid(acl.grantee) || ' on ' || attribute.attname,
           string_agg(acl.privilege_type, ', ' order by acl.privilege_type)
    from pg_attribute as attribute, aclexplode(attribute.attacl) as acl
    where attribute.attrelid = class.oid and attribute.attnum > 0 group by acl.grantee, attribute.attname
) as fact
where class.relnamespace = %(schema)s::regnamespace and class.relkind in ('r', 'p') and class.relname = any (%(tables)s)
"""


def _facts(schema: str, tables: list[str]) -> Facts:
    with connection.cursor() as cursor:
        cursor.execute(_CATALOGUE, {"schema": schema, "tables": tables, "probe": PROBE})
        return {(table, what): says for table, what, says in cursor.fetchall()}


def guards_out_of_force() -> list[str]:
    """Return, in words, where the database enforces other rules than the models declare; empty when all is in force.

    Needs the owner of the database.
    """
    existing = set(connection.introspection.table_names())
    guarded = {table: guard for table, guard in declared().items() if guard is not None and table in existing}
    tables = sorted(guarded)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
            cursor.execute(f"create schema {PROBE}")
            for table in tables:
                cursor.execute(f"create table {PROBE}.{table} (like public.{table})")
            lines = [line for table in tables for line in statements(f"{PROBE}.{table}", guarded[table])]
            cursor.execute(";\n".join(lines))
        wanted, found = _facts(PROBE, tables), _facts("public", tables)
        transaction.set_rollback(True)
    missing = sorted(table for table, guard in declared().items() if guard is not None and table not in existing)
    return [f"{table}: table is missing" for table in missing] + _differences(wanted, found)


def _differences(wanted: Facts, found: Facts) -> list[str]:
    lines = []
    for key in sorted(set(wanted) | set(found)):
        table, what = key
        if key not in found:
            lines.append(f"{table}: {what} is missing")
        elif key not in wanted:
            lines.append(f"{table}: {what} is not declared")
        elif wanted[key] != found[key]:
            lines.append(f"{table}: {what} is not as declared")
    return lines


def roles_otherwise() -> list[str]:
    """Return, in words, which roles are not as the installation makes them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select rolname::text, rolcanlogin, rolinherit, rolbypassrls, rolsuper from pg_roles where rolname = any (%s)",
            [list(ROLES)],
        )
        roles: dict[str, Any] = {name: tuple(rest) for name, *rest in cursor.fetchall()}
        cursor.execute(
            "select member.rolname::text, role.rolname::text, held.inherit_option, held.set_option "
            "from pg_auth_members as held join pg_roles as member on member.oid = held.member "
            "join pg_roles as role on role.oid = held.roleid where role.rolname = any (%s) or member.rolname = any (%s)",
            [list(ROLES), list(ROLES)],
        )
        members = {(member, role): (inherits, may) for member, role, inherits, may in cursor.fetchall()}
    lines = [
        f"{name}: {'missing' if name not in roles else 'other attributes'}"
        for name in ROLES
        if roles.get(name) != ROLES[name]
    ]
    for pair in sorted(set(MEMBERSHIPS) | set(members)):
        if members.get(pair) != MEMBERSHIPS.get(pair):
            word = "missing" if pair not in members else "not wanted" if pair not in MEMBERSHIPS else "other options"
            lines.append(f"{pair[0]} as member of {pair[1]}: {word}")
    return lines


def loose_functions() -> list[str]:
    """Return the functions that run with more rights than their caller without a fixed search path, or for everybody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select oid::regprocedure::text from pg_proc "
            "where pronamespace in (select oid from pg_namespace where nspname in ('lib', 'acc')) and prosecdef and ("
            "not coalesce(proconfig::text like '%search_path=%', false) "
            "or (pronamespace = 'acc'::regnamespace and has_function_privilege('gedang_read', oid, 'execute'))) order by 1"
        )
        return [name for (name,) in cursor.fetchall()]
