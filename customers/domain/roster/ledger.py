"""What a roster is held against beyond one row: households, their heads, and people who appear twice, in a few bytes a row.

Rows of a household need not stand together. A household is known by its village and its number and gets an index in the order of
first appearance, so that a second reading of the same file gives the same indexes.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from customers.domain.roster.problems import Problem

NOWHERE = -1  # index of a row whose household is not known

Indexes = npt.NDArray[np.int32]


class Ledger:
    """Cross-row memory of one reading."""

    def __init__(self) -> None:
        self.households = 0
        self.rows = 0
        self.held_back: npt.NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
        self.left_out: Indexes = np.zeros(0, dtype=np.int32)
        self._books: dict[Hashable, dict[str, int]] = {}
        self._first_rows: list[Indexes] = []
        self._groups: dict[str, int] = {}
        self._group_of = np.zeros(0, dtype=np.int32)
        self._household_of_row: list[Indexes] = []
        self._row_numbers: list[Indexes] = []
        self._keys: list[npt.NDArray[np.int64]] = []
        self._names: list[npt.NDArray[np.int64]] = []
        self._heads: list[npt.NDArray[np.bool_]] = []
        self._broken: list[Indexes] = []
        self._relation_unclear: list[Indexes] = []

    def assign(self, places: Sequence[Hashable], numbers: Sequence[str]) -> Indexes:
        """Index of the household of every row; `NOWHERE` where the household number is missing."""
        books, count = self._books, self.households
        found = []
        for place, number in zip(places, numbers, strict=True):
            if not number:
                found.append(NOWHERE)
                continue
            book = books.get(place)
            if book is None:
                book = books[place] = {}
            index = book.get(number)
            if index is None:
                index = book[number] = count
                count += 1
            found.append(index)
        self.households = count
        return np.array(found, dtype=np.int32)

    def note(
        self,
        *,
        rows: Indexes,
        households: Indexes,
        groups: Sequence[str],
        heads: npt.NDArray[np.bool_],
        keys: npt.NDArray[np.int64],
        names: Sequence[str],
        relations: Sequence[str | None],
        broken: Sequence[int],
        relation_unclear: Sequence[int],
    ) -> npt.NDArray[np.intp]:
        """Remember a chunk; returns the positions whose group differs from that of their household's first row."""
        before = int(sum(map(len, self._first_rows)))
        new = first_of_new(households, before)
        self._first_rows.append(rows[new])
        known = self._groups
        group_codes = np.array([known.setdefault(group, len(known)) for group in groups], dtype=np.int32)
        self._group_of = np.concatenate((self._group_of, group_codes[new]))
        self.rows += len(rows)
        self._row_numbers.append(rows)
        self._household_of_row.append(households)
        self._heads.append(heads)
        self._keys.append(keys)
        # People without a number are known by household, name and relation (Semantics, section 8); the others by name alone.
        marks = [
            hash(name) if key >= 0 else hash((household, name, relation))
            for name, relation, key, household in zip(names, relations, keys.tolist(), households.tolist(), strict=True)
        ]
        self._names.append(np.array(marks, dtype=np.int64))
        self._broken.append(households[list(broken)])
        self._relation_unclear.append(households[list(relation_unclear)])
        return (
            np.flatnonzero((households >= 0) & (self._group_of[households] != group_codes))
            if len(self._group_of)
            else new[:0]
        )

    def settle(self) -> Iterator[list[Problem]]:
        """Findings that need the whole file; afterwards `held_back` and `left_out` are final."""
        rows, households = _joined(self._row_numbers), _joined(self._household_of_row)
        heads = np.concatenate(self._heads) if self._heads else np.zeros(0, dtype=np.bool_)
        self.held_back = np.zeros(self.households, dtype=np.bool_)
        broken = _joined(self._broken)
        self.held_back[broken[broken >= 0]] = True
        repeated = np.zeros(len(rows), dtype=np.bool_)
        yield from self._twice(rows, households, repeated)
        self.left_out = rows[repeated]
        yield from self._heads_settled(rows, households, heads & ~repeated)

    def counts(self) -> tuple[int, int]:
        """Households and people that may go in."""
        households, rows = _joined(self._household_of_row), _joined(self._row_numbers)
        inside = households >= 0
        inside[inside] = ~self.held_back[households[inside]]
        inside &= ~np.isin(rows, self.left_out)
        return int((~self.held_back).sum()), int(inside.sum())

    def _twice(self, rows: Indexes, households: Indexes, repeated: npt.NDArray[np.bool_]) -> Iterator[list[Problem]]:
        keys = np.concatenate(self._keys) if self._keys else np.zeros(0, dtype=np.int64)
        names = np.concatenate(self._names) if self._names else np.zeros(0, dtype=np.int64)
        self._keys.clear()
        self._names.clear()
        found: list[Problem] = []
        for positions in _repeats(keys, keys >= 0):
            same_household = len(set(households[positions])) == 1 and households[positions[0]] >= 0
            if same_household and len(set(names[positions])) == 1:
                repeated[positions[1:]] = True
                found += self._about(
                    rows, positions[1:], "id_number", "person_repeated", rows[positions[:1]], is_error=False
                )
            else:
                self._hold_back(households[positions])
                code = "id_twice_in_household" if same_household else "id_in_two_households"
                found += self._about(rows, positions, "id_number", code, rows[positions])
        for positions in _repeats(names, (keys < 0) & (households >= 0)):
            self._hold_back(households[positions])
            found += self._about(rows, positions, "name", "person_unclear", rows[positions])
        yield found

    def _heads_settled(
        self, rows: Indexes, households: Indexes, heads: npt.NDArray[np.bool_]
    ) -> Iterator[list[Problem]]:
        of_heads = households[heads & (households >= 0)]
        counted = np.bincount(of_heads, minlength=self.households) if self.households else np.zeros(0, dtype=np.intp)
        doubled = counted > 1
        of_heads_at = np.flatnonzero(heads & (households >= 0))
        found = [Problem(int(rows[at]), "relation", "head_twice") for at in of_heads_at if doubled[households[at]]]
        unclear = _joined(self._relation_unclear)
        headless = counted == 0
        self.held_back |= doubled | headless
        headless[unclear[unclear >= 0]] = False
        wanted = set(np.flatnonzero(headless).tolist())
        first_rows = _joined(self._first_rows)
        for number, index in self._numbers_of(wanted):
            found.append(Problem(int(first_rows[index]), "relation", "head_missing", number))
        yield sorted(found)

    def _numbers_of(self, wanted: set[int]) -> Iterable[tuple[str, int]]:
        if not wanted:
            return []
        return [(number, index) for book in self._books.values() for number, index in book.items() if index in wanted]

    def _hold_back(self, households: Indexes) -> None:
        self.held_back[households[households >= 0]] = True

    @staticmethod
    def _about(
        rows: Indexes,
        positions: npt.NDArray[np.intp],
        column: str,
        code: str,
        partners: Indexes,
        *,
        is_error: bool = True,
    ) -> list[Problem]:
        found = []
        for position in positions:
            row = int(rows[position])
            others = [str(int(partner)) for partner in partners if int(partner) != row][:5]
            found.append(Problem(row, column, code, is_error=is_error, also=", ".join(others)))
        return found


def first_of_new(households: Indexes, known: int) -> npt.NDArray[np.intp]:
    """Positions at which a household appears for the first time, when `known` of them have appeared before this chunk."""
    highest = np.maximum.accumulate(np.concatenate((np.array([known - 1], dtype=np.int32), households)))
    return np.flatnonzero(households > highest[:-1])


def _joined(parts: list[Indexes]) -> Indexes:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)


def _repeats(values: npt.NDArray[np.int64], among: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.intp]]:
    """Groups of positions that hold the same value, each in the order of the file."""
    chosen = np.flatnonzero(among)
    order = chosen[np.argsort(values[chosen], kind="stable")]
    ranked = values[order]
    starts = (
        np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
        if len(ranked)
        else np.zeros(0, dtype=np.intp)
    )
    ends = np.append(starts[1:], len(ranked))
    for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
        yield order[start:end]
