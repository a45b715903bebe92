"""Lists of businesses and units: checked in one pass, confirmed by another, written once however often they come."""

from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from customers.domain import uscc
from customers.models import Business, Principal, RosterImport, Subject, Unit, UnplacedRow
from customers.services import entities, identity
from customers.services import roster as service
from tests.customers import rosters
from tests.customers.builders import make_business, make_grid
from tests.rosterfiles import csv_bytes
from tests.world import World

pytestmark = pytest.mark.django_db
HEADER = (
    "市场",
    "名称",
    "统一社会信用代码",
    "类型",
    "经营者",
    "身份证号",
    "联系电话",
    "经营场所",
    "经营项目",
    "成立日期",
)
SHOP = ("农贸市场", "鑫源超市", "", "个体工商户", "刘建国", "", "15412345678", "1号摊", "百货", "2018-06-01")


def code(number: int, prefix: str = "92") -> str:
    return uscc.make(prefix=prefix, division="370685", sequence=number)


def shop(number: int, **changes: str) -> tuple[str, ...]:
    """A sound row; keywords are titles of the header."""
    told = dict(zip(HEADER, SHOP, strict=True)) | {"名称": f"第{number}家超市", "统一社会信用代码": code(number)}
    return tuple((told | changes).values())


def imported(
    world: World, rows: list[tuple[str, ...]], header: tuple[str, ...] = HEADER, **fields: Any
) -> RosterImport:
    return service.import_now(
        branch=world.east,
        content=BytesIO(csv_bytes(rows, header=header)),
        name="名单.csv",
        staff=world.chen,
        confirmed_by=world.gao,
        obtained_on=date(2026, 3, 1),
        **({"source": "市场监管局", "source_kind": "licence_register"} | fields),
    )


@pytest.fixture
def market(world: World) -> World:
    make_grid(world, "market", "农贸市场")
    return world


def found(done: RosterImport) -> set[tuple[int, str]]:
    return {(problem.row, problem.code) for problem in done.problems.all()}


def test_a_register_is_written_with_where_it_came_from(market: World) -> None:
    done = imported(market, [shop(1), shop(2, 类型="农民专业合作社", 统一社会信用代码=code(2, "93"))])

    assert (done.state, done.summary["totals"]["new"]) == ("written", 2)
    first = Business.objects.get(name="第1家超市")
    assert (first.kind, first.trade, str(first.founded_on), first.grid.name) == (
        "licensed", "百货", "2018-06-01", "农贸市场",
    )  # fmt: skip
    assert (first.roster, first.source_kind, first.source) == (done, "licence_register", "市场监管局")
    assert (first.subject.uscc, first.subject.listed_on is not None, first.subject.found_on) == (code(1), True, None)
    principal = Principal.objects.get(subject_id=first.pk)
    assert (principal.name, identity.decrypt(principal, "phone")) == ("刘建国", "15412345678")


def test_the_same_list_again_changes_nothing(market: World) -> None:
    rows = [shop(number) for number in range(1, 6)] + [shop(9, 市场="城南市场")]
    imported(market, rows)
    before = list(Subject.objects.order_by("pk").values())

    again = imported(market, rows, source="市场监管局（二次）")

    assert again.summary["totals"] | {"unchanged": 0} == dict.fromkeys(again.summary["totals"], 0)
    assert again.summary["totals"]["unchanged"] == 5
    assert list(Subject.objects.order_by("pk").values()) == before
    assert UnplacedRow.objects.count() == 1


def test_a_row_is_told_by_its_code_then_by_name_and_place(market: World) -> None:
    imported(market, [shop(1), shop(2, 统一社会信用代码=""), shop(3, 统一社会信用代码="")])

    changed = imported(
        market,
        [
            shop(1, 名称="改了名的超市"),
            shop(2),
            shop(4, 名称="第3家超市", 经营场所="88号摊"),
            shop(5, 统一社会信用代码="", 名称="第3家超市", 经营场所=""),
        ],
    )

    assert {name: changed.summary["totals"][name] for name in ("new", "changed", "unchanged")} == {
        "new": 1, "changed": 2, "unchanged": 1,
    }  # fmt: skip
    assert Business.objects.get(subject__uscc=code(1)).name == "改了名的超市"
    assert Business.objects.get(name="第2家超市").subject.uscc == code(2)
    assert Business.objects.filter(name="第3家超市").count() == 2


