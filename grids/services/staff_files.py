"""Files of staff and posts: checked whole at upload, their plan confirmed by another administrator and carried out at once."""

from collections.abc import Mapping
from typing import IO, Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from config.lib import audit, clock, files
from config.lib.models import StoredFile
from config.lib.tablefile import TableRefusedError
from grids.domain import stafffile
from grids.domain.stafffile import Problem, Wanted
from grids.models import Branch, Post, Staff, StaffImport
from grids.selectors import staff_files as selectors
from grids.selectors.staff_files import Step
from grids.services import Refused
from grids.services.staff import BRANCH_POSTS, WHOLE_ONLY

State = StaffImport.State
PROBLEMS_KEPT = 2000


class SameFileError(Exception):
    """The same file already waits; ``file`` is that one."""

    def __init__(self, file: StaffImport) -> None:
        super().__init__(str(file.pk))
        self.file = file


def upload(*, by: Staff, post: Post, content: IO[bytes], name: str) -> StaffImport:
    """Seal a file, check every row, and store what it would change; nothing of it counts before another confirms.

    Raises FileRefused for a file that is too large and SameFileError for one that already waits.
    """
    stored = files.store_sealed(
        content=content, name=name, kind=StoredFile.Kind.ROSTER, institution_id=by.institution_id, stored_by_id=by.pk
    )
    with transaction.atomic():
        same = StaffImport.objects.filter(
            institution_id=by.institution_id, state=State.WAITING, file_sha256=stored.sha256
        )
        if (found := same.first()) is not None:
            raise SameFileError(found)
        wanted, problems = _read(stored, by)
        steps, against = ([], []) if problems else selectors.steps_of(by.institution_id, wanted, clock.today())
        problems = sorted([*problems, *against, *_own(steps, by)])
        plan = [] if problems else selectors.told(steps, _branches(by))
        file = StaffImport.objects.create(
            institution_id=by.institution_id,
            file=stored,
            file_sha256=stored.sha256,
            file_name=name[:200],
            state=State.BROKEN if problems else State.WAITING,
            rows=[] if problems else [one.stored() for one in wanted],
            plan=plan,
            counts=selectors.counts_of(plan),
            problems=[problem._asdict() for problem in problems[:PROBLEMS_KEPT]],
            uploaded_by=by,
            uploaded_at=clock.now(),
        )
        _record(by, post, "staff_file_uploaded", file, problems=len(problems))
    return file


def _read(stored: StoredFile, by: Staff) -> tuple[list[Wanted], list[Problem]]:
    try:
        with files.open_sealed(stored) as opened:
            rows = stafffile.read(opened)  # type: ignore[arg-type]
    except TableRefusedError as refused:
        return [], [Problem(*one) for one in refused.found]
    branches = selectors.branch_names(by.institution_id)
    return stafffile.check(rows, branches, branch_posts=BRANCH_POSTS, whole_posts=WHOLE_ONLY)


def _branches(by: Staff) -> Mapping[int, str]:
    return dict(Branch.objects.filter(institution_id=by.institution_id).values_list("pk", "name"))


def _own(steps: list[Step], person: Staff) -> list[Problem]:
    """Find the rows by which a person would give or end a post of his own."""
    return [
        Problem(step.wanted.row, "kind", "own", step.wanted.number)
        for step in steps
        if step.staff is not None and step.staff.pk == person.pk and step.post in ("new", "changed")
    ]


def confirm(*, file: StaffImport, by: Staff, post: Post) -> dict[str, int]:
    """Carry out somebody else's file: people and posts in a few statements, however many. Returns the counts by kind of change.

    When people or posts changed since the upload the plan is made anew and shown again instead.
    """
    with transaction.atomic():
        held = _take(file, by)
        if held.uploaded_by_id == by.pk:
            raise Refused(_("自己上传的文件由另一位管理员确认"))
        list(Staff.objects.select_for_update().filter(number__in=[row["number"] for row in held.rows]).order_by("pk"))
        steps, problems = selectors.steps_of(by.institution_id, map(stafffile.restored, held.rows), clock.today())
        plan = selectors.told(steps, _branches(by)) if not problems else []
        if problems:
            raise Refused(
                _("人员已有变化，这份文件第 %(row)s 行起不再适用，请退回并重新上传") % {"row": problems[0].row}
            )
        if plan != held.plan:
            changed = True
            held.plan, held.counts = plan, selectors.counts_of(plan)
            held.save(update_fields=["plan", "counts"])
        else:
            changed = False
            if _own(steps, by):
                raise Refused(_("这份文件改动您自己的岗位，请另一位管理员确认"))
            _carry_out(steps, by, post, held)
            held.state, held.settled_by, held.settled_at = State.CONFIRMED, by, clock.now()
            held.save(update_fields=["state", "settled_by", "settled_at"])
            _record(by, post, "staff_file_confirmed", held, **held.counts)
    if changed:
        raise Refused(_("人员在上传之后有变化，下面是新的预览，请再看一遍"))
    return dict(held.counts)


