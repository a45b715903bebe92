"""Sheets: written cell by cell, sealed once, never read back (Design, 5a; opinions: Semantics, section 4)."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg2.extras import execute_values

from config.lib import audit, clock
from config.lib.money import MoneyError, wan_from_text
from credit.domain.opinions import Opinion, OpinionError, OpinionKind
from credit.domain.rules import RoundRules
from credit.domain.scores import ScoreError
from credit.models import DraftCell, Round, RoundKey, SealedSheet, Sheet
from credit.sealing import read_cell, seal_sheet, sheet_key, write_cell
from credit.services import sheet_pages
from credit.services.holding import SealedError, hold
from grids.access import Post, Staff
from grids.services import Refused

KIN: dict[str, object] = {"kind": "recused", "kin": 1}
"""A row whose household was declared as kin, as a draft keeps it. Sealed it is a recusal like any other."""


class StaleCellError(Exception):
    """The cell was changed by another page meanwhile; ``answer`` and ``version`` are what it holds now."""

    def __init__(self, version: int, answer: dict[str, object] | None) -> None:
        super().__init__("stale cell")
        self.version = version
        self.answer = answer


@dataclass(frozen=True)
class Cell:
    """One row of a draft: its write count and what it says, None while nothing was entered."""

    version: int
    answer: dict[str, object] | None


def read_answer(rules: RoundRules, given: Mapping[str, Any]) -> dict[str, object] | None:
    """Turn what a page sends into an opinion as a document; None clears the row. Raises Refused with the reason.

    ``kind`` is one of the opinion's kinds or "", ``amount`` is in 万元 with at most one decimal, ``reasons`` are codes,
    ``score`` the points of the round's form in place of an amount.
    """
    kind = str(given.get("kind", ""))
    if not kind:
        return None
    if kind == OpinionKind.AMOUNT and given.get("score"):
        return _scored(rules, str(given["score"])).as_document()
    amount: Decimal | None = None
    if kind == OpinionKind.AMOUNT:
        try:
            amount = wan_from_text(str(given.get("amount", "")))
        except MoneyError as error:
            raise Refused(_("请填写万元数，例如 3 或 3.5")) from error
        if amount % 1_000:
            raise Refused(_("万元数最多一位小数，例如 3.5"))
    reasons = given.get("reasons", [])
    if not isinstance(reasons, list):
        raise Refused(_("请选择不宜授信的原因"))
    try:
        opinion = Opinion(OpinionKind(kind), amount, tuple(str(code) for code in reasons))
        opinion.check_against(reason_codes=rules.reason_codes, limit=rules.largest)
    except OpinionError as error:
        raise Refused(_words(error, rules)) from error
    except ValueError as error:
        raise Refused(_("没有这种意见")) from error
    return opinion.as_document()


def _scored(rules: RoundRules, points: str) -> Opinion:
    if rules.score is None:
        raise Refused(_("这一轮不用打分"))
    try:
        return Opinion.scored(points, rules.score)
    except ScoreError as error:
        raise Refused(_("每一项都要打分，不超过满分")) from error
    except OpinionError as error:
        text = _("低于 %(least)s 分没有建议额度；不同意授信请选“不宜授信”并选原因")
        raise Refused(text % {"least": rules.score.least}) from error


def _words(error: OpinionError, rules: RoundRules) -> str:
    if error.code == "amount_not_positive":
        return _("额度要大于 0；不同意授信请选“不宜授信”")
    if error.code == "amount_above_limit":
        return _("超过本轮最高 %(limit)s 万元，是不是单位填错了？") % {"limit": f"{rules.largest / 10_000:f}"}
    if error.code in ("reason_missing", "reason_unknown"):
        return _("请选择不宜授信的原因")
    return _("这条意见不完整，请重新选择")


def read_cells(sheet: Sheet) -> dict[int, Cell]:
    """Return the draft of a sheet in hand, by household; empty for everybody else, by row security."""
    key = sheet_key(sheet.uuid)
    rows = DraftCell.objects.filter(sheet=sheet).values_list("subject_id", "version", "value")
    return {
        subject: Cell(version, read_cell(key, sheet.uuid, subject, version, value)) for subject, version, value in rows
    }


def kin_of(cells: Mapping[int, Cell]) -> set[int]:
    """Return the households a draft declares as the assessor's kin; their rows are locked."""
    return {subject for subject, cell in cells.items() if _is_kin(cell.answer)}


def _is_kin(answer: Mapping[str, object] | None) -> bool:
    return bool(answer and answer.get("kin"))


def has_begun(cells: Mapping[int, Cell]) -> bool:
    """Whether anything was ever written into a draft; declaring that there is no kin counts."""
    return any(cell.version for cell in cells.values())


