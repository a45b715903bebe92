"""A map where nobody surveyed one: equal cells around a county's centre, towns kept together, labelled schematic.

Every village gets one six-sided cell of equal size, so that each can be seen and tapped; neighbouring codes lie side by side.
The same list gives the same map. It says who belongs together, not where a border runs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import atan2, cos, pi, radians, sin, sqrt
from typing import Any, Final

#: Centre (latitude, longitude) and area in square kilometres of the counties that ship with the product.
COUNTIES: Final[dict[str, tuple[float, float, float]]] = {
    "331004": (28.55, 121.36, 327.0),
    "370211": (35.87, 120.00, 2096.0),
    "370685": (37.36, 120.42, 1433.0),
    "370812": (35.58, 116.76, 651.0),
    "421122": (31.34, 114.62, 1796.0),
}
ELSEWHERE: Final = (35.0, 110.0, 1000.0)
KM_PER_DEGREE: Final = 111.32
# Corners of a cell in half widths and half radii of a lattice with integer corners, so that neighbours share them exactly.
CORNERS: Final = ((0, 2), (1, 1), (1, -1), (0, -2), (-1, -1), (-1, 1))
UNEVEN: Final = 0.24

Cell = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """Where a village is drawn: its centre in degrees and its boundary as a GeoJSON polygon."""

    latitude: float
    longitude: float
    boundary: dict[str, Any]


def _spread(seed: str, about: object) -> tuple[float, float]:
    """Return two numbers in [-1, 1) that follow from the seed and the thing alone."""
    digest = sha256(f"{seed}:{about}".encode()).digest()
    return (int.from_bytes(digest[:4], "big") / 2**31 - 1, int.from_bytes(digest[4:8], "big") / 2**31 - 1)


def _cells(count: int, seed: str) -> list[Cell]:
    """Choose the cells of a county: the nearest to its centre, by a distance that bends the outline a little."""
    reach = int(sqrt(count)) + 3
    first, second = _spread(seed, "outline")

    def distance(cell: Cell) -> float:
        x, y = (2 * cell[0] + cell[1]) * sqrt(3) / 2, 1.5 * cell[1]
        angle = atan2(y, x * 0.85)
        bend = 1 + 0.10 * sin(3 * angle + first * pi) + 0.06 * sin(5 * angle + second * pi)
        return sqrt((x * 0.85) ** 2 + y**2) / bend

    near = [(q, r) for r in range(-reach, reach + 1) for q in range(-2 * reach, 2 * reach + 1)]
    return sorted(near, key=lambda cell: (distance(cell), cell))[:count]


def _divide(cells: list[Cell], groups: Sequence[Sequence[str]]) -> Iterable[tuple[str, Cell]]:
    """Give every group as many cells as it has members, halving the ground across its longer side."""
    if len(groups) == 1:
        yield from zip(groups[0], _in_rows(cells), strict=True)
        return
    whole = sum(map(len, groups))
    at, taken = 1, len(groups[0])
    while at < len(groups) - 1 and abs(taken + len(groups[at]) - whole / 2) <= abs(taken - whole / 2):
        taken += len(groups[at])
        at += 1
    wide = _extent([(2 * q + r) * sqrt(3) / 2 for q, r in cells]) >= _extent([1.5 * r for _, r in cells])
    ordered = sorted(cells, key=(lambda c: (2 * c[0] + c[1], c[1])) if wide else (lambda c: (c[1], 2 * c[0] + c[1])))
    yield from _divide(ordered[:taken], groups[:at])
    yield from _divide(ordered[taken:], groups[at:])


def _extent(values: list[float]) -> float:
    return max(values) - min(values)


def _in_rows(cells: list[Cell]) -> list[Cell]:
    """Order cells row by row, every second row backwards, so that consecutive codes touch."""
    return sorted(cells, key=lambda c: (-c[1], (2 * c[0] + c[1]) * (1 if c[1] % 2 else -1)))


def lay_out(county_code: str, groups: Sequence[Sequence[str]]) -> dict[str, Place]:
    """Return a place for every code; ``groups`` are the codes of each town."""
    groups = [group for group in groups if group]
    count = sum(map(len, groups))
    if not count:
        return {}
    latitude, longitude, area = COUNTIES.get(county_code, ELSEWHERE)
    radius = sqrt(area / count * 2 / (3 * sqrt(3)))
    north = radius / KM_PER_DEGREE
    east = north / cos(radians(latitude))

    def corner(x: int, y: int) -> list[float]:
        a, b = _spread(county_code, (x, y))
        return [
            round(longitude + (x * sqrt(3) / 2 + a * UNEVEN) * east, 4),
            round(latitude + (y / 2 + b * UNEVEN) * north, 4),
        ]

    places = {}
    for code, (q, r) in _divide(_cells(count, county_code), groups):
        ring = [corner(2 * q + r + x, 3 * r + y) for x, y in reversed(CORNERS)]
        places[code] = Place(
            latitude=round(sum(point[1] for point in ring) / 6, 6),
            longitude=round(sum(point[0] for point in ring) / 6, 6),
            boundary={"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        )
    return places
