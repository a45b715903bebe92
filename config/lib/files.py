"""Store and read files: hashed, limited in size and type, images re-encoded without their metadata, originals sealed.

The bytes lie under a random key in media storage; the row in ``StoredFile`` says whose they are. Nothing is served but
through the view that finds the row under row security.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, BytesIO, RawIOBase
from typing import IO, Any
from uuid import uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from config.lib import clock, crypto
from config.lib.acting import scope_digest
from config.lib.clock import SHANGHAI
from config.lib.models import StoredFile

IMAGE_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
LONGEST_EDGE = 2560
MOST_PIXELS = 50_000_000
PART = 1024 * 1024


class FileRefused(ValueError):
    """A file is too large, of the wrong type or damaged; the text says what to do."""


def _sealing_box(uuid_bytes: bytes, key_number: int) -> AESGCM:
    key = settings.FIELD_KEYS.get(key_number)
    if key is None:
        raise crypto.Unreadable(f"field key {key_number} is not present")
    return AESGCM(crypto.derive(key, f"file:{uuid_bytes.hex()}"))


def _row(content: IO[bytes], *, size: int, digest: str, **fields: Any) -> StoredFile:
    uuid = fields.pop("uuid", None) or uuid4()
    key = f"{fields['kind']}/{uuid.hex[:2]}/{uuid.hex}"
    stored_key = default_storage.save(key, File(content))
    return StoredFile.objects.create(uuid=uuid, storage_key=stored_key, size=size, sha256=digest, **fields)


def store(
    *,
    content: bytes,
    name: str,
    content_type: str,
    kind: str,
    institution_id: int,
    stored_by_id: int | None,
    grid_id: int | None = None,
    expires_at: datetime | None = None,
    scope: str | None = None,
) -> StoredFile:
    """Store bytes made by the product itself (exports, reports).

    An export is bound to the rights it is made under; a job that makes one passes the ``scope_digest()`` of the request that
    asked for it.
    """
    if scope is None:
        scope = scope_digest() if kind == StoredFile.Kind.EXPORT else ""
    return _row(
        ContentFile(content),
        size=len(content),
        digest=sha256(content).hexdigest(),
        name=name,
        content_type=content_type,
        kind=kind,
        institution_id=institution_id,
        grid_id=grid_id,
        stored_by_id=stored_by_id,
        expires_at=expires_at,
        scope=scope,
    )


def store_sealed(
    *,
    content: IO[bytes],
    name: str,
    kind: str,
    institution_id: int,
    stored_by_id: int | None,
    limit_mb: int | None = None,
    content_type: str = "application/octet-stream",
    expires_at: datetime | None = None,
    scope: str = "",
    grid_id: int | None = None,
    subject_id: int | None = None,
) -> StoredFile:
    """Store an original encrypted part by part (roster files hold ID numbers); memory stays bounded whatever the size.

    Seen by who made it; with ``grid_id`` by who sees the grid.

    The sha256 is that of the clear file. Raises FileRefused above the size limit, UPLOAD_LIMIT_MB unless another is given.
    """
    limit_mb = limit_mb or settings.UPLOAD_LIMIT_MB
    uuid = uuid4()
    key_number = max(settings.FIELD_KEYS)
    box = _sealing_box(uuid.bytes, key_number)
    digest, size = sha256(), 0

    def parts() -> Iterator[bytes]:
        nonlocal size
        number = 0
        yield bytes([key_number])
        while block := content.read(PART):
            size += len(block)
            if size > limit_mb * PART:
                raise FileRefused(_("文件超过 %(limit)s MB 的上限，请分成几个文件") % {"limit": limit_mb})
            digest.update(block)
            sealed = box.encrypt(number.to_bytes(12, "big"), block, uuid.bytes)
            yield len(sealed).to_bytes(4, "big") + sealed
            number += 1

    stream = _Stream(parts())
    stored_key = default_storage.save(f"{kind}/{uuid.hex[:2]}/{uuid.hex}", File(stream))
    return StoredFile.objects.create(
        uuid=uuid,
        storage_key=stored_key,
        size=size,
        sha256=digest.hexdigest(),
        name=name[:200],
        content_type=content_type,
        kind=kind,
        institution_id=institution_id,
        grid_id=grid_id,
        subject_id=subject_id,
        is_encrypted=True,
        stored_by_id=stored_by_id,
        expires_at=expires_at,
        scope=scope,
    )


class _Stream(BytesIO):
    """A readable file over parts as they are made."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        super().__init__()
        self._parts = parts
        self._rest = b""

    def read(self, size: int | None = -1) -> bytes:
        while size is None or size < 0 or len(self._rest) < size:
            part = next(self._parts, None)
            if part is None:
                break
            self._rest += part
        if size is None or size < 0:
            size = len(self._rest)
        block, self._rest = self._rest[:size], self._rest[size:]
        return block

    def chunks(self, chunk_size: int = PART) -> Iterator[bytes]:
        while block := self.read(chunk_size):
            yield block

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0


