"""Who came to a household and who left it on a visit, and ID numbers that turned out to be filed elsewhere."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from customers.models.people import Person
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from customers.models.visits import APPEND_ONLY, Visit
from grids.models import Grid, Staff


class MemberChange(Recorded):
    """A member who came or left, as a visit told. It refers to the person, who holds the identity."""

    guard = APPEND_ONLY

    class Kind(models.TextChoices):
        JOINED = "joined", _("增加")
        LEFT = "left", _("离户")

    class Reason(models.TextChoices):
        MOVED = "moved", _("迁出")
        DECEASED = "deceased", _("身故")
        OTHER = "other", _("其他原因")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="member_changes")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="member_changes")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=6, choices=Kind)
    reason = models.CharField(_("离户原因"), max_length=8, choices=Reason, blank=True, default="")
    on = models.DateField(_("日期"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visit", "person"], name="member_changes_once_a_visit"),
            models.CheckConstraint(
                condition=Q(kind="joined", reason="") | (Q(kind="left") & ~Q(reason="")), name="leaving_has_a_reason"
            ),
        ]


class DuplicateCase(Recorded):
    """An ID number an officer typed for this household that is filed in another grid or household: for the branch manager.

    It names where the number is filed, never the number or the person.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (settled_by_id, settled_at)",
        whole="SELECT",
        worker="SELECT",
        subject_column="subject_id",
        history=True,
    )

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    filed_grid = models.ForeignKey(Grid, models.PROTECT, related_name="+", db_index=False)
    found_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    found_at = models.DateTimeField(db_default=Now())
    settled_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "filed_grid", "found_by"],
                condition=Q(settled_at__isnull=True),
                name="one_open_duplicate",
            ),
        ]
