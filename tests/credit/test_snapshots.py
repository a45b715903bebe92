"""Snapshots of the core system: everything wrong in one pass, two people, one pointer, nothing of a person in clear."""

import os
import signal
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from config.lib import clock, copying, jobs
from config.lib.acting import job_frame
from config.lib.models import AuditEvent, JobRun
from credit.domain import snapshotfile, snapshotwords
from credit.models import CoreCredit, CoreFinding, CoreSnapshot
from credit.selectors import snapshots as selectors
from credit.services import snapshot_runs
from credit.services import snapshots as service
from credit.services.snapshots import SnapshotRefusedError
from tests.conftest import acting_as
from tests.credit import coresnapshots as core
from tests.credit import village as make
from tests.customers.races import race
from tests.forked import killed
from tests.world import World

ClientOf = Callable[..., Client]
TODAY = date(2026, 11, 22)


@pytest.fixture
def numbers(world: World) -> list[str]:
    """The ID numbers of a couple in Liu Village and of one man in Zhao Village."""
    return core.couple_and_neighbour(world)


def codes(snapshot: CoreSnapshot) -> list[tuple[int, str, str, str]]:
    found = CoreFinding.objects.filter(snapshot=snapshot).order_by("row", "column", "code")
    return list(found.values_list("row", "column", "code", "level"))


# --- The file -----------------------------------------------------------------------------------------------------


def test_everything_wrong_is_named_at_once(world: World, numbers: list[str]) -> None:
    a, b, _ = numbers
    taken = core.upload(
        world,
        core.row(a, "J1"),
        core.row("", "J2"),
        core.row(a[:-1] + ("1" if a[-1] != "1" else "2"), "J3"),
        core.row("3.70685E+17", "J4"),
        core.row(a, "", 余额="12a"),
        core.row(a, "J6", "信用卡"),
        core.row(a, "J7", outstanding="-5"),
        core.row(a, "J8", outstanding="1.005"),
        core.row(b, "J1"),
        core.row(b, "S1", "本行未用授信", "100", 未用额度="5000"),
        core.row(b, "J11", 五级分类="良好", 欠息天数="三天", 到期日="明年"),
        core.row(b, "B1", "他行借款", "", 整村授信="是"),
        core.row(b, "J13", 五级分类="", 整村授信="也许"),
    )

    assert taken.state == "broken"
    errors = [(row, column, code) for row, column, code, level in codes(taken) if level == "error"]
    assert errors == [
        (3, "id_number", "who_missing"),
        (4, "id_number", "id_invalid"),
        (5, "id_number", "id_as_number"),
        (6, "contract", "contract_missing"),
        (6, "outstanding", "amount_not_a_number"),
        (7, "kind", "kind_unknown"),
        (8, "outstanding", "amount_negative"),
        (9, "outstanding", "amount_places"),
        (10, "contract", "twice"),
        (11, "outstanding", "outstanding_of_commitment"),
        (12, "category", "category_unknown"),
        (12, "due_on", "date_wrong"),
        (12, "interest_days", "days_wrong"),
        (13, "outstanding", "amount_missing"),
        (13, "village_line", "village_line_elsewhere"),
        (14, "category", "category_missing"),
        (14, "village_line", "yes_no_wrong"),
    ]
    assert sum(taken.summary["errors"].values()) == len(errors)
    assert not CoreCredit.objects.exists()
    assert all(code in snapshotwords.WORDS for _row, _column, code in errors)


def test_what_is_no_person_on_file_is_counted_and_listed_and_never_stored(world: World, numbers: list[str]) -> None:
    stranger = core.id_number(900)
    taken = core.upload(
        world,
        core.row(numbers[0], "J1", outstanding="12,345.60"),
        core.row(stranger, "J2"),
        core.row(stranger, "J3"),
        core.row("91370685MA3C000018"[:18], "J4"),
        core.row("E12345678", "J5"),
    )

    assert taken.state == "waiting"
    assert (taken.summary["people"], taken.summary["unknown"], taken.summary["rows"]) == (1, 1, 5)
    found = [(row, code, level) for row, _column, code, level in codes(taken)]
    assert found[:2] == [(3, "person_unknown", "notice"), (4, "person_unknown", "notice")]
    assert {code for _row, code, _level in found[2:]} <= {"is_company", "other_document"}
    assert [(one.contract, one.outstanding) for one in CoreCredit.objects.all()] == [("J1", Decimal("12345.60"))]
    with connection.cursor() as cursor:
        for table in ("credit_coresnapshot", "credit_corecredit", "credit_corefinding", "lib_auditevent", "lib_jobrun"):
            cursor.execute(f"select count(*) from {table} as kept where kept::text like any (%s)", [[f"%{one}%" for one in (stranger, *numbers)]])  # fmt: skip
            assert cursor.fetchone() == (0,), table


