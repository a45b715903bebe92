"""What waits among the files of customers: each queue as its page lists it, as one count."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Exists, Min, Model, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.lib import clock
from config.lib.display import number
from config.lib.inbox import Asked, Heap, Queue, at, register
from customers import access
from customers.models import (
    ChangeProof,
    DuplicateCase,
    HouseholdEvent,
    ListEntry,
    ListFile,
    ListRelease,
    MoveRequest,
    PlannedVisit,
    ProfileFile,
    RosterImport,
    SimilarCase,
)
from customers.selectors.changes import open_flags
from customers.selectors.checking import rules_on
from customers.selectors.duplicates import waiting_merges
from customers.selectors.lists import overdue
from customers.selectors.queues import newest_of
from customers.selectors.sharing import there_in
from customers.selectors.today import returned_profiles
from grids.access import PostKind

_OFFICER = frozenset({PostKind.OFFICER})
_MANAGER = frozenset({PostKind.BRANCH_MANAGER})
_BOTH = _OFFICER | _MANAGER
RETURNED_FOR = timedelta(days=30)
"""So long a roster that was sent back waits in the inbox of who uploaded it."""


def _oldest(rows: QuerySet[Model], at_: str) -> Heap:
    return Heap(**rows.order_by().aggregate(count=Count("pk"), since=Min(at_)))


def _in_hand(asked: Asked, checker: str, late: Q) -> Q:
    """Return the condition of second checks that wait for this person: given to him, or to nobody who is there (record 0020);
    for the manager also what is late in anybody's hands."""
    there = there_in(access.roster_branches_for(asked.post).order_by().values_list("pk", flat=True))
    mine = Q(**{checker: asked.me}) | Q(**{f"{checker}__isnull": True}) | ~Q(**{f"{checker}__in": there | {asked.me}})
    return mine | late if asked.post.kind == PostKind.BRANCH_MANAGER else mine


def _to_check(asked: Asked) -> Iterator[Heap]:
    """Files that wait for this second person; overdue by the released working days."""
    waiting = access.check_queue()
    if not waiting:
        return
    rules = rules_on(asked.post.staff.institution_id, asked.today)
    limit = rules.overdue_before(asked.today)
    late = Q(submitted_at__lt=limit) if limit is not None else Q(pk__in=())
    rows = newest_of(waiting).filter(_in_hand(asked, "check_task__checker", late))
    found = rows.aggregate(count=Count("pk"), since=Min("submitted_at"), overdue=Count("pk", filter=late))
    yield Heap(**found, due=rules.due_on(found["since"]) if found["since"] else None)


def _returned(asked: Asked) -> Iterator[Heap]:
    rows = returned_profiles(asked.people).filter(access.scope(asked.post)).order_by()
    for whose, count, since in rows.values_list("collector").annotate(
        count=Count("pk"), since=Min("check_verdict__checked_at")
    ):
        yield Heap(count=count, since=since, whose=whose)


def _to_prove(asked: Asked) -> Iterator[Heap]:
    unproved = ~Exists(ChangeProof.objects.filter(flag=OuterRef("pk")))
    rows = open_flags().filter(access.scope(asked.post), unproved, profile__collector__in=asked.people).order_by()
    late = Count("subject_id", distinct=True, filter=Q(due_on__lt=asked.today))
    for whose, count, due, over in rows.values_list("profile__collector").annotate(
        count=Count("subject_id", distinct=True), due=Min("due_on"), overdue=late
    ):
        yield Heap(count=count, due=due, overdue=over, whose=whose)


def _to_settle(asked: Asked) -> Iterator[Heap]:
    waiting = access.change_queue()
    if not waiting:
        return
    late = Q(due_on__lt=asked.today)
    found = (
        open_flags(waiting)
        .filter(_in_hand(asked, "profile__check_task__checker", late))
        .aggregate(
            count=Count("subject_id", distinct=True),
            since=Min("flagged_at"),
            due=Min("due_on"),
            overdue=Count("subject_id", distinct=True, filter=late),
        )
    )
    yield Heap(**found)


