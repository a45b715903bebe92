"""Businesses and units as they are filed: one door for what is found in the field, placed from a list, or corrected."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import IntegrityError, connection, transaction

from config.lib import audit, clock, crypto
from customers.domain import entities, names
from customers.domain.entities import Facts, Finding
from customers.models import Business, Principal, RosterImport, Subject, SubjectToken, Unit
from customers.services.identity import file_principal
from grids.access import Grid

MODELS: dict[str, type[Business] | type[Unit]] = {Subject.Kind.BUSINESS: Business, Subject.Kind.UNIT: Unit}


class EntityRefusedError(Exception):
    """The business or unit is not filed; ``findings`` say why, field by field."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(", ".join(finding.code for finding in findings))
        self.findings = findings


def find(*, staff: Any, post_id: int | None, grid: Grid, facts: Facts, is_another: bool = False) -> Subject:
    """File what an officer found in the field (散户): counted apart until a list holds it.

    A business of the same name in the grid stops it once; ``is_another`` says that it was looked at. Raises EntityRefusedError.
    """
    told, findings = entities.check(facts, today=clock.today())
    if not any(finding.is_error for finding in findings) and not is_another and namesakes(grid, told):
        findings.append(Finding("name", "entity_name_in_grid", told.name))
    _refuse(findings)
    subject = write(grid=grid, told=told, found_on=clock.today())
    _record(staff, post_id, "subject_found", subject)
    return subject


def namesakes(grid: Grid, told: Facts) -> list[Business | Unit]:
    """Return the active businesses or units of a grid under the same name."""
    model: Any = MODELS[told.subject_kind]
    rows = model.objects.filter(grid=grid, sort_key=names.sort_key(told.name), subject__left_on__isnull=True)
    return [row for row in rows if entities.fold(row.name) == told.folded]


def correct(*, staff: Any, post_id: int | None, entity: Business | Unit, facts: Facts) -> None:
    """Correct what is filed of a business or unit; what stood before stays in the history. Raises EntityRefusedError.

    Empty ID number and phone leave what is filed.
    """
    told, findings = entities.check(facts, today=clock.today())
    _refuse(findings)
    subject = entity.subject
    with transaction.atomic():
        if told.uscc != (subject.uscc or ""):
            subject.uscc = told.uscc or None
            _save_code(subject, told.uscc)
        for name, value in columns_of(told).items():
            setattr(entity, name, value)
        entity.save(update_fields=list(columns_of(told)))
        answer_for(subject, told)
        _find_by(subject, told)
        _record(staff, post_id, "entity_corrected", subject)


def leave(*, staff: Any, post_id: int | None, entity: Business | Unit, on: date, reason: str) -> None:
    """End a business or unit: closed down, or moved out of the territory. It stays on file and its code is free again."""
    if reason not in (Subject.Left.CLOSED, Subject.Left.MOVED) or on > clock.today():
        raise EntityRefusedError([Finding("on", "leaving_in_the_future")])
    with transaction.atomic():
        left = Subject.objects.filter(pk=entity.pk, left_on__isnull=True).update(left_on=on, left_reason=reason)
        if left:
            _record(staff, post_id, "subject_left", entity.subject)


def _refuse(findings: list[Finding]) -> None:
    errors = [finding for finding in findings if finding.is_error]
    if errors:
        raise EntityRefusedError(errors)


def write(
    *,
    grid: Grid,
    told: Facts,
    listed_on: date | None = None,
    found_on: date | None = None,
    roster: RosterImport | None = None,
) -> Subject:
    """Write a checked business or unit with who answers for it and its search tokens."""
    with transaction.atomic():
        subject = Subject(
            institution_id=grid.institution_id,
            grid=grid,
            kind=told.subject_kind,
            uscc=told.uscc or None,
            listed_on=listed_on,
            found_on=found_on,
        )
        _save_code(subject, told.uscc)
        MODELS[told.subject_kind].objects.create(
            subject=subject,
            institution_id=grid.institution_id,
            grid=grid,
            roster=roster,
            source_kind=roster.source_kind if roster else "",
            source=roster.source if roster else "",
            **columns_of(told),
        )
        answer_for(subject, told)
        _find_by(subject, told)
    return subject


