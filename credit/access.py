"""The only door through which a person comes to rounds, sheets and decisions. Row security stands behind it.

A sheet opens for the person it is in the hands of, whatever his scope, and for nobody else; what others learn of it is its
place, its people and whether it is sealed.
"""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import Http404

from config.lib.acting import open_subjects
from credit.models import (
    Application,
    ApplicationDocument,
    CallEntry,
    CallList,
    Card,
    CoreSnapshot,
    Decision,
    LineResult,
    LineRun,
    Notice,
    Objection,
    Receipt,
    Round,
    Sheet,
    SheetPage,
    Signing,
    WhiteList,
)
from grids.access import Post, PostKind, Staff, branches_for, grids_for

Row = TypeVar("Row", bound=Model)

ROUND_POSTS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR)
"""Posts that see rounds of their scope."""
SHEET_POSTS = (PostKind.ASSESSOR, PostKind.OFFICER, PostKind.BRANCH_MANAGER)
"""Posts that may hold a sheet: the assessor himself, and staff who type a paper one or confirm it."""


def scope(post: Post) -> Q:
    """Return the condition that keeps a table of credit to what a post may see."""
    if post.is_whole:
        return Q(institution_id=post.staff.institution_id)
    if post.kind in ROUND_POSTS:
        return Q(grid__in=grids_for(post).order_by().values("pk"))
    return Q(pk__in=())


def rounds_for(post: Post) -> QuerySet[Round]:
    """Return the rounds a post may see."""
    return Round.objects.filter(scope(post))


def open_round(post: Post, pk: int) -> Round:
    """Return a round with its village and owner, or raise Http404."""
    related = ("grid__branch", "grid__institution", "owner", "parent")
    return _open(rounds_for(post).select_related(*related).defer("grid__boundary", "parent__settings"), pk=pk)


def decisions_for(post: Post) -> QuerySet[Decision]:
    """Return the decisions a post may see."""
    return Decision.objects.filter(scope(post))


def open_decision(post: Post, pk: int) -> Decision:
    """Return a decision with its round and village, or raise Http404."""
    return _open(
        decisions_for(post).select_related("round__grid__branch", "application", "line_result__run", "snapshot"), pk=pk
    )


def applications_for(post: Post) -> QuerySet[Application]:
    """Return the applications a post may see."""
    return Application.objects.filter(scope(post))


def open_application(post: Post, pk: int) -> Application:
    """Return an application with its rules, village and owner, or raise Http404."""
    wanted = ("grid__branch", "grid__institution", "institution", "rules", "owner", "received_by", "subject")
    return _open(applications_for(post).select_related(*wanted).defer("grid__boundary"), pk=pk)


def open_application_document(post: Post, application: int, pk: int) -> ApplicationDocument:
    """Return a document of an application the post may see, with its file, or raise Http404."""
    rows = ApplicationDocument.objects.filter(scope(post), application_id=application).select_related("file")
    return _open(rows, pk=pk)


def open_sheet_of_round(post: Post, round: Round, pk: int) -> Sheet:
    """Return a sheet of a round the post may see, by its place alone; its content is out of reach."""
    return _open(Sheet.objects.filter(scope(post), round=round), pk=pk)


def pages_for(post: Post) -> QuerySet[SheetPage]:
    """Return the photos of paper sheets a post may see: of opened rounds whose opinions it may see, all of them.

    Row security leaves out a round with a household that is kept from an auditor: a photo shows a whole page of them.
    """
    return SheetPage.objects.filter(scope(post))


def open_page(post: Post, round: Round, uuid: UUID) -> SheetPage:
    """Return a photo of a paper sheet of an opened round, or raise Http404."""
    photos = pages_for(post).filter(kind=SheetPage.Kind.PHOTO, sheet__round=round)
    return _open(photos.select_related("sheet"), pk=uuid)


def open_notice(post: Post, pk: int) -> Notice:
    """Return a notice with its round, village and rules, or raise Http404; one dropped before it was posted is gone."""
    rows = Notice.objects.filter(scope(post), dropped_at__isnull=True)
    related = ("round__grid__branch", "round__grid__institution", "grid__branch", "grid__institution", "rules", "photo")
    return _open(
        rows.select_related(*related).defer("round__settings", "round__grid__boundary", "grid__boundary"), pk=pk
    )


def open_objection(post: Post, pk: int) -> Objection:
    """Return an objection with its notice and its people, or raise Http404; who objected lies behind a door of its own."""
    related = ("notice__rules", "notice__round__grid__branch", "received_by", "settler")
    rows = Objection.objects.filter(scope(post)).select_related(*related)
    return _open(rows.defer("notice__round__settings", "notice__round__grid__boundary"), pk=pk)


def in_hand(staff: Staff) -> Q:
    """Return the condition of the sheets a person holds now: the assessor's own, a paper one to type or to confirm."""
    return (
        Q(mode=Sheet.Mode.OWN, assessor=staff)
        | Q(mode=Sheet.Mode.PAPER, confirmer=staff, state=Sheet.State.TYPED)
        | (Q(mode=Sheet.Mode.PAPER, typist=staff) & ~Q(state=Sheet.State.TYPED))
    )


def sheets_of(staff: Staff) -> QuerySet[Sheet]:
    """Return the sheets in which a person has a part, of rounds that have started."""
    part = Q(assessor=staff) | Q(typist=staff) | Q(confirmer=staff)
    return Sheet.objects.filter(part).exclude(round__stage__in=Round.BEFORE_ASSESSMENT)


