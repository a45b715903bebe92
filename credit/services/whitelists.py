"""White lists for the core system: made by one, released by another, every download looked at again; receipts by two as well."""

from hashlib import sha256
from io import BytesIO
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from config.lib import audit, clock
from credit.domain import whitelist as domain
from credit.domain.whitelist import Fault, TableRefusedError
from credit.models import Receipt, ReceiptRow, Round, WhiteFile, WhiteList, WhiteRow
from credit.selectors import whitelists as selectors
from grids.access import Post, PostKind, Staff
from grids.services import Refused

MAKERS = (PostKind.BRANCH_MANAGER, PostKind.APPROVER)
"""Posts that make a list and import its receipt; an approver releases, and another of these confirms a receipt."""
LARGEST = 2 * 1024 * 1024
"""Bytes of a receipt at most."""


@transaction.atomic
def make(*, by: Staff, post: Post, round: Round) -> WhiteList:
    """Put every signed line of a round on a list that stands and is on no other: not accepted, not on its way."""
    if post.kind not in MAKERS:
        raise Refused(_("由支行行长或业务审批岗生成白名单"))
    Round.objects.select_for_update().only("pk").get(pk=round.pk)
    lines = selectors.lines_to_list(round)
    if not lines:
        raise Refused(_("没有新签约的户要导入核心系统"))
    newest = WhiteList.objects.filter(round=round).aggregate(top=Max("number"))["top"] or 0
    common = {"institution_id": round.institution_id, "grid_id": round.grid_id}
    made = WhiteList.objects.create(
        **common, round=round, number=newest + 1, size=len(lines), made_by=by, made_at=clock.now()
    )
    WhiteRow.objects.bulk_create(
        WhiteRow(
            **common,
            recorded_grid_id=round.grid_id,
            white_list=made,
            place=place,
            subject_id=line.subject_id,
            signing_id=line.pk,
        )
        for place, line in enumerate(lines, start=1)
    )
    _record(by, post, "white_list_made", made, rows=len(lines))
    return made


@transaction.atomic
def settle(*, by: Staff, post: Post, white_list: WhiteList, release: bool, answer: str = "") -> WhiteList:
    """Release another's list for download, or refuse it with a word why."""
    if post.kind != PostKind.APPROVER:
        raise Refused(_("由业务审批岗放行"))
    held = WhiteList.objects.select_for_update().get(pk=white_list.pk)
    if held.state != WhiteList.State.MADE:
        raise Refused(_("这份白名单已经办理过"))
    if held.made_by_id == by.pk:
        raise Refused(_("自己生成的白名单要由另一人放行"))
    if not release and not answer.strip():
        raise Refused(_("请写明理由"))
    held.state = WhiteList.State.RELEASED if release else WhiteList.State.REFUSED
    held.settled_by, held.settled_at, held.answer = by, clock.now(), answer.strip()[:200]
    held.save(update_fields=["state", "settled_by", "settled_at", "answer"])
    _record(by, post, "white_list_released" if release else "white_list_refused", held)
    return held


@transaction.atomic
def take(*, by: Staff, post: Post, white_list: WhiteList, form: str, language: str) -> tuple[bytes, WhiteFile]:
    """Write a released list as csv or xlsx in memory; each line is looked at again and left out where it no longer may go.

    The hash of the bytes is kept with who took them; the bytes are not.
    """
    if post.kind != PostKind.APPROVER:
        raise Refused(_("由业务审批岗下载"))
    if white_list.state != WhiteList.State.RELEASED:
        raise Refused(_("还没有放行，不能下载"))
    if form not in WhiteFile.Format.values:
        raise Refused(_("请选择 csv 或 xlsx"))
    rows, left_out = selectors.written(white_list)
    content = domain.as_csv(rows) if form == WhiteFile.Format.CSV else selectors.workbook(white_list, rows, language)
    kept = WhiteFile.objects.create(
        institution_id=white_list.institution_id,
        grid_id=white_list.grid_id,
        white_list=white_list,
        format=form,
        sha256=sha256(content).hexdigest(),
        rows=len(rows),
        left_out=[{"place": place, "why": why.value} for place, why in left_out],
        staff=by,
        taken_at=clock.now(),
    )
    _record(by, post, "white_list_taken", white_list, sha256=kept.sha256, rows=len(rows), left_out=len(left_out))
    return content, kept


@transaction.atomic
def import_receipt(
    *, by: Staff, post: Post, white_list: WhiteList, content: bytes, name: str
) -> tuple[Receipt | None, list[Fault]]:
    """Take the core system's answers on a released list; with a single fault nothing is written and all of them are returned."""
    if post.kind not in MAKERS:
        raise Refused(_("由支行行长或业务审批岗导入回执"))
    if white_list.state != WhiteList.State.RELEASED:
        raise Refused(_("还没有放行，不能导入回执"))
    if len(content) > LARGEST:
        return None, [Fault(0, "", "too_large")]
    try:
        rows = domain.read_receipt(BytesIO(content))
    except TableRefusedError as refused:
        return None, domain.faults_of(refused)
    lines = selectors.rows_by_contract(white_list)
    answers, faults = domain.check_receipt(rows, list(lines))
    if faults:
        return None, faults
    common = {"institution_id": white_list.institution_id, "grid_id": white_list.grid_id}
    try:
        with transaction.atomic():
            made = Receipt.objects.create(
                **common,
                white_list=white_list,
                file_name=name[:200],
                sha256=sha256(content).hexdigest(),
                imported_by=by,
                imported_at=clock.now(),
            )
    except IntegrityError as error:
        raise Refused(_("这份白名单已有回执")) from error
    ReceiptRow.objects.bulk_create(
        ReceiptRow(
            **common,
            recorded_grid_id=white_list.grid_id,
            receipt=made,
            white_row=lines[contract],
            subject_id=lines[contract].subject_id,
            row=answer.row,
            is_accepted=answer.is_accepted,
            reason=answer.reason,
        )
        for contract, answer in answers.items()
    )
    _record(by, post, "receipt_imported", white_list, receipt=made.pk, sha256=made.sha256)
    return made, []


@transaction.atomic
def settle_receipt(*, by: Staff, post: Post, receipt: Receipt, confirm: bool) -> Receipt:
    """Confirm another's receipt, or refuse it; a refused one may be imported anew."""
    if post.kind not in MAKERS:
        raise Refused(_("由支行行长或业务审批岗确认回执"))
    held = Receipt.objects.select_for_update().get(pk=receipt.pk)
    if held.state != Receipt.State.WAITING:
        raise Refused(_("这份回执已经办理过"))
    if held.imported_by_id == by.pk:
        raise Refused(_("自己导入的回执要由另一人确认"))
    held.state = Receipt.State.CONFIRMED if confirm else Receipt.State.REFUSED
    held.settled_by, held.settled_at = by, clock.now()
    held.save(update_fields=["state", "settled_by", "settled_at"])
    verb = "receipt_confirmed" if confirm else "receipt_refused"
    audit.record(staff=by, post_id=post.pk, verb=verb, about="white_list", about_id=held.white_list_id)
    return held


def _record(by: Staff, post: Post, verb: str, white_list: WhiteList, **detail: Any) -> None:
    audit.record(staff=by, post_id=post.pk, verb=verb, about="white_list", about_id=white_list.pk, detail=detail)
