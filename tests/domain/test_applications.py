"""The way of an application as a state machine, and what an investigation looks into."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from credit.domain.applications import (
    ENDED,
    OPEN,
    OWNERS,
    ApplicationRules,
    Check,
    Found,
    Mode,
    Move,
    NotAMoveError,
    Stage,
    after,
    check_words,
    checks,
    moves_at,
    offered,
)
from credit.domain.model.document import EntryModes
from customers.domain.facts import age_on

DOCUMENT = json.loads((Path(__file__).parents[2] / "credit" / "parameters" / "applications.json").read_text("utf-8"))[
    0
]["document"]
RULES = ApplicationRules.from_document(DOCUMENT)
TODAY = date(2026, 11, 22)
GOOD = Found(
    file_checked_on=TODAY, visited_on=TODAY, is_blocked=False, has_borrower=True, born_on=date(1980, 5, 1), sex="M",
    consents=True, model="line",
)  # fmt: skip


class Way(RuleBasedStateMachine):
    """Any sequence of moves: nothing is granted that was not investigated, proposed and decided since, and an end is an end."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage.INVESTIGATION
        self.done: list[Move] = []

    @rule(move=st.sampled_from(Move))
    def take(self, move: Move) -> None:
        """A move that belongs to the stage leads on; any other changes nothing."""
        if move in moves_at(self.stage):
            self.stage = after(self.stage, move)
            self.done.append(move)
        else:
            with pytest.raises(NotAMoveError):
                after(self.stage, move)

    @precondition(lambda self: self.stage in OPEN)
    @rule()
    def an_open_one_can_be_taken_back(self) -> None:
        """The applicant may leave whenever he likes."""
        assert after(self.stage, Move.CANCEL) is Stage.CANCELLED

    @invariant()
    def granted_means_decided_on_the_last_proposal(self) -> None:
        """Before a grant: a proposal, and before it an investigation."""
        if self.stage is Stage.GRANTED:
            assert self.done[-1] is Move.APPROVE
            before = self.done[:-1]
            assert before[-1] in (Move.PROPOSE, Move.REFER)
            assert Move.INVESTIGATE in before[: before.index(Move.PROPOSE)]

    @invariant()
    def an_end_has_no_owner_and_an_open_stage_has_one(self) -> None:
        """Somebody is always responsible for what is open."""
        assert (self.stage in OWNERS) == (self.stage in OPEN)
        if self.stage in ENDED:
            assert moves_at(self.stage) == ((Move.WITHDRAW,) if self.stage is Stage.GRANTED else ())

    @invariant()
    def what_waits_for_the_approver_was_passed_on(self) -> None:
        """The approver sees what the branch referred, nothing past it."""
        if self.stage is Stage.APPROVAL:
            assert self.done[-1] is Move.REFER


TestWay = Way.TestCase


def _codes(found: Found, months: int = 24, received_on: date = TODAY) -> list[str]:
    points = checks(found, RULES, months=months, received_on=received_on, on=TODAY)
    return [point.code for point in points if not point.is_met]


def test_everything_met_is_everything_met() -> None:
    assert _codes(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"has_borrower": False}, "borrower"),
        ({"born_on": None}, "age"),
        ({"sex": ""}, "age"),
        ({"born_on": date(2008, 11, 23)}, "age"),
        ({"is_blocked": True}, "lists"),
        ({"consents": False}, "consent"),
        ({"file_checked_on": None}, "file"),
        ({"file_checked_on": date(2025, 11, 21)}, "file"),
        ({"visited_on": None}, "visit"),
        ({"visited_on": TODAY - timedelta(days=31)}, "visit"),
        ({"model": "incomplete"}, "model"),
        ({"model": "none"}, "model"),
    ],
)
def test_each_point_by_itself(changes: dict[str, Any], code: str) -> None:
    assert _codes(replace(GOOD, **changes)) == [code]


