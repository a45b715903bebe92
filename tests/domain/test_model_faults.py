"""What a credit model is refused for when it is saved: units, order and circles of names, what is never reached, sheer size."""

import json
import re
from decimal import Decimal

import pytest

from credit.domain.model import ModelDocumentError, evaluate, read_model
from credit.domain.model.checking import check, truths
from credit.domain.model.expression import ExpressionError, Kind, parse
from credit.domain.model.problems import MESSAGES, MOST_FAULTS, Problem
from credit.domain.model.shape import MAX_DEPTH, MAX_NODES
from credit.domain.model.units import PURE, YUAN
from tests.domain.model_documents import L, calls, document, faults, figure, flag, number

# --- units --------------------------------------------------------------------------------------------------------

SCOPE = {
    "income": Kind("number", 2, Decimal(-5), Decimal(10**6), unit=YUAN),
    "debt": Kind("number", 2, Decimal(1), Decimal(10**6), unit=YUAN),
    "share": Kind("number", 8, Decimal(0), Decimal(1), unit=PURE),
    "people": Kind("number", 0, Decimal(1), Decimal(9), unit=PURE),
    "b": Kind("bool"),
}


@pytest.mark.parametrize(
    "text",
    [
        "income + share",
        "share - income",
        "income + people",
        "income / 3 + share",
        "income * 0.5 + share",
        "min(income, share)",
        "max(people, income, debt)",
        "if(b, income, share)",
        "case(b, 1, income > 0, income, people)",
        "div(income, people, share)",
        "div(income, debt, income)",
        "income * debt + income",
        "if(income > share, 1, 2)",
        "if(income / debt > debt, 1, 2)",
    ],
)
def test_yuan_meet_only_yuan(text):
    with pytest.raises(ExpressionError) as refused:
        check(parse(text), SCOPE, "number")
    assert refused.value.code == "unit_mismatch"


def problems_of(raw):
    try:
        read_model(raw)
    except ModelDocumentError as error:
        return {(problem.path, problem.code) for problem in error.problems}
    return set()


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("income + debt", {"money"}),
        ("income + 5000", {"money"}),
        ("income * share + debt / people", {"money"}),
        ("income / debt + share", {"ratio"}),
        ("people * 1000 + income", {"money"}),
        ("people * 1000", {"money", "ratio"}),
        ("people * 3", {"ratio"}),
        ("people * 30 + income", {"money"}),
        ("income / 3", {"money"}),
        ("income / 10000", {"money", "ratio"}),
        ("income / 10000 + people", {"ratio"}),
        ("people * 2 + share", {"ratio"}),
        ("income * debt", set()),
        ("income * debt / debt", {"money"}),
        ("100000 / debt", {"ratio"}),
        ("-income", {"money"}),
        ("max(income, 0)", {"money"}),
        ("if(b, income, 0)", {"money"}),
        ("5000", {"money", "ratio"}),
        ("2 * 500 * people", {"money", "ratio"}),
    ],
)
def test_products_and_quotients_carry_units(text, types):
    found = set()
    for value_type in ("money", "ratio"):
        raw = document(
            inputs=[
                *document()["inputs"],
                number("debt", "money", "1", "1000000"),
                number("share", "ratio", "0", "1"),
                number("people", low="1", high="9"),
                flag("b"),
            ],
            derived=[figure("x", text, value_type)],
        )
        if problems := problems_of(raw):
            assert problems == {("derived[0]", "unit_result")}
        else:
            found.add(value_type)
    assert found == types


def test_a_unit_fault_says_what_to_do():
    raw = document(combined={"label": L, "formula": "half + rate"}, parameters=[number("rate", "ratio") | {}])
    del raw["parameters"][0]["missing"]
    with pytest.raises(ModelDocumentError) as refused:
        read_model(raw)
    assert [problem.text() for problem in refused.value.problems] == [
        "combined.formula：单位不合：元 与 数或比率 不能相加减、比较或二选一；请先乘以或除以适当的量"
    ]
    assert "combined.formula: units differ: yuan and a plain number or ratio cannot" in refused.value.problems[0].text(
        "en"
    )


def test_events_of_yuan_are_no_points():
    fine = {"name": "fine", "label": L, "type": "money", "min": "0", "max": "100"}
    fines = {
        "name": "fines",
        "label": L,
        "type": "events",
        "at_most": 3,
        "missing": {"default": "empty"},
        "fields": [fine],
    }
    raw = document(
        inputs=[*document()["inputs"], fines],
        derived=[{"name": "x", "label": L, "type": "points", "events": {"of": "fines", "sum": "fine"}}],
    )
    assert ("derived[0]", "unit_result") in faults(raw)
    raw["derived"][0]["type"] = "money"
    assert evaluate(read_model(raw), {"fines": [{"fine": 3}, {"fine": 4}]}).values["x"] == 7


# --- names --------------------------------------------------------------------------------------------------------


