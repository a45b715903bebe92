"""Daily snapshots of the bank's core system: the sealed file, what was found in it, and the credits of people on file."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import INSTITUTION, Guard, kept_by
from config.lib.models import JobRun, Release, StoredFile
from customers.models import Person
from grids.models import Institution, Staff

# A snapshot is about the whole bank: what is on its way is the business of approvers of the whole bank; what is or was in force,
# its day and its figures, everybody of the bank may know.
OF_KEEPERS = "(select acc.keeps_snapshots())"
SHOWN = f"institution_id = {INSTITUTION} and state in ('in_force', 'superseded')"
KEPT = f"institution_id = {INSTITUTION} and {OF_KEEPERS}"
# Who sees the person sees his credits: row security of persons decides, also after he moved, and for an audit's hidden households.
OF_PERSON = (
    "exists (select from customers_person as seen where seen.id = person_id) and "
    "exists (select from credit_coresnapshot as taken where taken.id = snapshot_id and taken.state in ('in_force', 'superseded'))"
)


class CoreSnapshot(models.Model):
    """One file of the core system, and how it stands. The one ``in_force`` is the pointer; what it replaced is kept.

    State machine: checking -> broken | failed | withdrawn | waiting -> rejected | withdrawn | in_force -> superseded. The database
    moves the pointer in the statement that confirms.
    """

    guard = Guard(
        web="SELECT",
        whole="SELECT, INSERT, UPDATE (state, settled_by_id, settled_at, answer, run_id)",
        worker="SELECT, INSERT, UPDATE",
        opener="SELECT",
        history=True,
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists shown on {table}",
            f"create policy shown on {{table}} for select to gedang_web, gedang_web_all using ({SHOWN})",
            "drop policy if exists kept on {table}",
            f"create policy kept on {{table}} to gedang_web_all using ({KEPT}) with check ({KEPT})",
            "drop policy if exists reading on {table}",
            "create policy reading on {table} for select to gedang_read, gedang_opener using (true)",
            *kept_by("lib.keep_core_snapshot", "before insert or update"),
        ),
    )

    class State(models.TextChoices):
        CHECKING = "checking", _("检查中")
        BROKEN = "broken", _("有错误")
        FAILED = "failed", _("没有查完")
        WAITING = "waiting", _("待确认")
        IN_FORCE = "in_force", _("生效中")
        SUPERSEDED = "superseded", _("已被替换")
        REJECTED = "rejected", _("不同意")
        WITHDRAWN = "withdrawn", _("已撤回")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    taken_on = models.DateField(_("数据日期"))
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", db_index=False)
    file_sha256 = models.CharField(max_length=64)
    file_name = models.CharField(_("文件"), max_length=200)
    # Why a day that is in force already comes again; "" for a later day.
    correction = models.CharField(_("更正原因"), max_length=200, blank=True, default="")
    state = models.CharField(max_length=10, choices=State, default=State.CHECKING)
    # Counts and sums, the comparison with ``compared`` and what of it passed a limit of ``limits``; nothing about a person.
    summary: Any = models.JSONField(default=dict)
    compared = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    limits = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+", db_index=False)
    run = models.ForeignKey(JobRun, models.PROTECT, null=True, related_name="+", db_index=False)
    uploaded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    uploaded_at = models.DateTimeField(db_default=Now())
    settled_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)
    settled_from_console = models.BooleanField(default=False)
    answer = models.CharField(_("说明"), max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=("in_force", "superseded"))
                | Q(settled_by__isnull=False) & (Q(settled_from_console=True) | ~Q(settled_by=F("uploaded_by"))),
                name="snapshot_needs_two_people",
            ),
            models.UniqueConstraint(
                fields=["institution"], condition=Q(state="in_force"), name="one_snapshot_in_force"
            ),
            models.UniqueConstraint(
                fields=["institution"], condition=Q(state__in=("checking", "waiting")), name="one_snapshot_on_its_way"
            ),
        ]
        indexes = [models.Index(fields=["institution", "-uploaded_at"], name="snapshots_by_time")]


class CoreCredit(models.Model):
    """One credit of a person on file, as one snapshot tells it. Append-only; a person is known by id alone, never by number."""

    guard = Guard(
        web="SELECT",
        append_only=True,
        read="",
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists person on {table}",
            f"create policy person on {{table}} for select to gedang_web, gedang_web_all using ({OF_PERSON})",
        ),
    )

    class Kind(models.TextChoices):
        OWN_LOAN = "own_loan", _("本行贷款")
        OWN_UNDRAWN = "own_undrawn", _("本行未用授信")
        OTHER_BANK = "other_bank", _("他行借款")
        GUARANTEE = "guarantee", _("对外担保")

    class Category(models.TextChoices):
        NORMAL = "normal", _("正常")
        SPECIAL_MENTION = "special_mention", _("关注")
        SUBSTANDARD = "substandard", _("次级")
        DOUBTFUL = "doubtful", _("可疑")
        LOSS = "loss", _("损失")

    # Each is the first column of an index below.
    snapshot = models.ForeignKey(CoreSnapshot, models.PROTECT, related_name="credits", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    row = models.PositiveIntegerField()
    kind = models.CharField(max_length=11, choices=Kind)
    contract = models.CharField(_("合同号"), max_length=40)
    outstanding = models.DecimalField(_("余额（元）"), max_digits=14, decimal_places=2)
    undrawn = models.DecimalField(_("未用额度（元）"), max_digits=14, decimal_places=2)
    granted = models.DecimalField(_("授信金额（元）"), max_digits=14, decimal_places=2, null=True)
    interest_days = models.PositiveIntegerField(_("欠息天数"))
    principal_days = models.PositiveIntegerField(_("本金逾期天数"))
    due_on = models.DateField(_("到期日"), null=True)
    category = models.CharField(_("五级分类"), max_length=15, choices=Category, blank=True)
    # The line a household holds by a village round: what a new decision replaces.
    is_village_line = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "row"], name="a_row_is_one_credit"),
            models.CheckConstraint(condition=Q(outstanding__gte=0, undrawn__gte=0), name="credits_are_not_negative"),
        ]
        indexes = [models.Index(fields=["person", "snapshot"], name="credits_of_person")]


class CoreFinding(models.Model):
    """One finding on one cell of a snapshot's file, kept with its place; ID numbers are masked."""

    guard = Guard(
        web="",
        whole="SELECT",
        append_only=True,
        read="",
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists kept on {table}",
            "create policy kept on {table} for select to gedang_web_all using "
            "(exists (select from credit_coresnapshot as taken where taken.id = snapshot_id) and (select acc.keeps_snapshots()))",
        ),
    )

    class Level(models.TextChoices):
        ERROR = "error", _("错误")
        WARNING = "warning", _("提醒")
        NOTICE = "notice", _("不计入")

    snapshot = models.ForeignKey(CoreSnapshot, models.PROTECT, related_name="findings", db_index=False)
    row = models.PositiveIntegerField(_("行"))
    column = models.CharField(_("列"), max_length=30, db_column="column_name")
    code = models.CharField(max_length=40)
    level = models.CharField(max_length=7, choices=Level)
    value = models.CharField(_("值"), max_length=60)
    also = models.CharField(max_length=30)

    class Meta:
        indexes = [models.Index(fields=["snapshot", "level", "row"], name="findings_of_snapshot")]
