"""The language of credit models: what a document may say, and the exact arithmetic behind it."""

import copy
import json
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.domain.model import (
    BoundModel,
    FactError,
    ParameterError,
    Reason,
    Status,
    evaluate,
    explain,
    read_model,
)
from credit.domain.model.bands import read_bands
from credit.domain.model.expression import Kind
from credit.domain.model.problems import Findings
from credit.domain.model.schema import SCHEMA_FILE, json_schema, schema_text
from tests.domain.model_documents import L, choice, document, faults, figure, number

# --- a small model from end to end --------------------------------------------------------------------------------


def test_a_small_model():
    model = read_model(document())
    result = evaluate(model, {"income": "45001.01"})
    assert (result.status, result.line) == (Status.LINE, Decimal(22000))
    assert result.values["half"] == Decimal("22500.51")  # half away from zero when named
    capped = evaluate(model, {"income": 500_000})
    assert (capped.line, capped.binding_caps) == (100_000, ("highest",))
    assert json.loads(json.dumps(capped.as_document(model)))["figures"] == {
        "half": "250000.00", "combined": "250000.00", "highest": "100000.00",
    }  # fmt: skip


def test_a_line_of_nothing_has_a_reason():
    result = evaluate(read_model(document()), {"income": "1999.98"})
    assert (result.status, result.line, result.reasons) == (Status.LINE, 0, (Reason("zero_line"),))


def test_a_negative_formula_gives_no_negative_line():
    result = evaluate(read_model(document(combined={"label": L, "formula": "half - 5000"})), {"income": 100})
    assert result.line == 0
    assert result.values["combined"] == Decimal("-4950.00")


def test_equal_documents_have_one_digest():
    shuffled = dict(reversed(list(document().items())))
    assert read_model(document()).digest == read_model(json.dumps(shuffled)).digest
    assert read_model(document()).digest != read_model(document(code="U")).digest


# --- facts and parameters -----------------------------------------------------------------------------------------


def test_a_missing_fact_takes_its_default_or_ends_with_its_reason():
    raw = document(
        inputs=[number("income", "money", reason="no_income"), number("people", low="1")],
        reasons=[{"code": "no_income", "label": L}],
    )
    model = read_model(raw)
    result = evaluate(model, {"people": 3})
    assert (result.status, result.line) == (Status.INCOMPLETE, None)
    assert result.reasons == (Reason("no_income", "income"),)
    assert evaluate(model, {"income": 10}).values["people"] == 1
    assert evaluate(model, {"income": 10}).defaulted == {"people"}


@pytest.mark.parametrize("fact", [{"income": "10000000.01"}, {"income": -1}])
def test_a_fact_outside_its_range_gives_no_line(fact):
    result = evaluate(read_model(document()), fact)
    assert (result.status, result.line, result.reasons) == (
        Status.INCOMPLETE, None, (Reason("out_of_range", "income"),),
    )  # fmt: skip


@pytest.mark.parametrize("fact", [1.5, True, "much", "NaN", "0.001", b"1", [1], "1e99"])
def test_a_fact_of_the_wrong_kind_is_the_callers_fault(fact):
    with pytest.raises(FactError):
        evaluate(read_model(document()), {"income": fact})


def test_parameters_are_released_or_the_model_does_not_run():
    raw = document(
        parameters=[
            {"name": "base", "label": L, "type": "money", "min": "1", "max": "100", "scope": "county"},
            {"name": "share", "label": L, "type": "ratio", "min": "0", "max": "1", "default": "0.5"},
        ],
        combined={"label": L, "formula": "half * share + base"},
    )
    model = read_model(raw)
    assert evaluate(model, {"income": 100}, {"base": 7}).values["combined"] == 32
    for broken in ({}, {"base": 0}, {"base": 101}, {"base": 7, "other": 1}):
        with pytest.raises(ParameterError):
            BoundModel(model, broken)
    with pytest.raises(FactError):
        BoundModel(model, {"base": 7.0})


# --- bands --------------------------------------------------------------------------------------------------------

RATIO = Kind("number", 8, Decimal(0), Decimal(1_000_000))
WHOLE = Kind("number", 0, Decimal(1), Decimal(50))


