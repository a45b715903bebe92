"""Milestones: the first time a subject reached a stage in a campaign. What weekly reports count."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from grids.models import Campaign, Staff


class Milestone(Recorded):
    """One first event of a subject in a campaign, counted once; a withdrawal is a row of its own (Semantics, section 2)."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        whole="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        opener="SELECT, INSERT",
    )

    class Kind(models.TextChoices):
        VISITED = "visited", _("走访")
        PROFILED = "profiled", _("建档")
        CHECKED = "checked", _("复核")
        ASSESSED = "assessed", _("评议")
        GRANTED = "granted", _("授信")
        GRANT_WITHDRAWN = "grant_withdrawn", _("授信撤回")
        SIGNED = "signed", _("签约")
        CARDED = "carded", _("发卡")
        DRAWN = "drawn", _("用信")

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="milestones")
    kind = models.CharField(max_length=15, choices=Kind)
    reached_at = models.DateTimeField(_("到达时间"))
    device_on = models.DateField(_("设备日期"), null=True, blank=True)
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "subject", "kind"], name="first_event_once"),
        ]
        indexes = [
            models.Index(fields=["institution", "campaign", "kind", "reached_at"], name="milestones_by_time"),
            models.Index(fields=["grid", "kind"], name="milestones_of_grid"),
        ]
