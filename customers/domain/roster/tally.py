"""What a roster comes to in numbers, by village: filled row by row, cleared at the end of rows that do not go in."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from customers.domain.roster.checker import Verdict
from customers.domain.roster.matching import Match, Outcome

# Figure of a village -> outcome that it counts.
HOUSEHOLDS = {
    "new": Outcome.NEW,
    "unchanged": Outcome.UNCHANGED,
    "changed": Outcome.CHANGED,
    "listed": Outcome.LISTED,
    "left": Outcome.LEFT,
}
PEOPLE = {
    "people_new": Outcome.NEW,
    "people_unchanged": Outcome.UNCHANGED,
    "people_changed": Outcome.CHANGED,
    "moves": Outcome.MOVE,
    "people_left": Outcome.LEFT,
}
FIGURES = (*HOUSEHOLDS, *PEOPLE, "missing", "people_missing")


class Tally:
    """Outcomes of every household and row, a few bytes each."""

    def __init__(self) -> None:
        self._homes: list[npt.NDArray[np.int64]] = []
        self._rows: list[npt.NDArray[np.int64]] = []

    def add(self, match: Match) -> None:
        """Note one batch."""
        homes = [(home.line.household, home.line.grid_id, home.outcome, home.line.row) for home in match.homes]
        rows = np.zeros((len(match.lines), 5), dtype=np.int64)
        rows[:, 0] = [line.row for line in match.lines]
        rows[:, 1], rows[:, 2], rows[:, 3] = match.households, match.grids, match.outcomes
        for at, person in match.filed.items():
            if person.home_is_listed:
                rows[at, 4] = person.grid_id
        self._homes.append(np.array(homes, dtype=np.int64).reshape(-1, 4))
        self._rows.append(rows)

    def runs(self, most: int = 400) -> list[tuple[int, int]]:
        """(first row, grid) of each run of rows of one village; empty when the villages lie scattered in the file.

        With it a finding on a row, even one too broken to be read, belongs to the village around it.
        """
        # The first row of a household has a village even where the row itself is broken.
        known = [rows[:, (0, 2)] for rows in self._rows] + [homes[:, (3, 1)] for homes in self._homes]
        places = np.concatenate(known) if known else np.zeros((0, 2), dtype=np.int64)
        places = places[places[:, 1] > 0]
        places = places[np.argsort(places[:, 0], kind="stable")]
        changes = np.ones(len(places), dtype=np.bool_)
        changes[1:] = places[1:, 1] != places[:-1, 1]
        starts = np.flatnonzero(changes)
        if len(starts) > most:
            return []
        return [(int(places[at, 0]), int(places[at, 1])) for at in starts]

    def grids(self) -> list[int]:
        """The villages of the file."""
        return sorted({int(grid) for homes in self._homes for grid in np.unique(homes[:, 1])})

    def by_village(
        self, before: Mapping[int, tuple[int, int]], verdict: Verdict | None = None
    ) -> dict[int, dict[str, int]]:
        """Figures by grid. ``before`` are households and people on the roster before the import; with a verdict, rows and
        households that do not go in are left out."""
        homes = np.concatenate(self._homes) if self._homes else np.zeros((0, 4), dtype=np.int64)
        rows = np.concatenate(self._rows) if self._rows else np.zeros((0, 5), dtype=np.int64)
        if verdict is not None:
            out = verdict.households_out()
            homes = homes[~out[homes[:, 0]]]
            rows = rows[~out[rows[:, 1]] & ~np.isin(rows[:, 0], verdict.rows_out())]
        grids = self.grids()
        of_homes, of_rows = _table(grids, homes[:, 1], homes[:, 2]), _table(grids, rows[:, 2], rows[:, 3])
        # Who is in the file is not missing from it, in whichever household the file puts him.
        of_filed = _table(grids, rows[:, 4], rows[:, 3])
        found: dict[int, dict[str, int]] = {}
        for at, grid in enumerate(grids):
            figures = {name: int(of_homes[at, outcome]) for name, outcome in HOUSEHOLDS.items()}
            figures |= {name: int(of_rows[at, outcome]) for name, outcome in PEOPLE.items()}
            households_before, people_before = before.get(grid, (0, 0))
            figures["missing"] = max(0, households_before - figures["unchanged"] - figures["changed"])
            seen = of_filed[at, [Outcome.UNCHANGED, Outcome.CHANGED, Outcome.MOVE]].sum()
            figures["people_missing"] = max(0, people_before - int(seen))
            found[grid] = figures
        return found


def _table(
    grids: Sequence[int], places: npt.NDArray[np.int64], outcomes: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Rows counted by grid (in the order of ``grids``) and outcome; places elsewhere are not counted."""
    known, wide = np.array(grids, dtype=np.int64), len(Outcome)
    at = np.searchsorted(known, places)
    inside = at < len(known)
    inside[inside] = known[at[inside]] == places[inside]
    counted = np.bincount(at[inside] * wide + outcomes[inside], minlength=len(known) * wide)
    return counted.reshape(-1, wide)


def total(villages: Mapping[Any, Mapping[str, int]]) -> dict[str, int]:
    """The sum over villages."""
    return {name: sum(figures[name] for figures in villages.values()) for name in FIGURES}
