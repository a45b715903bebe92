"""Parameter releases: rules, caps, models and county bases are data that two members of staff have signed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from config.lib.guards import Guard


class Release(models.Model):
    """One released version of one parameter document; never changed after.

    The version in force on a day is the newest whose ``effective_on`` is not later. Every result stores the id of the
    release it used (Design, section 4, rule 5).
    """

    guard = Guard(web="SELECT", append_only=True)

    institution = models.ForeignKey("grids.Institution", models.PROTECT)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=40, default="", blank=True)
    version = models.PositiveIntegerField()
    document: Any = models.JSONField()
    sha256 = models.CharField(max_length=64)
    effective_on = models.DateField()
    note = models.TextField(default="", blank=True)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    released_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "kind", "key", "version"], name="one_release_per_version"),
            models.CheckConstraint(condition=~Q(drafted_by=F("released_by")), name="release_needs_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}{'/' + self.key if self.key else ''} v{self.version}"
