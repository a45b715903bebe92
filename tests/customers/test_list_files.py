"""Files of list entries: every error in one pass, proposed and confirmed as a whole by two, harmless when sent again; export."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from customers.domain import listfile
from customers.models import Household, ListEntry, ListFile, Person
from customers.selectors.files import is_blocked
from customers.selectors.identity import decrypt
from tests.conftest import acting_as
from tests.customers.builders import make_household, release_parameters
from tests.world import World

ClientOf = Callable[..., Client]
HEADER = "名单,身份证号,村,户号,姓名,原因,说明,复核日期"


@pytest.fixture
def homes(world: World) -> list[Household]:
    release_parameters(world)
    return [make_household(world.liu, f"000{number}") for number in range(1, 4)]


def send(client: Client, world: World, lines: list[str], **changes: Any) -> Any:
    content = "\n".join([HEADER, *lines]).encode()
    data = {"file": SimpleUploadedFile("名单.csv", content), "source": "逾期清单", "branch": world.east.pk} | changes
    return client.post(reverse("customers:list_file_upload"), data)


def number_of(home: Household, relation: str) -> str:
    return decrypt(Person.objects.get(household=home, relation=relation), "id_number")


def good(homes: list[Household]) -> list[str]:
    return [
        "灰名单,,刘家村,0001,刘洋,现有逾期贷款,,",
        "黑,,,0002,王秀英,default,多次催收,",
        "白名单,,刘家村,0003,刘建国,本户借款人,,",
    ]


def test_a_file_is_proposed_by_one_and_confirmed_as_a_whole_by_another(
    world: World, homes: list[Household], client_of: ClientOf
) -> None:
    chen, gao = client_of(world.chen), client_of(world.gao)
    answer = send(chen, world, good(homes))
    file = ListFile.objects.get()
    assert (answer.status_code, file.state, file.rows, file.skipped, file.problems) == (302, "waiting", 3, 0, [])
    assert {(one.colour, one.proposed_by, one.confirmed_at) for one in file.entries.all()} == {
        ("grey", world.chen, None), ("black", world.chen, None), ("white", world.chen, None),
    }  # fmt: skip
    assert not Household.objects.filter(is_blocked()).exists()
    page = reverse("customers:list_file", args=[file.pk])
    assert "整份确认" not in chen.get(page).text
    listed = gao.get(reverse("customers:queues")).text
    assert "名单文件 1</option>" in listed
    assert "名单列入" not in listed
    assert "整份确认" in gao.get(page).text
    assert client_of(world.he).get(page).status_code == 404
    assert "刘洋" not in client_of(world.deng).get(page).text

    gao.post(reverse("customers:list_file_confirm", args=[file.pk]))
    assert {entry.confirmed_by for entry in file.entries.all()} == {world.gao}
    assert set(Household.objects.filter(is_blocked()).values_list("number", flat=True)) == {"0001", "0002"}
    assert AuditEvent.objects.get(verb="list_file_confirm").detail["entries"] == 3


def test_the_same_file_again_changes_nothing(world: World, homes: list[Household], client_of: ClientOf) -> None:
    chen, gao = client_of(world.chen), client_of(world.gao)
    send(chen, world, good(homes))
    again = send(chen, world, good(homes))
    assert ListFile.objects.count() == 1
    assert again.headers["Location"] == reverse("customers:list_file", args=[ListFile.objects.get().pk])
    gao.post(reverse("customers:list_file_confirm", args=[ListFile.objects.get().pk]))
    send(chen, world, good(homes))
    second = ListFile.objects.latest("pk")
    assert (second.skipped, second.entries.count(), ListEntry.objects.count()) == (3, 0, 3)


def test_every_error_is_told_in_one_pass_and_nothing_is_written(
    world: World, homes: list[Household], client_of: ClientOf
) -> None:
    chen = client_of(world.chen)
    send(
        chen,
        world,
        [
            "蓝名单,,刘家村,0001,刘洋,现有逾期贷款,,",
            "灰名单,,刘家村,0001,刘洋,恶意拖欠贷款,,",
            "灰名单,370685200103051234,,,,现有逾期贷款,,",
            "灰名单,3.70685E+17,,,,现有逾期贷款,,",
            "灰名单,,,,,现有逾期贷款,,",
            "灰名单,,刘家村,0001,无此人,现有逾期贷款,,",
            "灰名单,,刘家村,0001,刘洋,现有逾期贷款,,2099-01-01",
            "灰名单,,刘家村,0001,刘洋,现有逾期贷款,,后天",
            "灰名单,,刘家村,0002,刘洋,现有逾期贷款,,",
            "灰名单,,刘家村,0002,刘洋,现有逾期贷款,,",
            "白名单,,刘家村,0002,刘建国,本户借款人,,",
            "关注,,刘家村,0003,刘洋,患病,住院,",
            "白名单,,刘家村,0003,刘建国,本户借款人,,",
            "白名单,,刘家村,0003,王秀英,本户借款人,,",
        ],
    )
    file = ListFile.objects.get()
    assert (file.state, ListEntry.objects.count()) == ("broken", 0)
    assert [(one["row"], one["code"]) for one in file.problems] == [
        (2, "colour_unknown"), (3, "reason_unknown"), (4, "id_invalid"), (5, "id_as_number"), (6, "who_missing"),
        (7, "not_found"), (8, "review_range"), (9, "date_wrong"), (11, "twice"), (12, "blocked"), (13, "sensitive"),
        (15, "white_twice"),
    ]  # fmt: skip
    assert "370685200103051234" not in str(file.problems)
    text = chen.get(reverse("customers:list_file", args=[file.pk])).text
    assert "把这一列设为文本后重新录入" in text
    english = chen.get(reverse("customers:list_file", args=[file.pk]), headers={"Accept-Language": "en"}).text
    assert "12" in english


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.4",
        b"a,b\n1,2\n",
        "名单,原因\n黑,x\n".encode(),
        b"PK\x03\x04broken",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ],
)
def test_what_is_no_file_of_entries_is_told(
    world: World, homes: list[Household], client_of: ClientOf, content: bytes
) -> None:
    chen = client_of(world.chen)
    send(chen, world, [], file=SimpleUploadedFile("x.xlsx", content))
    file = ListFile.objects.get()
    assert file.state == "broken"
    assert chen.get(reverse("customers:list_file", args=[file.pk])).status_code == 200


def test_a_workbook_is_matched_by_id_number_as_text(world: World, homes: list[Household], client_of: ClientOf) -> None:
    from customers.domain.identity import make_id
    from customers.services import identity

    son = Person.objects.get(household=homes[0], relation="son")
    number = make_id("370685", son.born_on, 7)
    identity.correct(staff=world.chen, post_id=None, person=son, id_number=number, phone="")
    book = openpyxl.Workbook()
    book.active.append(["名单", "身份证号", "姓名", "原因", "复核日期"])
    day = clock.today() + timedelta(days=60)
    book.active.append(["灰名单", f" {number} ", "刘洋", "现有逾期贷款", day])
    stream = io.BytesIO()
    book.save(stream)
    send(client_of(world.chen), world, [], file=SimpleUploadedFile("名单.xlsx", stream.getvalue()))
    assert ListFile.objects.get().problems == []
    entry = ListEntry.objects.get()
    assert (entry.person, entry.review_on) == (son, day)


def test_a_white_row_blocked_since_is_refused_and_a_file_may_be_refused(
    world: World, homes: list[Household], client_of: ClientOf
) -> None:
    chen, gao = client_of(world.chen), client_of(world.gao)
    send(chen, world, good(homes)[2:])
    son = Person.objects.get(household=homes[2], relation="son")
    chen.post(reverse("customers:list_propose", args=[homes[2].pk]), {"person": son.pk, "reason": "grey:overdue"})
    gao.post(reverse("customers:list_confirm", args=[ListEntry.objects.latest("pk").pk]))
    first = ListFile.objects.get()
    gao.post(reverse("customers:list_file_confirm", args=[first.pk]))
    assert first.entries.get().state == "rejected"

    send(chen, world, good(homes)[:1])
    second = ListFile.objects.latest("pk")
    gao.post(reverse("customers:list_file_reject", args=[second.pk]), {"reason": ""})
    assert ListFile.objects.get(pk=second.pk).state == "waiting"
    gao.post(reverse("customers:list_file_reject", args=[second.pk]), {"reason": "来源不明"})
    assert (ListFile.objects.get(pk=second.pk).state, second.entries.get().answer) == ("rejected", "来源不明")


@pytest.mark.parametrize(
    ("who", "sql"),
    [
        ("chen", "update customers_listfile set state = 'confirmed', settled_by_id = {chen}, settled_at = now()"),
        ("gao", "update customers_listfile set state = 'confirmed', settled_by_id = {deng}, settled_at = now()"),
        ("gao", "update customers_listfile set rows = 0"),
        ("gao", "delete from customers_listfile"),
    ],
)
def test_the_database_keeps_two_people_to_a_file(
    world: World, homes: list[Household], client_of: ClientOf, who: str, sql: str
) -> None:
    send(client_of(world.chen), world, good(homes))
    ids = {name: getattr(world, name).pk for name in ("chen", "gao", "deng")}
    with pytest.raises(DatabaseError), acting_as(getattr(world, who)), connection.cursor() as cursor:
        cursor.execute(sql.format(**ids))


def test_an_export_masks_numbers_keeps_to_what_one_may_know_and_is_on_record(
    world: World, homes: list[Household], client_of: ClientOf
) -> None:
    chen, gao = client_of(world.chen), client_of(world.gao)
    send(chen, world, good(homes))
    gao.post(reverse("customers:list_file_confirm", args=[ListFile.objects.get().pk]))
    url = reverse("customers:list_export")
    rows = list(openpyxl.load_workbook(io.BytesIO(gao.get(url, {"colour": "grey"}).content)).active.values)
    text = str(rows)
    assert "刘洋" in text
    assert "王秀英" not in text
    assert number_of(homes[0], "son") not in text
    event = AuditEvent.objects.get(verb="list_export")
    assert (event.staff, event.detail["rows"], event.detail["colour"]) == (world.gao, 1, "grey")
    he = str(list(openpyxl.load_workbook(io.BytesIO(client_of(world.he).get(url).content)).active.values))
    assert "刘洋" not in he


def test_words_are_there_for_every_finding_in_both_languages() -> None:
    for code in listfile.WORDS:
        for language in ("zh-hans", "en"):
            told = listfile.describe({"row": 2, "column": "name", "code": code, "value": "v", "also": "a"}, language)
            assert told["what"]
            assert told["remedy"]