def read_sealed(file: StoredFile) -> Iterator[bytes]:
    """Yield the clear bytes of a sealed file, part by part; raises Unreadable when it was tampered with or cut short."""
    digest = sha256()
    with default_storage.open(file.storage_key, "rb") as stored:
        box = _sealing_box(file.uuid.bytes, stored.read(1)[0])
        number = 0
        while head := stored.read(4):
            sealed = stored.read(int.from_bytes(head, "big"))
            try:
                block = box.decrypt(number.to_bytes(12, "big"), sealed, file.uuid.bytes)
            except (InvalidTag, ValueError) as error:
                raise crypto.Unreadable(f"part {number} of file {file.uuid} does not open") from error
            digest.update(block)
            yield block
            number += 1
    if digest.hexdigest() != file.sha256:
        raise crypto.Unreadable(f"file {file.uuid} is not what was stored")


def open_sealed(file: StoredFile) -> BufferedReader:
    """Open a sealed file for reading and seeking; one part at a time is in memory, and nothing lies on disk in clear.

    A part that was tampered with raises Unreadable when it is read; ``read_sealed`` to the end proves the file as a whole.
    """
    return BufferedReader(_SealedReader(file), PART)


class _SealedReader(RawIOBase):
    """The clear bytes of a sealed file by position: every part but the last holds PART bytes."""

    def __init__(self, file: StoredFile) -> None:
        self._file = file
        self._stored = default_storage.open(file.storage_key, "rb")
        self._box = _sealing_box(file.uuid.bytes, self._stored.read(1)[0])
        self._position = 0
        self._number = -1
        self._part = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self._file.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        number, within = divmod(self._position, PART)
        if self._position >= self._file.size:
            return 0
        if number != self._number:
            self._part, self._number = self._open_part(number), number
        block = self._part[within : within + len(buffer)]
        buffer[: len(block)] = block
        self._position += len(block)
        return len(block)

    def _open_part(self, number: int) -> bytes:
        self._stored.seek(1 + number * (4 + PART + 16))
        sealed = self._stored.read(int.from_bytes(self._stored.read(4), "big"))
        try:
            return self._box.decrypt(number.to_bytes(12, "big"), sealed, self._file.uuid.bytes)
        except (InvalidTag, ValueError) as error:
            raise crypto.Unreadable(f"part {number} of file {self._file.uuid} does not open") from error

    def close(self) -> None:
        self._stored.close()
        super().close()


def opened(file: StoredFile) -> File:
    """Open the bytes of a file that is stored in clear."""
    return default_storage.open(file.storage_key, "rb")


def may_be_served(file: StoredFile) -> bool:
    """Whether a file still lasts, and for an export whether the rights it was made under are those of the acting post."""
    if file.expires_at is not None and file.expires_at <= clock.now():
        return False
    return not file.scope or file.scope == scope_digest()


def read(file: StoredFile) -> bytes:
    """Return the clear bytes of a stored file."""
    if file.is_encrypted:
        return b"".join(read_sealed(file))
    with default_storage.open(file.storage_key, "rb") as stored:
        return bytes(stored.read())


