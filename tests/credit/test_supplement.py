"""Supplements: households a round could not merge are assessed once more by people who have seen nothing."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from config.lib import clock
from credit.models import Decision, Opinion, Round, Sheet, SheetSubject
from credit.selectors.opinions import of_round
from credit.services import decisions, opening, rounds, sheets, stages, supplement
from grids.models import PostKind, Staff
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
ClientOf = Callable[..., Client]


@pytest.fixture
def parent(world: World) -> make.Village:
    """An opened round: the first household merged, the second short of opinions, the third divided, the fourth refused."""
    village = make.started(world, 4)
    a, b, c, d = village.households
    make.seal_all(
        village,
        {a: make.amount("3"), b: make.amount("5"), c: make.amount("1"), d: make.REFUSE},
        {a: make.amount("4"), b: make.amount("5"), c: make.amount("2"), d: make.REFUSE},
        {a: make.amount("5"), c: make.amount("8"), d: make.amount("1")},
    )
    make.open_sheets(village)
    assert {one.subject_id: one.outcome for one in Decision.objects.all()} == {
        a: "merged", b: "supplement", c: "divergent", d: "refused",
    }  # fmt: skip
    return village


def ask(village: make.Village, *subjects: int) -> Round:
    world = village.world
    with acting_as(world.gao) as post:
        assert post is not None
        return supplement.ask(
            by=world.gao,
            post=post,
            parent=village.round,
            subjects=subjects or village.households[1:3],
            due_on=clock.today() + timedelta(days=5),
            because="意见不够",
        )


def started(village: make.Village, *names: str) -> make.Village:
    """A started supplement with an outside assessor of each name."""
    world = village.world
    child = make.Village(world, ask(village), village.households[1:3])
    with acting_as(world.gao) as post:
        assert post is not None
        for name in names:
            sheet, _ = rounds.add_own_sheet(by=world.gao, post=post, round=child.round, name=name)
            assert sheet.assessor is not None
            child.assessors.append(sheet.assessor)
            child.sheets.append(sheet)
        rounds.start_round(by=world.gao, post=post, round=child.round)
    child.round.refresh_from_db()
    return child


def test_its_opinions_are_merged_with_those_before_into_the_round(parent: make.Village) -> None:
    _a, b, c, _d = parent.households
    child = started(parent, "补甲")
    assert (child.round.stage, SheetSubject.objects.filter(round=child.round).count()) == ("assess", 2)
    make.seal_all(child, {b: make.amount("5"), c: make.amount("2")})

    run = make.open_sheets(child)

    assert run.state == "done"
    assert (child.round.stage, child.round.closed_at is None) == ("closed", False)
    found = Decision.objects.filter(number=2).values_list("round_id", "subject_id", "outcome", "merged_amount")
    assert set(found) == {(parent.round.pk, b, "merged", Decimal(50_000)), (parent.round.pk, c, "divergent", None)}
    assert Decision.objects.filter(number=1).count() == 4, "what was computed before stays"
    assert not Decision.objects.filter(round=child.round).exists()
    assert of_round(parent.round).filter(subject_id=b).count() == 4
    assert Opinion.objects.filter(round=child.round).count() == 2
    parent.round.refresh_from_db()
    assert parent.round.stage == "decide"
    assert ask(parent, c).name.endswith("第 2 次补充")


def test_who_has_seen_anything_assesses_no_supplement(parent: make.Village) -> None:
    world = parent.world
    child = ask(parent)
    again = started_assessor(parent)
    with acting_as(world.gao) as post:
        assert post is not None
        for known in (parent.assessors[0], again, world.fang, world.deng):
            with pytest.raises(Refused, match="没有参加过"):
                rounds.add_own_sheet(by=world.gao, post=post, round=child, assessor=known)
        with pytest.raises(Refused, match="没有参加过"):
            rounds.add_paper_sheet(
                by=world.gao, post=post, round=child, assessor_name="评1", typist=world.deng, confirmer=world.chen
            )
        rounds.add_paper_sheet(
            by=world.gao, post=post, round=child, assessor_name="村外人", typist=world.deng, confirmer=world.chen
        )
        paper = Sheet.objects.get(round=child)
        for change in ({"assessor_name": "评2"}, {"assessor": parent.assessors[1]}):
            with pytest.raises(DatabaseError, match="seen nothing"), transaction.atomic():
                Sheet.objects.filter(pk=paper.pk).update(**change)


def started_assessor(village: make.Village) -> Staff:
    """An outside person who holds an auditor's post from tomorrow on: he will read opinions."""
    from grids.models import Post

    staff = Staff.objects.create_user(
        "later", None, name="将来", institution=village.world.bank, home_branch=village.world.east, kind="outside"
    )
    Post.objects.create(staff=staff, kind=PostKind.AUDITOR, from_on=clock.today() + timedelta(days=1))
    return staff


