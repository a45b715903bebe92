"""Profiles (采集表): numbered immutable revisions, and the second officer's verdict on each (AB角)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from config.lib.models import Release
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from customers.models.visits import APPEND_ONLY, Visit
from grids.models import Staff


class ItemsSum(Func):
    """``lib.items_sum(document, list, amount)``: sum of one amount over one list of the document."""

    function = "lib.items_sum"
    output_field = models.DecimalField(max_digits=18, decimal_places=2)

    def __init__(self, list_name: str, amount: str, **extra: Any) -> None:
        if extra:
            super().__init__(list_name, amount, **extra)
        else:
            super().__init__(F("document"), Value(list_name), Value(amount))


def _total(expression: Any) -> models.GeneratedField:
    return models.GeneratedField(
        expression=expression, output_field=models.DecimalField(max_digits=18, decimal_places=2), db_persist=True
    )


class Profile(Recorded):
    """One revision of a file by the released form it was filled in by; totals are computed by the database from the document (Semantics, section 3)."""

    # The register of those who work away reads few files of a grid: only these.
    guard = replace(
        APPEND_ONLY,
        opener="SELECT",
        extra=(
            *kept_by("lib.close_replaced", "after insert", "statement"),
            "create index if not exists profiles_with_migrants on {table} (grid_id, subject_id) "
            "where document @? '$.migrants[*]'",
        ),
    )

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="profiles")
    visit = models.OneToOneField(Visit, models.PROTECT, related_name="profile")
    number = models.PositiveIntegerField(_("版次"))
    # The edition of the form; null: a household's file older than released forms, read by the first edition that is shipped.
    form = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+", db_index=False)
    document: Any = models.JSONField()
    document_hash = models.CharField(max_length=64)
    # What the file says about money, people left out; "" when it says too little to be a copy of another.
    figures_hash = models.CharField(max_length=64, blank=True, default="", db_default="")
    # Share of what the form needs of this file, whole per cent rounded down (``customers.domain.form.score``).
    completeness = models.PositiveSmallIntegerField(_("完整度"), null=True)
    # Sections the officer took over with "same as last time" and that are indeed the same; the checker sees them marked.
    carried: Any = models.JSONField(_("与上次相同"), default=list)
    collector = models.ForeignKey(Staff, models.PROTECT, related_name="profiles")
    submitted_at = models.DateTimeField()
    assets = _total(ItemsSum("assets", "current"))
    disposable = _total(ItemsSum("assets", "disposable"))
    liabilities = _total(ItemsSum("liabilities", "outstanding"))
    guarantees = _total(ItemsSum("guarantees", "amount"))
    gross_income = _total(ItemsSum("income", "gross"))
    operating_cost = _total(ItemsSum("income", "cost"))
    expenses = _total(ItemsSum("expenses", "amount"))
    net_income = _total(ItemsSum("income", "gross") - ItemsSum("income", "cost"))
    surplus = _total(ItemsSum("income", "gross") - ItemsSum("income", "cost") - ItemsSum("expenses", "amount"))
    net_assets = _total(ItemsSum("assets", "current") - ItemsSum("liabilities", "outstanding"))

    class Meta:
        constraints = [
            # With the watched figures: the nightly comparison reads this index alone, not the documents.
            models.UniqueConstraint(
                fields=["subject", "number"],
                include=["id", "institution", "submitted_at", "assets", "liabilities", "net_income", "expenses"],
                name="one_revision_per_number",
            )
        ]
        indexes = [
            models.Index(fields=["grid", "-submitted_at"], name="profiles_of_grid"),
            models.Index(fields=["grid", "figures_hash"], condition=~Q(figures_hash=""), name="profiles_that_agree"),
        ]

    def amount(self, name: str) -> Decimal:
        """Return one of the totals, in yuan."""
        return Decimal(getattr(self, name))


class ProfileCheck(Recorded):
    """The verdict of a second officer who is neither lead nor partner; one a revision."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        whole="SELECT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        opener="SELECT",
        extra=(
            "drop trigger if exists checker_is_another on {table}",
            "create trigger checker_is_another before insert on {table} for each row "
            "execute function lib.refuse_own_check()",
            *kept_by("lib.close_checked", "after insert", "statement"),
            *kept_by("lib.note_changed", "after insert", "statement"),
        ),
    )

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", _("通过")
        RETURNED = "returned", _("退回")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="checks")
    profile = models.OneToOneField(Profile, models.PROTECT, related_name="check_verdict")
    checker = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    verdict = models.CharField(_("结论"), max_length=8, choices=Verdict)
    remarks: Any = models.JSONField(_("意见"), default=list)
    # The released reasons the remarks were chosen from; null without remarks.
    release = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+", db_index=False)
    checked_at = models.DateTimeField(db_default=Now())