def test_all_errors_come_in_one_pass_and_nothing_is_written(market: World) -> None:
    rows = [
        shop(1, 统一社会信用代码=code(1)[:17] + ("0" if code(1)[17] != "0" else "1")),
        shop(2, 统一社会信用代码="92370685"),
        shop(3, 类型="飞船"),
        shop(4, 名称=""),
        shop(5, 身份证号="370685198003050011"),
        shop(6, 成立日期="去年"),
        shop(7),
        shop(8, 统一社会信用代码=code(7)),
        shop(9, 统一社会信用代码="", 名称="同名", 经营场所=""),
        shop(10, 统一社会信用代码="", 名称="同名", 经营场所=""),
        shop(11, 经营者=""),
    ]
    done = imported(market, rows)

    assert done.state == "checked"
    assert not Business.objects.exists()
    errors = {(problem.row, problem.code) for problem in done.problems.filter(is_error=True)}
    assert errors == {
        (2, "uscc_check_character"), (3, "uscc_length"), (4, "entity_kind_unknown"), (5, "entity_name_missing"),
        (6, "id_check_character"), (7, "founded_unreadable"), (9, "uscc_twice"), (11, "entity_twice"),
    }  # fmt: skip
    assert (12, "principal_missing") in found(done)


def test_who_is_missing_from_a_new_list_stays(market: World) -> None:
    imported(market, [shop(1), shop(2)])

    done = imported(market, [shop(1)])

    assert (done.summary["totals"]["missing"], Subject.objects.filter(left_on__isnull=True).count()) == (1, 2)


def test_what_was_found_in_the_field_joins_the_roster_and_stays_marked(market: World) -> None:
    home = market.liu
    facts = entities.Facts(subject_kind="business", kind="licensed", name="第1家超市", uscc=code(1), principal="刘建国")
    subject = entities.find(staff=market.chen, post_id=None, grid=home, facts=facts)

    done = imported(market, [shop(1, 市场="刘家村")])

    subject.refresh_from_db()
    assert done.summary["totals"]["listed"] == 1
    assert subject.listed_on is not None
    assert subject.found_on is not None
    assert Business.objects.count() == 1


def test_one_filed_in_another_grid_stays_there(market: World) -> None:
    elsewhere = make_business(market.zhao, "赵家超市", uscc=code(1))

    done = imported(market, [shop(1)])

    assert (2, "entity_in_another_grid") in found(done)
    assert Business.objects.get().grid_id == elsewhere.grid_id


def test_an_owner_on_file_keeps_his_number_in_one_place(market: World) -> None:
    rosters.import_rows(market, rosters.family(market.liu, "H1", 1))

    imported(market, [shop(1, 身份证号=rosters.id_of(1)), shop(2, 身份证号=rosters.id_of(501))])

    tied, own = (Principal.objects.get(subject__uscc=code(number)) for number in (1, 2))
    assert (tied.person is not None, tied.id_number) == (True, None)
    assert (own.person, identity.decrypt(own, "id_number")) == (None, rosters.id_of(501))
    again = imported(market, [shop(1, 身份证号=rosters.id_of(1)), shop(2, 身份证号=rosters.id_of(501))])
    assert again.summary["totals"]["unchanged"] == 2


def test_a_list_of_units_makes_units_alone(market: World) -> None:
    make_grid(market, "institution", "机关网格")
    header = ("网格", "单位名称", "社会信用代码", "单位性质", "联系人", "联系电话")
    done = imported(
        market, [("机关网格", "财政局", code(1, "11"), "机关", "王五", "15412345678")], header,
        source_kind="unit_list", source="县委编办",
    )  # fmt: skip

    assert done.state == "written", done.summary
    assert (Unit.objects.get().name, Unit.objects.get().kind, Business.objects.count()) == ("财政局", "institution", 0)


def test_the_wrong_kind_of_list_is_told(market: World) -> None:
    done = imported(market, [shop(1)], source_kind="household_register")

    assert done.state == "broken"
    assert found(done) == {(0, "header_not_found")} or {code for _row, code in found(done)} == {"column_missing"}


