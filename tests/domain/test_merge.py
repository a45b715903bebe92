"""Merging blind opinions: every example of the semantics, and what must hold for any set of opinions."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.lib.money import wan
from credit.domain.merging import MergeOutcome, MergeRule, MergeSettings, RefusalPolicy, merge
from credit.domain.opinions import Opinion, OpinionError, OpinionKind
from credit.domain.trace import Step, exact_text

REFUSE = Opinion.refuse("gambling")
UNKNOWN = Opinion.unknown()
RECUSED = Opinion.recused()
MERGED, REFUSED, SUPPLEMENT, DIVERGENT = MergeOutcome


def sheet(*cells):
    """Opinions from amounts in 万元 and ready opinions."""
    return [cell if isinstance(cell, Opinion) else Opinion.suggest(wan(str(cell))) for cell in cells]


def rules(**changes):
    return MergeSettings(**changes)


@pytest.mark.parametrize(
    ("cells", "changes", "outcome", "amount"),
    [
        # the examples of the semantics
        ((3, 4, 5), {"tolerance": wan(2)}, MERGED, "4"),
        ((3, 5, 7), {}, MERGED, "4"),
        ((2, 5, 5, 8), {"spread_limit_percent": Decimal(150)}, MERGED, "5"),
        ((3, 3, 5), {"rule": "mean"}, MERGED, "3.6"),
        ((3, 3, 5), {"rule": "mean", "rounding": "half_up"}, MERGED, "3.7"),
        ((5, 5, REFUSE), {}, MERGED, "5"),
        ((5, 5, REFUSE), {"refusal_policy": "any"}, REFUSED, None),
        ((5, UNKNOWN, 5), {}, SUPPLEMENT, None),
        # order of tests: quorum before refusals
        ((REFUSE, REFUSE), {}, SUPPLEMENT, None),
        ((REFUSE, REFUSE, UNKNOWN), {}, SUPPLEMENT, None),
        ((REFUSE, REFUSE, 5), {}, REFUSED, None),
        ((5, 5, RECUSED), {}, SUPPLEMENT, None),
        ((), {}, SUPPLEMENT, None),
        # majority is more than half of the valid opinions
        ((REFUSE, REFUSE, 5, 5), {"refusal_policy": "majority"}, MERGED, "5"),
        ((REFUSE, REFUSE, 5), {"refusal_policy": "majority"}, REFUSED, None),
        ((REFUSE, REFUSE, 5, 5, UNKNOWN), {"refusal_policy": "majority"}, MERGED, "5"),
        # after dropping refusals two amounts are needed
        ((REFUSE, 5), {"quorum": 2}, SUPPLEMENT, None),
        ((5,), {"quorum": 1}, SUPPLEMENT, None),
        # spread: equal to the limit passes, above it diverges
        ((2, 4, 6), {"rule": "median"}, MERGED, "4"),
        ((2, 4, "6.0001"), {"rule": "median"}, DIVERGENT, None),
        ((1, 5, 9), {}, DIVERGENT, None),
        ((5, 5, 5), {"spread_limit_percent": Decimal(0)}, MERGED, "5"),
        ((5, 5, "5.000001"), {"spread_limit_percent": Decimal(0)}, DIVERGENT, None),
        # close: a spread equal to the tolerance takes the mean of all
        ((3, 4, 4), {}, MERGED, "3.6"),
        ((3, 4, "4.0001"), {}, MERGED, "4"),
        # compromise: nearest neighbours, wherever they lie
        ((3, "4.5", 5), {}, MERGED, "4.7"),
        ((3, 4, 5, 6), {"spread_limit_percent": Decimal(200)}, MERGED, "3.5"),
        # the other rules
        ((2, 3, 4, 5), {"rule": "median"}, MERGED, "3.5"),
        ((2, 3, 4), {"rule": "minimum"}, MERGED, "2"),
        ((2, 3, 4, 4), {"rule": "trimmed_mean"}, MERGED, "3.5"),
        ((3, 3, 4), {"rule": "trimmed_mean"}, SUPPLEMENT, None),
        ((1, 5, 9), {"rule": "trimmed_mean"}, DIVERGENT, None),
        # the one rounding
        (("0.05", "0.05", "0.06"), {"rule": "minimum"}, MERGED, "0"),
    ],
)
def test_examples(cells, changes, outcome, amount):
    result = merge(sheet(*cells), rules(**changes))
    assert result.outcome is outcome
    assert result.amount == (None if amount is None else wan(amount))
    json.dumps(result.as_document())


def test_the_defaults_are_the_released_ones():
    assert MergeSettings() == MergeSettings(
        3, RefusalPolicy.TWO, Decimal(100), Decimal(10_000), MergeRule.CLOSE_OR_COMPROMISE, Decimal(1_000), "down"
    )
    assert MergeSettings.from_document({}) == MergeSettings()
    assert MergeSettings.from_document(MergeSettings().as_document()) == MergeSettings()


@pytest.mark.parametrize(
    "document",
    [
        {"quorum": 0},
        {"quorum": "3"},
        {"quorum": True},
        {"step": "0"},
        {"tolerance": "-1"},
        {"tolerance": 0.5},
        {"tolerance": "many"},
        {"rule": "average"},
        {"refusal_policy": "none"},
        {"rounding": "up"},
        {"quorums": 3},
    ],
)
def test_broken_settings_are_refused(document):
    with pytest.raises(ValueError):
        MergeSettings.from_document(document)


def test_the_trace_keeps_exact_values_and_the_order_of_tests():
    result = merge(sheet(3, 3, 5), rules(rule="mean"))
    assert [step.code for step in result.trace] == [
        "opinions_counted",
        "quorum_met",
        "spread_accepted",
        "mean_taken",
        "rounded",
    ]
    assert result.trace[-1].values == {
        "exact": "110000/3",
        "step": "1000",
        "rounding": "down",
        "amount": "36000",
    }
    assert Step.from_document(result.trace[-1].as_document()) == result.trace[-1]
    assert (result.valid, result.refusals) == (3, 0)


def test_exact_text():
    assert exact_text(Fraction(1, 8)) == "0.125"
    assert exact_text(Fraction(-5, 4)) == "-1.25"
    assert exact_text(Fraction(35000)) == "35000"
    assert exact_text(Fraction(1, 3)) == "1/3"
    assert exact_text(Decimal("35000.00")) == "35000"
    assert exact_text(7) == "7"


# --- what an opinion may be -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"kind": "amount", "amount": "0"}, "amount_not_positive"),
        ({"kind": "amount", "amount": "-1"}, "amount_not_positive"),
        ({"kind": "amount"}, "amount_missing"),
        ({"kind": "amount", "amount": 30000}, "amount_invalid"),
        ({"kind": "amount", "amount": 3.5}, "amount_invalid"),
        ({"kind": "amount", "amount": "lots"}, "amount_invalid"),
        ({"kind": "amount", "amount": "1", "reasons": ["x"]}, "reason_not_allowed"),
        ({"kind": "refuse"}, "reason_missing"),
        ({"kind": "refuse", "reasons": []}, "reason_missing"),
        ({"kind": "refuse", "reasons": [""]}, "reason_missing"),
        ({"kind": "refuse", "reasons": "gambling"}, "reason_missing"),
        ({"kind": "refuse", "reasons": ["x"], "amount": "1"}, "amount_not_allowed"),
        ({"kind": "unknown", "amount": "1"}, "amount_not_allowed"),
        ({"kind": "maybe"}, "unknown_kind"),
        ({}, "unknown_kind"),
        ({"kind": "unknown", "name": "x"}, "unknown_field"),
    ],
)
def test_impossible_opinions_are_refused(document, code):
    with pytest.raises(OpinionError) as refused:
        Opinion.from_document(document)
    assert refused.value.code == code


def test_opinions_survive_json():
    for opinion in (UNKNOWN, RECUSED, Opinion.refuse("b", "a", "b"), Opinion.suggest("35000")):
        assert Opinion.from_document(json.loads(json.dumps(opinion.as_document()))) == opinion
    assert Opinion.refuse("b", "a", "b") == Opinion.refuse("a", "b")
    assert Opinion.suggest("35000").as_document() == {"kind": "amount", "amount": "35000.00"}
    with pytest.raises(OpinionError):
        Opinion("amount", Decimal(1))


def test_reasons_and_amounts_are_held_against_the_round():
    Opinion.refuse("gambling").check_against(reason_codes={"gambling"})
    with pytest.raises(OpinionError, match="reason_unknown"):
        REFUSE.check_against(reason_codes={"moved"})
    Opinion.suggest("50000").check_against(reason_codes=set(), limit=Decimal(50_000))
    with pytest.raises(OpinionError, match="amount_above_limit"):
        Opinion.suggest("50000.01").check_against(reason_codes=set(), limit=Decimal(50_000))


# --- what must hold for any opinions ----------------------------------------------------------------------------

one_opinion = st.one_of(
    st.just(UNKNOWN),
    st.just(RECUSED),
    st.just(REFUSE),
    st.integers(1, 300).map(lambda thousands: Opinion.suggest(thousands * 1000)),
    st.integers(1, 30_000_000).map(lambda cents: Opinion.suggest(Decimal(cents) / 100)),
)
any_opinions = st.lists(one_opinion, max_size=9)
any_settings = st.builds(
    MergeSettings,
    quorum=st.integers(1, 5),
    refusal_policy=st.sampled_from(RefusalPolicy),
    spread_limit_percent=st.sampled_from([Decimal(0), Decimal(50), Decimal(100), Decimal(1000)]),
    tolerance=st.sampled_from([Decimal(0), Decimal(10_000), Decimal(100_000)]),
    rule=st.sampled_from(MergeRule),
    step=st.sampled_from([Decimal(1), Decimal(1_000), Decimal(10_000)]),
    rounding=st.sampled_from(["down", "half_up"]),
)


@settings(max_examples=80, deadline=None)
@given(any_opinions, any_settings, st.randoms(use_true_random=False))
def test_the_order_of_sheets_does_not_matter(opinions, merge_settings, random):
    shuffled = list(opinions)
    random.shuffle(shuffled)
    assert merge(shuffled, merge_settings) == merge(opinions, merge_settings)


@settings(max_examples=120, deadline=None)
@given(any_opinions, any_settings)
def test_a_merged_figure_lies_between_the_amounts_up_to_one_step(opinions, merge_settings):
    result = merge(opinions, merge_settings)
    amounts = [opinion.amount for opinion in opinions if opinion.amount is not None]
    assert (result.outcome is MERGED) == (result.amount is not None)
    if result.amount is None:
        return
    step = merge_settings.step
    assert result.amount % step == 0
    if merge_settings.rounding == "down":
        assert min(amounts) - step < result.amount <= max(amounts)
    else:
        assert min(amounts) - step / 2 <= result.amount <= max(amounts) + step / 2
    if all(amount % step == 0 for amount in amounts):
        assert min(amounts) <= result.amount <= max(amounts)
    assert result.valid >= merge_settings.quorum
    assert len(amounts) >= 2


@settings(max_examples=80, deadline=None)
@given(any_opinions, any_settings)
def test_silence_never_changes_a_figure(opinions, merge_settings):
    louder = merge([*opinions, UNKNOWN, RECUSED], merge_settings)
    plain = merge(opinions, merge_settings)
    assert (louder.outcome, louder.amount) == (plain.outcome, plain.amount)


@settings(max_examples=60, deadline=None)
@given(any_opinions)
def test_stricter_policies_refuse_more(opinions):
    def refused(policy):
        return merge(opinions, rules(refusal_policy=policy)).outcome is REFUSED

    assert not refused("two") or refused("any")
    assert not refused("majority") or refused("any")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(3, 9), any_settings)
def test_equal_opinions_give_that_opinion(thousands, count, merge_settings):
    opinions = [Opinion.suggest(thousands * 10_000)] * count
    result = merge(opinions, merge_settings)
    if count >= merge_settings.quorum and not (merge_settings.rule == "trimmed_mean" and count < 4):
        assert result.amount == thousands * 10_000


def test_every_kind_is_counted():
    result = merge(sheet(5, 5, 5, REFUSE, UNKNOWN, RECUSED))
    assert result.trace[0].values == {
        "opinions": "6",
        "valid": "4",
        "amounts": "3",
        "refusals": "1",
        "unknown": "1",
        "recused": "1",
    }
    assert sum(opinion.kind is OpinionKind.AMOUNT for opinion in sheet(5, UNKNOWN)) == 1
