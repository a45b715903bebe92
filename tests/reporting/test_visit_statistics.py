"""Visits and effective visits by branch, grid and officer: counted once a subject and span, kept as visits arrive, shown to whom they
concern."""

import threading
from collections.abc import Callable
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from config.lib.clock import SHANGHAI
from config.lib.models import AuditEvent
from customers.models import Subject, Visit, VisitTally
from grids.models import Post, PostKind
from reporting.selectors.visits import SPANS, Wanted, begins, ends, statistics_of
from tests.conftest import acting_as
from tests.customers.builders import make_business
from tests.customers.effective import release_rules
from tests.reporting.events import households
from tests.world import SINCE, World

ClientOf = Callable[..., Client]
TODAY = date(2026, 11, 18)  # a Wednesday
NOW = datetime.combine(TODAY, time(15), SHANGHAI)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wednesday afternoon."""
    monkeypatch.setattr("config.lib.clock.now", lambda: NOW)


def visit(world: World, subject: Subject, on: date = TODAY, **fields: Any) -> Visit:
    """Write a visit; effective unless it names an outcome or a verdict."""
    at = datetime.combine(on, time(9), SHANGHAI)
    given: dict[str, Any] = {"lead": world.chen, "outcome": "interviewed", "device_at": at, "received_at": at}
    where = {"institution_id": subject.institution_id, "grid_id": subject.grid_id, "recorded_grid_id": subject.grid_id}
    return Visit.objects.create(**where, subject=subject, client_uuid=uuid4(), content_hash="", **(given | fields))


def sums(span: str, first: date) -> tuple[int, ...]:
    """What the tallies of a span add up to."""
    rows = VisitTally.objects.filter(span=span, starts_on=first)
    names = ("subjects", "effective", "own_subjects", "own_effective", "visits", "effective_visits")
    return tuple(sum(getattr(row, name) for row in rows) for name in names)


# --- Counting ---------------------------------------------------------------------------------------------------------


def test_a_subject_counts_once_in_every_span_however_often_it_is_visited(world: World) -> None:
    one, two = households(world.liu, 2)
    visit(world, one, date(2026, 1, 5))
    visit(world, one, date(2026, 11, 2))
    visit(world, one, date(2026, 11, 17))
    visit(world, one)
    visit(world, one)
    visit(world, two)

    assert sums("day", TODAY) == (2, 2, 2, 2, 3, 3)
    assert sums("week", date(2026, 11, 16)) == (2, 2, 2, 2, 4, 4)
    assert sums("month", date(2026, 11, 1)) == (2, 2, 2, 2, 5, 5)
    assert sums("year", date(2026, 1, 1)) == (2, 2, 2, 2, 6, 6)


def test_other_visits_count_as_visited_until_one_is_effective_and_late_ones_find_their_day(world: World) -> None:
    one, two = households(world.liu, 2)
    visit(world, one, outcome="nobody")
    visit(world, two, outcome="moved")
    assert sums("week", date(2026, 11, 16))[:2] == (2, 0)

    visit(world, one, date(2026, 11, 16))  # sent later, visited before
    assert sums("week", date(2026, 11, 16))[:2] == (2, 1)
    assert sums("day", TODAY)[:2] == (2, 0)
    assert sums("day", date(2026, 11, 16))[:2] == (1, 1)


def test_who_joined_counts_it_for_himself_and_nobody_counts_it_twice(world: World) -> None:
    (one,) = households(world.liu, 1)
    visit(world, one, partner=world.deng)
    visit(world, one, lead=world.deng, partner=world.chen)

    assert sums("day", TODAY) == (1, 1, 2, 2, 2, 2)
    own = {row.staff_id: row.own_subjects for row in VisitTally.objects.filter(span="day")}
    assert own == {world.chen.pk: 1, world.deng.pk: 1}


def test_a_bulk_of_visits_is_counted_as_if_they_came_one_by_one(world: World) -> None:
    subjects = households(world.liu, 3)
    at = datetime.combine(TODAY, time(9), SHANGHAI)
    Visit.objects.bulk_create(
        Visit(
            institution_id=one.institution_id, grid_id=one.grid_id, recorded_grid_id=one.grid_id, subject=one,
            client_uuid=uuid4(), content_hash="", lead=world.chen, outcome=outcome, device_at=at, received_at=at,
        )
        for one in subjects
        for outcome in ("nobody", "interviewed", "partial")
    )  # fmt: skip

    assert sums("day", TODAY) == (3, 3, 3, 3, 9, 6)


@pytest.mark.django_db(transaction=True)
def test_two_officers_never_wait_for_each_other_and_nothing_is_lost(world: World) -> None:
    """While one holds the row of a village, another visit of it is counted in a row of its own."""
    one, two = households(world.liu, 2)
    visit(world, one, date(2026, 11, 17))
    held, done = threading.Event(), threading.Event()

    def first() -> None:
        from django.db import transaction

        with transaction.atomic():
            visit(world, one)
            held.set()
            done.wait(20)
        close_old_connections()

    worker = threading.Thread(target=first)
    worker.start()
    assert held.wait(20)
    visit(world, two)
    done.set()
    worker.join()

    assert sums("week", date(2026, 11, 16)) == (2, 2, 2, 2, 3, 3)
    assert VisitTally.objects.filter(span="year").count() == 2


def test_nobody_writes_the_counts_himself(world: World) -> None:
    with acting_as(world.gao), connection.cursor() as cursor:
        for privilege in ("select", "insert", "update", "delete"):
            cursor.execute("select has_table_privilege('customers_visittally', %s)", [privilege])
            assert cursor.fetchone() == (False,)


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        ("day", date(2026, 2, 28), date(2026, 2, 28)),
        ("week", date(2026, 2, 23), date(2026, 3, 1)),
        ("month", date(2026, 2, 1), date(2026, 2, 28)),
        ("year", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_spans_begin_and_end_with_the_calendar(span: str, first: date, last: date) -> None:
    assert (begins(span, date(2026, 2, 28)), ends(span, date(2026, 2, 28))) == (first, last)


# --- Who sees what ----------------------------------------------------------------------------------------------------


@pytest.fixture
def walked(world: World) -> World:
    """Visits in both branches: Chen's and Deng's in the East, Fang's in the West."""
    liu, wang, zhao = (households(grid, 4) for grid in (world.liu, world.wang, world.zhao))
    visit(world, liu[0])
    visit(world, liu[1], outcome="nobody")
    visit(world, liu[2], date(2026, 11, 3), partner=world.deng)
    visit(world, wang[0], lead=world.deng)
    visit(world, zhao[0], lead=world.fang)
    visit(world, make_business(world.liu).subject)
    return world


