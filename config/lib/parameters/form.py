"""A parameter document as typed fields: named inputs out of a shape, and the document back from what was typed. Framework-free.

Inputs are named by their place (``merge.quorum``, ``reasons.2.code``); for each list the form says in a field of the list's own
name which places it holds and in what order, so that a row may be added, moved and removed without renaming the others. What
cannot be read as its sort is kept as typed: nothing a person wrote is lost, and the check says what is wrong with it.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from config.lib.parameters.reading import title_of
from config.lib.parameters.shape import Chosen, Group, Items, Node, Problem, Rows, Scalar, Value, members_of
from config.lib.tables import Words

Typed = Mapping[str, Sequence[str]]
MOST_TEXT = 400_000
"""Characters of a document pasted or uploaded."""

FURTHER = "further"
"""The field that names the parts of a document beyond those described."""

_WHOLE = re.compile(r"-?\d{1,18}")
_MOST_ROWS = 500
_TYPED_AS = {Value.WHOLE: "numeric", Value.DECIMAL: "decimal"}


# --- From document to fields ----------------------------------------------------------------------------------------


def fields(shape: Group, value: Any, problems: Sequence[Problem], language: str) -> dict[str, Any]:
    """Return the fields of a document as plain data for a template, every problem beside its place.

    A problem whose place has no field stands at the nearest part around it.
    """
    tree = _field(shape, value, "", language)
    tree["further"] = [part["name"] for part in tree["members"][len(shape.members) :]]
    places: dict[str, dict[str, Any]] = {}
    _collect(tree, places)
    for problem in problems:
        place = problem.place
        while place and place not in places:
            place = place.rpartition(".")[0]
        said = problem.words.of(language)
        if place != problem.place and problem.path:
            said = f"{problem.path[-1]}：{said}" if language.startswith("zh") else f"{problem.path[-1]}: {said}"
        places[place]["errors"].append(said)
    return tree


def _collect(part: dict[str, Any], places: dict[str, dict[str, Any]]) -> None:
    places[part["name"]] = part
    for inner in part.get("members", ()):
        _collect(inner, places)


def _field(node: Node, value: Any, name: str, language: str) -> dict[str, Any]:
    part: dict[str, Any] = {
        "name": name,
        "id": "field-" + name.replace(".", "-"),
        "label": node.label.of(language),
        "note": node.note.of(language),
        "optional": node.is_optional,
        "errors": [],
    }
    match node:
        case Group():
            record = value if isinstance(value, Mapping) else {}
            members = [
                _field(one, record.get(one.name), _under(name, one.name), language) for one in members_of(node, record)
            ]
            return part | {"is": "group", "members": members}
        case Rows():
            return part | {
                "is": "rows",
                "members": [_row(node, row, name, place, language) for place, row in enumerate(_list(value))],
            }
        case Items():
            items = _list(value)
            members = [_field(node.item, item, _under(name, place), language) for place, item in enumerate(items)]
            for place, member in enumerate(members):
                member |= {"place": place, "label": f"{part['label']} {place + 1}"}
            return part | {"is": "items", "members": members, "is_long": node.item.value is Value.LONG}
        case Chosen():
            chosen = _list(value)
            choices = [(code, words.of(language), code in chosen) for code, words in node.choices]
            return part | {"is": "chosen", "choices": choices}
        case Scalar():
            return part | _control(node, value, language)


def _control(node: Scalar, value: Any, language: str) -> dict[str, Any]:
    empty = node.empty.of(language) if node.empty else ""
    return {
        "is": "flag" if node.value is Value.FLAG else "choice" if node.value is Value.CHOICE else "scalar",
        "value": _shown(node, value),
        "long": node.value is Value.LONG,
        "mode": _TYPED_AS.get(node.value, ""),
        "type": "date" if node.value is Value.DAY else "text",
        "unit": node.unit.of(language),
        "choices": [(code, words.of(language)) for code, words in node.choices],
        "placeholder": empty,
        "optional": node.is_optional or node.empty is not None,
    }


def _shown(node: Scalar, value: Any) -> Any:
    if node.value is Value.FLAG:
        return node.assumed if value is None else value is True
    return "" if value is None else _text(value)


def _row(node: Rows, row: Any, name: str, place: int, language: str) -> dict[str, Any]:
    record = row if isinstance(row, Mapping) else {}
    inner = _under(name, place)
    return {
        "is": "row",
        "name": inner,
        "id": "field-" + inner.replace(".", "-"),
        "place": place,
        "label": title_of(node, record, place, language),
        "errors": [],
        "members": [_field(one, record.get(one.name), _under(inner, one.name), language) for one in node.members],
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _under(name: str, part: str | int) -> str:
    return f"{name}.{part}" if name else str(part)


# --- From fields to document ----------------------------------------------------------------------------------------


def typed(shape: Group, sent: Typed) -> dict[str, Any]:
    """Return the document that was typed; what does not fit its sort stays as it was written."""
    further = dict.fromkeys(sent.get(FURTHER, ()), "") if shape.others is not None else {}
    found = ((one.name, _typed(one, sent, one.name)) for one in members_of(shape, further))
    return {name: value for name, value in found if value is not _LEFT_OUT}


_LEFT_OUT = object()


def _typed(node: Node, sent: Typed, name: str) -> Any:
    match node:
        case Group():
            inner = {
                one.name: value
                for one in node.members
                if (value := _typed(one, sent, f"{name}.{one.name}")) is not _LEFT_OUT
            }
            return inner if inner or not node.is_optional else _LEFT_OUT
        case Rows():
            rows = []
            for place in _places(sent, name):
                row = ((one.name, _typed(one, sent, f"{name}.{place}.{one.name}")) for one in node.members)
                rows.append({key: value for key, value in row if value is not _LEFT_OUT})
            return rows if rows or not node.is_optional else _LEFT_OUT
        case Items():
            items = [_typed(node.item, sent, f"{name}.{place}") for place in _places(sent, name)]
            return items if items or not node.is_optional else _LEFT_OUT
        case Chosen():
            chosen = [code for code, _words in node.choices if code in sent.get(name, ())]
            return chosen if chosen or not node.is_optional else _LEFT_OUT
        case Scalar():
            return _value(node, (sent.get(name) or [""])[-1])


def _places(sent: Typed, name: str) -> list[str]:
    return [place for place in dict.fromkeys(sent.get(name, ())) if place.isdigit() and len(place) < 5][:_MOST_ROWS]


def _value(node: Scalar, text: str) -> Any:
    if node.value is Value.FLAG:
        is_on = text in ("on", "true", "1")
        return _LEFT_OUT if node.is_optional and is_on == node.assumed else is_on
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        return _LEFT_OUT if node.is_optional else None if node.empty is not None else ""
    if node.value in (Value.WHOLE, Value.DECIMAL, Value.SHARE, Value.CODE):
        text = unicodedata.normalize("NFKC", text)
    if node.value in (Value.WHOLE, Value.DECIMAL):
        text = text.replace(",", "").replace(" ", "")
    return int(text) if node.value is Value.WHOLE and _WHOLE.fullmatch(text) else text


# --- Lists ----------------------------------------------------------------------------------------------------------


def arranged(shape: Group, document: dict[str, Any], step: str) -> dict[str, Any]:
    """Return the document after one step on a list: ``add:reasons``, ``remove:reasons:2``, ``up:reasons:2``, ``down:…``."""
    verb, _colon, rest = step.partition(":")
    name, _colon, place_text = rest.partition(":")
    changed = deepcopy(document)
    node, parent, key = _find(shape, changed, name)
    if not isinstance(node, (Rows, Items)) or parent is None:
        return changed
    rows = parent.setdefault(key, [])
    place = int(place_text) if place_text.isdigit() and len(place_text) < 5 else -1
    if verb == "add" and len(rows) < _MOST_ROWS:
        rows.append({} if isinstance(node, Rows) else "")
    elif verb == "remove" and 0 <= place < len(rows):
        del rows[place]
    elif verb == "up" and 0 < place < len(rows):
        rows[place - 1], rows[place] = rows[place], rows[place - 1]
    elif verb == "down" and 0 <= place < len(rows) - 1:
        rows[place + 1], rows[place] = rows[place], rows[place + 1]
    return changed


def _find(shape: Group, document: dict[str, Any], name: str) -> tuple[Node | None, Any, str]:
    """Return the list a name means, with the record it lies in."""
    node: Node | None = shape
    parent: Any = None
    inner: Any = document
    key = ""
    for part in name.split("."):
        if isinstance(node, Rows) and part.isdigit() and isinstance(inner, list) and int(part) < len(inner):
            inner = inner[int(part)]
            continue
        members = node.members if isinstance(node, (Group, Rows)) else ()
        node = next((one for one in members if one.name == part), None)
        if node is None or not isinstance(inner, dict):
            return None, None, ""
        parent, key = inner, part
        inner = inner.get(part)
        if inner is None and isinstance(node, Group):
            inner = parent.setdefault(part, {})
    return node, parent, key


# --- As text --------------------------------------------------------------------------------------------------------


class Unreadable(ValueError):
    """A pasted or uploaded text is no document; ``words`` says why."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


