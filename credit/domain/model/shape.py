"""The outer shape of JSON: declared once, checked here and published as JSON Schema from the same declaration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from credit.domain.model.problems import A_TEXT, Findings, both

MAX_NODES = 60_000  # values of a document, counted before anything else looks at it
MAX_DEPTH = 16
MAX_STRING = 4_000
_MAX_WHOLE = 10**15
# Control characters, halves of surrogate pairs and marks that turn the direction of writing: nothing a banker types.
_UNWANTED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)


def within_bounds(document: object, findings: Findings) -> bool:
    """Whether a JSON value is small and plain enough to be looked at: size, depth, characters, no floats."""
    waiting: list[tuple[object, int]] = [(document, 0)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        fault = _unfit(value, depth)
        if fault is None and isinstance(value, (Mapping, list)):
            count += len(value)
            if count <= MAX_NODES:
                parts = value.values() if isinstance(value, Mapping) else value
                waiting.extend((part, depth + 1) for part in parts)
                if isinstance(value, Mapping):
                    fault = next((found for key in value if (found := _unfit(key, depth, is_key=True))), None)
        if count > MAX_NODES:
            fault = ("too_large", MAX_NODES)
        if fault is not None:
            findings.add("", fault[0], limit=fault[1])
            return False
    return True


def _unfit(value: object, depth: int, *, is_key: bool = False) -> tuple[str, int] | None:
    if depth > MAX_DEPTH:
        return "too_nested", MAX_DEPTH
    if isinstance(value, str):
        if len(value) > MAX_STRING:
            return "too_long", MAX_STRING
        return ("bad_character", 0) if _UNWANTED.search(value) else None
    if is_key:
        return "not_json", 0
    if isinstance(value, bool) or value is None or isinstance(value, (Mapping, list)):
        return None
    if isinstance(value, int):
        return None if abs(value) <= _MAX_WHOLE else ("number_too_large", _MAX_WHOLE)
    return "not_json", 0


class Shape(Protocol):
    """Anything that can check a JSON value and describe itself as JSON Schema."""

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note every fault of ``value``."""

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of this shape."""


@dataclass(frozen=True)
class Text:
    """A string, not blank, optionally of a pattern (anchored at both ends)."""

    limit: int
    pattern: str = ""
    meaning: str = ""
    meaning_zh: str = ""

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note a value that is no such string."""
        if not isinstance(value, str) or not value.strip():
            findings.add(path, "wrong_kind", expected=A_TEXT)
        elif len(value) > self.limit:
            findings.add(path, "too_long", limit=self.limit)
        elif self.pattern and not re.fullmatch(self.pattern, value, re.ASCII):
            findings.add(
                path,
                "bad_pattern",
                found=value,
                meaning=self.meaning_zh or self.pattern,
                meaning_en=self.meaning or self.pattern,
            )

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of this string."""
        schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": self.limit}
        if self.pattern:
            schema["pattern"] = f"^(?:{self.pattern})$"
        if self.meaning:
            schema["description"] = self.meaning
        return schema


@dataclass(frozen=True)
class OneOf:
    """One of a few strings."""

    values: tuple[str, ...]

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note a value outside the list."""
        if value not in self.values or not isinstance(value, str):
            findings.add(path, "not_in_list", found=value, allowed=", ".join(self.values))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of this list."""
        return {"enum": list(self.values)}


@dataclass(frozen=True)
class Flag:
    """true or false."""

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note anything but a boolean."""
        if not isinstance(value, bool):
            findings.add(path, "wrong_kind", expected=both("true 或 false", "true or false"))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Whole:
    """A whole number within limits."""

    low: int
    high: int

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note anything but a whole number within the limits."""
        if isinstance(value, bool) or not isinstance(value, int):
            findings.add(path, "wrong_kind", expected=both("整数", "a whole number"))
        elif not self.low <= value <= self.high:
            findings.add(path, "outside_range", value=value, low=self.low, high=self.high)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of this number."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Listing:
    """An array of one shape."""

    item: Shape
    at_most: int
    at_least: int = 0

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note the faults of every entry."""
        if not isinstance(value, list):
            findings.add(path, "wrong_kind", expected=both("列表 […]", "a list […]"))
        elif len(value) > self.at_most:
            findings.add(path, "too_many", limit=self.at_most)
        elif len(value) < self.at_least:
            findings.add(path, "too_few", limit=self.at_least)
        else:
            for index, entry in enumerate(value):
                self.item.check(entry, f"{path}[{index}]", findings)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of this array."""
        schema = {"type": "array", "items": self.item.schema(), "maxItems": self.at_most}
        return schema | {"minItems": self.at_least} if self.at_least else schema


@dataclass(frozen=True)
class Entries:
    """An object whose keys follow a pattern and whose values share one shape."""

    key: Text
    value: Shape
    at_most: int

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note the faults of every key and value."""
        if not isinstance(value, Mapping):
            findings.add(path, "wrong_kind", expected=both("对象 {…}", "an object {…}"))
        elif len(value) > self.at_most:
            findings.add(path, "too_many", limit=self.at_most)
        elif not value:
            findings.add(path, "too_few", limit=1)
        else:
            for key, entry in value.items():
                self.key.check(key, f"{path}.{key}", findings)
                self.value.check(entry, f"{path}.{key}", findings)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of this object."""
        return {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.value.schema(),
            "minProperties": 1,
            "maxProperties": self.at_most,
        }


@dataclass(frozen=True)
class Either:
    """A string, or an object."""

    text: Text
    entries: Entries

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note the faults of whichever is given."""
        (self.entries if isinstance(value, Mapping) else self.text).check(value, path, findings)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of both."""
        return {"anyOf": [self.text.schema(), self.entries.schema()]}


@dataclass(frozen=True)
class Fields:
    """An object with fixed keys; ``exactly_one`` names keys of which one and only one must be given, ``together`` for a
    key the others it needs."""

    required: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)
    exactly_one: tuple[str, ...] = ()
    together: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note missing, unknown and faulty keys."""
        if not isinstance(value, Mapping):
            findings.add(path, "wrong_kind", expected=both("对象 {…}", "an object {…}"))
            return
        known = {**self.required, **self.optional}
        for key in self.required:
            if key not in value:
                findings.add(path, "missing_key", key=key)
        for key, entry in value.items():
            if key in known:
                known[key].check(entry, f"{path}.{key}" if path else str(key), findings)
            else:
                findings.add(path, "unknown_key", key=key)
        if self.exactly_one and sum(key in value for key in self.exactly_one) != 1:
            findings.add(path, "exactly_one", keys=", ".join(self.exactly_one))
        for key, others in self.together.items():
            for other in others:
                if key in value and other not in value:
                    findings.add(path, "missing_key", key=other)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of this object."""
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {key: shape.schema() for key, shape in {**self.required, **self.optional}.items()},
            "additionalProperties": False,
        }
        if self.required:
            schema["required"] = list(self.required)
        if self.exactly_one:
            schema["oneOf"] = [{"required": [key]} for key in self.exactly_one]
        if self.together:
            schema["dependentRequired"] = {key: list(others) for key, others in self.together.items()}
        return schema
