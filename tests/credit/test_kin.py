"""Kin of an assessor: declared at the start of a sheet, recused and locked, told to nobody."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from config.lib.models import AuditEvent
from credit.models import DraftCell, Opinion, Sheet
from credit.services import sheets
from grids.models import Staff
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")


def answers(sheet: Sheet, person: Staff) -> dict[int, dict[str, object] | None]:
    with acting_as(person):
        return {subject: cell.answer for subject, cell in sheets.read_cells(sheet).items()}


def declare(sheet: Sheet, person: Staff, *subjects: int) -> None:
    with acting_as(person):
        sheets.declare_kin(sheet=sheet, subject_ids=subjects)


def test_kin_is_recused_locked_and_sealed_as_a_recusal(world: World) -> None:
    village = make.started(world, 3)
    one, two, three = village.households
    sheet, assessor = village.sheets[0], village.assessors[0]
    make.fill(village, 0, {one: make.amount("3"), two: make.amount("4")})
    declare(sheet, assessor, one)
    assert answers(sheet, assessor) == {one: sheets.KIN, two: make.amount("4"), three: None}
    with acting_as(assessor):
        version = sheets.read_cells(sheet)[one].version
        found = Sheet.objects.select_related("round").get(pk=sheet.pk)
        with pytest.raises(Refused, match="亲属回避"):
            sheets.save_cell(sheet=found, subject_id=one, version=version, answer=make.amount("9"))
    declare(sheet, assessor, three)
    assert answers(sheet, assessor) == {one: None, two: make.amount("4"), three: sheets.KIN}
    make.seal(village, 0)
    for place in (1, 2):
        make.fill(village, place, dict.fromkeys(village.households, make.amount("4")))
        make.seal(village, place)
    make.open_sheets(village)
    said = Opinion.objects.filter(sheet=sheet).values_list("subject_id", "kind")
    assert dict(said) == {one: "unknown", two: "amount", three: "recused"}


def test_that_there_is_none_is_an_answer_too(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world, 3)
    sheet = make.add_paper(village)
    deng = client_of(world.deng)
    page, address = reverse("credit:sheet", args=[sheet.uuid]), reverse("credit:sheet_kin", args=[sheet.uuid])
    assert "data-kin open" in deng.get(page).content.decode()
    assert deng.post(address, {}).status_code == 302
    text = deng.get(page).content.decode()
    assert "data-kin open" not in text
    assert "没有申报" in text
    assert set(answers(sheet, world.deng).values()) == {None}
    deng.post(address, {"kin": [village.households[0], 10**12, "x"]})
    assert answers(sheet, world.deng)[village.households[0]] == sheets.KIN
    assert "已申报 1 户" in deng.get(page).content.decode()
    with acting_as(world.deng):
        version = sheets.read_cells(sheet)[village.households[0]].version
    told = deng.post(
        reverse("credit:sheet_cell", args=[sheet.uuid]),
        {"subject": village.households[0], "version": version, "kind": "unknown"},
        content_type="application/json",
    )
    assert told.status_code == 422


def test_a_declaration_leaves_no_trace(world: World) -> None:
    """Two worlds: nothing outside the encrypted cells tells that kin was declared, or how many."""
    village = make.started(world, 3)
    events = AuditEvent.objects.count()
    for number in range(3):
        declare(village.sheets[number], village.assessors[number], *village.households[:number])
    assert AuditEvent.objects.count() == events
    assert {len(bytes(value)) for value in DraftCell.objects.values_list("value", flat=True)} == {256}
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from credit_sheet where state <> 'open' or sealed_on is not null")
        assert cursor.fetchone() == (0,)


def test_nobody_declares_on_another_sheet(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world, 2)
    sheet = make.add_paper(village)
    for person in (world.chen, world.gao, world.an):
        answer = client_of(person).post(reverse("credit:sheet_kin", args=[sheet.uuid]), {"kin": village.households})
        assert answer.status_code == 404
    assert set(answers(sheet, world.deng).values()) == {None}
