"""Files of visits: read and checked in one pass, confirmed by a second person, written row by row through ``submit_visit``.

A row is known by the file's hash and its place: the same file again adds nothing (Design, section 8).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import IO, Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import F

from config.lib import audit, clock, files, jobs
from config.lib.clock import SHANGHAI
from config.lib.jobs import Chunk
from config.lib.models import JobRun, StoredFile
from customers.domain import profilefile, visits
from customers.domain.economics import Problem
from customers.domain.form import Form
from customers.domain.profile_sheets import ANSWERS, key_of
from customers.domain.profilefile import Finding, Subject
from customers.domain.roster.problems import RosterError
from customers.models import ProfileFile, Visit
from customers.selectors.file_targets import Targets
from customers.selectors.forms import Edition, form_released
from customers.services.visits import (
    Place,
    Submission,
    VisitConflictError,
    VisitRefusedError,
    findings_of,
    submit_visit,
)
from grids.access import Branch, Staff, posts_of

JOB = "write_profiles"
PART = 100
NOON = time(12)
_SPACE = UUID("5c0b2f0e-6a0f-4c57-9b0e-0d9b3e7a2f11")
State = ProfileFile.State


class ProfileFileError(Exception):
    """The step is not possible; ``code`` says why: own, settled, answer, same."""

    def __init__(self, code: str, file: ProfileFile | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.file = file


@dataclass(frozen=True)
class Checked:
    """What a file holds: its rows with the household, business or unit of each, and everything wrong with it."""

    places: Mapping[int, Place]
    leads: dict[str, int]
    subjects: list[Subject]
    problems: list[Finding]


# --- Reading and checking -----------------------------------------------------------------------------------------


def check(*, branch: Branch, edition: Edition, content: Any, uploader: Staff) -> Checked:
    """Read a file and check every row of it as if it were submitted now; writes nothing."""
    try:
        raw, wrong = profilefile.read_tables(content)
    except RosterError as refused:
        return Checked({}, {}, [], [_unreadable(problem.code) for problem in refused.problems])
    tables, more = profilefile.tables_of(edition.form, raw)
    wrong += more
    if any(one.row <= 1 for one in wrong):
        return Checked({}, {}, [], sorted(wrong, key=_order))
    targets = _targets(branch, edition.form, tables)
    subjects, more = profilefile.subjects_of(edition.form, tables, targets.find)
    leads = _leads(branch, {one.visit["lead"] for one in subjects if one.visit["lead"]})
    found = Checked(targets.places, leads, subjects, [*wrong, *more])
    blamed = {(one.sheet, one.row, one.column) for one in found.problems}
    for subject in subjects:
        place = targets.places[subject.place]
        said = findings_of(uploader, place, submission(found, subject, edition, ""))
        for problem in said:
            told = subject.finding(edition.form, problem)
            if problem.level != "warning" and (told.sheet, told.row, told.column) not in blamed:
                found.problems.append(told)
    found.problems.sort(key=_order)
    return found


def _order(one: Finding) -> tuple[str, int, str]:
    return (one.sheet, one.row, one.column)


def _unreadable(code: str) -> Finding:
    return Finding(
        "", 0, "", code, "", "文件无法读取，请用下载的模板（xlsx），或装有各表 csv 的 zip",
        "The file cannot be read; use the template (xlsx), or a zip with one csv a sheet",
    )  # fmt: skip


def _targets(branch: Branch, form: Form, tables: Mapping[str, profilefile.Table]) -> Targets:
    rows = (cells for table in tables.values() for _at, cells in table)
    return Targets(branch, form.subject, {key_of(form.subject, cells) for cells in rows})


def _leads(branch: Branch, numbers: Iterable[str]) -> dict[str, int]:
    found = Staff.objects.filter(institution_id=branch.institution_id, number__in=list(numbers))
    return {one.number: one.pk for one in found}


def submission(checked: Checked, subject: Subject, edition: Edition, sha256: str) -> Submission:
    """Return what one row of a file submits; ``sha256`` of the file makes its identity."""
    said = subject.visit
    day = said["on"]
    at = datetime.combine(datetime.fromisoformat(day), _hour(said["at"]), SHANGHAI) if day else None
    visited = said["outcome"] in visits.FILED_OUTCOMES
    return Submission(
        client_uuid=uuid5(_SPACE, f"{sha256}:{edition.release_id}:{subject.at}"),
        purpose=said["purpose"] or "other",
        channel=said["channel"] or visits.SITE,
        called=said["called"],
        entry=visits.FILE,
        edition=edition.release_id,
        lead_id=checked.leads.get(said["lead"]),
        outcome=said["outcome"],
        device_at=at,
        person_met_id=int(said["person_met"]) if said.get("person_met") else None,
        met_role=said.get("met_role", ""),
        consent=said["consent"] if visited else "",
        document=subject.document,
        confirmed=_confirmed(subject) if said["sure"] else frozenset(),
        note=said["note"],
        next_visit_on=datetime.fromisoformat(said["next_visit_on"]).date() if said["next_visit_on"] else None,
    )


def _hour(text: str) -> time:
    return time.fromisoformat(text.replace("：", ":").zfill(5)) if text else NOON


def _confirmed(subject: Subject) -> frozenset[str]:
    """Every place of the document: the file says of all its amounts that they are meant so."""
    found: set[str] = set()

    def walk(at: str, value: Any) -> None:
        found.add(at)
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, one in inner:
            walk(f"{at}.{name}" if at else str(name), one)

    walk("", subject.document or {})
    return frozenset(found)


# --- Upload and settling ------------------------------------------------------------------------------------------


def upload(
    *, staff: Staff, post_id: int | None, branch: Branch, edition: Edition, content: IO[bytes], name: str
) -> ProfileFile:
    """Seal a file and check every row of it; it waits for a second person when nothing is wrong.

    Raises FileRefused for one that is too large, ProfileFileError ``same`` for one that is under way.
    """
    stored = files.store_sealed(
        content=content,
        name=name,
        kind=StoredFile.Kind.ROSTER,
        institution_id=branch.institution_id,
        stored_by_id=staff.pk,
    )
    with transaction.atomic():
        living = ProfileFile.objects.filter(
            branch=branch, file_sha256=stored.sha256, form_id=edition.release_id, state__in=("waiting", "writing")
        ).first()
        if living is not None:
            raise ProfileFileError("same", living)
        with files.open_sealed(stored) as opened:
            checked = check(branch=branch, edition=edition, content=opened, uploader=staff)
        file = ProfileFile.objects.create(
            institution_id=branch.institution_id,
            branch=branch,
            form_id=edition.release_id,
            file=stored,
            file_sha256=stored.sha256,
            file_name=name[:200],
            state=State.BROKEN if checked.problems else State.WAITING,
            subjects=len(checked.subjects),
            problems=[asdict(one) for one in checked.problems],
            uploaded_by=staff,
            uploaded_at=clock.now(),
        )
        _record(staff, post_id, "profile_file_upload", file, problems=len(checked.problems))
    return file


def confirm(*, staff: Staff, post_id: int | None, file: ProfileFile) -> JobRun:
    """Confirm somebody else's file and have it written by a worker."""
    with transaction.atomic():
        _take(staff, file, State.WRITING)
        run = jobs.start(
            kind=JOB,
            key=str(file.pk),
            institution_id=file.institution_id,
            asked_by_id=staff.pk,
            asked_post_id=post_id,
            parameters={"file": file.pk, "subjects": file.subjects},
        )
        ProfileFile.objects.filter(pk=file.pk).update(run=run)
        _record(staff, post_id, "profile_file_confirm", file)
    return run


