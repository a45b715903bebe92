"""Visits and effective visits (走访采集统计): subjects visited in a day, week, month and year by branch, grid and officer, and the
visits behind a figure (Domain, section 9.2).

The day is the device's. A subject counts once in a span, whoever went how often; the figures are kept by a trigger as visits arrive
(``customers.models.VisitTally``), so that a year of a whole bank is read as fast as a day of a village.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, Value
from django.http import Http404
from django.utils.translation import get_language

from config.lib import clock
from config.lib.clock import SHANGHAI
from config.lib.ratios import Ratio
from config.lib.sheets import Sheet, write_workbook
from config.lib.tables import Column, Role, Row, Shape, Table, Words
from customers.access import visits_for
from customers.selectors.effective import reasons_of
from customers.selectors.places import Place, places_of
from grids.access import Branch, Grid, Post, PostKind, Staff, branches_for, grids_for, seats_on
from reporting.access import scope_of

SPANS = ("day", "week", "month", "year")
KINDS = ("household", "business", "unit")
PER_PAGE = 20
VISITS_PER_PAGE = 20
LEVELS = {"branch": Words("支行", "Branch"), "grid": Words("网格", "Grid"), "officer": Words("客户经理", "Officer")}
KIND_NAMES = {
    "": Words("合计", "All"),
    "household": Words("农户", "Households"),
    "business": Words("商户", "Businesses"),
}
SPAN_NAMES = {
    "day": Words("当天", "Day"),
    "week": Words("本周", "Week"),
    "month": Words("本月", "Month"),
    "year": Words("当年", "Year"),
}
NOTES = (
    Words(
        "涉及走访：这段时间去过或联系过的户，没见到人的也算。有效走访：其中至少有一次达到「有效走访规则」的户。",
        "Visited: subjects gone to or called in the span, met or not. Effective: those of them with a visit that meets the rules.",
    ),
    Words(
        "按走访日期计，同一户在一段时间里只算一次，算在首次走访的网格；合计含企业单位。占比＝有效走访户 ÷ 涉及走访户。",
        "By the day of the visit; a subject counts once in a span, in the grid of its first visit; the total includes units. "
        "Share: effective of visited.",
    ),
    Words(
        "按客户经理看时，主访和同访各算一次，各行不相加。",
        "By officer, who led and who joined count it once each; the lines do not add up.",
    ),
)


def begins(span: str, on: date) -> date:
    """Return the first day of the span a day lies in."""
    match span:
        case "week":
            return on - timedelta(days=on.weekday())
        case "month":
            return on.replace(day=1)
        case "year":
            return on.replace(month=1, day=1)
        case _:
            return on


def ends(span: str, on: date) -> date:
    """Return the last day of the span a day lies in."""
    first = begins(span, on)
    match span:
        case "week":
            return first + timedelta(days=6)
        case "month":
            return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        case "year":
            return first.replace(month=12, day=31)
        case _:
            return first


@dataclass(frozen=True)
class Wanted:
    """What a page asks for: the span and a day in it, and by what the lines are told apart."""

    span: str = "week"
    on: date = date.min
    level: str = "grid"

    @classmethod
    def read(cls, query: Mapping[str, str], levels: list[str]) -> "Wanted":
        """Read an address; what makes no sense becomes the present week at the first level."""
        today = clock.today()
        try:
            on = min(date.fromisoformat(query.get("on", "")), today)
        except ValueError:
            on = today
        span, level = query.get("span", ""), query.get("level", "")
        return cls(
            span if span in SPANS else "week", max(on, date(2000, 1, 1)), level if level in levels else levels[0]
        )

    @property
    def first(self) -> date:
        """The first day of the span."""
        return begins(self.span, self.on)

    @property
    def last(self) -> date:
        """The last day of the span."""
        return ends(self.span, self.on)


Counts = tuple[str, int, int, int, int]
"""Of one kind: its code, subjects, effective subjects, visits, effective visits."""


@dataclass
class Figures:
    """Subjects visited and effectively visited by kind, and how many visits these were."""

    visited: dict[str, int] = field(default_factory=dict)
    effective: dict[str, int] = field(default_factory=dict)
    visits: int = 0
    effective_visits: int = 0

    def add(self, kind: str, subjects: int, effective: int, visits: int, effective_visits: int) -> None:
        """Add what was counted of one kind."""
        self.visited[kind] = self.visited.get(kind, 0) + subjects
        self.effective[kind] = self.effective.get(kind, 0) + effective
        self.visits += visits
        self.effective_visits += effective_visits

    @property
    def all_visited(self) -> int:
        """Subjects of every kind that were visited."""
        return sum(self.visited.values())

    @property
    def all_effective(self) -> int:
        """Subjects of every kind with an effective visit."""
        return sum(self.effective.values())

    @property
    def share(self) -> Ratio:
        """Effective of visited."""
        return Ratio(self.all_effective, self.all_visited)

    def cells(self) -> list[tuple[str, str, int]]:
        """Return the six figures of a line: side, kind ("" for all) and count, in the order of the columns."""
        sides = (("effective", self.effective, self.all_effective), ("visited", self.visited, self.all_visited))
        return [
            (name, kind, one.get(kind, 0) if kind else whole)
            for name, one, whole in sides
            for kind in ("", "household", "business")
        ]


@dataclass
class Line:
    """One branch, grid or officer; ``aside`` says where it belongs. Its figures are added up when they are shown: a bank has more
    lines than a page."""

    pk: int
    name: str
    aside: str
    counts: list[Counts]

    @cached_property
    def figures(self) -> Figures:
        """What was counted of it."""
        found = Figures()
        for counts in self.counts:
            found.add(*counts)
        return found


@dataclass(frozen=True)
class Statistics:
    """The figures of a post: the four spans together, and the lines of the span that was chosen."""

    wanted: Wanted
    whole: dict[str, Figures]
    lines: list[Line]


def levels_of(post: Post) -> list[str]:
    """Return by what a post's lines may be told apart: an officer's own work by grid; one branch has no branches below."""
    scope = scope_of(post)
    if scope.staff_id is not None:
        return ["grid"]
    return ["branch", "grid", "officer"] if scope.is_whole or len(scope.branches) > 1 else ["grid", "officer"]


_FIGURES = """
    select span, unit_id, kind, subjects, effective, own_subjects, own_effective, visits, effective_visits
    from acc.visit_figures(%(bank)s, %(spans)s::text[], %(days)s::date[], %(level)s, %(branches)s::bigint[], %(staff)s)
