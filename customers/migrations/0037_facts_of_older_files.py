from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import migrations, transaction

from customers.domain import economics, facts
from customers.domain.facts import ANSWER_TYPES, AnswerField
from customers.domain.form import read_form

BATCH = 2_000


def _register(apps: Any, institution_id: int, release: Any) -> dict[str, AnswerField]:
    """Give the questions of a form their places in the register of the bank."""
    known = apps.get_model("customers", "AnswerRegister").objects
    fields = {}
    for at, field in facts.asked(read_form(release.document)[0]).items():
        of = ANSWER_TYPES[field.type]
        row, made = known.get_or_create(
            institution_id=institution_id,
            at=at,
            type=of,
            defaults={
                "place": known.filter(institution_id=institution_id).count(),
                "codes": list(field.choices),
                "zh": field.words.zh,
                "en": field.words.en,
            },
        )
        if not made and (new := [code for code in field.choices if code not in row.codes]):
            row.codes = [*row.codes, *new]
            row.save(update_fields=["codes"])
        fields[at] = AnswerField(row.place, of, tuple(row.codes))
    return fields


def freeze(apps: Any, _editor: Any) -> None:
    """Write the facts of every revision that has none, in batches; stopped half-way it goes on where it was."""
    profiles, rows = apps.get_model("customers", "Profile").objects, apps.get_model("customers", "HouseholdFacts")
    breaches, releases = apps.get_model("customers", "BreachFact"), apps.get_model("lib", "Release").objects
    fields: dict[tuple[int, int | None], dict[str, AnswerField]] = {}
    done = set(rows.objects.values_list("profile_id", flat=True))
    waiting = [pk for pk in profiles.order_by("pk").values_list("pk", flat=True).iterator() if pk not in done]
    for start in range(0, len(waiting), BATCH):
        with transaction.atomic():
            files = profiles.filter(pk__in=waiting[start : start + BATCH]).only(
                "institution_id", "grid_id", "subject_id", "number", "form_id", "document"
            )
            _write(files, rows, breaches, releases, fields, apps)


def _write(files: Iterable[Any], rows: Any, breaches: Any, releases: Any, fields: Any, apps: Any) -> None:
    made, listed_all = [], []
    for file in files:
        key = (file.institution_id, file.form_id)
        if key not in fields:
            release = releases.get(pk=file.form_id) if file.form_id else None
            fields[key] = _register(apps, file.institution_id, release) if release is not None else {}
        totals = economics.totals(file.document)
        values = {name: fact.read(file.document, totals) for name, fact in facts.CATALOGUE.items()}
        answers, listed = facts.answers_of(file.document, fields[key]), facts.breaches_of(file.document)
        place = {"institution_id": file.institution_id, "grid_id": file.grid_id, "subject_id": file.subject_id}
        made.append(
            rows(
                **place,
                profile_id=file.pk,
                number=file.number,
                facts_hash=UUID(bytes=facts.fingerprint(values, answers, listed)),
                answers=answers,
                **values,
            )
        )
        listed_all += [
            breaches(
                **place,
                profile_id=file.pk,
                place=number,
                days_overdue=one.days_overdue,
                settled=one.settled,
                measure=one.measure,
                what=one.subject,
            )
            for number, one in enumerate(listed)
        ]
    rows.objects.bulk_create(made, batch_size=500)
    breaches.objects.bulk_create(listed_all, batch_size=1000)


class Migration(migrations.Migration):
    """The facts of the revisions that are there already."""

    atomic = False
    dependencies = [("customers", "0036_facts")]
    operations = [migrations.RunPython(freeze, migrations.RunPython.noop, elidable=True)]
