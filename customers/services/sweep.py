"""The nightly sweep for people filed twice and photos used twice: a few statements over blind indexes and hashes, whole each night.

Each kind is one grouping of the present persons of a bank by hash; only what changed is written. A case is opened once
(institution, kind, key), closes when it is no longer true, and comes back when somebody joins it whom no decision has seen.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from config.lib import clock, releases

RULES = "duplicate_rules"
# kind: what its members share -> a hash of it, the household and the person. Numbers are never read: blind indexes are compared.
_GROUPS: dict[str, str] = {
    "phone": """
        select encode(sha256('phone'::bytea || person.phone_index), 'hex'), person.household_id, person.id, person.grid_id
        from customers_person as person join (
            select phone_index from customers_person where institution_id = %(bank)s and left_on is null and erased_at is null and phone_index is not null
            group by phone_index having min(household_id) <> max(household_id)
        ) as shared using (phone_index) where institution_id = %(bank)s and left_on is null and erased_at is null
    """,
    "name_birth": """
        select encode(sha256(convert_to('birth:' || person.name || person.born_on, 'UTF8')), 'hex'), person.household_id, person.id,
               person.grid_id
        from customers_person as person join (
            select name, born_on from customers_person where institution_id = %(bank)s and left_on is null and erased_at is null and born_on is not null and name <> ''
            group by name, born_on having min(household_id) <> max(household_id)
        ) as shared using (name, born_on) where institution_id = %(bank)s and left_on is null and erased_at is null
    """,
    # Two ID numbers are two persons; who sounds alike in one village is asked about while one of them has none.
    "pinyin_village": """
        select encode(sha256(convert_to('pinyin:' || shared.grid_id || ':' || shared.sound, 'UTF8')), 'hex'), person.household_id,
               person.id, person.grid_id
        from customers_person as person join (
            select grid_id, left(sort_key, -length(name) - 1) as sound from customers_person where institution_id = %(bank)s and left_on is null and erased_at is null and name <> ''
            group by grid_id, left(sort_key, -length(name) - 1)
            having min(household_id) <> max(household_id) and bool_or(id_index is null)
        ) as shared on shared.grid_id = person.grid_id and shared.sound = left(person.sort_key, -length(person.name) - 1)
        where institution_id = %(bank)s and left_on is null and erased_at is null and person.name <> ''
    """,
    "photo": """
        select distinct encode(sha256(convert_to('photo:' || file.sha256, 'UTF8')), 'hex'), evidence.subject_id, null::bigint,
               evidence.grid_id
        from customers_evidence as evidence join lib_storedfile as file on file.id = evidence.file_id join (
            select file.sha256 from customers_evidence as evidence join lib_storedfile as file on file.id = evidence.file_id
            where evidence.institution_id = %(bank)s group by file.sha256
            having min(evidence.subject_id) <> max(evidence.subject_id)
        ) as shared using (sha256) where evidence.institution_id = %(bank)s
    """,
}
_STEPS = (
    "create index on similar_found (kind, key)",
    "analyze similar_found",
    """create temp table similar_now on commit drop as
       select kind, key, case when kind in ('phone', 'photo') then count(distinct subject_id) else count(*) end as size
       from similar_found group by kind, key""",
    "delete from similar_now where kind = 'phone' and size < %(warn)s",
    "analyze similar_now",
    """insert into customers_similarcase (institution_id, kind, key, state, size, is_red, rules_version, opened_at)
       select %(bank)s, kind, key, 'open', size, kind = 'phone' and size >= %(red)s, %(version)s, %(at)s from similar_now
       on conflict (institution_id, kind, key) do nothing""",
    """insert into customers_similarmember (case_id, institution_id, grid_id, recorded_grid_id, subject_id, person_id, settled)
       select one.id, %(bank)s, found.grid_id, found.grid_id, found.subject_id, found.person_id, false
       from similar_found as found
       join customers_similarcase as one on one.institution_id = %(bank)s and one.kind = found.kind and one.key = found.key
       left join customers_similarmember as known on known.case_id = one.id
            and (known.person_id = found.person_id or (found.person_id is null and known.subject_id = found.subject_id))
       where known.id is null""",
    # Who is no longer there, who is there again, and who moved to another household.
    """with told as (
           select member.id, found.subject_id, found.grid_id
           from customers_similarmember as member
           join customers_similarcase as one on one.id = member.case_id and one.institution_id = %(bank)s
           left join similar_found as found on found.kind = one.kind and found.key = one.key
                and (found.person_id = member.person_id or (found.person_id is null and found.subject_id = member.subject_id))
       )
       update customers_similarmember as member
          set gone_at = case when told.subject_id is null then %(at)s::timestamptz end,
              subject_id = coalesce(told.subject_id, member.subject_id), grid_id = coalesce(told.grid_id, member.grid_id)
         from told
        where told.id = member.id
          and ((told.subject_id is null) <> (member.gone_at is not null)
               or (told.subject_id is not null and (told.subject_id, told.grid_id) is distinct from (member.subject_id, member.grid_id)))""",
    """with told as (
           select one.id, now.size, exists (
                      select 1 from customers_similarmember as member
                      where member.case_id = one.id and member.gone_at is null and not member.settled) as is_new
           from customers_similarcase as one
           left join similar_now as now on now.kind = one.kind and now.key = one.key
           where one.institution_id = %(bank)s
       ), wanted as (
           select told.id, coalesce(told.size, one.size) as size,
                  case when told.size is null then case when one.state = 'different' then 'different' else 'gone' end
                       when told.is_new then 'open' else 'different' end as state,
                  one.kind = 'phone' and coalesce(told.size, one.size) >= %(red)s as is_red
           from told join customers_similarcase as one on one.id = told.id
       )
       update customers_similarcase as one
          set size = wanted.size, state = wanted.state, is_red = wanted.is_red,
              opened_at = case when wanted.state = 'open' and one.state <> 'open' then %(at)s else one.opened_at end,
              closed_at = case when wanted.state = 'open' then null when one.state = 'open' then %(at)s else one.closed_at end
         from wanted
        where wanted.id = one.id and (wanted.size, wanted.state, wanted.is_red) is distinct from (one.size, one.state::text, one.is_red)""",
)


@dataclass(frozen=True)
class Rules:
    """The released rules: which kinds are looked for; from how many households a shared phone warns, and is red."""

    kinds: tuple[str, ...] = ()
    warn: int = 2
    red: int = 3
    version: int = 0


def rules_of(institution_id: int) -> Rules:
    """Return the rules in force; none are looked for while nothing is released."""
    try:
        release = releases.in_force(institution_id, RULES, clock.today())
    except releases.NotReleased:
        return Rules()
    document = release.document
    phone = document["phone"]
    return Rules(
        kinds=tuple(kind for kind in _GROUPS if document.get(kind)),
        warn=max(2, int(phone["warn"])),
        red=int(phone["red"]),
        version=release.version,
    )


def sweep(institution_id: int) -> dict[str, int]:
    """Bring the cases of a bank up to date; returns how many are open by kind. Runs as a worker, who sees every row."""
    rules = rules_of(institution_id)
    values: dict[str, Any] = {
        "bank": institution_id,
        "warn": rules.warn,
        "red": rules.red,
        "version": rules.version,
        "at": clock.now(),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # One sweep of a bank at a time, the groupings in memory.
        cursor.execute("select pg_advisory_xact_lock(hashtext('similar'), %s)", [institution_id])
        cursor.execute("set local work_mem = '256MB'")
        # Each parallel worker would build the whole grouping again for itself.
        cursor.execute("set local max_parallel_workers_per_gather = 0")
        cursor.execute("drop table if exists similar_found, similar_now")
        cursor.execute(
            "create temp table similar_found (kind text, key text, subject_id bigint, person_id bigint, grid_id bigint) "
            "on commit drop"
        )
        for kind in rules.kinds:
            cursor.execute(f"insert into similar_found select '{kind}', * from ({_GROUPS[kind]}) as one", values)  # noqa: S608
        for step in _STEPS:
            cursor.execute(step, values)
        cursor.execute(
            "select kind, count(*) from customers_similarcase where institution_id = %s and state = 'open' group by kind",
            [institution_id],
        )
        return {str(kind): int(count) for kind, count in cursor.fetchall()}
