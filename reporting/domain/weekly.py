"""The weekly report as tables: the same columns on the page, in the spreadsheet and on paper."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from config.lib.ratios import NOTHING, Place
from config.lib.tables import Cell, Column, Role, Row, Shape, Table, Words, cell_text, paper
from config.lib.weeks import FREEZE_HOUR, Week, instant_label
from reporting.domain.figures import (
    CHAIN,
    FIGURES,
    KIND_NAMES,
    Figure,
    FigureRow,
    Laggard,
    Level,
    Progress,
    SubjectKind,
    ratios,
)

LEVEL_NAMES = {
    Level.BANK: Words("全行", "Bank"),
    Level.BRANCH: Words("支行", "Branch"),
    Level.GRID: Words("网格", "Grid"),
    Level.OFFICER: Words("客户经理", "Officer"),
    Level.COLLECTOR: Words("采集人", "Collector"),
}
TITLES = {
    Level.BANK: Words("全行进度", "Progress of the bank"),
    Level.BRANCH: Words("各支行进度", "Progress by branch"),
    Level.GRID: Words("各网格进度", "Progress by grid"),
    Level.OFFICER: Words("各客户经理进度", "Progress by officer"),
    Level.COLLECTOR: Words("按采集人计数", "Counts by collector"),
}
LATE_AFTER = timedelta(hours=FREEZE_HOUR + 1)  # the scheduler catches up from the next hour on
WEEK, TOTAL, AGAINST = Words("本周", "Week"), Words("累计", "Total"), Words("较上周", "Change")
SUM, WITHDRAWN = Words("合计", "Total"), Words("其中撤回", "of which withdrawn")
UNITS = Words(
    "单位：户；授信金额单位：万元。完成率 = 累计走访 ÷ 全部户数（名单户数）；较上周 = 本周新增与上周新增之差。",
    "Counts are subjects; amounts are in 万元 (10,000 yuan). Completion = visited in total / roster; change = this week's "
    "increment less last week's.",
)
BY_COLLECTOR = Words(
    "按实际采集人计数，不计比率；网格与客户经理各行按截止时的责任人计。",
    "Counted by who did the work, without ratios; grid and officer rows follow who is responsible at the cut.",
)


def progress_table(
    rows: Sequence[FigureRow],
    *,
    standing: Mapping[str, Place],
    differences: Mapping[str, int | Decimal | None],
    total: FigureRow | None = None,
    language: str = "zh-hans",
) -> Table:
    """Return one level of the report, best rank first, the sum of the level above as last row.

    A scope from which something was withdrawn in the week gets its own negative line beneath it.
    """
    level = rows[0].level if rows else Level.BRANCH
    recorded = frozenset(
        code for code in CHAIN if any(row.all_kinds.has(code) for row in (*rows, *([total] if total else [])))
    )
    columns = [
        Column(key="rank", name=Words("名次", "Rank"), shape=Shape.COUNT, width=5),
        Column(key="rise", name=Words("升降", "Move"), shape=Shape.TEXT, width=5),
        Column(key="name", name=LEVEL_NAMES[level], width=16),
        Column(key="responsible", name=Words("责任人", "Responsible"), width=9),
        Column(key="roster", name=Words("名单户数", "Roster"), shape=Shape.COUNT, width=8),
        *_figure_columns(with_difference=True, chain=recorded),
        Column(key="completion", name=Words("完成率", "Completion"), shape=Shape.RATIO, width=10),
        Column(key="dwell", name=Words("平均驻留(分)", "Minutes a visit"), shape=Shape.NUMBER, width=8),
    ]
    in_order = sorted(rows, key=lambda row: (standing[row.key].rank is None, standing[row.key].rank or 0, row.key))
    lines: list[Row] = []
    for row in in_order:
        place = standing[row.key]
        cells: dict[str, Cell] = {
            "rank": place.rank,
            "rise": rise_text(place),
            "name": row.name,
            "responsible": row.responsible,
            "visited.change": differences.get(row.key),
        }
        lines += _lines(row, cells, Role.BODY, language)
    if total is not None:
        cells = {"rank": "", "rise": "", "name": SUM.of(language), "visited.change": differences.get(total.key)}
        lines += _lines(total, cells, Role.TOTAL, language)
    return Table(title=TITLES[level], columns=columns, rows=lines, notes=(UNITS,))


def collector_table(rows: Sequence[FigureRow], language: str = "zh-hans") -> Table:
    """Return the second table, by who did the work: counts without ratios, most visits of the week first."""
    columns = [
        Column(key="name", name=LEVEL_NAMES[Level.COLLECTOR], width=16),
        *[column for column in _figure_columns(with_difference=False) if column.key.split(".")[0] in _COLLECTED],
        Column(key="late", name=Words("其中补传", "Late"), shape=Shape.COUNT, width=8),
        Column(key="off_roster", name=Words("散户", "Off roster"), shape=Shape.COUNT, width=8),
        Column(key="not_met", name=Words("未遇/迁走", "Not met"), shape=Shape.COUNT, width=8),
        Column(key="dwell", name=Words("平均驻留(分)", "Minutes a visit"), shape=Shape.NUMBER, width=8),
    ]
    in_order = sorted(rows, key=lambda row: (-row.all_kinds.visited.week, -row.all_kinds.visited.total, row.key))
    lines = [line for row in in_order for line in _lines(row, {"name": row.name}, Role.BODY, language)]
    return Table(title=TITLES[Level.COLLECTOR], columns=columns, rows=lines, notes=(BY_COLLECTOR,))


def kinds_table(rows: Sequence[FigureRow], *, total: FigureRow | None = None, language: str = "zh-hans") -> Table:
    """Return roster and visits by kind of subject: 农户 | 商户 | 企业单位 | 合计, side by side and never added silently."""
    level = rows[0].level if rows else Level.BRANCH
    spans = (
        ("roster", Words("名单户数", "Roster")),
        ("week", Words("本周走访", "Visited, week")),
        ("total", Words("累计走访", "Visited, total")),
    )
    names = {kind.value: name for kind, name in KIND_NAMES.items()} | {"all": SUM}
    columns = [Column(key="name", name=LEVEL_NAMES[level], width=16)] + [
        Column(key=f"{span}.{kind}", name=name, shape=Shape.COUNT, group=heading, width=9)
        for span, heading in spans
        for kind, name in names.items()
    ]

    def cells(row: FigureRow, name: str) -> dict[str, Cell]:
        parts: dict[str, Progress] = {kind.value: row.kind(kind) for kind in SubjectKind} | {"all": row.all_kinds}
        figures: dict[str, Cell] = {"name": name}
        for kind, progress in parts.items():
            figures[f"roster.{kind}"] = progress.roster
            figures[f"week.{kind}"] = progress.visited.week
            figures[f"total.{kind}"] = progress.visited.total
        return figures

    lines = [Row(key=row.key, cells=cells(row, row.name)) for row in rows]
    if total is not None:
        lines.append(Row(key=total.key, role=Role.TOTAL, cells=cells(total, SUM.of(language))))
    return Table(title=Words("分类走访", "Visits by kind"), columns=columns, rows=lines)


def laggard_table(behind: Sequence[Laggard], language: str = "zh-hans") -> Table:
    """Return who falls behind, why, and what a working day would have to bring."""
    columns = [
        Column(key="name", name=Words("单位", "Unit"), width=16),
        Column(key="responsible", name=Words("责任人", "Responsible"), width=9),
        Column(key="reason", name=Words("原因", "Why listed"), width=16),
        Column(key="completion", name=Words("完成率", "Completion"), shape=Shape.RATIO, width=10),
        Column(key="week", name=Words("本周走访", "Visited, week"), shape=Shape.COUNT, width=9),
        Column(key="gap", name=Words("缺口户数", "Not visited"), shape=Shape.COUNT, width=9),
        Column(key="need", name=Words("日均需完成", "Needed a day"), shape=Shape.COUNT, width=10),
    ]
    stalled, low = Words("本周零进展", "no progress this week"), Words("完成率偏低", "low completion")
    lines = [
        Row(
            key=entry.row.key,
            cells={
                "name": entry.row.name,
                "responsible": entry.row.responsible,
                "completion": entry.completion,
                "week": entry.row.all_kinds.visited.week,
                "gap": entry.gap,
                "need": entry.daily_need,
                "reason": (stalled if entry.is_stalled else low).of(language),
            },
        )
        for entry in behind
    ]
    need = Words(
        "日均需完成 = 缺口户数 ÷ 剩余工作日，进位取整。", "Needed a day = not visited / working days left, rounded up."
    )
    return Table(title=Words("需要帮扶", "Falling behind"), columns=columns, rows=lines, notes=(need,))


def shown(progress: Progress) -> list[Figure]:
    """Return the figures a scope has a word to say of."""
    return [figure for figure in FIGURES if progress.has(figure.code)]


def headline(total: FigureRow, language: str = "zh-hans") -> list[dict[str, str]]:
    """Return the roster and every figure as {name, total, week, unit}: what stands, and what the week added."""
    progress = total.all_kinds
    subjects, wan = Words("户", "").of(language), Words("万元", "万元").of(language)
    blocks = [
        {
            "name": Words("名单户数", "Roster").of(language),
            "total": cell_text(Shape.COUNT, progress.roster, language),
            "week": Words(f"可评议 {progress.assessable:,}", f"{progress.assessable:,} assessable").of(language),
            "unit": subjects,
        }
    ]
    for figure in shown(progress):
        tally = getattr(progress, figure.code)
        shape = Shape.WAN if figure.is_amount else Shape.COUNT
        week = cell_text(shape, tally.week, language)
        blocks.append(
            {
                "name": figure.name.of(language),
                "total": cell_text(shape, tally.total, language),
                "week": Words(f"本周 +{week}", f"+{week} this week").of(language),
                "unit": wan if figure.is_amount else subjects,
            }
        )
    return blocks


def report_paper(
    *,
    bank: str,
    scope: str,
    week: Week,
    cut_at: datetime,
    frozen_at: datetime | None,
    total: FigureRow,
    sentences: Sequence[str],
    tables: Sequence[Table],
    fingerprint: str = "",
    language: str = "zh-hans",
) -> dict[str, object]:
    """Return what the weekly paper needs; without `frozen_at` it is marked as a preview of the running week."""
    return {
        "bank": bank,
        "scope": scope,
        "week": week.label(language),
        "is_frozen": frozen_at is not None,
        "stamp": [stamp.of(language) for stamp in stamps(cut_at, frozen_at)],
        "sentences": list(sentences),
        "headline": headline(total, language),
        "ratios": [
            {"name": each.name.of(language), "of": each.of.of(language), "text": str(each.ratio)}
            for each in ratios(total.all_kinds)
        ],
        "tables": [paper(table, language) for table in tables],
        "fingerprint": fingerprint,
    }


def stamps(cut_at: datetime, frozen_at: datetime | None) -> list[Words]:
    """Return the lines that say how far a report may be trusted: when its data was cut, and when it was frozen."""
    cut = Words(f"数据截止 {instant_label(cut_at, 'zh')}", f"As of {instant_label(cut_at, 'en')}")
    if frozen_at is None:
        return [cut, Words("未冻结，数字还会变", "Not frozen: figures may still move")]
    done = Words("补冻结于", "Frozen late,") if frozen_at >= cut_at + LATE_AFTER else Words("冻结于", "Frozen")
    return [cut, Words(f"{done.zh} {instant_label(frozen_at, 'zh')}", f"{done.en} {instant_label(frozen_at, 'en')}")]


def rise_text(place: Place) -> str:
    """Write a change of rank without relying on colour: ↑2, ↓1, =, and a dash where there is nothing to compare."""
    if place.rise is None:
        return NOTHING
    if place.rise == 0:
        return "="
    return f"↑{place.rise}" if place.rise > 0 else f"↓{-place.rise}"


_COLLECTED = ("visited", "profiled", "checked")


def _figure_columns(*, with_difference: bool, chain: frozenset[str] = frozenset()) -> list[Column]:
    columns = []
    for figure in FIGURES:
        if figure.code in CHAIN and figure.code not in chain:
            continue
        shape = Shape.WAN if figure.is_amount else Shape.COUNT
        width = 10 if figure.is_amount else 7
        columns.append(Column(key=f"{figure.code}.week", name=WEEK, shape=shape, group=figure.name, width=width))
        if with_difference and figure.code == "visited":
            columns.append(
                Column(key="visited.change", name=AGAINST, shape=Shape.CHANGE, group=figure.name, width=width)
            )
        columns.append(Column(key=f"{figure.code}.total", name=TOTAL, shape=shape, group=figure.name, width=width))
    return columns


def _lines(row: FigureRow, cells: dict[str, Cell], role: Role, language: str) -> list[Row]:
    progress = row.all_kinds
    figures: dict[str, Cell] = {
        "roster": progress.roster,
        "completion": progress.completion,
        "dwell": progress.dwell_minutes,
        "late": progress.late,
        "off_roster": progress.off_roster,
        "not_met": progress.not_met,
    }
    taken_back: dict[str, Cell] = {}
    for figure in FIGURES:
        tally = getattr(progress, figure.code)
        figures[f"{figure.code}.week"], figures[f"{figure.code}.total"] = tally.week, tally.total
        if tally.withdrawn:
            taken_back[f"{figure.code}.week"] = -tally.withdrawn
    lines = [Row(key=row.key, role=role, cells=cells | figures)]
    if taken_back:
        blank: dict[str, Cell] = dict.fromkeys({*cells, *figures}, "")
        lines.append(Row(key=row.key, role=Role.MINUS, cells=blank | taken_back | {"name": WITHDRAWN.of(language)}))
    return lines
