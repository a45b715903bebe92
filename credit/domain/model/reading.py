"""From JSON to a checked model. Every fault is found in one pass, with its place (``derived[2].formula``)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from config.lib.money import EXACT, round_places
from credit.domain.model.bands import read_bands
from credit.domain.model.checking import check, named, quotients_multiplied
from credit.domain.model.document import (
    BandTable,
    Choice,
    EventTotal,
    Figure,
    Formula,
    Grade,
    GradeFigure,
    Input,
    Label,
    Level,
    Lookup,
    Model,
    Parameter,
    Remark,
    Rule,
    Score,
    Steps,
    Tick,
    Ticks,
    ValueType,
    Veto,
)
from credit.domain.model.expression import RESERVED, ExpressionError, Kind, Node, parse
from credit.domain.model.lists import steps_counted, steps_value, tick_sum
from credit.domain.model.problems import Findings, ModelDocumentError
from credit.domain.model.schema import DOCUMENT

MAX_DOCUMENT = 400_000  # characters of canonical JSON
_NOTHING = Kind("number")


def canonical(document: Any) -> str:
    """The document as canonical JSON: sorted keys, no spaces. Equal documents give equal text."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def read_model(document: Mapping[str, Any] | str | bytes) -> Model:
    """The model a document describes, or ModelDocumentError with every fault found."""
    findings = Findings()
    if isinstance(document, (str, bytes)):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            findings.add("", "wrong_kind", expected="JSON")
            raise ModelDocumentError(findings.problems) from None
    DOCUMENT.check(document, "", findings)
    if not findings.problems:
        text = canonical(document)
        if len(text) > MAX_DOCUMENT:
            findings.add("", "too_long", limit=MAX_DOCUMENT)
        else:
            model = _Reader(document, findings).model(sha256(text.encode()).hexdigest())  # type: ignore[arg-type]
    if findings.problems:
        raise ModelDocumentError(findings.problems)
    return model


def _label(raw: Mapping[str, str]) -> Label:
    return Label(raw["zh"], raw["en"])


def _decimal(text: str) -> Decimal:
    return Decimal(text)


def _below_nought(value: Decimal) -> bool:
    return value < 0


def _above_nought(value: Decimal) -> bool:
    return value > 0


