"""What waits in rounds and among lines. Of a sheet it says that it is in one's hands, never anything of what it holds."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.lib.inbox import Asked, Heap, Queue, at, register
from config.lib.models import JobRun
from credit import access
from credit.models import (
    CoreSnapshot,
    LineRun,
    Notice,
    Objection,
    OpeningRequest,
    Receipt,
    Round,
    Sheet,
    WhiteList,
)
from credit.selectors.applications import my_turn
from credit.selectors.decisions import waiting_for, where, with_standing
from credit.selectors.signing import waiting_calls
from credit.selectors.stages import with_due
from grids.access import PostKind

_OFFICER = frozenset({PostKind.OFFICER})
_MANAGER = frozenset({PostKind.BRANCH_MANAGER})
_APPROVER = frozenset({PostKind.APPROVER})


def _sheets(asked: Asked) -> Iterator[Heap]:
    """Sheets to write, type or confirm; nobody stands in for another here."""
    rows = access.sheets_of(asked.post.staff).filter(
        access.in_hand(asked.post.staff),
        round__stage=Round.Stage.ASSESS,
        state__in=(Sheet.State.OPEN, Sheet.State.TYPED),
    )
    late = Count("pk", filter=Q(round__due_on__lt=asked.today))
    yield Heap(**rows.order_by().aggregate(count=Count("pk"), due=Min("round__due_on"), overdue=late))


def _rounds(asked: Asked) -> Iterator[Heap]:
    """Rounds one answers for whose present stage is past its day."""
    rows = with_due(access.rounds_for(asked.post).filter(owner=asked.me).exclude(stage=Round.Stage.CLOSED)).order_by()
    rows = rows.filter(stage_due__lte=asked.today)
    late = Count("pk", filter=Q(stage_due__lt=asked.today))
    yield Heap(**rows.aggregate(count=Count("pk"), due=Min("stage_due"), overdue=late))


def _openings(asked: Asked) -> Iterator[Heap]:
    rows = OpeningRequest.objects.filter(access.scope(asked.post), seconded_at__isnull=True, cancelled_at__isnull=True)
    rows = rows.filter(round__stage=Round.Stage.ASSESS).exclude(asked_by=asked.me).order_by()
    yield Heap(**rows.aggregate(count=Count("pk"), since=Min("asked_at")))


def _to_decide(asked: Asked) -> Iterator[Heap]:
    marked: Any = waiting_for(asked.post)
    rows = marked.exclude(last_staff=asked.me).order_by()
    yield Heap(**rows.aggregate(count=Count("pk"), since=Min("created_at")))


def _standing(asked: Asked, standing: str) -> Heap:
    decisions = access.decisions_for(asked.post).filter(round__stage__in=Round.DECIDABLE)
    rows = with_standing(decisions).filter(where(standing)).order_by()
    return Heap(**rows.aggregate(count=Count("pk"), since=Min("created_at")))


def _to_propose(asked: Asked) -> Iterator[Heap]:
    yield _standing(asked, "to_propose")


def _returned(asked: Asked) -> Iterator[Heap]:
    """Proposals a checker gave back, waiting for a new version."""
    yield _standing(asked, "returned")


def _divided(asked: Asked) -> Iterator[Heap]:
    yield _standing(asked, "divergent")


def _applications(asked: Asked) -> Iterator[Heap]:
    """Applications of single households whose next step is the post's own; not those one has already had in hand as the maker."""
    rows = access.applications_for(asked.post).filter(my_turn(asked.post), ended_at__isnull=True).order_by()
    late = Count("pk", filter=Q(due_on__lt=asked.today))
    yield Heap(**rows.aggregate(count=Count("pk"), due=Min("due_on"), overdue=late))


def _to_publish(asked: Asked) -> Iterator[Heap]:
    """Runs of another that ended and would still change lines: no later one over the same scope or all is published."""
    over = Q(grid__isnull=True, branch__isnull=True) | Q(grid=OuterRef("grid")) | Q(branch=OuterRef("branch"))
    later = LineRun.objects.filter(
        over, institution=OuterRef("institution"), as_of__gt=OuterRef("as_of"), published_at__isnull=False
    )
    rows = access.line_runs_for(asked.post).filter(
        ~Exists(later), run__state=JobRun.State.DONE, published_at__isnull=True
    )
    yield Heap(**rows.exclude(asked_by=asked.me).order_by().aggregate(count=Count("pk"), since=Min("as_of")))


def _snapshots(asked: Asked) -> Iterator[Heap]:
    """Snapshots of the core system another uploaded."""
    rows = access.snapshots_for(asked.post).filter(state=CoreSnapshot.State.WAITING).exclude(uploaded_by=asked.me)
    yield Heap(**rows.order_by().aggregate(count=Count("pk"), since=Min("uploaded_at")))


