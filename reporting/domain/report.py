"""A weekly report as its readers see it: the lines of one scope, what they say, and the tables they make.

Page, spreadsheet and paper are all made from here, from lines alone, so a frozen week cannot move (Semantics, section 2).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property
from typing import Any

from config.lib.tables import Table, Words
from config.lib.weeks import Week, working_days
from reporting.domain.figures import (
    FigureRow,
    Laggard,
    Level,
    SubjectKind,
    laggards,
    places,
    summed,
    what_changed,
)
from reporting.domain.rollup import Line
from reporting.domain.weekly import TITLES, collector_table, kinds_table, laggard_table, progress_table

BANK_SCOPE = "bank"
NOBODY = Words("（未指定责任人）", "(no owner)")
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a report was made with: who counts as falling behind, and how many working days the campaign still has.

    ``laggard_below`` is the completion under which a grid is listed, ``laggard_limit`` how many are; ``release`` names the
    parameter version, empty while the defaults hold.
    """

    campaign: str = ""
    laggard_below: Fraction = Fraction(1, 2)
    laggard_limit: int = 10
    working_days_left: int | None = None
    release: str = ""

    def document(self) -> dict[str, Any]:
        """Return the rules as stored with a report."""
        return {
            "campaign": self.campaign,
            "laggard_below": str(self.laggard_below),
            "laggard_limit": self.laggard_limit,
            "working_days_left": self.working_days_left,
            "release": self.release,
        }

    @classmethod
    def stored(cls, document: Mapping[str, Any]) -> "Rules":
        """Return the rules of a stored report."""
        default = cls()
        return cls(
            campaign=document.get("campaign", ""),
            laggard_below=Fraction(document.get("laggard_below", default.laggard_below)),
            laggard_limit=int(document.get("laggard_limit", default.laggard_limit)),
            working_days_left=document.get("working_days_left"),
            release=document.get("release", ""),
        )


@dataclass(frozen=True, kw_only=True)
class Window:
    """The span a week is counted over: received in [begins, cut), as the roster stands on ``on_day``.

    ``since`` is set while the week before is not frozen yet, which will take what came before it.
    """

    begins: datetime
    cut: datetime
    since: datetime | None
    on_day: date


@dataclass(frozen=True, kw_only=True)
class Report:
    """A weekly report, frozen or a preview (``frozen_at`` None), whole or narrowed to what a reader may see."""

    bank: str
    week: Week
    cut_at: datetime
    frozen_at: datetime | None
    lines: Sequence[Line]
    sentences: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    fingerprint: str = ""
    report_id: int | None = None
    campaign_id: int = 0
    scope_name: str = ""
    unlisted_by_branch: Mapping[str, int] = field(default_factory=dict)
    before: Sequence[Line] | None = None
    """Of a preview: the lines of the last frozen week, which its sentences compare with."""

    @property
    def is_frozen(self) -> bool:
        """Whether the figures will never move again."""
        return self.frozen_at is not None

    def at(self, level: Level) -> list[Line]:
        """Return the lines of a level; branches are those right below the head."""
        found = [line for line in self.lines if line.level == level]
        if level != Level.BRANCH:
            return found
        head = self.head
        above = head.unit_id if head is not None and head.level == Level.BRANCH else None
        shown = [line for line in found if line.parent_id == above]
        return shown if shown or above is not None else self.tops

    @cached_property
    def tops(self) -> list[Line]:
        """The branches of the scope that no other branch of it contains."""
        units = {line.unit_id for line in self.lines if line.level == Level.BRANCH}
        return [line for line in self.lines if line.level == Level.BRANCH and line.parent_id not in units]

    @property
    def unlisted(self) -> int:
        """How many grids of the scope are left out because they have no roster yet; an officer's are not told apart."""
        if any(line.level == Level.BANK for line in self.lines):
            return sum(self.unlisted_by_branch.values())
        shown = {str(line.unit_id) for line in self.lines if line.level == Level.BRANCH}
        return sum(count for branch, count in self.unlisted_by_branch.items() if branch in shown)

    @cached_property
    def head(self) -> Line | None:
        """The line that stands for the whole scope, if it has one: the bank, or the one branch."""
        for line in self.lines:
            if line.level == Level.BANK:
                return line
        return self.tops[0] if len(self.tops) == 1 else None

    @cached_property
    def total(self) -> FigureRow:
        """The figures of the whole scope; of several branches or of an officer's grids their sum."""
        head = self.head
        if head is not None:
            return head.figures
        rows = self.tops or [line for line in self.lines if line.level == Level.GRID]
        return summed((line.figures for line in rows), level=Level.BANK, key="scope", name=self.scope_name)

    def narrowed(self, branch_id: int) -> "Report":
        """Return the report of one branch and those below it."""
        inside = {branch_id}
        for line in self.lines:  # lines of branches come from the top down
            if line.level == Level.BRANCH and line.parent_id in inside and line.unit_id is not None:
                inside.add(line.unit_id)
        lines = [
            line
            for line in self.lines
            if (line.level == Level.BRANCH and line.unit_id in inside)
            or (line.level not in (Level.BANK, Level.BRANCH) and line.parent_id in inside)
        ]
        return replace(self, lines=lines)

    def said(self, language: str) -> Sequence[str]:
        """Return the three sentences of the scope, of a frozen week as they were frozen; none for an officer's own grids."""
        head = self.head
        if head is None:
            return ()
        if not self.is_frozen:
            before = None if self.before is None else replace(self, lines=self.before)
            return said_of(
                self,
                before if before is None or head.level == Level.BANK else before.narrowed(head.unit_id or 0),
                language,
            )
        scope = BANK_SCOPE if head.level == Level.BANK else str(head.unit_id)
        return self.sentences.get(scope, {}).get("zh" if language.startswith("zh") else "en", ())

    def behind(self) -> list[Laggard]:
        """Return the grids of the scope that fall behind, worst first."""
        return laggards(
            [line.figures for line in self.at(Level.GRID)],
            below=self.rules.laggard_below,
            working_days_left=self.rules.working_days_left,
            limit=self.rules.laggard_limit,
        )

    def table(self, level: Level, language: str) -> Table:
        """Return the table of a level, with the sum of the scope as last row."""
        lines = self.at(level)
        rows = [_named(line, language) for line in lines]
        if level == Level.COLLECTOR:
            return _without_unrecorded(collector_table(rows, language))
        differences: dict[str, Any] = {line.key: line.change for line in lines}
        total = self.total
        if self.head is not None:
            differences[total.key] = self.head.change
        table = progress_table(
            rows,
            standing={line.key: line.place for line in lines},
            differences=differences,
            total=total if [row.key for row in rows] != [total.key] else None,
            language=language,
        )
        return _without_unrecorded(replace(table, title=TITLES[level]))

    def kinds(self, language: str) -> Table | None:
        """Return visits by kind of subject; None while only one kind is counted."""
        total = self.total
        if sum(kind in total.by_kind for kind in SubjectKind) < 2:
            return None
        lines = self.at(Level.BRANCH) or self.at(Level.GRID)
        return kinds_table([line.figures for line in lines], total=total, language=language)

    def laggard_table(self, language: str) -> Table:
        """Return who falls behind as a table."""
        return _without_unrecorded(laggard_table(self.behind(), language))

    def tables(self, language: str) -> list[Table]:
        """Return every table of the scope in the order of the paper."""
        levels = (Level.BRANCH, Level.GRID) if self.at(Level.BRANCH) else (Level.GRID,)
        kinds = self.kinds(language)
        return [
            self.table(levels[0], language),
            *([kinds] if kinds else []),
            self.laggard_table(language),
            *(self.table(level, language) for level in levels[1:]),
            self.table(Level.OFFICER, language),
            self.table(Level.COLLECTOR, language),
        ]


