"""Village rounds: prepared, started with frozen rules and roster, moved on, closed (Design, 5)."""

from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from psycopg2.extras import execute_values

from config.lib import clock, releases
from credit.domain.rules import RoundRules
from credit.models import OpenerKey, Round, RoundKey, Sheet, SheetSubject
from credit.sealing import new_round_key, opener_public_key, sheet_key, write_cell
from credit.selectors.rounds import covering_staff
from credit.services import listing, preparing, stages
from customers.selectors.assessment import roster_of
from customers.selectors.rosters_of_rounds import origin_of
from grids.access import Grid, Post, PostKind, Staff
from grids.services import Refused
from grids.services.staff import appoint, create_staff, reset_password


def publish_opener_key() -> OpenerKey:
    """Write down the public half of the opener's key, where the web process finds it; the opener's process does this."""
    public = opener_public_key()
    known = OpenerKey.objects.filter(public_key=public).first()
    return known or OpenerKey.objects.create(public_key=public)


def round_rules(institution_id: int, on: date) -> tuple[RoundRules, Any]:
    """Return the rules in force on a day and the release of ``round_rules`` they come from."""
    rules = releases.in_force(institution_id, "round_rules", on)
    reasons = releases.in_force(institution_id, "refuse_reasons", on)
    form = releases.together(institution_id, ("score_form",), on).get("score_form")
    return RoundRules.from_releases(rules.document, reasons.document, form.document if form else None), rules


@transaction.atomic
def create_round(*, by: Staff, post: Post, grid: Grid, name: str, due_on: date) -> Round:
    """Prepare the round of a village; one that is not closed yet keeps a second one out."""
    if due_on <= clock.today():
        raise Refused(_("截止日期要晚于今天"))
    try:
        with transaction.atomic():
            round = Round.objects.create(
                institution_id=grid.institution_id,
                grid=grid,
                name=name.strip() or grid.name,
                owner=by,
                due_on=due_on,
                stage_since=clock.now(),
            )
    except IntegrityError as error:
        if "one_running_round_per_grid" not in str(error):
            raise
        raise Refused(_("%(grid)s 已有一轮评议在进行") % {"grid": grid.name}) from error
    preparing.seat_people(round)
    stages.record(by, post, "round_created", round, grid=grid.pk)
    return round


@transaction.atomic
def add_own_sheet(
    *, by: Staff, post: Post, round: Round, assessor: Staff | None = None, name: str = "", number: str = ""
) -> tuple[Sheet, str]:
    """Give a sheet to an assessor who enters it himself; return it with his one-time password, "" for a known login.

    Without ``assessor`` a person of kind outside is made by name; his number names round and place unless one is given.
    Outside people hold the post for the time of the round only.
    """
    password = ""
    if assessor is None:
        place = Sheet.objects.filter(round=round).count() + 1
        number = number or f"p{round.pk}{place:02d}"
        assessor, password = create_staff(
            by=by, post=post, number=number, name=name, home_branch=round.grid.branch, kind=Staff.Kind.OUTSIDE
        )
    if assessor.pk in covering_staff(round.grid):
        raise Refused(_("管这个网格的客户经理不能做评议员"))
    if assessor.pk in _typing(round):
        raise Refused(_("%(name)s 在这一轮代录或核对，不能做评议员") % {"name": assessor.name})
    if assessor.kind == Staff.Kind.OUTSIDE:
        _give_post(by, post, assessor, round)
    sheet = _add(round, mode=Sheet.Mode.OWN, assessor=assessor, assessor_name=assessor.name)
    stages.record(by, post, "sheet_added", round, sheet=sheet.number, mode=sheet.mode)
    return sheet, password


def _give_post(by: Staff, post: Post, assessor: Staff, round: Round) -> None:
    until = round.due_on + timedelta(days=1)
    held = [
        one for one in assessor.posts.filter(kind=PostKind.ASSESSOR) if one.to_on is None or one.to_on > clock.today()
    ]
    if not held:
        appoint(
            staff=assessor, kind=PostKind.ASSESSOR, branch=None, from_on=clock.today(), to_on=until, by=by, post=post
        )
    elif all(one.to_on is not None and one.to_on < until for one in held):
        last = max(held, key=lambda one: one.to_on or date.max)
        last.to_on = until
        last.save(update_fields=["to_on"])


@transaction.atomic
def add_paper_sheet(
    *, by: Staff, post: Post, round: Round, assessor_name: str, typist: Staff, confirmer: Staff
) -> Sheet:
    """Give a paper sheet to its typist and its confirmer: two people, neither of them an assessor of this round."""
    if not assessor_name.strip():
        raise Refused(_("请填写评议员姓名"))
    if typist.pk == confirmer.pk:
        raise Refused(_("代录人和核对人要是两个人"))
    assessors = set(_family(round).values_list("assessor_id", flat=True))
    for person in (typist, confirmer):
        if person.pk in assessors:
            raise Refused(_("%(name)s 是这一轮的评议员，不能代录或核对") % {"name": person.name})
    sheet = _add(round, mode=Sheet.Mode.PAPER, assessor_name=assessor_name.strip(), typist=typist, confirmer=confirmer)
    stages.record(by, post, "sheet_added", round, sheet=sheet.number, mode=sheet.mode)
    return sheet


def _living(round: Round) -> Any:
    return Sheet.objects.filter(round=round).exclude(state=Sheet.State.WITHDRAWN)