"""


def statistics_of(post: Post, wanted: Wanted) -> Statistics:
    """Return the figures a post is shown: one query for the counts, and those for the names of the lines."""
    scope = scope_of(post)
    spans = [wanted.span, *(span for span in SPANS if span != wanted.span)]
    with connection.cursor() as cursor:
        cursor.execute(
            _FIGURES,
            {
                "bank": post.staff.institution_id,
                "spans": spans,
                "days": [begins(span, wanted.on) for span in spans],
                "level": wanted.level,
                "branches": None if scope.is_whole or scope.staff_id is not None else sorted(scope.branches),
                "staff": scope.staff_id,
            },
        )
        rows = cursor.fetchall()
    whole = {span: Figures() for span in SPANS}
    units: dict[int, list[Counts]] = {}
    is_own = scope.staff_id is not None or wanted.level == "officer"
    for span, unit, kind, subjects, effective, own_subjects, own_effective, *visits in rows:
        own, together = (own_subjects, own_effective), (subjects, effective)
        whole[span].add(kind, *(own if scope.staff_id is not None else together), *visits)
        if span == wanted.span:
            units.setdefault(unit, []).append((kind, *(own if is_own else together), *visits))
    return Statistics(wanted, whole, _lines(post, wanted.level, units))


def _lines(post: Post, level: str, units: dict[int, list[Counts]]) -> list[Line]:
    """Return the lines in the order of their names, those without a visit included; then those counted in the past that are closed
    or gone."""
    bank = post.staff.institution_id
    rows: Any
    gone: Any
    if level == "branch":
        rows = branches_for(post).order_by("path").values_list("pk", "name", Value(""))
        gone = Branch.objects.filter(institution_id=bank).values_list("pk", "name", Value(""))
    elif level == "grid":
        aside = F("branch__name") if branches_for(post).count() > 1 else Value("")
        rows = grids_for(post).exclude(kind=Grid.Kind.FEATURE).order_by("branch__path", "pinyin", "pk")
        rows = rows.values_list("pk", "name", aside)
        gone = Grid.objects.filter(institution_id=bank).order_by("pinyin", "pk").values_list("pk", "name", aside)
    else:
        covering = seats_on(clock.today()).filter(staff=OuterRef("pk"), kind__covers=True)
        covering = covering.filter(grid__in=grids_for(post).order_by().values("pk"))
        staff = Staff.objects.filter(institution_id=bank).order_by("number", "pk").values_list("pk", "name", "number")
        rows, gone = staff.filter(Exists(covering)), staff
    found = list(rows)
    found += gone.filter(pk__in=sorted(set(units) - {row[0] for row in found}))
    return [Line(pk, name, aside, units.get(pk, [])) for pk, name, aside in found]


# --- The visits behind a figure ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VisitLine:
    """One visit behind a figure, with its place where it is still in the reader's scope, and why it is not effective."""

    visit: Any
    place: Place | None
    reasons: list[str]


