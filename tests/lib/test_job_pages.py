"""The one jobs page: who sees which runs, progress, remaining time, cancelling, results."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from config.lib import clock, jobs, runs
from config.lib.models import AuditEvent, JobRun
from tests.world import World

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def known_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(jobs.REGISTRY, "test", jobs.Job(kind="test", title="测算额度", work=lambda run, payload: None))


def run_of(world: World, who: str = "chen", **fields: Any) -> JobRun:
    given = {"institution": world.bank, "kind": "test", "key": "刘家村", "queued_at": clock.now(), **fields}
    return JobRun.objects.create(asked_by=getattr(world, who), **given)


def test_one_sees_ones_own_runs_and_the_administrator_all(world: World, client_of: Callable[..., Client]) -> None:
    run = run_of(world)
    url = reverse("lib:job", args=[run.pk])
    statuses = {
        who: client_of(getattr(world, who)).get(url).status_code for who in ("chen", "deng", "gao", "kang", "an")
    }
    assert statuses == {"chen": 200, "deng": 404, "gao": 404, "kang": 404, "an": 200}
    shown = {
        who: "测算额度 · 刘家村" in client_of(getattr(world, who)).get(reverse("lib:job_list")).content.decode()
        for who in ("chen", "deng", "an")
    }
    assert shown == {"chen": True, "deng": False, "an": True}


def test_progress_comes_as_a_fragment_that_asks_again_until_the_end(
    world: World, client_of: Callable[..., Client]
) -> None:
    run = run_of(
        world, state="running", units_total=400, units_done=100, started_at=clock.now() - timedelta(seconds=60)
    )
    client = client_of(world.chen, **HTMX)
    url = reverse("lib:job", args=[run.pk])
    page = client.get(url).content.decode()
    assert "<html" not in page
    assert 'hx-trigger="every 2s"' in page
    assert "100 / 400" in page
    assert "约 3 分钟" in page
    JobRun.objects.filter(pk=run.pk).update(state="done", units_done=400, finished_at=clock.now())
    page = client.get(url).content.decode()
    assert "hx-trigger" not in page
    assert "已完成" in page


@pytest.mark.parametrize(
    ("spent", "done", "words"),
    [
        (1, 100, ""),
        (60, 0, ""),
        (60, 400, ""),
        (30, 300, "不到 1 分钟"),
        (600, 100, "约 30 分钟"),
        (3600, 40, "约 9 小时"),
    ],
)
def test_the_remaining_time_follows_from_what_was_done(spent: int, done: int, words: str) -> None:
    run = JobRun(units_total=400, units_done=done, started_at=clock.now() - timedelta(seconds=spent))
    with translation.override("zh-hans"):
        assert runs.remaining(run) == words


def test_cancelling_is_asked_for_once_and_recorded(world: World, client_of: Callable[..., Client]) -> None:
    run = run_of(world, state="running", units_total=4, started_at=clock.now())
    url = reverse("lib:job_cancel", args=[run.pk])
    assert client_of(world.deng, **HTMX).post(url).status_code == 404
    page = client_of(world.chen, **HTMX).post(url).content.decode()
    assert "正在停止" in page
    assert url not in page
    run.refresh_from_db()
    assert run.cancel_asked_by == world.chen
    assert AuditEvent.objects.filter(verb="run_cancelled", about_id=str(run.pk)).count() == 1
    jobs.drive_run(run.pk)
    run.refresh_from_db()
    assert run.state == "cancelled"
    client_of(world.chen).post(url)
    assert AuditEvent.objects.filter(verb="run_cancelled").count() == 1


def test_a_finished_run_leads_to_its_result(world: World, client_of: Callable[..., Client]) -> None:
    file = UUID(int=7)
    run_of(world, state="done", result={"file": str(file)}, finished_at=clock.now())
    run_of(world, key="b", state="done", result={"url": "/rounds/1/"}, finished_at=clock.now())
    page = client_of(world.chen).get(reverse("lib:job_list")).content.decode()
    assert reverse("lib:file", args=[file]) in page
    assert 'href="/rounds/1/"' in page


def test_the_list_is_filtered_and_asks_as_much_for_one_run_as_for_twenty(
    world: World, client_of: Callable[..., Client]
) -> None:
    client = client_of(world.an)
    url = reverse("lib:job_list")

    def asked() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        return len(captured)

    run_of(world, state="failed", key="坏", error="x", finished_at=clock.now())
    few = asked()
    for number in range(19):
        run_of(world, key=str(number), state="done", finished_at=clock.now())
    assert asked() == few
    page = client.get(url, {"state": "failed"}).content.decode()
    assert "测算额度 · 坏" in page
    assert "测算额度 · 3" not in page
