"""The other published schemes: S2 whole, S9, S10 and S16 as far as they are known (Domain, 4.2 and 4.5)."""

import json
from pathlib import Path

import pytest

from config.lib.money import wan
from credit.domain.model import BoundModel, ParameterError, Status, evaluate, read_model

CREDIT = Path(__file__).parents[2] / "credit"
SCHEMES = {path.stem: read_model(path.read_text(encoding="utf-8")) for path in (CREDIT / "schemes").glob("*.json")}
S2, S9 = SCHEMES["s2_ningyuan_lanshan"], SCHEMES["s9_five_elements"]
S10, S16 = SCHEMES["s10_four_levels"], SCHEMES["s16_five_levels"]


def test_only_whole_schemes_are_shipped_as_released():
    shipped = json.loads((CREDIT / "parameters" / "credit_models.json").read_text(encoding="utf-8"))
    released = {Path(entry["file"]).stem for entry in shipped}
    assert released == {stem for stem, model in SCHEMES.items() if model.is_complete}
    assert {SCHEMES[stem].code for stem in SCHEMES if stem not in released} == {"S9", "S10", "S16"}
    for stem, model in SCHEMES.items():
        assert model.warnings == (), stem


# --- S2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "points"),
    [
        ({"house_condition": "good", "vehicle": True, "gross_income": wan(8)}, 6),  # 3 + 1 + 2
        (
            {"house_condition": "good", "town_house": True, "vehicle": True, "businesses": 1, "gross_income": wan(20)},
            10,
        ),
        ({"house_condition": "fair", "gross_income": wan("0.99")}, 2),
        ({"gross_income": wan(1)}, 1),
        ({"gross_income": wan("4.99")}, 1),
        ({"gross_income": wan(5)}, 2),
        ({"gross_income": wan(10)}, 3),
        ({"gross_income": wan(15)}, 3),
        ({"gross_income": "150000.01"}, 4),
        ({"gross_income": 0}, 0),
    ],
)
def test_s2(facts, points):
    result = evaluate(S2, facts)
    assert (result.values["points"], result.line) == (points, wan(points))


def test_s2_asks_for_the_income():
    assert evaluate(S2, {"vehicle": True}).reasons[0].code == "no_income"


# --- S9 -----------------------------------------------------------------------------------------------------------

AMOUNTS = {"line_aaa": 100_000, "line_aa": 60_000, "line_a": 30_000}  # invented for the trial
FULL = {"character": 30, "capacity": 25, "capital": 30, "collateral": 10, "conditions": 5, "village_grade": "AAA"}


def test_an_incomplete_scheme_cannot_run_without_what_is_unknown():
    assert {part.of for part in S9.unknown} >= {"line_aaa", "character"}
    with pytest.raises(ParameterError):
        BoundModel(S9)


@pytest.mark.parametrize(
    ("facts", "grade", "line"),
    [
        ({}, "AAA", 100_000),
        ({"character": 15}, "AAA", 100_000),  # exactly 85
        ({"character": "14.99"}, "AA", 60_000),
        ({"character": 5}, "AA", 60_000),  # exactly 75
        ({"character": "4.99"}, "A", 30_000),
        ({"character": 0, "capacity": 15}, "A", 30_000),  # exactly 60
        ({"character": 0, "capacity": "14.99"}, "B", 0),
        ({"village_grade": "A"}, "A", 30_000),  # the village's grade holds
        ({"character": 5, "village_grade": "AAA"}, "AA", 60_000),  # and never lifts
        ({"village_grade": "B"}, "B", 0),
        ({"on_black_list": True}, "AAA", 0),
        ({"was_written_off": True}, "AAA", 0),
    ],
)
def test_s9(facts, grade, line):
    result = evaluate(S9, {**FULL, **facts}, AMOUNTS)
    assert (result.grade, result.line) == (grade, line)
    assert (result.status is Status.REFUSED) == (line == 0)


# --- S10 and S16 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "line"), [("top", 6), ("excellent", 3), ("good", 2), ("fair", 1)])
def test_s10(level, line):
    assert evaluate(S10, {"level": level}).line == wan(line)


@pytest.mark.parametrize(
    ("marks", "full", "grade"),
    [
        (95, True, "excellent"), (90, True, "excellent"), ("89.99", True, "good"), (80, True, "good"),
        (79, True, "fair"), (70, False, "fair"), (60, True, "poor"), ("59.99", True, "default"),
        (95, False, "fair"), (85, False, "fair"),
    ],
)  # fmt: skip
def test_s16(marks, full, grade):
    amounts = {"line_excellent": 50_000, "line_good": 40_000, "line_fair": 30_000, "line_poor": 10_000}
    facts = {"marks": marks, "principal_full": True, "interest_full": full}
    result = evaluate(S16, facts, amounts)
    assert (result.grade, result.line) == (grade, amounts.get(f"line_{grade}", 0))
    refused = evaluate(S16, {**facts, "other_borrowers": 1, "forbidden": ["vices", "trade"]}, amounts)
    assert [reason.code for reason in refused.reasons if reason.code != "in_default"] == [
        "second_loan", "forbidden_vices", "forbidden_trade",
    ]  # fmt: skip
