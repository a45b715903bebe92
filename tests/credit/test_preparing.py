"""Preparing a round: its people, the plan by day, the checklist, the village summary."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.urls import reverse

from config.lib import clock
from config.lib.weeks import is_working_day
from credit.domain.dayplan import TeamDay
from credit.models import RoundDay, RoundPerson, RoundTask, VillageSummary
from credit.selectors import preparing as selectors
from credit.services import preparing, rounds
from grids.models import Seat, SeatKind
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.credit.preparing import publish_preparing
from tests.credit.test_rounds import queries
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")


def doing(village: make.Village, act: Callable[..., Any], **given: Any) -> Any:
    """Act as the branch manager on the village's round."""
    gao = village.world.gao
    with acting_as(gao) as post:
        assert post is not None
        return act(by=gao, post=post, round=village.round, **given)


def test_director_and_liaison_come_from_the_seats(world: World, client_of: Callable[..., Client]) -> None:
    for code, name, staff in (("director", "包村领导", world.jiang), ("liaison", "联络员", None)):
        kind, _made = SeatKind.objects.get_or_create(
            institution=world.bank, code=code, defaults={"name": name, "name_en": code}
        )
        Seat.objects.create(
            grid=world.liu, kind=kind, staff=staff, outside_name="" if staff else "老刘", from_on=date(2026, 1, 1)
        )
    village = make.prepared(world, 1)
    assert {one["role"]: one["name"] for one in selectors.people_of(village.round)} == {
        "director": world.jiang.name,
        "liaison": "老刘",
    }
    doing(
        village,
        preparing.name_people,
        owner=world.chen,
        people={"director": (None, ""), "liaison": (world.deng, "")},
    )
    village.round.refresh_from_db()
    assert village.round.owner == world.chen
    assert list(RoundPerson.objects.values_list("role", "staff")) == [("liaison", world.deng.pk)]
    page = reverse("credit:round_people", args=[village.round.pk])
    both = {"owner": world.gao.pk, "liaison": world.deng.pk, "liaison_name": "老刘"}
    assert client_of(world.gao).post(page, both).status_code == 422
    assert client_of(world.gao).post(page, {"owner": world.gao.pk, "director_name": "钱总"}).status_code == 302
    assert RoundPerson.objects.get().name == "钱总"


def test_a_plan_is_proposed_over_working_days_and_changed_by_hand(
    world: World, client_of: Callable[..., Client]
) -> None:
    village = make.prepared(world, 3)
    gao = client_of(world.gao)
    first = clock.today() + timedelta(days=1)
    plan = reverse("credit:round_plan", args=[village.round.pk])
    answer = gao.post(plan, {"plan-first": first.isoformat(), "plan-teams": 2, "plan-per_day": 1})
    assert answer.status_code == 302
    rows = selectors.plan_of(village.round)
    assert [(row.team, row.households) for row in rows] == [(1, 1), (2, 1), (1, 1)]
    assert all(is_working_day(row.on) for row in rows)
    assert selectors.progress_of([village.round]) == {village.round.pk: {"whole": 3, "due": 0, "done": 0}}
    page = reverse("credit:round_stage", args=[village.round.pk, "prepare"])
    assert "逐日查看和修改" in gao.get(page).content.decode()
    save = reverse("credit:round_plan_save", args=[village.round.pk])
    day = rows[0].on.isoformat()
    gao.post(save, {f"day_{day}_1": "3", f"day_{day}_2": "0"})
    assert list(RoundDay.objects.values_list("team", "households")) == [(1, 3)]
    assert gao.post(save, {"day_never_1": "3"}).status_code == 404
    with pytest.raises(Refused, match="早于今天"):
        doing(village, preparing.propose_plan, first=date(2020, 1, 1), teams=1, per_day=20, households=3)
    with pytest.raises(Refused, match="200 户"):
        doing(village, preparing.save_plan, plan=[TeamDay(first, 1, 201)])
    with pytest.raises(Refused, match="两次"):
        doing(village, preparing.save_plan, plan=[TeamDay(first, 1, 2), TeamDay(first, 1, 3)])


def test_the_checklist_of_village_and_households(world: World, client_of: Callable[..., Client]) -> None:
    publish_preparing(world)
    village = make.prepared(world, 2)
    doing(village, preparing.tick_village, done=["notice_board", "never"])
    doing(village, preparing.tick_village, done=["informant", "service_point"])
    assert set(RoundTask.objects.values_list("code", flat=True)) == {"informant", "service_point"}
    doing(village, rounds.freeze_list)
    village.round.refresh_from_db()
    gao, first = client_of(world.gao), village.households[0]
    page = reverse("credit:round_household_tasks", args=[village.round.pk])
    assert gao.post(page, {"shown": [first], f"done_{first}": ["letter", "gift"]}).status_code == 200
    assert gao.post(page, {"shown": [first], f"done_{first}": ["letter"]}).status_code == 200
    found = selectors.checklist(village.round, "zh-hans")
    assert found is not None
    assert {one["code"]: one["count"] for one in found["household"]} == {"letter": 1, "card": 0, "form": 0, "gift": 0}
    assert found["done"] == 2
    assert client_of(world.jiang).post(page, {"shown": [first]}).status_code == 404


def test_a_village_summary_keeps_every_edition(world: World, client_of: Callable[..., Client]) -> None:
    publish_preparing(world)
    village = make.prepared(world, 1)
    gao = client_of(world.gao)
    page = reverse("credit:round_summary", args=[village.round.pk])
    paper = reverse("credit:round_summary_paper", args=[village.round.pk])
    assert gao.get(paper).status_code == 404
    assert gao.post(page, {}).status_code == 422
    refused = gao.post(page, {"population": "很多", "industries": "苹果"})
    assert (refused.status_code, "苹果" in refused.content.decode()) == (422, True)
    assert gao.post(page, {"population": "1260", "industries": "苹果"}).status_code == 302
    assert gao.post(page, {"population": "1261", "industries": "苹果"}).status_code == 302
    assert [one.document["population"] for one in VillageSummary.objects.order_by("number")] == [1260, 1261]
    printed = gao.get(paper)
    assert (printed["Content-Type"], printed.content[:4]) == ("application/pdf", b"%PDF")
    with acting_as(world.gao), pytest.raises(ProgrammingError), transaction.atomic():
        connection.cursor().execute("update credit_villagesummary set number = 9")


def test_queries_of_the_preparation(world: World, client_of: Callable[..., Client]) -> None:
    counted = []
    for households in (1, 20):
        mark = transaction.savepoint()
        village = make.prepared(world, households)
        doing(
            village,
            preparing.propose_plan,
            first=clock.today() + timedelta(days=1),
            teams=1,
            per_day=1,
            households=households,
        )
        counted.append(queries(client_of(world.gao), reverse("credit:round_stage", args=[village.round.pk, "prepare"])))
        transaction.savepoint_rollback(mark)
    assert counted[0] == counted[1]
