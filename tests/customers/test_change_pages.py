"""The pages of sudden changes: told on submission, proved from the queue, settled by a second person."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import ChangeFlag, Household
from tests.customers.builders import make_household, release_parameters
from tests.customers.guarding import accepted, filed, house, jumped, picture, prove, release_guard, settle
from tests.world import World


@pytest.fixture
def home(world: World) -> Household:
    release_parameters(world)
    release_guard(world)
    return make_household(world.liu)


def test_from_proof_to_confirmation(world: World, home: Household, client_of: Callable[..., Client]) -> None:
    jumped(world, home)
    chen, gao = client_of(world.chen), client_of(world.gao)
    url = reverse("customers:change", args=[home.pk])

    assert "大额变化待补证明" in chen.get(reverse("customers:today")).content.decode()
    page = chen.get(url).content.decode()
    assert "补充证明" in page
    assert "第二个人确认</h2>" not in page
    listed = gao.get(reverse("customers:changes")).content.decode()
    assert "缺证明" in listed
    assert url in listed
    assert "变化属实" not in gao.get(url).content.decode()

    refused = chen.post(reverse("customers:change_prove", args=[home.pk]))
    assert refused.status_code == 422
    photo = SimpleUploadedFile("slip.jpg", picture(), "image/jpeg")
    data = {"figure": "assets", "files": photo, "note": "购房合同"}
    assert chen.post(reverse("customers:change_prove", args=[home.pk]), data).status_code == 302
    assert "大额变化待补证明" not in chen.get(reverse("customers:today")).content.decode()

    page = gao.get(url).content.decode()
    assert "购房合同" in page
    assert "变化属实" in page
    assert gao.post(reverse("customers:change_settle", args=[home.pk]), {"outcome": "confirmed"}).status_code == 302
    assert ChangeFlag.objects.get().outcome == "confirmed"
    assert "没有等您确认的变化" in gao.get(reverse("customers:changes")).content.decode()


def test_refusing_needs_words_and_the_officer_reads_them(
    world: World, home: Household, client_of: Callable[..., Client]
) -> None:
    jumped(world, home)
    accepted(world, home)
    gao, chen = client_of(world.gao), client_of(world.chen)
    url = reverse("customers:change_settle", args=[home.pk])
    assert gao.post(url, {"outcome": "refused", "answer": " "}).status_code == 422
    assert gao.post(url, {"outcome": "refused", "answer": "房屋没有变"}).status_code == 302
    assert "房屋没有变" in chen.get(reverse("customers:today")).content.decode()
    assert "已退回" in chen.get(reverse("customers:household", args=[home.pk])).content.decode()


def test_the_page_of_the_household_and_the_check_say_so(
    world: World, home: Household, client_of: Callable[..., Client]
) -> None:
    jumped(world, home)
    sheet = client_of(world.deng).get(reverse("customers:check", args=[home.pk])).content.decode()
    assert "与上次相比变化较大" in sheet
    accepted(world, home)
    page = client_of(world.chen).get(reverse("customers:household", args=[home.pk])).content.decode()
    assert "变化待确认" in page
    assert reverse("customers:change", args=[home.pk]) in page
    held = client_of(world.chen).get(reverse("customers:household_list") + "?state=held").content.decode()
    assert home.number in held


def test_who_collected_sees_no_way_to_settle(world: World, home: Household, client_of: Callable[..., Client]) -> None:
    jumped(world, home)
    prove(world, home)
    assert client_of(world.chen).post(reverse("customers:change_settle", args=[home.pk])).status_code == 404
    assert client_of(world.deng).post(reverse("customers:change_prove", args=[home.pk])).status_code == 404


def test_an_overdue_change_is_told(world: World, home: Household, client_of: Callable[..., Client]) -> None:
    jumped(world, home)
    ChangeFlag.objects.update(due_on="2026-01-05")
    assert "已过期限" in client_of(world.gao).get(reverse("customers:changes")).content.decode()
    assert "本支行有 1 户已过期限" in client_of(world.gao).get(reverse("customers:queues")).content.decode()
    assert "其中 1 户已过期限" in client_of(world.chen).get(reverse("customers:today")).content.decode()


@pytest.mark.parametrize("show", ["confirm", "prove"])
def test_the_list_asks_as_much_for_twenty(
    world: World, home: Household, client_of: Callable[..., Client], show: str
) -> None:
    gao = client_of(world.gao)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert gao.get(reverse("customers:changes") + f"?show={show}").status_code == 200
        return len(captured)

    jumped(world, home)
    asked()  # the first request of a session writes more
    one = asked()
    for number in range(2, 8):
        jumped(world, make_household(world.wang, f"{number:04d}"))
    assert asked() == one


def test_a_confirmed_change_stays_readable(world: World, home: Household, client_of: Callable[..., Client]) -> None:
    jumped(world, home)
    prove(world, home)
    settle(world.deng, home)
    accepted(world, home)
    page = client_of(world.chen).get(reverse("customers:change", args=[home.pk])).content.decode()
    assert "已确认" in page
    assert "邓平" in page
    filed(world, home, assets=house(301000))
    assert client_of(world.chen).get(reverse("customers:change", args=[home.pk])).status_code == 404
