"""Applications of single households: one way through people's hands, the bounds and opinions of rounds, two people at each step."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from PIL import Image

from config.lib import clock, jobs
from config.lib.files import FileRefused
from config.lib.models import AuditEvent
from config.lib.weeks import business_day, working_day_after
from credit.models import Application, ApplicationDocument, ApplicationStep, Decision, DecisionStep, LineRun
from credit.selectors.alone import explained
from credit.selectors.decisions import four_opinions, granted_lines, overtaken, steps_of, trace_steps
from credit.services import applications as services
from credit.services import decisions
from credit.services.decision_steps import MovedOnError
from credit.services.lines import publish_run
from customers.models import Consent, Household, ListEntry, Milestone, Person
from grids.models import Post
from grids.services import Refused
from tests.conftest import acting_as
from tests.credit import applying as make
from tests.credit.files import file, started
from tests.customers.builders import make_household
from tests.world import World

WAN = Decimal(10_000)


def stage(application: Application) -> str:
    application.refresh_from_db()
    return application.stage


def test_an_application_goes_from_the_counter_to_the_approver(world: World) -> None:
    make.release_rules(world)
    home = make.household(world)
    application = make.receive(world, home)

    assert (application.stage, application.owner) == ("investigation", world.chen)
    assert application.due_on == working_day_after(business_day(application.received_at), 5)
    make.act(services.investigate, world.chen, application=application, seen=1, reason="实地看过")
    assert (stage(application), application.owner) == ("proposal", world.chen)
    decision = make.decision_of(application)
    assert (decision.round_id, decision.outcome, decision.merged_amount) == (None, "proposed", None)
    assert decision.proposed_amount == 2 * WAN  # 20,140 yuan, floored to the step
    assert decision.binding == ["model"]
    assert trace_steps(decision, "proposal")[0].code == "outside_rounds"

    make.act(decisions.propose, world.chen, decision=decision, amount=2 * WAN, seen=0, reason="收入稳定")
    assert (stage(application), application.owner) == ("branch", None)
    make.act(decisions.refer, world.gao, decision=decision, seen=1, reason="同意")
    assert stage(application) == "approval"
    make.act(decisions.approve, world.jiang, decision=decision, amount=15_000, seen=2, reason="先从低")
    assert (stage(application), application.due_on) == ("granted", None)
    assert application.ended_at is not None
    assert granted_lines([home.pk])[home.pk].amount == 15_000
    assert Milestone.objects.filter(kind="granted", subject=home.subject).exists()

    four = four_opinions(decision, steps_of(decision))
    assert (four.village, four.officer, four.model, four.approver) == (None, 2 * WAN, Decimal("20140.00"), 15_000)
    verbs = AuditEvent.objects.filter(about="application").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["application_receive", "application_investigate"]
    make.act(decisions.withdraw, world.jiang, decision=decision, seen=3, reason="迁出")
    assert stage(application) == "revoked"
    assert granted_lines([home.pk]) == {}


def test_the_branch_signs_within_its_authority_and_returns_what_is_not_right(world: World) -> None:
    make.release_rules(world)
    application = make.proposed(world)
    decision = make.decision_of(application)

    make.act(decisions.give_back, world.gao, decision=decision, seen=1, reason="请补用途证明")
    assert stage(application) == "proposal"
    make.act(services.investigate, world.chen, application=application, seen=2, reason="已补")
    again = make.decision_of(application)
    assert again.number == 2
    with pytest.raises(MovedOnError):  # the former computation is not in force any more
        make.act(decisions.propose, world.chen, decision=decision, amount=WAN, seen=2, reason="旧的")
    make.act(decisions.propose, world.chen, decision=again, amount=WAN, seen=0, reason="已补证明")
    make.act(decisions.approve, world.gao, decision=again, amount=WAN, seen=1, reason="同意")
    assert stage(application) == "granted"


def test_a_refusal_has_a_released_reason_and_ends_it(world: World) -> None:
    make.release_rules(world)
    application = make.referred(world)
    decision = make.decision_of(application)

    with pytest.raises(Refused, match="原因"):
        make.act(decisions.refuse, world.jiang, decision=decision, seen=2, reason="负债高")
    make.act(decisions.refuse, world.jiang, decision=decision, seen=2, reason="负债高", code="debts")
    assert stage(application) == "refused"
    with pytest.raises(Refused, match="已经结束"):
        make.act(decisions.approve, world.jiang, decision=decision, amount=WAN, seen=3, reason="再想想")
    make.receive(world, Household.objects.get(pk=application.subject_id))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": Decimal(200_001)}, "不超过 20.00 万元"),
        ({"amount": Decimal(50_001), "mode": "small"}, "不超过 5.00 万元"),
        ({"amount": Decimal(300_001), "mode": "offline"}, "不超过 30.00 万元"),
        ({"amount": Decimal(0)}, "大于 0"),
        ({"months": 37}, "1 至 36 个月"),
        ({"months": 0}, "1 至 36 个月"),
        ({"mode": "x"}, "方式"),
        ({"channel": "x"}, "方式和来源"),
        ({"purpose": "x"}, "用途"),
    ],
)
def test_what_is_asked_is_within_the_released_rules(world: World, changes: dict[str, Any], words: str) -> None:
    make.release_rules(world)
    home = make.household(world)
    with pytest.raises(Refused, match=words):
        make.receive(world, home, **changes)
    assert not Application.objects.exists()


def test_each_way_in_has_its_cap_and_the_household_one_above_all(world: World) -> None:
    make.release_rules(world)
    rich = {"assets": [{"kind": "house", "current": "9000000", "disposable": "9000000"}], "liabilities": []}
    caps = {}
    for number, mode in enumerate(("small", "model", "offline")):
        home = make.household(world, f"A{number:03d}", **rich)
        application = make.investigated(world, home, mode=mode, amount=WAN)
        decision = make.decision_of(application)
        caps[mode] = (decision.product_cap, decision.headroom, decision.proposed_amount)
    assert {mode: cap for mode, (cap, _room, _amount) in caps.items()} == {
        "small": 5 * WAN,
        "model": 20 * WAN,
        "offline": 30 * WAN,
    }
    assert caps["small"][2] == 5 * WAN
    assert {room for _cap, room, _amount in caps.values()} == {30 * WAN}


def _unmet(world: World, application: Application) -> str:
    with pytest.raises(Refused) as refusal:
        make.act(services.investigate, world.chen, application=application, seen=1, reason="看过")
    assert stage(application) == "investigation"
    return str(refusal.value)


def test_the_investigation_names_every_point_that_is_not_met(world: World) -> None:
    make.release_rules(world)
    bare = make_household(world.liu, "B001")
    told = _unmet(world, make.receive(world, bare))
    for words in ("借款人", "周岁", "书面同意", "个月以内复核", "还没有走访", "测不出模型额度"):
        assert words in told

    old = make.household(world, "B002")
    Person.objects.filter(pk=old.borrower_id).update(born_on=date(1961, 1, 1))
    assert "周岁" in _unmet(world, make.receive(world, old))
    other = make.household(world, "B003")
    Consent.objects.filter(subject_id=other.pk).delete()  # as the owner of the database
    make.agree(world, other, "guarantee")
    assert "书面同意" in _unmet(world, make.receive(world, other))
    listed = make.household(world, "B004")
    application = make.receive(world, listed)
    ListEntry.objects.create(
        institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject=listed.subject, colour="grey",
        reason="overdue", proposed_by=world.chen, confirmed_by=world.gao, confirmed_at=clock.now(),
        review_on=date(2099, 1, 1),
    )  # fmt: skip
    assert "黑名单或灰名单" in _unmet(world, application)
    with pytest.raises(Refused, match="名单"):
        make.receive(world, listed)


def test_a_file_that_lacks_facts_gives_no_line_and_no_proposal(world: World) -> None:
    make.release_rules(world)
    assert "测不出模型额度" in _unmet(world, make.receive(world, make.household(world, judgement=None)))


def test_the_published_line_is_taken_where_it_rests_on_the_newest_file(world: World) -> None:
    make.release_rules(world)
    home, changed = make.household(world, "C001"), make.household(world, "C002")
    run = started(world, asked_by=None)
    jobs.drive_run(run.run_id)
    publish_run(run=LineRun.objects.get(pk=run.pk), staff=world.jiang)
    file(changed, world.chen, world.deng, days_ago=0.01, shares_held="9000")

    published, computed = (make.decision_of(make.investigated(world, one)) for one in (home, changed))

    assert published.line_result is not None
    assert published.model_line == published.line_result.line
    assert (computed.line_result, computed.model_line) == (None, Decimal("20940.00"))
    page = explained(computed.trace["alone"])
    assert page is not None
    assert page.explanation.line == computed.model_line
    spoilt = {**computed.trace["alone"], "outcome": {"line": "1.00"}}
    assert explained(spoilt) is None


# --- Two people -------------------------------------------------------------------------------------------------------


def test_nobody_is_both_ends_of_a_step(world: World) -> None:
    make.release_rules(world)
    application = make.proposed(world)
    decision = make.decision_of(application)
    for kind in ("branch_manager", "approver"):
        Post.objects.create(staff=world.chen, kind=kind, branch=world.east, from_on=world.campaign.from_on)
    with acting_as(world.chen, "branch_manager") as post:
        assert post is not None
        with pytest.raises(Refused, match="两个人"):
            decisions.approve(by=world.chen, post=post, decision=decision, amount=WAN, seen=1, reason="同意")
    make.act(decisions.refer, world.gao, decision=decision, seen=1, reason="同意")
    Post.objects.create(staff=world.gao, kind="approver", branch=world.east, from_on=world.campaign.from_on)
    with acting_as(world.gao, "approver") as post:
        assert post is not None
        with pytest.raises(Refused, match="两个人"):
            decisions.approve(by=world.gao, post=post, decision=decision, amount=WAN, seen=2, reason="同意")
    assert stage(application) == "approval"


def test_who_received_an_application_does_not_turn_it_down(world: World) -> None:
    make.release_rules(world)
    application = make.receive(world, make.household(world), by=world.gao)
    down = {"application": application, "seen": 1, "code": "facts", "reason": "无法核实"}
    with pytest.raises(Refused, match="不能自己决定"):
        make.act(services.turn_down, world.gao, **down)
    assert stage(application) == "investigation"
    with pytest.raises(Refused, match="支行行长"):
        make.act(services.turn_down, world.chen, **down)
    other = make.receive(world, make.household(world, "A002"))
    with pytest.raises(Refused, match="原因"):
        make.act(services.turn_down, world.gao, **{**down, "application": other, "code": "x"})
    make.act(services.turn_down, world.gao, **{**down, "application": other})
    assert stage(other) == "refused"


def test_the_database_holds_what_the_services_promise(world: World) -> None:
    make.release_rules(world)
    application = make.receive(world, make.household(world))
    place = {"institution": world.bank, "grid": world.liu, "recorded_grid": world.liu, "subject": application.subject}
    common = {**place, "outcome": "needs_file", "product_cap": 200_000, "headroom": 1}
    for wrong in (
        {},
        {"application": application, "merged_amount": 1},
        {"application": application, "outcome": "merged"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Decision.objects.create(**{**common, **wrong})
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(stage="granted")
    with acting_as(world.gao), pytest.raises(Exception, match="one's own name"), transaction.atomic():
        ApplicationStep.objects.create(
            **place, application=application, number=2, verb="cancel", staff=world.chen, post_kind="officer"
        )
    step = {**place, "application": application, "number": 2, "staff": world.chen, "post_kind": "branch_manager"}
    with pytest.raises(IntegrityError, match="does not turn it down"), transaction.atomic():
        ApplicationStep.objects.create(**step, verb="turn_down")


# --- One line a household ---------------------------------------------------------------------------------------------


def test_one_open_application_a_household(world: World) -> None:
    make.release_rules(world)
    home = make.household(world)
    application = make.receive(world, home)
    with pytest.raises(Refused, match="一户一次只办一笔"):
        make.receive(world, home)
    make.act(services.cancel, world.chen, application=application, seen=1, reason="客户改主意")
    assert stage(application) == "cancelled"
    assert make.receive(world, home).pk != application.pk


def test_a_later_line_replaces_the_one_before(world: World) -> None:
    make.release_rules(world)
    home = make.household(world)
    for amount in (10_000, 12_000):
        application = make.proposed(world, home, amount)
        make.act(
            decisions.approve, world.gao, decision=make.decision_of(application), amount=Decimal(amount), seen=1,
            reason="同意",
        )  # fmt: skip
    assert granted_lines([home.pk])[home.pk].amount == 12_000


def test_a_decision_computed_before_another_grant_is_not_granted_too(world: World) -> None:
    make.release_rules(world)
    home = make.household(world)
    application = make.proposed(world, home)
    decision = make.decision_of(application)
    rival = _round_decision(world, home)
    DecisionStep.objects.create(
        institution=world.bank, grid=world.liu, recorded_grid=world.liu, decision=rival, subject=home.subject, number=1,
        verb="approve", amount=30_000, staff=world.jiang, post_kind="approver", taken_at=clock.now(),
    )  # fmt: skip

    assert overtaken([decision, rival]) == {decision.pk}
    with pytest.raises(Refused, match="一户只能有一笔额度"):
        make.act(decisions.approve, world.gao, decision=decision, amount=WAN, seen=1, reason="同意")
    assert stage(application) == "branch"
    # Sent back and computed anew, knowing of the other line, it replaces it.
    make.act(decisions.give_back, world.gao, decision=decision, seen=1, reason="另有授信，重新测算")
    make.act(services.investigate, world.chen, application=application, seen=2, reason="按新情况")
    again = make.decision_of(application)
    make.act(decisions.propose, world.chen, decision=again, amount=WAN, seen=0, reason="降为一万")
    make.act(decisions.approve, world.gao, decision=again, amount=WAN, seen=1, reason="同意")
    assert granted_lines([home.pk])[home.pk].amount == WAN


def _round_decision(world: World, home: Household) -> Decision:
    """A decision of a round on a household, as the opening would have written it."""
    from credit.models import Round

    village = Round.objects.create(
        institution=world.bank, grid=world.liu, name="刘家村", owner=world.gao, due_on=clock.today(), stage="decide",
        settings=Application.objects.latest("pk").settings,
    )  # fmt: skip
    return Decision.objects.create(
        institution=world.bank, grid=world.liu, recorded_grid=world.liu, subject=home.subject, round=village,
        outcome="merged", merged_amount=30_000, product_cap=200_000, headroom=300_000, proposed_amount=30_000,
        binding=["merged"], trace={"merge": {}, "proposal": {}},
    )  # fmt: skip


# --- Figures and documents --------------------------------------------------------------------------------------------


def test_nobody_is_lent_more_than_he_asked_for_and_every_opinion_says_why(world: World) -> None:
    make.release_rules(world)
    application = make.investigated(world, amount=Decimal(10_000))
    decision = make.decision_of(application)
    propose = {"decision": decision, "seen": 0}
    with pytest.raises(Refused, match="不能高于申请的"):
        make.act(decisions.propose, world.chen, amount=Decimal(11_000), reason="多一点", **propose)
    with pytest.raises(Refused, match="理由"):
        make.act(decisions.propose, world.chen, amount=WAN, **propose)
    with pytest.raises(Refused, match="客户经理提交"):
        make.act(decisions.propose, world.gao, amount=WAN, reason="我来", **propose)
    make.act(decisions.propose, world.chen, amount=WAN, reason="可以", **propose)
    for amount, words in ((Decimal(11_000), "申请的"), (Decimal(0), "不予授信")):
        with pytest.raises(Refused, match=words):
            make.act(decisions.approve, world.gao, decision=decision, amount=amount, seen=1, reason="x")


def test_an_override_stays_with_the_approver_and_needs_a_reason(world: World) -> None:
    make.release_rules(world)
    decision = make.decision_of(make.referred(world))
    with pytest.raises(Refused, match="理由"):
        make.act(decisions.approve, world.jiang, decision=decision, amount=3 * WAN, seen=2)
    step = make.act(decisions.approve, world.jiang, decision=decision, amount=3 * WAN, seen=2, reason="有抵押物")
    assert step.trace["kind"] == "override"


def test_a_step_taken_twice_is_taken_once(world: World) -> None:
    make.release_rules(world)
    application = make.receive(world, make.household(world))
    for _ in range(1):
        make.act(services.investigate, world.chen, application=application, seen=1, reason="看过")
    with pytest.raises(MovedOnError):
        make.act(services.investigate, world.chen, application=application, seen=1, reason="看过")
    assert Decision.objects.count() == 1


def test_documents_are_photos_or_pdf_of_a_released_kind(world: World) -> None:
    make.release_rules(world)
    application = make.receive(world, make.household(world))
    add = {"application": application, "name": "收入.pdf"}
    made = make.act(services.add_document, world.chen, kind="income", content=b"%PDF-1.7 x", **add)
    assert (made.file.subject_id, made.file.content_type) == (application.subject_id, "application/pdf")
    photo = BytesIO()
    Image.new("RGB", (40, 40), "white").save(photo, "PNG")
    make.act(services.add_document, world.chen, kind="investigation", content=photo.getvalue(), **add)
    with pytest.raises(FileRefused):
        make.act(services.add_document, world.chen, kind="income", content=b"MZ evil", **add)
    with pytest.raises(Refused, match="种类"):
        make.act(services.add_document, world.chen, kind="x", content=b"%PDF-", **add)
    assert ApplicationDocument.objects.count() == 2
    with acting_as(world.fang):
        assert not ApplicationDocument.objects.exists()
        assert not Application.objects.exists()
        assert not ApplicationStep.objects.exists()
