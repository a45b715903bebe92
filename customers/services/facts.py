"""The facts of a revision, written once with it (``customers.domain.facts``)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import connection

from customers.domain import economics, facts
from customers.domain.facts import ANSWER_TYPES, AnswerField
from customers.domain.form import Form
from customers.models import BreachFact, HouseholdFacts, Profile
from customers.selectors.facts import register


def keep_facts(profile: Profile, form: Form | None) -> HouseholdFacts:
    """Write what a revision says as typed figures, in the transaction that writes the revision."""
    (row,) = keep_facts_of([profile], {profile.form_id: form})
    return row


def keep_facts_of(profiles: Iterable[Profile], forms: Mapping[int | None, Form | None]) -> list[HouseholdFacts]:
    """Write the facts of several revisions; ``forms`` are their forms by release."""
    rows, breaches = [], []
    fields: dict[tuple[int, int | None], Mapping[str, AnswerField]] = {}
    for profile in profiles:
        key = (profile.institution_id, profile.form_id)
        form = forms.get(profile.form_id)
        if key not in fields:
            fields[key] = places_of(profile.institution_id, form) if form is not None else {}
        listed = facts.breaches_of(profile.document)
        rows.append(facts_of(profile, fields[key], listed))
        place = {"institution_id": profile.institution_id, "grid_id": profile.grid_id, "subject_id": profile.subject_id}
        breaches += [
            BreachFact(
                **place,
                profile=profile,
                place=number,
                days_overdue=one.days_overdue,
                settled=one.settled,
                measure=one.measure,
                what=one.subject,
            )
            for number, one in enumerate(listed)
        ]
    HouseholdFacts.objects.bulk_create(rows, batch_size=500)
    if breaches:
        BreachFact.objects.bulk_create(breaches, batch_size=1000)
    return rows


def facts_of(profile: Profile, fields: Mapping[str, AnswerField], breaches: Sequence[facts.Breach]) -> HouseholdFacts:
    """Return the row of a revision, not written."""
    totals = economics.totals(profile.document)
    values = {name: fact.read(profile.document, totals) for name, fact in facts.CATALOGUE.items()}
    answers = facts.answers_of(profile.document, fields)
    return HouseholdFacts(
        institution_id=profile.institution_id,
        grid_id=profile.grid_id,
        profile=profile,
        subject_id=profile.subject_id,
        number=profile.number,
        facts_hash=UUID(bytes=facts.fingerprint(values, answers, breaches)),
        answers=answers,
        **values,
    )


def places_of(institution_id: int, form: Form) -> Mapping[str, AnswerField]:
    """Return where the answers of a form lie, giving a place to questions and codes that have none yet."""
    asked = facts.asked(form)
    if not asked:
        return {}
    held = register(institution_id)
    lacking = [
        {
            "at": at,
            "type": ANSWER_TYPES[field.type],
            "codes": list(field.choices),
            "zh": field.words.zh,
            "en": field.words.en,
        }
        for at, field in asked.items()
        if (known := held.get((at, ANSWER_TYPES[field.type]))) is None or not set(field.choices) <= set(known.codes)
    ]
    if lacking:
        with connection.cursor() as cursor:
            cursor.execute("select lib.place_answers(%s, %s)", [institution_id, json.dumps(lacking)])
        held = register(institution_id)
    found = {at: held.get((at, ANSWER_TYPES[field.type])) for at, field in asked.items()}
    return {at: field for at, field in found.items() if field is not None}
