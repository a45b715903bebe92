"""The weekly report as its readers see it: page, spreadsheet, paper and the households behind each figure."""

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from config.lib import jobs
from config.lib.acting import job_frame
from config.lib.models import AuditEvent, JobRun, StoredFile
from config.lib.weeks import Week
from customers.models import Household, ListEntry, Person, Subject
from grids.models import Branch, Grid, Institution, Post, Seat, Staff
from reporting.models import WeeklyReport
from reporting.services import exports
from reporting.services.weekly import freeze_week
from tests.reporting.events import WEEK, block, call_in_vain, households, moment, reach
from tests.world import World

NEXT = WEEK.next
# What every page asks beyond the redirect of the front page: the bank of the top line and the person behind the post.
FRAME = 2
NOW = moment(NEXT, day=3)


@pytest.fixture(autouse=True)
def now(monkeypatch) -> None:
    """Thursday of the week after the frozen one."""
    monkeypatch.setattr("config.lib.clock.now", lambda: NOW)


def freeze(world: World, week: Week) -> WeeklyReport:
    with job_frame(None, "test"):
        return freeze_week(campaign_id=world.campaign.pk, week=week, at=week.freezes_at)


@pytest.fixture
def golden(world: World) -> World:
    """The village of Domain, 12.4: 405 households, 12 black, 9 grey, 292 granted; a small one beside it, one empty."""
    liu = households(world.liu, 405)
    block(liu[:12], "black", proposed=world.chen, confirmed=world.gao, at=moment(WEEK))
    block(liu[12:21], "grey", proposed=world.chen, confirmed=world.gao, at=moment(WEEK))
    reach(liu, "visited", moment(WEEK), campaign=world.campaign, staff=world.chen)
    reach(liu[21:], "assessed", moment(WEEK), campaign=world.campaign)
    reach(liu[21:313], "granted", moment(WEEK), campaign=world.campaign, amount=35_000)
    zhao = households(world.zhao, 3)
    reach(zhao[:1], "visited", moment(WEEK), campaign=world.campaign, staff=world.deng)
    call_in_vain(zhao[1], "nobody", moment(WEEK), campaign=world.campaign, lead=world.fang)
    with connection.cursor() as cursor:  # rows of a transaction are unknown to the planner until it is told
        cursor.execute("analyze")
    return world


def words(content: bytes) -> str:
    """Return the text of a page, its spaces evened out."""
    return " ".join(re.sub(r"<[^>]+>", " ", content.decode()).split())


def report_part(content: bytes) -> str:
    """Return what a page says of its report: the stamp and the report itself."""
    text = content.decode()
    stamp = text.index('<div class="report-stamp')
    return text[stamp : text.index("</div>", stamp)] + text[text.index('<div id="report">') : text.index("历次周报")]


def test_the_village_of_405_shows_both_denominators_side_by_side(
    golden: World, client_of: Callable[..., Client]
) -> None:
    freeze(golden, WEEK)
    page = words(client_of(golden.gao).get("/weekly/").content)

    assert "授信率 全部户数 405 72.10 %" in page
    assert "授信率 可评议户数 384 76.04 %" in page
    assert "评议率 可评议户数 384 100.00 %" in page
    assert "可评议户数 384" in page
    assert "黑灰名单户 21" in page
    assert "1,022.00 万元" in page
    assert "已冻结 数据截止 2026-11-16 00:00 冻结于 2026-11-16 06:00" in page


def test_nothing_to_divide_by_is_a_dash(world: World, client_of: Callable[..., Client]) -> None:
    households(world.zhao, 1)
    freeze(world, WEEK)
    page = words(client_of(world.gao).get("/weekly/").content)
    assert "完成率 全部户数 0 —" in page
    assert "授信率 可评议户数 0 —" in page


