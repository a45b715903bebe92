"""County codes that may begin an ID number, with the years in which each was in use (GB/T 2260).

The list is the one that python-stdnum ships. A code that is missing from it is only ever a warning: counties are founded,
renamed and merged, and no list is complete.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

UNKNOWN: Final = 0
IN_USE: Final = 9999

# Residence permits of people from Hong Kong, Macau and Taiwan carry these in place of a county (81, 82, 83).
PERMIT_REGIONS: Final = frozenset({"810000", "820000", "830000"})

_SPAN = re.compile(r"\[(\d*)-(\d*)\]")


@cache
def last_years() -> Mapping[str, int]:
    """County code -> last year in which it was in use (`IN_USE` when it still is)."""
    found: dict[str, int] = {}
    province = ""
    for line in files("stdnum.cn").joinpath("loc.dat").read_text("utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        code, _, properties = line.strip().partition(" ")
        if not line.startswith(" "):
            province = code
            continue
        county = properties.partition('county="')[2].rstrip('"')
        ends = [int(_end_year(entry)) for entry in county.split(",")]
        found[province + code] = max(ends)
    return MappingProxyType(found)


def _end_year(entry: str) -> int:
    span = _SPAN.match(entry)
    return int(span[2]) if span and span[2] else IN_USE


def known_for(region: str, birth_year: int) -> bool:
    """Whether a number with this county code can have been given to somebody born in `birth_year`.

    A number is given at or after birth, so a code does as long as it was in use in that year or later (Semantics, section 8).
    """
    return last_years().get(region, UNKNOWN) >= birth_year


@cache
def last_year_table() -> npt.NDArray[np.int16]:
    """`last_years` as an array indexed by the six-digit code, for whole columns of numbers at once."""
    table = np.zeros(1_000_000, dtype=np.int16)
    for region, year in last_years().items():
        table[int(region)] = year
    for region in PERMIT_REGIONS:
        table[int(region)] = UNKNOWN
    return table