def band_faults(kind, *rows):
    findings = Findings()
    read_bands([{"value": "1", **row} for row in rows], kind, "rows", findings)
    return [(problem.code, problem.values.get("interval")) for problem in findings.problems]


@pytest.mark.parametrize(
    ("kind", "rows", "expected"),
    [
        (RATIO, [{"above": "0.8"}, {"below": "0.8"}], [("band_gap", "x = 0.8")]),
        (RATIO, [{"from": "1.2"}, {"below": "0.8"}], [("band_gap", "0.8 <= x < 1.2")]),
        (RATIO, [{"above": "1.2"}, {"upto": "0.8"}], [("band_gap", "0.8 < x <= 1.2")]),
        (RATIO, [{"from": "0.8"}], [("band_gap", "0 <= x < 0.8")]),
        (RATIO, [{"upto": "0.8"}], [("band_gap", "0.8 < x <= 1000000")]),
        (RATIO, [{"from": "0.8"}, {"upto": "0.8"}], [("band_overlap", "x = 0.80000000")]),
        (RATIO, [{"from": "0.5"}, {"below": "0.8"}], [("band_overlap", "0.50000000 <= x <= 0.79999999")]),
        (RATIO, [{}, {"from": "0.8"}], [("band_overlap", "0.80000000 <= x <= 1000000")]),
        (RATIO, [{"from": "0.8", "above": "0.7"}], [("band_edges", None)]),
        (RATIO, [{"above": "0.8", "upto": "0.8"}], [("band_empty", None)]),
        (WHOLE, [{"from": "2.5"}, {"below": "2.5"}], [("too_precise", None), ("too_precise", None)]),
        (WHOLE, [{"from": "3"}, {"from": "1", "upto": "1"}], [("band_gap", "1 < x < 3")]),
        (WHOLE, [{"from": "3"}, {"from": "2", "upto": "2"}, {"upto": "1"}], []),
        (WHOLE, [{"from": "3"}, {"from": "1", "upto": "2"}], []),
        (RATIO, [{"below": "1/3"}, {"from": "1/3", "upto": "2/3"}, {"above": "2/3"}], []),
        (RATIO, [{}], []),
        (
            RATIO,
            [{"upto": "-5"}, {"above": "-5", "upto": "-1"}, {"above": "-1"}],
            [("band_unreachable", None), ("band_unreachable", None)],
        ),
        (WHOLE, [{"below": "51"}, {"from": "60"}], [("band_unreachable", None)]),
        (WHOLE, [{"from": "60"}], [("band_gap", "1 <= x <= 50"), ("band_unreachable", None)]),
        (WHOLE, [{"from": "50"}, {"above": "1", "below": "50"}, {"upto": "1"}], []),
        (WHOLE, [{"from": "1", "upto": "50"}], []),
    ],
)
def test_gaps_and_overlaps_are_named(kind, rows, expected):
    assert band_faults(kind, *rows) == expected


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=0, max_size=6, unique=True), st.data(), st.integers(-30, 30))
def test_bands_that_meet_hold_every_value_once(edges, data, probe):
    kind = Kind("number", 0, Decimal(-30), Decimal(30))
    edges.sort()
    rows = [{} for _ in range(len(edges) + 1)]
    for index, edge in enumerate(edges):
        if data.draw(st.booleans()):
            rows[index]["upto"], rows[index + 1]["above"] = str(edge), str(edge)
        else:
            rows[index]["below"], rows[index + 1]["from"] = str(edge), str(edge)
    findings = Findings()
    bands = read_bands([{"value": "1", **row} for row in rows], kind, "rows", findings)
    if not findings.problems:
        assert sum(band.holds(Decimal(probe)) for band in bands) == 1
    else:  # neighbouring edges can leave a band without a whole number
        assert {problem.code for problem in findings.problems} == {"band_empty"}
    if len(rows) > 2 and not findings.problems:
        del rows[1]
        assert [code for code, _ in band_faults(kind, *rows)] == ["band_gap"]


# --- documents that are no models ---------------------------------------------------------------------------------


