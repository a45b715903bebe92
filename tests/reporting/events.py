"""Events of the reports' tests: households of a village and what they reached, written as the owner of the database."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from config.lib.clock import SHANGHAI
from config.lib.weeks import Week
from customers.models import Household, ListEntry, Milestone, Person, Subject, Visit
from grids.models import Campaign, Grid, Staff

WEEK = Week(2026, 46)
LISTED = date(2026, 1, 5)


def moment(week: Week, day: int = 2, hour: int = 10) -> datetime:
    """Return an instant of a week: its third day at ten by default."""
    return datetime.combine(week.days()[day], datetime.min.time(), SHANGHAI) + timedelta(hours=hour)


def households(grid: Grid, count: int, *, first: int = 1, kind: str = "household", **fields: Any) -> list[Subject]:
    """Write households of a village with a number and a head each."""
    given = {"listed_on": LISTED, **fields}
    subjects = Subject.objects.bulk_create(
        [Subject(institution_id=grid.institution_id, grid=grid, kind=kind, **given) for _ in range(count)]
    )
    Household.objects.bulk_create(
        [
            Household(subject=subject, institution_id=grid.institution_id, grid=grid, number=f"{at:04d}", group="1 组")
            for at, subject in enumerate(subjects, start=first)
        ]
    )
    heads = Person.objects.bulk_create(
        [
            Person(
                institution_id=grid.institution_id,
                grid=grid,
                household_id=subject.pk,
                name=f"刘{at}",
                relation="head",
            )
            for at, subject in enumerate(subjects, start=first)
        ]
    )
    for subject, head in zip(subjects, heads, strict=True):
        Household.objects.filter(pk=subject.pk).update(head=head)
    return subjects


def reach(
    subjects: Sequence[Subject],
    kind: str,
    at: datetime,
    *,
    campaign: Campaign,
    staff: Staff | None = None,
    device_on: date | None = None,
    amount: int | str | None = None,
) -> list[Milestone]:
    """Write the first event of a kind for each subject."""
    return Milestone.objects.bulk_create(
        [
            Milestone(
                institution_id=subject.institution_id,
                grid_id=subject.grid_id,
                recorded_grid_id=subject.grid_id,
                campaign=campaign,
                subject=subject,
                kind=kind,
                reached_at=at,
                device_on=device_on or at.astimezone(SHANGHAI).date(),
                staff=staff,
                amount=None if amount is None else Decimal(amount),
            )
            for subject in subjects
        ]
    )


def block(subjects: Sequence[Subject], colour: str, *, proposed: Staff, confirmed: Staff, at: datetime) -> None:
    """Put households on a list, confirmed by a second person."""
    ListEntry.objects.bulk_create(
        [
            ListEntry(
                institution_id=subject.institution_id,
                grid_id=subject.grid_id,
                recorded_grid_id=subject.grid_id,
                subject=subject,
                colour=colour,
                reason="overdue",
                proposed_by=proposed,
                confirmed_by=confirmed,
                confirmed_at=at,
                review_on=date(2099, 1, 1),
            )
            for subject in subjects
        ]
    )


def call_in_vain(subject: Subject, outcome: str, at: datetime, *, campaign: Campaign, lead: Staff) -> Visit:
    """Write a visit that met nobody or found the household gone."""
    return Visit.objects.create(
        institution_id=subject.institution_id,
        grid_id=subject.grid_id,
        recorded_grid_id=subject.grid_id,
        subject=subject,
        campaign=campaign,
        client_uuid=uuid4(),
        content_hash="",
        lead=lead,
        outcome=outcome,
        device_at=at,
        received_at=at,
    )
