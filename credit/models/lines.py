"""Runs of a credit model over households, and their results (Semantics, section 6)."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from config.lib.models import JobRun, Release
from customers.models import ListEntry, Profile, Subject
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
    # Where its results lie: 0 with those of other runs, its own id in a table of their own.
    series = models.BigIntegerField(default=0)
    # Only households that changed since this run, which was in force; null: every household of the scope.
    since = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    # Every transaction before this one had ended when the run looked at the files; a later run begins its search here.
    seen = models.BigIntegerField(null=True)
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


class Scaled(models.BigIntegerField):
    """A decimal of two places stored as a whole number: yuan in fen, points in hundredths."""

    def from_db_value(self, value: Any, *_: Any) -> Decimal | None:
        """Return the decimal of a stored number."""
        return None if value is None else Decimal(value).scaleb(-2)

    def get_prep_value(self, value: Any) -> int | None:
        """Return the number that stands for a decimal."""
        return None if value is None else int(Decimal(value).scaleb(2))

    def to_python(self, value: Any) -> Decimal | None:
        """Return a decimal."""
        return None if value is None else Decimal(value)


def _copied(to: Any, **more: Any) -> Any:
    # No key of the database stands behind it: a million rows would look up each. ``check_integrity`` does, set-based.
    return models.ForeignKey(to, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", **more)


class LineResult(models.Model):
    """The result of one household in one run; append-only. A line of None: facts are missing, ``reasons`` says which.

    Narrow and typed, because a run writes a million (Decision record 0024): what went in is the frozen facts of the file and the few
    numbers beside it; what bits, grade and figures mean is said by the run's model (``credit.domain.packing``). The table is
    partitioned by ``series`` (credit/sql/results.sql): 0 are the results of all smaller runs, a large run has a table of its own.
    """

    guard = Guard(
        scope="grid",
        web="SELECT",
        worker="SELECT, INSERT",
        opener="SELECT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
    )

    id = models.BigAutoField(primary_key=True)
    series = models.BigIntegerField(default=0)
    run = models.ForeignKey(LineRun, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="results")
    subject = models.ForeignKey(
        Subject, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="line_results"
    )
    institution = _copied(Institution)
    grid = _copied(Grid)
    recorded_grid = _copied(Grid)
    profile = _copied(Profile)
    entry = _copied(ListEntry, null=True)
    line: Any = Scaled(_("模型额度（元）"), null=True)
    shown: Any = Scaled(_("并列展示额度（元）"), null=True)
    score: Any = Scaled(_("得分"), null=True)
    inputs_hash = models.UUIDField()
    status = models.SmallIntegerField()
    grade_place = models.SmallIntegerField(null=True)
    age = models.SmallIntegerField(null=True)
    sex = models.SmallIntegerField(null=True)
    businesses = models.SmallIntegerField(null=True)
    age_months = models.SmallIntegerField(null=True)
    reason_bits = models.BinaryField()
    remark_bits = models.BinaryField(null=True)
    binding_bits = models.BinaryField(null=True)
    figures = models.BinaryField(null=True)


class LineTally(models.Model):
    """What one chunk of a run found, counted while it was written; a finished run adds them up."""

    guard = Guard(web="", whole="", worker="SELECT, INSERT")

    run = models.ForeignKey(LineRun, models.CASCADE, related_name="tallies")
    number = models.PositiveIntegerField()
    counts: Any = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="one_tally_per_chunk")]


class LineFailure(Recorded):
    """A household a run could not compute, with the kind of fault: listed, and the run goes on."""

    guard = Guard(
        scope="grid",
        web="SELECT",
        worker="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
    )

    run = models.ForeignKey(LineRun, models.PROTECT, related_name="failures")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_index=False)
    fault = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "subject"], name="one_failure_per_run")]


class VillageFigures(models.Model):
    """Medians of one village that a run computed from, kept so that its lines can be explained years later: fen by name of the fact."""

    guard = Guard(scope="grid", web="SELECT", worker="SELECT, INSERT", append_only=True)

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(LineRun, models.PROTECT, related_name="villages")
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", db_index=False)
    medians: Any = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "grid"], name="one_row_of_medians_per_village")]