def changed(path, value):
    raw = copy.deepcopy(document())
    raw["reasons"] = [{"code": "why", "label": L}]
    raw["vetoes"] = [{"reason": "why", "when": "income > 9"}]
    place = raw
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return raw


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("format",), "gedang-model/2", ("format", "not_in_list")),
        (("code",), "", ("code", "wrong_kind")),
        (("code",), "T 1", ("code", "bad_pattern")),
        (("title",), {"zh": "只有中文"}, ("title", "missing_key")),
        (("extra",), 1, ("", "unknown_key")),
        (("inputs",), [], ("inputs", "too_few")),
        (("inputs", 0, "max"), 100, ("inputs[0].max", "wrong_kind")),
        (("inputs", 0, "max"), "1e5", ("inputs[0].max", "bad_pattern")),
        (("inputs", 0, "max"), "0.001", ("inputs[0].max", "too_precise")),
        (("inputs", 0, "min"), "99999999", ("inputs[0]", "range_reversed")),
        (("inputs", 0, "type"), "float", ("inputs[0].type", "not_in_list")),
        (("inputs", 0, "type"), "bool", ("inputs[0]", "key_not_allowed")),
        (("inputs", 0, "type"), "choice", ("inputs[0]", "key_required")),
        (("inputs", 0, "missing"), {}, ("inputs[0].missing", "exactly_one")),
        (("inputs", 0, "missing"), {"default": "0", "reason": "why"}, ("inputs[0].missing", "exactly_one")),
        (("inputs", 0, "missing"), {"default": "none"}, ("inputs[0].missing.default", "bad_default")),
        (("inputs", 0, "missing"), {"default": "-1"}, ("inputs[0].missing.default", "outside_range")),
        (("inputs", 0, "missing"), {"reason": "unheard"}, ("inputs[0].missing.reason", "unknown_reason")),
        (("inputs", 0, "name"), "Income", ("inputs[0].name", "bad_pattern")),
        (("inputs", 0, "name"), "min", ("inputs[0].name", "reserved_name")),
        (("inputs", 0, "name"), "combined", ("inputs[0].name", "reserved_name")),
        (("lines", 0, "name"), "income", ("lines[0].name", "duplicate_name")),
        (("lines", 0, "formula"), "half * 2", ("lines[0].formula", "cyclic_name")),
        (("lines", 0, "formula"), "highest * 2", ("lines[0].formula", "later_name")),
        (("lines", 0, "formula"), "incme * 2", ("lines[0].formula", "unknown_name")),
        (("lines", 0, "formula"), "income > 2", ("lines[0].formula", "wrong_type")),
        (("lines", 0, "formula"), "1" * 601, ("lines[0].formula", "too_long")),
        (("lines", 0, "bands"), {"of": "income", "rows": [{"value": "1"}]}, ("lines[0]", "exactly_one")),
        (("caps", 0, "formula"), "", ("caps[0].formula", "wrong_kind")),
        (("rounding", "step"), "0", ("rounding.step", "step_not_positive")),
        (("rounding", "step"), "0.001", ("rounding.step", "too_precise")),
        (("vetoes", 0, "reason"), "unheard", ("vetoes[0].reason", "unknown_reason")),
        (("vetoes", 0, "when"), "income", ("vetoes[0].when", "wrong_type")),
        (("vetoes",), [], ("reasons", "unused_reason")),
        (("reasons",), [{"code": "why", "label": L}] * 2, ("reasons[1].code", "duplicate_name")),
    ],
)
def test_broken_documents_are_refused_with_the_place(path, value, fault):
    assert fault in faults(changed(path, value))


@pytest.mark.parametrize("raw", ["", "[]", "{", b"\xff", "null", '"text"', "[" * 100_000])
def test_what_is_no_document_at_all_is_refused(raw):
    faults(raw)


def test_all_faults_are_found_in_one_pass():
    raw = changed(("lines", 0, "formula"), "nothing")
    raw["combined"]["formula"] = "also / 0"
    raw["caps"][0]["formula"] = "1 +"
    assert {path for path, _ in faults(raw)} == {"lines[0].formula", "combined.formula", "caps[0].formula"}


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"of": "kind", "values": {"x": "1"}}, ("derived[0].lookup.values", "lookup_missing")),
        ({"of": "kind", "values": {"x": "1", "y": "2", "z": "3"}}, ("derived[0].lookup.values.z", "lookup_unknown")),
        ({"of": "income", "values": {"x": "1"}}, ("derived[0].lookup.of", "lookup_not_choice")),
        ({"of": "other", "values": {"x": "1"}}, ("derived[0].lookup.of", "unknown_name")),
        ({"of": "kind", "values": {"x": "0.001", "y": "1"}}, ("derived[0].lookup.values.x", "too_precise")),
    ],
)
def test_look_ups_cover_every_choice(table, fault):
    raw = document(inputs=[*document()["inputs"], choice("kind", "x", "y")],
                   derived=[{"name": "d", "label": L, "type": "money", "lookup": table}])  # fmt: skip
    assert fault in faults(raw)


