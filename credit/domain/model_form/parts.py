"""What drawing a form and reading it back share: the parts of a document, its shapes and places."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from credit.domain.model.schema import DOCUMENT, Fields
from credit.domain.model.shape import Either, Entries, Listing, Shape
from credit.domain.model_form.words import PART_KEYS

ABSENT = object()
RESERVED = frozenset({"format"})
LOWER, UPPER = ("from", "above"), ("upto", "below")


def parts() -> dict[str, tuple[str, ...]]:
    """The parts a document is edited in, each with its keys; keys nobody placed stand in a part of their own."""
    known = [*DOCUMENT.required, *DOCUMENT.optional]
    placed = {key for keys in PART_KEYS.values() for key in keys} | RESERVED
    found = {part: tuple(key for key in keys if key in known) for part, keys in PART_KEYS.items()}
    further = tuple(key for key in known if key not in placed)
    return {**found, "further": further} if further else found


def part_of(key: str) -> str:
    """The part a key of the document, or a place in it, is edited in."""
    top = re.split(r"[.\[]", key, maxsplit=1)[0]
    return next((part for part, keys in parts().items() if top in keys), "about")


def shape_of(part: str) -> Fields:
    """The shape of one part."""
    keys = parts()[part]
    return Fields(
        {key: shape for key, shape in DOCUMENT.required.items() if key in keys},
        {key: shape for key, shape in DOCUMENT.optional.items() if key in keys},
    )


def dotted(path: str) -> str:
    return path.replace("[", ".").replace("]", "")


def under(name: str, key: str | int) -> str:
    return f"{name}.{key}" if name else str(key)


def rules_of(shape: Fields) -> tuple[str, ...]:
    """The keys of which one is chosen by a select: those of which some hold more than a text."""
    known = {**shape.required, **shape.optional}
    keys = shape.exactly_one
    return keys if any(isinstance(known[key], (Fields, Listing)) for key in keys) else ()


def shape_at(name: str) -> Shape | None:
    """The shape of a place in a document."""
    shape: Shape | None = DOCUMENT
    for part in name.split("."):
        if isinstance(shape, Fields):
            shape = {**shape.required, **shape.optional}.get(part)
        elif isinstance(shape, Listing):
            shape = shape.item if part.isdigit() else None
        elif isinstance(shape, Entries):
            shape = shape.value
        elif isinstance(shape, Either):
            shape = shape.entries.value
        else:
            return None
    return shape


def text_of(value: Any) -> str:
    if value is None or value is ABSENT:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def get(record: Any, *keys: str) -> Any:
    for key in keys:
        record = record.get(key) if isinstance(record, Mapping) else None
    return record


def at_place(document: Any, name: str) -> Any:
    for part in name.split(".") if name else ():
        if isinstance(document, list):
            document = document[int(part)] if part.isdigit() and int(part) < len(document) else None
        else:
            document = get(document, part)
    return document