def test_a_workbook_is_read_like_text(world: World, numbers: list[str]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["贷款日报"])
    sheet.append(["证件号码", "借据编号", "业务品种", "贷款余额", "到期日期", "五级分类", "数据日期"])
    sheet.append([numbers[0], "J1", "贷款", 0.1 + 0.2, "20270331", "关注类", clock.today()])
    out = BytesIO()
    book.save(out)
    core.release_limits(world)
    done = service.import_now(
        content=BytesIO(out.getvalue()), name="x.xlsx", taken_on=clock.today(), staff=world.jiang, confirmed_by=None
    )

    assert done.state == "waiting", codes(done)
    credit = CoreCredit.objects.get()
    assert (credit.outstanding, credit.category, credit.due_on) == (
        Decimal("0.30"),
        "special_mention",
        date(2027, 3, 31),
    )


@pytest.mark.parametrize("bad", [b"", b"%PDF-1.7", b"a,b\n1,2\n", "身份证号,合同号,业务种类,余额\n".encode()])
def test_what_is_no_such_file_is_said(world: World, bad: bytes) -> None:
    core.release_limits(world)
    done = service.import_now(
        content=BytesIO(bad), name="x", taken_on=clock.today(), staff=world.jiang, confirmed_by=None
    )
    assert done.state == "broken"
    assert CoreFinding.objects.filter(snapshot=done, level="error").exists()


def test_the_day_in_the_file_must_be_the_day_said() -> None:
    rows = [(2, {"id_number": core.id_number(1), "contract": "J", "kind": "贷款", "outstanding": "1", "category": "正常", "taken_on": "2026-11-20"})]  # fmt: skip
    found = snapshotfile.check(rows, taken_on=date(2026, 11, 21), today=TODAY)
    assert [one.code for one in found.findings] == ["date_differs"]


def test_rows_are_told_against_one_another() -> None:
    def cells(number: str, contract: str, kind: str, **more: str) -> dict[str, str]:
        return {"id_number": number, "contract": contract, "kind": kind, "outstanding": "0", "category": "正常"} | more

    a, b = core.id_number(1), core.id_number(2)
    rows = [
        (2, cells(a, "G1", "担保", outstanding="5")),
        (3, cells(b, "G1", "担保", outstanding="5")),  # two guarantors of one loan
        (4, cells(a, "L1", "贷款", undrawn="10")),
        (5, cells(a, "L1", "授信", undrawn="10")),
        (6, cells(a, "L2", "授信", undrawn="1", village_line="是")),
        (7, cells(a, "L3", "授信", undrawn="1", village_line="是")),
        (8, cells(b, "L4", "贷款", outstanding="9", granted="8", principal_days="91")),
    ]
    found = snapshotfile.check(rows, taken_on=TODAY, today=TODAY)
    assert [(one.row, one.code, one.level, one.also) for one in found.findings] == [
        (5, "undrawn_twice", "error", "4"),
        (7, "two_village_lines", "warning", "6"),
        (8, "above_granted", "warning", ""),
        (8, "category_overdue", "warning", "91"),
    ]


@given(st.decimals(min_value=Decimal("-999999999999.99"), max_value=Decimal("999999999999.99"), places=2))
def test_an_amount_in_copy_is_what_the_database_reads(amount: Decimal) -> None:
    size, rest = int.from_bytes(copying.yuan(amount)[:4], "big"), copying.yuan(amount)[4:]
    count, weight, sign, scale = (int.from_bytes(rest[at : at + 2], "big", signed=at == 2) for at in range(0, 8, 2))
    digits = [int.from_bytes(rest[8 + 2 * place : 10 + 2 * place], "big") for place in range(count)]
    value = sum(
        (Decimal(digit) * Decimal(10_000) ** (weight - place) for place, digit in enumerate(digits)), Decimal(0)
    )
    assert size == len(rest) == 8 + 2 * count
    assert (-value if sign else value) == amount
    assert scale == 2
    assert all(digit < 10_000 for digit in digits)


# --- Two people, one pointer --------------------------------------------------------------------------------------


