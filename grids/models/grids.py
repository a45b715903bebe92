"""Grids, their seats, and the campaign that counts."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from grids.models.institutions import Branch, Institution
from grids.models.staff import Staff


class Grid(models.Model):
    """A part of the territory (网格). Its kind fixes the kind of subject it counts (Semantics, section 1)."""

    guard = Guard(web="SELECT, INSERT, UPDATE", history=True)

    class Kind(models.TextChoices):
        VILLAGE = "village", _("行政村")
        COMMUNITY = "community", _("社区")
        MARKET = "market", _("专业市场")
        STREET = "street", _("沿街商铺")
        INSTITUTION = "institution", _("机关事业单位")
        ENTERPRISE = "enterprise", _("企业")
        # Shows subjects and counts none: each is counted by its home grid.
        FEATURE = "feature", _("特色网格")

    class Phase(models.TextChoices):
        CENSUS = "census", _("普查")
        MAINTENANCE = "maintenance", _("维护")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="grids")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="grids", verbose_name=_("管辖支行"))
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("总网格")
    )
    kind = models.CharField(_("类型"), max_length=12, choices=Kind)
    name = models.CharField(_("名称"), max_length=60)
    pinyin = models.CharField(max_length=200, default="", blank=True, db_collation="C")
    division_code = models.CharField(_("区划代码"), max_length=12, blank=True, default="")
    town = models.CharField(_("乡镇街道"), max_length=40, blank=True, default="")
    former_names: Any = models.JSONField(_("曾用名"), default=list, blank=True)
    predecessor_codes: Any = models.JSONField(_("并入的原代码"), default=list, blank=True)
    boundary: Any = models.JSONField(_("边界"), null=True, blank=True)
    is_schematic = models.BooleanField(_("示意边界"), default=False)
    latitude = models.DecimalField(_("纬度"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("经度"), max_digits=9, decimal_places=6, null=True, blank=True)
    official_count = models.PositiveIntegerField(_("官方户数"), null=True, blank=True)
    official_source = models.CharField(_("户数来源"), max_length=100, blank=True, default="")
    official_on = models.DateField(_("户数日期"), null=True, blank=True)
    phase = models.CharField(_("阶段"), max_length=11, choices=Phase, default=Phase.CENSUS)
    is_active = models.BooleanField(_("启用"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "division_code"], condition=~Q(division_code=""), name="division_code_once"
            )
        ]
        indexes = [models.Index(fields=["branch", "pinyin"], name="grids_of_branch")]

    def __str__(self) -> str:
        return self.name


class SeatKind(models.Model):
    """A seat a grid offers (一格四员 by default). ``covers``: who sits on it owns the grid's customers.

    Code and ``covers`` stand for good; a closed kind is offered no more and stays readable where somebody sat on it.
    The database keeps one open kind that covers (``grids/sql/seat_kinds.sql``).
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE", history=True, extra=kept_by("lib.keep_seat_kind", "after update or delete")
    )

    class TakenBy(models.TextChoices):
        ANYBODY = "any", _("员工或外部人员")
        STAFF = "staff", _("只限员工")
        OUTSIDE = "outside", _("只限外部人员")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="seat_kinds")
    code = models.CharField(max_length=20)
    name = models.CharField(_("名称"), max_length=30)
    name_en = models.CharField(_("英文名称"), max_length=60, default="")
    covers = models.BooleanField(_("负责客户"), default=False)
    places = models.PositiveSmallIntegerField(_("席位数"), default=1)
    taken_by = models.CharField(_("由谁担任"), max_length=7, choices=TakenBy, default=TakenBy.ANYBODY)
    order = models.PositiveSmallIntegerField(default=0)
    closed_on = models.DateField(_("停用日期"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="seat_kind_once"),
            models.UniqueConstraint(
                fields=["institution", "name"], condition=Q(closed_on__isnull=True), name="seat_kind_named_once"
            ),
            models.CheckConstraint(condition=Q(places__gte=1), name="seat_kind_has_a_place"),
            models.CheckConstraint(condition=Q(covers=False) | ~Q(taken_by="outside"), name="owner_is_staff"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language; Chinese where no English one was given."""
        return self.name_en if self.name_en and (get_language() or "").startswith("en") else self.name

    @property
    def is_for_staff(self) -> bool:
        """Whether only staff sit on it: owners of customers always are staff."""
        return self.covers or self.taken_by == self.TakenBy.STAFF


class Seat(models.Model):
    """Who sits where from when to when (to exclusive): staff, or an outside person by name."""

    guard = Guard(web="SELECT, INSERT, UPDATE", history=True, extra=kept_by("lib.keep_seat", "before insert or update"))

    grid = models.ForeignKey(Grid, models.PROTECT, related_name="seats")
    kind = models.ForeignKey(SeatKind, models.PROTECT, related_name="seats")
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, blank=True, related_name="seats")
    outside_name = models.CharField(_("外部人员"), max_length=50, blank=True, default="")
    from_on = models.DateField(_("自"))
    to_on = models.DateField(_("至（不含）"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")), name="seat_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(staff__isnull=False) | ~Q(outside_name=""), name="seat_has_somebody"),
        ]
        indexes = [
            models.Index(fields=["staff", "kind"], name="seats_of_staff"),
            models.Index(fields=["grid", "kind"], name="seats_of_grid"),
        ]


class Campaign(models.Model):
    """A campaign of an institution; exactly one is open, and an event counts in the one open at its receipt."""

    guard = Guard(web="SELECT, INSERT, UPDATE", history=True, opener="SELECT")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="campaigns")
    name = models.CharField(_("名称"), max_length=60)
    from_on = models.DateField(_("开始"))
    to_on = models.DateField(_("结束"), null=True, blank=True)
    is_open = models.BooleanField(_("进行中"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution"], condition=Q(is_open=True), name="one_open_campaign"),
        ]

    def __str__(self) -> str:
        return self.name
