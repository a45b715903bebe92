"""Persons: identity lives here, apart from the append-only facts, so that it can be corrected and erased."""

from uuid import uuid4

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from config.lib.guards import Guard, compared_by, kept_by
from customers.domain import catalogue
from customers.models.scoped import Routed
from customers.models.subjects import Household


class Person(Routed):
    """A member of a household. ID number and phone are encrypted under the person's own data key.

    Erasing deletes the data key and blanks name and tokens through one definer procedure (``customers/sql/erasure.sql``).
    """

    # Hideable: number tails and members are what an auditor re-enters blind.
    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, UPDATE",
        whole="SELECT",
        read="",
        subject_column="household_id",
        hideable=True,
        history=True,
        extra=(
            *kept_by("lib.erase_with_person", "after update of erased_at"),
            *kept_by("lib.keep_id_number", "before update of id_index"),
            *compared_by("lib.note_changed_row"),
        ),
    )

    class Relation(models.TextChoices):
        HEAD = "head", _("户主")
        SPOUSE = "spouse", _("配偶")
        SON = "son", _("子")
        DAUGHTER = "daughter", _("女")
        SON_IN_LAW = "son_in_law", _("女婿")
        DAUGHTER_IN_LAW = "daughter_in_law", _("儿媳")
        FATHER = "father", _("父亲")
        MOTHER = "mother", _("母亲")
        PARENT_IN_LAW = "parent_in_law", _("岳父母/公婆")
        GRANDCHILD = "grandchild", _("孙辈")
        GRANDPARENT = "grandparent", _("祖辈")
        SIBLING = "sibling", _("兄弟姐妹")
        OTHER = "other", _("其他")

    class Sex(models.TextChoices):
        MALE = "M", _("男")
        FEMALE = "F", _("女")
        UNKNOWN = "", _("未知")

    uuid = models.UUIDField(default=uuid4, unique=True)
    household = models.ForeignKey(Household, models.PROTECT, related_name="people")
    name = models.CharField(_("姓名"), max_length=50)
    sort_key = models.CharField(max_length=200, default="", blank=True, db_collation="C")
    relation = models.CharField(_("与户主关系"), max_length=16, choices=Relation, default=Relation.OTHER)
    sex = models.CharField(_("性别"), max_length=1, choices=Sex, blank=True, default="")
    born_on = models.DateField(_("出生日期"), null=True, blank=True)
    data_key = models.BinaryField(null=True)
    id_number = models.BinaryField(_("身份证号"), null=True)
    id_index = models.BinaryField(null=True)
    id_tail = models.BinaryField(null=True)
    phone = models.BinaryField(_("手机号"), null=True)
    phone_index = models.BinaryField(null=True)
    phone_tail = models.BinaryField(null=True)
    left_on = models.DateField(_("离户"), null=True, blank=True)
    left_reason = models.CharField(_("离户原因"), max_length=10, blank=True, default="")
    erased_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "id_index"], name="id_number_once")]
        indexes = [
            models.Index(fields=["id_tail"], name="person_by_id_tail"),
            models.Index(fields=["phone_tail"], name="person_by_phone_tail"),
            models.Index(fields=["phone_index"], name="person_by_phone"),
        ]

    def get_relation_display(self) -> str:  # type: ignore[no-redef]
        """Return the relation in words: 女 is a daughter here, and a sex elsewhere."""
        return catalogue.relation(self.relation, get_language() or "zh")


class PersonToken(models.Model):
    """A search token of a person's name: two-character pieces, pinyin, initials. Equality and prefix only (leakproof).

    Two ways in, both index-only: by token for a post that sees the whole institution, by grid for one that sees some grids
    (the beginning of a token would otherwise be read for everybody's grids).
    """

    guard = Guard(
        scope="grid",
        web="SELECT, INSERT, DELETE",
        whole="SELECT",
        read="",
        extra=(
            "create index if not exists token_lookup on {table} (token, institution_id, grid_id) include (person_id)",
            "create index if not exists token_in_grid on {table} (grid_id, token) include (person_id)",
        ),
    )

    pk = models.CompositePrimaryKey("person_id", "token")
    institution_id = models.BigIntegerField()
    grid_id = models.BigIntegerField()
    # Derived data, five rows a person, written with the person and erased with him: no constraint of the database, which would
    # look each of them up once more.
    person = models.ForeignKey(Person, models.CASCADE, related_name="tokens", db_constraint=False, db_index=False)
    token = models.CharField(max_length=60, db_collation="C")