def _save_code(subject: Subject, code: str) -> None:
    """Save a subject whose code nobody else has; the refusal names nothing."""
    if code and is_code_filed(subject.institution_id, code, subject.pk):
        raise EntityRefusedError([Finding("uscc", "uscc_filed", code)])
    try:
        with transaction.atomic():
            subject.save()
    except IntegrityError as error:
        if "credit_code_once" not in str(error):
            raise
        raise EntityRefusedError([Finding("uscc", "uscc_filed", code)]) from error


def is_code_filed(institution_id: int, code: str, leaving_out: int | None = None) -> bool:
    """Whether a code is filed with an active subject of the institution, seen by the acting person or not."""
    with connection.cursor() as cursor:
        cursor.execute("select acc.uscc_filed(%s, %s, %s)", [institution_id, code, leaving_out])
        return bool(cursor.fetchone()[0])


def columns_of(told: Facts) -> dict[str, Any]:
    """Return the columns of a business or unit that say what is told."""
    columns: dict[str, Any] = {
        "name": told.name,
        "sort_key": names.sort_key(told.name),
        "kind": told.kind,
        "address": told.address,
    }
    if told.subject_kind == Subject.Kind.BUSINESS:
        columns |= {"licence_name": told.licence_name, "trade": told.trade, "founded_on": told.founded_on}
    return columns


def answer_for(subject: Subject, told: Facts) -> None:
    """File who answers for a business or unit: tied to the household member with his ID number where there is one."""
    if not told.principal:
        return
    principal = Principal.objects.filter(subject=subject).first() or Principal(
        subject=subject, institution_id=subject.institution_id, grid_id=subject.grid_id
    )
    if principal.erased_at is not None:
        return
    person_id = member_with(subject.institution_id, told.id_number) if told.id_number else None
    file_principal(principal, name=told.principal, id_number=told.id_number, phone=told.phone, person_id=person_id)


def member_with(institution_id: int, id_number: str) -> int | None:
    """Return the member of a filed household who has this ID number."""
    with connection.cursor() as cursor:
        indexes = crypto.live_indexes("id", institution_id, id_number)
        cursor.execute("select acc.member_with(%s, %s::bytea[])", [institution_id, indexes])
        found = cursor.fetchone()[0]
    return int(found) if found is not None else None


def _find_by(subject: Subject, told: Facts) -> None:
    """Write the tokens a business or unit is found by: its name, the name on its licence, who answers for it."""
    SubjectToken.objects.filter(subject_id=subject.pk).delete()
    place = {"institution_id": subject.institution_id, "grid_id": subject.grid_id, "subject_id": subject.pk}
    SubjectToken.objects.bulk_create(
        SubjectToken(**place, token=token, of_person=of_person) for token, of_person in tokens_of(told)
    )


def tokens_of(told: Facts) -> list[tuple[str, bool]]:
    """Return the tokens of a business or unit, and whether each is of who answers for it."""
    own = dict.fromkeys([*entities.tokens(told.name), *entities.tokens(told.licence_name)])
    return [*((token, False) for token in own), *((token, True) for token in names.tokens(told.principal))]


def facts_of(entity: Business | Unit) -> Facts:
    """Return what is filed of a business or unit, ID number and phone left out."""
    return all_facts_of([entity])[0]


def all_facts_of(rows: Sequence[Business | Unit]) -> list[Facts]:
    """Return what is filed of businesses or units, in their order; ID numbers and phones are left out."""
    answering = dict(Principal.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "name"))
    found = []
    for row in rows:
        told = Facts(
            subject_kind=row.subject.kind,
            kind=row.kind,
            name=row.name,
            uscc=row.subject.uscc or "",
            address=row.address,
            principal=answering.get(row.pk, ""),
        )
        if isinstance(row, Business):
            told = replace(told, licence_name=row.licence_name, trade=row.trade, founded_on=row.founded_on)
        found.append(told)
    return found


def _record(staff: Any, post_id: int | None, verb: str, subject: Subject) -> None:
    audit.record(
        staff=staff, verb=verb, about="subject", about_id=subject.pk, detail={"kind": subject.kind}, post_id=post_id
    )
