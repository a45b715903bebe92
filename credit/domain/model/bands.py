"""Bands: intervals that meet exactly. A gap or an overlap is refused with the interval it concerns.

An edge says itself whether it belongs to the band: ``from`` and ``upto`` include it, ``above`` and ``below`` do not.
Bands compare the rounded figure on the grid of its type, so ``above 0.8`` of a ratio is ``from 0.80000001``
(Semantics, section 5a). An edge may be a fraction such as 1/3 and is rounded to the grid by the same rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from config.lib.money import EXACT, round_places
from credit.domain.model.expression import Kind
from credit.domain.model.problems import Findings


@dataclass(frozen=True)
class Edge:
    """One end of a band as it was written, and whether it belongs to the band."""

    text: str
    included: bool


@dataclass(frozen=True)
class Band:
    """An interval of grid values, both ends included (None is without end), with its edges as written."""

    low: Decimal | None
    high: Decimal | None
    lower: Edge | None
    upper: Edge | None
    value: Decimal
    code: str = ""

    def holds(self, figure: Decimal) -> bool:
        """Whether the rounded figure lies in the band."""
        return (self.low is None or figure >= self.low) and (self.high is None or figure <= self.high)


def read_bands(
    rows: Sequence[Mapping[str, object]],
    kind: Kind,
    path: str,
    findings: Findings,
) -> tuple[Band, ...]:
    """The bands over a number, complete and without overlap over its whole range, or faults noted."""
    known = len(findings.problems)
    bands = []
    for index, row in enumerate(rows):
        band = _read_band(row, kind, f"{path}[{index}]", findings)
        if band is not None:
            bands.append(band)
    if len(findings.problems) == known:
        _check_cover(bands, kind, path, findings)
    return tuple(bands)


def _read_band(row: Mapping[str, object], kind: Kind, path: str, findings: Findings) -> Band | None:
    if ("from" in row and "above" in row) or ("upto" in row and "below" in row):
        findings.add(path, "band_edges")
        return None
    unit = Decimal(1).scaleb(-kind.places)
    low = high = lower = upper = None
    for key in ("from", "above", "upto", "below"):
        if key not in row:
            continue
        text = str(row[key])
        exact = Fraction(text)
        point = round_places(exact, kind.places)
        if "/" not in text and Fraction(point) != exact:
            findings.add(f"{path}.{key}", "too_precise", value=text, places=kind.places)
            return None
        if key in ("from", "above"):
            low = point if key == "from" else EXACT.add(point, unit)
            lower = Edge(text, key == "from")
        else:
            high = point if key == "upto" else EXACT.subtract(point, unit)
            upper = Edge(text, key == "upto")
    if low is not None and high is not None and low > high:
        findings.add(path, "band_empty")
        return None
    return Band(low, high, lower, upper, Decimal(str(row.get("value", "0"))), str(row.get("code", "")))


def _check_cover(bands: Sequence[Band], kind: Kind, path: str, findings: Findings) -> None:
    """Walk the bands upwards; every grid value of the range must be met once, and none twice."""
    unit = Decimal(1).scaleb(-kind.places)
    ordered = sorted(bands, key=lambda band: _ENDLESS.copy_negate() if band.low is None else band.low)
    reached = _ENDLESS.copy_negate()  # the highest value held by a band so far
    before = Edge(f"{kind.low:f}", included=False)  # what the next gap begins with
    for index, band in enumerate(ordered):
        low = _ENDLESS.copy_negate() if band.low is None else band.low
        if index and low <= reached:
            findings.add(path, "band_overlap", interval=_overlap(low, min(reached, _top(band)), kind))
        missing_from = max(kind.low, reached + unit)
        if band.lower is not None and missing_from <= kind.high and low > missing_from:
            inside = low <= kind.high
            after = band.lower if inside else Edge(f"{kind.high:f}", included=False)
            findings.add(path, "band_gap", interval=_interval(before, after, upto_included=not inside))
        if _top(band) > reached:
            reached = _top(band)
            if reached >= kind.low and band.upper is not None:
                before = band.upper
    for index, band in enumerate(bands):
        if _top(band) < kind.low or (band.low is not None and band.low > kind.high):
            findings.add(f"{path}[{index}]", "band_unreachable", low=f"{kind.low:f}", high=f"{kind.high:f}")
    if reached < kind.high:
        after = Edge(f"{kind.high:f}", included=False)
        findings.add(path, "band_gap", interval=_interval(before, after, upto_included=True))


_ENDLESS = Decimal("Infinity")


def _top(band: Band) -> Decimal:
    return _ENDLESS if band.high is None else band.high


def _interval(before: Edge, after: Edge, *, upto_included: bool = False) -> str:
    """The values between the end of one band and the start of the next: what an edge includes is left out."""
    if before.text == after.text:
        return f"x = {before.text}"
    left = "<" if before.included else "<="
    right = "<=" if upto_included or not after.included else "<"
    return f"{before.text} {left} x {right} {after.text}"


def _overlap(low: Decimal, high: Decimal, kind: Kind) -> str:
    """The values two bands share, cut to the range."""
    low, high = max(low, min(kind.low, high)), min(high, max(kind.high, low))
    return f"x = {low:f}" if low == high else f"{low:f} <= x <= {high:f}"
