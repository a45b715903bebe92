"""Trainings: one for the whole bank with a test, one in each of the first branches, one to come; who missed it and why."""

from datetime import datetime, timedelta
from decimal import Decimal

from grids.models import Branch, Staff, Training
from grids.services import trainings
from grids.services.trainings import Said
from reporting.demo.organisation import Organisation
from reporting.demo.rounds import acting, clock_at

BRANCHES = 3


def write(people: Organisation, now: datetime) -> int:
    """Hold them; returns how many there are."""
    officers = [officer for branch in people.branches for officer in people.officers[branch.pk]]
    administrator = people.administrators[0]
    _hold(
        administrator,
        None,
        "整村授信系统上岗培训",
        "start",
        now - timedelta(days=60),
        officers,
        Decimal(6),
        has_test=True,
    )
    for place, branch in enumerate(people.branches[:BRANCHES]):
        manager = people.managers[branch.pk]
        team = people.officers[branch.pk]
        _hold(manager, branch, "入户采集与告知同意", "privacy", now - timedelta(days=20 - place), team, Decimal("1.5"))
    with clock_at(now - timedelta(days=1)), acting(administrator) as post:
        coming = trainings.announce(
            by=administrator,
            post=post,
            branch=None,
            title="反洗钱与名单管理",
            kind="compliance",
            on=(now + timedelta(days=6)).date(),
            place="总行三楼会议室",
            trainer="合规部",
            hours=Decimal(2),
            has_test=False,
            material="合规〔2026〕31 号",
        )
        ids = [officer.pk for officer in officers]
        trainings.invite(training=coming, by=administrator, post=post, staff_ids=ids)
    return Training.objects.count()


def _hold(
    by: Staff,
    branch: Branch | None,
    title: str,
    kind: str,
    on: datetime,
    people: list[Staff],
    hours: Decimal,
    *,
    has_test: bool = False,
) -> None:
    """Announce, invite and record one: every seventh person missed it, every fifth failed the test, the last of all is open."""
    with clock_at(on), acting(by) as post:
        session = trainings.announce(
            by=by,
            post=post,
            branch=branch,
            title=title,
            kind=kind,
            on=on.date(),
            place="总行三楼会议室" if branch is None else f"{branch.name}会议室",
            trainer="培训中心" if branch is None else by.name,
            hours=hours,
            has_test=has_test,
        )
        trainings.invite(training=session, by=by, post=post, staff_ids=[one.pk for one in people])
        said = []
        for place, one in enumerate(people, start=1):
            if place == len(people) and branch is not None:
                continue
            if place % 7 == 0:
                said.append(Said(staff_id=one.pk, state="absent", reason="病假"))
            else:
                passed = place % 5 != 0 if has_test else None
                said.append(Said(staff_id=one.pk, state="attended", passed=passed))
        trainings.note(training=session, by=by, post=post, said=said)
