"""Frozen facts (测算数据): what each revision of a file says, as typed figures that credit models compute from."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from config.lib.guards import Guard
from customers.domain.facts import CATALOGUE
from customers.models.profiles import Profile
from customers.models.scoped import Routed
from customers.models.subjects import Subject
from customers.models.visits import APPEND_ONLY
from grids.models import Institution

FACTS_GUARD = Guard(**{**APPEND_ONLY.__dict__, "opener": "SELECT"})


class HouseholdFacts(Routed):
    """The facts of one revision (``customers.domain.facts``), written with it and never changed; NULL: the file does not say.

    Amounts are fen, choices places in the catalogue's codes, ``answers`` the questions of the bank's own forms by their place in the
    register. Nothing in it names a person. ``facts_hash`` is the fingerprint of everything else in the row.
    """

    guard = FACTS_GUARD

    profile = models.OneToOneField(Profile, models.PROTECT, primary_key=True, related_name="facts")
    # As copied from the revision, whose own keys hold.
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    number = models.PositiveIntegerField()
    facts_hash = models.UUIDField()
    persons = models.SmallIntegerField(null=True)
    labour = models.SmallIntegerField(null=True)
    away = models.SmallIntegerField(null=True)
    total_assets = models.BigIntegerField(null=True)
    net_assets = models.BigIntegerField(null=True)
    realisable_assets = models.BigIntegerField(null=True)
    property = models.BigIntegerField(null=True)
    deposits = models.BigIntegerField(null=True)
    shares = models.BigIntegerField(null=True)
    debts = models.BigIntegerField(null=True)
    own_bank_debts = models.BigIntegerField(null=True)
    other_bank_debts = models.BigIntegerField(null=True)
    private_debts = models.BigIntegerField(null=True)
    guarantees = models.BigIntegerField(null=True)
    gross_income = models.BigIntegerField(null=True)
    operating_cost = models.BigIntegerField(null=True)
    net_income = models.BigIntegerField(null=True)
    operating_income = models.BigIntegerField(null=True)
    wages = models.BigIntegerField(null=True)
    subsidies = models.BigIntegerField(null=True)
    expenses = models.BigIntegerField(null=True)
    schooling = models.BigIntegerField(null=True)
    medical = models.BigIntegerField(null=True)
    surplus = models.BigIntegerField(null=True)
    record = models.SmallIntegerField(null=True)
    judgement = models.SmallIntegerField(null=True)
    grade = models.SmallIntegerField(null=True)
    breaches = models.SmallIntegerField(null=True)
    answers: Any = ArrayField(models.BigIntegerField(null=True), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "number"], name="one_row_of_facts_per_revision")]

    def values(self) -> dict[str, int | None]:
        """The stored numbers by the names of the catalogue."""
        return {name: getattr(self, name) for name in CATALOGUE}


class BreachFact(Routed):
    """One breach that a revision lists, in the file's order; codes by their place in the catalogue."""

    guard = FACTS_GUARD

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", db_constraint=False)
    profile = models.ForeignKey(Profile, models.PROTECT, related_name="+", db_index=False)
    place = models.PositiveSmallIntegerField()
    days_overdue = models.IntegerField(null=True)
    settled = models.SmallIntegerField(null=True)
    measure = models.SmallIntegerField(null=True)
    what = models.SmallIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "place"], name="one_breach_per_place")]


class AnswerRegister(models.Model):
    """Where the answers to a question of a bank's own forms lie in ``HouseholdFacts.answers``, and every code it ever had, in order.

    It only grows, by ``lib.place_answers`` alone, so that a row written years ago is still read right.
    """

    guard = Guard(opener="SELECT", worker="SELECT")

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", db_index=False)
    at = models.CharField(max_length=82)
    type = models.CharField(max_length=6)
    place = models.PositiveSmallIntegerField()
    codes: Any = models.JSONField(default=list)
    zh = models.CharField(max_length=120)
    en = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "at", "type"], name="one_place_per_question"),
            models.UniqueConstraint(fields=["institution", "place"], name="one_question_per_place"),
        ]
