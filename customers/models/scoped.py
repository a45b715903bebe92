"""What every customer table carries: the institution, and the grid that decides who sees the row.

``grid`` is routing: it moves with the household. ``recorded_grid`` is where the fact was recorded, which is what reports
of the past use. Foreign keys to the territory carry no database index of their own unless a query needs one.
"""

from django.db import models

from grids.models import Grid, Institution


class Scoped(models.Model):
    """Abstract: institution and routing grid."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        abstract = True


class Routed(models.Model):
    """Abstract: institution and grid as copied from the subject, whose own keys hold; looking both up again for every row
    of a roster would be a third of what writing it costs. ``check_integrity`` compares the copies."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", db_index=False, db_constraint=False)

    class Meta:
        abstract = True


class Recorded(Scoped):
    """Abstract: a fact about a subject, with the grid it was recorded in."""

    recorded_grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        abstract = True
