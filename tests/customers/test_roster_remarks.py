"""Remarks on single cells of a roster that is sent back: written by the second person, read by who uploaded it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from customers.domain.roster.remarks import Fault, Remark
from customers.models import RosterImport, RosterRemark
from customers.services import roster
from customers.services.roster import RosterRefusedError, RosterRemarksError
from tests.conftest import acting_as
from tests.customers import rosters
from tests.world import World

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
SAID = [Remark(3, "phone", "这是村会计的电话"), Remark(2, "name", "户主应为刘建军")]


def send_back(world: World, uploaded: RosterImport, said: list[Remark] = SAID, **changes: Any) -> None:
    who = {"staff": world.gao, "post_id": None, "roster": uploaded, "answer": "两处要改"} | changes
    roster.discard(**who, remarks=said)


def typed(*rows: tuple[str, str, str], reason: str = "两处要改") -> dict[str, str]:
    """What the page posts."""
    data = {"reason": reason, "remarks-TOTAL_FORMS": str(len(rows)), "remarks-INITIAL_FORMS": "0"}
    for at, (row, column, text) in enumerate(rows):
        data |= {f"remarks-{at}-row": row, f"remarks-{at}-column": column, f"remarks-{at}-text": text}
    return data


def url(name: str, uploaded: RosterImport) -> str:
    return reverse(f"customers:{name}", args=[uploaded.pk])


def test_remarks_are_kept_with_the_return(world: World) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))
    assert uploaded.summary["spans"] == [[2, 4]]

    send_back(world, uploaded)

    kept = list(uploaded.remarks.order_by("row").values_list("row", "column", "text"))
    assert kept == [(2, "name", "户主应为刘建军"), (3, "phone", "这是村会计的电话")]
    assert AuditEvent.objects.get(verb="roster_discard").detail["remarks"] == 2


def test_a_row_or_column_the_file_has_not_is_refused_and_nothing_is_written(world: World) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))

    with pytest.raises(RosterRemarksError) as refused:
        send_back(world, uploaded, [SAID[0], Remark(5, "name", "x"), Remark(1, "sex", "x")])

    assert refused.value.faults == [
        Fault(1, "row", "unknown"),
        Fault(2, "row", "unknown"),
        Fault(2, "column", "unknown"),
    ]
    with pytest.raises(RosterRefusedError):
        send_back(world, uploaded, answer=" ")
    uploaded.refresh_from_db()
    assert (uploaded.state, uploaded.remarks.count()) == (RosterImport.State.CHECKED, 0)


def test_who_uploaded_it_puts_it_aside_without_remarks(world: World) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))

    send_back(world, uploaded, staff=world.chen)

    assert not uploaded.remarks.exists()


def test_a_list_of_businesses_has_rows_and_columns_too(world: World) -> None:
    content = f"网格,单位名称,类别\n{world.liu.name},刘家村小学,学校\n".encode()
    uploaded = rosters.upload(world, content, source_kind="unit_list")
    assert uploaded.summary["spans"] == [[2, 2]]

    send_back(world, uploaded, [Remark(2, "name", "写全称")])

    assert uploaded.remarks.get().text == "写全称"


def test_the_page_takes_remarks_and_shows_them_to_who_uploaded_it(world: World, client_of: ClientOf) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))
    gao, chen = client_of(world.gao), client_of(world.chen)
    assert "手机号（H 列）</option>" in gao.get(url("roster", uploaded)).text
    assert "remarks-TOTAL_FORMS" not in chen.get(url("roster", uploaded)).text

    answer = gao.post(
        url("roster_discard", uploaded), typed(("3", "phone", "这是村会计的电话"), ("", "", ""), ("2", "name", "改名"))
    )

    assert answer.status_code == 302
    text = chen.get(url("roster", uploaded)).text
    assert text.index("改名") < text.index("这是村会计的电话")
    assert "第 3 行 · 手机号（H 列）" in text
    english = client_of(world.chen)
    english.cookies["gedang_language"] = "en"
    assert "Row 3 · 手机号 (H)" in english.get(url("roster", uploaded)).text


def test_a_return_that_lacks_something_is_shown_again_as_typed(world: World, client_of: ClientOf) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))
    gao = client_of(world.gao)

    answer = gao.post(
        url("roster_discard", uploaded),
        typed(("9", "phone", "这是村会计的电话"), ("二", "", ""), ("2", "sex", "x" * 201), reason="整体再核"),
    )

    assert answer.status_code == 422
    for words in (
        "文件里没有第 9 行", "“二”不是行号", "请选择列", "请写明改什么", "文件里没有这一列", "最多 200 个字",
        "这是村会计的电话", "整体再核",
    ):  # fmt: skip
        assert words in answer.text, words
    unsaid = gao.post(url("roster_discard", uploaded), typed(("3", "phone", "这是村会计的电话"), reason=" "))
    assert unsaid.status_code == 422
    assert "退回时请写明原因" in unsaid.text
    assert "这是村会计的电话" in unsaid.text
    many = gao.post(url("roster_discard", uploaded), typed(*[("2", "name", "改")] * 51))
    assert "逐行意见最多 50 条" in many.text
    uploaded.refresh_from_db()
    assert (uploaded.state, RosterRemark.objects.count()) == (RosterImport.State.CHECKED, 0)


def test_a_file_that_was_not_read_has_no_rows_to_name(world: World, client_of: ClientOf) -> None:
    broken = rosters.upload(world, b"%PDF-1.7 ...", name="名册.pdf")
    gao = client_of(world.gao)
    assert "remarks-TOTAL_FORMS" not in gao.get(url("roster", broken)).text

    gao.post(url("roster_discard", broken), {"reason": "请传原件"})

    broken.refresh_from_db()
    assert broken.answer == "请传原件"


def test_the_inbox_of_who_uploaded_it_counts_the_remarks_until_a_new_file(world: World, client_of: ClientOf) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))
    send_back(world, uploaded)
    chen = client_of(world.chen)
    text = chen.get(reverse("grids:inbox")).text
    assert "退回的名册" in text
    assert "逐行意见 2 条" in text
    assert "退回的名册" not in client_of(world.gao).get(reverse("grids:inbox")).text
    with time_machine.travel(clock.now() + timedelta(days=31)):
        assert "退回的名册" not in client_of(world.chen).get(reverse("grids:inbox")).text

    rosters.upload(world, rosters.family(world.liu)[:2])

    assert "退回的名册" not in chen.get(reverse("grids:inbox")).text


@pytest.mark.parametrize(
    "change",
    [
        {"roster": "own"},
        {"roster": "open"},
        {"row": 1},
        {"row": 9},
        {"column": "sex"},
        {"text": ""},
    ],
    ids=str,
)
def test_the_database_takes_remarks_of_a_return_on_cells_of_the_file_alone(
    world: World, change: dict[str, Any]
) -> None:
    returned, own, waiting = (
        rosters.upload(world, rosters.family(world.liu, f"H{at}", at * 10 + 1)) for at in range(3)
    )
    send_back(world, returned, [])
    roster.discard(staff=world.chen, post_id=None, roster=own)
    about = {"own": own, "open": waiting}.get(change.get("roster", ""), returned)
    values = {"roster": about, "row": 2, "column": "name", "text": "改名"} | {
        name: value for name, value in change.items() if name != "roster"
    }
    with pytest.raises(DatabaseError), transaction.atomic():
        RosterRemark.objects.create(**values)


def test_the_database_takes_them_once_and_keeps_them(world: World) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))
    send_back(world, uploaded)
    with pytest.raises(DatabaseError), transaction.atomic():
        RosterRemark.objects.create(roster=uploaded, row=2, column="name", text="又一条")
    for who in (world.gao, world.chen):
        with acting_as(who), pytest.raises(DatabaseError), transaction.atomic():
            RosterRemark.objects.update(text="别的")
        with acting_as(who), pytest.raises(DatabaseError), transaction.atomic():
            RosterRemark.objects.all().delete()
    other = rosters.upload(world, rosters.family(world.liu, "H009", 91))
    send_back(world, other, [])
    with pytest.raises(DatabaseError), transaction.atomic():
        RosterRemark.objects.bulk_create(
            [RosterRemark(roster=other, row=2, column="name", text="改") for _each in range(51)]
        )


def test_only_those_who_handle_the_file_read_and_write_remarks(world: World, client_of: ClientOf) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))
    waiting = rosters.upload(world, rosters.family(world.liu, "H009", 91))
    with acting_as(world.gao):
        send_back(world, uploaded)
        assert RosterRemark.objects.count() == 2
    with acting_as(world.chen):
        assert RosterRemark.objects.count() == 2
    with acting_as(world.he):
        assert not RosterRemark.objects.exists()
    he = client_of(world.he)
    assert he.get(url("roster", uploaded)).status_code == 404
    assert he.post(url("roster_discard", waiting), typed(("2", "name", "改名"))).status_code == 404
    waiting.refresh_from_db()
    assert waiting.state == RosterImport.State.CHECKED
    empty = rosters.upload(world, rosters.family(world.liu, "H019", 191))
    send_back(world, empty, [])
    for stranger in (world.chen, world.he):
        with acting_as(stranger), pytest.raises(DatabaseError), transaction.atomic():
            RosterRemark.objects.create(roster_id=empty.pk, row=2, column="name", text="改名")


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_fifty_remarks_cost_as_many_queries_as_one(world: World, client_of: ClientOf) -> None:
    one, many = (rosters.upload(world, rosters.family(world.liu, f"H{at}", at * 10 + 1)) for at in range(2))
    send_back(world, one, SAID[:1])
    chen = client_of(world.chen)
    single, inbox = queries(chen, url("roster", one)), queries(chen, reverse("grids:inbox"))
    send_back(world, many, SAID * 25)

    assert queries(chen, url("roster", many)) == single
    assert queries(chen, reverse("grids:inbox")) == inbox
