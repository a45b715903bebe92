"""Decisions: a maker proposes, another approves within his authority, the bounds hold, and every step stays."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from config.lib import jobs
from config.lib.models import AuditEvent
from credit.domain.rules import RoundRules
from credit.domain.versions import versions
from credit.models import Decision, DecisionStep, LineRun
from credit.selectors import decisions as selectors
from credit.services import computing, lines, recomputing, rounds
from credit.services import decisions as services
from credit.services.decision_steps import MovedOnError
from customers.models import Household, Milestone
from grids.models import Post, Staff
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import files
from tests.credit import village as make
from tests.world import World

pytestmark = pytest.mark.usefixtures("opener")
WAN = Decimal(10_000)


def opened(world: World, *answers: tuple[dict[str, object], ...]) -> make.Village:
    """A round opened with answers by household."""
    village = make.started(world, len(answers))
    columns = zip(*answers, strict=True)
    make.seal_all(village, *(dict(zip(village.households, column, strict=True)) for column in columns))
    make.open_sheets(village)
    return village


def same(wan: str) -> tuple[dict[str, object], ...]:
    return (make.amount(wan),) * 3


def decision_of(subject: int) -> Decision:
    return Decision.objects.order_by("-number").filter(subject_id=subject)[0]


def act(step: Callable[..., object], staff: Staff, decision: Decision, **more: object) -> object:
    with acting_as(staff) as post:
        return step(by=staff, post=post, decision=decision, **more)


def standing(subject: int) -> str:
    """Where the decision in force of a household stands."""
    return selectors.standing_of(selectors.with_standing(Decision.objects.filter(subject_id=subject)).get())


def test_officer_proposes_manager_signs_within_his_authority(world: World) -> None:
    village = opened(world, same("4"), same("8"))
    small, large = village.households
    for subject in (small, large):
        decision = decision_of(subject)
        act(services.propose, world.chen, decision, amount=decision.proposed_amount, seen=0)
        assert standing(subject) == "at_branch"

    with pytest.raises(Refused, match="上报"):
        act(services.approve, world.gao, decision_of(large), amount=8 * WAN, seen=1)
    act(services.approve, world.gao, decision_of(small), amount=3 * WAN, seen=1)
    act(services.refer, world.gao, decision_of(large), seen=1)
    assert standing(large) == "at_approver"
    act(services.approve, world.jiang, decision_of(large), amount=8 * WAN, seen=2)

    amounts = dict(Milestone.objects.filter(kind="granted").values_list("subject_id", "amount"))
    assert amounts == {small: 3 * WAN, large: 8 * WAN}
    lines = selectors.granted_lines([small, large])
    assert {line.subject_id: line.amount for line in lines.values()} == amounts
    four = selectors.four_opinions(decision_of(small), selectors.steps_of(decision_of(small)))
    assert (four.village, four.officer, four.model, four.approver) == (4 * WAN, 4 * WAN, None, 3 * WAN)


def test_maker_is_not_checker_whatever_post_he_wears(world: World) -> None:
    village = opened(world, same("4"))
    decision = decision_of(village.households[0])
    act(services.propose, world.gao, decision, amount=4 * WAN, seen=0)
    Post.objects.create(staff=world.gao, kind="approver", from_on=world.campaign.from_on)
    with acting_as(world.gao, "approver") as post:
        assert post is not None
        with pytest.raises(Refused, match="两个人"):
            services.approve(by=world.gao, post=post, decision=decision, amount=4 * WAN, seen=1)
        with pytest.raises(DatabaseError), transaction.atomic():
            DecisionStep.objects.create(
                institution=world.bank,
                grid=world.liu,
                recorded_grid=world.liu,
                decision=decision,
                subject_id=decision.subject_id,
                number=2,
                verb="approve",
                amount=1,
                staff=world.gao,
                post_kind="approver",
            )


def test_the_bounds_hold_for_makers_and_an_override_needs_a_reason(world: World) -> None:
    village = opened(world, same("25"))
    decision = decision_of(village.households[0])
    assert (decision.merged_amount, decision.proposed_amount, decision.binding) == (
        25 * WAN,
        20 * WAN,
        ["product_cap"],
    )
    with pytest.raises(Refused, match="不能高于测算额度"):
        act(services.propose, world.gao, decision, amount=21 * WAN, seen=0)
    with pytest.raises(Refused, match="整数倍"):
        act(services.propose, world.gao, decision, amount=Decimal("123.45"), seen=0)
    act(services.propose, world.gao, decision, amount=20 * WAN, seen=0)
    with pytest.raises(Refused, match="理由"):
        act(services.approve, world.jiang, decision, amount=22 * WAN, seen=1)
    with pytest.raises(Refused, match="村评"):
        act(services.approve, world.jiang, decision, amount=26 * WAN, seen=1, reason="抵押充足")
    act(services.approve, world.jiang, decision, amount=22 * WAN, seen=1, reason="抵押充足")
    step = DecisionStep.objects.get(number=2)
    assert (step.amount, step.trace["kind"]) == (22 * WAN, "override")


def test_a_divided_village_is_settled_by_the_manager_with_a_reason(world: World) -> None:
    village = opened(world, (make.amount("1"), make.amount("2"), make.amount("8")))
    decision = decision_of(village.households[0])
    assert standing(decision.subject_id) == "divergent"
    with pytest.raises(Refused, match="集体"):
        act(services.propose, world.chen, decision, amount=3 * WAN, seen=0, reason="议定", members="高、陈")
    with pytest.raises(Refused, match="理由"):
        act(services.propose, world.gao, decision, amount=3 * WAN, seen=0)
    with pytest.raises(Refused, match="最低和最高"):
        act(services.propose, world.gao, decision, amount=9 * WAN, seen=0, reason="议定", members="高、陈")
    with pytest.raises(Refused, match="至少两人"):
        act(services.propose, world.gao, decision, amount=3 * WAN, seen=0, reason="两位组员复议", members="高")
    act(services.propose, world.gao, decision, amount=3 * WAN, seen=0, reason="两位组员复议", members="高 陈")
    act(services.give_back, world.jiang, decision, seen=1, reason="请补充理由")
    assert standing(decision.subject_id) == "returned"
    act(services.propose, world.gao, decision, amount=2 * WAN, seen=2, reason="三位组员复议", members="高、陈、邓")
    assert DecisionStep.objects.get(number=3).trace["members"] == ["高", "陈", "邓"]
    first, second = versions(selectors.steps_of(decision))
    assert (first.is_returned, first.ended.reason) == (True, "请补充理由")
    assert (second.number, second.change, second.reason_changed, second.ended) == (2, -WAN, True, None)
    act(services.approve, world.jiang, decision, amount=2 * WAN, seen=3)
    four = selectors.four_opinions(decision, selectors.steps_of(decision))
    assert (four.village, four.approver) == (2 * WAN, 2 * WAN)


def test_who_is_overtaken_is_told(world: World) -> None:
    village = opened(world, same("4"))
    decision = decision_of(village.households[0])
    act(services.propose, world.chen, decision, amount=4 * WAN, seen=0)
    with pytest.raises(MovedOnError):
        act(services.propose, world.gao, decision, amount=4 * WAN, seen=0)
    assert DecisionStep.objects.count() == 1


def test_refused_and_withdrawn_lines(world: World) -> None:
    village = opened(world, same("4"), same("5"))
    first, second = (decision_of(subject) for subject in village.households)
    for decision in (first, second):
        act(services.propose, world.gao, decision, amount=2 * WAN, seen=0)
    act(services.refuse, world.jiang, first, seen=1, reason="征信有问题")
    act(services.approve, world.jiang, second, amount=2 * WAN, seen=1)
    act(services.withdraw, world.jiang, second, seen=2, reason="本人放弃")
    assert [standing(one.subject_id) for one in (first, second)] == ["refused", "withdrawn"]
    assert Milestone.objects.get(kind="grant_withdrawn").amount == 2 * WAN
    assert selectors.granted_lines(village.households) == {}


def test_a_block_suspends_the_line_and_stops_the_decision(world: World) -> None:
    village = opened(world, same("4"), same("5"))
    first, second = (decision_of(subject) for subject in village.households)
    for decision in (first, second):
        act(services.propose, world.gao, decision, amount=2 * WAN, seen=0)
    act(services.approve, world.jiang, first, amount=2 * WAN, seen=1)
    for subject in village.households:
        make.block(world, subject, "grey")
    assert selectors.granted_lines(village.households) == {}
    with pytest.raises(Refused, match="名单"):
        act(services.approve, world.jiang, second, amount=2 * WAN, seen=1)


def test_together(world: World, client_of: Callable[..., Client]) -> None:
    village = opened(
        world, *(same(str(wan)) for wan in (1, 2, 3, 25)), (make.amount("1"), make.amount("2"), make.amount("8"))
    )
    gao, jiang = client_of(world.gao), client_of(world.jiang)
    gao.post(reverse("credit:round_propose", args=[village.round.pk]), {"all": "1"})
    assert DecisionStep.objects.filter(verb="propose").count() == 4
    page = jiang.get(reverse("credit:to_decide")).content.decode()
    assert page.count('name="decision"') == 4
    wanted = list(Decision.objects.filter(outcome="merged").values_list("pk", flat=True))
    jiang.post(reverse("credit:approve_chosen"), {"decision": wanted})
    jiang.post(reverse("credit:approve_chosen"), {"decision": wanted})
    assert DecisionStep.objects.filter(verb="approve").count() == 4
    assert Milestone.objects.filter(kind="granted").count() == 4
    assert AuditEvent.objects.filter(verb="decision_approve").count() == 1
    gao.post(reverse("credit:round_move", args=[village.round.pk, "closed"]))
    village.round.refresh_from_db()
    assert village.round.stage == "decide", "the divided household is still open"


def test_exposure_comes_from_the_checked_file(world: World) -> None:
    document = {
        "liabilities": [
            {"kind": "own_bank", "outstanding": "10000.00"},
            {"kind": "other_bank", "outstanding": "20000.00"},
            {"kind": "credit_card", "outstanding": "5000.00"},
            {"kind": "private", "outstanding": "99999.00"},
        ],
        "guarantees": [{"amount": "30000.00"}],
    }
    profile = type("File", (), {"document": document, "submitted_at": datetime(2026, 11, 1, 17, tzinfo=UTC)})()
    make.publish_rules(world)
    rules, _ = rounds.round_rules(world.bank.pk, world.campaign.from_on)
    exposure = computing.exposure_of(profile, rules, world.campaign.from_on)
    assert (exposure.total, exposure.source.value, str(exposure.as_of)) == (Decimal(50_000), "profile", "2026-11-02")
    unknown = computing.exposure_of(None, rules, world.campaign.from_on)
    assert (unknown.total, unknown.source.value) == (0, "none")


def test_who_waited_for_a_file_is_computed_again_when_the_line_is_there(world: World) -> None:
    village = make.started(world, 2, rules={"line": {"model_required": True}})
    same_for_both = dict.fromkeys(village.households, make.amount("3"))
    make.seal_all(village, same_for_both, same_for_both, same_for_both)
    make.open_sheets(village)
    filed, unfiled = village.households
    assert [standing(subject) for subject in (filed, unfiled)] == ["needs_file", "needs_file"]

    files.release_models(world)
    files.file(Household.objects.get(pk=filed), world.chen, world.deng)
    run = files.started(world)
    jobs.drive_run(run.run_id)
    lines.publish_run(run=LineRun.objects.get(pk=run.pk), staff=world.gao)
    with acting_as(world.gao) as post:
        again = recomputing.ask(by=world.gao, post=post, round=village.round)
    jobs.drive_run(again.pk)

    found = decision_of(filed)
    assert (found.number, found.outcome, found.merged_amount) == (2, "merged", 3 * WAN)
    assert found.line_result is not None
    assert found.model_line == found.line_result.line == Decimal("16196.67")
    assert (found.proposed_amount, found.binding) == (Decimal(16_000), ["model"])
    assert found.trace["exposure"]["source"] == "profile"
    assert found.profile is not None
    assert [standing(subject) for subject in (filed, unfiled)] == ["to_propose", "needs_file"]
    assert dict(selectors.standings_of(village.round)) == {
        found.pk: "to_propose",
        decision_of(unfiled).pk: "needs_file",
    }


def test_rules_survive_being_frozen(world: World) -> None:
    make.publish_rules(world)
    rules, _ = rounds.round_rules(world.bank.pk, world.campaign.from_on)
    assert RoundRules.from_document(rules.as_document()) == rules
    for broken in ({"reasons": []}, {"sheet": {"amounts": [], "largest": "1"}}, {"extra": 1}):
        with pytest.raises(ValueError):
            RoundRules.from_document({**rules.as_document(), **broken})


def test_a_step_from_the_page(world: World, client_of: Callable[..., Client]) -> None:
    village = opened(world, same("4"))
    decision = decision_of(village.households[0])
    page = reverse("credit:decision", args=[decision.pk])
    chen, gao, fang = client_of(world.chen), client_of(world.gao), client_of(world.fang)
    assert "相差" in chen.get(page).content.decode()
    step = reverse("credit:decision_step", args=[decision.pk, "propose"])
    assert fang.post(step, {"amount": "3", "seen": "0"}).status_code == 404
    assert chen.post(step, {"amount": "30", "seen": "0"}).status_code == 422
    assert chen.post(step, {"amount": "3", "seen": "0"}).status_code == 302
    assert chen.post(step, {"amount": "2", "seen": "0"}).status_code == 409
    approve = reverse("credit:decision_step", args=[decision.pk, "approve"])
    assert gao.post(approve, {"amount": "3", "seen": "1"}).status_code == 302
    assert standing(decision.subject_id) == "granted"
    assert gao.get(page).status_code == 200
