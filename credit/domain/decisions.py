"""Who may change the proposed figure, and who has to sign it. Semantics, section 5.

Village, officer, model and approver stand side by side. Officer and approver may lower; only the approver may
raise above the bounds, with a reason. Authority routes a figure to the next level and never cuts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from config.lib.money import round_step, yuan
from credit.domain.bounds import LineSettings, Proposal, ProposalOutcome
from credit.domain.trace import Step, step


class DecisionError(ValueError):
    """A figure that may not be entered. Codes: no_proposal, negative, not_a_step, officer_may_only_lower,
    override_needs_reason, above_merged."""

    def __init__(self, code: str, **values: Decimal) -> None:
        super().__init__(code + "".join(f" {name}={value}" for name, value in values.items()))
        self.code = code
        self.values = values


class DecisionKind(StrEnum):
    """How the final figure stands to the bounds."""

    AS_PROPOSED = "as_proposed"
    LOWERED = "lowered"
    OVERRIDE = "override"


@dataclass(frozen=True)
class Decision:
    """The final figure in yuan with the four opinions beside it. Granted (授信) means ``final`` above 0."""

    final: Decimal
    kind: DecisionKind
    village: Decimal | None
    officer: Decimal | None
    model: Decimal | None
    approver: Decimal
    override_reason: str
    trace: tuple[Step, ...]

    @property
    def is_granted(self) -> bool:
        """Whether the decision grants a line."""
        return self.final > 0


def officer_figure(proposal: Proposal, settings: LineSettings, amount: Decimal) -> Decimal:
    """The officer's figure in yuan, or DecisionError: it may equal or lower the proposed figure, never raise it."""
    proposed = _proposed(proposal)
    figure = _figure(amount, settings)
    if figure > proposed:
        raise DecisionError("officer_may_only_lower", amount=figure, proposed=proposed)
    return figure


def decide(
    proposal: Proposal,
    settings: LineSettings,
    *,
    approver: Decimal,
    officer: Decimal | None = None,
    override_reason: str = "",
) -> Decision:
    """The approver's decision on a proposal; amounts in yuan and multiples of the product's step.

    At or below the proposed figure the approver is free, also above the officer's figure, which is advice.
    Above it the decision is an override: it needs a reason and stays at or below the merged figure unless the
    round's settings allow more.
    """
    proposed = _proposed(proposal)
    final = _figure(approver, settings)
    trace = [*proposal.trace]
    advice = None
    if officer is not None:
        advice = officer_figure(proposal, settings, officer)
        trace.append(step("officer_lowered" if advice < proposed else "officer_agreed", amount=advice))
    reason = override_reason.strip()
    if final > proposed:
        kind = DecisionKind.OVERRIDE
        if not reason:
            raise DecisionError("override_needs_reason", amount=final, proposed=proposed)
        if proposal.merged is not None and final > proposal.merged and not settings.raise_above_merged:
            raise DecisionError("above_merged", amount=final, merged=proposal.merged)
        trace.append(step("approver_override", amount=final, proposed=proposed))
    elif final < proposed:
        kind, reason = DecisionKind.LOWERED, ""
        trace.append(step("approver_lowered", amount=final, proposed=proposed))
    else:
        kind, reason = DecisionKind.AS_PROPOSED, ""
        trace.append(step("approver_agreed", amount=final))
    return Decision(final, kind, proposal.merged, advice, proposal.model_line, final, reason, tuple(trace))


def _proposed(proposal: Proposal) -> Decimal:
    if proposal.outcome is not ProposalOutcome.PROPOSED or proposal.amount is None:
        raise DecisionError("no_proposal")
    return proposal.amount


def _figure(amount: Decimal, settings: LineSettings) -> Decimal:
    figure = yuan(amount)
    if figure < 0:
        raise DecisionError("negative", amount=figure)
    if round_step(figure, settings.step, "down") != figure:
        raise DecisionError("not_a_step", amount=figure, step=settings.step)
    return figure


@dataclass(frozen=True)
class AuthorityBand:
    """One level of approval and the largest amount it may sign, included; None means without limit."""

    level: str
    upto: Decimal | None


class NoAuthorityError(ValueError):
    """No level may sign the amount."""


@dataclass(frozen=True)
class Authority:
    """The levels of approval from the lowest to the highest."""

    bands: tuple[AuthorityBand, ...]

    def __post_init__(self) -> None:
        if not self.bands or len({band.level for band in self.bands}) != len(self.bands):
            raise ValueError("authority needs at least one level, each named once")
        limits = [band.upto for band in self.bands]
        if None in limits[:-1]:
            raise ValueError("only the highest level may be without limit")
        amounts = [limit for limit in limits if limit is not None]
        if any(not amount.is_finite() or amount < 0 for amount in amounts):
            raise ValueError("a limit is 0 or more")
        if any(later <= earlier for earlier, later in pairwise(amounts)):
            raise ValueError("limits must rise from level to level")

    @classmethod
    def from_document(cls, document: Sequence[Mapping[str, object]]) -> Authority:
        """Levels from released parameters: ``[{"level": "branch", "upto": "50000"}, {"level": "head", "upto": null}]``."""
        return cls(
            tuple(
                AuthorityBand(str(band["level"]), None if band["upto"] is None else yuan(band["upto"]))  # type: ignore[arg-type]
                for band in document
            )
        )

    def path(self, amount: Decimal) -> tuple[str, ...]:
        """The levels an amount passes, the last of which may sign it; the amount itself is never changed."""
        for index, band in enumerate(self.bands):
            if band.upto is None or amount <= band.upto:
                return tuple(entry.level for entry in self.bands[: index + 1])
        raise NoAuthorityError(f"no level may sign {amount}")

    def level_for(self, amount: Decimal) -> str:
        """The lowest level that may sign the amount."""
        return self.path(amount)[-1]

    def may_sign(self, level: str, amount: Decimal) -> bool:
        """Whether a level may sign the amount itself."""
        band = self._band(level)
        return band.upto is None or amount <= band.upto

    def next_level(self, level: str, amount: Decimal) -> str:
        """Where a figure goes from ``level``: it stays when within authority, else to the next level, uncut."""
        if self.may_sign(level, amount):
            return level
        following = self.bands.index(self._band(level)) + 1
        if following == len(self.bands):
            raise NoAuthorityError(f"no level may sign {amount}")
        return self.bands[following].level

    def _band(self, level: str) -> AuthorityBand:
        for band in self.bands:
            if band.level == level:
                return band
        raise NoAuthorityError(f"unknown level {level!r}")
