"""Two revisions of a household's profile side by side: what the second officer checks and what the household page marks.

Items have no identity of their own, so they are paired by what they are (kind and note) and, within that, in their order; what is left
is paired by kind alone. Nothing is hidden: every row of either revision appears, unchanged ones marked `same`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from customers.domain import catalogue, economics

Change = Literal["same", "up", "down", "changed", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison. `before` and `after` are canonical values ("" when absent); amounts are yuan as text.

    `item` names the item (its kind's code), `note` what the officer wrote beside it; `delta` is after less before for amounts.
    `path` is the place in the newer document ("assets.0.current"), "" for what was removed and for totals.
    """

    section: str
    item: str
    note: str
    field: str
    before: str
    after: str
    change: Change
    delta: Decimal | None = None
    path: str = ""

    def label(self, language: str = "zh") -> str:
        """Section, item and field in words, for the head of the line."""
        english = language.startswith("en")
        parts = [SECTIONS[self.section].label(language)]
        if self.section in KINDS and self.item:
            parts += catalogue.labels([self.item], KINDS[self.section], language)
        if self.note:
            parts.append(self.note)
        if self.field in FIELDS and self.field != self.section:
            parts.append(FIELDS[self.field].label(language))
        return (" · " if english else "·").join(dict.fromkeys(parts))

    def value(self, text: str, language: str = "zh") -> str:
        """`before` or `after` as a person reads it: the label of a choice, everything else as it stands."""
        kinds = _CHOICES.get((self.section, self.field)) or _CHOICES.get(("", self.field))
        return catalogue.labels([text], kinds, language)[0] if kinds and text else text


def _named(*rows: tuple[str, str, str]) -> dict[str, catalogue.Kind]:
    return {code: catalogue.Kind(code, zh, en) for code, zh, en in rows}


SECTIONS: Final = _named(
    ("members", "家庭成员", "Members"),
    ("borrower", "借款人", "Borrower"),
    ("assets", "资产", "Assets"),
    ("liabilities", "负债", "Debts"),
    ("guarantees", "对外担保", "Guarantees"),
    ("income", "收入", "Income"),
    ("expenses", "支出", "Spending"),
    ("shares_held", "本行股金", "Shares held"),
    ("performance", "履约情况", "Repayment record"),
    ("judgement", "综合评价", "Overall judgement"),
    ("grade", "评定等级", "Grade"),
    ("needs", "需求", "Needs"),
    ("totals", "合计", "Totals"),
)
FIELDS: Final = _named(
    ("relation", "与户主关系", "relation to head"),
    ("labour", "劳动能力", "labour ability"),
    ("occupation", "职业", "occupation"),
    ("away", "外出务工", "works away"),
    ("quantity", "数量", "quantity"),
    ("original", "原值", "original value"),
    ("current", "现值", "current value"),
    ("disposable", "可变现价值", "realisable value"),
    ("outstanding", "余额", "outstanding"),
    ("due_on", "到期日", "due on"),
    ("amount", "金额", "amount"),
    ("gross", "年收入", "yearly income"),
    ("cost", "经营支出", "operating cost"),
    ("wanted_on", "需要时间", "wanted on"),
    ("status", "履约情况", "record"),
    ("what", "违约事项", "breach"),
    ("days_overdue", "逾期天数", "days overdue"),
    ("repaid", "履约时间", "repaid"),
    ("measure", "履约方式", "measure"),
    ("assets", "资产合计", "assets"),
    ("liabilities", "负债合计", "debts"),
    ("guarantees", "对外担保合计", "guarantees"),
    ("gross_income", "年收入合计", "yearly income"),
    ("operating_cost", "经营支出合计", "operating cost"),
    ("expenses", "生活等支出合计", "spending"),
    ("net_income", "纯收入", "net income"),
    ("surplus", "收支结余", "surplus"),
    ("net_assets", "净资产", "net assets"),
)
KINDS: Final[Mapping[str, Mapping[str, catalogue.Kind]]] = {
    "assets": catalogue.ASSETS,
    "liabilities": catalogue.CREDITORS,
    "income": catalogue.INCOME_SOURCES,
    "expenses": catalogue.EXPENSES,
    "needs": catalogue.NEEDS,
    "performance": catalogue.BREACH_OF,
}
_YES_NO: Final = _named(("true", "是", "yes"), ("false", "否", "no"))
_CHOICES: Final[Mapping[tuple[str, str], Mapping[str, catalogue.Kind]]] = {
    ("", "relation"): dict(catalogue.RELATIONS),
    ("", "labour"): catalogue.LABOUR,
    ("", "occupation"): catalogue.OCCUPATIONS,
    ("", "away"): _YES_NO,
    ("", "status"): catalogue.PERFORMANCE,
    ("", "what"): catalogue.BREACH_OF,
    ("", "repaid"): catalogue.REPAID,
    ("", "measure"): catalogue.MEASURES,
    ("judgement", "judgement"): catalogue.JUDGEMENTS,
    ("grade", "grade"): catalogue.GRADES,
}
_AMOUNTS: Final = frozenset(
    {
        "original",
        "current",
        "disposable",
        "outstanding",
        "amount",
        "gross",
        "cost",
        "shares_held",
        "quantity",
        "days_overdue",
    }
)
_TOTALS: Final = (
    "assets",
    "disposable",
    "liabilities",
    "net_assets",
    "guarantees",
    "gross_income",
    "operating_cost",
    "net_income",
    "expenses",
    "surplus",
)
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "members": ("person",),
    "guarantees": ("note",),
    "performance": ("what", "note"),
}


