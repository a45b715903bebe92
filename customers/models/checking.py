"""What waits for the second check, and who of the branch is to do it (Decision record 0020): a hint for order and deadline, never a lock."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from customers.models.profiles import Profile
from customers.models.scoped import Recorded, Routed
from customers.models.subjects import Subject
from grids.models import Staff


class WaitingFile(Routed):
    """The newest revision of a subject while it has no verdict: kept by the triggers of revisions and verdicts, so that the queue
    is as long as what waits and not as what was ever filed (``customers/sql/sharing.sql``)."""

    guard = Guard(
        scope="grid", web="SELECT", whole="SELECT", worker="SELECT", subject_column="subject_id", hideable=True
    )

    subject = models.OneToOneField(Subject, models.PROTECT, primary_key=True, related_name="+", db_constraint=False)
    profile = models.OneToOneField(Profile, models.PROTECT, related_name="+", db_constraint=False)
    submitted_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["grid", "submitted_at"], name="waiting_files_of_grid")]


class CheckTask(Recorded):
    """A revision given to a colleague to check; a revision that waits without one lies in the branch's pool.

    Open until the revision is checked or replaced, which the database itself notes (``customers/sql/sharing.sql``). Never given
    to anybody who had a part in the visit.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (checker_id, way, given_by_id, given_at)",
        whole="SELECT",
        worker="SELECT, INSERT, UPDATE (checker_id, way, given_by_id, given_at)",
        history=True,
        subject_column="subject_id",
        hideable=True,
        extra=kept_by("lib.keep_check_task", "before insert or update or delete"),
    )

    class Way(models.TextChoices):
        RULE = "rule", _("自动分配")
        TAKEN = "taken", _("自己领取")
        HANDED = "handed", _("同事转交")
        LEVELLED = "levelled", _("行长调整")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="check_tasks", db_index=False)
    profile = models.OneToOneField(Profile, models.PROTECT, related_name="check_task")
    # Null: back in the pool, since he is away and nobody else may.
    checker = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    way = models.CharField(max_length=8, choices=Way)
    given_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    given_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    OPEN = Q(closed_at__isnull=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=Q(closed_at__isnull=True), name="one_check_is_open_for_a_subject"
            ),
            models.CheckConstraint(
                condition=Q(way="rule", given_by__isnull=True) | ~Q(way="rule") & Q(given_by__isnull=False),
                name="a_check_is_given_by_the_rule_or_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["checker", "-given_at"], name="checks_of_checker"),
            models.Index(fields=["checker"], condition=Q(closed_at__isnull=True), name="open_checks_of_checker"),
        ]
