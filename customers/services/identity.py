"""ID numbers and phones of persons: encrypted under each person's own data key, masked on pages, revealed on record."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from config.lib import audit, crypto
from customers.domain.entities import Facts
from customers.domain.identity import tail_of
from customers.models import Person, Principal
from customers.selectors.identity import Field, decrypt, people_numbered, place_of

FIELDS: tuple[Field, ...] = ("id_number", "phone")
_PRINCIPAL = (
    "name", "person", "data_key", "id_number", "id_index", "id_tail", "phone", "phone_index", "phone_tail",
)  # fmt: skip
# The kinds of blind index of a field: of the whole number, and of its last four characters.
_INDEX_KINDS: dict[Field, tuple[str, str]] = {"id_number": ("id", "id4"), "phone": ("phone", "phone4")}
_INDEX_COLUMNS: dict[Field, tuple[str, str]] = {
    "id_number": ("id_index", "id_tail"),
    "phone": ("phone_index", "phone_tail"),
}


def encrypt_identity(
    person_uuid: UUID, institution_id: int, id_number: str = "", phone: str = "", data_key: bytes | None = None
) -> dict[str, bytes | None]:
    """Return the columns of a person that hold identity: data key, both numbers encrypted, their blind indexes and tails.

    Numbers come in their one spelling (``customers.domain.identity``); "" leaves the columns empty. ``data_key`` is the wrapped
    key the person already has; without it a new one is made.
    """
    if data_key is None:
        key, data_key = crypto.new_data_key(person_uuid)
    else:
        key = crypto.open_data_key(data_key, person_uuid)
    columns: dict[str, bytes | None] = {"data_key": bytes(data_key)}
    for field, number in zip(FIELDS, (id_number, phone), strict=True):
        columns[field] = crypto.seal(key, number.encode(), place_of(field, person_uuid)) if number else None
        for column, kind, text in zip(
            _INDEX_COLUMNS[field], _INDEX_KINDS[field], (number, tail_of(number)), strict=True
        ):
            columns[column] = crypto.blind_index(kind, institution_id, text) if number else None
    return columns


def reveal(*, staff: Any, post_id: int | None, person: Person, field: Field) -> str:
    """Return a number in clear and leave an audit event of who saw it, whose it is and which field."""
    number = decrypt(person, field)
    audit.record(
        staff=staff,
        verb="reveal",
        about="person",
        about_id=person.pk,
        detail={"field": field, "household": person.household_id},
        post_id=post_id,
    )
    return number


def reveal_principal(*, staff: Any, post_id: int | None, principal: Principal, field: Field) -> str:
    """Return a number of who answers for a business or unit in clear, on record."""
    number = decrypt(principal, field)
    audit.record(
        staff=staff,
        verb="reveal",
        about="principal",
        about_id=principal.pk,
        detail={"field": field},
        post_id=post_id,
    )
    return number


def principals_of(institution_id: int, told: Mapping[int, tuple[int, Facts]]) -> None:
    """File who answers for many businesses or units (subject -> grid, facts), with the members of households they are."""
    filed = Principal.objects.in_bulk(list(told))
    members = people_numbered(institution_id, (facts.id_number for _grid, facts in told.values() if facts.id_number))
    fresh: list[Principal] = []
    changed: list[Principal] = []
    for pk, (grid_id, facts) in told.items():
        principal = filed.get(pk) or Principal(subject_id=pk, institution_id=institution_id, grid_id=grid_id)
        if principal.erased_at is not None:
            continue
        fill_principal(
            principal,
            name=facts.principal,
            id_number=facts.id_number,
            phone=facts.phone,
            person_id=members.get(facts.id_number),
        )
        (changed if pk in filed else fresh).append(principal)
    Principal.objects.bulk_create(fresh, batch_size=1000)
    Principal.objects.bulk_update(changed, _PRINCIPAL, batch_size=500)


def file_principal(principal: Principal, *, name: str, id_number: str, phone: str, person_id: int | None) -> None:
    """File who answers for a business or unit, as ``fill_principal`` says."""
    fill_principal(principal, name=name, id_number=id_number, phone=phone, person_id=person_id)
    principal.save()


def fill_principal(principal: Principal, *, name: str, id_number: str, phone: str, person_id: int | None) -> None:
    """File who answers for a business or unit; "" leaves the number he has, a new name begins anew.

    ``person_id`` is the member of a household whose ID number this is: it stands with him, not here.
    """
    is_another = bool(principal.name) and principal.name != name
    kept = {field: "" if is_another else decrypt(principal, field) for field in FIELDS}
    if id_number or is_another:
        principal.person_id = person_id
    own = "" if principal.person_id else id_number or kept["id_number"]
    key = bytes(principal.data_key) if principal.data_key else None
    columns = encrypt_identity(principal.uuid, principal.institution_id, own, phone or kept["phone"], key)
    principal.name = name
    for column, value in columns.items():
        setattr(principal, column, value)


def correct_phone(*, staff: Any, post_id: int | None, person: Person, phone: str) -> None:
    """Replace the phone number of a person; "" takes it away. The former ciphertext stays in the history and dies with the key."""
    _write(person, "phone", phone)
    _record(staff, post_id, person)


def correct_id_number(*, staff: Any, post_id: int | None, person: Person, id_number: str) -> None:
    """Replace the ID number of a person by the one two people stand behind (``customers/services/life.py``)."""
    _write(person, "id_number", id_number)
    _record(staff, post_id, person)


def correct(*, staff: Any, post_id: int | None, person: Person, id_number: str, phone: str) -> None:
    """Replace both numbers of a person; the former ciphertext stays in the history and dies with the data key."""
    columns = encrypt_identity(
        person.uuid, person.institution_id, id_number, phone, bytes(person.data_key) if person.data_key else None
    )
    for name, value in columns.items():
        setattr(person, name, value)
    person.save(update_fields=list(columns))
    _record(staff, post_id, person)


def seal_number(person: Person, id_number: str) -> bytes:
    """Return a proposed ID number under the person's own data key, which is made if he has none; it dies with the key."""
    return crypto.seal(_key_of(person), id_number.encode(), place_of("id_number", person.uuid))


def unseal_number(person: Person, sealed: bytes) -> str:
    """Return a proposed ID number in clear."""
    return crypto.unseal(_key_of(person), sealed, place_of("id_number", person.uuid)).decode()


def _key_of(person: Person) -> bytes:
    if person.data_key is None:
        key, wrapped = crypto.new_data_key(person.uuid)
        person.data_key = bytes(wrapped)
        person.save(update_fields=["data_key"])
        return key
    return crypto.open_data_key(bytes(person.data_key), person.uuid)


def _write(person: Person, field: Field, number: str) -> None:
    value = crypto.seal(_key_of(person), number.encode(), place_of(field, person.uuid)) if number else None
    columns: dict[str, bytes | None] = {field: value}
    for column, kind, text in zip(_INDEX_COLUMNS[field], _INDEX_KINDS[field], (number, tail_of(number)), strict=True):
        columns[column] = crypto.blind_index(kind, person.institution_id, text) if number else None
    for name, column_value in columns.items():
        setattr(person, name, column_value)
    person.save(update_fields=list(columns))


def _record(staff: Any, post_id: int | None, person: Person) -> None:
    audit.record(
        staff=staff,
        verb="correct_identity",
        about="person",
        about_id=person.pk,
        detail={"household": person.household_id},
        post_id=post_id,
    )
