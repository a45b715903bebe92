"""What happens to households and their people: proposed by one, confirmed on each side it concerns, done once, kept for good."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.lib.guards import GRIDS, Guard, kept_by
from customers.models.people import Person
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from grids.models import Grid, Institution, Staff

_RECEIVED = f"to_grid_id = {GRIDS}"


class HouseholdEvent(Recorded):
    """One change in the life of a household, or the move of a business or unit. ``subject`` gives, ``to_subject`` or ``to_grid``
    receives.

    ``effects`` names people by id, never by name, and the kind of ``subject`` where it is no household; a new ID number waits in ``sealed`` under the person's own data key.
    Only ``acc.settle_household_event`` confirms and carries out (``customers/sql/life.sql``); a settled event stands.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (state, ended_by_id, ended_at, answer)",
        whole="SELECT",
        worker="SELECT",
        subject_column="subject_id",
        hideable=True,
        history=True,
        extra=(
            "drop policy if exists receiving on {table}",
            f"create policy receiving on {{table}} for select to gedang_web using ({_RECEIVED})",
            "drop policy if exists receiving_answers on {table}",
            f"create policy receiving_answers on {{table}} for update to gedang_web using ({_RECEIVED}) with check ({_RECEIVED})",
            *kept_by("lib.keep_household_event", "before insert or update"),
        ),
    )

    class Kind(models.TextChoices):
        SPLIT = "split", _("分户")
        MERGE = "merge", _("并入他户")
        MOVE = "move", _("整户迁移")
        TRANSFER = "transfer", _("成员迁移")
        MARRIAGE = "marriage", _("婚嫁")
        DEATH = "death", _("成员身故")
        HEAD = "head", _("更换户主")
        BORROWER = "borrower", _("变更借款人")
        LEAVE = "leave", _("全户离册")
        RETURN = "return", _("返回")
        REJOIN = "rejoin", _("成员返回")
        IDENTITY = "identity", _("更正身份信息")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待确认")
        DONE = "done", _("已生效")
        REFUSED = "refused", _("不同意")
        WITHDRAWN = "withdrawn", _("已撤回")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="household_events")
    kind = models.CharField(_("变动"), max_length=8, choices=Kind)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="household_events")
    to_subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="household_events_received")
    to_grid = models.ForeignKey(Grid, models.PROTECT, null=True, related_name="+", db_index=False)
    on = models.DateField(_("日期"))
    reason = models.CharField(_("原因"), max_length=200)
    effects: Any = models.JSONField(default=dict)
    sealed = models.BinaryField(null=True)
    state = models.CharField(_("状态"), max_length=9, choices=State, default=State.PROPOSED)
    needs_giving = models.BooleanField()
    needs_receiving = models.BooleanField()
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

    @property
    def label(self) -> str:
        """What the change is called; a business or unit has no household to move."""
        return gettext("移到别的网格") if self.effects.get("subject") else str(self.get_kind_display())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(giving_by__isnull=True) | ~Q(giving_by=F("proposed_by")))
                & (Q(receiving_by__isnull=True) | ~Q(receiving_by=F("proposed_by"))),
                name="household_event_needs_two",
            ),
            models.CheckConstraint(
                condition=~Q(state="done")
                | (
                    Q(done_at__isnull=False)
                    & (Q(needs_giving=False) | Q(giving_by__isnull=False))
                    & (Q(needs_receiving=False) | Q(receiving_by__isnull=False))
                ),
                name="household_event_done_is_confirmed",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="household_event_has_a_reason"),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["split", "merge", "move", "transfer", "marriage", "leave", "return"], needs_giving=True
                )
                | Q(kind__in=["death", "head", "borrower", "rejoin", "identity"], needs_receiving=False),
                name="household_event_second_person",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["merge", "move", "transfer", "marriage"], needs_receiving=True)
                | Q(needs_receiving=False) & ~Q(kind__in=["merge", "move", "transfer", "marriage"]),
                name="household_event_both_sides",
            ),
            models.CheckConstraint(
                condition=Q(sealed__isnull=True) | Q(kind="identity", needs_giving=True),
                name="household_event_number_needs_two",
            ),
            models.UniqueConstraint(
                fields=["subject"], condition=Q(state="proposed"), name="one_household_event_waits"
            ),
        ]
        indexes = [
            models.Index(fields=["grid", "proposed_at"], condition=Q(state="proposed"), name="events_waiting_giving"),
            models.Index(
                fields=["to_grid", "proposed_at"], condition=Q(state="proposed"), name="events_waiting_receive"
            ),
        ]


class GridMerger(models.Model):
    """A village that became part of another (并村): proposed by one, confirmed for both branches, done once for every row.

    It names territory and counts, nobody. Only ``acc.settle_grid_merger`` confirms and carries it out.
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE (state, ended_by_id, ended_at, answer)",
        whole="SELECT",
        worker="SELECT",
        history=True,
        extra=kept_by("lib.keep_grid_merger", "before insert or update"),
    )

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    from_grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name=_("并入的村"))
    to_grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", verbose_name=_("并到哪个村"))
    on = models.DateField(_("日期"))
    reason = models.CharField(_("依据"), max_length=200)
    state = models.CharField(
        _("状态"), max_length=9, choices=HouseholdEvent.State, default=HouseholdEvent.State.PROPOSED
    )
    moved: Any = models.JSONField(default=dict)
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
                condition=(Q(giving_by__isnull=True) | ~Q(giving_by=F("proposed_by")))
                & (Q(receiving_by__isnull=True) | ~Q(receiving_by=F("proposed_by"))),
                name="grid_merger_needs_two",
            ),
            models.CheckConstraint(
                condition=~Q(state="done")
                | Q(done_at__isnull=False, giving_by__isnull=False, receiving_by__isnull=False),
                name="grid_merger_done_is_confirmed",
            ),
            models.CheckConstraint(condition=~Q(from_grid=F("to_grid")), name="grid_merger_of_two"),
            models.CheckConstraint(condition=~Q(reason=""), name="grid_merger_has_a_reason"),
            models.UniqueConstraint(fields=["from_grid"], condition=Q(state="proposed"), name="one_grid_merger_waits"),
        ]
