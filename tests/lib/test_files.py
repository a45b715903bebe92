"""Stored files: limits, photos without their metadata, sealed originals, and who is served what."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from PIL import ExifTags, Image

from config.lib import clock, crypto, files
from config.lib.files import FileRefused
from config.lib.models import AuditEvent, StoredFile
from config.settings import S3_OPTIONS
from grids.models import Seat
from tests.objectstore import BUCKET, object_store
from tests.objectstore import client_of as client_of_store
from tests.world import World


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }


def photo(size: tuple[int, int] = (400, 200), kind: str = "JPEG", **save: Any) -> BytesIO:
    out = BytesIO()
    image = Image.new("RGB", size, "#4f9ad6")
    image.paste("#98190f", (0, 0, size[0] // 2, size[1]))
    image.save(out, kind, **save)
    out.seek(0)
    return out


def with_exif(orientation: int = 1) -> BytesIO:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Huawei"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:20 17:45:30"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (37.0, 21.0, 36.0)
    return photo(exif=exif)


def store(world: World, content: BytesIO, grid: Any = None) -> StoredFile:
    return files.store_photo(
        content=content,
        name="院子.jpg",
        institution_id=world.bank.pk,
        grid_id=(grid or world.liu).pk,
        stored_by_id=world.chen.pk,
    )


def test_a_photo_loses_its_metadata_and_the_row_keeps_device_and_time(world: World) -> None:
    kept = store(world, with_exif())
    with Image.open(BytesIO(files.read(kept))) as served:
        assert not dict(served.getexif())
        assert (served.format, served.size) == ("JPEG", (400, 200))
    assert kept.exif["Make"] == "Huawei"
    assert not any("GPS" in name for name in kept.exif)
    assert kept.taken_at == datetime(2026, 11, 20, 17, 45, 30, tzinfo=clock.SHANGHAI)


def test_a_photo_is_turned_upright_and_made_smaller(world: World) -> None:
    with Image.open(BytesIO(files.read(store(world, with_exif(orientation=6))))) as turned:
        assert turned.size == (200, 400)
    with Image.open(BytesIO(files.read(store(world, photo((5000, 100)))))) as small:
        assert max(small.size) == files.LONGEST_EDGE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_kinds_of_photos_phones_make_are_taken(world: World, kind: str) -> None:
    assert store(world, photo(kind=kind)).content_type == "image/jpeg"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "无法读取"),
        (b"<svg onload='alert(1)'>", "无法读取"),
        (b"%PDF-1.7", "无法读取"),
        (photo().getvalue()[:300], "无法读取"),
        (photo(kind="GIF").getvalue(), "只接受"),
        (photo(kind="BMP").getvalue(), "只接受"),
    ],
)
def test_what_is_no_photo_is_refused(world: World, content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        store(world, BytesIO(content))
    assert not StoredFile.objects.exists()


def test_a_photo_too_large_in_bytes_or_pixels_is_refused(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_PIXELS", 1000)
    with pytest.raises(FileRefused, match="像素过大"):
        store(world, photo())
    settings.UPLOAD_LIMIT_MB = 0
    with pytest.raises(FileRefused, match="上限"):
        store(world, photo())


def sealed(world: World, content: bytes) -> StoredFile:
    return files.store_sealed(
        content=BytesIO(content),
        name="名册.xlsx",
        kind="roster",
        institution_id=world.bank.pk,
        stored_by_id=world.gao.pk,
    )


@pytest.mark.parametrize("size", [0, 1, files.PART - 1, files.PART, files.PART + 1, 3 * files.PART + 17])
def test_a_sealed_original_comes_back_byte_for_byte(world: World, size: int) -> None:
    content = b"370685196003121234" * (size // 18 + 1)
    kept = sealed(world, content[:size])
    with default_storage.open(kept.storage_key, "rb") as stored:
        assert size < 18 or b"370685196003121234" not in stored.read()
    assert files.read(kept) == content[:size]
    assert kept.size == size


@pytest.mark.parametrize("harm", ["flip", "cut", "last part", "swap", "other row"])
def test_a_sealed_original_that_was_touched_does_not_open(world: World, harm: str) -> None:
    kept = sealed(world, bytes(range(256)) * 8192)  # two parts
    path = Path(default_storage.path(kept.storage_key))
    block = path.read_bytes()
    part = 4 + int.from_bytes(block[1:5], "big")
    changed = {
        "flip": block[:40] + bytes([block[40] ^ 1]) + block[41:],
        "cut": block[:-5],
        "last part": block[: 1 + part],
        "swap": block[:1] + block[1 + part :] + block[1 : 1 + part],
        "other row": block,
    }[harm]
    path.write_bytes(changed)
    if harm == "other row":
        kept.uuid = uuid4()
    with pytest.raises(crypto.Unreadable):
        files.read(kept)


def test_a_sealed_original_over_the_limit_is_refused(world: World, settings: Any) -> None:
    settings.UPLOAD_LIMIT_MB = 1
    with pytest.raises(FileRefused, match="1 MB"):
        sealed(world, bytes(files.PART + 1))
    assert not StoredFile.objects.exists()


def get(client: Client, file: StoredFile) -> Any:
    answer: Any = client.get(reverse("lib:file", args=[file.uuid]))
    answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


def test_a_photo_is_served_to_who_sees_its_grid(world: World, client_of: Callable[..., Client]) -> None:
    kept = store(world, photo())
    statuses = {
        who: get(client_of(getattr(world, who)), kept).status_code
        for who in ("chen", "gao", "jiang", "kang", "deng", "fang", "he", "an", "mo", "shi")
    }
    seeing = {"chen", "gao", "jiang", "kang"}
    assert statuses == {who: 200 if who in seeing else 404 for who in statuses}
    answer = get(client_of(world.chen), kept)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("inline")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "private" in answer["Cache-Control"]


def test_a_photo_follows_the_grid_when_its_officer_changes(world: World, client_of: Callable[..., Client]) -> None:
    kept = store(world, photo())
    Seat.objects.filter(grid=world.liu).update(to_on=clock.today())
    Seat.objects.create(grid=world.liu, kind=world.manager_seat, staff=world.deng, from_on=clock.today())
    assert get(client_of(world.chen), kept).status_code == 404
    assert get(client_of(world.deng), kept).status_code == 200


def export(world: World, **fields: Any) -> StoredFile:
    given = {
        "content": b"a,b\r\n", "name": "走访.csv", "content_type": "text/csv", "kind": "export",
        "institution_id": world.bank.pk, "stored_by_id": world.chen.pk,
    }  # fmt: skip
    return files.store(**{**given, **fields})


def test_an_export_is_served_to_its_maker_as_a_download_and_recorded(
    world: World, client_of: Callable[..., Client]
) -> None:
    made = export(world, expires_at=clock.now() + timedelta(hours=1))
    answer = get(client_of(world.chen), made)
    assert answer.body == b"a,b\r\n"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]
    event = AuditEvent.objects.get(verb="file_opened")
    assert (event.staff, event.about_id) == (world.chen, str(made.pk))
    for who in ("deng", "gao", "kang", "an"):
        assert get(client_of(getattr(world, who)), made).status_code == 404
    assert Client().get(reverse("lib:file", args=[made.uuid])).status_code == 302


def test_an_expired_export_is_gone(world: World, client_of: Callable[..., Client]) -> None:
    made = export(world, expires_at=clock.now() - timedelta(seconds=1))
    assert get(client_of(world.chen), made).status_code == 404
    assert not AuditEvent.objects.filter(verb="file_opened").exists()


def test_an_export_dies_with_the_rights_it_was_made_under(
    world: World, client_of: Callable[..., Client], acting: Callable[..., Any]
) -> None:
    with acting(world.chen):
        made = export(world)
    assert get(client_of(world.chen), made).status_code == 200
    Seat.objects.filter(grid=world.wang).update(to_on=clock.today())
    assert get(client_of(world.chen), made).status_code == 404


def test_a_sealed_original_is_served_in_clear_to_its_owner_alone(
    world: World, client_of: Callable[..., Client]
) -> None:
    kept = sealed(world, b"PK\x03\x04 roster")
    answer = get(client_of(world.gao), kept)
    assert answer.body == b"PK\x03\x04 roster"
    assert answer["Content-Disposition"].startswith("attachment")
    assert get(client_of(world.chen), kept).status_code == 404


def test_in_a_bucket_everything_is_kept_served_and_sealed_the_same(
    world: World, client_of: Callable[..., Client], settings: Any
) -> None:
    with object_store() as environment:
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {
                "BACKEND": "storages.backends.s3.S3Storage",
                "OPTIONS": {
                    **S3_OPTIONS,
                    "bucket_name": environment["MEDIA_S3_BUCKET"],
                    "endpoint_url": environment["MEDIA_S3_ENDPOINT"],
                    "access_key": environment["MEDIA_S3_ACCESS_KEY"],
                    "secret_key": environment["MEDIA_S3_SECRET_KEY"],
                },
            },
        }
        picture, original = store(world, photo()), sealed(world, b"370685196003121234" * files.PART)
        answer = get(client_of(world.chen), picture)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert answer.body == files.read(picture)
        assert get(client_of(world.fang), picture).status_code == 404
        assert get(client_of(world.gao), original).body == b"370685196003121234" * files.PART

        bucket = client_of_store(environment)
        found = {entry["Key"] for entry in bucket.list_objects_v2(Bucket=BUCKET)["Contents"]}
        assert found == {picture.storage_key, original.storage_key}
        stored = bucket.get_object(Bucket=BUCKET, Key=original.storage_key)["Body"].read()
        assert b"370685196003121234" not in stored
