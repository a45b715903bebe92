"""Subjects (建档对象): what is counted, visited and filed; households are the first kind."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, compared_by
from customers.models.scoped import Routed, Scoped


class Subject(Scoped):
    """A household, business or unit with one home grid (Semantics, section 1)."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE",
        whole="SELECT",
        subject_column="id",
        history=True,
        opener="SELECT",
        extra=(
            "drop trigger if exists home_grid_i on {table}",
            "create trigger home_grid_i after insert on {table} referencing new table as added "
            "for each statement execute function lib.keep_home_grid()",
            "drop trigger if exists home_grid_u on {table}",
            "create trigger home_grid_u after update on {table} referencing new table as added "
            "for each statement execute function lib.keep_home_grid()",
            *compared_by("lib.note_changed_row"),
        ),
    )

    class Kind(models.TextChoices):
        HOUSEHOLD = "household", _("农户")
        BUSINESS = "business", _("商户")
        UNIT = "unit", _("企业单位")

    class Left(models.TextChoices):
        MOVED = "moved", _("迁出")
        DECEASED = "deceased", _("全户身故")
        MERGED = "merged", _("并户")
        CLOSED = "closed", _("停业注销")

    kind = models.CharField(max_length=9, choices=Kind, default=Kind.HOUSEHOLD)
    # Unified social credit code (GB 32100-2015) of a business or unit; a household has none.
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, null=True, blank=True, db_collation="C")
    # The day an official list first held it; null: found in the field (散户), counted apart.
    listed_on = models.DateField(_("列入名册"), null=True, blank=True)
    found_on = models.DateField(_("走访发现"), null=True, blank=True)
    left_on = models.DateField(_("离册"), null=True, blank=True)
    left_reason = models.CharField(_("离册原因"), max_length=8, choices=Left, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())

    @property
    def place(self) -> Any:
        """The household, business or unit itself."""
        return getattr(self, self.kind)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "uscc"],
                condition=Q(uscc__isnull=False, left_on__isnull=True),
                name="credit_code_once",
            ),
            models.CheckConstraint(
                condition=Q(uscc__isnull=True) | (~Q(kind="household") & Q(uscc__regex="^[0-9A-HJ-NPQRTUWXY]{18}$")),
                name="credit_code_of_an_entity",
            ),
        ]
        indexes = [
            models.Index(fields=["grid", "kind", "id"], name="subjects_of_grid"),
            models.Index(fields=["institution", "id"], name="subjects_of_institution"),
        ]


class Household(Routed):
    """A household (户): number, group, address, head and the one member who may borrow."""

    # The opener learns who borrows, to leave out the file of one who took his consent back; nothing else of a household.
    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE",
        whole="SELECT",
        opener="SELECT (subject_id, borrower_id)",
        subject_column="subject_id",
        history=True,
        extra=compared_by("lib.note_changed_row"),
    )

    subject = models.OneToOneField(Subject, models.PROTECT, primary_key=True, related_name="household")
    number = models.CharField(_("户号"), max_length=32, db_collation="C")
    group = models.CharField(_("组"), max_length=30, blank=True, default="", db_column="group_name")
    address = models.CharField(_("住址"), max_length=200, blank=True, default="")
    head = models.ForeignKey(
        "customers.Person", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    borrower = models.ForeignKey(
        "customers.Person", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    latitude = models.DecimalField(_("纬度"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("经度"), max_digits=9, decimal_places=6, null=True, blank=True)
    next_visit_on = models.DateField(_("下次走访"), null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grid", "number"], name="household_number_once")]
        indexes = [models.Index(fields=["institution", "number"], name="household_by_number")]

    def __str__(self) -> str:
        return self.number
