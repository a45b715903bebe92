"""Points by a form: the sum, the amount by the table, and how an opinion carries them."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.merging import merge
from credit.domain.opinions import Opinion, OpinionError
from credit.domain.rules import RoundRules
from credit.domain.scored import with_scores
from credit.domain.scores import ScoreBand, ScoreError, ScoreForm, ScoreItem
from credit.domain.sensitive import sensitive_words
from credit.sealing import DRAFT_BYTES

PARAMETERS = Path("credit/parameters")


def shipped(name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((PARAMETERS / f"{name}.json").read_text("utf-8"))
    return found


FORM = ScoreForm.from_document(shipped("score_form"))
RULES = RoundRules.from_releases(shipped("round_rules"), shipped("refuse_reasons"), shipped("score_form"))  # type: ignore[arg-type]
FULL = "".join(str(item.full) for item in FORM.items)
POINTS = st.tuples(*(st.integers(0, item.full) for item in FORM.items)).map(lambda given: "".join(map(str, given)))


def test_the_shipped_form_has_25_items_and_100_points() -> None:
    assert (len(FORM.items), FORM.full, FORM.total(FULL)) == (25, 100, 100)
    assert not any(sensitive_words(f"{item.zh} {item.en}") for item in FORM.items)
    assert not any(sensitive_words(f"{reason.zh} {reason.en}") for reason in RULES.reasons)


@given(POINTS)
def test_the_amount_is_that_of_the_band(points: str) -> None:
    total = FORM.total(points)
    below = [band.amount for band in FORM.bands if band.least <= total]
    assert FORM.amount_for(points) == (max(below) if below else None)


@given(POINTS)
def test_an_opinion_by_points_is_kept_whole_and_small(points: str) -> None:
    if FORM.total(points) < FORM.least:
        with pytest.raises(OpinionError, match="amount_missing"):
            Opinion.scored(points, FORM)
        return
    opinion = Opinion.scored(points, FORM)
    opinion.check_against(reason_codes=RULES.reason_codes, limit=RULES.largest, score_form=RULES.score)
    document = opinion.as_document()
    assert Opinion.from_document(document) == opinion
    assert len(json.dumps(document)) < DRAFT_BYTES


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"kind": "amount", "amount": "90000", "s": FULL}, "score_differs"),
        ({"kind": "amount", "amount": "100000", "s": FULL[:-1]}, "score_not_allowed"),
        ({"kind": "amount", "amount": "100000", "s": "9" * 25}, "score_not_allowed"),
        ({"kind": "unknown", "s": FULL}, "score_not_allowed"),
        ({"kind": "amount", "amount": "100000", "s": "x"}, "score_not_allowed"),
        ({"kind": "amount", "amount": "100000", "s": 5}, "score_not_allowed"),
    ],
)
def test_points_that_do_not_fit_are_refused(document: dict[str, object], code: str) -> None:
    with pytest.raises(OpinionError) as refused:
        Opinion.from_document(document).check_against(
            reason_codes=RULES.reason_codes, limit=RULES.largest, score_form=RULES.score
        )
    assert refused.value.code == code


def test_a_round_without_a_form_takes_no_points() -> None:
    with pytest.raises(OpinionError):
        Opinion.scored(FULL, FORM).check_against(reason_codes=RULES.reason_codes)


def test_older_settings_still_read() -> None:
    rules = RoundRules.from_releases(shipped("round_rules"), shipped("refuse_reasons"))  # type: ignore[arg-type]
    assert rules.score is None
    assert "score" not in rules.as_document()
    assert RoundRules.from_document(rules.as_document()) == rules
    assert RoundRules.from_document(RULES.as_document()) == RULES
    off = {**shipped("score_form"), "offered": False}
    assert RoundRules.from_releases(shipped("round_rules"), shipped("refuse_reasons"), off).score is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("items", "bands"),
    [
        ([], [(1, 1)]),
        ([3, 3], []),
        ([3, 10], [(1, 1)]),
        ([3, 3], [(7, 1)]),
        ([3, 3], [(2, 1), (2, 5)]),
        ([3, 3], [(2, 5), (3, 1)]),
        ([3, 3], [(2, 0)]),
    ],
)
def test_a_form_that_cannot_stand_is_refused(items: list[int], bands: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match=r"form|points|amounts|item"):
        ScoreForm(
            tuple(ScoreItem(f"i{place}", "项", "item", full) for place, full in enumerate(items)),
            tuple(ScoreBand(least, Decimal(amount)) for least, amount in bands),
        )


def test_points_must_be_whole() -> None:
    for points in ("", "12", "²" * 25, "-" * 25):
        with pytest.raises(ScoreError):
            FORM.total(points)


@given(st.lists(POINTS, min_size=0, max_size=5), st.integers(0, 3))
def test_the_merge_knows_the_amount_alone_and_the_trace_tells_the_points(given_points: list[str], plain: int) -> None:
    scored = [Opinion.scored(points, FORM) for points in given_points if FORM.amount_for(points) is not None]
    opinions = [*scored, *[Opinion.suggest(30_000)] * plain]
    bare = [Opinion.suggest(one.amount or 0) for one in opinions]
    assert merge(opinions) == merge(bare)
    document = merge(opinions).as_document()
    text = json.dumps(document, separators=(",", ":"))
    told = json.loads(with_scores(text, opinions))
    if not scored:
        assert told == document
        return
    step = told["trace"].pop(1)
    assert told == document
    assert step["code"] == "scores_turned"
    assert step["values"]["count"] == str(len(scored))
    assert step["values"]["scores"] == ", ".join(
        str(total) for total in sorted(FORM.total(one.score) for one in scored)
    )