@transaction.atomic
def declare_kin(*, sheet: Sheet, subject_ids: Collection[int]) -> None:
    """Set which households of a draft are kin of the assessor: exactly these are recused and locked.

    A row that is no longer kin is blank again, one that becomes kin loses what it said. Like every row of a draft it leaves
    no trace: the declaration is in the cells alone. Households that are not on the sheet are left out. Raises SealedError.
    """
    sheet = hold(sheet)
    if sheet.state != Sheet.State.OPEN:
        raise SealedError
    list(DraftCell.objects.filter(sheet=sheet).select_for_update().order_by("subject_id").values_list("pk"))
    cells = read_cells(sheet)
    wanted, known = set(subject_ids) & set(cells), kin_of(cells)
    changed: dict[int, dict[str, object] | None] = dict.fromkeys(wanted - known, KIN)
    changed |= dict.fromkeys(known - wanted, None)
    if not changed and not has_begun(cells):
        changed = dict.fromkeys(list(cells)[:1], None)  # a first write that says nothing: the question was answered
    if changed:
        save_cells(sheet=sheet, answers=changed)


@transaction.atomic
def save_cell(*, sheet: Sheet, subject_id: int, version: int, answer: dict[str, object] | None) -> int:
    """Write one row of a draft over the version the page has seen; return the new version.

    Leaves no trace but the ciphertext: no history, no audit event, no time. Raises StaleCellError, SealedError, and Refused
    for a household declared as kin.
    """
    if sheet.state != Sheet.State.OPEN or sheet.round.stage != Round.Stage.ASSESS:
        raise SealedError
    key = sheet_key(sheet.uuid)
    mine = DraftCell.objects.filter(sheet=sheet, subject_id=subject_id)
    row = mine.select_for_update().values_list("version", "value").first()
    if row is None:
        raise SealedError
    held = read_cell(key, sheet.uuid, subject_id, row[0], row[1])
    if row[0] != version:
        raise StaleCellError(row[0], held)
    if _is_kin(held):
        raise Refused(_("这一户已申报亲属回避，报错了请在“亲属回避”里改"))
    value = write_cell(key, sheet.uuid, subject_id, version + 1, answer)
    mine.update(value=value, version=version + 1)
    return version + 1


@transaction.atomic
def save_cells(*, sheet: Sheet, answers: Mapping[int, dict[str, object] | None]) -> None:
    """Write many rows of a draft at once over whatever they hold; a household not named keeps its row.

    All or nothing, in one statement, and as traceless as ``save_cell``. Raises SealedError.
    """
    sheet = hold(sheet)
    if sheet.state != Sheet.State.OPEN:
        raise SealedError
    mine = DraftCell.objects.filter(sheet=sheet, subject_id__in=list(answers))
    versions = dict(mine.select_for_update().order_by("subject_id").values_list("subject_id", "version"))
    if len(versions) != len(answers):
        raise SealedError
    key = sheet_key(sheet.uuid)
    rows = [
        (sheet.pk, subject, version + 1, write_cell(key, sheet.uuid, subject, version + 1, answers[subject]))
        for subject, version in versions.items()
    ]
    with connection.cursor() as cursor:
        execute_values(
            cursor.cursor,
            "update credit_draftcell as cell set value = given.value, version = given.version "
            "from (values %s) as given (sheet, subject, version, value) "
            "where cell.sheet_id = given.sheet and cell.subject_id = given.subject",
            rows,
            page_size=2000,
        )


@dataclass(frozen=True)
class Summary:
    """What a sheet's own holder sees before sealing: how many rows of each kind, and the amounts in yuan."""

    households: int
    kinds: Mapping[str, int]
    amounts: tuple[Decimal, ...]

    @property
    def blank(self) -> int:
        """Rows without an answer."""
        return self.kinds.get("", 0)

    @property
    def total(self) -> Decimal:
        """Sum of the amounts, in yuan."""
        return sum(self.amounts, Decimal(0))


def amount_of(answer: Mapping[str, object]) -> Decimal | None:
    """Return the amount of an answer in yuan, None where it has none."""
    return Decimal(str(answer["amount"])) if "amount" in answer else None


def summary_of(cells: Mapping[int, Cell]) -> Summary:
    """Count a draft for its holder."""
    kinds = Counter(str(cell.answer["kind"]) if cell.answer else "" for cell in cells.values())
    amounts = sorted(
        amount for cell in cells.values() if cell.answer and (amount := amount_of(cell.answer)) is not None
    )
    return Summary(len(cells), dict(kinds), tuple(amounts))


@transaction.atomic
def hand_over(*, by: Staff, post: Post, sheet: Sheet, blanks_are_unknown: bool, note: str = "") -> None:
    """Hand a typed paper sheet to its confirmer, with its photos; the typist does not see it again.

    ``note`` is the reason why there is no photo, needed where there is none.
    """
    sheet = hold(sheet)
    if sheet.mode != Sheet.Mode.PAPER or sheet.state != Sheet.State.OPEN:
        raise SealedError
    _require_answers(summary_of(read_cells(sheet)), blanks_are_unknown)
    sheet_pages.settle_note(sheet=sheet, note=note)
    sheet.state = Sheet.State.TYPED
    sheet.save(update_fields=["state"])
    _record(by, post, "sheet_handed_over", sheet)


