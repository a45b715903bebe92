"""The board: every village in its stage, what it still needs, plan against done, this week; a fixed number of queries."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from config.lib import clock
from credit.models import Round
from credit.selectors import board
from grids.models import Grid
from tests.conftest import acting_as
from tests.credit import village as make
from tests.credit.test_rounds import queries
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")


def villages(world: World, count: int, *, due_in: int = 5, stage: str = "prepare") -> list[Round]:
    """So many more villages of the eastern branch with a round."""
    made = []
    for number in range(count):
        grid = Grid.objects.create(
            institution=world.bank,
            branch=world.east,
            kind="village",
            name=f"村{stage}{number}",
            division_code=f"3706{len(stage):02d}{due_in + 50:02d}{number:04d}",
        )
        made.append(
            Round.objects.create(
                institution=world.bank,
                grid=grid,
                name=grid.name,
                owner=world.gao,
                stage=stage,
                due_on=clock.today() + timedelta(days=due_in),
            )
        )
    return made


def test_each_stage_shows_its_first_cards_and_how_many_there_are(
    world: World, client_of: Callable[..., Client]
) -> None:
    village = make.prepared(world, 2)
    villages(world, 8)
    Round.objects.create(
        institution=world.bank, grid=world.liu, name="补评", owner=world.gao, due_on=clock.today(), parent=village.round
    )
    with acting_as(world.gao) as post:
        assert post is not None
        shown = {one["stage"]: one for one in board.columns(post, board.Wanted())}
        assert (shown["prepare"]["count"], len(shown["prepare"]["cards"]), shown["prepare"]["more"]) == (9, 6, 3)
        assert "closed" not in shown
        assert shown["prepare"]["cards"][0].blockers[0].code == "no_households"
        page, cards = board.page_of(post, board.Wanted(stage="prepare"), "1")
        assert (page.paginator.count, len(cards)) == (9, 9)
        own = next(card for card in cards if card.round.pk == village.round.pk)
        assert (own.blockers, own.sheets, own.sealed) == ([], 3, 0)
    gao = client_of(world.gao)
    text = gao.get(reverse("credit:round_list")).content.decode()
    assert "还有 3 个" in text
    assert "没有可评议的农户" in text
    assert "刘家村" in gao.get(reverse("credit:round_list"), {"stage": "prepare"}).content.decode()
    assert "村prepare0" not in client_of(world.he).get(reverse("credit:round_list")).content.decode()


def test_this_week_and_what_is_late(world: World, client_of: Callable[..., Client]) -> None:
    villages(world, 2, due_in=-3)
    villages(world, 1, due_in=40, stage="assess")
    Round.objects.filter(stage="assess").update(stage_since=clock.now() - timedelta(days=30))
    with acting_as(world.gao) as post:
        assert post is not None
        told = board.week_of(post, None)
        assert (told["late"], told["moved"]) == (2, 2)
        late = board.found(post, board.Wanted(when="late"))
        assert {one.stage for one in late} == {"prepare"}
        assert board.found(post, board.Wanted(when="week")).count() == 2
    assert "已到期" in client_of(world.gao).get(reverse("credit:round_list"), {"when": "late"}).content.decode()


def test_a_board_asks_as_often_for_many_as_for_one(world: World, client_of: Callable[..., Client]) -> None:
    make.prepared(world, 1)
    gao = client_of(world.gao)
    pages = [reverse("credit:round_list"), reverse("credit:round_list") + "?stage=prepare"]
    few = [queries(gao, page) for page in pages]
    villages(world, 20)
    assert [queries(gao, page) for page in pages] == few
