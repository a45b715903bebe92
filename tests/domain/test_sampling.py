"""Sample sizes, draws and conclusions (Semantics, section 7; Domain, 7.3)."""

import hashlib
import subprocess
import sys
import time
from collections import Counter
from fractions import Fraction
from math import ceil, comb
from pathlib import Path

import pytest

from reporting.domain import redraw, sampling
from reporting.domain.sampling import (
    chance_of_at_most,
    conclude,
    draw,
    plan_size,
    population_csv,
    population_hash,
    proportional_quotas,
    seeded_order,
    shown_upper_limit,
    sizing_words,
    unlimited_size,
    unlimited_upper_limit,
    upper_limit,
)


def percent(value) -> Fraction:
    return Fraction(str(value)) / 100


def plan(population, expected, tolerable, confidence):
    return plan_size(
        population, confidence=percent(confidence), tolerable=percent(tolerable), expected=percent(expected)
    )


# --- sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "tolerable", "expected", "size"),
    [(95, 5, 0, 59), (95, 5, 1, 93), (95, 10, 0, 29), (95, 20, 0, 14), (95, 3, 1, 257), (90, 5, 0, 45), (90, 5, 1, 77), (90, 4, 2, 198)],
)  # fmt: skip
def test_unlimited_sizes_are_the_published_cells(confidence, tolerable, expected, size):
    assert (
        unlimited_size(confidence=percent(confidence), tolerable=percent(tolerable), expected=percent(expected)) == size
    )


@pytest.mark.parametrize(
    ("population", "expected", "tolerable", "confidence", "size"),
    [(500, 1, 8, 95, 55), (500, 2, 5, 95, 139), (5000, 1, 6, 95, 77), (36000, 1, 4, 95, 156)],
)
def test_finite_sizes_are_the_published_cells(population, expected, tolerable, confidence, size):
    assert plan(population, expected, tolerable, confidence).inspected == size


def brute_size(population, tolerable, expected, risk):
    """The definition word by word, with nothing carried from one n to the next."""
    deviations = ceil(population * tolerable)
    for size in range(1, population + 1):
        most = ceil(size * expected)
        hits = sum(
            comb(deviations, x) * comb(population - deviations, size - x)
            for x in range(min(most, deviations, size) + 1)
        )
        if Fraction(hits, comb(population, size)) <= risk:
            return size, most
    return None


@pytest.mark.parametrize("confidence", ["0.5", "0.8", "0.9", "0.95", "0.99"])
def test_finite_sizes_equal_brute_force_for_every_small_population(confidence):
    risk = 1 - Fraction(confidence)
    ratios = [Fraction(part, 100) for part in (0, 1, 2, 5, 10, 15, 34, 50, 75, 99, 100)]
    for population in range(1, 46):
        for tolerable in ratios:
            for expected in [*ratios[:-1], Fraction(1, 3)]:
                wanted = brute_size(population, tolerable, expected, risk)
                got = plan_size(population, confidence=confidence, tolerable=tolerable, expected=expected)
                case = (population, tolerable, expected)
                if wanted is None:
                    assert got.is_census, case
                    assert got.inspected == population, case
                    assert got.accepted == population * tolerable // 1, case
                else:
                    assert not got.is_census, case
                    assert (got.inspected, got.accepted) == wanted, case


@pytest.mark.parametrize("population", [137, 300, 611])
def test_finite_sizes_equal_brute_force_for_middling_populations(population):
    for expected, tolerable in [("0", "0.01"), ("0.005", "0.03"), ("0.01", "0.05"), ("0.03", "0.06"), ("0.1", "0.2")]:
        for confidence in ("0.9", "0.95", "0.99"):
            wanted = brute_size(population, Fraction(tolerable), Fraction(expected), 1 - Fraction(confidence))
            got = plan_size(population, confidence=confidence, tolerable=tolerable, expected=expected)
            assert (got.inspected, got.accepted) == (wanted or (population, int(population * Fraction(tolerable))))


