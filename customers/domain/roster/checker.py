"""Check a roster from end to end in one pass, and read the accepted rows in a second (Semantics, section 8).

A household goes in whole or not at all: one error in any of its rows holds the household back, so that nobody takes a family
with a member missing for complete. Warnings go in with it. The first pass gives every finding and a verdict; the verdict is
small, can be stored, and tells the second pass, possibly days later and in another process, which households to leave out.
"""

import base64
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import compress
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from customers.domain import catalogue, identity, names
from customers.domain.roster import cells, idcolumn
from customers.domain.roster.columns import is_header_again
from customers.domain.roster.ledger import NOWHERE, Ledger, first_of_new
from customers.domain.roster.problems import LONGEST_VALUE, Problem
from customers.domain.roster.table import FLAWED, Chunk, Table
from customers.domain.roster.villages import Place, Villages

LONGEST_NUMBER: Final = 32
LONGEST_GROUP: Final = 30
LONGEST_ADDRESS: Final = 200


class HouseholdLine(NamedTuple):
    """A household to be written: its index in the file (`household`), home grid, number, group, address of its first row, that row."""

    household: int
    grid_id: int
    number: str
    group: str
    address: str
    row: int


class PersonLine(NamedTuple):
    """A person to be written. `birth` is ISO or "", `sex` M, F or "", ID number and phone "" when there is none."""

    household: int
    row: int
    name: str
    relation: str
    sex: str
    birth: str
    id_number: str
    phone: str


class Batch(NamedTuple):
    """Accepted rows of one chunk; a household comes with or before its first person."""

    households: list[HouseholdLine]
    people: list[PersonLine]


