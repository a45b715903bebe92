"""Pages of applications: receive, look into, decide, print; the list by filters; races of people at the same moment."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.lib import clock
from config.lib.models import AuditEvent
from credit.models import Application, ApplicationStep, DecisionStep
from credit.selectors.paper_applications import letter_paper, sheet_paper
from credit.selectors.timeline import applications as of_applications
from credit.services import applications, decisions
from customers.models import Household
from tests import world as world_module
from tests.conftest import acting_as
from tests.credit import applying as make
from tests.credit import coresnapshots as core
from tests.customers.builders import make_household
from tests.customers.races import race
from tests.world import World

Clients = Callable[..., Client]
WAN = Decimal(10_000)


def _text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_from_the_household_page_to_the_grant(world: World, client_of: Clients) -> None:
    make.release_rules(world)
    home = make.household(world)
    chen, gao, jiang = client_of(world.chen), client_of(world.gao), client_of(world.jiang)

    assert "受理申请" in _text(chen.get(reverse("credit:household_applications", args=[home.pk])))
    new = reverse("credit:application_new", args=[home.pk])
    assert "模型测算" in _text(chen.get(new))
    wrong = chen.post(
        new, {"mode": "model", "channel": "counter", "purpose": "planting", "amount": "十", "months": "24"}
    )
    assert (wrong.status_code, "请填写万元数" in _text(wrong)) == (422, True)
    asked = {"mode": "model", "channel": "counter", "purpose": "planting", "amount": "6", "months": "24"}
    page = chen.post(new, asked)["Location"]
    application = Application.objects.get()
    assert page == reverse("credit:application", args=[application.pk])

    text = _text(chen.get(page))
    for words in ("不经村评", "种植", "6.00 万元", "有模型额度", "客户经理"):
        assert words in text
    step = reverse("credit:application_step", args=[application.pk, "investigate"])
    assert chen.post(step, {"seen": "0", "reason": "看过"}).status_code == 409
    assert chen.post(step, {"seen": "1", "reason": ""}).status_code == 422
    assert chen.post(step, {"seen": "1", "reason": "种苹果十年"})["Location"] == page
    decision = make.decision_of(application)
    text = _text(chen.get(page))
    assert "本户不经村级评议" in text
    assert "模型额度，为这户单独测算" in text
    assert "家庭上限" in text

    url = {verb: reverse("credit:decision_step", args=[decision.pk, verb]) for verb in ("propose", "refer", "approve")}
    refused = chen.post(url["propose"], {"seen": "0", "amount": "3", "reason": "多些"})
    assert (refused.status_code, "不能高于测算额度" in _text(refused)) == (422, True)
    chen.post(url["propose"], {"seen": "0", "amount": "2", "reason": "收入稳定"})
    assert "上报业务审批岗" in _text(gao.get(page))
    gao.post(url["refer"], {"seen": "1", "amount": "2", "reason": "同意"})
    jiang.post(url["approve"], {"seen": "2", "amount": "2", "reason": "同意"})
    done = jiang.get(reverse("credit:decision", args=[decision.pk]), follow=True)
    assert "已授信" in _text(done)
    assert "2.00 万元" in _text(chen.get(reverse("credit:household_line", args=[home.pk])))
    assert "6.00 万元" in _text(chen.get(reverse("credit:household_applications", args=[home.pk])))
    chen.cookies["gedang_language"] = "en"
    assert "decided outside a village round" in _text(chen.get(page))


def test_the_page_says_which_snapshot_the_exposure_is_read_from(world: World, client_of: Clients) -> None:
    core.release_limits(world)
    make.release_rules(world)
    home = make.household(world)
    numbers = core.number_people(home)
    taken = core.in_force(world, core.row(next(iter(numbers.values())), "J1", outstanding="60000"))
    application = make.investigated(world, home)
    text = _text(client_of(world.chen).get(reverse("credit:application", args=[application.pk])))
    assert f"敞口取自核心系统 {taken.taken_on.isoformat()}" in text


def test_applications_stand_in_the_history_of_the_household_for_who_may_see_them(
    world: World, client_of: Clients
) -> None:
    make.release_rules(world)
    home = make.household(world)
    taken_back = make.receive(world, home, amount=Decimal(60_000))
    make.act(applications.cancel, world.chen, application=taken_back, seen=1, reason="客户改主意")
    application = make.referred(world, home)
    page = reverse("customers:household", args=[home.pk])

    def told(person: Any) -> list[tuple[str, str]]:
        answer = client_of(person).get(page)
        return [(str(one["title"]), one["text"]) for one in answer.context["events"] if "单户申请" in str(one["title"])]

    ended, received = ("单户申请：客户撤回", "6.00 万元 · 模型测算"), ("受理单户申请", "6.00 万元 · 模型测算")
    for person in (world.chen, world.gao, world.jiang):
        assert told(person) == [("受理单户申请", "10.00 万元 · 模型测算"), ended, received]
    text = _text(client_of(world.chen).get(page))
    assert "待业务审批" in text
    assert reverse("credit:application", args=[application.pk]) in client_of(world.chen).get(page).content.decode()
    for person in (world.fang, world.deng):
        assert client_of(person).get(page).status_code == 404
    with acting_as(world.deng) as post:  # a second checker is told of the file elsewhere, never of what was asked for
        assert post is not None
        assert list(of_applications(home.pk, post)) == []
    make.act(decisions.approve, world.jiang, decision=make.decision_of(application), amount=WAN, seen=2, reason="同意")
    assert len(told(world.chen)) == 3  # the grant is a milestone of its own


def test_without_released_rules_the_page_says_so(world: World, client_of: Clients) -> None:
    home = make_household(world.liu)
    answer = client_of(world.chen).get(reverse("credit:application_new", args=[home.pk]))
    assert "单户申请规则还没有发布" in _text(answer)


def test_another_branch_sees_nothing(world: World, client_of: Clients) -> None:
    make.release_rules(world)
    application = make.receive(world, make.household(world))
    for person in (world.fang, world.he):
        client = client_of(person)
        assert client.get(reverse("credit:application", args=[application.pk])).status_code == 404
        assert client.get(reverse("credit:household_applications", args=[application.subject_id])).status_code == 404
        assert not client.get(reverse("credit:application_list")).context["rows"]


def test_the_head_says_who_sent_it_back_or_ended_it_and_why(world: World, client_of: Clients) -> None:
    make.release_rules(world)
    found = make.proposed(world, make.household(world, "A001"))

    def told() -> Any:
        return client_of(world.chen).get(reverse("credit:application", args=[found.pk])).context["stopped"]

    assert told() is None
    make.act(decisions.give_back, world.gao, decision=make.decision_of(found), seen=1, reason="请补用途证明")
    assert (told()["tone"], told()["text"]) == ("yellow", "支行行长 高远 · 请补用途证明")
    make.act(applications.cancel, world.chen, application=found, seen=2, reason="不要了")
    assert (told()["tone"], told()["text"]) == ("neutral", "客户经理 陈立 · 不要了")


def test_the_list_by_stage_turn_branch_and_day(world: World, client_of: Clients) -> None:
    make.release_rules(world)
    waiting = make.receive(world, make.household(world, "A001"))
    at_branch = make.proposed(world, make.household(world, "A002"))
    ended = make.receive(world, make.household(world, "A003"))
    make.act(applications.cancel, world.chen, application=ended, seen=1, reason="不要了")
    Application.objects.filter(pk=waiting.pk).update(due_on=clock.today() - timedelta(days=1))

    def shown(person: Any, **query: str) -> set[int]:
        rows = client_of(person).get(reverse("credit:application_list"), query).context["rows"]
        return {row.application.pk for row in rows}

    assert shown(world.chen) == {waiting.pk, at_branch.pk}
    assert shown(world.chen, stage="all") == {waiting.pk, at_branch.pk, ended.pk}
    assert shown(world.chen, stage="cancelled") == {ended.pk}
    assert shown(world.chen, late="1") == {waiting.pk}
    assert shown(world.chen, owner="me") == {waiting.pk}
    assert shown(world.gao, owner="me") == {at_branch.pk}
    assert shown(world.jiang, owner="me") == set()
    assert shown(world.jiang, stage="all", branch=str(world.east.pk)) == {waiting.pk, at_branch.pk, ended.pk}
    assert shown(world.jiang, stage="all", branch=str(world.west.pk)) == set()
    assert shown(world.jiang, stage="x", branch="y") == set()
    page = client_of(world.chen).get(reverse("credit:application_list"))
    assert "已超期" in _text(page)
    assert "370685" not in page.content.decode()  # no ID number in a list


def test_the_list_costs_as_many_queries_for_twenty_as_for_one(world: World, client_of: Clients) -> None:
    make.release_rules(world)
    client = client_of(world.chen)
    client.get(reverse("credit:application_list"))

    def queries(count: int) -> int:
        for _ in range(count):
            make.receive(world, make_household(world.liu, f"Q{Application.objects.count():03d}"))
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(reverse("credit:application_list"))
        assert len(answer.context["rows"]) == (1 if count == 1 else 20)
        return len(captured)

    assert queries(1) == queries(19)


def test_documents_are_added_and_opened(world: World, client_of: Clients) -> None:
    make.release_rules(world)
    application = make.receive(world, make.household(world))
    client, add = client_of(world.chen), reverse("credit:application_document_add", args=[application.pk])
    assert client.post(add, {"kind": "income"}).status_code == 422
    evil = SimpleUploadedFile("x.pdf", b"MZ")
    assert client.post(add, {"kind": "income", "files": evil}).status_code == 422
    client.post(add, {"kind": "income", "files": SimpleUploadedFile("x.pdf", b"%PDF-1.7 x")})
    kept = application.documents.get()
    answer = client.get(reverse("credit:application_document", args=[application.pk, kept.pk]))
    assert (answer.content[:5], answer["Content-Disposition"]) == (b"%PDF-", 'attachment; filename="document.pdf"')
    assert AuditEvent.objects.filter(verb="application_document_opened", staff=world.chen).exists()
    assert "收入证明" in _text(client.get(reverse("credit:application", args=[application.pk])))


def test_the_papers_say_what_each_reader_may_know(world: World, client_of: Clients) -> None:
    make.release_rules(world)
    application = make.referred(world)
    decision = make.decision_of(application)
    refuse = {"decision": decision, "seen": 2, "reason": "内部意见：担保人不可靠", "code": "debts"}
    make.act(decisions.refuse, world.jiang, **refuse)
    client = client_of(world.chen)

    for name in ("sheet", "letter"):
        answer = client.get(reverse(f"credit:application_{name}", args=[application.pk]))
        assert answer.content.startswith(b"%PDF-")
        assert "no-store" in answer["Cache-Control"]
    assert AuditEvent.objects.filter(verb="refusal_printed").count() == 1
    application.refresh_from_db()
    with acting_as(world.chen):
        home = Household.objects.select_related("head", "borrower").get(pk=application.subject_id)
        letter, sheet = str(letter_paper(application, home, "zh-hans")), str(sheet_paper(application, "zh-hans"))
        english = letter_paper(application, home, "en")
    assert "现有负债较多" in letter
    assert "担保人不可靠" not in letter
    assert "江涛" not in letter
    assert "担保人不可靠" in sheet
    assert "不经村评" in sheet
    assert english["reason"] == "Existing debts are too high"
    open_one = make.receive(world, make.household(world, "A002"))
    assert client.get(reverse("credit:application_letter", args=[open_one.pk])).status_code == 404


# --- At the same moment -----------------------------------------------------------------------------------------------


@pytest.fixture
def served() -> World:
    """A world whose rows are committed, for people on connections of their own."""
    world = world_module.build()
    make.release_rules(world)
    return world


def _outcomes(answers: list[Any]) -> list[str]:
    return sorted(type(answer).__name__ for answer in answers)


@pytest.mark.django_db(transaction=True)
def test_two_approvers_at_once_grant_once(served: World) -> None:
    decision = make.decision_of(make.proposed(served))

    def approve() -> Any:
        return make.act(decisions.approve, served.gao, decision=decision, amount=WAN, seen=1, reason="同意")

    answers = race([approve, approve])

    assert _outcomes(answers) == ["DecisionStep", "MovedOnError"]
    assert DecisionStep.objects.filter(verb="approve").count() == 1


@pytest.mark.django_db(transaction=True)
def test_received_twice_at_once_is_received_once(served: World) -> None:
    home = make.household(served)
    answers = race([lambda: make.receive(served, home), lambda: make.receive(served, home, by=served.gao)])
    assert _outcomes(answers) == ["Application", "Refused"]
    assert ApplicationStep.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_investigated_twice_at_once_is_computed_once(served: World) -> None:
    application = make.receive(served, make.household(served))

    def look() -> Any:
        return make.act(applications.investigate, served.chen, application=application, seen=1, reason="看过")

    assert _outcomes(race([look, look])) == ["Decision", "MovedOnError"]


@pytest.mark.django_db(transaction=True)
def test_an_application_and_a_round_at_once_grant_one_line(served: World) -> None:
    from tests.credit.test_applications import _round_decision

    home = make.household(served)
    mine = make.decision_of(make.referred(served, home))
    rival = _round_decision(served, home)
    place = {"institution": served.bank, "grid": served.liu, "recorded_grid": served.liu, "subject": home.subject}

    def of_the_round() -> Any:
        with acting_as(served.gao):
            return DecisionStep.objects.create(
                **place, decision=rival, number=1, verb="approve", amount=30_000, staff=served.gao,
                post_kind="branch_manager", taken_at=clock.now(),
            )  # fmt: skip

    def of_the_application() -> Any:
        return make.act(decisions.approve, served.jiang, decision=mine, amount=WAN, seen=2, reason="同意")

    answers = race([of_the_round, of_the_application])

    assert sum(isinstance(answer, DecisionStep) for answer in answers) == 1
    (loser,) = [answer for answer in answers if not isinstance(answer, DecisionStep)]
    assert type(loser).__name__ in ("Refused", "IntegrityError")
    assert DecisionStep.objects.filter(verb="approve").count() == 1
