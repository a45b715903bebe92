"""What a snapshot of the core system says in figures, how it differs from the one before, and what of it counts as exposure.

Amounts are Decimal yuan. Semantics, section 5 ("exposure").
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeVar

from config.lib.money import ZERO, yuan
from credit.domain.bounds import Obligation, ObligationKind
from credit.domain.bounds_many import Owed
from credit.domain.snapshotfile import CreditKind

ALWAYS: Final = frozenset({ObligationKind.OWN_OUTSTANDING, ObligationKind.OWN_UNDRAWN})
"""What the bank's own system always answers for: nothing there means nothing is owed."""
ONLY_WITH_ROWS: Final = {
    CreditKind.OTHER_BANK: ObligationKind.OTHER_BANKS,
    CreditKind.GUARANTEE: ObligationKind.GUARANTEES,
}
"""What a core system may know or not: it answers for a kind when its file has rows of it."""


@dataclass(frozen=True, slots=True)
class Sums:
    """The credits of one kind: how many, and what is outstanding and undrawn."""

    rows: int = 0
    outstanding: Decimal = ZERO
    undrawn: Decimal = ZERO

    def as_document(self) -> dict[str, Any]:
        """The sums as JSON-ready data."""
        return {"rows": self.rows, "outstanding": str(self.outstanding), "undrawn": str(self.undrawn)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> "Sums":
        """The sums back from stored JSON; nothing stored is nothing."""
        if not document:
            return cls()
        return cls(int(document["rows"]), Decimal(document["outstanding"]), Decimal(document["undrawn"]))


def kinds_held(kinds: Iterable[CreditKind]) -> frozenset[ObligationKind]:
    """Return the obligations a file with rows of these kinds answers for."""
    return ALWAYS | {ONLY_WITH_ROWS[kind] for kind in kinds if kind in ONLY_WITH_ROWS}


def obligations(kind: CreditKind, outstanding: Decimal, undrawn: Decimal, *, is_village_line: bool) -> list[Obligation]:
    """Return what a credit, or the sum of several alike, counts as.

    The undrawn part of a village line is the line being replaced. Undrawn amounts of other banks are no exposure.
    """
    if kind in ONLY_WITH_ROWS:
        return [Obligation(ONLY_WITH_ROWS[kind], outstanding)] if outstanding else []
    found = [Obligation(ObligationKind.OWN_OUTSTANDING, outstanding)] if outstanding else []
    if undrawn:
        found.append(Obligation(ObligationKind.OWN_UNDRAWN, undrawn, replaced=is_village_line))
    return found


Owing = TypeVar("Owing", Obligation, Owed)


def together(
    core: Sequence[Owing], held: frozenset[ObligationKind], filed: Iterable[Owing]
) -> tuple[list[Owing], tuple[ObligationKind, ...]]:
    """Join what the core system says with what the checked file says of kinds the core system does not hold.

    Of a kind the snapshot answers for, the file is not asked: nothing is counted twice and nothing is forgotten. Returns the
    obligations and the kinds that came from the file, in their order.
    """
    added: list[Owing] = [one for one in filed if one.kind not in held and one.amount]
    kinds = {one.kind for one in added}
    found: list[Owing] = list(core)
    found += added
    return found, tuple(kind for kind in ObligationKind if kind in kinds)


@dataclass(frozen=True)
class Limits:
    """Released: from which change on a snapshot is worth a second look, in percent, and after how many days it is old."""

    outstanding_percent: Decimal
    contracts_percent: Decimal
    old_after_days: int

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Limits":
        """The limits of a released document."""
        return cls(
            yuan(document["outstanding_percent"]), yuan(document["contracts_percent"]), int(document["old_after_days"])
        )


@dataclass(frozen=True, slots=True)
class Flag:
    """A change past its limit: which (outstanding_up, outstanding_down, contracts_new, contracts_gone, kind_gone), how large
    and against what, in percent; of a kind that is gone altogether, which."""

    code: str
    percent: Decimal
    limit: Decimal
    kind: str = ""

    def as_document(self) -> dict[str, str]:
        """The flag as JSON-ready data."""
        return {"code": self.code, "percent": str(self.percent), "limit": str(self.limit), "kind": self.kind}


def flags(
    before: Mapping[str, Sums], after: Mapping[str, Sums], *, contracts: int, new: int, gone: int, limits: Limits
) -> list[Flag]:
    """Return what differs from the snapshot before by more than released; equal to the limit passes.

    The change of the outstanding amount is that of loans here over the whole file; contracts new and gone are those of people on
    file, measured on how many of them (``contracts``) there were before.
    """
    found = []
    loans = CreditKind.OWN_LOAN.value
    was, now = before.get(loans, Sums()).outstanding, after.get(loans, Sums()).outstanding
    if was:
        change = abs(now - was) * 100 / was
        if change > limits.outstanding_percent:
            code = "outstanding_up" if now > was else "outstanding_down"
            found.append(Flag(code, round(change, 2), limits.outstanding_percent))
    for code, count in (("contracts_new", new), ("contracts_gone", gone)):
        if contracts and count * 100 > limits.contracts_percent * contracts:
            found.append(Flag(code, round(Decimal(count * 100) / contracts, 2), limits.contracts_percent))
    found.extend(
        Flag("kind_gone", Decimal(100), ZERO, kind.value)
        for kind in CreditKind
        if before.get(kind.value, Sums()).rows and not after.get(kind.value, Sums()).rows
    )
    return found
