"""Trainings and who took part: a session is held once, its attendance is a row for every word said about it."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from grids.models.institutions import Branch, Institution
from grids.models.staff import Staff


class Training(models.Model):
    """A session of training: for one branch and below, or with no branch for the whole bank."""

    guard = Guard(
        web="SELECT, INSERT, UPDATE (cancelled_at, cancelled_by_id, cancelled_reason)",
        whole="SELECT",
        worker="SELECT",
        history=True,
        extra=kept_by("lib.keep_training", "before update"),
    )

    class Kind(models.TextChoices):
        START = "start", _("上岗培训")
        COLLECTION = "collection", _("采集规范")
        PRODUCT = "product", _("产品与授信")
        COMPLIANCE = "compliance", _("合规与反洗钱")
        PRIVACY = "privacy", _("个人信息保护")
        SYSTEM = "system", _("系统操作")
        OTHER = "other", _("其他")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, related_name="+", verbose_name=_("机构"))
    title = models.CharField(_("名称"), max_length=60)
    kind = models.CharField(_("类别"), max_length=10, choices=Kind)
    on = models.DateField(_("日期"))
    place = models.CharField(_("地点"), max_length=60)
    trainer = models.CharField(_("讲师"), max_length=40)
    hours = models.DecimalField(_("学时"), max_digits=4, decimal_places=1)
    has_test = models.BooleanField(_("有考核"), default=False)
    material = models.CharField(_("材料存放处"), max_length=200, blank=True, default="")
    recorded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField(db_default=Now())
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    cancelled_reason = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(hours__gt=0, hours__lte=Decimal(99)), name="training_takes_time"),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True, cancelled_reason="")
                | (Q(cancelled_at__isnull=False, cancelled_by__isnull=False) & ~Q(cancelled_reason="")),
                name="training_cancelled_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["institution", "-on", "-id"], name="trainings_newest")]

    def __str__(self) -> str:
        return self.title


class Attendance(models.Model):
    """What was said of one person and one session; the highest ``number`` counts, and a correction says why.

    Nobody speaks for himself. The database numbers the rows and keeps the rest (``grids/sql/trainings.sql``).
    """

    guard = Guard(
        web="SELECT, INSERT",
        whole="SELECT",
        worker="SELECT",
        append_only=True,
        extra=kept_by("lib.keep_attendance", "before insert"),
    )

    class State(models.TextChoices):
        INVITED = "invited", _("已通知")
        ATTENDED = "attended", _("参加")
        ABSENT = "absent", _("缺席")

    training = models.ForeignKey(Training, models.PROTECT, related_name="attendance")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="trainings", db_index=False)
    number = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State)
    passed = models.BooleanField(_("考核通过"), null=True)
    reason = models.CharField(_("说明"), max_length=100, blank=True, default="")
    recorded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["training", "staff", "number"], name="attendance_numbered"),
            models.CheckConstraint(condition=~Q(recorded_by=F("staff")), name="nobody_attends_by_his_own_word"),
            models.CheckConstraint(condition=~Q(state="absent") | ~Q(reason=""), name="absence_has_a_reason"),
            models.CheckConstraint(
                condition=Q(passed__isnull=True) | Q(state="attended"), name="only_who_attended_is_tested"
            ),
        ]
        indexes = [models.Index(fields=["staff", "training", "-number"], name="attendance_of_staff")]
