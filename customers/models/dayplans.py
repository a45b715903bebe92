"""What an officer is to visit on a day: put there by his branch or by himself. What was done of it is never typed."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from config.lib.models import Release
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from grids.models import Staff


class PlannedVisit(Recorded):
    """One line of a day's plan: a place, or ``wanted`` visits in a village (no subject, ``grid`` is the village).

    The officer accepts, reorders and postpones with a reason (the new day has a line of its own that ``follows``); who put it
    takes it back. Everything else stands (``lib.keep_planned_visit``). Whether it was done follows from the visits
    (``customers.domain.dayplan.settle``).
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (position, accepted_at, postponed_to, postponed_at, reason, withdrawn_by_id, withdrawn_at)",
        whole="SELECT",
        subject_column="subject_id",
        history=True,
        extra=kept_by("lib.keep_planned_visit", "before insert or update"),
    )

    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="planned_visits")
    officer = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    on = models.DateField(_("日期"))
    wanted = models.PositiveSmallIntegerField(_("走几户"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=100, blank=True, default="")
    # Why it was suggested when it was put here, and the weights in force then.
    release = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+", db_index=False)
    reasons: Any = models.JSONField(default=list)
    position = models.PositiveIntegerField()
    put_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    put_at = models.DateTimeField(db_default=Now())
    accepted_at = models.DateTimeField(null=True)
    follows = models.OneToOneField("self", models.PROTECT, null=True, related_name="followed_by")
    postponed_to = models.DateField(_("推迟到"), null=True, blank=True)
    postponed_at = models.DateTimeField(null=True)
    reason = models.CharField(_("推迟原因"), max_length=100, blank=True, default="")
    withdrawn_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    withdrawn_at = models.DateTimeField(null=True)

    LIVE = Q(withdrawn_at__isnull=True, postponed_to__isnull=True)
    """Lines that count on their day."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(subject__isnull=False, wanted__isnull=True)
                | Q(subject__isnull=True, wanted__gte=1, wanted__lte=99),
                name="planned_visit_names_place_or_number",
            ),
            models.CheckConstraint(
                condition=Q(postponed_to__isnull=True, postponed_at__isnull=True, reason="")
                | (Q(postponed_to__gt=F("on"), postponed_at__isnull=False) & ~Q(reason="")),
                name="planned_visit_postponed_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by=F("put_by"), postponed_to__isnull=True),
                name="planned_visit_taken_back_by_who_put_it",
            ),
            models.UniqueConstraint(
                fields=["officer", "on", "subject"],
                condition=Q(subject__isnull=False, withdrawn_at__isnull=True, postponed_to__isnull=True),
                name="planned_once_a_day",
            ),
            models.UniqueConstraint(
                fields=["officer", "on", "grid"],
                condition=Q(subject__isnull=True, withdrawn_at__isnull=True, postponed_to__isnull=True),
                name="village_planned_once_a_day",
            ),
        ]
        indexes = [models.Index(fields=["officer", "on", "position"], name="planned_visits_of_officer")]
