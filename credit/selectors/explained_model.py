"""A model's explanation of one household as pages and papers show it: a stored result, or a trial in the laboratory."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config.lib.display import wan
from config.lib.money import ZERO
from credit.domain.explain import Table, Words, band_text, explain_model
from credit.domain.facts import beside
from credit.domain.model import Explanation, Model, Status, ValueType
from credit.domain.model.document import BandTable, Lookup
from credit.domain.model.explanation import Computed
from credit.domain.trace import exact_text


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


class ModelPage:
    """An explanation for a reader: figures, waterfall and tables; sentences are in the reader's language."""

    def __init__(self, model: Model, explanation: Explanation) -> None:
        self.model = model
        self.explanation = explanation
        self.language = language()
        self.words: Words = explain_model(explanation, self.language)

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
        figures = zip(self.model.lines, self.explanation.lines, strict=False)  # none where facts are missing
        own = [figure for line, figure in figures if not line.is_part and line.name != beside(self.model)]
        used = own if len(own) == 1 else [figure for figure in own if figure.value == self.explanation.line]
        return used[-1].label.text(self.language) if used else self.model.combined.label.text(self.language)

    @property
    def reasons(self) -> list[str]:
        """Why the line is 0 or absent."""
        return [reason.label.text(self.language) for reason in self.explanation.reasons]

    @property
    def reasons_text(self) -> str:
        """The reasons in one sentence."""
        return listed(self.reasons)

    # --- Waterfall ------------------------------------------------------------------------------------------------

    @cached_property
    def bars(self) -> list[Bar]:
        """The steps from the formulas to the line."""
        return self._model_bars() if self.is_complete else []

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
    def given(self) -> Table | None:
        """The facts used, with where a prescribed value stood in."""
        return self.table("inputs")

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
