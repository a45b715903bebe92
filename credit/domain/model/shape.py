"""The outer shape of JSON: declared once, checked here and published as JSON Schema from the same declaration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from credit.domain.model.problems import Findings


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

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note a value that is no such string."""
        if not isinstance(value, str) or not value.strip():
            findings.add(path, "wrong_kind", expected="text")
        elif len(value) > self.limit:
            findings.add(path, "too_long", limit=self.limit)
        elif self.pattern and not re.fullmatch(self.pattern, value, re.ASCII):
            findings.add(path, "bad_pattern", found=value)

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
            findings.add(path, "wrong_kind", expected="true / false")

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
            findings.add(path, "wrong_kind", expected="123")
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
            findings.add(path, "wrong_kind", expected="[…]")
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
            findings.add(path, "wrong_kind", expected="{…}")
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
class Fields:
    """An object with fixed keys; ``exactly_one`` names keys of which one and only one must be given."""

    required: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)
    exactly_one: tuple[str, ...] = ()

    def check(self, value: object, path: str, findings: Findings) -> None:
        """Note missing, unknown and faulty keys."""
        if not isinstance(value, Mapping):
            findings.add(path, "wrong_kind", expected="{…}")
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
        return schema
