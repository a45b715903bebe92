"""Photos of paper sheets: one size whatever they show, in nobody's sight but the typist's and the confirmer's, sealed and
opened with the sheet (Design, 5a)."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from django.core.files import uploadedfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from config.lib import pdf
from config.lib.crypto import Unreadable
from config.lib.integrity import examine
from config.lib.models import AuditEvent, History
from credit import pages, sealing
from credit.models import DraftPage, OpeningEvent, Opinion, Round, SealedSheet, Sheet, SheetPage
from credit.pages import NOTE, PHOTO, Page
from credit.services import sheet_pages, sheets
from credit.services.holding import SealedError
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
TOKENS = re.compile(r'(?:csrfmiddlewaretoken" value="|data-csrf=")[^"]+')
SMALL, LARGE = make.picture("red"), make.picture(size=(2400, 1800), grain=20)


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises((DatabaseError, psycopg2.Error)), transaction.atomic():
        yield


def run(sql: str, *arguments: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchall()) if cursor.description else []


# --- The cipher ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [Page(PHOTO, b""), Page(PHOTO, b"x" * pages.MOST_BYTES), Page(NOTE, "雨".encode())])
def test_a_drafted_page_has_one_size_and_opens_in_its_place_only(page: Page) -> None:
    sheet, uuid = uuid4(), uuid4()
    key = sealing.sheet_key(sheet)
    value = pages.write_page(key, sheet, uuid, page)
    assert len(value) == pages.DRAFT_PAGE_BYTES
    assert pages.read_page(key, sheet, uuid, value) == page
    for place in ((key, sheet, uuid4()), (key, uuid4(), uuid), (sealing.sheet_key(uuid4()), sheet, uuid)):
        with pytest.raises(Unreadable):
            pages.read_page(*place, value)


def test_a_container_has_one_size_and_opens_with_its_rounds_key_only() -> None:
    key, wrapped = sealing.new_round_key(1, sealing.opener_public_key())
    private, sheet = sealing.unwrap_round_key(1, wrapped), uuid4()
    contents = [
        [Page(NOTE, b"why")],
        [Page(PHOTO, b"x")],
        [Page(PHOTO, bytes([number]) * pages.MOST_BYTES) for number in range(pages.places(13))],
    ]
    for found in contents:
        blob = pages.seal_pages(key, 1, sheet, found, 13)
        assert len(blob) == pages.container_size(13) == 5 * pages.PAGE_BYTES + 48
        assert pages.open_pages(private, 1, sheet, blob) == found
    for place in ((2, sheet), (1, uuid4())):
        with pytest.raises(Unreadable):
            pages.open_pages(private, *place, blob)
    with pytest.raises(ValueError, match="at most 5 fit"):
        pages.seal_pages(key, 1, sheet, [*found, Page(PHOTO, b"")], 13)


# --- Typing and confirming ----------------------------------------------------------------------------------------------


def add(client: Client, sheet: Sheet, block: bytes, content_type: str = "image/jpeg") -> Any:
    return client.post(reverse("credit:sheet_page_add", args=[sheet.uuid]), block, content_type=content_type)


def test_a_photo_goes_from_the_typist_to_the_confirmer_and_into_the_seal(
    world: World, client_of: Callable[..., Client]
) -> None:
    village = make.started(world)
    sheet = make.add_paper(village)
    deng, chen, gao = client_of(world.deng), client_of(world.chen), client_of(world.gao)
    answer = add(deng, sheet, LARGE)
    assert answer.status_code == 200
    page, drop = answer.json()["url"], answer.json()["drop"]
    assert add(chen, sheet, SMALL).status_code == add(gao, sheet, SMALL).status_code == 404

    shown = deng.get(page)
    assert (shown.status_code, shown["Content-Type"], "no-store" in shown["Cache-Control"]) == (200, "image/webp", True)
    with Image.open(BytesIO(shown.content)) as image:
        assert max(image.size) <= pages.LONGEST_EDGE
        assert not image.getexif()
    assert b"Planted" not in shown.content
    for other in (chen, gao, client_of(world.jiang), client_of(world.kang)):
        assert other.get(page).status_code == other.post(drop).status_code == 404
    assert page in deng.get(reverse("credit:sheet", args=[sheet.uuid])).content.decode()

    second = add(deng, sheet, SMALL).json()
    assert deng.post(second["drop"]).status_code == 200
    assert deng.get(second["url"]).status_code == 404
    for block in (b"%PDF-1.7 ...", b"", b"<svg/>", make.picture(size=(1600, 1200), grain=1)):
        assert add(deng, sheet, block).status_code == 422
    assert add(deng, sheet, b"x" * 6 * 2**20).status_code == 413
    for _ in range(sheet_pages.room_of(sheet) - 1):
        assert add(deng, sheet, SMALL).status_code == 200
    assert "最多 3 张" in add(deng, sheet, SMALL).json()["text"]

    seal = reverse("credit:sheet_seal", args=[sheet.uuid])
    assert 'name="note"' not in deng.get(seal).content.decode()
    assert deng.post(seal, {"blanks": "unknown"}).status_code == 302
    assert deng.get(page).status_code == add(deng, sheet, SMALL).status_code == deng.post(drop).status_code == 404
    assert chen.get(page).content == shown.content
    assert page in chen.get(reverse("credit:sheet", args=[sheet.uuid])).content.decode()
    assert (add(chen, sheet, SMALL).status_code, chen.post(drop).status_code) == (410, 410)

    assert chen.post(seal, {"blanks": "unknown"}).status_code == 302
    assert not DraftPage.objects.exists()
    for client in (deng, chen, gao):
        assert client.get(page).status_code == 404
    sealed = SealedSheet.objects.get(sheet=sheet)
    assert len(bytes(sealed.pages or b"")) == pages.container_size(3)


def test_without_a_photo_the_reason_goes_the_same_way(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world)
    sheet = make.add_paper(village)
    deng, chen = client_of(world.deng), client_of(world.chen)
    page, seal = (reverse(f"credit:{name}", args=[sheet.uuid]) for name in ("sheet", "sheet_seal"))
    assert 'name="note"' in deng.get(seal).content.decode()
    assert deng.post(seal, {"blanks": "unknown", "note": "  "}).status_code == 422
    assert deng.post(seal, {"blanks": "unknown", "note": "手机坏了"}).status_code == 302
    assert "手机坏了" in chen.get(page).content.decode()
    assert "手机坏了" in chen.get(seal).content.decode()
    assert chen.post(reverse("credit:sheet_back", args=[sheet.uuid])).status_code == 302
    add(deng, sheet, SMALL)
    assert deng.post(seal, {"blanks": "unknown"}).status_code == 302
    assert "手机坏了" not in chen.get(page).content.decode()


def test_the_words_fit_who_reads_them(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world)
    sheet = make.add_paper(village)
    page = reverse("credit:sheet", args=[sheet.uuid])
    for language, own, paper in (("zh-hans", "按您的了解", "纸上怎么写"), ("en", "by what you know", "Type what")):
        text = client_of(world.deng, **{"Accept-Language": language}).get(page).content.decode()
        assert own not in text
        assert paper in text


@pytest.mark.parametrize("size", [100, 3 * 2**20])
def test_nothing_that_is_sent_is_spooled(
    world: World, client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    village = make.started(world)
    sheet = make.add_paper(village)

    def spooled(*arguments: object, **named: object) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, spooled)
    monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", spooled)
    deng = client_of(world.deng)
    block = LARGE[:size] if size < len(LARGE) else LARGE.ljust(size, b"\0")
    assert add(deng, sheet, block).status_code in (200, 422)
    file = SimpleUploadedFile("paper.jpg", block, "image/jpeg")
    for name in ("sheet_page_add", "sheet_seal"):
        deng.post(reverse(f"credit:{name}", args=[sheet.uuid]), {"file": file})


def test_the_blank_sheet_says_what_the_screen_says_in_the_same_order(
    world: World, client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    village = make.started(world, 30)
    sheet = make.add_paper(village)
    printed: list[dict[str, Any]] = []
    render = pdf.render
    monkeypatch.setattr(
        pdf, "render", lambda name, data, language: printed.append(data) or render(name, data, language)
    )
    by_typist = reverse("credit:sheet_blank", args=[sheet.uuid])
    by_lead = reverse("credit:round_blank", args=[village.round.pk, sheet.pk])
    deng, gao = client_of(world.deng), client_of(world.gao)
    for client, address in ((deng, by_typist), (gao, by_lead)):
        answer = client.get(address)
        assert (answer.status_code, answer.content[:5], answer["Content-Type"]) == (200, b"%PDF-", "application/pdf")
        assert "no-store" in answer["Cache-Control"]
    assert printed[0] == printed[1]
    page = deng.get(reverse("credit:sheet", args=[sheet.uuid])).content.decode()
    rows = json.loads(page.split('id="sheet-data" type="application/json">')[1].split("</script>")[0])
    assert [(row["place"], row["number"]) for row in rows] == [
        (home["index"], home["number"]) for home in printed[0]["sheets"][0]["households"]
    ]
    assert [row["number"] for row in rows] != sorted(row["number"] for row in rows)
    assert printed[0]["sheets"][0]["number"] == f"{village.round.pk}-4"
    assert f"校验 {printed[0]['sheets'][0]['check']}" in page
    assert set(printed[0]["sheets"][0]["households"][0]) == {"index", "number", "head", "group", "note"}
    assert len(printed[0]["reasons"]) == 7
    assert AuditEvent.objects.filter(verb="sheet_printed", detail__sheet=4).count() == 2

    assert client_of(world.chen).get(by_typist).status_code == 404, "the confirmer has nothing to print"
    own = gao.get(reverse("credit:round_blank", args=[village.round.pk, village.sheets[0].pk]))
    assert own.status_code == 200, "an assessor with a login may think on paper first"
    listed = reverse("credit:round", args=[village.round.pk])
    before = gao.get(listed).content.decode()
    make.type_paper(sheet, {})
    assert by_lead in before
    assert gao.get(by_lead).status_code == 200, "handed on or not, nobody else learns it"
    after = gao.get(listed).content.decode()
    assert TOKENS.sub("", before) == TOKENS.sub("", after)
    assert deng.get(by_typist).status_code == 404
    make.confirm_paper(village, sheet)
    assert gao.get(by_lead).status_code == 404


# --- Raw SQL ------------------------------------------------------------------------------------------------------------


def test_the_web_role_reads_and_writes_no_page_of_others(world: World) -> None:
    village = make.started(world)
    sheet = make.add_paper(village)
    make.type_paper(sheet, {}, [SMALL], hand_over=False)
    other = Sheet.objects.get(pk=village.sheets[0].pk)
    value = b"x" * pages.DRAFT_PAGE_BYTES
    insert = "insert into credit_draftpage (id, sheet_id, place, value) values (gen_random_uuid(), %s, %s, %s)"
    for name in ("chen", "gao"):
        with acting_as(getattr(world, name)):
            assert run("select count(*) from credit_draftpage") == [(0,)]
            run("delete from credit_draftpage")
            with refused():
                run(insert, sheet.pk, 2, value)
    for name in ("jiang", "kang"):
        with acting_as(getattr(world, name)), refused():
            run("select id from credit_draftpage")
    assert DraftPage.objects.count() == 1
    with acting_as(world.deng):
        assert run("select octet_length(value) from credit_draftpage") == [(pages.DRAFT_PAGE_BYTES,)]
        for bad in ((sheet.pk, 2, value[:-1]), (sheet.pk, 4, value), (sheet.pk, -1, value), (other.pk, 1, value)):
            with refused():
                run(insert, *bad)
    with acting_as(village.assessors[0]), refused():
        run(insert, other.pk, 1, value)  # a sheet typed by its own assessor takes none


def test_a_sheet_is_sealed_with_its_container_and_only_a_paper_one(world: World) -> None:
    village = make.started(world)
    sheet = make.typed_paper(village, {}, [SMALL])
    blob, size = b"x" * sealing.sealed_size(3), pages.container_size(3)
    with acting_as(world.chen):
        for content in (None, b"", b"x" * (size - 1)):
            with refused():
                SealedSheet.objects.create(sheet_id=sheet.pk, blob=blob, pages=content)
    with acting_as(village.assessors[0]), refused():
        SealedSheet.objects.create(sheet_id=village.sheets[0].pk, blob=blob, pages=b"x" * size)


def test_a_sheet_is_not_handed_on_bare(world: World) -> None:
    village = make.started(world)
    sheet = make.add_paper(village)
    with acting_as(world.deng) as post:
        assert post is not None
        with pytest.raises(Refused):
            sheets.hand_over(by=world.deng, post=post, sheet=sheet, blanks_are_unknown=True)
        with refused():
            run("update credit_sheet set state = 'typed' where id = %s", sheet.pk)


def test_nothing_written_holds_a_photo(world: World) -> None:
    village = make.started(world)
    sheet = make.typed_paper(village, {}, [make.picture("blue")])
    make.confirm_paper(village, sheet)
    magic = b"WEBPVP8".hex()
    for table in connection.introspection.table_names():
        assert run(f"select count(*) from {table} as row where row::text like %s", f"%{magic}%") == [(0,)], table
    assert not History.objects.filter(table__in=["credit_draftpage", "credit_sealedsheet"]).exists()
    verbs = set(AuditEvent.objects.filter(about="round").values_list("verb", flat=True))
    assert verbs == {
        "round_created",
        "sheet_added",
        "round_listed",
        "round_started",
        "sheet_handed_over",
        "sheet_sealed",
    }


def test_withdrawn_and_excused_sheets_lose_their_drafts(world: World) -> None:
    village = make.started(world)
    papers = [make.typed_paper(village, {}, [SMALL]) for _ in range(2)]
    assert DraftPage.objects.count() == 2
    with acting_as(world.gao) as post:
        assert post is not None
        sheets.withdraw(by=world.gao, post=post, sheet=papers[0], reason="填错了村")
        sheets.excuse(by=world.gao, post=post, sheet=papers[1], reason="外出")
    assert not DraftPage.objects.exists()
    with acting_as(world.deng), pytest.raises(SealedError):
        sheet_pages.add_photo(sheet=papers[0], block=SMALL)


# --- Opening ------------------------------------------------------------------------------------------------------------


def opened(world: World, photos: int = 2) -> make.Village:
    village = make.started(world)
    make.confirm_paper(village, make.typed_paper(village, {}, [SMALL, LARGE][:photos]))
    make.seal_all(village, {}, {}, {})
    assert make.open_sheets(village).state == "done"
    return village


def test_the_opening_keeps_the_photos_encrypted_for_who_sees_the_opinions(
    world: World, client_of: Callable[..., Client]
) -> None:
    village = opened(world)
    found = list(SheetPage.objects.order_by("place"))
    assert [(page.place, page.kind) for page in found] == [(1, "photo"), (2, "photo")]
    assert b"WEBP" not in bytes(found[0].value)
    event = OpeningEvent.objects.get()
    assert [len(entry.get("pages", "")) for entry in event.sheets] == [0, 0, 0, 64]

    page = reverse("credit:round_paper", args=[village.round.pk, found[0].pk])
    listed = reverse("credit:round_papers", args=[village.round.pk])
    for name in ("chen", "gao", "jiang", "kang"):
        client = client_of(getattr(world, name))
        assert page in client.get(listed).content.decode(), name
        assert listed in client.get(reverse("credit:round", args=[village.round.pk])).content.decode()
        shown = client.get(page)
        assert (shown.status_code, shown.content[8:12], "no-store" in shown["Cache-Control"]) == (200, b"WEBP", True)
    events = AuditEvent.objects.filter(about="round", about_id=village.round.pk)
    assert events.filter(verb="sheet_page_opened", detail__sheet=4, detail__page=1).count() == 4
    assert events.filter(verb="sheet_papers_seen").count() == 4
    for name in ("deng", "he", "mo"):
        assert client_of(getattr(world, name)).get(page).status_code == 404, name
    assert [rule.name for rule, found in examine(9) if rule.name.startswith("credit.") and not found.is_well] == []


def test_the_reason_is_read_after_the_opening(world: World, client_of: Callable[..., Client]) -> None:
    village = opened(world, photos=0)
    page = SheetPage.objects.get()
    assert (page.place, page.kind) == (0, "note")
    text = client_of(world.gao).get(reverse("credit:round_papers", args=[village.round.pk])).content.decode()
    assert "雨淋湿了" in text
    assert client_of(world.gao).get(reverse("credit:round_paper", args=[village.round.pk, page.pk])).status_code == 404


def test_an_auditor_from_whom_a_household_is_kept_sees_no_paper_of_its_round(world: World) -> None:
    village = opened(world)
    with acting_as(world.kang):
        assert SheetPage.objects.count() == 2
        run("select set_config('app.hidden', %s, true)", f"{{{village.households[0]}}}")
        assert SheetPage.objects.count() == 0
        run("select set_config('app.hidden', '', true)")
        assert SheetPage.objects.count() == 0, "unset means nothing"


def test_photos_that_do_not_open_stop_the_whole_opening(world: World) -> None:
    village = make.started(world)
    sheet = make.typed_paper(village, {}, [SMALL])
    make.confirm_paper(village, sheet)
    make.seal_all(village, {}, {}, {})
    blob = bytearray(SealedSheet.objects.get(sheet=sheet).pages or b"")
    blob[-1] ^= 1
    SealedSheet.objects.filter(sheet=sheet).update(pages=bytes(blob))  # the owner, as a broken disk would
    job = make.open_sheets(village)
    assert (job.state, "pages of sheet 4" in job.error) == ("failed", True)
    assert village.round.stage == Round.Stage.ASSESS
    assert not SheetPage.objects.exists()
    assert not Opinion.objects.exists()


def test_the_opener_gets_pages_only_while_it_opens(world: World) -> None:
    village = opened(world)
    sheet = Sheet.objects.get(round=village.round, mode="paper")
    with transaction.atomic():
        run("select set_config('role', 'gedang_opener', true)")
        with refused():
            run("select acc.open_pages(%s)", sheet.pk)
        run("select set_config('role', 'gedang_owner', true)")
