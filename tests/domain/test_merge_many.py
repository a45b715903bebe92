"""Merge and bounds of many households say what the plain rules say of each, to the last letter of the trace."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.bounds import (
    ExposureSource,
    Filled,
    LineSettings,
    Obligation,
    ObligationKind,
    VillageOpinion,
    household_exposure,
    propose,
)
from credit.domain.bounds_many import Bounder, Owed, Read
from credit.domain.merging import MergeOutcome, MergeRule, MergeSettings, RefusalPolicy, merge
from credit.domain.merging_many import Merged, Merger
from credit.domain.opinions import Opinion

DAY = date(2026, 11, 20)


def yuan_between(low: str, high: str, places: int = 2) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(low), Decimal(high), places=places, allow_nan=False, allow_infinity=False)


buttons = st.sampled_from([Decimal(wan) * 1000 for wan in (5, 10, 20, 30, 50, 80, 100)])
amounts = st.one_of(buttons, yuan_between("0.01", "999999.99"))
opinions = st.lists(
    st.one_of(
        amounts.map(Opinion.suggest), st.just(Opinion.unknown()), st.just(Opinion.recused()), st.just(Opinion.refuse("debts"))
    ),
    max_size=10,
)  # fmt: skip
merge_settings = st.builds(
    MergeSettings,
    quorum=st.integers(1, 4),
    refusal_policy=st.sampled_from(RefusalPolicy),
    spread_limit_percent=yuan_between("0", "300"),
    tolerance=st.one_of(st.just(Decimal(10_000)), yuan_between("0", "50000")),
    rule=st.sampled_from(MergeRule),
    step=st.sampled_from([Decimal(1000), Decimal("0.01"), Decimal("333.33"), Decimal("100.00")]),
    rounding=st.sampled_from(["down", "half_up"]),
)
line_settings = st.builds(
    LineSettings,
    product_cap=st.one_of(st.just(Decimal(200_000)), yuan_between("0", "500000")),
    household_cap=st.one_of(st.just(Decimal(300_000)), yuan_between("0", "500000")),
    step=st.sampled_from([Decimal(1000), Decimal("0.01"), Decimal("500.50")]),
    weight_other_banks=st.sampled_from([Decimal(1), Decimal("0.75"), Decimal(0)]),
    weight_guarantees=st.sampled_from([Decimal("0.5"), Decimal("0.33"), Decimal("0.125")]),
    weight_private=st.sampled_from([Decimal(0), Decimal("0.1")]),
    model_required=st.booleans(),
    combined_cap=st.one_of(st.none(), yuan_between("0", "500000")),
)
owed = st.lists(
    st.one_of(
        st.builds(Obligation, st.sampled_from(ObligationKind), yuan_between("0", "400000")),
        st.builds(
            Obligation, st.just(ObligationKind.OWN_UNDRAWN), yuan_between("0", "100000"), replaced=st.just(value=True)
        ),
    ),
    max_size=6,
)
kinds = st.lists(st.sampled_from(ObligationKind), unique=True).map(tuple)
reads = st.one_of(
    st.builds(Read, st.sampled_from(ExposureSource), st.just(DAY)),
    st.builds(
        Read,
        st.just(ExposureSource.CORE),
        st.just(DAY),
        st.builds(Filled, st.integers(1, 9), kinds, st.sampled_from([None, DAY])),
    ),
)


@given(opinions, merge_settings)
def test_a_merge_is_the_same_to_the_letter(said: list[Opinion], settings: MergeSettings) -> None:
    expected = merge(said, settings)
    found = Merger(settings).merge(said)

    assert json.loads(found.document) == expected.as_document()
    assert found.outcome is expected.outcome
    assert found.amount == (None if expected.amount is None else int(expected.amount * 100))


@given(opinions.flatmap(st.permutations), opinions)
def test_equal_opinions_are_merged_once_and_others_not_mistaken_for_them(
    said: list[Opinion], others: list[Opinion]
) -> None:
    merger = Merger(MergeSettings())

    for one in (said, others, list(reversed(said)), others):
        assert json.loads(merger.merge(one).document) == merge(one).as_document()


@given(
    st.one_of(
        yuan_between("0", "400000").map(lambda amount: (MergeOutcome.MERGED, amount)),
        st.sampled_from([(outcome, None) for outcome in MergeOutcome if outcome is not MergeOutcome.MERGED]),
    ),
    st.one_of(st.none(), yuan_between("0", "400000")),
    owed,
    reads,
    line_settings,
)
def test_bounds_are_the_same_to_the_letter(
    village: tuple[MergeOutcome, Decimal | None],
    model_line: Decimal | None,
    obligations: list[Obligation],
    read: Read,
    settings: LineSettings,
) -> None:
    outcome, amount = village
    exposure = household_exposure(obligations, settings, source=read.source, as_of=read.as_of, filled=read.filled)
    expected = propose(settings, village=VillageOpinion(outcome, amount), model_line=model_line, exposure=exposure)
    found = Bounder(settings).propose(
        Merged(outcome, None if amount is None else int(amount * 100), "{}"),
        None if model_line is None else int(model_line * 100),
        [Owed(one.kind, int(one.amount * 100), one.replaced) for one in obligations],
        read,
    )

    assert json.loads(found.proposal) == expected.as_document()
    assert json.loads(found.exposure) == exposure.as_document()
    assert found.outcome is expected.outcome
    assert found.amount == (None if expected.amount is None else int(expected.amount * 100))
    assert json.loads(found.binding) == [code.value for code in expected.binding]
    assert found.headroom == int(max(Decimal(0), settings.household_cap - exposure.total) * 100)


@pytest.mark.parametrize(
    "make", [lambda: Merger(MergeSettings(step=Decimal("0.001"))), lambda: Bounder(LineSettings(step=Decimal("0.001")))]
)
def test_a_step_finer_than_a_fen_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="whole fen"):
        make()
