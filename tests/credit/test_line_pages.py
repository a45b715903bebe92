"""Pages of lines: start, progress, distribution, publication; the explanation, its check, its paper."""

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from config.lib import clock, jobs
from config.lib.models import AuditEvent, JobRun
from credit.models import Decision, LineHandover, LineResult, LineRun
from credit.selectors.explained import LinePage
from credit.selectors.papers import line_paper
from credit.services import decisions
from credit.services.lines import publish_run
from customers.access import open_household
from customers.models import Household, ListEntry, Person
from grids.models import Post, PostKind, Staff
from tests.conftest import acting_as
from tests.credit import village as round_village
from tests.credit.files import BASES, file, release_models, started, village
from tests.customers.builders import make_household
from tests.world import PASSWORD, SINCE, World

Clients = Callable[..., Client]


@pytest.fixture
def second(world: World) -> Staff:
    """A second approver: who asked for a run does not publish it."""
    person = Staff.objects.create_user(
        "yan", PASSWORD, name="严明", institution=world.bank, home_branch=world.head_office
    )
    Post.objects.create(staff=person, kind=PostKind.APPROVER, from_on=SINCE)
    return person


def _driven(world: World, **wanted: Any) -> LineRun:
    run = started(world, **wanted)
    jobs.drive_run(run.run_id)
    return LineRun.objects.select_related("run").get(pk=run.pk)


def _published(world: World, second: Staff, **wanted: Any) -> LineRun:
    run = _driven(world, **wanted)
    with acting_as(world.jiang):
        return publish_run(run=run, staff=second)


def _text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


# --- Runs ---------------------------------------------------------------------------------------------------------


