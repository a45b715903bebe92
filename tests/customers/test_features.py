"""Feature grids: they show customers of many home grids and count none."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from customers.models import SubjectGrid
from grids.models import Grid
from tests.customers.builders import make_business, make_grid, make_household
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_manager_shows_customers_in_a_feature_grid(world: World, client_of: Callable[..., Client]) -> None:
    feature = make_grid(world, "feature", "苹果种植带")
    home, shop, other = make_household(world.liu), make_business(world.liu), make_household(world.wang, "0002")
    client = client_of(world.gao)

    for pk in (home.pk, shop.pk):
        assert client.post(f"/subjects/{pk}/features/", {"feature": feature.pk}).status_code == 302
    client.post(f"/subjects/{home.pk}/features/", {"feature": feature.pk})

    assert SubjectGrid.objects.filter(to_on__isnull=True).count() == 2
    listed = client.get(f"/households/?feature={feature.pk}").text
    assert (f"/households/{home.pk}/" in listed, f"/households/{other.pk}/" in listed) == (True, False)
    assert "鑫源超市" in client.get(f"/businesses/?feature={feature.pk}").text
    assert "苹果种植带" in client.get(f"/entities/{shop.pk}/").text
    assert "苹果种植带" in client_of(world.chen).get(f"/households/{home.pk}/").text
    assert (home.subject.grid, shop.subject.grid) == (world.liu, world.liu)


def test_who_leaves_a_feature_grid_may_come_back(world: World, client_of: Callable[..., Client]) -> None:
    feature, shop = make_grid(world, "feature", "苹果种植带"), make_business(world.liu)
    client = client_of(world.gao)
    client.post(f"/subjects/{shop.pk}/features/", {"feature": feature.pk})
    member = SubjectGrid.objects.get()

    client.post(f"/features/{member.pk}/remove/")
    assert client.post(f"/features/{member.pk}/remove/").status_code == 404
    client.post(f"/subjects/{shop.pk}/features/", {"feature": feature.pk})

    member.refresh_from_db()
    assert (member.to_on is not None, member.removed_by) == (True, world.gao)
    assert SubjectGrid.objects.filter(to_on__isnull=True).count() == 1


def test_only_a_feature_grid_shows_without_counting(world: World, client_of: Callable[..., Client]) -> None:
    shop = make_business(world.liu)

    client_of(world.gao).post(f"/subjects/{shop.pk}/features/", {"feature": world.wang.pk})

    assert not SubjectGrid.objects.exists()
    with pytest.raises(IntegrityError, match="no feature grid"), transaction.atomic():
        SubjectGrid.objects.create(
            institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject_id=shop.pk, feature=world.wang,
            from_on="2026-03-01", added_by=world.gao,
        )  # fmt: skip


def test_a_feature_grid_is_no_territory_of_a_report(world: World) -> None:
    feature = make_grid(world, "feature", "苹果种植带")

    with connection.cursor() as cursor:
        cursor.execute("select grid_id from lib.territory_on(%s, current_date)", [world.bank.pk])
        grids = {row[0] for row in cursor.fetchall()}

    assert feature.pk not in grids
    assert world.liu.pk in grids


def test_an_administrator_opens_a_market(world: World, client_of: Callable[..., Client]) -> None:
    client = client_of(world.an)
    told = {"kind": "market", "name": "农贸市场", "branch": world.east.pk}

    assert client.post("/grids/new/", told).status_code == 302
    again = client.post("/grids/new/", told)
    village = client.post("/grids/new/", told | {"kind": "village", "name": "新村"})

    assert (again.status_code, village.status_code) == (422, 422)
    assert Grid.objects.get(name="农贸市场").pinyin.replace(" ", "").startswith("nongmaoshichang")
