"""From opinions to a line: exposure, bounds, lowering, overrides, authority."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.lib.money import wan
from credit.domain.bounds import (
    BoundCode,
    ExposureSource,
    LineSettings,
    Obligation,
    ObligationKind,
    ProposalOutcome,
    VillageOpinion,
    household_exposure,
    propose,
)
from credit.domain.decisions import Authority, AuthorityBand, DecisionError, DecisionKind, NoAuthorityError, decide
from credit.domain.decisions import officer_figure as check_officer
from credit.domain.merging import MergeOutcome, merge
from credit.domain.opinions import Opinion
from credit.domain.wording import bound_name, explain_steps

AS_OF = date(2026, 11, 21)
RELEASED = LineSettings()
OWN, UNDRAWN, OTHER, PRIVATE, GUARANTEES = ObligationKind


def exposure(*obligations, line_settings=RELEASED, source=ExposureSource.CORE):
    return household_exposure(
        [Obligation(kind, Decimal(str(amount))) for kind, amount in obligations],
        line_settings,
        source=source,
        as_of=AS_OF,
    )


def village(amount):
    return VillageOpinion(MergeOutcome.MERGED, wan(str(amount)))


def proposal(*, merged=5, model=10, owes=(), line_settings=RELEASED, **rest):
    return propose(
        line_settings,
        village=None if merged is None else village(merged),
        model_line=None if model is None else wan(str(model)),
        exposure=exposure(*owes, line_settings=line_settings, **rest),
    )


def test_the_defaults_are_the_released_ones():
    released = LineSettings()
    assert (released.product_cap, released.household_cap, released.step) == (200_000, 300_000, 1_000)
    assert (released.weight_other_banks, released.weight_guarantees, released.weight_private) == (1, Decimal("0.5"), 0)
    assert released.model_required
    assert not released.raise_above_merged
    assert LineSettings.from_document(released.as_document()) == released == LineSettings.from_document({})


@pytest.mark.parametrize(
    "document",
    [
        {"product_cap": "-1"},
        {"step": "0"},
        {"weight_private": 0.5},
        {"model_required": "yes"},
        {"cap": "1"},
        {"household_cap": "much"},
    ],
)
def test_broken_settings_are_refused(document):
    with pytest.raises(ValueError):
        LineSettings.from_document(document)


def test_exposure_weighs_every_kind():
    result = exposure(
        (OWN, 30_000), (OWN, 10_000), (UNDRAWN, 5_000), (OTHER, 20_000), (PRIVATE, 90_000), (GUARANTEES, "33333.33")
    )
    assert result.total == Decimal("81666.665")  # 40,000 + 5,000 + 20,000 + 0 + 16,666.665, exact
    assert [(line.kind, line.counted) for line in result.lines] == [
        (OWN, 40_000),
        (UNDRAWN, 5_000),
        (OTHER, 20_000),
        (PRIVATE, 0),
        (GUARANTEES, Decimal("16666.665")),
    ]
    json.dumps(result.as_document())


def test_the_line_being_replaced_is_left_out():
    result = household_exposure(
        [Obligation(UNDRAWN, Decimal(50_000), replaced=True), Obligation(UNDRAWN, Decimal(7_000))],
        LineSettings(),
        source=ExposureSource.CORE,
        as_of=AS_OF,
    )
    assert (result.total, result.left_out) == (7_000, 50_000)
    with pytest.raises(ValueError, match="being replaced"):
        Obligation(OTHER, Decimal(1), replaced=True)
    with pytest.raises(ValueError, match="0 or more"):
        Obligation(OTHER, Decimal(-1))


@pytest.mark.parametrize(
    ("merged", "model", "owes", "amount", "binding"),
    [
        (5, 10, (), 5, [BoundCode.MERGED]),
        (5, "2.5125", (), "2.5", [BoundCode.MODEL]),  # floored once: 25,125 -> 25,000
        (5, 5, (), 5, [BoundCode.MERGED, BoundCode.MODEL]),
        (25, 30, (), 20, [BoundCode.PRODUCT_CAP]),
        (20, 20, (), 20, [BoundCode.MERGED, BoundCode.MODEL, BoundCode.PRODUCT_CAP]),
        (5, 10, ((OWN, 260_000),), 4, [BoundCode.HEADROOM]),
        (5, 10, ((OWN, "260000.01"),), "3.9", [BoundCode.HEADROOM]),
        (5, 10, ((OTHER, 400_000),), 0, [BoundCode.HEADROOM]),
        (5, 10, ((GUARANTEES, 540_000),), 3, [BoundCode.HEADROOM]),
        (5, 10, ((PRIVATE, 900_000),), 5, [BoundCode.MERGED]),
        (5, 0, (), 0, [BoundCode.MODEL]),
        (None, 10, (), 10, [BoundCode.MODEL]),
    ],
)
def test_the_smallest_bound_is_taken_and_floored_once(merged, model, owes, amount, binding):
    result = proposal(merged=merged, model=model, owes=owes)
    assert result.outcome is ProposalOutcome.PROPOSED
    assert result.amount == wan(str(amount))
    assert list(result.binding) == binding
    json.dumps(result.as_document())


def test_without_a_model_line_the_household_goes_to_profiling():
    result = proposal(model=None)
    assert result.outcome is ProposalOutcome.TO_PROFILE
    assert result.amount is None
    assert result.trace[-1].code == "model_line_missing"


def test_the_model_bound_is_skipped_and_said_so_when_not_required():
    result = proposal(model=None, line_settings=LineSettings(model_required=False))
    assert (result.outcome, result.amount) == (ProposalOutcome.PROPOSED, wan(5))
    assert "model_line_skipped" in [step.code for step in result.trace]
    assert BoundCode.MODEL not in [bound.code for bound in result.bounds]


@pytest.mark.parametrize(
    ("opinions", "outcome"),
    [
        ([Opinion.refuse("x")] * 3, ProposalOutcome.REFUSED),
        ([Opinion.unknown()] * 3, ProposalOutcome.SUPPLEMENT),
        ([Opinion.suggest(n) for n in (10_000, 50_000, 90_000)], ProposalOutcome.DIVERGENT),
    ],
)
def test_a_round_without_a_merged_figure_gives_no_amount(opinions, outcome):
    result = propose(
        LineSettings(), village=VillageOpinion.from_merge(merge(opinions)), model_line=wan(10), exposure=exposure()
    )
    assert (result.outcome, result.amount) == (outcome, None)
    with pytest.raises(DecisionError, match="no_proposal"):
        decide(result, LineSettings(), approver=Decimal(0))


def test_a_divergence_is_settled_by_a_reasoned_group_decision():
    settled = VillageOpinion.from_group_decision(wan(4), "两人不了解新买的农机")
    result = propose(LineSettings(), village=settled, model_line=wan(10), exposure=exposure())
    assert (result.amount, result.merged) == (wan(4), wan(4))
    with pytest.raises(ValueError, match="reason"):
        VillageOpinion.from_group_decision(wan(4), " ")
    with pytest.raises(ValueError, match="exactly when"):
        VillageOpinion(MergeOutcome.DIVERGENT, wan(4))


def test_exposure_from_the_profile_is_said_with_its_date():
    result = proposal(owes=((OTHER, 1000),), source=ExposureSource.PROFILE)
    said = next(step for step in result.trace if step.code == "exposure_from_profile")
    assert said.values == {"as_of": "2026-11-21"}


# --- lowering and overrides -------------------------------------------------------------------------------------


def test_officer_and_approver_may_lower():
    base = proposal(merged=5)
    assert check_officer(base, LineSettings(), wan(3)) == wan(3)
    lowered = decide(base, LineSettings(), officer=wan(3), approver=wan(2))
    assert (lowered.final, lowered.kind, lowered.is_granted) == (wan(2), DecisionKind.LOWERED, True)
    assert (lowered.village, lowered.officer, lowered.model, lowered.approver) == (wan(5), wan(3), wan(10), wan(2))
    assert not decide(base, LineSettings(), approver=Decimal(0)).is_granted
    assert decide(base, LineSettings(), approver=wan(5)).kind is DecisionKind.AS_PROPOSED


def test_the_approver_is_free_between_the_officers_figure_and_the_bounds():
    assert decide(proposal(merged=5), LineSettings(), officer=wan(3), approver=wan(4)).kind is DecisionKind.LOWERED


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"approver": wan(5), "officer": wan(6)}, "officer_may_only_lower"),
        ({"approver": wan("3.05")}, "not_a_step"),
        ({"approver": wan("-1")}, "negative"),
        ({"approver": wan(6)}, "override_needs_reason"),
        ({"approver": wan(6), "override_reason": "  "}, "override_needs_reason"),
        ({"approver": wan(6), "override_reason": "新增订单"}, "above_merged"),
    ],
)
def test_forbidden_figures_are_refused_by_name(arguments, code):
    with pytest.raises(DecisionError) as refused:
        decide(proposal(merged=5), LineSettings(), **arguments)
    assert refused.value.code == code


def test_an_override_needs_a_reason_and_stays_at_or_below_the_village():
    held_by_model = proposal(merged=5, model=3)
    raised = decide(held_by_model, LineSettings(), approver=wan(5), override_reason="模型未计新建大棚")
    assert (raised.final, raised.kind, raised.override_reason) == (wan(5), DecisionKind.OVERRIDE, "模型未计新建大棚")
    allowed = LineSettings(raise_above_merged=True)
    assert decide(held_by_model, allowed, approver=wan(6), override_reason="有订单").final == wan(6)
    outside = proposal(merged=None, model=3)
    assert decide(outside, LineSettings(), approver=wan(4), override_reason="有订单").kind is DecisionKind.OVERRIDE


# --- authority --------------------------------------------------------------------------------------------------

LEVELS = Authority.from_document(
    [{"level": "branch", "upto": "50000"}, {"level": "approver", "upto": "200000"}, {"level": "head", "upto": None}]
)


@pytest.mark.parametrize(
    ("amount", "path"),
    [
        (0, ("branch",)),
        (50_000, ("branch",)),
        (50_001, ("branch", "approver")),
        (200_000, ("branch", "approver")),
        (900_000, ("branch", "approver", "head")),
    ],
)
def test_authority_routes_and_never_cuts(amount, path):
    assert LEVELS.path(Decimal(amount)) == path
    assert LEVELS.level_for(Decimal(amount)) == path[-1]
    assert LEVELS.next_level("branch", Decimal(amount)) == path[min(1, len(path) - 1)]


def test_authority_fails_closed():
    limited = Authority((AuthorityBand("branch", Decimal(1000)),))
    with pytest.raises(NoAuthorityError):
        limited.path(Decimal(1001))
    with pytest.raises(NoAuthorityError):
        limited.next_level("branch", Decimal(1001))
    with pytest.raises(NoAuthorityError):
        limited.may_sign("clerk", Decimal(1))


@pytest.mark.parametrize(
    "bands",
    [(), (("a", None), ("b", 5)), (("a", 5), ("b", 5)), (("a", 5), ("a", 6)), (("a", -1),)],
)
def test_broken_authority_is_refused(bands):
    with pytest.raises(ValueError):
        Authority(tuple(AuthorityBand(level, None if upto is None else Decimal(upto)) for level, upto in bands))


# --- what must hold for any household ---------------------------------------------------------------------------

money = st.decimals(min_value=0, max_value=500_000, places=2)
owed = st.lists(st.tuples(st.sampled_from(ObligationKind), money), max_size=5)


@settings(max_examples=120, deadline=None)
@given(st.none() | money, money, owed, st.sampled_from([Decimal(1), Decimal(100), Decimal(1_000)]))
def test_a_line_never_exceeds_a_bound(merged, model, owes, step):
    line_settings = LineSettings(step=step)
    result = propose(
        line_settings,
        village=None if merged is None else VillageOpinion(MergeOutcome.MERGED, merged),
        model_line=model,
        exposure=household_exposure(
            [Obligation(kind, amount) for kind, amount in owes], line_settings, source=ExposureSource.CORE, as_of=AS_OF
        ),
    )
    smallest = min(bound.amount for bound in result.bounds)
    assert result.amount % step == 0
    assert smallest - step < result.amount <= smallest
    assert {bound.code for bound in result.bounds if bound.amount == smallest} == set(result.binding)


@settings(max_examples=60, deadline=None)
@given(owed, st.sampled_from(ObligationKind), money)
def test_owing_more_never_raises_a_line(owes, kind, more):
    less = proposal(owes=tuple(owes))
    assert proposal(owes=(*owes, (kind, more))).amount <= less.amount


# --- Ways in and the combined cap -----------------------------------------------------------------------------------


@given(
    cap=st.integers(0, 60),
    owes=st.lists(st.tuples(st.sampled_from(list(ObligationKind)), st.integers(0, 400_000)), max_size=6),
    model=st.integers(0, 60),
)
def test_a_line_and_what_is_had_here_keep_within_the_combined_cap(cap, owes, model):
    bounded = LineSettings(combined_cap=wan(str(cap)), household_cap=Decimal(900_000))
    result = proposal(merged=None, model=model, owes=owes, line_settings=bounded)
    here = sum(amount for kind, amount in owes if kind in (OWN, UNDRAWN))
    free = proposal(merged=None, model=model, owes=owes, line_settings=LineSettings(household_cap=Decimal(900_000)))

    assert result.amount + here <= wan(str(cap)) or result.amount == 0
    assert result.amount == min(free.amount, max(0, wan(str(cap)) - here) // 1000 * 1000)
    assert (BoundCode.COMBINED_CAP in result.binding) == (
        max(0, wan(str(cap)) - here) == min(bound.amount for bound in result.bounds)
    )
    assert LineSettings.from_document(bounded.as_document()) == bounded


def test_the_way_in_is_named_beside_its_cap():
    result = propose(
        RELEASED, village=None, model_line=wan("30"), exposure=exposure(), mode=("小额信用", "Small credit")
    )
    assert bound_name("product_cap", result.trace) == "产品上限（小额信用）"
    assert bound_name("product_cap", result.trace, "en") == "Product cap (Small credit)"
    assert bound_name("headroom", result.trace, "en") == "Household's headroom"
    assert bound_name("product_cap", proposal().trace) == "产品上限"
    assert "“小额信用”的产品上限 200,000 元。" in explain_steps(result.trace)