def _entries(asked: Asked) -> Iterator[Heap]:
    rows = ListEntry.objects.filter(access.scope(asked.post), confirmed_at__isnull=True, rejected_at__isnull=True)
    rows = rows.filter(released_at__isnull=True, file__isnull=True).exclude(proposed_by=asked.me)
    yield _oldest(rows, "proposed_at")


def _releases(asked: Asked) -> Iterator[Heap]:
    rows = ListRelease.objects.filter(access.scope(asked.post), confirmed_at__isnull=True, rejected_at__isnull=True)
    yield _oldest(rows.exclude(asked_by=asked.me), "asked_at")


def _reviews(asked: Asked) -> Iterator[Heap]:
    rows = access.list_entries_for(asked.post).filter(overdue(asked.today)).order_by()
    late = Count("pk", filter=Q(review_on__lt=asked.today))
    yield Heap(**rows.aggregate(count=Count("pk"), due=Min("review_on"), overdue=late))


def _list_files(asked: Asked) -> Iterator[Heap]:
    rows = access.list_files_for(asked.post).filter(state=ListFile.State.WAITING).exclude(uploaded_by=asked.me)
    yield _oldest(rows, "uploaded_at")


def _profile_files(asked: Asked) -> Iterator[Heap]:
    rows = access.profile_files_for(asked.post).filter(state=ProfileFile.State.WAITING).exclude(uploaded_by=asked.me)
    yield _oldest(rows, "uploaded_at")


def _rosters(asked: Asked) -> Iterator[Heap]:
    rows = access.rosters_for(asked.post).filter(state=RosterImport.State.CHECKED, summary__errors={})
    yield _oldest(rows.exclude(uploaded_by=asked.me), "uploaded_at")


def _rosters_returned(asked: Asked) -> Iterator[Heap]:
    """Rosters sent back to who uploaded them in the last days, until a list of the kind was uploaded anew in the branch."""
    anew = RosterImport.objects.filter(
        branch=OuterRef("branch"), source_kind=OuterRef("source_kind"), uploaded_at__gt=OuterRef("discarded_at")
    )
    rows = access.rosters_for(asked.post).exclude(answer="").filter(~Exists(anew), uploaded_by__in=asked.people)
    rows = rows.filter(state=RosterImport.State.DISCARDED, discarded_at__gt=clock.now() - RETURNED_FOR).order_by()
    for whose, count, since, remarks in rows.values_list("uploaded_by").annotate(
        count=Count("pk", distinct=True), since=Min("discarded_at"), said=Count("remarks")
    ):
        note = ngettext("逐行意见 %(count)s 条", "逐行意见 %(count)s 条", remarks) % {"count": number(remarks)}
        yield Heap(count=count, since=since, whose=whose, note=note if remarks else "")


def _unplaced(asked: Asked) -> Iterator[Heap]:
    yield _oldest(access.unplaced_for(asked.post), "roster__uploaded_at")


def _moves(asked: Asked) -> Iterator[Heap]:
    rows = MoveRequest.objects.filter(access.scope(asked.post), state="open", person__left_on__isnull=True)
    yield _oldest(rows, "created_at")


def _events(asked: Asked) -> Iterator[Heap]:
    rows = access.household_events_for(asked.post).filter(state=HouseholdEvent.State.PROPOSED)
    rows = rows.exclude(proposed_by=asked.me)
    # One side may have been confirmed already by this person; the other is then another's.
    answered = Q(giving_by=asked.me, giving_by__isnull=False) | Q(receiving_by=asked.me, receiving_by__isnull=False)
    yield _oldest(rows.exclude(answered), "proposed_at")


def _mergers(asked: Asked) -> Iterator[Heap]:
    rows = access.grid_mergers_for(asked.post).filter(state=HouseholdEvent.State.PROPOSED)
    rows = rows.exclude(proposed_by=asked.me)
    answered = Q(giving_by=asked.me, giving_by__isnull=False) | Q(receiving_by=asked.me, receiving_by__isnull=False)
    yield _oldest(rows.exclude(answered), "proposed_at")


