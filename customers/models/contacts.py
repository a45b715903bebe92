"""Contact plans of those who are away, refuse or cannot be reached; append-only, the newest of a subject counts."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, kept_by
from config.lib.models import Release
from customers.models.people import Person
from customers.models.scoped import Recorded
from customers.models.subjects import Subject
from customers.models.visits import Visit
from grids.models import Staff


class ContactPlan(Recorded):
    """One word on how a subject is kept in touch with, or (``ended``) that no plan is needed any more.

    It is in force until the next word or until a visit talks to somebody: ``StandingContact``. Through whom at home is a member,
    never a number.
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT",
        whole="SELECT",
        append_only=True,
        subject_column="subject_id",
        hideable=True,
        extra=kept_by("lib.keep_contact_plan", "before insert"),
    )

    class Why(models.TextChoices):
        AWAY = "away", _("外出")
        REFUSED = "refused", _("拒访")
        UNREACHABLE = "unreachable", _("联系不上")

    class Way(models.TextChoices):
        PHONE = "phone", _("打电话")
        VIDEO = "video", _("视频")
        LETTER = "letter", _("写信或留话")
        FESTIVAL = "festival", _("春节返乡时上门")
        HOME = "home", _("找家中联系人")

    class Ended(models.TextChoices):
        REACHED = "reached", _("已联系上")
        BACK = "back", _("已返乡")
        DROPPED = "dropped", _("不再需要")

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="contact_plans", db_index=False)
    visit = models.OneToOneField(Visit, models.PROTECT, null=True, related_name="contact_plan")
    why = models.CharField(_("原因"), max_length=11, choices=Why)
    way = models.CharField(_("怎么联系"), max_length=8, choices=Way, blank=True, default="")
    contact = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", db_index=False)
    returns_on = models.DateField(_("预计返乡"), null=True, blank=True)
    next_on = models.DateField(_("下次联系"), null=True, blank=True)
    ended = models.CharField(_("结束"), max_length=7, choices=Ended, blank=True, default="")
    # The days it was made by.
    release = models.ForeignKey(Release, models.PROTECT, null=True, related_name="+", db_index=False)
    made_by = models.ForeignKey(Staff, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(ended="", next_on__isnull=False) & ~Q(way=""))
                | (
                    ~Q(ended="")
                    & Q(way="", contact__isnull=True, returns_on__isnull=True, next_on__isnull=True, visit__isnull=True)
                ),
                name="contact_plan_says_how_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(way="home") | Q(contact__isnull=False), name="contact_at_home_is_somebody"
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "-id"], name="contact_plans_of_subject"),
            models.Index(fields=["grid", "next_on"], condition=Q(ended=""), name="contacts_of_grid"),
        ]


class StandingContact(models.Model):
    """The contact plan in force of each subject that has one: a view of the database (customers/sql/contacts.sql)."""

    plan = models.OneToOneField(ContactPlan, models.DO_NOTHING, primary_key=True, related_name="+")
    subject = models.OneToOneField(Subject, models.DO_NOTHING, related_name="+")
    why = models.CharField(max_length=11, choices=ContactPlan.Why)
    way = models.CharField(max_length=8, choices=ContactPlan.Way)
    contact = models.ForeignKey(Person, models.DO_NOTHING, null=True, related_name="+")
    returns_on = models.DateField(null=True)
    next_on = models.DateField()
    made_by = models.ForeignKey(Staff, models.DO_NOTHING, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "customers_standing_contact"
