"""What a browser would send: the fields of the visit form as it stands, with changes."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from customers.models import Household, Person

_TAG = re.compile(r"<(input|textarea|select)\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


def fields_of(html: str) -> dict[str, str]:
    """Return names and values of the inputs of a page's visit form; templates, radios and check boxes left out."""
    form = html[html.index('<form id="visit"') :]
    form = re.sub(r"<template.*?</template>", "", form, flags=re.DOTALL)
    found = {}
    for _tag, text in _TAG.findall(form):
        given = dict(_ATTRIBUTE.findall(text))
        kind = given.get("type", "text")
        if "name" in given and kind not in ("radio", "checkbox", "file", "submit"):
            found[given["name"]] = unescape(given.get("value", ""))
    for name, body in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form, flags=re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        found[name] = chosen[1] if chosen else ""
    return found


def rows(prefix: str, items: list[dict[str, Any]], initial: int = 0) -> dict[str, Any]:
    """Return the fields of a section with these rows."""
    found: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(items),
        f"{prefix}-INITIAL_FORMS": initial,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 100,
    }
    for place, item in enumerate(items):
        found |= {f"{prefix}-{place}-{name}": value for name, value in item.items()}
    return found


def filled(household: Household, **changes: Any) -> dict[str, Any]:
    """Return the fields of a complete interview with consent."""
    people = list(Person.objects.filter(household=household, left_on__isnull=True).order_by("pk"))
    sent: dict[str, Any] = {
        "client_uuid": str(uuid4()),
        "device_at": "2026-11-18T08:30:00.000Z",
        "purpose": "census",
        "outcome": "interviewed",
        "consent": "spoken",
        "person_met": str(people[0].pk),
        "partner": "",
        "borrower": str(people[0].pk),
        "shares_held": "5,000",
        "status": "normal",
        "judgement": "good",
        "grade": "AA",
        "note": "",
        "next_visit_on": "",
    }
    sent |= rows(
        "members",
        [
            {"person": person.pk, "relation": person.relation, "labour": "able", "occupation": "farming"}
            for person in people
        ],
        len(people),
    )
    sent |= rows("assets", [{"kind": "house", "current": "150000", "disposable": "60000"}])
    sent |= rows("liabilities", [{"kind": "own_bank", "outstanding": "30000"}])
    sent |= rows("guarantees", [])
    sent |= rows(
        "income",
        [{"kind": "planting", "gross": "40000", "cost": "18000"}, {"kind": "labour", "gross": "3万"}],
    )
    sent |= rows("expenses", [{"kind": "living", "amount": "20000"}])
    sent |= rows("needs", [{"kind": "production_loan", "amount": "30000"}])
    sent |= rows("breaches", [])
    return sent | changes


def send(client: Client, household: Household, fields: dict[str, Any], **headers: str) -> Any:
    """Post the visit form of a household."""
    return client.post(reverse("customers:visit", args=[household.pk]), fields, headers=headers)
