"""Which grid a row belongs to: by village code, else by name, present or former (villages are merged and renamed)."""

import re
import unicodedata
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from customers.domain.roster.table import FLAWED


class Village(NamedTuple):
    """One village or community that the person who imports may import into; `grid_id` is its home grid."""

    grid_id: int
    code: str
    name: str
    town: str = ""
    former_names: tuple[str, ...] = ()
    former_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row belongs. `key` tells villages apart even when the grid is unknown; findings name column, code, value, level and hint."""

    key: Hashable
    grid_id: int | None
    findings: tuple[tuple[str, str, str, bool, str], ...] = ()


_ENDINGS: Final = (
    (re.compile(r"(?:社区居民委员会|社区居委会|居民委员会|居委会|社区)$"), "社区"),
    (re.compile(r"(?:村村民委员会|村民委员会|村委会|行政村|自然村|村)$"), "村"),
)


def fold_name(name: str) -> str:
    """A village name as it is compared: 方林村委会, 方林行政村 and 方林村 are one; a community stays apart from a village."""
    plain = "".join(unicodedata.normalize("NFKC", name).split())
    for ending, short in _ENDINGS:
        stem, replaced = ending.subn("", plain)
        if replaced and stem:
            return stem + short
    return plain


def _stem(folded: str) -> str:
    return re.sub(r"(?:社区|村)$", "", folded) or folded


class Villages:
    """The villages open to one import. A name that stands for two of them is never guessed."""

    def __init__(self, villages: Iterable[Village]) -> None:
        self._codes: dict[str, int] = {}
        self._names: dict[str, set[int]] = {}
        self._stems: dict[str, set[int]] = {}
        self._former: dict[str, set[int]] = {}
        self._shown: dict[int, str] = {}
        for village in villages:
            grid, folded, town = village.grid_id, fold_name(village.name), "".join(village.town.split())
            self._shown[grid] = village.name
            self._codes[village.code] = grid
            self._codes |= {code: grid for code in village.former_codes if code not in self._codes}
            for name in (folded, town + folded):
                self._names.setdefault(name, set()).add(grid)
            for name in (_stem(folded), town + _stem(folded)):
                self._stems.setdefault(name, set()).add(grid)
            for former in village.former_names:
                self._former.setdefault(fold_name(former), set()).add(grid)

    def find(self, code: str, name: str) -> Place:
        """The place of a row from its two cells, either of which may be empty."""
        code, name = "".join(unicodedata.normalize("NFKC", code).split()).strip("'"), name.strip()
        if FLAWED in (code, name):
            return Place((code, name), None)
        if code:
            grid = self._codes.get(code)
            if grid is None:
                return Place(code, None, (("village_code", "village_unknown", code, True, ""),))
            if name and grid not in self._matches(name):
                return Place(grid, grid, (("village", "village_name_differs", name, False, self._shown[grid]),))
            return Place(grid, grid)
        if not name:
            return Place("", None, (("village", "village_missing", "", True, ""),))
        return self._by_name(name)

    def _matches(self, name: str) -> set[int]:
        folded = fold_name(name)
        return self._names.get(folded, set()) | self._stems.get(_stem(folded), set()) | self._former.get(folded, set())

    def _by_name(self, name: str) -> Place:
        folded = fold_name(name)
        for known in (self._names, self._former if folded in self._former else self._stems):
            grids = known.get(folded, set())
            if len(grids) > 1:
                return Place(folded, None, (("village", "village_ambiguous", name, True, ""),))
            if grids:
                grid = next(iter(grids))
                if known is self._former:
                    return Place(grid, grid, (("village", "village_former_name", name, False, self._shown[grid]),))
                return Place(grid, grid)
        return Place(folded, None, (("village", "village_unknown", name, True, ""),))
