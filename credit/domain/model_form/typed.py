"""A model document back from the fields of a form, and the steps on its rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from credit.domain.model.schema import BAND, DOCUMENT, Fields
from credit.domain.model.shape import Either, Entries, Flag, Listing, OneOf, Shape, Text, Whole
from credit.domain.model_form.drawing import Drawn
from credit.domain.model_form.parts import (
    ABSENT,
    LOWER,
    RESERVED,
    UPPER,
    at_place,
    part_of,
    parts,
    rules_of,
    shape_at,
    shape_of,
    under,
)

Sent = Mapping[str, Sequence[str]]
_WHOLE = re.compile(r"-?\d{1,9}")


def typed(part: str, sent: Sent, document: Mapping[str, Any]) -> dict[str, Any]:
    """The whole document with one part as it was typed; the other parts stay as they are."""
    keys = parts()[part]
    found = _typed(shape_of(part), sent, "", is_optional=False)
    kept = {key: value for key, value in document.items() if key not in keys}
    return {"format": document.get("format", _format()), **kept, **(found if isinstance(found, dict) else {})}


def _format() -> str:
    shape = DOCUMENT.required["format"]
    return shape.values[0] if isinstance(shape, OneOf) else ""


def _one(sent: Sent, name: str) -> str:
    found = sent.get(name, ())
    return found[0].replace("\r\n", "\n").strip() if found else ""


def _kept(sent: Sent, name: str) -> bool:
    return name in sent.get("kept", ())


def _typed(shape: Shape, sent: Sent, name: str, *, is_optional: bool) -> Any:
    if isinstance(shape, Either):
        shape = shape.entries if under(name, f"{_one(sent, name)}.key") in sent else shape.text
    if isinstance(shape, Fields):
        record = _typed_record(shape, sent, name)
        return ABSENT if is_optional and _hollow(record) else record
    if isinstance(shape, Listing):
        rows = [
            _typed(shape.item, sent, under(name, place), is_optional=False)
            for place in dict.fromkeys(sent.get(name, ()))
        ]
        rows = ["" if row is ABSENT else row for row in rows]
        return rows if rows or not is_optional or _kept(sent, name) else ABSENT
    if isinstance(shape, Entries):
        return _typed_entries(shape, sent, name, is_optional=is_optional)
    if isinstance(shape, Flag):
        return True if sent.get(name) else False if _kept(sent, name) else ABSENT
    text = _one(sent, name)
    if not text:
        return ABSENT
    return int(text) if isinstance(shape, Whole) and _WHOLE.fullmatch(text) else text


def _hollow(value: Any) -> bool:
    """Whether nothing is filled in anywhere inside."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inner is not None and all(_hollow(one) for one in inner)


def _typed_record(shape: Fields, sent: Sent, name: str) -> dict[str, Any]:
    known = {**shape.required, **shape.optional}
    has_edges = set(BAND) <= set(known)
    rules = rules_of(shape)
    how = _one(sent, under(name, "how")) if rules else ""
    chosen = how if how in rules else rules[0] if rules else ""
    record: dict[str, Any] = {}
    for key, inner in known.items():
        if key in RESERVED or (key in BAND and has_edges) or (key in rules and key != chosen):
            continue
        value = _typed(inner, sent, under(name, key), is_optional=key not in shape.required and key != chosen)
        if value is not ABSENT:
            record[key] = value
    if has_edges:
        for side, keys in (("lower", LOWER), ("upper", UPPER)):
            kind, text = _one(sent, under(name, f"{side}.kind")), _one(sent, under(name, side))
            if kind in keys or text:
                record[kind if kind in keys else keys[0]] = text
    further = _one(sent, under(name, "further"))
    if further:
        try:
            unknown = json.loads(further)
        except ValueError:
            unknown = None
        if isinstance(unknown, dict):
            record |= {key: value for key, value in unknown.items() if key not in known}
    return record


def _typed_entries(shape: Entries, sent: Sent, name: str, *, is_optional: bool) -> Any:
    found: dict[str, Any] = {}
    for place in dict.fromkeys(sent.get(name, ())):
        key = _one(sent, under(name, f"{place}.key"))
        value = _typed(shape.value, sent, under(name, f"{place}.value"), is_optional=True)
        if value is ABSENT:
            if not key or sent.get(under(name, f"{place}.fixed")):
                continue
            value = ""
        while key in found:
            key += "_2"
        found[key] = value
    return found if found or not is_optional else ABSENT


# --- Steps ----------------------------------------------------------------------------------------------------------


def arranged(document: dict[str, Any], step: str) -> dict[str, Any]:
    """The document after one step on a row: ``add:<list>``, and ``remove``, ``up``, ``down``, ``copy`` with its place too,
    or ``drop:<record>`` for what the language does not know. A step that fits nothing changes nothing."""
    verb, _colon, where = step.partition(":")
    if verb == "drop":
        record = at_place(document, where)
        if isinstance(record, dict):
            for key in json.loads(Drawn(part_of(where), document, (), "zh").places[where].get("further", "{}")):
                record.pop(key, None)
        return document
    name, _dot, place = where.rpartition(":") if verb != "add" else (where, "", "")
    holder, _dot, key = name.rpartition(".")
    parent = at_place(document, holder)
    shape = shape_at(name)
    if not isinstance(parent, (dict, list)) or not isinstance(shape, (Listing, Entries)):
        return document
    if isinstance(shape, Entries):
        return _arranged_pairs(document, parent, key, verb, place)
    rows = parent.setdefault(key, []) if isinstance(parent, dict) else None
    if not isinstance(rows, list):
        return document
    if verb == "add":
        rows.append(_fresh(shape.item))
        return document
    at = int(place) if place.isdigit() else -1
    if not 0 <= at < len(rows):
        return document
    if verb == "remove":
        rows.pop(at)
    elif verb == "copy":
        rows.insert(at + 1, json.loads(json.dumps(rows[at])))
    elif verb in ("up", "down"):
        to = at + (1 if verb == "down" else -1)
        if 0 <= to < len(rows):
            rows[at], rows[to] = rows[to], rows[at]
    return document


def _arranged_pairs(document: dict[str, Any], parent: Any, key: str, verb: str, place: str) -> dict[str, Any]:
    pairs = parent.setdefault(key, {}) if isinstance(parent, dict) else None
    if isinstance(pairs, dict):
        if verb == "add":
            pairs.setdefault("", "")
        elif verb == "remove":
            pairs.pop(place, None)
    return document


def _fresh(shape: Shape) -> Any:
    """A new row: its lists empty, its parts in place."""
    if isinstance(shape, Fields):
        rules = rules_of(shape)
        return {rules[0]: ""} if rules and isinstance({**shape.required, **shape.optional}[rules[0]], Text) else {}
    return ""
