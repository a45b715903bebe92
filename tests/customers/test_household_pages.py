"""The list of households and the page of one: what they say, to whom, and at what cost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from customers.models import Consent, Household, ListEntry, Milestone, Person, Profile, ProfileCheck, Subject, Visit
from customers.selectors import identity
from customers.services.checks import check_profile
from customers.services.visits import VisitRefusedError, submit_visit
from tests.conftest import acting_as
from tests.customers.builders import document, make_household, release_parameters, submission
from tests.world import World

ClientOf = Callable[..., Client]
LIST = "/households/"


@pytest.fixture(autouse=True)
def _released(world: World) -> None:
    release_parameters(world)


def file(world: World, home: Household, verdict: str = "", **changes: Any) -> Profile:
    """Let Chen submit a file, and Deng check it when a verdict is given."""
    stored = submit_visit(staff=world.chen, post_id=None, place=home, submission=submission(home, **changes))
    if verdict:
        remarks = [{"path": "assets.0", "text": "请核实"}]
        check_profile(staff=world.deng, post_id=None, profile=stored.profile, verdict=verdict, remarks=remarks)
    return stored.profile


def _numbers(client: Client, query: str) -> list[str]:
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    return [row.household.number for row in answer.context["rows"]]


# --- The list -----------------------------------------------------------------------------------------------------


def test_every_state_has_its_households(world: World, client_of: ClientOf) -> None:
    homes = {
        name: make_household(world.liu, number)
        for number, name in enumerate_codes("never", "visited", "waiting", "checked", "returned", "again")
    }
    submit_visit(
        staff=world.chen,
        post_id=None,
        place=homes["visited"],
        submission=submission(homes["visited"], outcome="refused", consent="", document=None),
    )
    file(world, homes["waiting"])
    file(world, homes["checked"], "accepted")
    file(world, homes["returned"], "returned")
    file(world, homes["again"], "returned")
    file(world, homes["again"], consent="standing")  # a newer revision waits: no longer returned
    chen = client_of(world.chen)

    expected = {"never": "1", "visited": "2", "waiting": "3 6", "checked": "4", "returned": "5"}
    assert {state: " ".join(_numbers(chen, f"state={state}")) for state in expected} == expected
    assert _numbers(chen, "reached=profiled") == ["3", "4", "5", "6"]
    assert _numbers(chen, "reached=checked") == ["4"]
    assert _numbers(chen, "reached=visited&week=2020-W01") == []
    assert _numbers(chen, "state=nonsense&reached=x&week=y&grid=z&page=99&sort=q") == ["1", "2", "3", "4", "5", "6"]


def enumerate_codes(*names: str) -> list[tuple[str, str]]:
    return [(str(number), name) for number, name in enumerate(names, start=1)]


def test_nobody_met_is_still_never_visited(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    submit_visit(
        staff=world.chen,
        post_id=None,
        place=home,
        submission=submission(home, outcome="nobody", consent="", document=None),
    )
    assert _numbers(client_of(world.chen), "state=never") == ["1"]


def test_grid_group_blocked_and_order(world: World, client_of: ClientOf) -> None:
    day = clock.today()
    make_household(world.liu, "2", next_visit_on=day)
    other = make_household(world.liu, "1", next_visit_on=day - timedelta(days=1))
    Household.objects.filter(pk=other.pk).update(group="2组")
    make_household(world.wang, "3")
    blocked = make_household(world.wang, "4")
    fields = {
        "institution": world.bank,
        "grid": world.wang,
        "recorded_grid": world.wang,
        "reason": "overdue",
        "proposed_by": world.chen,
    }
    ListEntry.objects.create(subject_id=blocked.pk, colour="grey", **fields)  # proposed only: blocks nothing
    ListEntry.objects.create(
        subject_id=blocked.pk, colour="black", confirmed_by=world.gao, confirmed_at=clock.now(), **fields
    )
    chen = client_of(world.chen)

    assert _numbers(chen, f"grid={world.liu.pk}") == ["1", "2"]
    assert _numbers(chen, f"grid={world.liu.pk}&group=2组") == ["1"]
    assert _numbers(chen, "blocked=1") == ["4"]
    assert _numbers(chen, "sort=next") == ["1", "2", "3", "4"]
    assert _numbers(chen, "sort=-next")[:2] == ["2", "1"]
    assert "黑名单" in chen.get(f"{LIST}?blocked=1").content.decode()


def test_who_left_the_roster_is_not_listed(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    Subject.objects.filter(pk=home.pk).update(left_on=clock.today(), left_reason="moved")
    assert _numbers(client_of(world.chen), "") == []


def test_each_post_lists_its_own_scope(world: World, client_of: ClientOf) -> None:
    make_household(world.liu, "1")
    make_household(world.zhao, "2")

    seen = {
        name: _numbers(client_of(getattr(world, name)), "") for name in ("chen", "deng", "fang", "gao", "jiang", "lin")
    }
    assert seen == {"chen": ["1"], "deng": [], "fang": ["2"], "gao": ["1"], "jiang": ["1", "2"], "lin": []}


def test_an_empty_list_says_what_to_do(world: World, client_of: ClientOf) -> None:
    chen = client_of(world.chen)
    assert "名册导入并确认后" in chen.get(LIST).content.decode()
    assert "没有符合条件的农户" in chen.get(f"{LIST}?state=checked").content.decode()


def _queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_the_list_costs_the_same_for_one_household_and_for_twenty(world: World, client_of: ClientOf) -> None:
    chen = client_of(world.chen)
    file(world, make_household(world.liu, "1"), "accepted")
    one = _queries(chen, LIST)
    for number in range(2, 21):
        file(world, make_household(world.liu, str(number)), "accepted" if number % 2 else "returned")

    frame = _queries(chen, reverse("customers:draft_key"))
    assert _queries(chen, LIST) == one
    # The post's person, count, page, heads, newest revisions, last visits, campaign, visited, blocked, filed twice, changes, grids of the filter.
    assert one - frame == 12


def test_the_page_of_a_household_costs_the_same_however_long_its_story(world: World, client_of: ClientOf) -> None:
    chen = client_of(world.chen)
    home = make_household(world.liu, "1")
    file(world, home, "accepted")
    file(world, home, "accepted", consent="standing")
    url = reverse("customers:household", args=[home.pk])
    short = _queries(chen, url)
    for _ in range(5):
        file(world, home, "returned", consent="standing")

    assert _queries(chen, url) == short


# --- One household ------------------------------------------------------------------------------------------------


def test_the_card_says_it_in_five_seconds(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "0017", address="村东头")
    file(world, home, "accepted")
    bigger = document(home, assets=[{"kind": "house", "current": "180000"}])
    file(world, home, consent="standing", document=bigger, next_visit_on=clock.today() + timedelta(days=9))
    html = client_of(world.chen).get(reverse("customers:household", args=[home.pk])).content.decode()

    for words in (
        "刘建国",
        "刘家村",
        "0017",
        "村东头",
        "第 2 版",
        "待复核",
        "等第二位同事复核",
        "提交第 1 版档案",
        "复核第 1 版档案",
    ):
        assert words in html
    assert "▲" in html
    assert "30,000" in html  # 180,000 against 150,000
    assert "15400" not in html
    assert "370685" not in html


def test_what_a_file_lacks_is_said(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    file(world, home, document=document(home, income=[], grade=""))
    assert "“年收入”还没有填写" in client_of(world.chen).get(f"/households/{home.pk}/").content.decode()


@pytest.mark.parametrize(("who", "status"), [("chen", 200), ("gao", 200), ("jiang", 200), ("kang", 200), ("deng", 404)])
def test_who_finds_the_page(world: World, client_of: ClientOf, who: str, status: int) -> None:
    home = make_household(world.liu, "1")
    client = client_of(getattr(world, who))
    assert client.get(f"/households/{home.pk}/").status_code == status
    assert client.get("/households/999999/").status_code == 404


def test_a_reveal_is_on_record_and_only_within_reach(world: World, client_of: ClientOf) -> None:
    head = make_household(world.liu, "1").head
    url = reverse("customers:reveal", args=[head.pk, "phone"])

    assert client_of(world.fang).post(url).status_code == 404
    assert client_of(world.chen).get(url).status_code == 405
    assert client_of(world.chen).post(reverse("customers:reveal", args=[head.pk, "data_key"])).status_code == 404
    assert not AuditEvent.objects.filter(verb="reveal").exists()

    assert "154" in client_of(world.chen).post(url).content.decode()
    assert AuditEvent.objects.filter(verb="reveal", about_id=str(head.pk), staff=world.chen).count() == 1


def test_an_officer_corrects_a_phone_and_nonsense_changes_nothing(world: World, client_of: ClientOf) -> None:
    head = make_household(world.liu, "1").head
    url = reverse("customers:correct_phone", args=[head.pk])
    chen = client_of(world.chen)
    before = identity.decrypt(Person.objects.get(pk=head.pk), "phone")

    assert client_of(world.fang).post(url, {"phone": "15400000001"}).status_code == 404
    chen.post(url, {"phone": "12345"})
    assert identity.decrypt(Person.objects.get(pk=head.pk), "phone") == before
    assert "不是手机号" in chen.get(f"/households/{head.household_id}/").content.decode()

    chen.post(url, {"phone": "+86 154 0000 0001"})
    person = Person.objects.get(pk=head.pk)
    assert identity.decrypt(person, "phone") == "15400000001"
    assert identity.decrypt(person, "id_number")
    assert AuditEvent.objects.filter(verb="correct_identity").count() == 1


def test_a_withdrawn_consent_stands_no_longer(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    file(world, home)
    chen = client_of(world.chen)
    url = reverse("customers:withdraw_consent", args=[home.pk])

    for _ in range(2):
        chen.post(url)
    assert list(Consent.objects.order_by("pk").values_list("how", flat=True)) == ["spoken", "withdrawn"]
    with pytest.raises(VisitRefusedError, match="consent_not_standing"):
        file(world, home, consent="standing")
    assert "采集同意：撤回" in chen.get(f"/households/{home.pk}/").content.decode()


# --- Lists on the page ----------------------------------------------------------------------------------------------


def test_an_officer_proposes_and_a_manager_confirms_on_the_page(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    chen, gao = client_of(world.chen), client_of(world.gao)
    chen.post(reverse("customers:list_propose", args=[home.pk]), {"person": "", "reason": "grey:overdue", "note": "卡"})
    entry = ListEntry.objects.get()
    assert "待确认" in chen.get(f"/households/{home.pk}/").content.decode()

    back = {"next": f"/households/{home.pk}/"}
    answer = gao.post(reverse("customers:list_confirm", args=[entry.pk]), back)
    assert answer["Location"] == back["next"]
    page = chen.get(f"/households/{home.pk}/").content.decode()
    assert "本户有成员在名单内，不能评议" in page
    assert client_of(world.he).post(reverse("customers:list_confirm", args=[entry.pk])).status_code == 404


def test_a_manager_cannot_confirm_his_own_and_is_not_sent_abroad(world: World, client_of: ClientOf) -> None:
    home = make_household(world.liu, "1")
    gao = client_of(world.gao)
    gao.post(reverse("customers:list_propose", args=[home.pk]), {"reason": "black:default"})
    url = reverse("customers:list_confirm", args=[ListEntry.objects.get().pk])

    answer = gao.post(url, {"next": "https://evil.example/"})
    assert answer["Location"] == "/queues/"
    assert ListEntry.objects.get().confirmed_at is None
    assert "自己提名的须由另一位同事确认" in gao.get("/queues/?kind=entry").content.decode()


# --- Row security behind a view that forgot its access --------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [Subject, Household, Person, Visit, Profile, ProfileCheck, Consent, ListEntry, Milestone]
)
def test_a_view_that_forgets_access_still_sees_its_own_scope_only(world: World, model: Any) -> None:
    for grid, number in ((world.liu, "1"), (world.zhao, "2")):
        home = make_household(grid, number)
        collector = world.chen if grid == world.liu else world.fang
        stored = submit_visit(staff=collector, post_id=None, place=home, submission=submission(home))
        checker = world.gao if grid == world.liu else world.he
        check_profile(staff=checker, post_id=None, profile=stored.profile, verdict="accepted", remarks=[])
        ListEntry.objects.create(
            institution=world.bank,
            grid=grid,
            recorded_grid=grid,
            subject_id=home.pk,
            colour="grey",
            reason="overdue",
            proposed_by=collector,
        )

    assert set(model.objects.values_list("grid_id", flat=True)) == {world.liu.pk, world.zhao.pk}
    with acting_as(world.chen):
        assert set(model.objects.values_list("grid_id", flat=True)) == {world.liu.pk}
    with acting_as(world.he):
        assert set(model.objects.values_list("grid_id", flat=True)) == {world.zhao.pk}
    with acting_as(world.lin):
        assert not model.objects.exists()
