"""The order of a day's visits, the words for it, and what was done of a plan."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.domain import dayplan
from customers.domain.catalogue import INCOME_SOURCES
from customers.domain.contacts import ANY_DAY, Rest
from customers.domain.dayplan import PLAIN, Call, Candidate, Done, Here, Reason, Stop, Weights

ON = date(2026, 11, 23)
SHIPPED = Weights.read(
    next(
        one["document"]
        for one in json.loads(Path("customers/parameters/customers.json").read_text("utf-8"))
        if one["kind"] == "day_plan"
    )
)
POINTS = st.integers(0, 100)
WEIGHTS = st.builds(
    Weights,
    **dict.fromkeys(
        ("agreed", "soon", "late_day", "late_most", "returned", "need", "near", "group", "village", "unseen_month", "unseen_most", "never"),
        POINTS,
    ),
    soon_days=st.integers(1, 30),
    near_metres=st.integers(100, 50_000),
    industries=st.dictionaries(st.sampled_from(sorted(dayplan.INDUSTRIES)), POINTS),
    grades=st.dictionaries(st.sampled_from(["AAA", "AA", "A"]), POINTS),
)  # fmt: skip
DAYS = st.none() | st.integers(-400, 400).map(lambda days: ON + timedelta(days=days))
CANDIDATES = st.builds(
    Candidate,
    subject_id=st.integers(1, 10_000),
    grid_id=st.integers(1, 4),
    group=st.sampled_from(["", "1组", "2组"]),
    latitude=st.none() | st.floats(37.2, 37.4),
    longitude=st.none() | st.floats(120.3, 120.5),
    agreed_on=DAYS,
    is_returned=st.booleans(),
    has_need=st.booleans(),
    industries=st.frozensets(st.sampled_from(sorted(dayplan.INDUSTRIES)), max_size=3),
    grade=st.sampled_from(["", "AAA", "AA", "A"]),
    last_on=DAYS,
    is_new=st.booleans(),
    order=st.sampled_from(["a", "b"]),
    rest=st.sampled_from([ANY_DAY, Rest(due=ON, way="phone"), Rest(until=ON + timedelta(days=1))]),
)
MANY = st.lists(CANDIDATES, max_size=12, unique_by=lambda one: one.subject_id)
HERE = st.none() | st.builds(Here, st.floats(37.2, 37.4), st.floats(120.3, 120.5))


@given(MANY, WEIGHTS, HERE, st.randoms(use_true_random=False))
def test_the_order_is_total_and_does_not_hang_on_how_they_came(many, weights, here, random) -> None:  # type: ignore[no-untyped-def]
    found = dayplan.ordered(many, weights, on=ON, here=here, planned=[(1, "1组")])
    shuffled = random.sample(many, len(many))

    assert dayplan.ordered(shuffled, weights, on=ON, here=here, planned=[(1, "1组")]) == found
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert {one.candidate.subject_id for one in found} <= {one.subject_id for one in many}
    places = frozenset({(1, "1组")})
    assert found == [dayplan.score(one.candidate, weights, on=ON, here=here, planned=places) for one in found]


@given(CANDIDATES, WEIGHTS, HERE)
def test_points_are_those_of_the_reasons_and_every_reason_can_be_said(candidate, weights, here) -> None:  # type: ignore[no-untyped-def]
    found = dayplan.score(candidate, weights, on=ON, here=here)

    assert found.score == sum(reason.points for reason in found.reasons)
    for reason in found.reasons:
        assert reason.points > 0
        assert "{" not in reason.sentence("zh-hans") + reason.sentence("en")
        assert Reason.kept(json.loads(json.dumps(reason.stored()))) == reason


@given(CANDIDATES, WEIGHTS, HERE)
def test_a_fact_that_speaks_for_a_place_never_puts_it_back(candidate, weights, here) -> None:  # type: ignore[no-untyped-def]
    before = dayplan.score(candidate, weights, on=ON, here=here).score
    for better in ({"is_returned": True}, {"has_need": True}, {"is_new": True}):
        assert dayplan.score(candidate._replace(**better), weights, on=ON, here=here).score >= before


@given(WEIGHTS, st.floats(0, 0.05), st.floats(0, 0.05))
def test_who_is_nearer_is_not_behind(weights, one, other) -> None:  # type: ignore[no-untyped-def]
    near, far = sorted((one, other))
    here = Here(37.3, 120.4)
    scores = [
        dayplan.score(
            Candidate(subject_id=1, grid_id=1, latitude=37.3 + away, longitude=120.4), weights, on=ON, here=here
        ).score
        for away in (near, far)
    ]
    assert scores[0] >= scores[1]


def test_agreed_and_returned_come_before_needs_and_the_never_visited() -> None:
    late = Candidate(subject_id=1, grid_id=1, agreed_on=ON - timedelta(days=2), last_on=ON - timedelta(days=9))
    returned = Candidate(subject_id=2, grid_id=1, is_returned=True, last_on=ON - timedelta(days=9))
    needy = Candidate(
        subject_id=3, grid_id=1, has_need=True, industries=frozenset({"commerce", "planting"}), grade="AAA"
    )
    fresh = Candidate(subject_id=4, grid_id=1, is_new=True)
    nothing = Candidate(subject_id=5, grid_id=1, last_on=ON - timedelta(days=3))

    found = dayplan.ordered([nothing, fresh, needy, returned, late], SHIPPED, on=ON)
    assert [(one.candidate.subject_id, one.score) for one in found] == [(1, 64), (3, 60), (2, 55), (4, 12)]
    assert [reason.sentence("zh-hans") for reason in found[0].reasons] == ["约定 11-21 走访，已过 2 天"]
    assert [reason.sentence("en") for reason in found[1].reasons] == [
        "said what is needed on the last visit",
        "rated AAA",
        "trading",
    ]
    ahead = dayplan.ahead_by(found[0], found[1])
    assert ahead is not None
    assert ahead.code == "late"
    assert dayplan.ahead_by(found[0], found[0]) is None


def test_near_counts_by_distance_and_the_group_where_nothing_is_known_of_it() -> None:
    here = Here(37.3, 120.4)
    at_hand = Candidate(subject_id=1, grid_id=1, group="1组", latitude=37.3, longitude=120.4)
    a_mile_off = at_hand._replace(latitude=37.309)
    unknown = Candidate(subject_id=2, grid_id=1, group="1组")
    planned = frozenset({(1, "1组")})

    assert dayplan.score(at_hand, SHIPPED, on=ON, here=here).reasons == (Reason("near", 25, count=0),)
    assert dayplan.score(a_mile_off, SHIPPED, on=ON, here=here).reasons == (Reason("near", 12, count=1000),)
    assert dayplan.score(unknown, SHIPPED, on=ON, here=here, planned=planned).reasons == (Reason("group", 18),)
    assert dayplan.score(unknown._replace(group="3组"), SHIPPED, on=ON, planned=planned).reasons == (
        Reason("village", 8),
    )


def test_without_a_release_agreed_dates_come_first_then_the_never_visited() -> None:
    many = [
        Candidate(subject_id=1, grid_id=1, is_new=True, order="a"),
        Candidate(subject_id=2, grid_id=1, agreed_on=ON + timedelta(days=7), is_returned=True),
        Candidate(subject_id=3, grid_id=1, agreed_on=ON - timedelta(days=1)),
        Candidate(subject_id=4, grid_id=1, grade="AAA"),
    ]
    assert [one.candidate.subject_id for one in dayplan.ordered(many, PLAIN, on=ON)] == [3, 2, 1]


# --- What was done of it --------------------------------------------------------------------------------------------


def _call(subject: int, grid: int = 1, *, counts: bool = True, on: date = ON) -> Call:
    return Call(on=on, subject_id=subject, grid_id=grid, counts=counts)


def test_a_line_is_done_by_a_visit_that_counts_on_its_day() -> None:
    stops = [Stop(key=key, on=ON, grid_id=1, subject_id=key) for key in (1, 2, 3, 4)]
    calls = [_call(1), _call(2, counts=False), _call(3, on=ON - timedelta(days=1)), _call(4, counts=False), _call(4)]

    done = dayplan.settle(stops, calls)
    assert done == {1: Done(1, 1, 0), 2: Done(1, 0, 1), 3: Done(1, 0, 0), 4: Done(1, 1, 0)}
    assert [done[key].is_done for key in (1, 2, 3, 4)] == [True, False, False, True]


def test_a_village_counts_the_places_met_there_that_are_not_planned_by_themselves() -> None:
    stops = [Stop(key=1, on=ON, grid_id=1, wanted=3), Stop(key=2, on=ON, grid_id=1, subject_id=7)]
    calls = [_call(7), _call(8), _call(8), _call(9, counts=False), _call(10, grid=2)]

    assert dayplan.settle(stops, calls) == {1: Done(3, 1, 1), 2: Done(1, 1, 0)}


@given(
    st.lists(st.builds(_call, st.integers(1, 6), st.integers(1, 2), counts=st.booleans()), max_size=20),
    st.integers(1, 9),
)
def test_no_visit_is_counted_twice(calls: list[Call], wanted: int) -> None:
    stops = [
        Stop(key=1, on=ON, grid_id=1, wanted=wanted),
        Stop(key=2, on=ON, grid_id=2, wanted=wanted),
        *(Stop(key=2 + subject, on=ON, grid_id=1, subject_id=subject) for subject in (1, 2)),
    ]
    made = sum(one.made for one in dayplan.settle(stops, calls).values())
    assert made <= len({call.subject_id for call in calls if call.counts})


@pytest.mark.parametrize("code", sorted(dayplan.INDUSTRIES))
def test_industries_are_codes_that_files_and_registers_use(code: str) -> None:
    kinds = {"licensed", "unlicensed", "farm", "coop", "leading", "institution", "enterprise"}
    assert code in INCOME_SOURCES or code in kinds
