"""Slips of the finger beside a value last accepted: a digit too many or too few, two neighbouring digits the wrong way round,
万元 for 元.

One question an amount, which the officer answers with one tap; nothing is refused. Asked so that an honest change is hardly ever
taken for a slip: families do grow richer by half, they rarely do so by exactly one digit.
"""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from customers.domain import diff
from customers.domain.economics import Problem
from customers.domain.form.definition import Form

Slip = Literal["digit_more", "digit_less", "digits_swapped", "typed_in_wan"]

LEAST: Final = Decimal(1000)
"""Yuan below which a slip moves too little to be asked about."""
NEAR: Final = Decimal("0.08")
"""How near to the value last accepted the amount comes once the slip is undone, as a share of that value."""
SWAPPED_NEAR: Final = Decimal("0.02")
SWAPPED_FAR: Final = Decimal("0.3")
"""The same for two swapped digits, and how far from the former the typed amount lies before they are thought of; digits that are
exactly the former ones always are. Narrow, since some swap of a changed amount comes near the former by chance."""


def slip(before: Decimal, after: Decimal) -> Slip | None:
    """Tell which slip would explain an amount where another was accepted last; whole yuan, None where none would.

    ``digit_more``: without one digit it would be near the former (ten times, or a digit doubled). ``digit_less``: with one digit more
    it would be. ``digits_swapped``: two neighbours exchanged give exactly the former, or one near it from far away. ``typed_in_wan``: 万元 where 元 is asked.
    """
    if before >= LEAST and after > 0 and abs(after * 10_000 - before) <= NEAR * before:
        return "typed_in_wan"
    was, now = int(before), int(after)
    if was == now or max(was, now) < LEAST or min(was, now) <= 0:
        return None
    if now > 3 * was and any(_is_near(one, was) for one in _without_one(now)):
        return "digit_more"
    if was > 3 * now and _is_near(now * 10 + 4, was):
        return "digit_less"
    swapped = list(_swapped(now))
    if was in swapped:
        return "digits_swapped"
    if abs(now - was) > SWAPPED_FAR * was:
        alike = (one for one in swapped if _zeros(one) == _zeros(now))
        return "digits_swapped" if any(abs(one - was) <= SWAPPED_NEAR * was for one in alike) else None
    return None


def slips(
    form: Form, before: Mapping[str, Any], after: Mapping[str, Any], confirmed: Collection[str] = ()
) -> list[Problem]:
    """Return a question for every amount of a canonical document that looks like a slip beside the file last accepted."""
    found = []
    for row in diff.compare(form, before, after):
        if row.change not in ("up", "down") or not row.path or row.path in confirmed:
            continue
        if row.asked is None or row.asked.type != "yuan":
            continue
        code = slip(Decimal(row.before), Decimal(row.after))
        if code is not None:
            found.append(Problem(row.path, code, f"{Decimal(row.before):,.0f}", "question"))
    return found


def _is_near(amount: int, was: int) -> bool:
    return abs(amount - was) <= NEAR * was


def _without_one(amount: int) -> Iterator[int]:
    digits = str(amount)
    for place in range(len(digits)):
        rest = digits[:place] + digits[place + 1 :]
        if rest:
            yield int(rest)


def _swapped(amount: int) -> Iterator[int]:
    digits = str(amount)
    for place in range(len(digits) - 1):
        if digits[place] != digits[place + 1]:
            yield int(digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :])


def _zeros(amount: int) -> int:
    """Zeros at the end: who means 20,400 does not type 24,000."""
    digits = str(amount)
    return len(digits) - len(digits.rstrip("0"))
