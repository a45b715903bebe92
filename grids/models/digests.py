"""Mails that told a person what waits for him: one a day and kind, whatever happens to the process that sends it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from grids.models.staff import Staff


class Digest(models.Model):
    """One mail of a day. The row is claimed and committed before the mail server is asked, and settled after it answered.

    A process that dies in between leaves it ``sending``: nobody knows whether the mail went out. It is then tried once more and
    never again (``unknown``), so the worst is one mail twice, never a flood (decision record 0022).
    """

    guard = Guard(
        web="SELECT",
        worker="SELECT, INSERT, UPDATE (state, count, overdue, tries, unknown, last_error, claimed_at, settled_at)",
        extra=kept_by("lib.keep_digest", "before update"),
    )

    class Kind(models.TextChoices):
        DAILY = "daily", _("每日")
        WEEKLY = "weekly", _("每周")
        URGENT = "urgent", _("逾期")

    class State(models.TextChoices):
        SENDING = "sending", _("发送中")
        SENT = "sent", _("已发送")
        NOTHING = "nothing", _("没有待办，不发")
        FAILED = "failed", _("未发出")

    staff = models.ForeignKey(Staff, models.PROTECT, related_name="digests")
    on = models.DateField(_("日期"))
    kind = models.CharField(max_length=6, choices=Kind)
    state = models.CharField(max_length=7, choices=State, default=State.SENDING)
    count = models.PositiveIntegerField(default=0)
    overdue = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    unknown = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=120, blank=True, default="")
    claimed_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "on", "kind"], name="one_digest_a_day"),
            models.CheckConstraint(condition=Q(unknown__lte=1), name="digest_repeated_once_at_most"),
            models.CheckConstraint(
                condition=Q(state="sending", settled_at__isnull=True) | Q(settled_at__isnull=False),
                name="digest_settled_has_a_time",
            ),
        ]
        indexes = [models.Index(fields=["on", "state"], name="digests_of_day")]