def _figures(world: World, staff: Any, level: str, span: str = "week") -> dict[str, tuple[int, int]]:
    with acting_as(staff) as post:
        found = statistics_of(post, Wanted(span, TODAY, level))
    lines = {line.name: line.figures for line in found.lines} | {"": found.whole[span]}
    return {name: (one.all_effective, one.all_visited) for name, one in lines.items()}


def test_a_manager_sees_his_branch_by_grid_and_officer(walked: World) -> None:
    assert _figures(walked, walked.gao, "grid") == {"刘家村": (2, 3), "王家村": (1, 1), "": (3, 4)}
    officers = _figures(walked, walked.gao, "officer", "month")
    assert officers[""] == (4, 5)
    assert (officers[walked.chen.name], officers[walked.deng.name]) == ((3, 4), (2, 2))


def test_an_officer_sees_what_he_led_or_joined_alone(walked: World) -> None:
    assert _figures(walked, walked.deng, "grid", "month")[""] == (2, 2)
    assert _figures(walked, walked.deng, "grid", "month")["刘家村"] == (1, 1)


def test_a_leader_sees_every_branch_and_opens_no_visit(walked: World, client_of: ClientOf) -> None:
    leader = walked.shi
    Post.objects.filter(staff=leader).delete()
    Post.objects.create(staff=leader, kind=PostKind.LEADER, from_on=SINCE)
    found = _figures(walked, leader, "branch")
    assert (found["城东支行"], found["城西支行"], found[""]) == ((3, 4), (1, 1), (4, 5))

    client = client_of(leader)
    page = client.get(reverse("reporting:visit_statistics")).content.decode()
    assert "涉及走访" in page
    assert reverse("reporting:visits_behind") not in page
    assert client.get(reverse("reporting:visits_behind")).status_code == 404


