"""Two append-only records: what changed in a row (History, by triggers) and what a person did (AuditEvent, by services)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from config.lib.guards import Guard


class History(models.Model):
    """The former content of a changed or deleted row, written by statement triggers that no client can switch off.

    Rows of persons hold ciphertext for ID number and phone; the erasure procedure blanks their names.
    """

    guard = Guard(web="", worker="", read="", append_only=True)

    table = models.CharField(max_length=63, db_column="table_name")
    row_id = models.CharField(max_length=40)
    operation = models.CharField(max_length=6)
    old = models.JSONField()
    staff_id = models.BigIntegerField(null=True)
    request = models.CharField(max_length=40, default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "lib_history"
        indexes = [models.Index(fields=["table", "row_id"], name="history_of_row")]


class AuditEvent(models.Model):
    """What a person did and why: a reveal, an export, a sign-in, a decision. Holds references, never identity."""

    guard = Guard(web="SELECT, INSERT", append_only=True)

    institution = models.ForeignKey("grids.Institution", models.PROTECT, null=True)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    post_id = models.BigIntegerField(null=True)
    request = models.CharField(max_length=40, default="")
    verb = models.CharField(max_length=40)
    about = models.CharField(max_length=40, default="")
    about_id = models.CharField(max_length=40, default="")
    detail: Any = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["about", "about_id"], name="audit_of_row"),
            models.Index(fields=["institution", "-at"], name="audit_by_time"),
        ]
