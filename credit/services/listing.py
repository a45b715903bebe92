"""The list of a round: frozen with the roster, read anew while it is checked, and settled household by household."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from config.lib import clock
from credit.models import Round, SheetSubject
from credit.services import stages
from customers.selectors.assessment import blocked_among, roster_of
from customers.selectors.rosters_of_rounds import borrowers_of, grown_among, grown_members, marked_among
from grids.access import Post, PostKind, Staff
from grids.services import Refused

READ = ("is_assessable", "excluded_because", "borrower_id", "is_attention", "is_white")


def write(round: Round, subjects: Sequence[int]) -> list[SheetSubject]:
    """Write these households on the list, as their lists and members are today; a handful of reads for a whole village."""
    rows = [
        SheetSubject(
            institution_id=round.institution_id,
            grid_id=round.grid_id,
            recorded_grid_id=round.grid_id,
            round=round,
            subject_id=subject,
        )
        for subject in subjects
    ]
    _read(rows)
    SheetSubject.objects.bulk_create(rows, batch_size=1000)
    return rows


def _read(rows: Sequence[SheetSubject]) -> None:
    """Put what is known of the households today into their rows: blocked, attention, white, who borrows. A borrower the list names
    stays while he is of age and in the household."""
    asked = [row.subject_id for row in rows]
    blocked, marked = blocked_among(asked), marked_among(asked)
    borrowers = borrowers_of(asked, clock.today())
    grown = grown_among({row.borrower_id for row in rows if row.borrower_id}, clock.today())
    for row in rows:
        own = row.excluded_because if row.excluded_because in SheetSubject.Excepted.values else ""
        row.excluded_because = blocked.get(row.subject_id, own)
        row.is_assessable = not row.excluded_because
        row.is_attention = row.subject_id in marked["attention"]
        row.is_white = row.subject_id in marked["white"]
        if row.borrower_id is None or grown.get(row.borrower_id) != row.subject_id:
            found = None if row.exception else borrowers.get(row.subject_id)
            row.borrower_id = found.person_id if found and found.is_grown else None


@transaction.atomic
def refresh(*, by: Staff, post: Post, round: Round) -> dict[str, int]:
    """Read roster and lists anew: households that joined are added, those that left or are blocked by now are left out. What was
    settled by name stays where it still holds."""
    round = _checked(post, round)
    rows = list(SheetSubject.objects.filter(round=round))
    before = {row.pk: [getattr(row, name) for name in READ] for row in rows}
    today = set(roster_of(round.grid_id))
    _read(rows)
    for row in rows:
        if row.subject_id not in today:
            row.is_assessable, row.excluded_because = False, SheetSubject.Excluded.LEFT
    changed = [row for row in rows if before[row.pk] != [getattr(row, name) for name in READ]]
    SheetSubject.objects.bulk_update(changed, [name.removesuffix("_id") for name in READ], batch_size=500)
    known = {row.subject_id for row in rows}
    added = write(round, [subject for subject in roster_of(round.grid_id) if subject not in known])
    told = {"added": len(added), "changed": len(changed)}
    stages.record(by, post, "round_list_refreshed", round, **told)
    return told


@transaction.atomic
def settle(
    *,
    by: Staff,
    post: Post,
    round: Round,
    row: SheetSubject,
    borrower_id: int | None,
    exception: str,
    leave_out: bool,
    note: str,
) -> None:
    """Settle one household of the list: its one borrower, of age; or the exception by name and reason, assessed or left out."""
    round = _checked(post, round)
    row = SheetSubject.objects.select_for_update().get(pk=row.pk, round=round)
    note = note.strip()
    if row.excluded_because in (*SheetSubject.LISTED, SheetSubject.Excluded.LEFT):
        raise Refused(_("名单户和离册户不评议，不用在这里办理"))
    if borrower_id is not None and borrower_id not in dict(grown_members(row.subject_id, clock.today())):
        raise Refused(_("借款人要是本户在册的成年人"))
    if exception and exception not in SheetSubject.Excepted.values:
        raise Refused(_("请选择例外的原因"))
    if exception and not note:
        raise Refused(_("请写明理由"))
    if leave_out and not exception:
        raise Refused(_("不评议的要选例外的原因"))
    if borrower_id is None and not exception:
        raise Refused(_("没有借款人的，请选例外的原因"))
    row.borrower_id, row.exception, row.note = borrower_id, exception, note if exception else ""
    row.is_assessable, row.excluded_because = not leave_out, exception if leave_out else ""
    row.save(update_fields=["borrower", "exception", "note", "is_assessable", "excluded_because"])
    stages.record(
        by, post, "round_household_settled", round, subject=row.subject_id, exception=exception, left_out=leave_out
    )


def _checked(post: Post, round: Round) -> Round:
    round = stages.locked(round)
    if (
        post.kind not in (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
        or round.stage != Round.Stage.LIST
        or round.parent_id is not None
    ):
        raise Refused(_("这一轮不在核对名单"))
    return round
