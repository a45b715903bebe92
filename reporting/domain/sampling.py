"""Audit samples: how many to inspect, which ones, and what may be concluded (Semantics, section 7).

A population of N subjects holds K deviations; a simple random sample of n finds X of them, X hypergeometric. Every
decision below is taken in integers and fractions; a ratio may be a Fraction, a Decimal or a text such as "0.05",
never a float, whose ceiling would give wrong table cells.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, comb, floor

Share = Fraction | Decimal | str | int

METHOD = "sha256-stratified-1"  # named on every stored draw; a changed rule gets a new name
POPULATION_HEADER = "subject,stratum\n"

_SCALE = 1 << 192  # fixed point of the search below; 58 decimal places
_STRATUM = re.compile(r"[^\s,\"\r\n][^,\"\r\n]*")


def exact(share: Share) -> Fraction:
    """Return a ratio (0 to 1) as an exact fraction; a float is refused."""
    if isinstance(share, float):
        raise TypeError(f"ratio {share!r} is a float; pass a Fraction, a Decimal or a text")
    return Fraction(share)


@dataclass(frozen=True, kw_only=True)
class SampleSize:
    """Planned sample: inspect `inspected` subjects, accept up to `accepted` deviations.

    `is_census`: no smaller sample can support the confidence asked for, so all subjects are inspected and
    `accepted` is the greatest number whose ratio does not exceed the tolerable one.
    """

    population: int
    confidence: Fraction
    tolerable: Fraction
    expected: Fraction
    inspected: int
    accepted: int
    is_census: bool


def plan_size(population: int, *, confidence: Share, tolerable: Share, expected: Share) -> SampleSize:
    """Return the smallest sample of a finite population (Semantics, section 7; Domain, 7.3).

    K = ceil(N x tolerable), k = ceil(n x expected); n is the smallest size with P(X <= k | N, K, n) <= 1 - confidence.
    Ratios are 0 to 1.
    """
    asked, limit, likely = exact(confidence), exact(tolerable), exact(expected)
    if population < 0:
        raise ValueError(f"population {population} is negative")
    _check_ratios(asked, limit, likely)
    size = _smallest_size(population, ceil(population * limit), 1 - asked, likely)
    census = size is None
    return SampleSize(
        population=population,
        confidence=asked,
        tolerable=limit,
        expected=likely,
        inspected=population if size is None else size,
        accepted=floor(population * limit) if size is None else ceil(size * likely),
        is_census=census,
    )


def unlimited_size(*, confidence: Share, tolerable: Share, expected: Share) -> int:
    """Return the smallest sample of an endless population: the binomial tables of the AICPA guide (Domain, 7.3).

    Kept as the published yardstick of the finite rule. Expected must stay below tolerable, or no size would do.
    """
    risk, limit, likely = 1 - exact(confidence), exact(tolerable), exact(expected)
    _check_ratios(1 - risk, limit, likely)
    if likely >= limit:
        raise ValueError(f"expected {likely} must be below tolerable {limit}")
    odd, base = limit.numerator, limit.denominator
    size, accepted, whole = 0, 0, 1
    point = tail = 1  # P(X = k) and P(X <= k), both over base ** size
    while tail * risk.denominator > risk.numerator * whole:
        # One more draw leaves X <= k unless X stood at k and the draw deviates.
        tail = tail * base - point * odd
        point = point * (base - odd) * (size + 1) // (size + 1 - accepted)
        size, whole = size + 1, whole * base
        if ceil(size * likely) > accepted:
            accepted += 1
            point = comb(size, accepted) * odd**accepted * (base - odd) ** (size - accepted)
            tail += point
    return size


def _check_ratios(confidence: Fraction, tolerable: Fraction, expected: Fraction) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} must lie between 0 and 1")
    if not 0 <= tolerable <= 1:
        raise ValueError(f"tolerable ratio {tolerable} must lie between 0 and 1")
    if not 0 <= expected < 1:
        raise ValueError(f"expected ratio {expected} must lie between 0 and 1")


def _smallest_size(population: int, deviations: int, risk: Fraction, expected: Fraction) -> int | None:
    """Walk n = 1, 2, 3 ... and stop at the first that qualifies; None when none does.

    Qualifying is not monotone in n, because k rises in steps, so no size may be jumped. A step costs a few short
    integer operations: P(X = k) and P(X <= k) are carried as fixed-point intervals, always rounded outwards, and the
    exact fraction is worked out only where the interval straddles the risk.
    """
    sound = population - deviations
    size = accepted = 0
    point_low = point_high = tail_low = tail_high = _SCALE
    surely_within, surely_outside = floor(risk * _SCALE), ceil(risk * _SCALE)
    last_size = _last_size(accepted, expected, population)  # the greatest n that still accepts no more than now

    while size < population:
        rises = size >= last_size
        if rises and accepted == size:
            # Every draw so far may deviate and so may the next: P(X <= k) stays 1.
            up, down = deviations - size, population - size
            size, accepted = size + 1, accepted + 1
        else:
            if rises:
                up = (deviations - accepted) * (size - accepted)
                down = (accepted + 1) * (sound - size + accepted + 1)
                point_low, point_high = point_low * up // down, -(-point_high * up // down)
                tail_low, tail_high = tail_low + point_low, tail_high + point_high
                accepted += 1
            # One more draw leaves X <= k unless X stood at k and the draw deviates.
            left = population - size
            tail_low -= -(-point_high * (deviations - accepted) // left)
            tail_high -= point_low * (deviations - accepted) // left
            up, down = (size + 1) * (sound - size + accepted), (size + 1 - accepted) * left
            size += 1
        point_low, point_high = point_low * up // down, -(-point_high * up // down)
        if accepted >= deviations:
            return None  # even all deviations would be accepted, here and at every greater n
        if rises:
            last_size = _last_size(accepted, expected, population)
        if tail_low > surely_outside:
            continue
        if tail_high < surely_within or chance_of_at_most(accepted, population, deviations, size) <= risk:
            return size
    return None


def _last_size(accepted: int, expected: Fraction, population: int) -> int:
    """Return the greatest n with ceil(n x expected) <= accepted."""
    return accepted * expected.denominator // expected.numerator if expected else population


def chance_of_at_most(found: int, population: int, deviations: int, inspected: int) -> Fraction:
    """Return the exact P(X <= found | N, K, n)."""
    # X has the same distribution with K and n exchanged; the smaller of the two keeps the numbers short.
    fewer, more = sorted((deviations, inspected))
    if found >= fewer:
        return Fraction(1)
    lowest = max(0, fewer + more - population)
    if found < lowest:
        return Fraction(0)
    term = comb(more, lowest) * comb(population - more, fewer - lowest)
    total = term
    for hits in range(lowest, found):
        term = term * (more - hits) * (fewer - hits) // ((hits + 1) * (population - more - fewer + hits + 1))
        total += term
    return Fraction(total, comb(population, fewer))


def upper_limit(*, population: int, inspected: int, found: int, confidence: Share) -> Fraction:
    """Return the greatest deviation ratio the sample leaves possible: max{K : P(X <= found) > 1 - confidence} / N."""
    if not 0 <= found <= inspected <= population:
        raise ValueError(f"found {found}, inspected {inspected}, population {population}: not in ascending order")
    if population == 0:
        return Fraction(0)
    risk = 1 - exact(confidence)
    # The chance falls as K grows, from 1 at K = found to 0 beyond N - n + found.
    low, high = found, population - inspected + found
    while low < high:
        middle = (low + high + 1) // 2
        if chance_of_at_most(found, population, middle, inspected) > risk:
            low = middle
        else:
            high = middle - 1
    return Fraction(low, population)


def unlimited_upper_limit(*, inspected: int, found: int, confidence: Share, places: int = 1) -> Decimal:
    """Return the one-sided Clopper-Pearson limit in percent, rounded up to `places` decimals (Domain, 7.3)."""
    risk = 1 - exact(confidence)
    grid = 100 * 10**places
    low, high = 0, grid
    while low < high:
        middle = (low + high) // 2
        ratio = Fraction(middle, grid)
        chance = sum(comb(inspected, x) * ratio**x * (1 - ratio) ** (inspected - x) for x in range(found + 1))
        if chance <= risk:
            high = middle
        else:
            low = middle + 1
    return Decimal(low).scaleb(-places)


def shown_upper_limit(limit: Fraction, tolerable: Fraction) -> str:
    """Return a limit in percent, rounded up for the eye only.

    One decimal, or as many as the tolerable ratio has, so that rounding can never lift an accepted limit above it.
    """
    places = max(1, len(percent_text(tolerable).partition(".")[2]))
    grid = 10**places
    return f"{Decimal(ceil(limit * 100 * grid)).scaleb(-places):.{places}f}"


def percent_text(share: Fraction) -> str:
    """Return a ratio in percent with as few decimals as state it exactly, at most six: 1/20 -> "5"."""
    scaled = floor(share * 100 * 10**6 + Fraction(1, 2))
    text = f"{Decimal(scaled).scaleb(-6):f}"
    return text.rstrip("0").rstrip(".")


# --- Which subjects ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A drawn sample: subject ids in the order of drawing, and how many each stratum gives."""

    method: str
    seed: str
    population_hash: str
    quotas: Mapping[str, int]
    subjects: tuple[int, ...]


