"""Business weeks, calendar months and working days, all in Asia/Shanghai (Semantics, sections 2 and 9).

Framework-free: the present instant is always an argument; `config.lib.clock` alone reads it.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import total_ordering
from types import MappingProxyType
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
FREEZE_HOUR = 6  # a week is frozen on the following Monday at this hour

_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NO_CHANGES: Mapping[date, bool] = MappingProxyType({})


def business_day(moment: datetime | date) -> date:
    """Return the Shanghai day of an aware instant; a plain date is returned as it is."""
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"instant {moment.isoformat()} has no time zone")
    return moment.astimezone(SHANGHAI).date()


@total_ordering
@dataclass(frozen=True)
class Week:
    """An ISO week [Monday 00:00, next Monday 00:00) in Shanghai, frozen on that next Monday at 06:00."""

    year: int
    number: int

    def __post_init__(self) -> None:
        """Refuse a week the ISO year does not have."""
        date.fromisocalendar(self.year, self.number, 1)

    @classmethod
    def containing(cls, moment: datetime | date) -> "Week":
        """Return the week an instant or a day belongs to."""
        iso = business_day(moment).isocalendar()
        return cls(iso.year, iso.week)

    @classmethod
    def parse(cls, code: str) -> "Week":
        """Read a week code such as 2026-W47."""
        year, mark, number = code.partition("-W")
        if not (
            mark and len(year) == 4 and len(number) == 2 and (year + number).isascii() and (year + number).isdigit()
        ):
            raise ValueError(f"{code!r} is not a week such as 2026-W47")
        return cls(int(year), int(number))

    @classmethod
    def last_to_freeze(cls, now: datetime) -> "Week":
        """Return the latest week whose time of freezing has come."""
        return cls.containing(now.astimezone(SHANGHAI) - timedelta(hours=FREEZE_HOUR)).previous

    @property
    def code(self) -> str:
        """Short form for addresses and file names: 2026-W47."""
        return f"{self.year:04d}-W{self.number:02d}"

    @property
    def first_day(self) -> date:
        """Monday."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """Sunday."""
        return date.fromisocalendar(self.year, self.number, 7)

    @property
    def starts_at(self) -> datetime:
        """Monday 00:00, included."""
        return datetime.combine(self.first_day, time(), SHANGHAI)

    @property
    def ends_at(self) -> datetime:
        """Next Monday 00:00, excluded."""
        return self.next.starts_at

    @property
    def freezes_at(self) -> datetime:
        """Next Monday 06:00."""
        return datetime.combine(self.next.first_day, time(FREEZE_HOUR), SHANGHAI)

    @property
    def previous(self) -> "Week":
        """The week before."""
        return Week.containing(self.first_day - timedelta(days=7))

    @property
    def next(self) -> "Week":
        """The week after."""
        return Week.containing(self.first_day + timedelta(days=7))

    def days(self) -> tuple[date, ...]:
        """Return Monday to Sunday."""
        return tuple(self.first_day + timedelta(days=ahead) for ahead in range(7))

    def includes(self, moment: datetime | date) -> bool:
        """Tell whether an instant or a day lies in the week."""
        return self.first_day <= business_day(moment) <= self.last_day

    def is_freezable(self, now: datetime) -> bool:
        """Tell whether the time of freezing has come."""
        return now >= self.freezes_at

    def label(self, language: str) -> str:
        """Return the week in words: 2026 年第 47 周（11-16 至 11-22）, Week 47 of 2026 (16 Nov to 22 Nov)."""
        first, last = self.first_day, self.last_day
        if language.startswith("zh"):
            return f"{self.year} 年第 {self.number} 周（{first:%m-%d} 至 {last:%m-%d}）"
        return f"Week {self.number} of {self.year} ({_day_month(first)} to {_day_month(last)})"

    def __lt__(self, other: "Week") -> bool:
        """Order by time."""
        return (self.year, self.number) < (other.year, other.number)

    def __str__(self) -> str:
        """Return the code."""
        return self.code


def weeks_between(first: Week, last: Week) -> Iterator[Week]:
    """Yield the weeks from first to last, both included."""
    while first <= last:
        yield first
        first = first.next


def last_weeks(count: int, until: Week) -> tuple[Week, ...]:
    """Return `count` weeks ending with `until`, oldest first."""
    return tuple(Week.containing(until.first_day - timedelta(days=7 * back)) for back in reversed(range(count)))


def day_label(day: date, language: str) -> str:
    """Return a day with its weekday: 2026-11-21 周六, 21 Nov 2026 (Sat)."""
    if language.startswith("zh"):
        return f"{day.isoformat()} 周{_WEEKDAYS_ZH[day.weekday()]}"
    return f"{_day_month(day)} {day.year} ({_WEEKDAYS_EN[day.weekday()]})"


def instant_label(moment: datetime, language: str) -> str:
    """Return an instant to the minute in Shanghai time: 2026-11-23 06:00, 23 Nov 2026, 06:00."""
    local = moment.astimezone(SHANGHAI)
    if language.startswith("zh"):
        return f"{local:%Y-%m-%d %H:%M}"
    return f"{_day_month(local.date())} {local.year}, {local:%H:%M}"


def _day_month(day: date) -> str:
    return f"{day.day} {_MONTHS_EN[day.month - 1]}"


def add_months(day: date, months: int) -> date:
    """Return the day so many calendar months later (or earlier), clipped to the month's end: 31 Jan + 1 = 28 Feb."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


def is_working_day(day: date, changes: Mapping[date, bool] = _NO_CHANGES) -> bool:
    """Tell whether the bank works that day.

    `changes` (day -> works?) come first: the holiday table an institution maintains. Then the published State Council
    calendar, make-up weekends included, for the years it is known; beyond these Monday to Friday.
    """
    if day in changes:
        return changes[day]
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # the year is not published yet, or long past
        return day.weekday() < 5


def working_day_on_or_before(day: date, changes: Mapping[date, bool] = _NO_CHANGES) -> date:
    """Return the day itself, or the nearest working day before it: deadlines never move later (Semantics, section 9)."""
    while not is_working_day(day, changes):
        day -= timedelta(days=1)
    return day


def working_day_after(start: date, days: int, changes: Mapping[date, bool] = _NO_CHANGES) -> date:
    """Return the day that so many working days follow a day; the day itself for 0."""
    day = start
    for _day in range(days):
        day += timedelta(days=1)
        while not is_working_day(day, changes):
            day += timedelta(days=1)
    return day


def month_deadline(start: date, months: int, changes: Mapping[date, bool] = _NO_CHANGES) -> date:
    """Return the last working day on or before `start` plus calendar months (Semantics, section 9)."""
    return working_day_on_or_before(add_months(start, months), changes)


def working_days(first: date, last: date, changes: Mapping[date, bool] = _NO_CHANGES) -> int:
    """Count the working days from first to last, both included; 0 when last lies before first."""
    return sum(is_working_day(first + timedelta(days=ahead), changes) for ahead in range((last - first).days + 1))
