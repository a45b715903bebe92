"""Who of a roster is filed already, and what the roster says differently (Semantics, section 8).

Order of the match: by ID number; else by household number within the village; else by household, name and relation. A person
filed in another household is a request to move, never a move; who has left stays left. A household found in the field
(散户) is the household of the list that holds one of its members in the same village, and is listed from then on.
Nothing here touches a database: callers fetch what is filed and write what comes out.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from customers.domain.roster.checker import Batch, HouseholdLine, PersonLine

UNKNOWN = 0
FUTURE = -1
"""Subject of a household that is new and has no id yet."""


class Outcome(IntEnum):
    """What a row of the roster comes to."""

    NOTHING = 0  # held back, or said twice in the file
    NEW = 1
    UNCHANGED = 2
    CHANGED = 3
    LISTED = 4  # households alone: found in the field, on the roster from now on
    MOVE = 5  # people alone: filed in another household
    LEFT = 6  # filed as having left; coming back is an action of its own


class FiledPerson(NamedTuple):
    """A person as filed; `born_on` ISO or "", indexes b"" where there is no number."""

    pk: int
    household: int
    grid_id: int
    id_index: bytes
    phone_index: bytes
    name: str
    relation: str
    sex: str
    born_on: str
    has_left: bool
    home_is_listed: bool


class FiledHousehold(NamedTuple):
    """A household as filed."""

    pk: int
    grid_id: int
    number: str
    group: str
    address: str
    head_id: int
    is_listed: bool
    has_left: bool


@dataclass(slots=True)
class Home:
    """A household of the roster: its line, the household it is on file (None: new), what becomes of it, its subject."""

    line: HouseholdLine
    filed: FiledHousehold | None
    outcome: Outcome
    subject: int


@dataclass(slots=True)
class Keys:
    """Blind indexes of one batch's rows: `ids[k][i]` is row i under the k-th live key, the newest key first."""

    ids: list[list[bytes]]
    phones: list[list[bytes]]


@dataclass(slots=True)
class Found:
    """What is filed of one batch: people by index of their ID number; households by (grid, number) and by subject; members."""

    by_id: Mapping[bytes, FiledPerson] = field(default_factory=dict)
    by_number: Mapping[tuple[int, str], FiledHousehold] = field(default_factory=dict)
    unlisted: Mapping[int, FiledHousehold] = field(default_factory=dict)
    members: Mapping[int, Sequence[FiledPerson]] = field(default_factory=dict)


@dataclass(slots=True)
class Match:
    """What one batch comes to, by column: one entry a row in every list. `filed` holds the rows that are somebody on file."""

    homes: list[Home]
    lines: list[PersonLine]
    households: npt.NDArray[np.int64]
    grids: npt.NDArray[np.int64]
    outcomes: npt.NDArray[np.uint8]
    filed: dict[int, FiledPerson]
    ids: list[bytes]
    phones: list[bytes]

    def rows(self, outcome: Outcome) -> list[int]:
        """The positions of the rows with an outcome."""
        return np.flatnonzero(self.outcomes == outcome).tolist()


