"""How the sheets of an opened round compare: leaning, agreement, the same figure throughout, always far from the merge.

Hints for the next choice of assessors, never verdicts. Amounts in yuan, shares in per cent. Agreement is Krippendorff's alpha of the
interval metric (K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011): 1 is full agreement, 0 that of chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from config.lib.money import round_places

FEWEST = 10
"""With fewer amounts than this nothing is hinted."""
LEANING = 20
"""A mean difference to the merge of so many per cent is worth a look."""
FAR = 50
"""An amount is far when it differs from the merge by more than so many per cent of it."""
MOSTLY = 90
"""So many per cent of the amounts are nearly all of them."""
GOOD, FAIR = Decimal("0.800"), Decimal("0.667")
"""Krippendorff's own marks: reliable from the first on, tentative from the second."""


@dataclass(frozen=True)
class Sheet:
    """What one sheet said: amounts by household, and how many it did not know, refused or stepped aside from."""

    amounts: Mapping[int, Decimal]
    unknown: int = 0
    refused: int = 0
    recused: int = 0


@dataclass(frozen=True)
class Reading:
    """One sheet beside the merge. ``hints``: identical, far, high, low. Figures are None where there is nothing to measure."""

    amounts: int
    compared: int
    bias: Decimal | None
    bias_percent: Decimal | None
    commonest_percent: Decimal | None
    far_percent: Decimal | None
    hints: tuple[str, ...]


def reading(sheet: Sheet, merged: Mapping[int, Decimal]) -> Reading:
    """Compare a sheet with the merged figures of the households it gave an amount for."""
    pairs = [(amount, merged[pk]) for pk, amount in sheet.amounts.items() if merged.get(pk)]
    count = len(sheet.amounts)
    commonest = max(Counter(sheet.amounts.values()).values(), default=0)
    far = sum(abs(amount - figure) * 100 > figure * FAR for amount, figure in pairs)
    bias = _mean([amount - figure for amount, figure in pairs])
    percent = _mean([Fraction(amount - figure) * 100 / Fraction(figure) for amount, figure in pairs])
    found = Reading(
        amounts=count,
        compared=len(pairs),
        bias=None if bias is None else round_places(bias, 0),
        bias_percent=None if percent is None else round_places(percent, 1),
        commonest_percent=_share(commonest, count),
        far_percent=_share(far, len(pairs)),
        hints=(),
    )
    return Reading(**{**found.__dict__, "hints": _hints(found)})


def _hints(found: Reading) -> tuple[str, ...]:
    hints = []
    if found.amounts >= FEWEST and (found.commonest_percent or 0) >= MOSTLY:
        hints.append("identical")
    if found.compared >= FEWEST and found.bias_percent is not None:
        if (found.far_percent or 0) >= MOSTLY:
            hints.append("far")
        if abs(found.bias_percent) >= LEANING:
            hints.append("high" if found.bias_percent > 0 else "low")
    return tuple(hints)


def _mean(values: Sequence[Decimal] | Sequence[Fraction]) -> Fraction | None:
    return sum((Fraction(value) for value in values), Fraction(0)) / len(values) if values else None


def _share(part: int, whole: int) -> Decimal | None:
    return round_places(Fraction(part * 100, whole), 1) if whole else None


def alpha(units: Iterable[Sequence[float]]) -> float | None:
    """Return Krippendorff's alpha of the interval metric over units (households) with the values given for each.

    Units with a single value say nothing of agreement and are left out. None when nothing can be compared, or all values are one.
    """
    rows = [np.asarray(values, dtype=np.float64) for values in units if len(values) > 1]
    if not rows:
        return None
    values: npt.NDArray[np.float64] = np.concatenate(rows)
    shift = values.mean()  # differences do not change, and the squares stay small
    # The sum of squared differences over all ordered pairs of m values is 2 * (m * sum of squares - square of the sum).
    observed = sum(_pairs(row - shift) / (len(row) - 1) for row in rows) / len(values)
    expected = _pairs(values - shift) / (len(values) * (len(values) - 1))
    return None if expected == 0 else float(1 - observed / expected)


def _pairs(values: npt.NDArray[np.float64]) -> float:
    return float(2 * (len(values) * np.square(values).sum() - values.sum() ** 2))