def compare(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Row]:
    """Every line of two canonical documents, in the order of the form, totals last; `before` is None for a first revision."""
    old: Mapping[str, Any] = before or {}
    rows: list[Row] = []
    for section in SECTIONS:
        if section == "totals":
            continue
        if section == "performance":
            rows += _compare_performance(old, after)
        elif section in economics.ITEM_LISTS:
            rows += _compare_items(section, old.get(section, []), after.get(section, []))
        else:
            rows += _row(section, "", "", section, old.get(section), after.get(section))
    sums = economics.totals(old) if before is not None else None
    now = economics.totals(after)
    for name in _TOTALS:
        rows += _row(
            "totals", "", "", name, f"{getattr(sums, name):.2f}" if sums else None, f"{getattr(now, name):.2f}"
        )
    return rows


def changed(rows: Sequence[Row]) -> list[Row]:
    """Only the lines that differ."""
    return [row for row in rows if row.change != "same"]


def _compare_performance(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Row]:
    before, after = old.get("performance") or {}, new.get("performance") or {}
    rows = _row("performance", "", "", "status", before.get("status"), after.get("status"))
    return rows + _compare_items(
        "performance", before.get("breaches", []), after.get("breaches", []), "performance.breaches"
    )


def _compare_items(
    section: str, old: list[dict[str, Any]], new: list[dict[str, Any]], list_path: str = ""
) -> list[Row]:
    list_path = list_path or section
    key_fields = _KEYS.get(section, ("kind", "note"))
    rows: list[Row] = []
    for place, (before, after) in enumerate(_pairs(old, new, key_fields)):
        path = f"{list_path}.{place}" if after is not None else ""
        shown = after or before or {}
        present = {**shown, **(before or {})}
        names = [name for name in FIELDS if name in present and name not in key_fields]
        item = str(shown.get("kind", shown.get("what", shown.get("person", ""))))
        if not names:
            rows += _row(section, item, str(shown.get("note", "")), "kind", before and item, after and item, path)
        for name in names:
            before_value, after_value = (before or {}).get(name), (after or {}).get(name)
            rows += _row(section, item, str(shown.get("note", "")), name, before_value, after_value, path)
    return rows


def _pairs(
    old: list[dict[str, Any]], new: list[dict[str, Any]], key_fields: tuple[str, ...]
) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """Pair items by all key fields, then what is left by the first key field, in the order of the newer list."""
    partner: dict[int, int] = {}
    free = list(range(len(old)))
    for fields in (key_fields, key_fields[:1]):
        for i, item in enumerate(new):
            if i in partner:
                continue
            match = next((j for j in free if all(old[j].get(f) == item.get(f) for f in fields)), None)
            if match is not None:
                partner[i] = match
                free.remove(match)
    paired: list[tuple[dict[str, Any] | None, dict[str, Any] | None]] = [
        (old[partner[i]] if i in partner else None, item) for i, item in enumerate(new)
    ]
    return paired + [(old[j], None) for j in free]


def _row(section: str, item: str, note: str, field: str, before: Any, after: Any, place: str = "") -> list[Row]:
    was, now = _text(before), _text(after)
    if not was and not now:
        return []
    delta = None
    if field in _AMOUNTS or section == "totals":
        delta = Decimal(now or 0) - Decimal(was or 0)
    if was == now:
        change: Change = "same"
    elif not was:
        change = "added"
    elif not now:
        change = "removed"
    elif delta is not None:
        change = "up" if delta > 0 else "down" if delta < 0 else "same"
    else:
        change = "changed"
    single = bool(now) and section != "totals" and section not in economics.ITEM_LISTS
    path = f"{place}.{field}" if place else field if single else ""
    return [Row(section, item, note, field, was, now, change, delta, path)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