@pytest.mark.parametrize(
    ("changes", "months"),
    [
        ({"born_on": date(2008, 11, 22)}, 24),  # 18 today
        ({"file_checked_on": date(2025, 11, 22)}, 24),  # twelve calendar months ago to the day
        ({"visited_on": TODAY - timedelta(days=30)}, 24),
        ({"born_on": date(1961, 11, 22)}, 11),  # 65 only after the end
        ({"born_on": date(1959, 11, 23), "sex": "M"}, 11),
    ],
)
def test_the_edges_are_inside(changes: dict[str, Any], months: int) -> None:
    found = replace(GOOD, **changes)
    limit = age_on(found.born_on, TODAY) if found.born_on else 0
    assert _codes(found, months) == ([] if limit < 66 else ["age"])


def test_women_and_men_have_limits_of_their_own() -> None:
    born = date(1965, 1, 1)  # 61 today
    assert _codes(replace(GOOD, born_on=born, sex="M")) == []
    assert _codes(replace(GOOD, born_on=born, sex="F")) == ["age"]


@given(born=st.dates(date(1930, 1, 1), date(2015, 1, 1)), months=st.integers(1, 120), sex=st.sampled_from("MF"))
def test_a_longer_tenor_never_makes_anybody_fit(born: date, months: int, sex: str) -> None:
    found = replace(GOOD, born_on=born, sex=sex)
    if "age" in _codes(found, months):
        assert "age" in _codes(found, months + 12) or age_on(born, TODAY) < RULES.least_age


def test_a_bank_may_do_without_the_credit_query() -> None:
    rules = replace(RULES, credit_query=False)
    points = checks(replace(GOOD, consents=False), rules, months=12, received_on=TODAY, on=TODAY)
    assert all(point.is_met for point in points)


@given(
    found=st.builds(
        Found,
        file_checked_on=st.none() | st.dates(date(2020, 1, 1), TODAY),
        visited_on=st.none() | st.dates(date(2020, 1, 1), TODAY),
        is_blocked=st.booleans(),
        has_borrower=st.booleans(),
        born_on=st.none() | st.dates(date(1930, 1, 1), TODAY),
        sex=st.sampled_from(["", "M", "F"]),
        consents=st.booleans(),
        model=st.sampled_from(["line", "incomplete", "none"]),
    )
)
def test_every_point_can_be_said_in_both_languages(found: Found) -> None:
    for point in checks(found, RULES, months=24, received_on=TODAY, on=TODAY):
        assert all(check_words(point, language) for language in ("zh-hans", "en"))
        kept = Check(point.code, True, {"code": point.code, **point.values})
        assert check_words(kept)


# --- Ways in --------------------------------------------------------------------------------------------------------------

CODES = ("offline", "model", "small")


@given(
    caps=st.dictionaries(st.sampled_from((*CODES, "other")), st.integers(0, 400_000), min_size=1),
    named=st.sampled_from(("figure", "parameter", "plain")),
)
def test_the_ways_offered_are_known_to_rules_and_model_with_the_smaller_cap(caps: dict[str, int], named: str) -> None:
    rules = tuple(
        Mode(code, code, code, Decimal(cap), 12) for code, cap in zip(CODES, (300_000, 200_000, 50_000), strict=True)
    )
    assert offered(rules, None, {}) == rules
    said = {code: str(cap) if named == "plain" else f"cap_{code}" for code, cap in caps.items()}
    released = {f"cap_{code}": Decimal(cap) for code, cap in caps.items()} if named == "parameter" else {}

    found = offered(rules, EntryModes("way", said), released)

    assert [mode.code for mode in found] == [code for code in CODES if code in caps]
    for mode, before in [(mode, one) for mode in found for one in rules if one.code == mode.code]:
        bound = before.product_cap if named == "figure" else min(before.product_cap, Decimal(caps[mode.code]))
        assert mode.product_cap == bound
