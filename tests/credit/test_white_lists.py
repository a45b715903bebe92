"""White lists: made by one, released by another, looked at again when taken; receipts with every fault told, confirmed by two."""

import csv
import io
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib.acting import job_frame
from config.lib.models import AuditEvent
from credit.models import Receipt, ReceiptRow, WhiteFile, WhiteList
from credit.selectors import whitelists as selectors
from credit.services import decisions
from credit.services import whitelists as services
from customers.models import Consent, Household
from grids.services import Refused
from tests.credit import coresnapshots as core
from tests.credit import signings as make
from tests.credit import village as villages
from tests.credit.village import Village
from tests.world import World

Clients = Callable[..., Client]


@pytest.fixture(autouse=True)
def opener(tmp_path: Path) -> Iterator[None]:
    with villages.opener_key(tmp_path):
        yield


def signed(world: World, households: int = 2) -> Village:
    """A village whose lines are signed by people with ID numbers."""
    village = make.granted(world, households)
    core.number_people(*village.households)
    for place in range(households):
        make.sign(village, place)
    return village


def released(village: Village) -> WhiteList:
    """A list Gao made and Jiang released."""
    made = make.act(services.make, village.world.gao, round=village.round)
    found: WhiteList = make.act(services.settle, village.world.jiang, white_list=made, release=True)
    return WhiteList.objects.select_related("round", "grid__branch").get(pk=found.pk)


def receipt(*rows: str) -> bytes:
    return "\n".join(("合同号,结果,原因", *rows)).encode()


def test_a_list_is_made_released_and_taken_by_different_people(world: World) -> None:
    village = signed(world, 2)
    made = make.act(services.make, world.jiang, round=village.round)
    with pytest.raises(Refused, match="另一人放行"):
        make.act(services.settle, world.jiang, white_list=made, release=True)
    with pytest.raises(Refused, match="没有新签约"):
        make.act(services.make, world.gao, round=village.round)
    with (
        pytest.raises(IntegrityError, match="white_lists_need_two"),
        transaction.atomic(),
        job_frame(world.jiang.pk, "test"),
    ):
        WhiteList.objects.filter(pk=made.pk).update(state="released", settled_by=world.jiang, settled_at=made.made_at)
    bai = core.second_approver(world)
    with pytest.raises(Refused, match="还没有放行"):
        make.act(services.take, bai, white_list=made, form="csv", language="zh-hans")
    make.act(services.settle, bai, white_list=made, release=True)
    made = WhiteList.objects.select_related("round", "grid__branch").get()
    content, kept = make.act(services.take, bai, white_list=made, form="csv", language="zh-hans")
    assert kept.sha256 == sha256(content).hexdigest()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["合同号"] for row in rows] == ["ZY2026-0000", "ZY2026-0001"]
    assert [row["身份证号"].strip() for row in rows] == [core.id_number(1), core.id_number(2)]
    assert rows[0]["授信金额"] == "40000.00"
    book, _kept = make.act(services.take, bai, white_list=made, form="xlsx", language="zh-hans")
    assert book.startswith(b"PK")
    verbs = set(AuditEvent.objects.filter(about="white_list").values_list("verb", flat=True))
    assert verbs == {"white_list_made", "white_list_released", "white_list_taken"}
    with pytest.raises(Refused, match="业务审批岗下载"):
        make.act(services.take, world.gao, white_list=made, form="csv", language="zh-hans")


