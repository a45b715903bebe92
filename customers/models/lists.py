"""Entries on the black, grey, white and attention lists, and their release: asked for by one person, confirmed by another,
never deleted."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from customers.models.people import Person
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from grids.models import Staff


class ListEntry(Recorded):
    """One entry. Active = confirmed and not released; black and grey block the whole household (Semantics, section 1)."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE",
        whole="SELECT",
        subject_column="subject_id",
        history=True,
        extra=kept_by("lib.keep_list_entry", "before insert or update"),
    )

    class Colour(models.TextChoices):
        BLACK = "black", _("黑名单")
        GREY = "grey", _("灰名单")
        WHITE = "white", _("白名单")
        ATTENTION = "attention", _("关注")

    BLOCKING = (Colour.BLACK, Colour.GREY)

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="list_entries")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    colour = models.CharField(_("名单"), max_length=9, choices=Colour)
    reason = models.CharField(_("原因"), max_length=40)
    note = models.TextField(_("说明"), blank=True, default="")
    proposed_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    proposed_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    confirmed_at = models.DateTimeField(null=True)
    rejected_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    rejected_at = models.DateTimeField(null=True)
    answer = models.CharField(_("答复"), max_length=200, blank=True, default="")
    review_on = models.DateField(_("复核日期"), null=True, blank=True)
    released_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("proposed_by")), name="list_needs_two_people"
            ),
        ]
        indexes = [
            models.Index(
                fields=["grid", "subject"],
                condition=Q(confirmed_at__isnull=False, released_at__isnull=True, colour__in=["black", "grey"]),
                name="blocked_subjects",
            )
        ]


class ListRelease(Recorded):
    """A request to take somebody off a list. Once another person confirms it the entry is released at that instant.

    Who asks and who settles are the acting persons, and a settled request stands (``customers/sql/lists.sql``).
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (confirmed_by_id, confirmed_at, rejected_by_id, rejected_at, answer)",
        whole="SELECT",
        worker="SELECT",
        subject_column="subject_id",
        history=True,
        extra=kept_by("lib.keep_list_release", "before insert or update"),
    )

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_index=False)
    entry = models.ForeignKey(ListEntry, models.PROTECT, related_name="releases")
    reason = models.CharField(_("解除理由"), max_length=200)
    asked_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    confirmed_at = models.DateTimeField(null=True)
    rejected_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    rejected_at = models.DateTimeField(null=True)
    answer = models.CharField(_("答复"), max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("asked_by")),
                name="list_release_needs_two_people",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="list_release_has_a_reason"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, rejected_at__isnull=True),
                name="list_release_is_settled_once",
            ),
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(confirmed_at__isnull=True, rejected_at__isnull=True),
                name="one_list_release_waits",
            ),
        ]
        indexes = [
            models.Index(
                fields=["grid", "asked_at"],
                condition=Q(confirmed_at__isnull=True, rejected_at__isnull=True),
                name="list_releases_waiting",
            )
        ]

    @property
    def is_waiting(self) -> bool:
        """Whether nobody settled it yet."""
        return self.confirmed_at is None and self.rejected_at is None
