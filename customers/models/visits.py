"""Visits and what proves them. All append-only."""

from dataclasses import replace
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from config.lib.models import Release, StoredFile
from customers.models.people import Person
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from grids.models import Campaign, Staff

APPEND_ONLY = Guard(
    scope="grid", web="SELECT, INSERT", whole="SELECT", append_only=True, subject_column="subject_id", hideable=True
)


class Visit(Recorded):
    """One visit, attributed for life to its lead; idempotent by the client's UUID."""

    guard = replace(APPEND_ONLY, extra=kept_by("lib.tally_visits", "after insert", each="statement"))

    class Outcome(models.TextChoices):
        INTERVIEWED = "interviewed", _("已面谈")
        PARTIAL = "partial", _("部分了解")
        REFUSED = "refused", _("拒访")
        AWAY = "away", _("举家外出（已联系）")
        NOBODY = "nobody", _("无人在家")
        MOVED = "moved", _("已搬离")

    NOT_VISITED = (Outcome.NOBODY, Outcome.MOVED)
    """Outcomes that are kept and shown but do not count as visited (Semantics, section 2)."""

    class Purpose(models.TextChoices):
        CENSUS = "census", _("普查建档")
        REVISIT = "revisit", _("回访更新")
        SIGNING = "signing", _("签约服务")
        OTHER = "other", _("其他")

    class Channel(models.TextChoices):
        SITE = "site", _("上门")
        VIDEO = "video", _("视频")
        PHONE = "phone", _("电话")

    class Called(models.TextChoices):
        SELF = "self", _("本人")
        HOME = "home", _("家中联系人")

    class Entry(models.TextChoices):
        PAGE = "page", _("页面")
        PAPER = "paper", _("纸质表录入")
        API = "api", _("接口")
        FILE = "file", _("文件导入")

    class MetRole(models.TextChoices):
        PRINCIPAL = "principal", _("负责人")
        EMPLOYEE = "employee", _("店员或员工")
        FAMILY = "family", _("家里人")
        OTHER = "other", _("其他人")

    client_uuid = models.UUIDField(unique=True)
    content_hash = models.CharField(max_length=64)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="visits")
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, related_name="+", db_index=False)
    lead = models.ForeignKey(Staff, models.PROTECT, related_name="visits_led")
    partner = models.ForeignKey(Staff, models.PROTECT, null=True, blank=True, related_name="visits_joined")
    purpose = models.CharField(_("目的"), max_length=10, choices=Purpose, default=Purpose.CENSUS)
    channel = models.CharField(_("方式"), max_length=5, choices=Channel, default=Channel.SITE, db_default=Channel.SITE)
    entry = models.CharField(_("来源"), max_length=5, choices=Entry, default=Entry.PAGE, db_default=Entry.PAGE)
    # Who typed it, where that is not the lead: from a paper form or a file. The typist does not check it either.
    typed_by = models.ForeignKey(Staff, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    # On the phone: which contact was called, never the number.
    called = models.CharField(_("打给谁"), max_length=4, choices=Called, blank=True, default="", db_default="")
    outcome = models.CharField(_("结果"), max_length=12, choices=Outcome)
    person_met = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    met_role = models.CharField(_("见到谁"), max_length=9, choices=MetRole, blank=True, default="", db_default="")
    device_at = models.DateTimeField(_("设备时间"))
    received_at = models.DateTimeField(_("收到时间"))
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    accuracy_m = models.DecimalField(_("精度（米）"), max_digits=8, decimal_places=1, null=True, blank=True)
    needs: Any = models.JSONField(_("需求"), default=list)
    note = models.TextField(_("备注"), blank=True, default="")
    next_visit_on = models.DateField(_("下次走访"), null=True, blank=True)
    # On the device, from first opening the visit to sending it; null where no page measured it.
    dwell_minutes = models.PositiveSmallIntegerField(_("停留（分钟）"), null=True, blank=True)
    # The verdict under the rules of the day (``customers.domain.effective``); null: received before rules were released.
    judged = models.BooleanField(_("有效走访"), null=True)
    reasons: Any = models.JSONField(_("未达到的要求"), default=list, db_default=models.Value([], models.JSONField()))
    rules = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+", db_index=False)
    # The one place that says what counts as effective: the verdict, and for visits without one that somebody was met.
    is_effective = models.GeneratedField(
        expression=Coalesce(
            F("judged"),
            models.ExpressionWrapper(~Q(outcome__in=("nobody", "moved")), output_field=models.BooleanField()),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(judged__isnull=True, rules__isnull=True, reasons=[])
                | Q(judged__isnull=False, judged=True, rules__isnull=False, reasons=[])
                & ~Q(outcome__in=("nobody", "moved"))
                | Q(judged__isnull=False, judged=False, rules__isnull=False) & ~Q(reasons=[]),
                name="verdict_has_its_rules_and_reasons",
            ),
            models.CheckConstraint(
                condition=Q(dwell_minutes__isnull=True) | Q(dwell_minutes__lte=1440), name="dwell_is_a_day_at_most"
            ),
            models.CheckConstraint(
                condition=Q(partner__isnull=True) | ~Q(partner=F("lead")), name="partner_is_another"
            ),
            models.CheckConstraint(
                condition=Q(entry__in=("paper", "file"), typed_by__isnull=False)
                | Q(entry__in=("page", "api"), typed_by__isnull=True),
                name="typed_visit_names_its_typist",
            ),
            models.CheckConstraint(
                condition=Q(channel="phone") & ~Q(called="") | ~Q(channel="phone") & Q(called=""),
                name="phone_visit_says_who_was_called",
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "-received_at"], name="visits_of_subject"),
            models.Index(fields=["lead", "-received_at"], name="visits_of_lead"),
            models.Index(fields=["recorded_grid", "-device_at"], name="visits_of_grid"),
        ]


class Evidence(Recorded):
    """A photo of a visit; the file's hash shows a copy."""

    guard = APPEND_ONLY

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="evidence")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="evidence")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    caption = models.CharField(_("说明"), max_length=60, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
