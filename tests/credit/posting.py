"""A round of Liu Village that is publicised: opened, decided, with consents, and the steps of its notice and objections."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from config.lib import clock, jobs, releases
from config.lib.models import JobRun
from config.lib.weeks import SHANGHAI
from credit.models import Notice, Objection, Round
from credit.objectors import Source
from credit.services import decisions, notices, objections, stages
from customers.models import Consent, Subject
from grids.models import Staff
from tests.conftest import acting_as
from tests.credit import village as make
from tests.credit.test_decisions import decision_of, opened, same
from tests.world import SINCE, World

WAN = Decimal(10_000)
SOURCE = Source("赵铁柱", "13900000001", "他家去年就欠着农机款没还")


def release_rules(world: World, **changes: Any) -> None:
    """Release the shipped rules of notices, with changes, and of village reports."""
    shipped = {
        name: json.loads((make.PARAMETERS / f"{name}.json").read_text("utf-8"))
        for name in ("notice_rules", "village_report")
    }
    for kind, document in shipped.items():
        releases.publish(
            institution_id=world.bank.pk,
            kind=kind,
            document={**document, **(changes if kind == "notice_rules" else {})},
            effective_on=SINCE,
            drafted_by_id=world.mo.pk,
            released_by_id=world.ning.pk,
        )


def consent(
    world: World, subject_id: int, how: str = "spoken", at: datetime | None = None, version: int = 1
) -> Consent:
    """Write what a household said on collection and publicity; ``withdrawn`` takes publicity back alone."""
    subject = Subject.objects.get(pk=subject_id)
    return Consent.objects.create(
        institution=subject.institution, grid=subject.grid, recorded_grid=subject.grid, subject=subject,
        notice_version=version, scopes=["publicity"] if how == "withdrawn" else ["collection", "publicity"], how=how,
        given_at=at or clock.now(), taken_by=world.chen,
    )  # fmt: skip


def decided(world: World, *wan: str, agreed: int | None = None, **rules: Any) -> make.Village:
    """A round opened and granted as given (0: nothing), the first ``agreed`` households (all of them) having agreed to be shown."""
    release_rules(world, **rules)
    village = opened(world, *(same(one if Decimal(one) else "1") for one in wan))
    for subject in village.households[:agreed]:
        consent(world, subject)
    for subject, figure in zip(village.households, wan, strict=True):
        grant(world, subject, Decimal(figure))
    return village


def grant(world: World, subject: int, wan: Decimal) -> None:
    """Propose as Chen and approve as Gao."""
    decision = decision_of(subject)
    with acting_as(world.chen) as post:
        assert post is not None
        decisions.propose(by=world.chen, post=post, decision=decision, amount=wan * WAN, seen=0)
    with acting_as(world.gao) as post:
        assert post is not None
        decisions.approve(by=world.gao, post=post, decision=decision, amount=wan * WAN, seen=1)


def move(world: World, round: Round, to: str) -> Round:
    """Take the round on as Gao."""
    with acting_as(world.gao) as post:
        assert post is not None
        stages.move(by=world.gao, post=post, round=round, to=to)
    round.refresh_from_db()
    return round


def prepared(world: World, *wan: str, **more: Any) -> tuple[make.Village, Notice]:
    """A notice Chen prepared, waiting for a second person."""
    village = decided(world, *wan, **more)
    move(world, village.round, "notice")
    return village, prepare(world, village.round)


def prepare(world: World, round: Round, by: Staff | None = None) -> Notice:
    """Prepare a notice as Chen, or another."""
    staff = by or world.chen
    with acting_as(staff) as post:
        assert post is not None
        return notices.prepare(by=staff, post=post, round=round, place="村委会公告栏")


def posted(world: World, *wan: str, **more: Any) -> tuple[make.Village, Notice]:
    """A notice Chen prepared and Gao confirmed."""
    village, notice = prepared(world, *wan, **more)
    return village, confirm(world, notice)


def confirm(world: World, notice: Notice, by: Staff | None = None) -> Notice:
    """Confirm a notice as Gao, or another."""
    staff = by or world.gao
    with acting_as(staff) as post:
        assert post is not None
        return notices.confirm(by=staff, post=post, notice=notice)


def objected(world: World, notice: Notice, subject: int, source: Source = SOURCE, by: Staff | None = None) -> Objection:
    """Take an objection as Chen, or another."""
    staff = by or world.chen
    with acting_as(staff) as post:
        assert post is not None
        return objections.receive(
            by=staff, post=post, notice=notice, subject_id=subject, kind="debts", channel="visit", source=source
        )


def taken(world: World, objection: Objection, by: Staff | None = None) -> Objection:
    """Take an objection in hand as Gao, or another."""
    staff = by or world.gao
    with acting_as(staff) as post:
        assert post is not None
        return objections.take(by=staff, post=post, objection=objection)


def settled(
    world: World, objection: Objection, is_upheld: bool, by: Staff | None = None, answer: str = "查无此事，名单无误"
) -> Objection:
    """Settle an objection as Gao, or another, and drive what follows from it."""
    staff = by or world.gao
    with acting_as(staff) as post:
        assert post is not None
        objections.settle(by=staff, post=post, objection=objection, is_upheld=is_upheld, answer=answer)
    for run in JobRun.objects.filter(kind="recompute_round", state=JobRun.State.QUEUED):
        jobs.drive_run(run.pk)
    objection.refresh_from_db()
    return objection


def after(notice: Notice) -> datetime:
    """An instant on the first day after a notice's window."""
    assert notice.ends_on is not None
    return datetime.combine(notice.ends_on + timedelta(days=1), datetime.min.time(), SHANGHAI).replace(hour=10)


def villages_elsewhere(world: World) -> int:
    """A household of another village."""
    return make.household(world.zhao, "901", "赵九")
