"""The set-based evaluator gives every household exactly what the reference gives it."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from credit.domain.model import read_model
from credit.domain.model.batch import RULE_KINDS, compile_model
from credit.domain.model.document import Rule
from tests.domain.households import Maker, bound_with, differences

SCHEMES = sorted((Path(__file__).parents[2] / "credit" / "schemes").glob("*.json"))


def scheme(path):
    return read_model(path.read_text(encoding="utf-8"))


def agree(bound, rows, seed=1):
    facts = Maker(bound, seed).columns(rows)
    program = compile_model(bound)
    batch = program.evaluate(facts, rows)
    assert differences(bound, batch, facts) == []
    return batch


def test_every_kind_of_rule_is_compiled():
    assert set(get_args(Rule)) == RULE_KINDS


@pytest.mark.parametrize("rows", [2000, pytest.param(200_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_shipped_schemes(path, rows):
    bound = bound_with(scheme(path))
    batch = agree(bound, rows)
    assert set(np.unique(batch.status)) >= {0, 2}
