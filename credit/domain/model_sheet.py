"""A model as tables a banker recognises, without any household: what it asks for, how it scores, grades and computes.

Pure functions of a Model and a language code, ``zh-hans`` or ``en``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from config.lib.money import format_yuan
from credit.domain.explain import band_text
from credit.domain.facts import reading_of
from credit.domain.model import Label, Model, ValueType, in_words
from credit.domain.model.document import (
    BandTable,
    Choice,
    EventTotal,
    Figure,
    Formula,
    Input,
    Level,
    Lookup,
    Parameter,
    Remark,
    Steps,
    Ticks,
    Veto,
)
from credit.domain.model.problems import Problem
from credit.domain.trace import exact_text

TYPES = {
    ValueType.MONEY: Label("元", "yuan"),
    ValueType.RATIO: Label("比率", "ratio"),
    ValueType.POINTS: Label("分", "points"),
    ValueType.INT: Label("整数", "whole number"),
    ValueType.BOOL: Label("是否", "yes or no"),
    ValueType.CHOICE: Label("选项", "choice"),
    ValueType.EVENTS: Label("明细清单", "list of events"),
}
_YES_NO = {"true": Label("是", "yes"), "false": Label("否", "no")}
_SCOPES = {"county": Label("县", "county"), "institution": Label("全行", "bank"), "village": Label("村", "village")}
_AREAS = {
    "profile": Label("档案，银行自加的栏目", "file, a field of the bank's own"),
    "members": Label("家庭成员", "members"),
    "business": Label("商户", "businesses"),
    "lists": Label("名单", "lists"),
    "village": Label("村", "village"),
    "officer": Label("客户经理填写", "filled in by the officer"),
    "run": Label("测算时给定", "given with the run"),
}
"""Where a document says an input comes from that is read under no fixed name."""
_TEXT = {
    "range": ("{low} 至 {high}", "{low} to {high}"),
    "missing_default": ("按 {value} 计", "counts as {value}"),
    "missing_empty": ("视为没有", "counts as none"),
    "missing_reason": ("不测算：{reason}", "no line: {reason}"),
    "at_most": ("最多 {count} 条", "{count} at most"),
    "count": ("{of}的条数", "how many: {of}"),
    "sum": ("{of}逐条计算“{figure}”后相加", "{figure}, added over all: {of}"),
    "ticks": ("符合的各项相加", "what holds is added"),
    "steps_up": (
        "“{by}”高于 {start} 的部分，每满 {step} 计 {each}",
        "{each} for every whole {step} of “{by}” above {start}",
    ),
    "steps_down": (
        "“{by}”低于 {start} 的部分，每满 {step} 计 {each}",
        "{each} for every whole {step} of “{by}” below {start}",
    ),
    "steps_up_begun": (
        "“{by}”高于 {start} 的部分，每 {step}（不足也算）计 {each}",
        "{each} for every {step} of “{by}” begun above {start}",
    ),
    "steps_down_begun": (
        "“{by}”低于 {start} 的部分，每 {step}（不足也算）计 {each}",
        "{each} for every {step} of “{by}” begun below {start}",
    ),
    "from_base": ("从 {base} 起；{rest}", "from {base}; {rest}"),
    "in_all": ("{rest}，合计最多 {most}", "{rest}, {most} in all at most"),
    "base": ("从 {value} 起", "from {value}"),
    "at_least": ("最低 {value}", "{value} at least"),
    "at_most_value": ("最高 {value}", "{value} at most"),
    "comma": ("，", ", "),
    "no_source": ("采集表里没有", "not in the file"),
    "lowered": ("按“{of}”下调等级", "lowered by “{of}”"),
    "floor": ("不低于 {value} 分", "never below {value}"),
    "unknown": ("尚未查明：{part}", "Not known: {part}"),
    "step": ("向下取整到 {step}", "rounded down to {step}"),
}


@dataclass(frozen=True)
class Asked:
    """An input or a parameter: what it is, within which range, where it comes from, what happens without it."""

    name: str
    label: str
    type: str
    range: str
    source: str
    missing: str
    choices: tuple[tuple[str, str], ...] = ()
    fields: tuple[Asked, ...] = ()
    has_source: bool = True


@dataclass(frozen=True)
class Defined:
    """A figure: its formula (in words and as written), or the table it is read from by ``by``."""

    name: str
    label: str
    type: str
    words: str = ""
    formula: str = ""
    by: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    inner: tuple[Defined, ...] = ()
    full: str = ""
    is_part: bool = False


@dataclass(frozen=True)
class Graded:
    """One grade: its band of the score and the coefficients it brings, in the order of the heads."""

    label: str
    code: str
    band: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A whole model, ready to show."""

    code: str
    title: str
    source: str
    digest: str
    notes: tuple[str, ...]
    inputs: tuple[Asked, ...]
    parameters: tuple[Asked, ...]
    derived: tuple[Defined, ...]
    items: tuple[Defined, ...]
    full_score: str
    score: str
    score_floor: str
    grade: str
    grade_by: str
    grade_lowered: str
    grade_heads: tuple[str, ...]
    grades: tuple[Graded, ...]
    lines: tuple[Defined, ...]
    combined: Defined
    caps: tuple[Defined, ...]
    vetoes: tuple[Defined, ...]
    remarks: tuple[Defined, ...]
    rounding: str
    warnings: tuple[str, ...] = field(default=())


