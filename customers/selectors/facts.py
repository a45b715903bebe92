"""The frozen facts of files, for whoever computes from them (``customers.domain.facts``)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from config.lib.weeks import business_day
from customers.domain import economics, facts
from customers.domain.catalogue import Words
from customers.domain.facts import AnswerField
from customers.models import AnswerRegister, BreachFact, HouseholdFacts
from customers.selectors.forms import form_of


def register(institution_id: int) -> dict[tuple[str, str], AnswerField]:
    """Return every question of a bank's own forms that is a fact, by where it lies in a file and its type."""
    return {
        (row.at, row.type): AnswerField(row.place, row.type, tuple(row.codes), Words(row.zh, row.en))  # type: ignore[arg-type]
        for row in AnswerRegister.objects.filter(institution_id=institution_id).order_by("place")
    }


@dataclass(frozen=True)
class FrozenFile:
    """The frozen facts of one revision, with its number and its days."""

    values: dict[str, int | None]
    answers: list[int | None]
    breaches: tuple[facts.Breach, ...]
    facts_hash: bytes
    number: int
    submitted_at: datetime
    checked_at: datetime | None


def frozen_file(profile_id: int) -> FrozenFile:
    """Return the facts of a revision, its document not read."""
    row = (
        HouseholdFacts.objects.select_related("profile__check_verdict")
        .only(*_COLUMNS, "profile__submitted_at", "profile__check_verdict__checked_at")
        .get(pk=profile_id)
    )
    verdict = getattr(row.profile, "check_verdict", None)
    return FrozenFile(
        row.values(),
        list(row.answers),
        breaches_of(profile_id) if row.breaches else (),
        row.facts_hash.bytes,
        row.number,
        row.profile.submitted_at,
        verdict.checked_at if verdict is not None else None,
    )


_COLUMNS = tuple(field.name for field in HouseholdFacts._meta.concrete_fields)


def breaches_of(profile_id: int) -> tuple[facts.Breach, ...]:
    """Return the breaches a revision lists, in the file's order."""
    rows = BreachFact.objects.filter(profile_id=profile_id).order_by("place")
    return tuple(facts.Breach(*row) for row in rows.values_list("days_overdue", "settled", "measure", "what"))


@dataclass(frozen=True)
class Beside:
    """What a run reads of a household beyond its file: businesses its members run, medians of its village in fen by fact."""

    businesses: int = 0
    medians: dict[str, int | None] = field(default_factory=dict)


def beside_file(subject_id: int, names: Sequence[str], at: datetime) -> Beside | None:
    """Return what a run as of an instant would read beyond the file of one household, medians of the facts named; None when the
    acting post does not reach the household."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select businesses, medians from acc.beside_file(%s, %s::text[], %s, %s)",
            [subject_id, list(names), at, business_day(at)],
        )
        row = cursor.fetchone()
    return None if row is None else Beside(row[0], json.loads(row[1]))


def reads_again(row: HouseholdFacts) -> bool:
    """Whether the facts of a revision, as stored, are those its document gives when it is read again."""
    document = row.profile.document
    totals = economics.totals(document)
    values = {name: fact.read(document, totals) for name, fact in facts.CATALOGUE.items()}
    fields: dict[str, AnswerField] = {}
    if row.profile.form_id is not None:
        places = register(row.institution_id)
        for at, field in facts.asked(form_of(row.profile)).items():
            place = places.get((at, facts.ANSWER_TYPES[field.type]))
            if place is None:
                return False
            fields[at] = place
    answers, breaches = facts.answers_of(document, fields), facts.breaches_of(document)
    stored = (row.values(), list(row.answers), breaches_of(row.pk) if row.breaches else ())
    return stored == (values, answers, breaches) and row.facts_hash.bytes == facts.fingerprint(
        values, answers, breaches
    )
