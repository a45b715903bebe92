"""A sheet as a workbook: taken out empty, read in whole or not at all, kept nowhere."""

import io
import tempfile
from collections.abc import Callable, Mapping

import pytest
import python_calamine
import time_machine
import xlsxwriter
from django.core.files import uploadedfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from config.lib import pdf
from config.lib.models import AuditEvent, StoredFile
from credit.models import DraftCell, Sheet
from credit.services import sheets
from customers.models import Household
from customers.services.identity import correct_id_number
from grids.models import Staff
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
Lines = list[list[str]]


def taken(client: Client, sheet: Sheet) -> bytes:
    answer = client.get(reverse("credit:sheet_book", args=[sheet.uuid]))
    assert (answer.status_code, answer["Content-Type"]) == (200, XLSX)
    assert "no-store" in answer["Cache-Control"]
    return bytes(answer.content)


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def lines_of(content: bytes) -> Lines:
    page = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0)
    return [[str(cell) for cell in line] for line in page.to_python()]


def head_of(lines: Lines) -> int:
    return next(at for at, line in enumerate(lines) if "户号" in line or "Number" in line)


def filled(lines: Lines, answers: Mapping[str, Mapping[str, str]]) -> bytes:
    """Write answers beside household numbers, as somebody with a spreadsheet would."""
    head = head_of(lines)
    columns = {title.split("（")[0]: place for place, title in enumerate(lines[head])}
    for line in lines[head + 1 :]:
        for title, value in answers.get(line[columns["户号"]], {}).items():
            line[columns[title]] = value
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for at, line in enumerate(lines):
            page.write_row(at, 0, line)
    return buffer.getvalue()


def upload(client: Client, sheet: Sheet, content: bytes) -> object:
    file = SimpleUploadedFile("sheet.xlsx", content, XLSX)
    return client.post(reverse("credit:sheet_file", args=[sheet.uuid]), {"file": file})


def draft(sheet: Sheet, person: Staff) -> dict[int, dict[str, object] | None]:
    with acting_as(person):
        return {subject: cell.answer for subject, cell in sheets.read_cells(sheet).items()}


def test_a_paper_sheet_is_taken_out_filled_and_read_in(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world, 5)
    sheet = make.add_paper(village)
    deng = client_of(world.deng)
    lines = lines_of(taken(deng, sheet))
    events = AuditEvent.objects.count()
    answer = upload(
        deng,
        sheet,
        filled(
            lines,
            {
                "001": {"建议额度": "3.5"},
                "002": {"不宜授信原因": "1,2"},
                "003": {"意见": "不了解"},
                "004": {"意见": "亲属回避"},
            },
        ),
    )
    assert (answer.status_code, answer["Location"]) == (302, reverse("credit:sheet", args=[sheet.uuid]) + "?read=1")
    one, two, three, four, five = village.households
    assert draft(sheet, world.deng) == {
        one: make.amount("3.5"),
        two: {"kind": "refuse", "reasons": ["heavy_debts", "poor_credit"]},
        three: make.UNKNOWN,
        four: {"kind": "recused"},
        five: None,
    }
    assert AuditEvent.objects.count() == events, "a draft leaves no trace"
    assert "表格已读入" in deng.get(answer["Location"]).content.decode()
    again = upload(deng, sheet, filled(lines, {"001": {"建议额度": "5"}}))
    assert again.status_code == 302
    assert draft(sheet, world.deng)[one] == make.amount("5")
    assert draft(sheet, world.deng)[three] == make.UNKNOWN, "an empty row keeps what is there"
    with acting_as(world.deng) as post:
        assert post is not None
        sheets.hand_over(by=world.deng, post=post, sheet=sheet, blanks_are_unknown=True, note="雨淋湿了")
    assert upload(deng, sheet, filled(lines, {})).status_code == 404
    assert client_of(world.chen).get(reverse("credit:sheet_file", args=[sheet.uuid])).status_code == 404, "no typing"
    make.confirm_paper(village, sheet)
    assert deng.get(reverse("credit:sheet_book", args=[sheet.uuid])).status_code == 404


def test_an_assessor_with_a_login_uses_the_same_door(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world, 3)
    assessor = village.assessors[0]
    Staff.objects.filter(pk=assessor.pk).update(must_change_password=False)
    assessor.refresh_from_db()
    client = client_of(assessor)
    lines = lines_of(taken(client, village.sheets[0]))
    assert upload(client, village.sheets[0], filled(lines, {"002": {"建议额度": "2"}})).status_code == 302
    assert draft(village.sheets[0], assessor)[village.households[1]] == make.amount("2")
    for other in (village.sheets[1], village.sheets[2]):
        assert upload(client, other, filled(lines, {})).status_code == 404


