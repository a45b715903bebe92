"""What a round prepares: its people, the plan by day, the village summary, the checklist (七个一)."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from config.lib.models import Release
from credit.models.rounds import Round
from customers.models import Subject
from customers.models.scoped import Scoped
from grids.models import Staff


class RoundPerson(Scoped):
    """Who answers for a round beside its owner: the sponsoring director and the liaison, a member of staff or somebody by name."""

    guard = Guard(scope="grid", web="SELECT, INSERT, UPDATE (staff_id, name), DELETE", whole="SELECT", history=True)

    class Role(models.TextChoices):
        DIRECTOR = "director", _("包村领导")
        LIAISON = "liaison", _("联络员")

    round = models.ForeignKey(Round, models.PROTECT, related_name="people")
    role = models.CharField(max_length=8, choices=Role)
    staff = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    name = models.CharField(_("姓名"), max_length=50, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "role"], name="role_once_per_round"),
            models.CheckConstraint(
                condition=Q(staff__isnull=False, name="") | (Q(staff__isnull=True) & ~Q(name="")),
                name="round_person_is_somebody",
            ),
        ]


class RoundDay(Scoped):
    """One team's households on one day of the plan. What was done is never typed: it follows from the visits."""

    guard = Guard(scope="grid", web="SELECT, INSERT, UPDATE (households, note), DELETE", whole="SELECT", history=True)

    round = models.ForeignKey(Round, models.PROTECT, related_name="plan")
    on = models.DateField(_("日期"))
    team = models.PositiveSmallIntegerField(_("小组"))
    households = models.PositiveSmallIntegerField(_("户数"))
    note = models.CharField(_("说明"), max_length=60, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "on", "team"], name="team_once_a_day"),
            models.CheckConstraint(condition=Q(households__lte=200, team__gte=1, team__lte=20), name="team_can_do_it"),
        ]


class RoundTask(Scoped):
    """One point of the checklist (七个一) done: for the village, or for one household of its list."""

    guard = Guard(scope="grid", web="SELECT, INSERT, DELETE", whole="SELECT", subject_column="subject_id", history=True)

    round = models.ForeignKey(Round, models.PROTECT, related_name="tasks")
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=24)
    checklist = models.ForeignKey(Release, models.PROTECT, related_name="+", db_index=False)
    done_on = models.DateField(_("完成日期"))
    done_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    note = models.CharField(_("说明"), max_length=100, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["round", "code"], condition=Q(subject__isnull=True), name="village_task_once"
            ),
            models.UniqueConstraint(fields=["round", "subject", "code"], name="household_task_once"),
        ]


class VillageSummary(Scoped):
    """What is known of the village (村情), by the released questions; every saving is an edition of its own."""

    guard = Guard(scope="grid", web="SELECT, INSERT", whole="SELECT", append_only=True)

    round = models.ForeignKey(Round, models.PROTECT, related_name="summaries")
    number = models.PositiveSmallIntegerField()
    form = models.ForeignKey(Release, models.PROTECT, related_name="+")
    document: Any = models.JSONField(default=dict)
    written_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    written_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "number"], name="summary_once_per_number")]