def parsed(text: str) -> Any:
    """Return the document a JSON text holds. Names given twice, numbers that are not finite and fractions that are not
    exact (they must be written as text) are refused."""
    if len(text) > MOST_TEXT:
        raise Unreadable(Words(f"超过 {MOST_TEXT:,} 个字符", f"Longer than {MOST_TEXT:,} characters"))
    if "\\u0000" in text or "\0" in text:
        raise Unreadable(Words("含有不可见的空字符", "It holds a null character"))
    try:
        return json.loads(
            text.removeprefix("\ufeff"), object_pairs_hook=_record, parse_float=_refuse, parse_constant=_refuse
        )
    except json.JSONDecodeError as error:
        words = Words(
            f"第 {error.lineno} 行第 {error.colno} 个字符处不是有效的 JSON",
            f"No valid JSON at line {error.lineno}, character {error.colno}",
        )
        raise Unreadable(words) from None
    except RecursionError:
        raise Unreadable(Words("嵌套太深", "Nested too deeply")) from None


def _record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(Words(f"“{twice}”写了两次", f"“{twice}” is given twice"))
    return found


def _refuse(text: str) -> Any:
    raise Unreadable(Words(f"小数 {text} 请加引号写成文字", f"Write the fraction {text} in quotation marks"))


def as_text(document: Any) -> str:
    """Return a document as JSON people can read."""
    return json.dumps(document, ensure_ascii=False, indent=2)
