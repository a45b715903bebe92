"""Signing of granted lines: mixed call lists, what was signed, declined or put off, the cards handed out."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from config.lib.models import Release
from credit.models.decisions import Decision
from credit.models.rounds import Round
from credit.models.snapshots import CoreSnapshot
from customers.models import Person, Subject
from customers.models.scoped import Recorded, Scoped
from grids.models import Staff


class Mode(models.TextChoices):
    """Where a line is signed."""

    CONCENTRATED = "concentrated", _("集中签约")
    DOOR = "door", _("上门签约")
    COUNTER = "counter", _("柜面签约")
    REMOTE = "remote", _("远程签约")


class CallList(Scoped):
    """Households to call on, some to sign and some for a service visit, in an order drawn from ``seed``. Which is which stands
    nowhere: the caller sees it when he opens an entry."""

    guard = Guard(
        scope="grid", web="SELECT, INSERT", append_only=True, extra=kept_by("lib.keep_call_list", "before insert")
    )

    round = models.ForeignKey(Round, models.PROTECT, related_name="call_lists")
    number = models.PositiveSmallIntegerField()
    mode = models.CharField(_("方式"), max_length=12, choices=Mode)
    held_on = models.DateField(_("日期"))
    caller = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("走访人"))
    seed = models.CharField(max_length=32)
    size = models.PositiveSmallIntegerField(_("户数"))
    made_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="one_call_list_per_number"),
            models.CheckConstraint(
                condition=Q(mode__in=("concentrated", "door"), size__gt=0), name="call_lists_go_somewhere"
            ),
        ]


class CallEntry(Recorded):
    """A household of a call list at its place; it says nothing of why the household is called on."""

    guard = Guard(scope="grid", web="SELECT, INSERT", append_only=True, subject_column="subject_id", hideable=True)

    call_list = models.ForeignKey(CallList, models.PROTECT, related_name="entries", db_index=False)
    place = models.PositiveSmallIntegerField()
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call_list", "place"], name="one_entry_per_place"),
            models.UniqueConstraint(fields=["call_list", "subject"], name="subject_once_per_call_list"),
        ]


class CallResult(Recorded):
    """Whether somebody was met at an entry: the same three words for a household that signs and for one that does not."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        extra=kept_by("lib.keep_call_result", "before insert"),
    )

    class Result(models.TextChoices):
        MET = "met", _("已见到")
        NOT_MET = "not_met", _("未遇人")
        AGAIN = "again", _("另约")

    entry = models.ForeignKey(CallEntry, models.PROTECT, related_name="results", db_index=False)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    result = models.CharField(max_length=7, choices=Result)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    device_at = models.DateTimeField(_("设备时间"), null=True)
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="one_call_result_per_number")]
        indexes = [models.Index(fields=["subject"], name="call_results_of_subject")]


class Signing(Recorded):
    """What came of asking a household to sign its granted line. Append-only; one of a decision is ``signed``, and nothing follows it.

    The database holds: the decision is in force, grants more than 0 and is not blocked; the borrower is the household's one, of
    age; who approved does not sign (``lib.keep_signing``). A line that is withdrawn later keeps its signing, as an exception.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        extra=kept_by("lib.keep_signing", "before insert"),
    )

    class Outcome(models.TextChoices):
        SIGNED = "signed", _("已签约")
        DECLINED = "declined", _("不签约")
        AWAY = "away", _("外出")
        LATER = "later", _("暂缓")

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="signings")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="signings", db_index=False)
    number = models.PositiveSmallIntegerField()
    mode = models.CharField(_("方式"), max_length=12, choices=Mode)
    outcome = models.CharField(_("结果"), max_length=8, choices=Outcome)
    reason = models.CharField(_("原因"), max_length=24, blank=True, default="")
    note = models.CharField(_("说明"), max_length=200, blank=True, default="")
    rules = models.ForeignKey(Release, models.PROTECT, related_name="+", db_index=False)
    entry = models.ForeignKey(CallEntry, models.PROTECT, null=True, related_name="+", db_index=False)
    # Of a signed line alone: who signed, the contract, the amount as granted.
    borrower = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    contract = models.CharField(_("合同号"), max_length=40, blank=True, default="", db_collation="C")
    amount = models.DecimalField(_("签约金额（元）"), max_digits=14, decimal_places=2, null=True)
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    post_kind = models.CharField(max_length=20)
    device_at = models.DateTimeField(_("设备时间"), null=True)
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "number"], name="one_signing_per_number"),
            models.UniqueConstraint(fields=["decision"], condition=Q(outcome="signed"), name="a_line_is_signed_once"),
            models.UniqueConstraint(
                fields=["institution", "contract"], condition=~Q(contract=""), name="contract_number_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome="signed", borrower__isnull=False, amount__gt=0, reason="") & ~Q(contract="")
                | Q(outcome__in=("declined", "away", "later"), borrower__isnull=True, amount__isnull=True, contract="")
                & ~Q(reason=""),
                name="signed_with_a_contract_or_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["subject", "-taken_at"], name="signings_of_subject")]


class Card(Recorded):
    """The card (预授信卡) of a signed line, valid up to and including ``valid_until``."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        extra=kept_by("lib.keep_card", "before insert"),
    )

    signing = models.OneToOneField(Signing, models.PROTECT, related_name="card")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    number = models.CharField(_("卡号"), max_length=16, db_collation="C")
    issued_on = models.DateField(_("发卡日期"))
    valid_until = models.DateField(_("有效期至"))
    staff = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    post_kind = models.CharField(max_length=20)
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="card_number_once"),
            models.CheckConstraint(
                condition=Q(number__regex="^[0-9]{16}$", valid_until__gt=models.F("issued_on")),
                name="cards_are_numbered_and_end",
            ),
        ]


class Drawing(Recorded):
    """The first snapshot of the core system in which a signed line is drawn (用信): what its household owed on it then, in yuan."""

    guard = Guard(
        scope="grid",
        web="SELECT",
        whole="SELECT, INSERT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        extra=kept_by("lib.keep_drawing", "before insert"),
    )

    signing = models.OneToOneField(Signing, models.PROTECT, related_name="drawing")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    snapshot = models.ForeignKey(CoreSnapshot, models.PROTECT, related_name="+", db_index=False)
    outstanding = models.DecimalField(_("用信金额（元）"), max_digits=14, decimal_places=2)
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(outstanding__gt=0), name="drawn_is_something")]
