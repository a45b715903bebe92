"""From the village figure and the model line to the figure that goes to the approver. Semantics, section 5.

Every amount is Decimal yuan. Products with weights stay exact; the one rounding is the floor to the product's
step at the very end, so that rounding never lifts a line over a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum

from config.lib.money import EXACT, MoneyError, round_step, yuan
from credit.domain.merging import MergeOutcome, MergeResult
from credit.domain.trace import Step, exact_text, step


class ObligationKind(StrEnum):
    """What a household already owes or stands for."""

    OWN_OUTSTANDING = "own_outstanding"  # 本行贷款余额
    OWN_UNDRAWN = "own_undrawn"  # 本行未用授信
    OTHER_BANKS = "other_banks"  # 他行借款
    PRIVATE = "private"  # 民间借款
    GUARANTEES = "guarantees"  # 对外担保


class ExposureSource(StrEnum):
    """Where the obligations were read."""

    CORE = "core"  # a snapshot of the core system
    PROFILE = "profile"  # the checked profile, until snapshots exist
    NONE = "none"  # no checked profile: nothing is known of any obligation


@dataclass(frozen=True)
class Obligation:
    """One obligation of any member, in yuan. ``replaced`` marks the undrawn part of the line being replaced."""

    kind: ObligationKind
    amount: Decimal
    replaced: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", ObligationKind(self.kind))
        object.__setattr__(self, "amount", yuan(self.amount))
        if self.amount < 0:
            raise ValueError("an obligation is 0 or more")
        if self.replaced and self.kind is not ObligationKind.OWN_UNDRAWN:
            raise ValueError("only an own undrawn commitment can be the line being replaced")


@dataclass(frozen=True)
class LineSettings:
    """The released parameters of a line: caps and step in yuan, weights as fractions of 1. ``combined_cap`` bounds this line together
    with what the household has at this bank already."""

    product_cap: Decimal = Decimal(200_000)
    household_cap: Decimal = Decimal(300_000)
    step: Decimal = Decimal(1_000)
    weight_other_banks: Decimal = Decimal(1)
    weight_guarantees: Decimal = Decimal("0.5")
    weight_private: Decimal = Decimal(0)
    model_required: bool = True
    raise_above_merged: bool = False
    combined_cap: Decimal | None = None

    def __post_init__(self) -> None:
        for name in DECIMAL_SETTINGS:
            value = getattr(self, name)
            if name == "combined_cap" and value is None:
                continue  # outside applications nothing is combined
            if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
                raise ValueError(f"{name} must be a decimal of 0 or more")
        if self.step <= 0:
            raise ValueError("step must be above 0")
        for name in ("model_required", "raise_above_merged"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be true or false")  # noqa: TRY004  # one error type for bad settings

    def weight(self, kind: ObligationKind) -> Decimal:
        """The share of an obligation that counts as exposure."""
        return {
            ObligationKind.OTHER_BANKS: self.weight_other_banks,
            ObligationKind.GUARANTEES: self.weight_guarantees,
            ObligationKind.PRIVATE: self.weight_private,
        }.get(kind, Decimal(1))

    def as_document(self) -> dict[str, object]:
        """The settings as JSON-ready data; decimals are strings."""
        return {
            entry.name: exact_text(value) if isinstance(value, Decimal) else value
            for entry in fields(self)
            if (value := getattr(self, entry.name)) is not None
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> LineSettings:
        """Settings from released parameters; absent ones take the default, unknown ones are refused."""
        unknown = set(document) - {entry.name for entry in fields(cls)}
        if unknown:
            raise ValueError(f"unknown line settings: {', '.join(sorted(unknown))}")
        values = dict(document)
        for name in DECIMAL_SETTINGS:
            if name in values:
                try:
                    values[name] = yuan(values[name])  # type: ignore[arg-type]
                except MoneyError as error:
                    raise ValueError(f"{name}: {error}") from None
        return cls(**values)  # type: ignore[arg-type]


DECIMAL_SETTINGS = (
    "product_cap",
    "household_cap",
    "step",
    "weight_other_banks",
    "weight_guarantees",
    "weight_private",
    "combined_cap",
)


@dataclass(frozen=True)
class ExposureLine:
    """The obligations of one kind: their sum, the weight, and what counts."""

    kind: ObligationKind
    amount: Decimal
    weight: Decimal
    counted: Decimal


@dataclass(frozen=True)
class Exposure:
    """A household's exposure on a date: the exact total and its lines, with where and when they were read.

    With a ``snapshot`` of the core system the lines of ``filled`` kinds, which it does not hold, come from the checked file
    of ``filled_as_of``; None when there is no such file.
    """

    total: Decimal
    lines: tuple[ExposureLine, ...]
    source: ExposureSource
    as_of: date
    left_out: Decimal = Decimal("0.00")
    snapshot: int | None = None
    filled: tuple[ObligationKind, ...] = ()
    filled_as_of: date | None = None

    @property
    def own(self) -> Decimal:
        """What the household owes and may draw at this bank, the line being replaced left out; unweighted."""
        found = Decimal("0.00")
        for line in self.lines:
            if line.kind in (ObligationKind.OWN_OUTSTANDING, ObligationKind.OWN_UNDRAWN):
                found = EXACT.add(found, line.amount)
        return found

    def as_document(self) -> dict[str, object]:
        """The exposure as JSON-ready data."""
        return {
            "total": exact_text(self.total),
            "source": self.source.value,
            "as_of": self.as_of.isoformat(),
            "left_out": exact_text(self.left_out),
            **({} if self.snapshot is None else self._of_snapshot()),
            "lines": [
                {
                    "kind": line.kind.value,
                    "amount": exact_text(line.amount),
                    "weight": exact_text(line.weight),
                    "counted": exact_text(line.counted),
                }
                for line in self.lines
            ],
        }

    def _of_snapshot(self) -> dict[str, object]:
        return {
            "snapshot": self.snapshot,
            "filled": [kind.value for kind in self.filled],
            "filled_as_of": None if self.filled_as_of is None else self.filled_as_of.isoformat(),
        }


@dataclass(frozen=True)
class Filled:
    """Which snapshot was read, and which kinds it does not hold came from the checked file of which day."""

    snapshot: int
    kinds: tuple[ObligationKind, ...] = ()
    as_of: date | None = None


def household_exposure(
    obligations: Iterable[Obligation],
    settings: LineSettings,
    *,
    source: ExposureSource,
    as_of: date,
    filled: Filled | None = None,
) -> Exposure:
    """The weighted obligations of all members on a date, in yuan; the line being replaced is left out."""
    sums: dict[ObligationKind, Decimal] = {}
    left_out = Decimal("0.00")
    for obligation in obligations:
        if obligation.replaced:
            left_out = EXACT.add(left_out, obligation.amount)
        else:
            sums[obligation.kind] = EXACT.add(sums.get(obligation.kind, Decimal("0.00")), obligation.amount)
    lines = tuple(
        ExposureLine(kind, sums[kind], settings.weight(kind), EXACT.multiply(sums[kind], settings.weight(kind)))
        for kind in ObligationKind
        if kind in sums
    )
    total = Decimal("0.00")
    for line in lines:
        total = EXACT.add(total, line.counted)
    if filled is None:
        return Exposure(total, lines, ExposureSource(source), as_of, left_out)
    return Exposure(total, lines, ExposureSource(source), as_of, left_out, filled.snapshot, filled.kinds, filled.as_of)


class BoundCode(StrEnum):
    """The things that can hold a line down."""

    MERGED = "merged"  # 评议合并额度
    MODEL = "model"  # 模型额度
    PRODUCT_CAP = "product_cap"  # 产品上限
    COMBINED_CAP = "combined_cap"  # 线上线下合计余量
    HEADROOM = "headroom"  # 家庭授信余量


@dataclass(frozen=True)
class Bound:
    """One bound and its exact amount in yuan."""

    code: BoundCode
    amount: Decimal


@dataclass(frozen=True)
class VillageOpinion:
    """What the village said: the outcome of the merge, or the reasoned group decision that settled a divergence."""

    outcome: MergeOutcome
    amount: Decimal | None
    group_reason: str = ""

    def __post_init__(self) -> None:
        if (self.outcome is MergeOutcome.MERGED) != (self.amount is not None):
            raise ValueError("a village figure is present exactly when the outcome is merged")
        if self.amount is not None:
            object.__setattr__(self, "amount", yuan(self.amount))
            if self.amount < 0:
                raise ValueError("a village figure is 0 or more")

    @classmethod
    def from_merge(cls, result: MergeResult) -> VillageOpinion:
        """The opinion as merged from the opened sheets."""
        return cls(result.outcome, result.amount)

    @classmethod
    def from_group_decision(cls, amount: Decimal, reason: str) -> VillageOpinion:
        """A divergence settled by the group, with its reason."""
        if not reason.strip():
            raise ValueError("a group decision needs a reason")
        return cls(MergeOutcome.MERGED, amount, reason.strip())


class ProposalOutcome(StrEnum):
    """What the bounds say about a household."""

    PROPOSED = "proposed"  # a figure for the approver
    REFUSED = "refused"  # 评议不予授信
    SUPPLEMENT = "supplement"  # 待补评议
    DIVERGENT = "divergent"  # 分歧
    TO_PROFILE = "to_profile"  # 待建档


@dataclass(frozen=True)
class Proposal:
    """The figure that goes to the approver, the bounds it comes from and those that bind.

    ``amount`` is present exactly when the outcome is proposed; ``merged`` is absent outside rounds.
    """

    outcome: ProposalOutcome
    amount: Decimal | None
    bounds: tuple[Bound, ...]
    binding: tuple[BoundCode, ...]
    merged: Decimal | None
    model_line: Decimal | None
    trace: tuple[Step, ...] = field(default=())

    def as_document(self) -> dict[str, object]:
        """The proposal as JSON-ready data."""
        return {
            "outcome": self.outcome.value,
            "amount": None if self.amount is None else str(self.amount),
            "merged": None if self.merged is None else str(self.merged),
            "model_line": None if self.model_line is None else str(self.model_line),
            "bounds": {bound.code.value: exact_text(bound.amount) for bound in self.bounds},
            "binding": [code.value for code in self.binding],
            "trace": [entry.as_document() for entry in self.trace],
        }


_NOT_MERGED = {
    MergeOutcome.REFUSED: ProposalOutcome.REFUSED,
    MergeOutcome.SUPPLEMENT: ProposalOutcome.SUPPLEMENT,
    MergeOutcome.DIVERGENT: ProposalOutcome.DIVERGENT,
}


def propose(
    settings: LineSettings,
    *,
    village: VillageOpinion | None,
    model_line: Decimal | None,
    exposure: Exposure,
    mode: tuple[str, str] | None = None,
) -> Proposal:
    """The smallest bound that exists, floored once to the step (Semantics, section 5); amounts in yuan.

    ``mode`` names the way in whose cap is the product cap, in both languages.

    ``village`` is None only outside a round. A round without a merged figure gives no amount, and with
    ``model_required`` neither does a household without a model line: nothing missing is ever taken for a pass.
    """
    trace: list[Step] = []
    merged = village.amount if village is not None else None
    line = None if model_line is None else yuan(model_line)
    if line is not None and line < 0:
        raise ValueError("a model line is 0 or more")

    def end(outcome: ProposalOutcome) -> Proposal:
        return Proposal(outcome, None, (), (), merged, line, tuple(trace))

    if village is None:
        trace.append(step("outside_rounds"))
    elif village.outcome is not MergeOutcome.MERGED:
        trace.append(step("village_without_figure", outcome=village.outcome.value))
        return end(_NOT_MERGED[village.outcome])
    bounds: list[Bound] = []
    if merged is not None:
        decided = village is not None and village.group_reason
        trace.append(step("bound_group" if decided else "bound_merged", amount=merged))
        bounds.append(Bound(BoundCode.MERGED, merged))

    if line is None and settings.model_required:
        trace.append(step("model_line_missing"))
        return end(ProposalOutcome.TO_PROFILE)
    if line is None:
        trace.append(step("model_line_skipped"))
    else:
        trace.append(step("bound_model", amount=line))
        bounds.append(Bound(BoundCode.MODEL, line))

    if mode is None:
        trace.append(step("bound_product_cap", amount=settings.product_cap))
    else:
        trace.append(step("bound_mode_cap", amount=settings.product_cap, mode_zh=mode[0], mode_en=mode[1]))
    bounds.append(Bound(BoundCode.PRODUCT_CAP, settings.product_cap))
    trace.extend(_exposure_steps(exposure))
    if settings.combined_cap is not None:
        room = max(Decimal("0.00"), EXACT.subtract(settings.combined_cap, exposure.own))
        trace.append(step("bound_combined_cap", cap=settings.combined_cap, own=exposure.own, amount=room))
        bounds.append(Bound(BoundCode.COMBINED_CAP, room))
    headroom = max(Decimal("0.00"), EXACT.subtract(settings.household_cap, exposure.total))
    trace.append(step("bound_headroom", cap=settings.household_cap, exposure=exposure.total, amount=headroom))
    bounds.append(Bound(BoundCode.HEADROOM, headroom))

    smallest = min(bound.amount for bound in bounds)
    binding = tuple(bound.code for bound in bounds if bound.amount == smallest)
    amount = yuan(round_step(smallest, settings.step, "down"))
    trace.append(step("smallest_bound", amount=smallest, binding=",".join(binding)))
    trace.append(step("floored", exact=smallest, step=settings.step, amount=amount))
    return Proposal(ProposalOutcome.PROPOSED, amount, tuple(bounds), binding, merged, line, tuple(trace))


def _exposure_steps(exposure: Exposure) -> list[Step]:
    source = {
        ExposureSource.CORE: "exposure_from_core",
        ExposureSource.PROFILE: "exposure_from_profile",
        ExposureSource.NONE: "exposure_unknown",
    }[exposure.source]
    steps = [step(source, as_of=exposure.as_of.isoformat())]
    if exposure.filled and exposure.filled_as_of is not None:
        kinds = ",".join(kind.value for kind in exposure.filled)
        steps.append(step("exposure_filled", kind=kinds, as_of=exposure.filled_as_of.isoformat()))
    elif exposure.snapshot is not None and exposure.filled_as_of is None:
        steps.append(step("exposure_core_alone"))
    steps.extend(
        step("exposure_line", kind=line.kind.value, amount=line.amount, weight=line.weight, counted=line.counted)
        for line in exposure.lines
    )
    if exposure.left_out:
        steps.append(step("replaced_line_left_out", amount=exposure.left_out))
    steps.append(step("exposure_total", amount=exposure.total))
    return steps
