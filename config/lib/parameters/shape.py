"""What a parameter document holds: its fields with their words, and what is wrong with a document. Framework-free.

A kind of parameter describes its document once; the editor, the readable page, the comparison and the first check all follow
from that description. A kind too rich to describe leaves it out: then the document itself says what it holds (``inferred``).
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

from config.lib.tables import Words

CODE = re.compile(r"[a-z][a-z0-9_]{0,23}")
MATCHED_BY = ("code", "name", "level", "value", "id")
"""Names by which the records of a list are recognised again, when the document alone says what it holds."""
NONE = Words("", "")

Path = tuple[str | int, ...]


class Problem(NamedTuple):
    """One thing wrong with a document: where, and what to do, in both languages."""

    path: Path
    words: Words

    @property
    def place(self) -> str:
        """The place as the editor names its fields: ``reasons.2.code``."""
        return ".".join(str(part) for part in self.path)


class Value(StrEnum):
    """What a scalar is; decimals and shares are text, so that nothing passes through a float."""

    TEXT = "text"
    LONG = "long"
    CODE = "code"
    WHOLE = "whole"
    DECIMAL = "decimal"
    SHARE = "share"  # an exact ratio of 0 to 1: "1/2", "0.5"
    FLAG = "flag"
    CHOICE = "choice"
    DAY = "day"  # 2026-10-01
    ANY = "any"  # whatever stands there


@dataclass(frozen=True, kw_only=True)
class Scalar:
    """One value. ``empty`` are the words of a value that may be left out as null (不限); ``is_optional``: the key itself may
    be missing, a flag then counts as ``assumed``. ``low`` and ``high`` bound a number, ``is_above`` leaves ``low`` itself out."""

    name: str
    label: Words
    value: Value = Value.TEXT
    unit: Words = NONE
    choices: tuple[tuple[str, Words], ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    is_above: bool = False
    longest: int = 200
    is_optional: bool = False
    empty: Words | None = None
    assumed: bool = False
    note: Words = NONE


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A list of codes out of fixed ones, each at most once and at least one."""

    name: str
    label: Words
    choices: tuple[tuple[str, Words], ...]
    note: Words = NONE
    is_optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Items:
    """A list of values of one sort: amounts, paragraphs."""

    name: str
    label: Words
    item: Scalar
    most: int = 50
    note: Words = NONE
    is_optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """A record of named parts; the document itself is the group without a name. Further names are refused, or hold
    ``others`` where it is given."""

    name: str
    label: Words
    members: "tuple[Node, ...]"
    others: Scalar | None = None
    note: Words = NONE
    is_optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A list of records, recognised again by their ``code``; an empty ``code`` means by their place."""

    name: str
    label: Words
    members: "tuple[Node, ...]"
    code: str = "code"
    most: int = 100
    note: Words = NONE
    is_optional: bool = False


Node = Scalar | Chosen | Items | Group | Rows


def document(*members: Node, others: Scalar | None = None) -> Group:
    """Return the shape of a document with these parts."""
    return Group(name="", label=Words("内容", "Content"), members=members, others=others)


def members_of(node: Group | Rows, value: Any) -> tuple[Node, ...]:
    """Return the parts of a record: those described, and the further ones it holds where it may."""
    if not isinstance(node, Group) or node.others is None or not isinstance(value, Mapping):
        return node.members
    known = {member.name for member in node.members}
    further = (replace(node.others, name=name, label=Words(name, name)) for name in sorted(set(value) - known))
    return (*node.members, *further)


# --- Numbers as text ------------------------------------------------------------------------------------------------


def exact(text: Any) -> Decimal | None:
    """Return the number a text writes, None when it is none. Floats are refused: they are not exact."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        number = Decimal(unicodedata.normalize("NFKC", text).replace(",", "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None


def share(text: Any) -> Fraction | None:
    """Return the ratio a text writes, "1/2" or "0.5", None when it is none."""
    if not isinstance(text, str) or len(text) > 40 or "e" in text.lower():
        return None
    try:
        return Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        return None


