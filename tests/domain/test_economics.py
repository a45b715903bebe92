"""The profile document: what is refused, what is asked, what the totals are (Semantics, section 3)."""

import copy
import inspect
import json
import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.domain import catalogue, diff, words
from customers.domain.economics import Problem, canonical, digest, totals
from customers.domain.form import incomplete, read, reading
from tests.forms import FARM

TODAY = date(2026, 11, 21)

SOUND = {
    "version": 1,
    "borrower": "17",
    "shares_held": "5000.00",
    "judgement": "good",
    "grade": "AA",
    "members": [
        {"person": "17", "relation": "head", "labour": "able", "occupation": "farming", "away": False},
        {"person": "18", "relation": "spouse", "labour": "partial", "occupation": "at_home", "away": False},
        {"person": "19", "relation": "son", "away": True},
    ],
    "assets": [
        {
            "kind": "house",
            "note": "三间",
            "quantity": "1",
            "original": "150000.00",
            "current": "200000.00",
            "disposable": "80000.00",
        },
        {"kind": "deposit", "note": "", "current": "30000.50", "disposable": "30000.50"},
    ],
    "liabilities": [
        {"kind": "own_bank", "note": "", "original": "50000.00", "outstanding": "20000.00", "due_on": "2027-05-31"},
        {"kind": "private", "note": "", "outstanding": "10000.00"},
    ],
    "guarantees": [{"note": "为兄弟担保", "amount": "30000.00"}],
    "income": [
        {"kind": "planting", "note": "苹果", "gross": "60000.00", "cost": "20000.00"},
        {"kind": "labour", "note": "", "gross": "40000.00"},
    ],
    "expenses": [
        {"kind": "living", "note": "", "amount": "24000.00"},
        {"kind": "medical", "note": "", "amount": "3000.25"},
    ],
    "performance": {"status": "normal", "breaches": []},
    "migrants": [],
    "needs": [{"kind": "production_loan", "note": "买苗", "amount": "50000.00", "wanted_on": "2027-03-01"}],
}


def changed(**changes):
    """The sound document with values set at dotted paths, written with double underscores."""
    document = copy.deepcopy(SOUND)
    for path, value in changes.items():
        *steps, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        place = document
        for step in steps:
            place = place[step]
        place[last] = value
    return document


def found(document, **options):
    return [(one.path, one.code, one.level) for one in read(FARM, document, today=TODAY, **options)[1]]


def test_sound_document_is_its_own_canonical_form():
    clean, problems = read(FARM, SOUND, today=TODAY)

    assert problems == []
    assert clean == SOUND
    assert read(FARM, json.loads(canonical(clean)), today=TODAY) == (clean, [])


def test_totals():
    summed = totals(SOUND)

    assert summed.assets == Decimal("230000.50")
    assert summed.disposable == Decimal("110000.50")
    assert summed.liabilities == Decimal("30000.00")
    assert summed.net_assets == Decimal("200000.50")
    assert summed.guarantees == Decimal("30000.00")
    assert summed.gross_income == Decimal("100000.00")
    assert summed.operating_cost == Decimal("20000.00")
    assert summed.net_income == Decimal("80000.00")
    assert summed.expenses == Decimal("27000.25")
    assert summed.surplus == Decimal("52999.75")
    assert summed.operating_income == Decimal("60000.00")
    assert summed.shares_held == Decimal("5000.00")
    assert (summed.persons, summed.labour) == (3, 2)
    assert summed.owed["own_bank"] == Decimal("20000.00")
    assert summed.owed["credit_card"] == 0


def test_empty_document_has_zero_totals():
    clean, problems = read(FARM, {}, today=TODAY)

    assert problems == []
    assert totals(clean) == totals({})
    assert totals(clean).net_income == 0


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("12,345.6", "12345.60"),
        ("１２３４５", "12345.00"),
        (" 300 ", "300.00"),
        (500, "500.00"),
        ("0", "0.00"),
        ("3万", "30000.00"),
    ],
)
def test_amounts_as_people_type_them(typed, kept):
    clean, problems = read(FARM, changed(assets__1__current=typed, assets__1__disposable=""), today=TODAY)

    assert problems == []
    assert clean["assets"][1]["current"] == kept


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("assets__0__current", "", "amount_missing"),
        ("assets__0__current", "   ", "amount_empty"),
        ("assets__0__current", "abc", "amount_not_a_number"),
        ("assets__0__current", True, "amount_not_a_number"),
        ("assets__0__current", 200000.0, "amount_float"),
        ("assets__0__current", "200000.005", "amount_too_precise"),
        ("assets__0__current", "-1", "amount_negative"),
        ("assets__0__current", "100000000.01", "amount_too_large"),
        ("assets__0__current", "NaN", "amount_not_a_number"),
        ("assets__0__kind", "castle", "choice_unknown"),
        ("assets__0__kind", None, "choice_missing"),
        ("assets__0__kind", ["house"], "choice_unknown"),
        ("assets__0__quantity", "1.234", "number_wrong"),
        ("assets__0__disposable", "200000.01", "above_other"),
        ("assets__0__note", "x" * 201, "note_too_long"),
        ("assets__0__note", 7, "not_a_text"),
        ("guarantees__0__note", "担保人 11010519491231002X", "note_holds_identity"),
        ("guarantees__0__note", "电话１３８００００１２３４", "note_holds_identity"),
        ("liabilities__0__due_on", "2027-02-30", "date_impossible"),
        ("liabilities__0__due_on", 20270531, "date_impossible"),
        ("members__1__person", "17", "person_twice"),
        ("members__1__person", "李 桂兰", "person_missing"),
        ("members__1__relation", "head", "head_twice"),
        ("members__0__relation", "father", "head_missing"),
        ("members__0__away", "yes", "not_yes_or_no"),
        ("borrower", "99", "borrower_not_a_member"),
        ("judgement", "great", "choice_unknown"),
        ("grade", "B", "choice_unknown"),
        ("version", 2, "version_unknown"),
        ("surprise", 1, "field_unknown"),
        ("assets", {"0": {}}, "not_a_list"),
        ("assets", [7], "not_a_record"),
        ("assets", [{}] * 101, "too_many_items"),
        ("performance", {"status": "breached"}, "rows_missing"),
        ("performance", {"status": "normal", "breaches": [{"what": "both"}]}, "unexpected"),
        ("performance", {"status": "breached", "breaches": [{"days_overdue": -1}]}, "out_of_range"),
    ],
)
def test_refused(path, value, code):
    codes = {code: level for _, code, level in found(changed(**{path: value}))}

    assert codes[code] == "error"


