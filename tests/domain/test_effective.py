"""What makes a visit effective: every indicator alone, and what must hold whatever the rules and the facts."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.domain import effective
from customers.domain.effective import NEEDS, OUTCOMES, ROLES, SENTENCES, Asked, Facts, Rules, distance, judge, needs

SHIPPED = next(
    one["document"]
    for one in json.loads(Path("customers/parameters/customers.json").read_text("utf-8"))
    if one["kind"] == effective.KIND
)
STRICT = Rules(
    channels={
        "site": Asked(
            photos=2, accuracy_m=50, distance_m=300, dwell_minutes=10, person=True, file_percent=80, partner=True
        ),
        "video": Asked(counts=False),
        "phone": Asked(counts=True, person=True),
    },
    outcomes=frozenset({"interviewed"}),
    roles=frozenset({"principal"}),
    age=18,
)
HONEST = Facts(
    outcome="interviewed",
    photos=2,
    accuracy_m=20.0,
    distance_m=40.0,
    dwell_minutes=25,
    has_person=True,
    age=50,
    has_partner=True,
    file_percent=90,
)


def _codes(facts: Facts, rules: Rules = STRICT) -> list[str]:
    return [reason.code for reason in judge(facts, rules).reasons]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"outcome": "nobody"}, "outcome_nobody"),
        ({"outcome": "moved"}, "outcome_moved"),
        ({"outcome": "refused"}, "outcome_refused"),
        ({"channel": "video"}, "channel_video"),
        ({"photos": 1}, "photos"),
        ({"accuracy_m": 50.1}, "accuracy"),
        ({"distance_m": 300.5}, "distance"),
        ({"dwell_minutes": 9}, "dwell"),
        ({"has_person": False, "age": None}, "person"),
        ({"age": 17}, "age"),
        ({"has_partner": False}, "partner"),
        ({"file_percent": 79}, "file"),
        ({"is_household": False, "role": "employee"}, "role"),
    ],
)
def test_each_indicator_alone_makes_a_visit_another_one(changed: dict[str, Any], code: str) -> None:
    assert _codes(HONEST) == []
    assert _codes(replace(HONEST, **changed)) == [code]


@pytest.mark.parametrize(
    "changed",
    [
        {"accuracy_m": 50.0},
        {"distance_m": 300.0},
        {"dwell_minutes": 10},
        {"age": 18},
        {"file_percent": 80},
        # What is not known never counts against anybody.
        {"accuracy_m": None, "distance_m": None},
        {"dwell_minutes": None},
        {"age": None},
        {"file_percent": None},
        # Written on paper at the door: no photo of the place, no position, no time on a page.
        {"entry": "paper", "photos": 0, "dwell_minutes": 1, "accuracy_m": 900.0, "distance_m": 5000.0},
        {"is_household": False, "has_person": False, "age": None, "role": "principal"},
    ],
)
def test_what_reaches_the_mark_or_is_not_known_is_effective(changed: dict[str, Any]) -> None:
    assert _codes(replace(HONEST, **changed)) == []


def test_the_shipped_rules_call_honest_work_effective() -> None:
    rules = effective.read(SHIPPED)
    plain = Facts(outcome="interviewed", photos=1, dwell_minutes=6, has_person=True, age=44, file_percent=60)

    assert _codes(plain, rules) == []
    assert _codes(replace(plain, outcome="refused", has_person=False, age=None, dwell_minutes=0), rules) == []
    assert _codes(replace(plain, channel="video", photos=1, dwell_minutes=None), rules) == []
    assert _codes(Facts(outcome="interviewed", channel="phone"), rules) == []
    assert _codes(Facts(outcome="nobody"), rules) == ["outcome_nobody"]


NUMBERS = st.none() | st.integers(1, 5000)
ASKED = st.builds(
    Asked,
    counts=st.booleans(),
    photos=st.none() | st.integers(1, 6),
    accuracy_m=NUMBERS,
    distance_m=NUMBERS,
    dwell_minutes=NUMBERS,
    person=st.booleans(),
    file_percent=st.none() | st.integers(1, 100),
    partner=st.booleans(),
)
RULES = st.builds(
    Rules,
    channels=st.fixed_dictionaries(
        {"site": ASKED.map(lambda asked: replace(asked, counts=True)), "video": ASKED, "phone": ASKED}
    ),
    outcomes=st.frozensets(st.sampled_from(OUTCOMES), min_size=1),
    roles=st.frozensets(st.sampled_from(ROLES), min_size=1),
    age=st.none() | st.integers(1, 60),
)
FIGURE = st.none() | st.floats(0, 10_000)
FACTS = st.builds(
    Facts,
    outcome=st.sampled_from((*OUTCOMES, "nobody", "moved")),
    channel=st.sampled_from(("site", "video", "phone")),
    entry=st.sampled_from(("page", "paper", "api", "file")),
    is_household=st.booleans(),
    photos=st.integers(0, 6),
    accuracy_m=FIGURE,
    distance_m=FIGURE,
    dwell_minutes=st.none() | st.integers(0, 1440),
    has_person=st.booleans(),
    age=st.none() | st.integers(0, 100),
    role=st.sampled_from(("", *ROLES)),
    has_partner=st.booleans(),
    file_percent=st.none() | st.integers(0, 100),
)
OFF = Asked()


@given(facts=FACTS, rules=RULES)
def test_effective_and_reasons_exclude_each_other_and_every_reason_has_words(facts: Facts, rules: Rules) -> None:
    verdict = judge(facts, rules)

    assert verdict.effective is not bool(verdict.reasons)
    for reason in verdict.reasons:
        for language in ("zh", "en"):
            assert "{" not in reason.sentence(language)
        assert effective.Reason(**reason.kept()) == reason


@given(facts=FACTS, rules=RULES)
def test_nobody_met_is_never_effective_and_with_everything_off_all_others_are(facts: Facts, rules: Rules) -> None:
    off = Rules(
        channels=dict.fromkeys(rules.channels, OFF), outcomes=frozenset(OUTCOMES), roles=rules.roles, age=rules.age
    )

    assert judge(facts, off).effective is (facts.outcome not in ("nobody", "moved"))


@given(
    facts=FACTS, rules=RULES, name=st.sampled_from(("accuracy_m", "distance_m", "dwell_minutes", "age", "file_percent"))
)
def test_not_knowing_never_makes_it_worse(facts: Facts, rules: Rules, name: str) -> None:
    less = replace(facts, **{name: None})

    assert set(judge(less, rules).reasons) <= set(judge(facts, rules).reasons)


@given(facts=FACTS, rules=RULES, channel=st.sampled_from(("site", "video", "phone")))
def test_switching_an_indicator_off_never_makes_it_worse(facts: Facts, rules: Rules, channel: str) -> None:
    looser = replace(rules, channels={**rules.channels, channel: OFF})

    assert judge(facts, looser).effective >= judge(facts, rules).effective


@given(rules=RULES, is_household=st.booleans())
def test_everything_the_page_asks_for_has_words(rules: Rules, is_household: bool) -> None:
    for need in needs(rules, is_household=is_household):
        assert need.code in NEEDS
        assert "{" not in need.zh + need.en


def test_both_languages_say_something_else() -> None:
    for zh, en in (*SENTENCES.values(), *NEEDS.values()):
        assert zh
        assert en
        assert en.isascii()


# --- Where a fix lies ------------------------------------------------------------------------------------------------

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[120.0, 37.0], [120.1, 37.0], [120.1, 37.1], [120.0, 37.1], [120.0, 37.0]]],
}


def test_distance_is_taken_from_the_known_place_before_the_limit() -> None:
    assert distance((37.05, 120.05), 0, (37.05, 120.06), SQUARE) == pytest.approx(887, abs=2)
    assert distance((37.05, 120.05), 900, (37.05, 120.06), SQUARE) == 0


def test_within_the_limit_is_no_distance_and_outside_it_is_that_to_the_line() -> None:
    assert distance((37.05, 120.05), 0, None, SQUARE) == 0
    assert distance((37.05, 120.11), 0, None, SQUARE) == pytest.approx(887, abs=2)
    assert distance((37.11, 120.05), 100, None, {"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"]]}) == (
        pytest.approx(1012, abs=2)
    )


@pytest.mark.parametrize(("fix", "place", "limit"), [(None, (37.0, 120.0), SQUARE), ((37.0, 120.0), None, None)])
def test_what_is_not_known_has_no_distance(fix: Any, place: Any, limit: Any) -> None:
    assert distance(fix, 10, place, limit) is None


@given(
    latitude=st.floats(30, 45), longitude=st.floats(100, 130), north=st.floats(-0.2, 0.2), east=st.floats(-0.2, 0.2),
    error=st.floats(0, 20_000),
)  # fmt: skip
def test_a_poorer_fix_is_never_further_away(
    latitude: float, longitude: float, north: float, east: float, error: float
) -> None:
    fix, place = (latitude + north, longitude + east), (latitude, longitude)
    sure = distance(fix, 0, place, None)

    assert sure is not None
    assert distance(fix, error, place, None) == max(0.0, sure - error)