def day(text: Any) -> date | None:
    """Return the day a text writes, "2026-10-01", None when it is none."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) and len(text) == 10 else None
    except ValueError:
        return None


# --- What is wrong --------------------------------------------------------------------------------------------------

MISSING = Words("请填写", "Fill this in")
NO_RECORD = Words("内容格式不对，应是一组有名称的项", "This must be a record of named parts")
NO_LIST = Words("内容格式不对，应是一个列表", "This must be a list")


def faults(node: Node, value: Any, path: Path = ()) -> Iterator[Problem]:
    """Yield everything wrong with a value against its shape, each with its place."""
    match node:
        case Group():
            yield from _record(members_of(node, value), value, path)
        case Rows():
            yield from _rows(node, value, path)
        case Items():
            yield from _count(value, node.most, path)
            for place, item in enumerate(value if isinstance(value, list) else ()):
                yield from _scalar(node.item, item, (*path, place))
        case Chosen():
            known = {code for code, _words in node.choices}
            if not isinstance(value, list) or not value:
                yield Problem(path, Words("至少选一项", "Choose at least one"))
            elif any(not isinstance(code, str) or code not in known for code in value) or len(set(value)) < len(value):
                yield Problem(path, Words("有不认识或重复的选项", "A choice is unknown or given twice"))
        case Scalar():
            yield from _scalar(node, value, path)


def _record(members: Sequence[Node], value: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(path, NO_RECORD)
        return
    for name in sorted(set(value) - {member.name for member in members}):
        yield Problem((*path, name), Words(f"没有“{name}”这一项", f"There is no part “{name}”"))
    for member in members:
        if member.name in value:
            yield from faults(member, value[member.name], (*path, member.name))
        elif not member.is_optional:
            yield Problem((*path, member.name), MISSING)


def _rows(node: Rows, value: Any, path: Path) -> Iterator[Problem]:
    yield from _count(value, node.most, path)
    seen: set[str] = set()
    for place, row in enumerate(value if isinstance(value, list) else ()):
        yield from _record(node.members, row, (*path, place))
        code = str(row.get(node.code, "")) if node.code and isinstance(row, Mapping) else ""
        if code and code in seen:
            yield Problem((*path, place, node.code), Words(f"“{code}”已经有了", f"“{code}” is there already"))
        seen.add(code)


def _count(value: Any, most: int, path: Path) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(path, NO_LIST)
    elif not value:
        yield Problem(path, Words("至少要有一条", "At least one entry is needed"))
    elif len(value) > most:
        yield Problem(path, Words(f"最多 {most} 条", f"At most {most} entries"))


def _scalar(node: Scalar, value: Any, path: Path) -> Iterator[Problem]:
    if node.value is Value.ANY or (value is None and node.empty is not None):
        return
    if value is None or value == "":
        yield Problem(path, MISSING)
        return
    words = _fault(node, value)
    if words is not None:
        yield Problem(path, words)


def _fault(node: Scalar, value: Any) -> Words | None:
    match node.value:
        case Value.FLAG:
            return None if isinstance(value, bool) else Words("只能是“是”或“否”", "Only yes or no")
        case Value.CHOICE:
            known = {code for code, _words in node.choices}
            is_known = isinstance(value, str) and value in known
            return None if is_known else Words("请选一项", "Choose one of the list")
        case Value.CODE:
            if isinstance(value, str) and CODE.fullmatch(value):
                return None
            return Words(
                "代码用小写字母开头，只含小写字母、数字和下划线，最多 24 个",
                "A code begins with a small letter and holds small letters, digits and underscores, at most 24",
            )
        case Value.DAY:
            return (
                None if day(value) is not None else Words("请填日期，如 2026-10-01", "Enter a day, such as 2026-10-01")
            )
        case Value.WHOLE:
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            return _bounds(node, Decimal(value)) if is_whole else Words("请填整数", "Enter a whole number")
        case Value.DECIMAL:
            number = exact(value)
            return Words("请填数字", "Enter a number") if number is None else _bounds(node, number)
        case Value.SHARE:
            ratio = share(value)
            if ratio is None or not 0 <= ratio <= 1:
                return Words(
                    "请填 0 到 1 之间的分数或小数，如 1/2", "Enter a fraction or decimal of 0 to 1, such as 1/2"
                )
            return None
        case _:
            return _text(node, value)


def _text(node: Scalar, value: Any) -> Words | None:
    if not isinstance(value, str):
        return Words("这里只能是文字", "Only text can stand here")
    if not value.strip():
        return MISSING
    if len(value) > node.longest:
        return Words(
            f"最多 {node.longest} 个字，现有 {len(value)} 个", f"At most {node.longest} characters, not {len(value)}"
        )
    return None


def _bounds(node: Scalar, number: Decimal) -> Words | None:
    if node.low is not None and (number < node.low or (node.is_above and number == node.low)):
        if node.is_above:
            return Words(f"须大于 {node.low:,f}", f"Must be above {node.low:,f}")
        return Words(f"不能小于 {node.low:,f}", f"Must not be below {node.low:,f}")
    if node.high is not None and number > node.high:
        return Words(f"不能大于 {node.high:,f}", f"Must not be above {node.high:,f}")
    return None


# --- A shape read off the documents themselves ----------------------------------------------------------------------


def inferred(documents: Sequence[Any], words: Mapping[str, Words], name: str = "") -> Node:
    """Return the shape that documents of one kind show by themselves; ``words`` says what their keys are called."""
    label = words.get(name, Words(name, name))
    found = [one for one in documents if one is not None]
    if found and all(isinstance(one, Mapping) for one in found):
        return Group(name=name, label=label, members=_members(found, words), is_optional=True)
    if found and all(isinstance(one, list) for one in found):
        entries = [entry for one in found for entry in one]
        if entries and all(isinstance(entry, Mapping) for entry in entries):
            code = next((key for key in MATCHED_BY if all(_told_apart(one, key) for one in found)), "")
            return Rows(name=name, label=label, members=_members(entries, words), code=code, is_optional=True)
        return Items(name=name, label=label, item=Scalar(name="", label=label, value=Value.ANY), is_optional=True)
    return Scalar(name=name, label=label, value=Value.ANY, is_optional=True)


def _members(records: Sequence[Mapping[str, Any]], words: Mapping[str, Words]) -> tuple[Node, ...]:
    known = list(words)
    names = {name for record in records for name in record}
    order = sorted(names, key=lambda name: (known.index(name) if name in words else len(known), name))
    return tuple(inferred([record.get(name) for record in records], words, name) for name in order)


def _told_apart(rows: Sequence[Mapping[str, Any]], key: str) -> bool:
    codes = [row.get(key) for row in rows]
    return all(isinstance(code, str) for code in codes) and len(set(codes)) == len(codes)