def test_one_fault_keeps_the_whole_file_out(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world, 3)
    sheet = make.add_paper(village)
    deng = client_of(world.deng)
    lines = lines_of(taken(deng, sheet))
    head = head_of(lines)
    answer = upload(
        deng, sheet, filled(lines, {"001": {"建议额度": "3"}, "002": {"建议额度": "多"}, "003": {"不宜授信原因": "88"}})
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "2 处错误，一户也没有写入" in text
    wrong = [at + 1 for at, line in enumerate(lines) if at > head and line[1] in ("002", "003")]
    assert all(f'<td class="fig">{at}</td>' in text for at in wrong), "rows as a spreadsheet counts them"
    assert "“多”不是数" in text
    assert "“88”不是可用的原因" in text
    assert set(draft(sheet, world.deng).values()) == {None}
    english = client_of(world.deng, **{"Accept-Language": "en"})
    told = upload(english, sheet, filled(lines, {"002": {"建议额度": "多"}})).content.decode()
    assert "is no figure" in told


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 ...", b"PK\x03\x04 broken", b"x" * (3 * 2**20)])
def test_what_is_no_workbook_is_refused(world: World, client_of: Callable[..., Client], content: bytes) -> None:
    village = make.started(world)
    sheet = make.add_paper(village)
    answer = upload(client_of(world.deng), sheet, content)
    assert answer.status_code == 422
    assert set(draft(sheet, world.deng).values()) == {None}


def test_the_workbook_of_another_sheet_is_refused(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world)
    one, two = make.add_paper(village), make.add_paper(village)
    deng = client_of(world.deng)
    answer = upload(deng, two, filled(lines_of(taken(deng, one)), {"001": {"建议额度": "3"}}))
    assert "这是另一份评议表的文件" in answer.content.decode()


def test_the_workbook_tells_nothing_of_the_draft_and_names_people_by_two_characters(
    world: World, client_of: Callable[..., Client]
) -> None:
    village = make.started(world, 3)
    sheet = make.add_paper(village)
    head = Household.objects.get(pk=village.households[0]).head
    number = "110101199003074610"
    assert head is not None
    correct_id_number(staff=world.chen, post_id=None, person=head, id_number=number)
    deng = client_of(world.deng)
    with time_machine.travel("2026-11-23 10:00+08:00", tick=False):
        before = taken(deng, sheet)
        make.type_paper(sheet, dict.fromkeys(village.households, make.amount("7.7")), hand_over=False)
        after = taken(deng, sheet)
    assert before == after
    text = str(lines_of(after))
    assert number not in text
    assert "*" * 16 + number[-2:] in text
    event = AuditEvent.objects.filter(verb="sheet_book_taken").order_by("pk").last()
    assert event is not None
    assert event.detail == {"sheet": sheet.number}


def test_nothing_of_a_file_is_spooled_or_kept(
    world: World, client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    village = make.started(world, 3)
    sheet = make.add_paper(village)
    deng = client_of(world.deng)
    content = filled(lines_of(taken(deng, sheet)), {"001": {"建议额度": "4.3"}})

    def spooled(*arguments: object, **named: object) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, spooled)
    monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", spooled)
    files = StoredFile.objects.count()
    assert upload(deng, sheet, content).status_code == 302
    assert StoredFile.objects.count() == files
    assert DraftCell.objects.get(sheet=sheet, subject_id=village.households[0]).version == 1


def test_all_sheets_of_a_round_are_printed_in_one_file(
    world: World, client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    village = make.prepared(world, 3)
    gao, address = client_of(world.gao), reverse("credit:round_blanks", args=[village.round.pk])
    assert gao.get(address).status_code == 404, "no roster yet"
    with acting_as(world.gao) as post:
        make.rounds.freeze_list(by=world.gao, post=post, round=village.round)
        make.rounds.start_round(by=world.gao, post=post, round=village.round)
    make.add_paper(village)
    make.seal(village, 1)
    printed: list[dict[str, list[dict[str, str]]]] = []
    render = pdf.render
    monkeypatch.setattr(pdf, "render", lambda *given: printed.append(given[1]) or render(*given))
    answer = gao.get(address)
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert [one["number"] for one in printed[0]["sheets"]] == [f"{village.round.pk}-{place}" for place in (1, 3, 4)]
    assert len({one["check"] for one in printed[0]["sheets"]}) == 3
    assert gao.get(f"{address}?part=2").status_code == 404
    assert AuditEvent.objects.filter(verb="sheet_printed").count() == 3
