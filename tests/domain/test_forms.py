"""Form documents: the shipped ones have no fault, every fault is named with its place, and what they ask is what is read."""

import copy
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.domain import words
from customers.domain.economics import canonical
from customers.domain.form import incomplete, read, read_form, score
from customers.domain.form.definition import FAULTS, Field, Form
from tests.forms import FARM, FORMS, SHIPPED, shipped

TODAY = date(2026, 11, 21)


def document(key: str = "farm_household") -> dict[str, Any]:
    return dict(json.loads((SHIPPED / f"{key}.json").read_text("utf-8")))


def changed(**changes: Any) -> dict[str, Any]:
    """The farm form with values set at dotted paths, written with double underscores; None takes a key out."""
    found = document()
    for path, value in changes.items():
        *steps, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        place: Any = found
        for step in steps:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return found


@pytest.mark.parametrize("key", FORMS)
def test_a_shipped_form_has_no_fault_and_asks_what_the_field_asks(key: str) -> None:
    form = shipped(key)

    assert form.steps
    assert {"assets", "liabilities", "guarantees", "income", "expenses", "needs"} <= set(form.by_code)
    assert form.subject == ("household" if key in ("farm_household", "large_grower") else "business")


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"sections__0__code": "Members"}, "sections.0.code", "code_wrong"),
        ({"sections__0__zh": ""}, "sections.0", "words_missing"),
        ({"sections__3__fields__0__en": None}, "sections.3.fields.0", "words_missing"),
        ({"sections__3__fields__1__type": "money"}, "sections.3.fields.1.type", "unknown_choice"),
        ({"sections__3__fields__1__type": "text"}, "sections.3.fields", "summed_type"),
        ({"sections__3__fields__0__options": []}, "sections.3.fields.0.options", "options_missing"),
        ({"sections__3__step": "garden"}, "sections.3.step", "unknown_choice"),
        ({"sections__3__fields__2__not_above": "nothing"}, "sections.3.fields.2", "not_above_unknown"),
        (
            {"sections__11__shown_if": {"field": "weather", "is": ["fine"]}},
            "sections.11.shown_if.field",
            "shown_if_unknown",
        ),
        ({"sections__11__shown_if": {"field": "status", "is": ["fine"]}}, "sections.11.shown_if.is", "shown_if_value"),
        ({"sections__1__fields__0__code": "outcome"}, "sections.1.fields.0.code", "code_reserved"),
        ({"sections__1": None}, "sections", "members_missing"),
        ({"steps": []}, "steps", "empty"),
        ({"surprise": 1}, "surprise", "unknown_key"),
        ({"sections__3__most": "many"}, "sections.3.most", "not_whole"),
        ({"sections__3__needed": "yes"}, "sections.3.needed", "not_yes_or_no"),
        ({"subject": "cow"}, "subject", "unknown_choice"),
    ],
)
def test_a_fault_is_named_with_its_place(changes: dict[str, Any], path: str, code: str) -> None:
    _form, faults = read_form(changed(**changes))

    assert (path, code) in [(fault.path, fault.code) for fault in faults]


def test_every_fault_says_what_to_do_in_both_languages() -> None:
    for zh, en in FAULTS.values():
        assert zh
        assert en
    assert read_form(changed(sections__0__code="x y"))[1][0].sentence("en").startswith("Code")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "type", "fields", "options", "zh", "en", "is", "shape"]), inner, max_size=4
        )
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["subject", "steps", "sections", "fits", "zh", "en"]), json_values))
def test_any_json_is_read_as_a_form_without_breaking(given_document: Any) -> None:
    form, faults = read_form(given_document)

    assert isinstance(form, Form)
    assert faults or form.sections


# --- What a form asks is what is read: generated answers to every shipped form ------------------------------------------


def _answers(field: Field) -> st.SearchStrategy[Any]:
    if field.type == "text":
        return st.text("果树张山0123abc ", max_size=min(field.longest, 12))
    if field.type == "yuan":
        return st.decimals(100, 900_000, places=2).map(lambda amount: f"{amount:.2f}")
    if field.type == "number":
        return st.integers(0, int(float(field.most or 1000))).map(str)
    if field.type == "whole":
        return st.integers(int(field.least or 0), int(field.most or 1000))
    if field.type == "day":
        return st.dates(date(2026, 1, 1), date(2030, 1, 1)).map(str)
    if field.type == "choice":
        return st.sampled_from(sorted(field.choices))
    if field.type == "choices":
        return st.lists(st.sampled_from(sorted(field.choices)), unique=True)
    if field.type == "yes_no":
        return st.booleans()
    return st.sampled_from(["1", "2"])


@st.composite
def filled(draw: st.DrawFn, form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section in form.sections:
        if section.shape == "answers":
            values = {field: draw(_answers(field)) for field in section.fields}
            for field, value in values.items():
                outer, _dot, inner = field.at.partition(".")
                if inner:
                    found.setdefault(outer, {})[inner] = value
                else:
                    found[outer] = value
        elif section.shape == "members":
            found["members"] = [{"person": "1", "relation": "head"}, {"person": "2", "relation": "spouse"}]
        elif "." not in section.at:
            found[section.at] = [
                {field.code: draw(_answers(field)) for field in section.fields} for _ in range(draw(st.integers(0, 2)))
            ]
    return found


@pytest.mark.parametrize("key", FORMS)
@settings(max_examples=25)
@given(data=st.data())
def test_what_a_form_asks_is_read_back_the_same(key: str, data: st.DataObject) -> None:
    form = shipped(key)
    clean, problems = read(form, data.draw(filled(form)), today=TODAY)
    again, _problems = read(form, json.loads(canonical(clean)), today=TODAY)

    allowed = {"unexpected", "above_other", "rows_missing", "answer_missing", "total_too_large"}
    assert {one.code for one in problems if one.level == "error"} <= allowed
    assert again == clean
    assert 0 <= score(form, clean) <= 100
    assert (score(form, clean) == 100) == (incomplete(form, clean) == [])


def test_a_field_that_is_not_shown_is_not_asked_and_may_not_be_said() -> None:
    form = shipped("individual_business")
    rented = {"trade_line": "理发", "premises": "rented", "rent_ends_on": "2027-01-01"}
    own = {"trade_line": "理发", "premises": "own", "rent_ends_on": "2027-01-01"}

    assert not [one for one in read(form, rented, today=TODAY)[1] if one.path == "rent_ends_on"]
    assert [one.code for one in read(form, own, today=TODAY)[1] if one.path == "rent_ends_on"] == ["unexpected"]


def test_completeness_counts_what_is_needed_and_says_what_is_missing() -> None:
    empty = score(FARM, {})
    members = [{"person": "1", "relation": "head", "labour": "able", "occupation": "farming"}]
    half = {"members": members, "borrower": "1", "assets": [{"kind": "house", "current": "1.00"}]}

    assert empty == 0
    assert 0 < score(FARM, half) < 100
    assert {one.path for one in incomplete(FARM, half)} == {
        "income",
        "expenses",
        "performance.status",
        "judgement",
        "grade",
    }
    assert words.sentence(next(one for one in incomplete(FARM, half) if one.path == "income")) == "“年收入”还没有填写"


def test_a_retired_option_is_read_in_old_files() -> None:
    old = document()
    options = old["sections"][3]["fields"][0]["options"]
    options[0]["retired"] = True
    form, faults = read_form(copy.deepcopy(old))

    assert faults == []
    clean, problems = read(form, {"assets": [{"kind": options[0]["code"], "current": "500"}]}, today=TODAY)
    assert problems == []
    assert clean["assets"][0]["kind"] == options[0]["code"]
