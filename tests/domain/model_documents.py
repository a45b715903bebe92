"""Small model documents for the tests of the language."""

import sys

import pytest

from credit.domain.model import ModelDocumentError, read_model

L = {"zh": "量", "en": "figure"}


def document(**sections):
    """A small valid model: line = income / 2, at most 100,000, in steps of 1,000."""
    return {
        "format": "gedang-model/1",
        "code": "T",
        "title": {"zh": "试", "en": "test"},
        "inputs": [
            {"name": "income", "label": L, "type": "money", "min": "0", "max": "10000000", "missing": {"default": "0"}},
        ],
        "lines": [{"name": "half", "label": L, "formula": "income / 2"}],
        "combined": {"label": L, "formula": "half"},
        "caps": [{"name": "highest", "label": L, "formula": "100000"}],
        "rounding": {"step": "1000"},
        **sections,
    }


def number(name, value_type="int", low="0", high="1000", **missing):
    return {"name": name, "label": L, "type": value_type, "min": low, "max": high,
            "missing": missing or {"default": low}}  # fmt: skip


def choice(name, *codes, **missing):
    return {"name": name, "label": L, "type": "choice", "choices": [{"code": code, "label": L} for code in codes],
            "missing": missing or {"default": codes[0]}}  # fmt: skip


def figure(name, formula, value_type="money"):
    return {"name": name, "label": L, "type": value_type, "formula": formula}


def faults(raw):
    with pytest.raises(ModelDocumentError) as refused:
        read_model(raw)
    for problem in refused.value.problems:
        assert problem.text("zh-hans") != problem.text("en")
    return {(problem.path, problem.code) for problem in refused.value.problems}


def flag(name):
    return {"name": name, "label": L, "type": "bool", "missing": {"default": "false"}}


def calls(work):
    """How many Python functions ran: a bound that no busy machine moves."""
    count = 0

    def counting(_frame, event, _arg):
        nonlocal count
        count += event == "call"

    sys.setprofile(counting)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
