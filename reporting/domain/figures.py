"""The figures of the weekly report: what each counts, how rows add up, and what changed (Semantics, sections 1 and 2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from math import ceil

from config.lib.money import ZERO, round_places
from config.lib.ratios import Place, Ratio, Standing, ranked
from config.lib.tables import Words


class Level(StrEnum):
    """What a row stands for. Collectors are counted apart, without ratios."""

    BANK = "bank"
    BRANCH = "branch"
    GRID = "grid"
    OFFICER = "officer"
    COLLECTOR = "collector"


class SubjectKind(StrEnum):
    """Kinds of subjects, shown in separate columns and never added silently."""

    HOUSEHOLD = "household"
    BUSINESS = "business"
    UNIT = "unit"


KIND_NAMES = {
    SubjectKind.HOUSEHOLD: Words("农户", "Households"),
    SubjectKind.BUSINESS: Words("商户", "Businesses"),
    SubjectKind.UNIT: Words("企业单位", "Units"),
}


@dataclass(frozen=True)
class Figure:
    """One figure of the catalogue; `meaning` is the sentence shown when someone asks what is counted."""

    code: str
    name: Words
    meaning: Words
    is_amount: bool = False


FIGURES = (
    Figure(
        "visited",
        Words("走访", "Visited"),
        Words(
            "本期首次见到人或联系上的户；未遇人、已迁走的另列",
            "First visit of the campaign that met someone; nobody met and moved away are shown apart",
        ),
    ),
    Figure("profiled", Words("建档", "Profiled"), Words("首次提交采集表的户", "First submitted file")),
    Figure(
        "checked",
        Words("复核", "Checked"),
        Words("采集表首次经第二人复核通过的户", "First file accepted by a second officer"),
    ),
    Figure(
        "assessed",
        Words("评议", "Assessed"),
        Words("评议已开封且至少有一份有效意见的户", "Round opened with at least one valid opinion"),
    ),
    Figure(
        "granted",
        Words("授信", "Granted"),
        Words("审批通过且授信额度大于零的户", "Approved with a final amount above zero"),
    ),
    Figure(
        "granted_amount",
        Words("授信金额", "Amount granted"),
        Words("已授信户的授信额度合计（万元）", "Sum of the lines granted (万元, 10,000 yuan)"),
        is_amount=True,
    ),
    Figure("signed", Words("签约", "Signed"), Words("首次签订授信合同的户", "First contract signed on a granted line")),
    Figure("carded", Words("发卡", "Carded"), Words("首次领到预授信卡的户", "First card of a signed line handed out")),
    Figure(
        "drawn",
        Words("用信", "Drawn"),
        Words("核心系统快照中首次用信的户", "First drawing of a signed line in a core-system snapshot"),
    ),
)
FIGURE = {figure.code: figure for figure in FIGURES}
CHAIN = ("signed", "carded", "drawn")
"""What follows a grant. A household whose grant was withdrawn in the campaign is taken out of these as out of the granted; shown
where it is recorded, so that weeks frozen before stay as they were."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """One figure over one scope.

    `week`: first events received in the week; `withdrawn`: what was taken back in the week, as a positive number;
    `total`: what stands at the cut, so that earlier total + week - withdrawn = total while the roster stays the same.
    """

    week: int = 0
    total: int = 0
    withdrawn: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Add two disjoint scopes."""
        return Tally(
            week=self.week + other.week, total=self.total + other.total, withdrawn=self.withdrawn + other.withdrawn
        )


@dataclass(frozen=True, kw_only=True)
class AmountTally:
    """A `Tally` of yuan."""

    week: Decimal = ZERO
    total: Decimal = ZERO
    withdrawn: Decimal = ZERO

    def __add__(self, other: "AmountTally") -> "AmountTally":
        """Add two disjoint scopes."""
        return AmountTally(
            week=self.week + other.week, total=self.total + other.total, withdrawn=self.withdrawn + other.withdrawn
        )


