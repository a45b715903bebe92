"""One household's line with everything that led to it: what the explanation page and the paper show.

The figures are computed again by the reference evaluator from the stored inputs and must equal the stored result; when they
do not, the page says so and shows none of them (``wrong``).
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config.lib.display import day, wan
from config.lib.money import ZERO
from credit.access import decisions_for
from credit.domain import bounds
from credit.domain.changes import Changes, FactChange, compare
from credit.domain.explain import Table, Words, band_text, explain_model
from credit.domain.facts import SOURCES, beside
from credit.domain.model import Explanation, Label, Model, Status, ValueType, explain_result
from credit.domain.model.document import BandTable, Lookup
from credit.domain.model.explanation import Computed, Given
from credit.domain.trace import exact_text
from credit.domain.wording import explain_steps
from credit.models import Decision, LineResult
from credit.selectors import lines
from credit.selectors.decisions import GrantedLine, granted_lines, trace_steps
from grids.access import Post

if TYPE_CHECKING:
    from customers.models import Household

BOUND_NAMES = {
    bounds.BoundCode.MERGED: Label("村评议合并额度", "Village figure"),
    bounds.BoundCode.PRODUCT_CAP: Label("产品上限", "Product cap"),
    bounds.BoundCode.HEADROOM: Label("家庭余量", "Household headroom"),
}


@dataclass(frozen=True)
class Bar:
    """One bar of the waterfall: ``role`` is part, sum, cap or final; amounts in yuan, ``after`` is the running amount."""

    role: str
    name: str
    note: str
    amount: Decimal
    before: Decimal
    after: Decimal
    is_binding: bool = False


@dataclass(frozen=True)
class Level:
    """One band or choice of a score item; ``is_hit`` marks where the household lies."""

    text: str
    points: str
    is_hit: bool


@dataclass(frozen=True)
class Item:
    """One score item: what was read, every band it might lie in, and the points."""

    label: str
    value: str
    levels: tuple[Level, ...]
    how: str
    points: str
    full: str


@dataclass(frozen=True)
class Input:
    """One fact with where it was read and the day it was checked; both empty when the file does not say it."""

    label: str
    value: str
    source: str
    on: str


def language() -> str:
    """Return the reader's language as the domain names it."""
    return "en" if (get_language() or "").startswith("en") else "zh-hans"


def listed(parts: list[str]) -> str:
    """Return parts in one line, as the reader's language lists them."""
    return (", " if language() == "en" else "、").join(parts)


def beside_name(model: Model) -> str:
    """Return what the line is called that a model shows beside its own, "" when there is none."""
    name = beside(model)
    return next((line.label.text(language()) for line in model.lines if line.name == name), "")


