"""Households found in the field (散户): counted apart until a roster holds one of their members (Semantics, section 1)."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction

from config.lib import audit, clock, crypto
from customers.domain import identity, names
from customers.domain.entities import Finding, clean
from customers.domain.roster import cells
from customers.models import Household, Person, PersonToken, Subject
from customers.services.entities import EntityRefusedError
from customers.services.identity import encrypt_identity
from grids.access import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundHousehold:
    """What an officer learns at the door: the head is enough."""

    head: str
    id_number: str = ""
    phone: str = ""
    group: str = ""
    address: str = ""
    number: str = ""


def find_household(
    *, staff: Any, post_id: int | None, grid: Grid, told: FoundHousehold, is_another: bool = False
) -> Household:
    """File a household found in the field, with its head. Raises EntityRefusedError.

    A head of the same name in the grid stops it once; ``is_another`` says that it was looked at.
    """
    name = names.normalise_name(told.head)
    number = identity.check_id(told.id_number, today=clock.today()) if told.id_number else identity.IdCheck("")
    findings = [Finding("principal", code, name[:20]) for code in names.check_name(name)[0]]
    findings += [Finding("id_number", code, identity.mask_id(number.number)) for code in number.errors]
    if number.number and not number.errors and _is_filed(grid.institution_id, number.number):
        findings.append(Finding("id_number", "id_filed"))
    given = cells.household_number(told.number)
    if given and Household.objects.filter(grid=grid, number=given).exists():
        findings.append(Finding("number", "household_number_filed", given))
    if not findings and not is_another and _has_namesake(grid, name):
        findings.append(Finding("principal", "head_name_in_grid", name))
    if findings:
        raise EntityRefusedError(findings)
    with transaction.atomic():
        try:
            home = _write(grid, name, number, told, given)
        except IntegrityError as error:
            if "id_number_once" not in str(error):
                raise
            raise EntityRefusedError([Finding("id_number", "id_filed")]) from error
        audit.record(
            staff=staff,
            verb="subject_found",
            about="subject",
            about_id=home.pk,
            detail={"kind": Subject.Kind.HOUSEHOLD},
            post_id=post_id,
        )
    return home


def _is_filed(institution_id: int, id_number: str) -> bool:
    with connection.cursor() as cursor:
        indexes = crypto.live_indexes("id", institution_id, id_number)
        cursor.execute("select acc.filed_in(%s, %s::bytea[])", [institution_id, indexes])
        return cursor.fetchone()[0] is not None


def _has_namesake(grid: Grid, name: str) -> bool:
    present = Household.objects.filter(grid=grid, subject__left_on__isnull=True)
    return Person.objects.filter(pk__in=present.values("head_id"), grid=grid, name=name).exists()


def _write(grid: Grid, name: str, number: identity.IdCheck, told: FoundHousehold, given: str) -> Household:
    place = {"institution_id": grid.institution_id, "grid_id": grid.pk}
    with transaction.atomic():
        subject = Subject.objects.create(**place, found_on=clock.today())
        home = Household.objects.create(
            subject=subject,
            **place,
            number=given or f"S{subject.pk:06d}",
            group=clean(told.group)[:30],
            address=clean(told.address)[:200],
        )
        person = Person(
            **place,
            household=home,
            name=name,
            sort_key=names.sort_key(name),
            relation=Person.Relation.HEAD,
            sex=number.sex or "",
            born_on=number.birth,
        )
        phone = identity.check_phone(told.phone).number
        for column, value in encrypt_identity(person.uuid, grid.institution_id, number.number, phone).items():
            setattr(person, column, value)
        person.save(force_insert=True)
        PersonToken.objects.bulk_create(
            PersonToken(**place, person=person, token=token) for token in names.tokens(name)
        )
        home.head = person
        home.save(update_fields=["head"])
    return home
