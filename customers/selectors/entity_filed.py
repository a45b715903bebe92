"""What is filed already of the rows of a list of businesses or units: set-based look-ups for a whole list."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from customers.domain import entities
from customers.domain.roster.entity_rows import EntityLine
from customers.domain.roster.villages import Village
from customers.selectors.entities import HOMES
from grids.access import Branch, Grid


class FiledEntity(NamedTuple):
    """A business or unit as filed; indexes b"" where there is no number, that of a household member where he answers for it."""

    pk: int
    grid_id: int
    subject_kind: str
    uscc: str
    is_listed: bool
    has_left: bool
    name: str
    kind: str
    address: str
    trade: str
    licence_name: str
    founded_on: str
    principal: str
    id_index: bytes
    phone_index: bytes


_FILED = """
    select subject.id, subject.grid_id, subject.kind, coalesce(subject.uscc, ''), subject.listed_on is not null,
           subject.left_on is not null, coalesce(business.name, unit.name), coalesce(business.kind, unit.kind),
           coalesce(business.address, unit.address), coalesce(business.trade, ''), coalesce(business.licence_name, ''),
           coalesce(business.founded_on::text, ''), coalesce(principal.name, ''),
           coalesce(person.id_index, principal.id_index, ''), coalesce(principal.phone_index, '')
    from customers_subject as subject
    left join customers_business as business on business.subject_id = subject.id
    left join customers_unit as unit on unit.subject_id = subject.id
    left join customers_principal as principal on principal.subject_id = subject.id
    left join customers_person as person on person.id = principal.person_id
    where subject.institution_id = %(bank)s and subject.kind <> 'household'
"""
_ON_ROSTER = """
    select grid_id, count(*) from customers_subject
    where grid_id = any(%(grids)s) and kind = %(kind)s and listed_on is not null and left_on is null group by grid_id
"""


def places_of(branch: Branch, subject_kind: str) -> list[Village]:
    """Return the grids a branch may import this kind into: its own active ones and those of the branches below."""
    grids = Grid.objects.filter(
        institution_id=branch.institution_id,
        is_active=True,
        kind__in=HOMES[subject_kind],
        branch__path__startswith=branch.path,
    )
    rows = grids.order_by("pk").values_list("pk", "division_code", "name", "town", "former_names", "predecessor_codes")
    return [
        Village(pk, code or f"-{pk}", name, town, tuple(former), tuple(codes))
        for pk, code, name, town, former, codes in rows
    ]


class Filed:
    """What is filed of a list. A row is told by its credit code, else by name within its grid, by address among several."""

    def __init__(self, institution_id: int, lines: Sequence[EntityLine], subject_kind: str) -> None:
        wanted: dict[str, Any] = {
            "bank": institution_id,
            "codes": [line.facts.uscc for line in lines if line.facts.uscc],
            "grids": sorted({line.grid_id for line in lines if line.grid_id is not None}),
            "kind": subject_kind,
        }
        with connection.cursor() as cursor:
            cursor.execute(
                _FILED + "and subject.uscc = any(%(codes)s) order by subject.left_on desc, subject.id", wanted
            )
            # Who is active comes last, and stays.
            self._by_code = {filed.uscc: filed for filed in map(_filed, cursor.fetchall())}
            cursor.execute(_FILED + "and subject.grid_id = any(%(grids)s) and subject.kind = %(kind)s", wanted)
            self._by_name: dict[tuple[int, str], list[FiledEntity]] = {}
            for filed in map(_filed, cursor.fetchall()):
                self._by_name.setdefault((filed.grid_id, entities.fold(filed.name)), []).append(filed)
            cursor.execute(_ON_ROSTER, wanted)
            self.on_roster = dict(cursor.fetchall())

    def find(self, line: EntityLine) -> FiledEntity | None:
        """Return what a row is filed as: one of another code is another, although it has the name."""
        facts = line.facts
        if facts.uscc and facts.uscc in self._by_code:
            return self._by_code[facts.uscc]
        if line.grid_id is None:
            return None
        same = [
            filed
            for filed in self._by_name.get((line.grid_id, facts.folded), ())
            if not (facts.uscc and filed.uscc and facts.uscc != filed.uscc)
        ]
        present = [filed for filed in same if not filed.has_left] or same
        where = entities.fold(facts.address)
        at_place = [filed for filed in present if where and entities.fold(filed.address) == where]
        if at_place:
            return at_place[0]
        # Two shops of one name in one market: without a code only the address tells them apart.
        unclear = [filed for filed in present if not (where and filed.address)]
        return unclear[0] if len(present) == 1 and unclear else None


def _filed(row: Sequence[object]) -> FiledEntity:
    values = [bytes(value) if isinstance(value, memoryview) else value for value in row]
    return FiledEntity(*[b"" if value == "" and at > 12 else value for at, value in enumerate(values)])  # type: ignore[arg-type]
