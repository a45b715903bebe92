"""How checks are shared: never one's own, as even as may be, and the same facts give the same answer."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from customers.domain.sharing import Colleague, Task, level, next_for, share

PEOPLE = st.integers(1, 5)
TASKS = st.lists(
    st.builds(
        lambda barred, owner, fixed, deputy: (frozenset(barred), owner, fixed and owner is not None, deputy),
        st.sets(PEOPLE, max_size=3),
        st.none() | st.integers(1, 7),
        st.booleans(),
        st.none() | PEOPLE,
    ),
    max_size=25,
)


def tasks(drawn: list[tuple[frozenset[int], int | None, bool, int | None]]) -> list[Task]:
    # Nobody was ever given his own; that he stands in for a maker may come later.
    return [Task(key, *one) for key, one in enumerate(drawn)]


def at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def test_fewest_in_hand_comes_next_then_longest_without_then_the_lowest_key() -> None:
    two = [Colleague(1, 3, at(1)), Colleague(2, 2, at(9))]
    assert next_for(two) == 2
    assert next_for([Colleague(1, 2, at(5)), Colleague(2, 2, at(4))]) == 2
    assert next_for([Colleague(1, 2, at(5)), Colleague(2, 2, None)]) == 2
    assert next_for([Colleague(2, 2, at(5)), Colleague(1, 2, at(5))]) == 1
    assert next_for(two, frozenset({2})) == 1
    assert next_for(two, frozenset({1, 2})) is None


def test_who_sent_a_file_back_checks_it_again_however_much_he_has() -> None:
    assert next_for([Colleague(1, 0), Colleague(2, 9, at(1), sent_back=True)]) == 2


def test_a_deputy_takes_over_for_who_is_away_unless_he_had_a_part() -> None:
    people = [Colleague(1, 0), Colleague(2, 5)]
    assert share([Task(1, frozenset(), owner=7, deputy=2)], people) == {1: 2}
    assert share([Task(1, frozenset({2}), owner=7, deputy=2)], people) == {1: 1}


def test_where_nobody_may_the_file_goes_to_the_pool() -> None:
    assert share([Task(1, frozenset({1}), owner=7)], [Colleague(1, 0)]) == {1: None}
    assert share([Task(1, frozenset({1}))], [Colleague(1, 0)]) == {}


@given(TASKS, st.sets(PEOPLE))
def test_everything_is_shared_that_may_be_and_nothing_else_moves(drawn: list, there: set[int]) -> None:
    given_tasks, people = tasks(drawn), [Colleague(key, 0) for key in sorted(there)]
    moved = share(given_tasks, people)
    for task in given_tasks:
        owner = moved.get(task.key, task.owner)
        may = there - task.barred
        assert owner in may if may else owner is None or task.key not in moved
        if task.owner in may:
            assert task.key not in moved
    assert share([Task(t.key, t.barred, moved.get(t.key, t.owner), t.is_fixed) for t in given_tasks], people) == {}


@given(TASKS, st.sets(PEOPLE, min_size=1))
def test_levelling_is_never_less_even_and_ends(drawn: list, there: set[int]) -> None:
    given_tasks, people = tasks(drawn), [Colleague(key, 0) for key in sorted(there)]
    shared, moved = share(given_tasks, people), level(given_tasks, people)
    after = {task.key: moved.get(task.key, task.owner) for task in given_tasks}
    for task in given_tasks:
        may = there - task.barred
        assert after[task.key] in may if may else task.key not in moved or moved[task.key] is None
        if task.is_fixed and task.owner in may:
            assert task.key not in moved

    def spread(moves: dict[int, int | None]) -> int:
        load = Counter(moves.get(task.key, task.owner) for task in given_tasks)
        return sum(load[key] ** 2 for key in there)

    assert spread(moved) <= spread(shared)
    again = [Task(t.key, t.barred, after[t.key], t.is_fixed, t.deputy) for t in given_tasks]
    assert level(again, people) == {}


@given(st.integers(0, 40), st.sets(PEOPLE, min_size=1))
def test_without_obstacles_nobody_has_two_more_than_another(count: int, there: set[int]) -> None:
    first = min(there)
    moved = level([Task(key, frozenset(), first) for key in range(count)], [Colleague(key, 0) for key in sorted(there)])
    load = Counter(moved.get(key, first) for key in range(count))
    counts = [load[key] for key in there]
    assert max(counts) - min(counts) <= 1
