"""From counts by grid to the lines of a report: branches, grids, officers, collectors, the bank; ranks and changes.

Framework-free: the counts come from one query, the lines are the same for a freeze, a preview and an overview.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from config.lib.money import ZERO, yuan
from config.lib.ratios import Place
from reporting.domain.figures import CHAIN, AmountTally, FigureRow, Level, Progress, SubjectKind, Tally, places, summed

UNRANKED = Place(rank=None, rise=None)
_COUNTS = ("visited", "profiled", "checked", "assessed", "granted", *CHAIN)
_STANDING = ("roster", "blocked", "off_roster", "joined")
_OF_THE_WEEK = ("not_met", "late")
_TAKEN_BACK = ("granted", *CHAIN)
_BACK = {"grant_withdrawn": "granted"} | {f"{name}_withdrawn": name for name in CHAIN}
COLLECTED = ("visited", "profiled", "checked", "not_met_by")


@dataclass(frozen=True, kw_only=True)
class BranchPlace:
    """A branch in the tree: ``path`` lists the ids from the top; a head office only gathers, it competes with nobody."""

    id: int
    name: str
    path: str
    is_head: bool


@dataclass(frozen=True, kw_only=True)
class GridFacts:
    """What was counted in one grid, with its branch and its owner on that day."""

    grid_id: int
    name: str
    branch_id: int
    owner_id: int | None = None
    owner: str = ""
    by_kind: Mapping[SubjectKind, Progress] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CollectorFacts:
    """What one person collected in the grids of one branch."""

    staff_id: int
    name: str
    branch_id: int
    by_kind: Mapping[SubjectKind, Progress] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a report.

    ``unit_id`` is the institution, branch, grid or staff; ``parent_id`` the branch a line belongs to (of a branch: the one
    above it). ``place`` and ``change`` (of this week's visits) stand against the last frozen week.
    """

    unit_id: int | None
    parent_id: int | None = None
    owner_id: int | None = None
    place: Place = UNRANKED
    change: int | None = None
    figures: FigureRow

    @property
    def level(self) -> Level:
        """What the line stands for."""
        return self.figures.level

    @property
    def key(self) -> str:
        """Unique in the report, the same every week."""
        return self.figures.key

    @cached_property
    def is_empty(self) -> bool:
        """Whether nothing at all was counted: a grid without a roster yet."""
        return self.figures.all_kinds == Progress()


@dataclass(frozen=True, kw_only=True)
class Rolled:
    """The lines of a report, and by branch how many of its grids have nothing to list yet (no roster, no event)."""

    lines: list[Line]
    unlisted: dict[str, int]


def line_key(level: Level, unit_id: int | None, parent_id: int | None) -> str:
    """Return the key of a line: people have one line per branch, all others one."""
    unit = "none" if unit_id is None else str(unit_id)
    return f"{level}-{unit}-{parent_id}" if level in (Level.OFFICER, Level.COLLECTOR) else f"{level}-{unit}"


