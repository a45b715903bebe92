"""Opening: two people, once, everything or nothing."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from config.lib import clock
from config.lib.models import JobRun
from credit.models import Decision, OpeningEvent, OpeningRequest, Opinion, Round, SealedSheet
from credit.services import opening, rounds, sheets
from customers.models import Milestone
from grids.models import PostKind
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")


def columns(village: make.Village, *answers: tuple[dict[str, object], ...]) -> list[dict[int, dict[str, object]]]:
    """Turn answers by household into answers by sheet."""
    return [dict(zip(village.households, column, strict=True)) for column in zip(*answers, strict=True)]


def test_three_sheets_become_decisions(world: World) -> None:
    village = make.started(world, 4)
    a, b, c, d = village.households
    wan = make.amount
    make.seal_all(
        village,
        *columns(
            village,
            (wan("3"), wan("4"), wan("5")),
            (wan("5"), make.UNKNOWN, wan("5")),
            (make.REFUSE, make.REFUSE, wan("2")),
            (wan("1"), wan("2"), wan("8")),
        ),
    )

    run = make.open_sheets(village)

    assert (run.state, run.result) == ("done", {"round": village.round.pk})
    assert village.round.stage == Round.Stage.DECIDE
    assert Opinion.objects.count() == 12
    found = {row.subject_id: (row.outcome, row.merged_amount, row.proposed_amount) for row in Decision.objects.all()}
    assert found == {
        a: ("merged", Decimal(35_000), Decimal(35_000)),
        b: ("supplement", None, None),
        c: ("refused", None, None),
        d: ("divergent", None, None),
    }
    assert set(Milestone.objects.filter(kind="assessed").values_list("subject_id", flat=True)) == {a, b, c, d}
    event = OpeningEvent.objects.get()
    assert [entry["number"] for entry in event.sheets] == [1, 2, 3]
    assert all(len(entry["sha256"]) == 64 for entry in event.sheets)


def test_only_a_valid_opinion_makes_a_household_assessed(world: World) -> None:
    village = make.started(world, 2)
    first, second = village.households
    make.seal_all(village, {first: make.amount("2")}, {}, {second: {"kind": "recused"}})
    make.open_sheets(village)
    assert list(Milestone.objects.filter(kind="assessed").values_list("subject_id", flat=True)) == [first]
    assert set(Decision.objects.values_list("outcome", flat=True)) == {"supplement"}


def test_without_a_model_line_a_household_waits_for_its_file(world: World) -> None:
    village = make.started(world, 1, rules={"line": {"model_required": True}})
    same = {village.households[0]: make.amount("3")}
    make.seal_all(village, same, same, same)
    make.open_sheets(village)
    decision = Decision.objects.get()
    assert (decision.outcome, decision.merged_amount, decision.proposed_amount) == ("needs_file", 30_000, None)


def test_opening_early_needs_every_sheet_and_two_people(world: World) -> None:
    village = make.started(world)
    make.seal(village, 0)
    make.seal(village, 1)
    with acting_as(world.gao) as post:
        assert post is not None
        with pytest.raises(Refused, match="截止"):
            opening.ask(by=world.gao, post=post, round=village.round)
        sheets.excuse(by=world.gao, post=post, sheet=village.sheets[2], reason="外出")
        opening.ask(by=world.gao, post=post, round=village.round)
        with pytest.raises(Refused, match="等第二人"):
            opening.ask(by=world.gao, post=post, round=village.round)
        with pytest.raises(Refused, match="两个人"):
            opening.second(by=world.gao, post=post, round=village.round)
        opening.take_back(by=world.gao, post=post, round=village.round)
        opening.ask(by=world.gao, post=post, round=village.round)
    with acting_as(world.chen) as post:
        assert post is not None
        with pytest.raises(Refused):
            opening.second(by=world.chen, post=post, round=village.round)
    with acting_as(world.jiang) as post:
        assert post is not None
        opening.second(by=world.jiang, post=post, round=village.round)
    village.round.refresh_from_db()
    assert village.round.stage == "opening"
    assert JobRun.objects.get().kind == "open_round"


def test_after_the_due_date_what_is_not_sealed_does_not_count(world: World) -> None:
    village = make.started(world)
    for place in (0, 1):
        make.seal(village, place)
    make.fill(village, 2, {village.households[0]: make.amount("3")})
    with time_machine.travel(clock.now() + timedelta(days=8), tick=True):
        run = make.open_sheets(village)
    assert run.state == "done"
    village.sheets[2].refresh_from_db()
    assert village.sheets[2].state == "excused"
    assert set(Opinion.objects.values_list("sheet__number", flat=True)) == {1, 2}


def test_nobody_signs_for_another(world: World) -> None:
    village = make.started(world)
    with acting_as(world.gao):
        for who in ({"asked_by": world.he}, {"asked_by": world.gao, "seconded_by": world.jiang}):
            with pytest.raises(DatabaseError), transaction.atomic():
                OpeningRequest.objects.create(institution=world.bank, grid=world.liu, round=village.round, **who)


def test_a_round_opens_once(world: World) -> None:
    village = make.started(world)
    make.seal_all(village, {}, {}, {})
    make.open_sheets(village)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('role', 'gedang_opener', true)")
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("select * from acc.open_round(%s, now())", [village.round.pk])
        cursor.execute("select set_config('role', 'gedang_owner', true)")
    with acting_as(world.gao) as post:
        assert post is not None
        with pytest.raises(Refused):
            opening.ask(by=world.gao, post=post, round=village.round)
        with pytest.raises(Refused):
            opening.again(by=world.gao, post=post, round=village.round)


def test_a_sheet_that_does_not_open_stops_the_whole_and_can_be_replaced(world: World) -> None:
    village = make.started(world)
    make.fill(village, 0, {village.households[0]: make.amount("7.7")})
    for place in (0, 1, 2):
        make.seal(village, place)
    blob = bytearray(SealedSheet.objects.get(sheet=village.sheets[1]).blob)
    blob[-1] ^= 1
    SealedSheet.objects.filter(sheet=village.sheets[1]).update(blob=bytes(blob))  # the owner, as a broken disk would

    run = make.open_sheets(village)

    assert (run.state, "sheet 2" in run.error) == ("failed", True)
    assert "77000" not in f"{run.error}{run.result}{list(run.chunks.values())}"
    assert village.round.stage == Round.Stage.ASSESS
    assert not Opinion.objects.exists()
    assert not OpeningEvent.objects.exists()
    with acting_as(world.gao) as post:
        assert post is not None
        sheets.withdraw(by=world.gao, post=post, sheet=village.sheets[1], reason="无法打开")
        again, _ = rounds.add_own_sheet(by=world.gao, post=post, round=village.round, name="补一")
    assert again.assessor is not None
    with acting_as(again.assessor, PostKind.ASSESSOR) as post:
        assert post is not None
        sheets.seal(by=again.assessor, post=post, sheet=again, blanks_are_unknown=True)
    assert make.open_sheets(village).state == "done"
    assert set(Opinion.objects.values_list("sheet__number", flat=True)) == {1, 3, 4}


def test_another_openers_key_opens_nothing(world: World, tmp_path: Path) -> None:
    village = make.started(world)
    make.seal_all(village, {}, {}, {})
    other = tmp_path / "other"
    other.write_text("b" * 43 + "=\n")
    from django.test import override_settings

    with override_settings(OPENER_KEY_FILE=other):
        run = make.open_sheets(village)
    assert run.state == "failed"
    with override_settings(OPENER_KEY_FILE=None):
        run = make.open_sheets(village)
    assert run.state == "failed"
    assert make.open_sheets(village).state == "done"


def test_kin_and_strangers_leave_the_quorum_short(world: World) -> None:
    village = make.started(world, 1)
    subject = village.households[0]
    make.seal_all(village, {subject: make.amount("5")}, {subject: make.UNKNOWN}, {subject: make.amount("5")})
    make.open_sheets(village)
    assert Decision.objects.get().outcome == "supplement"
