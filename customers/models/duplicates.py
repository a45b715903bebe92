"""People who may be filed twice and photos that serve two households: found every night, looked into by a branch manager; and
the merge of two persons, asked for by one and confirmed by another, which can be undone the same way. Nothing merges by itself."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import INSTITUTION, Guard, kept_by
from customers.models.people import Person
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from grids.models import Institution, Staff


def _seen_through_members(column: str) -> tuple[str, ...]:
    """Row security of what belongs to a case: a scoped post sees it when it sees one of its members."""
    member = f"exists (select 1 from customers_similarmember as member where member.case_id = {{table}}.{column})"  # noqa: S608
    return (
        "alter table {table} enable row level security",
        "drop policy if exists scoped on {table}",
        f"create policy scoped on {{table}} to gedang_web using ({member})",
        "drop policy if exists whole on {table}",
        f"create policy whole on {{table}} to gedang_web_all using (institution_id = {INSTITUTION})",
    )


class SimilarCase(models.Model):
    """Several persons with one phone number, name and birth date, or name in pinyin and village; or households with one photo.

    ``key`` is a hash of what they share. The nightly sweep opens a case once, closes it when it is no longer true, and opens a
    settled one again only when somebody joins.
    """

    guard = Guard(
        web="SELECT, UPDATE (state, closed_at)",
        whole="SELECT",
        read="",
        history=True,
        extra=_seen_through_members("id"),
    )

    class Kind(models.TextChoices):
        PHONE = "phone", _("同一手机号")
        NAME_BIRTH = "name_birth", _("同名同生日")
        PINYIN_VILLAGE = "pinyin_village", _("同村同音")
        PHOTO = "photo", _("同一张照片")

    class State(models.TextChoices):
        OPEN = "open", _("待核对")
        DIFFERENT = "different", _("不是同一人")
        GONE = "gone", _("已不再相同")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=14, choices=Kind)
    key = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN, db_default=State.OPEN)
    # Households (phone, photo) or persons who share it now.
    size = models.PositiveIntegerField()
    is_red = models.BooleanField(default=False)
    rules_version = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "kind", "key"], name="similar_once")]
        indexes = [models.Index(fields=["institution", "opened_at"], condition=Q(state="open"), name="similar_open")]


class SimilarMember(Recorded):
    """One person (or, for a photo, one household) of a case. ``settled`` when a decision has seen him there."""

    guard = Guard(
        scope="grid",
        web="SELECT, UPDATE (settled)",
        whole="SELECT",
        read="",
        subject_column="subject_id",
        hideable=True,
    )

    case = models.ForeignKey(SimilarCase, models.CASCADE, related_name="members")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    settled = models.BooleanField(default=False, db_default=False)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "person"], condition=Q(person__isnull=False), name="similar_person_once"
            ),
            models.UniqueConstraint(
                fields=["case", "subject"], condition=Q(person__isnull=True), name="similar_household_once"
            ),
        ]


class SimilarDecision(models.Model):
    """That the members of a case are not one person, or the photo is explained, and why."""

    guard = Guard(
        web="SELECT, INSERT",
        whole="SELECT",
        worker="SELECT, INSERT",
        read="",
        append_only=True,
        extra=_seen_through_members("case_id"),
    )

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    case = models.ForeignKey(SimilarCase, models.PROTECT, related_name="decisions")
    reason = models.CharField(_("理由"), max_length=200)
    decided_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="similar_decision_has_a_reason")]


class PersonMerge(Recorded):
    """Two filed persons are one: ``gone`` leaves his household (``subject``) as a duplicate of ``kept``; both histories stay
    where they were recorded. Asked for, confirmed, and undone by two persons each."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (confirmed_by_id, confirmed_at, rejected_by_id, rejected_at, answer, undo_reason, "
        "undo_asked_by_id, undo_asked_at, undone_by_id, undone_at)",
        whole="SELECT",
        worker="SELECT",
        read="",
        subject_column="subject_id",
        history=True,
        extra=kept_by("lib.keep_person_merge", "before insert or update"),
    )

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    case = models.ForeignKey(SimilarCase, models.PROTECT, null=True, related_name="merges")
    gone = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    kept = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reason = models.CharField(_("依据"), max_length=200)
    asked_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    confirmed_at = models.DateTimeField(null=True)
    rejected_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    rejected_at = models.DateTimeField(null=True)
    answer = models.CharField(_("答复"), max_length=200, blank=True, default="")
    undo_reason = models.CharField(_("撤销理由"), max_length=200, blank=True, default="")
    undo_asked_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    undo_asked_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("asked_by")), name="merge_needs_two_people"
            ),
            models.CheckConstraint(
                condition=Q(undone_by__isnull=True) | ~Q(undone_by=F("undo_asked_by")), name="undo_needs_two_people"
            ),
            models.CheckConstraint(condition=~Q(gone=F("kept")) & ~Q(reason=""), name="merge_is_of_two"),
            models.UniqueConstraint(
                fields=["gone"], condition=Q(rejected_at__isnull=True, undone_at__isnull=True), name="merged_once"
            ),
        ]

    @property
    def state(self) -> str:
        """Where the merge stands: asked, rejected, merged, undoing or undone."""
        if self.rejected_at is not None:
            return "rejected"
        if self.undone_at is not None:
            return "undone"
        if self.confirmed_at is None:
            return "asked"
        return "undoing" if self.undo_asked_at is not None else "merged"