def scored(levels, items=None, **grade):
    return document(
        scorecard={
            "score": {"name": "score", "label": L},
            "items": items
            or [{"name": "item", "label": L, "full": "10",
                 "bands": {"of": "income", "rows": [{"below": "5", "value": "4"}, {"from": "5", "value": "10"}]}}],
        },
        grade={"name": "grade", "label": L, "of": "score", "levels": levels, **grade},
    )  # fmt: skip


GOOD, BAD = {"code": "good", "label": L, "from": "6"}, {"code": "bad", "label": L, "below": "6"}


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (scored([GOOD]), ("grade.levels", "band_gap")),
        (scored([GOOD, {**BAD, "below": "7"}]), ("grade.levels", "band_overlap")),
        (scored([GOOD, {**BAD, "code": "good"}]), ("grade.levels", "duplicate_name")),
        (scored([GOOD, BAD], of="half"), ("grade", "missing_key")),
        (scored([GOOD, {**BAD, "values": {"v": "1"}}]), ("grade.levels[1]", "level_values")),
        (scored([GOOD, BAD], lower_by="income"), ("grade.lower_by", "lower_by_kind")),
        (scored([GOOD, BAD], lower_by="none"), ("grade.lower_by", "unknown_name")),
        (scored([GOOD, BAD], [{"name": "i", "label": L, "full": "5", "formula": "6"}]),
         ("scorecard.items[0]", "above_full")),
    ],
)  # fmt: skip
def test_grade_tables_are_complete(raw, fault):
    if fault == ("grade", "missing_key"):
        del raw["grade"]["of"]
    assert fault in faults(raw)


def test_grades_go_down_to_the_last_at_most():
    raw = scored([GOOD, BAD], lower_by="down")
    raw["inputs"].append(number("down", high="9"))
    model = read_model(raw)
    for down, grade in ((0, "good"), (1, "bad"), (5, "bad")):
        result = evaluate(model, {"income": 50_000, "down": down})
        assert (result.values["grade_measured"], result.grade) == ("good", grade)


# --- events -------------------------------------------------------------------------------------------------------


def with_events(**total):
    return document(
        inputs=[
            *document()["inputs"],
            {
                "name": "delays", "label": L, "type": "events", "at_most": 3, "missing": {"default": "empty"},
                "fields": [
                    {"name": "days", "label": L, "type": "int", "min": "0", "max": "999"},
                    {"name": "what", "label": L, "type": "choice",
                     "choices": [{"code": "a", "label": L}, {"code": "b", "label": L}]},
                ],
            },
        ],
        derived=[{"name": "cost", "label": L, "type": "points", "events": {
            "of": "delays",
            "figures": [
                {"name": "weight", "label": L, "type": "points", "lookup": {"of": "what", "values": {"a": "1", "b": "2.5"}}},
                figure("loss", "-0.333 * days * weight", "points"),
            ],
            **(total or {"sum": "loss"}),
        }}],
    )  # fmt: skip


def test_every_event_is_rounded_by_itself_and_then_added():
    model = read_model(with_events())
    delays = [{"days": 1, "what": "a"}, {"days": 1, "what": "b"}]
    assert evaluate(model, {"delays": delays}).values["cost"] == Decimal("-1.16")  # -0.33 and -0.83
    assert evaluate(model, {}).values["cost"] == 0
    assert evaluate(read_model(with_events(count=True)), {"delays": delays}).values["cost"] == 2
    shown = explain(model, {"delays": delays}).derived[0].events
    assert [[term.value for term in row] for row in shown] == [
        [1, "a", 1, Decimal("-0.33")], [1, "b", Decimal("2.5"), Decimal("-0.83")],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "delays",
    [[{"days": 1}], [{"days": 1000, "what": "a"}], [{"days": 1, "what": "c"}], [{"days": 1, "what": "a"}] * 4],
)
def test_incomplete_or_impossible_events_give_no_line(delays):
    result = evaluate(read_model(with_events()), {"delays": delays})
    assert (result.status, result.reasons) == (Status.INCOMPLETE, (Reason("out_of_range", "delays"),))