@pytest.mark.parametrize("document", [None, [], "x", 3])
def test_a_document_is_a_record(document):
    assert ("", "not_a_record", "error") in found(document)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("liabilities__0__outstanding", "50000.01", "above_other"),
        ("liabilities__0__due_on", "2026-11-20", "debt_past_due"),
        ("income__0__cost", "60000.01", "above_other"),
    ],
)
def test_warned(path, value, code):
    assert [(one, level) for _, one, level in found(changed(**{path: value}))] == [(code, "warning")]


@pytest.mark.parametrize(("amount", "asked"), [("99.99", True), ("100", False), ("0", False), ("0.01", True)])
def test_small_asset_asks_which_unit(amount, asked):
    document = changed(assets__1__current=amount, assets__1__disposable=None)

    assert found(document) == ([("assets.1.current", "which_unit", "question")] if asked else [])
    assert found(document, confirmed=["assets.1.current"]) == []


def test_everything_is_reported_at_once():
    document = changed(assets__0__current="x", income__0__gross="", borrower="99", grade="B")

    assert {path for path, _, _ in found(document)} == {"assets.0.current", "income.0.gross", "borrower", "grade"}


def test_sum_beyond_the_range_of_models_is_refused():
    document = changed(assets=[{"kind": "house", "current": "90000000"}, {"kind": "house", "current": "90000000"}])

    assert found(document) == [("assets", "total_too_large", "error")]


def test_breaches_are_kept():
    breach = {"what": "interest", "days_overdue": 45, "repaid": "within_1_year", "measure": "reminder", "note": ""}

    clean, problems = read(FARM, changed(performance={"status": "breached", "breaches": [breach]}), today=TODAY)

    assert problems == []
    assert clean["performance"]["breaches"] == [breach]


def test_complete_file():
    assert incomplete(FARM, SOUND) == []


def test_head_borrower_and_spouse_must_be_in_full_and_others_not():
    document = changed(members__1={"person": "18", "relation": "spouse", "away": False})

    assert [one.path for one in incomplete(FARM, document)] == ["members.1.labour", "members.1.occupation"]
    son_borrows = {**document, "borrower": "19"}
    assert [one.path for one in incomplete(FARM, son_borrows)] == ["members.2.labour", "members.2.occupation"]


def test_empty_file_says_what_is_missing():
    assert {one.path for one in incomplete(FARM, {})} >= {
        "members",
        "borrower",
        "assets",
        "income",
        "expenses",
        "judgement",
        "performance.status",
    }


def test_hash_depends_on_content_only():
    shuffled = dict(reversed(SOUND.items()))

    assert digest(shuffled) == digest(SOUND)
    assert digest(changed(assets__0__current="200000.01")) != digest(SOUND)
    assert re.fullmatch("[0-9a-f]{64}", digest(SOUND))


def test_every_finding_has_words_in_both_languages():
    source = inspect.getsource(reading)
    codes = set(re.findall(r'(?:report|Problem)\([^"\n]*"?[^"\n]*"?, "([a-z_]+)"', source)) | {
        "which_unit",
        "amount_float",
    }

    assert len(codes) > 20
    assert codes <= set(words.SENTENCES)
    for zh, en in words.SENTENCES.values():
        assert zh
        assert en
    assert words.sentence(Problem("", "which_unit", "50")) == "50 元？请确认单位是元还是万元"
    assert words.sentence(Problem("", "amount_missing"), "en").startswith("Enter")


