"""What of a core-system snapshot counts as exposure, and what the checked file adds: worked by hand, then for anything."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.bounds import (
    Exposure,
    ExposureSource,
    Filled,
    LineSettings,
    Obligation,
    ObligationKind,
    household_exposure,
    propose,
)
from credit.domain.snapshotfile import CreditKind
from credit.domain.snapshots import Limits, Sums, flags, kinds_held, obligations, together
from credit.domain.wording import explain_steps
from credit.selectors.decisions import exposure_from

SETTINGS = LineSettings(model_required=False)
DAY, FILED = date(2026, 11, 21), date(2026, 10, 8)
WAN = Decimal(10_000)


def exposed(
    core: list[Obligation], kinds: set[CreditKind], filed: list[Obligation], filed_on: date | None = FILED
) -> Exposure:
    owed, filled = together(core, kinds_held(kinds), filed)
    return household_exposure(owed, SETTINGS, source=ExposureSource.CORE, as_of=DAY, filled=Filled(7, filled, filed_on))


def test_by_hand() -> None:
    # Husband: loan 60,000 with 20,000 undrawn, village line with 30,000 undrawn (being replaced); wife: guarantees 50,000.
    core = [
        *obligations(CreditKind.OWN_LOAN, 6 * WAN, 2 * WAN, is_village_line=False),
        *obligations(CreditKind.OWN_UNDRAWN, Decimal(0), 3 * WAN, is_village_line=True),
        *obligations(CreditKind.GUARANTEE, 5 * WAN, Decimal(0), is_village_line=False),
    ]
    # The file says the same loan here, 40,000 at another bank, 10,000 private, and a guarantee of 80,000.
    filed = [
        Obligation(ObligationKind.OWN_OUTSTANDING, 9 * WAN),
        Obligation(ObligationKind.OTHER_BANKS, 4 * WAN),
        Obligation(ObligationKind.PRIVATE, 1 * WAN),
        Obligation(ObligationKind.GUARANTEES, 8 * WAN),
    ]
    found = exposed(core, {CreditKind.OWN_LOAN, CreditKind.OWN_UNDRAWN, CreditKind.GUARANTEE}, filed)

    # 60,000 + 20,000 + 40,000 (file, weight 1) + 10,000 (file, weight 0) + 50,000 at one half
    assert found.total == Decimal(145_000)
    assert found.left_out == 3 * WAN
    assert found.filled == (ObligationKind.OTHER_BANKS, ObligationKind.PRIVATE)
    line = propose(SETTINGS, village=None, model_line=None, exposure=found)
    assert line.amount == Decimal(155_000)
    told = explain_steps(line.trace)
    assert "负债取自 2026-11-21 核心系统数据。" in told
    assert "核心系统没有他行借款、民间借款，取自 2026-10-08 经复核的采集表。" in told
    assert "The core system does not hold loans of other banks and private debt; taken from the checked household file of 2026-10-08." in explain_steps(line.trace, "en")  # fmt: skip
    assert exposure_from(found.as_document()) == found


def test_a_snapshot_with_rows_of_a_kind_answers_for_it() -> None:
    filed = [Obligation(ObligationKind.OTHER_BANKS, 4 * WAN), Obligation(ObligationKind.GUARANTEES, 8 * WAN)]
    assert exposed([], {CreditKind.OWN_LOAN}, filed).total == 8 * WAN
    assert exposed([], {CreditKind.OWN_LOAN, CreditKind.OTHER_BANK}, filed).total == 4 * WAN
    assert exposed([], {CreditKind.OTHER_BANK, CreditKind.GUARANTEE}, filed).total == 0


def test_without_a_file_the_trace_says_what_is_unknown() -> None:
    found = exposed([Obligation(ObligationKind.OWN_OUTSTANDING, WAN)], {CreditKind.OWN_LOAN}, [], None)
    told = explain_steps(propose(SETTINGS, village=None, model_line=None, exposure=found).trace)
    assert any("没有经复核的采集表" in sentence for sentence in told)


def test_a_profile_without_a_snapshot_is_stored_as_before() -> None:
    found = household_exposure([], SETTINGS, source=ExposureSource.PROFILE, as_of=DAY)
    assert set(found.as_document()) == {"total", "source", "as_of", "left_out", "lines"}
    assert exposure_from(found.as_document()) == found


amounts = st.decimals(min_value=0, max_value=10**9, places=2)
borrowed = st.lists(st.tuples(st.sampled_from(CreditKind), amounts, amounts, st.booleans()), max_size=8)
filings = st.lists(
    st.builds(Obligation, st.sampled_from([kind for kind in ObligationKind if kind is not ObligationKind.OWN_UNDRAWN]), amounts),
    max_size=8,
)  # fmt: skip


@given(borrowed, filings, st.sets(st.sampled_from(CreditKind)))
def test_the_total_is_the_sum_of_its_parts_however_it_is_grouped(
    rows: list[tuple[CreditKind, Decimal, Decimal, bool]], filed: list[Obligation], elsewhere: set[CreditKind]
) -> None:
    kinds = {row[0] for row in rows} | elsewhere
    core = [
        one for kind, out, undrawn, is_line in rows for one in obligations(kind, out, undrawn, is_village_line=is_line)
    ]
    found = exposed(core, kinds, filed)

    total = Decimal(0)
    for kind, outstanding, undrawn, is_line in rows:
        if kind in (CreditKind.OWN_LOAN, CreditKind.OWN_UNDRAWN):
            total += outstanding + (0 if is_line else undrawn)
        else:
            total += outstanding * (Decimal("0.5") if kind is CreditKind.GUARANTEE else 1)
    for one in filed:
        if one.kind is ObligationKind.OTHER_BANKS and CreditKind.OTHER_BANK not in kinds:
            total += one.amount
        if one.kind is ObligationKind.GUARANTEES and CreditKind.GUARANTEE not in kinds:
            total += one.amount * Decimal("0.5")
    assert found.total == total
    assert found.left_out == sum(
        (row[2] for row in rows if row[3] and row[0] in (CreditKind.OWN_LOAN, CreditKind.OWN_UNDRAWN)), Decimal(0)
    )
    # Summing the credits of a kind first, as the database does, is the same.
    summed: dict[tuple[CreditKind, bool], tuple[Decimal, Decimal]] = {}
    for kind, outstanding, undrawn, is_line in rows:
        before = summed.get((kind, is_line), (Decimal(0), Decimal(0)))
        summed[kind, is_line] = (before[0] + outstanding, before[1] + undrawn)
    grouped = [
        one
        for (kind, is_line), (outstanding, undrawn) in summed.items()
        for one in obligations(kind, outstanding, undrawn, is_village_line=is_line)
    ]
    assert exposed(grouped, kinds, filed) == found
    assert exposure_from(found.as_document()) == found


@given(borrowed, filings, amounts)
def test_owing_more_never_leaves_more_room(
    rows: list[tuple[CreditKind, Decimal, Decimal, bool]], filed: list[Obligation], more: Decimal
) -> None:
    core = [
        one for kind, out, undrawn, is_line in rows for one in obligations(kind, out, undrawn, is_village_line=is_line)
    ]
    kinds = set(CreditKind)
    less = exposed(core, kinds, filed).total
    assert exposed([*core, *obligations(CreditKind.OWN_LOAN, more, Decimal(0), is_village_line=False)], kinds, filed).total == less + more  # fmt: skip


@pytest.mark.parametrize(
    ("now", "code"),
    [("110000", ""), ("110000.01", "outstanding_up"), ("90000", ""), ("89999.99", "outstanding_down")],
)
def test_equal_to_a_limit_passes(now: str, code: str) -> None:
    limits = Limits.from_document({"outstanding_percent": "10", "contracts_percent": "10", "old_after_days": 7})
    before, after = ({"own_loan": Sums(10, Decimal(amount))} for amount in ("100000", now))
    raised = flags(before, after, contracts=10, new=1, gone=1, limits=limits)
    assert [one.code for one in raised] == ([code] if code else [])
    assert [one.code for one in flags(before, before, contracts=10, new=2, gone=0, limits=limits)] == ["contracts_new"]
