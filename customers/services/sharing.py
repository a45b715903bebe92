"""Give the second checks of a branch to its officers: one at a time on submission, all at once when somebody is away or has left.

To have a check in hand orders the queue and says whose deadline it is; who else may check still may (Decision record 0020).
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, connection, transaction

from config.lib import audit, clock
from customers.domain import sharing
from customers.models import CheckTask, Profile
from customers.selectors import sharing as selectors
from grids.access import Post
from grids.selectors.institutions import branch_ids, institution_ids

log = logging.getLogger("gedang.sharing")
Way = CheckTask.Way


class ShareRefusedError(Exception):
    """A check is not given; ``code`` says why: checked (meanwhile, or replaced), person (may not check it), changed (what was
    previewed no longer holds)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def give_next(profile: Profile, branch_id: int) -> CheckTask | None:
    """Give a revision just submitted to whom the rule names; None when no officer of the branch may check it: it stays in the pool."""
    found = selectors.colleagues_for(branch_id, selectors.makers_of(profile), profile.subject_id)
    checker = sharing.next_for(found)
    if checker is None:
        return None
    return CheckTask.objects.create(
        institution_id=profile.institution_id,
        grid_id=profile.grid_id,
        recorded_grid_id=profile.grid_id,
        subject_id=profile.subject_id,
        profile=profile,
        checker_id=checker,
        way=Way.RULE,
        given_at=profile.submitted_at,
    )


def take(*, staff: Any, post_id: int | None, profile: Profile) -> None:
    """Take a file that waits into one's own hands, from the pool or from a colleague; raises ShareRefusedError."""
    if staff.pk in selectors.makers_of(profile):
        raise ShareRefusedError("person")
    _give(staff, post_id, profile, staff.pk, Way.TAKEN)


def hand_over(*, staff: Any, post_id: int | None, profile: Profile, to_id: int) -> None:
    """Give a file that waits to a colleague of the branch who is there and may check it; raises ShareRefusedError."""
    branch_id = profile.subject.grid.branch_id
    may = selectors.colleagues_for(branch_id, selectors.makers_of(profile), profile.subject_id)
    if to_id not in {one.key for one in may}:
        raise ShareRefusedError("person")
    _give(staff, post_id, profile, to_id, Way.HANDED)


def _give(staff: Any, post_id: int | None, profile: Profile, to_id: int, way: str) -> None:
    with transaction.atomic():
        before = CheckTask.objects.filter(profile=profile).values_list("checker_id", flat=True).first()
        if _write({profile.pk: to_id}, way, staff.pk) != 1:
            raise ShareRefusedError("checked")
        audit.record(
            staff=staff,
            verb="check_given",
            about=profile.subject.kind,
            about_id=profile.subject_id,
            detail={"revision": profile.number, "from": before, "to": to_id, "way": str(way)},
            post_id=post_id,
        )


# Only what still waits: a verdict or a newer revision may have come in between.
_GIVE = """
    insert into customers_checktask (institution_id, grid_id, recorded_grid_id, subject_id, profile_id, checker_id, way, given_by_id,
                                     given_at)
    select profile.institution_id, profile.grid_id, profile.grid_id, profile.subject_id, profile.id, moved.checker_id, %(way)s, %(by)s, %(at)s
    from unnest(%(profiles)s::bigint[], %(checkers)s::bigint[]) as moved (profile_id, checker_id)
    join customers_profile as profile on profile.id = moved.profile_id
    where not exists (select from customers_profilecheck as done where done.profile_id = profile.id)
      and not exists (select from customers_profile as newer where newer.subject_id = profile.subject_id and newer.number > profile.number)
    on conflict (profile_id) do update
    set checker_id = excluded.checker_id, way = excluded.way, given_by_id = excluded.given_by_id, given_at = excluded.given_at
    where customers_checktask.closed_at is null
"""


def _write(moves: Mapping[int, int | None], way: str, given_by: int | None) -> int:
    values: dict[str, Any] = {
        "profiles": list(moves),
        "checkers": list(moves.values()),
        "way": str(way),
        "by": given_by,
        "at": clock.now(),
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_GIVE, values)
            return int(cursor.rowcount)
    except IntegrityError as error:
        # A verdict or a newer revision that came in while this was being written.
        raise ShareRefusedError("checked") from error


def level(*, post: Post, digest: str) -> int:
    """Carry out the levelling a manager was shown, of all his branches at once; returns how many files changed hands.

    Raises ShareRefusedError when what was shown no longer holds; the page then shows what holds now.
    """
    with transaction.atomic():
        shares = selectors.shares_of(post)
        if not shares.moves or shares.digest != digest:
            raise ShareRefusedError("changed")
        moved = _write(shares.moves, Way.LEVELLED, post.staff_id)
        audit.record(
            staff=post.staff,
            verb="checks_levelled",
            about="branch",
            about_id=post.branch_id or post.staff.home_branch_id,
            detail={"files": moved},
            post_id=post.pk,
        )
    return moved


def share_out(institution_id: int) -> int:
    """Give every waiting file of a bank whose owner is away or has left, or that has none, to somebody who is there; set-based.

    Run as the worker: every night, and after a transfer or an absence. Returns how many files changed hands.
    """
    branches = branch_ids(institution_id)
    waiting, people = selectors.waiting_in(branches), selectors.people_in(branches)
    moves: dict[int, int | None] = {}
    for branch_id, tasks in selectors.tasks_of(waiting, institution_id).items():
        moves |= sharing.share(tasks, people.get(branch_id, []))
    try:
        return _write(moves, Way.RULE, None) if moves else 0
    except ShareRefusedError:
        log.info("files of institution %d changed while they were shared out, the next run will", institution_id)
        return 0


def share_institutions() -> int:
    """Share out the waiting files of every bank; run as the worker."""
    return sum(share_out(institution_id) for institution_id in institution_ids())
