"""Add a household to the targeted part of a drawn plan (Semantics, section 7)."""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from customers.domain.economics import holds_identity
from grids.access import Post, Staff
from grids.services import Refused
from reporting.models import SampleItem, SamplePlan
from reporting.selectors import targeted
from reporting.services.samples import AlreadyDoneError, rule_broken

_REFUSALS: dict[str, Callable[[], str]] = {
    "plan_is_open": lambda: _("这个计划已不在检查中"),
    "targeted_by_named_auditor": lambda: _("您没有被指名检查这个计划"),
}


@transaction.atomic
def add(*, staff: Staff, post: Post, plan: SamplePlan, subject_id: int, reason: str) -> SampleItem:
    """Add a household by hand, with the reason; it is compared with its newest accepted revision.

    It never enters the population, the sample or the conclusion's figures. Raises Refused; AlreadyDoneError when the household
    was drawn or added before.
    """
    if not reason.strip():
        raise Refused(_("请写明为什么要查这户"))
    if holds_identity(reason):
        raise Refused(_("理由里不写身份证号和手机号"))
    held = SampleItem.objects.filter(plan=plan, subject_id=subject_id).first()
    if held is not None:
        raise AlreadyDoneError(_held_words(held))
    target = targeted.target_of(subject_id)
    if target is None:
        raise Refused(_("这户没有复核通过的档案，没有可以对照的"))
    try:
        with transaction.atomic():
            item = SampleItem.objects.create(
                plan=plan,
                institution_id=plan.institution_id,
                grid_id=target.grid_id,
                recorded_grid_id=target.grid_id,
                subject_id=subject_id,
                profile_id=target.profile_id,
                stratum=target.stratum,
                is_targeted=True,
                reason=reason.strip(),
                added_by=staff,
                added_at=clock.now(),
            )
    except IntegrityError as error:
        rule = rule_broken(error)
        if rule == "subject_drawn_once":
            raise AlreadyDoneError(_held_words(SampleItem.objects.get(plan=plan, subject_id=subject_id))) from None
        words = _REFUSALS.get(rule)
        if words is None:
            raise
        raise Refused(words()) from None
    audit.record(
        staff=staff,
        post_id=post.pk,
        verb="sample_targeted",
        about="sample_item",
        about_id=item.pk,
        detail={"plan": plan.pk},
    )
    return item


def _held_words(held: SampleItem) -> str:
    if held.is_targeted:
        return _("这户已经在重点抽查里")
    return _("这户已被抽中，是第 %(order)s 户，不用再加") % {"order": held.order}
