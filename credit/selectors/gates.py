"""What must be done before a round leaves a stage: preparation, list, decisions. Each gate answers for many rounds with one query.

The gates of publicity and signing lie in files of their own and are imported at the end, so that whoever asks finds them all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from config.lib import clock, releases
from credit.domain.rules import RoundRules
from credit.domain.stages import ASSESS, CLOSED, DECIDE, LIST, NOTICE, PREPARE, SIGN
from credit.models import Decision, OpenerKey, Round, Sheet, SheetSubject
from credit.selectors.decisions import undecided, where, with_standing
from credit.selectors.listing import changed_since, without_borrower
from credit.selectors.stages import Blocker, gate
from customers.selectors.assessment import roster_counts

FEWEST_SHEETS = 3
"""A round starts with so many sheets at least; the released quorum may ask for more."""


def page(round: Round, name: str, query: str = "") -> str:
    """Return the address of a page of a round, for a blocker to lead to."""
    return reverse("credit:round_stage", args=[round.pk, name]) + query


def each(
    rounds: Sequence[Round],
    code: str,
    place: str,
    tell: Callable[[Round], tuple[str, int] | None],
    query: str = "",
) -> dict[int, Blocker]:
    """Return the blockers of the rounds of which ``tell`` has something to say: the words and how many."""
    told = {round: tell(round) for round in rounds}
    return {round.pk: Blocker(code, *said, page(round, place, query)) for round, said in told.items() if said}


@gate((PREPARE, LIST))
def rules_released(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """Rules and refusal reasons are in force."""
    missing: set[int] = set()
    for institution_id in {round.institution_id for round in rounds}:
        for kind in ("round_rules", "refuse_reasons"):
            try:
                releases.in_force(institution_id, kind, clock.today())
            except releases.NotReleased:
                missing.add(institution_id)
    words = _("评议规则还没有发布，请联系参数管理岗")
    return each(rounds, "no_rules", PREPARE, lambda round: (words, 1) if round.institution_id in missing else None)


@gate((PREPARE, LIST))
def somebody_to_assess(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """A roster without an assessable household is no round."""
    counts = roster_counts(round.grid_id for round in rounds)
    words = _("这个网格没有可评议的农户，请先导入名册")

    def tell(round: Round) -> tuple[str, int] | None:
        households, blocked = counts[round.grid_id]
        return None if households > blocked else (words, 1)

    return each(rounds, "no_households", PREPARE, tell)


@gate((LIST, ASSESS))
def somebody_left_to_assess(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """The frozen list still has an assessable household."""
    listed = SheetSubject.objects.filter(round__in=rounds, is_assessable=True).order_by()
    counts = dict(listed.values_list("round_id").annotate(count=Count("pk")))
    words = _("名单上没有可评议的农户")
    return each(rounds, "no_households", LIST, lambda round: None if counts.get(round.pk) else (words, 1))


@gate((LIST, ASSESS))
def one_borrower_each(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """Every household that is assessed has one borrower of age, or its exception by name; a supplement keeps its round's."""
    counts = without_borrower([round for round in rounds if round.parent_id is None])

    def tell(round: Round) -> tuple[str, int] | None:
        count = counts.get(round.pk, 0)
        return (_("%(count)s 户没有成年借款人，请指定或写明例外") % {"count": count}, count) if count else None

    return each(rounds, "no_borrower", LIST, tell, "?show=open")


@gate((LIST, ASSESS))
def list_is_fresh(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """The list says what roster and blocking lists say now; a supplement is about some households of its round's list alone."""
    counts = changed_since([round for round in rounds if round.parent_id is None])

    def tell(round: Round) -> tuple[str, int] | None:
        count = counts.get(round.pk, 0)
        return (_("名册或名单有 %(count)s 户变动，请重读") % {"count": count}, count) if count else None

    return each(rounds, "changed", LIST, tell)


@gate((LIST, ASSESS))
def enough_sheets(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """As many sheets as the quorum of the frozen rules asks for, three at least."""
    living = Sheet.objects.filter(round__in=rounds).exclude(state=Sheet.State.WITHDRAWN).order_by()
    counts = dict(living.values_list("round_id").annotate(count=Count("pk")))

    def tell(round: Round) -> tuple[str, int] | None:
        needed, count = sheets_needed(round), counts.get(round.pk, 0)
        told = {"needed": needed, "count": count}
        return (_("至少要有 %(needed)s 份评议表，现有 %(count)s 份") % told, needed - count) if count < needed else None

    return each(rounds, "few_sheets", LIST, tell)


def sheets_needed(round: Round) -> int:
    """Return how many sheets a round needs to start; before its rules are frozen the fewest of any."""
    if round.parent_id:
        return 1  # its opinions join those of the round it supplements
    if not round.settings:
        return FEWEST_SHEETS
    return max(FEWEST_SHEETS, RoundRules.from_document(round.settings).merge.quorum)


@gate((LIST, ASSESS))
def day_ahead(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """Assessors need time: the assessment's last day lies ahead."""
    words = _("截止日期要晚于今天")
    return each(rounds, "due_passed", LIST, lambda round: (words, 1) if round.due_on <= clock.today() else None)


@gate((LIST, ASSESS))
def opener_there(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """Without the opener's key nothing can be sealed."""
    if OpenerKey.objects.exists():
        return {}
    words = _("开启进程还没有运行过，暂时不能封存，请联系系统管理员")
    return each(rounds, "no_opener", LIST, lambda _round: (words, 1))


def _counted(rounds: Sequence[Round], decisions: Any) -> dict[int, int]:
    return dict(decisions.order_by().values_list("round_id").annotate(count=Count("pk")))


@gate((DECIDE, NOTICE), (DECIDE, SIGN), (DECIDE, CLOSED), (SIGN, CLOSED))
def all_decided(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """Every figure a person decides is decided."""
    left = _counted(rounds, undecided(Decision.objects.filter(round__in=rounds)))

    def tell(round: Round) -> tuple[str, int] | None:
        count = left.get(round.pk, 0)
        return (_("还有 %(count)s 户没有审批完") % {"count": count}, count) if count else None

    return each(rounds, "undecided", "review", tell)


@gate((DECIDE, CLOSED), (SIGN, CLOSED))
def no_supplement(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """What a supplement says is merged into its round, which waits for it."""
    running = Round.objects.filter(parent__in=rounds).exclude(stage=CLOSED).values_list("parent_id", flat=True)
    waiting = set(running)
    words = _("补充评议还没有开启")
    return each(rounds, "supplement", "merge", lambda round: (words, 1) if round.pk in waiting else None)


@gate((DECIDE, CLOSED))
def nothing_granted(rounds: Sequence[Round]) -> Mapping[int, Blocker]:
    """What was granted is publicised and signed before a round is closed; a supplement's decisions are its parent's."""
    granted = with_standing(Decision.objects.filter(round__in=rounds)).filter(where("granted"))
    left = _counted(rounds, granted)

    def tell(round: Round) -> tuple[str, int] | None:
        count = left.get(round.pk, 0)
        return (_("有 %(count)s 户已授信，先公示或签约") % {"count": count}, count) if count else None

    return each(rounds, "granted", "review", tell)


from credit.selectors import gates_notices  # noqa: E402, F401  they use what stands above