def test_names_that_come_later_or_run_in_a_circle():
    raw = document(
        derived=[
            figure("a", "b + income"),
            figure("b", "c * 2"),
            figure("c", "min(a, income)"),
            figure("d", "half"),
            figure("e", "incom"),
            figure("f", "f + 1"),
        ]
    )
    with pytest.raises(ModelDocumentError) as refused:
        read_model(raw)
    said = {problem.path: (problem.code, dict(problem.values)) for problem in refused.value.problems}
    assert said["derived[0].formula"] == ("cyclic_name", {"name": "b", "circle": "a → b → c → a"})
    assert said["derived[1].formula"][0] == "cyclic_name"
    assert "derived[2].formula" not in said  # a is there by then
    assert said["derived[3].formula"] == ("later_name", {"name": "half", "place": "lines[0]"})
    assert said["derived[4].formula"] == ("unknown_name", {"name": "incom", "near": " (income?)"})
    assert said["derived[5].formula"] == ("cyclic_name", {"name": "f", "circle": "f → f"})


def test_what_is_never_used_is_advice():
    raw = document(inputs=[*document()["inputs"], number("people"), flag("car")], parameters=[number("rate", "ratio")])
    del raw["parameters"][0]["missing"]
    raw["parameters"][0]["default"] = "1"
    warnings = [(problem.path, problem.code, problem.values["name"]) for problem in read_model(raw).warnings]
    assert warnings == [
        ("parameters[0]", "unused_parameter", "rate"),
        ("inputs[1]", "unused_input", "people"),
        ("inputs[2]", "unused_input", "car"),
    ]


def test_parameters_of_a_village_and_the_source_of_an_input():
    raw = document(parameters=[number("median", "money", high="1000000") | {"scope": "village"}])
    del raw["parameters"][0]["missing"]
    raw["inputs"][0]["from"] = "profile"
    raw["caps"][0]["formula"] = "median * 2"
    model = read_model(raw)
    assert (model.parameters[0].scope, model.inputs[0].source) == ("village", "profile")
    assert evaluate(model, {"income": 500_000}, {"median": 15_000}).line == 30_000


# --- what is never reached ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("people > 9", {False}),
        ("people >= 9", {True, False}),
        ("people >= 1", {True}),
        ("people < 1", {False}),
        ("people <= 0", {False}),
        ("0 < people", {True}),
        ("people == 10", {False}),
        ("people != 10", {True}),
        ("people == 9", {True, False}),
        ("3 == 3", {True}),
        ("3 != 3", {False}),
        ("b", {True, False}),
        ("not people > 9", {True}),
        ("b and people > 9", {False}),
        ("b or people > 9", {True, False}),
        ("b or people >= 1", {True}),
        ("true", {True}),
    ],
)
def test_what_a_condition_can_be(text, possible):
    assert truths(check(parse(text), SCOPE, "bool")) == possible


@pytest.mark.parametrize(
    ("sections", "fault"),
    [
        ({"vetoes": [{"reason": "why", "when": "income < 0"}]}, ("vetoes[0].when", "condition_never")),
        ({"vetoes": [{"reason": "why", "when": "income >= 0"}]}, ("vetoes[0].when", "condition_always")),
        ({"remarks": [{"reason": "why", "when": "half > 5000000"}]}, ("remarks[0].when", "condition_never")),
        ({"derived": [figure("x", "if(income > 99999999, 1, 2)")]}, ("derived[0].formula", "branch_never")),
        ({"derived": [figure("x", "case(income > 9, 1, income >= 0, 2, 3)")]}, ("derived[0].formula", "branch_always")),
        ({"derived": [{"name": "x", "label": L, "type": "points",
                       "bands": {"of": "income", "rows": [{"below": "0", "value": "1"}, {"from": "0", "value": "2"}]}}]},
         ("derived[0].bands.rows[0]", "band_unreachable")),
    ],
)  # fmt: skip
def test_what_can_never_happen_is_a_fault(sections, fault):
    raw = document(**sections)
    if "why" in json.dumps(sections):
        raw["reasons"] = [{"code": "why", "label": L}]
    assert fault in faults(raw)


# --- a scheme of which a part is unknown --------------------------------------------------------------------------


def test_an_incomplete_scheme_can_be_tried():
    unpublished = {"zh": "收入折半的依据没有公布", "en": "why income is halved was never published"}
    model = read_model(document(unknown=[{"of": "half", "label": unpublished}]))
    assert (model.is_complete, model.unknown[0].of, model.unknown[0].label.zh) == (False, "half", unpublished["zh"])
    assert evaluate(model, {"income": 50_000}).line == 25_000
    assert read_model(document()).is_complete
    assert ("unknown[0].of", "unknown_name") in faults(document(unknown=[{"of": "none", "label": L}]))


# --- hostile documents --------------------------------------------------------------------------------------------


def nested(depth):
    value = "x"
    for _ in range(depth):
        value = [value]
    return value


