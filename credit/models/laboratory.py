"""The laboratory of models: frozen populations without identity, every trial made on them, and checks of directions."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import INSTITUTION, STAFF, Guard
from config.lib.models import JobRun, ParameterDraft, Release
from grids.models import Institution, Staff

KEEPS = (
    "exists (select from grids_post as post where post.id = "
    "(select nullif(current_setting('app.post', true), '')::bigint) and post.kind = 'parameter_manager')"
)
"""Row security of the laboratory: only who acts as parameter manager reaches its rows, and no customer's."""


def kept_apart(*, mine: str = "") -> tuple[str, ...]:
    """Return the policies of a table of the laboratory; ``mine`` names the column of who writes a row."""
    rule = f"institution_id = {INSTITUTION} and {KEEPS}"
    written = f"{rule} and {mine} = {STAFF}" if mine else rule
    return (
        "alter table {table} enable row level security",
        "drop policy if exists kept_apart on {table}",
        f"create policy kept_apart on {{table}} for all to gedang_web, gedang_web_all using ({rule}) with check ({rule})",
        "drop policy if exists written on {table}",
        f"create policy written on {{table}} as restrictive for insert to gedang_web, gedang_web_all with check ({written})",
    )


class Population(models.Model):
    """Households frozen at an instant for trying models: facts and places, nothing that names one.

    ``columns`` describes every packed column; ``wanted`` is the size asked for, None all. ``digest`` is that of all it holds,
    taken when it was frozen (``lib.digest_of_population``). Retired, it is offered no more.
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE (retired_at, retired_by_id)",
        read="",
        history=True,
        extra=kept_apart(mine="asked_by_id"),
    )

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    run = models.OneToOneField(JobRun, models.PROTECT, related_name="population")
    name = models.CharField(_("名称"), max_length=80)
    branches: Any = models.JSONField(default=list)
    wanted = models.PositiveIntegerField(null=True)
    as_of = models.DateTimeField(_("数据截止"))
    seed = models.CharField(max_length=40)
    columns: Any = models.JSONField(default=dict)
    households = models.PositiveIntegerField(default=0)
    frozen_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, default="")
    asked_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True, retired_by__isnull=True)
                | Q(retired_at__isnull=False, retired_by__isnull=False),
                name="population_retired_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return self.name


class PopulationColumn(models.Model):
    """One column of one block of a population, packed (``credit.domain.population``); append-only."""

    guard = Guard(
        web="SELECT",
        worker="SELECT, INSERT",
        read="",
        append_only=True,
        extra=(*kept_apart(), "alter table {table} alter column packed set storage external"),
    )

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    population = models.ForeignKey(Population, models.PROTECT, related_name="packed", db_index=False)
    block = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    households = models.PositiveIntegerField()
    packed = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["population", "name", "block"], name="one_column_per_block"),
        ]


class Trial(models.Model):
    """A comparison of two texts of a model on a frozen population: who tried what, when, and what came of it; append-only.

    ``before`` and ``after`` keep what was compared (code, standing, digest, document, parameters), so that the trial can be read and
    every household of it explained for as long as it is kept. ``rules`` is what was released on how much of small groups is told.
    """

    guard = Guard(
        web="SELECT, INSERT", worker="SELECT", read="", append_only=True, extra=kept_apart(mine="tried_by_id")
    )

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    population = models.ForeignKey(Population, models.PROTECT, related_name="trials")
    draft = models.ForeignKey(ParameterDraft, models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=64)
    before: Any = models.JSONField()
    after: Any = models.JSONField()
    figures: Any = models.JSONField()
    rules = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+")
    tried_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    tried_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(draft__isnull=False) | Q(version__isnull=False), name="trial_of_a_draft_or_version"
            )
        ]


class DirectionCheck(models.Model):
    """Whether the newer text of a trial keeps one direction, asked of every household of its population, by a job.

    ``looked_at`` households are done; ``figures`` holds what was found of each direction (``credit.domain.directions``).
    """

    guard = Guard(
        web="SELECT, INSERT",
        worker="SELECT, UPDATE (looked_at, figures)",
        read="",
        extra=kept_apart(mine="asked_by_id"),
    )

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    trial = models.ForeignKey(Trial, models.PROTECT, related_name="direction_checks")
    run = models.OneToOneField(JobRun, models.PROTECT, related_name="direction_check")
    looked_at = models.PositiveIntegerField(default=0)
    figures: Any = models.JSONField(default=dict)
    asked_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
