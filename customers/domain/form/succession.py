"""From one edition of a form to the next: what files carry may be retired, never deleted and never given another meaning.

Files keep the edition they were filled in by and are shown by it. They are also compared with, and begun from, files of other
editions; so a code stands for one question for ever.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from customers.domain.form.definition import SUMMED, Fault

FIXED: Final = ("members", "borrower")
"""A household's members and its borrower: everything about people hangs on them."""


def breaks(before: Any, after: Any) -> list[Fault]:
    """Return what a new edition deletes or gives another meaning, with the place in the new document."""
    found = list(_breaks(before, after))
    return list(dict.fromkeys(found))


def _breaks(before: Any, after: Any) -> Iterator[Fault]:
    old, new = _sections(before), _sections(after)
    answers = _answers(after)
    for code, (_place, section) in old.items():
        is_answers = section.get("shape") == "answers"
        path, held = new.get(code, ("sections", None))
        if held is None and not (is_answers and set(_fields(section)) <= set(answers)):
            yield Fault("sections", "gone", str(section.get("zh") or code))
            continue
        if held is not None:
            yield from _moved(path, section, held, code)
        if held is not None and held.get("shape") != section.get("shape"):
            yield Fault(f"{path}.shape", "retyped", code)
        # An answer may move to another section; where it is kept stays.
        kept = answers if is_answers else {name: (f"{path}.{at}", one) for name, (at, one) in _fields(held).items()}
        for name, (_at, field) in _fields(section).items():
            if name not in kept:
                yield Fault(f"{path}.fields" if held is not None else "sections", "gone", str(field.get("zh") or name))
                continue
            yield from _field(*kept[name], field, name)


def _field(path: str, field: Mapping[str, Any], before: Mapping[str, Any], code: str) -> Iterator[Fault]:
    if field.get("type") != before.get("type"):
        yield Fault(f"{path}.type", "retyped", str(before.get("zh") or code))
    yield from _moved(path, before, field, code)
    now = {one.get("code") for one in _records(field.get("options"))}
    for option in _records(before.get("options")):
        if option.get("code") not in now:
            yield Fault(f"{path}.options", "gone", str(option.get("zh") or option.get("code")))


def _moved(path: str, before: Mapping[str, Any], after: Mapping[str, Any], code: str) -> Iterator[Fault]:
    if (before.get("at") or code) != (after.get("at") or code):
        yield Fault(f"{path}.at", "moved_away", str(before.get("zh") or code))


def fixed(section: Mapping[str, Any], field: Mapping[str, Any] | None = None) -> bool:
    """Tell whether a section or field can neither be retired nor change its type: what the bank adds up, members, borrower."""
    code = str(section.get("code") or "")
    if field is None:
        return code in FIXED or any(fixed(section, one) for one in _records(section.get("fields")) if is_borrower(one))
    return is_borrower(field) or summed(code, str(field.get("code") or "")) != ""


def is_borrower(field: Mapping[str, Any]) -> bool:
    """Tell whether a field is the borrower of a household."""
    return field.get("code") == "borrower" and field.get("type") == "member"


def summed(section: str, field: str) -> str:
    """Return the total a field adds to, "" for none."""
    return SUMMED.get((section, field), "")


def released(document: Any) -> frozenset[str]:
    """Return what an edition holds, as codes: ``assets``, ``assets.current``, ``assets.kind.house``; of single answers the code
    alone stands too, as they may move between sections."""
    found: set[str] = set()
    for code, (_path, section) in _sections(document).items():
        found.add(code)
        for name, (_at, field) in _fields(section).items():
            own = f"answers:{name}" if section.get("shape") == "answers" else f"{code}.{name}"
            found.add(own)
            found |= {f"{own}.{option.get('code')}" for option in _records(field.get("options"))}
    return frozenset(found)


def name_of(section: Mapping[str, Any], field: Mapping[str, Any], option: str = "") -> str:
    """Return how ``released`` names a field or one of its options."""
    own = (
        f"answers:{field.get('code')}"
        if section.get("shape") == "answers"
        else f"{section.get('code')}.{field.get('code')}"
    )
    return f"{own}.{option}" if option else own


def _sections(document: Any) -> dict[str, tuple[str, Mapping[str, Any]]]:
    listed = document.get("sections") if isinstance(document, Mapping) else None
    return {str(one.get("code")): (f"sections.{place}", one) for place, one in _placed(listed) if one.get("code")}


def _fields(section: Mapping[str, Any] | None) -> dict[str, tuple[str, Mapping[str, Any]]]:
    listed = section.get("fields") if section is not None else None
    return {str(one.get("code")): (f"fields.{place}", one) for place, one in _placed(listed) if one.get("code")}


def _answers(document: Any) -> dict[str, tuple[str, Mapping[str, Any]]]:
    return {
        name: (f"{path}.{at}", field)
        for path, section in _sections(document).values()
        if section.get("shape") == "answers"
        for name, (at, field) in _fields(section).items()
    }


def _placed(listed: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for place, one in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(one, Mapping):
            yield place, one


def _records(listed: Any) -> list[Mapping[str, Any]]:
    return [one for _place, one in _placed(listed)]
