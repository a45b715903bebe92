"""Sudden changes that wait for proof or for a second person, and what a revision is compared with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils.translation import get_language

from config.lib import clock, releases
from config.lib.acting import standing_in
from config.lib.models import Release
from customers import access
from customers.domain import guard
from customers.domain.moved import Moved, moved
from customers.models import ChangeFlag, ChangeProof, CheckTask, Profile
from customers.selectors.forms import form_of
from customers.selectors.queues import places_of
from customers.selectors.sharing import there_in
from customers.selectors.trusted import trusted
from grids.access import Post, PostKind

KIND = "change_guard"
PER_PAGE = 20
MOST_ITEMS = 5
UNBOUNDED = 2**31 - 1


# --- Comparing ------------------------------------------------------------------------------------------------------


def limits_on(institution_id: int, on: date) -> Release | None:
    """Return the release of the thresholds in force on a day; without one nothing is compared, and ``doctor`` says so."""
    try:
        return releases.in_force(institution_id, KIND, on)
    except releases.NotReleased:
        return None


def watched(profile: Profile, proved: Iterable[str] = ()) -> guard.Revision:
    """Return a revision as it is compared."""
    amounts = {name: profile.amount(name) for name in guard.FIGURES}
    return guard.Revision(profile.pk, profile.submitted_at, amounts, frozenset(proved))


def trusted_before(subject_id: int, number: int, at: datetime, window_days: int) -> list[guard.Revision]:
    """Return the revisions a new one is compared with: trusted at the instant of its submission, within the window."""
    confirmed = ChangeFlag.objects.filter(profile=OuterRef("pk"), outcome="confirmed", settled_at__lte=at)
    rows = (
        trusted(at)
        .filter(subject_id=subject_id, number__lt=number, submitted_at__gte=at - timedelta(days=window_days))
        .annotate(proved=ArraySubquery(confirmed.values("figure")))
        .only("submitted_at", *guard.FIGURES)
    )
    return [watched(row, row.proved) for row in rows]


@dataclass(frozen=True)
class Watch:
    """A watched figure while it is typed: what it was when last trusted, and how far it may move without proof."""

    figure: str
    before: Decimal
    percent: Decimal
    floor: Decimal


def watch_of(institution_id: int, subject_id: int) -> dict[str, Watch]:
    """Return what the figures of a file typed now are compared with: the newest trusted revision of the window; empty without one."""
    release = limits_on(institution_id, clock.today())
    if release is None:
        return {}
    limits = guard.read(release.document)
    earlier = trusted_before(subject_id, UNBOUNDED, clock.now(), limits.window_days)
    if not earlier:
        return {}
    newest = max(earlier, key=lambda one: (one.at, one.key))
    return {
        name: Watch(name, newest.amounts[name], limit.percent, limit.floor) for name, limit in limits.figures.items()
    }


# --- Queues ---------------------------------------------------------------------------------------------------------


def _newest() -> Q:
    newer = Profile.objects.filter(subject_id=OuterRef("subject_id"), number__gt=OuterRef("profile__number"))
    return ~Q(Exists(newer))


def open_flags(subject_ids: Iterable[int] | None = None) -> QuerySet[ChangeFlag]:
    """Return the open changes of newest revisions; what a newer revision has replaced waits for nobody."""
    flags = ChangeFlag.objects.filter(_newest(), outcome="")
    return flags if subject_ids is None else flags.filter(subject_id__in=list(subject_ids))


@dataclass(frozen=True)
class Waiting:
    """A file with sudden changes: by when they are to be settled, by whom they were collected, and whether proof is there."""

    place: Any
    title: str
    profile: Profile
    flags: list[ChangeFlag]
    is_proved: bool
    owner: str = ""

    @property
    def due_on(self) -> date:
        """The nearest deadline."""
        return min(flag.due_on for flag in self.flags)

    @property
    def is_overdue(self) -> bool:
        """Whether the deadline has passed."""
        return self.due_on < clock.today()


def _waiting(ids: list[int]) -> list[Waiting]:
    flags: dict[int, list[Any]] = {}
    proved = ChangeProof.objects.filter(flag=OuterRef("pk"))
    rows = open_flags(ids).annotate(is_proved=Exists(proved)).select_related("profile__collector")
    for flag in rows.order_by("pk"):
        flags.setdefault(flag.subject_id, []).append(flag)
    places, titles = places_of(flags)
    owners = owners_of(
        {found[0].profile_id for found in flags.values()}, {place.grid.branch_id for place in places.values()}
    )
    return [
        Waiting(
            places[pk],
            titles[pk],
            flags[pk][0].profile,
            [*flags[pk]],
            all(flag.is_proved for flag in flags[pk]),
            owners.get(flags[pk][0].profile_id, ""),
        )
        for pk in ids
        if pk in flags and pk in places
    ]


def to_prove(post: Post, number: str | None) -> tuple[Page[int], list[Waiting]]:
    """Return one page of the files whose changes are to be proved: the officer's own and those of whom he stands in for, or all of
    a manager's branch."""
    flags = open_flags().filter(access.scope(post))
    if post.kind == PostKind.OFFICER:
        flags = flags.filter(profile__collector__in=(post.staff_id, *standing_in.get()))
    unproved = flags.filter(~Exists(ChangeProof.objects.filter(flag=OuterRef("pk"))))
    ids = unproved.values("subject_id").annotate(due=Min("due_on")).order_by("due", "subject_id")
    page: Page[int] = Paginator(list(ids.values_list("subject_id", flat=True)), PER_PAGE).get_page(number)
    return page, _waiting(list(page.object_list))