def open_sheet(staff: Staff, uuid: UUID) -> Sheet:
    """Return a sheet in which a person has a part, or raise Http404."""
    return _open(sheets_of(staff).select_related("round__grid__branch", "round__institution"), uuid=uuid)


def open_sheet_in_hand(staff: Staff, uuid: UUID) -> Sheet:
    """Return a sheet a person holds now, or raise Http404."""
    return _open(sheets_of(staff).filter(in_hand(staff)).select_related("round__grid"), uuid=uuid)


def open_households_of_sheet(sheet: Sheet) -> list[int]:
    """Open the households of a sheet in hand to this transaction and return their ids.

    The database checks again that the acting person holds the sheet and that the round is in assessment.
    """
    return open_subjects("sheet_subjects", str(sheet.uuid))


# --- Lines --------------------------------------------------------------------------------------------------------


def line_runs_for(post: Post) -> QuerySet[LineRun]:
    """Return the runs an approver may see: of the institution, or of his branch and what lies below it."""
    runs = LineRun.objects.filter(institution_id=post.staff.institution_id)
    if post.kind != PostKind.APPROVER:
        return runs.none()
    if post.is_whole:
        return runs
    return runs.filter(Q(branch__in=branches_for(post).values("pk")) | Q(grid__in=grids_for(post).values("pk")))


def open_line_run(post: Post, pk: int) -> LineRun:
    """Return a run with its scope and versions, or raise Http404."""
    runs = line_runs_for(post).select_related(
        "run__asked_by", "model", "bases", "grid", "branch", "asked_by", "published_by", "withdrawn_by"
    )
    return _open(runs.defer("grid__boundary"), pk=pk)


def line_results_for(post: Post) -> QuerySet[LineResult]:
    """Return the results a post may see: those ever published; an approver sees them before, to decide on publishing."""
    results = LineResult.objects.filter(scope(post))
    return results if post.kind == PostKind.APPROVER else results.filter(run__published_at__isnull=False)


def open_line_result(post: Post, pk: int) -> LineResult:
    """Return a result with its run, versions and file, or raise Http404."""
    return _open(line_results_for(post).select_related("run__model", "run__bases", "run__run"), pk=pk)


# --- Signing ------------------------------------------------------------------------------------------------------


def call_lists_for(post: Post) -> QuerySet[CallList]:
    """Return the call lists a post may see."""
    return CallList.objects.filter(scope(post))


def open_call_list(post: Post, pk: int) -> CallList:
    """Return a call list with its round, village and caller, or raise Http404."""
    return _open(call_lists_for(post).select_related("round", "grid__branch", "caller").defer("grid__boundary"), pk=pk)


def open_call_entry(post: Post, pk: int) -> CallEntry:
    """Return an entry of one's own call list, or raise Http404: why a household is called on, only who calls may see."""
    entries = CallEntry.objects.filter(scope(post), call_list__caller_id=post.staff_id)
    return _open(entries.select_related("call_list__round", "grid__branch").defer("grid__boundary"), pk=pk)


def open_signing(post: Post, pk: int) -> Signing:
    """Return a signed line, or raise Http404."""
    rows = Signing.objects.filter(scope(post), outcome=Signing.Outcome.SIGNED)
    return _open(rows.select_related("decision__round", "grid__branch").defer("grid__boundary"), pk=pk)


def open_card(post: Post, pk: int) -> Card:
    """Return a card with its contract and borrower, or raise Http404."""
    wanted = ("signing__borrower", "institution", "grid__branch")
    return _open(Card.objects.filter(scope(post)).select_related(*wanted).defer("grid__boundary"), pk=pk)


WHITE_LIST_POSTS = (PostKind.BRANCH_MANAGER, PostKind.APPROVER, PostKind.AUDITOR)
"""Posts that see white lists; an approver alone takes the file with its ID numbers."""


def white_lists_for(post: Post) -> QuerySet[WhiteList]:
    """Return the white lists a post may see."""
    return WhiteList.objects.filter(scope(post)) if post.kind in WHITE_LIST_POSTS else WhiteList.objects.none()


def open_white_list(post: Post, pk: int) -> WhiteList:
    """Return a white list with its round, village and people, or raise Http404."""
    wanted = ("round", "grid__branch", "made_by", "settled_by")
    return _open(white_lists_for(post).select_related(*wanted).defer("grid__boundary"), pk=pk)


def open_receipt(post: Post, pk: int) -> Receipt:
    """Return a receipt of a white list the post may see, or raise Http404."""
    rows = Receipt.objects.filter(scope(post))
    return _open(rows if post.kind in WHITE_LIST_POSTS else rows.none(), pk=pk)


# --- Snapshots of the core system ---------------------------------------------------------------------------------


def snapshots_for(post: Post) -> QuerySet[CoreSnapshot]:
    """Return the files of the core system a post keeps: approvers of the whole bank, since a file tells of every branch."""
    found = CoreSnapshot.objects.filter(institution_id=post.staff.institution_id)
    return found if post.kind == PostKind.APPROVER and post.is_whole else found.none()


def snapshot_keeper(post: Post) -> None:
    """Raise Http404 unless a post keeps the core system's files."""
    if not (post.kind == PostKind.APPROVER and post.is_whole):
        raise Http404


def open_snapshot(post: Post, pk: int) -> CoreSnapshot:
    """Return a file of the core system with its people and what it was compared with, or raise Http404."""
    related = ("uploaded_by", "settled_by", "compared", "limits", "run__asked_by")
    return _open(snapshots_for(post).select_related(*related), pk=pk)


def _open(rows: QuerySet[Row], **wanted: object) -> Row:
    row = rows.filter(**wanted).first()
    if row is None:
        raise Http404
    return row