def reject(*, staff: Staff, post_id: int | None, file: ProfileFile, answer: str) -> None:
    """Refuse somebody else's file with an answer; nothing of it is written."""
    if not answer.strip():
        raise ProfileFileError("answer", file)
    with transaction.atomic():
        _take(staff, file, State.REJECTED, answer.strip()[:200])
        _record(staff, post_id, "profile_file_reject", file)


def _take(staff: Staff, file: ProfileFile, state: str, answer: str = "", *, from_console: bool = False) -> None:
    if file.uploaded_by_id == staff.pk and not from_console:
        raise ProfileFileError("own", file)
    taken = ProfileFile.objects.filter(pk=file.pk, state=State.WAITING).update(
        state=state, settled_by=staff, settled_at=clock.now(), answer=answer,
        **({"settled_from_console": True} if from_console else {}),
    )  # fmt: skip
    if not taken:
        raise ProfileFileError("settled", file)
    file.refresh_from_db()


# --- Writing ------------------------------------------------------------------------------------------------------


def plan(run: JobRun) -> list[Chunk]:
    """Parts of a hundred rows."""
    total = int(run.parameters["subjects"])
    return [Chunk({"first": first}, units=min(PART, total - first)) for first in range(0, total, PART)]


def work(run: JobRun, payload: Any) -> None:
    """Write one part; a row that is refused now is named and left out, the others are written."""
    file = ProfileFile.objects.select_related("branch", "file", "uploaded_by").get(pk=run.parameters["file"])
    if not posts_of(file.uploaded_by).exists():
        raise PermissionError("who uploaded the file holds no post any more")
    write(file, payload["first"], PART)


