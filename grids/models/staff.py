"""People who sign in, their posts and the tokens of their programs."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard
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

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="staff")
    number = models.CharField(_("工号"), max_length=20, unique=True)
    name = models.CharField(_("姓名"), max_length=50)
    kind = models.CharField(_("类别"), max_length=8, choices=Kind, default=Kind.EMPLOYEE)
    home_branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, blank=True, related_name="staff", verbose_name=_("所在机构")
    )
    language = models.CharField(_("界面语言"), max_length=10, default="zh-hans")
    is_active = models.BooleanField(_("可登录"), default=True)
    must_change_password = models.BooleanField(_("下次登录须改密码"), default=False)
    created_at = models.DateTimeField(db_default=Now())

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
    name = models.CharField(_("用途"), max_length=60)
    sha256 = models.CharField(max_length=64, unique=True)
    scope = models.CharField(
        _("权限"), max_length=10, choices=[("read", _("只读")), ("write", _("读写"))], default="read"
    )
    expires_at = models.DateTimeField(_("有效期至"))
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
