"""The search box: as people type, within one's scope, namesakes told apart, few queries."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.domain.identity import make_phone
from customers.models import Household, Person
from customers.selectors.search import search
from customers.services import roster
from tests.customers import rosters
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def village(world: World) -> World:
    """Liu, Wang and Zhao villages with a few families and two namesakes."""
    rows = [
        *rosters.family(world.liu, "0012", 1),
        rosters.line(world.liu, "0013", "王桂兰", 身份证号=rosters.id_of(20, 1950), 手机号=make_phone(77_771_234)),
        rosters.line(world.wang, "0014", "王桂兰", 身份证号=rosters.id_of(22, 1962)),
        rosters.line(world.wang, "0014", "单晓明", "子", 身份证号=rosters.id_of(25, 1990)),
        rosters.line(world.wang, "A-77", "欧阳锋"),
        rosters.line(world.zhao, "0012", "王桂兰", 身份证号=rosters.id_of(24, 1971)),
    ]
    done = roster.import_now(
        branch=world.head_office, content=rosters.content(rows), name="全县.csv", source="公安局",
        obtained_on=date(2026, 3, 1), staff=world.chen, confirmed_by=world.gao,
    )  # fmt: skip
    assert done.state == "written", done.summary
    return world


def found(acting: Any, person: Any, text: str) -> list[str]:
    with acting(person) as post:
        return [hit.number for hit in search(post, text).hits]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("王桂兰", ["0013", "0014"]),
        ("桂兰", ["0013", "0014"]),
        ("王", ["0013", "0014"]),
        ("wangguilan", ["0013", "0014"]),
        ("wanggui", ["0013", "0014"]),
        ("Wang Gui Lan", ["0013", "0014"]),
        ("guilan", ["0013", "0014"]),
        ("wgl", ["0013", "0014"]),
        ("晓明", ["0014"]),
        ("shanxm", []),
        ("sxm", ["0014"]),
        ("ouyang", ["A-77"]),
        ("欧阳", ["A-77"]),
        ("刘建国", ["0012"]),
        ("建国刘", []),
        ("0012", ["0012"]),
        ("001", ["0012", "0013", "0014"]),
        ("a-77", ["A-77"]),
        ("1234", ["0013"]),
        ("", []),
        ("张三", []),
        ("';--", []),
        ("%", []),
    ],
)
def test_as_people_type(village: World, acting: Any, text: str, numbers: list[str]) -> None:
    assert sorted(found(acting, village.chen, text)) == numbers


def test_by_ends_of_numbers_and_whole_numbers(village: World, acting: Any) -> None:
    number = rosters.id_of(20, 1950)
    assert found(acting, village.chen, number) == ["0013"]
    assert found(acting, village.chen, number[-4:]) == ["0013"]
    assert found(acting, village.chen, number[-4:].lower()) == ["0013"]
    assert found(acting, village.chen, make_phone(77_771_234)) == ["0013"]
    with acting(village.chen) as post:
        hit = search(post, "1234").hits[0]
        assert "手机尾号 1234" in hit.note


def test_namesakes_are_told_apart(village: World, acting: Any) -> None:
    with acting(village.chen) as post:
        hits = search(post, "王桂兰").hits
        alone = search(post, "刘建国").hits[0]

    assert {(hit.village, hit.number) for hit in hits} == {("刘家村", "0013"), ("王家村", "0014")}
    assert len({hit.note for hit in hits}) == 2
    assert all("岁" in hit.note and "身份证 **" in hit.note for hit in hits)
    assert "身份证" not in alone.note


def test_who_was_found_leads_and_his_tie_to_the_head_follows(village: World, acting: Any) -> None:
    with acting(village.chen) as post:
        son = search(post, "晓明").hits[0]
        head = search(post, "刘建国").hits[0]
        by_number = search(post, "0013").hits[0]
        Household.objects.filter(number="0014").update(head=None)
        headless = search(post, "晓明").hits[0]

    assert (son.who, son.tie, son.head, son.number, son.village) == (
        "单晓明", "户主 王桂兰 的儿子", "王桂兰", "0014", "王家村",
    )  # fmt: skip
    assert "单晓明" not in son.note
    assert (head.who, head.tie) == ("刘建国", "户主")
    assert (by_number.who, by_number.tie) == ("王桂兰", "户主")
    assert (headless.who, headless.tie) == ("单晓明", "本户没有户主")


def test_the_page_and_the_box_lead_with_the_member_found(village: World, client_of: Callable[..., Client]) -> None:
    box = client_of(village.chen, **{"HX-Request": "true"}).get("/search/", {"q": "晓明"}).text
    page = client_of(village.chen).get("/search/", {"q": "晓明"}).text
    english = client_of(village.chen)
    english.cookies["gedang_language"] = "en"

    for shown in (box, page):
        assert shown.index("单晓明") < shown.index("户主 王桂兰 的儿子") < shown.index("0014") < shown.index("王家村")
    assert "son of 王桂兰, head" in english.get("/search/", {"q": "晓明"}).text


def test_only_within_ones_scope(village: World, acting: Any) -> None:
    assert sorted(found(acting, village.kang, "王桂兰")) == ["0012", "0013", "0014"]
    assert sorted(found(acting, village.jiang, "wgl")) == ["0012", "0013", "0014"]
    assert found(acting, village.fang, "王桂兰") == ["0012"]
    assert found(acting, village.fang, "刘建国") == []
    assert found(acting, village.fang, rosters.id_of(20, 1950)) == []
    assert found(acting, village.he, "0013") == []
    assert found(acting, village.deng, "王桂兰") == []
    assert found(acting, village.lin, "王桂兰") == []


def test_who_was_erased_is_not_found(village: World, acting: Any) -> None:
    person = Person.objects.get(name="欧阳锋")
    with connection.cursor() as cursor:
        cursor.execute("select acc.erase_person(%s, 'asked for')", [person.pk])

    assert found(acting, village.chen, "欧阳") == []


def test_few_queries_whatever_is_typed(village: World, acting: Any) -> None:
    with acting(village.chen) as post:
        _ = post.staff.institution_id
        for text in ("王桂兰", "wang", "1234", "0012", rosters.id_of(20, 1950)):
            with CaptureQueriesContext(connection) as captured:
                search(post, text)
            assert len(captured) <= 3, text


def test_at_most_twenty_are_shown(world: World, acting: Any) -> None:
    rosters.import_rows(world, [rosters.line(world.liu, f"N{number:03d}", "王桂兰") for number in range(30)])

    with acting(world.chen) as post:
        results = search(post, "王桂兰")

    assert (len(results.hits), results.more) == (20, True)


def test_the_box_gets_a_fragment_and_the_page_a_page(village: World, client_of: Callable[..., Client]) -> None:
    box = client_of(village.chen, **{"HX-Request": "true"}).get("/search/", {"q": "王桂兰"})
    page = client_of(village.chen).get("/search/", {"q": "王桂兰"})
    nothing = client_of(village.chen, **{"HX-Request": "true"}).get("/search/", {"q": "<b>没有</b>"})

    assert "<html" not in box.text
    assert box.text.count("search-hit-head") == 2
    assert "<html" in page.text
    assert "王家村" in page.text
    assert "&lt;b&gt;" in nothing.text
    assert "no-store" in page.headers["Cache-Control"]


def test_posts_without_customers_have_no_box(world: World, client_of: Callable[..., Client]) -> None:
    assert 'id="search"' not in client_of(world.an).get("/staff/").text
    assert client_of(world.an).get("/search/", {"q": "王"}).status_code == 404
