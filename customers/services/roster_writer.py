"""Write what a roster brings: COPY of new rows, updates of changed ones, requests for people filed elsewhere.

One batch at a time, in three steps. ``number`` gives new rows their ids, ``build`` makes bytes of them (encryption, search
tokens; it touches no database, so it runs in a thread while the one before is being copied), ``send`` hands them over.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from psycopg2.extras import execute_values

from config.lib import copying
from config.lib.copying import bigint, day, length, text
from customers.domain import names
from customers.domain.roster.checker import PersonLine
from customers.domain.roster.matching import FiledPerson, Home, Match, Matcher, Outcome
from customers.models import Person
from customers.selectors.identity import decrypt
from customers.services.identity import encrypt_identity
from customers.services.identity_batch import IdentityBatch

SUBJECT = ("id", "institution_id", "grid_id", "kind", "listed_on", "left_reason", "created_at")
HOUSEHOLD = ("subject_id", "institution_id", "grid_id", "number", "group_name", "address", "head_id")
PERSON = (
    "id", "institution_id", "grid_id", "household_id", "uuid", "name", "sort_key", "relation", "sex", "born_on",
    "data_key", "id_number", "id_index", "id_tail", "phone", "phone_index", "phone_tail", "left_reason", "created_at",
)  # fmt: skip
TOKEN = ("institution_id", "grid_id", "person_id", "token")
_CHANGED = (
    "name", "sort_key", "relation", "sex", "born_on",
    "data_key", "id_number", "id_index", "id_tail", "phone", "phone_index", "phone_tail",
)  # fmt: skip
_CHANGE_PEOPLE = f"""
    update customers_person as person set {", ".join(f"{name} = line.{name}" for name in _CHANGED)}
    from (values %s) as line (id, {", ".join(_CHANGED)}) where person.id = line.id
