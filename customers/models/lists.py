"""Entries on the black, grey, white and attention lists, their reviews and their release: asked for by one person, confirmed
by another, never deleted. Files of entries are proposed and confirmed as a whole."""

from typing import Any

from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, compared_by, kept_by
from config.lib.models import StoredFile
from customers.models.imports import OF_BRANCH
from customers.models.people import Person
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from grids.models import Branch, Institution, Staff


class ListFile(models.Model):
    """A file of entries: checked in one pass, proposed by who uploads it, confirmed or refused as a whole by another."""

    guard = Guard(
        web="SELECT, INSERT, UPDATE (state, settled_by_id, settled_at, answer)",
        whole="",
        worker="SELECT",
        history=True,
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists branch on {table}",
            f"create policy branch on {{table}} to gedang_web using ({OF_BRANCH}) with check ({OF_BRANCH})",
            "drop policy if exists reading on {table}",
            "create policy reading on {table} for select to gedang_read using (true)",
            *kept_by("lib.keep_list_file", "before insert or update"),
        ),
    )

    class State(models.TextChoices):
        BROKEN = "broken", _("有错误，未写入")
        WAITING = "waiting", _("待确认")
        CONFIRMED = "confirmed", _("已确认")
        REJECTED = "rejected", _("不同意")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", db_index=False)
    file_sha256 = models.CharField(max_length=64)
    file_name = models.CharField(_("文件"), max_length=200)
    source = models.CharField(_("来源"), max_length=100)
    state = models.CharField(max_length=9, choices=State)
    rows = models.PositiveIntegerField(default=0)
    # Rows that stood on the list already and were left alone.
    skipped = models.PositiveIntegerField(default=0)
    # row, column, code, value (ID numbers masked), also
    problems: Any = models.JSONField(default=list)
    uploaded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    uploaded_at = models.DateTimeField(db_default=Now())
    settled_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)
    answer = models.CharField(_("答复"), max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_by__isnull=True) | ~Q(settled_by=F("uploaded_by")),
                name="list_file_needs_two_people",
            ),
            models.UniqueConstraint(
                fields=["branch", "file_sha256"], condition=Q(state="waiting"), name="list_file_waits_once"
            ),
        ]
        indexes = [models.Index(fields=["branch", "-uploaded_at"], name="list_files_of_branch")]


class ListEntry(Recorded):
    """One entry. Active = confirmed and not released. ``blocks``: black, grey, and a reason of attention released as blocking
    keep the whole household out of assessment (Semantics, section 1)."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE",
        whole="SELECT",
        subject_column="subject_id",
        history=True,
        extra=(
            *kept_by("lib.keep_list_entry", "before insert or update"),
            *kept_by("lib.note_changed", "after insert", "statement"),
            *compared_by("lib.note_changed_row"),
        ),
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
    # The entry that took its place without a release: white of another member, or one that blocks the household.
    superseded_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    file = models.ForeignKey(ListFile, models.PROTECT, null=True, related_name="entries")
    # Version of the released reasons the entry was made under, and what they said of its reason.
    reasons_version = models.PositiveIntegerField(null=True)
    is_sensitive = models.BooleanField(db_default=False, default=False)
    tag_blocks = models.BooleanField(db_default=False, default=False)
    blocks = models.GeneratedField(
        expression=ExpressionWrapper(Q(colour__in=["black", "grey"]) | Q(tag_blocks=True), models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("proposed_by")), name="list_needs_two_people"
            ),
            models.CheckConstraint(
                condition=~Q(colour="grey", confirmed_at__isnull=False, review_on__isnull=True), name="grey_is_reviewed"
            ),
            models.CheckConstraint(condition=~Q(colour="white") | Q(person__isnull=False), name="white_is_one_person"),
            models.CheckConstraint(
                condition=Q(tag_blocks=False) | Q(colour="attention"), name="only_attention_blocks_by_tag"
            ),
            # One white entry in force in a household: one_white_in_a_household, an exclusion told at the end of the transaction,
            # which Django has no words for; it is added by its migration.
        ]
        indexes = [
            models.Index(
                fields=["grid", "subject"],
                condition=Q(confirmed_at__isnull=False, released_at__isnull=True, blocks=True),
                name="blocked_by_list",
            ),
            models.Index(
                fields=["grid", "review_on"],
                condition=Q(confirmed_at__isnull=False, released_at__isnull=True, review_on__isnull=False),
                name="list_reviews_due",
            ),
        ]

    @property
    def state(self) -> str:
        """Where the entry stands: proposed, rejected, active or released."""
        if self.rejected_at is not None:
            return "rejected"
        if self.released_at is not None:
            return "released"
        return "proposed" if self.confirmed_at is None else "active"


class ListReview(Recorded):
    """A look at an entry in force on its review date: it stays, and is looked at again on another day, for a stated reason."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        whole="SELECT",
        worker="SELECT, INSERT",
        append_only=True,
        follows="subject_id",
        subject_column="subject_id",
    )

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_index=False)
    entry = models.ForeignKey(ListEntry, models.PROTECT, related_name="reviews")
    former_on = models.DateField(null=True)
    next_on = models.DateField(_("下次复核"))
    reason = models.CharField(_("继续列入的理由"), max_length=200)
    reviewed_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    reviewed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="list_review_has_a_reason")]


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
