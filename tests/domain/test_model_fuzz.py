"""Anything at all may be handed in as a model: it is refused with words, or it is read, evaluated and explained. Nothing hangs.

Time is bounded by how many Python functions run, never by a clock.
"""

import builtins
import copy
import json
import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from credit.domain.explain import explain_model
from credit.domain.model import BoundModel, ModelDocumentError, ParameterError, Status, explain_result, read_model
from credit.domain.model.checking import check
from credit.domain.model.document import Input, ValueType
from credit.domain.model.evaluation import evaluate_node
from credit.domain.model.expression import FUNCTIONS, MAX_TOKENS, ExpressionError, Kind, Node, parse
from tests.domain.model_documents import L, calls, document, faults, flag, number
from tests.domain.test_unseen_schemes import review, stepped, ticked

SCHEMES = Path(__file__).parents[2] / "credit" / "schemes"
SHIPPED = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SCHEMES.glob("*.json"))]
ALL = [*SHIPPED, review(), stepped(), ticked()]
MOST_CALLS = 3_000_000  # the largest shipped document takes a tenth
FUZZ = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def outcome(given):
    """The model, or None once it was refused with words in both languages; anything else that is raised is a fault of ours."""
    try:
        return read_model(given)
    except ModelDocumentError as error:
        problems = error.problems
    assert problems
    for problem in problems:
        assert problem.text().encode()
        assert problem.text("en").encode()
    return None


def bounded(given):
    found = []
    assert calls(lambda: found.append(outcome(given))) < MOST_CALLS
    return found[0]


# --- documents ----------------------------------------------------------------------------------------------------

ODD = st.sampled_from([
    "", " ", "0", "-0", "1/0", "1/3", "9" * 15, "9" * 40, "1e999999", "NaN", "Infinity", "0x10", "１２", "true", "null", "min",
    "__class__", "constructor", "a" * 5000, "\x00", "\ud800", "{0}", "%s", "'; drop table", "财产", "combined", "income + 1",
    "div(1, 0, 1)", "((((((1))))))", "if(a, b, c)", "half / half", "*", "-" * 50, "min(" * 30,
])  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**18), 10**18), st.floats(), ODD, st.text(max_size=12),
    st.decimals(allow_nan=True), st.binary(max_size=4),
)  # fmt: skip
KEYS = st.one_of(
    st.sampled_from(["format", "code", "title", "zh", "en", "name", "label", "inputs", "lines", "combined", "formula", "type",
                     "bands", "rows", "from", "upto", "of", "missing", "default", "choices", "events", "steps", "ticks",
                     "tenor", "modes", "repayment", "unknown", "generated", "__proto__"]),
    st.text(max_size=6),
)  # fmt: skip
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=30
)


@FUZZ
@given(ANYTHING)
def test_anything_at_all_is_refused(thing):
    assert bounded(thing) is None


@FUZZ
@given(st.text(max_size=200) | st.binary(max_size=200) | ANYTHING.map(lambda thing: repr(thing)))
def test_any_text_is_refused(text):
    assert bounded(text) is None


def places(thing, path=()):
    """Every place inside a document."""
    parts = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for key, value in parts:
        yield (*path, key)
        yield from places(value, (*path, key))


def at(thing, path):
    for key in path:
        thing = thing[key]
    return thing


def mutated(raw, chance, thing):
    """A copy with one change: something odd put in, a part removed, doubled, exchanged with another, or a text altered."""
    raw = copy.deepcopy(raw)
    everywhere = list(places(raw))
    path = chance.choice(everywhere)
    parent, key = at(raw, path[:-1]), path[-1]
    kind = chance.randrange(6)
    if kind == 0:
        parent[key] = thing
    elif kind == 1:
        del parent[key]
    elif kind == 2 and isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
    elif kind == 3:
        parent[key] = copy.deepcopy(at(raw, chance.choice(everywhere)))
    elif isinstance(parent[key], str) and parent[key]:
        text = parent[key]
        cut = chance.randrange(len(text))
        parent[key] = (
            text[:cut] + chance.choice(["", "0", "9", "-", "(", ")", " * 2", ".5", "'", "e"]) + text[cut + 1 :]
        )
    else:
        parent[chance.choice(["extra", "generated", "of"]) if isinstance(parent, dict) else key] = thing
    return raw


