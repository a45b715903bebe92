"""White and attention entries of the demo county, some to be looked at again now, one on its way off the list."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from config.lib import releases
from customers.domain.lists import read
from customers.models import Household, ListEntry, ListRelease, ListReview
from grids.models import Grid
from reporting.demo.organisation import Organisation

WHITE, ATTENTION = 23, 41
NOTES = {
    "guarantees": "为同村两户经营贷款提供担保",
    "sudden_change": "今年苹果受灾，收入比上次走访少一半",
    "disputed": "户口簿与名册人数不符，已请村委核实",
}


def write(organisation: Organisation, villages: Sequence[Grid], now: datetime) -> int:
    """Put borrowers of accepted files on the white list and a few households on attention; returns how many entries."""
    version = releases.in_force(organisation.bank.pk, "list_reasons", now.date())
    known = {reason.code: reason for reason in read(version.document)}
    listed = set(ListEntry.objects.filter(rejected_at__isnull=True).values_list("subject_id", flat=True))
    homes = Household.objects.filter(grid__in=villages, subject__left_on__isnull=True).select_related("grid")
    free = [home for home in homes.order_by("pk") if home.pk not in listed]
    borrowers = [home for home in free if home.borrower_id is not None][::WHITE]
    white = {home.pk for home in borrowers}
    watched = [home for home in free if home.pk not in white][::ATTENTION]
    entries: list[ListEntry] = []

    def add(home: Household, colour: str, reason: str, at: datetime, waits: bool, **more: Any) -> None:
        manager = organisation.managers[home.grid.branch_id]
        entries.append(
            ListEntry(
                institution_id=home.institution_id,
                grid_id=home.grid_id,
                recorded_grid_id=home.grid_id,
                subject_id=home.pk,
                colour=colour,
                reason=reason,
                note=NOTES.get(reason, ""),
                proposed_by=organisation.officer_of[home.grid_id],
                proposed_at=at,
                confirmed_by=None if waits else manager,
                confirmed_at=None if waits else at + timedelta(days=1, hours=3),
                reasons_version=version.version,
                tag_blocks=known[reason].blocking,
                **more,
            )
        )

    for place, home in enumerate(borrowers):
        reason = ("chosen_borrower", "good_customer")[place % 3 == 2]
        at = now - timedelta(days=3 + place % 40, hours=place % 7)
        review_on = known[reason].review_on("white", at.date())
        add(home, ListEntry.Colour.WHITE, reason, at, place % 9 == 4, person_id=home.borrower_id, review_on=review_on)
    for place, home in enumerate(watched):
        reason = ("guarantees", "sudden_change", "sudden_change", "disputed")[place % 4]
        at = now - timedelta(days=20 + place % 60, hours=place % 5)
        # Every third is to be looked at again about now.
        review_on = now.date() + timedelta(days=(-6 + place % 5) if place % 3 == 0 else 40 + place % 50)
        add(home, ListEntry.Colour.ATTENTION, reason, at, place % 7 == 5, review_on=review_on)
    ListEntry.objects.bulk_create(entries)
    _looked_at_again(organisation, now)
    _on_its_way_off(organisation, now)
    return len(entries)


def _in_force(organisation: Organisation) -> Any:
    found = ListEntry.objects.filter(
        confirmed_at__isnull=False, released_at__isnull=True, grid__branch=organisation.branches[0]
    )
    return found.order_by("pk")


def _recorded(entry: ListEntry) -> dict[str, Any]:
    return {
        "institution_id": entry.institution_id,
        "grid_id": entry.grid_id,
        "recorded_grid_id": entry.grid_id,
        "subject_id": entry.subject_id,
        "entry": entry,
    }


def _looked_at_again(organisation: Organisation, now: datetime) -> None:
    """Let two grey entries of the first branch have been reviewed and kept."""
    done = []
    for entry in _in_force(organisation).filter(colour="grey", review_on__gt=now.date())[:2]:
        former = now.date() - timedelta(days=4)
        done.append(
            ListReview(
                **_recorded(entry),
                former_on=former,
                next_on=entry.review_on,
                reason="逾期本金尚未还清，继续列入",
                reviewed_by=entry.proposed_by,
                reviewed_at=now - timedelta(days=4, hours=2),
            )
        )
    ListReview.objects.bulk_create(done)


def _on_its_way_off(organisation: Organisation, now: datetime) -> None:
    """Let the officer have asked that another grey entry of the first branch end."""
    waiting = [
        ListRelease(
            **_recorded(entry),
            reason="贷款已结清，附结清证明",
            asked_by=entry.proposed_by,
            asked_at=now - timedelta(days=1, hours=5),
        )
        for entry in _in_force(organisation).filter(colour="grey").order_by("-pk")[:1]
    ]
    ListRelease.objects.bulk_create(waiting)
