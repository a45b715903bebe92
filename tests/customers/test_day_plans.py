"""The plan of a day: suggested, put there by the branch or by oneself, accepted, ordered, put off, taken back; plan against done."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from config.lib.weeks import Week
from customers.models import Household, PlannedVisit
from customers.services import dayplans as service
from customers.services.dayplans import DayPlanRefusedError
from customers.services.visits import submit_visit
from grids.models import Seat
from tests.customers.builders import (
    make_business,
    make_household,
    make_unit,
    release_day_plan,
    release_parameters,
    submission,
)
from tests.customers.test_household_pages import file
from tests.world import SINCE, World

ClientOf = Callable[..., Client]
Acting = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(autouse=True)
def _released(world: World) -> None:
    release_parameters(world)
    release_day_plan(world)


def _put_url(world: World, who: str = "chen", days: int = 0) -> str:
    on = clock.today() + timedelta(days=days)
    return reverse("customers:plan_put", args=[getattr(world, who).pk, on.isoformat()])


def _day_url(world: World, who: str = "chen", days: int = 0) -> str:
    return _put_url(world, who, days).removesuffix("put/")


def _visit(world: World, home: Household, **changes: Any) -> None:
    submit_visit(staff=world.chen, post_id=None, place=home, submission=submission(home, **changes))


def _queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def _titles(client: Client) -> list[str]:
    return [one.place.title for one in client.get("/today/").context["suggested"].rows]


def test_today_suggests_places_of_every_kind_with_their_reasons(world: World, client_of: ClientOf) -> None:
    file(
        world,
        make_household(world.liu, "1", (("退一", "head", "M", 1970),)),
        "returned",
        device_at=clock.now() - timedelta(days=3),
    )
    make_household(world.liu, "2", (("约二", "head", "M", 1970),), next_visit_on=clock.today() - timedelta(days=2))
    make_business(world.liu, "鑫源超市")
    make_unit(world.liu, "中心小学")
    make_household(world.zhao, "9", (("外九", "head", "M", 1970),))
    chen = client_of(world.chen)

    assert _titles(chen) == ["退一", "约二", "鑫源超市", "中心小学"]
    html = chen.get("/today/").content.decode()
    assert "已过 2 天" in html
    assert "退一排在最前，比下一个多在：档案被退回，要补。" in html
    assert "商户 1" in html
    assert "企业单位 1" in html


def test_the_position_orders_the_next_places_and_is_kept_nowhere(world: World, client_of: ClientOf) -> None:
    make_household(world.liu, "1", (("远一", "head", "M", 1970),), latitude="37.400000", longitude="120.400000")
    make_household(world.liu, "2", (("近二", "head", "M", 1970),), latitude="37.300000", longitude="120.400000")
    chen = client_of(world.chen)
    assert _titles(chen) == ["远一", "近二"]

    url = reverse("customers:today_near")
    before = AuditEvent.objects.count()
    answer = chen.post(url, {"latitude": "37.301", "longitude": "120.4"})
    assert [one.place.title for one in answer.context["suggested"].rows] == ["近二", "远一"]
    assert "离您约 110 米" in answer.content.decode()
    assert AuditEvent.objects.count() == before
    for wrong in ({}, {"latitude": "nan", "longitude": "1"}, {"latitude": "91", "longitude": "1"}):
        assert chen.post(url, wrong).status_code == 400


def test_the_manager_puts_visits_on_a_day_and_the_officer_accepts_orders_and_puts_off(
    world: World, client_of: ClientOf
) -> None:
    homes = [make_household(world.liu, str(number)) for number in range(1, 4)]
    gao, chen = client_of(world.gao), client_of(world.chen)
    gao.post(_put_url(world), {"subject": [str(home.pk) for home in homes[:2]], "note": "先看这两户"})
    gao.post(_put_url(world), {"village": str(world.wang.pk), "wanted": "5"})
    chen.post(_put_url(world), {"subject": str(homes[2].pk)})
    rows = list(PlannedVisit.objects.order_by("position"))
    assert [(row.subject_id, row.put_by_id, row.accepted_at is None, row.note) for row in rows] == [
        (homes[0].pk, world.gao.pk, True, "先看这两户"),
        (homes[1].pk, world.gao.pk, True, "先看这两户"),
        (None, world.gao.pk, True, ""),
        (homes[2].pk, world.chen.pk, False, ""),
    ]
    assert rows[0].release is not None
    assert [one["code"] for one in rows[0].reasons] == ["never"]

    chen.post(reverse("customers:plan_accept", args=[clock.today().isoformat()]))
    assert not PlannedVisit.objects.filter(accepted_at__isnull=True).exists()
    chen.post(reverse("customers:plan_move", args=[rows[3].pk, "earlier"]))
    html = chen.get("/today/").content.decode()
    assert [row.pk for row in PlannedVisit.objects.order_by("position")] == [
        rows[0].pk,
        rows[1].pk,
        rows[3].pk,
        rows[2].pk,
    ]
    assert "高远 安排" in html

    to = clock.today() + timedelta(days=2)
    url = reverse("customers:plan_postpone", args=[rows[0].pk])
    chen.post(url, {"to": to.isoformat(), "reason": " "})
    chen.post(url, {"to": clock.today().isoformat(), "reason": "下雨"})
    assert not PlannedVisit.objects.filter(postponed_to__isnull=False).exists()
    chen.post(url, {"to": to.isoformat(), "reason": "下雨"})
    later = PlannedVisit.objects.get(on=to)
    assert (later.follows_id, later.subject_id, later.put_by_id) == (rows[0].pk, homes[0].pk, world.chen.pk)
    assert "下雨" in gao.get(_day_url(world)).content.decode()
    assert "下雨" in gao.get(_day_url(world, days=2)).content.decode()
    verbs = list(AuditEvent.objects.filter(verb__startswith="visit").order_by("pk").values_list("verb", flat=True))
    assert verbs == ["visits_planned"] * 3 + ["visits_accepted", "visit_postponed"]

    # What was planned or put off is not suggested again that day, and is put there once.
    assert chen.get("/today/").context["suggested"].page.paginator.count == 0
    gao.post(_put_url(world), {"subject": str(homes[1].pk)})
    assert PlannedVisit.objects.filter(subject=homes[1].pk).count() == 1


def test_who_put_it_takes_it_back_and_nobody_else(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    gao, chen = client_of(world.gao), client_of(world.chen)
    gao.post(_put_url(world), {"subject": str(home.pk)})
    row = PlannedVisit.objects.get()
    url = reverse("customers:plan_take_back", args=[row.pk])

    chen.post(url)
    assert PlannedVisit.objects.get().withdrawn_at is None
    gao.post(url)
    assert PlannedVisit.objects.get().withdrawn_by_id == world.gao.pk
    assert client_of(world.chen).get(_day_url(world)).context["lines"] == []


def test_done_follows_from_the_visits(world: World, client_of: ClientOf) -> None:
    homes = [make_household(world.liu, str(number)) for number in range(1, 5)]
    gao = client_of(world.gao)
    gao.post(_put_url(world), {"subject": [str(home.pk) for home in homes[:3]]})
    gao.post(_put_url(world), {"village": str(world.liu.pk), "wanted": "2"})
    _visit(world, homes[0])
    _visit(world, homes[1], outcome="nobody", consent="", document=None)
    _visit(world, homes[3])
    _visit(world, make_household(world.wang, "9"))

    page = gao.get(_day_url(world))
    assert [(line.done.made, line.done.in_vain, line.done.is_done) for line in page.context["lines"]] == [
        (1, 0, True), (0, 1, False), (0, 0, False), (1, 0, False),
    ]  # fmt: skip
    week = gao.get("/visit-plans/").context["rows"]
    assert [(one.officer.pk, one.planned, one.done, one.beyond) for one in week] == [(world.chen.pk, 5, 2, 1)]
    own = client_of(world.chen).get("/visit-plans/").context["rows"]
    assert [(one.officer.pk, one.planned, one.done, one.beyond) for one in own] == [(world.chen.pk, 5, 2, 1)]


def test_other_peoples_days_are_not_there(world: World, client_of: ClientOf) -> None:
    home = make_household(world.zhao, "1")
    gao, chen = client_of(world.gao), client_of(world.chen)

    assert gao.get(_day_url(world, "fang")).status_code == 404
    assert chen.get(_day_url(world, "fang")).status_code == 404
    assert chen.post(_put_url(world, "deng"), {"subject": str(home.pk)}).status_code == 404
    gao.post(_put_url(world), {"subject": str(home.pk)})  # of another branch
    assert chen.get(_day_url(world).replace(str(clock.today().year), "20x6")).status_code == 404
    gao.post(_put_url(world, days=-1), {"subject": str(make_household(world.liu, "2").pk)})
    gao.post(_put_url(world), {"village": str(world.zhao.pk), "wanted": "5"})
    gao.post(_put_url(world), {"village": str(world.liu.pk), "wanted": "0"})
    assert not PlannedVisit.objects.exists()


def test_the_database_keeps_the_plan(world: World, acting: Acting) -> None:
    home = make_household(world.liu, "1")
    put: dict[str, Any] = {
        "officer": world.chen,
        "on": clock.today(),
        "subjects": [home.subject],
        "reasons": {},
        "release": None,
    }
    with acting(world.deng), pytest.raises((DatabaseError, DayPlanRefusedError)):
        service.put(staff=world.deng, post_id=None, **put)
    refused: dict[str, Any]
    forbidden: dict[str, Any]
    with acting(world.gao):
        service.put(staff=world.gao, post_id=None, **put)
        row = PlannedVisit.objects.get()
        for forbidden in (
            {"accepted_at": clock.now()},
            {"position": 7},
            {"on": clock.today() + timedelta(days=1)},
            {"officer": world.deng},
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                PlannedVisit.objects.filter(pk=row.pk).update(**forbidden)
        with pytest.raises(DatabaseError), transaction.atomic():
            PlannedVisit.objects.filter(pk=row.pk).delete()
    with acting(world.chen):
        service.accept(staff=world.chen, post_id=None, on=clock.today())
        for refused in (
            {"accepted_at": None},
            {"withdrawn_at": clock.now(), "withdrawn_by": world.chen},
            {"note": "x"},
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                PlannedVisit.objects.filter(pk=row.pk).update(**refused)
        with pytest.raises(DayPlanRefusedError, match="later"):
            service.postpone(staff=world.chen, post_id=None, row=row, to=clock.today(), reason="x")
    with acting(world.fang):
        assert not PlannedVisit.objects.exists()


def test_a_day_on_which_the_officer_does_not_cover_the_village_is_refused(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    Seat.objects.filter(grid=world.liu, staff=world.chen).update(to_on=clock.today() + timedelta(days=3))
    gao = client_of(world.gao)
    gao.post(_put_url(world, days=1), {"subject": str(home.pk)})
    row = PlannedVisit.objects.get()
    gao.post(_put_url(world, days=4), {"subject": str(home.pk)})
    to = (clock.today() + timedelta(days=5)).isoformat()
    client_of(world.chen).post(reverse("customers:plan_postpone", args=[row.pk]), {"to": to, "reason": "x"})

    assert list(PlannedVisit.objects.values_list("on", "postponed_to")) == [(clock.today() + timedelta(days=1), None)]


def test_pages_cost_the_same_for_one_and_for_many(world: World, client_of: ClientOf) -> None:
    gao, chen = client_of(world.gao), client_of(world.chen)
    homes = [make_household(world.liu, str(number), next_visit_on=clock.today()) for number in range(30)]
    make_business(world.liu, "店1")
    with_one = [str(homes[0].pk)]
    gao.post(_put_url(world), {"subject": with_one})
    _visit(world, homes[0])
    urls = {"/today/": chen, "/visit-plans/": gao, _day_url(world): gao}
    few = {url: _queries(client, url) for url, client in urls.items()}
    gao.post(_put_url(world), {"subject": [str(home.pk) for home in homes[:25]]})
    for home in homes[1:20]:
        _visit(world, home)
    for number, officer in enumerate((world.deng, world.gao)):
        Seat.objects.create(grid=(world.liu, world.wang)[number], kind=world.manager_seat, staff=officer, from_on=SINCE)

    assert {url: _queries(client, url) for url, client in urls.items()} == few
    page = gao.get(_day_url(world))
    assert len(page.context["lines"]) == 20
    assert page.context["page"].paginator.count == 25
    assert gao.get(f"/visit-plans/?week={Week.containing(clock.today()).code}").context["page"].paginator.count == 3
