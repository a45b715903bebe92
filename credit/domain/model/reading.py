"""From JSON to a checked model. Every fault is found in one pass, with its place (``derived[2].formula``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from config.lib.money import EXACT, round_places
from credit.domain.model.bands import read_bands
from credit.domain.model.document import (
    EventTotal,
    Figure,
    Formula,
    Grade,
    GradeFigure,
    Level,
    Model,
    Remark,
    Score,
    Ticks,
    Unknown,
    ValueType,
    Veto,
)
from credit.domain.model.expression import Kind
from credit.domain.model.inputs import label, unit_of
from credit.domain.model.problems import Findings, ModelDocumentError
from credit.domain.model.rules import GENERATED, RuleReader
from credit.domain.model.schema import DOCUMENT
from credit.domain.model.shape import within_bounds
from credit.domain.model.shorthand import SECTIONS, Written, combination, entry_modes, modes_input
from credit.domain.model.units import PURE

MAX_DOCUMENT = 400_000  # characters of canonical JSON
MAX_TEXT = 2_000_000  # characters of a document as it arrives, spaces and all
MAX_WORK = 60_000  # steps one household may take: nodes of formulas, counted once for each event they are computed for


def canonical(document: Any) -> str:
    """The document as canonical JSON: sorted keys, no spaces. Equal documents give equal text."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class _DoubledKeyError(ValueError):
    """A JSON object that says one key twice."""


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DoubledKeyError(next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index])))
    return found


def _parsed(text: str | bytes, findings: Findings) -> Any:
    """The JSON of a text, None with a fault where it is none."""
    if len(text) > MAX_TEXT:
        findings.add("", "too_long", limit=MAX_TEXT)
        return None
    try:
        return json.loads(text, object_pairs_hook=_single)
    except _DoubledKeyError as error:
        findings.add("", "doubled_key", key=error.args[0])
    except (ValueError, RecursionError):
        findings.add("", "wrong_kind", expected="JSON")
    return None


def read_model(document: Mapping[str, Any] | str | bytes) -> Model:
    """The model a document describes, or ModelDocumentError with every fault found."""
    findings = Findings()
    given = _parsed(document, findings) if isinstance(document, (str, bytes)) else document
    if not findings.problems and within_bounds(given, findings):
        DOCUMENT.check(given, "", findings)
    if findings.problems:
        raise ModelDocumentError(findings.problems)
    text = canonical(given)
    if len(text) > MAX_DOCUMENT:
        findings.add("", "too_long", limit=MAX_DOCUMENT)
        raise ModelDocumentError(findings.problems)
    model = _Reader(given, findings).model(sha256(text.encode()).hexdigest())  # type: ignore[arg-type]
    if findings.problems:
        raise ModelDocumentError(findings.problems)
    return model


