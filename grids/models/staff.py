"""People who sign in, their posts and the tokens of their programs."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from grids.models.institutions import Branch, Institution


class StaffManager(BaseUserManager["Staff"]):
    """Finds staff by employee number."""

    def create_user(self, number: str, password: str | None = None, **fields: Any) -> "Staff":
        staff = self.model(number=number, **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff


class Staff(AbstractBaseUser):
    """A person who signs in: an employee, or an outside person such as a villager who enters his own sheet."""

    guard = Guard(web="SELECT, INSERT, UPDATE", history=True)

    class Kind(models.TextChoices):
        EMPLOYEE = "employee", _("员工")
        OUTSIDE = "outside", _("外部人员")

    class Notices(models.TextChoices):
        NONE = "none", _("不发")
        DAILY = "daily", _("每个工作日一封")
        WEEKLY = "weekly", _("每周一封，有逾期当天另发")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="staff")
    number = models.CharField(_("工号"), max_length=20, unique=True)
    name = models.CharField(_("姓名"), max_length=50)
    kind = models.CharField(_("类别"), max_length=8, choices=Kind, default=Kind.EMPLOYEE)
    home_branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, blank=True, related_name="staff", verbose_name=_("所在机构")
    )
    email = models.EmailField(_("邮箱"), max_length=254, blank=True, default="")
    language = models.CharField(_("界面语言"), max_length=10, default="zh-hans")
    notices = models.CharField(_("待办邮件"), max_length=6, choices=Notices, default=Notices.NONE, db_default="none")
    is_active = models.BooleanField(_("可登录"), default=True)
    must_change_password = models.BooleanField(_("下次登录须改密码"), default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "email"], condition=~Q(email=""), name="staff_email_once")
        ]

    objects: ClassVar[StaffManager] = StaffManager()
    USERNAME_FIELD = "number"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return f"{self.name}（{self.number}）"


class PostKind(models.TextChoices):
    """The posts of Design, section 1."""

    OFFICER = "officer", _("客户经理")
    BRANCH_MANAGER = "branch_manager", _("支行行长")
    APPROVER = "approver", _("业务审批岗")
    PARAMETER_MANAGER = "parameter_manager", _("参数管理岗")
    CHECKER = "checker", _("贷后检查岗")
    AUDITOR = "auditor", _("审计")
    LEADER = "leader", _("行领导")
    ADMINISTRATOR = "administrator", _("系统管理员")
    ASSESSOR = "assessor", _("评议员")


WHOLE_POSTS = frozenset({PostKind.APPROVER, PostKind.AUDITOR})
"""Posts that see the customers of the whole institution when no branch limits them."""


class Post(models.Model):
    """A post a person holds from a day to a day (exclusive), for a branch and below or for the whole institution."""

    guard = Guard(web="SELECT, INSERT, UPDATE", history=True)

    staff = models.ForeignKey(Staff, models.PROTECT, related_name="posts")
    kind = models.CharField(_("岗位"), max_length=20, choices=PostKind)
    branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, blank=True, related_name="posts", verbose_name=_("机构范围")
    )
    from_on = models.DateField(_("自"))
    to_on = models.DateField(_("至（不含）"), null=True, blank=True)
    appointed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")

    #: The grids the post was found to reach, while it acts (``grids.access.reached_by``); None: it does not act.
    reached: list[int] | None = None

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")), name="post_ends_after_start"
            ),
            models.CheckConstraint(condition=~Q(appointed_by=F("staff")), name="nobody_appoints_himself"),
        ]
        indexes = [models.Index(fields=["staff", "kind"], name="posts_of_staff")]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The post as people say it: 客户经理 · 城东支行."""
        return f"{self.get_kind_display()} · {self.branch.name}" if self.branch else str(self.get_kind_display())

    @property
    def is_whole(self) -> bool:
        """Whether the post sees customers of the whole institution."""
        return self.branch_id is None and self.kind in WHOLE_POSTS


class ApiToken(models.Model):
    """A program's key for one post; only its hash is stored."""

    guard = Guard(web="SELECT, INSERT, UPDATE", history=True)

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="tokens")
    post = models.ForeignKey(Post, models.CASCADE, related_name="tokens")
    # The known device it was made on, with which it ends.
    device = models.ForeignKey("grids.DeviceIssue", models.PROTECT, null=True, related_name="tokens")
    name = models.CharField(_("用途"), max_length=60)
    sha256 = models.CharField(max_length=64, unique=True)
    scope = models.CharField(
        _("权限"), max_length=10, choices=[("read", _("只读")), ("write", _("读写"))], default="read"
    )
    expires_at = models.DateTimeField(_("有效期至"))
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())


class StaffImport(models.Model):
    """A file of staff and posts: checked whole at upload, its plan confirmed by another administrator, or refused.

    ``rows`` are the sound rows as read, ``plan`` what each would change, ``problems`` what is wrong (then nothing is planned).
    """

    guard = Guard(
        web="SELECT, INSERT, UPDATE (state, plan, counts, settled_by_id, settled_at, answer)",
        whole="SELECT",
        worker="SELECT",
        history=True,
        extra=kept_by("lib.keep_staff_import", "before insert or update"),
    )

    class State(models.TextChoices):
        BROKEN = "broken", _("有错误")
        WAITING = "waiting", _("待确认")
        CONFIRMED = "confirmed", _("已确认")
        REJECTED = "rejected", _("不同意")
        WITHDRAWN = "withdrawn", _("已撤回")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+")
    file = models.ForeignKey("lib.StoredFile", models.PROTECT, related_name="+")
    file_sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=200)
    state = models.CharField(_("状态"), max_length=9, choices=State)
    rows: Any = models.JSONField(default=list)
    plan: Any = models.JSONField(default=list)
    counts: Any = models.JSONField(default=dict)
    problems: Any = models.JSONField(default=list)
    uploaded_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    uploaded_at = models.DateTimeField(db_default=Now())
    settled_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    settled_at = models.DateTimeField(null=True)
    answer = models.CharField(_("答复"), max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "rejected"])
                | (Q(settled_by__isnull=False, settled_at__isnull=False) & ~Q(settled_by=F("uploaded_by"))),
                name="staff_import_needs_two",
            ),
            models.UniqueConstraint(
                fields=["institution", "file_sha256"], condition=Q(state="waiting"), name="staff_import_waits_once"
            ),
        ]