def test_a_chance_exactly_at_the_risk_qualifies():
    # one bad subject in 20: missing it with 19 draws has exactly the chance 1/20
    assert plan(20, 0, "0.1", 95).inspected == 19
    assert plan(20_000, 0, "0.0001", 95).inspected == 19_000


def test_size_qualifying_is_not_monotone_and_the_smallest_is_taken():
    # k = ceil(n x 6 %) rises in steps, and each step opens a hole of sizes that fail again: sizes are not to be bisected
    qualifying = [
        size for size in range(1, 400) if chance_of_at_most(ceil(size * percent(6)), 400, 48, size) <= percent(5)
    ]
    holes = [size for size in range(qualifying[0], 400) if size not in qualifying]

    assert holes
    assert plan(400, 6, 12, 95).inspected == qualifying[0]


def test_size_is_monotone_in_confidence_and_in_the_tolerable_ratio():
    for population in (80, 500, 2_345):
        by_confidence = [plan(population, 1, 5, confidence).inspected for confidence in (80, 90, 95, 97.5, 99)]
        assert by_confidence == sorted(by_confidence)
        by_tolerable = [plan(population, 1, tolerable, 95).inspected for tolerable in (3, 4, 5, 6, 8, 10, 15)]
        assert by_tolerable == sorted(by_tolerable, reverse=True)


def test_where_no_size_qualifies_all_are_inspected_and_judged_by_the_ratio_itself():
    size = plan(10, 5, 5, 95)  # K = 1 and k = 1 already at n = 1

    assert (size.is_census, size.inspected, size.accepted) == (True, 10, 0)
    assert conclude(size, found=0).is_accepted
    assert not conclude(size, found=1).is_accepted


def test_an_empty_population_needs_nothing():
    size = plan(0, 1, 5, 95)
    assert (size.inspected, size.accepted) == (0, 0)
    assert conclude(size, found=0).sentence("zh-hans") == "总体为空，无可检查，不作结论。"
    assert conclude(size, found=0).sentence("en") == "The population is empty: nothing to inspect, nothing concluded."


def test_ratios_must_be_exact_and_in_range():
    with pytest.raises(TypeError, match="float"):
        plan_size(100, confidence=0.95, tolerable="0.05", expected="0")
    for wrong in ({"confidence": "1"}, {"tolerable": "1.01"}, {"expected": "1"}, {"expected": "-0.01"}):
        with pytest.raises(ValueError, match="must lie"):
            plan_size(100, **{"confidence": "0.95", "tolerable": "0.05", "expected": "0"} | wrong)
    with pytest.raises(ValueError, match="negative"):
        plan_size(-1, confidence="0.95", tolerable="0.05", expected="0")
    with pytest.raises(ValueError, match="below tolerable"):
        unlimited_size(confidence="0.95", tolerable="0.05", expected="0.05")


def test_a_million_subjects_are_planned_within_a_second():
    started = time.perf_counter()
    sizes = [
        plan(1_000_000, expected, tolerable, 95).inspected for expected, tolerable in [(0, 5), (1, 5), (1, 2), (4, 5)]
    ]
    assert time.perf_counter() - started < 1
    # close to the endless population, and never above it
    assert sizes[:2] == [59, 93]
    assert sizes[3] <= unlimited_size(confidence="0.95", tolerable="0.05", expected="0.04")


# --- limits and conclusions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "inspected", "found", "shown"),
    [
        (95, 60, 0, "4.9"), (95, 60, 1, "7.7"), (95, 60, 2, "10.2"),
        (95, 100, 0, "3.0"), (95, 100, 1, "4.7"), (95, 100, 2, "6.2"), (95, 100, 3, "7.6"),
        (95, 150, 3, "5.1"), (90, 100, 0, "2.3"), (90, 100, 1, "3.9"), (90, 100, 2, "5.3"),
    ],
)  # fmt: skip
def test_unlimited_upper_limits_are_the_published_cells(confidence, inspected, found, shown):
    assert str(unlimited_upper_limit(inspected=inspected, found=found, confidence=percent(confidence))) == shown


