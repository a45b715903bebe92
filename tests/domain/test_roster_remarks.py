"""The rows a roster has, and what a remark on one of its cells lacks."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from customers.domain.roster import remarks
from customers.domain.roster.remarks import Fault, Remark

COLUMNS = ("name", "phone")
SPANS = [[2, 4], [7, 7]]


@given(rows=st.sets(st.integers(1, 300)), cuts=st.lists(st.integers(0, 300), max_size=4))
def test_the_spans_hold_the_rows_of_the_file_and_no_others(rows: set[int], cuts: list[int]) -> None:
    spans: list[list[int]] = []
    for part in np.split(np.array(sorted(rows), dtype=np.int32), sorted(cuts)):
        remarks.note(spans, part)

    assert [row for first, last in spans for row in range(first, last + 1)] == sorted(rows)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(spans))


def test_a_file_full_of_gaps_keeps_a_bounded_number_of_spans() -> None:
    spans: list[list[int]] = []
    remarks.note(spans, np.arange(1, 9_001, 2, dtype=np.int32))

    assert len(spans) == remarks.MOST_SPANS
    assert (spans[0], spans[-1][1]) == ([1, 1], 8_999)


def test_every_fault_of_every_remark_is_named() -> None:
    said = [
        Remark(3, "name", "改名"),
        Remark(5, "name", "改名"),
        Remark(7, "address", "改址"),
        Remark(0, "", ""),
        Remark(1, "phone", "x" * 201),
    ]

    assert remarks.faults(said, SPANS, COLUMNS) == [
        Fault(1, "row", "unknown"),
        Fault(2, "column", "unknown"),
        Fault(3, "row", "missing"),
        Fault(3, "column", "missing"),
        Fault(3, "text", "missing"),
        Fault(4, "row", "unknown"),
        Fault(4, "text", "long"),
    ]
    assert remarks.faults([Remark(2, "name", "x")], (), {}) == [
        Fault(0, "row", "unknown"),
        Fault(0, "column", "unknown"),
    ]


def test_fifty_remarks_pass_and_the_next_does_not() -> None:
    assert remarks.faults([Remark(2, "name", "x")] * 50, SPANS, COLUMNS) == []
    assert remarks.faults([Remark(2, "name", "x")] * 52, SPANS, COLUMNS) == [Fault(50, "text", "many")]
