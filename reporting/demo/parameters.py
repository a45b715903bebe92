"""Parameters on their way: one draft that waits for the other manager, one version that takes effect soon."""

from datetime import datetime, timedelta

from config.lib import clock
from config.lib.parameters import drafts
from config.lib.parameters.kinds import ParameterKind, find
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at


def draft_and_release(people: Organisation, now: datetime) -> int:
    """Write both; returns how many versions are to come."""
    first, second = people.parameter_managers
    with clock_at(now - timedelta(days=1, hours=2)), acting(second) as post:
        quotas = _kind("visit_quotas")
        later = drafts.begin(by=second, post_id=post.pk, kind=quotas)
        asked = {"officer": {**later.document["officer"], "households_per_week": 45}}
        later = drafts.save(
            by=second,
            post_id=post.pk,
            draft=later,
            document=asked,
            note="冬闲进度例会：每周走访由 40 户提到 45 户",
            effective_on=clock.today() + timedelta(days=15),
            seen=1,
        )
        drafts.submit(by=second, post_id=post.pk, draft=later)
    with clock_at(now - timedelta(days=1)), acting(first) as post:
        drafts.release(by=first, post_id=post.pk, draft=later)
    with clock_at(now - timedelta(hours=3)), acting(second) as post:
        rules = drafts.begin(by=second, post_id=post.pk, kind=_kind("round_rules"))
        document = {**rules.document, "merge": {**rules.document["merge"], "spread_limit_percent": "150"}}
        drafts.save(
            by=second,
            post_id=post.pk,
            draft=rules,
            document=document,
            note="试点村分歧户偏多，分歧上限放宽到 150 %，先由评议员补评",
            effective_on=None,
            seen=1,
        )
        drafts.submit(by=second, post_id=post.pk, draft=rules)
    return 1


def _kind(code: str) -> ParameterKind:
    kind = find(code)
    if kind is None:
        raise LookupError(code)
    return kind
