"""The days a bank works: its own released changes to the published calendar (Semantics, section 9)."""

from collections.abc import Mapping
from datetime import date

from config.lib import clock, releases
from config.lib.models import Release
from config.lib.parameters.shape import day

KIND = "work_calendar"


def read(release: Release | None) -> Mapping[date, bool]:
    """Return which days a release changes, and whether the bank works on each; none without one."""
    rows = release.document.get("days", ()) if release is not None else ()
    found = {day(row["on"]): bool(row.get("works", False)) for row in rows}
    return {on: works for on, works in found.items() if on is not None}


def changes_of(institution_id: int, on: date | None = None) -> Mapping[date, bool]:
    """Return the bank's changes to the published calendar as they stand on a day (today), for the functions of
    ``config.lib.weeks``; none while none are released."""
    return read(releases.together(institution_id, (KIND,), on or clock.today()).get(KIND))
