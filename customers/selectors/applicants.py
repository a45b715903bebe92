"""Who applies for a household: its one borrower, when an officer last saw it, and whether a credit query was agreed to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from config.lib.weeks import business_day
from customers.domain import consents
from customers.models import Consent, Household, Visit
from customers.selectors.consents import agreed_to

LENDING = "lending"


@dataclass(frozen=True)
class Applicant:
    """The borrower of a household, else nobody; never an ID number or a phone."""

    person_id: int | None
    name: str
    sex: str
    born_on: date | None


def applicant_of(subject_id: int) -> Applicant:
    """Return the one member of a household who may borrow."""
    row = (
        Household.objects.filter(pk=subject_id, borrower__left_on__isnull=True, borrower__erased_at__isnull=True)
        .values_list("borrower_id", "borrower__name", "borrower__sex", "borrower__born_on")
        .first()
    )
    return Applicant(None, "", "", None) if row is None else Applicant(row[0], row[1] or "", row[2] or "", row[3])


def borrowers_of(subject_ids: Iterable[int]) -> dict[int, int]:
    """Return the one member who may borrow, by household; households without one present are left out. One query."""
    present = Household.objects.filter(
        pk__in=list(subject_ids), borrower__left_on__isnull=True, borrower__erased_at__isnull=True
    )
    rows = present.filter(borrower__isnull=False).values_list("pk", "borrower_id")
    return {pk: borrower for pk, borrower in rows if borrower is not None}


def last_seen_by(subject_id: int, staff_ids: list[int]) -> date | None:
    """Return the day one of these officers last met the household, as lead or partner; None when he never did."""
    met = Visit.objects.filter(subject_id=subject_id).exclude(outcome__in=Visit.NOT_VISITED)
    rows = met.filter(lead__in=staff_ids) | met.filter(partner__in=staff_ids)
    newest = rows.order_by("-device_at").values_list("device_at", flat=True).first()
    return business_day(newest) if newest else None


def agreed_to_a_query(subject_id: int) -> bool:
    """Whether the written consent to a credit query stands, and was given for lending and nothing else (Regulation on credit
    reporting, article 18)."""
    if subject_id not in agreed_to(consents.CREDIT_QUERY, [subject_id]):
        return False
    given: Any = Consent.objects.filter(subject_id=subject_id, scopes__contains=[consents.CREDIT_QUERY])
    newest = given.exclude(how=Consent.How.WITHDRAWN).order_by("-given_at", "-pk").first()
    return newest is not None and newest.credit_purpose == LENDING
