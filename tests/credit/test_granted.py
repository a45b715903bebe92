"""What a round has granted: approved above nothing, standing, not blocked; each with the grade its model gave."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.lib import jobs
from credit.models import LineRun
from credit.selectors.granted import granted_of
from credit.services import decisions as services
from credit.services import lines
from customers.models import Household
from tests.conftest import acting_as
from tests.credit import files
from tests.credit import village as make
from tests.credit.test_decisions import act, decision_of, opened, same
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
WAN = Decimal(10_000)


def grant(world: World, subject: int, wan: Decimal) -> None:
    """Propose as Chen and approve as Gao."""
    decision = decision_of(subject)
    act(services.propose, world.chen, decision, amount=wan * WAN, seen=0)
    act(services.approve, world.gao, decision, amount=wan * WAN, seen=1)


def test_only_what_stands_is_granted(world: World) -> None:
    village = opened(world, same("4"), same("3"), same("2"), same("4"), same("4"))
    kept, withdrawn, blocked, nothing, _open = village.households
    for subject, wan in ((kept, 4), (withdrawn, 3), (blocked, 2), (nothing, 0)):
        grant(world, subject, Decimal(wan))
    act(services.withdraw, world.gao, decision_of(withdrawn), seen=2, reason="搬走了")
    make.block(world, blocked)

    with acting_as(world.gao):
        found = granted_of(village.round)
    assert [(one.subject_id, one.decision_id, one.amount, one.grade) for one in found] == [
        (kept, decision_of(kept).pk, 4 * WAN, None)
    ]


def test_each_line_carries_the_grade_its_model_gave(world: World) -> None:
    village = make.started(world, 2)
    filed, unfiled = village.households
    files.release_models(world)
    files.file(Household.objects.get(pk=filed), world.chen, world.deng)
    run = files.started(world)
    jobs.drive_run(run.run_id)
    lines.publish_run(run=LineRun.objects.get(pk=run.pk), staff=world.gao)
    make.seal_all(village, *[dict.fromkeys(village.households, make.amount("1"))] * 3)
    make.open_sheets(village)
    for subject in village.households:
        grant(world, subject, Decimal(1))

    grades = {one.subject_id: one.grade and one.grade.label.text("en") for one in granted_of(village.round)}
    assert grades == {filed: "grade three", unfiled: None}


def test_queries_do_not_grow_with_the_village(world: World) -> None:
    village = opened(world, *[same("4")] * 6)
    grant(world, village.households[0], Decimal(4))

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            granted_of(village.round)
        return len(queries)

    few = counted()
    for subject in village.households[1:]:
        grant(world, subject, Decimal(4))
    assert counted() == few