def test_upper_limit_equals_its_definition():
    risk = percent(5)
    for population in (1, 7, 30):
        for inspected in range(population + 1):
            for found in range(inspected + 1):
                wanted = max(
                    deviations
                    for deviations in range(population + 1)
                    if chance_of_at_most(found, population, deviations, inspected) > risk
                )
                got = upper_limit(population=population, inspected=inspected, found=found, confidence="0.95")
                assert got == Fraction(wanted, population)


def test_upper_limit_refuses_counts_that_cannot_be():
    assert upper_limit(population=0, inspected=0, found=0, confidence="0.95") == 0
    for population, inspected, found in [(5, 6, 0), (5, 3, 4), (5, 3, -1)]:
        with pytest.raises(ValueError, match="ascending order"):
            upper_limit(population=population, inspected=inspected, found=found, confidence="0.95")


def test_chance_equals_counting():
    for population, deviations, inspected in [(9, 4, 5), (12, 12, 3), (12, 0, 3), (11, 7, 9), (10, 9, 8)]:
        for found in range(inspected + 1):
            hits = sum(comb(deviations, x) * comb(population - deviations, inspected - x) for x in range(found + 1))
            assert chance_of_at_most(found, population, deviations, inspected) == Fraction(
                hits, comb(population, inspected)
            )


@pytest.mark.parametrize("population", [40, 150, 500, 5_000])
def test_accepting_and_the_printed_limit_never_contradict_each_other(population):
    for expected, tolerable in [(0, 5), (1, 5), (2, 6), ("0.5", "4.55")]:
        size = plan(population, expected, tolerable, 95)
        if size.is_census:
            continue
        at_most, too_many = conclude(size, found=size.accepted), conclude(size, found=size.accepted + 1)
        assert at_most.is_accepted
        assert at_most.limit < size.tolerable
        assert Fraction(at_most.shown_limit) <= Fraction(str(tolerable))
        assert not too_many.is_accepted
        assert too_many.limit >= size.tolerable


def test_the_limit_is_rounded_up_for_the_eye_only():
    assert shown_upper_limit(Fraction(486, 10_000), percent(5)) == "4.9"
    assert shown_upper_limit(Fraction(49, 1000), percent(5)) == "4.9"
    assert shown_upper_limit(Fraction(452, 10_000), percent("4.55")) == "4.52"
    assert shown_upper_limit(Fraction(1), percent(5)) == "100.0"


def test_conclusion_is_one_sentence_in_both_languages():
    size = plan(36_000, 1, 4, 95)
    passed, failed = conclude(size, found=2), conclude(size, found=3)

    assert size.accepted == 2
    assert passed.sentence("zh-hans") == "在 95 % 的置信度下，差错率至多 4.0 %，可容忍 4 %：通过验收。"
    assert passed.sentence("en") == "At 95 % confidence the error rate is at most 4.0 %, tolerable 4 %: accepted."
    assert failed.sentence("zh-hans") == "在 95 % 的置信度下，差错率最高可达 4.9 %，不低于可容忍的 4 %：不予通过。"
    assert failed.sentence("en") == (
        "At 95 % confidence the error rate may be as high as 4.9 %, not below the tolerable 4 %: not accepted."
    )


def test_a_census_states_the_rate_it_found():
    size = plan(10, 5, 5, 95)
    assert (
        conclude(size, found=1).sentence("zh") == "全部 10 户逐户检查，差错 1 户，差错率 10.0 %，可容忍 5 %：不予通过。"
    )
    assert (
        conclude(size, found=0).sentence("en")
        == "All 10 were inspected, 0 deviated: error rate 0.0 %, tolerable 5 %: accepted."
    )
    assert sizing_words(size, "zh").startswith("总体 10 户，任何较小样本都不足以支持 95 % 的置信度")
    assert sizing_words(size, "en").startswith("No smaller sample of 10 supports 95 % confidence")


def test_the_size_explains_itself():
    size = plan(500, 1, 8, 95)
    assert sizing_words(size, "zh") == (
        "总体 500 户，若其中有 40 户（8 %）差错，抽 55 户而差错不超过 1 户的机会不大于 5 %；预计差错率 1 %，这是满足条件的最小样本。"
    )
    assert sizing_words(size, "en") == (
        "Were 40 of 500 (8 %) wrong, the chance of finding at most 1 in 55 would be no more than 5 %; with 1 % expected, "
        "no smaller sample does."
    )


