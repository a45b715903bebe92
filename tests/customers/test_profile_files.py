"""Files of visits: everything wrong in one pass, two people, written once, and the way back."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from config.lib import jobs
from config.lib.models import AuditEvent, JobRun
from customers.models import Household, Profile, ProfileFile, Visit
from customers.selectors import profile_files as books
from customers.selectors.forms import Edition
from customers.services import profile_files
from customers.services.profile_files import ProfileFileError
from tests.customers.builders import make_household
from tests.customers.test_five_doors import edition as edition
from tests.customers.test_five_doors import workbook
from tests.world import World

ClientOf = Callable[..., Client]


@pytest.fixture
def home(world: World, edition: Edition) -> Household:
    return make_household(world.liu)


def _upload(world: World, edition: Edition, content: bytes) -> ProfileFile:
    return profile_files.upload(
        staff=world.chen, post_id=None, branch=world.east, edition=edition, content=io.BytesIO(content), name="x.xlsx"
    )


def _told(file: ProfileFile) -> set[tuple[str, int, str, str]]:
    return {(one["sheet"], one["row"], one["column"], one["code"]) for one in file.problems}


def test_everything_wrong_is_named_at_once_with_its_cell(world: World, home: Household, edition: Edition) -> None:
    broken = {
        "answers": {"visit.lead": "X999", "visit.outcome": "好", "grade": "AAAA"},
        "assets": {"kind": "飞机", "current": "12a"},
        "income": {"gross": -5},
        "members": {"member.name": "无此人"},
    }
    file = _upload(world, edition, workbook(world, home, edition, broken))

    assert file.state == "broken"
    found = _told(file)
    assert {
        ("answers", 3, "visit.outcome", "word_unknown"),
        ("answers", 3, "visit.lead", "lead_unknown"),
        ("answers", 3, "grade", "choice_unknown"),
        ("assets", 3, "kind", "choice_unknown"),
        ("assets", 3, "current", "amount_not_a_number"),
        ("income", 3, "gross", "amount_negative"),
        ("members", 3, "member.name", "member_unknown"),
    } <= found
    assert all(one["zh"] and one["en"] for one in file.problems)
    assert not Visit.objects.exists()


def test_a_household_of_another_branch_is_not_there(world: World, edition: Edition) -> None:
    file = _upload(world, edition, workbook(world, make_household(world.zhao), edition))
    assert {code for _sheet, _row, _column, code in _told(file)} == {"not_found"}


def test_no_workbook_and_no_data_are_said(world: World, edition: Edition) -> None:
    assert _upload(world, edition, b"%PDF-1.7").state == "broken"
    empty = _upload(world, edition, books.template(edition, "zh-hans"))
    assert _told(empty) == {("answers", 0, "", "nothing")}


def test_a_second_person_confirms_and_the_same_file_adds_nothing(
    world: World, home: Household, edition: Edition, client_of: ClientOf
) -> None:
    content = workbook(world, home, edition)
    gao = client_of(world.gao)
    for times in (1, 2):
        file = _upload(world, edition, content)
        with pytest.raises(ProfileFileError, match="same"):
            _upload(world, edition, content)
        assert gao.post(reverse("customers:profile_file_confirm", args=[file.pk])).status_code == 302
        run = JobRun.objects.filter(kind="write_profiles").latest("pk")
        jobs.drive_run(run.pk)
        run.refresh_from_db()
        file.refresh_from_db()
        assert (run.state, run.error, file.state) == ("done", "", "written")
        assert (file.written, file.repeated) == ((1, 0) if times == 1 else (0, 1))
    visit = Visit.objects.get()
    assert (visit.entry, visit.lead, visit.typed_by) == ("file", world.chen, world.chen)
    assert Profile.objects.count() == 1


def test_nobody_confirms_his_own_file_whatever_the_way(world: World, home: Household, edition: Edition) -> None:
    file = _upload(world, edition, workbook(world, home, edition))
    with pytest.raises(ProfileFileError, match="own"):
        profile_files.confirm(staff=world.chen, post_id=None, file=file)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProfileFile.objects.filter(pk=file.pk).update(settled_by=world.chen)


def test_a_refused_file_writes_nothing(world: World, home: Household, edition: Edition, client_of: ClientOf) -> None:
    file = _upload(world, edition, workbook(world, home, edition))
    gao = client_of(world.gao)
    url = reverse("customers:profile_file_reject", args=[file.pk])
    gao.post(url, {"reason": ""})
    file.refresh_from_db()
    assert file.state == "waiting"
    gao.post(url, {"reason": "走访日期不对"})
    file.refresh_from_db()
    assert (file.state, file.answer) == ("rejected", "走访日期不对")
    assert "走访日期不对" in gao.get(reverse("customers:profile_file", args=[file.pk])).content.decode()
    assert not Visit.objects.exists()


def test_a_zip_of_csv_says_the_same(world: World, home: Household, edition: Edition) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(world, home, edition)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for sheet in book.worksheets:
            text = io.StringIO()
            csv.writer(text).writerows([["" if cell is None else cell for cell in row] for row in sheet.values])
            archive.writestr(f"{sheet.title.split()[-1]}.csv", text.getvalue().encode("utf-8-sig"))
    assert _upload(world, edition, out.getvalue()).problems == []


def test_an_export_is_on_record_and_holds_no_numbers(
    world: World, home: Household, edition: Edition, client_of: ClientOf
) -> None:
    file = _upload(world, edition, workbook(world, home, edition))
    profile_files.write_now(staff=world.gao, file=file, from_console=False)
    answer = client_of(world.chen).get(reverse("customers:profile_export"), {"grid": world.liu.pk})
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cells = [str(cell) for sheet in book.worksheets for row in sheet.values for cell in row if cell]
    assert "刘建国" in cells
    assert not [cell for cell in cells if len(cell) >= 17 and cell[:17].isdigit()]
    assert AuditEvent.objects.get(verb="profiles_export").detail["rows"] == 1
    assert client_of(world.fang).get(reverse("customers:profile_export"), {"grid": world.liu.pk}).status_code == 404


def test_the_command_checks_and_writes(
    world: World, home: Household, edition: Edition, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(workbook(world, home, edition))

    def told(*more: str) -> dict[str, Any]:
        call_command("import_profiles", str(path), "--as", world.chen.number, "--json", *more)
        found: dict[str, Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        return found

    dry = told("--dry-run")
    assert (dry["ok"], dry["subjects"], dry["written"], Visit.objects.count()) == (True, 1, 0, 0)
    assert told("--confirmed-by", world.gao.number)["written"] == 1
    assert told("--confirmed-by", world.gao.number)["repeated"] == 1
    assert Visit.objects.count() == 1


def test_the_list_costs_the_same_for_one_file_and_for_twenty(
    world: World, edition: Edition, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    chen = client_of(world.chen)
    url = reverse("customers:profile_files")
    counts = []
    for number in (1, 20):
        while ProfileFile.objects.count() < number:
            _upload(world, edition, b"%%PDF %d" % ProfileFile.objects.count())
        chen.get(url)
        with django_assert_max_num_queries(60) as queries:
            assert chen.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
