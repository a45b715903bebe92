"""Kinds of seats: added, renamed, put in order, closed and opened again, and what the database keeps whoever writes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent, History
from grids.access import posts_of, seat_kinds_for
from grids.models import Seat, SeatKind
from grids.selectors import territory
from grids.services import Refused, seat_kinds, seats
from tests.world import World


def added(world: World, **changes: Any) -> SeatKind:
    fields = {
        "code": "liaison",
        "name": "联络员",
        "name_en": "Liaison",
        "covers": False,
        "taken_by": "any",
        "places": 1,
    }
    return seat_kinds.add_kind(by=world.an, post=posts_of(world.an).get(), **{**fields, **changes})


def seated(world: World, kind: SeatKind, **changes: Any) -> Seat:
    fields: dict[str, Any] = {"staff_id": None, "outside_name": "刘大山", "from_on": clock.today()} | changes
    return seats.assign_seat(grid=world.liu, kind=kind, by=world.gao, post=posts_of(world.gao).get(), **fields)


def step(world: World, deed: str, kind: SeatKind, **more: Any) -> Any:
    return getattr(seat_kinds, deed)(kind=kind, by=world.an, post=posts_of(world.an).get(), **more)


def test_a_kind_is_added_at_the_end_and_offered_by_every_grid(world: World) -> None:
    kind = added(world)
    post = posts_of(world.an).get()
    assert list(seat_kinds_for(post)) == [world.manager_seat, kind]
    assert [row["kind"] for row in territory.seats_of(world.zhao)] == [world.manager_seat, kind]
    event = AuditEvent.objects.get(verb="seat_kind_added")
    assert (event.about_id, event.detail["code"]) == (str(kind.pk), "liaison")


def test_codes_stay_used_and_names_are_borne_once(world: World) -> None:
    kind = added(world)
    with pytest.raises(Refused, match="已经用过"):
        added(world, name="信息员")
    with pytest.raises(Refused, match="已有席位叫"):
        added(world, code="second")
    step(world, "close_kind", kind)
    with pytest.raises(Refused, match="已经用过"):
        added(world, name="信息员")
    assert added(world, code="second").name == "联络员"
    with pytest.raises(Refused, match="已有席位叫"):
        step(world, "reopen_kind", kind)


def test_a_new_name_keeps_the_old_one_in_history(world: World) -> None:
    kind = added(world)
    step(world, "change_kind", kind, name="信息员", name_en="", places=2, taken_by="outside")
    kind.refresh_from_db()
    assert (kind.name, kind.places, kind.taken_by, kind.code) == ("信息员", 2, "outside", "liaison")
    assert History.objects.get(table="grids_seatkind").old["name"] == "联络员"
    assert AuditEvent.objects.get(verb="seat_kind_changed").detail["before"]["name"] == "联络员"


def test_places_are_not_taken_from_under_people(world: World) -> None:
    kind = added(world, places=2)
    seated(world, kind)
    seated(world, kind, outside_name="刘二河")
    with pytest.raises(Refused, match="2 人"):
        step(world, "change_kind", kind, name="联络员", name_en="", places=1)


def test_order_is_changed_by_one_place(world: World) -> None:
    kind = added(world)
    post = posts_of(world.an).get()
    step(world, "move_kind", kind, up=True)
    assert [one.code for one in seat_kinds_for(post)] == ["liaison", "manager"]
    step(world, "move_kind", kind, up=True)
    step(world, "move_kind", kind, up=False)
    assert [one.code for one in seat_kinds_for(post)] == ["manager", "liaison"]


def test_closing_ends_its_seats_today_and_keeps_who_sat_there(world: World) -> None:
    kind = added(world, places=2)
    now = seated(world, kind)
    later = seated(world, kind, outside_name="刘二河", from_on=clock.today() + timedelta(days=9))
    Seat.objects.filter(pk=now.pk).update(from_on=clock.today() - timedelta(days=30))

    assert step(world, "close_kind", kind) == 2
    now.refresh_from_db(), later.refresh_from_db()
    assert now.to_on == clock.today()
    assert later.to_on == later.from_on
    row = next(row for row in territory.seats_of(world.liu) if row["kind"] == kind)
    assert (row["now"], row["free"], [seat.outside_name for seat in row["past"]]) == ([], 0, ["刘大山"])
    kind.refresh_from_db()
    with pytest.raises(Refused, match="已停用"):
        seated(world, kind)
    step(world, "reopen_kind", kind)
    kind.refresh_from_db()
    assert seated(world, kind, outside_name="刘三湖").pk


def test_who_may_sit_is_kept_to(world: World) -> None:
    outside, staff = added(world, taken_by="outside"), added(world, code="lead", name="包村领导", taken_by="staff")
    with pytest.raises(Refused, match="只能由外部人员"):
        seated(world, outside, staff_id=world.deng.pk, outside_name="")
    with pytest.raises(Refused, match="只能由员工"):
        seated(world, staff)
    with pytest.raises(Refused, match="只能由员工"):
        added(world, code="own", name="片区经理", covers=True, taken_by="outside")


def test_the_one_kind_that_owns_customers_stays_open(world: World) -> None:
    with pytest.raises(Refused, match="唯一"):
        step(world, "close_kind", world.manager_seat)
    second = added(world, code="partner", name="协管客户经理", covers=True)
    assert second.taken_by == "staff"
    with pytest.raises(Refused, match="还有人"):
        step(world, "close_kind", world.manager_seat)
    step(world, "close_kind", second)
    assert list(seat_kinds_for(posts_of(world.an).get())) == [world.manager_seat]


@pytest.mark.parametrize(
    "sql",
    [
        "update grids_seatkind set closed_on = current_date where code = 'manager'",
        "update grids_seatkind set covers = false where code = 'manager'",
        "update grids_seatkind set covers = true where code = 'liaison'",
        "update grids_seatkind set code = 'other' where code = 'liaison'",
        "update grids_seatkind set closed_on = current_date where code = 'liaison'",
        "update grids_seatkind set taken_by = 'outside' where code = 'manager'",
        "update grids_seatkind set places = 0 where code = 'liaison'",
        "delete from grids_seatkind where code = 'liaison'",
        "insert into grids_seat (grid_id, kind_id, outside_name, from_on) select grid_id, kind_id, '某人', from_on from grids_seat "
        "join grids_seatkind as kind on kind.id = kind_id where kind.covers limit 1",
    ],
)
def test_the_database_refuses_what_no_page_offers(world: World, sql: str, acting: Callable[..., Any]) -> None:
    seated(world, added(world))
    with pytest.raises((IntegrityError, DatabaseError)), acting(world.an), connection.cursor() as cursor:
        cursor.execute(sql)


def test_nobody_is_written_onto_a_closed_kind(world: World) -> None:
    kind = added(world)
    step(world, "close_kind", kind)
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        Seat.objects.create(grid=world.liu, kind=kind, outside_name="刘大山", from_on=clock.today())


def test_the_pages_from_adding_to_closing(world: World, client_of: Callable[..., Client]) -> None:
    client = client_of(world.an)
    new = {"name": "信息员", "name_en": "Informant", "code": "informant", "taken_by": "outside", "places": "1"}
    assert client.post(reverse("grids:seat_kind_new"), {**new, "code": "Bad Code"}).status_code == 422
    assert client.post(reverse("grids:seat_kind_new"), new).status_code == 302
    assert client.post(reverse("grids:seat_kind_new"), new).status_code == 422
    kind = SeatKind.objects.get(code="informant")
    seated(world, kind)
    listed = client.get(reverse("grids:seat_kind_list")).content.decode()
    assert "信息员" in listed
    page = reverse("grids:seat_kind", args=[kind.pk])
    shown = client.get(page).content.decode()
    assert "1 人今日卸任" in shown
    assert 'name="code"' not in shown
    assert client.post(page, {**new, "name": "网格信息员"}).status_code == 302
    assert client.post(reverse("grids:seat_kind_move", args=[kind.pk]), {"to": "up"}).status_code == 302
    answer = client.post(reverse("grids:seat_kind_close", args=[kind.pk]), follow=True).content.decode()
    assert "1 人今日卸任" in answer
    shown = client.get(reverse("grids:grid", args=[world.liu.pk])).content.decode()
    assert f"arrange-{kind.pk}" not in shown
    assert "网格信息员" not in shown  # withdrawn the day it began, it never counted
    refused = client.post(reverse("grids:seat_kind_close", args=[world.manager_seat.pk]), follow=True)
    assert "唯一负责客户" in refused.content.decode()
    client.post(reverse("grids:seat_kind_reopen", args=[kind.pk]))
    assert SeatKind.objects.get(pk=kind.pk).closed_on is None
    client.cookies["gedang_language"] = "en"
    assert "Informant" in client.get(reverse("grids:seat_kind_list")).content.decode()


def test_the_list_asks_as_much_for_many_kinds(world: World, client_of: Callable[..., Client]) -> None:
    client = client_of(world.an)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("grids:seat_kind_list")).status_code == 200
        return len(captured)

    asked()
    few = asked()
    for number in range(20):
        added(world, code=f"kind{number}", name=f"席位{number}")
    assert asked() == few


def test_another_banks_kind_is_not_found(world: World, client_of: Callable[..., Client]) -> None:
    other = type(world.bank).objects.create(name="另一家", short_name="另", county_code="370686", county="栖霞市")
    kind = SeatKind.objects.create(institution=other, code="manager", name="客户经理", covers=True)
    assert client_of(world.an).get(reverse("grids:seat_kind", args=[kind.pk])).status_code == 404
