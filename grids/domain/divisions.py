"""Villages and communities as the statistical codes list them: 6 digits county, 3 town, 3 committee (Domain, section 8.4).

The list is checked as a whole and every fault is reported at once; a list with faults is not loaded.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from pypinyin import lazy_pinyin

Kind = Literal["village", "community"]

COLUMNS: Final = ("village_code", "village", "town_code", "town", "county_code", "county")
_COMMITTEE = re.compile("(?:居民委员会|村民委员会|居委会|村委会|委员会)$")
_TOWN = re.compile("(?:街道办事处|街道|镇|乡|管理处|办事处)$")
_SEPARATORS = re.compile(r"[\s,，;；、|]+")


@dataclass(frozen=True)
class Division:
    """One village or community. ``predecessors``: codes of the villages merged into it; ``former_names`` theirs and its own."""

    code: str
    name: str
    official_name: str
    kind: Kind
    town_code: str
    town: str
    county_code: str
    county: str
    predecessors: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()

    @property
    def pinyin(self) -> str:
        return pinyin_of(self.name)


@dataclass(frozen=True)
class Fault:
    """What is wrong in one row of the list: row number in the file, column, value, what is wrong."""

    row: int
    column: str
    value: str
    text: str


@lru_cache(maxsize=20_000)
def pinyin_of(name: str) -> str:
    """Return a place name in pinyin, syllables apart: 刘家村 -> ``liu jia cun``. Its order by bytes is the order by pinyin."""
    return " ".join(part.strip().lower() for part in lazy_pinyin(name) if part.strip())[:200]


def kind_of(code: str, name: str) -> Kind:
    """Tell a village from a community by the committee's number; the numbers above 399 only the name tells apart."""
    number = int(code[9:12])
    if number < 200:
        return "community"
    if number < 400:
        return "village"
    return "village" if "村民委员会" in name or name.endswith(("村", "村委会")) else "community"


def short_name(official: str, kind: Kind) -> str:
    """Return the name people use: 上刘家村民委员会 -> 上刘家村, 文化社区居民委员会 -> 文化社区."""
    bare = _COMMITTEE.sub("", official) or official
    if kind == "village":
        return bare if bare.endswith("村") else f"{bare}村"
    return bare if bare == official or bare.endswith(("社区", "村", "区")) else f"{bare}社区"


def town_stem(town: str) -> str:
    """Return a town's name without its rank: 毕郭镇 -> 毕郭."""
    return _TOWN.sub("", town) or town


def read(lines: Iterable[str], county_code: str) -> tuple[list[Division], list[Fault]]:
    """Read the rows of one county from csv lines with a head; return them ordered by code, and every fault found.

    Optional columns ``predecessors`` and ``former_names`` hold several values parted by ``;`` or ``、``.
    """
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        return [], [Fault(1, name, "", "column is missing") for name in missing]
    found: dict[str, Division] = {}
    faults: list[Fault] = []
    for row in reader:
        if (row["county_code"] or "").strip() != county_code:
            continue
        number = reader.line_num
        values = {name: (row.get(name) or "").strip() for name in (*COLUMNS, "predecessors", "former_names")}
        wrong = list(_faults(number, values, found))
        if wrong:
            faults += wrong
            continue
        kind = kind_of(values["village_code"], values["village"])
        name = short_name(values["village"], kind)
        former = {values["village"], *_several(values["former_names"])} - {name}
        found[values["village_code"]] = Division(
            code=values["village_code"],
            name=name,
            official_name=values["village"],
            kind=kind,
            town_code=values["town_code"],
            town=values["town"],
            county_code=county_code,
            county=values["county"],
            predecessors=_several(values["predecessors"]),
            former_names=tuple(sorted(former - {values["village"]})),
        )
    return sorted(found.values(), key=lambda one: one.code), faults


def _several(text: str) -> tuple[str, ...]:
    return tuple(part for part in _SEPARATORS.split(text) if part)


def _faults(row: int, values: dict[str, str], found: dict[str, Division]) -> Iterable[Fault]:
    code = values["village_code"]
    if not re.fullmatch(r"\d{12}", code):
        yield Fault(row, "village_code", code, "a division code has 12 digits")
    elif code in found:
        yield Fault(row, "village_code", code, "the code appears twice")
    elif values["town_code"] != code[:9] or values["county_code"] != code[:6]:
        yield Fault(row, "town_code", values["town_code"], f"does not fit the code {code}")
    elif code.endswith("000"):
        yield Fault(row, "village_code", code, "a town is no village")
    for column in ("village", "town", "county"):
        if not values[column]:
            yield Fault(row, column, "", "is empty")
    for one in _several(values["predecessors"]):
        if not re.fullmatch(r"\d{12}", one) or one == code:
            yield Fault(row, "predecessors", one, "is no code of another village")


def branch_names(divisions: Sequence[Division]) -> dict[str, str]:
    """Return a branch's name for every town, by town code: 毕郭支行; towns of one stem keep their whole name."""
    towns = {one.town_code: one.town for one in divisions}
    stems = [town_stem(town) for town in towns.values()]
    return {
        code: f"{town if stems.count(town_stem(town)) > 1 else town_stem(town)}支行"
        for code, town in sorted(towns.items())
    }