def some_fact(entry: Input, chance: random.Random):
    """A fact of the right kind: missing, at an end of the range, inside or outside of it."""
    if chance.random() < 0.15:
        return None
    if entry.type is ValueType.BOOL:
        return chance.random() < 0.5
    if entry.type is ValueType.CHOICE:
        return chance.choice([*entry.kind.codes, "unheard_of"] if chance.random() < 0.1 else entry.kind.codes)
    if entry.type is ValueType.EVENTS:
        return [{part.name: some_fact(part, chance) for part in entry.fields} for _ in range(chance.randrange(3))]
    ends = [entry.kind.low, entry.kind.high, Decimal(0), Decimal(1), Decimal(50_000)]
    return chance.choice(ends)


def tried(model, chance):
    """Evaluate and explain one household; whatever happens has words."""
    values = {
        parameter.name: parameter.default if parameter.default is not None else chance.choice(
            [parameter.kind.low, parameter.kind.high]
        )
        for parameter in model.parameters
    }  # fmt: skip
    bound = BoundModel(model, values)
    result = bound.evaluate({entry.name: some_fact(entry, chance) for entry in model.inputs})
    assert (result.line is None) == (result.status is Status.INCOMPLETE)
    if result.line is not None:
        assert result.line >= 0
        for figure in (*model.derived, *model.items, *model.lines, model.combined, *model.caps):
            value = result.values[figure.name]
            if isinstance(value, Decimal):
                assert figure.kind.low <= value <= figure.kind.high, figure.name
    explained = explain_result(model, result)
    for language in ("zh-hans", "en"):
        assert explain_model(explained, language).paragraphs
    json.dumps(explained.as_document())
    json.dumps(result.as_document(model))


@settings(FUZZ, max_examples=300)
@given(st.sampled_from(range(len(ALL))), st.integers(0, 2**32), LEAVES | ANYTHING, st.integers(1, 3))
@example(0, 0, "1", 1)
def test_changed_documents_are_refused_or_work(which, seed, thing, changes):
    chance = random.Random(seed)
    raw = ALL[which]
    for _ in range(changes):
        raw = mutated(raw, chance, thing)
    model = bounded(raw)
    if model is not None:
        tried(model, chance)


@pytest.mark.parametrize("raw", ALL, ids=lambda raw: raw["code"])
def test_every_scheme_works_for_any_household(raw):
    assert bounded(json.dumps(raw)) is not None
    model, chance = read_model(raw), random.Random(raw["code"])
    for _ in range(40):
        tried(model, chance)


def test_no_document_can_claim_to_be_put_together_by_the_reader():
    """What sections are written out as is not looked at for dead branches; a document cannot have that for itself."""
    raw = document()
    raw["combined"]["generated"] = True
    assert ("combined", "unknown_key") in faults(raw)


def test_parameters_nobody_released_stop_the_run():
    raw = document(parameters=[{"name": "base", "label": L, "type": "money", "min": "0", "max": "9"}])
    with pytest.raises(ParameterError):
        BoundModel(read_model(raw))


# --- expressions --------------------------------------------------------------------------------------------------

SCOPE = {
    "a": Kind("number", 2, Decimal(-900), Decimal(900)),
    "n": Kind("number", 0, Decimal(1), Decimal(9)),
    "c": Kind("choice", codes=("x", "y")),
    "b": Kind("bool"),
}
SIGNS = {"add": "+", "sub": "-", "mul": "*", "quotient": "/", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==",
         "ne": "!=", "and": "and", "or": "or"}  # fmt: skip
NUMBERS = st.recursive(
    st.one_of(
        st.sampled_from(["a", "n"]).map(lambda name: Node("name", value=name)),
        st.decimals(min_value=0, max_value=10**6, places=3).map(lambda value: Node("number", value=value)),
    ),
    lambda inner: st.one_of(
        st.builds(lambda op, left, right: Node(op, (left, right)), st.sampled_from(["add", "sub", "mul", "quotient"]), inner, inner),
        st.builds(lambda arg: Node("neg", (arg,)), inner),
        st.builds(lambda op, args: Node(op, tuple(args)), st.sampled_from(["min", "max"]), st.lists(inner, min_size=2, max_size=4)),
        st.builds(lambda one, two, three: Node("div", (one, two, three)), inner, inner, inner),
        st.builds(
            lambda op, left, right, one, two: Node("if", (Node(op, (left, right)), one, two)),
            st.sampled_from(["lt", "le", "gt", "ge", "eq", "ne"]), inner, inner, inner, inner,
        ),
    ),
    max_leaves=8,
)  # fmt: skip


