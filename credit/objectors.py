"""Who objected to a notice and what he said, encrypted: bytes of one size, under a key of the objection's own record.

Layout: key number (1 byte) | nonce (12) | AES-256-GCM of a record padded to ``SOURCE_BYTES``, and its tag.
"""

import json
from dataclasses import asdict, dataclass
from uuid import UUID

from django.conf import settings

from config.lib.crypto import Unreadable, derive, seal, unseal

SOURCE_BYTES = 4096
LONGEST_NAME = 50
LONGEST_CONTACT = 50
LONGEST_STATEMENT = 1000


@dataclass(frozen=True)
class Source:
    """Who objected ("" where he would not say), how he is reached with the answer, and what he said."""

    name: str
    contact: str
    statement: str


def _key(uuid: UUID, number: int) -> bytes:
    key = settings.FIELD_KEYS.get(number)
    if key is None:
        raise Unreadable(f"field key {number} is not present")
    return derive(key, f"objection source:{uuid.hex}")


def write_source(uuid: UUID, source: Source) -> bytes:
    """Encrypt a record under the newest field key; every record gives as many bytes."""
    plain = json.dumps(asdict(source), ensure_ascii=False).encode()
    if len(plain) > SOURCE_BYTES:
        raise ValueError(f"a record takes {len(plain)} bytes, at most {SOURCE_BYTES} fit")
    number = max(settings.FIELD_KEYS)
    return seal(_key(uuid, number), plain.ljust(SOURCE_BYTES), b"credit.objectionsource" + uuid.bytes, number)


def read_source(uuid: UUID, value: bytes | memoryview) -> Source:
    """Decrypt a record; raises Unreadable."""
    value = bytes(value)
    plain = unseal(_key(uuid, value[0]), value, b"credit.objectionsource" + uuid.bytes)
    return Source(**json.loads(plain.decode()))
