"""Milestones: the first time a subject reaches a stage in the campaign that is open when the server learns of it."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from customers.models import Milestone, Subject
from grids.selectors.campaigns import open_campaign


def reach(
    kind: str,
    *,
    subject: Subject,
    at: datetime,
    staff: Any = None,
    device_on: date | None = None,
    amount: Decimal | None = None,
) -> None:
    """Record that a subject reached a stage; the first event counts, later ones change nothing (Semantics, section 2).

    ``at`` is the server's receipt; ``device_on`` the device's visit date, which tells late entries; ``amount`` in yuan.
    Between two campaigns nothing counts and nothing is written.
    """
    reach_all(kind, subjects=[subject], at=at, staff=staff, device_on=device_on, amounts={subject.pk: amount})


def reach_all(
    kind: str,
    *,
    subjects: Iterable[Subject],
    at: datetime,
    staff: Any = None,
    device_on: date | None = None,
    amounts: dict[int, Decimal | None] | None = None,
) -> None:
    """Record a stage for many subjects of one institution in one statement; ``amounts`` in yuan by subject id."""
    rows = list(subjects)
    if not rows:
        return
    campaign = open_campaign(rows[0].institution_id)
    if campaign is None:
        return
    Milestone.objects.bulk_create(
        [
            Milestone(
                institution_id=subject.institution_id,
                grid_id=subject.grid_id,
                recorded_grid_id=subject.grid_id,
                campaign=campaign,
                subject=subject,
                kind=kind,
                reached_at=at,
                device_on=device_on,
                staff=staff,
                amount=(amounts or {}).get(subject.pk),
            )
            for subject in rows
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
