"""A whole column of ID numbers at once: the clean ones are recognised with arrays, the rest is left to `identity.check_id`.

"Clean" here is exactly what `check_id` passes without any finding; a test compares the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from customers.domain import identity, regions

_WEIGHTS: Final = np.array(identity.WEIGHTS, dtype=np.int32)
_CHECK: Final = np.frombuffer(identity.CHECK_CHARACTERS.encode(), dtype=np.uint8)
_POWERS: Final = 10 ** np.arange(16, -1, -1, dtype=np.int64)
_DAYS: Final = np.array(
    [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0, 0, 0, 0, 0] + [0] * 80, dtype=np.int16
)


@dataclass(slots=True)
class IdColumn:
    """`clean` tells which numbers carry no finding; `keys` holds their first 17 digits, which are the whole number (else -1).

    `male` is meaningful where `clean` is.
    """

    clean: npt.NDArray[np.bool_]
    keys: npt.NDArray[np.int64]
    male: npt.NDArray[np.bool_]


def scan(numbers: Sequence[str], today: date) -> IdColumn:
    """Scan a column of ID numbers as they stand; `today` bounds the birth dates."""
    size = len(numbers)
    clean = np.zeros(size, dtype=np.bool_)
    keys = np.full(size, -1, dtype=np.int64)
    male = np.zeros(size, dtype=np.bool_)
    if set(map(len, numbers)) == {18} and (joined := "".join(numbers)).isascii():
        places: npt.NDArray[np.intp] | slice = slice(None)
    else:
        chosen = [i for i, number in enumerate(numbers) if len(number) == 18 and number.isascii()]
        if not chosen:
            return IdColumn(clean, keys, male)
        joined = "".join([numbers[i] for i in chosen])
        places = np.array(chosen, dtype=np.intp)
    characters = np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, 18)
    digits = characters[:, :17] - np.uint8(48)
    good = (digits <= 9).all(axis=1)
    wide = digits.astype(np.int32)
    good &= _CHECK[(wide @ _WEIGHTS) % 11] == characters[:, 17]
    good &= _plausible(wide, today)
    clean[places] = good
    keys[places] = np.where(good, digits.astype(np.int64) @ _POWERS, -1)
    male[places] = digits[:, 16] % 2 == 1
    return IdColumn(clean, keys, male)


def _plausible(digits: npt.NDArray[np.int32], today: date) -> npt.NDArray[np.bool_]:
    """Birth date of the calendar, not future, not too old; county code known for the birth year."""
    digits = np.minimum(digits, 9)
    year = digits[:, 6] * 1000 + digits[:, 7] * 100 + digits[:, 8] * 10 + digits[:, 9]
    month = digits[:, 10] * 10 + digits[:, 11]
    day = digits[:, 12] * 10 + digits[:, 13]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = _DAYS[month] + (leap & (month == 2))
    birth = year * 10_000 + month * 100 + day
    oldest = identity.years_before(today, identity.OLDEST)
    region = digits[:, :6] @ np.array([100_000, 10_000, 1_000, 100, 10, 1], dtype=np.int32)
    good = (day >= 1) & (day <= last) & (birth <= _ordinal(today)) & (birth >= _ordinal(oldest))
    return np.asarray(good & (regions.last_year_table()[region] >= year), dtype=np.bool_)


def _ordinal(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
