"""Objections: taken while the notice hangs, settled by another, and who objected known to these two alone."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from config.lib.models import AuditEvent
from config.lib.weeks import SHANGHAI
from credit.models import DecisionStep, NoticeRow, Objection, ObjectionSource
from credit.objectors import Source
from credit.selectors.decisions import standing_of, with_standing
from credit.selectors.gates_notices import LEAVING
from credit.selectors.granted import granted_of
from credit.selectors.stages import blockers
from credit.services import objections as services
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import posting as make
from tests.credit.test_decisions import decision_of
from tests.credit.test_two_worlds import canonical
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
WAN = Decimal(10_000)
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
OTHER = Source("", "", "听说")
PLANTED = ("赵铁柱", "13900000001", "农机款")


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    """A Monday, so that windows are known."""
    with time_machine.travel(MONDAY, tick=False):
        yield


def codes(round: Any) -> list[str]:
    """The codes of what keeps a round from signing."""
    return [one.code for one in blockers([round], LEAVING[1]).get(round.pk, [])]


def test_only_while_the_notice_hangs_and_about_a_household_of_the_round(world: World) -> None:
    village, notice = make.prepared(world, "4", "3", agreed=1)
    first, silent = village.households
    with pytest.raises(Refused, match="不在公示期内"):
        make.objected(world, notice, first)
    notice = make.confirm(world, notice)
    assert make.objected(world, notice, first).number == 1
    # Somebody not on the list may be spoken of too: the one who says so may be his neighbour or himself.
    assert make.objected(world, notice, silent).number == 2
    with pytest.raises(Refused, match="没有这户"):
        make.objected(world, notice, make.villages_elsewhere(world))
    with time_machine.travel(make.after(notice), tick=False):
        with pytest.raises(Refused, match="不在公示期内"):
            make.objected(world, notice, first)
        kept = Objection.objects.get(number=1)
        kept.pk, kept.number, kept.received_at = None, 9, make.after(notice)
        with acting_as(world.chen), pytest.raises(DatabaseError, match="while the notice hangs"), transaction.atomic():
            kept.save(force_insert=True)


def test_settled_by_another_with_a_reasoned_answer_that_names_nobody(world: World) -> None:
    village, notice = make.posted(world, "4")
    mine = make.objected(world, notice, village.households[0], by=world.gao)
    with pytest.raises(Refused, match="两个人"):
        make.taken(world, mine)
    with acting_as(world.gao), pytest.raises(DatabaseError), transaction.atomic():
        Objection.objects.filter(pk=mine.pk).update(settler=world.gao, taken_at=MONDAY)
    with pytest.raises(Refused, match="接手的人"):
        make.settled(world, mine, is_upheld=False)
    make.taken(world, mine, by=world.jiang)
    with pytest.raises(Refused, match="接手的人"):
        make.settled(world, mine, is_upheld=False)
    for answer, words in (
        ("无", "答复和理由"),
        ("赵铁柱所说不实，名单无误", "姓名或联系方式"),
        ("已回复13900000001", "姓名或联系方式"),
    ):
        with pytest.raises(Refused, match=words):
            make.settled(world, mine, is_upheld=False, by=world.jiang, answer=answer)
    done = make.settled(world, mine, is_upheld=False, by=world.jiang)
    assert (done.outcome, done.settler_id) == ("dismissed", world.jiang.pk)
    for change in ({"answer": "改了"}, {"outcome": "upheld"}, {"settler": world.he}):
        with acting_as(world.jiang), pytest.raises(DatabaseError), transaction.atomic():
            Objection.objects.filter(pk=mine.pk).update(**change)


def test_dismissed_leaves_the_line_as_it_is(world: World) -> None:
    village, notice = make.posted(world, "4")
    objection = make.taken(world, make.objected(world, notice, village.households[0]))
    make.settled(world, objection, is_upheld=False)
    assert [one.amount for one in granted_of(village.round)] == [4 * WAN]


def test_upheld_sends_the_decision_back_and_the_round_waits_for_it(world: World) -> None:
    village, notice = make.posted(world, "4", "3")
    subject, other = village.households
    first = decision_of(subject)
    objection = make.objected(world, notice, subject)
    assert codes(village.round) == ["notice_hangs", "objections_open"]
    make.taken(world, objection)
    make.settled(world, objection, is_upheld=True, answer="查实有未还农机款，额度要重定")

    step = DecisionStep.objects.filter(decision=first).order_by("-number")[0]
    assert (step.verb, step.staff_id) == ("withdraw", world.gao.pk)
    assert "查实有未还农机款" in step.reason
    again = decision_of(subject)
    assert (again.number, again.merged_amount) == (2, first.merged_amount)
    assert standing_of(with_standing(type(again).objects.filter(pk=again.pk)).get()) == "to_propose"
    assert {one.subject_id for one in granted_of(village.round)} == {other}
    with time_machine.travel(make.after(notice), tick=False):
        assert codes(village.round) == ["sent_back"]
        make.grant(world, subject, Decimal(2))
        # Decided anew, it is shown anew before anybody signs.
        assert codes(village.round) == ["not_shown"]
        second = make.confirm(world, make.prepare(world, village.round))
        assert list(NoticeRow.objects.filter(notice=second).values_list("subject_id", flat=True)) == [subject]
    with time_machine.travel(make.after(second), tick=False):
        assert codes(village.round) == []


def test_the_round_waits_for_every_answer_also_in_the_database(world: World) -> None:
    village, notice = make.posted(world, "4")
    make.objected(world, notice, village.households[0])
    late = make.after(notice)
    with time_machine.travel(late, tick=False):
        assert codes(village.round) == ["objections_open"]
        with acting_as(world.gao), pytest.raises(DatabaseError, match="no answer yet"), transaction.atomic():
            type(village.round).objects.filter(pk=village.round.pk).update(stage="sign", stage_since=late)


def test_who_objected_is_read_by_two_people_and_every_look_is_recorded(
    world: World, client_of: Callable[..., Client]
) -> None:
    village, notice = make.posted(world, "4")
    objection = make.objected(world, notice, village.households[0])
    page = reverse("credit:objection_source", args=[objection.pk])

    def readers() -> set[str]:
        found = set()
        for name, person in world.staff.items():
            with acting_as(person) as post:
                if post is not None and ObjectionSource.objects.exists():
                    found.add(name)
            answer = client_of(person).post(page)
            assert (answer.status_code == 200) == (name in found), name
            if name in found:
                assert all(word in answer.content.decode() for word in PLANTED)
        return found

    assert readers() == {"chen"}
    make.taken(world, objection)
    assert readers() == {"chen", "gao"}
    assert AuditEvent.objects.filter(verb="objection_source_read").count() == 3
    with acting_as(world.gao), pytest.raises(DatabaseError), transaction.atomic():
        ObjectionSource.objects.all().delete()


def test_nothing_in_the_database_holds_who_objected_in_clear(world: World) -> None:
    village, notice = make.posted(world, "4")
    objection = make.taken(world, make.objected(world, notice, village.households[0]))
    make.settled(world, objection, is_upheld=True)
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        for (table,) in cursor.fetchall():
            for word in PLANTED:
                cursor.execute(f"select count(*) from {table} as row where row::text like %s", [f"%{word}%"])
                assert cursor.fetchone()[0] == 0, (table, word)
        cursor.execute("select octet_length(value) from credit_objectionsource")
        assert cursor.fetchall() == [(4096 + 29,)]


def test_two_worlds_that_differ_in_who_objected_look_the_same_to_all_but_two(
    world: World, client_of: Callable[..., Client]
) -> None:
    village, notice = make.posted(world, "4")
    subject = village.households[0]
    bodies: list[dict[tuple[str, str], Any]] = []
    handled: list[str] = []
    for source in (make.SOURCE, OTHER, make.SOURCE):
        mark = transaction.savepoint()
        objection = make.taken(world, make.objected(world, notice, subject, source))
        pages = [
            reverse("credit:objection", args=[objection.pk]),
            reverse("credit:round_stage", args=[village.round.pk, "notice"]),
            reverse("credit:notice", args=[notice.pk]),
            reverse("credit:decision", args=[decision_of(subject).pk]),
            reverse("customers:household", args=[subject]),
            reverse("credit:round_list"),
        ]
        seen: dict[tuple[str, str], Any] = {}
        for name in ("deng", "jiang", "kang", "he", "lin", "an", "shi"):
            client = client_of(world.staff[name])
            for number, page in enumerate(pages):
                seen[name, str(number)] = canonical(client.get(page), 0)[0::2]  # type: ignore[arg-type]
        source_page = reverse("credit:objection_source", args=[objection.pk])
        handled.append(client_of(world.chen).post(source_page).content.decode())
        bodies.append(
            {
                key: (status, body.replace(f"objections/{objection.pk}/", "objections/N/"))
                for key, (status, body) in seen.items()
            }
        )
        transaction.savepoint_rollback(mark)
    # The first walk is read once more at the end: what a process keeps from its first look is no difference.
    for key, (status, body) in bodies[1].items():
        assert (key, status, body.splitlines()) == (key, bodies[2][key][0], bodies[2][key][1].splitlines())
    assert handled[0] == handled[2] != handled[1], "the two who handle it notice"
    assert {status for status, _body in bodies[0].values()} >= {200, 404}


def test_from_the_page(world: World, client_of: Callable[..., Client]) -> None:
    village, notice = make.posted(world, "4", "3", agreed=1)
    chen, gao = client_of(world.chen), client_of(world.gao)
    form = reverse("credit:objection_new", args=[notice.pk])
    said = {"kind": "debts", "channel": "phone", "name": "赵铁柱", "contact": "", "statement": "欠农机款"}
    assert chen.post(form, said).status_code == 422
    assert chen.post(form, {**said, "place": "1", "number": "002"}).status_code == 422
    assert chen.post(form, {**said, "place": "7"}).status_code == 422
    assert chen.post(form, {**said, "number": "002"}).status_code == 302
    assert chen.post(form, {**said, "place": "1"}).status_code == 302
    first, second = Objection.objects.order_by("pk")
    assert [first.subject_id, second.subject_id] == village.households[::-1]
    assert "赵铁柱" not in chen.get(reverse("credit:objection", args=[first.pk])).content.decode()
    assert (
        gao.post(
            reverse("credit:objection_settle", args=[first.pk]), {"outcome": "dismissed", "answer": "查无此事"}
        ).status_code
        == 422
    )
    assert gao.post(reverse("credit:objection_take", args=[first.pk])).status_code == 302
    assert gao.post(reverse("credit:objection_settle", args=[first.pk]), {"answer": "查无此事"}).status_code == 422
    assert (
        gao.post(
            reverse("credit:objection_settle", args=[first.pk]), {"outcome": "dismissed", "answer": "查无此事"}
        ).status_code
        == 302
    )
    body = client_of(world.deng).get(reverse("credit:objection", args=[first.pk]))
    assert body.status_code == 404  # Deng covers another grid
    with acting_as(world.gao) as post:
        assert post is not None
        assert services.reveal(by=world.gao, post=post, objection=second) is None