def test_each_post_sees_its_own_lines(golden: World, client_of: Callable[..., Client]) -> None:
    freeze(golden, WEEK)

    def said(staff: Staff, query: str = "") -> str:
        answer = client_of(staff).get(f"/weekly/{query}")
        assert answer.status_code == 200, staff
        return words(answer.content)

    for whole in (golden.kang, golden.jiang, golden.lin):
        assert "城东支行" in said(whole)
        assert "城西支行" in said(whole)
    assert "城西支行" not in said(golden.gao)
    assert "赵家村" not in said(golden.gao)
    assert "赵家村" in said(golden.he)
    assert "方圆" in said(golden.he, "?level=officer")
    chen = said(golden.chen, "?level=grid")
    assert "刘家村" in chen
    assert "赵家村" not in chen
    assert "还没有可列的网格" in said(golden.deng) or "邓平" in said(golden.deng)
    for refused in (golden.an, golden.mo, golden.shi):
        assert client_of(refused).get("/weekly/").status_code == 404
    assert client_of(golden.gao).get(f"/weekly/?branch={golden.west.pk}").status_code == 404
    assert "刘家村" in said(golden.kang, f"?branch={golden.east.pk}&level=grid")
    assert client_of(golden.gao).get("/weekly/?week=2026-W01").status_code == 404
    assert client_of(golden.gao).get("/weekly/?week=nonsense").status_code == 404


def test_stored_rule_and_preview_rule_agree(golden: World, acting: Callable[..., object]) -> None:
    from reporting.access import lines_for, rows_for, scope_of
    from reporting.selectors.weekly import all_lines, line_of

    report = freeze(golden, WEEK)
    everything = all_lines(report)
    for person in (
        golden.chen,
        golden.deng,
        golden.fang,
        golden.gao,
        golden.he,
        golden.jiang,
        golden.kang,
        golden.lin,
        golden.an,
    ):
        with acting(person) as post:  # type: ignore[attr-defined]
            scope = scope_of(post)
            stored = {line_of(row).key for row in rows_for(scope, report)}
            assert stored == {line.key for line in lines_for(scope, everything)}, person


def test_every_figure_opens_exactly_the_households_it_counts(golden: World, client_of: Callable[..., Client]) -> None:
    found = households(golden.wang, 2, listed_on=None, found_on=WEEK.first_day)
    reach(found, "visited", moment(WEEK), campaign=golden.campaign, staff=golden.chen)
    freeze(golden, WEEK)
    new = Subject.objects.filter(grid=golden.zhao).order_by("pk")[1:]
    reach(list(new), "visited", moment(NEXT, 1), campaign=golden.campaign, staff=golden.fang)
    reach(
        list(Subject.objects.filter(grid=golden.liu)[30:32]),
        "grant_withdrawn",
        moment(NEXT, 1),
        campaign=golden.campaign,
    )

    for person, week, levels in (
        (golden.kang, WEEK, ("branch", "officer", "collector")),
        (golden.kang, NEXT, ("branch",)),
        (golden.gao, NEXT, ("grid", "collector")),
        (golden.chen, WEEK, ("grid", "officer")),
    ):
        client = client_of(person)
        links: dict[str, int] = {}
        for level in levels:
            content = client.get(f"/weekly/?week={week}&level={level}").content.decode()
            for url, text in re.findall(r'<a[^>]* href="(/weekly/households/\?[^"]+)"[^>]*>([^<]+)</a>', content):
                if "." not in text:
                    links[url.replace("&amp;", "&")] = abs(int(text.replace(",", "").replace("−", "-")))
        assert len(links) > 10, (person, week)
        for url, count in links.items():
            answer = client.get(url)
            assert answer.status_code == 200, url
            assert f"共 {count:,} 户。" in words(answer.content), (person.number, url, count)


def test_leader_sees_aggregates_alone(golden: World, client_of: Callable[..., Client]) -> None:
    freeze(golden, WEEK)
    client = client_of(golden.lin)
    for week in (WEEK, NEXT):
        page = client.get(f"/weekly/?week={week}")
        assert "406" in words(page.content)
        assert b"/weekly/households/" not in page.content
    link = f"/weekly/households/?week={WEEK}&figure=visited&period=total&level=grid&unit={golden.liu.pk}"
    assert client.get(link).status_code == 404
    assert client_of(golden.fang).get(link).status_code == 404
    assert client_of(golden.gao).get(link).status_code == 200
    assert client_of(golden.gao).get(link.replace("visited", "nonsense")).status_code == 404


