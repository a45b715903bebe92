"""How the second checks of a branch are shared among its officers (Decision record 0020).

Nobody is given what he had a part in. A file that was sent back goes to who sent it back, since he knows his remarks. Else whoever
has fewest in hand comes next; of several the one who was given none for longest; of several still the lowest key, so that the same
facts always give the same answer. Where nobody may, the file lies in the branch's pool.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Colleague:
    """An officer who is there today; ``in_hand``: checks he has; ``last``: when he was last given one; ``sent_back``: he returned
    the former revision of the file in question."""

    key: int
    in_hand: int
    last: datetime | None = None
    sent_back: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A file that waits: ``barred`` had a part in it or stand in for somebody who had; ``owner`` has it in hand, None for nobody;
    ``fixed``: a person took it or handed it over, and it is moved only when he is away; ``deputy`` stands in for its owner."""

    key: int
    barred: frozenset[int]
    owner: int | None = None
    is_fixed: bool = False
    deputy: int | None = None


def next_for(colleagues: Iterable[Colleague], barred: frozenset[int] = frozenset()) -> int | None:
    """Return who is given a file, None where nobody may."""
    free = [one for one in colleagues if one.key not in barred]
    if not free:
        return None
    return min(free, key=lambda one: (not one.sent_back, one.in_hand, one.last or _NEVER, one.key)).key


def share(tasks: Sequence[Task], people: Sequence[Colleague]) -> dict[int, int | None]:
    """Return the new owner of every task whose owner is not there, or that has none; None sends it to the pool.

    ``people`` are those who are there; their ``in_hand`` is counted anew from the tasks. Oldest first, in the order given.
    """
    there = {one.key for one in people}
    load = _loads(tasks, there)
    moved: dict[int, int | None] = {}
    for task in tasks:
        if task.owner in there and task.owner not in task.barred:
            continue
        owner: int | None
        if task.deputy in there and task.deputy not in task.barred:
            owner = task.deputy
        else:
            owner = next_for([Colleague(one.key, load[one.key], one.last) for one in people], task.barred)
        if owner is not None:
            load[owner] += 1
        if owner != task.owner:
            moved[task.key] = owner
    return moved


def level(tasks: Sequence[Task], people: Sequence[Colleague]) -> dict[int, int | None]:
    """Return the moves that share all tasks and then take from who has most for who has least, while that makes it more even.

    What a person took or was handed stays. The newest are moved first: who has an old one in hand may have begun.
    """
    moved = share(tasks, people)
    there = {one.key for one in people}
    now = {task.key: moved.get(task.key, task.owner) for task in tasks}
    held = Counter(now.values())
    load = {key: held[key] for key in there}
    by_owner: dict[int, dict[int, Task]] = {key: {} for key in there}
    for task in reversed(tasks):
        owner = now[task.key]
        if owner is not None and owner in by_owner and not (task.is_fixed and task.key not in moved):
            by_owner[owner][task.key] = task
    while True:
        step = _step(by_owner, load)
        if step is None:
            break
        task, giver, taker = step
        by_owner[taker][task.key] = by_owner[giver].pop(task.key)
        load[giver] -= 1
        load[taker] += 1
        now[task.key] = taker
    return {task.key: now[task.key] for task in tasks if now[task.key] != task.owner}


def _step(by_owner: Mapping[int, Mapping[int, Task]], load: Mapping[int, int]) -> tuple[Task, int, int] | None:
    takers = sorted(load, key=lambda key: (load[key], key))
    for giver in sorted(load, key=lambda key: (-load[key], key)):
        for taker in takers:
            if load[giver] - load[taker] < 2:
                break
            task = next((one for one in by_owner[giver].values() if taker not in one.barred), None)
            if task is not None:
                return task, giver, taker
    return None


def _loads(tasks: Iterable[Task], there: Iterable[int]) -> dict[int, int]:
    load = dict.fromkeys(there, 0)
    for task in tasks:
        if task.owner in load and task.owner not in task.barred:
            load[task.owner] += 1
    return load