class _Reader:
    """Reads section after section in the order of evaluation, so a formula sees only what comes before it."""

    def __init__(self, document: Mapping[str, Any], findings: Findings) -> None:
        self.document = document
        self.findings = findings
        self.scope: dict[str, Kind] = {}
        self.taken: set[str] = set()
        self.events: dict[str, Input] = {}
        self.reasons: dict[str, Label] = {}
        self.reasons_used: set[str] = set()
        self.remarks: list[Remark] = []

    # --- the whole ----------------------------------------------------------------------------------------------

    def model(self, digest: str) -> Model:
        raw = self.document
        for index, reason in enumerate(raw.get("reasons", ())):
            if reason["code"] in self.reasons:
                self.findings.add(f"reasons[{index}].code", "duplicate_name", name=reason["code"])
            self.reasons[reason["code"]] = _label(reason["label"])
        parameters = tuple(self.parameter(entry, path) for entry, path in self.entries("parameters"))
        inputs = tuple(self.input(entry, path) for entry, path in self.entries("inputs"))
        derived = self.figures("derived")
        items, score = self.scorecard()
        grade = self.grade()
        lines = self.figures("lines", ValueType.MONEY)
        combined = self.money_figure("combined", raw["combined"], "combined")
        caps = tuple(self.money_figure(entry["name"], entry, path) for entry, path in self.entries("caps"))
        vetoes = tuple(self.veto(entry, path) for entry, path in self.entries("vetoes"))
        self.remarks += [self.remark(entry, path) for entry, path in self.entries("remarks")]
        for code in self.reasons:
            if code not in self.reasons_used:
                self.findings.add("reasons", "unused_reason", code=code)
        return Model(
            code=raw["code"],
            title=_label(raw["title"]),
            source=_label(raw["source"]) if "source" in raw else None,
            notes=tuple(_label(note) for note in raw.get("notes", ())),
            parameters=parameters,
            inputs=inputs,
            reasons=MappingProxyType(self.reasons),
            derived=derived,
            items=items,
            score=score,
            grade=grade,
            vetoes=vetoes,
            remarks=tuple(self.remarks),
            lines=lines,
            combined=combined,
            caps=caps,
            step=self.step(),
            digest=digest,
            warnings=tuple(self.findings.warnings),
        )

    def entries(self, section: str) -> Iterable[tuple[Any, str]]:
        return [(entry, f"{section}[{index}]") for index, entry in enumerate(self.document.get(section, ()))]

    def step(self) -> Decimal | None:
        if "rounding" not in self.document:
            return None
        step = _decimal(self.document["rounding"]["step"])
        if step <= 0:
            self.findings.add("rounding.step", "step_not_positive")
        elif round_places(step, 2) != step:
            self.findings.add("rounding.step", "too_precise", value=step, places=2)
        return step

    # --- names --------------------------------------------------------------------------------------------------

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
        self.reasons_used.add(code)
        if code not in self.reasons:
            self.findings.add(path, "unknown_reason", code=code)

    # --- parameters and inputs ----------------------------------------------------------------------------------

    def range(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> Kind:
        """The declared range of a number; the keys min and max belong to numbers and only to them."""
        ends = []
        for key in ("min", "max"):
            if key not in raw:
                self.findings.add(path, "key_required", key=key, type=value_type)
                return Kind("number", value_type.places)
            ends.append(self.fitting(raw[key], value_type, f"{path}.{key}"))
        if ends[0] > ends[1]:
            self.findings.add(path, "range_reversed")
        return Kind("number", value_type.places, min(ends), max(ends))

    def fitting(self, text: str, value_type: ValueType, path: str) -> Decimal:
        """A literal on the grid of its type."""
        return self.on_grid(text, value_type.places, path)

    def on_grid(self, text: str, places: int, path: str) -> Decimal:
        """A literal on a grid of decimal places."""
        value = _decimal(text)
        if round_places(value, places) != value:
            self.findings.add(path, "too_precise", value=text, places=places)
        return round_places(value, places)

    def within(self, value: Decimal, kind: Kind, path: str) -> None:
        if not kind.low <= value <= kind.high:
            self.findings.add(path, "outside_range", value=value, low=kind.low, high=kind.high)

    def parameter(self, raw: Mapping[str, Any], path: str) -> Parameter:
        value_type = ValueType(raw["type"])
        kind = self.range(raw, value_type, path)
        default = None
        if "default" in raw:
            default = self.fitting(raw["default"], value_type, f"{path}.default")
            self.within(default, kind, f"{path}.default")
        self.declare(raw["name"], kind, path)
        return Parameter(raw["name"], _label(raw["label"]), value_type, kind, default, raw.get("scope", "institution"))

    def input(self, raw: Mapping[str, Any], path: str) -> Input:
        fact = self.fact(raw, path)
        if fact.type is ValueType.EVENTS:
            self.events[fact.name] = fact
        return fact

    def fact(self, raw: Mapping[str, Any], path: str, *, visible: bool = True) -> Input:
        """An input, or a field of an event (which has no ``missing``: an event is complete or it is none)."""
        value_type = ValueType(raw["type"])
        allowed = {"choice": {"choices"}, "events": {"fields", "at_most"}, "bool": set()}.get(
            value_type.value, {"min", "max"}
        )
        for key in ("min", "max", "choices", "fields", "at_most"):
            if key in raw and key not in allowed:
                self.findings.add(path, "key_not_allowed", key=key, type=value_type)
            elif key in allowed and key not in raw and key not in ("min", "max"):
                self.findings.add(path, "key_required", key=key, type=value_type)
        choices: tuple[Choice, ...] = ()
        fields: tuple[Input, ...] = ()
        if value_type.is_number:
            kind = self.range(raw, value_type, path)
        elif value_type is ValueType.CHOICE:
            choices = tuple(Choice(entry["code"], _label(entry["label"])) for entry in raw.get("choices", ()))
            self.unique([choice.code for choice in choices], f"{path}.choices")
            kind = Kind("choice", codes=tuple(choice.code for choice in choices))
        else:
            kind = Kind(value_type.value)
        self.declare(raw["name"], kind, path, visible=visible)
        if value_type is ValueType.EVENTS:
            fields = tuple(
                self.fact(entry, f"{path}.fields[{index}]", visible=False)
                for index, entry in enumerate(raw.get("fields", ()))
            )
        default, reason = self.missing(raw.get("missing", {}), value_type, kind, path)
        return Input(raw["name"], _label(raw["label"]), value_type, kind, default, reason, choices, fields,
                     raw.get("at_most", 0))  # fmt: skip

    def missing(
        self, raw: Mapping[str, str], value_type: ValueType, kind: Kind, path: str
    ) -> tuple[Decimal | bool | str | None, str]:
        path = f"{path}.missing"
        if "reason" in raw:
            self.use_reason(raw["reason"], f"{path}.reason")
            return None, raw["reason"]
        if "default" not in raw:
            return None, ""
        text = raw["default"]
        if value_type.is_number:
            try:
                value = self.fitting(text, value_type, f"{path}.default")
            except ArithmeticError:
                self.findings.add(f"{path}.default", "bad_default", value=text, type=value_type)
                return None, ""
            self.within(value, kind, f"{path}.default")
            return value, ""
        fits = {
            ValueType.BOOL: text in ("true", "false"),
            ValueType.CHOICE: text in kind.codes,
            ValueType.EVENTS: text == "empty",
        }[value_type]
        if not fits:
            self.findings.add(f"{path}.default", "bad_default", value=text, type=value_type)
        return (text == "true" if value_type is ValueType.BOOL else text), ""

    def unique(self, codes: Sequence[str], path: str) -> None:
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            self.findings.add(path, "duplicate_name", name=code)

    # --- figures ------------------------------------------------------------------------------------------------

    def figures(self, section: str, fixed_type: ValueType | None = None) -> tuple[Figure, ...]:
        return tuple(
            self.figure(entry, path, fixed_type or ValueType(entry["type"])) for entry, path in self.entries(section)
        )

    def figure(self, raw: Mapping[str, Any], path: str, value_type: ValueType) -> Figure:
        """Read a figure, then take its name: it is not in scope inside its own rule."""
        if "formula" in raw:
            node = self.formula(raw["formula"], "bool" if value_type is ValueType.BOOL else "number", f"{path}.formula")
            rule: Rule = Formula(raw["formula"], node)
            kind = node.type or _NOTHING
        elif value_type is ValueType.BOOL:
            self.findings.add(path, "key_not_allowed", key="bands, lookup, steps, ticks, events", type=value_type)
            rule, kind = Lookup("", {}), Kind("bool")
        elif "bands" in raw:
            rule, kind = self.band_table(raw["bands"], value_type, f"{path}.bands")
        elif "lookup" in raw:
            rule, kind = self.lookup(raw["lookup"], value_type, f"{path}.lookup")
        elif "steps" in raw:
            rule, kind = self.steps(raw["steps"], value_type, f"{path}.steps")
        elif "ticks" in raw:
            rule, kind = self.ticks(raw["ticks"], value_type, f"{path}.ticks")
        else:
            rule, kind = self.event_total(raw["events"], f"{path}.events")
        if kind.kind == "number":
            kind = named(kind, value_type.places)
        self.declare(raw["name"], kind, path)
        return Figure(raw["name"], _label(raw["label"]), value_type, kind, rule, is_part=raw.get("part", False))

    def money_figure(self, name: str, raw: Mapping[str, Any], path: str) -> Figure:
        node = self.formula(raw["formula"], "number", f"{path}.formula")
        kind = named(node.type or _NOTHING, ValueType.MONEY.places)
        self.declare(name, kind, path)
        return Figure(name, _label(raw["label"]), ValueType.MONEY, kind, Formula(raw["formula"], node))

    def formula(self, text: str, expected: str, path: str) -> Node:
        try:
            node = check(parse(text), self.scope, expected)
        except ExpressionError as error:
            self.findings.add(path, error.code, **error.values)
            return Node("number", value=Decimal(0), type=Kind("bool") if expected == "bool" else _NOTHING)
        if quotients_multiplied(node):
            self.findings.warn(path, "multiply_first")
        return node

    def named_kind(self, name: str, kind: str, fault: str, path: str) -> Kind | None:
        """The type of a name that bands, look-ups or totals refer to."""
        found = self.scope.get(name)
        if found is None:
            self.findings.add(f"{path}.of", "unknown_name", name=name)
        elif found.kind != kind:
            self.findings.add(f"{path}.of", fault, name=name)
            found = None
        return found

    def band_table(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> tuple[BandTable, Kind]:
        of = self.named_kind(raw["of"], "number", "band_not_number", path)
        values = [
            self.fitting(row["value"], value_type, f"{path}.rows[{index}].value")
            for index, row in enumerate(raw["rows"])
        ]
        rows = read_bands(raw["rows"], of, f"{path}.rows", self.findings) if of is not None else ()
        return BandTable(raw["of"], rows), Kind("number", value_type.places, min(values), max(values))

    def lookup(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> tuple[Lookup, Kind]:
        of = self.named_kind(raw["of"], "choice", "lookup_not_choice", path)
        values = {code: self.fitting(text, value_type, f"{path}.values.{code}") for code, text in raw["values"].items()}
        if of is not None:
            for code in of.codes:
                if code not in values:
                    self.findings.add(f"{path}.values", "lookup_missing", code=code)
            for code in values:
                if code not in of.codes:
                    self.findings.add(f"{path}.values.{code}", "lookup_unknown", code=code)
        kind = Kind("number", value_type.places, min(values.values()), max(values.values()))
        return Lookup(raw["of"], MappingProxyType(values)), kind

    def steps(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> tuple[Steps, Kind]:
        of = self.named_kind(raw["of"], "number", "band_not_number", path) or _NOTHING
        rule = Steps(
            of=raw["of"],
            start=self.on_grid(raw["start"], of.places, f"{path}.start"),
            step=self.on_grid(raw["step"], of.places, f"{path}.step"),
            each=self.fitting(raw["each"], value_type, f"{path}.each"),
            at_most=self.fitting(raw["at_most"], value_type, f"{path}.at_most") if "at_most" in raw else None,
            direction=raw.get("direction", "up"),
            base=self.fitting(raw.get("base", "0"), value_type, f"{path}.base"),
            started=raw.get("started", False),
        )
        if rule.step <= 0:
            self.findings.add(f"{path}.step", "step_not_positive")
            return rule, _NOTHING
        if rule.at_most is not None and rule.at_most <= 0:
            self.findings.add(f"{path}.at_most", "at_most_not_positive")
        if of is not _NOTHING and steps_counted(rule, of.high if rule.direction == "up" else of.low) == 0:
            self.findings.add(path, "steps_never", low=of.low, high=of.high)
        ends = sorted(steps_value(rule, end) for end in (of.low, of.high))
        return rule, Kind("number", value_type.places, ends[0], ends[1])

    def ticks(self, raw: Mapping[str, Any], value_type: ValueType, path: str) -> tuple[Ticks, Kind]:
        """A tick list; a row with a reason is also a remark of the result."""
        rows = []
        for index, row in enumerate(raw["rows"]):
            place = f"{path}.rows[{index}]"
            node = self.formula(row["when"], "bool", f"{place}.when")
            value = self.fitting(row["value"], value_type, f"{place}.value")
            reason = row.get("reason", "")
            if reason:
                self.use_reason(reason, f"{place}.reason")
                self.remarks.append(Remark(reason, row["when"], node))
            label = _label(row["label"]) if "label" in row else None
            rows.append(Tick(row["when"], node, value, label, reason))
        base = self.fitting(raw.get("base", "0"), value_type, f"{path}.base")
        least, most = (
            self.fitting(raw[key], value_type, f"{path}.{key}") if key in raw else None
            for key in ("at_least", "at_most")
        )
        if least is not None and most is not None and least > most:
            self.findings.add(path, "range_reversed")
            most = None
        rule = Ticks(tuple(rows), base, least, most)
        ends = [tick_sum(rule, [row for row in rows if holds(row.value)]) for holds in (_below_nought, _above_nought)]
        return rule, Kind("number", value_type.places, ends[0], ends[1])

    def event_total(self, raw: Mapping[str, Any], path: str) -> tuple[EventTotal, Kind]:
        """Figures of one event see the event's fields beside everything defined before; outside they are unknown."""
        source = self.events.get(raw["of"])
        if source is None:
            self.findings.add(f"{path}.of", "not_an_event_list", name=raw["of"])
            return EventTotal(raw["of"], (), ""), _NOTHING
        outer = self.scope
        self.scope = {**outer, **{entry.name: entry.kind for entry in source.fields}}
        figures = tuple(
            self.figure(entry, f"{path}.figures[{index}]", ValueType(entry["type"]))
            for index, entry in enumerate(raw.get("figures", ()))
        )
        inner, self.scope = self.scope, outer
        total = raw.get("sum", "")
        if not total:
            return EventTotal(source.name, figures, ""), Kind("number", 0, Decimal(0), Decimal(source.at_most))
        kind = inner.get(total)
        if kind is None or total not in {part.name for part in source.fields} | {part.name for part in figures}:
            self.findings.add(f"{path}.sum", "unknown_name", name=total)
            return EventTotal(source.name, figures, total), _NOTHING
        if kind.kind != "number":
            self.findings.add(f"{path}.sum", "band_not_number", name=total)
        low, high = (EXACT.multiply(end, Decimal(source.at_most)) for end in (kind.low, kind.high))
        return (
            EventTotal(source.name, figures, total),
            Kind("number", kind.places, min(Decimal(0), low), max(Decimal(0), high)),
        )

    # --- score, grade, vetoes -----------------------------------------------------------------------------------

    def scorecard(self) -> tuple[tuple[Figure, ...], Score | None]:
        raw = self.document.get("scorecard")
        if raw is None:
            return (), None
        items = []
        low = high = Decimal(0)
        for index, entry in enumerate(raw["items"]):
            path = f"scorecard.items[{index}]"
            item = self.figure(entry, path, ValueType.POINTS)
            full = self.fitting(entry["full"], ValueType.POINTS, f"{path}.full")
            if item.kind.high > full:
                self.findings.add(path, "above_full", value=item.kind.high, full=full)
            items.append(Figure(item.name, item.label, item.type, item.kind, item.rule, full))
            low, high = EXACT.add(low, item.kind.low), EXACT.add(high, item.kind.high)
        at_least = None
        if "at_least" in raw["score"]:
            at_least = self.fitting(raw["score"]["at_least"], ValueType.POINTS, "scorecard.score.at_least")
            low, high = max(low, at_least), max(high, at_least)
        kind = Kind("number", ValueType.POINTS.places, low, high)
        self.declare(raw["score"]["name"], kind, "scorecard.score")
        return tuple(items), Score(raw["score"]["name"], _label(raw["score"]["label"]), kind, at_least)

    def grade(self) -> Grade | None:
        raw = self.document.get("grade")
        if raw is None:
            return None
        of = self.named_kind(raw["of"], "number", "band_not_number", "grade")
        bands = read_bands(raw["levels"], of, "grade.levels", self.findings) if of is not None else ()
        figures = tuple(
            GradeFigure(entry["name"], _label(entry["label"]), ValueType(entry["type"]))
            for entry in raw.get("figures", ())
        )
        codes = [level["code"] for level in raw["levels"]]
        self.unique(codes, "grade.levels")
        values = [
            self.level_values(level, figures, f"grade.levels[{index}]") for index, level in enumerate(raw["levels"])
        ]
        lower_by = raw.get("lower_by", "")
        if lower_by:
            kind = self.scope.get(lower_by)
            if kind is None:
                self.findings.add("grade.lower_by", "unknown_name", name=lower_by)
            elif kind.kind != "number" or kind.places or kind.low < 0:
                self.findings.add("grade.lower_by", "lower_by_kind")
        choice = Kind("choice", codes=tuple(codes))
        grade = Grade(
            raw["name"],
            _label(raw["label"]),
            raw["of"],
            tuple(
                Level(level["code"], _label(level["label"]), band, MappingProxyType(own))
                for level, band, own in zip(raw["levels"], bands, values, strict=False)
            ),
            figures,
            lower_by,
        )
        if lower_by:
            self.declare(grade.measured_name, choice, "grade")
        self.declare(grade.name, choice, "grade")
        for index, figure in enumerate(figures):
            ends = [own[figure.name] for own in values if figure.name in own] or [Decimal(0)]
            self.declare(figure.name, Kind("number", figure.type.places, min(ends), max(ends)),
                         f"grade.figures[{index}]")  # fmt: skip
        return grade

    def level_values(self, level: Mapping[str, Any], figures: Sequence[GradeFigure], path: str) -> dict[str, Decimal]:
        given = level.get("values", {})
        names = {figure.name for figure in figures}
        if set(given) != names:
            self.findings.add(path, "level_values", names=", ".join(sorted(names ^ set(given))))
        return {
            figure.name: self.fitting(given[figure.name], figure.type, f"{path}.values.{figure.name}")
            for figure in figures
            if figure.name in given
        }

    def veto(self, raw: Mapping[str, Any], path: str) -> Veto:
        self.use_reason(raw["reason"], f"{path}.reason")
        return Veto(raw["reason"], raw["when"], self.formula(raw["when"], "bool", f"{path}.when"))

    def remark(self, raw: Mapping[str, Any], path: str) -> Remark:
        self.use_reason(raw["reason"], f"{path}.reason")
        return Remark(raw["reason"], raw["when"], self.formula(raw["when"], "bool", f"{path}.when"))
