"""Sudden changes of a file's figures: found on submission or at night, proved, and settled by a second person."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, compared_by, kept_by
from config.lib.models import Release
from customers.models.profiles import Profile
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from customers.models.visits import Evidence
from grids.models import Staff


class ChangeFlag(Recorded):
    """One figure of one revision that moved further than the release lets pass without proof (``customers.domain.guard``).

    What was found stands; it is settled once, by somebody who had no part in the visit, and confirmed only with proof
    (``customers/sql/changes.sql``). While a flag is open, or when it was refused, the revision is not trusted: ``lib.trusted``.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (outcome, settled_by_id, settled_at, answer)",
        whole="SELECT",
        worker="SELECT, INSERT",
        subject_column="subject_id",
        hideable=True,
        opener="SELECT",
        extra=(
            *kept_by("lib.keep_change_flag", "before insert or update or delete"),
            *kept_by("lib.note_changed", "after insert", "statement"),
            *compared_by("lib.note_changed_row"),
        ),
    )

    class Figure(models.TextChoices):
        ASSETS = "assets", _("资产")
        LIABILITIES = "liabilities", _("负债")
        NET_INCOME = "net_income", _("纯收入")
        EXPENSES = "expenses", _("生活等支出")

    class Found(models.TextChoices):
        SUBMITTED = "submitted", _("提交时")
        SWEEP = "sweep", _("夜间比对")

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", _("已确认")
        REFUSED = "refused", _("不认可")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="changes")
    profile = models.ForeignKey(Profile, models.PROTECT, related_name="changes", db_index=False)
    figure = models.CharField(_("项目"), max_length=12, choices=Figure)
    base = models.ForeignKey(Profile, models.PROTECT, related_name="+", db_index=False)
    before = models.DecimalField(_("原来（元）"), max_digits=18, decimal_places=2)
    after = models.DecimalField(_("现在（元）"), max_digits=18, decimal_places=2)
    # The thresholds it was found by.
    release = models.ForeignKey(Release, models.PROTECT, related_name="+", db_index=False)
    found = models.CharField(_("发现"), max_length=9, choices=Found)
    flagged_at = models.DateTimeField(_("发现时间"))
    due_on = models.DateField(_("期限"))
    outcome = models.CharField(_("结论"), max_length=9, choices=Outcome, blank=True, default="", db_default="")
    settled_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)
    answer = models.CharField(_("意见"), max_length=200, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["profile", "figure"], name="a_change_is_flagged_once"),
            models.CheckConstraint(condition=~Q(profile=F("base")), name="a_change_is_from_another_revision"),
            models.CheckConstraint(
                condition=Q(outcome="", settled_by__isnull=True, settled_at__isnull=True)
                | Q(outcome__in=["confirmed", "refused"], settled_by__isnull=False, settled_at__isnull=False),
                name="a_change_is_settled_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(outcome="refused") | ~Q(answer=""), name="a_refused_change_says_why"),
        ]
        indexes = [
            models.Index(fields=["grid", "due_on"], condition=Q(outcome=""), name="changes_waiting"),
        ]

    @property
    def change(self) -> object:
        """By how much the figure moved, in yuan."""
        return self.after - self.before


class ChangeProof(Recorded):
    """A photo or document that proves a change of a figure."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        whole="SELECT",
        worker="SELECT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        extra=kept_by("lib.keep_change_proof", "before insert"),
    )

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_index=False)
    flag = models.ForeignKey(ChangeFlag, models.PROTECT, related_name="proofs", db_index=False)
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="proves")
    # The item it is about, by its place in the document ("assets.0"); "" for the figure as a whole.
    item = models.CharField(max_length=60, blank=True, default="", db_default="")
    added_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flag", "evidence"], name="a_proof_is_added_once")]
