"""Village rounds and their sheets. Before opening, nobody learns more of a sheet than that it is sealed (Design, 5a)."""

from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import STAFF, Guard, kept_by
from config.lib.models import Release
from credit.domain import stages
from customers.models import Person, Subject
from customers.models.scoped import Recorded, Scoped
from grids.models import Staff

CELL_BYTES = 256
"""Every drafted row is one cell of exactly this size, so that length tells nothing."""

IN_HAND = (
    "case when sheet.mode = 'own' then sheet.assessor_id when sheet.state = 'typed' then sheet.confirmer_id "
    "else sheet.typist_id end"
)
"""Whose hands a sheet is in: the assessor's; a paper sheet its typist's, then its confirmer's."""

OURS = f"{STAFF} in (assessor_id, typist_id, confirmer_id)"
MINE = f"exists (select 1 from credit_sheet as sheet where sheet.id = sheet_id and {IN_HAND} = {STAFF})"  # noqa: S608  constants

ANY_SHEET = "exists (select 1 from credit_sheet as sheet where sheet.id = sheet_id)"
TAKES_PART = f"exists (select 1 from credit_sheet as sheet where sheet.round_id = credit_round.id and {STAFF} in (sheet.assessor_id, sheet.typist_id, sheet.confirmer_id))"  # noqa: S608  constants


NO_STATISTICS = "alter table {{table}} alter column {} set statistics 0"
"""The planner's figures of a draft, shown by EXPLAIN, would tell how much of it is filled in."""


def before(events: str, function: str) -> tuple[str, str]:
    """Return the SQL of a trigger that refuses what a stage does not allow (``credit/sql/opening.sql``)."""
    return (
        "drop trigger if exists by_stage on {table}",
        f"create trigger by_stage before {events} on {{table}} for each row execute function {function}",
    )


class OpaqueCount(models.PositiveIntegerField):
    """A count stored as numeric, whose comparisons PostgreSQL does not hold for leakproof.

    A condition on it is looked at only for rows that row security has let pass; on an integer it would come first, and EXPLAIN
    ANALYZE would tell whether any hidden row met it.
    """

    def db_type(self, connection: Any) -> str:
        """Return the type of the column."""
        return "numeric(9)"

    def from_db_value(self, value: Any, *_: Any) -> int | None:
        """Return the count as a whole number."""
        return None if value is None else int(value)


class Round(Scoped):
    """One assessment of one village; roster and settings are frozen when it leaves the preparation.

    A round with a ``parent`` supplements it: its assessors answer for the households the parent could not merge, and what they say
    is merged into the parent's decisions.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE",
        whole="SELECT, UPDATE (stage, stage_since)",
        history=True,
        opener="SELECT, UPDATE",
        extra=(
            "drop policy if exists mine on {table}",
            f"create policy mine on {{table}} for select to gedang_web, gedang_web_all using ({TAKES_PART})",
            *before("insert or update", "lib.keep_round()"),
            *kept_by("lib.note_stage", "after insert or update of stage"),
            *kept_by("lib.leave_notice", "before update"),
        ),
    )

    class Stage(models.TextChoices):
        PREPARE = "prepare", _("准备")
        LIST = "list", _("名单")
        ASSESS = "assess", _("评议中")
        OPENING = "opening", _("开启中")
        DECIDE = "decide", _("决定")
        NOTICE = "notice", _("公示")
        SIGN = "sign", _("签约")
        CLOSED = "closed", _("已结束")

    BEFORE_ASSESSMENT = stages.BEFORE_ASSESSMENT
    DECIDABLE = stages.DECIDABLE

    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="supplements")
    name = models.CharField(_("名称"), max_length=80)
    stage = models.CharField(_("阶段"), max_length=8, choices=Stage, default=Stage.PREPARE)
    settings: Any = models.JSONField(_("规则（冻结）"), default=dict)
    rules = models.ForeignKey(Release, models.PROTECT, related_name="+", null=True)
    # Where the frozen roster came from: lists, days, counts.
    provenance: Any = models.JSONField(_("名册来源"), default=dict)
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
            models.UniqueConstraint(
                fields=["grid"],
                condition=~Q(stage="closed") & Q(parent__isnull=True),
                name="one_running_round_per_grid",
            ),
            models.UniqueConstraint(fields=["parent"], condition=~Q(stage="closed"), name="one_running_supplement"),
        ]
        indexes = [models.Index(fields=["institution", "stage"], name="rounds_by_stage")]

    def __str__(self) -> str:
        return self.name


class RoundStage(Scoped):
    """One stage of one round: when it was entered and left, which the database writes itself; who sees to it and by which day."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (owner_id, due_on)",
        whole="SELECT",
        history=True,
        extra=kept_by("lib.keep_round_stage", "before insert or update"),
    )

    round = models.ForeignKey(Round, models.PROTECT, related_name="times")
    stage = models.CharField(max_length=8, choices=Round.Stage)
    owner = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", verbose_name=_("负责人"))
    due_on = models.DateField(_("完成日期"), null=True)
    entered_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "stage"], name="stage_once_per_round")]


