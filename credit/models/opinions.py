"""Opening, and the opinions that exist only after it."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
from credit.models.pages import NOBODY_HIDDEN
from credit.models.rounds import Round, Sheet
from customers.models import Subject
from customers.models.scoped import Recorded, Scoped
from grids.models import Staff


class OpeningRequest(Scoped):
    """Opening is asked for by two people; the second one starts the opener."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (seconded_by_id, seconded_at, cancelled_at)",
        history=True,
        opener="SELECT, UPDATE (cancelled_at)",
        extra=(
            "drop trigger if exists signed_by_himself on {table}",
            "create trigger signed_by_himself before insert or update on {table} for each row "
            "execute function lib.keep_opening_request()",
        ),
    )

    round = models.ForeignKey(Round, models.PROTECT, related_name="opening_requests")
    asked_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    seconded_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    seconded_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["round"], condition=Q(cancelled_at__isnull=True), name="one_living_opening_request"
            ),
            models.CheckConstraint(
                condition=Q(seconded_by__isnull=True) | ~Q(seconded_by=F("asked_by")), name="opening_needs_two_people"
            ),
        ]


class OpeningEvent(Scoped):
    """The one opening of a round, with the hash of every sealed sheet."""

    guard = Guard(scope="grid", web="SELECT", append_only=True, opener="SELECT")

    round = models.OneToOneField(Round, models.PROTECT, related_name="opening")
    sheets: Any = models.JSONField()
    opened_at = models.DateTimeField(db_default=Now())


class SheetProof(Scoped):
    """What a counted sheet said, as one hash (``credit/domain/proof.py``); written by the opener with the opinions themselves.

    Who may not see every opinion of the round does not see it either: it could be guessed at for the one row he does not know.
    """

    guard = Guard(
        scope="grid",
        web="SELECT",
        append_only=True,
        opener="SELECT, INSERT",
        worker="SELECT",
        extra=(
            "drop policy if exists whole_rosters on {table}",
            "create policy whole_rosters on {table} as restrictive for select to gedang_web_all "
            f"using ({NOBODY_HIDDEN})",
        ),
    )

    sheet = models.OneToOneField(Sheet, models.PROTECT, primary_key=True, related_name="proof")
    sha256 = models.CharField(max_length=64)


class Opinion(Recorded):
    """One assessor's opinion of one household (Semantics, section 4); written by the opener only."""

    guard = Guard(
        scope="grid",
        web="SELECT",
        append_only=True,
        subject_column="subject_id",
        opener="SELECT, INSERT",
        worker="SELECT",
        hideable=True,
    )

    class Kind(models.TextChoices):
        UNKNOWN = "unknown", _("不了解")
        RECUSED = "recused", _("回避")
        REFUSE = "refuse", _("不宜授信")
        AMOUNT = "amount", _("建议额度")

    round = models.ForeignKey(Round, models.PROTECT, related_name="opinions")
    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="opinions")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="opinions")
    kind = models.CharField(max_length=7, choices=Kind)
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2, null=True)
    reasons: Any = models.JSONField(default=list)
    score = models.CharField(_("打分"), max_length=40, blank=True, default="", db_default="")
    """Points by which the amount was found, one digit an item of the round's form; "" for an amount said outright."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet", "subject"], name="one_opinion_per_row"),
            models.CheckConstraint(
                condition=Q(kind="amount", amount__gt=0) | (~Q(kind="amount") & Q(amount__isnull=True)),
                name="opinion_amount_positive",
            ),
            models.CheckConstraint(condition=Q(score="") | Q(kind="amount"), name="opinion_score_gives_amount"),
        ]
        indexes = [models.Index(fields=["round", "subject"], name="opinions_of_round")]