# --- draws -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def members():
    codes = ["370685101", "370685102", "370685103"]
    return {subject: codes[subject * subject % 7 % 3] for subject in range(1_000, 1_405)}


def test_order_is_the_published_hash_in_decimal():
    wanted = sorted(range(50), key=lambda subject: hashlib.sha256(f"种子-7:{subject}".encode()).hexdigest())
    assert seeded_order(range(50), "种子-7") == wanted
    assert seeded_order(reversed(range(50)), "种子-7") == wanted
    assert seeded_order(range(50), "种子-8") != wanted


def test_quotas_follow_the_largest_remainder_and_add_up():
    assert proportional_quotas({"b": 100, "a": 100, "c": 100}, 100) == {"a": 34, "b": 33, "c": 33}
    assert proportional_quotas({"a": 10, "b": 30}, 2) == {"a": 0, "b": 2}  # equal remainders: the larger stratum
    assert proportional_quotas({"a": 7, "b": 2, "c": 1}, 5) == {"a": 4, "b": 1, "c": 0}
    assert proportional_quotas({}, 0) == {}
    for sample in range(41):
        quotas = proportional_quotas({"a": 23, "b": 11, "c": 5, "d": 1}, sample)
        assert sum(quotas.values()) == sample
        assert all(quotas[code] <= size for code, size in {"a": 23, "b": 11, "c": 5, "d": 1}.items())
    with pytest.raises(ValueError, match="does not fit"):
        proportional_quotas({"a": 3}, 4)


def test_a_draw_is_exact_stratified_and_repeatable(members):
    first = draw(members, sample=55, seed="2026Q4-8f21")
    again = draw(dict(reversed(members.items())), sample=55, seed="2026Q4-8f21")

    assert first == again
    assert len(set(first.subjects)) == 55
    assert Counter(members[subject] for subject in first.subjects) == Counter(first.quotas)
    order = seeded_order(members, "2026Q4-8f21")
    assert [subject for subject in order if subject in set(first.subjects)] == list(first.subjects)
    for stratum, subjects in sampling.by_stratum(members, first.subjects).items():
        inside = [subject for subject in order if members[subject] == stratum]
        assert list(subjects) == inside[: first.quotas[stratum]]


def test_another_seed_gives_another_draw(members):
    assert draw(members, sample=55, seed="a").subjects != draw(members, sample=55, seed="b").subjects
    with pytest.raises(ValueError, match="seed"):
        draw(members, sample=55, seed="")


def test_population_has_one_canonical_form(members):
    text = population_csv({12: "B", 3: "A"})
    assert text == b"subject,stratum\n3,A\n12,B\n"
    assert population_hash({3: "A", 12: "B"}) == hashlib.sha256(text).hexdigest()
    assert population_hash({3: "A", 12: "A"}) != population_hash({3: "A", 12: "B"})
    for wrong in ("", " A", "A,B", "A\nB", 'A"'):
        with pytest.raises(ValueError, match="plain code"):
            population_csv({1: wrong})
    with pytest.raises(ValueError, match="negative"):
        population_csv({-1: "A"})


def test_an_outsider_repeats_the_draw_with_the_script_alone(members, tmp_path):
    mine = draw(members, sample=55, seed="2026Q4-8f21")
    exported = tmp_path / "population.csv"
    exported.write_bytes(population_csv(members))

    shown = subprocess.run(
        [sys.executable, "-I", Path(redraw.__file__), exported, "2026Q4-8f21", "55"],
        capture_output=True, check=True, text=True, cwd=tmp_path,
    ).stdout.splitlines()  # fmt: skip

    assert shown[0] == f"population {mine.population_hash}"
    assert shown[1:4] == [f"stratum {code} {quota}" for code, quota in mine.quotas.items()]
    assert [int(line) for line in shown[4:]] == list(mine.subjects)
    assert redraw.redraw(exported.read_bytes(), "2026Q4-8f21", 55)[2] == list(mine.subjects)
