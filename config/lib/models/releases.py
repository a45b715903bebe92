"""Parameter releases: rules, caps, models and county bases are data that two members of staff have signed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import INSTITUTION, Guard, kept_by


class Release(models.Model):
    """One released version of one parameter document; never changed after.

    The version in force on a day is the newest whose ``effective_on`` is not later. Every result stores the id of the
    release it used (Design, section 4, rule 5).
    """

    guard = Guard(web="SELECT", append_only=True)

    institution = models.ForeignKey("grids.Institution", models.PROTECT)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=40, default="", blank=True)
    version = models.PositiveIntegerField()
    document: Any = models.JSONField()
    sha256 = models.CharField(max_length=64)
    effective_on = models.DateField()
    note = models.TextField(default="", blank=True)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    released_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "kind", "key", "version"], name="one_release_per_version"),
            models.CheckConstraint(condition=~Q(drafted_by=F("released_by")), name="release_needs_two_people"),
            # What a document calls not known is tried out and never released.
            models.CheckConstraint(
                condition=Q(document__unknown__isnull=True) | Q(document__unknown=[]),
                name="release_has_no_unknown_part",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}{'/' + self.key if self.key else ''} v{self.version}"


class ParameterDraft(models.Model):
    """A parameter on its way to a release: drafted and submitted by one person, released or returned by another.

    ``release`` is written by the database itself when the state becomes released, from what stood in the submitted draft
    (``config/lib/sql/parameters.sql``). ``base`` is the newest version when the draft was begun: a draft made from an older one
    is not released. Without ``effective_on`` the release takes effect on the day it is released. ``revision`` counts the
    savings, so that two windows do not overwrite each other.
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE (document, note, effective_on, revision, state, sha256, submitted_at, settled_by_id, "
        "settled_at, reason)",
        worker="SELECT",
        history=True,
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists ours on {table}",
            f"create policy ours on {{table}} for all to gedang_web, gedang_web_all using (institution_id = {INSTITUTION}) "
            f"with check (institution_id = {INSTITUTION})",
            "drop policy if exists reading on {table}",
            "create policy reading on {table} for select to gedang_read using (true)",
            *kept_by("lib.keep_parameter_draft", "before insert or update"),
            *kept_by("lib.release_parameter_draft", "before update"),
        ),
    )

    class State(models.TextChoices):
        DRAFT = "draft", _("起草中")
        SUBMITTED = "submitted", _("待发布")
        RETURNED = "returned", _("已退回")
        RELEASED = "released", _("已发布")
        WITHDRAWN = "withdrawn", _("已撤回")

    OPEN = (State.DRAFT, State.SUBMITTED, State.RETURNED)
    IN_HAND = (State.DRAFT, State.RETURNED)

    institution = models.ForeignKey("grids.Institution", models.PROTECT, db_index=False)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=40, default="", blank=True)
    document: Any = models.JSONField()
    note = models.CharField(_("说明"), max_length=500, default="", blank=True)
    effective_on = models.DateField(_("生效日期"), null=True, blank=True)
    base = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+", db_index=False)
    revision = models.PositiveIntegerField(default=1)
    state = models.CharField(_("状态"), max_length=9, choices=State, default=State.DRAFT)
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    drafted_at = models.DateTimeField(db_default=Now())
    sha256 = models.CharField(max_length=64, default="", blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(_("理由"), max_length=500, default="", blank=True)
    release = models.OneToOneField(Release, models.PROTECT, null=True, related_name="draft")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["released", "returned"])
                | (Q(settled_by__isnull=False) & ~Q(settled_by=F("drafted_by"))),
                name="draft_is_settled_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="released", release__isnull=False) | (~Q(state="released") & Q(release__isnull=True)),
                name="released_draft_has_its_release",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["submitted", "released"])
                | (~Q(note="") & ~Q(sha256="") & Q(submitted_at__isnull=False)),
                name="submitted_draft_is_whole",
            ),
            models.CheckConstraint(condition=~Q(state="returned") | ~Q(reason=""), name="return_has_a_reason"),
        ]
        indexes = [models.Index(fields=["institution", "kind", "key", "state"], name="drafts_of_parameter")]

    def __str__(self) -> str:
        return f"{self.kind}{'/' + self.key if self.key else ''} draft {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether nothing final happened yet."""
        return self.state in self.OPEN

    @property
    def is_in_hand(self) -> bool:
        """Whether its drafter may still change it."""
        return self.state in self.IN_HAND
