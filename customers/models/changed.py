"""Households of which something changed that a line may rest on, noted by the database in the transaction of the change."""

from django.db import models
from django.db.models import Func
from django.db.models.functions import Now

from config.lib.guards import Guard


class Transaction(Func):
    """The number of the current transaction."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = models.BigIntegerField()


class SubjectChange(models.Model):
    """A household to look at again: by whom it was noted does not matter, only that nothing it might follow from is missed.

    ``transaction`` orders the notes as a later look sees them, which their numbers do not: whoever begins at the oldest transaction
    that had not ended at an earlier look misses none.
    """

    guard = Guard(web="", whole="", worker="SELECT, DELETE")

    subject_id = models.BigIntegerField()
    transaction = models.BigIntegerField(db_default=Transaction())
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["transaction", "subject_id"], name="changes_by_transaction")]
