"""Consent: everything a household said about its data, append-only, and what stands after it."""

from dataclasses import replace
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from config.lib.guards import kept_by
from config.lib.models import StoredFile
from customers.models.people import Person
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from customers.models.visits import APPEND_ONLY, Visit
from grids.models import Staff


class Consent(Recorded):
    """One thing a household said, under the notice of a stated version (PIPL articles 13 to 17, 29 and 31): ``scopes`` agreed to,
    or taken back where it is a withdrawal, ``refused`` asked for and not agreed to. The last word on a scope counts."""

    guard = replace(
        APPEND_ONLY,
        opener="SELECT",
        extra=(
            *kept_by("lib.keep_consent", "before insert"),
            *kept_by("lib.note_changed", "after insert", "statement"),
        ),
    )

    class How(models.TextChoices):
        SPOKEN = "spoken", _("当面宣读，口头同意")
        SIGNED = "signed", _("签字")
        DRAWN = "drawn", _("当场签名")
        PHOTO = "photo", _("纸上签字，已拍照")
        REFUSED = "refused", _("不同意")
        WITHDRAWN = "withdrawn", _("撤回")

    class Purpose(models.TextChoices):
        LENDING = "lending", _("审批贷款")
        POST_LOAN = "post_loan", _("贷后管理")
        GUARANTEE = "guarantee", _("审查担保人")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="consents")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="consents")
    # Who said it. ``whose``: only for himself (a member's own withdrawal), null for the household as a whole.
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    whose = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    # In the place of a child under 14, or of somebody who cannot decide (PIPL 31).
    guardian = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    notice_version = models.PositiveIntegerField(_("告知书版本"))
    scopes: Any = models.JSONField(_("范围"), default=list)
    refused: Any = models.JSONField(_("不同意的范围"), default=list, db_default=[])
    # What a credit query is for; empty where none was agreed to.
    credit_purpose = models.CharField(
        _("征信查询用途"), max_length=9, choices=Purpose, blank=True, default="", db_default=""
    )
    how = models.CharField(_("方式"), max_length=9, choices=How)
    # The drawn signature or the picture of the signed paper, sealed; opening it is logged.
    signature = models.ForeignKey(StoredFile, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    given_at = models.DateTimeField()
    taken_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        indexes = [
            # Few households take anything back; who computes for all of them looks here first.
            models.Index(
                fields=["institution", "subject"],
                name="consents_taken_back",
                condition=models.Q(how__in=("withdrawn", "refused")),
            ),
        ]


class StandingConsent(models.Model):
    """The last word on each scope, of each household and of each member who spoke for himself: a view of the database
    (customers/sql/consents.sql), read by everybody who uses what a household told. ``is_given`` False: taken back or refused."""

    consent = models.OneToOneField(Consent, models.DO_NOTHING, primary_key=True, related_name="+")
    institution_id = models.BigIntegerField()
    subject = models.ForeignKey(Subject, models.DO_NOTHING, related_name="+")
    whose = models.ForeignKey(Person, models.DO_NOTHING, null=True, related_name="+")
    scope = models.CharField(max_length=12)
    is_given = models.BooleanField()
    notice_version = models.PositiveIntegerField()
    how = models.CharField(max_length=9)
    given_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "customers_standing_consent"
