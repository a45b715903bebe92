"""Reading parameters and inputs: types, declared ranges, what happens when a fact is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from config.lib.money import round_places
from credit.domain.model.document import Choice, Input, Label, Parameter, ValueType
from credit.domain.model.expression import Kind
from credit.domain.model.names import Names
from credit.domain.model.units import PURE, YUAN, Unit

_FLAG_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def label(raw: Mapping[str, str]) -> Label:
    """Words of a document in both languages."""
    return Label(raw["zh"], raw["en"])


def unit_of(value_type: ValueType) -> Unit:
    """The unit of a named number of a type."""
    return YUAN if value_type is ValueType.MONEY else PURE


class InputReader(Names):
    """Reads what a household brings and what is released for it."""

    def __init__(self, document: Mapping[str, Any], findings: Any) -> None:
        super().__init__(document, findings)
        self.events: dict[str, Input] = {}

    # --- numbers ------------------------------------------------------------------------------------------------

    def on_grid(self, text: str, places: int, path: str) -> Decimal:
        """A literal on a grid of decimal places."""
        value = Decimal(text)
        if round_places(value, places) != value:
            self.findings.add(path, "too_precise", value=text, places=places)
        return round_places(value, places)

    def fitting(self, text: str, value_type: ValueType, path: str) -> Decimal:
        """A literal on the grid of its type."""
        return self.on_grid(text, value_type.places, path)

    def within_range(self, value: Decimal, kind: Kind, path: str) -> None:
        """Note a value outside a declared range."""
        if not kind.low <= value <= kind.high:
            self.findings.add(path, "outside_range", value=value, low=kind.low, high=kind.high)

    def range(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> Kind:
        """The declared range of a number; the keys min and max belong to numbers and only to them."""
        ends = []
        for key in ("min", "max"):
            if key not in raw:
                self.findings.add(path, "key_required", key=key, type=value_type)
                return Kind("number", value_type.places)
            ends.append(self.fitting(raw[key], value_type, f"{path}.{key}"))
        if ends[0] > ends[1]:
            self.findings.add(path, "range_reversed")
        return Kind("number", value_type.places, min(ends), max(ends), unit=unit_of(value_type))

    # --- parameters and inputs ----------------------------------------------------------------------------------

    def parameter(self, raw: Mapping[str, Any], path: str) -> Parameter:
        """A released figure of the institution, the county or the village."""
        value_type = ValueType(raw["type"])
        kind = self.range(raw, value_type, path)
        default = None
        if "default" in raw:
            default = self.fitting(raw["default"], value_type, f"{path}.default")
            self.within_range(default, kind, f"{path}.default")
        self.declare(raw["name"], kind, path)
        return Parameter(raw["name"], label(raw["label"]), value_type, kind, default, raw.get("scope", "institution"))

    def inputs(self) -> tuple[Input, ...]:
        """All inputs; a list of flags becomes one truth a flag."""
        found: list[Input] = []
        for raw, path in self.entries("inputs"):
            if raw["type"] == "flags":
                found += self.flags(raw, path)
                continue
            fact = self.fact(raw, path)
            if fact.type is ValueType.EVENTS:
                self.events[fact.name] = fact
            found.append(fact)
        return tuple(found)

    def flags(self, raw: Mapping[str, Any], path: str) -> list[Input]:
        """Several answers at once: for each choice an input ``<name>_<code>`` that is true where it was ticked."""
        self.only_keys(raw, {"choices"}, path)
        choices = tuple(Choice(entry["code"], label(entry["label"])) for entry in raw.get("choices", ()))
        self.unique([choice.code for choice in choices], f"{path}.choices")
        reason = raw["missing"].get("reason", "")
        if reason:
            self.use_reason(reason, f"{path}.missing.reason")
        elif raw["missing"].get("default") != "empty":
            self.findings.add(f"{path}.missing.default", "bad_default", value=raw["missing"]["default"], type="flags")
        self.taken.add(raw["name"])
        whole, made = label(raw["label"]), []
        for choice in choices:
            name = f"{raw['name']}_{choice.code.lower()}"
            if not _FLAG_NAME.fullmatch(name):
                self.findings.add(f"{path}.choices", "flag_name", name=name)
            self.declare(name, Kind("bool"), path)
            words = Label(f"{whole.zh}：{choice.label.zh}", f"{whole.en}: {choice.label.en}")
            made.append(
                Input(name, words, ValueType.BOOL, Kind("bool"), None if reason else False, reason,
                      source=raw.get("from", ""), flag_of=raw["name"], flag=choice.code)
            )  # fmt: skip
        return made

    def only_keys(self, raw: Mapping[str, Any], allowed: set[str], path: str) -> None:
        """The keys of a type: its own are required, those of other types have no place."""
        for key in ("min", "max", "choices", "fields", "at_most"):
            if key in raw and key not in allowed:
                self.findings.add(path, "key_not_allowed", key=key, type=raw["type"])
            elif key in allowed and key not in raw and key not in ("min", "max"):
                self.findings.add(path, "key_required", key=key, type=raw["type"])

    def fact(self, raw: Mapping[str, Any], path: str, *, visible: bool = True) -> Input:
        """An input, or a field of an event (which has no ``missing``: an event is complete or it is none)."""
        value_type = ValueType(raw["type"])
        allowed = {"choice": {"choices"}, "events": {"fields", "at_most"}, "bool": set()}.get(
            value_type.value, {"min", "max"}
        )
        self.only_keys(raw, allowed, path)
        choices: tuple[Choice, ...] = ()
        fields: tuple[Input, ...] = ()
        if value_type.is_number:
            kind = self.range(raw, value_type, path)
        elif value_type is ValueType.CHOICE:
            choices = tuple(Choice(entry["code"], label(entry["label"])) for entry in raw.get("choices", ()))
            self.unique([choice.code for choice in choices], f"{path}.choices")
            kind = Kind("choice", codes=tuple(choice.code for choice in choices))
        else:
            kind = Kind(value_type.value)
        self.declare(raw["name"], kind, path, visible=visible)
        if value_type is ValueType.EVENTS:
            fields = tuple(
                self.fact(entry, f"{path}.fields[{index}]", visible=False)
                for index, entry in enumerate(raw.get("fields", ()))
            )
        default, reason = self.missing(raw.get("missing", {}), value_type, kind, path)
        return Input(raw["name"], label(raw["label"]), value_type, kind, default, reason, choices, fields,
                     raw.get("at_most", 0), raw.get("from", ""))  # fmt: skip

    def missing(
        self, raw: Mapping[str, str], value_type: ValueType, kind: Kind, path: str
    ) -> tuple[Decimal | bool | str | None, str]:
        """What a missing fact is taken as, or the reason it ends the evaluation with."""
        path = f"{path}.missing"
        if "reason" in raw:
            self.use_reason(raw["reason"], f"{path}.reason")
            return None, raw["reason"]
        if "default" not in raw:
            return None, ""
        text = raw["default"]
        if value_type.is_number:
            try:
                value = self.fitting(text, value_type, f"{path}.default")
            except (ArithmeticError, ValueError):
                self.findings.add(f"{path}.default", "bad_default", value=text, type=value_type)
                return None, ""
            self.within_range(value, kind, f"{path}.default")
            return value, ""
        fits = {
            ValueType.BOOL: text in ("true", "false"),
            ValueType.CHOICE: text in kind.codes,
            ValueType.EVENTS: text == "empty",
        }[value_type]
        if not fits:
            self.findings.add(f"{path}.default", "bad_default", value=text, type=value_type)
        return (text == "true" if value_type is ValueType.BOOL else text), ""

    def unique(self, codes: Sequence[str], path: str) -> None:
        """Note codes given twice."""
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            self.findings.add(path, "duplicate_name", name=code)