def _duplicates(asked: Asked) -> Iterator[Heap]:
    yield _oldest(DuplicateCase.objects.filter(access.scope(asked.post), settled_at__isnull=True), "found_at")


def _similar(asked: Asked) -> Iterator[Heap]:
    yield _oldest(access.similar_cases_for(asked.post).filter(state=SimilarCase.State.OPEN), "opened_at")


def _merges(asked: Asked) -> Iterator[Heap]:
    undone_by_me = Q(undo_asked_at__isnull=False, undo_asked_by=asked.me)
    merged_by_me = Q(undo_asked_at__isnull=True, asked_by=asked.me)
    yield _oldest(waiting_merges(asked.post).exclude(undone_by_me | merged_by_me), "asked_at")


def _plan(asked: Asked) -> Iterator[Heap]:
    """Visits the branch put into one's days, not accepted yet; a deputy does not accept for another."""
    rows = PlannedVisit.objects.filter(access.scope(asked.post), PlannedVisit.LIVE, officer=asked.me)
    rows = rows.filter(on__gte=asked.today, accepted_at__isnull=True).exclude(put_by=asked.me).order_by()
    yield Heap(**rows.aggregate(count=Count("pk"), since=Min("put_at"), due=Min("on")), whose=asked.me)


def _plan_page(_asked: Asked, heap: Heap) -> str:
    return reverse("customers:plan_day", args=[heap.whose, heap.due])


_queues = at("customers:queues")
for _code, _label, _icon, _posts, _look, _page in (
    ("returned", _("退回的档案"), "returned", _OFFICER, _returned, at("customers:today")),
    ("to_prove", _("大额变化待补证明"), "photo", _OFFICER, _to_prove, at("customers:changes", "?show=prove")),
    ("plan", _("支行安排待接受的走访"), "walk", _OFFICER, _plan, _plan_page),
    ("to_check", _("待复核的档案"), "clipboard-check", _BOTH, _to_check, at("customers:queues", "?kind=file")),
    ("to_settle", _("待确认的大额变化"), "alert-circle", _BOTH, _to_settle, at("customers:changes")),
    ("reviews", _("到期待复核的名单"), "flag", _BOTH, _reviews, at("customers:list_entries", "?state=due")),
    ("entries", _("待确认的名单"), "flag", _MANAGER, _entries, at("customers:queues", "?kind=entry")),
    ("releases", _("待确认的名单解除"), "lock-open", _MANAGER, _releases, at("customers:queues", "?kind=release")),
    ("list_files", _("待确认的名单文件"), "upload", _MANAGER, _list_files, at("customers:list_files")),
    ("events", _("待确认的家庭变动"), "users", _MANAGER, _events, at("customers:queues", "?kind=life")),
    ("mergers", _("待确认的并村"), "map", _MANAGER, _mergers, at("customers:merger_list")),
    ("moves", _("名册提出的迁移"), "route", _OFFICER, _moves, at("customers:household_list", "?moves=1")),
    ("duplicates", _("证件号重复待处理"), "id", _MANAGER, _duplicates, _queues),
    ("similar", _("疑似重复待核对"), "people", _MANAGER, _similar, at("customers:similar_cases")),
    ("merges", _("待确认的人员合并"), "people", _MANAGER, _merges, at("customers:similar_cases")),
    ("rosters", _("待确认的名册"), "list-check", _MANAGER, _rosters, at("customers:roster_list", "?state=checked")),
    ("rosters_returned", _("退回的名册"), "returned", _BOTH, _rosters_returned, at("customers:roster_list", "?state=discarded")),
    ("unplaced", _("名册中没有网格的对象"), "map-pin", _MANAGER, _unplaced, at("customers:unplaced_list")),
    ("profile_files", _("待确认的走访文件"), "file-spreadsheet", _MANAGER, _profile_files, at("customers:profile_files")),
):  # fmt: skip
    register(Queue(code=f"customers.{_code}", label=_label, icon=_icon, posts=_posts, look=_look, page=_page))
