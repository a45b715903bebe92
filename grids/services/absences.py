"""Absences: somebody of the branch stands in on the grids of who is away, from a day to a day; recorded by who answers for the branch."""

from datetime import date

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from config.lib.holdings import people_moved
from grids.models import Absence, Post, Staff
from grids.services import Refused


@transaction.atomic
def record(*, by: Staff, post: Post, staff: Staff, deputy: Staff, from_on: date, to_on: date, reason: str) -> Absence:
    """Record who is away and who stands in; from that day to the last the deputy reaches the other's grids too."""
    if by.pk in (staff.pk, deputy.pk):
        raise Refused(_("自己离岗或自己代别人，由支行行长或管理员登记"))
    if staff.pk == deputy.pk:
        raise Refused(_("代岗的人要是另一位"))
    if from_on < clock.today():
        raise Refused(_("开始日期不能早于今天"))
    if to_on <= from_on:
        raise Refused(_("结束日期要晚于开始日期"))
    try:
        with transaction.atomic():
            absence = Absence.objects.create(
                institution_id=by.institution_id,
                staff=staff,
                deputy=deputy,
                from_on=from_on,
                to_on=to_on,
                reason=reason.strip()[:60],
                recorded_by=by,
                recorded_at=clock.now(),
            )
    except DatabaseError as error:
        if "absence:overlap" in str(error):
            raise Refused(_("这段时间两人之一已经离岗，或正在代别人")) from error
        if "absence:post" in str(error):
            raise Refused(_("代岗的人整段时间都要是同一支行的客户经理")) from error
        raise
    _record(by, post, "absence_recorded", absence)
    people_moved(by.institution_id)
    return absence


@transaction.atomic
def end(*, absence: Absence, by: Staff, post: Post) -> None:
    """End an absence today, or withdraw one that has not begun: the deputy loses those grids at once."""
    held = Absence.objects.select_for_update(of=("self",)).get(pk=absence.pk)
    today = clock.today()
    if held.to_on <= today:
        raise Refused(_("这项离岗已经结束"))
    if by.pk == held.deputy_id:
        raise Refused(_("自己离岗或自己代别人，由支行行长或管理员登记"))
    held.to_on = max(today, held.from_on)
    held.save(update_fields=["to_on"])
    _record(by, post, "absence_ended", held)
    people_moved(by.institution_id)


def _record(by: Staff, post: Post, verb: str, absence: Absence) -> None:
    detail = {
        "absence": absence.pk,
        "deputy": absence.deputy_id,
        "from_on": str(absence.from_on),
        "to_on": str(absence.to_on),
    }
    audit.record(staff=by, post_id=post.pk, verb=verb, about="staff", about_id=absence.staff_id, detail=detail)