def to_confirm(number: str | None) -> tuple[Page[int], list[Waiting]]:
    """Return one page of the files whose changes the acting person may settle; opens them to this transaction."""
    page: Page[int] = Paginator(access.change_queue(), PER_PAGE).get_page(number)
    return page, _waiting(list(page.object_list))


@dataclass(frozen=True)
class Counts:
    """Files with open changes, and how many of them are past their deadline."""

    files: int = 0
    overdue: int = 0


def count_to_prove(post: Post) -> Counts:
    """Count the files of an officer whose changes wait for proof."""
    unproved = ~Exists(ChangeProof.objects.filter(flag=OuterRef("pk")))
    flags = open_flags().filter(access.scope(post), unproved, profile__collector=post.staff)
    return _counted(flags)


def count_open(post: Post) -> Counts:
    """Count the files with open changes in the households a post sees."""
    return _counted(open_flags().filter(access.scope(post)))


def _counted(flags: QuerySet[ChangeFlag]) -> Counts:
    late = Count("subject_id", distinct=True, filter=Q(due_on__lt=clock.today()))
    found = flags.aggregate(files=Count("subject_id", distinct=True), overdue=late)
    return Counts(found["files"], found["overdue"])


# --- One file -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One flagged figure with its proofs; ``percent`` is the change in whole per cent, None from 0."""

    flag: ChangeFlag
    percent: int | None
    proofs: list[ChangeProof]
    items: list[Moved]

    @property
    def shown(self) -> list[tuple[Moved, list[ChangeProof]]]:
        """The items that moved it most, each with its own proofs."""
        return [
            (item, [proof for proof in self.proofs if item.path and proof.item == item.path])
            for item in self.items[:MOST_ITEMS]
        ]

    @property
    def whole(self) -> list[ChangeProof]:
        """The proofs of the figure as a whole, and those of items that are not shown."""
        shown = {item.path for item in self.items[:MOST_ITEMS] if item.path}
        return [proof for proof in self.proofs if proof.item not in shown]


@dataclass(frozen=True, kw_only=True)
class ChangeSheet:
    """The sudden changes of a revision."""

    profile: Profile
    place: Any
    title: str
    findings: list[Finding]
    # Who was given the check and so settles the changes; "" where anybody of the branch may.
    owner: str = ""

    @property
    def items(self) -> list[Moved]:
        """The items of the file a proof may be about."""
        return [item for one in self.findings if not one.flag.outcome for item in one.items[:MOST_ITEMS] if item.path]

    @property
    def is_open(self) -> bool:
        """Whether they wait for somebody."""
        return any(one.flag.outcome == "" for one in self.findings)

    @property
    def is_proved(self) -> bool:
        """Whether every one has a proof."""
        return all(one.proofs for one in self.findings)

    @property
    def due_on(self) -> date:
        """The nearest deadline."""
        return min(one.flag.due_on for one in self.findings)

    @property
    def is_overdue(self) -> bool:
        """Whether the deadline passed while it was open."""
        return self.is_open and self.due_on < clock.today()


def sheet_of(profile: Profile) -> ChangeSheet:
    """Return the sudden changes of a revision with what proves them."""
    flags = ChangeFlag.objects.filter(profile=profile).select_related("settled_by", "base", "release").order_by("pk")
    proofs: dict[int, list[ChangeProof]] = {}
    for proof in ChangeProof.objects.filter(flag__profile=profile).select_related("evidence__file", "added_by"):
        proofs.setdefault(proof.flag_id, []).append(proof)
    places, titles = places_of([profile.subject_id])
    there = {place.grid.branch_id for place in places.values()}
    return ChangeSheet(
        profile=profile,
        place=places.get(profile.subject_id),
        title=titles.get(profile.subject_id, ""),
        findings=[Finding(flag, percent(flag), proofs.get(flag.pk, []), _items(flag, profile)) for flag in flags],
        owner=owners_of([profile.pk], there).get(profile.pk, ""),
    )


def _items(flag: ChangeFlag, profile: Profile) -> list[Moved]:
    language = get_language() or "zh-hans"
    return moved(flag.figure, form_of(profile), flag.base.document, profile.document, form_of(flag.base), language)


def owners_of(profile_ids: Iterable[int], branch_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of those who were given the check of revisions and are there today: they settle its changes as well."""
    there = there_in(branch_ids)
    tasks = CheckTask.objects.filter(profile_id__in=list(profile_ids), checker_id__in=there)
    return dict(tasks.values_list("profile_id", "checker__name"))


def percent(flag: ChangeFlag) -> int | None:
    """Return by how many per cent a figure moved, rounded half-up for display; None from 0."""
    if not flag.before:
        return None
    change = abs(flag.after - flag.before) * 100 / abs(flag.before)
    return int(change + 1 / type(change)(2))


def flags_of(profile: Profile | None) -> list[ChangeFlag]:
    """Return the sudden changes of a revision."""
    return list(ChangeFlag.objects.filter(profile=profile).order_by("pk")) if profile is not None else []