HOSTILE = {
    "many entries": lambda: document(inputs=[{}] * 1_000_000),
    "many keys": lambda: document() | {f"k{index}": 1 for index in range(MAX_NODES)},
    "many unknown keys": lambda: document() | {f"k{index}": 1 for index in range(5_000)},
    "deep": lambda: document(extra=nested(5_000)),
    "deep text": lambda: "[" * 1_000_000,
    "deep objects": lambda: '{"a":' * 100_000,
    "long text": lambda: document(code="x" * 5_000_000),
    "long json": lambda: " " * 3_000_000 + "{}",
    "huge whole number": lambda: document(inputs=[{"at_most": 10**5000}]),
    "huge number in text": lambda: '{"format": ' + "9" * 100_000 + "}",
    "float": lambda: document(rounding={"step": 1.5}),
    "not a number": lambda: '{"format": NaN}',
    "tuple": lambda: document(inputs=({},)),
    "keys that are no texts": lambda: document() | {7: 1},
    "half a surrogate": lambda: document(title={"zh": "\ud800", "en": "x"}),
    "half a surrogate in json": lambda: json.dumps(document(title={"zh": "\ud800", "en": "x"})),
    "nought": lambda: document(title={"zh": "a\x00", "en": "x"}),
    "turned writing": lambda: document(title={"zh": "a\u202eb", "en": "x"}),
    "doubled keys": lambda: '{"format": "gedang-model/1", "format": "gedang-model/1"}',
    "unicode names": lambda: document(inputs=[number("收入")]),
    "letters that look alike": lambda: document(inputs=[number("іncome")]),
    "digits of another script": lambda: document(rounding={"step": "١٢"}),
    "prototype": lambda: document() | {"__proto__": {"polluted": True}},
    "constructor": lambda: document(inputs=[*document()["inputs"], number("constructor")]),
    "code with underscores": lambda: document(reasons=[{"code": "__proto__", "label": L}]),
    "attribute": lambda: document(combined={"label": L, "formula": "half.__class__.__mro__"}),
    "import": lambda: document(combined={"label": L, "formula": "__import__('os').system('id')"}),
    "format string": lambda: document(combined={"label": L, "formula": "{0.__class__}"}),
    "repeated pattern": lambda: document(code="a" * 40 + "!", rounding={"step": "1" * 29 + "x"}),
    "spaces": lambda: document(combined={"label": L, "formula": "half" + " " * 590 + "!"}),
    "long sum": lambda: document(combined={"label": L, "formula": "+".join(["1"] * 290)}),
    "brackets": lambda: document(combined={"label": L, "formula": "(" * 300 + "1" + ")" * 299}),
    "powers": lambda: document(derived=[figure("a", "income * income * income * income * income * income * income")]),
    "growing": lambda: document(derived=[figure(f"a{index}", f"{'income' if not index else f'a{index - 1}'} * 1000000")
                                         for index in range(60)]),
    "long work": lambda: worked(),
}  # fmt: skip


def worked():
    """Every figure runs through two hundred events with twenty figures each."""
    field = {"name": "n", "label": L, "type": "int", "min": "0", "max": "9"}
    events = {
        "name": "e",
        "label": L,
        "type": "events",
        "at_most": 200,
        "missing": {"default": "empty"},
        "fields": [field],
    }
    return document(
        inputs=[*document()["inputs"], events],
        derived=[
            {"name": f"d{index}", "label": L, "type": "int", "events": {"of": "e", "sum": f"x{index}", "figures": [
                figure(f"x{index}", "+".join(["n"] * 40), "int")]}}
            for index in range(20)
        ],
    )  # fmt: skip


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_hostile_documents_are_refused_within_few_steps(case):
    hostile = HOSTILE[case]()
    found = []

    def read():
        try:
            read_model(hostile)
        except ModelDocumentError as error:
            found.extend(error.problems)

    assert calls(read) < 400_000
    assert 0 < len(found) <= MOST_FAULTS + 1
    for problem in found:
        assert len(problem.text()) + len(problem.text("en")) < 2_000
        problem.text().encode()


def test_a_document_may_not_be_nested_beyond_its_format():
    assert ("", "too_nested") in faults(document(extra=nested(MAX_DEPTH + 1)))


def test_the_first_hundred_faults_are_said():
    raw = document(derived=[figure(f"a{index}", "nothing") for index in range(150)])
    with pytest.raises(ModelDocumentError) as refused:
        read_model(raw)
    assert len(refused.value.problems) == MOST_FAULTS + 1
    assert refused.value.problems[-1].code == "too_many_faults"


# --- words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_every_fault_has_words_and_advice_in_both_languages(code):
    chinese, english = MESSAGES[code]
    names = set(re.findall(r"\{([a-z_]+)\}", chinese + english))
    assert re.search(r"请|应|宜|可以|必须|只能", chinese)
    problem = Problem("inputs[0]", code, dict.fromkeys(names, "9"))
    assert "{" not in problem.text() + problem.text("en")
    assert not re.search(r"[一-鿿]", english)
