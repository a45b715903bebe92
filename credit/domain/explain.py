"""A model's explanation in words: short paragraphs and tables, fit to be read to the customer and to be printed.

Pure functions of an Explanation and a language code, ``zh-hans`` or ``en``. For the steps of merging, bounds and
decisions see ``credit.domain.wording``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from config.lib.money import format_wan, format_yuan
from credit.domain.model.bands import Band, Edge
from credit.domain.model.document import Steps, ValueType
from credit.domain.model.evaluation import Status
from credit.domain.model.explanation import Computed, ExplainedReason, Explanation, Given, Term
from credit.domain.trace import exact_text

_TEXT: dict[str, tuple[str, str]] = {
    "score": (
        "按“{title}”测评，满分 {full} 分，得 {score} 分。",
        "Under “{title}” the household scores {score} of {full} points.",
    ),
    "grade": ("信用等级：{grade}。", "Grade: {grade}."),
    "grade_lowered": (
        "按得分为{measured}，经定性调整为{grade}。",
        "The score gives {measured}; a qualitative finding lowers it to {grade}.",
    ),
    "title": ("按“{title}”测算。", "Computed under “{title}”."),
    "lost": ("失分较多的是：{items}。", "Most points are lost on: {items}."),
    "lost_item": ("{label}（满分 {full} 分，得 {points} 分）", "{label} ({points} of {full} points)"),
    "deductions": (
        "有违约记录 {count} 次，扣分见违约明细。",
        "Breaches on record: {count}; the deductions are listed below.",
    ),
    "parts": ("{label}由各项相加：{parts}，合计 {total}。", "{label}: {parts}; in all {total}."),
    "minus": ("减 {label} {amount}", "less {label} {amount}"),
    "plus": ("{label} {amount}", "{label} {amount}"),
    "other_part": ("其他项", "other parts"),
    "cap_binds": (
        "超过{label} {amount}，按 {amount}计。",
        "This is above “{label}” of {amount}, which therefore holds.",
    ),
    "cap_free": ("没有超过{label} {amount}。", "It is within “{label}” of {amount}."),
    "negative": ("计算结果小于 0，按 0 元计。", "The result is below 0 and counts as 0."),
    "rounding": ("按 {step}向下取整，为 {amount}。", "Rounded down to {step} it is {amount}."),
    "beside": ("另列供参考：{lines}。", "Shown for reference: {lines}."),
    "line": ("模型额度为 {yuan}（{wan}）。", "The model line is {yuan} ({wan})."),
    "refused": ("模型额度为 0 元。原因：{reasons}。", "The model line is 0. Reason: {reasons}."),
    "incomplete": ("暂时不能测算。原因：{reasons}。", "No line can be computed yet. Reason: {reasons}."),
    "defaults": (
        "没有填写、按规定值计算的有：{inputs}。",
        "Not filled in and taken at the prescribed value: {inputs}.",
    ),
    "remarks": ("另需说明：{reasons}。", "Also noted: {reasons}."),
    "reason_at": ("{label}（{input}）", "{label} ({input})"),
    "list": ("、", ", "),
    "semicolon": ("；", "; "),
    # bands
    "all": ("任何数值", "any value"),
    "from": ("不低于 {edge}", "{edge} or more"),
    "above": ("高于 {edge}", "above {edge}"),
    "upto": ("不超过 {edge}", "up to {edge}"),
    "below": ("低于 {edge}", "below {edge}"),
    "exactly": ("等于 {edge}", "exactly {edge}"),
    "between": ("{lower}，且{upper}", "{lower} and {upper}"),
    # steps and ticks
    "steps_up": (
        "高于 {start} 的部分每{whole} {step} 计 {each}，计 {count} 次",
        "{each} for every {whole} {step} above {start}: {count} times",
    ),
    "steps_down": (
        "低于 {start} 的部分每{whole} {step} 计 {each}，计 {count} 次",
        "{each} for every {whole} {step} below {start}: {count} times",
    ),
    "steps_whole": ("满", "whole"),
    "steps_started": ("（不足也算）", "begun"),
    "steps_base": ("{base} 起；{steps}", "from {base}; {steps}"),
    "steps_limit": ("{steps}，合计不超过 {at_most}", "{steps}, {at_most} in all at most"),
    "tick": ("{label} {value}", "{label} {value}"),
    "no_tick": ("没有符合的项目", "no row holds"),
    # tables
    "t_items": ("评分表", "Scorecard"),
    "t_waterfall": ("额度构成", "How the line is made up"),
    "t_inputs": ("所用数据", "Facts used"),
    "t_parameters": ("所用参数", "Parameters used"),
    "t_figures": ("计算过程", "Calculation"),
    "t_events": ("{label}明细", "{label}: details"),
    "h_item": ("项目", "Item"),
    "h_value": ("数值", "Value"),
    "h_band": ("所在档次", "Band"),
    "h_points": ("得分", "Points"),
    "h_full": ("满分", "Of"),
    "h_change": ("增减", "Change"),
    "h_amount": ("累计", "Amount"),
    "h_source": ("来源", "Source"),
    "h_how": ("算法", "How"),
    "h_with": ("代入", "With"),
    "h_result": ("结果", "Result"),
    "fact": ("采集", "file"),
    "default": ("规定值", "prescribed"),
    "parameter": ("参数", "parameter"),
    "sum_of": ("{label}逐项相加", "all added: {label}"),
    "count_of": ("{label}的条数", "how many: {label}"),
    "total": ("总分", "Total"),
    "w_floor_zero": ("低于 0，按 0 计", "below 0, counts as 0"),
    "w_veto": ("不予授信", "no line is granted"),
    "w_rounding": ("向下取整", "rounding down"),
    "w_line": ("模型额度", "model line"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
}


@dataclass(frozen=True)
class Table:
    """A table ready to show: ``code`` names it for the page, every cell is text."""

    code: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Words:
    """An explanation in one language."""

    paragraphs: tuple[str, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]


def explain_model(explanation: Explanation, language: str = "zh-hans") -> Words:
    """The explanation in words; ``language`` is ``zh-hans`` or ``en``."""
    return _Writer(explanation, language).words()


def band_text(band: Band, value_type: ValueType, language: str = "zh-hans") -> str:
    """A band as it was written: “高于 0.8，且不超过 1.2”."""
    return _Speaker(language).band(band, value_type)


class _Speaker:
    def __init__(self, language: str) -> None:
        if language not in ("zh-hans", "en"):
            raise ValueError(f"unknown language {language!r}")
        self.language = language
        self.index = 1 if language == "en" else 0

    def say(self, code: str, **values: str) -> str:
        return _TEXT[code][self.index].format_map(values)

    def capital(self, text: str) -> str:
        """English sentences and rows begin with a capital."""
        return text[:1].upper() + text[1:] if self.index else text

    def joined(self, parts: Iterable[str], code: str = "list") -> str:
        return _TEXT[code][self.index].join(parts)

    def value(self, value: object, value_type: ValueType) -> str:
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if not isinstance(value, Decimal):
            return "—" if value is None else str(value)
        if value_type is ValueType.MONEY:
            return format_yuan(value, self.language)
        return exact_text(value)

    def term(self, term: Term | Given) -> str:
        return term.shown.text(self.language) if term.shown is not None else self.value(term.value, term.type)

    def band(self, band: Band, value_type: ValueType) -> str:
        lower = self.edge(band.lower, value_type, "from", "above")
        upper = self.edge(band.upper, value_type, "upto", "below")
        if band.lower and band.upper and band.lower == band.upper:
            return self.say("exactly", edge=self.edge_text(band.lower, value_type))
        if lower and upper:
            return self.say("between", lower=lower, upper=upper)
        return lower or upper or self.say("all")

    def edge(self, edge: Edge | None, value_type: ValueType, included: str, excluded: str) -> str:
        if edge is None:
            return ""
        return self.say(included if edge.included else excluded, edge=self.edge_text(edge, value_type))

    def edge_text(self, edge: Edge, value_type: ValueType) -> str:
        money = value_type is ValueType.MONEY and "/" not in edge.text
        return format_yuan(Decimal(edge.text), self.language) if money else edge.text


class _Writer(_Speaker):
    def __init__(self, explanation: Explanation, language: str) -> None:
        super().__init__(language)
        self.source = explanation

    def words(self) -> Words:
        incomplete = self.source.status is Status.INCOMPLETE
        paragraphs = [self.incomplete()] if incomplete else self.complete()
        tables = [self.inputs(), self.parameters()]
        if not incomplete:
            tables = [self.items(), self.waterfall(), *self.events(), *tables, self.figures()]
        return Words(
            tuple(paragraph for paragraph in paragraphs if paragraph),
            tuple(table for table in tables if table.rows),
            tuple(note.text(self.language) for note in self.source.notes),
        )

    # --- paragraphs ---------------------------------------------------------------------------------------------

    def incomplete(self) -> str:
        return self.say("incomplete", reasons=self.reasons(self.source.reasons))

    def complete(self) -> list[str]:
        source = self.source
        paragraphs = [self.rating(), self.lost(), self.sum_of_parts(), self.beside(), self.defaults()]
        if source.status is Status.REFUSED or not source.line:
            closing = self.say("refused", reasons=self.reasons(source.reasons))
        else:
            closing = self.say(
                "line", yuan=format_yuan(source.line, self.language), wan=format_wan(source.line, self.language)
            )
        remarks = self.say("remarks", reasons=self.reasons(source.remarks)) if source.remarks else ""
        return [*paragraphs, closing, remarks]

    def reasons(self, reasons: Iterable[ExplainedReason]) -> str:
        return self.joined(
            (
                reason.label.text(self.language)
                if reason.input is None or reason.code != "out_of_range"
                else self.say(
                    "reason_at", label=reason.label.text(self.language), input=reason.input.text(self.language)
                )
                for reason in reasons
            ),
            "semicolon",
        )

    def rating(self) -> str:
        source = self.source
        title = source.title.text(self.language)
        if source.score is None:
            sentences = [self.say("title", title=title)]
        else:
            full = exact_text(source.full_score or Decimal(0))
            sentences = [self.say("score", title=title, full=full, score=exact_text(source.score))]
        if source.grade is not None:
            measured = source.grade_measured
            if measured is not None and measured != source.grade:
                sentences.append(
                    self.say(
                        "grade_lowered", measured=measured.text(self.language), grade=source.grade.text(self.language)
                    )
                )
            else:
                sentences.append(self.say("grade", grade=source.grade.text(self.language)))
        for figure in source.derived:
            if figure.events and any(figure.name in _names(item) for item in source.items):
                sentences.append(self.say("deductions", count=str(len(figure.events))))
        return self.sentences(sentences)

    def sentences(self, sentences: Iterable[str]) -> str:
        return (" " if self.index else "").join(sentence for sentence in sentences if sentence)

    def lost(self) -> str:
        """Up to three items with the most points lost."""
        losses = [
            (item.full - item.value, item)
            for item in self.source.items
            if item.full is not None and isinstance(item.value, Decimal) and item.value < item.full
        ]
        worst = sorted(losses, key=lambda pair: -pair[0])[:3]
        if not worst:
            return ""
        named = self.joined(
            self.say(
                "lost_item",
                label=item.label.text(self.language),
                full=exact_text(item.full or Decimal(0)),
                points=self.value(item.value, item.type),
            )
            for _, item in worst
        )
        return self.say("lost", items=named)

    def sum_of_parts(self) -> str:
        source = self.source
        parts = [entry for entry in source.waterfall if entry.kind == "part"]
        if source.combined is None or not isinstance(source.combined.value, Decimal):
            return ""
        shown = []
        for part in parts:
            if not part.change:
                continue
            label = part.label.text(self.language) if part.label else self.say("other_part")
            minus = part.change < 0
            amount = format_yuan(abs(part.change), self.language)
            shown.append(self.say("minus" if minus else "plus", label=label, amount=amount))
        total = format_yuan(source.combined.value, self.language)
        sentences = []
        if len(parts) > 1:
            label = source.combined.label.text(self.language)
            sentences.append(self.say("parts", label=label, parts=self.joined(shown), total=total))
        for cap in source.caps:
            words = {"label": cap.label.text(self.language), "amount": format_yuan(cap.amount, self.language)}
            sentences.append(self.say("cap_binds" if cap.binds else "cap_free", **words))
        kinds = {entry.kind: entry for entry in source.waterfall}
        if "floor_zero" in kinds:
            sentences.append(self.say("negative"))
        if "rounding" in kinds and source.step is not None:
            sentences.append(
                self.say(
                    "rounding",
                    step=format_yuan(source.step, self.language),
                    amount=format_yuan(kinds["rounding"].amount, self.language),
                )
            )
        return self.capital(self.sentences(sentences))

    def beside(self) -> str:
        """Lines that are shown beside the one the model gives."""
        used = self.used_lines()
        lines = [
            self.say("plus", label=line.label.text(self.language), amount=self.value(line.value, line.type))
            for line in self.source.lines
            if not line.is_part and line.name not in used
        ]
        return self.say("beside", lines=self.joined(lines)) if lines else ""

    def used_lines(self) -> set[str]:
        """The lines the combined figure reads, directly or through other lines."""
        by_name = {line.name: line for line in self.source.lines}
        found: set[str] = set()
        waiting = [] if self.source.combined is None else list(_names(self.source.combined))
        while waiting:
            name = waiting.pop()
            if name in by_name and name not in found:
                found.add(name)
                waiting.extend(_names(by_name[name]))
        return found

    def defaults(self) -> str:
        taken = [
            self.say("reason_at", label=entry.label.text(self.language), input=self.term(entry))
            for entry in self.source.inputs
            if entry.source == "default"
        ]
        return self.say("defaults", inputs=self.joined(taken)) if taken else ""

    # --- tables -------------------------------------------------------------------------------------------------

    def table(self, code: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
        capitalised = tuple((self.capital(row[0]), *row[1:]) for row in rows)
        return Table(code, self.say(f"t_{code}"), tuple(self.say(head) for head in heads), capitalised)

    def items(self) -> Table:
        rows = [
            (
                item.label.text(self.language),
                self.read_values(item),
                self.hit(item),
                self.value(item.value, item.type),
                exact_text(item.full or Decimal(0)),
            )
            for item in self.source.items
        ]
        if rows and self.source.score is not None:
            rows.append(
                (
                    self.say("total"),
                    "",
                    "",
                    exact_text(self.source.score),
                    exact_text(self.source.full_score or Decimal(0)),
                )
            )
        return self.table("items", ("h_item", "h_value", "h_band", "h_points", "h_full"), rows)

    def how(self, figure: Computed) -> str:
        if figure.over is not None:
            return self.say("sum_of" if figure.adds else "count_of", label=figure.over.text(self.language))
        return self.hit(figure)

    def read_values(self, figure: Computed) -> str:
        """What a figure read: the plain value, or with labels when there are several."""
        if len(figure.terms) == 1:
            return self.term(figure.terms[0])
        return self.joined(f"{term.label.text(self.language)} {self.term(term)}" for term in figure.terms)

    def hit(self, figure: Computed) -> str:
        if figure.band is not None:
            return self.band(figure.band, figure.terms[0].type)
        if figure.choice is not None:
            return figure.choice.text(self.language)
        if figure.steps is not None:
            return self.steps(figure, figure.steps)
        if figure.ticks:
            held = [
                self.say("tick", label=tick.label.text(self.language), value=_signed(tick.value))
                for tick in figure.ticks
                if tick.holds
            ]
            return self.joined(held) or self.say("no_tick")
        return figure.words.text(self.language) if figure.words else ""

    def steps(self, figure: Computed, rule: Steps) -> str:
        of = figure.terms[0].type
        words = self.say(
            f"steps_{rule.direction}",
            start=self.value(rule.start, of),
            step=self.value(rule.step, of),
            each=_signed(rule.each),
            count=str(figure.counted),
            whole=self.say("steps_started" if rule.started else "steps_whole"),
        )
        if rule.base:
            words = self.say("steps_base", base=self.value(rule.base, figure.type), steps=words)
        if rule.at_most is None:
            return words
        return self.say("steps_limit", steps=words, at_most=self.value(rule.at_most, figure.type))

    def waterfall(self) -> Table:
        rows = []
        for entry in self.source.waterfall:
            if entry.label is not None:
                label = entry.label.text(self.language)
            else:
                label = self.say("other_part" if entry.kind == "part" else f"w_{entry.kind}")
            change = "" if entry.kind in ("combined", "line") else _signed(entry.change)
            rows.append((label, change, format_yuan(entry.amount, self.language)))
        return self.table("waterfall", ("h_item", "h_change", "h_amount"), rows)

    def events(self) -> list[Table]:
        tables = []
        for figure in self.source.derived:
            if figure.events:
                title = self.say("t_events", label=figure.label.text(self.language))
                head = tuple(self.capital(term.label.text(self.language)) for term in figure.events[0])
                rows = tuple(tuple(self.term(term) for term in row) for row in figure.events)
                tables.append(Table(f"events_{figure.name}", self.capital(title), head, rows))
        return tables

    def given(self, entries: Iterable[Given]) -> list[tuple[str, ...]]:
        return [
            (
                entry.label.text(self.language),
                self.term(entry),
                self.say(entry.source) if entry.value is not None else "",
            )
            for entry in entries
        ]

    def inputs(self) -> Table:
        return self.table("inputs", ("h_item", "h_value", "h_source"), self.given(self.source.inputs))

    def parameters(self) -> Table:
        return self.table("parameters", ("h_item", "h_value", "h_source"), self.given(self.source.parameters))

    def figures(self) -> Table:
        source = self.source
        rows = []
        for figure in (*source.derived, *source.items, *source.lines, *((source.combined,) if source.combined else ())):
            terms = (f"{term.label.text(self.language)} {self.term(term)}" for term in figure.terms)
            how = self.how(figure)
            rows.append(
                (figure.label.text(self.language), how, self.joined(terms), self.value(figure.value, figure.type))
            )
        return self.table("figures", ("h_item", "h_how", "h_with", "h_result"), rows)


def _names(figure: Computed) -> set[str]:
    return {term.name for term in figure.terms}


def _signed(change: Decimal) -> str:
    """A change with its sign, fen only when there are any: ``+6,125``, ``-0.50``, ``0``."""
    if not change:
        return "0"
    whole = change == change.to_integral_value()
    return f"{change:+,.0f}" if whole else f"{change:+,.2f}"
