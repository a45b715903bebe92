"""Exceptions of a round, noted and ended by the people who handle them; each leaves its row and an audit event."""

from django.db import transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from credit.models import Decision, MergeException, Round
from credit.selectors.exceptions import noted
from grids.access import Post, PostKind, Staff
from grids.services import Refused

MAY_NOTE = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)


def codes() -> list[tuple[str, str]]:
    """Return what can be noted: codes with their names."""
    return [(str(code), str(label)) for code, label in MergeException.Code.choices]


@transaction.atomic
def note(*, by: Staff, post: Post, decision: Decision, code: str, reason: str) -> MergeException:
    """Note what stands in the way of a household's line; it is left out of everything done many at once."""
    round = _check(post, decision, reason)
    if code not in MergeException.Code.values:
        raise Refused(_("请选择例外的种类"))
    if code in _standing(round, decision):
        raise Refused(_("这项例外已经登记"))
    return _write(by, post, round, decision, code, reason, is_over=False)


@transaction.atomic
def end(*, by: Staff, post: Post, decision: Decision, code: str, reason: str) -> MergeException:
    """Say that an exception is over, and why."""
    round = _check(post, decision, reason)
    if code not in _standing(round, decision):
        raise Refused(_("这项例外已经解除"))
    return _write(by, post, round, decision, code, reason, is_over=True)


def _standing(round: Round, decision: Decision) -> set[str]:
    Round.objects.select_for_update(of=("self",)).get(pk=round.pk)
    return {row.code for row in noted(round.pk, [decision.subject_id]).get(decision.subject_id, ())}


def _check(post: Post, decision: Decision, reason: str) -> Round:
    if post.kind not in MAY_NOTE:
        raise Refused(_("由客户经理或支行行长登记"))
    if decision.round is None or decision.round.stage not in Round.DECIDABLE:
        raise Refused(_("这一轮不在审批阶段"))
    if not reason.strip():
        raise Refused(_("请写明理由"))
    return decision.round


def _write(
    by: Staff, post: Post, round: Round, decision: Decision, code: str, reason: str, *, is_over: bool
) -> MergeException:
    made = MergeException.objects.create(
        institution_id=decision.institution_id,
        grid_id=decision.grid_id,
        recorded_grid_id=decision.grid_id,
        round=round,
        subject_id=decision.subject_id,
        code=code,
        is_over=is_over,
        reason=reason.strip()[:500],
        staff=by,
        post_kind=post.kind,
        noted_at=clock.now(),
    )
    audit.record(
        staff=by,
        post_id=post.pk,
        verb="exception_ended" if is_over else "exception_noted",
        about="decision",
        about_id=decision.pk,
        detail={"code": code},
    )
    return made
