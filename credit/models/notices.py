"""What a round shows in its village, what is said against it, and what remains when it is over.

Rows hold references and are drawn anew at every look, so that a consent taken back is gone from every page and the next paper. Who
objected is sealed apart from the objection itself.
"""

from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import STAFF, Guard, kept_by
from config.lib.models import Release, StoredFile
from credit.models.decisions import Decision
from credit.models.rounds import Round
from customers.models import Person, Subject
from customers.models.scoped import Recorded, Scoped
from grids.models import Staff

HANDLES = (
    "exists (select 1 from credit_objection as objection where objection.id = objection_id "  # noqa: S608  constants
    f"and {STAFF} in (objection.received_by_id, objection.settler_id))"
)
RECEIVED = f"exists (select 1 from credit_objection as objection where objection.id = objection_id and objection.received_by_id = {STAFF})"  # noqa: S608  constants


class Notice(Scoped):
    """One notice of a round: its rows frozen and numbered, prepared by one, confirmed and so posted by another.

    Objections are taken from ``posted_on`` to ``ends_on``, both included.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (confirmed_by_id, confirmed_at, posted_on, ends_on, dropped_by_id, dropped_at, photo_id)",
        history=True,
        extra=kept_by("lib.keep_notice", "before insert or update"),
    )

    round = models.ForeignKey(Round, models.PROTECT, related_name="notices")
    number = models.PositiveSmallIntegerField()
    rules = models.ForeignKey(Release, models.PROTECT, related_name="+", db_index=False)
    place = models.CharField(_("张贴地点"), max_length=80)
    prepared_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    prepared_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    confirmed_at = models.DateTimeField(null=True)
    posted_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    dropped_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    dropped_at = models.DateTimeField(null=True)
    photo = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="notice_number_once_per_round"),
            models.UniqueConstraint(
                fields=["round"],
                condition=Q(confirmed_at__isnull=True, dropped_at__isnull=True),
                name="one_waiting_notice_per_round",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("prepared_by")),
                name="notice_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(
                    confirmed_at__isnull=True, confirmed_by__isnull=True, posted_on__isnull=True, ends_on__isnull=True
                )
                | Q(
                    confirmed_at__isnull=False,
                    confirmed_by__isnull=False,
                    posted_on__isnull=False,
                    ends_on__gt=F("posted_on"),
                    dropped_at__isnull=True,
                ),
                name="notice_posted_for_a_time",
            ),
        ]


class NoticeRow(Recorded):
    """A household on a notice: by whose name, with what grade; the amount only where its consent covers it."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        extra=kept_by("lib.keep_notice_rows", "after insert", "statement"),
    )

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="rows")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    decision = models.ForeignKey(Decision, models.PROTECT, related_name="+", db_index=False)
    # Whose masked name is shown; looked up at every display, so that an erased person is gone here too.
    named = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    place = models.PositiveSmallIntegerField()
    group = models.CharField(max_length=40, blank=True, default="")
    grade: Any = models.JSONField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "subject"], name="subject_once_per_notice"),
            models.UniqueConstraint(fields=["notice", "place"], name="one_row_per_place_of_notice"),
        ]


class NoticePrint(Scoped):
    """A paper of a notice was printed: how many rows it had and their fingerprint, which tells when it has to be replaced."""

    guard = Guard(scope="grid", web="SELECT, INSERT", append_only=True)

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="prints")
    rows = models.PositiveSmallIntegerField()
    sha256 = models.CharField(max_length=64)
    printed_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    printed_at = models.DateTimeField(db_default=Now())


class Objection(Recorded):
    """What is said against a household of a round while its notice hangs, without who says it: received by one, settled by another."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (settler_id, taken_at, outcome, answer, settled_at)",
        subject_column="subject_id",
        hideable=True,
        history=True,
        extra=kept_by("lib.keep_objection", "before insert or update"),
    )

    class Channel(models.TextChoices):
        VISIT = "visit", _("当面")
        PHONE = "phone", _("电话")
        LETTER = "letter", _("来信")

    class Outcome(models.TextChoices):
        UPHELD = "upheld", _("成立")
        DISMISSED = "dismissed", _("不成立")

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="objections")
    number = models.PositiveSmallIntegerField()
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField(_("种类"), max_length=24)
    channel = models.CharField(_("方式"), max_length=6, choices=Channel)
    received_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    received_at = models.DateTimeField()
    due_on = models.DateField()
    settler = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    taken_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True, default="")
    answer = models.TextField(_("答复"), blank=True, default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "number"], name="objection_number_once_per_notice"),
            models.CheckConstraint(
                condition=Q(settler__isnull=True) | ~Q(settler=F("received_by")), name="objection_settled_by_another"
            ),
            models.CheckConstraint(
                condition=Q(settler__isnull=True, taken_at__isnull=True, outcome="", settled_at__isnull=True)
                | Q(settler__isnull=False, taken_at__isnull=False, outcome="", settled_at__isnull=True)
                | Q(
                    settler__isnull=False,
                    taken_at__isnull=False,
                    settled_at__isnull=False,
                    outcome__in=("upheld", "dismissed"),
                )
                & ~Q(answer=""),
                name="objection_settled_with_an_answer",
            ),
        ]


class ObjectionSource(models.Model):
    """Who objected and what was said, encrypted: row security shows it to who received it and who settles it, to nobody else.

    Neither jobs nor the reading role reach it; it has no history.
    """

    guard = Guard(
        web="SELECT, INSERT",
        worker="",
        read="",
        append_only=True,
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists handled on {table}",
            f"create policy handled on {{table}} for select to gedang_web, gedang_web_all using ({HANDLES})",
            "drop policy if exists received on {table}",
            f"create policy received on {{table}} for insert to gedang_web, gedang_web_all with check ({RECEIVED})",
            *kept_by("lib.keep_objection_source", "before insert"),
        ),
    )

    id = models.UUIDField(primary_key=True, default=uuid4)
    objection = models.OneToOneField(Objection, models.PROTECT, related_name="source")
    value = models.BinaryField()


class VillageReport(Scoped):
    """The report of a round as it was when the round closed; it never moves. ``sha256`` is the fingerprint of its document."""

    guard = Guard(
        scope="grid", web="SELECT, INSERT", append_only=True, extra=kept_by("lib.keep_village_report", "before insert")
    )

    round = models.OneToOneField(Round, models.PROTECT, related_name="report")
    rules = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+", db_index=False)
    document: Any = models.JSONField()
    sha256 = models.CharField(max_length=64)
    made_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
