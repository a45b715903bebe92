"""Signing of granted lines: mixed call lists, what came of a visit, contracts, cards (Design, 5).

What a line must be to be signed is held by the database (``lib.keep_signing``); here it is said in words.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from secrets import token_hex
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from config.lib import audit, clock
from config.lib.weeks import add_months, business_day
from credit.domain import signing as domain
from credit.models import CallEntry, CallList, CallResult, Card, CoreSnapshot, Decision, Drawing, Round, Signing
from credit.models.signing import Mode
from credit.selectors import signing as selectors
from customers.services import milestones
from grids.access import Post, PostKind, Staff
from grids.services import Refused

MAKERS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
"""Posts that make call lists; officers call and sign."""
MOST_ON_A_LIST = 60
OUTCOMES = {"signed": "met", "declined": "met", "away": "not_met", "later": "again"}
"""What is written at the entry of a call list beside the outcome of a signing."""


def _kept(error: IntegrityError) -> Refused:
    """Say why the database refuses."""
    text = str(error)
    for code, words in (
        ("signing_not_granted", _("这户现在没有生效的授信，不能签约")),
        ("signing_not_begun", _("这一轮还没有到签约")),
        ("signing_blocked", _("这户已列入黑名单或灰名单，不能签约")),
        ("signing_approver", _("审批这户额度的人不能办理签约")),
        ("signing_done", _("这户已经签约")),
        ("signing_not_away", _("只有登记过外出的户可以远程签约")),
        ("signing_entry", _("这条走访是别人的")),
        ("signing_borrower", _("这户没有在册的借款主体，请先在户的页面确定")),
        ("signing_age", _("借款主体未满 18 周岁或出生日期不详，不能签约")),
        ("signing_changed", _("借款主体和评议时不是同一人，不能签约；请退回重新审批")),
        ("contract_number_once", _("这个合同号已经用过，请核对")),
        ("a_line_is_signed_once", _("这户已经签约")),
        ("one_signing_per_number", _("刚刚有人办理过，请刷新后再试")),
        ("signed line in force", _("签约没有生效，不能发卡")),
        ("credit_card_signing_id", _("这户已经发卡")),
    ):
        if code in text:
            return Refused(words)
    raise error


def _written(write: Callable[[], Any]) -> Any:
    try:
        with transaction.atomic():
            return write()
    except IntegrityError as error:
        raise _kept(error) from error


# --- Call lists ---------------------------------------------------------------------------------------------------


@transaction.atomic
def make_list(*, by: Staff, post: Post, round: Round, mode: str, held_on: date, caller: Staff, most: int) -> CallList:
    """Draw a call list: households to sign and as many others as released, in one random order whose seed is kept."""
    if post.kind not in MAKERS:
        raise Refused(_("由客户经理或支行行长安排走访"))
    if mode not in (Mode.CONCENTRATED, Mode.DOOR):
        raise Refused(_("请选择集中签约或上门签约"))
    if not 2 <= most <= MOST_ON_A_LIST:
        raise Refused(_("一张走访单为 2 至 %(most)s 户") % {"most": MOST_ON_A_LIST})
    if held_on < clock.today():
        raise Refused(_("日期不能早于今天"))
    if caller.pk not in selectors.callers(round):
        raise Refused(_("请选择本支行的客户经理"))
    rules, _release = _rules(round.institution_id)
    Round.objects.select_for_update().only("pk").get(pk=round.pk)
    waiting, others = selectors.to_call_on(round)
    if not waiting:
        raise Refused(_("没有等待安排签约的户"))
    seed = token_hex(16)
    listed = domain.mixed(seed, waiting, others, most=most, others_per_signing=rules.others_per_signing)
    newest = CallList.objects.filter(round=round).aggregate(top=Max("number"))["top"] or 0
    common = {"institution_id": round.institution_id, "grid_id": round.grid_id}
    made: CallList = _written(
        lambda: CallList.objects.create(
            **common,
            round=round,
            number=newest + 1,
            mode=mode,
            held_on=held_on,
            caller=caller,
            seed=seed,
            size=len(listed),
            made_by=by,
            made_at=clock.now(),
        )
    )
    CallEntry.objects.bulk_create(
        CallEntry(**common, recorded_grid_id=round.grid_id, call_list=made, place=place, subject_id=subject)
        for place, subject in enumerate(listed, start=1)
    )
    detail = {"round": round.pk, "size": len(listed), "mode": mode, "seed": seed}
    audit.record(staff=by, post_id=post.pk, verb="call_list_made", about="call_list", about_id=made.pk, detail=detail)
    return made


@transaction.atomic
def call(*, by: Staff, post: Post, entry: CallEntry, result: str, device_at: datetime | None = None) -> CallResult:
    """Write whether somebody was met at an entry of one's own list."""
    if post.kind != PostKind.OFFICER or entry.call_list.caller_id != by.pk:
        raise Refused(_("由走访人填写"))
    if result not in CallResult.Result.values:
        raise Refused(_("请选择走访结果"))
    newest = CallResult.objects.filter(entry=entry).aggregate(top=Max("number"))["top"] or 0
    made: CallResult = _written(
        lambda: CallResult.objects.create(
            institution_id=entry.institution_id,
            grid_id=entry.grid_id,
            recorded_grid_id=entry.grid_id,
            entry=entry,
            subject_id=entry.subject_id,
            number=newest + 1,
            result=result,
            staff=by,
            device_at=device_at,
            taken_at=clock.now(),
        )
    )
    audit.record(staff=by, post_id=post.pk, verb="call_entry_answered", about="call_entry", about_id=entry.pk)
    return made


# --- Signing ------------------------------------------------------------------------------------------------------