def test_households_and_businesses_stand_apart(walked: World) -> None:
    with acting_as(walked.gao) as post:
        whole = statistics_of(post, Wanted("week", TODAY, "grid")).whole["week"]

    assert [count for _side, _kind, count in whole.cells()] == [3, 2, 1, 4, 3, 1]
    assert str(whole.share) == "75.00 %"


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_a_figure_opens_the_visits_it_counts(walked: World, client_of: ClientOf) -> None:
    gao = client_of(walked.gao)
    url = reverse("reporting:visits_behind")
    both = gao.get(url, {"span": "week", "level": "grid", "unit": walked.liu.pk}).content.decode()
    other = gao.get(url, {"span": "week", "level": "grid", "unit": walked.liu.pk, "effective": "no"}).content.decode()

    assert "共 3 条" in both
    assert "共 1 条" in other
    assert "无人在家" in other


def test_why_a_visit_is_another_one_stands_beside_it(world: World, client_of: ClientOf) -> None:
    (one,) = households(world.liu, 1)
    reasons = [{"code": "photos", "value": "0", "wanted": "1"}]
    visit(world, one, judged=False, reasons=reasons, rules=release_rules(world))
    page = client_of(world.chen).get(reverse("reporting:visits_behind")).content.decode()

    assert "照片 0 张；下次当场拍 1 张" in page


@pytest.mark.parametrize("unit", ["999999999", "abc", "²", "9" * 30])
def test_a_unit_outside_the_post_is_not_there(walked: World, client_of: ClientOf, unit: str) -> None:
    answer = client_of(walked.gao).get(reverse("reporting:visits_behind"), {"level": "grid", "unit": unit})

    assert answer.status_code == 404


def test_another_branch_stays_closed(walked: World, client_of: ClientOf) -> None:
    gao = client_of(walked.gao)
    url = reverse("reporting:visits_behind")

    assert gao.get(url, {"level": "grid", "unit": walked.zhao.pk}).status_code == 404


@pytest.mark.parametrize(
    "query", ["", "span=decade&on=yesterday&level=moon", "on=1066-10-14", "on=2999-01-01", "page=9"]
)
def test_what_makes_no_sense_is_the_present_week(walked: World, client_of: ClientOf, query: str) -> None:
    answer = client_of(walked.gao).get(f"{reverse('reporting:visit_statistics')}?{query}")

    assert answer.status_code == 200


def test_the_file_holds_the_lines_and_is_on_record(walked: World, client_of: ClientOf) -> None:
    answer = client_of(walked.gao).get(reverse("reporting:visit_statistics_xlsx"), {"level": "grid"})
    sheet = load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]

    assert any([row[0], *row[2:4]] == ["刘家村", 2, 1] for row in cells)
    assert AuditEvent.objects.get(verb="visits_exported").detail["span"] == "week"


def test_queries_do_not_grow_with_the_rows(world: World, client_of: ClientOf) -> None:
    many = households(world.liu, 20)
    gao = client_of(world.gao)
    urls = [reverse("reporting:visit_statistics"), f"{reverse('reporting:visits_behind')}?level=grid"]
    counts = []
    for subjects in (many[:1], many[1:]):
        for subject in subjects:
            visit(world, subject)
        for url in urls:
            gao.get(url)
            with CaptureQueriesContext(connection) as captured:
                gao.get(url)
            counts.append(len(captured))

    assert counts[:2] == counts[2:]


def test_all_spans_are_named() -> None:
    assert set(SPANS) == set(VisitTally.Span.values)
