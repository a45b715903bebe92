"""Trainings: invited, attended, corrected with a reason; nobody speaks for himself; who has none is found."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from grids.models import Attendance, Branch, Post, Staff, Training
from grids.selectors import trainings as selectors
from grids.services import Refused, trainings
from grids.services.trainings import Said
from tests.conftest import acting_as
from tests.world import World

ClientOf = Callable[..., Client]


def held(world: World, by: Staff | None = None, branch: Branch | None = None, **changes: Any) -> Training:
    by = by or world.an
    given: dict[str, Any] = {
        "title": "采集规范培训", "kind": "collection", "on": clock.today(), "place": "三楼会议室", "trainer": "刘老师",
        "hours": Decimal("2.5"), "has_test": True, "material": "人教〔2026〕5 号",
    }  # fmt: skip
    return trainings.announce(by=by, post=Post.objects.get(staff=by), branch=branch, **given | changes)


def invited(world: World, training: Training, *people: Staff, by: Staff | None = None) -> int:
    by = by or world.an
    ids = [one.pk for one in people]
    return trainings.invite(training=training, by=by, post=Post.objects.get(staff=by), staff_ids=ids)


def said(world: World, training: Training, staff: Staff, state: str, by: Staff | None = None, **more: Any) -> int:
    by = by or world.an
    one = Said(staff_id=staff.pk, state=state, **more)
    return trainings.note(training=training, by=by, post=Post.objects.get(staff=by), said=[one])


def last(training: Training, staff: Staff) -> tuple[str, bool | None, str, int]:
    one = next(row for row in selectors.newest_of(training) if row.staff == staff)
    return one.state, one.passed, one.reason, one.number


def test_a_manager_holds_one_for_his_branch_on_pages(world: World, client_of: ClientOf) -> None:
    gao = client_of(world.gao)
    sent = {
        "title": "入户采集", "kind": "collection", "branch": world.east.pk, "on": clock.today(), "place": "二楼", "trainer": "王",
        "hours": "1.5", "has_test": "on",
    }  # fmt: skip
    answer = gao.post(reverse("grids:training_new"), sent)
    training = Training.objects.get()
    page = reverse("grids:training", args=[training.pk])
    assert answer["Location"] == page
    shown = gao.get(page).content.decode()
    assert "陈立" in shown
    assert "方圆" not in shown, "of another branch"
    gao.post(
        reverse("grids:training_invite", args=[training.pk]), {"staff": [world.chen.pk, world.deng.pk, world.fang.pk]}
    )
    assert {one.staff for one in selectors.newest_of(training)} == {world.chen, world.deng}
    assert "待登记出勤的培训" in gao.get(reverse("grids:inbox")).content.decode()
    note = reverse("grids:training_note", args=[training.pk])
    refused = gao.post(note, {f"state:{world.chen.pk}": "attended", f"state:{world.deng.pk}": "absent"})
    assert refused.status_code == 422
    assert "缺席要写原因" in refused.content.decode()
    assert last(training, world.chen)[0] == "invited", "all or nothing"
    gao.post(
        note,
        {
            f"state:{world.chen.pk}": "attended", f"passed:{world.chen.pk}": "yes",
            f"state:{world.deng.pk}": "absent", f"reason:{world.deng.pk}": "病假",
        },
    )  # fmt: skip
    assert last(training, world.chen) == ("attended", True, "", 2)
    assert last(training, world.deng) == ("absent", None, "病假", 2)
    assert "待登记出勤的培训" not in gao.get(reverse("grids:inbox")).content.decode()
    me = client_of(world.chen).get(reverse("grids:me")).content.decode()
    assert "入户采集" in me
    assert "共 1.5 学时" in me
    assert AuditEvent.objects.filter(verb="attendance_recorded", detail__people=2).exists()
    assert client_of(world.he).get(page).status_code == 404


def test_a_manager_enters_none_for_others(world: World) -> None:
    for branch, words in ((None, "由管理员登记"), (world.west, "自己机构")):
        with pytest.raises(Refused, match=words):
            held(world, world.gao, branch)


def test_what_is_corrected_says_why_and_the_first_word_stays(world: World) -> None:
    training = held(world)
    assert invited(world, training, world.chen, world.an) == 1, "not oneself"
    assert invited(world, training, world.chen) == 0, "once"
    assert said(world, training, world.chen, "attended", passed=False) == 1
    assert said(world, training, world.chen, "attended", passed=False) == 0, "nothing changed"
    with pytest.raises(Refused, match="更正要写原因"):
        said(world, training, world.chen, "attended", passed=True)
    with pytest.raises(Refused, match="不能退回"):
        said(world, training, world.chen, "invited", reason="x")
    said(world, training, world.chen, "attended", passed=True, reason="补考通过")
    assert last(training, world.chen) == ("attended", True, "补考通过", 3)
    assert Attendance.objects.filter(training=training, staff=world.chen).count() == 3
    with pytest.raises(Refused, match="名单上没有"):
        said(world, training, world.fang, "attended")
    assert selectors.hours_of(world.chen) == Decimal("2.5")


def test_attendance_is_known_on_the_day_and_cancelled_is_over(world: World) -> None:
    coming = held(world, on=clock.today() + timedelta(days=3))
    invited(world, coming, world.chen)
    with pytest.raises(Refused, match="当天起"):
        said(world, coming, world.chen, "attended")
    post = Post.objects.get(staff=world.an)
    with pytest.raises(Refused, match="写原因"):
        trainings.cancel(training=coming, by=world.an, post=post, reason=" ")
    trainings.cancel(training=coming, by=world.an, post=post, reason="讲师出差")
    with pytest.raises(Refused, match="已经取消"):
        trainings.cancel(training=coming, by=world.an, post=post, reason="x")
    assert selectors.records_of(world.chen) == []
    past = held(world)
    invited(world, past, world.chen)
    said(world, past, world.chen, "attended")
    with pytest.raises(Refused, match="不能取消"):
        trainings.cancel(training=past, by=world.an, post=post, reason="x")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "absent"}, "absence_has_a_reason"),
        ({"state": "absent", "reason": "x", "passed": True}, "only_who_attended_is_tested"),
        ({"state": "invited"}, "invited already"),
        ({"state": "attended", "recorded_by": "chen"}, "own name|nobody_attends"),
        ({"state": "attended", "staff": "other"}, "staff of its bank"),
        ({"state": "attended", "training": "coming"}, "on the day"),
        ({"state": "attended", "passed": True, "training": "untested"}, "no test"),
    ],
)
def test_the_database_keeps_what_attendance_is(world: World, changes: dict[str, Any], words: str) -> None:
    training = held(world)
    invited(world, training, world.chen)
    others: dict[str, Any] = {
        "coming": held(world, on=clock.today() + timedelta(days=1)),
        "untested": held(world, has_test=False),
        "chen": world.chen,
    }
    if changes.get("staff") == "other":
        from grids.models import Institution

        bank = Institution.objects.create(name="别的行", short_name="别", county_code="1", county="x")
        others["other"] = Staff.objects.create_user("zzz", None, name="外", institution=bank)
    given: dict[str, Any] = {
        "training": training, "staff": world.chen, "recorded_by": world.an, "recorded_at": clock.now(),
    }  # fmt: skip
    given |= {name: others.get(value, value) if isinstance(value, str) else value for name, value in changes.items()}
    with acting_as(world.an), pytest.raises(DatabaseError, match=words), transaction.atomic():
        Attendance.objects.create(**given)


def test_what_was_announced_and_said_stands(world: World) -> None:
    training = held(world)
    invited(world, training, world.chen)
    said(world, training, world.chen, "attended")
    for change in ({"hours": 9}, {"title": "x"}, {"on": clock.today() - timedelta(days=9)}):
        with pytest.raises(DatabaseError, match="stands"), transaction.atomic():
            Training.objects.filter(pk=training.pk).update(**change)
    with acting_as(world.an):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Attendance.objects.filter(training=training).update(state="absent", reason="x")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Attendance.objects.filter(training=training).delete()
    with pytest.raises(DatabaseError, match="not cancelled"), transaction.atomic():
        Training.objects.filter(pk=training.pk).update(
            cancelled_at=clock.now(), cancelled_by=world.an, cancelled_reason="x"
        )


def test_who_never_attended_is_found(world: World, client_of: ClientOf) -> None:
    training = held(world)
    invited(world, training, world.chen, world.deng)
    said(world, training, world.chen, "attended")
    said(world, training, world.deng, "absent", reason="病假")
    an = client_of(world.an)

    def found(query: str) -> set[str]:
        return {one.staff.name for one in an.get(reverse("grids:training_people") + query).context["people"]}

    assert {"陈立", "邓平", "方圆"} <= found("")
    assert found("?none=1&post=officer") == {"邓平", "方圆"}
    assert found("?none=1&post=officer&kind=product") == {"陈立", "邓平", "方圆"}
    chen = next(
        one for one in selectors.people_of(Post.objects.get(staff=world.gao), {}, None)[1] if one.staff == world.chen
    )
    assert (chen.attended, chen.hours, chen.last_on) == (1, Decimal("2.5"), clock.today())


def test_the_lists_cost_the_same_for_one_and_for_twenty(world: World, client_of: ClientOf) -> None:
    gao = client_of(world.gao)
    asked = []
    for count in (1, 19):
        for _turn in range(count):
            training = held(world, world.gao, world.east)
            invited(world, training, world.chen, world.deng, by=world.gao)
            said(world, training, world.chen, "attended", by=world.gao)
        for name in ("training_list", "training_people", "inbox"):
            gao.get(reverse(f"grids:{name}"))
        with CaptureQueriesContext(connection) as captured:
            gao.get(reverse("grids:training_list"))
            gao.get(reverse("grids:training_people"))
            gao.get(reverse("grids:training", args=[training.pk]))
        asked.append(len(captured))
    assert asked[0] == asked[1]


def test_a_long_list_is_paged_and_recorded_page_by_page(world: World, client_of: ClientOf) -> None:
    people = [
        Staff.objects.create_user(
            f"n{number:03d}", None, name=f"员{number}", institution=world.bank, home_branch=world.east
        )
        for number in range(120)
    ]
    training = held(world)
    an = client_of(world.an)
    page = reverse("grids:training", args=[training.pk])
    assert "人没有列出" in an.get(page).content.decode()
    invited(world, training, *people)
    shown = an.get(page, {"page": 2}).context["rows"]
    assert len(shown) == 50
    first = shown[0]["row"].staff
    answer = an.post(reverse("grids:training_note", args=[training.pk]) + "?page=2", {f"state:{first.pk}": "attended"})
    assert answer["Location"] == f"{page}?page=2"
    assert last(training, first)[0] == "attended"
    assert "人没有列出" not in an.get(page).content.decode()


# --- By file ----------------------------------------------------------------------------------------------------------


def sent(client: Client, training: Training, *lines: str) -> Any:
    content = "\n".join(("工号,出勤,考核,说明", *lines)).encode("utf-8")
    file = SimpleUploadedFile("出勤.csv", content)
    return client.post(reverse("grids:training_file", args=[training.pk]), {"file": file})


def test_a_file_is_recorded_whole_and_may_be_sent_again(world: World, client_of: ClientOf) -> None:
    an = client_of(world.an)
    training = held(world)
    invited(world, training, world.chen)
    lines = ("CHEN,参加,合格,", "deng,缺席,,病假", "fang,attended,failed,")
    assert sent(an, training, *lines).status_code == 302
    assert last(training, world.chen) == ("attended", True, "", 2)
    assert last(training, world.deng) == ("absent", None, "病假", 2)
    assert last(training, world.fang) == ("attended", False, "", 2)
    assert sent(an, training, *lines).status_code == 302
    assert Attendance.objects.filter(training=training).count() == 6, "nothing changed"
    assert AuditEvent.objects.filter(verb="attendance_file").count() == 2


def test_all_that_is_wrong_is_told_at_once_and_nothing_written(world: World, client_of: ClientOf) -> None:
    training = held(world, has_test=False)
    invited(world, training, world.chen, world.deng)
    said(world, training, world.chen, "attended")
    answer = sent(
        client_of(world.an), training,
        "deng,参加,,", "deng,参加,,", "chen,缺席,,", "nobody,参加,,", "an,参加,,", ",参加,,", "fang,也许,,", "gao,参加,通过,", "he,参加,好,",
    )  # fmt: skip
    assert answer.status_code == 422
    found = {(one["row"], one["column"]) for one in answer.context["problems"]}
    assert found == {
        (3, "工号"),
        (4, "说明"),
        (5, "工号"),
        (6, "工号"),
        (7, "工号"),
        (8, "出勤"),
        (9, "考核"),
        (10, "考核"),
    }
    assert "整份没有写入" in answer.content.decode()
    assert last(training, world.deng)[0] == "invited"
    corrected = sent(client_of(world.an), training, "chen,缺席,,中途离场")
    assert corrected.status_code == 302
    assert last(training, world.chen) == ("absent", None, "中途离场", 3)


@pytest.mark.parametrize(("content", "words"), [(b"", "无法读取"), (b"%PDF-1.4", "无法读取"), (b"a,b\n1,2\n", "表头")])
def test_what_is_no_such_file_is_refused(world: World, client_of: ClientOf, content: bytes, words: str) -> None:
    training = held(world)
    answer = client_of(world.an).post(
        reverse("grids:training_file", args=[training.pk]), {"file": SimpleUploadedFile("x.csv", content)}
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_manager_records_no_other_branch_and_nobody_early_by_file(world: World, client_of: ClientOf) -> None:
    gao = client_of(world.gao)
    training = held(world)
    answer = sent(gao, training, "fang,参加,,")
    assert "不归您登记" in answer.content.decode()
    coming = held(world, on=clock.today() + timedelta(days=2))
    assert "当天起" in sent(gao, coming, "chen,参加,,").content.decode()
    assert not Attendance.objects.filter(training=coming).exists()