@dataclass(frozen=True, kw_only=True)
class Progress:
    """All figures of one kind of subject over one scope.

    `roster`: subjects of the official list, active at the cut; `blocked`: of these, with a blocking tag;
    `off_roster`: subjects found in the field, visited, counted apart; `joined`: of those visited in total, found in the
    field before the list held them; `not_met`: visited in vain in the week (nobody
    met, or moved away); `late`: counted this week but visited on a device date in an earlier one;
    `dwell_seconds` over `dwell_visits`: time spent at the visits of the week.
    """

    roster: int = 0
    blocked: int = 0
    visited: Tally = field(default_factory=Tally)
    profiled: Tally = field(default_factory=Tally)
    checked: Tally = field(default_factory=Tally)
    assessed: Tally = field(default_factory=Tally)
    granted: Tally = field(default_factory=Tally)
    granted_amount: AmountTally = field(default_factory=AmountTally)
    signed: Tally = field(default_factory=Tally)
    carded: Tally = field(default_factory=Tally)
    drawn: Tally = field(default_factory=Tally)
    off_roster: int = 0
    joined: int = 0
    not_met: int = 0
    late: int = 0
    dwell_seconds: int = 0
    dwell_visits: int = 0

    def __add__(self, other: "Progress") -> "Progress":
        """Add two disjoint scopes; a subject has one home grid, so grids may be added."""
        return Progress(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    @property
    def assessable(self) -> int:
        """Roster subjects without a blocking tag (可评议户数)."""
        return self.roster - self.blocked

    def has(self, code: str) -> bool:
        """Whether a figure is recorded: those before signing always, those of the chain from their first event on."""
        return code not in CHAIN or getattr(self, code) != Tally()

    @property
    def completion(self) -> Ratio:
        """Visited of all on the roster (完成率, 全部户数)."""
        return Ratio(self.visited.total, self.roster)

    @property
    def gap(self) -> int:
        """Roster subjects not visited yet."""
        return max(0, self.roster - self.visited.total)

    @property
    def dwell_minutes(self) -> Decimal | None:
        """Mean minutes a visit of the week lasted, 1 decimal; None without visits."""
        return round_places(Fraction(self.dwell_seconds, 60 * self.dwell_visits), 1) if self.dwell_visits else None


@dataclass(frozen=True)
class NamedRatio:
    """A ratio together with the names of what is divided by what."""

    name: Words
    of: Words
    ratio: Ratio


ALL = Words("全部户数", "of all")
ASSESSABLE = Words("可评议户数", "of assessable")
GRANTED = Words("已授信户数", "of granted")


def ratios(progress: Progress) -> tuple[NamedRatio, ...]:
    """Return the ratios of a scope, each with its denominator named; those of the chain only where it is recorded."""
    coverage = Words("授信率", "Granted")
    named = [
        NamedRatio(Words("完成率", "Completion"), ALL, progress.completion),
        NamedRatio(Words("建档率", "Profiled"), ALL, Ratio(progress.profiled.total, progress.roster)),
        NamedRatio(Words("评议率", "Assessed"), ASSESSABLE, Ratio(progress.assessed.total, progress.assessable)),
        NamedRatio(coverage, ALL, Ratio(progress.granted.total, progress.roster)),
        NamedRatio(coverage, ASSESSABLE, Ratio(progress.granted.total, progress.assessable)),
    ]
    for code, name in (
        ("signed", Words("签约率", "Signed")),
        ("carded", Words("发卡率", "Carded")),
        ("drawn", Words("用信率", "Drawn")),
    ):
        if progress.has(code):
            reached = getattr(progress, code).total
            named.append(NamedRatio(name, GRANTED, Ratio(reached, progress.granted.total)))
            if code != "carded":
                named.append(NamedRatio(name, ALL, Ratio(reached, progress.roster)))
    return tuple(named)


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    """One row of a report. `key` is unique within its level; `responsible` is the owner at the cut."""

    level: Level
    key: str
    name: str
    responsible: str = ""
    by_kind: Mapping[SubjectKind, Progress]

    @cached_property
    def all_kinds(self) -> Progress:
        """The named column 合计: every kind together."""
        kinds = list(self.by_kind.values())
        return kinds[0] if len(kinds) == 1 else sum(kinds, Progress())

    def kind(self, kind: SubjectKind) -> Progress:
        """Return the figures of one kind; all zero when the scope counts none."""
        return self.by_kind.get(kind, Progress())


def summed(rows: Iterable[FigureRow], *, level: Level, key: str, name: str, responsible: str = "") -> FigureRow:
    """Add disjoint rows (the grids of a branch, the branches of a bank) to one row of the level above."""
    by_kind: dict[SubjectKind, Progress] = {}
    for row in rows:
        for kind, progress in row.by_kind.items():
            by_kind[kind] = by_kind[kind] + progress if kind in by_kind else progress
    return FigureRow(level=level, key=key, name=name, responsible=responsible, by_kind=by_kind)


def places(rows: Iterable[FigureRow], earlier: Mapping[str, int | None] | None = None) -> dict[str, Place]:
    """Rank rows of one level by completion, ties by this week's visits; `earlier` are the ranks last frozen."""
    return ranked(
        [
            Standing(key=row.key, ratio=progress.completion, increment=progress.visited.week)
            for row in rows
            for progress in [row.all_kinds]
        ],
        earlier,
    )


@dataclass(frozen=True, kw_only=True)
class Laggard:
    """A row that falls behind: below the threshold, or no progress this week while work is left.

    `daily_need`: households a working day to finish in time; None when no working day is left or no end is set.
    """

    row: FigureRow
    completion: Ratio
    gap: int
    is_stalled: bool
    daily_need: int | None


def laggards(
    rows: Iterable[FigureRow], *, below: Fraction, working_days_left: int | None = None, limit: int | None = None
) -> list[Laggard]:
    """Return the rows behind, worst first: lowest completion, then largest gap (Domain, 9.3)."""
    behind = []
    for row in rows:
        progress = row.all_kinds
        value, gap = progress.completion.value, progress.gap
        if value is None or gap == 0:
            continue
        is_stalled = progress.visited.week == 0
        if value >= below and not is_stalled:
            continue
        need = ceil(Fraction(gap, working_days_left)) if working_days_left else None
        laggard = Laggard(row=row, completion=progress.completion, gap=gap, is_stalled=is_stalled, daily_need=need)
        behind.append((value, -gap, row.key, laggard))
    behind.sort(key=lambda entry: entry[:3])
    return [entry[-1] for entry in behind[:limit]]


def week_differences(
    rows: Iterable[FigureRow], last_week: Iterable[FigureRow] | None, figure: str = "visited"
) -> dict[str, int | Decimal | None]:
    """Return by row key how much this week's increment of a figure exceeds last week's; None for a row new this week."""
    before = {row.key: getattr(row.all_kinds, figure).week for row in last_week or ()}
    return {
        row.key: getattr(row.all_kinds, figure).week - before[row.key] if row.key in before else None for row in rows
    }


def what_changed(
    *,
    bank: FigureRow,
    bank_before: FigureRow | None,
    rows: Sequence[FigureRow],
    standing: Mapping[str, Place],
    language: str,
) -> tuple[str, str, str]:
    """Say in three sentences what changed since last week: the whole, who moved, what needs attention.

    `rows` are the compared ones (branches, or the grids of a branch) with their places against the last frozen week.
    """
    chinese = language.startswith("zh")
    return (
        _whole(bank.all_kinds, bank_before.all_kinds if bank_before else None, chinese=chinese),
        _movers(rows, standing, chinese=chinese),
        _attention(rows, chinese=chinese),
    )


def _whole(now: Progress, before: Progress | None, *, chinese: bool) -> str:
    week, ratio = now.visited.week, now.completion
    points = ratio.points_since(before.completion) if before else None
    more = week - before.visited.week if before else None
    if chinese:
        against = (
            ""
            if more is None
            else "，与上周持平"
            if more == 0
            else f"，比上周{'多' if more > 0 else '少'} {abs(more):,} 户"
        )
        moved = "" if not points else f"，{'提高' if points > 0 else '下降'} {abs(points)} 个百分点"
        return f"本周新走访 {week:,} 户{against}；累计走访 {now.visited.total:,} 户，占全部户数 {ratio}{moved}。"
    against = (
        ""
        if more is None
        else ", as many as last week"
        if more == 0
        else f", {abs(more):,} {'more' if more > 0 else 'fewer'} than last week"
    )
    moved = "" if not points else f", {'up' if points > 0 else 'down'} {abs(points)} points"
    return f"{week:,} newly visited this week{against}; {now.visited.total:,} in all, {ratio} of the roster{moved}."


def _movers(rows: Sequence[FigureRow], standing: Mapping[str, Place], *, chinese: bool) -> str:
    moves = [
        (place.rise, -place.rank, row.name)
        for row in rows
        for place in [standing[row.key]]
        if place.rise is not None and place.rank is not None
    ]
    if not moves:
        return "上周没有可比的名次。" if chinese else "Last week has no ranks to compare with."
    # Equal moves: the better rank stands for a rise, the worse one for a fall.
    (up, up_rank, riser), (down, down_rank, faller) = max(moves), min(moves)
    parts = []
    if up > 0:
        parts.append(
            f"{riser}上升 {up} 位，列第 {-up_rank} 名，进步最大"
            if chinese
            else f"{riser} rose most, by {up} to rank {-up_rank}"
        )
    if down < 0:
        parts.append(
            f"{faller}下降 {-down} 位，列第 {-down_rank} 名"
            if chinese
            else f"{faller} fell by {-down} to rank {-down_rank}"
        )
    if not parts:
        return "名次与上周相同。" if chinese else "Every rank is the same as last week."
    return "；".join(parts) + "。" if chinese else "; ".join(parts) + "."


def _attention(rows: Sequence[FigureRow], *, chinese: bool) -> str:
    unfinished = sorted((row for row in rows if row.all_kinds.gap), key=lambda row: (-row.all_kinds.gap, row.key))
    if not unfinished:
        return "名单内各户均已走访。" if chinese else "Everyone on the roster has been visited."
    stalled = [row.name for row in unfinished if not row.all_kinds.visited.week]
    gap = unfinished[0].all_kinds.gap
    worst = [row.name for row in unfinished if row.all_kinds.gap == gap]
    if chinese:
        idle = f"{_listed(stalled, chinese=True)}本周没有进展" if stalled else "各单位本周都有进展"
        left = "还有" if len(worst) == 1 else "各有"
        return f"{idle}；缺口最大的是{_listed(worst, chinese=True)}，{left} {gap:,} 户未走访。"
    idle = f"No progress this week at {_listed(stalled, chinese=False)}" if stalled else "Progress everywhere this week"
    each = "" if len(worst) == 1 else " each"
    return f"{idle}; the largest gap is {_listed(worst, chinese=False)}, with {gap:,} not visited{each}."


def _listed(names: Sequence[str], *, chinese: bool) -> str:
    """Name up to three and count the rest."""
    if len(names) > 3:
        named, count = names[:3], len(names)
        return f"{'、'.join(named)}等 {count} 个单位" if chinese else f"{', '.join(named)} and {count - 3} others"
    if chinese:
        return "和".join(["、".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