def visits_behind(post: Post, wanted: Wanted, query: Mapping[str, str]) -> tuple[Page[Any], list[VisitLine], str]:
    """Return one page of the visits a figure counts, the newest first, and what its unit is called; under row security. Raises Http404
    for a unit outside the post's own."""
    starts = datetime.combine(wanted.first, time(), SHANGHAI)
    rows = visits_for(post).filter(
        device_at__gte=starts, device_at__lt=datetime.combine(wanted.last + timedelta(days=1), time(), SHANGHAI)
    )
    if post.kind == PostKind.OFFICER:
        rows = rows.filter(Q(lead=post.staff_id) | Q(partner=post.staff_id))
    name = ""
    if unit := query.get("unit", ""):
        found = next(iter(_units(post, wanted.level, unit)), None)
        if found is None:
            raise Http404
        name = found.name
        rows = rows.filter(_of_unit(wanted.level, found.pk))
    if (kind := query.get("kind", "")) in KINDS:
        rows = rows.filter(subject__kind=kind)
    if (effective := query.get("effective", "")) in ("yes", "no"):
        rows = rows.filter(is_effective=effective == "yes")
    page = Paginator(rows.select_related("lead", "partner").order_by("-device_at", "-pk"), VISITS_PER_PAGE).get_page(
        query.get("page")
    )
    visits = list(page.object_list)
    places = places_of(visit.subject_id for visit in visits)
    language = get_language() or "zh-hans"
    return page, [VisitLine(one, places.get(one.subject_id), reasons_of(one, language)) for one in visits], name


def _of_unit(level: str, pk: int) -> Q:
    match level:
        case "branch":
            return Q(recorded_grid__branch=pk)
        case "grid":
            return Q(recorded_grid=pk)
        case _:
            return Q(lead=pk) | Q(partner=pk)


def _units(post: Post, level: str, text: str) -> Any:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return []
    match level:
        case "branch":
            return branches_for(post).filter(pk=int(text))
        case "grid":
            return Grid.objects.filter(pk=int(text), branch__in=branches_for(post).order_by())
        case _:
            return Staff.objects.filter(pk=int(text), institution_id=post.staff.institution_id)


# --- As a file --------------------------------------------------------------------------------------------------------


def workbook(statistics: Statistics, *, bank: str, at: datetime, language: str) -> bytes:
    """Return the lines as .xlsx, the total first."""
    wanted = statistics.wanted
    sides = {
        "effective": Words("有效走访（户）", "Effective (subjects)"),
        "visited": Words("涉及走访（户）", "Visited (subjects)"),
    }
    columns = [
        Column(key="name", name=LEVELS[wanted.level], width=18),
        Column(key="aside", name=Words("所属", "Of"), width=14),
        *(
            Column(key=f"{side}_{kind}", name=KIND_NAMES[kind], shape=Shape.COUNT, group=words)
            for side, words in sides.items()
            for kind in KIND_NAMES
        ),
        Column(key="share", name=Words("有效占涉及", "Effective of visited"), shape=Shape.RATIO),
    ]
    total = Row(
        cells={"name": Words("合计", "Total").of(language)} | _cells(statistics.whole[wanted.span]), role=Role.TOTAL
    )
    body = [Row(cells={"name": one.name, "aside": one.aside} | _cells(one.figures)) for one in statistics.lines]
    span = f"{wanted.first} – {wanted.last}"
    table = Table(
        title=Words("走访采集统计", "Visits and effective visits"), columns=columns, rows=[total, *body], notes=NOTES
    )
    stamps = [Words(bank, bank), Words(f"{SPAN_NAMES[wanted.span].zh} {span}", f"{SPAN_NAMES[wanted.span].en} {span}")]
    return write_workbook([Sheet(table=table, stamps=stamps)], language=language, created=at, author=bank)


def _cells(figures: Figures) -> dict[str, Any]:
    return {f"{side}_{kind}": count for side, kind, count in figures.cells()} | {"share": figures.share}
