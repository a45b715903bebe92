"""Pages of grids, branches and people: search, filters, exact query counts, the map and its entity tag."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grids.access import posts_of
from grids.models import Branch, Grid, Institution, Post, PostKind, Seat, Staff
from grids.selectors import territory
from tests.world import SINCE, World

FRAME_PAGE = "grids:password"
"""A page that reads nothing of its own: what it asks is the frame of a request."""


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def of_its_own(client: Client, url: str) -> int:
    """Return how many queries a page asks beyond the frame of a request."""
    client.get(url)
    return queries(client, url) - queries(client, reverse(FRAME_PAGE))


def more_grids(world: World, count: int) -> None:
    for number in range(count):
        grid = Grid.objects.create(
            institution=world.bank, branch=world.east, kind="village", name=f"新{number}村", town="城东",
            division_code=f"3706850013{number:02d}", pinyin=f"xin {number} cun",
        )  # fmt: skip
        Seat.objects.create(grid=grid, kind=world.manager_seat, staff=world.chen, from_on=SINCE)


def test_lists_ask_as_much_for_one_row_as_for_twenty(world: World, client_of: Callable[..., Client]) -> None:
    officer, administrator = client_of(world.fang), client_of(world.an)
    cases = (
        (administrator, "grids:grid_list", 6),
        (administrator, "grids:branch_list", 2),
        (administrator, "grids:staff_list", 5),
    )
    few = [of_its_own(client, reverse(name)) for client, name, _ in cases]
    assert few == [count for _, _, count in cases]
    assert of_its_own(officer, reverse("grids:grid_list")) == 4
    more_grids(world, 20)
    for number in range(20):
        person = Staff.objects.create(
            number=f"n{number}", name=f"新{number}", institution=world.bank, home_branch=world.east
        )
        Post.objects.create(staff=person, kind=PostKind.OFFICER, branch=world.east, from_on=SINCE)
        Branch.objects.create(
            institution=world.bank,
            name=f"新{number}支行",
            parent=world.head_office,
            path=f"{world.head_office.path}9{number}/",
        )
    assert [of_its_own(client, reverse(name)) for client, name, _ in cases] == few
    assert of_its_own(client_of(world.chen), reverse("grids:grid_list")) == 4


def test_one_grid_asks_as_much_for_a_long_record(world: World, client_of: Callable[..., Client]) -> None:
    url = reverse("grids:grid", args=[world.liu.pk])
    few = of_its_own(client_of(world.chen), url)
    for _ in range(20):
        Seat.objects.create(
            grid=world.liu, kind=world.manager_seat, staff=world.deng, from_on=SINCE, to_on=SINCE.replace(day=9)
        )
    assert of_its_own(client_of(world.chen), url) == few == 2


def names(world: World, text: str, who: str = "an") -> list[str]:
    rows = territory.list_grids(posts_of(getattr(world, who)).get(), {"q": text}, "name")
    return [grid.name for grid in rows]


@pytest.mark.parametrize("text", ["刘家", "liujia", "liu jia", "ljc", "liu", "LJ", "刘家庄", "001201"])
def test_a_grid_is_found_by_name_former_name_pinyin_initials_and_code(world: World, text: str) -> None:
    Grid.objects.filter(pk=world.liu.pk).update(pinyin="liu jia cun", former_names=["刘家庄"])
    Grid.objects.filter(pk=world.wang.pk).update(pinyin="wang jia cun")
    assert names(world, text) == ["刘家村"]


@pytest.mark.parametrize("text", ["%", "_", "(", "[a", "\\", "'", "a" * 200])
def test_what_is_typed_is_never_a_pattern(world: World, text: str) -> None:
    assert names(world, text) == []


def test_one_sees_and_finds_within_ones_own_scope_alone(world: World, client_of: Callable[..., Client]) -> None:
    assert names(world, "村", "chen") == ["刘家村", "王家村"]
    assert names(world, "赵家", "gao") == []
    for who, status in (("chen", 404), ("gao", 404), ("fang", 200), ("he", 200), ("an", 200)):
        url = reverse("grids:grid", args=[world.zhao.pk])
        assert client_of(getattr(world, who)).get(url).status_code == status


def test_filters_find_grids_without_owner_by_branch_town_and_kind(world: World) -> None:
    post = posts_of(world.an).get()
    Seat.objects.filter(grid=world.wang).update(to_on=SINCE)
    find = lambda **filters: {grid.name for grid in territory.list_grids(post, filters, "")}  # noqa: E731
    assert find(unowned="1") == {"王家村"}
    assert find(branch=str(world.west.pk)) == {"赵家村"}
    assert find(town="城东支行") == {"刘家村", "王家村"}
    assert find(kind="community") == set()
    assert find(officer=str(world.fang.pk)) == {"赵家村"}
    assert find(branch="x' or 1=1", sort="nonsense") == {"刘家村", "王家村", "赵家村"} or find(branch="x") == set()


def test_the_map_is_small_and_is_not_sent_twice(world: World, client_of: Callable[..., Client]) -> None:
    Institution.objects.update(name="金穗农村商业银行")
    call_command("load_divisions", county="370685", institution="金穗农村商业银行", verbosity=0)
    client = client_of(world.an)
    answer = client.get(reverse("grids:map"))
    shapes = json.loads(answer.content)
    assert answer["Content-Type"] == "application/geo+json"
    assert len(shapes["features"]) >= 734
    assert len(answer.content) < 400_000
    again = client.get(reverse("grids:map"), headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Grid.objects.filter(pk=shapes["features"][0]["id"]).update(official_count=99)
    assert client.get(reverse("grids:map"), headers={"If-None-Match": answer["ETag"]}).status_code == 200


def test_an_officers_map_shows_his_grids_and_the_town_of_one(world: World, client_of: Callable[..., Client]) -> None:
    square: dict[str, Any] = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    Grid.objects.update(boundary=square)
    client = client_of(world.chen)
    label = lambda answer: {f["properties"]["label"] for f in answer.json()["features"]}  # noqa: E731
    assert label(client.get(reverse("grids:map"))) == {"刘家村", "王家村"}
    around = client.get(reverse("grids:map"), {"around": world.liu.pk}).json()
    assert [f["properties"]["here"] for f in around["features"]] == [True, False]
    assert client.get(reverse("grids:map"), {"around": world.zhao.pk}).status_code == 404


def test_an_administrator_corrects_a_grid(world: World, client_of: Callable[..., Client]) -> None:
    url = reverse("grids:grid_change", args=[world.liu.pk])
    sent = {
        "name": "刘家庄村", "branch": world.west.pk, "phase": "maintenance", "official_count": "405",
        "official_source": "村委会证明", "official_on": "2026-03-01",
    }  # fmt: skip
    client = client_of(world.an)
    without_source = {**sent, "official_source": ""}
    assert client.post(url, without_source).status_code == 422
    assert client.post(url, sent).status_code == 302
    world.liu.refresh_from_db()
    assert (world.liu.name, world.liu.former_names, world.liu.official_count) == ("刘家庄村", ["刘家村"], 405)
    assert (world.liu.branch, world.liu.pinyin) == (world.west, "liu jia zhuang cun")


def test_a_branch_moves_with_all_below_it(world: World, client_of: Callable[..., Client]) -> None:
    outlet = Branch.objects.create(institution=world.bank, name="城东分理处", kind="outlet", parent=world.east)
    Branch.objects.filter(pk=outlet.pk).update(path=f"{world.east.path}{outlet.pk}/")
    client = client_of(world.an)
    sent = {"name": "城东支行", "kind": "branch", "parent": world.west.pk, "town_code": "370685001", "is_open": "on"}
    assert client.post(reverse("grids:branch", args=[world.east.pk]), sent).status_code == 302
    outlet.refresh_from_db()
    assert outlet.path == f"{world.west.path}{world.east.pk}/{outlet.pk}/"
    circle = {**sent, "name": "城西支行", "parent": outlet.pk, "town_code": ""}
    assert client.post(reverse("grids:branch", args=[world.west.pk]), circle).status_code == 422
    closed = {**sent, "is_open": ""}
    assert "请先移交网格" in client.post(reverse("grids:branch", args=[world.east.pk]), closed).content.decode()


def test_every_page_stands_in_english_too(world: World, client_of: Callable[..., Client]) -> None:
    client = client_of(world.an)
    client.cookies["gedang_language"] = "en"
    for name in (
        "grids:grid_list",
        "grids:branch_list",
        "grids:staff_list",
        "grids:system",
        "grids:me",
        "lib:job_list",
    ):
        assert client.get(reverse(name)).status_code == 200
