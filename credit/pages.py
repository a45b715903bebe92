"""Pages: the photos of a paper sheet, or the words why there are none, each padded to one size (Design, 5a).

While a sheet is typed a page lies encrypted under the sheet's own key, like the cells, ``DRAFT_PAGE_BYTES`` whatever it
shows. At sealing all pages of a sheet go into one container, encrypted with HPKE to the public key of the round. Its size
follows from the number of households alone, as that of the sheet does; who is told that a sheet is on paper knows that from
its people, so sheets that are typed by their own assessor carry none. After the opening a page lies encrypted under a key
of its own that follows from the field key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from django.conf import settings

from config.lib.crypto import Unreadable, derive, seal, unseal
from credit.sealing import SUITE

PAGE_BYTES = 128 * 1024
"""Size of a page in clear, with its head and padding; ``credit/sql/opening.sql`` keeps to the same."""
DRAFT_PAGE_BYTES = PAGE_BYTES + 29  # key number, nonce and tag
HEAD_BYTES = 5  # kind (1), length (4)
MOST_BYTES = PAGE_BYTES - HEAD_BYTES
"""What a photo may take."""
ROWS_A_PAGE = 12
"""Households on a page of the printed sheet."""
PHOTO, NOTE = 1, 2
LONGEST_EDGE = 1600
CONTENT_TYPE = "image/webp"


@dataclass(frozen=True)
class Page:
    """A photo (bytes of ``CONTENT_TYPE``) or the note (text) that stands for the photos that could not be taken."""

    kind: int
    content: bytes

    @property
    def text(self) -> str:
        """What a note says."""
        return self.content.decode() if self.kind == NOTE else ""


def places(households: int) -> int:
    """Return how many pages a sheet over so many households has room for: the note, every printed page, two to spare."""
    return 3 + -(-households // ROWS_A_PAGE)


def container_size(households: int) -> int:
    """Return the exact size of the sealed pages of a paper sheet over so many households."""
    return PAGE_BYTES * places(households) + 48


def _padded(page: Page) -> bytes:
    if len(page.content) > MOST_BYTES:
        raise ValueError(f"a page takes {len(page.content)} bytes, at most {MOST_BYTES} fit")
    head = bytes([page.kind]) + len(page.content).to_bytes(4, "big")
    return (head + page.content).ljust(PAGE_BYTES, b"\0")


def _unpadded(plain: bytes) -> Page:
    kind, length = plain[0], int.from_bytes(plain[1:HEAD_BYTES], "big")
    if kind not in (PHOTO, NOTE) or length > MOST_BYTES:
        raise Unreadable("page has another head")
    return Page(kind, plain[HEAD_BYTES : HEAD_BYTES + length])


# --- Drafts -----------------------------------------------------------------------------------------------------------


def _about(sheet: UUID, page: UUID) -> bytes:
    return b"credit.page" + sheet.bytes + page.bytes


def write_page(key: bytes, sheet: UUID, uuid: UUID, page: Page) -> bytes:
    """Encrypt one page of a draft under the sheet's key, bound to its place."""
    return seal(key, _padded(page), _about(sheet, uuid))


def read_page(key: bytes, sheet: UUID, uuid: UUID, value: bytes | memoryview) -> Page:
    """Decrypt one page of a draft; raises Unreadable."""
    return _unpadded(unseal(key, bytes(value), _about(sheet, uuid)))


# --- Sealed -----------------------------------------------------------------------------------------------------------


def _info(round_id: int, sheet: UUID) -> bytes:
    return b"gedang pages v1 " + round_id.to_bytes(8, "big") + sheet.bytes


def seal_pages(public_key: bytes, round_id: int, sheet: UUID, pages: Sequence[Page], households: int) -> bytes:
    """Encrypt the pages of a sheet to its round's public key; the size depends on the number of households alone."""
    room = places(households)
    if len(pages) > room:
        raise ValueError(f"{len(pages)} pages, at most {room} fit")
    plain = b"".join(_padded(page) for page in pages).ljust(PAGE_BYTES * room, b"\0")
    return SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(bytes(public_key)), info=_info(round_id, sheet))


def open_pages(private_key: bytes, round_id: int, sheet: UUID, blob: bytes) -> list[Page]:
    """Decrypt the pages of a sealed sheet; raises Unreadable when they are not those of this sheet of this round."""
    try:
        key = X25519PrivateKey.from_private_bytes(private_key)
        plain = SUITE.decrypt(bytes(blob), key, info=_info(round_id, sheet))
    except (InvalidTag, ValueError) as error:
        raise Unreadable("pages do not open") from error
    starts = range(0, len(plain), PAGE_BYTES)
    return [_unpadded(plain[start : start + PAGE_BYTES]) for start in starts if plain[start]]


# --- Opened -----------------------------------------------------------------------------------------------------------


def _opened_key(uuid: UUID, number: int) -> bytes:
    key = settings.FIELD_KEYS.get(number)
    if key is None:
        raise Unreadable(f"field key {number} is not present")
    return derive(key, f"sheet page:{uuid.hex}")


def keep_page(uuid: UUID, content: bytes) -> bytes:
    """Encrypt an opened page for keeping, under the newest field key."""
    number = max(settings.FIELD_KEYS)
    return seal(_opened_key(uuid, number), content, b"credit.sheetpage" + uuid.bytes, number)


def read_kept(uuid: UUID, value: bytes | memoryview) -> bytes:
    """Decrypt an opened page; raises Unreadable."""
    value = bytes(value)
    return unseal(_opened_key(uuid, value[0]), value, b"credit.sheetpage" + uuid.bytes)
