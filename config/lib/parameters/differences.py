"""What changed between two versions of a parameter, sentence by sentence. Framework-free.

Records of a list are matched by their code, so that a reason moved to another place is not told as a new one; values of a
list are matched in their order, so that one paragraph put between two others is told as added and nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from config.lib.parameters.reading import LIST, title_of, written
from config.lib.parameters.shape import Group, Items, Node, Rows, Scalar
from config.lib.tables import Words

Verb = Literal["changed", "added", "removed", "moved"]
_ABSENT = object()


@dataclass(frozen=True)
class Change:
    """One difference: what, and how it was and is written. ``within`` names the parts it lies in, from the outside."""

    verb: Verb
    label: str
    before: str = ""
    after: str = ""
    within: tuple[str, ...] = ()

    def sentence(self, language: str) -> str:
        """The change in one sentence: 将 分歧上限 由 100 % 改为 150 %."""
        is_zh = language.startswith("zh")
        colon, verbs = ("：", _VERBS_ZH) if is_zh else (": ", _VERBS_EN)
        place = "".join(f"{part}{colon}" for part in self.within)
        said = self.after if self.verb == "added" else self.before
        label = f"{self.label}{colon}{said}" if said and self.verb in ("added", "removed") else self.label
        return place + verbs[self.verb].format(label=label, before=self.before, after=self.after)


_VERBS_ZH = {
    "changed": "将 {label} 由 {before} 改为 {after}",
    "added": "增加 {label}",
    "removed": "删去 {label}",
    "moved": "调整 {label} 的顺序",
}
_VERBS_EN = {
    "changed": "{label} changed from {before} to {after}",
    "added": "added {label}",
    "removed": "removed {label}",
    "moved": "order of {label} changed",
}


def differences(node: Node, before: Any, after: Any, language: str) -> list[Change]:
    """Return what changed from one document to the other, in the order of their shape; empty when nothing did."""
    return list(_walk(node, before, after, language, ()))


def _walk(node: Node, before: Any, after: Any, language: str, within: tuple[str, ...]) -> Iterator[Change]:
    if before == after and type(before) is type(after):
        return
    match node:
        case Group() if isinstance(before, Mapping) and isinstance(after, Mapping):
            inner = (*within, node.label.of(language)) if node.name else within
            yield from _record(node.members, before, after, language, inner)
        case Rows() if isinstance(before, list) and isinstance(after, list):
            yield from _rows(node, before, after, language, within)
        case Items() if isinstance(before, list) and isinstance(after, list):
            yield from _items(node, before, after, language, within)
        case _:
            yield _told(node, before, after, language, within)


def _told(node: Node, before: Any, after: Any, language: str, within: tuple[str, ...]) -> Change:
    label = node.label.of(language)
    was = "" if before is _ABSENT else written(node, before, language)
    now = "" if after is _ABSENT else written(node, after, language)
    if before is _ABSENT:
        return Change("added", label, after=now, within=within)
    if after is _ABSENT:
        return Change("removed", label, before=was, within=within)
    return Change("changed", label, was, now, within)


def _record(
    members: Sequence[Node], before: Mapping[str, Any], after: Mapping[str, Any], language: str, within: tuple[str, ...]
) -> Iterator[Change]:
    for member in members:
        yield from _walk(member, before.get(member.name, _ABSENT), after.get(member.name, _ABSENT), language, within)
    known = {member.name for member in members}
    for name in sorted((set(before) | set(after)) - known):
        other = Scalar(name=name, label=Words(name, name))
        yield from _walk(other, before.get(name, _ABSENT), after.get(name, _ABSENT), language, within)


def _rows(node: Rows, before: list[Any], after: list[Any], language: str, within: tuple[str, ...]) -> Iterator[Change]:
    label = node.label.of(language)
    was, now = _by_code(node, before), _by_code(node, after)
    for key, (place, row) in was.items():
        if key not in now:
            yield Change("removed", f"{label} {title_of(node, row, place, language)}", within=within)
    for key, (place, row) in now.items():
        if key not in was:
            yield Change(
                "added",
                f"{label} {title_of(node, row, place, language)}",
                after=_said(node, row, language),
                within=within,
            )
            continue
        old = was[key][1]
        inner = (*within, f"{label} {title_of(node, old, was[key][0], language)}")
        if isinstance(old, Mapping) and isinstance(row, Mapping):
            yield from _record(node.members, old, row, language, inner)
    kept = [key for key in was if key in now]
    if kept != [key for key in now if key in was]:
        yield Change("moved", label, within=within)


def _said(node: Rows, row: Any, language: str) -> str:
    if not isinstance(row, Mapping):
        return ""
    parts = [
        f"{member.label.of(language)} {written(member, row[member.name], language)}"
        for member in node.members
        if member.name in row and member.name != node.code
    ]
    return LIST.of(language).join(parts)


def _by_code(node: Rows, rows: list[Any]) -> dict[Any, tuple[int, Any]]:
    """Return the records by their code, by their place where they have none or share one."""
    found: dict[Any, tuple[int, Any]] = {}
    for place, row in enumerate(rows):
        code = row.get(node.code) if node.code and isinstance(row, Mapping) else None
        key = code if isinstance(code, str) and code and code not in found else place
        found[key] = (place, row)
    return found


def _items(
    node: Items, before: list[Any], after: list[Any], language: str, within: tuple[str, ...]
) -> Iterator[Change]:
    label = node.label.of(language)
    was = [written(node.item, item, language) for item in before]
    now = [written(node.item, item, language) for item in after]
    for verb, start, end, first, last in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if verb == "equal":
            continue
        pairs = min(end - start, last - first)
        for step in range(pairs):
            yield Change("changed", f"{label} {first + step + 1}", was[start + step], now[first + step], within)
        for place in range(start + pairs, end):
            yield Change("removed", f"{label} {place + 1}", before=was[place], within=within)
        for place in range(first + pairs, last):
            yield Change("added", f"{label} {place + 1}", after=now[place], within=within)
