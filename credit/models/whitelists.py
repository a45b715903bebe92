"""White lists for the core system: made by one, released by another, looked at again at every download; receipts of the core system."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from credit.models.rounds import Round
from credit.models.signing import Signing
from customers.models import Subject
from customers.models.scoped import Recorded, Scoped
from grids.models import Staff


class WhiteList(Scoped):
    """Signed lines of a round on their way to the core system. State machine: made -> released | refused."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (state, settled_by_id, settled_at, answer)",
        history=True,
        extra=kept_by("lib.keep_white_list", "before insert or update"),
    )

    class State(models.TextChoices):
        MADE = "made", _("待放行")
        RELEASED = "released", _("已放行")
        REFUSED = "refused", _("不同意")

    round = models.ForeignKey(Round, models.PROTECT, related_name="white_lists")
    number = models.PositiveSmallIntegerField()
    size = models.PositiveSmallIntegerField(_("户数"))
    state = models.CharField(max_length=8, choices=State, default=State.MADE)
    made_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(db_default=Now())
    settled_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)
    answer = models.CharField(_("说明"), max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="one_white_list_per_number"),
            models.CheckConstraint(
                condition=Q(state="made", settled_by__isnull=True)
                | Q(settled_by__isnull=False, settled_at__isnull=False) & ~Q(settled_by=F("made_by")),
                name="white_lists_need_two",
            ),
        ]


class WhiteRow(Recorded):
    """A signed line on a white list; ``place`` is its row in the file. What the file says of it is read when it is taken."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        extra=kept_by("lib.keep_white_row", "before insert"),
    )

    white_list = models.ForeignKey(WhiteList, models.PROTECT, related_name="rows", db_index=False)
    place = models.PositiveSmallIntegerField()
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    signing = models.ForeignKey(Signing, models.PROTECT, related_name="white_rows")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["white_list", "place"], name="one_white_row_per_place"),
            models.UniqueConstraint(fields=["white_list", "signing"], name="signing_once_per_white_list"),
        ]


class WhiteFile(Scoped):
    """One download of a released list: who took it, the hash of its bytes, which rows were left out and why."""

    guard = Guard(
        scope="grid", web="SELECT, INSERT", append_only=True, extra=kept_by("lib.keep_white_file", "before insert")
    )

    class Format(models.TextChoices):
        CSV = "csv", "csv"
        XLSX = "xlsx", "xlsx"

    white_list = models.ForeignKey(WhiteList, models.PROTECT, related_name="files")
    format = models.CharField(max_length=4, choices=Format)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveSmallIntegerField(_("户数"))
    left_out: Any = models.JSONField(default=list)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    taken_at = models.DateTimeField(db_default=Now())


class Receipt(Scoped):
    """What the core system made of a released list, imported by one and confirmed by another: waiting -> confirmed | refused."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (state, settled_by_id, settled_at)",
        history=True,
        extra=kept_by("lib.keep_receipt", "before insert or update"),
    )

    class State(models.TextChoices):
        WAITING = "waiting", _("待确认")
        CONFIRMED = "confirmed", _("已确认")
        REFUSED = "refused", _("不同意")

    white_list = models.ForeignKey(WhiteList, models.PROTECT, related_name="receipts", db_index=False)
    file_name = models.CharField(_("文件"), max_length=200)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    imported_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    imported_at = models.DateTimeField(db_default=Now())
    settled_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["white_list"], condition=~Q(state="refused"), name="one_receipt_of_a_white_list"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_by__isnull=True)
                | Q(settled_by__isnull=False, settled_at__isnull=False) & ~Q(settled_by=F("imported_by")),
                name="receipts_need_two",
            ),
        ]


class ReceiptRow(Recorded):
    """The core system's answer on one line."""

    guard = Guard(scope="grid", web="SELECT, INSERT", append_only=True, subject_column="subject_id", hideable=True)

    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="rows", db_index=False)
    white_row = models.ForeignKey(WhiteRow, models.PROTECT, related_name="answers")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    row = models.PositiveIntegerField(_("行"))
    is_accepted = models.BooleanField()
    reason = models.CharField(_("原因"), max_length=100, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["receipt", "white_row"], name="one_answer_per_line"),
            models.CheckConstraint(condition=Q(is_accepted=True) | ~Q(reason=""), name="rejections_say_why"),
        ]
