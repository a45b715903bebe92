"""Found an institution on its county: branches per town, a grid per village and community, seats, the first campaign."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import transaction

from config.lib import audit, clock
from grids.domain import divisions, schematic
from grids.domain.divisions import Division
from grids.models import Branch, Campaign, Grid, Institution, SeatKind

#: 一格四员, the seats a grid offers until the administrator changes them: code, Chinese, English, owns customers, places.
SEATS = (
    ("manager", "客户经理", "Customer manager", True, 1),
    ("assessor", "评议员", "Assessor", False, 3),
    ("liaison", "联络员", "Liaison", False, 1),
    ("director", "包村领导", "Sponsoring director", False, 1),
)
FIELDS = ("branch_id", "kind", "name", "pinyin", "town", "former_names", "predecessor_codes", "division_code")
DRAWN = ("boundary", "is_schematic", "latitude", "longitude")


@dataclass
class Loaded:
    """What a load did: counts, and the grids whose households must be moved by hand before they can be closed."""

    institution: Institution
    branches: int = 0
    branches_new: int = 0
    grids: int = 0
    villages: int = 0
    communities: int = 0
    grids_new: int = 0
    grids_changed: int = 0
    grids_unlisted: int = 0
    to_move: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        counts = {name: value for name, value in vars(self).items() if isinstance(value, int)}
        return {"institution": self.institution.name, **counts, "to_move": self.to_move}


@transaction.atomic
def load_divisions(*, rows: Sequence[Division], institution: str, short_name: str = "") -> Loaded:
    """Make the territory of an institution what the list says; a second run with the same list changes nothing.

    A changed name keeps the old one among the former names. A village that took in others continues the grid of the first of
    them, with its households; the other grids stay until their households are moved. A grid the list no longer names stays
    too and is counted. Boundaries that were surveyed are never touched.
    """
    bank = _institution(rows[0], institution, short_name)
    loaded = Loaded(institution=bank)
    _seats(bank)
    _campaign(bank)
    branches = _branches(bank, rows, loaded)
    _grids(bank, rows, branches, loaded)
    audit.record(staff=None, verb="load_divisions", about="institution", about_id=bank.pk, detail=loaded.figures())
    return loaded


def _institution(first: Division, name: str, short_name: str) -> Institution:
    bank, _ = Institution.objects.get_or_create(
        name=name,
        defaults={
            "short_name": short_name or name.replace("农村商业银行", "农商行").replace("股份有限公司", "")[:20],
            "county_code": first.county_code,
            "county": first.county,
        },
    )
    return bank


def _seats(bank: Institution) -> None:
    if bank.seat_kinds.exists():
        return
    SeatKind.objects.bulk_create(
        SeatKind(
            institution=bank,
            code=code,
            name=zh,
            name_en=en,
            covers=covers,
            places=places,
            order=order,
            taken_by=SeatKind.TakenBy.STAFF if covers else SeatKind.TakenBy.ANYBODY,
        )
        for order, (code, zh, en, covers, places) in enumerate(SEATS, start=1)
    )


def _campaign(bank: Institution) -> None:
    if bank.campaigns.exists():
        return
    today = clock.today()
    Campaign.objects.create(institution=bank, name=f"{today.year} 年整村授信", from_on=today.replace(month=1, day=1))


def _branches(bank: Institution, rows: Sequence[Division], loaded: Loaded) -> dict[str, Branch]:
    """Make the head office and a branch per town that has none; a branch keeps the name its bank gave it."""
    head = bank.branches.filter(kind=Branch.Kind.HEAD).first()
    if head is None:
        head = Branch.objects.create(institution=bank, kind=Branch.Kind.HEAD, name="总行")
        head.path = f"/{head.pk}/"
        head.save(update_fields=["path"])
    known = {branch.town_code: branch for branch in bank.branches.exclude(town_code="")}
    names = divisions.branch_names(rows)
    new = Branch.objects.bulk_create(
        Branch(institution=bank, parent=head, kind=Branch.Kind.BRANCH, name=name, town_code=code)
        for code, name in names.items()
        if code not in known
    )
    for branch in new:
        branch.path = f"{head.path}{branch.pk}/"
    Branch.objects.bulk_update(new, ["path"])
    loaded.branches_new, loaded.branches = len(new), len(names)
    return known | {branch.town_code: branch for branch in new}


def _grids(bank: Institution, rows: Sequence[Division], branches: dict[str, Branch], loaded: Loaded) -> None:
    known = {grid.division_code: grid for grid in bank.grids.exclude(division_code="")}
    listed = {row.code for row in rows}
    places = schematic.lay_out(bank.county_code, [[row.code for row in town] for town in _by_town(rows)])
    new, changed = [], []
    for row in rows:
        grid = known.get(row.code) or _continued(row, known, listed)
        before = _state(grid) if grid else None
        grid = grid or Grid(institution=bank, branch=branches[row.town_code])
        _describe(grid, row)
        _draw(grid, places[row.code])
        if before is None:
            new.append(grid)
        elif before != _state(grid):
            changed.append(grid)
        loaded.to_move += [
            code
            for code in row.predecessors
            if code in known and known[code].division_code == code and known[code].is_active
        ]
    # A grid that continues under a new code gives its old one free first.
    Grid.objects.bulk_update(changed, [*FIELDS, *DRAWN], batch_size=500)
    Grid.objects.bulk_create(new, batch_size=500)
    loaded.grids, loaded.grids_new, loaded.grids_changed = len(rows), len(new), len(changed)
    loaded.villages = sum(row.kind == "village" for row in rows)
    loaded.communities = len(rows) - loaded.villages
    kept = {grid.division_code for grid in known.values() if grid.is_active}
    loaded.grids_unlisted = len(kept - listed - set(loaded.to_move))


def _by_town(rows: Iterable[Division]) -> list[list[Division]]:
    ordered = sorted(rows, key=attrgetter("code"))
    return [list(group) for _, group in groupby(ordered, key=attrgetter("town_code"))]


def _continued(row: Division, known: dict[str, Grid], listed: set[str]) -> Grid | None:
    """Return the grid of the first predecessor the list no longer names: the merged village goes on in it."""
    return next((known[code] for code in row.predecessors if code in known and code not in listed), None)


def _describe(grid: Grid, row: Division) -> None:
    former = {*grid.former_names, *row.former_names}
    if grid.pk and grid.name != row.name:
        former.add(grid.name)
    predecessors = {*grid.predecessor_codes, *row.predecessors}
    if grid.pk and grid.division_code != row.code:
        predecessors.add(grid.division_code)
    grid.former_names = sorted(former - {row.name})
    grid.predecessor_codes = sorted(predecessors - {row.code})
    grid.division_code, grid.name, grid.pinyin = row.code, row.name, row.pinyin
    grid.kind, grid.town = row.kind, row.town


def _draw(grid: Grid, place: schematic.Place) -> None:
    if grid.boundary and not grid.is_schematic:
        return
    grid.boundary, grid.is_schematic = place.boundary, True
    grid.latitude, grid.longitude = f"{place.latitude:.6f}", f"{place.longitude:.6f}"


def _state(grid: Grid) -> tuple[str, ...]:
    return tuple(str(getattr(grid, name)) for name in (*FIELDS, *DRAWN))