def _family(round: Round) -> Any:
    """The living sheets of a round, of the one it supplements and of its own supplements."""
    root = round.parent_id or round.pk
    found = Sheet.objects.filter(Q(round=root) | Q(round__parent=root))
    return found.exclude(state=Sheet.State.WITHDRAWN)


def _typing(round: Round) -> set[int]:
    pairs = _family(round).values_list("typist_id", "confirmer_id")
    return {person for pair in pairs for person in pair if person}


def _add(round: Round, **people: Any) -> Sheet:
    if round.stage not in (*Round.BEFORE_ASSESSMENT, Round.Stage.ASSESS):
        raise Refused(_("评议已截止，不能再增加评议表"))
    taken = Sheet.objects.filter(round=round).count()
    try:
        with transaction.atomic():
            sheet = Sheet.objects.create(
                institution_id=round.institution_id, grid_id=round.grid_id, round=round, number=taken + 1, **people
            )
    except IntegrityError as error:
        if "one_sheet_per_assessor" in str(error):
            raise Refused(_("这位评议员已有一份评议表")) from error
        if "have seen nothing" in str(error):
            raise Refused(_("补充评议要由没有参加过本村评议、也看不到意见的外部人员做")) from error
        if "one_sheet_per_place" in str(error):
            raise Refused(_("刚刚有人也在增加评议表，请重试")) from error
        raise
    if round.stage == Round.Stage.ASSESS:
        _make_cells([sheet], _assessable(round))
    return sheet


def _assessable(round: Round) -> list[int]:
    rows = SheetSubject.objects.filter(round=round, is_assessable=True)
    return list(rows.order_by("subject_id").values_list("subject_id", flat=True))


def _make_cells(sheets: list[Sheet], subject_ids: list[int]) -> None:
    """Write an empty cell for every household of every sheet, so that a row's existence tells nothing.

    Plain INSERT: who prepares a round may write the cells and, by row security, not read one back.
    """
    rows = []
    for sheet in sheets:
        key = sheet_key(sheet.uuid)
        rows += [(sheet.pk, subject, write_cell(key, sheet.uuid, subject, 0, None), 0) for subject in subject_ids]
    with connection.cursor() as cursor:
        execute_values(
            cursor.cursor,
            "insert into credit_draftcell (sheet_id, subject_id, value, version) values %s",
            rows,
            page_size=1000,
        )


def freeze_list(*, by: Staff, post: Post, round: Round) -> Round:
    """End the preparation: roster and rules are frozen, and who is on the list is settled next."""
    return stages.move(by=by, post=post, round=round, to=Round.Stage.LIST)


def start_round(*, by: Staff, post: Post, round: Round) -> Round:
    """Make the round's keys and every cell of every sheet, and let the assessment begin."""
    return stages.move(by=by, post=post, round=round, to=Round.Stage.ASSESS)


def close_round(*, by: Staff, post: Post, round: Round) -> Round:
    """Close a round whose figures are all decided, or one that never started."""
    return stages.move(by=by, post=post, round=round, to=Round.Stage.CLOSED)


@stages.work((Round.Stage.PREPARE, Round.Stage.LIST))
def _freeze(by: Staff, post: Post, round: Round) -> dict[str, object]:
    rules, round.rules = round_rules(round.institution_id, clock.today())
    round.settings = rules.as_document()
    round.provenance = {**origin_of(round.grid), "frozen_on": str(clock.today())}
    round.save(update_fields=["rules", "settings", "provenance"])
    rows = listing.write(round, roster_of(round.grid_id))
    return {"roster": len(rows), "assessable": sum(row.is_assessable for row in rows)}


@stages.work((Round.Stage.LIST, Round.Stage.ASSESS))
def _start(by: Staff, post: Post, round: Round) -> dict[str, object]:
    opener = OpenerKey.objects.order_by("-pk")[0]
    public, wrapped = new_round_key(round.pk, opener.public_key)
    RoundKey.objects.create(round=round, opener_key=opener, public_key=public, wrapped_key=wrapped)
    sheets, subjects = list(_living(round)), _assessable(round)
    _make_cells(sheets, subjects)
    round.started_at = clock.now()
    round.save(update_fields=["started_at"])
    return {"sheets": len(sheets), "assessable": len(subjects)}


@transaction.atomic
def move_due_date(*, by: Staff, post: Post, round: Round, due_on: date) -> None:
    """Give the assessors more time; a running round is never cut short, and outside assessors keep their post as long."""
    round = stages.locked(round)
    if round.stage not in (*Round.BEFORE_ASSESSMENT, Round.Stage.ASSESS):
        raise Refused(_("评议已截止，不能再改截止日期"))
    if due_on <= clock.today() or (round.stage == Round.Stage.ASSESS and due_on < round.due_on):
        raise Refused(_("评议开始后，截止日期只能推后"))
    before, round.due_on = round.due_on, due_on
    round.save(update_fields=["due_on"])
    for sheet in _living(round).filter(assessor__kind=Staff.Kind.OUTSIDE).select_related("assessor"):
        _give_post(by, post, sheet.assessor, round)
    stages.record(by, post, "round_due_moved", round, before=str(before), after=str(due_on))


@transaction.atomic
def new_password(*, by: Staff, post: Post, sheet: Sheet) -> str:
    """Give the outside assessor of a sheet a new one-time password, shown once."""
    if sheet.assessor is None or sheet.assessor.kind != Staff.Kind.OUTSIDE:
        raise Refused(_("只有外部评议员的口令在这里重置"))
    return reset_password(staff=sheet.assessor, by=by, post=post)