amounts = st.decimals(0, 10_000_000, places=2).map(lambda amount: f"{amount:.2f}")
documents = st.fixed_dictionaries(
    {
        "assets": st.lists(
            st.fixed_dictionaries(
                {"kind": st.sampled_from(sorted(FARM.by_code["assets"].by_code["kind"].choices)), "current": amounts}
            ),
            max_size=5,
        ),
        "liabilities": st.lists(
            st.fixed_dictionaries({"kind": st.sampled_from(sorted(catalogue.CREDITORS)), "outstanding": amounts}),
            max_size=5,
        ),
        "income": st.lists(
            st.fixed_dictionaries(
                {
                    "kind": st.sampled_from(sorted(FARM.by_code["income"].by_code["kind"].choices)),
                    "gross": amounts,
                    "cost": amounts,
                }
            ),
            max_size=5,
        ),
        "expenses": st.lists(
            st.fixed_dictionaries(
                {"kind": st.sampled_from(sorted(FARM.by_code["expenses"].by_code["kind"].choices)), "amount": amounts}
            ),
            max_size=5,
        ),
    }
)


@given(documents)
def test_canonical_form_is_stable_and_totals_hold_together(document):
    clean, problems = read(FARM, document, today=TODAY)
    summed = totals(clean)

    assert not [one for one in problems if one.level == "error"]
    assert read(FARM, clean, today=TODAY)[0] == clean
    assert summed.net_income == sum((Decimal(i["gross"]) - Decimal(i["cost"]) for i in document["income"]), Decimal(0))
    assert summed.surplus == summed.net_income - summed.expenses
    assert sum(summed.owed.values()) == summed.liabilities


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "current", "assets", "note", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from([*FARM.by_code, "performance", "borrower", "grade", "shares_held"]), json_values)
)
def test_any_json_is_read_without_breaking(document):
    clean, problems = read(FARM, document, today=TODAY)

    assert all(isinstance(one, Problem) for one in problems)
    canonical(clean)
    totals(clean)


def test_comparison_shows_every_line_and_marks_what_moved():
    after = changed(
        assets__0__current="230000.00",
        income__1__gross="35000.00",
        grade="A",
        members__1__labour="able",
        liabilities=[SOUND["liabilities"][1], {"kind": "credit_card", "note": "", "outstanding": "2000.00"}],
    )

    rows = diff.compare(FARM, SOUND, after)
    moved = {(row.section, row.item, row.field): (row.before, row.after, row.change) for row in diff.changed(rows)}

    assert moved[("assets", "house", "current")] == ("200000.00", "230000.00", "up")
    assert moved[("income", "labour", "gross")] == ("40000.00", "35000.00", "down")
    assert moved[("assessment", "", "grade")] == ("AA", "A", "changed")
    assert moved[("members", "18", "labour")] == ("partial", "able", "changed")
    assert moved[("liabilities", "own_bank", "outstanding")] == ("20000.00", "", "removed")
    assert moved[("liabilities", "credit_card", "outstanding")] == ("", "2000.00", "added")
    assert moved[("totals", "", "net_assets")] == ("200000.50", "248000.50", "up")
    assert ("assets", "deposit", "current") not in moved
    assert [row for row in rows if row.item == "deposit"]


def test_first_revision_is_all_added_and_same_is_all_same():
    assert {row.change for row in diff.compare(FARM, None, SOUND)} == {"added"}
    assert {row.change for row in diff.compare(FARM, SOUND, SOUND)} == {"same"}


def test_lines_are_called_by_their_labels():
    row = next(row for row in diff.compare(FARM, SOUND, SOUND) if row.item == "house" and row.field == "current")
    grade = next(row for row in diff.compare(FARM, SOUND, SOUND) if row.field == "judgement")

    assert row.label() == "财产·农村房屋·三间·现值"
    assert row.label("en") == "Property · rural house · 三间 · current value"
    assert grade.value(grade.after) == "较好"
    assert grade.value(grade.after, "en") == "good"


def test_breaches_and_guarantees_are_compared():
    breach = {"what": "interest", "days_overdue": 45, "repaid": "unpaid", "measure": "reminder", "note": ""}
    after = changed(
        performance={"status": "breached", "breaches": [breach]},
        guarantees=[{"note": "为表弟担保", "amount": "10000.00"}],
    )

    moved = {(row.section, row.note, row.field): row.change for row in diff.changed(diff.compare(FARM, SOUND, after))}

    assert moved[("record", "", "status")] == "changed"
    assert moved[("breaches", "", "days_overdue")] == "added"
    assert moved[("guarantees", "为表弟担保", "amount")] == "added"
    assert moved[("guarantees", "为兄弟担保", "amount")] == "removed"


def test_every_list_has_two_labels():
    lists = [
        value for name, value in vars(catalogue).items() if name.isupper() and isinstance(value, type(catalogue.ASSETS))
    ]

    assert len(lists) >= 12
    for kinds in lists:
        for code, kind in kinds.items():
            assert code == kind.code
            assert kind.zh
            assert kind.en
    assert set(catalogue.relation_words().values()) == set(catalogue.RELATIONS)
    assert catalogue.choices(catalogue.GRADES)[0] == ("AAA", "AAA 级")
    assert catalogue.labels(["house", "gone"], catalogue.ASSETS, "en") == ["rural house", "gone"]
