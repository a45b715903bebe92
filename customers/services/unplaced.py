"""Rows of imported lists that are in no grid: put into one, or put aside, by the branch manager."""

from datetime import date
from typing import Any

from django.db import transaction

from config.lib import audit, clock
from customers.domain.entities import Facts, Finding
from customers.models import Subject, UnplacedRow
from customers.selectors.entities import HOMES
from customers.services.entities import EntityRefusedError, write
from grids.access import Grid


def place(*, staff: Any, post_id: int | None, row: UnplacedRow, grid: Grid) -> Subject:
    """File a waiting row in a grid, on the roster from today.

    Raises EntityRefusedError when the grid does not hold its kind or its code is filed meanwhile.
    """
    if grid.kind not in HOMES[row.kind]:
        raise EntityRefusedError([Finding("grid", "place_of_another_kind", grid.name)])
    founded = row.facts.get("founded_on")
    facts = Facts(
        subject_kind=row.kind,
        name=row.name,
        uscc=row.uscc,
        address=row.address,
        founded_on=date.fromisoformat(founded) if founded else None,
        **{name: row.facts.get(name, "") for name in ("kind", "licence_name", "trade", "principal")},
    )
    with transaction.atomic():
        subject = write(grid=grid, told=facts, listed_on=clock.today(), roster=row.roster)
        _settle(staff, post_id, row, subject, "unplaced_placed")
    return subject


def dismiss(*, staff: Any, post_id: int | None, row: UnplacedRow) -> None:
    """Put a waiting row aside: it lies outside the territory, or is on file under another name."""
    with transaction.atomic():
        _settle(staff, post_id, row, None, "unplaced_dismissed")


def _settle(staff: Any, post_id: int | None, row: UnplacedRow, subject: Subject | None, verb: str) -> None:
    row.subject, row.settled_by, row.settled_at = subject, staff, clock.now()
    row.save(update_fields=["subject", "settled_by", "settled_at"])
    audit.record(
        staff=staff,
        verb=verb,
        about="unplaced",
        about_id=row.pk,
        detail={"roster": row.roster_id, "row": row.row},
        post_id=post_id,
    )