def write(file: ProfileFile, first: int, count: int) -> None:
    """Submit some rows of a confirmed file."""
    edition = Edition(file.form_id, file.form.key, file.form.version, form_released(file.form_id))
    with files.open_sealed(file.file) as opened:
        raw, _wrong = profilefile.read_tables(opened)
    tables, _more = profilefile.tables_of(edition.form, raw)
    targets = _targets(file.branch, edition.form, tables)
    subjects, _more = profilefile.subjects_of(edition.form, tables, targets.find)
    leads = _leads(file.branch, {one.visit["lead"] for one in subjects if one.visit["lead"]})
    checked = Checked(targets.places, leads, subjects, [])
    written = repeated = 0
    refused: list[dict[str, Any]] = []
    for subject in _part(tables[ANSWERS], subjects, first, count):
        sent = submission(checked, subject, edition, file.file_sha256)
        if Visit.objects.filter(client_uuid=sent.client_uuid).exists():
            repeated += 1  # by an earlier writing of the same file, whoever uploaded it
            continue
        try:
            submit_visit(staff=file.uploaded_by, post_id=None, place=targets.places[subject.place], submission=sent)
            written += 1
        except VisitRefusedError as error:
            stopping = [problem for problem in error.problems if problem.level != "warning"]
            refused += [asdict(subject.finding(edition.form, problem)) for problem in stopping]
        except VisitConflictError:
            refused.append(asdict(subject.finding(edition.form, Problem("", "form_unknown"))))
    current = ProfileFile.objects.select_for_update().get(pk=file.pk)
    ProfileFile.objects.filter(pk=file.pk).update(
        written=F("written") + written, repeated=F("repeated") + repeated, refused=[*current.refused, *refused]
    )


def _part(answers: Sequence[tuple[int, Any]], subjects: Sequence[Subject], first: int, count: int) -> list[Subject]:
    """The rows of one part by their place in the file: a household that left since moves no other."""
    rows = {at for at, _cells in answers[first : first + count]}
    return [one for one in subjects if one.at in rows]


def finish(run: JobRun) -> dict[str, Any]:
    """Say that the file is written."""
    ProfileFile.objects.filter(pk=run.parameters["file"], state=State.WRITING).update(state=State.WRITTEN)
    file = ProfileFile.objects.get(pk=run.parameters["file"])
    return {"written": file.written, "repeated": file.repeated, "refused": len(file.refused)}


def abandon(run: JobRun) -> None:
    """Say that the writing stopped; the same file again writes what is left."""
    ProfileFile.objects.filter(pk=run.parameters["file"], state=State.WRITING).update(state=State.FAILED)


def write_now(*, staff: Staff, file: ProfileFile, from_console: bool) -> ProfileFile:
    """Confirm and write a file in the transaction of a command."""
    _take(staff, file, State.WRITING, from_console=from_console)
    for first in range(0, file.subjects, PART):
        write(file, first, PART)
    ProfileFile.objects.filter(pk=file.pk).update(state=State.WRITTEN)
    _record(staff, None, "profile_file_confirm", file, console=int(from_console))
    file.refresh_from_db()
    return file


def _record(staff: Staff, post_id: int | None, verb: str, file: ProfileFile, **more: int) -> None:
    detail = {"branch": file.branch_id, "sha256": file.file_sha256, "rows": file.subjects, **more}
    audit.record(staff=staff, verb=verb, about="profile_file", about_id=file.pk, detail=detail, post_id=post_id)
