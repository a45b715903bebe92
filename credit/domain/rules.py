"""The rules of a round: what is frozen when it starts, from the released ``round_rules`` and ``refuse_reasons``.

``round_rules`` is a document of four parts: ``merge`` (MergeSettings), ``line`` (LineSettings), ``authority`` (levels named
by post, with what each may sign) and ``sheet`` (amounts offered as buttons and the largest that may be entered, in yuan).
``refuse_reasons`` lists the codes an assessor may give, with words in both languages. ``score_form`` is the form of items and
points with its table; a round begun before there was one has no part ``score``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from config.lib.money import yuan
from credit.domain.bounds import LineSettings
from credit.domain.decisions import Authority
from credit.domain.merging import MergeSettings
from credit.domain.scores import ScoreForm
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
    sensitive: bool = False
    """Says something of health, marriage, belief or the like (Domain, section 3.3); who picks it is warned."""

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
    score: ScoreForm | None = None
    """The form an assessor may give points on instead of an amount; None where the round has none, as all older ones."""

    def __post_init__(self) -> None:
        if not self.amounts or any(amount <= 0 or amount > self.largest for amount in self.amounts):
            raise ValueError("the sheet offers amounts above 0 and up to the largest")
        codes = [reason.code for reason in self.reasons]
        if not codes or len(set(codes)) != len(codes) or len(codes) > MOST_REASONS:
            raise ValueError(f"refuse reasons are 1 to {MOST_REASONS} different codes")
        if any(not code or len(code) > LONGEST_CODE or not code.isascii() for code in codes):
            raise ValueError(f"a reason code is plain letters, at most {LONGEST_CODE}")
        if self.score is not None and self.score.bands[-1].amount > self.largest:
            raise ValueError("the score table stays within the largest amount")

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
            "reasons": [
                {
                    "code": reason.code,
                    "zh": reason.zh,
                    "en": reason.en,
                    **({"sensitive": True} if reason.sensitive else {}),
                }
                for reason in self.reasons
            ],
            **({} if self.score is None else {"score": self.score.as_document()}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> RoundRules:
        """The frozen rules of a round; anything unknown or missing is refused."""
        if set(document) - {"score"} != {*PARTS, "reasons"}:
            raise ValueError(f"rules of a round have the parts {', '.join(PARTS)} and reasons, and may have score")
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
                Reason(str(entry["code"]), str(entry["zh"]), str(entry["en"]), bool(entry.get("sensitive")))
                for entry in document["reasons"]  # type: ignore[attr-defined]
            ),
            score=ScoreForm.from_document(document["score"]) if "score" in document else None,  # type: ignore[arg-type]
        )

    @classmethod
    def from_releases(
        cls,
        rules: Mapping[str, object],
        reasons: Mapping[str, Sequence[object]],
        score: Mapping[str, object] | None = None,
    ) -> RoundRules:
        """The rules made of the released documents; a score form only where it is released as offered."""
        form = {} if score is None or not score.get("offered") else {"score": score}
        return cls.from_document({**rules, "reasons": reasons["reasons"], **form})
