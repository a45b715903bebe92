"""Files of staff and posts: every error in one pass, a plan another administrator confirms, harmless when sent again."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from grids.access import posts_of
from grids.models import Post, PostKind, Staff, StaffImport
from tests.conftest import acting_as
from tests.world import PASSWORD, SINCE, World

ClientOf = Callable[..., Client]
HEADER = "工号,姓名,所在机构,岗位,机构范围,自,至,邮箱"


@pytest.fixture
def bo(world: World) -> Staff:
    """A second administrator."""
    person = Staff.objects.create_user(
        "bo", PASSWORD, name="薄云", institution=world.bank, home_branch=world.head_office
    )
    Post.objects.create(staff=person, kind=PostKind.ADMINISTRATOR, from_on=SINCE)
    return person


def sheet(lines: list[str]) -> bytes:
    return "\n".join([HEADER, *lines]).encode()


def send(client: Client, content: bytes, name: str = "人员.csv") -> StaffImport:
    data = {"file": SimpleUploadedFile(name, content)}
    answer = client.post(reverse("grids:staff_file_upload"), data)
    assert answer.status_code == 302, answer.content.decode()
    return StaffImport.objects.get(pk=int(answer["Location"].rstrip("/").rsplit("/", 1)[1]))


def settle(client: Client, file: StaffImport, step: str = "confirm", **data: str) -> str:
    answer = client.post(reverse(f"grids:staff_file_{step}", args=[file.pk]), data, follow=True)
    file.refresh_from_db()
    return answer.content.decode()


def good(world: World) -> list[str]:
    later = clock.today() + timedelta(days=30)
    return [
        "E1001,许诺,城东支行,客户经理,,2020-01-01,,xunuo@bank.example",
        "E1001,许诺,城东支行,贷后检查岗,城西支行,,,xunuo@bank.example",
        "E1002,孟夏,城西支行,,,,,",
        f"chen,陈立,城东支行,客户经理,城东支行,,{later},chen@bank.example",
        "deng,邓平,城西支行,客户经理,城东支行,,,",
        "gao,高远,城东支行,支行行长,,,,",
    ]


def test_a_file_is_planned_by_one_and_carried_out_by_another(world: World, bo: Staff, client_of: ClientOf) -> None:
    an, second = client_of(world.an), client_of(bo)
    file = send(an, sheet(good(world)))
    assert (file.state, file.problems) == ("waiting", [])
    assert file.counts == {"new": 3, "changed": 1, "ended": 1, "unchanged": 1}
    page = an.get(reverse("grids:staff_file", args=[file.pk])).content.decode()
    assert "确认并写入" not in page
    assert "原 城东支行" in page
    assert not Staff.objects.filter(number="E1001").exists()

    assert "由另一位管理员确认" in settle(an, file)
    assert "已写入 5 行变化" in settle(second, file)
    new = Staff.objects.get(number="E1001")
    assert not new.has_usable_password()
    assert new.must_change_password
    assert {(post.kind, post.branch, post.from_on, post.appointed_by) for post in new.posts.all()} == {
        ("officer", world.east, clock.today(), bo), ("checker", world.west, clock.today(), bo),
    }  # fmt: skip
    assert not Staff.objects.get(number="E1002").posts.exists()
    assert world.chen.posts.get().to_on == clock.today() + timedelta(days=30)
    assert Staff.objects.get(pk=world.deng.pk).home_branch == world.west
    assert AuditEvent.objects.filter(verb="post_given", about_id=str(new.pk)).count() == 2
    assert "还没有密码" in second.get(reverse("grids:staff_list") + "?new=1").content.decode()

    again = send(an, sheet(good(world)))
    assert again.counts == {"new": 0, "changed": 0, "ended": 0, "unchanged": 6}
    before = Post.objects.count(), Staff.objects.count()
    settle(second, again)
    assert (Post.objects.count(), Staff.objects.count()) == before
    assert again.state == "confirmed"


def test_every_error_is_told_at_once(world: World, bo: Staff, client_of: ClientOf) -> None:
    gone = clock.today() - timedelta(days=1)
    file = send(
        client_of(world.an),
        sheet(
            [
                "E 1,许诺,城东支行,客户经理,,,,",
                "E2001,,城南支行,客户经理,,,,no-mail",
                "E2002,许诺,城东支行,站长,,,,",
                "E2003,许诺,城东支行,系统管理员,城东支行,31/12,,",
                "E2004,许诺,城东支行,,城东支行,,,",
                "E2005,许诺,城东支行,客户经理,,2027-02-01,2027-01-01,",
                "E2006,许诺,城东支行,客户经理,,,,",
                "E2006,许愿,城东支行,客户经理,,,,",
            ]
        ),
    )
    assert file.state == "broken"
    assert {(one["row"], one["column"], one["code"]) for one in file.problems} == {
        (2, "number", "number_wrong"), (3, "name", "name_wrong"), (3, "branch", "branch_unknown"), (3, "email", "email_wrong"),
        (4, "kind", "kind_unknown"), (5, "scope", "scope_not_wanted"), (5, "from_on", "date_wrong"), (6, "scope", "post_missing"),
        (7, "to_on", "to_before_from"), (9, "name", "person_differs"), (9, "kind", "twice"),
    }  # fmt: skip
    page = client_of(world.an).get(reverse("grids:staff_file", args=[file.pk])).content.decode()
    assert "写成 2027-03-31" in page
    assert "没有“城南支行”这个在营机构" in page

    second = send(
        client_of(world.an),
        sheet(
            [
                f"chen,陈立,城东支行,客户经理,,,{gone},",
                "shi,石开,总行,,,,,",
                "an,安然,总行,审计,,,,",
                f"E2007,许诺,城东支行,客户经理,,2020-01-01,{gone},",
            ]
        ),
    )
    assert {(one["row"], one["code"]) for one in second.problems} == {
        (2, "to_past"), (3, "outside"), (4, "own"), (5, "never"),
    }  # fmt: skip


def test_a_workbook_reads_the_same(world: World, client_of: ClientOf) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.append([])
    page.append(["金穗农商行人员表"])
    page.append(HEADER.split(","))
    page.append(["E3001", "许诺", "城东支行", "客户经理", None, clock.today(), None, None])
    memory = io.BytesIO()
    book.save(memory)
    file = send(client_of(world.an), memory.getvalue(), "人员.xlsx")
    assert (file.problems, file.plan[0]["row"], file.plan[0]["from_on"]) == ([], 4, str(clock.today()))


def test_what_is_no_table_is_refused_in_words(world: World, client_of: ClientOf) -> None:
    for content, code in ((b"%PDF-1.7 x", "file_pdf"), (b"", "file_empty"), ("姓名,机构\n甲,乙".encode(), "header")):
        file = send(client_of(world.an), content)
        assert [one["code"] for one in file.problems] == [code]


def test_a_plan_that_is_no_longer_true_is_shown_again(world: World, bo: Staff, client_of: ClientOf) -> None:
    file = send(client_of(world.an), sheet(["E1001,许诺,城东支行,客户经理,,,,"]))
    Staff.objects.create_user("E1001", None, name="别人", institution=world.bank, home_branch=world.west)
    assert "请再看一遍" in settle(client_of(bo), file)
    assert (file.state, file.plan[0]["was"]["name"]) == ("waiting", "别人")
    settle(client_of(bo), file)
    assert Staff.objects.get(number="E1001").name == "许诺"


def test_refused_with_a_reason_or_taken_back(world: World, bo: Staff, client_of: ClientOf) -> None:
    file = send(client_of(world.an), sheet(["E1001,许诺,城东支行,客户经理,,,,"]))
    assert send(client_of(bo), sheet(["E1001,许诺,城东支行,客户经理,,,,"])) == file
    assert "写明理由" in settle(client_of(bo), file, "reject")
    assert "不是本行" in settle(client_of(bo), file, "reject", reason="不是本行的人")
    assert file.state == "rejected"
    assert "刚刚已经处理过了" in settle(client_of(bo), file)
    other = send(client_of(world.an), sheet(["E1001,许诺,城东支行,客户经理,,,,"]))
    settle(client_of(world.an), other, "reject")
    assert other.state == "withdrawn"


def test_nobody_confirms_his_own_post_and_one_administrator_stays(world: World, bo: Staff, client_of: ClientOf) -> None:
    file = send(client_of(world.an), sheet(["bo,薄云,总行,审计,,,,"]))
    assert "您自己的岗位" in settle(client_of(bo), file)
    assert posts_of(bo).count() == 1
    bo.posts.update(to_on=clock.today() + timedelta(days=90))
    an = send(client_of(bo), sheet([f"an,安然,总行,系统管理员,,,{clock.today()},"]))
    assert [one["code"] for one in an.problems] == ["last_administrator"]


def test_the_database_keeps_two_people_and_what_was_read(world: World, bo: Staff, client_of: ClientOf) -> None:
    file = send(client_of(world.an), sheet(["E1001,许诺,城东支行,客户经理,,,,"]))
    own = {"state": "confirmed", "settled_by": world.an, "settled_at": clock.now()}
    with pytest.raises(IntegrityError, match="staff_import_needs_two"), transaction.atomic():
        StaffImport.objects.filter(pk=file.pk).update(**own)
    no_administrator: dict[str, Any] = own | {"settled_by": world.gao}
    with pytest.raises(DatabaseError, match="administrator in office"), transaction.atomic():
        StaffImport.objects.filter(pk=file.pk).update(**no_administrator)
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
        StaffImport.objects.filter(pk=file.pk).update(rows=[])
    with acting_as(world.an), pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("delete from grids_staffimport")


def test_many_rows_take_the_same_statements(
    world: World, bo: Staff, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    def lines(count: int) -> list[str]:
        return [f"E{count}{at:03d},许诺,城东支行,客户经理,,,," for at in range(count)]

    counted = []
    for count in (1, 20):
        with django_assert_max_num_queries(100) as sent:
            file = send(client_of(world.an), sheet(lines(count)))
        with django_assert_max_num_queries(100) as settled:
            client_of(bo).post(reverse("grids:staff_file_confirm", args=[file.pk]))
        with django_assert_max_num_queries(100) as listed:
            client_of(bo).get(reverse("grids:staff_file", args=[file.pk]))
        counted.append((len(sent), len(settled), len(listed)))
    assert counted[0] == counted[1]
