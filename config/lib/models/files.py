"""Stored files: photos, sealed originals, exports. The bytes lie in media storage, the rights here."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import GRIDS, INSTITUTION, STAFF, SUBJECTS, Guard


class StoredFile(models.Model):
    """One immutable file. A file of a grid is seen by who sees the grid; one without a grid only by who made it."""

    guard = Guard(
        scope="own",
        owner_column="stored_by_id",
        web="SELECT, INSERT",
        append_only=True,
        extra=(
            "drop policy if exists scoped on {table}",
            f"create policy scoped on {{table}} for all to gedang_web using (grid_id = {GRIDS}) with check (grid_id = {GRIDS})",
            "drop policy if exists task on {table}",
            f"create policy task on {{table}} for select to gedang_web using (subject_id = {SUBJECTS})",
            "drop policy if exists whole on {table}",
            "create policy whole on {table} for select to gedang_web_all "
            f"using (grid_id is not null and institution_id = {INSTITUTION})",
            "drop policy if exists own on {table}",
            f"create policy own on {{table}} for all to gedang_web, gedang_web_all using (stored_by_id = {STAFF} and grid_id is null)",
        ),
    )

    class Kind(models.TextChoices):
        PHOTO = "photo", _("照片")
        DOCUMENT = "document", _("文件")
        ROSTER = "roster", _("名册原件")
        EXPORT = "export", _("导出文件")
        REPORT = "report", _("报表")
        CONSENT = "consent", _("签署的同意")

    uuid = models.UUIDField(default=uuid4, unique=True)
    institution = models.ForeignKey("grids.Institution", models.PROTECT)
    grid_id = models.BigIntegerField(null=True)
    # What a photo is about; opens it, beside its grid, to the task in hand (a second officer's check).
    subject_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=200)
    is_encrypted = models.BooleanField(default=False)
    exif: Any = models.JSONField(default=dict)
    taken_at = models.DateTimeField(null=True)
    stored_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True)
    stored_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    # Post and reach an export was made under (config.lib.acting.scope_digest); it is served only while they are the same.
    scope = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["institution", "sha256"], name="file_by_hash")]
