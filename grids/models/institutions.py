"""The bank as a legal person and its branches."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard


class Institution(models.Model):
    """A rural commercial bank as a legal person (法人行), serving one county."""

    guard = Guard(web="SELECT")

    name = models.CharField(_("名称"), max_length=60, unique=True)
    short_name = models.CharField(_("简称"), max_length=20)
    county_code = models.CharField(_("县区代码"), max_length=6)
    county = models.CharField(_("县区"), max_length=30)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.short_name


class Branch(models.Model):
    """A head office, branch or outlet (总行/支行/网点). ``path`` lists the ids from the top: ``/1/7/``."""

    guard = Guard(web="SELECT, INSERT, UPDATE", history=True)

    class Kind(models.TextChoices):
        HEAD = "head", _("总行")
        BRANCH = "branch", _("支行")
        OUTLET = "outlet", _("网点")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="branches")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级")
    )
    kind = models.CharField(_("类型"), max_length=6, choices=Kind, default=Kind.BRANCH)
    name = models.CharField(_("名称"), max_length=60)
    town_code = models.CharField(_("乡镇代码"), max_length=9, blank=True, default="")
    path = models.CharField(max_length=200, db_index=True, default="", blank=True, db_collation="C")
    is_open = models.BooleanField(_("在营"), default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "name"], name="branch_name_once")]

    def __str__(self) -> str:
        return self.name
