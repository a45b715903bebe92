"""Phones and PADs of the bank: who has which from when to when, and which of them sign in as known devices."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from grids.models.institutions import Institution
from grids.models.staff import Staff


class Device(models.Model):
    """One device of the bank by its asset number. Of the serial number the last four characters and a keyed hash are kept."""

    guard = Guard(web="SELECT, INSERT, UPDATE (model, note, retired_on)", whole="SELECT", worker="SELECT", history=True)

    class Kind(models.TextChoices):
        PHONE = "phone", _("手机")
        PAD = "pad", _("平板")
        LAPTOP = "laptop", _("笔记本")
        DESKTOP = "desktop", _("台式机")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    asset_number = models.CharField(_("资产编号"), max_length=30)
    kind = models.CharField(_("类型"), max_length=7, choices=Kind)
    model = models.CharField(_("型号"), max_length=60, blank=True, default="")
    serial_tail = models.CharField(_("序列号尾号"), max_length=4)
    serial_index = models.BinaryField()
    note = models.CharField(_("备注"), max_length=200, blank=True, default="")
    retired_on = models.DateField(_("停用日期"), null=True, blank=True)
    registered_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    registered_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "asset_number"], name="asset_number_once"),
            models.UniqueConstraint(fields=["institution", "serial_index"], name="serial_number_once"),
        ]

    def __str__(self) -> str:
        return self.asset_number


class DeviceIssue(models.Model):
    """A device in somebody's hands: issued by an administrator, commissioned by its holder, then returned, or lost and closed.

    The database keeps the order (``grids/sql/devices.sql``): only the holder commissions, nothing lost comes back to life, and
    with loss or return every token made on the device is revoked in the same statement. Of the code and of the cookie's
    secret only hashes are stored.
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE (state, code_sha256, code_until, secret_sha256, commissioned_at, seen_at, ended_at, "
        "ended_by_id, reason, closed_at, closed_by_id)",
        whole="SELECT, UPDATE (state, secret_sha256, commissioned_at, seen_at, ended_at, ended_by_id, reason, code_sha256, code_until)",
        worker="SELECT",
        extra=kept_by("lib.keep_device_issue", "before insert or update")
        + kept_by("lib.end_device_tokens", "after update of state"),
    )

    class State(models.TextChoices):
        ISSUED = "issued", _("已发放，待启用")
        COMMISSIONED = "commissioned", _("使用中")
        RETURNED = "returned", _("已交回")
        LOST = "lost", _("已报失")
        REVOKED = "revoked", _("已注销")

    LIVE = ("issued", "commissioned")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    device = models.ForeignKey(Device, models.PROTECT, related_name="issues")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="devices", verbose_name=_("领用人"))
    state = models.CharField(_("状态"), max_length=12, choices=State, default=State.ISSUED)
    issued_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    issued_at = models.DateTimeField(db_default=Now())
    code_sha256 = models.CharField(max_length=64, blank=True, default="")
    code_until = models.DateTimeField(null=True)
    secret_sha256 = models.CharField(max_length=64, blank=True, default="")
    commissioned_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(_("最近使用"), null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    reason = models.CharField(_("说明"), max_length=200, blank=True, default="")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device"], condition=Q(state__in=["issued", "commissioned", "lost"]), name="device_in_one_hand"
            ),
            models.CheckConstraint(condition=~Q(issued_by=F("staff")), name="nobody_issues_to_himself"),
            models.CheckConstraint(
                condition=Q(state="commissioned", commissioned_at__isnull=False) & ~Q(secret_sha256="")
                | ~Q(state="commissioned") & Q(secret_sha256=""),
                name="only_commissioned_devices_have_a_secret",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["issued", "commissioned"], ended_at__isnull=True, ended_by__isnull=True)
                | (~Q(state__in=["issued", "commissioned"]) & Q(ended_at__isnull=False, ended_by__isnull=False)),
                name="device_issue_ends_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="revoked") | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="device_loss_closed_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["staff", "state"], name="devices_of_staff")]