class Matcher:
    """Matches batch by batch and remembers which household of the file is which on file, in a few bytes a household."""

    def __init__(self) -> None:
        self._subjects = array("q")
        self._grids = array("q")
        self._outcomes = bytearray()

    def subjects(self, households: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Subjects of households by their index in the file; UNKNOWN for those that no batch has held."""
        return _looked_up(self._subjects, np.int64, households)

    def match(self, batch: Batch, keys: Keys, found: Found) -> Match:
        """Say of every household and row of a batch who it is on file and what becomes of it."""
        homes = self._homes(batch, keys, found)
        lines = batch.people
        households = np.array([line.household for line in lines], dtype=np.int64)
        subjects = self.subjects(households)
        home_outcomes = _looked_up(self._outcomes, np.uint8, households)
        outcomes = np.full(len(lines), Outcome.NEW, dtype=np.uint8)
        outcomes[home_outcomes == Outcome.LEFT] = Outcome.LEFT
        outcomes[subjects == UNKNOWN] = Outcome.NOTHING
        filed: dict[int, FiledPerson] = {}
        if found.by_id or found.members:
            filed, repeated = self._filed(lines, subjects, keys, found)
            for at, person in filed.items():
                if subjects[at] != UNKNOWN:
                    has_left = home_outcomes[at] == Outcome.LEFT
                    outcomes[at] = _person_outcome(at, lines[at], person, int(subjects[at]), keys, has_left=has_left)
            outcomes[repeated] = Outcome.NOTHING
        grids = _looked_up(self._grids, np.int64, households)
        return Match(homes, lines, households, grids, outcomes, filed, keys.ids[0], keys.phones[0])

    def _homes(self, batch: Batch, keys: Keys, found: Found) -> list[Home]:
        adopted = self._adopted(batch, keys, found)
        homes = []
        taken: set[int] = set()
        for line in batch.households:
            filed = found.by_number.get((line.grid_id, line.number)) or adopted.get(line.household)
            if filed is None or filed.pk in taken:
                home = Home(line, None, Outcome.NEW, FUTURE)
            else:
                taken.add(filed.pk)
                home = Home(line, filed, _household_outcome(line, filed), filed.pk)
            homes.append(home)
            self._remember(home)
        return homes

    def settle(self, homes: Iterable[Home]) -> None:
        """Note the subjects that new households were given."""
        for home in homes:
            self._subjects[home.line.household] = home.subject

    @staticmethod
    def _filed(
        lines: Sequence[PersonLine], subjects: npt.NDArray[np.int64], keys: Keys, found: Found
    ) -> tuple[dict[int, FiledPerson], list[int]]:
        """Rows that are somebody on file: by ID number first, then by household, name and relation; and rows said twice."""
        filed: dict[int, FiledPerson] = {}
        repeated: list[int] = []
        taken: set[int] = set()
        for row in keys.ids:
            for at, index in enumerate(row):
                person = found.by_id.get(index) if index and at not in filed else None
                if person is None:
                    continue
                if person.pk in taken:
                    repeated.append(at)
                else:
                    taken.add(person.pk)
                    filed[at] = person
        said_twice = set(repeated)
        for at, (line, subject) in enumerate(zip(lines, subjects.tolist(), strict=True)):
            members = found.members.get(subject)
            if not members or at in filed or at in said_twice:
                continue
            same = [
                person
                for person in members
                if person.pk not in taken and person.name == line.name and person.relation == line.relation
            ]
            if len(same) == 1:
                taken.add(same[0].pk)
                filed[at] = same[0]
        return filed, repeated

    def _remember(self, home: Home) -> None:
        missing = home.line.household + 1 - len(self._subjects)
        if missing > 0:
            self._subjects.extend([UNKNOWN] * missing)
            self._grids.extend([0] * missing)
            self._outcomes.extend(bytes(missing))
        self._subjects[home.line.household] = home.subject
        self._grids[home.line.household] = home.line.grid_id
        self._outcomes[home.line.household] = home.outcome

    @staticmethod
    def _adopted(batch: Batch, keys: Keys, found: Found) -> dict[int, FiledHousehold]:
        """Households of the file -> households found in the field in the same village that hold one of their members."""
        if not found.unlisted:
            return {}
        grids = {line.household: line.grid_id for line in batch.households}
        adopted: dict[int, FiledHousehold] = {}
        # The head decides where members come from several households.
        order = sorted(range(len(batch.people)), key=lambda at: batch.people[at].relation != "head")
        for at in order:
            line = batch.people[at]
            person = next((found.by_id[row[at]] for row in keys.ids if row[at] in found.by_id), None)
            filed = found.unlisted.get(person.household) if person is not None and not person.home_is_listed else None
            if filed is not None and filed.grid_id == grids.get(line.household):
                adopted.setdefault(line.household, filed)
        return adopted


def _looked_up(column: "array[int] | bytearray", kind: type[np.generic], at: npt.NDArray[np.int64]) -> Any:
    """Entries of a growing column at some places, 0 where it does not reach."""
    known = np.frombuffer(column, dtype=kind)
    found = np.zeros(len(at), dtype=kind)
    inside = at < len(known)
    found[inside] = known[at[inside]]
    return found


def _person_outcome(
    at: int, line: PersonLine, filed: FiledPerson, subject: int, keys: Keys, *, has_left: bool
) -> Outcome:
    if filed.has_left:
        return Outcome.LEFT
    if filed.household != subject:
        return Outcome.MOVE
    if has_left:
        return Outcome.LEFT
    same = (
        line.name == filed.name
        and line.relation == filed.relation
        and line.sex in ("", filed.sex)
        and line.birth in ("", filed.born_on)
        and (not line.id_number or any(row[at] == filed.id_index for row in keys.ids))
        and (not line.phone or any(row[at] == filed.phone_index for row in keys.phones))
    )
    return Outcome.UNCHANGED if same else Outcome.CHANGED


def _household_outcome(line: HouseholdLine, filed: FiledHousehold) -> Outcome:
    if filed.has_left:
        return Outcome.LEFT
    if not filed.is_listed:
        return Outcome.LISTED
    same = filed.number == line.number and line.group in ("", filed.group) and line.address in ("", filed.address)
    return Outcome.UNCHANGED if same else Outcome.CHANGED


def whole_households(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The same rows with the last household of each batch carried into the next, so that neighbours stay together."""
    households: list[HouseholdLine] = []
    people: list[PersonLine] = []
    for batch in batches:
        households, people = households + batch.households, people + batch.people
        if not people:
            continue
        last = people[-1].household
        cut = len(people)
        while cut and people[cut - 1].household == last:
            cut -= 1
        if not cut:
            continue
        # A line of a household stands at or before its first person.
        head_cut = len(households)
        while head_cut and households[head_cut - 1].household == last:
            head_cut -= 1
        yield Batch(households[:head_cut], people[:cut])
        households, people = households[head_cut:], people[cut:]
    if households or people:
        yield Batch(households, people)