def roll_up(
    *,
    bank_id: int,
    bank: str,
    branches: Sequence[BranchPlace],
    grids: Sequence[GridFacts],
    collectors: Sequence[CollectorFacts] = (),
    earlier: Iterable[Line] | None = None,
) -> Rolled:
    """Return the lines of a report from what was counted; ``earlier`` are the lines of the last frozen week.

    Branches rank among those of the same branch above, grids and officers across the bank. The bank is the sum of its
    grids, so no overlapping scope is ever added. Grids without anything counted make no line.
    """
    listed = [grid for grid in grids if any(progress != Progress() for progress in grid.by_kind.values())]
    unlisted = Counter(str(grid.branch_id) for grid in grids)
    unlisted.subtract(str(grid.branch_id) for grid in listed)
    grids = listed
    grid_lines = [
        Line(
            unit_id=grid.grid_id,
            parent_id=grid.branch_id,
            owner_id=grid.owner_id,
            figures=_row(Level.GRID, grid.grid_id, grid.branch_id, grid.name, grid.by_kind, grid.owner),
        )
        for grid in grids
    ]
    total = Line(
        unit_id=bank_id,
        figures=summed(
            [line.figures for line in grid_lines], level=Level.BANK, key=line_key(Level.BANK, bank_id, None), name=bank
        ),
    )
    collected = [
        Line(
            unit_id=one.staff_id,
            parent_id=one.branch_id,
            figures=_row(Level.COLLECTOR, one.staff_id, one.branch_id, one.name, one.by_kind),
        )
        for one in sorted(collectors, key=lambda one: (one.branch_id, one.staff_id))
    ]
    before = {line.key: line for line in earlier or ()}
    lines = [total]
    branch_lines = _branch_lines(branches, grids, grid_lines)
    for parent in dict.fromkeys(line.parent_id for line in branch_lines):
        lines += ranked_lines([line for line in branch_lines if line.parent_id == parent], before)
    lines += ranked_lines(grid_lines, before)
    lines += ranked_lines(_officer_lines(grids, grid_lines), before)
    lines += collected
    return Rolled(
        lines=[_changed(line, before) for line in lines],
        unlisted={branch: count for branch, count in sorted(unlisted.items()) if count},
    )


def ranked_lines(lines: Sequence[Line], before: Mapping[str, Line]) -> list[Line]:
    """Place competing lines; grids nobody owns make a line that does not compete."""
    earlier = {key: line.place.rank for key, line in before.items()}
    competing = [line.figures for line in lines if line.unit_id is not None]
    standing = places(competing, earlier)
    return [replace(line, place=standing.get(line.key, UNRANKED)) for line in lines]


def placed_among(lines: Sequence[Line]) -> list[Line]:
    """Return lines with places among themselves alone: how a branch ranks its own grids and officers."""
    competing: dict[tuple[Level, int | None], list[Line]] = defaultdict(list)
    for line in lines:
        if line.level in (Level.BRANCH, Level.GRID, Level.OFFICER):
            competing[line.level, line.parent_id if line.level == Level.BRANCH else None].append(line)
    others = [line for line in lines if line.level in (Level.BANK, Level.COLLECTOR)]
    return [*others, *(line for group in competing.values() for line in ranked_lines(group, {}))]


def _row(
    level: Level,
    unit_id: int | None,
    parent_id: int | None,
    name: str,
    by_kind: Mapping[SubjectKind, Progress],
    owner: str = "",
) -> FigureRow:
    return FigureRow(
        level=level, key=line_key(level, unit_id, parent_id), name=name, responsible=owner, by_kind=by_kind
    )


def _branch_lines(
    branches: Sequence[BranchPlace], grids: Sequence[GridFacts], grid_lines: Sequence[Line]
) -> list[Line]:
    by_id = {branch.id: branch for branch in branches}
    held: dict[int, list[FigureRow]] = defaultdict(list)
    for grid, line in zip(grids, grid_lines, strict=True):
        for branch_id in _chain(grid.branch_id, by_id):
            held[branch_id].append(line.figures)
    lines = []
    for branch in sorted(branches, key=lambda branch: branch.path):
        if branch.id in held:
            above = [one for one in _chain(branch.id, by_id) if one != branch.id and not by_id[one].is_head]
            row = summed(
                held[branch.id], level=Level.BRANCH, key=line_key(Level.BRANCH, branch.id, None), name=branch.name
            )
            lines.append(Line(unit_id=branch.id, parent_id=above[-1] if above else None, figures=row))
    return lines


def _chain(branch_id: int, by_id: Mapping[int, BranchPlace]) -> list[int]:
    """Return the branches a grid counts for, from the top: a head office only for the grids it manages itself."""
    ids = [int(part) for part in by_id[branch_id].path.strip("/").split("/")]
    return [one for one in ids if one in by_id and (one == branch_id or not by_id[one].is_head)]


