"""Weekly reports: frozen once, never moved (Semantics, section 2)."""

from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from customers.models import Milestone
from grids.models import Campaign, Institution


class WeeklyReport(models.Model):
    """The frozen report of one ISO week of a campaign. ``cut_at`` is Monday 00:00, ``frozen_at`` when it was taken."""

    guard = Guard(web="SELECT", append_only=True)

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    iso_year = models.PositiveSmallIntegerField(_("年"))
    iso_week = models.PositiveSmallIntegerField(_("周"))
    starts_on = models.DateField(_("周一"))
    cut_at = models.DateTimeField(_("截止"))
    frozen_at = models.DateTimeField(_("冻结时间"))
    rows_hash = models.CharField(max_length=64)
    code_version = models.CharField(max_length=40, default="")
    # What was said about the week, by scope ("bank" or a branch id) and language, and the parameters the report was made with.
    sentences: Any = models.JSONField(default=dict)
    parameters: Any = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "iso_year", "iso_week"], name="one_report_per_week"),
        ]
        indexes = [models.Index(fields=["institution", "-starts_on"], name="reports_by_week")]


class ReportRow(models.Model):
    """One line of a frozen report: the whole bank, a branch, a grid, an officer as owner, or a collector (counts only).

    ``unit_id`` is the branch, grid or staff; ``parent_id`` the branch the line belongs to, which decides who sees it; an
    officer or collector has one line per branch. ``week`` and ``cumulative`` hold the figures by kind of subject.
    """

    guard = Guard(web="SELECT", append_only=True)

    class Level(models.TextChoices):
        TOTAL = "total", _("全行")
        BRANCH = "branch", _("支行")
        GRID = "grid", _("网格")
        OFFICER = "officer", _("客户经理")
        COLLECTOR = "collector", _("采集人")

    report = models.ForeignKey(WeeklyReport, models.PROTECT, related_name="rows", db_index=False)
    level = models.CharField(max_length=9, choices=Level)
    unit_id = models.BigIntegerField(null=True)
    parent_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=80)
    owner = models.CharField(max_length=60, blank=True, default="")
    owner_id = models.BigIntegerField(null=True)
    roster = models.PositiveIntegerField(default=0)
    blocked = models.PositiveIntegerField(default=0)
    week: Any = models.JSONField(default=dict)
    cumulative: Any = models.JSONField(default=dict)
    rank = models.PositiveIntegerField(null=True)
    rank_change = models.IntegerField(null=True)
    order = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "level", "order"], name="one_row_per_place")]
        indexes = [models.Index(fields=["level", "unit_id", "report"], name="rows_of_unit")]


class CountedMilestone(models.Model):
    """Which week a milestone was counted in: order of visibility, so that nothing falls between two reports.

    ``grid_id`` and ``owner_id`` are home grid and owner at the freeze, ``on_roster`` whether the list held the subject then:
    a later move or hand-over changes no past list.
    """

    guard = Guard(web="SELECT", append_only=True)

    milestone = models.OneToOneField(Milestone, models.PROTECT, primary_key=True, related_name="counted")
    report = models.ForeignKey(WeeklyReport, models.PROTECT, related_name="counted")
    grid_id = models.BigIntegerField()
    owner_id = models.BigIntegerField(null=True)
    on_roster = models.BooleanField()
    counted_at = models.DateTimeField(db_default=Now())


class RunningCount(models.Model):
    """What a whole bank had reached at a moment of a week not frozen yet, shared by everybody who looks within seconds.

    Thrown away with the next count and never a record. ``acc.running_count`` alone reads and writes it.
    """

    guard = Guard(web="", worker="", read="")

    campaign = models.OneToOneField(Campaign, models.CASCADE, primary_key=True, related_name="+")
    begins = models.DateTimeField()
    since = models.DateTimeField(null=True)
    cut = models.DateTimeField()
    on_day = models.DateField()
    newest_milestone = models.BigIntegerField()
    newest_visit = models.BigIntegerField()
    territory: Any = models.JSONField()
    steps: Any = models.JSONField()
    counted_at = models.DateTimeField()
