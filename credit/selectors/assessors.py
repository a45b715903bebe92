"""How the sheets of an opened round compare with what came of them, for those who choose the next assessors."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from credit.domain import assessors
from credit.models import Decision, Opinion, Round, Sheet
from credit.selectors.decisions import in_force
from credit.selectors.opinions import of_round

HINTS: dict[str, Any] = {
    "identical": _("几乎都填同一个数"),
    "far": _("几乎都离合并额度很远"),
    "high": _("普遍偏高"),
    "low": _("普遍偏低"),
}


@dataclass(frozen=True)
class AssessorRow:
    """One sheet: its place and kind, its reading, and what is hinted."""

    number: int
    mode: Any
    sheet: assessors.Sheet
    reading: assessors.Reading

    @property
    def labels(self) -> list[Any]:
        """The hints in words."""
        return [HINTS[code] for code in self.reading.hints]


@dataclass(frozen=True)
class Comparison:
    """All sheets of a round and how far they agree: alpha to 3 places, over so many households with two amounts at least."""

    rows: list[AssessorRow]
    alpha: Decimal | None
    households: int

    @property
    def strength(self) -> str:
        """How strong the agreement is: good, fair, weak, or none when nothing can be compared."""
        if self.alpha is None:
            return "none"
        return "good" if self.alpha >= assessors.GOOD else "fair" if self.alpha >= assessors.FAIR else "weak"


def comparison(round: Round) -> Comparison:
    """Return the sheets of an opened round beside the merge, those of supplements included. Three queries, whatever the size."""
    merged: dict[int, Any] = dict(
        in_force(Decision.objects.filter(round=round))
        .filter(merged_amount__gt=0)
        .order_by()
        .values_list("subject_id", "merged_amount")
    )
    said = of_round(round).order_by().values_list("sheet_id", "subject_id", "kind", "amount")
    by_sheet: dict[int, dict[int, Decimal]] = defaultdict(dict)
    others: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    units: dict[int, list[float]] = defaultdict(list)
    for sheet_id, subject_id, kind, amount in said.iterator(chunk_size=10_000):
        others[sheet_id][kind] += 1
        if amount is not None:
            by_sheet[sheet_id][subject_id] = amount
            units[subject_id].append(float(amount))
    rows = []
    for sheet in Sheet.objects.filter(pk__in=list(others)).order_by("round_id", "number"):
        kinds = others[sheet.pk]
        kept = assessors.Sheet(
            by_sheet[sheet.pk], kinds[Opinion.Kind.UNKNOWN], kinds[Opinion.Kind.REFUSE], kinds[Opinion.Kind.RECUSED]
        )
        rows.append(AssessorRow(sheet.number, sheet.get_mode_display(), kept, assessors.reading(kept, merged)))
    found = assessors.alpha(units.values())
    alpha = None if found is None else Decimal(found).quantize(Decimal("0.001"))
    return Comparison(rows, alpha, sum(len(values) > 1 for values in units.values()))
