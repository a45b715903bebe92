"""Two decided villages go on: one shows its result and has an objection in hand, one was closed weeks ago with its report.

Villagers are asked once their line is granted whether it may be shown; most agree, a few later take it back.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from credit.models import Decision, Notice, Round
from credit.objectors import Source
from credit.selectors.decisions import undecided, where, with_standing
from credit.selectors.granted import granted_of
from credit.selectors.notices import standing
from credit.services import bulk_decisions, decisions, notices, objections, stages
from customers.models import Consent
from grids.models import Staff
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at

PLACE = "村委会公告栏"
SPAN = timedelta(days=15)
"""From the last approval to the close: seven working days of the notice and what lies around them."""


def write(people: Organisation, now: datetime, seed: int) -> dict[str, int]:
    """Publicise the oldest decided village of the first branch up to its objection, and close another; returns the figures."""
    random = Random(seed)  # noqa: S311  a story to be told again, no secret
    home = people.branches[0].pk
    running = (
        Round.objects.filter(stage=Round.Stage.DECIDE, parent=None).select_related("grid").order_by("started_at", "pk")
    )
    decided = [held for held in running if _is_done(held)]
    showing = next((held for held in decided if held.grid.branch_id == home), None)
    over = next((held for held in decided if held != showing and _granted_at(held) + SPAN < now), None)
    for held in (showing, over):
        if held is not None:
            _settle_the_divided(people, held)
    if showing is not None:
        _show(people, showing, now, random)
    if over is not None:
        _close(people, over, random)
    return {"showing": int(showing is not None), "closed_with_report": int(over is not None)}


def _is_done(held: Round) -> bool:
    """Whether lines are granted and nothing is left but divided households the group can settle."""
    left = undecided(Decision.objects.filter(round=held))
    return bool(granted_of(held)) and not left.exclude(where("divergent"), model_line__isnull=False).exists()


def _settle_the_divided(people: Organisation, held: Round) -> None:
    """The group settles each divided household at the lowest figure that was said; the approver agrees."""
    manager, officer = people.managers[held.grid.branch_id], people.officer_of[held.grid_id]
    with clock_at(_granted_at(held) + timedelta(hours=1)):
        with acting(manager) as post:
            for one in with_standing(Decision.objects.filter(round=held)).filter(where("divergent")):
                said = next(step["values"] for step in one.trace["merge"]["trace"] if step["code"] == "spread_too_wide")
                decisions.propose(
                    by=manager, post=post, decision=one, amount=Decimal(said["lowest"]), seen=0,
                    reason="评议差距大，按最低一份取", members=f"{manager.name}、{officer.name}",
                )  # fmt: skip
        approver = people.approvers[0]
        with acting(approver) as post:
            bulk_decisions.approve_many(by=approver, post=post, decisions=Decision.objects.filter(round=held))


def _granted_at(held: Round) -> datetime:
    return max(line.approved_at for line in granted_of(held))


def _agree(held: Round, officer: Staff, at: datetime, random: Random) -> None:
    """Four households in five agree to be shown when they are told of their line."""
    place = {"institution_id": held.institution_id, "grid_id": held.grid_id, "recorded_grid_id": held.grid_id}
    words: dict[str, Any] = {"notice_version": 1, "how": Consent.How.SPOKEN, "given_at": at, "taken_by": officer}
    agreed = [line.subject_id for line in granted_of(held) if random.random() < 0.8]
    with acting(officer):
        Consent.objects.bulk_create(
            Consent(**place, **words, subject_id=subject, scopes=["collection", "publicity"]) for subject in agreed
        )


def _take_back(notice: Notice, officer: Staff, at: datetime) -> None:
    row = notice.rows.order_by("place")[4]
    place = {"institution_id": row.institution_id, "grid_id": row.grid_id, "recorded_grid_id": row.grid_id}
    with acting(officer):
        Consent.objects.create(
            **place, subject_id=row.subject_id, notice_version=1, scopes=["publicity"], how=Consent.How.WITHDRAWN,
            given_at=at, taken_by=officer,
        )  # fmt: skip


def _post(people: Organisation, held: Round, at: datetime, random: Random) -> Notice:
    manager, officer = people.managers[held.grid.branch_id], people.officer_of[held.grid_id]
    _agree(held, officer, at - timedelta(hours=2), random)
    with clock_at(at):
        with acting(manager) as post:
            stages.move(by=manager, post=post, round=held, to=Round.Stage.NOTICE)
        with acting(officer) as post:
            notice = notices.prepare(by=officer, post=post, round=held, place=PLACE)
        with acting(manager) as post:
            notice = notices.confirm(by=manager, post=post, notice=notice)
        with acting(officer) as post:
            notices.print_paper(by=officer, post=post, notice=notice, language="zh-hans")
    return notice


def _object(people: Organisation, notice: Notice, at: datetime) -> Any:
    officer = people.officer_of[notice.grid_id]
    with clock_at(at), acting(officer) as post:
        return objections.receive(
            by=officer,
            post=post,
            notice=notice,
            subject_id=standing(notice)[0].subject_id,
            kind="debts",
            channel="visit",
            source=Source("（演示）邻居", "13000000000", "去年给亲戚担保过农机贷款，档案里好像没有写。"),
        )


def _show(people: Organisation, held: Round, now: datetime, random: Random) -> None:
    """Three days ago the list was hung; since then somebody objected, and somebody took his consent back."""
    at = max(now - timedelta(days=3), _granted_at(held) + timedelta(hours=3))
    notice = _post(people, held, at, random)
    _object(people, notice, at + (now - at) / 2)
    _take_back(notice, people.officer_of[held.grid_id], at + (now - at) * 3 / 4)


def _close(people: Organisation, held: Round, random: Random) -> None:
    """Hung, one objection looked into and dismissed, nobody left to ask: closed, with its report."""
    manager, approver = people.managers[held.grid.branch_id], people.approvers[0]
    begun = _granted_at(held) + timedelta(days=1)
    notice = _post(people, held, begun, random)
    objection = _object(people, notice, begun + timedelta(days=1))
    with clock_at(begun + timedelta(days=2)), acting(approver) as post:
        objections.take(by=approver, post=post, objection=objection)
        objections.settle(
            by=approver, post=post, objection=objection, is_upheld=False, answer="经查担保已于上年解除，额度无误。"
        )
    if notice.ends_on is None:
        return
    over = datetime.combine(notice.ends_on + timedelta(days=1), begun.timetz())
    with clock_at(over), acting(manager) as post:
        held = stages.move(by=manager, post=post, round=held, to=Round.Stage.SIGN)
    with clock_at(over + timedelta(days=1)), acting(manager) as post:
        stages.move(by=manager, post=post, round=held, to=Round.Stage.CLOSED)