@transaction.atomic
def hand_back(*, by: Staff, post: Post, sheet: Sheet) -> None:
    """Give a paper sheet back to its typist because it differs from the paper."""
    sheet = hold(sheet)
    if sheet.mode != Sheet.Mode.PAPER or sheet.state != Sheet.State.TYPED:
        raise SealedError
    sheet.state = Sheet.State.OPEN
    sheet.save(update_fields=["state"])
    _record(by, post, "sheet_handed_back", sheet)


@transaction.atomic
def seal(*, by: Staff, post: Post, sheet: Sheet, blanks_are_unknown: bool) -> None:
    """Seal a sheet: encrypt the whole to the round's key, drop the draft. Afterwards nobody reads it but the opener.

    An own sheet is sealed by its assessor, a paper one by its confirmer and with its photos. Rows without an answer become "unknown", which
    has to be said explicitly. An opening that began first wins, then SealedError is raised and the draft stays.
    """
    sheet = hold(sheet)
    expected = Sheet.State.OPEN if sheet.mode == Sheet.Mode.OWN else Sheet.State.TYPED
    if sheet.state != expected:
        raise SealedError
    # The lock makes a save from another tab wait and then find its cell gone, instead of being lost silently.
    list(DraftCell.objects.filter(sheet=sheet).select_for_update().order_by("subject_id").values_list("pk"))
    cells = read_cells(sheet)
    _require_answers(summary_of(cells), blanks_are_unknown)
    unknown = Opinion.unknown().as_document()
    answers = {subject: _sealed(cell.answer) or unknown for subject, cell in cells.items()}
    public = bytes(RoundKey.objects.values_list("public_key", flat=True).get(round_id=sheet.round_id))
    is_paper = sheet.mode == Sheet.Mode.PAPER
    SealedSheet.objects.create(
        sheet=sheet,
        blob=seal_sheet(public, sheet.round_id, sheet.uuid, answers),
        pages=sheet_pages.sealed_pages(sheet, public, len(answers)) if is_paper else None,
    )
    sheet.state, sheet.sealed_on = Sheet.State.SEALED, clock.today()
    sheet.save(update_fields=["state", "sealed_on"])
    _record(by, post, "sheet_sealed", sheet)


def _sealed(answer: dict[str, object] | None) -> dict[str, object] | None:
    """What is sealed of a row: that kin was declared beforehand stays with the draft."""
    return None if answer is None else {name: value for name, value in answer.items() if name != "kin"}


def _require_answers(summary: Summary, blanks_are_unknown: bool) -> None:
    if summary.blank and not blanks_are_unknown:
        raise Refused(_("还有 %(count)s 户没有填，请填完，或确认按“不了解”封存") % {"count": summary.blank})


@transaction.atomic
def withdraw(*, by: Staff, post: Post, sheet: Sheet, reason: str) -> None:
    """Take a sheet out before opening, sealed or not. Its blob is kept unread and does not count; a new sheet may follow."""
    _end(by, post, sheet, Sheet.State.WITHDRAWN, reason, "sheet_withdrawn")


@transaction.atomic
def excuse(*, by: Staff, post: Post, sheet: Sheet, reason: str) -> None:
    """Go on without a sheet that will not come; its draft is dropped unread."""
    if sheet.state == Sheet.State.SEALED:
        raise Refused(_("已封存的评议表不能免交，需要时可以撤回"))
    _end(by, post, sheet, Sheet.State.EXCUSED, reason, "sheet_excused")


def _end(by: Staff, post: Post, sheet: Sheet, state: str, reason: str, verb: str) -> None:
    if not reason.strip():
        raise Refused(_("请写明理由"))
    stage = Round.objects.select_for_update(of=("self",)).get(pk=sheet.round_id).stage
    allowed = (
        (*Round.BEFORE_ASSESSMENT, Round.Stage.ASSESS) if state == Sheet.State.WITHDRAWN else (Round.Stage.ASSESS,)
    )
    sheet = Sheet.objects.select_for_update(of=("self",)).get(pk=sheet.pk)
    if stage not in allowed or sheet.state in (Sheet.State.WITHDRAWN, Sheet.State.EXCUSED):
        raise Refused(_("评议已截止或这份评议表已经撤下"))
    if state == Sheet.State.EXCUSED and sheet.state == Sheet.State.SEALED:
        raise Refused(_("已封存的评议表不能免交，需要时可以撤回"))
    sheet.state, sheet.ended_on, sheet.ended_by, sheet.ended_reason = state, clock.today(), by, reason.strip()[:200]
    sheet.save(update_fields=["state", "ended_on", "ended_by", "ended_reason"])
    _record(by, post, verb, sheet, reason=sheet.ended_reason)


def _record(by: Staff, post: Post, verb: str, sheet: Sheet, **detail: Any) -> None:
    audit.record(
        staff=by,
        post_id=post.pk,
        verb=verb,
        about="round",
        about_id=sheet.round_id,
        detail={"sheet": sheet.number, **detail},
    )
