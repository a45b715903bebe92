"""Sealing: cells and blobs of one size, nobody reads or changes what he should not, whatever the statement."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import psycopg2
import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from config.lib import clock, jobs
from config.lib.crypto import Unreadable
from config.lib.models import AuditEvent, History, JobRun
from credit import sealing
from credit.models import DraftCell, OpeningEvent, Opinion, Round, SealedSheet, Sheet
from credit.services import opening, rounds, sheets
from credit.services.holding import SealedError
from grids.models import Post, Staff
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import village as make
from tests.world import World, build

pytestmark = pytest.mark.usefixtures("opener")
AMOUNT = make.amount("7.7")
PLANTED = "77000.00"  # with its point, or the digits could stand in any ciphertext


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises((DatabaseError, psycopg2.Error)), transaction.atomic():
        yield


def run(sql: str, *arguments: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchall()) if cursor.description else []


# --- The cipher ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [None, make.UNKNOWN, AMOUNT, make.REFUSE])
def test_a_cell_has_one_size_and_opens_in_its_place_only(answer: dict[str, object] | None) -> None:
    sheet, other = uuid4(), uuid4()
    key = sealing.sheet_key(sheet)
    value = sealing.write_cell(key, sheet, 7, 3, answer)
    assert len(value) == 256
    assert sealing.read_cell(key, sheet, 7, 3, value) == answer
    for place in ((key, sheet, 8, 3), (key, sheet, 7, 2), (key, other, 7, 3), (sealing.sheet_key(other), sheet, 7, 3)):
        with pytest.raises(Unreadable):
            sealing.read_cell(*place, value)


def test_a_blob_has_one_size_and_opens_with_its_rounds_key_only() -> None:
    public = sealing.opener_public_key()
    key, wrapped = sealing.new_round_key(1, public)
    sheet = uuid4()
    blobs = [
        sealing.seal_sheet(key, 1, sheet, dict.fromkeys(range(40), answer))
        for answer in (make.UNKNOWN, AMOUNT, {"kind": "refuse", "reasons": ["a" * 24] * 7})
    ]
    assert {len(blob) for blob in blobs} == {sealing.sealed_size(40)}
    private = sealing.unwrap_round_key(1, wrapped)
    assert sealing.open_sheet(private, 1, sheet, blobs[1]) == dict.fromkeys(range(40), AMOUNT)
    with pytest.raises(Unreadable):
        sealing.open_sheet(private, 2, sheet, blobs[1])
    with pytest.raises(Unreadable):
        sealing.open_sheet(private, 1, uuid4(), blobs[1])
    with pytest.raises(Unreadable):
        sealing.unwrap_round_key(2, wrapped)


# --- The page -----------------------------------------------------------------------------------------------------------


def test_the_sheet_saves_row_by_row_and_a_second_tab_is_told(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world)
    subject = village.households[0]
    assessor, sheet = village.assessors[0], village.sheets[0]
    type(assessor).objects.filter(pk=assessor.pk).update(must_change_password=False)
    client = client_of(assessor)
    page = client.get(reverse("credit:sheet", args=[sheet.uuid]))
    rows = json.loads(page.content.decode().split('id="sheet-data" type="application/json">')[1].split("</script>")[0])
    assert {row["id"] for row in rows} == set(village.households)
    assert all((row["version"], row["kind"]) == (0, "") for row in rows)

    def save(version: int, **answer: object) -> tuple[int, dict[str, object]]:
        response = client.post(
            reverse("credit:sheet_cell", args=[sheet.uuid]),
            json.dumps({"subject": subject, "version": version, **answer}),
            content_type="application/json",
        )
        return response.status_code, response.json()

    assert save(0, kind="amount", amount="3.5") == (200, {"version": 1})
    status, body = save(0, kind="unknown")
    assert (status, body["version"], body["kind"], body["amount"]) == (409, 1, "amount", "3.5")
    assert save(1, kind="refuse", reasons=["heavy_debts"])[0] == 200
    for answer in (
        {"kind": "amount", "amount": "0"},
        {"kind": "amount", "amount": "3.55"},
        {"kind": "amount", "amount": "80"},
        {"kind": "amount", "amount": "x"},
        {"kind": "refuse", "reasons": []},
        {"kind": "refuse", "reasons": ["single"]},
        {"kind": "unheard"},
    ):
        assert save(2, **answer)[0] == 422, answer
    assert save(2, kind="")[0] == 200


def test_sealing_is_final(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world)
    assessor, sheet = village.assessors[0], village.sheets[0]
    type(assessor).objects.filter(pk=assessor.pk).update(must_change_password=False)
    make.fill(village, 0, {village.households[0]: AMOUNT})
    client = client_of(assessor)
    url = reverse("credit:sheet_seal", args=[sheet.uuid])
    assert client.get(url).status_code == 200
    assert client.post(url).status_code == 422, "blank rows have to be confirmed"
    assert client.post(url, {"blanks": "unknown"}).status_code == 302
    sheet.refresh_from_db()
    assert sheet.state == "sealed"
    assert not DraftCell.objects.filter(sheet=sheet).exists()
    assert len(bytes(SealedSheet.objects.get(sheet=sheet).blob)) == sealing.sealed_size(3)
    page = client.get(reverse("credit:sheet", args=[sheet.uuid])).content.decode()
    assert "sheet-data" not in page
    assert client.post(url, {"blanks": "unknown"}).status_code == 302
    answer = client.post(
        reverse("credit:sheet_cell", args=[sheet.uuid]),
        json.dumps({"subject": village.households[0], "version": 1, "kind": "unknown"}),
        content_type="application/json",
    )
    assert answer.status_code == 410


def test_a_paper_sheet_is_typed_by_one_and_sealed_by_another(world: World, client_of: Callable[..., Client]) -> None:
    village = make.started(world)
    with acting_as(world.gao) as post:
        assert post is not None
        sheet = rounds.add_paper_sheet(
            by=world.gao,
            post=post,
            round=village.round,
            assessor_name="赵老",
            typist=world.deng,
            confirmer=world.chen,
        )
    deng, chen, gao = client_of(world.deng), client_of(world.chen), client_of(world.gao)
    page, cell = reverse("credit:sheet", args=[sheet.uuid]), reverse("credit:sheet_cell", args=[sheet.uuid])
    seal, back = reverse("credit:sheet_seal", args=[sheet.uuid]), reverse("credit:sheet_back", args=[sheet.uuid])
    body = {"subject": village.households[0], "version": 0, "kind": "amount", "amount": "7.7"}

    assert "sheet-data" in deng.get(page).content.decode()
    assert chen.post(cell, json.dumps(body), content_type="application/json").status_code == 404
    assert gao.get(page).status_code == 404
    assert deng.post(cell, json.dumps(body), content_type="application/json").status_code == 200
    assert "sheet-data" not in chen.get(page).content.decode()
    assert deng.post(seal, {"blanks": "unknown"}).status_code == 422, "a photo, or the reason why there is none"
    assert deng.post(seal, {"blanks": "unknown", "note": "雨淋湿了"}).status_code == 302
    sheet.refresh_from_db()
    assert sheet.state == "typed"

    assert "7.7" not in deng.get(page).content.decode(), "handed over, the typist does not see it again"
    assert "7.7" in chen.get(page).content.decode()
    assert deng.post(seal, {"blanks": "unknown"}).status_code == 404
    assert chen.post(back).status_code == 302
    assert "sheet-data" in deng.get(page).content.decode()
    assert deng.post(seal, {"blanks": "unknown", "note": "雨淋湿了"}).status_code == 302
    assert chen.post(seal, {"blanks": "unknown"}).status_code == 302
    sheet.refresh_from_db()
    assert sheet.state == "sealed"
    assert "7.7" not in chen.get(page).content.decode()


# --- Raw SQL as the web role --------------------------------------------------------------------------------------------

READS = (
    "select blob from credit_sealedsheet",
    "select * from credit_sealedsheet",
    "select octet_length(blob) from credit_sealedsheet",
    "select md5(blob) from credit_sealedsheet",
    "select xmin from credit_sealedsheet",
    "select ctid from credit_sealedsheet",
    "select pages from credit_sealedsheet",
    "select octet_length(pages) from credit_sealedsheet",
    "select pages is null from credit_sealedsheet",
    "copy (select pages from credit_sealedsheet) to stdout",
    "update credit_sealedsheet set pages = null",
    "select acc.open_pages(1)",
    "update credit_draftpage set value = ''",
    "truncate credit_draftpage",
    "update credit_sheetpage set value = ''",
    "insert into credit_sheetpage select * from credit_sheetpage",
    "copy credit_sealedsheet to stdout",
    "copy (select * from credit_sealedsheet) to stdout",
    "update credit_sealedsheet set blob = '' returning blob",
    "delete from credit_sealedsheet",
    "truncate credit_sealedsheet",
    "select wrapped_key from credit_roundkey",
    "select * from credit_roundkey",
    "update credit_roundkey set public_key = ''",
    "delete from credit_draftcell",
    "truncate credit_draftcell",
    "select * from acc.open_round(1, now())",
    "delete from credit_sheet",
    "select old from lib_history",
    "select n_tup_upd from pg_stat_user_tables",
    "select pg_relation_size('credit_draftcell')",
    "select pg_relation_size('credit_draftpage')",
)


@pytest.mark.parametrize("person", ["gao", "chen", "jiang", "kang", "an", "shi", "assessor"])
def test_the_web_role_reads_no_sheet_whatever_it_tries(world: World, person: str) -> None:
    village = make.started(world)
    make.fill(village, 0, {village.households[0]: AMOUNT})
    make.seal(village, 0)
    make.fill(village, 1, {village.households[0]: AMOUNT})
    who = village.assessors[0] if person == "assessor" else getattr(world, person)
    with acting_as(who):
        for sql in READS:
            with refused(), connection.cursor() as cursor:
                if sql.startswith("copy"):
                    cursor.cursor.copy_expert(sql, StringIO())
                else:
                    cursor.execute(sql)
        role = run("select current_user")[0][0]
        if role == "gedang_web":
            others = Sheet.objects.exclude(assessor=who).values_list("pk", flat=True)
            assert run("select count(*) from credit_draftcell where sheet_id = any(%s)", list(others)) == [(0,)]
            assert run("select count(*) from credit_draftcell") == [(0,)], "a sealed sheet has no draft any more"
        else:
            with refused():
                run("select count(*) from credit_draftcell")


def test_the_worker_and_the_opener_read_no_blob_by_themselves(world: World) -> None:
    village = make.started(world)
    make.seal(village, 0)
    for role in ("gedang_worker", "gedang_opener", "gedang_read"):
        with transaction.atomic():
            run(f"select set_config('role', '{role}', true)")
            for sql in (
                "select blob from credit_sealedsheet",
                "select wrapped_key from credit_roundkey",
                "select value from credit_draftcell",
                "select pages from credit_sealedsheet",
                "select value from credit_draftpage",
            ):
                with refused():
                    run(sql)
            if role == "gedang_opener":
                with refused():
                    run("select * from acc.open_round(%s, now())", village.round.pk)
            run("select set_config('role', 'gedang_owner', true)")


def test_the_database_refuses_to_reopen_and_to_change_people(world: World) -> None:
    village = make.started(world)
    make.seal(village, 0)
    sealed, open_one = village.sheets[0].pk, village.sheets[1].pk
    statements = (
        f"update credit_sheet set state = 'open' where id = {sealed}",
        f"update credit_sheet set state = 'typed' where id = {sealed}",
        f"update credit_sheet set sealed_on = '2026-01-01' where id = {sealed}",
        f"update credit_sheet set state = 'sealed' where id = {open_one}",
        f"update credit_sheet set assessor_id = {world.gao.pk} where id = {open_one}",
        f"update credit_sheet set typist_id = {world.gao.pk} where id = {open_one}",
        f"update credit_round set settings = '{{}}' where id = {village.round.pk}",
        f"update credit_round set due_on = due_on - 1 where id = {village.round.pk}",
        f"update credit_round set stage = 'prepare' where id = {village.round.pk}",
        f"update credit_round set stage = 'opening' where id = {village.round.pk}",
        f"update credit_round set stage = 'decide' where id = {village.round.pk}",
        f"insert into credit_draftcell (sheet_id, subject_id, value, version) "
        f"values ({sealed}, {village.households[0]}, decode(repeat('00', 256), 'hex'), 0)",
    )
    for sql in statements:
        with refused():
            run(sql)  # the owner of the tables himself
    with acting_as(world.gao):
        for sql in statements:
            with refused():
                run(sql)


def test_an_assessor_stuffs_no_ballot(world: World) -> None:
    village = make.started(world)
    make.seal(village, 0)
    with acting_as(village.assessors[0]):
        with refused():
            run(
                "insert into credit_sheet (institution_id, grid_id, uuid, round_id, number, mode, assessor_name, state, "
                "assessor_id, ended_reason) values (%s, %s, gen_random_uuid(), %s, 9, 'own', 'x', 'open', %s, '')",
                world.bank.pk,
                world.liu.pk,
                village.round.pk,
                village.assessors[0].pk,
            )
        blob = b"x" * sealing.sealed_size(3)
        for place in (0, 1):
            with refused():
                SealedSheet.objects.create(sheet_id=village.sheets[place].pk, blob=blob)
    with acting_as(village.assessors[1]), refused():
        SealedSheet.objects.create(sheet_id=village.sheets[1].pk, blob=blob[:-1])


def test_nothing_written_holds_an_opinion(world: World, caplog: pytest.LogCaptureFixture) -> None:
    village = make.started(world)
    with caplog.at_level("DEBUG"):
        make.fill(village, 0, dict.fromkeys(village.households, AMOUNT))
        make.seal(village, 0)
        make.fill(village, 1, dict.fromkeys(village.households, AMOUNT))
    hexadecimal = PLANTED.encode().hex()
    for table in connection.introspection.table_names():
        found = run(f"select count(*) from {table} as row where row::text like %s or row::text like %s",
                    f"%{PLANTED}%", f"%{hexadecimal}%")  # fmt: skip
        assert found == [(0,)], table
    assert PLANTED not in caplog.text
    assert not History.objects.filter(table__in=["credit_draftcell", "credit_sheet", "credit_sealedsheet"]).exists()
    verbs = set(AuditEvent.objects.filter(about="round").values_list("verb", flat=True))
    assert verbs == {"round_created", "sheet_added", "round_listed", "round_started", "sheet_sealed"}


def test_withdrawn_sheets_keep_their_blob_and_may_be_replaced(world: World) -> None:
    village = make.started(world)
    make.seal(village, 0)
    with acting_as(world.gao) as post:
        assert post is not None
        with pytest.raises(Refused):
            sheets.withdraw(by=world.gao, post=post, sheet=village.sheets[0], reason=" ")
        sheets.withdraw(by=world.gao, post=post, sheet=village.sheets[0], reason="填错了村")
        again, password = rounds.add_own_sheet(
            by=world.gao, post=post, round=village.round, assessor=village.assessors[0]
        )
    assert password == ""
    assert SealedSheet.objects.filter(sheet=village.sheets[0]).exists()
    assert (again.number, DraftCell.objects.filter(sheet=again).count()) == (4, 3)
    with acting_as(world.gao) as post:
        assert post is not None
        with pytest.raises(Refused):
            sheets.withdraw(by=world.gao, post=post, sheet=village.sheets[0], reason="再撤")


# --- Races --------------------------------------------------------------------------------------------------------------


def in_threads(*acts: Callable[[], None]) -> list[BaseException | None]:
    """Run acts at once, each on a connection of its own; return what each raised."""
    barrier = threading.Barrier(len(acts))
    raised: list[BaseException | None] = [None] * len(acts)

    def body(place: int, act: Callable[[], None]) -> None:
        try:
            barrier.wait(10)
            act()
        except Exception as error:  # noqa: BLE001  the test looks at whatever was raised
            raised[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=body, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


@pytest.mark.django_db(transaction=True)
def test_double_sealing_seals_once() -> None:
    village = make.started(build(), 20)
    make.fill(village, 0, dict.fromkeys(village.households, AMOUNT))
    raised = in_threads(*[lambda: make.seal(village, 0)] * 4)
    assert sorted(type(error).__name__ for error in raised) == ["NoneType", *["SealedError"] * 3]
    assert SealedSheet.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_saved_while_sealing_is_in_the_seal_or_refused() -> None:
    village = make.started(build(), 20)
    subject = village.households[0]
    raised = in_threads(lambda: make.seal(village, 0), *[lambda: make.fill(village, 0, {subject: AMOUNT})] * 3)
    assert raised[0] is None
    for place in (1, 2):
        make.seal(village, place)
    make.open_sheets(village)
    kinds = Opinion.objects.get(sheet=village.sheets[0], subject_id=subject).kind
    assert kinds == ("amount" if None in raised[1:] else "unknown")


@pytest.mark.django_db(transaction=True)
def test_opening_and_sealing_at_once_lose_and_double_nothing() -> None:
    village = make.started(build(), 20)
    world = village.world
    paper = make.typed_paper(village, dict.fromkeys(village.households, AMOUNT))
    for place in (0, 1, 2):
        make.seal(village, place)

    def second() -> None:
        with acting_as(world.jiang) as post:
            assert post is not None
            opening.second(by=world.jiang, post=post, round=village.round)

    with time_machine.travel(clock.now() + timedelta(days=9), tick=True):
        with acting_as(world.gao) as post:
            assert post is not None
            opening.ask(by=world.gao, post=post, round=village.round)
        raised = in_threads(second, lambda: make.confirm_paper(village, paper), second)
        opened = in_threads(*[lambda: jobs.drive_run(JobRun.objects.get().pk)] * 3)

    assert opened == [None] * 3
    assert [error is None for error in (raised[0], raised[2])].count(True) == 1
    paper.refresh_from_db()
    in_time = raised[1] is None
    assert in_time or isinstance(raised[1], SealedError)
    assert paper.state == ("sealed" if in_time else "excused")
    assert Opinion.objects.count() == (80 if in_time else 60)
    assert OpeningEvent.objects.count() == 1
    assert not DraftCell.objects.exists()
    assert Round.objects.get().stage == "decide"


def crowd(village: make.Village, count: int) -> dict[int, int]:
    """Add assessors with logins of their own up to so many; each says another figure of the first household. By sheet, in 万元."""
    world = village.world
    with acting_as(world.gao) as post:
        assert post is not None
        for number in range(4, count + 1):
            sheet, _ = rounds.add_own_sheet(
                by=world.gao, post=post, round=village.round, number=f"liu-{number}", name=f"众{number}"
            )
            assert sheet.assessor is not None
            village.assessors.append(sheet.assessor)
            village.sheets.append(sheet)
    people = [one.pk for one in village.assessors]
    Staff.objects.filter(pk__in=people).update(must_change_password=False)
    Post.objects.filter(staff__in=people).update(to_on=None)
    for place in range(count):
        village.assessors[place].refresh_from_db()
        make.fill(village, place, {village.households[0]: make.amount(str(place + 1))})
    return {village.sheets[place].pk: place + 1 for place in range(count)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("assessors", "households"), [(8, 30), pytest.param(30, 800, marks=pytest.mark.slow)])
def test_a_whole_village_seals_at_once_while_it_is_opened(
    assessors: int, households: int, client_of: Callable[..., Client]
) -> None:
    """Everybody seals by his page from two tabs, each sending twice (a double click, or an answer that never arrived), while two
    people agree to the opening: nothing is lost, nothing doubled, and of the two one wins."""
    village = make.started(build(), households)
    world = village.world
    said = crowd(village, assessors)
    make.seal(village, 0)
    answers: list[int] = []

    def seal_by_page(place: int) -> Callable[[], None]:
        client = client_of(village.assessors[place])
        url = reverse("credit:sheet_seal", args=[village.sheets[place].uuid])

        def act() -> None:
            answers.extend(client.post(url, {"blanks": "unknown"}).status_code for _ in range(2))

        return act

    def agree() -> None:
        with acting_as(world.jiang) as post:
            assert post is not None
            opening.second(by=world.jiang, post=post, round=village.round)

    with time_machine.travel(clock.now() + timedelta(days=9), tick=True):
        with acting_as(world.gao) as post:
            assert post is not None
            opening.ask(by=world.gao, post=post, round=village.round)
        tabs = [seal_by_page(place) for place in range(1, assessors) for _tab in range(2)]
        middle = len(tabs) // 2
        raised = in_threads(*tabs[:middle], agree, agree, *tabs[middle:])
        opened = in_threads(*[lambda: jobs.drive_run(JobRun.objects.get().pk)] * 2)

    assert opened == [None, None]
    agreed = raised[middle : middle + 2]
    assert sorted(type(error).__name__ for error in agreed) == ["NoneType", "Refused"]
    assert {type(error) for error in raised[:middle] + raised[middle + 2 :]} == {type(None)}
    assert (len(answers), set(answers)) == (4 * (assessors - 1), {302}), (
        "each is told where to look, whoever came first"
    )
    states = dict(Sheet.objects.values_list("pk", "state"))
    sealed = {sheet for sheet, state in states.items() if state == "sealed"}
    assert set(states.values()) <= {"sealed", "excused"}
    assert set(SealedSheet.objects.values_list("sheet_id", flat=True)) == sealed
    assert SealedSheet.objects.count() == len(sealed)
    assert Opinion.objects.count() == len(sealed) * households
    found = Opinion.objects.filter(subject_id=village.households[0]).values_list("sheet_id", "amount")
    assert dict(found) == {sheet: said[sheet] * 10_000 for sheet in sealed}
    assert OpeningEvent.objects.count() == 1
    assert not DraftCell.objects.exists()
    assert Round.objects.get().stage == "decide"