def _carry_out(steps: list[Step], by: Staff, post: Post, file: StaffImport) -> None:
    today = clock.today()
    new = {step.wanted.number.lower(): step.wanted for step in steps if step.person == "new"}
    created = Staff.objects.bulk_create(
        Staff(
            number=one.number,
            name=one.name,
            institution_id=by.institution_id,
            home_branch_id=one.branch,
            email=one.email,
            password=make_password(None),
            must_change_password=True,
        )
        for one in new.values()
    )
    people = {person.number.lower(): person for person in created}
    changed = {}
    for step in steps:
        if step.staff is not None:
            people[step.wanted.number.lower()] = step.staff
        if step.staff is not None and step.person == "changed":
            step.staff.name, step.staff.home_branch_id = step.wanted.name, step.wanted.branch
            step.staff.email = step.wanted.email or step.staff.email
            changed[step.staff.pk] = step.staff
    Staff.objects.bulk_update(changed.values(), ["name", "home_branch", "email"], batch_size=500)
    given = Post.objects.bulk_create(
        Post(
            staff=people[step.wanted.number.lower()],
            kind=step.wanted.kind,
            branch_id=step.wanted.scope,
            from_on=max(step.wanted.from_on or today, today),
            to_on=step.wanted.to_on,
            appointed_by=by,
        )
        for step in steps
        if step.post == "new"
    )
    ended = []
    for step in steps:
        if step.held is not None and step.post == "changed" and step.wanted.to_on is not None:
            step.held.to_on = max(step.wanted.to_on, step.held.from_on)
            ended.append(step.held)
    Post.objects.bulk_update(ended, ["to_on"], batch_size=500)
    told: list[tuple[str, list[tuple[int, dict[str, Any]]]]] = [
        ("staff_created", [(person.pk, {"file": file.pk}) for person in created]),
        ("staff_changed", [(pk, {"file": file.pk}) for pk in changed]),
        ("post_given", [(one.staff_id, {"file": file.pk, "post": one.pk, "kind": one.kind}) for one in given]),
        ("post_ended", [(one.staff_id, {"file": file.pk, "post": one.pk, "to_on": str(one.to_on)}) for one in ended]),
    ]
    for verb, details in told:
        audit.record_each(staff=by, verb=verb, about="staff", details=details, post_id=post.pk)


def reject(*, file: StaffImport, by: Staff, post: Post, answer: str) -> None:
    """Refuse somebody else's file with an answer, or take back one's own; nothing of it ever counts."""
    with transaction.atomic():
        held = _take(file, by)
        is_own = held.uploaded_by_id == by.pk
        if not is_own and not answer.strip():
            raise Refused(_("不同意时请写明理由"))
        held.state = State.WITHDRAWN if is_own else State.REJECTED
        held.settled_by, held.settled_at, held.answer = by, clock.now(), answer.strip()[:200]
        held.save(update_fields=["state", "settled_by", "settled_at", "answer"])
        _record(by, post, "staff_file_withdrawn" if is_own else "staff_file_rejected", held)


def _take(file: StaffImport, by: Staff) -> StaffImport:
    held = StaffImport.objects.select_for_update(of=("self",)).get(pk=file.pk, institution_id=by.institution_id)
    if held.state != State.WAITING:
        raise Refused(_("这份文件刚刚已经处理过了，下面是现在的状态"))
    return held


def _record(by: Staff, post: Post, verb: str, file: StaffImport, **detail: Any) -> None:
    detail = {"sha256": file.file_sha256, **detail}
    audit.record(staff=by, post_id=post.pk, verb=verb, about="staff_file", about_id=file.pk, detail=detail)