def test_it_is_begun_for_those_who_wait_by_the_manager_one_at_a_time(parent: make.Village) -> None:
    world = parent.world
    a, b, _c, _d = parent.households
    for subjects in ((a,), (b, a)):
        with pytest.raises(Refused, match="待补评议"):
            ask(parent, *subjects)
    with acting_as(world.jiang) as post:
        assert post is not None
        with pytest.raises(Refused):
            supplement.ask(
                by=world.jiang, post=post, parent=parent.round, subjects=[b], due_on=clock.today() + timedelta(days=5), because="x"
            )  # fmt: skip
    child = ask(parent, b)
    with pytest.raises(Refused, match="已有一次"):
        ask(parent)
    with acting_as(world.gao), pytest.raises(DatabaseError), transaction.atomic():
        Round.objects.create(
            institution=world.bank, grid=world.liu, name="x", stage="decide", owner=world.gao, due_on=clock.today()
        )
    with acting_as(world.gao) as post:
        assert post is not None
        with pytest.raises(Refused):
            supplement.ask(
                by=world.gao, post=post, parent=child, subjects=[b], due_on=clock.today() + timedelta(days=5), because="x"
            )  # fmt: skip
        with pytest.raises(Refused):
            rounds.start_round(by=world.gao, post=post, round=child)


def test_a_household_decided_on_meanwhile_stays_decided(parent: make.Village) -> None:
    world = parent.world
    _a, b, c, _d = parent.households
    child = started(parent, "补甲")
    divided = Decision.objects.get(subject_id=c)
    with acting_as(world.gao) as post:
        assert post is not None
        decisions.propose(
            by=world.gao,
            post=post,
            decision=divided,
            seen=0,
            amount=Decimal(20_000),
            reason="三人商定",
            members="甲、乙",
        )
    make.seal_all(child, {b: make.amount("5"), c: make.amount("2")})
    make.open_sheets(child)
    assert set(Decision.objects.filter(number=2).values_list("subject_id", flat=True)) == {b}


def test_it_is_as_blind_as_any_round(parent: make.Village, client_of: ClientOf) -> None:
    """Until it opens nobody reads a sheet of it, and nothing of it is among the opinions of its round."""
    child = started(parent, "补甲", "补乙")
    make.fill(child, 0, {child.households[0]: make.amount("7.7")})
    make.seal(child, 0)
    assert of_round(parent.round).count() == 12
    page = reverse("credit:sheet", args=[child.sheets[0].uuid])
    for person in ("gao", "chen", "jiang", "kang"):
        assert client_of(getattr(parent.world, person)).get(page).status_code == 404
    with acting_as(child.assessors[1]):
        assert not sheets.read_cells(child.sheets[0])
        assert not Opinion.objects.exists()
        assert not Decision.objects.exists()
    with acting_as(parent.world.gao) as post:
        assert post is not None
        with pytest.raises(Refused, match="截止"):
            opening.ask(by=parent.world.gao, post=post, round=child.round)


def test_the_pages_begin_and_show_it(parent: make.Village, client_of: ClientOf) -> None:
    manager = client_of(parent.world.gao)
    merge = reverse("credit:round_stage", args=[parent.round.pk, "merge"])
    new = reverse("credit:supplement_new", args=[parent.round.pk])
    assert new in manager.get(merge).content.decode()
    assert new not in client_of(parent.world.jiang).get(merge).content.decode()
    page = manager.get(new).content.decode()
    assert "待补评议：1 户" in page
    assert manager.post(new, {"because": ""}).status_code == 422
    due = (clock.today() + timedelta(days=5)).isoformat()
    answer = manager.post(new, {"standings": ["supplement", "divergent"], "because": "意见不够", "due_on": due})
    child = Round.objects.get(parent=parent.round)
    assert (answer.status_code, answer["Location"]) == (302, reverse("credit:round", args=[child.pk]))
    shown = manager.get(merge).content.decode()
    assert child.name in shown
    assert new not in shown, "one at a time"
    assert parent.round.name in manager.get(reverse("credit:round", args=[child.pk])).content.decode()
    assert manager.post(new, {"standings": ["divergent"], "because": "x", "due_on": due}).status_code == 422
    board = manager.get(reverse("credit:round_list")).content.decode()
    assert child.name not in board


def test_a_round_waits_for_its_supplement_before_it_closes(parent: make.Village) -> None:
    world = parent.world
    ask(parent, parent.households[1])
    with acting_as(world.gao) as post:
        assert post is not None
        with pytest.raises(Refused, match="补充评议还没有开启"):
            stages.move(by=world.gao, post=post, round=parent.round, to="closed")
