"""Facts of a trial as people type them, in a form or a file, and as the evaluator takes them. Framework-free.

Nothing is guessed: what cannot be read as its type is named with what to do. A value outside the model's range is no error
here; the model itself answers it, as it would answer a real file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from config.lib.money import round_places
from credit.domain.model.document import Input, Label, Model, Parameter, ValueType

YES = frozenset({"是", "有", "yes", "y", "true", "1"})
NO = frozenset({"否", "无", "没有", "no", "n", "false", "0"})
LONGEST = 40

_TEXT = {
    "number": Label("请填数字，如 35000 或 0.5", "Enter a number such as 35000 or 0.5"),
    "whole": Label("请填整数", "Enter a whole number"),
    "places": Label("小数最多 {places} 位", "{places} decimals at most"),
    "yes_no": Label("请填“是”或“否”", "Enter yes or no"),
    "choice": Label("请填其中之一：{choices}", "Enter one of: {choices}"),
    "event": Label("这一条要填全，或者整条留空", "Fill in the whole row, or leave all of it empty"),
    "bounds": Label("应在 {low} 至 {high} 之间", "Must lie between {low} and {high}"),
}


@dataclass(frozen=True)
class Unread:
    """A value that could not be read: its place (``shares``, ``breaches.0.measure``) and what to do."""

    place: str
    words: Label


def _said(code: str, **values: object) -> Label:
    label = _TEXT[code]
    return Label(label.zh.format_map(values), label.en.format_map(values))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def read_number(text: str, value_type: ValueType) -> Decimal | Label:
    """A number on the grid of its type, or what is wrong with it."""
    plain = _plain(text).replace(",", "").replace(" ", "")
    try:
        value = Decimal(plain) if len(plain) <= LONGEST else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite() or value.adjusted() > 20:
        return _said("whole" if value_type is ValueType.INT else "number")
    rounded = round_places(value, value_type.places)
    if rounded != value:
        return _said("places", places=value_type.places) if value_type.places else _said("whole")
    return rounded


def read_value(entry: Input, text: str) -> Decimal | bool | str | Label:
    """One fact out of its text: a number, true or false, the code of a choice (written as code or in words)."""
    if entry.type.is_number:
        return read_number(text, entry.type)
    plain = _plain(text).lower()
    if entry.type is ValueType.BOOL:
        if plain in YES or plain in NO:
            return plain in YES
        return _said("yes_no")
    for choice in entry.choices:
        if plain in (choice.code.lower(), _plain(choice.label.zh).lower(), _plain(choice.label.en).lower()):
            return choice.code
    zh, en = ("、".join(c.label.zh for c in entry.choices), ", ".join(c.label.en for c in entry.choices))
    return Label(_TEXT["choice"].zh.format(choices=zh), _TEXT["choice"].en.format(choices=en))


def read_facts(
    model: Model, texts: Mapping[str, str], events: Mapping[str, Sequence[Mapping[str, str]]]
) -> tuple[dict[str, Any], list[Unread]]:
    """Facts out of typed texts, and everything that could not be read. An empty text is a missing fact."""
    facts: dict[str, Any] = {}
    unread: list[Unread] = []
    for entry in model.inputs:
        if entry.type is ValueType.EVENTS:
            facts[entry.name] = _read_events(entry, events.get(entry.name, ()), unread)
            continue
        text = texts.get(entry.name, "")
        if not text.strip():
            facts[entry.name] = None
            continue
        value = read_value(entry, text)
        if isinstance(value, Label):
            unread.append(Unread(entry.name, value))
        else:
            facts[entry.name] = value
    return facts, unread


def _read_events(
    entry: Input, rows: Iterable[Mapping[str, str]], unread: list[Unread]
) -> list[dict[str, Decimal | bool | str]] | None:
    found = []
    for place, row in enumerate(rows):
        if not any(text.strip() for text in row.values()):
            continue
        event: dict[str, Decimal | bool | str] = {}
        for one in entry.fields:
            text = row.get(one.name, "")
            value = read_value(one, text) if text.strip() else _said("event")
            if isinstance(value, Label):
                unread.append(Unread(f"{entry.name}.{place}.{one.name}", value))
            else:
                event[one.name] = value
        found.append(event)
    return found or None


def read_parameters(
    parameters: Iterable[Parameter], texts: Mapping[str, str]
) -> tuple[dict[str, Decimal], list[Unread]]:
    """Parameters out of typed texts; an empty text takes the default where there is one. Faults name the parameter."""
    found: dict[str, Decimal] = {}
    unread: list[Unread] = []
    for entry in parameters:
        text = texts.get(entry.name, "")
        if not text.strip():
            if entry.default is None:
                unread.append(Unread(entry.name, _said("number")))
            continue
        value = read_number(text, entry.type)
        if isinstance(value, Label):
            unread.append(Unread(entry.name, value))
        elif not entry.kind.low <= value <= entry.kind.high:
            unread.append(Unread(entry.name, _said("bounds", low=entry.kind.low, high=entry.kind.high)))
        else:
            found[entry.name] = value
    return found, unread