def _officer_lines(grids: Sequence[GridFacts], grid_lines: Sequence[Line]) -> list[Line]:
    owned: dict[tuple[int, int | None], list[FigureRow]] = defaultdict(list)
    names: dict[int | None, str] = {None: ""}
    for grid, line in zip(grids, grid_lines, strict=True):
        owned[grid.branch_id, grid.owner_id].append(line.figures)
        names[grid.owner_id] = grid.owner
    return [
        Line(
            unit_id=owner_id,
            parent_id=branch_id,
            owner_id=owner_id,
            figures=summed(
                rows, level=Level.OFFICER, key=line_key(Level.OFFICER, owner_id, branch_id), name=names[owner_id]
            ),
        )
        for (branch_id, owner_id), rows in sorted(owned.items(), key=lambda one: (one[0][0], one[0][1] or 0))
    ]


def _changed(line: Line, before: Mapping[str, Line]) -> Line:
    last = before.get(line.key)
    if last is None:
        return line
    return replace(line, change=line.figures.all_kinds.visited.week - last.figures.all_kinds.visited.week)


# --- What a stored line holds -------------------------------------------------------------------------------------


def week_document(line: Line) -> dict[str, Any]:
    """Return the figures of the week as stored: by kind, nought left out, amounts as decimal strings."""
    kinds = {}
    for kind, progress in line.figures.by_kind.items():
        figures: dict[str, Any] = {name: getattr(progress, name).week for name in _COUNTS}
        figures |= {name: getattr(progress, name) for name in _OF_THE_WEEK}
        figures |= {f"{name}_withdrawn": getattr(progress, name).withdrawn for name in _TAKEN_BACK}
        figures["granted_amount"] = _text(progress.granted_amount.week)
        figures["amount_withdrawn"] = _text(progress.granted_amount.withdrawn)
        kinds[kind.value] = {name: value for name, value in figures.items() if value}
    return {"kinds": {kind: figures for kind, figures in kinds.items() if figures}, "visited_change": line.change}


def total_document(line: Line) -> dict[str, Any]:
    """Return what stands at the cut as stored: by kind, nought left out, amounts as decimal strings."""
    kinds = {}
    for kind, progress in line.figures.by_kind.items():
        figures: dict[str, Any] = {name: getattr(progress, name) for name in _STANDING}
        figures |= {name: getattr(progress, name).total for name in _COUNTS}
        figures["granted_amount"] = _text(progress.granted_amount.total)
        kinds[kind.value] = {name: value for name, value in figures.items() if value}
    return {"kinds": {kind: figures for kind, figures in kinds.items() if figures}}


def stored_progress(week: Mapping[str, Any], total: Mapping[str, Any]) -> dict[SubjectKind, Progress]:
    """Return the figures of a stored line, the inverse of ``week_document`` and ``total_document``."""
    found = {}
    for kind in SubjectKind:
        now, stands = week.get("kinds", {}).get(kind.value, {}), total.get("kinds", {}).get(kind.value, {})
        if now or stands:
            figures: dict[str, Any] = {name: stands.get(name, 0) for name in _STANDING}
            figures |= {name: now.get(name, 0) for name in _OF_THE_WEEK}
            figures |= {name: Tally(week=now.get(name, 0), total=stands.get(name, 0)) for name in _COUNTS}
            for name in _TAKEN_BACK:
                figures[name] = replace(figures[name], withdrawn=now.get(f"{name}_withdrawn", 0))
            amounts = (now.get("granted_amount"), stands.get("granted_amount"), now.get("amount_withdrawn"))
            figures["granted_amount"] = _amounts(*amounts)
            found[kind] = Progress(**figures)
    return found


def _amounts(week: str | None, total: str | None, withdrawn: str | None) -> AmountTally:
    return AmountTally(week=yuan(week or ZERO), total=yuan(total or ZERO), withdrawn=yuan(withdrawn or ZERO))


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}" if amount else ""


