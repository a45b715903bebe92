"""What changed between two versions of a model, in words of the field: which band, formula, cap or refusal, from what to what.

Figures are matched by name, bands by their edges, choices by their code, ticks and refusals by their condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from config.lib.money import format_yuan
from config.lib.parameters.differences import Change
from credit.domain.explain import band_text
from credit.domain.model.bands import Band
from credit.domain.model.document import (
    BandTable,
    Choice,
    EventTotal,
    Figure,
    Formula,
    Grade,
    Input,
    Label,
    Lookup,
    Model,
    Parameter,
    Remark,
    Steps,
    Ticks,
    ValueType,
    Veto,
)
from credit.domain.model.explanation import in_words
from credit.domain.model.expression import parse
from credit.domain.trace import exact_text

_TEXT = {
    "title": ("名称", "Title"),
    "source": ("来源", "Source"),
    "note": ("说明", "Note"),
    "parameters": ("参数", "Parameters"),
    "inputs": ("取数", "Facts"),
    "derived": ("中间量", "Figures"),
    "items": ("评分表", "Scorecard"),
    "grade": ("等级", "Grades"),
    "lines": ("额度公式", "Formulas of the line"),
    "caps": ("上限", "Caps"),
    "vetoes": ("不予授信", "Refusals"),
    "remarks": ("提示", "Remarks"),
    "reasons": ("原因说法", "Words of the reasons"),
    "unknown": ("未知部分", "Unknown parts"),
    "label": ("叫法", "name"),
    "range": ("取值范围", "range"),
    "missing": ("缺少时", "when missing"),
    "default": ("默认值", "default"),
    "scope": ("由谁定", "set by"),
    "type": ("类型", "type"),
    "choice": ("选项", "choice"),
    "field": ("明细", "field"),
    "at_most_events": ("最多条数", "entries at most"),
    "full": ("满分", "full marks"),
    "formula": ("公式", "formula"),
    "how": ("算法", "how it is found"),
    "by": ("依据", "read by"),
    "floor": ("总分最低", "least score"),
    "lower_by": ("下调级数", "grades lowered by"),
    "band": ("分档", "band"),
    "condition": ("条件", "condition"),
    "start": ("起点", "start"),
    "step": ("步长", "step"),
    "each": ("每步", "for each step"),
    "at_most": ("最多", "at most"),
    "at_least": ("最少", "at least"),
    "base": ("基础值", "base"),
    "direction": ("方向", "direction"),
    "up": ("向上", "upwards"),
    "down": ("向下", "downwards"),
    "started": ("不足一步也算", "a step begun counts"),
    "rounding": ("取整单位", "rounding step"),
    "part": ("作为组成部分", "shown as a part"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "none": ("无", "none"),
    "to": ("{low} 至 {high}", "{low} to {high}"),
    "points": ("{value} 分", "{value} points"),
    "counts_as": ("按 {value} 计", "counts as {value}"),
    "no_line": ("不测算：{reason}", "no line: {reason}"),
    "number_of": ("条数", "their number"),
    "total_of": ("“{figure}”合计", "sum of “{figure}”"),
    "is": ("{label} {value}", "{label} {value}"),
    "institution": ("全行", "the bank"),
    "county": ("县", "the county"),
    "village": ("村", "the village"),
}
_LIST = ("；", "; ")
_TYPES = {
    ValueType.MONEY: ("金额", "money"), ValueType.RATIO: ("比率", "ratio"), ValueType.POINTS: ("分数", "points"),
    ValueType.INT: ("整数", "whole number"), ValueType.BOOL: ("是否", "yes or no"), ValueType.CHOICE: ("选项", "choice"),
    ValueType.EVENTS: ("明细清单", "list of events"),
}  # fmt: skip
Named = Figure | Input | Parameter
Within = tuple[str, ...]


def differences(before: Model, after: Model, language: str = "zh-hans") -> list[Change]:
    """Every change from one model to the other, in the order of a model; ``language`` is ``zh-hans`` or ``en``."""
    return list(_Comparer(before, after, language).changes())


class _Comparer:
    def __init__(self, before: Model, after: Model, language: str) -> None:
        self.before, self.after, self.language = before, after, language
        self.index = 1 if language.startswith("en") else 0
        self.language = "en" if self.index else "zh-hans"

    # --- words --------------------------------------------------------------------------------------------------

    def say(self, code: str, **values: str) -> str:
        return _TEXT[code][self.index].format_map(values)

    def text(self, label: Label | None) -> str:
        return label.text(self.language) if label is not None else ""

    def value(self, value: Decimal | bool | str | None, value_type: ValueType) -> str:
        if value is None:
            return self.say("none")
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if isinstance(value, str):
            return value
        if value_type is ValueType.MONEY:
            return format_yuan(value, self.language)
        return self.say("points", value=exact_text(value)) if value_type is ValueType.POINTS else exact_text(value)

    def formula(self, model: Model, text: str) -> str:
        return self.text(in_words(model, text, parse(text).names()))

    def name(self, model: Model, name: str) -> str:
        return self.formula(model, name) if name else self.say("none")

    def told(self, label: str, before: str, after: str, within: Within) -> Iterator[Change]:
        if before != after:
            yield Change("changed", label, before, after, within)

    # --- the whole ----------------------------------------------------------------------------------------------

    def changes(self) -> Iterator[Change]:
        before, after = self.before, self.after
        yield from self.told(self.say("title"), self.text(before.title), self.text(after.title), ())
        yield from self.told(self.say("source"), self.text(before.source), self.text(after.source), ())
        yield from self.texts("note", before.notes, after.notes)
        yield from self.texts("unknown", [one.label for one in before.unknown], [one.label for one in after.unknown])
        yield from self.named("parameters", before.parameters, after.parameters)
        yield from self.named("inputs", before.inputs, after.inputs)
        yield from self.named("derived", before.derived, after.derived)
        yield from self.named("items", before.items, after.items)
        yield from self.score()
        yield from self.grades(before.grade, after.grade)
        yield from self.named("lines", (*before.lines, before.combined), (*after.lines, after.combined))
        yield from self.named("caps", before.caps, after.caps)
        yield from self.conditions("vetoes", before.vetoes, after.vetoes)
        yield from self.conditions("remarks", before.remarks, after.remarks)
        for code in before.reasons.keys() & after.reasons.keys():
            old, new = before.reasons[code], after.reasons[code]
            yield from self.told(self.text(old), self.text(old), self.text(new), (self.say("reasons"),))
        yield from self.told(
            self.say("rounding"), self.value(before.step, ValueType.MONEY), self.value(after.step, ValueType.MONEY), ()
        )

    def texts(self, code: str, before: Iterable[Label], after: Iterable[Label]) -> Iterator[Change]:
        was, now = list(before), list(after)
        yield from (Change("removed", self.say(code), before=self.text(one)) for one in was if one not in now)
        yield from (Change("added", self.say(code), after=self.text(one)) for one in now if one not in was)

    def named(self, section: str, before: Sequence[Named], after: Sequence[Named]) -> Iterator[Change]:
        within = (self.say(section),)
        was, now = {one.name: one for one in before}, {one.name: one for one in after}
        for name, one in was.items():
            if name not in now:
                yield Change("removed", self.text(one.label), within=within)
        for name, one in now.items():
            if name not in was:
                yield Change("added", self.text(one.label), after=self.whole(one), within=within)
            elif was[name] != one:
                yield from self.one(was[name], one, (*within, self.text(was[name].label)))

    def whole(self, one: Named) -> str:
        """A new entry in short."""
        if isinstance(one, Figure):
            return self.rule(self.after, one)
        return _TYPES[one.type][self.index]

    def one(self, before: Named, after: Named, within: Within) -> Iterator[Change]:
        yield from self.told(self.say("label"), self.text(before.label), self.text(after.label), within)
        yield from self.told(self.say("type"), _TYPES[before.type][self.index], _TYPES[after.type][self.index], within)
        if isinstance(before, Figure) and isinstance(after, Figure):
            yield from self.told(
                self.say("full"), self.value(before.full, before.type), self.value(after.full, after.type), within
            )
            yield from self.told(self.say("part"), self.value(before.is_part, ValueType.BOOL), self.value(after.is_part, ValueType.BOOL), within)  # fmt: skip
            yield from self.rules(before, after, within)
            return
        if isinstance(before, (Input, Parameter)) and isinstance(after, (Input, Parameter)):
            yield from self.told(self.say("range"), self.range(before), self.range(after), within)
        if isinstance(before, Parameter) and isinstance(after, Parameter):
            yield from self.told(
                self.say("default"),
                self.value(before.default, before.type),
                self.value(after.default, after.type),
                within,
            )
            yield from self.told(self.say("scope"), self.say(before.scope), self.say(after.scope), within)
        if isinstance(before, Input) and isinstance(after, Input):
            yield from self.inputs(before, after, within)

    def inputs(self, before: Input, after: Input, within: Within) -> Iterator[Change]:
        yield from self.told(
            self.say("missing"), self.missing(self.before, before), self.missing(self.after, after), within
        )
        yield from self.told(self.say("at_most_events"), str(before.at_most), str(after.at_most), within)
        was, now = ({one.code: one for one in entry.choices} for entry in (before, after))
        yield from self.codes("choice", was, now, within)
        fields, new = ({one.name: one for one in entry.fields} for entry in (before, after))
        for name in (*fields, *(name for name in new if name not in fields)):
            if name not in new:
                yield Change("removed", self.text(fields[name].label), within=(*within, self.say("field")))
            elif name not in fields:
                yield Change("added", self.text(new[name].label), within=(*within, self.say("field")))
            elif fields[name] != new[name]:
                yield from self.one(fields[name], new[name], (*within, self.text(fields[name].label)))

    def codes(
        self, code: str, was: Mapping[str, Choice], now: Mapping[str, Choice], within: Within
    ) -> Iterator[Change]:
        for key in (*was, *(key for key in now if key not in was)):
            if key not in now:
                yield Change("removed", self.say(code), before=self.text(was[key].label), within=within)
            elif key not in was:
                yield Change("added", self.say(code), after=self.text(now[key].label), within=within)
            else:
                yield from self.told(self.say(code), self.text(was[key].label), self.text(now[key].label), within)

    def range(self, one: Input | Parameter) -> str:
        if one.kind.kind != "number":
            return ""
        return self.say("to", low=self.value(one.kind.low, one.type), high=self.value(one.kind.high, one.type))

    def missing(self, model: Model, one: Input) -> str:
        if one.missing_reason:
            return self.say("no_line", reason=self.text(model.reasons[one.missing_reason]))
        shown = next((self.text(choice.label) for choice in one.choices if choice.code == one.default), None)
        return self.say("counts_as", value=shown or self.value(one.default, one.type))

    # --- rules --------------------------------------------------------------------------------------------------

    def rule(self, model: Model, figure: Figure) -> str:
        """A rule in short."""
        rule = figure.rule
        if isinstance(rule, Formula):
            return self.formula(model, rule.text)
        if isinstance(rule, EventTotal):
            part = next((one.label for one in rule.figures if one.name == rule.total), None)
            what = self.say("total_of", figure=self.text(part) or rule.total) if rule.total else self.say("number_of")
            return self.say("is", label=self.name(model, rule.of), value=what)
        if isinstance(rule, Steps):
            said = [f"{key} {value}" for key, value in self.steps(model, figure, rule).items()]
        else:
            said = [f"{key} {value}" for key, value in self.table(model, figure).items()]
        return _LIST[self.index].join(said)

    def rules(self, before: Figure, after: Figure, within: Within) -> Iterator[Change]:
        old, new = before.rule, after.rule
        if type(old) is not type(new) or isinstance(old, Formula):
            key = "formula" if isinstance(old, Formula) and isinstance(new, Formula) else "how"
            yield from self.told(self.say(key), self.rule(self.before, before), self.rule(self.after, after), within)
            return
        if isinstance(old, Steps) and isinstance(new, Steps):
            was, now = self.steps(self.before, before, old), self.steps(self.after, after, new)
        else:
            was, now = self.table(self.before, before), self.table(self.after, after)
        if isinstance(old, (BandTable, Lookup)) and isinstance(new, (BandTable, Lookup)):
            yield from self.told(self.say("by"), self.name(self.before, old.of), self.name(self.after, new.of), within)
        if isinstance(old, EventTotal) and isinstance(new, EventTotal):
            yield from self.told(self.say("how"), self.rule(self.before, before), self.rule(self.after, after), within)
            parts = {one.name: one for one in new.figures}
            for one in old.figures:
                if one.name in parts and parts[one.name] != one:
                    yield from self.one(one, parts[one.name], (*within, self.text(one.label)))
        yield from self.pairs(was, now, within)

    def pairs(self, was: Mapping[str, str], now: Mapping[str, str], within: Within) -> Iterator[Change]:
        for key in (*was, *(key for key in now if key not in was)):
            if key not in now:
                yield Change("removed", key, before=was[key], within=within)
            elif key not in was:
                yield Change("added", key, after=now[key], within=within)
            else:
                yield from self.told(key, was[key], now[key], within)

    def steps(self, model: Model, figure: Figure, rule: Steps) -> dict[str, str]:
        of = _type_of(model, rule.of)
        return {
            self.say("by"): self.name(model, rule.of),
            self.say("start"): self.value(rule.start, of),
            self.say("step"): self.value(rule.step, of),
            self.say("each"): self.value(rule.each, figure.type),
            self.say("at_most"): self.value(rule.at_most, figure.type),
            self.say("direction"): self.say(rule.direction),
            self.say("base"): self.value(rule.base, figure.type),
            self.say("started"): self.value(rule.started, ValueType.BOOL),
        }

    def table(self, model: Model, figure: Figure) -> dict[str, str]:
        """The rows of bands, a look-up, a tick list or the figures of events: what each is called and what it gives."""
        rule = figure.rule
        if isinstance(rule, BandTable):
            of = _type_of(model, rule.of)
            return {band_text(band, of, self.language): self.value(band.value, figure.type) for band in rule.rows}
        if isinstance(rule, Lookup):
            return {
                self.choice(model, rule.of, code): self.value(value, figure.type) for code, value in rule.values.items()
            }
        if isinstance(rule, Ticks):
            rows = {}
            for row in rule.rows:
                condition = self.formula(model, row.text)
                key = f"{self.text(row.label)} [{condition}]" if row.label else condition
                rows[key] = self.ticked(model, row.value, row.reason, figure)
            limits = {
                self.say(key): self.value(value, figure.type)
                for key, value in (("base", rule.base), ("at_least", rule.at_least), ("at_most", rule.at_most))
            }
            return rows | limits
        if isinstance(rule, EventTotal):
            return {self.text(one.label): "" for one in rule.figures}
        return {}

    def ticked(self, model: Model, value: Decimal, reason: str, figure: Figure) -> str:
        said = self.value(value, figure.type)
        return f"{said} ({self.text(model.reasons[reason])})" if reason else said

    def choice(self, model: Model, name: str, code: str) -> str:
        listed = [one for entry in model.inputs for one in (entry, *entry.fields)]
        choices = next((one.choices for one in listed if one.name == name and one.choices), ())
        return next((self.text(one.label) for one in choices if one.code == code), code)

    # --- score, grades, conditions ------------------------------------------------------------------------------

    def score(self) -> Iterator[Change]:
        was, now = (
            self.value(one.score.at_least if one.score else None, ValueType.POINTS) for one in (self.before, self.after)
        )
        yield from self.told(self.say("floor"), was, now, (self.say("items"),))

    def grades(self, before: Grade | None, after: Grade | None) -> Iterator[Change]:
        within = (self.say("grade"),)
        if before is None or after is None:
            if before is not None:
                yield Change("removed", self.text(before.label), within=within)
            if after is not None:
                yield Change("added", self.text(after.label), within=within)
            return
        yield from self.told(self.say("label"), self.text(before.label), self.text(after.label), within)
        yield from self.told(self.say("by"), self.name(self.before, before.of), self.name(self.after, after.of), within)
        yield from self.told(
            self.say("lower_by"), self.name(self.before, before.lower_by), self.name(self.after, after.lower_by), within
        )
        was, now = self.levels(self.before, before), self.levels(self.after, after)
        for code in (*was, *(code for code in now if code not in was)):
            label = (was.get(code) or now[code])[0]
            if code not in now:
                yield Change("removed", label, within=within)
            elif code not in was:
                yield Change("added", label, after=_LIST[self.index].join(now[code][1].values()), within=within)
            else:
                yield from self.told(self.say("label"), label, now[code][0], (*within, label))
                yield from self.pairs(was[code][1], now[code][1], (*within, label))

    def levels(self, model: Model, grade: Grade) -> dict[str, tuple[str, dict[str, str]]]:
        of = _type_of(model, grade.of)
        labels = {figure.name: (self.text(figure.label), figure.type) for figure in grade.figures}
        return {
            level.code: (
                self.text(level.label),
                {self.say("band"): self.band(level.band, of)}
                | {labels[name][0]: self.value(value, labels[name][1]) for name, value in level.values.items()},
            )
            for level in grade.levels
        }

    def band(self, band: Band, of: ValueType) -> str:
        return band_text(band, of, self.language)

    def conditions(
        self, section: str, before: Sequence[Veto] | Sequence[Remark], after: Sequence[Veto] | Sequence[Remark]
    ) -> Iterator[Change]:
        """Refusals and remarks: one of the same reason with another condition is changed, not removed and added."""
        within = (self.say(section),)
        was, now = ([(one.reason, one.text) for one in given] for given in (before, after))
        gone, new = [one for one in was if one not in now], [one for one in now if one not in was]
        for reason, text in gone:
            label = self.text(self.before.reasons[reason])
            follower = next((one for one in new if one[0] == reason), None)
            if follower is None:
                yield Change("removed", label, before=self.formula(self.before, text), within=within)
                continue
            new.remove(follower)
            said = self.formula(self.before, text), self.formula(self.after, follower[1])
            yield Change("changed", f"{label} ({self.say('condition')})", *said, within)
        for reason, text in new:
            label = self.text(self.after.reasons[reason])
            yield Change("added", label, after=self.formula(self.after, text), within=within)


def _type_of(model: Model, name: str) -> ValueType:
    """The type of a name; the fields of events and the score are looked at too."""
    events = [figure for one in model.derived if isinstance(one.rule, EventTotal) for figure in one.rule.figures]
    fields = [field for entry in model.inputs for field in entry.fields]
    named: list[Named] = [
        *model.inputs, *fields, *model.parameters, *model.derived, *events, *model.items, *model.lines,
    ]  # fmt: skip
    found = next((one.type for one in named if one.name == name), None)
    return found or (ValueType.POINTS if model.score is not None and model.score.name == name else ValueType.RATIO)
