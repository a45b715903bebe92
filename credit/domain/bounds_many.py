"""Exposure and bounds of many households: whole numbers instead of decimals, documents written as JSON text.

The rules are ``household_exposure`` and ``propose`` of ``credit.domain.bounds``; this says the same of a household in a round, letter by
letter, and a property test holds the one against the other. Nothing here may be changed without them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from credit.domain.bounds import BoundCode, ExposureSource, Filled, LineSettings, ObligationKind, ProposalOutcome
from credit.domain.merging import MergeOutcome
from credit.domain.merging_many import Merged, fen_text, yuan_text
from credit.domain.trace import exact_text

_ENDS = {
    MergeOutcome.REFUSED: ProposalOutcome.REFUSED,
    MergeOutcome.SUPPLEMENT: ProposalOutcome.SUPPLEMENT,
    MergeOutcome.DIVERGENT: ProposalOutcome.DIVERGENT,
}
_SOURCES = {
    ExposureSource.CORE: "exposure_from_core",
    ExposureSource.PROFILE: "exposure_from_profile",
    ExposureSource.NONE: "exposure_unknown",
}
_MERGED, _MODEL = BoundCode.MERGED.value, BoundCode.MODEL.value
_PRODUCT_CAP, _COMBINED_CAP, _HEADROOM = (
    BoundCode.PRODUCT_CAP.value,
    BoundCode.COMBINED_CAP.value,
    BoundCode.HEADROOM.value,
)
_PLACE = {kind: place for place, kind in enumerate(ObligationKind)}


class Owed(NamedTuple):
    """One obligation in fen; ``replaced`` marks the undrawn part of the line being replaced."""

    kind: ObligationKind
    amount: int
    replaced: bool = False


class Read(NamedTuple):
    """Where and when obligations were read (``household_exposure``)."""

    source: ExposureSource
    as_of: date
    filled: Filled | None = None


class Bounded(NamedTuple):
    """A proposal: outcome, amount and headroom in fen, what binds, and both documents as JSON text."""

    outcome: ProposalOutcome
    amount: int | None
    headroom: int
    binding: str
    proposal: str
    exposure: str


def _places(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))


class Bounder:
    """Bounds by the settings of one round. The step must be whole fen, as released ones are."""

    def __init__(self, settings: LineSettings) -> None:
        if _places(settings.step) > 2:
            raise ValueError("step must be whole fen")
        weights = {kind: settings.weight(kind) for kind in ObligationKind}
        # One scale for everything that is compared, wide enough that every sum and product of the settings is whole.
        places = max(
            2 + max(_places(weight) for weight in weights.values()),
            _places(settings.product_cap),
            _places(settings.household_cap),
            _places(settings.combined_cap or Decimal(0)),
        )
        self._scale = 10**places
        self._fen = 10 ** (places - 2)
        self._weights = {
            kind: (int(weight * self._fen), kind.value, exact_text(weight)) for kind, weight in weights.items()
        }
        self._product_cap = int(settings.product_cap * self._scale)
        self._household_cap = int(settings.household_cap * self._scale)
        self._combined_cap = None if settings.combined_cap is None else int(settings.combined_cap * self._scale)
        self._combined_text = exact_text(settings.combined_cap or Decimal(0))
        self._step = int(settings.step * self._scale)
        self._cap_text, self._all_text, self._step_text = (
            exact_text(value) for value in (settings.product_cap, settings.household_cap, settings.step)
        )
        self._model_required = settings.model_required

    def propose(self, merged: Merged, model_line: int | None, owed: Iterable[Owed], read: Read) -> Bounded:
        """Return the proposal for a household from its village figure, its model line in fen and what it owes."""
        lines, left_out, total, own = self._counted(owed)
        total_text = self._text(total)
        headroom = max(0, self._household_cap - total)
        figure = "null" if merged.amount is None else f'"{fen_text(merged.amount)}"'
        line = "null" if model_line is None else f'"{fen_text(model_line)}"'
        exposure = _exposure_document(lines, left_out, total_text, read)
        fen = headroom // self._fen

        def end(outcome: ProposalOutcome, trace: str) -> Bounded:
            document = (
                f'{{"outcome":"{outcome.value}","amount":null,"merged":{figure},"model_line":{line},'
                f'"bounds":{{}},"binding":[],"trace":[{trace}]}}'
            )
            return Bounded(outcome, None, fen, "[]", document, exposure)

        if merged.amount is None:
            told = f'{{"code":"village_without_figure","values":{{"outcome":"{merged.outcome.value}"}}}}'
            return end(_ENDS[merged.outcome], told)
        merged_text = yuan_text(merged.amount)
        trace = [_step("bound_merged", merged_text)]
        bounds = [(_MERGED, merged.amount * self._fen, merged_text)]
        if model_line is None:
            if self._model_required:
                trace.append('{"code":"model_line_missing","values":{}}')
                return end(ProposalOutcome.TO_PROFILE, ",".join(trace))
            trace.append('{"code":"model_line_skipped","values":{}}')
        else:
            model_text = yuan_text(model_line)
            trace.append(_step("bound_model", model_text))
            bounds.append((_MODEL, model_line * self._fen, model_text))
        trace.append(_step("bound_product_cap", self._cap_text))
        bounds.append((_PRODUCT_CAP, self._product_cap, self._cap_text))
        trace += _exposure_steps(lines, left_out, total_text, read)
        if self._combined_cap is not None:
            room = max(0, self._combined_cap - own * self._fen)
            room_text = self._text(room)
            trace.append(
                f'{{"code":"bound_combined_cap","values":{{"cap":"{self._combined_text}","own":"{yuan_text(own)}",'
                f'"amount":"{room_text}"}}}}'
            )
            bounds.append((_COMBINED_CAP, room, room_text))
        headroom_text = self._text(headroom)
        bounds.append((_HEADROOM, headroom, headroom_text))
        trace.append(
            f'{{"code":"bound_headroom","values":{{"cap":"{self._all_text}","exposure":"{total_text}",'
            f'"amount":"{headroom_text}"}}}}'
        )
        smallest = min(bound[1] for bound in bounds)
        binding = [code for code, amount, _text in bounds if amount == smallest]
        amount = smallest // self._step * self._step // self._fen
        smallest_text = self._text(smallest)
        listed = '["' + '","'.join(binding) + '"]'
        told = ",".join(f'"{code}":"{text}"' for code, _amount, text in bounds)
        trace.append(
            f'{{"code":"smallest_bound","values":{{"amount":"{smallest_text}","binding":"{",".join(binding)}"}}}}'
        )
        trace.append(
            f'{{"code":"floored","values":{{"exact":"{smallest_text}","step":"{self._step_text}","amount":"{yuan_text(amount)}"}}}}'
        )
        document = (
            f'{{"outcome":"proposed","amount":"{fen_text(amount)}","merged":{figure},"model_line":{line},'
            f'"bounds":{{{told}}},"binding":{listed},"trace":[{",".join(trace)}]}}'
        )
        return Bounded(ProposalOutcome.PROPOSED, amount, fen, listed, document, exposure)

    def _counted(self, owed: Iterable[Owed]) -> tuple[list[tuple[str, str, str, str]], int, int, int]:
        """Sum obligations by kind: (kind, amount, weight, counted) as texts, what is left out in fen, the scaled total, and what is
        owed and may be drawn here in fen."""
        sums: dict[ObligationKind, int] = {}
        left_out = 0
        for kind, amount, replaced in owed:
            if replaced:
                left_out += amount
            else:
                sums[kind] = sums.get(kind, 0) + amount
        lines, total = [], 0
        for kind in sorted(sums, key=_PLACE.__getitem__) if len(sums) > 1 else sums:
            weight, name, weight_text = self._weights[kind]
            counted = sums[kind] * weight
            total += counted
            lines.append((name, yuan_text(sums[kind]), weight_text, self._text(counted)))
        own = sums.get(ObligationKind.OWN_OUTSTANDING, 0) + sums.get(ObligationKind.OWN_UNDRAWN, 0)
        return lines, left_out, total, own

    def _text(self, scaled: int) -> str:
        return yuan_text(scaled, self._scale)


def _step(code: str, amount: str) -> str:
    return f'{{"code":"{code}","values":{{"amount":"{amount}"}}}}'


def _exposure_document(lines: list[tuple[str, str, str, str]], left_out: int, total: str, read: Read) -> str:
    of_snapshot = ""
    if read.filled is not None:
        day = "null" if read.filled.as_of is None else f'"{read.filled.as_of.isoformat()}"'
        kinds = ",".join(f'"{kind.value}"' for kind in read.filled.kinds)
        of_snapshot = f'"snapshot":{read.filled.snapshot},"filled":[{kinds}],"filled_as_of":{day},'
    listed = ",".join(
        f'{{"kind":"{kind}","amount":"{amount}","weight":"{weight}","counted":"{counted}"}}'
        for kind, amount, weight, counted in lines
    )
    return (
        f'{{"total":"{total}","source":"{read.source.value}","as_of":"{read.as_of.isoformat()}",'
        f'"left_out":"{yuan_text(left_out)}",{of_snapshot}"lines":[{listed}]}}'
    )


def _exposure_steps(lines: list[tuple[str, str, str, str]], left_out: int, total: str, read: Read) -> list[str]:
    steps = [f'{{"code":"{_SOURCES[read.source]}","values":{{"as_of":"{read.as_of.isoformat()}"}}}}']
    filled = read.filled
    if filled is not None and filled.as_of is None:
        steps.append('{"code":"exposure_core_alone","values":{}}')
    elif filled is not None and filled.as_of is not None and filled.kinds:
        kinds = ",".join(kind.value for kind in filled.kinds)
        steps.append(f'{{"code":"exposure_filled","values":{{"kind":"{kinds}","as_of":"{filled.as_of.isoformat()}"}}}}')
    steps += [
        f'{{"code":"exposure_line","values":{{"kind":"{kind}","amount":"{amount}","weight":"{weight}","counted":"{counted}"}}}}'
        for kind, amount, weight, counted in lines
    ]
    if left_out:
        steps.append(_step("replaced_line_left_out", yuan_text(left_out)))
    steps.append(_step("exposure_total", total))
    return steps
