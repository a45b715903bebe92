"""Names of a document: what is in reach, what comes only later, what is used, and what runs in a circle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from credit.domain.model.checking import check, quotients_multiplied, settled_branches, truths
from credit.domain.model.document import Label
from credit.domain.model.expression import RESERVED, ExpressionError, Kind, Node, parse
from credit.domain.model.problems import Findings

_WORD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
NOTHING = Kind("number")


class Names:
    """The scope of a document while it is read in the order of evaluation: a formula sees only what comes before it."""

    def __init__(self, document: Mapping[str, Any], findings: Findings) -> None:
        self.document = document
        self.findings = findings
        self.scope: dict[str, Kind] = {}
        self.taken: set[str] = set()
        self.read: set[str] = set()
        self.reasons: dict[str, Label] = {}
        self.reasons_used: set[str] = set()
        self.within = ""  # the figure whose rule is being read
        self.places: dict[str, str] = {}
        self.mentioned: dict[str, frozenset[str]] = {}
        for name, path, entry in _declared(document):
            self.places.setdefault(name, path)
            self.mentioned.setdefault(name, frozenset(_mentions(entry)))

    def entries(self, section: str) -> Iterable[tuple[Any, str]]:
        """The entries of a section with their places."""
        return [(entry, f"{section}[{index}]") for index, entry in enumerate(self.document.get(section, ()))]

    def declare(self, name: str, kind: Kind, path: str, *, visible: bool = True) -> None:
        """Take a name. Names are unique in the whole document, so that every figure of a trace is unmistakable."""
        if name in RESERVED and name != path:
            self.findings.add(f"{path}.name", "reserved_name", name=name)
        elif name in self.taken:
            self.findings.add(f"{path}.name", "duplicate_name", name=name)
        self.taken.add(name)
        if visible:
            self.scope[name] = kind

    def use_reason(self, code: str, path: str) -> None:
        """Take note of a reason code that is used."""
        self.reasons_used.add(code)
        if code not in self.reasons:
            self.findings.add(path, "unknown_reason", code=code)

    def unknown(self, name: str, path: str) -> None:
        """Say of a name out of reach whether it runs in a circle, comes later, or stands nowhere."""
        if circle := self._circle(name):
            self.findings.add(path, "cyclic_name", name=name, circle=" → ".join(circle))
        elif name in self.places:
            self.findings.add(path, "later_name", name=name, place=self.places[name])
        else:
            near = get_close_matches(name, sorted(self.scope), 1, 0.75) if len(self.scope) < 400 else []
            self.findings.add(path, "unknown_name", name=name, near=f" ({near[0]}?)" if near else "")

    def _circle(self, name: str) -> list[str]:
        """The way from the figure being read over ``name`` back to itself, empty where there is none."""
        start = self.within
        if not start or name not in self.places:
            return []
        came_from: dict[str, str] = {name: start}
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current == start:
                break
            for following in sorted(self.mentioned.get(current, ())):
                if following in self.places and following not in came_from:
                    came_from[following] = current
                    waiting.append(following)
        else:
            return []
        way = [start]
        while len(way) == 1 or way[-1] != start:
            way.append(came_from[way[-1]])
        return way[::-1]

    def named_kind(self, name: str, kind: str, fault: str, path: str, key: str = "of") -> Kind | None:
        """The type of a name that bands, look-ups or totals refer to."""
        self.read.add(name)
        found = self.scope.get(name)
        if found is None:
            self.unknown(name, f"{path}.{key}")
        elif found.kind != kind:
            self.findings.add(f"{path}.{key}", fault, name=name)
            found = None
        return found

    def formula(self, text: str, expected: str, path: str, *, written: bool = True) -> Node:
        """The checked tree of a formula. ``written`` is false for what the reader itself put together."""
        try:
            tree = parse(text)
            self.read.update(tree.names())
            node = check(tree, self.scope, expected)
        except ExpressionError as error:
            if error.code == "unknown_name":
                self.unknown(str(error.values["name"]), path)
            else:
                self.findings.add(path, error.code, **error.values)
            return Node("number", value=Decimal(0), type=Kind("bool") if expected == "bool" else NOTHING)
        if written:
            if quotients_multiplied(node):
                self.findings.warn(path, "multiply_first")
            for condition, always in settled_branches(node):
                self.findings.add(path, "branch_always" if always else "branch_never", at=condition.at)
        return node

    def condition(self, text: str, path: str) -> Node:
        """A condition that over the declared ranges can be met and can fail."""
        known = len(self.findings.problems)
        node = self.formula(text, "bool", path)
        if len(self.findings.problems) == known and len(possible := truths(node)) == 1:
            self.findings.add(path, "condition_always" if True in possible else "condition_never")
        return node


def _declared(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every name a document declares, its place and the entry that declares it."""
    for section in ("parameters", "inputs", "derived", "lines", "caps"):
        for index, entry in enumerate(document.get(section, ())):
            yield entry["name"], f"{section}[{index}]", entry
    card = document.get("scorecard")
    if card is not None:
        for index, entry in enumerate(card["items"]):
            yield entry["name"], f"scorecard.items[{index}]", entry
        yield card["score"]["name"], "scorecard.score", {"formula": " ".join(item["name"] for item in card["items"])}
    for section in ("grade", "tenor", "repayment", "modes"):
        if section in document:
            yield document[section]["name"], section, document[section]
    for entry in document.get("grade", {}).get("figures", ()):
        yield entry["name"], "grade", {"formula": document["grade"]["name"]}
    yield "combined", "combined", document["combined"]


def _mentions(entry: Any) -> Iterator[str]:
    """Whatever looks like a name in the rules of an entry; words for people are left out."""
    if isinstance(entry, str):
        yield from _WORD.findall(entry)
    elif isinstance(entry, Mapping):
        for key, value in entry.items():
            if key not in ("name", "label", "type", "code", "direction", "reason"):
                yield from _mentions(value)
    elif isinstance(entry, (list, tuple)):
        for value in entry:
            yield from _mentions(value)