class _Reader(RuleReader):
    """Reads section after section in the order of evaluation, so a formula sees only what comes before it."""

    # --- the whole ----------------------------------------------------------------------------------------------

    def model(self, digest: str) -> Model:
        raw = self.document
        for index, reason in enumerate(raw.get("reasons", ())):
            if reason["code"] in self.reasons:
                self.findings.add(f"reasons[{index}].code", "duplicate_name", name=reason["code"])
            self.reasons[reason["code"]] = label(reason["label"])
        parameters = tuple(self.parameter(entry, path) for entry, path in self.entries("parameters"))
        inputs = self.inputs()
        if "modes" in raw:
            inputs = (*inputs, self.fact(modes_input(raw["modes"]), "modes"))
        self.check_sections()
        written = {section: SECTIONS[section](raw[section]) for section in SECTIONS if section in raw}
        derived = (*self.figures("derived"), *self.generated(written))
        items, score = self.scorecard()
        grade = self.grade()
        lines = self.figures("lines", ValueType.MONEY)
        combined = self.money_figure("combined", self.combined(), "combined")
        more = [(entry, section) for section, made in written.items() for entry in made.caps]
        caps = tuple(self.money_figure(entry["name"], entry, path) for entry, path in (*self.entries("caps"), *more))
        vetoes = tuple(self.veto(entry, path) for entry, path in self.entries("vetoes"))
        more = [(entry, section) for section, made in written.items() for entry in made.vetoes]
        vetoes = (*vetoes, *(self.veto(entry, path) for entry, path in more))
        self.remarks += [self.remark(entry, path) for entry, path in self.entries("remarks")]
        for code in self.reasons:
            if code not in self.reasons_used:
                self.findings.add("reasons", "unused_reason", code=code)
        unknown = tuple(self.unknown_part(entry, path) for entry, path in self.entries("unknown"))
        self.check_use(parameters, inputs)
        self.check_work((*derived, *items, *lines, combined, *caps))
        return Model(
            code=raw["code"],
            title=label(raw["title"]),
            source=label(raw["source"]) if "source" in raw else None,
            notes=tuple(label(note) for note in raw.get("notes", ())),
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
            unknown=unknown,
            modes=entry_modes(raw["modes"]) if "modes" in raw else None,
        )

    def generated(self, written: Mapping[str, Written]) -> list[Figure]:
        """The figures that sections stand for."""
        return [
            self.figure(entry, section, ValueType(entry["type"]))
            for section, made in written.items()
            for entry in made.figures
        ]

    def check_sections(self) -> None:
        """What sections name is there and of the right kind, said at the name's own place."""
        raw = self.document
        if "tenor" in raw:
            given = raw["tenor"]
            codes: Sequence[str] = ()
            if "sex" in given:
                found = self.named_kind(given["sex"], "choice", "lookup_not_choice", "tenor", "sex")
                codes = found.codes if found else ()
            for key in ("min_age", "max_age_at_maturity"):
                if isinstance(given[key], Mapping) and sorted(given[key]) != sorted(codes):
                    self.findings.add(f"tenor.{key}", "codes_differ", codes=", ".join(codes) or "—")
            if given.get("age"):
                self.named_kind(given["age"], "number", "band_not_number", "tenor", "age")
            if "age_months" in given:
                self.named_kind(given["age_months"], "number", "band_not_number", "tenor", "age_months")

    def combined(self) -> Mapping[str, Any]:
        """The combined figure; where it is said by its lines, the formula they make."""
        raw: Mapping[str, Any] = self.document["combined"]
        if "by" not in raw:
            return raw
        known = len(self.findings.problems)
        for index, entry in enumerate(raw["of"]):
            path = f"combined.of[{index}]"
            self.named_kind(entry["line"], "number", "band_not_number", path, "line")
            if "when" in entry:
                if raw["by"] != "first":
                    self.findings.add(path, "when_only_first")
                self.condition(entry["when"], f"{path}.when")
        formula = combination(raw) if len(self.findings.problems) == known else "0"
        return {"label": raw["label"], "formula": formula, GENERATED: True}

    def unknown_part(self, raw: Mapping[str, Any], path: str) -> Unknown:
        """A part that is not known; what stands in for it is a name of the document."""
        if "of" in raw and raw["of"] not in self.taken:
            self.findings.add(f"{path}.of", "unknown_name", name=raw["of"], near="")
        return Unknown(raw.get("of", ""), label(raw["label"]))

    def check_use(self, parameters: Sequence[Any], inputs: Sequence[Any]) -> None:
        """Advise on what is asked for and never used."""
        places = self.places
        for entry in parameters:
            if entry.name not in self.read:
                self.findings.warn(places.get(entry.name, "parameters"), "unused_parameter", name=entry.name)
        flags: dict[str, bool] = {}
        for entry in inputs:
            name = entry.flag_of or entry.name
            flags[name] = flags.get(name, False) or entry.name in self.read
        for name, used in flags.items():
            if not used:
                self.findings.warn(places.get(name, "inputs"), "unused_input", name=name)

    def check_work(self, figures: Sequence[Figure]) -> None:
        """Refuse a document whose evaluation would take more than its share."""
        work = sum(_work(figure, self.events) for figure in figures)
        if work > MAX_WORK:
            self.findings.add("", "too_much_work", work=work, limit=MAX_WORK)

    def step(self) -> Decimal | None:
        if "rounding" not in self.document:
            return None
        step = Decimal(self.document["rounding"]["step"])
        if step <= 0:
            self.findings.add("rounding.step", "step_not_positive")
        elif round_places(step, 2) != step:
            self.findings.add("rounding.step", "too_precise", value=step, places=2)
        return step

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
        kind = Kind("number", ValueType.POINTS.places, low, high, unit=PURE)
        self.declare(raw["score"]["name"], kind, "scorecard.score")
        return tuple(items), Score(raw["score"]["name"], label(raw["score"]["label"]), kind, at_least)

    def grade(self) -> Grade | None:
        raw = self.document.get("grade")
        if raw is None:
            return None
        of = self.named_kind(raw["of"], "number", "band_not_number", "grade")
        bands = read_bands(raw["levels"], of, "grade.levels", self.findings) if of is not None else ()
        figures = tuple(
            GradeFigure(entry["name"], label(entry["label"]), ValueType(entry["type"]))
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
            self.read.add(lower_by)
            if kind is None:
                self.unknown(lower_by, "grade.lower_by")
            elif kind.kind != "number" or kind.places or kind.low < 0:
                self.findings.add("grade.lower_by", "lower_by_kind")
        choice = Kind("choice", codes=tuple(codes))
        grade = Grade(
            raw["name"],
            label(raw["label"]),
            raw["of"],
            tuple(
                Level(level["code"], label(level["label"]), band, MappingProxyType(own))
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
            self.declare(figure.name, Kind("number", figure.type.places, min(ends), max(ends), unit=unit_of(figure.type)),
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
        return Veto(raw["reason"], raw["when"], self.condition(raw["when"], f"{path}.when"))

    def remark(self, raw: Mapping[str, Any], path: str) -> Remark:
        self.use_reason(raw["reason"], f"{path}.reason")
        return Remark(raw["reason"], raw["when"], self.condition(raw["when"], f"{path}.when"))


def _work(figure: Figure, events: Mapping[str, Any]) -> int:
    """The steps a figure can take."""
    rule = figure.rule
    if isinstance(rule, Formula):
        return sum(1 for _ in rule.node.walk())
    if isinstance(rule, Ticks):
        return sum(1 for row in rule.rows for _ in row.node.walk())
    if isinstance(rule, EventTotal):
        each = sum(_work(part, events) for part in rule.figures) + 1
        return each * (events[rule.of].at_most if rule.of in events else 1)
    return 1
