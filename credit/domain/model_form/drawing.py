"""A model document as the fields of a form, one part at a time, every problem beside its cell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from credit.domain.model.problems import A_TEXT, Problem
from credit.domain.model.schema import BAND, FORMULA, LABEL, Fields
from credit.domain.model.shape import Either, Entries, Flag, Listing, OneOf, Shape, Whole
from credit.domain.model_form.parts import (
    LOWER,
    RESERVED,
    UPPER,
    at_place,
    dotted,
    get,
    listed,
    parts,
    rules_of,
    shape_of,
    text_of,
    under,
)
from credit.domain.model_form.words import BLANK_MESSAGE, EDGES, OPTIONS, TYPED_BY, word

Node = dict[str, Any]
_NAME = re.compile(r"'[^']*'|[a-z][a-z0-9_]*")


class Drawn:
    """The fields of one part: ``tree`` for the page, ``cells`` by their place, ``loose`` what stands at no place of it."""

    def __init__(self, part: str, document: Mapping[str, Any], problems: Sequence[Problem], language: str) -> None:
        self.language = language
        self.index = 1 if language == "en" else 0
        self.document = document
        self.names = names_in(document, language)
        self.places: dict[str, Node] = {}
        self.tree = self.record(shape_of(part), document, "", top=True)
        self.loose: list[str] = []
        self.count = 0
        keys = parts()[part]
        for problem in problems:
            if dotted(problem.path).split(".")[0] in keys or (not problem.path and problem.values.get("key") in keys):
                self.count += 1
                self.put(problem)

    @property
    def cells(self) -> list[Node]:
        """Everything that can carry an error."""
        return [node for node in {id(node): node for node in self.places.values()}.values() if node["is"] != "hidden"]

    # --- problems -----------------------------------------------------------------------------------------------

    def put(self, problem: Problem) -> None:
        """Stand a problem beside its cell, or at the nearest thing around it."""
        place = dotted(problem.path)
        if problem.code == "missing_key":
            place = under(place, problem.values["key"])
        said = said_of(problem, self.language)
        full = place
        while place and place not in self.places:
            place = place.rpartition(".")[0]
        if not place:
            self.loose.append(said)
            return
        rest = full[len(place) + 1 :]
        if rest and rest not in ("bands.rows", "name") and not rest.startswith(("label", "values")):
            said = f"{word(rest.split('.')[-1], self.language)}：{said}" if not self.index else f"{word(rest.split('.')[-1], self.language)}: {said}"  # fmt: skip
        errors = self.places[place]["errors"]
        if said not in errors:
            errors.append(said)

    # --- nodes --------------------------------------------------------------------------------------------------

    def node(self, shape: Shape, value: Any, name: str, key: str, *, optional: bool) -> Node:
        if isinstance(shape, Either):
            shape = shape.entries if isinstance(value, Mapping) else shape.text
        if isinstance(shape, Fields):
            node = self.record(shape, value if isinstance(value, Mapping) else {}, name)
        elif isinstance(shape, Listing):
            node = self.listing(shape, value, name)
        elif isinstance(shape, Entries):
            node = self.entries(shape, value, name, key)
        else:
            node = self.cell(shape, value, name, key)
        node |= {"label": word(key, self.language), "key": key, "optional": optional}
        return node

    def start(self, kind: str, name: str) -> Node:
        node: Node = {"is": kind, "name": name, "id": "f-" + name.replace(".", "-"), "errors": []}
        self.places[name] = node
        return node

    def cell(self, shape: Shape, value: Any, name: str, key: str) -> Node:
        node = self.start("cell", name)
        text = text_of(value)
        control, options = "text", []
        if isinstance(shape, OneOf):
            control = "select"
            options = [(one, word(one, self.language, OPTIONS)) for one in shape.values]
            if text and text not in shape.values:
                options.append((text, text))
        elif isinstance(shape, Flag):
            control, text = "flag", "yes" if value is True else ""
            node["kept"] = value is False
        elif shape is FORMULA:
            control = "formula"
        hint = ""
        if control == "formula":
            hint = self.in_words(text)
        elif key in TYPED_BY and text:
            hint = self.names[TYPED_BY[key]].get(text, "")
        node |= {
            "control": control,
            "value": text,
            "options": options,
            "list": TYPED_BY.get(key, ""),
            "hint": hint,
            "mode": "numeric" if isinstance(shape, Whole) else "",
            "short": control == "text" and key not in ("zh", "en", "default"),
        }
        return node

    def in_words(self, formula: str) -> str:
        """A formula with words in place of names, as far as names are known."""
        names = self.names["names"]

        def put(match: re.Match[str]) -> str:
            return names.get(match[0], match[0])

        said = _NAME.sub(put, formula).replace("*", "×").replace("/", "÷")
        return said if said != formula else ""

    def record(self, shape: Fields, value: Any, name: str, *, top: bool = False) -> Node:
        if shape is LABEL:
            node = self.start("label", name)
            node["members"] = [self.node(shape.required[k], value.get(k), under(name, k), k, optional=False) for k in ("zh", "en")]  # fmt: skip
            return node
        node = {"is": "record", "name": "", "id": "part", "errors": []} if top else self.start("record", name)
        rules = rules_of(shape)
        members: list[Node] = []
        known = {**shape.required, **shape.optional}
        has_edges = set(BAND) <= set(known)
        for key, inner in known.items():
            if key in rules or key in RESERVED or (key in BAND and has_edges):
                continue
            if not _suits(key, value, known):
                continue
            members.append(self.node(inner, value.get(key), under(name, key), key, optional=key not in shape.required))
        if has_edges:
            at = next((at for at, one in enumerate(members) if one["key"] in ("value", "values")), len(members))
            members[at:at] = self.edges(value, name)
        if rules:
            members.append(self.rule(shape, value, name, rules))
        node["members"] = members
        unknown = {key: given for key, given in value.items() if key not in known}
        if unknown and not top:
            node["further"] = json.dumps(unknown, ensure_ascii=False)
        return node

    def edges(self, value: Mapping[str, Any], name: str) -> list[Node]:
        found = []
        for side, keys in (("lower", LOWER), ("upper", UPPER)):
            key = next((key for key in keys if key in value), "")
            node = self.start("edge", under(name, side))
            node |= {
                "kind": key,
                "kinds": [(one, EDGES[one][self.index]) for one in ("", *keys)],
                "value": text_of(value.get(key)) if key else "",
                "label": EDGES[side][self.index],
                "key": side,
                "optional": True,
            }
            for one in keys:
                self.places[under(name, one)] = node
            found.append(node)
        return found

    def rule(self, shape: Fields, value: Mapping[str, Any], name: str, rules: tuple[str, ...]) -> Node:
        chosen = next((key for key in rules if key in value), rules[0])
        known = {**shape.required, **shape.optional}
        body = self.node(known[chosen], value.get(chosen), under(name, chosen), chosen, optional=False)
        node = self.start("rule", under(name, "how"))
        node |= {
            "chosen": chosen,
            "options": [(key, word(key, self.language)) for key in rules],
            "label": word("how", self.language),
            "key": "how",
            "optional": False,
            "body": body,
        }
        return node

    def listing(self, shape: Listing, value: Any, name: str) -> Node:
        node = self.start("rows", name)
        rows = value if isinstance(value, list) else []
        node["rows"] = [
            self.node(shape.item, row, under(name, place), "", optional=False) | {"place": place}
            for place, row in enumerate(rows)
        ]
        node["kept"] = value == []
        node["may_add"] = len(rows) < shape.at_most
        node["is_table"] = _is_plain(shape.item)
        node["heads"] = _heads(node["rows"]) if node["is_table"] else []
        node["is_labels"] = shape.item is LABEL
        return node

    def entries(self, shape: Entries, value: Any, name: str, key: str) -> Node:
        node = self.start("pairs", name)
        given = dict(value) if isinstance(value, Mapping) else {}
        expected = self.expected(name)
        rows: list[Node] = []
        for one in (*expected, *(one for one in given if one not in expected)):
            place = len(rows)
            cell = self.node(shape.value, given.get(one), under(name, f"{place}.value"), "value", optional=False)
            self.places[under(name, one)] = cell
            rows.append({"place": place, "key": one, "label": expected.get(one, ""), "is_fixed": one in expected, "cell": cell})  # fmt: skip
        node |= {"pairs": rows, "may_add": not expected and len(rows) < shape.at_most}
        return node

    def expected(self, name: str) -> dict[str, str]:
        """The keys a look-up or a level should have, with their words: the codes of the choice, the figures of the grade."""
        if name.startswith("grade.levels."):
            figures = listed(get(self.document, "grade", "figures"))
            return {text_of(one.get("name")): self.own(one) for one in figures if isinstance(one, Mapping)}
        of = at_place(self.document, f"{name.rpartition('.')[0]}.of")
        return self.choices_of(of) if isinstance(of, str) else {}

    def choices_of(self, name: str) -> dict[str, str]:
        for one in listed(self.document.get("inputs")):
            for entry in (one, *listed(get(one, "fields"))):
                if get(entry, "name") == name:
                    return self.coded(get(entry, "choices"))
        if name and name == at_place(self.document, "grade.name"):
            return self.coded(at_place(self.document, "grade.levels"))
        return {}

    def coded(self, rows: Any) -> dict[str, str]:
        return {text_of(get(one, "code")): self.own(one) for one in listed(rows) if get(one, "code")}

    def own(self, record: Any) -> str:
        return text_of(get(record, "label", "en" if self.index else "zh"))


def said_of(problem: Problem, language: str) -> str:
    """A problem in words, without its place."""
    index = 1 if language == "en" else 0
    if problem.code == "missing_key" or (problem.code == "wrong_kind" and problem.values.get("expected") == A_TEXT):
        return BLANK_MESSAGE[index]
    said = problem.words(language)
    return said[:1].upper() + said[1:] if index else said


def names_in(document: Mapping[str, Any], language: str) -> dict[str, dict[str, str]]:
    """The names, codes of reasons and codes of choices a document defines so far, with their words; faults are passed over."""
    found: dict[str, dict[str, str]] = {"names": {}, "reasons": {}}
    side = "en" if language == "en" else "zh"
    for record in _records(document):
        said = text_of(get(record, "label", side))
        if isinstance(record.get("name"), str):
            found["names"].setdefault(record["name"], said)
        elif isinstance(record.get("code"), str):
            found["names"].setdefault(f"'{record['code']}'", said)
    for reason in listed(document.get("reasons")):
        if isinstance(get(reason, "code"), str):
            found["reasons"][reason["code"]] = text_of(get(reason, "label", side))
    return found


def _records(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every record that has a label, wherever it lies."""
    if isinstance(value, Mapping):
        if "label" in value:
            yield value
        for inner in value.values():
            yield from _records(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _records(inner)


def _is_plain(shape: Shape) -> bool:
    """Whether a row of this shape fits a line of a table."""
    if not isinstance(shape, Fields):
        return True
    inner = {**shape.required, **shape.optional}.values()
    return not rules_of(shape) and all(one is LABEL or not isinstance(one, (Fields, Listing, Entries)) for one in inner)


def _heads(rows: Sequence[Node]) -> list[str]:
    if not rows or "members" not in rows[0]:
        return []
    heads = []
    for member in rows[0]["members"]:
        heads += [one["label"] for one in member["members"]] if member["is"] == "label" else [member["label"]]
    return heads


_BY_TYPE = {
    "min": ("money", "ratio", "points", "int"),
    "max": ("money", "ratio", "points", "int"),
    "choices": ("choice",),
    "fields": ("events",),
    "at_most": ("events",),
}


def _suits(key: str, record: Mapping[str, Any], known: Mapping[str, Shape]) -> bool:
    """Whether a key has a place in a record of this type; what is filled in is shown whatever the type."""
    if "choices" not in known or key not in _BY_TYPE or key in record:
        return True
    return record.get("type") in _BY_TYPE[key]
