"""Changes of who is responsible: transfers with their day, and absences with a deputy."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from grids.models.grids import Grid
from grids.models.institutions import Branch, Institution
from grids.models.staff import Staff


class Transfer(models.Model):
    """An officer goes to another branch, leaves, or hands over grids on a day: proposed by one, confirmed by others, done on its day.

    ``giving_by`` answers for the branch he comes from, ``receiving_by`` for the one he goes to (the same branch where he stays).
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE (state, giving_by_id, giving_at, receiving_by_id, receiving_at, done_at, ended_by_id, ended_at, answer)",
        whole="SELECT",
        history=True,
        extra=kept_by("lib.keep_transfer", "before insert or update"),
    )

    class Kind(models.TextChoices):
        MOVE = "move", _("调往另一支行")
        LEAVE = "leave", _("离岗")
        HAND_OVER = "hand_over", _("移交部分网格")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待确认")
        CONFIRMED = "confirmed", _("到日执行")
        DONE = "done", _("已执行")
        FAILED = "failed", _("未能执行")
        REFUSED = "refused", _("不同意")
        WITHDRAWN = "withdrawn", _("已撤回")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="transfers", verbose_name=_("谁"))
    kind = models.CharField(_("事项"), max_length=9, choices=Kind)
    from_branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    to_branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("调往")
    )
    on = models.DateField(_("生效日期"))
    reason = models.CharField(_("依据"), max_length=200)
    state = models.CharField(_("状态"), max_length=9, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    proposed_at = models.DateTimeField(db_default=Now())
    giving_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    giving_at = models.DateTimeField(null=True)
    receiving_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    receiving_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True)
    answer = models.CharField(_("答复"), max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(giving_by__isnull=True) | (~Q(giving_by=F("proposed_by")) & ~Q(giving_by=F("staff"))))
                & (Q(receiving_by__isnull=True) | (~Q(receiving_by=F("proposed_by")) & ~Q(receiving_by=F("staff"))))
                & ~Q(proposed_by=F("staff")),
                name="transfer_needs_two",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "done", "failed"])
                | Q(giving_by__isnull=False, receiving_by__isnull=False),
                name="transfer_is_confirmed_for_both",
            ),
            models.CheckConstraint(
                condition=(Q(kind="move") & Q(to_branch__isnull=False) & ~Q(to_branch=F("from_branch")))
                | (~Q(kind="move") & Q(to_branch__isnull=True)),
                name="transfer_goes_somewhere_else",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="transfer_has_a_reason"),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at__isnull=True)),
                name="transfer_done_has_a_time",
            ),
            models.UniqueConstraint(
                fields=["staff"], condition=Q(state__in=["proposed", "confirmed"]), name="one_transfer_waits"
            ),
        ]
        indexes = [
            models.Index(fields=["on"], condition=Q(state="confirmed"), name="transfers_due"),
            models.Index(fields=["institution", "-proposed_at"], name="transfers_newest"),
        ]


class TransferGrid(models.Model):
    """A grid that a transfer hands over, and to whom."""

    guard = Guard(web="SELECT, INSERT", whole="SELECT", append_only=True)

    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="grids")
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+")
    successor = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["transfer", "grid"], name="transfer_grid_once")]


class Absence(models.Model):
    """Who is away from a day to a day (exclusive), and the officer of his branch who stands in for him on his grids.

    Kept by the database: neither of them records it, nobody is away twice at once, and a deputy is there himself.
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE (to_on)",
        whole="SELECT",
        history=True,
        extra=kept_by("lib.keep_absence", "before insert or update"),
    )

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="absences", db_index=False, verbose_name=_("谁"))
    deputy = models.ForeignKey(
        Staff, models.PROTECT, related_name="deputising", db_index=False, verbose_name=_("由谁代")
    )
    from_on = models.DateField(_("自"))
    to_on = models.DateField(_("至（不含）"))
    reason = models.CharField(_("事由"), max_length=60)
    recorded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_on__gte=F("from_on")), name="absence_ends_after_start"),
            models.CheckConstraint(
                condition=~Q(staff=F("deputy")) & ~Q(recorded_by=F("deputy")) & ~Q(recorded_by=F("staff")),
                name="absence_is_between_two",
            ),
        ]
        indexes = [
            models.Index(fields=["deputy", "to_on"], name="absences_of_deputy"),
            models.Index(fields=["staff", "to_on"], name="absences_of_staff"),
        ]
