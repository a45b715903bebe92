"""A meeting: one device, a code each for one time, a session that reaches one sheet and is gone with it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from credit.models import Sheet, SheetCode
from credit.services import meetings
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
ENTER = "/meeting/"


def code_for(village: make.Village, place: int = 0) -> str:
    """Let Gao give out a code."""
    gao = village.world.gao
    with acting_as(gao) as post:
        assert post is not None
        return meetings.issue_code(by=gao, post=post, sheet=village.sheets[place])


def entered(village: make.Village, place: int = 0) -> Client:
    client = Client()
    answer = client.post(ENTER, {"code": code_for(village, place)})
    assert (answer.status_code, answer["Location"]) == (302, reverse("credit:sheet", args=[village.sheets[place].uuid]))
    return client


def test_one_device_is_handed_round(world: World) -> None:
    village = make.started(world, 2)
    device = entered(village, 0)
    first, second = (reverse("credit:sheet", args=[village.sheets[place].uuid]) for place in (0, 1))
    page = device.get(first)
    text = page.content.decode()
    assert page.status_code == 200, "a password of his own is not asked for"
    assert "退出，交还设备" in text
    assert "no-store" in page["Cache-Control"]
    for other in (second, "/", reverse("credit:my_sheet"), reverse("grids:password"), reverse("credit:round_list")):
        answer = device.get(other)
        assert (answer.status_code, answer["Location"]) == (302, ENTER), other
    assert device.get(ENTER)["Location"] == first
    saved = device.post(
        reverse("credit:sheet_cell", args=[village.sheets[0].uuid]),
        {"subject": village.households[0], "version": 0, "kind": "unknown"},
        content_type="application/json",
    )
    assert saved.status_code == 200
    left = device.post(reverse("credit:meeting_leave"))
    assert left["Location"] == f"{ENTER}?left=1"
    assert '"cache"' in left["Clear-Site-Data"]
    assert "上一位已退出" in device.get(left["Location"]).content.decode()
    assert device.get(first).status_code == 302
    assert reverse("sign_in") in device.get(first)["Location"], "going back shows nothing"

    device.post(ENTER, {"code": code_for(village, 1).lower()})
    assert device.get(second).status_code == 200
    assert device.get(first)["Location"] == ENTER


def test_sealing_ends_the_session(world: World) -> None:
    village = make.started(world, 1)
    device = entered(village)
    answer = device.post(reverse("credit:sheet_seal", args=[village.sheets[0].uuid]), {"blanks": "unknown"})
    assert answer["Location"] == f"{ENTER}?left=1"
    assert "Clear-Site-Data" in answer
    assert Sheet.objects.get(pk=village.sheets[0].pk).state == "sealed"
    assert "_auth_user_id" not in device.session


def test_a_code_works_once_in_time_and_only_the_newest(world: World) -> None:
    village = make.started(world, 1)
    old, new = code_for(village), code_for(village)
    assert Client().post(ENTER, {"code": old}).status_code == 422
    with time_machine.travel(clock.now() + timedelta(minutes=meetings.MINUTES + 1)):
        assert Client().post(ENTER, {"code": new}).status_code == 422
    assert Client().post(ENTER, {"code": new}).status_code == 302
    again = Client().post(ENTER, {"code": new})
    assert again.status_code == 422
    assert "口令不对，或已经用过、过期" in again.content.decode()
    for wrong in ("", "ABCD EFGH", "x" * 4000):
        assert Client().post(ENTER, {"code": wrong}).status_code == 422
    assert set(SheetCode.objects.values_list("used_at", flat=True)) != {None}


def test_the_stewards_session_on_the_device_ends_and_never_holds_the_sheet(
    world: World, client_of: Callable[..., Client]
) -> None:
    village = make.started(world, 1)
    gao = client_of(world.gao)
    sheet = reverse("credit:sheet", args=[village.sheets[0].uuid])
    assert gao.get(sheet).status_code == 404
    gao.post(ENTER, {"code": code_for(village)})
    assert gao.get(sheet).status_code == 200
    gao.post(reverse("credit:meeting_leave"))
    assert reverse("sign_in") in gao.get(reverse("credit:round", args=[village.round.pk]))["Location"]


def test_the_steward_gives_codes_and_learns_nothing(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world, 2)
    page = reverse("credit:round_meeting", args=[village.round.pk])
    gao = client_of(world.gao)
    before = gao.get(page).content
    shown = gao.post(page, {"sheet": village.sheets[0].pk})
    assert shown.status_code == 200
    event = AuditEvent.objects.get(verb="sheet_code_issued")
    assert event.detail == {"sheet": 1}
    entered(village, 0)
    make.fill(village, 0, dict.fromkeys(village.households, make.amount("3")))

    def plain(content: bytes) -> str:
        return "".join(line for line in content.decode().split("\n") if "csrf" not in line)

    assert plain(gao.get(page).content) == plain(before), "whether a code was used, nobody is told"
    paper = make.add_paper(village)
    assert gao.post(page, {"sheet": paper.pk}).status_code == 422
    make.seal(village, 1)
    assert "已封存" in gao.get(page).content.decode()
    assert gao.post(page, {"sheet": village.sheets[1].pk}).status_code == 422
    assert gao.post(page, {"sheet": "x"}).status_code == 404
    with acting_as(village.assessors[0]) as post, pytest.raises(Refused):
        meetings.issue_code(by=village.assessors[0], post=post, sheet=village.sheets[0])  # type: ignore[arg-type]


def test_a_request_reads_no_code(world: World) -> None:
    village = make.started(world, 1)
    code_for(village)
    for person in (world.gao, village.assessors[0]):
        for query in ("select used_at from credit_sheetcode", "select code_hash from credit_sheetcode"):
            with (
                acting_as(person),
                pytest.raises(ProgrammingError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(query)
        with acting_as(person), connection.cursor() as cursor:
            cursor.execute("select count(id) from credit_sheetcode")
            assert cursor.fetchone() == (0,)
