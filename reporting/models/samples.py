"""Audit samples that can be drawn again: frozen population, seed, order, inspections, conclusion (Semantics, section 7)."""

from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from customers.models import Profile, Subject
from customers.models.scoped import Recorded
from grids.models import Institution, Staff

AUDIT = "SELECT, INSERT"


class SamplePlan(models.Model):
    """One plan: what is sampled, how sure, how much error is tolerable; drawn once, drawn again only as a new plan."""

    guard = Guard(web="SELECT", whole="SELECT, INSERT, UPDATE", history=True)

    class State(models.TextChoices):
        PLANNED = "planned", _("已计划")
        DRAWN = "drawn", _("已抽取")
        CONCLUDED = "concluded", _("已结论")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(_("编号"))
    title = models.CharField(_("名称"), max_length=80)
    quarter = models.CharField(_("季度"), max_length=6)
    branches: Any = models.JSONField(_("支行"), default=list)
    confidence_pct = models.DecimalField(_("置信度 %"), max_digits=5, decimal_places=2)
    tolerable_pct = models.DecimalField(_("可容忍偏差 %"), max_digits=5, decimal_places=2)
    expected_pct = models.DecimalField(_("预期偏差 %"), max_digits=5, decimal_places=2)
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    seed = models.CharField(_("种子"), max_length=64, blank=True, default="")
    population_size = models.PositiveIntegerField(null=True)
    population_hash = models.CharField(max_length=64, blank=True, default="")
    excluded: Any = models.JSONField(default=dict)
    sample_size = models.PositiveIntegerField(null=True)
    acceptance_number = models.PositiveIntegerField(null=True)
    planned_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    planned_at = models.DateTimeField(db_default=Now())
    auditors = models.ManyToManyField(Staff, through="SampleAuditor", related_name="+")
    drawn_at = models.DateTimeField(null=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    replaces_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "number"], name="plan_number_once")]


class SampleAuditor(models.Model):
    """An auditor named for a plan; his own work is outside its population."""

    guard = Guard(web="SELECT", whole="SELECT, INSERT", append_only=True)

    plan = models.ForeignKey(SamplePlan, models.PROTECT)
    staff = models.ForeignKey(Staff, models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "staff"], name="auditor_once_per_plan")]


class SampleUnit(Recorded):
    """One subject of the frozen population with its stratum and the revision that will be compared."""

    guard = Guard(scope="grid", web="", whole=AUDIT, append_only=True)

    plan = models.ForeignKey(SamplePlan, models.PROTECT, related_name="population")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    profile = models.ForeignKey(Profile, models.PROTECT, related_name="+", db_index=False)
    stratum = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "subject"], name="subject_once_per_population")]


class SampleItem(Recorded):
    """One drawn subject; its file stays hidden from the auditor until he has entered the key fields himself."""

    guard = Guard(scope="grid", web="", whole=AUDIT, append_only=True)

    plan = models.ForeignKey(SamplePlan, models.PROTECT, related_name="items")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    profile = models.ForeignKey(Profile, models.PROTECT, related_name="+", db_index=False)
    stratum = models.CharField(max_length=40)
    order = models.PositiveIntegerField()
    draw_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "subject"], name="subject_drawn_once"),
            models.UniqueConstraint(fields=["plan", "order"], name="one_item_per_place"),
        ]


class Inspection(Recorded):
    """A blind re-entry of the key fields of one drawn file, compared by rule with the file; append-only."""

    guard = Guard(scope="grid", web="", whole=AUDIT, append_only=True)

    item = models.OneToOneField(SampleItem, models.PROTECT, related_name="inspection")
    auditor = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    entered: Any = models.JSONField()
    comparison: Any = models.JSONField()
    is_deviation = models.BooleanField()
    note = models.TextField(blank=True, default="")
    inspected_at = models.DateTimeField(db_default=Now())


class Conclusion(models.Model):
    """The sentence a plan ends with: accepted or rejected, by the rule agreed before the draw."""

    guard = Guard(web="SELECT", whole=AUDIT, append_only=True)

    plan = models.OneToOneField(SamplePlan, models.PROTECT, related_name="conclusion")
    found = models.PositiveIntegerField(_("发现偏差"))
    is_accepted = models.BooleanField()
    upper_limit_ratio = models.DecimalField(max_digits=9, decimal_places=8)
    document: Any = models.JSONField()
    concluded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    concluded_at = models.DateTimeField(db_default=Now())