# --- Counts as the database returns them --------------------------------------------------------------------------


def grid_facts(territory: Iterable[Mapping[str, Any]], steps: Iterable[Mapping[str, Any]]) -> list[GridFacts]:
    """Join the territory of a day with what was reached in it (rows of ``lib.progress_on``)."""
    by_grid: dict[int, dict[SubjectKind, _Sums]] = defaultdict(lambda: defaultdict(_Sums))
    for step in steps:
        if step["step"] != "not_met_by":
            by_grid[step["grid_id"]][SubjectKind(step["kind"])].add(step)
    return [
        GridFacts(
            grid_id=place["grid_id"],
            name=place["name"],
            branch_id=place["branch_id"],
            owner_id=place["owner_id"],
            owner=place["owner"] or "",
            by_kind={kind: sums.progress() for kind, sums in by_grid.get(place["grid_id"], {}).items()},
        )
        for place in territory
    ]


def collector_facts(
    territory: Iterable[Mapping[str, Any]], steps: Iterable[Mapping[str, Any]], names: Mapping[int, str]
) -> list[CollectorFacts]:
    """Gather what each person did in the grids of each branch."""
    branches = {place["grid_id"]: place["branch_id"] for place in territory}
    found: dict[tuple[int, int], dict[SubjectKind, _Sums]] = defaultdict(lambda: defaultdict(_Sums))
    for step in steps:
        if step["staff_id"] and step["step"] in COLLECTED and step["grid_id"] in branches:
            found[step["staff_id"], branches[step["grid_id"]]][SubjectKind(step["kind"])].add(step)
    return [
        CollectorFacts(
            staff_id=staff_id,
            name=names.get(staff_id, ""),
            branch_id=branch_id,
            by_kind={kind: sums.progress() for kind, sums in kinds.items()},
        )
        for (staff_id, branch_id), kinds in found.items()
    ]


class _Sums:
    """Adds up rows of ``lib.progress_on`` to the figures of one scope and kind."""

    def __init__(self) -> None:
        self.plain: Counter[str] = Counter()
        self.week: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self.amounts = {"week": ZERO, "total": ZERO, "withdrawn": ZERO}
        self.withdrawn: Counter[str] = Counter()

    def add(self, row: Mapping[str, Any]) -> None:
        """Add one row."""
        step, count = row["step"], row["subjects"]
        if step in ("roster", "blocked"):
            self.plain[step] += count
        elif step in ("not_met", "not_met_by"):
            self.plain["not_met"] += count
        elif row["standing"] == "found":
            self.plain["off_roster"] += count if step == "visited" else 0
        elif row["standing"] == "roster":
            self._reached(row, step, count, yuan(row["amount"] or ZERO))

    def _reached(self, row: Mapping[str, Any], step: str, count: int, amount: Decimal) -> None:
        if step in _BACK:
            self.total[_BACK[step]] -= count
            self.amounts["total"] -= amount
            if row["is_new"]:
                self.withdrawn[_BACK[step]] += count
                self.amounts["withdrawn"] += amount
            return
        self.total[step] += count
        if step == "visited":
            self.plain["joined"] += count if row["was_found"] else 0
            self.plain["late"] += count if row["is_late"] else 0
        if row["is_new"]:
            self.week[step] += count
        if step == "granted":
            self.amounts["total"] += amount
            self.amounts["week"] += amount if row["is_new"] else ZERO

    def progress(self) -> Progress:
        """Return the figures."""
        figures: dict[str, Any] = {name: self.plain[name] for name in (*_STANDING, *_OF_THE_WEEK)}
        figures |= {name: Tally(week=self.week[name], total=self.total[name]) for name in _COUNTS}
        for name in _TAKEN_BACK:
            figures[name] = replace(figures[name], withdrawn=self.withdrawn[name])
        return Progress(**figures, granted_amount=AmountTally(**self.amounts))