def population_csv(members: Mapping[int, str]) -> bytes:
    """Return the frozen population in its one canonical form: the file an outsider is given.

    UTF-8, line ends LF, no byte-order mark; first line `subject,stratum`; then one line per subject, ascending by id,
    the id in plain decimal. A stratum is a code without comma, quotation mark, line break or leading blank.
    """
    for stratum in set(members.values()):
        if not _STRATUM.fullmatch(stratum):
            raise ValueError(f"stratum {stratum!r} is not a plain code")
    if any(subject < 0 for subject in members):
        raise ValueError("a subject id is negative")
    return (POPULATION_HEADER + "".join(f"{subject},{members[subject]}\n" for subject in sorted(members))).encode()


def population_hash(members: Mapping[int, str]) -> str:
    """Return the sha256 of the canonical population; the same figure `sha256sum population.csv` prints."""
    return hashlib.sha256(population_csv(members)).hexdigest()


def draw_hash(seed: str, subject: int) -> str:
    """Return what a subject is ordered by, sha256(seed || ":" || id in decimal), in hex; kept with the drawn item."""
    return hashlib.sha256(f"{seed}:{subject}".encode()).hexdigest()


def seeded_order(subjects: Iterable[int], seed: str) -> list[int]:
    """Return subject ids by ascending sha256(seed || ":" || id in decimal), the seed in UTF-8."""
    start = hashlib.sha256(f"{seed}:".encode())

    def digest(subject: int) -> tuple[bytes, int]:
        one = start.copy()
        one.update(b"%d" % subject)
        return one.digest(), subject

    return [subject for _, subject in sorted(map(digest, subjects))]


