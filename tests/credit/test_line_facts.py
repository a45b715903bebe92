"""From a checked file to the facts of a model, and from two explanations to what changed."""

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from credit.domain.changes import compare
from credit.domain.facts import Frozen, beside, facts_for, unsourced
from credit.domain.model import BoundModel, explain, read_model
from credit.domain.model.batch import MISSING
from credit.domain.packing import fingerprints, salt
from customers.domain import economics
from customers.domain.facts import CATALOGUE, breaches_of

SCHEMES = Path(__file__).parents[2] / "credit" / "schemes"
S1 = read_model(json.loads((SCHEMES / "s1_hunan.json").read_text("utf-8")))
S6 = read_model(json.loads((SCHEMES / "s6_grade_asset_income.json").read_text("utf-8")))
BASES = {
    "base_assets": "200000.00",
    "base_net_assets": "150000.00",
    "base_realisable": "80000.00",
    "base_income": "40000.00",
}
DOCUMENT = {
    "version": 1,
    "members": [{"labour": "able"}, {"labour": "partial"}, {"labour": "unable"}, {}],
    "assets": [{"kind": "house", "current": "150000.00", "disposable": "60000.00"}, {"kind": "deposit", "current": "0.50"}],
    "liabilities": [{"kind": "private", "outstanding": "30000.00"}],
    "income": [
        {"kind": "planting", "gross": "40000.00", "cost": "18000.00"},
        {"kind": "labour", "gross": "30000.00"},
    ],
    "performance": {"status": "normal", "breaches": []},
    "judgement": "good",
    "grade": "AA",
    "shares_held": "5000.00",
}  # fmt: skip


def a_file(finding="", **changes):
    document = {name: value for name, value in {**DOCUMENT, **changes}.items() if value is not None}
    totals = economics.totals(document)
    values = {name: fact.read(document, totals) for name, fact in CATALOGUE.items()}
    return Frozen(values, breaches=breaches_of(document), finding=finding)


def test_facts_of_s1():
    assert facts_for(S1, a_file()) == {
        "persons": 4,
        "labour": 2,
        "total_assets": "150000.50",
        "net_assets": "120000.50",
        "realisable_assets": "60000.00",
        "shares": "5000.00",
        "net_income": "52000.00",
        "record": "normal",
        "breaches": None,
        "judgement": "good",
        "finding": None,
    }


def test_facts_of_s6_take_the_grade_and_the_gross_of_what_the_household_runs():
    assert facts_for(S6, a_file()) == {"grade": "AA", "total_assets": "150000.50", "operating_income": "40000.00"}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"members": []}, {"persons", "labour"}),
        ({"members": [{}, {}]}, {"labour"}),
        ({"assets": []}, {"total_assets", "net_assets", "realisable_assets"}),
        ({"assets": [{"current": "9.00"}]}, {"realisable_assets"}),
        ({"income": None}, {"net_income"}),
        ({"performance": None}, {"record"}),
        ({"judgement": None}, {"judgement"}),
        ({"shares_held": None}, {"shares"}),
    ],
)
def test_what_the_file_does_not_say_is_missing_not_zero(changes, missing):
    found = facts_for(S1, a_file(**changes))

    assert {name for name, value in found.items() if value is None} == missing | {"breaches", "finding"}


def test_no_income_from_an_own_business_is_zero_once_income_is_listed():
    assert facts_for(S6, a_file(income=[{"kind": "wage", "gross": "1.00"}]))["operating_income"] == "0.00"


def test_debts_above_assets_make_net_assets_negative():
    assert facts_for(S1, a_file(liabilities=[{"outstanding": "150001.00"}]))["net_assets"] == "-0.50"


def test_breaches_speak_the_words_of_the_model_and_are_evaluated():
    breach = {"what": "both", "days_overdue": 120, "repaid": "unpaid", "measure": "judicial", "note": ""}
    found = facts_for(S1, a_file(performance={"status": "breached", "breaches": [breach]}))

    assert found["record"] == "breach"
    assert found["breaches"] == [
        {"days_overdue": 120, "settled": "unsettled", "measure": "judicial", "subject": "both"}
    ]
    # -6 x 2 x 1.1 x 3 x 1.3 = -51.48, ten points to begin with
    assert BoundModel(S1, BASES).evaluate(found).values["record_points"] == Decimal("-41.48")


