"""The frame of the speed harnesses."""

import importlib
import inspect
import json

from bench import __main__ as entry
from bench import harness


def test_percentile_is_the_nearest_rank():
    values = [float(n) for n in range(1, 21)]

    assert harness.percentile(values, 0.95) == 19.0
    assert harness.percentile(values, 1.0) == 20.0
    assert harness.percentile([7.0], 0.95) == 7.0


def test_variants_take_turns():
    order = []

    seconds = harness.interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2)

    assert order == ["a", "b", "a", "b"]
    assert set(seconds) == {"a", "b"}


def test_a_harness_is_one_json_line_that_says_whether_its_limits_hold():
    results = [
        harness.Result("ratio", 1.4, "x", 1.5),
        harness.Result("rows", 10, "rows"),
        harness.Result("time", 3, "s", 2),
    ]

    told = json.loads(harness.line("import", results, full=True, seconds=3.21))

    assert "\n" not in harness.line("import", results, full=True, seconds=3.21)
    assert [result["holds"] for result in told["results"]] == [True, True, False]
    assert told["holds"] is False
    assert {"commit", "command", "cores", "made_at"} <= set(told)


def test_every_harness_can_be_called():
    for name in entry.names():
        run = importlib.import_module(f"bench.{name}").run
        assert inspect.signature(run).parameters["full"].kind is inspect.Parameter.KEYWORD_ONLY, name
