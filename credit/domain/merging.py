"""Merging blind opinions into one village figure (背靠背合并). Semantics, section 4.

Values stay exact fractions until the one rounding at the end. The result does not depend on the order of the
opinions, and its trace names amounts but never assessors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from config.lib.money import MoneyError, Rounding, round_step, yuan
from credit.domain.opinions import Opinion, OpinionKind
from credit.domain.trace import Step, exact_text, step


class MergeOutcome(StrEnum):
    """How a merge ends."""

    MERGED = "merged"  # one figure
    REFUSED = "refused"  # 评议不予授信
    SUPPLEMENT = "supplement"  # 待补评议
    DIVERGENT = "divergent"  # 分歧


class MergeRule(StrEnum):
    """How amounts become one."""

    CLOSE_OR_COMPROMISE = "close_or_compromise"  # 额度接近或折中
    MEAN = "mean"
    MEDIAN = "median"
    MINIMUM = "minimum"
    TRIMMED_MEAN = "trimmed_mean"


class RefusalPolicy(StrEnum):
    """How many refusals refuse the household."""

    ANY = "any"  # at least one
    TWO = "two"  # at least two
    MAJORITY = "majority"  # more than half of the valid opinions


@dataclass(frozen=True)
class MergeSettings:
    """The released parameters of a merge; amounts in yuan, the spread limit in per cent of the median."""

    quorum: int = 3
    refusal_policy: RefusalPolicy = RefusalPolicy.TWO
    spread_limit_percent: Decimal = Decimal(100)
    tolerance: Decimal = Decimal(10_000)
    rule: MergeRule = MergeRule.CLOSE_OR_COMPROMISE
    step: Decimal = Decimal(1_000)
    rounding: Rounding = "down"

    def __post_init__(self) -> None:
        for name in ("spread_limit_percent", "tolerance", "step"):
            value = getattr(self, name)
            if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
                raise ValueError(f"{name} must be a decimal of 0 or more")
        if isinstance(self.quorum, bool) or not isinstance(self.quorum, int) or self.quorum < 1:
            raise ValueError("quorum must be a whole number of 1 or more")
        if self.step <= 0:
            raise ValueError("step must be above 0")
        if self.rounding not in ("down", "half_up"):
            raise ValueError("rounding must be down or half_up")
        object.__setattr__(self, "refusal_policy", RefusalPolicy(self.refusal_policy))
        object.__setattr__(self, "rule", MergeRule(self.rule))

    def as_document(self) -> dict[str, object]:
        """The settings as JSON-ready data; decimals are strings."""
        return {
            "quorum": self.quorum,
            "refusal_policy": self.refusal_policy.value,
            "spread_limit_percent": exact_text(self.spread_limit_percent),
            "tolerance": exact_text(self.tolerance),
            "rule": self.rule.value,
            "step": exact_text(self.step),
            "rounding": self.rounding,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> MergeSettings:
        """Settings from released parameters; absent ones take the default, unknown ones are refused."""
        unknown = set(document) - {entry.name for entry in fields(cls)}
        if unknown:
            raise ValueError(f"unknown merge settings: {', '.join(sorted(unknown))}")
        values = dict(document)
        for name in ("spread_limit_percent", "tolerance", "step"):
            if name in values:
                try:
                    values[name] = yuan(values[name])  # type: ignore[arg-type]
                except MoneyError as error:
                    raise ValueError(f"{name}: {error}") from None
        return cls(**values)  # type: ignore[arg-type]


DEFAULTS = MergeSettings()


@dataclass(frozen=True)
class MergeResult:
    """The village figure, or why there is none. ``amount`` is present exactly when the outcome is merged."""

    outcome: MergeOutcome
    amount: Decimal | None
    trace: tuple[Step, ...]
    valid: int
    refusals: int

    def as_document(self) -> dict[str, object]:
        """The result as JSON-ready data."""
        return {
            "outcome": self.outcome.value,
            "amount": None if self.amount is None else str(self.amount),
            "valid": self.valid,
            "refusals": self.refusals,
            "trace": [entry.as_document() for entry in self.trace],
        }


def merge(opinions: Iterable[Opinion], settings: MergeSettings = DEFAULTS) -> MergeResult:
    """The opinions on one household, merged in the order of tests of Semantics, section 4; amounts in yuan."""
    given = list(opinions)
    kinds = {kind: sum(opinion.kind is kind for opinion in given) for kind in OpinionKind}
    amounts = sorted(Fraction(opinion.amount) for opinion in given if opinion.amount is not None)
    refusals = kinds[OpinionKind.REFUSE]
    valid = refusals + len(amounts)
    trace = [
        step(
            "opinions_counted",
            opinions=len(given),
            valid=valid,
            amounts=len(amounts),
            refusals=refusals,
            unknown=kinds[OpinionKind.UNKNOWN],
            recused=kinds[OpinionKind.RECUSED],
        )
    ]

    def end(outcome: MergeOutcome, amount: Decimal | None = None) -> MergeResult:
        return MergeResult(outcome, amount, tuple(trace), valid, refusals)

    if valid < settings.quorum:
        trace.append(step("quorum_missed", valid=valid, quorum=settings.quorum))
        return end(MergeOutcome.SUPPLEMENT)
    trace.append(step("quorum_met", valid=valid, quorum=settings.quorum))

    if _refuses(settings.refusal_policy, refusals, valid):
        trace.append(step("refused", refusals=refusals, valid=valid, policy=settings.refusal_policy.value))
        return end(MergeOutcome.REFUSED)
    if refusals:
        trace.append(step("refusals_dropped", refusals=refusals, policy=settings.refusal_policy.value))
    if len(amounts) < 2:
        trace.append(step("too_few_amounts", amounts=len(amounts), needed=2))
        return end(MergeOutcome.SUPPLEMENT)

    spread = amounts[-1] - amounts[0]
    middle = _median(amounts)
    limit = middle * Fraction(settings.spread_limit_percent) / 100
    measured: dict[str, Fraction | Decimal] = {
        "lowest": amounts[0],
        "highest": amounts[-1],
        "spread": spread,
        "median": middle,
        "limit": limit,
        "percent": settings.spread_limit_percent,
    }
    if spread > limit:
        trace.append(step("spread_too_wide", **measured))
        return end(MergeOutcome.DIVERGENT)
    trace.append(step("spread_accepted", **measured))

    exact = _merged(amounts, settings, trace)
    if exact is None:
        return end(MergeOutcome.SUPPLEMENT)
    amount = yuan(round_step(exact, settings.step, settings.rounding))
    trace.append(step("rounded", exact=exact, step=settings.step, rounding=settings.rounding, amount=amount))
    return end(MergeOutcome.MERGED, amount)


def _refuses(policy: RefusalPolicy, refusals: int, valid: int) -> bool:
    if policy is RefusalPolicy.ANY:
        return refusals >= 1
    if policy is RefusalPolicy.TWO:
        return refusals >= 2
    return 2 * refusals > valid


def _merged(amounts: list[Fraction], settings: MergeSettings, trace: list[Step]) -> Fraction | None:
    """The exact merged value of at least two sorted amounts, or None when the rule needs more of them."""
    rule = settings.rule
    if rule is MergeRule.CLOSE_OR_COMPROMISE:
        spread = amounts[-1] - amounts[0]
        if spread <= Fraction(settings.tolerance):
            exact = _mean(amounts)
            trace.append(step("amounts_close", spread=spread, tolerance=settings.tolerance, exact=exact))
            return exact
        # min() keeps the first of equal gaps, and the amounts ascend, so a tie takes the lower pair.
        low, high = min(pairwise(amounts), key=lambda pair: pair[1] - pair[0])
        exact = (low + high) / 2
        trace.append(step("nearest_pair", spread=spread, tolerance=settings.tolerance, low=low, high=high, exact=exact))
        return exact
    if rule is MergeRule.TRIMMED_MEAN:
        if len(amounts) < 4:
            trace.append(step("too_few_amounts", amounts=len(amounts), needed=4))
            return None
        exact = _mean(amounts[1:-1])
        trace.append(step("trimmed_mean_taken", lowest=amounts[0], highest=amounts[-1], exact=exact))
        return exact
    if rule is MergeRule.MEDIAN:
        exact = _median(amounts)
        trace.append(step("median_taken", exact=exact))
    elif rule is MergeRule.MINIMUM:
        exact = amounts[0]
        trace.append(step("minimum_taken", exact=exact))
    else:
        exact = _mean(amounts)
        trace.append(step("mean_taken", exact=exact))
    return exact


def _mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _median(values: list[Fraction]) -> Fraction:
    """The middle of sorted values; with an even count the mean of the two middle ones."""
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
