"""Trainings: announced, attended, corrected with a reason; nobody speaks for himself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from grids.access import answers_for
from grids.models import Attendance, Branch, Post, PostKind, Staff, Training
from grids.selectors import trainings as selectors
from grids.services import Refused

State = Attendance.State


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said of one person: state, whether he passed (None: no test, or not known), and why where that is asked."""

    staff_id: int
    state: str
    passed: bool | None = None
    reason: str = ""


@transaction.atomic
def announce(
    *,
    by: Staff,
    post: Post,
    branch: Branch | None,
    title: str,
    kind: str,
    on: date,
    place: str,
    trainer: str,
    hours: Decimal,
    has_test: bool,
    material: str = "",
) -> Training:
    """Enter a session; a branch manager one of his branch, the administrator one of the whole bank too."""
    if branch is None and post.kind != PostKind.ADMINISTRATOR:
        raise Refused(_("全行的培训由管理员登记"))
    if branch is not None and not answers_for(post, branch):
        raise Refused(_("只能登记自己机构的培训"))
    training = Training.objects.create(
        institution_id=by.institution_id,
        branch=branch,
        title=title.strip(),
        kind=kind,
        on=on,
        place=place.strip(),
        trainer=trainer.strip(),
        hours=hours,
        has_test=has_test,
        material=material.strip(),
        recorded_by=by,
        recorded_at=clock.now(),
    )
    _record(by, post, "training_announced", training)
    return training


def _record(by: Staff, post: Post, verb: str, training: Training, **detail: object) -> None:
    audit.record(
        staff=by, post_id=post.pk, verb=verb, about="training", about_id=training.pk, detail=dict(detail) or None
    )


@transaction.atomic
def invite(*, training: Training, by: Staff, post: Post, staff_ids: Iterable[int]) -> int:
    """Invite people of the post who are not on the list yet; returns how many. Who is oneself is left to another."""
    wanted = set(staff_ids) - {by.pk}
    _locked(training)
    listed = set(Attendance.objects.filter(training=training).values_list("staff_id", flat=True))
    allowed = set(selectors.invitable(post).filter(pk__in=wanted).values_list("pk", flat=True))
    invited = sorted(allowed - listed)
    _write(training, by, [Said(staff_id=pk, state=State.INVITED) for pk in invited])
    if invited:
        _record(by, post, "training_invited", training, people=len(invited))
    return len(invited)


@transaction.atomic
def note(*, training: Training, by: Staff, post: Post, said: Iterable[Said]) -> int:
    """Write down who came, who did not and why, who passed; what is as it was is left out. Returns how many rows were written.

    What was said before is corrected by another row, with a reason.
    """
    _locked(training)
    newest = {one.staff_id: one for one in selectors.newest_of(training)}
    allowed = set(selectors.invitable(post).values_list("pk", flat=True))
    new = []
    for one in said:
        last = newest.get(one.staff_id)
        if last is None or one.staff_id not in allowed:
            raise Refused(_("名单上没有这个人"))
        if (last.state, last.passed) == (one.state, one.passed):
            continue
        if one.staff_id == by.pk:
            raise Refused(_("自己的出勤由另一位登记"))
        if one.state == State.INVITED:
            raise Refused(_("登记过的出勤不能退回“已通知”"))
        if one.state == State.ABSENT and not one.reason.strip():
            raise Refused(_("缺席要写原因"))
        if last.state != State.INVITED and not one.reason.strip():
            raise Refused(_("更正要写原因"))
        new.append(one)
    if training.on > clock.today() and new:
        raise Refused(_("培训当天起登记出勤"))
    _write(training, by, new)
    if new:
        _record(by, post, "attendance_recorded", training, people=len(new))
    return len(new)


@transaction.atomic
def cancel(*, training: Training, by: Staff, post: Post, reason: str) -> None:
    """Cancel a session nobody has attended; it stays on the list with the reason."""
    held = _locked(training)
    if held.cancelled_at is not None:
        raise Refused(_("这次培训已经取消"))
    if not reason.strip():
        raise Refused(_("取消要写原因"))
    if any(one.state == State.ATTENDED for one in selectors.newest_of(held)):
        raise Refused(_("已经有人参加，不能取消"))
    held.cancelled_at, held.cancelled_by, held.cancelled_reason = clock.now(), by, reason.strip()[:100]
    try:
        with transaction.atomic():
            held.save(update_fields=["cancelled_at", "cancelled_by", "cancelled_reason"])
    except DatabaseError as error:
        raise Refused(_("已经有人参加，不能取消")) from error
    _record(by, post, "training_cancelled", held)


def _locked(training: Training) -> Training:
    return Training.objects.select_for_update(of=("self",)).get(pk=training.pk)


def _write(training: Training, by: Staff, said: list[Said]) -> None:
    now = clock.now()
    Attendance.objects.bulk_create(
        Attendance(
            training=training,
            staff_id=one.staff_id,
            state=one.state,
            passed=one.passed,
            reason=one.reason.strip()[:100],
            recorded_by=by,
            recorded_at=now,
        )
        for one in said
    )