@pytest.mark.parametrize("delays", ["x", {"days": 1}, [1], [{"days": 1.5, "what": "a"}], 3])
def test_events_of_the_wrong_kind_are_the_callers_fault(delays):
    with pytest.raises(FactError):
        evaluate(read_model(with_events()), {"delays": delays})


def test_event_faults_are_named():
    assert ("derived[0].events.sum", "sum_not_of_event") in faults(with_events(sum="income"))
    assert ("derived[0].events.sum", "band_not_number") in faults(with_events(sum="what"))
    raw = with_events()
    raw["derived"][0]["events"]["of"] = "income"
    assert ("derived[0].events.of", "not_an_event_list") in faults(raw)
    raw = with_events()
    raw["lines"][0]["formula"] = "days * 2"  # fields live inside their event only
    assert ("lines[0].formula", "unknown_name") in faults(raw)


# --- vetoes, published schema -------------------------------------------------------------------------------------


def test_vetoes_give_nought_with_every_reason_once():
    raw = document(
        reasons=[{"code": "rich", "label": L}, {"code": "odd", "label": L}],
        vetoes=[
            {"reason": "rich", "when": "income > 1000"},
            {"reason": "odd", "when": "income == 5000"},
            {"reason": "rich", "when": "half > 2000"},
        ],
    )
    result = evaluate(read_model(raw), {"income": 5000})
    assert (result.status, result.line) == (Status.REFUSED, 0)
    assert [reason.code for reason in result.reasons] == ["rich", "odd"]
    assert result.values["half"] == 2500  # everything is still computed, for the explanation


def test_an_additive_tick_list_needs_no_code():
    """Ningyuan and Lanshan: house, town flat, car, business and income ticks of 10,000 yuan each, at most ten."""
    yes = {"yes": "1", "no": "0"}
    bands = [{"below": "10000", "value": "0"}, {"from": "10000", "below": "50000", "value": "1"},
             {"from": "50000", "below": "100000", "value": "2"}, {"from": "100000", "upto": "150000", "value": "3"},
             {"above": "150000", "value": "4"}]  # fmt: skip
    ticks = [("flat", yes), ("car", yes), ("trade", yes)]
    raw = document(
        inputs=[
            number("income", "money", high="10000000"),
            choice("house", "good", "fair", "none", default="none"),
            *(choice(name, "yes", "no", default="no") for name, _ in ticks),
        ],
        derived=[
            {"name": "house_t", "label": L, "type": "int",
             "lookup": {"of": "house", "values": {"good": "3", "fair": "2", "none": "0"}}},
            *({"name": f"{name}_t", "label": L, "type": "int", "lookup": {"of": name, "values": points}}
              for name, points in ticks),
            {"name": "income_t", "label": L, "type": "int", "bands": {"of": "income", "rows": bands}},
        ],
        lines=[{"name": "ticks", "label": L,
                "formula": "(house_t + flat_t + car_t + trade_t + income_t) * 10000"}],
        combined={"label": L, "formula": "ticks"},
    )  # fmt: skip
    model = read_model(raw)
    assert evaluate(model, {"house": "good", "car": "yes", "income": 80_000}).line == 60_000
    full = {"house": "good", "flat": "yes", "car": "yes", "trade": "yes", "income": 200_000}
    assert evaluate(model, full).line == 100_000


def test_the_published_schema_is_the_one_of_the_code():
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(("path", "value", "code"), [
    (("extra",), 1, "unknown_key"), (("format",), "x", "not_in_list"), (("inputs", 0, "max"), 5, "wrong_kind"),
    (("lines", 0, "bands"), {"of": "income", "rows": [{"value": "1"}]}, "exactly_one"),
])  # fmt: skip
def test_schema_and_reader_refuse_the_same_shapes(path, value, code):
    validator = jsonschema.Draft202012Validator(json_schema())
    assert validator.is_valid(document())
    raw = changed(path, value)
    assert code in {found for _, found in faults(raw)}
    assert not validator.is_valid(raw)
