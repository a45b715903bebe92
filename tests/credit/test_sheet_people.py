"""Who assesses a village types and confirms nobody's sheet of it: the database says so, whoever asks."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from config.lib import clock
from credit.models import Round, Sheet
from credit.services import rounds, sheets
from grids.models import Staff
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")


def paper(round: Round, number: int, typist: Staff, confirmer: Staff) -> Sheet:
    """Write a paper sheet past every service."""
    return Sheet.objects.create(
        institution_id=round.institution_id,
        grid_id=round.grid_id,
        round=round,
        number=number,
        mode=Sheet.Mode.PAPER,
        assessor_name="赵老",
        typist=typist,
        confirmer=confirmer,
    )


def refused(act: object, *arguments: object) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        act(*arguments)  # type: ignore[operator]


def test_two_people_type_and_confirm(world: World) -> None:
    village = make.prepared(world)
    refused(paper, village.round, 9, world.chen, world.chen)
    paper(village.round, 9, world.deng, world.chen)


def test_an_assessor_of_the_village_types_nothing(world: World) -> None:
    village = make.prepared(world)
    assessor = village.assessors[0]
    refused(paper, village.round, 9, assessor, world.chen)
    refused(paper, village.round, 9, world.chen, assessor)
    sheet = paper(village.round, 9, world.deng, world.chen)
    own = village.sheets[0]
    own.assessor = world.deng
    refused(own.save)
    sheet.typist = assessor
    refused(sheet.save)


def test_a_supplement_and_its_round_are_one_village(world: World) -> None:
    village = make.started(world)
    with transaction.atomic():
        child = Round.objects.create(
            institution=world.bank,
            grid=world.liu,
            parent=village.round,
            name="补评",
            owner=world.gao,
            due_on=clock.today() + timedelta(days=3),
        )
        refused(paper, child, 1, village.assessors[0], world.chen)
        paper(child, 1, world.deng, world.chen)
    with acting_as(world.gao) as post:
        assert post is not None
        with pytest.raises(Refused, match="评议员"):
            rounds.add_paper_sheet(
                by=world.gao,
                post=post,
                round=child,
                assessor_name="钱老",
                typist=village.assessors[1],
                confirmer=world.chen,
            )


def test_a_withdrawn_sheet_binds_nobody(world: World) -> None:
    village = make.prepared(world)
    with acting_as(world.gao) as post:
        assert post is not None
        sheets.withdraw(by=world.gao, post=post, sheet=village.sheets[0], reason="搬走了")
    paper(village.round, 9, village.assessors[0], world.chen)
