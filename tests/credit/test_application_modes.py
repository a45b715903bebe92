"""The ways in of an application: those of the model in force, each with its cap, the combined cap over all of them; held by the database."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from config.lib import jobs, releases
from config.lib.parameters.kinds import About, ParameterKind, find
from credit.domain.wording import explain_steps
from credit.models import Application, Decision, DecisionStep, LineRun
from credit.selectors.decisions import trace_steps
from credit.services import applications
from credit.services.lines import publish_run
from credit.views.applications import bounds_of
from grids.services import Refused
from tests.api.rows import SCHEMES
from tests.conftest import acting_as
from tests.credit import applying as make
from tests.credit import coresnapshots as core
from tests.credit.files import started
from tests.credit.test_application_pages import Clients, _text
from tests.world import SINCE, World

WAN = Decimal(10_000)
RICH: dict[str, Any] = {
    "assets": [{"kind": "house", "current": "9000000", "disposable": "9000000"}],
    "liabilities": [],
}


def _label(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def release_modes(world: World) -> None:
    """S1 with two ways in: by the model up to a released parameter, small credit up to 30,000; the default is the first."""
    model = copy.deepcopy(json.loads((SCHEMES / "s1_hunan.json").read_text("utf-8")))
    model["parameters"].append(
        {"name": "online_cap", "label": _label("线上上限", "online cap"), "type": "money", "min": "0", "max": "1000000",
         "default": "150000"}
    )  # fmt: skip
    model["modes"] = {
        "name": "way", "label": _label("进件方式", "entry mode"), "missing": {"default": "model"},
        "entries": [
            {"code": "model", "label": _label("模型测算", "by the model"), "cap": "online_cap"},
            {"code": "small", "label": _label("小额信用", "small credit"), "cap": "30000"},
        ],
        "cap": {"name": "way_cap", "label": _label("方式上限", "cap of the way in")},
    }  # fmt: skip
    releases.publish(
        institution_id=world.bank.pk, kind="credit_model", key="s1", document=model, effective_on=SINCE,
        drafted_by_id=world.mo.pk, released_by_id=world.ning.pk,
    )  # fmt: skip


def test_the_ways_offered_are_those_of_the_model_in_force(world: World, client_of: Clients) -> None:
    make.release_rules(world)
    release_modes(world)
    home = make.household(world)
    form = client_of(world.chen).get(reverse("credit:application_new", args=[home.pk])).context["form"]
    assert form.fields["mode"].choices == [("model", "模型测算 ≤ 15.00 万元"), ("small", "小额信用 ≤ 3.00 万元")]

    with pytest.raises(Refused, match="方式"):
        make.receive(world, home, mode="offline")
    with pytest.raises(Refused, match=r"不超过 3\.00 万元"):
        make.receive(world, home, mode="small", amount=Decimal(30_001))
    with pytest.raises(Refused, match=r"不超过 15\.00 万元"):
        make.receive(world, home, amount=Decimal(150_001))
    assert make.receive(world, home, mode="small", amount=3 * WAN).settings["line"]["product_cap"] == "30000"


@pytest.mark.parametrize(("mode", "cap"), [("model", 15 * WAN), ("small", 3 * WAN)])
def test_the_way_in_bounds_the_line_and_is_named(world: World, client_of: Clients, mode: str, cap: Decimal) -> None:
    make.release_rules(world)
    release_modes(world)
    application = make.investigated(world, make.household(world, **RICH), mode=mode, amount=3 * WAN)
    decision = make.decision_of(application)

    assert decision.trace["alone"]["facts"]["way"] == mode
    assert (decision.model_line, decision.product_cap, decision.proposed_amount) == (cap, cap, cap)
    assert decision.trace["alone"]["outcome"]["binding"] == ["way_cap"]
    assert {"product_cap", "model"} == set(decision.binding)
    name = {"model": "模型测算", "small": "小额信用"}[mode]
    bound = next(one for one in bounds_of(decision, "zh-hans") if "产品上限" in one["label"])
    assert (bound["label"], bound["binds"]) == (f"产品上限（{name}）", True)
    words = explain_steps(trace_steps(decision, "proposal"), "zh-hans")
    assert any(f"“{name}”的产品上限" in sentence for sentence in words)
    page = _text(client_of(world.chen).get(reverse("credit:application", args=[application.pk])))
    assert f"产品上限（{name}）" in page


def test_a_published_line_is_that_of_the_default_way_alone(world: World) -> None:
    make.release_rules(world)
    release_modes(world)
    homes = [make.household(world, number, **RICH) for number in ("A001", "A002")]
    run = started(world, asked_by=None)
    jobs.drive_run(run.run_id)
    publish_run(run=LineRun.objects.get(pk=run.pk), staff=world.jiang)

    usual, small = (
        make.decision_of(make.investigated(world, home, mode=mode, amount=WAN))
        for home, mode in zip(homes, ("model", "small"), strict=True)
    )
    assert usual.line_result is not None
    assert usual.model_line == 15 * WAN
    assert small.line_result is None
    assert small.model_line == 3 * WAN


def test_a_way_the_model_no_longer_knows_gives_no_line(world: World) -> None:
    make.release_rules(world)
    application = make.receive(world, make.household(world), mode="offline")
    release_modes(world)
    with pytest.raises(Refused, match="测不出模型额度"):
        make.act(applications.investigate, world.chen, application=application, seen=1, reason="看过")


def test_the_combined_cap_leaves_what_the_household_has_here_out(world: World) -> None:
    core.release_limits(world)
    make.release_rules(world, combined_cap="100000")
    home = make.household(world, **RICH)
    numbers = core.number_people(home)
    core.in_force(world, core.row(next(iter(numbers.values())), "J1", outstanding="60000"))
    decision = make.decision_of(make.investigated(world, home, amount=WAN))

    assert (decision.combined_room, decision.proposed_amount, decision.binding) == (4 * WAN, 4 * WAN, ["combined_cap"])
    words = " ".join(explain_steps(trace_steps(decision, "proposal"), "zh-hans"))
    assert "线上线下合计上限" in words
    assert [one["label"] for one in bounds_of(decision, "en") if one["binds"]] == ["What the combined cap leaves"]


def test_rules_without_a_combined_cap_bound_by_the_household_alone(world: World) -> None:
    make.release_rules(world, combined_cap=None)
    decision = make.decision_of(make.investigated(world))
    assert decision.combined_room is None
    assert "combined_cap" not in decision.trace["proposal"]["bounds"]


def test_rules_with_a_way_the_model_does_not_know_are_not_released(world: World) -> None:
    make.release_rules(world)
    kind = find("application_rules")
    assert isinstance(kind, ParameterKind)
    document = releases.in_force(world.bank.pk, "application_rules", SINCE).document
    about = About(institution_id=world.bank.pk, key="", on=SINCE)
    assert not kind.found(document, about)
    release_modes(world)
    (problem,) = kind.found(document, about)
    assert problem.words.zh == "模型没有这种方式；请用：model, small"


# --- Held by the database -----------------------------------------------------------------------------------------------


def test_nobody_writes_past_the_caps(world: World) -> None:
    make.release_rules(world)
    application = make.receive(world, make.household(world))
    row = {
        field.attname: getattr(application, field.attname)
        for field in Application._meta.concrete_fields
        if field.name != "id"
    } | {"stage": "cancelled", "ended_at": application.received_at}
    high = copy.deepcopy(application.settings)
    high["line"]["product_cap"] = "200001"
    for wrong in (
        {"mode": "x"},
        {"amount": 200_001},
        {"settings": high},
        {"mode": "small"},
        {"rules_id": application.line_rules_id},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Application.objects.create(**row | wrong)
    Application.objects.create(**row)

    place = {
        "institution": world.bank, "grid": world.liu, "recorded_grid": world.liu, "subject": application.subject,
        "application": application, "outcome": "proposed",
    }  # fmt: skip
    sound = {"product_cap": 200_000, "headroom": 50_000, "combined_room": 40_000, "model_line": 30_000}
    for past in (
        {"product_cap": 300_000},
        {"combined_room": None},
        {"combined_room": 300_001},
        {"proposed_amount": 30_001},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Decision.objects.create(**place, **sound | {"proposed_amount": 30_000} | past)
    decision = Decision.objects.create(**place, **sound, proposed_amount=30_000)
    step = {name: place[name] for name in ("institution", "grid", "recorded_grid", "subject")}
    with (
        acting_as(world.jiang),
        pytest.raises(IntegrityError, match="more than he asked for"),
        transaction.atomic(),
    ):
        DecisionStep.objects.create(
            **step, decision=decision, number=1, verb="approve", amount=application.amount + 1, staff=world.jiang,
            post_kind="approver",
        )  # fmt: skip
