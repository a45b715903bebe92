"""Handing an explanation to the customer: only of a result in force, only one that recomputes, and always recorded."""

from django.db import transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock
from credit.models import LineHandover, LineResult
from credit.selectors.lines import differences, notice_in_force
from grids.access import Post, PostKind, Staff
from grids.services import Refused

HANDERS = (PostKind.OFFICER, PostKind.BRANCH_MANAGER)
"""Posts that serve the customer."""


@transaction.atomic
def hand_over(*, by: Staff, post: Post, result: LineResult, language: str) -> LineHandover:
    """Record that the explanation of a result is handed to the customer in a language (``zh-hans`` or ``en``).

    Refused while nothing is published, after a withdrawal, for a result that does not recompute, and without a released notice
    on objecting and human review (PIPL, article 24).
    """
    if post.kind not in HANDERS:
        raise Refused(_("由客户经理或支行行长交给客户"))
    if language not in LineHandover.Language.values:
        raise Refused(_("请选择中文或英文"))
    run = result.run
    if run.published_at is None or run.withdrawn_at is not None:
        raise Refused(_("没有发布或已撤回的结果，不能交给客户"))
    if differences(result):
        raise Refused(_("这份结果没有通过复算，不能交给客户"))
    notice = notice_in_force(result.institution_id)
    if notice is None:
        raise Refused(_("“复核和异议告知”还没有发布，请告诉参数管理岗"))
    handed = LineHandover.objects.create(
        institution_id=result.institution_id,
        grid_id=result.grid_id,
        recorded_grid_id=result.grid_id,
        run=run,
        subject_id=result.subject_id,
        notice=notice,
        language=language,
        staff=by,
        post_kind=post.kind,
        handed_at=clock.now(),
    )
    audit.record(
        staff=by,
        post_id=post.pk,
        verb="line_handed_over",
        about="household",
        about_id=result.subject_id,
        detail={"run": run.pk, "result": result.pk, "language": language, "notice": notice.version},
    )
    return handed
