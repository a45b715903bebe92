"""Rounds: who prepares and starts them, what is frozen, what the pages show."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from credit.models import Decision, DraftCell, OpenerKey, Round, Sheet, SheetSubject
from credit.services import rounds, sheets
from grids.models import Post, Staff
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")


def test_a_round_from_the_pages(world: World, client_of: Callable[..., Client]) -> None:
    make.publish_rules(world)
    make.household(world.liu, "001")
    gao = client_of(world.gao)
    due = clock.today() + timedelta(days=10)
    answer = gao.post(reverse("credit:round_new"), {"grid": world.liu.pk, "name": "", "due_on": due.isoformat()})
    round = Round.objects.get()
    assert answer["Location"] == reverse("credit:round", args=[round.pk])
    assert gao.get(answer["Location"]).status_code == 200

    page = gao.post(reverse("credit:round_add_own", args=[round.pk]), {"own-name": "王大"})
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assessor = Staff.objects.get(name="王大")
    assert assessor.number in page.content.decode()
    assert (assessor.kind, assessor.must_change_password) == ("outside", True)
    held = Post.objects.get(staff=assessor)
    assert (held.kind, held.to_on) == ("assessor", due + timedelta(days=1))

    paper = {"paper-assessor_name": "赵老", "paper-typist": world.chen.pk, "paper-confirmer": world.gao.pk}
    assert gao.post(reverse("credit:round_add_paper", args=[round.pk]), paper).status_code == 302
    same = {**paper, "paper-confirmer": world.chen.pk}
    assert gao.post(reverse("credit:round_add_paper", args=[round.pk]), same).status_code == 422
    assert Sheet.objects.count() == 2


def test_starting_freezes_roster_and_rules(world: World) -> None:
    village = make.prepared(world, 4)
    make.block(world, village.households[1])
    make.household(world.wang, "900")
    with acting_as(world.gao) as post:
        assert post is not None
        with pytest.raises(Refused, match="已不在这一步"):
            rounds.start_round(by=world.gao, post=post, round=village.round)
        rounds.freeze_list(by=world.gao, post=post, round=village.round)
        rounds.start_round(by=world.gao, post=post, round=village.round)
        with pytest.raises(Refused):
            rounds.start_round(by=world.gao, post=post, round=village.round)
    village.round.refresh_from_db()
    assert village.round.stage == "assess"
    assert village.round.settings["merge"]["quorum"] == 3
    roster = dict(SheetSubject.objects.values_list("subject_id", "excluded_because"))
    assert roster == {subject: "black" if place == 1 else "" for place, subject in enumerate(village.households)}
    assert DraftCell.objects.count() == 3 * 3
    make.publish_rules(world, merge={"quorum": 5})
    make.household(world.liu, "901")
    assert SheetSubject.objects.filter(round=village.round).count() == 4


def test_what_a_start_needs(world: World) -> None:
    make.publish_rules(world, merge={"quorum": 4})
    village = make.prepared(world, 1, rules={"merge": {"quorum": 4}})

    def start() -> None:
        with acting_as(world.gao) as post:
            assert post is not None
            rounds.start_round(by=world.gao, post=post, round=village.round)

    with acting_as(world.gao) as post:
        assert post is not None
        rounds.freeze_list(by=world.gao, post=post, round=village.round)
    with pytest.raises(Refused, match="至少要有 4 份"):
        start()
    with acting_as(world.gao) as post:
        assert post is not None
        rounds.add_paper_sheet(
            by=world.gao,
            post=post,
            round=village.round,
            assessor_name="赵老",
            typist=world.chen,
            confirmer=world.deng,
        )
    SheetSubject.objects.update(is_assessable=False, excluded_because="grey")
    with pytest.raises(Refused, match="没有可评议"):
        start()


def test_a_village_whose_households_are_all_listed_is_not_prepared_further(world: World) -> None:
    village = make.prepared(world, 1)
    make.block(world, village.households[0], "grey")
    with acting_as(world.gao) as post:
        assert post is not None
        with pytest.raises(Refused, match="没有可评议"):
            rounds.freeze_list(by=world.gao, post=post, round=village.round)


def test_without_the_openers_key_nothing_starts(world: World) -> None:
    village = make.prepared(world, 1)
    OpenerKey.objects.all().delete()
    with acting_as(world.gao) as post:
        assert post is not None
        rounds.freeze_list(by=world.gao, post=post, round=village.round)
        with pytest.raises(Refused, match="开启进程"):
            rounds.start_round(by=world.gao, post=post, round=village.round)


def test_who_may_not_assess_type_or_confirm(world: World) -> None:
    village = make.prepared(world, 1)
    add = {"by": world.gao, "round": village.round}
    with acting_as(world.gao) as post:
        with pytest.raises(Refused, match="不能做评议员"):
            rounds.add_own_sheet(**add, post=post, assessor=world.chen)
        paper = {**add, "post": post, "assessor_name": "赵老"}
        with pytest.raises(Refused, match="两个人"):
            rounds.add_paper_sheet(**paper, typist=world.deng, confirmer=world.deng)
        with pytest.raises(Refused, match="是这一轮的评议员"):
            rounds.add_paper_sheet(**paper, typist=village.assessors[0], confirmer=world.deng)
        rounds.add_paper_sheet(**paper, typist=world.deng, confirmer=world.gao)
        with pytest.raises(Refused, match="代录或核对"):
            rounds.add_own_sheet(**add, post=post, assessor=world.deng)
        with pytest.raises(Refused, match="已有一份"):
            rounds.add_own_sheet(**add, post=post, assessor=village.assessors[0])


def test_one_round_a_village_and_only_in_ones_branch(world: World, client_of: Callable[..., Client]) -> None:
    village = make.prepared(world, 1)
    due = (clock.today() + timedelta(days=9)).isoformat()
    he = client_of(world.he)
    for grid in (world.liu, world.zhao):
        status = he.post(reverse("credit:round_new"), {"grid": grid.pk, "due_on": due}).status_code
        assert status == (302 if grid == world.zhao else 422)
    with acting_as(world.gao) as post, pytest.raises(Refused, match="已有一轮"):
        rounds.create_round(by=world.gao, post=post, grid=world.liu, name="", due_on=clock.today() + timedelta(days=3))
    assert he.get(reverse("credit:round", args=[village.round.pk])).status_code == 404


def test_more_time_never_less(world: World) -> None:
    village = make.started(world, 1)
    later = village.round.due_on + timedelta(days=3)
    with acting_as(world.gao) as post:
        rounds.move_due_date(by=world.gao, post=post, round=village.round, due_on=later)
        with pytest.raises(Refused):
            rounds.move_due_date(by=world.gao, post=post, round=village.round, due_on=later - timedelta(days=1))
    assert set(Post.objects.filter(kind="assessor", staff__in=village.assessors).values_list("to_on", flat=True)) == {
        later + timedelta(days=1)
    }


def test_an_assessor_sees_his_sheet_and_nothing_else(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world, 2)
    Staff.objects.filter(pk=village.assessors[0].pk).update(must_change_password=False)
    client = client_of(Staff.objects.get(pk=village.assessors[0].pk))
    answer = client.get(reverse("credit:my_sheet"))
    assert answer["Location"] == reverse("credit:sheet", args=[village.sheets[0].uuid])
    assert client.get(answer["Location"]).status_code == 200
    for url in (
        reverse("credit:sheet", args=[village.sheets[1].uuid]),
        reverse("credit:round", args=[village.round.pk]),
        reverse("credit:round_list"),
        reverse("customers:household", args=[village.households[0]]),
    ):
        assert client.get(url).status_code == 404


def test_a_round_that_never_started_can_be_dropped(world: World, client_of: Callable[..., Client]) -> None:
    village = make.prepared(world, 1)
    with acting_as(world.gao) as post:
        sheets.withdraw(by=world.gao, post=post, sheet=village.sheets[0], reason="换人")
    client_of(world.gao).post(reverse("credit:round_move", args=[village.round.pk, "closed"]))
    village.round.refresh_from_db()
    assert village.round.stage == "closed"


# --- Query counts: the same for one row and for twenty, the frame of a request counted apart -------------------------------


def queries(client: Client, url: str) -> int:
    """Queries of a page beyond those of any request: session, person, post, scope, and the savepoint around a view."""
    client.get(url)
    with CaptureQueriesContext(connection) as frame:
        assert client.get("/no-such-page/").status_code == 404
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url).status_code == 200
    return len(asked) - len(frame) - 2


def test_queries_of_sheets_and_decisions(world: World, client_of: Callable[..., Client]) -> None:
    counts = []
    for households in (1, 20):
        mark = transaction.savepoint()
        village = make.started(world, households)
        Staff.objects.filter(pk__in=[one.pk for one in village.assessors]).update(must_change_password=False)
        assessor = client_of(Staff.objects.get(pk=village.assessors[0].pk))
        gao, jiang = client_of(world.gao), client_of(world.jiang)
        sheet = queries(assessor, reverse("credit:sheet", args=[village.sheets[0].uuid]))
        make.seal_all(village, *[dict.fromkeys(village.households, make.amount("3"))] * 3)
        make.open_sheets(village)
        listed = queries(gao, reverse("credit:round", args=[village.round.pk]))
        gao.post(reverse("credit:round_propose", args=[village.round.pk]), {"all": "1"})
        waiting = queries(jiang, reverse("credit:to_decide"))
        one = queries(jiang, reverse("credit:decision", args=[Decision.objects.first().pk]))
        counts.append((sheet, listed, waiting, one))
        transaction.savepoint_rollback(mark)
    assert counts[0] == counts[1]
    assert counts[0] == (4, 13, 6, 7)
