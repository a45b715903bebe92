"""The lists as pages show them: entries one may know of by colour, grid, reason and state; reviews due; one entry and its history."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Min, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from config.lib import clock, display
from config.lib.sheets import Sheet, write_workbook
from config.lib.tables import Column, Row, Shape, Table, Words
from customers import access
from customers.models import ListEntry, ListFile, ListRelease
from customers.selectors.files import releases_of_entries
from customers.selectors.identity import masked
from grids.access import Post, PostKind, seats_on

PER_PAGE = 20
MOST_IN_SHEET = 5000
# state: (words, tone of its badge)
STATES: dict[str, tuple[Any, str]] = {
    "active": (gettext_lazy("生效"), "locked"),
    "due": (gettext_lazy("到期未复核"), "orange"),
    "proposed": (gettext_lazy("待确认"), "wait"),
    "released": (gettext_lazy("已解除"), "neutral"),
    "rejected": (gettext_lazy("不同意"), "neutral"),
}


@dataclass(frozen=True)
class ListFilter:
    """What the list shows; its text form is the page's address. Unknown values mean no filter; entries in force by default."""

    colour: str = ""
    grid: int | None = None
    reason: str = ""
    state: str = "active"

    @classmethod
    def read(cls, query: QueryDict) -> "ListFilter":
        """Read the filter from an address."""
        grid = query.get("grid", "")
        colour, state = query.get("colour", ""), query.get("state", "")
        return cls(
            colour=colour if colour in ListEntry.Colour.values else "",
            grid=int(grid) if grid.isdigit() and len(grid) < 19 else None,
            reason=query.get("reason", "")[:40],
            state=state if state in (*STATES, "all") else "active",
        )


@dataclass(frozen=True)
class ListRow:
    """One line: the entry, who answers for its review, and its state in words."""

    entry: ListEntry
    owner: str
    label: Any
    tone: str
    days_over: int


def in_force() -> Q:
    """Return the condition on entries that count now."""
    return Q(confirmed_at__isnull=False, released_at__isnull=True)


def overdue(today: date) -> Q:
    """Return the condition on entries in force whose review date has come."""
    return in_force() & Q(review_on__lte=today)


def filtered(post: Post, wanted: ListFilter) -> QuerySet[ListEntry]:
    """Return the entries a post may know of that a filter keeps: those to review by age, else the newest first."""
    rows = access.list_entries_for(post)
    if wanted.colour:
        rows = rows.filter(colour=wanted.colour)
    if wanted.grid is not None:
        rows = rows.filter(grid_id=wanted.grid)
    if wanted.reason:
        rows = rows.filter(reason=wanted.reason)
    if wanted.state == "due":
        return rows.filter(overdue(clock.today())).order_by("review_on", "pk")
    conditions = {
        "active": in_force(),
        "proposed": Q(confirmed_at__isnull=True, rejected_at__isnull=True),
        "released": Q(released_at__isnull=False),
        "rejected": Q(rejected_at__isnull=False),
    }
    if wanted.state in conditions:
        rows = rows.filter(conditions[wanted.state])
    return rows.order_by("-proposed_at", "-pk")


def with_people(rows: QuerySet[ListEntry]) -> QuerySet[ListEntry]:
    """Return entries with what a line names."""
    return rows.select_related("subject__household__grid", "subject__household__head", "person", "proposed_by")


def page_of(post: Post, wanted: ListFilter, number: str | None) -> tuple[Page[ListEntry], list[ListRow]]:
    """Return one page of the list and its lines."""
    page = Paginator(with_people(filtered(post, wanted)), PER_PAGE).get_page(number)
    return page, rows_of(list(page.object_list))


def rows_of(entries: list[ListEntry]) -> list[ListRow]:
    """Return the lines of entries; the number of queries does not grow with them."""
    today = clock.today()
    covering = set(
        seats_on(today)
        .filter(grid__in={entry.grid_id for entry in entries}, kind__covers=True)
        .values_list("grid_id", "staff_id")
    )
    manager = _("支行行长")
    found = []
    for entry in entries:
        over = (today - entry.review_on).days if entry.review_on is not None else -1
        code = "due" if entry.state == "active" and over >= 0 else entry.state
        label, tone = STATES[code]
        # Who proposed it knows the reason and looks at it again, as long as the grid is his.
        owner = entry.proposed_by.name if (entry.grid_id, entry.proposed_by_id) in covering else manager
        found.append(ListRow(entry, owner, label, tone, over))
    return found


@dataclass(frozen=True)
class Due:
    """How many reviews have come due, and how many days the oldest is over."""

    count: int
    oldest_days: int


def reviews_due(post: Post) -> Due:
    """Return the reviews that wait among the entries a post may know of."""
    today = clock.today()
    rows = access.list_entries_for(post).filter(overdue(today))
    found = rows.aggregate(first=Min("review_on"))["first"]
    return Due(rows.count() if found else 0, (today - found).days if found else 0)


def files_waiting(post: Post) -> int:
    """Count the files of entries that wait for a branch manager other than who uploaded them."""
    if post.kind != PostKind.BRANCH_MANAGER:
        return 0
    waiting = access.list_files_for(post).filter(state=ListFile.State.WAITING)
    return waiting.exclude(uploaded_by=post.staff_id).count()