class LinePage:
    """The explanation of one stored result for a reader; sentences and tables are in the reader's language."""

    def __init__(self, result: LineResult, household: "Household", post: Post) -> None:
        self.result = result
        self.household = household
        self.post = post
        self.language = language()
        self.wrong = lines.differences(result)
        bound = lines.bound_model(result.run)
        self.model = bound.model
        self.explanation: Explanation = explain_result(self.model, bound.evaluate(result.inputs["facts"]))
        self.words: Words = explain_model(self.explanation, self.language)

    @property
    def is_complete(self) -> bool:
        """Whether there is a line at all."""
        return self.explanation.status is not Status.INCOMPLETE

    @property
    def title(self) -> str:
        """The model in words."""
        return self.model.title.text(self.language)

    @property
    def grade(self) -> str:
        """The grade in words, "" for a model without one."""
        return self.explanation.grade.text(self.language) if self.explanation.grade else ""

    @property
    def score(self) -> str:
        """The score as written, "" for a model without one."""
        return exact_text(self.explanation.score) if self.explanation.score is not None else ""

    @property
    def full_score(self) -> str:
        """The best score there is."""
        return exact_text(self.explanation.full_score or ZERO)

    @property
    def shown_name(self) -> str:
        """The words of the line shown beside, such as 最高授信额度."""
        return beside_name(self.model)

    @property
    def line_name(self) -> str:
        """What the model's own line is called, such as 小额信用最高额度."""
        used = [line for line in self.explanation.lines if not line.is_part and line.value == self.result.line]
        return used[-1].label.text(self.language) if used else self.model.combined.label.text(self.language)

    @property
    def reasons(self) -> list[str]:
        """Why the line is 0 or absent."""
        return [reason.label.text(self.language) for reason in self.explanation.reasons]

    @property
    def reasons_text(self) -> str:
        """The reasons in one sentence."""
        return listed(self.reasons)

    @cached_property
    def current(self) -> LineResult | None:
        """The household's current result, which may be another one than this."""
        return lines.current_line([self.result.subject_id]).get(self.result.subject_id)

    @property
    def is_current(self) -> bool:
        """Whether this result is the one in force."""
        return self.current is not None and self.current.pk == self.result.pk

    @cached_property
    def granted(self) -> GrantedLine | None:
        """The line the household holds by decision."""
        return granted_lines([self.result.subject_id]).get(self.result.subject_id)

    @cached_property
    def decision(self) -> Decision | None:
        """The decision that took this result as its model line."""
        made = decisions_for(self.post).filter(subject_id=self.result.subject_id, line_result=self.result)
        return made.select_related("round").order_by("-pk").first()

    @cached_property
    def decision_words(self) -> list[str]:
        """How the bounds of the decision led to its figure."""
        if self.decision is None:
            return []
        return explain_steps(trace_steps(self.decision, "proposal"), self.language)

    # --- Waterfall ------------------------------------------------------------------------------------------------

    @cached_property
    def bars(self) -> list[Bar]:
        """The steps from the formulas to the final figure: the model's own, then the bounds of a decision."""
        if not self.is_complete:
            return []
        return self._with_bounds(self._model_bars())

    def _model_bars(self) -> list[Bar]:
        formulas = {figure.label: figure for figure in self.explanation.lines}
        found: list[Bar] = []
        running = ZERO
        steps = self.explanation.waterfall
        for place, step in enumerate(steps):
            if step.kind == "combined" and steps[place + 1].kind == "line":
                continue  # nothing lies between the two: one bar says it
            name = step.label.text(self.language) if step.label else self._step_name(step.kind)
            if step.kind in ("combined", "line"):
                role = "sum"
            else:
                role = "cap" if step.kind in ("cap", "veto", "rounding") else "part"
            amount = step.amount if step.kind in ("combined", "line", "cap") else step.change
            note = self._formula(formulas[step.label]) if step.kind == "part" and step.label in formulas else ""
            found.append(Bar(role, name, note, amount, running, step.amount, step.kind in ("cap", "veto")))
            running = step.amount
        return found

    def _step_name(self, kind: str) -> str:
        return {
            "part": _("其他项"),
            "floor_zero": _("低于 0，按 0 计"),
            "veto": _("不予授信"),
            "rounding": _("向下取整"),
            "line": _("模型额度"),
        }[kind]

    def _formula(self, figure: Computed) -> str:
        return figure.words.text(self.language) if figure.words else ""

    def _with_bounds(self, found: list[Bar]) -> list[Bar]:
        decision = self.decision
        if decision is None or decision.proposed_amount is None or self.result.line is None:
            return found
        running = self.result.line
        amounts = {
            bounds.BoundCode.MERGED: decision.merged_amount,
            bounds.BoundCode.PRODUCT_CAP: decision.product_cap,
            bounds.BoundCode.HEADROOM: decision.headroom,
        }
        for code, amount in amounts.items():
            if amount is not None:
                after = min(running, amount)
                binds = code.value in decision.binding and amount <= running
                found.append(Bar("cap", BOUND_NAMES[code].text(self.language), "", amount, running, after, binds))
                running = after
        final = decision.proposed_amount
        found.append(Bar("final", _("测算的授信额度"), "", final, running, final))
        if self.granted is not None and self.granted.decision_id == decision.pk and self.granted.amount != final:
            found.append(Bar("final", _("批准的授信额度"), "", self.granted.amount, final, self.granted.amount))
        return found

    @property
    def chart(self) -> dict[str, Any]:
        """The waterfall for the page. Caps far above that hold nothing down would flatten every bar: words name them."""
        shown = [bar for bar in self.bars if bar.role != "cap" or bar.is_binding or bar.after != bar.before]
        kinds = []
        for bar in shown:
            if bar.role == "part":
                kinds.append("add" if bar.amount >= 0 else "sub")
            elif bar.role == "cap":
                kinds.append("sub" if bar.amount < 0 else "cap")
            else:
                kinds.append("total")
        return {
            "kind": "waterfall",
            "title": _("额度怎样算出来"),
            "format": "wan",
            "unit": _("万元"),
            "labels": [bar.name for bar in shown],
            "series": [{"name": _("金额"), "values": [str(bar.amount) for bar in shown]}],
            "kinds": kinds,
        }

    @property
    def idle_caps(self) -> list[str]:
        """The caps that did not hold the line down, with their amounts."""
        return [f"{bar.name} {wan(bar.amount)}" for bar in self.bars if bar.role == "cap" and not bar.is_binding and bar.amount >= 0]  # fmt: skip

    @property
    def binding_caps(self) -> list[str]:
        """The caps that did."""
        return [bar.name for bar in self.bars if bar.is_binding]

    @property
    def idle_caps_text(self) -> str:
        """The same in one line."""
        return listed(self.idle_caps)

    @property
    def binding_caps_text(self) -> str:
        """The caps that bit in one line."""
        return listed(self.binding_caps)

    # --- Tables ---------------------------------------------------------------------------------------------------

    def table(self, code: str) -> Table | None:
        """One of the written tables: items, figures, parameters."""
        return next((table for table in self.words.tables if table.code == code), None)

    @property
    def parameters(self) -> Table | None:
        """The released parameters used; that they are parameters need not stand in every row."""
        table = self.table("parameters")
        return table and replace(table, head=table.head[:-1], rows=tuple(row[:-1] for row in table.rows))

    @property
    def parameters_note(self) -> str:
        """Which release the parameters are."""
        bases = self.result.run.bases
        if bases is None:
            return ""
        return _("县基数第 %(version)s 版，%(day)s 起") % {"version": bases.version, "day": day(bases.effective_on)}

    @property
    def figures(self) -> Table | None:
        """The whole calculation, step by step."""
        return self.table("figures")

    @property
    def events(self) -> list[Table]:
        """Breaches and the like, one table each."""
        return [table for table in self.words.tables if table.code.startswith("events_")]

    @cached_property
    def items(self) -> list[Item]:
        """The score items with every band, the one that was hit marked."""
        table = self.table("items")
        if table is None:
            return []
        return [
            Item(row[0], row[1], self._levels(figure, number), "" if figure.band or figure.choice or figure.ticks else row[2], row[3], row[4])
            for number, (figure, row) in enumerate(zip(self.explanation.items, table.rows, strict=False))
        ]  # fmt: skip

    def _levels(self, figure: Computed, number: int) -> tuple[Level, ...]:
        rule = self.model.items[number].rule
        if isinstance(rule, BandTable):
            of_type = figure.terms[0].type if figure.terms else ValueType.RATIO
            return tuple(
                Level(band_text(band, of_type, self.language), exact_text(band.value), band == figure.band)
                for band in rule.rows
            )
        if isinstance(rule, Lookup):
            source = next((entry for entry in self.model.inputs if entry.name == rule.of), None)
            choices = source.choices if source else ()
            return tuple(
                Level(choice.label.text(self.language), exact_text(rule.values[choice.code]), choice.label == figure.choice)
                for choice in choices
            )  # fmt: skip
        return tuple(Level(tick.label.text(self.language), exact_text(tick.value), tick.holds) for tick in figure.ticks)

    @cached_property
    def inputs(self) -> list[Input]:
        """The facts with source and date."""
        table = self.table("inputs")
        rows = table.rows if table else ()
        return [self._input(given, row) for given, row in zip(self.explanation.inputs, rows, strict=False)]

    def _input(self, given: Given, row: tuple[str, ...]) -> Input:
        file = self.result.inputs["file"]
        if given.value is None:
            return Input(row[0], _("没有填写"), "", "")
        if given.source == "default":
            return Input(row[0], row[1], _("没有填写，按规定值计算"), "")
        source = SOURCES[given.name]
        if source.is_list:
            return Input(row[0], row[1], source.words.text(self.language), self.result.inputs["list"]["on"])
        revision = _("采集表第 %(number)s 版") % {"number": file["revision"]}
        return Input(row[0], row[1], f"{revision} · {source.words.text(self.language)}", file["checked_on"])

    # --- Since last time ------------------------------------------------------------------------------------------

    @cached_property
    def before(self) -> LineResult | None:
        """The result published before this one."""
        return lines.earlier_result(self.result)

    @cached_property
    def changes(self) -> Changes | None:
        """Why the line is higher or lower than the one before."""
        if self.before is None:
            return None
        bound = lines.bound_model(self.before.run)
        before = explain_result(bound.model, bound.evaluate(self.before.inputs["facts"]))
        return compare(before, self.explanation)

    @property
    def fall(self) -> Decimal:
        """How much lower the line is, as a positive amount."""
        change = self.changes.change if self.changes else None
        return -(change or ZERO)

    @property
    def changed(self) -> list[dict[str, str]]:
        """What changed in facts and parameters, written."""
        if self.changes is None:
            return []
        rows = [(entry, _("采集数据")) for entry in self.changes.facts]
        rows += [(entry, _("参数")) for entry in self.changes.parameters]
        return [
            {
                "label": entry.label.text(self.language),
                "kind": kind,
                "before": self._value(entry, entry.before),
                "after": self._value(entry, entry.after),
            }
            for entry, kind in rows
        ]

    def _value(self, entry: FactChange, value: Any) -> str:
        if isinstance(value, Label):
            return value.text(self.language)
        if isinstance(value, bool):
            return _("是") if value else _("否")
        if isinstance(value, Decimal):
            return wan(value) if entry.type is ValueType.MONEY else exact_text(value)
        return _("没有填写") if value is None else str(value)

    @property
    def moved_parts(self) -> list[dict[str, Any]]:
        """The parts that moved the line, the largest first."""
        if self.changes is None:
            return []
        return [{"label": part.label.text(self.language), "change": part.change} for part in self.changes.parts]

    @property
    def file_note(self) -> str:
        """Which revision the facts come from."""
        file = self.result.inputs["file"]
        return _("采集表第 %(number)s 版，%(day)s 复核") % {
            "number": file["revision"],
            "day": day(date.fromisoformat(file["checked_on"])),
        }
