"""The merge of many households: equal opinions merged once, figures as whole fen, the trace written as JSON text.

The rule is ``credit.domain.merging.merge``; this says the same, letter by letter, some thirty times faster, and a property test holds
the one against the other. Nothing here may be changed without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from math import gcd
from typing import NamedTuple

from credit.domain.merging import MergeOutcome, MergeRule, MergeSettings, RefusalPolicy
from credit.domain.opinions import Opinion, OpinionKind
from credit.domain.trace import exact_text

MOST_KEPT = 100_000


class Merged(NamedTuple):
    """The village figure in fen, None unless merged, and the whole result as JSON text (``MergeResult.as_document``)."""

    outcome: MergeOutcome
    amount: int | None
    document: str


class Opinions(NamedTuple):
    """What was said of one household, whoever said it: amounts in fen, ascending, and how many of every other kind."""

    amounts: tuple[int, ...]
    refusals: int
    unknown: int
    recused: int


def counted(opinions: Iterable[Opinion]) -> Opinions:
    """Return opinions as what a merge depends on: their number by kind and the sorted amounts."""
    amounts: list[int] = []
    refusals = unknown = recused = 0
    for opinion in opinions:
        kind = opinion.kind
        if kind is OpinionKind.AMOUNT:
            amounts.append(int(opinion.amount * 100))  # type: ignore[operator]  # an opinion of this kind has one
        elif kind is OpinionKind.REFUSE:
            refusals += 1
        elif kind is OpinionKind.UNKNOWN:
            unknown += 1
        else:
            recused += 1
    amounts.sort()
    return Opinions(tuple(amounts), refusals, unknown, recused)


_TENS = {10**places: places for places in range(13)}


def yuan_text(numerator: int, denominator: int = 100) -> str:
    """Return a fraction of yuan of 0 or more as exact text, from fen unless said otherwise."""
    whole, rest = divmod(numerator, denominator)
    if not rest:
        return str(whole)
    places = _TENS.get(denominator)
    if places is None:
        return exact_text(Fraction(numerator, denominator))
    return f"{whole}.{rest:0{places}d}".rstrip("0")


def fen_text(fen: int) -> str:
    """Return an amount as text with two places."""
    return f"{fen // 100}.{fen % 100:02d}"


class Merger:
    """Merges by the settings of one round. The step must be whole fen, as released ones are."""

    def __init__(self, settings: MergeSettings) -> None:
        step = Fraction(settings.step) * 100
        if step.denominator != 1:
            raise ValueError("step must be whole fen")
        self._settings = settings
        self._step = step.numerator
        self._percent = Fraction(settings.spread_limit_percent)
        self._tolerance = Fraction(settings.tolerance) * 100
        self._known: dict[Opinions, Merged] = {}
        self._measured = f'"percent":"{exact_text(settings.spread_limit_percent)}"'
        self._told_tolerance = f'"tolerance":"{exact_text(settings.tolerance)}"'
        self._told_step = f'"step":"{exact_text(settings.step)}","rounding":"{settings.rounding}"'

    def merge(self, opinions: Iterable[Opinion]) -> Merged:
        """Return the merge of the opinions on one household."""
        key = counted(opinions)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            found = self._known[key] = self._merge(key)
        return found

    def _merge(self, said: Opinions) -> Merged:
        settings, amounts, refusals = self._settings, said.amounts, said.refusals
        valid = refusals + len(amounts)
        trace = [
            f'{{"code":"opinions_counted","values":{{"opinions":"{valid + said.unknown + said.recused}","valid":"{valid}",'
            f'"amounts":"{len(amounts)}","refusals":"{refusals}","unknown":"{said.unknown}","recused":"{said.recused}"}}}}'
        ]

        def end(outcome: MergeOutcome, amount: int | None = None) -> Merged:
            figure = "null" if amount is None else f'"{fen_text(amount)}"'
            return Merged(
                outcome,
                amount,
                f'{{"outcome":"{outcome.value}","amount":{figure},"valid":{valid},"refusals":{refusals},'
                f'"trace":[{",".join(trace)}]}}',
            )

        met = "quorum_missed" if valid < settings.quorum else "quorum_met"
        trace.append(f'{{"code":"{met}","values":{{"valid":"{valid}","quorum":"{settings.quorum}"}}}}')
        if valid < settings.quorum:
            return end(MergeOutcome.SUPPLEMENT)
        policy = settings.refusal_policy
        if self._refuses(refusals, valid):
            trace.append(
                f'{{"code":"refused","values":{{"refusals":"{refusals}","valid":"{valid}","policy":"{policy.value}"}}}}'
            )
            return end(MergeOutcome.REFUSED)
        if refusals:
            trace.append(
                f'{{"code":"refusals_dropped","values":{{"refusals":"{refusals}","policy":"{policy.value}"}}}}'
            )
        if len(amounts) < 2:
            trace.append(f'{{"code":"too_few_amounts","values":{{"amounts":"{len(amounts)}","needed":"2"}}}}')
            return end(MergeOutcome.SUPPLEMENT)

        spread, middle, half = amounts[-1] - amounts[0], *_median(amounts)
        limit, parts = middle * self._percent.numerator, half * 100 * self._percent.denominator
        too_wide = spread * parts > limit
        trace.append(
            f'{{"code":"{"spread_too_wide" if too_wide else "spread_accepted"}","values":{{'
            f'"lowest":"{yuan_text(amounts[0])}","highest":"{yuan_text(amounts[-1])}","spread":"{yuan_text(spread)}",'
            f'"median":"{yuan_text(middle, 100 * half)}","limit":"{yuan_text(limit, 100 * parts)}",{self._measured}}}}}'
        )
        if too_wide:
            return end(MergeOutcome.DIVERGENT)

        exact = self._merged(amounts, trace)
        if exact is None:
            return end(MergeOutcome.SUPPLEMENT)
        numerator, denominator = exact
        steps = denominator * self._step
        if settings.rounding == "down":
            amount = numerator // steps * self._step
        else:
            amount = (2 * numerator + steps) // (2 * steps) * self._step
        trace.append(
            f'{{"code":"rounded","values":{{"exact":"{yuan_text(numerator, 100 * denominator)}",{self._told_step},'
            f'"amount":"{yuan_text(amount)}"}}}}'
        )
        return end(MergeOutcome.MERGED, amount)

    def _refuses(self, refusals: int, valid: int) -> bool:
        policy = self._settings.refusal_policy
        if policy is RefusalPolicy.MAJORITY:
            return 2 * refusals > valid
        return refusals >= (1 if policy is RefusalPolicy.ANY else 2)

    def _merged(self, amounts: tuple[int, ...], trace: list[str]) -> tuple[int, int] | None:
        """The exact value as a fraction of fen, or None when the rule needs more amounts."""
        rule = self._settings.rule
        if rule is MergeRule.CLOSE_OR_COMPROMISE:
            spread = amounts[-1] - amounts[0]
            told = f'"spread":"{yuan_text(spread)}",{self._told_tolerance}'
            if spread <= self._tolerance:
                exact = sum(amounts), len(amounts)
                trace.append(f'{{"code":"amounts_close","values":{{{told},"exact":"{_exact(exact)}"}}}}')
                return exact
            low, high = min(pairwise(amounts), key=lambda pair: pair[1] - pair[0])
            exact = low + high, 2
            pair = f'"low":"{yuan_text(low)}","high":"{yuan_text(high)}"'
            trace.append(f'{{"code":"nearest_pair","values":{{{told},{pair},"exact":"{_exact(exact)}"}}}}')
            return exact
        if rule is MergeRule.TRIMMED_MEAN:
            if len(amounts) < 4:
                trace.append(f'{{"code":"too_few_amounts","values":{{"amounts":"{len(amounts)}","needed":"4"}}}}')
                return None
            exact = sum(amounts[1:-1]), len(amounts) - 2
            ends = f'"lowest":"{yuan_text(amounts[0])}","highest":"{yuan_text(amounts[-1])}"'
            trace.append(f'{{"code":"trimmed_mean_taken","values":{{{ends},"exact":"{_exact(exact)}"}}}}')
            return exact
        if rule is MergeRule.MEDIAN:
            code, exact = "median_taken", _median(amounts)
        elif rule is MergeRule.MINIMUM:
            code, exact = "minimum_taken", (amounts[0], 1)
        else:
            code, exact = "mean_taken", (sum(amounts), len(amounts))
        trace.append(f'{{"code":"{code}","values":{{"exact":"{_exact(exact)}"}}}}')
        return exact


def _exact(value: tuple[int, int]) -> str:
    return yuan_text(value[0], 100 * value[1])


def _median(amounts: tuple[int, ...]) -> tuple[int, int]:
    """The middle of sorted amounts as a fraction; with an even count the mean of the two middle ones."""
    half = len(amounts) // 2
    if len(amounts) % 2:
        return amounts[half], 1
    value = amounts[half - 1] + amounts[half]
    shared = gcd(value, 2)
    return value // shared, 2 // shared
