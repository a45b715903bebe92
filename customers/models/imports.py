"""Roster imports: the sealed original, what was found in it, and the move requests it raised."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from config.lib.models import JobRun, StoredFile
from customers.models.people import Person
from customers.models.scoped import Scoped
from customers.models.subjects import Household, Subject
from grids.models import Branch, Institution, Staff

# A roster file is the business of the branch that handles it; whole-institution posts see customers, not files.
OF_BRANCH = "branch_id = any ((select acc.roster_branches())::bigint[])"
_OF_ROSTER = "roster_id = any ((select array_agg(id) from customers_rosterimport)::bigint[])"


class RosterImport(models.Model):
    """One roster file from dry run to confirmation by a second person; nothing is written before that."""

    guard = Guard(
        web="SELECT, INSERT, UPDATE",
        whole="",
        history=True,
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists branch on {table}",
            f"create policy branch on {{table}} to gedang_web using ({OF_BRANCH}) with check ({OF_BRANCH})",
            "drop policy if exists reading on {table}",
            "create policy reading on {table} for select to gedang_read using (true)",
        ),
    )

    class State(models.TextChoices):
        CHECKING = "checking", _("检查中")
        BROKEN = "broken", _("文件无法读取")
        CHECKED = "checked", _("待确认")
        WRITING = "writing", _("写入中")
        WRITTEN = "written", _("已导入")
        DISCARDED = "discarded", _("已放弃")
        FAILED = "failed", _("失败")

    class Source(models.TextChoices):
        HOUSEHOLD_REGISTER = "household_register", _("户籍名册")
        RESIDENT_LIST = "resident_list", _("居民名单")
        LICENCE_REGISTER = "licence_register", _("执照登记名单")
        TAX_LIST = "tax_list", _("税务名单")
        MARKET_LIST = "market_list", _("市场商户名单")
        UNIT_LIST = "unit_list", _("单位名单")

    LISTS = {
        Source.HOUSEHOLD_REGISTER: Subject.Kind.HOUSEHOLD,
        Source.RESIDENT_LIST: Subject.Kind.HOUSEHOLD,
        Source.LICENCE_REGISTER: Subject.Kind.BUSINESS,
        Source.TAX_LIST: Subject.Kind.BUSINESS,
        Source.MARKET_LIST: Subject.Kind.BUSINESS,
        Source.UNIT_LIST: Subject.Kind.UNIT,
    }

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    file_sha256 = models.CharField(max_length=64)
    file_name = models.CharField(_("文件"), max_length=200)
    source_kind = models.CharField(_("名册种类"), max_length=18, choices=Source, default=Source.HOUSEHOLD_REGISTER)
    source = models.CharField(_("来源"), max_length=100)
    obtained_on = models.DateField(_("取得日期"))
    legal_basis = models.CharField(_("依据"), max_length=200, blank=True, default="")
    state = models.CharField(max_length=9, choices=State, default=State.CHECKING)
    summary: Any = models.JSONField(default=dict)
    run = models.ForeignKey(JobRun, models.PROTECT, null=True, related_name="+")
    uploaded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_from_console = models.BooleanField(default=False)
    # Who put it aside, and, where that is not who uploaded it, what is to be put right.
    discarded_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    discarded_at = models.DateTimeField(null=True)
    answer = models.CharField(_("退回原因"), max_length=200, blank=True, default="", db_default="")

    @property
    def lists(self) -> str:
        """The kind of subject the list is of."""
        return self.LISTS[self.Source(self.source_kind)]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | Q(confirmed_from_console=True)
                | ~Q(confirmed_by=F("uploaded_by")),
                name="roster_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(discarded_by__isnull=True, discarded_at__isnull=True, answer="")
                | (Q(discarded_by=F("uploaded_by")) | ~Q(answer="")) & Q(state="discarded", discarded_at__isnull=False),
                name="a_roster_is_sent_back_with_words",
            ),
        ]
        indexes = [models.Index(fields=["branch", "-uploaded_at"], name="imports_of_branch")]


class UnplacedRow(models.Model):
    """A business or unit of an imported list whose place is no grid of ours: on the list, in no grid, counted nowhere until somebody
    says where it belongs. ID number and phone of who answers for it stay in the sealed file: the next import brings them."""

    guard = Guard(
        web="SELECT, UPDATE (subject_id, settled_by_id, settled_at)",
        whole="",
        history=True,
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists branch on {table}",
            f"create policy branch on {{table}} to gedang_web using ({OF_BRANCH}) with check ({OF_BRANCH})",
            "drop policy if exists reading on {table}",
            "create policy reading on {table} for select to gedang_read using (true)",
        ),
    )

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    roster = models.ForeignKey(RosterImport, models.PROTECT, related_name="unplaced")
    row = models.PositiveIntegerField()
    kind = models.CharField(max_length=9, choices=Subject.Kind)
    name = models.CharField(_("名称"), max_length=100)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, blank=True, default="")
    place = models.CharField(_("所在网格"), max_length=60)
    address = models.CharField(_("地址"), max_length=200, blank=True, default="")
    # What else the row tells: class, trade, name on the licence, founding date, who answers for it.
    facts: Any = models.JSONField(default=dict)
    subject = models.ForeignKey(Subject, models.PROTECT, null=True, related_name="+")
    settled_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["roster", "row"], name="a_row_waits_once"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True, subject__isnull=True)
                | Q(settled_at__isnull=False),
                name="what_is_placed_is_settled",
            ),
        ]


class RosterProblem(models.Model):
    """One error or warning of one cell, kept with its place; identifying values are kept masked."""

    guard = Guard(
        web="SELECT",
        whole="",
        worker="SELECT, INSERT, DELETE",
        read="",
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists roster on {table}",
            f"create policy roster on {{table}} for select to gedang_web using ({_OF_ROSTER})",
        ),
    )

    roster = models.ForeignKey(RosterImport, models.CASCADE, related_name="problems", db_index=False)
    row = models.PositiveIntegerField(_("行"))
    column = models.CharField(_("列"), max_length=30, db_column="column_name")
    code = models.CharField(max_length=40)
    is_error = models.BooleanField()
    value = models.CharField(_("值"), max_length=60)
    detail: Any = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["roster", "-is_error", "row"], name="problems_of_roster")]


class RosterRemark(models.Model):
    """What the second person said of one cell of a roster he sent back, said once with it (``lib.keep_roster_remarks``)."""

    guard = Guard(
        web="SELECT, INSERT",
        whole="",
        append_only=True,
        extra=(
            "alter table {table} enable row level security",
            "drop policy if exists roster on {table}",
            f"create policy roster on {{table}} to gedang_web using ({_OF_ROSTER}) with check ({_OF_ROSTER})",
            "drop policy if exists reading on {table}",
            "create policy reading on {table} for select to gedang_read using (true)",
            *kept_by("lib.keep_roster_remarks", "after insert", "statement"),
        ),
    )

    roster = models.ForeignKey(RosterImport, models.PROTECT, related_name="remarks")
    row = models.PositiveIntegerField(_("行"))
    column = models.CharField(_("列"), max_length=30, db_column="column_name")
    text = models.CharField(_("意见"), max_length=200)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="a_remark_of_a_roster_has_words")]


class MoveRequest(Scoped):
    """A person of the roster who is filed in another household: a request to move, never a move (Semantics, section 8)."""

    guard = Guard(scope="grid", web="SELECT, UPDATE", whole="SELECT", history=True)

    person = models.ForeignKey(Person, models.PROTECT, related_name="move_requests")
    to_household = models.ForeignKey(Household, models.PROTECT, related_name="+")
    roster = models.ForeignKey(RosterImport, models.PROTECT, related_name="moves")
    row = models.PositiveIntegerField()
    # What the file says the person is to the head over there; "" in requests from before it was kept.
    relation = models.CharField(max_length=16, blank=True, default="", db_default="")
    state = models.CharField(
        max_length=8, choices=[("open", _("待处理")), ("done", _("已迁移")), ("refused", _("不迁移"))], default="open"
    )
    created_at = models.DateTimeField(db_default=Now())
