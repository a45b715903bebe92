"""ID numbers and phones of persons as they are read: opened under each person's own data key, masked on pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from config.lib import crypto
from customers.domain.identity import mask_id, mask_phone
from customers.models import Household, Person, Principal

Field = Literal["id_number", "phone"]


class ErasedError(Exception):
    """The person's data key is gone: nothing under it can be read again, by anybody."""


@dataclass(frozen=True, slots=True)
class Masked:
    """ID number and phone as pages show them; "" where none is filed."""

    id_number: str = ""
    phone: str = ""


def place_of(field: Field, uuid: UUID) -> bytes:
    """Return what binds a value to its column and row, so that it opens nowhere else."""
    return b"customers.person." + field.encode() + uuid.bytes


def decrypt(person: Person | Principal, field: Field) -> str:
    """Return the number of a person in clear, "" when none is filed; raises ErasedError when its key was destroyed."""
    value = getattr(person, field)
    if value is None:
        return ""
    if person.data_key is None:
        raise ErasedError(f"person {person.pk} was erased")
    key = crypto.open_data_key(bytes(person.data_key), person.uuid)
    return crypto.unseal(key, bytes(value), place_of(field, person.uuid)).decode()


def masked(person: Person | Principal) -> Masked:
    """Return both numbers masked; costs two decryptions, so meant for a page of one household, not for lists."""
    if person.data_key is None:
        return Masked()
    return Masked(mask_id(decrypt(person, "id_number")), mask_phone(decrypt(person, "phone")))


def masked_ids_of_heads(subject_ids: Iterable[int]) -> dict[int, str]:
    """Return the masked ID number of each household's head, by subject id, in two queries; none where no number is filed.

    One decryption a household: for a file of a village, made once, not for a page.
    """
    heads = dict(Household.objects.filter(pk__in=list(subject_ids), head__isnull=False).values_list("head_id", "pk"))
    people = Person.objects.filter(pk__in=heads, data_key__isnull=False, id_number__isnull=False)
    return {heads[one.pk]: mask_id(decrypt(one, "id_number")) for one in people.only("uuid", "data_key", "id_number")}


def numbers_of(person_ids: Iterable[int]) -> dict[int, str]:
    """Return ID numbers in clear by person, for a file of the core system; the erased and those without one are left out."""
    people = Person.objects.filter(pk__in=list(person_ids), data_key__isnull=False, id_number__isnull=False)
    return {person.pk: decrypt(person, "id_number") for person in people.only("uuid", "data_key", "id_number")}


LOOKED_UP_AT_ONCE = 5000


def people_numbered(institution_id: int, numbers: Iterable[str]) -> dict[str, int]:
    """Return who is on file by ID number, by the blind index alone: number -> person. One query for some thousand numbers.

    Numbers come in their one spelling (``customers.domain.identity``); the erased and the unknown are left out.
    """
    found: dict[str, int] = {}
    wanted = list(dict.fromkeys(numbers))
    for start in range(0, len(wanted), LOOKED_UP_AT_ONCE):
        part = wanted[start : start + LOOKED_UP_AT_ONCE]
        indexes = {index: number for number in part for index in crypto.live_indexes("id", institution_id, number)}
        people = Person.objects.filter(
            institution_id=institution_id, id_index__in=list(indexes), erased_at__isnull=True
        )
        found |= {indexes[bytes(index or b"")]: pk for pk, index in people.values_list("pk", "id_index")}
    return found