def sheet(model: Model, language: str = "zh-hans") -> Sheet:
    """The tables of a model in one language."""
    return _Writer(model, language).sheet()


def names_of(model: Model, language: str) -> dict[str, str]:
    """Every name a formula of the model may use, with its words."""
    found = {entry.name: entry.label for entry in model.parameters}
    found.update({entry.name: entry.label for entry in model.inputs})
    found.update({figure.name: figure.label for figure in (*model.derived, *model.items)})
    if model.score is not None:
        found[model.score.name] = model.score.label
    if model.grade is not None:
        found[model.grade.name] = model.grade.label
        found.update({figure.name: figure.label for figure in model.grade.figures})
    found.update({figure.name: figure.label for figure in (*model.lines, model.combined, *model.caps)})
    return {name: label.text(language) for name, label in found.items()}


class _Writer:
    def __init__(self, model: Model, language: str) -> None:
        self.model = model
        self.language = language
        self.index = 1 if language == "en" else 0
        self.names = names_of(model, language)
        self.types: dict[str, ValueType] = {entry.name: entry.type for entry in model.parameters}
        self.types.update({entry.name: entry.type for entry in model.inputs})
        self.types.update(dict(model.computed()))
        self.inputs = {entry.name: entry for entry in model.inputs}

    def say(self, code: str, **values: str) -> str:
        return _TEXT[code][self.index].format_map(values)

    def text(self, label: Label | None) -> str:
        return label.text(self.language) if label is not None else ""

    def value(self, value: Decimal, value_type: ValueType) -> str:
        return format_yuan(value, self.language) if value_type is ValueType.MONEY else exact_text(value)

    def sheet(self) -> Sheet:
        model = self.model
        score, grade = model.score, model.grade
        full = sum((item.full or Decimal(0) for item in model.items), Decimal(0))
        return Sheet(
            code=model.code,
            title=self.text(model.title),
            source=self.text(model.source),
            digest=model.digest,
            notes=(
                *(self.text(note) for note in model.notes),
                *(self.say("unknown", part=self.text(part.label)) for part in model.unknown),
            ),
            inputs=tuple(self.asked(entry) for entry in model.inputs),
            parameters=tuple(self.parameter(entry) for entry in model.parameters),
            derived=self.figures(model.derived),
            items=self.figures(model.items),
            full_score=exact_text(full) if model.items else "",
            score=self.text(score.label) if score else "",
            score_floor=self.say("floor", value=exact_text(score.at_least)) if score and score.at_least is not None else "",
            grade=self.text(grade.label) if grade else "",
            grade_by=self.names.get(grade.of, grade.of) if grade else "",
            grade_lowered=self.say("lowered", of=self.names.get(grade.lower_by, grade.lower_by))
            if grade and grade.lower_by
            else "",
            grade_heads=tuple(self.text(figure.label) for figure in grade.figures) if grade else (),
            grades=self.grades(),
            lines=self.figures(model.lines),
            combined=self.figure(model.combined),
            caps=self.figures(model.caps),
            vetoes=self.conditions(model.vetoes),
            remarks=self.conditions(model.remarks),
            rounding=self.say("step", step=format_yuan(model.step, self.language)) if model.step is not None else "",
            warnings=tuple(self.warning(one) for one in model.warnings),
        )  # fmt: skip

    def conditions(self, conditions: Iterable[Veto | Remark]) -> tuple[Defined, ...]:
        return tuple(
            Defined("", self.text(self.model.reasons[one.reason]), "", self.words(one.text, one.node.names()), one.text)
            for one in conditions
        )

    def warning(self, problem: Problem) -> str:
        return problem.text(self.language)

    # --- inputs and parameters ----------------------------------------------------------------------------------

    def asked(self, entry: Input) -> Asked:
        source = reading_of(entry.name, entry.type.value)
        words = source.words if source else _AREAS.get(entry.source)
        at_most = self.say("at_most", count=str(entry.at_most)) if entry.type is ValueType.EVENTS else ""
        return Asked(
            entry.name,
            self.text(entry.label),
            self.text(TYPES[entry.type]),
            at_most or self.range(entry),
            words.text(self.language) if words else self.say("no_source"),
            self.missing(entry),
            tuple((choice.code, self.text(choice.label)) for choice in entry.choices),
            tuple(
                Asked(
                    one.name,
                    self.text(one.label),
                    self.text(TYPES[one.type]),
                    self.range(one),
                    "",
                    "",
                    tuple((choice.code, self.text(choice.label)) for choice in one.choices),
                )
                for one in entry.fields
            ),
            source is not None,
        )

    def range(self, entry: Input | Parameter) -> str:
        if not entry.type.is_number:
            return ""
        low, high = (self.value(end, entry.type) for end in (entry.kind.low, entry.kind.high))
        return self.say("range", low=low, high=high)

    def missing(self, entry: Input) -> str:
        if entry.missing_reason:
            return self.say("missing_reason", reason=self.text(self.model.reasons.get(entry.missing_reason)))
        if entry.type is ValueType.EVENTS:
            return self.say("missing_empty")
        value = entry.default
        if isinstance(value, bool):
            said = self.text(_YES_NO[str(value).lower()])
        elif isinstance(value, Decimal):
            said = self.value(value, entry.type)
        else:
            said = next((self.text(choice.label) for choice in entry.choices if choice.code == value), str(value))
        return self.say("missing_default", value=said)

    def parameter(self, entry: Parameter) -> Asked:
        default = (
            "" if entry.default is None else self.say("missing_default", value=self.value(entry.default, entry.type))
        )
        return Asked(
            entry.name,
            self.text(entry.label),
            self.text(TYPES[entry.type]),
            self.range(entry),
            self.text(_SCOPES.get(entry.scope)),
            default,
        )

    # --- figures ------------------------------------------------------------------------------------------------

    def figures(self, figures: Iterable[Figure]) -> tuple[Defined, ...]:
        return tuple(self.figure(figure) for figure in figures)

    def words(self, formula: str, names: tuple[str, ...]) -> str:
        return in_words(self.model, formula, names).text(self.language)

    def figure(self, figure: Figure, of: Input | None = None) -> Defined:
        """One figure; ``of`` is the list of events it is a figure of."""
        rule = figure.rule
        words = formula = by = ""
        rows: tuple[tuple[str, str], ...] = ()
        inner: tuple[Defined, ...] = ()
        if isinstance(rule, Formula):
            words, formula = self.words(rule.text, rule.node.names()), rule.text
        elif isinstance(rule, BandTable):
            by, read = self.known(rule.of, of)
            rows = tuple(
                (band_text(band, read, self.language), self.value(band.value, figure.type)) for band in rule.rows
            )
        elif isinstance(rule, Lookup):
            by, _read = self.known(rule.of, of)
            rows = tuple(
                (self.text(choice.label), self.value(rule.values[choice.code], figure.type))
                for choice in self.choices(rule.of, of)
            )
        elif isinstance(rule, EventTotal):
            source = self.inputs[rule.of]
            inner = tuple(self.figure(one, source) for one in rule.figures)
            if rule.total:
                words = self.say("sum", of=self.text(source.label), figure=self.total(rule, source))
            else:
                words = self.say("count", of=self.text(source.label))
        elif isinstance(rule, Steps):
            by, read = self.known(rule.of, of)
            words = self.steps(rule, by, read, figure.type)
        elif isinstance(rule, Ticks):
            by, rows = self.say("ticks"), self.ticks(rule, figure.type)
            words = self.bounds(rule, figure.type)
        return Defined(
            figure.name,
            self.text(figure.label),
            self.text(TYPES[figure.type]),
            words,
            formula,
            by,
            rows,
            inner,
            exact_text(figure.full) if figure.full is not None else "",
            figure.is_part,
        )

    def steps(self, rule: Steps, by: str, read: ValueType, own: ValueType) -> str:
        values = {"start": self.value(rule.start, read), "step": self.value(rule.step, read)}
        said = self.say(
            f"steps_{rule.direction}{'_begun' if rule.started else ''}",
            by=by,
            each=self.signed(rule.each, own),
            **values,
        )
        if rule.base:
            said = self.say("from_base", base=self.value(rule.base, own), rest=said)
        return self.say("in_all", rest=said, most=self.value(rule.at_most, own)) if rule.at_most is not None else said

    def ticks(self, rule: Ticks, own: ValueType) -> tuple[tuple[str, str], ...]:
        return tuple(
            (self.text(row.label) or self.words(row.text, row.node.names()), self.signed(row.value, own))
            for row in rule.rows
        )

    def bounds(self, rule: Ticks, own: ValueType) -> str:
        ends = (("base", rule.base or None), ("at_least", rule.at_least), ("at_most_value", rule.at_most))
        found = [self.say(code, value=self.value(value, own)) for code, value in ends if value is not None]
        return self.say("comma").join(found)

    def signed(self, value: Decimal, value_type: ValueType) -> str:
        return f"+{self.value(value, value_type)}" if value > 0 else self.value(value, value_type)

    def total(self, rule: EventTotal, source: Input) -> str:
        named = {one.name: one.label for one in source.fields} | {one.name: one.label for one in rule.figures}
        return self.text(named.get(rule.total))

    def known(self, name: str, of: Input | None) -> tuple[str, ValueType]:
        for one in of.fields if of else ():
            if one.name == name:
                return self.text(one.label), one.type
        return self.names.get(name, name), self.types.get(name, ValueType.RATIO)

    def choices(self, name: str, of: Input | None) -> tuple[Choice | Level, ...]:
        for one in of.fields if of else ():
            if one.name == name:
                return one.choices
        grade = self.model.grade
        if grade is not None and name in (grade.name, grade.measured_name):
            return grade.levels
        return self.inputs[name].choices if name in self.inputs else ()

    def grades(self) -> tuple[Graded, ...]:
        grade = self.model.grade
        if grade is None:
            return ()
        read = self.types.get(grade.of, ValueType.POINTS)
        return tuple(
            Graded(
                self.text(level.label),
                level.code,
                band_text(level.band, read, self.language),
                tuple(self.value(level.values[figure.name], figure.type) for figure in grade.figures),
            )
            for level in grade.levels
        )
