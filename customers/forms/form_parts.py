"""The editor of collection forms: what of a draft is typed on which page, and what was typed read back.

A draft is edited part by part: the form itself, a step, a section, a field with its options. Nothing is refused here; what is
wrong is said by ``customers.domain.form`` beside its place.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.lib.parameters import form
from config.lib.parameters.shape import Group, Problem
from config.lib.tables import Words
from customers.domain.form import arranging, parts, succession
from customers.domain.form.definition import Fault
from customers.domain.form.parts import Named

_FIGURES = ("yuan", "number", "whole")
_ASKED = ("choice", "choices", "yes_no")
_IN_WORDS = ("words_missing", "words_too_long")


@dataclass(frozen=True)
class Part:
    """What of a draft is edited on one page."""

    path: str
    record: dict[str, Any]
    section: dict[str, Any]
    sort: str
    is_released: bool
    is_fixed: bool

    @property
    def is_field(self) -> bool:
        """Whether it is a field; else a section or a step."""
        return self.path.count(".") == 3

    @property
    def is_step(self) -> bool:
        """Whether it is a step."""
        return self.path.startswith("steps.")


def part_of(document: Any, path: str, before: Any) -> Part | None:
    """Return the part at a path, None when nothing is there; ``before`` is the edition before."""
    record = arranging.part_at(document, path)
    if record is None:
        return None
    known = succession.released(before)
    if path.startswith("steps."):
        return Part(path, record, {}, "", False, False)
    if path.count(".") == 1:
        is_known = str(record.get("code")) in known
        return Part(path, record, record, "", is_known, succession.fixed(record))
    section = arranging.part_at(document, path.partition(".fields.")[0]) or {}
    is_known = succession.name_of(section, record) in known
    return Part(path, record, section, str(record.get("type") or ""), is_known, succession.fixed(section, record))


def found_again(document: Any, path: str, code: str) -> str:
    """Return where the part with a code lies now, among its neighbours; "" when it is gone."""
    record = arranging.part_at(document, path)
    if record is not None and str(record.get("code") or "") == code:
        return path
    stem = path.rpartition(".")[0]
    for place in range(arranging.LONGEST):
        other = arranging.part_at(document, f"{stem}.{place}")
        if other is not None and str(other.get("code") or "") == code:
            return f"{stem}.{place}"
    return ""


def shape_of(document: Any, part: Part, typed: Mapping[str, Any] | None = None) -> Group:
    """Return what is typed of a part; type and condition just chosen decide what else is asked."""
    if part.is_step:
        return parts.step()
    now = typed if typed is not None else part.record
    condition = now.get("shown_if")
    chosen = str(condition.get("field") or "") if isinstance(condition, Mapping) else ""
    questions = _questions(document, part)
    asked = next((one for one in questions if one.get("code") == chosen), None)
    conditions = tuple((str(one.get("code")), _words(one)) for one in questions)
    held = part.record.get("shown_if")
    values = _values(asked)
    if chosen and asked is None:
        conditions += ((chosen, Words(chosen, chosen)),)
    if isinstance(held, Mapping) and held.get("field") == chosen:
        values = _with(values, held.get("is"))
    if not part.is_field:
        steps = tuple((str(one.get("code")), _words(one)) for one in _records(document.get("steps")))
        return parts.section(
            _with(steps, [part.record.get("step")]),
            conditions,
            values,
            is_fixed=part.record.get("code") == "members",
            is_released=part.is_released,
            rows=now.get("shape", part.record.get("shape")) != "answers",
        )
    figures = tuple(
        (str(one.get("code")), _words(one))
        for one in _records(part.section.get("fields"))
        if one.get("type") in _FIGURES and one.get("code") != part.record.get("code") and not one.get("retired")
    )
    return parts.field(
        str(now.get("type") or "") if "type" in now else part.sort,
        _with(figures, [part.record.get("not_above"), part.record.get("warns_past")]),
        conditions,
        values,
        is_fixed=part.is_fixed,
        is_released=part.is_released,
        of_members=part.section.get("shape") == "members",
        is_row=part.section.get("shape") == "items",
    )


def typed_part(document: Any, part: Part, sent: Mapping[str, Sequence[str]]) -> tuple[Group, dict[str, Any]]:
    """Return the shape of what was sent and the record as typed; keys that the page does not show stay."""
    chosen = {
        "type": (sent.get("type") or [part.sort])[-1],
        "shape": (sent.get("shape") or [str(part.record.get("shape"))])[-1],
        "shown_if": {"field": (sent.get("shown_if.field") or [""])[-1]},
    }
    shape = shape_of(document, part, chosen)
    return shape, parts.merged(shape, part.record, form.typed(shape, sent))


def typed_heading(document: Mapping[str, Any], sent: Mapping[str, Sequence[str]], *, is_first: bool) -> dict[str, Any]:
    """Return the document with what was typed about the form itself."""
    shape = heading_of(document, is_first=is_first)
    return parts.merged(shape, document, form.typed(shape, sent))


def heading_of(document: Mapping[str, Any], *, is_first: bool) -> Group:
    """Return what is typed about the form itself."""
    return parts.heading(str(document.get("subject") or ""), is_first=is_first)


def problems_at(path: str, faults: Iterable[Fault]) -> list[Problem]:
    """Return the faults of a part as problems of its fields; missing names stand at the Chinese name."""
    found = []
    for fault in faults:
        inner = _inner(path, fault.path)
        if inner is None or (path.startswith("sections.") and path.count(".") == 1 and inner.startswith("fields.")):
            continue
        place = [one for one in inner.split(".") if one]
        if fault.code in _IN_WORDS:
            place.append("zh")
        keys = tuple(int(one) if one.isdigit() else one for one in place)
        found.append(Problem(keys, Words(fault.sentence("zh"), fault.sentence("en"))))
    return found


def _inner(path: str, place: str) -> str | None:
    if not path:
        return place if place.partition(".")[0] in ("zh", "en", "subject", "fits", "") else None
    return place[len(path) + 1 :] if place == path or place.startswith(f"{path}.") else None


def _questions(document: Any, part: Part) -> list[Mapping[str, Any]]:
    """The questions a part may depend on: answers asked before it, and what its own row asked before it."""
    numbers = [int(one) for one in part.path.split(".")[1::2]]
    sections = document.get("sections") if isinstance(document, Mapping) else []
    found: list[Mapping[str, Any]] = []
    for section in _records(list(sections or [])[: numbers[0]]):
        if section.get("shape") == "answers" and not section.get("retired"):
            found += _records(section.get("fields"))
    if part.is_field:
        found += _records((part.section.get("fields") or [])[: numbers[1]])
    return [one for one in found if one.get("type") in _ASKED and not one.get("retired")]


def _values(asked: Mapping[str, Any] | None) -> Named:
    if asked is None:
        return ()
    if asked.get("type") == "yes_no":
        return (("true", Words("是", "Yes")), ("false", Words("否", "No")))
    return tuple((str(one.get("code")), _words(one)) for one in _records(asked.get("options")))


def _with(choices: Named, held: Any) -> Named:
    """What stands in the draft stays to be chosen, whatever has become of it."""
    known = {code for code, _words_of in choices}
    more = [str(one) for one in (held if isinstance(held, list) else ()) if one not in (None, "")]
    return choices + tuple((one, Words(one, one)) for one in dict.fromkeys(more) if one not in known)


def _words(record: Mapping[str, Any]) -> Words:
    code = str(record.get("code") or "")
    return Words(str(record.get("zh") or code), str(record.get("en") or code))


def _records(listed: Any) -> list[Mapping[str, Any]]:
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
