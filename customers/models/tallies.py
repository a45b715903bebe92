"""Visits counted while they arrive: how many subjects were visited in a day, week, month and year, and how many effectively."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from grids.models import Grid, Institution, Staff


class VisitTally(models.Model):
    """Counts of one grid, officer and kind of subject in one span of days, by the device's day; added to by a trigger after every
    visit (``lib.tally_visits``) and by nothing else.

    ``subjects`` and ``effective`` count every subject once in a span, in the grid and under the lead of its first (effective) visit,
    so that they add up over grids; ``own_subjects`` and ``own_effective`` count it once for each officer who led or joined. Several
    rows of one key are added up: a row somebody else holds is never waited for.
    """

    guard = Guard(web="", whole="", worker="SELECT")

    class Span(models.TextChoices):
        DAY = "day", _("当天")
        WEEK = "week", _("本周")
        MONTH = "month", _("本月")
        YEAR = "year", _("当年")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    # Where the visit was recorded: past counts stay where the work was done.
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    kind = models.CharField(max_length=10)
    span = models.CharField(max_length=5, choices=Span)
    starts_on = models.DateField()
    subjects = models.IntegerField()
    effective = models.IntegerField()
    own_subjects = models.IntegerField()
    own_effective = models.IntegerField()
    visits = models.IntegerField()
    effective_visits = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    effective__lte=models.F("visits"), effective_visits__lte=models.F("visits"), effective__gte=0
                ),
                name="tally_is_of_its_visits",
            )
        ]
        indexes = [models.Index(fields=["institution", "span", "starts_on", "grid", "staff"], name="tallies_of_span")]
