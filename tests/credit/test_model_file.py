"""A model tried on a file: template, faults all at once with row and column, results as a workbook."""

import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config.lib.models import Release
from credit.domain import trial_file
from credit.domain.model import BoundModel, read_model
from tests.credit.files import BASES, release_models
from tests.credit.test_laboratory_pages import address, text_of
from tests.world import World

Clients = Callable[..., Client]
S1 = read_model(json.loads(Path("credit/schemes/s1_hunan.json").read_text("utf-8")))
HEAD = "编号,家庭人口,劳动力人数,财产总值,净资产,可处置变现资产,信用社股金,上年纯收入,履约情况,综合评价"
GOOD = "甲,4,2,300000,250000,90000,5000,60000,正常,优秀"


@pytest.fixture
def version(world: World) -> Release:
    release_models(world)
    return Release.objects.get(kind="credit_model", key="s1")


def sent(*lines: str) -> dict[str, object]:
    content = ("\ufeff" + "\r\n".join((HEAD, *lines))).encode()
    file = SimpleUploadedFile("households.csv", content, "text/csv")
    return {"file": file, **{f"parameter.{name}": value for name, value in BASES.items()}}


def test_results_come_back_as_a_workbook(client_of: Clients, world: World, version: Release) -> None:
    answer = client_of(world.mo).post(address("model_file", "version", version.pk), sent(GOOD, "乙,,2,,,,,,,"))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    sheet = python_calamine.load_workbook(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    said = [row for row in sheet if "甲" in row or "乙" in row]
    assert 24950.0 in said[0]
    assert any("一级" in str(cell) for cell in said[0])
    assert any("没有填写家庭人口" in str(cell) for cell in said[1])


def test_every_fault_is_named_in_one_pass(client_of: Clients, world: World, version: Release) -> None:
    wrong = "乙,四,2.5,300000,250000,90000,5000,60000,正常,很好"
    answer = client_of(world.mo).post(address("model_file", "version", version.pk), sent(GOOD, wrong))
    said = text_of(answer)
    assert answer.status_code == 422
    assert "有 3 格读不了" in said
    assert "3 家庭人口 请填" in said
    assert "3 综合评价 请填其中之一" in said


def test_what_is_no_table_says_so(client_of: Clients, world: World, version: Release) -> None:
    client, url = client_of(world.mo), address("model_file", "version", version.pk)
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.7", "application/pdf")
    assert "读不出表格" in text_of(client.post(url, sent() | {"file": file}))
    assert "请选一个文件" in text_of(client.post(url, {f"parameter.{name}": value for name, value in BASES.items()}))


def test_the_template_reads_back(client_of: Clients, world: World, version: Release) -> None:
    answer = client_of(world.mo).get(address("model_template", "version", version.pk))
    rows = python_calamine.load_workbook(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    heads = {str(cell) for row in rows for cell in row}
    assert any("家庭人口" in head for head in heads)


def test_events_of_a_row_are_read_and_their_faults_placed() -> None:
    cells = {"persons": "2", "breaches.1.days_overdue": "40", "breaches.1.measure": "催收"}
    rows, wrong = trial_file.read(S1, [(2, cells)])
    assert len(rows) == 1
    assert {one.column.zh for one in wrong} == {"违约事项 2 履约时间", "违约事项 2 违约事项"}


def test_a_row_gives_what_the_reference_gives() -> None:
    facts = {"persons": Decimal(4), "labour": Decimal(2)}
    bound = BoundModel(S1, BASES)
    table = trial_file.results(bound, [(2, "甲", facts)])
    assert table.rows[0].cells["line"] == bound.evaluate(facts).line
