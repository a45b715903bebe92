"""Codes that let an assessor to his own sheet in a meeting, once, on a device that is handed round."""

from uuid import uuid4

from django.db import models

from config.lib.guards import Guard
from credit.models.rounds import ANY_SHEET, Sheet
from grids.models import Staff


class SheetCode(models.Model):
    """A one-time code of a sheet; kept as a keyed hash. Whether it was used nobody reads: that would tell who has begun.

    Requests write one and read none; ``acc.use_sheet_code`` alone turns a code into its assessor (``credit/sql/meetings.sql``).
    """

    guard = Guard(
        web="SELECT (id), INSERT",
        whole="",
        worker="",
        read="",
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists issued on {table}",
            f"create policy issued on {{table}} for all to gedang_web using (false) with check ({ANY_SHEET})",
        ),
    )

    id = models.UUIDField(primary_key=True, default=uuid4)
    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="+")
    code_hash = models.BinaryField(unique=True)
    issued_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