def test_every_download_looks_again(world: World) -> None:
    village = signed(world, 5)
    made = released(village)
    villages.block(world, village.households[0])
    make.act(decisions.withdraw, world.jiang, decision=make.line(village, 1), seen=2, reason="情况变化")
    Consent.objects.create(
        institution_id=world.bank.pk, grid_id=world.liu.pk, recorded_grid_id=world.liu.pk, subject_id=village.households[2],
        notice_version=1, scopes=["collection"], how="withdrawn", given_at=made.made_at, taken_by=world.chen,
    )  # fmt: skip
    Household.objects.filter(pk=village.households[3]).update(borrower=None)
    content, kept = make.act(services.take, world.jiang, white_list=made, form="csv", language="zh-hans")
    assert [(one["place"], one["why"]) for one in kept.left_out] == [
        (1, "blocked"),
        (2, "withdrawn"),
        (3, "consent"),
        (4, "borrower"),
    ]
    assert content.decode("utf-8-sig").count("\r\n") == 2  # the head and one household
    with pytest.raises(Exception, match="permission denied"), transaction.atomic(), make.acting_as(world.jiang):
        WhiteFile.objects.update(rows=9)


def test_a_receipt_is_taken_whole_or_not_at_all_and_confirmed_by_another(world: World) -> None:
    village = signed(world, 3)
    made = released(village)
    take = {"white_list": made, "name": "r.csv"}
    bad = receipt("ZY2026-0000,成功,", "ZY2026-0001,失败,", "ZY2026-0009,成功,")
    nothing, faults = make.act(services.import_receipt, world.gao, content=bad, **take)
    assert nothing is None
    assert [fault.code for fault in faults] == ["reason_missing", "contract_unknown"]
    assert not Receipt.objects.exists()
    good = receipt("ZY2026-0000,成功,", "ZY2026-0001,失败,证件过期", "ZY2026-0002,成功,")
    taken, faults = make.act(services.import_receipt, world.gao, content=good, **take)
    assert (faults, ReceiptRow.objects.filter(receipt=taken).count()) == ([], 3)
    with pytest.raises(Refused, match="已有回执"):
        make.act(services.import_receipt, world.gao, content=good, **take)
    with pytest.raises(Refused, match="另一人确认"):
        make.act(services.settle_receipt, world.gao, receipt=taken, confirm=True)
    assert not selectors.lines_to_list(village.round)
    make.act(services.settle_receipt, world.jiang, receipt=taken, confirm=True)
    with pytest.raises(Refused, match="已经办理过"):
        make.act(services.settle_receipt, world.jiang, receipt=taken, confirm=False)
    # What the core system rejected may be listed again.
    assert [one.contract for one in selectors.lines_to_list(village.round)] == ["ZY2026-0001"]


def test_pages_from_the_village_to_the_receipt(world: World, client_of: Clients) -> None:
    village = signed(world, 2)
    gao, jiang = client_of(world.gao), client_of(world.jiang)
    gao.post(reverse("credit:white_list_new", args=[village.round.pk]))
    made = WhiteList.objects.get()
    page = reverse("credit:white_list", args=[made.pk])
    assert "待放行" in gao.get(reverse("credit:white_lists")).content.decode()
    assert "ZY2026-0001" in jiang.get(page).content.decode()
    jiang.post(reverse("credit:white_list_step", args=[made.pk, "release"]))
    answer: Any = jiang.post(reverse("credit:white_list_file", args=[made.pk, "csv"]))
    assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
    file = SimpleUploadedFile("r.csv", receipt("ZY2026-0000,大概,", "ZY2026-0001,成功,"))
    wrong = gao.post(reverse("credit:receipt_import", args=[made.pk]), {"file": file})
    assert (wrong.status_code, "结果写的是“大概”" in wrong.content.decode()) == (422, True)
    file = SimpleUploadedFile("r.csv", receipt("ZY2026-0000,成功,", "ZY2026-0001,成功,"))
    gao.post(reverse("credit:receipt_import", args=[made.pk]), {"file": file})
    jiang.post(reverse("credit:receipt_step", args=[Receipt.objects.get().pk, "confirm"]))
    assert "已确认" in gao.get(page).content.decode()
    with CaptureQueriesContext(connection) as queries:
        assert gao.get(reverse("credit:white_lists")).status_code == 200
    assert len(queries) < 40