def _named(line: Line, language: str) -> FigureRow:
    if line.level == Level.OFFICER and line.unit_id is None:
        return replace(line.figures, name=NOBODY.of(language))
    return line.figures


def _without_unrecorded(table: Table) -> Table:
    """Leave out columns nothing is known for (time spent at visits, pace without an end, an owner of a branch)."""
    unknown = {
        column.key
        for column in table.columns
        if column.key in ("dwell", "need", "responsible")
        and all(row.cells.get(column.key) in (None, "") for row in table.rows)
    }
    if not unknown:
        return table
    columns = [column for column in table.columns if column.key not in unknown]
    return replace(table, columns=columns, notes=() if "need" in unknown else table.notes)


def sentences_of(report: Report, before: Report | None) -> dict[str, dict[str, list[str]]]:
    """Return what changed since the last frozen week, for the whole and for every branch, in both languages."""
    found = {}
    scopes = [report] + [
        report.narrowed(line.unit_id)
        for line in report.lines
        if line.level == Level.BRANCH and line.unit_id is not None
    ]
    for scope in scopes:
        head = scope.head
        if head is None:
            continue
        is_bank = head.level == Level.BANK
        last = before if before is None or is_bank else before.narrowed(head.unit_id or 0)
        found[BANK_SCOPE if is_bank else str(head.unit_id)] = {
            language: list(said_of(scope, last, language)) for language in LANGUAGES
        }
    return found


def said_of(scope: Report, before: Report | None, language: str) -> tuple[str, str, str]:
    """Say in three sentences what changed in a scope: branches are compared in a bank, grids in a branch."""
    level = Level.BRANCH if len(scope.at(Level.BRANCH)) > 1 else Level.GRID
    rows = [line.figures for line in scope.at(level)]
    earlier = (
        {key: place.rank for key, place in places([line.figures for line in before.at(level)]).items()}
        if before
        else {}
    )
    head_before = before.head if before else None
    return what_changed(
        bank=scope.total,
        bank_before=head_before.figures if head_before else None,
        rows=rows,
        standing=places(rows, earlier),
        language=language,
    )


def days_left(ends_on: date | None, after: date, changes: Mapping[date, bool] | None = None) -> int | None:
    """Return the working days from a day to the campaign's end, both included; None while no end is set."""
    return None if ends_on is None else working_days(after, ends_on, changes or {})


def row_count(tables: Iterable[Table]) -> int:
    """Return how many rows a paper will have."""
    return sum(len(table.rows) for table in tables)
