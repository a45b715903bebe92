"""Runs of long work and their chunks: the only record of what a job did and how far it came."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard


class JobRun(models.Model):
    """One run of one job. ``key`` names what it is for (a week, a file), at most one living run per kind and key."""

    guard = Guard(web="SELECT, INSERT, UPDATE (cancel_asked_by_id)", opener="SELECT, INSERT, UPDATE")

    class State(models.TextChoices):
        QUEUED = "queued", _("排队中")
        RUNNING = "running", _("进行中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("失败")
        CANCELLED = "cancelled", _("已取消")

    institution = models.ForeignKey("grids.Institution", models.PROTECT)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    parameters: Any = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_post_id = models.BigIntegerField(null=True)
    cancel_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    code_version = models.CharField(max_length=40, default="")
    chunks_total = models.PositiveIntegerField(default=0)
    chunks_done = models.PositiveIntegerField(default=0)
    units_total = models.PositiveIntegerField(default=0)
    units_done = models.PositiveIntegerField(default=0)
    result: Any = models.JSONField(default=dict)
    error = models.TextField(default="", blank=True)
    queued_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    alive_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "kind", "key"],
                condition=Q(state__in=["queued", "running"]),
                name="one_living_run_per_key",
            )
        ]
        indexes = [models.Index(fields=["institution", "-queued_at"], name="runs_by_time")]

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED, self.State.CANCELLED)


class JobChunk(models.Model):
    """A part of a run; done in the same transaction as its work, so it is done exactly once or not at all."""

    guard = Guard(web="SELECT", opener="SELECT, INSERT, UPDATE")

    run = models.ForeignKey(JobRun, models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    payload: Any = models.JSONField(default=dict)
    units = models.PositiveIntegerField(default=0)
    is_done = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(default="", blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="one_chunk_per_number")]
        indexes = [models.Index(fields=["run", "number"], condition=Q(is_done=False), name="open_chunks")]
