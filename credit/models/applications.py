"""Applications of single households outside a round (线下审批): what is asked, the steps before the decision, the documents."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from config.lib.models import Release, StoredFile
from customers.models import Subject
from customers.models.scoped import Recorded
from grids.models import Staff

APPEND_ONLY = Guard(scope="grid", web="SELECT, INSERT", append_only=True, subject_column="subject_id", hideable=True)


class Application(Recorded):
    """A household asks for a line. ``settings`` are the rules of its decision, frozen on receipt: those of a round, with the cap of
    its way in. The stage follows from its steps and those of its decision."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (stage, stage_since, due_on, owner_id, ended_at)",
        subject_column="subject_id",
        hideable=True,
        history=True,
        extra=kept_by("lib.keep_application", "before insert"),
    )

    class Stage(models.TextChoices):
        INVESTIGATION = "investigation", _("调查中")
        PROPOSAL = "proposal", _("待客户经理提交")
        BRANCH = "branch", _("待支行审批")
        APPROVAL = "approval", _("待业务审批")
        GRANTED = "granted", _("已授信")
        REFUSED = "refused", _("不予授信")
        CANCELLED = "cancelled", _("客户撤回")
        REVOKED = "revoked", _("授信已撤回")

    class Channel(models.TextChoices):
        COUNTER = "counter", _("柜面")
        PHONE = "phone", _("电话")
        OFFICER = "officer", _("客户经理")
        REFERRAL = "referral", _("转介绍")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="applications")
    channel = models.CharField(_("来源"), max_length=8, choices=Channel)
    mode = models.CharField(_("方式"), max_length=24)
    purpose = models.CharField(_("用途"), max_length=24)
    amount = models.DecimalField(_("申请金额（元）"), max_digits=14, decimal_places=2)
    months = models.PositiveSmallIntegerField(_("期限（月）"))
    note = models.CharField(_("说明"), max_length=200, blank=True, default="")
    rules = models.ForeignKey(Release, models.PROTECT, related_name="+", db_index=False)
    line_rules = models.ForeignKey(Release, models.PROTECT, related_name="+", db_index=False)
    settings: Any = models.JSONField()
    received_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    received_at = models.DateTimeField()
    stage = models.CharField(max_length=13, choices=Stage, default=Stage.INVESTIGATION)
    stage_since = models.DateTimeField()
    due_on = models.DateField(null=True)
    owner = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=Q(ended_at__isnull=True), name="one_open_application"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0, months__gt=0), name="application_asks_for_something"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, stage__in=("investigation", "proposal", "branch", "approval"))
                | Q(ended_at__isnull=False, stage__in=("granted", "refused", "cancelled", "revoked")),
                name="application_ends_with_its_stage",
            ),
        ]
        indexes = [models.Index(fields=["grid", "stage", "due_on"], name="applications_by_stage")]

    def __str__(self) -> str:
        return f"{self.received_at:%Y}-{self.pk}"


class ApplicationStep(Recorded):
    """One step before or beside the decision: received, investigated, turned down, taken back by the applicant."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        extra=kept_by("lib.keep_application_step", "before insert"),
    )

    class Verb(models.TextChoices):
        RECEIVE = "receive", _("受理")
        INVESTIGATE = "investigate", _("调查并测算")
        TURN_DOWN = "turn_down", _("不予受理")
        CANCEL = "cancel", _("客户撤回")

    application = models.ForeignKey(Application, models.PROTECT, related_name="steps", db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    verb = models.CharField(max_length=11, choices=Verb)
    reason = models.TextField(_("理由"), blank=True, default="")
    detail: Any = models.JSONField(default=dict)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    post_kind = models.CharField(max_length=20)
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "number"], name="one_application_step_per_number")
        ]
        indexes = [models.Index(fields=["subject"], name="application_steps_of_subject")]


class ApplicationDocument(Recorded):
    """A photo or PDF handed in with an application."""

    guard = APPEND_ONLY

    application = models.ForeignKey(Application, models.PROTECT, related_name="documents")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(_("种类"), max_length=24)
    added_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    added_at = models.DateTimeField(db_default=Now())
