"""Groups that are not shown: none is small on its own, and none can be worked out from the totals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.withheld import withheld

SIZES = st.lists(st.integers(0, 30), max_size=12)


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ([20, 14, 9], set()),
        ([20, 14, 4], {1, 2}),  # the total less 20 and 14 would be 4
        ([20, 14, 4, 4], {2, 3}),
        ([20, 14, 1, 1], {1, 2, 3}),  # two of one each would be two households known together
        ([20, 14, 0], {1, 2}),
        ([4], {0}),
        ([5], set()),
        ([], set()),
    ],
)
def test_groups_by_hand(sizes: list[int], hidden: set[int]) -> None:
    assert withheld(sizes, 5) == hidden


@given(SIZES, st.integers(1, 10))
def test_what_is_withheld_together_is_no_small_group(sizes: list[int], smallest: int) -> None:
    hidden = withheld(sizes, smallest)

    assert all(sizes[place] >= smallest for place in range(len(sizes)) if place not in hidden)
    if hidden and len(hidden) < len(sizes):
        assert len(hidden) >= 2
        assert sum(sizes[place] for place in hidden) >= smallest
    if all(size >= smallest for size in sizes):
        assert not hidden


@given(SIZES, st.integers(1, 10))
def test_no_larger_group_is_withheld_before_a_smaller(sizes: list[int], smallest: int) -> None:
    hidden = withheld(sizes, smallest)
    shown = [sizes[place] for place in range(len(sizes)) if place not in hidden]
    assert all(sizes[place] <= min(shown) for place in hidden) if shown else True
