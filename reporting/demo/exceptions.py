"""What the deciding of the demo rounds is held up by: exceptions people noted, a proposal given back and made anew, a group decision."""

from datetime import datetime, timedelta
from decimal import Decimal

from credit.models import Decision, Round
from credit.selectors.decisions import where, with_standing
from credit.services import decisions, exceptions
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at

NOTED = (("away", "全家在宁波务工，春节前后回村再谈"), ("declined", "户主说暂时不用钱，不要额度"))
WAN = Decimal(10_000)


def write(organisation: Organisation, now: datetime) -> int:
    """Write them in the rounds that are being decided; returns how many exceptions were noted."""
    count = 0
    for place, held in enumerate(Round.objects.filter(stage=Round.Stage.DECIDE).select_related("grid").order_by("pk")):
        with clock_at(now - timedelta(days=1)):
            count += _note(organisation, held)
            _settle(organisation, held)
            if not place:
                _give_back(organisation, held)
    return count


def _note(organisation: Organisation, held: Round) -> int:
    officer = organisation.officer_of[held.grid_id]
    found = list(
        with_standing(Decision.objects.filter(round=held)).filter(where("to_propose") | where("at_branch"))[:2]
    )
    with acting(officer) as post:
        for decision, (code, reason) in zip(found, NOTED, strict=False):
            exceptions.note(by=officer, post=post, decision=decision, code=code, reason=reason)
    return len(found)


def _settle(organisation: Organisation, held: Round) -> None:
    """The group settles one divided household at the lowest figure that was said."""
    manager = organisation.managers[held.grid.branch_id]
    divided = (
        with_standing(Decision.objects.filter(round=held)).filter(where("divergent"), model_line__isnull=False).first()
    )
    if divided is None:
        return
    said = next(step["values"] for step in divided.trace["merge"]["trace"] if step["code"] == "spread_too_wide")
    members = f"{manager.name}、{organisation.officer_of[held.grid_id].name}"
    with acting(manager) as post:
        decisions.propose(
            by=manager, post=post, decision=divided, amount=Decimal(said["lowest"]), seen=0,
            reason="评议差距大，按最低一份取，来年看经营再调", members=members,
        )  # fmt: skip


def _give_back(organisation: Organisation, held: Round) -> None:
    """The branch gives one proposal back; the officer makes it anew, lower."""
    officer, manager = organisation.officer_of[held.grid_id], organisation.managers[held.grid.branch_id]
    waiting = with_standing(Decision.objects.filter(round=held)).filter(
        where("to_propose"), proposed_amount__gt=2 * WAN
    )
    decision = waiting.last()
    if decision is None or decision.proposed_amount is None:
        return
    amount = decision.proposed_amount
    with acting(officer) as post:
        decisions.propose(
            by=officer, post=post, decision=decision, amount=amount, seen=0, reason="收入稳定，按测算提交"
        )
    with acting(manager) as post:
        decisions.give_back(
            by=manager, post=post, decision=decision, seen=1, reason="对外担保没有说明，请补充并考虑调低"
        )
    with acting(officer) as post:
        decisions.propose(
            by=officer,
            post=post,
            decision=decision,
            amount=amount - WAN,
            seen=2,
            reason="为亲戚担保 2 万元，调低 1 万元",
        )