def test_an_approver_starts_watches_and_another_publishes(
    world: World, second: Staff, client_of: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_models(world)
    village(world, 3)
    monkeypatch.setattr(jobs, "send_run", lambda *_: None)
    jiang, yan = client_of(world.jiang), client_of(second)

    answer = jiang.post(reverse("credit:line_start"), {"model": "s1", "branch": "", "grid": ""})
    run = LineRun.objects.select_related("run").get()
    assert answer["Location"] == reverse("credit:line_run", args=[run.pk])
    assert "正在准备" in _text(jiang.get(answer["Location"]))

    jobs.drive_run(run.run_id)
    progress = jiang.get(reverse("credit:line_progress", args=[run.pk]), headers={"HX-Request": "true"})
    assert progress["HX-Refresh"] == "true"
    assert "等待另一位审批人发布" in _text(jiang.get(answer["Location"]))

    page = yan.get(answer["Location"])
    assert "发布这次测算" in _text(page)
    assert "额度分布" in page.content.decode()
    yan.post(reverse("credit:line_publish", args=[run.pk]))
    run.refresh_from_db()
    assert (run.published_by, run.asked_by) == (second, world.jiang)
    yan.post(reverse("credit:line_withdraw", args=[run.pk]), {"reason": "县基数录错"})
    assert "县基数录错" in _text(yan.get(answer["Location"]))


def test_the_same_run_started_twice_leads_to_the_living_one(
    world: World, client_of: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_models(world)
    monkeypatch.setattr(jobs, "send_run", lambda *_: None)
    client = client_of(world.jiang)

    places = {client.post(reverse("credit:line_start"), {"model": "s1"})["Location"] for _ in range(2)}

    assert len(places) == 1
    assert JobRun.objects.count() == 1


def test_without_released_parameters_the_page_says_what_is_missing(world: World, client_of: Clients) -> None:
    client = client_of(world.jiang)
    assert "还没有发布的模型" in _text(client.get(reverse("credit:line_list")))

    answer = client.post(reverse("credit:line_start"), {"model": "s1"}, follow=True)

    assert "这个模型在当天还没有发布" in _text(answer)
    assert not LineRun.objects.exists()


def test_villages_follow_the_branch(world: World, client_of: Clients) -> None:
    release_models(world)

    answer = client_of(world.jiang, **{"HX-Request": "true"}).get(
        reverse("credit:line_list"), {"branch": str(world.east.pk)}
    )

    assert "刘家村" in _text(answer)
    assert "赵家村" not in _text(answer)
    assert "<html" not in answer.content.decode()


def test_a_branch_approver_starts_and_sees_his_branch_only(
    world: World, client_of: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_models(world)
    monkeypatch.setattr(jobs, "send_run", lambda *_: None)
    Post.objects.filter(staff=world.jiang).update(branch=world.east)
    other = _driven(world, branch=world.west, asked_by=None)
    client = client_of(world.jiang)

    assert client.get(reverse("credit:line_run", args=[other.pk])).status_code == 404
    assert client.post(reverse("credit:line_start"), {"model": "s1", "branch": str(world.west.pk)}).status_code == 404
    client.post(reverse("credit:line_start"), {"model": "s1"})
    assert LineRun.objects.count() == 1
    client.post(reverse("credit:line_start"), {"model": "s1", "branch": str(world.east.pk)})
    client.post(reverse("credit:line_start"), {"model": "s1", "grid": str(world.liu.pk)})
    assert list(LineRun.objects.order_by("pk").values_list("branch", "grid")[1:]) == [
        (world.east.pk, None),
        (None, world.liu.pk),
    ]
    assert "刘家村" in _text(client.get(reverse("credit:line_list")))


def test_segments_reasons_and_bins_lead_to_their_households(world: World, client_of: Clients) -> None:
    release_models(world)
    village(world, 2)
    poor, short, empty = (make_household(world.wang, f"{number:04d}") for number in range(3))
    file(poor, world.chen, world.deng, judgement="poor", performance={"status": "none"})
    file(short, world.chen, world.deng, judgement=None)
    run = _driven(world)
    client, url = client_of(world.jiang), reverse("credit:line_run", args=[run.pk])

    def shown(**query: str) -> set[int]:
        rows = client.get(url, query).context["rows"]
        return {row["home"].pk for row in rows}

    assert len(shown()) == 4
    assert len(shown(show="line")) == 2
    assert shown(show="zero") == {poor.pk}
    assert shown(show="missing") == {short.pk}
    assert shown(show="unfiled") == {empty.pk}
    assert shown(reason="no_judgement") == {short.pk}
    assert shown(reason="unheard") == set()
    assert shown(grid=str(world.wang.pk)) == {poor.pk, short.pk}
    chart = client.get(url).context["chart"]
    for place, count in enumerate(chart["series"][0]["values"]):
        assert len(shown(bin=str(place))) == count
    assert shown(grid="x", bin="y", show="z") == set()


@pytest.mark.parametrize("show", ["", "unfiled"])
def test_a_run_costs_as_many_queries_for_twenty_rows_as_for_one(world: World, client_of: Clients, show: str) -> None:
    release_models(world)
    client = client_of(world.jiang)

    def queries(number: int) -> int:
        for at in range(number):
            home = make_household(world.liu, f"{number:02d}{at:02d}")
            if not show:
                file(home, world.chen, world.deng)
        run = _driven(world)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            answer = client.get(reverse("credit:line_run", args=[run.pk]), {"show": show})
        assert len(answer.context["rows"]) == min(20, (1 if number == 1 else 20))
        return len(captured)

    client.get(reverse("credit:line_list"))
    assert queries(1) == queries(19)


def test_the_list_of_runs_costs_as_many_queries_for_twenty_as_for_one(world: World, client_of: Clients) -> None:
    release_models(world)
    client = client_of(world.jiang)
    client.get(reverse("credit:line_list"))

    def queries(runs: int) -> int:
        for _ in range(runs):
            _driven(world, grid=world.liu)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(reverse("credit:line_list"))
        assert len(answer.context["page"]) == (1 if runs == 1 else 20)
        return len(captured)

    assert queries(1) == queries(19)


# --- One household ------------------------------------------------------------------------------------------------


def test_the_explanation_says_everything_in_both_languages(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    (home,) = village(world, 1)
    _published(world, second)
    client = client_of(world.chen)

    text = _text(client.get(reverse("credit:line", args=[home.pk])))

    assert "2.01 万元" in text  # 20,140 yuan
    assert "最高授信额度" in text
    assert "二级" in text
    assert "采集表第 1 版" in text
    assert "资产，现值合计" in text
    assert "这是这户第一次发布的测算结果" in text
    assert "用保存的数据重新计算，结果一致" in text
    client.cookies["gedang_language"] = "en"
    english = _text(client.get(reverse("credit:line", args=[home.pk])))
    assert "grade two" in english
    assert "assets, sum of current values" in english


def test_every_band_is_shown_and_the_one_hit_is_marked(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    (home,) = village(world, 1)
    _published(world, second)

    page = client_of(world.chen).get(reverse("credit:line", args=[home.pk])).context["page"]

    persons = page.items[0]
    assert [(level.points, level.is_hit) for level in persons.levels] == [("10", True), ("8", False), ("3", False)]
    judgement = page.items[-1]
    assert [level.text for level in judgement.levels if level.is_hit] == ["较好"]
    for item in page.items:
        assert sum(level.is_hit for level in item.levels) == (1 if item.levels else 0)


def test_the_waterfall_adds_up_to_the_line(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    (home,) = village(world, 1)
    _published(world, second)

    page = client_of(world.chen).get(reverse("credit:line", args=[home.pk])).context["page"]

    assert sum(bar.amount for bar in page.bars if bar.role == "part") == page.result.line
    assert page.bars[-1].role == "sum"
    assert page.chart["kinds"] == ["add", "add", "add", "add", "total"]


def test_a_capped_line_names_the_cap(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    home = make_household(world.liu)
    file(home, world.chen, world.deng, grade="AAA", assets=[{"kind": "house", "current": "3000000"}])
    _published(world, second, model_key="s6")

    answer = client_of(world.chen).get(reverse("credit:line", args=[home.pk]))

    assert "起作用的上限：单户最高额度" in _text(answer)
    assert answer.context["page"].chart["kinds"][-2:] == ["cap", "total"]


def test_why_a_line_moved_since_last_time(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    (home,) = village(world, 1)
    _published(world, second)
    file(home, world.chen, world.deng, days_ago=0.01, shares_held="9000")
    run = _published(world, second)
    client = client_of(world.gao)

    text = _text(client.get(reverse("credit:line", args=[home.pk])))
    assert "这次 20,940 元，上次 20,140 元，高 800 元。" in text
    assert "股金部分" in text
    assert "信用社股金" in text

    # Withdrawn, the former result is current again, and the page of the withdrawn one says so.
    client_of(second).post(reverse("credit:line_withdraw", args=[run.pk]), {"reason": "股金录错"})
    assert "这是这户第一次发布" in _text(client.get(reverse("credit:line", args=[home.pk])))
    result = LineResult.objects.get(run=run)
    assert "股金录错" in _text(client.get(reverse("credit:line_result", args=[result.pk])))


def test_a_missing_fact_is_told_with_what_to_fill_in(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    home = make_household(world.liu)
    file(home, world.chen, world.deng, judgement=None)
    _published(world, second)
    client = client_of(world.chen)

    assert "没有填写综合评价" in _text(client.get(reverse("credit:line", args=[home.pk])))
    assert "没有填写综合评价" in _text(client.get(reverse("credit:household_line", args=[home.pk])))


def test_breaches_and_findings_stand_with_their_sources(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    home = make_household(world.liu)
    breach = {"what": "interest", "days_overdue": 45, "repaid": "within_1_year", "measure": "reminder"}
    file(home, world.chen, world.deng, performance={"status": "breached", "breaches": [breach]})
    _published(world, second)

    text = _text(client_of(world.chen).get(reverse("credit:line", args=[home.pk])))

    assert "违约扣分明细" in text
    assert "45" in text
    assert "没有填写，按规定值计算" in text


def test_without_a_result_the_page_says_what_is_missing(world: World, client_of: Clients) -> None:
    release_models(world)
    empty, filed = make_household(world.liu, "0001"), make_household(world.liu, "0002")
    file(filed, world.chen, world.deng)
    client = client_of(world.chen)

    assert "待建档" in _text(client.get(reverse("credit:line", args=[empty.pk])))
    assert "还没有发布的模型额度" in _text(client.get(reverse("credit:line", args=[filed.pk])))
    assert "待建档" in _text(client.get(reverse("credit:household_line", args=[empty.pk])))
    assert "等待测算和发布" in _text(client.get(reverse("credit:household_line", args=[filed.pk])))


def test_an_unpublished_result_is_the_approvers_alone(world: World, client_of: Clients) -> None:
    release_models(world)
    village(world, 1)
    result = LineResult.objects.get(run=_driven(world))
    url = reverse("credit:line_result", args=[result.pk])

    for person in (world.chen, world.gao, world.kang):
        assert client_of(person).get(url).status_code == 404
    assert "还没有发布" in _text(client_of(world.jiang).get(url))


def test_another_branch_sees_nothing(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    (home,) = village(world, 1)
    result = LineResult.objects.get(run=_published(world, second))
    for person in (world.fang, world.he):
        client = client_of(person)
        for name, pk in (
            ("line", home.pk),
            ("household_line", home.pk),
            ("line_result", result.pk),
            ("line_paper", result.pk),
        ):
            assert client.get(reverse(f"credit:{name}", args=[pk])).status_code == 404


def test_a_result_that_does_not_recompute_is_an_error_not_a_figure(
    world: World, second: Staff, client_of: Clients
) -> None:
    release_models(world)
    (home,) = village(world, 1)
    run = _published(world, second)
    with connection.cursor() as cursor:  # the owner, past every guard
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table credit_lineresult disable trigger append_only")
        cursor.execute("update credit_lineresult set line = line + 1000")
        cursor.execute("alter table credit_lineresult enable trigger append_only")
    result = LineResult.objects.get(run=run)
    client = client_of(world.chen)

    text = _text(client.get(reverse("credit:line", args=[home.pk])))

    assert "没有通过复算" in text
    assert "2.11" not in text
    assert client.get(reverse("credit:line_paper", args=[result.pk])).status_code == 302


def test_the_paper_is_a_pdf_and_leaves_an_event(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    homes = village(world, 1)
    capped = make_household(world.liu, "0099")
    file(capped, world.chen, world.deng, judgement=None)
    _published(world, second)

    for home in (homes[0].pk, capped.pk):
        result = LineResult.objects.get(subject_id=home)
        answer = client_of(world.chen).get(reverse("credit:line_paper", args=[result.pk]))
        assert answer.content.startswith(b"%PDF-")
        assert "no-store" in answer["Cache-Control"]
    assert AuditEvent.objects.filter(verb="line_printed", staff=world.chen).count() == 2


def test_the_explanation_costs_a_fixed_number_of_queries(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    homes = village(world, 2)
    _published(world, second)
    client = client_of(world.chen)
    client.get(reverse("credit:line", args=[homes[0].pk]))

    def queries(home: Household) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("credit:line", args=[home.pk]))
        return len(captured)

    assert queries(homes[0]) == queries(homes[1]) <= 26


def test_new_bases_are_named_as_the_reason(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    (home,) = village(world, 1)
    _published(world, second)
    release_models(world, {**BASES, "base_income": "30000.00"})
    _published(world, second)

    page = client_of(world.chen).get(reverse("credit:line", args=[home.pk])).context["page"]

    assert page.changes.change == Decimal("-1800.00")
    assert [(row["label"], row["kind"]) for row in page.changed] == [("纯收入基数", "参数")]


# --- From the model line to the granted line ------------------------------------------------------------------------


def test_the_waterfall_goes_on_to_the_granted_line_with_the_cap_that_bit(
    world: World, second: Staff, client_of: Clients, tmp_path: Any
) -> None:
    release_models(world)
    with round_village.opener_key(tmp_path):
        round_ = round_village.started(world, 1, rules={"line": {"model_required": True}})
        home = Household.objects.select_related("grid", "institution").get(pk=round_.households[0])
        file(home, world.chen, world.deng, members=None, borrower=None)
        # One person and nobody's labour said: the model says what is missing; with the members it has a line.
        file(home, world.chen, world.deng, days_ago=0.5)
        _published(world, second)
        sheets = [{home.pk: round_village.amount(wan)} for wan in ("1.5", "1.2", "1.3")]
        round_village.seal_all(round_, *sheets)
        round_village.open_sheets(round_)
    decision = Decision.objects.select_related("round").get(subject_id=home.pk)
    client = client_of(world.gao)

    page = client.get(reverse("credit:line", args=[home.pk])).context["page"]
    assert page.decision == decision
    roles = [(bar.role, bar.is_binding) for bar in page.bars[-5:]]
    assert roles == [("sum", False), ("cap", True), ("cap", False), ("cap", False), ("final", False)]
    assert page.bars[-1].amount == decision.proposed_amount
    assert page.chart["kinds"][-3:] == ["total", "cap", "total"]
    assert len(page.idle_caps) == 2

    with acting_as(world.chen) as post:
        decisions.propose(by=world.chen, post=post, decision=decision, amount=decision.proposed_amount, seen=0)
    with acting_as(world.gao) as post:
        decisions.approve(by=world.gao, post=post, decision=decision, amount=Decimal("12000.00"), seen=1)
    answer = client.get(reverse("credit:line", args=[home.pk]))
    assert answer.context["page"].bars[-1].amount == Decimal("12000.00")
    assert "1.20 万元" in _text(client.get(reverse("credit:household_line", args=[home.pk])))
    result = LineResult.objects.get(subject_id=home.pk)
    paper = line_paper(answer.context["page"])
    assert paper["headline"]["amount"] == "1.20"
    assert [bar["role"] for bar in paper["waterfall"]][-2:] == ["final", "final"]
    assert client.get(reverse("credit:line_paper", args=[result.pk])).content.startswith(b"%PDF-")


# --- Handed to the customer -------------------------------------------------------------------------------------------


def _paper_text(page: LinePage) -> str:
    return json.dumps(line_paper(page), ensure_ascii=False)


def test_nothing_of_other_people_is_in_what_the_customer_gets(world: World, second: Staff, client_of: Clients) -> None:
    """Names and amounts of others are planted wherever a file, a list or a neighbour could bring them in."""
    release_models(world)
    family = (("赵本人", "head", "M", 1970), ("钱配偶", "spouse", "F", 1972), ("孙小子", "son", "M", 1999))
    home = make_household(world.liu, "0001", family)
    neighbour = make_household(world.liu, "0002", (("李邻居", "head", "M", 1971),))
    file(neighbour, world.chen, world.deng, assets=[{"kind": "house", "current": "7654321", "disposable": "7654321"}])
    file(home, world.chen, world.deng)
    people = {person.relation: person for person in Person.objects.filter(household=home)}
    Household.objects.filter(pk=home.pk).update(borrower=people["spouse"])
    ListEntry.objects.create(
        institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject=home.subject, person=people["son"],
        colour="black", reason="gambling_drugs", note="孙小子在县城赌博", proposed_by=world.chen, confirmed_by=world.gao,
        confirmed_at=clock.now(), review_on=date(2099, 1, 1),
    )  # fmt: skip
    _published(world, second)
    client = client_of(world.chen)

    answer = client.get(reverse("credit:line", args=[home.pk]))
    page = answer.context["page"]
    whole = _text(answer) + _paper_text(page)

    assert page.customer == "钱配偶"
    assert "有记录，内容只向本人说明" in whole
    for planted in ("赵本人", "孙小子", "李邻居", "赌博、吸毒等", "涉赌", "gambling", "7,654,321", "765.43", "7654321"):
        assert planted not in whole.replace(world.chen.name, "")


def test_the_explanation_is_handed_over_and_that_is_recorded(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world)
    (home,) = village(world, 1)
    run = _published(world, second)
    result = LineResult.objects.get(run=run)
    client, url = client_of(world.chen), reverse("credit:line_hand", args=[result.pk])

    assert "怎样要求人工复核" in _text(client.get(reverse("credit:line", args=[home.pk])))
    for chosen in ("en", "zh-hans"):
        assert client.post(url, {"language": chosen}).content.startswith(b"%PDF-")

    handed = list(LineHandover.objects.order_by("pk"))
    assert [(one.language, one.staff, one.run_id, one.notice.kind) for one in handed] == [
        ("en", world.chen, run.pk, "line_notice"),
        ("zh-hans", world.chen, run.pk, "line_notice"),
    ]
    events = AuditEvent.objects.filter(verb="line_handed_over", about="household", about_id=str(home.pk))
    assert [event.detail["language"] for event in events.order_by("pk")] == ["en", "zh-hans"]
    page = client.get(reverse("credit:line", args=[home.pk]))
    assert [one.pk for one in page.context["handovers"]] == [handed[1].pk, handed[0].pk]
    # Who does not serve the customer hands nothing over, and a language nobody speaks is refused.
    assert client_of(world.kang).post(url, {"language": "en"}).status_code == 404
    assert client.post(url, {"language": "fr"}).status_code == 302
    client_of(second).post(reverse("credit:line_withdraw", args=[run.pk]), {"reason": "县基数录错"})
    assert client.post(url, {"language": "en"}).status_code == 302
    assert LineHandover.objects.count() == 2


def test_without_a_released_notice_nothing_is_handed_over(world: World, second: Staff, client_of: Clients) -> None:
    release_models(world, notice=False)
    village(world, 1)
    result = LineResult.objects.get(run=_published(world, second))

    answer = client_of(world.chen).post(reverse("credit:line_hand", args=[result.pk]), {"language": "en"}, follow=True)

    assert "还没有发布，请告诉参数管理岗" in _text(answer)
    assert not LineHandover.objects.exists()


@pytest.mark.parametrize("chosen", ["zh-hans", "en"])
def test_the_paper_is_in_the_language_of_the_customer(world: World, second: Staff, chosen: str) -> None:
    release_models(world)
    (home,) = village(world, 1)
    _published(world, second)
    file(home, world.chen, world.deng, days_ago=0.01, shares_held="9000")
    run = _published(world, second)
    result = LineResult.objects.select_related("run__model", "run__bases").get(run=run)
    with acting_as(world.chen) as post, translation.override(chosen):
        assert post is not None
        paper = line_paper(LinePage(result, open_household(post, home.pk), post))

    assert ("more." in paper["since"][0]) == (chosen == "en")
    assert paper["notice"] is not None
    assert paper["parameters"]
    assert paper["calculation"]["rows"]
