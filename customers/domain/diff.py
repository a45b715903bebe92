"""Two revisions of a file side by side: what the second officer checks and what the household page marks.

Rows have no identity of their own, so they are paired by what they are (kind and note) and, within that, in their order; what is left
is paired by kind alone. Nothing is hidden: every row of either revision appears, unchanged ones marked `same`, and what only the
form of the earlier revision asked stands at the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Literal

from customers.domain import catalogue, economics
from customers.domain.catalogue import Words
from customers.domain.form.definition import Field, Form, Section
from customers.domain.form.reading import answer

Change = Literal["same", "up", "down", "changed", "added", "removed"]

TOTALS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "assets": Words("资产合计", "assets"),
        "disposable": Words("可变现合计", "realisable assets"),
        "liabilities": Words("负债合计", "debts"),
        "net_assets": Words("净资产", "net assets"),
        "guarantees": Words("对外担保合计", "guarantees"),
        "gross_income": Words("年收入合计", "yearly income"),
        "operating_cost": Words("经营支出合计", "operating cost"),
        "net_income": Words("纯收入", "net income"),
        "expenses": Words("生活等支出合计", "spending"),
        "surplus": Words("收支结余", "surplus"),
    }
)
_TOTALS_SECTION: Final = Words("合计", "Totals")
_YES_NO: Final = {"true": Words("是", "yes"), "false": Words("否", "no")}
_FIGURES: Final = ("yuan", "number", "whole")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison. `before` and `after` are canonical values ("" when absent); amounts are yuan as text.

    `item` names the row (its kind's code, a member's reference), `note` what the officer wrote beside it; `delta` is after less
    before for figures. `path` is the place in the newer document ("assets.0.current"), "" for what was removed and for totals.
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
    section_words: Words = _TOTALS_SECTION
    item_words: Words | None = None
    asked: Field | None = None

    def field_label(self, language: str = "zh") -> str:
        """The field in words; "" where the row itself is the answer."""
        if self.asked is not None:
            return self.asked.words.label(language)
        if self.section == "totals":
            return TOTALS[self.field].label(language)
        return Words("与户主关系", "relation to head").label(language) if self.field == "relation" else ""

    def label(self, language: str = "zh") -> str:
        """Section, item and field in words, for the head of the line."""
        parts = [self.section_words.label(language)]
        parts += [self.item_words.label(language)] if self.item_words else []
        parts += [self.note, self.field_label(language)]
        return (" · " if language.startswith("en") else "·").join(dict.fromkeys(part for part in parts if part))

    def value(self, text: str, language: str = "zh") -> str:
        """`before` or `after` as a person reads it: the labels of choices, everything else as it stands."""
        if not text:
            return text
        if self.field == "relation":
            return catalogue.labels([text], catalogue.RELATIONS, language)[0]
        if self.asked is None:
            return text
        if self.asked.type == "yes_no":
            return _YES_NO[text].label(language) if text in _YES_NO else text
        if self.asked.type in ("choice", "choices"):
            known = self.asked.choices
            return "、".join(known[one].words.label(language) if one in known else one for one in text.split(","))
        return text


def compare(
    form: Form, before: Mapping[str, Any] | None, after: Mapping[str, Any], before_form: Form | None = None
) -> list[Row]:
    """Every line of two canonical documents, in the order of the newer one's form, totals last; `before` is None for a first
    revision."""
    old: Mapping[str, Any] = before or {}
    rows: list[Row] = []
    for section in _sections(form, before_form):
        if section.shape == "answers":
            for field in section.fields:
                was, now = answer(old, field.at), answer(after, field.at)
                rows += _row(section, None, "", field.code, was, now, field.at if now is not None else "")
        else:
            rows += _compare_rows(section, answer(old, section.at) or [], answer(after, section.at) or [])
    sums = economics.totals(old) if before is not None else None
    told = economics.totals(after)
    for name in TOTALS:
        rows += _total(name, f"{getattr(sums, name):.2f}" if sums else "", f"{getattr(told, name):.2f}")
    return rows


def changed(rows: Sequence[Row]) -> list[Row]:
    """Only the lines that differ."""
    return [row for row in rows if row.change != "same"]


def _sections(form: Form, before: Form | None) -> Iterator[Section]:
    """The sections of the newer form with what its predecessor alone asked added to them, then the predecessor's own."""
    former = before.by_code if before else {}
    for section in form.sections:
        gone = (
            [one for one in former[section.code].fields if one.code not in section.by_code]
            if section.code in former
            else []
        )
        yield Section(**{**_parts(section), "fields": (*section.fields, *gone)}) if gone else section
    yield from (section for code, section in former.items() if code not in form.by_code)


def _parts(section: Section) -> dict[str, Any]:
    return {name: getattr(section, name) for name in Section.__dataclass_fields__}


def _keys(section: Section) -> tuple[str, ...]:
    """What tells the rows of a section apart."""
    if section.shape == "members":
        return ("person",)
    names = [field.code for field in section.fields]
    main = next((name for name in ("kind", "member", "what") if name in names), "")
    return tuple(name for name in (main, "note") if name and name in names) or (names[0],)


def _compare_rows(section: Section, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[Row]:
    keys = _keys(section)
    names = [*(("relation",) if section.shape == "members" else ()), *(field.code for field in section.fields)]
    rows: list[Row] = []
    for place, (before, after) in enumerate(_pairs(old, new, keys)):
        path = f"{section.at}.{place}" if after is not None else ""
        shown = after or before or {}
        present = {**shown, **(before or {})}
        told = [name for name in names if name in present and name not in keys]
        for name in told or [keys[0]]:
            was, now = (before or {}).get(name), (after or {}).get(name)
            rows += _row(
                section, shown.get(keys[0]), str(shown.get("note", "")), name, was, now, path and f"{path}.{name}"
            )
    return rows


def _pairs(
    old: list[dict[str, Any]], new: list[dict[str, Any]], keys: tuple[str, ...]
) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """Pair rows by all key fields, then what is left by the first key field, in the order of the newer list."""
    partner: dict[int, int] = {}
    free = list(range(len(old)))
    for fields in (keys, keys[:1]):
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


def _change(was: str, now: str, *, is_figure: bool) -> tuple[Change, Decimal | None]:
    delta = Decimal(now or 0) - Decimal(was or 0) if is_figure else None
    if was == now:
        return "same", delta
    if not was:
        return "added", delta
    if not now:
        return "removed", delta
    if delta is None:
        return "changed", None
    return "up" if delta > 0 else "down" if delta < 0 else "same", delta


def _row(section: Section, item: Any, note: str, name: str, before: Any, after: Any, path: str) -> list[Row]:
    was, now = _text(before), _text(after)
    if not was and not now:
        return []
    asked = section.by_code.get(name)
    change, delta = _change(was, now, is_figure=asked is not None and asked.type in _FIGURES)
    code = _text(item)
    kind = next((field for field in section.fields if field.code == _keys(section)[0]), None)
    known = kind.choices if kind is not None and section.shape == "items" else {}
    named = known[code].words if code in known else Words(code, code) if code and kind and kind.type == "text" else None
    return [Row(section.code, code, note, name, was, now, change, delta, path, section.words, named, asked)]


def _total(name: str, was: str, now: str) -> list[Row]:
    change, delta = _change(was, now, is_figure=True)
    return [Row("totals", "", "", name, was, now, change, delta)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
