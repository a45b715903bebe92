"""Audit samples that can be drawn again: frozen population, seed, order, inspections, conclusion (Semantics, section 7)."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from config.lib.models import Release
from customers.models import Profile, Subject
from customers.models.scoped import Recorded
from grids.models import Institution, Staff

AUDIT = "SELECT, INSERT"
DRAWN = "state, seed, method, population_size, population_hash, excluded, sample_size, acceptance_number, drawn_at, drawn_by_id"


class SamplePlan(models.Model):
    """One plan: what is sampled, how sure, how much error is tolerable; drawn once, drawn again only as a new plan.

    ``quarter`` ("2026Q4") is when a file was accepted by the second officer; ``branches`` lists ids, with all below them, none
    meaning the whole institution. What is planned never changes; the database lets the draw fill in its own columns once.
    """

    guard = Guard(
        web="SELECT",
        whole=f"SELECT, INSERT, UPDATE ({DRAWN})",
        history=True,
        extra=kept_by("lib.keep_plan", "before update"),
    )

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
    # The comparison agreed on before anything is drawn.
    rules = models.ForeignKey(Release, models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    seed = models.CharField(_("种子"), max_length=64, blank=True, default="")
    method = models.CharField(_("抽样方法"), max_length=40, blank=True, default="")
    population_size = models.PositiveIntegerField(null=True)
    population_hash = models.CharField(max_length=64, blank=True, default="")
    excluded: Any = models.JSONField(default=dict)
    sample_size = models.PositiveIntegerField(null=True)
    acceptance_number = models.PositiveIntegerField(null=True)
    planned_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    planned_at = models.DateTimeField(db_default=Now())
    auditors = models.ManyToManyField(Staff, through="SampleAuditor", related_name="+")
    drawn_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    drawn_at = models.DateTimeField(null=True)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    replaces_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="plan_number_once"),
            models.CheckConstraint(
                condition=Q(replaces__isnull=True) | ~Q(replaces_reason=""), name="new_draw_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(confidence_pct__gt=0, confidence_pct__lt=100)
                & Q(expected_pct__gte=0, expected_pct__lt=F("tolerable_pct"), tolerable_pct__lte=100),
                name="plan_ratios_are_ratios",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SampleAuditor(models.Model):
    """An auditor named for a plan; his own work is outside its population."""

    guard = Guard(web="SELECT", whole="SELECT, INSERT", append_only=True)

    plan = models.ForeignKey(SamplePlan, models.PROTECT)
    staff = models.ForeignKey(Staff, models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "staff"], name="auditor_once_per_plan")]


class KinDeclaration(models.Model):
    """A household of a named auditor's kin, declared by himself: outside the population, and never his to inspect.

    Before the draw it can be taken back; the row stays. After the draw nothing is taken back, and a drawn household that turns
    out to be kin is still declared (``is_late``, set by the database): population and sample stay, another auditor goes there.
    Who a person's kin are is read by himself alone; others read counts (acc.declared_kin).
    """

    guard = Guard(
        scope="own",
        owner_column="auditor_id",
        web="",
        whole="SELECT, INSERT, UPDATE (withdrawn_at)",
        worker="SELECT",
        history=True,
        extra=kept_by("lib.keep_kin", "before insert or update"),
    )

    class Relation(models.TextChoices):
        SPOUSE = "spouse", _("配偶")
        PARENT = "parent", _("父母或配偶的父母")
        CHILD = "child", _("子女或其配偶")
        SIBLING = "sibling", _("兄弟姐妹或其配偶")
        OTHER = "other", _("其他亲属")

    plan = models.ForeignKey(SamplePlan, models.PROTECT, related_name="kin")
    auditor = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    relation = models.CharField(_("关系"), max_length=7, choices=Relation)
    note = models.CharField(_("备注"), max_length=200, blank=True, default="")
    is_late = models.BooleanField(default=False)
    declared_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "auditor", "subject"], condition=Q(withdrawn_at=None), name="kin_declared_once"
            ),
            models.CheckConstraint(
                condition=Q(is_late=False) | Q(withdrawn_at=None), name="late_kin_is_not_taken_back"
            ),
        ]


class SampleUnit(Recorded):
    """One subject of the frozen population with its stratum and the revision that will be compared."""

    guard = Guard(
        scope="grid",
        web="",
        whole="SELECT",
        append_only=True,
        extra=kept_by("lib.keep_draw", "after insert", "statement"),
    )

    plan = models.ForeignKey(SamplePlan, models.PROTECT, related_name="population")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    profile = models.ForeignKey(Profile, models.PROTECT, related_name="+", db_index=False)
    stratum = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "subject"], name="subject_once_per_population")]


class SampleItem(Recorded):
    """One subject to inspect; its file stays hidden from the auditors until one of them has entered the key fields himself.

    The drawn ones are the random part, in their order: the conclusion rests on them alone. A targeted one was added by hand
    to a drawn plan, for a reason; it has no order, enters no figure of the draw and is reported apart.
    """

    guard = Guard(
        scope="grid",
        web="",
        whole=AUDIT,
        append_only=True,
        extra=kept_by("lib.keep_item", "after insert", "statement"),
    )

    plan = models.ForeignKey(SamplePlan, models.PROTECT, related_name="items")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    profile = models.ForeignKey(Profile, models.PROTECT, related_name="+", db_index=False)
    stratum = models.CharField(max_length=40)
    order = models.PositiveIntegerField(null=True)
    draw_hash = models.CharField(max_length=64, blank=True, default="")
    is_targeted = models.BooleanField(default=False)
    reason = models.TextField(_("理由"), blank=True, default="")
    added_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    added_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "subject"], name="subject_drawn_once"),
            models.UniqueConstraint(fields=["plan", "order"], name="one_item_per_place"),
            models.CheckConstraint(
                condition=Q(is_targeted=False, order__isnull=False, reason="", added_by=None, added_at=None)
                | Q(is_targeted=True, order=None, draw_hash="", added_by__isnull=False, added_at__isnull=False)
                & ~Q(reason=""),
                name="drawn_or_targeted",
            ),
        ]


class Inspection(Recorded):
    """A blind re-entry: what an auditor found out himself, stored before the file may be read; append-only.

    ``entered`` holds the key fields by code; digits of an ID or phone number are compared and never kept.
    """

    guard = Guard(
        scope="grid",
        web="",
        whole=AUDIT,
        append_only=True,
        extra=kept_by("lib.keep_inspection", "before insert"),
    )

    class Method(models.TextChoices):
        VISIT = "visit", _("实地走访")
        PHONE = "phone", _("电话核实")

    class Finding(models.TextChoices):
        MET = "met", _("见到户内成员并核实")
        STRANGER = "stranger", _("查无此户，或本人否认建档")

    item = models.OneToOneField(SampleItem, models.PROTECT, related_name="inspection")
    auditor = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    method = models.CharField(_("核实方式"), max_length=5, choices=Method)
    finding = models.CharField(_("核实情况"), max_length=8, choices=Finding)
    found_on = models.DateField(_("核实日期"))
    entered: Any = models.JSONField()
    note = models.TextField(blank=True, default="")
    inspected_at = models.DateTimeField(db_default=Now())


class InspectionResult(Recorded):
    """The comparison of an inspection with the drawn revision by the plan's rules, and who collected that; append-only."""

    guard = Guard(scope="grid", web="", whole=AUDIT, append_only=True)

    inspection = models.OneToOneField(Inspection, models.PROTECT, related_name="result")
    collector = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    comparison: Any = models.JSONField()
    is_deviation = models.BooleanField()
    compared_at = models.DateTimeField(db_default=Now())


class Conclusion(models.Model):
    """The sentence a plan ends with: accepted or rejected, by the rule agreed before the draw."""

    guard = Guard(web="SELECT", whole=AUDIT, append_only=True, extra=kept_by("lib.keep_conclusion", "before insert"))

    plan = models.OneToOneField(SamplePlan, models.PROTECT, related_name="conclusion")
    found = models.PositiveIntegerField(_("发现偏差"))
    is_accepted = models.BooleanField()
    upper_limit_ratio = models.DecimalField(max_digits=9, decimal_places=8)
    document: Any = models.JSONField()
    concluded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    concluded_at = models.DateTimeField(db_default=Now())