for _code, _label, _icon, _posts, _look, _page in (
    ("sheets", _("待填写、代录或核对的评议表"), "ballot", _OFFICER | _MANAGER, _sheets, at("credit:my_sheet")),
    ("openings", _("待同意开启的评议"), "lock-open", _MANAGER | _APPROVER, _openings, at("credit:round_list")),
    ("rounds", _("到期未办完的整村授信"), "hourglass", _MANAGER, _rounds, at("credit:round_list")),
    ("divided", _("意见分歧待集体决定"), "scale", _MANAGER, _divided, at("credit:round_list")),
    ("to_decide", _("待审批的额度"), "gavel", _MANAGER | _APPROVER, _to_decide, at("credit:to_decide")),
    ("returned", _("退回待改的授信额度"), "returned", _OFFICER | _MANAGER, _returned, at("credit:round_list")),
    ("to_propose", _("待提交的授信额度"), "send", _OFFICER, _to_propose, at("credit:round_list")),
    (
        "applications",
        _("等您办理的单户申请"),
        "file-text",
        _OFFICER | _MANAGER | _APPROVER,
        _applications,
        at("credit:application_list", "?owner=me"),
    ),
    ("to_publish", _("待发布的测算"), "yuan", _APPROVER, _to_publish, at("credit:line_list")),
    ("snapshots", _("待确认的核心系统快照"), "database", _APPROVER, _snapshots, at("credit:core_snapshot_list")),
):
    register(Queue(code=f"credit.{_code}", label=_label, icon=_icon, posts=_posts, look=_look, page=_page))


# --- Signing ------------------------------------------------------------------------------------------------------


def _calls(asked: Asked) -> Iterator[Heap]:
    """Entries of one's own call lists nobody has answered; what a call is for is not told here."""
    rows = waiting_calls(asked.post).order_by()
    late = Count("pk", filter=Q(call_list__held_on__lt=asked.today))
    yield Heap(**rows.aggregate(count=Count("pk"), due=Min("call_list__held_on"), overdue=late))


def _call_page(asked: Asked, _heap: Heap) -> str:
    lists = waiting_calls(asked.post).order_by("call_list__held_on", "call_list_id")
    first = lists.values_list("call_list_id", flat=True).first()
    # Answered meanwhile by somebody else: the villages are where to go on.
    return reverse("credit:round_list") if first is None else reverse("credit:call_list", args=[first])


def _white_lists(asked: Asked) -> Iterator[Heap]:
    """White lists another made."""
    rows = access.white_lists_for(asked.post).filter(state=WhiteList.State.MADE).exclude(made_by=asked.me)
    yield Heap(**rows.order_by().aggregate(count=Count("pk"), since=Min("made_at")))


def _receipts(asked: Asked) -> Iterator[Heap]:
    """Receipts another imported."""
    rows = Receipt.objects.filter(access.scope(asked.post), state=Receipt.State.WAITING).exclude(imported_by=asked.me)
    yield Heap(**rows.order_by().aggregate(count=Count("pk"), since=Min("imported_at")))


for _code, _label, _icon, _posts, _look, _page in (
    ("calls", _("走访单待走访"), "route", _OFFICER, _calls, _call_page),
    ("white_lists", _("待放行的白名单"), "file-spreadsheet", _APPROVER, _white_lists, at("credit:white_lists")),
    ("receipts", _("待确认的核心系统回执"), "database", _MANAGER | _APPROVER, _receipts, at("credit:white_lists")),
):
    register(Queue(code=f"credit.{_code}", label=_label, icon=_icon, posts=_posts, look=_look, page=_page))


# --- Notices and objections ---------------------------------------------------------------------------------------------


def _notices(asked: Asked) -> Iterator[Heap]:
    """Notices another prepared that wait to be confirmed."""
    rows = Notice.objects.filter(access.scope(asked.post), confirmed_at__isnull=True, dropped_at__isnull=True)
    yield Heap(**rows.exclude(prepared_by=asked.me).order_by().aggregate(count=Count("pk"), since=Min("prepared_at")))


def _objections(asked: Asked) -> Iterator[Heap]:
    """Objections nobody has in hand that another received, and those one has in hand oneself."""
    open_ones = Objection.objects.filter(access.scope(asked.post), settled_at__isnull=True)
    rows = open_ones.filter(Q(settler=asked.me) | (Q(settler__isnull=True) & ~Q(received_by=asked.me)))
    late = Count("pk", filter=Q(due_on__lt=asked.today))
    yield Heap(**rows.order_by().aggregate(count=Count("pk"), due=Min("due_on"), overdue=late))


for _code, _label, _icon, _look in (
    ("notices", _("待核对的公示"), "file-text", _notices),
    ("objections", _("待办结的公示异议"), "message-circle", _objections),
):
    _page = at("credit:round_list")
    register(
        Queue(code=f"credit.{_code}", label=_label, icon=_icon, posts=_MANAGER | _APPROVER, look=_look, page=_page)
    )
