"""Who of a branch has which files to check, who may be given one, and how the load would be levelled (Decision record 0020)."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from django.db import connection

from config.lib import clock
from customers import access
from customers.domain import sharing
from customers.domain.sharing import Colleague, Task
from customers.models import CheckTask, Profile
from customers.selectors.checking import CheckRules, rules_on
from grids.access import Post
from grids.selectors.colleagues import deputies_on, names_of

# Every newest revision without a verdict of some branches, the oldest first, with who had a part in it and who has it in hand.
_WAITING = """
    select profile.id, grid.branch_id, file.submitted_at, task.checker_id, coalesce(task.way, ''),
           array_remove(array[visit.lead_id, visit.partner_id, visit.typed_by_id, profile.collector_id], null)
    from grids_grid as grid
    join customers_waitingfile as file on file.grid_id = grid.id
    join customers_profile as profile on profile.id = file.profile_id
    join customers_visit as visit on visit.id = profile.visit_id
    left join customers_checktask as task on task.profile_id = file.profile_id
    where grid.branch_id = any (%s) and not lib.consent_ended(file.subject_id)
    order by file.submitted_at, profile.id
"""
_PEOPLE = """
    select asked.branch, people.staff_id, people.in_hand, people.last_given
    from unnest(%s::bigint[]) as asked (branch) cross join lateral acc.check_people(asked.branch, '{}') as people
"""


@dataclass(frozen=True)
class Waiting:
    """A file that waits to be checked; ``makers`` had a part in it, ``owner`` has it in hand (he may be away), None: the pool."""

    profile_id: int
    branch_id: int
    submitted_at: datetime
    owner: int | None
    way: str
    makers: list[int]


def colleagues_for(branch_id: int, makers: Collection[int], subject_id: int) -> list[Colleague]:
    """Return the officers of a branch who are there and may check a file, with what each has in hand; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select staff_id, in_hand, last_given, sent_back from acc.check_people(%s, %s, %s)",
            [branch_id, list(makers), subject_id],
        )
        return [Colleague(*row) for row in cursor.fetchall()]


def makers_of(profile: Profile) -> set[int]:
    """Return who had a part in a revision: lead, partner, typist, collector."""
    visit = profile.visit
    return {
        one for one in (visit.lead_id, visit.partner_id, visit.typed_by_id, profile.collector_id) if one is not None
    }


@dataclass(frozen=True)
class Owner:
    """Who has a file in hand, as its page says it: ``name`` is "" for the pool; ``others``: to whom it may be handed."""

    name: str
    is_me: bool
    is_away: bool
    given_at: datetime | None
    way: str
    others: list[tuple[int, str, int]]


def owner_of(profile: Profile, post: Post) -> Owner:
    """Return who has a file in hand and to which colleagues it may be handed, with what they have in hand."""
    task = CheckTask.objects.filter(profile=profile, checker__isnull=False).select_related("checker").first()
    people = colleagues_for(profile.subject.grid.branch_id, makers_of(profile), profile.subject_id)
    holder = task.checker_id if task is not None else None
    names = names_of(one.key for one in people)
    others = [(one.key, names[one.key], one.in_hand) for one in people if one.key not in (holder, post.staff_id)]
    if task is None or task.checker is None:
        return Owner("", is_me=False, is_away=False, given_at=None, way="", others=others)
    return Owner(
        name=task.checker.name,
        is_me=holder == post.staff_id,
        is_away=holder not in {one.key for one in people} and holder != post.staff_id,
        given_at=task.given_at,
        way=str(task.get_way_display()),
        others=sorted(others, key=lambda one: (one[2], one[1])),
    )