def list_files(post: Post, number: str | None) -> Page[ListFile]:
    """Return one page of the files of entries a post handles, the newest first."""
    files = (
        access.list_files_for(post)
        .select_related("branch", "uploaded_by", "settled_by")
        .order_by("-uploaded_at", "-pk")
    )
    return Paginator(files, PER_PAGE).get_page(number)


def entries_of_file(file: ListFile, number: str | None) -> Page[ListEntry]:
    """Return one page of the entries a file proposes."""
    return Paginator(with_people(file.entries.order_by("pk")), PER_PAGE).get_page(number)


def workbook(rows: QuerySet[ListEntry], reasons: dict[str, str]) -> tuple[bytes, int]:
    """Return entries as an .xlsx and how many: numbers masked, the first 5,000 where there are more."""
    total = rows.count()
    entries = list(with_people(rows).select_related("confirmed_by")[:MOST_IN_SHEET])
    lines = [
        Row(
            cells={
                "colour": str(one.entry.get_colour_display()),
                "name": one.entry.person.name if one.entry.person else _("全户"),
                "id_number": masked(one.entry.person).id_number if one.entry.person else "",
                "grid": one.entry.subject.household.grid.name,
                "number": one.entry.subject.household.number,
                "reason": reasons.get(one.entry.reason, one.entry.reason),
                "note": one.entry.note,
                "state": str(one.label),
                "proposed": f"{one.entry.proposed_by.name} {display.day(one.entry.proposed_at)}",
                "confirmed": one.entry.confirmed_by.name if one.entry.confirmed_by else "",
                "review_on": one.entry.review_on,
                "owner": one.owner,
            }
        )
        for one in rows_of(entries)
    ]
    notes = [Words(f"共 {total:,} 条；身份证号已打码", f"{total:,} entries; ID numbers are masked")]
    if total > MOST_IN_SHEET:
        notes.append(Words(f"只列出前 {MOST_IN_SHEET:,} 条", f"The first {MOST_IN_SHEET:,} are listed"))
    table = Table(
        title=Words("名单", "List entries"),
        columns=[
            Column(key="colour", name=Words("名单", "List"), width=9),
            Column(key="name", name=Words("姓名", "Name"), width=12),
            Column(key="id_number", name=Words("身份证号", "ID number"), shape=Shape.CODE, width=22),
            Column(key="grid", name=Words("村", "Village"), width=14),
            Column(key="number", name=Words("户号", "Household"), shape=Shape.CODE, width=12),
            Column(key="reason", name=Words("原因", "Reason"), width=24),
            Column(key="note", name=Words("说明", "Note"), width=30),
            Column(key="state", name=Words("状态", "State"), width=12),
            Column(key="proposed", name=Words("提名", "Proposed"), width=20),
            Column(key="confirmed", name=Words("确认人", "Confirmed by"), width=10),
            Column(key="review_on", name=Words("复核日期", "Review"), shape=Shape.DAY, width=12),
            Column(key="owner", name=Words("复核人", "Reviewer"), width=10),
        ],
        rows=lines,
        notes=notes,
    )
    return write_workbook([Sheet(table=table)], language=language(), created=clock.now()), total


def grid_options(post: Post) -> list[tuple[int, str]]:
    """Return the grids with entries one may know of, for a filter."""
    rows = access.list_entries_for(post).order_by("grid__pinyin", "grid_id")
    return list(rows.values_list("grid_id", "grid__name").distinct())


def entries_of(post: Post, subject_id: int) -> list[ListEntry]:
    """Return the entries of a household one may know of, the newest first, with their people and requests."""
    return list(
        access.list_entries_for(post)
        .filter(subject_id=subject_id)
        .select_related("person", "proposed_by", "confirmed_by", "rejected_by", "released_by")
        .prefetch_related(releases_of_entries())
        .order_by("-proposed_at")
    )


def history_of(entry: ListEntry, reason: str) -> list[dict[str, Any]]:
    """Return everything that happened to an entry, the newest first, as the timeline component writes it."""
    events = [_event(entry.proposed_at, _("提名列入"), "flag", entry.proposed_by, f"{reason} {entry.note}".strip())]
    if entry.confirmed_at is not None:
        events.append(_event(entry.confirmed_at, _("已确认列入"), "gavel", entry.confirmed_by))
    if entry.rejected_at is not None:
        events.append(_event(entry.rejected_at, _("不同意列入"), "gavel", entry.rejected_by, entry.answer))
    for done in entry.reviews.select_related("reviewed_by"):
        text = _("下次复核 %(day)s") % {"day": display.day(done.next_on)} + f" · {done.reason}"
        events.append(_event(done.reviewed_at, _("复核：继续列入"), "refresh", done.reviewed_by, text))
    for release in ListRelease.objects.filter(entry=entry).select_related("asked_by", "rejected_by"):
        events.append(_event(release.asked_at, _("已提出解除"), "flag", release.asked_by, release.reason))
        if release.rejected_at is not None:
            events.append(_event(release.rejected_at, _("不同意解除"), "gavel", release.rejected_by, release.answer))
    if entry.released_at is not None:
        title = _("由新的名单取代") if entry.superseded_by_id else _("已确认解除")
        events.append(_event(entry.released_at, title, "lock-open", entry.released_by))
    return sorted(events, key=lambda event: event["at"], reverse=True)


def _event(at: Any, title: str, icon: str, by: Any, text: str = "") -> dict[str, Any]:
    return {"at": at, "title": title, "icon": icon, "by": by.name if by is not None else "", "text": text}


def language() -> str:
    """Return the reader's language."""
    return get_language() or "zh-hans"