def _rules(institution_id: int) -> tuple[domain.SigningRules, Any]:
    found = selectors.rules_in_force(institution_id)
    if found is None:
        raise Refused(_("签约规则还没有发布，请联系参数管理岗"))
    return domain.SigningRules.from_document(found.document), found


@transaction.atomic
def sign(
    *,
    by: Staff,
    post: Post,
    decision: Decision,
    mode: str,
    outcome: str,
    seen: int,
    reason: str = "",
    note: str = "",
    contract: str = "",
    entry: CallEntry | None = None,
    device_at: datetime | None = None,
) -> Signing:
    """Write what came of asking a household to sign: signed under a contract, or not, with a released reason.

    ``seen`` is the number of the last such row on the page. At the entry of a call list the visit is written with it.
    """
    if post.kind != PostKind.OFFICER:
        raise Refused(_("由客户经理办理签约"))
    if mode not in Mode.values or outcome not in Signing.Outcome.values:
        raise Refused(_("请选择方式和结果"))
    rules, release = _rules(decision.institution_id)
    is_signed = outcome == Signing.Outcome.SIGNED
    if not is_signed and rules.reason(outcome, reason) is None:
        raise Refused(_("请选择原因"))
    number = ""
    if is_signed:
        try:
            number = domain.contract_number(contract)
        except domain.NumberError as error:
            raise Refused(_("合同号为 6 至 40 位字母、数字或汉字，可含 - . / 和括号")) from error
    made_before = Signing.objects.filter(decision=decision).aggregate(top=Max("number"))["top"] or 0
    if made_before != seen:
        raise Refused(_("刚刚有人办理过，请刷新后再试"))
    grant = selectors.grant_of(decision)
    now = clock.now()
    if is_signed and grant is not None and grant.borrower_id is None:
        raise Refused(_("这户没有在册的借款主体，请先在户的页面确定"))
    made: Signing = _written(
        lambda: Signing.objects.create(
            institution_id=decision.institution_id,
            grid_id=decision.grid_id,
            recorded_grid_id=decision.grid_id,
            decision=decision,
            subject_id=decision.subject_id,
            number=made_before + 1,
            mode=mode,
            outcome=outcome,
            reason="" if is_signed else reason,
            note=note.strip()[:200],
            rules=release,
            entry=entry,
            borrower_id=grant.borrower_id if is_signed and grant else None,
            contract=number,
            amount=grant.amount if is_signed and grant else None,
            staff=by,
            post_kind=post.kind,
            device_at=device_at,
            taken_at=now,
        )
    )
    if is_signed:
        milestones.reach("signed", subject=decision.subject, at=now, staff=by, amount=made.amount)
    if entry is not None:
        call(by=by, post=post, entry=entry, result=OUTCOMES[outcome], device_at=device_at)
    detail = {"outcome": outcome, "mode": mode, "signing": made.pk}
    audit.record(staff=by, post_id=post.pk, verb="line_signing", about="decision", about_id=decision.pk, detail=detail)
    return made


@transaction.atomic
def issue_card(*, by: Staff, post: Post, signing: Signing) -> Card:
    """Hand out the card of a signed line; its number follows from the signing, so no two are alike."""
    if post.kind != PostKind.OFFICER:
        raise Refused(_("由客户经理发卡"))
    rules, _release = _rules(signing.institution_id)
    now = clock.now()
    today = business_day(now)
    made: Card = _written(
        lambda: Card.objects.create(
            institution_id=signing.institution_id,
            grid_id=signing.grid_id,
            recorded_grid_id=signing.grid_id,
            signing=signing,
            subject_id=signing.subject_id,
            number=domain.card_number(today.year, signing.pk),
            issued_on=today,
            valid_until=add_months(today, rules.card_months),
            staff=by,
            post_kind=post.kind,
            taken_at=now,
        )
    )
    milestones.reach("carded", subject=signing.subject, at=now, staff=by)
    detail = {"signing": signing.pk, "valid_until": made.valid_until.isoformat()}
    audit.record(staff=by, post_id=post.pk, verb="card_issued", about="card", about_id=made.pk, detail=detail)
    return made


# --- Drawn --------------------------------------------------------------------------------------------------------


def note_drawings(*, by: Staff, snapshot: CoreSnapshot, at: datetime) -> int:
    """Write which signed lines are drawn for the first time by a snapshot that came into force; returns how many. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _DRAWN, {"snapshot": snapshot.pk, "institution": snapshot.institution_id, "on": snapshot.taken_on, "at": at}
        )
        amounts: dict[int, Decimal | None] = dict(cursor.fetchall())
    drawn = Drawing.objects.filter(snapshot=snapshot, subject__in=amounts).select_related("subject")
    subjects = [one.subject for one in drawn]
    milestones.reach_all("drawn", subjects=subjects, at=at, staff=by, amounts=amounts)
    return len(amounts)


_DRAWN = """
    insert into credit_drawing (institution_id, grid_id, recorded_grid_id, signing_id, subject_id, snapshot_id, outstanding, taken_at)
    select signed.institution_id, signed.grid_id, signed.grid_id, signed.id, signed.subject_id, %(snapshot)s,
           sum(credit.outstanding), %(at)s
    from credit_signing as signed
    join customers_person as person on person.household_id = signed.subject_id
    join credit_corecredit as credit on credit.person_id = person.id and credit.snapshot_id = %(snapshot)s
    where signed.institution_id = %(institution)s and signed.outcome = 'signed'
      and (signed.taken_at at time zone 'Asia/Shanghai')::date <= %(on)s
      and credit.kind = 'own_loan' and credit.is_village_line
      and not exists (select from credit_drawing as known where known.signing_id = signed.id)
    group by signed.id having sum(credit.outstanding) > 0
    returning subject_id, outstanding
"""
