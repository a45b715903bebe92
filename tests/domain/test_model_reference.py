"""The reference page says what the language is: written from it, never stale, every example a model that works."""

import pytest

from credit.domain.model import evaluate, expression, read_model, schema
from credit.domain.model.problems import MESSAGES
from credit.domain.model.reference import PAGE, example, reference_text
from credit.domain.model.reference_words import CONSTRUCTS, FUNCTIONS, KEYS, SMALL, TYPES
from credit.domain.model.shape import Fields


def test_the_page_is_the_one_of_the_code():
    assert PAGE.read_text(encoding="utf-8") == reference_text(), "run manage.py model_reference"


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.title[1])
def test_every_example_is_a_model_that_works(construct):
    model = read_model(example(construct))
    assert [warning.code for warning in model.warnings if not warning.code.startswith("unused_")] == []
    parameters = {one.name: one.kind.high for one in model.parameters}
    result = evaluate(model, {"income": 60_000, "age": 40, "asked": 12}, parameters)
    assert result.line is not None


def test_every_key_function_type_and_fault_is_explained():
    shapes = {name: shape for name, shape in vars(schema).items() if isinstance(shape, Fields)}
    shown = {name for construct in CONSTRUCTS for name in construct.shapes}
    assert shown == set(shapes)
    for shape in shapes.values():
        assert {*shape.required, *shape.optional} <= set(KEYS)
    assert set(FUNCTIONS) == set(expression.FUNCTIONS)
    assert set(TYPES) == set(schema.INPUT_TYPES)
    named = {code for construct in CONSTRUCTS for code in construct.faults}
    assert named <= set(MESSAGES)
    everywhere = {"bad_character", "not_json", "number_too_large", "too_many_faults", "exactly_one", "too_many", "too_few",
                  "not_in_list", "bad_pattern"}  # fmt: skip
    assert set(MESSAGES) == named | everywhere


def test_the_smallest_model_is_whole():
    assert evaluate(read_model(SMALL), {"income": 60_000}).line == 30_000
