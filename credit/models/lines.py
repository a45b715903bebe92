"""Runs of a credit model over households, and their results (Semantics, section 6)."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from config.lib.models import JobRun, Release
from customers.models import Profile, Subject
from customers.models.scoped import Recorded
from grids.models import Branch, Grid, Institution, Staff


class LineRun(models.Model):
    """One computation: model version, parameters, instant of its inputs, publication.

    Its scope is one village (``grid``), a branch and below (``branch``) or, with neither, the institution. ``figures``
    are counts and distribution of its results, written once when the run ends.
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE (published_at, published_by_id, withdrawn_at, withdrawn_by_id, withdrawn_reason)",
        history=True,
        opener="SELECT",
    )

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    run = models.OneToOneField(JobRun, models.PROTECT, related_name="line_run")
    model = models.ForeignKey(Release, models.PROTECT, related_name="+")
    bases = models.ForeignKey(Release, models.PROTECT, related_name="+", null=True)
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, related_name="+")
    grid = models.ForeignKey(Grid, models.PROTECT, null=True, related_name="+")
    asked_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    as_of = models.DateTimeField(_("数据截止"))
    figures: Any = models.JSONField(default=dict)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    withdrawn_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) | ~Q(published_by=F("asked_by")),
                name="lines_published_by_another",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | (Q(published_at__isnull=False) & ~Q(withdrawn_reason="")),
                name="withdrawal_of_lines_has_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["institution", "-as_of", "-id"],
                condition=Q(published_at__isnull=False, withdrawn_at__isnull=True),
                name="runs_in_force",
            )
        ]


class LineResult(Recorded):
    """The result of one household in one run; append-only. A line of None: facts are missing, ``reasons`` says which."""

    guard = Guard(
        scope="grid",
        web="SELECT",
        worker="SELECT, INSERT",
        opener="SELECT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
    )

    # Each is the first column of an index below; one of its own would only cost every run.
    run = models.ForeignKey(LineRun, models.PROTECT, related_name="results", db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="line_results", db_index=False)
    profile = models.ForeignKey(Profile, models.PROTECT, related_name="+", db_index=False)
    line = models.DecimalField(_("模型额度（元）"), max_digits=14, decimal_places=2, null=True)
    shown = models.DecimalField(_("并列展示额度（元）"), max_digits=14, decimal_places=2, null=True)
    score = models.DecimalField(_("得分"), max_digits=7, decimal_places=2, null=True)
    grade = models.CharField(_("等级"), max_length=20, blank=True, default="")
    reasons: Any = models.JSONField(default=list)
    binding: Any = models.JSONField(default=list)
    inputs: Any = models.JSONField()
    inputs_hash = models.CharField(max_length=64)
    computed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "subject"], name="one_result_per_run")]
        indexes = [models.Index(fields=["subject", "-run"], name="results_of_subject")]