def test_a_finding_of_the_lists_lowers_the_grade():
    found = facts_for(S1, a_file("gambling_drugs"))

    assert found["finding"] == "gambling_drugs"
    bound = BoundModel(S1, BASES)
    assert bound.evaluate(facts_for(S1, a_file())).grade == "level2"
    assert bound.evaluate(found).grade == "level3"


def test_facts_are_plain_json_and_the_evaluator_takes_them_back():
    found = facts_for(S1, a_file())

    again = json.loads(json.dumps(found))

    bound = BoundModel(S1, BASES)
    assert bound.evaluate(again).values == bound.evaluate(found).values


def test_the_line_shown_beside_is_the_one_the_model_does_not_use():
    assert beside(S1) == "total_line"
    assert beside(S6) == ""


def test_shipped_models_ask_for_nothing_a_file_cannot_give():
    assert unsourced(S1) == []
    assert unsourced(S6) == []


def test_the_fingerprint_changes_with_everything_a_result_depends_on():
    base = {"file": b"1" * 16, "beside": [3, MISSING], "words": ("model", "parameters")}

    def fingerprint(**changes):
        whole = {**base, **changes}
        lanes = np.frombuffer(whole["file"], dtype=np.uint64).reshape(1, 2)
        beside = [np.array([number], dtype=np.int64) for number in whole["beside"]]
        return fingerprints(lanes, beside, salt(*whole["words"])).tobytes()

    others = [
        fingerprint(file=b"1" * 15 + b"2"),
        fingerprint(beside=[4, MISSING]),
        fingerprint(beside=[MISSING, 3]),
        fingerprint(beside=[3, 0]),
        fingerprint(words=("model", "other")),
        fingerprint(words=("other", "parameters")),
    ]
    assert len({fingerprint(), *others}) == 7
    assert fingerprint() == fingerprint(beside=[3, MISSING])


# --- What changed since last time -----------------------------------------------------------------------------------


def explained(model=S1, bases=None, **changes):
    return explain(model, facts_for(model, a_file(**changes)), bases or (BASES if model is S1 else None))


def test_a_higher_line_names_the_parts_and_facts_that_moved():
    found = compare(explained(), explained(shares_held="9000.00", members=[{"labour": "able"}] * 3))

    assert found.direction == "up"
    assert found.change == sum(part.change for part in found.parts)
    # Better labour share lifts the score, not the grade: only shares and hands move the line.
    assert [(part.label.zh, part.change) for part in found.parts] == [
        ("劳动力部分", Decimal("1000.00")),
        ("股金部分", Decimal("800.00")),
    ]
    assert {entry.label.zh for entry in found.facts} == {"家庭人口", "劳动力人数", "信用社股金"}
    assert found.parameters == ()


def test_a_lower_line_after_new_county_bases():
    found = compare(explained(), explained(bases={**BASES, "base_income": "30000.00"}))

    assert found.direction == "down"
    assert [(entry.label.zh, entry.before, entry.after) for entry in found.parameters] == [
        ("纯收入基数", Decimal("40000.00"), Decimal("30000.00"))
    ]


def test_a_choice_is_told_by_its_label():
    found = compare(explained(), explained(judgement="excellent"))

    assert [(entry.before.zh, entry.after.zh) for entry in found.facts] == [("较好", "优秀")]


def test_nothing_to_compare_when_one_of_them_has_no_line():
    found = compare(explained(), explained(judgement=None))

    assert (found.direction, found.change, found.parts) == ("none", None, ())


def test_another_model_is_said_and_its_parts_are_not_compared():
    found = compare(explained(), explained(model=S6))

    assert found.is_other_model
    assert found.parts == ()
    assert found.direction == "up"
