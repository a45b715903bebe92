"""A parameter document in words: one value as it is said, and a whole document as fields and tables. Framework-free."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from config.lib.money import grouped, round_places
from config.lib.parameters.shape import Chosen, Group, Items, Node, Rows, Scalar, Value, exact, members_of, share
from config.lib.tables import Words

NOTHING = "—"
LIST = Words("、", ", ")
YES, NO = Words("是", "Yes"), Words("否", "No")


def written(node: Node, value: Any, language: str) -> str:
    """Return one value as people say it, with its unit; what is not there is a dash."""
    match node:
        case Scalar():
            return _scalar(node, value, language)
        case Chosen():
            names = dict(node.choices)
            codes = value if isinstance(value, list) else []
            said = [names[code].of(language) if code in names else str(code) for code in codes if _is_plain(code)]
            return LIST.of(language).join(said) or NOTHING
        case Items():
            items = value if isinstance(value, list) else []
            return LIST.of(language).join(_scalar(node.item, item, language) for item in items) or NOTHING
        case _:
            return NOTHING if value is None else _plain(value)


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int))


def _scalar(node: Scalar, value: Any, language: str) -> str:
    if value is None and node.value is Value.FLAG and node.is_optional:
        return (YES if node.assumed else NO).of(language)
    if value is None or value == "":
        return node.empty.of(language) if node.empty is not None and value is None else NOTHING
    unit = node.unit.of(language)
    text = _figure(node, value, language)
    return f"{text} {unit}" if unit else text


def _figure(node: Scalar, value: Any, language: str) -> str:
    if isinstance(value, bool):
        return (YES if value else NO).of(language)
    if node.value is Value.CHOICE:
        return next((words.of(language) for code, words in node.choices if code == value), str(value))
    if node.value is Value.WHOLE and isinstance(value, int):
        return f"{value:,}"
    if node.value is Value.DECIMAL:
        number = exact(value)
        return str(value) if number is None else _number(number)
    if node.value is Value.SHARE:
        ratio = share(value)
        return str(value) if ratio is None else f"{_number(_percent(ratio))} %"
    return value if isinstance(value, str) else _plain(value)


def _percent(ratio: Fraction) -> Decimal:
    return round_places(ratio * 100, 2)


def _number(number: Decimal) -> str:
    """Write a number with thousands separators and only the decimals it has."""
    plain = number.normalize()
    exponent = plain.as_tuple().exponent
    return grouped(plain, max(0, -exponent if isinstance(exponent, int) else 0))


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and {"zh", "en"} == set(value):
        return f"{value['zh']} / {value['en']}"
    return json.dumps(value, ensure_ascii=False)


def title_of(node: Rows, row: Any, place: int, language: str) -> str:
    """Return what a record of a list is called: its words and code, else its number."""
    if not isinstance(row, Mapping):
        return f"{place + 1}"
    code = row.get(node.code, "") if node.code else ""
    label = row.get("label") or row.get("title") or row
    name = label.get("en" if language.startswith("en") else "zh", "") if isinstance(label, Mapping) else ""
    member = next((one for one in node.members if one.name == node.code), None)
    if member is not None and code:
        said = written(member, code, language)
        if said != str(code):
            return said
    if name and code:
        return f"{name}（{code}）" if language.startswith("zh") else f"{name} ({code})"
    return str(name or code or place + 1)


@dataclass
class Sheet:
    """A table of a document, every cell written."""

    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass
class Block:
    """A part of a document as it is read: named values, paragraphs, tables, and parts of its own."""

    title: str
    values: list[tuple[str, str]] = field(default_factory=list)
    paragraphs: list[tuple[str, list[str]]] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    blocks: "list[Block]" = field(default_factory=list)


def readable(node: Group | Rows, value: Any, language: str, title: str = "") -> Block:
    """Return a document as values, paragraphs and tables in the order of its shape; absent optional parts are left out."""
    block = Block(title)
    content: Any = value if isinstance(value, Mapping) else {}
    for member in members_of(node, content):
        if member.name not in content and member.is_optional:
            continue
        _put(block, member, content.get(member.name), language)
    return block


def _put(block: Block, member: Node, value: Any, language: str) -> None:
    label = member.label.of(language)
    match member:
        case Group():
            block.blocks.append(readable(member, value, language, label))
        case Rows() if all(isinstance(one, (Scalar, Chosen)) or _is_words(one) for one in member.members):
            rows = [row if isinstance(row, Mapping) else {} for row in (value if isinstance(value, list) else [])]
            cells = [[written(one, row.get(one.name), language) for one in member.members] for row in rows]
            block.sheets.append(Sheet(label, [one.label.of(language) for one in member.members], cells))
        case Rows():
            inner = Block(label)
            for place, row in enumerate(value if isinstance(value, list) else []):
                inner.blocks.append(readable(member, row, language, title_of(member, row, place, language)))
            block.blocks.append(inner)
        case Items() if member.item.value is Value.LONG or any(isinstance(one, (dict, list)) for one in value or ()):
            items = value if isinstance(value, list) else []
            block.paragraphs.append((label, [_scalar(member.item, item, language) for item in items]))
        case _:
            block.values.append((label, written(member, value, language)))


def _is_words(node: Node) -> bool:
    """A text in both languages fits one cell of a table."""
    return isinstance(node, Group) and {member.name for member in node.members} == {"zh", "en"}
