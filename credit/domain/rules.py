"""The rules of a round: what is frozen when it starts, from the released ``round_rules`` and ``refuse_reasons``.

``round_rules`` is a document of four parts: ``merge`` (MergeSettings), ``line`` (LineSettings), ``authority`` (levels named
by post, with what each may sign) and ``sheet`` (amounts offered as buttons and the largest that may be entered, in yuan).
``refuse_reasons`` lists the codes an assessor may give, with words in both languages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from config.lib.money import yuan
from credit.domain.bounds import LineSettings
from credit.domain.decisions import Authority
from credit.domain.merging import MergeSettings
from credit.domain.trace import exact_text

PARTS = ("merge", "line", "authority", "sheet")
MOST_REASONS = 20
LONGEST_CODE = 24


@dataclass(frozen=True)
class Reason:
    """A reason for refusing: a stored code and its words."""

    code: str
    zh: str
    en: str

    def label(self, language: str) -> str:
        """The words in a language; everything but English is Chinese."""
        return self.en if language.startswith("en") else self.zh


@dataclass(frozen=True)
class RoundRules:
    """All rules of one round; amounts in yuan."""

    merge: MergeSettings
    line: LineSettings
    authority: Authority
    amounts: tuple[Decimal, ...]
    largest: Decimal
    reasons: tuple[Reason, ...]

    def __post_init__(self) -> None:
        if not self.amounts or any(amount <= 0 or amount > self.largest for amount in self.amounts):
            raise ValueError("the sheet offers amounts above 0 and up to the largest")
        codes = [reason.code for reason in self.reasons]
        if not codes or len(set(codes)) != len(codes) or len(codes) > MOST_REASONS:
            raise ValueError(f"refuse reasons are 1 to {MOST_REASONS} different codes")
        if any(not code or len(code) > LONGEST_CODE or not code.isascii() for code in codes):
            raise ValueError(f"a reason code is plain letters, at most {LONGEST_CODE}")

    @property
    def reason_codes(self) -> frozenset[str]:
        """The codes an opinion may carry."""
        return frozenset(reason.code for reason in self.reasons)

    def as_document(self) -> dict[str, object]:
        """The rules as JSON-ready data, as they are frozen in a round."""
        return {
            "merge": self.merge.as_document(),
            "line": self.line.as_document(),
            "authority": [
                {"level": band.level, "upto": None if band.upto is None else exact_text(band.upto)}
                for band in self.authority.bands
            ],
            "sheet": {"amounts": [exact_text(amount) for amount in self.amounts], "largest": exact_text(self.largest)},
            "reasons": [{"code": reason.code, "zh": reason.zh, "en": reason.en} for reason in self.reasons],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> RoundRules:
        """The frozen rules of a round; anything unknown or missing is refused."""
        if set(document) != {*PARTS, "reasons"}:
            raise ValueError(f"rules of a round have the parts {', '.join(PARTS)} and reasons")
        sheet = document["sheet"]
        if not isinstance(sheet, Mapping) or set(sheet) != {"amounts", "largest"}:
            raise ValueError("sheet has amounts and largest")
        return cls(
            merge=MergeSettings.from_document(document["merge"]),  # type: ignore[arg-type]
            line=LineSettings.from_document(document["line"]),  # type: ignore[arg-type]
            authority=Authority.from_document(document["authority"]),  # type: ignore[arg-type]
            amounts=tuple(yuan(amount) for amount in sheet["amounts"]),
            largest=yuan(sheet["largest"]),
            reasons=tuple(
                Reason(str(entry["code"]), str(entry["zh"]), str(entry["en"]))
                for entry in document["reasons"]  # type: ignore[attr-defined]
            ),
        )

    @classmethod
    def from_releases(cls, rules: Mapping[str, object], reasons: Mapping[str, Sequence[object]]) -> RoundRules:
        """The rules made of the two released documents."""
        return cls.from_document({**rules, "reasons": reasons["reasons"]})
