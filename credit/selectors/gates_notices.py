"""What must be done before a round goes on without, or leaves, its public notice. Each gate answers for many rounds at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.lib import clock
from config.lib.display import day_short
from credit.domain.stages import DECIDE, NOTICE, SIGN
from credit.models import Decision, Notice, Objection, Round
from credit.selectors.decisions import undecided
from credit.selectors.gates import each
from credit.selectors.notices import unshown_in
from credit.selectors.stages import Blocker, gate

LEAVING = (NOTICE, SIGN)


def _ids(rounds: Sequence[Round]) -> list[int]:
    return [round.pk for round in rounds]


@gate((DECIDE, SIGN))
def nobody_to_show(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """A round goes to signing without a notice only when nobody agreed to be shown."""
    found = {pk: len(rows) for pk, rows in unshown_in(_ids(rounds)).items()}

    def tell(round: Round) -> tuple[str, int] | None:
        count = found[round.pk]
        words = ngettext("有 %(count)s 户同意公示，要先公示", "有 %(count)s 户同意公示，要先公示", count)
        return (words % {"count": count}, count) if count else None

    return each(rounds, "to_publicise", NOTICE, tell)


@gate(LEAVING)
def everybody_shown(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """Who agreed to be shown hangs, or agreed only after the last notice was prepared; a line decided since then is shown anew."""
    confirmed = Notice.objects.filter(round__in=_ids(rounds), confirmed_at__isnull=False)
    last: dict[int, datetime] = dict(confirmed.values_list("round_id").annotate(Max("prepared_at")).order_by())
    found = unshown_in(_ids(rounds))

    def tell(round: Round) -> tuple[str, int] | None:
        since = last.get(round.pk)
        count = sum(since is None or one.line.approved_at > since for one in found[round.pk])
        words = ngettext("%(count)s 户同意公示，还没有公示", "%(count)s 户同意公示，还没有公示", count)
        return (words % {"count": count}, count) if count else None

    return each(rounds, "not_shown", NOTICE, tell)


@gate(LEAVING)
def notices_over(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """Every notice was confirmed and its window is over."""
    rows = Notice.objects.filter(round__in=_ids(rounds), dropped_at__isnull=True)
    waiting = set(rows.filter(confirmed_at__isnull=True).values_list("round_id", flat=True))
    running = rows.filter(ends_on__gte=clock.today())
    until = dict(running.values_list("round_id").annotate(Max("ends_on")).order_by())

    def tell(round: Round) -> tuple[str, int] | None:
        if round.pk in waiting:
            return _("公示名单还没有核对"), 1
        if round.pk in until:
            return _("公示到 %(day)s") % {"day": day_short(until[round.pk])}, 1
        return None

    return each(rounds, "notice_hangs", NOTICE, tell)


@gate(LEAVING)
def objections_settled(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """Every objection has its answer."""
    rows = Objection.objects.filter(notice__round__in=_ids(rounds), settled_at__isnull=True)
    counts = dict(rows.values_list("notice__round_id").annotate(Count("pk")).order_by())

    def tell(round: Round) -> tuple[str, int] | None:
        count = counts.get(round.pk, 0)
        words = ngettext("还有 %(count)s 条异议没有办结", "还有 %(count)s 条异议没有办结", count)
        return (words % {"count": count}, count) if count else None

    return each(rounds, "objections_open", NOTICE, tell)


@gate(LEAVING)
def decided_anew(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """What an objection sent back is decided again."""
    rows = undecided(Decision.objects.filter(round__in=_ids(rounds))).order_by()
    counts = dict(rows.values_list("round_id").annotate(Count("pk")))

    def tell(round: Round) -> tuple[str, int] | None:
        count = counts.get(round.pk, 0)
        words = ngettext("%(count)s 户退回重定，还没有审批完", "%(count)s 户退回重定，还没有审批完", count)
        return (words % {"count": count}, count) if count else None

    return each(rounds, "sent_back", "review", tell)
