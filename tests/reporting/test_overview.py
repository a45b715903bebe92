"""The overview of a branch or the bank: what it says, to whom, and at what cost."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.lib.acting import job_frame
from customers.models import Profile, ProfileCheck, Subject, Visit
from grids.models import Campaign, Grid
from reporting.services.weekly import freeze_week
from tests.customers.builders import make_business
from tests.reporting.events import WEEK, households, moment, reach
from tests.reporting.test_weekly_pages import FRAME, words
from tests.world import World

NEXT = WEEK.next
NOW = moment(NEXT, day=3)


@pytest.fixture(autouse=True)
def now(monkeypatch) -> None:
    """Thursday of the week after the frozen one."""
    monkeypatch.setattr("config.lib.clock.now", lambda: NOW)


def a_file(subject: Subject, world: World, at, *, number: int = 1) -> Profile:
    """Write a submitted file that waits for its second officer."""
    where = {"institution_id": subject.institution_id, "grid_id": subject.grid_id, "recorded_grid_id": subject.grid_id}
    visit = Visit.objects.create(
        **where, subject=subject, client_uuid=uuid4(), content_hash="", lead=world.chen, outcome="interviewed",
        device_at=at, received_at=at,
    )  # fmt: skip
    return Profile.objects.create(
        **where, subject=subject, visit=visit, number=number, document={}, document_hash="", collector=world.chen,
        submitted_at=at,
    )  # fmt: skip


@pytest.fixture
def walked(world: World) -> World:
    """Two weeks of walking in both branches, the first of them frozen, and files that wait."""
    liu, wang, zhao = households(world.liu, 20), households(world.wang, 10), households(world.zhao, 10)
    reach([*liu[:8], *wang[:2], *zhao[:6]], "visited", moment(WEEK), campaign=world.campaign, staff=world.chen)
    with job_frame(None, "test"):
        freeze_week(campaign_id=world.campaign.pk, week=WEEK, at=WEEK.freezes_at)
    reach([*liu[8:12], *wang[2:9]], "visited", moment(NEXT, 1), campaign=world.campaign, staff=world.chen)
    reach(liu[:6], "profiled", moment(NEXT, 1), campaign=world.campaign, staff=world.chen)
    reach(liu[:2], "checked", moment(NEXT, 1), campaign=world.campaign, staff=world.deng)
    reach(liu[:2], "assessed", moment(NEXT, 1), campaign=world.campaign)
    reach(liu[:1], "granted", moment(NEXT, 1), campaign=world.campaign, amount=50_000)
    for subject, days in zip(liu[:5], (0, 1, 3, 7, 8), strict=True):
        a_file(subject, world, NOW - timedelta(days=days))
    done = a_file(liu[5], world, NOW - timedelta(days=30))
    ProfileCheck.objects.create(
        institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject=liu[5], profile=done, checker=world.deng,
        verdict="accepted", checked_at=NOW,
    )  # fmt: skip
    Campaign.objects.filter(pk=world.campaign.pk).update(to_on=date(2026, 12, 4))
    return world


def test_funnel_sentences_ageing_and_pace_of_a_branch(walked: World, client_of: Callable[..., Client]) -> None:
    page = words(client_of(walked.gao).get("/overview/").content)

    assert "城东支行" in page
    assert "赵家村" not in page
    assert "本周新走访 11 户，比上周多 1 户；累计走访 21 户，占全部户数 70.00 %，提高 36.67 个百分点。" in page
    assert "王家村上升 1 位，列第 1 名，进步最大；刘家村下降 1 位，列第 2 名。" in page
    assert "名单户数 30 户" in page
    assert re.search(r"走访 21 户 70\.00 % · 全部户数 本周 增加 ▲\s?11", page)
    assert re.search(r"评议 2 户 6\.67 % · 可评议户数 本周 增加 ▲\s?2", page)
    assert "今天提交 1 1–2 天 1 3–7 天 2 超过 7 天 已拖延 1" in page
    assert "剩余 12 个工作日" in page
    assert "陈立 1 不变 30 21 70.00 % 11 9 1" in page  # 9 households in 12 working days: one a day


def test_kinds_of_customers_stand_apart_and_together(walked: World, client_of: Callable[..., Client]) -> None:
    url = "/overview/"
    assert client_of(walked.gao).get(url).context["kinds"] is None
    shop = make_business(walked.liu).subject
    reach([shop], "visited", moment(NEXT, 1), campaign=walked.campaign, staff=walked.chen)
    answer = client_of(walked.gao).get(url)
    rows = {row["label"]: row["counts"] for row in answer.context["kinds"]["rows"]}
    assert rows == {"农户": [30, 21, 6, 2], "商户": [1, 1, 0, 0], "合计": [31, 22, 6, 2]}
    assert "按客户种类" in answer.content.decode()


def test_every_figure_of_a_branch_is_a_link_and_a_leaders_lead_to_aggregates(
    walked: World, client_of: Callable[..., Client]
) -> None:
    client = client_of(walked.gao)
    page = client.get("/overview/").content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/weekly/[^"]+)"', page)}
    assert len(links) > 12
    for link in links:
        assert client.get(link).status_code == 200, link
    assert page.count('class="funnel-step" href="/weekly/households/') == 8

    leader = client_of(walked.lin)
    page = leader.get("/overview/").content.decode()
    assert "/weekly/households/" not in page
    assert "城西支行" in page
    assert "占全部户数 67.50 %" in words(page.encode())
    assert page.count('class="funnel-step" href="/weekly/?') == 8


def test_ranks_of_the_overview_are_those_among_the_shown(walked: World, client_of: Callable[..., Client]) -> None:
    page = words(client_of(walked.lin).get("/overview/").content)
    assert "城东支行 1 ↑ 上升 1 30 21 70.00 %" in page
    assert "城西支行 2 ↓ 下降 1 10 6 60.00 %" in page


def test_map_is_coloured_by_the_running_week(walked: World, client_of: Callable[..., Client]) -> None:
    shape = {"type": "Polygon", "coordinates": [[[120, 37], [121, 37], [121, 38], [120, 37]]]}
    Grid.objects.update(boundary=shape)
    for person, names in ((walked.gao, {"刘家村", "王家村"}), (walked.lin, {"刘家村", "王家村", "赵家村"})):
        features = json.loads(client_of(person).get("/overview/map.geojson").content)["features"]
        assert {feature["properties"]["label"] for feature in features} == names
        liu = next(feature["properties"] for feature in features if feature["properties"]["label"] == "刘家村")
        assert liu["values"] == {"completion": "0.6000", "week": 4, "granted": "50000.00"}
        assert liu["note"] == "陈立 · 名单 20 户"


def test_without_campaign_or_roster_the_page_says_what_to_do(world: World, client_of: Callable[..., Client]) -> None:
    assert "还没有名册" in words(client_of(world.gao).get("/overview/").content)
    Campaign.objects.update(is_open=False)
    assert "没有进行中的活动" in words(client_of(world.gao).get("/overview/").content)
    assert "还没有周报" in words(client_of(world.gao).get("/weekly/").content)


@pytest.mark.parametrize("person", ["gao", "lin"])
def test_at_most_ten_queries_however_many_grids(walked: World, client_of: Callable[..., Client], person: str) -> None:
    def count(url: str) -> int:
        client = client_of(getattr(walked, person))
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code in (200, 302)
        return len(queries)

    frame = count("/") + FRAME
    single = count("/overview/")
    for at in range(20):
        grid = Grid.objects.create(institution=walked.bank, branch=walked.east, kind="village", name=f"新村{at}")
        reach(households(grid, 1), "visited", moment(NEXT, 0), campaign=walked.campaign, staff=walked.chen)
    assert count("/overview/") == single
    assert single - frame <= 10
