"""Files of list entries: read, matched and checked in one pass, proposed by who uploads, confirmed or refused as a whole by another."""

from collections.abc import Iterable, Sequence
from typing import IO

from django.db import transaction

from config.lib import audit, clock, crypto, files
from config.lib.models import StoredFile
from customers.domain import listfile
from customers.domain.listfile import Wanted
from customers.domain.roster.problems import Problem, RosterError
from customers.models import Household, ListEntry, ListFile, Person
from customers.selectors.assessment import blocked_among
from customers.services import lists
from customers.services.lists import ListRefusedError
from grids.access import Branch, Staff

State = ListFile.State


class SameFileError(Exception):
    """The same file already waits for the branch; ``file`` is that one."""

    def __init__(self, file: ListFile) -> None:
        super().__init__(str(file.pk))
        self.file = file


def upload(
    *, staff: Staff, post_id: int | None, branch: Branch, content: IO[bytes], name: str, source: str
) -> ListFile:
    """Seal a file, check every row, and propose its entries when nothing is wrong; what stands on the list already is left alone.

    Raises FileRefused for a file that is too large and SameFileError for one that already waits.
    """
    stored = files.store_sealed(
        content=content,
        name=name,
        kind=StoredFile.Kind.ROSTER,
        institution_id=branch.institution_id,
        stored_by_id=staff.pk,
    )
    with transaction.atomic():
        same = ListFile.objects.filter(branch=branch, file_sha256=stored.sha256, state=State.WAITING).first()
        if same is not None:
            raise SameFileError(same)
        version, reasons = lists.released(branch.institution_id)
        rows: list[tuple[int, dict[str, str]]] = []
        try:
            with files.open_sealed(stored) as opened:
                rows = listfile.read(opened)  # type: ignore[arg-type]
            wanted, problems = listfile.check(rows, reasons, clock.today())
        except RosterError as refused:
            wanted, problems = [], list(refused.problems)
        matched, unmatched = _matched(branch, wanted)
        problems = sorted([*problems, *unmatched, *_against_each_other(matched)])
        new = [] if problems else _not_listed(matched)
        file = ListFile.objects.create(
            institution_id=branch.institution_id,
            branch=branch,
            file=stored,
            file_sha256=stored.sha256,
            file_name=name[:200],
            source=source.strip()[:100],
            state=State.BROKEN if problems else State.WAITING,
            rows=len(rows),
            skipped=0 if problems else len(matched) - len(new),
            problems=[
                {"row": one.row, "column": one.column, "code": one.code, "value": one.value, "also": one.also}
                for one in problems
            ],
            uploaded_by=staff,
            uploaded_at=clock.now(),
        )
        ListEntry.objects.bulk_create(_entry(file, one, person, version, staff) for one, person in new)
        _record(staff, post_id, "list_file_upload", file, entries=len(new), problems=len(problems))
    return file


def _entry(file: ListFile, one: Wanted, person: Person, version: int | None, staff: Staff) -> ListEntry:
    return ListEntry(
        institution_id=person.institution_id,
        grid_id=person.grid_id,
        recorded_grid_id=person.grid_id,
        subject_id=person.household_id,
        person=person,
        colour=one.colour,
        reason=one.reason.code,
        note=one.note,
        review_on=one.review_on,
        reasons_version=version,
        tag_blocks=one.reason.blocking and one.colour == ListEntry.Colour.ATTENTION,
        file=file,
        proposed_by=staff,
        proposed_at=file.uploaded_at,
    )


# --- Who is meant -----------------------------------------------------------------------------------------------------


def _matched(branch: Branch, wanted: Sequence[Wanted]) -> tuple[list[tuple[Wanted, Person]], list[Problem]]:
    """Return the present member each row means, by ID number or else by household number and name, and the rows without one."""
    here = {"grid__branch__path__startswith": branch.path, "institution_id": branch.institution_id}
    numbers = {one.id_number for one in wanted if one.id_number}
    index_of = {
        bytes(index): number for number in numbers for index in crypto.live_indexes("id", branch.institution_id, number)
    }
    people = Person.objects.filter(left_on__isnull=True, erased_at__isnull=True)
    by_id = {
        index_of[bytes(person.id_index or b"")]: person
        for person in people.filter(id_index__in=list(index_of), household__grid__branch__path__startswith=branch.path)
    }
    homes: dict[str, list[Household]] = {}
    for home in Household.objects.filter(
        **here, number__in={one.household_number for one in wanted if not one.id_number}
    ).select_related("grid"):
        homes.setdefault(home.number, []).append(home)
    members = {
        (person.household_id, person.name): person
        for person in people.filter(household__in=[home.pk for found in homes.values() for home in found])
    }
    matched, problems = [], []
    for one in wanted:
        person, problem = _one(one, by_id, homes, members)
        if person is not None:
            matched.append((one, person))
        elif problem is not None:
            problems.append(problem)
    return matched, problems


