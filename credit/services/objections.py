"""Objections to a notice: received while it hangs, settled by another than who received them, never with who objected.

An objection that holds sends the decision back: the line is withdrawn and the household computed again.
"""

from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from config.lib.weeks import working_day_after
from config.lib.working_days import changes_of
from credit.models import Decision, Notice, Objection, ObjectionSource, Round
from credit.objectors import LONGEST_CONTACT, LONGEST_NAME, LONGEST_STATEMENT, Source, read_source, write_source
from credit.selectors.decisions import standing_of, with_standing
from credit.selectors.notices import rules_of_notice, takes_objections
from credit.selectors.objections import is_listed
from credit.services import decisions, recomputing
from grids.access import Post, PostKind, Staff
from grids.services import Refused

RECEIVERS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER, PostKind.APPROVER)
SETTLERS = (PostKind.BRANCH_MANAGER, PostKind.APPROVER)
SHORTEST_ANSWER = 4


@transaction.atomic
def receive(
    *, by: Staff, post: Post, notice: Notice, subject_id: int, kind: str, channel: str, source: Source
) -> Objection:
    """Take an objection against a household of the round while its notice hangs. ``source`` is encrypted at once."""
    if post.kind not in RECEIVERS:
        raise Refused(_("由客户经理、支行行长或业务审批岗登记"))
    found = Notice.objects.select_for_update(of=("self",)).select_related("rules").get(pk=notice.pk)
    if not takes_objections(found, clock.today()):
        raise Refused(_("这份公示不在公示期内，不再登记异议"))
    rules = rules_of_notice(found)
    if rules.kind(kind) is None or channel not in Objection.Channel.values:
        raise Refused(_("请选择种类和方式"))
    if not is_listed(found.round_id, subject_id):
        raise Refused(_("这一轮没有这户"))
    if not source.statement.strip():
        raise Refused(_("请写明异议内容"))
    kept = Source(
        source.name.strip()[:LONGEST_NAME],
        source.contact.strip()[:LONGEST_CONTACT],
        source.statement.strip()[:LONGEST_STATEMENT],
    )
    objection = Objection.objects.create(
        institution_id=found.institution_id,
        grid_id=found.grid_id,
        recorded_grid_id=found.grid_id,
        notice=found,
        number=Objection.objects.filter(notice=found).count() + 1,
        subject_id=subject_id,
        decision_id=_granted(found.round_id, subject_id),
        kind=kind,
        channel=channel,
        received_by=by,
        received_at=clock.now(),
        due_on=working_day_after(clock.today(), rules.answer_days, changes_of(found.institution_id)),
    )
    uuid = uuid4()
    ObjectionSource.objects.create(id=uuid, objection=objection, value=write_source(uuid, kept))
    _record(by, post, "objection_received", objection, kind=kind, subject=subject_id)
    return objection


def _granted(round_id: int, subject_id: int) -> int | None:
    found: Any = with_standing(Decision.objects.filter(round_id=round_id, subject_id=subject_id)).first()
    return found.pk if found is not None and standing_of(found) == "granted" else None


@transaction.atomic
def take(*, by: Staff, post: Post, objection: Objection) -> Objection:
    """Take an objection in hand, to settle it; from now on one reads who objected, and nobody else settles it."""
    if post.kind not in SETTLERS:
        raise Refused(_("由支行行长或业务审批岗办理"))
    found = _locked(objection)
    if found.received_by_id == by.pk:
        raise Refused(_("登记和办理要由两个人"))
    if found.settler_id is not None:
        raise Refused(_("已有人在办理"))
    found.settler, found.taken_at = by, clock.now()
    try:
        with transaction.atomic():
            found.save(update_fields=["settler", "taken_at"])
    except IntegrityError as error:
        raise Refused(_("登记和办理要由两个人")) from error
    _record(by, post, "objection_taken", found)
    return found


@transaction.atomic
def reveal(*, by: Staff, post: Post, objection: Objection) -> Source | None:
    """Return who objected and what was said, to who received the objection or settles it; None to anybody else. Recorded."""
    row = ObjectionSource.objects.filter(objection=objection).first()
    if row is None or by.pk not in (objection.received_by_id, objection.settler_id):
        return None
    _record(by, post, "objection_source_read", objection)
    return read_source(row.pk, row.value)


@transaction.atomic
def settle(*, by: Staff, post: Post, objection: Objection, is_upheld: bool, answer: str) -> Objection:
    """Settle an objection one has in hand, with a reasoned answer that names nobody who objected.

    Upheld against a line in force: the line is withdrawn and the household computed again, with the answer as the reason.
    """
    round = Round.objects.select_for_update(of=("self",)).get(pk=objection.notice.round_id)
    found = _locked(objection)
    if found.settler_id != by.pk or post.kind not in SETTLERS:
        raise Refused(_("由接手的人办结"))
    if found.settled_at is not None:
        raise Refused(_("这条异议已经办结"))
    answer = answer.strip()
    if len(answer) < SHORTEST_ANSWER:
        raise Refused(_("请写明答复和理由"))
    named = read_source(found.source.pk, found.source.value)
    if any(len(part) >= 2 and part in answer for part in (named.name, named.contact)):
        raise Refused(_("答复里不要出现提出人的姓名或联系方式"))
    found.outcome = Objection.Outcome.UPHELD if is_upheld else Objection.Outcome.DISMISSED
    found.answer, found.settled_at = answer[:500], clock.now()
    found.save(update_fields=["outcome", "answer", "settled_at"])
    _record(by, post, "objection_settled", found, outcome=found.outcome)
    if is_upheld:
        _send_back(by, post, round, found)
    return found


def _send_back(by: Staff, post: Post, round: Round, objection: Objection) -> None:
    decision: Any = with_standing(Decision.objects.filter(round=round, subject_id=objection.subject_id)).first()
    if decision is None or standing_of(decision) != "granted":
        return
    reason = _("公示异议成立：%(answer)s") % {"answer": objection.answer}
    decisions.withdraw(by=by, post=post, decision=decision, seen=decision.last_number, reason=reason)
    recomputing.send_back(by=by, post=post, round=round, subject_id=objection.subject_id)


def _locked(objection: Objection) -> Objection:
    return (
        Objection.objects.select_for_update(of=("self",))
        .select_related("notice__rules", "notice__round")
        .get(pk=objection.pk)
    )


def _record(by: Staff, post: Post, verb: str, objection: Objection, **detail: Any) -> None:
    """Leave the event of a step on an objection: never who objected, nor what was said."""
    audit.record(
        staff=by, post_id=post.pk, verb=verb, about="objection", about_id=objection.pk,
        detail={"round": objection.notice.round_id, "notice": objection.notice.number, "number": objection.number, **detail},
    )  # fmt: skip