def test_a_frozen_week_stays_byte_identical_whatever_changes_afterwards(
    golden: World, client_of: Callable[..., Client]
) -> None:
    freeze(golden, WEEK)
    readers = (golden.kang, golden.gao, golden.lin)

    def taken() -> list[object]:
        found: list[object] = []
        for person in readers:
            client = client_of(person)
            found += [
                report_part(client.get(f"/weekly/?week={WEEK}&level={level}").content)
                for level in ("branch", "grid", "officer", "collector")
            ]
            found.append(client.get(f"/weekly/{WEEK}/report.xlsx").content)
            found.append(client.get(f"/weekly/{WEEK}/report.pdf").content)
        return found

    before = taken()
    Institution.objects.update(name="改名银行")
    Branch.objects.filter(pk=golden.east.pk).update(name="改名支行")
    Grid.objects.update(name="改名村", is_active=True)
    Staff.objects.update(name="改名")
    Seat.objects.update(to_on=NEXT.first_day)
    Subject.objects.update(left_on=NEXT.first_day)
    ListEntry.objects.update(released_at=moment(NEXT, 0))
    Person.objects.update(name="改名")
    golden.campaign.__class__.objects.update(name="改名", to_on=NEXT.last_day)
    reach(list(Subject.objects.filter(grid=golden.zhao)[2:]), "visited", moment(NEXT, 0), campaign=golden.campaign)
    after = taken()

    for at, (old, new) in enumerate(zip(before, after, strict=True)):
        assert old == new, at


def test_the_running_week_is_a_preview_marked_so_and_moves(golden: World, client_of: Callable[..., Client]) -> None:
    freeze(golden, WEEK)
    client = client_of(golden.he)
    page = words(client.get(f"/weekly/?week={NEXT}").content)
    assert "未冻结 · 预览" in page
    assert "数据截止 2026-11-19 10:00" in page
    assert "本周新走访 0 户，比上周少 1 户；累计走访 1 户" in page

    zhao = list(Subject.objects.filter(grid=golden.zhao).order_by("pk"))
    reach(zhao[1:2], "visited", NOW - timedelta(hours=1), campaign=golden.campaign, staff=golden.fang)
    reach(zhao[2:3], "visited", NOW + timedelta(hours=1), campaign=golden.campaign, staff=golden.fang)
    assert "本周新走访 1 户，与上周持平；累计走访 2 户，占全部户数 66.67 %" in words(
        client.get(f"/weekly/?week={NEXT}").content
    )
    assert WeeklyReport.objects.count() == 1


def test_before_the_freeze_last_week_is_a_preview_and_the_running_one_counts_only_its_own(
    golden: World, client_of: Callable[..., Client]
) -> None:
    Institution.objects.update(created_at=moment(WEEK))
    zhao = list(Subject.objects.filter(grid=golden.zhao).order_by("pk"))
    reach(zhao[1:2], "visited", NOW - timedelta(hours=1), campaign=golden.campaign, staff=golden.fang)
    client = client_of(golden.he)
    assert "本周新走访 1 户；累计走访 1 户" in words(client.get(f"/weekly/?week={WEEK}").content)
    assert "本周新走访 1 户；累计走访 2 户" in words(client.get(f"/weekly/?week={NEXT}").content)


def test_a_late_freeze_says_when(golden: World, client_of: Callable[..., Client]) -> None:
    with job_frame(None, "test"):
        freeze_week(campaign_id=golden.campaign.pk, week=WEEK, at=WEEK.freezes_at + timedelta(hours=8, minutes=30))
    assert "补冻结于 2026-11-16 14:30" in words(client_of(golden.gao).get("/weekly/").content)


