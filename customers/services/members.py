"""Members who came or left on a visit: people written and ended with the visit, and duplicates told to the branch manager."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction

from config.lib import audit, clock, crypto
from config.lib.weeks import business_day
from customers.domain import members, names
from customers.domain.economics import Problem
from customers.domain.identity import normalise_id
from customers.domain.members import Joining, Leaving, Newcomer
from customers.models import DuplicateCase, Household, MemberChange, Person, PersonToken, Visit
from customers.services import identity


class DuplicateError(Exception):
    """Somebody with this ID number was filed between the look and the write; ``place`` is which of the new members."""

    def __init__(self, place: int) -> None:
        super().__init__(f"new member {place}")
        self.place = place


def checked(
    home: Household, present: Iterable[Person], joining: Sequence[Joining], leaving: Sequence[Leaving], *, may: bool
) -> tuple[list[Newcomer], list[Problem]]:
    """Return the new members as they will be filed, and every problem, ID numbers filed elsewhere included."""
    known = {
        person.pk: members.Member(name=person.name, is_head=person.pk == home.head_id, born_on=person.born_on)
        for person in present
    }
    newcomers, problems = members.check(joining, leaving, known, today=clock.today(), may=may)
    wrong = {problem.path for problem in problems if problem.level == "error"}
    for i, newcomer in enumerate(newcomers):
        path = f"joining.{i}.id_number"
        if (
            newcomer.id_number
            and path not in wrong
            and _former(home, newcomer) is None
            and _filed_in(home.institution_id, newcomer.id_number) is not None
        ):
            problems.append(Problem(path, members.FILED_ELSEWHERE))
    return newcomers, problems


def _former(home: Household, newcomer: Newcomer) -> Person | None:
    """Return the former member of this household who comes back under his ID number; who is filed as dead does not."""
    if not newcomer.id_number:
        return None
    indexes = crypto.live_indexes("id", home.institution_id, newcomer.id_number)
    former = Person.objects.filter(household=home, id_index__in=indexes, left_on__isnull=False, erased_at__isnull=True)
    return former.exclude(left_reason=MemberChange.Reason.DECEASED).first()


def _filed_in(institution_id: int, id_number: str) -> int | None:
    with connection.cursor() as cursor:
        indexes = crypto.live_indexes("id", institution_id, id_number)
        cursor.execute("select acc.filed_in(%s, %s::bytea[])", [institution_id, indexes])
        return cursor.fetchone()[0]


def write(home: Household, visit: Visit, newcomers: Sequence[Newcomer], leaving: Sequence[Leaving]) -> list[Person]:
    """File the new members and end the membership of those who left, each with a row that tells so; returns the new ones."""
    facts = {
        "institution_id": home.institution_id,
        "grid_id": home.grid_id,
        "recorded_grid_id": home.grid_id,
        "subject_id": home.pk,
        "visit": visit,
    }
    added = []
    for i, newcomer in enumerate(newcomers):
        try:
            with transaction.atomic():
                added.append(_file(home, newcomer))
        except IntegrityError as error:
            if "id_number_once" not in str(error):
                raise
            raise DuplicateError(i) from error
    day = business_day(visit.device_at)
    changes = [MemberChange(**facts, person=person, kind=MemberChange.Kind.JOINED, on=day) for person in added]
    for leaver in {one.person: one for one in reversed(leaving)}.values():
        person = Person.objects.get(household=home, pk=leaver.person or 0)
        person.left_on, person.left_reason = leaver.on, leaver.reason
        person.save(update_fields=["left_on", "left_reason"])
        changes.append(
            MemberChange(**facts, person=person, kind=MemberChange.Kind.LEFT, reason=leaver.reason, on=leaver.on or day)
        )
    MemberChange.objects.bulk_create(changes)
    return added


def _file(home: Household, newcomer: Newcomer) -> Person:
    back = _former(home, newcomer)
    if back is not None:
        # The same person again, with his own history; name and numbers stand as filed.
        back.left_on, back.left_reason, back.relation = None, "", newcomer.relation
        back.save(update_fields=["left_on", "left_reason", "relation"])
        return back
    person = Person(
        institution_id=home.institution_id,
        grid_id=home.grid_id,
        household=home,
        name=newcomer.name,
        sort_key=names.sort_key(newcomer.name),
        relation=newcomer.relation,
        sex=newcomer.sex,
        born_on=newcomer.born_on,
    )
    for column, value in identity.encrypt_identity(person.uuid, home.institution_id, newcomer.id_number).items():
        setattr(person, column, value)
    person.save(force_insert=True)
    PersonToken.objects.bulk_create(
        PersonToken(institution_id=home.institution_id, grid_id=home.grid_id, person=person, token=token)
        for token in names.tokens(newcomer.name)
    )
    return person


# --- Duplicates (Semantics, section 8) --------------------------------------------------------------------------------


def tell_of_duplicates(
    *, staff: Any, post_id: int | None, household: Household, joining: Sequence[Joining], problems: Iterable[Problem]
) -> None:
    """Tell the branch manager where the ID numbers are filed that stopped a save; the same finding is told once."""
    for problem in problems:
        if problem.code != members.FILED_ELSEWHERE:
            continue
        typed = joining[int(problem.path.split(".")[1])]
        grid_id = _filed_in(household.institution_id, normalise_id(typed.id_number))
        if grid_id is None:
            continue
        case, is_new = DuplicateCase.objects.get_or_create(
            subject_id=household.pk,
            filed_grid_id=grid_id,
            found_by=staff,
            settled_at=None,
            defaults={
                "institution_id": household.institution_id,
                "grid_id": household.grid_id,
                "recorded_grid_id": household.grid_id,
                "found_at": clock.now(),
            },
        )
        if is_new:
            _record(staff, post_id, "duplicate_found", case)


def settle_duplicate(*, staff: Any, post_id: int | None, case: DuplicateCase) -> None:
    """Note that the branch manager has looked into a duplicate; once is enough."""
    if case.settled_at is not None:
        return
    case.settled_by, case.settled_at = staff, clock.now()
    case.save(update_fields=["settled_by", "settled_at"])
    _record(staff, post_id, "duplicate_settled", case)


def _record(staff: Any, post_id: int | None, verb: str, case: DuplicateCase) -> None:
    detail = {"household": case.subject_id, "filed_grid": case.filed_grid_id}
    audit.record(staff=staff, verb=verb, about="duplicate", about_id=case.pk, detail=detail, post_id=post_id)
