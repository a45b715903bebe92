"""Declare the households of one's kin, and take a declaration back before the draw (Semantics, section 7)."""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from customers.domain.economics import holds_identity
from grids.access import Post, Staff
from grids.services import Refused
from reporting.models import KinDeclaration, SamplePlan
from reporting.selectors import kin
from reporting.services.samples import AlreadyDoneError, rule_broken

_REFUSALS: dict[str, Callable[[], str]] = {
    "own_kin": lambda: _("只能申报自己的亲属"),
    "kin_by_named_auditor": lambda: _("您没有被指名检查这个计划"),
    "kin_to_inspect": lambda: _("抽取后只能申报待检查的户；已检查过或没有抽中的户不能申报"),
    "kin_is_kept": lambda: _("已经抽取，申报不能撤回"),
}


@transaction.atomic
def declare(
    *, staff: Staff, post: Post, plan: SamplePlan, subject_id: int, relation: str, note: str = ""
) -> KinDeclaration:
    """Declare a household as one's kin's: before the draw it leaves the population, after it another auditor inspects it.

    Raises Refused, and AlreadyDoneError when it was declared before.
    """
    if holds_identity(note):
        raise Refused(_("备注里不写身份证号和手机号"))
    if KinDeclaration.objects.filter(plan=plan, auditor=staff, subject=subject_id, withdrawn_at=None).exists():
        raise AlreadyDoneError(_("这户您已经申报过"))
    try:
        with transaction.atomic():
            declared = KinDeclaration.objects.create(
                plan=plan,
                auditor=staff,
                subject_id=subject_id,
                relation=relation,
                note=note.strip(),
                declared_at=clock.now(),
            )
    except IntegrityError as error:
        if rule_broken(error) == "kin_declared_once":
            raise AlreadyDoneError(_("这户您已经申报过")) from None
        raise _refusal(error) from None
    # The database says whether the draw came first.
    declared.refresh_from_db()
    _record(staff, post, "kin_declared", declared)
    return declared


@transaction.atomic
def declare_earlier(*, staff: Staff, post: Post, plan: SamplePlan) -> int:
    """Declare for a plan that is not drawn what one declared for earlier plans; return how many households."""
    held = SamplePlan.objects.select_for_update().get(pk=plan.pk)
    if held.state != SamplePlan.State.PLANNED:
        raise Refused(_("已经抽取，不能再沿用以前的申报"))
    earlier = list(kin.earlier_of(post, plan))
    for one in earlier:
        declare(staff=staff, post=post, plan=plan, subject_id=one.subject_id, relation=one.relation, note=one.note)
    return len(earlier)


@transaction.atomic
def withdraw(*, staff: Staff, post: Post, declaration: KinDeclaration) -> None:
    """Take a wrong declaration back before the draw; the row stays with the time. Raises Refused, AlreadyDoneError."""
    standing = KinDeclaration.objects.filter(pk=declaration.pk, withdrawn_at__isnull=True)
    try:
        with transaction.atomic():
            changed = standing.update(withdrawn_at=clock.now())
    except IntegrityError as error:
        raise _refusal(error) from None
    if not changed:
        raise AlreadyDoneError(_("这条申报已经撤回"))
    _record(staff, post, "kin_withdrawn", declaration)


def _refusal(error: IntegrityError) -> Exception:
    words = _REFUSALS.get(rule_broken(error))
    return error if words is None else Refused(words())


def _record(staff: Staff, post: Post, verb: str, declared: KinDeclaration) -> None:
    """Leave a trace of the act without the household: who a person's kin are is his own to read."""
    detail = {"plan": declared.plan_id, "is_late": declared.is_late}
    audit.record(staff=staff, post_id=post.pk, verb=verb, about="kin_declaration", about_id=declared.pk, detail=detail)