class OpenerKey(models.Model):
    """The public half of the opener's master key, written by the opener's process when it starts."""

    guard = Guard(web="SELECT", opener="SELECT, INSERT", append_only=True)

    public_key = models.BinaryField(unique=True)
    published_at = models.DateTimeField(db_default=Now())


class RoundKey(models.Model):
    """The round's key pair: anyone may seal to the public key; the private one is wrapped to the opener's key.

    The opener gets the wrapped half from ``acc.open_round`` alone, together with the one opening event.
    """

    guard = Guard(
        web="SELECT (round_id, public_key), INSERT",
        whole="SELECT (round_id, public_key)",
        worker="",
        read="",
        append_only=True,
    )

    round = models.OneToOneField(Round, models.PROTECT, primary_key=True, related_name="key")
    opener_key = models.ForeignKey(OpenerKey, models.PROTECT, related_name="+", db_index=False)
    public_key = models.BinaryField()
    wrapped_key = models.BinaryField()


class Sheet(Scoped):
    """One assessor's sheet of a round, made when the round starts. ``number`` is its place, nothing else."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (mode, assessor_id, assessor_name, typist_id, confirmer_id, state, sealed_on, "
        "ended_on, ended_by_id, ended_reason)",
        whole="SELECT",
        opener="SELECT",
        extra=(
            "drop policy if exists mine on {table}",
            f"create policy mine on {{table}} for select to gedang_web, gedang_web_all using ({OURS})",
            "drop policy if exists mine_changed on {table}",
            f"create policy mine_changed on {{table}} for update to gedang_web using ({OURS}) with check ({OURS})",
            *before("insert or update", "lib.keep_sheet()"),
            *kept_by("lib.keep_sheet_people", "before insert or update"),
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
    ended_on = models.DateField(_("撤回或免交日期"), null=True)
    ended_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    ended_reason = models.CharField(_("理由"), max_length=200, blank=True, default="")

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
            models.CheckConstraint(
                condition=Q(typist__isnull=True) | Q(confirmer__isnull=True) | ~Q(typist=F("confirmer")),
                name="sheet_typed_and_confirmed_by_two",
            ),
        ]


class SheetSubject(Recorded):
    """A household of a round, frozen with the roster when the preparation ends: who borrows for it, the lists it stands on.

    While the list is checked it may still be left out or excepted, by name and with the reason; afterwards it stands
    (``lib.keep_listed``).
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (is_assessable, excluded_because, borrower_id, is_attention, is_white, exception, note)",
        whole="SELECT",
        worker="SELECT, INSERT",
        subject_column="subject_id",
        opener="SELECT",
        history=True,
        extra=kept_by("lib.keep_listed", "before insert or update or delete"),
    )

    class Excluded(models.TextChoices):
        BLACK = "black", _("黑名单")
        GREY = "grey", _("灰名单")
        ATTENTION = "attention", _("关注名单（不评）")
        LEFT = "left", _("已离册")
        NO_ADULT = "no_adult", _("没有成年借款人")
        AWAY = "away", _("全家外出，联系不上")
        DECLINED = "declined", _("本户不愿参加")
        OTHER = "other", _("其他")

    class Excepted(models.TextChoices):
        NO_ADULT = "no_adult", _("没有成年借款人")
        AWAY = "away", _("全家外出")
        DECLINED = "declined", _("本户不愿参加")
        OTHER = "other", _("其他")

    LISTED = (Excluded.BLACK, Excluded.GREY, Excluded.ATTENTION)
    """Left out because an entry of a list blocks the household (Semantics, section 1)."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="roster")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+")
    is_assessable = models.BooleanField(default=True)
    excluded_because = models.CharField(max_length=20, choices=Excluded, blank=True, default="")
    borrower = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    is_attention = models.BooleanField(default=False)
    is_white = models.BooleanField(default=False)
    exception = models.CharField(_("例外"), max_length=10, choices=Excepted, blank=True, default="")
    note = models.CharField(_("理由"), max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "subject"], name="subject_once_per_round"),
            models.CheckConstraint(
                condition=Q(is_assessable=True, excluded_because="")
                | (Q(is_assessable=False) & ~Q(excluded_because="")),
                name="left_out_for_a_reason",
            ),
            models.CheckConstraint(condition=Q(exception="") | ~Q(note=""), name="exception_has_its_reason"),
        ]


class Meta:
    constraints = [models.UniqueConstraint(fields=["round", "subject"], name="subject_once_per_round")]


class DraftCell(models.Model):
    """One encrypted row of an unsealed sheet; made for the whole roster at the start, gone at sealing, no history.

    Only the assessor, or a paper sheet's typist and named confirmer, reach it; see ``credit/sql/sealing.sql``.
    """

    guard = Guard(
        # By column, so that ctid and xmin stay closed: they tell of every write.
        web="SELECT (id, sheet_id, subject_id, value, version), INSERT, UPDATE (value, version)",
        whole="",
        worker="",
        read="",
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists mine on {table}",
            f"create policy mine on {{table}} for all to gedang_web using ({MINE}) with check ({ANY_SHEET})",
            *before("insert or update", "lib.keep_cell()"),
            *(NO_STATISTICS.format(column) for column in ("sheet_id", "subject_id", "value", "version")),
            # A cell written again stays on its page: the table is as large, however much is typed.
            "alter table {table} set (fillfactor = 45)",
        ),
    )

    sheet = models.ForeignKey(Sheet, models.CASCADE, related_name="cells")
    subject_id = models.BigIntegerField()
    value = models.BinaryField()
    version = OpaqueCount(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sheet", "subject_id"], name="one_cell_per_row")]


class SealedSheet(models.Model):
    """The sealed content of a sheet: one padded blob encrypted to the round's key, and for a paper sheet one container with
    its photos (``credit/pages.py``). Insert-only, unreadable for the web."""

    guard = Guard(
        web="SELECT (id, sheet_id), INSERT",
        whole="",
        worker="",
        read="",
        append_only=True,
        extra=(
            "alter table {table} alter column blob set storage external",
            "alter table {table} alter column pages set storage external",
            "alter table {table} enable row level security",
            "drop policy if exists mine on {table}",
            f"create policy mine on {{table}} for all to gedang_web using ({MINE}) with check ({MINE})",
            *before("insert", "lib.keep_sealed()"),
        ),
    )

    id = models.UUIDField(primary_key=True, default=uuid4)
    sheet = models.OneToOneField(Sheet, models.PROTECT, related_name="sealed")
    blob = models.BinaryField()
    pages = models.BinaryField(null=True)