def proportional_quotas(sizes: Mapping[str, int], sample: int) -> dict[str, int]:
    """Split a sample over strata in proportion to their sizes, by largest remainder; the parts add up to the sample.

    Equal remainders go to the larger stratum, then to the lower code.
    """
    total = sum(sizes.values())
    if not 0 <= sample <= total:
        raise ValueError(f"sample {sample} does not fit a population of {total}")
    if total == 0:
        return dict.fromkeys(sizes, 0)
    quotas = {code: sample * size // total for code, size in sizes.items()}
    in_turn = sorted(sizes, key=lambda code: (-(sample * sizes[code] % total), -sizes[code], code))
    for code in in_turn[: sample - sum(quotas.values())]:
        quotas[code] += 1
    return {code: quotas[code] for code in sorted(quotas)}


def draw(members: Mapping[int, str], *, sample: int, seed: str) -> Draw:
    """Draw `sample` subjects from a frozen population (id -> stratum code); the same input gives the same draw.

    Within each stratum the first ones of the seeded order are taken; the whole draw is listed in that same order.
    """
    if not seed:
        raise ValueError("a draw needs a seed")
    sizes: defaultdict[str, int] = defaultdict(int)
    for stratum in members.values():
        sizes[stratum] += 1
    quotas = proportional_quotas(sizes, sample)
    left = dict(quotas)
    taken: list[int] = []
    for subject in seeded_order(members, seed) if sample else ():
        stratum = members[subject]
        if left[stratum]:
            left[stratum] -= 1
            taken.append(subject)
            if len(taken) == sample:
                break
    return Draw(
        method=METHOD, seed=seed, population_hash=population_hash(members), quotas=quotas, subjects=tuple(taken)
    )


# --- What may be said -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """Outcome of a finished random sample; a risk-targeted part is reported apart and never enters here."""

    size: SampleSize
    found: int
    is_accepted: bool
    limit: Fraction

    @property
    def shown_limit(self) -> str:
        """The upper limit in percent, rounded up for display."""
        return shown_upper_limit(self.limit, self.size.tolerable)

    def sentence(self, language: str) -> str:
        """Return the conclusion in one sentence, in Chinese ("zh...") or English."""
        return _sentence(self, chinese=language.startswith("zh"))


def conclude(size: SampleSize, *, found: int) -> Conclusion:
    """Judge a fully inspected sample: accepted exactly when the deviations found do not exceed the planned number."""
    limit = upper_limit(population=size.population, inspected=size.inspected, found=found, confidence=size.confidence)
    return Conclusion(size=size, found=found, is_accepted=found <= size.accepted, limit=limit)


def _sentence(conclusion: Conclusion, *, chinese: bool) -> str:
    size, found = conclusion.size, conclusion.found
    tolerable = percent_text(size.tolerable)
    if size.population == 0:
        return (
            "总体为空，无可检查，不作结论。"
            if chinese
            else "The population is empty: nothing to inspect, nothing concluded."
        )
    if size.inspected == size.population:
        rate = conclusion.shown_limit
        if chinese:
            verdict = "通过验收" if conclusion.is_accepted else "不予通过"
            return f"全部 {size.population:,} 户逐户检查，差错 {found:,} 户，差错率 {rate} %，可容忍 {tolerable} %：{verdict}。"
        verdict = "accepted" if conclusion.is_accepted else "not accepted"
        return (
            f"All {size.population:,} were inspected, {found:,} deviated: error rate {rate} %, "
            f"tolerable {tolerable} %: {verdict}."
        )
    confidence, limit = percent_text(size.confidence), conclusion.shown_limit
    if chinese:
        if conclusion.is_accepted:
            return f"在 {confidence} % 的置信度下，差错率至多 {limit} %，可容忍 {tolerable} %：通过验收。"
        return f"在 {confidence} % 的置信度下，差错率最高可达 {limit} %，不低于可容忍的 {tolerable} %：不予通过。"
    if conclusion.is_accepted:
        return f"At {confidence} % confidence the error rate is at most {limit} %, tolerable {tolerable} %: accepted."
    return (
        f"At {confidence} % confidence the error rate may be as high as {limit} %, not below the tolerable "
        f"{tolerable} %: not accepted."
    )


def sizing_words(size: SampleSize, language: str) -> str:
    """Return why the sample has its size, in one sentence an auditor can repeat, in Chinese ("zh...") or English."""
    confidence, tolerable, expected = map(percent_text, (size.confidence, size.tolerable, size.expected))
    chinese = language.startswith("zh")
    if size.is_census:
        if chinese:
            return f"总体 {size.population:,} 户，任何较小样本都不足以支持 {confidence} % 的置信度，故全部检查。"
        return (
            f"No smaller sample of {size.population:,} supports {confidence} % confidence, so every one is inspected."
        )
    deviations = ceil(size.population * size.tolerable)
    if chinese:
        return (
            f"总体 {size.population:,} 户，若其中有 {deviations:,} 户（{tolerable} %）差错，抽 {size.inspected:,} 户而差错不超过 "
            f"{size.accepted:,} 户的机会不大于 {percent_text(1 - size.confidence)} %；预计差错率 {expected} %，这是满足条件的最小样本。"
        )
    return (
        f"Were {deviations:,} of {size.population:,} ({tolerable} %) wrong, the chance of finding at most "
        f"{size.accepted:,} in {size.inspected:,} would be no more than {percent_text(1 - size.confidence)} %; "
        f"with {expected} % expected, no smaller sample does."
    )


def by_stratum(members: Mapping[int, str], subjects: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Return drawn subjects grouped by stratum, strata ascending, the order of drawing kept inside each."""
    grouped: defaultdict[str, list[int]] = defaultdict(list)
    for subject in subjects:
        grouped[members[subject]].append(subject)
    return {stratum: tuple(grouped[stratum]) for stratum in sorted(grouped)}
