"""Encryption of what identifies a person, and the blind indexes that find it again.

A person has a data key of his own, wrapped by the field key (``FIELD_KEYS``): deleting the wrapped key erases everything
under it. Layout of a value: key number (1 byte) | nonce (12) | AES-256-GCM ciphertext and tag. The associated data names
the column and the row's UUID, so a value moved to another row or column does not open. Blind indexes are HMAC-SHA256
cut to 16 bytes, keyed apart (``INDEX_KEYS``), with the institution in the message.
"""

import hmac
from hashlib import sha256
from os import urandom
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class Unreadable(Exception):
    """A value does not open: wrong key, wrong row, or damaged."""


def seal(key: bytes, plain: bytes, about: bytes, number: int = 0) -> bytes:
    """Encrypt ``plain`` under a 32-byte key; ``about`` binds it to its place; ``number`` is the key's number."""
    nonce = urandom(12)
    return bytes([number]) + nonce + AESGCM(key).encrypt(nonce, plain, about)


def unseal(key: bytes, value: bytes, about: bytes) -> bytes:
    """Decrypt what ``seal`` made; raises Unreadable."""
    try:
        return AESGCM(key).decrypt(value[1:13], value[13:], about)
    except (InvalidTag, ValueError) as error:
        raise Unreadable("value does not open") from error


def new_data_key(uuid: UUID) -> tuple[bytes, bytes]:
    """Make a person's data key; return it in clear and wrapped by the newest field key."""
    plain = urandom(32)
    number = max(settings.FIELD_KEYS)
    return plain, seal(settings.FIELD_KEYS[number], plain, b"lib.data_key" + uuid.bytes, number)


def open_data_key(wrapped: bytes, uuid: UUID) -> bytes:
    """Unwrap a person's data key; raises Unreadable when its field key is gone."""
    wrapped = bytes(wrapped)
    field_key = settings.FIELD_KEYS.get(wrapped[0])
    if field_key is None:
        raise Unreadable(f"field key {wrapped[0]} is not present")
    return unseal(field_key, wrapped, b"lib.data_key" + uuid.bytes)


def blind_index(kind: str, institution_id: int, text: str, key_number: int | None = None) -> bytes:
    """Return the 16-byte index of a normalised text; kinds are ``id``, ``id4``, ``phone``, ``phone4``."""
    key = settings.INDEX_KEYS[key_number or max(settings.INDEX_KEYS)]
    return hmac.digest(key, f"{kind}:{institution_id}:{text}".encode(), "sha256")[:16]


def live_indexes(kind: str, institution_id: int, text: str) -> list[bytes]:
    """Return the index under every live key, for look-ups while keys are being changed."""
    return [blind_index(kind, institution_id, text, number) for number in settings.INDEX_KEYS]


def derive(key: bytes, purpose: str) -> bytes:
    """Derive a 32-byte key for one purpose from a master key."""
    return hmac.digest(key, purpose.encode(), sha256)
