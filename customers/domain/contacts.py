"""Contact plans: how those are kept in touch with who are away, refuse or cannot be reached, instead of knocking again and again.

A plan leaves its subject out of what is suggested until its day: that of the next contact, or earlier, when whoever is away is
about to come back. A refusal is respected for the released number of days, with a plan or without one (Domain, sections 2.1 and 6.1).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from customers.domain.catalogue import Words
from customers.domain.economics import Problem

AWAY, REFUSED, UNREACHABLE = "away", "refused", "unreachable"
WHYS: Final = (AWAY, REFUSED, UNREACHABLE)
WAYS: Final[Mapping[str, Words]] = {
    "phone": Words("打电话", "by phone"),
    "video": Words("视频", "by video call"),
    "letter": Words("写信或留话", "by letter or message"),
    "festival": Words("春节返乡时上门", "at home for the Spring Festival"),
    "home": Words("找家中联系人", "through the contact at home"),
}
FESTIVAL: Final = "festival"
HOME: Final = "home"
ENDS: Final = ("reached", "back", "dropped")
FARTHEST: Final = timedelta(days=730)
REPLACED: Final = frozenset({"interviewed", "partial"})
"""Outcomes of a visit that end a plan by themselves: somebody was talked to."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Released figures (kind ``contact_plans``), in days; ``festivals`` the first days of Spring Festivals."""

    refusal_days: int
    unreachable_days: int
    near_days: int
    festivals: Sequence[date] = ()

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Rules":
        """Read a released document; its shape was checked when it was released."""
        days = sorted(date.fromisoformat(one["on"]) for one in document.get("festivals", ()))
        return cls(
            refusal_days=int(document["refusal_days"]),
            unreachable_days=int(document["unreachable_days"]),
            near_days=int(document["near_days"]),
            festivals=tuple(days),
        )


PLAIN: Final = Rules(refusal_days=90, unreachable_days=14, near_days=15)
"""What holds in a bank that has released none."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a plan says: why, which way, through whom (a member), when whoever is away is expected, when contact is next made."""

    why: str
    way: str
    contact: int | None = None
    returns_on: date | None = None
    next_on: date | None = None


def first_day(terms: Terms, rules: Rules, today: date) -> date:
    """Return the day contact is made when nobody named one."""
    if terms.why == REFUSED:
        return today + timedelta(days=rules.refusal_days)
    if terms.way == FESTIVAL:
        for day in rules.festivals:
            if day - timedelta(days=rules.near_days) > today:
                return day - timedelta(days=rules.near_days)
    if terms.returns_on is not None and terms.way != HOME:
        return max(today + timedelta(days=1), terms.returns_on - timedelta(days=rules.near_days))
    return today + timedelta(days=rules.unreachable_days)


def fitted(terms: Terms, rules: Rules, *, members: Collection[int], today: date) -> Terms:
    """Return terms that can be kept: what cannot is left out or moved into its range. A plan never stops the visit it goes with."""
    contact = terms.contact if terms.contact in members else None
    way = "phone" if terms.way not in WAYS or (terms.way == HOME and contact is None) else terms.way
    returns_on = terms.returns_on if terms.why == AWAY and _is_ahead(terms.returns_on, today) else None
    kept = replace(terms, way=way, contact=contact, returns_on=returns_on)
    wanted = first_day(kept, rules, today)
    if terms.next_on is not None and _is_ahead(terms.next_on, today):
        wanted = terms.next_on
    if terms.why == REFUSED:
        wanted = max(wanted, today + timedelta(days=rules.refusal_days))
    return replace(kept, next_on=min(wanted, today + FARTHEST))


def _is_ahead(day: date | None, today: date) -> bool:
    return day is not None and today < day <= today + FARTHEST


def problems(terms: Terms, rules: Rules, *, members: Collection[int], today: date) -> list[Problem]:
    """Return everything that keeps a plan made by itself from being kept."""
    found = []
    if terms.why not in WHYS:
        found.append(Problem("why", "contact_why_missing"))
    if terms.way not in WAYS:
        found.append(Problem("way", "contact_way_missing"))
    if terms.contact is not None and terms.contact not in members:
        found.append(Problem("contact", "contact_unknown"))
    elif terms.way == HOME and terms.contact is None:
        found.append(Problem("contact", "contact_missing"))
    if terms.returns_on is not None and not _is_ahead(terms.returns_on, today):
        found.append(Problem("returns_on", "contact_day_range"))
    if terms.next_on is not None and not _is_ahead(terms.next_on, today):
        found.append(Problem("next_on", "contact_day_range"))
    respected = today + timedelta(days=rules.refusal_days)
    if terms.why == REFUSED and terms.next_on is not None and terms.next_on < respected:
        found.append(Problem("next_on", "contact_too_soon", str(rules.refusal_days)))
    return found


@dataclass(frozen=True, slots=True)
class Rest:
    """How a subject stands between visits. ``until``: nobody knocks before that day (None: any day); ``due``: contact is to be made
    from that day on, ``way`` which; ``back_on``: expected back, ``seen_from`` the day this begins to count."""

    until: date | None = None
    due: date | None = None
    way: str = ""
    back_on: date | None = None
    seen_from: date | None = None


ANY_DAY: Final = Rest()


def rest_of(terms: Terms | None, refused_on: date | None, rules: Rules) -> Rest:
    """Tell it from the plan in force and from the last visit, if that was refused."""
    if terms is None and refused_on is None:
        return ANY_DAY
    respected = refused_on + timedelta(days=rules.refusal_days) if refused_on else None
    if terms is None or terms.next_on is None:
        return Rest(until=respected)
    seen_from = terms.returns_on - timedelta(days=rules.near_days) if terms.returns_on else None
    until = min(terms.next_on, seen_from) if seen_from else terms.next_on
    if respected is not None:
        until = max(until, respected)
    return Rest(until, terms.next_on, terms.way, terms.returns_on, seen_from)


SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "contact_why_missing": ("请选择原因", "Choose why"),
    "contact_way_missing": ("请选择怎么联系", "Choose how contact is made"),
    "contact_unknown": ("所选的人不在这户成员中", "That person is not a member of this household"),
    "contact_missing": ("请选择家中联系人", "Choose the contact at home"),
    "contact_day_range": ("日期应在今天之后、两年以内", "The day lies after today and within two years"),
    "contact_too_soon": (
        "对方拒访，{value} 天内不再联系，请改晚一些",
        "The visit was refused, so no contact is made for {value} days; choose a later day",
    ),
}


def sentence(code: str, value: str = "", language: str = "zh") -> str:
    """What a finding on a plan means and what to do about it."""
    return SENTENCES[code][language.startswith("en")].format(value=value)
