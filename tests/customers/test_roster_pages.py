"""The pages of a roster import: upload, progress, preview and findings, confirmation by another person."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock, jobs
from config.lib.models import AuditEvent
from customers.models import Household, RosterImport
from tests import rosterfiles
from tests.customers import rosters
from tests.world import World

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]


def form(content: bytes, **changes: Any) -> dict[str, Any]:
    return {
        "file": SimpleUploadedFile("刘家村.csv", content),
        "source": "城东派出所",
        "obtained_on": "2026-03-01",
        "legal_basis": "整村授信合作协议 2026-01",
    } | changes


def post_upload(client: Client, world: World, rows: list[list[str]], **changes: Any) -> Any:
    content = rosterfiles.csv_bytes(rows)
    return client.post(reverse("customers:roster_upload"), form(content, **{"branch": world.east.pk, **changes}))


def test_upload_check_and_confirmation_by_a_second_person(world: World, client_of: ClientOf) -> None:
    chen, gao = client_of(world.chen), client_of(world.gao)

    answer = post_upload(chen, world, rosters.family(world.liu))

    uploaded = RosterImport.objects.get()
    page = reverse("customers:roster", args=[uploaded.pk])
    assert answer.url == page
    assert (uploaded.source, uploaded.obtained_on) == ("城东派出所", date(2026, 3, 1))
    assert reverse("customers:roster_progress", args=[uploaded.pk]) in chen.get(page).text
    waiting = gao.get(reverse("customers:roster_progress", args=[uploaded.pk]))
    assert "排队中" in waiting.text

    jobs.drive_run(uploaded.run_id)
    over = gao.get(reverse("customers:roster_progress", args=[uploaded.pk]))
    assert over.headers["HX-Refresh"] == "true"
    assert "确认导入" not in chen.get(page).text
    text = gao.get(page).text
    assert "刘家村" in text
    assert "写入新增 1 户、3 人" in text

    confirmed = gao.post(reverse("customers:roster_confirm", args=[uploaded.pk]))
    assert confirmed.url == page
    uploaded.refresh_from_db()
    assert uploaded.state == RosterImport.State.WRITING
    again = gao.post(reverse("customers:roster_confirm", args=[uploaded.pk]), follow=True)
    assert "已经处理过了" in again.text

    jobs.drive_run(uploaded.run_id)
    assert "已导入：新增 1 户、3 人" in chen.get(page).text
    assert Household.objects.count() == 1


def test_a_manager_does_not_confirm_his_own_upload(world: World, client_of: ClientOf) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu), staff=world.gao)
    gao = client_of(world.gao)

    assert "确认导入" not in gao.get(reverse("customers:roster", args=[uploaded.pk])).text
    answer = gao.post(reverse("customers:roster_confirm", args=[uploaded.pk]), follow=True)

    assert "须由另一位支行行长确认" in answer.text
    uploaded.refresh_from_db()
    assert uploaded.state == RosterImport.State.CHECKED


def test_findings_are_shown_with_place_and_remedy_filtered_and_downloaded(world: World, client_of: ClientOf) -> None:
    bad = rosters.line(world.wang, "W001", "王强", 身份证号="370685198003050011")
    uploaded = rosters.upload(world, [*rosters.family(world.liu), bad])
    chen = client_of(world.chen)
    page = reverse("customers:roster", args=[uploaded.pk])

    text = chen.get(page).text
    assert "有 1 处错误，这份名册不能确认" in text
    assert "第 5 行，身份证号（G 列）" in text
    assert "校验位不对" in text
    assert "确认导入" not in text
    assert "370685198003050011" not in text
    assert "没有这种问题" in chen.get(page, {"village": world.liu.pk}).text
    assert "校验位不对" in chen.get(page, {"village": world.wang.pk, "level": "error"}).text

    sheet = chen.get(reverse("customers:roster_problems", args=[uploaded.pk]))
    book = openpyxl.load_workbook(io.BytesIO(sheet.content))
    cells = [str(cell.value) for row in book.active.iter_rows() for cell in row if cell.value]
    assert any("校验位不对" in cell for cell in cells)
    assert AuditEvent.objects.filter(verb="roster_problems", staff=world.chen).count() == 1


def test_a_file_that_is_no_roster_says_what_it_is(world: World, client_of: ClientOf) -> None:
    broken = rosters.upload(world, b"%PDF-1.7 ...", name="名册.pdf")

    text = client_of(world.chen).get(reverse("customers:roster", args=[broken.pk])).text

    assert "这是 PDF 文件，无法读出表格" in text
    assert "请向提供方索取原始 Excel 或 CSV 文件" in text
    english = client_of(world.chen)
    english.cookies["gedang_language"] = "en"
    assert (
        "This is a PDF; no table can be read from it" in english.get(reverse("customers:roster", args=[broken.pk])).text
    )


def test_a_form_without_provenance_is_returned_with_words(world: World, client_of: ClientOf) -> None:
    chen = client_of(world.chen)

    answer = post_upload(chen, world, rosters.family(world.liu), source="", obtained_on="2999-01-01")

    assert answer.status_code == 422
    assert "取得日期不能晚于今天" in answer.text
    assert not RosterImport.objects.exists()


def test_a_file_above_the_limit_is_refused_with_words(world: World, client_of: ClientOf, settings: Any) -> None:
    settings.ROSTER_LIMIT_MB = 0.0001
    answer = post_upload(client_of(world.chen), world, rosters.family(world.liu))

    assert answer.status_code == 422
    assert "上限" in answer.text
    assert not RosterImport.objects.exists()


def test_the_same_file_leads_to_its_import(world: World, client_of: ClientOf) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))

    answer = post_upload(client_of(world.chen), world, rosters.family(world.liu))

    assert answer.url == reverse("customers:roster", args=[uploaded.pk])
    assert RosterImport.objects.count() == 1


def test_another_branch_sees_nothing_of_it(world: World, client_of: ClientOf) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))
    he = client_of(world.he)

    for name, method in (
        ("roster", "get"), ("roster_progress", "get"), ("roster_problems", "get"),
        ("roster_confirm", "post"), ("roster_discard", "post"),
    ):  # fmt: skip
        assert getattr(he, method)(reverse(f"customers:{name}", args=[uploaded.pk])).status_code == 404, name
    assert "名册.csv" not in he.get(reverse("customers:roster_list")).text
    answer = post_upload(he, world, rosters.family(world.liu), branch=world.east.pk)
    assert answer.status_code == 422


def test_the_manager_sees_in_his_queue_that_a_file_waits(world: World, client_of: ClientOf) -> None:
    gao, he = client_of(world.gao), client_of(world.he)
    assert ">名册 1</option>" not in gao.get(reverse("customers:queues")).text
    rosters.upload(world, rosters.family(world.liu))
    rosters.upload(world, rosters.family(world.liu)[:2], staff=world.gao)
    rosters.upload(world, [rosters.line(world.liu, 身份证号="1")])

    assert ">名册 1</option>" in gao.get(reverse("customers:queues")).text
    assert ">名册 1</option>" not in he.get(reverse("customers:queues")).text
    assert ">名册 1</option>" not in client_of(world.chen).get(reverse("customers:queues")).text


def test_the_manager_sends_a_roster_back_with_words_and_who_uploaded_it_reads_them(
    world: World, client_of: ClientOf
) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))
    gao, chen = client_of(world.gao), client_of(world.chen)
    page, discard = (reverse(f"customers:{name}", args=[uploaded.pk]) for name in ("roster", "roster_discard"))
    assert "退回这份名册" in gao.get(page).text
    assert "放弃这份名册" in chen.get(page).text
    assert "退回时请写明原因" in gao.post(discard, {"reason": " "}, follow=True).text
    assert ">名册 1</option>" in gao.get(reverse("customers:queues")).text
    gao.post(discard, {"reason": "三组缺 12 户"})
    uploaded.refresh_from_db()
    assert (uploaded.state, uploaded.discarded_by, uploaded.answer) == ("discarded", world.gao, "三组缺 12 户")
    assert "三组缺 12 户" in chen.get(page).text
    assert "已退回" in chen.get(reverse("customers:roster_list")).text
    own = rosters.upload(world, rosters.family(world.liu)[:2])
    chen.post(reverse("customers:roster_discard", args=[own.pk]), {"reason": "x"})
    own.refresh_from_db()
    assert (own.state, own.discarded_by, own.answer) == ("discarded", world.chen, "")


def test_the_database_wants_words_of_who_sends_a_roster_back(world: World) -> None:
    uploaded = rosters.upload(world, rosters.family(world.liu))
    with pytest.raises(IntegrityError), transaction.atomic():
        RosterImport.objects.filter(pk=uploaded.pk).update(
            state="discarded", discarded_by=world.gao, discarded_at=clock.now()
        )


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_queries_do_not_grow_with_the_rows(world: World, client_of: ClientOf) -> None:
    gao = client_of(world.gao)
    first = rosters.upload(world, [rosters.line(world.liu, "H001", 身份证号="1")])
    listed, shown = (
        queries(gao, reverse("customers:roster_list")),
        queries(gao, reverse("customers:roster", args=[first.pk])),
    )
    for number in range(19):
        rosters.upload(world, [rosters.line(world.liu, f"H{number}", 身份证号="2")])
    many = rosters.upload(world, [rosters.line(world.liu, f"H{number}", 身份证号="1") for number in range(30)])

    assert queries(gao, reverse("customers:roster_list")) == listed
    assert queries(gao, reverse("customers:roster", args=[many.pk])) == shown
