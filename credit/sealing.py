"""Sealing: cells of a draft, the blob of a sealed sheet, the key pair of a round (Design, 5a).

A draft is one cell a household: AES-256-GCM under the sheet's own key, derived from the web process's DRAFT_KEY, 256 bytes
whatever it says, bound to sheet, household and version. A sealed sheet is one blob: a head and one part a household, each
padded to 256 bytes, in the order of the households' numbers, encrypted with HPKE (RFC 9180: X25519, HKDF-SHA256,
AES-256-GCM) to the public key of the round and bound to round and sheet. The web process can seal and cannot read: the
round's private key is wrapped with HPKE to the opener's public key, and the opener's private key follows from a file that
only the opener's process is given (OPENER_KEY_FILE).
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings

from config.lib.crypto import Unreadable, seal, unseal

CELL_BYTES = 256
"""Stored size of a draft cell and of a household's part of a sealed sheet."""
DRAFT_BYTES = CELL_BYTES - 29  # key number, nonce and tag of a cell
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
VERSION = 1

Answers = Mapping[int, dict[str, object] | None]
"""What a sheet says of each household, by subject id: an opinion as a document, or None where nothing was entered."""


def _hkdf(key: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=info).derive(key)


def _padded(document: object, size: int) -> bytes:
    text = json.dumps(document, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()
    if len(text) > size:
        raise ValueError(f"an answer takes {len(text)} bytes, at most {size} fit")
    return text.ljust(size, b" ")


# --- Drafts -----------------------------------------------------------------------------------------------------------


def sheet_key(sheet: UUID) -> bytes:
    """Return the key of a sheet's draft."""
    return _hkdf(settings.DRAFT_KEY, b"gedang draft of sheet " + sheet.bytes)


def _about(sheet: UUID, subject_id: int, version: int) -> bytes:
    return b"credit.cell" + sheet.bytes + subject_id.to_bytes(8, "big") + version.to_bytes(4, "big")


def write_cell(key: bytes, sheet: UUID, subject_id: int, version: int, answer: dict[str, object] | None) -> bytes:
    """Encrypt one answer of a draft; ``version`` counts the writes of the cell, so that an old one cannot come back."""
    return seal(key, _padded(answer, DRAFT_BYTES), _about(sheet, subject_id, version))


def read_cell(
    key: bytes, sheet: UUID, subject_id: int, version: int, value: bytes | memoryview
) -> dict[str, object] | None:
    """Decrypt one answer of a draft; raises Unreadable."""
    answer: dict[str, object] | None = json.loads(unseal(key, bytes(value), _about(sheet, subject_id, version)))
    return answer


# --- Sealed sheets ------------------------------------------------------------------------------------------------------


def _info(round_id: int, sheet: UUID) -> bytes:
    return b"gedang sheet v1 " + round_id.to_bytes(8, "big") + sheet.bytes


def sealed_size(households: int) -> int:
    """Return the exact size of the blob of a sheet over so many households."""
    return CELL_BYTES * (households + 1) + 48


def seal_sheet(public_key: bytes, round_id: int, sheet: UUID, answers: Answers) -> bytes:
    """Encrypt a whole sheet to its round's public key; the size depends on the number of households alone."""
    parts = [_padded({"v": VERSION, "round": round_id, "sheet": str(sheet), "households": len(answers)}, CELL_BYTES)]
    parts += [_padded({"s": subject, "o": answers[subject]}, CELL_BYTES) for subject in sorted(answers)]
    key = X25519PublicKey.from_public_bytes(bytes(public_key))
    return SUITE.encrypt(b"".join(parts), key, info=_info(round_id, sheet))


def open_sheet(private_key: bytes, round_id: int, sheet: UUID, blob: bytes) -> dict[int, dict[str, object]]:
    """Decrypt a sealed sheet into opinions by subject id; raises Unreadable when it is not this sheet of this round."""
    key = X25519PrivateKey.from_private_bytes(private_key)
    try:
        plain = SUITE.decrypt(bytes(blob), key, info=_info(round_id, sheet))
    except (InvalidTag, ValueError) as error:
        raise Unreadable("sheet does not open") from error
    parts = [json.loads(plain[start : start + CELL_BYTES]) for start in range(0, len(plain), CELL_BYTES)]
    head, rows = parts[0], parts[1:]
    if head != {"v": VERSION, "round": round_id, "sheet": str(sheet), "households": len(rows)}:
        raise Unreadable("sheet has another head")
    found = {int(row["s"]): row["o"] for row in rows}
    if len(found) != len(rows):
        raise Unreadable("sheet names a household twice")
    return found


# --- Keys of rounds and of the opener -------------------------------------------------------------------------------------


def _raw(key: X25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def new_round_key(round_id: int, opener_public_key: bytes | memoryview) -> tuple[bytes, bytes]:
    """Make the key pair of a round; return its public key and its private key wrapped to the opener's public key."""
    pair = X25519PrivateKey.generate()
    opener = X25519PublicKey.from_public_bytes(bytes(opener_public_key))
    wrapped = SUITE.encrypt(_raw(pair), opener, info=b"gedang round v1 " + round_id.to_bytes(8, "big"))
    return pair.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), wrapped


def _opener_pair() -> X25519PrivateKey:
    path: Path | None = settings.OPENER_KEY_FILE
    if path is None:
        raise Unreadable("this process was not given the opener's key")
    master = b64decode(path.read_text("ascii").strip(), validate=True)
    if len(master) != 32:
        raise Unreadable("the opener's key is not 32 bytes")
    return X25519PrivateKey.from_private_bytes(_hkdf(master, b"gedang opener v1"))


def opener_public_key() -> bytes:
    """Return the public half of the opener's key; only the opener's process can."""
    return _opener_pair().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def unwrap_round_key(round_id: int, wrapped: bytes) -> bytes:
    """Return the private key of a round; only the opener's process can. Raises Unreadable."""
    try:
        return SUITE.decrypt(bytes(wrapped), _opener_pair(), info=b"gedang round v1 " + round_id.to_bytes(8, "big"))
    except (InvalidTag, ValueError) as error:
        raise Unreadable("the round's key was wrapped to another opener's key") from error
