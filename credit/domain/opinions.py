"""Opinions of a blind assessment (背靠背评议): what one assessor says about one household.

Semantics, section 4: an opinion is exactly one of unknown, recused, refuse with reasons, or an amount above 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from config.lib.money import MoneyError, yuan
from credit.domain.scores import ScoreError, ScoreForm


class OpinionKind(StrEnum):
    """The four things an assessor can say."""

    UNKNOWN = "unknown"  # does not know the household (不了解)
    RECUSED = "recused"  # is kin of the household (回避)
    REFUSE = "refuse"  # should not be granted (不宜授信)
    AMOUNT = "amount"  # a suggested amount (建议额度)


class OpinionError(ValueError):
    """An opinion that cannot stand. Codes: unknown_kind, amount_missing, amount_not_positive, amount_invalid,
    amount_not_allowed, amount_above_limit, score_not_allowed, score_differs, reason_missing, reason_unknown, reason_not_allowed, unknown_field."""

    def __init__(self, code: str, value: object = None) -> None:
        super().__init__(code if value is None else f"{code}: {value!r}")
        self.code = code
        self.value = value


@dataclass(frozen=True)
class Opinion:
    """One assessor's opinion on one household; amounts in yuan. An impossible combination cannot be built."""

    kind: OpinionKind
    amount: Decimal | None = None
    reasons: tuple[str, ...] = ()
    score: str = ""
    """Points by which the amount was found, one digit an item of the round's form; "" for an amount said outright."""

    def __post_init__(self) -> None:
        if not isinstance(self.kind, OpinionKind):
            raise OpinionError("unknown_kind", self.kind)
        if self.kind is OpinionKind.AMOUNT:
            if self.amount is None:
                raise OpinionError("amount_missing")
            try:
                object.__setattr__(self, "amount", yuan(self.amount))
            except MoneyError as error:
                raise OpinionError("amount_invalid", error.value) from None
            if self.amount <= 0:
                raise OpinionError("amount_not_positive", self.amount)
        elif self.amount is not None:
            raise OpinionError("amount_not_allowed", self.amount)
        if self.score and (self.kind is not OpinionKind.AMOUNT or not (self.score.isascii() and self.score.isdigit())):
            raise OpinionError("score_not_allowed", self.score)
        if self.kind is OpinionKind.REFUSE:
            if not self.reasons or not all(isinstance(code, str) and code for code in self.reasons):
                raise OpinionError("reason_missing")
            # The order of ticks carries no meaning; one order makes equal opinions equal bytes.
            object.__setattr__(self, "reasons", tuple(sorted(set(self.reasons))))
        elif self.reasons:
            raise OpinionError("reason_not_allowed", self.reasons)

    @property
    def is_valid(self) -> bool:
        """Whether the opinion counts towards the quorum: a refusal or an amount."""
        return self.kind in (OpinionKind.REFUSE, OpinionKind.AMOUNT)

    @classmethod
    def unknown(cls) -> Opinion:
        """The assessor does not know the household."""
        return cls(OpinionKind.UNKNOWN)

    @classmethod
    def recused(cls) -> Opinion:
        """The assessor is kin and steps aside."""
        return cls(OpinionKind.RECUSED)

    @classmethod
    def refuse(cls, *reasons: str) -> Opinion:
        """No line should be granted, for one or more reason codes."""
        return cls(OpinionKind.REFUSE, None, tuple(reasons))

    @classmethod
    def suggest(cls, amount: Decimal | int | str) -> Opinion:
        """A suggested line in yuan, above 0."""
        return cls(OpinionKind.AMOUNT, amount)  # type: ignore[arg-type]  # __post_init__ turns it into Decimal

    @classmethod
    def scored(cls, points: str, form: ScoreForm) -> Opinion:
        """A suggestion by points of a round's form; raises ScoreError, and OpinionError amount_missing below its table."""
        return cls(OpinionKind.AMOUNT, form.amount_for(points), (), points)

    def check_against(
        self, *, reason_codes: Collection[str], limit: Decimal | None = None, score_form: ScoreForm | None = None
    ) -> None:
        """Refuse reason codes the round does not know, amounts above the sheet's limit, points that are not the form's or do
        not give the amount."""
        for code in self.reasons:
            if code not in reason_codes:
                raise OpinionError("reason_unknown", code)
        if limit is not None and self.amount is not None and self.amount > limit:
            raise OpinionError("amount_above_limit", self.amount)
        if self.score:
            if score_form is None:
                raise OpinionError("score_not_allowed", self.score)
            try:
                amount = score_form.amount_for(self.score)
            except ScoreError:
                raise OpinionError("score_not_allowed", self.score) from None
            if amount != self.amount:
                raise OpinionError("score_differs", self.amount)

    def as_document(self) -> dict[str, object]:
        """The opinion as JSON-ready data; the amount is a decimal string."""
        document: dict[str, object] = {"kind": self.kind.value}
        if self.amount is not None:
            document["amount"] = str(self.amount)
        if self.reasons:
            document["reasons"] = list(self.reasons)
        if self.score:
            document["s"] = self.score
        return document

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Opinion:
        """The opinion back from JSON; unknown fields and numbers that are not text are refused."""
        for name in document:
            if name not in ("kind", "amount", "reasons", "s"):
                raise OpinionError("unknown_field", name)
        try:
            kind = OpinionKind(str(document.get("kind")))
        except ValueError:
            raise OpinionError("unknown_kind", document.get("kind")) from None
        amount = document.get("amount")
        if amount is not None and not isinstance(amount, str):
            raise OpinionError("amount_invalid", amount)
        reasons = document.get("reasons", [])
        if not isinstance(reasons, (list, tuple)):
            raise OpinionError("reason_missing", reasons)
        score = document.get("s", "")
        if not isinstance(score, str):
            raise OpinionError("score_not_allowed", score)
        return cls(kind, amount, tuple(reasons), score)  # type: ignore[arg-type]