def store_photo(
    *,
    content: IO[bytes],
    name: str,
    institution_id: int,
    grid_id: int,
    stored_by_id: int,
    subject_id: int | None = None,
) -> StoredFile:
    """Decode, turn upright, shrink and re-encode a photo; what its metadata said is kept in the row, not in the file.

    ``subject_id`` is the household or business it shows. Raises FileRefused for what is no photo or too large.
    """
    block = content.read(settings.UPLOAD_LIMIT_MB * PART + 1)
    if len(block) > settings.UPLOAD_LIMIT_MB * PART:
        raise FileRefused(_("照片超过 %(limit)s MB 的上限") % {"limit": settings.UPLOAD_LIMIT_MB})
    upright, exif, taken_at = _decoded(block)
    upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    out = BytesIO()
    upright.save(out, "JPEG", quality=85)
    clean = out.getvalue()
    return _row(
        ContentFile(clean),
        size=len(clean),
        digest=sha256(block).hexdigest(),
        name=name[:200],
        content_type="image/jpeg",
        kind=StoredFile.Kind.PHOTO,
        institution_id=institution_id,
        grid_id=grid_id,
        subject_id=subject_id,
        stored_by_id=stored_by_id,
        exif=exif,
        taken_at=taken_at,
    )


PDF = b"%PDF-"


def store_document(
    *,
    content: IO[bytes],
    name: str,
    institution_id: int,
    grid_id: int,
    stored_by_id: int,
    subject_id: int | None = None,
) -> StoredFile:
    """Store what somebody handed over about a household: a photo as ``store_photo`` does, or a PDF as it is.

    Raises FileRefused for anything else or too large.
    """
    head = content.read(len(PDF))
    content.seek(0)
    fields: dict[str, Any] = {
        "institution_id": institution_id,
        "grid_id": grid_id,
        "stored_by_id": stored_by_id,
        "subject_id": subject_id,
    }
    if head != PDF:
        return store_photo(content=content, name=name, **fields)
    block = content.read(settings.UPLOAD_LIMIT_MB * PART + 1)
    if len(block) > settings.UPLOAD_LIMIT_MB * PART:
        raise FileRefused(_("文件超过 %(limit)s MB 的上限") % {"limit": settings.UPLOAD_LIMIT_MB})
    return _row(
        ContentFile(block),
        size=len(block),
        digest=sha256(block).hexdigest(),
        name=name[:200],
        content_type="application/pdf",
        kind=StoredFile.Kind.DOCUMENT,
        **fields,
    )


def _metadata(image: Image.Image) -> tuple[dict[str, str], datetime | None]:
    """Return device and time a photo names; position is left out, the visit has its own with consent."""
    data = image.getexif()
    named = {
        ExifTags.TAGS.get(tag, str(tag)): str(value)[:80] for tag, value in data.items() if tag in (271, 272, 305, 306)
    }
    text = str(data.get_ifd(ExifTags.IFD.Exif).get(36867) or data.get(306) or "")
    try:
        return named, datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return named, None


def _decoded(block: bytes) -> tuple[Image.Image, dict[str, str], datetime | None]:
    """Return a photo upright and as plain colours, with what its metadata said; raises FileRefused for anything else."""
    try:
        with Image.open(BytesIO(block)) as image:
            if image.format not in IMAGE_TYPES:
                raise FileRefused(_("只接受 JPEG、PNG、WebP 照片"))
            if image.width * image.height > MOST_PIXELS:
                raise FileRefused(_("照片像素过大"))
            exif, taken_at = _metadata(image)
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except FileRefused:
        raise
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise FileRefused(_("照片无法读取，请重新拍摄")) from error
    return upright, exif, taken_at


def small_photo(block: bytes, *, longest: int, most_bytes: int, darkest: int = 255) -> bytes:
    """Return a photo as WebP of at most so many pixels and bytes, without its metadata; stores nothing.

    Quality gives way before size, so that writing stays legible. Raises FileRefused, also where nothing is as dark as ``darkest``
    (0 black, 255 white): a sheet nobody wrote on.
    """
    upright, _exif, _taken_at = _decoded(block)
    if upright.convert("L").getextrema()[0] > darkest:  # type: ignore[operator]
        raise FileRefused(_("图上没有字迹，请重新签名或拍摄"))
    upright.info.clear()
    for edge in (longest, longest * 4 // 5, longest * 3 // 5):
        upright.thumbnail((edge, edge))
        for quality in (75, 55, 40):
            out = BytesIO()
            upright.save(out, "WEBP", quality=quality, method=3)
            if out.tell() <= most_bytes:
                return out.getvalue()
    raise FileRefused(_("照片太大，缩小后仍放不下，请分几张拍"))
