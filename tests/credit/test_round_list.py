"""The list of a round: who is on it, who is left out and why, one borrower a household, and what changed since it was read."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError
from django.test import Client
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from credit.models import DraftCell, Round, RoundStage, SheetSubject
from credit.selectors import listing as selectors
from credit.selectors.stages import blockers
from credit.services import listing, rounds, stages
from customers.models import Household, Person, Subject
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.credit.test_rounds import queries
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")


def listed(world: World, households: int = 3) -> make.Village:
    """A round whose list is being checked."""
    village = make.prepared(world, households)
    with acting_as(world.gao) as post:
        assert post is not None
        rounds.freeze_list(by=world.gao, post=post, round=village.round)
    village.round.refresh_from_db()
    return village


def settle(village: make.Village, subject: int, **changes: Any) -> None:
    world = village.world
    given: dict[str, Any] = {"borrower_id": None, "exception": "", "leave_out": False, "note": ""} | changes
    with acting_as(world.gao) as post:
        assert post is not None
        row = SheetSubject.objects.get(round=village.round, subject_id=subject)
        listing.settle(by=world.gao, post=post, round=village.round, row=row, **given)


def start(village: make.Village) -> None:
    with acting_as(village.world.gao) as post:
        assert post is not None
        rounds.start_round(by=village.world.gao, post=post, round=village.round)


def refresh(village: make.Village) -> dict[str, int]:
    with acting_as(village.world.gao) as post:
        assert post is not None
        return listing.refresh(by=village.world.gao, post=post, round=village.round)


def told(village: make.Village) -> dict[str, int]:
    return {one.code: one.count for one in blockers([village.round]).get(village.round.pk, [])}


def test_the_roster_is_frozen_with_where_it_came_from(world: World) -> None:
    village = listed(world, 4)
    frozen = village.round
    assert (frozen.stage, frozen.provenance["households"]) == ("list", 4)
    assert frozen.provenance["listed"] == [{"on": "2026-01-01", "households": 4}]
    assert frozen.rules_id is not None
    assert set(frozen.roster.values_list("borrower__name", flat=True)) == {"刘1", "刘2", "刘3", "刘4"}
    for column, value in (("provenance", "'{}'"), ("settings", "'{}'"), ("rules_id", "null")):
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            connection.cursor().execute(f"update credit_round set {column} = {value} where id = {frozen.pk}")


def test_one_borrower_of_age_or_an_exception_by_name(world: World) -> None:
    village = make.prepared(world, 3)
    first, second, third = village.households
    Person.objects.filter(household_id=first).update(born_on=clock.today() - timedelta(days=17 * 365))
    Person.objects.filter(household_id=second).update(left_on=date(2026, 1, 2))
    with acting_as(world.gao) as post:
        assert post is not None
        rounds.freeze_list(by=world.gao, post=post, round=village.round)
    village.round.refresh_from_db()
    assert told(village) == {"no_borrower": 2}
    with pytest.raises(Refused, match="2 户没有成年借款人"):
        start(village)

    minor = Person.objects.get(household_id=first)
    for refused, words in (
        ({"borrower_id": minor.pk}, "成年人"),
        ({"borrower_id": Person.objects.get(household_id=third).pk}, "成年人"),
        ({"exception": "no_adult"}, "写明理由"),
        ({"exception": "never", "note": "x"}, "例外的原因"),
        ({"leave_out": True}, "例外的原因"),
        ({}, "没有借款人"),
    ):
        with pytest.raises(Refused, match=words):
            settle(village, first, **refused)
    home = Household.objects.get(pk=first)
    mother = Person.objects.create(
        institution=home.institution, grid=home.grid, household=home, name="王娘", born_on=date(1980, 1, 1)
    )
    settle(village, first, borrower_id=mother.pk)
    settle(village, second, exception="no_adult", leave_out=True, note="只剩一个孩子")
    assert told(village) == {}
    start(village)
    rows = {row.subject_id: row for row in village.round.roster.all()}
    assert rows[first].borrower == mother
    assert (rows[second].is_assessable, rows[second].excluded_because) == (False, "no_adult")
    assert DraftCell.objects.count() == 3 * 2
    assert AuditEvent.objects.filter(verb="round_household_settled").count() == 2


def test_what_changed_since_is_read_anew_and_what_was_settled_stays(world: World) -> None:
    village = listed(world, 4)
    first, second, third, fourth = village.households
    settle(village, first, exception="declined", leave_out=True, note="不愿参加")
    Person.objects.create(
        institution=world.bank, grid=world.liu, household_id=third, name="刘嫂", born_on=date(1985, 1, 1)
    )
    wife = Person.objects.get(name="刘嫂")
    settle(village, third, borrower_id=wife.pk)
    make.block(world, second, "grey")
    Subject.objects.filter(pk=fourth).update(left_on=clock.today(), left_reason="moved")
    make.household(world.liu, "900", "刘新")
    assert told(village) == {"changed": 3}
    with pytest.raises(Refused, match="3 户变动"):
        start(village)
    assert refresh(village) == {"added": 1, "changed": 2}
    assert told(village) == {}
    rows = {row.subject_id: row for row in village.round.roster.all()}
    assert [rows[one].excluded_because for one in village.households] == ["declined", "grey", "", "left"]
    assert rows[third].borrower == wife
    assert refresh(village) == {"added": 0, "changed": 0}
    with pytest.raises(Refused, match="不用在这里办理"):
        settle(village, second, exception="away", note="x")


def test_attention_and_white_stand_beside(world: World) -> None:
    village = make.prepared(world, 3)
    first, second, _third = village.households
    make.block(world, first, "attention")
    make.block(world, second, "white", person=Person.objects.get(household_id=second))
    with acting_as(world.gao) as post:
        assert post is not None
        rounds.freeze_list(by=world.gao, post=post, round=village.round)
    found = selectors.counts(village.round)
    assert (found["all"], found["assessable"], found["attention"], found["white"], found["blocked"]) == (3, 3, 1, 1, 0)


def test_after_the_list_nothing_of_it_moves(world: World) -> None:
    village = make.started(world, 2)
    with pytest.raises(Refused, match="不在核对名单"):
        settle(village, village.households[0], exception="away", note="x")
    for statement in (
        "update credit_sheetsubject set is_assessable = false, excluded_because = 'away'",
        "update credit_sheetsubject set borrower_id = null",
        f"insert into credit_sheetsubject (institution_id, grid_id, recorded_grid_id, round_id, subject_id, is_assessable, "
        f"excluded_because, is_attention, is_white, exception, note) select institution_id, grid_id, recorded_grid_id, {village.round.pk}, "
        "subject_id + 1000, true, '', false, false, '', '' from credit_sheetsubject",
    ):
        with (
            acting_as(world.gao),
            pytest.raises((IntegrityError, InternalError), match="settled"),
            transaction.atomic(),
        ):
            connection.cursor().execute(statement)


def test_the_pages_of_a_list(world: World, client_of: Callable[..., Client]) -> None:
    village = listed(world, 3)
    Household.objects.filter(pk=village.households[0]).update(head=None)
    gao = client_of(world.gao)
    page = reverse("credit:round_stage", args=[village.round.pk, "list"])
    text = gao.get(page).content.decode()
    assert "重读名册" in text
    assert gao.post(reverse("credit:round_list_refresh", args=[village.round.pk])).status_code == 302
    row = reverse("credit:round_list_row", args=[village.round.pk, village.households[1]])
    assert "刘2" in gao.get(row).content.decode()
    refused = gao.post(row, {"borrower": "", "exception": "away", "note": ""})
    assert refused.status_code == 422
    assert gao.post(row, {"borrower": "", "exception": "away", "note": "全家在外"}).status_code == 302
    assert SheetSubject.objects.get(subject_id=village.households[1]).exception == "away"
    assert "全家在外" in gao.get(page, {"show": "excepted"}).content.decode()
    assert client_of(world.kang).get(row).status_code == 404


def test_queries_of_a_list(world: World, client_of: Callable[..., Client]) -> None:
    counted = []
    for households in (1, 20):
        mark = transaction.savepoint()
        village = listed(world, households)
        counted.append(queries(client_of(world.gao), reverse("credit:round_stage", args=[village.round.pk, "list"])))
        transaction.savepoint_rollback(mark)
    assert counted[0] == counted[1]


def test_each_stage_knows_its_times_and_who_sees_to_it(world: World, client_of: Callable[..., Client]) -> None:
    village = listed(world, 1)
    times = {row.stage: row for row in RoundStage.objects.filter(round=village.round)}
    assert set(times) == {"prepare", "list"}
    assert times["prepare"].left_at == times["list"].entered_at
    gao = client_of(world.gao)
    day = clock.today() + timedelta(days=30)
    where = reverse("credit:round_plan_stage", args=[village.round.pk, "notice"])
    assert gao.post(where, {"owner": world.chen.pk, "due_on": day.isoformat()}).status_code == 302
    assert RoundStage.objects.get(stage="notice").owner == world.chen
    gone = reverse("credit:round_plan_stage", args=[village.round.pk, "prepare"])
    gao.post(gone, {"owner": world.chen.pk, "due_on": ""})
    assert RoundStage.objects.get(stage="prepare").owner is None
    with acting_as(world.gao), pytest.raises((IntegrityError, InternalError), match="over"), transaction.atomic():
        connection.cursor().execute("update credit_roundstage set due_on = current_date where stage = 'prepare'")


def test_a_supplement_belongs_to_a_round_of_its_village_and_one_runs_at_a_time(world: World) -> None:
    village = listed(world, 1)
    told = {
        "institution": world.bank,
        "name": "补评",
        "owner": world.gao,
        "due_on": clock.today(),
        "parent": village.round,
    }
    child = Round.objects.create(grid=world.liu, **told)
    with pytest.raises(IntegrityError, match="one_running_supplement"), transaction.atomic():
        Round.objects.create(grid=world.liu, **told)
    with pytest.raises(IntegrityError, match="of its village"), transaction.atomic():
        Round.objects.create(grid=world.wang, **told)
    with pytest.raises(IntegrityError, match="of its village"), transaction.atomic():
        Round.objects.create(grid=world.liu, **{**told, "parent": child})


def test_only_the_branch_manager_moves_a_round(world: World) -> None:
    village = listed(world, 1)
    for person, to, words in ((world.chen, "assess", "支行行长"), (world.gao, "sign", "不在这一步")):
        with acting_as(person) as post:
            assert post is not None
            with pytest.raises(Refused, match=words):
                stages.move(by=person, post=post, round=village.round, to=to)
