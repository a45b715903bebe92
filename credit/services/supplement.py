"""Supplements: households a round could not merge are assessed once more, by people who have seen nothing (Semantics, section 4)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.lib import clock
from credit.domain.opinions import Opinion, OpinionKind
from credit.models import Decision, Round, SheetSubject
from credit.selectors.decisions import where, with_standing
from credit.selectors.opinions import of_round
from credit.selectors.rounds import rules_of
from credit.selectors.supplements import waiting_for_opinions
from credit.services import stages
from credit.services.computing import compute
from grids.access import Post, PostKind, Staff
from grids.services import Refused


@transaction.atomic
def ask(*, by: Staff, post: Post, parent: Round, subjects: Collection[int], due_on: date, because: str) -> Round:
    """Begin a supplement of a round for households that wait for opinions or differ too much; return it, ready for its assessors.

    It takes over the frozen rules; its roster is these households and stays so. One at a time in a round.
    """
    parent = stages.locked(parent)
    if post.kind != PostKind.BRANCH_MANAGER:
        raise Refused(_("由支行行长办理"))
    if parent.parent_id is not None or parent.stage not in Round.DECIDABLE:
        raise Refused(_("这一轮不在审批阶段"))
    if due_on <= clock.today():
        raise Refused(_("截止日期要晚于今天"))
    if not because.strip():
        raise Refused(_("请写明理由"))
    waiting = waiting_for_opinions(parent)
    chosen = sorted(set(subjects))
    if not chosen or not waiting.keys() >= set(chosen):
        raise Refused(_("请选择待补评议或有分歧的农户"))
    round = _begin(by, parent, due_on)
    roster = SheetSubject.objects.filter(round=parent, subject_id__in=chosen).order_by("subject_id")
    SheetSubject.objects.bulk_create(
        [
            SheetSubject(
                institution_id=row.institution_id,
                grid_id=row.grid_id,
                recorded_grid_id=row.grid_id,
                round=round,
                subject_id=row.subject_id,
                borrower_id=row.borrower_id,
                is_attention=row.is_attention,
                is_white=row.is_white,
                exception=row.exception,
                note=row.note,
            )
            for row in roster
        ],
        batch_size=1000,
    )
    detail = {"because": because.strip()[:200], "households": len(chosen), "supplement": round.pk}
    stages.record(by, post, "supplement_asked", parent, **detail)
    return round


def _begin(by: Staff, parent: Round, due_on: date) -> Round:
    number = Round.objects.filter(parent=parent).count() + 1
    ending = _(" · 第 %(number)s 次补充") % {"number": number}
    try:
        with transaction.atomic():
            return Round.objects.create(
                institution_id=parent.institution_id,
                grid_id=parent.grid_id,
                parent=parent,
                name=parent.name[: 80 - len(ending)] + ending,
                stage=Round.Stage.LIST,
                settings=parent.settings,
                rules_id=parent.rules_id,
                owner=by,
                due_on=due_on,
                stage_since=clock.now(),
            )
    except IntegrityError as error:
        if "one_running_supplement" not in str(error):
            raise
        raise Refused(_("已有一次补充评议在进行")) from error


def merge(round: Round, grid_of: Mapping[int, int]) -> int:
    """Merge the opinions of an opened supplement with those of its round, and write further computations there; returns how many.

    The opener's part, in the transaction of the opening. A household the round has decided on meanwhile stays decided.
    """
    parent = Round.objects.select_for_update(of=("self",)).get(supplements=round)
    open_ones = with_standing(Decision.objects.filter(round=parent, subject_id__in=grid_of)).filter(
        where("supplement") | where("divergent")
    )
    numbers = dict(open_ones.values_list("subject_id", "number"))
    opinions: dict[int, list[Opinion]] = defaultdict(list)
    for row in of_round(parent).filter(subject_id__in=numbers).order_by("sheet_id"):
        opinions[row.subject_id].append(Opinion(OpinionKind(row.kind), row.amount, tuple(row.reasons), row.score))
    return compute(
        round=parent,
        rules=rules_of(parent),
        opinions=opinions,
        grid_of={subject: grid_of[subject] for subject in numbers},
        numbers={subject: number + 1 for subject, number in numbers.items()},
    )