_NO_ROWS: Final = Batch([], [])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the first pass found: rows read, households and people to be written, households held back, findings by code.

    `checked_on` is the day that birth dates were held against; `held_back` and `left_out` are packed arrays for `accepted`.
    """

    checked_on: date
    rows: int
    households: int
    people: int
    households_held_back: int
    errors: Mapping[str, int]
    warnings: Mapping[str, int]
    held_back: bytes = field(repr=False, default=b"")
    left_out: bytes = field(repr=False, default=b"")

    def as_json(self) -> dict[str, Any]:
        """The verdict as plain JSON, to be stored with the import."""
        packed = {name: base64.b64encode(getattr(self, name)).decode() for name in ("held_back", "left_out")}
        plain = {name: getattr(self, name) for name in ("rows", "households", "people", "households_held_back")}
        plain["checked_on"] = self.checked_on.isoformat()
        return {**plain, "errors": dict(self.errors), "warnings": dict(self.warnings), **packed}

    def households_out(self) -> npt.NDArray[np.bool_]:
        """Whether a household, by its index in the file, is held back."""
        return np.unpackbits(np.frombuffer(zlib.decompress(self.held_back), dtype=np.uint8)).astype(np.bool_)

    def rows_out(self) -> npt.NDArray[np.int32]:
        """Rows that say again what another row has said."""
        return np.frombuffer(zlib.decompress(self.left_out), dtype="<i4").astype(np.int32)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Verdict":
        """The verdict that `as_json` wrote."""
        packed = {name: base64.b64decode(stored[name]) for name in ("held_back", "left_out")}
        return cls(**{**stored, **packed, "checked_on": date.fromisoformat(stored["checked_on"])})


@dataclass(slots=True)
class _Lines:
    """A chunk in one spelling, with its findings; one entry a row in every list."""

    rows: npt.NDArray[np.int32]
    places: list[Place]
    numbers: list[str]
    groups: list[str]
    names: list[str]
    relations: list[str | None]
    ids: list[str]
    clean: npt.NDArray[np.bool_]
    keys: npt.NDArray[np.int64]
    male: npt.NDArray[np.bool_]
    phones: list[str]
    addresses: list[str]
    sexes: list[str | None]
    births: list[str | None]
    problems: list[Problem]
    broken: set[int] = field(default_factory=set)
    relation_unclear: list[int] = field(default_factory=list)

    def report(
        self, at: int, column: str, code: str, value: str = "", *, is_error: bool = True, also: str = ""
    ) -> None:
        self.problems.append(Problem(int(self.rows[at]), column, code, value[:LONGEST_VALUE], is_error, also))
        if is_error:
            self.broken.add(at)


class Scan:
    """The first pass. Iterate `problems()` to its end, then read `verdict`."""

    verdict: Verdict

    def __init__(self, table: Table, villages: Villages, *, today: date) -> None:
        self._table = table
        self._reading = _Reading(villages, today)

    def problems(self) -> Iterator[list[Problem]]:
        """Every finding, in lists as the file is read: by row within a chunk, what concerns the whole file last."""
        yield from (found for found, _ in self._read(with_rows=False) if found)

    def readings(self) -> Iterator[tuple[list[Problem], Batch]]:
        """Findings as `problems`, and beside them the rows without an error of their own.

        What only the end of the file tells (repeated rows, households held back) is in the verdict, not in the batches.
        """
        return self._read(with_rows=True)

    def _read(self, *, with_rows: bool) -> Iterator[tuple[list[Problem], Batch]]:
        ledger = Ledger()
        errors: Counter[str] = Counter()
        warnings: Counter[str] = Counter()
        for found, batch in self._found(ledger, with_rows=with_rows):
            errors.update(problem.code for problem in found if problem.is_error)
            warnings.update(problem.code for problem in found if not problem.is_error)
            yield found, batch
        households, people = ledger.counts()
        self.verdict = Verdict(
            checked_on=self._reading.today,
            rows=ledger.rows,
            households=households,
            people=people,
            households_held_back=ledger.households - households,
            errors=dict(errors),
            warnings=dict(warnings),
            held_back=zlib.compress(np.packbits(ledger.held_back).tobytes()),
            left_out=zlib.compress(ledger.left_out.astype("<i4").tobytes()),
        )

    def _found(self, ledger: Ledger, *, with_rows: bool) -> Iterator[tuple[list[Problem], Batch]]:
        for chunk in self._table.chunks():
            lines = self._reading.lines(chunk)
            known = ledger.households
            households = ledger.assign([place.key for place in lines.places], lines.numbers)
            elsewhere = ledger.note(
                rows=lines.rows,
                households=households,
                groups=lines.groups,
                heads=np.array([relation == "head" for relation in lines.relations], dtype=np.bool_),
                keys=lines.keys,
                names=lines.names,
                relations=lines.relations,
                broken=sorted(lines.broken),
                relation_unclear=lines.relation_unclear,
            )
            for at in elsewhere.tolist():
                lines.report(at, "group", "group_differs", lines.groups[at], is_error=False)
            yield sorted(lines.problems), _sound_rows(lines, households, known) if with_rows else _NO_ROWS
        for found in ledger.settle():
            yield found, _NO_ROWS


def accepted(table: Table, villages: Villages, verdict: Verdict) -> Iterator[Batch]:
    """The second pass: rows of the same file that the verdict lets in, in batches ready for COPY.

    `villages` must be those of the first pass; a household whose village is no longer open is left out all the same. Raises
    ValueError when the file is not the one that was checked.
    """
    held_back, left_out = verdict.households_out(), verdict.rows_out()
    total = verdict.households + verdict.households_held_back
    reading, ledger = _Reading(villages, verdict.checked_on), Ledger()
    for chunk in table.chunks():
        lines = reading.lines(chunk)
        known = ledger.households
        households = ledger.assign([place.key for place in lines.places], lines.numbers)
        if ledger.households > total:
            break
        kept = np.array([place.grid_id is not None for place in lines.places], dtype=np.bool_) & (households != NOWHERE)
        kept[kept] = ~held_back[households[kept]]
        new = first_of_new(households, known)
        opened = [_household(lines, at, int(households[at])) for at in new[kept[new]].tolist()]
        if len(left_out):
            kept &= ~np.isin(lines.rows, left_out)
        yield Batch(opened, _people(lines, households, kept))
    if ledger.households != total:
        raise ValueError("this is not the roster that was checked, or its villages have changed since")


def _sound_rows(lines: _Lines, households: npt.NDArray[np.int32], known: int) -> Batch:
    """The rows of a chunk that have a household and no error of their own; `known` households came before."""
    placed = np.array([place.grid_id is not None for place in lines.places], dtype=np.bool_) & (households != NOWHERE)
    new = first_of_new(households, known)
    opened = [_household(lines, at, int(households[at])) for at in new[placed[new]].tolist()]
    if lines.broken:
        placed[list(lines.broken)] = False
    return Batch(opened, _people(lines, households, placed))


def _household(lines: _Lines, at: int, index: int) -> HouseholdLine:
    grid_id = lines.places[at].grid_id
    assert grid_id is not None  # noqa: S101 - rows without a grid are filtered by the caller
    return HouseholdLine(index, grid_id, lines.numbers[at], lines.groups[at], lines.addresses[at], int(lines.rows[at]))


def _people(lines: _Lines, households: npt.NDArray[np.int32], kept: npt.NDArray[np.bool_]) -> list[PersonLine]:
    sexes = [
        ("M" if male else "F") if number else stated or (catalogue.RELATIONS[relation].sex if relation else "")
        for number, male, stated, relation in zip(
            lines.ids, lines.male.tolist(), lines.sexes, lines.relations, strict=True
        )
    ]
    births = [
        f"{number[6:10]}-{number[10:12]}-{number[12:14]}" if number else stated or ""
        for number, stated in zip(lines.ids, lines.births, strict=True)
    ]
    columns = (
        households.tolist(),
        lines.rows.tolist(),
        lines.names,
        lines.relations,
        sexes,
        births,
        lines.ids,
        lines.phones,
    )
    return list(map(PersonLine._make, compress(zip(*columns, strict=True), kept.tolist())))


class _Reading:
    """Turns chunks into one spelling, the same way in both passes."""

    def __init__(self, villages: Villages, today: date) -> None:
        self._villages = villages
        self.today = today
        self._places: dict[tuple[str, str], Place] = {}

    def lines(self, chunk: Chunk) -> _Lines:
        """Every column in one spelling, findings included."""
        chunk = _without_headers(chunk)
        columns, size = chunk.columns, len(chunk.rows)
        blank = [""] * size

        def texts(name: str) -> list[str]:
            return cells.each(columns[name], cells.clean) if name in columns else blank

        ids = columns["id_number"]
        column = idcolumn.scan(ids, self.today)
        lines = _Lines(
            rows=chunk.rows,
            places=self._find_places(columns.get("village_code", blank), columns.get("village", blank)),
            numbers=cells.each(columns["household_number"], cells.household_number),
            groups=texts("group"),
            names=cells.each(columns["name"], cells.name),
            relations=cells.each(columns["relation"], cells.relation),
            ids=list(ids),
            clean=column.clean,
            keys=np.where(column.clean, column.keys, -1),
            male=column.male,
            phones=list(columns.get("phone", blank)),
            addresses=texts("address"),
            sexes=cells.each(columns["sex"], cells.sex) if "sex" in columns else list(blank),
            births=cells.each(columns["birth_date"], cells.birth) if "birth_date" in columns else list(blank),
            problems=list(chunk.problems),
        )
        rows_at = {problem.row for problem in chunk.problems if problem.is_error}
        lines.broken |= {int(at) for at in np.flatnonzero(np.isin(chunk.rows, list(rows_at)))} if rows_at else set()
        self._check_places(lines)
        _check_numbers(lines)
        _check_names(lines)
        _check_relations(lines, columns["relation"])
        self._check_ids(lines)
        _check_phones(lines)
        _check_lengths(lines)
        _check_beside_id(lines, columns)
        return lines

    def _find_places(self, codes: list[str], called: list[str]) -> list[Place]:
        known = self._places
        pairs = list(zip(codes, called, strict=True))
        for pair in set(pairs) - known.keys():
            known[pair] = self._villages.find(*pair)
        found = [known[pair] for pair in pairs]
        if len(known) > 50_000:
            known.clear()
        return found

    def _check_places(self, lines: _Lines) -> None:
        if not any(place.findings for place in {id(place): place for place in lines.places}.values()):
            return
        for at, place in enumerate(lines.places):
            for column, code, value, is_error, hint in place.findings:
                lines.report(at, column, code, value, is_error=is_error, also=hint)

    def _check_ids(self, lines: _Lines) -> None:
        for at in np.flatnonzero(~lines.clean).tolist():
            text = lines.ids[at]
            lines.ids[at] = ""
            if text == FLAWED:
                continue
            if cells.is_scientific(text):
                lines.report(at, "id_number", "id_as_number", text.strip())
                continue
            checked = identity.check_id(cells.clean(text), today=self.today)
            masked = identity.mask_id(checked.number)
            for code in checked.errors:
                lines.report(at, "id_number", code, masked)
            for code in checked.warnings:
                lines.report(at, "id_number", code, masked, is_error=False)
            if checked.number and not checked.errors:
                lines.ids[at] = checked.number
                lines.keys[at] = int(checked.number[:17])
                lines.male[at] = checked.sex == "M"


def _without_headers(chunk: Chunk) -> Chunk:
    """Leave out rows that repeat the header, as in files that were pasted together; they are no people, so a warning does."""
    titles = {text for text in set(chunk.columns["relation"]) if is_header_again("relation", text)}
    if not titles:
        return chunk
    stated, called = chunk.columns["relation"], chunk.columns["name"]
    again = [text in titles and is_header_again("name", name) for text, name in zip(stated, called, strict=True)]
    kept = [not one for one in again]
    found = [Problem(int(row), "", "header_again", is_error=False) for row in compress(chunk.rows, again)]
    columns = {name: list(compress(texts, kept)) for name, texts in chunk.columns.items()}
    return Chunk(chunk.rows[np.array(kept, dtype=np.bool_)], columns, chunk.problems + found)


def _check_numbers(lines: _Lines) -> None:
    for at in [
        i for i, number in enumerate(lines.numbers) if not number or len(number) > LONGEST_NUMBER or number == FLAWED
    ]:
        number = lines.numbers[at]
        lines.numbers[at] = ""
        if number == FLAWED:
            continue
        if number:
            lines.report(at, "household_number", "household_number_too_long", number)
        else:
            lines.report(at, "household_number", "household_number_missing")


def _check_names(lines: _Lines) -> None:
    odd = {name: names.check_name(name) for name in set(lines.names) if name != FLAWED}
    odd = {name: found for name, found in odd.items() if found != ((), ())}
    if not odd:
        return
    for at, name in enumerate(lines.names):
        errors, warnings = odd.get(name, ((), ()))
        for code in errors:
            lines.report(at, "name", code, name)
        for code in warnings:
            lines.report(at, "name", code, name, is_error=False)


def _check_relations(lines: _Lines, stated: list[str]) -> None:
    for at in [i for i, relation in enumerate(lines.relations) if not relation]:
        lines.relation_unclear.append(at)
        if stated[at] == FLAWED:
            continue
        if lines.relations[at] is None:
            lines.report(at, "relation", "relation_unknown", stated[at].strip())
        else:
            lines.report(at, "relation", "relation_missing")


def _check_phones(lines: _Lines) -> None:
    if identity.are_plain_mobiles(lines.phones):
        return
    for at, text in enumerate(lines.phones):
        if not text or identity.are_plain_mobiles((text,)):
            continue
        if text == FLAWED:
            lines.phones[at] = ""
            continue
        if cells.is_scientific(text):
            lines.phones[at] = ""
            lines.report(at, "phone", "phone_invalid", text.strip(), is_error=False)
            continue
        checked = identity.check_phone(cells.clean(text))
        lines.phones[at] = checked.number
        for code in checked.warnings:
            lines.report(at, "phone", code, identity.mask_phone(identity.normalise_phone(text)), is_error=False)


def _check_lengths(lines: _Lines) -> None:
    for column, longest, texts in (
        ("group", LONGEST_GROUP, lines.groups),
        ("address", LONGEST_ADDRESS, lines.addresses),
    ):
        if max(map(len, texts), default=0) <= longest and FLAWED not in texts:
            continue
        for at, text in enumerate(texts):
            if text == FLAWED:
                texts[at] = ""
            elif len(text) > longest:
                lines.report(at, column, "text_too_long", text, also=str(longest))
                texts[at] = ""


def _check_beside_id(lines: _Lines, columns: Mapping[str, list[str]]) -> None:
    """What stands beside an ID number against what is in it: sex, birth date, and the sex that a relation implies."""
    read = [
        ("M" if male else "F") if number else "" for number, male in zip(lines.ids, lines.male.tolist(), strict=True)
    ]
    implied = {code: relation.sex for code, relation in catalogue.RELATIONS.items() if relation.sex}
    for at, (sex, relation) in enumerate(zip(read, lines.relations, strict=True)):
        if sex and relation in implied and implied[relation] != sex:
            lines.report(at, "relation", "relation_sex_differs", catalogue.RELATIONS[relation].zh, is_error=False)
    if "sex" in columns:
        for at, (sex, stated) in enumerate(zip(read, lines.sexes, strict=True)):
            if stated is None:
                lines.report(at, "sex", "sex_unknown", columns["sex"][at], is_error=False)
            elif sex and stated and sex != stated:
                lines.report(at, "sex", "id_sex_differs", columns["sex"][at], is_error=False)
    if "birth_date" in columns:
        for at, (number, stated) in enumerate(zip(lines.ids, lines.births, strict=True)):
            if stated is None:
                lines.report(at, "birth_date", "birth_unreadable", columns["birth_date"][at], is_error=False)
            elif number and stated and stated.replace("-", "") != number[6:14]:
                lines.report(at, "birth_date", "birth_differs", is_error=False)