def test_the_writing_is_checked_against_what_was_confirmed(market: World) -> None:
    uploaded = service.upload(
        staff=market.chen, post_id=None, branch=market.east, content=BytesIO(csv_bytes([shop(1)], header=HEADER)), name="名单.csv",
        source="市场监管局", obtained_on=date(2026, 3, 1), source_kind="licence_register", check_now=True,
    )  # fmt: skip
    service.roster_runs.check(uploaded)
    with connection.cursor() as cursor:
        cursor.execute("update grids_grid set is_active = false where name = '农贸市场'")
    service._take(uploaded, market.gao, uploaded.uploaded_at, from_console=False)
    service.roster_runs.write(uploaded)

    assert (uploaded.state, uploaded.summary["failure"]) == ("failed", "otherwise")
    assert not Business.objects.exists()


def test_pages_say_it_in_shops(market: World, client_of: Callable[..., Client]) -> None:
    done = imported(market, [shop(1), shop(2, 市场="城南市场")])

    page = client_of(market.gao).get(f"/rosters/{done.pk}/").text

    assert "新增 1 家" in page
    assert "未入格" in page
    assert "执照登记名单" in client_of(market.gao).get("/rosters/").text
    assert client_of(market.gao).get("/rosters/new/").text.count("<option") >= 6


# --- In no grid ---------------------------------------------------------------------------------------------------


def test_a_row_in_no_grid_counts_once_a_manager_placed_it(market: World, client_of: Callable[..., Client]) -> None:
    imported(market, [shop(1, 市场="城南市场", 联系电话="15412345678"), shop(2, 市场="外县市场")])
    assert not Subject.objects.exists()
    client = client_of(market.gao)
    page = client.get("/rosters/unplaced/").text
    assert "名单上写“城南市场”" in page
    first, second = UnplacedRow.objects.order_by("row")

    home = make_grid(market, "street", "城南街")
    client.post(f"/rosters/unplaced/{first.pk}/place/", {"grid": home.pk})
    client.post(f"/rosters/unplaced/{second.pk}/dismiss/")

    placed = Business.objects.get()
    first.refresh_from_db()
    assert (placed.grid, placed.subject.uscc, placed.subject.listed_on is not None) == (home, code(1), True)
    assert (first.subject_id, first.settled_by) == (placed.pk, market.gao)
    assert (placed.trade, str(placed.founded_on), Principal.objects.get().name) == ("百货", "2018-06-01", "刘建国")
    imported(market, [shop(1, 市场="城南街", 联系电话="15412345678")])
    assert identity.decrypt(Principal.objects.get(), "phone") == "15412345678"
    assert "没有等指定网格的" in client.get("/rosters/unplaced/").text


def test_a_grid_that_does_not_hold_it_is_refused(market: World, client_of: Callable[..., Client]) -> None:
    imported(market, [shop(1, 市场="城南市场")])
    row = UnplacedRow.objects.get()
    units = make_grid(market, "institution", "机关网格")

    client_of(market.gao).post(f"/rosters/unplaced/{row.pk}/place/", {"grid": units.pk})

    assert not Business.objects.exists()
    assert client_of(market.he).post(f"/rosters/unplaced/{row.pk}/dismiss/").status_code == 404


def test_a_list_that_names_a_known_grid_later_settles_what_waited(market: World) -> None:
    imported(market, [shop(1, 市场="城南市场")])
    make_grid(market, "market", "城南市场")

    imported(market, [shop(1, 市场="城南市场")], source="二次")

    row = UnplacedRow.objects.get()
    assert row.subject_id == Business.objects.get().pk


def test_customers_nobody_covers_are_counted_by_kind(market: World, client_of: Callable[..., Client]) -> None:
    imported(market, [shop(1), shop(2)])
    rosters.import_rows(market, rosters.family(market.wang, "H1", 1))
    with connection.cursor() as cursor:
        cursor.execute("update grids_grid set is_active = false where name = '农贸市场'")
        cursor.execute("update grids_seat set to_on = '2026-02-01' where grid_id = %s", [market.wang.pk])

    page = client_of(market.gao).get("/rosters/unplaced/").text

    assert page.index("网格已停用") > 0
    assert page.index("没有客户经理") > 0
    assert client_of(market.gao).get("/rosters/unplaced.xlsx").content[:2] == b"PK"
    assert "农贸市场" not in client_of(market.he).get("/rosters/unplaced/").text
