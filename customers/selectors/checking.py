"""The rules of the second check as released: by when a file is to be checked, and for which reasons it goes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from config.lib import clock, releases, working_days
from config.lib.clock import SHANGHAI
from config.lib.weeks import business_day, working_day_after

KIND = "second_check"


@dataclass(frozen=True, slots=True)
class ReturnReason:
    """One released reason for returning a file."""

    code: str
    zh: str
    en: str

    def label(self, language: str) -> str:
        """Return its words in the reader's language."""
        return self.en if language.startswith("en") else self.zh


@dataclass(frozen=True, slots=True)
class CheckRules:
    """``due_days``: working days within which a file is to be checked, None while none is released; ``release``: the version."""

    due_days: int | None = None
    reasons: tuple[ReturnReason, ...] = ()
    release: int | None = None
    # The bank's own changes to the calendar of working days.
    changes: Mapping[date, bool] = field(default_factory=dict)
    # A queue asks for the same few days a thousand times.
    _due: dict[date, date] = field(default_factory=dict, init=False, repr=False, compare=False)

    def due_on(self, submitted_at: datetime) -> date | None:
        """Return the last day a file submitted then is to be checked on."""
        if self.due_days is None:
            return None
        day = business_day(submitted_at)
        if day not in self._due:
            self._due[day] = self._after(day, self.due_days)
        return self._due[day]

    def _after(self, day: date, days: int) -> date:
        return working_day_after(day, days, self.changes)

    def is_overdue(self, submitted_at: datetime) -> bool:
        """Whether a file submitted then should have been checked before today."""
        due = self.due_on(submitted_at)
        return due is not None and due < clock.today()

    def overdue_before(self, today: date) -> datetime | None:
        """Return the instant before which a file was submitted that is overdue on a day; the same rule, for a condition."""
        if self.due_days is None:
            return None
        day = today
        while self._after(day, self.due_days) >= today:
            day -= timedelta(days=1)
        return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def _read(document: Mapping[str, Any], release: int, changes: Mapping[date, bool]) -> CheckRules:
    reasons = tuple(ReturnReason(one["code"], one["zh"], one["en"]) for one in document["reasons"])
    return CheckRules(int(document["due_working_days"]), reasons, release, changes)


def rules_on(institution_id: int, on: date) -> CheckRules:
    """Return the rules in force on a day; without a release nothing is overdue and a file goes back with words alone."""
    found = releases.together(institution_id, (KIND, working_days.KIND), on)
    release = found.get(KIND)
    if release is None:
        return CheckRules()
    return _read(release.document, release.pk, working_days.read(found.get(working_days.KIND)))