"""  # noqa: S608 - names of columns


class NewPerson(NamedTuple):
    """Somebody who is not on file: the ids he gets, his line, his blind indexes."""

    pk: int
    subject: int
    grid_id: int
    line: PersonLine
    id_index: bytes
    phone_index: bytes


class Differing(NamedTuple):
    """Somebody on file whom the roster tells otherwise, or elsewhere (in ``subject``)."""

    filed: FiledPerson
    line: PersonLine
    subject: int
    grid_id: int


@dataclass(slots=True)
class Numbered:
    """A matched batch whose new households and people have ids; ``heads``: subject -> the person at its head."""

    homes: list[Home]
    people: list[NewPerson]
    changed: list[Differing]
    moves: list[Differing]
    heads: dict[int, int]


@dataclass(slots=True)
class Rows:
    """Bytes of a batch, table by table, and what is no COPY."""

    subjects: list[bytes] = field(default_factory=list)
    households: list[bytes] = field(default_factory=list)
    people: list[bytes] = field(default_factory=list)
    tokens: list[bytes] = field(default_factory=list)
    homes: list[Home] = field(default_factory=list)
    changed: list[Differing] = field(default_factory=list)
    moves: list[Differing] = field(default_factory=list)
    heads: dict[int, int] = field(default_factory=dict)


class Writer:
    """Writes one import; ``at`` is its instant, from whose day the households are on the roster."""

    def __init__(self, *, institution_id: int, roster_id: int, at: datetime, identities: IdentityBatch) -> None:
        self._institution = institution_id
        self._roster = roster_id
        self._today = at.date()
        self._identities = identities
        self._institution_field = bigint(institution_id)
        self._created = copying.instant(at)
        self._subject_tail = text("household") + day(self._today) + text("") + self._created
        self._late_heads: dict[int, int] = {}

    def number(self, match: Match, matcher: Matcher) -> Numbered:
        """Give ids to what is new in a batch, and tell the matcher the subjects of new households."""
        new_homes = [home for home in match.homes if home.outcome is Outcome.NEW]
        for home, subject in zip(new_homes, _ids("customers_subject", len(new_homes)), strict=True):
            home.subject = subject
        matcher.settle(new_homes)
        subjects, grids = matcher.subjects(match.households).tolist(), match.grids.tolist()
        lines, ids, phones = match.lines, match.ids, match.phones
        new = match.rows(Outcome.NEW)
        people = [
            NewPerson(pk, subjects[at], grids[at], lines[at], ids[at], phones[at])
            for pk, at in zip(_ids("customers_person", len(new)), new, strict=True)
        ]
        changed, moves = (
            [Differing(match.filed[at], lines[at], subjects[at], grids[at]) for at in match.rows(outcome)]
            for outcome in (Outcome.CHANGED, Outcome.MOVE)
        )
        heads = {
            subjects[at]: person.pk
            for at, person in match.filed.items()
            if lines[at].relation == "head" and match.outcomes[at] in (Outcome.UNCHANGED, Outcome.CHANGED)
        }
        heads |= {person.subject: person.pk for person in people if person.line.relation == "head"}
        return Numbered(match.homes, people, changed, moves, heads)

    def build(self, batch: Numbered) -> Rows:
        """Make the bytes of a batch."""
        rows = Rows(changed=batch.changed, moves=batch.moves)
        heads = batch.heads
        for home in batch.homes:
            if home.outcome is Outcome.NEW:
                self._build_home(rows, home, heads.pop(home.subject, 0))
            elif home.filed is not None:
                head = heads.pop(home.subject, 0)
                if head and head != home.filed.head_id and home.outcome is not Outcome.LEFT:
                    rows.heads[home.subject] = head
                if home.outcome in (Outcome.CHANGED, Outcome.LISTED):
                    rows.homes.append(home)
        # Households whose head stands far from their first row in the file.
        self._late_heads |= heads
        self._build_people(rows, batch.people)
        return rows

    def _build_home(self, rows: Rows, home: Home, head: int) -> None:
        line, subject = home.line, bigint(home.subject)
        place = self._institution_field + bigint(line.grid_id)
        rows.subjects.append(copying.row_head(len(SUBJECT)) + subject + place + self._subject_tail)
        rows.households.append(
            copying.row_head(len(HOUSEHOLD)) + subject + place
            + text(line.number) + text(line.group) + text(line.address) + (bigint(head) if head else copying.NULL)
        )  # fmt: skip

    def _build_people(self, rows: Rows, people: list[NewPerson]) -> None:
        person_head, token_head = copying.row_head(len(PERSON)), copying.row_head(len(TOKEN))
        uuid_length, index_length, null = length(16), length(16), copying.NULL
        tail = text("") + self._created
        id_tails, phone_tails = self._identities.id_tails, self._identities.phone_tails
        number = copying.bigint_parts
        places: dict[int, bytes] = {}
        lengths = {size: length(size) for size in range(128)}
        add_person, add_token = rows.people.append, rows.tokens.append
        sealed_people = self._identities.seal([(person.line.id_number, person.line.phone) for person in people])
        for (pk, subject, grid_id, line, id_index, phone_index), sealed in zip(people, sealed_people, strict=True):
            place = places.get(grid_id)
            if place is None:
                place = places[grid_id] = self._institution_field + bigint(grid_id)
            who = number(8, pk)
            name_fields, token_parts = _name_fields(line.name)
            uuid, data_key, id_number, phone = sealed
            add_person(
                b"".join(
                    (
                        person_head, who, place, number(8, subject),
                        uuid_length, uuid, name_fields, _word(line.relation), _word(line.sex), _birth(line.birth),
                        lengths[len(data_key)], data_key,
                        lengths[len(id_number)] + id_number + index_length + id_index
                        + index_length + id_tails[line.id_number[-4:]] if id_number else null * 3,
                        lengths[len(phone)] + phone + index_length + phone_index
                        + index_length + phone_tails[line.phone[-4:]] if phone else null * 3,
                        tail,
                    )
                )
            )  # fmt: skip
            before = token_head + place + who
            add_token(before + before.join(token_parts))

    def send(self, rows: Rows) -> None:
        """Write a batch in the transaction of the import."""
        with connection.cursor() as cursor:
            if rows.subjects:
                copying.copy_rows(cursor, "customers_subject", SUBJECT, rows.subjects)
                copying.copy_rows(cursor, "customers_household", HOUSEHOLD, rows.households)
            if rows.people:
                copying.copy_rows(cursor, "customers_person", PERSON, rows.people)
                copying.copy_rows(cursor, "customers_persontoken", TOKEN, rows.tokens)
            self._change_homes(cursor, rows.homes)
            self._change_people(cursor, rows.changed)
            _set_heads(cursor, rows.heads)
            self._ask_moves(cursor, rows.moves)

    def finish(self) -> None:
        """Write what only the end of the file knew."""
        with connection.cursor() as cursor:
            _set_heads(cursor, self._late_heads)
        self._late_heads = {}

    def _change_homes(self, cursor: Any, homes: list[Home]) -> None:
        if not homes:
            return
        values = [(home.subject, home.line.number, home.line.group, home.line.address) for home in homes]
        execute_values(
            cursor.cursor,
            "update customers_household as household set number = line.number, "
            "group_name = coalesce(nullif(line.group_name, ''), household.group_name), "
            "address = coalesce(nullif(line.address, ''), household.address) "
            "from (values %s) as line (subject_id, number, group_name, address) "
            "where household.subject_id = line.subject_id and (household.number, household.group_name, household.address) "
            "is distinct from (line.number, coalesce(nullif(line.group_name, ''), household.group_name), "
            "coalesce(nullif(line.address, ''), household.address))",
            values,
            page_size=1000,
        )
        listed = [home.subject for home in homes if home.outcome is Outcome.LISTED]
        if listed:
            cursor.execute(
                "update customers_subject set listed_on = %s where id = any(%s) and listed_on is null",
                [self._today, listed],
            )

    def _change_people(self, cursor: Any, steps: list[Differing]) -> None:
        if not steps:
            return
        filed = Person.objects.in_bulk([step.filed.pk for step in steps])
        values, tokens, renamed = [], [], []
        for step in steps:
            person, line = filed[step.filed.pk], step.line
            if person.name != line.name:
                renamed.append(person.pk)
                before = (
                    copying.row_head(len(TOKEN)) + self._institution_field + bigint(person.grid_id) + bigint(person.pk)
                )
                tokens.append(before + before.join(_name_fields(line.name)[1]))
            values.append((person.pk, *self._changed_values(person, step)))
        execute_values(
            cursor.cursor,
            _CHANGE_PEOPLE,
            values,
            template="(%s, %s, %s, %s, %s, %s::date, " + ", ".join(["%s::bytea"] * 7) + ")",
            page_size=500,
        )
        if renamed:
            cursor.execute("delete from customers_persontoken where person_id = any(%s)", [renamed])
            copying.copy_rows(cursor, "customers_persontoken", TOKEN, tokens)

    @staticmethod
    def _changed_values(person: Person, step: Differing) -> tuple[Any, ...]:
        line = step.line
        columns = {name: getattr(person, name) for name in _CHANGED[5:]}
        if (line.id_number or line.phone) and (person.erased_at is None):
            columns = encrypt_identity(
                person.uuid,
                person.institution_id,
                line.id_number or decrypt(person, "id_number"),
                line.phone or decrypt(person, "phone"),
                bytes(person.data_key) if person.data_key else None,
            )
        born_on = date.fromisoformat(line.birth) if line.birth else person.born_on
        return (
            line.name,
            names.sort_key(line.name),
            line.relation,
            line.sex or person.sex,
            born_on,
            *(columns[name] for name in _CHANGED[5:]),
        )

    def _ask_moves(self, cursor: Any, steps: list[Differing]) -> None:
        """Ask for each person once: an open request for the same household is not repeated."""
        if not steps:
            return
        values = [
            (
                self._institution,
                step.grid_id,
                step.filed.pk,
                step.subject,
                self._roster,
                step.line.row,
                step.line.relation,
            )
            for step in steps
        ]
        execute_values(
            cursor.cursor,
            "insert into customers_moverequest (institution_id, grid_id, person_id, to_household_id, roster_id, row, relation, state) "
            "select line.*, 'open' "
            "from (values %s) as line (institution_id, grid_id, person_id, household_id, roster_id, row, relation) "
            "where not exists (select from customers_moverequest as asked where asked.person_id = line.person_id "
            "and asked.to_household_id = line.household_id and asked.state = 'open')",
            values,
            page_size=1000,
        )


def _set_heads(cursor: Any, heads: dict[int, int]) -> None:
    if heads:
        execute_values(
            cursor.cursor,
            "update customers_household as household set head_id = line.head_id from (values %s) as line (subject_id, head_id) "
            "where household.subject_id = line.subject_id and household.head_id is distinct from line.head_id",
            list(heads.items()),
            page_size=1000,
        )


def _ids(table: str, count: int) -> list[int]:
    """Take ids from the sequence of a table."""
    if not count:
        return []
    with connection.cursor() as cursor:
        # As a scalar sub-query the name is looked up once, not for every id.
        cursor.execute(
            "select nextval((select pg_get_serial_sequence(%s, 'id')::regclass)) from generate_series(1, %s)",
            [table, count],
        )
        return [row[0] for row in cursor.fetchall()]


@lru_cache(maxsize=100_000)
def _name_fields(name: str) -> tuple[bytes, list[bytes]]:
    """Name and sort key as fields, and the token field of each token."""
    return text(name) + text(names.sort_key(name)), [text(token) for token in names.tokens(name)]


@lru_cache(maxsize=100)
def _word(word: str) -> bytes:
    return text(word)


@lru_cache(maxsize=60_000)
def _birth(iso: str) -> bytes:
    return day(date.fromisoformat(iso)) if iso else copying.NULL