def waiting_in(branch_ids: Iterable[int]) -> list[Waiting]:
    """Return the files that wait in some branches, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [list(branch_ids)])
        return [Waiting(*row) for row in cursor.fetchall()]


def people_in(branch_ids: Iterable[int]) -> dict[int, list[Colleague]]:
    """Return the officers who are there today by their branch."""
    found: dict[int, list[Colleague]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [list(branch_ids)])
        for branch_id, *person in cursor.fetchall():
            found.setdefault(branch_id, []).append(Colleague(*person))
    return found


def there_in(branch_ids: Iterable[int]) -> set[int]:
    """Return the officers of some branches who are there today."""
    return {one.key for people in people_in(branch_ids).values() for one in people}


def tasks_of(waiting: Iterable[Waiting], institution_id: int) -> dict[int, list[Task]]:
    """Return files by their branch as they are shared: who stands in for a maker may not check them either, and his deputy takes
    over for an owner who is away."""
    deputies = deputies_on(institution_id, clock.today())
    principals: dict[int, set[int]] = {}
    for staff, deputy in deputies.items():
        principals.setdefault(deputy, set()).add(staff)
    found: dict[int, list[Task]] = {}
    for one in waiting:
        task = Task(
            key=one.profile_id,
            barred=frozenset(one.makers)
            | {deputies[maker] for maker in one.makers if maker in deputies}
            | {away for maker in one.makers for away in principals.get(maker, ())},
            owner=one.owner,
            is_fixed=one.way in (CheckTask.Way.TAKEN, CheckTask.Way.HANDED),
            deputy=deputies.get(one.owner) if one.owner is not None else None,
        )
        found.setdefault(one.branch_id, []).append(task)
    return found


@dataclass
class Share:
    """One person's part: what he has in hand, how much of it is late, the oldest, and what he would have after levelling."""

    staff_id: int | None
    name: str
    is_there: bool
    in_hand: int = 0
    late: int = 0
    oldest: datetime | None = None
    after: int = 0

    @property
    def change(self) -> int:
        """By how many his part would change."""
        return self.after - self.in_hand


@dataclass(frozen=True)
class Shares:
    """The parts of a manager's branches, and how levelling would change them; ``nobody``: files no officer may be given."""

    people: list[Share]
    moves: dict[int, int | None] = field(default_factory=dict)
    nobody: int = 0
    waiting: int = 0

    @property
    def digest(self) -> str:
        """What was shown: levelling is carried out only as it was previewed."""
        return sha256(json.dumps(sorted(self.moves.items())).encode()).hexdigest()[:16]


def shares_of(post: Post) -> Shares:
    """Return how the files of a manager's branches are shared, and the moves that would level them branch by branch."""
    branch_ids = list(access.roster_branches_for(post).order_by().values_list("pk", flat=True))
    institution_id = post.staff.institution_id
    waiting, people = waiting_in(branch_ids), people_in(branch_ids)
    rules = rules_on(institution_id, clock.today())
    moves: dict[int, int | None] = {}
    for branch_id, tasks in tasks_of(waiting, institution_id).items():
        moves |= sharing.level(tasks, people.get(branch_id, []))
    there = {one.key for colleagues in people.values() for one in colleagues}
    names = names_of(there | {one.owner for one in waiting if one.owner is not None})
    found = {key: Share(key, names.get(key, ""), is_there=True) for key in there}
    for one in waiting:
        after = moves.get(one.profile_id, one.owner)
        for key in {one.owner, after}:
            found.setdefault(key, Share(key, names.get(key or 0, ""), is_there=False))  # type: ignore[arg-type]
        _count(found[one.owner], one, rules)  # type: ignore[index]
        found[after].after += 1  # type: ignore[index]
    ordered = sorted(
        found.values(), key=lambda share: (share.staff_id is None, not share.is_there, -share.in_hand, share.name)
    )
    pool = found.get(None)  # type: ignore[call-overload]
    return Shares(ordered, moves, pool.after if pool is not None else 0, len(waiting))


def _count(share: Share, one: Waiting, rules: CheckRules) -> None:
    share.in_hand += 1
    share.late += rules.is_overdue(one.submitted_at)
    share.oldest = min(share.oldest or one.submitted_at, one.submitted_at)
