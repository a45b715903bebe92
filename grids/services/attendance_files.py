"""Attendance by file: everything wrong told at once, and nothing written unless the whole file is sound."""

from hashlib import sha256
from io import BytesIO

from django.db import transaction

from config.lib import audit
from config.lib.tablefile import TableRefusedError
from grids.domain import attendancefile
from grids.domain.attendancefile import Problem
from grids.models import Attendance, Post, Staff, Training
from grids.selectors import trainings as selectors
from grids.services import trainings
from grids.services.trainings import Said

State = Attendance.State


@transaction.atomic
def record(*, training: Training, by: Staff, post: Post, content: bytes) -> tuple[int, list[Problem]]:
    """Record a file of attendance; who is not on the list yet is put on it. Returns how many rows were written, or what is wrong.

    Raises Refused as ``trainings.note`` does (before the day, cancelled).
    """
    try:
        rows = attendancefile.read(BytesIO(content))
    except TableRefusedError as refused:
        return 0, [Problem(*one) for one in refused.found]
    sound, problems = attendancefile.check(rows, has_test=training.has_test)
    people = {number.lower(): pk for number, pk in selectors.invitable(post).order_by().values_list("number", "pk")}
    newest = {one.staff_id: one for one in selectors.newest_of(training)}
    said = []
    for row in sound:
        pk = people.get(row.number.lower())
        if pk is None:
            problems.append(Problem(row.row, "number", "not_yours", row.number[: attendancefile.LONGEST_VALUE]))
            continue
        last = newest.get(pk)
        changes = last is None or (last.state, last.passed) != (row.state, row.passed)
        if pk == by.pk:
            problems.append(Problem(row.row, "number", "own", row.number))
        elif last is not None and last.state != State.INVITED and changes and not row.reason:
            problems.append(Problem(row.row, "reason", "correction"))
        said.append(Said(staff_id=pk, state=row.state, passed=row.passed, reason=row.reason))
    if problems:
        return 0, sorted(problems)
    trainings.invite(training=training, by=by, post=post, staff_ids=[one.staff_id for one in said])
    written = trainings.note(training=training, by=by, post=post, said=said)
    audit.record(
        staff=by,
        post_id=post.pk,
        verb="attendance_file",
        about="training",
        about_id=training.pk,
        detail={"sha256": sha256(content).hexdigest()[:12], "rows": len(said), "written": written},
    )
    return written, []
