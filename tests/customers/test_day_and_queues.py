"""An officer's day, the check queue and its sheet."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.weeks import Week
from customers.models import Household, Milestone, ProfileCheck
from customers.services.visits import submit_visit
from tests.customers.builders import document, make_business, make_household, release_parameters, submission
from tests.customers.test_household_pages import file
from tests.world import World

ClientOf = Callable[..., Client]


@pytest.fixture(autouse=True)
def _released(world: World) -> None:
    release_parameters(world)


def _visit(world: World, home: Household, who: str = "chen", **changes: Any) -> Any:
    sent = submission(home, **changes)
    return submit_visit(staff=getattr(world, who), post_id=None, place=home, submission=sent)


def _queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# --- Today ----------------------------------------------------------------------------------------------------------


def test_the_week_counts_days_and_households_by_the_device(world: World, client_of: ClientOf) -> None:
    homes = [make_household(world.liu, str(number)) for number in range(1, 6)]
    monday = Week.containing(clock.today()).starts_at
    _visit(world, homes[0], device_at=monday + timedelta(hours=1))
    _visit(world, homes[1], device_at=monday + timedelta(hours=2))
    _visit(world, homes[1], device_at=monday + timedelta(hours=3), consent="standing")
    _visit(world, homes[2], device_at=monday - timedelta(hours=1))  # last week
    _visit(world, homes[3], outcome="nobody", consent="", document=None, device_at=monday + timedelta(hours=4))
    _visit(world, homes[4], "deng", partner_id=world.chen.pk, device_at=monday + timedelta(hours=5))

    so_far = client_of(world.chen).get("/today/").context["so_far"]
    assert (so_far.days, so_far.households, so_far.days_wanted, so_far.households_wanted) == (1, 3, 4, 40)


def test_next_come_agreed_dates_then_the_never_visited(world: World, client_of: ClientOf) -> None:
    today = clock.today()
    make_household(world.wang, "9")
    make_household(world.liu, "1", next_visit_on=today + timedelta(days=3))
    make_household(world.liu, "2", next_visit_on=today - timedelta(days=3))
    make_household(world.liu, "3", next_visit_on=today + timedelta(days=30))
    make_household(world.zhao, "7")
    make_business(world.liu, "鑫源超市")
    seen = make_household(world.liu, "4")
    _visit(world, seen)

    answer = client_of(world.chen).get("/today/")
    # Without released weights: agreed dates of the week, then who has not been visited, in the order of the lists.
    found = [
        one.place.place.number if one.place.is_household else one.place.title
        for one in answer.context["suggested"].rows
    ]
    assert found == ["2", "1", "3", "鑫源超市", "9"]
    assert answer.context["plan"].never == {"household": 4, "business": 1}


def test_a_returned_file_shows_the_words_until_it_is_sent_again(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    file(world, home, "returned")
    chen = client_of(world.chen)
    assert "“请核实”" in chen.get("/today/").content.decode()

    file(world, home, consent="standing")
    assert "“请核实”" not in chen.get("/today/").content.decode()


def test_the_day_costs_the_same_for_one_and_for_many(world: World, client_of: ClientOf) -> None:
    chen = client_of(world.chen)
    file(world, make_household(world.liu, "1"), "returned")
    make_household(world.liu, "2", next_visit_on=clock.today())
    make_household(world.liu, "3")
    few = _queries(chen, "/today/")
    for number in range(4, 20):
        file(world, make_household(world.liu, str(number)), "returned")
        make_household(world.wang, str(number), next_visit_on=clock.today())

    assert _queries(chen, "/today/") <= few


def test_drafts_are_named_within_reach_only(world: World, client_of: ClientOf) -> None:
    mine, foreign = make_household(world.liu, "0021"), make_household(world.zhao, "0022")
    shop = make_business(world.liu, "鑫源超市")
    url = reverse("customers:drafts")
    asked = "&".join(f"household={pk}" for pk in (mine.pk, foreign.pk, shop.pk, "x"))
    html = client_of(world.chen).get(f"{url}?{asked}").content.decode()

    assert "0021" in html
    assert "鑫源超市" in html
    assert "0022" not in html
    assert "继续填写" not in client_of(world.chen).get(url).content.decode()


# --- Queues ---------------------------------------------------------------------------------------------------------


def test_the_queue_holds_what_others_of_the_branch_submitted(world: World, client_of: ClientOf) -> None:
    homes = [make_household(world.liu, str(number)) for number in range(1, 4)]
    _visit(world, homes[0])
    _visit(world, homes[1], "deng")
    _visit(world, homes[2], partner_id=world.deng.pk)

    def seen(name: str) -> list[str]:
        return sorted(one["row"].place[-1] for one in client_of(getattr(world, name)).get("/queues/").context["rows"])

    assert {name: seen(name) for name in ("chen", "deng", "gao", "fang", "he")} == {
        "chen": ["2"],
        "deng": ["1"],
        "gao": ["1", "2", "3"],
        "fang": [],
        "he": [],
    }


def test_the_queue_costs_the_same_for_one_and_for_twenty(world: World, client_of: ClientOf) -> None:
    gao = client_of(world.gao)
    _visit(world, make_household(world.liu, "1"))
    one = _queries(gao, "/queues/")
    for number in range(2, 21):
        _visit(world, make_household(world.liu, str(number)))

    assert _queries(gao, "/queues/") == one


def test_the_sheet_shows_what_changed_and_accepting_counts(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    file(world, home, "accepted")
    file(world, home, consent="standing", document=document(home, grade="A"), same=frozenset({"assets"}))
    deng = client_of(world.deng)
    url = reverse("customers:check", args=[home.pk])
    html = deng.get(url).content.decode()

    assert "<del>AA 级</del>" in html
    assert "<ins>A 级</ins>" in html
    assert "与上次相同" in html
    assert "农村房屋·现值" not in html
    assert "农村房屋·现值" in deng.get(f"{url}?all=1").content.decode()

    assert deng.post(url, {"verdict": "accepted"})["Location"] == "/queues/"
    assert ProfileCheck.objects.filter(checker=world.deng, verdict="accepted").count() == 2
    assert Milestone.objects.filter(kind="checked").count() == 1
    assert deng.get(url).status_code == 404


def test_returning_needs_words_and_keeps_what_was_typed(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    _visit(world, home)
    deng = client_of(world.deng)
    url = reverse("customers:check", args=[home.pk])

    refused = deng.post(url, {"verdict": "returned", "remark:": " "})
    assert refused.status_code == 422
    assert "退回时请至少写一条意见" in refused.content.decode()
    deng.post(url, {"verdict": "returned", "remark:assets.0": "附照片", "remark:": "重做"})
    assert ProfileCheck.objects.get().remarks == [
        {"path": "assets.0", "text": "附照片"},
        {"path": "", "text": "重做"},
    ]
    assert "重做" in client_of(world.chen).get("/today/").content.decode()


@pytest.mark.parametrize("who", ["chen", "fang", "he", "kang", "jiang"])
def test_who_may_not_check_finds_nothing_and_changes_nothing(world: World, client_of: ClientOf, who: str) -> None:
    home = make_household(world.liu, "1")
    _visit(world, home)
    client = client_of(getattr(world, who))
    url = reverse("customers:check", args=[home.pk])

    assert client.get(url).status_code == 404
    assert client.post(url, {"verdict": "accepted"}).status_code == 404
    assert not ProfileCheck.objects.exists()


def test_a_manager_confirms_and_answers_list_entries(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    chen, gao = client_of(world.chen), client_of(world.gao)
    for reason in ("grey:overdue", "black:default"):
        chen.post(reverse("customers:list_propose", args=[home.pk]), {"person": str(home.head_id), "reason": reason})
    entries = [one["row"] for one in gao.get("/queues/?kind=entry").context["entries"]]
    assert [entry.colour for entry in entries] == ["grey", "black"]

    gao.post(reverse("customers:list_confirm", args=[entries[0].pk]))
    gao.post(reverse("customers:list_reject", args=[entries[1].pk]), {"reason": "没有证据"})
    assert gao.get("/queues/?kind=entry").context["entries"] == []
    assert "没有证据" in chen.get(f"/households/{home.pk}/").content.decode()
