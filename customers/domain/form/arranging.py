"""One step on a draft of a form: add, move, remove, retire a step, section or field. What stands there may be half typed.

Paths are those of the faults: ``steps.1``, ``sections.3``, ``sections.3.fields.2``. A step that does not apply changes nothing.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from customers.domain.form.definition import MOST_FIELDS, MOST_SECTIONS, MOST_STEPS

Document = dict[str, Any]
LONGEST = max(MOST_STEPS, MOST_SECTIONS, MOST_FIELDS)
"""Parts of any list."""

_TIES = ("shown_if", "not_above", "warns_past", "only_warns", "required", "needed")


def part_at(document: Any, path: str) -> Document | None:
    """Return the record a path leads to."""
    found = _list_of(document, path)
    return found[0][found[1]] if found else None


def _list_of(document: Any, path: str) -> tuple[list[Any], int] | None:
    """Return the list a path leads into, and the place in it."""
    inner: Any = document
    parts = path.split(".")
    if len(parts) not in (2, 4) or parts[0] not in ("steps", "sections") or parts[2:3] not in ([], ["fields"]):
        return None
    held: list[Any] = []
    place = 0
    for name, number in zip(parts[::2], parts[1::2], strict=True):
        held = inner.get(name) if isinstance(inner, Mapping) else None  # type: ignore[assignment]
        if not isinstance(held, list) or not number.isdigit() or len(number) > 3 or int(number) >= len(held):
            return None
        place = int(number)
        inner = held[place]
    return (held, place) if isinstance(inner, dict) else None


def replaced(document: Document, path: str, part: Mapping[str, Any]) -> Document:
    """Return the document with another record at a path; a step's new code is followed by its sections."""
    changed = deepcopy(document)
    found = _list_of(changed, path)
    if found is None:
        return changed
    held, place = found
    before = held[place].get("code")
    held[place] = dict(part)
    if path.startswith("steps.") and before != part.get("code"):
        for section in _records(changed, "sections"):
            if section.get("step") == before:
                section["step"] = part.get("code")
    return changed


def moved(document: Document, path: str, by: int) -> Document:
    """Return the document with a part one place up (-1) or down (1); a section moves among those of its step."""
    changed = deepcopy(document)
    found = _list_of(changed, path)
    if found is None:
        return changed
    held, place = found
    step = held[place].get("step") if path.count(".") == 1 else None
    other = place + by
    while 0 <= other < len(held) and path.startswith("sections.") and path.count(".") == 1:
        if isinstance(held[other], dict) and held[other].get("step") == step:
            break
        other += by
    if 0 <= other < len(held):
        held[place], held[other] = held[other], held[place]
    return changed


def removed(document: Document, path: str) -> Document:
    """Return the document without a part; whether files carry it is said by ``succession``."""
    changed = deepcopy(document)
    found = _list_of(changed, path)
    if found is not None:
        del found[0][found[1]]
    return changed


def retired(document: Document, path: str, *, back: bool = False) -> Document:
    """Return the document with a section or field retired, or asked again; a retired one hangs on no other."""
    changed = deepcopy(document)
    part = part_at(changed, path)
    if part is None or path.startswith("steps."):
        return changed
    part.pop("retired", None)
    if not back:
        part["retired"] = True
        for name in _TIES:
            part.pop(name, None)
    return changed


def with_step(document: Document) -> tuple[Document, str]:
    """Return the document with one more step, and its path."""
    changed = deepcopy(document)
    steps = _listed(changed, "steps")
    if len(steps) < MOST_STEPS:
        steps.append({"code": _free("step", steps), "zh": "", "en": ""})
    return changed, f"steps.{len(steps) - 1}"


def with_section(document: Document, step: str) -> tuple[Document, str]:
    """Return the document with one more section of a step, after the step's last one, and its path."""
    changed = deepcopy(document)
    sections = _listed(changed, "sections")
    if len(sections) >= MOST_SECTIONS:
        return changed, f"sections.{len(sections) - 1}"
    last = max((place for place, one in enumerate(sections) if _of(one, "step") == step), default=len(sections) - 1)
    fields = [_new_field(changed, [])]
    made = {"code": _free("section", sections), "step": step, "shape": "answers", "zh": "", "en": "", "fields": fields}
    sections.insert(last + 1, made)
    return changed, f"sections.{last + 1}"


def with_field(document: Document, section: str) -> tuple[Document, str]:
    """Return the document with one more field at the end of a section, and its path."""
    changed = deepcopy(document)
    part = part_at(changed, section)
    if part is None:
        return changed, section
    fields = _listed(part, "fields")
    if len(fields) < MOST_FIELDS:
        fields.append(_new_field(changed, fields))
    return changed, f"{section}.fields.{len(fields) - 1}"


def _new_field(document: Document, fields: list[Any]) -> Document:
    everything = [*fields, *(field for one in _records(document, "sections") for field in _listed(one, "fields"))]
    return {"code": _free("item", everything), "type": "text", "zh": "", "en": ""}


def _free(stem: str, parts: list[Any]) -> str:
    taken = {_of(one, "code") for one in parts}
    return next(f"{stem}_{number}" for number in range(1, 10_000) if f"{stem}_{number}" not in taken)


def _of(part: Any, name: str) -> Any:
    return part.get(name) if isinstance(part, Mapping) else None


def _listed(part: Document, name: str) -> list[Any]:
    if not isinstance(part.get(name), list):
        part[name] = []
    found: list[Any] = part[name]
    return found


def _records(document: Document, name: str) -> list[Document]:
    return [one for one in _listed(document, name) if isinstance(one, dict)]
