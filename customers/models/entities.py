"""Businesses (商户/经营主体) and units (单位), who answers for them, and the feature grids that show a subject without counting it."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, compared_by, kept_by
from customers.models.imports import RosterImport
from customers.models.people import Person
from customers.models.scoped import Recorded, Routed
from customers.models.subjects import Subject
from grids.models import Grid, Staff

OF_A_SUBJECT = Guard(
    scope="grid", web="SELECT, INSERT, UPDATE", whole="SELECT", subject_column="subject_id", history=True
)


class Entity(Routed):
    """Abstract: a business or unit under its sign, where it is, which list named it last. Its code stands with the subject."""

    subject = models.OneToOneField(Subject, models.PROTECT, primary_key=True, related_name="%(class)s")
    name = models.CharField(_("名称"), max_length=100)
    sort_key = models.CharField(max_length=200, default="", blank=True, db_collation="C")
    address = models.CharField(_("地址"), max_length=200, blank=True, default="")
    latitude = models.DecimalField(_("纬度"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("经度"), max_digits=9, decimal_places=6, null=True, blank=True)
    next_visit_on = models.DateField(_("下次走访"), null=True, blank=True)
    # The list that named it last. Its words stand here, too: the file is its branch's business, where it came from everybody's.
    roster = models.ForeignKey(RosterImport, models.PROTECT, null=True, related_name="+", db_index=False)
    source_kind = models.CharField(max_length=18, choices=RosterImport.Source, blank=True, default="")
    source = models.CharField(_("来源"), max_length=100, blank=True, default="")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Business(Entity):
    """A business: shop, stall, family farm, co-operative, leading enterprise (Semantics, section 1)."""

    guard = OF_A_SUBJECT

    class Kind(models.TextChoices):
        LICENSED = "licensed", _("个体工商户")
        UNLICENSED = "unlicensed", _("个体工商户（无照）")
        FARM = "farm", _("家庭农场")
        COOPERATIVE = "coop", _("农民专业合作社")
        LEADING = "leading", _("农业产业化龙头企业")
        OTHER = "other", _("其他商户")

    kind = models.CharField(_("类别"), max_length=10, choices=Kind)
    licence_name = models.CharField(_("执照名称"), max_length=100, blank=True, default="")
    trade = models.CharField(_("经营项目"), max_length=100, blank=True, default="")
    founded_on = models.DateField(_("成立日期"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="unlicensed") | Q(licence_name=""), name="unlicensed_has_no_licence"
            ),
        ]
        indexes = [models.Index(fields=["grid", "sort_key"], name="businesses_of_grid")]


class Unit(Entity):
    """A unit: an institution or an enterprise as employer (Semantics, section 1)."""

    guard = OF_A_SUBJECT

    class Kind(models.TextChoices):
        INSTITUTION = "institution", _("机关事业单位")
        ENTERPRISE = "enterprise", _("企业")

    kind = models.CharField(_("类别"), max_length=11, choices=Kind)

    class Meta:
        indexes = [models.Index(fields=["grid", "sort_key"], name="units_of_grid")]


class Principal(Routed):
    """Who answers for a business (负责人) or is the contact of a unit (联系人).

    Where he is a member of a filed household, ``person`` says so and holds his ID number: it stands in one place. His name is
    what the licence or the list calls him; phone, and an ID number filed nowhere else, are under a data key of their own.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE",
        whole="SELECT",
        read="",
        subject_column="subject_id",
        hideable=True,
        history=True,
        extra=(*kept_by("lib.note_business", "after insert", "statement"), *compared_by("lib.note_changed_row")),
    )

    subject = models.OneToOneField(Subject, models.PROTECT, primary_key=True, related_name="principal")
    uuid = models.UUIDField(default=uuid4, unique=True)
    name = models.CharField(_("姓名"), max_length=50)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="businesses")
    data_key = models.BinaryField(null=True)
    id_number = models.BinaryField(_("身份证号"), null=True)
    id_index = models.BinaryField(null=True)
    id_tail = models.BinaryField(null=True)
    phone = models.BinaryField(_("手机号"), null=True)
    phone_index = models.BinaryField(null=True)
    phone_tail = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=True) | Q(id_index__isnull=True), name="id_number_stands_in_one_place"
            ),
        ]
        indexes = [
            models.Index(fields=["id_index"], name="principal_by_id"),
            models.Index(fields=["id_tail"], name="principal_by_id_tail"),
            models.Index(fields=["phone_index"], name="principal_by_phone"),
            models.Index(fields=["phone_tail"], name="principal_by_phone_tail"),
        ]


class SubjectToken(models.Model):
    """A search token of a business or unit, or of who answers for it (``of_person``): equality and prefix only, as of persons."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, DELETE",
        whole="SELECT",
        read="",
        extra=(
            "create index if not exists subject_token_lookup on {table} (token, institution_id, grid_id) include (subject_id)",
            "create index if not exists subject_token_in_grid on {table} (grid_id, token) include (subject_id)",
        ),
    )

    pk = models.CompositePrimaryKey("subject_id", "token", "of_person")
    institution_id = models.BigIntegerField()
    grid_id = models.BigIntegerField()
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="tokens", db_constraint=False, db_index=False)
    token = models.CharField(max_length=60, db_collation="C")
    of_person = models.BooleanField(default=False)


class SubjectGrid(Recorded):
    """A subject shown in a feature grid (特色网格) from a day to a day (exclusive): shown there, counted at home alone."""

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE (to_on, removed_by_id)",
        whole="SELECT",
        subject_column="subject_id",
        history=True,
        extra=kept_by("lib.keep_feature", "before insert or update"),
    )

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="features")
    feature = models.ForeignKey(Grid, models.PROTECT, related_name="+")
    from_on = models.DateField(_("自"))
    to_on = models.DateField(_("至（不含）"), null=True, blank=True)
    added_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    removed_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+", db_index=False)
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "feature"], condition=Q(to_on__isnull=True), name="in_a_feature_grid_once"
            ),
            models.CheckConstraint(
                condition=Q(to_on__isnull=True, removed_by__isnull=True)
                | Q(to_on__gte=F("from_on"), removed_by__isnull=False),
                name="feature_membership_ends_by_somebody",
            ),
        ]
