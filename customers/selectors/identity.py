"""ID numbers and phones of persons as they are read: opened under each person's own data key, masked on pages."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from config.lib import crypto
from customers.domain.identity import mask_id, mask_phone
from customers.models import Person, Principal

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