def test_only_another_approver_of_the_whole_bank_puts_it_in_force(world: World, numbers: list[str]) -> None:
    taken = core.upload(world, core.row(numbers[0], "J1"))
    with pytest.raises(SnapshotRefusedError, match="own"):
        core.confirm(world, taken, staff=world.jiang)
    for person in (world.jiang, world.gao, world.lin, world.kang):
        with acting_as(person):
            try:
                with transaction.atomic():
                    found = CoreSnapshot.objects.filter(pk=taken.pk, state="waiting")
                    assert found.update(state="in_force", settled_by=person, settled_at=clock.now()) == 0
            except DatabaseError as refused:
                assert "settled once" in str(refused) or "permission denied" in str(refused)  # noqa: PT017
    assert CoreSnapshot.objects.get().state == "waiting"

    core.confirm(world, taken)
    assert (taken.state, taken.settled_by) == ("in_force", world.bai)
    assert set(AuditEvent.objects.filter(about="core_snapshot").values_list("verb", flat=True)) == {
        "snapshot_upload",
        "snapshot_confirm",
    }


def test_the_owner_himself_cannot_let_one_person_do_both(world: World, numbers: list[str]) -> None:
    taken = core.upload(world, core.row(numbers[0], "J1"))
    with pytest.raises(DatabaseError, match="snapshot_needs_two_people"), transaction.atomic():
        CoreSnapshot.objects.filter(pk=taken.pk).update(state="in_force", settled_by=world.jiang)


def run_as(role: str, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"set local role {role}")
        cursor.execute(statement)


def test_the_pointer_moves_and_what_it_left_is_kept(world: World, numbers: list[str]) -> None:
    first = core.in_force(world, core.row(numbers[0], "J1"), on=clock.today() - timedelta(days=2))
    second = core.in_force(world, core.row(numbers[0], "J1"), core.row(numbers[1], "J2"), on=clock.today())
    first.refresh_from_db()

    assert (first.state, second.state) == ("superseded", "in_force")
    assert second.compared == first
    assert CoreCredit.objects.filter(snapshot=first).count() == 1
    assert second.summary["changes"] == {"before": 1, "new": 1, "gone": 0, "changed": 0}
    for change in ("delete from credit_corecredit", "update credit_corecredit set outstanding = 0"):
        for role in ("gedang_worker", "gedang_web_all", "gedang_def"):
            with pytest.raises(DatabaseError, match=r"refused|permission denied"), job_frame(None, "test"):
                run_as(role, change)
    first.refresh_from_db()
    with pytest.raises(DatabaseError, match="settled snapshot stands"), transaction.atomic(), job_frame(None, "test"):
        CoreSnapshot.objects.filter(pk=second.pk).update(state="superseded")


def test_days_go_forward_and_a_day_is_corrected_only_with_a_reason(world: World, numbers: list[str]) -> None:
    yesterday = clock.today() - timedelta(days=1)
    core.in_force(world, core.row(numbers[0], "J1"), on=yesterday)
    other = core.row(numbers[0], "J1", outstanding="9000")
    for day, code in (
        (yesterday - timedelta(days=1), "older"),
        (yesterday, "same_day"),
        (clock.today() + timedelta(days=1), "future"),
    ):
        with pytest.raises(SnapshotRefusedError) as refused:
            core.upload(world, other, on=day)
        assert refused.value.code == code
    with pytest.raises(SnapshotRefusedError, match="same_file"):
        core.upload(world, core.row(numbers[0], "J1"))
    corrected = core.upload(world, other, on=yesterday, correction="日终重跑")
    assert (corrected.state, corrected.correction) == ("waiting", "日终重跑")
    with pytest.raises(SnapshotRefusedError, match="waiting"):
        core.upload(world, core.row(numbers[0], "J9"))
    core.confirm(world, corrected, "日终重跑")
    assert selectors.in_force(world.bank.pk) == corrected


def test_a_large_change_is_pointed_out_and_needs_a_word(world: World, numbers: list[str]) -> None:
    core.in_force(
        world,
        core.row(numbers[0], "J1", outstanding="100000"),
        core.row(numbers[1], "B1", "他行借款", "5"),
        on=clock.today() - timedelta(days=1),
    )
    taken = core.upload(world, core.row(numbers[0], "J1", outstanding="88999.99"))
    assert [(one["code"], one["percent"], one["kind"]) for one in taken.summary["flags"]] == [
        ("outstanding_down", "11.00", ""),
        ("contracts_gone", "50.00", ""),
        ("kind_gone", "100", "other_bank"),
    ]
    assert all(selectors.flag_words(taken))
    with pytest.raises(SnapshotRefusedError, match="answer"):
        core.confirm(world, taken)
    core.confirm(world, taken, "年底集中收回")
    assert (taken.state, taken.answer) == ("in_force", "年底集中收回")