def _one(
    one: Wanted,
    by_id: dict[str, Person],
    homes: dict[str, list[Household]],
    members: dict[tuple[int, str], Person],
) -> tuple[Person | None, Problem | None]:
    if one.id_number:
        found = by_id.get(one.id_number)
        if found is None:
            return None, Problem(one.row, "id_number", "not_found")
        if one.name and one.name != found.name:
            return None, Problem(one.row, "name", "name_differs", one.name)
        return found, None
    possible = homes.get(one.household_number, [])
    if one.village:
        possible = [home for home in possible if home.grid.name == one.village]
    if len(possible) > 1:
        return None, Problem(one.row, "household_number", "household_unclear", one.household_number)
    person = members.get((possible[0].pk, one.name)) if possible else None
    return (person, None) if person else (None, Problem(one.row, "name", "not_found", one.name))


def _against_each_other(matched: Sequence[tuple[Wanted, Person]]) -> list[Problem]:
    """Return what the rows say against one another, and against the lists in force: doubled rows, and white entries that cannot be."""
    problems: list[Problem] = []
    seen: dict[tuple[int, str], int] = {}
    whites: dict[int, int] = {}
    blocking = {
        person.household_id for one, person in matched if one.colour in ("black", "grey") or one.reason.blocking
    }
    blocking |= set(
        ListEntry.objects.filter(
            subject_id__in={person.household_id for one, person in matched if one.colour == "white"},
            blocks=True,
            confirmed_at__isnull=False,
            released_at__isnull=True,
            person__left_on__isnull=True,
        ).values_list("subject_id", flat=True)
    )
    for one, person in matched:
        first = seen.setdefault((person.pk, one.colour), one.row)
        if first != one.row:
            problems.append(Problem(one.row, "name", "twice", also=str(first)))
            continue
        if one.colour != "white":
            continue
        if person.household_id in blocking:
            problems.append(Problem(one.row, "colour", "blocked"))
        elif whites.setdefault(person.household_id, one.row) != one.row:
            problems.append(Problem(one.row, "colour", "white_twice", also=str(whites[person.household_id])))
    return problems


def _not_listed(matched: Sequence[tuple[Wanted, Person]]) -> list[tuple[Wanted, Person]]:
    living = set(
        ListEntry.objects.filter(
            person__in=[person.pk for _one, person in matched], released_at__isnull=True, rejected_at__isnull=True
        ).values_list("person_id", "colour")
    )
    return [(one, person) for one, person in matched if (person.pk, one.colour) not in living]


# --- Settled by another ---------------------------------------------------------------------------------------------


def confirm(*, staff: Staff, post_id: int | None, file: ListFile) -> int:
    """Confirm somebody else's file: its entries count from this instant. Returns how many.

    A white entry whose household was blocked since is refused instead, with that answer.
    """
    with transaction.atomic():
        _take(staff, file, State.CONFIRMED)
        entries = list(
            file.entries.filter(confirmed_at__isnull=True, rejected_at__isnull=True).order_by("subject_id", "pk")
        )
        homes = {entry.subject_id for entry in entries}
        list(Household.objects.select_for_update(of=("self",)).filter(pk__in=homes).order_by("pk").values_list("pk"))
        blocked = set(blocked_among(entry.subject_id for entry in entries if entry.colour == "white"))
        late = [entry.pk for entry in entries if entry.colour == "white" and entry.subject_id in blocked]
        _refuse(late, staff, "确认时本户已有成员在名单内")
        kept = [entry for entry in entries if entry.pk not in late]
        lists.take_effect(kept, staff)
        _record(staff, post_id, "list_file_confirm", file, entries=len(kept), refused=len(late))
    return len(kept)


def reject(*, staff: Staff, post_id: int | None, file: ListFile, answer: str) -> None:
    """Refuse somebody else's file with an answer; none of its entries ever counts."""
    if not answer.strip():
        raise ListRefusedError("answer")
    with transaction.atomic():
        _take(staff, file, State.REJECTED, answer.strip()[:200])
        waiting = file.entries.filter(confirmed_at__isnull=True, rejected_at__isnull=True)
        _refuse(list(waiting.values_list("pk", flat=True)), staff, answer.strip()[:200])
        _record(staff, post_id, "list_file_reject", file)


def _refuse(entries: Iterable[int], staff: Staff, answer: str) -> None:
    ListEntry.objects.filter(pk__in=list(entries)).update(rejected_by=staff, rejected_at=clock.now(), answer=answer)


def _take(staff: Staff, file: ListFile, state: str, answer: str = "") -> None:
    if file.uploaded_by_id == staff.pk:
        raise ListRefusedError("own")
    taken = ListFile.objects.filter(pk=file.pk, state=State.WAITING).update(
        state=state, settled_by=staff, settled_at=clock.now(), answer=answer
    )
    if not taken:
        raise ListRefusedError("settled")
    file.refresh_from_db()


def _record(staff: Staff, post_id: int | None, verb: str, file: ListFile, **more: int) -> None:
    detail = {"branch": file.branch_id, "sha256": file.file_sha256, **more}
    audit.record(staff=staff, verb=verb, about="list_file", about_id=file.pk, detail=detail, post_id=post_id)