def fault_of(work):
    """The code of the fault, "" when there is none, and what came of it."""
    try:
        return "", work()
    except ExpressionError as error:
        return error.code, None


def written(node: Node) -> str:
    if node.op == "name":
        return str(node.value)
    if node.op == "number":
        return f"{node.value:f}"
    if node.op == "neg":
        return f"-({written(node.args[0])})"
    if node.op in SIGNS:
        return f"({written(node.args[0])} {SIGNS[node.op]} {written(node.args[1])})"
    return f"{node.op}({', '.join(written(arg) for arg in node.args)})"


def bare(node: Node) -> tuple:
    return (node.op, node.value if node.op in ("name", "number") else None, tuple(bare(arg) for arg in node.args))


@settings(FUZZ, max_examples=300)
@given(NUMBERS, st.decimals(min_value=-900, max_value=900, places=2), st.integers(1, 9))
def test_expressions_read_back_as_they_were_written(node, a, n):
    fault, read = fault_of(lambda: parse(written(node)))
    if fault:
        assert fault in ("too_deep", "too_complex")
        return
    assert bare(read) == bare(node)
    fault, checked = fault_of(lambda: check(read, SCOPE, "number"))
    if fault:
        assert fault in ("divisor_zero", "divisor_always_zero", "too_wide")
        return
    value = evaluate_node(checked, {"a": a, "n": Decimal(n)})
    assert checked.type is not None
    assert checked.type.low <= value <= checked.type.high


TOKENS = st.lists(
    st.sampled_from(["a", "n", "b", "c", "1", "0.5", "'x'", "'", "+", "-", "*", "/", "(", ")", ",", "<", "==", "and", "or", "not",
                     "true", "min", "case", "div", "floor_step", "if", ".", "[", "]", "{", "}", ":", "=", "!", "**", "//", "@",
                     "lambda", "__import__", "\n", "\t", "；", "，", "×"]),
    max_size=40,
)  # fmt: skip


@settings(FUZZ, max_examples=400)
@given(TOKENS, st.sampled_from([" ", ""]))
def test_any_row_of_signs_is_an_expression_or_a_fault(tokens, between):
    _, node = fault_of(lambda: check(parse(between.join(tokens)), SCOPE, "number"))
    if node is None:
        return
    assert {inner.op for inner in node.walk()} <= {
        "name", "number", "flag", "text", "neg", "not", *SIGNS, *FUNCTIONS,
    }  # fmt: skip
    evaluate_node(node, {"a": Decimal(2), "n": Decimal(3), "b": True, "c": "x"})


@pytest.mark.parametrize("name", [name for name in dir(builtins) if name.islower()])
def test_no_name_of_python_can_be_reached(name):
    """Neither as a name nor as a call: what is not declared does not exist."""
    for text in (name, f"{name}(1)", f"{name}('x')", f"a.{name}", f"{name}.real"):
        fault, _ = fault_of(lambda text=text: check(parse(text), SCOPE, "number"))
        assert fault in ("unknown_name", "unknown_function", "syntax", "argument_count", "wrong_type"), text


def test_the_longest_expressions_stay_cheap():
    longest = "+".join(["n"] * (MAX_TOKENS // 2))
    nested = "max(1, " * 20 + "n" + ")" * 20
    wide = "case(" + "b, 1, " * 20 + "2)"
    for text in (longest, nested, wide):
        assert calls(lambda text=text: check(parse(text), SCOPE, "number")) < 40_000
    raw = document(inputs=[*document()["inputs"], number("n", low="1", high="9"), flag("b")])
    raw["derived"] = [{"name": f"d{index}", "label": L, "type": "int", "formula": longest} for index in range(100)]
    assert bounded(raw) is not None
