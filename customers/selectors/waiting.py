"""Everything of customers that waits for a second person, in one list: files, sudden changes, rosters, files of visits and lists,
list entries and releases, changes of households, mergers of villages; with age, deadline and owner."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.lib import clock, display
from customers import access
from customers.models import (
    ChangeFlag,
    GridMerger,
    Household,
    HouseholdEvent,
    ListEntry,
    ListFile,
    ListRelease,
    Profile,
    ProfileFile,
    RosterImport,
    WaitingFile,
)
from customers.selectors.changes import open_flags
from customers.selectors.checking import CheckRules, rules_on
from customers.selectors.queues import places_of
from customers.selectors.sharing import there_in
from grids.access import Post, PostKind
from grids.selectors.colleagues import names_of

PER_PAGE = 20

KINDS: dict[str, Any] = {
    "file": gettext_lazy("档案"),
    "change": gettext_lazy("大额变化"),
    "roster": gettext_lazy("名册"),
    "visits": gettext_lazy("走访文件"),
    "listfile": gettext_lazy("名单文件"),
    "entry": gettext_lazy("名单列入"),
    "release": gettext_lazy("名单解除"),
    "life": gettext_lazy("家庭变动"),
    "merger": gettext_lazy("并村"),
}
OWNERS: dict[str, Any] = {"mine": gettext_lazy("我的"), "pool": gettext_lazy("没有人负责")}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits: what it is, since when, by when, and who has it in hand (None: nobody, or whoever manages the branch)."""

    kind: str
    key: int
    since: datetime
    due_on: date | None
    owner: int | None = None
    is_pool: bool = False

    @property
    def is_late(self) -> bool:
        """Whether the deadline has passed."""
        return self.due_on is not None and self.due_on < clock.today()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the list is shown: a kind, whose, only what is late; "" for all."""

    kind: str = ""
    owner: str = ""
    late: bool = False

    def takes(self, item: Item, me: int) -> bool:
        """Tell whether an item is shown."""
        if self.late and not item.is_late:
            return False
        if self.owner == "mine":
            return item.owner == me
        return item.is_pool if self.owner == "pool" else True


@dataclass(frozen=True)
class Row:
    """An item in words: what the list writes of it."""

    item: Item
    kind: Any
    title: str
    place: str
    note: str
    target: int
    owner: str
    is_mine: bool
    figure: Any = None
    # Sudden changes: whether every figure has its proof.
    is_proved: bool | None = None


@dataclass(frozen=True)
class Listed:
    """The list: how many of each kind wait, how many are late, and one page."""

    page: Page[Item]
    rows: list[Row]
    counts: dict[str, int]
    late: int
    mine: int
    pool: int


def waiting_list(post: Post, wanted: Wanted, number: str | None) -> Listed:
    """Return what waits for the acting person: his own first, then what nobody has, then his colleagues'; the nearest deadline first.

    Opens the files and the changes that wait for him to this transaction.
    """
    rules = rules_on(post.staff.institution_id, clock.today())
    everything = _everything(post, rules)
    counts = {kind: sum(item.kind == kind for item in everything) for kind in KINDS}
    shown = [item for item in everything if not wanted.kind or item.kind == wanted.kind]
    late = sum(item.is_late for item in shown)
    mine, pool = (sum(Wanted(owner=owner).takes(item, post.staff_id) for item in shown) for owner in OWNERS)
    shown = [item for item in shown if wanted.takes(item, post.staff_id)]
    shown.sort(key=lambda item: _order(item, post.staff_id))
    page: Page[Item] = Paginator(shown, PER_PAGE).get_page(number)
    return Listed(page, _rows(post, list(page.object_list)), counts, late, mine, pool)


def _order(item: Item, me: int) -> Any:
    whose = 0 if item.owner == me else 1 if item.owner is None else 2
    return whose, item.due_on or date.max, item.since, item.kind, item.key


def _everything(post: Post, rules: CheckRules) -> list[Item]:
    is_manager = post.kind == PostKind.BRANCH_MANAGER
    branch_ids = list(access.roster_branches_for(post).order_by().values_list("pk", flat=True))
    there = there_in(branch_ids) | {post.staff_id}
    file_ids, change_ids = access.second_queues()
    found = [*_files(file_ids, rules, there), *_changes(change_ids, there)]
    if not is_manager:
        return found
    me = post.staff_id
    files = (
        ("roster", access.rosters_for(post).filter(state=RosterImport.State.CHECKED, summary__errors={})),
        ("visits", access.profile_files_for(post).filter(state=ProfileFile.State.WAITING)),
        ("listfile", access.list_files_for(post).filter(state=ListFile.State.WAITING)),
    )
    for kind, rows in files:
        others = rows.exclude(uploaded_by=me).order_by()
        found += _items(kind, others.values_list("pk", "uploaded_at"), rules)
    entries = ListEntry.objects.filter(access.scope(post), confirmed_at__isnull=True, rejected_at__isnull=True)
    entries = entries.filter(released_at__isnull=True, file__isnull=True).exclude(proposed_by=me)
    found += _items("entry", entries.order_by().values_list("pk", "proposed_at"), rules)
    releases = ListRelease.objects.filter(access.scope(post), confirmed_at__isnull=True, rejected_at__isnull=True)
    found += _items("release", releases.exclude(asked_by=me).order_by().values_list("pk", "asked_at"), rules)
    events = access.household_events_for(post).filter(state=HouseholdEvent.State.PROPOSED).exclude(proposed_by=me)
    found += _items("life", events.order_by().values_list("pk", "proposed_at"), rules)
    mergers = access.grid_mergers_for(post).filter(state=HouseholdEvent.State.PROPOSED)
    mergers = mergers.exclude(giving_by_id=me).exclude(receiving_by_id=me).exclude(proposed_by=me)
    return found + _items("merger", mergers.order_by().values_list("pk", "proposed_at"), rules)


def _items(kind: str, rows: Iterable[tuple[int, datetime]], rules: CheckRules) -> list[Item]:
    return [Item(kind, pk, since, rules.due_on(since)) for pk, since in rows]


def _files(ids: list[int], rules: CheckRules, there: set[int]) -> list[Item]:
    newest = WaitingFile.objects.filter(subject_id__in=ids).values_list(
        "subject_id", "submitted_at", "profile__check_task__checker_id"
    )
    return [
        Item("file", pk, since, rules.due_on(since), owner if owner in there else None, owner not in there)
        for pk, since, owner in newest
    ]


def _changes(ids: list[int], there: set[int]) -> list[Item]:
    """Who was given the check of a revision settles its changes as well; the nearest deadline counts."""
    found: dict[int, Item] = {}
    flags = open_flags(ids).values_list("subject_id", "flagged_at", "due_on", "profile__check_task__checker_id")
    for pk, since, due_on, owner in flags.order_by("-due_on", "-pk"):
        found[pk] = Item("change", pk, since, due_on, owner if owner in there else None, owner not in there)
    return list(found.values())


# --- One page in words --------------------------------------------------------------------------------------------------


def _rows(post: Post, items: list[Item]) -> list[Row]:
    by_kind: dict[str, dict[int, Item]] = {}
    for item in items:
        by_kind.setdefault(item.kind, {})[item.key] = item
    names = names_of({item.owner for item in items if item.owner is not None})
    subjects = [*by_kind.get("file", ()), *by_kind.get("change", ())]
    places, titles = places_of(subjects) if subjects else ({}, {})
    told: dict[tuple[str, int], Row] = {}

    def say(kind: str, key: int, title: str, place: str, note: str, **more: Any) -> None:
        item = by_kind[kind][key]
        owner = names.get(item.owner or 0, "") if kind in ("file", "change") else _("支行行长")
        is_mine = item.owner == post.staff_id
        target = more.pop("target", key)
        told[kind, key] = Row(item, KINDS[kind], title, place, note, target, owner, is_mine, **more)

    def where(pk: int) -> str:
        place = places[pk]
        number = getattr(place, "number", "")
        return " · ".join(part for part in (place.grid.name, number) if part)

    writers: dict[str, Callable[[list[int]], None]] = {
        "file": lambda keys: _say_files(keys, say, titles, where),
        "change": lambda keys: _say_changes(keys, say, titles, where),
        "roster": lambda keys: _say_uploads("roster", RosterImport, keys, say),
        "visits": lambda keys: _say_uploads("visits", ProfileFile, keys, say),
        "listfile": lambda keys: _say_uploads("listfile", ListFile, keys, say),
        "entry": lambda keys: _say_entries(keys, say),
        "release": lambda keys: _say_releases(keys, say),
        "life": lambda keys: _say_life(keys, say),
        "merger": lambda keys: _say_mergers(keys, say),
    }
    for kind, wanted in by_kind.items():
        writers[kind](list(wanted))
    return [told[item.kind, item.key] for item in items if (item.kind, item.key) in told]


Say = Callable[..., None]


def _say_files(keys: list[int], say: Say, titles: dict[int, str], where: Callable[[int], str]) -> None:
    rows = Profile.objects.filter(subject_id__in=keys).order_by("subject_id", "-number").distinct("subject_id")
    for one in rows.select_related("collector").defer("document"):
        note = _("%(name)s 采集 · 第 %(number)s 版") % {"name": one.collector.name, "number": one.number}
        if one.subject_id in titles:
            say("file", one.subject_id, titles[one.subject_id], where(one.subject_id), note, figure=one.net_income)


def _say_changes(keys: list[int], say: Say, titles: dict[int, str], where: Callable[[int], str]) -> None:
    flags: dict[int, list[ChangeFlag]] = {}
    rows = open_flags(keys).select_related("profile__collector").prefetch_related("proofs").order_by("pk")
    for flag in rows:
        flags.setdefault(flag.subject_id, []).append(flag)
    for pk, found in flags.items():
        moved = "，".join(
            f"{flag.get_figure_display()} {display.yuan(flag.before)} → {display.yuan(flag.after)}" for flag in found
        )
        proved = all(flag.proofs.all() for flag in found)
        who = _("证明由 %(name)s 补") % {"name": found[0].profile.collector.name}
        if pk in titles:
            say("change", pk, titles[pk], where(pk), moved if proved else f"{moved} · {who}", is_proved=proved)


def _say_uploads(kind: str, model: Any, keys: list[int], say: Say) -> None:
    for one in model.objects.filter(pk__in=keys).select_related("branch", "uploaded_by"):
        note = _("%(name)s 上传") % {"name": one.uploaded_by.name}
        say(kind, one.pk, one.file_name, one.branch.name, note)


def _say_entries(keys: list[int], say: Say) -> None:
    rows = ListEntry.objects.filter(pk__in=keys)
    for one in rows.select_related("subject__household__grid", "subject__household__head", "person", "proposed_by"):
        _say_entry("entry", one.pk, one, _("%(name)s 提名") % {"name": one.proposed_by.name}, say)


def _say_releases(keys: list[int], say: Say) -> None:
    rows = ListRelease.objects.filter(pk__in=keys).select_related(
        "entry__subject__household__grid", "entry__subject__household__head", "entry__person", "asked_by"
    )
    for one in rows:
        _say_entry("release", one.pk, one.entry, _("%(name)s 提出解除") % {"name": one.asked_by.name}, say)


def _say_entry(kind: str, key: int, entry: ListEntry, note: str, say: Say) -> None:
    home = entry.subject.household
    title = home.head.name if home.head is not None else home.number
    who = entry.person.name if entry.person is not None else _("全户")
    said = f"{entry.get_colour_display()} · {who} · {note}"
    say(kind, key, title, f"{home.grid.name} · {home.number}", said, target=entry.pk)


def _say_life(keys: list[int], say: Say) -> None:
    events = list(
        HouseholdEvent.objects.filter(pk__in=keys).select_related("grid", "to_grid", "proposed_by").defer("sealed")
    )
    # Apart, not joined: a row hidden from the receiving side would take the event with it.
    homes = Household.objects.filter(pk__in=[one.subject_id for one in events]).select_related("head").in_bulk()
    for one in events:
        home = homes.get(one.subject_id)
        title = home.head.name if home is not None and home.head is not None else one.label
        way = f"{one.grid.name} → {one.to_grid.name}" if one.to_grid is not None else one.grid.name
        parts = [one.label, one.reason, _("%(name)s 提出") % {"name": one.proposed_by.name}]
        note = " · ".join(part for part in parts if part)
        say("life", one.pk, title, way, note)


def _say_mergers(keys: list[int], say: Say) -> None:
    for one in GridMerger.objects.filter(pk__in=keys).select_related("from_grid", "to_grid", "proposed_by"):
        note = _("%(name)s 提出") % {"name": one.proposed_by.name}
        say("merger", one.pk, f"{one.from_grid.name} → {one.to_grid.name}", "", note)