def test_xlsx_shows_the_same_figures(golden: World, client_of: Callable[..., Client]) -> None:
    freeze(golden, WEEK)
    answer = client_of(golden.kang).get(f"/weekly/{WEEK}/report.xlsx")
    assert "2026-W46" in answer["Content-Disposition"]
    book = load_workbook(io.BytesIO(answer.content), read_only=True)
    assert book.sheetnames == ["各支行进度", "需要帮扶", "各网格进度", "各客户经理进度", "按采集人计数"]
    rows = [row for row in book["各支行进度"].iter_rows(values_only=True) if "城东支行" in row]
    assert rows[0][:5] == (1, "—", "城东支行", None, 405) or rows[0][4] == 405
    assert 100 in rows[0] or 100.0 in rows[0]
    event = AuditEvent.objects.get(verb="report_exported")
    assert (event.staff, event.detail) == (
        golden.kang,
        {"week": WEEK.code, "format": "xlsx", "is_frozen": True, "scope": f"bank-{golden.bank.pk}"},
    )


def test_a_large_paper_is_drawn_by_a_worker_for_who_asked(
    golden: World, client_of: Callable[..., Client], monkeypatch, settings, tmp_path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    freeze(golden, WEEK)
    monkeypatch.setattr(exports, "INLINE_ROWS", 3)
    client = client_of(golden.gao)
    assert client.get(f"/weekly/{WEEK}/report.pdf").status_code == 404
    assert "生成 PDF" in words(client.get("/weekly/").content)
    for week in (WEEK, NEXT):
        answer = client.post(f"/weekly/{week}/paper/")
        assert answer.status_code == 302
        run = JobRun.objects.latest("pk")
        jobs.drive_run(run.pk)
        run.refresh_from_db()
        assert run.state == "done", run.error
        file = client.get(f"/files/{run.result['file']}/")
        assert file.status_code == 200
        assert b"".join(file.streaming_content).startswith(b"%PDF-")
        assert client_of(golden.he).get(f"/files/{run.result['file']}/").status_code == 404
    assert StoredFile.objects.filter(stored_by=golden.gao).count() == 2

    Post.objects.filter(staff=golden.gao).update(to_on=NOW.date())
    run = JobRun.objects.create(
        institution=golden.bank, kind="weekly_paper", key="x", asked_by=golden.gao,
        asked_post_id=Post.objects.get(staff=golden.gao).pk, parameters={**run.parameters}, queued_at=NOW,
    )  # fmt: skip
    jobs.drive_run(run.pk)
    run.refresh_from_db()
    assert run.state == "failed"
    assert StoredFile.objects.count() == 2


def test_query_counts_do_not_grow(world: World, client_of: Callable[..., Client]) -> None:
    def count(url: str) -> int:
        client = client_of(world.gao)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code in (200, 302)
        return len(queries)

    frame = count("/") + FRAME
    liu = households(world.liu, 1)
    reach(liu, "visited", moment(WEEK), campaign=world.campaign, staff=world.chen)
    freeze(world, WEEK)
    urls = {
        f"/weekly/?week={WEEK}": 4,
        f"/weekly/?week={NEXT}": 9,
        f"/weekly/households/?week={WEEK}&figure=visited&period=total&level=grid&unit={world.liu.pk}": 11,
    }
    single = {url: count(url) for url in urls}
    more = households(world.liu, 25, first=100)
    reach(more, "visited", moment(WEEK), campaign=world.campaign, staff=world.chen)
    for at in range(20):
        grid = Grid.objects.create(institution=world.bank, branch=world.east, kind="village", name=f"新村{at}")
        reach(households(grid, 1), "visited", moment(NEXT, 0), campaign=world.campaign, staff=world.chen)
    assert {url: count(url) for url in urls} == single
    assert {url: found - frame for url, found in single.items()} == urls
    assert Household.objects.count() == 46


def test_a_new_bank_previews_no_week_from_before_it_was_set_up(world: World, client_of: Callable[..., Client]) -> None:
    for founded, offered in ((moment(NEXT), 1), (moment(WEEK), 2)):
        Institution.objects.update(created_at=founded)
        page = client_of(world.gao).get("/weekly/").content.decode()
        assert page.count("<option") == offered
        status = client_of(world.gao).get(f"/weekly/?week={WEEK}").status_code
        assert status == (404 if offered == 1 else 200)
