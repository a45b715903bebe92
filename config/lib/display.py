"""How figures, money, dates and personal numbers are written on pages, in the language of the reader.

The writing of money, ratios and weeks lives in ``money``, ``ratios`` and ``weeks``; here it takes whatever a page holds:
a Decimal, a decimal string of a JSON document, a count, an exact ratio, nothing. What is missing is "—" everywhere, so
that nobody mistakes it for zero.
"""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from config.lib import clock
from config.lib.money import WAN, format_wan, format_yuan, grouped, in_wan, round_places
from config.lib.ratios import NOTHING, Ratio
from config.lib.weeks import SHANGHAI, Week, business_day, day_label

MINUS = "\u2212"


def _language() -> str:
    return get_language() or "zh-hans"


def exact_value(value: Any) -> Fraction | None:
    """Return the exact value, or None when there is none; floats (durations, distances) by their written form."""
    if isinstance(value, Ratio):
        return value.value
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        return Fraction(repr(value) if isinstance(value, float) else value)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError):
        return None


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, Decimal) or value is None:
        return value
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        try:
            return Decimal(value)
        except InvalidOperation:
            return None
    exact = exact_value(value)
    return None if exact is None else round_places(exact, 2)


def _signed(text: str) -> str:
    return text.replace("-", MINUS, 1)


def number(value: Any, places: int = 0) -> str:
    """Write a count, 12345 -> 12,345; ``places`` decimals, half-up."""
    exact = exact_value(value)
    return NOTHING if exact is None else _signed(f"{round_places(exact, int(places)):,f}")


def yuan(value: Any) -> str:
    """Write yuan with the unit, 35000 -> 35,000 元; fen only where there are any."""
    return _signed(format_yuan(_amount(value), _language()))


def yuan_figure(value: Any) -> str:
    """Write yuan without the unit, for columns that name it: 35000 -> 35,000."""
    return yuan(value).split(" ")[0]


def wan(value: Any, places: int = 2) -> str:
    """Write yuan as ten thousands with the unit, 35000 -> 3.50 万元."""
    return _signed(format_wan(_amount(value), _language(), int(places)))


def wan_figure(value: Any, places: int = 2) -> str:
    """Write yuan as ten thousands without the unit, for columns that name it: 35000 -> 3.50."""
    amount = _amount(value)
    return NOTHING if amount is None else _signed(grouped(in_wan(amount), int(places)))


def money(value: Any) -> str:
    """Write yuan in the unit people say it in: below 10,000 in 元, from there on in 万元."""
    amount = _amount(value)
    return yuan(amount) if amount is None or abs(amount) < WAN else wan(amount)


def ratio(value: Any, places: int = 2) -> str:
    """Write a ratio of 0 to 1 (or a Ratio of counts) as a percentage, half-up: 0.721 -> 72.10 %."""
    exact = exact_value(value)
    return NOTHING if exact is None else f"{number(exact * 100, places)} %"


def share(part: Any, whole: Any, places: int = 2) -> str:
    """Write part / whole as a percentage from exact counts; "—" when the whole is 0 (Semantics, section 1)."""
    top, bottom = exact_value(part), exact_value(whole)
    return NOTHING if top is None or not bottom else ratio(top / bottom, places)


def day(value: Any) -> str:
    """Write a day with its weekday in business time: 2026-11-21 周六."""
    if not isinstance(value, date):
        return str(value or NOTHING)
    return day_label(_business_day(value), _language())


def day_short(value: Any) -> str:
    """Write a day of the present months' lists: 11-21 周六; in English 21 Nov (Sat)."""
    text = day(value)
    if not isinstance(value, date):
        return text
    year = f"{_business_day(value).year}"
    return text.replace(f"{year}-", "", 1).replace(f" {year}", "", 1)


def moment(value: Any) -> str:
    """Write an instant in business time: 2026-11-21 周六 10:32."""
    return f"{day(value)} {time_of_day(value)}" if isinstance(value, datetime) else day(value)


def time_of_day(value: Any) -> str:
    """Write the time of an instant in business time: 10:32."""
    if not isinstance(value, datetime):
        return NOTHING
    return f"{value.astimezone(SHANGHAI) if value.tzinfo else value:%H:%M}"


def days_ago(value: Any) -> str:
    """Write how far a day lies from today: 今天, 昨天, 3 天前, 明天, 3 天后."""
    if not isinstance(value, date):
        return NOTHING
    days = (clock.today() - _business_day(value)).days
    if days == 0:
        return _("今天")
    if days in (1, -1):
        return _("昨天") if days == 1 else _("明天")
    if days > 0:
        return ngettext("%(days)s 天前", "%(days)s 天前", days) % {"days": number(days)}
    return ngettext("%(days)s 天后", "%(days)s 天后", -days) % {"days": number(-days)}


def week_of(value: Any) -> Week | None:
    """Return the ISO week a page means: a Week, a day or instant of it, (year, number), or a code such as 2026-W47."""
    if isinstance(value, Week):
        return value
    if isinstance(value, date):
        return Week.containing(_business_day(value))
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return Week(int(value[0]), int(value[1]))
    try:
        return Week.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def week(value: Any) -> str:
    """Write an ISO week with its days: 2026 年第 47 周（11-16 至 11-22）; text that is no week stays as it is."""
    one = week_of(value)
    return str(value or NOTHING) if one is None else one.label(_language())


def week_short(value: Any) -> str:
    """Write an ISO week where there is little room: 第 47 周."""
    one = week_of(value)
    return str(value or NOTHING) if one is None else _("第 %(week)s 周") % {"week": one.number}


def masked_id(value: Any) -> str:
    """Write an ID number with its county alone in clear: 370685 **** **** ****. The last four characters stay hidden:
    with division, birth date and sex on the page they would be the whole secret."""
    text = str(value or "")
    return f"{text[:6]} **** **** ****" if len(text) >= 15 else ("****" if text else NOTHING)


def masked_phone(value: Any) -> str:
    """Write a phone number as 138 **** 5678."""
    text = str(value or "")
    return f"{text[:3]} **** {text[-4:]}" if len(text) == 11 else ("****" if text else NOTHING)


def _business_day(value: date) -> date:
    if isinstance(value, datetime):
        return business_day(value) if value.tzinfo else value.date()
    return value
