"""Village rounds and their sheets. Before opening, nobody learns more of a sheet than that it is sealed (Design, 5a)."""

from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import STAFF, Guard
from config.lib.models import Release
from customers.models import Subject
from customers.models.scoped import Recorded, Scoped
from grids.models import Staff

CELL_BYTES = 256
"""Every drafted row is one cell of exactly this size, so that length tells nothing."""

IN_HAND = (
    "case when sheet.mode = 'own' then sheet.assessor_id when sheet.state = 'typed' then sheet.confirmer_id "
    "else sheet.typist_id end"
)
"""Whose hands a sheet is in: the assessor's; a paper sheet its typist's, then its confirmer's."""
MINE = f"exists (select 1 from credit_sheet as sheet where sheet.id = sheet_id and {IN_HAND} = {STAFF})"  # noqa: S608  constants


class Round(Scoped):
    """One assessment of one village; its settings are frozen when it starts."""

    guard = Guard(scope="grid", web="SELECT, INSERT, UPDATE", history=True, opener="SELECT, UPDATE")

    class Stage(models.TextChoices):
        PREPARE = "prepare", _("准备")
        ASSESS = "assess", _("评议中")
        OPENING = "opening", _("开启中")
        DECIDE = "decide", _("决定")
        CLOSED = "closed", _("已结束")

    name = models.CharField(_("名称"), max_length=80)
    stage = models.CharField(_("阶段"), max_length=8, choices=Stage, default=Stage.PREPARE)
    settings: Any = models.JSONField(_("规则（冻结）"), default=dict)
    rules = models.ForeignKey(Release, models.PROTECT, related_name="+", null=True)
    line_run = models.ForeignKey("credit.LineRun", models.PROTECT, null=True, related_name="rounds")
    owner = models.ForeignKey(Staff, models.PROTECT, related_name="rounds_owned", verbose_name=_("项目负责人"))
    due_on = models.DateField(_("截止日期"))
    started_at = models.DateTimeField(null=True)
    stage_since = models.DateTimeField(db_default=Now())
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["grid"], condition=~Q(stage="closed"), name="one_running_round_per_grid"),
        ]
        indexes = [models.Index(fields=["institution", "stage"], name="rounds_by_stage")]

    def __str__(self) -> str:
        return self.name


class RoundKey(models.Model):
    """The round's key pair: anyone may seal to the public key, only the opener's process can unwrap the private one."""

    guard = Guard(web="SELECT (round_id, public_key), INSERT", worker="", opener="SELECT", read="", append_only=True)

    round = models.OneToOneField(Round, models.PROTECT, primary_key=True, related_name="key")
    public_key = models.BinaryField()
    wrapped_key = models.BinaryField()


class Sheet(Scoped):
    """One assessor's sheet of a round, made when the round starts. ``number`` is its place, nothing else."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE",
        opener="SELECT",
        extra=(
            "drop policy if exists mine on {table}",
            f"create policy mine on {{table}} for all to gedang_web, gedang_web_all using ({STAFF} in (assessor_id, typist_id, confirmer_id)) "
            f"with check ({STAFF} in (assessor_id, typist_id, confirmer_id))",
        ),
    )

    class Mode(models.TextChoices):
        OWN = "own", _("本人录入")
        PAPER = "paper", _("纸质代录")

    class State(models.TextChoices):
        OPEN = "open", _("未封存")
        TYPED = "typed", _("待核对")
        SEALED = "sealed", _("已封存")
        WITHDRAWN = "withdrawn", _("已撤回")
        EXCUSED = "excused", _("免交")

    uuid = models.UUIDField(default=uuid4, unique=True)
    round = models.ForeignKey(Round, models.PROTECT, related_name="sheets")
    number = models.PositiveSmallIntegerField()
    mode = models.CharField(_("方式"), max_length=5, choices=Mode)
    assessor = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="sheets", verbose_name=_("评议员"))
    assessor_name = models.CharField(_("评议员姓名"), max_length=50, blank=True, default="")
    typist = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="sheets_typed", verbose_name=_("代录人"))
    confirmer = models.ForeignKey(
        Staff, models.PROTECT, null=True, related_name="sheets_confirmed", verbose_name=_("核对人")
    )
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    sealed_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="one_sheet_per_place"),
            models.UniqueConstraint(
                fields=["round", "assessor"], condition=~Q(state="withdrawn"), name="one_sheet_per_assessor"
            ),
            models.CheckConstraint(
                condition=Q(mode="own", assessor__isnull=False)
                | (Q(mode="paper", typist__isnull=False) & ~Q(assessor_name="")),
                name="sheet_has_its_people",
            ),
        ]


class SheetSubject(Recorded):
    """A household on the roster of a round, frozen at its start with the borrower; blocked ones are named apart."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        whole="SELECT",
        append_only=True,
        subject_column="subject_id",
        opener="SELECT",
    )

    round = models.ForeignKey(Round, models.PROTECT, related_name="roster")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    is_assessable = models.BooleanField(default=True)
    excluded_because = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "subject"], name="subject_once_per_round")]


class DraftCell(models.Model):
    """One encrypted row of an unsealed sheet; made for the whole roster at the start, gone at sealing, no history.

    Only the assessor, or a paper sheet's typist and named confirmer, reach it; see ``credit/sql/sealing.sql``.
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE (value, version), DELETE",
        worker="",
        read="",
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists mine on {table}",
            "create policy mine on {table} for all to gedang_web, gedang_web_all "
            f"using ({MINE}) "
            "with check (exists (select 1 from credit_sheet as sheet where sheet.id = sheet_id))",
        ),
    )

    sheet = models.ForeignKey(Sheet, models.CASCADE, related_name="cells")
    subject_id = models.BigIntegerField()
    value = models.BinaryField()
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sheet", "subject_id"], name="one_cell_per_row")]


class SealedSheet(models.Model):
    """The sealed content of a sheet: one padded blob encrypted to the round's key. Insert-only, unreadable for the web."""

    guard = Guard(
        web="SELECT (id, sheet_id), INSERT",
        worker="",
        opener="SELECT",
        read="",
        append_only=True,
        extra=(
            "alter table {table} alter column blob set storage external",
            "alter table {table} enable row level security",
            "drop policy if exists mine on {table}",
            f"create policy mine on {{table}} for all to gedang_web, gedang_web_all using ({MINE}) with check ({MINE})",
            "drop policy if exists opening on {table}",
            "create policy opening on {table} for select to gedang_opener using (true)",
        ),
    )

    id = models.UUIDField(primary_key=True, default=uuid4)
    sheet = models.OneToOneField(Sheet, models.PROTECT, related_name="sealed")
    blob = models.BinaryField()
