"""Opening: two people, once, everything or nothing."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from credit.models import Decision, OpeningEvent, Opinion, Round
from customers.models import Milestone
from tests.credit import village as make
from tests.world import World


@pytest.fixture(autouse=True)
def opener(tmp_path: Path) -> Iterator[None]:
    with make.opener_key(tmp_path):
        yield


def test_three_sheets_become_decisions(world: World) -> None:
    village = make.started(world, 4)
    a, b, c, d = village.households
    make.seal_all(
        village,
        {a: make.amount("3"), b: make.amount("5"), c: make.REFUSE, d: make.amount("1")},
        {a: make.amount("4"), b: make.UNKNOWN, c: make.REFUSE, d: make.amount("2")},
        {a: make.amount("5"), b: make.amount("5"), c: make.amount("2"), d: make.amount("8")},
    )

    run = make.open_sheets(village)

    assert (run.state, run.result) == ("done", {"round": village.round.pk})
    assert village.round.stage == Round.Stage.DECIDE
    assert Opinion.objects.count() == 12
    found = {row.subject_id: (row.outcome, row.merged_amount, row.proposed_amount) for row in Decision.objects.all()}
    assert found == {
        a: ("merged", Decimal(30000) + Decimal(5000), Decimal(35000)),
        b: ("supplement", None, None),
        c: ("refused", None, None),
        d: ("divergent", None, None),
    }
    assert set(Milestone.objects.filter(kind="assessed").values_list("subject_id", flat=True)) == {a, b, c, d}
    event = OpeningEvent.objects.get()
    assert [entry["number"] for entry in event.sheets] == [1, 2, 3]
    assert all(len(entry["sha256"]) == 64 for entry in event.sheets)