def test_refused_or_taken_back_leaves_what_is_in_force(world: World, numbers: list[str]) -> None:
    first = core.in_force(world, core.row(numbers[0], "J1"), on=clock.today() - timedelta(days=1))
    taken = core.upload(world, core.row(numbers[0], "J1", outstanding="10500"))
    bai = core.second_approver(world)
    with acting_as(bai) as post:
        with pytest.raises(SnapshotRefusedError, match="answer"):
            service.reject(staff=bai, post_id=None, snapshot=taken, answer=" ")
        with pytest.raises(SnapshotRefusedError, match="not_own"):
            service.withdraw(staff=bai, post_id=None, snapshot=taken)
        service.reject(staff=bai, post_id=post.pk if post else None, snapshot=taken, answer="少了城西支行")
    again = core.upload(world, core.row(numbers[0], "J1", outstanding="10500"))
    with acting_as(world.jiang):
        service.withdraw(staff=world.jiang, post_id=None, snapshot=again)
    taken.refresh_from_db()
    assert [taken.state, again.state] == ["rejected", "withdrawn"]
    assert selectors.in_force(world.bank.pk) == first


def test_a_stopped_check_leaves_nothing(world: World, numbers: list[str]) -> None:
    core.release_limits(world)
    with acting_as(world.jiang):
        taken = service.upload(
            staff=world.jiang, post_id=None, content=core.content(core.row(numbers[0], "J1")), name="x", taken_on=TODAY
        )
    assert taken.run is not None
    jobs.ask_to_cancel(taken.run, world.jiang.pk)
    jobs.drive_run(taken.run.pk)
    taken.refresh_from_db()
    assert (taken.state, CoreCredit.objects.count()) == ("withdrawn", 0)
    assert core.upload(world, core.row(numbers[0], "J1")).state == "waiting"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_settle_at_the_same_moment_one_does(world: World) -> None:
    numbers = list(core.number_people(make.household(world.liu, "001", "刘一")).values())
    bai = core.second_approver(world)
    third = core.upload(world, core.row(numbers[0], "J1"))

    def act(name: str) -> Callable[[], str]:
        def run() -> str:
            person = bai if name == "confirm" else world.jiang
            with acting_as(person):
                found = CoreSnapshot.objects.get(pk=third.pk)
                if name == "confirm":
                    service.confirm(staff=person, post_id=None, snapshot=found)
                else:
                    service.withdraw(staff=person, post_id=None, snapshot=found)
            return name

        return run

    answers = race([act("confirm"), act("confirm"), act("withdraw")])
    done = [one for one in answers if isinstance(one, str)]
    assert len(done) == 1, answers
    assert all(one.code == "settled" for one in answers if isinstance(one, SnapshotRefusedError))
    third.refresh_from_db()
    assert third.state == {"confirm": "in_force", "withdraw": "withdrawn"}[done[0]]


@pytest.mark.django_db(transaction=True)
def test_two_uploads_at_the_same_moment_leave_one_on_its_way(world: World) -> None:
    numbers = list(core.number_people(make.household(world.liu, "001", "刘一")).values())
    core.release_limits(world)
    bai = core.second_approver(world)

    def act(person: object, contract: str) -> Callable[[], object]:
        def run() -> object:
            with acting_as(person) as post:  # type: ignore[arg-type]
                return service.upload(
                    staff=person,  # type: ignore[arg-type]
                    post_id=post.pk if post else None,
                    content=core.content(core.row(numbers[0], contract)),
                    name="x",
                    taken_on=clock.today(),
                )

        return run

    answers = race([act(world.jiang, "J1"), act(bai, "J2")])
    assert sorted(type(one).__name__ for one in answers) == ["CoreSnapshot", "SnapshotRefusedError"], answers
    assert CoreSnapshot.objects.count() == JobRun.objects.filter(kind=service.JOB).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_nothing_and_another_checks_all(world: World) -> None:
    numbers = core.number_people(make.household(world.liu, "001", "刘一"))
    core.release_limits(world)
    with acting_as(world.jiang) as post:
        taken = service.upload(
            staff=world.jiang,
            post_id=post.pk if post else None,
            content=core.content(core.row(next(iter(numbers.values())), "J1"), core.row(core.id_number(900), "J2")),
            name="core.csv",
            taken_on=clock.today(),
        )

    def work() -> None:
        def dies(*_: object) -> dict[str, object]:
            assert CoreCredit.objects.count() == 1  # written, not committed
            os.kill(os.getpid(), signal.SIGKILL)
            return {}

        snapshot_runs._compared = dies  # type: ignore[assignment]
        jobs.drive_run(taken.run_id or 0)

    killed(work)

    taken.refresh_from_db()
    assert (taken.state, CoreCredit.objects.count(), CoreFinding.objects.count()) == ("checking", 0, 0)
    jobs.drive_run(taken.run_id or 0)
    taken.refresh_from_db()
    assert (taken.state, CoreCredit.objects.count(), CoreFinding.objects.count()) == ("waiting", 1, 1)
